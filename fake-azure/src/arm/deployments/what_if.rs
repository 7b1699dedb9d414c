//! What-if: what a deployment would change (ARM 7.9, What-if). Nothing is changed: a copy of the cloud shows what would come
//! of it.

use fake_azure_cloud::{Answer as Answers, ApiVersion, Call, Outcome, ResourceId, Scope, View};
use serde_json::{Map, Value, json};

use super::gate::{admit, comparable, put};
use super::plan::{Planned, in_order, written};
use super::prepare::{Prepared, body_with};
use super::record::Mode;
use super::scope::{Context, Site, Unread, Walker};
use crate::Sandbox;

/// The changes of a deployment.
pub(crate) fn changes(sandbox: &Sandbox, prepared: &Prepared, mode: Mode, ids_only: bool) -> Vec<Value> {
    let mut copy = sandbox.clone();
    let mut found = Vec::new();
    collect(sandbox, &mut copy, prepared, &mut found);
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

fn collect(now: &Sandbox, copy: &mut Sandbox, prepared: &Prepared, found: &mut Vec<Value>) {
    let context = Context::new(&prepared.world, &prepared.template, prepared.values());
    for index in in_order(&prepared.planned) {
        let own = &prepared.planned[index];
        if !own.is_sent() {
            continue;
        }
        if own.is_deployment() {
            match prepared.inner.iter().find(|(at, _, _)| *at == index) {
                Some((_, _, inner)) => collect(now, copy, inner, found),
                None => found.push(json!({
                    "resourceId": own.id,
                    "changeType": "Unsupported",
                    "unsupportedReason": "Changes to the resources in this nested deployment cannot be analyzed because its parameters are known only when it runs.",
                })),
            }
            continue;
        }
        let Some(item) = written(prepared.template.resources(), &own.pointer) else {
            continue;
        };
        let walker = Walker {
            context: &context,
            site: Site::Body,
            reads: &Unread,
            keeps_later: true,
        };
        let Ok(body) = body_with(&walker, item, own) else {
            continue;
        };
        found.push(change(now, copy, own, body));
    }
}

fn change(now: &Sandbox, copy: &mut Sandbox, own: &Planned, body: Value) -> Value {
    let before = shown(now, own);
    let after = predicted(copy, own, body);
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
    let id = ResourceId::parse(&own.id).ok()?;
    let resource = sandbox.cloud.store().find(id.folded())?;
    let view = View {
        version: version_of(own),
        answer: Answers::Read,
        expand: "",
    };
    Some(with_version(comparable(sandbox.cloud.document(resource, &view)), own))
}

/// A resource as it would be; where the copy refuses it, as the template asks for it.
fn predicted(copy: &mut Sandbox, own: &Planned, body: Value) -> Value {
    let asked = |body: Value| {
        let mut document = Map::new();
        document.insert("id".to_owned(), Value::from(own.id.as_str()));
        document.insert("name".to_owned(), Value::from(own.short_name()));
        document.insert("type".to_owned(), Value::from(own.kind.as_str()));
        document.extend(body.as_object().cloned().unwrap_or_default());
        with_version(Value::Object(document), own)
    };
    let Ok((id, version)) = admit(copy, own) else {
        return asked(body);
    };
    match put(&mut copy.cloud, &id, version, body.clone()) {
        Ok(begun) => {
            let end = begun
                .operation
                .and_then(|id| copy.cloud.operation(id))
                .and_then(|operation| operation.end());
            if let Some(end) = end {
                while copy.cloud.advance_to(end).is_some() {}
            }
            shown(copy, own).unwrap_or_else(|| asked(body))
        }
        Err(_) => asked(body),
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
            let before = comparable(sandbox.cloud.document(&resource, &view));
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
