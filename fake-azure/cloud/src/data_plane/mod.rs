//! The data plane: who would answer a connection to an address (SM 7.3, ARM 8.2). Both stacks lead to the same fabric: an address
//! is public, or lies in a network; what stands at it is an endpoint of a deployment, a frontend of a load balancer, or a machine.
//!
//! What a machine answers with, and on which ports something listens, is said by whoever asks: the cloud knows machines, not what
//! runs on them.

mod resources;

use std::collections::BTreeSet;
use std::fmt;
use std::net::Ipv4Addr;

use crate::classic::data_plane as classic;
use crate::cx::Cx;
use crate::fabric::PeeringState;
use crate::key::Key;

/// An address that connections go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Address {
    /// A public one.
    Public(Ipv4Addr),
    /// One of a network, which others may have, too.
    Private {
        /// The network.
        network: Key,
        /// The address.
        address: Ipv4Addr,
    },
}

impl Address {
    /// The address itself.
    pub const fn ip(self) -> Ipv4Addr {
        match self {
            Address::Public(address) | Address::Private { address, .. } => address,
        }
    }
}

/// How a connection is transported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Transport {
    /// `tcp` or `udp`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Transport::Tcp => "tcp",
            Transport::Udp => "udp",
        }
    }

    /// Reads it in any case.
    pub fn find(text: &str) -> Option<Transport> {
        [Transport::Tcp, Transport::Udp]
            .into_iter()
            .find(|own| own.as_str().eq_ignore_ascii_case(text))
    }

    /// Whether a rule's protocol is about it: its name in any case, `*` or `All`.
    pub(crate) fn is(self, protocol: &str) -> bool {
        protocol == "*" || protocol.eq_ignore_ascii_case("All") || protocol.eq_ignore_ascii_case(self.as_str())
    }
}

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its address.
    pub address: Ipv4Addr,
    /// The network that it calls from; none from the internet.
    pub network: Option<Key>,
}

/// A connection.
#[derive(Clone, Copy, Debug)]
pub struct Connection {
    /// Where it goes.
    pub to: Address,
    /// The port.
    pub port: u16,
    /// How it is transported.
    pub transport: Transport,
    /// Who calls.
    pub client: Client,
    /// Which connection to this port it is, counted from 0: members take turns.
    pub number: u64,
}

/// What stands at an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holder {
    /// The hosted service, as created, or the resource group.
    pub service: Box<str>,
    /// `production` or `staging`, for a hosted service.
    pub slot: Option<&'static str>,
    /// The virtual IP's, load balancer's or role's name; empty for a deployment's first address.
    pub name: Box<str>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [&*self.service, self.slot.unwrap_or_default(), &*self.name];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        f.write_str(&parts.join(" "))
    }
}

/// A port that somebody may call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exposed {
    /// The address.
    pub address: Address,
    /// The port.
    pub port: u16,
    /// How it is called.
    pub transport: Transport,
    /// What stands there.
    pub holder: Holder,
}

/// Who answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answerer {
    /// The hosted service, as created, or the resource group.
    pub service: Box<str>,
    /// The machine's name: its role's, its own, `set_2` in a scale set.
    pub role: Box<str>,
    /// The name by which the machine knows itself.
    pub host_name: Box<str>,
    /// The port on the machine.
    pub local_port: u16,
}

/// Why nobody answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// Nothing has the address, the name resolves to none, or no way leads to its network.
    NoAddress,
    /// Neither an endpoint nor a rule has the port.
    NoEndpoint,
    /// The endpoint's access control list keeps the client out.
    Denied,
    /// A network security group keeps the client out, or the address is one that is closed without a group.
    Filtered,
    /// No member is healthy.
    NoHealthyMember,
    /// The machine is not ready.
    NotRunning,
    /// Nothing listens at the machine's port.
    NotListening,
}

impl Unreachable {
    /// In the words of the control API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Unreachable::NoAddress => "NoAddress",
            Unreachable::NoEndpoint => "NoEndpoint",
            Unreachable::Denied => "Denied",
            Unreachable::Filtered => "Filtered",
            Unreachable::NoHealthyMember => "NoHealthyMember",
            Unreachable::NotRunning => "NotRunning",
            Unreachable::NotListening => "NotListening",
        }
    }
}

/// Where a packet comes from, as security groups tell it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    /// The internet.
    Outside(Ipv4Addr),
    /// A network that a way leads from.
    Inside { address: Ipv4Addr, network: Key },
    /// A balancer that probes.
    Balancer,
}

impl Source {
    /// The address that rules see.
    pub(crate) const fn address(self) -> Ipv4Addr {
        match self {
            Source::Outside(address) | Source::Inside { address, .. } => address,
            Source::Balancer => PROBES_FROM,
        }
    }

    fn of(client: &Client) -> Source {
        match client.network {
            Some(network) => Source::Inside {
                address: client.address,
                network,
            },
            None => Source::Outside(client.address),
        }
    }
}

/// Where every probe comes from (ARM 8.2, the tag `AzureLoadBalancer`).
const PROBES_FROM: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);

/// The port that clients are taken to call from, where a rule asks: any of the high ones.
pub(crate) const CLIENT_PORT: u16 = 50_000;

/// What a security group is asked about: a packet on its way into a machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packet {
    pub(crate) source: Source,
    /// The machine's private address: public ones are translated before (ARM 8.2).
    pub(crate) destination: Ipv4Addr,
    pub(crate) port: u16,
    pub(crate) transport: Transport,
}

/// How a member's health is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Probing {
    /// Not at all: it gets its turn, well or not.
    Nobody,
    /// Only whether its machine is ready.
    Readiness,
    /// At a port, which security groups may keep probes from.
    Port { port: u16, passes: bool },
}

/// A machine that a connection may go to.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) answerer: Answerer,
    /// Whether its system is up.
    pub(crate) ready: bool,
    pub(crate) probing: Probing,
    /// Whether security groups let the client in.
    pub(crate) passes: bool,
}

/// Those that a connection may go to, once it was admitted to the place it calls.
pub(crate) type Ways = Result<Vec<Member>, Unreachable>;

impl Cx<'_> {
    /// Every port that somebody may call, by address and port: endpoints and rules, and for machines with an address of their own
    /// those ports that a group lets the internet come to, that their system is administered by, or that `named` adds to a service's or
    /// group's machine.
    pub fn exposed(&self, named: impl Fn(&str, &str) -> Vec<u16>) -> Vec<Exposed> {
        let mut found = BTreeSet::new();
        classic::exposed(self, &named, &mut found);
        resources::exposed(self, &named, &mut found);
        found.into_iter().collect()
    }

    /// Who would answer a connection. Members whose probe succeeds take turns in connection order; `listens` says whether something
    /// does at a machine's port.
    ///
    /// # Errors
    ///
    /// When nobody does.
    pub fn who_answers(&self, call: &Connection, listens: impl Fn(&Answerer) -> bool) -> Result<Answerer, Unreachable> {
        let members = self.ways(call)?;
        if !members.is_empty() && members.iter().all(|member| !member.passes) {
            return Err(Unreachable::Filtered);
        }
        let is_well = |member: &&Member| match member.probing {
            Probing::Nobody => true,
            Probing::Readiness => member.ready,
            Probing::Port { port, passes } => {
                let probed = Answerer {
                    local_port: port,
                    ..member.answerer.clone()
                };
                member.ready && passes && listens(&probed)
            }
        };
        let well: Vec<&Member> = members.iter().filter(is_well).collect();
        if well.is_empty() {
            return Err(Unreachable::NoHealthyMember);
        }
        let turn = usize::try_from(call.number % well.len() as u64).unwrap_or(0);
        let member = well[turn];
        // A balancer does not know what groups do: a member that drops the packet has had its turn.
        if !member.passes {
            return Err(Unreachable::Filtered);
        }
        if !member.ready {
            return Err(Unreachable::NotRunning);
        }
        if !listens(&member.answerer) {
            return Err(Unreachable::NotListening);
        }
        Ok(member.answerer.clone())
    }

    fn ways(&self, call: &Connection) -> Ways {
        match call.to {
            Address::Public(address) => {
                let owner = self.fabric().public_in_use.get(&u32::from(address));
                let owner = *owner.ok_or(Unreachable::NoAddress)?;
                classic::ways_to_public(self, owner, call)
                    .unwrap_or_else(|| resources::ways_to_public(self, owner, call))
            }
            Address::Private { network, address } => {
                if !call.client.network.is_some_and(|from| self.leads(from, network)) {
                    return Err(Unreachable::NoAddress);
                }
                let port = self.holder_of(network, address).ok_or(Unreachable::NoAddress)?;
                classic::ways_to_port(self, port, call).unwrap_or_else(|| resources::ways_to_port(self, port, call))
            }
        }
    }

    /// Whether traffic of one network gets to another: they are one, or peered both ways (ARM 8.2).
    fn leads(&self, from: Key, to: Key) -> bool {
        let half = |one: Key, other: Key| {
            self.fabric()
                .peering_between(one, other)
                .is_some_and(|(_, row)| row.state == PeeringState::Connected)
        };
        from == to || (half(from, to) && half(to, from))
    }

    /// The port that holds an address of a network.
    pub(crate) fn holder_of(&self, network: Key, address: Ipv4Addr) -> Option<Key> {
        let fabric = self.fabric();
        let pools = fabric.pools.iter().filter(|(_, pool)| pool.network == network);
        pools
            .filter_map(|(key, _)| fabric.leases.get(&(*key, u32::from(address))))
            .next()
            .copied()
    }

    /// The networks in which somebody holds an address, each with its name.
    pub fn networks_with(&self, address: Ipv4Addr) -> Vec<(Key, Box<str>)> {
        let networks = self.fabric().networks.iter().map(|(key, _)| *key);
        networks
            .filter(|network| self.holder_of(*network, address).is_some())
            .map(|network| (network, self.network_name(network)))
            .collect()
    }

    /// The name of a network: a virtual network's, or of the hosted service whose machines have it to themselves.
    fn network_name(&self, network: Key) -> Box<str> {
        match self.find(network) {
            Some(resource) => resource.name.clone(),
            None => classic::network_name(self, network).unwrap_or_default(),
        }
    }

    /// Where those are taken to call from who come from inside of a network and say nothing else: its gateway, the first address of
    /// the subnet that is called.
    pub fn gateway_of(&self, network: Key, called: Ipv4Addr) -> Option<Ipv4Addr> {
        let pools = self.fabric().pools.iter().map(|(_, pool)| pool);
        let prefix = pools
            .filter(|pool| pool.network == network && pool.contains(called))
            .find_map(|pool| pool.ipv4())?;
        Some(Ipv4Addr::from(u32::from(prefix.network()) + 1))
    }
}

/// How many ports of a rule's range are opened; a longer one stands for "any", not for a service.
const RANGE_MAX: u16 = 16;

/// The ports of a range that is about a service.
pub(crate) fn ports_of_range(first: u16, last: u16) -> impl Iterator<Item = u16> {
    let is_service = first > 0 && last.saturating_sub(first) < RANGE_MAX;
    (first..=last).filter(move |_| is_service)
}

/// The port that a system is administered by: remote desktop, or a shell.
pub(crate) const fn administration_port(windows: bool) -> u16 {
    if windows { 3389 } else { 22 }
}

/// Whether a rule's ports, `*`, `80` or `80-90`, have one.
pub(crate) fn has_port(text: &str, port: u16) -> bool {
    text == "*" || range(text).is_some_and(|(first, last)| (first..=last).contains(&port))
}

/// `80` or `80-90`.
pub(crate) fn range(text: &str) -> Option<(u16, u16)> {
    let number = |text: &str| text.trim().parse::<u16>().ok();
    match text.split_once('-') {
        Some((first, last)) => Some((number(first)?, number(last)?)),
        None => number(text).map(|port| (port, port)),
    }
}

impl Connection {
    /// What a security group of a machine at `destination` is asked about the client.
    pub(crate) fn packet(&self, destination: Ipv4Addr, port: u16) -> Packet {
        Packet {
            source: Source::of(&self.client),
            destination,
            port,
            transport: self.transport,
        }
    }
}

impl Packet {
    /// A probe of a machine's port.
    pub(crate) const fn probe(destination: Ipv4Addr, port: u16) -> Packet {
        Packet {
            source: Source::Balancer,
            destination,
            port,
            transport: Transport::Tcp,
        }
    }
}

#[cfg(test)]
mod tests;
