//! Input endpoints and load-balanced sets: which public port leads where (SM 7).

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::deployments::{Deployment, DeploymentKey, changed};
use super::{Asked, Hold, Role, Step, Work, deployments, forms, operations};
use crate::catalogue::role_sizes;
use crate::cx::Cx;
use crate::error::CloudError;
use crate::plan::Plan;

/// A public port that leads to a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputEndpoint {
    /// The load-balanced set that it is a member of.
    pub set: Option<Box<str>>,
    /// The port on the machine.
    pub local_port: u16,
    /// Its name, unique in the role. Empty in an update of a whole set.
    pub name: Box<str>,
    /// The public port; `None` until one is chosen.
    pub port: Option<u16>,
    /// How a member's health is seen.
    pub probe: Option<Probe>,
    /// `tcp` or `udp`, in lower case.
    pub protocol: Box<str>,
    /// Whether answers go around the load balancer.
    pub direct_server_return: bool,
    /// The internal load balancer that it belongs to, instead of the public address.
    pub load_balancer: Option<Box<str>>,
    /// Who may come in; in order.
    pub acl: Option<Vec<AclRule>>,
    /// Minutes after which an idle connection is forgotten.
    pub idle_minutes: Option<u32>,
    /// `sourceIP`, `sourceIPProtocol`, `none`.
    pub distribution: Option<Box<str>>,
    /// The extra virtual IP that it belongs to.
    pub virtual_ip: Option<Box<str>>,
}

/// A health probe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// What is asked for, by HTTP.
    pub path: Option<Box<str>>,
    /// The port.
    pub port: u16,
    /// `tcp` or `http`.
    pub protocol: Box<str>,
    /// Seconds between two tries; 15 unless said.
    pub interval_secs: u32,
    /// Seconds after which a member counts as dead; 31 unless said.
    pub timeout_secs: u32,
}

impl Probe {
    /// `IntervalInSeconds` when none is said (SM 7.1).
    pub const INTERVAL_SECS: u32 = 15;
    /// `TimeoutInSeconds` when none is said (SM 7.1).
    pub const TIMEOUT_SECS: u32 = 31;
}

/// A rule of an endpoint's access control list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AclRule {
    /// Rules apply in this order.
    pub order: u32,
    /// Whether it lets in.
    pub permit: bool,
    /// The clients that it is about, as sent.
    pub remote: Box<str>,
    /// Description.
    pub description: Option<Box<str>>,
}

/// Reads a port.
///
/// # Errors
///
/// When it is none, in the words of SM 5.3.
pub fn port(value: i64, what: &str) -> Result<u16, CloudError> {
    match u16::try_from(value) {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(CloudError::of(&forms::PORT_RANGE)
            .with("value", value)
            .with("what", what)),
    }
}

/// Whether an access control list lets a client in: the first match decides; where any rule permits, others are denied (SM 7.1).
pub fn permits(rules: &[AclRule], client: Ipv4Addr) -> bool {
    let mut sorted: Vec<&AclRule> = rules.iter().collect();
    sorted.sort_by_key(|rule| rule.order);
    let matches = |rule: &&&AclRule| prefix(&rule.remote).is_some_and(|prefix| prefix.contains(&client));
    match sorted.iter().find(matches) {
        Some(rule) => rule.permit,
        None => !rules.iter().any(|rule| rule.permit),
    }
}

/// An IPv4 prefix; a bare address is its own.
pub(super) fn prefix(text: &str) -> Option<ipnet::Ipv4Net> {
    text.parse()
        .ok()
        .or_else(|| text.parse::<Ipv4Addr>().ok().map(ipnet::Ipv4Net::from))
}

/// What an endpoint's port is unique by: the address it is on, port, protocol (SM 7.2).
fn place(endpoint: &InputEndpoint) -> (String, Option<u16>, Box<str>) {
    let on = match (&endpoint.load_balancer, &endpoint.virtual_ip) {
        (Some(name), _) => format!("lb/{}", name.to_lowercase()),
        (None, Some(name)) => format!("vip/{}", name.to_lowercase()),
        (None, None) => String::new(),
    };
    (on, endpoint.port, endpoint.protocol.clone())
}

/// Checks what is wrong with endpoints in themselves, and with a set that they join (SM 7.1, 7.3): refused at once.
pub(super) fn check(
    cx: &Cx<'_>,
    deployment: &Deployment,
    role: &str,
    size: &str,
    endpoints: &[InputEndpoint],
) -> Result<(), CloudError> {
    for (index, endpoint) in endpoints.iter().enumerate() {
        if endpoints[..index]
            .iter()
            .any(|other| other.name.eq_ignore_ascii_case(&endpoint.name))
        {
            return Err(CloudError::of(&forms::ENDPOINT_NAME)
                .with("endpoint", &endpoint.name)
                .with("role", role));
        }
        if !matches!(&*endpoint.protocol, "tcp" | "udp") {
            return Err(CloudError::of(&forms::PROTOCOL)
                .with("protocol", &endpoint.protocol)
                .with("endpoint", &endpoint.name));
        }
        check_probe(endpoint)?;
        check_acl(cx, endpoint)?;
        if endpoint.direct_server_return && endpoint.port.is_some_and(|port| port != endpoint.local_port) {
            return Err(CloudError::of(&forms::PARAMETER));
        }
        if endpoint
            .idle_minutes
            .is_some_and(|minutes| !(4..=30).contains(&minutes))
        {
            return Err(CloudError::of(&forms::PARAMETER));
        }
        if let Some(name) = &endpoint.load_balancer
            && !deployment
                .load_balancer
                .as_ref()
                .is_some_and(|own| own.name.eq_ignore_ascii_case(name))
        {
            return Err(CloudError::of(&forms::LB_NOT_FOUND).with("name", name));
        }
        if let Some(name) = &endpoint.virtual_ip
            && !deployment.vips.iter().any(|own| own.name.eq_ignore_ascii_case(name))
        {
            return Err(CloudError::of(&forms::VIP_NOT_FOUND).with("name", name));
        }
        if endpoint.set.is_some() && role_sizes::find(size).is_some_and(|size| size.name.starts_with("Basic_")) {
            return Err(CloudError::of(&forms::BASIC_IN_SET).with("role", role));
        }
        check_set(deployment, role, endpoint)?;
    }
    let others: usize = others(deployment, role).map(|own| own.network.endpoints.len()).sum();
    let count = others + endpoints.len();
    if let Some(limit) = cx
        .limit("InputEndpointsPerHostedService")
        .filter(|limit| i64::try_from(count).is_ok_and(|n| n > *limit))
    {
        return Err(CloudError::of(&forms::ENDPOINT_LIMIT)
            .with("count", count)
            .with("limit", limit));
    }
    Ok(())
}

/// Whatever is balanced, its health is asked for by TCP or HTTP (juju-provider L8).
fn check_probe(endpoint: &InputEndpoint) -> Result<(), CloudError> {
    match &endpoint.probe {
        Some(probe) if !matches!(&*probe.protocol, "tcp" | "http") => Err(CloudError::of(&forms::PROBE_PROTOCOL)
            .with("protocol", &probe.protocol)
            .with("endpoint", &endpoint.name)),
        _ => Ok(()),
    }
}

fn check_acl(cx: &Cx<'_>, endpoint: &InputEndpoint) -> Result<(), CloudError> {
    let refuse = |reason: &str| {
        Err(CloudError::of(&forms::ACL_RULES)
            .with("endpoint", &endpoint.name)
            .with("reason", reason))
    };
    let rules = endpoint.acl.as_deref().unwrap_or_default();
    let limit = cx
        .limit("AccessControlRulesPerEndpoint")
        .and_then(|limit| usize::try_from(limit).ok());
    if limit.is_some_and(|limit| rules.len() > limit) {
        return refuse("there are too many rules");
    }
    for (index, rule) in rules.iter().enumerate() {
        if rule.order > 65_535 || rules[..index].iter().any(|other| other.order == rule.order) {
            return refuse("orders must be unique and at most 65535");
        }
        if prefix(&rule.remote).is_none() {
            return refuse("a remote subnet is no IPv4 prefix");
        }
    }
    Ok(())
}

fn others<'d>(deployment: &'d Deployment, role: &'d str) -> impl Iterator<Item = &'d Role> {
    deployment
        .roles
        .iter()
        .filter(move |own| !own.name.eq_ignore_ascii_case(role))
}

/// A new member must agree with those of the set (SM 7.3); a set of one may be written freely.
fn check_set(deployment: &Deployment, role: &str, endpoint: &InputEndpoint) -> Result<(), CloudError> {
    let Some(set) = &endpoint.set else {
        return Ok(());
    };
    let members = others(deployment, role).flat_map(|own| own.network.endpoints.iter());
    let Some(member) = members.into_iter().find(|other| in_set(other, set)) else {
        return Ok(());
    };
    for (property, new, old) in properties(endpoint)
        .into_iter()
        .zip(properties(member))
        .map(|(new, old)| (new.0, new.1, old.1))
    {
        if new != old {
            return Err(CloudError::of(&forms::LB_SET)
                .with("endpoint", &endpoint.name)
                .with("property", property)
                .with("value", new)
                .with("existing", old)
                .with("set", set));
        }
    }
    Ok(())
}

fn in_set(endpoint: &InputEndpoint, set: &str) -> bool {
    endpoint.set.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(set))
}

/// What members of a set agree in, in the order in which differences are reported (SM 7.3; the list is in part assumed).
fn properties(endpoint: &InputEndpoint) -> Vec<(&'static str, String)> {
    let probe = endpoint.probe.as_ref();
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let acl: Vec<String> = endpoint
        .acl
        .iter()
        .flatten()
        .map(|rule| {
            format!(
                "{} {} {}",
                rule.order,
                if rule.permit { "permit" } else { "deny" },
                rule.remote
            )
        })
        .collect();
    vec![
        ("Port", endpoint.port.map(|port| port.to_string()).unwrap_or_default()),
        ("Protocol", endpoint.protocol.to_string()),
        ("LocalPort", endpoint.local_port.to_string()),
        (
            "LoadBalancerProbe.Port",
            probe.map(|probe| probe.port.to_string()).unwrap_or_default(),
        ),
        ("LoadBalancerProbe.Protocol", text(probe.map(|probe| &*probe.protocol))),
        (
            "LoadBalancerProbe.Path",
            text(probe.and_then(|probe| probe.path.as_deref())),
        ),
        (
            "LoadBalancerProbe.IntervalInSeconds",
            probe.map(|probe| probe.interval_secs.to_string()).unwrap_or_default(),
        ),
        (
            "LoadBalancerProbe.TimeoutInSeconds",
            probe.map(|probe| probe.timeout_secs.to_string()).unwrap_or_default(),
        ),
        ("EnableDirectServerReturn", endpoint.direct_server_return.to_string()),
        ("LoadBalancerName", text(endpoint.load_balancer.as_deref())),
        ("EndpointAcl", acl.join(", ")),
        (
            "IdleTimeoutInMinutes",
            endpoint
                .idle_minutes
                .map(|minutes| minutes.to_string())
                .unwrap_or_default(),
        ),
        ("LoadBalancerDistribution", text(endpoint.distribution.as_deref())),
    ]
}

/// The first port that two endpoints would share outside a common set (SM 7.2): the operation fails.
pub(super) fn collision(deployment: &Deployment, role: &str, endpoints: &[InputEndpoint]) -> Option<CloudError> {
    let mut taken: BTreeMap<_, Vec<(String, Option<String>)>> = BTreeMap::new();
    let folded = |set: &Option<Box<str>>| set.as_ref().map(|set| set.to_lowercase());
    for other in others(deployment, role) {
        for endpoint in &other.network.endpoints {
            taken
                .entry(place(endpoint))
                .or_default()
                .push((other.name.to_lowercase(), folded(&endpoint.set)));
        }
    }
    for endpoint in endpoints.iter().filter(|endpoint| endpoint.port.is_some()) {
        let there = taken.entry(place(endpoint)).or_default();
        let own = (role.to_lowercase(), folded(&endpoint.set));
        if there
            .iter()
            .any(|(holder, set)| own.1.is_none() || *set != own.1 || *holder == own.0)
        {
            let port = endpoint.port.unwrap_or_default();
            return Some(CloudError::of(&forms::PORT_IN_USE).with("port", port));
        }
        there.push(own);
    }
    None
}

/// Endpoints with a public port each: a free one from 49152 on where the client named none (SM 7.1).
pub(super) fn with_ports(deployment: &Deployment, role: &str, endpoints: &[InputEndpoint]) -> Vec<InputEndpoint> {
    let mut taken: Vec<u16> = others(deployment, role)
        .flat_map(|own| own.network.endpoints.iter())
        .chain(endpoints)
        .filter_map(|endpoint| endpoint.port)
        .collect();
    endpoints
        .iter()
        .map(|endpoint| {
            let port = endpoint
                .port
                .or_else(|| (49_152..=u16::MAX).find(|port| !taken.contains(port)));
            taken.extend(port);
            InputEndpoint {
                port,
                ..endpoint.clone()
            }
        })
        .collect()
}

/// Writes every member of the named sets at once (SM 7.3).
pub(super) fn update_set(
    cx: &Cx<'_>,
    asked: &Asked,
    service: &str,
    deployment: &str,
    endpoints: &[InputEndpoint],
) -> Result<Step, CloudError> {
    let (key, row) = deployments::find_named(cx, asked.subscription, service, deployment)?;
    operations::check_free(cx, &Hold::Deployment(key.clone()))?;
    let mut after = row.clone();
    for endpoint in endpoints {
        let Some(set) = &endpoint.set else {
            return Err(CloudError::of(&forms::PARAMETER));
        };
        if !row
            .roles
            .iter()
            .any(|role| role.network.endpoints.iter().any(|own| in_set(own, set)))
        {
            return Err(CloudError::of(&forms::LB_SET_NOT_FOUND).with("set", set));
        }
        check_probe(endpoint)?;
        check_acl(cx, endpoint)?;
        write_set(&mut after, set, endpoint);
    }
    let step = Step::later(Plan::new(), (20_000, 40_000))
        .holding(Hold::Deployment(key.clone()))
        .then(Work::UpdateSet {
            key,
            endpoints: endpoints.to_vec(),
        });
    let collides = after
        .roles
        .iter()
        .find_map(|role| collision(&after, &role.name, &role.network.endpoints));
    Ok(match collides {
        Some(error) => step.doomed(error),
        None => step,
    })
}

fn write_set(deployment: &mut Deployment, set: &str, endpoint: &InputEndpoint) {
    for own in deployment
        .roles
        .iter_mut()
        .flat_map(|role| role.network.endpoints.iter_mut())
        .filter(|own| in_set(own, set))
    {
        *own = InputEndpoint {
            name: own.name.clone(),
            set: own.set.clone(),
            port: endpoint.port.or(own.port),
            ..endpoint.clone()
        };
    }
}

/// The end of such an update.
pub(super) fn set_updated(cx: &Cx<'_>, key: &DeploymentKey, endpoints: &[InputEndpoint]) -> Plan {
    changed(cx, key, |deployment| {
        for endpoint in endpoints {
            if let Some(set) = &endpoint.set {
                write_set(deployment, set, endpoint);
            }
        }
    })
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn a_list_that_only_denies_lets_everybody_else_in() {
        let rule = |order, permit, remote: &str| AclRule {
            order,
            permit,
            remote: remote.into(),
            description: None,
        };
        let client = Ipv4Addr::new(23, 99, 18, 228);
        assert!(permits(&[], client));
        assert!(permits(&[rule(1, false, "10.0.0.0/8")], client));
        assert!(!permits(&[rule(1, true, "10.0.0.0/8")], client));
        assert!(permits(
            &[rule(2, false, "0.0.0.0/0"), rule(1, true, "23.99.18.228/31")],
            client
        ));
    }

    #[test]
    fn ports_are_from_1_to_65535() {
        for value in [0, 166_535, -1] {
            let error = port(value, "LocalPort").expect_err("no port");
            assert!(error.message.starts_with(&format!(
                "Value '{value}' specified for parameter 'InputEndpoint.LocalPort'"
            )));
        }
        assert_eq!(port(22, "Port"), Ok(22));
    }
}
