//! Gateways of virtual networks. The classic API only reads them here: a world that has one is given it by whoever sets the world
//! up (SM 11.7; what is shown of connections follows public documentation of the time).

use serde::{Deserialize, Serialize};

use super::{Asked, Hold, Named, Step, forms, operations, virtual_networks};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::fabric::PublicAddress;
use crate::key::Key;
use crate::plan::Plan;
use crate::time::Time;

/// How far a gateway is (SM 11.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum GatewayState {
    /// Being made: it has no address yet.
    Provisioning,
    /// There.
    #[default]
    Provisioned,
    /// Going.
    Deprovisioning,
}

impl GatewayState {
    /// As printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            GatewayState::Provisioning => "Provisioning",
            GatewayState::Provisioned => "Provisioned",
            GatewayState::Deprovisioning => "Deprovisioning",
        }
    }

    /// Reads a state, in any case.
    pub fn find(text: &str) -> Option<GatewayState> {
        [
            GatewayState::Provisioning,
            GatewayState::Provisioned,
            GatewayState::Deprovisioning,
        ]
        .into_iter()
        .find(|state| state.as_str().eq_ignore_ascii_case(text))
    }
}

/// A gateway as a world is to have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetGateway {
    /// The virtual network.
    pub network: Box<str>,
    /// `StaticRouting` or `DynamicRouting`.
    pub kind: Box<str>,
    /// `Default` or `HighPerformance`.
    pub size: Box<str>,
    /// How far it is.
    pub state: GatewayState,
    /// The local network sites whose tunnels stand.
    pub connected: Vec<Box<str>>,
    /// Keys by local network site; other sites get one made up.
    pub shared_keys: Vec<(Box<str>, Box<str>)>,
}

/// A gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gateway {
    /// Owns its public address.
    pub key: Key,
    /// The virtual network, as the configuration writes it.
    pub network: Box<str>,
    /// `StaticRouting` or `DynamicRouting`.
    pub kind: Box<str>,
    /// `Default` or `HighPerformance`.
    pub size: Box<str>,
    /// How far it is.
    pub state: GatewayState,
    /// Since when it is so.
    pub since: Time,
    /// Its tunnels, in the order of the network configuration.
    pub tunnels: Vec<Tunnel>,
}

/// A connection to a network elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tunnel {
    /// The local network site.
    pub site: Box<str>,
    /// Whether it stands.
    pub connected: bool,
    /// The key that both ends know.
    pub shared_key: Box<str>,
}

/// Gives a network a gateway, or another one.
pub(super) fn set(cx: &Cx<'_>, asked: &Asked, spec: &SetGateway) -> Result<Step, CloudError> {
    let site = virtual_networks::find_site(cx, asked.subscription, &spec.network)?;
    operations::check_free(cx, &Hold::NetworkConfiguration(asked.subscription))?;
    if !site.subnets.iter().any(|subnet| is_gateways(&subnet.name)) {
        return Err(CloudError::of(&forms::GATEWAY_SUBNET).with("network", &site.spec.name));
    }
    let connections = site.spec.gateway.iter().flat_map(|gateway| gateway.connections.iter());
    let sites: Vec<&str> = connections.map(|(name, _)| &**name).collect();
    let named = spec
        .connected
        .iter()
        .chain(spec.shared_keys.iter().map(|(site, _)| site));
    for name in named {
        if !sites.iter().any(|own| own.eq_ignore_ascii_case(name)) {
            return Err(CloudError::of(&forms::NETWORK_REFERENCE)
                .with("what", "local network site")
                .with("name", name)
                .with("network", &site.spec.name));
        }
    }

    let named = asked.named(&spec.network);
    let before = cx.classic().gateways.get(&named);
    let mut plan = Plan::new();
    let key = match before {
        Some(gateway) => gateway.key,
        None => plan.reserve(cx),
    };
    plan = plan.then(addressed(cx, key, spec.state));
    let tunnels = (10..).zip(&sites).map(|(n, site)| {
        let given = spec.shared_keys.iter().find(|(own, _)| own.eq_ignore_ascii_case(site));
        Tunnel {
            site: (*site).into(),
            connected: spec.connected.iter().any(|own| own.eq_ignore_ascii_case(site)),
            shared_key: given.map_or_else(
                || format!("{:032x}", asked.fresh.guid(n).0).into(),
                |(_, key)| key.clone(),
            ),
        }
    });
    let gateway = Gateway {
        key,
        network: site.spec.name.clone(),
        kind: spec.kind.clone(),
        size: spec.size.clone(),
        state: spec.state,
        since: cx.now(),
        tunnels: tunnels.collect(),
    };
    Ok(Step::now(plan.virtual_network_gateway(named, Some(gateway))))
}

/// A gateway that is being made has no address yet.
fn addressed(cx: &Cx<'_>, key: Key, state: GatewayState) -> Plan {
    let held = cx.fabric().public_addresses.get(&key).and_then(|row| row.address);
    let row = PublicAddress {
        address: held,
        fixed: true,
        dns_name: None,
    };
    match (held, state) {
        (None, GatewayState::Provisioning) => Plan::new().public_address(key, Some(row)),
        (Some(_), GatewayState::Provisioning) => Plan::new().changes(row.returned(key)),
        (Some(_), _) => Plan::new(),
        (None, _) => Plan::new().changes(row.taking(key, cx.fabric().free_public_address(0))),
    }
}

/// Takes a network's gateway away.
pub(super) fn delete(cx: &Cx<'_>, asked: &Asked, network: &str) -> Result<Step, CloudError> {
    let gateway = cx.gateway(asked.subscription, network)?;
    let plan = super::roles::public_gone(cx, gateway.key);
    Ok(Step::now(plan.virtual_network_gateway(asked.named(network), None)))
}

/// Whether a subnet is the gateway's.
pub(super) fn is_gateways(subnet: &str) -> bool {
    subnet.eq_ignore_ascii_case("GatewaySubnet")
}

/// Whether a network has one.
pub(super) fn is_there(cx: &Cx<'_>, subscription: Key, network: &str) -> bool {
    cx.classic().gateways.contains(&Named::new(subscription, network))
}

impl<'a> Cx<'a> {
    /// The gateway of a network.
    ///
    /// # Errors
    ///
    /// When there is no such network, or it has none.
    pub fn gateway(&self, subscription: Key, network: &str) -> Result<&'a Gateway, CloudError> {
        virtual_networks::find_site(self, subscription, network)?;
        let found = self.classic().gateways.get(&Named::new(subscription, network));
        found.ok_or_else(|| CloudError::of(&forms::GATEWAY_NOT_FOUND))
    }

    /// The tunnel of a network's gateway to a local network site.
    ///
    /// # Errors
    ///
    /// When there is no such network, gateway or site.
    pub fn tunnel(&self, subscription: Key, network: &str, site: &str) -> Result<&'a Tunnel, CloudError> {
        let gateway = self.gateway(subscription, network)?;
        let found = gateway.tunnels.iter().find(|own| own.site.eq_ignore_ascii_case(site));
        found.ok_or_else(|| CloudError::of(&forms::TUNNEL_NOT_FOUND).with("site", site))
    }
}
