//! Properties: what every generated history keeps. A run tries many from one seed, makes the first that breaks small, and
//! hands it on as a scenario.

use std::cell::RefCell;
use std::time::Instant;

use camino::Utf8Path;
use proptest::collection::vec;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use super::provider::Trouble;
use super::{controller, cross_model, migration, network, provider};
use crate::driver::DriverKind;
use crate::report::{Found, PropertyDone};
use crate::runner::trouble_report;
use crate::scenario::{Scenario, write};
use crate::session::{self, End, Plan};
use crate::subject::Subject;

/// A property.
#[derive(Clone, Copy, Debug)]
pub struct Property {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub about: &'static str,
    /// The driver that its histories run on.
    pub driver: DriverKind,
    /// Histories tried when nobody says how many.
    pub n_cases: u32,
    /// Most operations of a history.
    pub n_operations_max: usize,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Controller {
        trouble: bool,
        subject: Subject,
    },
    ControllerCrash(Subject),
    CrossModel(Subject),
    Migration(Subject),
    Network,
    Provider {
        faults: bool,
        volumes: bool,
        subject: Subject,
    },
    Sweep,
}

/// Every property.
pub const PROPERTIES: &[Property] = &[
    // tidy: sorted
    Property {
        name: "controller-calm-a1",
        about: "Applications, units and ports look the same through every stack, and the cloud is what the controller wants.",
        driver: DriverKind::Wire,
        n_cases: 2,
        n_operations_max: 10,
        kind: Kind::Controller {
            trouble: false,
            subject: Subject::A1,
        },
    },
    Property {
        name: "controller-calm-a4",
        about: "The same on A4.",
        driver: DriverKind::Wire,
        n_cases: 2,
        n_operations_max: 10,
        kind: Kind::Controller {
            trouble: false,
            subject: Subject::A4,
        },
    },
    Property {
        name: "controller-calm-a7",
        about: "The same on A7.",
        driver: DriverKind::Wire,
        n_cases: 2,
        n_operations_max: 10,
        kind: Kind::Controller {
            trouble: false,
            subject: Subject::A7,
        },
    },
    Property {
        name: "controller-calm-classic",
        about: "The same on the classic stack.",
        driver: DriverKind::Wire,
        n_cases: 2,
        n_operations_max: 10,
        kind: Kind::Controller {
            trouble: false,
            subject: Subject::CLASSIC,
        },
    },
    Property {
        name: "controller-crash-a1",
        about: "The controller's process ends at any request of a fixed history: another one brings everything to one machine each.",
        driver: DriverKind::Wire,
        n_cases: 4,
        n_operations_max: 8,
        kind: Kind::ControllerCrash(Subject::A1),
    },
    Property {
        name: "controller-crash-a4",
        about: "The same on A4.",
        driver: DriverKind::Wire,
        n_cases: 4,
        n_operations_max: 8,
        kind: Kind::ControllerCrash(Subject::A4),
    },
    Property {
        name: "controller-crash-a7",
        about: "The same on A7.",
        driver: DriverKind::Wire,
        n_cases: 4,
        n_operations_max: 8,
        kind: Kind::ControllerCrash(Subject::A7),
    },
    Property {
        name: "controller-crash-classic",
        about: "The same on the classic stack.",
        driver: DriverKind::Wire,
        n_cases: 4,
        n_operations_max: 8,
        kind: Kind::ControllerCrash(Subject::CLASSIC),
    },
    Property {
        name: "controller-trouble-a1",
        about: "Whatever passes, and wherever its process ends, the cloud becomes what the controller wants.",
        driver: DriverKind::Wire,
        n_cases: 2,
        n_operations_max: 10,
        kind: Kind::Controller {
            trouble: true,
            subject: Subject::A1,
        },
    },
    Property {
        name: "controller-trouble-a4",
        about: "The same on A4.",
        driver: DriverKind::Wire,
        n_cases: 2,
        n_operations_max: 10,
        kind: Kind::Controller {
            trouble: true,
            subject: Subject::A4,
        },
    },
    Property {
        name: "controller-trouble-a7",
        about: "The same on A7.",
        driver: DriverKind::Wire,
        n_cases: 2,
        n_operations_max: 10,
        kind: Kind::Controller {
            trouble: true,
            subject: Subject::A7,
        },
    },
    Property {
        name: "controller-trouble-classic",
        about: "The same on the classic stack.",
        driver: DriverKind::Wire,
        n_cases: 2,
        n_operations_max: 10,
        kind: Kind::Controller {
            trouble: true,
            subject: Subject::CLASSIC,
        },
    },
    Property {
        name: "cross-model-a4",
        about: "What is let in from other models is exactly where those who are related call from, whatever happened before.",
        driver: DriverKind::Wire,
        n_cases: 4,
        n_operations_max: 10,
        kind: Kind::CrossModel(Subject::A4),
    },
    Property {
        name: "cross-model-a7",
        about: "The same on A7.",
        driver: DriverKind::Wire,
        n_cases: 4,
        n_operations_max: 10,
        kind: Kind::CrossModel(Subject::A7),
    },
    Property {
        name: "migration-a1",
        about: "A model goes from controller to controller: only tags are written, whatever strikes, and nobody takes what is another's.",
        driver: DriverKind::Wire,
        n_cases: 4,
        n_operations_max: 6,
        kind: Kind::Migration(Subject::A1),
    },
    Property {
        name: "migration-a4",
        about: "The same on A4.",
        driver: DriverKind::Wire,
        n_cases: 4,
        n_operations_max: 6,
        kind: Kind::Migration(Subject::A4),
    },
    Property {
        name: "migration-a7",
        about: "The same on A7.",
        driver: DriverKind::Wire,
        n_cases: 4,
        n_operations_max: 6,
        kind: Kind::Migration(Subject::A7),
    },
    Property {
        name: "network-model",
        about: "Networks, addresses, interfaces and machines answer as the documents say, and a deleted group leaves nothing.",
        driver: DriverKind::Model,
        n_cases: 400,
        n_operations_max: 40,
        kind: Kind::Network,
    },
    Property {
        name: "network-wire",
        about: "The same over the protocol.",
        driver: DriverKind::Wire,
        n_cases: 40,
        n_operations_max: 30,
        kind: Kind::Network,
    },
    Property {
        name: "provider-calm",
        about: "Machines and ports are what Juju asked for, whatever the order, and destroying leaves nothing.",
        driver: DriverKind::Wire,
        n_cases: 12,
        n_operations_max: 12,
        kind: Kind::Provider {
            faults: false,
            volumes: false,
            subject: Subject::A1,
        },
    },
    Property {
        name: "provider-calm-a4",
        about: "The same of machines that are deployed by template.",
        driver: DriverKind::Wire,
        n_cases: 6,
        n_operations_max: 12,
        kind: Kind::Provider {
            faults: false,
            volumes: false,
            subject: Subject::A4,
        },
    },
    Property {
        name: "provider-calm-a7",
        about: "The same of machines on managed disks.",
        driver: DriverKind::Wire,
        n_cases: 6,
        n_operations_max: 12,
        kind: Kind::Provider {
            faults: false,
            volumes: false,
            subject: Subject::A7,
        },
    },
    Property {
        name: "provider-calm-classic",
        about: "The same of roles of cloud services.",
        driver: DriverKind::Wire,
        n_cases: 6,
        n_operations_max: 12,
        kind: Kind::Provider {
            faults: false,
            volumes: false,
            subject: Subject::CLASSIC,
        },
    },
    Property {
        name: "provider-faults",
        about: "Whatever faults strike, half-made machines are reported, and afterwards everything finishes and leaves nothing.",
        driver: DriverKind::Wire,
        n_cases: 24,
        n_operations_max: 12,
        kind: Kind::Provider {
            faults: true,
            volumes: false,
            subject: Subject::A1,
        },
    },
    Property {
        name: "provider-faults-a4",
        about: "The same of machines that are deployed by template.",
        driver: DriverKind::Wire,
        n_cases: 8,
        n_operations_max: 12,
        kind: Kind::Provider {
            faults: true,
            volumes: false,
            subject: Subject::A4,
        },
    },
    Property {
        name: "provider-faults-a7",
        about: "The same of machines on managed disks.",
        driver: DriverKind::Wire,
        n_cases: 8,
        n_operations_max: 12,
        kind: Kind::Provider {
            faults: true,
            volumes: false,
            subject: Subject::A7,
        },
    },
    Property {
        name: "provider-faults-classic",
        about: "The same of roles of cloud services.",
        driver: DriverKind::Wire,
        n_cases: 8,
        n_operations_max: 12,
        kind: Kind::Provider {
            faults: true,
            volumes: false,
            subject: Subject::CLASSIC,
        },
    },
    Property {
        name: "provider-sweep",
        about: "A fault at every single request of a fixed history: half-made machines are reported, and nothing leaks.",
        driver: DriverKind::Wire,
        n_cases: 300,
        n_operations_max: 8,
        kind: Kind::Sweep,
    },
    Property {
        name: "provider-volumes",
        about: "Volumes keep their numbers and outlive machines, whatever the order, and go with their environment.",
        driver: DriverKind::Wire,
        n_cases: 12,
        n_operations_max: 14,
        kind: Kind::Provider {
            faults: false,
            volumes: true,
            subject: Subject::A1,
        },
    },
    Property {
        name: "provider-volumes-a4",
        about: "The same of machines that are deployed by template.",
        driver: DriverKind::Wire,
        n_cases: 4,
        n_operations_max: 14,
        kind: Kind::Provider {
            faults: false,
            volumes: true,
            subject: Subject::A4,
        },
    },
    Property {
        name: "provider-volumes-a7",
        about: "The same of managed disks.",
        driver: DriverKind::Wire,
        n_cases: 6,
        n_operations_max: 14,
        kind: Kind::Provider {
            faults: false,
            volumes: true,
            subject: Subject::A7,
        },
    },
    Property {
        name: "provider-volumes-classic",
        about: "Volumes of the classic stack are listed as long as their machine is there, and go with it.",
        driver: DriverKind::Wire,
        n_cases: 4,
        n_operations_max: 14,
        kind: Kind::Provider {
            faults: false,
            volumes: true,
            subject: Subject::CLASSIC,
        },
    },
    Property {
        name: "provider-volumes-faults",
        about: "Whatever faults strike, a volume is made anew and stands where it should, and nothing is left of it.",
        driver: DriverKind::Wire,
        n_cases: 8,
        n_operations_max: 14,
        kind: Kind::Provider {
            faults: true,
            volumes: true,
            subject: Subject::A1,
        },
    },
    Property {
        name: "provider-volumes-faults-a4",
        about: "The same of machines that are deployed by template.",
        driver: DriverKind::Wire,
        n_cases: 4,
        n_operations_max: 14,
        kind: Kind::Provider {
            faults: true,
            volumes: true,
            subject: Subject::A4,
        },
    },
    Property {
        name: "provider-volumes-faults-a7",
        about: "The same of managed disks.",
        driver: DriverKind::Wire,
        n_cases: 4,
        n_operations_max: 14,
        kind: Kind::Provider {
            faults: true,
            volumes: true,
            subject: Subject::A7,
        },
    },
    Property {
        name: "provider-volumes-faults-classic",
        about: "The same of volumes that go with their machine.",
        driver: DriverKind::Wire,
        n_cases: 4,
        n_operations_max: 14,
        kind: Kind::Provider {
            faults: true,
            volumes: true,
            subject: Subject::CLASSIC,
        },
    },
    // tidy: end
];

/// Tries a property on histories drawn from a seed. What is found is written to a folder, when one is given.
///
/// # Errors
///
/// When a driver cannot be started, or the history cannot be written.
pub fn check(property: &Property, n_cases: u32, seed: u64, folder: Option<&Utf8Path>) -> anyhow::Result<PropertyDone> {
    let started = Instant::now();
    let tried = Tried::default();
    let size = 1..property.n_operations_max;
    let broken = match property.kind {
        Kind::CrossModel(subject) => {
            let histories = vec(cross_model::operation(), size)
                .prop_map(move |operations| cross_model::scenario(subject, &operations));
            search(property, &histories, n_cases, seed, &tried)
        }
        Kind::Migration(subject) => {
            let histories =
                vec(migration::operation(), size).prop_map(move |operations| migration::scenario(subject, &operations));
            search(property, &histories, n_cases, seed, &tried)
        }
        Kind::Network => {
            let histories = vec(network::operation(), size).prop_map(|operations| network::scenario(&operations));
            search(property, &histories, n_cases, seed, &tried)
        }
        Kind::Provider {
            faults,
            volumes: false,
            subject,
        } => {
            let histories = vec(provider::operation(faults), size)
                .prop_map(move |operations| provider::scenario_of(subject, &operations));
            search(property, &histories, n_cases, seed, &tried)
        }
        Kind::Provider {
            faults,
            volumes: true,
            subject,
        } => {
            let histories = vec(provider::operation_with_volumes(faults), size)
                .prop_map(move |operations| provider::scenario_of(subject, &operations));
            search(property, &histories, n_cases, seed, &tried)
        }
        Kind::Controller { trouble, subject } => {
            let histories = vec(controller::operation(trouble), size)
                .prop_map(move |operations| controller::scenario(subject, &operations));
            search(property, &histories, n_cases, seed, &tried)
        }
        Kind::ControllerCrash(subject) => crash(property, subject, n_cases, seed, &tried),
        Kind::Sweep => sweep(property, n_cases, seed, &tried),
    }?;
    let found = match broken {
        Some((scenario, trouble)) => Some(found(property, scenario, &trouble, seed, folder)?),
        None => None,
    };
    Ok(PropertyDone {
        name: property.name.to_owned(),
        about: property.about.to_owned(),
        n_cases,
        seed,
        n_steps: tried.n_steps.into_inner(),
        found,
        wall_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    })
}

#[derive(Default)]
struct Tried {
    n_steps: RefCell<usize>,
    error: RefCell<Option<anyhow::Error>>,
}

type Broken = (Scenario, session::Trouble);

fn search(
    property: &Property,
    histories: &impl Strategy<Value = Scenario>,
    n_cases: u32,
    seed: u64,
    tried: &Tried,
) -> anyhow::Result<Option<Broken>> {
    let config = Config {
        cases: n_cases,
        max_shrink_iters: 4_000,
        failure_persistence: None,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let result = runner.run(histories, |scenario| match tell(property, &scenario, seed, tried) {
        Some(trouble) => Err(TestCaseError::fail(trouble.label)),
        None => Ok(()),
    });
    if let Some(error) = tried.error.take() {
        return Err(error);
    }
    match result {
        Ok(()) => Ok(None),
        Err(TestError::Fail(_, scenario)) => {
            let trouble = tell(property, &scenario, seed, tried);
            let trouble = trouble.ok_or_else(|| {
                anyhow::anyhow!(
                    "a history broke `{}` once and not again: it does not repeat",
                    property.name
                )
            })?;
            Ok(Some((scenario, trouble)))
        }
        Err(TestError::Abort(reason)) => Err(anyhow::anyhow!("no histories for `{}`: {reason}", property.name)),
    }
}

/// Strikes every request of the fixed history once with each of the troubles that a network can make; with fewer cases than that,
/// every so many of them.
fn sweep(property: &Property, n_cases: u32, seed: u64, tried: &Tried) -> anyhow::Result<Option<Broken>> {
    let calm = provider::swept(None);
    let (_, journal) = session::journal(&plan(property, &calm, seed))?;
    let n_requests = u8::try_from(journal.len()).unwrap_or(u8::MAX);
    let troubles = [Trouble::CutBefore, Trouble::CutAfter, Trouble::InternalError];
    let strikes = (1..=n_requests).flat_map(|nth| troubles.map(|trouble| (nth, trouble)));
    let n_all = usize::from(n_requests) * troubles.len();
    let stride = n_all.div_ceil(usize::try_from(n_cases.max(1))?).max(1);
    for strike in strikes.step_by(stride) {
        let scenario = provider::swept(Some(strike));
        let trouble = tell(property, &scenario, seed, tried);
        if let Some(error) = tried.error.take() {
            return Err(error);
        }
        if let Some(trouble) = trouble {
            return Ok(Some((scenario, trouble)));
        }
    }
    Ok(None)
}

/// Ends the controller's process before and after every request of the fixed history; with fewer cases than that, at every so
/// many of them.
fn crash(
    property: &Property,
    subject: Subject,
    n_cases: u32,
    seed: u64,
    tried: &Tried,
) -> anyhow::Result<Option<Broken>> {
    let n_requests = |scenario: &Scenario| -> anyhow::Result<usize> {
        let (_, journal) = session::journal(&plan(property, scenario, seed))?;
        Ok(journal.len())
    };
    // What comes before the crash can happen, and what comes after the last thing that the history does, is in both.
    let n_all = n_requests(&controller::crashed(subject, None))? - n_requests(&controller::scenario(subject, &[]))?;
    let n_all = u8::try_from(n_all).unwrap_or(u8::MAX);
    let crashes = (1..=n_all).flat_map(|nth| [(nth, true), (nth, false)]);
    let stride = (usize::from(n_all) * 2)
        .div_ceil(usize::try_from(n_cases.max(1))?)
        .max(1);
    for ends in crashes.skip(usize::try_from(seed)? % stride).step_by(stride) {
        let scenario = controller::crashed(subject, Some(ends));
        let trouble = tell(property, &scenario, seed, tried);
        if let Some(error) = tried.error.take() {
            return Err(error);
        }
        if let Some(trouble) = trouble {
            return Ok(Some((scenario, trouble)));
        }
    }
    Ok(None)
}

fn plan<'s>(property: &Property, scenario: &'s Scenario, seed: u64) -> Plan<'s> {
    Plan {
        scenario,
        driver: property.driver,
        seed,
        until: None,
        profile: None,
        subject: None,
        live: None,
    }
}

/// Runs a history; what is wrong with it, if anything is.
fn tell(property: &Property, scenario: &Scenario, seed: u64, tried: &Tried) -> Option<session::Trouble> {
    match session::run(&plan(property, scenario, seed)) {
        Ok(ran) => {
            *tried.n_steps.borrow_mut() += ran.n_steps;
            match ran.end {
                End::Passed => None,
                End::Failed(trouble) | End::Invalid(trouble) => Some(*trouble),
            }
        }
        Err(error) => {
            tried.error.borrow_mut().get_or_insert(error);
            None
        }
    }
}

fn found(
    property: &Property,
    mut scenario: Scenario,
    trouble: &session::Trouble,
    seed: u64,
    folder: Option<&Utf8Path>,
) -> anyhow::Result<Found> {
    let id = format!("found/{}-{seed}", property.name);
    scenario.id.clone_from(&id);
    scenario.about = format!("Found by chance: {}", property.about);
    let text = write(&scenario);
    let path = match folder {
        Some(folder) => {
            let path = folder.join(format!("{id}.yaml"));
            if let Some(parent) = path.parent() {
                fs_err::create_dir_all(parent)?;
            }
            fs_err::write(&path, &text)?;
            Some(path.to_string())
        }
        None => None,
    };
    let mut trouble = trouble_report(trouble, &id, property.driver, seed);
    if path.is_none() {
        trouble.hint = format!("conformance run --property {} --seed {seed} --keep", property.name);
    }
    Ok(Found {
        scenario: text,
        path,
        trouble,
    })
}
