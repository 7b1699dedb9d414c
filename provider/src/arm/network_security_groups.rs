//! The environment's security group and its rules on the wire. What rules there should be is [`super::firewall`]'s.

use serde::Deserialize;
use serde_json::{Value, json};

use super::scope::{Call, Scope};
use super::tags::{self, Tags};

const KIND: &str = "Microsoft.Network/networkSecurityGroups";

/// Name (the ARM notes).
pub(crate) const SECURITY_GROUP: &str = "juju-internal-nsg";

/// A rule, as we write it and as Azure answers it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) properties: RuleProperties,
}

/// What a rule says. Ports, addresses and words are Azure's text.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RuleProperties {
    #[serde(default)]
    pub(crate) description: Option<String>,
    pub(crate) protocol: String,
    #[serde(default)]
    pub(crate) destination_port_range: Option<String>,
    #[serde(default)]
    pub(crate) source_address_prefix: Option<String>,
    #[serde(default)]
    pub(crate) destination_address_prefix: Option<String>,
    pub(crate) access: String,
    pub(crate) priority: u16,
    pub(crate) direction: String,
}

/// The group, as far as we look at it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct SecurityGroup {
    pub(crate) id: String,
    #[serde(default)]
    properties: SecurityGroupProperties,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SecurityGroupProperties {
    #[serde(default)]
    security_rules: Vec<Rule>,
}

impl SecurityGroup {
    /// Its own rules, without Azure's default ones.
    pub(crate) fn rules(self) -> Vec<Rule> {
        self.properties.security_rules
    }
}

fn properties_json(rule: &RuleProperties) -> Value {
    json!({
        "description": rule.description,
        "protocol": rule.protocol,
        "sourcePortRange": "*",
        "destinationPortRange": rule.destination_port_range,
        "sourceAddressPrefix": rule.source_address_prefix,
        "destinationAddressPrefix": rule.destination_address_prefix,
        "access": rule.access,
        "priority": rule.priority,
        "direction": rule.direction,
    })
}

/// The properties of a group with these rules.
pub(crate) fn properties(rules: &[Rule]) -> Value {
    let rules: Vec<Value> = rules
        .iter()
        .map(|rule| json!({"name": rule.name, "properties": properties_json(&rule.properties)}))
        .collect();
    json!({"securityRules": rules})
}

/// The id of the environment's own group.
pub(crate) fn own_id(scope: &Scope) -> String {
    scope.id(KIND, &[SECURITY_GROUP])
}

pub(crate) fn put(scope: &Scope, own: &Tags, rules: &[Rule]) -> Call {
    let body = json!({
        "location": scope.location,
        "tags": tags::to_json(own),
        "properties": properties(rules),
    });
    scope.put(
        "create network security group",
        &scope.id(KIND, &[SECURITY_GROUP]),
        scope.versions.network,
        &body,
    )
}

pub(crate) fn get(scope: &Scope, group_id: &str) -> Call {
    scope.get("find network security group", group_id, scope.versions.network)
}

pub(crate) fn put_rule(scope: &Scope, group_id: &str, rule: &Rule) -> Call {
    let body = json!({"properties": properties_json(&rule.properties)});
    let id = format!("{group_id}/securityRules/{}", rule.name);
    scope.put("create security rule", &id, scope.versions.network, &body)
}

pub(crate) fn delete_rule(scope: &Scope, group_id: &str, name: &str) -> Call {
    let id = format!("{group_id}/securityRules/{name}");
    scope.delete("delete security rule", &id, scope.versions.network)
}
