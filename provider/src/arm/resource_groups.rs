//! Resource groups.

use http::Method;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::scope::{Call, Scope};
use super::tags::{self, Tags};

/// A group, as far as we look at it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) location: String,
    #[serde(default)]
    pub(crate) tags: Option<Tags>,
}

/// No `properties`: Azure refuses a group that brings its own state (juju-provider L82).
pub(crate) fn put(scope: &Scope, name: &str, location: &str, own: &Tags) -> Call {
    let body = json!({"location": location, "tags": tags::to_json(own)});
    scope.put(
        "create resource group",
        &scope.group_id(name),
        scope.versions.resources,
        &body,
    )
}

pub(crate) fn get(scope: &Scope, name: &str) -> Call {
    scope.get("find resource group", &scope.group_id(name), scope.versions.resources)
}

pub(crate) fn delete(scope: &Scope, name: &str) -> Call {
    scope.delete("delete resource group", &scope.group_id(name), scope.versions.resources)
}

/// Groups of one controller.
pub(crate) fn list_of_controller(scope: &Scope, controller_uuid: Uuid) -> Call {
    let filter = format!(
        "tagname eq '{}' and tagvalue eq '{controller_uuid}'",
        tags::CONTROLLER_UUID
    );
    let id = format!("{}/resourcegroups", scope.subscription_id());
    let query = [("$filter", filter.as_str()), ("api-version", scope.versions.resources)];
    scope.call("list resource groups", Method::GET, &id, &query, None)
}
