//! The scenarios of field bugs can fail: a provider that believes that everything goes well fails them.

use std::collections::BTreeSet;

use camino::Utf8Path;
use conformance::driver::DriverKind;
use conformance::scenario::{self, Action, Library, Scenario};
use conformance::session::{self, End, Plan};
use conformance::subject::Subject;

/// Those that show a protection of the provider's.
const PROTECTED: &[&str] = &[
    // tidy: sorted
    "field/concurrent-operations",
    "field/group-delete-lag",
    "field/list-lag-orphan",
    "field/lost-reply",
    "field/nic-180s",
    "field/quota-half-way",
    "field/read-after-create",
    "field/replay-loop",
    "field/subnet-contention",
    "field/throttled-reads",
    // tidy: end
];

fn end(scenario: &Scenario) -> End {
    let plan = Plan {
        scenario,
        driver: DriverKind::Wire,
        seed: 1,
        until: None,
        profile: None,
        subject: Some(Subject::NAIVE),
        live: None,
    };
    session::run(&plan).expect("a driver starts").end
}

/// Without what only a better provider can say: how its errors read, and that its disks are blobs. What is left to judge is what
/// became of the world.
fn of_the_world_alone(scenario: &Scenario) -> Scenario {
    let mut scenario = scenario.clone();
    for step in scenario.prepare.iter_mut().chain(&mut scenario.steps) {
        let of_provider = matches!(step.action, Action::Provider(_) | Action::Juju(_) | Action::Together(_));
        if of_provider && (step.expect.kind.is_some() || step.expect.error.is_some()) {
            step.expect.any = true;
            step.expect.kind = None;
            step.expect.error = None;
        }
        if let Action::World(counts) = &mut step.action {
            counts.remove("blob");
        }
    }
    scenario
}

#[test]
fn a_naive_provider_does_well_where_nothing_goes_wrong() {
    let calm = "about: Nothing goes wrong.
profile: 2016
steps:
  - provider: create
  - provider: start_instance
    machine: 0
  - provider: start_instance
    machine: 1
  - provider: open_ports
    id: machine-0
    ports: [80/tcp, 443/tcp]
  - provider: ports
    id: machine-0
    expect: {value: [80/tcp, 443/tcp]}
  - provider: close_ports
    id: machine-0
    ports: [80/tcp]
  - provider: stop_instances
    ids: [machine-0]
  - world: {vm: 1, nic: 1, pip: 1, rule: 1}
  - provider: all_instances
    expect: {instances: [machine-1]}
  - provider: destroy
  - clock: {advance: 1h}
  - check: [empty]
";
    let scenario = scenario::read(Utf8Path::new("calm.yaml"), "calm", calm, &|_| None).expect("a scenario");
    assert_eq!(end(&scenario), End::Passed);
}

#[test]
fn a_naive_provider_fails_every_scenario_that_shows_a_protection() {
    let (scenarios, errors) = Library::of_workspace().load().expect("the folder can be read");
    assert!(errors.is_empty(), "{errors:?}");
    let mut passed = BTreeSet::new();
    for id in PROTECTED {
        let scenario = scenarios.iter().find(|scenario| scenario.id == *id);
        let scenario = scenario.unwrap_or_else(|| panic!("there is no scenario {id}"));
        match end(&of_the_world_alone(scenario)) {
            End::Failed(_) => {}
            End::Passed => {
                passed.insert(*id);
            }
            End::Invalid(trouble) => panic!("{id}: {trouble:?}"),
        }
    }
    assert_eq!(passed, BTreeSet::new(), "these do not show what they say");
}
