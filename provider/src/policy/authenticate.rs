//! Puts a token on every request, and a new one when the service no longer likes it.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode};
use serde_json::Value;
use tokio::sync::Mutex;

use super::identity::{Identity, Token};
use super::{SendError, Step};
use crate::{AzureError, Clock};

/// A token is renewed this long before it ends, so that none ends on its way.
const RENEWED_BEFORE_MS: u64 = 300_000;

/// The policy. One token per environment; who comes while it is fetched waits for it (juju-provider 1.3).
pub(crate) struct Authenticate {
    inner: Arc<dyn Step>,
    identity: Identity,
    clock: Arc<dyn Clock>,
    token: Mutex<Option<Token>>,
}

impl Authenticate {
    pub(super) fn new(inner: Arc<dyn Step>, identity: Identity, clock: Arc<dyn Clock>) -> Self {
        Self {
            inner,
            identity,
            clock,
            token: Mutex::new(None),
        }
    }

    /// Fetches a token, whatever is cached: the check of a credential.
    pub(crate) async fn verify(&self) -> Result<(), Box<AzureError>> {
        let mut cached = self.token.lock().await;
        *cached = Some(self.identity.token(self.clock.now_ms()).await?);
        Ok(())
    }

    /// What our token says of us: tenant and object id. Nothing, where it is no JSON Web Token.
    pub(crate) async fn claims(&self) -> Result<Value, Box<AzureError>> {
        let header = self.token(None).await?.header();
        let text = header.to_str().unwrap_or_default();
        let claims = text
            .split('.')
            .nth(1)
            .and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
        Ok(claims
            .and_then(|claims| serde_json::from_slice(&claims).ok())
            .unwrap_or_default())
    }

    /// A token that is good still, and is not `refused`.
    async fn token(&self, refused: Option<&Token>) -> Result<Token, Box<AzureError>> {
        let mut cached = self.token.lock().await;
        let now_ms = self.clock.now_ms();
        if let Some(token) = cached.as_ref()
            && token.expires_ms > now_ms + RENEWED_BEFORE_MS.min(token.lifetime_ms / 2)
            && refused.is_none_or(|refused| refused != token)
        {
            return Ok(token.clone());
        }

        let token = self.identity.token(now_ms).await?;
        *cached = Some(token.clone());
        Ok(token)
    }
}

#[async_trait]
impl Step for Authenticate {
    async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, SendError> {
        let token = self.token(None).await.map_err(SendError::Identity)?;
        request.headers_mut().insert(AUTHORIZATION, token.header());
        let answer = self.inner.send(request.clone()).await?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }

        // Revoked or expired early (juju-provider L85): one more try, with a token that is not this one.
        let token = self.token(Some(&token)).await.map_err(SendError::Identity)?;
        request.headers_mut().insert(AUTHORIZATION, token.header());
        self.inner.send(request).await
    }
}
