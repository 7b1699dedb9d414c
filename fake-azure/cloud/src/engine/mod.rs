//! The engine: what all ARM types share. Types plan; the engine judges what is common, commits, and runs operations.

mod delete;
mod group_deletion;
mod moves;
mod normal_form;
mod put;
mod references;
mod render;
mod settle;
mod transaction;

pub(crate) use self::group_deletion::step as group_deletion_step;
pub(crate) use self::moves::ALL as MOVE_FORMS;
pub(crate) use self::normal_form::bad_value;
pub(crate) use self::render::document;
pub(crate) use self::settle::stage_ends;

use std::sync::Arc;

pub(crate) use self::transaction::Transaction;
use crate::api_version::ApiVersion;
use crate::blobs;
use crate::call::{Call, Conditions, Outcome, Reply, Scope};
use crate::cloud::Cloud;
use crate::cx::Cx;
use crate::descriptor::{Dialect, Provisioning};
use crate::error::CloudError;
use crate::forms;
use crate::governance::{self, Verb};
use crate::id::ResourceId;
use crate::key::{Guid, Key};
use crate::operation::Doing;
use crate::plan::Plan;
use crate::registry::Kind;
use crate::resource::Resource;
use crate::types::Act;
use crate::vaults;

/// Answers a call; what a refused one had begun is undone.
pub(crate) fn apply(cloud: &mut Cloud, call: &Call) -> Result<Reply, CloudError> {
    match call {
        Call::Get { id } => {
            let resource = find(cloud, id)?;
            Ok(Reply {
                outcome: Outcome::Found(Arc::clone(resource)),
                operation: None,
            })
        }
        Call::List { scope, kind } => Ok(Reply {
            outcome: Outcome::Listed(list(cloud, scope, Some(*kind))?),
            operation: None,
        }),
        Call::Resources { scope } => Ok(Reply {
            outcome: Outcome::Listed(list(cloud, scope, None)?),
            operation: None,
        }),
        Call::Put {
            id,
            document,
            version,
            conditions,
        } => {
            governance::check_locks(cloud, id, Verb::Write)?;
            governance::check_policies(cloud, id, document)?;
            Transaction::run(cloud, |tx| put::put(tx, id, document, *version, conditions))
        }
        Call::Patch {
            id,
            document,
            version,
            conditions,
        } => {
            governance::check_locks(cloud, id, Verb::Write)?;
            Transaction::run(cloud, |tx| put::patch(tx, id, document, *version, conditions))
        }
        Call::Delete {
            id,
            version,
            conditions,
        } => {
            governance::check_locks(cloud, id, Verb::Delete)?;
            Transaction::run(cloud, |tx| delete::delete(tx, id, *version, conditions))
        }
        Call::Move { ids, target } => Transaction::run(cloud, |tx| moves::relocate(tx, ids, target)),
        Call::Governance(call) => governance::apply(cloud, call),
        Call::Classic(call) => crate::classic::apply(cloud, call),
        Call::Blob(call) => Transaction::run(cloud, |tx| {
            let fresh = if call.operation.draws_id() {
                tx.cloud.streams.guid()
            } else {
                Guid::NIL
            };
            let (outcome, mut plan) = blobs::plan(&tx.cx(), call, fresh)?;
            if let Some(account) = tx.cloud.fabric.accounts.get(&call.account).cloned() {
                let owner = tx
                    .cx()
                    .find(account.owner)
                    .map_or(account.owner, |owner| owner.subscription);
                tx.commit(owner, &account.location, ApiVersion::NEWEST, &mut plan)?;
            }
            Ok(Reply {
                outcome: Outcome::Blob(outcome),
                operation: None,
            })
        }),
        Call::Vault(call) => Transaction::run(cloud, |tx| {
            let fresh = if call.operation.draws_id() {
                tx.cloud.streams.guid()
            } else {
                Guid::NIL
            };
            let (outcome, mut plan) = vaults::plan(&tx.cx(), call, fresh)?;
            commit_to_vault(tx, &call.vault, &mut plan)?;
            Ok(Reply {
                outcome: Outcome::Vault(Box::new(outcome)),
                operation: None,
            })
        }),
        Call::PurgeVault {
            subscription,
            location,
            name,
        } => Transaction::run(cloud, |tx| {
            let Some(own) = tx.cloud.subscription(*subscription).map(|own| own.key) else {
                return Err(CloudError::of(&forms::NO_SUBSCRIPTION).with("subscription", subscription));
            };
            let (until, mut plan) = vaults::plan_purge(&tx.cx(), own, location, name)?;
            commit_to_vault(tx, name, &mut plan)?;
            Ok(Reply {
                outcome: Outcome::Purging(until),
                operation: None,
            })
        }),
        Call::Act {
            id,
            action,
            document,
            version,
        } => {
            let resource = Arc::clone(find(cloud, id)?);
            governance::check_locks(cloud, id, Verb::Action)?;
            let found = resource
                .kind
                .descriptor()
                .actions
                .iter()
                .find(|row| row.name.eq_ignore_ascii_case(action));
            let Some(row) = found else {
                return Err(CloudError::of(&forms::NO_SUCH_ACTION)
                    .with("action", action)
                    .with("resource", id));
            };
            let act = Act {
                name: row.name,
                document,
                version: *version,
            };
            Transaction::run(cloud, |tx| put::act(tx, &resource, &act, row.stages))
        }
    }
}

/// Commits what a request to a vault does.
fn commit_to_vault(tx: &mut Transaction<'_>, name: &str, plan: &mut Plan) -> Result<(), CloudError> {
    let now = tx.cloud.now();
    let place = tx
        .cloud
        .fabric
        .vault(name, now)
        .map(|vault| (vault.subscription, vault.location.clone()));
    match place {
        Some((subscription, location)) => tx.commit(subscription, &location, ApiVersion::NEWEST, plan),
        None => Ok(()),
    }
}

/// The resource of an id, or the gateway's or provider's 404 (observed-arm, Two kinds of 404). The group is looked at first.
pub(crate) fn find<'c>(cloud: &'c Cloud, id: &ResourceId) -> Result<&'c Arc<Resource>, CloudError> {
    if let Some(resource) = cloud
        .store
        .find(id.folded())
        .filter(|resource| !is_hidden(cloud, resource))
    {
        return Ok(resource);
    }

    subscription(cloud, id)?;
    if cloud.store.find(id.folded_group()).is_none() {
        return Err(CloudError::of(&forms::GROUP_NOT_FOUND).with("group", id.group_name()));
    }
    if let Some(error) = id.kind().not_found(id)
        && id
            .folded_parent()
            .is_some_and(|parent| cloud.store.find(parent).is_some())
    {
        return Err(error);
    }
    let parent_exists = id
        .folded_parent()
        .is_some_and(|parent| cloud.store.find(parent).is_some());
    if parent_exists && id.kind().descriptor().dialect == Dialect::Network {
        return Err(CloudError::of(&forms::NOT_FOUND_NETWORK_CHILD).with("resource", id));
    }
    Err(CloudError::of(&forms::NOT_FOUND)
        .with("resource", id.short())
        .with("group", id.group_name()))
}

/// Whether nobody sees a resource yet: it, or what it is a part of, is still being made.
fn is_hidden(cloud: &Cloud, resource: &Resource) -> bool {
    let cx = cloud.cx();
    let root = cx.root(resource.key);
    let making = root
        .operation
        .and_then(|id| cx.operation(id))
        .is_some_and(|operation| operation.doing == Doing::Create);
    making && root.kind.descriptor().hidden_until_made
}

/// The subscription of an id.
fn subscription(cloud: &Cloud, id: &ResourceId) -> Result<Key, CloudError> {
    match cloud.subscription(id.subscription()) {
        Some(subscription) => Ok(subscription.key),
        None => Err(CloudError::of(&forms::NO_SUBSCRIPTION).with("subscription", id.subscription())),
    }
}

/// The group of an id, fit to be written into.
fn open_group(cloud: &Cloud, id: &ResourceId) -> Result<Key, CloudError> {
    let Some(group) = cloud.store.find(id.folded_group()) else {
        return Err(CloudError::of(&forms::GROUP_NOT_FOUND).with("group", id.group_name()));
    };
    if group.provisioning == Provisioning::Deleting {
        return Err(CloudError::of(&forms::GROUP_BEING_DELETED).with("group", id.group_name()));
    }
    Ok(group.key)
}

/// The resources of a type, or all that have a location, oldest first.
fn list(cloud: &Cloud, scope: &Scope, kind: Option<Kind>) -> Result<Vec<Arc<Resource>>, CloudError> {
    let below = |parent: Key, found: &mut Vec<Arc<Resource>>| match kind {
        Some(kind) => found.extend(cloud.store.children(parent, kind).cloned()),
        None => found.extend(
            cloud
                .store
                .all_children(parent)
                .filter(|child| child.kind.descriptor().tracked)
                .cloned(),
        ),
    };

    let mut found = Vec::new();
    match scope {
        Scope::In(id) => below(find(cloud, id)?.key, &mut found),
        Scope::Subscription(id) => {
            let Some(subscription) = cloud.subscription(*id) else {
                return Err(CloudError::of(&forms::NO_SUBSCRIPTION).with("subscription", id));
            };
            if kind == Some(Kind::ResourceGroups) {
                below(subscription.key, &mut found);
            } else {
                for group in cloud.store.children(subscription.key, Kind::ResourceGroups) {
                    below(group.key, &mut found);
                }
            }
        }
    }
    found.retain(|resource| !is_hidden(cloud, resource));
    Ok(found)
}

/// Whether the conditions of a write hold (ARM 1.8).
fn check_conditions(
    cx: &Cx<'_>,
    id: &ResourceId,
    existing: Option<&Resource>,
    conditions: &Conditions,
) -> Result<(), CloudError> {
    let dialect = id.kind().descriptor().dialect;
    if dialect == Dialect::Gateway {
        return Ok(());
    }
    if conditions.only_new && existing.is_some() {
        return Err(CloudError::of(&forms::PRECONDITION_FAILED).raised_by(dialect));
    }
    let Some(given) = &conditions.if_match else {
        return Ok(());
    };
    let current = existing.map(|resource| etag(cx, resource));
    let holds = match (&current, given.as_str()) {
        (Some(_), "*") => true,
        (Some(current), given) => bare_etag(current) == bare_etag(given),
        (None, _) => false,
    };
    if holds {
        return Ok(());
    }

    let current = current.unwrap_or_default();
    let shown = if given == "*" {
        given.clone()
    } else {
        format!("W/\"{}\"", bare_etag(given))
    };
    Err(match dialect {
        Dialect::Network => CloudError::of(&forms::PRECONDITION_FAILED).because(
            CloudError::of(&forms::ETAG_MISMATCH)
                .with("given", shown)
                .with("current", current)
                .with("resource", id),
        ),
        _ => CloudError::of(&forms::ETAG_MISMATCH_COMPUTE)
            .with("given", format!("\"{}\"", bare_etag(given)))
            .with("current", current)
            .raised_by(dialect),
    })
}

/// A resource's etag as its service writes it: Network's weak guid, Compute's counter. A child carries its root's.
pub(crate) fn etag(cx: &Cx<'_>, resource: &Resource) -> String {
    match resource.kind.descriptor().dialect {
        Dialect::Compute | Dialect::Disks => format!("\"{}\"", resource.revision),
        _ => format!("W/\"{}\"", cx.root(resource.key).etag),
    }
}

fn bare_etag(text: &str) -> &str {
    let text = text.trim().trim_start_matches("W/");
    text.strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(text)
}

/// The refusal to write while an operation holds the resource (ARM 2.6).
pub(crate) fn held(cx: &Cx<'_>, resource: &Resource) -> CloudError {
    let running = resource.operation.and_then(|id| cx.operation(id));
    let end = running.and_then(|operation| operation.end());
    let error = match resource.kind.descriptor().dialect {
        Dialect::Network => {
            let secs = end.map_or(10, |end| (end.millis_since(cx.now()) / 1000).max(1));
            let (name, guid) = running.map_or(("PutOperation".to_owned(), String::new()), |operation| {
                (
                    operation_name(&operation.doing, operation.kind),
                    operation.id.0.to_string(),
                )
            });
            let detail = CloudError::of(&forms::ANOTHER_OPERATION)
                .with("operation", name)
                .with("guid", guid)
                .with("resource", cx.id(resource.key))
                .with("secs", secs);
            CloudError::of(&forms::NETWORK_BUSY).because(detail)
        }
        dialect => CloudError::of(&forms::COMPUTE_BUSY).raised_by(dialect),
    };
    match end {
        Some(end) => error.until(end),
        None => error,
    }
}

/// `PutVirtualNetworkOperation`: how Network's messages name an operation (ARM 2.6).
pub(crate) fn operation_name(doing: &Doing, kind: Kind) -> String {
    let collection = kind.descriptor().collection();
    let mut noun = collection
        .strip_suffix("ies")
        .map_or_else(|| collection.to_owned(), |stem| format!("{stem}y"));
    if noun == collection {
        noun = collection.strip_suffix("sses").map_or_else(
            || collection.strip_suffix('s').unwrap_or(collection).to_owned(),
            |stem| format!("{stem}ss"),
        );
    }
    let mut letters = noun.chars();
    let noun: String = letters
        .next()
        .map(|first| first.to_ascii_uppercase())
        .into_iter()
        .chain(letters)
        .collect();
    let verb = match doing {
        Doing::Create | Doing::Update => "Put",
        Doing::Delete => "Delete",
        Doing::Act(name) => name,
    };
    format!("{verb}{noun}Operation")
}
