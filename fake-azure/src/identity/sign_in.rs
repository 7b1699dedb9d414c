//! The token endpoints: an application by its secret or its certificate, a user by name and password, by a code on another
//! device or by a refresh token.
//!
//! The authorization endpoint, and with it the grant of a code, is not there: it needs a browser and a person. A code that
//! somebody brings is one that nobody gave out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fake_azure_cloud::{Guid, Time};
use http::{Request, Uri, header};
use serde_json::{Value, json};

use super::assertion::{self, ASSERTION_TYPE, Expected};
use super::clouds;
use super::device;
use super::directory::Client;
use super::form::Form;
use super::principals::User;
use super::refusal::Refusal;
use super::token::{self, Claims, LIFETIME_SECS, RefreshToken};
use crate::sandbox::Sandbox;

/// How long a refresh token is good for when nobody uses it.
const REFRESH_DAYS: i64 = 90;
const DAY_MS: i64 = 86_400_000;

/// Which form the endpoint has (ARM 6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// `/oauth2/token`: `resource`, numbers as texts.
    V1,
    /// `/oauth2/v2.0/token`: `scope`, numbers.
    V2,
}

/// What an application has to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// A secret or a certificate: it signs itself in.
    Confidential,
    /// A secret or a certificate unless it is a public client: it signs a user in.
    Public,
}

/// The tenant that a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Here {
    id: Guid,
    is_named: bool,
}

impl Here {
    /// The tenant; the home tenant for `common` and `organizations`.
    pub(super) const fn id(self) -> Guid {
        self.id
    }

    /// The tenant, where the path names one.
    pub(super) fn named(self) -> Option<Guid> {
        self.is_named.then_some(self.id)
    }
}

/// The tenant that a path names, by its id or its domain; `common` and `organizations` stand for whichever is the caller's own.
pub(super) fn tenant(sandbox: &Sandbox, name: &str) -> Result<Here, Refusal> {
    let is_open = ["common", "organizations"]
        .iter()
        .any(|word| name.eq_ignore_ascii_case(word));
    if is_open {
        return Ok(Here {
            id: sandbox.directory.tenant(),
            is_named: false,
        });
    }
    let register = sandbox.directory.register();
    let found = register.tenant(name).ok_or_else(|| Refusal::unknown_tenant(name))?;
    Ok(Here {
        id: found.id,
        is_named: true,
    })
}

/// The form of a request.
pub(super) fn form(request: &Request<Bytes>) -> Form {
    Form::parse(&String::from_utf8_lossy(request.body()))
}

/// The application of a client id in a tenant.
pub(super) fn client(sandbox: &Sandbox, text: &str, tenant: Guid) -> Result<Client, Refusal> {
    let unknown = || Refusal::no_application(text, &tenant.to_string());
    let app_id = Guid::parse(text).ok_or_else(unknown)?;
    let register = sandbox.directory.register();
    match register.client(app_id, tenant).ok_or_else(unknown)? {
        Client::WithoutPrincipal(app_id) => Err(Refusal::no_principal(app_id, tenant)),
        client => match client.principal() {
            Some(principal) if !principal.is_enabled() => Err(Refusal::disabled_application(app_id, client.name())),
            _ => Ok(client),
        },
    }
}

/// Signs a principal in: the document of its tokens.
pub(super) fn sign_in(
    sandbox: &mut Sandbox,
    request: &Request<Bytes>,
    tenant: &str,
    version: Version,
) -> Result<Value, Refusal> {
    let mut here = self::tenant(sandbox, tenant)?;
    let form = form(request);
    let grant = form
        .field("grant_type")
        .ok_or_else(|| Refusal::missing("grant_type"))?
        .to_ascii_lowercase();
    let client_id = client_of(request, &form)
        .0
        .ok_or_else(|| Refusal::missing("client_id"))?;
    if !here.is_named {
        // An application is at home in one tenant only, and that is the one meant.
        let register = sandbox.directory.register();
        let own = Guid::parse(&client_id).and_then(|id| {
            register
                .applications
                .iter()
                .find(|application| application.app_id == id)
        });
        here.id = own.map_or(here.id, |application| application.tenant);
    }
    let asked = Asked {
        client: client(sandbox, &client_id, here.id)?,
        here,
        form,
        version,
    };
    match grant.as_str() {
        "client_credentials" => asked.as_application(sandbox, request),
        "password" => asked.by_password(sandbox, request, tenant),
        "refresh_token" => asked.by_refresh_token(sandbox, request),
        "device_code" | "urn:ietf:params:oauth:grant-type:device_code" => asked.by_device_code(sandbox, request),
        "authorization_code" => Err(Refusal::malformed()),
        _ => Err(Refusal::unknown_grant(&grant)),
    }
}

/// A request for tokens.
struct Asked {
    here: Here,
    client: Client,
    form: Form,
    version: Version,
}

impl Asked {
    fn required(&self, field: &str) -> Result<&str, Refusal> {
        self.form.field(field).ok_or_else(|| Refusal::missing(field))
    }

    fn prove(&self, sandbox: &Sandbox, request: &Request<Bytes>, need: Need) -> Result<&'static str, Refusal> {
        prove(sandbox, request, &self.form, &self.client, self.here.id, need)
    }

    /// The application for itself.
    fn as_application(&self, sandbox: &mut Sandbox, request: &Request<Bytes>) -> Result<Value, Refusal> {
        let proof = self.prove(sandbox, request, Need::Confidential)?;
        let principal = self.client.principal().ok_or_else(no_credential)?;
        let audience = self.audience_of_application(request.uri())?;
        let ids = (principal.app_id, principal.object_id);
        let now = sandbox.now_for_expiry();
        let id = sandbox.draw_guid();
        let mut claims = Claims::of(self.here.id, ids, proof, &audience, now, id);
        claims.fake_sandbox = sandbox.subscriptions().first().copied();
        Ok(self.document(&audience, &claims, None))
    }

    /// What an application's token is to be for, as the client wrote it.
    fn audience_of_application(&self, here: &Uri) -> Result<String, Refusal> {
        let audience = match self.version {
            Version::V1 => self.required("resource")?.to_owned(),
            Version::V2 => {
                let scope = self.required("scope")?;
                let asked = scope.split(' ').find_map(|part| part.strip_suffix("/.default"));
                let Some(audience) = asked else {
                    let message = format!(
                        "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with \
                         /.default suffixed to the resource identifier (application ID URI)."
                    );
                    return Err(Refusal::new("invalid_scope", 1_002_012, message));
                };
                audience.to_owned()
            }
        };
        check_resource(&audience, here, self.here.id)?;
        Ok(audience)
    }

    /// A user by name and password.
    fn by_password(&self, sandbox: &mut Sandbox, request: &Request<Bytes>, tenant: &str) -> Result<Value, Refusal> {
        if self.version == Version::V2 && tenant.eq_ignore_ascii_case("common") {
            return Err(Refusal::not_for_common("password"));
        }
        let proof = self.prove(sandbox, request, Need::Public)?;
        let name = self.required("username")?;
        let password = self.required("password")?;
        let register = sandbox.directory.register();
        let member = register
            .user_named(name)
            .ok_or_else(|| Refusal::no_user(name, self.here.id))?;
        if member.user.password != password {
            return Err(Refusal::wrong_password());
        }
        let asked = self.required(self.resource_field())?;
        let wanted = resource(asked, self.version, request.uri(), self.here.id)?;
        let tenant = self.here.named().unwrap_or(member.user.home);
        self.as_user(sandbox, &member.user, tenant, proof, &wanted, None)
    }

    /// A user who approved on another device.
    fn by_device_code(&self, sandbox: &mut Sandbox, request: &Request<Bytes>) -> Result<Value, Refusal> {
        let proof = self.prove(sandbox, request, Need::Public)?;
        // The first version calls it `code`, the second `device_code`; some clients send both (real-clients 1.2).
        let code = match self.form.field("device_code") {
            Some(code) => code,
            None => self.form.field("code").ok_or_else(|| Refusal::missing("device_code"))?,
        };
        let approved = device::redeem(sandbox, code, self.client.app_id())?;
        let register = sandbox.directory.register();
        let member = register.user(approved.user).ok_or_else(Refusal::malformed)?;
        let wanted = resource(&approved.asked, self.version, request.uri(), self.here.id)?;
        let tenant = approved.tenant.or(self.here.named()).unwrap_or(member.user.home);
        self.as_user(sandbox, &member.user, tenant, proof, &wanted, None)
    }

    /// A user who signed in before.
    fn by_refresh_token(&self, sandbox: &mut Sandbox, request: &Request<Bytes>) -> Result<Value, Refusal> {
        let proof = self.prove(sandbox, request, Need::Public)?;
        let old = RefreshToken::decode(self.required("refresh_token")?).ok_or_else(Refusal::malformed)?;
        if old.cid != self.client.app_id() {
            return Err(Refusal::grant(70000, "Provided grant is invalid or malformed."));
        }
        let issued = Time::from_millis(old.iat_ms);
        if sandbox.now_for_expiry().millis_since(issued) >= REFRESH_DAYS * DAY_MS {
            return Err(Refusal::idle_for_too_long(issued, REFRESH_DAYS));
        }
        let register = sandbox.directory.register();
        let member = register
            .user(old.uid)
            .ok_or_else(|| Refusal::no_user(&old.uid.to_string(), self.here.id))?;
        if let Some(since) = member.tokens_since.filter(|since| issued < *since) {
            return Err(Refusal::revoked(issued, since));
        }
        let wanted = match self.form.field(self.resource_field()) {
            Some(asked) => resource(asked, self.version, request.uri(), self.here.id)?,
            None => Wanted {
                audience: old.res.clone(),
                openid: true,
                offline: true,
            },
        };
        let tenant = self.here.named().unwrap_or(member.user.home);
        self.as_user(sandbox, &member.user, tenant, proof, &wanted, Some(&old))
    }

    fn resource_field(&self) -> &'static str {
        match self.version {
            Version::V1 => "resource",
            Version::V2 => "scope",
        }
    }

    /// A user's tokens.
    fn as_user(
        &self,
        sandbox: &mut Sandbox,
        user: &User,
        tenant: Guid,
        proof: &str,
        wanted: &Wanted,
        old: Option<&RefreshToken>,
    ) -> Result<Value, Refusal> {
        if !user.enabled {
            return Err(Refusal::disabled_user());
        }
        if !user.is_in(tenant) {
            let register = sandbox.directory.register();
            let name = register
                .tenant(&tenant.to_string())
                .map(|tenant| tenant.display_name.clone());
            let (app_id, client) = (self.client.app_id(), self.client.name());
            return Err(Refusal::not_a_guest(
                user.home,
                &name.unwrap_or_default(),
                app_id,
                client,
            ));
        }
        let app_id = self.client.app_id();
        let now = sandbox.now_for_expiry();
        let id = sandbox.draw_guid();
        let scopes = scopes_for(&wanted.audience);
        let mut claims = Claims::of_user(tenant, user, (app_id, proof), &wanted.audience, scopes, now, id);
        claims.fake_sandbox = old
            .and_then(|old| old.fake_sandbox)
            .or_else(|| sandbox.subscriptions().first().copied());

        let mut document = self.document(&wanted.audience, &claims, Some(scopes));
        let is_second = self.version == Version::V2;
        if wanted.offline {
            let refresh_token = RefreshToken {
                uid: user.object_id,
                cid: app_id,
                res: wanted.audience.clone(),
                iat_ms: now.millis(),
                fake_sandbox: claims.fake_sandbox,
            };
            document["refresh_token"] = refresh_token.encode().into();
        }
        if wanted.openid {
            let id_token = token::id_token(tenant, user, app_id, is_second, now, id);
            document["id_token"] = id_token.into();
        }
        if self.form.field("client_info").is_some() {
            document["client_info"] = device::client_info(user.object_id, user.home).into();
        }
        Ok(document)
    }

    /// The document of an access token. `scopes` is what a user lets the application do.
    fn document(&self, audience: &str, claims: &Claims, scopes: Option<&str>) -> Value {
        let access_token = token::encode(claims);
        match self.version {
            Version::V1 => {
                let mut document = json!({ "token_type": "Bearer" });
                if let Some(scopes) = scopes {
                    document["scope"] = scopes.into();
                }
                document["expires_in"] = LIFETIME_SECS.to_string().into();
                document["ext_expires_in"] = LIFETIME_SECS.to_string().into();
                document["expires_on"] = (claims.exp - 1).to_string().into();
                document["not_before"] = claims.nbf.to_string().into();
                document["resource"] = audience.into();
                document["access_token"] = access_token.into();
                document
            }
            Version::V2 => {
                let mut document = json!({ "token_type": "Bearer" });
                if let Some(scopes) = scopes {
                    let mut whole: Vec<String> = scopes.split(' ').map(|scope| format!("{audience}/{scope}")).collect();
                    whole.push(format!("{audience}/.default"));
                    document["scope"] = whole.join(" ").into();
                }
                document["expires_in"] = LIFETIME_SECS.into();
                document["ext_expires_in"] = LIFETIME_SECS.into();
                document["access_token"] = access_token.into();
                document
            }
        }
    }
}

/// What a user lets an application do with a resource.
fn scopes_for(audience: &str) -> &'static str {
    let is_graph = audience.contains("graph.") || audience == token::GRAPH_APP;
    if is_graph {
        "Application.ReadWrite.All Directory.AccessAsUser.All User.ReadWrite.All"
    } else {
        "user_impersonation"
    }
}

/// What a user's token is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    audience: String,
    openid: bool,
    offline: bool,
}

/// Scopes that are no resource's.
const OWN_SCOPES: &[&str] = &["openid", "profile", "email", "offline_access"];

/// What a user's token is to be for: `resource`, or the one resource in `scope`; Graph when there is none.
pub(super) fn resource(asked: &str, version: Version, here: &Uri, tenant: Guid) -> Result<Wanted, Refusal> {
    if version == Version::V1 {
        check_resource(asked, here, tenant)?;
        return Ok(Wanted {
            audience: asked.to_owned(),
            openid: true,
            offline: true,
        });
    }
    let words: Vec<&str> = asked.split_whitespace().collect();
    let has = |word: &str| words.iter().any(|own| own.eq_ignore_ascii_case(word));
    let mut audience: Option<&str> = None;
    for scope in &words {
        if OWN_SCOPES.iter().any(|own| own.eq_ignore_ascii_case(scope)) {
            continue;
        }
        let Some((resource, _)) = scope.rsplit_once('/').filter(|(resource, _)| !resource.is_empty()) else {
            // A bare word is a permission of Graph's; any other is nobody's.
            let is_permission = scope.contains('.') && scope.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
            if is_permission {
                continue;
            }
            let message = format!(
                "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' \
                 is not valid. The scope {scope} does not exist."
            );
            return Err(Refusal::new("invalid_scope", 70011, message));
        };
        if audience.is_some_and(|own| own.trim_end_matches('/') != resource.trim_end_matches('/')) {
            let message = format!(
                "Provided value for the input parameter scope is not valid because it contains more than one resource. Scope \
                 {asked} is not valid."
            );
            return Err(Refusal::new("invalid_scope", 28000, message));
        }
        audience = Some(resource);
    }
    if let Some(audience) = audience {
        check_resource(audience, here, tenant)?;
    }
    Ok(Wanted {
        audience: audience.unwrap_or(token::GRAPH_APP).to_owned(),
        openid: has("openid"),
        offline: has("offline_access"),
    })
}

/// Services that tokens are asked for (ARM 6.1, 6.4), without the slash at the end.
const KNOWN_RESOURCES: &[&str] = &[
    // tidy: sorted
    "00000003-0000-0000-c000-000000000000",
    "https://batch.core.windows.net",
    "https://database.windows.net",
    "https://graph.microsoft.com",
    "https://graph.windows.net",
    "https://ossrdbms-aad.database.windows.net",
    "https://storage.azure.com",
    "https://vault.azure.net",
    // tidy: end
];

/// Whether there is a service of that name, this server included.
pub(super) fn check_resource(audience: &str, here: &Uri, tenant: Guid) -> Result<(), Refusal> {
    let bare = audience.trim_end_matches('/').to_ascii_lowercase();
    let host = bare.parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_owned));
    let is_here = host.is_some() && host.as_deref() == here.host().map(str::to_ascii_lowercase).as_deref();
    let is_account = host
        .as_deref()
        .is_some_and(|host| crate::storage::account_of_host(host).is_some());
    let is_known = KNOWN_RESOURCES.contains(&bare.as_str()) || clouds::is_management(&bare, None);
    if is_known || is_here || is_account {
        return Ok(());
    }
    Err(Refusal::no_resource(audience, &tenant.to_string()))
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

/// Whether the caller is the application that it says it is; how it proved that, as tokens write it (`appidacr`).
pub(super) fn prove(
    sandbox: &Sandbox,
    request: &Request<Bytes>,
    form: &Form,
    client: &Client,
    tenant: Guid,
    need: Need,
) -> Result<&'static str, Refusal> {
    let secret = client_of(request, form).1;
    let assertion = form.field("client_assertion");
    let (application, principal) = match client {
        Client::Application(both) => (Some(&both.0), &both.1),
        Client::Foreign(principal) => (None, principal.as_ref()),
        Client::Known(_) | Client::WithoutPrincipal(_) if secret.is_some() || assertion.is_some() => {
            let message = "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.";
            return Err(Refusal::new("invalid_client", 700_025, message));
        }
        Client::Known(_) | Client::WithoutPrincipal(_) if need == Need::Confidential => return Err(no_credential()),
        Client::Known(_) | Client::WithoutPrincipal(_) => return Ok("0"),
    };
    let own = application.map(|application| &application.credentials);
    let credentials: Vec<_> = own.into_iter().chain([&principal.credentials]).collect();
    let now = sandbox.now_for_expiry();
    if let Some(secret) = secret {
        let known = credentials
            .iter()
            .flat_map(|credentials| &credentials.passwords)
            .find(|password| password.secret == secret && password.start <= now);
        return match known {
            Some(password) if now < password.end => Ok("1"),
            Some(_) => Err(expired_secret(principal.app_id)),
            None => Err(wrong_secret(principal.app_id)),
        };
    }
    if let Some(token) = assertion {
        let kind = form
            .field("client_assertion_type")
            .ok_or_else(|| Refusal::missing("client_assertion_type"))?;
        if kind != ASSERTION_TYPE {
            let message = format!(
                "Unsupported 'client_assertion_type' value '{kind}'. 'client_assertion_type' must be '{ASSERTION_TYPE}'."
            );
            return Err(Refusal::new("invalid_request", 90023, message));
        }
        let expected = Expected {
            app_id: principal.app_id,
            credentials,
            tenant_names: tenant_names(sandbox, request, tenant),
            here: request.uri(),
            now,
        };
        assertion::check(token, &expected)?;
        return Ok("2");
    }
    if need == Need::Public && application.is_some_and(super::principals::Application::is_public) {
        return Ok("0");
    }
    Err(match need {
        Need::Confidential => no_credential(),
        Need::Public => Refusal::new(
            "invalid_client",
            7_000_218,
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        ),
    })
}

/// The names of a tenant in a path, the one of this request's among them.
fn tenant_names(sandbox: &Sandbox, request: &Request<Bytes>, tenant: Guid) -> Vec<String> {
    let register = sandbox.directory.register();
    let domain = register
        .tenant(&tenant.to_string())
        .map(|tenant| tenant.default_domain.clone());
    let written = request
        .uri()
        .path()
        .split('/')
        .find(|segment| !segment.is_empty())
        .map(str::to_owned);
    [tenant.to_string()].into_iter().chain(domain).chain(written).collect()
}

fn no_credential() -> Refusal {
    Refusal::new(
        "invalid_client",
        7_000_216,
        "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
    )
}

fn wrong_secret(app_id: Guid) -> Refusal {
    Refusal::new(
        "invalid_client",
        7_000_215,
        format!(
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the \
             client secret ID, for a secret added to app '{app_id}'."
        ),
    )
}

fn expired_secret(app_id: Guid) -> Refusal {
    Refusal::new(
        "invalid_client",
        7_000_222,
        format!(
            "The provided client secret keys for app '{app_id}' are expired. Visit the Azure portal to create new keys for your \
             app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: \
             https://aka.ms/certCreds."
        ),
    )
}
