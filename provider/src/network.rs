//! Subnets and network interfaces, as plain data (juju-provider 1.14).

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::Scope;

/// The id of a subnet: over Resource Manager its resource id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SubnetId(String);

impl SubnetId {
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

impl fmt::Display for SubnetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A subnet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SubnetInfo {
    /// Its id.
    pub id: SubnetId,
    /// Its name in its network.
    pub name: String,
    /// The network it is in, by its id.
    pub network: String,
    /// Its addresses.
    pub cidr: IpNet,
}

/// How an interface comes to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AddressConfig {
    /// Chosen by whoever made it, and kept.
    Static,
    /// Chosen by Azure.
    Dhcp,
}

/// An address of an interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct InterfaceAddress {
    /// The address.
    pub value: IpAddr,
    /// Its reach.
    pub scope: Scope,
    /// How it came.
    pub config: AddressConfig,
    /// The subnet that a private address is from.
    pub subnet: Option<SubnetId>,
    /// The addresses of that subnet, where they are known.
    pub cidr: Option<IpNet>,
}

/// A network interface of a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct NetworkInterface {
    /// Its id in the cloud.
    pub id: String,
    /// Its name in the cloud.
    pub name: String,
    /// Position among the machine's interfaces, as Azure lists them.
    pub device_index: usize,
    /// `00:0d:3a:f0:12:34`; None as long as its machine does not run.
    pub mac_address: Option<String>,
    /// Those of the primary configuration first; private ones before public ones.
    pub addresses: Vec<InterfaceAddress>,
}
