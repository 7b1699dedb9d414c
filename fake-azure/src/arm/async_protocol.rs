//! The asynchronous protocol: poll addresses, operation documents, results, and the gateway's jobs (ARM 2).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fake_azure_cloud::catalogue::limits::Era;
use fake_azure_cloud::descriptor::{Dialect, Polls};
use fake_azure_cloud::{Answer as Answers, ApiVersion, CloudError, Doing, Guid, Kind, Operation, OperationId, Status};
use http::Method;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Body};
use super::error::{self, Refusal};
use super::request::Asked;
use super::route::Target;
use super::{encode, forms};
use crate::{Sandbox, text};

/// Before this version Compute's documents called the id `operationId` (observed-arm, Compute).
const NAMED: ApiVersion = ApiVersion::date(2016, 1, 1);
/// Before this version Compute wrote states in lower camel case (ARM 2.4).
const CAPITAL_STATES: ApiVersion = ApiVersion::date(2015, 6, 15);
/// Up to this version Storage's addresses had no location (ARM 2.3).
const STORAGE_LOCATED: ApiVersion = ApiVersion::date(2017, 1, 1);

/// What a poll asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// How it stands: `Azure-AsyncOperation`.
    Document,
    /// What came of it: `Location`.
    Result,
}

/// The poll headers of an answer that began an operation.
pub(crate) fn addresses(
    sandbox: &Sandbox,
    asked: &Asked<'_>,
    operation: &Operation,
    polls: Polls,
) -> Vec<(&'static str, String)> {
    let dialect = operation.kind.descriptor().dialect;
    let mut headers = Vec::new();
    if matches!(polls, Polls::AsyncOperation | Polls::Both) {
        headers.push((
            "azure-asyncoperation",
            address(sandbox, asked, operation, Style::Document),
        ));
        let is_provider = dialect != Dialect::Gateway;
        if is_provider && sandbox.era() == Era::Current {
            headers.push(("azure-asyncnotification", "Enabled".to_owned()));
        }
    }
    if matches!(polls, Polls::Location | Polls::Both) {
        headers.push(("location", address(sandbox, asked, operation, Style::Result)));
    }
    headers
}

/// One poll address (ARM 2.3). Its version is the caller's.
fn address(sandbox: &Sandbox, asked: &Asked<'_>, operation: &Operation, style: Style) -> String {
    let (base, version, id) = (&asked.base, asked.version_text(), operation.id.0);
    let subscription = sandbox
        .cloud
        .subscription_of(operation.subscription)
        .map_or(Guid::NIL, |subscription| subscription.id);
    let location = &operation.location;
    let at = format!("{base}/subscriptions/{subscription}/providers");
    match (operation.kind.descriptor().dialect, style) {
        (Dialect::Network, Style::Document) => {
            format!("{at}/Microsoft.Network/locations/{location}/operations/{id}?api-version={version}")
        }
        (Dialect::Network, Style::Result) => {
            format!("{at}/Microsoft.Network/locations/{location}/operationResults/{id}?api-version={version}")
        }
        (Dialect::Compute, Style::Document) => {
            format!("{at}/Microsoft.Compute/locations/{location}/operations/{id}?api-version={version}")
        }
        (Dialect::Compute, Style::Result) => {
            format!("{at}/Microsoft.Compute/locations/{location}/operations/{id}?monitor=true&api-version={version}")
        }
        (Dialect::Disks, Style::Document) => {
            format!("{at}/Microsoft.Compute/locations/{location}/DiskOperations/{id}?api-version={version}")
        }
        (Dialect::Disks, Style::Result) => {
            format!(
                "{at}/Microsoft.Compute/locations/{location}/DiskOperations/{id}?monitor=true&api-version={version}"
            )
        }
        (Dialect::Storage, _) if asked.version() < STORAGE_LOCATED => {
            format!("{at}/Microsoft.Storage/operations/{id}?monitor=true&api-version={version}")
        }
        (Dialect::Storage, _) => {
            format!(
                "{at}/Microsoft.Storage/locations/{location}/asyncoperations/{id}?monitor=true&api-version={version}"
            )
        }
        // What the classic stack does is not begun here and so never polled here; a vault tells by its own state (azure-cli).
        (Dialect::Gateway | Dialect::Authorization | Dialect::KeyVault | Dialect::Classic, _) => {
            let job = job_token(operation);
            format!("{base}/subscriptions/{subscription}/operationresults/{job}?api-version={version}")
        }
    }
}

/// What the real service tells a poller to wait, in seconds (ARM 2.2).
pub(crate) fn delay_secs(sandbox: &Sandbox, id: OperationId) -> u32 {
    match sandbox
        .cloud
        .operation(id)
        .map(|operation| operation.kind.descriptor().dialect)
    {
        Some(Dialect::Disks) => 2,
        Some(Dialect::Storage) => 17,
        Some(Dialect::Gateway | Dialect::Authorization | Dialect::KeyVault | Dialect::Classic) => 15,
        Some(Dialect::Network | Dialect::Compute) | None => 10,
    }
}

/// The operation that a request polls, or that holds what it reads.
pub(crate) fn waits_for(sandbox: &Sandbox, asked: &Asked<'_>, target: &Target) -> Option<OperationId> {
    let is_read = asked.method == Method::GET || asked.is_head();
    match target {
        Target::Item(id) | Target::Below { id, .. } if is_read => sandbox.cloud.store().find(id.folded())?.operation,
        Target::Job { subscription, job } => find_job(sandbox, *subscription, job).map(|operation| operation.id),
        Target::Service { rest, .. } if is_read => {
            let is_poll = rest.iter().rev().nth(1).is_some_and(|word| is_poll_segment(word));
            let id = OperationId(Guid::parse(rest.last().filter(|_| is_poll)?)?);
            sandbox.cloud.operation(id).map(|operation| operation.id)
        }
        _ => None,
    }
}

fn is_poll_segment(word: &str) -> bool {
    ["operations", "operationResults", "DiskOperations", "asyncoperations"]
        .iter()
        .any(|own| own.eq_ignore_ascii_case(word))
}

/// Answers a poll of a provider's operation.
pub(crate) fn poll(
    sandbox: &Sandbox,
    asked: &Asked<'_>,
    subscription: Guid,
    dialect: Dialect,
    id: &str,
    style: Style,
) -> Result<Answer, Refusal> {
    let found = Guid::parse(id)
        .and_then(|id| sandbox.cloud.operation(OperationId(id)))
        .filter(|operation| {
            let owner = sandbox
                .cloud
                .subscription_of(operation.subscription)
                .map(|owner| owner.id);
            operation.kind.descriptor().dialect == dialect && owner == Some(subscription)
        });
    let Some(operation) = found else {
        return Err(unknown(dialect, id).into());
    };
    match style {
        Style::Document => Ok(status_answer(sandbox, asked, operation)),
        Style::Result => Ok(result_answer(sandbox, asked, operation)),
    }
}

fn unknown(dialect: Dialect, id: &str) -> CloudError {
    match dialect {
        Dialect::Network => CloudError::of(&forms::NETWORK_OPERATION_NOT_FOUND).with("operation", id),
        Dialect::Storage => CloudError::of(&forms::STORAGE_OPERATION_NOT_FOUND).with("operation", id),
        dialect => CloudError::of(&forms::DISK_OPERATION_NOT_FOUND).raised_by(dialect),
    }
}

/// The document of an operation: always 200 (ARM 2.1).
fn status_answer(sandbox: &Sandbox, asked: &Asked<'_>, operation: &Operation) -> Answer {
    let dialect = operation.kind.descriptor().dialect;
    let document = match dialect {
        Dialect::Compute | Dialect::Disks => compute_document(sandbox, asked, operation),
        _ => {
            let mut document = Map::new();
            document.insert("status".to_owned(), Value::from(state(operation)));
            if let Some(error) = failure(operation) {
                document.insert("error".to_owned(), error::body(error, dialect, true));
            }
            Value::Object(document)
        }
    };
    let answer = Answer::ok(dialect, document);
    if operation.is_running() {
        delayed(sandbox, answer, operation)
    } else {
        answer
    }
}

/// Compute tells when, too, and what came of it.
fn compute_document(sandbox: &Sandbox, asked: &Asked<'_>, operation: &Operation) -> Value {
    let dialect = operation.kind.descriptor().dialect;
    let id = operation.id.0.to_string();
    let mut document = Map::new();
    if asked.version() < NAMED {
        document.insert("operationId".to_owned(), Value::from(id.as_str()));
    }
    document.insert("startTime".to_owned(), Value::from(text::iso_offset(operation.started)));
    if let Some(ended) = operation.ended {
        document.insert("endTime".to_owned(), Value::from(text::iso_offset(ended)));
    }
    let state = state(operation);
    let shown = if asked.version() < CAPITAL_STATES {
        lower_camel(state)
    } else {
        state.to_owned()
    };
    document.insert("status".to_owned(), Value::from(shown));
    if operation.status == Status::Succeeded
        && let Some(output) = output(sandbox, asked, operation)
    {
        document.insert("properties".to_owned(), json!({ "output": output }));
    }
    if let Some(error) = failure(operation) {
        document.insert("error".to_owned(), error::body(error, dialect, true));
    }
    if asked.version() >= NAMED {
        document.insert("name".to_owned(), Value::from(id));
    }
    Value::Object(document)
}

/// What an operation gives back: an action's output; a disk itself (observed-arm, Disks).
fn output(sandbox: &Sandbox, asked: &Asked<'_>, operation: &Operation) -> Option<Value> {
    let is_write = matches!(operation.doing, Doing::Create | Doing::Update);
    if is_write && operation.kind.descriptor().dialect == Dialect::Disks {
        return resource_document(sandbox, asked, operation);
    }
    operation.output.clone()
}

fn resource_document(sandbox: &Sandbox, asked: &Asked<'_>, operation: &Operation) -> Option<Value> {
    let resource = sandbox.cloud.store().get(operation.target)?;
    Some(encode::document(sandbox, asked, resource, Answers::Read))
}

/// What the call would have answered had it been synchronous (ARM 2.1).
fn result_answer(sandbox: &Sandbox, asked: &Asked<'_>, operation: &Operation) -> Answer {
    let dialect = operation.kind.descriptor().dialect;
    let nothing = if dialect == Dialect::Storage {
        Body::PlainNothing
    } else {
        Body::Nothing
    };
    let repeated = |answer: Answer| repeat_addresses(sandbox, asked, answer, operation);
    if operation.is_running() {
        // observed-arm: Network writes the four characters `null` here.
        let body = if dialect == Dialect::Network {
            Body::Json(Value::Null)
        } else {
            nothing
        };
        let answer = Answer {
            body,
            ..Answer::empty(dialect, 202)
        };
        return delayed(sandbox, repeated(answer), operation);
    }
    if let Some(error) = failure(operation) {
        return error::answer(sandbox, error.clone().into());
    }

    let document = match operation.doing {
        Doing::Create | Doing::Update => resource_document(sandbox, asked, operation),
        Doing::Delete => None,
        Doing::Act(_) => operation.output.clone(),
    };
    match document {
        Some(document) if dialect == Dialect::Network => repeated(Answer::ok(dialect, document)),
        Some(document) => Answer::ok(dialect, document),
        None if dialect == Dialect::Network => repeated(Answer::empty(dialect, 204)),
        None => Answer {
            body: nothing,
            ..Answer::empty(dialect, 200)
        },
    }
}

/// The addresses once more: Network's results carry those of the answer that began the operation, to the very last one
/// (recorded: 204 of a DELETE with both, 200 of an action with `Location`); others repeat `Location` while they run.
fn repeat_addresses(sandbox: &Sandbox, asked: &Asked<'_>, answer: Answer, operation: &Operation) -> Answer {
    let both = operation.kind.descriptor().dialect == Dialect::Network && operation.doing == Doing::Delete;
    let answer = answer.header("location", asked.own_url());
    if both {
        answer.header(
            "azure-asyncoperation",
            address(sandbox, asked, operation, Style::Document),
        )
    } else {
        answer
    }
}

fn delayed(sandbox: &Sandbox, answer: Answer, operation: &Operation) -> Answer {
    let secs = delay_secs(sandbox, operation.id);
    answer.header("retry-after", sandbox.retry_after_secs(secs).to_string())
}

fn state(operation: &Operation) -> &'static str {
    match operation.status {
        Status::InProgress => "InProgress",
        Status::Succeeded => "Succeeded",
        Status::Failed(_) => "Failed",
        Status::Canceled(_) => "Canceled",
    }
}

fn lower_camel(state: &str) -> String {
    let mut letters = state.chars();
    letters
        .next()
        .map(|first| first.to_ascii_lowercase())
        .into_iter()
        .chain(letters)
        .collect()
}

fn failure(operation: &Operation) -> Option<&CloudError> {
    match &operation.status {
        Status::Failed(error) | Status::Canceled(error) => Some(error),
        Status::InProgress | Status::Succeeded => None,
    }
}

/// From this version on a job that failed answers in the envelope of all others (ARM 2.4; recorded in capitals up to
/// 2019-08-01, Azure/bicep-registry-modules PR 1607 has it like this).
const JOBS_LIKE_OTHERS: ApiVersion = ApiVersion::date(2020, 1, 1);

/// Answers a poll of a gateway's job: the deletion of a group.
pub(crate) fn poll_job(sandbox: &Sandbox, asked: &Asked<'_>, subscription: Guid, job: &str) -> Result<Answer, Refusal> {
    let Some(operation) = find_job(sandbox, subscription, job) else {
        return Err(CloudError::of(&forms::JOB_NOT_FOUND).with("operation", job).into());
    };
    if operation.is_running() {
        let answer = Answer::empty(Dialect::Gateway, 202).header("location", asked.own_url());
        return Ok(delayed(sandbox, answer, operation));
    }
    match failure(operation) {
        // ARM 2.4: 409, and once in capitals.
        Some(error) if asked.version() < JOBS_LIKE_OTHERS => Ok(Answer {
            status: 409,
            ..Answer::ok(Dialect::Gateway, error::capitalised(error))
        }),
        Some(error) => Ok(Answer {
            status: 409,
            ..Answer::ok(Dialect::Gateway, error::of_job(error))
        }),
        None => Ok(Answer::empty(Dialect::Gateway, 200)),
    }
}

const DELETION_JOB: &str = "RESOURCEGROUPDELETIONJOB";

/// The token of a job: unpadded base64url of a little document (ARM 2.3).
fn job_token(operation: &Operation) -> String {
    let group = operation.target_id.rsplit('/').next().unwrap_or("");
    let location = &operation.location;
    let id = format!("{DELETION_JOB}-{}-{}", escaped(group), location.to_uppercase());
    URL_SAFE_NO_PAD.encode(json!({ "jobId": id, "jobLocation": location }).to_string())
}

/// In capitals, what is neither letter nor digit as `:XX`.
pub(crate) fn escaped(name: &str) -> String {
    let mut text = String::new();
    for letter in name.to_uppercase().chars() {
        if letter.is_ascii_alphanumeric() {
            text.push(letter);
        } else {
            let mut bytes = [0; 4];
            for byte in letter.encode_utf8(&mut bytes).bytes() {
                text.push_str(&format!(":{byte:02X}"));
            }
        }
    }
    text
}

/// The latest operation that a token means: it names a group and a place, not an operation.
fn find_job<'s>(sandbox: &'s Sandbox, subscription: Guid, token: &str) -> Option<&'s Operation> {
    let bytes = URL_SAFE_NO_PAD.decode(token.trim_end_matches('=')).ok()?;
    let document: Value = serde_json::from_slice(&bytes).ok()?;
    let id = document.get("jobId")?.as_str()?.to_uppercase();
    let owner = sandbox.cloud.subscription(subscription)?.key;
    sandbox
        .cloud
        .operations()
        .filter(|operation| {
            let name = operation.target_id.rsplit('/').next().unwrap_or("");
            operation.kind == Kind::ResourceGroups
                && operation.doing == Doing::Delete
                && operation.subscription == owner
                && id == format!("{DELETION_JOB}-{}-{}", escaped(name), operation.location.to_uppercase())
        })
        .max_by_key(|operation| operation.started)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_jobs_are_in_capitals_and_escaped() {
        assert_eq!(escaped("my-group_1"), "MY:2DGROUP:5F1");
        assert_eq!(escaped("é"), ":C3:89");
    }

    #[test]
    fn early_states_are_in_lower_camel_case() {
        assert_eq!(lower_camel("InProgress"), "inProgress");
    }
}
