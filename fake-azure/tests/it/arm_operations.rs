//! Operations of each service as a client follows them, and what stands below resources: parts, views, actions.

use fake_azure::Pace;
use fake_azure::cloud::catalogue::limits::Era;

use crate::arm_support::{Arm, GATEWAY, NETWORK, check, header, json, poll_line};

const GROUP: &str = "/resourceGroups/g0/providers";
const COMPUTE: &str = "api-version=2020-06-01";
const DISKS: &str = "api-version=2020-06-30";

fn with_group(pace: Pace) -> Arm {
    let mut arm = Arm::with(pace, Era::Current);
    arm.prepare(&format!("PUT /resourceGroups/g0?{GATEWAY}"), r#"{"location":"westus"}"#);
    arm
}

/// A group with a network interface in it.
fn with_nic() -> Arm {
    let mut arm = with_group(Pace::Immediate);
    let vnet = r#"{"location":"westus","properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/16"]},"subnets":[{"name":"s0","properties":{"addressPrefix":"10.0.0.0/24"}}]}}"#;
    let path = format!("{GROUP}/Microsoft.Network/virtualNetworks/v0");
    arm.prepare(&format!("PUT {path}?{NETWORK}"), vnet);
    let subnet = json(&arm.send(&format!("GET {path}/subnets/s0?{NETWORK}"), ""))["id"].clone();
    let nic = format!(
        r#"{{"location":"westus","properties":{{"ipConfigurations":[{{"name":"c0","properties":{{"subnet":{{"id":{subnet}}}}}}}]}}}}"#
    );
    arm.prepare(
        &format!("PUT {GROUP}/Microsoft.Network/networkInterfaces/n0?{NETWORK}"),
        &nic,
    );
    arm
}

fn vm_body(arm: &mut Arm) -> String {
    let nic = json(&arm.send(
        &format!("GET {GROUP}/Microsoft.Network/networkInterfaces/n0?{NETWORK}"),
        "",
    ))["id"]
        .clone();
    format!(
        r#"{{"location":"westus","properties":{{"hardwareProfile":{{"vmSize":"Standard_D1_v2"}},"storageProfile":{{"imageReference":{{"publisher":"Canonical","offer":"UbuntuServer","sku":"16.04-LTS","version":"latest"}},"osDisk":{{"createOption":"FromImage"}}}},"osProfile":{{"computerName":"vm0","adminUsername":"someone","adminPassword":"Passw0rd!Passw0rd!"}},"networkProfile":{{"networkInterfaces":[{{"id":{nic}}}]}}}}}}"#
    )
}

#[test]
fn a_storage_account_is_not_there_until_it_is_made() {
    let mut arm = with_group(Pace::Paused);
    let account = format!("{GROUP}/Microsoft.Storage/storageAccounts/acct0");
    let body = r#"{"location":"westus","kind":"StorageV2","sku":{"name":"Standard_LRS"}}"#;
    for (version, path) in [("2016-12-01", account.clone()), ("2019-06-01", format!("{account}x"))] {
        let created = arm.tell(&format!("PUT {path}?api-version={version}"), body);
        let poll = poll_line(&created, "location");
        assert!(poll.contains("monitor=true"), "{poll}");
        arm.tell(&poll, "");
        arm.tell_short(&format!("GET {path}?api-version={version}"), "");
        arm.wait(120);
        arm.tell_short(&poll, "");
    }
    arm.tell(&format!("DELETE {account}?api-version=2019-06-01"), "");
    check("arm_storage_account", &arm.transcript());
}

#[test]
fn endpoints_are_where_accounts_are_reached() {
    let mut arm = with_group(Pace::Immediate);
    arm.sandbox.storage.base = Some("https://localhost:8445".to_owned());
    let account = format!("{GROUP}/Microsoft.Storage/storageAccounts/acct0?api-version=2019-06-01");
    arm.prepare(
        &format!("PUT {account}"),
        r#"{"location":"westus","kind":"StorageV2","sku":{"name":"Standard_LRS"}}"#,
    );
    let read = json(&arm.send(&format!("GET {account}"), ""));
    let endpoints = &read["properties"]["primaryEndpoints"];
    assert_eq!(endpoints["blob"], "https://localhost:8445/acct0/");
    assert_eq!(endpoints["queue"], "https://acct0.queue.core.windows.net/");
}

#[test]
fn a_disk_begins_as_a_stub_and_ends_in_the_operations_output() {
    let mut arm = with_group(Pace::Paused);
    let disk = format!("{GROUP}/Microsoft.Compute/disks/d0?{DISKS}");
    let body =
        r#"{"location":"westus","tags":{},"properties":{"creationData":{"createOption":"Empty"},"diskSizeGB":100}}"#;
    let created = arm.tell(&format!("PUT {disk}"), body);
    let (status, result) = (
        poll_line(&created, "azure-asyncoperation"),
        poll_line(&created, "location"),
    );
    arm.tell(&result, "");
    arm.wait(60);
    arm.tell(&status, "");
    arm.tell_short(&result, "");
    let deletion = arm.tell(&format!("DELETE {disk}"), "");
    arm.wait(60);
    arm.tell_short(&poll_line(&deletion, "location"), "");
    check("arm_disk", &arm.transcript());
}

#[test]
fn a_machine_tells_how_it_comes_along() {
    let mut arm = with_nic();
    arm.sandbox.pace = Pace::Paused;
    let body = vm_body(&mut arm);
    let machine = format!("{GROUP}/Microsoft.Compute/virtualMachines/vm0");
    let created = arm.tell(&format!("PUT {machine}?{COMPUTE}"), &body);
    let poll = poll_line(&created, "azure-asyncoperation");
    assert!(poll.contains(header(&created, "x-ms-request-id")), "{poll}");
    arm.tell(&poll, "");
    arm.tell_short(&poll.replace("2020-06-01", "2015-05-01-preview"), "");
    arm.wait(1200);
    arm.tell_short(&poll, "");
    let stopped = arm.tell(&format!("POST {machine}/PowerOff?{COMPUTE}"), "");
    arm.wait(1200);
    arm.tell(&poll_line(&stopped, "location"), "");
    arm.tell_short(&format!("GET {machine}/powerOff?{COMPUTE}"), "");
    arm.tell_short(&format!("POST {machine}/explode?{COMPUTE}"), "");
    arm.tell_short(&format!("GET {machine}/explode?{COMPUTE}"), "");
    check("arm_machine", &arm.transcript());
}

#[test]
fn views_of_a_machine_are_read_alone() {
    let mut arm = with_nic();
    let body = vm_body(&mut arm);
    let machine = format!("{GROUP}/Microsoft.Compute/virtualMachines/vm0");
    arm.prepare(&format!("PUT {machine}?{COMPUTE}"), &body);
    let whole = json(&arm.send(&format!("GET {machine}?{COMPUTE}&$EXPAND=InstanceView"), ""));
    let view = json(&arm.send(&format!("GET {machine}/INSTANCEVIEW?{COMPUTE}"), ""));
    assert_eq!(whole["properties"]["instanceView"], view);
    assert!(view["statuses"].is_array(), "{view}");
    let sizes = json(&arm.send(&format!("GET {machine}/vmSizes?{COMPUTE}"), ""));
    let own = sizes["value"]
        .as_array()
        .expect("a list")
        .iter()
        .any(|size| size["name"] == "Standard_D1_v2");
    let foreign = sizes["value"]
        .as_array()
        .expect("a list")
        .iter()
        .any(|size| size["name"] == "Standard_M128s");
    assert!(own && !foreign, "a running machine stays in its cluster");
    assert_eq!(
        arm.send(
            &format!("GET {GROUP}/Microsoft.Compute/virtualMachines/none/instanceView?{COMPUTE}"),
            ""
        )
        .status(),
        404
    );
}

#[test]
fn parts_of_network_resources_are_read_alone() {
    let mut arm = with_nic();
    let nsg = format!("{GROUP}/Microsoft.Network/networkSecurityGroups/nsg0");
    arm.prepare(&format!("PUT {nsg}?{NETWORK}"), r#"{"location":"westus"}"#);
    let rules = json(&arm.send(&format!("GET {nsg}/defaultSecurityRules?{NETWORK}"), ""));
    assert_eq!(rules["value"].as_array().map(Vec::len), Some(6));
    let rule = arm.send(&format!("GET {nsg}/DEFAULTSECURITYRULES/denyallinbound?{NETWORK}"), "");
    assert_eq!(
        (
            json(&rule)["name"].clone(),
            json(&rule)["etag"] == header(&rule, "etag")
        ),
        ("DenyAllInBound".into(), true)
    );
    let nic = format!("{GROUP}/Microsoft.Network/networkInterfaces/n0");
    let configuration = json(&arm.send(&format!("GET {nic}/ipConfigurations/c0?{NETWORK}"), ""));
    assert_eq!(configuration["properties"]["privateIPAddress"], "10.0.0.4");
    arm.tell_short(&format!("GET {nsg}/defaultSecurityRules/none?{NETWORK}"), "");
    arm.tell_short(
        &format!("PUT {nsg}/defaultSecurityRules/DenyAllInBound?{NETWORK}"),
        "{}",
    );
    arm.tell_short(&format!("GET {nsg}/nothings?{NETWORK}"), "");
    arm.tell_short(&format!("GET {nic}/dnsSettings?{NETWORK}"), "");
    check("arm_parts", &arm.transcript());
}

#[test]
fn an_operation_that_fails_says_so_in_both_places() {
    let mut arm = with_group(Pace::Paused);
    let line = format!("PUT {GROUP}/Microsoft.Network/virtualNetworks/v0?{NETWORK}");
    let created = arm.send(
        &line,
        r#"{"location":"westus","properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/16"]}}}"#,
    );
    let operation = arm
        .sandbox
        .cloud
        .operations()
        .find(|operation| operation.is_running())
        .map(|operation| operation.id);
    let doom = fake_azure::cloud::CloudError::of(&fake_azure::cloud::forms::PRECONDITION_FAILED);
    assert!(arm.sandbox.cloud.doom(operation.expect("it runs"), doom));
    arm.wait(60);
    let poll = poll_line(&created, "azure-asyncoperation");
    arm.tell_short(&poll, "");
    arm.tell_short(&poll.replace("/operations/", "/operationResults/"), "");
    let foreign = poll.replace("Microsoft.Network", "Microsoft.Compute");
    assert_eq!(
        arm.send(&foreign, "").status(),
        404,
        "an operation is read where it was begun"
    );
    check("arm_failed_operation", &arm.transcript());
}
