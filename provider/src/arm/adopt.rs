//! Handing an environment over to another controller, by its tags (juju-provider 1.16).

use std::collections::{BTreeMap, BTreeSet};

use http::HeaderValue;
use http::header::IF_MATCH;
use serde_json::{Value, json};
use uuid::Uuid;

use super::ArmEnviron;
use super::client::is_absent;
use super::resource_groups::{self, Group};
use super::resources::{self, Provider, Resource};
use super::scope::name_of;
use super::tags::{self, Tags};
use super::volumes::is_overtaken;
use crate::{AzureError, Error};

/// Somebody may write a resource between our look and our write; then we look again.
const WRITES_MAX: u32 = 5;
/// Before that Juju had no stack over Resource Manager, so nothing of such a controller is in a resource group.
const FIRST_MAJOR: u32 = 2;

impl ArmEnviron {
    /// The group first: by its tag alone the former controller would delete it (juju-provider L81). A group of the user's own is
    /// left as it is: with the tag, whoever destroys the controller by tag would delete it with all that is the user's
    /// (juju-provider 1.16).
    pub(super) async fn adopt(&self, controller_uuid: Uuid, from_version: &str) -> Result<(), Error> {
        check_version(from_version)?;
        let scope = &self.scope;
        let is_own_group = self.current_config().resource_group_name.is_some();
        if !is_own_group {
            let group: Group = self.client.read(&resource_groups::get(scope, &scope.group)).await?;
            let own = retagged(group.tags, controller_uuid);
            self.client
                .write(&resource_groups::put(scope, &scope.group, &group.location, &own))
                .await?;
        }
        // What is made from now on is the new controller's.
        self.change_config(|config| config.controller_uuid = controller_uuid);

        let providers: Vec<Provider> = self.client.list(&resources::list_providers(scope)).await?;
        let versions: BTreeMap<String, String> = providers.iter().flat_map(Provider::versions).collect();
        let uuid = self.current_config().uuid.to_string();
        let mut dealt_with = BTreeSet::new();
        let mut names = Vec::new();
        let mut first = None;
        loop {
            // A list may be older than what it lists, so it is read until it shows nothing new.
            let resources: Vec<Resource> = self.client.list(&resources::list(scope)).await?;
            let is_new = |own: &Resource| {
                is_ours(own.tags.as_ref(), &uuid, is_own_group)
                    && !is_of(own.tags.as_ref(), controller_uuid)
                    && !dealt_with.contains(&own.id.to_lowercase())
            };
            let new: Vec<Resource> = resources.into_iter().filter(is_new).collect();
            if new.is_empty() {
                break;
            }
            for resource in new {
                if let Err(error) = self.adopt_resource(&resource, controller_uuid, &versions).await {
                    tracing::warn!(resource = resource.id, error = error.report(), "cannot hand over");
                    names.push(resource.name.clone());
                    first.get_or_insert(error);
                }
                dealt_with.insert(resource.id.to_lowercase());
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
        let version = versions.get(&resource.kind.to_lowercase()).ok_or_else(|| {
            Error::NotSupported(format!(
                "no version is known of type `{}` of `{}`",
                resource.kind,
                name_of(&resource.id)
            ))
        })?;
        let own = retagged(resource.tags.clone(), controller_uuid);
        let outcome = self
            .client
            .write(&resources::patch_tags(&self.scope, &resource.id, version, &own))
            .await;
        match outcome {
            Ok(_) => Ok(()),
            // It went after it was listed: it is nobody's any more.
            Err(error) if is_absent(&error) => Ok(()),
            Err(error) if knows_no_patch(&error) => self.adopt_whole(resource, controller_uuid, version).await,
            Err(error) => Err(error),
        }
    }

    /// By writing back the whole resource as it was just read, and only if it is still that, where Azure can tell.
    async fn adopt_whole(&self, resource: &Resource, controller_uuid: Uuid, version: &str) -> Result<(), Error> {
        for writes in 1.. {
            let find = resources::get(&self.scope, &resource.id, version);
            let Some(mut document) = self.client.find::<Value>(&find).await? else {
                return Ok(());
            };
            let now: Option<Tags> = document
                .get("tags")
                .and_then(|own| serde_json::from_value(own.clone()).ok());
            let etag = document.get("etag").and_then(Value::as_str).map(str::to_owned);
            if let Some(document) = document.as_object_mut() {
                document.insert("tags".to_owned(), json!(retagged(now, controller_uuid)));
            }
            let mut call = resources::put(&self.scope, &resource.id, version, &document);
            if let Some(etag) = etag.and_then(|etag| HeaderValue::try_from(etag).ok()) {
                call.request.headers_mut().insert(IF_MATCH, etag);
            }
            match self.client.write(&call).await {
                Err(error) if is_overtaken(&error) && writes < WRITES_MAX => {}
                outcome => return outcome.map(|_| ()),
            }
        }
        Ok(())
    }
}

/// Whether a resource is this environment's. Where the group is its own, so is what bears no tag: Azure gives the disks of machines
/// none. In a group of the user's own only what says so is ours (juju-provider L39).
fn is_ours(own: Option<&Tags>, uuid: &str, is_own_group: bool) -> bool {
    match tags::value(own, tags::MODEL_UUID) {
        Some(value) => value.eq_ignore_ascii_case(uuid),
        None => !is_own_group,
    }
}

/// Whether a resource is a controller's already.
fn is_of(own: Option<&Tags>, controller_uuid: Uuid) -> bool {
    tags::value(own, tags::CONTROLLER_UUID)
        .is_some_and(|value| value.eq_ignore_ascii_case(&controller_uuid.to_string()))
}

/// `2.2.1`, `2.0-beta4`: whatever follows the first number, every version so far tags alike.
fn check_version(version: &str) -> Result<(), Error> {
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    match major {
        Some(major) if major >= FIRST_MAJOR => Ok(()),
        Some(_) => Err(Error::NotSupported(format!(
            "nothing of a controller of version {version} is in a resource group, and only such can be handed over"
        ))),
        None => Err(Error::NotSupported(format!(
            "`{version}` is no version of a controller, expected one like `2.2.1`"
        ))),
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

#[cfg(test)]
mod tests {
    use super::super::tags::Tags;
    use super::{check_version, is_ours};

    #[test]
    fn only_versions_with_resource_groups_can_be_adopted_from() {
        assert!(
            ["2.0-beta4", "2.2.1", "3.6"]
                .iter()
                .all(|version| check_version(version).is_ok())
        );
        assert!(
            ["1.25.6", "", "two"]
                .iter()
                .all(|version| check_version(version).is_err())
        );
    }

    #[test]
    fn in_the_users_own_group_only_what_says_so_is_ours() {
        let tagged = |uuid: &str| -> Tags { [("juju-model-uuid".to_owned(), uuid.to_owned())].into() };
        assert!(is_ours(Some(&tagged("A")), "a", true) && is_ours(Some(&tagged("a")), "a", false));
        assert!(!is_ours(Some(&tagged("b")), "a", false) && !is_ours(None, "a", true));
        assert!(is_ours(None, "a", false));
    }
}
