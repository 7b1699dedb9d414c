//! Histories of networks, addresses, interfaces and machines, and the reference model that says what becomes of each step.
//!
//! The model is written from the documents (ARM 1.11, 3.5, 8.2) and knows nothing of the cloud's code. It is small because its
//! world is: a handful of names, every operation waited for. Where the documents leave something open, its operations avoid it.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::history::{step, story};
use crate::scenario::{Action, Body, Expect, GROUP, ResourceStep, Scenario, Step, Verb};
use crate::subject::Subject;

/// A network; its address space is 10.0.0.0/16.
pub type Net = u8;

/// One thing that a client does. Numbers are names: `nic 2` is `n2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Makes the group.
    PutGroup,
    /// Deletes the group with all that is in it.
    DeleteGroup,
    /// Writes a network without subnets in the document: those that are there go.
    PutNet(Net),
    /// Deletes a network.
    DeleteNet(Net),
    /// Writes a subnet: which, its range, and perhaps a security group.
    PutSubnet {
        /// Its network.
        net: Net,
        /// Which of the network's.
        subnet: u8,
        /// One of [`RANGES`].
        range: u8,
        /// Its security group.
        guard: Option<u8>,
    },
    /// Deletes a subnet.
    DeleteSubnet {
        /// Its network.
        net: Net,
        /// Which of the network's.
        subnet: u8,
    },
    /// Writes a security group without rules in the document: those that are there go.
    PutGuard(u8),
    /// Deletes a security group.
    DeleteGuard(u8),
    /// Writes a rule with one of [`PRIORITIES`].
    PutRule {
        /// Its security group.
        guard: u8,
        /// Which of the group's.
        rule: u8,
        /// One of [`PRIORITIES`].
        priority: u8,
    },
    /// Deletes a rule.
    DeleteRule {
        /// Its security group.
        guard: u8,
        /// Which of the group's.
        rule: u8,
    },
    /// Writes a public address.
    PutPublic(u8),
    /// Deletes a public address.
    DeletePublic(u8),
    /// Writes an interface in its home subnet: see [`home`].
    PutNic {
        /// Which.
        nic: u8,
        /// Its public address.
        public: Option<u8>,
        /// Its security group.
        guard: Option<u8>,
        /// The last byte of its address, for interfaces with a static one: see [`is_static`].
        host: u8,
    },
    /// Deletes an interface.
    DeleteNic(u8),
    /// Makes a machine with an interface, or writes it again with the one it has.
    PutVm {
        /// Which.
        vm: u8,
        /// Its interface, when it is new.
        nic: u8,
    },
    /// Deletes a machine.
    DeleteVm(u8),
}

/// Ranges that subnets are written with; the third overlaps the first.
pub const RANGES: &[&str] = &["10.0.0.0/24", "10.0.1.0/24", "10.0.0.128/25"];

/// Priorities that rules are written with; the last is out of bounds (ARM 3.5: 100 to 4096).
pub const PRIORITIES: &[i64] = &[100, 101, 4096, 99];

const N_NETS: u8 = 2;
const N_SUBNETS: u8 = 2;
const N_GUARDS: u8 = 2;
const N_RULES: u8 = 3;
const N_PUBLICS: u8 = 2;
const N_NICS: u8 = 4;
const N_VMS: u8 = 2;

/// The subnet that an interface lives in, always the same: whether one may move is not what these histories ask.
#[must_use]
pub fn home(nic: u8) -> (Net, u8) {
    match nic {
        0 | 1 => (0, 0),
        2 => (0, 1),
        _ => (1, 0),
    }
}

/// Whether an interface asks for an address of its own choice.
#[must_use]
pub fn is_static(nic: u8) -> bool {
    nic == 1
}

/// Draws an operation.
pub fn operation() -> impl Strategy<Value = Operation> {
    let some = |n: u8| prop::option::of(0..n);
    prop_oneof![
        2 => Just(Operation::PutGroup),
        1 => Just(Operation::DeleteGroup),
        6 => (0..N_NETS).prop_map(Operation::PutNet),
        2 => (0..N_NETS).prop_map(Operation::DeleteNet),
        10 => (0..N_NETS, 0..N_SUBNETS, 0..3_u8, some(N_GUARDS))
            .prop_map(|(net, subnet, range, guard)| Operation::PutSubnet { net, subnet, range, guard }),
        3 => (0..N_NETS, 0..N_SUBNETS).prop_map(|(net, subnet)| Operation::DeleteSubnet { net, subnet }),
        4 => (0..N_GUARDS).prop_map(Operation::PutGuard),
        2 => (0..N_GUARDS).prop_map(Operation::DeleteGuard),
        5 => (0..N_GUARDS, 0..N_RULES, 0..4_u8).prop_map(|(guard, rule, priority)| Operation::PutRule { guard, rule, priority }),
        2 => (0..N_GUARDS, 0..N_RULES).prop_map(|(guard, rule)| Operation::DeleteRule { guard, rule }),
        4 => (0..N_PUBLICS).prop_map(Operation::PutPublic),
        2 => (0..N_PUBLICS).prop_map(Operation::DeletePublic),
        12 => (0..N_NICS, some(N_PUBLICS), some(N_GUARDS), prop_oneof![Just(2_u8), 4..7_u8])
            .prop_map(|(nic, public, guard, host)| Operation::PutNic { nic, public, guard, host }),
        4 => (0..N_NICS).prop_map(Operation::DeleteNic),
        6 => (0..N_VMS, 0..N_NICS).prop_map(|(vm, nic)| Operation::PutVm { vm, nic }),
        4 => (0..N_VMS).prop_map(Operation::DeleteVm),
    ]
}

/// What the documents say is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reference {
    group: bool,
    nets: BTreeSet<Net>,
    subnets: BTreeMap<(Net, u8), Subnet>,
    guards: BTreeSet<u8>,
    rules: BTreeMap<(u8, u8), i64>,
    publics: BTreeSet<u8>,
    nics: BTreeMap<u8, Nic>,
    vms: BTreeMap<u8, u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Subnet {
    range: u8,
    guard: Option<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Nic {
    public: Option<u8>,
    guard: Option<u8>,
    host: u8,
}

/// What becomes of an operation: done, or refused with a code.
type Becomes = Result<(), &'static str>;

impl Reference {
    /// The world as scenarios begin: the group is there.
    #[must_use]
    pub fn new() -> Reference {
        Reference {
            group: true,
            ..Reference::default()
        }
    }

    /// Does an operation: the step that asks for it, with what the documents expect of it.
    pub fn step(&mut self, operation: Operation) -> Step {
        let existing_vm_nic = match operation {
            Operation::PutVm { vm, .. } => self.vms.get(&vm).copied(),
            _ => None,
        };
        // Where a static address lies depends on the range that its subnet has by then.
        let range = match operation {
            Operation::PutNic { nic, .. } => self.subnets.get(&home(nic)).map_or(0, |subnet| subnet.range),
            _ => 0,
        };
        let becomes = self.perform(operation);
        let (verb, target, with) = ask(operation, existing_vm_nic, range);
        let mut expect = Expect::default();
        match becomes {
            Ok(()) => {
                if let Operation::PutNic { nic, .. } = operation {
                    expect.body = Some(self.shown(nic));
                }
            }
            Err(code) => expect.code = Some(code.to_owned()),
        }
        let body = match with {
            Some(Value::Object(with)) => Body::With(with),
            _ => Body::None,
        };
        step(
            Action::Resource(ResourceStep {
                verb,
                target,
                body,
                version: None,
                if_match: None,
                only_new: false,
                expand: None,
            }),
            expect,
        )
    }

    /// How many of each type there are.
    #[must_use]
    pub fn count(&self) -> Step {
        let counts = [
            ("group", usize::from(self.group)),
            ("vnet", self.nets.len()),
            ("subnet", self.subnets.len()),
            ("nsg", self.guards.len()),
            ("rule", self.rules.len()),
            ("pip", self.publics.len()),
            ("nic", self.nics.len()),
            ("vm", self.vms.len()),
        ];
        let counts = counts
            .into_iter()
            .map(|(short, count)| (short.to_owned(), count as u64))
            .collect();
        step(Action::World(counts), Expect::default())
    }

    /// What the answer shows of an interface that was just written.
    fn shown(&self, nic: u8) -> Value {
        let row = self.nics.get(&nic).copied().unwrap_or(Nic {
            public: None,
            guard: None,
            host: 0,
        });
        let (_, subnet) = home(nic);
        let range = self.subnets.get(&home(nic)).map_or(subnet, |subnet| subnet.range);
        let guard = if row.guard.is_some() {
            json!({"id": "$any"})
        } else {
            json!("$absent")
        };
        let public = if row.public.is_some() {
            json!({"id": "$any"})
        } else {
            json!("$absent")
        };
        json!({"properties": {
            "ipConfigurations": [{"properties": {"privateIPAddress": address(range, row.host), "publicIPAddress": public}}],
            "networkSecurityGroup": guard,
        }})
    }

    fn perform(&mut self, operation: Operation) -> Becomes {
        match operation {
            Operation::PutGroup => self.group = true,
            Operation::DeleteGroup => {
                self.in_group()?;
                *self = Reference::default();
            }
            other => {
                self.in_group()?;
                return self.perform_in_group(other);
            }
        }
        Ok(())
    }

    fn in_group(&self) -> Becomes {
        if self.group {
            Ok(())
        } else {
            Err("ResourceGroupNotFound")
        }
    }

    fn perform_in_group(&mut self, operation: Operation) -> Becomes {
        match operation {
            Operation::PutGroup | Operation::DeleteGroup => {}
            Operation::PutNet(net) => {
                // ARM 1.11: before 2023 a PUT without subnets removes them.
                self.no_user_of_net(net)?;
                self.nets.insert(net);
                self.subnets.retain(|(of, _), _| *of != net);
            }
            Operation::DeleteNet(net) => {
                self.no_user_of_net(net)?;
                self.nets.remove(&net);
                self.subnets.retain(|(of, _), _| *of != net);
            }
            Operation::PutSubnet {
                net,
                subnet,
                range,
                guard,
            } => self.put_subnet(net, subnet, range, guard)?,
            Operation::DeleteSubnet { net, subnet } => {
                self.parent(self.nets.contains(&net))?;
                self.no_user_of_subnet((net, subnet))?;
                self.subnets.remove(&(net, subnet));
            }
            Operation::PutGuard(guard) => {
                self.guards.insert(guard);
                self.rules.retain(|(of, _), _| *of != guard);
            }
            Operation::DeleteGuard(guard) => {
                let used = self.subnets.values().any(|subnet| subnet.guard == Some(guard))
                    || self.nics.values().any(|nic| nic.guard == Some(guard));
                if used {
                    return Err("InUseNetworkSecurityGroupCannotBeDeleted");
                }
                self.guards.remove(&guard);
                self.rules.retain(|(of, _), _| *of != guard);
            }
            Operation::PutRule { guard, rule, priority } => {
                self.parent(self.guards.contains(&guard))?;
                let priority = PRIORITIES[usize::from(priority)];
                if !(100..=4096).contains(&priority) {
                    return Err("SecurityRuleInvalidPriority");
                }
                let taken = self
                    .rules
                    .iter()
                    .any(|((of, other), value)| *of == guard && *other != rule && *value == priority);
                if taken {
                    return Err("SecurityRuleConflict");
                }
                self.rules.insert((guard, rule), priority);
            }
            Operation::DeleteRule { guard, rule } => {
                self.parent(self.guards.contains(&guard))?;
                self.rules.remove(&(guard, rule));
            }
            Operation::PutPublic(public) => {
                self.publics.insert(public);
            }
            Operation::DeletePublic(public) => {
                if self.nics.values().any(|nic| nic.public == Some(public)) {
                    return Err("PublicIPAddressCannotBeDeleted");
                }
                self.publics.remove(&public);
            }
            Operation::PutNic {
                nic,
                public,
                guard,
                host,
            } => self.put_nic(nic, public, guard, host)?,
            Operation::DeleteNic(nic) => {
                if self.vms.values().any(|held| *held == nic) {
                    return Err("NicInUse");
                }
                self.nics.remove(&nic);
            }
            Operation::PutVm { vm, nic } => {
                if self.vms.contains_key(&vm) {
                    return Ok(());
                }
                if !self.nics.contains_key(&nic) {
                    // ARM 3.6 leaves the code open: this one, or InvalidResourceReference.
                    return Err("NotFound");
                }
                if self.vms.values().any(|held| *held == nic) {
                    return Err("NicInUse");
                }
                self.vms.insert(vm, nic);
            }
            Operation::DeleteVm(vm) => {
                self.vms.remove(&vm);
            }
        }
        Ok(())
    }

    fn put_subnet(&mut self, net: Net, subnet: u8, range: u8, guard: Option<u8>) -> Becomes {
        self.parent(self.nets.contains(&net))?;
        self.referenced(guard.is_none_or(|guard| self.guards.contains(&guard)))?;
        // The documents do not say which of the two refusals comes first; the prefix in use does.
        let moves = self
            .subnets
            .get(&(net, subnet))
            .is_some_and(|before| before.range != range);
        if moves && self.users((net, subnet)).next().is_some() {
            return Err("InUsePrefixCannotBeDeleted");
        }
        let mut others = self
            .subnets
            .iter()
            .filter(|((of, other), _)| *of == net && *other != subnet);
        if others.any(|(_, other)| overlap(other.range, range)) {
            return Err("NetcfgSubnetRangesOverlap");
        }
        self.subnets.insert((net, subnet), Subnet { range, guard });
        Ok(())
    }

    fn put_nic(&mut self, nic: u8, public: Option<u8>, guard: Option<u8>, host: u8) -> Becomes {
        let there = self.subnets.contains_key(&home(nic))
            && public.is_none_or(|public| self.publics.contains(&public))
            && guard.is_none_or(|guard| self.guards.contains(&guard));
        self.referenced(there)?;
        let taken = self
            .nics
            .iter()
            .any(|(other, row)| *other != nic && public.is_some() && row.public == public);
        if taken {
            return Err("PublicIPAddressInUse");
        }
        let first = first_host(self.subnets[&home(nic)].range);
        let host = if is_static(nic) {
            // Static addresses are written relative to the range: 2 is one of the five that Azure keeps.
            if host < 4 {
                return Err("PrivateIPAddressInReservedRange");
            }
            let wanted = first - 4 + host;
            if self.hosts(home(nic), nic).contains(&wanted) {
                return Err("PrivateIPAddressIsAllocated");
            }
            wanted
        } else {
            match self.nics.get(&nic) {
                // A dynamic address stays as long as the interface does.
                Some(before) => before.host,
                None => {
                    let taken = self.hosts(home(nic), nic);
                    (first..).find(|host| !taken.contains(host)).unwrap_or(first)
                }
            }
        };
        self.nics.insert(nic, Nic { public, guard, host });
        Ok(())
    }

    /// Addresses in use in a subnet, but for one interface's.
    fn hosts(&self, subnet: (Net, u8), but: u8) -> BTreeSet<u8> {
        self.nics
            .iter()
            .filter(|(nic, _)| **nic != but && home(**nic) == subnet)
            .map(|(_, row)| row.host)
            .collect()
    }

    fn users(&self, subnet: (Net, u8)) -> impl Iterator<Item = u8> + '_ {
        self.nics.keys().copied().filter(move |nic| home(*nic) == subnet)
    }

    fn no_user_of_subnet(&self, subnet: (Net, u8)) -> Becomes {
        match self.users(subnet).next() {
            Some(_) => Err("InUseSubnetCannotBeDeleted"),
            None => Ok(()),
        }
    }

    fn no_user_of_net(&self, net: Net) -> Becomes {
        (0..N_SUBNETS).try_for_each(|subnet| self.no_user_of_subnet((net, subnet)))
    }

    fn parent(&self, there: bool) -> Becomes {
        if there { Ok(()) } else { Err("ParentResourceNotFound") }
    }

    fn referenced(&self, there: bool) -> Becomes {
        if there { Ok(()) } else { Err("InvalidResourceReference") }
    }
}

fn overlap(one: u8, other: u8) -> bool {
    one == other || matches!((one, other), (0, 2) | (2, 0))
}

/// The last byte of the first address that a range gives out: Azure keeps the first four (ARM 8.2).
fn first_host(range: u8) -> u8 {
    if range == 2 { 132 } else { 4 }
}

fn address(range: u8, host: u8) -> String {
    let third = if range == 1 { 1 } else { 0 };
    format!("10.0.{third}.{host}")
}

/// An operation in the scenario language.
fn ask(operation: Operation, vm_nic: Option<u8>, range: u8) -> (Verb, String, Option<Value>) {
    let id = |target: &str| {
        let (short, rest) = target.split_once('/').unwrap_or((target, ""));
        let segment = match short {
            "subnet" => {
                let (net, subnet) = rest.split_once('/').unwrap_or((rest, ""));
                format!("Microsoft.Network/virtualNetworks/{net}/subnets/{subnet}")
            }
            "nsg" => format!("Microsoft.Network/networkSecurityGroups/{rest}"),
            "pip" => format!("Microsoft.Network/publicIPAddresses/{rest}"),
            _ => format!("Microsoft.Network/networkInterfaces/{rest}"),
        };
        json!(format!(
            "/subscriptions/${{subscription}}/resourceGroups/${{group}}/providers/{segment}"
        ))
    };
    match operation {
        Operation::PutGroup => (Verb::Put, format!("group/{GROUP}"), Some(json!({}))),
        Operation::DeleteGroup => (Verb::Delete, format!("group/{GROUP}"), None),
        Operation::PutNet(net) => (Verb::Put, format!("vnet/v{net}"), Some(json!({}))),
        Operation::DeleteNet(net) => (Verb::Delete, format!("vnet/v{net}"), None),
        Operation::PutSubnet {
            net,
            subnet,
            range,
            guard,
        } => {
            let mut with = json!({"prefix": RANGES[usize::from(range)]});
            if let Some(guard) = guard {
                with["nsg"] = id(&format!("nsg/s{guard}"));
            }
            (Verb::Put, format!("subnet/v{net}/a{subnet}"), Some(with))
        }
        Operation::DeleteSubnet { net, subnet } => (Verb::Delete, format!("subnet/v{net}/a{subnet}"), None),
        Operation::PutGuard(guard) => (Verb::Put, format!("nsg/s{guard}"), Some(json!({}))),
        Operation::DeleteGuard(guard) => (Verb::Delete, format!("nsg/s{guard}"), None),
        Operation::PutRule { guard, rule, priority } => {
            let with = json!({"priority": PRIORITIES[usize::from(priority)], "port": 22});
            (Verb::Put, format!("rule/s{guard}/r{rule}"), Some(with))
        }
        Operation::DeleteRule { guard, rule } => (Verb::Delete, format!("rule/s{guard}/r{rule}"), None),
        Operation::PutPublic(public) => (Verb::Put, format!("pip/p{public}"), Some(json!({}))),
        Operation::DeletePublic(public) => (Verb::Delete, format!("pip/p{public}"), None),
        Operation::PutNic {
            nic,
            public,
            guard,
            host,
        } => {
            let (net, subnet) = home(nic);
            let mut with = json!({"subnet": id(&format!("subnet/v{net}/a{subnet}"))});
            if is_static(nic) {
                with["address"] = json!(address(range, first_host(range) - 4 + host));
            }
            if let Some(public) = public {
                with["public"] = id(&format!("pip/p{public}"));
            }
            if let Some(guard) = guard {
                with["nsg"] = id(&format!("nsg/s{guard}"));
            }
            (Verb::Put, format!("nic/n{nic}"), Some(with))
        }
        Operation::DeleteNic(nic) => (Verb::Delete, format!("nic/n{nic}"), None),
        Operation::PutVm { vm, nic } => {
            let with = json!({"nic": id(&format!("nic/n{}", vm_nic.unwrap_or(nic)))});
            (Verb::Put, format!("vm/m{vm}"), Some(with))
        }
        Operation::DeleteVm(vm) => (Verb::Delete, format!("vm/m{vm}"), None),
    }
}

/// A history as a scenario.
#[must_use]
pub fn scenario(operations: &[Operation]) -> Scenario {
    let mut reference = Reference::new();
    // The first step makes the group that every other one lives in.
    let mut steps = vec![reference.step(Operation::PutGroup)];
    steps.extend(operations.iter().map(|operation| reference.step(*operation)));
    steps.push(reference.count());
    story(
        "generated/network",
        "A generated history of networks, interfaces and machines.",
        "arm",
        "current",
        Subject::A1,
        steps,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_knows_what_is_in_use() {
        let mut reference = Reference::new();
        let history = [
            (
                Operation::PutNic {
                    nic: 0,
                    public: None,
                    guard: None,
                    host: 4,
                },
                Err("InvalidResourceReference"),
            ),
            (Operation::PutNet(0), Ok(())),
            (
                Operation::PutSubnet {
                    net: 0,
                    subnet: 0,
                    range: 0,
                    guard: None,
                },
                Ok(()),
            ),
            (
                Operation::PutSubnet {
                    net: 0,
                    subnet: 1,
                    range: 2,
                    guard: None,
                },
                Err("NetcfgSubnetRangesOverlap"),
            ),
            (
                Operation::PutNic {
                    nic: 0,
                    public: None,
                    guard: None,
                    host: 4,
                },
                Ok(()),
            ),
            (
                Operation::PutNic {
                    nic: 1,
                    public: None,
                    guard: None,
                    host: 4,
                },
                Err("PrivateIPAddressIsAllocated"),
            ),
            (Operation::PutVm { vm: 0, nic: 0 }, Ok(())),
            (Operation::DeleteNic(0), Err("NicInUse")),
            (Operation::DeleteNet(0), Err("InUseSubnetCannotBeDeleted")),
            (Operation::DeleteVm(0), Ok(())),
            (Operation::DeleteNic(0), Ok(())),
            (Operation::DeleteGroup, Ok(())),
            (Operation::PutNet(0), Err("ResourceGroupNotFound")),
        ];
        for (operation, becomes) in history {
            assert_eq!(reference.perform(operation), becomes, "{operation:?}");
        }
        assert_eq!(reference, Reference::default());
    }
}
