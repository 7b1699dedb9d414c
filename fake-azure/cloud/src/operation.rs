//! Long-running operations: what a poll reads.

use serde::{Deserialize, Serialize};

use crate::Document;
use crate::api_version::ApiVersion;
use crate::descriptor::Stage;
use crate::error::CloudError;
use crate::key::{Guid, Key};
use crate::registry::Kind;
use crate::time::Time;

/// Names an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OperationId(pub Guid);

/// What an operation does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Doing {
    /// Makes the resource.
    Create,
    /// Writes it again.
    Update,
    /// Removes it.
    Delete,
    /// Performs an action on it.
    Act(Box<str>),
}

/// How an operation stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// It runs.
    InProgress,
    /// It is done.
    Succeeded,
    /// It failed, for this reason.
    Failed(CloudError),
    /// A later one took its place.
    Canceled(CloudError),
}

/// One operation. Kept after it ended: an id once given out stays readable (ARM 2.1).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Operation {
    /// Its id, which is the `x-ms-request-id` of the answer that began it.
    pub id: OperationId,
    /// What it does.
    pub doing: Doing,
    /// The resource.
    pub target: Key,
    /// The resource's type.
    pub kind: Kind,
    /// The resource's id as it stood when the operation began.
    pub target_id: Box<str>,
    /// The subscription.
    pub subscription: Key,
    /// Where the resource is; a group's operations carry the group's.
    pub location: Box<str>,
    /// The version of the call that began it.
    pub version: ApiVersion,
    /// When it began.
    pub started: Time,
    /// When it ended.
    pub ended: Option<Time>,
    /// How it stands.
    pub status: Status,
    /// Its stages still to come, the present one first, each with its end.
    pub ahead: Vec<(Stage, Time)>,
    /// The error that it will end with, if it will.
    pub doom: Option<CloudError>,
    /// Whether it never ends (a fault).
    pub endless: bool,
    /// The resources that it settles, the target first.
    pub touched: Vec<Key>,
    /// What an action gives back.
    pub output: Option<Document>,
}

impl Operation {
    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        self.status == Status::InProgress
    }

    /// When it will end; `None` when it has, or never will.
    pub fn end(&self) -> Option<Time> {
        if self.endless || !self.is_running() {
            return None;
        }
        self.ahead.last().map(|(_, end)| *end)
    }
}
