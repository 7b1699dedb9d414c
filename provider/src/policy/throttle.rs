//! Holds requests back while a bucket is known to be empty.
//!
//! When one request is told to come back later, the others of the same kind would be told so, too: they wait here, and go on one
//! by one, so that an empty bucket meets no herd (field bug `throttled-reads`).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};

use super::{SendError, Step};
use crate::Clock;
use crate::error::{Refusal, retry_after_secs};

/// Between two requests that waited for the same bucket.
const SPACING_MS: u64 = 100;
/// Nobody is held back longer than this: the service then answers for itself.
const HELD_MS_MAX: u64 = 300_000;

/// Which bucket a request draws from: the namespace of its resource provider, and whether it reads (ARM 5.1, 5.3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Bucket {
    namespace: String,
    reads: bool,
}

impl Bucket {
    fn of(request: &Request<Bytes>) -> Self {
        let path = request.uri().path().to_lowercase();
        let mut segments = path.split('/');
        let namespace = segments
            .find(|segment| *segment == "providers")
            .and_then(|_| segments.next());
        Self {
            namespace: namespace.unwrap_or("microsoft.resources").to_owned(),
            reads: matches!(*request.method(), Method::GET | Method::HEAD),
        }
    }
}

/// The policy.
pub(crate) struct Throttle {
    inner: Arc<dyn Step>,
    clock: Arc<dyn Clock>,
    /// When each empty bucket lets the next one go.
    open_at_ms: Mutex<BTreeMap<Bucket, u64>>,
}

impl Throttle {
    pub(super) fn new(inner: Arc<dyn Step>, clock: Arc<dyn Clock>) -> Self {
        Self {
            inner,
            clock,
            open_at_ms: Mutex::default(),
        }
    }

    /// Takes the next slot of `bucket`, and says how long it is until then.
    fn take_slot(&self, bucket: &Bucket) -> Option<Duration> {
        let now_ms = self.clock.now_ms();
        let mut open_at_ms = self
            .open_at_ms
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let slot_ms = *open_at_ms.get(bucket)?;
        if slot_ms <= now_ms {
            open_at_ms.remove(bucket);
            return None;
        }

        open_at_ms.insert(bucket.clone(), slot_ms + SPACING_MS);
        Some(Duration::from_millis((slot_ms - now_ms).min(HELD_MS_MAX)))
    }

    fn close(&self, bucket: Bucket, for_secs: u64) {
        let until_ms = self.clock.now_ms() + for_secs * 1_000;
        let mut open_at_ms = self
            .open_at_ms
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let slot_ms = open_at_ms.entry(bucket).or_default();
        *slot_ms = (*slot_ms).max(until_ms);
    }
}

#[async_trait]
impl Step for Throttle {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, SendError> {
        let bucket = Bucket::of(&request);
        if let Some(wait) = self.take_slot(&bucket) {
            self.clock.sleep(wait).await;
        }
        let answer = self.inner.send(request).await;
        if let Ok(response) = &answer
            && response.status() == StatusCode::TOO_MANY_REQUESTS
            && let Some(secs) = retry_after_secs(response.headers())
            // A lock on one resource answers 429, too, and concerns nobody else (ARM 5.4).
            && !Refusal::read(response).is_other_operation()
        {
            self.close(bucket, secs);
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::Step as _;
    use super::super::tests::{Reply, Scripted, TestClock, request};
    use super::Throttle;
    use crate::Clock as _;

    const NIC: &str = "https://a/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkInterfaces/n";
    const VM: &str = "https://a/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v";

    async fn clock_after(second: (&str, &str), body: &'static str) -> u64 {
        let empty = Reply::Headers(429, vec![("retry-after", "30")], body);
        let next = Arc::new(Scripted::new(vec![empty, Reply::Status(200)]));
        let clock = Arc::new(TestClock::default());
        let throttle = Throttle::new(Arc::clone(&next) as _, Arc::clone(&clock) as _);
        throttle.send(request("GET", NIC)).await.expect("the script answers");
        throttle
            .send(request(second.0, second.1))
            .await
            .expect("the script answers");
        clock.now_ms()
    }

    #[tokio::test]
    async fn whoever_comes_next_to_an_empty_bucket_waits() {
        assert_eq!(clock_after(("GET", NIC), "").await, 30_000);
    }

    #[tokio::test]
    async fn other_buckets_are_not_held_back() {
        assert_eq!(clock_after(("PUT", NIC), "").await, 0);
        assert_eq!(clock_after(("GET", VM), "").await, 0);
    }

    #[tokio::test]
    async fn a_lock_on_one_resource_closes_no_bucket() {
        assert_eq!(
            clock_after(("GET", NIC), r#"{"error":{"code":"RetryableError","message":"m"}}"#).await,
            0
        );
    }
}
