//! What a fault rule answers in a service's place: the service's own words for the trouble.

use bytes::Bytes;
use fake_azure_cloud::catalogue::limits::Era;
use fake_azure_cloud::descriptor::Dialect;
use fake_azure_cloud::{CloudError, ErrorKind, Guid};
use http::{HeaderValue, Method, Request, Response, StatusCode};

use super::rule::{CapacityGone, OperationFails, Status};
use crate::buckets::Class;
use crate::envelope;
use crate::sandbox::Sandbox;
use crate::text;
use crate::wire::Front;

/// Too many requests, as each service says it.
pub(crate) fn throttled(sandbox: &mut Sandbox, front: Front, request: &Request<Bytes>, secs: u32) -> Response<Bytes> {
    let mut response = match front {
        Front::Arm => {
            let class = class_of(request.method());
            let (code, message) = arm_throttle(sandbox, request, class, secs);
            let mut response = envelope::arm(StatusCode::TOO_MANY_REQUESTS, code, &message);
            let name = match subscription_of(request) {
                Some(_) => format!("x-ms-ratelimit-remaining-subscription-{}", class.name()),
                None => format!("x-ms-ratelimit-remaining-tenant-{}", class.name()),
            };
            if let Ok(name) = http::HeaderName::try_from(name) {
                response.headers_mut().insert(name, HeaderValue::from_static("0"));
            }
            response
        }
        // The classic API says 503 and gives no Retry-After (service-management 1.9).
        Front::Asm => {
            let message = "Too many requests received. Retry after some time.";
            return dress(
                sandbox,
                front,
                request,
                envelope::of(front, StatusCode::SERVICE_UNAVAILABLE, "TooManyRequests", message),
            );
        }
        Front::Blob => {
            let message = blob_message(sandbox, "The server is busy.");
            envelope::of(front, StatusCode::SERVICE_UNAVAILABLE, "ServerBusy", &message)
        }
        Front::Vault => {
            let message = "Request was not processed because too many requests were received. Reason: \
                           VaultRequestTypeLimitReached";
            envelope::of(front, StatusCode::TOO_MANY_REQUESTS, "Throttled", message)
        }
        Front::Identity => envelope::of(
            front,
            StatusCode::TOO_MANY_REQUESTS,
            "temporarily_unavailable",
            "AADSTS90055: The server has terminated the request due to excessive request rate.",
        ),
    };
    let secs = sandbox.retry_after_secs(secs);
    response
        .headers_mut()
        .insert(http::header::RETRY_AFTER, HeaderValue::from(secs));
    dress(sandbox, front, request, response)
}

/// The gateway's code and message for a caller whose counter is empty (ARM 5.4).
fn arm_throttle(sandbox: &Sandbox, request: &Request<Bytes>, class: Class, secs: u32) -> (&'static str, String) {
    let subscription = subscription_of(request).unwrap_or(Guid::NIL);
    if sandbox.era() == Era::Current {
        let actor = crate::identity::check_bearer(sandbox, request.headers())
            .map_or(sandbox.directory.first().object_id, |caller| caller.object_id);
        let kind = class.name().trim_end_matches('s');
        let message = format!(
            "Number of '{kind}' requests for subscription '{subscription}' actor '{actor}' exceeded. Please try again after \
             '{secs}' seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling for additional \
             information."
        );
        return ("SubscriptionRequestsThrottled", message);
    }
    let limit = if class == Class::Reads { 15_000 } else { 1_200 };
    let minutes = secs.div_ceil(60);
    let message = format!(
        "Number of requests for subscription '{subscription}' exceeded the limit of '{limit}' for time interval '01:00:00'. \
         Please try again after '{minutes}' minutes."
    );
    ("SubscriptionRequestsThrottled", message)
}

/// Trouble that comes and goes by itself, as each service says it unless the rule has words of its own (ARM 3.3, 9.4; service-management 1.8).
pub(crate) fn status(sandbox: &mut Sandbox, front: Front, request: &Request<Bytes>, rule: &Status) -> Response<Bytes> {
    let status = StatusCode::from_u16(rule.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if status == StatusCode::TEMPORARY_REDIRECT {
        return redirected(sandbox, request);
    }
    let (code, message) = words(sandbox, front, request, status);
    // The classic API says 500 of what took too long (service-management 1.8).
    let status = match (front, status) {
        (Front::Asm, StatusCode::REQUEST_TIMEOUT) => StatusCode::INTERNAL_SERVER_ERROR,
        _ => status,
    };
    let code = rule.code.clone().unwrap_or(code);
    let message = rule.message.clone().unwrap_or(message);
    let mut response = envelope::of(front, status, &code, &message);
    if let Some(secs) = rule.retry_after_secs {
        let secs = sandbox.retry_after_secs(secs);
        response
            .headers_mut()
            .insert(http::header::RETRY_AFTER, HeaderValue::from(secs));
    }
    dress(sandbox, front, request, response)
}

/// The classic API sends a caller to a regional front end, without a request id (service-management 1.7): on this machine there is only
/// the one that was called.
fn redirected(sandbox: &Sandbox, request: &Request<Bytes>) -> Response<Bytes> {
    const BODY: &[u8] = b"<string xmlns=\"http://schemas.microsoft.com/2003/10/Serialization/\"/>";
    let uri = request.uri();
    let host = uri.authority().map_or("", |authority| authority.as_str());
    let region = if host.starts_with("management.core.") {
        "ussouth2."
    } else {
        ""
    };
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let location = format!("{}://{region}{host}{path}", uri.scheme_str().unwrap_or("https"));
    let mut response = Response::new(Bytes::from_static(BODY));
    *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    let headers = response.headers_mut();
    headers.insert(http::header::CONTENT_LENGTH, HeaderValue::from(BODY.len()));
    let texts = [
        (http::header::CONTENT_TYPE, "application/xml; charset=utf-8".to_owned()),
        (http::header::SERVER, "Microsoft-HTTPAPI/2.0".to_owned()),
        (http::header::DATE, text::rfc1123(sandbox.now_for_expiry())),
        (http::header::LOCATION, location),
    ];
    for (name, value) in texts {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}

fn words(sandbox: &mut Sandbox, front: Front, request: &Request<Bytes>, status: StatusCode) -> (String, String) {
    let own = |code: &str, message: &str| (code.to_owned(), message.to_owned());
    match (front, status.as_u16()) {
        (Front::Arm, 500) => {
            let message = format!(
                "Encountered internal server error. Diagnostic information: timestamp '{}', subscription id '{}', tracking id \
                 '{}', request correlation id '{}'.",
                text::compact(sandbox.now_for_expiry()),
                subscription_of(request).unwrap_or(Guid::NIL),
                sandbox.draw_guid(),
                sandbox.draw_guid(),
            );
            ("InternalServerError".to_owned(), message)
        }
        (Front::Arm, 502) => own(
            "BadGateway",
            "The gateway did not receive a valid response from the resource provider.",
        ),
        (Front::Arm, 504) => {
            let namespace = namespace_of(request.uri().path());
            let message =
                format!("The gateway did not receive a response from '{namespace}' within the specified time period.");
            ("GatewayTimeout".to_owned(), message)
        }
        (Front::Arm, 408) => own("RequestTimeout", "The request timed out."),
        (Front::Arm, 409) => own("Conflict", "Another operation is in progress."),
        (Front::Arm, _) => own("ServerTimeout", "The request timed out. Diagnostic information: none."),
        (Front::Asm, 503) => own(
            "ServerBusy",
            "The server (or an internal component) is currently unavailable to receive requests. Please retry your request.",
        ),
        (Front::Asm, 408) => own(
            "OperationTimedOut",
            "The operation could not be completed within the permitted time.",
        ),
        (Front::Asm, 409) => own(
            "ConflictError",
            "A conflict occurred to prevent the operation from completing.",
        ),
        (Front::Asm, _) => own(
            "InternalError",
            "The server encountered an internal error. Please retry the request.",
        ),
        (Front::Blob, 503) => ("ServerBusy".to_owned(), blob_message(sandbox, "The server is busy.")),
        (Front::Blob, 408) => {
            let message = "Operation could not be completed within the permitted time.";
            ("OperationTimedOut".to_owned(), blob_message(sandbox, message))
        }
        (Front::Blob, 409) => {
            let message = "The specified container is being deleted. Try operation later.";
            ("ContainerBeingDeleted".to_owned(), blob_message(sandbox, message))
        }
        (Front::Blob, _) => {
            let message = "The server encountered an internal error. Please retry the request.";
            ("InternalError".to_owned(), blob_message(sandbox, message))
        }
        (Front::Vault, _) => own(
            "InternalServerError",
            "The service is not available. Please retry the request.",
        ),
        (Front::Identity, _) => own(
            "temporarily_unavailable",
            "AADSTS90033: A transient error has occurred. Please try again.",
        ),
    }
}

/// A role assignment whose principal is not known yet (ARM 3.8); `None` for a request that names no principal.
pub(crate) fn principal_not_replicated(sandbox: &mut Sandbox, request: &Request<Bytes>) -> Option<Response<Bytes>> {
    let body: serde_json::Value = serde_json::from_slice(request.body()).ok()?;
    let principal = body.pointer("/properties/principalId")?.as_str()?.replace('-', "");
    let message = format!(
        "Principal {principal} does not exist in the directory {}.",
        sandbox.directory.tenant()
    );
    let response = envelope::arm(StatusCode::BAD_REQUEST, "PrincipalNotFound", &message);
    Some(dress(sandbox, Front::Arm, request, response))
}

/// The error that an operation is made to end with.
pub(crate) fn late_failure(rule: &OperationFails, by: Dialect) -> CloudError {
    let message = match by {
        Dialect::Network => "An error occurred.",
        _ => "The server encountered an internal error. Please retry the request.",
    };
    error(
        ErrorKind::Internal,
        by,
        rule.code.clone().unwrap_or_else(|| match by {
            Dialect::Classic => "InternalError".to_owned(),
            _ => "InternalServerError".to_owned(),
        }),
        rule.message.clone().unwrap_or_else(|| message.to_owned()),
    )
}

/// The error of an operation that finds no room (ARM 3.6).
pub(crate) fn no_room(rule: &CapacityGone, by: Dialect) -> CloudError {
    let code = rule.code.clone().unwrap_or_else(|| "AllocationFailed".to_owned());
    let message = match code.as_str() {
        "ZonalAllocationFailed" => {
            "Allocation failed. We do not have sufficient capacity for the requested VM size in this zone. Read more about \
             improving likelihood of allocation success at http://aka.ms/allocation-guidance"
        }
        "OverconstrainedAllocationRequest" => {
            "Allocation failed. VM(s) with the following constraints cannot be allocated, because the condition is too \
             restrictive. Please remove some constraints and try again."
        }
        _ => {
            "Allocation failed. Please try reducing the VM size or number of VMs, retry later, or try deploying to a different \
             Availability Set or different Azure location."
        }
    };
    error(ErrorKind::Capacity, by, code, message.to_owned())
}

fn error(kind: ErrorKind, by: Dialect, code: String, message: String) -> CloudError {
    CloudError {
        kind,
        by,
        code: code.into(),
        message,
        target: None,
        details: Vec::new(),
        until: None,
    }
}

/// What a request counts as.
fn class_of(method: &Method) -> Class {
    match *method {
        Method::GET | Method::HEAD => Class::Reads,
        Method::DELETE => Class::Deletes,
        _ => Class::Writes,
    }
}

/// The subscription in the path of an ARM request.
pub(crate) fn subscription_of(request: &Request<Bytes>) -> Option<Guid> {
    let mut segments = request.uri().path().split('/').filter(|segment| !segment.is_empty());
    let first = segments.next()?;
    if !first.eq_ignore_ascii_case("subscriptions") {
        return None;
    }
    Guid::parse(segments.next()?)
}

/// The namespace in the path of an ARM request, for a message.
fn namespace_of(path: &str) -> String {
    let mut segments = path
        .split('/')
        .skip_while(|segment| !segment.eq_ignore_ascii_case("providers"));
    segments.nth(1).unwrap_or("Microsoft.Resources").to_owned()
}

/// A blob error's message ends with ids (ARM 9.4).
fn blob_message(sandbox: &mut Sandbox, message: &str) -> String {
    format!(
        "{message}\nRequestId:{}\nTime:{}",
        sandbox.draw_guid(),
        sandbox.now_for_expiry()
    )
}

/// Adds what every answer of a service has: ids and date.
fn dress(
    sandbox: &mut Sandbox,
    front: Front,
    request: &Request<Bytes>,
    mut response: Response<Bytes>,
) -> Response<Bytes> {
    let id = sandbox.draw_guid().to_string();
    let date = text::rfc1123(sandbox.now_for_expiry());
    let headers = response.headers_mut();
    let mut add = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    add("date", &date);
    match front {
        Front::Asm => add("x-ms-request-id", &id.replace('-', "")),
        _ => add("x-ms-request-id", &id),
    }
    if front == Front::Arm {
        let correlation = request
            .headers()
            .get("x-ms-correlation-request-id")
            .and_then(|value| value.to_str().ok());
        let correlation = correlation.unwrap_or(&id).to_owned();
        add("x-ms-correlation-request-id", &correlation);
        let now = text::compact(sandbox.now_for_expiry());
        add("x-ms-routing-request-id", &format!("WESTUS:{now}:{correlation}"));
    }
    response
}
