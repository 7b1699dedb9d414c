//! Scale sets as clients of Resource Manager see them: first answers, polls, collections below them, actions and refusals.

use fake_azure::Pace;
use fake_azure::cloud::catalogue::limits::Era;
use serde_json::{Value, json};

use crate::arm_support::{Arm, GATEWAY, NETWORK, SUBSCRIPTION, check, json as tree, poll_line};

const GROUP: &str = "/resourceGroups/g0/providers";
const SETS: &str = "/resourceGroups/g0/providers/Microsoft.Compute/virtualMachineScaleSets";
const COMPUTE: &str = "api-version=2020-12-01";
const INTERFACES: &str = "api-version=2018-10-01";

/// A group with a network and a balancer in it.
fn with_balancer(pace: Pace) -> Arm {
    let mut arm = Arm::with(pace, Era::Current);
    arm.prepare(&format!("PUT /resourceGroups/g0?{GATEWAY}"), r#"{"location":"westus"}"#);
    let network = json!({ "location": "westus", "properties": {
        "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] },
        "subnets": [{ "name": "s0", "properties": { "addressPrefix": "10.0.0.0/24" } }],
    } });
    arm.prepare(
        &format!("PUT {GROUP}/Microsoft.Network/virtualNetworks/v0?{NETWORK}"),
        &network.to_string(),
    );
    arm.wait(60);
    let own = network_id("loadBalancers/l0");
    let balancer = json!({ "location": "westus", "properties": {
        "frontendIPConfigurations": [{ "name": "f0", "properties": { "subnet": { "id": network_id("virtualNetworks/v0/subnets/s0") } } }],
        "backendAddressPools": [{ "name": "p0" }],
        "inboundNatPools": [{ "name": "n0", "properties": {
            "frontendIPConfiguration": { "id": format!("{own}/frontendIPConfigurations/f0") },
            "protocol": "Tcp", "frontendPortRangeStart": 5000, "frontendPortRangeEnd": 5099, "backendPort": 22,
        } }],
    } });
    arm.prepare(
        &format!("PUT {GROUP}/Microsoft.Network/loadBalancers/l0?{NETWORK}"),
        &balancer.to_string(),
    );
    arm.wait(60);
    arm
}

fn network_id(path: &str) -> String {
    format!("{SUBSCRIPTION}/resourceGroups/g0/providers/Microsoft.Network/{path}")
}

fn set(capacity: u32) -> Value {
    json!({
        "location": "westus",
        "tags": { "role": "web" },
        "sku": { "name": "Standard_DS1_v2", "capacity": capacity },
        "properties": {
            "upgradePolicy": { "mode": "Manual" },
            "overprovision": false,
            "virtualMachineProfile": {
                "osProfile": { "computerNamePrefix": "web", "adminUsername": "someone", "adminPassword": "Passw0rd!Passw0rd!" },
                "storageProfile": {
                    "imageReference": { "publisher": "Canonical", "offer": "UbuntuServer", "sku": "16.04-LTS", "version": "latest" },
                },
                "networkProfile": { "networkInterfaceConfigurations": [{ "name": "eth0", "properties": {
                    "primary": true,
                    "ipConfigurations": [{ "name": "c0", "properties": {
                        "subnet": { "id": network_id("virtualNetworks/v0/subnets/s0") },
                        "loadBalancerBackendAddressPools": [{ "id": network_id("loadBalancers/l0/backendAddressPools/p0") }],
                        "loadBalancerInboundNatPools": [{ "id": network_id("loadBalancers/l0/inboundNatPools/n0") }],
                        "publicIPAddressConfiguration": { "name": "pub0" },
                    } }],
                } }] },
                "extensionProfile": { "extensions": [{ "name": "script", "properties": {
                    "publisher": "Microsoft.Azure.Extensions", "type": "CustomScript", "typeHandlerVersion": "2.0",
                    "protectedSettings": { "commandToExecute": "true" },
                } }] },
            },
        },
    })
}

#[test]
fn a_set_is_made_read_and_deleted() {
    let mut arm = with_balancer(Pace::Paused);
    let created = arm.tell(&format!("PUT {SETS}/s0?{COMPUTE}"), &set(2).to_string());
    let poll = poll_line(&created, "azure-asyncoperation");
    arm.tell(&poll, "");
    arm.tell_short(&format!("GET {SETS}/s0/virtualMachines?{COMPUTE}&$select=name"), "");
    arm.wait(300);
    arm.tell_short(&poll, "");
    arm.tell(&format!("GET {SETS}/s0?{COMPUTE}"), "");
    for path in [
        "",
        "/s0/virtualMachines",
        "/s0/virtualMachines/1",
        "/s0/instanceView",
        "/s0/virtualMachines/1/instanceView",
    ] {
        arm.tell_short(&format!("GET {SETS}{path}?{COMPUTE}"), "");
    }
    arm.tell_short(
        &format!("GET /providers/Microsoft.Compute/virtualMachineScaleSets?{COMPUTE}"),
        "",
    );
    let deleted = arm.tell(&format!("DELETE {SETS}/s0?{COMPUTE}"), "");
    let poll = poll_line(&deleted, "location");
    arm.tell_short(&poll, "");
    arm.wait(300);
    arm.tell_short(&poll, "");
    arm.tell_short(&format!("GET {SETS}/s0?{COMPUTE}"), "");
    arm.tell_short(&format!("DELETE {SETS}/s0?{COMPUTE}"), "");
    check("scale_sets_lifecycle", &arm.transcript());
}

#[test]
fn network_shows_what_the_machines_are_plugged_into() {
    let mut arm = with_balancer(Pace::Paused);
    arm.prepare(&format!("PUT {SETS}/s0?{COMPUTE}"), &set(2).to_string());
    arm.wait(300);
    let interface = format!("{SETS}/s0/virtualMachines/0/networkInterfaces/eth0");
    arm.tell(&format!("GET {interface}?{INTERFACES}"), "");
    let all = tree(&arm.send(&format!("GET {SETS}/s0/networkInterfaces?{INTERFACES}"), ""));
    assert_eq!(all["value"].as_array().map(Vec::len), Some(2), "{all}");
    arm.tell_short(&format!("GET {interface}/ipConfigurations?{INTERFACES}"), "");
    arm.tell_short(
        &format!("GET {interface}/ipConfigurations/c0/publicIPAddresses/pub0?{INTERFACES}"),
        "",
    );
    arm.tell_short(&format!("GET {SETS}/s0/publicipaddresses?{INTERFACES}"), "");
    let balancer = format!("{GROUP}/Microsoft.Network/loadBalancers/l0");
    arm.tell_short(&format!("GET {balancer}?{NETWORK}"), "");
    arm.tell_short(&format!("DELETE {balancer}?{NETWORK}"), "");
    arm.tell_short(&format!("PUT {interface}?{INTERFACES}"), "{}");
    let skus = tree(&arm.send(&format!("GET {SETS}/s0/skus?{COMPUTE}"), ""));
    assert_eq!(skus["value"][0]["capacity"]["maximum"], 100, "{skus}");
    check("scale_sets_network", &arm.transcript());
}

#[test]
fn machines_are_acted_upon_together_and_alone() {
    let mut arm = with_balancer(Pace::Paused);
    arm.prepare(&format!("PUT {SETS}/s0?{COMPUTE}"), &set(2).to_string());
    arm.wait(300);
    for (action, body) in [
        ("powerOff", ""),
        ("deallocate", ""),
        ("start", r#"{"instanceIds":["0","1"]}"#),
        ("manualupgrade", r#"{"instanceIds":["*"]}"#),
        ("restart", ""),
        ("delete", r#"{"instanceIds":["1"]}"#),
    ] {
        let begun = arm.tell(&format!("POST {SETS}/s0/{action}?{COMPUTE}"), body);
        arm.tell_short(&format!("POST {SETS}/s0/{action}?{COMPUTE}"), body);
        let poll = poll_line(&begun, "azure-asyncoperation");
        arm.wait(330);
        arm.tell_short(&poll, "");
    }
    for action in [
        "poweroff",
        "start",
        "restart",
        "deallocate",
        "simulateEviction",
        "reimage",
    ] {
        arm.tell_short(&format!("POST {SETS}/s0/virtualMachines/0/{action}?{COMPUTE}"), "");
        arm.wait(200);
    }
    for (line, body) in [
        (format!("GET {SETS}/s0/virtualMachines/x?{COMPUTE}"), ""),
        (format!("GET {SETS}/s0/virtualMachines/9?{COMPUTE}"), ""),
        (format!("GET {SETS}/none/virtualMachines/9?{COMPUTE}"), ""),
        (
            format!("POST {SETS}/s0/delete?{COMPUTE}"),
            r#"{"instanceIds":["0","999"]}"#,
        ),
        (
            format!("POST {SETS}/s0/manualupgrade?{COMPUTE}"),
            r#"{"instanceIds":["999"]}"#,
        ),
        (format!("POST {SETS}/s0/dance?{COMPUTE}"), ""),
        (format!("PATCH {SETS}/s0?{COMPUTE}"), r#"{"sku":{"capacity":101}}"#),
        (format!("DELETE {SETS}/s0/virtualMachines/0?{COMPUTE}"), ""),
    ] {
        arm.tell_short(&line, body);
    }
    arm.wait(300);
    let left = tree(&arm.send(&format!("GET {SETS}/s0?{COMPUTE}"), ""));
    assert_eq!(left["sku"]["capacity"], 0, "{left}");
    assert_eq!(arm.sandbox.cloud.check(), Vec::<String>::new());
    check("scale_sets_actions", &arm.transcript());
}

#[test]
fn a_group_goes_with_its_sets() {
    let mut arm = with_balancer(Pace::Paused);
    arm.prepare(&format!("PUT {SETS}/s0?{COMPUTE}"), &set(3).to_string());
    arm.prepare(&format!("DELETE /resourceGroups/g0?{GATEWAY}"), "");
    while let Some(due) = arm.sandbox.cloud.next_due() {
        arm.sandbox.advance(due);
        assert_eq!(arm.sandbox.cloud.check(), Vec::<String>::new());
    }
    let gone = arm.send(&format!("GET /resourceGroups/g0?{GATEWAY}"), "");
    assert_eq!(gone.status(), 404);
    assert!(arm.sandbox.cloud.fabric().leases.is_empty());
    assert!(arm.sandbox.cloud.fabric().machines.is_empty());
}

#[test]
fn the_same_calls_make_the_same_world() {
    let told = || {
        let mut arm = with_balancer(Pace::Paused);
        arm.prepare(&format!("PUT {SETS}/s0?{COMPUTE}"), &set(3).to_string());
        arm.wait(300);
        arm.prepare(&format!("POST {SETS}/s0/restart?{COMPUTE}"), "");
        arm.wait(300);
        arm.sandbox.cloud.digest()
    };
    assert_eq!(told(), told());
}
