//! Where a request stands: its account, and the rows that it names.

use super::refusals as refuse;
use super::{BlobCall, BlobOutcome};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::fabric::{Account, Blob, BlobName, Container, ContainerName};
use crate::key::Guid;
use crate::plan::Plan;
use crate::time::Time;

/// What a rule gives back.
pub(super) type Planned = Result<(BlobOutcome, Plan), CloudError>;

/// A request with the account that it is for.
#[derive(Clone, Copy)]
pub(super) struct Desk<'a> {
    pub(super) cx: Cx<'a>,
    pub(super) call: &'a BlobCall,
    pub(super) account: &'a Account,
    /// An id that nothing has yet.
    pub(super) fresh: Guid,
    /// The etag of what is written.
    pub(super) stamp: u64,
    pub(super) now: Time,
}

impl<'a> Desk<'a> {
    pub(super) fn new(cx: Cx<'a>, call: &'a BlobCall, fresh: Guid) -> Result<Desk<'a>, CloudError> {
        let account = cx.fabric().accounts.get(&call.account).filter(|account| account.ready);
        let account = account.ok_or_else(|| CloudError::of(&refuse::RESOURCE_NOT_FOUND))?;
        let now = cx.now();
        Ok(Desk {
            cx,
            call,
            account,
            fresh,
            stamp: account.next_stamp(now),
            now,
        })
    }

    pub(super) fn container_name(&self) -> ContainerName {
        (self.call.account.clone(), self.call.container.clone())
    }

    pub(super) fn blob_name(&self) -> BlobName {
        (
            self.call.account.clone(),
            self.call.container.clone(),
            self.call.blob.clone(),
        )
    }

    /// The container of the request.
    pub(super) fn container(&self) -> Result<&'a Container, CloudError> {
        let container = self.cx.fabric().containers.get(&self.container_name());
        container
            .filter(|container| container.deleted_until.is_none())
            .ok_or_else(|| CloudError::of(&refuse::CONTAINER_NOT_FOUND))
    }

    /// The blob of the request, and blobs of which there are only uncommitted blocks.
    pub(super) fn any_blob(&self) -> Result<Option<&'a Blob>, CloudError> {
        self.container()?;
        Ok(self.cx.fabric().blobs.get(&self.blob_name()))
    }

    /// The blob of the request.
    pub(super) fn blob(&self) -> Result<&'a Blob, CloudError> {
        let blob = self.any_blob()?.filter(|blob| !blob.blocks.only_staged);
        blob.ok_or_else(|| CloudError::of(&refuse::BLOB_NOT_FOUND))
    }

    /// A plan that gives out this request's etag.
    pub(super) fn stamped(&self) -> Plan {
        let account = Account {
            stamp: self.stamp,
            ..self.account.clone()
        };
        Plan::new().account(self.call.account.clone(), Some(account))
    }

    /// Writes the blob of the request with a new etag.
    pub(super) fn write(&self, mut blob: Blob) -> Plan {
        blob.etag = self.stamp;
        blob.modified = self.now;
        self.stamped().blob(self.blob_name(), Some(blob))
    }
}
