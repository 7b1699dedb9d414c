//! Documents as they are shown: what was sent, then this version's defaults, then the facts.

use serde_json::{Map, Value, json};

use super::etag;
use crate::Document;
use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::{Descriptor, Dialect, Field, FieldRule, Fill};
use crate::document::{around, at_mut, prune_nulls};
use crate::resource::Resource;
use crate::types::View;

/// From this version on the members of an object come in the newer order (ARM 8.1).
const NEW_ORDER: ApiVersion = ApiVersion::date(2018, 1, 1);

/// Children of Network name their type from this version on (ARM 8.1).
const CHILD_TYPES: ApiVersion = ApiVersion::date(2018, 4, 1);

/// A resource as a document.
pub(crate) fn document(cx: &Cx<'_>, resource: &Resource, view: &View<'_>) -> Document {
    let descriptor = resource.kind.descriptor();
    let mut shown = Document::clone(&resource.echo);
    write_references(cx, resource, &mut shown);
    for field in descriptor.fields.iter().filter(|field| field.applies(view.version)) {
        fill_in(&mut shown, field);
    }
    write_children(cx, resource, view, &mut shown);
    write_common(cx, resource, descriptor, view, &mut shown);
    resource.state.render(cx, resource, view, &mut shown);
    prune_nulls(&mut shown);
    in_order(descriptor, view.version, shown)
}

/// Writes each reference as the target's id in its own spelling; other members of the sent object are dropped (ARM 1.2).
pub(super) fn write_references(cx: &Cx<'_>, resource: &Resource, shown: &mut Document) {
    let refs = resource.kind.descriptor().refs;
    for edge in resource.edges.iter() {
        if let Some(place) = at_mut(shown, &edge.at) {
            let id = cx.id(edge.target);
            if refs[usize::from(edge.rule)].bare {
                *place = Value::from(id);
            } else if refs[usize::from(edge.rule)].keeps_members {
                place["id"] = Value::from(id);
            } else {
                *place = json!({ "id": id });
            }
        }
    }
}

/// Fills in a default.
fn fill_in(shown: &mut Document, field: &Field) {
    let FieldRule::Default(fill) = field.rule else {
        return;
    };
    around(shown, field.path, &mut |members, name| {
        if !members.contains_key(name) {
            members.insert(name.to_owned(), value_of(fill));
        }
    });
}

fn value_of(fill: Fill) -> Value {
    match fill {
        Fill::Bool(value) => Value::from(value),
        Fill::Int(value) => Value::from(value),
        Fill::Text(value) => Value::from(value),
        Fill::Empty => Value::Array(Vec::new()),
        Fill::Object => Value::Object(Map::new()),
    }
}

/// Writes the children that can also stand inside the document.
fn write_children(cx: &Cx<'_>, resource: &Resource, view: &View<'_>, shown: &mut Document) {
    for row in resource.kind.descriptor().inline {
        let children: Vec<Document> = cx
            .children(resource.key, row.kind)
            .map(|child| document(cx, child, view))
            .collect();
        let (holder, member) = row.path.rsplit_once('/').expect("a path has a slash");
        if holder == "/properties" && shown.get("properties").is_none() {
            shown["properties"] = json!({});
        }
        if let Some(members) = shown.pointer_mut(holder).and_then(Value::as_object_mut) {
            members.insert(member.to_owned(), Value::Array(children));
        }
    }
}

/// Writes what every type shows: id, name, type, etag, state, guid (ARM 8.1).
fn write_common(cx: &Cx<'_>, resource: &Resource, descriptor: &Descriptor, view: &View<'_>, shown: &mut Document) {
    let etag = etag(cx, resource);
    let Some(members) = shown.as_object_mut() else {
        return;
    };
    members.insert("id".to_owned(), Value::from(cx.id(resource.key)));
    members.insert("name".to_owned(), Value::from(resource.name.as_ref()));
    let network_child = descriptor.dialect == Dialect::Network && descriptor.parent.is_some();
    if descriptor.shows_type_since <= view.version && (!network_child || view.version >= CHILD_TYPES) {
        members.insert("type".to_owned(), Value::from(descriptor.name));
    }
    if descriptor.dialect == Dialect::Network {
        members.insert("etag".to_owned(), Value::from(etag));
    }

    let properties = members.entry("properties").or_insert_with(|| Value::Object(Map::new()));
    let Some(properties) = properties.as_object_mut() else {
        return;
    };
    if descriptor.shows_state {
        properties.insert(
            "provisioningState".to_owned(),
            Value::from(resource.provisioning.as_str()),
        );
    }
    let has_guid = descriptor.dialect == Dialect::Network && descriptor.parent.is_none();
    if has_guid && view.version >= ApiVersion::date(2015, 6, 15) {
        properties.insert("resourceGuid".to_owned(), Value::from(resource.guid.to_string()));
    }
}

/// Members in the order of the version and dialect (observed-arm, Order of members).
fn in_order(descriptor: &Descriptor, version: ApiVersion, shown: Document) -> Document {
    const NEW: &[&str] = &[
        "name",
        "id",
        "etag",
        "type",
        "location",
        "zones",
        "tags",
        "instanceId",
        "managedBy",
        "identity",
        "plan",
        "sku",
        "kind",
        "properties",
    ];
    const OLD: &[&str] = &[
        "instanceId",
        "sku",
        "kind",
        "properties",
        "type",
        "location",
        "tags",
        "etag",
        "id",
        "name",
    ];
    const GATEWAY: &[&str] = &["id", "name", "type", "location", "tags", "properties"];
    const CHILD: &[&str] = &["name", "id", "etag", "properties", "type"];
    // observed-arm: alphabetical in the versions before 2017-06-01.
    const OLD_STORAGE: &[&str] = &["id", "kind", "location", "name", "properties", "sku", "tags", "type"];
    const STORAGE: &[&str] = &["sku", "kind", "id", "name", "type", "location", "tags", "properties"];

    let order = match descriptor.dialect {
        Dialect::Gateway => GATEWAY,
        Dialect::Storage if version < ApiVersion::date(2017, 6, 1) => OLD_STORAGE,
        Dialect::Storage => STORAGE,
        Dialect::Network if descriptor.parent.is_some() => CHILD,
        Dialect::Authorization => OLD,
        Dialect::Compute | Dialect::Disks if version < NEW_ORDER => OLD,
        _ => NEW,
    };
    let Value::Object(mut members) = shown else {
        return shown;
    };
    let mut ordered = Map::with_capacity(members.len());
    for name in order {
        if let Some((name, value)) = members.shift_remove_entry(*name) {
            ordered.insert(name, value);
        }
    }
    ordered.extend(members);
    Value::Object(ordered)
}

/// The kinds whose documents are written inside their parent's.
#[cfg(test)]
pub(super) fn inline_kinds() -> impl Iterator<Item = crate::registry::Kind> {
    crate::registry::Kind::ALL
        .iter()
        .flat_map(|kind| kind.descriptor().inline)
        .map(|row| row.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_inline_kind_is_a_child() {
        for kind in inline_kinds() {
            assert!(kind.descriptor().parent.is_some(), "{kind:?}");
        }
    }
}
