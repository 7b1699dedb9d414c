//! What the tests around the front ends share: an Azure of one's own, requests as lines, answers as text.

use std::fmt::Write as _;
use std::path::Path;

use bytes::Bytes;
use fake_azure::{FakeAzure, Listener, Served};
use http::{Request, Response};
use serde_json::Value;

/// The snapshot settings of this crate.
pub(crate) fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("../snapshots/fake-azure"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

/// A request of a line, `POST https://...`, and a body.
pub(crate) fn request(line: &str, body: &str) -> Request<Bytes> {
    request_with(line, &[], body)
}

/// The same with headers.
pub(crate) fn request_with(line: &str, headers: &[(&str, &str)], body: &str) -> Request<Bytes> {
    let (method, uri) = line.split_once(' ').expect("a method and a URI");
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Bytes::from(body.to_owned())).expect("a request")
}

/// A request to Resource Manager with FAKE_TOKEN.
pub(crate) fn arm(azure: &FakeAzure, line: &str, body: &str) -> Served {
    let (method, path) = line.split_once(' ').expect("a method and a path");
    let token = format!("Bearer {}", azure.token());
    let headers = [("authorization", token.as_str()), ("content-type", "application/json")];
    azure.send(request_with(
        &format!("{method} https://management.azure.com{path}"),
        &headers,
        body,
    ))
}

/// A control call: status and document.
pub(crate) fn control(azure: &FakeAzure, line: &str, body: &str) -> (u16, Value) {
    let (method, path) = line.split_once(' ').expect("a method and a path");
    let line = format!("{method} https://localhost:8447/_fake/{path}");
    let served = azure.serve(Listener::Admin, request(&line, body));
    (served.response.status().as_u16(), json(&served.response))
}

/// The body as a tree; null where it is none.
pub(crate) fn json(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap_or(Value::Null)
}

/// Status, headers that were asked for, and the body.
pub(crate) fn shown(response: &Response<Bytes>, headers: &[&str]) -> String {
    let mut text = format!("{}\n", response.status().as_u16());
    for name in headers {
        if let Some(value) = response.headers().get(*name) {
            writeln!(text, "{name}: {}", String::from_utf8_lossy(value.as_bytes())).expect("a text takes any text");
        }
    }
    match json(response) {
        Value::Null => text.push_str(&String::from_utf8_lossy(response.body())),
        tree => text.push_str(&serde_json::to_string_pretty(&tree).expect("a tree can be written")),
    }
    text.push('\n');
    text
}
