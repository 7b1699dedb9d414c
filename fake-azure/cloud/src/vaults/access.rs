//! Who may do what with a vault's data: by its access policies, or by roles, and from where.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde_json::Value;

use super::call::VaultCaller;
use super::refusals::{ACCESS_DENIED, ADDRESS_FORBIDDEN, BY_FIREWALL, BY_POLICY, BY_ROLES, NOT_AUTHORIZED};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::fabric::{Vault, VaultCollection};
use crate::governance::BUILT_IN;
use crate::key::Guid;

/// Refuses what a caller may not do. `permission` is the policies' word: `create`.
pub(super) fn check(
    cx: &Cx<'_>,
    vault: &Vault,
    caller: &VaultCaller,
    collection: VaultCollection,
    permission: &str,
) -> Result<(), CloudError> {
    let told = format!(
        "appid={};oid={};iss=https://sts.windows.net/{}/",
        caller.application, caller.object, caller.tenant
    );
    let place = |error: CloudError| {
        error
            .with("caller", &told)
            .with("vault", &vault.name)
            .with("location", &vault.location)
    };
    if !is_reachable(vault, caller.address) {
        cov_mark::hit!(vault_forbids_address);
        return Err(
            place(CloudError::of(&ADDRESS_FORBIDDEN).with("address", caller.address))
                .because(CloudError::of(&BY_FIREWALL)),
        );
    }
    if vault.by_roles {
        let action = data_action(collection, permission);
        if is_allowed_by_role(cx, vault, caller.object, &action) {
            return Ok(());
        }
        let id = vault.owner.map_or_else(String::new, |owner| cx.id(owner));
        let error = CloudError::of(&NOT_AUTHORIZED)
            .with("action", action)
            .with("resource", id.to_lowercase());
        return Err(place(error).because(CloudError::of(&BY_ROLES)));
    }
    let allowed = vault.policies.iter().any(|policy| {
        let words = match collection {
            VaultCollection::Keys => &policy.keys,
            VaultCollection::Secrets => &policy.secrets,
        };
        // A compound identity: the user, by that application and no other.
        let acts = policy
            .application
            .is_none_or(|application| caller.is_user && application == caller.application);
        policy.tenant == caller.tenant
            && policy.object == caller.object
            && acts
            && words.iter().any(|word| is_granted(word, permission))
    });
    if allowed {
        return Ok(());
    }
    cov_mark::hit!(vault_access_denied);
    let error = CloudError::of(&ACCESS_DENIED)
        .with("collection", collection.as_str())
        .with("permission", permission);
    Err(place(error).because(CloudError::of(&BY_POLICY)))
}

/// Whether a word of a policy grants a permission. `all` never grants purging.
pub(super) fn is_granted(word: &str, permission: &str) -> bool {
    word.eq_ignore_ascii_case(permission) || (word.eq_ignore_ascii_case("all") && permission != "purge")
}

/// Whether a service's identity may do all of this with keys: policies where they count, roles elsewhere.
pub(crate) fn may_use_keys(cx: &Cx<'_>, vault: &Vault, principal: Guid, permissions: &[&str]) -> bool {
    permissions.iter().all(|permission| {
        if vault.by_roles {
            return is_allowed_by_role(cx, vault, principal, &data_action(VaultCollection::Keys, permission));
        }
        let own = vault.policies.iter().filter(|policy| policy.object == principal);
        own.flat_map(|policy| &policy.keys)
            .any(|word| is_granted(word, permission))
    })
}

fn is_reachable(vault: &Vault, address: Ipv4Addr) -> bool {
    let Some(ranges) = &vault.reachable_from else {
        return true;
    };
    ranges.iter().any(|range| match range.parse::<Ipv4Net>() {
        Ok(net) => net.contains(&address),
        Err(_) => range.parse() == Ok(address),
    })
}

/// What roles call an operation.
fn data_action(collection: VaultCollection, permission: &str) -> String {
    let at = format!("Microsoft.KeyVault/vaults/{}", collection.as_str());
    match (collection, permission.to_ascii_lowercase().as_str()) {
        (_, "delete") => format!("{at}/delete"),
        (VaultCollection::Keys, "get" | "list") => format!("{at}/read"),
        (VaultCollection::Keys, "wrapkey") => format!("{at}/wrap/action"),
        (VaultCollection::Keys, "unwrapkey") => format!("{at}/unwrap/action"),
        (VaultCollection::Secrets, "get") => format!("{at}/getSecret/action"),
        (VaultCollection::Secrets, "list") => format!("{at}/readMetadata/action"),
        (VaultCollection::Secrets, "set") => format!("{at}/setSecret/action"),
        (_, word) => format!("{at}/{word}/action"),
    }
}

fn is_allowed_by_role(cx: &Cx<'_>, vault: &Vault, principal: Guid, action: &str) -> bool {
    let Some(owner) = vault.owner else {
        return false;
    };
    let id = cx.id(owner).to_lowercase();
    let governance = cx.cloud().governance();
    governance.role_assignments().any(|assignment| {
        let scope = assignment.scope.to_string().to_lowercase();
        let holds = id
            .strip_prefix(&scope)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if assignment.principal != principal || !holds {
            return false;
        }
        if let Some(role) = BUILT_IN.iter().find(|role| role.name == assignment.role) {
            return role.data_actions.iter().any(|pattern| matches(pattern, action));
        }
        let definition = governance.role_definition(assignment.role);
        let permissions = definition.and_then(|role| role.permissions.as_array());
        permissions.into_iter().flatten().any(|permission| {
            let has = |member: &str| {
                let patterns = permission.get(member).and_then(Value::as_array);
                let mut patterns = patterns.into_iter().flatten().filter_map(Value::as_str);
                patterns.any(|pattern| matches(pattern, action))
            };
            has("dataActions") && !has("notDataActions")
        })
    })
}

/// Whether a pattern names an action: a `*` at its end stands for any text, case does not count.
fn matches(pattern: &str, action: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, rest)) => {
            let (start, rest) = (start.to_lowercase(), rest.to_lowercase());
            let action = action.to_lowercase();
            action.starts_with(&start) && action.len() >= start.len() + rest.len() && action.ends_with(&rest)
        }
        None => pattern.eq_ignore_ascii_case(action),
    }
}
