//! Network security groups of the classic API (SM 11.5).

use serde::{Deserialize, Serialize};

use super::deployments::{self, Alter};
use super::{
    Asked, Hold, Named, Step, Work, endpoints, forms, operations, regional, roles, subscription, virtual_networks,
};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::key::Key;
use crate::plan::Plan;

/// A network security group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkSecurityGroup {
    /// Name.
    pub name: Box<str>,
    /// Label.
    pub label: Option<Box<str>>,
    /// The location's display name.
    pub location: Box<str>,
    /// The client's rules, by name.
    pub rules: Vec<Rule>,
}

/// A rule with its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Name.
    pub name: Box<str>,
    /// What it says.
    pub spec: RuleSpec,
}

/// What a rule says, in the words of the API.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after the elements of the contract")]
pub struct RuleSpec {
    pub inbound: bool,
    pub priority: u32,
    pub allow: bool,
    pub source: Box<str>,
    pub source_ports: Box<str>,
    pub destination: Box<str>,
    pub destination_ports: Box<str>,
    pub protocol: Box<str>,
}

/// The rules that every group has, in the order served: name, inbound, priority, allow, source, destination.
const DEFAULT_RULES: &[(&str, bool, u32, bool, &str, &str)] = &[
    (
        "ALLOW VNET OUTBOUND",
        false,
        65_000,
        true,
        "VIRTUAL_NETWORK",
        "VIRTUAL_NETWORK",
    ),
    (
        "ALLOW VNET INBOUND",
        true,
        65_000,
        true,
        "VIRTUAL_NETWORK",
        "VIRTUAL_NETWORK",
    ),
    (
        "ALLOW AZURE LOAD BALANCER INBOUND",
        true,
        65_001,
        true,
        "AZURE_LOADBALANCER",
        "*",
    ),
    ("ALLOW INTERNET OUTBOUND", false, 65_001, true, "*", "INTERNET"),
    ("DENY ALL OUTBOUND", false, 65_500, false, "*", "*"),
    ("DENY ALL INBOUND", true, 65_500, false, "*", "*"),
];

impl NetworkSecurityGroup {
    /// The rules that every group has.
    pub fn default_rules() -> impl Iterator<Item = Rule> {
        DEFAULT_RULES
            .iter()
            .map(|(name, inbound, priority, allow, source, destination)| Rule {
                name: (*name).into(),
                spec: RuleSpec {
                    inbound: *inbound,
                    priority: *priority,
                    allow: *allow,
                    source: (*source).into(),
                    source_ports: "*".into(),
                    destination: (*destination).into(),
                    destination_ports: "*".into(),
                    protocol: "*".into(),
                },
            })
    }
}

pub(super) fn create(
    cx: &Cx<'_>,
    asked: &Asked,
    name: &str,
    label: Option<&str>,
    location: &str,
) -> Result<Step, CloudError> {
    let exists = CloudError::of(&forms::NSG_EXISTS).with("group", name);
    let limit = ("MaxNetworkSecurityGroups", "network security group count");
    let groups = &cx.classic().network_security_groups;
    let (named, location) = regional::admit(cx, asked, groups, (name, location), exists, limit)?;
    let group = NetworkSecurityGroup {
        name: name.into(),
        label: label.map(Into::into),
        location: location.display_name.into(),
        rules: Vec::new(),
    };
    let hold = Hold::NetworkSecurityGroup(named.clone());
    Ok(Step::later(Plan::new().classic_security_group(named, Some(group)), (10_000, 30_000)).holding(hold))
}

pub(super) fn delete(cx: &Cx<'_>, asked: &Asked, name: &str) -> Result<Step, CloudError> {
    let group = find(cx, asked.subscription, name)?;
    operations::check_free(cx, &Hold::NetworkSecurityGroup(asked.named(name)))?;
    if is_used(cx, asked.subscription, name) {
        return Err(CloudError::of(&forms::NSG_IN_USE).with("group", &group.name));
    }
    Ok(Step::later(
        Plan::new().classic_security_group(asked.named(name), None),
        (10_000, 30_000),
    ))
}

fn is_used(cx: &Cx<'_>, subscription: Key, name: &str) -> bool {
    let is = |group: &Option<Box<str>>| group.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name));
    let mut sites = cx.classic().virtual_networks.range(Named::all(subscription));
    let mut deployments = cx
        .classic()
        .deployments
        .iter()
        .filter(|(_, row)| row.subscription == subscription);
    sites.any(|(_, site)| site.subnets.iter().any(|subnet| is(&subnet.security_group)))
        || deployments.any(|(_, row)| {
            row.roles.iter().any(|role| {
                is(&role.network.security_group) || role.network.interfaces.iter().any(|nic| is(&nic.security_group))
            })
        })
}

pub(super) fn put_rule(
    cx: &Cx<'_>,
    asked: &Asked,
    group: &str,
    name: &str,
    spec: &RuleSpec,
) -> Result<Step, CloudError> {
    let found = find(cx, asked.subscription, group)?;
    operations::check_free(cx, &Hold::NetworkSecurityGroup(asked.named(group)))?;
    let refuse = |reason: &str| {
        Err(CloudError::of(&forms::BAD_RULE)
            .with("rule", name)
            .with("reason", reason))
    };
    if name.is_empty() {
        return refuse("it needs a name");
    }
    if !(100..=4096).contains(&spec.priority) {
        return refuse("its priority must be between 100 and 4096");
    }
    let same = |own: &Rule| own.name.eq_ignore_ascii_case(name);
    if found
        .rules
        .iter()
        .any(|own| !same(own) && own.spec.inbound == spec.inbound && own.spec.priority == spec.priority)
    {
        return refuse("another rule of that direction has its priority");
    }
    if !matches!(&*spec.protocol.to_uppercase(), "*" | "TCP" | "UDP") {
        return refuse("its protocol must be TCP, UDP or *");
    }
    let is_prefix = |text: &str| {
        matches!(text, "*" | "INTERNET" | "VIRTUAL_NETWORK" | "AZURE_LOADBALANCER") || endpoints::prefix(text).is_some()
    };
    if !is_prefix(&spec.source) || !is_prefix(&spec.destination) {
        return refuse("an address is neither a prefix nor a tag");
    }
    if !is_ports(&spec.source_ports) || !is_ports(&spec.destination_ports) {
        return refuse("a port range is not valid");
    }
    let used = found.rules.iter().filter(|own| !same(own)).count();
    subscription::check_count(
        cx,
        "MaxNetworkSecurityRulesPerGroup",
        "network security rule count",
        used,
        1,
    )?;
    let mut after = found.clone();
    after.rules.retain(|own| !same(own));
    after.rules.push(Rule {
        name: name.into(),
        spec: spec.clone(),
    });
    after
        .rules
        .sort_by_key(|rule| (rule.spec.priority, rule.name.to_lowercase()));
    let hold = Hold::NetworkSecurityGroup(asked.named(group));
    Ok(Step::later(
        Plan::new().classic_security_group(asked.named(group), Some(after)),
        (10_000, 30_000),
    )
    .holding(hold))
}

/// `*`, a port, or `low-high`.
fn is_ports(text: &str) -> bool {
    let port = |text: &str| text.parse::<u16>().ok();
    match text.split_once('-') {
        _ if text == "*" => true,
        None => port(text).is_some(),
        Some((low, high)) => matches!((port(low), port(high)), (Some(low), Some(high)) if low <= high),
    }
}

pub(super) fn delete_rule(cx: &Cx<'_>, asked: &Asked, group: &str, name: &str) -> Result<Step, CloudError> {
    let found = find(cx, asked.subscription, group)?;
    operations::check_free(cx, &Hold::NetworkSecurityGroup(asked.named(group)))?;
    if !found.rules.iter().any(|own| own.name.eq_ignore_ascii_case(name)) {
        return Err(CloudError::of(&forms::NSG_RULE_NOT_FOUND).with("rule", name));
    }
    let mut after = found.clone();
    after.rules.retain(|own| !own.name.eq_ignore_ascii_case(name));
    let hold = Hold::NetworkSecurityGroup(asked.named(group));
    Ok(Step::later(
        Plan::new().classic_security_group(asked.named(group), Some(after)),
        (10_000, 30_000),
    )
    .holding(hold))
}

/// Binds a group to a subnet.
pub(super) fn bind_subnet(
    cx: &Cx<'_>,
    asked: &Asked,
    network: &str,
    subnet: &str,
    group: &str,
) -> Result<Step, CloudError> {
    let (site, own) = virtual_networks::find(cx, asked.subscription, network, subnet)?;
    let found = find(cx, asked.subscription, group)?;
    operations::check_free(cx, &Hold::NetworkConfiguration(asked.subscription))?;
    if own
        .security_group
        .as_deref()
        .is_some_and(|held| !held.eq_ignore_ascii_case(group))
    {
        return Err(CloudError::of(&forms::ASSOCIATION_EXISTS).with("what", format!("subnet {subnet}")));
    }
    let place = site
        .spec
        .placement
        .as_ref()
        .map(|place| place.location(cx, asked.subscription))
        .unwrap_or_default();
    if !place.eq_ignore_ascii_case(&found.location) {
        return Err(CloudError::of(&forms::NSG_LOCATION)
            .with("group", &found.name)
            .with("what", format!("virtual network {network}")));
    }
    let plan = virtual_networks::with_subnet(cx, asked, network, subnet, |own| {
        own.security_group = Some(found.name.clone())
    })?;
    Ok(Step::later(plan, (10_000, 30_000)).holding(Hold::NetworkConfiguration(asked.subscription)))
}

/// Takes a group off a subnet.
pub(super) fn free_subnet(
    cx: &Cx<'_>,
    asked: &Asked,
    network: &str,
    subnet: &str,
    group: &str,
) -> Result<Step, CloudError> {
    let (_, own) = virtual_networks::find(cx, asked.subscription, network, subnet)?;
    operations::check_free(cx, &Hold::NetworkConfiguration(asked.subscription))?;
    if !own
        .security_group
        .as_deref()
        .is_some_and(|held| held.eq_ignore_ascii_case(group))
    {
        return Err(CloudError::of(&forms::NSG_NOT_ASSOCIATED).with("what", format!("subnet {subnet}")));
    }
    let plan = virtual_networks::with_subnet(cx, asked, network, subnet, |own| own.security_group = None)?;
    Ok(Step::later(plan, (10_000, 30_000)).holding(Hold::NetworkConfiguration(asked.subscription)))
}

/// Binds a group to a role or one of its interfaces, or takes it off.
pub(super) fn bind_role(
    cx: &Cx<'_>,
    asked: &Asked,
    place: (&str, &str, &str),
    nic: Option<&str>,
    group: &str,
    on: bool,
) -> Result<Step, CloudError> {
    let (service, deployment, role) = place;
    let (key, row) = deployments::find_named(cx, asked.subscription, service, deployment)?;
    let held = held_by(roles::find(row, role)?, nic)?;
    operations::check_free(cx, &Hold::Deployment(key.clone()))?;
    let what = || nic.map_or_else(|| format!("role {role}"), |nic| format!("network interface {nic}"));
    let is = held.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(group));
    if on {
        let found = find(cx, asked.subscription, group)?;
        if held.is_some() && !is {
            return Err(CloudError::of(&forms::ASSOCIATION_EXISTS).with("what", what()));
        }
        let owner = cx.hosted_service(asked.subscription, service)?;
        if !owner
            .placement
            .location(cx, asked.subscription)
            .eq_ignore_ascii_case(&found.location)
        {
            return Err(CloudError::of(&forms::NSG_LOCATION)
                .with("group", &found.name)
                .with("what", what()));
        }
    } else if !is {
        return Err(CloudError::of(&forms::NSG_NOT_ASSOCIATED).with("what", what()));
    }
    let alter = Alter::Role {
        role: role.into(),
        nic: nic.map(Into::into),
        group: Some(on.then(|| group.into())),
        forwarding: None,
    };
    let work = Work::Alter {
        key: key.clone(),
        alter,
    };
    Ok(Step::later(Plan::new(), (10_000, 30_000))
        .holding(Hold::Deployment(key))
        .then(work))
}

/// Turns forwarding of a role or one of its interfaces on or off (SM 11.6).
pub(super) fn forwarding(
    cx: &Cx<'_>,
    asked: &Asked,
    place: (&str, &str, &str),
    nic: Option<&str>,
    on: bool,
) -> Result<Step, CloudError> {
    let (service, deployment, role) = place;
    let (key, row) = deployments::find_named(cx, asked.subscription, service, deployment)?;
    held_by(roles::find(row, role)?, nic)?;
    operations::check_free(cx, &Hold::Deployment(key.clone()))?;
    let alter = Alter::Role {
        role: role.into(),
        nic: nic.map(Into::into),
        group: None,
        forwarding: Some(on),
    };
    let work = Work::Alter {
        key: key.clone(),
        alter,
    };
    Ok(Step::later(Plan::new(), (10_000, 30_000))
        .holding(Hold::Deployment(key))
        .then(work))
}

fn held_by<'r>(role: &'r super::Role, nic: Option<&str>) -> Result<&'r Option<Box<str>>, CloudError> {
    let Some(nic) = nic else {
        return Ok(&role.network.security_group);
    };
    let found = role
        .network
        .interfaces
        .iter()
        .find(|own| own.name.eq_ignore_ascii_case(nic));
    found
        .map(|own| &own.security_group)
        .ok_or_else(|| CloudError::of(&forms::RESOURCE_NOT_FOUND))
}

fn find<'a>(cx: &Cx<'a>, subscription: Key, name: &str) -> Result<&'a NetworkSecurityGroup, CloudError> {
    let found = cx
        .classic()
        .network_security_groups
        .get(&Named::new(subscription, name));
    found.ok_or_else(|| CloudError::of(&forms::NSG_NOT_FOUND).with("group", name))
}

impl<'a> Cx<'a> {
    /// A network security group of a subscription.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn classic_security_group(
        &self,
        subscription: Key,
        name: &str,
    ) -> Result<&'a NetworkSecurityGroup, CloudError> {
        find(self, subscription, name)
    }

    /// The group of a role or one of its interfaces.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn role_security_group(&self, role: &'a super::Role, nic: Option<&str>) -> Result<&'a str, CloudError> {
        let missing = || CloudError::of(&forms::NSG_NOT_ASSOCIATED).with("what", format!("role {}", role.name));
        held_by(role, nic)?.as_deref().ok_or_else(missing)
    }
}
