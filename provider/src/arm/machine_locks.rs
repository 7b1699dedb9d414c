//! One writer at a time for each machine.
//!
//! Whoever reads a machine or its interface, changes it and writes it back, holds the machine's lock meanwhile. It holds between
//! the tasks of one process; against other processes Azure's own versions are used where it has them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};

use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::InstanceId;

/// Locks by machine. Those that nobody holds are forgotten.
#[derive(Debug, Default)]
pub(super) struct MachineLocks(SyncMutex<BTreeMap<InstanceId, Arc<Mutex<()>>>>);

impl MachineLocks {
    /// Waits until the machine is the caller's, and keeps it until the guard goes.
    pub(super) async fn of(&self, id: &InstanceId) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            locks.retain(|_, lock| Arc::strong_count(lock) > 1);
            Arc::clone(locks.entry(id.clone()).or_default())
        };
        lock.lock_owned().await
    }
}
