//! What names no resource: subscriptions, providers, usages, sizes, the catalogue, and whether names are free.

use fake_azure::Pace;
use fake_azure::cloud::catalogue::limits::Era;

use crate::arm_support::{Arm, GATEWAY, NETWORK, check, json};

const VNET: &str = "/resourceGroups/g0/providers/Microsoft.Network/virtualNetworks/v0";
const IMAGES: &str = "/providers/Microsoft.Compute/locations/westus/publishers/canonical/artifacttypes/vmimage/offers";

fn with_network() -> Arm {
    let mut arm = Arm::new();
    arm.prepare(&format!("PUT /resourceGroups/g0?{GATEWAY}"), r#"{"location":"westus"}"#);
    let body = r#"{"location":"westus","properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/16"]},"subnets":[{"name":"s0","properties":{"addressPrefix":"10.0.0.0/24"}}]}}"#;
    arm.prepare(&format!("PUT {VNET}?{NETWORK}"), body);
    arm.wait(10);
    arm
}

#[test]
fn subscriptions_tenants_and_locations_follow_the_version() {
    let mut arm = Arm::new();
    for line in [
        "GET !/subscriptions?api-version=2016-06-01",
        "GET !/subscriptions?api-version=2022-12-01",
        "GET ?api-version=2019-06-01",
        "GET !/tenants?api-version=2016-06-01",
        "GET !/tenants?api-version=2022-12-01",
    ] {
        arm.tell_short(line, "");
    }
    for (version, name) in [
        ("2016-06-01", "westus"),
        ("2020-01-01", "westus"),
        ("2020-01-01", "asia"),
        ("2022-12-01", "eastus"),
    ] {
        let list = json(&arm.send(&format!("GET /locations?api-version={version}"), ""));
        let entry = list["value"]
            .as_array()
            .expect("a list")
            .iter()
            .find(|entry| entry["name"] == name)
            .cloned();
        let shown = entry.map_or_else(String::new, |entry| entry.to_string());
        arm.note(&format!("{version} {name}: {shown}"));
    }
    check("arm_subscriptions", &arm.transcript());
}

#[test]
fn a_provider_document_follows_the_version() {
    let mut arm = Arm::with(Pace::Paused, Era::Arm2016);
    for version in ["2016-09-01", "2021-04-01"] {
        let document = json(&arm.send(&format!("GET /providers/microsoft.network?api-version={version}"), ""));
        let members: Vec<&String> = document.as_object().expect("an object").keys().collect();
        let first = &document["resourceTypes"][0];
        let type_members: Vec<&String> = first.as_object().expect("an object").keys().collect();
        arm.note(&format!(
            "{version}: {members:?}, {} {type_members:?}",
            first["resourceType"]
        ));
    }
    let all = json(&arm.send(&format!("GET /providers?{GATEWAY}"), ""));
    let names: Vec<&serde_json::Value> = all["value"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| &one["namespace"])
        .collect();
    arm.note(&format!("{names:?}"));
    let at_tenant = json(&arm.send(&format!("GET !/providers/Microsoft.Compute?{GATEWAY}"), ""));
    arm.note(&format!("{} {}", at_tenant["id"], at_tenant["registrationState"]));
    check("arm_providers", &arm.transcript());
}

#[test]
fn usages_report_what_is_counted() {
    let mut arm = with_network();
    let first = |arm: &mut Arm, line: &str| json(&arm.send(line, ""))["value"][0].to_string();
    for (line, version) in [
        (
            "GET /providers/Microsoft.Network/locations/West%20US/usages",
            "2017-10-01",
        ),
        ("GET /providers/Microsoft.Network/locations/westus/usages", "2019-11-01"),
        ("GET /providers/Microsoft.Network/locations/eastus/usages", "2019-11-01"),
        ("GET /providers/Microsoft.Compute/locations/westus/usages", "2016-03-30"),
        ("GET /providers/Microsoft.Compute/locations/westus/usages", "2020-12-01"),
        ("GET /providers/Microsoft.Storage/usages", "2017-10-01"),
        ("GET /providers/Microsoft.Storage/locations/westus/usages", "2019-06-01"),
    ] {
        let shown = first(&mut arm, &format!("{line}?api-version={version}"));
        arm.note(&format!("{line} {version}\n{shown}"));
    }
    arm.tell_short(&format!("GET {VNET}/usages?{NETWORK}"), "");
    check("arm_usages", &arm.transcript());
}

#[test]
fn a_limit_is_reported_where_it_is_enforced() {
    let mut arm = with_network();
    arm.sandbox.cloud.ledger_mut().set_override("VirtualNetworks", Some(1));
    let usages = json(&arm.send(
        &format!("GET /providers/Microsoft.Network/locations/westus/usages?{NETWORK}"),
        "",
    ));
    assert_eq!(
        (&usages["value"][0]["currentValue"], &usages["value"][0]["limit"]),
        (&1.into(), &1.into())
    );
    let body = r#"{"location":"westus","properties":{"addressSpace":{"addressPrefixes":["10.1.0.0/16"]}}}"#;
    let second = arm.send(&format!("PUT {VNET}2?{NETWORK}"), body);
    assert_eq!(
        (second.status().as_u16(), json(&second)["error"]["code"].clone()),
        (400, "VirtualNetworkCountLimitReached".into())
    );
}

#[test]
fn sizes_and_skus_are_those_of_the_place() {
    let mut arm = Arm::new();
    let count = |arm: &mut Arm, line: &str| json(&arm.send(line, ""))["value"].as_array().map_or(0, Vec::len);
    assert!(
        count(
            &mut arm,
            "GET /providers/Microsoft.Compute/locations/westus/vmSizes?api-version=2020-12-01"
        ) > 100
    );
    let line = "GET /providers/Microsoft.Compute/skus?api-version=2019-04-01&$filter=location%20eq%20'westus2'";
    let skus = json(&arm.send(line, ""));
    let size = skus["value"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|sku| sku["name"] == "Standard_D2s_v3")
        .cloned();
    arm.note(&size.expect("the size is sold there").to_string());
    let set = skus["value"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|sku| sku["name"] == "Aligned")
        .cloned();
    arm.note(&set.expect("sets are everywhere").to_string());
    assert_eq!(count(&mut arm, &line.replace("westus2", "nowhere")), 0);
    arm.tell_short(&line.replace("location", "name"), "");
    check("arm_skus", &arm.transcript());
}

#[test]
fn the_image_catalogue_is_bare_arrays() {
    let mut arm = Arm::with(Pace::Paused, Era::Arm2016);
    let version = "api-version=2016-03-30";
    let sku = format!("{IMAGES}/UbuntuServer/skus/16.04.0-LTS/versions");
    for line in [
        &format!("GET {IMAGES}/UbuntuServer/skus?{version}&$top=2"),
        &format!("GET {sku}?{version}&$top=2&$orderby=name%20desc"),
        &format!("GET {sku}?{version}&$filter=startswith(name,'16.04.20160627')"),
        &format!("GET {sku}?{version}&$filter=name%20eq%20'x'"),
        &format!("GET {sku}?{version}&$orderby=size"),
        &format!("GET {sku}/16.04.201606270?{version}"),
        &format!("GET {sku}/16.04.201606270?api-version=2024-11-01"),
        &format!(
            "GET {sku}?api-version=2024-11-01&$top=1&$orderby=name%20desc&$expand=properties/imageDeprecationStatus"
        ),
        &format!("GET {sku}/1.2.3?{version}"),
        &format!("GET {IMAGES}/Nothing/skus?{version}"),
        &format!(
            "GET /providers/Microsoft.Compute/locations/westus/publishers/Microsoft.Compute/artifacttypes/vmextension/types?{version}&$top=2"
        ),
        &format!(
            "GET /providers/Microsoft.Compute/locations/westus/publishers/Canonical/artifacttypes/vmextension/types?{version}"
        ),
        &format!(
            "GET /providers/Microsoft.Compute/locations/westus/publishers/Microsoft.Azure.Extensions/artifacttypes/vmextension/types/CustomScript/versions?{version}&$top=1"
        ),
        &format!(
            "GET /providers/Microsoft.Compute/locations/westus/publishers/Microsoft.Azure.Extensions/artifacttypes/vmextension/types/CustomScript/versions/2.0.0?{version}"
        ),
        &format!("GET /providers/Microsoft.Compute/locations/westus/publishers?{version}&$top=2"),
    ] {
        arm.tell_short(line, "");
    }
    check("arm_images", &arm.transcript());
}

#[test]
fn whether_names_and_addresses_are_free() {
    let mut arm = with_network();
    for line in [
        &format!("GET {VNET}/CheckIPAddressAvailability?ipAddress=10.0.0.0&{NETWORK}"),
        &format!("GET {VNET}/CheckIPAddressAvailability?ipAddress=10.0.0.9&{NETWORK}"),
        &format!("GET {VNET}/CheckIPAddressAvailability?ipAddress=10.9.0.9&{NETWORK}"),
        &format!("GET {VNET}/CheckIPAddressAvailability?ipAddress=nonsense&{NETWORK}"),
        &format!("POST {VNET}/CheckIPAddressAvailability?ipAddress=10.0.0.9&{NETWORK}"),
        &format!(
            "GET /providers/Microsoft.Network/locations/westus/CheckDnsNameAvailability?domainNameLabel=free&{NETWORK}"
        ),
        &format!(
            "GET /providers/Microsoft.Network/locations/westus/CheckDnsNameAvailability?domainNameLabel=Not_Free&{NETWORK}"
        ),
        &format!("GET /providers/Microsoft.Network/locations/westus/virtualNetworkAvailableEndpointServices?{NETWORK}"),
    ] {
        arm.tell_short(line, "");
    }
    let accounts = "POST /providers/Microsoft.Storage/checkNameAvailability?api-version=2019-06-01";
    arm.tell_short(
        accounts,
        r#"{"name":"free0","type":"Microsoft.Storage/storageAccounts"}"#,
    );
    arm.tell_short(
        accounts,
        r#"{"name":"Not-Free","type":"Microsoft.Storage/storageAccounts"}"#,
    );
    let response = arm.tell(accounts, r#"{"name":"free0"}"#);
    assert!(
        response
            .headers()
            .contains_key("x-ms-ratelimit-remaining-subscription-reads")
    );
    check("arm_availability", &arm.transcript());
}
