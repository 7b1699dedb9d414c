//! Tells what goes over the wire, to whoever listens to `tracing`.
//!
//! Method, host, path and status only: queries may be signed, bodies and headers may hold secrets.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

use super::{SendError, Step};

/// The policy.
pub(crate) struct Trace {
    inner: Arc<dyn Step>,
}

impl Trace {
    pub(super) fn new(inner: Arc<dyn Step>) -> Self {
        Self { inner }
    }
}

#[async_trait]
impl Step for Trace {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, SendError> {
        let method = request.method().clone();
        let host = request.uri().host().unwrap_or_default().to_owned();
        let path = request.uri().path().to_owned();
        let answer = self.inner.send(request).await;
        match &answer {
            Ok(response) => {
                let id = response
                    .headers()
                    .get("x-ms-request-id")
                    .and_then(|id| id.to_str().ok())
                    .unwrap_or_default();
                tracing::debug!(%method, host, path, status = response.status().as_u16(), request_id = id, "exchange");
            }
            Err(SendError::Transport(error)) => tracing::debug!(%method, host, path, %error, "no answer"),
            Err(SendError::Identity(_)) => tracing::debug!(%method, host, path, "no token"),
        }
        answer
    }
}
