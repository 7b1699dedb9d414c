//! The normal form of a document: without explicit nulls, without what only the service writes, enumerations in Azure's spelling.

use serde_json::Value;

use crate::Document;
use crate::descriptor::{Descriptor, Dialect, FieldRule};
use crate::document::{self, Place, around, prune_nulls};
use crate::error::CloudError;
use crate::forms;

/// Members that the service writes on every resource; what a client sends back is ignored (ARM 1.7).
const SERVICE_MEMBERS: &[&str] = &["id", "name", "type", "etag"];

/// Brings a document into its normal form.
pub(super) fn normalise(descriptor: &Descriptor, mut sent: Document) -> Result<Document, CloudError> {
    let Some(members) = sent.as_object_mut() else {
        return Err(not_an_object(descriptor.dialect));
    };
    for name in SERVICE_MEMBERS {
        members.shift_remove(*name);
    }
    if let Some(properties) = members.get_mut("properties").and_then(Value::as_object_mut) {
        let state = properties.shift_remove("provisioningState");
        if let (Some(_), Some(form)) = (state, descriptor.refuses_state) {
            return Err(CloudError::of(form));
        }
        properties.shift_remove("resourceGuid");
    }

    prune_nulls(&mut sent);
    for field in descriptor.fields {
        match field.rule {
            FieldRule::ReadOnly | FieldRule::Secret => around(&mut sent, field.path, &mut |members, name| {
                members.shift_remove(name);
            }),
            FieldRule::OneOf(values) => canonicalise(descriptor.dialect, &mut sent, field.path, values)?,
            FieldRule::Default(_) | FieldRule::Immutable => {}
        }
    }
    Ok(sent)
}

/// What a document carries that is never shown again, by place.
pub(super) fn secrets_of(descriptor: &Descriptor, sent: &Document) -> Vec<(String, Document)> {
    let secret = descriptor
        .fields
        .iter()
        .filter(|field| matches!(field.rule, FieldRule::Secret));
    secret
        .flat_map(|field| document::places(sent, field.path))
        .filter(|place| !place.value.is_null())
        .map(|place| (place.at, place.value.clone()))
        .collect()
}

/// Writes an enumeration in Azure's spelling, or refuses what it does not know.
fn canonicalise(dialect: Dialect, sent: &mut Document, path: &str, values: &[&'static str]) -> Result<(), CloudError> {
    let mut refused = None;
    around(sent, path, &mut |members, name| {
        let Some(value) = members.get_mut(name) else {
            return;
        };
        let known = value
            .as_str()
            .and_then(|text| values.iter().find(|known| known.eq_ignore_ascii_case(text)));
        match known {
            Some(known) => *value = Value::from(*known),
            None => refused = Some(value.clone()),
        }
    });
    match refused {
        Some(value) => Err(bad_value(
            dialect,
            path,
            &value,
            &format!("Expected one of: {}.", values.join(", ")),
        )),
        None => Ok(()),
    }
}

/// The refusal of a value, in the words of the service that reads it.
pub(crate) fn bad_value(dialect: Dialect, path: &str, value: &Value, expected: &str) -> CloudError {
    let name = path.rsplit('/').next().unwrap_or(path);
    let dotted = path
        .trim_start_matches('/')
        .trim_start_matches("properties/")
        .replace("/properties", "")
        .replace('/', ".");
    match dialect {
        Dialect::Network => CloudError::of(&forms::INVALID_FORMAT).because(
            CloudError::of(&forms::INVALID_JSON)
                .with("value", value)
                .with("path", dotted_path(path))
                .with("expected", expected),
        ),
        _ => CloudError::of(&forms::INVALID_PARAMETER)
            .with("path", &dotted)
            .about(name)
            .raised_by(dialect),
    }
}

/// `properties.subnets[0].name`: how the service's messages write the place `/properties/subnets/0/name`.
fn dotted_path(path: &str) -> String {
    let mut dotted = String::new();
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        if segment.bytes().all(|byte| byte.is_ascii_digit()) {
            dotted.push_str(&format!("[{segment}]"));
            continue;
        }
        if !dotted.is_empty() {
            dotted.push('.');
        }
        dotted.push_str(segment);
    }
    dotted
}

fn not_an_object(dialect: Dialect) -> CloudError {
    bad_value(dialect, "/", &Value::Null, "Expected an object.")
}

/// Refuses a change of a field that is fixed at creation. A field that the client leaves out keeps its value.
pub(super) fn check_immutable(
    descriptor: &Descriptor,
    before: &Document,
    after: &mut Document,
) -> Result<(), CloudError> {
    for field in descriptor
        .fields
        .iter()
        .filter(|field| matches!(field.rule, FieldRule::Immutable))
    {
        let old = document::places(before, field.path);
        for Place { at, value: old, .. } in &old {
            match document::at(after, at) {
                Some(new) if same_value(old, new) => {}
                Some(_) => {
                    let dotted = field
                        .path
                        .trim_start_matches("/properties")
                        .trim_start_matches('/')
                        .replace('/', ".");
                    let dotted = field.label.map_or(dotted, str::to_owned);
                    let form = CloudError::of(&forms::PROPERTY_CHANGE)
                        .with("path", &dotted)
                        .about(dotted.clone());
                    return Err(form.raised_by(descriptor.dialect));
                }
                None => restore(after, at, old),
            }
        }
    }
    Ok(())
}

/// Puts a value back where it was. What holds it is made anew where the client left it out, too; elements of arrays are not.
fn restore(document: &mut Document, at: &str, value: &Value) {
    let mut place = document;
    for segment in at.split('/').skip(1) {
        place = match place {
            Value::Object(members) => members.entry(segment).or_insert(Value::Null),
            Value::Null if !segment.bytes().all(|byte| byte.is_ascii_digit()) => {
                *place = Value::Object(serde_json::Map::new());
                place
                    .as_object_mut()
                    .expect("it was just made one")
                    .entry(segment)
                    .or_insert(Value::Null)
            }
            Value::Array(items) => match segment.parse::<usize>().ok().and_then(|index| items.get_mut(index)) {
                Some(item) => item,
                None => return,
            },
            _ => return,
        };
    }
    *place = value.clone();
}

/// Texts compare without case: ids and enumerations are sent back in any.
fn same_value(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::String(one), Value::String(other)) => document::same_name(one, other),
        _ => one == other,
    }
}
