//! The deletion of a group: each step begins to remove whatever nothing needs any more, until the group is empty or stuck
//! (ARM 8.8).

use std::sync::Arc;

use super::delete;
use super::settle;
use super::transaction::Transaction;
use crate::api_version::ApiVersion;
use crate::cloud::Cloud;
use crate::descriptor::Provisioning;
use crate::error::CloudError;
use crate::event::Event;
use crate::forms;
use crate::key::Key;
use crate::resource::Resource;
use crate::time::Time;

/// Between two looks at a group.
pub(super) const STEP_MS: i64 = 5_000;

/// The deletion of a group takes its next step.
pub(crate) fn step(cloud: &mut Cloud, group: Key) {
    let Some(resource) = cloud.store.get(group).cloned() else {
        return;
    };
    let Some(operation) = resource.operation else {
        return;
    };
    if cloud
        .operations
        .get(&operation)
        .is_none_or(|operation| operation.endless || !operation.is_running())
    {
        return;
    }

    let (left, refused) = begin_what_can_go(cloud, group);
    if left.is_empty() {
        settle::end(cloud, operation);
        return;
    }
    let mut soonest: Option<Time> = None;
    for child in &left {
        let end = child
            .operation
            .and_then(|id| cloud.operations.get(&id))
            .and_then(|operation| operation.end());
        soonest = match (soonest, end) {
            (Some(soonest), Some(end)) => Some(soonest.min(end)),
            (soonest, end) => soonest.or(end),
        };
    }

    let in_progress = left.iter().any(|child| child.operation.is_some());
    if in_progress {
        let next = soonest.unwrap_or(cloud.now()).max(cloud.now().plus_millis(STEP_MS));
        Transaction::by_itself(cloud).schedule(next, Event::GroupDeletion(group));
        return;
    }
    cloud.doom(operation, blocked(&resource, &left, refused));
    settle::end(cloud, operation);
}

/// Begins to remove every resource that can go now. Gives back those that are still there, and why the others were refused.
fn begin_what_can_go(cloud: &mut Cloud, group: Key) -> (Vec<Arc<Resource>>, Vec<CloudError>) {
    let children: Vec<Arc<Resource>> = cloud.store.all_children(group).cloned().collect();
    let mut refused = Vec::new();
    for child in children {
        if child.provisioning == Provisioning::Deleting {
            continue;
        }
        let mut begun = Ok(());
        // A refusal here is not the caller's: it is looked at again in the next step.
        let _ = Transaction::run(cloud, |tx| match delete::begin(tx, &child, ApiVersion::NEWEST) {
            Ok(operation) => Ok(crate::call::Reply {
                outcome: crate::call::Outcome::Removed,
                operation,
            }),
            Err(error) => {
                begun = Err(error.clone());
                Err(error)
            }
        });
        if let Err(error) = begun {
            refused.push(error.about(cloud.id(child.key)));
        }
    }
    (cloud.store.all_children(group).cloned().collect(), refused)
}

/// The error of a deletion that is stuck (ARM 2.4).
fn blocked(group: &Resource, left: &[Arc<Resource>], refused: Vec<CloudError>) -> CloudError {
    let names: Vec<String> = left
        .iter()
        .map(|child| format!("{}/{}", child.kind.descriptor().name, child.name))
        .collect();
    let tracking = group
        .operation
        .map_or_else(String::new, |operation| operation.0.to_string());
    let mut error = CloudError::of(&forms::GROUP_DELETION_BLOCKED)
        .with("group", &group.name)
        .with("resources", names.join(","))
        .with("tracking", tracking);
    error.details = refused;
    error
}
