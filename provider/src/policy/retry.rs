//! Sends a request again where that is safe and may help, within bounds.
//!
//! It obeys `Retry-After`; without one it backs off. What is left after the last try goes to the caller as it came.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};

use super::{Repeatable, SendError, Step};
use crate::error::retry_after_secs;
use crate::{Clock, TransportErrorKind};

/// Tries after a throttling answer: 5, 10, 20, 40, 60, 60 s without `Retry-After` (juju-provider 1.19, L65).
const THROTTLED_TRIES_MAX: u32 = 7;
const THROTTLED_BACKOFF_FIRST: Duration = Duration::from_secs(5);
/// Tries after Azure's own trouble or none at all: 1, 2, 4, 8 s.
const TRIES_MAX: u32 = 5;
const BACKOFF_FIRST: Duration = Duration::from_secs(1);
const BACKOFF_MAX: Duration = Duration::from_secs(60);
/// A longer `Retry-After` than this is not waited for: compute's buckets ask for up to 20 minutes (ARM 5.4).
const RETRY_AFTER_MAX: Duration = Duration::from_secs(1_800);

/// The policy.
pub(crate) struct Retry {
    inner: Arc<dyn Step>,
    clock: Arc<dyn Clock>,
}

impl Retry {
    pub(super) fn new(inner: Arc<dyn Step>, clock: Arc<dyn Clock>) -> Self {
        Self { inner, clock }
    }
}

#[async_trait]
impl Step for Retry {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, SendError> {
        let idempotent = is_idempotent(&request);
        let mut tries = 0;
        loop {
            tries += 1;
            let answer = self.inner.send(request.clone()).await;
            let Some(wait) = wait_before_next(&answer, idempotent, tries) else {
                return answer;
            };
            self.clock.sleep(wait).await;
        }
    }
}

fn is_idempotent(request: &Request<Bytes>) -> bool {
    let by_verb = [Method::GET, Method::HEAD, Method::PUT, Method::DELETE].contains(request.method());
    by_verb || request.extensions().get::<Repeatable>().is_some()
}

/// How long to wait before the next try; None when there is none.
fn wait_before_next(answer: &Result<Response<Bytes>, SendError>, idempotent: bool, tries: u32) -> Option<Duration> {
    let response = match answer {
        Ok(response) => response,
        Err(SendError::Identity(_)) => return None,
        Err(SendError::Transport(error)) => {
            let safe = match error.kind {
                TransportErrorKind::Connect => true,
                TransportErrorKind::Cut | TransportErrorKind::Timeout => idempotent,
                TransportErrorKind::Unsendable => false,
            };
            return (safe && tries < TRIES_MAX).then(|| backoff(BACKOFF_FIRST, tries));
        }
    };

    let asked = retry_after_secs(response.headers()).map(Duration::from_secs);
    if asked.is_some_and(|asked| asked > RETRY_AFTER_MAX) {
        return None;
    }

    match response.status() {
        // Refused before anything was done, so any verb may come again.
        StatusCode::TOO_MANY_REQUESTS if tries < THROTTLED_TRIES_MAX => {
            Some(asked.unwrap_or_else(|| backoff(THROTTLED_BACKOFF_FIRST, tries)))
        }
        StatusCode::REQUEST_TIMEOUT
        | StatusCode::INTERNAL_SERVER_ERROR
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT
            if idempotent && tries < TRIES_MAX =>
        {
            Some(asked.unwrap_or_else(|| backoff(BACKOFF_FIRST, tries)))
        }
        _ => None,
    }
}

fn backoff(first: Duration, tries: u32) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(tries - 1)).min(BACKOFF_MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::tests::{Reply, Scripted, TestClock, request};
    use super::super::{Repeatable, Step as _};
    use super::Retry;
    use crate::{Clock as _, TransportErrorKind};

    async fn check(method: &str, repeatable: bool, replies: Vec<Reply>, tries: usize, waited_ms: u64, outcome: &str) {
        let (next, clock) = (Arc::new(Scripted::new(replies)), Arc::new(TestClock::default()));
        let retry = Retry::new(Arc::clone(&next) as _, Arc::clone(&clock) as _);
        let mut request = request(method, "https://a/b");
        if repeatable {
            request.extensions_mut().insert(Repeatable);
        }
        let came = match retry.send(request).await {
            Ok(response) => response.status().as_u16().to_string(),
            Err(_) => "no answer".to_owned(),
        };
        assert_eq!(
            (next.n_seen(), clock.now_ms(), came.as_str()),
            (tries, waited_ms, outcome)
        );
    }

    fn throttled(retry_after: &'static str) -> Reply {
        Reply::Headers(429, vec![("retry-after", retry_after)], "")
    }

    #[tokio::test]
    async fn retry_after_is_obeyed() {
        check(
            "GET",
            false,
            vec![throttled("17"), Reply::Status(200)],
            2,
            17_000,
            "200",
        )
        .await;
        check(
            "POST",
            false,
            vec![throttled("17"), Reply::Status(200)],
            2,
            17_000,
            "200",
        )
        .await;
    }

    #[tokio::test]
    async fn without_retry_after_the_waits_double_and_end() {
        let replies = (0..7).map(|_| Reply::Status(429)).collect();
        check("GET", false, replies, 7, 195_000, "429").await;
    }

    #[tokio::test]
    async fn an_hour_is_not_waited_for() {
        check("GET", false, vec![throttled("3600")], 1, 0, "429").await;
    }

    #[tokio::test]
    async fn a_lost_reply_to_a_put_is_asked_for_again() {
        let replies = vec![Reply::None(TransportErrorKind::Cut), Reply::Status(200)];
        check("PUT", false, replies, 2, 1_000, "200").await;
    }

    #[tokio::test]
    async fn a_lost_reply_to_a_post_is_not_unless_it_may_be_repeated() {
        check(
            "POST",
            false,
            vec![Reply::None(TransportErrorKind::Cut)],
            1,
            0,
            "no answer",
        )
        .await;
        let replies = vec![Reply::None(TransportErrorKind::Timeout), Reply::Status(200)];
        check("POST", true, replies, 2, 1_000, "200").await;
    }

    #[tokio::test]
    async fn what_never_left_is_sent_again_whatever_the_verb() {
        let replies = vec![Reply::None(TransportErrorKind::Connect), Reply::Status(200)];
        check("POST", false, replies, 2, 1_000, "200").await;
        check(
            "POST",
            false,
            vec![Reply::None(TransportErrorKind::Unsendable)],
            1,
            0,
            "no answer",
        )
        .await;
    }

    #[tokio::test]
    async fn azures_own_trouble_ends_after_five_tries() {
        let replies = (0..5).map(|_| Reply::Status(503)).collect();
        check("DELETE", false, replies, 5, 15_000, "503").await;
        check("POST", false, vec![Reply::Status(500)], 1, 0, "500").await;
        check("PUT", false, vec![Reply::Status(501)], 1, 0, "501").await;
    }
}
