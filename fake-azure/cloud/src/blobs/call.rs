//! What the blob service is asked, and what it answers.
//!
//! Texts and numbers only: headers, query parameters and XML are read and written by the front end.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::fabric::{AccessPolicy, Blob, BlobName, Container};
use crate::key::Guid;
use crate::time::Time;

/// Metadata, names as written.
pub type Metadata = BTreeMap<Box<str>, Box<str>>;

/// A request to the blob service.
#[derive(Clone, Debug)]
pub struct BlobCall {
    /// The account.
    pub account: Box<str>,
    /// The container; empty for the account itself.
    pub container: Box<str>,
    /// The blob; empty for the container itself.
    pub blob: Box<str>,
    /// What is asked.
    pub operation: BlobOperation,
    /// The lease id that the caller shows.
    pub lease: Option<Guid>,
    /// Conditions.
    pub conditions: BlobConditions,
}

impl BlobCall {
    /// A request without lease and conditions.
    pub fn new(account: &str, container: &str, blob: &str, operation: BlobOperation) -> BlobCall {
        BlobCall {
            account: account.into(),
            container: container.into(),
            blob: blob.into(),
            operation,
            lease: None,
            conditions: BlobConditions::default(),
        }
    }
}

/// Conditions of a request (ARM 9.4). Etags without quotes; `*` is any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlobConditions {
    /// `If-Match`.
    pub if_match: Option<Vec<Box<str>>>,
    /// `If-None-Match`.
    pub if_none_match: Option<Vec<Box<str>>>,
    /// `If-Modified-Since`.
    pub modified_since: Option<Time>,
    /// `If-Unmodified-Since`.
    pub unmodified_since: Option<Time>,
    /// `x-ms-if-sequence-number-le`, `-lt`, `-eq`.
    pub sequence: Vec<(Compare, u64)>,
}

/// How a sequence number is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// The blob's is the given one or less.
    AtMost,
    /// The blob's is less.
    Less,
    /// They are equal.
    Equal,
}

/// What is asked.
#[derive(Clone, Debug)]
pub enum BlobOperation {
    /// The containers of an account.
    ListContainers(Page),
    /// Sets properties of the service, by section; the sections left out stay.
    SetService(BTreeMap<Box<str>, Box<str>>),
    /// Makes a container.
    CreateContainer {
        /// `container` or `blob`.
        public_access: Option<Box<str>>,
        /// Its metadata.
        metadata: Metadata,
    },
    /// Reads a container: properties, metadata, access.
    ReadContainer,
    /// Replaces a container's metadata.
    SetContainerMetadata(Metadata),
    /// Replaces a container's access.
    SetContainerAccess {
        /// `container` or `blob`.
        public_access: Option<Box<str>>,
        /// Stored access policies.
        policies: Vec<AccessPolicy>,
    },
    /// Removes a container and what is in it.
    DeleteContainer,
    /// Acts on a container's lease.
    LeaseContainer(LeaseAction),
    /// The blobs of a container.
    ListBlobs {
        /// Which.
        page: Page,
        /// Names are cut behind this text, and those that are then alike become one prefix.
        delimiter: Option<Box<str>>,
        /// Whether snapshots are listed, too.
        snapshots: bool,
        /// Whether blobs with nothing but uncommitted blocks are listed, too.
        uncommitted: bool,
    },
    /// Makes a page blob, or a new one in its place.
    PutPageBlob {
        /// In bytes.
        length: u64,
        /// Its first sequence number.
        sequence: u64,
        /// Content headers.
        headers: Metadata,
        /// Its metadata.
        metadata: Metadata,
    },
    /// Makes a block blob in one go, or a new one in its place.
    PutBlockBlob {
        /// All its bytes.
        content: Arc<[u8]>,
        /// Content headers.
        headers: Metadata,
        /// Its metadata.
        metadata: Metadata,
    },
    /// Sends a block.
    PutBlock {
        /// Its id, as base64.
        id: Box<str>,
        /// Its bytes.
        content: Arc<[u8]>,
    },
    /// Makes a block blob of blocks.
    PutBlockList {
        /// Which blocks, in order.
        blocks: Vec<(BlockSource, Box<str>)>,
        /// Content headers.
        headers: Metadata,
        /// Its metadata.
        metadata: Metadata,
    },
    /// The blocks of a blob.
    BlockList,
    /// Writes pages.
    WritePages {
        /// First byte.
        start: u64,
        /// Whole pages.
        content: Arc<[u8]>,
    },
    /// Makes pages unwritten.
    ClearPages {
        /// First byte.
        start: u64,
        /// Behind the last byte.
        end: u64,
    },
    /// The written pages.
    PageRanges {
        /// Within these bytes: first, and behind the last.
        range: Option<(u64, u64)>,
        /// Of a snapshot.
        snapshot: Option<u64>,
    },
    /// Reads properties, metadata, perhaps content: the content itself is in the row.
    ReadBlob {
        /// Of a snapshot.
        snapshot: Option<u64>,
    },
    /// Replaces content headers; may give a page blob another length or sequence number.
    SetBlobProperties {
        /// Content headers; `None` leaves them.
        headers: Option<Metadata>,
        /// New length.
        length: Option<u64>,
        /// What becomes of the sequence number.
        sequence: Option<SequenceAction>,
    },
    /// Replaces metadata.
    SetBlobMetadata(Metadata),
    /// Removes a blob.
    DeleteBlob {
        /// What becomes of its snapshots.
        snapshots: Option<DeleteSnapshots>,
        /// One snapshot only.
        snapshot: Option<u64>,
    },
    /// Takes a snapshot.
    Snapshot {
        /// Its metadata; empty for the blob's.
        metadata: Metadata,
    },
    /// Copies a blob over this one.
    Copy {
        /// The source; `None` when it is no blob of this cloud.
        source: Option<BlobName>,
        /// One of its snapshots.
        snapshot: Option<u64>,
        /// The source as the client wrote it.
        text: Box<str>,
        /// Metadata; empty for the source's.
        metadata: Metadata,
        /// Conditions on the source.
        conditions: BlobConditions,
    },
    /// Aborts a copy that is going on.
    AbortCopy {
        /// The copy's id.
        id: Guid,
    },
    /// Acts on a blob's lease.
    LeaseBlob(LeaseAction),
}

impl BlobOperation {
    /// Whether the service may have to draw an id for it.
    pub(crate) fn draws_id(&self) -> bool {
        matches!(
            self,
            BlobOperation::Copy { .. }
                | BlobOperation::LeaseBlob(LeaseAction::Acquire { .. })
                | BlobOperation::LeaseContainer(LeaseAction::Acquire { .. })
        )
    }
}

/// A part of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Only names that begin so.
    pub prefix: Box<str>,
    /// The first name.
    pub marker: Box<str>,
    /// At most so many entries.
    pub max: usize,
}

/// Where a block list looks for a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockSource {
    /// Among the committed ones.
    Committed,
    /// Among those sent since.
    Uncommitted,
    /// Among those sent since, then among the committed ones.
    Latest,
}

/// What becomes of a sequence number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SequenceAction {
    /// The larger of both.
    Max(u64),
    /// The given one.
    Update(u64),
    /// One more.
    Increment,
}

/// What becomes of the snapshots of a blob that is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeleteSnapshots {
    /// They go with it.
    Include,
    /// They go, and it stays.
    Only,
}

/// What is done to a lease (ARM 9.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseAction {
    /// Takes it.
    Acquire {
        /// For so many seconds; `None` for ever.
        secs: Option<u32>,
        /// The id that it is to have.
        proposed: Option<Guid>,
    },
    /// Begins it anew.
    Renew(Guid),
    /// Gives it another id.
    Change {
        /// Its id.
        id: Guid,
        /// The id that it is to have.
        proposed: Guid,
    },
    /// Gives it back.
    Release(Guid),
    /// Ends it without its id.
    Break {
        /// After so many seconds at most.
        after_secs: Option<u32>,
    },
}

/// What the blob service did. Rows are in the fabric for who wants to print them.
#[derive(Clone, Debug)]
pub enum BlobOutcome {
    /// It did what was asked.
    Done,
    /// Containers, and the name to go on from.
    Containers {
        /// By name.
        entries: Vec<(Box<str>, Container)>,
        /// The name to go on from.
        next: Option<Box<str>>,
    },
    /// Blobs and prefixes, and the name to go on from.
    Blobs {
        /// By name; snapshots before their blob.
        entries: Vec<BlobEntry>,
        /// The name to go on from.
        next: Option<Box<str>>,
    },
    /// A blob as it was found.
    Found(Arc<Blob>),
    /// Written ranges: first byte, and behind the last.
    Pages(Vec<(u64, u64)>),
    /// Blocks with their lengths.
    Blocks {
        /// In their order.
        committed: Vec<(Box<str>, u64)>,
        /// By id.
        uncommitted: Vec<(Box<str>, u64)>,
    },
    /// A snapshot was taken, by this name.
    Snapshot(u64),
    /// A copy was begun or done.
    Copied {
        /// Its id.
        id: Guid,
        /// Whether it is going on.
        pending: bool,
    },
    /// A lease was acted on.
    Leased {
        /// The id that it has now, but for a release and a break.
        id: Option<Guid>,
        /// Seconds until a broken lease ends.
        remaining_secs: Option<u32>,
    },
}

/// An entry of a list of blobs.
#[derive(Clone, Debug)]
pub enum BlobEntry {
    /// A blob, or one of its snapshots.
    Blob {
        /// Its name.
        name: Box<str>,
        /// The snapshot's name.
        snapshot: Option<u64>,
        /// The row.
        blob: Arc<Blob>,
    },
    /// Names that begin alike.
    Prefix(Box<str>),
}
