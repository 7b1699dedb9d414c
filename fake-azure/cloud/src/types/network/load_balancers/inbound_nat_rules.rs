//! Inbound NAT rules: one port of a frontend leads to one port of one network interface.

use serde::{Deserialize, Serialize};

use super::load_balancing_rules::{required_frontend, required_protocol};
use super::{is_standard, ports};
use crate::Document;
use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::{
    Descriptor, Dialect, Field, Fill, Lifetimes, NameRule, Polls, Provisioning, RefRule, Stage, Write, WriteVerb,
};
use crate::error::CloudError;
use crate::forms::forms;
use crate::key::Key;
use crate::plan::Plan;
use crate::registry::Kind;
use crate::resource::Resource;
use crate::types::network::{back_links, reading};
use crate::types::{Put, ResourceType, View};

forms! {
    TAKEN: InUse, Network, "InboundNatRuleInUse", "Resource {claimant} is referencing inbound NAT rule {rule} that is already used by resource {holder}.", "ARM 8.2 (code and form assumed)", "take it off the configuration that has it, or use another rule";
}

const UPDATING: Provisioning = Provisioning::Updating;

/// Inbound NAT rules.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    parent: Some(Kind::LoadBalancers),
    tracked: false,
    since: ApiVersion::date(2014, 12, 1),
    names: NameRule::word(1, 80),
    fields: &[
        Field::read_only("/properties/backendIPConfiguration"),
        Field::one_of("/properties/protocol", &["Tcp", "Udp", "All"]),
        Field::default("/properties/enableFloatingIP", Fill::Bool(false)),
        Field::default("/properties/idleTimeoutInMinutes", Fill::Int(4)),
        Field::default("/properties/enableDestinationServiceEndpoint", Fill::Bool(false))
            .since(ApiVersion::date(2018, 4, 1)),
        Field::default("/properties/enableTcpReset", Fill::Bool(false)).since(ApiVersion::date(2018, 8, 1)),
        Field::default("/properties/allowBackendPortConflict", Fill::Bool(false)).since(ApiVersion::date(2018, 8, 1)),
    ],
    refs: &[RefRule::shared(
        "/properties/frontendIPConfiguration",
        &[Kind::FrontendIpConfigurations],
    )],
    lifetimes: Lifetimes {
        create: &[Stage::new(UPDATING, 1_000, 5_000)],
        update: &[Stage::new(UPDATING, 1_000, 5_000)],
        delete: &[Stage::new(Provisioning::Deleting, 1_000, 5_000)],
    },
    writes: &[
        Write::new(WriteVerb::PutNew, 201)
            .polls(Polls::AsyncOperation)
            .retry_after_secs(10),
        Write::new(WriteVerb::PutAgain, 200)
            .polls(Polls::AsyncOperation)
            .retry_after_secs(10),
        Write::accepted(WriteVerb::Delete).retry_after_secs(10),
    ],
    errors: ALL,
    ..Descriptor::of("Microsoft.Network/loadBalancers/inboundNatRules", Dialect::Network)
};

/// An inbound NAT rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InboundNatRule {
    /// Where traffic comes in.
    pub frontend: Key,
    /// `Tcp`, `Udp` or `All`.
    pub protocol: Box<str>,
    /// The port that it comes to.
    pub frontend_port: u16,
    /// The port that it goes to.
    pub backend_port: u16,
    /// Whether the interface sees the frontend's address.
    pub floating: bool,
}

impl ResourceType for InboundNatRule {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(cx: &Cx<'_>, put: &Put<'_>, _before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        let frontend = required_frontend(put)?;
        let frontend_port = ports::read(put, "frontendPort", 0, ports::FRONTEND_MAX)?;
        let backend_port = ports::read(put, "backendPort", 0, ports::MAX)?;
        ports::check_all_ports(put, [frontend_port, backend_port], is_standard(cx, put.parent))?;
        ports::check_idle_timeout(put)?;

        let rule = InboundNatRule {
            frontend,
            protocol: required_protocol(put)?.into(),
            frontend_port,
            backend_port,
            floating: reading::flag(put.document, "/properties/enableFloatingIP")?.unwrap_or(false),
        };
        Ok((rule, Plan::new()))
    }

    fn render(&self, cx: &Cx<'_>, resource: &Resource, _view: &View<'_>, document: &mut Document) {
        let of_machines = back_links(cx, resource, Kind::NetworkInterfaces);
        let of_sets = back_links(cx, resource, Kind::ScaleSetIpConfigurations);
        if let Some(member) = of_machines.into_iter().chain(of_sets).next() {
            document["properties"]["backendIPConfiguration"] = member;
        }
    }

    fn claimed(cx: &Cx<'_>, target: &Resource, holder: &str, claimant: &str) -> CloudError {
        CloudError::of(&TAKEN)
            .with("claimant", claimant)
            .with("rule", cx.id(target.key))
            .with("holder", holder)
    }
}
