//! Endpoints, load-balanced sets, internal load balancers, DNS servers and extra virtual IPs on the wire (SM 7).

use fake_azure_cloud::classic::endpoints::{AclRule, InputEndpoint, Probe, port};
use fake_azure_cloud::classic::{Act, Deployment, InternalLoadBalancer, LoadBalancerSpec, forms};

use super::deployments::dns_server;
use super::error::Failure;
use super::request::{Answer, Asked};
use super::route::Route;
use super::xml::{Contract, Element, Writer};

const D: &str = "/services/hostedservices/{service}/deployments/{deployment}";

pub(super) const ROUTES: &[Route] = &[
    Route::new("POST", D, update_set).comp("UpdateLbSet").since(20_120_301),
    Route::new(
        "POST",
        "/services/hostedservices/{service}/deployments/{deployment}/loadbalancers",
        add_balancer,
    )
    .since(20_140_501),
    Route::new(
        "PUT",
        "/services/hostedservices/{service}/deployments/{deployment}/loadbalancers/{name}",
        put_balancer,
    )
    .since(20_140_501),
    Route::new(
        "DELETE",
        "/services/hostedservices/{service}/deployments/{deployment}/loadbalancers/{name}",
        delete_balancer,
    )
    .since(20_140_501),
    Route::new(
        "POST",
        "/services/hostedservices/{service}/deployments/{deployment}/dnsservers",
        add_dns,
    )
    .since(20_120_301),
    Route::new(
        "PUT",
        "/services/hostedservices/{service}/deployments/{deployment}/dnsservers/{name}",
        put_dns,
    )
    .since(20_120_301),
    Route::new(
        "DELETE",
        "/services/hostedservices/{service}/deployments/{deployment}/dnsservers/{name}",
        delete_dns,
    )
    .since(20_120_301),
    Route::new(
        "POST",
        "/services/hostedservices/{service}/deployments/{deployment}/{name}",
        add_vip,
    )
    .since(20_140_601),
    Route::new(
        "DELETE",
        "/services/hostedservices/{service}/deployments/{deployment}/virtualIPs/{name}",
        delete_vip,
    )
    .since(20_140_601),
];

const ENDPOINT: Contract = Contract {
    name: "InputEndpoint",
    order: &[
        "LoadBalancedEndpointSetName",
        "LocalPort",
        "Name",
        "Port",
        "LoadBalancerProbe",
        "Protocol",
        "Vip",
        "EnableDirectServerReturn",
        "LoadBalancerName",
        "EndpointAcl",
        "IdleTimeoutInMinutes",
        "LoadBalancerDistribution",
        "VirtualIPName",
    ],
    lenient: &[],
};
const PROBE: Contract = Contract {
    name: "LoadBalancerProbe",
    order: &["Path", "Port", "Protocol", "IntervalInSeconds", "TimeoutInSeconds"],
    lenient: &[],
};
const RULE: Contract = Contract {
    name: "Rule",
    order: &["Order", "Action", "RemoteSubnet", "Description"],
    lenient: &[],
};
const BALANCER: Contract = Contract {
    name: "LoadBalancer",
    order: &["Name", "FrontendIpConfiguration"],
    lenient: &[],
};
const FRONTEND: Contract = Contract {
    name: "FrontendIpConfiguration",
    order: &["Type", "SubnetName", "StaticVirtualNetworkIPAddress"],
    lenient: &[],
};

/// Reads an endpoint. In an update of a whole set it needs no name (SM 7.3).
pub(super) fn decode(element: &Element, named: bool) -> Result<InputEndpoint, Failure> {
    let fields = ENDPOINT.read(element);
    let name = if named {
        fields.required("Name")?
    } else {
        fields.or_empty("Name")
    };
    let local: i64 = fields.number("LocalPort")?.ok_or_else(|| fields.missing())?;
    let public: Option<i64> = fields.number("Port")?;
    let rules = fields
        .get("EndpointAcl")
        .map(|acl| acl.child("Rules").map(acl_rules).transpose())
        .transpose()?;
    Ok(InputEndpoint {
        set: fields.filled("LoadBalancedEndpointSetName"),
        local_port: port(local, "LocalPort")?,
        name,
        port: public.map(|value| port(value, "Port")).transpose()?,
        probe: fields.get("LoadBalancerProbe").map(probe).transpose()?,
        protocol: fields.required("Protocol")?.to_lowercase().into(),
        direct_server_return: fields.boolean("EnableDirectServerReturn")?.unwrap_or(false),
        load_balancer: fields.filled("LoadBalancerName"),
        acl: rules.flatten(),
        idle_minutes: fields.number("IdleTimeoutInMinutes")?,
        distribution: fields.filled("LoadBalancerDistribution"),
        virtual_ip: fields.filled("VirtualIPName"),
    })
}

fn probe(element: &Element) -> Result<Probe, Failure> {
    let fields = PROBE.read(element);
    let number: i64 = fields.number("Port")?.ok_or_else(|| fields.missing())?;
    let seconds = |name: &str, least: u32, default: u32| -> Result<u32, Failure> {
        match fields.number::<u32>(name)? {
            None => Ok(default),
            Some(own) if own >= least => Ok(own),
            Some(_) => Err(Failure::of(&forms::PARAMETER)),
        }
    };
    let protocol = fields.required("Protocol")?.to_lowercase();
    Ok(Probe {
        path: fields.filled("Path"),
        port: port(number, "LoadBalancerProbe.Port")?,
        protocol: protocol.into(),
        interval_secs: seconds("IntervalInSeconds", 5, Probe::INTERVAL_SECS)?,
        timeout_secs: seconds("TimeoutInSeconds", 11, Probe::TIMEOUT_SECS)?,
    })
}

fn acl_rules(list: &Element) -> Result<Vec<AclRule>, Failure> {
    list.all("Rule")
        .map(|rule| {
            let fields = RULE.read(rule);
            let permit = match fields.required("Action")?.to_ascii_lowercase().as_str() {
                "permit" => true,
                "deny" => false,
                _ => return Err(Failure::of(&forms::PARAMETER)),
            };
            Ok(AclRule {
                order: fields.number("Order")?.ok_or_else(|| fields.missing())?,
                permit,
                remote: fields.required("RemoteSubnet")?,
                description: fields.filled("Description"),
            })
        })
        .collect()
}

/// The children of `InputEndpoint`.
pub(super) fn write(writer: &mut Writer, endpoint: &InputEndpoint, vip: Option<&str>) {
    writer.optional("LoadBalancedEndpointSetName", endpoint.set.as_deref());
    writer.text("LocalPort", endpoint.local_port);
    writer.text("Name", &endpoint.name);
    writer.optional("Port", endpoint.port);
    if let Some(probe) = &endpoint.probe {
        writer.element("LoadBalancerProbe", |writer| {
            writer.optional("Path", probe.path.as_deref());
            writer.text("Port", probe.port);
            writer.text("Protocol", &probe.protocol);
            writer.text("IntervalInSeconds", probe.interval_secs);
            writer.text("TimeoutInSeconds", probe.timeout_secs);
        });
    }
    writer.text("Protocol", &endpoint.protocol);
    writer.optional("Vip", vip.filter(|_| endpoint.load_balancer.is_none()));
    writer.text("EnableDirectServerReturn", endpoint.direct_server_return);
    writer.optional("LoadBalancerName", endpoint.load_balancer.as_deref());
    if let Some(rules) = &endpoint.acl {
        writer.element("EndpointAcl", |writer| {
            writer.element("Rules", |writer| {
                for rule in rules {
                    writer.element("Rule", |writer| {
                        writer.text("Order", rule.order);
                        writer.text("Action", if rule.permit { "permit" } else { "deny" });
                        writer.text("RemoteSubnet", &rule.remote);
                        writer.optional("Description", rule.description.as_deref());
                    });
                }
            });
        });
    }
    writer.optional("IdleTimeoutInMinutes", endpoint.idle_minutes);
    writer.optional("LoadBalancerDistribution", endpoint.distribution.as_deref());
    writer.optional("VirtualIPName", endpoint.virtual_ip.as_deref());
}

/// The address that an endpoint is on, when it is not the deployment's first.
pub(super) fn vip_of(asked: &Asked<'_>, deployment: &Deployment, endpoint: &InputEndpoint) -> Option<String> {
    let cx = asked.cx();
    if endpoint.load_balancer.is_some() {
        let port = deployment.load_balancer.as_ref().and_then(|own| own.port)?;
        return cx
            .fabric()
            .ports
            .get(&port)?
            .addresses
            .first()
            .map(|held| held.address.to_string());
    }
    let name = endpoint.virtual_ip.as_deref()?;
    let vip = deployment.vips.iter().find(|own| own.name.eq_ignore_ascii_case(name))?;
    cx.vip_address(vip).map(|address| address.to_string())
}

fn update_set(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body("LoadBalancedEndpointList")?;
    let endpoints = body
        .all("InputEndpoint")
        .map(|own| decode(own, false))
        .collect::<Result<Vec<_>, _>>()?;
    if endpoints.is_empty() {
        return Err(Failure::missing_element("LoadBalancedEndpointList"));
    }
    let act = Act::UpdateLoadBalancedEndpointSet {
        service: asked.boxed("service"),
        deployment: asked.boxed("deployment"),
        endpoints,
    };
    Ok(Answer::accepted(asked.perform(act)?))
}

/// Reads an internal load balancer.
pub(super) fn balancer(element: &Element) -> Result<LoadBalancerSpec, Failure> {
    let fields = BALANCER.read(element);
    let mut spec = LoadBalancerSpec {
        name: fields.or_empty("Name"),
        ..LoadBalancerSpec::default()
    };
    if let Some(frontend) = fields.get("FrontendIpConfiguration") {
        let own = FRONTEND.read(frontend);
        if own
            .text("Type")
            .is_some_and(|kind| !kind.eq_ignore_ascii_case("private"))
        {
            return Err(Failure::of(&forms::PARAMETER));
        }
        spec.subnet = own.filled("SubnetName");
        spec.address = match own
            .text("StaticVirtualNetworkIPAddress")
            .filter(|text| !text.is_empty())
        {
            Some(text) => Some(text.parse().map_err(|_| Failure::of(&forms::PARAMETER))?),
            None => None,
        };
    }
    Ok(spec)
}

/// The children of `LoadBalancer`.
pub(super) fn write_balancer(writer: &mut Writer, balancer: &InternalLoadBalancer) {
    writer.text("Name", &balancer.name);
    writer.element("FrontendIpConfiguration", |writer| {
        writer.text("Type", "Private");
        writer.optional("SubnetName", balancer.subnet.as_deref());
        writer.optional("StaticVirtualNetworkIPAddress", balancer.address);
    });
}

/// Service, deployment and the last name of a path.
fn names(asked: &Asked<'_>) -> (Box<str>, Box<str>, Box<str>) {
    (asked.boxed("service"), asked.boxed("deployment"), asked.boxed("name"))
}

fn add_balancer(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body(BALANCER.name)?;
    let balancer = balancer(&body)?;
    let act = Act::AddLoadBalancer {
        service: asked.boxed("service"),
        deployment: asked.boxed("deployment"),
        balancer,
    };
    Ok(Answer::accepted(asked.perform(act)?))
}

fn put_balancer(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body(BALANCER.name)?;
    let balancer = balancer(&body)?;
    let (service, deployment, name) = names(asked);
    Ok(Answer::accepted(asked.perform(Act::UpdateLoadBalancer {
        service,
        deployment,
        name,
        balancer,
    })?))
}

fn delete_balancer(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let (service, deployment, name) = names(asked);
    Ok(Answer::accepted(asked.perform(Act::DeleteLoadBalancer {
        service,
        deployment,
        name,
    })?))
}

fn add_dns(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body("DnsServer")?;
    let (service, deployment, _) = names(asked);
    Ok(Answer::accepted(asked.perform(Act::AddDnsServer {
        service,
        deployment,
        server: dns_server(&body),
    })?))
}

fn put_dns(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body("DnsServer")?;
    let (service, deployment, name) = names(asked);
    let mut server = dns_server(&body);
    server.name = name;
    Ok(Answer::accepted(asked.perform(Act::UpdateDnsServer {
        service,
        deployment,
        server,
    })?))
}

fn delete_dns(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let (service, deployment, name) = names(asked);
    Ok(Answer::accepted(asked.perform(Act::DeleteDnsServer {
        service,
        deployment,
        name,
    })?))
}

fn add_vip(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let (service, deployment, name) = names(asked);
    Ok(Answer::accepted(asked.perform(Act::AddVirtualIp {
        service,
        deployment,
        name,
    })?))
}

fn delete_vip(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let (service, deployment, name) = names(asked);
    Ok(Answer::accepted(asked.perform(Act::DeleteVirtualIp {
        service,
        deployment,
        name,
    })?))
}
