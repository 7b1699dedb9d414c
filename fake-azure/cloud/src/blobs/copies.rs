//! Copies: at once within an account, over some time from another one.

use super::desk::{Desk, Planned};
use super::writes::{check_replace, check_supported, succeed};
use super::{BlobConditions, BlobOutcome, Metadata, conditions, refusals as refuse};
use crate::error::CloudError;
use crate::fabric::{Blob, BlobCopy, BlobName, Blocks, Lease};
use crate::key::Guid;
use crate::time::Time;

/// How long the fabric takes to begin a copy between accounts, and to move a MiB. Assumed.
const BETWEEN_ACCOUNTS_MS: i64 = 1_000;
const MS_PER_MIB: i64 = 10;

/// What is to be copied.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    pub(super) name: Option<&'a BlobName>,
    pub(super) snapshot: Option<u64>,
    pub(super) text: &'a str,
    pub(super) conditions: &'a BlobConditions,
}

pub(super) fn copy(desk: &Desk<'_>, source: Source<'_>, metadata: &Metadata) -> Planned {
    let lease = check_replace(desk)?;
    let (row, same_account) = look_up(desk, source)?;
    conditions::check_source(source.conditions, Some((row.etag, row.modified)))?;
    check_supported(desk, row.kind)?;
    if desk.any_blob()?.is_some_and(|before| before.kind != row.kind) {
        return Err(CloudError::of(&refuse::INVALID_BLOB_TYPE));
    }

    let end = if same_account {
        desk.now
    } else {
        arrival(desk.now, row.length)
    };
    let copy = BlobCopy {
        id: desk.fresh,
        source: source.text.into(),
        started: desk.now,
        end,
        aborted: false,
    };
    let blob = Blob {
        metadata: if metadata.is_empty() {
            row.metadata.clone()
        } else {
            metadata.clone()
        },
        created: desk.now,
        blocks: Blocks {
            committed: row.blocks.committed.clone(),
            ..Blocks::default()
        },
        copy: Some(copy),
        ..row.clone()
    };
    let outcome = BlobOutcome::Copied {
        id: desk.fresh,
        pending: !same_account,
    };
    Ok((outcome, desk.write(succeed(desk, blob, lease)?)))
}

/// The row to be copied, and whether it is in the same account.
fn look_up<'a>(desk: &Desk<'a>, source: Source<'_>) -> Result<(&'a Blob, bool), CloudError> {
    let Some(name) = source.name else {
        return Err(CloudError::of(&refuse::CANNOT_VERIFY_COPY_SOURCE));
    };
    let same_account = name.0 == desk.call.account;
    let found = desk.cx.fabric().blobs.get(name).filter(|blob| !blob.blocks.only_staged);
    let found = match source.snapshot {
        Some(snapshot) => found.and_then(|blob| blob.snapshots.get(&snapshot)).map(AsRef::as_ref),
        None => found,
    };
    let missing = if same_account {
        &refuse::BLOB_NOT_FOUND
    } else {
        &refuse::CANNOT_VERIFY_COPY_SOURCE
    };
    Ok((found.ok_or_else(|| CloudError::of(missing))?, same_account))
}

fn arrival(now: Time, length: u64) -> Time {
    let mib = i64::try_from(length >> 20).unwrap_or(i64::MAX / MS_PER_MIB);
    now.plus_millis(BETWEEN_ACCOUNTS_MS.saturating_add(mib.saturating_mul(MS_PER_MIB)))
}

/// Ends a copy that is going on: an empty blob stays, with its metadata.
pub(super) fn abort(desk: &Desk<'_>, id: Guid) -> Planned {
    let blob = desk.blob()?;
    let Some(copy) = blob.copy.as_ref().filter(|copy| copy.is_pending(desk.now)) else {
        return Err(CloudError::of(&refuse::NO_PENDING_COPY_OPERATION));
    };
    if copy.id != id {
        return Err(CloudError::of(&refuse::COPY_ID_MISMATCH));
    }
    let lease: Lease = super::leases::check_write(&blob.lease, super::leases::On::Blob, desk.call.lease, desk.now)?;
    let mut left = Blob { lease, ..blob.clone() };
    left.copy = Some(BlobCopy {
        end: desk.now,
        aborted: true,
        ..copy.clone()
    });
    left.blocks = Blocks::default();
    left.resize(0);
    Ok((BlobOutcome::Done, desk.write(left)))
}
