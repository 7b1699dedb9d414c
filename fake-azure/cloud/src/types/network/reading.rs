//! Reading specs out of documents: the value of a member, or the refusal that names its place.

use serde_json::Value;

use crate::Document;
use crate::descriptor::Dialect;
use crate::document::at as document_at;
use crate::engine::bad_value;
use crate::error::CloudError;

/// The elements of an array; none when it is absent.
pub(super) fn array<'d>(document: &'d Document, path: &str) -> Result<&'d [Value], CloudError> {
    match document_at(document, path) {
        None => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(other) => Err(refuse(path, other, "Expected an array.")),
    }
}

/// A text; `None` when it is absent.
pub(super) fn text<'d>(document: &'d Document, path: &str) -> Result<Option<&'d str>, CloudError> {
    match document_at(document, path) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(refuse(path, other, "Expected a string.")),
    }
}

/// The texts of an array; none when it is absent.
pub(super) fn texts<'d>(document: &'d Document, path: &str) -> Result<Vec<&'d str>, CloudError> {
    let read = |item: &'d Value| item.as_str().ok_or_else(|| refuse(path, item, "Expected a string."));
    array(document, path)?.iter().map(read).collect()
}

/// A whole number, which may also stand as text; `None` when it is absent.
pub(super) fn number(document: &Document, path: &str) -> Result<Option<i64>, CloudError> {
    let Some(value) = document_at(document, path) else {
        return Ok(None);
    };
    let number = value
        .as_i64()
        .or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()));
    number
        .map(Some)
        .ok_or_else(|| refuse(path, value, "Expected an integer."))
}

/// `true` or `false`; `None` when it is absent.
pub(super) fn flag(document: &Document, path: &str) -> Result<Option<bool>, CloudError> {
    match document_at(document, path) {
        None => Ok(None),
        Some(Value::Bool(value)) => Ok(Some(*value)),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
        Some(other) => Err(refuse(path, other, "Expected a boolean.")),
    }
}

/// The refusal of a value in a place.
pub(super) fn refuse(path: &str, value: &Value, expected: &str) -> CloudError {
    bad_value(Dialect::Network, path, value, expected)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn absent_is_not_wrong_and_wrong_names_its_place() {
        let document = json!({"a": {"list": [1], "number": "7", "flag": "True"}});
        assert_eq!(array(&document, "/nothing").map(<[Value]>::len), Ok(0));
        assert_eq!(number(&document, "/a/number"), Ok(Some(7)));
        assert_eq!(flag(&document, "/a/flag"), Ok(Some(true)));
        assert_eq!(text(&document, "/nothing"), Ok(None));

        let places = [
            texts(&document, "/a/list").err(),
            array(&document, "/a").err(),
            text(&document, "/a").err(),
            number(&document, "/a").err(),
            flag(&document, "/a").err(),
        ];
        let said: Vec<String> = places
            .into_iter()
            .flatten()
            .map(|error| error.details[0].message.clone())
            .collect();
        assert_eq!(said.len(), 5);
        assert_eq!(said[0], "Error converting value 1 at path 'a.list'. Expected a string.");
    }
}
