//! References: what a document names, judged and turned into edges.

use serde_json::Value;

use crate::Document;
use crate::cx::Cx;
use crate::descriptor::{Descriptor, Dialect, Provisioning, RefRule};
use crate::document::{Place, places};
use crate::engine::operation_name;
use crate::error::CloudError;
use crate::forms;
use crate::id::ResourceId;
use crate::key::Key;
use crate::resource::{Edge, Resource};

/// Reads the references of a document.
pub(super) fn read(
    cx: &Cx<'_>,
    descriptor: &Descriptor,
    source: &ResourceId,
    key: Key,
    location: &str,
    document: &Document,
) -> Result<Vec<Edge>, CloudError> {
    let mut edges = Vec::new();
    for (index, rule) in (0..).zip(descriptor.refs) {
        for Place { at, part, value } in places(document, rule.path) {
            let text = if rule.bare {
                value.as_str()
            } else {
                value.get("id").and_then(Value::as_str)
            };
            let Some(text) = text else {
                continue;
            };
            let claimant = || format!("{source}{part}");
            let target = resolve(cx, descriptor, rule, &at, text, &claimant, location)?;
            if rule.exclusive {
                check_exclusive(cx, target, key, &claimant)?;
            }
            edges.push(Edge {
                rule: index,
                at: at.into(),
                target: target.key,
                part: part.into(),
            });
        }
    }
    Ok(edges)
}

/// What an id in a document names, or the refusal in the words of the service that reads it.
fn resolve<'a>(
    cx: &Cx<'a>,
    descriptor: &Descriptor,
    rule: &RefRule,
    at: &str,
    text: &str,
    claimant: &dyn Fn() -> String,
    location: &str,
) -> Result<&'a Resource, CloudError> {
    let missing = || not_found(descriptor.dialect, text, &claimant());
    let rooted = |root: &str| {
        text.get(..root.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(root))
    };
    if !(rooted("/subscriptions/") || rooted("/providers/") || rooted("//")) {
        let dotted = at.trim_start_matches('/').replace('/', ".");
        return Err(CloudError::of(&forms::BAD_REFERENCE)
            .with("value", text)
            .with("path", dotted));
    }
    let id = ResourceId::parse(text).map_err(|_| missing())?;
    if !rule.kinds.contains(&id.kind()) {
        return Err(missing());
    }
    let target = cx.find_id(id.folded()).ok_or_else(missing)?;
    let root = cx.root(target.key);
    if rule.same_location && !location.is_empty() && !root.location.is_empty() && root.location.as_ref() != location {
        return Err(missing());
    }
    // Network says that it is not at rest; to the others what is on its way out is gone. Assumed.
    if descriptor.dialect != Dialect::Network && root.provisioning == Provisioning::Deleting {
        return Err(missing());
    }
    check_provisioned(cx, descriptor.dialect, root, target, claimant)?;
    Ok(target)
}

fn not_found(dialect: Dialect, target: &str, source: &str) -> CloudError {
    match dialect {
        Dialect::Network => CloudError::of(&forms::INVALID_REFERENCE)
            .with("target", target)
            .with("source", source),
        _ => CloudError::of(&forms::INVALID_REFERENCE_COMPUTE)
            .with("target", target)
            .with("source", source)
            .raised_by(dialect),
    }
}

/// Network refuses a reference to what is not at rest (ARM 2.6).
fn check_provisioned(
    cx: &Cx<'_>,
    dialect: Dialect,
    root: &Resource,
    target: &Resource,
    claimant: &dyn Fn() -> String,
) -> Result<(), CloudError> {
    if dialect != Dialect::Network || root.provisioning == Provisioning::Succeeded {
        return Ok(());
    }
    let running = root.operation.and_then(|id| cx.operation(id));
    let error = CloudError::of(&forms::NOT_PROVISIONED)
        .with("target", cx.id(target.key))
        .with("source", claimant())
        .with("state", root.provisioning.as_str())
        .with(
            "operation",
            running.map_or_else(String::new, |operation| {
                operation_name(&operation.doing, operation.kind)
            }),
        );
    Err(match running.and_then(|operation| operation.end()) {
        Some(end) => error.until(end),
        None => error,
    })
}

/// One target, one such reference.
fn check_exclusive(
    cx: &Cx<'_>,
    target: &Resource,
    claimant_key: Key,
    claimant: &dyn Fn() -> String,
) -> Result<(), CloudError> {
    let holder = cx.incoming(target.key).find(|(source, edge)| {
        let held = source.kind.descriptor().refs[usize::from(edge.rule)].exclusive;
        held && source.key != claimant_key
    });
    match holder {
        Some((source, edge)) => Err(target.kind.claimed(cx, target, &cx.part_id(source, edge), &claimant())),
        None => Ok(()),
    }
}
