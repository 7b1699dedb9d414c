//! Gives every request an id of our own, which repetitions share, and says who we are.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use http::header::USER_AGENT;
use http::{HeaderName, HeaderValue, Request, Response};

use super::{SendError, Step, UserAgent};
use crate::random::Random;

const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-client-request-id");

/// The ids of one environment.
pub(crate) struct RequestIds {
    random: Random,
    /// Two processes may have the same seed.
    topic: String,
    agent: UserAgent,
    nth: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new(random: Random, opened_ms: u64, agent: UserAgent) -> Self {
        Self {
            random,
            topic: format!("request since {opened_ms}"),
            agent,
            nth: AtomicU64::new(0),
        }
    }

    /// The policy, before `inner`.
    pub(super) fn before(self: &Arc<Self>, inner: Arc<dyn Step>) -> Tagged {
        Tagged {
            ids: Arc::clone(self),
            inner,
        }
    }
}

pub(super) struct Tagged {
    ids: Arc<RequestIds>,
    inner: Arc<dyn Step>,
}

#[async_trait]
impl Step for Tagged {
    async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, SendError> {
        let nth = self.ids.nth.fetch_add(1, Ordering::Relaxed);
        let id = self.ids.random.uuid(&self.ids.topic, nth).to_string();
        let id = HeaderValue::try_from(id).expect("a uuid is a header value");
        request.headers_mut().insert(CLIENT_REQUEST_ID, id);
        let agent = self.ids.agent.of(&request);
        request.headers_mut().insert(USER_AGENT, agent);
        self.inner.send(request).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::Step as _;
    use super::super::UserAgent;
    use super::super::tests::{Reply, Scripted, request};
    use super::RequestIds;
    use crate::random::Random;

    #[tokio::test]
    async fn every_request_has_its_own_id() {
        let next = Arc::new(Scripted::new(vec![Reply::Status(200), Reply::Status(200)]));
        let tagged = Arc::new(RequestIds::new(Random::new(1), 0, UserAgent::Sdk2022)).before(Arc::clone(&next) as _);
        for _ in 0..2 {
            tagged
                .send(request("GET", "https://a/b"))
                .await
                .expect("the script answers");
        }
        let seen = next.seen.lock().expect("nothing else holds the journal");
        let ids: Vec<_> = seen
            .iter()
            .map(|request| request.headers()["x-ms-client-request-id"].clone())
            .collect();
        assert_ne!(ids[0], ids[1]);
    }
}
