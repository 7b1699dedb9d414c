//! Compute's own throttling: what its answers say is left, and its refusal when nothing is.

use fake_azure::Pace;
use fake_azure::cloud::Time;
use fake_azure::cloud::catalogue::limits::Era;
use serde_json::{Value, json};

use super::arm_support::{Arm, GATEWAY};

const LEFT: &str = "x-ms-ratelimit-remaining-resource";
const MACHINES: &str = "GET /resourceGroups/g/providers/Microsoft.Compute/virtualMachines?api-version=2019-03-01";
const SET: &str = "/resourceGroups/g/providers/Microsoft.Compute/availabilitySets/a?api-version=2019-03-01";

fn group(arm: &mut Arm) {
    arm.prepare(&format!("PUT /resourceGroups/g?{GATEWAY}"), r#"{"location":"westus"}"#);
}

fn left(arm: &mut Arm, line: &str, body: &str) -> Option<String> {
    let response = arm.send(line, body);
    response
        .headers()
        .get(LEFT)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

#[test]
fn answers_of_compute_say_what_is_left_of_each_policy() {
    let mut arm = Arm::new();
    group(&mut arm);
    let said = |first, second| {
        Some(format!(
            "Microsoft.Compute/HighCostGet3Min;{first},Microsoft.Compute/HighCostGet30Min;{second}"
        ))
    };
    assert_eq!(left(&mut arm, MACHINES, ""), said(139, 699));
    assert_eq!(left(&mut arm, MACHINES, ""), said(138, 698));
    assert_eq!(
        left(&mut arm, &format!("PUT {SET}"), r#"{"location":"westus"}"#).as_deref(),
        Some("Microsoft.Compute/PutVM3Min;239,Microsoft.Compute/PutVM30Min;1199")
    );
    // The gateway answers for what is not there, Network for itself.
    assert_eq!(left(&mut arm, &format!("GET {}", SET.replace("/a?", "/b?")), ""), None);
    let networks = "GET /resourceGroups/g/providers/Microsoft.Network/virtualNetworks?api-version=2019-11-01";
    assert_eq!(left(&mut arm, networks, ""), None);
}

#[test]
fn before_2017_compute_had_no_policies() {
    let mut arm = Arm::with(Pace::Paused, Era::Arm2016);
    group(&mut arm);
    assert_eq!(left(&mut arm, &MACHINES.replace("2019-03-01", "2015-06-15"), ""), None);
}

#[test]
fn a_policy_that_is_used_up_refuses_until_its_window_ends() {
    let mut arm = Arm::new();
    group(&mut arm);
    let began = arm.sandbox.cloud.now();
    for _ in 0..140 {
        assert_eq!(arm.send(MACHINES, "").status(), 200);
    }
    assert_eq!(arm.send(MACHINES, "").status(), 200, "throttling is off");
    arm.sandbox.buckets.enforced = Some(true);
    let refused = arm.send(MACHINES, "");
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["retry-after"], "180");
    assert_eq!(refused.headers()[LEFT], "Microsoft.Compute/HighCostGet3Min;0");
    assert!(
        refused.headers().get("x-ms-failure-cause").is_none(),
        "the provider refuses"
    );
    let body: Value = serde_json::from_slice(refused.body()).expect("a document");
    let detail = &body["error"]["details"][0];
    assert_eq!(body["error"]["code"], "OperationNotAllowed");
    assert_eq!(
        (&detail["code"], &detail["target"]),
        (&json!("TooManyRequests"), &json!("HighCostGet3Min"))
    );
    let measured: Value = serde_json::from_str(detail["message"].as_str().unwrap_or_default()).expect("a document");
    assert_eq!(
        (&measured["allowedRequestCount"], &measured["measuredRequestCount"]),
        (&json!(140), &json!(142))
    );

    arm.sandbox.advance(Time::from_millis(began.millis() + 180_000));
    assert_eq!(arm.send(MACHINES, "").status(), 200);
}
