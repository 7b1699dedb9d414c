//! The storage account that holds the environment's disks.

use serde::Deserialize;
use serde_json::json;

use super::scope::{Call, Scope};
use super::tags::{self, Tags};
use crate::StorageAccountType;

const KIND: &str = "Microsoft.Storage/storageAccounts";

/// An account, as far as we look at it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Account {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) tags: Option<Tags>,
    #[serde(default)]
    properties: Properties,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    #[serde(default)]
    primary_endpoints: Option<Endpoints>,
}

#[derive(Clone, Debug, Deserialize)]
struct Endpoints {
    #[serde(default)]
    blob: Option<String>,
}

impl Account {
    /// Where its blobs are, with a slash at the end. Absent until the account is made.
    pub(crate) fn blob_endpoint(&self) -> Option<String> {
        let endpoint = self.properties.primary_endpoints.as_ref()?.blob.as_deref()?;
        Some(format!("{}/", endpoint.trim_end_matches('/')))
    }
}

/// Whether a name can be had.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Availability {
    pub(crate) name_available: bool,
    #[serde(default)]
    pub(crate) reason: Option<String>,
}

/// Keys, as 2015 has them (`key1`, `key2`) and as 2016 has them (`keys`).
#[derive(Clone, Default, Deserialize)]
pub(crate) struct Keys {
    #[serde(default)]
    key1: Option<String>,
    #[serde(default)]
    key2: Option<String>,
    #[serde(default)]
    keys: Vec<Key>,
}

#[derive(Clone, Deserialize)]
struct Key {
    #[serde(default)]
    value: String,
    #[serde(default)]
    permissions: String,
}

impl Keys {
    /// The first key that may do everything. None at first, sometimes, and its permission is written in either case
    /// (juju-provider L22).
    pub(crate) fn full(&self) -> Option<&str> {
        let listed = self
            .keys
            .iter()
            .find(|key| key.permissions.eq_ignore_ascii_case("full"));
        let listed = listed.map(|key| key.value.as_str());
        let key = self.key1.as_deref().or(self.key2.as_deref()).or(listed);
        key.filter(|key| !key.is_empty())
    }
}

pub(crate) fn check_name(scope: &Scope, name: &str) -> Call {
    let body = json!({"name": name, "type": KIND});
    let id = format!(
        "{}/providers/Microsoft.Storage/checkNameAvailability",
        scope.subscription_id()
    );
    scope.ask(
        "check the name of storage account",
        &id,
        scope.versions.storage,
        Some(&body),
    )
}

pub(crate) fn put(scope: &Scope, name: &str, account_type: StorageAccountType, own: &Tags) -> Call {
    let body = json!({
        "location": scope.location,
        "tags": tags::to_json(own),
        "properties": {"accountType": account_type.as_str()},
    });
    scope.put(
        "create storage account",
        &scope.id(KIND, &[name]),
        scope.versions.storage,
        &body,
    )
}

pub(crate) fn get(scope: &Scope, name: &str) -> Call {
    scope.get("find storage account", &scope.id(KIND, &[name]), scope.versions.storage)
}

pub(crate) fn list(scope: &Scope) -> Call {
    scope.get("list storage accounts", &scope.id(KIND, &[]), scope.versions.storage)
}

pub(crate) fn list_keys(scope: &Scope, name: &str) -> Call {
    let id = format!("{}/listKeys", scope.id(KIND, &[name]));
    scope.ask("list the keys of storage account", &id, scope.versions.storage, None)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Keys;

    fn full(document: Value) -> Option<String> {
        let keys: Keys = serde_json::from_value(document).expect("the document holds keys");
        keys.full().map(str::to_owned)
    }

    #[test]
    fn a_key_is_found_in_either_shape_and_case() {
        assert_eq!(full(json!({"key1": "a", "key2": "b"})), Some("a".to_owned()));
        assert_eq!(
            full(
                json!({"keys": [{"keyName": "key1", "value": "r", "permissions": "Read"},
                                 {"keyName": "key2", "value": "f", "permissions": "FULL"}]})
            ),
            Some("f".to_owned())
        );
        assert_eq!(full(json!({"keys": []})), None);
    }
}
