//! Roles: one role is one machine (SM 6). What a client asks for is a [`RoleSpec`]; what the service keeps is a [`Role`].

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::deployments::{self, Deployment, DeploymentKey, changed};
use super::drafting::{Draft, Trouble};
use super::endpoints::{self, InputEndpoint};
use super::{Asked, Fresh, Hold, Named, Step, Timeline, Work, disks, forms, hosted_services, operations};
use crate::catalogue::{locations, role_sizes};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::fabric::{Machine, Power, System};
use crate::key::Key;
use crate::operation::OperationId;
use crate::plan::Plan;

/// A machine as a client asks for it. What is `None` was not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after the elements of the contract")]
pub struct RoleSpec {
    pub name: Option<Box<str>>,
    pub provisioning: Option<Provisioning>,
    pub network: Option<NetworkSet>,
    pub extensions: Option<Vec<ExtensionReference>>,
    pub vm_image: Option<Box<str>>,
    pub media_location: Option<Box<str>>,
    pub availability_set: Option<Box<str>>,
    pub data_disks: Option<Vec<DataDiskSpec>>,
    pub label: Option<Box<str>>,
    pub os_disk: Option<OsDiskSpec>,
    pub size: Option<Box<str>>,
    pub provision_guest_agent: Option<bool>,
    pub boot_diagnostics: Option<bool>,
    pub license_type: Option<Box<str>>,
}

/// What a system is prepared with. Never given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provisioning {
    /// The system that it is for.
    pub system: System,
    /// Computer or host name.
    pub host_name: Option<Box<str>>,
    /// Thumbprints of certificates that it names.
    pub fingerprints: Vec<Box<str>>,
    /// Length of the custom data, encoded.
    pub custom_data_bytes: usize,
    /// Whether it asks for WinRM over HTTPS without naming a certificate.
    pub winrm_https: bool,
}

/// The network configuration of a role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkSet {
    /// Input endpoints.
    pub endpoints: Vec<InputEndpoint>,
    /// Subnets.
    pub subnets: Vec<Box<str>>,
    /// The address that the client wants.
    pub static_address: Option<Ipv4Addr>,
    /// Public addresses of its own: at most one.
    pub public_ips: Vec<PublicIpSpec>,
    /// Secondary network interfaces.
    pub interfaces: Vec<NetworkInterface>,
    /// Network security group.
    pub security_group: Option<Box<str>>,
    /// Whether it may forward.
    pub ip_forwarding: Option<bool>,
}

/// A public address of a role's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicIpSpec {
    /// Name.
    pub name: Box<str>,
    /// Minutes after which an idle connection is forgotten.
    pub idle_minutes: Option<u32>,
    /// DNS label.
    pub dns_label: Option<Box<str>>,
}

/// The same, allocated: the row of the fabric that holds the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicIp(pub Key);

/// A secondary network interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkInterface {
    /// Name.
    pub name: Box<str>,
    /// Configurations: subnet and wanted address.
    pub configurations: Vec<(Box<str>, Option<Ipv4Addr>)>,
    /// Network security group.
    pub security_group: Option<Box<str>>,
    /// Whether it may forward.
    pub ip_forwarding: Option<bool>,
    /// Its port; set by the service.
    pub port: Option<Key>,
}

/// A reference to a resource extension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after the elements of the contract")]
pub struct ExtensionReference {
    pub reference: Box<str>,
    pub publisher: Box<str>,
    pub name: Box<str>,
    pub version: Box<str>,
    pub parameters: Vec<ExtensionParameter>,
    pub state: Option<Box<str>>,
}

/// A parameter of an extension; private ones are never given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after the elements of the contract")]
pub struct ExtensionParameter {
    pub key: Box<str>,
    pub value: Box<str>,
    pub private: bool,
}

/// A system disk as asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after the elements of the contract")]
pub struct OsDiskSpec {
    pub caching: Option<Box<str>>,
    pub label: Option<Box<str>>,
    pub name: Option<Box<str>>,
    pub media_link: Option<Box<str>>,
    pub source_image: Option<Box<str>>,
    pub os: Option<System>,
    pub remote_source: Option<Box<str>>,
    pub resized_gb: Option<u32>,
}

/// A data disk as asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after the elements of the contract")]
pub struct DataDiskSpec {
    pub caching: Option<Box<str>>,
    pub label: Option<Box<str>>,
    pub name: Option<Box<str>>,
    pub lun: Option<u32>,
    pub size_gb: Option<u32>,
    pub media_link: Option<Box<str>>,
    pub source_media_link: Option<Box<str>>,
}

/// A system disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after the elements of the contract")]
pub struct OsDisk {
    pub caching: Box<str>,
    pub label: Option<Box<str>>,
    pub name: Box<str>,
    pub media_link: Box<str>,
    pub source_image: Option<Box<str>>,
    pub os: System,
    pub premium: bool,
}

/// A data disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after the elements of the contract")]
pub struct DataDisk {
    pub caching: Box<str>,
    pub label: Option<Box<str>>,
    pub name: Box<str>,
    pub lun: u32,
    pub size_gb: u32,
    pub media_link: Box<str>,
    pub premium: bool,
}

/// A role.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Role {
    /// Its name, as created.
    pub name: Box<str>,
    /// Its machine.
    pub machine: Key,
    /// Its first port.
    pub port: Key,
    /// Its own public address.
    pub public_ip: Option<PublicIp>,
    /// The size's name, in Azure's spelling.
    pub size: Box<str>,
    /// Network configuration, ports chosen.
    pub network: NetworkSet,
    /// Its availability set.
    pub availability_set: Option<Box<str>>,
    /// Its place in that set, counted from 0: decides the domains (SM 8.4).
    pub place: u32,
    /// Label, as sent.
    pub label: Option<Box<str>>,
    /// System disk.
    pub os_disk: OsDisk,
    /// Data disks, by LUN.
    pub data_disks: Vec<DataDisk>,
    /// Extensions.
    pub extensions: Vec<ExtensionReference>,
    /// Whether the guest agent is there, as sent.
    pub guest_agent: Option<bool>,
    /// Boot diagnostics, as sent.
    pub boot_diagnostics: Option<bool>,
    /// Licence, as sent.
    pub license_type: Option<Box<str>>,
    /// The name by which it knows itself.
    pub host_name: Box<str>,
    /// Certificates that it was given.
    pub fingerprints: Vec<Box<str>>,
    /// The certificate by which a remote desktop identifies itself, in lower case.
    pub remote_access_thumbprint: Box<str>,
    /// The certificate made for WinRM.
    pub winrm_thumbprint: Option<Box<str>>,
    /// Whether it asked for an address of its subnet; a deallocated one gives a dynamic one back.
    pub timeline: Timeline,
}

impl Role {
    /// Upgrade and fault domain: 0 and 0 outside a set, else round robin over 5 and 2 (SM 8.4).
    pub fn domains(&self) -> (u32, u32) {
        match self.availability_set {
            Some(_) => (self.place % 5, self.place % 2),
            None => (0, 0),
        }
    }

    /// Whether its system is Windows.
    pub fn is_windows(&self) -> bool {
        self.os_disk.os == System::Windows
    }

    /// All its ports, the first one first.
    pub fn ports(&self) -> Vec<Key> {
        std::iter::once(self.port)
            .chain(self.network.interfaces.iter().filter_map(|nic| nic.port))
            .collect()
    }
}

pub(super) fn find<'d>(deployment: &'d Deployment, role: &str) -> Result<&'d Role, CloudError> {
    let found = deployment.roles.iter().find(|own| own.name.eq_ignore_ascii_case(role));
    found.ok_or_else(|| CloudError::of(&forms::NO_ROLE).with("role", role))
}

/// Adds a machine to a deployment.
pub(super) fn add(
    cx: &Cx<'_>,
    asked: &Asked,
    service: &str,
    deployment: &str,
    spec: &RoleSpec,
) -> Result<Step, CloudError> {
    let (key, row) = deployments::find_named(cx, asked.subscription, service, deployment)?;
    operations::check_free(cx, &Hold::Deployment(key.clone()))?;
    let owner = hosted_services::find(cx, asked.subscription, service)?;
    let mut draft = Draft::new(cx, asked, owner, &key, row.clone());
    let doom = match draft.add(spec) {
        Ok(()) => None,
        Err(Trouble::Now(error)) => return Err(error),
        Err(Trouble::Late(error)) => Some(error),
    };
    let lasts = (20_000, 40_000);
    let Some(error) = doom else {
        let role = spec.name.clone().unwrap_or_default();
        let step = Step::later(draft.finish(cx.now()), lasts).holding(Hold::Deployment(key.clone()));
        return Ok(step.then(Work::StartRole { key, role }));
    };
    Ok(Step::later(Plan::new(), lasts)
        .holding(Hold::Deployment(key))
        .doomed(error))
}

/// The end of an addition.
pub(super) fn started(cx: &Cx<'_>, key: &DeploymentKey, role: &str, fresh: Fresh) -> Plan {
    let Some(row) = cx.classic().deployments.get(key) else {
        return Plan::new();
    };
    let machine = find(row, role).map(|role| role.machine).ok();
    let plan = changed(cx, key, |deployment| {
        deployment.set_timeline(role, Timeline::start(cx.now(), fresh, 0), cx.now());
    });
    plan.then(machine.map_or_else(Plan::new, |machine| power(cx, machine, Power::Running)))
}

/// Turns a machine's power row.
pub(super) fn power(cx: &Cx<'_>, machine: Key, power: Power) -> Plan {
    match cx.fabric().machines.get(&machine) {
        Some(row) => Plan::new().machine(machine, Some(Machine { power, ..row.clone() })),
        None => Plan::new(),
    }
}

/// Writes a role again.
pub(super) fn update(
    cx: &Cx<'_>,
    asked: &Asked,
    place: (&str, &str, &str),
    spec: &RoleSpec,
) -> Result<Step, CloudError> {
    let (service, deployment, role) = place;
    let (key, row) = deployments::find_named(cx, asked.subscription, service, deployment)?;
    let found = find(row, role)?;
    operations::check_free(cx, &Hold::Deployment(key.clone()))?;
    let owner = hosted_services::find(cx, asked.subscription, service)?;
    let step = Step::later(Plan::new(), (20_000, 40_000)).holding(Hold::Deployment(key.clone()));
    let mut draft = Draft::new(cx, asked, owner, &key, row.clone());
    match draft.update(found, spec) {
        Ok(()) => Ok(step.then(Work::UpdateRole {
            key,
            role: found.name.clone(),
            spec: spec.clone().into(),
        })),
        Err(Trouble::Now(error)) => Err(error),
        Err(Trouble::Late(error)) => Ok(step.doomed(error)),
    }
}

/// The end of an update.
pub(super) fn updated(
    cx: &Cx<'_>,
    key: &DeploymentKey,
    role: &str,
    spec: &RoleSpec,
    fresh: Fresh,
) -> Result<Plan, CloudError> {
    let Some(row) = cx.classic().deployments.get(key) else {
        return Ok(Plan::new());
    };
    let owner = cx
        .classic()
        .hosted_services
        .get(&key.0)
        .ok_or_else(|| CloudError::of(&forms::SERVICE_NOT_FOUND))?;
    let asked = Asked {
        subscription: row.subscription,
        fresh,
        request: OperationId(fresh.0),
    };
    let found = find(row, role)?;
    let mut draft = Draft::new(cx, &asked, owner, key, row.clone());
    match draft.update(found, spec) {
        Ok(()) => Ok(draft.finish(cx.now())),
        Err(Trouble::Now(error) | Trouble::Late(error)) => Err(error),
    }
}

/// Removes a role; the last one cannot go (SM 6.3).
pub(super) fn delete(cx: &Cx<'_>, asked: &Asked, place: (&str, &str, &str), media: bool) -> Result<Step, CloudError> {
    let (service, deployment, role) = place;
    let (key, row) = deployments::find_named(cx, asked.subscription, service, deployment)?;
    let found = find(row, role)?;
    operations::check_free(cx, &Hold::Deployment(key.clone()))?;
    if row.roles.len() == 1 {
        cov_mark::hit!(classic_only_role);
        return Err(CloudError::of(&forms::ONLY_ROLE).with("role", &found.name));
    }
    let work = Work::DeleteRole {
        key: key.clone(),
        role: found.name.clone(),
        media,
    };
    Ok(Step::later(Plan::new(), (20_000, 40_000))
        .holding(Hold::Deployment(key))
        .then(work))
}

/// The end of a removal.
pub(super) fn removed(cx: &Cx<'_>, key: &DeploymentKey, role: &str, media: bool) -> Plan {
    let Some(row) = cx.classic().deployments.get(key) else {
        return Plan::new();
    };
    let Ok(found) = find(row, role) else {
        return Plan::new();
    };
    let mut deployment = row.clone();
    deployment.roles.retain(|own| own.machine != found.machine);
    deployment.modified = cx.now();
    let mut plan = gone(cx, row, found, media);
    let gone_sets: Vec<(Box<str>, Key)> = deployment
        .sets
        .iter()
        .filter(|(set, _)| !deployment.uses_set(set))
        .cloned()
        .collect();
    for (set, key) in gone_sets {
        deployment.sets.retain(|(own, _)| *own != set);
        plan = plan.machine_set(key, None);
    }
    let (deployment, vip) = deployments::settle_vip(cx, deployment, &[found.machine]);
    plan.then(vip).deployment(key.clone(), Some(deployment))
}

/// What goes with a role: machine, ports, addresses, cores; disks are let go, or go too.
pub(super) fn gone(cx: &Cx<'_>, deployment: &Deployment, role: &Role, media: bool) -> Plan {
    let mut plan = Plan::new().machine(role.machine, None);
    for port in role.ports() {
        plan = plan.then(port_gone(cx, port));
    }
    if let Some(PublicIp(key)) = role.public_ip {
        plan = plan.then(public_gone(cx, key));
    }
    if let Some(machine) = cx
        .fabric()
        .machines
        .get(&role.machine)
        .filter(|machine| machine.power.is_allocated())
    {
        plan = plan.charge_cores(location_name(&machine.location), -i64::from(machine.cores));
    }
    for name in disk_names(role) {
        let key = Named::new(deployment.subscription, &name);
        let Some(disk) = cx.classic().disks.get(&key) else {
            continue;
        };
        plan = plan.then(if media {
            disks::gone(cx, key, disk, true)
        } else {
            disks::letting_go(cx, deployment.subscription, &name, role.machine)
        });
    }
    plan
}

/// The names of a role's disks: the system's first.
pub(super) fn disk_names(role: &Role) -> Vec<Box<str>> {
    std::iter::once(role.os_disk.name.clone())
        .chain(role.data_disks.iter().map(|disk| disk.name.clone()))
        .collect()
}

/// The ledger's name of a location.
pub(super) fn location_name(location: &str) -> Box<str> {
    locations::find(location).map_or_else(|| location.into(), |found| found.name.into())
}

pub(super) fn port_gone(cx: &Cx<'_>, port: Key) -> Plan {
    let mut plan = Plan::new();
    if let Some(row) = cx.fabric().ports.get(&port) {
        for held in &row.addresses {
            plan = plan.lease((held.pool, u32::from(held.address)), None);
        }
    }
    plan.port(port, None)
}

pub(super) fn public_gone(cx: &Cx<'_>, key: Key) -> Plan {
    let mut plan = Plan::new();
    if let Some(address) = cx.fabric().public_addresses.get(&key).and_then(|row| row.address) {
        plan = plan.public_in_use(u32::from(address), None);
    }
    plan.public_address(key, None)
}

/// The size of a request: Small unless said (SM 6.1).
pub(super) fn size_of(size: Option<&str>) -> Result<&'static role_sizes::RoleSize, CloudError> {
    let name = size.map(str::trim).filter(|name| !name.is_empty()).unwrap_or("Small");
    role_sizes::find(name).ok_or_else(|| CloudError::of(&forms::ROLE_SIZE).with("size", name))
}

impl Deployment {
    /// A role by name.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn role(&self, name: &str) -> Result<&Role, CloudError> {
        find(self, name)
    }

    /// The external port of a role's remote desktop (SM 6.4).
    ///
    /// # Errors
    ///
    /// When it has no such endpoint.
    pub fn remote_desktop_port(&self, role: &str) -> Result<u16, CloudError> {
        let endpoints = &find(self, role)?.network.endpoints;
        let found = endpoints
            .iter()
            .find(|endpoint| endpoint.local_port == 3389)
            .and_then(|endpoint| endpoint.port);
        found.ok_or_else(|| CloudError::of(&forms::NO_RDP))
    }

    pub(super) fn uses_set(&self, set: &str) -> bool {
        self.roles.iter().any(|role| {
            role.availability_set
                .as_deref()
                .is_some_and(|own| own.eq_ignore_ascii_case(set))
        })
    }

    pub(super) fn set_timeline(&mut self, role: &str, timeline: Timeline, now: crate::time::Time) {
        self.modified = now;
        for own in self.roles.iter_mut().filter(|own| own.name.eq_ignore_ascii_case(role)) {
            own.timeline = timeline.clone();
        }
    }
}

/// The endpoints that a role has after a write.
pub(super) fn endpoints_after(deployment: &Deployment, role: &str, network: &NetworkSet) -> Vec<InputEndpoint> {
    endpoints::with_ports(deployment, role, &network.endpoints)
}
