//! The control API.

use fake_azure::{FakeAzure, Listener, Pace};
use serde_json::{Value, json};

use crate::shell_support::{arm, control, request, settings};

const FIRST: &str = "0b1f6471-1bf0-4dda-aec3-cb9272f09590";
const SECOND: &str = "1b1f6471-1bf0-4dda-aec3-cb9272f09590";

fn group(subscription: &str, name: &str) -> String {
    format!("/subscriptions/{subscription}/resourcegroups/{name}?api-version=2021-04-01")
}

fn status(azure: &FakeAzure, line: &str, body: &str) -> u16 {
    arm(azure, line, body).response.status().as_u16()
}

#[test]
fn a_reset_drops_what_holds_its_subscriptions_and_nothing_else() {
    let azure = FakeAzure::start();
    for subscription in [FIRST, SECOND] {
        let (status, document) = control(
            &azure,
            "POST reset",
            &json!({ "subscriptions": [subscription] }).to_string(),
        );
        assert_eq!((status, &document["subscriptions"]), (200, &json!([subscription])));
    }
    for subscription in [FIRST, SECOND] {
        assert_eq!(
            status(
                &azure,
                &format!("PUT {}", group(subscription, "g0")),
                r#"{"location":"westus"}"#
            ),
            201
        );
    }
    control(&azure, "POST reset", &json!({ "subscriptions": [FIRST] }).to_string());
    assert_eq!(status(&azure, &format!("GET {}", group(FIRST, "g0")), ""), 404);
    assert_eq!(status(&azure, &format!("GET {}", group(SECOND, "g0")), ""), 200);

    let (_, document) = control(&azure, "POST reset", "");
    assert_eq!(
        document["subscriptions"],
        json!([fake_azure::DEFAULT_SUBSCRIPTION.to_string()])
    );
    assert_eq!(status(&azure, &format!("GET {}", group(SECOND, "g0")), ""), 404);
}

#[test]
fn a_reset_takes_every_member() {
    let azure = FakeAzure::start();
    let body = json!({
        "subscriptions": [FIRST],
        "accounts": ["acct"],
        "pace": "scaled:10",
        "profile": "2016",
        "seed": 7,
        "start": "2016-04-01T00:00:00Z",
    });
    let (status, document) = control(&azure, "POST reset", &body.to_string());
    assert_eq!(status, 200, "{document}");
    assert_eq!(document["pace"], "scaled:10");
    assert_eq!(document["profile"], "2016");
    azure.with_sandbox(|sandbox| {
        assert_eq!(sandbox.pace, Pace::Scaled(10));
        assert!(sandbox.cloud.fabric().accounts.contains("acct"));
        assert!(
            sandbox.cloud.now().to_string().starts_with("2016-04-01T00:"),
            "{}",
            sandbox.cloud.now()
        );
    });
}

#[test]
fn what_is_wrong_with_a_call_is_said() {
    let azure = FakeAzure::start();
    let rows = [
        ("POST reset", r#"{"subscriptionz":[]}"#),
        ("POST reset", r#"{"subscriptions":["x"]}"#),
        ("POST reset", r#"{"profile":"2015"}"#),
        ("POST reset", r#"{"pace":"fast"}"#),
        ("POST reset", r#"{"start":"noon"}"#),
        ("POST reset", r#"{"accounts":["No"]}"#),
        ("POST reset", "{"),
        ("POST reset", "[] []"),
        ("GET reset", ""),
        ("POST clock", "{}"),
        ("POST clock", r#"{"advance_ms":1,"events":1}"#),
        ("POST clock", r#"{"advance_ms":-1}"#),
        ("POST clock", r#"{"to":"2001-01-01T00:00:00Z"}"#),
        ("PUT limits", r#"{"overrides":{"Nothing":1}}"#),
        ("PUT limits", r#"{"overrides":{"VirtualNetworks":-1}}"#),
        ("POST faults", r#"{"verdict":"explode"}"#),
        ("POST faults", r#"{"match":{"path":"{"},"verdict":"cut-after"}"#),
        ("POST faults", r#"{"match":{"nth":0},"verdict":"cut-after"}"#),
        ("DELETE faults/7", ""),
        ("PUT state", r#"{"version":1}"#),
        ("POST fork", r#"{"subscription":"x"}"#),
        ("GET journal?after=x", ""),
        ("GET clock?subscription=x", ""),
        ("GET nothing", ""),
        ("PATCH faults", ""),
    ];
    let mut text = String::new();
    for (line, body) in rows {
        let (status, document) = control(&azure, line, body);
        let message = document
            .pointer("/error/message")
            .and_then(Value::as_str)
            .expect("ARM's envelope");
        let code = document
            .pointer("/error/code")
            .and_then(Value::as_str)
            .expect("ARM's envelope");
        text.push_str(&format!("{line} {body}\n  {status} {code}: {message}\n"));
    }
    settings().bind(|| insta::assert_snapshot!("control_refusals", text));
}

#[test]
fn a_refused_call_changes_nothing() {
    let azure = FakeAzure::start();
    let before = azure.with_sandbox(|sandbox| sandbox.cloud.digest());
    control(
        &azure,
        "PUT limits",
        r#"{"profile":"2016","overrides":{"VirtualNetworks":5,"Nothing":1}}"#,
    );
    control(&azure, "POST reset", r#"{"accounts":["No"]}"#);
    assert_eq!(azure.with_sandbox(|sandbox| sandbox.cloud.digest()), before);
}

#[test]
fn the_clock_moves_when_told_to() {
    let azure = FakeAzure::builder().pace(Pace::Paused).start();
    let (_, clock) = control(&azure, "POST clock", r#"{"advance_ms":90000}"#);
    assert_eq!(clock["now"], "2026-01-01T00:01:30.0000000Z");
    let (_, clock) = control(&azure, "POST clock", r#"{"to":"2026-01-01T01:00:00Z"}"#);
    assert_eq!(clock["now"], "2026-01-01T01:00:00.0000000Z");
    let id = azure.subscription();
    arm(
        &azure,
        &format!("PUT {}", group(&id.to_string(), "g0")),
        r#"{"location":"westus"}"#,
    );
    let deletion = arm(&azure, &format!("DELETE {}", group(&id.to_string(), "g0")), "");
    assert_eq!(deletion.response.status().as_u16(), 202);
    let (_, clock) = control(&azure, "GET clock", "");
    let due = clock["next_due"].clone();
    assert!(due.is_string(), "a deletion is under way: {clock}");
    let (_, clock) = control(&azure, "POST clock", r#"{"events":1}"#);
    assert_eq!(clock["now"], due);
}

#[test]
fn limits_are_changed_and_reported() {
    let azure = FakeAzure::start();
    let (status, limits) = control(
        &azure,
        "PUT limits",
        r#"{"profile":"2016","overrides":{"publicipaddresses":7},"throttling":"on"}"#,
    );
    assert_eq!(status, 200, "{limits}");
    assert_eq!(limits["profile"], "2016");
    assert_eq!(limits["overrides"], json!({ "PublicIPAddresses": 7 }));
    assert_eq!(limits["throttling"], "on");
    let row = |limits: &Value| {
        let rows = limits["rows"].as_array().expect("rows").clone();
        rows.into_iter()
            .find(|row| row["row"] == "PublicIPAddresses")
            .expect("a row")["limit"]
            .clone()
    };
    assert_eq!(row(&limits), 7);
    let (_, limits) = control(&azure, "PUT limits", r#"{"overrides":{"PublicIPAddresses":null}}"#);
    assert_eq!((row(&limits), &limits["throttling"]), (json!(60), &json!("on")));
}

#[test]
fn a_saved_state_is_restored_byte_for_byte() {
    let azure = FakeAzure::start();
    let id = azure.subscription().to_string();
    arm(&azure, &format!("PUT {}", group(&id, "g0")), r#"{"location":"westus"}"#);
    let (_, state) = control(&azure, "GET state", "");
    let digest = azure.with_sandbox(|sandbox| sandbox.cloud.digest());
    control(&azure, "POST reset", "");
    assert_eq!(status(&azure, &format!("GET {}", group(&id, "g0")), ""), 404);
    let (put, document) = control(&azure, "PUT state", &state.to_string());
    assert_eq!(put, 200, "{document}");
    assert_eq!(azure.with_sandbox(|sandbox| sandbox.cloud.digest()), digest);
    assert_eq!(status(&azure, &format!("GET {}", group(&id, "g0")), ""), 200);

    let mut newer = state;
    newer["version"] = 2.into();
    let (refused, _) = control(&azure, "PUT state", &newer.to_string());
    assert_eq!(refused, 400);
}

#[test]
fn a_fork_goes_its_own_way_under_its_own_subscription() {
    let azure = FakeAzure::start();
    let id = azure.subscription().to_string();
    arm(&azure, &format!("PUT {}", group(&id, "g0")), r#"{"location":"westus"}"#);
    let (_, fork) = control(&azure, "POST fork", &json!({ "subscription": FIRST }).to_string());
    assert_eq!(fork["subscriptions"], json!([FIRST]));
    let shown = arm(&azure, &format!("GET {}", group(FIRST, "g0")), "");
    let document: Value = serde_json::from_slice(shown.response.body()).expect("JSON");
    assert_eq!(document["id"], format!("/subscriptions/{FIRST}/resourceGroups/g0"));

    arm(
        &azure,
        &format!("PUT {}", group(FIRST, "g1")),
        r#"{"location":"westus"}"#,
    );
    assert_eq!(status(&azure, &format!("GET {}", group(&id, "g1")), ""), 404);
    let (_, check) = control(&azure, &format!("GET check?subscription={FIRST}"), "");
    assert_eq!(check["violations"], json!([]));
    let (again, _) = control(&azure, "POST fork", &json!({ "subscription": FIRST }).to_string());
    assert_eq!(again, 400);
}

#[test]
fn operations_are_listed_with_their_ends() {
    let azure = FakeAzure::builder().pace(Pace::Paused).start();
    let id = azure.subscription().to_string();
    arm(&azure, &format!("PUT {}", group(&id, "g0")), r#"{"location":"westus"}"#);
    arm(&azure, &format!("DELETE {}", group(&id, "g0")), "");
    let (_, list) = control(&azure, "GET operations", "");
    let operation = &list["value"][0];
    assert_eq!(
        (&operation["doing"], &operation["status"]),
        (&json!("Delete"), &json!("InProgress"))
    );
}

#[test]
fn the_journal_is_the_same_in_process_and_on_a_socket() {
    let lines = |host: &str| {
        let azure = FakeAzure::start();
        let token = format!("Bearer {}", azure.token());
        for (method, path, body) in [
            (
                "PUT",
                group(&azure.subscription().to_string(), "g0"),
                r#"{"location":"westus"}"#,
            ),
            ("DELETE", group(&azure.subscription().to_string(), "g0"), ""),
        ] {
            let headers = [("authorization", token.as_str()), ("content-type", "application/json")];
            let line = format!("{method} https://{host}{path}");
            azure.serve(Listener::Arm, crate::shell_support::request_with(&line, &headers, body));
        }
        let served = azure.serve(Listener::Admin, request("GET https://localhost/_fake/journal", ""));
        assert_eq!(
            served.response.headers()["content-type"],
            "application/x-ndjson; charset=utf-8"
        );
        String::from_utf8(served.response.body().to_vec()).expect("text")
    };
    let there = lines("localhost:8443");
    assert_eq!(lines("management.azure.com"), there);
    assert!(there.contains(r#""url":"{arm}/subscriptions/"#), "{there}");
    assert!(there.contains(r#""location":"{arm}/"#), "{there}");
    assert!(
        !there.contains("localhost") && !there.contains(&FakeAzure::start().token()),
        "{there}"
    );
}

#[test]
fn the_page_of_the_control_api_is_fresh() {
    // Stale? `fake-azure schema control-api > docs/control-api.md`.
    expect_test::expect_file!["../../../docs/control-api.md"].assert_eq(&fake_azure::control::document());
}
