//! The configurations of a set's interfaces: each holds an address of a subnet, and is what back-end pools are made of.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Document;
use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::{Descriptor, Dialect, Field, Fill, NameRule, RefRule};
use crate::error::CloudError;
use crate::fabric::{Port, PortAddress};
use crate::key::Key;
use crate::plan::Plan;
use crate::registry::Kind;
use crate::resource::Resource;
use crate::types::compute::parameters::text;
use crate::types::network::private_addresses;
use crate::types::{Put, ResourceType, View};

/// The place of the reference to inbound NAT rules in the descriptor.
const NAT_RULES: u16 = 2;

/// Configurations of interfaces of machines of scale sets.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    parent: Some(Kind::ScaleSetInterfaces),
    tracked: false,
    since: ApiVersion::date(2015, 6, 15),
    shows_type_since: ApiVersion::NEWEST,
    names: NameRule::word(1, 80),
    fields: &[
        Field::default("/properties/privateIPAllocationMethod", Fill::Text("Dynamic")),
        Field::default("/properties/privateIPAddressVersion", Fill::Text("IPv4")),
        Field::default("/properties/primary", Fill::Bool(true)),
    ],
    refs: &[
        RefRule::shared("/properties/subnet", &[Kind::Subnets]).blocks_delete(),
        // Membership holds nothing: the set's own reference does.
        RefRule::shared(
            "/properties/loadBalancerBackendAddressPools/*",
            &[Kind::BackendAddressPools],
        ),
        RefRule::exclusive("/properties/loadBalancerInboundNatRules/*", &[Kind::InboundNatRules]),
        RefRule::shared(
            "/properties/applicationSecurityGroups/*",
            &[Kind::ApplicationSecurityGroups],
        )
        .blocks_delete(),
    ],
    ..Descriptor::of(
        "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces/ipConfigurations",
        Dialect::Network,
    )
};

/// A configuration of an interface of a machine of a scale set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScaleSetIpConfiguration {}

impl ResourceType for ScaleSetIpConfiguration {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(cx: &Cx<'_>, put: &Put<'_>, _before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        let interface = put.parent;
        let mut plan = Plan::new();
        let is_ipv6 = text(put.document, "/properties/privateIPAddressVersion") == Some("IPv6");
        if let (Some(pool), false) = (put.target_at("/properties/subnet"), is_ipv6) {
            let port = cx.fabric().ports.get(&interface);
            let held = port.and_then(|port| address_of(port, put.id.name()));
            let stays = held.filter(|held| held.pool == pool);
            let address = match stays {
                Some(held) => held.address,
                None => cx
                    .fabric()
                    .lowest_free(pool, &[])
                    .ok_or_else(|| private_addresses::full(cx, pool, 1))?,
            };
            if let (Some(held), None) = (held, stays) {
                plan = plan.lease((held.pool, u32::from(held.address)), None);
            }
            let own = PortAddress {
                name: put.id.name().into(),
                pool,
                address,
                chosen: false,
                public: held.and_then(|held| held.public),
            };
            plan = plan.lease((pool, u32::from(address)), Some(interface));
            if let Some(port) = port {
                plan = plan.port(interface, Some(with_address(port, put.id.name(), Some(own))));
            }
        }

        let wanted = put.document.pointer("/properties/publicIPAddressConfiguration");
        let name = wanted.and_then(|wanted| text(wanted, "/name"));
        for public in cx.children(put.key, Kind::ScaleSetPublicIpAddresses) {
            if !name.is_some_and(|name| name.eq_ignore_ascii_case(&public.name)) {
                plan = plan.remove(public.key);
            }
        }
        if let (Some(wanted), Some(name)) = (wanted, name) {
            let document = json!({ "properties": wanted.get("properties").cloned().unwrap_or_else(|| json!({})) });
            plan = plan.make(put.id.child(Kind::ScaleSetPublicIpAddresses, name), document);
        }
        Ok((ScaleSetIpConfiguration {}, plan))
    }

    fn plan_removal(&self, cx: &Cx<'_>, resource: &Resource) -> Plan {
        let mut plan = Plan::new();
        for edge in resource.edges.iter().filter(|edge| edge.rule == NAT_RULES) {
            plan = plan.remove(edge.target);
        }
        let Some(port) = cx.fabric().ports.get(&resource.parent) else {
            return plan;
        };
        match address_of(port, &resource.name) {
            Some(held) => plan
                .lease((held.pool, u32::from(held.address)), None)
                .port(resource.parent, Some(with_address(port, &resource.name, None))),
            None => plan,
        }
    }

    fn render(&self, cx: &Cx<'_>, resource: &Resource, _view: &View<'_>, document: &mut Document) {
        let properties = &mut document["properties"];
        if let Some(members) = properties.as_object_mut() {
            members.shift_remove("publicIPAddressConfiguration");
            for list in ["loadBalancerBackendAddressPools", "loadBalancerInboundNatRules"] {
                let is_empty = members
                    .get(list)
                    .and_then(Value::as_array)
                    .is_some_and(|listed| listed.iter().all(Value::is_null));
                if is_empty {
                    members.shift_remove(list);
                }
            }
        }
        let held = cx.fabric().ports.get(&resource.parent);
        if let Some(held) = held.and_then(|port| address_of(port, &resource.name)) {
            properties["privateIPAddress"] = Value::from(held.address.to_string());
        }
        if let Some(public) = cx.children(resource.key, Kind::ScaleSetPublicIpAddresses).next() {
            properties["publicIPAddress"] = json!({ "id": cx.id(public.key) });
        }
    }
}

/// The address of a configuration.
fn address_of<'p>(port: &'p Port, configuration: &str) -> Option<&'p PortAddress> {
    port.addresses.iter().find(|held| held.name.as_ref() == configuration)
}

/// A port with another address of a configuration, or none.
fn with_address(port: &Port, configuration: &str, address: Option<PortAddress>) -> Port {
    let mut addresses: Vec<PortAddress> = port
        .addresses
        .iter()
        .filter(|held| held.name.as_ref() != configuration)
        .cloned()
        .collect();
    addresses.extend(address);
    Port {
        addresses,
        ..port.clone()
    }
}

/// A port whose configuration a public address leads to, or no longer.
pub(super) fn with_public(port: &Port, configuration: &str, public: Option<Key>) -> Port {
    let mut led = port.clone();
    for held in led
        .addresses
        .iter_mut()
        .filter(|held| held.name.as_ref() == configuration)
    {
        held.public = public;
    }
    led
}
