//! The same through every stack and generation: what stands above the provider sees the same (juju-provider 6.19).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use conformance::driver::DriverKind;
use conformance::stage::Stage;
use conformance::subject::{Stack, Subject};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use provider::{Environ, IngressRule, InstanceId, PortRange, Protocol, StartInstance};

#[derive(Clone, Copy, Debug)]
enum Operation {
    Start(u32),
    Stop(u32),
    Open(u32, u16),
    Close(u32, u16),
    Restart,
}

fn operation() -> impl Strategy<Value = Operation> {
    let machine = 1..4_u32;
    let port = prop::sample::select(vec![80_u16, 443]);
    prop_oneof![
        5 => machine.clone().prop_map(Operation::Start),
        2 => machine.clone().prop_map(Operation::Stop),
        3 => (machine.clone(), port.clone()).prop_map(|(machine, port)| Operation::Open(machine, port)),
        2 => (machine, port).prop_map(|(machine, port)| Operation::Close(machine, port)),
        1 => Just(Operation::Restart),
    ]
}

/// What stands above sees: machines by number, each with its ports and how many private addresses it has.
type View = BTreeMap<u32, (Vec<String>, usize)>;

struct World {
    stage: Stage,
    ids: BTreeMap<u32, InstanceId>,
}

impl World {
    fn open(subject: Subject) -> anyhow::Result<World> {
        let mut stage = Stage::open(DriverKind::Wire, subject, 3)?;
        stage.provide()?;
        let environ = stage.environ("same")?;
        match subject.stack {
            Stack::Arm | Stack::Naive => stage.ask(environ.create())?,
            Stack::Classic => {
                let mut controller = StartInstance::new(0, stage.controller(), stage.series());
                controller.controller = true;
                stage.ask(environ.bootstrap(controller))?;
            }
        }
        Ok(World {
            stage,
            ids: BTreeMap::new(),
        })
    }

    fn perform(&mut self, operation: Operation) -> anyhow::Result<()> {
        let environ = self.stage.environ("same")?;
        match operation {
            Operation::Start(machine) if !self.ids.contains_key(&machine) => {
                let mut params = StartInstance::new(machine, self.stage.controller(), self.stage.series());
                params.units = vec![format!("app{machine}/0")];
                let id = self.stage.ask(environ.start_instance(params))?.instance.id;
                self.stage.advance(3_600_000);
                self.ids.insert(machine, id);
            }
            Operation::Stop(machine) => {
                if let Some(id) = self.ids.remove(&machine) {
                    self.stage.ask(environ.stop_instances(&[id]))?;
                }
            }
            Operation::Open(machine, port) => {
                if let Some(id) = self.ids.get(&machine) {
                    self.stage.ask(environ.open_ports(id, &rules(port)))?;
                }
            }
            Operation::Close(machine, port) => {
                if let Some(id) = self.ids.get(&machine) {
                    self.stage.ask(environ.close_ports(id, &rules(port)))?;
                }
            }
            Operation::Start(_) => {}
            Operation::Restart => self.stage.restart(),
        }
        Ok(())
    }

    fn view(&mut self) -> anyhow::Result<View> {
        let environ: Arc<dyn Environ> = self.stage.environ("same")?;
        let reported: BTreeSet<InstanceId> = self
            .stage
            .ask(environ.all_instances())?
            .into_iter()
            .map(|instance| instance.id)
            .collect();
        let mut view = View::new();
        for (machine, id) in &self.ids {
            anyhow::ensure!(reported.contains(id), "{id} is not reported");
            let ports = self.stage.ask(environ.ports(id))?;
            let ports = ports.iter().map(|rule| rule.ports.to_string()).collect();
            let found = self.stage.ask(environ.instances(std::slice::from_ref(id)))?;
            let private = found[0]
                .addresses
                .iter()
                .filter(|address| address.scope == provider::Scope::CloudLocal);
            view.insert(*machine, (ports, private.count()));
        }
        Ok(view)
    }
}

fn rules(port: u16) -> Vec<IngressRule> {
    vec![IngressRule::from(PortRange::single(Protocol::Tcp, port))]
}

#[test]
fn every_stack_and_generation_shows_the_same() {
    let config = Config {
        cases: 4,
        max_shrink_iters: 60,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[9; 32]));
    let histories = prop::collection::vec(operation(), 3..9);
    let outcome = runner.run(&histories, |history| {
        let mut seen: Vec<(Subject, Vec<View>)> = Vec::new();
        for subject in Subject::ALL {
            let told = || -> anyhow::Result<Vec<View>> {
                let mut world = World::open(*subject)?;
                let mut views = Vec::new();
                for operation in &history {
                    world.perform(*operation)?;
                    views.push(world.view()?);
                }
                Ok(views)
            };
            let views = told().map_err(|error| TestCaseError::fail(format!("{subject}: {error:#}")))?;
            seen.push((*subject, views));
        }
        for pair in seen.windows(2) {
            prop_assert_eq!(&pair[0].1, &pair[1].1, "{} and {}", pair[0].0, pair[1].0);
        }
        Ok(())
    });
    assert!(outcome.is_ok(), "{outcome:?}");
}
