//! Graph: what `az ad` and Juju ask of it, and what it refuses.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fake_azure::FakeAzure;
use fake_azure::cloud::{Guid, Time};
use fake_azure::identity::{DirectoryOptions, Lookup, find_principal};
use serde_json::{Value, json};

use crate::identity_support::{
    ARM_SCOPE, app_token, call, encoded, line, new_certificate, pass, sign_in, subscriptions, user_token,
};
use crate::shell_support::settings;

const GRAPH: &str = "https://graph.microsoft.com/.default";
const OLD_GRAPH: &str = "https://graph.windows.net/.default";

/// Somebody who talks to Graph.
struct Talk<'a> {
    azure: &'a FakeAzure,
    token: String,
    base: String,
    shown: String,
}

impl<'a> Talk<'a> {
    fn of_application(azure: &'a FakeAzure) -> Talk<'a> {
        Talk::new(azure, app_token(azure, GRAPH))
    }

    fn of_user(azure: &'a FakeAzure) -> Talk<'a> {
        let token = user_token(azure, GRAPH)["access_token"]
            .as_str()
            .expect("a token")
            .to_owned();
        Talk::new(azure, token)
    }

    fn new(azure: &'a FakeAzure, token: String) -> Talk<'a> {
        Talk {
            azure,
            token,
            base: "https://localhost:8446/v1.0".to_owned(),
            shown: String::new(),
        }
    }

    /// Asks; what was asked and answered is written down.
    fn ask(&mut self, line: &str, body: &Value) -> (u16, Value) {
        let (method, path) = line.split_once(' ').expect("a method and a path");
        let authorization = format!("Bearer {}", self.token);
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", "application/json"),
        ];
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let answer = call(self.azure, &format!("{method} {}{path}", self.base), &headers, &text);
        let shown = match &answer.1 {
            Value::String(text) => text.clone(),
            tree => serde_json::to_string_pretty(tree).expect("a tree"),
        };
        writeln!(self.shown, "> {line}\n{} {shown}\n", answer.0).expect("a text takes any text");
        answer
    }

    fn get(&mut self, path: &str) -> (u16, Value) {
        self.ask(&format!("GET {path}"), &Value::Null)
    }

    fn filtered(&mut self, noun: &str, filter: &str) -> (u16, Value) {
        self.get(&format!("/{noun}?$filter={}", encoded(filter)))
    }
}

fn id(document: &Value) -> String {
    document["id"].as_str().expect("an id").to_owned()
}

/// The refusal of an answer: status, code and message.
fn refusal((status, document): &(u16, Value)) -> String {
    let error = &document["error"];
    format!(
        "{status} {}: {}",
        error["code"].as_str().unwrap_or("-"),
        error["message"].as_str().unwrap_or("-")
    )
}

#[test]
fn az_ad_sp_create_for_rbac() {
    let azure = FakeAzure::start();
    let mut talk = Talk::of_user(&azure);
    talk.filtered("servicePrincipals", "displayName eq 'deployer'");
    talk.filtered("applications", "displayName eq 'deployer'");
    let body = json!({ "displayName": "deployer", "keyCredentials": [], "identifierUris": ["api://deployer"] });
    let (_, application) = talk.ask("POST /applications", &body);
    let app_id = application["appId"].as_str().expect("an id").to_owned();
    let add = format!("POST /applications/{}/addPassword", id(&application));
    let body = json!({ "passwordCredential": { "displayName": "rbac", "endDateTime": "2027-01-01T00:00:00Z" } });
    let (_, password) = talk.ask(&add, &body);
    let secret = password["secretText"].as_str().expect("a secret").to_owned();
    let fields = |secret: &'static str| {
        vec![
            ("grant_type".to_owned(), "client_credentials".to_owned()),
            ("client_id".to_owned(), app_id.clone()),
            (
                "client_secret".to_owned(),
                if secret.is_empty() {
                    password["secretText"].as_str().unwrap_or("").to_owned()
                } else {
                    secret.to_owned()
                },
            ),
            ("scope".to_owned(), ARM_SCOPE.to_owned()),
        ]
    };
    let try_in = |secret: &'static str| {
        let fields = fields(secret);
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        sign_in(&azure, &fields)
    };
    assert!(
        line(&try_in("")).contains("AADSTS7000229"),
        "nothing stands for it in the tenant yet"
    );
    let (_, principal) = talk.ask(
        "POST /servicePrincipals",
        &json!({ "appId": app_id, "accountEnabled": true }),
    );
    let (status, document) = try_in("");
    assert_eq!(status, 200, "{document}");
    assert_eq!(
        subscriptions(&azure, document["access_token"].as_str().expect("a token")),
        (200, 1)
    );
    assert!(line(&try_in("guess")).contains("AADSTS7000215"));

    // `az ad sp show`, by any of its names.
    talk.filtered(
        "servicePrincipals",
        &format!("servicePrincipalNames/any(c:c eq '{app_id}')"),
    );
    assert_eq!(
        talk.filtered(
            "servicePrincipals",
            "servicePrincipalNames/any(c:c eq 'api://deployer')"
        )
        .1["value"][0]["id"],
        id(&principal)
    );
    assert_eq!(
        talk.get(&format!("/servicePrincipals(appId='{app_id}')")).1["id"],
        id(&principal)
    );
    // What `az role assignment list` looks up.
    let body = json!({ "ids": [id(&principal), Guid(1).to_string()], "types": ["user", "servicePrincipal"] });
    let (_, stubs) = talk.ask("POST /directoryObjects/getByIds", &body);
    assert_eq!(stubs["value"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        talk.get("/me/ownedObjects").1["value"].as_array().map(Vec::len),
        Some(2)
    );

    // A principal that is switched off does not sign in, nor one whose secret is taken back, nor one that is gone.
    let own = format!("/servicePrincipals/{}", id(&principal));
    talk.ask(&format!("PATCH {own}"), &json!({ "accountEnabled": false }));
    assert!(line(&try_in("")).contains("AADSTS7000112"));
    talk.ask(&format!("PATCH {own}"), &json!({ "accountEnabled": true }));
    let remove = format!("POST /applications/{}/removePassword", id(&application));
    assert_eq!(talk.ask(&remove, &json!({ "keyId": password["keyId"] })).0, 204);
    assert!(line(&try_in("")).contains("AADSTS7000215"));
    assert_eq!(
        talk.ask(&format!("DELETE /applications/{}", id(&application)), &Value::Null)
            .0,
        204
    );
    assert!(line(&try_in("")).contains("AADSTS700016"));
    assert_eq!(talk.get(&own).0, 404, "what stands for it goes with it");
    let shown = talk.shown.replace(&secret, "<secret>");
    assert!(!shown.contains(&secret[10..]), "a secret is answered once");
    settings().bind(|| insta::assert_snapshot!("identity_graph_rbac", shown));
}

#[test]
fn secrets_and_certificates_end() {
    let azure = FakeAzure::start();
    let mut talk = Talk::of_application(&azure);
    let (_, application) = talk.ask("POST /applications", &json!({ "displayName": "short" }));
    let app_id = application["appId"].as_str().expect("an id").to_owned();
    talk.ask("POST /servicePrincipals", &json!({ "appId": app_id }));
    let own = format!("/applications/{}", id(&application));
    let body = json!({ "passwordCredential": { "endDateTime": "2026-01-01T01:00:00Z" } });
    let (_, password) = talk.ask(&format!("POST {own}/addPassword"), &body);
    let secret = password["secretText"].as_str().expect("a secret").to_owned();
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", app_id.as_str()),
        ("client_secret", secret.as_str()),
        ("scope", ARM_SCOPE),
    ];
    assert_eq!(sign_in(&azure, &fields).0, 200);
    pass(&azure, 3600);
    assert!(line(&sign_in(&azure, &fields)).contains("AADSTS7000222"));

    // A certificate: `az ad app credential reset --cert`.
    let (certificate, _) = new_certificate(Time::from_millis(1_900_000_000_000));
    let key = STANDARD.encode(certificate.der());
    talk.token = app_token(&azure, GRAPH);
    let body = json!({ "keyCredentials": [{ "type": "AsymmetricX509Cert", "usage": "Verify", "key": key, "displayName": "CN=x" }] });
    assert_eq!(talk.ask(&format!("PATCH {own}"), &body).0, 204);
    let (_, found) = talk.get(&own);
    let keys = found["keyCredentials"].clone();
    assert_eq!(keys[0]["customKeyIdentifier"], certificate.thumbprint());
    assert_eq!(keys[0]["key"], Value::Null, "a certificate is never answered");
    // What is listed by its id is kept.
    assert_eq!(
        talk.ask(&format!("PATCH {own}"), &json!({ "keyCredentials": keys })).0,
        204
    );
    assert_eq!(talk.get(&own).1["keyCredentials"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        talk.ask(&format!("PATCH {own}"), &json!({ "keyCredentials": [] })).0,
        204
    );
    assert_eq!(talk.get(&own).1["keyCredentials"].as_array().map(Vec::len), Some(0));
}

#[test]
fn users_come_change_and_go() {
    let azure = FakeAzure::start();
    let mut talk = Talk::of_user(&azure);
    talk.get("/me");
    let (_, made) = talk.ask(
        "POST /users",
        &json!({
            "accountEnabled": true, "displayName": "Ada", "mailNickname": "ada", "givenName": "Ada",
            "userPrincipalName": "ada@fakeazure.onmicrosoft.com",
            "passwordProfile": { "password": "first-password", "forceChangePasswordNextSignIn": false },
        }),
    );
    let fields = |password: &'static str| {
        [
            ("grant_type", "password"),
            ("client_id", crate::identity_support::AZ),
            ("username", "ada@fakeazure.onmicrosoft.com"),
            ("password", password),
            ("scope", "https://management.azure.com/.default offline_access"),
        ]
    };
    let (status, given) = sign_in(&azure, &fields("first-password"));
    assert_eq!(status, 200, "{given}");
    talk.get("/users/ada@fakeazure.onmicrosoft.com");
    talk.filtered(
        "users",
        "startswith(displayName,'A') and userPrincipalName eq 'ADA@fakeazure.onmicrosoft.com'",
    );
    pass(&azure, 60);
    let own = format!("/users/{}", id(&made));
    talk.ask(
        &format!("PATCH {own}"),
        &json!({ "passwordProfile": { "password": "second-password" } }),
    );
    assert!(line(&sign_in(&azure, &fields("first-password"))).contains("AADSTS50126"));
    assert_eq!(sign_in(&azure, &fields("second-password")).0, 200);
    let refresh = [
        ("grant_type", "refresh_token"),
        ("client_id", crate::identity_support::AZ),
        ("refresh_token", given["refresh_token"].as_str().expect("a token")),
    ];
    assert!(
        line(&sign_in(&azure, &refresh)).contains("AADSTS50173"),
        "what the old password gave is taken back"
    );
    talk.ask(&format!("PATCH {own}"), &json!({ "accountEnabled": false }));
    assert!(line(&sign_in(&azure, &fields("second-password"))).contains("AADSTS50057"));
    talk.ask(&format!("POST {own}/revokeSignInSessions"), &Value::Null);
    talk.ask(
        &format!("POST {own}/getMemberGroups"),
        &json!({ "securityEnabledOnly": true }),
    );
    talk.ask(&format!("DELETE {own}"), &Value::Null);
    assert!(line(&sign_in(&azure, &fields("second-password"))).contains("AADSTS50034"));
    talk.get("/organization");
    settings().bind(|| insta::assert_snapshot!("identity_graph_users", talk.shown));
}

#[test]
fn refusals_of_graph() {
    let azure = FakeAzure::start();
    let mut talk = Talk::of_application(&azure);
    let first = azure.directory().first().clone();
    let mut shown = String::new();
    let (_, application) = talk.ask(
        "POST /applications",
        &json!({ "displayName": "a", "identifierUris": ["api://a"] }),
    );
    let (own, app_id) = (
        format!("/applications/{}", id(&application)),
        application["appId"].clone(),
    );
    talk.ask("POST /servicePrincipals", &json!({ "appId": app_id }));
    let rows: Vec<(&str, String, Value)> = vec![
        ("a thing it does not know", "GET /groups".to_owned(), Value::Null),
        (
            "below a thing it does not know",
            format!("GET {own}/extensionProperties"),
            Value::Null,
        ),
        (
            "no such object",
            format!("GET /servicePrincipals/{}", Guid(1)),
            Value::Null,
        ),
        ("no id", "GET /servicePrincipals/x".to_owned(), Value::Null),
        ("another verb", format!("PUT {own}"), Value::Null),
        ("another verb below", format!("GET {own}/addPassword"), Value::Null),
        ("who am I, of an application", "GET /me".to_owned(), Value::Null),
        ("no name", "POST /applications".to_owned(), json!({})),
        ("no JSON object", "POST /applications".to_owned(), json!([])),
        (
            "audience of nobody",
            "POST /applications".to_owned(),
            json!({ "displayName": "x", "signInAudience": "Everybody" }),
        ),
        (
            "a URI that is taken",
            "POST /applications".to_owned(),
            json!({ "displayName": "x", "identifierUris": ["API://a"] }),
        ),
        (
            "no certificate",
            "POST /applications".to_owned(),
            json!({ "displayName": "x", "keyCredentials": [{ "key": "AAAA" }] }),
        ),
        (
            "secret by PATCH",
            format!("PATCH {own}"),
            json!({ "passwordCredentials": [{ "secretText": "mine" }] }),
        ),
        (
            "secret that ends before it begins",
            format!("POST {own}/addPassword"),
            json!({ "passwordCredential": { "endDateTime": "2000-01-01T00:00:00Z" } }),
        ),
        (
            "secret with a date of nothing",
            format!("POST {own}/addPassword"),
            json!({ "passwordCredential": { "endDateTime": "soon" } }),
        ),
        (
            "no such secret",
            format!("POST {own}/removePassword"),
            json!({ "keyId": Guid(1).to_string() }),
        ),
        ("no application", "POST /servicePrincipals".to_owned(), json!({})),
        (
            "no such application",
            "POST /servicePrincipals".to_owned(),
            json!({ "appId": Guid(1).to_string() }),
        ),
        (
            "one stands for it already",
            "POST /servicePrincipals".to_owned(),
            json!({ "appId": app_id }),
        ),
        (
            "no such owner",
            format!("POST {own}/owners/$ref"),
            json!({ "@odata.id": "https://graph.microsoft.com/v1.0/directoryObjects/x" }),
        ),
        (
            "half a user",
            "POST /users".to_owned(),
            json!({ "accountEnabled": true, "displayName": "x" }),
        ),
        (
            "weak password",
            "POST /users".to_owned(),
            user("x@fakeazure.onmicrosoft.com", "short"),
        ),
        (
            "foreign domain",
            "POST /users".to_owned(),
            user("x@example.test", "long-enough"),
        ),
        (
            "name that is taken",
            "POST /users".to_owned(),
            user("USER@fakeazure.onmicrosoft.com", "long-enough"),
        ),
        (
            "filter that cannot be read",
            "GET /users?$filter=displayName".to_owned(),
            Value::Null,
        ),
        (
            "filter by what is not there",
            format!("GET /users?$filter={}", encoded("colour eq 'red'")),
            Value::Null,
        ),
        ("page of nothing", "GET /users?$top=0".to_owned(), Value::Null),
        ("page of too much", "GET /users?$top=1000".to_owned(), Value::Null),
        ("page of a word", "GET /users?$top=all".to_owned(), Value::Null),
        (
            "a machine's identity",
            "DELETE /servicePrincipals/0b1ec700-0000-4000-8000-0000000000a1".to_owned(),
            Value::Null,
        ),
    ];
    for (name, line, body) in rows {
        let answer = talk.ask(&line, &body);
        writeln!(shown, "{name}\n  {}", refusal(&answer)).expect("a text takes any text");
    }
    assert_eq!(
        talk.get(&own).1["passwordCredentials"],
        json!([]),
        "a refused call changes nothing"
    );
    let arm_only = app_token(&azure, "https://management.azure.com/.default");
    for (name, token) in [
        ("no token", ""),
        ("another service's token", arm_only.as_str()),
        ("nonsense", "x.y"),
    ] {
        talk.token = token.to_owned();
        let answer = talk.get("/organization");
        writeln!(shown, "{name}\n  {}", refusal(&answer)).expect("a text takes any text");
    }
    talk.token = app_token(&azure, GRAPH);
    pass(&azure, 4000);
    let answer = talk.get("/organization");
    writeln!(shown, "old token\n  {}", refusal(&answer)).expect("a text takes any text");
    assert_eq!(first.name, "fake-azure");
    settings().bind(|| insta::assert_snapshot!("identity_graph_refusals", shown));
}

fn user(name: &str, password: &str) -> Value {
    json!({
        "accountEnabled": true, "displayName": "x", "mailNickname": "x", "userPrincipalName": name,
        "passwordProfile": { "password": password },
    })
}

#[test]
fn lists_come_in_pages_and_only_with_what_was_selected() {
    let azure = FakeAzure::start();
    let mut talk = Talk::of_application(&azure);
    let (_, page) = talk.get("/applications?$top=2&$select=displayName,appId");
    let names = |page: &Value| -> Vec<String> {
        let list = page["value"].as_array().expect("a list");
        list.iter()
            .map(|own| own["displayName"].as_str().expect("a name").to_owned())
            .collect()
    };
    assert_eq!(names(&page), ["fake-azure", "fake-azure-second"]);
    assert_eq!(page["value"][0].as_object().map(serde_json::Map::len), Some(2));
    let next = page["@odata.nextLink"].as_str().expect("another page").to_owned();
    let path = next.strip_prefix(&talk.base).expect("a link to this server").to_owned();
    let (_, last) = talk.get(&path);
    assert_eq!(names(&last), ["fake-azure-third"]);
    assert!(last.get("@odata.nextLink").is_none());
}

#[test]
fn what_was_just_made_is_not_known_everywhere_for_a_while() {
    let azure = FakeAzure::builder()
        .directory(DirectoryOptions {
            replication_lag_ms: 30_000,
            ..DirectoryOptions::default()
        })
        .start();
    let mut talk = Talk::of_application(&azure);
    let (_, application) = talk.ask("POST /applications", &json!({ "displayName": "new" }));
    let body = json!({ "appId": application["appId"] });
    let early = talk.ask("POST /servicePrincipals", &body);
    assert!(
        refusal(&early).contains(" does not reference a valid application object"),
        "{}",
        refusal(&early)
    );
    pass(&azure, 30);
    let (status, principal) = talk.ask("POST /servicePrincipals", &body);
    assert_eq!(status, 201, "{principal}");
    let object_id = Guid::parse(&id(&principal)).expect("a GUID");
    let look = || azure.with_sandbox(|sandbox| find_principal(sandbox, object_id));
    let Lookup::Replicating { until } = look() else {
        panic!("other services know it already");
    };
    azure.with_sandbox(|sandbox| sandbox.advance(until));
    assert!(matches!(look(), Lookup::Known(info) if info.kind == "ServicePrincipal"));
    let user = azure.directory().users()[0].object_id;
    let found = azure.with_sandbox(|sandbox| find_principal(sandbox, user));
    assert!(matches!(found, Lookup::Known(info) if info.kind == "User"));
}

#[test]
fn juju_makes_its_principal_with_the_old_graph() {
    let azure = FakeAzure::start();
    let mut talk = Talk::of_user(&azure);
    let token = user_token(&azure, OLD_GRAPH)["access_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    talk.token = token;
    let tenant = azure.directory().tenant();
    talk.base = format!("https://graph.windows.net/{tenant}");
    talk.get("/me?api-version=1.6");
    let secret = |value: &str, id: u128| {
        json!({
            "customKeyIdentifier": "anVqdS0yMDE2MDQwMQ==", "keyId": Guid(id).to_string(), "value": value,
            "startDate": "2025-01-01T00:00:00Z", "endDate": "2027-01-01T00:00:00Z",
        })
    };
    let (_, application) = talk.ask("POST /applications?api-version=1.6", &json!({ "displayName": "juju" }));
    let app_id = application["appId"].as_str().expect("an id").to_owned();
    let body = json!({ "appId": app_id, "accountEnabled": true, "passwordCredentials": [secret("first", 1)] });
    let (status, made) = talk.ask("POST /servicePrincipals?api-version=1.6", &body);
    assert_eq!(status, 201, "{made}");
    // Once more: the name is taken, so that the secrets are changed instead.
    let (status, taken) = talk.ask("POST /servicePrincipals?api-version=1.6", &body);
    assert_eq!(
        (status, &taken["odata.error"]["code"]),
        (400, &json!("Request_MultipleObjectsWithSameKeyValue"))
    );
    let filter = encoded(&format!("appId eq '{app_id}'"));
    let (_, found) = talk.get(&format!("/servicePrincipals?api-version=1.6&$filter={filter}"));
    let object_id = found["value"][0]["objectId"].as_str().expect("an id").to_owned();
    let own = format!("/servicePrincipals/{object_id}/passwordCredentials?api-version=1.6");
    let (_, before) = talk.get(&own);
    let mut entries = before["value"].as_array().expect("a list").clone();
    entries.push(secret("second", 2));
    assert_eq!(talk.ask(&format!("PATCH {own}"), &json!({ "value": entries })).0, 204);
    for secret in ["first", "second"] {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", app_id.as_str()),
            ("client_secret", secret),
            ("scope", ARM_SCOPE),
        ];
        assert_eq!(sign_in(&azure, &fields).0, 200, "{secret}");
    }
    talk.get("/me");
    talk.get("/servicePrincipals/x?api-version=1.6");
    talk.base = format!("https://graph.windows.net/{}", Guid(1));
    talk.get("/me?api-version=1.6");
    settings().bind(|| insta::assert_snapshot!("identity_graph_old", talk.shown));
}
