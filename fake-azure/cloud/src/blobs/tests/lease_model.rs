//! Leases against a small model, written from the tables of the documentation.

use proptest::prelude::*;

use super::Bench;

/// What the documentation's tables say of a lease: state, holder, seconds left (none for ever), and how long it was.
#[derive(Clone, Debug, Default)]
struct Model {
    state: u8,
    holder: Option<char>,
    left: Option<u32>,
    secs: Option<u32>,
}

const AVAILABLE: u8 = 0;
const LEASED: u8 = 1;
const BREAKING: u8 = 2;
const BROKEN: u8 = 3;
const EXPIRED: u8 = 4;

#[derive(Clone, Copy, Debug)]
enum Step {
    Acquire(char, Option<u32>),
    Renew(char),
    Change(char, char),
    Release(char),
    Break(Option<u32>),
    Write(Option<char>),
    Wait(u32),
}

impl Model {
    fn step(&mut self, step: Step) -> &'static str {
        let mine = |id: char| self.holder == Some(id);
        match step {
            Step::Wait(secs) => {
                if matches!(self.state, LEASED | BREAKING)
                    && let Some(left) = self.left
                {
                    self.left = Some(left.saturating_sub(secs));
                    if self.left == Some(0) {
                        self.state = if self.state == LEASED { EXPIRED } else { BROKEN };
                        self.left = None;
                    }
                }
                ""
            }
            Step::Acquire(id, secs) => match self.state {
                LEASED if !mine(id) => "LeaseAlreadyPresent",
                BREAKING if mine(id) => "LeaseIsBreakingAndCannotBeAcquired",
                BREAKING => "LeaseAlreadyPresent",
                _ => {
                    *self = Model {
                        state: LEASED,
                        holder: Some(id),
                        left: secs,
                        secs,
                    };
                    "leased"
                }
            },
            Step::Renew(id) => match self.state {
                _ if !mine(id) => "LeaseIdMismatchWithLeaseOperation",
                BREAKING | BROKEN => "LeaseIsBrokenAndCannotBeRenewed",
                _ => {
                    (self.state, self.left) = (LEASED, self.secs);
                    "leased"
                }
            },
            Step::Change(id, new) => match self.state {
                AVAILABLE | BROKEN | EXPIRED => "LeaseNotPresentWithLeaseOperation",
                _ if !mine(id) && !mine(new) => "LeaseIdMismatchWithLeaseOperation",
                BREAKING => "LeaseIsBreakingAndCannotBeChanged",
                _ => {
                    self.holder = Some(new);
                    "leased"
                }
            },
            Step::Release(id) if mine(id) => {
                *self = Model::default();
                "released"
            }
            Step::Release(_) => "LeaseIdMismatchWithLeaseOperation",
            Step::Break(period) => match self.state {
                AVAILABLE => "LeaseNotPresentWithLeaseOperation",
                LEASED | BREAKING => {
                    let left = match (self.left, period) {
                        (Some(left), Some(period)) => left.min(period),
                        (Some(left), None) => left,
                        (None, period) => period.unwrap_or(0),
                    };
                    self.state = if left == 0 { BROKEN } else { BREAKING };
                    self.left = (left > 0).then_some(left);
                    "left"
                }
                _ => {
                    (self.state, self.left) = (BROKEN, None);
                    "left"
                }
            },
            Step::Write(given) => match (self.state, given) {
                (LEASED | BREAKING, None) => "LeaseIdMissing",
                (AVAILABLE, Some(_)) => "LeaseNotPresentWithBlobOperation",
                (_, Some(id)) if !mine(id) => "LeaseIdMismatchWithBlobOperation",
                (BROKEN | EXPIRED, Some(_)) => "LeaseLost",
                (BROKEN | EXPIRED, None) => {
                    *self = Model::default();
                    "ok"
                }
                _ => "ok",
            },
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let letter = || prop_oneof![Just('A'), Just('B')];
    let secs = || prop_oneof![Just(None), (15_u32..=60).prop_map(Some)];
    prop_oneof![
        (letter(), secs()).prop_map(|(id, secs)| Step::Acquire(id, secs)),
        letter().prop_map(Step::Renew),
        (letter(), letter()).prop_map(|(id, new)| Step::Change(id, new)),
        letter().prop_map(Step::Release),
        prop_oneof![Just(None), (0_u32..=60).prop_map(Some)].prop_map(Step::Break),
        prop_oneof![Just(None), letter().prop_map(Some)].prop_map(Step::Write),
        (1_u32..40).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_lease_goes_through_its_states_as_the_documents_say(steps in proptest::collection::vec(step(), 1..30)) {
        let mut bench = Bench::run("make vhds\npage vhds/os 512");
        let mut model = Model::default();
        for step in steps {
            let secs = |secs: Option<u32>| secs.map_or_else(|| "inf".to_owned(), |secs| secs.to_string());
            let line = match step {
                Step::Acquire(id, duration) => format!("lease vhds/os acquire {} {id}", secs(duration)),
                Step::Renew(id) => format!("lease vhds/os renew {id}"),
                Step::Change(id, new) => format!("lease vhds/os change {id} {new}"),
                Step::Release(id) => format!("lease vhds/os release {id}"),
                Step::Break(period) => format!("lease vhds/os break {}", secs(period)),
                Step::Write(None) => "note vhds/os x".to_owned(),
                Step::Write(Some(id)) => format!("as {id} note vhds/os x"),
                Step::Wait(secs) => format!("advance {secs}"),
            };
            let expected = model.step(step);
            bench.outcomes.clear();
            bench.more(&line);
            prop_assert!(bench.outcomes.trim_end().ends_with(expected), "{line}: {} and not {expected}", bench.outcomes);
        }
    }
}
