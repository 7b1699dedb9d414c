//! Tokens: what is in access, id and refresh tokens, and what is wrong with one that comes in.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fake_azure_cloud::{Guid, Time};
use http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::clouds;
use super::keys;
use super::managed;
use super::principals::{Principal, ServicePrincipal, User};
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
    /// What a user lets the application do; absent in an application's own token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scp: Option<String>,
    /// How a user proved who it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) amr: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) upn: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unique_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// The resource whose identity it is, of a managed identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) xms_mirid: Option<String>,
    /// Ours: a subscription of the sandbox that signed the caller in, for calls whose path names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fake_sandbox: Option<Guid>,
}

/// The audience of FAKE_TOKEN, which every service takes.
const ANY_AUDIENCE: &str = "urn:fake-azure:any";

impl Claims {
    /// What the tokens of a tenant for an audience have in common, from `now` on.
    fn begin(tenant: Guid, audience: &str, now: Time, lifetime_secs: i64, id: Guid) -> Claims {
        let now = now.millis() / 1000;
        let issuer = issuer_v1(tenant);
        Claims {
            aud: audience.to_owned(),
            iss: issuer.clone(),
            // Five minutes back, as Azure does: clocks differ.
            iat: now - 300,
            nbf: now - 300,
            exp: now + lifetime_secs + 1,
            appid: String::new(),
            appidacr: String::new(),
            idp: issuer,
            idtyp: String::new(),
            oid: String::new(),
            sub: String::new(),
            tid: tenant.to_string(),
            uti: URL_SAFE_NO_PAD.encode(id.0.to_be_bytes()),
            ver: "1.0".to_owned(),
            scp: None,
            amr: Vec::new(),
            upn: None,
            unique_name: None,
            name: None,
            xms_mirid: None,
            fake_sandbox: None,
        }
    }

    /// The claims of an application for an audience, from `now` on. `proof` is how it proved itself: `1` for a secret, `2` for
    /// a certificate.
    pub(crate) fn of(tenant: Guid, ids: (Guid, Guid), proof: &str, audience: &str, now: Time, id: Guid) -> Claims {
        let (app_id, object_id) = ids;
        Claims {
            appid: app_id.to_string(),
            appidacr: proof.to_owned(),
            idtyp: "app".to_owned(),
            oid: object_id.to_string(),
            sub: object_id.to_string(),
            ..Claims::begin(tenant, audience, now, LIFETIME_SECS, id)
        }
    }

    /// The claims of a user who signed in to a tenant by an application.
    pub(crate) fn of_user(
        tenant: Guid,
        user: &User,
        client: (Guid, &str),
        audience: &str,
        scopes: &str,
        now: Time,
        id: Guid,
    ) -> Claims {
        let (app_id, proof) = client;
        Claims {
            appid: app_id.to_string(),
            appidacr: proof.to_owned(),
            idp: issuer_v1(user.home),
            idtyp: "user".to_owned(),
            oid: user.object_id.to_string(),
            sub: pairwise(user.object_id, app_id),
            scp: Some(scopes.to_owned()),
            amr: vec!["pwd".to_owned()],
            upn: Some(user.user_principal_name.clone()),
            unique_name: Some(user.user_principal_name.clone()),
            name: Some(user.display_name.clone()),
            ..Claims::begin(tenant, audience, now, LIFETIME_SECS, id)
        }
    }

    /// The claims of a managed identity, which are good for a day (the service hands its cached token out).
    pub(crate) fn of_identity(
        tenant: Guid,
        ids: (Guid, Guid),
        resource_id: Option<&str>,
        audience: &str,
        now: Time,
        id: Guid,
    ) -> Claims {
        Claims {
            xms_mirid: resource_id.map(str::to_owned),
            exp: now.millis() / 1000 + managed::LIFETIME_SECS + 1,
            ..Claims::of(tenant, ids, "2", audience, now, id)
        }
    }

    /// The claims of FAKE_TOKEN.
    pub(crate) fn for_ever(tenant: Guid, principal: &Principal) -> Claims {
        let ids = (principal.app_id, principal.object_id);
        Claims {
            iat: 0,
            nbf: 0,
            exp: 253_402_300_799, // The last second of the year 9999.
            ..Claims::of(tenant, ids, "1", ANY_AUDIENCE, Time::from_millis(0), Guid::NIL)
        }
    }
}

/// A user's name that only one application knows it by (`sub`).
fn pairwise(user: Guid, app_id: Guid) -> String {
    use sha2::Digest as _;

    let mut hash = sha2::Sha256::new();
    hash.update(user.0.to_be_bytes());
    hash.update(app_id.0.to_be_bytes());
    URL_SAFE_NO_PAD.encode(hash.finalize())
}

/// An id token: who signed in, for the application that asked (real-clients 1.2). The first version of the endpoint writes
/// other names for the same.
pub(crate) fn id_token(tenant: Guid, user: &User, app_id: Guid, is_second: bool, now: Time, id: Guid) -> String {
    let now = now.millis() / 1000;
    let mut claims = json!({
        "aud": app_id.to_string(),
        "iss": if is_second { issuer_v2(tenant) } else { issuer_v1(tenant) },
        "iat": now - 300,
        "nbf": now - 300,
        "exp": now + LIFETIME_SECS + 1,
        "name": user.display_name,
        "oid": user.object_id.to_string(),
        "sub": pairwise(user.object_id, app_id),
        "tid": tenant.to_string(),
        "uti": URL_SAFE_NO_PAD.encode(id.0.to_be_bytes()),
        "ver": if is_second { "2.0" } else { "1.0" },
    });
    if user.home != tenant {
        claims["idp"] = issuer_v1(user.home).into();
    }
    if is_second {
        claims["preferred_username"] = user.user_principal_name.clone().into();
    } else {
        claims["upn"] = user.user_principal_name.clone().into();
        claims["unique_name"] = user.user_principal_name.clone().into();
        claims["amr"] = json!(["pwd"]);
    }
    encode_as("JWT", &claims)
}

/// A refresh token: opaque to clients, known to every tenant, good for ninety days from its last use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefreshToken {
    /// The user.
    pub(crate) uid: Guid,
    /// The application that it was given to.
    pub(crate) cid: Guid,
    /// The resource that it was first asked for.
    pub(crate) res: String,
    /// When it was given, in milliseconds.
    pub(crate) iat_ms: i64,
    /// A subscription of the sandbox that signed the user in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fake_sandbox: Option<Guid>,
}

/// The header's word for a refresh token, so that nothing takes one for an access token.
const REFRESH: &str = "RT";

impl RefreshToken {
    pub(crate) fn encode(&self) -> String {
        encode_as(REFRESH, self)
    }

    /// Reads one; `None` for anything that is not ours.
    pub(crate) fn decode(token: &str) -> Option<RefreshToken> {
        decode_as(REFRESH, token)
    }
}

/// The issuer of tokens of the first version, which Azure's own services demand.
pub(crate) fn issuer_v1(tenant: Guid) -> String {
    format!("https://sts.windows.net/{tenant}/")
}

/// The issuer of tokens of the second version.
pub(crate) fn issuer_v2(tenant: Guid) -> String {
    format!("https://login.microsoftonline.com/{tenant}/v2.0")
}

/// A signed access token.
pub(crate) fn encode(claims: &Claims) -> String {
    encode_as("JWT", claims)
}

fn encode_as<T: Serialize>(word: &str, claims: &T) -> String {
    let header = json!({ "typ": word, "alg": "RS256", "x5t": keys::KEY_ID, "kid": keys::KEY_ID });
    let payload = serde_json::to_vec(claims).expect("claims are texts and numbers");
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(payload)
    );
    let signature = keys::sign(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The claims of an access token whose signature is ours; `None` for any other text.
pub(crate) fn decode(token: &str) -> Option<Claims> {
    decode_as("JWT", token)
}

fn decode_as<T: DeserializeOwned>(word: &str, token: &str) -> Option<T> {
    let (message, signature) = token.rsplit_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let (head, payload) = message.split_once('.')?;
    let head: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(head).ok()?).ok()?;
    let text = |name: &str| head.get(name).and_then(Value::as_str);
    if text("alg") != Some("RS256") || text("typ") != Some(word) || !keys::verify(message.as_bytes(), &signature) {
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
    /// The name that a user signs in with; none of an application.
    pub user: Option<String>,
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
    /// Graph, the old one and the new one.
    Graph,
    /// The vaults' own service.
    Vault,
}

impl Audience {
    fn accepts(self, audience: &str, headers: &HeaderMap) -> bool {
        let bare = audience.trim_end_matches('/');
        let known = match self {
            Audience::Management => clouds::is_management(bare, host_of(headers).as_deref()),
            Audience::Storage => {
                bare == "https://storage.azure.com"
                    || bare
                        .strip_prefix("https://")
                        .is_some_and(|host| crate::storage::account_of_host(host).is_some())
            }
            Audience::Vault => matches!(
                bare,
                "https://vault.azure.net" | "https://vault.usgovcloudapi.net" | "https://vault.azure.cn" | VAULT_APP
            ),
            Audience::Graph => matches!(
                bare,
                "https://graph.microsoft.com" | "https://graph.windows.net" | GRAPH_APP
            ),
        };
        known || names_this_server(bare, headers)
    }
}

/// The vaults' service by its application's id.
const VAULT_APP: &str = "cfa8b339-82a2-471a-a3c9-0fc0be7a4093";

/// Graph by its application's id: the audience of a token that was asked for no resource.
pub(crate) const GRAPH_APP: &str = "00000003-0000-0000-c000-000000000000";

/// Whether an audience is the server itself, under any of its ports: the SDKs ask for `{server}/.default` (real-clients 2).
fn names_this_server(audience: &str, headers: &HeaderMap) -> bool {
    let Some(authority) = audience
        .strip_prefix("https://")
        .or_else(|| audience.strip_prefix("http://"))
    else {
        return false;
    };
    let here = host_of(headers);
    here.is_some() && host_in(authority) == here
}

/// The host that a request went to, without its port.
fn host_of(headers: &HeaderMap) -> Option<String> {
    headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .and_then(host_in)
}

fn host_in(authority: &str) -> Option<String> {
    let authority = authority.parse::<http::uri::Authority>().ok()?;
    Some(authority.host().to_ascii_lowercase())
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
    let caller = check_bearer_of_any_tenant(sandbox, headers, audience)?;
    if caller.tenant == sandbox.directory.tenant() {
        Ok(caller)
    } else {
        Err(TokenError::WrongTenant {
            issuer: issuer_v1(caller.tenant),
        })
    }
}

/// The same for calls that are not about a subscription: a caller of any tenant may ask.
///
/// # Errors
///
/// What is wrong with the header or its token.
pub fn check_bearer_of_any_tenant(
    sandbox: &Sandbox,
    headers: &HeaderMap,
    audience: Audience,
) -> Result<Caller, TokenError> {
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
        return Ok(Caller {
            object_id: principal.object_id,
            app_id: principal.app_id,
            tenant: directory.tenant(),
            name: principal.name.clone(),
            user: None,
            by_fake_token: true,
        });
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
    let register = directory.register();
    let tenant = Guid::parse(&claims.tid).filter(|id| register.tenants.iter().any(|tenant| tenant.id == *id));
    let Some(tenant) = tenant.filter(|id| claims.iss == issuer_v1(*id)) else {
        return Err(TokenError::WrongTenant { issuer: claims.iss });
    };
    let object_id = Guid::parse(&claims.oid).ok_or(TokenError::Invalid)?;
    let name = if let Some(resource_id) = &claims.xms_mirid {
        managed::holder(sandbox, resource_id, object_id).ok_or(TokenError::Invalid)?
    } else if let Some(member) = register.user(object_id) {
        member.user.display_name.clone()
    } else {
        let principal = register.service_principal(object_id);
        let name = principal
            .map(ServicePrincipal::display_name)
            .ok_or(TokenError::Invalid)?;
        name.to_owned()
    };
    Ok(Caller {
        object_id,
        app_id: Guid::parse(&claims.appid).unwrap_or(Guid::NIL),
        tenant,
        name,
        user: claims.upn,
        by_fake_token: false,
    })
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
