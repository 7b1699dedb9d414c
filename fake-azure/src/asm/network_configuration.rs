//! The network configuration document (SM 11.2): a schema of its own, checked with line and column; written back from the model.

use fake_azure_cloud::CloudError;
use fake_azure_cloud::classic::{
    Act, DnsServerEntry, GatewaySpec, LocalNetworkSite, NetworkConfiguration, Placement, SiteSpec, SubnetSpec, forms,
};

use super::error::Failure;
use super::request::{Answer, Asked};
use super::route::Route;
use super::xml::{Element, INSTANCE, Malformed, NETWORK, escape, parse};

pub(super) const ROUTES: &[Route] = &[
    Route::new("GET", "/services/networking/media", show).since(20_120_301),
    Route::new("PUT", "/services/networking/media", put).since(20_120_301),
];

fn show(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = document(asked.cx().network_configuration(asked.key)?);
    Ok(Answer {
        content_type: "text/plain",
        ..Answer::ok(body)
    })
}

fn put(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let root = parse(asked.request.body()).map_err(wrong_at)?;
    let document = read(&root)?;
    Ok(Answer::accepted(
        asked.perform(Act::PutNetworkConfiguration(Box::new(document)))?,
    ))
}

fn wrong_at(place: Malformed) -> Failure {
    CloudError::of(&forms::NETWORK_SCHEMA)
        .with("line", place.line)
        .with("column", place.column)
        .into()
}

fn wrong(element: &Element) -> Failure {
    wrong_at(Malformed {
        line: element.line,
        column: element.column,
    })
}

/// The children of an element; one whose name is not expected there breaks the schema.
fn children<'e>(element: &'e Element, known: &[&str]) -> Result<&'e [Element], Failure> {
    let stranger = element
        .children
        .iter()
        .find(|child| child.namespace != NETWORK || !known.contains(&child.name.as_str()));
    match stranger {
        Some(stranger) => Err(wrong(stranger)),
        None => Ok(&element.children),
    }
}

fn one<'e>(element: &'e Element, name: &str) -> Result<&'e Element, Failure> {
    element.child(name).ok_or_else(|| wrong(element))
}

fn name(element: &Element) -> Result<Box<str>, Failure> {
    element.attribute("name").map(Into::into).ok_or_else(|| wrong(element))
}

fn text(element: &Element) -> Box<str> {
    element.text.trim().into()
}

/// Reads the document. The order of sections and of a site's parts is not enforced: a client relies on it (SM 14.5).
fn read(root: &Element) -> Result<NetworkConfiguration, Failure> {
    if root.name != "NetworkConfiguration" || root.namespace != NETWORK {
        return Err(wrong(root));
    }
    children(root, &["VirtualNetworkConfiguration"])?;
    let mut document = NetworkConfiguration::default();
    let Some(body) = root.child("VirtualNetworkConfiguration") else {
        return Err(wrong(root));
    };
    for section in children(body, &["Dns", "LocalNetworkSites", "VirtualNetworkSites"])? {
        match section.name.as_str() {
            "Dns" => {
                for list in children(section, &["DnsServers"])? {
                    for server in children(list, &["DnsServer"])? {
                        let address = server.attribute("IPAddress").ok_or_else(|| wrong(server))?;
                        document.dns_servers.push(DnsServerEntry {
                            name: name(server)?,
                            address: address.into(),
                        });
                    }
                }
            }
            "LocalNetworkSites" => {
                for site in children(section, &["LocalNetworkSite"])? {
                    children(site, &["AddressSpace", "VPNGatewayAddress"])?;
                    document.local_sites.push(LocalNetworkSite {
                        name: name(site)?,
                        prefixes: space(one(site, "AddressSpace")?)?,
                        gateway: site
                            .child("VPNGatewayAddress")
                            .map(text)
                            .filter(|text| !text.is_empty()),
                    });
                }
            }
            _ => {
                for site in children(section, &["VirtualNetworkSite"])? {
                    document.sites.push(read_site(site)?);
                }
            }
        }
    }
    Ok(document)
}

/// At least one prefix.
fn space(element: &Element) -> Result<Vec<Box<str>>, Failure> {
    let prefixes: Vec<Box<str>> = children(element, &["AddressPrefix"])?.iter().map(text).collect();
    if prefixes.is_empty() {
        Err(wrong(element))
    } else {
        Ok(prefixes)
    }
}

fn read_site(site: &Element) -> Result<SiteSpec, Failure> {
    children(site, &["AddressSpace", "Subnets", "DnsServersRef", "Gateway"])?;
    let placement = match (site.attribute("Location"), site.attribute("AffinityGroup")) {
        (Some(location), _) if !location.is_empty() => Some(Placement::Location(location.into())),
        (_, Some(group)) if !group.is_empty() => Some(Placement::AffinityGroup(group.into())),
        _ => None,
    };
    let mut spec = SiteSpec {
        name: name(site)?,
        placement,
        prefixes: space(one(site, "AddressSpace")?)?,
        ..SiteSpec::default()
    };
    if let Some(subnets) = site.child("Subnets") {
        for subnet in children(subnets, &["Subnet"])? {
            children(subnet, &["AddressPrefix"])?;
            spec.subnets.push(SubnetSpec {
                name: name(subnet)?,
                prefix: text(one(subnet, "AddressPrefix")?),
            });
        }
    }
    if let Some(servers) = site.child("DnsServersRef") {
        for server in children(servers, &["DnsServerRef"])? {
            spec.dns_servers.push(name(server)?);
        }
    }
    if let Some(gateway) = site.child("Gateway") {
        children(gateway, &["VPNClientAddressPool", "ConnectionsToLocalNetwork"])?;
        let pool = gateway
            .child("VPNClientAddressPool")
            .map(space)
            .transpose()?
            .unwrap_or_default();
        let mut own = GatewaySpec {
            profile: gateway.attribute("profile").map(Into::into),
            client_pool: pool,
            connections: Vec::new(),
        };
        if let Some(list) = gateway.child("ConnectionsToLocalNetwork") {
            for connection in children(list, &["LocalNetworkSiteRef"])? {
                let kind = connection
                    .child("Connection")
                    .and_then(|own| own.attribute("type"))
                    .unwrap_or("IPsec");
                own.connections.push((name(connection)?, kind.into()));
            }
        }
        let is_empty = own.profile.is_none() && own.client_pool.is_empty() && own.connections.is_empty();
        spec.gateway = (!is_empty).then_some(own);
    }
    Ok(spec)
}

/// Writes indented lines with CRLF between them.
struct Lines {
    text: String,
    depth: usize,
}

impl Lines {
    fn line(&mut self, text: &str) {
        self.text.push_str("\r\n");
        self.text.push_str(&"  ".repeat(self.depth));
        self.text.push_str(text);
    }

    fn block(&mut self, name: &str, attributes: &str, write: impl FnOnce(&mut Lines)) {
        self.line(&format!("<{name}{attributes}>"));
        self.depth += 1;
        write(self);
        self.depth -= 1;
        self.line(&format!("</{name}>"));
    }

    fn prefixes(&mut self, block: &str, prefixes: &[Box<str>]) {
        self.block(block, "", |lines| {
            for prefix in prefixes {
                lines.line(&format!("<AddressPrefix>{}</AddressPrefix>", escape(prefix)));
            }
        });
    }
}

fn attribute(text: &str) -> String {
    escape(text).replace('"', "&quot;")
}

/// The document as the service prints it: byte order mark, declaration, CRLF, two blanks a level.
fn document(configuration: &NetworkConfiguration) -> String {
    let mut lines = Lines {
        text: "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>".to_owned(),
        depth: 0,
    };
    let namespaces =
        format!(" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" xmlns:xsi=\"{INSTANCE}\" xmlns=\"{NETWORK}\"");
    lines.block("NetworkConfiguration", &namespaces, |lines| {
        lines.block("VirtualNetworkConfiguration", "", |lines| {
            sections(lines, configuration)
        });
    });
    lines.text
}

fn sections(lines: &mut Lines, configuration: &NetworkConfiguration) {
    if configuration.dns_servers.is_empty() {
        lines.line("<Dns />");
    } else {
        lines.block("Dns", "", |lines| {
            lines.block("DnsServers", "", |lines| {
                for server in &configuration.dns_servers {
                    let (name, address) = (attribute(&server.name), attribute(&server.address));
                    lines.line(&format!("<DnsServer name=\"{name}\" IPAddress=\"{address}\" />"));
                }
            });
        });
    }
    if !configuration.local_sites.is_empty() {
        lines.block("LocalNetworkSites", "", |lines| {
            for site in &configuration.local_sites {
                lines.block(
                    "LocalNetworkSite",
                    &format!(" name=\"{}\"", attribute(&site.name)),
                    |lines| {
                        lines.prefixes("AddressSpace", &site.prefixes);
                        if let Some(gateway) = &site.gateway {
                            lines.line(&format!("<VPNGatewayAddress>{}</VPNGatewayAddress>", escape(gateway)));
                        }
                    },
                );
            }
        });
    }
    if !configuration.sites.is_empty() {
        lines.block("VirtualNetworkSites", "", |lines| {
            for site in &configuration.sites {
                write_site(lines, site);
            }
        });
    }
}

fn write_site(lines: &mut Lines, site: &SiteSpec) {
    let place = match &site.placement {
        Some(Placement::Location(name)) => format!(" Location=\"{}\"", attribute(name)),
        Some(Placement::AffinityGroup(name)) => format!(" AffinityGroup=\"{}\"", attribute(name)),
        None => String::new(),
    };
    lines.block(
        "VirtualNetworkSite",
        &format!(" name=\"{}\"{place}", attribute(&site.name)),
        |lines| {
            lines.prefixes("AddressSpace", &site.prefixes);
            if !site.subnets.is_empty() {
                lines.block("Subnets", "", |lines| {
                    for subnet in &site.subnets {
                        lines.block("Subnet", &format!(" name=\"{}\"", attribute(&subnet.name)), |lines| {
                            lines.line(&format!("<AddressPrefix>{}</AddressPrefix>", escape(&subnet.prefix)));
                        });
                    }
                });
            }
            if !site.dns_servers.is_empty() {
                lines.block("DnsServersRef", "", |lines| {
                    for name in &site.dns_servers {
                        lines.line(&format!("<DnsServerRef name=\"{}\" />", attribute(name)));
                    }
                });
            }
            if let Some(gateway) = &site.gateway {
                let profile = gateway
                    .profile
                    .as_ref()
                    .map_or_else(String::new, |own| format!(" profile=\"{}\"", attribute(own)));
                lines.block("Gateway", &profile, |lines| {
                    if !gateway.client_pool.is_empty() {
                        lines.prefixes("VPNClientAddressPool", &gateway.client_pool);
                    }
                    if !gateway.connections.is_empty() {
                        lines.block("ConnectionsToLocalNetwork", "", |lines| {
                            for (name, kind) in &gateway.connections {
                                lines.block(
                                    "LocalNetworkSiteRef",
                                    &format!(" name=\"{}\"", attribute(name)),
                                    |lines| {
                                        lines.line(&format!("<Connection type=\"{}\" />", attribute(kind)));
                                    },
                                );
                            }
                        });
                    }
                });
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_reads_as_it_prints() {
        let site = SiteSpec {
            name: "a \"net\"".into(),
            placement: Some(Placement::Location("West US".into())),
            prefixes: vec!["10.0.0.0/8".into()],
            subnets: vec![SubnetSpec {
                name: "s".into(),
                prefix: "10.0.0.0/11".into(),
            }],
            dns_servers: vec!["d".into()],
            gateway: Some(GatewaySpec {
                profile: None,
                client_pool: vec![],
                connections: vec![("l".into(), "IPsec".into())],
            }),
        };
        let configuration = NetworkConfiguration {
            dns_servers: vec![DnsServerEntry {
                name: "d".into(),
                address: "8.8.8.8".into(),
            }],
            local_sites: vec![LocalNetworkSite {
                name: "l".into(),
                prefixes: vec!["10.1.0.0/16".into()],
                gateway: None,
            }],
            sites: vec![site],
        };
        let text = document(&configuration);
        let root = parse(text.as_bytes()).expect("well formed");
        assert_eq!(read(&root), Ok(configuration));
    }

    #[test]
    fn a_broken_schema_names_line_and_column() {
        let text = format!(
            "<NetworkConfiguration xmlns=\"{NETWORK}\">\n  <VirtualNetworkConfiguration>\n    <Nonsense/></VirtualNetworkConfiguration></NetworkConfiguration>"
        );
        let root = parse(text.as_bytes()).expect("well formed");
        let failure = read(&root).expect_err("no such section");
        assert_eq!(
            failure.message,
            "XML Schema validation error in network configuration at line 3,5."
        );
    }
}
