//! Sends a request again by the rules of the classic API: six times, ten seconds apart, while something else holds what it needs or
//! the service has trouble of its own (juju-provider 2.1, L4); and leads it to the front end that a redirect names.
//!
//! What is left after the last try goes to the caller as it came.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::LOCATION;
use http::{Method, Request, Response, StatusCode, Uri};

use crate::error::{header, retry_after_secs};
use crate::policy::{Repeatable, SendError, Step};
use crate::{Clock, TransportErrorKind};

pub(crate) const REPEATS_MAX: u32 = 6;
pub(crate) const REPEAT_EVERY: Duration = Duration::from_secs(10);
/// A longer `Retry-After` than this is not waited for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(1_800);
const REDIRECTS_MAX: u32 = 10;

/// On a request: 409 says that the name is taken, which no waiting mends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConflictIsAnswer;

/// The policy.
pub(crate) struct Retry {
    inner: Arc<dyn Step>,
    clock: Arc<dyn Clock>,
}

impl Retry {
    pub(crate) fn new(inner: Arc<dyn Step>, clock: Arc<dyn Clock>) -> Self {
        Self { inner, clock }
    }
}

#[async_trait]
impl Step for Retry {
    async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, SendError> {
        let (mut repeats, mut redirects) = (0, 0);
        loop {
            let answer = self.inner.send(request.clone()).await;
            if let Ok(response) = &answer
                && let Some(uri) = regional(&request, response).filter(|_| redirects < REDIRECTS_MAX)
            {
                redirects += 1;
                *request.uri_mut() = uri;
                continue;
            }
            let Some(wait) = wait_before_next(&request, &answer).filter(|_| repeats < REPEATS_MAX) else {
                return answer;
            };
            repeats += 1;
            self.clock.sleep(wait).await;
        }
    }
}

/// Where a 307 leads: the same path on a regional front end of the same host. Our certificate goes nowhere else.
fn regional(request: &Request<Bytes>, response: &Response<Bytes>) -> Option<Uri> {
    if response.status() != StatusCode::TEMPORARY_REDIRECT {
        return None;
    }

    let uri: Uri = header(response.headers(), LOCATION.as_str())?.parse().ok()?;
    let own = request.uri();
    // A front end's host is the global one with a region in front (service-management 1.1).
    let global = |host: &str| {
        let host = host.to_ascii_lowercase();
        host.find("management.core.").map(|at| host[at..].to_owned())
    };
    let same_service = match (global(uri.host()?), global(own.host()?)) {
        (Some(there), Some(here)) => there == here && uri.host()?.to_ascii_lowercase().ends_with(&here),
        _ => uri.authority() == own.authority(),
    };
    (same_service && uri.scheme() == own.scheme() && uri.path_and_query() == own.path_and_query()).then_some(uri)
}

/// How long to wait before the next try; None when another would not help.
fn wait_before_next(request: &Request<Bytes>, answer: &Result<Response<Bytes>, SendError>) -> Option<Duration> {
    let by_verb = [Method::GET, Method::HEAD, Method::PUT, Method::DELETE].contains(request.method());
    let idempotent = by_verb || request.extensions().get::<Repeatable>().is_some();
    let response = match answer {
        Ok(response) => response,
        Err(SendError::Identity(_)) => return None,
        Err(SendError::Transport(error)) => {
            let safe = match error.kind {
                TransportErrorKind::Connect => true,
                TransportErrorKind::Cut | TransportErrorKind::Timeout => idempotent,
                TransportErrorKind::Unsendable => false,
            };
            return safe.then_some(REPEAT_EVERY);
        }
    };

    let asked = retry_after_secs(response.headers()).map(Duration::from_secs);
    if asked.is_some_and(|asked| asked > RETRY_AFTER_MAX) {
        return None;
    }

    match response.status() {
        StatusCode::CONFLICT if request.extensions().get::<ConflictIsAnswer>().is_none() => Some(REPEAT_EVERY),
        StatusCode::REQUEST_TIMEOUT | StatusCode::INTERNAL_SERVER_ERROR => Some(REPEAT_EVERY),
        // The classic API throttles by 503 without a `Retry-After`; whatever stands before it, by 429 with one.
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => Some(asked.unwrap_or(REPEAT_EVERY)),
        StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT if idempotent => Some(REPEAT_EVERY),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{ConflictIsAnswer, Retry};
    use crate::policy::Step as _;
    use crate::policy::tests::{Reply, Scripted, TestClock, request};
    use crate::{Clock as _, TransportErrorKind};

    const URI: &str = "https://management.core.windows.net/s/services?x=1";

    async fn check(
        method: &str,
        final_conflict: bool,
        replies: Vec<Reply>,
        tries: usize,
        waited_s: u64,
        outcome: &str,
    ) {
        let (next, clock) = (Arc::new(Scripted::new(replies)), Arc::new(TestClock::default()));
        let retry = Retry::new(Arc::clone(&next) as _, Arc::clone(&clock) as _);
        let mut request = request(method, URI);
        if final_conflict {
            request.extensions_mut().insert(ConflictIsAnswer);
        }
        let came = match retry.send(request).await {
            Ok(response) => response.status().as_u16().to_string(),
            Err(_) => "no answer".to_owned(),
        };
        assert_eq!(
            (next.n_seen(), clock.now_ms() / 1_000, came.as_str()),
            (tries, waited_s, outcome)
        );
    }

    #[tokio::test]
    async fn trouble_that_passes_is_waited_for_six_times() {
        for status in [408, 409, 500, 503] {
            let replies = (0..7).map(|_| Reply::Status(status)).collect();
            check("POST", false, replies, 7, 60, &status.to_string()).await;
            check(
                "GET",
                false,
                vec![Reply::Status(status), Reply::Status(200)],
                2,
                10,
                "200",
            )
            .await;
        }
    }

    #[tokio::test]
    async fn what_does_not_pass_is_told_at_once() {
        for status in [400, 403, 404, 502] {
            check("POST", false, vec![Reply::Status(status)], 1, 0, &status.to_string()).await;
        }
        check("POST", true, vec![Reply::Status(409)], 1, 0, "409").await;
    }

    #[tokio::test]
    async fn retry_after_is_obeyed_within_bounds() {
        let throttled = |secs| Reply::Headers(429, vec![("retry-after", secs)], "");
        check("POST", false, vec![throttled("17"), Reply::Status(202)], 2, 17, "202").await;
        check("GET", false, vec![Reply::Status(429), Reply::Status(200)], 2, 10, "200").await;
        check("GET", false, vec![throttled("3600")], 1, 0, "429").await;
    }

    #[tokio::test]
    async fn a_lost_reply_to_a_post_is_the_callers_to_judge() {
        let cut = || Reply::None(TransportErrorKind::Cut);
        check("POST", false, vec![cut()], 1, 0, "no answer").await;
        check("PUT", false, vec![cut(), Reply::Status(202)], 2, 10, "202").await;
        let lost = Reply::None(TransportErrorKind::Connect);
        check("POST", false, vec![lost, Reply::Status(202)], 2, 10, "202").await;
    }

    #[tokio::test]
    async fn a_redirect_to_a_regional_front_end_is_followed_and_no_other() {
        let to = |location| Reply::Headers(307, vec![("location", location)], "");
        let regional = "https://ussouth2.management.core.windows.net/s/services?x=1";
        check("POST", false, vec![to(regional), Reply::Status(202)], 2, 0, "202").await;
        for stranger in [
            "https://management.core.windows.net.example/s/services?x=1",
            "https://example.com/s/services?x=1",
            "https://ussouth2.management.core.windows.net/other",
            "http://ussouth2.management.core.windows.net/s/services?x=1",
        ] {
            check("POST", false, vec![to(stranger)], 1, 0, "307").await;
        }
        let round = (0..11).map(|_| to(regional)).collect();
        check("GET", false, round, 11, 0, "307").await;
    }
}
