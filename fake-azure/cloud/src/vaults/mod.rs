//! What is in vaults: rules over the fabric's keys and secrets.
//!
//! Rules are pure: they read the world and give back an outcome and a plan, which the engine commits whole. They refuse to
//! know tokens and HTTP: who asks is told by the front end. No operation that needs the private half of a key is performed,
//! so that no key has one.

mod access;
mod call;
mod objects;
pub mod refusals;
#[cfg(test)]
mod tests;

pub(crate) use self::access::may_use_keys;
pub use self::call::{KeyWish, VaultCall, VaultCaller, VaultOperation, VaultOutcome, VersionWish};

use self::objects::Desk;
use self::refusals::{
    DELETED_VAULT_NOT_FOUND, NAME_IN_DELETED_STATE, PURGE_FORBIDDEN, VAULT_ALREADY_EXISTS, VAULT_NAME_NOT_VALID,
    VAULT_NOT_FOUND,
};
use crate::cloud::Cloud;
use crate::cx::Cx;
use crate::error::CloudError;
use crate::fabric::{DeletedVault, Vault, VaultCollection};
use crate::key::{Guid, Key};
use crate::plan::Plan;
use crate::time::Time;

/// How long a purge takes. Assumed.
const PURGE_MS: i64 = 15_000;

/// What a request does. `fresh` is an id that nothing has yet.
pub(crate) fn plan(cx: &Cx<'_>, call: &VaultCall, fresh: Guid) -> Result<(VaultOutcome, Plan), CloudError> {
    let vault = cx
        .fabric()
        .vault(&call.vault, cx.now())
        .filter(|vault| vault.ready && vault.owner.is_some())
        .ok_or_else(|| CloudError::of(&VAULT_NOT_FOUND).with("vault", &call.vault))?;
    let permission = permission_of(call);
    access::check(cx, vault, &call.caller, call.collection, permission)?;
    let desk = Desk {
        cx: *cx,
        vault,
        collection: call.collection,
        now: cx.now(),
    };
    match &call.operation {
        VaultOperation::CreateKey { name, key, wish } => desk.create_key(name, key, wish, fresh),
        VaultOperation::SetSecret { name, value, wish } => desk.set_secret(name, value, wish, fresh),
        VaultOperation::Update { name, version, wish } => desk.update(name, version, wish),
        VaultOperation::Get { name, version } => desk.get(name, version),
        VaultOperation::List => Ok(desk.list()),
        VaultOperation::Versions { name } => desk.versions(name),
        VaultOperation::Delete { name } => desk.delete(name),
        VaultOperation::GetDeleted { name } => desk.get_deleted(name),
        VaultOperation::ListDeleted => Ok(desk.list_deleted()),
        VaultOperation::Recover { name } => desk.recover(name),
        VaultOperation::Purge { name } => desk.purge(name),
    }
}

/// What policies call an operation.
fn permission_of(call: &VaultCall) -> &'static str {
    match &call.operation {
        VaultOperation::CreateKey { .. } => "create",
        VaultOperation::SetSecret { .. } => "set",
        VaultOperation::Update { .. } if call.collection == VaultCollection::Secrets => "set",
        VaultOperation::Update { .. } => "update",
        VaultOperation::Get { .. } | VaultOperation::GetDeleted { .. } => "get",
        VaultOperation::List | VaultOperation::Versions { .. } | VaultOperation::ListDeleted => "list",
        VaultOperation::Delete { .. } => "delete",
        VaultOperation::Recover { .. } => "recover",
        VaultOperation::Purge { .. } => "purge",
    }
}

/// Removes a deleted vault for good, a little later; gives back when.
///
/// # Errors
///
/// `DeletedVaultNotFound`, `MethodNotAllowed` of one that is protected.
pub(crate) fn plan_purge(
    cx: &Cx<'_>,
    subscription: Key,
    location: &str,
    name: &str,
) -> Result<(Time, Plan), CloudError> {
    let (vault, deleted) = find_deleted(cx, subscription, Some(location), name)?;
    if vault.purge_protection {
        cov_mark::hit!(vault_purge_protected);
        return Err(CloudError::of(&PURGE_FORBIDDEN));
    }
    let until = deleted.until.min(cx.now().plus_millis(PURGE_MS));
    let purging = DeletedVault {
        until,
        purging: true,
        ..deleted.clone()
    };
    let row = Vault {
        deleted: Some(purging),
        ..vault.clone()
    };
    Ok((until, Plan::new().vault(name.to_ascii_lowercase().into(), Some(row))))
}

/// A vault that was deleted and can be had back.
fn find_deleted<'c>(
    cx: &Cx<'c>,
    subscription: Key,
    location: Option<&str>,
    name: &str,
) -> Result<(&'c Vault, &'c DeletedVault), CloudError> {
    let found = cx
        .fabric()
        .vault(name, cx.now())
        .filter(|vault| vault.subscription == subscription)
        .filter(|vault| location.is_none_or(|location| vault.location.eq_ignore_ascii_case(location)));
    found
        .and_then(|vault| Some((vault, vault.recoverable(cx.now())?)))
        .ok_or_else(|| CloudError::of(&DELETED_VAULT_NOT_FOUND).with("vault", name))
}

/// Whether a name can be had, as `checkNameAvailability` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VaultNameAvailability {
    /// It can.
    Available,
    /// It breaks the rule for names: reason `AccountNameInvalid`, with the message.
    Invalid(String),
    /// It is taken: reason `AlreadyExists`, with the message.
    Taken(String),
}

/// Whether a name has the form: 3 to 24 letters, digits and single hyphens, a letter first, no hyphen last.
pub(crate) fn is_vault_name(name: &str) -> bool {
    (3..=24).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && !name.ends_with('-')
        && !name.contains("--")
}

impl Cloud {
    /// Whether a vault can have a name. It is judged across all subscriptions.
    pub fn check_vault_name(&self, subscription: Guid, name: &str) -> VaultNameAvailability {
        if !is_vault_name(name) {
            let error = CloudError::of(&VAULT_NAME_NOT_VALID).with("name", name);
            return VaultNameAvailability::Invalid(error.message);
        }
        let Some(holder) = self.fabric.vault(name, self.now()) else {
            return VaultNameAvailability::Available;
        };
        let own = self
            .subscription(subscription)
            .is_some_and(|own| own.key == holder.subscription);
        let error = match holder.deleted {
            Some(_) if own => CloudError::of(&NAME_IN_DELETED_STATE),
            _ => CloudError::of(&VAULT_ALREADY_EXISTS).with("vault", name),
        };
        VaultNameAvailability::Taken(error.message)
    }

    /// The vaults of a subscription that were deleted and can be had back, by name.
    pub fn deleted_vaults(&self, subscription: Guid) -> impl Iterator<Item = (&Vault, &DeletedVault)> {
        let own = self.subscription(subscription).map(|own| own.key);
        let now = self.now();
        self.fabric
            .vaults
            .iter()
            .filter(move |(_, vault)| Some(vault.subscription) == own)
            .filter_map(move |(_, vault)| Some((vault, vault.recoverable(now)?)))
    }

    /// One of them.
    ///
    /// # Errors
    ///
    /// `DeletedVaultNotFound`.
    pub fn deleted_vault(
        &self,
        subscription: Guid,
        location: &str,
        name: &str,
    ) -> Result<(&Vault, &DeletedVault), CloudError> {
        let own = self
            .subscription(subscription)
            .map(|own| own.key)
            .ok_or_else(|| CloudError::of(&DELETED_VAULT_NOT_FOUND).with("vault", name))?;
        find_deleted(&self.cx(), own, Some(location), name)
    }
}
