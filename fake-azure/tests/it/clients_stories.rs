//! What clients do without polling, request by request (real-clients 3, 5). The clients themselves run elsewhere.

use fake_azure::Pace;
use fake_azure::cloud::catalogue::limits::Era;

use crate::arm_support::{Arm, NETWORK, SUBSCRIPTION};

const ADDRESSES: &str = "/resourceGroups/rg/providers/Microsoft.Network/publicIPAddresses";

/// An address is made, its list is read, and an interface takes it: no poll between them. Status of the last, and the state
/// that the list showed.
fn taken_without_a_poll(pace: Pace) -> (u16, String) {
    let network = "/resourceGroups/rg/providers/Microsoft.Network";
    let mut arm = Arm::with(pace, Era::Current);
    arm.prepare(
        "PUT /resourceGroups/rg?api-version=2021-04-01",
        r#"{"location": "westus"}"#,
    );
    let vnet = format!("{network}/virtualNetworks/v1");
    arm.prepare(
        &format!("PUT {vnet}?{NETWORK}"),
        r#"{"location": "westus", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [{"name": "s", "properties": {"addressPrefix": "10.0.0.0/24"}}]}}"#,
    );
    arm.wait(60);
    arm.prepare(&format!("PUT {ADDRESSES}/ip?{NETWORK}"), r#"{"location": "westus"}"#);

    let listed = arm.send(&format!("GET {ADDRESSES}?{NETWORK}"), "");
    let listed: serde_json::Value = serde_json::from_slice(listed.body()).expect("a list is JSON");
    let state = listed["value"][0]["properties"]["provisioningState"]
        .as_str()
        .unwrap_or_default();
    let nic = format!(
        r#"{{"location": "westus", "properties": {{"ipConfigurations": [{{"name": "ip", "properties": {{
            "subnet": {{"id": "{SUBSCRIPTION}{vnet}/subnets/s"}},
            "publicIPAddress": {{"id": "{SUBSCRIPTION}{ADDRESSES}/ip"}}}}}}]}}}}"#
    );
    let taken = arm.send(&format!("PUT {network}/networkInterfaces/n?{NETWORK}"), &nic);
    (taken.status().as_u16(), state.to_owned())
}

#[test]
fn who_lists_and_never_polls_finds_nothing_in_progress_where_nobody_waits() {
    assert_eq!(taken_without_a_poll(Pace::Immediate), (201, "Succeeded".to_owned()));
}

#[test]
fn a_list_shows_what_is_in_progress_where_time_takes_its_time() {
    assert_eq!(taken_without_a_poll(Pace::Paused), (400, "Updating".to_owned()));
}
