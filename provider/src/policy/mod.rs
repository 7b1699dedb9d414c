//! Policies: what every request goes through, whoever sends it.
//!
//! Each is a [`Step`] around the next one, knows nothing of what the request is for, and sleeps on the clock alone.
//!
//! ```text
//! resource manager  request ids > retry > throttle > authenticate > trace > transport
//! identity          request ids > retry > trace > transport
//! blob              request ids > retry > shared key > trace > transport
//! classic           request ids > retry > trace > transport
//! ```
//!
//! There is one retry; what it tries again, and when, differs by its rules.

mod authenticate;
mod identity;
mod request_ids;
mod retry;
mod shared_key;
mod throttle;
mod trace;
mod user_agent;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

pub(crate) use authenticate::Authenticate;
pub(crate) use identity::{Identity, SignIn};
pub(crate) use request_ids::RequestIds;
pub(crate) use retry::{Backoff, Retry, Rules, Trouble, is_idempotent};
pub(crate) use shared_key::{AccountKey, SharedKey};
pub(crate) use throttle::Throttle;
pub(crate) use trace::Trace;
pub(crate) use user_agent::UserAgent;

use crate::random::Random;
use crate::{AzureError, Clock, CloudSpec, Credential, Transport, TransportError};

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum SendError {
    /// The transport gave none.
    Transport(TransportError),
    /// There is no token to ask with.
    Identity(Box<AzureError>),
}

/// One link in the chain of policies.
#[async_trait]
pub(crate) trait Step: Send + Sync {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, SendError>;
}

/// On a request: it may be sent again although its verb does not say so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Repeatable;

/// The end of every chain.
struct Wire(Arc<dyn Transport>);

#[async_trait]
impl Step for Wire {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, SendError> {
        self.0.send(request).await.map_err(SendError::Transport)
    }
}

/// Makes the chains of one environment.
#[derive(Clone)]
pub(crate) struct Stack {
    traced: Arc<dyn Step>,
    clock: Arc<dyn Clock>,
    ids: Arc<RequestIds>,
}

impl Stack {
    pub(crate) fn new(transport: Arc<dyn Transport>, clock: Arc<dyn Clock>, random: Random, agent: UserAgent) -> Self {
        let opened_ms = clock.now_ms();
        Self {
            traced: Arc::new(Trace::new(Arc::new(Wire(transport)))),
            clock,
            ids: Arc::new(RequestIds::new(random, opened_ms, agent)),
        }
    }

    fn retried(&self, inner: Arc<dyn Step>, rules: impl Rules + 'static) -> Arc<dyn Step> {
        let retry = Retry::new(inner, Arc::clone(&self.clock), Arc::new(rules));
        Arc::new(self.ids.before(Arc::new(retry)))
    }

    pub(crate) fn resource_manager(
        &self,
        cloud: &CloudSpec,
        credential: &Credential,
        sign_in: SignIn,
    ) -> (Arc<dyn Step>, Arc<Authenticate>) {
        let identity = Identity::new(
            self.retried(Arc::clone(&self.traced), Backoff),
            cloud.clone(),
            credential.clone(),
            sign_in,
        );
        let authenticate = Arc::new(Authenticate::new(
            Arc::clone(&self.traced),
            identity,
            Arc::clone(&self.clock),
        ));
        let throttle = Throttle::new(Arc::clone(&authenticate) as Arc<dyn Step>, Arc::clone(&self.clock));
        (self.retried(Arc::new(throttle), Backoff), authenticate)
    }

    /// Requests that the connection itself proves.
    pub(crate) fn unsigned(&self, rules: impl Rules + 'static) -> Arc<dyn Step> {
        self.retried(Arc::clone(&self.traced), rules)
    }

    /// Requests to blob storage.
    pub(crate) fn signed(&self, key: AccountKey, rules: impl Rules + 'static) -> Arc<dyn Step> {
        let signed = SharedKey::new(Arc::clone(&self.traced), key, Arc::clone(&self.clock));
        self.retried(Arc::new(signed), rules)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    //! Doubles for one policy: a scripted next step, and a clock that passes at once.

    use std::collections::VecDeque;
    use std::sync::Mutex;
    use std::time::Duration;

    use async_trait::async_trait;
    use bytes::Bytes;
    use http::{Request, Response};

    pub(crate) use super::retry::tests::{throttled, told};
    use super::{SendError, Step};
    use crate::{Clock, TransportError, TransportErrorKind};

    #[derive(Default)]
    pub(crate) struct TestClock {
        now_ms: Mutex<u64>,
    }

    #[async_trait]
    impl Clock for TestClock {
        fn now_ms(&self) -> u64 {
            *self.now_ms.lock().expect("no test panics while it holds the clock")
        }

        async fn sleep(&self, duration: Duration) {
            *self.now_ms.lock().expect("no test panics while it holds the clock") +=
                u64::try_from(duration.as_millis()).expect("test waits are short");
        }
    }

    pub(crate) enum Reply {
        Status(u16),
        Headers(u16, Vec<(&'static str, &'static str)>, &'static str),
        None(TransportErrorKind),
    }

    #[derive(Default)]
    pub(crate) struct Scripted {
        replies: Mutex<VecDeque<Reply>>,
        pub(crate) seen: Mutex<Vec<Request<Bytes>>>,
    }

    impl Scripted {
        pub(crate) fn new(replies: Vec<Reply>) -> Self {
            Self {
                replies: Mutex::new(replies.into()),
                seen: Mutex::default(),
            }
        }

        pub(crate) fn n_seen(&self) -> usize {
            self.seen
                .lock()
                .expect("no test panics while it holds the journal")
                .len()
        }
    }

    #[async_trait]
    impl Step for Scripted {
        async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, SendError> {
            self.seen
                .lock()
                .expect("no test panics while it holds the journal")
                .push(request);
            let reply = self
                .replies
                .lock()
                .expect("no test panics while it holds the script")
                .pop_front();
            let (status, headers, body) = match reply.expect("the script has a reply for every request") {
                Reply::Status(status) => (status, Vec::new(), ""),
                Reply::Headers(status, headers, body) => (status, headers, body),
                Reply::None(kind) => return Err(SendError::Transport(TransportError::new(kind, "scripted"))),
            };
            let mut builder = Response::builder().status(status);
            for (name, value) in headers {
                builder = builder.header(name, value);
            }
            Ok(builder
                .body(Bytes::from_static(body.as_bytes()))
                .expect("scripted answers are well formed"))
        }
    }

    pub(crate) fn request(method: &str, uri: &str) -> Request<Bytes> {
        Request::builder()
            .method(method)
            .uri(uri)
            .body(Bytes::new())
            .expect("test requests are well formed")
    }
}
