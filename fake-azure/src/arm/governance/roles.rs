//! Role assignments and definitions, and what a caller may do (ARM 6.6).

use fake_azure_cloud::descriptor::Dialect;
use fake_azure_cloud::governance::{BUILT_IN, BuiltIn, Governance, GovernanceCall, RoleAssignment, RoleDefinition};
use fake_azure_cloud::{ApiVersion, CloudError, Guid, Outcome, Scope};
use serde_json::{Value, json};

use super::super::answer::Answer;
use super::super::error::Refusal;
use super::super::request::Asked;
use super::super::{decode, forms};
use super::{write, written};
use crate::Sandbox;
use crate::identity::{Caller, Lookup, find_principal};

const BY: Dialect = Dialect::Authorization;

/// From this version on a definition says what it allows on data, and an assignment what its principal is.
const DATA_ACTIONS: ApiVersion = ApiVersion::date(2018, 1, 1);

/// When the built-in roles were made, as every recorded answer has it.
const BUILT_IN_CREATED: &str = "2015-02-02T21:55:09.8806423Z";

/// `$filter` of assignments and definitions (ARM 1.9).
#[derive(Debug, Default, PartialEq, Eq)]
struct Filter {
    at_scope: bool,
    role_name: Option<String>,
    role_type: Option<String>,
    principal: Option<String>,
}

impl Filter {
    fn read(asked: &Asked<'_>) -> Result<Filter, Refusal> {
        let text = asked.query.get("$filter").unwrap_or("").trim();
        Filter::parse(text).ok_or_else(|| CloudError::of(&forms::BAD_FILTER).with("filter", text).into())
    }

    fn parse(text: &str) -> Option<Filter> {
        let mut filter = Filter::default();
        let quoted = |text: &str| {
            let inner = text.trim().strip_prefix('\'')?.strip_suffix('\'')?;
            Some(inner.replace("''", "'"))
        };
        for term in text.split(" and ").map(str::trim).filter(|term| !term.is_empty()) {
            let folded = term.to_ascii_lowercase();
            let words: Vec<&str> = term.splitn(3, ' ').collect();
            match (folded.as_str(), words.as_slice()) {
                ("atscope()", _) => filter.at_scope = true,
                ("atscopeandbelow()", _) => filter.at_scope = false,
                (called, _) if called.starts_with("assignedto(") => {
                    let inner = term.get("assignedto(".len()..)?.strip_suffix(')')?;
                    filter.principal = Some(quoted(inner)?);
                }
                (_, [name, eq, value]) if eq.eq_ignore_ascii_case("eq") => {
                    let slot = match name.to_ascii_lowercase().as_str() {
                        "rolename" => &mut filter.role_name,
                        "type" => &mut filter.role_type,
                        "principalid" => &mut filter.principal,
                        _ => return None,
                    };
                    *slot = Some(quoted(value)?);
                }
                _ => return None,
            }
        }
        Some(filter)
    }
}

/// Role assignments.
pub(super) fn assignments(
    sandbox: &mut Sandbox,
    asked: &Asked<'_>,
    caller: &Caller,
    scope: &Scope,
    name: Option<&str>,
) -> Result<Answer, Refusal> {
    let shown = |sandbox: &Sandbox, name: &str, maker: bool| -> Result<Value, Refusal> {
        let assignment = sandbox.cloud.governance().role_assignment(scope, name)?;
        Ok(assignment_document(assignment, asked.version(), maker))
    };
    match (asked.method.as_str(), name) {
        ("GET", None) => {
            let filter = Filter::read(asked)?;
            let own = sandbox.cloud.governance().role_assignments().filter(|assignment| {
                let near = assignment.scope.covers(scope) || (!filter.at_scope && scope.covers(&assignment.scope));
                let principal = filter.principal.as_ref();
                near && principal.is_none_or(|id| id.eq_ignore_ascii_case(&assignment.principal.to_string()))
            });
            let value: Vec<Value> = own
                .map(|assignment| assignment_document(assignment, asked.version(), true))
                .collect();
            Ok(Answer::ok(BY, json!({ "value": value })))
        }
        ("GET", Some(name)) => Ok(Answer::ok(BY, shown(sandbox, name, true)?)),
        ("PUT", Some(name)) => {
            let mut document = decode::document(asked)?;
            check_principal(sandbox, &mut document)?;
            let call = GovernanceCall::PutRoleAssignment {
                scope: scope.clone(),
                name: name.into(),
                document,
                by: caller.object_id,
            };
            write(sandbox, call)?;
            // 201 also for what was there (ARM 2.3); who made it is not in the answer yet (observed-arm).
            let outcome = Outcome::Set { created: true };
            Ok(written(BY, &outcome, shown(sandbox, name, false)?))
        }
        ("DELETE", Some(name)) => {
            let before = shown(sandbox, name, true).ok();
            let call = GovernanceCall::DeleteRoleAssignment {
                scope: scope.clone(),
                name: name.into(),
            };
            write(sandbox, call)?;
            Ok(before.map_or_else(|| Answer::empty(BY, 204), |before| Answer::ok(BY, before)))
        }
        _ => Err(Refusal::Verb),
    }
}

/// A role can be given to what the directory has, and other services have heard of (ARM 3.8). The directory says what it is.
fn check_principal(sandbox: &Sandbox, document: &mut Value) -> Result<(), Refusal> {
    let principal = document.pointer("/properties/principalId").and_then(Value::as_str);
    let Some(principal) = principal.and_then(Guid::parse) else {
        return Ok(()); // The cloud says what is wrong with it.
    };
    let missing = || {
        CloudError::of(&forms::PRINCIPAL_NOT_FOUND)
            .with("principal", principal.to_string().replace('-', ""))
            .with("tenant", sandbox.directory.tenant())
    };
    match find_principal(sandbox, principal) {
        Lookup::Known(info) => {
            document["properties"]["principalType"] = Value::from(info.kind);
            Ok(())
        }
        Lookup::Replicating { until } => Err(missing().until(until).into()),
        Lookup::Unknown => Err(missing().into()),
    }
}

fn assignment_document(assignment: &RoleAssignment, version: ApiVersion, maker: bool) -> Value {
    let subscription = assignment.scope.subscription();
    let mut properties = json!({
        "roleDefinitionId": definition_id(Some(subscription), assignment.role),
        "principalId": assignment.principal.to_string(),
    });
    if version >= DATA_ACTIONS {
        properties["principalType"] = Value::from(assignment.principal_type.as_ref());
    }
    properties["scope"] = Value::from(assignment.scope.to_string());
    for (name, value) in &assignment.extras {
        properties[name.as_ref()] = value.clone();
    }
    properties["createdOn"] = Value::from(assignment.created.to_string());
    properties["updatedOn"] = Value::from(assignment.updated.to_string());
    properties["createdBy"] = if maker {
        Value::from(assignment.by.to_string())
    } else {
        Value::Null
    };
    properties["updatedBy"] = Value::from(assignment.by.to_string());
    json!({
        "properties": properties,
        "id": assignment.id(),
        "type": "Microsoft.Authorization/roleAssignments",
        "name": assignment.name.to_string(),
    })
}

/// Role definitions at a scope.
pub(super) fn definitions(
    sandbox: &mut Sandbox,
    asked: &Asked<'_>,
    caller: &Caller,
    scope: &Scope,
    name: Option<&str>,
) -> Result<Answer, Refusal> {
    let subscription = Some(scope.subscription());
    match (asked.method.as_str(), name) {
        ("GET", None) => list_definitions(sandbox, asked, Some(scope)),
        ("GET", Some(name)) => Ok(Answer::ok(BY, definition(sandbox, asked, subscription, name)?)),
        ("PUT", Some(name)) => {
            let call = GovernanceCall::PutRoleDefinition {
                scope: scope.clone(),
                name: name.into(),
                document: decode::document(asked)?,
                by: caller.object_id,
            };
            write(sandbox, call)?;
            let outcome = Outcome::Set { created: true };
            Ok(written(BY, &outcome, definition(sandbox, asked, subscription, name)?))
        }
        ("DELETE", Some(name)) => {
            let before = definition(sandbox, asked, subscription, name).ok();
            let outcome = write(sandbox, GovernanceCall::DeleteRoleDefinition { name: name.into() })?;
            Ok(match (outcome, before) {
                (Outcome::Removed, Some(before)) => Answer::ok(BY, before),
                _ => Answer::empty(BY, 204),
            })
        }
        _ => Err(Refusal::Verb),
    }
}

/// Role definitions that belong to no subscription: `/providers/Microsoft.Authorization/roleDefinitions[/{id}]`.
pub(super) fn tenant_definitions(sandbox: &Sandbox, asked: &Asked<'_>, name: Option<&str>) -> Result<Answer, Refusal> {
    match (asked.method.as_str(), name) {
        ("GET", None) => list_definitions(sandbox, asked, None),
        ("GET", Some(name)) => Ok(Answer::ok(BY, definition(sandbox, asked, None, name)?)),
        _ => Err(Refusal::Verb),
    }
}

/// A group that does not exist still lists with 200 (observed-arm).
fn list_definitions(sandbox: &Sandbox, asked: &Asked<'_>, scope: Option<&Scope>) -> Result<Answer, Refusal> {
    let filter = Filter::read(asked)?;
    let is_asked_for = |role_name: &str, role_type: &str| {
        let name = filter.role_name.as_ref();
        let kind = filter.role_type.as_ref();
        name.is_none_or(|name| name.eq_ignore_ascii_case(role_name))
            && kind.is_none_or(|kind| kind.eq_ignore_ascii_case(role_type))
    };
    let subscription = scope.map(Scope::subscription);
    let built_in = BUILT_IN
        .iter()
        .filter(|role| is_asked_for(role.role_name, "BuiltInRole"))
        .map(|role| built_in_document(role, subscription, asked.version()));
    let custom = sandbox
        .cloud
        .governance()
        .role_definitions()
        .filter(|role| is_asked_for(&role.role_name, "CustomRole"))
        .filter(|role| scope.is_none_or(|scope| role.is_assignable_at(scope)))
        .map(|role| custom_document(role, subscription));
    let value: Vec<Value> = built_in.chain(custom).collect();
    Ok(Answer::ok(BY, json!({ "value": value })))
}

fn definition(sandbox: &Sandbox, asked: &Asked<'_>, subscription: Option<Guid>, name: &str) -> Result<Value, Refusal> {
    let id = Guid::parse(name).ok_or_else(|| Governance::no_such_role(name))?;
    if let Some(role) = BUILT_IN.iter().find(|role| role.name == id) {
        return Ok(built_in_document(role, subscription, asked.version()));
    }
    match sandbox.cloud.governance().role_definition(id) {
        Some(role) => Ok(custom_document(role, subscription)),
        None => Err(Governance::no_such_role(name).into()),
    }
}

fn definition_id(subscription: Option<Guid>, name: Guid) -> String {
    let prefix = subscription.map_or_else(String::new, |id| format!("/subscriptions/{id}"));
    format!("{prefix}/providers/Microsoft.Authorization/roleDefinitions/{name}")
}

fn built_in_document(role: &BuiltIn, subscription: Option<Guid>, version: ApiVersion) -> Value {
    let mut permission = json!({ "actions": role.actions, "notActions": role.not_actions });
    if version >= DATA_ACTIONS {
        permission["dataActions"] = json!(role.data_actions);
        permission["notDataActions"] = json!([]);
    }
    json!({
        "properties": {
            "roleName": role.role_name,
            "type": "BuiltInRole",
            "description": role.description,
            "assignableScopes": ["/"],
            "permissions": [permission],
            "createdOn": BUILT_IN_CREATED,
            "updatedOn": BUILT_IN_CREATED,
            "createdBy": null,
            "updatedBy": null,
        },
        "id": definition_id(subscription, role.name),
        "type": "Microsoft.Authorization/roleDefinitions",
        "name": role.name.to_string(),
    })
}

fn custom_document(role: &RoleDefinition, subscription: Option<Guid>) -> Value {
    let mut properties = json!({ "roleName": role.role_name, "type": "CustomRole" });
    if let Some(description) = &role.description {
        properties["description"] = Value::from(description.as_ref());
    }
    properties["assignableScopes"] = json!(role.assignable_scopes);
    properties["permissions"] = role.permissions.clone();
    properties["createdOn"] = Value::from(role.created.to_string());
    properties["updatedOn"] = Value::from(role.updated.to_string());
    properties["createdBy"] = Value::from(role.by.to_string());
    properties["updatedBy"] = Value::from(role.by.to_string());
    json!({
        "properties": properties,
        "id": definition_id(subscription, role.name),
        "type": "Microsoft.Authorization/roleDefinitions",
        "name": role.name.to_string(),
    })
}

/// What a caller may do at a scope: what its roles allow there; everything where roles are not enforced, and for the first
/// principal, who owns every subscription.
pub(super) fn permissions(
    sandbox: &Sandbox,
    asked: &Asked<'_>,
    caller: &Caller,
    scope: &Scope,
) -> Result<Answer, Refusal> {
    if asked.method != http::Method::GET {
        return Err(Refusal::Verb);
    }
    let governance = sandbox.cloud.governance();
    let mut value: Vec<Value> = governance
        .role_assignments()
        .filter(|assignment| assignment.principal == caller.object_id && assignment.scope.covers(scope))
        .flat_map(|assignment| permissions_of(governance, assignment.role))
        .collect();
    let owns_all = !sandbox.enforce_roles || caller.object_id == sandbox.directory.first().object_id;
    if value.is_empty() && owns_all {
        value.push(json!({ "actions": ["*"], "notActions": [] }));
    }
    Ok(Answer::ok(BY, json!({ "value": value })))
}

fn permissions_of(governance: &Governance, role: Guid) -> Vec<Value> {
    if let Some(role) = BUILT_IN.iter().find(|own| own.name == role) {
        return vec![json!({ "actions": role.actions, "notActions": role.not_actions })];
    }
    governance
        .role_definition(role)
        .and_then(|role| role.permissions.as_array().cloned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_read_in_any_case_and_order() {
        let name = |text: &str| Filter::parse(text).and_then(|filter| filter.role_name);
        assert_eq!(name("roleName eq 'Contributor'").as_deref(), Some("Contributor"));
        assert_eq!(
            name("atScopeAndBelow() and ROLENAME EQ 'It''s'").as_deref(),
            Some("It's")
        );
        assert_eq!(Filter::parse("").as_ref(), Some(&Filter::default()));
        assert!(Filter::parse("atScope()").is_some_and(|filter| filter.at_scope));
        assert!(Filter::parse("assignedTo('x')").is_some_and(|filter| filter.principal.as_deref() == Some("x")));
        for text in [
            "name eq 'x'",
            "roleName eq x",
            "roleName ne 'x'",
            "assignedTo(x)",
            "assignedTo",
            "und",
        ] {
            assert_eq!(Filter::parse(text), None, "{text}");
        }
    }
}
