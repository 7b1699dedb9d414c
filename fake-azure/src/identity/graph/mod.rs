//! Graph: the directory as documents. The calls that the Azure CLI (`az ad`), the SDKs of configuration tools and Juju make:
//! applications, service principals and their credentials, users, the caller itself (real-clients 1.3, juju-provider 1.7).
//!
//! Groups, role management and consent are not there and answer as a segment that Graph does not know.

mod documents;
mod filter;
mod legacy;
mod objects;
mod users;

use bytes::Bytes;
use fake_azure_cloud::{Guid, Time};
use http::{Method, Request, StatusCode, Uri};
use serde_json::{Map, Value, json};

use self::filter::Filter;
use super::directory::Register;
use super::form::Form;
use super::token::{self, Audience, Caller, TokenError};
use crate::sandbox::Sandbox;
use crate::text;

/// Entries of a page unless `$top` says otherwise, and at most.
const PAGE: usize = 100;
const PAGE_MAX: usize = 999;

/// Why Graph refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GraphError {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl GraphError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> GraphError {
        GraphError {
            status,
            code,
            message: message.into(),
        }
    }

    /// A request that cannot be understood.
    fn bad_request(message: impl Into<String>) -> GraphError {
        GraphError::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    /// A request that the directory does not carry out.
    fn refused(message: impl Into<String>) -> GraphError {
        GraphError::new(StatusCode::BAD_REQUEST, "Request_BadRequest", message)
    }

    fn not_found(id: &str) -> GraphError {
        let message =
            format!("Resource '{id}' does not exist or one of its queried reference-property objects are not present.");
        GraphError::new(StatusCode::NOT_FOUND, "Request_ResourceNotFound", message)
    }

    fn no_segment(segment: &str) -> GraphError {
        GraphError::bad_request(format!("Resource not found for the segment '{segment}'."))
    }

    fn no_verb(method: &Method) -> GraphError {
        let message = format!("Specified HTTP method is not allowed for the request target: {method}.");
        GraphError::new(StatusCode::METHOD_NOT_ALLOWED, "Request_BadRequest", message)
    }

    fn required(member: &str, type_name: &str) -> GraphError {
        GraphError::refused(format!(
            "A value is required for property '{member}' of resource '{type_name}'."
        ))
    }

    fn invalid(member: &str, type_name: &str) -> GraphError {
        GraphError::refused(format!(
            "Invalid value specified for property '{member}' of resource '{type_name}'."
        ))
    }

    fn taken(member: &str) -> GraphError {
        let message = format!("Another object with the same value for property {member} already exists.");
        GraphError::new(StatusCode::BAD_REQUEST, "ObjectConflict", message)
    }

    fn full() -> GraphError {
        let message = "The directory object quota limit for the Tenant has been exceeded. Please ask your administrator to increase \
                       the quota limit or delete objects to reduce the used quota.";
        GraphError::new(StatusCode::FORBIDDEN, "Directory_QuotaExceeded", message)
    }
}

/// What Graph answers.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reply {
    /// A document: 200.
    Found(Value),
    /// The document of what is new: 201.
    Made(Value),
    /// Nothing: 204.
    Done,
}

/// Whether a path is Graph's: `/v1.0/..`, `/beta/..`, or the old Graph's `/{tenant}/{noun}`.
pub(super) fn owns_path(folded: &[&str]) -> bool {
    match folded {
        ["v1.0" | "beta", ..] => true,
        [tenant, noun, ..] => {
            (Guid::parse(tenant).is_some() || *tenant == "myorganization" || tenant.contains('.'))
                && legacy::NOUNS.contains(noun)
        }
        _ => false,
    }
}

/// A call of Graph's.
struct Asked<'a> {
    uri: &'a Uri,
    method: &'a Method,
    /// `v1.0` or `beta`.
    version: &'a str,
    /// The path below the version: as written, and folded.
    segments: Vec<&'a str>,
    folded: Vec<&'a str>,
    query: Form,
    body: Map<String, Value>,
    caller: Caller,
    /// When, by the clock that dates are judged by.
    now: Time,
    /// The sandbox's first subscription and clock, for what takes time to be known.
    sandbox: (Option<Guid>, Time),
}

impl Asked<'_> {
    /// The base of links: `https://graph.microsoft.com/v1.0`.
    fn base(&self) -> String {
        format!("{}/{}", base(self.uri), self.version)
    }

    fn tenant(&self) -> Guid {
        self.caller.tenant
    }

    /// A document as an answer: with its context, and only with what `$select` names.
    fn entity(&self, context: &str, document: Map<String, Value>) -> Value {
        let mut whole = Map::new();
        let own = format!("{}/$metadata#{context}/$entity", self.base());
        whole.insert("@odata.context".to_owned(), own.into());
        whole.extend(self.selected(document));
        Value::Object(whole)
    }

    fn selected(&self, document: Map<String, Value>) -> Map<String, Value> {
        let Some(names) = self.query.field("$select") else {
            return document;
        };
        let names: Vec<&str> = names.split(',').map(str::trim).collect();
        let keeps = |name: &str| names.iter().any(|own| own.eq_ignore_ascii_case(name));
        document
            .into_iter()
            .filter(|(name, _)| keeps(name) || name.starts_with("@odata."))
            .collect()
    }

    /// A list as an answer: filtered, a page of it, with a link to the next one.
    fn list(
        &self,
        context: &str,
        type_name: &str,
        documents: impl Iterator<Item = Map<String, Value>>,
    ) -> Result<Reply, GraphError> {
        let filter = self.query.field("$filter").map(Filter::parse).transpose()?;
        let mut found = Vec::new();
        for document in documents {
            let holds = match &filter {
                Some(filter) => filter.holds(&document, type_name)?,
                None => true,
            };
            if holds {
                found.push(document);
            }
        }
        let number = |name: &str, otherwise: usize| match self.query.field(name) {
            None => Ok(otherwise),
            Some(text) => text
                .parse::<usize>()
                .map_err(|_| GraphError::bad_request(format!("Invalid value '{text}' for {name} query option found."))),
        };
        let top = number("$top", PAGE)?;
        if top == 0 || top > PAGE_MAX {
            let message = format!("Invalid page size specified: '{top}'. Must be between 1 and {PAGE_MAX} inclusive.");
            return Err(GraphError::refused(message));
        }
        let skip = number("$skiptoken", 0)?;
        let n_found = found.len();
        let page: Vec<Value> = found
            .into_iter()
            .skip(skip)
            .take(top)
            .map(|document| Value::Object(self.selected(document)))
            .collect();
        let mut whole = Map::new();
        whole.insert(
            "@odata.context".to_owned(),
            format!("{}/$metadata#{context}", self.base()).into(),
        );
        if skip.saturating_add(top) < n_found {
            whole.insert("@odata.nextLink".to_owned(), self.next_link(skip + top).into());
        }
        whole.insert("value".to_owned(), page.into());
        Ok(Reply::Found(Value::Object(whole)))
    }

    /// The address of the next page: this request's with another position.
    fn next_link(&self, position: usize) -> String {
        let query = self.uri.query().unwrap_or("");
        let kept = query
            .split('&')
            .filter(|field| !field.is_empty() && !field.to_ascii_lowercase().starts_with("$skiptoken="))
            .map(str::to_owned);
        let fields: Vec<String> = kept.chain([format!("$skiptoken={position}")]).collect();
        format!("{}{}?{}", base(self.uri), self.uri.path(), fields.join("&"))
    }
}

/// Scheme and authority of a request, without a slash at the end.
fn base(uri: &Uri) -> String {
    let authority = uri.authority().map_or("graph.microsoft.com", |at| at.as_str());
    format!("{}://{authority}", uri.scheme_str().unwrap_or("https"))
}

/// Answers a call.
pub(super) fn serve(sandbox: &mut Sandbox, request: &Request<Bytes>) -> (StatusCode, Option<Value>) {
    let path = request.uri().path().to_owned();
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let is_legacy = segments
        .first()
        .is_none_or(|first| !first.eq_ignore_ascii_case("v1.0") && !first.eq_ignore_ascii_case("beta"));
    let replied = reply(sandbox, request, &segments, is_legacy);
    match replied {
        Ok(Reply::Found(document)) => (StatusCode::OK, Some(document)),
        Ok(Reply::Made(document)) => (StatusCode::CREATED, Some(document)),
        Ok(Reply::Done) => (StatusCode::NO_CONTENT, None),
        Err(error) if is_legacy => (error.status, Some(legacy::envelope(sandbox, &error))),
        Err(error) => (error.status, Some(envelope(sandbox, request, &error))),
    }
}

fn reply(sandbox: &Sandbox, request: &Request<Bytes>, segments: &[&str], is_legacy: bool) -> Result<Reply, GraphError> {
    let caller = caller(sandbox, request)?;
    let body = body(request)?;
    let decoded: Vec<String> = segments.iter().skip(1).map(|segment| decoded(segment)).collect();
    let folded: Vec<String> = decoded.iter().map(|segment| segment.to_ascii_lowercase()).collect();
    let asked = Asked {
        uri: request.uri(),
        method: request.method(),
        version: segments.first().copied().unwrap_or("v1.0"),
        segments: decoded.iter().map(String::as_str).collect(),
        folded: folded.iter().map(String::as_str).collect(),
        query: Form::parse(request.uri().query().unwrap_or("")),
        body,
        caller,
        now: sandbox.now_for_expiry(),
        sandbox: (sandbox.subscriptions().first().copied(), sandbox.cloud.now()),
    };
    if is_legacy {
        return legacy::route(sandbox, &asked);
    }
    route(sandbox, &asked)
}

/// A segment of a path, decoded; `users('x')` and `applications(appId='x')` are two segments in one.
fn decoded(segment: &str) -> String {
    percent_encoding::percent_decode_str(segment)
        .decode_utf8_lossy()
        .into_owned()
}

fn route(sandbox: &Sandbox, asked: &Asked<'_>) -> Result<Reply, GraphError> {
    let words = keyed(asked);
    let folded: Vec<String> = words.iter().map(|word| word.to_ascii_lowercase()).collect();
    let folded: Vec<&str> = folded.iter().map(String::as_str).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let directory = &sandbox.directory;
    match folded.as_slice() {
        ["applications", ..] => objects::applications(directory, asked, &words[1..]),
        ["serviceprincipals", ..] => objects::service_principals(directory, asked, &words[1..]),
        ["users", ..] => users::users(directory, asked, &words[1..]),
        ["me", ..] => users::me(directory, asked, &words[1..]),
        ["directoryobjects", ..] => objects::directory_objects(directory, asked, &words[1..]),
        ["organization"] if is_read(asked) => {
            let tenants = directory.tenants().into_iter().filter(|own| own.id == asked.tenant());
            asked.list(
                "organization",
                "organization",
                tenants.map(|own| documents::organization(&own)),
            )
        }
        [first, ..] => Err(GraphError::no_segment(first)),
        [] => Err(GraphError::no_segment("")),
    }
}

/// The segments of a path with keys in brackets apart: `users('x')/y` is `users`, `x`, `y`; `applications(appId='x')` is
/// `applications`, `appId='x'`.
fn keyed(asked: &Asked<'_>) -> Vec<String> {
    let mut words = Vec::new();
    for segment in &asked.segments {
        match segment.split_once('(') {
            Some((noun, key)) if segment.ends_with(')') => {
                words.push(noun.to_owned());
                let key = &key[..key.len() - 1];
                let is_plain = key.starts_with('\'') && key.ends_with('\'') && key.len() >= 2;
                words.push(if is_plain {
                    key[1..key.len() - 1].to_owned()
                } else {
                    key.to_owned()
                });
            }
            _ => words.push((*segment).to_owned()),
        }
    }
    words
}

fn is_read(asked: &Asked<'_>) -> bool {
    matches!(*asked.method, Method::GET | Method::HEAD)
}

/// Who calls, or the 401 in Graph's words.
fn caller(sandbox: &Sandbox, request: &Request<Bytes>) -> Result<Caller, GraphError> {
    let refused = |message: String| GraphError::new(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", message);
    token::check_bearer_of_any_tenant(sandbox, request.headers(), Audience::Graph).map_err(|error| match error {
        TokenError::MissingHeader | TokenError::MissingToken | TokenError::InvalidHeader => {
            refused("Access token is empty.".to_owned())
        }
        TokenError::Invalid => refused("IDX14100: JWT is not well formed, there are no dots (.).".to_owned()),
        TokenError::Expired { .. } => refused("Lifetime validation failed, the token is expired.".to_owned()),
        TokenError::WrongAudience { .. } => refused("Access token validation failure. Invalid audience.".to_owned()),
        TokenError::WrongTenant { .. } => refused("Access token validation failure. Invalid issuer.".to_owned()),
    })
}

/// The document that came with a call; an empty body is an empty one. A byte order mark before it does no harm.
fn body(request: &Request<Bytes>) -> Result<Map<String, Value>, GraphError> {
    let bytes = request.body();
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(members)) => Ok(members),
        _ => Err(GraphError::bad_request(
            "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.",
        )),
    }
}

/// Graph's envelope.
fn envelope(sandbox: &mut Sandbox, request: &Request<Bytes>, error: &GraphError) -> Value {
    let id = sandbox.draw_guid().to_string();
    let client = request
        .headers()
        .get("client-request-id")
        .and_then(|id| id.to_str().ok())
        .map_or_else(|| id.clone(), str::to_owned);
    let date = text::iso_secs(sandbox.now_for_expiry());
    json!({
        "error": {
            "code": error.code,
            "message": error.message,
            "innerError": {
                "date": date.trim_end_matches('Z'),
                "request-id": id,
                "client-request-id": client,
            },
        }
    })
}

/// A member of a body that is a text, and not an empty one.
fn member<'b>(body: &'b Map<String, Value>, name: &str) -> Option<&'b str> {
    body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// The object ids that own an object, as documents of the directory.
fn owners(register: &Register, owners: &[Guid]) -> Vec<Map<String, Value>> {
    owners
        .iter()
        .filter_map(|id| documents::directory_object(register, *id))
        .collect()
}
