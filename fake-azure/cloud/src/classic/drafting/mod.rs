//! A deployment in the making: roles are placed one after the other, and each sees what the earlier ones took.
//!
//! Trouble is of two sorts (SM 2.1): what the API sees is refused at once, what the fabric sees makes the operation fail.

mod disks;
mod network;

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use crate::catalogue::role_sizes::RoleSize;
use crate::classic::deployments::{Deployment, DeploymentKey};
use crate::classic::images::Source;
use crate::classic::roles::{self, DataDiskSpec, NetworkSet, OsDiskSpec, Provisioning, Role, RoleSpec};
use crate::classic::{
    Asked, HostedService, Named, Phase, Placement, Timeline, endpoints, forms, names, service_certificates,
    subscription,
};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::fabric::{BlobName, Machine, MachineSet, Power, PublicAddress, System};
use crate::key::Key;
use crate::plan::Plan;
use crate::time::Time;

/// When trouble is told.
#[derive(Debug)]
pub(in crate::classic) enum Trouble {
    /// With the answer.
    Now(CloudError),
    /// By the operation.
    Late(CloudError),
}

impl From<CloudError> for Trouble {
    fn from(error: CloudError) -> Trouble {
        Trouble::Now(error)
    }
}

/// A deployment in the making.
pub(in crate::classic) struct Draft<'a> {
    cx: &'a Cx<'a>,
    asked: &'a Asked,
    service: &'a HostedService,
    key: DeploymentKey,
    pub(in crate::classic) deployment: Deployment,
    plan: Plan,
    location: Box<str>,
    leases: Vec<(Key, Ipv4Addr)>,
    freed: BTreeSet<Ipv4Addr>,
    public_taken: usize,
    blobs: BTreeSet<BlobName>,
    attached: BTreeSet<Named>,
    cores: u32,
    drawn: u128,
}

impl<'a> Draft<'a> {
    pub(in crate::classic) fn new(
        cx: &'a Cx<'a>,
        asked: &'a Asked,
        service: &'a HostedService,
        key: &DeploymentKey,
        deployment: Deployment,
    ) -> Draft<'a> {
        Draft {
            cx,
            asked,
            service,
            key: key.clone(),
            deployment,
            plan: Plan::new(),
            location: service.placement.location(cx, service.subscription),
            leases: Vec::new(),
            freed: BTreeSet::new(),
            public_taken: 0,
            blobs: BTreeSet::new(),
            attached: BTreeSet::new(),
            cores: 0,
            drawn: 10,
        }
    }

    /// The whole plan, the deployment's row with it.
    pub(in crate::classic) fn finish(mut self, now: Time) -> Plan {
        self.deployment.modified = now;
        self.deployment.roles.sort_by_key(|role| role.name.to_lowercase());
        self.plan.deployment(self.key, Some(self.deployment))
    }

    fn then(&mut self, plan: Plan) {
        self.plan = std::mem::take(&mut self.plan).then(plan);
    }

    fn draw(&mut self) -> u128 {
        self.drawn += 1;
        self.drawn
    }

    pub(in crate::classic) fn reserve(&mut self) -> Key {
        self.plan.reserve(self.cx)
    }

    pub(in crate::classic) fn with(&mut self, change: impl FnOnce(Plan) -> Plan) {
        self.plan = change(std::mem::take(&mut self.plan));
    }

    /// Takes the next free public address for a row.
    pub(in crate::classic) fn take_public(&mut self, key: Key, dns_name: Option<Box<str>>, not: Option<Ipv4Addr>) {
        let fabric = self.cx.fabric();
        let mut address = fabric.free_public_address(self.public_taken);
        if Some(address) == not {
            self.public_taken += 1;
            address = fabric.free_public_address(self.public_taken);
        }
        self.public_taken += 1;
        let row = PublicAddress {
            address: Some(address),
            fixed: false,
            dns_name,
        };
        self.then(
            Plan::new()
                .public_address(key, Some(row))
                .public_in_use(u32::from(address), Some(key)),
        );
    }

    /// Places a new role.
    pub(in crate::classic) fn add(&mut self, spec: &RoleSpec) -> Result<(), Trouble> {
        let name = spec.name.clone().unwrap_or_default();
        if !names::is_object_name(&name) || name.len() > 64 {
            return Err(CloudError::of(&forms::ROLE_NAME).with("role", &name).into());
        }
        if self.deployment.role(&name).is_ok() {
            return Err(CloudError::of(&forms::ROLE_EXISTS).with("role", &name).into());
        }
        let count = self.deployment.roles.len() + 1;
        if let Some(limit) = self
            .cx
            .limit("RolesPerHostedService")
            .filter(|limit| i64::try_from(count).is_ok_and(|n| n > *limit))
        {
            return Err(CloudError::of(&forms::ROLE_LIMIT)
                .with("count", count)
                .with("limit", limit)
                .into());
        }
        let size = roles::size_of(spec.size.as_deref())?;
        let network = spec.network.clone().unwrap_or_default();
        self.check_provisioning(&name, spec.provisioning.as_ref())?;
        self.check_network(&name, size.name, &network)?;
        check_extensions(&name, spec)?;
        let sources = self.sources(&name, spec, size)?;

        // From here on it is the fabric that judges.
        if let Some(error) = endpoints::collision(&self.deployment, &name, &network.endpoints) {
            return Err(Trouble::Late(error));
        }
        let late = Trouble::Late;
        self.check_cluster(size).map_err(late)?;
        subscription::check_cores(
            self.cx,
            self.asked.subscription,
            &roles::location_name(&self.location),
            self.cores + size.cores,
        )
        .map_err(late)?;
        let public = self.public_in_use(&name) + network.public_ips.len();
        subscription::check_count(
            self.cx,
            "MaxPublicIPCount",
            "public IP count",
            public - network.public_ips.len(),
            network.public_ips.len(),
        )
        .map_err(late)?;
        self.place(&name, spec, size, network, sources)
    }

    /// Writes a role again: what is not sent is kept (SM 6.3).
    pub(in crate::classic) fn update(&mut self, before: &Role, spec: &RoleSpec) -> Result<(), Trouble> {
        let mut role = before.clone();
        let name = before.name.clone();
        let size = match spec.size.as_deref().map(str::trim).filter(|size| !size.is_empty()) {
            Some(size) => roles::size_of(Some(size))?,
            None => roles::size_of(Some(&before.size))?,
        };
        if let Some(network) = &spec.network {
            self.check_network(&name, size.name, network)?;
        }
        check_extensions(&name, spec)?;
        self.check_listed_disks(before, spec.data_disks.as_deref().unwrap_or_default())?;

        if let Some(network) = &spec.network {
            if let Some(error) = endpoints::collision(&self.deployment, &name, &network.endpoints) {
                return Err(Trouble::Late(error));
            }
            let own = usize::from(before.public_ip.is_some());
            let more = network.public_ips.len().saturating_sub(own);
            let used = self.public_in_use("");
            subscription::check_count(self.cx, "MaxPublicIPCount", "public IP count", used, more)
                .map_err(Trouble::Late)?;
        }
        let machine = self.cx.fabric().machines.get(&before.machine);
        let allocated = machine.is_some_and(|machine| machine.power.is_allocated());
        let old_cores = machine.map_or(0, |machine| machine.cores);
        if allocated && size.cores > old_cores {
            let more = size.cores - old_cores;
            subscription::check_cores(
                self.cx,
                self.asked.subscription,
                &roles::location_name(&self.location),
                more,
            )
            .map_err(Trouble::Late)?;
        }

        let set = match spec.availability_set.as_deref().map(str::trim) {
            None => before.availability_set.clone(),
            Some("") => None,
            Some(set) => Some(set.into()),
        };
        let same_set =
            before.availability_set.as_deref().map(str::to_lowercase) == set.as_deref().map(str::to_lowercase);
        let moved = !same_set || *before.size != *size.name;
        self.deployment.roles.retain(|own| own.machine != before.machine);
        if !same_set {
            role.place = self.next_place(set.as_deref());
            role.availability_set = set;
        }
        let set_key = role.availability_set.clone().map(|set| self.set_key(&set));
        role.size = size.name.into();
        if let Some(network) = spec.network.clone() {
            self.rewire(&mut role, before, network)?;
        }
        if let Some(extensions) = &spec.extensions {
            role.extensions = extensions
                .iter()
                .filter(|extension| {
                    !extension
                        .state
                        .as_deref()
                        .is_some_and(|state| state.eq_ignore_ascii_case("Uninstall"))
                })
                .cloned()
                .collect();
        }
        if spec.provision_guest_agent.is_some() {
            role.guest_agent = spec.provision_guest_agent;
        }
        if spec.boot_diagnostics.is_some() {
            role.boot_diagnostics = spec.boot_diagnostics;
        }
        if let Some(disk) = &spec.os_disk
            && let Some(caching) = &disk.caching
        {
            role.os_disk.caching = caching.clone();
        }
        for disk in spec.data_disks.iter().flatten() {
            let known = role.data_disks.iter_mut().find(|own| {
                disk.name
                    .as_deref()
                    .is_some_and(|name| own.name.eq_ignore_ascii_case(name))
            });
            match (known, &disk.caching) {
                (Some(own), Some(caching)) => own.caching = caching.clone(),
                (Some(_), None) => {}
                (None, _) => {
                    let attached =
                        self.data_disk(&role.name.clone(), role.machine, disk, &role.data_disks.clone(), size)?;
                    role.data_disks.push(attached);
                }
            }
        }
        if let Some(machine) = machine {
            let (update_domain, fault_domain) = role.domains();
            let changed = Machine {
                size: size.name.into(),
                cores: size.cores,
                ports: role.ports(),
                set: set_key.map(|key| (key, fault_domain, update_domain)),
                ..machine.clone()
            };
            let mut plan = Plan::new().machine(role.machine, Some(changed));
            if allocated && size.cores != old_cores {
                plan = plan.charge_cores(
                    roles::location_name(&self.location),
                    i64::from(size.cores) - i64::from(old_cores),
                );
            }
            self.then(plan);
        }
        if moved && role.timeline.at(self.cx.now()).has_booted() {
            let n = self.draw();
            role.timeline = Timeline::restart(self.cx.now(), self.asked.fresh, n);
        }
        self.deployment.roles.push(role);
        Ok(())
    }

    /// Instance-level public addresses of the subscription, of roles other than this one.
    fn public_in_use(&self, but: &str) -> usize {
        let of = |deployment: &Deployment| {
            deployment
                .roles
                .iter()
                .filter(|role| role.public_ip.is_some() && !role.name.eq_ignore_ascii_case(but))
                .count()
        };
        let others: usize = self
            .cx
            .classic()
            .deployments
            .iter()
            .filter(|(key, row)| row.subscription == self.asked.subscription && **key != self.key)
            .map(|(_, row)| of(row))
            .sum();
        others + of(&self.deployment)
    }

    /// A network that is bound to an affinity group holds its machines to the hardware of the time when groups were made
    /// (juju-provider L11). Quirk `old-cluster`.
    fn check_cluster(&self, size: &RoleSize) -> Result<(), CloudError> {
        let network = self.deployment.network.as_deref().unwrap_or_default();
        let site = self.cx.virtual_network_site(self.service.subscription, network).ok();
        let is_pinned = site.is_some_and(|site| matches!(site.spec.placement, Some(Placement::AffinityGroup(_))));
        if is_pinned && !size.is_of_affinity_groups() {
            cov_mark::hit!(old_cluster);
            return Err(CloudError::of(&forms::OVERCONSTRAINED));
        }
        Ok(())
    }

    fn check_provisioning(&self, role: &str, provisioning: Option<&Provisioning>) -> Result<(), CloudError> {
        let Some(provisioning) = provisioning else {
            return Ok(());
        };
        if provisioning.system == System::Windows {
            let name = provisioning
                .host_name
                .as_deref()
                .filter(|name| !name.is_empty())
                .unwrap_or(role);
            if !names::is_computer_name(name) {
                return Err(CloudError::of(&forms::COMPUTER_NAME));
            }
        }
        let limit = self
            .cx
            .limit("ClassicCustomDataBytes")
            .and_then(|limit| usize::try_from(limit).ok());
        if limit.is_some_and(|limit| provisioning.custom_data_bytes > limit) {
            return Err(CloudError::of(&forms::CUSTOM_DATA).with("role", role));
        }
        for thumbprint in &provisioning.fingerprints {
            if !service_certificates::is_known(self.service, thumbprint) {
                return Err(CloudError::of(&forms::CERTIFICATE_NOT_IN_SERVICE).with("thumbprint", thumbprint));
            }
        }
        Ok(())
    }

    fn place(
        &mut self,
        name: &str,
        spec: &RoleSpec,
        size: &RoleSize,
        network: NetworkSet,
        sources: Sources,
    ) -> Result<(), Trouble> {
        let cx = self.cx;
        let machine = self.reserve();
        let os_disk = self.os_disk(name, machine, spec, &sources)?;
        let mut data_disks = Vec::new();
        if let Some(image) = &sources.image {
            for (lun, size_gb) in image.data.clone() {
                let link = self.made_up_link(spec, &os_disk, name, lun);
                let asked = DataDiskSpec {
                    lun: Some(lun),
                    size_gb: Some(size_gb),
                    media_link: Some(link),
                    ..DataDiskSpec::default()
                };
                data_disks.push(self.data_disk(name, machine, &asked, &data_disks, size)?);
            }
        }
        for disk in &sources.data {
            data_disks.push(self.data_disk(name, machine, disk, &data_disks, size)?);
        }
        data_disks.sort_by_key(|disk| disk.lun);

        let port = self.reserve();
        let place = self.next_place(spec.availability_set.as_deref().filter(|set| !set.trim().is_empty()));
        let availability_set = spec
            .availability_set
            .as_deref()
            .map(str::trim)
            .filter(|set| !set.is_empty())
            .map(Box::from);
        let set_key = availability_set.as_deref().map(|set: &str| self.set_key(set));
        let provisioning = spec.provisioning.as_ref();
        let windows = os_disk.os == System::Windows;
        let winrm = provisioning.is_some_and(|provisioning| provisioning.winrm_https && windows);
        let n = self.draw();
        let mut role = Role {
            name: name.into(),
            machine,
            port,
            public_ip: None,
            size: size.name.into(),
            network: NetworkSet::default(),
            availability_set,
            place,
            label: spec.label.clone(),
            os_disk,
            data_disks,
            extensions: spec.extensions.clone().unwrap_or_default(),
            guest_agent: spec.provision_guest_agent,
            boot_diagnostics: spec.boot_diagnostics,
            license_type: spec.license_type.clone(),
            host_name: provisioning
                .and_then(|own| own.host_name.clone())
                .filter(|own| !own.is_empty())
                .unwrap_or_else(|| name.into()),
            fingerprints: provisioning.map(|own| own.fingerprints.clone()).unwrap_or_default(),
            remote_access_thumbprint: format!("{:032x}", self.asked.fresh.guid(n).0).into(),
            winrm_thumbprint: winrm
                .then(|| crate::classic::hosted_services::made_up_thumbprint(self.asked.fresh, n + 5_000)),
            timeline: Timeline::at_rest(cx.now(), Phase::Waiting),
        };
        self.wire(&mut role, network, &BTreeMap::new())?;
        if let Some(thumbprint) = role
            .winrm_thumbprint
            .clone()
            .filter(|_| self.service.winrm_thumbprint.is_none())
        {
            let service = HostedService {
                winrm_thumbprint: Some(thumbprint),
                ..self.service.clone()
            };
            self.then(Plan::new().hosted_service(crate::classic::folded(&self.service.name), Some(service)));
        }
        let (update_domain, fault_domain) = role.domains();
        let row = Machine {
            size: size.name.into(),
            cores: size.cores,
            location: roles::location_name(&self.location),
            power: Power::Starting,
            generalized: false,
            ports: role.ports(),
            disks: Vec::new(),
            set: set_key.map(|key| (key, fault_domain, update_domain)),
        };
        self.cores += size.cores;
        let plan = Plan::new()
            .machine(machine, Some(row))
            .charge_cores(roles::location_name(&self.location), size.cores.into());
        self.then(plan);
        self.deployment.roles.push(role);
        Ok(())
    }

    /// What was planned, without the deployment's row.
    pub(in crate::classic) fn into_plan(self) -> Plan {
        self.plan
    }

    /// The lowest free place of a set (SM 8.4).
    fn next_place(&self, set: Option<&str>) -> u32 {
        let Some(set) = set else {
            return 0;
        };
        let in_set = |role: &&Role| {
            role.availability_set
                .as_deref()
                .is_some_and(|own| own.eq_ignore_ascii_case(set))
        };
        let taken: BTreeSet<u32> = self
            .deployment
            .roles
            .iter()
            .filter(in_set)
            .map(|role| role.place)
            .collect();
        (0..).find(|place| !taken.contains(place)).unwrap_or(0)
    }

    /// The fabric's row of a set, made when it is first named.
    fn set_key(&mut self, set: &str) -> Key {
        let folded = crate::classic::folded(set);
        if let Some((_, key)) = self.deployment.sets.iter().find(|(own, _)| *own == folded) {
            return *key;
        }
        let key = self.reserve();
        self.deployment.sets.push((folded, key));
        let row = MachineSet {
            fault_domains: 2,
            update_domains: 5,
            managed: false,
        };
        self.then(Plan::new().machine_set(key, Some(row)));
        key
    }
}

/// Where a role's disks come from.
pub(in crate::classic) struct Sources {
    image: Option<Source>,
    os: OsDiskSpec,
    data: Vec<DataDiskSpec>,
}

pub(in crate::classic) fn check_lun(cx: &Cx<'_>, lun: u32) -> Result<(), CloudError> {
    let max = cx.limit("ClassicMaxLun").unwrap_or(31);
    if i64::from(lun) > max {
        return Err(CloudError::of(&forms::LUN_RANGE).with("lun", lun).with("max", max));
    }
    Ok(())
}

fn check_extensions(role: &str, spec: &RoleSpec) -> Result<(), CloudError> {
    let references = spec.extensions.as_deref().unwrap_or_default();
    for (index, extension) in references.iter().enumerate() {
        if references[..index]
            .iter()
            .any(|other| other.reference.eq_ignore_ascii_case(&extension.reference))
        {
            return Err(CloudError::of(&forms::EXTENSION_REFERENCE)
                .with("name", &extension.reference)
                .with("role", role));
        }
    }
    Ok(())
}
