//! Starting a machine, call by call (juju-provider 1.8.5a).

use std::net::{IpAddr, Ipv4Addr};

use super::ArmEnviron;
use super::availability_sets::{self, AvailabilitySet};
use super::choose_image::{self, CANONICAL, Image, OperatingSystem, Source};
use super::choose_size::{self, family};
use super::image_skus::{self, ImageSku};
use super::network_interfaces::{self, Interface};
use super::public_ip_addresses::{self, PublicIp};
use super::tags::{self, Tags};
use super::virtual_machines::{self, Access, VirtualMachine};
use super::virtual_networks::{self, Subnet, lowest_free_address};
use super::vm_sizes::{self, VmSize};
use super::{blobs, custom_data, list};
use crate::{
    AzureError, Error, Hardware, Instance, InstanceType, Kind, PublicAddresses, Series, StartInstance, Started,
};

/// A list may lag behind, so that address after address is refused (field bug `list-lag-orphan`).
const ADDRESS_TRIES_MAX: u32 = 16;
/// Families tried where falling back is on (juju-provider 1.6).
const SIZE_TRIES_MAX: usize = 15;

/// A public RSA key whose private half nobody knows: the modulus is RSA-2048 of the RSA factoring challenge. It satisfies
/// Azure, which makes no Linux machine without a key, and lets nobody in (juju-provider L67).
const NOBODYS_KEY: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDHlwzu3MOwdUSQIBp6phPNc5EQgceQ9fGocm9GNVC7W3/w244eoRiexy+T0WUAEb1yGu6swqzeMqBBB/BkjCgTox9bC3dl/4tEtLb/yTOEtkbrCcfPXoWS1A6jPIADnzW08UoEtR97/Xgb5NFnMWS6jrmRwsTXMLu+NfWSve9SSvfo2u/SbGb8AsR5r4nWTTc/RCcJQ53mbOuVXz6jfVFZ9hNYCfhTNLXLGBOt3IDNBWCfEKxqla1lhyyQlSW9rTK8cpWSZCkg8kxh3Fs8O3kj5WsWpNnTc9hyHySj/A8bMTH1VhUXKGa8zDD5UFTIJOczpetoF/e8FjmdSMY2HMfl nobody";

/// What a machine is made from, found out before anything is made.
struct Plan<'a> {
    params: &'a StartInstance,
    name: &'a str,
    tags: &'a Tags,
    system: OperatingSystem,
    image: Image,
    custom_data: String,
    subnet: &'a Subnet,
    vhd_uri: String,
}

impl ArmEnviron {
    /// What can be refused without asking anybody.
    pub(super) fn check_start(&self, params: &StartInstance) -> Result<(), Error> {
        if params.controller_uuid.is_nil() {
            return Err(Error::Machine("missing controller UUID".to_owned()));
        }
        check_placement(params.placement.as_deref())?;

        choose_image::source(&params.series).map(|_| ())
    }

    pub(super) async fn start(&self, params: StartInstance) -> Result<Started, Error> {
        let id = params.instance_id();
        let failed = |source: Error, cleanup: Option<Error>| Error::Start {
            machine: id.as_str().to_owned(),
            source: Box::new(source),
            cleanup: cleanup.map(Box::new),
        };
        self.check_start(&params).map_err(|error| failed(error, None))?;
        let own = tags::of_machine(&self.current_config(), params.controller_uuid, &params);
        let planned = self.plan(&params, id.as_str(), &own).await;
        let (plan, mut sizes) = planned.map_err(|error| failed(error, None))?;
        let may_fall_back = self.current_config().size_fallback && params.constraints.instance_type.is_none();

        for tries in 1.. {
            let size = sizes.remove(0);
            let error = match self.make(&plan, &size).await {
                Ok(vm) => return Ok(started(&plan, &vm, &size)),
                Err(error) => error,
            };
            tracing::warn!(
                machine = id.as_str(),
                size = size.name,
                error = error.report(),
                "cannot start machine"
            );
            let cleanup = self.remove_by_name(&id).await.err();
            sizes.retain(|other| family(&other.name) != family(&size.name));
            let next_may_do =
                matches!(error.kind(), Some(Kind::QuotaExceeded(_) | Kind::Capacity)) && is_of_size(&error);
            if cleanup.is_some() || !may_fall_back || !next_may_do || sizes.is_empty() || tries == SIZE_TRIES_MAX {
                return Err(failed(error, cleanup));
            }
        }
        Err(failed(Error::NoInstances, None))
    }

    async fn plan<'a>(
        &'a self,
        params: &'a StartInstance,
        name: &'a str,
        tags: &'a Tags,
    ) -> Result<(Plan<'a>, Vec<InstanceType>), Error> {
        let types = self.types().await?;
        let sizes = choose_size::choose(types, &params.constraints, &self.scope.location)?;
        let subnet = self.subnet().await?;
        let source = choose_image::source(&params.series)?;
        let image = self.image(&params.series, source).await?;
        let custom_data = custom_data::encode(&params.user_data, source.system())?;
        let storage = self.storage().await?.ok_or_else(|| {
            let group = &self.scope.group;
            Error::Machine(format!(
                "resource group `{group}` has no storage account of this environment; create it first"
            ))
        })?;
        let vhd_uri = blobs::os_vhd_uri(&storage.blob_endpoint, name);
        Ok((
            Plan {
                params,
                name,
                tags,
                system: source.system(),
                image,
                custom_data,
                subnet,
                vhd_uri,
            },
            sizes,
        ))
    }

    async fn make(&self, plan: &Plan<'_>, size: &InstanceType) -> Result<VirtualMachine, Error> {
        let public_ip = match self.wants_public_address(plan.params) {
            true => Some(
                self.client
                    .put::<PublicIp>(&public_ip_addresses::put(&self.scope, plan.name, plan.tags))
                    .await?,
            ),
            false => None,
        };
        let interface = self.make_interface(plan, public_ip.as_ref()).await?;
        if plan.params.controller {
            let address = interface.primary_address();
            let address = address.ok_or_else(|| Error::Machine("internal network address not found".to_owned()))?;
            self.open_api(&plan.params.instance_id(), plan.params.api_port, address)
                .await?;
        }
        let availability_set_id = self.availability_set(plan.params).await?;

        let config = self.current_config();
        let password = self.random.password(&self.fingerprint, plan.name);
        let access = match plan.system {
            OperatingSystem::Windows => Access::Password {
                user: &config.windows_admin,
                password: &password,
            },
            OperatingSystem::Ubuntu | OperatingSystem::CentOs => {
                let keys = config.authorized_keys.trim();
                Access::Keys {
                    user: &config.linux_admin,
                    keys: if keys.is_empty() { NOBODYS_KEY } else { keys },
                }
            }
        };
        let wanted = virtual_machines::Wanted {
            name: plan.name,
            tags: plan.tags,
            size: &size.name,
            image: &plan.image,
            vhd_uri: &plan.vhd_uri,
            access,
            custom_data: &plan.custom_data,
            interface_id: &interface.id,
            availability_set_id: &availability_set_id,
        };
        let vm = self.client.put(&virtual_machines::put(&self.scope, &wanted)).await?;
        if let Some(call) = virtual_machines::put_custom_script(&self.scope, plan.name, plan.system, plan.tags) {
            self.client.write(&call).await?;
        }
        Ok(vm)
    }

    fn wants_public_address(&self, params: &StartInstance) -> bool {
        match self.current_config().public_addresses {
            PublicAddresses::Always => true,
            PublicAddresses::Controllers => params.controller,
            PublicAddresses::None => false,
        }
    }

    /// With the lowest free address. Only one machine of this process chooses at a time; another process may still be faster,
    /// and then another address is chosen.
    async fn make_interface(&self, plan: &Plan<'_>, public_ip: Option<&PublicIp>) -> Result<Interface, Error> {
        let prefix = plan
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
                subnet_id: &plan.subnet.id,
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

    /// Sizes of the location. They are asked for once.
    pub(super) async fn types(&self) -> Result<&Vec<InstanceType>, Error> {
        self.types
            .get_or_try_init(|| async {
                let sizes: Vec<VmSize> = self.client.list(&vm_sizes::list(&self.scope)).await?;
                Ok(choose_size::instance_types(
                    &sizes,
                    choose_size::PriceOrder::of(self.current_config().generation),
                ))
            })
            .await
    }

    async fn subnet(&self) -> Result<&Subnet, Error> {
        self.subnet.get_or_try_init(|| self.read_subnet()).await
    }

    async fn read_subnet(&self) -> Result<Subnet, Error> {
        self.client.read(&virtual_networks::get_subnet(&self.scope)).await
    }

    async fn image(&self, series: &Series, source: Source) -> Result<Image, Error> {
        let (offer, version, separator) = match source {
            Source::Fixed {
                publisher, offer, sku, ..
            } => {
                return Ok(Image {
                    publisher,
                    offer,
                    sku: sku.to_owned(),
                });
            }
            Source::Ubuntu {
                offer,
                version,
                separator,
            } => (offer, version, separator),
        };
        let stream = self.current_config().image_stream;
        let call = image_skus::list(&self.scope, CANONICAL, offer);
        // An offer that is gone has no SKUs (juju-provider 1.11).
        let skus: Vec<ImageSku> = self.client.find(&call).await?.unwrap_or_default();
        let sku = choose_image::best_sku(&skus, version, separator, stream);
        let sku = sku.ok_or_else(|| choose_image::no_image(series, stream, offer, &self.scope.location, skus.len()))?;
        Ok(Image {
            publisher: CANONICAL,
            offer,
            sku: sku.to_owned(),
        })
    }
}

pub(super) fn check_placement(placement: Option<&str>) -> Result<(), Error> {
    match placement {
        Some(directive) if !directive.is_empty() => Err(Error::Placement(directive.to_owned())),
        _ => Ok(()),
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

/// Whether another size could help: a limit on addresses is the same for all.
fn is_of_size(error: &Error) -> bool {
    error
        .azure()
        .is_some_and(|azure| azure.resource.to_lowercase().contains("/virtualmachines/"))
}

fn started(plan: &Plan<'_>, vm: &VirtualMachine, size: &InstanceType) -> Started {
    let hardware = Hardware {
        arch: size.arch.clone(),
        instance_type: size.name.clone(),
        cores: size.cores,
        mem_mib: size.mem_mib,
        root_disk_mib: size.root_disk_mib,
    };
    let instance = Instance {
        id: plan.params.instance_id(),
        status: list::status_of(vm),
        addresses: Vec::new(),
        hardware: Some(hardware.clone()),
    };
    Started { instance, hardware }
}
