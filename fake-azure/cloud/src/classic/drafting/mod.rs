//! A deployment in the making: roles are placed one after the other, and each sees what the earlier ones took.
//!
//! Trouble is of two sorts (SM 2.1): what the API sees is refused at once, what the fabric sees makes the operation fail.

mod disks;

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use crate::catalogue::role_sizes::RoleSize;
use crate::classic::deployments::{Deployment, DeploymentKey};
use crate::classic::images::Source;
use crate::classic::roles::{self, DataDiskSpec, NetworkSet, OsDiskSpec, Provisioning, PublicIp, Role, RoleSpec};
use crate::classic::{
    Asked, HostedService, Named, Phase, Timeline, endpoints, forms, names, service_certificates, subscription,
};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::fabric::{BlobName, Machine, MachineSet, Port, PortAddress, Power, PublicAddress, System};
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

    /// Gives ports of a role addresses again that lost theirs with its host.
    pub(in crate::classic) fn readdress(&mut self, role: &Role) -> Result<(), Trouble> {
        let bare = |port: Key| {
            self.cx
                .fabric()
                .ports
                .get(&port)
                .is_some_and(|row| row.addresses.is_empty())
        };
        let mut waiting = Vec::new();
        if bare(role.port) {
            let pool = self
                .first_pool(&role.network)?
                .ok_or_else(|| CloudError::of(&forms::PARAMETER))?;
            waiting.push((role.port, true, pool, role.network.static_address));
        }
        for nic in &role.network.interfaces {
            let (subnet, wanted) = nic.configurations.first().cloned().unwrap_or_default();
            if let Some(port) = nic.port.filter(|port| bare(*port)) {
                waiting.push((port, false, self.pool_of(&subnet)?, wanted));
            }
        }
        for (port, primary, pool, wanted) in waiting {
            self.port(port, role.machine, primary, pool, wanted, None)?;
        }
        Ok(())
    }

    /// What was planned, without the deployment's row.
    pub(in crate::classic) fn into_plan(self) -> Plan {
        self.plan
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
