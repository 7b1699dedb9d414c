//! Sign-in: documents and refusals, byte for byte.

use fake_azure::cloud::{Guid, Time};
use fake_azure::identity::{TokenError, check_bearer};
use fake_azure::{FakeAzure, Listener};
use http::HeaderMap;
use serde_json::Value;

use crate::shell_support::{json, request, request_with, settings, shown};

const LOGIN: &str = "https://localhost:8446";

fn tenant(azure: &FakeAzure) -> Guid {
    azure.directory().tenant()
}

/// Answers of requests to sign-in, under a heading each.
fn transcript(azure: &FakeAzure, lines: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (line, body) in lines {
        let (method, path) = line.split_once(' ').expect("a method and a path");
        let tenant = tenant(azure).to_string();
        let line = format!("{method} {LOGIN}{}", path.replace("{tenant}", &tenant));
        let served = azure.serve(Listener::Aad, request(&line, body));
        text.push_str(&format!("> {method} {path}\n"));
        if !body.is_empty() {
            text.push_str(&format!("> {body}\n"));
        }
        text.push_str(&shown(&served.response, &["content-type", "cache-control"]));
        text.push('\n');
    }
    text
}

fn token(azure: &FakeAzure, form: &str) -> (u16, Value) {
    let line = format!("POST {LOGIN}/{}/oauth2/v2.0/token", tenant(azure));
    let served = azure.serve(Listener::Aad, request(&line, form));
    (served.response.status().as_u16(), json(&served.response))
}

fn credentials(azure: &FakeAzure) -> String {
    let directory = azure.directory();
    let principal = directory.first();
    format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        principal.app_id, principal.secret
    )
}

/// A token that the sign-in service gave, for an audience.
fn signed_in(azure: &FakeAzure, audience: &str) -> String {
    let (status, document) = token(azure, &format!("{}&scope={audience}/.default", credentials(azure)));
    assert_eq!(status, 200, "{document}");
    document["access_token"].as_str().expect("a token").to_owned()
}

fn judge(azure: &FakeAzure, authorization: Option<&str>) -> Result<Guid, TokenError> {
    let mut headers = HeaderMap::new();
    headers.insert("host", "localhost:8443".parse().expect("a header"));
    if let Some(value) = authorization {
        headers.insert("authorization", value.parse().expect("a header"));
    }
    azure
        .with_sandbox(|sandbox| check_bearer(sandbox, &headers))
        .map(|caller| caller.object_id)
}

#[test]
fn documents_of_discovery() {
    let azure = FakeAzure::start();
    let text = transcript(
        &azure,
        &[
            ("GET /{tenant}/v2.0/.well-known/openid-configuration", ""),
            ("GET /{tenant}/.well-known/openid-configuration", ""),
            (
                "GET /common/discovery/instance?api-version=1.1&authorization_endpoint=https://localhost:8446/t/oauth2/v2.0/authorize",
                "",
            ),
            (
                "GET /common/discovery/instance?api-version=1.1&authorization_endpoint=https://elsewhere.test/t/oauth2/v2.0/authorize",
                "",
            ),
            ("GET /{tenant}/discovery/v2.0/keys", ""),
            ("GET /common/userrealm/nobody@example.test?api-version=1.0", ""),
            (
                "GET /11111111-2222-3333-4444-555555555555/v2.0/.well-known/openid-configuration",
                "",
            ),
            ("GET /{tenant}/oauth2/token", ""),
            ("GET /{tenant}/oauth2/nothing", ""),
        ],
    );
    settings().bind(|| insta::assert_snapshot!("identity_discovery", text));
}

#[test]
fn metadata_has_the_shape_of_each_version() {
    let azure = FakeAzure::start();
    let text = transcript(
        &azure,
        &[
            ("GET //metadata/endpoints?api-version=2022-09-01", ""),
            ("GET /metadata/endpoints?api-version=2019-05-01", ""),
            ("GET /metadata/endpoints?api-version=2018-01-01", ""),
            ("GET /metadata/endpoints?api-version=2015-01-01", ""),
            ("GET /metadata/endpoints", ""),
            ("GET /metadata/endpoints?api-version=latest", ""),
        ],
    );
    settings().bind(|| insta::assert_snapshot!("identity_metadata", text));
}

#[test]
fn image_aliases_are_those_of_the_catalogue() {
    let azure = FakeAzure::start();
    let served = azure.serve(
        Listener::Arm,
        request("GET https://localhost:8443/metadata/vmimagealiases", ""),
    );
    let document = json(&served.response);
    let ubuntu = document
        .pointer("/outputs/aliases/value/Linux/Ubuntu2204")
        .expect("a known alias");
    assert_eq!(ubuntu["publisher"], "Canonical");
    assert!(
        document
            .pointer("/outputs/aliases/value/Windows")
            .and_then(Value::as_object)
            .is_some_and(|group| !group.is_empty())
    );
}

#[test]
fn refusals_of_sign_in() {
    let azure = FakeAzure::start();
    let client = azure.directory().first().app_id;
    let scope = "scope=https://management.azure.com/.default";
    let good = credentials(&azure);
    let v2 = "POST /{tenant}/oauth2/v2.0/token";
    let form = |grant: &str, rest: &str| format!("grant_type={grant}&client_id={client}&{rest}");
    let az = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
    let text = transcript(
        &azure,
        &[
            (v2, &form("client_credentials", &format!("client_secret=wrong&{scope}"))),
            (v2, &form("client_credentials", scope)),
            (v2, &form("client_credentials", &format!("client_assertion=x&{scope}"))),
            (
                v2,
                &format!("grant_type=client_credentials&client_id={az}&client_secret=x&{scope}"),
            ),
            (
                "POST /11111111-2222-3333-4444-555555555555/oauth2/v2.0/token",
                &format!("{good}&{scope}"),
            ),
            (v2, &good),
            (
                v2,
                &format!("{good}&scope=https://management.azure.com/user_impersonation"),
            ),
            (v2, &format!("{good}&scope=https://nothing.example.test/.default")),
            ("POST /{tenant}/oauth2/token", &good),
            (v2, &form("password", "username=me@example.test&password=x")),
            (v2, &form("refresh_token", "refresh_token=x")),
            (
                v2,
                &form("urn:ietf:params:oauth:grant-type:device_code", "device_code=x"),
            ),
            (v2, &form("magic", scope)),
            (v2, ""),
            (
                "POST /{tenant}/oauth2/v2.0/devicecode",
                &format!("client_id={az}&{scope}"),
            ),
            (
                "POST /{tenant}/oauth2/v2.0/devicecode",
                &format!("client_id={client}&{scope}"),
            ),
        ],
    );
    settings().bind(|| insta::assert_snapshot!("identity_refusals", text));
}

#[test]
fn both_versions_of_the_token_endpoint_sign_in() {
    let azure = FakeAzure::start();
    let form = format!("{}&resource=https://management.core.windows.net/", credentials(&azure));
    let line = format!("POST {LOGIN}/{}/oauth2/token?api-version=1.0", tenant(&azure));
    let mut first = json(&azure.serve(Listener::Aad, request(&line, &form)).response);
    let scope = "scope=https://management.core.windows.net//.default+openid";
    let (_, mut second) = token(&azure, &format!("{}&{scope}", credentials(&azure)));
    for document in [&mut first, &mut second] {
        let token = document["access_token"].take();
        let token = token.as_str().expect("a token");
        assert_eq!(
            judge(&azure, Some(&format!("Bearer {token}"))),
            Ok(azure.directory().first().object_id)
        );
        document["access_token"] = "<token>".into();
    }
    settings().bind(|| insta::assert_json_snapshot!("identity_tokens", [first, second]));
}

#[test]
fn a_secret_may_come_in_a_basic_header() {
    let azure = FakeAzure::start();
    let directory = azure.directory();
    let principal = directory.first();
    let pair = format!("{}:{}", principal.app_id, principal.secret);
    let basic = format!("Basic {}", base64(pair.as_bytes()));
    let line = format!("POST {LOGIN}/{}/oauth2/v2.0/token", tenant(&azure));
    let form = "grant_type=client_credentials&scope=https://management.azure.com/.default";
    let served = azure.serve(Listener::Aad, request_with(&line, &[("authorization", &basic)], form));
    assert_eq!(served.response.status().as_u16(), 200);
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[test]
fn fake_token_is_the_same_on_every_run_and_never_expires() {
    let azure = FakeAzure::start();
    let token = azure.token();
    assert_eq!(token, FakeAzure::builder().seed(99).start().token());
    azure.with_sandbox(|sandbox| sandbox.advance(Time::from_millis(4_000_000_000_000)));
    assert!(judge(&azure, Some(&format!("Bearer {token}"))).is_ok());
}

#[test]
fn what_is_wrong_with_a_token_is_told_apart() {
    let azure = FakeAzure::start();
    let good = signed_in(&azure, "https://management.azure.com");
    assert_eq!(judge(&azure, None), Err(TokenError::MissingHeader));
    assert_eq!(judge(&azure, Some("Bearer")), Err(TokenError::MissingToken));
    assert_eq!(judge(&azure, Some("Basic x")), Err(TokenError::InvalidHeader));
    assert_eq!(judge(&azure, Some("Bearer FakeToken")), Err(TokenError::Invalid));
    let (message, _) = good.rsplit_once('.').expect("three parts");
    assert_eq!(
        judge(&azure, Some(&format!("Bearer {message}.AAAA"))),
        Err(TokenError::Invalid)
    );
    assert!(judge(&azure, Some(&format!("bearer {good}"))).is_ok());

    let graph = signed_in(&azure, "https://graph.microsoft.com");
    let audience = "https://graph.microsoft.com".to_owned();
    assert_eq!(
        judge(&azure, Some(&format!("Bearer {graph}"))),
        Err(TokenError::WrongAudience { audience })
    );
    let own = signed_in(&azure, "https://localhost:8443/");
    assert!(judge(&azure, Some(&format!("Bearer {own}"))).is_ok());

    let elsewhere = FakeAzure::builder().tenant(Guid(1)).start();
    let foreign = signed_in(&elsewhere, "https://management.azure.com");
    let issuer = format!("https://sts.windows.net/{}/", Guid(1));
    assert_eq!(
        judge(&azure, Some(&format!("Bearer {foreign}"))),
        Err(TokenError::WrongTenant { issuer })
    );
}

#[test]
fn a_token_expires_by_the_clock_of_the_sandbox() {
    let azure = FakeAzure::start();
    let token = signed_in(&azure, "https://management.azure.com");
    let authorization = format!("Bearer {token}");
    azure.with_sandbox(|sandbox| sandbox.advance(sandbox.cloud.now().plus_millis(3_599_000)));
    assert!(judge(&azure, Some(&authorization)).is_ok());
    azure.with_sandbox(|sandbox| sandbox.advance(sandbox.cloud.now().plus_millis(1_000)));
    assert!(matches!(
        judge(&azure, Some(&authorization)),
        Err(TokenError::Expired { .. })
    ));
}

#[test]
fn every_principal_signs_in_as_itself() {
    let azure = FakeAzure::start();
    let directory = azure.directory();
    assert!(directory.principals().len() > 1, "rules about callers need two");
    for principal in directory.principals() {
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope=https://management.azure.com/.default",
            principal.app_id, principal.secret
        );
        let (_, document) = token(&azure, &form);
        let token = document["access_token"].as_str().expect("a token");
        assert_eq!(judge(&azure, Some(&format!("Bearer {token}"))), Ok(principal.object_id));
    }
}
