//! Document trees: finding places in them by pattern, and pruning what explicit nulls leave.

use serde_json::{Map, Value};

/// A document tree. Member order is kept.
pub type Document = Value;

/// The value at a JSON pointer. Member names hold no `/` or `~`, so that nothing needs to be unescaped.
pub(crate) fn at<'d>(document: &'d Document, pointer: &str) -> Option<&'d Document> {
    pointer
        .split('/')
        .skip(1)
        .try_fold(document, |value, segment| match value {
            Value::Object(members) => members.get(segment),
            Value::Array(items) => items.get(segment.parse::<usize>().ok()?),
            _ => None,
        })
}

/// The value at a JSON pointer, to be changed.
pub(crate) fn at_mut<'d>(document: &'d mut Document, pointer: &str) -> Option<&'d mut Document> {
    pointer
        .split('/')
        .skip(1)
        .try_fold(document, |value, segment| match value {
            Value::Object(members) => members.get_mut(segment),
            Value::Array(items) => items.get_mut(segment.parse::<usize>().ok()?),
            _ => None,
        })
}

/// A place in a document.
#[derive(Debug, PartialEq)]
pub(crate) struct Place<'d> {
    /// Its JSON pointer.
    pub(crate) at: String,
    /// The part of the resource that it lies in, as the tail of an id: `/ipConfigurations/primary`.
    pub(crate) part: String,
    /// What stands there.
    pub(crate) value: &'d Document,
}

/// Every place that a pattern names. `*` stands for every element of an array.
pub(crate) fn places<'d>(document: &'d Document, pattern: &str) -> Vec<Place<'d>> {
    let mut found = Vec::new();
    match pattern.contains('*') {
        true => walk(
            document,
            Place {
                at: String::new(),
                part: String::new(),
                value: document,
            },
            "",
            &pattern[1..],
            &mut found,
        ),
        false => found.extend(at(document, pattern).map(|value| Place {
            at: pattern.to_owned(),
            part: String::new(),
            value,
        })),
    }
    found
}

fn walk<'d>(document: &'d Document, here: Place<'d>, collection: &str, pattern: &str, found: &mut Vec<Place<'d>>) {
    let (segment, rest) = match pattern.split_once('/') {
        Some((segment, rest)) => (segment, Some(rest)),
        None => (pattern, None),
    };
    let mut step = |place: Place<'d>| match rest {
        Some(rest) => walk(place.value, place, segment, rest, found),
        None => found.push(place),
    };
    match document {
        Value::Array(items) if segment == "*" => {
            for (index, item) in items.iter().enumerate() {
                let part = match item.get("name").and_then(Value::as_str) {
                    Some(name) => format!("{}/{collection}/{name}", here.part),
                    None => here.part.clone(),
                };
                step(Place {
                    at: format!("{}/{index}", here.at),
                    part,
                    value: item,
                });
            }
        }
        Value::Object(members) => {
            if let Some(value) = members.get(segment) {
                let mut at = here.at;
                at.push('/');
                at.push_str(segment);
                step(Place {
                    at,
                    part: here.part,
                    value,
                });
            }
        }
        _ => {}
    }
}

/// Calls `act` with the object or array around every place that a pattern names, and the last segment, whether the place
/// itself exists or not.
pub(crate) fn around(document: &mut Document, pattern: &str, act: &mut dyn FnMut(&mut Map<String, Value>, &str)) {
    fn descend(document: &mut Document, rest: &str, act: &mut dyn FnMut(&mut Map<String, Value>, &str)) {
        match (rest.split_once('/'), document) {
            (None, Value::Object(members)) => act(members, rest),
            (Some(("*", rest)), Value::Array(items)) => items.iter_mut().for_each(|item| descend(item, rest, act)),
            (Some((segment, rest)), Value::Object(members)) => {
                if let Some(value) = members.get_mut(segment) {
                    descend(value, rest, act);
                }
            }
            _ => {}
        }
    }
    descend(document, &pattern[1..], act);
}

/// Removes every explicit null: it means "absent" (real-clients 0.8).
pub(crate) fn prune_nulls(document: &mut Document) {
    match document {
        Value::Object(members) => {
            members.retain(|_, value| !value.is_null());
            members.values_mut().for_each(prune_nulls);
        }
        Value::Array(items) => {
            items.retain(|item| !item.is_null());
            items.iter_mut().for_each(prune_nulls);
        }
        _ => {}
    }
}

/// Merges a patch into a document: RFC 7396.
pub(crate) fn merge(document: &mut Document, patch: &Document) {
    let Value::Object(changes) = patch else {
        *document = patch.clone();
        return;
    };
    if !document.is_object() {
        *document = Value::Object(Map::new());
    }
    let members = document.as_object_mut().expect("it was just made one");
    for (name, change) in changes {
        if change.is_null() {
            members.shift_remove(name);
        } else {
            merge(members.entry(name.clone()).or_insert(Value::Null), change);
        }
    }
}

/// Two names that Azure takes for one: it compares without case.
pub(crate) fn same_name(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || one.to_lowercase() == other.to_lowercase()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pattern_finds_every_element() {
        let document = json!({"a": [{"b": 1}, {"c": 2}, {"b": 3}]});
        let found: Vec<_> = places(&document, "/a/*/b")
            .into_iter()
            .map(|place| (place.at, place.value.clone()))
            .collect();
        assert_eq!(
            found,
            [("/a/0/b".to_owned(), json!(1)), ("/a/2/b".to_owned(), json!(3))]
        );
    }

    #[test]
    fn a_place_knows_the_part_that_it_lies_in() {
        let document = json!({"properties": {"a": [{"name": "x", "b": {"id": 1}}, {"b": {"id": 2}}]}});
        let parts: Vec<_> = places(&document, "/properties/a/*/b")
            .into_iter()
            .map(|place| place.part)
            .collect();
        assert_eq!(parts, ["/a/x", ""]);
    }

    #[test]
    fn nulls_are_pruned_everywhere() {
        let mut document = json!({"a": null, "b": [null, {"c": null, "d": 1}]});
        prune_nulls(&mut document);
        assert_eq!(document, json!({"b": [{"d": 1}]}));
    }

    #[test]
    fn a_patch_merges_objects_and_replaces_the_rest() {
        let mut document = json!({"a": {"b": 1, "c": 2}, "d": [1]});
        merge(&mut document, &json!({"a": {"b": null, "e": 3}, "d": [2]}));
        assert_eq!(document, json!({"a": {"c": 2, "e": 3}, "d": [2]}));
    }
}
