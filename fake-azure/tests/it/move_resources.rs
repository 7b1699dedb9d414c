//! Resources that change their group: what goes along, what refuses, and how a client follows it.

use std::collections::BTreeSet;

use fake_azure::Pace;
use fake_azure::cloud::Guid;
use fake_azure::cloud::catalogue::limits::Era;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::arm_support::{Arm, GATEWAY, NETWORK, SUBSCRIPTION, check, header, json as tree, poll_line};
use crate::deployment_support::{GROUP, deployment, finish, incremental, template, with_group};

/// Another subscription of the same sandbox.
const OTHER: &str = "1b1f6471-1bf0-4dda-aec3-cb9272f09590";

fn with_groups() -> Arm {
    let mut arm = with_group(Pace::Paused, Era::Current);
    arm.prepare(&format!("PUT /resourceGroups/G1?{GATEWAY}"), r#"{"location":"eastus"}"#);
    let other = Guid::parse(OTHER).expect("a GUID");
    arm.sandbox.cloud.add_subscription(other);
    arm.prepare(
        &format!("PUT !/subscriptions/{OTHER}/resourceGroups/g2?{GATEWAY}"),
        r#"{"location":"westus"}"#,
    );
    arm
}

fn network(group: &str, path: &str) -> String {
    format!("{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.Network/{path}")
}

fn put(arm: &mut Arm, path: &str, body: &Value) {
    let line = format!("PUT {GROUP}/providers/Microsoft.Network/{path}?{NETWORK}");
    arm.prepare(&line, &body.to_string());
    arm.wait(60);
}

/// A network with an interface in it, and an address that stands for itself.
fn furnish(arm: &mut Arm) {
    put(
        arm,
        "virtualNetworks/v0",
        &json!({"location": "westus", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [{"name": "s0", "properties": {"addressPrefix": "10.0.0.0/24"}}]}}),
    );
    put(
        arm,
        "networkInterfaces/n0",
        &json!({"location": "westus", "properties": {"ipConfigurations": [{"name": "primary",
            "properties": {"subnet": {"id": network("g0", "virtualNetworks/v0/subnets/s0")}}}]}}),
    );
    put(
        arm,
        "publicIPAddresses/ip0",
        &json!({"location": "westus", "sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static"}}),
    );
}

fn ask(ids: &[String], target: &str) -> String {
    json!({ "resources": ids, "targetResourceGroup": target }).to_string()
}

fn group_id(group: &str) -> String {
    format!("{SUBSCRIPTION}/resourceGroups/{group}")
}

/// Sends a move and follows it; the last answer's status and error.
fn follow(arm: &mut Arm, verb: &str, body: &str) -> (u16, Value) {
    let begun = arm.send(&format!("POST {GROUP}/{verb}?{GATEWAY}"), body);
    if begun.status() != 202 {
        return (begun.status().as_u16(), tree(&begun)["error"].clone());
    }
    arm.wait(300);
    let ended = arm.send(&poll_line(&begun, "location"), "");
    let error = if ended.body().is_empty() {
        Value::Null
    } else {
        tree(&ended)["error"].clone()
    };
    (ended.status().as_u16(), error)
}

/// Codes of an error and of those below it, with what they are about.
fn codes(error: &Value) -> Vec<String> {
    let mut found = vec![error["code"].as_str().unwrap_or("").to_owned()];
    for detail in error["details"].as_array().into_iter().flatten() {
        let target = detail["target"].as_str().unwrap_or("").rsplit('/').next().unwrap_or("");
        let below = codes(detail);
        found.push(format!("{} {target}", below[0]));
        found.extend(below.into_iter().skip(1));
    }
    found
}

#[test]
fn a_move_is_followed_to_its_end_and_takes_the_parts_along() {
    let mut arm = with_groups();
    furnish(&mut arm);
    let body = ask(&[network("g0", "virtualNetworks/v0")], &group_id("g1"));
    let begun = arm.tell(&format!("POST {GROUP}/moveResources?{GATEWAY}"), &body);
    let poll = poll_line(&begun, "location");
    assert_eq!(header(&begun, "retry-after"), "15");
    arm.wait(15);
    arm.tell(&poll, "");
    arm.tell_short(&format!("POST {GROUP}/moveResources?{GATEWAY}"), &body);
    arm.wait(300);
    arm.tell(&poll, "");
    for group in ["g0", "g1"] {
        arm.tell_short(
            &format!("GET /resourceGroups/{group}/providers/Microsoft.Network/virtualNetworks/v0?{NETWORK}"),
            "",
        );
    }
    arm.tell_short(
        &format!("GET {GROUP}/providers/Microsoft.Network/networkInterfaces/n0?{NETWORK}"),
        "",
    );
    arm.tell_short(&format!("GET /resourceGroups/g1/resources?{GATEWAY}"), "");
    assert_eq!(arm.sandbox.cloud.check(), Vec::<String>::new());
    check("move_resources", &arm.transcript());
}

#[test]
fn a_validation_changes_nothing() {
    let mut arm = with_groups();
    furnish(&mut arm);
    let state = |arm: &Arm| -> Vec<String> {
        arm.sandbox
            .cloud
            .store()
            .iter()
            .map(|own| own.folded.to_string())
            .collect()
    };
    let before = state(&arm);
    let all = [
        network("g0", "virtualNetworks/v0"),
        network("g0", "networkInterfaces/n0"),
    ];
    assert_eq!(
        follow(&mut arm, "validateMoveResources", &ask(&all, &group_id("g1"))),
        (204, Value::Null)
    );
    let away = format!("/subscriptions/{OTHER}/resourceGroups/g2");
    let (status, error) = follow(&mut arm, "validateMoveResources", &ask(&all[..1], &away));
    assert_eq!(status, 409, "{error}");
    assert_eq!(state(&arm), before);
}

#[test]
fn what_is_wrong_with_the_request_is_said_at_once() {
    let mut arm = with_groups();
    furnish(&mut arm);
    let (v0, target) = (network("g0", "virtualNetworks/v0"), group_id("g1"));
    let before = arm.sandbox.cloud.digest();
    let bodies = [
        "".to_owned(),
        json!({"resources": [v0]}).to_string(),
        ask(&[], &target),
        ask(&["v0".to_owned()], &target),
        ask(std::slice::from_ref(&v0), "g1"),
        ask(std::slice::from_ref(&v0), &group_id("nothing")),
        ask(std::slice::from_ref(&v0), &group_id("g0")),
        ask(&[network("g0", "virtualNetworks/nothing")], &target),
        ask(&[network("g0", "virtualNetworks/v0/subnets/s0")], &target),
        ask(&[network("g1", "virtualNetworks/v0")], &group_id("g0")),
        ask(&vec![v0; 801], &target),
    ];
    for body in &bodies {
        for verb in ["moveResources", "validateMoveResources"] {
            let refused = arm.send(&format!("POST {GROUP}/{verb}?{GATEWAY}"), body);
            assert!(refused.status().is_client_error(), "{body}: {refused:?}");
            if verb == "moveResources" {
                let error = &tree(&refused)["error"];
                arm.note(&format!(
                    "{} {}: {}",
                    refused.status().as_u16(),
                    error["code"],
                    error["message"]
                ));
            }
        }
    }
    arm.tell_short(
        &format!("POST /resourceGroups/nothing/moveResources?{GATEWAY}"),
        &bodies[2],
    );
    arm.tell_short(&format!("GET {GROUP}/moveResources?{GATEWAY}"), "");
    assert_eq!(arm.sandbox.cloud.digest(), before);
    check("move_refusals", &arm.transcript());
}

#[test]
fn what_the_providers_say_against_a_move_is_said_at_its_end() {
    let mut arm = with_groups();
    furnish(&mut arm);
    let away = format!("/subscriptions/{OTHER}/resourceGroups/g2");
    let (status, error) = follow(
        &mut arm,
        "moveResources",
        &ask(
            &[
                network("g0", "virtualNetworks/v0"),
                network("g0", "publicIPAddresses/ip0"),
            ],
            &away,
        ),
    );
    assert_eq!(status, 409);
    assert_eq!(
        codes(&error),
        [
            "ResourceMoveProviderValidationFailed",
            "MissingMoveDependentResources virtualNetworks",
            "MissingMoveDependentResources n0",
            "CannotMoveResource publicIPAddresses",
            "MoveNotSupported ip0",
        ]
    );
    let message = error["message"].as_str().expect("a message");
    assert!(!message.contains('{'), "{message}");

    let line = format!("PUT /resourceGroups/g1/providers/Microsoft.Network/virtualNetworks/V0?{NETWORK}");
    arm.prepare(
        &line,
        r#"{"location":"eastus","properties":{"addressSpace":{"addressPrefixes":["10.9.0.0/16"]}}}"#,
    );
    arm.wait(60);
    let (status, error) = follow(
        &mut arm,
        "moveResources",
        &ask(&[network("g0", "virtualNetworks/v0")], &group_id("g1")),
    );
    assert_eq!((status, codes(&error)[2].as_str()), (409, "ResourceMoveConflict v0"));

    let line = format!("DELETE {GROUP}/providers/Microsoft.Network/publicIPAddresses/ip0?{NETWORK}");
    arm.sandbox.pace = Pace::Paused;
    arm.prepare(&line, "");
    let (status, error) = follow(
        &mut arm,
        "validateMoveResources",
        &ask(&[network("g0", "publicIPAddresses/ip0")], &group_id("g1")),
    );
    // The deletion ended first: by then there is nothing to be moved.
    assert_eq!((status, codes(&error)[0].as_str()), (404, "ResourceNotFound"));
}

#[test]
fn both_groups_are_shut_while_a_move_runs_and_locks_put_meanwhile_fail_it() {
    let mut arm = with_groups();
    furnish(&mut arm);
    let body = ask(&[network("g0", "publicIPAddresses/ip0")], &group_id("g1"));
    let begun = arm.send(&format!("POST {GROUP}/moveResources?{GATEWAY}"), &body);
    let shut = [
        (format!("DELETE /resourceGroups/g1?{GATEWAY}"), ""),
        (
            format!("DELETE {GROUP}/providers/Microsoft.Network/networkInterfaces/n0?{NETWORK}"),
            "",
        ),
        (
            format!("PATCH {GROUP}/providers/Microsoft.Network/virtualNetworks/v0?{NETWORK}"),
            r#"{"tags":{"a":"b"}}"#,
        ),
        (
            format!("PUT /resourceGroups/G1/providers/Microsoft.Network/publicIPAddresses/ip9?{NETWORK}"),
            r#"{"location":"eastus","properties":{}}"#,
        ),
    ];
    for (line, body) in &shut {
        let refused = arm.send(line, body);
        assert_eq!(refused.status(), 409, "{line}");
        assert_eq!(tree(&refused)["error"]["code"], "ResourceMoveInProgress", "{line}");
    }
    let line = format!("GET {GROUP}/providers/Microsoft.Network/virtualNetworks/v0?{NETWORK}");
    assert_eq!(arm.send(&line, "").status(), 200);
    let lock = "/resourceGroups/g1/providers/Microsoft.Authorization/locks/shut?api-version=2016-09-01";
    arm.prepare(&format!("PUT {lock}"), r#"{"properties":{"level":"ReadOnly"}}"#);
    arm.wait(300);
    let ended = arm.send(&poll_line(&begun, "location"), "");
    assert_eq!(
        (ended.status().as_u16(), tree(&ended)["error"]["code"].clone()),
        (409, json!("ScopeLocked"))
    );
    // With the lock there, the same is said at once.
    assert_eq!(follow(&mut arm, "moveResources", &body).0, 409);
    arm.prepare(&format!("DELETE {lock}"), "");
    for (line, body) in &shut[1..] {
        arm.prepare(line, body);
    }
    assert_eq!(arm.sandbox.cloud.check(), Vec::<String>::new());
}

#[test]
fn nobody_waits_for_a_move_where_nobody_waits() {
    let mut arm = with_groups();
    furnish(&mut arm);
    arm.sandbox.pace = Pace::Immediate;
    let body = ask(&[network("g0", "publicIPAddresses/ip0")], &group_id("g1"));
    let begun = arm.send(&format!("POST {GROUP}/moveResources?{GATEWAY}"), &body);
    let line = format!("PATCH {GROUP}/providers/Microsoft.Network/virtualNetworks/v0?{NETWORK}");
    assert_eq!(arm.send(&line, r#"{"tags":{"a":"b"}}"#).status(), 409);
    assert_eq!(arm.send(&line, r#"{"tags":{"a":"b"}}"#).status(), 200);
    assert_eq!(arm.send(&poll_line(&begun, "location"), "").status(), 204);
    let begun = arm.send(
        &format!("POST {GROUP}/validateMoveResources?{GATEWAY}"),
        &ask(&[network("g0", "virtualNetworks/v0")], &group_id("g1")),
    );
    assert_eq!(arm.send(&line, r#"{"tags":{"a":"b"}}"#).status(), 200);
    assert_eq!(arm.send(&poll_line(&begun, "location"), "").status(), 204);
}

#[test]
fn locks_go_along_and_roles_stay_behind() {
    let mut arm = with_groups();
    furnish(&mut arm);
    let own = format!("{GROUP}/providers/Microsoft.Network/virtualNetworks/v0");
    let there = own.replace("/g0/", "/g1/");
    let locks = "providers/Microsoft.Authorization/locks/keep?api-version=2016-09-01";
    arm.prepare(
        &format!("PUT {own}/{locks}"),
        r#"{"properties":{"level":"CanNotDelete"}}"#,
    );
    let role = json!({"properties": {
        "roleDefinitionId": format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"),
        "principalId": arm.sandbox.directory.first().object_id.to_string(),
    }});
    let roles =
        "providers/Microsoft.Authorization/roleAssignments/6faae21a-0cd6-4536-8c23-a278823d12ed?api-version=2022-04-01";
    arm.prepare(&format!("PUT {own}/{roles}"), &role.to_string());
    let moved = follow(
        &mut arm,
        "moveResources",
        &ask(&[network("g0", "virtualNetworks/v0")], &group_id("g1")),
    );
    assert_eq!(moved, (204, Value::Null));
    assert_eq!(arm.send(&format!("GET {there}/{locks}"), "").status(), 200);
    assert_eq!(arm.send(&format!("GET {own}/{locks}"), "").status(), 404);
    assert_eq!(arm.send(&format!("GET {there}/{roles}"), "").status(), 404);
    let refused = arm.send(&format!("DELETE {there}?{NETWORK}"), "");
    assert_eq!(tree(&refused)["error"]["code"], "ScopeLocked");
}

#[test]
fn machines_go_with_everything_and_are_counted_where_they_are() {
    let mut arm = with_groups();
    arm.prepare(
        &format!("PUT {}?{GATEWAY}", deployment("d0")),
        &incremental(&template("availability-set-farm")),
    );
    let ended = finish(&mut arm, &deployment("d0"));
    assert_eq!(ended["properties"]["provisioningState"], "Succeeded", "{ended}");
    arm.wait(600);
    let listed = tree(&arm.send(&format!("GET {GROUP}/resources?{GATEWAY}"), ""));
    let ids: Vec<String> = listed["value"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|own| own["id"].as_str().map(str::to_owned))
        .collect();
    let cores = |arm: &mut Arm, subscription: &str| {
        let line = format!(
            "GET !/subscriptions/{subscription}/providers/Microsoft.Compute/locations/westus/usages?api-version=2022-03-01"
        );
        let usages = tree(&arm.send(&line, ""));
        let row = usages["value"]
            .as_array()
            .expect("a list")
            .iter()
            .find(|row| row["name"]["value"] == "cores")
            .cloned();
        row.expect("cores are counted")["currentValue"]
            .as_i64()
            .expect("a number")
    };
    let own = SUBSCRIPTION.trim_start_matches("/subscriptions/");
    let before = cores(&mut arm, own);
    assert!(before > 0);

    let machine = ids
        .iter()
        .filter(|id| id.ends_with("/farm-0"))
        .cloned()
        .collect::<Vec<_>>();
    let (status, error) = follow(&mut arm, "moveResources", &ask(&machine, &group_id("g1")));
    assert_eq!(status, 409, "a machine does not leave its set");
    assert!(
        codes(&error).contains(&"MissingMoveDependentResources as-even".to_owned()),
        "{error}"
    );

    let away = format!("/subscriptions/{OTHER}/resourceGroups/g2");
    assert_eq!(follow(&mut arm, "moveResources", &ask(&ids, &away)), (204, Value::Null));
    assert_eq!((cores(&mut arm, own), cores(&mut arm, OTHER)), (0, before));
    assert_eq!(arm.sandbox.cloud.check(), Vec::<String>::new());
    let line = format!(
        "GET !/subscriptions/{OTHER}/resourceGroups/g2/providers/Microsoft.Compute/virtualMachines/farm-0?api-version=2022-03-01"
    );
    let found = tree(&arm.send(&line, ""));
    let nic = found["properties"]["networkProfile"]["networkInterfaces"][0]["id"]
        .as_str()
        .expect("an id");
    assert!(nic.contains(OTHER) && nic.contains("/resourceGroups/g2/"), "{nic}");
}

/// Every id of a cloud, and of the top-level resources of a group.
fn ids_of(arm: &mut Arm, scope: &str) -> (BTreeSet<String>, Vec<String>) {
    let listed = tree(&arm.send(&format!("GET !{scope}/resources?{GATEWAY}"), ""));
    let top = listed["value"].as_array().into_iter().flatten();
    let top = top.filter_map(|own| own["id"].as_str().map(str::to_owned));
    let all = arm
        .sandbox
        .cloud
        .store()
        .iter()
        .map(|own| own.folded.to_string())
        .collect();
    (all, top.filter(|id| id.split('/').count() == 9).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_asked_to_move_goes_whole_or_stays(
        name in prop::sample::select(vec!["web-tier", "jumpbox", "hub-and-spoke", "images-and-snapshots", "storage-containers", "availability-set-farm", "routes"]),
        bits in any::<u32>(),
        leaves in any::<bool>(),
    ) {
        let mut arm = with_groups();
        arm.prepare(&format!("PUT {}?{GATEWAY}", deployment("d0")), &incremental(&template(name)));
        finish(&mut arm, &deployment("d0"));
        arm.wait(600);
        let home = group_id("g0");
        let (before, top) = ids_of(&mut arm, &home);
        let chosen: Vec<String> = top.iter().enumerate().filter(|(at, _)| bits >> (at % 32) & 1 == 1).map(|(_, id)| id.clone()).collect();
        let away = if leaves { format!("/subscriptions/{OTHER}/resourceGroups/g2") } else { group_id("g1") };
        let (status, error) = follow(&mut arm, "moveResources", &ask(&chosen, &away));
        prop_assert_eq!(arm.sandbox.cloud.check(), Vec::<String>::new());
        let (after, _) = ids_of(&mut arm, &home);
        if status != 204 {
            prop_assert!((400..500).contains(&status), "{status} {error}");
            prop_assert_eq!(before, after);
            return Ok(());
        }
        let (_, moved) = ids_of(&mut arm, &away);
        prop_assert_eq!(moved.len(), chosen.len());
        prop_assert_eq!(before.len(), after.len());
        for id in &chosen {
            prop_assert!(!after.contains(&id.to_lowercase()), "{id}");
        }
        // And back again: it is as if nothing had been.
        let begun = arm.send(&format!("POST !{away}/moveResources?{GATEWAY}"), &ask(&moved, &home));
        prop_assert_eq!(begun.status().as_u16(), 202);
        arm.wait(300);
        prop_assert_eq!(arm.send(&poll_line(&begun, "location"), "").status().as_u16(), 204);
        prop_assert_eq!(ids_of(&mut arm, &home).0, before);
        prop_assert_eq!(arm.sandbox.cloud.check(), Vec::<String>::new());
    }

    #[test]
    fn any_body_gets_an_answer(
        ids in prop::collection::vec(prop_oneof![
            Just(network("g0", "virtualNetworks/v0")),
            Just(network("g0", "virtualNetworks/v0/subnets/s0")),
            Just(network("G0", "networkInterfaces/N0/")),
            Just(group_id("g0")),
            "\\PC{0,20}",
        ], 0..4),
        target in prop_oneof![Just(group_id("g1")), Just(group_id("g0")), Just(SUBSCRIPTION.to_owned()), "\\PC{0,20}"],
        text in "\\PC{0,30}",
    ) {
        let mut arm = with_groups();
        furnish(&mut arm);
        for body in [ask(&ids, &target), json!({"resources": target, "targetResourceGroup": ids}).to_string(), text] {
            let (status, _) = follow(&mut arm, "moveResources", &body);
            prop_assert!(status < 500);
            prop_assert_eq!(arm.sandbox.cloud.check(), Vec::<String>::new());
        }
    }
}
