//! What the tests of identity share: sign-ins of every kind, answers in a line, assertions signed by the test itself.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fake_azure::cloud::{Guid, Time};
use fake_azure::identity::{Certificate, MANAGEMENT_CERTIFICATE_PEM};
use fake_azure::{FakeAzure, Listener};
use rustls::SignatureScheme;
use rustls::crypto::ring;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use sha1::Digest as _;

use crate::shell_support::{json as tree, request_with};

pub(crate) const LOGIN: &str = "https://localhost:8446";
pub(crate) const AZ: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
pub(crate) const JUJU: &str = "cbb548f1-5039-4836-af0b-727e8571f6a9";
pub(crate) const USER: &str = "user@fakeazure.onmicrosoft.com";
pub(crate) const ARM_SCOPE: &str = "https://management.core.windows.net//.default";

/// Percent-encodes everything that a form cannot hold as it is.
pub(crate) fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// A form of fields.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    fields.join("&")
}

pub(crate) fn call(azure: &FakeAzure, line: &str, headers: &[(&str, &str)], body: &str) -> (u16, Value) {
    let (method, path) = line.split_once(' ').expect("a method and a path");
    let line = if path.starts_with('/') {
        format!("{method} {LOGIN}{path}")
    } else {
        line.to_owned()
    };
    let served = azure.serve(Listener::Aad, request_with(&line, headers, body));
    let text = String::from_utf8_lossy(served.response.body()).into_owned();
    let document = match tree(&served.response) {
        Value::Null => Value::String(text),
        document => document,
    };
    (served.response.status().as_u16(), document)
}

/// Asks the token endpoint of a tenant.
pub(crate) fn sign_in_at(azure: &FakeAzure, tenant: &str, fields: &[(&str, &str)]) -> (u16, Value) {
    call(azure, &format!("POST /{tenant}/oauth2/v2.0/token"), &[], &form(fields))
}

/// The same of the home tenant.
pub(crate) fn sign_in(azure: &FakeAzure, fields: &[(&str, &str)]) -> (u16, Value) {
    sign_in_at(azure, &azure.directory().tenant().to_string(), fields)
}

/// An answer of sign-in in a line: what was given, or why not.
pub(crate) fn line((status, document): &(u16, Value)) -> String {
    let description = document["error_description"].as_str().unwrap_or("");
    if let Some(error) = document["error"].as_str() {
        let first = description.lines().next().unwrap_or("");
        return format!("{status} {error} {first}");
    }
    let Some(members) = document.as_object() else {
        return format!("{status} {document}");
    };
    let names: Vec<&str> = members.keys().map(String::as_str).collect();
    format!("{status} {}", names.join(" "))
}

/// The claims of a token, without looking at its signature.
pub(crate) fn claims(token: &Value) -> Value {
    let token = token.as_str().expect("a token");
    let payload = token.split('.').nth(1).expect("three parts");
    let bytes = URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    serde_json::from_slice(&bytes).expect("a tree")
}

/// A document with every token as a word, so that it can be compared.
pub(crate) fn without_tokens(mut document: Value) -> Value {
    fn walk(value: &mut Value) {
        match value {
            Value::String(text) if text.starts_with("eyJ") && text.split('.').count() == 3 => {
                *text = "<token>".to_owned();
            }
            Value::Array(list) => list.iter_mut().for_each(walk),
            Value::Object(members) => members.values_mut().for_each(walk),
            _ => {}
        }
    }
    walk(&mut document);
    document
}

/// A user's tokens by password, for a scope.
pub(crate) fn user_token(azure: &FakeAzure, scope: &str) -> Value {
    let (status, document) = sign_in(
        azure,
        &[
            ("grant_type", "password"),
            ("client_id", AZ),
            ("username", USER),
            ("password", "fake-password"),
            ("scope", &format!("{scope} openid offline_access profile")),
            ("client_info", "1"),
        ],
    );
    assert_eq!(status, 200, "{document}");
    document
}

/// An application's token by secret, for a scope.
pub(crate) fn app_token(azure: &FakeAzure, scope: &str) -> String {
    let directory = azure.directory();
    let first = directory.first();
    let (status, document) = sign_in(
        azure,
        &[
            ("grant_type", "client_credentials"),
            ("client_id", &first.app_id.to_string()),
            ("client_secret", &first.secret),
            ("scope", scope),
        ],
    );
    assert_eq!(status, 200, "{document}");
    document["access_token"].as_str().expect("a token").to_owned()
}

/// What Resource Manager answers to a token: the status of `GET /subscriptions`, and how many there are.
pub(crate) fn subscriptions(azure: &FakeAzure, token: &str) -> (u16, usize) {
    let served = azure.send(request_with(
        "GET https://management.azure.com/subscriptions?api-version=2022-12-01",
        &[("authorization", &format!("Bearer {token}"))],
        "",
    ));
    let n_found = tree(&served.response)["value"].as_array().map_or(0, Vec::len);
    (served.response.status().as_u16(), n_found)
}

/// Moves the clock of the sandbox.
pub(crate) fn pass(azure: &FakeAzure, secs: i64) {
    azure.with_sandbox(|sandbox| {
        let to = sandbox.cloud.now().plus_millis(secs * 1000);
        sandbox.advance(to);
    });
}

/// What the clock of the sandbox says, in seconds.
pub(crate) fn now_secs(azure: &FakeAzure) -> i64 {
    azure.with_sandbox(|sandbox| sandbox.cloud.now().millis() / 1000)
}

/// How a test signs an assertion: a good one, unless the test says otherwise.
pub(crate) struct Assertion {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    pub(crate) scheme: SignatureScheme,
}

impl Assertion {
    /// A good one of the first application, by RS256 and `x5t`.
    pub(crate) fn good(azure: &FakeAzure) -> Assertion {
        let app_id = azure.directory().first().app_id.to_string();
        let now = now_secs(azure);
        Assertion {
            header: json!({ "alg": "RS256", "typ": "JWT", "x5t": URL_SAFE_NO_PAD.encode(sha1::Sha1::digest(der())) }),
            claims: json!({
                "aud": format!("{LOGIN}/{}/oauth2/v2.0/token", azure.directory().tenant()),
                "iss": app_id,
                "sub": app_id,
                "jti": Guid(7).to_string(),
                "nbf": now,
                "exp": now + 600,
            }),
            scheme: SignatureScheme::RSA_PKCS1_SHA256,
        }
    }

    /// Signed by the key of the management certificate.
    pub(crate) fn signed(&self) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&self.header), part(&self.claims));
        let key = PrivateKeyDer::from_pem_slice(MANAGEMENT_CERTIFICATE_PEM.as_bytes()).expect("a key");
        let key = ring::sign::any_supported_type(&key).expect("an RSA key");
        let signer = key.choose_scheme(&[self.scheme]).expect("RSA keys sign so");
        let signature = signer.sign(message.as_bytes()).expect("any message can be signed");
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// The management certificate, in DER.
pub(crate) fn der() -> Vec<u8> {
    let certificate = CertificateDer::from_pem_slice(MANAGEMENT_CERTIFICATE_PEM.as_bytes()).expect("a certificate");
    certificate.to_vec()
}

/// Signs the first application in with an assertion.
pub(crate) fn with_assertion(azure: &FakeAzure, assertion: &str) -> (u16, Value) {
    let app_id = azure.directory().first().app_id.to_string();
    sign_in(
        azure,
        &[
            ("grant_type", "client_credentials"),
            ("client_id", &app_id),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", assertion),
            ("scope", ARM_SCOPE),
        ],
    )
}

/// A certificate of an application's own, which the test made, and its key.
pub(crate) fn new_certificate(until: Time) -> (Certificate, rcgen::KeyPair) {
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut params = rcgen::CertificateParams::new(vec!["app.test".to_owned()]).expect("a name");
    let year = |time: Time| i32::try_from(1970 + time.millis() / 31_556_952_000).expect("a year");
    params.not_before = rcgen::date_time_ymd(2000, 1, 1);
    params.not_after = rcgen::date_time_ymd(year(until), 1, 1);
    let certificate = params.self_signed(&key).expect("a certificate");
    (Certificate::parse(certificate.der()).expect("a certificate"), key)
}
