//! Load balancers.
//!
//! A balancer is its children: frontends, pools, rules, probes, NAT rules. Each is a resource; most are written inside the
//! balancer's document only. Who is in a pool stands on the network interfaces.

pub(crate) mod backend_address_pools;
pub(crate) mod frontend_ip_configurations;
pub(crate) mod inbound_nat_pools;
pub(crate) mod inbound_nat_rules;
pub(crate) mod load_balancing_rules;
pub(crate) mod outbound_rules;
mod ports;
pub(crate) mod probes;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{limits, reading};
use crate::Document;
use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::{
    Descriptor, Dialect, Field, Fill, Inline, Lifetimes, NameRule, Polls, Provisioning, Stage, Write, WriteVerb,
};
use crate::error::{CloudError, Form};
use crate::forms::forms;
use crate::key::Key;
use crate::plan::Plan;
use crate::quota::QuotaKey;
use crate::registry::Kind;
use crate::resource::Resource;
use crate::types::{Put, ResourceType, View};

forms! {
    MIXED_FRONTENDS: Invalid, Network, "LoadBalancerCannotHavePublicAndPrivateFrontends", "Load balancer {balancer} cannot have both public and private frontend IP configurations.", "ARM 8.2 (code and form assumed)", "make all frontends public, or all internal";
    SKU_CHANGE: Conflict, Network, "LoadBalancerSkuCannotChange", "Sku of load balancer {balancer} cannot be changed from {old} to {new}.", "assumed: as public addresses", "delete the load balancer and make it anew";
    USED_BY_SCALE_SET: InUse, Network, "LoadBalancerInUseByVirtualMachineScaleSet", "Cannot remove load balancer {balancer} since its child resources {part} are in use by virtual machine scale set {set}.", "ARM 3.5 (kubernetes-sigs/cloud-provider-azure)", "take the pool out of the scale set's model first";
}

/// The refusals that the children share.
pub(super) const SHARED_FORMS: &[&Form] = ports::ALL;

/// Balancers have a sku from this version on (ARM 8.2).
const SKUS: ApiVersion = ApiVersion::date(2017, 8, 1);

/// Outbound rules came, and the unused outbound NAT rules went (ARM 8.2; observed-arm).
pub(super) const OUTBOUND_RULES: ApiVersion = ApiVersion::date(2018, 6, 1);

const STANDARD: QuotaKey = QuotaKey("StandardSkuLoadBalancers");

/// Over with the answer, which already says so (ARM 2.2).
const AT_ONCE: &[Stage] = &[Stage::new(Provisioning::Succeeded, 0, 0)];

/// Machines behind it are told (observed-arm, How long operations take).
const WITH_MEMBERS: &[Stage] = &[Stage::new(Provisioning::Updating, 10_000, 90_000)];

/// A child array of the document: each is authoritative in every version (ARM 1.11).
const fn children(path: &'static str, kind: Kind) -> Inline {
    Inline {
        path,
        kind,
        kept_if_absent_since: ApiVersion::NEWEST,
    }
}

/// Load balancers.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    since: ApiVersion::date(2014, 12, 1),
    shows_type_since: ApiVersion::date(2015, 6, 15),
    names: NameRule::word(1, 80),
    quota: Some(QuotaKey("LoadBalancers")),
    // Later kinds refer to earlier ones.
    inline: &[
        children("/properties/frontendIPConfigurations", Kind::FrontendIpConfigurations),
        children("/properties/backendAddressPools", Kind::BackendAddressPools),
        children("/properties/probes", Kind::Probes),
        children("/properties/loadBalancingRules", Kind::LoadBalancingRules),
        children("/properties/inboundNatRules", Kind::InboundNatRules),
        children("/properties/inboundNatPools", Kind::InboundNatPools),
        children("/properties/outboundRules", Kind::OutboundRules),
    ],
    fields: &[
        Field::one_of("/sku/name", &["Basic", "Standard", "Gateway"]),
        Field::one_of("/sku/tier", &["Regional", "Global"]),
        Field::read_only("/properties/outboundNatRules"),
        Field::default("/sku", Fill::Object).since(SKUS),
        Field::default("/sku/name", Fill::Text("Basic")).since(SKUS),
        Field::default("/sku/tier", Fill::Text("Regional")).since(ApiVersion::date(2020, 7, 1)),
    ],
    lifetimes: Lifetimes {
        create: AT_ONCE,
        update: AT_ONCE,
        delete: &[Stage::new(Provisioning::Deleting, 1_000, 15_000)],
    },
    writes: &[
        Write::new(WriteVerb::PutNew, 201).polls(Polls::AsyncOperation),
        Write::new(WriteVerb::PutAgain, 200)
            .polls(Polls::AsyncOperation)
            .retry_after_secs(10),
        Write::new(WriteVerb::Patch, 200),
        Write::accepted(WriteVerb::Delete).retry_after_secs(10),
    ],
    errors: ALL,
    ..Descriptor::of("Microsoft.Network/loadBalancers", Dialect::Network)
};

/// A load balancer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoadBalancer {
    /// Its sku, in Azure's spelling.
    pub sku: Box<str>,
}

impl ResourceType for LoadBalancer {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(cx: &Cx<'_>, put: &Put<'_>, before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        let sku = reading::text(put.document, "/sku/name")?.unwrap_or("Basic");
        if let Some(before) = before.filter(|before| before.sku.as_ref() != sku) {
            let error = CloudError::of(&SKU_CHANGE).with("balancer", put.id());
            return Err(error.with("old", &before.sku).with("new", sku));
        }

        let mut plan = Plan::new();
        if before.is_none() && sku == "Standard" {
            plan = plan.charge(STANDARD, 1);
        }
        let members = cx
            .children(put.key, Kind::BackendAddressPools)
            .chain(cx.children(put.key, Kind::InboundNatRules));
        let has_members = members.into_iter().any(|part| {
            cx.incoming(part.key)
                .any(|(source, _)| source.kind == Kind::NetworkInterfaces && cx.fabric().is_powered(source.key))
        });
        if has_members {
            plan = plan.lasting(WITH_MEMBERS);
        }
        Ok((LoadBalancer { sku: sku.into() }, plan))
    }

    fn plan_removal(&self, _cx: &Cx<'_>, _resource: &Resource) -> Plan {
        match self.is_standard() {
            true => Plan::new().charge(STANDARD, -1),
            false => Plan::new(),
        }
    }

    fn check_children(cx: &Cx<'_>, parent: &Resource, written: &[Key]) -> Result<(), CloudError> {
        let is_internal = |frontend: &Resource| cx.fabric().ports.contains(&frontend.key);
        let mut frontends = cx.children(parent.key, Kind::FrontendIpConfigurations);
        if let Some(first) = frontends.next()
            && frontends.any(|other| is_internal(other) != is_internal(first))
        {
            return Err(CloudError::of(&MIXED_FRONTENDS).with("balancer", cx.id(parent.key)));
        }
        check_limits(cx, parent)?;
        load_balancing_rules::check_among(cx, parent, written)
    }

    fn render(&self, _cx: &Cx<'_>, _resource: &Resource, view: &View<'_>, document: &mut Document) {
        if view.version < SKUS
            && let Some(members) = document.as_object_mut()
        {
            members.shift_remove("sku");
        }
        let Some(properties) = document["properties"].as_object_mut() else {
            return;
        };
        // observed-arm: an empty list of outbound rules is shown on Standard balancers only.
        if view.version < OUTBOUND_RULES || !self.is_standard() {
            properties.shift_remove("outboundRules");
        }
        if view.version < OUTBOUND_RULES {
            properties.insert("outboundNatRules".to_owned(), json!([]));
        }
    }
}

impl LoadBalancer {
    /// Whether it is of the Standard sku.
    pub fn is_standard(&self) -> bool {
        self.sku.as_ref() == "Standard"
    }
}

/// How many parts of each kind a balancer may have: rows differ by sku, and in 2016 between public and internal (ARM 4.1).
fn check_limits(cx: &Cx<'_>, balancer: &Resource) -> Result<(), CloudError> {
    let standard = is_standard(cx, balancer.key);
    let row = |basic: &'static str, standard_row: &'static str| {
        if standard && cx.limit(standard_row).is_some() {
            standard_row
        } else {
            basic
        }
    };
    let count = |kind: Kind| cx.children(balancer.key, kind).count();

    let internal = cx
        .children(balancer.key, Kind::FrontendIpConfigurations)
        .filter(|frontend| cx.fabric().ports.contains(&frontend.key));
    limits::check(
        cx,
        "FrontendIPConfigurationPerInternalLoadBalancer",
        internal.count(),
        &limits::FRONTENDS,
    )?;
    let frontends = row(
        "FrontendIPConfigurationPerLoadBalancer",
        "FrontendIPConfigurationPerStandardLoadBalancer",
    );
    limits::check(cx, frontends, count(Kind::FrontendIpConfigurations), &limits::FRONTENDS)?;
    let inbound = count(Kind::LoadBalancingRules) + count(Kind::InboundNatRules) + count(Kind::InboundNatPools);
    let inbound_row = row("InboundRulesPerLoadBalancer", "InboundRulesPerStandardLoadBalancer");
    limits::check(cx, inbound_row, inbound, &limits::INBOUND_RULES)?;
    limits::check(
        cx,
        "OutboundRulesPerLoadBalancer",
        count(Kind::OutboundRules),
        &limits::OUTBOUND_RULES,
    )
}

/// The refusal to remove a part that a scale set's model names. Quirk `scale-set-holds-balancer`.
fn used_by_scale_set(cx: &Cx<'_>, part: &Resource) -> CloudError {
    cov_mark::hit!(scale_set_holds_balancer);
    let set = cx.incoming(part.key).find(|(source, _)| source.kind == Kind::ScaleSets);
    CloudError::of(&USED_BY_SCALE_SET)
        .with("balancer", cx.id(part.parent))
        .with("part", &part.name)
        .with("set", set.map_or_else(String::new, |(set, _)| cx.id(set.key)))
}

/// Whether the balancer that a child is put into is of the Standard sku.
fn is_standard(cx: &Cx<'_>, balancer: Key) -> bool {
    cx.resource(balancer).echo.pointer("/sku/name").and_then(Value::as_str) == Some("Standard")
}

#[cfg(test)]
mod tests;
