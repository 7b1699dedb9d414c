//! Ways through the classic network: input endpoints of virtual IPs and internal load balancers, machines with a public address of
//! their own (SM 7.3, 7.4; the availability set announcement).

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use super::deployments::{Deployment, DeploymentKey, Slot, VirtualIp};
use super::endpoints::{self, InputEndpoint};
use super::network_security_groups::{NetworkSecurityGroup, RuleSpec};
use super::roles::{PublicIp, Role};
use super::{Named, Phase};
use crate::cx::Cx;
use crate::data_plane::{
    Address, Answerer, CLIENT_PORT, Connection, Exposed, Holder, Member, Packet, Probing, Source, Transport,
    Unreachable, Ways, administration_port, has_port, ports_of_range, range,
};
use crate::fabric::System;
use crate::key::Key;

impl Cx<'_> {
    /// The first address of what is in a service's slot, while it has one: what the service's name resolves to.
    pub fn deployment_address(&self, service: &str, slot: Slot) -> Option<Ipv4Addr> {
        let deployment = self.classic().deployments.get(&DeploymentKey::new(service, slot))?;
        self.vip_address(deployment.vips.first()?)
    }
}

/// Which of a deployment's endpoints are reached at an address.
#[derive(Clone, Copy)]
enum Door<'d> {
    Vip(&'d VirtualIp),
    LoadBalancer(&'d str),
}

impl Door<'_> {
    fn has(self, endpoint: &InputEndpoint) -> bool {
        let named = |own: &Option<Box<str>>, name: &str| own.as_deref().unwrap_or_default().eq_ignore_ascii_case(name);
        match self {
            Door::Vip(vip) => endpoint.load_balancer.is_none() && named(&endpoint.virtual_ip, &vip.name),
            Door::LoadBalancer(name) => named(&endpoint.load_balancer, name),
        }
    }
}

/// Those behind a public address; `None` when it is none of the classic API's.
pub(crate) fn ways_to_public(cx: &Cx<'_>, owner: Key, call: &Connection) -> Option<Ways> {
    for (key, deployment) in cx.classic().deployments.iter() {
        if let Some(vip) = deployment.vips.iter().find(|vip| vip.key == owner) {
            return Some(ways_of_door(cx, key, deployment, Door::Vip(vip), call));
        }
        let own = |role: &&Role| role.public_ip == Some(PublicIp(owner));
        if let Some(role) = deployment.roles.iter().find(own) {
            return Some(direct(cx, key, deployment, role, role.port, call));
        }
    }
    let mut reserved = cx.classic().reserved_ips.iter();
    reserved
        .any(|(_, reserved)| reserved.key == owner)
        .then_some(Err(Unreachable::NoEndpoint))
}

/// Those behind a port of the fabric: a load balancer's, or a machine's.
pub(crate) fn ways_to_port(cx: &Cx<'_>, port: Key, call: &Connection) -> Option<Ways> {
    for (key, deployment) in cx.classic().deployments.iter() {
        if let Some(balancer) = deployment.load_balancer.as_ref().filter(|own| own.port == Some(port)) {
            let door = Door::LoadBalancer(&balancer.name);
            return Some(ways_of_door(cx, key, deployment, door, call));
        }
        if let Some(role) = deployment.roles.iter().find(|role| role.ports().contains(&port)) {
            return Some(direct(cx, key, deployment, role, port, call));
        }
    }
    None
}

fn ways_of_door(cx: &Cx<'_>, key: &DeploymentKey, deployment: &Deployment, door: Door<'_>, call: &Connection) -> Ways {
    let exposed: Vec<(&Role, &InputEndpoint)> = deployment
        .roles
        .iter()
        .flat_map(|role| role.network.endpoints.iter().map(move |endpoint| (role, endpoint)))
        .filter(|(_, endpoint)| door.has(endpoint))
        .filter(|(_, endpoint)| endpoint.port == Some(call.port) && call.transport.is(&endpoint.protocol))
        .collect();
    if exposed.is_empty() {
        return Err(Unreachable::NoEndpoint);
    }
    let admitted: Vec<&(&Role, &InputEndpoint)> = exposed
        .iter()
        .filter(|(_, endpoint)| endpoints::permits(endpoint.acl.as_deref().unwrap_or_default(), call.client.address))
        .collect();
    if admitted.is_empty() {
        return Err(Unreachable::Denied);
    }
    let members = admitted.into_iter().map(|(role, endpoint)| {
        let probed = match &endpoint.probe {
            Some(probe) => Some(probe.port),
            None if call.transport == Transport::Udp => None,
            None => Some(endpoint.local_port),
        };
        // One that is alone is not asked how it is.
        let probing = match (&endpoint.set, probed) {
            (None, _) => Probing::Nobody,
            (Some(_), None) => Probing::Readiness,
            (Some(_), Some(port)) => Probing::Port { port, passes: true },
        };
        member(cx, key, deployment, role, role.port, call, endpoint.local_port, probing)
    });
    Ok(members.collect())
}

/// A machine that is called at an address of its own: whatever port; access control lists are of endpoints.
fn direct(
    cx: &Cx<'_>,
    key: &DeploymentKey,
    deployment: &Deployment,
    role: &Role,
    port: Key,
    call: &Connection,
) -> Ways {
    let probing = Probing::Nobody;
    Ok(vec![member(cx, key, deployment, role, port, call, call.port, probing)])
}

#[expect(
    clippy::too_many_arguments,
    reason = "a machine, the way to it, and the port at its end"
)]
fn member(
    cx: &Cx<'_>,
    key: &DeploymentKey,
    deployment: &Deployment,
    role: &Role,
    port: Key,
    call: &Connection,
    local_port: u16,
    probing: Probing,
) -> Member {
    let held = cx.fabric().ports.get(&port).and_then(|row| row.addresses.first());
    let destination = held.map_or(Ipv4Addr::UNSPECIFIED, |held| held.address);
    let groups = groups_of(cx, deployment, role, port);
    let passes = |packet: &Packet| groups.iter().all(|group| admits(group, packet));
    Member {
        answerer: Answerer {
            service: service_name(cx, key),
            role: role.name.clone(),
            host_name: role.host_name.clone(),
            local_port,
        },
        ready: role.timeline.at(cx.now()) == Phase::Ready,
        probing: match probing {
            Probing::Port { port, .. } => Probing::Port {
                port,
                passes: passes(&Packet::probe(destination, port)),
            },
            other => other,
        },
        passes: passes(&call.packet(destination, local_port)),
    }
}

fn service_name(cx: &Cx<'_>, key: &DeploymentKey) -> Box<str> {
    let service = cx.classic().hosted_services.get(&key.0);
    service.map_or_else(|| key.0.clone(), |service| service.name.clone())
}

/// The groups that traffic to a port passes: its subnet's, and its machine's or interface's.
fn groups_of<'a>(cx: &Cx<'a>, deployment: &Deployment, role: &Role, port: Key) -> Vec<&'a NetworkSecurityGroup> {
    let named = |name: &Option<Box<str>>| {
        let name = name.as_deref()?;
        let all = &cx.classic().network_security_groups;
        all.get(&Named::new(deployment.subscription, name))
    };
    let pool = cx
        .fabric()
        .ports
        .get(&port)
        .and_then(|row| row.addresses.first())
        .map(|held| held.pool);
    let mut sites = cx.classic().virtual_networks.range(Named::all(deployment.subscription));
    let subnet = sites.find_map(|(_, site)| site.subnets.iter().find(|subnet| Some(subnet.key) == pool));
    let of_subnet = subnet.and_then(|subnet| named(&subnet.security_group));
    let nic = role.network.interfaces.iter().find(|nic| nic.port == Some(port));
    let of_machine = match nic {
        Some(nic) => named(&nic.security_group),
        None => named(&role.network.security_group),
    };
    of_subnet.into_iter().chain(of_machine).collect()
}

fn inbound(group: &NetworkSecurityGroup) -> Vec<&RuleSpec> {
    let mut rules: Vec<&RuleSpec> = group
        .rules
        .iter()
        .map(|rule| &rule.spec)
        .filter(|rule| rule.inbound)
        .collect();
    rules.sort_by_key(|rule| rule.priority);
    rules
}

/// Whether a group's rules let a packet in: the lowest priority that matches decides, behind them the default rules (SM 11.5).
fn admits(group: &NetworkSecurityGroup, packet: &Packet) -> bool {
    let is = |text: &str, tag: &str| text.eq_ignore_ascii_case(tag);
    let has = |text: &str, address: Ipv4Addr| endpoints::prefix(text).is_some_and(|prefix| prefix.contains(&address));
    let from = |text: &str| match packet.source {
        _ if text == "*" => true,
        Source::Outside(address) => is(text, "INTERNET") || has(text, address),
        Source::Inside { address, .. } => is(text, "VIRTUAL_NETWORK") || has(text, address),
        Source::Balancer => is(text, "AZURE_LOADBALANCER") || has(text, packet.source.address()),
    };
    let to = |text: &str| text == "*" || is(text, "VIRTUAL_NETWORK") || has(text, packet.destination);
    let rules = inbound(group);
    let matching = rules.iter().find(|rule| {
        packet.transport.is(&rule.protocol)
            && from(&rule.source)
            && has_port(&rule.source_ports, CLIENT_PORT)
            && to(&rule.destination)
            && has_port(&rule.destination_ports, packet.port)
    });
    match matching {
        Some(rule) => rule.allow,
        None => !matches!(packet.source, Source::Outside(_)),
    }
}

/// Every port of endpoints, and of machines with a public address of their own.
pub(crate) fn exposed(cx: &Cx<'_>, named: &impl Fn(&str, &str) -> Vec<u16>, found: &mut BTreeSet<Exposed>) {
    for (key, deployment) in cx.classic().deployments.iter() {
        let holder = |name: &str| Holder {
            service: service_name(cx, key),
            slot: Some(match key.1 {
                Slot::Production => "production",
                Slot::Staging => "staging",
            }),
            name: name.into(),
        };
        for vip in &deployment.vips {
            if let Some(address) = cx.vip_address(vip) {
                let endpoints = of_door(deployment, Door::Vip(vip));
                expose(Address::Public(address), endpoints, &holder(&vip.name), found);
            }
        }
        if let Some(balancer) = &deployment.load_balancer
            && let Some(address) = balancer.port.and_then(|port| private_address(cx, port))
        {
            let endpoints = of_door(deployment, Door::LoadBalancer(&balancer.name));
            expose(address, endpoints, &holder(&balancer.name), found);
        }
        for role in &deployment.roles {
            let own = role
                .public_ip
                .and_then(|PublicIp(owner)| cx.fabric().public_addresses.get(&owner));
            if let Some(address) = own.and_then(|row| row.address) {
                let ports = ports_of(cx, deployment, role, named(&service_name(cx, key), &role.name));
                expose(Address::Public(address), ports, &holder(&role.name), found);
            }
        }
    }
}

fn expose(
    address: Address,
    ports: impl IntoIterator<Item = (u16, Transport)>,
    holder: &Holder,
    found: &mut BTreeSet<Exposed>,
) {
    found.extend(ports.into_iter().map(|(port, transport)| Exposed {
        address,
        port,
        transport,
        holder: holder.clone(),
    }));
}

fn of_door<'d>(deployment: &'d Deployment, door: Door<'d>) -> impl Iterator<Item = (u16, Transport)> + 'd {
    let endpoints = deployment.roles.iter().flat_map(|role| role.network.endpoints.iter());
    endpoints
        .filter(move |endpoint| door.has(endpoint))
        .filter_map(|endpoint| endpoint.port.zip(Transport::find(&endpoint.protocol)))
}

/// The ports at which a machine with an address of its own is worth calling.
fn ports_of(cx: &Cx<'_>, deployment: &Deployment, role: &Role, named: Vec<u16>) -> BTreeSet<(u16, Transport)> {
    let windows = role.os_disk.os == System::Windows;
    let mut ports = BTreeSet::from([(administration_port(windows), Transport::Tcp)]);
    ports.extend(named.into_iter().map(|port| (port, Transport::Tcp)));
    for endpoint in &role.network.endpoints {
        ports.extend(Transport::find(&endpoint.protocol).map(|transport| (endpoint.local_port, transport)));
    }
    for rule in groups_of(cx, deployment, role, role.port).into_iter().flat_map(inbound) {
        if let Some((first, last)) = range(&rule.destination_ports).filter(|_| rule.allow) {
            let transport = if rule.protocol.eq_ignore_ascii_case("udp") {
                Transport::Udp
            } else {
                Transport::Tcp
            };
            ports.extend(ports_of_range(first, last).map(|port| (port, transport)));
        }
    }
    ports
}

/// The address that a port holds, with its network.
fn private_address(cx: &Cx<'_>, port: Key) -> Option<Address> {
    let held = cx.fabric().ports.get(&port)?.addresses.first()?;
    let pool = cx.fabric().pools.get(&held.pool)?;
    Some(Address::Private {
        network: pool.network,
        address: held.address,
    })
}

/// The name of a network of the classic API.
pub(crate) fn network_name(cx: &Cx<'_>, network: Key) -> Option<Box<str>> {
    let mut sites = cx.classic().virtual_networks.iter();
    if let Some((_, site)) = sites.find(|(_, site)| site.key == network) {
        return Some(site.spec.name.clone());
    }
    let mut deployments = cx.classic().deployments.iter();
    let own = deployments.find(|(_, row)| row.pool.is_some() && row.key == network);
    own.map(|(key, _)| service_name(cx, key))
}
