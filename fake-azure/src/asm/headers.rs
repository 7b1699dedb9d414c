//! The headers that every answer has (SM 1.5).

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

use super::error::Failure;
use super::request::{Answer, XML};
use crate::sandbox::Sandbox;
use crate::text;

/// Makes an HTTP answer.
pub(super) fn dress(sandbox: &mut Sandbox, answer: Result<Answer, Failure>) -> Response<Bytes> {
    let date = text::rfc1123(sandbox.now_for_expiry());
    let (answer, stranger) = match answer {
        Ok(answer) => (answer, false),
        Err(failure) => {
            let stranger = failure.status == StatusCode::FORBIDDEN;
            let body = failure.document();
            (
                Answer {
                    status: failure.status,
                    body,
                    content_type: XML,
                    location: None,
                    operation: None,
                },
                stranger,
            )
        }
    };
    let id = match answer.operation {
        Some(operation) => operation.0,
        None => sandbox.draw_guid(),
    };
    let mut response = Response::new(Bytes::from(answer.body));
    *response.status_mut() = answer.status;
    let length = response.body().len();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    if length > 0 {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    }
    if let Ok(date) = HeaderValue::from_str(&date) {
        headers.insert(header::DATE, date);
    }
    if stranger {
        // Whoever is not let in is answered by the listener, not by the service.
        headers.insert(header::SERVER, HeaderValue::from_static("Microsoft-HTTPAPI/2.0"));
        return response;
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(
        header::SERVER,
        HeaderValue::from_static("1.0.6198.357 (rd_rdfe_stable.160413-1538) Microsoft-HTTPAPI/2.0"),
    );
    headers.insert("x-ms-servedbyregion", HeaderValue::from_static("ussouth2"));
    headers.insert(
        header::STRICT_TRANSPORT_SECURITY,
        HeaderValue::from_static("max-age=31536000; includeSubDomains"),
    );
    let id = format!("{:032x}", id.0);
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert("x-ms-request-id", id);
    }
    if let Some(location) = answer
        .location
        .and_then(|location| HeaderValue::from_str(&location).ok())
    {
        headers.insert(header::LOCATION, location);
    }
    response
}
