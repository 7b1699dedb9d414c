//! What is laid over scopes: locks, policies, role assignments and definitions, tags (ARM 1.5, 3.2, 3.4, 6.6).
//!
//! The path says where: everything before the last `/providers/` is the scope.

mod locks;
mod policies;
mod roles;
mod tag_names;
mod tags;

use fake_azure_cloud::descriptor::Dialect;
use fake_azure_cloud::governance::{GovernanceCall, PolicyNoun};
use fake_azure_cloud::{Call, Guid, IdError, Outcome, ResourceId, Scope};
use serde_json::Value;

use super::answer::Answer;
use super::error::Refusal;
use super::request::Asked;
use super::{gateway, route};
use crate::Sandbox;
use crate::identity::Caller;

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Noun {
    Locks,
    Permissions,
    Policies(PolicyNoun),
    RoleAssignments,
    RoleDefinitions,
    Tags,
    TagNames,
}

#[rustfmt::skip]
const NOUNS: &[(&str, &str, Noun)] = &[
    // tidy: sorted
    ("Microsoft.Authorization", "locks", Noun::Locks),
    ("Microsoft.Authorization", "permissions", Noun::Permissions),
    ("Microsoft.Authorization", "policyAssignments", Noun::Policies(PolicyNoun::Assignment)),
    ("Microsoft.Authorization", "policyDefinitions", Noun::Policies(PolicyNoun::Definition)),
    ("Microsoft.Authorization", "roleAssignments", Noun::RoleAssignments),
    ("Microsoft.Authorization", "roleDefinitions", Noun::RoleDefinitions),
    ("Microsoft.Resources", "tags", Noun::Tags),
    // tidy: end
];

/// Where a request is about something that is laid over a scope.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    noun: Noun,
    /// The segments of the scope.
    scope: &'a [String],
    /// What follows the noun.
    rest: &'a [String],
}

/// Finds the noun at the end of a path.
pub(crate) fn place(segments: &[String]) -> Option<Place<'_>> {
    if segments
        .get(2)
        .is_some_and(|word| word.eq_ignore_ascii_case("tagNames"))
    {
        return Some(Place {
            noun: Noun::TagNames,
            scope: &segments[..2],
            rest: &segments[3..],
        });
    }
    let at = segments
        .iter()
        .rposition(|word| word.eq_ignore_ascii_case("providers"))?;
    let (namespace, collection) = (segments.get(at + 1)?, segments.get(at + 2)?);
    let (_, _, noun) = NOUNS
        .iter()
        .find(|(own, word, _)| own.eq_ignore_ascii_case(namespace) && word.eq_ignore_ascii_case(collection))?;
    let rest = &segments[at + 3..];
    (rest.len() <= 1).then_some(Place {
        noun: *noun,
        scope: &segments[..at],
        rest,
    })
}

/// Answers a request about it.
pub(crate) fn serve(
    sandbox: &mut Sandbox,
    asked: &Asked<'_>,
    place: &Place<'_>,
    caller: &Caller,
) -> Result<Answer, Refusal> {
    let full_type = match place.noun {
        Noun::Locks => "Microsoft.Authorization/locks",
        Noun::Permissions => "Microsoft.Authorization/permissions",
        Noun::Policies(PolicyNoun::Assignment) => "Microsoft.Authorization/policyAssignments",
        Noun::Policies(PolicyNoun::Definition) => "Microsoft.Authorization/policyDefinitions",
        Noun::RoleAssignments => "Microsoft.Authorization/roleAssignments",
        Noun::RoleDefinitions => "Microsoft.Authorization/roleDefinitions",
        Noun::Tags => "Microsoft.Resources/tags",
        Noun::TagNames => "Microsoft.Resources/tagNames",
    };
    gateway::check_type_version(asked, full_type)?;
    let name = place.rest.first().map(String::as_str);
    if place.noun == Noun::RoleDefinitions && place.scope.is_empty() {
        return roles::tenant_definitions(sandbox, asked, name);
    }
    let scope = scope(place.scope, asked)?;
    match (place.noun, name) {
        (Noun::Locks, _) => locks::serve(sandbox, asked, &scope, name),
        (Noun::Permissions, None) => roles::permissions(sandbox, asked, caller, &scope),
        (Noun::Policies(noun), _) => policies::serve(sandbox, asked, noun, &scope, name),
        (Noun::RoleAssignments, _) => roles::assignments(sandbox, asked, caller, &scope, name),
        (Noun::RoleDefinitions, _) => roles::definitions(sandbox, asked, caller, &scope, name),
        (Noun::Tags, Some(name)) if name.eq_ignore_ascii_case("default") => tags::serve(sandbox, asked, &scope),
        (Noun::TagNames, _) => tag_names::serve(sandbox, asked, scope.subscription(), place.rest),
        (Noun::Permissions, Some(_)) | (Noun::Tags, _) => {
            Err(route::no_such_type(&full_type.split('/').collect::<Vec<_>>(), asked.version_text()).into())
        }
    }
}

/// The scope of a path.
pub(crate) fn scope(segments: &[String], asked: &Asked<'_>) -> Result<Scope, Refusal> {
    if let [word, id] = segments
        && word.eq_ignore_ascii_case("subscriptions")
        && let Some(id) = Guid::parse(id)
    {
        return Ok(Scope::Subscription(id));
    }
    let text = format!("/{}", segments.join("/"));
    match ResourceId::parse(&text) {
        Ok(id) => Ok(Scope::In(id)),
        Err(IdError::UnknownType { namespace, type_path }) => {
            Err(route::no_such_type(&[&namespace, &type_path], asked.version_text()).into())
        }
        Err(IdError::Malformed) => Err(route::no_such_path(asked.uri.path()).into()),
    }
}

/// Asks the cloud to write; says whether something is new, or was there at all.
fn write(sandbox: &mut Sandbox, call: GovernanceCall) -> Result<Outcome, Refusal> {
    Ok(sandbox.cloud.apply(&Call::Governance(Box::new(call)))?.outcome)
}

/// The status of a write: 201 for what is new.
fn written(by: Dialect, outcome: &Outcome, document: Value) -> Answer {
    let status = match outcome {
        Outcome::Set { created: true } => 201,
        _ => 200,
    };
    Answer {
        status,
        ..Answer::ok(by, document)
    }
}

/// The answer to a removal that gives nothing back: 204 when there was nothing.
fn removed(by: Dialect, outcome: &Outcome) -> Answer {
    let status = if matches!(outcome, Outcome::Absent) { 204 } else { 200 };
    Answer::empty(by, status)
}
