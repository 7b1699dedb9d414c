//! Comparing a part of a document with the whole of one.

use serde_json::Value;

/// The first place where a document is not as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// A JSON pointer.
    pub at: String,
    /// What should stand there.
    pub expected: String,
    /// What stands there.
    pub got: String,
}

/// Compares: every member expected must be there and match; arrays match element by element, in order; `$any` matches whatever
/// is there, `$absent` nothing.
#[must_use]
pub fn difference(expected: &Value, got: Option<&Value>) -> Option<Mismatch> {
    walk(expected, got, "")
}

fn walk(expected: &Value, got: Option<&Value>, at: &str) -> Option<Mismatch> {
    let mismatch = |expected: String, got: Option<&Value>| {
        let got = got.map_or_else(|| "nothing".to_owned(), Value::to_string);
        Some(Mismatch {
            at: if at.is_empty() { "/".to_owned() } else { at.to_owned() },
            expected,
            got,
        })
    };
    match (expected, got) {
        (Value::String(word), None) if word == "$absent" => None,
        (Value::String(word), Some(got)) if word == "$absent" => mismatch("nothing".to_owned(), Some(got)),
        (Value::String(word), Some(_)) if word == "$any" => None,
        (Value::String(word), None) if word == "$any" => mismatch("anything".to_owned(), None),
        (Value::Object(wanted), Some(Value::Object(there))) => wanted
            .iter()
            .find_map(|(name, value)| walk(value, there.get(name), &format!("{at}/{name}"))),
        (Value::Array(wanted), Some(Value::Array(there))) => {
            if wanted.len() != there.len() {
                return mismatch(
                    format!("{} elements", wanted.len()),
                    Some(&Value::from(format!("{} elements", there.len()))),
                );
            }
            wanted
                .iter()
                .zip(there)
                .enumerate()
                .find_map(|(index, (wanted, there))| walk(wanted, Some(there), &format!("{at}/{index}")))
        }
        (Value::Number(wanted), Some(Value::Number(there))) if wanted.as_f64() == there.as_f64() => None,
        (expected, Some(got)) if expected == got => None,
        (expected, got) => mismatch(expected.to_string(), got),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_that_nobody_named_do_not_matter() {
        let whole = json!({"a": {"b": 1, "c": [1, {"d": 2, "e": 3}]}, "f": null});
        assert_eq!(difference(&json!({"a": {"c": [1, {"d": 2.0}]}}), Some(&whole)), None);
        assert_eq!(difference(&json!({"a": "$any", "z": "$absent"}), Some(&whole)), None);
    }

    #[test]
    fn a_difference_is_named_with_its_place() {
        let whole = json!({"a": [1, {"d": 2}]});
        let at = |expected| difference(&expected, Some(&whole)).map(|found| (found.at, found.expected, found.got));
        assert_eq!(
            at(json!({"a": [1, {"d": 3}]})),
            Some(("/a/1/d".into(), "3".into(), "2".into()))
        );
        assert_eq!(
            at(json!({"a": [1]})),
            Some(("/a".into(), "1 elements".into(), "\"2 elements\"".into()))
        );
        assert_eq!(
            at(json!({"b": "$any"})),
            Some(("/b".into(), "anything".into(), "nothing".into()))
        );
        assert_eq!(
            at(json!({"a": "$absent"})),
            Some(("/a".into(), "nothing".into(), "[1,{\"d\":2}]".into()))
        );
    }
}
