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

impl Port {
    /// The port as it is once a machine holds it.
    #[must_use]
    pub fn attached(&self, machine: Key, primary: bool) -> Port {
        Port {
            machine: Some(machine),
            primary,
            reserved: None,
            ..self.clone()
        }
    }

    /// The port as it is once no machine holds it: the hardware address stays (ARM 8.2).
    #[must_use]
    pub fn detached(&self) -> Port {
        Port {
            machine: None,
            primary: false,
            ..self.clone()
        }
    }

    /// The port with a hardware address: given when a machine first runs with it, kept from then on.
    #[must_use]
    pub fn with_mac(&self, guid: Guid) -> Port {
        Port {
            mac: self.mac.or_else(|| Some(Mac::of(guid))),
            ..self.clone()
        }
    }

    /// The port held for a machine that failed to start: its id, and until when (ARM 3.5).
    #[must_use]
    pub fn reserved_for(&self, machine: &str, until: Time) -> Port {
        Port {
            reserved: Some((machine.into(), until)),
            ..self.clone()
        }
    }

    /// The machine that the port is reserved for at a time, and until when.
    pub fn reservation(&self, now: Time) -> Option<(&str, Time)> {
        match &self.reserved {
            Some((machine, until)) if now < *until => Some((machine, *until)),
            _ => None,
        }
    }
}

/// How long a port stays reserved (ARM 3.5): 180 seconds, in milliseconds.
pub const PORT_RESERVATION_MS: i64 = 180_000;

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
