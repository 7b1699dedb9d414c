//! Rules of keys and secrets. A line that begins with `?` asks a vault: verb, vault, what, and the verb's arguments.

use std::fmt::Write as _;

use expect_test::{Expect, expect};

use super::*;
use crate::call::{Call, Outcome};
use crate::fabric::{VaultContent, VaultObject};
use crate::testing::Script;
use crate::testing::key_vault::ME;

fn check(script: &str, expected: Expect) {
    expected.assert_eq(&run(script).outcomes);
}

/// Runs a script whose lines may ask vaults.
pub(crate) fn run(text: &str) -> Script {
    let mut script = Script::run("at westus\nversion 2021-10-01");
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.strip_prefix("? ") {
            Some(asked) => {
                let outcome = ask(&mut script, asked);
                writeln!(script.outcomes, "{outcome}").expect("a text can be written");
            }
            None => script.more(line),
        }
    }
    script
}

fn ask(script: &mut Script, line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (verb, vault, what) = (words[0], words[1], words[2]);
    let (collection, name) = what.split_once('/').unwrap_or((what, ""));
    let collection = match collection {
        "keys" => VaultCollection::Keys,
        _ => VaultCollection::Secrets,
    };
    let name: Box<str> = name.into();
    let argument = |at: usize| words.get(at).copied().unwrap_or_default();
    let flag = |word: &str| words.contains(&word);
    let wish = VersionWish {
        enabled: flag("off").then_some(false).or(flag("on").then_some(true)),
        operations: flag("signs").then(|| vec!["SIGN".into()]),
        ..VersionWish::default()
    };
    let operation = match verb {
        "create" => VaultOperation::CreateKey {
            name,
            key: KeyWish {
                kind: argument(3).into(),
                size: argument(4).parse().ok(),
                curve: Some(argument(4)).filter(|text| text.starts_with("P-")).map(Box::from),
            },
            wish,
        },
        "set" => VaultOperation::SetSecret {
            name,
            value: argument(3).into(),
            wish,
        },
        "update" => VaultOperation::Update {
            name,
            version: Box::default(),
            wish,
        },
        "get" => VaultOperation::Get {
            name,
            version: argument(3).into(),
        },
        "list" => VaultOperation::List,
        "versions" => VaultOperation::Versions { name },
        "delete" => VaultOperation::Delete { name },
        "deleted" if name.is_empty() => VaultOperation::ListDeleted,
        "deleted" => VaultOperation::GetDeleted { name },
        "recover" => VaultOperation::Recover { name },
        "purge" => VaultOperation::Purge { name },
        _ => panic!("`{verb}` is nothing that a vault is asked"),
    };
    let me = Guid::parse(ME).expect("a guid");
    let call = Call::Vault(Box::new(VaultCall {
        vault: vault.into(),
        caller: VaultCaller {
            object: me,
            application: Guid(9),
            tenant: me,
            is_user: flag("user"),
            address: std::net::Ipv4Addr::LOCALHOST,
        },
        collection,
        operation,
    }));
    let before = script.cloud.digest();
    match script.cloud.apply(&call) {
        Ok(reply) => match reply.outcome {
            Outcome::Vault(outcome) => told(&outcome),
            other => panic!("a vault answers what it did, not {other:?}"),
        },
        Err(error) => {
            assert_eq!(
                script.cloud.digest(),
                before,
                "a refused call changes nothing: `{line}`"
            );
            let inner = error.details.first().map_or("", |inner| inner.code.as_ref());
            let until = if error.until.is_some() { " [ends by itself]" } else { "" };
            let message = error.message.replace("\r\n", " / ");
            format!("{} {inner}: {message:.90}{until}", error.code)
        }
    }
}

fn told(outcome: &VaultOutcome) -> String {
    let shown = |object: &VaultObject| {
        let latest = object.latest();
        let content = match &latest.content {
            VaultContent::Key(key) => format!("{:?} {}", key.size, key.operations.join(",")),
            VaultContent::Secret { value, .. } => value.to_string(),
        };
        let state = if latest.enabled { "" } else { " off" };
        format!("{} v{} {content}{state}", object.name, object.versions.len())
    };
    match outcome {
        VaultOutcome::Version { object, .. } => shown(object),
        VaultOutcome::Deleted(object) => format!("deleted {}", shown(object)),
        VaultOutcome::Objects(objects) => {
            let names: Vec<String> = objects.iter().map(shown).collect();
            format!("[{}]", names.join("; "))
        }
        VaultOutcome::Purged => "purged".to_owned(),
    }
}

#[test]
fn keys_have_kinds_sizes_and_versions() {
    check(
        "
        put vault kv1
        ? create kv1 keys/k RSA
        ? create kv1 keys/K rsa 4096
        ? create kv1 keys/e EC P-384 signs
        ? get kv1 keys/k
        ? versions kv1 keys/k
        ? list kv1 keys
        ? update kv1 keys/k off
        ? get kv1 keys/nothing
        ? create kv1 keys/bad_name RSA
        ? create kv1 keys/k RSA 1024
        ? create kv1 keys/k EC P-1
        ? create kv1 keys/k oct
        ? create kv1 keys/k RSA-HSM
        put vault kv2 sku=premium
        ? create kv2 keys/k RSA-HSM 3072
        ? list kv3 keys
        ",
        expect![[r#"
            ok
            k v1 Rsa(2048) encrypt,decrypt,sign,verify,wrapKey,unwrapKey
            k v2 Rsa(4096) encrypt,decrypt,sign,verify,wrapKey,unwrapKey
            e v1 Ec(P384) sign
            k v2 Rsa(4096) encrypt,decrypt,sign,verify,wrapKey,unwrapKey
            [k v2 Rsa(4096) encrypt,decrypt,sign,verify,wrapKey,unwrapKey]
            [e v1 Ec(P384) sign; k v2 Rsa(4096) encrypt,decrypt,sign,verify,wrapKey,unwrapKey]
            k v2 Rsa(4096) encrypt,decrypt,sign,verify,wrapKey,unwrapKey off
            KeyNotFound : A key with (name/id) nothing was not found in this key vault. If you recently deleted this
            BadParameter : The request URI contains an invalid name: bad_name
            BadParameter : Property key_size has invalid value
            BadParameter : Property crv has invalid value
            BadParameter : Property kty has invalid value
            BadParameter : HSM-protected keys are not supported by vaults of sku 'standard'.
            ok
            k v1 Rsa(3072) encrypt,decrypt,sign,verify,wrapKey,unwrapKey
            VaultNotFound : The vault 'kv3' does not exist.
        "#]],
    );
}

#[test]
fn secrets_are_texts_that_can_be_switched_off() {
    check(
        "
        put vault kv1
        ? set kv1 secrets/s first
        ? set kv1 secrets/s second
        ? get kv1 secrets/s
        ? update kv1 secrets/s off
        ? get kv1 secrets/s
        ? list kv1 secrets
        ? list kv1 keys
        ",
        expect![[r#"
            ok
            s v1 first
            s v2 second
            s v2 second
            s v2 second off
            Forbidden SecretDisabled: Operation get is not allowed on a disabled secret.
            [s v2 second off]
            []
        "#]],
    );
}

#[test]
fn what_was_deleted_holds_its_name_until_it_is_purged() {
    cov_mark::check!(vault_object_deleted_but_recoverable);
    check(
        "
        put vault kv1 soft
        ? create kv1 keys/k RSA
        ? delete kv1 keys/k
        ? get kv1 keys/k
        ? deleted kv1 keys/k
        ? create kv1 keys/k RSA
        advance 5s
        ? deleted kv1 keys/k
        ? deleted kv1 keys
        ? create kv1 keys/k RSA
        ? recover kv1 keys/k
        ? get kv1 keys/k
        ? create kv1 keys/k RSA
        advance 5s
        ? get kv1 keys/k
        ? recover kv1 keys/k
        ? delete kv1 keys/k
        advance 5s
        ? purge kv1 keys/k
        ? deleted kv1 keys
        ? create kv1 keys/k RSA
        ? delete kv1 keys/k
        advance 7776000s
        ? deleted kv1 keys
        ? create kv1 keys/k RSA
        ",
        expect![[r#"
            ok
            k v1 Rsa(2048) encrypt,decrypt,sign,verify,wrapKey,unwrapKey
            deleted k v1 Rsa(2048) encrypt,decrypt,sign,verify,wrapKey,unwrapKey
            KeyNotFound : A key with (name/id) k was not found in this key vault. If you recently deleted this key y
            KeyNotFound : Deleted Key not found: k [ends by itself]
            Conflict ObjectIsBeingDeleted: Key k is currently being deleted and cannot be re-created; retry later. [ends by itself]
            deleted k v1 Rsa(2048) encrypt,decrypt,sign,verify,wrapKey,unwrapKey
            [k v1 Rsa(2048) encrypt,decrypt,sign,verify,wrapKey,unwrapKey]
            Conflict ObjectIsDeletedButRecoverable: Key k is currently in a deleted but recoverable state, and its name cannot be reused; in t
            k v1 Rsa(2048) encrypt,decrypt,sign,verify,wrapKey,unwrapKey
            KeyNotFound : A key with (name/id) k was not found in this key vault. If you recently deleted this key y [ends by itself]
            Conflict ObjectIsBeingRecovered: Key k is currently being recovered; retry later. [ends by itself]
            k v1 Rsa(2048) encrypt,decrypt,sign,verify,wrapKey,unwrapKey
            KeyNotFound : Deleted Key not found: k
            deleted k v1 Rsa(2048) encrypt,decrypt,sign,verify,wrapKey,unwrapKey
            purged
            []
            k v1 Rsa(2048) encrypt,decrypt,sign,verify,wrapKey,unwrapKey
            deleted k v1 Rsa(2048) encrypt,decrypt,sign,verify,wrapKey,unwrapKey
            []
            k v1 Rsa(2048) encrypt,decrypt,sign,verify,wrapKey,unwrapKey
        "#]],
    );
}

#[test]
fn without_soft_delete_what_is_deleted_is_gone() {
    check(
        "
        version 2016-10-01
        put vault kv1
        ? create kv1 keys/k RSA
        ? delete kv1 keys/k
        ? deleted kv1 keys/k
        ? create kv1 keys/k RSA
        ",
        expect![[r#"
            ok
            k v1 Rsa(2048) encrypt,decrypt,sign,verify,wrapKey,unwrapKey
            deleted k v1 Rsa(2048) encrypt,decrypt,sign,verify,wrapKey,unwrapKey
            KeyNotFound : Deleted Key not found: k
            k v1 Rsa(2048) encrypt,decrypt,sign,verify,wrapKey,unwrapKey
        "#]],
    );
}

#[test]
fn protected_keys_cannot_be_purged() {
    check(
        "
        put vault kv1 protect
        ? create kv1 keys/k RSA
        ? delete kv1 keys/k
        advance 5s
        ? purge kv1 keys/k
        ",
        expect![[r#"
            ok
            k v1 Rsa(2048) encrypt,decrypt,sign,verify,wrapKey,unwrapKey
            deleted k v1 Rsa(2048) encrypt,decrypt,sign,verify,wrapKey,unwrapKey
            Forbidden : Operation "purge" is not allowed because purge protection is enabled for this vault. Key V
        "#]],
    );
}

#[test]
fn a_caller_may_do_what_its_policy_says() {
    cov_mark::check!(vault_access_denied);
    check(
        r#"
        put vault kv1 may=get,List
        ? create kv1 keys/k RSA
        ? list kv1 keys
        act vault kv1 accessPolicies/add {"properties": {"accessPolicies": [{"tenantId": "7e4aa2d1-0000-4000-8000-000000000001", "objectId": "7e4aa2d1-0000-4000-8000-000000000001", "permissions": {"keys": ["Create"]}}]}}
        ? create kv1 keys/k RSA
        put vault kv2 may=all
        ? create kv2 keys/k RSA
        ? delete kv2 keys/k
        advance 5s
        ? purge kv2 keys/k
        put vault kv3 object=00000000-0000-0000-0000-000000000008
        ? list kv3 secrets
        put vault kv4 {"properties": {"tenantId": "7e4aa2d1-0000-4000-8000-000000000001", "sku": {"family": "A", "name": "standard"}, "accessPolicies": [{"tenantId": "7e4aa2d1-0000-4000-8000-000000000001", "objectId": "7e4aa2d1-0000-4000-8000-000000000001", "applicationId": "00000000-0000-0000-0000-000000000009", "permissions": {"keys": ["list"]}}]}}
        ? list kv4 keys
        ? list kv4 keys user
        put vault kv5 {"properties": {"tenantId": "7e4aa2d1-0000-4000-8000-000000000001", "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": true}}
        ? list kv5 keys
        "#,
        expect![[r#"
            ok
            Forbidden AccessDenied: The user, group or application 'appid=00000000-0000-0000-0000-000000000009;oid=7e4aa2d1-00
            []
            {"id":"vaults/kv1/accessPolicies/","type":"Microsoft.KeyVault/vaults/accessPolicies","location":"westus","properties":{"accessPolicies":[{"tenantId":"<guid>","objectId":"<guid>","permissions":{"keys":["get","List","Create"],"secrets":["all","purge"]}}]}}
            k v1 Rsa(2048) encrypt,decrypt,sign,verify,wrapKey,unwrapKey
            ok
            k v1 Rsa(2048) encrypt,decrypt,sign,verify,wrapKey,unwrapKey
            deleted k v1 Rsa(2048) encrypt,decrypt,sign,verify,wrapKey,unwrapKey
            Forbidden AccessDenied: The user, group or application 'appid=00000000-0000-0000-0000-000000000009;oid=7e4aa2d1-00
            ok
            Forbidden AccessDenied: The user, group or application 'appid=00000000-0000-0000-0000-000000000009;oid=7e4aa2d1-00
            ok
            Forbidden AccessDenied: The user, group or application 'appid=00000000-0000-0000-0000-000000000009;oid=7e4aa2d1-00
            []
            ok
            Forbidden ForbiddenByRbac: Caller is not authorized to perform action on resource. / If role assignments, deny assign
        "#]],
    );
}

#[test]
fn a_vault_that_denies_by_default_is_reached_from_its_ranges() {
    cov_mark::check!(vault_forbids_address);
    check(
        r#"
        put vault kv1
        patch vault kv1 {"properties": {"networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices"}}}
        ? list kv1 keys
        patch vault kv1 {"properties": {"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "127.0.0.0/8"}]}}}
        ? list kv1 keys
        "#,
        expect![[r#"
            ok
            ok
            Forbidden ForbiddenByFirewall: Client address is not authorized and caller is not a trusted service. / Client address: 12
            ok
            []
        "#]],
    );
}
