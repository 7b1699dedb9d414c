//! Gateways of virtual networks, which are only read (SM 11.7; elements of connections follow public documentation of the time).

use fake_azure_cloud::classic::{Gateway, GatewayState, Tunnel};

use super::encode::date;
use super::error::Failure;
use super::request::{Answer, Asked};
use super::xml::Writer;

pub(super) fn show(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let cx = asked.cx();
    let gateway = cx.gateway(asked.key, asked.param("vnet"))?;
    let address = cx
        .fabric()
        .public_addresses
        .get(&gateway.key)
        .and_then(|row| row.address);
    Ok(Answer::ok(Writer::root("Gateway", |writer| {
        writer.text("State", gateway.state.as_str());
        writer.optional("VIPAddress", address.map(|address| address.to_string()).as_deref());
        last_event(writer, gateway);
        writer.text("GatewayType", &gateway.kind);
        writer.text("GatewaySize", &gateway.size);
        writer.empty("DefaultSites");
    })))
}

fn last_event(writer: &mut Writer, gateway: &Gateway) {
    let (id, verb) = match gateway.state {
        GatewayState::Provisioning => (23_001, "Began to create"),
        GatewayState::Provisioned => (23_002, "Successfully created"),
        GatewayState::Deprovisioning => (23_003, "Began to delete"),
    };
    let message = format!(
        "{verb} a gateway for the following virtual network: {}",
        gateway.network
    );
    writer.element("LastEvent", |writer| {
        writer.text("Timestamp", date(gateway.since));
        writer.text("Id", id);
        writer.text("Message", message);
        writer.nillable("Data", None);
    });
}

pub(super) fn connections(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let cx = asked.cx();
    let gateway = cx.gateway(asked.key, asked.param("vnet"))?;
    Ok(Answer::ok(Writer::root("Connections", |writer| {
        for tunnel in &gateway.tunnels {
            writer.element("Connection", |writer| connection(writer, gateway, tunnel));
        }
    })))
}

fn connection(writer: &mut Writer, gateway: &Gateway, tunnel: &Tunnel) {
    writer.text("LocalNetworkSiteName", &tunnel.site);
    writer.text(
        "ConnectivityState",
        if tunnel.connected { "Connected" } else { "NotConnected" },
    );
    if tunnel.connected {
        let message = format!(
            "The connectivity state for the local network site '{}' changed from Not Connected to Connected.",
            tunnel.site
        );
        writer.text("LastConnectionEstablished", date(gateway.since));
        writer.element("LastEvent", |writer| {
            writer.text("Timestamp", date(gateway.since));
            writer.text("Id", 23_401);
            writer.text("Message", message);
            writer.nillable("Data", None);
        });
    }
    // Nothing is sent through tunnels here.
    writer.text("IngressBytesTransferred", 0);
    writer.text("EgressBytesTransferred", 0);
}

pub(super) fn shared_key(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let cx = asked.cx();
    let tunnel = cx.tunnel(asked.key, asked.param("vnet"), asked.param("site"))?;
    Ok(Answer::ok(Writer::root("SharedKey", |writer| {
        writer.text("Value", &tunnel.shared_key);
    })))
}
