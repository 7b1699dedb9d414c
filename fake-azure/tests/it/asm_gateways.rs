//! Gateways of virtual networks: a world is given one, the classic API reads it, and its network is in use (SM 11.7).

use serde_json::json;

use crate::asm_support::{Classic, network, site, snapshot};
use crate::shell_support::control;

const MEDIA: &str = "/services/networking/media";

/// Two networks: `net` with a subnet for gateways and two sites elsewhere, `bare` with neither.
fn document() -> String {
    let sites = ["here", "there"].map(|name| {
        format!(
            "<LocalNetworkSite name=\"{name}\"><AddressSpace><AddressPrefix>192.168.0.0/24</AddressPrefix></AddressSpace>\
             <VPNGatewayAddress>192.0.2.1</VPNGatewayAddress></LocalNetworkSite>"
        )
    });
    let refs = ["here", "there"]
        .map(|name| format!("<LocalNetworkSiteRef name=\"{name}\"><Connection type=\"IPsec\"/></LocalNetworkSiteRef>"));
    let net = site("net", "West US").replace(
        "</Subnets></VirtualNetworkSite>",
        &format!(
            "<Subnet name=\"GatewaySubnet\"><AddressPrefix>10.0.2.0/29</AddressPrefix></Subnet></Subnets><Gateway>\
             <ConnectionsToLocalNetwork>{}</ConnectionsToLocalNetwork></Gateway></VirtualNetworkSite>",
            refs.concat()
        ),
    );
    network(&format!("{net}{}", site("bare", "West US"))).replace(
        "<Dns/>",
        &format!("<Dns/><LocalNetworkSites>{}</LocalNetworkSites>", sites.concat()),
    )
}

fn scene() -> Classic {
    let classic = Classic::start();
    classic.ok("PUT", MEDIA, &document());
    classic
}

#[test]
fn a_gateway_is_read_with_its_connections_and_keys() {
    let mut classic = scene();
    classic.say("GET", "/services/networking/net/gateway", "");
    let body = json!({"kind": "StaticRouting", "connected": ["here"], "shared_keys": {"there": "s3cret"}});
    let (status, listed) = control(&classic.azure, "PUT gateways/net", &body.to_string());
    assert_eq!(status, 200, "{listed}");
    assert_eq!(listed["value"][0]["tunnels"], json!({"here": true, "there": false}));
    classic.check();
    classic.say("GET", "/services/networking/net/gateway", "");
    classic.say("GET", "/services/networking/net/gateway/connections", "");
    classic.say("GET", "/services/networking/net/gateway/connection/there/sharedkey", "");
    classic.say(
        "GET",
        "/services/networking/net/gateway/connection/nowhere/sharedkey",
        "",
    );
    classic.say("GET", "/services/networking/virtualnetwork", "");
    // One that is on its way has no address yet.
    control(&classic.azure, "PUT gateways/net", r#"{"state":"Provisioning"}"#);
    classic.say("GET", "/services/networking/net/gateway", "");
    classic.check();
    // Nobody makes one through the API.
    classic.say(
        "POST",
        "/services/networking/net/gateway",
        "<CreateGatewayParameters><gatewayType>DynamicRouting</gatewayType></CreateGatewayParameters>",
    );
    let (status, listed) = control(&classic.azure, "DELETE gateways/net", "");
    assert_eq!((status, &listed["value"]), (200, &json!([])));
    classic.say("GET", "/services/networking/net/gateway", "");
    classic.check();
    snapshot("asm-gateways", &classic.transcript());
}

#[test]
fn a_network_with_a_gateway_is_in_use_and_so_is_the_gateways_subnet() {
    let classic = scene();
    control(&classic.azure, "PUT gateways/net", "{}");
    assert_eq!(
        classic.refused("PUT", MEDIA, &network("")),
        "202, then 200 BadRequest: Cannot delete or modify virtual network while in use 'net'. The virtual network net is currently in use."
    );
    let without = document().replace(
        "<Subnet name=\"GatewaySubnet\"><AddressPrefix>10.0.2.0/29</AddressPrefix></Subnet>",
        "",
    );
    assert_eq!(
        classic.refused("PUT", MEDIA, &without),
        "202, then 200 BadRequest: Cannot delete or modify subnet while in use 'GatewaySubnet'."
    );
    control(&classic.azure, "DELETE gateways/net", "");
    classic.ok("PUT", MEDIA, &network(""));
    classic.check();
}

#[test]
fn a_saved_world_keeps_its_gateway() {
    let classic = scene();
    control(&classic.azure, "PUT gateways/net", r#"{"connected":["here"]}"#);
    let before = classic
        .send("GET", "/services/networking/net/gateway/connections", "")
        .body;
    let (_, saved) = control(&classic.azure, "GET state", "");
    control(&classic.azure, "DELETE gateways/net", "");
    let (status, answer) = control(&classic.azure, "PUT state", &saved.to_string());
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        classic
            .send("GET", "/services/networking/net/gateway/connections", "")
            .body,
        before
    );
}

#[test]
fn a_gateway_that_cannot_be_is_refused() {
    let classic = scene();
    let refused = |network: &str, body: &str| {
        let before = classic.digest();
        let (status, answer) = control(&classic.azure, &format!("PUT gateways/{network}"), body);
        assert_eq!(status, 400, "{answer}");
        assert_eq!(classic.digest(), before, "a refused call changed something");
        answer["error"]["message"].as_str().unwrap_or_default().to_owned()
    };
    assert!(refused("none", "{}").starts_with("BadRequest: Virtual network 'none' not found."));
    assert_eq!(
        refused("bare", "{}"),
        "BadRequest: The virtual network bare has no subnet named GatewaySubnet."
    );
    assert_eq!(
        refused("net", r#"{"connected":["nowhere"]}"#),
        "BadRequest: The local network site 'nowhere' that virtual network 'net' refers to does not exist."
    );
    assert_eq!(
        refused("net", r#"{"kind":"Sideways"}"#),
        "`Sideways` is neither `DynamicRouting` nor `StaticRouting`"
    );
    assert_eq!(refused("net", r#"{"state":"Lost"}"#), "`Lost` is no state of a gateway");
    let (status, _) = control(&classic.azure, "DELETE gateways/net", "");
    assert_eq!(status, 400);
}
