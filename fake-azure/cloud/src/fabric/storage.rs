//! Storage accounts, containers and blobs.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::key::{Guid, Key};
use crate::time::Time;

/// A storage account, known across the cloud by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Who owns it.
    pub owner: Key,
    /// Where it is.
    pub location: Box<str>,
    /// Its two keys, as base64 of 64 bytes.
    pub keys: [Box<str>; 2],
}

/// A container's name: account, container.
pub type ContainerName = (Box<str>, Box<str>);

/// A blob's name: account, container, blob. Blob names mind case.
pub type BlobName = (Box<str>, Box<str>, Box<str>);

/// A container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// `container` or `blob` when the public may read it.
    pub public_access: Option<Box<str>>,
    /// Metadata, names as written.
    pub metadata: BTreeMap<Box<str>, Box<str>>,
    /// Changes with every write.
    pub etag: u64,
    /// The last write.
    pub modified: Time,
    /// Its lease.
    pub lease: Lease,
}

/// A blob.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blob {
    /// Page or block.
    pub kind: BlobKind,
    /// Length in bytes.
    pub length: u64,
    /// The written parts by first byte; the rest is zeros. A part is 512-aligned in a page blob; a block blob has one.
    pub parts: BTreeMap<u64, Arc<[u8]>>,
    /// Headers set by the client: content-type and others.
    pub headers: BTreeMap<Box<str>, Box<str>>,
    /// Metadata, names as written.
    pub metadata: BTreeMap<Box<str>, Box<str>>,
    /// Changes with every write.
    pub etag: u64,
    /// The last write.
    pub modified: Time,
    /// Sequence number of a page blob.
    pub sequence: u64,
    /// Its lease.
    pub lease: Lease,
    /// The machine whose disk it is.
    pub machine: Option<Key>,
}

/// Page or block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BlobKind {
    /// Random access in pages of 512 bytes: disks.
    Page,
    /// Written whole.
    Block,
}

/// A lease on a container or blob (ARM 9.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Its state when it was last touched; `Leased` and `Breaking` end by themselves.
    pub state: LeaseState,
    /// The id that its holder shows.
    pub id: Option<Guid>,
    /// When it ends; `None` with `Leased` is an infinite one.
    pub end: Option<Time>,
    /// How long it was asked for, in seconds; `None` for infinite.
    pub secs: Option<u32>,
}

/// States of a lease.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LeaseState {
    /// Nobody holds it.
    #[default]
    Available,
    /// Somebody holds it.
    Leased,
    /// It ran out.
    Expired,
    /// It will be broken at its end.
    Breaking,
    /// It was broken.
    Broken,
}

impl Lease {
    /// The state at a time: leases run out by themselves.
    pub fn state_at(&self, now: Time) -> LeaseState {
        match (self.state, self.end) {
            (LeaseState::Leased, Some(end)) if end <= now => LeaseState::Expired,
            (LeaseState::Breaking, Some(end)) if end <= now => LeaseState::Broken,
            (state, _) => state,
        }
    }

    /// Whether writes need its id.
    pub fn is_active(&self, now: Time) -> bool {
        matches!(self.state_at(now), LeaseState::Leased | LeaseState::Breaking)
    }
}
