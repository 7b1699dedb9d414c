//! Operations: polls, and the history (SM 2, 4.5).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fake_azure_cloud::classic::{ClassicOperation, History, forms};
use fake_azure_cloud::{OperationId, Status, Time};

use super::encode::date;
use super::error::{Failure, status, write};
use super::request::{Answer, Asked, parse_operation};
use super::route::Route;
use super::xml::Writer;
use crate::text;

pub(super) const ROUTES: &[Route] = &[
    Route::new("GET", "/operations", history).since(20_110_225),
    Route::new("GET", "/operations/{operation}", show),
];

fn show(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let id = parse_operation(asked.param("operation")).ok_or_else(|| Failure::of(&forms::OPERATION_NOT_FOUND))?;
    let operation = asked.sandbox.cloud.classic_operation_of(asked.key, id)?;
    Ok(Answer::ok(Writer::root("Operation", |writer| {
        state(writer, operation, "HttpStatusCode")
    })))
}

/// Id, state, and, once it is over, the status that it would have had.
fn state(writer: &mut Writer, operation: &ClassicOperation, code: &'static str) {
    writer.text("ID", operation.id.0);
    match &operation.status {
        Status::InProgress => writer.text("Status", "InProgress"),
        Status::Succeeded => {
            writer.text("Status", "Succeeded");
            writer.text(code, 200);
        }
        Status::Failed(error) | Status::Canceled(error) => {
            writer.text("Status", "Failed");
            writer.text(code, status(&error.code, error.kind).as_u16());
            writer.element("Error", |writer| write(writer, &error.code, &error.message));
        }
    }
}

fn history(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let time = |name: &str| asked.query(name).and_then(text::parse_iso).ok_or_else(Failure::query);
    let (from, until) = (time("starttime")?, time("endtime")?);
    if until < from {
        return Err(Failure::query());
    }
    let result = asked.query("operationresultfilter");
    if result.is_some_and(|own| !["succeeded", "failed", "inprogress"].contains(&own.to_ascii_lowercase().as_str())) {
        return Err(Failure::query());
    }
    let after = match asked.query("continuationtoken") {
        Some(token) => Some(read_token(token).ok_or_else(Failure::query)?),
        None => None,
    };
    let look = History {
        from,
        until,
        object: asked.query("objectidfilter").map(Into::into),
        result: result.map(Into::into),
        after,
    };
    let page = asked.sandbox.cloud.classic_history(asked.key, &look);
    let body = Writer::root("SubscriptionOperationCollection", |writer| {
        writer.element("SubscriptionOperations", |writer| {
            for operation in page.operations {
                writer.element("SubscriptionOperation", |writer| entry(writer, operation));
            }
        });
        writer.optional("ContinuationToken", page.next.map(write_token).as_deref());
    });
    Ok(Answer::ok(body))
}

/// A token says where a page ended; to clients it is opaque.
fn write_token((started, id): (Time, OperationId)) -> String {
    STANDARD.encode(format!("{}!{:032x}", started.millis(), id.0.0))
}

fn read_token(token: &str) -> Option<(Time, OperationId)> {
    let text = String::from_utf8(STANDARD.decode(token.trim()).ok()?).ok()?;
    let (started, id) = text.split_once('!')?;
    Some((Time::from_millis(started.parse().ok()?), parse_operation(id)?))
}

fn entry(writer: &mut Writer, operation: &ClassicOperation) {
    writer.text("OperationId", operation.id.0);
    writer.text("OperationObjectId", &operation.object);
    writer.text("OperationName", &operation.name);
    writer.element("OperationParameters", |writer| {
        for parameter in &operation.parameters {
            writer.element("OperationParameter", |writer| {
                writer.text("Name", &parameter.name);
                writer.text("Value", &parameter.value);
            });
        }
    });
    writer.element("OperationCaller", |writer| {
        writer.text("UsedServiceManagementApi", true);
        writer.optional("UserEmailAddress", operation.caller.user.as_deref());
        writer.optional(
            "SubscriptionCertificateThumbprint",
            operation.caller.thumbprint.as_deref(),
        );
        writer.text("ClientIP", "127.0.0.1");
    });
    writer.element("OperationStatus", |writer| state(writer, operation, "HttpStatusCode"));
    writer.text("OperationStartedTime", date(operation.started));
    writer.optional("OperationCompletedTime", operation.ended.map(date));
}
