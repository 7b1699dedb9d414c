//! Public addresses, one per machine that gets one.

use std::net::IpAddr;

use serde::Deserialize;
use serde_json::json;

use super::scope::{Call, Scope};
use super::tags::{self, Tags};
use crate::LoadBalancerSku;

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
    #[serde(rename = "publicIPAllocationMethod", default)]
    allocation_method: Option<String>,
    #[serde(rename = "provisioningState", default)]
    provisioning_state: Option<String>,
}

impl PublicIp {
    /// The address. A dynamic one exists only while its machine runs.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.properties.ip_address.as_deref()?.parse().ok()
    }

    /// `Static` or `Dynamic`.
    pub(crate) fn allocation_method(&self) -> Option<&str> {
        self.properties.allocation_method.as_deref()
    }

    /// Whether it can be used as it is.
    pub(crate) fn is_made(&self) -> bool {
        let state = self.properties.provisioning_state.as_deref();
        state.is_none_or(|state| state.eq_ignore_ascii_case("succeeded"))
    }
}

/// `<vm>-public-ip`
pub(crate) fn name(vm: &str) -> String {
    format!("{vm}-public-ip")
}

/// Of the only kind there was before 2018.
pub(crate) fn put(scope: &Scope, vm: &str, own: &Tags) -> Call {
    put_of_kind(scope, vm, None, own)
}

/// Of a kind: Standard ones are static (juju-provider 1.9.2).
pub(crate) fn put_of_kind(scope: &Scope, vm: &str, kind: Option<LoadBalancerSku>, own: &Tags) -> Call {
    let method = match kind {
        Some(LoadBalancerSku::Standard) => "Static",
        Some(LoadBalancerSku::Basic) | None => "Dynamic",
    };
    let mut body = json!({
        "location": scope.location,
        "tags": tags::to_json(own),
        "properties": {"publicIPAllocationMethod": method},
    });
    if kind.is_some() {
        body["properties"]["publicIPAddressVersion"] = json!("IPv4");
    }
    // A Basic one says nothing of its SKU: then it goes with those that are in the availability set already (juju-provider L70).
    if let Some(LoadBalancerSku::Standard) = kind {
        body["sku"] = json!({"name": LoadBalancerSku::Standard.as_str()});
    }
    scope.put(
        "create public IP address",
        &scope.id(KIND, &[&name(vm)]),
        scope.versions.network,
        &body,
    )
}

pub(crate) fn get(scope: &Scope, vm: &str) -> Call {
    scope.get(
        "find public IP address",
        &scope.id(KIND, &[&name(vm)]),
        scope.versions.network,
    )
}

pub(crate) fn list(scope: &Scope) -> Call {
    scope.get("list public IP addresses", &scope.id(KIND, &[]), scope.versions.network)
}

pub(crate) fn delete(scope: &Scope, name: &str) -> Call {
    scope.delete(
        "delete public IP address",
        &scope.id(KIND, &[name]),
        scope.versions.network,
    )
}
