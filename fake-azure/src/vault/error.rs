//! Refusals of vaults on the wire: the only place that chooses a status.

use bytes::Bytes;
use fake_azure_cloud::{CloudError, ErrorKind};
use http::{HeaderValue, Request, Response, header};
use serde_json::{Value, json};

use super::address::Asked;
use super::encode;
use crate::identity::{self, TokenError};
use crate::sandbox::Sandbox;

/// What tokens for vaults are for.
pub(super) const RESOURCE: &str = "https://vault.azure.net";

/// Why a request is not answered as asked.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The cloud's.
    Error(Box<CloudError>),
    /// There is no such path.
    Path,
    /// The path has no such verb.
    Verb,
    /// 401, with the challenge that says where a token is had and what for.
    Token(TokenError),
}

impl From<CloudError> for Refusal {
    fn from(error: CloudError) -> Refusal {
        Refusal::Error(Box::new(error))
    }
}

/// The answer of a refusal.
pub(super) fn answer(
    sandbox: &mut Sandbox,
    request: &Request<Bytes>,
    asked: Option<&Asked<'_>>,
    refusal: &Refusal,
) -> Response<Bytes> {
    let said = |code: &str, message: String| json!({ "error": { "code": code, "message": message } });
    let (status, document) = match refusal {
        Refusal::Error(error) => (status(error), envelope(error)),
        Refusal::Path => {
            let message = format!(
                "No HTTP resource was found that matches the request URI '{}'.",
                request.uri()
            );
            (404, said("NotFound", message))
        }
        Refusal::Verb => {
            let message = format!(
                "The requested resource does not support http method '{}'.",
                request.method()
            );
            (405, said("MethodNotAllowed", message))
        }
        Refusal::Token(error) => (401, said("Unauthorized", reason(sandbox, error))),
    };
    let mut response = encode::json(status, &document);
    if let Refusal::Token(_) = refusal {
        let authority = format!(
            "{}/{}",
            identity::login_endpoint(request.uri()),
            sandbox.directory.tenant()
        );
        let challenge = format!("Bearer authorization=\"{authority}\", resource=\"{RESOURCE}\"");
        if let Ok(challenge) = HeaderValue::from_str(&challenge) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
    }
    encode::dress(sandbox, request.headers(), asked, &mut response);
    response
}

fn status(error: &CloudError) -> u16 {
    match error.kind {
        ErrorKind::Invalid => 400,
        ErrorKind::Missing => 404,
        ErrorKind::Forbidden => 403,
        ErrorKind::InUse | ErrorKind::Conflict | ErrorKind::Busy | ErrorKind::Quota => 409,
        ErrorKind::Precondition => 412,
        ErrorKind::Capacity => 503,
        ErrorKind::Internal => 500,
    }
}

/// `{"error":{code, message, innererror}}`.
fn envelope(error: &CloudError) -> Value {
    let mut document = json!({ "error": { "code": error.code, "message": error.message } });
    if let Some(inner) = error.details.first() {
        document["error"]["innererror"] = json!({ "code": inner.code });
    }
    document
}

/// What is wrong with a token, by the service's numbers (of a token that is none, and of an old one, assumed).
fn reason(sandbox: &Sandbox, error: &TokenError) -> String {
    let tenant = sandbox.directory.tenant();
    match error {
        TokenError::MissingHeader | TokenError::MissingToken | TokenError::InvalidHeader => {
            "AKV10000: Request is missing a Bearer or PoP token.".to_owned()
        }
        TokenError::Invalid => {
            "AKV10001: Error validating token: the token is malformed or its signature is not valid.".to_owned()
        }
        TokenError::Expired { .. } => "[TokenExpired] Error validating token: the token is expired.".to_owned(),
        TokenError::WrongAudience { audience } => {
            format!("AKV10022: Invalid audience. Expected {RESOURCE}, found: {audience}.")
        }
        TokenError::WrongTenant { issuer } => {
            format!("AKV10032: Invalid issuer. Expected one of https://sts.windows.net/{tenant}/, found {issuer}.")
        }
    }
}
