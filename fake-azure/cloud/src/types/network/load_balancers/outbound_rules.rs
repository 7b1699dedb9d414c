//! Outbound rules: which frontends a pool's members go out by. Standard balancers only.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{OUTBOUND_RULES, is_standard, ports};
use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::{Descriptor, Dialect, Field, Fill, NameRule, RefRule};
use crate::error::CloudError;
use crate::forms::forms;
use crate::key::Key;
use crate::plan::Plan;
use crate::registry::Kind;
use crate::types::network::reading;
use crate::types::{Put, ResourceType};

forms! {
    BASIC: Invalid, Network, "OutboundRuleNotSupportedForBasicSku", "Outbound rule {rule} is not supported on a Basic sku load balancer.", "assumed", "use a Standard load balancer";
}

/// Outbound rules.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    parent: Some(Kind::LoadBalancers),
    tracked: false,
    since: OUTBOUND_RULES,
    names: NameRule::word(1, 80),
    fields: &[
        Field::one_of("/properties/protocol", &["Tcp", "Udp", "All"]),
        Field::default("/properties/allocatedOutboundPorts", Fill::Int(0)),
        Field::default("/properties/idleTimeoutInMinutes", Fill::Int(4)),
        Field::default("/properties/enableTcpReset", Fill::Bool(false)).since(ApiVersion::date(2018, 8, 1)),
    ],
    refs: &[
        RefRule::shared(
            "/properties/frontendIPConfigurations/*",
            &[Kind::FrontendIpConfigurations],
        ),
        RefRule::shared("/properties/backendAddressPool", &[Kind::BackendAddressPools]),
    ],
    errors: ALL,
    ..Descriptor::of("Microsoft.Network/loadBalancers/outboundRules", Dialect::Network)
};

/// An outbound rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OutboundRule {
    /// Whose members go out.
    pub pool: Key,
    /// By which frontends.
    pub frontends: Vec<Key>,
}

impl ResourceType for OutboundRule {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(cx: &Cx<'_>, put: &Put<'_>, _before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        if !is_standard(cx, put.parent) {
            return Err(CloudError::of(&BASIC).with("rule", put.id()));
        }
        let Some(pool) = put.target_at("/properties/backendAddressPool") else {
            return Err(reading::refuse(
                "/properties/backendAddressPool",
                &Value::Null,
                "Expected a backend address pool.",
            ));
        };
        ports::check_idle_timeout(put)?;
        let frontends = put
            .edges
            .iter()
            .filter(|edge| edge.at.starts_with("/properties/frontendIPConfigurations/"))
            .map(|edge| edge.target);
        Ok((
            OutboundRule {
                pool,
                frontends: frontends.collect(),
            },
            Plan::new(),
        ))
    }
}
