//! Instances, as plain data.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// The id of an instance: `machine-3`, which is the name of the virtual machine, too; over the classic API its cloud service and its
/// role, `juju-env-r35kwahf53-jujua4tn...`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InstanceId(String);

impl InstanceId {
    /// The id with this text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text of the id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where an instance stands in its life (juju-provider 1.8.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StatusKind {
    /// Being made or changed.
    Allocating,
    /// Made. Whether it is powered on is not looked at.
    Running,
    /// Azure could not make it.
    ProvisioningError,
    /// Neither: above all a machine of which only parts are left.
    Unknown,
}

/// The state of an instance with what Azure says about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceStatus {
    /// The class of state.
    pub kind: StatusKind,
    /// Azure's name of the state where it says more than the kind; else empty. `Partially Deleted` for what has parts left but
    /// no virtual machine.
    pub message: String,
}

/// From where an address can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Inside the environment's own network.
    CloudLocal,
    /// From anywhere.
    Public,
}

/// An address of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Address {
    /// The address.
    pub value: IpAddr,
    /// Its reach.
    pub scope: Scope,
}

/// What a machine is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hardware {
    /// `amd64`.
    pub arch: String,
    /// Size name, `Standard_A1`.
    pub instance_type: String,
    /// Cores.
    pub cores: u64,
    /// Memory in MiB.
    pub mem_mib: u64,
    /// Largest root disk of the size, in MiB.
    pub root_disk_mib: u64,
}

/// An instance: a virtual machine, or what is left of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Its id.
    pub id: InstanceId,
    /// Its state.
    pub status: InstanceStatus,
    /// Private addresses first, then public ones. A dynamic public address appears once the machine runs.
    pub addresses: Vec<Address>,
    /// The name that the world knows it by, where the stack gives one: `juju-env-r35kwahf53.cloudapp.net`. Machines of one cloud
    /// service share it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns_name: Option<String>,
    /// Only where this process knows the sizes of the location already: a list does not say.
    pub hardware: Option<Hardware>,
}
