//! Performing one HTTP request.
//!
//! A transport knows nothing of Azure: no retries, no tokens, no redirects. Policies around it do that.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

/// What went wrong when there is no answer at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportErrorKind {
    /// No connection was made, so the request cannot have been applied.
    Connect,
    /// The connection broke before the answer was read whole: the request may have been applied.
    Cut,
    /// No answer in time: the request may have been applied.
    Timeout,
    /// The request could not be expressed on this transport.
    Unsendable,
}

/// There is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TransportError {
    /// The class of trouble.
    pub kind: TransportErrorKind,
    /// What the transport says, without secrets.
    pub message: String,
}

impl TransportError {
    /// An error of `kind`.
    #[must_use]
    pub fn new(kind: TransportErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }
}

/// Performs one request. Several may be in flight at once.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends `request`, whose URI is absolute, and returns the answer with its whole body, whatever its status.
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError>;
}
