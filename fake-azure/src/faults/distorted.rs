//! Answers that are true and come in a form that clients have stumbled over: a mark before the text, ids in another case, keys that
//! are not there yet.

use bytes::Bytes;
use http::{HeaderValue, Response, header};
use serde_json::{Value, json};

/// What UTF-8 makes of a byte order mark.
const MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// Begins the text with a byte order mark, as answers of the directory do now and then (juju-provider 1.1, L21). An empty one stays so.
pub(crate) fn marked(response: Response<Bytes>) -> Response<Bytes> {
    let body = response.body();
    match body.is_empty() {
        true => response,
        false => {
            let body = Bytes::from([MARK, body].concat());
            with_body(response, body)
        }
    }
}

/// Writes the group in every id in capitals (juju-provider 1.1, L20; field bug `id-casing`).
pub(crate) fn recased(response: Response<Bytes>) -> Response<Bytes> {
    edited(response, |document| each_text(document, &mut recase))
}

/// Lists no keys of a storage account, in whichever shape the version has them (juju-provider L22).
pub(crate) fn keyless(response: Response<Bytes>) -> Response<Bytes> {
    edited(response, |document| {
        for (name, nothing) in [("keys", json!([])), ("key1", json!("")), ("key2", json!(""))] {
            if let Some(member) = document.get_mut(name) {
                *member = nothing;
            }
        }
    })
}

fn recase(text: &mut String) {
    let mut segments: Vec<String> = text.split('/').map(str::to_owned).collect();
    let is = |idx: usize, word: &str| segments.get(idx).is_some_and(|own| own.eq_ignore_ascii_case(word));
    if is(0, "") && is(1, "subscriptions") && is(3, "resourceGroups") && segments.len() > 4 {
        segments[4] = segments[4].to_uppercase();
        *text = segments.join("/");
    }
}

fn each_text(document: &mut Value, change: &mut impl FnMut(&mut String)) {
    match document {
        Value::String(text) => change(text),
        Value::Array(items) => items.iter_mut().for_each(|item| each_text(item, change)),
        Value::Object(members) => members.values_mut().for_each(|member| each_text(member, change)),
        _ => {}
    }
}

fn edited(response: Response<Bytes>, change: impl FnOnce(&mut Value)) -> Response<Bytes> {
    let Ok(mut document) = serde_json::from_slice::<Value>(response.body()) else {
        return response;
    };
    change(&mut document);
    let body = Bytes::from(document.to_string());
    with_body(response, body)
}

fn with_body(mut response: Response<Bytes>, body: Bytes) -> Response<Bytes> {
    if response.headers().contains_key(header::CONTENT_LENGTH) {
        let length = HeaderValue::from(body.len());
        response.headers_mut().insert(header::CONTENT_LENGTH, length);
    }
    *response.body_mut() = body;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Response<Bytes> {
        let mut response = Response::new(Bytes::from(text.to_owned()));
        let length = HeaderValue::from(text.len());
        response.headers_mut().insert(header::CONTENT_LENGTH, length);
        response
    }

    fn text(response: &Response<Bytes>) -> String {
        String::from_utf8_lossy(response.body()).into_owned()
    }

    #[test]
    fn a_mark_is_part_of_the_text_and_counts_in_its_length() {
        let marked = marked(of("{}"));
        assert_eq!(text(&marked), "\u{feff}{}");
        assert_eq!(marked.headers()[header::CONTENT_LENGTH], "5");
        assert_eq!(text(&super::marked(of(""))), "");
    }

    #[test]
    fn groups_in_ids_are_shouted_and_nothing_else_is() {
        let before = r#"{"id":"/subscriptions/s/resourceGroups/story/providers/n/t/x","name":"x","rows":["/a/b"]}"#;
        let after = r#"{"id":"/subscriptions/s/resourceGroups/STORY/providers/n/t/x","name":"x","rows":["/a/b"]}"#;
        assert_eq!(text(&recased(of(before))), after);
    }

    #[test]
    fn no_keys_are_listed_in_either_shape() {
        assert_eq!(text(&keyless(of(r#"{"keys":[{"value":"a"}]}"#))), r#"{"keys":[]}"#);
        assert_eq!(
            text(&keyless(of(r#"{"key1":"a","key2":"b"}"#))),
            r#"{"key1":"","key2":""}"#
        );
        assert_eq!(text(&keyless(of("no document"))), "no document");
    }
}
