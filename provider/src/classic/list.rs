//! Which instances there are (juju-provider 2.6 Instances).
//!
//! An instance is a role of the one deployment of a cloud service of this environment. A service of ours in which there is no role, since
//! a start was cut short in it, is reported by the id that old services have, so that nothing goes unseen.

use std::collections::BTreeMap;

use super::ClassicEnviron;
use super::deployments::{self, Deployment};
use super::hosted_services::{self, HostedService};
use super::names::{Place, instance_id, same};
use super::role_sizes;
use crate::{
    Address, Error, Hardware, Instance, InstanceId, InstanceStatus, InstanceType, ProviderStorage as _, Scope,
    StatusKind,
};

/// The file that says which machines are controllers, in the provider's storage.
pub(super) const STATE_FILE: &str = "provider-state";

impl ClassicEnviron {
    /// The cloud services of this environment, without what is in them.
    pub(super) async fn own_services(&self) -> Result<Vec<HostedService>, Error> {
        let document = self.client.read(&hosted_services::list(&self.endpoint)).await?;
        let mut own = HostedService::list(&document);
        own.retain(|service| self.names.is_own_service(&service.name));
        Ok(own)
    }

    /// A cloud service with what is in it. None where there is none of that name.
    pub(super) async fn detail(&self, service: &str) -> Result<Option<HostedService>, Error> {
        let document = self.client.find(&hosted_services::get(&self.endpoint, service)).await?;
        Ok(document.as_ref().map(HostedService::read))
    }

    /// Each of them in detail. Those that went meanwhile are left out.
    async fn details(&self, services: &[HostedService]) -> Result<Vec<HostedService>, Error> {
        let mut detailed = Vec::with_capacity(services.len());
        for service in services {
            detailed.extend(self.detail(&service.name).await?);
        }
        Ok(detailed)
    }

    pub(super) async fn list_instances(&self) -> Result<Vec<Instance>, Error> {
        let services = self.own_services().await?;
        let detailed = self.details(&services).await?;
        let mut instances: Vec<Instance> = detailed.iter().flat_map(|service| self.instances_in(service)).collect();
        instances.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(instances)
    }

    pub(super) async fn find_instances(&self, ids: &[InstanceId]) -> Result<Vec<Instance>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }

        let places: Vec<Option<Place>> = ids.iter().map(|id| self.names.parse(id)).collect();
        let mut wanted = self.own_services().await?;
        wanted.retain(|service| places.iter().flatten().any(|place| same(&place.service, &service.name)));
        let mut detailed = self.details(&wanted).await?;
        for service in &mut detailed {
            self.refresh_addresses(service).await?;
        }

        let slot = |(id, place): (&InstanceId, &Option<Place>)| {
            let place = place.as_ref()?;
            // A service that the list does not show any more has no instance (juju-provider L15).
            let service = detailed.iter().find(|service| same(&service.name, &place.service))?;
            let mut found = self.instances_in(service);
            match &place.role {
                Some(role) => {
                    let own = instance_id(&service.name, role);
                    found.retain(|instance| same(instance.id.as_str(), own.as_str()));
                }
                None if found.len() > 1 => return None,
                None => {}
            }
            let mut instance = found.pop()?;
            instance.id = id.clone();
            Some(instance)
        };
        let slots: Vec<Option<Instance>> = ids.iter().zip(&places).map(slot).collect();
        match slots.iter().flatten().count() {
            0 => Err(Error::NoInstances),
            n if n < slots.len() => Err(Error::PartialInstances { slots }),
            _ => Ok(slots.into_iter().flatten().collect()),
        }
    }

    /// The addresses of a machine come some time after it.
    async fn refresh_addresses(&self, service: &mut HostedService) -> Result<(), Error> {
        let [deployment] = service.deployments.as_mut_slice() else {
            return Ok(());
        };
        let is_known = |deployment: &Deployment| {
            deployment
                .instances
                .iter()
                .all(|instance| instance.address.is_some() || is_at_rest(&instance.status))
        };
        if !deployment.roles.is_empty() && !is_known(deployment) {
            let call = deployments::get(&self.endpoint, &service.name, &deployment.name);
            if let Some(document) = self.client.find(&call).await? {
                *deployment = Deployment::read(&document);
            }
        }
        Ok(())
    }

    /// The instances of one cloud service. One with two deployments is not as we make it, and left alone.
    pub(super) fn instances_in(&self, service: &HostedService) -> Vec<Instance> {
        let leftover = |message: &str| Instance {
            id: InstanceId::new(&service.name),
            status: InstanceStatus {
                kind: StatusKind::Unknown,
                message: message.to_owned(),
            },
            addresses: Vec::new(),
            dns_name: None,
            hardware: None,
        };
        match service.deployments.as_slice() {
            [] => vec![leftover("No Deployment")],
            [deployment] if deployment.roles.is_empty() => vec![leftover(&deployment.status)],
            [deployment] => {
                let known = self.known_types();
                let roles = deployment.roles.iter();
                roles
                    .map(|role| {
                        let id = match service.is_legacy() {
                            true => InstanceId::new(&service.name),
                            false => instance_id(&service.name, &role.name),
                        };
                        let instance = deployment.instance(&role.name);
                        let private = instance.and_then(|instance| instance.address).map(|value| Address {
                            value,
                            scope: Scope::CloudLocal,
                        });
                        let public = deployment.vips.iter().map(|value| Address {
                            value: *value,
                            scope: Scope::Public,
                        });
                        let size = role.size.as_deref();
                        Instance {
                            id,
                            status: status_of(instance.map(|instance| instance.status.as_str()).unwrap_or_default()),
                            addresses: private.into_iter().chain(public).collect(),
                            dns_name: Some(service.dns_name(self.dns_suffix)),
                            hardware: known
                                .iter()
                                .find(|own| size.is_some_and(|name| same(&own.name, name)))
                                .map(hardware_of),
                        }
                    })
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    fn known_types(&self) -> Vec<InstanceType> {
        match (self.location.get(), self.binding.get()) {
            (Some(location), Some(binding)) => role_sizes::instance_types(&location.role_sizes, *binding),
            _ => Vec::new(),
        }
    }

    pub(super) async fn find_controllers(&self) -> Result<Vec<InstanceId>, Error> {
        let services = self.own_services().await?;
        let mut ids = Vec::new();
        let mut legacy = BTreeMap::new();
        for service in &services {
            let Some(service) = self.detail(&service.name).await? else {
                continue;
            };
            let own = self.instances_in(&service).into_iter().map(|instance| instance.id);
            if service
                .deployment()
                .is_none_or(|deployment| deployment.roles.is_empty())
            {
                continue;
            } else if service.is_of_controllers() {
                ids.extend(own);
            } else if service.is_legacy() {
                legacy.extend(own.map(|id| (id.as_str().to_lowercase(), id)));
            }
        }
        // Old services have no label that tells; a file does (juju-provider 2.6).
        if !legacy.is_empty() {
            let written = self.storage.get(STATE_FILE).await?.unwrap_or_default();
            let named = state_instances(&String::from_utf8_lossy(&written));
            ids.extend(named.iter().filter_map(|name| legacy.remove(&name.to_lowercase())));
        }
        ids.sort();
        if ids.is_empty() {
            Err(Error::NoInstances)
        } else {
            Ok(ids)
        }
    }
}

/// The file that says which machines are controllers.
pub(super) fn state_file(ids: &[InstanceId]) -> String {
    let lines = ids.iter().map(|id| format!("- {id}\n"));
    format!("state-instances:\n{}", lines.collect::<String>())
}

fn state_instances(file: &str) -> Vec<String> {
    let lines = file.lines().filter_map(|line| line.trim().strip_prefix("- "));
    lines.map(|id| id.trim().to_owned()).collect()
}

pub(super) fn hardware_of(size: &InstanceType) -> Hardware {
    Hardware {
        arch: size.arch.clone(),
        instance_type: size.name.clone(),
        cores: size.cores,
        mem_mib: size.mem_mib,
        root_disk_mib: size.root_disk_mib,
    }
}

/// Whether a machine in this state has no address, and gets none by waiting.
fn is_at_rest(status: &str) -> bool {
    matches!(status, "StoppedDeallocated" | "StoppedVM")
}

/// Azure's state is shown as it is; it is classed for those who only want to know whether to wait.
fn status_of(status: &str) -> InstanceStatus {
    let kind = match status {
        "ReadyRole" | "BusyRole" | "RestartingRole" | "CyclingRole" | "UnresponsiveRole" => StatusKind::Running,
        "" | "RoleStateUnknown" | "CreatingVM" | "StartingVM" | "CreatingRole" | "StartingRole" | "Preparing"
        | "Provisioning" => StatusKind::Allocating,
        "FailedStartingRole" | "FailedStartingVM" | "ProvisioningFailed" | "ProvisioningTimeout" => {
            StatusKind::ProvisioningError
        }
        _ => StatusKind::Unknown,
    };
    InstanceStatus {
        kind,
        message: status.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{state_file, state_instances, status_of};
    use crate::{InstanceId, StatusKind};

    #[test]
    fn azures_states_are_shown_as_they_are() {
        for (status, kind) in [
            ("", StatusKind::Allocating),
            ("CreatingVM", StatusKind::Allocating),
            ("ReadyRole", StatusKind::Running),
            ("FailedStartingVM", StatusKind::ProvisioningError),
            ("StoppedDeallocated", StatusKind::Unknown),
            ("SomethingNew", StatusKind::Unknown),
        ] {
            let own = status_of(status);
            assert_eq!((own.kind, own.message.as_str()), (kind, status));
        }
    }

    #[test]
    fn the_state_file_is_read_back() {
        let ids = ["juju-env-a-jujux", "juju-env-b"].map(InstanceId::new);
        let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
        assert_eq!(state_instances(&state_file(&ids)), names);
        assert!(state_instances("state-instances: []\n").is_empty());
    }
}
