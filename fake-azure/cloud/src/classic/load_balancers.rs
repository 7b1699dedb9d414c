//! Internal load balancers: one per deployment, with an address of its virtual network (SM 7.4).

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::deployments::{self, Alter};
use super::virtual_networks::VirtualNetworkSite;
use super::{Asked, Hold, Step, Work, forms, operations, roles};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::fabric::{Port, PortAddress};
use crate::key::Key;
use crate::plan::Plan;

/// A load balancer as asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadBalancerSpec {
    /// Name.
    pub name: Box<str>,
    /// The subnet that its address is from.
    pub subnet: Option<Box<str>>,
    /// The address.
    pub address: Option<Ipv4Addr>,
}

/// A load balancer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InternalLoadBalancer {
    /// Name.
    pub name: Box<str>,
    /// The subnet.
    pub subnet: Option<Box<str>>,
    /// The address, as asked for.
    pub address: Option<Ipv4Addr>,
    /// The port that holds its address, when it has one in a subnet.
    pub port: Option<Key>,
}

/// A load balancer that has its place.
pub(super) struct Placed {
    pub(super) balancer: InternalLoadBalancer,
    pub(super) plan: Plan,
    /// The address that it took, and of which pool.
    pub(super) held: Option<(Key, Ipv4Addr)>,
}

/// Places a load balancer: its address is taken. One that names no subnet lies where the deployment's machines lie: `own` is the
/// pool of that place, with the address it gives.
pub(super) fn place(
    cx: &Cx<'_>,
    site: Option<&VirtualNetworkSite>,
    spec: &LoadBalancerSpec,
    port: Key,
    own: Option<(Key, Ipv4Addr)>,
) -> Result<Placed, CloudError> {
    if spec.name.is_empty() {
        return Err(CloudError::of(&forms::PARAMETER));
    }
    let mut balancer = InternalLoadBalancer {
        name: spec.name.clone(),
        subnet: spec.subnet.clone(),
        address: spec.address,
        port: None,
    };
    let Some(subnet) = spec.subnet.as_deref().filter(|subnet| !subnet.is_empty()) else {
        let held = own.filter(|_| spec.address.is_none());
        balancer.port = held.map(|_| port);
        let plan = held.map_or_else(Plan::new, |held| holding(held, false, port));
        return Ok(Placed { balancer, plan, held });
    };
    let pool = site
        .and_then(|site| site.subnets.iter().find(|own| own.name.eq_ignore_ascii_case(subnet)))
        .map(|own| own.key);
    let pool = pool.ok_or_else(|| CloudError::of(&forms::LB_NEEDS_NETWORK).with("subnet", subnet))?;
    let address = match spec.address {
        Some(address) => {
            if !cx.fabric().pools.get(&pool).is_some_and(|row| row.is_usable(address)) {
                return Err(CloudError::of(&forms::FIXED_ADDRESS_SUBNET)
                    .with("address", address)
                    .with("subnet", subnet));
            }
            if !cx.fabric().is_free(pool, address) {
                return Err(CloudError::of(&forms::ADDRESS_TAKEN).with("address", address));
            }
            address
        }
        None => cx
            .fabric()
            .lowest_free(pool, &[])
            .ok_or_else(|| CloudError::of(&forms::ADDRESS_TAKEN).with("address", "(any)"))?,
    };
    balancer.port = Some(port);
    Ok(Placed {
        balancer,
        plan: holding((pool, address), spec.address.is_some(), port),
        held: Some((pool, address)),
    })
}

/// The port that holds a load balancer's address.
fn holding((pool, address): (Key, Ipv4Addr), chosen: bool, port: Key) -> Plan {
    let held = PortAddress {
        name: "frontend".into(),
        pool,
        address,
        chosen,
        public: None,
    };
    let row = Port {
        addresses: vec![held],
        machine: None,
        primary: false,
        mac: None,
        reserved: None,
    };
    Plan::new()
        .lease((pool, u32::from(address)), Some(port))
        .port(port, Some(row))
}

/// Where the machines of a deployment lie, and the lowest address that is free there.
fn beside(cx: &Cx<'_>, site: Option<&VirtualNetworkSite>, row: &super::Deployment) -> Option<(Key, Ipv4Addr)> {
    let pool = row.pool.or_else(|| site.map(VirtualNetworkSite::first_pool))?;
    cx.fabric().lowest_free(pool, &[]).map(|address| (pool, address))
}

/// What goes with a load balancer.
pub(super) fn gone(cx: &Cx<'_>, balancer: &InternalLoadBalancer) -> Plan {
    balancer.port.map_or_else(Plan::new, |port| roles::port_gone(cx, port))
}

pub(super) fn add(
    cx: &Cx<'_>,
    asked: &Asked,
    service: &str,
    deployment: &str,
    spec: &LoadBalancerSpec,
) -> Result<Step, CloudError> {
    let (key, row) = deployments::find_named(cx, asked.subscription, service, deployment)?;
    operations::check_free(cx, &Hold::Deployment(key.clone()))?;
    if let Some(there) = &row.load_balancer {
        return Err(CloudError::of(&forms::LB_EXISTS).with("name", &there.name));
    }
    let site = row
        .network
        .as_deref()
        .and_then(|name| cx.classic().virtual_networks.get(&asked.named(name)));
    let mut plan = Plan::new();
    let port = plan.reserve(cx);
    let placed = place(cx, site, spec, port, beside(cx, site, row))?;
    let work = Work::Alter {
        key: key.clone(),
        alter: Alter::LoadBalancer(Some(placed.balancer)),
    };
    Ok(Step::later(plan.then(placed.plan), (25_000, 35_000))
        .holding(Hold::Deployment(key))
        .then(work))
}

pub(super) fn update(
    cx: &Cx<'_>,
    asked: &Asked,
    place_of: (&str, &str, &str),
    spec: &LoadBalancerSpec,
) -> Result<Step, CloudError> {
    let (service, deployment, name) = place_of;
    let (key, row) = deployments::find_named(cx, asked.subscription, service, deployment)?;
    let there = find(row, name)?;
    operations::check_free(cx, &Hold::Deployment(key.clone()))?;
    let site = row
        .network
        .as_deref()
        .and_then(|name| cx.classic().virtual_networks.get(&asked.named(name)));
    let same = spec.address.is_some() && spec.address == there.address && spec.subnet == there.subnet;
    let step = |plan| Step::later(plan, (25_000, 35_000)).holding(Hold::Deployment(key.clone()));
    if same {
        return Ok(step(Plan::new()));
    }
    let mut plan = gone(cx, there);
    let port = plan.reserve(cx);
    let spec = LoadBalancerSpec {
        name: there.name.clone(),
        ..spec.clone()
    };
    let placed = place(cx, site, &spec, port, beside(cx, site, row))?;
    let changed = deployments::changed(cx, &key, |row| row.load_balancer = Some(placed.balancer));
    Ok(step(plan.then(placed.plan).then(changed)))
}

pub(super) fn delete(
    cx: &Cx<'_>,
    asked: &Asked,
    service: &str,
    deployment: &str,
    name: &str,
) -> Result<Step, CloudError> {
    let (key, row) = deployments::find_named(cx, asked.subscription, service, deployment)?;
    let there = find(row, name)?;
    operations::check_free(cx, &Hold::Deployment(key.clone()))?;
    let uses = |role: &&super::Role| {
        let mut endpoints = role
            .network
            .endpoints
            .iter()
            .filter_map(|endpoint| endpoint.load_balancer.as_deref());
        endpoints.any(|own| own.eq_ignore_ascii_case(name))
    };
    if let Some(role) = row.roles.iter().find(uses) {
        return Err(CloudError::of(&forms::LB_IN_USE)
            .with("name", &there.name)
            .with("role", &role.name));
    }
    let work = Work::Alter {
        key: key.clone(),
        alter: Alter::LoadBalancer(None),
    };
    Ok(Step::later(Plan::new(), (34_000, 67_000))
        .holding(Hold::Deployment(key))
        .then(work))
}

fn find<'d>(deployment: &'d super::Deployment, name: &str) -> Result<&'d InternalLoadBalancer, CloudError> {
    let found = deployment
        .load_balancer
        .as_ref()
        .filter(|own| own.name.eq_ignore_ascii_case(name));
    found.ok_or_else(|| CloudError::of(&forms::LB_NOT_FOUND).with("name", name))
}
