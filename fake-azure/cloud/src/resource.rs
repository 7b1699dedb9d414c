//! A resource as the store holds it: what was asked, what the service decided, what it refers to.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Document;
use crate::descriptor::Provisioning;
use crate::key::{Guid, Key};
use crate::operation::OperationId;
use crate::registry::{Kind, State};
use crate::time::Time;

/// One resource. Groups are resources, too.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Resource {
    /// Its name in the world.
    pub key: Key,
    /// Its type.
    pub kind: Kind,
    /// The thing that it lives in: a subscription, a group or another resource.
    pub parent: Key,
    /// The subscription.
    pub subscription: Key,
    /// Its group; its own key for a group.
    pub group: Key,
    /// The name as the last PUT wrote it.
    pub name: Box<str>,
    /// The folded id.
    pub folded: Box<str>,
    /// Where it is, in the short form; empty for what has no location.
    pub location: Box<str>,
    /// The document as sent, without what only the service writes, what is secret, and explicit nulls.
    pub echo: Arc<Document>,
    /// What it refers to.
    pub edges: Arc<[Edge]>,
    /// Drawn at creation, kept for life: `resourceGuid`, `vmId`, `uniqueId`.
    pub guid: Guid,
    /// Drawn with every write.
    pub etag: Guid,
    /// How many writes and completions there were: Compute's etag (ARM 1.8).
    pub revision: u32,
    /// The state that it shows.
    pub provisioning: Provisioning,
    /// The operation that holds it, while one does.
    pub operation: Option<OperationId>,
    /// Spec and facts of its type.
    pub state: State,
    /// When it was made.
    pub created: Time,
    /// When it was last written.
    pub changed: Time,
}

/// A reference from one resource to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// Which of the type's [`crate::descriptor::RefRule`]s it follows.
    pub rule: u16,
    /// Where in the document it stands: a JSON pointer.
    pub at: Box<str>,
    /// What it names.
    pub target: Key,
    /// The part of the resource that makes it, e.g. `/ipConfigurations/primary`; empty when it is the resource itself.
    pub part: Box<str>,
}
