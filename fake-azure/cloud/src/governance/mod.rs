//! What is laid over scopes: locks, policies, role assignments and definitions, tags (ARM 1.1, extension resources; ARM 3.2, 3.4,
//! 6.6, 1.5).
//!
//! The gateway owns all of it: no operation, no etag, no location. It refuses to know who calls; whoever a row names as its
//! maker was told to it.

mod locks;
mod policies;
mod role_assignments;
mod role_definitions;
mod tag_names;
mod tags;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::locks::{Level, Lock, Verb};
pub use self::policies::{Policy, PolicyNoun};
pub use self::role_assignments::RoleAssignment;
pub use self::role_definitions::{BUILT_IN, BuiltIn, RoleDefinition};
pub use self::tag_names::TagName;
use crate::Document;
use crate::call::{Outcome, Reply, Scope};
use crate::cloud::Cloud;
use crate::engine::Transaction;
use crate::error::CloudError;
use crate::forms::forms;
use crate::key::Guid;
use crate::table::Table;

pub(crate) use self::locks::check as check_locks;
pub(crate) use self::policies::check as check_policies;
pub(crate) use self::tags::check as check_tags;

forms! {
    // tidy: sorted
    BAD_CONTENT: Invalid, Gateway, "InvalidRequestContent", "The request content was invalid and could not be deserialized: '{reason}'.", "ARM 1.7", "mend the member that is named";
    BAD_ROLE_ASSIGNMENT_NAME: Invalid, Gateway, "InvalidRoleAssignmentId", "The role assignment ID '{name}' is not valid. The role assignment ID must be a GUID.", "ARM 3.8", "name the assignment by a new GUID";
    BAD_ROLE_DEFINITION_NAME: Invalid, Gateway, "InvalidRoleDefinitionId", "The role definition ID '{name}' is not valid. The role definition ID must be a GUID.", "ARM 1.3 (form assumed)", "name the definition by a new GUID";
    BAD_TAG_NAME: Invalid, Gateway, "InvalidTagNameCharacters", "The tag names '{name}' have reserved characters '<,>,%,&,\\,?,/' or control characters.", "ARM 1.5 (form unsure)", "leave those characters out of the tag's name";
    LOCK_NOT_FOUND: Missing, Gateway, "LockNotFound", "The lock '{lock}' could not be found.", "ARM 3.3, observed-arm, Error catalogue", "list the locks of the scope";
    LONG_TAG_NAME: Invalid, Gateway, "InvalidTagNameLength", "Tag name too large. Following tag name '{name}' exceeded the maximum length. Maximum allowed length for tag name - '{max}' characters.", "ARM 1.5 (form unsure)", "shorten the tag's name";
    LONG_TAG_VALUE: Invalid, Gateway, "InvalidTagValueLength", "Tag value too large. Following tag value '{value}' exceeded the maximum length. Maximum allowed length for tag value - '{max}' characters.", "ARM 1.5 (form unsure)", "shorten the tag's value";
    POLICY_ASSIGNMENT_NOT_FOUND: Missing, Gateway, "PolicyAssignmentNotFound", "The policy assignment '{name}' is not found.", "assumed", "list the assignments of the scope";
    POLICY_BAD_FIELD: Invalid, Gateway, "InvalidPolicyAlias", "The policy definition '{name}' rule is invalid. The 'field' property '{field}' of the policy rule doesn't exist as an alias.", "assumed", "look at type, name, kind, location or tags";
    POLICY_BAD_RULE: Invalid, Gateway, "InvalidPolicyRule", "The policy definition '{name}' rule is invalid: {reason}.", "assumed", "mend the condition that is named";
    POLICY_DEFINITION_IN_USE: InUse, Gateway, "PolicyDefinitionInUse", "The policy definition '{name}' is in use and cannot be deleted.", "assumed", "delete its assignments first";
    POLICY_DEFINITION_NOT_FOUND: Missing, Gateway, "PolicyDefinitionNotFound", "The policy definition '{name}' could not be found.", "assumed", "list the definitions of the subscription";
    REQUEST_DISALLOWED: Forbidden, Gateway, "RequestDisallowedByPolicy", "Resource '{name}' was disallowed by policy. Policy identifiers: '[{policies}]'.", "ARM 3.2, juju-provider L72", "write what the policy allows, or have its assignment taken away";
    RESERVED_TAG_NAME: Invalid, Gateway, "ReservedTagNamePrefix", "Tag name '{name}' is not allowed. The prefixes 'microsoft', 'azure' and 'windows' are reserved.", "ARM 1.5 (form unsure)", "choose a name with another beginning";
    ROLE_ASSIGNMENT_EXISTS: Conflict, Gateway, "RoleAssignmentExists", "The role assignment already exists.", "ARM 3.8 (XPL, JAVA, NET)", "use the assignment that there is";
    ROLE_ASSIGNMENT_NOT_FOUND: Missing, Gateway, "RoleAssignmentNotFound", "The role assignment '{name}' is not found.", "ARM 3.8 (form assumed)", "list the assignments of the scope";
    ROLE_ASSIGNMENT_UPDATE: Invalid, Gateway, "RoleAssignmentUpdateNotPermitted", "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.", "ARM 3.8 (XPL, JAVA, NET)", "delete the assignment and make another";
    ROLE_DEFINITION_IN_USE: InUse, Gateway, "RoleDefinitionHasAssignments", "There are existing role assignments referencing role (code: {name}).", "ARM 3.8 (form assumed)", "delete the role's assignments first";
    ROLE_DEFINITION_NOT_FOUND: Missing, Gateway, "RoleDefinitionDoesNotExist", "The specified role definition with ID '{name}' does not exist.", "observed-arm, Error catalogue", "list the role definitions of the scope";
    ROLE_DEFINITION_TAKEN: Conflict, Gateway, "RoleDefinitionWithSameNameExists", "A custom role with the same name already exists in this directory. Use a different name", "ARM 3.8 (form assumed)", "choose another name for the role";
    SCOPE_LOCKED: Conflict, Gateway, "ScopeLocked", "The scope '{scope}' cannot perform {verb} operation because following scope(s) are locked: '{locked}'. Please remove the lock and try again.", "ARM 3.4", "remove the lock, then send the request again";
    TAG_IN_USE: Conflict, Gateway, "SubscriptionTagNameInUse", "Subscription tag name '{name}' is in use and cannot be deleted.", "ARM 1.5 (form assumed)", "take the tag off the resources and delete its values first";
    TAG_NAME_NOT_FOUND: Missing, Gateway, "SubscriptionTagNameNotFound", "Subscription tag name '{name}' could not be found.", "ARM 1.5, observed-arm, Error catalogue", "create the tag name first";
    TOO_MANY_TAGS: Invalid, Gateway, "InvalidTags", "The tags collection exceeds the max allowed number {limit}.", "ARM 1.5 (form unsure)", "take some tags away";
    // tidy: end
}

/// What is written about a scope.
#[derive(Clone, Debug)]
pub enum GovernanceCall {
    /// Lays a lock on a scope, or changes it.
    PutLock {
        /// Where.
        scope: Scope,
        /// The lock's name.
        name: Box<str>,
        /// `{"properties": {"level", "notes", "owners"}}`.
        document: Document,
    },
    /// Takes a lock away.
    DeleteLock {
        /// Where.
        scope: Scope,
        /// The lock's name.
        name: Box<str>,
    },
    /// Defines a policy, or says where one holds.
    PutPolicy {
        /// Which of the two.
        noun: PolicyNoun,
        /// Where.
        scope: Scope,
        /// Its name.
        name: Box<str>,
        /// `{"properties": {"policyRule", ..}}`, `{"properties": {"policyDefinitionId", ..}}`.
        document: Document,
    },
    /// Takes one away.
    DeletePolicy {
        /// Which of the two.
        noun: PolicyNoun,
        /// Where.
        scope: Scope,
        /// Its name.
        name: Box<str>,
    },
    /// Gives a principal a role at a scope.
    PutRoleAssignment {
        /// Where.
        scope: Scope,
        /// A GUID, as written.
        name: Box<str>,
        /// `{"properties": {"roleDefinitionId", "principalId", ..}}`.
        document: Document,
        /// The object id of who asks.
        by: Guid,
    },
    /// Takes a role away.
    DeleteRoleAssignment {
        /// Where.
        scope: Scope,
        /// A GUID, as written.
        name: Box<str>,
    },
    /// Makes a custom role, or changes it.
    PutRoleDefinition {
        /// Where it was addressed.
        scope: Scope,
        /// A GUID, as written.
        name: Box<str>,
        /// `{"properties": {"roleName", "permissions", "assignableScopes", ..}}`.
        document: Document,
        /// The object id of who asks.
        by: Guid,
    },
    /// Removes a custom role.
    DeleteRoleDefinition {
        /// A GUID, as written.
        name: Box<str>,
    },
    /// Sets the tags of a subscription, a group or a resource, whole.
    SetTags {
        /// Where.
        scope: Scope,
        /// Names and values.
        tags: Document,
    },
    /// Adds a name to a subscription's taxonomy.
    PutTagName {
        /// The subscription.
        subscription: Guid,
        /// The tag's name.
        name: Box<str>,
    },
    /// Removes a name that is not in use.
    DeleteTagName {
        /// The subscription.
        subscription: Guid,
        /// The tag's name.
        name: Box<str>,
    },
    /// Adds a value to a name.
    PutTagValue {
        /// The subscription.
        subscription: Guid,
        /// The tag's name.
        name: Box<str>,
        /// The value.
        value: Box<str>,
    },
    /// Removes a value of a name.
    DeleteTagValue {
        /// The subscription.
        subscription: Guid,
        /// The tag's name.
        name: Box<str>,
        /// The value.
        value: Box<str>,
    },
}

/// The folded id of a scope, with the folded name of what lies there.
pub(crate) type At = (Box<str>, Box<str>);

/// Declares the tables: their rows, and the change of a row that undoes another.
macro_rules! tables {
    ($( $(#[$doc:meta])* $table:ident / $change:ident : $key:ty => $row:ty ),* $(,)?) => {
        /// Rows over scopes.
        #[derive(Clone, Debug, Default, Serialize, Deserialize)]
        pub struct Governance {
            $( $(#[$doc])* #[serde(default)] pub(crate) $table: Table<$key, $row>, )*
        }

        /// A row written or removed.
        #[derive(Clone, Debug)]
        pub(crate) enum Change {
            $( $change($key, Option<Arc<$row>>), )*
        }

        impl Governance {
            /// Makes a change; gives back the one that undoes it.
            pub(crate) fn make(&mut self, change: Change) -> Change {
                match change {
                    $( Change::$change(key, row) => {
                        let before = self.$table.set(key.clone(), row);
                        Change::$change(key, before)
                    } )*
                }
            }
        }
    };
}

tables! {
    // tidy: sorted
    /// Who has which role, by scope and name.
    assignments / Assignment: At => RoleAssignment,
    /// Custom roles, by name.
    definitions / Definition: Guid => RoleDefinition,
    /// Locks, by scope and name.
    locks / Lock: At => Lock,
    /// Policies, defined and assigned, by folded id.
    policies / Policy: Box<str> => Policy,
    /// Tags of subscriptions.
    subscription_tags / SubscriptionTags: Guid => Document,
    /// The taxonomy of each subscription, by folded name.
    tag_names / TagName: (Guid, Box<str>) => TagName,
    // tidy: end
}

impl Governance {
    /// The tags of a subscription.
    pub fn tags_of(&self, subscription: Guid) -> Option<&Document> {
        self.subscription_tags.get(&subscription)
    }
}

/// Answers a call about a scope.
pub(crate) fn apply(cloud: &mut Cloud, call: &GovernanceCall) -> Result<Reply, CloudError> {
    Transaction::run(cloud, |tx| {
        let outcome = match call {
            GovernanceCall::PutLock { scope, name, document } => locks::put(tx, scope, name, document)?,
            GovernanceCall::DeleteLock { scope, name } => locks::delete(tx, scope, name)?,
            GovernanceCall::PutPolicy {
                noun,
                scope,
                name,
                document,
            } => policies::put(tx, *noun, scope, name, document)?,
            GovernanceCall::DeletePolicy { noun, scope, name } => policies::delete(tx, *noun, scope, name)?,
            GovernanceCall::PutRoleAssignment {
                scope,
                name,
                document,
                by,
            } => role_assignments::put(tx, scope, name, document, *by)?,
            GovernanceCall::DeleteRoleAssignment { scope, name } => role_assignments::delete(tx, scope, name)?,
            GovernanceCall::PutRoleDefinition {
                scope,
                name,
                document,
                by,
            } => role_definitions::put(tx, scope, name, document, *by)?,
            GovernanceCall::DeleteRoleDefinition { name } => role_definitions::delete(tx, name)?,
            GovernanceCall::SetTags { scope, tags } => tags::set(tx, scope, tags)?,
            GovernanceCall::PutTagName { subscription, name } => tag_names::put(tx, *subscription, name)?,
            GovernanceCall::DeleteTagName { subscription, name } => tag_names::delete(tx, *subscription, name)?,
            GovernanceCall::PutTagValue {
                subscription,
                name,
                value,
            } => tag_names::put_value(tx, *subscription, name, value)?,
            GovernanceCall::DeleteTagValue {
                subscription,
                name,
                value,
            } => tag_names::delete_value(tx, *subscription, name, value)?,
        };
        Ok(Reply {
            outcome,
            operation: None,
        })
    })
}

/// Removes what lies on a resource that goes, and on what was below it.
pub(crate) fn forget(tx: &mut Transaction<'_>, folded_id: &str) {
    let is_there = |at: &At| crate::governance::is_at_or_below(&at.0, folded_id);
    let governance = &tx.cloud.governance;
    let locks = governance.locks.iter().map(|(at, _)| at).filter(|at| is_there(at));
    let locks: Vec<Change> = locks.map(|at| Change::Lock(at.clone(), None)).collect();
    let assignments = governance
        .assignments
        .iter()
        .map(|(at, _)| at)
        .filter(|at| is_there(at));
    let assignments: Vec<Change> = assignments.map(|at| Change::Assignment(at.clone(), None)).collect();
    let policies = policies::below(governance, folded_id);
    for change in locks.into_iter().chain(assignments).chain(policies) {
        tx.set_governance(change);
    }
}

/// Whether one folded id is another, or lies below it.
fn is_at_or_below(id: &str, scope: &str) -> bool {
    id.strip_prefix(scope)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Refuses a scope that does not exist.
fn check_exists(cloud: &Cloud, scope: &Scope) -> Result<(), CloudError> {
    match scope {
        Scope::Subscription(id) if cloud.subscription(*id).is_some() => Ok(()),
        Scope::Subscription(id) => Err(CloudError::of(&crate::forms::NO_SUBSCRIPTION).with("subscription", id)),
        Scope::In(id) => crate::engine::find(cloud, id).map(|_| ()),
    }
}

/// A member of a document's `properties` that is a text.
fn text<'d>(document: &'d Document, member: &str) -> Option<&'d str> {
    document.get("properties")?.get(member)?.as_str()
}

/// The refusal of a document whose member has no value that can be used.
fn bad_member(member: &str, value: Option<&Document>, expected: &str) -> CloudError {
    let reason = match value {
        Some(value) => {
            format!(
                "Error converting value {value} to type '{expected}'. Path 'properties.{member}', line 1, position 1."
            )
        }
        None => format!("Required property '{member}' not found in JSON. Path 'properties', line 1, position 1."),
    };
    CloudError::of(&BAD_CONTENT).with("reason", reason)
}

/// Written, new or not.
fn set(created: bool) -> Outcome {
    Outcome::Set { created }
}
