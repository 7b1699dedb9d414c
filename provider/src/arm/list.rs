//! Which instances there are (juju-provider 1.8.5a, 1.8.7).
//!
//! An instance exists as long as a network interface tagged for it does; one without its virtual machine is partially deleted. A
//! virtual machine or a public address tagged for it counts, too: a process may end between the first two writes of a machine,
//! and nothing of it may then go unseen.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::ArmEnviron;
use super::network_interfaces::{self, Interface};
use super::public_ip_addresses::{self, PublicIp};
use super::tags::{self, Tags};
use super::virtual_machines::{self, VirtualMachine};
use crate::{Address, Error, Hardware, Instance, InstanceId, InstanceStatus, InstanceType, Scope, StatusKind};

/// What there is of one machine.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    pub(super) vm: Option<VirtualMachine>,
    pub(super) interfaces: Vec<Interface>,
    pub(super) public_ips: Vec<PublicIp>,
}

impl Parts {
    fn tags(&self) -> impl Iterator<Item = &Tags> {
        let of_vm = self.vm.iter().filter_map(|vm| vm.tags.as_ref());
        let of_interfaces = self.interfaces.iter().filter_map(|nic| nic.tags.as_ref());
        of_vm
            .chain(of_interfaces)
            .chain(self.public_ips.iter().filter_map(|ip| ip.tags.as_ref()))
    }

    fn is_controller_of(&self, controller_uuid: Uuid) -> bool {
        let uuid = controller_uuid.to_string();
        self.tags().any(|own| {
            let is = |name, wanted: &str| {
                tags::value(Some(own), name).is_some_and(|value| value.eq_ignore_ascii_case(wanted))
            };
            is(tags::IS_CONTROLLER, "true") && is(tags::CONTROLLER_UUID, &uuid)
        })
    }

    fn addresses(&self) -> Vec<Address> {
        let private = self.interfaces.iter().flat_map(Interface::addresses);
        let public = self.public_ips.iter().filter_map(PublicIp::address);
        let private = private.map(|value| Address {
            value,
            scope: Scope::CloudLocal,
        });
        private
            .chain(public.map(|value| Address {
                value,
                scope: Scope::Public,
            }))
            .collect()
    }

    fn instance(&self, id: InstanceId, types: &[InstanceType]) -> Instance {
        let status = self.vm.as_ref().map_or_else(partially_deleted, status_of);
        let size = self.vm.as_ref().and_then(VirtualMachine::size);
        let size = size.and_then(|name| types.iter().find(|own| own.name.eq_ignore_ascii_case(name)));
        let hardware = size.map(|size| Hardware {
            arch: size.arch.clone(),
            instance_type: size.name.clone(),
            cores: size.cores,
            mem_mib: size.mem_mib,
            root_disk_mib: size.root_disk_mib,
        });
        Instance {
            id,
            status,
            addresses: self.addresses(),
            hardware,
        }
    }
}

fn partially_deleted() -> InstanceStatus {
    InstanceStatus {
        kind: StatusKind::Unknown,
        message: "Partially Deleted".to_owned(),
    }
}

/// Power is not looked at: a machine that is made runs, to Juju.
pub(super) fn status_of(vm: &VirtualMachine) -> InstanceStatus {
    let state = vm.state();
    let (kind, message) = match state.to_lowercase().as_str() {
        "succeeded" => (StatusKind::Running, ""),
        "running" => (StatusKind::Allocating, ""),
        "failed" | "canceled" => (StatusKind::ProvisioningError, state),
        _ => (StatusKind::Allocating, state),
    };
    InstanceStatus {
        kind,
        message: message.to_owned(),
    }
}

impl ArmEnviron {
    /// What there is of every machine, by id.
    pub(super) async fn parts(&self) -> Result<BTreeMap<InstanceId, Parts>, Error> {
        let mut parts: BTreeMap<InstanceId, Parts> = BTreeMap::new();
        let Some(interfaces) = self
            .client
            .find_list::<Interface>(&network_interfaces::list(&self.scope))
            .await?
        else {
            return Ok(parts);
        };
        let vms = self
            .client
            .find_list::<VirtualMachine>(&virtual_machines::list(&self.scope))
            .await?;
        let public_ips = self
            .client
            .find_list::<PublicIp>(&public_ip_addresses::list(&self.scope))
            .await?;

        for interface in interfaces {
            if let Some(id) = owner(interface.tags.as_ref()) {
                parts.entry(id).or_default().interfaces.push(interface);
            }
        }
        for vm in vms.into_iter().flatten() {
            if let Some(id) = owner(vm.tags.as_ref()).filter(|id| vm.name.eq_ignore_ascii_case(id.as_str())) {
                parts.entry(id).or_default().vm = Some(vm);
            }
        }
        for public_ip in public_ips.into_iter().flatten() {
            if let Some(id) = owner(public_ip.tags.as_ref()) {
                parts.entry(id).or_default().public_ips.push(public_ip);
            }
        }
        Ok(parts)
    }

    pub(super) async fn list_instances(&self) -> Result<BTreeMap<InstanceId, Instance>, Error> {
        let parts = self.parts().await?;
        let types = self.types.get().map(Vec::as_slice).unwrap_or_default();
        Ok(parts
            .into_iter()
            .map(|(id, parts)| (id.clone(), parts.instance(id, types)))
            .collect())
    }

    pub(super) async fn find_instances(&self, ids: &[InstanceId]) -> Result<Vec<Instance>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }

        let instances = self.list_instances().await?;
        let slots: Vec<Option<Instance>> = ids.iter().map(|id| instances.get(id).cloned()).collect();
        match slots.iter().flatten().count() {
            0 => Err(Error::NoInstances),
            n if n < slots.len() => Err(Error::PartialInstances { slots }),
            _ => Ok(slots.into_iter().flatten().collect()),
        }
    }

    pub(super) async fn find_controllers(&self, controller_uuid: Uuid) -> Result<Vec<InstanceId>, Error> {
        let parts = self.parts().await?;
        let controllers = parts
            .into_iter()
            .filter(|(_, parts)| parts.is_controller_of(controller_uuid));
        let ids: Vec<InstanceId> = controllers.map(|(id, _)| id).collect();
        if ids.is_empty() {
            Err(Error::NoInstances)
        } else {
            Ok(ids)
        }
    }
}

fn owner(own: Option<&Tags>) -> Option<InstanceId> {
    tags::value(own, tags::MACHINE_NAME)
        .filter(|name| !name.is_empty())
        .map(InstanceId::new)
}
