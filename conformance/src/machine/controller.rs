//! Histories of a controller: applications with units and ports, exposed or not, and a process that ends now and then.
//!
//! A small model written from the documents (juju-provider 3) says how the controller's models look after every step; it knows no
//! stack, so a history that passes on two of them shows the same on both (juju-provider 6.19). In the end what is in the cloud is
//! compared with what the controller wants (6.4 and 6.6), every machine has its addresses (6.9), and nothing stays.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::history::{step, story};
use super::provider::{ACCOUNT, account};
use crate::scenario::{Action, CallStep, Check, Expect, Scenario, Step};
use crate::subject::{Stack, Subject};

/// One thing that a user does, or that befalls the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// An application gets a unit; it is deployed when it is not there.
    Add(u8),
    /// An application loses its first unit.
    Remove(u8),
    /// An application is exposed.
    Expose(u8),
    /// An application is not exposed any more.
    Unexpose(u8),
    /// An application's first unit opens a port.
    Open(u8, u16),
    /// An application's first unit closes a port.
    Close(u8, u16),
    /// The controller's process ends between two things, and begins again.
    Restart,
    /// The controller's process ends at one of the next requests, and begins again.
    Crash {
        /// Which of the requests after it.
        nth: u8,
        /// Before it is sent, or after it was answered.
        before: bool,
    },
    /// One of the next requests meets trouble that passes.
    Fault {
        /// Which of the requests after it.
        nth: u8,
        /// What happens to it.
        trouble: Passing,
    },
}

/// Trouble that is over when the request is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passing {
    /// The connection is cut before the request is applied.
    CutBefore,
    /// The connection is cut after it was applied.
    CutAfter,
    /// The service answers 500.
    InternalError,
    /// The service answers 429.
    Throttle,
}

const N_APPLICATIONS: u8 = 2;
const PORTS: [u16; 3] = [80, 443, 8080];
/// What a fresh unit opens by itself, by application.
const OWN_PORTS: [u16; 2] = [80, 443];
/// Longest that a command may take until machines run and have their addresses.
const WITHIN: &str = "2h";
/// Until the storage account of a classic environment is there.
const ACCOUNT_AFTER_MS: i64 = 600_000;

/// Draws an operation; with `trouble`, some befalls the controller.
pub fn operation(trouble: bool) -> impl Strategy<Value = Operation> {
    let app = 0..N_APPLICATIONS;
    let port = prop::sample::select(PORTS.to_vec());
    let passing = prop_oneof![
        Just(Passing::CutBefore),
        Just(Passing::CutAfter),
        Just(Passing::InternalError),
        Just(Passing::Throttle),
    ];
    prop_oneof![
        6 => app.clone().prop_map(Operation::Add),
        3 => app.clone().prop_map(Operation::Remove),
        4 => app.clone().prop_map(Operation::Expose),
        2 => app.clone().prop_map(Operation::Unexpose),
        3 => (app.clone(), port.clone()).prop_map(|(app, port)| Operation::Open(app, port)),
        2 => (app, port).prop_map(|(app, port)| Operation::Close(app, port)),
        1 => Just(Operation::Restart),
        if trouble { 5 } else { 0 } => (1..40_u8, any::<bool>()).prop_map(|(nth, before)| Operation::Crash { nth, before }),
        if trouble { 3 } else { 0 } => (1..30_u8, passing).prop_map(|(nth, trouble)| Operation::Fault { nth, trouble }),
    ]
}

/// A fixed history that does everything once, in which the process ends at the `nth` request; `None`: it never does.
#[must_use]
pub fn crashed(subject: Subject, crash: Option<(u8, bool)>) -> Scenario {
    let crash = crash.map(|(nth, before)| Operation::Crash { nth, before });
    let history = [
        Operation::Add(0),
        Operation::Expose(0),
        Operation::Add(0),
        Operation::Close(0, 80),
        Operation::Remove(0),
    ];
    let operations: Vec<Operation> = crash.into_iter().chain(history).collect();
    let mut scenario = scenario(subject, &operations);
    scenario.id = "generated/controller-crash".to_owned();
    scenario
}

/// A history as a scenario.
#[must_use]
pub fn scenario(subject: Subject, operations: &[Operation]) -> Scenario {
    let mut reference = Reference::default();
    let mut steps = Vec::new();
    reference.beginning(subject, &mut steps);
    for operation in operations {
        reference.steps(*operation, &mut steps);
    }
    reference.end(subject, &mut steps);
    let profile = match subject.stack {
        Stack::Classic => "2014",
        Stack::Arm | Stack::Naive => "2016",
    };
    let about = "A generated history of a controller's applications, and of its process.";
    story("generated/controller", about, "controller", profile, subject, steps)
}

/// What Juju's documents say there is. Machine 0 is the controller's.
#[derive(Clone, Debug, Default)]
struct Reference {
    next_machine: u32,
    applications: BTreeMap<u8, Application>,
}

#[derive(Clone, Debug, Default)]
struct Application {
    exposed: bool,
    next_unit: u32,
    units: BTreeMap<u32, Unit>,
}

#[derive(Clone, Debug, Default)]
struct Unit {
    machine: u32,
    opened: BTreeSet<u16>,
}

fn name(app: u8) -> String {
    format!("app{app}")
}

impl Reference {
    fn beginning(&mut self, subject: Subject, steps: &mut Vec<Step>) {
        if subject.stack == Stack::Classic {
            steps.push(account("POST", "", Some(ACCOUNT)));
            steps.push(step(Action::Advance(ACCOUNT_AFTER_MS), Expect::default()));
        }
        steps.push(juju("bootstrap", json!({}), Expect::default()));
        self.next_machine = 1;
        self.look(steps);
    }

    fn steps(&mut self, operation: Operation, steps: &mut Vec<Step>) {
        match operation {
            Operation::Add(app) => self.add(app, steps),
            Operation::Remove(app) => {
                let Some((number, _)) = self.first(app) else {
                    return;
                };
                if let Some(application) = self.applications.get_mut(&app) {
                    application.units.remove(&number);
                }
                steps.push(done("remove-unit", json!({"unit": format!("{}/{number}", name(app))})));
            }
            Operation::Expose(app) | Operation::Unexpose(app) => {
                let Some(application) = self.applications.get_mut(&app) else {
                    return;
                };
                application.exposed = matches!(operation, Operation::Expose(_));
                let verb = if application.exposed { "expose" } else { "unexpose" };
                steps.push(done(verb, json!({"app": name(app)})));
            }
            Operation::Open(app, port) | Operation::Close(app, port) => {
                let Some((number, unit)) = self.first(app) else {
                    return;
                };
                let verb = if matches!(operation, Operation::Open(..)) {
                    unit.opened.insert(port);
                    "open-port"
                } else {
                    unit.opened.remove(&port);
                    "close-port"
                };
                let unit = format!("{}/{number}", name(app));
                steps.push(done(verb, json!({"unit": unit, "ports": [format!("{port}/tcp")]})));
            }
            Operation::Restart => {
                steps.push(juju("restart", json!({}), Expect::default()));
                steps.push(done("settle", json!({})));
            }
            Operation::Crash { nth, before } => {
                let side = if before { "before" } else { "after" };
                steps.push(juju("crash", json!({"nth": nth, "side": side}), Expect::default()));
                return;
            }
            Operation::Fault { nth, trouble } => {
                steps.push(step(Action::Fault(rule(nth, trouble)), Expect::default()));
                return;
            }
        }
        self.look(steps);
    }

    fn add(&mut self, app: u8, steps: &mut Vec<Step>) {
        let own = OWN_PORTS[usize::from(app)];
        let is_there = self.applications.contains_key(&app);
        let application = self.applications.entry(app).or_default();
        let unit = Unit {
            machine: self.next_machine,
            opened: BTreeSet::from([own]),
        };
        application.units.insert(application.next_unit, unit);
        application.next_unit += 1;
        self.next_machine += 1;
        steps.push(match is_there {
            true => done("add-unit", json!({"app": name(app)})),
            false => done("deploy", json!({"app": name(app), "ports": [format!("{own}/tcp")]})),
        });
    }

    fn first(&mut self, app: u8) -> Option<(u32, &mut Unit)> {
        let application = self.applications.get_mut(&app)?;
        application
            .units
            .iter_mut()
            .next()
            .map(|(number, unit)| (*number, unit))
    }

    /// How the model looks by now, whatever it stands on.
    fn look(&self, steps: &mut Vec<Step>) {
        let machine = |rules: Vec<String>| {
            json!({
                "life": "alive", "instance": "running", "agent": "started",
                "n_private": 1, "has_public": true, "rules": rules,
            })
        };
        let mut machines = Map::new();
        let mut numbers = vec![0];
        machines.insert("0".to_owned(), machine(Vec::new()));
        let mut units = Map::new();
        let mut names = Vec::new();
        for (app, application) in &self.applications {
            for (number, unit) in &application.units {
                let rules = match application.exposed {
                    true => unit.opened.iter().map(|port| format!("{port}/tcp")).collect(),
                    false => Vec::new(),
                };
                machines.insert(unit.machine.to_string(), machine(rules));
                numbers.push(unit.machine);
                let unit_name = format!("{}/{number}", name(*app));
                units.insert(
                    unit_name.clone(),
                    json!({"machine": unit.machine, "workload": "active", "message": ""}),
                );
                names.push(unit_name);
            }
        }
        numbers.sort_unstable();
        let expect = Expect {
            value: Some(json!({"numbers": numbers, "names": names, "machines": machines, "units": units})),
            ..Expect::default()
        };
        steps.push(juju("view", json!({}), expect));
    }

    /// Trouble ends; the cloud is what the controller wants, and then it is nothing.
    fn end(&self, subject: Subject, steps: &mut Vec<Step>) {
        steps.push(step(Action::Fault(json!("clear")), Expect::default()));
        steps.push(done("settle", json!({})));
        self.look(steps);
        steps.push(step(Action::Check(vec![Check::Converged]), Expect::default()));
        steps.push(done("destroy-controller", json!({})));
        if subject.stack == Stack::Classic {
            steps.push(account("DELETE", "/storyaccount", None));
        } else {
            steps.push(step(Action::Check(vec![Check::Empty]), Expect::default()));
        }
    }
}

fn rule(nth: u8, trouble: Passing) -> Value {
    let verdict = match trouble {
        Passing::CutBefore => json!("cut-before"),
        Passing::CutAfter => json!("cut-after"),
        Passing::InternalError => json!({"status": {"status": 500}}),
        Passing::Throttle => json!("throttle"),
    };
    json!({"match": {"nth": nth}, "verdict": verdict})
}

/// A command that has to succeed within bounds.
fn done(verb: &str, arguments: Value) -> Step {
    let expect = Expect {
        within: Some(WITHIN.to_owned()),
        ..Expect::default()
    };
    juju(verb, arguments, expect)
}

fn juju(verb: &str, arguments: Value, expect: Expect) -> Step {
    let arguments = match arguments {
        Value::Object(arguments) => arguments,
        _ => Map::new(),
    };
    let call = CallStep {
        call: verb.to_owned(),
        environment: "story".to_owned(),
        arguments,
    };
    step(Action::Juju(call), expect)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_that_does_nothing_bootstraps_looks_and_destroys() {
        let scenario = scenario(Subject::A4, &[Operation::Remove(0), Operation::Close(1, 80)]);
        let labels: Vec<String> = scenario.steps.iter().map(|step| step.action.label()).collect();
        assert_eq!(
            labels,
            [
                "juju bootstrap",
                "juju view",
                "fault",
                "juju settle",
                "juju view",
                "check converged",
                "juju destroy-controller",
                "check empty"
            ]
        );
    }
}
