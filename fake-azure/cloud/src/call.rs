//! Calls and replies: what comes through the first of the cloud's two doors.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Document;
use crate::api_version::ApiVersion;
use crate::blobs::{BlobCall, BlobOutcome};
use crate::classic::ClassicCall;
use crate::governance::GovernanceCall;
use crate::id::ResourceId;
use crate::key::{Guid, Key};
use crate::operation::OperationId;
use crate::registry::Kind;
use crate::resource::Resource;
use crate::time::Time;
use crate::vaults::{VaultCall, VaultOutcome};

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
    /// Moves resources into another group, all or none.
    Move {
        /// Which; whole ones, not parts.
        ids: Vec<ResourceId>,
        /// The group.
        target: ResourceId,
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
    /// Writes what is laid over a scope: locks, roles, tags.
    Governance(Box<GovernanceCall>),
    /// Writes by the classic API.
    Classic(Box<ClassicCall>),
    /// Asks the blob service.
    Blob(BlobCall),
    /// Asks a vault about its keys and secrets.
    Vault(Box<VaultCall>),
    /// Removes a deleted vault for good, a little later.
    PurgeVault {
        /// Its subscription.
        subscription: Guid,
        /// Where it was.
        location: Box<str>,
        /// Its name.
        name: Box<str>,
    },
}

/// Where a list looks, and what a lock, a role or tags are laid over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// In a whole subscription.
    Subscription(Guid),
    /// In a group, or below a resource.
    In(ResourceId),
}

impl Scope {
    /// The subscription that it is, or lies in.
    pub fn subscription(&self) -> Guid {
        match self {
            Scope::Subscription(id) => *id,
            Scope::In(id) => id.subscription(),
        }
    }

    /// Whether it is another scope, or holds it.
    pub fn covers(&self, other: &Scope) -> bool {
        let (own, other) = (self.folded(), other.folded());
        other
            .strip_prefix(own.as_ref())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The form that is compared.
    pub(crate) fn folded(&self) -> Box<str> {
        match self {
            Scope::Subscription(_) => self.to_string().to_lowercase().into(),
            Scope::In(id) => id.folded().into(),
        }
    }
}

/// As an id.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::Subscription(id) => write!(f, "/subscriptions/{id}"),
            Scope::In(id) => write!(f, "{id}"),
        }
    }
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
    /// What is laid over a scope was written.
    Set {
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
    /// What a vault did.
    Vault(Box<VaultOutcome>),
    /// A deleted vault will be gone for good then.
    Purging(Time),
}
