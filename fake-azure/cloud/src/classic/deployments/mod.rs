//! Deployments: what runs in a hosted service's slot, with its virtual addresses (SM 5.3 to 5.6).

mod addresses;
mod alter;

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::classic::drafting::{Draft, Trouble};
use crate::classic::hosted_services::{self, ExtendedProperty};
use crate::classic::load_balancers::{self, InternalLoadBalancer};
use crate::classic::reserved_ips::{self, ReservedIp};
use crate::classic::roles::{self, Role, RoleSpec};
use crate::classic::virtual_networks::VirtualNetworkSite;
use crate::classic::{
    Asked, Fresh, Hold, HostedService, Named, Phase, Step, Tick, Timeline, Work, forms, names, operations, packages,
    virtual_networks,
};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::fabric::{Network, Pool, Power, PublicAddress};
use crate::key::{Guid, Key};
use crate::operation::OperationId;
use crate::plan::Plan;
use crate::time::Time;

/// The two slots of a hosted service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Slot {
    /// Behind the service's own name.
    Production,
    /// Behind a name that the service makes up.
    Staging,
}

impl Slot {
    /// As printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Slot::Production => "Production",
            Slot::Staging => "Staging",
        }
    }

    /// Reads a slot, in any case.
    pub fn find(text: &str) -> Option<Slot> {
        [Slot::Production, Slot::Staging]
            .into_iter()
            .find(|slot| slot.as_str().eq_ignore_ascii_case(text.trim()))
    }
}

/// Names a deployment: the folded name of its hosted service, and the slot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DeploymentKey(pub Box<str>, pub Slot);

impl DeploymentKey {
    /// The key of a service's slot.
    pub fn new(service: &str, slot: Slot) -> DeploymentKey {
        DeploymentKey(crate::classic::folded(service), slot)
    }
}

/// How far a deployment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Being made, nothing to be seen yet (SM 8.2, step 1).
    Deploying,
    /// Being made, its roles can be seen (step 2).
    Visible,
    /// Made.
    Made,
    /// Going.
    Deleting,
}

/// A DNS server of a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsServer {
    /// Name.
    pub name: Box<str>,
    /// Address, as sent.
    pub address: Box<str>,
}

/// A virtual IP: the row of the fabric that holds its address is the reserved IP's where it is reserved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualIp {
    /// The name of an extra one; empty for the first, whose printed name follows from the endpoints.
    pub name: Box<str>,
    /// The row that holds the address.
    pub key: Key,
    /// The reserved IP that it is.
    pub reserved: Option<Box<str>>,
}

pub(in crate::classic) use self::addresses::{settle_vip, take_vip, wake_vips};
pub(crate) use self::alter::Alter;
pub(in crate::classic) use self::alter::{altered, dns_server};
use crate::classic::packages::Instance;
pub use crate::classic::packages::Package;

/// A deployment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Deployment {
    /// Owns its network when it has one of its own.
    pub key: Key,
    /// The subscription.
    pub subscription: Key,
    /// Its name, as created.
    pub name: Box<str>,
    /// Printed as 32 hexadecimal digits.
    pub private_id: Guid,
    /// The label: plain for machines, base64 for packages, as sent.
    pub label: Box<str>,
    /// How far it is.
    pub stage: Stage,
    /// Its machines, by name.
    pub roles: Vec<Role>,
    /// What it was made from, for a package deployment.
    pub package: Option<Package>,
    /// The virtual network that it is in.
    pub network: Option<Box<str>>,
    /// DNS servers.
    pub dns_servers: Vec<DnsServer>,
    /// Virtual IPs, the first one first.
    pub vips: Vec<VirtualIp>,
    /// Its internal load balancer.
    pub load_balancer: Option<InternalLoadBalancer>,
    /// When it was made.
    pub created: Time,
    /// When it was last changed.
    pub modified: Time,
    /// Properties, as sent.
    pub extended: Vec<ExtendedProperty>,
    /// Availability sets by folded name, with their rows of the fabric.
    pub sets: Vec<(Box<str>, Key)>,
    /// The address pool of its own, when it is in no virtual network.
    pub pool: Option<Key>,
    /// Decides that pool's prefix and the internal DNS suffix.
    pub draw: u32,
    /// The last address that was given back: a new start gets another one (SM 8.3).
    pub last_address: Option<Ipv4Addr>,
}

impl Deployment {
    /// `Running`, `Suspended`, ... at a time (SM 8.1).
    pub fn status(&self, now: Time) -> &'static str {
        match self.stage {
            Stage::Deploying | Stage::Visible => "Deploying",
            Stage::Deleting => "Deleting",
            Stage::Made if self.package.is_some() => self.package_status(),
            Stage::Made => {
                let stopped = |role: &Role| matches!(role.timeline.at(now), Phase::Stopped | Phase::Deallocated);
                if !self.roles.is_empty() && self.roles.iter().all(stopped) {
                    "Suspended"
                } else {
                    "Running"
                }
            }
        }
    }

    fn package_status(&self) -> &'static str {
        let package = self.package.as_ref();
        if let Some(starting) = package.and_then(|package| package.turning) {
            return if starting { "Starting" } else { "Suspending" };
        }
        let changing = package.is_some_and(|package| package.update.as_ref().is_some_and(|update| update.during));
        match (package.is_some_and(|package| package.running), changing) {
            (true, false) => "Running",
            (true, true) => "RunningTransitioning",
            (false, false) => "Suspended",
            (false, true) => "SuspendedTransitioning",
        }
    }

    /// Whether an update is in progress that can be taken back.
    pub fn is_rollback_allowed(&self) -> bool {
        let update = self.package.as_ref().and_then(|package| package.update.as_ref());
        update.is_some_and(|update| !update.rolls_back)
    }

    fn timelines(&self) -> impl Iterator<Item = &Timeline> {
        let of_instances = self
            .package
            .iter()
            .flat_map(|package| package.instances.iter().map(|instance| &instance.timeline));
        self.roles.iter().map(|role| &role.timeline).chain(of_instances)
    }

    /// Whether something of it holds a host: it has its virtual IPs then (SM 8.3).
    pub fn has_host(&self, now: Time) -> bool {
        self.package.is_some()
            || self
                .roles
                .iter()
                .any(|role| role.timeline.at(now) != Phase::Deallocated)
    }

    /// Whether one of its machines was put into a subnet.
    pub(in crate::classic) fn is_in_subnet(&self, subnet: &str) -> bool {
        let named = |name: &str| name.eq_ignore_ascii_case(subnet);
        self.roles.iter().any(|role| {
            let nics = role
                .network
                .interfaces
                .iter()
                .flat_map(|nic| nic.configurations.iter().map(|own| &own.0));
            role.network.subnets.iter().chain(nics).any(|name| named(name))
        })
    }

    /// When its last machine comes to rest.
    pub fn settles(&self) -> Time {
        self.timelines().map(Timeline::settles).max().unwrap_or(self.modified)
    }

    /// When it last changed, as printed: states of machines count.
    pub fn last_modified(&self, now: Time) -> Time {
        let states = self.roles.iter().map(|role| role.timeline.since(now));
        states
            .filter(|since| *since <= now)
            .max()
            .map_or(self.modified, |since| crate::classic::at_or_after(since, self.modified))
    }

    /// The prefix of the addresses of a deployment in no virtual network (SM 11.4).
    pub fn own_prefix(&self) -> Option<Ipv4Net> {
        let [high, low] = u16::try_from(self.draw & 0xffff).unwrap_or(0).to_be_bytes();
        Ipv4Net::new(Ipv4Addr::new(100, 64 + (high & 0x3f), low, 0), 26).ok()
    }

    /// `{service}.d4.internal.cloudapp.net`
    pub fn internal_suffix(&self, service: &str) -> String {
        format!("{service}.d{}.internal.cloudapp.net", self.draw % 10)
    }

    /// How many upgrade domains are in use.
    pub fn upgrade_domains(&self) -> usize {
        let mut used: Vec<u32> = self.roles.iter().map(|role| role.domains().0).collect();
        used.extend(
            self.package
                .iter()
                .flat_map(|package| package.instances.iter().map(Instance::upgrade_domain)),
        );
        used.sort_unstable();
        used.dedup();
        used.len().max(1)
    }

    /// The printed name of its first virtual IP (SM 5.5).
    pub fn vip_name(&self, vip: &VirtualIp) -> Box<str> {
        if !vip.name.is_empty() {
            return vip.name.clone();
        }
        let exposed = self.roles.iter().any(|role| {
            role.network
                .endpoints
                .iter()
                .any(|endpoint| endpoint.load_balancer.is_none())
        });
        if exposed || self.package.is_some() {
            format!("{}ContractContract", self.name).into()
        } else {
            "__PseudoBackEndContractVip".into()
        }
    }
}

impl<'a> Cx<'a> {
    /// The address of a virtual IP, while it has one.
    pub fn vip_address(&self, vip: &VirtualIp) -> Option<Ipv4Addr> {
        self.fabric().public_addresses.get(&vip.key).and_then(|row| row.address)
    }

    /// The deployment of a slot.
    ///
    /// # Errors
    ///
    /// When there is no such service, or nothing in the slot.
    pub fn deployment_in(&self, subscription: Key, service: &str, slot: Slot) -> Result<&'a Deployment, CloudError> {
        find_slot(self, subscription, service, slot).map(|(_, row)| row)
    }

    /// A deployment by name, and its slot.
    ///
    /// # Errors
    ///
    /// When there is no such service or deployment.
    pub fn deployment_named(
        &self,
        subscription: Key,
        service: &str,
        name: &str,
    ) -> Result<(Slot, &'a Deployment), CloudError> {
        find_named(self, subscription, service, name).map(|(key, row)| (key.1, row))
    }

    /// The deployments of a service, production first.
    pub fn deployments_of(&self, service: &str) -> impl Iterator<Item = (Slot, &'a Deployment)> {
        let classic = self.classic();
        let keys = [Slot::Production, Slot::Staging].map(|slot| DeploymentKey::new(service, slot));
        keys.into_iter()
            .filter_map(|key| classic.deployments.get(&key).map(|row| (key.1, row)))
    }
}

pub(in crate::classic) fn of_service<'a>(cx: &Cx<'a>, service: &str) -> impl Iterator<Item = &'a Deployment> {
    cx.deployments_of(service).map(|(_, row)| row)
}

/// The deployment of a slot (SM 5.5).
pub(in crate::classic) fn find_slot<'a>(
    cx: &Cx<'a>,
    subscription: Key,
    service: &str,
    slot: Slot,
) -> Result<(DeploymentKey, &'a Deployment), CloudError> {
    hosted_services::find(cx, subscription, service)?;
    let key = DeploymentKey::new(service, slot);
    let row = cx
        .classic()
        .deployments
        .get(&key)
        .ok_or_else(|| CloudError::of(&forms::NO_DEPLOYMENTS))?;
    Ok((key, row))
}

/// A deployment by name: a service with others says so, an empty one has none (SM 5.5).
pub(in crate::classic) fn find_named<'a>(
    cx: &Cx<'a>,
    subscription: Key,
    service: &str,
    name: &str,
) -> Result<(DeploymentKey, &'a Deployment), CloudError> {
    hosted_services::find(cx, subscription, service)?;
    let mut any = false;
    for slot in [Slot::Production, Slot::Staging] {
        let key = DeploymentKey::new(service, slot);
        if let Some(row) = cx.classic().deployments.get(&key) {
            any = true;
            if row.name.eq_ignore_ascii_case(name) {
                return Ok((key, row));
            }
        }
    }
    let missing = if any {
        CloudError::of(&forms::WRONG_DEPLOYMENT).with("deployment", name)
    } else {
        CloudError::of(&forms::NO_DEPLOYMENTS)
    };
    Err(missing)
}

/// A deployment's row with a change.
pub(in crate::classic) fn changed(cx: &Cx<'_>, key: &DeploymentKey, change: impl FnOnce(&mut Deployment)) -> Plan {
    match cx.classic().deployments.get(key) {
        Some(row) => {
            let mut row = row.clone();
            row.modified = cx.now();
            change(&mut row);
            Plan::new().deployment(key.clone(), Some(row))
        }
        None => Plan::new(),
    }
}

/// A request for a deployment of machines.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "named after the elements of the contract")]
pub struct CreateDeployment {
    pub name: Box<str>,
    pub slot: Option<Slot>,
    pub label: Box<str>,
    pub roles: Vec<RoleSpec>,
    pub network: Option<Box<str>>,
    pub dns_servers: Vec<DnsServer>,
    pub reserved_ip: Option<Box<str>>,
    pub load_balancer: Option<load_balancers::LoadBalancerSpec>,
}

/// The checks that come before anything else is looked at, in their order: service, name, slot, lock (SM 2.1, 5.3).
pub(in crate::classic) fn check_slot<'a>(
    cx: &Cx<'a>,
    asked: &Asked,
    service: &str,
    name: &str,
    slot: Slot,
) -> Result<(&'a HostedService, DeploymentKey), CloudError> {
    let owner = hosted_services::find(cx, asked.subscription, service)?;
    if !names::is_object_name(name) {
        return Err(CloudError::of(&forms::DEPLOYMENT_NAME));
    }
    let key = DeploymentKey::new(service, slot);
    operations::check_free(cx, &Hold::Deployment(key.clone()))?;
    if cx.classic().deployments.contains(&key) {
        cov_mark::hit!(classic_slot_occupied);
        return Err(CloudError::of(&forms::SLOT_OCCUPIED).with("slot", slot.as_str()));
    }
    if of_service(cx, service).any(|own| own.name.eq_ignore_ascii_case(name)) {
        return Err(CloudError::of(&forms::DEPLOYMENT_NAME));
    }
    Ok((owner, key))
}

pub(in crate::classic) fn empty(cx: &Cx<'_>, asked: &Asked, key: Key, name: &str, label: &str) -> Deployment {
    Deployment {
        key,
        subscription: asked.subscription,
        name: name.into(),
        private_id: asked.fresh.guid(1),
        label: label.into(),
        stage: Stage::Deploying,
        roles: Vec::new(),
        package: None,
        network: None,
        dns_servers: Vec::new(),
        vips: Vec::new(),
        load_balancer: None,
        created: cx.now(),
        modified: cx.now(),
        extended: Vec::new(),
        sets: Vec::new(),
        pool: None,
        draw: asked.fresh.number(2, 1 << 16),
        last_address: None,
    }
}

pub(in crate::classic) fn create(
    cx: &Cx<'_>,
    asked: &Asked,
    service: &str,
    spec: &CreateDeployment,
) -> Result<Step, CloudError> {
    let slot = spec.slot.unwrap_or(Slot::Production);
    let (owner, key) = check_slot(cx, asked, service, &spec.name, slot)?;
    if spec.roles.is_empty() {
        return Err(CloudError::of(&forms::PARAMETER));
    }
    let site = match spec.network.as_deref().filter(|name| !name.is_empty()) {
        Some(name) => Some(network_of(cx, asked, owner, name)?),
        None => None,
    };
    let reserved = match spec.reserved_ip.as_deref().filter(|name| !name.is_empty()) {
        Some(name) => Some(reserved_ips::usable(cx, asked, owner, name)?),
        None => None,
    };

    let mut plan = Plan::new();
    let own = plan.reserve(cx);
    let mut deployment = empty(cx, asked, own, &spec.name, &spec.label);
    deployment.network = site.map(|site| site.spec.name.clone());
    deployment.dns_servers.clone_from(&spec.dns_servers);
    let skeleton = deployment.clone();
    let mut draft = Draft::new(cx, asked, owner, &key, deployment);
    draft.with(|_| plan);
    if site.is_none() {
        own_network(&mut draft);
    }
    let doom = fill(cx, asked, &mut draft, owner, &key, spec, site, reserved)?;

    let lasts = (30_000, 90_000);
    let hold = Hold::Deployment(key.clone());
    Ok(match doom {
        Some(error) => Step::later(Plan::new().claiming(1).deployment(key, Some(skeleton)), lasts)
            .holding(hold)
            .doomed(error),
        None => {
            let appears = Tick::Appears(key.clone(), asked.request);
            let step = Step::later(draft.finish(cx.now()), lasts)
                .holding(hold)
                .on_the_way(50, appears);
            step.then(Work::StartDeployment(key))
        }
    })
}

/// Everything that a new deployment has; an error of the fabric is given back, it fails the operation.
#[expect(
    clippy::too_many_arguments,
    reason = "everything that the request named, looked up already"
)]
fn fill(
    cx: &Cx<'_>,
    asked: &Asked,
    draft: &mut Draft<'_>,
    owner: &HostedService,
    key: &DeploymentKey,
    spec: &CreateDeployment,
    site: Option<&VirtualNetworkSite>,
    reserved: Option<&ReservedIp>,
) -> Result<Option<CloudError>, CloudError> {
    take_vip(draft, owner, key.1, reserved, asked);
    if let Some(wanted) = &spec.load_balancer {
        let bare = wanted.subnet.is_none() && wanted.address.is_none();
        let own = match site {
            Some(site) => {
                let pool = site.first_pool();
                cx.fabric().lowest_free(pool, &[]).map(|address| (pool, address))
            }
            None if bare => draft.own_address(),
            None => None,
        };
        let placed = load_balancers::place(cx, site, wanted, draft.reserve(), own)?;
        draft.note_taken(placed.held);
        draft.with(|own| own.then(placed.plan));
        draft.deployment.load_balancer = Some(placed.balancer);
    }
    for role in &spec.roles {
        match draft.add(role) {
            Ok(()) => {}
            Err(Trouble::Now(error)) => return Err(error),
            Err(Trouble::Late(error)) => return Ok(Some(error)),
        }
    }
    Ok(None)
}

/// The virtual network that a service may use: it must be in the same place (SM 11.4).
fn network_of<'a>(
    cx: &Cx<'a>,
    asked: &Asked,
    owner: &HostedService,
    name: &str,
) -> Result<&'a VirtualNetworkSite, CloudError> {
    let site = cx.classic().virtual_networks.get(&asked.named(name));
    let site = site.ok_or_else(|| CloudError::of(&forms::NO_NETWORK).with("network", name))?;
    let place = site
        .spec
        .placement
        .as_ref()
        .map(|place| place.location(cx, asked.subscription))
        .unwrap_or_default();
    if !place.eq_ignore_ascii_case(&owner.placement.location(cx, asked.subscription)) {
        return Err(CloudError::of(&forms::SERVICE_REGION)
            .with("network", &site.spec.name)
            .with("service", &owner.name));
    }
    Ok(site)
}

/// A network of the deployment's own.
fn own_network(draft: &mut Draft<'_>) {
    let Some(prefix) = draft.deployment.own_prefix() else {
        return;
    };
    let (network, pool) = (draft.reserve(), draft.reserve());
    draft.deployment.pool = Some(pool);
    draft.deployment.key = network;
    draft.with(|plan| {
        plan.network(
            network,
            Some(Network {
                spaces: vec![prefix.into()],
            }),
        )
        .pool(
            pool,
            Some(Pool {
                network,
                prefixes: vec![prefix.into()],
            }),
        )
    });
}

/// The roles of a deployment that is being made can be seen.
pub(in crate::classic) fn appears(cx: &Cx<'_>, key: &DeploymentKey, operation: OperationId) -> Plan {
    let held = cx.classic().holds.get(&Hold::Deployment(key.clone())) == Some(&operation);
    match cx.classic().deployments.get(key) {
        Some(row) if held && row.stage == Stage::Deploying => changed(cx, key, |row| row.stage = Stage::Visible),
        _ => Plan::new(),
    }
}

/// The end of a creation.
pub(in crate::classic) fn started(cx: &Cx<'_>, key: &DeploymentKey, fresh: Fresh) -> Plan {
    let Some(row) = cx.classic().deployments.get(key) else {
        return Plan::new();
    };
    let mut plan = changed(cx, key, |deployment| {
        deployment.stage = Stage::Made;
        for (n, role) in (0..).zip(deployment.roles.iter_mut()) {
            role.timeline = Timeline::start(cx.now(), fresh, n);
        }
        if let Some(package) = &mut deployment.package {
            package.run(package.running, cx.now(), fresh);
        }
    });
    for role in &row.roles {
        plan = plan.then(roles::power(cx, role.machine, Power::Running));
    }
    plan
}

/// Deletes a deployment; disks are let go, or go too (SM 5.6).
pub(in crate::classic) fn delete(
    cx: &Cx<'_>,
    found: (DeploymentKey, &Deployment),
    media: bool,
) -> Result<Step, CloudError> {
    let (key, row) = found;
    operations::check_free(cx, &Hold::Deployment(key.clone()))?;
    let plan = Plan::new().deployment(
        key.clone(),
        Some(Deployment {
            stage: Stage::Deleting,
            ..row.clone()
        }),
    );
    let work = Work::DeleteDeployment {
        key: key.clone(),
        media,
    };
    Ok(Step::later(plan, (6_000, 40_000))
        .holding(Hold::Deployment(key))
        .then(work))
}

/// The end of a deletion.
pub(in crate::classic) fn removed(cx: &Cx<'_>, key: &DeploymentKey, media: bool) -> Plan {
    let Some(row) = cx.classic().deployments.get(key) else {
        return Plan::new();
    };
    let mut plan = Plan::new();
    for role in &row.roles {
        plan = plan.then(roles::gone(cx, row, role, media));
    }
    if let Some(package) = &row.package {
        plan = plan.then(packages::gone(cx, key, package));
    }
    for (_, set) in &row.sets {
        plan = plan.machine_set(*set, None);
    }
    if let Some(balancer) = &row.load_balancer {
        plan = plan.then(load_balancers::gone(cx, balancer));
    }
    for vip in &row.vips {
        plan = plan.then(match &vip.reserved {
            Some(name) => reserved_ips::released(cx, &Named::new(row.subscription, name)),
            None => roles::public_gone(cx, vip.key),
        });
    }
    if let Some(pool) = row.pool {
        plan = plan.pool(pool, None).network(row.key, None);
    }
    if let Some(network) = &row.network {
        plan = plan.then(virtual_networks::left(cx, row.subscription, network));
    }
    plan.deployment(key.clone(), None)
}

/// Exchanges the two slots; not with machines in them (SM 5.6).
pub(in crate::classic) fn swap(
    cx: &Cx<'_>,
    asked: &Asked,
    service: &str,
    production: Option<&str>,
    source: &str,
) -> Result<Step, CloudError> {
    let refuse = |reason: &str| Err(CloudError::of(&forms::SWAP).with("reason", reason));
    let (source_key, staged) = find_named(cx, asked.subscription, service, source)?;
    if source_key.1 != Slot::Staging {
        return refuse("the source deployment is not in the staging slot");
    }
    let target = DeploymentKey::new(service, Slot::Production);
    let live = cx.classic().deployments.get(&target);
    if let Some(name) = production.filter(|name| !name.is_empty())
        && !live.is_some_and(|row| row.name.eq_ignore_ascii_case(name))
    {
        return Err(CloudError::of(&forms::WRONG_DEPLOYMENT).with("deployment", name));
    }
    operations::check_free(cx, &Hold::Deployment(source_key.clone()))?;
    operations::check_free(cx, &Hold::Deployment(target.clone()))?;
    if !staged.roles.is_empty() || live.is_some_and(|row| !row.roles.is_empty()) {
        return refuse("virtual machine deployments cannot be swapped");
    }

    let updating = |row: &Deployment| row.package.as_ref().is_some_and(|package| package.update.is_some());
    if updating(staged) || live.is_some_and(updating) {
        return Err(CloudError::of(&forms::UPDATE_IN_PROGRESS));
    }

    let renamed = |row: &Deployment, slot: Slot| -> Vec<(Key, PublicAddress)> {
        let name = cx
            .classic()
            .hosted_services
            .get(&*crate::classic::folded(service))
            .map(HostedService::dns_name);
        let rows = row
            .vips
            .iter()
            .filter_map(|vip| cx.fabric().public_addresses.get(&vip.key).map(|row| (vip.key, row)));
        let dns = |slot| {
            if slot == Slot::Production {
                name.clone().map(String::into_boxed_str)
            } else {
                None
            }
        };
        rows.map(|(key, row)| {
            (
                key,
                PublicAddress {
                    dns_name: dns(slot),
                    ..row.clone()
                },
            )
        })
        .collect()
    };
    // The virtual IP belongs to the slot: the deployments exchange theirs (SM 5.6).
    let (mut up, down) = (staged.clone(), live.cloned());
    let mut changes = vec![];
    let down = down.map(|mut row| {
        std::mem::swap(&mut row.vips, &mut up.vips);
        row
    });
    changes.push(crate::classic::Change::Deployment(
        source_key.clone(),
        down.map(Into::into),
    ));
    changes.push(crate::classic::Change::Deployment(target.clone(), Some(up.into())));
    let mut plan = Plan::new();
    if live.is_none() {
        for (key, row) in renamed(staged, Slot::Production) {
            plan = plan.public_address(key, Some(row));
        }
    }
    let step = Step::later(plan, (20_000, 60_000))
        .holding(Hold::Deployment(source_key))
        .holding(Hold::Deployment(target));
    Ok(step.then(Work::Make(changes)))
}
