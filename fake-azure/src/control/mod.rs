//! The control API: `/_fake/...` on the admin listener, for the person or the harness that runs the simulation.
//!
//! It refuses to know the protocols of the front ends. Errors come in ARM's envelope.

mod data_plane;
mod directory;
mod gateways;
mod schema;
mod types;

use std::collections::BTreeMap;

use bytes::Bytes;
use fake_azure_cloud::catalogue::limits::Era;
use fake_azure_cloud::classic::ClassicOperation;
use fake_azure_cloud::{Doing, Guid, Operation, Status, Time};
use http::{Method, Request, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub use self::data_plane::{ConnectionInfo, ListenerInfo, ResponderInfo};
pub use self::directory::{DeviceSignInInfo, DeviceVerdict, DirectoryInfo, DirectorySettings, TenantInfo, UserInfo};
pub use self::gateways::{GatewayInfo, GatewaySettings};
pub use self::schema::document;
pub use self::types::{
    CheckInfo, ClockInfo, ClockMove, FaultInfo, FaultInstalled, Fork, LimitInfo, Limits, LimitsInfo, List,
    OperationInfo, Reset, SandboxInfo, Template, TemplateInfo, Throttling,
};
use crate::envelope;
use crate::faults::{FaultId, Moment, Rule};
use crate::sandbox::{Sandbox, Saved};
use crate::sandboxes::{self, Sandboxes, Shared, lock};
use crate::wire::{Delivery, Served};

const PREFIX: &str = "/_fake";

/// Why a control call is refused. Each is answered in ARM's envelope with the variant's name as its code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// There is no such call: 404.
    #[error("there is no control call `{0}`; see docs/control-api.md")]
    NoSuchCall(String),
    /// The call has other verbs: 405.
    #[error("`{call}` answers {verbs}")]
    WrongVerb {
        /// The call.
        call: String,
        /// What it answers.
        verbs: &'static str,
    },
    /// The document cannot be understood: 400.
    #[error("{0}")]
    InvalidDocument(String),
    /// The document asks for what cannot be: 400.
    #[error("{0}")]
    InvalidValue(String),
    /// No sandbox holds the subscription: 404.
    #[error("no sandbox holds the subscription `{0}`")]
    NoSuchSandbox(String),
    /// No such device code waits: 404.
    #[error("no device code `{0}` waits for a word")]
    NoSuchDeviceCode(String),
    /// No such rule is in force: 404.
    #[error("there is no fault rule `{0}`")]
    NoSuchFault(String),
}

impl ControlError {
    fn status(&self) -> StatusCode {
        match self {
            ControlError::NoSuchCall(_)
            | ControlError::NoSuchSandbox(_)
            | ControlError::NoSuchDeviceCode(_)
            | ControlError::NoSuchFault(_) => StatusCode::NOT_FOUND,
            ControlError::WrongVerb { .. } => StatusCode::METHOD_NOT_ALLOWED,
            ControlError::InvalidDocument(_) | ControlError::InvalidValue(_) => StatusCode::BAD_REQUEST,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            ControlError::NoSuchCall(_) => "NoSuchCall",
            ControlError::WrongVerb { .. } => "WrongVerb",
            ControlError::InvalidDocument(_) => "InvalidDocument",
            ControlError::InvalidValue(_) => "InvalidValue",
            ControlError::NoSuchSandbox(_) => "NoSuchSandbox",
            ControlError::NoSuchDeviceCode(_) => "NoSuchDeviceCode",
            ControlError::NoSuchFault(_) => "NoSuchFault",
        }
    }
}

/// Whether a path is the control API's.
pub(crate) fn owns_path(path: &str) -> bool {
    path == PREFIX || path.starts_with("/_fake/")
}

/// What a call answers.
enum Answer {
    Document(Value),
    Lines(String),
}

/// Answers a control call.
pub(crate) fn serve(sandboxes: &Sandboxes, request: &Request<Bytes>, wall: Option<Time>) -> Served {
    let response = match route(sandboxes, request, wall) {
        Ok(Answer::Document(document)) => envelope::json_answer(StatusCode::OK, document.to_string()),
        Ok(Answer::Lines(lines)) => {
            let mut response = envelope::json_answer(StatusCode::OK, lines);
            let content_type = http::HeaderValue::from_static("application/x-ndjson; charset=utf-8");
            response.headers_mut().insert(http::header::CONTENT_TYPE, content_type);
            response
        }
        Err(error) => refusal(&error),
    };
    Served {
        response,
        delivery: Delivery::Send,
    }
}

fn refusal(error: &ControlError) -> Response<Bytes> {
    envelope::arm(error.status(), error.code(), &error.to_string())
}

fn route(sandboxes: &Sandboxes, request: &Request<Bytes>, wall: Option<Time>) -> Result<Answer, ControlError> {
    let path = request
        .uri()
        .path()
        .strip_prefix(PREFIX)
        .unwrap_or("")
        .trim_matches('/')
        .to_owned();
    let (call, rest) = path.split_once('/').unwrap_or((path.as_str(), ""));
    let query = Query(request.uri().query().unwrap_or(""));
    let method = request.method();
    let wrong = |verbs| {
        Err(ControlError::WrongVerb {
            call: path.clone(),
            verbs,
        })
    };
    let body = request.body();

    // Every call but a reset is about one sandbox, whose clock goes on under a scaled pace.
    let chosen = || -> Result<Shared, ControlError> {
        let shared = choose(sandboxes, &query)?;
        if let Some(wall) = wall {
            lock(&shared).tick(wall);
        }
        Ok(shared)
    };
    match (call, rest, method) {
        ("reset", "", &Method::POST) => answer(&reset_to(sandboxes, read(body)?)?),
        ("reset", "", _) => wrong("POST"),
        ("clock", "", &Method::GET) => answer(&clock(&lock(&chosen()?))),
        ("clock", "", &Method::POST) => answer(&move_clock(&mut lock(&chosen()?), &read(body)?)?),
        ("clock", "", _) => wrong("GET and POST"),
        ("limits", "", &Method::GET) => answer(&limits(&lock(&chosen()?))),
        ("limits", "", &Method::PUT) => answer(&set_limits(&mut lock(&chosen()?), &read(body)?)?),
        ("limits", "", _) => wrong("GET and PUT"),
        ("faults", "", &Method::GET) => answer(&faults(&lock(&chosen()?))),
        ("faults", "", &Method::POST) => answer(&install(&mut lock(&chosen()?), read(body)?)?),
        ("faults", "", &Method::DELETE) => {
            lock(&chosen()?).faults.clear();
            Ok(Answer::Document(json!({})))
        }
        ("faults", "", _) => wrong("GET, POST and DELETE"),
        ("faults", id, &Method::DELETE) => remove(&mut lock(&chosen()?), id),
        ("faults", _, _) => wrong("DELETE"),
        ("templates", "", &Method::GET) => answer(&templates(&lock(&chosen()?))),
        ("templates", "", &Method::POST) => answer(&supply(&mut lock(&chosen()?), &read(body)?)?),
        ("templates", "", &Method::DELETE) => {
            lock(&chosen()?).templates.clear();
            Ok(Answer::Document(json!({})))
        }
        ("templates", "", _) => wrong("GET, POST and DELETE"),
        ("directory", "", &Method::GET) => answer(&directory::info(&lock(&chosen()?))),
        ("directory", "", &Method::PUT) => answer(&directory::set(&lock(&chosen()?), &read(body)?)),
        ("directory", "", _) => wrong("GET and PUT"),
        ("device-codes", code, &Method::POST) if !code.is_empty() => {
            answer(&directory::decide(&lock(&chosen()?), code, &read(body)?)?)
        }
        ("device-codes", code, _) if !code.is_empty() => wrong("POST"),
        ("listeners", "", &Method::GET) => answer(&data_plane::listeners(&sandboxes.bindings.borrow())),
        ("connections", rest, &Method::GET) => answer(&data_plane::connection(&lock(&chosen()?), rest, &query)?),
        ("responders", "", &Method::GET) => answer(&data_plane::responders(&lock(&chosen()?))),
        ("responders", "", _) => wrong("GET"),
        ("responders", role, &Method::PUT) => {
            answer(&data_plane::set_responder(&mut lock(&chosen()?), role, &read(body)?)?)
        }
        ("responders", role, &Method::DELETE) => {
            lock(&chosen()?).data_plane.responders.remove(role);
            Ok(Answer::Document(json!({})))
        }
        ("responders", _, _) => wrong("PUT and DELETE"),
        ("gateways", "", &Method::GET) => answer(&gateways::list(&lock(&chosen()?))),
        ("gateways", "", _) => wrong("GET"),
        ("gateways", network, &Method::PUT) => {
            answer(&gateways::set(&mut lock(&chosen()?), network, &query, &read(body)?)?)
        }
        ("gateways", network, &Method::DELETE) => answer(&gateways::delete(&mut lock(&chosen()?), network, &query)?),
        ("gateways", _, _) => wrong("PUT and DELETE"),
        ("listeners" | "connections", _, _) => wrong("GET"),
        ("state", "", &Method::GET) => answer(&lock(&chosen()?).save()),
        ("state", "", &Method::PUT) => answer(&restore(sandboxes, read(body)?)?),
        ("state", "", _) => wrong("GET and PUT"),
        ("fork", "", &Method::POST) => answer(&fork(sandboxes, &chosen()?, &read(body)?)?),
        ("fork", "", _) => wrong("POST"),
        ("operations", "", &Method::GET) => answer(&operations(&lock(&chosen()?))),
        ("journal", "", &Method::GET) => journal(&lock(&chosen()?), &query),
        ("check", "", &Method::GET) => answer(&check(&lock(&chosen()?))),
        ("operations" | "journal" | "check", "", _) => wrong("GET"),
        _ => Err(ControlError::NoSuchCall(path.clone())),
    }
}

/// A query string of names and numbers, which need no decoding.
struct Query<'a>(&'a str);

impl Query<'_> {
    fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.0.split('&').filter_map(|field| field.split_once('='));
        fields.find(|(own, _)| *own == name).map(|(_, value)| value)
    }
}

fn choose(sandboxes: &Sandboxes, query: &Query<'_>) -> Result<Shared, ControlError> {
    let Some(text) = query.field("subscription") else {
        return Ok(sandboxes.last());
    };
    let found = Guid::parse(text).and_then(|subscription| sandboxes.of(subscription));
    found.ok_or_else(|| ControlError::NoSuchSandbox(text.to_owned()))
}

/// A document; an empty body is an empty one.
fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, ControlError> {
    let bytes: &[u8] = if body.iter().all(u8::is_ascii_whitespace) {
        b"{}"
    } else {
        body
    };
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let document = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let at = error.path().to_string();
        let place = if matches!(at.as_str(), "." | "?") {
            String::new()
        } else {
            format!("`{at}`: ")
        };
        ControlError::InvalidDocument(format!("{place}{}", error.into_inner()))
    })?;
    reader
        .end()
        .map_err(|error| ControlError::InvalidDocument(error.to_string()))?;
    Ok(document)
}

fn answer<T: Serialize>(document: &T) -> Result<Answer, ControlError> {
    let document = serde_json::to_value(document).expect("the API's documents are trees with texts for keys");
    Ok(Answer::Document(document))
}

fn invalid(message: impl Into<String>) -> ControlError {
    ControlError::InvalidValue(message.into())
}

fn guid(text: &str) -> Result<Guid, ControlError> {
    Guid::parse(text).ok_or_else(|| invalid(format!("`{text}` is not a GUID")))
}

fn era(text: &str) -> Result<Era, ControlError> {
    let names = || Era::ALL.map(Era::name).join(", ");
    Era::find(text).ok_or_else(|| invalid(format!("`{text}` is not a profile: expected one of {}", names())))
}

/// Makes a new sandbox.
pub(crate) fn reset(sandboxes: &Sandboxes, reset: Reset) -> Result<(), ControlError> {
    reset_to(sandboxes, reset).map(|_| ())
}

fn reset_to(sandboxes: &Sandboxes, reset: Reset) -> Result<SandboxInfo, ControlError> {
    let Reset {
        subscriptions,
        accounts,
        pace,
        profile,
        seed,
        start,
    } = reset;
    let mut defaults = sandboxes.defaults();
    let listed = subscriptions
        .map(|list| list.iter().map(|text| guid(text)).collect::<Result<Vec<_>, _>>())
        .transpose()?;
    if let Some(profile) = &profile {
        defaults.era = era(profile)?;
    }
    defaults.pace = pace.unwrap_or(defaults.pace);
    defaults.seed = seed.unwrap_or(defaults.seed);
    defaults.start = start.map(|start| start.0).or(defaults.start);

    let of = listed.clone().filter(|list| !list.is_empty());
    let mut sandbox = sandboxes::sandbox(&defaults, of.as_ref().unwrap_or(&defaults.subscriptions));
    for account in accounts.iter().flatten() {
        sandboxes::make_account(&mut sandbox, account)
            .map_err(|message| invalid(format!("cannot make the storage account `{account}`: {message}")))?;
    }
    let new = if of.is_some() {
        sandboxes.replace(sandbox)
    } else {
        sandboxes.replace_all(sandbox)
    };
    Ok(info(&lock(&new)))
}

fn info(sandbox: &Sandbox) -> SandboxInfo {
    SandboxInfo {
        subscriptions: sandbox.subscriptions().iter().map(Guid::to_string).collect(),
        pace: sandbox.pace,
        profile: sandbox.era().name().to_owned(),
        now: Moment(sandbox.cloud.now()),
    }
}

fn clock(sandbox: &Sandbox) -> ClockInfo {
    ClockInfo {
        now: Moment(sandbox.cloud.now()),
        next_due: sandbox.cloud.next_due().map(Moment),
        pace: sandbox.pace,
    }
}

/// How many events one call may step over.
const EVENTS_MAX: u32 = 100_000;

fn move_clock(sandbox: &mut Sandbox, to: &ClockMove) -> Result<ClockInfo, ControlError> {
    let now = sandbox.cloud.now();
    match to {
        ClockMove {
            advance_ms: Some(ms),
            to: None,
            events: None,
        } => {
            let ms = i64::try_from(*ms).map_err(|_| invalid("`advance_ms` is too large"))?;
            sandbox.advance(now.plus_millis(ms));
        }
        ClockMove {
            advance_ms: None,
            to: Some(to),
            events: None,
        } => {
            if to.0 < now {
                return Err(invalid(format!("`to` lies behind: it is {now} already")));
            }
            sandbox.advance(to.0);
        }
        ClockMove {
            advance_ms: None,
            to: None,
            events: Some(events),
        } => {
            if *events > EVENTS_MAX {
                return Err(invalid(format!("`events` is more than {EVENTS_MAX}")));
            }
            for _ in 0..*events {
                let Some(due) = sandbox.cloud.next_due() else {
                    break;
                };
                sandbox.advance(due);
            }
        }
        _ => return Err(invalid("expected exactly one of `advance_ms`, `to`, `events`")),
    }
    Ok(clock(sandbox))
}

fn limits(sandbox: &Sandbox) -> LimitsInfo {
    let ledger = sandbox.cloud.ledger();
    let rows = ledger.profile().rows();
    LimitsInfo {
        profile: ledger.era().name().to_owned(),
        overrides: ledger
            .overrides()
            .iter()
            .map(|(row, limit)| (row.to_string(), *limit))
            .collect::<BTreeMap<_, _>>(),
        throttling: match sandbox.buckets.enforced {
            Some(true) => Throttling::On,
            Some(false) => Throttling::Off,
            None => Throttling::ByPace,
        },
        rows: rows
            .map(|row| LimitInfo {
                row: row.key.to_owned(),
                limit: ledger.limit(row.key).unwrap_or(row.limit),
                source: row.source.to_owned(),
            })
            .collect(),
    }
}

fn set_limits(sandbox: &mut Sandbox, to: &Limits) -> Result<LimitsInfo, ControlError> {
    let profile = to.profile.as_deref().map(era).transpose()?;
    let known = profile.unwrap_or_else(|| sandbox.era()).limits();
    for (row, limit) in &to.overrides {
        if known.row(row).is_none() {
            return Err(invalid(format!(
                "the profile `{}` has no limit `{row}`",
                known_name(profile, sandbox)
            )));
        }
        if limit.is_some_and(|limit| limit < 0) {
            return Err(invalid(format!("`{row}` cannot be less than 0")));
        }
    }

    if let Some(profile) = profile {
        sandbox.cloud.ledger_mut().set_era(profile);
    }
    for (row, limit) in &to.overrides {
        let row = known.row(row).map_or(row.as_str(), |row| row.key);
        sandbox.cloud.ledger_mut().set_override(row, *limit);
    }
    match to.throttling {
        Some(Throttling::On) => sandbox.buckets.enforced = Some(true),
        Some(Throttling::Off) => sandbox.buckets.enforced = Some(false),
        Some(Throttling::ByPace) => sandbox.buckets.enforced = None,
        None => {}
    }
    Ok(limits(sandbox))
}

fn known_name(profile: Option<Era>, sandbox: &Sandbox) -> &'static str {
    profile.unwrap_or_else(|| sandbox.era()).name()
}

fn faults(sandbox: &Sandbox) -> List<FaultInfo> {
    let rules = sandbox.faults.rules().iter();
    List {
        value: rules
            .map(|rule| FaultInfo {
                id: rule.id,
                seen: rule.seen,
                struck: rule.struck,
                rule: rule.rule.clone(),
            })
            .collect(),
    }
}

fn install(sandbox: &mut Sandbox, rule: Rule) -> Result<FaultInstalled, ControlError> {
    let id = sandbox.install(rule).map_err(|error| invalid(error.to_string()))?;
    Ok(FaultInstalled { id })
}

fn remove(sandbox: &mut Sandbox, id: &str) -> Result<Answer, ControlError> {
    let known = id.parse().ok().map(FaultId).is_some_and(|id| sandbox.faults.remove(id));
    if known {
        Ok(Answer::Document(json!({})))
    } else {
        Err(ControlError::NoSuchFault(id.to_owned()))
    }
}

fn templates(sandbox: &Sandbox) -> List<TemplateInfo> {
    let all = sandbox.templates.addresses();
    List {
        value: all
            .map(|(address, bytes)| TemplateInfo {
                address: address.to_owned(),
                bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
            })
            .collect(),
    }
}

fn supply(sandbox: &mut Sandbox, template: &Template) -> Result<List<TemplateInfo>, ControlError> {
    let text = match &template.body {
        Value::String(text) => text.clone(),
        document => document.to_string(),
    };
    if !sandbox.templates.supply(&template.url, text) {
        return Err(invalid(format!(
            "`url`: `{}` is not an absolute http or https address of a document",
            template.url
        )));
    }
    Ok(templates(sandbox))
}

fn restore(sandboxes: &Sandboxes, saved: Saved) -> Result<SandboxInfo, ControlError> {
    let mut sandbox = sandboxes::sandbox(&sandboxes.defaults(), &[]);
    sandbox.restore(saved).map_err(|version| {
        invalid(format!(
            "the state has version {version}; this server reads another one"
        ))
    })?;
    Ok(info(&lock(&sandboxes.replace(sandbox))))
}

/// Copies a whole cloud under other subscription ids: they stand in every id of the world, so that the saved form is renamed.
fn fork(sandboxes: &Sandboxes, from: &Shared, to: &Fork) -> Result<SandboxInfo, ControlError> {
    let mut new = {
        let mut from = lock(from);
        let mut wanted = to.subscription.as_deref().map(guid).transpose()?;
        if let Some(taken) = wanted.filter(|id| sandboxes.of(*id).is_some()) {
            return Err(invalid(format!("the subscription `{taken}` exists already")));
        }
        let old = from.subscriptions();
        let mut text = serde_json::to_string(&from.save()).expect("every part of a sandbox can be written");
        for old in old {
            let new = wanted.take().unwrap_or_else(|| from.draw_guid());
            text = replace_ignoring_case(&text, &old.to_string(), &new.to_string());
        }
        let saved: Saved =
            serde_json::from_str(&text).map_err(|error| invalid(format!("the cloud cannot be renamed: {error}")))?;
        let mut fork = from.fork();
        let rules = fork.faults.clone();
        fork.restore(saved)
            .map_err(|version| invalid(format!("the state has version {version}")))?;
        fork.faults = rules;
        fork
    };
    new.forget_wall();
    let new = sandboxes.add(new);
    let info = info(&lock(&new));
    Ok(info)
}

fn replace_ignoring_case(text: &str, old: &str, new: &str) -> String {
    let folded = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, _) in folded.match_indices(old) {
        out.push_str(&text[done..at]);
        out.push_str(new);
        done = at + old.len();
    }
    out.push_str(&text[done..]);
    out
}

fn operations(sandbox: &Sandbox) -> List<OperationInfo> {
    let cloud = &sandbox.cloud;
    let resources = cloud.operations().map(operation);
    let classic = cloud.classic().operations.iter().map(|(_, own)| classic_operation(own));
    let mut all: Vec<OperationInfo> = resources.chain(classic).collect();
    all.sort_by(|one, other| (one.started.0, &one.id).cmp(&(other.started.0, &other.id)));
    List { value: all }
}

fn status_words(status: &Status) -> (String, Option<String>) {
    let (word, code) = match status {
        Status::InProgress => ("InProgress", None),
        Status::Succeeded => ("Succeeded", None),
        Status::Failed(error) => ("Failed", Some(error.code.to_string())),
        Status::Canceled(error) => ("Canceled", Some(error.code.to_string())),
    };
    (word.to_owned(), code)
}

fn classic_operation(operation: &ClassicOperation) -> OperationInfo {
    let (status, code) = status_words(&operation.status);
    let ends = (operation.is_running() && !operation.endless).then_some(Moment(operation.due));
    OperationInfo {
        id: operation.id.0.to_string(),
        doing: operation.name.to_string(),
        target: operation.object.to_string(),
        status,
        code,
        started: Moment(operation.started),
        ended: operation.ended.map(Moment),
        ends,
    }
}

fn operation(operation: &Operation) -> OperationInfo {
    let (status, code) = status_words(&operation.status);
    OperationInfo {
        id: operation.id.0.to_string(),
        doing: match &operation.doing {
            Doing::Create => "Create".to_owned(),
            Doing::Update => "Update".to_owned(),
            Doing::Delete => "Delete".to_owned(),
            Doing::Act(name) => name.to_string(),
        },
        target: operation.target_id.to_string(),
        status,
        code,
        started: Moment(operation.started),
        ended: operation.ended.map(Moment),
        ends: operation.end().map(Moment),
    }
}

fn journal(sandbox: &Sandbox, query: &Query<'_>) -> Result<Answer, ControlError> {
    let after = match query.field("after") {
        None => 0,
        Some(text) => text
            .parse()
            .map_err(|_| invalid(format!("`after`: `{text}` is not a number")))?,
    };
    Ok(Answer::Lines(
        sandbox.journal.lines(after, sandbox.storage.base.as_deref()),
    ))
}

fn check(sandbox: &Sandbox) -> CheckInfo {
    CheckInfo {
        digest: sandbox.cloud.digest(),
        violations: sandbox.cloud.check(),
    }
}
