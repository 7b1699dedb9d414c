//! Microsoft.Network.

pub(crate) mod access_rules;
pub(crate) mod application_security_groups;
mod limits;
pub(crate) mod load_balancers;
pub(crate) mod network_interfaces;
pub(crate) mod network_security_groups;
pub(crate) mod network_watchers;
mod prefixes;
pub(in crate::types) mod private_addresses;
pub(crate) mod public_ip_addresses;
mod reading;
pub(crate) mod route_tables;
pub(crate) mod routes;
pub(crate) mod security_rules;
pub(crate) mod subnets;
pub(crate) mod virtual_network_peerings;
pub(crate) mod virtual_networks;

use serde_json::{Value, json};

use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::error::Form;
use crate::registry::Kind;
use crate::resource::Resource;

/// The refusals that several types share.
pub(crate) const SHARED_FORMS: &[&[&Form]] = &[
    limits::ALL,
    load_balancers::SHARED_FORMS,
    prefixes::ALL,
    private_addresses::ALL,
];

/// Parts of a document name their type from this version on (ARM 8.1).
const CHILD_TYPES: ApiVersion = ApiVersion::date(2018, 4, 1);

/// Who of a kind refers to a resource: `[{"id": ...}]`, each source once.
fn back_links(cx: &Cx<'_>, target: &Resource, kind: Kind) -> Vec<Value> {
    cx.incoming(target.key)
        .filter(|(source, _)| source.kind == kind)
        .map(|(source, edge)| json!({ "id": cx.part_id(source, edge) }))
        .collect()
}

/// Writes back-links as members, each where somebody refers to the resource.
fn write_back_links(cx: &Cx<'_>, target: &Resource, members: &[(&str, Kind)], properties: &mut Value) {
    for (member, kind) in members {
        let users = back_links(cx, target, *kind);
        if !users.is_empty() {
            match properties.get_mut(*member).and_then(Value::as_array_mut) {
                Some(others) => others.extend(users),
                None => properties[*member] = Value::Array(users),
            }
        }
    }
}
