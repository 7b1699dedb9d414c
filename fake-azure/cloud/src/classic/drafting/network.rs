//! Ports and addresses of a role in the making: which are asked for, which may be kept, which are taken (SM 11.4).

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::{Draft, Trouble};
use crate::classic::roles::{self, NetworkSet, PublicIp, Role};
use crate::classic::{endpoints, forms};
use crate::error::CloudError;
use crate::fabric::{Port, PortAddress};
use crate::key::Key;
use crate::plan::Plan;

impl Draft<'_> {
    pub(super) fn check_network(&self, role: &str, size: &str, network: &NetworkSet) -> Result<(), CloudError> {
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
    pub(super) fn pool_of(&self, subnet: &str) -> Result<Key, CloudError> {
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
    pub(super) fn first_pool(&self, network: &NetworkSet) -> Result<Option<Key>, CloudError> {
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
        Ok(site.map(|site| site.first_pool()))
    }

    /// Gives a role its ports and addresses. `keep` has the addresses that ports had before.
    pub(super) fn wire(
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

    /// Gives a role another network set: ports that are not named any more go, addresses that may stay do.
    pub(super) fn rewire(&mut self, role: &mut Role, before: &Role, mut network: NetworkSet) -> Result<(), Trouble> {
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

    /// The first address of the network that a deployment in the making has to itself.
    pub(in crate::classic) fn own_address(&self) -> Option<(Key, Ipv4Addr)> {
        let pool = self.deployment.pool?;
        self.first_usable(pool, &[]).map(|address| (pool, address))
    }

    /// An address that something else of the deployment takes: no machine gets it.
    pub(in crate::classic) fn note_taken(&mut self, held: Option<(Key, Ipv4Addr)>) {
        self.leases.extend(held);
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
}
