//! Fault rules, as a client sees them.

use std::time::Duration;

use fake_azure::faults::{CapacityGone, Latency, OperationFails, Rule, Stale, Status, Throttle, Verdict};
use fake_azure::{Delivery, FakeAzure, Pace};
use serde_json::Value;

use crate::shell_support::{arm, json, settings, shown};

const VERSION: &str = "api-version=2019-11-01";

fn group(azure: &FakeAzure, name: &str) -> String {
    format!("/subscriptions/{}/resourceGroups/{name}", azure.subscription())
}

fn with_group(azure: &FakeAzure) -> String {
    let group = group(azure, "g0");
    let served = arm(
        azure,
        &format!("PUT {group}?api-version=2021-04-01"),
        r#"{"location":"westus"}"#,
    );
    assert_eq!(served.response.status().as_u16(), 201);
    group
}

fn network(group: &str) -> String {
    format!("{group}/providers/Microsoft.Network/virtualNetworks/v0?{VERSION}")
}

const NETWORK: &str = r#"{"location":"westus","properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/16"]}}}"#;

fn status(azure: &FakeAzure, line: &str) -> u16 {
    arm(azure, line, "").response.status().as_u16()
}

#[test]
fn a_cut_before_leaves_nothing_and_a_cut_after_leaves_all() {
    let azure = FakeAzure::start();
    let rows = [(Verdict::CutBefore, 404), (Verdict::CutAfter, 200)];
    for (name, (verdict, expected)) in ["before", "after"].into_iter().zip(rows) {
        let path = format!("{}?api-version=2021-04-01", group(&azure, name));
        let guard = azure.fault(Rule::new(verdict).method("PUT")).expect("a sound rule");
        let served = arm(&azure, &format!("PUT {path}"), r#"{"location":"westus"}"#);
        assert_eq!(served.delivery, Delivery::Drop);
        assert_eq!(guard.struck(), 1);
        drop(guard);
        assert_eq!(status(&azure, &format!("GET {path}")), expected);
    }
}

#[test]
fn a_rule_is_taken_back_with_its_guard() {
    let azure = FakeAzure::start();
    let path = format!("GET {}?api-version=2021-04-01", group(&azure, "g0"));
    let guard = azure
        .fault(Rule::new(Verdict::Throttle(Throttle::default())))
        .expect("a sound rule");
    assert_eq!(status(&azure, &path), 429);
    drop(guard);
    assert_eq!(status(&azure, &path), 404);
}

#[test]
fn trouble_is_told_in_the_words_of_each_service() {
    let mut text = String::new();
    for era in ["2016", "current"] {
        let azure = FakeAzure::builder()
            .era(fake_azure::cloud::catalogue::limits::Era::find(era).expect("an era"))
            .pace(Pace::Paused)
            .start();
        let lines = [
            format!(
                "GET https://management.azure.com{}?api-version=2021-04-01",
                group(&azure, "g0")
            ),
            format!("PUT https://management.azure.com{}", network(&group(&azure, "g0"))),
            format!(
                "GET https://management.core.windows.net/{}/services/hostedservices",
                azure.subscription()
            ),
            "GET https://acct.blob.core.windows.net/vhds?restype=container".to_owned(),
            format!(
                "POST https://login.microsoftonline.com/{}/oauth2/token",
                azure.directory().tenant()
            ),
        ];
        let five = |status| {
            Verdict::Status(Status {
                status,
                code: None,
                message: None,
                retry_after_secs: Some(5),
            })
        };
        let own = Verdict::Status(Status {
            status: 503,
            code: Some("Own".into()),
            message: Some("Mine.".into()),
            retry_after_secs: None,
        });
        let throttle = Verdict::Throttle(Throttle {
            retry_after_secs: Some(17),
        });
        for verdict in [throttle, five(500), five(502), five(503), five(504), own] {
            for line in &lines {
                let guard = azure.fault(Rule::new(verdict.clone())).expect("a sound rule");
                let served = azure.send(crate::shell_support::request(line, ""));
                text.push_str(&format!("> {} {era}: {line}\n", verdict.word()));
                let headers = [
                    "retry-after",
                    "content-type",
                    "x-ms-failure-cause",
                    "x-ms-error-code",
                    "x-ms-ratelimit-remaining-subscription-reads",
                    "x-ms-ratelimit-remaining-subscription-writes",
                ];
                text.push_str(&shown(&served.response, &headers));
                drop(guard);
            }
        }
    }
    settings().bind(|| insta::assert_snapshot!("faults_words", text));
}

#[test]
fn latency_delays_the_answer_only() {
    let azure = FakeAzure::start();
    let guard = azure
        .fault(Rule::new(Verdict::Latency(Latency { ms: 250 })))
        .expect("a sound rule");
    let path = format!("PUT {}?api-version=2021-04-01", group(&azure, "g0"));
    let served = arm(&azure, &path, r#"{"location":"westus"}"#);
    assert_eq!(served.response.status().as_u16(), 201);
    assert_eq!(served.delivery, Delivery::After(Duration::from_millis(250)));
    drop(guard);
}

/// What polling the operation of a write says in the end.
fn end_of_write(verdict: Verdict) -> (u16, Value) {
    let azure = FakeAzure::start();
    let group = with_group(&azure);
    let rule = Rule::new(verdict)
        .method("PUT")
        .of_type("microsoft.network/virtualnetworks");
    let guard = azure.fault(rule).expect("a sound rule");
    let served = arm(&azure, &format!("PUT {}", network(&group)), NETWORK);
    assert_eq!(served.response.status().as_u16(), 201);
    assert_eq!(guard.struck(), 1);
    let poll = served.response.headers()["azure-asyncoperation"]
        .to_str()
        .expect("text");
    let path = poll
        .strip_prefix("https://management.azure.com")
        .expect("an address here");
    let polled = arm(&azure, &format!("GET {path}"), "");
    (polled.response.status().as_u16(), json(&polled.response))
}

#[test]
fn an_operation_fails_late() {
    let (_, document) = end_of_write(Verdict::OperationFails(OperationFails {
        code: Some("Mishap".into()),
        message: None,
    }));
    assert_eq!(document["status"], "Failed", "{document}");
    assert_eq!(
        document.pointer("/error/code").and_then(Value::as_str),
        Some("Mishap"),
        "{document}"
    );
}

#[test]
fn capacity_is_gone_late() {
    let (_, document) = end_of_write(Verdict::CapacityGone(CapacityGone::default()));
    assert_eq!(
        document.pointer("/error/code").and_then(Value::as_str),
        Some("AllocationFailed"),
        "{document}"
    );
}

#[test]
fn an_operation_never_ends() {
    let (status, document) = end_of_write(Verdict::OperationEndless);
    assert_eq!((status, &document["status"]), (200, &Value::from("InProgress")));
}

/// A deployment of two networks, and how it ends when a rule is in force meanwhile.
fn end_of_deployment(rule: Rule) -> (Value, Vec<String>) {
    let azure = FakeAzure::builder().pace(Pace::Paused).start();
    let group = with_group(&azure);
    let guard = azure.fault(rule).expect("a sound rule");
    let path = format!("{group}/providers/Microsoft.Resources/deployments/d0?api-version=2016-09-01");
    let served = arm(&azure, &format!("PUT {path}"), DEPLOYMENT);
    assert_eq!(served.response.status().as_u16(), 201);
    azure.with_sandbox(|sandbox| sandbox.advance(sandbox.cloud.now().plus_millis(3_600_000)));
    assert_eq!(guard.struck(), 1);
    drop(guard);
    let document = json(&arm(&azure, &format!("GET {path}"), "").response);
    let list = format!("GET {group}/providers/Microsoft.Network/virtualNetworks?{VERSION}");
    let networks = json(&arm(&azure, &list, "").response);
    let rows = networks["value"].as_array().cloned().unwrap_or_default();
    let shown = |row: &Value| {
        let text = |pointer: &str| {
            row.pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or("none")
                .to_owned()
        };
        format!("{} {}", text("/name"), text("/properties/provisioningState"))
    };
    (
        document["properties"]["provisioningState"].clone(),
        rows.iter().map(shown).collect(),
    )
}

const DEPLOYMENT: &str = r#"{"properties":{"mode":"Incremental","template":{
    "$schema":"https://schema.management.azure.com/schemas/2015-01-01/deploymentTemplate.json#","contentVersion":"1.0.0.0",
    "resources":[
        {"type":"Microsoft.Network/virtualNetworks","name":"v0","apiVersion":"2016-09-01","location":"westus",
         "properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/16"]}}},
        {"type":"Microsoft.Network/virtualNetworks","name":"v1","apiVersion":"2016-09-01","location":"westus",
         "properties":{"addressSpace":{"addressPrefixes":["10.1.0.0/16"]}}}]}}}"#;

#[test]
fn a_deployment_that_is_struck_fails_with_the_last_thing_that_it_makes() {
    let rule = Rule::new(Verdict::OperationFails(OperationFails::default())).of_type("Microsoft.Resources/deployments");
    let (state, networks) = end_of_deployment(rule);
    assert_eq!(state, "Failed");
    assert_eq!(networks, ["v0 Succeeded", "v1 Failed"]);
}

#[test]
fn a_rule_that_names_a_type_sees_what_deployments_make_of_it() {
    let networks = "Microsoft.Network/virtualNetworks";
    let rule = Rule::new(Verdict::OperationFails(OperationFails::default()))
        .of_type(networks)
        .nth(1);
    let (state, made) = end_of_deployment(rule);
    assert_eq!(state, "Failed");
    assert_eq!(made, ["v0 Failed", "v1 Succeeded"]);
    let (state, made) = end_of_deployment(Rule::new(Verdict::OperationEndless).of_type(networks).nth(2));
    assert_eq!(state, "Running");
    assert_eq!(made, ["v0 Succeeded", "v1 Updating"]);
}

#[test]
fn a_stale_read_shows_what_deployments_had_made_by_then() {
    let azure = FakeAzure::builder().pace(Pace::Paused).start();
    let group = with_group(&azure);
    let guard = azure
        .fault(Rule::new(Verdict::Stale(Stale { within_ms: 60_000 })).path("**/virtualNetworks"))
        .expect("a sound rule");
    let path = format!("{group}/providers/Microsoft.Resources/deployments/d0?api-version=2016-09-01");
    assert_eq!(
        arm(&azure, &format!("PUT {path}"), DEPLOYMENT)
            .response
            .status()
            .as_u16(),
        201
    );
    azure.with_sandbox(|sandbox| sandbox.advance(sandbox.cloud.now().plus_millis(3_600_000)));
    // Something is written now, so that there is a past to be shown.
    arm(
        &azure,
        &format!("PUT {group}?api-version=2021-04-01"),
        r#"{"location":"westus"}"#,
    );
    let list = format!("GET {group}/providers/Microsoft.Network/virtualNetworks?{VERSION}");
    let shown = json(&arm(&azure, &list, "").response);
    assert_eq!(shown["value"].as_array().map(Vec::len), Some(2), "{shown}");
    drop(guard);
}

#[test]
fn reads_are_stale_within_a_bound_and_right_after_it() {
    let azure = FakeAzure::builder().pace(Pace::Paused).start();
    let guard = azure
        .fault(Rule::new(Verdict::Stale(Stale { within_ms: 5000 })).method("GET"))
        .expect("a sound rule");
    let path = format!("{}?api-version=2021-04-01", group(&azure, "g0"));
    assert_eq!(
        arm(&azure, &format!("PUT {path}"), r#"{"location":"westus"}"#)
            .response
            .status()
            .as_u16(),
        201
    );
    assert_eq!(status(&azure, &format!("GET {path}")), 404);
    azure.with_sandbox(|sandbox| sandbox.advance(sandbox.cloud.now().plus_millis(5000)));
    assert_eq!(status(&azure, &format!("GET {path}")), 200);
    drop(guard);
}

#[test]
fn nobody_waits_for_a_stale_read_under_an_immediate_pace() {
    let azure = FakeAzure::start();
    let guard = azure
        .fault(Rule::new(Verdict::Stale(Stale { within_ms: 5000 })).method("GET"))
        .expect("a sound rule");
    let path = format!("{}?api-version=2021-04-01", group(&azure, "g0"));
    arm(&azure, &format!("PUT {path}"), r#"{"location":"westus"}"#);
    assert_eq!(
        [
            status(&azure, &format!("GET {path}")),
            status(&azure, &format!("GET {path}"))
        ],
        [404, 200]
    );
    drop(guard);
}

#[test]
fn tokens_are_found_expired() {
    let azure = FakeAzure::start();
    let guard = azure
        .fault(Rule::new(Verdict::TokensExpired).nth(1))
        .expect("a sound rule");
    let path = format!("GET {}?api-version=2021-04-01", group(&azure, "g0"));
    let refused = arm(&azure, &path, "");
    assert_eq!(refused.response.status().as_u16(), 401);
    assert_eq!(
        json(&refused.response).pointer("/error/code").and_then(Value::as_str),
        Some("ExpiredAuthenticationToken")
    );
    assert_eq!(status(&azure, &path), 404);
    drop(guard);
}

#[test]
fn a_principal_is_not_replicated_yet() {
    let azure = FakeAzure::start();
    let scope = format!("/subscriptions/{}", azure.subscription());
    let path = format!(
        "PUT {scope}/providers/Microsoft.Authorization/roleAssignments/{0}?api-version=2022-04-01",
        azure.subscription()
    );
    let body = r#"{"properties":{"principalId":"0b1ec700-0000-4000-8000-000000000002","roleDefinitionId":"x"}}"#;
    let guard = azure
        .fault(Rule::new(Verdict::PrincipalNotReplicated).nth(1))
        .expect("a sound rule");
    let served = arm(&azure, &path, body);
    assert_eq!(
        json(&served.response).pointer("/error/message").and_then(Value::as_str),
        Some(
            "Principal 0b1ec700000040008000000000000002 does not exist in the directory 7e4aa2d1-0000-4000-8000-000000000001."
        )
    );
    assert_eq!(served.response.status().as_u16(), 400);
    drop(guard);
}

#[test]
fn the_same_seed_strikes_the_same_requests() {
    let run = || -> Vec<u16> {
        let azure = FakeAzure::builder().seed(42).start();
        let rule = Rule::new(Verdict::Throttle(Throttle::default())).probability_ppm(400_000);
        let guard = azure.fault(rule).expect("a sound rule");
        let path = format!("GET {}?api-version=2021-04-01", group(&azure, "g0"));
        let statuses = (0..50).map(|_| status(&azure, &path)).collect();
        drop(guard);
        statuses
    };
    let first = run();
    assert_eq!(run(), first);
    assert!(first.contains(&429) && first.contains(&404), "{first:?}");
}
