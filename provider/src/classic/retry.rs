//! When a request of the classic API is sent again: six times, ten seconds apart, while something else holds what it needs or the
//! service has trouble of its own (juju-provider 2.1, L4); and where a redirect leads it.

use std::time::Duration;

use bytes::Bytes;
use http::header::LOCATION;
use http::{Request, Response, StatusCode, Uri};

use crate::error::header;
use crate::policy::{Rules, Trouble, is_idempotent};

pub(crate) const REPEATS_MAX: u32 = 6;
pub(crate) const REPEAT_EVERY: Duration = Duration::from_secs(10);

/// On a request: 409 says that the name is taken, which no waiting mends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConflictIsAnswer;

/// Of the classic API, and of the blobs that it uses.
pub(crate) struct Patience;

impl Rules for Patience {
    fn wait(&self, request: &Request<Bytes>, trouble: Trouble, tries: u32) -> Option<Duration> {
        let may_help = match trouble {
            Trouble::NoAnswer => true,
            Trouble::Answer(StatusCode::CONFLICT) => request.extensions().get::<ConflictIsAnswer>().is_none(),
            // The classic API throttles by 503 without a `Retry-After`; whatever stands before it, by 429 with one.
            Trouble::Answer(
                StatusCode::REQUEST_TIMEOUT
                | StatusCode::INTERNAL_SERVER_ERROR
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::TOO_MANY_REQUESTS,
            ) => true,
            Trouble::Answer(StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT) => is_idempotent(request),
            Trouble::Answer(_) => false,
        };
        (may_help && tries <= REPEATS_MAX).then_some(REPEAT_EVERY)
    }

    /// The same path on a regional front end of the same host. Our certificate goes nowhere else.
    fn redirect(&self, request: &Request<Bytes>, answer: &Response<Bytes>) -> Option<Uri> {
        if answer.status() != StatusCode::TEMPORARY_REDIRECT {
            return None;
        }

        let uri: Uri = header(answer.headers(), LOCATION.as_str())?.parse().ok()?;
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
}

#[cfg(test)]
mod tests {
    use super::{ConflictIsAnswer, Patience};
    use crate::TransportErrorKind;
    use crate::policy::tests::{Reply, request, throttled, told};

    const URI: &str = "https://management.core.windows.net/s/services?x=1";

    async fn check(method: &str, replies: Vec<Reply>, expected: &str) {
        assert_eq!(told(Patience, request(method, URI), replies).await, expected);
    }

    #[tokio::test]
    async fn trouble_that_passes_is_waited_for_six_times() {
        for status in [408, 409, 500, 503] {
            let replies = (0..7).map(|_| Reply::Status(status)).collect();
            check("POST", replies, &format!("7 tries, 60 s: {status}")).await;
            let replies = vec![Reply::Status(status), Reply::Status(200)];
            check("GET", replies, "2 tries, 10 s: 200").await;
        }
    }

    #[tokio::test]
    async fn what_does_not_pass_is_told_at_once() {
        for status in [400, 403, 404, 502] {
            let replies = vec![Reply::Status(status)];
            check("POST", replies, &format!("1 tries, 0 s: {status}")).await;
        }
        let mut post = request("POST", URI);
        post.extensions_mut().insert(ConflictIsAnswer);
        let replies = vec![Reply::Status(409)];
        assert_eq!(told(Patience, post, replies).await, "1 tries, 0 s: 409");
    }

    #[tokio::test]
    async fn retry_after_is_obeyed_within_bounds() {
        let replies = vec![throttled("17"), Reply::Status(202)];
        check("POST", replies, "2 tries, 17 s: 202").await;
        let replies = vec![Reply::Status(429), Reply::Status(200)];
        check("GET", replies, "2 tries, 10 s: 200").await;
        check("GET", vec![throttled("3601")], "1 tries, 0 s: 429").await;
    }

    #[tokio::test]
    async fn a_lost_reply_to_a_post_is_the_callers_to_judge() {
        let cut = || Reply::None(TransportErrorKind::Cut);
        check("POST", vec![cut()], "1 tries, 0 s: no answer").await;
        check("PUT", vec![cut(), Reply::Status(202)], "2 tries, 10 s: 202").await;
        let lost = Reply::None(TransportErrorKind::Connect);
        check("POST", vec![lost, Reply::Status(202)], "2 tries, 10 s: 202").await;
    }

    #[tokio::test]
    async fn a_redirect_to_a_regional_front_end_is_followed_and_no_other() {
        let to = |location| Reply::Headers(307, vec![("location", location)], "");
        let regional = "https://ussouth2.management.core.windows.net/s/services?x=1";
        check("POST", vec![to(regional), Reply::Status(202)], "2 tries, 0 s: 202").await;
        for stranger in [
            "https://management.core.windows.net.example/s/services?x=1",
            "https://example.com/s/services?x=1",
            "https://ussouth2.management.core.windows.net/other",
            "http://ussouth2.management.core.windows.net/s/services?x=1",
        ] {
            check("POST", vec![to(stranger)], "1 tries, 0 s: 307").await;
        }
        let round = (0..11).map(|_| to(regional)).collect();
        check("GET", round, "11 tries, 0 s: 307").await;
    }
}
