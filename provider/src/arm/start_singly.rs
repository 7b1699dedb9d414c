//! Making a machine resource by resource (juju-provider 1.8.5a).

use std::net::{IpAddr, Ipv4Addr};

use super::ArmEnviron;
use super::availability_sets::{self, AvailabilitySet};
use super::network_interfaces::{self, Interface};
use super::public_ip_addresses::{self, PublicIp};
use super::start::Plan;
use super::tags;
use super::virtual_machines::{self, OsDisk, VirtualMachine};
use super::virtual_networks::{self, Subnet, lowest_free_address};
use super::{blobs, list};
use crate::{AzureError, Error, InstanceStatus, InstanceType, StartInstance};

/// A list may lag behind, so that address after address is refused (field bug `list-lag-orphan`).
const ADDRESS_TRIES_MAX: u32 = 16;

/// Where a machine comes to be.
pub(super) struct SingleSite<'a> {
    subnet: &'a Subnet,
    vhd_uri: String,
}

impl ArmEnviron {
    pub(super) async fn single_site<'a>(&self, name: &str, subnet: &'a Subnet) -> Result<SingleSite<'a>, Error> {
        let storage = self.storage().await?.ok_or_else(|| {
            let group = &self.scope.group;
            Error::Machine(format!(
                "resource group `{group}` has no storage account of this environment; create it first"
            ))
        })?;
        Ok(SingleSite {
            subnet,
            vhd_uri: blobs::os_vhd_uri(&storage.blob_endpoint, name),
        })
    }

    pub(super) async fn make_singly(
        &self,
        plan: &Plan<'_>,
        site: &SingleSite<'_>,
        size: &InstanceType,
    ) -> Result<InstanceStatus, Error> {
        let public_ip = match plan.wants_public_address {
            true => Some(
                self.client
                    .put::<PublicIp>(&public_ip_addresses::put(&self.scope, plan.name, plan.tags))
                    .await?,
            ),
            false => None,
        };
        let interface = self.make_interface(plan, site, public_ip.as_ref()).await?;
        if plan.params.controller {
            let address = interface.primary_address();
            let address = address.ok_or_else(|| Error::Machine("internal network address not found".to_owned()))?;
            self.open_api(&plan.params.instance_id(), plan.params.api_port, address)
                .await?;
        }
        let availability_set_id = self.availability_set(plan.params).await?;

        let (config, password) = (self.current_config(), self.password(plan.name));
        let wanted = virtual_machines::Wanted {
            name: plan.name,
            tags: plan.tags,
            size: &size.name,
            image: &plan.image,
            os_disk: OsDisk::Vhd(&site.vhd_uri),
            os_disk_gb: None,
            access: self.access(plan, &config, &password),
            custom_data: &plan.custom_data,
            interface_ids: std::slice::from_ref(&interface.id),
            availability_set_id: Some(&availability_set_id),
        };
        let vm: VirtualMachine = self.client.put(&virtual_machines::put(&self.scope, &wanted)).await?;
        if let Some(call) = virtual_machines::put_custom_script(&self.scope, plan.name, plan.system, plan.tags) {
            self.client.write(&call).await?;
        }
        Ok(list::status_of(&vm))
    }

    /// With the lowest free address. Only one machine of this process chooses at a time; another process may still be faster,
    /// and then another address is chosen.
    async fn make_interface(
        &self,
        plan: &Plan<'_>,
        site: &SingleSite<'_>,
        public_ip: Option<&PublicIp>,
    ) -> Result<Interface, Error> {
        let prefix = site
            .subnet
            .prefix()
            .ok_or_else(|| Error::Machine(format!("subnet `{}` has no IPv4 prefix", virtual_networks::SUBNET)))?;
        let _choice_is_ours = self.addresses.lock().await;
        let mut refused: Vec<Ipv4Addr> = Vec::new();
        for tries in 1.. {
            let interfaces: Vec<Interface> = self.client.list(&network_interfaces::list(&self.scope)).await?;
            let address = address_for(plan.name, &interfaces, &refused, prefix);
            let address = address.ok_or_else(|| Error::Exhausted(format!("no available IP addresses in {prefix}")))?;
            let wanted = network_interfaces::Wanted {
                vm: plan.name,
                tags: plan.tags,
                subnet_id: &site.subnet.id,
                address,
                public_ip_id: public_ip.map(|ip| ip.id.as_str()),
            };
            match self.client.put(&network_interfaces::put(&self.scope, &wanted)).await {
                Err(error) if is_address_taken(&error) && tries < ADDRESS_TRIES_MAX => refused.push(address),
                answer => return answer,
            }
        }
        Err(Error::Exhausted(format!("no available IP addresses in {prefix}")))
    }

    /// The set of the machine's peers, else the one of its application.
    async fn availability_set(&self, params: &StartInstance) -> Result<String, Error> {
        if !params.distribution_group.is_empty() {
            let parts = self.parts().await?;
            let peers = params
                .distribution_group
                .iter()
                .filter_map(|id| parts.get(id)?.vm.as_ref());
            if let Some(id) = peers.filter_map(VirtualMachine::availability_set_id).next() {
                return Ok(id.to_owned());
            }
        }

        let own = tags::of_environment(&self.current_config());
        let call = availability_sets::put(&self.scope, availability_sets::name(&params.units), &own);
        let set: AvailabilitySet = self.client.put(&call).await?;
        Ok(set.id)
    }
}

/// What an earlier try has given the machine, or the lowest free one.
fn address_for(vm: &str, interfaces: &[Interface], refused: &[Ipv4Addr], prefix: ipnet::Ipv4Net) -> Option<Ipv4Addr> {
    let name = network_interfaces::name(vm);
    let v4 = |address| match address {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    };
    let own = interfaces.iter().find(|nic| nic.name.eq_ignore_ascii_case(&name));
    let own = own.and_then(Interface::primary_address).and_then(v4);
    if let Some(own) = own.filter(|own| prefix.contains(own) && !refused.contains(own)) {
        return Some(own);
    }

    let mut used: Vec<Ipv4Addr> = interfaces
        .iter()
        .flat_map(|nic| nic.addresses().filter_map(v4))
        .collect();
    used.extend_from_slice(refused);
    lowest_free_address(prefix, &used)
}

fn is_address_taken(error: &Error) -> bool {
    let refusal = error.azure().and_then(AzureError::refusal);
    refusal.is_some_and(|own| own.has_code("PrivateIPAddressIsAllocated") || own.has_code("PrivateIPAddressInUse"))
}
