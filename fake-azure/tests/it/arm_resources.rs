//! Resources through the wire: every verb on groups, networks and subnets, exact to the byte.

use fake_azure::Pace;
use fake_azure::cloud::catalogue::limits::Era;

use crate::arm_support::{Arm, GATEWAY, NETWORK, SUBSCRIPTION, check, header, json, poll_line, text};

const VNET: &str = "/resourceGroups/g0/providers/Microsoft.Network/virtualNetworks/v0";

fn vnet_body(subnets: &str) -> String {
    format!(
        r#"{{"location":"West US","tags":{{"a":"b"}},"properties":{{"addressSpace":{{"addressPrefixes":["10.0.0.0/16"]}},"subnets":{subnets}}}}}"#
    )
}

fn with_group() -> Arm {
    let mut arm = Arm::new();
    arm.prepare(&format!("PUT /resourceGroups/g0?{GATEWAY}"), r#"{"location":"westus"}"#);
    arm
}

#[test]
fn a_group_lives_and_dies() {
    let mut arm = Arm::new();
    let group = format!("/resourcegroups/My-Group_1?{GATEWAY}");
    arm.tell(&format!("HEAD {group}"), "");
    arm.tell(
        &format!("PUT {group}"),
        r#"{"location":"West US","tags":{"env":"test"}}"#,
    );
    arm.tell(&format!("PUT {group}"), r#"{"location":"westus"}"#);
    arm.tell(
        &format!("PATCH {group}"),
        r#"{"tags":{"env":"prod"},"name":"My-Group_1","properties":{}}"#,
    );
    arm.tell(&format!("GET {group}"), "");
    arm.tell(&format!("HEAD {group}"), "");
    let deletion = arm.tell(&format!("DELETE {group}"), "");
    let poll = poll_line(&deletion, "location");
    arm.tell(&poll, "");
    arm.tell(&format!("GET {group}"), "");
    arm.wait(5);
    arm.tell(&poll, "");
    arm.tell(&format!("GET {group}"), "");
    arm.tell(&format!("DELETE {group}"), "");
    check("arm_group_life", &arm.transcript());
}

#[test]
fn a_network_lives_and_dies() {
    let mut arm = with_group();
    let vnet = format!("{VNET}?{NETWORK}");
    let created = arm.tell(
        &format!("PUT {vnet}"),
        &vnet_body(r#"[{"name":"s0","properties":{"addressPrefix":"10.0.0.0/24"}}]"#),
    );
    let poll = poll_line(&created, "azure-asyncoperation");
    assert!(
        poll.ends_with(&format!(
            "/operations/{}?{NETWORK}",
            header(&created, "x-ms-request-id")
        )),
        "{poll}"
    );
    arm.tell(&poll, "");
    arm.wait(10);
    arm.tell(&poll, "");
    let read = arm.tell(&format!("GET {vnet}"), "");
    assert_eq!(json(&read)["etag"], header(&read, "etag"));
    let again = arm.tell(&format!("PUT {vnet}"), &vnet_body("[]"));
    arm.wait(10);
    arm.tell(&poll_line(&again, "azure-asyncoperation"), "");
    let deletion = arm.tell(&format!("DELETE {vnet}"), "");
    let (status, result) = (
        poll_line(&deletion, "azure-asyncoperation"),
        poll_line(&deletion, "location"),
    );
    arm.tell(&result, "");
    arm.tell(&format!("GET {vnet}"), "");
    arm.wait(20);
    arm.tell(&status, "");
    arm.tell(&result, "");
    arm.tell(&format!("GET {vnet}"), "");
    arm.tell(&format!("DELETE {vnet}"), "");
    check("arm_network_life", &arm.transcript());
}

#[test]
fn a_subnet_has_two_doors() {
    let mut arm = with_group();
    let subnet = format!("{VNET}/subnets/s1?{NETWORK}");
    arm.tell_short(&format!("GET {subnet}"), "");
    arm.tell_short(
        &format!("PUT {subnet}"),
        r#"{"properties":{"addressPrefix":"10.0.1.0/24"}}"#,
    );
    arm.prepare(&format!("PUT {VNET}?{NETWORK}"), &vnet_body("[]"));
    arm.wait(10);
    arm.tell(
        &format!("PUT {subnet}"),
        r#"{"properties":{"addressPrefix":"10.0.1.0/24"}}"#,
    );
    arm.wait(10);
    arm.tell_short(&format!("GET {subnet}"), "");
    arm.tell_short(&format!("GET {VNET}/subnets?{NETWORK}"), "");
    arm.tell_short(&format!("GET {VNET}/subnets/nothing?{NETWORK}"), "");
    arm.tell(&format!("DELETE {subnet}"), "");
    arm.wait(20);
    arm.tell_short(&format!("GET {subnet}"), "");
    check("arm_subnet_doors", &arm.transcript());
}

#[test]
fn lists_show_what_there_is_in_the_scope() {
    let mut arm = with_group();
    arm.prepare(
        &format!("PUT /resourceGroups/g1?{GATEWAY}"),
        r#"{"location":"eastus","tags":{"env":"x"}}"#,
    );
    arm.prepare(&format!("PUT {VNET}?{NETWORK}"), &vnet_body("[]"));
    arm.wait(10);
    for line in [
        &format!("GET /resourceGroups?{GATEWAY}"),
        &format!("GET /resourceGroups?{GATEWAY}&$top=1"),
        &format!("GET /resourceGroups?{GATEWAY}&$filter=tagname%20eq%20'ENV'%20and%20tagvalue%20eq%20'x'"),
        &format!("GET /providers/Microsoft.Network/virtualNetworks?{NETWORK}"),
        &format!("GET /resourceGroups/G1/providers/microsoft.network/virtualnetworks?{NETWORK}"),
        &format!("GET /resourceGroups/nothing/providers/Microsoft.Network/virtualNetworks?{NETWORK}"),
        &format!("GET /resources?{GATEWAY}&$expand=createdTime,changedTime,provisioningState"),
        &format!("GET /resources?{GATEWAY}&$filter=resourceGroup%20eq%20'g1'"),
        &format!(
            "GET /resourceGroups/g0/resources?{GATEWAY}&$filter=resourceType%20eq%20'microsoft.network/virtualnetworks'"
        ),
        &format!("GET /resources?{GATEWAY}&$filter=colour%20eq%20'red'"),
        &format!("GET /resourceGroups?{GATEWAY}&$top=none"),
    ] {
        arm.tell_short(line, "");
    }
    check("arm_lists", &arm.transcript());
}

#[test]
fn pages_follow_one_another() {
    let mut arm = Arm::new();
    for name in ["a", "b", "c"] {
        arm.prepare(
            &format!("PUT /resourceGroups/{name}?{GATEWAY}"),
            r#"{"location":"westus"}"#,
        );
    }
    let mut line = format!("GET /resourceGroups?{GATEWAY}&$top=2");
    let mut names = Vec::new();
    loop {
        let page = json(&arm.send(&line, ""));
        names.push(
            page["value"]
                .as_array()
                .expect("a list")
                .iter()
                .map(|group| group["name"].clone())
                .collect::<Vec<_>>(),
        );
        match page["nextLink"].as_str() {
            Some(next) => line = format!("GET !{next}"),
            None => break,
        }
    }
    assert_eq!(serde_json::json!(names), serde_json::json!([["a", "b"], ["c"]]));
}

#[test]
fn paths_compare_without_case_and_names_print_as_written() {
    let mut arm = with_group();
    arm.prepare(&format!("PUT {VNET}?{NETWORK}"), &vnet_body("[]"));
    let read = arm.send(
        &format!("GET //RESOURCEGROUPS/G0//PROVIDERS/microsoft.NETWORK//VIRTUALnetworks/V0/?{NETWORK}"),
        "",
    );
    assert_eq!(json(&read)["id"], format!("{SUBSCRIPTION}{VNET}"));
}

#[test]
fn conditions_hold_or_are_refused() {
    let mut arm = with_group();
    let vnet = format!("{VNET}?{NETWORK}");
    let token = arm.token.clone();
    let put = |arm: &mut Arm, name: &str, value: &str| {
        let headers = [
            ("authorization", token.as_str()),
            (name, value),
            ("content-type", "application/json"),
        ];
        let response = arm.send_with(&format!("PUT {vnet}"), &headers, &vnet_body("[]"));
        arm.wait(10);
        (response.status().as_u16(), text(&response))
    };
    assert_eq!(put(&mut arm, "if-match", "*").0, 412);
    assert_eq!(put(&mut arm, "if-none-match", "*").0, 201);
    assert_eq!(put(&mut arm, "if-none-match", "*").0, 412);
    let etag = header(&arm.send(&format!("GET {vnet}"), ""), "etag").to_owned();
    assert_eq!(put(&mut arm, "if-match", &etag).0, 200);
    let (status, refusal) = put(&mut arm, "if-match", "invalid");
    assert_eq!(status, 412);
    assert!(
        refusal.contains("Etag provided in if-match header W/\\\"invalid\\\" does not match etag W/"),
        "{refusal}"
    );
}

#[test]
fn client_ids_come_back() {
    let mut arm = Arm::new();
    let token = arm.token.clone();
    let headers = [
        ("authorization", token.as_str()),
        ("x-ms-correlation-request-id", "11111111-2222-3333-4444-555555555555"),
        ("x-ms-client-request-id", "mine"),
        ("x-ms-return-client-request-id", "TRUE"),
    ];
    let response = arm.send_with(&format!("GET ?{GATEWAY}"), &headers, "");
    assert_eq!(
        header(&response, "x-ms-correlation-request-id"),
        "11111111-2222-3333-4444-555555555555"
    );
    assert_eq!(
        header(&response, "x-ms-request-id"),
        "11111111-2222-3333-4444-555555555555"
    );
    assert_eq!(header(&response, "x-ms-client-request-id"), "mine");
    assert!(header(&response, "x-ms-routing-request-id").ends_with(":11111111-2222-3333-4444-555555555555"));
}

#[test]
fn nobody_waits_at_an_immediate_pace() {
    let mut arm = Arm::with(Pace::Immediate, Era::Current);
    arm.prepare(&format!("PUT /resourceGroups/g0?{GATEWAY}"), r#"{"location":"westus"}"#);
    let created = arm.send(&format!("PUT {VNET}?{NETWORK}"), &vnet_body("[]"));
    assert_eq!(header(&created, "retry-after"), "1");
    assert_eq!(json(&created)["properties"]["provisioningState"], "Updating");
    assert_eq!(
        json(&arm.send(&poll_line(&created, "azure-asyncoperation"), ""))["status"],
        "Succeeded"
    );
    let deletion = arm.send(&format!("DELETE /resourceGroups/g0?{GATEWAY}"), "");
    assert_eq!(deletion.status(), 202);
    assert_eq!(arm.send(&poll_line(&deletion, "location"), "").status(), 200);
    assert_eq!(arm.send(&format!("GET /resourceGroups/g0?{GATEWAY}"), "").status(), 404);
}

#[test]
fn a_read_of_something_in_progress_waits_for_it_at_an_immediate_pace() {
    let mut arm = Arm::with(Pace::Immediate, Era::Current);
    arm.prepare(&format!("PUT /resourceGroups/g0?{GATEWAY}"), r#"{"location":"westus"}"#);
    arm.prepare(&format!("PUT {VNET}?{NETWORK}"), &vnet_body("[]"));
    let read = json(&arm.send(&format!("GET {VNET}?{NETWORK}"), ""));
    assert_eq!(read["properties"]["provisioningState"], "Succeeded");
}

#[test]
fn a_refusal_that_ends_by_itself_is_over_at_the_next_try() {
    let mut arm = Arm::with(Pace::Immediate, Era::Current);
    arm.prepare(&format!("PUT /resourceGroups/g0?{GATEWAY}"), r#"{"location":"westus"}"#);
    arm.prepare(&format!("PUT {VNET}?{NETWORK}"), &vnet_body("[]"));
    let busy = arm.send(&format!("DELETE {VNET}?{NETWORK}"), "");
    assert_eq!((busy.status().as_u16(), header(&busy, "retry-after")), (429, "1"));
    assert_eq!(
        json(&busy)["error"]["details"][0]["code"],
        "RetryableErrorDueToAnotherOperation"
    );
    assert_eq!(arm.send(&format!("DELETE {VNET}?{NETWORK}"), "").status(), 202);
}

#[test]
fn a_stepped_pace_shows_every_state() {
    let mut arm = Arm::with(Pace::Stepped, Era::Current);
    arm.prepare(&format!("PUT /resourceGroups/g0?{GATEWAY}"), r#"{"location":"westus"}"#);
    let deletion = arm.send(&format!("DELETE /resourceGroups/g0?{GATEWAY}"), "");
    let before = arm.sandbox.cloud.now();
    let poll = arm.send(&poll_line(&deletion, "location"), "");
    assert_eq!(arm.sandbox.cloud.now().millis_since(before), 15_000);
    assert_eq!((poll.status().as_u16(), header(&deletion, "retry-after")), (200, "1"));
}

#[test]
fn early_azure_had_fewer_headers() {
    let mut arm = Arm::with(Pace::Paused, Era::Arm2016);
    arm.tell(
        "PUT /resourceGroups/g0?api-version=2016-09-01",
        r#"{"location":"westus"}"#,
    );
    arm.tell("GET /resourceGroups/g1?api-version=2016-09-01", "");
    arm.tell(
        "PUT /resourceGroups/g0/providers/Microsoft.Network/virtualNetworks/v0?api-version=2016-09-01",
        &vnet_body("[]"),
    );
    arm.tell(
        "GET /resourceGroups/g0/providers/Microsoft.Network/virtualNetworks/v1?api-version=2016-09-01",
        "",
    );
    arm.tell(
        "DELETE /resourceGroups/g0/providers/Microsoft.Network/virtualNetworks/v1?api-version=2016-09-01",
        "",
    );
    check("arm_early_headers", &arm.transcript());
}

#[test]
fn the_same_requests_give_the_same_bytes() {
    let run = || {
        let mut arm = with_group();
        arm.tell(&format!("PUT {VNET}?{NETWORK}"), &vnet_body("[]"));
        arm.wait(10);
        arm.tell(&format!("GET {VNET}?{NETWORK}"), "");
        arm.transcript()
    };
    assert_eq!(run(), run());
}
