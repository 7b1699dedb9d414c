//! The front end of Service Management, the classic API. Nothing of it is implemented: every request is answered with the
//! error that the service gives for what it does not know.

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};

use crate::sandbox::Sandbox;

/// Answers a request to the classic API.
pub(crate) fn serve(sandbox: &mut Sandbox, _request: &Request<Bytes>) -> Response<Bytes> {
    let id = sandbox.draw_guid().0;
    let body = concat!(
        r#"<Error xmlns="http://schemas.microsoft.com/windowsazure" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">"#,
        "<Code>ResourceNotFound</Code>",
        "<Message>The requested resource was not found.</Message></Error>"
    );
    Response::builder()
        .status(StatusCode::NOT_FOUND)
        .header(header::CONTENT_TYPE, "application/xml; charset=utf-8")
        .header("x-ms-request-id", format!("{id:032x}"))
        .body(Bytes::from_static(body.as_bytes()))
        .expect("status and headers are constants and hexadecimal digits")
}
