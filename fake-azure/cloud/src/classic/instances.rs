//! Role instances: the states that a machine goes through, as a function of time (SM 8).
//!
//! A time line is laid down when a machine is started; what shows at a moment follows from it alone.

use serde::{Deserialize, Serialize};

use super::Fresh;
use crate::time::Time;

/// Where an instance stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Made, not started: its operation still runs (SM 8.2, step 2).
    Waiting,
    /// Accepted by the fabric (step 3).
    Accepted,
    /// Step 4.
    CreatingVm,
    /// Step 5.
    StartingVm,
    /// Running, nothing heard from it yet (step 6).
    Booting,
    /// Its system prepares itself (step 7).
    Provisioning,
    /// Ready (step 8).
    Ready,
    /// Being restarted.
    Restarting,
    /// Being stopped (SM 8.3).
    Stopping,
    /// Stopped, its host kept.
    Stopped,
    /// On no host.
    Deallocated,
    /// An instance of a package that was never started, or was suspended (SM 5.4).
    Suspended,
}

impl Phase {
    /// `InstanceStatus` and `PowerState`.
    pub const fn states(self) -> (&'static str, &'static str) {
        match self {
            Phase::Waiting | Phase::Stopped => ("StoppedVM", "Stopped"),
            Phase::Accepted => ("RoleStateUnknown", "Starting"),
            Phase::CreatingVm => ("CreatingVM", "Starting"),
            Phase::Suspended => ("CreatingVM", "Stopped"),
            Phase::StartingVm => ("StartingVM", "Starting"),
            Phase::Booting => ("RoleStateUnknown", "Started"),
            Phase::Provisioning => ("Provisioning", "Started"),
            Phase::Ready => ("ReadyRole", "Started"),
            Phase::Restarting => ("RestartingRole", "Started"),
            Phase::Stopping => ("StoppingVM", "Stopping"),
            Phase::Deallocated => ("StoppedDeallocated", "Stopped"),
        }
    }

    /// Whether the guest has booted: its host name is known (SM 5.5).
    pub const fn has_booted(self) -> bool {
        matches!(
            self,
            Phase::Booting | Phase::Provisioning | Phase::Ready | Phase::Restarting | Phase::Stopping
        )
    }

    /// `InstanceStateDetails` (SM 8.2).
    pub const fn details(self, windows: bool) -> &'static str {
        match self {
            Phase::Provisioning if windows => "Windows is preparing your computer for first use...",
            Phase::Provisioning => "Starting",
            _ => "",
        }
    }
}

/// Phases by the time of their beginning; the last one lasts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline(Vec<(Time, Phase)>);

impl Timeline {
    /// One phase, for good.
    pub(crate) fn at_rest(now: Time, phase: Phase) -> Timeline {
        Timeline(vec![(now, phase)])
    }

    /// A start: steps 3 to 8, in one to three minutes.
    pub(crate) fn start(now: Time, fresh: Fresh, n: u128) -> Timeline {
        Timeline::through(
            now,
            fresh,
            n,
            &[
                Phase::Accepted,
                Phase::CreatingVm,
                Phase::StartingVm,
                Phase::Booting,
                Phase::Provisioning,
                Phase::Ready,
            ],
        )
    }

    /// A restart.
    pub(crate) fn restart(now: Time, fresh: Fresh, n: u128) -> Timeline {
        Timeline::through(now, fresh, n, &[Phase::Restarting, Phase::Booting, Phase::Ready])
    }

    fn through(now: Time, fresh: Fresh, n: u128, phases: &[Phase]) -> Timeline {
        let mut at = now;
        let mut rows = Vec::new();
        for (index, phase) in phases.iter().enumerate() {
            rows.push((at, *phase));
            let nth = n * 64 + u128::try_from(index).unwrap_or(0) + 1000;
            at = at.plus_millis(12_000 + i64::from(fresh.number(nth, 18_000)));
        }
        Timeline(rows)
    }

    /// The phase at a moment.
    pub fn at(&self, now: Time) -> Phase {
        let past = self.0.iter().rev().find(|(begin, _)| *begin <= now);
        past.or(self.0.first()).map_or(Phase::Waiting, |(_, phase)| *phase)
    }

    /// When the last phase begins.
    pub fn settles(&self) -> Time {
        self.0.last().map_or(Time::default(), |(begin, _)| *begin)
    }

    /// When the present phase began.
    pub fn since(&self, now: Time) -> Time {
        self.0
            .iter()
            .rev()
            .find(|(begin, _)| *begin <= now)
            .map_or(self.settles(), |(begin, _)| *begin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Guid;

    #[test]
    fn a_start_goes_through_the_recorded_states() {
        let start = Time::from_millis(0);
        let line = Timeline::start(start, Fresh(Guid(7)), 0);
        let mut seen = Vec::new();
        for secs in 0..400 {
            let states = line.at(start.plus_millis(secs * 1000)).states();
            if seen.last() != Some(&states) {
                seen.push(states);
            }
        }
        let expected = [
            ("RoleStateUnknown", "Starting"),
            ("CreatingVM", "Starting"),
            ("StartingVM", "Starting"),
            ("RoleStateUnknown", "Started"),
            ("Provisioning", "Started"),
            ("ReadyRole", "Started"),
        ];
        assert_eq!(seen, expected);
    }
}
