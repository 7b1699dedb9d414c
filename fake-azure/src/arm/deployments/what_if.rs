//! What-if: what a deployment would change (ARM 7.9, What-if). Nothing is changed: a copy of the cloud shows what would come
//! of it.

use fake_azure_cloud::descriptor::FieldRule;
use fake_azure_cloud::{Answer as Answers, ApiVersion, Call, Kind, Outcome, ResourceId, Scope, View};
use serde_json::{Map, Value, json};

use super::errand;
use super::expression::inside;
use super::gate::{admit, put};
use super::plan::{Planned, in_order, written};
use super::prepare::{Commission, Prepared, body_with, prepare_inner};
use super::reads::Live;
use super::record::Mode;
use super::scope::{Context, Reads, Site, Unread, Walker};
use crate::Sandbox;

/// The changes of a deployment.
pub(crate) fn changes(sandbox: &Sandbox, commission: &Commission<'_>, prepared: &Prepared) -> Vec<Value> {
    let (mode, ids_only) = (commission.order.mode, commission.order.ids_only);
    let mut copy = sandbox.fork();
    let mut found = Vec::new();
    collect(sandbox, &mut copy, commission, prepared, &mut found);
    let named: Vec<String> = found
        .iter()
        .filter_map(|change| change.get("resourceId")?.as_str().map(str::to_lowercase))
        .collect();
    if let Some(group) = prepared_group(prepared) {
        found.extend(others(sandbox, &group, &named, mode));
    }
    found.sort_by_key(|change| change["resourceId"].as_str().unwrap_or("").to_lowercase());
    if ids_only {
        for change in &mut found {
            let kind = match change["changeType"].as_str().unwrap_or("") {
                "Create" | "Modify" | "NoChange" | "Deploy" => "Deploy",
                "Delete" => "Delete",
                other => other,
            };
            *change = json!({ "resourceId": change["resourceId"], "changeType": kind });
        }
    }
    found
}

/// The group that a deployment is of.
fn prepared_group(prepared: &Prepared) -> Option<ResourceId> {
    let id = prepared.world.resource_group.as_ref()?.get("id")?.as_str()?;
    ResourceId::parse(id).ok()
}

fn collect(
    now: &Sandbox,
    copy: &mut Sandbox,
    commission: &Commission<'_>,
    prepared: &Prepared,
    found: &mut Vec<Value>,
) {
    let context = Context::new(&prepared.world, &prepared.template, prepared.values());
    for index in in_order(&prepared.planned) {
        let own = &prepared.planned[index];
        if !own.is_sent() {
            continue;
        }
        if own.is_deployment() {
            let below = commission.below(prepared.template_link.as_ref());
            if let Some((_, _, inner)) = prepared.inner.iter().find(|(at, _, _)| *at == index) {
                collect(now, copy, &below, inner, found);
            } else if let Ok(Some(inner)) = prepare_inner(copy, &context, own, &below) {
                // Its group is one that the deployment itself makes: in the copy it is there by now.
                collect(now, copy, &below, &inner, found);
            } else {
                found.push(json!({
                    "resourceId": own.id,
                    "changeType": "Unsupported",
                    "unsupportedReason": "Changes to the resources in this nested deployment cannot be analyzed because its parameters are known only when it runs.",
                }));
            }
            continue;
        }
        let Some(item) = written(prepared.template.resources(), &own.pointer) else {
            continue;
        };
        let body = |reads: &dyn Reads, keeps_later: bool| {
            let walker = Walker {
                context: &context,
                site: Site::Body,
                reads,
                keeps_later,
            };
            body_with(&walker, item, own).ok()
        };
        let Some(asked) = body(&Unread, true) else {
            continue;
        };
        let live = Live::of(copy, &prepared.planned, commission.target, commission.base);
        let resolved = body(&live, false);
        found.push(change(now, copy, commission, own, asked, resolved));
    }
}

/// What becomes of a resource. `asked` is what the template says, with what reads the running deployment left as it is written;
/// `resolved` has the values that it reads in the copy, where it can.
fn change(
    now: &Sandbox,
    copy: &mut Sandbox,
    commission: &Commission<'_>,
    own: &Planned,
    asked: Value,
    resolved: Option<Value>,
) -> Value {
    let before = shown(now, own);
    let mut after = match resolved.and_then(|resolved| predicted(copy, commission, own, resolved)) {
        Some(after) => after,
        None => as_asked(own, &asked, before.as_ref()),
    };
    // What only the run will tell is shown as it is written (DOCS templates/deploy-what-if.md, the reference function).
    lay_expressions(&asked, &mut after);
    let mut change = json!({ "resourceId": own.id });
    match before {
        None => {
            change["changeType"] = json!("Create");
            change["after"] = after;
        }
        Some(before) => {
            let delta = delta(&before, &after);
            change["changeType"] = json!(if delta.is_empty() { "NoChange" } else { "Modify" });
            change["before"] = before;
            change["after"] = after;
            if !delta.is_empty() {
                change["delta"] = Value::Array(delta);
            }
        }
    }
    change
}

fn version_of(own: &Planned) -> ApiVersion {
    ApiVersion::parse(&own.version).unwrap_or(ApiVersion::NEWEST)
}

/// A resource as it is.
fn shown(sandbox: &Sandbox, own: &Planned) -> Option<Value> {
    if errand::is_laid_over(&own.id) {
        let mut document = errand::read(&mut sandbox.fork(), &own.id, &own.version).ok()?;
        for name in ["createdOn", "updatedOn", "createdBy", "updatedBy"] {
            remove_at(&mut document, &format!("properties/{name}"));
        }
        return Some(with_version(document, own));
    }
    let id = ResourceId::parse(&own.id).ok()?;
    let resource = sandbox.cloud.store().find(id.folded())?;
    let view = View {
        version: version_of(own),
        answer: Answers::Read,
        expand: "",
    };
    Some(with_version(
        comparable(resource.kind, sandbox.cloud.document(resource, &view)),
        own,
    ))
}

/// A resource as it would be; nothing where the copy refuses it.
fn predicted(copy: &mut Sandbox, commission: &Commission<'_>, own: &Planned, body: Value) -> Option<Value> {
    if errand::is_laid_over(&own.id) {
        errand::put(copy, commission.deployer, &own.id, &own.version, &body).ok()?;
        return shown(copy, own);
    }
    let (id, version) = admit(copy, own).ok()?;
    let begun = put(&mut copy.cloud, &id, version, body).ok()?;
    let end = begun
        .operation
        .and_then(|id| copy.cloud.operation(id))
        .and_then(|operation| operation.end());
    if let Some(end) = end {
        while copy.cloud.advance_to(end).is_some() {}
    }
    shown(copy, own)
}

/// A resource as the template asks for it, laid over what is there.
fn as_asked(own: &Planned, asked: &Value, before: Option<&Value>) -> Value {
    let mut document = json!({ "id": own.id, "name": own.short_name(), "type": own.kind });
    lay_over(&mut document, asked);
    if let Ok(id) = ResourceId::parse(&own.id) {
        document = comparable(id.kind(), document);
    }
    let mut whole = before.cloned().unwrap_or_else(|| json!({}));
    lay_over(&mut whole, &document);
    with_version(whole, own)
}

/// Writes a document over another, member by member; arrays of one length item by item.
fn lay_over(under: &mut Value, over: &Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (name, value) in over {
                lay_over(under.entry(name).or_insert(Value::Null), value);
            }
        }
        (Value::Array(under), Value::Array(over)) if under.len() == over.len() => {
            for (under, over) in under.iter_mut().zip(over) {
                lay_over(under, over);
            }
        }
        (under, over) => *under = over.clone(),
    }
}

/// Writes the expressions that stand in what is asked where their values stand.
fn lay_expressions(asked: &Value, after: &mut Value) {
    match (asked, after) {
        (Value::Object(asked), Value::Object(after)) => {
            for (name, value) in asked {
                if let Some(own) = after.get_mut(name) {
                    lay_expressions(value, own);
                }
            }
        }
        (Value::Array(asked), Value::Array(after)) if asked.len() == after.len() => {
            for (asked, after) in asked.iter().zip(after) {
                lay_expressions(asked, after);
            }
        }
        (Value::String(text), after) if inside(text).is_some() => *after = asked.clone(),
        _ => {}
    }
}

/// A document without what only the service writes and what is secret: neither is compared, nor shown.
fn comparable(kind: Kind, mut document: Value) -> Value {
    for name in ["provisioningState", "resourceGuid", "etag"] {
        remove_everywhere(&mut document, name);
    }
    remove_hidden(kind, &mut document);
    document
}

fn remove_everywhere(value: &mut Value, name: &str) {
    match value {
        Value::Object(members) => {
            members.shift_remove(name);
            members.values_mut().for_each(|value| remove_everywhere(value, name));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| remove_everywhere(value, name)),
        _ => {}
    }
}

fn remove_hidden(kind: Kind, document: &mut Value) {
    let descriptor = kind.descriptor();
    for field in descriptor.fields {
        if matches!(field.rule, FieldRule::ReadOnly | FieldRule::Secret) {
            remove_at(document, field.path.trim_start_matches('/'));
        }
    }
    for row in descriptor.inline {
        if let Some(Value::Array(parts)) = document.pointer_mut(row.path) {
            parts.iter_mut().for_each(|part| remove_hidden(row.kind, part));
        }
    }
}

/// Removes the members that a path names; `*` stands for every item of an array.
fn remove_at(document: &mut Value, path: &str) {
    match (path.split_once('/'), document) {
        (None, Value::Object(members)) => {
            members.shift_remove(path);
        }
        (Some(("*", rest)), Value::Array(items)) => items.iter_mut().for_each(|item| remove_at(item, rest)),
        (Some((segment, rest)), Value::Object(members)) => {
            if let Some(value) = members.get_mut(segment) {
                remove_at(value, rest);
            }
        }
        _ => {}
    }
}

fn with_version(document: Value, own: &Planned) -> Value {
    let mut members = Map::new();
    members.insert("apiVersion".to_owned(), Value::from(own.version.as_str()));
    members.extend(document.as_object().cloned().unwrap_or_default());
    Value::Object(members)
}

/// What else is in the group: it stays, or in Complete mode it goes.
fn others(sandbox: &Sandbox, group: &ResourceId, named: &[String], mode: Mode) -> Vec<Value> {
    let mut copy = sandbox.cloud.clone();
    let Ok(Outcome::Listed(resources)) = copy
        .apply(&Call::Resources {
            scope: Scope::In(group.clone()),
        })
        .map(|reply| reply.outcome)
    else {
        return Vec::new();
    };
    let strangers = resources.into_iter().filter(|resource| {
        let below = format!("{}/", resource.folded);
        !named.iter().any(|id| *id == *resource.folded || id.starts_with(&below))
    });
    strangers
        .map(|resource| {
            let view = View {
                version: ApiVersion::NEWEST,
                answer: Answers::Read,
                expand: "",
            };
            let before = comparable(resource.kind, sandbox.cloud.document(&resource, &view));
            let kind = if mode == Mode::Complete { "Delete" } else { "Ignore" };
            json!({ "resourceId": sandbox.cloud.id(resource.key), "changeType": kind, "before": before })
        })
        .collect()
}

/// What differs, place by place.
fn delta(before: &Value, after: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    members_delta("", before, after, &mut found);
    found
}

fn members_delta(path: &str, before: &Value, after: &Value, found: &mut Vec<Value>) {
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        found.extend(value_delta(path, before, after));
        return;
    };
    let at = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    for (name, old) in old {
        match new.get(name) {
            Some(new) => members_delta(&at(name), old, new, found),
            None => found.push(json!({ "path": at(name), "propertyChangeType": "Delete", "before": old, "after": null, "children": null })),
        }
    }
    for (name, new) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
        found.push(
            json!({ "path": at(name), "propertyChangeType": "Create", "before": null, "after": new, "children": null }),
        );
    }
}

fn value_delta(path: &str, before: &Value, after: &Value) -> Option<Value> {
    match (before, after) {
        (Value::Array(old), Value::Array(new)) => {
            let mut children = Vec::new();
            for index in 0..old.len().max(new.len()) {
                let own = index.to_string();
                match (old.get(index), new.get(index)) {
                    (Some(old), Some(new)) => {
                        let mut inner = Vec::new();
                        members_delta("", old, new, &mut inner);
                        if old.is_object() && new.is_object() && !inner.is_empty() {
                            children.push(json!({ "path": own, "propertyChangeType": "Modify", "before": null, "after": null, "children": inner }));
                        } else if !inner.is_empty() {
                            children.push(json!({ "path": own, "propertyChangeType": "Modify", "before": old, "after": new, "children": null }));
                        }
                    }
                    (Some(old), None) => {
                        children.push(json!({ "path": own, "propertyChangeType": "Delete", "before": old, "after": null, "children": null }));
                    }
                    (None, Some(new)) => {
                        children.push(json!({ "path": own, "propertyChangeType": "Create", "before": null, "after": new, "children": null }));
                    }
                    (None, None) => {}
                }
            }
            (!children.is_empty())
                .then(|| json!({ "path": path, "propertyChangeType": "Array", "before": null, "after": null, "children": children }))
        }
        _ if before == after => None,
        _ => Some(
            json!({ "path": path, "propertyChangeType": "Modify", "before": before, "after": after, "children": null }),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_named_place_by_place() {
        let before = json!({"a": 1, "b": {"c": [1, {"d": 2}], "gone": true}, "same": [1]});
        let after = json!({"a": 2, "b": {"c": [1, {"d": 3}, 4]}, "same": [1], "new": null});
        let found = delta(&before, &after);
        let shown: Vec<String> = found
            .iter()
            .map(|own| format!("{} {}", own["propertyChangeType"], own["path"]))
            .collect();
        assert_eq!(
            shown,
            [
                r#""Modify" "a""#,
                r#""Array" "b.c""#,
                r#""Delete" "b.gone""#,
                r#""Create" "new""#
            ]
        );
        assert_eq!(found[1]["children"][0]["children"][0]["path"], "d");
        assert_eq!(found[1]["children"][1]["propertyChangeType"], "Create");
        assert!(delta(&before, &before).is_empty());
    }
}
