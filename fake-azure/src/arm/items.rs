//! One resource: GET, HEAD, PUT, PATCH, DELETE, and its actions. What a write answers stands in its type's descriptor.

use fake_azure_cloud::descriptor::{Body as Bodies, Descriptor, Dialect, Polls, Write, WriteVerb};
use fake_azure_cloud::{Answer as Answers, ApiVersion, Call, Document, Outcome, Reply, ResourceId};
use serde_json::Value;

use super::answer::{Answer, Body};
use super::error::Refusal;
use super::request::Asked;
use super::{async_protocol, decode, encode};
use crate::Sandbox;

/// Answers a request for a resource.
pub(crate) fn serve(sandbox: &mut Sandbox, asked: &Asked<'_>, id: &ResourceId) -> Result<Answer, Refusal> {
    let descriptor = id.kind().descriptor();
    match asked.method.as_str() {
        "GET" => get(sandbox, asked, id),
        "HEAD" => head(sandbox, id),
        "PUT" if has(descriptor, &[WriteVerb::PutNew, WriteVerb::PutAgain]) => put(sandbox, asked, id),
        "PATCH" if has(descriptor, &[WriteVerb::Patch]) => patch(sandbox, asked, id),
        "DELETE" if has(descriptor, &[WriteVerb::Delete]) => delete(sandbox, asked, id),
        _ => Err(Refusal::Verb),
    }
}

/// Whether a type has one of these verbs at all.
fn has(descriptor: &Descriptor, verbs: &[WriteVerb]) -> bool {
    descriptor.writes.iter().any(|row| verbs.contains(&row.verb))
}

fn get(sandbox: &mut Sandbox, asked: &Asked<'_>, id: &ResourceId) -> Result<Answer, Refusal> {
    let reply = sandbox.cloud.apply(&Call::Get { id: id.clone() })?;
    let Outcome::Found(resource) = reply.outcome else {
        return Err(Refusal::Verb);
    };
    let document = encode::document(sandbox, asked, &resource, Answers::Read);
    let answer = Answer::ok(id.kind().descriptor().dialect, document);
    Ok(with_etag(answer))
}

/// An object that has an etag shows it as a header, too: in the answer to a GET only (ARM 1.8).
pub(crate) fn with_etag(answer: Answer) -> Answer {
    let etag = match &answer.body {
        Body::Json(document) => document.get("etag").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    };
    match etag {
        Some(etag) => answer.header("etag", etag),
        None => answer,
    }
}

/// 204 or 404 (ARM 1.10).
fn head(sandbox: &mut Sandbox, id: &ResourceId) -> Result<Answer, Refusal> {
    sandbox.cloud.apply(&Call::Get { id: id.clone() })?;
    Ok(Answer::empty(id.kind().descriptor().dialect, 204))
}

fn put(sandbox: &mut Sandbox, asked: &Asked<'_>, id: &ResourceId) -> Result<Answer, Refusal> {
    let document = decode::document(asked)?;
    let call = Call::Put {
        id: id.clone(),
        document,
        version: asked.version(),
        conditions: asked.conditions(),
    };
    let reply = sandbox.cloud.apply(&call)?;
    let verb = match reply.outcome {
        Outcome::Written { created: true, .. } => WriteVerb::PutNew,
        _ => WriteVerb::PutAgain,
    };
    Ok(written(sandbox, asked, id, verb, &reply))
}

fn patch(sandbox: &mut Sandbox, asked: &Asked<'_>, id: &ResourceId) -> Result<Answer, Refusal> {
    let document = decode::document(asked)?;
    let call = Call::Patch {
        id: id.clone(),
        document,
        version: asked.version(),
        conditions: asked.conditions(),
    };
    let reply = sandbox.cloud.apply(&call)?;
    Ok(written(sandbox, asked, id, WriteVerb::Patch, &reply))
}

fn delete(sandbox: &mut Sandbox, asked: &Asked<'_>, id: &ResourceId) -> Result<Answer, Refusal> {
    let descriptor = id.kind().descriptor();
    let row = row(descriptor, WriteVerb::Delete, asked.version());
    // Role assignments and definitions come back as they were (observed-arm, Locks, role assignments).
    let before = match sandbox.cloud.store().find(id.folded()) {
        Some(resource) if row.body == Bodies::Whole => Some(encode::document(sandbox, asked, resource, Answers::Read)),
        _ => None,
    };

    let call = Call::Delete {
        id: id.clone(),
        version: asked.version(),
        conditions: asked.conditions(),
    };
    let reply = sandbox.cloud.apply(&call)?;
    if matches!(reply.outcome, Outcome::Absent) {
        return Ok(Answer::empty(descriptor.dialect, 204));
    }
    Ok(answer_of(sandbox, asked, descriptor, &row, &reply, before))
}

/// Performs an action.
pub(crate) fn act(sandbox: &mut Sandbox, asked: &Asked<'_>, id: &ResourceId, name: &str) -> Result<Answer, Refusal> {
    let descriptor = id.kind().descriptor();
    let document = decode::parameters(asked)?;
    let call = Call::Act {
        id: id.clone(),
        action: name.into(),
        document,
        version: asked.version(),
    };
    let reply = sandbox.cloud.apply(&call)?;

    let known = descriptor
        .actions
        .iter()
        .find(|action| action.name.eq_ignore_ascii_case(name));
    let verb = WriteVerb::Act(known.map_or("", |action| action.name));
    let row = find_row(descriptor, verb, asked.version()).unwrap_or_else(|| match reply.operation {
        Some(_) => Write::accepted(verb),
        None => Write::new(verb, 200),
    });
    let output = match &reply.outcome {
        Outcome::Acted(output) => output.clone(),
        _ => None,
    };
    Ok(answer_of(sandbox, asked, descriptor, &row, &reply, output))
}

/// The row of a verb: of those whose version has come, the last.
fn find_row(descriptor: &Descriptor, verb: WriteVerb, version: ApiVersion) -> Option<Write> {
    let own = || descriptor.writes.iter().filter(|row| row.verb == verb);
    own()
        .rfind(|row| row.since <= version)
        .or_else(|| own().next())
        .copied()
}

fn row(descriptor: &Descriptor, verb: WriteVerb, version: ApiVersion) -> Write {
    let usual = match verb {
        WriteVerb::PutNew => Write::new(verb, 201),
        WriteVerb::Delete => Write::empty(verb, 200),
        _ => Write::new(verb, 200),
    };
    find_row(descriptor, verb, version).unwrap_or(usual)
}

/// The answer to a PUT or PATCH.
fn written(sandbox: &Sandbox, asked: &Asked<'_>, id: &ResourceId, verb: WriteVerb, reply: &Reply) -> Answer {
    let descriptor = id.kind().descriptor();
    let mut row = row(descriptor, verb, asked.version());
    if row.status == 202 && reply.operation.is_none() {
        // A write that ended with its answer has nothing left to wait for.
        row = Write::new(verb, 200);
    }
    let resource = match reply.outcome {
        Outcome::Written { key, .. } => sandbox.cloud.store().get(key),
        _ => None,
    };
    let document = resource.map(|resource| encode::document(sandbox, asked, resource, Answers::Write));
    answer_of(sandbox, asked, descriptor, &row, reply, document)
}

/// An answer by its row.
fn answer_of(
    sandbox: &Sandbox,
    asked: &Asked<'_>,
    descriptor: &Descriptor,
    row: &Write,
    reply: &Reply,
    document: Option<Document>,
) -> Answer {
    let operation = reply.operation.and_then(|id| sandbox.cloud.operation(id));
    let body = match (row.body, document) {
        (Bodies::Whole, Some(document)) => Body::Json(document),
        (Bodies::Stub, Some(document)) => Body::Json(encode::stub(document)),
        _ if descriptor.dialect == Dialect::Storage && row.status != 204 => Body::PlainNothing,
        _ => Body::Nothing,
    };
    let is_over = operation.is_none() && row.status == 202;
    let mut answer = Answer {
        body,
        ..Answer::empty(descriptor.dialect, if is_over { 200 } else { row.status })
    };

    if let Some(operation) = operation {
        answer.request_id = Some(operation.id.0);
        if row.polls != Polls::None {
            for (name, value) in async_protocol::addresses(sandbox, asked, operation, row.polls) {
                answer = answer.header(name, value);
            }
        }
        if let Some(secs) = row.retry_after_secs {
            answer = answer.header("retry-after", sandbox.retry_after_secs(secs).to_string());
        }
    }
    answer
}
