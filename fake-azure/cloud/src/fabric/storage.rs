//! Storage accounts, containers and blobs.
//!
//! Rows and what follows from them alone: lease states by time, pages by range. Who may do what is decided elsewhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::key::{Guid, Key};
use crate::time::Time;

/// Bytes of a page: page blobs are written in whole pages.
pub const PAGE: u64 = 512;

/// A storage account, known across the cloud by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Who owns it: an ARM account, a classic one, or a subscription for one that was there before.
    pub owner: Key,
    /// Where it is.
    pub location: Box<str>,
    /// Its two keys, as base64 of 64 bytes.
    pub keys: [Box<str>; 2],
    /// Whether its name resolves: an account answers once its creation has ended.
    pub ready: bool,
    /// `Standard_LRS`.
    pub sku: Box<str>,
    /// `Storage`, `StorageV2`, `BlobStorage`.
    pub kind: Box<str>,
    /// Whether requests may be signed with its keys.
    pub allows_shared_key: bool,
    /// Whether containers may be opened to the public.
    pub allows_public_access: bool,
    /// The last etag given out: they only grow.
    pub stamp: u64,
    /// Properties of the blob service by section, as a client set them; an absent one has its default.
    pub service: BTreeMap<Box<str>, Box<str>>,
}

impl Account {
    /// An account with the properties of a general-purpose one.
    pub fn new(owner: Key, location: &str, keys: [Box<str>; 2]) -> Account {
        Account {
            owner,
            location: location.into(),
            keys,
            ready: true,
            sku: "Standard_LRS".into(),
            kind: "Storage".into(),
            allows_shared_key: true,
            allows_public_access: true,
            stamp: 0,
            service: BTreeMap::new(),
        }
    }

    /// The next etag: the time, as Azure derives it, or one more than the last within the same moment.
    pub fn next_stamp(&self, now: Time) -> u64 {
        ticks(now).max(self.stamp + 1)
    }
}

/// A moment in the unit of etags and snapshots: 100 ns since the year 1.
pub fn ticks(time: Time) -> u64 {
    const UNIX_EPOCH: i64 = 621_355_968_000_000_000;
    u64::try_from(UNIX_EPOCH + time.millis() * 10_000).unwrap_or(0)
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
    /// Stored access policies, in their order.
    pub policies: Vec<AccessPolicy>,
    /// Changes with every write.
    pub etag: u64,
    /// The last write.
    pub modified: Time,
    /// Its lease.
    pub lease: Lease,
    /// It was deleted: nothing finds it any more, and its name is free again at this time.
    pub deleted_until: Option<Time>,
}

impl Container {
    /// A new one.
    pub fn new(etag: u64, now: Time) -> Container {
        Container {
            public_access: None,
            metadata: BTreeMap::new(),
            policies: Vec::new(),
            etag,
            modified: now,
            lease: Lease::default(),
            deleted_until: None,
        }
    }
}

/// A stored access policy, as a shared access signature names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessPolicy {
    /// Its id, of up to 64 characters.
    pub id: Box<str>,
    /// From when on, as written.
    pub start: Option<Box<str>>,
    /// Until when, as written.
    pub expiry: Option<Box<str>>,
    /// `rwdl`.
    pub permission: Option<Box<str>>,
}

/// A blob.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blob {
    /// Page or block.
    pub kind: BlobKind,
    /// Length in bytes.
    pub length: u64,
    /// The written parts by first byte; the rest is zeros. A part is 512-aligned in a page blob.
    pub parts: BTreeMap<u64, Arc<[u8]>>,
    /// Headers set by the client, by lower-case name: `content-type` and others.
    pub headers: BTreeMap<Box<str>, Box<str>>,
    /// Metadata, names as written.
    pub metadata: BTreeMap<Box<str>, Box<str>>,
    /// Changes with every write.
    pub etag: u64,
    /// The last write.
    pub modified: Time,
    /// When it was made.
    pub created: Time,
    /// Sequence number of a page blob.
    pub sequence: u64,
    /// Its lease.
    pub lease: Lease,
    /// The machine whose disk it is.
    pub machine: Option<Key>,
    /// The copy that it is, or is to become.
    pub copy: Option<BlobCopy>,
    /// The blocks of a block blob, committed and not.
    pub blocks: Blocks,
    /// What it was, by [`ticks`] of the snapshot.
    pub snapshots: BTreeMap<u64, Arc<Blob>>,
}

/// Page or block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BlobKind {
    /// Random access in pages of 512 bytes: disks.
    Page,
    /// Written whole, or block by block.
    Block,
}

/// The blocks of a block blob.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocks {
    /// The committed ones in their order: id and length.
    pub committed: Vec<(Box<str>, u64)>,
    /// Those sent since the last commit, by id.
    pub staged: BTreeMap<Box<str>, Arc<[u8]>>,
    /// Whether there are only blocks that were never committed: such a blob does not exist yet.
    pub only_staged: bool,
}

/// How a blob came to be a copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobCopy {
    /// Its id.
    pub id: Guid,
    /// Where from, as the client wrote it.
    pub source: Box<str>,
    /// When it began.
    pub started: Time,
    /// When it is complete, or was aborted.
    pub end: Time,
    /// Whether it was aborted.
    pub aborted: bool,
}

impl BlobCopy {
    /// Whether it is still going on.
    pub fn is_pending(&self, now: Time) -> bool {
        !self.aborted && now < self.end
    }

    /// `pending`, `success` or `aborted`.
    pub fn status(&self, now: Time) -> &'static str {
        match (self.aborted, now < self.end) {
            (true, _) => "aborted",
            (false, true) => "pending",
            (false, false) => "success",
        }
    }

    /// Bytes copied so far, of `total`.
    pub fn progress(&self, now: Time, total: u64) -> u64 {
        let whole = self.end.millis_since(self.started).max(1);
        let gone = now.min(self.end).millis_since(self.started).clamp(0, whole);
        if self.end <= now {
            return total;
        }
        let share = u128::from(total) * u128::from(gone.unsigned_abs()) / u128::from(whole.unsigned_abs());
        u64::try_from(share).unwrap_or(total)
    }
}

impl Blob {
    /// An empty page blob: what a disk begins as. [`ticks`] of `now` makes an etag for a new blob.
    pub fn page(length: u64, etag: u64, now: Time) -> Blob {
        Blob {
            kind: BlobKind::Page,
            length,
            parts: BTreeMap::new(),
            headers: BTreeMap::from([("content-type".into(), "application/octet-stream".into())]),
            metadata: BTreeMap::new(),
            etag,
            modified: now,
            created: now,
            sequence: 0,
            lease: Lease::default(),
            machine: None,
            copy: None,
            blocks: Blocks::default(),
            snapshots: BTreeMap::new(),
        }
    }

    /// The blob as a machine's disk: held by an infinite lease, which the compute service takes (ARM 9.3).
    #[must_use]
    pub fn held_by(mut self, machine: Key, lease: Guid) -> Blob {
        self.machine = Some(machine);
        self.lease = Lease {
            state: LeaseState::Leased,
            id: Some(lease),
            end: None,
            secs: None,
        };
        self
    }

    /// The blob as nobody's disk: the lease is released (ARM 9.3).
    #[must_use]
    pub fn let_go(mut self) -> Blob {
        self.machine = None;
        self.lease = Lease::default();
        self
    }

    /// The bytes from `start`, `length` of them; what was never written is zeros.
    pub fn read(&self, start: u64, length: u64) -> Vec<u8> {
        let end = start.saturating_add(length).min(self.length);
        let mut bytes = vec![0; usize::try_from(end.saturating_sub(start)).unwrap_or(0)];
        for (at, part) in self.overlapping(start, end) {
            let part_end = at + part.len() as u64;
            let (from, to) = (start.max(at), end.min(part_end));
            let source = &part[index(from - at)..index(to - at)];
            bytes[index(from - start)..index(to - start)].copy_from_slice(source);
        }
        bytes
    }

    /// Writes bytes over whatever was there.
    pub fn write(&mut self, start: u64, bytes: &[u8]) {
        self.clear(start, start + bytes.len() as u64);
        if !bytes.is_empty() {
            self.parts.insert(start, bytes.into());
        }
    }

    /// Makes the bytes from `start` up to `end` unwritten.
    pub fn clear(&mut self, start: u64, end: u64) {
        let touched: Vec<u64> = self.overlapping(start, end).map(|(at, _)| at).collect();
        for at in touched {
            let Some(part) = self.parts.remove(&at) else {
                continue;
            };
            let part_end = at + part.len() as u64;
            if at < start {
                self.parts.insert(at, part[..index(start - at)].into());
            }
            if end < part_end {
                self.parts.insert(end, part[index(end - at)..].into());
            }
        }
    }

    /// Gives it another length; what lies behind is gone.
    pub fn resize(&mut self, length: u64) {
        self.clear(length, u64::MAX);
        self.length = length;
    }

    /// The written ranges within `start..end`, neighbours joined, as (first byte, end).
    pub fn written(&self, start: u64, end: u64) -> Vec<(u64, u64)> {
        let mut ranges: Vec<(u64, u64)> = Vec::new();
        for (at, part) in self.overlapping(start, end) {
            let (from, to) = (at.max(start), (at + part.len() as u64).min(end));
            match ranges.last_mut() {
                Some(last) if last.1 == from => last.1 = to,
                _ => ranges.push((from, to)),
            }
        }
        ranges
    }

    fn overlapping(&self, start: u64, end: u64) -> impl Iterator<Item = (u64, &Arc<[u8]>)> {
        let first = self
            .parts
            .range(..=start)
            .next_back()
            .filter(|(at, part)| **at + part.len() as u64 > start)
            .map_or(start, |(at, _)| *at);
        self.parts.range(first..end.max(first)).map(|(at, part)| (*at, part))
    }
}

/// An offset into a part that is held in memory.
fn index(offset: u64) -> usize {
    usize::try_from(offset).expect("a part fits into memory")
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

impl LeaseState {
    /// As the headers and lists write it: `leased`.
    pub const fn as_str(self) -> &'static str {
        match self {
            LeaseState::Available => "available",
            LeaseState::Leased => "leased",
            LeaseState::Expired => "expired",
            LeaseState::Breaking => "breaking",
            LeaseState::Broken => "broken",
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn blob(length: u64) -> Blob {
        Blob::page(length, 1, Time::from_millis(0))
    }

    #[test]
    fn writes_replace_what_they_cover_and_neighbours_join() {
        let mut blob = blob(4096);
        blob.write(0, &[1; 1024]);
        blob.write(512, &[2; 1024]);
        blob.write(3072, &[3; 512]);
        assert_eq!(blob.written(0, 4096), [(0, 1536), (3072, 3584)]);
        assert_eq!(blob.read(510, 4), [1, 1, 2, 2]);
        assert_eq!(blob.read(1534, 4), [2, 2, 0, 0]);

        blob.clear(512, 1024);
        assert_eq!(blob.written(0, 4096), [(0, 512), (1024, 1536), (3072, 3584)]);
        assert_eq!(blob.written(256, 1280), [(256, 512), (1024, 1280)]);
    }

    #[test]
    fn a_smaller_blob_forgets_what_lay_behind() {
        let mut blob = blob(2048);
        blob.write(0, &[1; 2048]);
        blob.resize(512);
        blob.resize(1024);
        assert_eq!(blob.written(0, 1024), [(0, 512)]);
        assert_eq!(blob.read(0, 9999).len(), 1024);
    }

    #[test]
    fn etags_only_grow() {
        let now = Time::from_millis(1_479_260_436_052);
        let mut account = Account::new(Key(1), "westus", ["".into(), "".into()]);
        account.stamp = account.next_stamp(now);
        assert_eq!(format!("0x{:X}", account.stamp), "0x8D40DC18FEBB140");
        assert_eq!(account.next_stamp(now), account.stamp + 1);
    }

    proptest::proptest! {
        #[test]
        fn a_page_blob_reads_as_the_plain_bytes_would(
            writes in proptest::collection::vec((0_u64..16, 1_u64..8, 0_u8..4), 0..20),
        ) {
            let mut blob = blob(16 * 512);
            let mut plain = vec![0_u8; 16 * 512];
            let mut written = [false; 16];
            for (page, pages, value) in writes {
                let pages = pages.min(16 - page);
                let (start, end) = (page * 512, (page + pages) * 512);
                if value == 0 {
                    blob.clear(start, end);
                } else {
                    blob.write(start, &vec![value; index(end - start)]);
                }
                plain[index(start)..index(end)].fill(value);
                written[index(page)..index(page + pages)].fill(value != 0);
            }
            proptest::prop_assert_eq!(blob.read(0, 16 * 512), plain);
            let pages: u64 = blob.written(0, 16 * 512).iter().map(|(from, to)| (to - from) / 512).sum();
            proptest::prop_assert_eq!(pages, written.iter().filter(|page| **page).count() as u64);
        }
    }
}
