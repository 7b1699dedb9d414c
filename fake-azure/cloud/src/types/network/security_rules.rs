//! Security rules: alone, or inside their group's document.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::access_rules::{Access, AccessRule, Direction, PortRange, Prefix, Protocol};
use super::reading;
use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::{
    Descriptor, Dialect, Field, Fill, Lifetimes, NameRule, Polls, Provisioning, RefRule, Stage, Write, WriteVerb,
};
use crate::error::CloudError;
use crate::forms::forms;
use crate::key::Key;
use crate::plan::Plan;
use crate::registry::{Kind, State};
use crate::resource::Resource;
use crate::types::{Put, ResourceType};

forms! {
    BAD_PORTS: Invalid, Network, "SecurityRuleInvalidPortRange", "Security rule has invalid Port range. Value provided: {value}. Value should be an integer OR integer range with '-' delimiter. Valid range 0-65535.", "ARM 3.5, observed-arm", "write a port, a range low-high, or *";
    BAD_PREFIX: Invalid, Network, "SecurityRuleInvalidAddressPrefix", "Security rule {rule} has invalid Address prefix. Value provided: {value}", "ARM 3.5, observed-arm", "write a CIDR range, an address, a service tag, or *";
    BAD_PRIORITY: Invalid, Network, "SecurityRuleInvalidPriority", "Security rule has invalid Priority. Value provided: {value} Allowed range 100-4096.", "ARM 3.5, observed-arm", "choose a priority from 100 to 4096";
    BAD_PROTOCOL: Invalid, Network, "SecurityRuleInvalidProtocol", "Security rule has invalid Protocol. Value provided: {value} Allowed values: {known}.", "ARM 3.5; Azure/azure-cli issue 25181", "name one of the protocols listed";
    BOTH_FORMS: Invalid, Network, "SecurityRuleParameterConflict", "Security rule {rule} specifies both {one} and {many}. Only one of them can be specified.", "ARM 8.2 (code and form assumed)", "use the singular or the plural member, not both";
    CONFLICT: Invalid, Network, "SecurityRuleConflict", "Security rule {rule} conflicts with rule {other}. Rules cannot have the same Priority and Direction.", "ARM 3.5", "choose a priority that no other rule of that direction has";
    DESCRIPTION_TOO_LONG: Invalid, Network, "SecurityRuleDescriptionTooLong", "Security rule description cannot exceed 140 chars.", "ARM 3.5, observed-arm", "shorten the description";
    MISSING: Invalid, Network, "SecurityRuleParameterMissing", "Required security rule parameter {parameter} is missing for security rule with Id: {rule}.", "clong/DetectionLab issue 479", "add the parameter";
    TAG_IN_LIST: Invalid, Network, "SecurityRuleParameterContainsUnsupportedValue", "Security rule parameter {parameter} for rule with Id {rule} cannot specify existing VIRTUALNETWORK, INTERNET, AZURELOADBALANCER, '*' or system tags. Unsupported value used: {value}.", "ARM 3.5; hashicorp/terraform-provider-azurerm issue 5617", "write tags and * in the singular member";
    TOO_MANY: Quota, Network, "SecurityRuleCountLimitReached", "A security group cannot have more than {limit} security rules.", "Azure/azure-rest-api-specs issue 3003", "remove rules, or spread them over several groups";
    TOO_MANY_VALUES: Quota, Network, "SecurityRuleAddressesOrPortsPerSecurityGroupLimitReached", "Network security group {group} has {count} {parameter}. A security group cannot have more than {limit} {parameter} as per the limit MaxSecurityRuleAddressesOrPortsPerSecurityGroup.", "kubernetes-sigs/cloud-provider-azure issue 2725", "name fewer addresses or ports";
}

/// Rules take plural lists from this version on (ARM 8.2).
pub(super) const PLURALS: ApiVersion = ApiVersion::date(2017, 6, 1);

const UPDATING: Provisioning = Provisioning::Updating;

/// Security rules.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    parent: Some(Kind::NetworkSecurityGroups),
    tracked: false,
    since: ApiVersion::date(2014, 12, 1),
    names: NameRule::word(1, 80),
    fields: &[
        Field::one_of("/properties/access", &["Allow", "Deny"]),
        Field::one_of("/properties/direction", &["Inbound", "Outbound"]),
        Field::default("/properties/sourcePortRanges", Fill::Empty).since(PLURALS),
        Field::default("/properties/destinationPortRanges", Fill::Empty).since(PLURALS),
        Field::default("/properties/sourceAddressPrefixes", Fill::Empty).since(PLURALS),
        Field::default("/properties/destinationAddressPrefixes", Fill::Empty).since(PLURALS),
    ],
    refs: &[
        RefRule::shared(
            "/properties/sourceApplicationSecurityGroups/*",
            &[Kind::ApplicationSecurityGroups],
        )
        .blocks_delete(),
        RefRule::shared(
            "/properties/destinationApplicationSecurityGroups/*",
            &[Kind::ApplicationSecurityGroups],
        )
        .blocks_delete(),
    ],
    lifetimes: Lifetimes {
        create: &[Stage::new(UPDATING, 1_000, 11_000)],
        update: &[Stage::new(UPDATING, 1_000, 11_000)],
        delete: &[Stage::new(Provisioning::Deleting, 1_000, 11_000)],
    },
    writes: &[
        Write::new(WriteVerb::PutNew, 201)
            .polls(Polls::AsyncOperation)
            .retry_after_secs(10),
        Write::new(WriteVerb::PutAgain, 200)
            .polls(Polls::AsyncOperation)
            .retry_after_secs(10),
        Write::accepted(WriteVerb::Delete).retry_after_secs(10),
    ],
    errors: ALL,
    ..Descriptor::of(
        "Microsoft.Network/networkSecurityGroups/securityRules",
        Dialect::Network,
    )
};

/// A security rule, parsed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SecurityRule {
    /// What it says.
    pub rule: AccessRule,
}

impl ResourceType for SecurityRule {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(_cx: &Cx<'_>, put: &Put<'_>, _before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        let required = |member: &str| {
            let text = reading::text(put.document, &format!("/properties/{member}"))?;
            text.filter(|text| !text.is_empty())
                .ok_or_else(|| missing(put, &capitalised(member)))
        };
        let access = Access::parse(required("access")?).expect("the document is normalised");
        let direction = Direction::parse(required("direction")?).expect("the document is normalised");
        let protocol = read_protocol(required("protocol")?)?;
        let source_ports = read_ports(put, "sourcePortRange")?;
        let destination_ports = read_ports(put, "destinationPortRange")?;
        let sources = read_prefixes(put, "sourceAddressPrefix", "sourceApplicationSecurityGroups")?;
        let destinations = read_prefixes(put, "destinationAddressPrefix", "destinationApplicationSecurityGroups")?;
        let priority = read_priority(put)?;
        check_description(put)?;

        let rule = AccessRule {
            priority,
            direction,
            access,
            protocol,
            sources,
            source_ports,
            destinations,
            destination_ports,
        };
        Ok((SecurityRule { rule }, Plan::new()))
    }
}

fn missing(put: &Put<'_>, parameter: &str) -> CloudError {
    CloudError::of(&MISSING)
        .with("parameter", parameter)
        .with("rule", put.id())
}

/// `SourceAddressPrefix`: how the service's messages write `sourceAddressPrefix`.
fn capitalised(member: &str) -> String {
    let mut letters = member.chars();
    letters
        .next()
        .map(|first| first.to_ascii_uppercase())
        .into_iter()
        .chain(letters)
        .collect()
}

fn read_protocol(text: &str) -> Result<Protocol, CloudError> {
    Protocol::parse(text).ok_or_else(|| {
        CloudError::of(&BAD_PROTOCOL)
            .with("value", text)
            .with("known", Protocol::names())
    })
}

/// A rule without a priority has priority 0, which is refused like any other out of range.
fn read_priority(put: &Put<'_>) -> Result<u16, CloudError> {
    let value = reading::number(put.document, "/properties/priority")?.unwrap_or(0);
    match u16::try_from(value) {
        Ok(priority) if (100..=4096).contains(&priority) => Ok(priority),
        _ => Err(CloudError::of(&BAD_PRIORITY).with("value", value)),
    }
}

fn check_description(put: &Put<'_>) -> Result<(), CloudError> {
    match reading::text(put.document, "/properties/description")? {
        Some(text) if text.chars().count() > 140 => Err(CloudError::of(&DESCRIPTION_TOO_LONG)),
        _ => Ok(()),
    }
}

/// The values of a member in its singular or plural form: `sourcePortRange`, `sourcePortRanges`. Never both; the plural of
/// `...Prefix` is `...Prefixes`.
fn singular_or_plural<'d>(put: &Put<'d>, singular: &str) -> Result<(Option<&'d str>, Vec<&'d str>), CloudError> {
    let plural = if singular.ends_with("Prefix") {
        format!("{singular}es")
    } else {
        format!("{singular}s")
    };
    let one = reading::text(put.document, &format!("/properties/{singular}"))?.filter(|text| !text.is_empty());
    let many = reading::texts(put.document, &format!("/properties/{plural}"))?;
    if one.is_some() && !many.is_empty() {
        let error = CloudError::of(&BOTH_FORMS).with("rule", put.id());
        return Err(error
            .with("one", capitalised(singular))
            .with("many", capitalised(&plural)));
    }
    Ok((one, many))
}

fn read_ports(put: &Put<'_>, member: &str) -> Result<Vec<PortRange>, CloudError> {
    let (one, many) = singular_or_plural(put, member)?;
    if one.is_none() && many.is_empty() {
        return Err(missing(put, &capitalised(member)));
    }
    let read = |text: &str| PortRange::parse(text).ok_or_else(|| CloudError::of(&BAD_PORTS).with("value", text));
    one.into_iter().chain(many).map(read).collect()
}

/// The addresses of one end: prefixes, or application security groups. A list holds ranges only, no tags.
fn read_prefixes(put: &Put<'_>, member: &str, groups: &str) -> Result<Vec<Prefix>, CloudError> {
    let (one, many) = singular_or_plural(put, member)?;
    let head = format!("/properties/{groups}/");
    let groups: Vec<Prefix> = put
        .edges
        .iter()
        .filter(|edge| edge.at.starts_with(&head))
        .map(|edge| Prefix::Group(edge.target))
        .collect();
    if one.is_none() && many.is_empty() && groups.is_empty() {
        return Err(missing(put, &capitalised(member)));
    }

    let bad = |text: &str| CloudError::of(&BAD_PREFIX).with("rule", put.id()).with("value", text);
    let mut prefixes = groups;
    if let Some(text) = one {
        prefixes.push(Prefix::parse(text).ok_or_else(|| bad(text))?);
    }
    for text in many {
        match Prefix::parse(text).ok_or_else(|| bad(text))? {
            prefix @ Prefix::Net(_) => prefixes.push(prefix),
            _ => {
                let error = CloudError::of(&TAG_IN_LIST)
                    .with("parameter", capitalised(member))
                    .with("rule", put.id());
                return Err(error.with("value", text));
            }
        }
    }
    Ok(prefixes)
}

/// What must hold among the rules of a group: at most so many, each with a priority of its own in its direction.
pub(super) fn check_among(cx: &Cx<'_>, group: &Resource, written: &[Key]) -> Result<(), CloudError> {
    let mut rules: Vec<(&AccessRule, &Resource)> = cx
        .children(group.key, Kind::SecurityRules)
        .filter_map(|child| match &child.state {
            State::SecurityRules(state) => Some((&state.rule, child.as_ref())),
            _ => None,
        })
        .collect();
    check_count(cx, group, &rules)?;

    rules.sort_by_key(|(rule, child)| (rule.direction, rule.priority, written.contains(&child.key), child.key));
    for pair in rules.windows(2) {
        let ((one, first), (other, second)) = (pair[0], pair[1]);
        if one.direction == other.direction && one.priority == other.priority {
            return Err(CloudError::of(&CONFLICT)
                .with("rule", &second.name)
                .with("other", &first.name));
        }
    }
    Ok(())
}

fn check_count(cx: &Cx<'_>, group: &Resource, rules: &[(&AccessRule, &Resource)]) -> Result<(), CloudError> {
    if let Some(limit) = cx.limit("SecurityRulesPerNetworkSecurityGroup")
        && i64::try_from(rules.len()).is_ok_and(|count| count > limit)
    {
        return Err(CloudError::of(&TOO_MANY).with("limit", limit));
    }
    let Some(limit) = cx.limit("SecurityRuleAddressesOrPortsPerNetworkSecurityGroup") else {
        return Ok(());
    };
    for member in [
        "sourceAddressPrefixes",
        "destinationAddressPrefixes",
        "sourcePortRanges",
        "destinationPortRanges",
    ] {
        let pointer = format!("/properties/{member}");
        let count: usize = rules
            .iter()
            .filter_map(|(_, rule)| rule.echo.pointer(&pointer).and_then(Value::as_array))
            .map(Vec::len)
            .sum();
        if i64::try_from(count).is_ok_and(|count| count > limit) {
            let error = CloudError::of(&TOO_MANY_VALUES)
                .with("group", cx.id(group.key))
                .with("count", count);
            return Err(error.with("parameter", capitalised(member)).with("limit", limit));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
