//! Virtual networks.
//!
//! A network owns its address space; its subnets are resources of their own that can also be written inside it.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{limits, prefixes, subnets, virtual_network_peerings};
use crate::Document;
use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::{
    Descriptor, Dialect, Field, Fill, Inline, Lifetimes, NameRule, Polls, Provisioning, Stage, Write, WriteVerb,
};
use crate::error::CloudError;
use crate::fabric::{Network, prefixes_overlap};
use crate::forms::forms;
use crate::key::Key;
use crate::plan::Plan;
use crate::quota::QuotaKey;
use crate::registry::Kind;
use crate::resource::Resource;
use crate::types::{Put, ResourceType, View};

forms! {
    BAD_DNS_SERVER: Invalid, Network, "NetcfgInvalidDnsServer", "DNS server is not valid as specified with the name '{server}'.", "ARM 3.5", "write each DNS server as an IP address";
    BAD_SPACE: Invalid, Network, "NetcfgInvalidVirtualNetworkSite", "Virtual network {network} has an invalid address space: {reason}.", "ARM 3.5 (form unsure)", "write at least one prefix outside the reserved ranges, none overlapping";
}

const UPDATING: Provisioning = Provisioning::Updating;

/// Networks show their peerings from this version on (ARM 8.2).
const PEERINGS: ApiVersion = ApiVersion::date(2016, 9, 1);

/// Virtual networks.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    since: ApiVersion::date(2014, 12, 1),
    shows_type_since: ApiVersion::date(2015, 6, 15),
    names: NameRule::word(2, 64),
    quota: Some(QuotaKey("VirtualNetworks")),
    // ARM 1.11: from this version on a PUT without the list leaves what is there alone (the very date is unsure).
    inline: &[
        Inline {
            path: "/properties/subnets",
            kind: Kind::Subnets,
            kept_if_absent_since: ApiVersion::date(2023, 9, 1),
        },
        Inline {
            path: "/properties/virtualNetworkPeerings",
            kind: Kind::VirtualNetworkPeerings,
            kept_if_absent_since: ApiVersion::date(2023, 9, 1),
        },
    ],
    fields: &[
        Field::default("/properties/enableDdosProtection", Fill::Bool(false)).since(ApiVersion::date(2017, 8, 1)),
        Field::default("/properties/enableVmProtection", Fill::Bool(false))
            .since(ApiVersion::date(2017, 8, 1))
            .until(ApiVersion::date(2019, 11, 1)),
        Field::default("/properties/privateEndpointVNetPolicies", Fill::Text("Disabled"))
            .since(ApiVersion::date(2024, 1, 1)),
    ],
    lifetimes: Lifetimes {
        create: &[Stage::new(UPDATING, 1_000, 4_000)],
        update: &[Stage::new(UPDATING, 1_000, 4_000)],
        delete: &[Stage::new(Provisioning::Deleting, 1_000, 11_000)],
    },
    writes: &[
        Write::new(WriteVerb::PutNew, 201)
            .polls(Polls::AsyncOperation)
            .retry_after_secs(10),
        Write::new(WriteVerb::PutNew, 201)
            .polls(Polls::AsyncOperation)
            .retry_after_secs(3)
            .since(ApiVersion::date(2017, 1, 1)),
        Write::new(WriteVerb::PutAgain, 200)
            .polls(Polls::AsyncOperation)
            .retry_after_secs(3),
        Write::new(WriteVerb::Patch, 200),
        Write::accepted(WriteVerb::Delete).retry_after_secs(10),
    ],
    errors: ALL,
    ..Descriptor::of("Microsoft.Network/virtualNetworks", Dialect::Network)
};

/// Ranges that no network can have (ARM 3.5).
const RESERVED: &[&str] = &[
    "224.0.0.0/4",
    "255.255.255.255/32",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "168.63.129.16/32",
];

/// A virtual network: all that it has stands in the fabric.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VirtualNetwork {}

impl ResourceType for VirtualNetwork {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(cx: &Cx<'_>, put: &Put<'_>, _before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        let spaces = read_spaces(put)?;
        check_dns_servers(cx, put.document)?;

        Ok((
            VirtualNetwork {},
            Plan::new().network(put.key, Some(Network { spaces })),
        ))
    }

    fn plan_removal(&self, _cx: &Cx<'_>, resource: &Resource) -> Plan {
        Plan::new().network(resource.key, None)
    }

    fn check_children(cx: &Cx<'_>, parent: &Resource, written: &[Key]) -> Result<(), CloudError> {
        subnets::check_among(cx, parent, written)?;
        virtual_network_peerings::check_among(cx, parent)
    }

    fn render(&self, _cx: &Cx<'_>, _resource: &Resource, view: &View<'_>, document: &mut Document) {
        if view.version < PEERINGS
            && let Some(properties) = document["properties"].as_object_mut()
        {
            properties.shift_remove("virtualNetworkPeerings");
        }
    }
}

/// The address space: at least one prefix, none reserved, no two overlapping.
fn read_spaces(put: &Put<'_>) -> Result<Vec<IpNet>, CloudError> {
    let bad = |reason: String| {
        CloudError::of(&BAD_SPACE)
            .with("network", put.id())
            .with("reason", reason)
    };
    let listed = put
        .document
        .pointer("/properties/addressSpace/addressPrefixes")
        .and_then(Value::as_array);
    let Some(listed) = listed.filter(|listed| !listed.is_empty()) else {
        return Err(bad("no address prefix is given".to_owned()));
    };

    let mut spaces: Vec<IpNet> = Vec::with_capacity(listed.len());
    for prefix in listed {
        let text = prefix.as_str().unwrap_or_default();
        let space = prefixes::read(text, &put.id())?;
        let reserved = RESERVED
            .iter()
            .any(|range| prefixes_overlap(&range.parse().expect("a constant prefix"), &space));
        if reserved {
            return Err(bad(format!("{space} is reserved")));
        }
        if let Some(other) = spaces.iter().find(|other| prefixes_overlap(other, &space)) {
            return Err(bad(format!("{space} overlaps {other}")));
        }
        spaces.push(space);
    }
    Ok(spaces)
}

fn check_dns_servers(cx: &Cx<'_>, document: &Document) -> Result<(), CloudError> {
    let servers = document
        .pointer("/properties/dhcpOptions/dnsServers")
        .and_then(Value::as_array);
    limits::check(
        cx,
        "DnsServersPerVirtualNetwork",
        servers.map_or(0, Vec::len),
        &limits::DNS_SERVERS,
    )?;
    for server in servers.into_iter().flatten() {
        let text = server.as_str().unwrap_or_default();
        if text.parse::<std::net::IpAddr>().is_err() {
            return Err(CloudError::of(&BAD_DNS_SERVER).with("server", text));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
