//! Refusals that a provider does not know for what they are: it then sees one like any other.

use std::collections::BTreeMap;

use http::{Method, StatusCode, header};
use serde_json::Value;

use super::edge::{Ask, Reply};

/// The code of a refusal that nobody knows.
const UNHEARD: &str = "Unheard";

type Memory = BTreeMap<String, Value>;

/// A refusal with one of these codes, wherever in it, becomes one that says nothing.
fn forget(reply: &mut Reply, codes: &[&str]) {
    let Some(mut document) = reply.json() else { return };
    if !rename(&mut document, codes) {
        return;
    }
    reply.edit(|body| *body = document);
    reply.headers.remove("retry-after");
    if !reply.status.is_success() {
        reply.status = StatusCode::BAD_REQUEST;
    }
}

fn rename(document: &mut Value, codes: &[&str]) -> bool {
    match document {
        Value::Array(items) => {
            let mut found = false;
            for item in items {
                found |= rename(item, codes);
            }
            found
        }
        Value::Object(members) => {
            let mut found = false;
            for member in members.values_mut() {
                found |= rename(member, codes);
            }
            let is_known = |code: &str| codes.iter().any(|own| own.eq_ignore_ascii_case(code));
            if members.get("code").and_then(Value::as_str).is_some_and(is_known) {
                members.insert("code".to_owned(), UNHEARD.into());
                members.insert("message".to_owned(), "It is not known why.".into());
                found = true;
            }
            found
        }
        _ => false,
    }
}

pub(super) fn no_capacity(_: &Ask, reply: &mut Reply, _: &mut Memory) {
    let codes = [
        "AllocationFailed",
        "OverconstrainedAllocationRequest",
        "SkuNotAvailable",
        "ZonalAllocationFailed",
    ];
    forget(reply, &codes);
}

pub(super) fn no_conflicts(_: &Ask, reply: &mut Reply, _: &mut Memory) {
    forget(reply, &["Conflict"]);
}

pub(super) fn no_going_groups(_: &Ask, reply: &mut Reply, _: &mut Memory) {
    forget(reply, &["ResourceGroupBeingDeleted"]);
}

const UNDER_WAY: &[&str] = &[
    "AnotherOperationInProgress",
    "Canceled",
    "Conflict",
    "InUseByAnotherOperation",
    "NicReservedForAnotherVm",
    "OperationPreempted",
    "ReferencedResourceNotProvisioned",
    "RetryableError",
];

pub(super) fn nothing_under_way(_: &Ask, reply: &mut Reply, _: &mut Memory) {
    forget(reply, UNDER_WAY);
}

/// What was accepted is taken for done, and no refusal says that it is not.
pub(super) fn accepted_is_done(ask: &Ask, reply: &mut Reply, _: &mut Memory) {
    forget(reply, UNDER_WAY);
    if !ask.is(&Method::PUT) || !reply.status.is_success() {
        return;
    }
    reply.headers.remove("azure-asyncoperation");
    reply.headers.remove("location");
    reply.edit(|document| {
        if let Some(state) = document.pointer_mut("/properties/provisioningState") {
            *state = "Succeeded".into();
        }
    });
}

/// What goes wrong with the address of an operation is taken to go wrong with the operation.
pub(super) fn no_lost_operations(ask: &Ask, reply: &mut Reply, _: &mut Memory) {
    if ask.path.to_lowercase().contains("/operations/") && !reply.status.is_success() {
        reply.status = StatusCode::OK;
        reply.edit(|document| {
            *document = serde_json::json!({"status": "Failed", "error": {"code": UNHEARD, "message": "-"}})
        });
    }
}

pub(super) fn no_missing_groups(ask: &Ask, reply: &mut Reply, _: &mut Memory) {
    if ask.is_one("Microsoft.Network/networkSecurityGroups") && reply.status == StatusCode::NOT_FOUND {
        reply.status = StatusCode::BAD_REQUEST;
    }
}

pub(super) fn no_early_ends(ask: &Ask, reply: &mut Reply, _: &mut Memory) {
    if reply.status == StatusCode::UNAUTHORIZED && ask.headers.contains_key(header::AUTHORIZATION) {
        reply.status = StatusCode::BAD_REQUEST;
    }
}

/// Trouble of the blob service's own kind is taken for a refusal.
pub(super) fn no_blob_trouble(ask: &Ask, reply: &mut Reply, _: &mut Memory) {
    let is_trouble = reply.status.is_server_error() || reply.status == StatusCode::TOO_MANY_REQUESTS;
    if ask.is_of_blobs() && is_trouble {
        reply.status = StatusCode::BAD_REQUEST;
    }
}

pub(super) fn no_missing_roles(_: &Ask, reply: &mut Reply, _: &mut Memory) {
    if reply.status == StatusCode::FORBIDDEN {
        reply.status = StatusCode::BAD_REQUEST;
    }
}
