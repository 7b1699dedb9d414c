//! The reference model against the cloud, step by step, with histories that shrink by themselves.

use conformance::driver::DriverKind;
use conformance::machine::network::{self, Operation, Reference};
use conformance::scenario::{Scenario, StepNumber};
use conformance::session::{Plan, Session};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

/// The model with the steps that it asked for.
#[derive(Clone, Debug)]
struct Told {
    reference: Reference,
}

impl ReferenceStateMachine for Told {
    type State = Told;
    type Transition = Operation;

    fn init_state() -> BoxedStrategy<Told> {
        Just(Told {
            reference: Reference::new(),
        })
        .boxed()
    }

    fn transitions(_state: &Told) -> BoxedStrategy<Operation> {
        network::operation().boxed()
    }

    fn apply(mut state: Told, operation: &Operation) -> Told {
        state.reference.step(*operation);
        state
    }
}

struct Cloud {
    session: Session,
    reference: Reference,
}

fn empty() -> Scenario {
    network::scenario(&[])
}

impl StateMachineTest for Cloud {
    type SystemUnderTest = Cloud;
    type Reference = Told;

    fn init_test(_state: &Told) -> Cloud {
        let scenario = empty();
        let plan = Plan {
            scenario: &scenario,
            driver: DriverKind::Model,
            seed: 1,
            until: None,
            profile: None,
            subject: None,
            live: None,
        };
        let mut session = Session::open(&plan).expect("the model driver always opens");
        let mut reference = Reference::new();
        let first = reference.step(Operation::PutGroup);
        session.step(StepNumber::Own(0), &first).expect("a group can be made");
        Cloud { session, reference }
    }

    fn apply(mut cloud: Cloud, _state: &Told, operation: Operation) -> Cloud {
        let step = cloud.reference.step(operation);
        if let Err(end) = cloud.session.step(StepNumber::Own(1), &step) {
            panic!("{operation:?}: {end:?}");
        }
        cloud
    }

    fn check_invariants(cloud: &Cloud, state: &Told) {
        assert_eq!(cloud.reference, state.reference);
    }

    fn teardown(mut cloud: Cloud, state: Told) {
        let count = state.reference.count();
        if let Err(end) = cloud.session.step(StepNumber::Own(2), &count) {
            panic!("at the end: {end:?}");
        }
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(1), cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_cloud_does_what_the_documents_say(sequential 1..40 => Cloud);
}
