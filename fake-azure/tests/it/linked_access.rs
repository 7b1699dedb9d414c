//! What a caller needs of the resources that its document refers to.

use fake_azure::Pace;
use fake_azure::cloud::catalogue::limits::Era;
use serde_json::{Value, json};

use super::arm_support::{Arm, GATEWAY, NETWORK, SUBSCRIPTION};
use super::governance::sign_in_second;

const ROLES: &str = "api-version=2022-04-01";
const OWN: &str = "/resourceGroups/own";
const SHARED: &str = "/resourceGroups/shared";
const CONTRIBUTOR: &str = "b24988ac-6180-42a0-ab88-20f7382dd24c";

/// A group of the second principal's, where it may do all, and one with a network and a security group that is none of its business.
fn setting(era: Era) -> (Arm, String) {
    let mut arm = Arm::with(Pace::Immediate, era);
    for group in [OWN, SHARED] {
        arm.prepare(&format!("PUT {group}?{GATEWAY}"), r#"{"location":"westus"}"#);
    }
    let network = json!({"location": "westus", "properties": {
        "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
        "subnets": [{"name": "a", "properties": {"addressPrefix": "10.0.0.0/24"}}]}});
    arm.prepare(
        &format!("PUT {SHARED}/providers/Microsoft.Network/virtualNetworks/net?{NETWORK}"),
        &network.to_string(),
    );
    arm.prepare(
        &format!("PUT {SHARED}/providers/Microsoft.Network/networkSecurityGroups/guard?{NETWORK}"),
        r#"{"location":"westus"}"#,
    );
    give(&mut arm, OWN, CONTRIBUTOR, "1b8ea65f-b338-4291-8ba9-377d3faf22e1");
    let settled = arm.sandbox.cloud.now().plus_millis(3_600_000);
    arm.sandbox.advance(settled);
    arm.sandbox.enforce_roles = true;
    let second = sign_in_second(&arm);
    (arm, second)
}

fn give(arm: &mut Arm, scope: &str, role: &str, name: &str) {
    let second = arm.sandbox.directory.principals()[1].object_id;
    let document = json!({"properties": {
        "roleDefinitionId": format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}"),
        "principalId": second.to_string()}});
    arm.prepare(
        &format!("PUT {scope}/providers/Microsoft.Authorization/roleAssignments/{name}?{ROLES}"),
        &document.to_string(),
    );
}

fn shared(rest: &str) -> String {
    format!("{SUBSCRIPTION}{SHARED}/providers/Microsoft.Network/{rest}")
}

fn interface() -> Value {
    json!({"location": "westus", "properties": {
        "networkSecurityGroup": {"id": shared("networkSecurityGroups/guard")},
        "ipConfigurations": [{"name": "primary", "properties": {
            "privateIPAllocationMethod": "Dynamic", "subnet": {"id": shared("virtualNetworks/net/subnets/a")}}}]}})
}

/// Status, code and message of what the second principal's write of an interface gives.
fn put(arm: &mut Arm, token: &str) -> (u16, String, String) {
    let line = format!("PUT {OWN}/providers/Microsoft.Network/networkInterfaces/nic0?{NETWORK}");
    let answer = arm.send_with(
        &line,
        &[("authorization", token), ("content-type", "application/json")],
        &interface().to_string(),
    );
    let body: Value = serde_json::from_slice(answer.body()).expect("a document");
    let text = |name: &str| body["error"][name].as_str().unwrap_or_default().to_owned();
    (answer.status().as_u16(), text("code"), text("message"))
}

fn joiner(arm: &mut Arm, actions: &Value) {
    let role = "5b8ea65f-b338-4291-8ba9-377d3faf22e5";
    let definition = json!({"properties": {
        "roleName": "Joiner", "type": "CustomRole", "assignableScopes": [SUBSCRIPTION],
        "permissions": [{"actions": actions, "notActions": []}]}});
    arm.prepare(
        &format!("PUT /providers/Microsoft.Authorization/roleDefinitions/{role}?{ROLES}"),
        &definition.to_string(),
    );
    give(arm, SHARED, role, "2b8ea65f-b338-4291-8ba9-377d3faf22e2");
}

#[test]
fn an_interface_in_a_subnet_of_others_takes_a_role_there() {
    let (mut arm, second) = setting(Era::Current);
    let (status, code, message) = put(&mut arm, &second);
    assert_eq!((status, code.as_str()), (403, "LinkedAuthorizationFailed"));
    let principal = arm.sandbox.directory.principals()[1].clone();
    let expected = format!(
        "The client '{}' with object id '{}' has permission to perform action 'Microsoft.Network/networkInterfaces/write' on scope \
         '{SUBSCRIPTION}{OWN}/providers/Microsoft.Network/networkInterfaces/nic0'; however, it does not have permission to perform \
         action(s) 'Microsoft.Network/virtualNetworks/subnets/join/action,Microsoft.Network/networkSecurityGroups/join/action' on \
         the linked scope(s) '{},{}' (respectively) or the linked scope(s) are invalid.",
        principal.app_id,
        principal.object_id,
        shared("virtualNetworks/net/subnets/a"),
        shared("networkSecurityGroups/guard"),
    );
    assert_eq!(message, expected);

    joiner(&mut arm, &json!(["Microsoft.Network/*/join/action"]));
    assert_eq!(put(&mut arm, &second).0, 201);
}

#[test]
fn earlier_refusals_name_one_action() {
    let (mut arm, second) = setting(Era::Arm2016);
    let (status, code, message) = put(&mut arm, &second);
    assert_eq!((status, code.as_str()), (403, "LinkedAuthorizationFailed"));
    let end = format!(
        "it does not have permission to perform action 'Microsoft.Network/virtualNetworks/subnets/join/action' on the linked scope(s) \
         '{}' or the linked scope(s) are invalid.",
        shared("virtualNetworks/net/subnets/a")
    );
    assert!(message.ends_with(&end), "{message}");
    joiner(
        &mut arm,
        &json!(["Microsoft.Network/virtualNetworks/subnets/join/action"]),
    );
    let (_, _, message) = put(&mut arm, &second);
    assert!(
        message.contains("'Microsoft.Network/networkSecurityGroups/join/action'"),
        "{message}"
    );
}

#[test]
fn who_may_not_write_is_told_that_and_nothing_of_links() {
    let (mut arm, second) = setting(Era::Current);
    let line = format!("PUT {SHARED}/providers/Microsoft.Network/networkInterfaces/nic0?{NETWORK}");
    let answer = arm.send_with(&line, &[("authorization", &second)], &interface().to_string());
    let body = String::from_utf8_lossy(answer.body()).into_owned();
    assert!(
        answer.status() == 403 && body.contains(r#""AuthorizationFailed""#),
        "{body}"
    );
}

#[test]
fn a_template_is_refused_for_what_its_resources_refer_to() {
    let (mut arm, second) = setting(Era::Current);
    let mut own = interface();
    own["type"] = json!("Microsoft.Network/networkInterfaces");
    own["name"] = json!("nic0");
    own["apiVersion"] = json!("2019-11-01");
    let body = json!({"properties": {"mode": "Incremental", "template": {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0", "resources": [own]}}});
    let line = format!("PUT {OWN}/providers/Microsoft.Resources/deployments/d?{GATEWAY}");
    let headers = [("authorization", second.as_str()), ("content-type", "application/json")];
    let answer = arm.send_with(&line, &headers, &body.to_string());
    let told: Value = serde_json::from_slice(answer.body()).expect("a document");
    assert_eq!(
        told["error"]["details"][0]["code"], "LinkedAuthorizationFailed",
        "{told}"
    );

    joiner(&mut arm, &json!(["Microsoft.Network/*/join/action"]));
    assert_eq!(arm.send_with(&line, &headers, &body.to_string()).status(), 201);
}
