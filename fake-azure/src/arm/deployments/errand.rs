//! What the engine asks of the gateway as a client does, in the name of who ordered the deployment: what is laid over scopes -
//! locks, roles, tags - and whether that person may write at all.
//!
//! It refuses to know what a lock or a role is: it makes requests, and reads answers.

use bytes::Bytes;
use fake_azure_cloud::{CloudError, Guid};
use http::{Method, Request};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::Value;

use super::gate::Begun;
use crate::Sandbox;
use crate::arm::answer::Body;
use crate::arm::error::Refusal;
use crate::arm::request::Asked;
use crate::arm::{access, forms, governance};
use crate::identity::{Caller, Lookup};

/// What cannot stand in a path as it is.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'|')
    .add(b'\\')
    .add(b'^');

/// Whether an id is of something that is laid over a scope.
pub(crate) fn is_laid_over(id: &str) -> bool {
    let segments: Vec<String> = id
        .split('/')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    segments.len() > 2 && governance::place(&segments).is_some()
}

/// Writes it.
///
/// # Errors
///
/// The gateway's refusal.
pub(crate) fn put(
    sandbox: &mut Sandbox,
    deployer: &Value,
    id: &str,
    version: &str,
    body: &Value,
) -> Result<Begun, CloudError> {
    let caller = caller(sandbox, deployer);
    let request = request(Method::PUT, id, version, body.to_string());
    let (status, _) = serve(sandbox, &request, &caller)?;
    Ok(Begun {
        operation: None,
        created: status == 201,
    })
}

/// Reads it.
///
/// # Errors
///
/// The gateway's refusal.
pub(crate) fn read(sandbox: &mut Sandbox, id: &str, version: &str) -> Result<Value, CloudError> {
    let caller = caller(sandbox, &Value::Null);
    let request = request(Method::GET, id, version, String::new());
    serve(sandbox, &request, &caller).map(|(_, document)| document)
}

/// Refuses what who ordered the deployment may not write, nor refer to in a document where there is one already.
///
/// # Errors
///
/// `AuthorizationFailed`, `LinkedAuthorizationFailed`.
pub(crate) fn check_access(
    sandbox: &Sandbox,
    deployer: &Value,
    id: &str,
    version: &str,
    body: Option<&Value>,
) -> Result<(), CloudError> {
    if !sandbox.enforce_roles {
        return Ok(());
    }
    let caller = caller(sandbox, deployer);
    let request = request(Method::PUT, id, version, body.map(Value::to_string).unwrap_or_default());
    access::check(sandbox, &Asked::read(&request), &caller).map_err(|refusal| told(refusal, id))
}

fn serve(sandbox: &mut Sandbox, request: &Request<Bytes>, caller: &Caller) -> Result<(u16, Value), CloudError> {
    let asked = Asked::read(request);
    let path = asked.uri.path().to_owned();
    let not_there = || CloudError::of(&forms::NO_SUCH_PATH).with("path", &path);
    let segments = asked.segments.clone();
    let place = governance::place(&segments).ok_or_else(not_there)?;
    let answer = governance::serve(sandbox, &asked, &place, caller).map_err(|refusal| told(refusal, &path))?;
    match answer.body {
        Body::Json(document) => Ok((answer.status, document)),
        Body::Nothing | Body::PlainNothing => Ok((answer.status, Value::Null)),
    }
}

fn request(method: Method, id: &str, version: &str, body: String) -> Request<Bytes> {
    let path = utf8_percent_encode(id, ESCAPED);
    let version = utf8_percent_encode(version, ESCAPED);
    let uri = format!("https://management.azure.com{path}?api-version={version}");
    let built = Request::builder().method(method).uri(uri).body(Bytes::from(body));
    // An id that is none even then is nowhere.
    built.unwrap_or_default()
}

/// Who ordered the deployment; the first principal where nobody is named.
fn caller(sandbox: &Sandbox, deployer: &Value) -> Caller {
    let named = deployer.get("objectId").and_then(Value::as_str).and_then(Guid::parse);
    let first = sandbox.directory.first();
    let object_id = named.unwrap_or(first.object_id);
    let subscription = sandbox.subscriptions().first().copied();
    let app_id = match sandbox.directory.lookup(object_id, subscription, sandbox.cloud.now()) {
        Lookup::Known(info) => info.app_id,
        Lookup::Replicating { .. } | Lookup::Unknown => None,
    };
    Caller {
        object_id,
        app_id: app_id.unwrap_or(Guid::NIL),
        tenant: sandbox.directory.tenant(),
        name: String::new(),
        user: None,
        by_fake_token: false,
    }
}

fn told(refusal: Refusal, path: &str) -> CloudError {
    match refusal {
        Refusal::Error(error)
        | Refusal::Challenge { error, .. }
        | Refusal::Throttled { error, .. }
        | Refusal::UsedUp { error, .. } => *error,
        Refusal::Verb | Refusal::Written { .. } | Refusal::Query(_) => {
            CloudError::of(&forms::NO_SUCH_PATH).with("path", path)
        }
    }
}
