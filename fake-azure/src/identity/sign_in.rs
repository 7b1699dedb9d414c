//! The token endpoints: one grant is implemented, client credentials with a secret. Every other one is refused with the error
//! that the real service gives to a caller whom it does not know.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fake_azure_cloud::Guid;
use http::{Request, StatusCode, Uri, header};
use serde_json::{Value, json};

use super::directory::Principal;
use super::form::Form;
use super::token::{self, Claims, LIFETIME_SECS};
use crate::sandbox::Sandbox;
use crate::text;

/// Which form the endpoint has (ARM 6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// `/oauth2/token`: `resource`, numbers as texts.
    V1,
    /// `/oauth2/v2.0/token`: `scope`, numbers.
    V2,
}

/// A refusal of sign-in: `AADSTS` number, OAuth's word and a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    error: &'static str,
    number: u32,
    message: String,
}

impl Refusal {
    fn new(error: &'static str, number: u32, message: impl Into<String>) -> Refusal {
        let status = if error == "invalid_client" {
            StatusCode::UNAUTHORIZED
        } else {
            StatusCode::BAD_REQUEST
        };
        Refusal {
            status,
            error,
            number,
            message: message.into(),
        }
    }

    /// A tenant that does not exist (ARM 6.2).
    pub(super) fn unknown_tenant(tenant: &str) -> Refusal {
        let message = format!(
            "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct \
             cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the \
             tenant."
        );
        Refusal::new("invalid_tenant", 90002, message)
    }

    /// An authority that is not one of this server's (ARM 6.2, instance discovery).
    pub(super) fn unknown_instance() -> Refusal {
        Refusal::new("invalid_instance", 50049, "Unknown or invalid instance.")
    }

    fn missing(field: &str) -> Refusal {
        let message = format!("The request body must contain the following parameter: '{field}'.");
        Refusal::new("invalid_request", 900_144, message)
    }

    fn no_application(client: &str, sandbox: &Sandbox) -> Refusal {
        let message = format!(
            "Application with identifier '{client}' was not found in the directory '{}'. This can happen if the application has \
             not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent \
             your authentication request to the wrong tenant.",
            sandbox.directory.tenant()
        );
        Refusal::new("unauthorized_client", 700_016, message)
    }

    /// Status and document.
    pub(super) fn answer(self, sandbox: &mut Sandbox, request: &Request<Bytes>) -> (StatusCode, Value) {
        let trace = sandbox.draw_guid();
        let correlation = request
            .headers()
            .get("client-request-id")
            .and_then(|id| Guid::parse(id.to_str().ok()?))
            .unwrap_or_else(|| sandbox.draw_guid());
        let timestamp = text::spaced_secs(sandbox.now_for_expiry());
        let Refusal {
            status,
            error,
            number,
            message,
        } = self;
        let document = json!({
            "error": error,
            "error_description": format!(
                "AADSTS{number}: {message}\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\nTimestamp: {timestamp}"
            ),
            "error_codes": [number],
            "timestamp": timestamp,
            "trace_id": trace.to_string(),
            "correlation_id": correlation.to_string(),
        });
        (status, document)
    }
}

/// Signs a principal in: the document of an access token.
pub(super) fn sign_in(
    sandbox: &mut Sandbox,
    request: &Request<Bytes>,
    tenant: &str,
    version: Version,
) -> Result<Value, Refusal> {
    check_tenant(sandbox, tenant)?;
    let form = Form::parse(&String::from_utf8_lossy(request.body()));
    let grant = form
        .field("grant_type")
        .ok_or_else(|| Refusal::missing("grant_type"))?
        .to_ascii_lowercase();
    let (client, secret) = client_of(request, &form);
    let client = client.ok_or_else(|| Refusal::missing("client_id"))?;
    let principal = Guid::parse(&client)
        .and_then(|id| sandbox.directory.application(id))
        .cloned();
    let principal = principal.ok_or_else(|| Refusal::no_application(&client, sandbox))?;
    refuse_other_grants(&grant, &form)?;
    check_secret(&principal, secret.as_deref(), &form)?;

    let audience = audience(&form, version, request.uri(), sandbox)?;
    let now = sandbox.now_for_expiry();
    let id = sandbox.draw_guid();
    let mut claims = Claims::of(sandbox.directory.tenant(), &principal, &audience, now, id);
    claims.fake_sandbox = sandbox.subscriptions().first().copied();
    let access_token = token::encode(&claims);
    Ok(match version {
        Version::V1 => json!({
            "token_type": "Bearer",
            "expires_in": LIFETIME_SECS.to_string(),
            "ext_expires_in": LIFETIME_SECS.to_string(),
            "expires_on": (claims.exp - 1).to_string(),
            "not_before": claims.nbf.to_string(),
            "resource": audience,
            "access_token": access_token,
        }),
        Version::V2 => json!({
            "token_type": "Bearer",
            "expires_in": LIFETIME_SECS,
            "ext_expires_in": LIFETIME_SECS,
            "access_token": access_token,
        }),
    })
}

/// Begins a sign-in by device code: it needs a user and a public client, and there is neither.
pub(super) fn device_code(sandbox: &Sandbox, request: &Request<Bytes>, tenant: &str) -> Refusal {
    if let Err(refusal) = check_tenant(sandbox, tenant) {
        return refusal;
    }
    let form = Form::parse(&String::from_utf8_lossy(request.body()));
    match form.field("client_id") {
        None => Refusal::missing("client_id"),
        Some(client) => match Guid::parse(client).and_then(|id| sandbox.directory.application(id)) {
            None => Refusal::no_application(client, sandbox),
            Some(_) => public_client_needed(),
        },
    }
}

/// Whether a tenant in a path is this directory's; `common` and `organizations` stand for it.
pub(super) fn check_tenant(sandbox: &Sandbox, tenant: &str) -> Result<(), Refusal> {
    let is_own = Guid::parse(tenant) == Some(sandbox.directory.tenant());
    if is_own
        || ["common", "organizations"]
            .iter()
            .any(|word| tenant.eq_ignore_ascii_case(word))
    {
        return Ok(());
    }
    Err(Refusal::unknown_tenant(tenant))
}

/// Id and secret: in the form, or in a `Basic` header.
fn client_of(request: &Request<Bytes>, form: &Form) -> (Option<String>, Option<String>) {
    let owned = |name| form.field(name).map(str::to_owned);
    if form.field("client_id").is_some() {
        return (owned("client_id"), owned("client_secret"));
    }
    let basic = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Basic "));
    let decoded = basic.and_then(|text| String::from_utf8(STANDARD.decode(text.trim()).ok()?).ok());
    let Some((id, secret)) = decoded.as_deref().and_then(|pair| pair.split_once(':')) else {
        return (None, None);
    };
    let pair = Form::parse(&format!("id={id}&secret={secret}"));
    (
        pair.field("id").map(str::to_owned),
        pair.field("secret").map(str::to_owned),
    )
}

fn refuse_other_grants(grant: &str, form: &Form) -> Result<(), Refusal> {
    let invalid = |number, message: &str| Err(Refusal::new("invalid_grant", number, message));
    match grant {
        "client_credentials" => Ok(()),
        "password" => {
            let user = form.field("username").ok_or_else(|| Refusal::missing("username"))?;
            invalid(
                50034,
                &format!(
                    "The user account {user} does not exist in the directory. To sign into this application, the account must be added to the directory."
                ),
            )
        }
        "refresh_token" => invalid(9_002_313, "Invalid request. Request is malformed or invalid."),
        "authorization_code" => invalid(9_002_313, "Invalid request. Request is malformed or invalid."),
        "device_code" | "urn:ietf:params:oauth:grant-type:device_code" => invalid(
            70000,
            "The provided value for the 'code' parameter is not valid. The code has expired.",
        ),
        _ => Err(Refusal::new(
            "unsupported_grant_type",
            70003,
            format!("The app requested an unsupported grant type '{grant}'."),
        )),
    }
}

fn check_secret(principal: &Principal, secret: Option<&str>, form: &Form) -> Result<(), Refusal> {
    match secret {
        Some(secret) if secret == principal.secret => Ok(()),
        Some(_) => Err(Refusal::new(
            "invalid_client",
            7_000_215,
            format!(
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the \
                 client secret ID, for a secret added to app '{}'.",
                principal.app_id
            ),
        )),
        None if form.field("client_assertion").is_some() => Err(Refusal::new(
            "invalid_client",
            700_027,
            format!(
                "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - \
                 The key was not found., Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see \
                 configured keys for app Id '{}'.]",
                principal.app_id
            ),
        )),
        None => Err(public_client_needed()),
    }
}

fn public_client_needed() -> Refusal {
    Refusal::new(
        "invalid_client",
        7_000_218,
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    )
}

/// Services that tokens are asked for (ARM 6.1, 6.4), without the slash at the end.
const KNOWN_RESOURCES: &[&str] = &[
    // tidy: sorted
    "https://batch.core.windows.net",
    "https://database.windows.net",
    "https://graph.microsoft.com",
    "https://graph.windows.net",
    "https://management.azure.com",
    "https://management.core.windows.net",
    "https://ossrdbms-aad.database.windows.net",
    "https://storage.azure.com",
    "https://vault.azure.net",
    // tidy: end
];

/// What the token is to be for, as the client wrote it.
fn audience(form: &Form, version: Version, here: &Uri, sandbox: &Sandbox) -> Result<String, Refusal> {
    let audience = match version {
        Version::V1 => form
            .field("resource")
            .ok_or_else(|| Refusal::missing("resource"))?
            .to_owned(),
        Version::V2 => {
            let scope = form.field("scope").ok_or_else(|| Refusal::missing("scope"))?;
            let asked = scope.split(' ').find_map(|part| part.strip_suffix("/.default"));
            match asked {
                Some(audience) => audience.to_owned(),
                None => {
                    let message = format!(
                        "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with \
                         /.default suffixed to the resource identifier (application ID URI)."
                    );
                    return Err(Refusal::new("invalid_scope", 1_002_012, message));
                }
            }
        }
    };

    let bare = audience.trim_end_matches('/').to_ascii_lowercase();
    let host = bare.parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_owned));
    let is_here = host.is_some() && host.as_deref() == here.host().map(str::to_ascii_lowercase).as_deref();
    let is_account = host
        .as_deref()
        .is_some_and(|host| crate::storage::account_of_host(host).is_some());
    if KNOWN_RESOURCES.contains(&bare.as_str()) || is_here || is_account {
        return Ok(audience);
    }
    let message = format!(
        "The resource principal named {audience} was not found in the tenant named {}. This can happen if the application has not \
         been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your \
         authentication request to the wrong tenant.",
        sandbox.directory.tenant()
    );
    Err(Refusal::new("invalid_resource", 500_011, message))
}
