//! Frontends of load balancers: a public address, or a private one of a subnet, which the frontend holds through a port of
//! its own.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::is_standard;
use crate::Document;
use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::{Descriptor, Dialect, Field, Fill, NameRule, RefRule};
use crate::error::CloudError;
use crate::fabric::{Port, PortAddress};
use crate::forms::forms;
use crate::key::Key;
use crate::operation::Doing;
use crate::plan::Plan;
use crate::registry::Kind;
use crate::resource::Resource;
use crate::types::network::{private_addresses, reading, write_back_links};
use crate::types::{Put, ResourceType, View};

forms! {
    NEITHER: Invalid, Network, "FrontendIPConfigurationMustHaveSubnetOrPublicIP", "Frontend IP configuration {frontend} must reference either a subnet or a public IP address.", "ARM 8.2 (code and form assumed)", "name a subnet or a public address, not both";
    SKU_DIFFERS: Invalid, Network, "PublicIPAndLBSkuDoNotMatch", "{sku} sku load balancer {balancer} cannot reference {other} sku publicIP {address}.", "ARM 3.5", "use a public address of the balancer's sku";
}

/// Frontends.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    parent: Some(Kind::LoadBalancers),
    tracked: false,
    since: ApiVersion::date(2014, 12, 1),
    names: NameRule::word(1, 80),
    fields: &[
        Field::read_only("/properties/loadBalancingRules"),
        Field::read_only("/properties/inboundNatRules"),
        Field::read_only("/properties/inboundNatPools"),
        Field::read_only("/properties/outboundRules"),
        Field::one_of("/properties/privateIPAllocationMethod", &["Dynamic", "Static"]),
        Field::one_of("/properties/privateIPAddressVersion", &["IPv4", "IPv6"]),
        Field::default("/properties/privateIPAllocationMethod", Fill::Text("Dynamic")),
        Field::default("/properties/privateIPAddressVersion", Fill::Text("IPv4")).since(ApiVersion::date(2019, 4, 1)),
    ],
    refs: &[
        RefRule::exclusive("/properties/publicIPAddress", &[Kind::PublicIpAddresses]).blocks_delete(),
        RefRule::shared("/properties/subnet", &[Kind::Subnets]).blocks_delete(),
    ],
    errors: ALL,
    ..Descriptor::of(
        "Microsoft.Network/loadBalancers/frontendIPConfigurations",
        Dialect::Network,
    )
};

/// A frontend.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FrontendIpConfiguration {
    /// Its public address; `None` for an internal one.
    pub public: Option<Key>,
}

impl ResourceType for FrontendIpConfiguration {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(cx: &Cx<'_>, put: &Put<'_>, before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        let public = put.target_at("/properties/publicIPAddress");
        let pool = put.target_at("/properties/subnet");
        let mut plan = Plan::new();
        if let Some(left) = before
            .and_then(|before| before.public)
            .filter(|left| Some(*left) != public)
        {
            plan = return_dynamic(cx, left, plan);
        }
        plan = match (public, pool) {
            (Some(public), None) => {
                check_sku(cx, put, public)?;
                release(cx, put.key, plan)
            }
            (None, Some(pool)) => take_private(cx, put, pool, plan)?,
            _ => return Err(CloudError::of(&NEITHER).with("frontend", put.id())),
        };
        Ok((FrontendIpConfiguration { public }, plan))
    }

    fn plan_removal(&self, cx: &Cx<'_>, resource: &Resource) -> Plan {
        let plan = release(cx, resource.key, Plan::new());
        match self.public {
            Some(public) => return_dynamic(cx, public, plan),
            None => plan,
        }
    }

    /// A dynamic public address is allocated as long as a balancer has it (ARM 8.2).
    fn settle(&self, cx: &Cx<'_>, _resource: &Resource, _doing: &Doing, failed: bool) -> (Self, Plan) {
        let row = self
            .public
            .and_then(|public| cx.fabric().public_addresses.get(&public).map(|row| (public, row)));
        let plan = match row {
            Some((public, row)) if row.address.is_none() && !row.fixed && !failed => {
                Plan::new().changes(row.taking(public, cx.fabric().free_public_address(0)))
            }
            _ => Plan::new(),
        };
        (self.clone(), plan)
    }

    fn render(&self, cx: &Cx<'_>, resource: &Resource, _view: &View<'_>, document: &mut Document) {
        let properties = &mut document["properties"];
        if let Some(held) = cx
            .fabric()
            .ports
            .get(&resource.key)
            .and_then(|port| port.addresses.first())
        {
            properties["privateIPAddress"] = Value::from(held.address.to_string());
        }
        let users = [
            ("loadBalancingRules", Kind::LoadBalancingRules),
            ("inboundNatRules", Kind::InboundNatRules),
            ("inboundNatPools", Kind::InboundNatPools),
            ("outboundRules", Kind::OutboundRules),
        ];
        write_back_links(cx, resource, &users, properties);
    }
}

/// Balancer and public address are of one sku.
fn check_sku(cx: &Cx<'_>, put: &Put<'_>, public: Key) -> Result<(), CloudError> {
    let names = |standard: bool| if standard { "Standard" } else { "Basic" };
    let own = is_standard(cx, put.parent);
    let other = cx.resource(public).echo.pointer("/sku/name").and_then(Value::as_str) == Some("Standard");
    if own == other {
        return Ok(());
    }
    let error = CloudError::of(&SKU_DIFFERS)
        .with("sku", names(own))
        .with("balancer", cx.id(put.parent));
    Err(error.with("other", names(other)).with("address", cx.id(public)))
}

/// Takes the private address that is asked for, keeps the one that is there, or takes the lowest free one.
fn take_private(cx: &Cx<'_>, put: &Put<'_>, pool: Key, plan: Plan) -> Result<Plan, CloudError> {
    let held = cx.fabric().ports.get(&put.key).and_then(|port| port.addresses.first());
    let chosen = reading::text(put.document, "/properties/privateIPAllocationMethod")? == Some("Static");
    let address = if chosen {
        let text = reading::text(put.document, "/properties/privateIPAddress")?.filter(|text| !text.is_empty());
        let address = private_addresses::read_static(cx, &|| put.id(), pool, text)?;
        if let Some(holder) = private_addresses::holder_of(cx, put.key, pool, address) {
            return Err(private_addresses::allocated(&put.id(), address, &holder));
        }
        address
    } else {
        let kept = held.filter(|held| held.pool == pool).map(|held| held.address);
        let lowest = || cx.fabric().lowest_free(pool, &[]);
        kept.or_else(lowest)
            .ok_or_else(|| private_addresses::full(cx, pool, 1))?
    };

    let plan = release(cx, put.key, plan).lease((pool, u32::from(address)), Some(put.key));
    let taken = PortAddress {
        name: put.id.name().into(),
        pool,
        address,
        chosen,
        public: None,
    };
    let port = Port {
        addresses: vec![taken],
        machine: None,
        primary: false,
        mac: None,
        reserved: None,
    };
    Ok(plan.port(put.key, Some(port)))
}

/// Gives a private address back.
fn release(cx: &Cx<'_>, own: Key, plan: Plan) -> Plan {
    let Some(port) = cx.fabric().ports.get(&own) else {
        return plan;
    };
    let leases = port.addresses.iter().map(|held| (held.pool, u32::from(held.address)));
    leases.fold(plan, |plan, lease| plan.lease(lease, None)).port(own, None)
}

/// Takes the address of a dynamic public address back: nothing has it any more.
fn return_dynamic(cx: &Cx<'_>, public: Key, plan: Plan) -> Plan {
    match cx.fabric().public_addresses.get(&public).filter(|row| !row.fixed) {
        Some(row) => plan.changes(row.returned(public)),
        None => plan,
    }
}
