//! Where machines of the classic stack are put (juju-provider 6.16, 6.17): no machine hosts two applications, units of one share a
//! cloud service and its availability set, and a service goes with its last machine.

use std::collections::{BTreeMap, BTreeSet};

use conformance::driver::DriverKind;
use conformance::stage::Stage;
use conformance::subject::Subject;
use fake_azure_cloud::Cloud;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use provider::{InstanceId, StartInstance};

#[derive(Clone, Copy, Debug)]
enum Operation {
    /// A unit more of an application.
    Add(u8),
    /// One unit less, counted from the first.
    Remove(u8, u8),
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        3 => (0..3_u8).prop_map(Operation::Add),
        2 => (0..3_u8, 0..3_u8).prop_map(|(app, nth)| Operation::Remove(app, nth)),
    ]
}

/// Cloud services with the roles in each.
fn services(cloud: &Cloud) -> BTreeMap<String, BTreeSet<String>> {
    let classic = cloud.classic();
    let mut services: BTreeMap<String, BTreeSet<String>> = classic
        .hosted_services
        .iter()
        .map(|(name, _)| (name.to_string(), BTreeSet::new()))
        .collect();
    for (key, deployment) in classic.deployments.iter() {
        let roles = services.entry(key.0.to_string()).or_default();
        roles.extend(deployment.roles.iter().map(|role| role.name.to_string()));
    }
    services
}

/// The cloud service of an instance, in the way its id names it.
fn service_of(id: &InstanceId, services: &BTreeMap<String, BTreeSet<String>>) -> Option<String> {
    let id = id.as_str().to_lowercase();
    services
        .keys()
        .filter(|name| id.starts_with(&format!("{name}-")))
        .max_by_key(|name| name.len())
        .cloned()
}

fn tell(history: &[Operation]) -> anyhow::Result<()> {
    let mut stage = Stage::open(DriverKind::Wire, Subject::CLASSIC, 5)?;
    stage.provide()?;
    let environ = stage.environ("places")?;
    let mut controller = StartInstance::new(0, stage.controller(), stage.series());
    controller.controller = true;
    stage.ask(environ.bootstrap(controller))?;
    let mut applications: BTreeMap<u8, Vec<InstanceId>> = BTreeMap::new();
    for (machine, operation) in (1..).zip(history) {
        match *operation {
            Operation::Add(app) => {
                let units = applications.entry(app).or_default();
                let mut params = StartInstance::new(machine, stage.controller(), stage.series());
                params.units = vec![format!("app{app}/{machine}")];
                params.distribution_group.clone_from(units);
                units.push(stage.ask(environ.start_instance(params))?.instance.id);
            }
            Operation::Remove(app, nth) => {
                let units = applications.entry(app).or_default();
                if usize::from(nth) < units.len() {
                    let id = units.remove(usize::from(nth));
                    stage.ask(environ.stop_instances(&[id]))?;
                }
            }
        }
        let there = stage.look(services);
        let n_units: usize = applications.values().map(Vec::len).sum();
        let n_roles: usize = there.values().map(BTreeSet::len).sum();
        anyhow::ensure!(
            n_roles == n_units + 1,
            "{n_roles} roles for {n_units} units and a controller"
        );
        let n_running = applications.values().filter(|units| !units.is_empty()).count();
        anyhow::ensure!(
            there.len() == n_running + 1,
            "{} services for {n_running} applications and a controller: {there:?}",
            there.len()
        );
        let mut taken = BTreeSet::new();
        for units in applications.values().filter(|units| !units.is_empty()) {
            let of_units: BTreeSet<Option<String>> = units.iter().map(|id| service_of(id, &there)).collect();
            anyhow::ensure!(of_units.len() == 1, "units of one application are in {of_units:?}");
            anyhow::ensure!(taken.is_disjoint(&of_units), "{of_units:?} hosts two applications");
            taken.extend(of_units);
        }
    }
    Ok(())
}

#[test]
fn machines_are_put_where_their_applications_are() {
    let config = Config {
        cases: 5,
        max_shrink_iters: 60,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[4; 32]));
    let histories = prop::collection::vec(operation(), 4..9);
    let outcome = runner.run(&histories, |history| {
        tell(&history).map_err(|error| TestCaseError::fail(format!("{error:#}")))
    });
    assert!(outcome.is_ok(), "{outcome:?}");
}
