//! How operations go on and end: what `advance_to` does when a stage is over.

use std::sync::Arc;

use super::delete::remove_tree;
use super::transaction::Transaction;
use crate::api_version::ApiVersion;
use crate::cloud::Cloud;
use crate::descriptor::Provisioning;
use crate::error::CloudError;
use crate::event::Event;
use crate::key::Key;
use crate::operation::{Doing, OperationId, Status};

/// The present stage of an operation ends.
pub(crate) fn stage_ends(cloud: &mut Cloud, id: OperationId) {
    let Some(operation) = cloud.operations.get(&id) else {
        return;
    };
    if !operation.is_running() || operation.endless {
        return;
    }

    let mut operation = operation.clone();
    let now = cloud.now();
    if operation.ahead.len() > 1 && operation.ahead[0].1 <= now {
        operation.ahead.remove(0);
        let (stage, end) = operation.ahead[0];
        let touched = operation.touched.clone();
        let mut tx = Transaction::by_itself(cloud);
        tx.set_operation(id, operation);
        tx.schedule(end, Event::StageEnds(id));
        for key in touched {
            tx.change(key, |resource| resource.provisioning = stage.state);
        }
        return;
    }
    end(cloud, id);
}

/// Ends an operation: well, or with the error that it was doomed to.
pub(crate) fn end(cloud: &mut Cloud, id: OperationId) {
    let Some(mut operation) = cloud
        .operations
        .get(&id)
        .cloned()
        .filter(crate::operation::Operation::is_running)
    else {
        return;
    };
    operation.ahead.clear();
    operation.ended = Some(cloud.now());
    operation.status = match operation.doom.take() {
        Some(error) => Status::Failed(error),
        None => Status::Succeeded,
    };
    let failed = matches!(operation.status, Status::Failed(_));
    let (doing, touched) = (operation.doing.clone(), operation.touched.clone());
    cloud.note_end(id);

    let mut tx = Transaction::by_itself(cloud);
    tx.set_operation(id, operation);
    for (index, key) in touched.into_iter().enumerate() {
        let holds = tx.cx().find(key).is_some_and(|resource| resource.operation == Some(id));
        if !holds {
            continue;
        }
        let never_was = failed && doing == Doing::Create && tx.cx().resource(key).kind.descriptor().hidden_until_made;
        if index == 0 && (never_was || doing == Doing::Delete && !failed) {
            remove_tree(&mut tx, key);
        } else {
            rest(&mut tx, key, &doing, failed && index == 0);
        }
    }
}

/// Puts a resource to rest, and does what its type does then.
fn rest(tx: &mut Transaction<'_>, key: Key, doing: &Doing, failed: bool) {
    let resource = Arc::clone(tx.cx().resource(key));
    let (state, mut plan) = resource.state.settle(&tx.cx(), &resource, doing, failed);
    let etag = tx.cloud.streams.guid();
    tx.change(key, |resource| {
        resource.operation = None;
        resource.provisioning = if failed {
            Provisioning::Failed
        } else {
            Provisioning::Succeeded
        };
        resource.etag = etag;
        resource.revision += 1;
        resource.state = state;
    });
    tx.commit(resource.subscription, &resource.location, ApiVersion::NEWEST, &mut plan)
        .expect("what the service does by itself is never refused");
}

/// Settles a write that ends with its answer.
///
/// # Errors
///
/// When a limit refuses what the type does at the end.
pub(super) fn settle_now(tx: &mut Transaction<'_>, key: Key, doing: &Doing) -> Result<(), CloudError> {
    let resource = Arc::clone(tx.cx().resource(key));
    let (state, mut plan) = resource.state.settle(&tx.cx(), &resource, doing, false);
    tx.change(key, |resource| resource.state = state);
    tx.commit(resource.subscription, &resource.location, ApiVersion::NEWEST, &mut plan)
}
