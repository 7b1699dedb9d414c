//! Which instances there are (juju-provider 1.8.5a, 1.8.7).
//!
//! An instance exists as long as a network interface tagged for it does; one without its virtual machine is partially deleted. A
//! virtual machine or a public address tagged for it counts, too: a process may end between the first two writes of a machine,
//! and nothing of it may then go unseen. Where machines are made by deployments, those count beside: all of them where they are
//! the index, else those whose machine is not there yet.

use std::collections::BTreeMap;

use std::time::Duration;

use uuid::Uuid;

use super::ArmEnviron;
use super::availability_sets;
use super::deployments::{self, Deployment};
use super::generation::Index;
use super::network_interfaces::{self, Interface};
use super::public_ip_addresses::{self, PublicIp};
use super::tags::{self, Tags};
use super::virtual_machines::{self, VirtualMachine};
use crate::{Address, Error, Hardware, Instance, InstanceId, InstanceStatus, InstanceType, Scope, StatusKind};

/// Lists may lag: a few instances that are missing are looked for again, for so long (juju-provider 1.6). Juju looks every 200 ms;
/// waits that grow see the same with fewer requests.
const LOOK_AGAIN_FIRST: Duration = Duration::from_millis(200);
const LOOK_AGAIN_MAX: Duration = Duration::from_secs(5);

/// What there is of one machine.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    pub(super) vm: Option<VirtualMachine>,
    pub(super) interfaces: Vec<Interface>,
    pub(super) public_ips: Vec<PublicIp>,
    /// Only where an index of deployments was asked for.
    pub(super) deployment: Option<Deployment>,
}

impl Parts {
    /// Whether nothing is left but a record.
    pub(super) fn is_empty(&self) -> bool {
        self.vm.is_none() && self.interfaces.is_empty() && self.public_ips.is_empty()
    }

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

    fn status(&self, index: Index) -> InstanceStatus {
        let of_deployment = self
            .deployment
            .as_ref()
            .map(|deployment| status_of_deployment(deployment, index));
        match (index, &self.vm) {
            (Index::VirtualMachines, Some(vm)) if vm.is_going() => InstanceStatus {
                kind: StatusKind::ProvisioningError,
                message: vm.state().to_owned(),
            },
            (_, Some(vm)) => status_of(vm),
            (_, None) => of_deployment.unwrap_or_else(partially_deleted),
        }
    }

    fn instance(&self, id: InstanceId, types: &[InstanceType], index: Index) -> Instance {
        let status = self.status(index);
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
            dns_name: None,
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

/// The newest generation tells why a deployment failed, the older ones only that it did (juju-provider 1.8.7).
fn status_of_deployment(deployment: &Deployment, index: Index) -> InstanceStatus {
    let mut status = status_of_state(deployment.state());
    if status.kind == StatusKind::ProvisioningError
        && index == Index::VirtualMachines
        && let Some(trouble) = deployment.trouble()
    {
        status.message = trouble;
    }
    status
}

/// Power is not looked at: a machine that is made runs, to Juju.
pub(super) fn status_of(vm: &VirtualMachine) -> InstanceStatus {
    status_of_state(vm.state())
}

fn status_of_state(state: &str) -> InstanceStatus {
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
        self.listed(true).await
    }

    async fn listed(&self, with_vms: bool) -> Result<BTreeMap<InstanceId, Parts>, Error> {
        let mut parts: BTreeMap<InstanceId, Parts> = BTreeMap::new();
        let Some(interfaces) = self
            .client
            .find_list::<Interface>(&network_interfaces::list(&self.scope))
            .await?
        else {
            return Ok(parts);
        };
        let vms = match with_vms {
            true => {
                self.client
                    .find_list::<VirtualMachine>(&virtual_machines::list(&self.scope))
                    .await?
            }
            false => None,
        };
        let public_ips = self
            .client
            .find_list::<PublicIp>(&public_ip_addresses::list(&self.scope))
            .await?;

        for interface in interfaces {
            if let Some(id) = self.owner(interface.tags.as_ref()) {
                parts.entry(id).or_default().interfaces.push(interface);
            }
        }
        for vm in vms.into_iter().flatten() {
            if let Some(id) = self
                .owner(vm.tags.as_ref())
                .filter(|id| vm.name.eq_ignore_ascii_case(id.as_str()))
            {
                parts.entry(id).or_default().vm = Some(vm);
            }
        }
        for public_ip in public_ips.into_iter().flatten() {
            if let Some(id) = self.owner(public_ip.tags.as_ref()) {
                parts.entry(id).or_default().public_ips.push(public_ip);
            }
        }
        Ok(parts)
    }

    /// What there is of every machine, as the index of the generation has it.
    async fn indexed(&self) -> Result<BTreeMap<InstanceId, Parts>, Error> {
        let index = self.profile.index;
        let deployments: Vec<Deployment> = match index {
            Index::Interfaces => return self.parts().await,
            Index::Deployments | Index::VirtualMachines => {
                let Some(listed) = self.client.find_list(&deployments::list(&self.scope)).await? else {
                    return Ok(BTreeMap::new());
                };
                listed
            }
        };
        let mut parts = self.listed(index == Index::VirtualMachines).await?;
        for deployment in deployments {
            let Some(id) = deployment.machine() else { continue };
            match index {
                // In a group of the user's own, others deploy, too (juju-provider L39, L56).
                Index::VirtualMachines => {
                    let is_queued = !deployment.is_in("Succeeded") && !deployment.is_in("Deleted");
                    let is_own =
                        self.current_config().resource_group_name.is_none() || self.is_own(deployment.tags.as_ref());
                    if is_queued && is_own {
                        parts.entry(id).or_default().deployment = Some(deployment);
                    }
                }
                Index::Deployments | Index::Interfaces if deployment.has_dependencies() => {
                    parts.entry(id).or_default().deployment = Some(deployment);
                }
                Index::Deployments | Index::Interfaces => {}
            }
        }
        Ok(parts)
    }

    pub(super) async fn list_instances(&self) -> Result<BTreeMap<InstanceId, Instance>, Error> {
        let parts = self.indexed().await?;
        let index = self.profile.index;
        let types = self.types.get().map(Vec::as_slice).unwrap_or_default();
        Ok(parts
            .into_iter()
            .map(|(id, parts)| (id.clone(), parts.instance(id, types, index)))
            .collect())
    }

    pub(super) async fn find_instances(&self, ids: &[InstanceId]) -> Result<Vec<Instance>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }

        let mut slots: Vec<Option<Instance>> = vec![None; ids.len()];
        let mut waited = Duration::ZERO;
        let mut wait = LOOK_AGAIN_FIRST;
        loop {
            let instances = self.list_instances().await?;
            // Each stays in its own slot, whichever look has shown it (juju-provider L59).
            for (slot, id) in slots.iter_mut().zip(ids) {
                *slot = instances.get(id).cloned().or_else(|| slot.take());
            }
            let is_partial = slots.iter().any(Option::is_some) && slots.iter().any(Option::is_none);
            if !self.profile.looks_again || !is_partial || waited >= LOOK_AGAIN_MAX {
                break;
            }

            self.client.clock.sleep(wait).await;
            waited += wait;
            wait = (wait * 2)
                .min(LOOK_AGAIN_MAX.saturating_sub(waited))
                .max(LOOK_AGAIN_FIRST);
        }
        match slots.iter().flatten().count() {
            0 => Err(Error::NoInstances),
            n if n < slots.len() => Err(Error::PartialInstances { slots }),
            _ => Ok(slots.into_iter().flatten().collect()),
        }
    }

    pub(super) async fn find_controllers(&self, controller_uuid: Uuid) -> Result<Vec<InstanceId>, Error> {
        if self.profile.index == Index::Deployments {
            return self.find_deployed_controllers(controller_uuid).await;
        }

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

    /// By the set that their deployments name: one list, and no other. A deployment knows no controller, so that of the environment
    /// is the only one whose machines these can be.
    async fn find_deployed_controllers(&self, controller_uuid: Uuid) -> Result<Vec<InstanceId>, Error> {
        let listed: Option<Vec<Deployment>> = self.client.find_list(&deployments::list(&self.scope)).await?;
        let mut ids: Vec<InstanceId> = listed
            .into_iter()
            .flatten()
            .filter(|own| own.is_in_set(availability_sets::CONTROLLERS))
            .filter_map(|own| own.machine())
            .collect();
        ids.sort();
        if ids.is_empty() || controller_uuid != self.current_config().controller_uuid {
            return Err(Error::NoInstances);
        }

        Ok(ids)
    }

    /// The machine of this environment that a resource is tagged for. In a group of the user's own, it may be another's.
    pub(super) fn owner(&self, own: Option<&Tags>) -> Option<InstanceId> {
        let name = tags::value(own, tags::MACHINE_NAME).filter(|name| !name.is_empty())?;
        let is_ours = self.current_config().resource_group_name.is_none() || self.is_own(own);
        is_ours.then(|| InstanceId::new(name))
    }
}
