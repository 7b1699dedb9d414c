//! Moves: resources change their group, or their subscription, and nothing else of them (RPC, Move Resource; ARM 3.8).
//!
//! Everything in the world names them by key: only ids, counters and what is laid over them change.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::transaction::Transaction;
use super::{find, open_group, subscription};
use crate::call::{Outcome, Reply, Scope};
use crate::descriptor::Provisioning;
use crate::error::CloudError;
use crate::forms::forms;
use crate::governance::{self, Change, Lock, Verb};
use crate::id::ResourceId;
use crate::key::Key;
use crate::plan::Effect;
use crate::registry::Kind;
use crate::resource::Resource;

forms! {
    // tidy: sorted
    MOVE_CONFLICT: Conflict, Gateway, "ResourceMoveConflict", "The resource '{resource}' already exists in the target resource group '{group}'.", "ARM 3.8 (text assumed)", "rename or remove what is there, or choose another group";
    MOVE_DEPENDENTS: Invalid, Gateway, "MissingMoveDependentResources", "The move resources request does not contain all the dependent resources. Please check error details for missing resource ids.", "ARM 3.8; DOCS management/move-resource-group-and-subscription.md", "move what the details name along";
    MOVE_NOT_SUPPORTED: Conflict, Gateway, "CannotMoveResource", "One or more resources in the request cannot be moved. Please check the per-resource details for information.", "ARM 3.8 (text unsure); DOCS management/move-support-resources.md", "leave the resource where it is, or make another there";
    MOVE_NOT_TOP_LEVEL: Invalid, Gateway, "ResourceNotTopLevel", "Identifier '{resource}' is not a top level resource.", "ARM 3.8 (public issue logs)", "name the resource that it is a part of: parts move along";
    MOVE_PEERED: Conflict, Gateway, "MoveNotSupported", "The virtual network '{resource}' is peered with another network. Disable the peering before it is moved to another subscription.", "DOCS management/move-limitations/networking-move-limitations.md (text assumed)", "delete the peerings first";
    MOVE_PENDING: Busy, Gateway, "MoveResourcesHavePendingOperations", "The move resources request contains resources which have pending operations. Please check details for these resource ids. Please retry your operation when pending operations complete.", "ARM 3.8; DOCS virtual-machines error messages", "wait for the operations, then send the request again";
    MOVE_REFUSED: Conflict, Gateway, "ResourceMoveProviderValidationFailed", "Resource move validation failed. Please see details. Diagnostic information: timestamp '{timestamp}', subscription id '{subscription}', tracking id '{tracking}', request correlation id '{correlation}'.", "ARM 3.8", "mend what the details say";
    MOVE_SAME_GROUP: Invalid, Gateway, "ResourceMoveTargetInvalid", "The source and the target resource group '{group}' are the same.", "assumed", "name another group";
    MOVE_STANDARD: Conflict, Gateway, "MoveNotSupported", "Move of resource '{resource}' of type '{type}' with SKU 'Standard' to another subscription is not supported.", "DOCS management/move-limitations/networking-move-limitations.md (text assumed)", "make another address there";
    MOVE_UNSETTLED: Conflict, Gateway, "MoveCannotProceedWithResourcesNotInSucceededState", "Cannot proceed with move because resource '{resource}' is in '{state}' state. Only resources in Succeeded state can be moved.", "ARM 3.8 (text unsure)", "write the resource again until it succeeds";
    // tidy: end
}

/// Moves resources into a group. Everything is checked first, and either all of them go or none.
pub(super) fn relocate(tx: &mut Transaction<'_>, ids: &[ResourceId], target: &ResourceId) -> Result<Reply, CloudError> {
    let to = Arc::clone(find(tx.cloud, target)?);
    open_group(tx.cloud, target)?;
    governance::check_locks(tx.cloud, target, Verb::Write)?;
    let mut moved: Vec<Arc<Resource>> = Vec::new();
    for id in ids {
        subscription(tx.cloud, id)?;
        let resource = Arc::clone(find(tx.cloud, id)?);
        if resource.kind == Kind::ResourceGroups || resource.kind.descriptor().parent.is_some() {
            return Err(CloudError::of(&MOVE_NOT_TOP_LEVEL).with("resource", id));
        }
        if resource.group == to.key {
            return Err(CloudError::of(&MOVE_SAME_GROUP).with("group", &to.name));
        }
        open_group(tx.cloud, id)?;
        governance::check_locks(tx.cloud, id, Verb::Write)?;
        if !moved.iter().any(|own| own.key == resource.key) {
            moved.push(resource);
        }
    }
    check(tx, &moved, &to)?;
    for resource in &moved {
        relocate_one(tx, resource, &to)?;
    }
    Ok(Reply {
        outcome: Outcome::Written {
            key: to.key,
            created: false,
        },
        operation: None,
    })
}

/// A resource and what is below it.
fn family(tx: &Transaction<'_>, root: &Arc<Resource>) -> Vec<Arc<Resource>> {
    let mut found = vec![Arc::clone(root)];
    let mut next = 0;
    while next < found.len() {
        let children = tx.cloud.store.all_children(found[next].key).cloned();
        found.extend(children.collect::<Vec<_>>());
        next += 1;
    }
    found
}

/// What the providers say against a move.
fn check(tx: &Transaction<'_>, moved: &[Arc<Resource>], to: &Resource) -> Result<(), CloudError> {
    let cx = tx.cx();
    let mut refusals: Vec<CloudError> = Vec::new();
    let mut refuse = |by: &Resource, error: CloudError, detail: CloudError| {
        let target = by.kind.descriptor().name;
        let known = refusals
            .iter_mut()
            .find(|own| own.code == error.code && own.target.as_deref() == Some(target));
        match known {
            Some(own) => own.details.push(detail),
            None => refusals.push(error.about(target).because(detail)),
        }
    };
    let leaves = |own: &Resource| own.subscription != to.subscription;
    for root in moved {
        let id = cx.id(root.key);
        let there = folded_in(to, root);
        if tx.cloud.store.find(&there).is_some() {
            let error = CloudError::of(&MOVE_CONFLICT)
                .with("resource", &id)
                .with("group", &to.name);
            refuse(root, error.clone(), error.about(id.as_str()));
            continue;
        }
        let pending = family(tx, root).into_iter().find(|own| own.operation.is_some());
        if let Some(own) = pending {
            let error = CloudError::of(&MOVE_PENDING);
            refuse(root, error.clone(), error.about(cx.id(own.key)));
            continue;
        }
        if root.provisioning != Provisioning::Succeeded && root.kind.descriptor().shows_state {
            let error = CloudError::of(&MOVE_UNSETTLED)
                .with("resource", &id)
                .with("state", root.provisioning.as_str());
            refuse(root, error.clone(), error.about(id.as_str()));
            continue;
        }
        if leaves(root) {
            let is_standard = root.echo.pointer("/sku/name").is_some_and(|sku| sku == "Standard");
            if is_standard && root.kind == Kind::PublicIpAddresses {
                let detail = CloudError::of(&MOVE_STANDARD)
                    .with("resource", &id)
                    .with("type", root.kind.descriptor().name);
                refuse(root, CloudError::of(&MOVE_NOT_SUPPORTED), detail.about(id.as_str()));
            }
            if tx
                .cloud
                .store
                .children(root.key, Kind::VirtualNetworkPeerings)
                .next()
                .is_some()
            {
                let detail = CloudError::of(&MOVE_PEERED).with("resource", &id);
                refuse(root, CloudError::of(&MOVE_NOT_SUPPORTED), detail.about(id.as_str()));
            }
        }
        for missing in dependents(tx, root, moved, leaves(root)) {
            let detail = CloudError::of(&MOVE_DEPENDENTS).about(cx.id(missing));
            refuse(root, CloudError::of(&MOVE_DEPENDENTS), detail);
        }
    }
    if refusals.is_empty() {
        return Ok(());
    }
    let mut error = CloudError::of(&MOVE_REFUSED);
    error.details = refusals;
    Err(error)
}

/// What must go along and is not asked for: into another subscription everything that it refers to and that refers to it; into
/// another group the machines of a set with the set (DOCS move-limitations/virtual-machines-move-limitations.md).
fn dependents(tx: &Transaction<'_>, root: &Arc<Resource>, moved: &[Arc<Resource>], leaves: bool) -> Vec<Key> {
    let cx = tx.cx();
    let mut missing = BTreeSet::new();
    for own in family(tx, root) {
        let targets = own.edges.iter().map(|edge| edge.target);
        let sources = tx.cloud.store.incoming(own.key).map(|(source, _)| source.key);
        for other in targets.chain(sources) {
            let other = cx.root(other);
            let is_set = [own.kind, other.kind].contains(&Kind::AvailabilitySets);
            let is_asked_for = moved.iter().any(|moved| moved.key == other.key);
            if (leaves || is_set) && !is_asked_for {
                missing.insert(other.key);
            }
        }
    }
    missing.into_iter().collect()
}

/// The folded id that a resource has in another group.
fn folded_in(to: &Resource, root: &Resource) -> Box<str> {
    let end = root
        .folded
        .match_indices('/')
        .nth(4)
        .map_or(root.folded.len(), |(at, _)| at);
    format!("{}{}", to.folded, &root.folded[end..]).into()
}

fn relocate_one(tx: &mut Transaction<'_>, root: &Arc<Resource>, to: &Resource) -> Result<(), CloudError> {
    let there = folded_in(to, root);
    let family = family(tx, root);
    if root.subscription != to.subscription {
        for own in &family {
            recount(tx, own, to.subscription)?;
        }
    }
    for own in &family {
        let folded: Box<str> = format!("{there}{}", &own.folded[root.folded.len()..]).into();
        tx.change(own.key, |own| {
            own.folded = folded;
            own.group = to.key;
            own.subscription = to.subscription;
            if own.key == root.key {
                own.parent = to.key;
            }
        });
    }
    move_locks(tx, &root.folded, &there);
    Ok(())
}

/// Counts what a resource takes of quotas in another subscription instead of its own.
fn recount(tx: &mut Transaction<'_>, own: &Resource, subscription: Key) -> Result<(), CloudError> {
    // What its removal would give back is what it takes.
    let plan = own.state.plan_removal(&tx.cx(), own);
    let charges = plan.effects.into_iter().filter_map(|effect| match effect {
        Effect::Charge { row, by } => Some((row, by)),
        _ => None,
    });
    let quota = own.kind.descriptor().quota.map(|row| (row, -1));
    for (row, by) in charges.chain(quota).collect::<Vec<_>>() {
        tx.charge(own.subscription, &own.location, row, by)?;
        tx.charge(subscription, &own.location, row, -by)?;
    }
    Ok(())
}

/// Locks go along; roles do not: who had one at the old id has none at the new (DOCS move-resource-group-and-subscription.md).
fn move_locks(tx: &mut Transaction<'_>, from: &str, to: &str) {
    let below = |scope: &str| {
        let rest = scope.strip_prefix(from)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| format!("{to}{rest}"))
    };
    let locks = tx.cloud.governance.locks.iter();
    let locks: Vec<_> = locks
        .filter_map(|((scope, name), lock)| {
            let id = ResourceId::parse(&below(scope)?).ok()?;
            let moved = Lock {
                scope: Scope::In(id),
                ..Lock::clone(lock)
            };
            Some((scope.clone(), name.clone(), moved))
        })
        .collect();
    for (scope, name, lock) in locks {
        let there: Box<str> = below(&scope).unwrap_or_default().into();
        tx.set_governance(Change::Lock((scope, name.clone()), None));
        tx.set_governance(Change::Lock((there, name), Some(Arc::new(lock))));
    }
    governance::forget(tx, from);
}
