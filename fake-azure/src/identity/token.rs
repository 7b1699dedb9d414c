//! Access tokens: what is in them, and what is wrong with one that comes in.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fake_azure_cloud::{Guid, Time};
use http::{HeaderMap, header};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::directory::Principal;
use super::keys;
use crate::sandbox::Sandbox;

/// How long a token lives (ARM 6.2).
pub(crate) const LIFETIME_SECS: i64 = 3599;

/// The claims of an access token that something reads (ARM 6.2). Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) aud: String,
    pub(crate) iss: String,
    #[serde(default)]
    pub(crate) iat: i64,
    #[serde(default)]
    pub(crate) nbf: i64,
    pub(crate) exp: i64,
    #[serde(default)]
    pub(crate) appid: String,
    #[serde(default)]
    pub(crate) appidacr: String,
    #[serde(default)]
    pub(crate) idp: String,
    #[serde(default)]
    pub(crate) idtyp: String,
    #[serde(default)]
    pub(crate) oid: String,
    #[serde(default)]
    pub(crate) sub: String,
    #[serde(default)]
    pub(crate) tid: String,
    #[serde(default)]
    pub(crate) uti: String,
    #[serde(default)]
    pub(crate) ver: String,
    /// Ours: a subscription of the sandbox that signed the caller in, for calls whose path names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fake_sandbox: Option<Guid>,
}

/// The audience of FAKE_TOKEN, which every service takes.
const ANY_AUDIENCE: &str = "urn:fake-azure:any";

impl Claims {
    /// The claims of a principal for an audience, from `now` on.
    pub(crate) fn of(tenant: Guid, principal: &Principal, audience: &str, now: Time, id: Guid) -> Claims {
        let now = now.millis() / 1000;
        let issuer = issuer_v1(tenant);
        Claims {
            aud: audience.to_owned(),
            iss: issuer.clone(),
            // Five minutes back, as Azure does: clocks differ.
            iat: now - 300,
            nbf: now - 300,
            exp: now + LIFETIME_SECS + 1,
            appid: principal.app_id.to_string(),
            appidacr: "1".to_owned(),
            idp: issuer,
            idtyp: "app".to_owned(),
            oid: principal.object_id.to_string(),
            sub: principal.object_id.to_string(),
            tid: tenant.to_string(),
            uti: URL_SAFE_NO_PAD.encode(id.0.to_be_bytes()),
            ver: "1.0".to_owned(),
            fake_sandbox: None,
        }
    }

    /// The claims of FAKE_TOKEN.
    pub(crate) fn for_ever(tenant: Guid, principal: &Principal) -> Claims {
        Claims {
            iat: 0,
            nbf: 0,
            exp: 253_402_300_799, // The last second of the year 9999.
            ..Claims::of(tenant, principal, ANY_AUDIENCE, Time::from_millis(0), Guid::NIL)
        }
    }
}

/// The issuer of tokens of the first version, which Azure's own services demand.
pub(crate) fn issuer_v1(tenant: Guid) -> String {
    format!("https://sts.windows.net/{tenant}/")
}

/// A signed token.
pub(crate) fn encode(claims: &Claims) -> String {
    let header = json!({ "typ": "JWT", "alg": "RS256", "x5t": keys::KEY_ID, "kid": keys::KEY_ID });
    let payload = serde_json::to_vec(claims).expect("claims are texts and numbers");
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(payload)
    );
    let signature = keys::sign(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The claims of a token whose signature is ours; `None` for any other text.
pub(crate) fn decode(token: &str) -> Option<Claims> {
    let (message, signature) = token.rsplit_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let (head, payload) = message.split_once('.')?;
    let head: serde_json::Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(head).ok()?).ok()?;
    if head.get("alg").and_then(|alg| alg.as_str()) != Some("RS256") || !keys::verify(message.as_bytes(), &signature) {
        return None;
    }
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The principal's id in the tenant.
    pub object_id: Guid,
    /// The application's id.
    pub app_id: Guid,
    /// The tenant.
    pub tenant: Guid,
    /// What a person calls it.
    pub name: String,
    /// Whether the token was FAKE_TOKEN.
    pub by_fake_token: bool,
}

/// What is wrong with a token (the rows of ARM 3.2). All are answered 401.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// `AuthenticationFailed`: no `Authorization` header.
    #[error("the `Authorization` header is missing")]
    MissingHeader,
    /// `AuthenticationFailedMissingToken`: `Bearer` and nothing after it.
    #[error("the `Authorization` header has no token")]
    MissingToken,
    /// `AuthenticationFailedInvalidHeader`: another scheme.
    #[error("the `Authorization` header has another scheme than `Bearer`")]
    InvalidHeader,
    /// `InvalidAuthenticationToken`: no token of ours.
    #[error("the token is not one of this tenant")]
    Invalid,
    /// `ExpiredAuthenticationToken`.
    #[error("the token expired at {expiry}")]
    Expired {
        /// Its end.
        expiry: Time,
        /// The time by which it was judged.
        now: Time,
    },
    /// `InvalidAuthenticationTokenAudience`.
    #[error("the token is for `{audience}`")]
    WrongAudience {
        /// What it is for.
        audience: String,
    },
    /// `InvalidAuthenticationTokenTenant`.
    #[error("the token is from `{issuer}`")]
    WrongTenant {
        /// Who issued it.
        issuer: String,
    },
}

/// What a token must be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Resource Manager and Service Management.
    Management,
    /// The blob service.
    Storage,
}

impl Audience {
    fn accepts(self, audience: &str, headers: &HeaderMap) -> bool {
        let bare = audience.trim_end_matches('/');
        let known = match self {
            Audience::Management => matches!(
                bare,
                "https://management.core.windows.net" | "https://management.azure.com"
            ),
            Audience::Storage => {
                bare == "https://storage.azure.com"
                    || bare
                        .strip_prefix("https://")
                        .is_some_and(|host| crate::storage::account_of_host(host).is_some())
            }
        };
        known || names_this_server(bare, headers)
    }
}

/// Whether an audience is the server itself, under any of its ports: the SDKs ask for `{server}/.default` (real-clients 2).
fn names_this_server(audience: &str, headers: &HeaderMap) -> bool {
    let host_of = |authority: &str| -> Option<String> {
        authority
            .parse::<http::uri::Authority>()
            .ok()
            .map(|authority| authority.host().to_ascii_lowercase())
    };
    let Some(authority) = audience
        .strip_prefix("https://")
        .or_else(|| audience.strip_prefix("http://"))
    else {
        return false;
    };
    let here = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .and_then(host_of);
    here.is_some() && host_of(authority) == here
}

/// Who calls Resource Manager, by the `Authorization` header.
///
/// # Errors
///
/// What is wrong with the header or its token.
pub fn check_bearer(sandbox: &Sandbox, headers: &HeaderMap) -> Result<Caller, TokenError> {
    check_bearer_for(sandbox, headers, Audience::Management)
}

/// Who calls a service, by the `Authorization` header.
///
/// # Errors
///
/// What is wrong with the header or its token.
pub fn check_bearer_for(sandbox: &Sandbox, headers: &HeaderMap, audience: Audience) -> Result<Caller, TokenError> {
    let token = bearer(headers)?;
    let directory = &sandbox.directory;
    if token == directory.fake_token() {
        if sandbox.faults.tokens_expired() {
            let now = sandbox.now_for_expiry();
            return Err(TokenError::Expired {
                expiry: now.plus_millis(-1000),
                now,
            });
        }
        let principal = directory.first();
        return Ok(caller(directory.tenant(), principal, true));
    }

    let claims = decode(token).ok_or(TokenError::Invalid)?;
    let now = sandbox.now_for_expiry();
    let expiry = Time::from_millis(claims.exp.saturating_mul(1000));
    if sandbox.faults.tokens_expired() {
        return Err(TokenError::Expired {
            expiry: expiry.min(now.plus_millis(-1000)),
            now,
        });
    }
    if expiry <= now {
        return Err(TokenError::Expired { expiry, now });
    }
    if claims.aud != ANY_AUDIENCE && !audience.accepts(&claims.aud, headers) {
        return Err(TokenError::WrongAudience { audience: claims.aud });
    }
    if claims.iss != issuer_v1(directory.tenant()) {
        return Err(TokenError::WrongTenant { issuer: claims.iss });
    }
    let principal = Guid::parse(&claims.oid)
        .and_then(|id| directory.object(id))
        .ok_or(TokenError::Invalid)?;
    Ok(caller(directory.tenant(), principal, false))
}

fn caller(tenant: Guid, principal: &Principal, by_fake_token: bool) -> Caller {
    Caller {
        object_id: principal.object_id,
        app_id: principal.app_id,
        tenant,
        name: principal.name.clone(),
        by_fake_token,
    }
}

/// The token of the `Authorization` header.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<&str, TokenError> {
    let header = headers.get(header::AUTHORIZATION).ok_or(TokenError::MissingHeader)?;
    let header = header.to_str().map_err(|_| TokenError::InvalidHeader)?.trim();
    let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(TokenError::InvalidHeader);
    }
    match token.trim() {
        "" => Err(TokenError::MissingToken),
        token => Ok(token),
    }
}
