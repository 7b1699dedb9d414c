//! Machines and their power.

use serde::{Deserialize, Serialize};

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
