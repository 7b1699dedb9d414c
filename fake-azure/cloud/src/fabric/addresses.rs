//! Public addresses.

use std::net::Ipv4Addr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Change, Fabric};
use crate::key::Key;

/// The first public address that is given out, 13.64.0.1; the space above it is Azure's.
pub const FIRST_PUBLIC_ADDRESS: u32 = 0x0d40_0001;

/// A public address, allocated or waiting for a machine to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicAddress {
    /// The address, while there is one.
    pub address: Option<Ipv4Addr>,
    /// Whether it keeps its address whatever happens to its user.
    pub fixed: bool,
    /// Its DNS name, if it has one.
    pub dns_name: Option<Box<str>>,
}

impl Fabric {
    /// The lowest public address that nobody holds, but for the first `skip` of them: a plan that needs several skips those it took.
    pub fn free_public_address(&self, skip: usize) -> Ipv4Addr {
        let mut candidate = FIRST_PUBLIC_ADDRESS;
        let mut left = skip;
        let mut taken = self.public_in_use.iter().map(|(address, _)| *address).peekable();
        loop {
            while taken.peek().is_some_and(|address| *address < candidate) {
                taken.next();
            }
            if taken.peek() != Some(&candidate) {
                if left == 0 {
                    return Ipv4Addr::from(candidate);
                }
                left -= 1;
            }
            candidate += 1;
        }
    }

    /// Gives addresses to the waiting dynamic ones of these ports: their machine was put on a host (ARM 8.2).
    pub(crate) fn addresses_of_started(&self, ports: &[Key]) -> Vec<Change> {
        let mut changes = Vec::new();
        for (owner, row) in self.dynamic_addresses(ports).filter(|(_, row)| row.address.is_none()) {
            let address = self.free_public_address(changes.len() / 2);
            changes.extend(row.taking(owner, address));
        }
        changes
    }

    /// Takes the dynamic addresses of these ports back: their machine left its host, or the port is gone (ARM 8.2).
    pub(crate) fn addresses_of_stopped(&self, ports: &[Key]) -> Vec<Change> {
        self.dynamic_addresses(ports)
            .flat_map(|(owner, row)| row.returned(owner))
            .collect()
    }

    /// Whether the machine that a port is attached to is on a host.
    pub(crate) fn is_powered(&self, port: Key) -> bool {
        let machine = self.ports.get(&port).and_then(|port| port.machine);
        machine
            .and_then(|machine| self.machines.get(&machine))
            .is_some_and(|machine| machine.power.is_allocated())
    }

    fn dynamic_addresses<'a>(&'a self, ports: &'a [Key]) -> impl Iterator<Item = (Key, &'a PublicAddress)> {
        ports
            .iter()
            .filter_map(|port| self.ports.get(port))
            .flat_map(|port| port.addresses.iter().filter_map(|address| address.public))
            .filter_map(|owner| self.public_addresses.get(&owner).map(|row| (owner, row)))
            .filter(|(_, row)| !row.fixed)
    }
}

impl PublicAddress {
    /// The changes by which it takes an address.
    pub(crate) fn taking(&self, owner: Key, address: Ipv4Addr) -> [Change; 2] {
        let row = PublicAddress {
            address: Some(address),
            ..self.clone()
        };
        [
            Change::PublicAddress(owner, Some(Arc::new(row))),
            Change::PublicInUse(u32::from(address), Some(Arc::new(owner))),
        ]
    }

    /// The changes by which it gives its address back; none when it has none.
    pub(crate) fn returned(&self, owner: Key) -> Vec<Change> {
        let Some(address) = self.address else {
            return Vec::new();
        };
        let row = PublicAddress {
            address: None,
            ..self.clone()
        };
        vec![
            Change::PublicAddress(owner, Some(Arc::new(row))),
            Change::PublicInUse(u32::from(address), None),
        ]
    }
}
