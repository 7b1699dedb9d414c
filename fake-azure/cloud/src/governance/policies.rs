//! Policies: what may not be written at a scope, whoever asks (ARM 3.2, `RequestDisallowedByPolicy`).
//!
//! A definition says of which documents it speaks and what becomes of them, an assignment where it holds. Of the effects `deny`
//! refuses; the others let a write pass, since what they add is for reports. Conditions look at type, name, kind, location and tags.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Change, Governance, POLICY_ASSIGNMENT_NOT_FOUND, POLICY_BAD_FIELD, POLICY_BAD_RULE, POLICY_DEFINITION_IN_USE,
    POLICY_DEFINITION_NOT_FOUND, REQUEST_DISALLOWED, bad_member, check_exists, is_at_or_below, set, text,
};
use crate::Document;
use crate::call::{Outcome, Scope};
use crate::cloud::Cloud;
use crate::engine::Transaction;
use crate::error::CloudError;
use crate::id::ResourceId;
use crate::registry::Kind;

/// How policies call a resource group.
const GROUP_TYPE: &str = "Microsoft.Resources/subscriptions/resourceGroups";

/// A definition, or an assignment of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Which of the two.
    pub noun: PolicyNoun,
    /// Where it is.
    pub scope: Scope,
    /// Its name, as first written.
    pub name: Box<str>,
    /// `properties`, as sent.
    pub properties: Document,
}

/// What policies are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PolicyNoun {
    /// What is to be, and what becomes of what is not so.
    Definition,
    /// Where a definition holds.
    Assignment,
}

impl PolicyNoun {
    /// `policyDefinitions`, `policyAssignments`.
    pub fn collection(self) -> &'static str {
        match self {
            PolicyNoun::Definition => "policyDefinitions",
            PolicyNoun::Assignment => "policyAssignments",
        }
    }
}

impl Policy {
    /// Its id.
    pub fn id(&self) -> String {
        id(self.noun, &self.scope, &self.name)
    }
}

fn id(noun: PolicyNoun, scope: &Scope, name: &str) -> String {
    format!("{scope}/providers/Microsoft.Authorization/{}/{name}", noun.collection())
}

fn folded(noun: PolicyNoun, scope: &Scope, name: &str) -> Box<str> {
    id(noun, scope, name).to_lowercase().into()
}

impl Governance {
    /// Every definition or assignment, by id.
    pub fn policies(&self, noun: PolicyNoun) -> impl Iterator<Item = &Policy> {
        self.policies
            .iter()
            .map(|(_, own)| own)
            .filter(move |own| own.noun == noun)
    }

    /// A definition or an assignment.
    ///
    /// # Errors
    ///
    /// `PolicyDefinitionNotFound`, `PolicyAssignmentNotFound`.
    pub fn policy(&self, noun: PolicyNoun, scope: &Scope, name: &str) -> Result<&Policy, CloudError> {
        let form = match noun {
            PolicyNoun::Definition => &POLICY_DEFINITION_NOT_FOUND,
            PolicyNoun::Assignment => &POLICY_ASSIGNMENT_NOT_FOUND,
        };
        self.policies
            .get(&folded(noun, scope, name))
            .ok_or_else(|| CloudError::of(form).with("name", name))
    }
}

pub(super) fn put(
    tx: &mut Transaction<'_>,
    noun: PolicyNoun,
    scope: &Scope,
    name: &str,
    document: &Document,
) -> Result<Outcome, CloudError> {
    check_exists(tx.cloud, scope)?;
    let properties = document.get("properties").cloned().unwrap_or_default();
    match noun {
        PolicyNoun::Definition => {
            let rule = properties.get("policyRule");
            let Some(condition) = rule.and_then(|rule| rule.get("if")) else {
                return Err(bad_member("policyRule", rule, "PolicyRule"));
            };
            check_condition(name, condition)?;
        }
        PolicyNoun::Assignment => {
            let given = text(document, "policyDefinitionId");
            let Some(given) = given else {
                return Err(bad_member(
                    "policyDefinitionId",
                    properties.get("policyDefinitionId"),
                    "System.String",
                ));
            };
            let known = tx.cloud.governance.policies.get(given.to_lowercase().as_str());
            if known.is_none_or(|own| own.noun != PolicyNoun::Definition) {
                let name = given.rsplit('/').next().unwrap_or_default();
                return Err(CloudError::of(&POLICY_DEFINITION_NOT_FOUND).with("name", name));
            }
        }
    }
    let key = folded(noun, scope, name);
    let before = tx.cloud.governance.policies.get(&key);
    let created = before.is_none();
    let policy = Policy {
        noun,
        scope: scope.clone(),
        name: before.map_or_else(|| name.into(), |before| before.name.clone()),
        properties,
    };
    tx.set_governance(Change::Policy(key, Some(policy.into())));
    Ok(set(created))
}

pub(super) fn delete(
    tx: &mut Transaction<'_>,
    noun: PolicyNoun,
    scope: &Scope,
    name: &str,
) -> Result<Outcome, CloudError> {
    let key = folded(noun, scope, name);
    if !tx.cloud.governance.policies.contains(&key) {
        return Ok(Outcome::Absent);
    }
    let is_assigned = tx
        .cloud
        .governance
        .policies(PolicyNoun::Assignment)
        .any(|own| definition_id(own) == *key);
    if noun == PolicyNoun::Definition && is_assigned {
        return Err(CloudError::of(&POLICY_DEFINITION_IN_USE).with("name", name));
    }
    tx.set_governance(Change::Policy(key, None));
    Ok(Outcome::Removed)
}

/// The folded id of what an assignment assigns.
fn definition_id(assignment: &Policy) -> String {
    let id = assignment.properties.get("policyDefinitionId").and_then(Value::as_str);
    id.unwrap_or_default().to_lowercase()
}

/// What lies at or below a scope that goes.
pub(super) fn below(governance: &Governance, folded_id: &str) -> Vec<Change> {
    let rows = governance.policies.iter();
    rows.filter(|(_, own)| is_at_or_below(&own.scope.folded(), folded_id))
        .map(|(key, _)| Change::Policy(key.clone(), None))
        .collect()
}

/// Refuses a write that a policy denies.
pub(crate) fn check(cloud: &Cloud, id: &ResourceId, document: &Document) -> Result<(), CloudError> {
    let governance = &cloud.governance;
    let denials: Vec<String> = governance
        .policies(PolicyNoun::Assignment)
        .filter(|own| is_at_or_below(id.folded(), &own.scope.folded()))
        .filter_map(|assignment| {
            let definition = governance.policies.get(definition_id(assignment).as_str())?;
            let rule = Rule { definition, assignment };
            (rule.denies() && rule.holds(rule.condition()?, &Subject { id, document })).then(|| rule.identifiers())
        })
        .collect();
    if denials.is_empty() {
        return Ok(());
    }
    Err(CloudError::of(&REQUEST_DISALLOWED)
        .with("name", id.name())
        .with("policies", denials.join(","))
        .about(id.name()))
}

/// What is to be written.
struct Subject<'a> {
    id: &'a ResourceId,
    document: &'a Document,
}

impl Subject<'_> {
    /// What a field of conditions is of it; none where it has no such.
    fn field(&self, field: &str) -> Option<Value> {
        let own = |name: &str| self.document.get(name).cloned();
        let tag = |name: &str| {
            let tags = self.document.get("tags")?.as_object()?;
            let found = tags.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.clone())
        };
        match Field::read(field)? {
            Field::Type if self.id.kind() == Kind::ResourceGroups => Some(GROUP_TYPE.into()),
            Field::Type => Some(self.id.kind().descriptor().name.into()),
            Field::Name => Some(self.id.name().into()),
            Field::Member(name) => own(name),
            Field::Tag(name) => tag(name),
        }
    }
}

/// A field of conditions.
enum Field<'a> {
    Type,
    Name,
    Member(&'static str),
    Tag(&'a str),
}

impl<'a> Field<'a> {
    fn read(text: &'a str) -> Option<Field<'a>> {
        let members = ["kind", "location", "tags"];
        if let Some(member) = members.into_iter().find(|own| own.eq_ignore_ascii_case(text)) {
            return Some(Field::Member(member));
        }
        match text.to_lowercase().as_str() {
            "type" => return Some(Field::Type),
            "name" | "fullname" => return Some(Field::Name),
            _ => {}
        }
        let quoted = text.strip_prefix("tags['").and_then(|rest| rest.strip_suffix("']"));
        let plain = text.strip_prefix("tags[").and_then(|rest| rest.strip_suffix(']'));
        quoted.or(plain).or_else(|| text.strip_prefix("tags.")).map(Field::Tag)
    }
}

/// The members that compare, each with whether it is turned round.
const OPERATORS: &[(&str, Operator, bool)] = &[
    // tidy: sorted
    ("contains", Operator::Contains, false),
    ("equals", Operator::Equals, false),
    ("exists", Operator::Exists, false),
    ("in", Operator::In, false),
    ("like", Operator::Like, false),
    ("notContains", Operator::Contains, true),
    ("notEquals", Operator::Equals, true),
    ("notIn", Operator::In, true),
    ("notLike", Operator::Like, true),
    // tidy: end
];

#[derive(Clone, Copy)]
enum Operator {
    Contains,
    Equals,
    Exists,
    In,
    Like,
}

/// Whether a condition can be read at all.
fn check_condition(name: &str, condition: &Value) -> Result<(), CloudError> {
    let bad = |reason: fmt::Arguments<'_>| {
        CloudError::of(&POLICY_BAD_RULE)
            .with("name", name)
            .with("reason", reason)
    };
    let Some(members) = condition.as_object() else {
        return Err(bad(format_args!("a condition is an object")));
    };
    for word in ["allOf", "anyOf"] {
        if let Some(list) = members.get(word) {
            let list = list
                .as_array()
                .ok_or_else(|| bad(format_args!("'{word}' is a list of conditions")))?;
            return list.iter().try_for_each(|own| check_condition(name, own));
        }
    }
    if let Some(inner) = members.get("not") {
        return check_condition(name, inner);
    }
    let Some(field) = members.get("field").and_then(Value::as_str) else {
        return Err(bad(format_args!(
            "a condition has one of 'field', 'allOf', 'anyOf' and 'not'"
        )));
    };
    if Field::read(field).is_none() {
        return Err(CloudError::of(&POLICY_BAD_FIELD)
            .with("name", name)
            .with("field", field));
    }
    match OPERATORS.iter().any(|(word, ..)| members.contains_key(*word)) {
        true => Ok(()),
        false => Err(bad(format_args!(
            "the condition of field '{field}' compares with nothing"
        ))),
    }
}

/// A definition where it is assigned.
struct Rule<'a> {
    definition: &'a Policy,
    assignment: &'a Policy,
}

impl Rule<'_> {
    fn condition(&self) -> Option<&Value> {
        self.definition.properties.pointer("/policyRule/if")
    }

    fn denies(&self) -> bool {
        let is = |value: Option<&Value>, word: &str| {
            let value = value.map(|own| self.value(own));
            value.is_some_and(|own| own.as_str().is_some_and(|own| own.eq_ignore_ascii_case(word)))
        };
        let enforced = !is(self.assignment.properties.get("enforcementMode"), "DoNotEnforce");
        enforced && is(self.definition.properties.pointer("/policyRule/then/effect"), "deny")
    }

    /// A value, or what the parameter that it names has been given.
    fn value(&self, value: &Value) -> Value {
        let named = value.as_str().and_then(|text| {
            let name = text.strip_prefix("[parameters('")?.strip_suffix("')]")?;
            let given = self.assignment.properties.pointer(&format!("/parameters/{name}/value"));
            let usual = || {
                self.definition
                    .properties
                    .pointer(&format!("/parameters/{name}/defaultValue"))
            };
            given.or_else(usual)
        });
        named.unwrap_or(value).clone()
    }

    fn holds(&self, condition: &Value, subject: &Subject<'_>) -> bool {
        let list = |word: &str| condition.get(word).and_then(Value::as_array);
        if let Some(all) = list("allOf") {
            return all.iter().all(|own| self.holds(own, subject));
        }
        if let Some(any) = list("anyOf") {
            return any.iter().any(|own| self.holds(own, subject));
        }
        if let Some(inner) = condition.get("not") {
            return !self.holds(inner, subject);
        }
        let field = condition.get("field").and_then(Value::as_str).unwrap_or_default();
        let found = subject.field(field);
        OPERATORS.iter().any(|(word, operator, turned)| {
            condition
                .get(*word)
                .is_some_and(|value| compare(*operator, found.as_ref(), &self.value(value)) != *turned)
        })
    }

    fn identifiers(&self) -> String {
        let named = |own: &Policy| format!("{{\"name\":\"{}\",\"id\":\"{}\"}}", own.name, own.id());
        format!(
            "{{\"policyAssignment\":{},\"policyDefinition\":{}}}",
            named(self.assignment),
            named(self.definition)
        )
    }
}

fn compare(operator: Operator, found: Option<&Value>, given: &Value) -> bool {
    let text = |value: &Value| match value {
        Value::String(text) => text.to_lowercase(),
        other => other.to_string().to_lowercase(),
    };
    let found_text = found.map(text);
    match operator {
        Operator::Exists => found.is_some() == (text(given) == "true"),
        Operator::Equals => found_text == Some(text(given)),
        Operator::In => {
            let list = given.as_array().map(Vec::as_slice).unwrap_or_default();
            list.iter().any(|own| found_text == Some(text(own)))
        }
        Operator::Contains => found_text.is_some_and(|own| own.contains(&text(given))),
        Operator::Like => found_text.is_some_and(|own| {
            let pattern = text(given);
            match pattern.split_once('*') {
                Some((before, after)) => {
                    own.len() >= before.len() + after.len() && own.starts_with(before) && own.ends_with(after)
                }
                None => own == pattern,
            }
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SUBSCRIPTION: &str = "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590";

    fn policy(noun: PolicyNoun, properties: Value) -> Policy {
        Policy {
            noun,
            scope: Scope::Subscription(
                crate::Guid::parse("0b1f6471-1bf0-4dda-aec3-cb9272f09590").expect("the tests write GUIDs"),
            ),
            name: "p".into(),
            properties,
        }
    }

    fn holds(condition: &Value, id: &str, document: &Value) -> bool {
        let definition = policy(
            PolicyNoun::Definition,
            json!({"parameters": {"allowed": {"defaultValue": ["westus"]}}, "policyRule": {"if": condition}}),
        );
        let assignment = policy(PolicyNoun::Assignment, json!({}));
        let rule = Rule {
            definition: &definition,
            assignment: &assignment,
        };
        let id = ResourceId::parse(&format!("{SUBSCRIPTION}{id}")).expect("the tests write ids");
        rule.holds(condition, &Subject { id: &id, document })
    }

    #[test]
    fn conditions_look_at_type_name_location_and_tags() {
        let group = "/resourceGroups/g";
        let vnet = "/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v0";
        let document = json!({"location": "eastus", "tags": {"Owner": "me"}});
        let rows = [
            (
                json!({"field": "type", "equals": "microsoft.resources/subscriptions/resourcegroups"}),
                group,
                true,
            ),
            (
                json!({"field": "type", "equals": "Microsoft.Network/virtualNetworks"}),
                vnet,
                true,
            ),
            (json!({"field": "name", "like": "v*"}), vnet, true),
            (json!({"field": "name", "notLike": "v*"}), vnet, false),
            (json!({"field": "location", "in": ["eastus"]}), vnet, true),
            (
                json!({"not": {"field": "location", "in": "[parameters('allowed')]"}}),
                vnet,
                true,
            ),
            (json!({"field": "tags['owner']", "exists": "true"}), vnet, true),
            (json!({"field": "tags.cost", "exists": false}), vnet, true),
            (
                json!({"allOf": [{"field": "name", "contains": "0"}, {"field": "tags.owner", "equals": "you"}]}),
                vnet,
                false,
            ),
            (
                json!({"anyOf": [{"field": "name", "contains": "0"}, {"field": "tags.owner", "equals": "you"}]}),
                vnet,
                true,
            ),
        ];
        for (condition, id, expected) in rows {
            assert!(check_condition("p", &condition).is_ok(), "{condition}");
            assert_eq!(holds(&condition, id, &document), expected, "{condition}");
        }
    }

    #[test]
    fn conditions_that_cannot_be_read_are_refused() {
        let codes: Vec<String> = [
            json!(7),
            json!({"field": "Microsoft.Compute/virtualMachines/sku.name", "equals": "x"}),
            json!({"field": "type"}),
            json!({"anyOf": {}}),
        ]
        .iter()
        .map(|condition| match check_condition("p", condition) {
            Ok(()) => "fine".to_owned(),
            Err(error) => error.code.into_owned(),
        })
        .collect();
        assert_eq!(
            codes,
            [
                "InvalidPolicyRule",
                "InvalidPolicyAlias",
                "InvalidPolicyRule",
                "InvalidPolicyRule"
            ]
        );
    }
}
