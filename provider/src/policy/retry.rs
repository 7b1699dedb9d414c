//! Sends a request again where that is safe and may help, within bounds.
//!
//! It obeys `Retry-After`; how long it waits without one, and what is worth another try at all, its [`Rules`] say. What is left after
//! the last try goes to the caller as it came.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, Uri};

use super::{Repeatable, SendError, Step};
use crate::error::retry_after_secs;
use crate::{Clock, TransportErrorKind};

/// A longer `Retry-After` than this is not waited for. The hourly counters ask for up to an hour, compute's for less (ARM 5.4): who gives
/// up before that makes all its requests again, and so uses up the next hour as well.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3_600);
const REDIRECTS_MAX: u32 = 10;

/// Why a request may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// There was no answer, and another try is safe.
    NoAnswer,
    /// It was answered so.
    Answer(StatusCode),
}

/// What one of Azure's services is worth trying again for.
pub(crate) trait Rules: Send + Sync {
    /// How long to wait after the nth try, had the answer asked for nothing; None when another try would not help.
    fn wait(&self, request: &Request<Bytes>, trouble: Trouble, tries: u32) -> Option<Duration>;

    /// Where an answer sends the request instead.
    fn redirect(&self, _request: &Request<Bytes>, _answer: &Response<Bytes>) -> Option<Uri> {
        None
    }
}

/// The policy.
pub(crate) struct Retry {
    inner: Arc<dyn Step>,
    clock: Arc<dyn Clock>,
    rules: Arc<dyn Rules>,
}

impl Retry {
    pub(crate) fn new(inner: Arc<dyn Step>, clock: Arc<dyn Clock>, rules: Arc<dyn Rules>) -> Self {
        Self { inner, clock, rules }
    }

    /// How long to wait before the next try; None when there is none.
    fn wait_before_next(
        &self,
        request: &Request<Bytes>,
        answer: &Result<Response<Bytes>, SendError>,
        tries: u32,
    ) -> Option<Duration> {
        let response = match answer {
            Ok(response) => response,
            Err(SendError::Identity(_)) => return None,
            Err(SendError::Transport(error)) => {
                let safe = match error.kind {
                    TransportErrorKind::Connect => true,
                    TransportErrorKind::Cut | TransportErrorKind::Timeout => is_idempotent(request),
                    TransportErrorKind::Unsendable => false,
                };
                return safe
                    .then(|| self.rules.wait(request, Trouble::NoAnswer, tries))
                    .flatten();
            }
        };
        let asked = retry_after_secs(response.headers()).map(Duration::from_secs);
        if asked.is_some_and(|asked| asked > RETRY_AFTER_MAX) {
            return None;
        }

        let own = self.rules.wait(request, Trouble::Answer(response.status()), tries)?;
        Some(asked.unwrap_or(own))
    }
}

#[async_trait]
impl Step for Retry {
    async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, SendError> {
        let (mut tries, mut redirects) = (0, 0);
        loop {
            let answer = self.inner.send(request.clone()).await;
            if let Ok(response) = &answer
                && redirects < REDIRECTS_MAX
                && let Some(uri) = self.rules.redirect(&request, response)
            {
                redirects += 1;
                *request.uri_mut() = uri;
                continue;
            }
            tries += 1;
            let Some(wait) = self.wait_before_next(&request, &answer, tries) else {
                return answer;
            };
            self.clock.sleep(wait).await;
        }
    }
}

/// Whether a request that may have been done can be sent once more.
pub(crate) fn is_idempotent(request: &Request<Bytes>) -> bool {
    let by_verb = [Method::GET, Method::HEAD, Method::PUT, Method::DELETE].contains(request.method());
    by_verb || request.extensions().get::<Repeatable>().is_some()
}

/// Of Resource Manager, and of what it stands beside: waits that double.
pub(crate) struct Backoff;

impl Backoff {
    /// Tries after a throttling answer: 5, 10, 20, 40, 60, 60 s without `Retry-After` (juju-provider 1.19, L65).
    const THROTTLED_TRIES_MAX: u32 = 7;
    const THROTTLED_FIRST: Duration = Duration::from_secs(5);
    /// Tries after Azure's own trouble or none at all: 1, 2, 4, 8 s.
    const TRIES_MAX: u32 = 5;
    const FIRST: Duration = Duration::from_secs(1);
    const MAX: Duration = Duration::from_secs(60);
}

impl Rules for Backoff {
    fn wait(&self, request: &Request<Bytes>, trouble: Trouble, tries: u32) -> Option<Duration> {
        let (first, tries_max) = match trouble {
            Trouble::NoAnswer => (Self::FIRST, Self::TRIES_MAX),
            // Refused before anything was done, so any verb may come again.
            Trouble::Answer(StatusCode::TOO_MANY_REQUESTS) => (Self::THROTTLED_FIRST, Self::THROTTLED_TRIES_MAX),
            Trouble::Answer(
                StatusCode::REQUEST_TIMEOUT
                | StatusCode::INTERNAL_SERVER_ERROR
                | StatusCode::BAD_GATEWAY
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::GATEWAY_TIMEOUT,
            ) if is_idempotent(request) => (Self::FIRST, Self::TRIES_MAX),
            Trouble::Answer(_) => return None,
        };
        let doubled = first.saturating_mul(2_u32.saturating_pow(tries - 1));
        (tries < tries_max).then(|| doubled.min(Self::MAX))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use http::Request;

    use super::super::tests::{Reply, Scripted, TestClock, request};
    use super::super::{Repeatable, Step as _};
    use super::{Backoff, Retry, Rules};
    use crate::{Clock as _, TransportErrorKind};

    /// How often a request is sent, how long is waited in all, and what comes of it: `3 tries, 30 s: 200`.
    pub(crate) async fn told(rules: impl Rules + 'static, request: Request<Bytes>, replies: Vec<Reply>) -> String {
        let (next, clock) = (Arc::new(Scripted::new(replies)), Arc::new(TestClock::default()));
        let retry = Retry::new(Arc::clone(&next) as _, Arc::clone(&clock) as _, Arc::new(rules));
        let came = match retry.send(request).await {
            Ok(response) => response.status().as_u16().to_string(),
            Err(_) => "no answer".to_owned(),
        };
        format!("{} tries, {} s: {came}", next.n_seen(), clock.now_ms() / 1_000)
    }

    /// An answer that says when to come back.
    pub(crate) fn throttled(retry_after: &'static str) -> Reply {
        Reply::Headers(429, vec![("retry-after", retry_after)], "")
    }

    async fn check(method: &str, replies: Vec<Reply>, expected: &str) {
        assert_eq!(told(Backoff, request(method, "https://a/b"), replies).await, expected);
    }

    #[tokio::test]
    async fn retry_after_is_obeyed() {
        for method in ["GET", "POST"] {
            let replies = vec![throttled("17"), Reply::Status(200)];
            check(method, replies, "2 tries, 17 s: 200").await;
        }
    }

    #[tokio::test]
    async fn without_retry_after_the_waits_double_and_end() {
        let replies = (0..7).map(|_| Reply::Status(429)).collect();
        check("GET", replies, "7 tries, 195 s: 429").await;
    }

    #[tokio::test]
    async fn more_than_an_hour_is_not_waited_for() {
        check(
            "GET",
            vec![throttled("3600"), Reply::Status(200)],
            "2 tries, 3600 s: 200",
        )
        .await;
        check("GET", vec![throttled("3601")], "1 tries, 0 s: 429").await;
    }

    #[tokio::test]
    async fn a_lost_reply_to_a_put_is_asked_for_again() {
        let replies = vec![Reply::None(TransportErrorKind::Cut), Reply::Status(200)];
        check("PUT", replies, "2 tries, 1 s: 200").await;
    }

    #[tokio::test]
    async fn a_lost_reply_to_a_post_is_not_unless_it_may_be_repeated() {
        let lost = vec![Reply::None(TransportErrorKind::Cut)];
        check("POST", lost, "1 tries, 0 s: no answer").await;
        let mut post = request("POST", "https://a/b");
        post.extensions_mut().insert(Repeatable);
        let replies = vec![Reply::None(TransportErrorKind::Timeout), Reply::Status(200)];
        assert_eq!(told(Backoff, post, replies).await, "2 tries, 1 s: 200");
    }

    #[tokio::test]
    async fn what_never_left_is_sent_again_whatever_the_verb() {
        let replies = vec![Reply::None(TransportErrorKind::Connect), Reply::Status(200)];
        check("POST", replies, "2 tries, 1 s: 200").await;
        let unsendable = vec![Reply::None(TransportErrorKind::Unsendable)];
        check("POST", unsendable, "1 tries, 0 s: no answer").await;
    }

    #[tokio::test]
    async fn azures_own_trouble_ends_after_five_tries() {
        let replies = (0..5).map(|_| Reply::Status(503)).collect();
        check("DELETE", replies, "5 tries, 15 s: 503").await;
        check("POST", vec![Reply::Status(500)], "1 tries, 0 s: 500").await;
        check("PUT", vec![Reply::Status(501)], "1 tries, 0 s: 501").await;
    }
}
