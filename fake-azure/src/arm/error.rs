//! Refusals on the wire: the only place that chooses a status (ARM 3.1 to 3.7).

use fake_azure_cloud::catalogue::limits::Era;
use fake_azure_cloud::descriptor::Dialect;
use fake_azure_cloud::{CloudError, ErrorKind};
use serde_json::{Map, Value, json};

use super::answer::{Answer, Body};
use super::compute_policies;
use crate::Sandbox;
use crate::policies::{Left, Policy};

/// Why a request is not answered as asked.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// An error of the gateway, of a provider or of the cloud.
    Error(Box<CloudError>),
    /// 401, with the challenge that names the tenant's authority (ARM 6.3).
    Challenge {
        /// The error of the body.
        error: Box<CloudError>,
        /// `https://login.windows.net/{tenant}`.
        authority: String,
    },
    /// 429, with seconds to wait.
    Throttled {
        /// The error of the body.
        error: Box<CloudError>,
        /// `Retry-After`.
        secs: u32,
    },
    /// 429 of a provider, one of whose policies is used up.
    UsedUp {
        /// The error of the body.
        error: Box<CloudError>,
        /// `Retry-After`.
        secs: u32,
        /// Which policy.
        policy: Policy,
    },
    /// 405: the path is known and has no such verb.
    Verb,
    /// An answer in a form of its own: a template's error says where in the template it is (ARM 7.9).
    Written {
        /// The status.
        status: u16,
        /// The whole body.
        document: Value,
    },
    /// 400 of the catalogue's query layer, whose body has no `error` (ARM 3.1).
    Query(String),
}

impl From<CloudError> for Refusal {
    fn from(error: CloudError) -> Refusal {
        Refusal::Error(Box::new(error))
    }
}

/// Where Azure's newer messages point.
const NOT_FOUND_HELP: &str = " For more details please go to https://aka.ms/ARMResourceNotFoundFix";

/// The answer of a refusal.
pub(crate) fn answer(sandbox: &Sandbox, refusal: Refusal) -> Answer {
    match refusal {
        Refusal::Error(error) => of(sandbox, *error),
        Refusal::Challenge { error, authority } => {
            let challenge = format!(
                "Bearer authorization_uri=\"{authority}\", error=\"invalid_token\", error_description=\"{}\"",
                printable(&error.message)
            );
            of(sandbox, *error).header("www-authenticate", challenge)
        }
        Refusal::Throttled { error, secs } => of(sandbox, *error).header("retry-after", secs.max(1).to_string()),
        Refusal::UsedUp { error, secs, policy } => {
            let none_left = compute_policies::header(&[Left { policy, n_calls: 0 }]).unwrap_or_default();
            let answer = Answer {
                status: 429,
                ..of(sandbox, *error)
            };
            answer
                .header("retry-after", secs.max(1).to_string())
                .header(compute_policies::HEADER, none_left)
        }
        Refusal::Written { status, document } => Answer {
            status,
            gateway_failure: true,
            ..Answer::ok(Dialect::Gateway, document)
        },
        Refusal::Verb => Answer {
            gateway_failure: true,
            ..Answer::empty(Dialect::Gateway, 405)
        },
        Refusal::Query(message) => Answer {
            status: 400,
            ..Answer::ok(Dialect::Compute, json!({ "Message": message }))
        },
    }
}

fn of(sandbox: &Sandbox, mut error: CloudError) -> Answer {
    // observed-arm, Two kinds of 404: the tail came with the years, not with an api-version.
    if error.code == "ResourceNotFound" && error.by == Dialect::Gateway && sandbox.era() == Era::Current {
        error.message.push_str(NOT_FOUND_HELP);
    }
    let mut answer = Answer {
        status: status(&error),
        body: Body::Json(envelope(&error)),
        gateway_failure: error.by == Dialect::Gateway,
        ..Answer::empty(error.by, 0)
    };
    if answer.status == 429
        && let Some(until) = error.until
    {
        let secs = u32::try_from(until.millis_since(sandbox.cloud.now()).max(0) / 1000)
            .unwrap_or(u32::MAX)
            .max(1);
        answer = answer.header("retry-after", sandbox.retry_after_secs(secs).to_string());
    }
    answer
}

/// The status of an error.
pub(crate) fn status(error: &CloudError) -> u16 {
    let code = error.code.as_ref();
    if code.starts_with("AuthenticationFailed")
        || code.starts_with("InvalidAuthenticationToken")
        || code == "ExpiredAuthenticationToken"
    {
        return 401;
    }
    if code == "MethodNotAllowed" {
        return 405;
    }
    match (error.kind, error.by) {
        (ErrorKind::Invalid, _) if code == "UnsupportedMediaType" => 415,
        (ErrorKind::Invalid, _) => 400,
        (ErrorKind::Missing, _) => 404,
        // Network's refusals are 400 throughout (ARM 3.5).
        (ErrorKind::InUse | ErrorKind::Conflict | ErrorKind::Quota | ErrorKind::Capacity, Dialect::Network) => 400,
        (ErrorKind::InUse | ErrorKind::Conflict | ErrorKind::Quota | ErrorKind::Capacity, _) => 409,
        (ErrorKind::Busy, Dialect::Network | Dialect::Gateway) => 429,
        (ErrorKind::Busy, _) => 409,
        (ErrorKind::Precondition, _) => 412,
        (ErrorKind::Forbidden, _) => 403,
        (ErrorKind::Internal, _) => 500,
    }
}

/// `{"error":{..}}` in the layout of the service that raised it.
pub(crate) fn envelope(error: &CloudError) -> Value {
    json!({ "error": body(error, error.by, true) })
}

/// What stands in `error`: in an answer, and in the document of an operation that failed.
pub(crate) fn body(error: &CloudError, dialect: Dialect, outermost: bool) -> Value {
    let mut members = Map::new();
    members.insert("code".to_owned(), Value::from(error.code.as_ref()));
    members.insert("message".to_owned(), Value::from(error.message.as_str()));
    if let Some(target) = &error.target {
        members.insert("target".to_owned(), Value::from(target.as_str()));
    }
    let always = dialect == Dialect::Network && outermost;
    if always || !error.details.is_empty() {
        let details = error
            .details
            .iter()
            .map(|detail| body(detail, dialect, false))
            .collect();
        members.insert("details".to_owned(), Value::Array(details));
    }
    Value::Object(members)
}

/// The body of a gateway job that failed, each detail as the provider's own text (ARM 2.4).
pub(crate) fn of_job(error: &CloudError) -> Value {
    let details: Vec<Value> = error
        .details
        .iter()
        .map(|detail| json!({ "target": detail.target, "message": text_of(detail) }))
        .collect();
    json!({ "error": { "code": error.code, "message": error.message, "details": details } })
}

/// The same in capitals, with every member.
pub(crate) fn capitalised(error: &CloudError) -> Value {
    let details: Vec<Value> = error
        .details
        .iter()
        .map(|detail| {
            json!({
                "Code": null,
                "Target": detail.target,
                "Message": text_of(detail),
                "Details": null,
                "AdditionalInfo": null,
            })
        })
        .collect();
    json!({"Error": {
        "Code": error.code,
        "Target": null,
        "Message": error.message,
        "Details": details,
        "AdditionalInfo": null,
    }})
}

/// The body that a provider answered with.
fn text_of(detail: &CloudError) -> String {
    let mut bare = detail.clone();
    bare.target = None;
    envelope(&bare).to_string()
}

/// Without what a header cannot carry.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c == '"' { '\'' } else { c })
        .filter(|c| c.is_ascii_graphic() || *c == ' ')
        .collect()
}

#[cfg(test)]
mod tests {
    use fake_azure_cloud::forms as cloud_forms;

    use super::*;
    use crate::arm::forms;

    #[test]
    fn each_service_has_its_own_statuses() {
        let rows: [(&fake_azure_cloud::Form, u16); 7] = [
            (&forms::MISSING_HEADER, 401),
            (&forms::MEDIA_TYPE, 415),
            (&forms::NOT_REGISTERED, 409),
            (&forms::THROTTLED, 429),
            (&cloud_forms::QUOTA_EXCEEDED_COMPUTE, 409),
            (&cloud_forms::NETWORK_BUSY, 429),
            (&cloud_forms::ETAG_MISMATCH, 412),
        ];
        for (form, expected) in rows {
            assert_eq!(status(&CloudError::of(form)), expected, "{}", form.code);
        }
    }

    #[test]
    fn network_always_has_details_and_the_gateway_only_when_there_are_some() {
        assert_eq!(
            envelope(&CloudError::of(&cloud_forms::PRECONDITION_FAILED))["error"]["details"],
            json!([])
        );
        assert_eq!(
            envelope(&CloudError::of(&forms::MISSING_HEADER))["error"].get("details"),
            None
        );
    }
}
