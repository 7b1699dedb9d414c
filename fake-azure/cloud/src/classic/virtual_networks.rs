//! Virtual network sites: what the service makes of the network configuration, and what else hangs on its subnets (SM 11.3).

use std::net::Ipv4Addr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::deployments::Deployment;
use super::network_configuration::{NetworkConfiguration, SiteSpec, prefix};
use super::{Asked, Named, forms, gateways};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::fabric::{Network, Pool};
use crate::key::{Guid, Key};
use crate::plan::Plan;
use crate::time::Time;

/// How long the reference of a deployment to its network outlives it (juju-provider 2.8: 30 s to minutes; a minute is assumed).
const LINGERS_MS: i64 = 60_000;

/// A virtual network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualNetworkSite {
    /// Owns the network of the fabric.
    pub key: Key,
    /// Its id.
    pub id: Guid,
    /// What the document says of it.
    pub spec: SiteSpec,
    /// Its subnets.
    pub subnets: Vec<Subnet>,
    /// Until when it still counts as used, although the deployment that used it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lingers_until: Option<Time>,
}

impl VirtualNetworkSite {
    /// Where those go who name no subnet: the first one that is not the gateway's. A network without subnets gives addresses itself.
    pub(super) fn first_pool(&self) -> Key {
        let gateway = |subnet: &&Subnet| gateways::is_gateways(&subnet.name);
        let own = self.subnets.iter().find(|subnet| !gateway(subnet));
        own.or(self.subnets.first()).map_or(self.key, |subnet| subnet.key)
    }
}

/// A subnet. What is bound to it is kept outside the document and survives a write that keeps the subnet (SM 11.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subnet {
    /// Owns the address pool.
    pub key: Key,
    /// Name.
    pub name: Box<str>,
    /// Prefix, as sent.
    pub prefix: Box<str>,
    /// Network security group.
    pub security_group: Option<Box<str>>,
    /// Route table.
    pub route_table: Option<Box<str>>,
    /// Whether it may forward.
    pub ip_forwarding: Option<bool>,
}

/// The deployments in a network; stopped machines count (SM 11.2).
fn users<'a>(cx: &Cx<'a>, subscription: Key, network: &str) -> impl Iterator<Item = &'a Deployment> {
    let rows = cx.classic().deployments.iter().map(|(_, row)| row);
    rows.filter(move |row| {
        row.subscription == subscription
            && row
                .network
                .as_deref()
                .is_some_and(|own| own.eq_ignore_ascii_case(network))
    })
}

/// A deployment has left its network, which counts as used for a while yet. Quirk `network-lingers`.
pub(super) fn left(cx: &Cx<'_>, subscription: Key, network: &str) -> Plan {
    let named = Named::new(subscription, network);
    match cx.classic().virtual_networks.get(&named) {
        Some(site) => Plan::new().virtual_network_site(
            named,
            Some(VirtualNetworkSite {
                lingers_until: Some(cx.now().plus_millis(LINGERS_MS)),
                ..site.clone()
            }),
        ),
        None => Plan::new(),
    }
}

/// The refusal to remove or change a network or subnet that is used (SM 11.2).
pub(super) fn in_use(cx: &Cx<'_>, asked: &Asked, document: &NetworkConfiguration) -> Option<CloudError> {
    for (_, site) in cx.classic().virtual_networks.range(Named::all(asked.subscription)) {
        let lingers = site.lingers_until.filter(|until| cx.now() < *until);
        if lingers.is_none() && !cx.is_site_used(asked.subscription, &site.spec.name) {
            continue;
        }
        let has_gateway = gateways::is_there(cx, asked.subscription, &site.spec.name);
        let refuse = || {
            let error = CloudError::of(&forms::NETWORK_IN_USE).with("network", &site.spec.name);
            Some(match lingers {
                Some(until) => {
                    cov_mark::hit!(network_lingers);
                    error.until(until)
                }
                None => error,
            })
        };
        let Some(after) = document
            .sites
            .iter()
            .find(|own| own.name.eq_ignore_ascii_case(&site.spec.name))
        else {
            return refuse();
        };
        let spaces_stay = site.spec.prefixes.iter().all(|prefix| after.prefixes.contains(prefix));
        if !spaces_stay || after.placement != site.spec.placement {
            return refuse();
        }
        let users: Vec<&Deployment> = users(cx, asked.subscription, &site.spec.name).collect();
        let used = |subnet: &&Subnet| {
            (has_gateway && gateways::is_gateways(&subnet.name))
                || cx.fabric().held(subnet.key) > 0
                || users.iter().any(|deployment| deployment.is_in_subnet(&subnet.name))
        };
        for subnet in site.subnets.iter().filter(used) {
            let same = after
                .subnets
                .iter()
                .any(|own| own.name.eq_ignore_ascii_case(&subnet.name) && own.prefix == subnet.prefix);
            if !same {
                return Some(CloudError::of(&forms::SUBNET_IN_USE).with("subnet", &subnet.name));
            }
        }
    }
    None
}

/// Makes networks and pools follow the document.
pub(super) fn follow(cx: &Cx<'_>, asked: &Asked, document: &NetworkConfiguration) -> Plan {
    let mut plan = Plan::new();
    for (named, site) in cx.classic().virtual_networks.range(Named::all(asked.subscription)) {
        if !document.sites.iter().any(|own| super::folded(&own.name) == named.1) {
            for subnet in &site.subnets {
                plan = plan.pool(subnet.key, None);
            }
            if cx.fabric().pools.contains(&site.key) {
                plan = plan.pool(site.key, None);
            }
            plan = plan.network(site.key, None).virtual_network_site(named.clone(), None);
        }
    }
    for (n, spec) in (1..).zip(&document.sites) {
        let named = asked.named(&spec.name);
        let before = cx.classic().virtual_networks.get(&named);
        let key = match before {
            Some(site) => site.key,
            None => plan.reserve(cx),
        };
        let nets = |texts: &[Box<str>]| {
            texts
                .iter()
                .filter_map(|text| prefix(text).ok())
                .map(IpNet::V4)
                .collect::<Vec<_>>()
        };
        plan = plan.network(
            key,
            Some(Network {
                spaces: nets(&spec.prefixes),
            }),
        );
        // One without subnets gives addresses of its whole space: the networks of Juju 1 are such (juju-provider 2.3, B.11).
        let had_pool = cx.fabric().pools.contains(&key);
        if spec.subnets.is_empty() {
            let pool = Pool {
                network: key,
                prefixes: nets(&spec.prefixes),
            };
            plan = plan.pool(key, Some(pool));
        } else if had_pool && cx.fabric().held(key) == 0 {
            plan = plan.pool(key, None);
        }
        let mut subnets = Vec::new();
        for subnet in &spec.subnets {
            let old = before.and_then(|site| {
                site.subnets
                    .iter()
                    .find(|own| own.name.eq_ignore_ascii_case(&subnet.name))
            });
            let own = match old {
                Some(old) => old.key,
                None => plan.reserve(cx),
            };
            plan = plan.pool(
                own,
                Some(Pool {
                    network: key,
                    prefixes: nets(std::slice::from_ref(&subnet.prefix)),
                }),
            );
            subnets.push(Subnet {
                key: own,
                name: subnet.name.clone(),
                prefix: subnet.prefix.clone(),
                security_group: old.and_then(|old| old.security_group.clone()),
                route_table: old.and_then(|old| old.route_table.clone()),
                ip_forwarding: old.and_then(|old| old.ip_forwarding),
            });
        }
        for old in before.iter().flat_map(|site| site.subnets.iter()) {
            if !subnets.iter().any(|own| own.key == old.key) {
                plan = plan.pool(old.key, None);
            }
        }
        let id = before.map_or_else(|| asked.fresh.guid(n), |site| site.id);
        plan = plan.virtual_network_site(
            named,
            Some(VirtualNetworkSite {
                key,
                id,
                spec: spec.clone(),
                subnets,
                lingers_until: before.and_then(|site| site.lingers_until),
            }),
        );
    }
    plan
}

/// A subnet of a network, both by name.
///
/// # Errors
///
/// When there is none.
pub(super) fn find<'a>(
    cx: &Cx<'a>,
    subscription: Key,
    network: &str,
    subnet: &str,
) -> Result<(&'a VirtualNetworkSite, &'a Subnet), CloudError> {
    let site = find_site(cx, subscription, network)?;
    let found = site.subnets.iter().find(|own| own.name.eq_ignore_ascii_case(subnet));
    let found = found.ok_or_else(|| {
        CloudError::of(&forms::NO_SUBNET)
            .with("subnet", subnet)
            .with("network", network)
    })?;
    Ok((site, found))
}

pub(super) fn find_site<'a>(
    cx: &Cx<'a>,
    subscription: Key,
    network: &str,
) -> Result<&'a VirtualNetworkSite, CloudError> {
    let site = cx.classic().virtual_networks.get(&Named::new(subscription, network));
    site.ok_or_else(|| CloudError::of(&forms::NO_NETWORK).with("network", network))
}

/// A site with a change to one of its subnets.
pub(super) fn with_subnet(
    cx: &Cx<'_>,
    asked: &Asked,
    network: &str,
    subnet: &str,
    change: impl FnOnce(&mut Subnet),
) -> Result<Plan, CloudError> {
    let (site, found) = find(cx, asked.subscription, network, subnet)?;
    let mut site = site.clone();
    let key = found.key;
    if let Some(own) = site.subnets.iter_mut().find(|own| own.key == key) {
        change(own);
    }
    Ok(Plan::new().virtual_network_site(asked.named(network), Some(site)))
}

impl<'a> Cx<'a> {
    /// A virtual network by name.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn virtual_network_site(&self, subscription: Key, name: &str) -> Result<&'a VirtualNetworkSite, CloudError> {
        find_site(self, subscription, name)
    }

    /// A subnet by name.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn classic_subnet(&self, subscription: Key, network: &str, subnet: &str) -> Result<&'a Subnet, CloudError> {
        find(self, subscription, network, subnet).map(|(_, subnet)| subnet)
    }

    /// Whether a virtual network is used: by a deployment, or a gateway (SM 11.2).
    pub fn is_site_used(&self, subscription: Key, name: &str) -> bool {
        users(self, subscription, name).next().is_some() || gateways::is_there(self, subscription, name)
    }

    /// Whether an address of a network is free, and up to five free ones when it is not (SM 11.3).
    ///
    /// # Errors
    ///
    /// When there is no such network.
    pub fn address_availability(
        &self,
        subscription: Key,
        network: &str,
        address: Ipv4Addr,
    ) -> Result<(bool, Vec<Ipv4Addr>), CloudError> {
        let site = find_site(self, subscription, network)?;
        let fabric = self.fabric();
        let pools = || {
            site.subnets
                .iter()
                .filter_map(|subnet| fabric.pools.get(&subnet.key).map(|pool| (subnet.key, pool)))
        };
        if pools().any(|(key, pool)| pool.is_usable(address) && fabric.is_free(key, address)) {
            return Ok((true, Vec::new()));
        }
        let mut proposed = Vec::new();
        let near = pools()
            .find(|(_, pool)| pool.contains(address))
            .or_else(|| pools().next());
        while let Some((key, _)) = near
            && proposed.len() < 5
            && let Some(free) = fabric.lowest_free(key, &proposed)
        {
            proposed.push(free);
        }
        Ok((false, proposed))
    }
}
