//! Making a machine by one deployment (juju-provider 1.8.5, 1.9, B.4).

use serde_json::Value;

use super::ArmEnviron;
use super::availability_sets;
use super::choose_image::OperatingSystem;
use super::choose_subnet::{Place, subnet_of};
use super::client;
use super::deployments::{self, Deployment};
use super::generation::{Making, TemplateVersions};
use super::start::Plan;
use super::tags::{self, Tags};
use super::template::{self, Template};
use super::virtual_machines::{self, OsDisk, VirtualMachine};
use super::virtual_networks::{CONTROLLER_PREFIX, CONTROLLER_SUBNET, INTERNAL_PREFIX, SUBNET};
use super::{blobs, firewall, network_interfaces};
use crate::{AzureError, Error, InstanceStatus, InstanceType, Kind, StartInstance, StatusKind};

/// Least root disk of Windows in GiB (juju-provider 1.6).
const WINDOWS_DISK_GIB: u64 = 127;
const BYTES_PER_MIB: u64 = 1_048_576;
/// What Azure calls a GB of a disk, as Juju reckons it (juju-provider 1.6).
const BYTES_PER_GB: u64 = 1_000_000_000;

/// Where a machine comes to be.
pub(super) struct DeployedSite {
    versions: TemplateVersions,
    awaited: bool,
    /// It is the first of a controller's environment, and brings what machines share.
    bootstrap: bool,
    makes_network: bool,
    places: Vec<Place>,
    set: Option<String>,
    os_disk_gb: u64,
    encryption_set_id: Option<String>,
}

impl ArmEnviron {
    pub(super) async fn deployed_site(
        &self,
        params: &StartInstance,
        system: OperatingSystem,
        bootstrap: bool,
    ) -> Result<DeployedSite, Error> {
        let Making::Deployments { versions, awaited } = self.profile.making else {
            return Err(Error::NotSupported("this generation makes no deployments".to_owned()));
        };
        let config = self.current_config();
        if !bootstrap {
            self.wait_for_common().await?;
        }
        self.check_name_is_free(params).await?;
        let encryption_set_id = self.encryption_set_id(params.root_disk.as_ref()).await?;
        let is_placed = subnet_of(params.placement.as_deref()).is_some();
        let makes_network = bootstrap && config.network.is_none() && !is_placed;
        let places = self.places(params, makes_network).await?;
        if params.controller && !bootstrap && config.network.is_none() {
            let prefix = places.first().and_then(|place| place.prefix);
            let prefix = prefix.map_or_else(|| CONTROLLER_PREFIX.to_owned(), |prefix| prefix.to_string());
            self.open_api_to(params, &prefix).await?;
        }
        Ok(DeployedSite {
            versions,
            awaited,
            bootstrap,
            makes_network,
            places,
            set: set_of(params),
            os_disk_gb: os_disk_gb(self.profile.root_disk_gib.unwrap_or_default(), params, system),
            encryption_set_id,
        })
    }

    /// In a group of the user's own there may be machines of others: a deployment would take one of that name over.
    async fn check_name_is_free(&self, params: &StartInstance) -> Result<(), Error> {
        if self.current_config().resource_group_name.is_none() {
            return Ok(());
        }

        let id = params.instance_id();
        let call = virtual_machines::get(&self.scope, id.as_str());
        let vm: Option<VirtualMachine> = self.client.find(&call).await?;
        match vm.filter(|vm| !self.is_own(vm.tags.as_ref())) {
            Some(_) => Err(Error::Machine(format!(
                "resource group `{}` has a virtual machine `{id}` that is not of this environment",
                self.scope.group
            ))),
            None => Ok(()),
        }
    }

    pub(super) async fn make_by_deployment(
        &self,
        plan: &Plan<'_>,
        site: &DeployedSite,
        size: &InstanceType,
    ) -> Result<InstanceStatus, Error> {
        let error = match self.deploy(plan, site, size, true).await {
            Ok(status) => return Ok(status),
            Err(error) => error,
        };
        let Some(set) = site.set.as_deref().filter(|_| site.awaited && is_set_conflict(&error)) else {
            return Err(error);
        };

        // Another machine's deployment makes the same set (juju-provider L40): once more, with that one.
        tracing::debug!(
            machine = plan.name,
            set,
            error = error.report(),
            "the set may be being made"
        );
        self.stop_deployed(std::slice::from_ref(&plan.params.instance_id()))
            .await?;
        let found: Option<Value> = self.client.find(&availability_sets::get(&self.scope, set)).await?;
        if found.is_none() {
            return Err(Error::Machine(format!(
                "expecting availability set \"{set}\" to be available"
            )));
        }

        self.deploy(plan, site, size, false).await
    }

    async fn deploy(
        &self,
        plan: &Plan<'_>,
        site: &DeployedSite,
        size: &InstanceType,
        makes_set: bool,
    ) -> Result<InstanceStatus, Error> {
        let template = self.machine_template(plan, site, size, makes_set);
        let own = tags::of_environment(&self.current_config());
        let call = deployments::put(&self.scope, plan.name, &template, self.deployment_tags(&own));
        let first = self.client.begin(&call).await?;
        if !site.awaited {
            let _: Deployment = client::parse(&call, &first)?;
            return Ok(status(StatusKind::Allocating, "Creating"));
        }

        self.client.finish(&call, first).await?;
        Ok(status(StatusKind::Running, ""))
    }

    /// Tags of the deployment itself (juju-provider L57).
    pub(super) fn deployment_tags<'t>(&self, own: &'t Tags) -> Option<&'t Tags> {
        self.profile.tagged_deployments.then_some(own)
    }

    fn machine_template<'s>(
        &'s self,
        plan: &Plan<'_>,
        site: &DeployedSite,
        size: &InstanceType,
        makes_set: bool,
    ) -> Template<'s> {
        let config = self.current_config();
        let shared = tags::of_environment(&config);
        let mut template = Template::new(&self.scope, site.versions);
        let managed = self.profile.has_managed_disks();
        let account = (!managed).then(|| self.account_name());
        if site.makes_network {
            let ports = self.api_ports(plan.params);
            let mut rules = vec![firewall::ssh_rule()];
            rules.extend(firewall::api_rules(
                &ports,
                CONTROLLER_PREFIX,
                self.profile.api_rules_by_port,
            ));
            template.security_group(&shared, &rules);
            let subnets = [(SUBNET, INTERNAL_PREFIX), (CONTROLLER_SUBNET, CONTROLLER_PREFIX)];
            template.network(&shared, &subnets, true);
        }
        let own_account = account.as_deref().filter(|_| site.bootstrap);
        if let Some(account) = own_account {
            template.storage_account(&shared, account, config.storage_account_type);
        }
        let own_set = site.set.as_deref().filter(|_| makes_set);
        if let Some(set) = own_set {
            template.availability_set(&shared, set, managed);
        }
        if plan.wants_public_address {
            let sku = managed.then_some(config.load_balancer_sku_name);
            template.public_address(plan.tags, plan.name, sku);
        }
        for (nth, place) in site.places.iter().enumerate() {
            let interface = template::Interface {
                vm: plan.name,
                nth,
                subnet_id: &place.subnet_id,
                address: place.address,
                has_public_address: plan.wants_public_address && nth == 0,
            };
            template.interface(plan.tags, &interface, site.makes_network);
        }

        let interface_ids: Vec<String> = (0..site.places.len())
            .map(|nth| template::interface_id(&network_interfaces::nth_name(plan.name, nth)))
            .collect();
        let vhd_uri = account
            .as_deref()
            .map(|account| template::blob_uri(account, site.versions.storage, &blobs::os_vhd_path(plan.name)));
        let set_id = site.set.as_deref().map(template::availability_set_id);
        let password = self.password(plan.name);
        let wanted = virtual_machines::Wanted {
            name: plan.name,
            tags: plan.tags,
            size: &size.name,
            image: &plan.image,
            os_disk: match &vhd_uri {
                Some(uri) => OsDisk::Vhd(uri),
                None => OsDisk::Managed {
                    account_type: plan.params.root_disk.as_ref().and_then(|own| own.account_type),
                    encryption_set_id: site.encryption_set_id.as_deref(),
                },
            },
            os_disk_gb: Some(site.os_disk_gb),
            access: self.access(plan, &config, &password),
            custom_data: &plan.custom_data,
            interface_ids: &interface_ids,
            availability_set_id: set_id.as_deref(),
        };
        template.machine(&wanted, own_set, own_account);
        if let Some(properties) = virtual_machines::custom_script(plan.system) {
            template.custom_script(plan.tags, plan.name, properties);
        }
        template
    }
}

fn status(kind: StatusKind, message: &str) -> InstanceStatus {
    InstanceStatus {
        kind,
        message: message.to_owned(),
    }
}

/// Of controllers one set, of others one for each application; a machine that hosts nothing is in none (juju-provider 1.9.1).
fn set_of(params: &StartInstance) -> Option<String> {
    if params.controller {
        return Some(availability_sets::CONTROLLERS.to_owned());
    }

    let mut units = params.units.clone();
    units.sort();
    availability_sets::application(&units).map(str::to_owned)
}

fn os_disk_gb(least_gib: u64, params: &StartInstance, system: OperatingSystem) -> u64 {
    let least_gib = match system {
        OperatingSystem::Windows => least_gib.max(WINDOWS_DISK_GIB),
        OperatingSystem::Ubuntu | OperatingSystem::CentOs => least_gib,
    };
    let mib = params
        .constraints
        .root_disk_mib
        .unwrap_or_default()
        .max(least_gib * 1_024);
    mib.saturating_mul(BYTES_PER_MIB) / BYTES_PER_GB
}

/// Whether the deployment met another one. Whatever says of itself why it cannot be, a limit say, is no such meeting.
fn is_set_conflict(error: &Error) -> bool {
    let refusal = error.azure().and_then(AzureError::refusal);
    let met = refusal.is_some_and(|refusal| refusal.status == Some(409) || refusal.has_code("Conflict"));
    met && error.kind() == Some(Kind::Conflict)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::choose_image::OperatingSystem;
    use super::{os_disk_gb, set_of};
    use crate::StartInstance;

    #[test]
    fn root_disks_are_never_smaller_than_their_image_and_are_told_in_thousands() {
        let mut params = StartInstance::new(1, Uuid::from_u128(1), "trusty");
        assert_eq!(os_disk_gb(30, &params, OperatingSystem::Ubuntu), 32);
        assert_eq!(os_disk_gb(30, &params, OperatingSystem::Windows), 136);
        params.constraints.root_disk_mib = Some(1_024);
        assert_eq!(os_disk_gb(30, &params, OperatingSystem::Ubuntu), 32);
        params.constraints.root_disk_mib = Some(200 * 1_024);
        assert_eq!(os_disk_gb(30, &params, OperatingSystem::Windows), 214);
    }

    #[test]
    fn a_machine_that_hosts_nothing_is_in_no_set() {
        let mut params = StartInstance::new(1, Uuid::from_u128(1), "trusty");
        assert_eq!(set_of(&params), None);
        params.units = vec!["wordpress/0".to_owned(), "mysql/1".to_owned()];
        assert_eq!(set_of(&params).as_deref(), Some("mysql"));
        params.controller = true;
        assert_eq!(set_of(&params).as_deref(), Some("juju-controller"));
    }
}
