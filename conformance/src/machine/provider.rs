//! Histories of the provider: machines started and stopped, ports opened and closed, volumes made, in any order and with faults.
//!
//! Two phases. With faults on, nothing wrong happens: whatever is left of a machine is reported as an instance. With faults off,
//! everything finishes: what was asked for holds, and destroying the environment leaves nothing. The same histories are told of
//! every provider: where the names of machines are drawn, steps name them by what the steps before gave.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::history::{step, story};
use crate::scenario::{Action, CallStep, Check, Expect, HttpBody, HttpStep, Scenario, Step};
use crate::subject::{Stack, Subject};

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
    /// The process that holds the environment ends between two calls, and another begins.
    Restart,
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
    /// The operation that a write begins fails at its end.
    WriteFailsLate,
    /// The operation that a write begins never ends.
    WriteNeverEnds,
    /// The operation that a DELETE begins fails at its end.
    DeleteFailsLate,
    /// What is made of a machine by itself or by a deployment fails at its end: its interface, its address, itself.
    PartFailsLate(u8),
    /// It never ends.
    PartNeverEnds(u8),
    /// A read is answered with what was true a while ago.
    Stale,
    /// There is no room for a machine.
    NoRoom,
}

const N_MACHINES: u8 = 4;
const N_VOLUMES: u8 = 2;
/// Units of so many applications are on the machines.
const N_APPLICATIONS: u8 = 2;
/// Half an hour, after which every machine runs that was begun.
const RUNS_AFTER_MS: i64 = 1_800_000;
/// The largest that is not shown yet of what was true a while ago.
const STALE_MS: u32 = 120_000;
const PORTS: [u16; 3] = [80, 443, 8080];
/// What machines are made of on Resource Manager.
const PARTS: [&str; 4] = [
    "Microsoft.Compute/virtualMachines",
    "Microsoft.Network/networkInterfaces",
    "Microsoft.Network/publicIPAddresses",
    "Microsoft.Network/virtualNetworks",
];

/// Draws an operation of machines and ports; with `faults`, trouble is among them.
pub fn operation(faults: bool) -> impl Strategy<Value = Operation> {
    let trouble = prop_oneof![
        Just(Trouble::CutBefore),
        Just(Trouble::CutAfter),
        Just(Trouble::InternalError),
        Just(Trouble::Unavailable),
        Just(Trouble::Throttle),
        Just(Trouble::WriteFailsLate),
        Just(Trouble::WriteNeverEnds),
        Just(Trouble::DeleteFailsLate),
        (0..PARTS.len()).prop_map(|part| Trouble::PartFailsLate(u8::try_from(part).unwrap_or_default())),
        (0..PARTS.len()).prop_map(|part| Trouble::PartNeverEnds(u8::try_from(part).unwrap_or_default())),
        Just(Trouble::Stale),
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
        1 => Just(Operation::Restart),
        1 => (1..600_u16).prop_map(Operation::Wait),
        if faults { 8 } else { 0 } => (1..40_u8, trouble).prop_map(|(nth, trouble)| Operation::Fault { nth, trouble }),
    ]
}

/// Draws an operation of machines and volumes; with `faults`, trouble is among them.
pub fn operation_with_volumes(faults: bool) -> impl Strategy<Value = Operation> {
    prop_oneof![
        4 => operation(faults),
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
#[derive(Clone, Debug)]
struct Reference {
    subject: Subject,
    /// Machines, each with what its id is written as.
    machines: BTreeMap<u8, String>,
    ports: BTreeMap<u8, BTreeSet<u16>>,
    /// Volumes, each with the machine it is on.
    volumes: BTreeMap<u8, Option<u8>>,
    /// Whether a fault was installed: outcomes are then free until faults end.
    troubled: bool,
    /// How many steps gave something a name.
    n_named: usize,
}

/// A history as a scenario.
#[must_use]
pub fn scenario(operations: &[Operation]) -> Scenario {
    scenario_of(Subject::A1, operations)
}

/// A history as a scenario of any provider.
#[must_use]
pub fn scenario_of(subject: Subject, operations: &[Operation]) -> Scenario {
    let mut reference = Reference {
        subject,
        machines: BTreeMap::new(),
        ports: BTreeMap::new(),
        volumes: BTreeMap::new(),
        troubled: false,
        n_named: 0,
    };
    let mut steps = Vec::new();
    let is_stale = |operation: &&Operation| {
        matches!(
            operation,
            Operation::Fault {
                trouble: Trouble::Stale,
                ..
            }
        )
    };
    if operations.iter().any(|operation| is_stale(&operation)) {
        // It strikes nothing, and has the past kept.
        let rule = json!({"match": {"path": "/nothing/has/this/path"}, "verdict": {"stale": {"within_ms": STALE_MS}}});
        steps.push(step(Action::Fault(rule), Expect::default()));
    }
    reference.beginning(&mut steps);
    for operation in operations {
        reference.steps(*operation, &mut steps);
    }
    reference.recovery(&mut steps);
    let profile = match subject.stack {
        Stack::Classic => "2014",
        Stack::Arm | Stack::Naive => "2016",
    };
    let about = "A generated history of machines, ports and volumes, with faults.";
    story("generated/provider", about, "provider", profile, subject, steps)
}

impl Reference {
    fn is_classic(&self) -> bool {
        self.subject.stack == Stack::Classic
    }

    /// On Resource Manager an environment is made, over the classic API it begins with its controller.
    fn beginning(&self, steps: &mut Vec<Step>) {
        if self.is_classic() {
            steps.push(account("POST", "", Some(ACCOUNT)));
            steps.push(step(Action::Advance(RUNS_AFTER_MS), Expect::default()));
            let mut bootstrap = call("bootstrap", json!({"series": SERIES}), Expect::default());
            bootstrap.name = Some(CONTROLLER.to_owned());
            steps.push(bootstrap);
        } else {
            steps.push(call("create", json!({}), Expect::default()));
        }
    }

    fn steps(&mut self, operation: Operation, steps: &mut Vec<Step>) {
        match operation {
            Operation::Start(machine) => {
                // Juju never starts a machine that it knows to run.
                if !self.machines.contains_key(&machine) {
                    let expect = self.free();
                    self.start(&[machine], expect, steps);
                }
            }
            Operation::StartTwo(one, other) => {
                if !self.machines.contains_key(&one) && !self.machines.contains_key(&other) {
                    let expect = self.free();
                    self.start(&[one, other], expect, steps);
                }
            }
            Operation::Stop(machine) => {
                let known = self.machines.remove(&machine);
                self.ports.remove(&machine);
                if self.is_classic() {
                    self.volumes.retain(|_, on| *on != Some(machine));
                }
                for on in self.volumes.values_mut().filter(|on| **on == Some(machine)) {
                    *on = None;
                }
                // One that Juju does not know is passed over, where its name can be told.
                let id = known.or_else(|| (!self.is_classic()).then(|| name_of(machine)));
                if let Some(id) = id {
                    steps.push(call("stop_instances", json!({"ids": [id]}), self.free()));
                }
            }
            Operation::Open(machine, port) => {
                if let Some(id) = self.machines.get(&machine).cloned() {
                    self.ports.entry(machine).or_default().insert(port);
                    let arguments = json!({"id": id, "ports": [format!("{port}/tcp")]});
                    steps.push(call("open_ports", arguments, self.free()));
                }
            }
            Operation::Close(machine, port) => {
                if let Some(id) = self.machines.get(&machine).cloned() {
                    self.ports.entry(machine).or_default().remove(&port);
                    let arguments = json!({"id": id, "ports": [format!("{port}/tcp")]});
                    steps.push(call("close_ports", arguments, self.free()));
                }
            }
            Operation::Attach { machine, volume } => self.attach(machine, volume, steps),
            Operation::Detach(volume) => self.detach(volume, steps),
            Operation::List => {
                let mut expect = self.free();
                if !self.troubled {
                    self.expect_machines(&mut expect);
                }
                steps.push(call("all_instances", json!({}), expect));
            }
            // Over the classic API nothing is made but machines.
            Operation::Create if self.is_classic() => {}
            Operation::Create => steps.push(call("create", json!({}), self.free())),
            Operation::Restart => steps.push(call("restart", json!({}), Expect::default())),
            Operation::Wait(secs) => steps.push(step(Action::Advance(i64::from(secs) * 1000), Expect::default())),
            Operation::Fault { nth, trouble } => {
                self.troubled = true;
                steps.push(step(Action::Fault(self.rule(nth, trouble)), Expect::default()));
            }
        }
    }

    /// Starts machines at the same time.
    fn start(&mut self, machines: &[u8], expect: Expect, steps: &mut Vec<Step>) {
        self.n_named += 1;
        let given = format!("started{}", self.n_named);
        let calls: Vec<CallStep> = machines.iter().map(|machine| self.start_call(*machine)).collect();
        let is_one = machines.len() == 1;
        for (nth, machine) in machines.iter().enumerate() {
            let id = match (self.is_classic(), is_one) {
                (false, _) => name_of(*machine),
                (true, true) => format!("${given}.id"),
                (true, false) => format!("${given}.{nth}.id"),
            };
            self.machines.insert(*machine, id);
            self.ports.remove(machine);
        }
        let mut expect = expect;
        if !expect.any && !self.is_classic() {
            let ids: Vec<Value> = machines
                .iter()
                .map(|machine| json!({"id": name_of(*machine)}))
                .collect();
            expect.value = Some(if is_one { ids[0].clone() } else { json!(ids) });
        }
        let action = match calls.as_slice() {
            [one] => Action::Provider(one.clone()),
            _ => Action::Together(calls),
        };
        let mut start = step(action, expect);
        start.name = self.is_classic().then_some(given);
        steps.push(start);
        // Until machines run, where a call does not wait for that.
        if !self.is_classic() && self.subject != Subject::A1 {
            steps.push(step(Action::Advance(RUNS_AFTER_MS), Expect::default()));
        }
    }

    /// Units of an application are kept apart from one another, together.
    fn start_call(&self, machine: u8) -> CallStep {
        let application = machine % N_APPLICATIONS;
        let others = self
            .machines
            .iter()
            .filter(|(own, _)| **own % N_APPLICATIONS == application);
        let others: Vec<&String> = others.map(|(_, id)| id).collect();
        let mut arguments = json!({
            "machine": if self.is_classic() { machine + 1 } else { machine },
            "units": [format!("app{application}/{machine}")],
            "group-with": others,
        });
        if self.is_classic() {
            arguments["series"] = json!(SERIES);
        }
        call_step("start_instance", arguments)
    }

    fn expect_machines(&self, expect: &mut Expect) {
        if self.is_classic() {
            expect.count = Some(self.machines.len() + 1);
        } else {
            expect.instances = Some(self.machines.values().cloned().collect());
        }
    }

    /// A volume goes to a machine that runs: a new one is made there, one that is nowhere is attached, one that is somewhere stays.
    fn attach(&mut self, machine: u8, volume: u8, steps: &mut Vec<Step>) {
        let Some(id) = self.machines.get(&machine).cloned() else {
            return;
        };
        let expect = self.free();
        let attachments = json!({"attachments": [{"volume": self.volume_id(volume), "instance": id}]});
        match self.volumes.get(&volume) {
            None => {
                let params = json!({"volume": volume, "size-mib": 1024, "instance": id});
                steps.push(call("create_volumes", json!({"volumes": [params]}), expect.clone()));
                // Where making it did not attach it, this does; where it did, it changes nothing.
                steps.push(call("attach_volumes", attachments, expect));
                self.volumes.insert(volume, Some(machine));
            }
            Some(None) => {
                steps.push(call("attach_volumes", attachments, expect));
                self.volumes.insert(volume, Some(machine));
            }
            Some(Some(_)) => {}
        }
        if !self.troubled {
            steps.push(self.volumes_listed());
        }
    }

    /// Over the classic API a volume stays with its machine.
    fn detach(&mut self, volume: u8, steps: &mut Vec<Step>) {
        if self.is_classic() {
            return;
        }
        if let Some(Some(machine)) = self.volumes.get(&volume).copied()
            && let Some(id) = self.machines.get(&machine).cloned()
        {
            let expect = self.free();
            let attachments = json!({"attachments": [{"volume": self.volume_id(volume), "instance": id}]});
            steps.push(call("detach_volumes", attachments, expect));
            self.volumes.insert(volume, None);
        }
    }

    fn volumes_listed(&self) -> Step {
        let expect = Expect {
            value: Some(json!(
                self.volumes
                    .keys()
                    .map(|volume| self.volume_id(*volume))
                    .collect::<Vec<_>>()
            )),
            count: Some(self.volumes.len()),
            ..Expect::default()
        };
        call("list_volumes", json!({}), expect)
    }

    /// Faults end; Juju brings the environment to where it should be, and then takes it down.
    fn recovery(&mut self, steps: &mut Vec<Step>) {
        if self.troubled {
            self.troubled = false;
            steps.push(step(Action::Fault(json!("clear")), Expect::default()));
            steps.push(step(Action::Check(vec![Check::Reported]), Expect::default()));
            if !self.is_classic() {
                steps.push(call("create", json!({}), Expect::default()));
            }
            self.make_anew(steps);
        }
        let mut expect = Expect::default();
        self.expect_machines(&mut expect);
        steps.push(call("all_instances", json!({}), expect));
        for (machine, id) in &self.machines {
            let ports = self.ports.get(machine).cloned().unwrap_or_default();
            let mut shown: Vec<String> = ports.iter().map(|port| format!("{port}/tcp")).collect();
            shown.sort_by_key(|text| text.split('/').next().and_then(|port| port.parse::<u32>().ok()));
            let expect = Expect {
                count: Some(shown.len()),
                value: Some(json!(shown)),
                ..Expect::default()
            };
            steps.push(call("ports", json!({"id": id}), expect));
        }
        if !self.volumes.is_empty() {
            steps.push(self.volumes_listed());
        }
        steps.push(step(self.world(), Expect::default()));
        steps.push(step(Action::Check(vec![Check::Reported]), Expect::default()));
        steps.push(call("destroy", json!({}), Expect::default()));
        if self.is_classic() {
            // Nothing is left once what the session makes for such a step is gone, which it looks for itself.
            steps.push(account("DELETE", "/storyaccount", None));
        } else {
            steps.push(step(Action::Check(vec![Check::Empty]), Expect::default()));
        }
    }

    /// What Juju does not know is stopped, and what half exists is made anew (juju-provider 3.1).
    fn make_anew(&mut self, steps: &mut Vec<Step>) {
        let wanted: BTreeSet<u8> = self.machines.keys().copied().collect();
        let ports = std::mem::take(&mut self.ports);
        let volumes = std::mem::take(&mut self.volumes);
        self.machines.clear();
        let stop = if self.is_classic() {
            call(
                "stop_others",
                json!({"ids": [format!("${CONTROLLER}.id")]}),
                Expect::default(),
            )
        } else {
            let all: Vec<String> = (0..N_MACHINES).map(name_of).collect();
            call("stop_instances", json!({"ids": all}), Expect::default())
        };
        steps.push(stop);
        steps.push(step(self.world(), Expect::default()));
        if !volumes.is_empty() && !self.is_classic() {
            let ids: Vec<String> = volumes.keys().map(|volume| self.volume_id(*volume)).collect();
            steps.push(call("destroy_volumes", json!({"ids": ids}), Expect::default()));
            steps.push(self.volumes_listed());
        }
        for machine in wanted {
            self.start(&[machine], Expect::default(), steps);
            for port in ports.get(&machine).into_iter().flatten() {
                self.steps(Operation::Open(machine, *port), steps);
            }
        }
        for (volume, on) in volumes {
            if let Some(machine) = on {
                self.attach(machine, volume, steps);
            }
        }
    }

    /// As many machines, each with its interface and its public address, and nothing that belongs to none. Over the classic API,
    /// as many roles, in as many cloud services as there are applications, with the controller's.
    fn world(&self) -> Action {
        let n_machines = self.machines.len() as u64;
        let mut counts = BTreeMap::new();
        if self.is_classic() {
            let applications: BTreeSet<u8> = self.machines.keys().map(|machine| machine % N_APPLICATIONS).collect();
            counts.insert("role".to_owned(), n_machines + 1);
            if !self.has_split_services() {
                counts.insert("cloud-service".to_owned(), applications.len() as u64 + 1);
            }
        } else {
            counts.extend(["vm", "nic", "pip"].map(|short| (short.to_owned(), n_machines)));
        }
        Action::World(counts)
    }

    /// Two machines of one application that are started at the same time know nothing of one another, so each may come to be in a
    /// cloud service of its own.
    fn has_split_services(&self) -> bool {
        self.machines.values().any(|id| id.matches('.').count() > 1)
    }

    /// Over the classic API a volume is called as its blob is (juju-provider 2.6, Volumes).
    fn volume_id(&self, volume: u8) -> String {
        let ending = if self.is_classic() { ".vhd" } else { "" };
        format!("volume-{volume}{ending}")
    }

    fn free(&self) -> Expect {
        Expect {
            any: self.troubled,
            ..Expect::default()
        }
    }

    fn rule(&self, nth: u8, trouble: Trouble) -> Value {
        // Writes are few among all requests, so the nth of them comes sooner.
        let nth_write = nth.div_ceil(8);
        let of = |method: &str| json!({"method": method, "nth": nth_write});
        let any = json!({"nth": nth});
        let write = if self.is_classic() { "POST" } else { "PUT" };
        let part = |part: u8| {
            let kind = PARTS[usize::from(part) % PARTS.len()];
            match self.is_classic() {
                true => json!({"method": "POST", "path": "{asm}/**/hostedservices/**", "nth": nth_write}),
                false => json!({"method": "PUT", "type": kind, "nth": nth.div_ceil(20)}),
            }
        };
        let (matches, verdict) = match trouble {
            Trouble::CutBefore => (any, json!("cut-before")),
            Trouble::CutAfter => (any, json!("cut-after")),
            Trouble::InternalError => (any, json!({"status": {"status": 500}})),
            Trouble::Unavailable => (any, json!({"status": {"status": 503}})),
            Trouble::Throttle => (any, json!("throttle")),
            Trouble::WriteFailsLate => (of(write), json!("operation-fails")),
            Trouble::WriteNeverEnds => (of(write), json!("operation-endless")),
            Trouble::DeleteFailsLate => (of("DELETE"), json!("operation-fails")),
            Trouble::PartFailsLate(kind) => (part(kind), json!("operation-fails")),
            Trouble::PartNeverEnds(kind) => (part(kind), json!("operation-endless")),
            Trouble::Stale => (
                json!({"method": "GET", "nth": nth}),
                json!({"stale": {"within_ms": STALE_MS}}),
            ),
            Trouble::NoRoom => (part(0), json!("capacity-gone")),
        };
        json!({"match": matches, "verdict": verdict})
    }
}

/// The series of machines of the classic stack's time, and the variable that its controller is kept in.
const SERIES: &str = "trusty";
const CONTROLLER: &str = "controller";

/// The storage account that a person makes before bootstrapping over the classic API.
pub(super) const ACCOUNT: &str = r#"<CreateStorageServiceInput xmlns="http://schemas.microsoft.com/windowsazure"><ServiceName>storyaccount</ServiceName><Label>c3Rvcnk=</Label><Location>West US</Location><AccountType>Standard_LRS</AccountType></CreateStorageServiceInput>"#;

pub(super) fn account(method: &str, of: &str, body: Option<&str>) -> Step {
    let version = ("x-ms-version".to_owned(), Some("2014-06-01".to_owned()));
    let http = HttpStep {
        api: "asm".to_owned(),
        method: method.to_owned(),
        url: format!("/$subscription/services/storageservices{of}"),
        headers: [version].into(),
        body: body.map(|body| HttpBody::Xml(body.to_owned())),
    };
    step(Action::Http(http), Expect::default())
}

/// A machine's name on Resource Manager.
fn name_of(machine: u8) -> String {
    format!("machine-{machine}")
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
