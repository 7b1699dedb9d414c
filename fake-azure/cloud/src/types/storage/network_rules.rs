//! The network rules of an account: who may reach it. Data of the document; no request to the blob service is judged by them.

use serde_json::{Map, Value, json};

use super::storage_accounts::{BAD_NETWORK_RULES, BAD_VALUES, one_of};
use crate::Document;
use crate::api_version::ApiVersion;
use crate::descriptor::Dialect;
use crate::engine::bad_value;
use crate::error::CloudError;

/// Network rules: a default action is part of them, `bypass` is a list of words (ARM 8.7).
pub(super) fn check(document: &Document) -> Result<(), CloudError> {
    let Some(rules) = document.pointer("/properties/networkAcls") else {
        return Ok(());
    };
    let Some(rules) = rules.as_object() else {
        return Err(bad_value(
            Dialect::Storage,
            "/properties/networkAcls",
            rules,
            "Expected an object.",
        ));
    };
    if !rules.contains_key("defaultAction") {
        return Err(CloudError::of(&BAD_VALUES)
            .with("path", "networkAcls.defaultAction")
            .about("networkAcls"));
    }
    let bypass = rules.get("bypass").and_then(Value::as_str).unwrap_or("AzureServices");
    if bypass.split(',').any(|word| one_of(BYPASS, word.trim()).is_none()) {
        return Err(CloudError::of(&BAD_VALUES)
            .with("path", "networkAcls.bypass")
            .about("networkAcls"));
    }
    let addresses = rules.get("ipRules").and_then(Value::as_array).into_iter().flatten();
    for rule in addresses {
        let text = rule.get("value").and_then(Value::as_str).unwrap_or_default();
        let valid = text.parse::<std::net::Ipv4Addr>().is_ok()
            || text.parse::<ipnet::Ipv4Net>().is_ok_and(|net| net.prefix_len() <= 30);
        if !valid {
            return Err(CloudError::of(&BAD_NETWORK_RULES).with("path", format!("InvalidIpRule '{text}'")));
        }
    }
    Ok(())
}

const BYPASS: &[&str] = &["None", "Logging", "Metrics", "AzureServices"];

/// `networkAcls` as shown.
pub(super) fn shown(sent: Option<Value>, version: ApiVersion) -> Value {
    let sent = sent.unwrap_or_default();
    let list = |name: &str| sent.get(name).cloned().unwrap_or_else(|| json!([]));
    let words = sent.get("bypass").and_then(Value::as_str).unwrap_or("AzureServices");
    let bypass: Vec<&str> = words
        .split(',')
        .filter_map(|word| one_of(BYPASS, word.trim()))
        .collect();
    let allow = |rules: Value, state: Option<&str>| -> Value {
        let rules = rules
            .as_array()
            .cloned()
            .unwrap_or_default()
            .into_iter()
            .filter(|rule| !rule.get("id").is_some_and(Value::is_null));
        let shown = rules.map(|mut rule| {
            if let Some(members) = rule.as_object_mut() {
                members.entry("action").or_insert_with(|| json!("Allow"));
                if let Some(state) = state {
                    members.insert("state".to_owned(), json!(state));
                }
            }
            rule
        });
        Value::Array(shown.collect())
    };

    let mut shown = Map::new();
    if let Some(access) = sent.get("resourceAccessRules") {
        shown.insert("resourceAccessRules".to_owned(), access.clone());
    }
    if version >= ApiVersion::date(2023, 5, 1) {
        shown.insert("ipv6Rules".to_owned(), list("ipv6Rules"));
    }
    shown.insert("bypass".to_owned(), json!(bypass.join(", ")));
    shown.insert(
        "virtualNetworkRules".to_owned(),
        allow(list("virtualNetworkRules"), Some("Succeeded")),
    );
    shown.insert("ipRules".to_owned(), allow(list("ipRules"), None));
    shown.insert(
        "defaultAction".to_owned(),
        sent.get("defaultAction").cloned().unwrap_or_else(|| json!("Allow")),
    );
    Value::Object(shown)
}
