//! Where tokens come from: tenant discovery and the token endpoint (juju-provider 1.3, ARM 6.2, 6.3).

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use url::Url;
use uuid::Uuid;

use super::{Repeatable, SendError, Step};
use crate::error::{Refusal, without_bom};
use crate::random::Random;
use crate::{AzureError, Certificate, CloudSpec, Component, Credential, Failure, ServicePrincipal};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ASSERTION_SECS: u64 = 600;

/// Which sign-in protocol is spoken (juju-provider 1.2 rows 1 and 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignIn {
    /// A token for a resource.
    V1,
    /// A token for a scope.
    V2,
}

impl SignIn {
    /// Of the call that is meant to be refused.
    fn subscriptions_version(self) -> &'static str {
        match self {
            Self::V1 => "2015-11-01",
            Self::V2 => "2022-12-01",
        }
    }

    fn token_path(self) -> &'static str {
        match self {
            Self::V1 => "oauth2/token?api-version=1.0",
            Self::V2 => "oauth2/v2.0/token",
        }
    }

    /// What is asked for, as a field of the form. A scope keeps the slash that its audience ends with.
    fn wanted(self, audience: &str) -> (&'static str, String) {
        match self {
            Self::V1 => ("resource", audience.to_owned()),
            Self::V2 => ("scope", format!("{audience}/.default")),
        }
    }
}

/// A bearer token. Its text is a secret.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Token {
    text: String,
    pub(super) expires_ms: u64,
    pub(super) lifetime_ms: u64,
}

impl Token {
    pub(super) fn header(&self) -> HeaderValue {
        let mut value =
            HeaderValue::try_from(format!("Bearer {}", self.text)).expect("a token is checked to be a header value");
        value.set_sensitive(true);
        value
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<token>")
    }
}

/// Where a tenant signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Authority {
    login: String,
    tenant: String,
}

/// Issues tokens for one credential.
pub(crate) struct Identity {
    inner: Arc<dyn Step>,
    cloud: CloudSpec,
    credential: Credential,
    sign_in: SignIn,
    authority: OnceCell<Authority>,
}

impl Identity {
    pub(super) fn new(inner: Arc<dyn Step>, cloud: CloudSpec, credential: Credential, sign_in: SignIn) -> Self {
        Self {
            inner,
            cloud,
            credential,
            sign_in,
            authority: OnceCell::new(),
        }
    }

    /// A new token.
    pub(super) async fn token(&self, now_ms: u64) -> Result<Token, Box<AzureError>> {
        let authority = self.authority.get_or_try_init(|| self.discover()).await?;
        let request = token_request(authority, &self.cloud.audience, &self.credential, self.sign_in, now_ms)
            .map_err(|reason| identity_error("get a token from", &authority.login, Failure::Unreadable(reason)))?;
        let what = request.uri().path().to_owned();
        let answer = self.send(request, "get a token from", &what).await?;
        if !answer.status().is_success() {
            let failure = Failure::Refused(Refusal::read(&answer));
            return Err(identity_error("get a token from", &what, failure));
        }

        read_token(&answer, now_ms)
            .map_err(|reason| identity_error("get a token from", &what, Failure::Unreadable(reason)))
    }

    async fn discover(&self) -> Result<Authority, Box<AzureError>> {
        let login = self
            .cloud
            .login
            .as_ref()
            .map(|login| login.as_str().trim_end_matches('/').to_owned());
        if let (Some(login), Some(tenant)) = (&login, self.credential.tenant_id) {
            return Ok(Authority {
                login: login.clone(),
                tenant: tenant.to_string(),
            });
        }

        let request = challenge_request(&self.cloud.base(), self.credential.subscription(), self.sign_in);
        let what = request.uri().path().to_owned();
        let answer = self.send(request, "find the tenant of", &what).await?;
        // ARM 6.3: a subscription that does not exist is told so, and a login page cannot be what we asked.
        if answer.status() != StatusCode::UNAUTHORIZED {
            let failure = match answer.status().is_client_error() || answer.status().is_server_error() {
                true => Failure::Refused(Refusal::read(&answer)),
                false => Failure::Unreadable(format!(
                    "expected 401 with the address to sign in at, got {}",
                    answer.status().as_u16()
                )),
            };
            return Err(identity_error("find the tenant of", &what, failure));
        }

        let challenged = read_challenge(&answer)
            .map_err(|reason| identity_error("find the tenant of", &what, Failure::Unreadable(reason)))?;
        Ok(Authority {
            login: login.unwrap_or(challenged.login),
            tenant: self
                .credential
                .tenant_id
                .map_or(challenged.tenant, |tenant| tenant.to_string()),
        })
    }

    async fn send(
        &self,
        request: Request<Bytes>,
        operation: &str,
        what: &str,
    ) -> Result<Response<Bytes>, Box<AzureError>> {
        self.inner.send(request).await.map_err(|error| match error {
            SendError::Transport(error) => identity_error(operation, what, Failure::NoAnswer(error)),
            SendError::Identity(error) => error,
        })
    }
}

fn identity_error(operation: &str, what: &str, failure: Failure) -> Box<AzureError> {
    Box::new(AzureError::new(Component::Identity, operation, what, failure))
}

/// The request that is meant to be refused: without a token.
fn challenge_request(resource_manager: &str, subscription: Uuid, sign_in: SignIn) -> Request<Bytes> {
    let version = sign_in.subscriptions_version();
    let uri = format!("{resource_manager}/subscriptions/{subscription}?api-version={version}");
    Request::builder()
        .method(Method::GET)
        .uri(uri)
        .body(Bytes::new())
        .expect("an endpoint and a uuid make a URI")
}

fn read_challenge(answer: &Response<Bytes>) -> Result<Authority, String> {
    let missing = || "the 401 carries no `authorization_uri`".to_owned();
    let challenge = answer
        .headers()
        .get(WWW_AUTHENTICATE)
        .and_then(|value| value.to_str().ok())
        .ok_or_else(missing)?;
    let (_, rest) = challenge.split_once("authorization_uri=\"").ok_or_else(missing)?;
    let (uri, _) = rest.split_once('"').ok_or_else(missing)?;
    let uri = Url::parse(uri).map_err(|_| format!("`{uri}` is no URL"))?;
    let (login, tenant) = uri
        .as_str()
        .trim_end_matches('/')
        .rsplit_once('/')
        .ok_or_else(missing)?;
    if tenant.parse::<Uuid>().is_err() {
        return Err(format!("`{uri}` does not end with a tenant"));
    }

    Ok(Authority {
        login: login.to_owned(),
        tenant: tenant.to_owned(),
    })
}

fn token_request(
    authority: &Authority,
    audience: &str,
    credential: &Credential,
    sign_in: SignIn,
    now_ms: u64,
) -> Result<Request<Bytes>, String> {
    let uri = format!("{}/{}/{}", authority.login, authority.tenant, sign_in.token_path());
    let application = credential.application_id.to_string();
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials")
        .append_pair("client_id", &application);
    match &credential.proof {
        ServicePrincipal::Password(secret) => {
            form.append_pair("client_secret", secret.expose());
        }
        ServicePrincipal::Certificate(certificate) => {
            let assertion = assertion(&uri, &application, certificate, now_ms)
                .ok_or_else(|| "the certificate's key does not sign".to_owned())?;
            form.append_pair("client_assertion_type", ASSERTION_TYPE)
                .append_pair("client_assertion", &assertion);
        }
    }
    let (field, wanted) = sign_in.wanted(audience);
    form.append_pair(field, &wanted);
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(uri)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Bytes::from(form.finish()))
        .map_err(|error| error.to_string())?;
    request.extensions_mut().insert(Repeatable);
    Ok(request)
}

/// What a certificate says instead of a password: a token of our own about ourselves.
fn assertion(uri: &str, application: &str, certificate: &Certificate, now_ms: u64) -> Option<String> {
    let now_secs = now_ms / 1_000;
    let seed = u64::from_be_bytes(certificate.thumbprint()[..8].try_into().ok()?);
    let (audience, _) = uri.split_once('?').unwrap_or((uri, ""));
    let header = json!({"alg": "PS256", "typ": "JWT", "x5t#S256": URL_SAFE_NO_PAD.encode(certificate.thumbprint())});
    let claims = json!({
        "aud": audience,
        "iss": application,
        "sub": application,
        "jti": Random::new(seed).uuid(application, now_ms),
        "nbf": now_secs,
        "exp": now_secs + ASSERTION_SECS,
    });
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", encode(&header), encode(&claims));
    let signature = certificate.sign(signed.as_bytes())?;
    Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// Numbers come as texts in answers of version 1 (ARM 6.2).
fn read_token(answer: &Response<Bytes>, now_ms: u64) -> Result<Token, String> {
    let document: Value =
        serde_json::from_slice(without_bom(answer.body())).map_err(|_| "the answer is no JSON".to_owned())?;
    let text = document
        .get("access_token")
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| "the answer holds no `access_token`".to_owned())?;
    if HeaderValue::try_from(text).is_err() {
        return Err("the token holds characters that no header may".to_owned());
    }

    let seconds = match document.get("expires_in") {
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(number) => number.as_u64(),
        None => None,
    };
    let lifetime_ms = seconds
        .ok_or_else(|| "the answer holds no `expires_in`".to_owned())?
        .saturating_mul(1_000);
    Ok(Token {
        text: text.to_owned(),
        expires_ms: now_ms.saturating_add(lifetime_ms),
        lifetime_ms,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use bytes::Bytes;
    use expect_test::expect;
    use http::Response;
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use url::Url;
    use uuid::Uuid;

    use super::super::tests::{Reply, Scripted, TestClock, request};
    use super::super::{Authenticate, Step as _};
    use super::{Identity, SignIn, assertion, read_challenge, read_token};
    use crate::{Certificate, Clock as _, CloudSpec, Credential, ServicePrincipal};

    const TENANT: &str = "22222222-2222-2222-2222-222222222222";
    const CHALLENGE: &str = "Bearer authorization_uri=\"https://login.windows.net/22222222-2222-2222-2222-222222222222\", \
                             error=\"invalid_token\", error_description=\"d\"";

    fn credential() -> Credential {
        Credential::with_password(Uuid::from_u128(1), Uuid::from_u128(2), "pass & word")
    }

    fn challenged() -> Reply {
        Reply::Headers(401, vec![("www-authenticate", CHALLENGE)], "")
    }

    fn token(body: &'static str) -> Reply {
        Reply::Headers(200, Vec::new(), body)
    }

    struct Setup {
        identity: Arc<Scripted>,
        service: Arc<Scripted>,
        clock: Arc<TestClock>,
        authenticate: Authenticate,
    }

    fn setup(identity: Vec<Reply>, service: Vec<Reply>) -> Setup {
        let (identity, service) = (Arc::new(Scripted::new(identity)), Arc::new(Scripted::new(service)));
        let clock = Arc::new(TestClock::default());
        let issuer = Identity::new(
            Arc::clone(&identity) as _,
            CloudSpec::public(),
            credential(),
            SignIn::V1,
        );
        let authenticate = Authenticate::new(Arc::clone(&service) as _, issuer, Arc::clone(&clock) as _);
        Setup {
            identity,
            service,
            clock,
            authenticate,
        }
    }

    #[tokio::test]
    async fn the_tenant_is_asked_for_then_a_token_and_both_are_kept() {
        let long = r#"{"token_type":"Bearer","expires_in":"3599","access_token":"t1"}"#;
        let setup = setup(
            vec![challenged(), token(long)],
            vec![Reply::Status(200), Reply::Status(200)],
        );
        for _ in 0..2 {
            setup
                .authenticate
                .send(request("GET", "https://a/b"))
                .await
                .expect("the script answers");
        }
        let seen = setup.identity.seen.lock().expect("nothing else holds the journal");
        let said: Vec<String> = seen
            .iter()
            .map(|r| format!("{} {} {}", r.method(), r.uri(), String::from_utf8_lossy(r.body())))
            .collect();
        expect![[r#"
            [
                "GET https://management.azure.com/subscriptions/00000000-0000-0000-0000-000000000001?api-version=2015-11-01 ",
                "POST https://login.windows.net/22222222-2222-2222-2222-222222222222/oauth2/token?api-version=1.0 grant_type=client_credentials&client_id=00000000-0000-0000-0000-000000000002&client_secret=pass+%26+word&resource=https%3A%2F%2Fmanagement.core.windows.net%2F",
            ]
        "#]]
        .assert_debug_eq(&said);
        let asked = setup.service.seen.lock().expect("nothing else holds the journal");
        assert!(
            asked
                .iter()
                .all(|request| request.headers()["authorization"] == "Bearer t1")
        );
    }

    #[tokio::test]
    async fn a_token_is_renewed_before_it_ends() {
        let first = r#"{"expires_in":3600,"access_token":"t1"}"#;
        let second = r#"{"expires_in":3600,"access_token":"t2"}"#;
        let setup = setup(
            vec![challenged(), token(first), token(second)],
            vec![Reply::Status(200), Reply::Status(200)],
        );
        setup
            .authenticate
            .send(request("GET", "https://a/b"))
            .await
            .expect("the script answers");
        setup.clock.sleep(std::time::Duration::from_secs(3_400)).await;
        setup
            .authenticate
            .send(request("GET", "https://a/b"))
            .await
            .expect("the script answers");
        let asked = setup.service.seen.lock().expect("nothing else holds the journal");
        assert_eq!(asked[1].headers()["authorization"], "Bearer t2");
    }

    #[tokio::test]
    async fn a_revoked_token_is_replaced_once() {
        let first = r#"{"expires_in":3600,"access_token":"t1"}"#;
        let second = r#"{"expires_in":3600,"access_token":"t2"}"#;
        let setup = setup(
            vec![challenged(), token(first), token(second)],
            vec![Reply::Status(401), Reply::Status(401)],
        );
        let answer = setup
            .authenticate
            .send(request("GET", "https://a/b"))
            .await
            .expect("the script answers");
        assert_eq!((answer.status().as_u16(), setup.service.n_seen()), (401, 2));
    }

    #[tokio::test]
    async fn a_refused_secret_is_told_without_the_secret() {
        let refusal = Reply::Headers(
            401,
            Vec::new(),
            r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided.\r\nTrace ID: x"}"#,
        );
        let setup = setup(vec![challenged(), refusal], Vec::new());
        let error = setup.authenticate.verify().await.expect_err("the script refuses");
        expect!["cannot get a token from `/22222222-2222-2222-2222-222222222222/oauth2/token`: the identity service answered 401 invalid_client: AADSTS7000215: Invalid client secret provided.; check or replace the credential"]
            .assert_eq(&error.to_string());
        assert!(!format!("{error:?} {:?}", credential()).contains("pass"));
    }

    #[tokio::test]
    async fn a_configured_login_needs_no_discovery() {
        let identity = Arc::new(Scripted::new(vec![token(r#"{"expires_in":3600,"access_token":"t1"}"#)]));
        let cloud = CloudSpec {
            login: Url::parse("https://localhost:8446/").ok(),
            ..CloudSpec::public()
        };
        let credential = Credential {
            tenant_id: TENANT.parse().ok(),
            ..credential()
        };
        Identity::new(Arc::clone(&identity) as _, cloud, credential, SignIn::V1)
            .token(0)
            .await
            .expect("the script answers");
        let seen = identity.seen.lock().expect("nothing else holds the journal");
        assert_eq!(
            seen[0].uri(),
            &*format!("https://localhost:8446/{TENANT}/oauth2/token?api-version=1.0")
        );
    }

    #[tokio::test]
    async fn the_second_version_asks_for_a_scope_with_a_password_or_a_certificate() {
        // Made for this test; it opens nothing.
        let pem = include_bytes!("../../tests/it/service-principal.pem");
        let certificate = Certificate::from_pem(pem).expect("the test's certificate is one");
        let proofs = [
            ServicePrincipal::Password(crate::Secret::new("pass & word")),
            ServicePrincipal::Certificate(certificate),
        ];
        let mut said = Vec::new();
        for proof in proofs {
            let identity = Arc::new(Scripted::new(vec![
                challenged(),
                token(r#"{"expires_in":3600,"access_token":"t1"}"#),
            ]));
            let credential = Credential { proof, ..credential() };
            Identity::new(Arc::clone(&identity) as _, CloudSpec::public(), credential, SignIn::V2)
                .token(0)
                .await
                .expect("the script answers");
            for request in identity.seen.lock().expect("nothing else holds the journal").iter() {
                let pairs = url::form_urlencoded::parse(request.body());
                let words = pairs.map(|(name, value)| match &*name {
                    "scope" | "client_assertion_type" => format!("{name}={value}"),
                    _ => name.into_owned(),
                });
                let body = words.collect::<Vec<_>>().join(" ");
                let line = format!("{} {} {body}", request.method(), request.uri());
                said.push(line.trim_end().to_owned());
            }
        }
        expect![[r#"
            GET https://management.azure.com/subscriptions/00000000-0000-0000-0000-000000000001?api-version=2022-12-01
            POST https://login.windows.net/22222222-2222-2222-2222-222222222222/oauth2/v2.0/token grant_type client_id client_secret scope=https://management.core.windows.net//.default
            GET https://management.azure.com/subscriptions/00000000-0000-0000-0000-000000000001?api-version=2022-12-01
            POST https://login.windows.net/22222222-2222-2222-2222-222222222222/oauth2/v2.0/token grant_type client_id client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer client_assertion scope=https://management.core.windows.net//.default"#]].assert_eq(&said.join("\n"));
    }

    #[test]
    fn a_certificate_signs_what_the_identity_service_can_verify() {
        // Made for this test; it opens nothing.
        let pem = include_bytes!("../../tests/it/service-principal.pem");
        let certificate = Certificate::from_pem(pem).expect("the test's certificate is one");
        let uri = "https://login.windows.net/t/oauth2/token?api-version=1.0";
        let token = assertion(uri, "app", &certificate, 1_000_000).expect("an RSA key signs");
        let (signed, signature) = token.rsplit_once('.').expect("a token has three parts");
        let (header, claims) = signed.split_once('.').expect("a token has three parts");
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("a token's parts are base64url");
        let claims: Value = serde_json::from_slice(&decode(claims)).expect("claims are JSON");
        assert_eq!(claims["aud"], "https://login.windows.net/t/oauth2/token");
        assert_eq!(
            (&claims["iss"], &claims["nbf"], &claims["exp"]),
            (&json!("app"), &json!(1_000), &json!(1_600))
        );
        let header: Value = serde_json::from_slice(&decode(header)).expect("a header is JSON");
        assert_eq!(header["alg"], "PS256");

        let algorithms = rustls::crypto::ring::default_provider().signature_verification_algorithms;
        let verified = algorithms.all.iter().any(|algorithm| {
            algorithm
                .verify_signature(&certificate.public_key(), signed.as_bytes(), &decode(signature))
                .is_ok()
        });
        assert!(verified);
        assert_eq!(format!("{certificate:?}"), "<certificate>");
    }

    #[test]
    fn a_certificate_without_its_key_is_refused() {
        let pem = include_str!("../../tests/it/service-principal.pem");
        let (certificate, _) = pem.split_once("-----BEGIN PRIVATE KEY").expect("the key comes second");
        let error = Certificate::from_pem(certificate.as_bytes()).map_err(|error| error.to_string());
        expect![[r#"
            Err(
                "invalid `certificate`: the PEM text holds no readable private key",
            )
        "#]]
        .assert_debug_eq(&error);
    }

    #[test]
    fn no_challenge_stops_the_reader() {
        proptest!(|(text in "(Bearer |authorization_uri=|\"|https://|[a-z0-9/.-]|\\PC)*")| {
            let mut response = Response::new(Bytes::new());
            if let Ok(value) = text.parse() {
                response.headers_mut().insert("www-authenticate", value);
            }
            if let Ok(authority) = read_challenge(&response) {
                prop_assert!(authority.tenant.parse::<Uuid>().is_ok());
            }
        });
    }

    #[test]
    fn no_token_answer_stops_the_reader() {
        proptest!(|(text in "(\\{|\\}|\"access_token\"|\"expires_in\"|:|,|\"|[0-9]|\\PC)*")| {
            let _ = read_token(&Response::new(Bytes::from(text)), 0);
        });
    }
}
