//! Who is let in: a management certificate of the subscription, or a token (SM 1.2); and the version of the API (SM 1.3).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fake_azure_cloud::classic::Caller;
use fake_azure_cloud::{Guid, Key};
use http::{Request, header};
use sha1::{Digest, Sha1};

use super::error::Failure;
use super::request::Version;
use crate::identity::{self, TokenError};
use crate::sandbox::Sandbox;
use crate::wire::ClientCertificate;

/// The first version that was released.
const FIRST_VERSION: Version = 20_091_001;

/// `x-ms-version: YYYY-MM-DD`: any well-formed date from the first version on.
pub(super) fn version(request: &Request<Bytes>) -> Result<Version, Failure> {
    let text = request
        .headers()
        .get("x-ms-version")
        .and_then(|value| value.to_str().ok())
        .unwrap_or("")
        .trim();
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    let numbers: Option<Vec<Version>> = parts.iter().map(|part| part.parse().ok()).collect();
    match (lengths.as_slice(), numbers.as_deref()) {
        ([4, 2, 2], Some([year, month @ 1..=12, day @ 1..=31])) => {
            let version = year * 10_000 + month * 100 + day;
            if version >= FIRST_VERSION {
                Ok(version)
            } else {
                Err(Failure::version())
            }
        }
        _ => Err(Failure::version()),
    }
}

/// The scheme and authority that were called, for links.
pub(super) fn base(request: &Request<Bytes>) -> String {
    let uri = request.uri();
    let host = uri
        .authority()
        .map_or("management.core.windows.net", |authority| authority.as_str());
    format!("{}://{host}", uri.scheme_str().unwrap_or("https"))
}

/// SHA-1 in upper-case hexadecimal.
pub(super) fn thumbprint(der: &[u8]) -> String {
    Sha1::digest(der).iter().map(|byte| format!("{byte:02X}")).collect()
}

/// Lets a caller into a subscription.
pub(super) fn admit(
    sandbox: &Sandbox,
    request: &Request<Bytes>,
    subscription: Option<&String>,
) -> Result<(Guid, Key, Caller), Failure> {
    let id = subscription.and_then(|text| Guid::parse(text));
    let found = id
        .and_then(|id| sandbox.cloud.subscription(id))
        .map(|found| (found.id, found.key));
    let (id, key) = found.ok_or_else(Failure::forbidden)?;
    if request.headers().contains_key(header::AUTHORIZATION) {
        return Ok((id, key, by_token(sandbox, request)?));
    }
    let certificate = request
        .extensions()
        .get::<ClientCertificate>()
        .ok_or_else(Failure::forbidden)?;
    let thumbprint = thumbprint(&certificate.0);
    let own = sandbox.cloud.cx().management_certificate(key, &thumbprint);
    let is_own = own.is_ok_and(|own| {
        STANDARD
            .decode(own.data.as_bytes())
            .is_ok_and(|der| der == certificate.0)
    });
    if !is_own && !sandbox.directory.knows_certificate(certificate) {
        return Err(Failure::forbidden());
    }
    Ok((
        id,
        key,
        Caller {
            user: None,
            thumbprint: Some(thumbprint.into()),
        },
    ))
}

/// Lets a caller in by a token.
pub(super) fn by_token(sandbox: &Sandbox, request: &Request<Bytes>) -> Result<Caller, Failure> {
    match identity::check_bearer(sandbox, request.headers()) {
        Ok(caller) => Ok(Caller {
            user: Some(caller.name.into()),
            thumbprint: None,
        }),
        Err(TokenError::MissingHeader) => Err(Failure::forbidden()),
        Err(error) => Err(Failure::token(match error {
            TokenError::Expired { .. } => "The JWT token is expired.",
            TokenError::WrongAudience { .. } => {
                "The JWT token does not contain expected audience uri 'https://management.core.windows.net/'."
            }
            _ => "A security token exception occurred for the received JWT token.",
        })),
    }
}
