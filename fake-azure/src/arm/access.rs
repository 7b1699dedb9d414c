//! Whether a caller's roles allow what it asks (ARM 6.6, 3.2): only where a sandbox enforces roles. The first principal of the
//! directory owns every subscription, or nobody could give the first role.
//!
//! What a document refers to needs a role, too; what that is `linked_access` knows.

use fake_azure_cloud::catalogue::limits::Era;
use fake_azure_cloud::governance::{BUILT_IN, Governance};
use fake_azure_cloud::{CloudError, Guid};
use http::Method;
use serde_json::Value;

use super::error::Refusal;
use super::request::Asked;
use super::{forms, linked_access};
use crate::Sandbox;
use crate::identity::Caller;

/// What a request would do, and where: an action's name and a scope.
#[derive(Debug, PartialEq, Eq)]
struct Wish {
    action: String,
    scope: String,
}

/// Refuses what the caller's roles do not allow.
pub(crate) fn check(sandbox: &Sandbox, asked: &Asked<'_>, caller: &Caller) -> Result<(), Refusal> {
    if !sandbox.enforce_roles || caller.object_id == sandbox.directory.first().object_id {
        return Ok(());
    }
    let Some(wish) = wish(asked.method, &asked.segments) else {
        return Ok(());
    };
    if !may(sandbox, caller, &wish) {
        return Err(CloudError::of(&forms::AUTHORIZATION_FAILED)
            .with("client", caller.app_id)
            .with("object", caller.object_id)
            .with("action", wish.action)
            .with("scope", wish.scope)
            .into());
    }
    if ![Method::PUT, Method::PATCH].contains(asked.method) {
        return Ok(());
    }

    // A body that is no document is refused by whoever reads it.
    match serde_json::from_slice(asked.body) {
        Ok(document) => check_linked(sandbox, caller, wish, &document),
        Err(_) => Ok(()),
    }
}

/// Whether the caller's roles allow it.
fn may(sandbox: &Sandbox, caller: &Caller, wish: &Wish) -> bool {
    let governance = sandbox.cloud.governance();
    let folded = wish.scope.to_lowercase();
    governance.role_assignments().any(|assignment| {
        let scope = assignment.scope.to_string().to_lowercase();
        let holds = folded
            .strip_prefix(&scope)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        assignment.principal == caller.object_id && holds && allows(governance, assignment.role, &wish.action)
    })
}

/// Refuses a document that refers to what the caller may not join. Today every action is named with its scope, before it was one
/// action with all of its scopes.
fn check_linked(sandbox: &Sandbox, caller: &Caller, wish: Wish, document: &Value) -> Result<(), Refusal> {
    let Some(kind) = wish.action.strip_suffix("/write") else {
        return Ok(());
    };
    let mut missing = linked_access::linked(kind, document);
    missing.retain(|(action, scope)| {
        let linked = Wish {
            action: action.clone(),
            scope: scope.clone(),
        };
        !may(sandbox, caller, &linked)
    });
    let Some((first, _)) = missing.first().cloned() else {
        return Ok(());
    };

    let form = match sandbox.era() {
        Era::Current => &forms::LINKED_AUTHORIZATION_FAILED,
        Era::Classic2014 | Era::Arm2016 => {
            missing.retain(|(action, _)| *action == first);
            &forms::LINKED_AUTHORIZATION_FAILED_ONE
        }
    };
    let scopes: Vec<&str> = missing.iter().map(|(_, scope)| scope.as_str()).collect();
    let actions: Vec<&str> = match sandbox.era() {
        Era::Current => missing.iter().map(|(action, _)| action.as_str()).collect(),
        Era::Classic2014 | Era::Arm2016 => vec![&first],
    };
    Err(CloudError::of(form)
        .with("client", caller.app_id)
        .with("object", caller.object_id)
        .with("action", wish.action)
        .with("scope", wish.scope)
        .with("linked", actions.join(","))
        .with("scopes", scopes.join(","))
        .into())
}

/// What a request would do. `None` where everybody who signs in may: the tenant's own lists.
fn wish(method: &Method, segments: &[String]) -> Option<Wish> {
    let words: Vec<&str> = segments.iter().map(String::as_str).collect();
    let [first, subscription, rest @ ..] = words.as_slice() else {
        return None;
    };
    if !first.eq_ignore_ascii_case("subscriptions") {
        return None;
    }
    let verb = match *method {
        Method::GET | Method::HEAD => "read",
        Method::DELETE => "delete",
        Method::POST => "action",
        _ => "write",
    };
    let path = |words: &[&str]| format!("/{}", words.join("/"));
    let Some(at) = words.iter().rposition(|word| word.eq_ignore_ascii_case("providers")) else {
        return Some(match rest {
            [] => Wish {
                action: format!("Microsoft.Resources/subscriptions/{verb}"),
                scope: path(&words),
            },
            [word, group] if word.eq_ignore_ascii_case("resourceGroups") => Wish {
                action: format!("Microsoft.Resources/subscriptions/resourceGroups/{verb}"),
                scope: path(&["subscriptions", subscription, "resourceGroups", group]),
            },
            [word, group, action] if word.eq_ignore_ascii_case("resourceGroups") => Wish {
                action: match verb {
                    "read" => format!("Microsoft.Resources/subscriptions/resourceGroups/{action}/read"),
                    _ => format!("Microsoft.Resources/subscriptions/resourceGroups/{action}/action"),
                },
                scope: path(&["subscriptions", subscription, "resourceGroups", group]),
            },
            [word, ..] => Wish {
                action: format!("Microsoft.Resources/subscriptions/{word}/{verb}"),
                scope: path(&words[..2]),
            },
        });
    };

    let tail = &words[at + 1..];
    let (namespace, pairs) = tail.split_first()?;
    let types: Vec<&str> = pairs.iter().step_by(2).copied().collect();
    let is_collection = pairs.len() % 2 == 1;
    let named = pairs.len() - usize::from(is_collection);
    let scope_end = if named == 0 { at } else { at + 2 + named };
    Some(Wish {
        action: format!("{namespace}/{}/{verb}", types.join("/")),
        scope: path(&words[..scope_end]),
    })
}

/// Whether a role allows an action.
fn allows(governance: &Governance, role: Guid, action: &str) -> bool {
    if let Some(role) = BUILT_IN.iter().find(|own| own.name == role) {
        return role.actions.iter().any(|pattern| matches(pattern, action))
            && !role.not_actions.iter().any(|pattern| matches(pattern, action));
    }
    let Some(role) = governance.role_definition(role) else {
        return false;
    };
    let permissions = role.permissions.as_array().map_or(&[][..], Vec::as_slice);
    permissions.iter().any(|permission| {
        let has = |member: &str| {
            let patterns = permission.get(member).and_then(Value::as_array);
            patterns.is_some_and(|patterns| {
                patterns
                    .iter()
                    .filter_map(Value::as_str)
                    .any(|pattern| matches(pattern, action))
            })
        };
        has("actions") && !has("notActions")
    })
}

/// Whether a pattern names an action: `*` stands for any text, case does not count.
fn matches(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_lowercase(), action.to_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = action.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> String {
        let (method, path) = line.split_once(' ').expect("a method and a path");
        let method: Method = method.parse().expect("a method");
        let segments: Vec<String> = path
            .split('/')
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect();
        match wish(&method, &segments) {
            Some(wish) => format!("{} over {}", wish.action, wish.scope),
            None => "anybody".to_owned(),
        }
    }

    #[test]
    fn requests_have_the_names_that_roles_allow() {
        let vm = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines";
        let rows = [
            ("GET /subscriptions".to_owned(), "anybody".to_owned()),
            ("GET /tenants".to_owned(), "anybody".to_owned()),
            (
                "PUT /subscriptions/s/resourcegroups/g".to_owned(),
                "Microsoft.Resources/subscriptions/resourceGroups/write over /subscriptions/s/resourceGroups/g"
                    .to_owned(),
            ),
            (
                "GET /subscriptions/s/resourcegroups".to_owned(),
                "Microsoft.Resources/subscriptions/resourcegroups/read over /subscriptions/s".to_owned(),
            ),
            (
                format!("PUT {vm}/v"),
                format!("Microsoft.Compute/virtualMachines/write over {vm}/v"),
            ),
            (
                format!("GET {vm}"),
                "Microsoft.Compute/virtualMachines/read over /subscriptions/s/resourceGroups/g".to_owned(),
            ),
            (
                format!("POST {vm}/v/start"),
                format!("Microsoft.Compute/virtualMachines/start/action over {vm}/v"),
            ),
            (
                format!("DELETE {vm}/v/extensions/e"),
                format!("Microsoft.Compute/virtualMachines/extensions/delete over {vm}/v/extensions/e"),
            ),
            (
                format!("PUT {vm}/v/providers/Microsoft.Authorization/locks/l"),
                format!("Microsoft.Authorization/locks/write over {vm}/v/providers/Microsoft.Authorization/locks/l"),
            ),
        ];
        for (line, expected) in rows {
            assert_eq!(read(&line), expected, "{line}");
        }
    }

    #[test]
    fn a_star_stands_for_any_text() {
        let rows = [
            ("*", "Microsoft.Network/virtualNetworks/write", true),
            ("*/read", "Microsoft.Network/virtualNetworks/read", true),
            ("*/read", "Microsoft.Network/virtualNetworks/write", false),
            ("Microsoft.Network/*", "microsoft.network/virtualNetworks/write", true),
            (
                "Microsoft.Authorization/*/Write",
                "Microsoft.Authorization/locks/write",
                true,
            ),
            ("Microsoft.Compute/disks/write", "Microsoft.Compute/disks/write", true),
            ("Microsoft.Compute/disks/write", "Microsoft.Compute/disks/writer", false),
        ];
        for (pattern, action, expected) in rows {
            assert_eq!(matches(pattern, action), expected, "{pattern} {action}");
        }
    }
}
