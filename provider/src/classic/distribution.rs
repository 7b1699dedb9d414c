//! In which cloud service a machine is made (juju-provider 2.6 StartInstance, Rules in azure-mode).
//!
//! In azure-mode machines of one distribution group share a service, and with it an availability set and the load balancing: controllers
//! one, machines of an application one. Without it every machine has a service of its own.

use std::collections::BTreeSet;

use super::ClassicEnviron;
use super::client::{is_conflict, is_unsure};
use super::hosted_services::{self, Availability, HostedService};
use super::names::{CONTROLLER_LABEL, SERVICE_TAIL_LEN, same};
use crate::{Error, Kind, StartInstance};

/// Names tried for a new cloud service.
const NAMES_MAX: usize = 10;
/// What says why a machine cannot be placed by hand.
const NO_PLACEMENT: &str = "unit placement is not supported with availability-sets-enabled";

/// The service of a machine.
pub(super) struct Target {
    pub(super) service: HostedService,
    /// Whether nothing but this machine is in it.
    pub(super) is_own: bool,
}

impl ClassicEnviron {
    /// Whether machines may be asked for and chosen by hand: not in azure-mode, where an instance holds units of one application.
    pub(super) fn check_unit_placement(&self) -> Result<(), Error> {
        match self.section.availability_sets_enabled {
            true => Err(Error::NotSupported(NO_PLACEMENT.to_owned())),
            false => Ok(()),
        }
    }

    pub(super) fn check_placement(&self, placement: Option<&str>) -> Result<(), Error> {
        match placement {
            Some(directive) if !directive.is_empty() => {
                self.check_unit_placement()?;
                Err(Error::Placement(directive.to_owned()))
            }
            _ => Ok(()),
        }
    }

    /// In azure-mode a machine hosts units of one application.
    pub(super) fn check_units(&self, units: &[String]) -> Result<(), Error> {
        let applications: BTreeSet<&str> = units
            .iter()
            .map(|unit| unit.split('/').next().unwrap_or(unit))
            .collect();
        if self.section.availability_sets_enabled && applications.len() > 1 {
            let applications: Vec<&str> = applications.into_iter().collect();
            return Err(Error::Machine(format!(
                "a machine can only host units of one application with availability-sets-enabled, not of {}",
                applications.join(" and ")
            )));
        }
        Ok(())
    }

    /// The service of the machine's peers, or a new one.
    pub(super) async fn target(&self, params: &StartInstance, role: &str) -> Result<Target, Error> {
        if self.section.availability_sets_enabled {
            for place in params.distribution_group.iter().filter_map(|id| self.names.parse(id)) {
                // A peer that is gone is passed over; the balanced ports of ours do not go with the plain ones of old services.
                let service = self.detail(&place.service).await?;
                if let Some(service) = service.filter(|service| !service.is_legacy() && service.deployments.len() < 2) {
                    return Ok(Target { service, is_own: false });
                }
            }
        }
        let service = self.new_service(params, role).await?;
        let is_own = service
            .deployments
            .iter()
            .all(|deployment| deployment.roles.iter().all(|own| same(&own.name, role)));
        Ok(Target { service, is_own })
    }

    /// Names follow from machine and seed: whoever repeats a start that was cut short comes to the service that it had made.
    async fn new_service(&self, params: &StartInstance, role: &str) -> Result<HostedService, Error> {
        let uuid = self.current_config().uuid;
        for nth in 0..NAMES_MAX {
            let topic = format!("cloud service {nth} of machine {} of {uuid}", params.machine);
            let name = self.names.service(&self.random.lower_alnum(&topic, SERVICE_TAIL_LEN));
            let check = hosted_services::is_available(&self.endpoint, &name);
            let availability = match self.client.read(&check).await {
                Ok(document) => hosted_services::availability(&document),
                Err(error) if matches!(error.kind(), Some(Kind::Unauthorised | Kind::Forbidden)) => return Err(error),
                Err(error) => Availability {
                    available: false,
                    reason: error.report(),
                },
            };
            // The check applies a filter of words, too, so another name may do (juju-provider L1).
            if !availability.available {
                if let Some(own) = self.own_leftover(&name, role).await? {
                    return Ok(own);
                }

                tracing::debug!(name, reason = availability.reason, "cloud service name not available");
                continue;
            }
            if let Some(service) = self.create_service(params, &name, role).await? {
                return Ok(service);
            }
        }
        Err(Error::Exhausted(
            "could not come up with a unique hosted service name - is your randomizer initialized?".to_owned(),
        ))
    }

    /// None when somebody else has taken the name since it was checked: the check reserves nothing.
    async fn create_service(
        &self,
        params: &StartInstance,
        name: &str,
        role: &str,
    ) -> Result<Option<HostedService>, Error> {
        let label = if params.controller { CONTROLLER_LABEL } else { name };
        let call = hosted_services::create(&self.endpoint, name, label, &self.names.affinity_group());
        match self.client.write(&call).await {
            Ok(()) => {}
            // A try whose answer was lost may have made it.
            Err(error) if is_conflict(&error) || is_unsure(&error) => return self.own_leftover(name, role).await,
            Err(error) => return Err(error),
        }
        let made = HostedService {
            name: name.to_owned(),
            label: label.to_owned(),
            ..HostedService::default()
        };
        // What was made a moment ago is there, whether it is shown already or not.
        Ok(Some(self.detail(name).await.ok().flatten().unwrap_or(made)))
    }

    /// A service of that name in this subscription, if this machine is in it, or nothing.
    async fn own_leftover(&self, name: &str, role: &str) -> Result<Option<HostedService>, Error> {
        let service = self.detail(name).await?;
        Ok(service.filter(|service| match service.deployments.as_slice() {
            [] => true,
            [only] => only.roles.is_empty() || only.role(role).is_some(),
            _ => false,
        }))
    }
}
