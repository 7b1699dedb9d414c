//! Bodies: from bytes to a document tree, or the refusal in the gateway's words (ARM 1.7).

use fake_azure_cloud::{CloudError, Document};
use http::header;
use serde_json::Value;

use super::error::Refusal;
use super::forms;
use super::request::Asked;

/// The document of a PUT or PATCH: an object.
pub(crate) fn document(asked: &Asked<'_>) -> Result<Document, Refusal> {
    match body(asked)? {
        Some(document @ Value::Object(_)) => {
            check_common(&document)?;
            Ok(document)
        }
        Some(other) => Err(bad(&format!(
            "Cannot deserialize the current JSON {} because the type requires a JSON object. Path '', line 1, position 1.",
            kind_of(&other)
        ))),
        None => Err(bad("")),
    }
}

/// What came with a POST; an empty object when there was nothing.
pub(crate) fn parameters(asked: &Asked<'_>) -> Result<Document, Refusal> {
    Ok(body(asked)?
        .filter(|document| !document.is_null())
        .unwrap_or_else(|| Value::Object(serde_json::Map::new())))
}

fn body(asked: &Asked<'_>) -> Result<Option<Document>, Refusal> {
    let bytes = asked.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(asked.body);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    if let Some(given) = asked.headers.get(header::CONTENT_TYPE) {
        let given = given.to_str().unwrap_or("");
        let media = given.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        let is_json = matches!(media.as_str(), "application/json" | "text/json") || media.ends_with("+json");
        if !is_json {
            return Err(CloudError::of(&forms::MEDIA_TYPE).with("type", media).into());
        }
    }
    serde_json::from_slice(bytes).map(Some).map_err(|error| {
        let reason = if error.is_eof() {
            "Unexpected end when reading JSON."
        } else {
            "Unexpected character encountered while parsing value."
        };
        bad(&format!(
            "{reason} Path '', line {}, position {}.",
            error.line(),
            error.column()
        ))
    })
}

/// What the gateway itself reads of every document.
fn check_common(document: &Document) -> Result<(), Refusal> {
    for (member, expected) in [("location", "string"), ("kind", "string"), ("managedBy", "string")] {
        if let Some(value) = document.get(member)
            && !(value.is_string() || value.is_null())
        {
            return Err(converting(value, expected, member));
        }
    }
    match document.get("tags") {
        Some(Value::Object(tags)) => match tags.iter().find(|(_, value)| value.is_object() || value.is_array()) {
            Some((name, value)) => Err(converting(value, "string", &format!("tags.{name}"))),
            None => Ok(()),
        },
        None | Some(Value::Null) => Ok(()),
        Some(other) => Err(converting(other, "dictionary", "tags")),
    }
}

fn converting(value: &Value, expected: &str, path: &str) -> Refusal {
    bad(&format!(
        "Error converting value {value} to type '{expected}'. Path '{path}', line 1, position 1."
    ))
}

fn bad(reason: &str) -> Refusal {
    // Newtonsoft's texts end in a full stop; so does the form.
    CloudError::of(&forms::BAD_JSON).with("reason", reason).into()
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "array (e.g. [1,2,3])",
        _ => "primitive (e.g. string, number, boolean)",
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Request;

    use super::*;

    fn decoded(content_type: Option<&str>, body: &'static [u8]) -> String {
        let mut request = Request::builder().method("PUT").uri("https://localhost/");
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let request = request.body(Bytes::from_static(body)).expect("a request");
        match document(&Asked::read(&request)) {
            Ok(document) => document.to_string(),
            Err(Refusal::Error(error)) => error.to_string(),
            Err(other) => format!("{other:?}"),
        }
    }

    #[test]
    fn objects_pass_whatever_the_letters_of_their_type() {
        for content_type in [
            None,
            Some("Application/JSON; charset=utf-8"),
            Some("text/json"),
            Some("application/x+json"),
        ] {
            assert_eq!(decoded(content_type, b"\xef\xbb\xbf{\"a\": 1}"), "{\"a\":1}");
        }
    }

    #[test]
    fn what_is_no_object_is_refused_with_its_place() {
        let rows: [(&[u8], &str); 6] = [
            (b"", "could not be deserialized: ''."),
            (
                b"{\"a\":",
                "Unexpected end when reading JSON. Path '', line 1, position 5.'.",
            ),
            (
                b"{\"a\": x}",
                "Unexpected character encountered while parsing value. Path '', line 1, position 7.'.",
            ),
            (b"[1]", "Cannot deserialize the current JSON array"),
            (
                b"{\"location\": 7}",
                "Error converting value 7 to type 'string'. Path 'location'",
            ),
            (
                b"{\"tags\": {\"a\": []}}",
                "Error converting value [] to type 'string'. Path 'tags.a'",
            ),
        ];
        for (body, expected) in rows {
            let answer = decoded(None, body);
            assert!(
                answer.starts_with("InvalidRequestContent: ") && answer.contains(expected),
                "{answer}"
            );
        }
    }

    #[test]
    fn other_media_types_are_refused() {
        assert_eq!(
            decoded(Some("application/x-www-form-urlencoded"), b"a=b"),
            "UnsupportedMediaType: The content media type 'application/x-www-form-urlencoded' is not supported. \
             Only 'application/json' is supported."
        );
    }
}
