//! Sign-in: discovery documents, tokens, and who a token says is calling.
//!
//! It refuses to know what a caller may do: that is the cloud's.

mod certificate;
mod directory;
mod documents;
mod form;
mod keys;
mod sign_in;
mod token;

use bytes::Bytes;
use fake_azure_cloud::{ApiVersion, Guid};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use serde_json::{Value, json};

pub use self::certificate::MANAGEMENT_CERTIFICATE_PEM;
pub use self::directory::{Directory, Principal};
use self::form::Form;
use self::sign_in::{Refusal, Version};
pub use self::token::{Audience, Caller, TokenError, check_bearer, check_bearer_for};
pub(crate) use self::token::{bearer, decode};
use crate::sandbox::Sandbox;
use crate::text;

/// Whether a path is sign-in's or discovery's, on whatever listener it comes in.
pub(crate) fn owns_path(path: &str) -> bool {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    let (Some(first), second) = (segments.next(), segments.next()) else {
        return false;
    };
    let first = first.to_ascii_lowercase();
    match (first.as_str(), second.unwrap_or("").to_ascii_lowercase().as_str()) {
        ("metadata", "endpoints" | "vmimagealiases") | ("common" | "organizations", _) => true,
        (_, "oauth2") => segments.next().is_some(),
        (_, "v2.0" | ".well-known") => true,
        (_, "discovery") => Guid::parse(&first).is_some(),
        _ => false,
    }
}

/// The base URL of sign-in, without a trailing slash, as seen by whoever sent a request: the server itself under the name that
/// the client reached it by, or Azure's own for a request to a name of Azure's.
pub fn login_endpoint(request: &Uri) -> String {
    match (request.scheme_str(), request.authority()) {
        (Some(scheme), Some(authority)) if !crate::wire::is_azure_host(authority.host()) => {
            format!("{scheme}://{authority}")
        }
        _ => "https://login.windows.net".to_owned(),
    }
}

/// Answers a request for sign-in or discovery.
pub(crate) fn serve(sandbox: &mut Sandbox, request: &Request<Bytes>) -> Response<Bytes> {
    let (status, document) = match route(sandbox, request) {
        Ok(Some(document)) => (StatusCode::OK, document),
        Ok(None) => {
            let code = if is_known(request.uri().path()) {
                StatusCode::METHOD_NOT_ALLOWED
            } else {
                StatusCode::NOT_FOUND
            };
            return empty(code, sandbox);
        }
        Err(Answer::Refusal(refusal)) => refusal.answer(sandbox, request),
        Err(Answer::Gateway(status, code, message)) => {
            (status, json!({ "error": { "code": code, "message": message } }))
        }
    };
    let body = serde_json::to_vec(&document).expect("a tree of texts and numbers can be written");
    let mut response = empty(status, sandbox);
    *response.body_mut() = body.into();
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    response
}

/// What is answered instead of a document.
enum Answer {
    Refusal(Refusal),
    Gateway(StatusCode, &'static str, String),
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Answer {
        Answer::Refusal(refusal)
    }
}

/// The document that a request asks for; `None` where no document has this path and verb.
fn route(sandbox: &mut Sandbox, request: &Request<Bytes>) -> Result<Option<Value>, Answer> {
    let uri = request.uri();
    let segments: Vec<&str> = uri.path().split('/').filter(|segment| !segment.is_empty()).collect();
    let folded: Vec<String> = segments.iter().map(|segment| segment.to_ascii_lowercase()).collect();
    let folded: Vec<&str> = folded.iter().map(String::as_str).collect();
    let query = Form::parse(uri.query().unwrap_or(""));
    let (get, post) = (is_read(request.method()), request.method() == Method::POST);
    let tenant = segments.first().copied().unwrap_or("");

    Ok(match folded.as_slice() {
        ["metadata", "endpoints"] if get => Some(documents::metadata(sandbox, uri, metadata_version(&query)?)),
        ["metadata", "vmimagealiases"] if get => Some(documents::image_aliases(sandbox)),
        [_, "discovery", "instance"] if get => {
            let endpoint = query.field("authorization_endpoint");
            Some(documents::instance_discovery(uri, endpoint).ok_or_else(Refusal::unknown_instance)?)
        }
        [_, "discovery", "keys"] | [_, "discovery", "v2.0", "keys"] if get => {
            sign_in::check_tenant(sandbox, tenant)?;
            let issuer = format!("https://login.microsoftonline.com/{}/v2.0", sandbox.directory.tenant());
            Some(keys::document((folded.len() == 4).then_some(issuer)))
        }
        [_, ".well-known", "openid-configuration"] | [_, "v2.0", ".well-known", "openid-configuration"] if get => {
            sign_in::check_tenant(sandbox, tenant)?;
            Some(documents::openid_configuration(sandbox, uri, tenant, folded.len() == 4))
        }
        ["common", "userrealm", user] if get => {
            // No user is known: the answer for one of a domain that nobody owns (real-clients 1.2).
            Some(
                json!({ "ver": "1.0", "account_type": "Unknown", "cloud_instance_name": "microsoftonline.com", "login": user }),
            )
        }
        [_, "oauth2", "token"] if post => Some(sign_in::sign_in(sandbox, request, tenant, Version::V1)?),
        [_, "oauth2", "v2.0", "token"] if post => Some(sign_in::sign_in(sandbox, request, tenant, Version::V2)?),
        [_, "oauth2", "devicecode"] | [_, "oauth2", "v2.0", "devicecode"] if post => {
            return Err(sign_in::device_code(sandbox, request, tenant).into());
        }
        _ => None,
    })
}

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Whether some verb is answered at a path: the difference between 404 and 405.
fn is_known(path: &str) -> bool {
    let path = path.trim_end_matches('/').to_ascii_lowercase();
    [
        "/token",
        "/devicecode",
        "/openid-configuration",
        "/keys",
        "/instance",
        "/metadata/endpoints",
        "/metadata/vmimagealiases",
    ]
    .iter()
    .any(|end| path.ends_with(end))
}

fn metadata_version(query: &Form) -> Result<ApiVersion, Answer> {
    let Some(text) = query.field("api-version") else {
        return Err(Answer::Gateway(
            StatusCode::BAD_REQUEST,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.".to_owned(),
        ));
    };
    ApiVersion::parse(text).ok_or_else(|| {
        Answer::Gateway(
            StatusCode::BAD_REQUEST,
            "InvalidApiVersionParameter",
            format!(
                "The api-version '{text}' is invalid. The supported versions are \
                 '2022-09-01,2020-06-01,2019-10-01,2019-05-01,2018-05-01,2018-01-01,2015-01-01'."
            ),
        )
    })
}

/// The headers that every answer of sign-in has.
fn empty(status: StatusCode, sandbox: &mut Sandbox) -> Response<Bytes> {
    let id = sandbox.draw_guid().to_string();
    let date = text::rfc1123(sandbox.now_for_expiry());
    Response::builder()
        .status(status)
        .header(header::CACHE_CONTROL, "no-store, no-cache")
        .header(header::PRAGMA, "no-cache")
        .header(header::EXPIRES, "-1")
        .header(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header("x-ms-request-id", id)
        .header(header::DATE, date)
        .body(Bytes::new())
        .expect("headers are constants, a GUID and a date")
}
