//! Identity: discovery documents, tokens, managed identities, Graph, and who a token says is calling.
//!
//! It refuses to know what a caller may do: that is the cloud's.

mod assertion;
mod certificate;
mod clouds;
mod device;
mod directory;
mod documents;
mod form;
mod graph;
mod instance;
mod keys;
mod managed;
mod principals;
mod refusal;
mod sign_in;
mod token;

use bytes::Bytes;
use fake_azure_cloud::{ApiVersion, Guid};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use serde_json::{Value, json};

pub use self::certificate::{Certificate, MANAGEMENT_CERTIFICATE_PEM};
pub(crate) use self::clouds::{AzureCloud, CLOUDS};
pub(crate) use self::device::{DeviceSignIn, Standing, decide};
pub use self::directory::{DeviceCodes, Directory, DirectoryOptions, Lookup, PrincipalInfo};
use self::form::Form;
pub use self::managed::IDENTITY_HEADER;
pub use self::principals::{Principal, Tenant, User};
use self::refusal::Refusal;
use self::sign_in::Version;
pub use self::token::{Audience, Caller, TokenError, check_bearer, check_bearer_for, check_bearer_of_any_tenant};
pub(crate) use self::token::{bearer, decode};
use crate::sandbox::Sandbox;
use crate::text;

/// Whether a path is identity's. Sign-in and discovery are answered on every listener; Graph and the metadata service are not
/// where a path may begin with the name of a storage account.
pub(crate) fn owns_path(path: &str, may_name_account: bool) -> bool {
    let folded = path.to_ascii_lowercase();
    let segments: Vec<&str> = folded.split('/').filter(|segment| !segment.is_empty()).collect();
    match segments.as_slice() {
        ["metadata", "endpoints" | "vmimagealiases", ..]
        | ["common" | "organizations", ..]
        | [_, "oauth2", _, ..]
        | [_, "v2.0" | ".well-known", ..] => true,
        [tenant, "discovery", ..] => Guid::parse(tenant).is_some(),
        _ if may_name_account => false,
        ["metadata", "identity" | "instance" | "versions", ..] | ["devicelogin"] | ["msi", "token"] => true,
        _ => metadata_of_machine(&segments).is_some() || graph::owns_path(&segments),
    }
}

/// The number of segments of a machine's id, where a path is one of that machine's metadata service:
/// `/subscriptions/../virtualMachines/{name}/metadata/..`.
fn metadata_of_machine(folded: &[&str]) -> Option<usize> {
    match folded {
        [
            "subscriptions",
            _,
            "resourcegroups",
            _,
            "providers",
            "microsoft.compute",
            "virtualmachines",
            _,
            "metadata",
            "identity" | "instance" | "versions",
            ..,
        ] => Some(8),
        _ => None,
    }
}

/// What a directory, and the machines of a sandbox, say of an object that somebody wants to give a role to. An object that was
/// just made is not known everywhere for a while (arm 6.6).
pub fn find_principal(sandbox: &Sandbox, object_id: Guid) -> Lookup {
    let own = sandbox.subscriptions().first().copied();
    match sandbox.directory.lookup(object_id, own, sandbox.cloud.now()) {
        Lookup::Unknown => match managed::find_identity(sandbox, object_id) {
            Some((name, app_id)) => Lookup::Known(PrincipalInfo {
                object_id,
                app_id: Some(app_id),
                kind: "ServicePrincipal",
                display_name: name,
                user_principal_name: None,
            }),
            None if sandbox.directory.options().any_principal => Lookup::Known(PrincipalInfo {
                object_id,
                app_id: None,
                kind: "ServicePrincipal",
                display_name: String::new(),
                user_principal_name: None,
            }),
            None => Lookup::Unknown,
        },
        found => found,
    }
}

/// The base URL of sign-in, without a trailing slash, as seen by whoever sent a request: the server itself under the name that
/// the client reached it by, or Azure's own for a request to a name of Azure's.
pub fn login_endpoint(request: &Uri) -> String {
    match (request.scheme_str(), request.authority()) {
        (Some(scheme), Some(authority)) if !crate::wire::is_azure_host(authority.host()) => {
            format!("{scheme}://{authority}")
        }
        (_, authority) => {
            let cloud = authority.and_then(|own| AzureCloud::of_host(own.host()));
            format!("https://{}", cloud.unwrap_or(&CLOUDS[0]).login)
        }
    }
}

/// What is answered.
enum Reply {
    /// A document.
    Document(Value),
    /// A page for a person.
    Page(String),
    /// A text.
    Text(String),
}

impl From<Value> for Reply {
    fn from(document: Value) -> Reply {
        Reply::Document(document)
    }
}

/// What is answered instead of a document.
enum Answer {
    Refusal(Refusal),
    Gateway(StatusCode, &'static str, String),
    Metadata(managed::Trouble),
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Answer {
        Answer::Refusal(refusal)
    }
}

impl From<managed::Trouble> for Answer {
    fn from(trouble: managed::Trouble) -> Answer {
        Answer::Metadata(trouble)
    }
}

/// Answers a request for identity.
pub(crate) fn serve(sandbox: &mut Sandbox, request: &Request<Bytes>) -> Response<Bytes> {
    let folded = request.uri().path().to_ascii_lowercase();
    let segments: Vec<&str> = folded.split('/').filter(|segment| !segment.is_empty()).collect();
    let host = request.uri().host().unwrap_or("");
    if graph::owns_path(&segments) || host.eq_ignore_ascii_case("graph.microsoft.com") || is_old_graph(host) {
        let (status, document) = graph::serve(sandbox, request);
        return answer(sandbox, status, document.map(Reply::Document));
    }
    match route(sandbox, request) {
        Ok(Some(reply)) => answer(sandbox, StatusCode::OK, Some(reply)),
        Ok(None) => {
            let status = if is_known(request.uri().path()) {
                StatusCode::METHOD_NOT_ALLOWED
            } else {
                StatusCode::NOT_FOUND
            };
            answer(sandbox, status, None)
        }
        Err(Answer::Refusal(refusal)) => {
            let (status, document) = refusal.answer(sandbox, request);
            answer(sandbox, status, Some(document.into()))
        }
        Err(Answer::Metadata((status, document))) => answer(sandbox, status, Some(document.into())),
        Err(Answer::Gateway(status, code, message)) => {
            let document = json!({ "error": { "code": code, "message": message } });
            answer(sandbox, status, Some(document.into()))
        }
    }
}

fn is_old_graph(host: &str) -> bool {
    host.eq_ignore_ascii_case("graph.windows.net")
}

fn answer(sandbox: &mut Sandbox, status: StatusCode, reply: Option<Reply>) -> Response<Bytes> {
    let mut response = empty(status, sandbox);
    let (content_type, body) = match reply {
        None => return response,
        Some(Reply::Document(document)) => {
            let body = serde_json::to_vec(&document).expect("a tree of texts and numbers can be written");
            ("application/json; charset=utf-8", body)
        }
        Some(Reply::Page(page)) => ("text/html; charset=utf-8", page.into_bytes()),
        Some(Reply::Text(text)) => ("text/plain; charset=utf-8", text.into_bytes()),
    };
    *response.body_mut() = body.into();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// The answer that a request asks for; `None` where nothing has this path and verb.
fn route(sandbox: &mut Sandbox, request: &Request<Bytes>) -> Result<Option<Reply>, Answer> {
    let uri = request.uri();
    let segments: Vec<&str> = uri.path().split('/').filter(|segment| !segment.is_empty()).collect();
    let folded: Vec<String> = segments.iter().map(|segment| segment.to_ascii_lowercase()).collect();
    let folded: Vec<&str> = folded.iter().map(String::as_str).collect();
    let query = Form::parse(uri.query().unwrap_or(""));
    let (get, post) = (is_read(request.method()), request.method() == Method::POST);
    let tenant = segments.first().copied().unwrap_or("");

    if let Some(n_segments) = metadata_of_machine(&folded) {
        let machine = format!("/{}", segments[..n_segments].join("/"));
        let (below, folded) = (&segments[n_segments..], &folded[n_segments..]);
        return metadata_service(sandbox, request, &query, Some(&machine), below, folded);
    }
    Ok(match folded.as_slice() {
        ["metadata", "endpoints"] if get => Some(documents::metadata(sandbox, uri, metadata_version(&query)?).into()),
        ["metadata", "vmimagealiases"] if get => Some(documents::image_aliases(sandbox).into()),
        ["metadata", ..] => return metadata_service(sandbox, request, &query, None, &segments, &folded),
        ["msi", "token"] if get || post => Some(managed::app_service_token(sandbox, request, &query)?.into()),
        [_, "discovery", "instance"] if get => {
            let endpoint = query.field("authorization_endpoint");
            let document = documents::instance_discovery(uri, endpoint).ok_or_else(Refusal::unknown_instance)?;
            Some(document.into())
        }
        [_, "discovery", "keys"] | [_, "discovery", "v2.0", "keys"] if get => {
            let here = sign_in::tenant(sandbox, tenant)?;
            let issuer = documents::issuer_v2(here);
            Some(keys::document((folded.len() == 4).then_some(issuer)).into())
        }
        [_, ".well-known", "openid-configuration"] | [_, "v2.0", ".well-known", "openid-configuration"] if get => {
            let here = sign_in::tenant(sandbox, tenant)?;
            Some(documents::openid_configuration(here, uri, tenant, folded.len() == 4).into())
        }
        ["common", "userrealm", user] if get => Some(documents::user_realm(sandbox, user).into()),
        ["devicelogin"] | [_, "oauth2", "deviceauth"] if get || post => {
            Some(Reply::Page(device::page(sandbox, request, post)))
        }
        [_, "oauth2", "token"] if post => Some(sign_in::sign_in(sandbox, request, tenant, Version::V1)?.into()),
        [_, "oauth2", "v2.0", "token"] if post => Some(sign_in::sign_in(sandbox, request, tenant, Version::V2)?.into()),
        [_, "oauth2", "devicecode"] if post => Some(device::begin(sandbox, request, tenant, Version::V1)?.into()),
        [_, "oauth2", "v2.0", "devicecode"] if post => {
            Some(device::begin(sandbox, request, tenant, Version::V2)?.into())
        }
        _ => None,
    })
}

/// The metadata service of a machine: tokens of its identity, and what it is.
fn metadata_service(
    sandbox: &mut Sandbox,
    request: &Request<Bytes>,
    query: &Form,
    machine: Option<&str>,
    segments: &[&str],
    folded: &[&str],
) -> Result<Option<Reply>, Answer> {
    if !is_read(request.method()) {
        return Ok(None);
    }
    Ok(match folded {
        ["metadata", "identity", "oauth2", "token"] => {
            Some(managed::imds_token(sandbox, request, query, machine)?.into())
        }
        ["metadata", "versions"] => Some(instance::versions(request)?.into()),
        ["metadata", "instance", ..] => {
            let found = instance::read(sandbox, request, query, machine, &segments[2..])?;
            Some(match found {
                instance::Found::Tree(document) => document.into(),
                instance::Found::Text(text) => Reply::Text(text),
            })
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
        "/deviceauth",
        "/devicelogin",
        "/metadata/instance",
        "/metadata/versions",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_blobs_are_left_alone() {
        let tenant = "7e4aa2d1-0000-4000-8000-000000000001";
        let rows = [
            (format!("/{tenant}/oauth2/v2.0/token"), true, true),
            ("/metadata/endpoints".to_owned(), true, true),
            ("/v1.0/users".to_owned(), true, false),
            ("/beta/users".to_owned(), true, false),
            (format!("/{tenant}/servicePrincipals"), true, false),
            (format!("/{tenant}/services/hostedservices"), false, false),
            ("/metadata/identity/oauth2/token".to_owned(), true, false),
            ("/metadata/instance".to_owned(), true, false),
            ("/msi/token".to_owned(), true, false),
            ("/msi/token/blob".to_owned(), false, false),
            (
                "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/m/metadata/instance/compute"
                    .to_owned(),
                true,
                false,
            ),
            (
                "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/m".to_owned(),
                false,
                false,
            ),
            ("/account/container/blob".to_owned(), false, false),
            ("/".to_owned(), false, false),
        ];
        for (path, elsewhere, on_blobs) in rows {
            assert_eq!(
                (owns_path(&path, false), owns_path(&path, true)),
                (elsewhere, on_blobs),
                "{path}"
            );
        }
    }
}
