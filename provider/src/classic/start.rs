//! Starting a machine (juju-provider 2.6 StartInstance).

use bytes::Bytes;

use super::client::{Call, failed, is_conflict, is_unsure};
use super::distribution::Target;
use super::hosted_services::HostedService;
use super::images::{self, System};
use super::list::hardware_of;
use super::names::{ROLE_LEN, ROLE_PREFIX, WINDOWS_ROLE_LEN, instance_id, same};
use super::retry::REPEAT_EVERY;
use super::roles::{self, Wanted};
use super::xml::Element;
use super::{ClassicEnviron, deployments, endpoints, role_sizes};
use crate::arm::{OperatingSystem, encode_custom_data};
use crate::{
    Error, Failure, Instance, InstanceStatus, InstanceType, ProviderStorage as _, StartInstance, Started, StatusKind,
};

/// Looks at a service after an answer that does not say whether the role was made.
const PLACE_TRIES_MAX: u32 = 4;
/// What Windows runs its custom data by, in the provider's storage.
const SCRIPT: &str = "juju-userdata.ps1";
const SCRIPT_CONTENT: &str = "Move-Item C:\\AzureData\\CustomData.bin C:\\AzureData\\CustomData.ps1\r\n\
                              & C:\\AzureData\\CustomData.ps1\r\n\
                              Remove-Item C:\\AzureData\\CustomData.ps1\r\n";

/// What a machine is made from, found out before anything is made.
struct Plan {
    role: String,
    size: InstanceType,
    system: System,
    image: String,
    media_link: String,
    custom_data: String,
    script_url: Option<String>,
    endpoints: Vec<endpoints::InputEndpoint>,
}

impl ClassicEnviron {
    /// What can be refused without asking anybody.
    pub(super) fn check_start(&self, params: &StartInstance) -> Result<(), Error> {
        if params.controller_uuid.is_nil() {
            return Err(Error::Machine("missing controller UUID".to_owned()));
        }
        if !params.subnets_to_zones.is_empty() {
            return Err(Error::NotSupported(
                "starting instances with networks is not supported yet".to_owned(),
            ));
        }

        self.check_placement(params.placement.as_deref())?;
        self.check_units(&params.units)?;
        images::system(&params.series).map(|_| ())
    }

    pub(super) async fn start(&self, params: StartInstance) -> Result<Started, Error> {
        let failed = |source: Error, cleanup: Option<Error>| Error::Start {
            machine: format!("machine-{}", params.machine),
            source: Box::new(source),
            cleanup: cleanup.map(Box::new),
        };
        self.check_start(&params).map_err(|error| failed(error, None))?;
        let plan = self.plan(&params).await.map_err(|error| failed(error, None))?;
        let target = self
            .target(&params, &plan.role)
            .await
            .map_err(|error| failed(error, None))?;
        let name = target.service.name.clone();
        let is_own = target.is_own;

        // One write at a time goes into a deployment; whoever comes second is refused, so our own wait for each other.
        let service_lock = self.service_lock(&name);
        let _service_is_ours = service_lock.lock().await;
        match self.place(target, &plan).await {
            Ok(()) => Ok(self.started(&name, &plan)),
            Err(error) => {
                tracing::warn!(machine = params.machine, error = error.report(), "cannot start machine");
                let cleanup = match is_own {
                    true => self.delete_service_held(&name).await,
                    false => self.remove_started(&name, &plan.role).await,
                };
                Err(failed(error, cleanup.err()))
            }
        }
    }

    async fn plan(&self, params: &StartInstance) -> Result<Plan, Error> {
        let location = self.location().await?;
        let types = self.types().await?;
        let size = role_sizes::choose(&types, &params.constraints, &location.name)?;
        let system = images::system(&params.series)?;
        let image = self.image(params).await?;
        let (custom_data, script_url) = match system {
            System::Linux => (
                encode_custom_data(
                    &params.user_data,
                    OperatingSystem::Ubuntu,
                    &self.current_config().authorized_keys,
                )?,
                None,
            ),
            System::Windows => {
                self.storage
                    .put(SCRIPT, Bytes::from_static(SCRIPT_CONTENT.as_bytes()))
                    .await?;
                let url = self.storage.url(SCRIPT).await?;
                (
                    encode_custom_data(&params.user_data, OperatingSystem::Windows, "")?,
                    Some(url),
                )
            }
        };
        let uuid = self.current_config().uuid;
        let length = match system {
            System::Linux => ROLE_LEN,
            System::Windows => WINDOWS_ROLE_LEN,
        };
        let tail = |topic: &str| self.random.lower_alnum(topic, length - ROLE_PREFIX.len());
        let role = format!(
            "{ROLE_PREFIX}{}",
            tail(&format!("role of machine {} of {uuid}", params.machine))
        );
        // A blob that an earlier try has left may be leased still, so each try has another.
        let now_ms = self.client.clock.now_ms();
        let disk = tail(&format!("disk of machine {} of {uuid} at {now_ms}", params.machine));
        Ok(Plan {
            role,
            size,
            system,
            image,
            media_link: self.media_link(&format!("{ROLE_PREFIX}{disk}")),
            custom_data,
            script_url,
            endpoints: match params.controller {
                true => endpoints::initial(Some(params.api_port), self.section.state_port),
                false => endpoints::initial(None, None),
            },
        })
    }

    async fn image(&self, params: &StartInstance) -> Result<String, Error> {
        if let Some(forced) = &self.section.force_image_name {
            return Ok(forced.clone());
        }

        let location = self.location().await?.name.clone();
        let document = self.client.read(&images::list(&self.endpoint)).await?;
        images::choose(&document, &params.series, &self.current_config(), &location)
    }

    /// Makes the role, and is sure of it: an answer that says nothing is looked behind. The service's lock is held.
    async fn place(&self, target: Target, plan: &Plan) -> Result<(), Error> {
        let config = self.current_config();
        let password = self.random.password(&self.fingerprint, &plan.role);
        let wanted = Wanted {
            name: &plan.role,
            size: &plan.size.name,
            system: plan.system,
            image: &plan.image,
            media_link: &plan.media_link,
            user: match plan.system {
                System::Linux => &config.linux_admin,
                System::Windows => &config.windows_admin,
            },
            password: &password,
            custom_data: &plan.custom_data,
            endpoints: &plan.endpoints,
            script_url: plan.script_url.as_deref(),
        };
        let mut service = target.service;
        for tries in 1.. {
            let call = self.placing(&service, &wanted);
            if service
                .deployment()
                .is_some_and(|deployment| deployment.role(&plan.role).is_some())
            {
                if self.settles(&service, &plan.role, &call).await? {
                    return Ok(());
                }
            } else {
                match self.client.write(&call).await {
                    Ok(()) => return Ok(()),
                    // It may be made by a try whose answer was lost.
                    Err(error) if (is_unsure(&error) || is_conflict(&error)) && tries < PLACE_TRIES_MAX => {
                        tracing::debug!(
                            role = plan.role,
                            error = error.report(),
                            "looks whether the role was made"
                        );
                    }
                    Err(error) => return Err(error),
                }
            }
            service = match self.detail(&service.name).await? {
                Some(service) => service,
                None => return Err(failed(&call, Failure::Unseen { waited_secs: 0 })),
            };
        }
        Ok(())
    }

    /// The first role makes the deployment, all others are added to it.
    fn placing(&self, service: &HostedService, wanted: &Wanted<'_>) -> Call {
        match service.deployments.first() {
            Some(deployment) => roles::add(&self.endpoint, &service.name, &deployment.name, wanted),
            None => deployments::create(
                &self.endpoint,
                &service.name,
                roles::element(Element::new("Role"), wanted),
                &self.names.virtual_network(),
            ),
        }
    }

    /// Waits until a role whose operation nobody knows is made. False when it has disappeared instead: its operation failed.
    async fn settles(&self, service: &HostedService, role: &str, call: &Call) -> Result<bool, Error> {
        let started_ms = self.client.clock.now_ms();
        let mut seen = Some(service.clone());
        loop {
            let deployment = seen.as_ref().and_then(HostedService::deployment);
            let Some(deployment) = deployment.filter(|own| own.role(role).is_some()) else {
                return Ok(false);
            };
            let status = deployment.instance(role).map(|own| own.status.clone());
            let is_made = status
                .as_deref()
                .is_some_and(|status| !status.is_empty() && status != "StoppedVM");
            if !deployment.locked && is_made {
                return Ok(true);
            }
            let waited_ms = self.client.clock.now_ms().saturating_sub(started_ms);
            if u128::from(waited_ms) >= self.client.deadline.as_millis() {
                return Err(failed(
                    call,
                    Failure::Overdue {
                        waited_secs: waited_ms / 1_000,
                        state: status.unwrap_or_else(|| deployment.status.clone()),
                    },
                ));
            }

            self.client.clock.sleep(REPEAT_EVERY).await;
            seen = self.detail(&service.name).await?;
        }
    }

    fn started(&self, service: &str, plan: &Plan) -> Started {
        let hardware = hardware_of(&plan.size);
        let instance = Instance {
            id: instance_id(service, &plan.role),
            status: InstanceStatus {
                kind: StatusKind::Allocating,
                message: String::new(),
            },
            addresses: Vec::new(),
            dns_name: Some(format!("{service}.{}", self.dns_suffix)),
            hardware: Some(hardware.clone()),
        };
        Started { instance, hardware }
    }

    /// Whether a size of that name is there.
    pub(super) async fn precheck(&self, params: &crate::Constraints) -> Result<(), Error> {
        let Some(name) = params.instance_type.as_deref() else {
            return Ok(());
        };
        match self.types().await?.iter().any(|own| same(&own.name, name)) {
            true => Ok(()),
            false => Err(Error::UnknownInstanceType(name.to_owned())),
        }
    }
}
