//! Placeholder until the front end is here: nothing is implemented.

use bytes::Bytes;
use http::{Request, Response, StatusCode};

use crate::sandbox::Sandbox;

/// Answers a request: nothing is implemented.
pub(crate) fn serve(_sandbox: &mut Sandbox, _request: &Request<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NOT_IMPLEMENTED;
    response
}
