//! Histories of the provider: machines started and stopped, ports opened and closed, in any order and with faults.
//!
//! Two phases. With faults on, nothing wrong happens: whatever is left of a machine is reported as an instance. With faults off,
//! everything finishes: what was asked for holds, and destroying the environment leaves nothing.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::history::{step, story};
use crate::scenario::{Action, CallStep, Check, Expect, Scenario, Step};
use crate::subject::Subject;

/// One thing that Juju asks of the provider, or that befalls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Starts a machine.
    Start(u8),
    /// Starts two machines at the same time.
    StartTwo(u8, u8),
    /// Stops a machine.
    Stop(u8),
    /// Opens a port of a machine.
    Open(u8, u16),
    /// Closes a port of a machine.
    Close(u8, u16),
    /// Makes a volume, attached to a machine.
    Attach {
        /// The machine.
        machine: u8,
        /// Which of the environment's.
        volume: u8,
    },
    /// Takes a volume from its machine.
    Detach(u8),
    /// Lists all instances.
    List,
    /// The environment is made again.
    Create,
    /// Time passes, in seconds.
    Wait(u16),
    /// One of the next requests meets trouble.
    Fault {
        /// Which of the requests after it.
        nth: u8,
        /// What happens to it.
        trouble: Trouble,
    },
}

/// What can happen to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The connection is cut before it is applied.
    CutBefore,
    /// The connection is cut after it was applied.
    CutAfter,
    /// The service answers 500.
    InternalError,
    /// The service answers 503.
    Unavailable,
    /// The service answers 429.
    Throttle,
    /// The operation that a PUT begins fails at its end.
    PutFailsLate,
    /// The operation that a PUT begins never ends.
    PutNeverEnds,
    /// The operation that a DELETE begins fails at its end.
    DeleteFailsLate,
    /// There is no room for a machine.
    NoRoom,
}

const N_MACHINES: u8 = 4;
const N_VOLUMES: u8 = 2;
/// Half an hour, after which every machine runs that was begun.
const RUNS_AFTER_MS: i64 = 1_800_000;
const PORTS: [u16; 3] = [80, 443, 8080];

/// Draws an operation of machines and ports; with `faults`, trouble is among them.
pub fn operation(faults: bool) -> impl Strategy<Value = Operation> {
    let trouble = prop_oneof![
        Just(Trouble::CutBefore),
        Just(Trouble::CutAfter),
        Just(Trouble::InternalError),
        Just(Trouble::Unavailable),
        Just(Trouble::Throttle),
        Just(Trouble::PutFailsLate),
        Just(Trouble::PutNeverEnds),
        Just(Trouble::DeleteFailsLate),
        Just(Trouble::NoRoom),
    ];
    let port = prop::sample::select(PORTS.to_vec());
    prop_oneof![
        6 => (0..N_MACHINES).prop_map(Operation::Start),
        2 => (0..N_MACHINES, 1..N_MACHINES).prop_map(|(one, step)| Operation::StartTwo(one, (one + step) % N_MACHINES)),
        4 => (0..N_MACHINES).prop_map(Operation::Stop),
        4 => (0..N_MACHINES, port.clone()).prop_map(|(machine, port)| Operation::Open(machine, port)),
        3 => (0..N_MACHINES, port).prop_map(|(machine, port)| Operation::Close(machine, port)),
        2 => Just(Operation::List),
        1 => Just(Operation::Create),
        1 => (1..600_u16).prop_map(Operation::Wait),
        if faults { 8 } else { 0 } => (1..40_u8, trouble).prop_map(|(nth, trouble)| Operation::Fault { nth, trouble }),
    ]
}

/// Draws an operation of machines and volumes, without trouble.
pub fn operation_with_volumes() -> impl Strategy<Value = Operation> {
    prop_oneof![
        4 => operation(false),
        3 => (0..N_MACHINES, 0..N_VOLUMES).prop_map(|(machine, volume)| Operation::Attach { machine, volume }),
        2 => (0..N_VOLUMES).prop_map(Operation::Detach),
    ]
}

/// A machine's life and two others' beginning, in which the `nth` request meets trouble; `None`: none does.
#[must_use]
pub fn swept(strike: Option<(u8, Trouble)>) -> Scenario {
    let fault = strike.map(|(nth, trouble)| Operation::Fault { nth, trouble });
    let history = [
        Operation::Start(0),
        Operation::Open(0, 80),
        Operation::StartTwo(1, 2),
        Operation::Stop(0),
        Operation::Open(1, 443),
        Operation::Close(1, 443),
        Operation::List,
    ];
    let operations: Vec<Operation> = fault.into_iter().chain(history).collect();
    let mut scenario = scenario(&operations);
    scenario.id = "generated/sweep".to_owned();
    scenario
}

/// What Juju knows of an environment.
#[derive(Clone, Debug, Default)]
struct Reference {
    machines: BTreeSet<u8>,
    ports: BTreeMap<u8, BTreeSet<u16>>,
    /// Volumes, each with the machine it is on.
    volumes: BTreeMap<u8, Option<u8>>,
    /// Whether machines are given back before they run.
    returns_early: bool,
    /// Whether a fault was installed: outcomes are then free until faults end.
    troubled: bool,
}

/// A history as a scenario.
#[must_use]
pub fn scenario(operations: &[Operation]) -> Scenario {
    scenario_of(Subject::A1, operations)
}

/// A history as a scenario of another provider for Resource Manager.
#[must_use]
pub fn scenario_of(subject: Subject, operations: &[Operation]) -> Scenario {
    let mut reference = Reference {
        returns_early: subject != Subject::A1,
        ..Reference::default()
    };
    let mut steps = vec![call("create", json!({}), Expect::default())];
    for operation in operations {
        reference.steps(*operation, &mut steps);
    }
    reference.recovery(&mut steps);
    story(
        "generated/provider",
        "A generated history of machines, ports and volumes, with faults.",
        "provider",
        "2016",
        subject,
        steps,
    )
}

impl Reference {
    fn steps(&mut self, operation: Operation, steps: &mut Vec<Step>) {
        match operation {
            Operation::Start(machine) => {
                // Juju never starts a machine that it knows to run.
                if self.machines.insert(machine) {
                    self.ports.remove(&machine);
                    let expect = self.expect(json!({"id": id(machine)}));
                    steps.push(call("start_instance", json!({"machine": machine}), expect));
                    self.wait(steps);
                }
            }
            Operation::StartTwo(one, other) => {
                if self.machines.contains(&one) || self.machines.contains(&other) {
                    return;
                }
                self.machines.extend([one, other]);
                let calls = [one, other].map(|machine| self.call_step("start_instance", json!({"machine": machine})));
                steps.push(step(
                    Action::Together(calls.to_vec()),
                    self.expect(json!([{"id": id(one)}, {"id": id(other)}])),
                ));
                self.wait(steps);
            }
            Operation::Stop(machine) => {
                self.machines.remove(&machine);
                self.ports.remove(&machine);
                for on in self.volumes.values_mut().filter(|on| **on == Some(machine)) {
                    *on = None;
                }
                steps.push(call("stop_instances", json!({"ids": [id(machine)]}), self.free()));
            }
            Operation::Open(machine, port) => {
                if self.machines.contains(&machine) {
                    self.ports.entry(machine).or_default().insert(port);
                    let arguments = json!({"id": id(machine), "ports": [format!("{port}/tcp")]});
                    steps.push(call("open_ports", arguments, self.free()));
                }
            }
            Operation::Close(machine, port) => {
                if self.machines.contains(&machine) {
                    self.ports.entry(machine).or_default().remove(&port);
                    let arguments = json!({"id": id(machine), "ports": [format!("{port}/tcp")]});
                    steps.push(call("close_ports", arguments, self.free()));
                }
            }
            Operation::Attach { machine, volume } => self.attach(machine, volume, steps),
            Operation::Detach(volume) => {
                if let Some(Some(machine)) = self.volumes.get(&volume).copied() {
                    let expect = self.free();
                    steps.push(call(
                        "detach_volumes",
                        json!({"attachments": [on(volume, machine)]}),
                        expect,
                    ));
                    self.volumes.insert(volume, None);
                }
            }
            Operation::List => {
                let mut expect = self.free();
                if !self.troubled {
                    expect.instances = Some(self.machines.iter().map(|machine| id(*machine)).collect());
                }
                steps.push(call("all_instances", json!({}), expect));
            }
            Operation::Create => steps.push(call("create", json!({}), self.free())),
            Operation::Wait(secs) => steps.push(step(Action::Advance(i64::from(secs) * 1000), Expect::default())),
            Operation::Fault { nth, trouble } => {
                self.troubled = true;
                steps.push(step(Action::Fault(rule(nth, trouble)), Expect::default()));
            }
        }
    }

    /// A volume goes to a machine that runs: a new one is made there, one that is nowhere is attached, one that is somewhere stays.
    fn attach(&mut self, machine: u8, volume: u8, steps: &mut Vec<Step>) {
        if !self.machines.contains(&machine) {
            return;
        }
        let expect = self.free();
        match self.volumes.get(&volume) {
            None => {
                let params = json!({"volume": volume, "size-mib": 1024, "instance": id(machine)});
                steps.push(call("create_volumes", json!({"volumes": [params]}), expect.clone()));
                // Where making it did not attach it, this does; where it did, it changes nothing.
                steps.push(call(
                    "attach_volumes",
                    json!({"attachments": [on(volume, machine)]}),
                    expect,
                ));
                self.volumes.insert(volume, Some(machine));
            }
            Some(None) => {
                steps.push(call(
                    "attach_volumes",
                    json!({"attachments": [on(volume, machine)]}),
                    expect,
                ));
                self.volumes.insert(volume, Some(machine));
            }
            Some(Some(_)) => {}
        }
        if !self.troubled {
            let expect = Expect {
                value: Some(json!(
                    self.volumes.keys().map(|volume| volume_id(*volume)).collect::<Vec<_>>()
                )),
                ..Expect::default()
            };
            steps.push(call("list_volumes", json!({}), expect));
        }
    }

    /// Faults end; Juju brings the environment to where it should be, and then takes it down.
    fn recovery(&self, steps: &mut Vec<Step>) {
        if self.troubled {
            steps.push(step(Action::Fault(json!("clear")), Expect::default()));
            steps.push(step(Action::Check(vec![Check::Reported]), Expect::default()));
            steps.push(call("create", json!({}), Expect::default()));
            // What Juju does not know is stopped, and what half exists is started anew (juju-provider 3.1).
            let all: Vec<String> = (0..N_MACHINES).map(id).collect();
            steps.push(call("stop_instances", json!({"ids": all}), Expect::default()));
            steps.push(step(world(0), Expect::default()));
            for machine in &self.machines {
                steps.push(call("start_instance", json!({"machine": machine}), Expect::default()));
                self.wait(steps);
                let ports = self.ports.get(machine).cloned().unwrap_or_default();
                for port in ports {
                    let arguments = json!({"id": id(*machine), "ports": [format!("{port}/tcp")]});
                    steps.push(call("open_ports", arguments, Expect::default()));
                }
            }
        }
        let ids: Vec<String> = self.machines.iter().map(|machine| id(*machine)).collect();
        steps.push(call(
            "all_instances",
            json!({}),
            Expect {
                instances: Some(ids),
                ..Expect::default()
            },
        ));
        for machine in &self.machines {
            let ports = self.ports.get(machine).cloned().unwrap_or_default();
            let mut shown: Vec<String> = ports.iter().map(|port| format!("{port}/tcp")).collect();
            shown.sort_by_key(|text| text.split('/').next().and_then(|port| port.parse::<u32>().ok()));
            steps.push(call(
                "ports",
                json!({"id": id(*machine)}),
                Expect {
                    value: Some(json!(shown)),
                    ..Expect::default()
                },
            ));
        }
        steps.push(step(world(self.machines.len() as u64), Expect::default()));
        steps.push(step(Action::Check(vec![Check::Reported]), Expect::default()));
        steps.push(call("destroy", json!({}), Expect::default()));
        steps.push(step(Action::Check(vec![Check::Empty]), Expect::default()));
    }

    /// Until machines run, where a call does not wait for that.
    fn wait(&self, steps: &mut Vec<Step>) {
        if self.returns_early {
            steps.push(step(Action::Advance(RUNS_AFTER_MS), Expect::default()));
        }
    }

    fn expect(&self, value: Value) -> Expect {
        if self.troubled {
            self.free()
        } else {
            Expect {
                value: Some(value),
                ..Expect::default()
            }
        }
    }

    fn free(&self) -> Expect {
        Expect {
            any: self.troubled,
            ..Expect::default()
        }
    }

    fn call_step(&self, name: &str, arguments: Value) -> CallStep {
        call_step(name, arguments)
    }
}

/// As many machines, each with its interface and its public address, and nothing that belongs to none.
fn world(n_machines: u64) -> Action {
    Action::World(
        ["vm", "nic", "pip"]
            .into_iter()
            .map(|short| (short.to_owned(), n_machines))
            .collect(),
    )
}

fn volume_id(volume: u8) -> String {
    format!("volume-{volume}")
}

fn on(volume: u8, machine: u8) -> Value {
    json!({"volume": volume_id(volume), "instance": id(machine)})
}

fn id(machine: u8) -> String {
    format!("machine-{machine}")
}

fn rule(nth: u8, trouble: Trouble) -> Value {
    // Writes are few among all requests, so the nth of them comes sooner.
    let nth_write = nth.div_ceil(8);
    let of = |method: &str| json!({"method": method, "nth": nth_write});
    let any = json!({"nth": nth});
    let (matches, verdict) = match trouble {
        Trouble::CutBefore => (any, json!("cut-before")),
        Trouble::CutAfter => (any, json!("cut-after")),
        Trouble::InternalError => (any, json!({"status": {"status": 500}})),
        Trouble::Unavailable => (any, json!({"status": {"status": 503}})),
        Trouble::Throttle => (any, json!("throttle")),
        Trouble::PutFailsLate => (of("PUT"), json!("operation-fails")),
        Trouble::PutNeverEnds => (of("PUT"), json!("operation-endless")),
        Trouble::DeleteFailsLate => (of("DELETE"), json!("operation-fails")),
        Trouble::NoRoom => (
            json!({"method": "PUT", "type": "Microsoft.Compute/virtualMachines", "nth": 1}),
            json!("capacity-gone"),
        ),
    };
    json!({"match": matches, "verdict": verdict})
}

fn call_step(name: &str, arguments: Value) -> CallStep {
    let arguments = match arguments {
        Value::Object(arguments) => arguments,
        _ => Map::new(),
    };
    CallStep {
        call: name.to_owned(),
        environment: "story".to_owned(),
        arguments,
    }
}

fn call(name: &str, arguments: Value, expect: Expect) -> Step {
    step(Action::Provider(call_step(name, arguments)), expect)
}
