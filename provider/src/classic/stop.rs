//! Deleting machines (juju-provider 2.6 StopInstances): the role with its disks, and the whole cloud service with the last of its roles.

use super::ClassicEnviron;
use super::client::is_absent;
use super::hosted_services::{self, HostedService};
use super::names::{Place, same};
use super::roles::{self, ONLY_ROLE};
use crate::{AzureError, Error, InstanceId};

/// What is to go of one service.
#[derive(Debug, PartialEq, Eq)]
struct Group {
    service: String,
    /// An old id names the service itself.
    whole: bool,
    roles: Vec<String>,
}

/// By service, in the order in which they are named first. Ids of other environments are passed over.
fn grouped(places: impl Iterator<Item = Place>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for Place { service, role } in places {
        let at = groups.iter().position(|group| same(&group.service, &service));
        let at = at.unwrap_or_else(|| {
            groups.push(Group {
                service,
                whole: false,
                roles: Vec::new(),
            });
            groups.len() - 1
        });
        match role {
            Some(role) => groups[at].roles.push(role),
            None => groups[at].whole = true,
        }
    }
    groups
}

impl ClassicEnviron {
    /// One service after the other: side by side they were refused now and then (juju-provider L3). An error is the first; all others
    /// were dealt with.
    pub(super) async fn stop(&self, ids: &[InstanceId]) -> Result<(), Error> {
        let mut first = Ok(());
        for group in grouped(ids.iter().filter_map(|id| self.names.parse(id))) {
            let outcome = self.stop_in(&group).await;
            if first.is_ok() {
                first = outcome;
            }
        }
        first
    }

    async fn stop_in(&self, group: &Group) -> Result<(), Error> {
        let service_lock = self.service_lock(&group.service);
        let _service_is_ours = service_lock.lock().await;
        // Gone is stopped (juju-provider L16).
        let Some(service) = self.detail(&group.service).await? else {
            return Ok(());
        };
        match service.deployments.as_slice() {
            [_] if group.whole => self.delete_service_held(&service.name).await,
            // A start that was cut short has left the service alone: its machine never was.
            [] => self.delete_service_held(&service.name).await,
            [_] => self.stop_roles(&service, &group.roles).await,
            // Two deployments are not as we make them.
            _ => Ok(()),
        }
    }

    async fn stop_roles(&self, service: &HostedService, wanted: &[String]) -> Result<(), Error> {
        let Some(deployment) = service.deployment() else {
            return Ok(());
        };
        let is_wanted = |name: &str| wanted.iter().any(|own| same(own, name));
        // One that is being made shows no role yet: then it is the first one that is to go.
        if deployment.roles.iter().all(|role| is_wanted(&role.name)) {
            return self.delete_service_held(&service.name).await;
        }

        let mut first = Ok(());
        for role in deployment.roles.iter().filter(|role| is_wanted(&role.name)) {
            let outcome = self.delete_role(&service.name, &deployment.name, &role.name).await;
            if first.is_ok() {
                first = outcome;
            }
        }
        first
    }

    async fn delete_role(&self, service: &str, deployment: &str, role: &str) -> Result<(), Error> {
        let call = roles::delete(&self.endpoint, service, deployment, role);
        match self.client.delete(&call).await {
            // Somebody was faster with all the others.
            Err(error) if is_only_role(&error) => self.delete_service_held(service).await,
            outcome => outcome,
        }
    }

    /// With all that is in it.
    pub(super) async fn delete_service(&self, service: &str) -> Result<(), Error> {
        let service_lock = self.service_lock(service);
        let _service_is_ours = service_lock.lock().await;
        self.delete_service_held(service).await
    }

    /// The service's lock is held.
    pub(super) async fn delete_service_held(&self, service: &str) -> Result<(), Error> {
        self.client
            .delete(&hosted_services::delete(&self.endpoint, service))
            .await
    }

    /// Removes what a start has left of a role: the service, if it is alone in it. The service's lock is held.
    pub(super) async fn remove_started(&self, service: &str, role: &str) -> Result<(), Error> {
        let Some(detail) = self.detail(service).await? else {
            return Ok(());
        };
        match detail.deployments.as_slice() {
            [] => self.delete_service_held(&detail.name).await,
            [only] if only.roles.iter().all(|own| same(&own.name, role)) => {
                self.delete_service_held(&detail.name).await
            }
            [only] if only.role(role).is_some() => self.delete_role(&detail.name, &only.name, role).await,
            _ => Ok(()),
        }
    }
}

fn is_only_role(error: &Error) -> bool {
    let refusal = error.azure().and_then(AzureError::refusal);
    !is_absent(error) && refusal.is_some_and(|refusal| refusal.says(ONLY_ROLE))
}

#[cfg(test)]
mod tests {
    use super::{Group, grouped};
    use crate::InstanceId;
    use crate::classic::names::Names;

    #[test]
    fn ids_are_grouped_by_service_in_the_order_of_the_first() {
        let names = Names::new("env");
        let ids = [
            "juju-env-b-r1",
            "juju-env-a-r1",
            "machine-1",
            "juju-env-b-r2",
            "juju-other-c-r1",
            "juju-env-c",
        ];
        let groups = grouped(ids.iter().filter_map(|id| names.parse(&InstanceId::new(*id))));
        let group = |service: &str, whole, roles: &[&str]| Group {
            service: service.to_owned(),
            whole,
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        };
        assert_eq!(
            groups,
            [
                group("juju-env-b", false, &["r1", "r2"]),
                group("juju-env-a", false, &["r1"]),
                group("juju-env-c", true, &[])
            ]
        );
    }
}
