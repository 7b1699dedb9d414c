//! Values of the template language: documents, and how the language names, compares and writes them.

use serde_json::Value;

/// How deep a value may nest. Newtonsoft's own bound is of the same order.
const DEPTH_MAX: usize = 128;

/// What a value may measure: the size of a template (ARM 4.3).
const SIZE_MAX: usize = 4 * 1024 * 1024;

/// How messages name the type of a value.
pub(crate) fn kind_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "Null",
        Value::Bool(_) => "Boolean",
        Value::Number(number) if number.is_i64() => "Integer",
        Value::Number(_) => "Float",
        Value::String(_) => "String",
        Value::Array(_) => "Array",
        Value::Object(_) => "Object",
    }
}

/// The text of a value as `string` and `concat` write it: a text as it is, a truth with a capital, a structure as JSON.
pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whether two values are the same: texts with case, numbers by worth.
pub(super) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => match (one.as_i64(), other.as_i64()) {
            (Some(one), Some(other)) => one == other,
            _ => one.as_f64() == other.as_f64(),
        },
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(name, one)| other.get(name).is_some_and(|other| same(one, other)))
        }
        _ => one == other,
    }
}

/// The member of an object, in any case.
pub(super) fn member<'v>(members: &'v serde_json::Map<String, Value>, name: &str) -> Option<&'v Value> {
    members.get(name).or_else(|| {
        members
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    })
}

/// Whether a value is one that the language may hold: neither too deep nor too large.
pub(crate) fn is_size_within(value: &Value) -> bool {
    let mut size = 0_usize;
    let mut ahead = vec![(value, 0_usize)];
    while let Some((value, depth)) = ahead.pop() {
        size += 8;
        match value {
            Value::String(text) => size += text.len(),
            Value::Array(items) => ahead.extend(items.iter().map(|item| (item, depth + 1))),
            Value::Object(members) => {
                size += members.keys().map(String::len).sum::<usize>();
                ahead.extend(members.values().map(|item| (item, depth + 1)));
            }
            _ => {}
        }
        if depth > DEPTH_MAX || size > SIZE_MAX {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn deep_and_large_values_are_told_from_others() {
        let mut deep = json!(1);
        for _ in 0..DEPTH_MAX + 2 {
            deep = json!([deep]);
        }
        assert!(!is_size_within(&deep));
        assert!(!is_size_within(&Value::from("a".repeat(SIZE_MAX))));
        assert!(is_size_within(&json!({"a": [1, {"b": "c"}]})));
    }

    #[test]
    fn members_are_found_in_any_case_and_the_exact_one_first() {
        let members = json!({"Name": 1, "name": 2});
        assert_eq!(member(members.as_object().expect("an object"), "name"), Some(&json!(2)));
        assert_eq!(member(members.as_object().expect("an object"), "NAME"), Some(&json!(1)));
    }
}
