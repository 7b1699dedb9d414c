//! The instance poller: what the provider says of each machine's instance, and by which addresses it is reached (juju-provider 3.2).
//!
//! It asks often until a machine runs and has addresses, and seldom from then on. It starts and stops nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use provider::{Error, Generation, Instance, InstanceId, StatusKind};

use super::state::{AgentState, InstanceState, InstanceStatus, Life, Machine, Model};
use super::{Cx, Next, Trouble, Worker};
use crate::subject::Stack;

/// How often machines are asked for that are as they should be.
const LONG: Duration = Duration::from_secs(15 * 60);
/// A machine that is still being made after this long is not waited for: longer than the provider itself waits for anything.
const PATIENCE: Duration = Duration::from_secs(45 * 60);

/// How a version of Juju polls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pace {
    /// Before the first look after the first.
    short: Duration,
    /// Longest between looks at what is not as it should be.
    most: Duration,
    /// Whether looks are the sooner the less a machine is made.
    waits_while_made: bool,
    /// How long looks are collected to be one call.
    gather: Duration,
}

/// 2.2.
const EARLY: Pace = Pace {
    short: Duration::from_secs(1),
    most: LONG,
    waits_while_made: true,
    gather: Duration::from_secs(3),
};

/// 2.9: a short group and a long one.
const LATE: Pace = Pace {
    short: Duration::from_secs(3),
    most: Duration::from_secs(60),
    waits_while_made: false,
    gather: Duration::ZERO,
};

impl Pace {
    fn of(model: &Model) -> Pace {
        match (model.subject.stack, model.subject.generation) {
            (Stack::Arm, Generation::A7) => LATE,
            _ => EARLY,
        }
    }

    /// How long until the next look, after one that shows `machine`.
    fn next(self, last: Duration, machine: &Machine) -> Duration {
        if !machine.addresses.is_empty() && machine.agent == AgentState::Started {
            return LONG;
        }
        let is_made = !matches!(
            machine.instance_status.state,
            InstanceState::Pending | InstanceState::Provisioning
        );
        match is_made || !self.waits_while_made {
            true => (last * 2).min(self.most),
            false => last,
        }
    }
}

/// The poller of a model.
#[derive(Debug, Default)]
pub(super) struct Poller {
    rows: BTreeMap<u32, Row>,
}

#[derive(Clone, Debug)]
struct Row {
    id: InstanceId,
    since_ms: u64,
    interval: Duration,
    due_ms: u64,
    /// Whether it will not be otherwise soon.
    is_settled: bool,
}

#[async_trait]
impl Worker for Poller {
    async fn cycle(&mut self, cx: &Cx) -> Result<Next, Trouble> {
        let Some((pace, machines)) = cx.look(|model| (Pace::of(model), polled(model))) else {
            return Ok(Next::Change);
        };
        self.take_over(pace, machines, cx.now_ms());
        if self.due(cx.now_ms()).is_empty() {
            return Ok(self.next(cx.now_ms()));
        }

        if !pace.gather.is_zero() {
            cx.clock.sleep(pace.gather).await;
        }
        let due = self.due(cx.now_ms());
        let ids: Vec<InstanceId> = due.iter().map(|number| self.rows[number].id.clone()).collect();
        let slots: Vec<Option<Instance>> = match cx.environ.instances(&ids).await {
            Ok(found) => found.into_iter().map(Some).collect(),
            // Whoever is missing stays as it is known (juju-provider 3.2).
            Err(Error::PartialInstances { slots }) => slots,
            Err(Error::NoInstances) => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        for (number, slot) in due.iter().zip(slots) {
            if let Some(instance) = slot {
                cx.change(|model| {
                    if let Some(machine) = model.machines.get_mut(number) {
                        note(machine, instance);
                    }
                });
            }
        }

        let now_ms = cx.now_ms();
        for number in due {
            let known = cx.look(|model| model.machines.get(&number).cloned()).flatten();
            if let (Some(machine), Some(row)) = (known, self.rows.get_mut(&number)) {
                row.interval = pace.next(row.interval, &machine);
                row.due_ms = now_ms + millis(row.interval);
                let waited_ms = now_ms.saturating_sub(row.since_ms);
                row.is_settled = row.interval == LONG || waited_ms > millis(PATIENCE);
            }
        }
        Ok(self.next(now_ms))
    }
}

impl Poller {
    /// Machines come and go, and may have another instance than before.
    fn take_over(&mut self, pace: Pace, machines: BTreeMap<u32, InstanceId>, now_ms: u64) {
        self.rows
            .retain(|number, row| machines.get(number).is_some_and(|id| *id == row.id));
        for (number, id) in machines {
            self.rows.entry(number).or_insert(Row {
                id,
                since_ms: now_ms,
                interval: pace.short,
                due_ms: now_ms,
                is_settled: false,
            });
        }
    }

    fn due(&self, now_ms: u64) -> Vec<u32> {
        let rows = self.rows.iter();
        rows.filter(|(_, row)| row.due_ms <= now_ms)
            .map(|(number, _)| *number)
            .collect()
    }

    fn next(&self, now_ms: u64) -> Next {
        let Some(due_ms) = self.rows.values().map(|row| row.due_ms).min() else {
            return Next::Change;
        };
        let span = Duration::from_millis(due_ms.saturating_sub(now_ms));
        match self.rows.values().all(|row| row.is_settled) {
            true => Next::Routine(span),
            false => Next::Later(span),
        }
    }
}

/// Machines that there is an instance to ask for.
fn polled(model: &Model) -> BTreeMap<u32, InstanceId> {
    let machines = model.machines.iter();
    machines
        .filter(|(_, machine)| machine.life != Life::Dead)
        .filter_map(|(number, machine)| Some((*number, machine.instance_id.clone()?)))
        .collect()
}

/// What was said of an instance is known of its machine.
fn note(machine: &mut Machine, instance: Instance) {
    let state = match instance.status.kind {
        StatusKind::Allocating => InstanceState::Provisioning,
        StatusKind::Running => InstanceState::Running,
        StatusKind::ProvisioningError => InstanceState::ProvisioningError,
        StatusKind::Unknown => InstanceState::Unknown,
    };
    machine.instance_status = InstanceStatus::new(state, instance.status.message.clone());
    let mut known = machine.addresses.clone();
    let mut told = instance.addresses.clone();
    known.sort_unstable();
    told.sort_unstable();
    // As a set: their order is nobody's promise.
    if known != told {
        machine.addresses.clone_from(&instance.addresses);
    }
    machine.dns_name.clone_from(&instance.dns_name);
    machine.instance = Some(instance);
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use provider::{Address, Scope};

    use super::*;

    fn machine(state: InstanceState, is_up: bool) -> Machine {
        let address = Address {
            value: "10.0.0.4".parse().expect("an address"),
            scope: Scope::CloudLocal,
        };
        Machine {
            instance_status: InstanceStatus::new(state, ""),
            addresses: is_up.then_some(address).into_iter().collect(),
            agent: if is_up {
                AgentState::Started
            } else {
                AgentState::Pending
            },
            ..Machine::default()
        }
    }

    fn intervals(pace: Pace, machine: &Machine, n: usize) -> Vec<u64> {
        let mut interval = pace.short;
        let mut all = Vec::new();
        for _ in 0..n {
            interval = pace.next(interval, machine);
            all.push(interval.as_secs());
        }
        all
    }

    #[test]
    fn what_is_being_made_is_looked_at_every_second_and_what_went_wrong_ever_less() {
        let made = machine(InstanceState::Provisioning, false);
        assert_eq!(intervals(EARLY, &made, 3), [1, 1, 1]);
        let wrong = machine(InstanceState::ProvisioningError, false);
        assert_eq!(
            intervals(EARLY, &wrong, 11),
            [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]
        );
        let up = machine(InstanceState::Running, true);
        assert_eq!(intervals(EARLY, &up, 1), [900]);
    }

    #[test]
    fn a_later_juju_looks_at_most_every_minute_until_a_machine_is_up() {
        let made = machine(InstanceState::Provisioning, false);
        assert_eq!(intervals(LATE, &made, 6), [6, 12, 24, 48, 60, 60]);
        let up = machine(InstanceState::Running, true);
        assert_eq!(intervals(LATE, &up, 1), [900]);
    }
}
