//! Ways through Resource Manager's network: frontends with their rules and NAT rules, pools and probes, security groups with their
//! tags and application security groups (ARM 3.5, 8.2). It reads edges, facts and the fabric.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use serde_json::Value;

use super::{
    Address, Answerer, CLIENT_PORT, Connection, Exposed, Holder, Member, Packet, Probing, Source, Transport,
    Unreachable, Ways, administration_port, ports_of_range,
};
use crate::cx::Cx;
use crate::fabric::{PortAddress, Power};
use crate::key::Key;
use crate::registry::{Kind, State};
use crate::resource::{Edge, Resource};
use crate::types::network::access_rules::{Access, AccessRule, Direction, Prefix, Protocol};

/// Where a resource names its security group.
const GROUP: &str = "/properties/networkSecurityGroup";

/// A configuration of an interface: the interface's port, and the configuration's name.
struct Seat<'a> {
    port: Key,
    configuration: &'a str,
}

/// Those behind a public address.
pub(super) fn ways_to_public(cx: &Cx<'_>, owner: Key, call: &Connection) -> Ways {
    let public = cx.find(owner).ok_or(Unreachable::NoEndpoint)?;
    let closed = is_standard(public);
    if public.kind == Kind::ScaleSetPublicIpAddresses {
        let configuration = cx.resource(public.parent);
        let seat = Seat {
            port: configuration.parent,
            configuration: &configuration.name,
        };
        return direct(cx, &seat, call, false);
    }
    for (source, edge) in cx.incoming(owner) {
        match source.kind {
            Kind::FrontendIpConfigurations => return ways_of_frontend(cx, source, call, closed),
            Kind::NetworkInterfaces => return direct(cx, &seat_of(source, edge), call, closed),
            _ => {}
        }
    }
    Err(Unreachable::NoEndpoint)
}

/// Those behind a port of the fabric: a frontend's, or an interface's.
pub(super) fn ways_to_port(cx: &Cx<'_>, port: Key, call: &Connection) -> Ways {
    let holder = cx.find(port).ok_or(Unreachable::NoAddress)?;
    if holder.kind == Kind::FrontendIpConfigurations {
        return ways_of_frontend(cx, holder, call, false);
    }
    let addresses = cx.fabric().ports.get(&port).map(|row| row.addresses.as_slice());
    let held = addresses
        .unwrap_or_default()
        .iter()
        .find(|held| held.address == call.to.ip())
        .ok_or(Unreachable::NoAddress)?;
    let seat = Seat {
        port,
        configuration: &held.name,
    };
    direct(cx, &seat, call, false)
}

/// A machine that is called at an address of its own: whatever port.
fn direct(cx: &Cx<'_>, seat: &Seat<'_>, call: &Connection, closed: bool) -> Ways {
    let member = member(cx, seat, call, call.port, None, closed);
    member.map(|member| vec![member]).ok_or(Unreachable::NotRunning)
}

/// Those that a frontend's rules lead to. A Standard public one is closed to all that no group lets in (ARM 8.2).
fn ways_of_frontend(cx: &Cx<'_>, frontend: &Resource, call: &Connection, closed: bool) -> Ways {
    let hears = |own: Key, port: u16, protocol: &str| {
        own == frontend.key && (port == call.port || port == 0) && call.transport.is(protocol)
    };
    let at = |backend: u16| if backend == 0 { call.port } else { backend };
    for child in cx.children(frontend.parent, Kind::InboundNatRules) {
        let State::InboundNatRules(rule) = &child.state else {
            continue;
        };
        if hears(rule.frontend, rule.frontend_port, &rule.protocol) {
            let members = seats(cx, child.key)
                .into_iter()
                .filter_map(|seat| member(cx, &seat, call, at(rule.backend_port), None, closed));
            return Ok(members.collect());
        }
    }
    for child in cx.children(frontend.parent, Kind::LoadBalancingRules) {
        let State::LoadBalancingRules(rule) = &child.state else {
            continue;
        };
        if !hears(rule.frontend, rule.frontend_port, &rule.protocol) {
            continue;
        }
        let probe = rule.probe.and_then(|probe| match &cx.resource(probe).state {
            State::Probes(probe) => Some(probe.port),
            _ => None,
        });
        let pool = rule.pool.map(|pool| seats(cx, pool)).unwrap_or_default();
        let members = pool
            .into_iter()
            .filter_map(|seat| member(cx, &seat, call, at(rule.backend_port), probe, closed));
        return Ok(members.collect());
    }
    Err(Unreachable::NoEndpoint)
}

/// The configurations that name a pool or a NAT rule.
fn seats<'a>(cx: &Cx<'a>, target: Key) -> Vec<Seat<'a>> {
    cx.incoming(target)
        .filter_map(|(source, edge)| match source.kind {
            Kind::NetworkInterfaces => Some(seat_of(source, edge)),
            Kind::ScaleSetIpConfigurations => Some(Seat {
                port: source.parent,
                configuration: &source.name,
            }),
            _ => None,
        })
        .collect()
}

fn seat_of<'a>(interface: &'a Resource, edge: &'a Edge) -> Seat<'a> {
    Seat {
        port: interface.key,
        configuration: edge.part.rsplit('/').next().unwrap_or_default(),
    }
}

fn held<'a>(cx: &Cx<'a>, seat: &Seat<'_>) -> Option<&'a PortAddress> {
    let port = cx.fabric().ports.get(&seat.port)?;
    let named = |held: &&PortAddress| held.name.eq_ignore_ascii_case(seat.configuration);
    port.addresses.iter().find(named)
}

/// The machine behind a configuration, while it is on a host: one that is not is in no pool's turn (ARM 8.2).
fn member(
    cx: &Cx<'_>,
    seat: &Seat<'_>,
    call: &Connection,
    local_port: u16,
    probe: Option<u16>,
    closed: bool,
) -> Option<Member> {
    let held = held(cx, seat)?;
    let machine = cx.fabric().ports.get(&seat.port)?.machine?;
    let power = cx.fabric().machines.get(&machine)?.power;
    if !power.is_allocated() {
        return None;
    }
    let groups = groups_of(cx, seat.port, held.pool);
    let passes = |packet: &Packet| groups.iter().all(|group| admits(cx, *group, packet, seat));
    let probing = match probe {
        None => Probing::Nobody,
        Some(port) => Probing::Port {
            port,
            passes: passes(&Packet::probe(held.address, port)),
        },
    };
    let is_closed = closed && groups.is_empty();
    let (service, role, host_name) = names(cx, machine);
    Some(Member {
        answerer: Answerer {
            service,
            role,
            host_name,
            local_port,
        },
        ready: power == Power::Running,
        probing,
        passes: !is_closed && passes(&call.packet(held.address, local_port)),
    })
}

/// Group, name and computer name of a machine.
fn names(cx: &Cx<'_>, machine: Key) -> (Box<str>, Box<str>, Box<str>) {
    let resource = cx.resource(machine);
    let group = cx.resource(resource.group).name.clone();
    let name = if resource.kind == Kind::ScaleSetMachines {
        format!("{}_{}", cx.resource(resource.parent).name, resource.name).into()
    } else {
        resource.name.clone()
    };
    let computer = resource.echo.pointer("/properties/osProfile/computerName");
    let computer = computer.and_then(Value::as_str).map_or_else(|| name.clone(), Box::from);
    (group, name, computer)
}

fn is_standard(resource: &Resource) -> bool {
    let sku = resource.echo.pointer("/sku/name").and_then(Value::as_str);
    sku.is_some_and(|sku| sku.eq_ignore_ascii_case("Standard"))
}

/// The security groups that traffic to a port passes: its subnet's, and its interface's.
fn groups_of(cx: &Cx<'_>, port: Key, pool: Key) -> Vec<Key> {
    let named = |key: Key| {
        let resource = cx.find(key)?;
        let edge = resource.edges.iter().find(|edge| &*edge.at == GROUP)?;
        Some(edge.target)
    };
    [pool, port].into_iter().filter_map(named).collect()
}

/// The rules of a group for traffic that comes in, the first one first.
fn inbound<'a>(cx: &Cx<'a>, group: Key) -> Vec<&'a AccessRule> {
    let mut rules: Vec<&AccessRule> = cx
        .children(group, Kind::SecurityRules)
        .filter_map(|child| match &child.state {
            State::SecurityRules(state) => Some(&state.rule),
            _ => None,
        })
        .filter(|rule| rule.direction == Direction::Inbound)
        .collect();
    rules.sort_by_key(|rule| rule.priority);
    rules
}

/// Whether a group lets a packet in: the first rule that is about it decides, behind them the three that every group has (ARM 8.2).
fn admits(cx: &Cx<'_>, group: Key, packet: &Packet, seat: &Seat<'_>) -> bool {
    let is_about = |rule: &&&AccessRule| {
        let protocol = match rule.protocol {
            Protocol::Any => true,
            Protocol::Tcp => packet.transport == Transport::Tcp,
            Protocol::Udp => packet.transport == Transport::Udp,
            Protocol::Icmp | Protocol::Esp | Protocol::Ah => false,
        };
        let from = |prefix: &Prefix| match prefix {
            Prefix::Any => true,
            Prefix::Net(net) => net.contains(&std::net::IpAddr::V4(packet.source.address())),
            Prefix::Tag(tag) => match packet.source {
                Source::Outside(_) => &**tag == "Internet",
                Source::Inside { .. } => &**tag == "VirtualNetwork",
                Source::Balancer => &**tag == "AzureLoadBalancer",
            },
            Prefix::Group(members) => match packet.source {
                Source::Inside { address, network } => seat_at(cx, network, address, *members),
                Source::Outside(_) | Source::Balancer => false,
            },
        };
        let to = |prefix: &Prefix| match prefix {
            Prefix::Any => true,
            Prefix::Net(net) => net.contains(&std::net::IpAddr::V4(packet.destination)),
            Prefix::Tag(tag) => &**tag == "VirtualNetwork",
            Prefix::Group(members) => is_in(cx, *members, seat.port, seat.configuration),
        };
        protocol
            && rule.sources.iter().any(from)
            && rule.source_ports.iter().any(|range| range.contains(CLIENT_PORT))
            && rule.destinations.iter().any(to)
            && rule.destination_ports.iter().any(|range| range.contains(packet.port))
    };
    match inbound(cx, group).iter().find(is_about) {
        Some(rule) => rule.access == Access::Allow,
        None => !matches!(packet.source, Source::Outside(_)),
    }
}

/// Whether a configuration is a member of an application security group.
fn is_in(cx: &Cx<'_>, members: Key, port: Key, configuration: &str) -> bool {
    seats(cx, members)
        .iter()
        .any(|seat| seat.port == port && seat.configuration.eq_ignore_ascii_case(configuration))
}

/// Whether whoever holds an address of a network is one.
fn seat_at(cx: &Cx<'_>, network: Key, address: Ipv4Addr, members: Key) -> bool {
    let Some(port) = cx.holder_of(network, address) else {
        return false;
    };
    let addresses = cx.fabric().ports.get(&port).map(|row| row.addresses.as_slice());
    let mut own = addresses.unwrap_or_default().iter();
    own.any(|held| held.address == address && is_in(cx, members, port, &held.name))
}

/// Every port of frontends, and of machines with a public address of their own.
pub(super) fn exposed(cx: &Cx<'_>, named: &impl Fn(&str, &str) -> Vec<u16>, found: &mut BTreeSet<Exposed>) {
    for (address, owner) in cx.fabric().public_in_use.iter() {
        let address = Address::Public(Ipv4Addr::from(*address));
        let Some(public) = cx.find(*owner) else {
            continue;
        };
        if public.kind == Kind::ScaleSetPublicIpAddresses {
            let configuration = cx.resource(public.parent);
            let seat = Seat {
                port: configuration.parent,
                configuration: &configuration.name,
            };
            expose_machine(cx, address, &seat, named, found);
        }
        for (source, edge) in cx.incoming(*owner) {
            match source.kind {
                Kind::FrontendIpConfigurations => expose_frontend(cx, address, source, found),
                Kind::NetworkInterfaces => expose_machine(cx, address, &seat_of(source, edge), named, found),
                _ => {}
            }
        }
    }
    for (key, port) in cx.fabric().ports.iter() {
        let Some(frontend) = cx.find(*key).filter(|own| own.kind == Kind::FrontendIpConfigurations) else {
            continue;
        };
        for held in &port.addresses {
            if let Some(pool) = cx.fabric().pools.get(&held.pool) {
                let address = Address::Private {
                    network: pool.network,
                    address: held.address,
                };
                expose_frontend(cx, address, frontend, found);
            }
        }
    }
}

fn expose_frontend(cx: &Cx<'_>, address: Address, frontend: &Resource, found: &mut BTreeSet<Exposed>) {
    let balancer = cx.resource(frontend.parent);
    let holder = Holder {
        service: cx.resource(balancer.group).name.clone(),
        slot: None,
        name: format!("{}/{}", balancer.name, frontend.name).into(),
    };
    let rules = cx
        .children(balancer.key, Kind::LoadBalancingRules)
        .chain(cx.children(balancer.key, Kind::InboundNatRules));
    for child in rules {
        let (own, port, protocol, probe) = match &child.state {
            State::LoadBalancingRules(rule) => (rule.frontend, rule.frontend_port, &rule.protocol, rule.probe),
            State::InboundNatRules(rule) => (rule.frontend, rule.frontend_port, &rule.protocol, None),
            _ => continue,
        };
        // One that takes every port is opened where its probe knocks: nothing else is known of its machines.
        let port = match (port, probe.map(|probe| &cx.resource(probe).state)) {
            (0, Some(State::Probes(probe))) => probe.port,
            (port, _) => port,
        };
        if own != frontend.key || port == 0 {
            continue;
        }
        for transport in [Transport::Tcp, Transport::Udp] {
            if transport.is(protocol) {
                found.insert(Exposed {
                    address,
                    port,
                    transport,
                    holder: holder.clone(),
                });
            }
        }
    }
}

fn expose_machine(
    cx: &Cx<'_>,
    address: Address,
    seat: &Seat<'_>,
    named: &impl Fn(&str, &str) -> Vec<u16>,
    found: &mut BTreeSet<Exposed>,
) {
    let machine = cx.fabric().ports.get(&seat.port).and_then(|port| port.machine);
    let Some((machine, held)) = machine.zip(held(cx, seat)) else {
        return;
    };
    let (service, name, _) = names(cx, machine);
    let windows = cx
        .resource(machine)
        .echo
        .pointer("/properties/osProfile/windowsConfiguration");
    let mut ports = BTreeSet::from([(administration_port(windows.is_some()), Transport::Tcp)]);
    ports.extend(named(&service, &name).into_iter().map(|port| (port, Transport::Tcp)));
    for rule in groups_of(cx, seat.port, held.pool)
        .into_iter()
        .flat_map(|group| inbound(cx, group))
        .filter(|rule| rule.access == Access::Allow)
    {
        let open = rule
            .destination_ports
            .iter()
            .flat_map(|range| ports_of_range(range.first, range.last));
        for port in open {
            if matches!(rule.protocol, Protocol::Any | Protocol::Tcp) {
                ports.insert((port, Transport::Tcp));
            }
            if rule.protocol == Protocol::Udp {
                ports.insert((port, Transport::Udp));
            }
        }
    }
    for (port, transport) in ports {
        found.insert(Exposed {
            address,
            port,
            transport,
            holder: Holder {
                service: service.clone(),
                slot: None,
                name: name.clone(),
            },
        });
    }
}
