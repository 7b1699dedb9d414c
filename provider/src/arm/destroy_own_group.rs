//! Emptying a resource group of the user's own: of what is this environment's, and of nothing else (juju-provider 1.14, L46, L50).

use std::collections::BTreeMap;

use uuid::Uuid;

use super::ArmEnviron;
use super::client::is_absent;
use super::deployments::{self, COMMON};
use super::fan_out::fan_out;
use super::key_vaults;
use super::resources::{self, Provider, Resource};
use super::tags;
use crate::{Error, InstanceId, Kind};

/// What still hangs on others goes in a later pass (juju-provider 1.6).
const PASSES_MAX: u32 = 10;

impl ArmEnviron {
    pub(super) async fn destroy_own_group(&self) -> Result<(), Error> {
        match self.client.send(&deployments::cancel(&self.scope, COMMON)).await {
            Ok(_) => {}
            Err(error) if is_absent(&error) || error.kind() == Some(Kind::Conflict) => {}
            Err(error)
                if error
                    .azure()
                    .is_some_and(|azure| azure.code() == Some("DeploymentCannotBeCancelled")) => {}
            Err(error) => return Err(error),
        }
        let ids: Vec<InstanceId> = self.list_instances().await?.into_keys().collect();
        self.stop_deployed(&ids).await?;

        let providers: Vec<Provider> = self.client.list(&resources::list_providers(&self.scope)).await?;
        let versions: BTreeMap<String, String> = providers.iter().flat_map(Provider::versions).collect();
        let mut errors = Vec::new();
        for _ in 0..PASSES_MAX {
            let resources = self.own_resources().await?;
            if resources.is_empty() {
                errors.clear();
                break;
            }

            // Vaults last: what is encrypted with their keys needs them (juju-provider 1.14).
            let others = resources.iter().filter(|resource| !is_vault(resource)).count();
            let work = resources
                .iter()
                .filter(|resource| others == 0 || !is_vault(resource))
                .map(|resource| Box::pin(self.delete_resource(resource, &versions)) as _);
            let outcomes: Vec<Result<(), Error>> = fan_out(work.collect()).await;
            errors = outcomes.into_iter().filter_map(Result::err).collect();
            if errors.iter().any(|error| !is_used_still(error)) {
                break;
            }
        }
        Error::join(errors)?;
        self.client
            .delete(&deployments::delete(&self.scope, COMMON))
            .await
            .map(|_| ())
    }

    /// The filter may be ignored, and may lag: what it lets through is looked at, and where it shows nothing all is looked through.
    async fn own_resources(&self) -> Result<Vec<Resource>, Error> {
        let uuid = self.current_config().uuid;
        let filtered = self
            .list_own(&resources::list_of_model(&self.scope, uuid), uuid)
            .await?;
        match filtered.is_empty() {
            true => self.list_own(&resources::list(&self.scope), uuid).await,
            false => Ok(filtered),
        }
    }

    async fn list_own(&self, call: &super::scope::Call, uuid: Uuid) -> Result<Vec<Resource>, Error> {
        let listed: Vec<Resource> = self.client.find_list(call).await?.unwrap_or_default();
        let uuid = uuid.to_string();
        let is_own = |own: &Resource| {
            tags::value(own.tags.as_ref(), tags::MODEL_UUID).is_some_and(|value| value.eq_ignore_ascii_case(&uuid))
        };
        Ok(listed.into_iter().filter(is_own).collect())
    }

    /// By the version that its own type knows (juju-provider L50).
    async fn delete_resource(&self, resource: &Resource, versions: &BTreeMap<String, String>) -> Result<(), Error> {
        if is_vault(resource) {
            let call = key_vaults::delete(&self.scope, &resource.id);
            return self.client.delete(&call).await.map(|_| ());
        }
        let version = versions.get(&resource.kind.to_lowercase()).ok_or_else(|| {
            Error::NotSupported(format!(
                "no version is known of type `{}` of `{}`",
                resource.kind, resource.name
            ))
        })?;
        let call = self.scope.delete("delete resource", &resource.id, version);
        self.client.delete(&call).await.map(|_| ())
    }
}

fn is_vault(resource: &Resource) -> bool {
    resource.kind.eq_ignore_ascii_case(key_vaults::KIND)
}

/// Whether the next pass may do what this one could not.
fn is_used_still(error: &Error) -> bool {
    matches!(error.kind(), Some(Kind::InUse | Kind::Conflict))
        || error
            .azure()
            .is_some_and(|azure| azure.code() == Some("OperationNotAllowed"))
}
