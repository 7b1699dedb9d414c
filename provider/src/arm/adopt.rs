//! Handing an environment over to another controller, by its tags (juju-provider 1.16).

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::ArmEnviron;
use super::resource_groups::{self, Group};
use super::resources::{self, Provider, Resource};
use super::scope::name_of;
use super::tags::{self, Tags};
use crate::{AzureError, Error};

impl ArmEnviron {
    /// The group first: by its tag alone the former controller would delete it (juju-provider L81).
    pub(super) async fn adopt(&self, controller_uuid: Uuid) -> Result<(), Error> {
        let scope = &self.scope;
        let group: Group = self.client.read(&resource_groups::get(scope, &scope.group)).await?;
        let own = retagged(group.tags, controller_uuid);
        self.client
            .write(&resource_groups::put(scope, &scope.group, &group.location, &own))
            .await?;
        self.change_config(|config| config.controller_uuid = controller_uuid);

        let providers: Vec<Provider> = self.client.list(&resources::list_providers(scope)).await?;
        let versions: BTreeMap<String, String> = providers.iter().flat_map(Provider::versions).collect();
        let resources: Vec<Resource> = self.client.list(&resources::list(scope)).await?;
        let mut names = Vec::new();
        let mut first = None;
        for resource in resources {
            if let Err(error) = self.adopt_resource(&resource, controller_uuid, &versions).await {
                tracing::warn!(resource = resource.id, error = error.report(), "cannot hand over");
                names.push(resource.name.clone());
                first.get_or_insert(error);
            }
        }
        match first {
            Some(source) => Err(Error::Adopt {
                names,
                source: Box::new(source),
            }),
            None => Ok(()),
        }
    }

    async fn adopt_resource(
        &self,
        resource: &Resource,
        controller_uuid: Uuid,
        versions: &BTreeMap<String, String>,
    ) -> Result<(), Error> {
        let uuid = controller_uuid.to_string();
        if tags::value(resource.tags.as_ref(), tags::CONTROLLER_UUID) == Some(uuid.as_str()) {
            return Ok(());
        }

        let version = versions.get(&resource.kind.to_lowercase()).ok_or_else(|| {
            Error::NotSupported(format!(
                "no version is known of type `{}` of `{}`",
                resource.kind,
                name_of(&resource.id)
            ))
        })?;
        let own = retagged(resource.tags.clone(), controller_uuid);
        match self
            .client
            .write(&resources::patch_tags(&self.scope, &resource.id, version, &own))
            .await
        {
            Err(error) if knows_no_patch(&error) => {}
            outcome => return outcome.map(|_| ()),
        }

        let mut document: Value = self
            .client
            .read(&resources::get(&self.scope, &resource.id, version))
            .await?;
        if let Some(document) = document.as_object_mut() {
            document.insert("tags".to_owned(), json!(own));
        }
        self.client
            .write(&resources::put(&self.scope, &resource.id, version, &document))
            .await
            .map(|_| ())
    }
}

/// `own` with the new controller; a tag that is there in another case is the same tag.
fn retagged(own: Option<Tags>, controller_uuid: Uuid) -> Tags {
    let mut tags = own.unwrap_or_default();
    tags.retain(|name, _| !name.eq_ignore_ascii_case(tags::CONTROLLER_UUID));
    tags.insert(tags::CONTROLLER_UUID.to_owned(), controller_uuid.to_string());
    tags
}

fn knows_no_patch(error: &Error) -> bool {
    let refusal = error.azure().and_then(AzureError::refusal);
    refusal.is_some_and(|own| own.status == Some(405) || own.has_code("InvalidHttpVerb"))
}
