//! The network configuration: one document per subscription, written whole (SM 11.2). What the service makes of its sites is
//! in `virtual_networks`.

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::virtual_networks::{self, VirtualNetworkSite};
use super::{Asked, Hold, Named, Placement, Step, forms, operations, placement, subscription};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::plan::Plan;

/// The document. Sections in the canonical order; prefixes as sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkConfiguration {
    /// DNS servers that sites refer to.
    pub dns_servers: Vec<DnsServerEntry>,
    /// Networks elsewhere.
    pub local_sites: Vec<LocalNetworkSite>,
    /// Virtual networks.
    pub sites: Vec<SiteSpec>,
}

/// A DNS server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsServerEntry {
    /// Name.
    pub name: Box<str>,
    /// Address, as sent.
    pub address: Box<str>,
}

/// A network elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalNetworkSite {
    /// Name.
    pub name: Box<str>,
    /// Prefixes.
    pub prefixes: Vec<Box<str>>,
    /// The address of its gateway.
    pub gateway: Option<Box<str>>,
}

/// A virtual network as asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteSpec {
    /// Name.
    pub name: Box<str>,
    /// Where it is.
    pub placement: Option<Placement>,
    /// Address space.
    pub prefixes: Vec<Box<str>>,
    /// Subnets.
    pub subnets: Vec<SubnetSpec>,
    /// Names of DNS servers.
    pub dns_servers: Vec<Box<str>>,
    /// Gateway.
    pub gateway: Option<GatewaySpec>,
}

/// A subnet as asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubnetSpec {
    /// Name.
    pub name: Box<str>,
    /// Prefix.
    pub prefix: Box<str>,
}

/// A gateway as asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewaySpec {
    /// `Small` ...
    pub profile: Option<Box<str>>,
    /// Prefixes for clients that dial in.
    pub client_pool: Vec<Box<str>>,
    /// Networks elsewhere that it connects to, each with the type of the connection.
    pub connections: Vec<(Box<str>, Box<str>)>,
}

/// A prefix as the document writes it; bits of the host may be set (recorded: `10.0.1.0/11`).
pub(super) fn prefix(text: &str) -> Result<Ipv4Net, CloudError> {
    text.trim()
        .parse()
        .map_err(|_| CloudError::of(&forms::NETWORK_PREFIX).with("prefix", text))
}

/// Writes the document whole.
pub(super) fn put(cx: &Cx<'_>, asked: &Asked, document: &NetworkConfiguration) -> Result<Step, CloudError> {
    let hold = Hold::NetworkConfiguration(asked.subscription);
    operations::check_free(cx, &hold)?;
    let document = canonical(document);
    check_prefixes(&document)?;
    let step = |plan| Step::later(plan, (20_000, 31_000)).holding(hold.clone());
    if let Some(error) = wrong(cx, &document).or_else(|| virtual_networks::in_use(cx, asked, &document)) {
        return Ok(step(Plan::new()).doomed(error));
    }
    let is_empty = document.sites.is_empty() && document.local_sites.is_empty() && document.dns_servers.is_empty();
    let plan = virtual_networks::follow(cx, asked, &document);
    Ok(step(plan.network_configuration(
        asked.subscription,
        (!is_empty).then_some(document),
    )))
}

/// Sites by name without regard to case; an affinity group sent empty is none (SM 11.2).
fn canonical(document: &NetworkConfiguration) -> NetworkConfiguration {
    let mut document = document.clone();
    document.sites.sort_by_key(|site| site.name.to_lowercase());
    document.local_sites.sort_by_key(|site| site.name.to_lowercase());
    for site in &mut document.sites {
        if matches!(&site.placement, Some(Placement::AffinityGroup(name) | Placement::Location(name)) if name.is_empty())
        {
            site.placement = None;
        }
    }
    document
}

fn check_prefixes(document: &NetworkConfiguration) -> Result<(), CloudError> {
    let of_sites = document.sites.iter().flat_map(|site| {
        site.prefixes
            .iter()
            .chain(site.subnets.iter().map(|subnet| &subnet.prefix))
    });
    let pools = document
        .sites
        .iter()
        .filter_map(|site| site.gateway.as_ref())
        .flat_map(|gateway| gateway.client_pool.iter());
    for text in of_sites
        .chain(document.local_sites.iter().flat_map(|site| site.prefixes.iter()))
        .chain(pools)
    {
        prefix(text)?;
    }
    let gateways = document.local_sites.iter().filter_map(|site| site.gateway.as_ref());
    for address in document
        .dns_servers
        .iter()
        .map(|server| &server.address)
        .chain(gateways)
    {
        if address.trim().parse::<std::net::Ipv4Addr>().is_err() {
            return Err(CloudError::of(&forms::NETWORK_PREFIX).with("prefix", address));
        }
    }
    Ok(())
}

/// What is wrong with the meaning of a document: the operation fails. Assumed: the reference does not know when it is told.
fn wrong(cx: &Cx<'_>, document: &NetworkConfiguration) -> Option<CloudError> {
    let twice = |names: Vec<&str>| {
        let mut folded: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
        folded.sort_unstable();
        folded
            .windows(2)
            .find(|pair| pair[0] == pair[1])
            .map(|pair| pair[0].clone())
    };
    let lists = [
        document.dns_servers.iter().map(|own| &*own.name).collect(),
        document.local_sites.iter().map(|own| &*own.name).collect(),
        document.sites.iter().map(|own| &*own.name).collect(),
    ];
    if let Some(name) = lists.into_iter().find_map(twice) {
        return Some(CloudError::of(&forms::NETWORK_DUPLICATE).with("name", name));
    }
    let counts = [
        ("MaxVirtualNetworkSites", "virtual network count", document.sites.len()),
        (
            "MaxLocalNetworkSites",
            "local network count",
            document.local_sites.len(),
        ),
        ("MaxDnsServers", "DNS server count", document.dns_servers.len()),
    ];
    for (row, kind, count) in counts {
        if let Err(error) = subscription::check_count(cx, row, kind, 0, count) {
            return Some(error);
        }
    }
    document.sites.iter().find_map(|site| wrong_site(document, site))
}

/// What is wrong with one site. An affinity group need not be known: two recorded sessions write documents that name a group which
/// none of their requests makes, and are accepted. SM 11.2 counts an unknown group among the violations, but has no text and no recording of it.
/// Such a network lies in no place that a service could share.
fn wrong_site(document: &NetworkConfiguration, site: &SiteSpec) -> Option<CloudError> {
    match &site.placement {
        Some(Placement::Location(name)) if placement::find_location(name).is_none() => {
            return Some(CloudError::of(&forms::BAD_LOCATION));
        }
        None => return Some(CloudError::of(&forms::NETWORK_NO_PLACE).with("network", &site.name)),
        _ => {}
    }
    let unknown = |what: &str, name: &str| {
        CloudError::of(&forms::NETWORK_REFERENCE)
            .with("what", what)
            .with("name", name)
            .with("network", &site.name)
    };
    for name in &site.dns_servers {
        if !document
            .dns_servers
            .iter()
            .any(|own| own.name.eq_ignore_ascii_case(name))
        {
            return Some(unknown("DNS server", name));
        }
    }
    for (name, _) in site.gateway.iter().flat_map(|gateway| gateway.connections.iter()) {
        if !document
            .local_sites
            .iter()
            .any(|own| own.name.eq_ignore_ascii_case(name))
        {
            return Some(unknown("local network site", name));
        }
    }
    let spaces: Vec<Ipv4Net> = site.prefixes.iter().filter_map(|text| prefix(text).ok()).collect();
    let mut taken: Vec<(&str, Ipv4Net)> = Vec::new();
    for subnet in &site.subnets {
        let own = prefix(&subnet.prefix).ok()?;
        if site
            .subnets
            .iter()
            .filter(|other| other.name.eq_ignore_ascii_case(&subnet.name))
            .count()
            > 1
        {
            return Some(CloudError::of(&forms::NETWORK_DUPLICATE).with("name", &subnet.name));
        }
        if !spaces.iter().any(|space| space.trunc().contains(&own.trunc())) {
            return Some(
                CloudError::of(&forms::NETWORK_SUBNET_OUTSIDE)
                    .with("subnet", &subnet.name)
                    .with("network", &site.name),
            );
        }
        if let Some((other, _)) = taken
            .iter()
            .find(|(_, other)| other.contains(&own.network()) || own.contains(&other.network()))
        {
            let error = CloudError::of(&forms::NETWORK_OVERLAP)
                .with("one", other)
                .with("other", &subnet.prefix);
            return Some(error.with("network", &site.name));
        }
        taken.push((&subnet.prefix, own));
    }
    None
}

impl<'a> Cx<'a> {
    /// The network configuration of a subscription.
    ///
    /// # Errors
    ///
    /// When it was never written, or emptied (SM 11.2).
    pub fn network_configuration(&self, subscription: crate::key::Key) -> Result<&'a NetworkConfiguration, CloudError> {
        let found = self.classic().network_configurations.get(&subscription);
        found.ok_or_else(|| CloudError::of(&forms::RESOURCE_NOT_FOUND))
    }

    /// The virtual networks of a subscription, by name.
    pub fn virtual_network_sites(&self, subscription: crate::key::Key) -> impl Iterator<Item = &'a VirtualNetworkSite> {
        self.classic()
            .virtual_networks
            .range(Named::all(subscription))
            .map(|(_, site)| site)
    }
}
