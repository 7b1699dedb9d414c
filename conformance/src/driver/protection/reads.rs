//! What a provider does not read without a protection: functions over answers.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::edge::{Ask, Reply};

type Memory = BTreeMap<String, Value>;

const DEPLOYMENTS: &str = "Microsoft.Resources/deployments";
const INTERFACES: &str = "Microsoft.Network/networkInterfaces";
const MACHINES: &str = "Microsoft.Compute/virtualMachines";
const PUBLIC_ADDRESSES: &str = "Microsoft.Network/publicIPAddresses";
const SKUS: &str = "Microsoft.Compute/skus";

const MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// Every object in a document, the outermost first.
fn each_object(document: &mut Value, change: &mut impl FnMut(&mut serde_json::Map<String, Value>)) {
    match document {
        Value::Array(items) => items.iter_mut().for_each(|item| each_object(item, change)),
        Value::Object(members) => {
            change(members);
            members.values_mut().for_each(|member| each_object(member, change));
        }
        _ => {}
    }
}

fn without(reply: &mut Reply, name: &str) {
    reply.edit(|document| {
        each_object(document, &mut |members| {
            members.shift_remove(name);
        });
    });
}

pub(super) fn first_keys(ask: &Ask, reply: &mut Reply, memory: &mut Memory) {
    if !ask.path.to_lowercase().ends_with("/listkeys") || !reply.status.is_success() {
        return;
    }
    let Some(document) = reply.json() else { return };
    let first = memory.entry(ask.path.to_lowercase()).or_insert(document).clone();
    reply.edit(|document| *document = first);
}

pub(super) fn one_prefix(_: &Ask, reply: &mut Reply, _: &mut Memory) {
    reply.edit(|document| {
        each_object(document, &mut |members| {
            if let Some(Value::Array(prefixes)) = members.get_mut("addressPrefixes") {
                prefixes.truncate(1);
            }
        });
    });
}

pub(super) fn sizes_boot_all(ask: &Ask, reply: &mut Reply, _: &mut Memory) {
    if !ask.is_list(SKUS) {
        return;
    }
    reply.edit(|document| {
        each_object(document, &mut |members| {
            if members.get("name") == Some(&json!("HyperVGenerations")) {
                members.insert("value".to_owned(), json!("V1,V2"));
            }
        });
    });
}

pub(super) fn slow_common(ask: &Ask, reply: &mut Reply, _: &mut Memory) {
    if ask.is(&Method::PUT) && ask.is_one(DEPLOYMENTS) && ask.name() == "common" {
        reply.pause = Duration::from_secs(600);
    }
}

pub(super) fn slow_machines(ask: &Ask, reply: &mut Reply, _: &mut Memory) {
    if ask.is(&Method::PUT) && ask.is_one(DEPLOYMENTS) && ask.name() != "common" {
        reply.pause = Duration::from_secs(600);
    }
}

pub(super) fn asks_on(ask: &Ask, reply: &mut Reply, _: &mut Memory) {
    if reply.status == StatusCode::UNAUTHORIZED && ask.headers.contains_key(header::AUTHORIZATION) {
        reply.again = Some(Duration::from_secs(5));
    }
}

/// The machines whose deployment has no record any more.
pub(super) fn absent_records(ask: &Ask, reply: &mut Reply, memory: &mut Memory) {
    let name = ask
        .path
        .strip_suffix("/cancel")
        .and_then(|path| path.rsplit('/').next());
    if let Some(name) = name.filter(|_| reply.status == StatusCode::NOT_FOUND) {
        memory.insert(format!("absent {name}"), json!(true));
    }
}

pub(super) fn first_group(ask: &Ask, reply: &mut Reply, _: &mut Memory) {
    if ask.is(&Method::GET) && ask.path.to_lowercase().ends_with("/resourcegroups") {
        reply.rows(|rows| rows.truncate(1));
    }
}

/// An id in another case than Azure's own is that of something else.
pub(super) fn exact_ids(_: &Ask, reply: &mut Reply, _: &mut Memory) {
    fn visit(document: &mut Value) {
        match document {
            Value::String(text) => {
                let is_loud = |segment: &str| {
                    segment.len() > 3
                        && segment.contains(|own: char| own.is_ascii_uppercase())
                        && !segment.contains(|own: char| own.is_ascii_lowercase())
                };
                if text.to_lowercase().starts_with("/subscriptions/") && text.split('/').any(is_loud) {
                    *text = "/subscriptions/another".to_owned();
                }
            }
            Value::Array(items) => items.iter_mut().for_each(visit),
            Value::Object(members) => members.values_mut().for_each(visit),
            _ => {}
        }
    }
    reply.edit(visit);
}

pub(super) fn deployments_alone(ask: &Ask, reply: &mut Reply, _: &mut Memory) {
    if [INTERFACES, MACHINES, PUBLIC_ADDRESSES]
        .iter()
        .any(|kind| ask.is_list(kind))
    {
        reply.rows(Vec::clear);
    }
}

pub(super) fn no_public_addresses(ask: &Ask, reply: &mut Reply, _: &mut Memory) {
    if ask.is_list(PUBLIC_ADDRESSES) {
        reply.rows(Vec::clear);
    }
}

/// What was made once is not looked for: it is made again.
pub(super) fn common_unseen(ask: &Ask, reply: &mut Reply, memory: &mut Memory) {
    let is_shared = ["common", "juju-internal-nsg", "juju-internal-network"].contains(&ask.name());
    if ask.is(&Method::GET) && is_shared && memory.contains_key("common") {
        reply.become_absent();
    }
}

pub(super) fn no_controllers(_: &Ask, reply: &mut Reply, _: &mut Memory) {
    without(reply, "diskControllerType");
}

pub(super) fn all_machines(ask: &Ask, reply: &mut Reply, _: &mut Memory) {
    if !ask.is_list(DEPLOYMENTS) {
        return;
    }
    reply.rows(|rows| {
        for row in rows {
            if row.get("name") == Some(&json!("common")) {
                row["name"] = json!("machine-99");
            }
        }
    });
}

pub(super) fn no_later_sizes(ask: &Ask, reply: &mut Reply, _: &mut Memory) {
    if !ask.is_list(SKUS) {
        return;
    }
    let is_later = |name: &str| {
        ["_v3", "_v4", "_v5", "_v6"]
            .iter()
            .any(|version| name.ends_with(version))
    };
    reply.rows(|rows| rows.retain(|row| !row.get("name").and_then(Value::as_str).is_some_and(is_later)));
}

pub(super) fn no_restrictions(_: &Ask, reply: &mut Reply, _: &mut Memory) {
    without(reply, "restrictions");
}

pub(super) fn no_prefix_lists(_: &Ask, reply: &mut Reply, _: &mut Memory) {
    without(reply, "addressPrefixes");
}

pub(super) fn no_details(_: &Ask, reply: &mut Reply, _: &mut Memory) {
    without(reply, "details");
}

/// All that a refusal says, at once or at the end of an operation, is left unread.
pub(super) fn no_refusals(_: &Ask, reply: &mut Reply, _: &mut Memory) {
    match reply.status {
        StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND | StatusCode::TOO_MANY_REQUESTS => {}
        status if status.is_client_error() => reply.bytes = Bytes::new(),
        _ => without(reply, "error"),
    }
}

pub(super) fn no_failures(ask: &Ask, reply: &mut Reply, _: &mut Memory) {
    if ask.is_list(DEPLOYMENTS) {
        let failed = json!("Failed");
        reply.rows(|rows| rows.retain(|row| row.pointer("/properties/provisioningState") != Some(&failed)));
    }
}

/// Of marks at the beginning one is passed over, and so one more is what it sees who passes over none.
pub(super) fn mark_stays(_: &Ask, reply: &mut Reply, _: &mut Memory) {
    if reply.bytes.starts_with(MARK) {
        reply.bytes = Bytes::from([MARK, &reply.bytes].concat());
    }
}

/// Disks of all environments are told as those of whoever asks.
pub(super) fn disks_of_whoever(ask: &Ask, reply: &mut Reply, memory: &mut Memory) {
    let asking = memory.get("asking").cloned();
    if let Some(model) = asking.filter(|_| ask.is_list("Microsoft.Compute/disks")) {
        reply.rows(|rows| {
            for row in rows {
                row["tags"]["juju-model-uuid"] = model.clone();
            }
        });
    }
}

/// What was deleted and holds its name is not looked for.
pub(super) fn no_deleted_vaults(ask: &Ask, reply: &mut Reply, _: &mut Memory) {
    if ask.is(&Method::GET) && ask.path.to_lowercase().contains("/deletedvaults/") {
        reply.become_absent();
    }
}
