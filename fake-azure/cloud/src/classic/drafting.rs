//! A deployment in the making: roles are placed one after the other, and each sees what the earlier ones took.
//!
//! Trouble is of two sorts (SM 2.1): what the API sees is refused at once, what the fabric sees makes the operation fail.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use super::deployments::{Deployment, DeploymentKey};
use super::disks::{self, AttachedTo, Disk};
use super::images::{self, Source};
use super::roles::{
    self, DataDisk, DataDiskSpec, NetworkSet, OsDisk, OsDiskSpec, Provisioning, PublicIp, Role, RoleSpec,
};
use super::{
    Asked, HostedService, Named, Phase, Timeline, endpoints, forms, media, names, service_certificates, subscription,
};
use crate::catalogue::role_sizes::RoleSize;
use crate::cx::Cx;
use crate::error::CloudError;
use crate::fabric::{BlobName, Machine, MachineSet, Port, PortAddress, Power, PublicAddress, System};
use crate::key::Key;
use crate::plan::Plan;
use crate::time::Time;

/// When trouble is told.
#[derive(Debug)]
pub(super) enum Trouble {
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
pub(super) struct Draft<'a> {
    cx: &'a Cx<'a>,
    asked: &'a Asked,
    service: &'a HostedService,
    key: DeploymentKey,
    pub(super) deployment: Deployment,
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
    pub(super) fn new(
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
    pub(super) fn finish(mut self, now: Time) -> Plan {
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

    pub(super) fn reserve(&mut self) -> Key {
        self.plan.reserve(self.cx)
    }

    pub(super) fn with(&mut self, change: impl FnOnce(Plan) -> Plan) {
        self.plan = change(std::mem::take(&mut self.plan));
    }

    /// Takes the next free public address for a row.
    pub(super) fn take_public(&mut self, key: Key, dns_name: Option<Box<str>>, not: Option<Ipv4Addr>) {
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
    pub(super) fn add(&mut self, spec: &RoleSpec) -> Result<(), Trouble> {
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
    pub(super) fn update(&mut self, before: &Role, spec: &RoleSpec) -> Result<(), Trouble> {
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

    fn check_network(&self, role: &str, size: &str, network: &NetworkSet) -> Result<(), CloudError> {
        endpoints::check(self.cx, &self.deployment, role, size, &network.endpoints)?;
        if network.public_ips.len() > 1 {
            return Err(CloudError::of(&forms::PUBLIC_IP_TOO_MANY).with("role", role));
        }
        let subnets = network.subnets.iter().chain(
            network
                .interfaces
                .iter()
                .flat_map(|nic| nic.configurations.iter().map(|own| &own.0)),
        );
        for subnet in subnets {
            self.pool_of(subnet)?;
        }
        for (index, nic) in network.interfaces.iter().enumerate() {
            let reason = if nic.name.is_empty() || nic.configurations.len() != 1 {
                "an interface needs a name and one configuration"
            } else if network.interfaces[..index]
                .iter()
                .any(|other| other.name.eq_ignore_ascii_case(&nic.name))
            {
                "names must be unique"
            } else if self.deployment.network.is_none() {
                "the deployment is in no virtual network"
            } else {
                continue;
            };
            return Err(CloudError::of(&forms::NIC_DUPLICATE)
                .with("role", role)
                .with("reason", reason));
        }
        let groups = network
            .security_group
            .iter()
            .chain(network.interfaces.iter().filter_map(|nic| nic.security_group.as_ref()));
        for group in groups {
            if !self
                .cx
                .classic()
                .network_security_groups
                .contains(&self.asked.named(group))
            {
                return Err(CloudError::of(&forms::NSG_NOT_FOUND).with("group", group));
            }
        }
        let with_acl = network
            .endpoints
            .iter()
            .any(|endpoint| endpoint.acl.as_ref().is_some_and(|rules| !rules.is_empty()));
        if network.security_group.is_some() && with_acl {
            return Err(CloudError::of(&forms::BAD_ACL_AND_GROUP).with("role", role));
        }
        if let Some(address) = network.static_address
            && let Some(subnet) = network.subnets.first()
        {
            let pool = self.pool_of(subnet)?;
            if !self
                .cx
                .fabric()
                .pools
                .get(&pool)
                .is_some_and(|pool| pool.is_usable(address))
            {
                return Err(CloudError::of(&forms::FIXED_ADDRESS_SUBNET)
                    .with("address", address)
                    .with("subnet", subnet));
            }
        }
        Ok(())
    }

    /// The address pool of a subnet of the deployment's network.
    fn pool_of(&self, subnet: &str) -> Result<Key, CloudError> {
        let network = self.deployment.network.as_deref().unwrap_or_default();
        let missing = || {
            CloudError::of(&forms::NO_SUBNET)
                .with("subnet", subnet)
                .with("network", network)
        };
        let site = self
            .cx
            .classic()
            .virtual_networks
            .get(&self.asked.named(network))
            .ok_or_else(missing)?;
        site.subnets
            .iter()
            .find(|own| own.name.eq_ignore_ascii_case(subnet))
            .map(|own| own.key)
            .ok_or_else(missing)
    }

    /// Where a role's first address comes from.
    fn first_pool(&self, network: &NetworkSet) -> Result<Option<Key>, CloudError> {
        if let Some(subnet) = network.subnets.first() {
            return self.pool_of(subnet).map(Some);
        }
        if let Some(pool) = self.deployment.pool {
            return Ok(Some(pool));
        }
        let site = self
            .deployment
            .network
            .as_deref()
            .and_then(|name| self.cx.classic().virtual_networks.get(&self.asked.named(name)));
        let usable = |site: &super::VirtualNetworkSite| {
            let own = site
                .subnets
                .iter()
                .find(|subnet| !subnet.name.eq_ignore_ascii_case("GatewaySubnet"));
            own.or(site.subnets.first()).map(|subnet| subnet.key)
        };
        Ok(site.and_then(usable))
    }

    /// Where system and data disks come from; refused at once where a name names nothing.
    fn sources(&self, role: &str, spec: &RoleSpec, size: &RoleSize) -> Result<Sources, CloudError> {
        let cx = self.cx;
        let os = spec.os_disk.clone().unwrap_or_default();
        let image = match (&spec.vm_image, &os.source_image) {
            (Some(name), _) => Some(images::vm_source(cx, self.asked.subscription, name)?),
            (None, Some(name)) => Some(images::os_source(cx, self.asked.subscription, name)?),
            (None, None) => None,
        };
        let specialized =
            image.as_ref().is_some_and(|image| !image.generalized) || image.is_none() && os.remote_source.is_none();
        if specialized && spec.provisioning.is_some() {
            return Err(CloudError::of(&forms::PROVISIONING_FORBIDDEN).with("role", role));
        }
        if !specialized && spec.provisioning.is_none() && image.is_some() {
            return Err(CloudError::of(&forms::PROVISIONING_REQUIRED).with("role", role));
        }
        if let (None, Some(name)) = (&image, &os.name)
            && os.media_link.is_none()
        {
            disks::check_free(disks::find(cx, self.asked.subscription, name)?)?;
        } else if image.is_none() && os.name.is_none() && os.media_link.is_none() {
            return Err(CloudError::of(&forms::PARAMETER));
        }
        if let Some(link) = &os.media_link {
            media::locate(cx, self.asked, link)?;
        }
        let data = spec.data_disks.clone().unwrap_or_default();
        let mut luns = BTreeSet::new();
        for disk in &data {
            check_lun(cx, disk.lun.unwrap_or(0))?;
            if let Some(lun) = disk.lun
                && !luns.insert(lun)
            {
                return Err(CloudError::of(&forms::LUN_TAKEN).with("lun", lun).with("role", role));
            }
            if let Some(size) = disk.size_gb {
                disks::check_size(cx, size)?;
            }
        }
        if data.len() > usize::try_from(size.max_data_disks).unwrap_or(usize::MAX) {
            return Err(CloudError::of(&forms::LUN_LIMIT)
                .with("role", role)
                .with("limit", size.max_data_disks));
        }
        Ok(Sources { image, os, data })
    }

    fn check_listed_disks(&self, role: &Role, listed: &[DataDiskSpec]) -> Result<(), CloudError> {
        for disk in listed {
            let named = |own: &&DataDisk| {
                disk.name
                    .as_deref()
                    .is_some_and(|name| own.name.eq_ignore_ascii_case(name))
            };
            let lun = disk.lun.unwrap_or(0);
            check_lun(self.cx, lun)?;
            let same_lun = role.data_disks.iter().find(|own| own.lun == lun);
            match role.data_disks.iter().find(named) {
                Some(own) if own.lun == lun => {}
                _ if same_lun.is_some() => {
                    return Err(CloudError::of(&forms::LUN_TAKEN)
                        .with("lun", lun)
                        .with("role", &role.name));
                }
                _ => {}
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
            winrm_thumbprint: winrm.then(|| super::hosted_services::made_up_thumbprint(self.asked.fresh, n + 5_000)),
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
            self.then(Plan::new().hosted_service(super::folded(&self.service.name), Some(service)));
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

    /// Gives a role its ports and addresses. `keep` has the addresses that ports had before.
    fn wire(
        &mut self,
        role: &mut Role,
        mut network: NetworkSet,
        keep: &BTreeMap<Key, PortAddress>,
    ) -> Result<(), Trouble> {
        network.endpoints = roles::endpoints_after(&self.deployment, &role.name, &network);
        let pool = self
            .first_pool(&network)?
            .ok_or_else(|| CloudError::of(&forms::PARAMETER))?;
        self.port(
            role.port,
            role.machine,
            true,
            pool,
            network.static_address,
            keep.get(&role.port),
        )?;
        for nic in &mut network.interfaces {
            let port = match nic.port {
                Some(port) => port,
                None => self.reserve(),
            };
            nic.port = Some(port);
            let (subnet, wanted) = nic.configurations.first().cloned().unwrap_or_default();
            let pool = self.pool_of(&subnet)?;
            self.port(port, role.machine, false, pool, wanted, keep.get(&port))?;
        }
        match (network.public_ips.first(), role.public_ip) {
            (Some(_), None) => {
                let key = self.reserve();
                role.public_ip = Some(PublicIp(key));
                self.take_public(key, None, None);
            }
            (None, Some(PublicIp(key))) => {
                role.public_ip = None;
                let plan = roles::public_gone(self.cx, key);
                self.then(plan);
            }
            _ => {}
        }
        role.network = network;
        Ok(())
    }

    /// Gives a role another network set: ports that are not named any more go, addresses that may stay do.
    fn rewire(&mut self, role: &mut Role, before: &Role, mut network: NetworkSet) -> Result<(), Trouble> {
        let mut keep = BTreeMap::new();
        for port in before.ports() {
            if let Some(held) = self.cx.fabric().ports.get(&port).and_then(|row| row.addresses.first()) {
                self.freed.insert(held.address);
                keep.insert(port, held.clone());
            }
            let plan = roles::port_gone(self.cx, port);
            self.then(plan);
        }
        if network.subnets.is_empty() && network.static_address.is_none() {
            network.subnets.clone_from(&before.network.subnets);
        }
        for nic in &mut network.interfaces {
            let old = before
                .network
                .interfaces
                .iter()
                .find(|own| own.name.eq_ignore_ascii_case(&nic.name));
            nic.port = old.and_then(|own| own.port);
        }
        self.wire(role, network, &keep)
    }

    fn port(
        &mut self,
        key: Key,
        machine: Key,
        primary: bool,
        pool: Key,
        wanted: Option<Ipv4Addr>,
        before: Option<&PortAddress>,
    ) -> Result<(), Trouble> {
        let fabric = self.cx.fabric();
        let taken: Vec<Ipv4Addr> = self
            .leases
            .iter()
            .filter(|(own, _)| *own == pool)
            .map(|(_, address)| *address)
            .collect();
        let kept = before
            .filter(|held| held.pool == pool && wanted.is_none())
            .map(|held| held.address);
        let address = match wanted.or(kept) {
            Some(address) => {
                let free =
                    (fabric.is_free(pool, address) || self.freed.contains(&address)) && !taken.contains(&address);
                if !free {
                    return Err(Trouble::Late(
                        CloudError::of(&forms::ADDRESS_TAKEN).with("address", address),
                    ));
                }
                address
            }
            None => match fabric
                .lowest_free(pool, &taken)
                .or_else(|| self.first_usable(pool, &taken))
            {
                Some(address) => address,
                None => {
                    return Err(Trouble::Late(
                        CloudError::of(&forms::ADDRESS_TAKEN).with("address", "(any)"),
                    ));
                }
            },
        };
        self.leases.push((pool, address));
        let held = PortAddress {
            name: "primary".into(),
            pool,
            address,
            chosen: wanted.is_some(),
            public: None,
        };
        let mac = fabric.ports.get(&key).and_then(|row| row.mac);
        let n = self.draw();
        let row = Port {
            addresses: vec![held],
            machine: Some(machine),
            primary,
            mac,
            reserved: None,
        }
        .with_mac(self.asked.fresh.guid(n));
        self.then(
            Plan::new()
                .lease((pool, u32::from(address)), Some(key))
                .port(key, Some(row)),
        );
        Ok(())
    }

    /// The first address of a pool that is made in the same plan.
    fn first_usable(&self, pool: Key, taken: &[Ipv4Addr]) -> Option<Ipv4Addr> {
        let prefix = self
            .deployment
            .own_prefix()
            .filter(|_| self.deployment.pool == Some(pool))?;
        let first = u32::from(prefix.network()) + crate::fabric::RESERVED_AT_START;
        (first..u32::from(prefix.broadcast()))
            .map(Ipv4Addr::from)
            .find(|address| !taken.contains(address) && self.cx.fabric().is_free(pool, *address))
    }

    fn os_disk(&mut self, role: &str, machine: Key, spec: &RoleSpec, sources: &Sources) -> Result<OsDisk, Trouble> {
        let cx = self.cx;
        let os = &sources.os;
        let caching = os
            .caching
            .clone()
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| "ReadWrite".into());
        let n = self.draw();
        if sources.image.is_none() && os.media_link.is_none() {
            let name = os.name.clone().unwrap_or_default();
            let disk = disks::find(cx, self.asked.subscription, &name)?.clone();
            let system = disk.os.ok_or_else(|| CloudError::of(&forms::PARAMETER))?;
            self.attach(&disk, role, machine)?;
            return Ok(OsDisk {
                caching,
                label: os.label.clone(),
                name: disk.name.clone(),
                media_link: disk.media_link.clone(),
                source_image: disk.source_image.clone(),
                os: system,
                premium: self.is_premium(&disk.blob),
            });
        }
        let system = match (&sources.image, os.os) {
            (Some(image), _) => image.os,
            (None, Some(system)) => system,
            (None, None) => return Err(CloudError::of(&forms::PARAMETER).into()),
        };
        let link = match &os.media_link {
            Some(link) => link.clone(),
            None => self.made_up_os_link(spec, sources, role)?,
        };
        let blob = media::locate(cx, self.asked, &link)?;
        self.check_near(&blob, &link, sources.image.as_ref())?;
        let name = match &os.name {
            Some(name) if !name.is_empty() => name.clone(),
            _ => disks::made_up_name(cx, self.asked, &self.key, role, 0, n),
        };
        let made = sources.image.is_some() || os.remote_source.is_some();
        let size_gb = sources
            .image
            .as_ref()
            .map_or(30, |image| image.size_gb)
            .max(os.resized_gb.unwrap_or(0));
        let size_gb = self.hold_blob(&blob, &link, made.then_some(size_gb), machine)?;
        let disk = Disk {
            name: name.clone(),
            label: os.label.clone(),
            os: Some(system),
            media_link: link.clone(),
            blob: blob.clone(),
            size_gb,
            source_image: sources.image.as_ref().map(|image| image.name.clone()),
            created: cx.now(),
            attached: Some(self.user(role, machine)),
        };
        self.then(Plan::new().registered_disk(self.asked.named(&name), Some(disk)));
        Ok(OsDisk {
            caching,
            label: os.label.clone(),
            name,
            media_link: link,
            source_image: sources.image.as_ref().map(|image| image.name.clone()),
            os: system,
            premium: self.is_premium(&blob),
        })
    }

    pub(super) fn data_disk(
        &mut self,
        role: &str,
        machine: Key,
        spec: &DataDiskSpec,
        there: &[DataDisk],
        size: &RoleSize,
    ) -> Result<DataDisk, Trouble> {
        let cx = self.cx;
        let taken = |lun: u32| there.iter().any(|disk| disk.lun == lun);
        let lun = match spec.lun {
            Some(lun) => lun,
            None => (0..).find(|lun| !taken(*lun)).unwrap_or(0),
        };
        check_lun(cx, lun)?;
        if taken(lun) {
            return Err(CloudError::of(&forms::LUN_TAKEN)
                .with("lun", lun)
                .with("role", role)
                .into());
        }
        if there.len() >= usize::try_from(size.max_data_disks).unwrap_or(usize::MAX) {
            return Err(CloudError::of(&forms::LUN_LIMIT)
                .with("role", role)
                .with("limit", size.max_data_disks)
                .into());
        }
        let caching = spec
            .caching
            .clone()
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| "None".into());
        let named = spec.name.clone().filter(|name| !name.is_empty());
        if let Some(name) = named
            .as_deref()
            .filter(|_| spec.media_link.is_none() && spec.source_media_link.is_none())
        {
            let disk = disks::find(cx, self.asked.subscription, name)?.clone();
            self.attach(&disk, role, machine)?;
            return Ok(DataDisk {
                caching,
                label: spec.label.clone(),
                name: disk.name.clone(),
                lun,
                size_gb: disk.size_gb,
                media_link: disk.media_link.clone(),
                premium: self.is_premium(&disk.blob),
            });
        }
        let existing = spec.source_media_link.is_some() || spec.size_gb.is_none();
        let link = spec
            .source_media_link
            .as_ref()
            .or(spec.media_link.as_ref())
            .ok_or_else(|| CloudError::of(&forms::PARAMETER))?;
        // A data disk's address is written back with https (SM 6.5).
        let link: Box<str> = link
            .strip_prefix("http://")
            .map_or_else(|| link.clone(), |rest| format!("https://{rest}").into());
        let blob = media::locate(cx, self.asked, &link)?;
        if let Some(size) = spec.size_gb {
            disks::check_size(cx, size)?;
        }
        self.check_near(&blob, &link, None)?;
        let there = cx.fabric().blobs.contains(&blob);
        let make = (!existing || !there)
            .then(|| spec.size_gb.unwrap_or(1))
            .filter(|_| !existing || spec.size_gb.is_some());
        let make = make.filter(|_| !(there && spec.size_gb.is_some() && self.is_registrable(&blob, &link)));
        let size_gb = self.hold_blob(&blob, &link, make, machine)?;
        let n = self.draw();
        let name = named.unwrap_or_else(|| disks::made_up_name(cx, self.asked, &self.key, role, lun, n));
        let disk = Disk {
            name: name.clone(),
            label: spec.label.clone(),
            os: None,
            media_link: link.clone(),
            blob: blob.clone(),
            size_gb,
            source_image: None,
            created: cx.now(),
            attached: Some(self.user(role, machine)),
        };
        self.then(Plan::new().registered_disk(self.asked.named(&name), Some(disk)));
        Ok(DataDisk {
            caching,
            label: spec.label.clone(),
            name,
            lun,
            size_gb,
            media_link: link,
            premium: self.is_premium(&blob),
        })
    }

    /// A blob that is there, free and unregistered may become the disk though a size is given (recorded: attach of an upload).
    fn is_registrable(&self, blob: &BlobName, link: &str) -> bool {
        media::registrable(self.cx, blob, link).is_ok()
    }

    /// Makes a blob, or takes one that is there; its size in GB.
    fn hold_blob(&mut self, blob: &BlobName, link: &str, make_gb: Option<u32>, machine: Key) -> Result<u32, Trouble> {
        let cx = self.cx;
        let n = self.draw();
        if !self.blobs.insert(blob.clone()) {
            return Err(Trouble::Late(CloudError::of(&forms::BLOB_EXISTS).with("uri", link)));
        }
        let Some(size_gb) = make_gb else {
            let size_gb = media::registrable(cx, blob, link).map_err(Trouble::Late)?;
            let plan = media::attach(cx, blob, Some(machine), self.asked.fresh, n);
            self.then(plan);
            return Ok(size_gb);
        };
        if cx.fabric().blobs.contains(blob) {
            return Err(Trouble::Late(CloudError::of(&forms::BLOB_EXISTS).with("uri", link)));
        }
        let plan = media::make(cx, blob, size_gb, Some(machine), self.asked.fresh, n);
        self.then(plan);
        Ok(size_gb)
    }

    fn attach(&mut self, disk: &Disk, role: &str, machine: Key) -> Result<(), Trouble> {
        let key = self.asked.named(&disk.name);
        disks::check_free(disk)?;
        if !self.attached.insert(key.clone()) {
            return Err(CloudError::of(&forms::PARAMETER).into());
        }
        if !media::is_near(self.cx, &disk.blob.0, self.service) {
            let error = CloudError::of(&forms::DISK_LOCATION)
                .with("account", media::place_name(self.cx, &disk.blob.0))
                .with("disk", &disk.name)
                .with("service", self.service_place());
            return Err(Trouble::Late(error));
        }
        let n = self.draw();
        let plan = media::attach(self.cx, &disk.blob, Some(machine), self.asked.fresh, n);
        let changed = Disk {
            attached: Some(self.user(role, machine)),
            ..disk.clone()
        };
        self.then(plan.registered_disk(key, Some(changed)));
        Ok(())
    }

    fn check_near(&self, blob: &BlobName, link: &str, image: Option<&Source>) -> Result<(), Trouble> {
        let cx = self.cx;
        if let Some((image, account)) = image.and_then(|image| image.account.as_ref().map(|account| (image, account)))
            && !media::is_near(cx, account, self.service)
        {
            let error = CloudError::of(&forms::IMAGE_LOCATION)
                .with("account", media::place_name(cx, account))
                .with("image", &image.name)
                .with("service", self.service_place());
            return Err(Trouble::Late(error));
        }
        if !media::is_near(cx, &blob.0, self.service) {
            let error = CloudError::of(&forms::MEDIA_LOCATION)
                .with("account", media::place_name(cx, &blob.0))
                .with("uri", link)
                .with("service", self.service_place());
            return Err(Trouble::Late(error));
        }
        Ok(())
    }

    fn service_place(&self) -> Box<str> {
        match &self.service.placement {
            super::Placement::Location(name) | super::Placement::AffinityGroup(name) => name.clone(),
        }
    }

    fn user(&self, role: &str, machine: Key) -> AttachedTo {
        AttachedTo {
            service: self.service.name.clone(),
            deployment: self.deployment.name.clone(),
            role: role.into(),
            machine,
            until: None,
        }
    }

    fn is_premium(&self, blob: &BlobName) -> bool {
        self.cx
            .fabric()
            .accounts
            .get(&blob.0)
            .is_some_and(|account| account.sku.starts_with("Premium"))
    }

    /// Where the service puts the system disk of a machine from a VM image: beside the image, or at the media location.
    fn made_up_os_link(&self, spec: &RoleSpec, sources: &Sources, role: &str) -> Result<Box<str>, CloudError> {
        if let Some(base) = &spec.media_location {
            return Ok(format!("{}/{}-{role}-os.vhd", base.trim_end_matches('/'), self.service.name).into());
        }
        let account = sources.image.as_ref().and_then(|image| image.account.clone());
        let near = || {
            let mut own = self
                .cx
                .classic()
                .storage_services
                .iter()
                .filter(|(_, row)| row.subscription == self.asked.subscription);
            own.find(|(name, _)| media::is_near(self.cx, name, self.service))
                .map(|(name, _)| name.clone())
        };
        let account = account
            .or_else(near)
            .ok_or_else(|| CloudError::of(&forms::BAD_MEDIA_LINK).with("uri", ""))?;
        Ok(format!(
            "https://{account}.blob.core.windows.net/vhds/{}-{role}-os.vhd",
            self.service.name
        )
        .into())
    }

    fn made_up_link(&self, spec: &RoleSpec, os_disk: &OsDisk, role: &str, lun: u32) -> Box<str> {
        let base = match &spec.media_location {
            Some(base) => base.trim_end_matches('/').to_owned(),
            None => os_disk
                .media_link
                .rsplit_once('/')
                .map_or_else(String::new, |(base, _)| base.to_owned()),
        };
        format!("{base}/{}-{role}-{lun}.vhd", self.service.name).into()
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
        let folded = super::folded(set);
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
pub(super) struct Sources {
    image: Option<Source>,
    os: OsDiskSpec,
    data: Vec<DataDiskSpec>,
}

pub(super) fn check_lun(cx: &Cx<'_>, lun: u32) -> Result<(), CloudError> {
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
