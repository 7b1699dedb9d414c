//! The data plane of endpoints: who would answer a connection (SM 7.3; the availability set announcement).

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use super::deployments::{Deployment, Slot};
use super::endpoints::{self, InputEndpoint};
use super::network_security_groups::NetworkSecurityGroup;
use super::roles::Role;
use super::{Named, Phase};
use crate::cx::Cx;
use crate::key::Key;

/// A connection from outside.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The hosted service that is called.
    pub service: Box<str>,
    /// Which of its two deployments: each has an address of its own.
    pub slot: Slot,
    /// The public port.
    pub port: u16,
    /// `tcp` or `udp`.
    pub protocol: Box<str>,
    /// Who calls.
    pub client: Ipv4Addr,
    /// Which connection to this port it is, counted from 0: members take turns.
    pub number: u64,
}

/// A public port that somebody may call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exposed {
    /// The hosted service, as created.
    pub service: Box<str>,
    /// Which of its deployments.
    pub slot: Slot,
    /// The public port.
    pub port: u16,
    /// `tcp` or `udp`.
    pub protocol: Box<str>,
    /// The deployment's address.
    pub address: Ipv4Addr,
}

/// Who answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answerer {
    /// The role's name.
    pub role: Box<str>,
    /// The name by which the machine knows itself.
    pub host_name: Box<str>,
    /// The port on the machine.
    pub local_port: u16,
}

/// Why nobody answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// The name resolves to no address.
    NoAddress,
    /// No endpoint has the port.
    NoEndpoint,
    /// The endpoint's access control list keeps the client out.
    Denied,
    /// A network security group keeps the client out.
    Filtered,
    /// No member is healthy.
    NoHealthyMember,
}

impl Cx<'_> {
    /// Every public port of every deployment that has an address, by service, slot and port.
    pub fn exposed(&self) -> Vec<Exposed> {
        let mut found = BTreeSet::new();
        for (key, deployment) in self.classic().deployments.iter() {
            let Some(address) = deployment.vips.first().and_then(|vip| self.vip_address(vip)) else {
                continue;
            };
            let endpoints = deployment.roles.iter().flat_map(|role| role.network.endpoints.iter());
            for endpoint in endpoints.filter(|endpoint| is_public(endpoint)) {
                found.extend(endpoint.port.map(|port| Exposed {
                    service: key.0.clone(),
                    slot: key.1,
                    port,
                    protocol: endpoint.protocol.to_lowercase().into(),
                    address,
                }));
            }
        }
        found.into_iter().collect()
    }

    /// Who would answer a connection. Only members whose probe succeeds get one: a machine's probe succeeds while it is ready and
    /// `listens` says so; members take turns in connection order.
    ///
    /// # Errors
    ///
    /// When nobody does.
    pub fn who_answers(
        &self,
        call: &Connection,
        listens: impl Fn(&Role, u16) -> bool,
    ) -> Result<Answerer, Unreachable> {
        let key = super::DeploymentKey::new(&call.service, call.slot);
        let deployment = self.classic().deployments.get(&key).ok_or(Unreachable::NoAddress)?;
        let vip = deployment.vips.first().ok_or(Unreachable::NoAddress)?;
        self.vip_address(vip).ok_or(Unreachable::NoAddress)?;

        let exposed: Vec<(&Role, &InputEndpoint)> = deployment
            .roles
            .iter()
            .flat_map(|role| role.network.endpoints.iter().map(move |endpoint| (role, endpoint)))
            .filter(|(_, endpoint)| is_public(endpoint))
            .filter(|(_, endpoint)| {
                endpoint.port == Some(call.port) && endpoint.protocol.eq_ignore_ascii_case(&call.protocol)
            })
            .collect();
        if exposed.is_empty() {
            return Err(Unreachable::NoEndpoint);
        }
        let admitted = |(_, endpoint): &&(&Role, &InputEndpoint)| {
            endpoints::permits(endpoint.acl.as_deref().unwrap_or_default(), call.client)
        };
        if !exposed.iter().any(|own| admitted(&own)) {
            return Err(Unreachable::Denied);
        }
        let open: Vec<&(&Role, &InputEndpoint)> = exposed
            .iter()
            .filter(admitted)
            .filter(|(role, endpoint)| self.lets_in(deployment, role, call, endpoint.local_port))
            .collect();
        if open.is_empty() {
            return Err(Unreachable::Filtered);
        }
        let healthy: Vec<&&(&Role, &InputEndpoint)> = open
            .iter()
            .filter(|(role, endpoint)| self.is_healthy(role, endpoint, &listens))
            .collect();
        if healthy.is_empty() {
            return Err(Unreachable::NoHealthyMember);
        }
        let turn = usize::try_from(call.number % healthy.len() as u64).unwrap_or(0);
        let (role, endpoint) = healthy[turn];
        Ok(Answerer {
            role: role.name.clone(),
            host_name: role.host_name.clone(),
            local_port: endpoint.local_port,
        })
    }

    /// Whether a member's probe succeeds. Without a probe the endpoint's own port is probed by TCP; a UDP endpoint without one is
    /// taken to be well while its machine runs.
    fn is_healthy(&self, role: &Role, endpoint: &InputEndpoint, listens: &impl Fn(&Role, u16) -> bool) -> bool {
        let ready = role.timeline.at(self.now()) == Phase::Ready;
        let probed = match &endpoint.probe {
            Some(probe) => Some(probe.port),
            None if &*endpoint.protocol == "udp" => None,
            None => Some(endpoint.local_port),
        };
        ready && probed.is_none_or(|port| listens(role, port))
    }

    /// Whether the security groups of subnet and role let a connection in.
    fn lets_in(&self, deployment: &Deployment, role: &Role, call: &Connection, port: u16) -> bool {
        let group = |name: &Option<Box<str>>| {
            name.as_deref().and_then(|name| {
                self.classic()
                    .network_security_groups
                    .get(&Named::new(deployment.subscription, name))
            })
        };
        let pool = self
            .fabric()
            .ports
            .get(&role.port)
            .and_then(|port| port.addresses.first())
            .map(|held| held.pool);
        let of_subnet = pool.and_then(|pool| self.subnet_group(deployment.subscription, pool));
        [of_subnet, group(&role.network.security_group)]
            .into_iter()
            .flatten()
            .all(|group| admits(group, call, port))
    }

    fn subnet_group(&self, subscription: Key, pool: Key) -> Option<&NetworkSecurityGroup> {
        let sites = self.classic().virtual_networks.range(Named::all(subscription));
        let subnet = sites
            .flat_map(|(_, site)| site.subnets.iter())
            .find(|subnet| subnet.key == pool)?;
        self.classic()
            .network_security_groups
            .get(&Named::new(subscription, subnet.security_group.as_deref()?))
    }
}

/// Whether an endpoint is reached at the deployment's first address.
fn is_public(endpoint: &InputEndpoint) -> bool {
    endpoint.load_balancer.is_none() && endpoint.virtual_ip.is_none()
}

/// Whether a group's rules let a client of the internet in: the lowest priority that matches decides; nothing matches, nobody
/// comes in (default rules, SM 11.5).
fn admits(group: &NetworkSecurityGroup, call: &Connection, port: u16) -> bool {
    let ports = |text: &str| match text.split_once('-') {
        _ if text == "*" => true,
        None => text.parse() == Ok(port),
        Some((low, high)) => {
            matches!((low.parse::<u16>(), high.parse::<u16>()), (Ok(low), Ok(high)) if (low..=high).contains(&port))
        }
    };
    let from = |text: &str| match text {
        "*" | "INTERNET" => true,
        "VIRTUAL_NETWORK" | "AZURE_LOADBALANCER" => false,
        prefix => endpoints::prefix(prefix).is_some_and(|prefix| prefix.contains(&call.client)),
    };
    let mut rules: Vec<_> = group.rules.iter().filter(|rule| rule.spec.inbound).collect();
    rules.sort_by_key(|rule| rule.spec.priority);
    let matching = rules.iter().find(|rule| {
        let protocol = &*rule.spec.protocol == "*" || rule.spec.protocol.eq_ignore_ascii_case(&call.protocol);
        protocol && from(&rule.spec.source) && ports(&rule.spec.destination_ports)
    });
    matching.is_some_and(|rule| rule.spec.allow)
}
