//! Virtual networks as the service sees them, and what hangs on their subnets (SM 11.3).

use fake_azure_cloud::classic::{Act, Placement, VirtualNetworkSite, forms};

use super::error::Failure;
use super::gateways;
use super::request::{Answer, Asked};
use super::route::Route;
use super::xml::{Contract, Writer};

pub(super) const ROUTES: &[Route] = &[
    Route::new("GET", "/services/networking/virtualnetwork", list).since(20_120_301),
    Route::new("GET", "/services/networking/{vnet}", availability).since(20_140_501),
    Route::new("GET", "/services/networking/{vnet}/gateway", gateways::show).since(20_120_301),
    Route::new(
        "GET",
        "/services/networking/{vnet}/gateway/connections",
        gateways::connections,
    )
    .since(20_120_301),
    Route::new(
        "GET",
        "/services/networking/{vnet}/gateway/connection/{site}/sharedkey",
        gateways::shared_key,
    )
    .since(20_120_301),
    Route::new(
        "POST",
        "/services/networking/virtualnetwork/{vnet}/subnets/{subnet}/networksecuritygroups",
        bind_group,
    )
    .since(20_140_501),
    Route::new(
        "GET",
        "/services/networking/virtualnetwork/{vnet}/subnets/{subnet}/networksecuritygroups",
        show_group,
    )
    .since(20_140_501),
    Route::new(
        "DELETE",
        "/services/networking/virtualnetwork/{vnet}/subnets/{subnet}/networksecuritygroups/{group}",
        free_group,
    )
    .since(20_140_501),
    Route::new(
        "POST",
        "/services/networking/virtualnetwork/{vnet}/subnets/{subnet}/routetables",
        bind_table,
    )
    .since(20_140_501),
    Route::new(
        "PUT",
        "/services/networking/virtualnetwork/{vnet}/subnets/{subnet}/routetables",
        bind_table,
    )
    .since(20_140_501),
    Route::new(
        "GET",
        "/services/networking/virtualnetwork/{vnet}/subnets/{subnet}/routetables",
        show_table,
    )
    .since(20_140_501),
    Route::new(
        "DELETE",
        "/services/networking/virtualnetwork/{vnet}/subnets/{subnet}/routetables",
        free_table,
    )
    .since(20_140_501),
];

fn list(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let cx = asked.cx();
    let body = Writer::root("VirtualNetworkSites", |writer| {
        for site in cx.virtual_network_sites(asked.key) {
            writer.element("VirtualNetworkSite", |writer| write(writer, asked, site));
        }
    });
    Ok(Answer::ok(body))
}

fn prefixes(writer: &mut Writer, block: &'static str, values: &[Box<str>]) {
    writer.element(block, |writer| writer.texts("AddressPrefixes", "AddressPrefix", values));
}

fn write(writer: &mut Writer, asked: &Asked<'_>, site: &VirtualNetworkSite) {
    let cx = asked.cx();
    let configuration = cx.network_configuration(asked.key).ok();
    writer.text("Name", &site.spec.name);
    writer.text("Id", site.id);
    if let Some(Placement::AffinityGroup(name)) = &site.spec.placement {
        writer.text("AffinityGroup", name);
    }
    writer.text("State", "Created");
    if cx.is_site_used(asked.key, &site.spec.name) {
        writer.text("InUse", true);
    }
    prefixes(writer, "AddressSpace", &site.spec.prefixes);
    writer.element("Subnets", |writer| {
        for subnet in &site.subnets {
            writer.element("Subnet", |writer| {
                writer.text("Name", &subnet.name);
                writer.text("AddressPrefix", &subnet.prefix);
                writer.optional("NetworkSecurityGroup", subnet.security_group.as_deref());
                writer.optional("RouteTableName", subnet.route_table.as_deref());
            });
        }
    });
    if !site.spec.dns_servers.is_empty() {
        writer.element("Dns", |writer| {
            writer.element("DnsServers", |writer| {
                let known = configuration.iter().flat_map(|own| own.dns_servers.iter());
                let named = |name: &str| site.spec.dns_servers.iter().any(|own| own.eq_ignore_ascii_case(name));
                for server in known.filter(|server| named(&server.name)) {
                    writer.element("DnsServer", |writer| {
                        writer.text("Name", &server.name);
                        writer.text("Address", &server.address);
                    });
                }
            });
        });
    }
    if let Some(gateway) = &site.spec.gateway {
        writer.element("Gateway", |writer| {
            writer.text("Profile", gateway.profile.as_deref().unwrap_or("Small"));
            writer.element("Sites", |writer| {
                for (name, kind) in &gateway.connections {
                    let locals = configuration.iter().flat_map(|own| own.local_sites.iter());
                    for local in locals.filter(|local| local.name.eq_ignore_ascii_case(name)) {
                        writer.element("LocalNetworkSite", |writer| {
                            writer.text("Name", &local.name);
                            prefixes(writer, "AddressSpace", &local.prefixes);
                            writer.optional("VpnGatewayAddress", local.gateway.as_deref());
                            writer.element("Connections", |writer| {
                                writer.element("Connection", |writer| writer.text("Type", kind));
                            });
                        });
                    }
                }
            });
            prefixes(writer, "VPNClientAddressPool", &gateway.client_pool);
            writer.empty("VnetNames");
        });
    }
    if let Some(Placement::Location(name)) = &site.spec.placement {
        writer.text("Location", name);
    }
}

/// `?op=checkavailability&address=`
fn availability(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let asks = asked
        .query("op")
        .is_some_and(|op| op.eq_ignore_ascii_case("checkavailability"));
    let address = asked
        .query("address")
        .and_then(|text| text.parse().ok())
        .filter(|_| asks)
        .ok_or_else(Failure::query)?;
    let (free, proposed) = asked
        .cx()
        .address_availability(asked.key, asked.param("vnet"), address)?;
    let body = Writer::root("AddressAvailabilityResponse", |writer| {
        writer.text("IsAvailable", free);
        writer.texts("AvailableAddresses", "AvailableAddress", proposed);
    });
    Ok(Answer::ok(body))
}

fn bind_group(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let group = super::network_security_groups::name_of(asked)?;
    let act = Act::BindSubnetSecurityGroup {
        network: asked.boxed("vnet"),
        subnet: asked.boxed("subnet"),
        group,
        on: true,
    };
    Ok(Answer::accepted(asked.perform(act)?))
}

fn free_group(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let group = asked.boxed("group");
    let act = Act::BindSubnetSecurityGroup {
        network: asked.boxed("vnet"),
        subnet: asked.boxed("subnet"),
        group,
        on: false,
    };
    Ok(Answer::accepted(asked.perform(act)?))
}

fn show_group(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let cx = asked.cx();
    let subnet = cx.classic_subnet(asked.key, asked.param("vnet"), asked.param("subnet"))?;
    let what = format!("subnet {}", subnet.name);
    let missing = || fake_azure_cloud::CloudError::of(&forms::NSG_NOT_ASSOCIATED).with("what", what);
    let group = subnet.security_group.as_deref().ok_or_else(missing)?;
    Ok(Answer::ok(super::network_security_groups::association(group)))
}

const TABLE: Contract = Contract {
    name: "RouteTableAssociation",
    order: &["RouteTableName"],
    lenient: &[],
};

fn bind_table(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body(TABLE.name)?;
    let table = Some(TABLE.read(&body).required("RouteTableName")?);
    let act = Act::BindSubnetRouteTable {
        network: asked.boxed("vnet"),
        subnet: asked.boxed("subnet"),
        table,
    };
    Ok(Answer::accepted(asked.perform(act)?))
}

fn free_table(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let act = Act::BindSubnetRouteTable {
        network: asked.boxed("vnet"),
        subnet: asked.boxed("subnet"),
        table: None,
    };
    Ok(Answer::accepted(asked.perform(act)?))
}

fn show_table(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let cx = asked.cx();
    let table = cx.subnet_route_table(asked.key, asked.param("vnet"), asked.param("subnet"))?;
    Ok(Answer::ok(Writer::root("RouteTableAssociation", |writer| {
        writer.text("RouteTableName", table)
    })))
}
