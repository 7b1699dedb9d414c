//! Machines and their power.

use serde::{Deserialize, Serialize};

use super::{Change, Fabric, Mac, Port, PublicAddress};
use crate::key::Key;

/// A machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The size's name, in Azure's spelling.
    pub size: Box<str>,
    /// Cores that it takes while it is allocated.
    pub cores: u32,
    /// Where it runs.
    pub location: Box<str>,
    /// Its power state.
    pub power: Power,
    /// Whether its system was generalized: it never starts again.
    pub generalized: bool,
    /// Its ports, the first one first.
    pub ports: Vec<Key>,
    /// Its disks: the system's first, then by LUN.
    pub disks: Vec<Key>,
    /// Set, fault domain and update domain, when it is in a set.
    pub set: Option<(Key, u32, u32)>,
}

/// Whether a machine runs. Not its provisioning state: the two are independent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Power {
    /// Being started.
    Starting,
    /// Running.
    Running,
    /// Being stopped.
    Stopping,
    /// Stopped, its host kept: still counted against cores.
    Stopped,
    /// Being taken off its host.
    Deallocating,
    /// On no host.
    Deallocated,
}

impl Power {
    /// Whether it holds a host and so counts against cores.
    pub fn is_allocated(self) -> bool {
        self != Power::Deallocated
    }

    /// The last part of the code `PowerState/...` (ARM 8.3).
    pub fn as_str(self) -> &'static str {
        match self {
            Power::Starting => "starting",
            Power::Running => "running",
            Power::Stopping => "stopping",
            Power::Stopped => "stopped",
            Power::Deallocating => "deallocating",
            Power::Deallocated => "deallocated",
        }
    }
}

/// A set that spreads machines over fault and update domains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineSet {
    /// How many fault domains.
    pub fault_domains: u32,
    /// How many update domains.
    pub update_domains: u32,
    /// Whether its machines have managed disks.
    pub managed: bool,
}

impl Fabric {
    /// The machines of a set, by owner.
    pub fn machines_in(&self, set: Key) -> impl Iterator<Item = (Key, &Machine)> {
        let in_set = move |machine: &Machine| machine.set.is_some_and(|(own, _, _)| own == set);
        self.machines
            .iter()
            .filter(move |(_, machine)| in_set(machine))
            .map(|(key, machine)| (*key, machine))
    }

    /// Fault and update domain of the next machine of a set: round robin, the lowest free slot first (ARM 8.4).
    pub fn next_domains(&self, set: Key) -> (u32, u32) {
        let Some(row) = self.machine_sets.get(&set) else {
            return (0, 0);
        };
        let mut taken: Vec<(u32, u32)> = self
            .machines_in(set)
            .filter_map(|(_, machine)| machine.set.map(|(_, fault, update)| (fault, update)))
            .collect();
        let mut slot = 0;
        loop {
            let domains = (slot % row.fault_domains.max(1), slot % row.update_domains.max(1));
            match taken.iter().position(|own| *own == domains) {
                Some(found) => taken.swap_remove(found),
                None => return domains,
            };
            slot += 1;
        }
    }

    /// What changes when a machine gets a host: its ports get their hardware addresses, and dynamic public addresses that
    /// lead to them are allocated (ARM 8.2). `mac` says which hardware address a port gets if it has none yet.
    pub fn host_found(&self, machine: &Machine, mac: impl Fn(Key) -> Mac) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut skip = 0;
        for (key, port) in machine
            .ports
            .iter()
            .filter_map(|key| self.ports.get(key).map(|port| (*key, port)))
        {
            if port.mac.is_none() {
                changes.push(Change::Port(
                    key,
                    Some(
                        Port {
                            mac: Some(mac(key)),
                            ..port.clone()
                        }
                        .into(),
                    ),
                ));
            }
            for public in port.addresses.iter().filter_map(|held| held.public) {
                let Some(row) = self.public_addresses.get(&public).filter(|row| row.address.is_none()) else {
                    continue;
                };
                let address = self.free_public_address(skip);
                skip += 1;
                changes.push(Change::PublicAddress(
                    public,
                    Some(
                        PublicAddress {
                            address: Some(address),
                            ..row.clone()
                        }
                        .into(),
                    ),
                ));
                changes.push(Change::PublicInUse(u32::from(address), Some(public.into())));
            }
        }
        changes
    }

    /// What changes when a machine loses its host: dynamic public addresses are given back (ARM 8.2).
    pub fn host_lost(&self, machine: &Machine) -> Vec<Change> {
        let ports = machine.ports.iter().filter_map(|key| self.ports.get(key));
        let mut changes = Vec::new();
        for public in ports.flat_map(|port| port.addresses.iter().filter_map(|held| held.public)) {
            if let Some(row) = self.public_addresses.get(&public).filter(|row| !row.fixed)
                && let Some(address) = row.address
            {
                changes.push(Change::PublicAddress(
                    public,
                    Some(
                        PublicAddress {
                            address: None,
                            ..row.clone()
                        }
                        .into(),
                    ),
                ));
                changes.push(Change::PublicInUse(u32::from(address), None));
            }
        }
        changes
    }
}
