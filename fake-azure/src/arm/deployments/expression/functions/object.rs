//! Objects, and JSON as a text.

use serde_json::{Map, Value, json};

use super::super::value::is_size_within;
use super::{Category, Types, function, items, text};

pub(super) const FUNCTIONS: Category = &[
    function("createObject", &[], create).rest(Types::ANY),
    function("items", &[Types::OBJECT], |args| {
        Ok(Value::Array(
            sorted(&args[0])
                .into_iter()
                .map(|(key, value)| json!({ "key": key, "value": value }))
                .collect(),
        ))
    }),
    function("json", &[Types::TEXT], |args| {
        let given = text(&args[0]);
        let read: Result<Value, _> = serde_json::from_str(given);
        match read {
            Ok(value) if is_size_within(&value) => Ok(value),
            _ => Err(format!("the value '{given}' is not valid JSON.")),
        }
    }),
    function("null", &[], |_| Ok(Value::Null)),
    function("objectKeys", &[Types::OBJECT], |args| {
        Ok(Value::Array(
            sorted(&args[0])
                .into_iter()
                .map(|(key, _)| Value::from(key.as_str()))
                .collect(),
        ))
    }),
    function("shallowMerge", &[Types::ARRAY], shallow_merge),
];

/// Key, value, key, value.
fn create(args: &[Value]) -> Result<Value, String> {
    if args.len() % 2 == 1 {
        return Err(format!(
            "function requires an even number of arguments while {} were provided.",
            args.len()
        ));
    }
    let mut members = Map::new();
    for pair in args.chunks_exact(2) {
        let Value::String(key) = &pair[0] else {
            return Err(format!("the key {} is expected to be a string.", pair[0]));
        };
        if let Some(other) = members.keys().find(|own| own.eq_ignore_ascii_case(key)) {
            return Err(format!("the key '{key}' is given twice, before as '{other}'."));
        }
        members.insert(key.clone(), pair[1].clone());
    }
    Ok(Value::Object(members))
}

/// The members in the order of their names, which do not tell case.
fn sorted(value: &Value) -> Vec<(&String, &Value)> {
    let mut members: Vec<(&String, &Value)> = value.as_object().into_iter().flatten().collect();
    members.sort_by_key(|(key, _)| (key.to_lowercase(), (*key).clone()));
    members
}

/// The later one wins; nothing inside is merged.
fn shallow_merge(args: &[Value]) -> Result<Value, String> {
    let mut merged = Map::new();
    for item in items(&args[0]) {
        let Value::Object(members) = item else {
            return Err(format!("the array is expected to hold objects only, not {item}."));
        };
        for (name, value) in members {
            let own = merged
                .keys()
                .find(|own| own.eq_ignore_ascii_case(name))
                .cloned()
                .unwrap_or_else(|| name.clone());
            merged.insert(own, value.clone());
        }
    }
    Ok(Value::Object(merged))
}
