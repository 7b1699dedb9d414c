//! Role assignments: who has which role, and where (ARM 6.6, 3.8).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    At, BAD_ROLE_ASSIGNMENT_NAME, Change, Governance, ROLE_ASSIGNMENT_EXISTS, ROLE_ASSIGNMENT_NOT_FOUND,
    ROLE_ASSIGNMENT_UPDATE, ROLE_DEFINITION_NOT_FOUND, Verb, bad_member, check_exists, check_locks, set, text,
};
use crate::Document;
use crate::call::{Outcome, Scope};
use crate::engine::Transaction;
use crate::error::CloudError;
use crate::key::Guid;
use crate::time::Time;

/// A role given to a principal at a scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleAssignment {
    /// Its name.
    pub name: Guid,
    /// Where it holds: there and below.
    pub scope: Scope,
    /// The role.
    pub role: Guid,
    /// Who has it: an object id.
    pub principal: Guid,
    /// `ServicePrincipal`, `User` or `Group`.
    pub principal_type: Box<str>,
    /// `condition`, `conditionVersion`, `description`, `delegatedManagedIdentityResourceId`: as sent.
    pub extras: Vec<(Box<str>, Document)>,
    /// When it was made.
    pub created: Time,
    /// When it was last written.
    pub updated: Time,
    /// Who made it.
    pub by: Guid,
}

/// Members that are kept as they were sent.
const EXTRAS: &[&str] = &[
    "condition",
    "conditionVersion",
    "description",
    "delegatedManagedIdentityResourceId",
];

impl RoleAssignment {
    /// Its id: the scope's, with its own name.
    pub fn id(&self) -> String {
        format!(
            "{}/providers/Microsoft.Authorization/roleAssignments/{}",
            self.scope, self.name
        )
    }
}

impl Governance {
    /// Every assignment, by scope and name.
    pub fn role_assignments(&self) -> impl Iterator<Item = &RoleAssignment> {
        self.assignments.iter().map(|(_, assignment)| assignment)
    }

    /// An assignment.
    ///
    /// # Errors
    ///
    /// `RoleAssignmentNotFound`.
    pub fn role_assignment(&self, scope: &Scope, name: &str) -> Result<&RoleAssignment, CloudError> {
        let missing = || CloudError::of(&ROLE_ASSIGNMENT_NOT_FOUND).with("name", name);
        let name = Guid::parse(name).ok_or_else(missing)?;
        self.assignments.get(&at(scope, name)).ok_or_else(missing)
    }
}

fn at(scope: &Scope, name: Guid) -> At {
    (scope.folded(), name.to_string().into())
}

pub(super) fn put(
    tx: &mut Transaction<'_>,
    scope: &Scope,
    name: &str,
    document: &Document,
    by: Guid,
) -> Result<Outcome, CloudError> {
    check_exists(tx.cloud, scope)?;
    let name = Guid::parse(name).ok_or_else(|| CloudError::of(&BAD_ROLE_ASSIGNMENT_NAME).with("name", name))?;
    let properties = document.get("properties");
    let member = |member: &str| properties.and_then(|properties| properties.get(member));

    let principal = member("principalId")
        .and_then(Value::as_str)
        .and_then(Guid::parse)
        .ok_or_else(|| bad_member("principalId", member("principalId"), "System.Guid"))?;
    let role_id = text(document, "roleDefinitionId")
        .ok_or_else(|| bad_member("roleDefinitionId", member("roleDefinitionId"), "System.String"))?;
    let role_name = role_id.rsplit('/').next().unwrap_or("");
    let role = Guid::parse(role_name)
        .filter(|role| tx.cloud.governance.has_role(*role))
        .ok_or_else(|| CloudError::of(&ROLE_DEFINITION_NOT_FOUND).with("name", role_name))?;

    let at = at(scope, name);
    check_locks(
        tx.cloud,
        &format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"),
        Verb::Write,
    )?;
    let before = tx.cloud.governance.assignments.get(&at);
    check_update(before, principal, role)?;
    check_new(&tx.cloud.governance, &at, scope, principal, role)?;

    let now = tx.cloud.now();
    let assignment = RoleAssignment {
        name,
        scope: scope.clone(),
        role,
        principal,
        principal_type: text(document, "principalType").unwrap_or("ServicePrincipal").into(),
        extras: EXTRAS
            .iter()
            .filter_map(|extra| Some(((*extra).into(), member(extra).filter(|value| !value.is_null())?.clone())))
            .collect(),
        created: before.map_or(now, |before| before.created),
        updated: now,
        by: before.map_or(by, |before| before.by),
    };
    let created = before.is_none();
    tx.set_governance(Change::Assignment(at, Some(assignment.into())));
    Ok(set(created))
}

/// An assignment keeps its principal and its role.
fn check_update(before: Option<&RoleAssignment>, principal: Guid, role: Guid) -> Result<(), CloudError> {
    match before {
        Some(before) if before.principal != principal || before.role != role => {
            Err(CloudError::of(&ROLE_ASSIGNMENT_UPDATE))
        }
        _ => Ok(()),
    }
}

/// A principal has a role at a scope once, under one name; a name is used once in the tenant.
fn check_new(governance: &Governance, at: &At, scope: &Scope, principal: Guid, role: Guid) -> Result<(), CloudError> {
    for (other, assignment) in governance.assignments.iter().filter(|(other, _)| *other != at) {
        if other.1 == at.1 {
            return Err(CloudError::of(&ROLE_ASSIGNMENT_UPDATE));
        }
        if assignment.scope == *scope && assignment.principal == principal && assignment.role == role {
            return Err(CloudError::of(&ROLE_ASSIGNMENT_EXISTS));
        }
    }
    Ok(())
}

pub(super) fn delete(tx: &mut Transaction<'_>, scope: &Scope, name: &str) -> Result<Outcome, CloudError> {
    let Some(at) = Guid::parse(name).map(|name| at(scope, name)) else {
        return Ok(Outcome::Absent);
    };
    let Some(assignment) = tx.cloud.governance.assignments.get(&at) else {
        return Ok(Outcome::Absent);
    };
    check_locks(tx.cloud, &assignment.id(), Verb::Delete)?;
    tx.set_governance(Change::Assignment(at, None));
    Ok(Outcome::Removed)
}
