//! The front end of Service Management, the classic API. Nothing of it is implemented but its door: who has no certificate that
//! it knows is answered 403, and every other request with the error that the service gives for what it does not know.

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};

use crate::envelope;
use crate::identity;
use crate::sandbox::Sandbox;
use crate::wire::{ClientCertificate, Front};

/// Answers a request to the classic API.
pub(crate) fn serve(sandbox: &mut Sandbox, request: &Request<Bytes>) -> Response<Bytes> {
    let (status, code, message) = if is_known(sandbox, request) {
        (StatusCode::NOT_FOUND, "ResourceNotFound", "The requested resource was not found.")
    } else {
        let message = "The server failed to authenticate the request. Verify that the certificate is valid and is associated \
                       with this subscription.";
        (StatusCode::FORBIDDEN, "ForbiddenError", message)
    };
    let mut response = envelope::of(Front::Asm, status, code, message);
    let id = sandbox.draw_guid().to_string().replace('-', "");
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-ms-request-id", id);
    }
    response
}

/// A certificate of a foreigner, and none, are refused alike (service-management 1.8); a token of sign-in is as good.
fn is_known(sandbox: &Sandbox, request: &Request<Bytes>) -> bool {
    let certificate = request.extensions().get::<ClientCertificate>();
    certificate.is_some_and(|certificate| sandbox.directory.knows_certificate(certificate))
        || identity::check_bearer(sandbox, request.headers()).is_ok()
}
