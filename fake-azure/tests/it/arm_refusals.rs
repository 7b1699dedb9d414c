//! Every refusal of the gateway, exact to the byte, and that a refused request changes nothing.

use bytes::Bytes;
use fake_azure::Pace;
use fake_azure::cloud::Guid;
use fake_azure::cloud::catalogue::limits::Era;
use http::Response;

use crate::arm_support::{Arm, GATEWAY, NETWORK, SUBSCRIPTION, check, header, json, text};

const VNET: &str = "/resourceGroups/g0/providers/Microsoft.Network/virtualNetworks/v0";

fn with_group() -> Arm {
    let mut arm = Arm::new();
    arm.prepare(&format!("PUT /resourceGroups/g0?{GATEWAY}"), r#"{"location":"westus"}"#);
    arm
}

fn refused(arm: &mut Arm, line: &str, body: &str) -> (u16, String) {
    let before = arm.sandbox.cloud.digest();
    let response = arm.send(line, body);
    assert_eq!(
        arm.sandbox.cloud.digest(),
        before,
        "{line}: a refused request changes nothing"
    );
    (
        response.status().as_u16(),
        json(&response)["error"]["code"].as_str().unwrap_or("").to_owned(),
    )
}

#[test]
fn tokens_are_judged_first() {
    let mut arm = Arm::new();
    let line = format!("GET /resourceGroups?{GATEWAY}");
    for headers in [
        &[][..],
        &[("authorization", "Bearer ")],
        &[("authorization", "Basic YTpi")],
        &[("authorization", "Bearer FakeToken")],
    ] {
        let response = arm.send_with(&line, headers, "");
        arm.write_down(&line, &response);
    }
    check("arm_unauthenticated", &arm.transcript());
}

#[test]
fn the_challenge_names_the_tenant_even_without_an_api_version() {
    let mut arm = Arm::new();
    let tenant = arm.sandbox.directory.tenant();
    let rows = [
        (SUBSCRIPTION.to_owned(), format!("https://localhost:8443/{tenant}")),
        (
            format!("https://management.azure.com{SUBSCRIPTION}"),
            format!("https://login.windows.net/{tenant}"),
        ),
    ];
    for (path, authority) in rows {
        let response = arm.send_with(&format!("GET !{path}"), &[("authorization", "Bearer FakeToken")], "");
        let challenge = header(&response, "www-authenticate");
        assert_eq!(response.status(), 401);
        assert!(
            challenge.starts_with(&format!(
                "Bearer authorization_uri=\"{authority}\", error=\"invalid_token\""
            )),
            "{challenge}"
        );
    }
}

#[test]
fn a_subscription_that_there_is_not_is_missing_whoever_asks() {
    let mut arm = Arm::new();
    let line = format!("GET !/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups?{GATEWAY}");
    let response = arm.send_with(&line, &[], "");
    assert_eq!(
        (response.status().as_u16(), json(&response)["error"]["code"].clone()),
        (404, "SubscriptionNotFound".into())
    );
}

#[test]
fn the_gateway_says_what_is_wrong() {
    let mut arm = with_group();
    let body = r#"{"location":"westus","properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/16"]}}}"#;
    let rows: &[(&str, &str)] = &[
        ("GET !/subscriptions/nonsense/resourceGroups?api-version=2021-04-01", ""),
        ("GET !/nothing/here?api-version=2021-04-01", ""),
        ("GET /resourceGroups", ""),
        ("GET /resourceGroups?api-version=", ""),
        ("GET /resourceGroups?api-version=latest", ""),
        ("GET /resourceGroups?api-version=2009-01-01", ""),
        (
            "GET /resourceGroups/g0/providers/Microsoft.Network/virtualNetworks/v0?api-version=2009-01-01",
            "",
        ),
        (
            "PUT /resourceGroups/g0/providers/Microsoft.Network/virtualNetworks/v0?api-version=2009-01-01",
            body,
        ),
        (
            "GET /resourceGroups/g0/providers/Microsoft.Nothing/things/t?api-version=2021-04-01",
            "",
        ),
        (
            "GET /resourceGroups/g0/providers/Microsoft.Network/nothings/n?api-version=2021-04-01",
            "",
        ),
        (
            "GET /resourceGroups/g0/providers/Microsoft.Resources/deployments/d?api-version=2021-04-01",
            "",
        ),
        (
            "GET /providers/Microsoft.Network/locations/nowhere/usages?api-version=2021-04-01",
            "",
        ),
        ("GET /providers/Microsoft.Nothing?api-version=2021-04-01", ""),
        (
            "PUT /resourceGroups/bad~name?api-version=2021-04-01",
            r#"{"location":"westus"}"#,
        ),
        ("GET /resourceGroups/bad~name?api-version=2021-04-01", ""),
        (
            "PUT /resourceGroups/g0?api-version=2021-04-01",
            r#"{"location":"eastus"}"#,
        ),
        ("PUT /resourceGroups/g9?api-version=2021-04-01", "{}"),
        (
            "PUT /resourceGroups/g9?api-version=2021-04-01",
            r#"{"location":"atlantis"}"#,
        ),
        ("PUT /resourceGroups/g9?api-version=2021-04-01", r#"{"location":"#),
        ("PUT /resourceGroups/g9?api-version=2021-04-01", ""),
        ("PUT /resourceGroups/g9?api-version=2021-04-01", "[]"),
        ("PATCH /resourceGroups/g9?api-version=2021-04-01", r#"{"tags":{}}"#),
        (
            "PUT /resourceGroups/none/providers/Microsoft.Network/virtualNetworks/v0?api-version=2021-04-01",
            body,
        ),
        (
            "GET /resourceGroups/none/providers/Microsoft.Network/virtualNetworks/v0?api-version=2021-04-01",
            "",
        ),
        (
            "DELETE /resourceGroups/none/providers/Microsoft.Network/virtualNetworks/v0?api-version=2021-04-01",
            "",
        ),
        (
            "GET /resourceGroups/g0/providers/Microsoft.Network/virtualNetworks/v0?api-version=2021-04-01",
            "",
        ),
        (
            "GET /resourceGroups/g0/providers/Microsoft.Network/virtualNetworks/v0/subnets?api-version=2021-04-01",
            "",
        ),
        (
            "POST /resourceGroups/g0/providers/Microsoft.Network/virtualNetworks/v0/explode?api-version=2021-04-01",
            "",
        ),
        ("POST /resourceGroups/g0?api-version=2021-04-01", "{}"),
        ("PUT /resourceGroups?api-version=2021-04-01", "{}"),
        ("PUT /resources?api-version=2021-04-01", "{}"),
        ("DELETE !/subscriptions?api-version=2021-04-01", ""),
        ("GET /operationresults/nonsense?api-version=2021-04-01", ""),
        (
            "GET /providers/Microsoft.Network/locations/westus/operations/11111111-2222-3333-4444-555555555555?api-version=2021-04-01",
            "",
        ),
        (
            "GET /providers/Microsoft.Compute/locations/westus/operations/nonsense?api-version=2021-04-01",
            "",
        ),
        (
            "GET /providers/Microsoft.Storage/locations/westus/asyncoperations/nonsense?api-version=2021-04-01",
            "",
        ),
    ];
    for (line, body) in rows {
        let before = arm.sandbox.cloud.digest();
        arm.tell_short(line, body);
        assert_eq!(
            arm.sandbox.cloud.digest(),
            before,
            "{line}: a refused request changes nothing"
        );
    }
    check("arm_refusals", &arm.transcript());
}

#[test]
fn other_media_types_are_refused() {
    let mut arm = Arm::new();
    let token = arm.token.clone();
    let headers = [
        ("authorization", token.as_str()),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let response = arm.send_with(
        &format!("PUT /resourceGroups/g0?{GATEWAY}"),
        &headers,
        r#"{"location":"westus"}"#,
    );
    assert_eq!(
        (response.status().as_u16(), json(&response)["error"]["code"].clone()),
        (415, "UnsupportedMediaType".into())
    );
}

#[test]
fn a_newer_version_than_any_answers_as_the_newest() {
    let mut arm = with_group();
    assert_eq!(
        arm.send("GET /resourceGroups/g0?api-version=2031-01-01", "").status(),
        200
    );
    let list = "GET /providers/Microsoft.Network/virtualNetworks?api-version=2031-01-01-preview";
    assert_eq!(arm.send(list, "").status(), 200);
}

#[test]
fn the_oldest_preview_of_a_type_is_known() {
    let mut arm = with_group();
    assert_eq!(
        arm.send(
            "GET /providers/Microsoft.Network/virtualNetworks?api-version=2014-12-01-preview",
            ""
        )
        .status(),
        200
    );
    assert_eq!(
        arm.send("GET /resourceGroups?api-version=2014-04-01-preview", "")
            .status(),
        200
    );
}

#[test]
fn a_provider_must_be_registered() {
    let mut arm = with_group();
    arm.tell_short(
        &format!("POST /providers/microsoft.network/unregister?{GATEWAY}&x=1"),
        "",
    );
    let line = format!("GET {VNET}?{NETWORK}");
    assert_eq!(
        refused(&mut arm, &line, ""),
        (409, "MissingSubscriptionRegistration".to_owned())
    );
    let refusal = text(&arm.send(&line, ""));
    assert!(
        refusal.contains("use namespace 'Microsoft.Network'. See https://aka.ms/rps-not-found"),
        "{refusal}"
    );
    let state = |arm: &mut Arm, line: &str| json(&arm.send(line, ""))["registrationState"].clone();
    let provider = format!("GET /providers/Microsoft.Network?{GATEWAY}");
    assert_eq!(state(&mut arm, &provider), "Unregistered");
    assert_eq!(
        state(
            &mut arm,
            &format!("POST /providers/Microsoft.Network/register?{GATEWAY}")
        ),
        "Registering"
    );
    assert_eq!(state(&mut arm, &provider), "Registered");
    assert_eq!(arm.send(&line, "").status(), 404);
}

#[test]
fn throttling_counts_down_and_refuses() {
    let mut arm = Arm::with(Pace::Paused, Era::Current);
    arm.sandbox.buckets.enforced = Some(true);
    let ask = |arm: &mut Arm| -> Response<Bytes> {
        arm.send(&format!("PUT /resourceGroups/g0?{GATEWAY}"), r#"{"location":"westus"}"#)
    };
    let first = ask(&mut arm);
    assert_eq!(header(&first, "x-ms-ratelimit-remaining-subscription-writes"), "199");
    assert_eq!(
        header(&first, "x-ms-ratelimit-remaining-subscription-global-writes"),
        "2999"
    );
    let refused = (0..200)
        .map(|_| ask(&mut arm))
        .find(|response| response.status() == 429)
        .expect("nothing remains");
    assert_eq!(header(&refused, "retry-after"), "1");
    assert_eq!(json(&refused)["error"]["code"], "SubscriptionRequestsThrottled");
    arm.wait(1);
    assert_eq!(ask(&mut arm).status(), 200);
}

#[test]
fn the_early_gateway_counted_deletes_as_writes() {
    let mut arm = Arm::with(Pace::Paused, Era::Arm2016);
    let response = arm.send("DELETE /resourceGroups/none?api-version=2016-09-01", "");
    assert_eq!(
        header(&response, "x-ms-ratelimit-remaining-subscription-writes"),
        "1199"
    );
    let tenants = arm.send("GET !/tenants?api-version=2016-06-01", "");
    assert_eq!(header(&tenants, "x-ms-ratelimit-remaining-tenant-reads"), "14999");
}

#[test]
fn a_group_that_cannot_go_says_why_and_once_did_in_capitals() {
    let mut arm = with_group();
    let body = r#"{"location":"westus","properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/16"]}}}"#;
    arm.prepare(&format!("PUT {VNET}?{NETWORK}"), body);
    arm.wait(10);
    let deletion = arm.send(&format!("DELETE /resourceGroups/g0?{GATEWAY}"), "");
    let operation = arm
        .sandbox
        .cloud
        .operations()
        .find(|operation| operation.is_running())
        .map(|operation| operation.id);
    let doom = fake_azure::cloud::CloudError::of(&fake_azure::cloud::forms::GROUP_DELETION_BLOCKED)
        .with("group", "g0")
        .with("resources", "Microsoft.Network/virtualNetworks/v0")
        .with("tracking", Guid::NIL)
        .because(fake_azure::cloud::CloudError::of(&fake_azure::cloud::forms::PRECONDITION_FAILED).about("x"));
    assert!(arm.sandbox.cloud.doom(operation.expect("the deletion runs"), doom));
    arm.wait(120);
    let poll = format!("GET !{}", header(&deletion, "location"));
    arm.tell(&poll, "");
    arm.tell(&poll.replace("2021-04-01", "2019-08-01"), "");
    check("arm_group_deletion_blocked", &arm.transcript());
}
