//! Public addresses, one per machine that gets one.

use std::net::IpAddr;

use serde::Deserialize;
use serde_json::json;

use super::scope::{Call, Scope, version};
use super::tags::{self, Tags};

const KIND: &str = "Microsoft.Network/publicIPAddresses";

/// A public address, as far as we look at it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PublicIp {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) tags: Option<Tags>,
    #[serde(default)]
    properties: Properties,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Properties {
    #[serde(rename = "ipAddress", default)]
    ip_address: Option<String>,
}

impl PublicIp {
    /// The address. A dynamic one exists only while its machine runs.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.properties.ip_address.as_deref()?.parse().ok()
    }
}

/// `<vm>-public-ip`
pub(crate) fn name(vm: &str) -> String {
    format!("{vm}-public-ip")
}

pub(crate) fn put(scope: &Scope, vm: &str, own: &Tags) -> Call {
    let body = json!({
        "location": scope.location,
        "tags": tags::to_json(own),
        "properties": {"publicIPAllocationMethod": "Dynamic"},
    });
    scope.put(
        "create public IP address",
        &scope.id(KIND, &[&name(vm)]),
        version::NETWORK,
        &body,
    )
}

pub(crate) fn get(scope: &Scope, vm: &str) -> Call {
    scope.get(
        "find public IP address",
        &scope.id(KIND, &[&name(vm)]),
        version::NETWORK,
    )
}

pub(crate) fn list(scope: &Scope) -> Call {
    scope.get("list public IP addresses", &scope.id(KIND, &[]), version::NETWORK)
}

pub(crate) fn delete(scope: &Scope, name: &str) -> Call {
    scope.delete("delete public IP address", &scope.id(KIND, &[name]), version::NETWORK)
}
