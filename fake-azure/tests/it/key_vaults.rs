//! Vaults: as resources of Resource Manager, and what they answer themselves.

use fake_azure::Pace;
use fake_azure::cloud::catalogue::limits::Era;
use http::Response;
use serde_json::{Value, json};

use crate::arm_support::{Arm, check};

const GROUP: &str = "/resourceGroups/g?api-version=2021-04-01";
const VAULT: &str = "/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv1";
const VERSION: &str = "api-version=2021-10-01";
const KEYS: &str = "api-version=7.4";

/// The tenant, and what its first principal may do with everything in the vault.
fn vault_body(arm: &Arm, more: Value) -> String {
    let tenant = arm.sandbox.directory.tenant().to_string();
    let object = arm.sandbox.directory.first().object_id.to_string();
    let mut properties = json!({
        "tenantId": tenant,
        "sku": { "family": "A", "name": "standard" },
        "accessPolicies": [{
            "tenantId": tenant,
            "objectId": object,
            "permissions": { "keys": ["all", "purge"], "secrets": ["all", "purge"] },
        }],
    });
    for (name, value) in more.as_object().cloned().unwrap_or_default() {
        properties[name] = value;
    }
    json!({ "location": "westus", "properties": properties }).to_string()
}

/// A Resource Manager with the vault `kv1`, which is ready.
fn with_vault(more: Value) -> Arm {
    let mut arm = Arm::with(Pace::Immediate, Era::Current);
    arm.send(&format!("PUT {GROUP}"), r#"{"location": "westus"}"#);
    let body = vault_body(&arm, more);
    let made = arm.send(&format!("PUT {VAULT}?{VERSION}"), &body);
    assert_eq!(made.status(), 200, "{}", text(&made));
    let ready = arm.send(&format!("GET {VAULT}?{VERSION}"), "");
    assert_eq!(tree(&ready)["properties"]["provisioningState"], "Succeeded");
    arm
}

fn text(response: &Response<bytes::Bytes>) -> String {
    String::from_utf8_lossy(response.body()).into_owned()
}

fn tree(response: &Response<bytes::Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap_or_default()
}

/// `409 Conflict ObjectIsDeletedButRecoverable`: status, code and inner code.
fn told(response: &Response<bytes::Bytes>) -> String {
    let document = tree(response);
    let code = |at: &str| document.pointer(at).and_then(Value::as_str).unwrap_or("");
    format!(
        "{} {} {}",
        response.status().as_u16(),
        code("/error/code"),
        code("/error/innererror/code")
    )
    .trim_end()
    .to_owned()
}

#[test]
fn a_vault_is_made_deleted_had_back_and_purged() {
    let mut arm = Arm::with(Pace::Immediate, Era::Current);
    arm.send(&format!("PUT {GROUP}"), r#"{"location": "westus"}"#);
    let body = vault_body(&arm, json!({}));
    arm.tell(&format!("PUT {VAULT}?{VERSION}"), &body);
    arm.tell(&format!("GET {VAULT}?{VERSION}"), "");
    arm.tell(&format!("DELETE {VAULT}?{VERSION}"), "");
    arm.tell(&format!("PUT {VAULT}?{VERSION}"), &body);
    let deleted = "/providers/Microsoft.KeyVault/locations/westus/deletedVaults/kv1";
    arm.tell(&format!("GET {deleted}?{VERSION}"), "");
    arm.tell(
        &format!("GET /providers/Microsoft.KeyVault/deletedVaults?{VERSION}"),
        "",
    );
    arm.tell(
        &format!("POST /providers/Microsoft.KeyVault/checkNameAvailability?{VERSION}"),
        r#"{"name": "kv1", "type": "Microsoft.KeyVault/vaults"}"#,
    );
    let recover = vault_body(&arm, json!({ "createMode": "recover" }));
    let back = arm.send(&format!("PUT {VAULT}?{VERSION}"), &recover);
    assert_eq!(back.status(), 200);
    arm.send(&format!("DELETE {VAULT}?{VERSION}"), "");
    let purged = arm.tell(&format!("POST {deleted}/purge?{VERSION}"), "");
    let location = purged.headers().get("location").and_then(|value| value.to_str().ok());
    let location = location.expect("a purge is polled").to_owned();
    arm.tell(&format!("GET !{location}"), "");
    arm.tell(&format!("GET {deleted}?{VERSION}"), "");
    arm.tell(&format!("PUT {deleted}/purge?{VERSION}"), "");
    check("key_vault_life", &arm.transcript());
}

#[test]
fn policies_are_put_below_the_vault() {
    let mut arm = with_vault(json!({}));
    let policies = json!({ "properties": { "accessPolicies": [{
        "tenantId": arm.sandbox.directory.tenant().to_string(),
        "objectId": "00000000-0000-0000-0000-000000000008",
        "permissions": { "keys": ["get"] },
    }] } });
    let added = arm.send(
        &format!("PUT {VAULT}/accessPolicies/add?{VERSION}"),
        &policies.to_string(),
    );
    assert_eq!(added.status(), 200, "{}", text(&added));
    assert_eq!(
        tree(&added)["properties"]["accessPolicies"].as_array().map(Vec::len),
        Some(2)
    );
    let wrong = arm.send(
        &format!("POST {VAULT}/accessPolicies/add?{VERSION}"),
        &policies.to_string(),
    );
    assert_eq!(wrong.status(), 405);
    let unknown = arm.send(
        &format!("PUT {VAULT}/accessPolicies/double?{VERSION}"),
        &policies.to_string(),
    );
    assert!(unknown.status().is_client_error());
}

#[test]
fn a_key_lives_and_comes_back_in_either_style() {
    let mut arm = with_vault(json!({}));
    for base in [
        "https://kv1.vault.azure.net",
        "https://localhost:8443/kv1.vault.azure.net",
    ] {
        let key = |arm: &mut Arm, line: &str, body: &str| {
            let (method, path) = line.split_once(' ').expect("a method and a path");
            arm.tell(&format!("{method} !{base}{path}?{KEYS}"), body)
        };
        let name = if base.contains("localhost") {
            "by-path"
        } else {
            "by-host"
        };
        let body = r#"{"kty": "RSA", "key_size": 4096, "key_ops": ["wrapKey", "unwrapKey"], "attributes": {"enabled": true}, "tags": {"a": "b"}}"#;
        let made = key(&mut arm, &format!("POST /keys/{name}/create"), body);
        let id = tree(&made)["key"]["kid"]
            .as_str()
            .map(str::to_owned)
            .expect("a key has an id");
        assert!(id.starts_with(&format!("{base}/keys/{name}/")), "{id}");
        let read = arm.send(&format!("GET !{id}?{KEYS}"), "");
        assert_eq!(tree(&read), tree(&made));
        key(&mut arm, "GET /keys", "");
        key(&mut arm, &format!("DELETE /keys/{name}"), "");
        // The first look is too early, and moves the clock.
        assert_eq!(
            told(&key(&mut arm, &format!("POST /keys/{name}/create"), body)),
            "409 Conflict ObjectIsBeingDeleted"
        );
        assert_eq!(
            told(&key(&mut arm, &format!("POST /keys/{name}/create"), body)),
            "409 Conflict ObjectIsDeletedButRecoverable"
        );
        key(&mut arm, &format!("GET /deletedkeys/{name}"), "");
        let back = key(&mut arm, &format!("POST /deletedkeys/{name}/recover"), "");
        assert_eq!(back.status(), 200);
        arm.send(&format!("DELETE !{base}/keys/{name}?{KEYS}"), "");
    }
    check("key_vault_keys", &arm.transcript());
}

#[test]
fn secrets_and_curves_have_their_own_shapes() {
    let mut arm = with_vault(json!({ "enablePurgeProtection": true, "softDeleteRetentionInDays": 7 }));
    let at = "!https://kv1.vault.azure.net";
    arm.tell(
        &format!("PUT {at}/secrets/s?{KEYS}"),
        r#"{"value": "hush", "contentType": "text/plain", "attributes": {"nbf": 1, "exp": 4102444800}}"#,
    );
    arm.tell(&format!("GET {at}/secrets/s/?{KEYS}"), "");
    arm.tell(&format!("GET {at}/secrets?{KEYS}"), "");
    arm.tell(&format!("DELETE {at}/secrets/s?{KEYS}"), "");
    arm.tell(
        &format!("POST {at}/keys/e/create?api-version=7.0"),
        r#"{"kty": "EC", "crv": "P-521"}"#,
    );
    check("key_vault_secrets", &arm.transcript());
}

#[test]
fn who_has_no_token_for_vaults_is_told_where_to_get_one() {
    let mut arm = with_vault(json!({}));
    let line = format!("POST !https://kv1.vault.azure.net/keys/k/create?{KEYS}");
    let refused = arm.send_with(&line, &[], "{}");
    assert_eq!(told(&refused), "401 Unauthorized");
    let challenge = refused
        .headers()
        .get("www-authenticate")
        .and_then(|value| value.to_str().ok());
    let tenant = arm.sandbox.directory.tenant();
    assert_eq!(
        challenge,
        Some(
            format!(
                "Bearer authorization=\"https://login.windows.net/{tenant}\", resource=\"https://vault.azure.net\""
            )
            .as_str()
        )
    );
    let other = arm.send_with(&line, &[("authorization", "Bearer x.y.z")], "{}");
    assert_eq!(told(&other), "401 Unauthorized");
}

#[test]
fn refusals_are_the_services_own() {
    let mut arm = with_vault(json!({ "accessPolicies": [] }));
    let at = "!https://kv1.vault.azure.net";
    let rows = [
        ("GET", "/keys", KEYS, "403 Forbidden AccessDenied"),
        ("GET", "/keys", "api-version=1.0", "400 BadParameter"),
        ("GET", "/keys", "x=y", "400 BadParameter"),
        ("GET", "/certificates", KEYS, "404 NotFound"),
        ("GET", "/", KEYS, "404 NotFound"),
        ("PUT", "/keys/k", KEYS, "405 MethodNotAllowed"),
        ("POST", "/keys/k/create", KEYS, "400 BadParameter"),
        ("GET", "/keys/k/create/x", KEYS, "404 NotFound"),
        ("PATCH", "/deletedkeys/k", KEYS, "405 MethodNotAllowed"),
    ];
    for (method, path, query, expected) in rows {
        let answer = arm.send(&format!("{method} {at}{path}?{query}"), "");
        assert_eq!(told(&answer), expected, "{method} {path}");
    }
    let nowhere = arm.send(&format!("GET !https://kv2.vault.azure.net/keys?{KEYS}"), "");
    assert_eq!(told(&nowhere), "404 VaultNotFound");
    let denied = arm.send(&format!("POST {at}/keys/k/create?{KEYS}"), r#"{"kty": "RSA"}"#);
    let message = tree(&denied)["error"]["message"]
        .as_str()
        .map(str::to_owned)
        .unwrap_or_default();
    assert!(
        message.contains("does not have keys create permission on key vault 'kv1;location=westus'"),
        "{message}"
    );
}

#[test]
fn lists_come_in_pages() {
    let mut arm = with_vault(json!({}));
    let at = "https://kv1.vault.azure.net";
    for nth in 0..5 {
        let made = arm.send(&format!("PUT !{at}/secrets/s{nth}?{KEYS}"), r#"{"value": "v"}"#);
        assert_eq!(made.status(), 200);
    }
    let mut next = Some(format!("{at}/secrets?{KEYS}&maxresults=2"));
    let mut sizes = Vec::new();
    while let Some(address) = next {
        let page = tree(&arm.send(&format!("GET !{address}"), ""));
        sizes.push(page["value"].as_array().map_or(0, Vec::len));
        next = page["nextLink"].as_str().map(str::to_owned);
    }
    assert_eq!(sizes, [2, 2, 1]);
}

#[test]
fn a_disk_encryption_set_is_made_and_used() {
    let mut arm = with_vault(json!({ "enablePurgeProtection": true }));
    let made = arm.send(
        &format!("POST !https://kv1.vault.azure.net/keys/k/create?{KEYS}"),
        r#"{"kty": "RSA", "key_size": 4096}"#,
    );
    let url = tree(&made)["key"]["kid"].clone();
    let id = format!("{}{VAULT}", crate::arm_support::SUBSCRIPTION);
    let set = json!({
        "location": "westus",
        "identity": { "type": "SystemAssigned" },
        "properties": { "activeKey": { "sourceVault": { "id": id }, "keyUrl": url } },
    });
    let at = "/resourceGroups/g/providers/Microsoft.Compute/diskEncryptionSets/s0?api-version=2022-03-02";
    arm.tell(&format!("PUT {at}"), &set.to_string());
    arm.tell(&format!("GET {at}"), "");
    check("disk_encryption_set", &arm.transcript());
}
