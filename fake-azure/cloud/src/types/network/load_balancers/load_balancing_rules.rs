//! Load balancing rules: which traffic of a frontend is spread over which pool.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{OUTBOUND_RULES, is_standard, ports};
use crate::Document;
use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::{Descriptor, Dialect, Field, Fill, NameRule, RefRule};
use crate::error::CloudError;
use crate::forms::forms;
use crate::key::Key;
use crate::plan::Plan;
use crate::registry::{Kind, State};
use crate::resource::Resource;
use crate::types::network::reading;
use crate::types::{Put, ResourceType, View};

forms! {
    SAME_BACKEND: Invalid, Network, "RulesUseSameBackendPortProtocolAndPool", "Load balancing rules {one} and {other} belong to the same load balancer and use the same backend port and protocol with the same backend address pool.", "ARM 3.5 (tail unsure)", "use another backend port or pool, or floating IP";
    SAME_FRONTEND: Invalid, Network, "RulesUseSameFrontendPortProtocolAndIPConfig", "Load balancing rules {one} and {other} belong to the same load balancer and use the same frontend port and protocol with the same frontend IP configuration.", "ARM 3.5 (tail unsure)", "use another frontend port";
}

/// Load balancing rules.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    parent: Some(Kind::LoadBalancers),
    tracked: false,
    since: ApiVersion::date(2014, 12, 1),
    names: NameRule::word(1, 80),
    fields: &[
        Field::one_of("/properties/protocol", &["Tcp", "Udp", "All"]),
        Field::one_of(
            "/properties/loadDistribution",
            &["Default", "SourceIP", "SourceIPProtocol"],
        ),
        Field::default("/properties/enableFloatingIP", Fill::Bool(false)),
        Field::default("/properties/idleTimeoutInMinutes", Fill::Int(4)),
        Field::default("/properties/loadDistribution", Fill::Text("Default")),
        Field::default("/properties/enableDestinationServiceEndpoint", Fill::Bool(false))
            .since(ApiVersion::date(2018, 4, 1)),
        Field::default("/properties/enableTcpReset", Fill::Bool(false)).since(ApiVersion::date(2018, 8, 1)),
        Field::default("/properties/allowBackendPortConflict", Fill::Bool(false)).since(ApiVersion::date(2018, 8, 1)),
    ],
    refs: &[
        RefRule::shared("/properties/frontendIPConfiguration", &[Kind::FrontendIpConfigurations]),
        RefRule::shared("/properties/backendAddressPool", &[Kind::BackendAddressPools]),
        RefRule::shared("/properties/probe", &[Kind::Probes]),
    ],
    errors: ALL,
    ..Descriptor::of("Microsoft.Network/loadBalancers/loadBalancingRules", Dialect::Network)
};

/// A load balancing rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoadBalancingRule {
    /// Where traffic comes in.
    pub frontend: Key,
    /// Where it goes.
    pub pool: Option<Key>,
    /// Which members are well.
    pub probe: Option<Key>,
    /// `Tcp`, `Udp` or `All`.
    pub protocol: Box<str>,
    /// The port that it comes to; 0 for all.
    pub frontend_port: u16,
    /// The port that it goes to; 0 for all.
    pub backend_port: u16,
    /// Whether members see the frontend's address.
    pub floating: bool,
    /// What decides the member: `Default`, `SourceIP` or `SourceIPProtocol`.
    pub distribution: Box<str>,
}

impl ResourceType for LoadBalancingRule {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(cx: &Cx<'_>, put: &Put<'_>, _before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        let frontend = required_frontend(put)?;
        let frontend_port = ports::read(put, "frontendPort", 0, ports::FRONTEND_MAX)?;
        let backend_port = ports::read(put, "backendPort", 0, ports::MAX)?;
        ports::check_all_ports(put, [frontend_port, backend_port], is_standard(cx, put.parent))?;
        ports::check_idle_timeout(put)?;

        let rule = LoadBalancingRule {
            frontend,
            pool: put.target_at("/properties/backendAddressPool"),
            probe: put.target_at("/properties/probe"),
            protocol: required_protocol(put)?.into(),
            frontend_port,
            backend_port,
            floating: reading::flag(put.document, "/properties/enableFloatingIP")?.unwrap_or(false),
            distribution: reading::text(put.document, "/properties/loadDistribution")?
                .unwrap_or("Default")
                .into(),
        };
        Ok((rule, Plan::new()))
    }

    fn render(&self, cx: &Cx<'_>, resource: &Resource, view: &View<'_>, document: &mut Document) {
        let properties = &mut document["properties"];
        // observed-arm: shown on Standard balancers, as their outbound rules are.
        if view.version >= OUTBOUND_RULES
            && is_standard(cx, resource.parent)
            && properties.get("disableOutboundSnat").is_none()
        {
            properties["disableOutboundSnat"] = Value::from(false);
        }
    }
}

/// The frontend of a rule, which it cannot do without.
pub(super) fn required_frontend(put: &Put<'_>) -> Result<Key, CloudError> {
    put.target_at("/properties/frontendIPConfiguration").ok_or_else(|| {
        reading::refuse(
            "/properties/frontendIPConfiguration",
            &Value::Null,
            "Expected a frontend IP configuration.",
        )
    })
}

/// The protocol of a rule, which it cannot do without.
pub(super) fn required_protocol<'d>(put: &Put<'d>) -> Result<&'d str, CloudError> {
    reading::text(put.document, "/properties/protocol")?
        .ok_or_else(|| reading::refuse("/properties/protocol", &Value::Null, "Expected a protocol."))
}

/// What must hold among the rules of a balancer: no two listen at one place, NAT rules included; no two balance to one place,
/// unless the members tell them apart by the frontend's address.
pub(super) fn check_among(cx: &Cx<'_>, balancer: &Resource, written: &[Key]) -> Result<(), CloudError> {
    let mut listening: Vec<(Key, u16, &str, &Resource)> = Vec::new();
    let mut balancing: Vec<(Key, u16, &str, &Resource)> = Vec::new();
    let rules = cx
        .children(balancer.key, Kind::LoadBalancingRules)
        .chain(cx.children(balancer.key, Kind::InboundNatRules));
    for child in rules {
        match &child.state {
            State::LoadBalancingRules(rule) => {
                listening.push((rule.frontend, rule.frontend_port, &rule.protocol, child));
                if let Some(pool) = rule.pool.filter(|_| !rule.floating) {
                    balancing.push((pool, rule.backend_port, &rule.protocol, child));
                }
            }
            State::InboundNatRules(rule) => listening.push((rule.frontend, rule.frontend_port, &rule.protocol, child)),
            _ => {}
        }
    }
    for (form, mut places) in [(&SAME_FRONTEND, listening), (&SAME_BACKEND, balancing)] {
        places.sort_by_key(|(place, port, protocol, child)| {
            (*place, *port, *protocol, written.contains(&child.key), child.key)
        });
        if let Some(pair) = places
            .windows(2)
            .find(|pair| (pair[0].0, pair[0].1, pair[0].2) == (pair[1].0, pair[1].1, pair[1].2))
        {
            return Err(CloudError::of(form)
                .with("one", cx.id(pair[1].3.key))
                .with("other", cx.id(pair[0].3.key)));
        }
    }
    Ok(())
}
