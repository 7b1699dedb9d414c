//! The headers that every answer has, by the service that speaks (ARM 0.2; observed-arm, Identifiers, Always there).

use bytes::Bytes;
use fake_azure_cloud::Guid;
use fake_azure_cloud::catalogue::limits::Era;
use fake_azure_cloud::descriptor::Dialect;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use super::answer::{Answer, Body};
use super::compute_policies;
use super::gateway::Trace;
use super::request::Asked;
use crate::{Sandbox, text};

/// The instance of the gateway that answers: the prefix of routing ids.
const GATEWAY_REGION: &str = "WESTUS";

/// Milliseconds from 1601 to 1970: Windows counts time from then, in steps of 100 ns.
const MS_FROM_1601: i64 = 11_644_473_600_000;

/// Puts an answer into its headers.
pub(crate) fn dress(sandbox: &mut Sandbox, asked: &Asked<'_>, answer: Answer, trace: &Trace) -> Response<Bytes> {
    let era = sandbox.era();
    let mut dressed = Dressed(HeaderMap::with_capacity(20));
    dressed.say(&header::CACHE_CONTROL, "no-cache");
    dressed.say(&header::PRAGMA, "no-cache");
    let (content_type, bytes) = encode(&answer, asked.is_head());
    if let Some(content_type) = content_type {
        dressed.say(&header::CONTENT_TYPE, content_type);
    }
    if answer.status != 204 {
        dressed.0.append(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    }
    dressed.say(&header::EXPIRES, "-1");
    if let Some(server) = server(answer.by, era) {
        dressed.say(&header::SERVER, server);
    }

    add_ids(&mut dressed, sandbox, asked, &answer, trace);
    if answer.gateway_failure {
        dressed.add("x-ms-failure-cause", "gateway");
    }
    add_remaining(&mut dressed, trace);
    // What the gateway answered for itself drew from no policy (ARM 0.2).
    if matches!(answer.by, Dialect::Compute | Dialect::Disks)
        && !answer.gateway_failure
        && let Some(left) = compute_policies::header(&trace.policies)
    {
        dressed.add(compute_policies::HEADER, &left);
    }
    dressed.say(
        &header::STRICT_TRANSPORT_SECURITY,
        "max-age=31536000; includeSubDomains",
    );
    if era == Era::Current {
        dressed.say(&header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        dressed.say(&X_CACHE, "CONFIG_NOCACHE");
    }
    for (name, value) in &answer.headers {
        dressed.add(name, value);
    }
    dressed.put(&header::DATE, text::rfc1123(sandbox.now_for_expiry()));

    let mut response = Response::new(bytes);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = dressed.0;
    response
}

/// Content type and bytes of a body.
fn encode(answer: &Answer, is_head: bool) -> (Option<&'static str>, Bytes) {
    match &answer.body {
        _ if is_head => (None, Bytes::new()),
        Body::Nothing => (None, Bytes::new()),
        Body::PlainNothing => (Some("text/plain; charset=utf-8"), Bytes::new()),
        Body::Json(document) => {
            // ARM 0.2: Storage leaves the charset out.
            let is_storage = answer.by == Dialect::Storage;
            let content_type = if is_storage {
                "application/json"
            } else {
                "application/json; charset=utf-8"
            };
            let bytes = serde_json::to_vec(document).expect("a tree of texts and numbers can be written");
            (Some(content_type), Bytes::from(bytes))
        }
    }
}

/// Only providers name their server; since 2018 most do so twice.
fn server(by: Dialect, era: Era) -> Option<&'static str> {
    match (by, era) {
        (Dialect::Gateway, _) => None,
        (Dialect::Storage, Era::Current) => {
            Some("Microsoft-Azure-Storage-Resource-Provider/1.0,Microsoft-HTTPAPI/2.0 Microsoft-HTTPAPI/2.0")
        }
        (Dialect::Storage, _) => Some("Microsoft-Azure-Storage-Resource-Provider/1.0"),
        (_, Era::Current) => Some("Microsoft-HTTPAPI/2.0, Microsoft-HTTPAPI/2.0"),
        _ => Some("Microsoft-HTTPAPI/2.0"),
    }
}

/// Request, correlation and routing ids: where the gateway itself answers the first two are equal.
fn add_ids(dressed: &mut Dressed, sandbox: &mut Sandbox, asked: &Asked<'_>, answer: &Answer, trace: &Trace) {
    let given = asked.header("x-ms-correlation-request-id").and_then(Guid::parse);
    let correlation = given.or(trace.correlation).unwrap_or_else(|| sandbox.draw_guid());
    let request = match (answer.by, answer.request_id) {
        (Dialect::Gateway, _) => correlation,
        (_, Some(operation)) => operation,
        _ => sandbox.draw_guid(),
    };
    dressed.put(&X_MS_REQUEST_ID, request.to_string());
    dressed.put(&X_MS_CORRELATION_REQUEST_ID, correlation.to_string());
    let now = text::compact(sandbox.now_for_expiry());
    dressed.put(
        &X_MS_ROUTING_REQUEST_ID,
        format!("{GATEWAY_REGION}:{now}:{correlation}"),
    );

    let era = sandbox.era();
    match answer.by {
        Dialect::Network => dressed.put(&X_MS_ARM_SERVICE_REQUEST_ID, sandbox.draw_guid().to_string()),
        Dialect::Compute | Dialect::Disks if era == Era::Current => {
            dressed.add("x-ms-need-to-refresh-epl-cache", "False");
        }
        Dialect::Compute | Dialect::Disks => {
            let ticks = (sandbox.cloud.now().millis() + MS_FROM_1601) * 10_000;
            dressed.add("x-ms-served-by", &format!("{}_{ticks}", sandbox.draw_guid()));
        }
        _ => {}
    }

    if asked
        .header("x-ms-return-client-request-id")
        .is_some_and(|wish| wish.eq_ignore_ascii_case("true"))
        && let Some(id) = asked.header("x-ms-client-request-id")
    {
        dressed.add("x-ms-client-request-id", id);
    }
}

/// What remains of the caller's calls (ARM 5.2).
fn add_remaining(dressed: &mut Dressed, trace: &Trace) {
    let Some((remaining, of_tenant)) = trace.remaining else {
        return;
    };
    let class = remaining.class.name();
    let scope = if of_tenant { "tenant" } else { "subscription" };
    dressed.add(
        &format!("x-ms-ratelimit-remaining-{scope}-{class}"),
        &remaining.caller.to_string(),
    );
    if let Some(global) = remaining.global {
        dressed.add(
            &format!("x-ms-ratelimit-remaining-{scope}-global-{class}"),
            &global.to_string(),
        );
    }
}

static X_CACHE: HeaderName = HeaderName::from_static("x-cache");
static X_MS_ARM_SERVICE_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-arm-service-request-id");
static X_MS_CORRELATION_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-correlation-request-id");
static X_MS_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-request-id");
static X_MS_ROUTING_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-routing-request-id");

/// Headers being gathered. What cannot be written as a header is left out.
struct Dressed(HeaderMap);

impl Dressed {
    /// A header that is always the same.
    fn say(&mut self, name: &HeaderName, value: &'static str) {
        self.0.append(name, HeaderValue::from_static(value));
    }

    fn put(&mut self, name: &HeaderName, value: String) {
        if let Ok(value) = HeaderValue::try_from(value) {
            self.0.append(name, value);
        }
    }

    fn add(&mut self, name: &str, value: &str) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            self.0.append(name, value);
        }
    }
}
