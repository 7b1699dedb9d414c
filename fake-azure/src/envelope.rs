//! Errors that are said around the front ends: by fault rules, by the sockets, by the control API. Each in the words and the
//! envelope of the service that the caller meant to reach.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::json;

use crate::wire::Front;

/// ARM's envelope, as the gateway writes it (ARM 3.1).
pub(crate) fn arm(status: StatusCode, code: &str, message: &str) -> Response<Bytes> {
    let document = json!({ "error": { "code": code, "message": message } });
    let mut response = json_answer(status, document.to_string());
    response
        .headers_mut()
        .insert("x-ms-failure-cause", HeaderValue::from_static("gateway"));
    response
}

/// A service's own envelope: JSON of ARM, XML of the classic API and of blobs, OAuth's of sign-in.
pub(crate) fn of(front: Front, status: StatusCode, code: &str, message: &str) -> Response<Bytes> {
    match front {
        Front::Arm => arm(status, code, message),
        Front::Vault => {
            let document = json!({ "error": { "code": code, "message": message } });
            json_answer(status, document.to_string())
        }
        Front::Identity => {
            let document = json!({ "error": code, "error_description": message });
            json_answer(status, document.to_string())
        }
        Front::Asm => {
            let body = format!(
                "<Error xmlns=\"http://schemas.microsoft.com/windowsazure\" \
                 xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\"><Code>{}</Code><Message>{}</Message></Error>",
                escape(code),
                escape(message)
            );
            answer(status, "application/xml; charset=utf-8", body)
        }
        Front::Blob => {
            let body = format!(
                "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{}</Code><Message>{}</Message></Error>",
                escape(code),
                escape(message)
            );
            let mut response = answer(status, "application/xml", body);
            if let Ok(code) = HeaderValue::from_str(code) {
                response.headers_mut().insert("x-ms-error-code", code);
            }
            response
        }
    }
}

/// A JSON answer with the headers that every answer of ARM has (ARM 0.2).
pub(crate) fn json_answer(status: StatusCode, body: String) -> Response<Bytes> {
    let mut response = answer(status, "application/json; charset=utf-8", body);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(header::EXPIRES, HeaderValue::from_static("-1"));
    headers.insert(
        header::STRICT_TRANSPORT_SECURITY,
        HeaderValue::from_static("max-age=31536000; includeSubDomains"),
    );
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn answer(status: StatusCode, content_type: &'static str, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
