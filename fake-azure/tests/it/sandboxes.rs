//! Which sandbox a request means.

use std::collections::BTreeSet;

use fake_azure::cloud::Guid;
use fake_azure::{FakeAzure, Listener};
use serde_json::Value;

use crate::shell_support::{arm, control, json, request, request_with};

fn subscriptions(azure: &FakeAzure, token: &str) -> BTreeSet<String> {
    let bearer = format!("Bearer {token}");
    let line = "GET https://localhost:8443/subscriptions?api-version=2022-12-01";
    let served = azure.serve(Listener::Arm, request_with(line, &[("authorization", &bearer)], ""));
    let list = json(&served.response);
    let ids = list["value"].as_array().expect("a list").iter();
    ids.map(|entry| entry["subscriptionId"].as_str().expect("an id").to_owned())
        .collect()
}

fn sign_in(azure: &FakeAzure) -> String {
    let directory = azure.directory();
    let principal = directory.first();
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}&scope=https://management.azure.com/.default",
        principal.app_id, principal.secret
    );
    let line = format!("POST https://localhost:8446/{}/oauth2/v2.0/token", directory.tenant());
    let document = json(&azure.serve(Listener::Aad, request(&line, &form)).response);
    document["access_token"].as_str().expect("a token").to_owned()
}

fn put_group(azure: &FakeAzure, subscription: Guid) -> u16 {
    let line = format!("PUT /subscriptions/{subscription}/resourcegroups/g0?api-version=2021-04-01");
    arm(azure, &line, r#"{"location":"westus"}"#).response.status().as_u16()
}

#[test]
fn a_token_leads_to_the_sandbox_that_it_came_from() {
    let azure = FakeAzure::start();
    let (first, second) = (Guid(1).to_string(), Guid(2).to_string());
    control(&azure, "POST reset", &format!(r#"{{"subscriptions":["{first}"]}}"#));
    let token = sign_in(&azure);
    control(&azure, "POST reset", &format!(r#"{{"subscriptions":["{second}"]}}"#));
    assert_eq!(subscriptions(&azure, &token), BTreeSet::from([first]));
    assert_eq!(subscriptions(&azure, &azure.token()), BTreeSet::from([second]));
}

#[test]
fn an_unknown_subscription_is_refused_unless_any_is_made() {
    let strict = FakeAzure::start();
    assert_eq!(put_group(&strict, Guid(7)), 404);
    let open = FakeAzure::builder().any_subscription().start();
    assert_eq!(put_group(&open, Guid(7)), 201);
    assert_eq!(put_group(&open, Guid(8)), 201);
    assert_eq!(
        open.with_sandbox_of(Guid(7), |sandbox| sandbox.subscriptions()),
        Some(vec![Guid(7)])
    );
}

#[test]
fn a_blob_request_means_the_sandbox_that_owns_the_account() {
    let azure = FakeAzure::start();
    for (subscription, account) in [(1, "first"), (2, "second")] {
        let body = format!(
            r#"{{"subscriptions":["{}"],"accounts":["{account}"]}}"#,
            Guid(subscription)
        );
        let (status, document) = control(&azure, "POST reset", &body);
        assert_eq!(status, 200, "{document}");
    }
    let count = |subscription| azure.with_sandbox_of(Guid(subscription), |sandbox| sandbox.journal.count());
    let before = (count(1), count(2));
    azure.serve(
        Listener::Blob,
        request("GET https://first.blob.core.windows.net/?comp=list", ""),
    );
    assert_eq!((count(1), count(2)), (before.0.map(|n| n + 1), before.1));
    azure.serve(
        Listener::Blob,
        request("GET https://localhost:8445/second/?comp=list", ""),
    );
    assert_eq!((count(1), count(2)), (before.0.map(|n| n + 1), before.1.map(|n| n + 1)));
}

#[test]
fn an_azure_of_ones_own_starts_at_once_and_forks() {
    let azure = FakeAzure::start();
    let id = azure.subscription();
    assert_eq!(put_group(&azure, id), 201);
    let fork = azure.fork();
    assert_eq!(put_group(&fork, id), 200);
    let line = format!("DELETE /subscriptions/{id}/resourcegroups/g0?api-version=2021-04-01");
    assert_eq!(arm(&fork, &line, "").response.status().as_u16(), 202);
    assert_eq!(put_group(&azure, id), 200);
    assert_ne!(
        azure.with_sandbox(|sandbox| sandbox.cloud.digest()),
        fork.with_sandbox(|sandbox| sandbox.cloud.digest())
    );
}

#[test]
fn the_same_requests_leave_the_same_state() {
    let run = || {
        let azure = FakeAzure::builder().seed(5).start();
        put_group(&azure, azure.subscription());
        let line = format!(
            "GET /subscriptions/{}/resourcegroups?api-version=2021-04-01",
            azure.subscription()
        );
        let shown = arm(&azure, &line, "").response;
        (
            azure.with_sandbox(|sandbox| sandbox.cloud.digest()),
            shown.headers()["x-ms-request-id"].clone(),
        )
    };
    assert_eq!(run(), run());
}

#[test]
fn the_classic_api_knows_its_callers() {
    let azure = FakeAzure::start();
    let line = format!(
        "GET https://localhost:8444/{}/services/hostedservices",
        azure.subscription()
    );
    let stranger = azure.serve(Listener::Asm, request(&line, ""));
    assert_eq!(stranger.response.status().as_u16(), 403);
    assert!(String::from_utf8_lossy(stranger.response.body()).contains("<Code>ForbiddenError</Code>"));
    let mut known = request(&line, "");
    known
        .extensions_mut()
        .insert(azure.directory().management_certificate());
    assert_ne!(azure.serve(Listener::Asm, known).response.status().as_u16(), 403);
}

#[test]
fn the_admin_listener_answers_the_control_api_and_sign_in_alone() {
    let azure = FakeAzure::start();
    for path in ["/subscriptions?api-version=2022-12-01", "/", "/_fake/../subscriptions"] {
        let served = azure.serve(
            Listener::Admin,
            request(&format!("GET https://localhost:8447{path}"), ""),
        );
        assert_eq!(served.response.status().as_u16(), 404, "{path}");
        let code = json(&served.response)
            .pointer("/error/code")
            .and_then(Value::as_str)
            .map(str::to_owned);
        assert_eq!(code.as_deref(), Some("NoSuchCall"), "{path}");
    }
    let line = "GET https://localhost:8447/metadata/endpoints?api-version=2022-09-01";
    assert_eq!(
        azure
            .serve(Listener::Admin, request(line, ""))
            .response
            .status()
            .as_u16(),
        200
    );
}
