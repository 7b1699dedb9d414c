//! Ports: what a network interface plugs into a network.

use std::fmt;
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::key::{Guid, Key};
use crate::time::Time;

/// A port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// Its addresses, in the order of its configurations.
    pub addresses: Vec<PortAddress>,
    /// The machine that it is attached to.
    pub machine: Option<Key>,
    /// Whether it is the machine's first.
    pub primary: bool,
    /// Given when a machine first runs with it, kept from then on (ARM 8.2).
    pub mac: Option<Mac>,
    /// A machine that failed to start holds its ports for a while: the machine's id and the end (ARM 3.5).
    pub reserved: Option<(Box<str>, Time)>,
}

/// One address of a port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortAddress {
    /// The configuration's name.
    pub name: Box<str>,
    /// The pool that the address is from.
    pub pool: Key,
    /// The private address.
    pub address: Ipv4Addr,
    /// Whether the client chose it.
    pub chosen: bool,
    /// The public address that leads here.
    pub public: Option<Key>,
}

/// A hardware address, `00-0D-3A-...`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mac(u32);

impl Mac {
    /// The hardware address that goes with a guid: below Microsoft's prefix 00-0D-3A (ARM 8.2).
    pub fn of(guid: Guid) -> Mac {
        Mac(u32::try_from(guid.0 & 0xff_ffff).expect("24 bits fit"))
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [_, a, b, c] = self.0.to_be_bytes();
        write!(f, "00-0D-3A-{a:02X}-{b:02X}-{c:02X}")
    }
}
