//! Deployments on the wire: reading one is the largest answer of the API (SM 5.5).

use fake_azure_cloud::classic::{
    Act, CreateDeployment, Deployment, DnsServer, HostedService, Package, Phase, Role, Slot, Stage, Which, forms,
};

use super::encode::{base64, date, extended};
use super::error::Failure;
use super::request::{Answer, Asked};
use super::route::Route;
use super::xml::{Contract, Element, SERVICE_CONFIGURATION, Writer, escape};
use super::{endpoints, packages, roles};

/// The first version with machines.
const MACHINES: u32 = 20_120_301;

pub(super) const ROUTES: &[Route] = &[
    Route::new("POST", "/services/hostedservices/{service}/deployments", create).since(MACHINES),
    Route::new(
        "GET",
        "/services/hostedservices/{service}/deployments/{deployment}",
        show,
    ),
    Route::new(
        "DELETE",
        "/services/hostedservices/{service}/deployments/{deployment}",
        delete,
    ),
    Route::new(
        "DELETE",
        "/services/hostedservices/{service}/deployments/{deployment}",
        delete,
    )
    .comp("media")
    .since(20_130_801),
    Route::new("GET", "/services/hostedservices/{service}/deploymentslots/{slot}", show),
    Route::new(
        "DELETE",
        "/services/hostedservices/{service}/deploymentslots/{slot}",
        delete,
    ),
    Route::new(
        "DELETE",
        "/services/hostedservices/{service}/deploymentslots/{slot}",
        delete,
    )
    .comp("media")
    .since(20_130_801),
    Route::new("POST", "/services/hostedservices/{service}", swap),
];

const CREATE: Contract = Contract {
    name: "Deployment",
    order: &[
        "Name",
        "DeploymentSlot",
        "Label",
        "RoleList",
        "VirtualNetworkName",
        "Dns",
        "ReservedIPName",
        "LoadBalancers",
    ],
    lenient: &[],
};
const SWAP: Contract = Contract {
    name: "Swap",
    order: &["Production", "SourceDeployment"],
    lenient: &[],
};

/// The slot in a path.
pub(super) fn slot_of(asked: &Asked<'_>) -> Result<Slot, Failure> {
    Slot::find(asked.param("slot")).ok_or_else(Failure::unknown)
}

/// The deployment that a path names.
pub(super) fn which(asked: &Asked<'_>) -> Result<Which, Failure> {
    match asked.param("deployment") {
        "" => slot_of(asked).map(Which::In),
        name => Ok(Which::Named(name.into())),
    }
}

/// The deployment that a path names, and its slot.
pub(super) fn find<'c>(asked: &'c Asked<'_>) -> Result<(Slot, &'c Deployment), Failure> {
    let (cx, service) = (asked.cx(), asked.param("service"));
    Ok(match which(asked)? {
        Which::In(slot) => (slot, cx.deployment_in(asked.key, service, slot)?),
        Which::Named(name) => cx.deployment_named(asked.key, service, &name)?,
    })
}

pub(super) fn dns_server(element: &Element) -> DnsServer {
    const CONTRACT: Contract = Contract {
        name: "DnsServer",
        order: &["Name", "Address"],
        lenient: &["Name", "Address"],
    };
    let fields = CONTRACT.read(element);
    DnsServer {
        name: fields.or_empty("Name"),
        address: fields.or_empty("Address"),
    }
}

fn create(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body(CREATE.name)?;
    let fields = CREATE.read(&body);
    let list = fields.get("RoleList").ok_or_else(|| fields.missing())?;
    let mut deployment = CreateDeployment {
        name: fields.required("Name")?,
        slot: match fields.text("DeploymentSlot") {
            None | Some("") => None,
            Some(text) => Some(Slot::find(text).ok_or_else(|| Failure::of(&forms::PARAMETER))?),
        },
        label: fields.or_empty("Label"),
        network: fields.filled("VirtualNetworkName"),
        reserved_ip: fields.filled("ReservedIPName"),
        ..CreateDeployment::default()
    };
    if let Some(servers) = fields.get("Dns").and_then(|dns| dns.child("DnsServers")) {
        deployment.dns_servers = servers.all("DnsServer").map(dns_server).collect();
    }
    if let Some(balancer) = fields.get("LoadBalancers").and_then(|list| list.child("LoadBalancer")) {
        deployment.load_balancer = Some(endpoints::balancer(balancer)?);
    }
    for role in list.all("Role") {
        deployment.roles.push(roles::decode(role)?);
    }
    let service = asked.boxed("service");
    Ok(Answer::accepted(asked.perform(Act::CreateDeployment {
        service,
        deployment: Box::new(deployment),
    })?))
}

fn delete(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let act = Act::DeleteDeployment {
        service: asked.boxed("service"),
        which: which(asked)?,
        media: asked.media(),
    };
    Ok(Answer::accepted(asked.perform(act)?))
}

fn swap(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body(SWAP.name)?;
    let fields = SWAP.read(&body);
    let act = Act::Swap {
        service: asked.boxed("service"),
        production: fields.filled("Production"),
        source: fields.required("SourceDeployment")?,
    };
    Ok(Answer::accepted(asked.perform(act)?))
}

fn show(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let asked = &*asked;
    let (slot, deployment) = find(asked)?;
    let cx = asked.cx();
    let service = cx.hosted_service(asked.key, asked.param("service"))?;
    Ok(Answer::ok(Writer::root("Deployment", |writer| {
        write(writer, asked, service, slot, deployment)
    })))
}

/// The service configuration of machines: one instance of each (SM 5.5).
fn configuration(deployment: &Deployment) -> String {
    if let Some(package) = &deployment.package {
        return package.configuration.to_string();
    }
    let mut text = format!(
        "<ServiceConfiguration xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns=\"{SERVICE_CONFIGURATION}\">\r\n"
    );
    for role in &deployment.roles {
        text.push_str(&format!(
            "  <Role name=\"{}\">\r\n    <Instances count=\"1\" />\r\n  </Role>\r\n",
            escape(&role.name)
        ));
    }
    text.push_str("</ServiceConfiguration>");
    base64(&text)
}

/// The children of `Deployment`, in order.
pub(super) fn write(
    writer: &mut Writer,
    asked: &Asked<'_>,
    service: &HostedService,
    slot: Slot,
    deployment: &Deployment,
) {
    let cx = asked.cx();
    let now = asked.sandbox.cloud.now();
    let early = deployment.stage == Stage::Deploying;
    let private_id = format!("{:032x}", deployment.private_id.0);
    let label = if deployment.package.is_some() {
        deployment.label.to_string()
    } else {
        base64(&deployment.label)
    };
    writer.text("Name", &deployment.name);
    writer.text("DeploymentSlot", slot.as_str());
    writer.text("PrivateID", &private_id);
    writer.text("Status", deployment.status(now));
    writer.text("Label", label);
    if !early {
        let host = match slot {
            Slot::Production => service.dns_name(),
            Slot::Staging => format!("{private_id}.cloudapp.net"),
        };
        writer.text("Url", format!("http://{host}/"));
        writer.text("Configuration", configuration(deployment));
    }
    writer.element("RoleInstanceList", |writer| {
        if !early {
            instances(writer, asked, deployment);
        }
    });
    if let Some(update) = deployment.package.as_ref().and_then(|package| package.update.as_ref()) {
        writer.element("UpgradeStatus", |writer| {
            writer.text("UpgradeType", update.mode.as_str());
            writer.text("CurrentUpgradeDomainState", update.state());
            writer.text("CurrentUpgradeDomain", update.domain);
        });
    }
    if !early {
        writer.text("UpgradeDomainCount", deployment.upgrade_domains());
    }
    writer.element("RoleList", |writer| {
        if !early {
            let vip = first_vip(asked, deployment);
            for role in &deployment.roles {
                writer.typed("Role", "PersistentVMRole", |writer| {
                    roles::write(writer, role, Some(vip.as_deref()))
                });
            }
            for role in deployment.package.iter().flat_map(Package::role_names) {
                writer.element("Role", |writer| {
                    writer.text("RoleName", role);
                    writer.text("OsVersion", "WA-GUEST-OS-2.40_201506-01");
                });
            }
        }
    });
    let sdk = if deployment.package.is_some() {
        "1.7.30602.1703"
    } else {
        ""
    };
    writer.text("SdkVersion", sdk);
    writer.text("Locked", matches!(deployment.stage, Stage::Deploying | Stage::Visible));
    writer.text("RollbackAllowed", deployment.is_rollback_allowed());
    writer.optional("VirtualNetworkName", deployment.network.as_deref());
    if !deployment.dns_servers.is_empty() {
        writer.element("Dns", |writer| {
            writer.element("DnsServers", |writer| {
                for server in &deployment.dns_servers {
                    writer.element("DnsServer", |writer| {
                        writer.text("Name", &server.name);
                        writer.text("Address", &server.address);
                    });
                }
            });
        });
    }
    writer.text("CreatedTime", date(deployment.created));
    writer.text("LastModifiedTime", date(deployment.last_modified(now)));
    extended(writer, &deployment.extended, None);
    if !early && !deployment.roles.is_empty() {
        downtime(writer, deployment);
    }
    if let Some(package) = deployment
        .package
        .as_ref()
        .filter(|package| !package.extensions.is_empty())
    {
        packages::write_extensions(writer, &package.extensions);
    }
    writer.element("VirtualIPs", |writer| {
        for vip in deployment.vips.iter().filter(|_| !early) {
            let Some(address) = cx.vip_address(vip).filter(|_| deployment.has_host(now)) else {
                continue;
            };
            writer.element("VirtualIP", |writer| {
                writer.text("Address", address);
                writer.text("IsDnsProgrammed", true);
                writer.text("Name", deployment.vip_name(vip));
                if let Some(name) = &vip.reserved {
                    writer.text("IsReserved", true);
                    writer.text("ReservedIPName", name);
                }
            });
        }
    });
    writer.optional(
        "ReservedIPName",
        deployment.vips.iter().find_map(|vip| vip.reserved.as_deref()),
    );
    if deployment.package.is_none() && !early {
        writer.text("InternalDnsSuffix", deployment.internal_suffix(&service.name));
    }
    writer.element("LoadBalancers", |writer| {
        if let Some(balancer) = &deployment.load_balancer {
            writer.element("LoadBalancer", |writer| endpoints::write_balancer(writer, balancer));
        }
    });
    if let Some(network) = deployment.network.as_deref()
        && let Ok(site) = cx.virtual_network_site(asked.key, network)
    {
        writer.text("VirtualNetworkId", site.id);
    }
}

/// A planned maintenance that most recorded deployments show; a week before they were made. It has no effect (SM 8.3).
fn downtime(writer: &mut Writer, deployment: &Deployment) {
    const WEEK_MS: i64 = 7 * 86_400_000;
    writer.element("PersistentVMDowntime", |writer| {
        writer.text("StartTime", date(deployment.created.plus_millis(-WEEK_MS)));
        writer.text("EndTime", date(deployment.created.plus_millis(-WEEK_MS / 2)));
        writer.text("Status", "PersistentVMUpdateScheduled");
    });
}

fn first_vip(asked: &Asked<'_>, deployment: &Deployment) -> Option<String> {
    let now = asked.sandbox.cloud.now();
    let vip = deployment.vips.first().filter(|_| deployment.has_host(now))?;
    asked.cx().vip_address(vip).map(|address| address.to_string())
}

fn instances(writer: &mut Writer, asked: &Asked<'_>, deployment: &Deployment) {
    let vip = first_vip(asked, deployment);
    for role in &deployment.roles {
        writer.element("RoleInstance", |writer| {
            instance(writer, asked, deployment, role, vip.as_deref())
        });
    }
    let Some(package) = &deployment.package else {
        return;
    };
    let now = asked.sandbox.cloud.now();
    for instance in &package.instances {
        writer.element("RoleInstance", |writer| {
            let (status, power) = instance.timeline.at(now).states();
            writer.text("RoleName", &instance.role);
            writer.text("InstanceName", instance.name());
            writer.text("InstanceStatus", status);
            writer.text("InstanceUpgradeDomain", instance.upgrade_domain());
            writer.text("InstanceFaultDomain", instance.fault_domain());
            writer.text("InstanceSize", "Small");
            writer.empty("InstanceStateDetails");
            writer.text("PowerState", power);
        });
    }
}

fn instance(writer: &mut Writer, asked: &Asked<'_>, deployment: &Deployment, role: &Role, vip: Option<&str>) {
    let cx = asked.cx();
    let now = asked.sandbox.cloud.now();
    let phase = role.timeline.at(now);
    let (status, power) = phase.states();
    writer.text("RoleName", &role.name);
    writer.text("InstanceName", &role.name);
    writer.text("InstanceStatus", status);
    if phase == Phase::Deallocated {
        writer.text("PowerState", power);
        return;
    }
    let (update_domain, fault_domain) = role.domains();
    writer.text("InstanceUpgradeDomain", update_domain);
    writer.text("InstanceFaultDomain", fault_domain);
    writer.text("InstanceSize", &role.size);
    writer.text("InstanceStateDetails", phase.details(role.is_windows()));
    let address = |port| {
        cx.fabric()
            .ports
            .get(&port)
            .and_then(|row| row.addresses.first())
            .map(|held| held.address)
    };
    writer.optional("IpAddress", address(role.port));
    if !role.network.endpoints.is_empty() {
        writer.element("InstanceEndpoints", |writer| {
            for endpoint in &role.network.endpoints {
                writer.element("InstanceEndpoint", |writer| {
                    writer.text("Name", &endpoint.name);
                    writer.optional(
                        "Vip",
                        endpoints::vip_of(asked, deployment, endpoint).or_else(|| vip.map(str::to_owned)),
                    );
                    writer.optional("PublicPort", endpoint.port);
                    writer.text("LocalPort", endpoint.local_port);
                    writer.text("Protocol", &endpoint.protocol);
                    writer.optional("IdleTimeoutInMinutes", endpoint.idle_minutes);
                });
            }
        });
    }
    writer.text("PowerState", power);
    if phase.has_booted() {
        writer.text("HostName", &role.host_name);
        writer.text("RemoteAccessCertificateThumbprint", &role.remote_access_thumbprint);
    }
    if role.guest_agent == Some(true) {
        agent(writer, role, phase, &date(role.timeline.since(now)));
    }
    if !role.network.interfaces.is_empty() {
        writer.element("NetworkInterfaces", |writer| {
            for nic in &role.network.interfaces {
                writer.element("NetworkInterface", |writer| {
                    writer.text("Name", &nic.name);
                    let mac = nic
                        .port
                        .and_then(|port| cx.fabric().ports.get(&port))
                        .and_then(|row| row.mac);
                    writer.optional("MacAddress", mac.map(|mac| mac.to_string().replace('-', "")));
                    writer.element("IPConfigurations", |writer| {
                        for (subnet, _) in &nic.configurations {
                            writer.element("IPConfiguration", |writer| {
                                writer.text("SubnetName", subnet);
                                writer.optional("Address", nic.port.and_then(address));
                            });
                        }
                    });
                    writer.optional(
                        "IPForwarding",
                        nic.ip_forwarding.map(|on| if on { "Enabled" } else { "Disabled" }),
                    );
                });
            }
        });
    }
    if let (Some(own), Some(spec)) = (role.public_ip, role.network.public_ips.first()) {
        writer.element("PublicIPs", |writer| {
            writer.element("PublicIP", |writer| {
                writer.text("Name", &spec.name);
                writer.optional(
                    "Address",
                    cx.fabric().public_addresses.get(&own.0).and_then(|row| row.address),
                );
                writer.optional("IdleTimeoutInMinutes", spec.idle_minutes);
                writer.nillable("DomainNameLabel", spec.dns_label.as_deref());
            });
        });
    }
}

/// What the guest agent says of itself and of its extensions.
fn agent(writer: &mut Writer, role: &Role, phase: Phase, since: &str) {
    let ready = phase == Phase::Ready;
    let says = |writer: &mut Writer, message: &str| {
        writer.element("FormattedMessage", |writer| {
            writer.text("Language", "en-US");
            writer.text("Message", message);
        });
    };
    writer.element("GuestAgentStatus", |writer| {
        writer.text("ProtocolVersion", "1.0");
        writer.text("Timestamp", since);
        let version = if role.is_windows() { "2.7.1198.735" } else { "2.0.12" };
        writer.text("GuestAgentVersion", if ready { version } else { "Unknown" });
        writer.text("Status", if ready { "Ready" } else { "NotReady" });
        let waiting = format!("Status not available for role {}.", role.name);
        says(
            writer,
            if ready {
                "GuestAgent is running and accepting new configurations."
            } else {
                &waiting
            },
        );
    });
    let running = role.extensions.iter().filter(|own| {
        !own.state
            .as_deref()
            .is_some_and(|state| state.eq_ignore_ascii_case("Uninstall"))
    });
    let running: Vec<_> = running.collect();
    if !ready || running.is_empty() {
        return;
    }
    writer.element("ResourceExtensionStatusList", |writer| {
        for extension in running {
            writer.element("ResourceExtensionStatus", |writer| {
                writer.text("HandlerName", format!("{}.{}", extension.publisher, extension.name));
                writer.text("Version", extension.version.replace('*', "0"));
                let off = extension
                    .state
                    .as_deref()
                    .is_some_and(|state| state.eq_ignore_ascii_case("Disable"));
                writer.text("Status", if off { "NotReady" } else { "Ready" });
                says(writer, if off { "Plugin disabled." } else { "Plugin enabled." });
            });
        }
    });
}
