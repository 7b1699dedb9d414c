//! DELETE: what stands in the way, and what goes along.

use std::sync::Arc;

use serde_json::Value;

use super::transaction::Transaction;
use super::{check_conditions, open_group, subscription};
use crate::api_version::ApiVersion;
use crate::call::{Conditions, Outcome, Reply};
use crate::descriptor::Provisioning;
use crate::error::CloudError;
use crate::event::Event;
use crate::forms;
use crate::id::ResourceId;
use crate::key::Key;
use crate::operation::{Doing, OperationId};
use crate::registry::Kind;
use crate::resource::{Edge, Resource};

/// DELETE. Absent in a group that exists is no error (ARM 1.11).
pub(super) fn delete(
    tx: &mut Transaction<'_>,
    id: &ResourceId,
    version: ApiVersion,
    conditions: &Conditions,
) -> Result<Reply, CloudError> {
    subscription(tx.cloud, id)?;
    if id.kind() == Kind::ResourceGroups {
        return delete_group(tx, id, version);
    }

    open_group(tx.cloud, id)?;
    let Some(resource) = tx.cloud.store.find(id.folded()).cloned() else {
        if let Some(parent) = id.parent()
            && tx.cloud.store.find(parent.folded()).is_none()
        {
            return Err(CloudError::of(&forms::PARENT_NOT_FOUND).with("parent", parent.name()));
        }
        return Ok(Reply {
            outcome: Outcome::Absent,
            operation: None,
        });
    };
    check_conditions(&tx.cx(), id, Some(&resource), conditions)?;
    let operation = begin(tx, &resource, version)?;
    Ok(Reply {
        outcome: Outcome::Removed,
        operation,
    })
}

/// Begins to remove a resource, or removes it at once. A second DELETE meanwhile follows the first.
pub(super) fn begin(
    tx: &mut Transaction<'_>,
    resource: &Resource,
    version: ApiVersion,
) -> Result<Option<OperationId>, CloudError> {
    if resource.provisioning == Provisioning::Deleting {
        return Ok(resource.operation);
    }
    let root = Arc::clone(tx.cx().root(resource.key));
    for held in [resource, root.as_ref()] {
        if let Some(operation) = held.operation {
            // To what it is a part of, a part that goes is a change.
            let doing = if held.key == resource.key {
                Doing::Delete
            } else {
                Doing::Update
            };
            held.kind.busy(&tx.cx(), held, &doing)?;
            tx.supersede(operation);
        }
    }
    check(tx, resource)?;

    let mut plan = resource.state.plan_delete(&tx.cx(), resource)?;
    tx.commit(resource.subscription, &resource.location, version, &mut plan)?;
    let stages = plan
        .stages
        .take()
        .unwrap_or_else(|| resource.kind.descriptor().lifetimes.delete.to_vec());
    if stages.is_empty() {
        remove_tree(tx, resource.key);
        return Ok(None);
    }
    tx.touched.clear();
    Ok(Some(tx.begin(resource.key, Doing::Delete, version, &stages, plan)))
}

/// Refuses to remove a resource that is needed from outside, or one of whose children is.
pub(super) fn check(tx: &Transaction<'_>, resource: &Resource) -> Result<(), CloudError> {
    let cx = tx.cx();
    let mut below = vec![Arc::clone(cx.resource(resource.key))];
    let mut next = 0;
    while next < below.len() {
        let children: Vec<_> = tx.cloud.store.all_children(below[next].key).cloned().collect();
        below.extend(children);
        next += 1;
    }

    for target in &below {
        let users: Vec<String> = cx
            .incoming(target.key)
            .filter(|(source, edge)| {
                source.kind.descriptor().refs[usize::from(edge.rule)].blocks_delete
                    && !below.iter().any(|inside| inside.key == source.key)
            })
            .map(|(source, edge)| cx.part_id(source, edge))
            .collect();
        if !users.is_empty() {
            return Err(target.kind.in_use(&cx, target, &users));
        }
    }
    Ok(())
}

/// Removes a resource and what is below it, and drops every reference to it.
pub(super) fn remove_tree(tx: &mut Transaction<'_>, key: Key) {
    let children: Vec<Key> = tx.cloud.store.all_children(key).map(|child| child.key).collect();
    for child in children.into_iter().rev() {
        remove_tree(tx, child);
    }

    let Some(resource) = tx.cloud.store.get(key).cloned() else {
        return;
    };
    let mut plan = resource.state.plan_removal(&tx.cx(), &resource);
    tx.commit(resource.subscription, &resource.location, ApiVersion::NEWEST, &mut plan)
        .expect("a removal gives back and is never refused");
    if let Some(row) = resource.kind.descriptor().quota {
        tx.charge(resource.subscription, &resource.location, row, -1)
            .expect("giving back is never refused");
    }
    drop_references(tx, key);
    crate::governance::forget(tx, &resource.folded);
    tx.set(key, None);
}

/// Makes everyone who refers to a resource forget it.
fn drop_references(tx: &mut Transaction<'_>, target: Key) {
    let sources: Vec<Arc<Resource>> = tx
        .cloud
        .store
        .incoming(target)
        .map(|(source, _)| Arc::clone(source))
        .collect();
    for source in sources {
        tx.change(source.key, |source| {
            let echo = Arc::make_mut(&mut source.echo);
            for edge in source.edges.iter().filter(|edge| edge.target == target) {
                if let Some(place) = echo.pointer_mut(&edge.at) {
                    *place = Value::Null;
                }
            }
            source.edges = source
                .edges
                .iter()
                .filter(|edge| edge.target != target)
                .cloned()
                .collect::<Vec<Edge>>()
                .into();
        });
    }
}

/// Begins to delete a group: its resources go in the order that their dependencies allow (ARM 8.8).
fn delete_group(tx: &mut Transaction<'_>, id: &ResourceId, version: ApiVersion) -> Result<Reply, CloudError> {
    let Some(group) = tx.cloud.store.find(id.folded()).cloned() else {
        return Err(CloudError::of(&forms::GROUP_NOT_FOUND).with("group", id.group_name()));
    };
    if group.provisioning == Provisioning::Deleting {
        return Ok(Reply {
            outcome: Outcome::Removed,
            operation: group.operation,
        });
    }
    let stages = group.kind.descriptor().lifetimes.delete;
    tx.touched.clear();
    let operation = tx.begin_open_ended(group.key, Doing::Delete, version, stages);
    let first_step = tx.cloud.now().plus_millis(super::group_deletion::STEP_MS);
    tx.schedule(first_step, Event::GroupDeletion(group.key));
    Ok(Reply {
        outcome: Outcome::Removed,
        operation: Some(operation),
    })
}
