//! Inbound NAT pools: a range of ports of a frontend, one for each instance of a scale set.

use serde::{Deserialize, Serialize};

use super::load_balancing_rules::{required_frontend, required_protocol};
use super::ports;
use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::{Descriptor, Dialect, Field, Fill, NameRule, RefRule};
use crate::error::CloudError;
use crate::key::Key;
use crate::plan::Plan;
use crate::registry::Kind;
use crate::resource::Resource;
use crate::types::{Put, ResourceType};

/// From this version on the pool shows what rules show (observed-arm).
const LIKE_RULES: ApiVersion = ApiVersion::date(2018, 4, 1);

/// Inbound NAT pools.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    parent: Some(Kind::LoadBalancers),
    tracked: false,
    since: ApiVersion::date(2014, 12, 1),
    names: NameRule::word(1, 80),
    fields: &[
        Field::one_of("/properties/protocol", &["Tcp", "Udp", "All"]),
        Field::default("/properties/enableFloatingIP", Fill::Bool(false)).since(LIKE_RULES),
        Field::default("/properties/idleTimeoutInMinutes", Fill::Int(4)).since(LIKE_RULES),
        Field::default("/properties/enableDestinationServiceEndpoint", Fill::Bool(false)).since(LIKE_RULES),
        Field::default("/properties/enableTcpReset", Fill::Bool(false)).since(ApiVersion::date(2018, 8, 1)),
        Field::default("/properties/allowBackendPortConflict", Fill::Bool(false)).since(ApiVersion::date(2018, 8, 1)),
    ],
    refs: &[RefRule::shared(
        "/properties/frontendIPConfiguration",
        &[Kind::FrontendIpConfigurations],
    )],
    ..Descriptor::of("Microsoft.Network/loadBalancers/inboundNatPools", Dialect::Network)
};

/// An inbound NAT pool.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InboundNatPool {
    /// Where traffic comes in.
    pub frontend: Key,
    /// `Tcp`, `Udp` or `All`.
    pub protocol: Box<str>,
    /// The first port that it comes to.
    pub first_port: u16,
    /// The last.
    pub last_port: u16,
    /// The port that it goes to.
    pub backend_port: u16,
}

impl ResourceType for InboundNatPool {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(_cx: &Cx<'_>, put: &Put<'_>, _before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        let pool = InboundNatPool {
            frontend: required_frontend(put)?,
            protocol: required_protocol(put)?.into(),
            first_port: ports::read(put, "frontendPortRangeStart", 1, ports::FRONTEND_MAX)?,
            last_port: ports::read(put, "frontendPortRangeEnd", 1, ports::FRONTEND_MAX)?,
            backend_port: ports::read(put, "backendPort", 1, ports::MAX)?,
        };
        ports::check_idle_timeout(put)?;
        Ok((pool, Plan::new()))
    }

    fn in_use(cx: &Cx<'_>, target: &Resource, _users: &[String]) -> CloudError {
        super::used_by_scale_set(cx, target)
    }
}
