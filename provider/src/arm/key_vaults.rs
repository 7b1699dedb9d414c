//! Key vaults, the keys in them, and the sets by which disks are encrypted with a key (juju-provider 1.15, L47).
//!
//! A vault's name is the whole world's, and stays taken for ninety days after the vault was deleted: until then one can only have
//! it back. Its keys are asked for at the vault's own address, with a token of their own.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::scope::{Call, Scope};
use super::tags::{self, Tags};

pub(super) const KIND: &str = "Microsoft.KeyVault/vaults";
pub(super) const ENCRYPTION_SETS: &str = "Microsoft.Compute/diskEncryptionSets";

/// Of vaults as resources.
const VERSION: &str = "2021-10-01";
/// Of the vaults' own service.
const KEYS_VERSION: &str = "7.3";

/// What may be done with keys: all that there is.
const EVERYTHING: &[&str] = &[
    "get",
    "list",
    "update",
    "create",
    "import",
    "delete",
    "recover",
    "backup",
    "restore",
    "decrypt",
    "encrypt",
    "unwrapKey",
    "wrapKey",
    "verify",
    "sign",
    "purge",
];

/// What the identity of an encryption set needs.
const FOR_DISKS: &[&str] = &["wrapKey", "unwrapKey", "list", "get"];

/// A vault, as far as we look at it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Vault {
    pub(crate) id: String,
    properties: VaultProperties,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct VaultProperties {
    vault_uri: String,
}

impl Vault {
    /// Where its keys are, without a slash at the end.
    pub(crate) fn address(&self) -> &str {
        self.properties.vault_uri.trim_end_matches('/')
    }
}

/// A key as its vault answers it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct KeyBundle {
    key: Key,
}

#[derive(Clone, Debug, Deserialize)]
struct Key {
    kid: String,
}

impl KeyBundle {
    /// The address of its present version.
    pub(crate) fn address(&self) -> &str {
        &self.key.kid
    }
}

/// A disk encryption set, as far as we look at it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct EncryptionSet {
    #[serde(default)]
    identity: Option<Identity>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    #[serde(default)]
    principal_id: Option<String>,
}

impl EncryptionSet {
    /// Its own identity, that opens the vault.
    pub(crate) fn principal(&self) -> Option<&str> {
        self.identity.as_ref()?.principal_id.as_deref()
    }
}

/// Who may do what with the keys of a vault.
#[derive(Clone, Debug, Default)]
pub(crate) struct Access<'a> {
    /// May do all: the provider itself, and a user.
    pub(crate) all: Vec<&'a str>,
    /// May encrypt disks.
    pub(crate) disks: Option<&'a str>,
}

/// Where a token for a vault's keys is good, by the vault's address: everything after its name.
pub(super) fn resource_of(address: &str) -> Option<String> {
    let (scheme, rest) = address.split_once("://")?;
    // A server without names of its own has the vault's in the path.
    let host = rest
        .split('/')
        .find(|part| part.to_ascii_lowercase().contains(".vault."))?;
    let (_, suffix) = host.split_once('.')?;
    Some(format!("{scheme}://{suffix}"))
}

pub(super) fn set_id(scope: &Scope, name: &str) -> String {
    scope.id(ENCRYPTION_SETS, &[name])
}

pub(super) fn get_set(scope: &Scope, name: &str) -> Call {
    scope.get("find disk encryption set", &set_id(scope, name), scope.versions.disks)
}

/// A set that opens the vault by an identity of its own, which Azure makes with it.
pub(super) fn put_set(scope: &Scope, name: &str, vault: &Vault, key: &KeyBundle, own: &Tags) -> Call {
    let body = json!({
        "location": scope.location,
        "tags": tags::to_json(own),
        "identity": {"type": "SystemAssigned"},
        "properties": {"activeKey": {"sourceVault": {"id": vault.id}, "keyUrl": key.address()}},
    });
    scope.put(
        "create disk encryption set",
        &set_id(scope, name),
        scope.versions.disks,
        &body,
    )
}

/// A vault that was deleted and holds its name.
pub(super) fn get_deleted(scope: &Scope, name: &str) -> Call {
    let id = format!(
        "{}/providers/Microsoft.KeyVault/locations/{}/deletedVaults/{name}",
        scope.subscription_id(),
        scope.location
    );
    scope.get("find deleted key vault", &id, VERSION)
}

pub(super) fn put(scope: &Scope, name: &str, tenant: Uuid, access: &Access<'_>, recover: bool, own: &Tags) -> Call {
    let policy = |object: &str, permissions: &[&str]| json!({"tenantId": tenant, "objectId": object, "permissions": {"keys": permissions}});
    let mut policies: Vec<Value> = access.all.iter().map(|object| policy(object, EVERYTHING)).collect();
    policies.extend(access.disks.map(|object| policy(object, FOR_DISKS)));
    let mut properties = json!({
        "tenantId": tenant,
        "enabledForDiskEncryption": true,
        "enableSoftDelete": true,
        "enablePurgeProtection": true,
        "networkAcls": {"bypass": "AzureServices", "defaultAction": "Allow"},
        "sku": {"family": "A", "name": "standard"},
        "accessPolicies": policies,
    });
    if recover {
        properties["createMode"] = json!("recover");
    }
    let body = json!({"location": scope.location, "tags": tags::to_json(own), "properties": properties});
    scope.put("create key vault", &scope.id(KIND, &[name]), VERSION, &body)
}

/// By the vaults' own API: generic deletion knows nothing of them (juju-provider L47).
pub(super) fn delete(scope: &Scope, id: &str) -> Call {
    scope.delete("delete key vault", id, VERSION)
}

/// A key that wraps the keys of disks. Made again, it has one version more.
pub(super) fn create_key(scope: &Scope, vault: &Vault, key: &str) -> Call {
    let body = json!({
        "kty": "RSA",
        "key_size": 4096,
        "key_ops": ["wrapKey", "unwrapKey"],
        "attributes": {"enabled": true},
    });
    ask_vault(scope, "create key", vault, &format!("/keys/{key}/create"), Some(&body))
}

/// Has a deleted key back.
pub(super) fn recover_key(scope: &Scope, vault: &Vault, key: &str) -> Call {
    ask_vault(
        scope,
        "recover key",
        vault,
        &format!("/deletedkeys/{key}/recover"),
        None,
    )
}

/// A call to a vault itself.
fn ask_vault(scope: &Scope, operation: &'static str, vault: &Vault, path: &str, body: Option<&Value>) -> Call {
    let there = Scope {
        base: vault.address().to_owned(),
        ..scope.clone()
    };
    let mut call = there.call(operation, Method::POST, path, &[("api-version", KEYS_VERSION)], body);
    call.resource = format!("{}{path}", vault.address());
    call.request.extensions_mut().insert(crate::policy::Repeatable);
    call
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::json;
    use uuid::Uuid;

    use super::super::scope::tests::{scope, wire};
    use super::{Access, KeyBundle, Tags, Vault, create_key, get_deleted, put, put_set, recover_key, resource_of};

    fn vault() -> Vault {
        serde_json::from_value(json!({"id": "/v", "properties": {"vaultUri": "https://kv-1.vault.azure.net/"}}))
            .expect("a vault")
    }

    #[test]
    fn a_vault_is_made_or_had_back() {
        let access = Access {
            all: vec!["me"],
            disks: Some("set"),
        };
        let call = put(&scope(), "kv-1", Uuid::from_u128(2), &access, true, &Tags::new());
        expect![[r#"
            PUT https://management.azure.com/subscriptions/00000000-0000-0000-0000-000000000011/resourceGroups/juju-env-environment-e/providers/Microsoft.KeyVault/vaults/kv-1?api-version=2021-10-01
            accept: application/json
            content-type: application/json

            {"location":"westus","tags":{},"properties":{"tenantId":"00000000-0000-0000-0000-000000000002","enabledForDiskEncryption":true,"enableSoftDelete":true,"enablePurgeProtection":true,"networkAcls":{"bypass":"AzureServices","defaultAction":"Allow"},"sku":{"family":"A","name":"standard"},"accessPolicies":[{"tenantId":"00000000-0000-0000-0000-000000000002","objectId":"me","permissions":{"keys":["get","list","update","create","import","delete","recover","backup","restore","decrypt","encrypt","unwrapKey","wrapKey","verify","sign","purge"]}},{"tenantId":"00000000-0000-0000-0000-000000000002","objectId":"set","permissions":{"keys":["wrapKey","unwrapKey","list","get"]}}],"createMode":"recover"}}"#]]
        .assert_eq(&wire(&call));
        expect!["https://management.azure.com/subscriptions/00000000-0000-0000-0000-000000000011/providers/Microsoft.KeyVault/locations/westus/deletedVaults/kv-1?api-version=2021-10-01"]
        .assert_eq(&get_deleted(&scope(), "kv-1").request.uri().to_string());
    }

    #[test]
    fn keys_are_asked_for_at_the_vault() {
        expect![[r#"
            POST https://kv-1.vault.azure.net/keys/disk-secret/create?api-version=7.3
            accept: application/json
            content-type: application/json

            {"kty":"RSA","key_size":4096,"key_ops":["wrapKey","unwrapKey"],"attributes":{"enabled":true}}"#]]
        .assert_eq(&wire(&create_key(&scope(), &vault(), "disk-secret")));
        expect![[r#"
            POST https://kv-1.vault.azure.net/deletedkeys/disk-secret/recover?api-version=7.3
            accept: application/json

        "#]]
        .assert_eq(&wire(&recover_key(&scope(), &vault(), "disk-secret")));
    }

    #[test]
    fn a_set_names_vault_and_key() {
        let key: KeyBundle =
            serde_json::from_value(json!({"key": {"kid": "https://kv-1.vault.azure.net/keys/k/v"}})).expect("a key");
        let call = put_set(&scope(), "kv-1", &vault(), &key, &Tags::new());
        expect![[r#"{"location":"westus","tags":{},"identity":{"type":"SystemAssigned"},"properties":{"activeKey":{"sourceVault":{"id":"/v"},"keyUrl":"https://kv-1.vault.azure.net/keys/k/v"}}}"#]]
        .assert_eq(&String::from_utf8_lossy(call.request.body()));
    }

    #[test]
    fn tokens_are_for_all_vaults_of_a_cloud() {
        for (address, resource) in [
            ("https://kv-1.vault.azure.net", Some("https://vault.azure.net")),
            (
                "https://kv-1.vault.usgovcloudapi.net",
                Some("https://vault.usgovcloudapi.net"),
            ),
            (
                "https://localhost:8443/kv-1.vault.azure.net",
                Some("https://vault.azure.net"),
            ),
            ("https://localhost:8443/", None),
        ] {
            assert_eq!(resource_of(address).as_deref(), resource, "{address}");
        }
    }
}
