//! Calls and replies: what comes through the first of the cloud's two doors.

use std::sync::Arc;

use crate::Document;
use crate::api_version::ApiVersion;
use crate::blobs::{BlobCall, BlobOutcome};
use crate::classic::ClassicCall;
use crate::id::ResourceId;
use crate::key::{Guid, Key};
use crate::operation::OperationId;
use crate::registry::Kind;
use crate::resource::Resource;

/// What the cloud is asked.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "calls are made one at a time and never kept")]
pub enum Call {
    /// Reads one resource.
    Get {
        /// Which.
        id: ResourceId,
    },
    /// Makes a resource, or writes it again whole.
    Put {
        /// Which.
        id: ResourceId,
        /// The document.
        document: Document,
        /// The caller's version.
        version: ApiVersion,
        /// Conditions.
        conditions: Conditions,
    },
    /// Writes a part of a resource.
    Patch {
        /// Which.
        id: ResourceId,
        /// The part.
        document: Document,
        /// The caller's version.
        version: ApiVersion,
        /// Conditions.
        conditions: Conditions,
    },
    /// Removes a resource.
    Delete {
        /// Which.
        id: ResourceId,
        /// The caller's version.
        version: ApiVersion,
        /// Conditions.
        conditions: Conditions,
    },
    /// Performs an action on a resource.
    Act {
        /// Which.
        id: ResourceId,
        /// `powerOff`, in any case.
        action: Box<str>,
        /// What came with it.
        document: Document,
        /// The caller's version.
        version: ApiVersion,
    },
    /// Lists the resources of one type.
    List {
        /// Where to look.
        scope: Scope,
        /// The type.
        kind: Kind,
    },
    /// Lists what has a location, of every type.
    Resources {
        /// Where to look: a subscription or a group.
        scope: Scope,
    },
    /// Writes by the classic API.
    Classic(Box<ClassicCall>),
    /// Asks the blob service.
    Blob(BlobCall),
}

/// Where a list looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In a whole subscription.
    Subscription(Guid),
    /// In a group, or below a resource.
    In(ResourceId),
}

/// Conditions of a write (ARM 1.8). Etags as the client sent them, quotes and all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// `If-Match`.
    pub if_match: Option<String>,
    /// `If-None-Match: *`.
    pub only_new: bool,
}

impl Conditions {
    /// No conditions.
    pub const NONE: Conditions = Conditions {
        if_match: None,
        only_new: false,
    };
}

/// What the cloud answers when it does as asked.
#[derive(Clone, Debug)]
pub struct Reply {
    /// What came of it.
    pub outcome: Outcome,
    /// The operation that the call began.
    pub operation: Option<OperationId>,
}

/// What came of a call.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The resource.
    Found(Arc<Resource>),
    /// It was written.
    Written {
        /// Which.
        key: Key,
        /// Whether it is new.
        created: bool,
    },
    /// It is gone, or will be when the operation ends.
    Removed,
    /// There was nothing to remove.
    Absent,
    /// The resources, oldest first.
    Listed(Vec<Arc<Resource>>),
    /// The action is done, or begun; what it gives back.
    Acted(Option<Document>),
    /// What the blob service did.
    Blob(BlobOutcome),
}
