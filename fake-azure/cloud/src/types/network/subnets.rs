//! Subnets: address pools cut out of a virtual network.

use std::sync::Arc;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{limits, prefixes};
use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::{
    Descriptor, Dialect, Field, Fill, Lifetimes, NameRule, Polls, Provisioning, RefRule, Stage, Write, WriteVerb,
};
use crate::document::Document;
use crate::error::CloudError;
use crate::fabric::{Pool, prefixes_overlap};
use crate::forms::forms;
use crate::key::Key;
use crate::plan::Plan;
use crate::registry::Kind;
use crate::resource::Resource;
use crate::types::{Put, ResourceType, View};

forms! {
    IN_USE: InUse, Network, "InUseSubnetCannotBeDeleted", "Subnet {subnet} is in use by {users} and cannot be deleted. In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.", "ARM 3.5", "delete the network interfaces in it first";
    OVERLAP: Invalid, Network, "NetcfgSubnetRangesOverlap", "Subnet '{subnet}' is not valid because its IP address range overlaps with that of an existing subnet in virtual network '{network}'.", "ARM 3.5", "choose a range that no other subnet has";
    OUTSIDE: Invalid, Network, "NetcfgInvalidSubnet", "Subnet '{subnet}' is not valid in virtual network '{network}'.", "ARM 3.5", "choose a range inside the network's address space, of /29 or larger";
    PREFIX_IN_USE: InUse, Network, "InUsePrefixCannotBeDeleted", "IpPrefix {prefix} on Subnet {subnet} has active allocations and cannot be deleted.", "ARM 3.5", "delete the network interfaces in it first";
}

/// Subnets.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    parent: Some(Kind::VirtualNetworks),
    tracked: false,
    since: ApiVersion::date(2014, 12, 1),
    names: NameRule::word(1, 80),
    fields: &[
        Field::read_only("/properties/ipConfigurations"),
        Field::default("/properties/delegations", Fill::Empty).since(ApiVersion::date(2018, 4, 1)),
        Field::default("/properties/privateEndpointNetworkPolicies", Fill::Text("Enabled"))
            .since(ApiVersion::date(2019, 6, 1))
            .until(ApiVersion::date(2022, 5, 1)),
        Field::default("/properties/privateEndpointNetworkPolicies", Fill::Text("Disabled"))
            .since(ApiVersion::date(2022, 5, 1)),
        Field::default("/properties/privateLinkServiceNetworkPolicies", Fill::Text("Enabled"))
            .since(ApiVersion::date(2019, 6, 1)),
    ],
    refs: &[
        RefRule::shared("/properties/networkSecurityGroup", &[Kind::NetworkSecurityGroups]).blocks_delete(),
        RefRule::shared("/properties/routeTable", &[Kind::RouteTables]).blocks_delete(),
    ],
    lifetimes: Lifetimes {
        create: &[Stage::new(Provisioning::Updating, 1_000, 4_000)],
        update: &[Stage::new(Provisioning::Updating, 1_000, 4_000)],
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
        Write::accepted(WriteVerb::Delete).retry_after_secs(10),
    ],
    errors: ALL,
    ..Descriptor::of("Microsoft.Network/virtualNetworks/subnets", Dialect::Network)
};

/// A subnet: all that it has stands in the fabric.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subnet {}

impl ResourceType for Subnet {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(cx: &Cx<'_>, put: &Put<'_>, _before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        let prefixes = read_prefixes(put)?;
        check_inside(cx, put, &prefixes)?;
        check_used_prefixes_stay(cx, put, &prefixes)?;

        let pool = Pool {
            network: put.parent,
            prefixes,
        };
        Ok((Subnet {}, Plan::new().pool(put.key, Some(pool))))
    }

    fn plan_removal(&self, _cx: &Cx<'_>, resource: &Resource) -> Plan {
        Plan::new().pool(resource.key, None)
    }

    fn render(&self, cx: &Cx<'_>, resource: &Resource, _view: &View<'_>, document: &mut Document) {
        let users: Vec<Value> = cx
            .incoming(resource.key)
            // A scale set is not in a subnet: its machines are.
            .filter(|(source, _)| source.kind != Kind::ScaleSets)
            .map(|(source, edge)| json!({ "id": cx.part_id(source, edge) }))
            .collect();
        if !users.is_empty() {
            document["properties"]["ipConfigurations"] = Value::Array(users);
        }
    }

    fn in_use(_cx: &Cx<'_>, target: &Resource, users: &[String]) -> CloudError {
        CloudError::of(&IN_USE)
            .with("subnet", &target.name)
            .with("users", users.join(", "))
    }
}

/// Its prefixes: `addressPrefix`, or `addressPrefixes`.
fn read_prefixes(put: &Put<'_>) -> Result<Vec<IpNet>, CloudError> {
    let one = put
        .document
        .pointer("/properties/addressPrefix")
        .and_then(Value::as_str);
    let many = put
        .document
        .pointer("/properties/addressPrefixes")
        .and_then(Value::as_array);
    let texts: Vec<&str> = match (one, many) {
        (Some(one), _) => vec![one],
        (None, Some(many)) => many.iter().filter_map(Value::as_str).collect(),
        (None, None) => Vec::new(),
    };
    if texts.is_empty() {
        return prefixes::read("", &put.id()).map(|_| Vec::new());
    }
    texts.into_iter().map(|text| prefixes::read(text, &put.id())).collect()
}

/// Inside the network's space, and large enough: /29 for IPv4, exactly /64 for IPv6 (ARM 8.2).
fn check_inside(cx: &Cx<'_>, put: &Put<'_>, prefixes: &[IpNet]) -> Result<(), CloudError> {
    let network = cx.fabric().networks.get(&put.parent);
    let fits = |prefix: &IpNet| {
        let large_enough = match prefix {
            IpNet::V4(prefix) => prefix.prefix_len() <= 29,
            IpNet::V6(prefix) => prefix.prefix_len() == 64,
        };
        large_enough && network.is_some_and(|network| network.spaces.iter().any(|space| space.contains(prefix)))
    };
    if prefixes.iter().all(fits) {
        return Ok(());
    }
    Err(CloudError::of(&OUTSIDE)
        .with("subnet", put.id.name())
        .with("network", &cx.resource(put.parent).name))
}

/// What must hold among the subnets of a network: each inside its address space, no two overlapping.
pub(super) fn check_among(cx: &Cx<'_>, network: &Resource, written: &[Key]) -> Result<(), CloudError> {
    let spaces = &cx
        .fabric()
        .networks
        .get(&network.key)
        .expect("every virtual network has its row")
        .spaces;
    let pool_of = |subnet: &Resource| cx.fabric().pools.get(&subnet.key).expect("every subnet has its pool");
    let subnets: Vec<&Arc<Resource>> = cx.children(network.key, Kind::Subnets).collect();
    limits::check(cx, "SubnetsPerVirtualNetwork", subnets.len(), &limits::SUBNETS)?;
    let outside = subnets.iter().find(|subnet| {
        !pool_of(subnet)
            .prefixes
            .iter()
            .all(|prefix| spaces.iter().any(|space| space.contains(prefix)))
    });
    if let Some(subnet) = outside {
        return Err(CloudError::of(&OUTSIDE)
            .with("subnet", &subnet.name)
            .with("network", &network.name));
    }

    let overlap = |one: &Resource, other: &Resource| {
        let (one, other) = (pool_of(one), pool_of(other));
        one.prefixes
            .iter()
            .any(|one| other.prefixes.iter().any(|other| prefixes_overlap(one, other)))
    };
    for subnet in subnets.iter().rev().filter(|subnet| written.contains(&subnet.key)) {
        if subnets
            .iter()
            .any(|other| other.key != subnet.key && overlap(subnet, other))
        {
            return Err(CloudError::of(&OVERLAP)
                .with("subnet", &subnet.name)
                .with("network", &network.name));
        }
    }
    Ok(())
}

/// A prefix with addresses in use stays.
fn check_used_prefixes_stay(cx: &Cx<'_>, put: &Put<'_>, prefixes: &[IpNet]) -> Result<(), CloudError> {
    let Some(pool) = cx.fabric().pools.get(&put.key) else {
        return Ok(());
    };
    let lost = pool.prefixes.iter().find(|prefix| !prefixes.contains(prefix));
    match lost {
        Some(prefix) if cx.fabric().held(put.key) > 0 => Err(CloudError::of(&PREFIX_IN_USE)
            .with("prefix", prefix)
            .with("subnet", put.id.name())),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
