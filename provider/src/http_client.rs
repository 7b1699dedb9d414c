//! The transport for a real network.
//!
//! TLS by rustls over `ring`; trusts what the system trusts, and beside that a CA one hands in.

use std::sync::Once;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderValue, Method, Request, Response};

use crate::{ManagementCertificate, Transport, TransportError, TransportErrorKind};

/// Longer than Azure's gateway itself waits for a provider (60 s), so that its own 504 is seen.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(100);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// The HTTP client cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot make an HTTP client: {message}")]
pub struct HttpClientError {
    message: String,
}

/// A [`Transport`] over the network.
#[derive(Clone, Debug)]
pub struct HttpClient {
    client: reqwest::Client,
}

impl HttpClient {
    /// A client that trusts what the system trusts and every certificate of `ca_pem` beside it.
    ///
    /// # Errors
    ///
    /// When `ca_pem` is no PEM text with certificates, or the system offers no TLS roots.
    pub fn new(ca_pem: Option<&[u8]>) -> Result<Self, HttpClientError> {
        Self::build(ca_pem, None)
    }

    /// The same, that presents a management certificate to whoever asks for one in the handshake: the classic API.
    ///
    /// # Errors
    ///
    /// As [`HttpClient::new`], and when the certificate cannot be presented.
    pub fn with_client_certificate(
        ca_pem: Option<&[u8]>,
        certificate: &ManagementCertificate,
    ) -> Result<Self, HttpClientError> {
        Self::build(ca_pem, Some(certificate))
    }

    fn build(ca_pem: Option<&[u8]>, certificate: Option<&ManagementCertificate>) -> Result<Self, HttpClientError> {
        install_crypto_provider();
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(REQUEST_TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT);
        if let Some(pem) = ca_pem {
            let certificates = reqwest::Certificate::from_pem_bundle(pem).map_err(unmakeable)?;
            builder = builder.tls_certs_merge(certificates);
        }
        if let Some(certificate) = certificate {
            let identity = reqwest::Identity::from_pem(certificate.pem()).map_err(unmakeable)?;
            builder = builder.identity(identity);
        }
        Ok(Self {
            client: builder.build().map_err(unmakeable)?,
        })
    }
}

/// The host program may have chosen its own provider already; then that one serves.
fn install_crypto_provider() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

fn unmakeable(error: reqwest::Error) -> HttpClientError {
    HttpClientError {
        message: chain(&error.without_url()),
    }
}

#[async_trait]
impl Transport for HttpClient {
    async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        // Azure refuses a write without a length, 411, and the client below tells none of an empty body.
        if request.body().is_empty() && [Method::POST, Method::PUT, Method::PATCH].contains(request.method()) {
            request
                .headers_mut()
                .insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        let request = request.map(reqwest::Body::from);
        let request = reqwest::Request::try_from(request)
            .map_err(|error| TransportError::new(TransportErrorKind::Unsendable, chain(&error.without_url())))?;
        let answer = self.client.execute(request).await.map_err(no_answer)?;
        let mut response = Response::builder().status(answer.status());
        if let Some(headers) = response.headers_mut() {
            *headers = answer.headers().clone();
        }
        let body = answer.bytes().await.map_err(no_answer)?;
        response
            .body(body)
            .map_err(|error| TransportError::new(TransportErrorKind::Cut, error.to_string()))
    }
}

/// URLs are left out: a query may carry a signature.
fn no_answer(error: reqwest::Error) -> TransportError {
    let kind = if error.is_connect() {
        TransportErrorKind::Connect
    } else if error.is_timeout() {
        TransportErrorKind::Timeout
    } else if error.is_builder() {
        TransportErrorKind::Unsendable
    } else {
        TransportErrorKind::Cut
    };
    TransportError::new(kind, chain(&error.without_url()))
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}
