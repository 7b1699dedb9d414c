//! Access policies: who may do what with a vault's data, as documents write it.
//!
//! It reads, merges and shows them; whether one lets a caller in is judged where the data is.

use serde_json::{Map, Value, json};

use crate::error::CloudError;
use crate::fabric::VaultPolicy;
use crate::key::Guid;
use crate::vaults::refusals::BAD_POLICIES;

/// More of them a vault does not take (Azure's documented limit).
const POLICIES_MAX: usize = 1024;

/// What policies can be about, and the words that each knows.
const WORDS: &[(&str, &[&str])] = &[
    (
        "keys",
        &[
            "all",
            "encrypt",
            "decrypt",
            "wrapKey",
            "unwrapKey",
            "sign",
            "verify",
            "get",
            "list",
            "create",
            "update",
            "import",
            "delete",
            "backup",
            "restore",
            "recover",
            "purge",
            "release",
            "rotate",
            "getrotationpolicy",
            "setrotationpolicy",
        ],
    ),
    (
        "secrets",
        &[
            "all", "get", "list", "set", "delete", "backup", "restore", "recover", "purge",
        ],
    ),
    (
        "certificates",
        &[
            "all",
            "get",
            "list",
            "delete",
            "create",
            "import",
            "update",
            "managecontacts",
            "getissuers",
            "listissuers",
            "setissuers",
            "deleteissuers",
            "manageissuers",
            "recover",
            "purge",
            "backup",
            "restore",
        ],
    ),
    (
        "storage",
        &[
            "all",
            "get",
            "list",
            "delete",
            "set",
            "update",
            "regeneratekey",
            "recover",
            "purge",
            "backup",
            "restore",
            "setsas",
            "listsas",
            "getsas",
            "deletesas",
        ],
    ),
];

fn bad() -> CloudError {
    CloudError::of(&BAD_POLICIES)
        .with("path", "accessPolicies")
        .about("accessPolicies")
}

/// The policies of a document, each as it is shown: words known, members in order.
///
/// # Errors
///
/// `BadRequest` of what is no policy.
pub(super) fn read(sent: &Value) -> Result<Vec<Value>, CloudError> {
    let entries = sent.as_array().ok_or_else(bad)?;
    if entries.len() > POLICIES_MAX {
        return Err(bad());
    }
    entries.iter().map(read_one).collect()
}

fn read_one(sent: &Value) -> Result<Value, CloudError> {
    let id = |name: &str| sent.get(name).and_then(Value::as_str).and_then(Guid::parse);
    let (tenant, object) = (id("tenantId").ok_or_else(bad)?, id("objectId").ok_or_else(bad)?);
    let permissions = sent.get("permissions").and_then(Value::as_object).ok_or_else(bad)?;
    let mut read = Map::new();
    for (about, given) in permissions {
        let (about, known) = WORDS
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(about))
            .ok_or_else(bad)?;
        if given.is_null() {
            continue;
        }
        let mut words: Vec<Value> = Vec::new();
        for word in given.as_array().ok_or_else(bad)? {
            let text = word.as_str().ok_or_else(bad)?;
            if !known.iter().any(|own| own.eq_ignore_ascii_case(text)) {
                return Err(bad());
            }
            // As the client wrote it: Azure echoes `Get` and `get` alike.
            words.push(word.clone());
        }
        read.insert((*about).to_owned(), Value::Array(words));
    }
    let mut policy = Map::new();
    policy.insert("tenantId".to_owned(), json!(tenant.to_string()));
    policy.insert("objectId".to_owned(), json!(object.to_string()));
    if let Some(given) = sent.get("applicationId").filter(|given| !given.is_null()) {
        let application = given.as_str().and_then(Guid::parse).ok_or_else(bad)?;
        policy.insert("applicationId".to_owned(), json!(application.to_string()));
    }
    policy.insert("permissions".to_owned(), Value::Object(read));
    Ok(Value::Object(policy))
}

/// What the data is judged by.
pub(super) fn rows(shown: &[Value]) -> Vec<VaultPolicy> {
    let row = |policy: &Value| {
        let id = |name: &str| policy.get(name).and_then(Value::as_str).and_then(Guid::parse);
        let words = |about: &str| {
            let words = policy
                .pointer(&format!("/permissions/{about}"))
                .and_then(Value::as_array);
            let words = words.into_iter().flatten().filter_map(Value::as_str);
            words.map(|word| word.to_ascii_lowercase().into()).collect()
        };
        Some(VaultPolicy {
            tenant: id("tenantId")?,
            object: id("objectId")?,
            application: id("applicationId"),
            keys: words("keys"),
            secrets: words("secrets"),
        })
    };
    shown.iter().filter_map(row).collect()
}

/// What a change of some policies does to all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Grants more.
    Add,
    /// Grants this, in the place of what was granted to the same.
    Replace,
    /// Takes away.
    Remove,
}

/// Makes a change. What `replace` does to others' policies is nothing (assumed).
pub(super) fn change(mut policies: Vec<Value>, how: Change, given: Vec<Value>) -> Vec<Value> {
    for policy in given {
        let found = policies.iter().position(|own| is_same_caller(own, &policy));
        match (how, found) {
            (Change::Add | Change::Replace, None) => policies.push(policy),
            (Change::Replace, Some(at)) => policies[at] = policy,
            (Change::Add, Some(at)) => grant(&mut policies[at], &policy),
            (Change::Remove, Some(at)) => {
                take(&mut policies[at], &policy);
                let left = policies[at].get("permissions").and_then(Value::as_object);
                if left.is_none_or(|left| left.values().all(|words| words.as_array().is_none_or(Vec::is_empty))) {
                    policies.remove(at);
                }
            }
            (Change::Remove, None) => {}
        }
    }
    policies
}

fn is_same_caller(one: &Value, other: &Value) -> bool {
    ["tenantId", "objectId", "applicationId"]
        .iter()
        .all(|name| one.get(*name) == other.get(*name))
}

fn grant(policy: &mut Value, more: &Value) {
    for_each_word(policy, more, |words, word| {
        if !words.iter().any(|own| is_same_word(own, word)) {
            words.push(word.clone());
        }
    });
}

fn take(policy: &mut Value, less: &Value) {
    for_each_word(policy, less, |words, word| words.retain(|own| !is_same_word(own, word)));
}

fn for_each_word(policy: &mut Value, other: &Value, act: impl Fn(&mut Vec<Value>, &Value)) {
    let Some(own) = policy.get_mut("permissions").and_then(Value::as_object_mut) else {
        return;
    };
    let others = other.get("permissions").and_then(Value::as_object);
    for (about, words) in others.into_iter().flatten() {
        let place = own.entry(about).or_insert_with(|| json!([]));
        if let (Some(place), Some(words)) = (place.as_array_mut(), words.as_array()) {
            for word in words {
                act(place, word);
            }
        }
    }
}

fn is_same_word(one: &Value, other: &Value) -> bool {
    match (one.as_str(), other.as_str()) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: &str = "7e4aa2d1-0000-4000-8000-000000000001";

    fn policy(keys: &[&str]) -> Value {
        json!({ "tenantId": ME, "objectId": ME, "permissions": { "keys": keys } })
    }

    #[test]
    fn policies_are_added_to_replaced_and_taken_from() {
        let shown = |policies: &[Value]| {
            let words = policies.iter().map(|policy| policy["permissions"].to_string());
            words.collect::<Vec<_>>().join(" ")
        };
        let at_first = read(&json!([policy(&["get"])])).expect("sound");
        let more = change(at_first, Change::Add, vec![policy(&["Get", "wrapKey"])]);
        assert_eq!(shown(&more), r#"{"keys":["get","wrapKey"]}"#);
        let less = change(more.clone(), Change::Remove, vec![policy(&["GET"])]);
        assert_eq!(shown(&less), r#"{"keys":["wrapKey"]}"#);
        let other = change(more.clone(), Change::Replace, vec![policy(&["list"])]);
        assert_eq!(shown(&other), r#"{"keys":["list"]}"#);
        assert_eq!(
            shown(&change(more, Change::Remove, vec![policy(&["get", "wrapkey"])])),
            ""
        );
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        for sent in [
            json!({}),
            json!([{}]),
            json!([{ "tenantId": ME, "objectId": "me", "permissions": {} }]),
            json!([{ "tenantId": ME, "objectId": ME }]),
            json!([policy(&["steal"])]),
            json!([{ "tenantId": ME, "objectId": ME, "permissions": { "cakes": ["get"] } }]),
        ] {
            let refused = read(&sent).map_err(|error| error.code.into_owned());
            assert_eq!(refused, Err("BadRequest".to_owned()), "{sent}");
        }
    }
}
