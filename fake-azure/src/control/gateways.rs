//! Control calls about gateways of classic virtual networks: the classic API only reads them, so that a world that has one is made here.

use std::collections::BTreeMap;

use fake_azure_cloud::classic::{Act, Caller, ClassicCall, Gateway, GatewayState, SetGateway};
use fake_azure_cloud::{Call, Guid};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::types::List;
use super::{ControlError, Query, invalid};
use crate::sandbox::Sandbox;

/// A gateway as a virtual network is to have it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GatewaySettings {
    /// `DynamicRouting`, unless said, or `StaticRouting`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// `Default`, unless said, or `HighPerformance`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// `Provisioned`, unless said, `Provisioning` or `Deprovisioning`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The local network sites whose tunnels stand; the network configuration must connect the network to them.
    pub connected: Vec<String>,
    /// Keys by local network site; other sites get one made up.
    pub shared_keys: BTreeMap<String, String>,
}

/// A gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GatewayInfo {
    /// The subscription.
    pub subscription: String,
    /// The virtual network.
    pub network: String,
    /// `DynamicRouting` or `StaticRouting`.
    pub kind: String,
    /// `Default` or `HighPerformance`.
    pub size: String,
    /// `Provisioned`, `Provisioning` or `Deprovisioning`.
    pub state: String,
    /// Its public address, while it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Whether the tunnel to each local network site stands.
    pub tunnels: BTreeMap<String, bool>,
}

/// Every gateway of the sandbox.
pub(super) fn list(sandbox: &Sandbox) -> List<GatewayInfo> {
    let cx = sandbox.cloud.cx();
    let value = sandbox.cloud.subscriptions().flat_map(|subscription| {
        let all = cx.classic().gateways.iter();
        let own = all.filter(move |(named, _)| named.0 == subscription.key);
        own.map(move |(_, gateway)| info(sandbox, subscription.id, gateway))
    });
    List { value: value.collect() }
}

fn info(sandbox: &Sandbox, subscription: Guid, gateway: &Gateway) -> GatewayInfo {
    let row = sandbox.cloud.fabric().public_addresses.get(&gateway.key);
    GatewayInfo {
        subscription: subscription.to_string(),
        network: gateway.network.to_string(),
        kind: gateway.kind.to_string(),
        size: gateway.size.to_string(),
        state: gateway.state.as_str().to_owned(),
        address: row.and_then(|row| row.address).map(|address| address.to_string()),
        tunnels: gateway
            .tunnels
            .iter()
            .map(|tunnel| (tunnel.site.to_string(), tunnel.connected))
            .collect(),
    }
}

/// Gives a network a gateway, or another one.
pub(super) fn set(
    sandbox: &mut Sandbox,
    network: &str,
    query: &Query<'_>,
    given: &GatewaySettings,
) -> Result<List<GatewayInfo>, ControlError> {
    let one_of = |given: &Option<String>, known: [&'static str; 2]| {
        let text = given.as_deref().unwrap_or(known[0]);
        let found = known.into_iter().find(|own| own.eq_ignore_ascii_case(text));
        found.ok_or_else(|| invalid(format!("`{text}` is neither `{}` nor `{}`", known[0], known[1])))
    };
    let state = given.state.as_deref().unwrap_or("Provisioned");
    let gateway = SetGateway {
        network: network.into(),
        kind: one_of(&given.kind, ["DynamicRouting", "StaticRouting"])?.into(),
        size: one_of(&given.size, ["Default", "HighPerformance"])?.into(),
        state: GatewayState::find(state).ok_or_else(|| invalid(format!("`{state}` is no state of a gateway")))?,
        connected: given.connected.iter().map(|site| site.as_str().into()).collect(),
        shared_keys: given
            .shared_keys
            .iter()
            .map(|(site, key)| (site.as_str().into(), key.as_str().into()))
            .collect(),
    };
    perform(sandbox, network, query, Act::SetGateway(Box::new(gateway)))
}

/// Takes it away.
pub(super) fn delete(
    sandbox: &mut Sandbox,
    network: &str,
    query: &Query<'_>,
) -> Result<List<GatewayInfo>, ControlError> {
    let act = Act::DeleteGateway {
        network: network.into(),
    };
    perform(sandbox, network, query, act)
}

fn perform(
    sandbox: &mut Sandbox,
    network: &str,
    query: &Query<'_>,
    act: Act,
) -> Result<List<GatewayInfo>, ControlError> {
    let said = query.field("subscription").and_then(Guid::parse);
    let subscription = said
        .or_else(|| sandbox.subscriptions().first().copied())
        .ok_or_else(|| invalid("the sandbox holds no subscription"))?;
    let call = ClassicCall {
        subscription,
        caller: Caller::default(),
        object: format!("/{subscription}/services/networking/{network}/gateway").into(),
        act,
    };
    match sandbox.cloud.apply(&Call::Classic(Box::new(call))) {
        Ok(_) => Ok(list(sandbox)),
        Err(error) => Err(invalid(format!("{}: {}", error.code, error.message))),
    }
}
