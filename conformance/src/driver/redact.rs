//! Requests as they may be shown: whole, but for what is secret and whose they are.

use bytes::Bytes;
use http::Request;
use serde_json::Value;

/// Headers that are shown; what a token says is nobody's business, its scheme is the protocol.
const HEADERS: &[&str] = &[
    // tidy: sorted
    "authorization",
    "content-type",
    "if-match",
    "if-none-match",
    "x-ms-blob-type",
    "x-ms-version",
    // tidy: end
];

/// Members of documents and forms whose value is never shown, in lower case.
const SECRETS: &[&str] = &[
    // tidy: sorted
    "adminpassword",
    "client_assertion",
    "client_secret",
    "customdata",
    "device_code",
    "key",
    "password",
    "protectedsettings",
    "refresh_token",
    // tidy: end
];

/// Texts that stand for themselves nowhere, each with what is shown in their place.
pub(crate) type Names = Vec<(String, &'static str)>;

/// A request in a few lines: method and address, headers, body.
pub(crate) fn show(request: &Request<Bytes>, names: &Names) -> String {
    let mut text = format!("{} {}\n", request.method(), request.uri());
    for name in HEADERS {
        let Some(value) = request.headers().get(*name) else {
            continue;
        };
        let value = String::from_utf8_lossy(value.as_bytes());
        let value = match *name {
            "authorization" => format!("{} <token>", value.split(' ').next().unwrap_or_default()),
            _ => value.into_owned(),
        };
        text.push_str(&format!("  {name}: {value}\n"));
    }
    if !request.body().is_empty() {
        text.push_str(&format!("  {}\n", body(request.body())));
    }
    for (name, shown) in names {
        text = replace_any_case(&text, name, shown);
    }
    text
}

fn body(body: &[u8]) -> String {
    if let Ok(mut document) = serde_json::from_slice::<Value>(body) {
        mask(&mut document);
        return document.to_string();
    }
    let text = String::from_utf8_lossy(body);
    let is_form = text.split('&').all(|pair| pair.contains('=')) && !text.contains(['<', '\n']);
    if !is_form {
        return format!("<{} bytes>", body.len());
    }
    let shown = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if is_secret(name) => format!("{name}=<secret>"),
        _ => pair.to_owned(),
    };
    text.split('&').map(shown).collect::<Vec<_>>().join("&")
}

fn mask(document: &mut Value) {
    match document {
        Value::Object(members) => {
            for (name, member) in members {
                if is_secret(name) && !member.is_null() {
                    *member = Value::from("<secret>");
                } else {
                    mask(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        _ => {}
    }
}

fn is_secret(name: &str) -> bool {
    SECRETS.contains(&name.to_lowercase().as_str())
}

fn replace_any_case(text: &str, name: &str, shown: &str) -> String {
    if name.is_empty() {
        return text.to_owned();
    }
    let (folded, name) = (text.to_ascii_lowercase(), name.to_ascii_lowercase());
    let mut replaced = String::with_capacity(text.len());
    let mut from = 0;
    while let Some(at) = folded[from..].find(&name) {
        replaced.push_str(&text[from..from + at]);
        replaced.push_str(shown);
        from += at + name.len();
    }
    replaced.push_str(&text[from..]);
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        vec![
            ("6d4a1f0e-5b0c-4f4b-9a55-0a6c3c1f2e01".to_owned(), "<subscription>"),
            ("hunter2".to_owned(), "<client-secret>"),
        ]
    }

    #[test]
    fn neither_secrets_nor_whose_they_are_are_shown() {
        let put = Request::put("https://management.azure.com/subscriptions/6D4A1F0E-5B0C-4F4B-9A55-0A6C3C1F2E01/x?api-version=1")
            .header("authorization", "Bearer ey.secret.token")
            .header("content-type", "application/json")
            .body(Bytes::from(
                r#"{"properties":{"osProfile":{"adminUsername":"ubuntu","adminPassword":"hunter2","customData":"IyEK"},"id":"/subscriptions/6d4a1f0e-5b0c-4f4b-9a55-0a6c3c1f2e01/y"}}"#,
            ))
            .expect("a request");
        expect_test::expect![[r#"
            PUT https://management.azure.com/subscriptions/<subscription>/x?api-version=1
              authorization: Bearer <token>
              content-type: application/json
              {"properties":{"osProfile":{"adminUsername":"ubuntu","adminPassword":"<secret>","customData":"<secret>"},"id":"/subscriptions/<subscription>/y"}}
        "#]]
        .assert_eq(&show(&put, &names()));

        let post = Request::post("https://login.microsoftonline.com/t/oauth2/token")
            .body(Bytes::from(
                "grant_type=client_credentials&client_secret=hunter2&resource=x",
            ))
            .expect("a request");
        expect_test::expect![[r"
            POST https://login.microsoftonline.com/t/oauth2/token
              grant_type=client_credentials&client_secret=<secret>&resource=x
        "]]
        .assert_eq(&show(&post, &names()));
    }

    #[test]
    fn what_is_not_understood_is_not_shown() {
        let put = Request::put("https://a.blob.core.windows.net/c/b")
            .body(Bytes::from("<xml>hunter2</xml>"))
            .expect("a request");
        assert!(show(&put, &names()).contains("<18 bytes>"));
    }
}
