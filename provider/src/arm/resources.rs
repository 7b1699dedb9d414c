//! Resources of any type, by id: what handing over to another controller needs (juju-provider 1.16).

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::scope::{Call, Scope};
use super::tags::{self, Tags};

/// An entry of the list of a group's resources.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Resource {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) tags: Option<Tags>,
}

/// A resource provider with the versions of its types.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Provider {
    namespace: String,
    #[serde(default)]
    resource_types: Vec<ResourceType>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceType {
    resource_type: String,
    #[serde(default)]
    api_versions: Vec<String>,
}

impl Provider {
    /// Every type with its newest version that is no preview, or its newest.
    pub(crate) fn versions(&self) -> impl Iterator<Item = (String, String)> {
        self.resource_types.iter().filter_map(|own| {
            let stable = own
                .api_versions
                .iter()
                .filter(|version| !version.contains("preview"))
                .max();
            let newest = stable.or(own.api_versions.iter().max())?;
            Some((
                format!("{}/{}", self.namespace, own.resource_type).to_lowercase(),
                newest.clone(),
            ))
        })
    }
}

pub(crate) fn list(scope: &Scope) -> Call {
    let id = format!("{}/resources", scope.group_id(&scope.group));
    scope.get("list resources", &id, scope.versions.resources)
}

/// Those that say they are this environment's.
pub(crate) fn list_of_model(scope: &Scope, model_uuid: Uuid) -> Call {
    let filter = format!("tagName eq '{}' and tagValue eq '{model_uuid}'", tags::MODEL_UUID);
    let id = format!("{}/resources", scope.group_id(&scope.group));
    let query = [("$filter", filter.as_str()), ("api-version", scope.versions.resources)];
    scope.call("list resources", Method::GET, &id, &query, None)
}

pub(crate) fn list_providers(scope: &Scope) -> Call {
    let id = format!("{}/providers", scope.subscription_id());
    scope.get("list resource providers", &id, scope.versions.resources)
}

pub(crate) fn get(scope: &Scope, id: &str, version: &str) -> Call {
    scope.get("find resource", id, version)
}

/// Tags alone, so that nothing else that changed meanwhile is reverted (juju-provider L63).
pub(crate) fn patch_tags(scope: &Scope, id: &str, version: &str, own: &Tags) -> Call {
    scope.patch("tag resource", id, version, &json!({"tags": tags::to_json(own)}))
}

/// The whole resource, for types that know no PATCH.
pub(crate) fn put(scope: &Scope, id: &str, version: &str, document: &Value) -> Call {
    scope.put("tag resource", id, version, document)
}
