//! Blobs: made, read, written, removed.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::desk::{Desk, Planned};
use super::leases::{self, On};
use super::{BlobOutcome, DeleteSnapshots, LeaseAction, Metadata, SequenceAction, conditions, refusals as refuse};
use crate::error::CloudError;
use crate::fabric::{Blob, BlobKind, Blocks, Lease, PAGE, ticks};
use crate::plan::Plan;

/// The largest page blob: 8 TiB (ARM 4.3).
const PAGE_BLOB_MAX: u64 = 8 << 40;

pub(super) fn put_page_blob(
    desk: &Desk<'_>,
    length: u64,
    sequence: u64,
    headers: &Metadata,
    metadata: &Metadata,
) -> Planned {
    check_supported(desk, BlobKind::Page)?;
    let lease = check_replace(desk)?;
    check_length(length)?;

    let mut blob = Blob::page(length, desk.stamp, desk.now);
    blob.sequence = sequence;
    blob.headers.extend(headers.clone());
    blob.metadata.clone_from(metadata);
    Ok((BlobOutcome::Done, desk.write(succeed(desk, blob, lease)?)))
}

pub(super) fn put_block_blob(desk: &Desk<'_>, content: &Arc<[u8]>, headers: &Metadata, metadata: &Metadata) -> Planned {
    check_supported(desk, BlobKind::Block)?;
    let lease = check_replace(desk)?;

    let blob = block_blob(desk, vec![Arc::clone(content)], Vec::new(), headers, metadata);
    Ok((BlobOutcome::Done, desk.write(succeed(desk, blob, lease)?)))
}

/// A block blob of these pieces.
pub(super) fn block_blob(
    desk: &Desk<'_>,
    pieces: Vec<Arc<[u8]>>,
    committed: Vec<(Box<str>, u64)>,
    headers: &Metadata,
    metadata: &Metadata,
) -> Blob {
    let mut blob = Blob {
        kind: BlobKind::Block,
        ..Blob::page(0, desk.stamp, desk.now)
    };
    for piece in pieces.into_iter().filter(|piece| !piece.is_empty()) {
        let start = blob.length;
        blob.length += piece.len() as u64;
        blob.parts.insert(start, piece);
    }
    blob.headers.extend(headers.clone());
    blob.metadata.clone_from(metadata);
    blob.blocks.committed = committed;
    blob
}

/// Whether the account holds blobs of a type: premium ones hold disks only, blob storage holds none.
pub(super) fn check_supported(desk: &Desk<'_>, kind: BlobKind) -> Result<(), CloudError> {
    let premium = desk.account.sku.starts_with("Premium");
    let refused = match (kind, desk.account.kind.as_ref()) {
        (BlobKind::Page, "BlobStorage" | "BlockBlobStorage") => true,
        (BlobKind::Block, "Storage" | "StorageV2") => premium,
        _ => false,
    };
    if refused {
        Err(CloudError::of(&refuse::BLOB_TYPE_NOT_SUPPORTED))
    } else {
        Ok(())
    }
}

/// Whether a blob may be put where the request says; the lease that it will have.
pub(super) fn check_replace(desk: &Desk<'_>) -> Result<Lease, CloudError> {
    check_blob_name(&desk.call.blob)?;
    let existing = desk.any_blob()?;
    let found = existing
        .filter(|blob| !blob.blocks.only_staged)
        .map(|blob| (blob.etag, blob.modified));
    conditions::check_write(&desk.call.conditions, found)?;
    match existing {
        None if desk.call.lease.is_some() => Err(CloudError::of(&refuse::LEASE_NOT_PRESENT_WITH_BLOB)),
        None => Ok(Lease::default()),
        Some(blob) => {
            check_no_copy(desk, blob)?;
            leases::check_write(&blob.lease, On::Blob, desk.call.lease, desk.now)
        }
    }
}

pub(super) fn check_blob_name(name: &str) -> Result<(), CloudError> {
    let length = name.chars().count();
    if (1..=1024).contains(&length) {
        Ok(())
    } else {
        Err(CloudError::of(&refuse::OUT_OF_RANGE_INPUT))
    }
}

/// A new blob in the place of another: snapshots, lease and machine stay.
pub(super) fn succeed(desk: &Desk<'_>, blob: Blob, lease: Lease) -> Result<Blob, CloudError> {
    let existing = desk.any_blob()?;
    let snapshots = existing.map(|before| before.snapshots.clone()).unwrap_or_default();
    Ok(Blob {
        snapshots,
        lease,
        machine: existing.and_then(|before| before.machine),
        ..blob
    })
}

fn check_no_copy(desk: &Desk<'_>, blob: &Blob) -> Result<(), CloudError> {
    if blob.copy.as_ref().is_some_and(|copy| copy.is_pending(desk.now)) {
        return Err(CloudError::of(&refuse::PENDING_COPY_OPERATION));
    }
    Ok(())
}

fn check_length(length: u64) -> Result<(), CloudError> {
    if length.is_multiple_of(PAGE) && length <= PAGE_BLOB_MAX {
        return Ok(());
    }
    Err(CloudError::of(&refuse::INVALID_HEADER_VALUE).about("x-ms-blob-content-length"))
}

/// The blob, for a write: conditions and lease hold, nothing is being copied into it. Its lease is that afterwards.
fn open(desk: &Desk<'_>) -> Result<Blob, CloudError> {
    let blob = desk.blob()?;
    conditions::check_write(&desk.call.conditions, Some((blob.etag, blob.modified)))?;
    check_no_copy(desk, blob)?;
    let lease = leases::check_write(&blob.lease, On::Blob, desk.call.lease, desk.now)?;
    Ok(Blob { lease, ..blob.clone() })
}

/// A page blob, for a write to its pages.
fn open_pages(desk: &Desk<'_>, start: u64, end: u64) -> Result<Blob, CloudError> {
    let kind = desk.blob()?.kind;
    if kind != BlobKind::Page {
        return Err(CloudError::of(&refuse::INVALID_BLOB_TYPE));
    }
    let blob = open(desk)?;
    conditions::check_sequence(&desk.call.conditions, blob.sequence)?;
    let aligned = start.is_multiple_of(PAGE) && end.is_multiple_of(PAGE) && start < end;
    if !aligned || blob.length < end {
        return Err(CloudError::of(&refuse::INVALID_PAGE_RANGE));
    }
    Ok(blob)
}

pub(super) fn write_pages(desk: &Desk<'_>, start: u64, content: &[u8]) -> Planned {
    let mut blob = open_pages(desk, start, start.saturating_add(content.len() as u64))?;
    blob.write(start, content);
    Ok((BlobOutcome::Done, desk.write(blob)))
}

pub(super) fn clear_pages(desk: &Desk<'_>, start: u64, end: u64) -> Planned {
    let mut blob = open_pages(desk, start, end)?;
    blob.clear(start, end);
    Ok((BlobOutcome::Done, desk.write(blob)))
}

pub(super) fn page_ranges(desk: &Desk<'_>, range: Option<(u64, u64)>, snapshot: Option<u64>) -> Planned {
    let blob = found(desk, snapshot)?;
    if blob.kind != BlobKind::Page {
        return Err(CloudError::of(&refuse::INVALID_BLOB_TYPE));
    }
    let (start, end) = range.unwrap_or((0, blob.length));
    Ok((
        BlobOutcome::Pages(blob.written(start, end.min(blob.length))),
        Plan::new(),
    ))
}

pub(super) fn read(desk: &Desk<'_>, snapshot: Option<u64>) -> Planned {
    Ok((BlobOutcome::Found(found(desk, snapshot)?), Plan::new()))
}

/// The blob or snapshot, for a read.
fn found(desk: &Desk<'_>, snapshot: Option<u64>) -> Result<Arc<Blob>, CloudError> {
    let base = desk.blob()?;
    let blob = match snapshot {
        None => Arc::new(base.clone()),
        Some(snapshot) => Arc::clone(
            base.snapshots
                .get(&snapshot)
                .ok_or_else(|| CloudError::of(&refuse::BLOB_NOT_FOUND))?,
        ),
    };
    conditions::check_read(&desk.call.conditions, Some((blob.etag, blob.modified)))?;
    leases::check_given(&base.lease, On::Blob, desk.call.lease, desk.now)?;
    Ok(blob)
}

pub(super) fn set_properties(
    desk: &Desk<'_>,
    headers: Option<&Metadata>,
    length: Option<u64>,
    sequence: Option<SequenceAction>,
) -> Planned {
    let mut blob = open(desk)?;
    if blob.kind != BlobKind::Page && (length.is_some() || sequence.is_some()) {
        return Err(CloudError::of(&refuse::INVALID_BLOB_TYPE));
    }
    if let Some(headers) = headers {
        blob.headers.clone_from(headers);
    }
    if let Some(length) = length {
        check_length(length)?;
        blob.resize(length);
    }
    blob.sequence = match sequence {
        None => blob.sequence,
        Some(SequenceAction::Max(given)) => blob.sequence.max(given),
        Some(SequenceAction::Update(given)) => given,
        Some(SequenceAction::Increment) => blob.sequence.saturating_add(1),
    };
    Ok((BlobOutcome::Done, desk.write(blob)))
}

pub(super) fn set_metadata(desk: &Desk<'_>, metadata: &Metadata) -> Planned {
    let blob = open(desk)?;
    Ok((
        BlobOutcome::Done,
        desk.write(Blob {
            metadata: metadata.clone(),
            ..blob
        }),
    ))
}

pub(super) fn delete(desk: &Desk<'_>, snapshots: Option<DeleteSnapshots>, snapshot: Option<u64>) -> Planned {
    let existing = desk.blob()?;
    if let Some(snapshot) = snapshot {
        let row = existing
            .snapshots
            .get(&snapshot)
            .ok_or_else(|| CloudError::of(&refuse::BLOB_NOT_FOUND))?;
        conditions::check_write(&desk.call.conditions, Some((row.etag, row.modified)))?;
        leases::check_given(&existing.lease, On::Blob, desk.call.lease, desk.now)?;
        let mut left = existing.clone();
        left.snapshots.remove(&snapshot);
        return Ok((BlobOutcome::Done, Plan::new().blob(desk.blob_name(), Some(left))));
    }

    let blob = open(desk)?;
    let plan = Plan::new();
    match snapshots {
        None if !blob.snapshots.is_empty() => Err(CloudError::of(&refuse::SNAPSHOTS_PRESENT)),
        Some(DeleteSnapshots::Only) => {
            let left = Blob {
                snapshots: BTreeMap::new(),
                ..blob
            };
            Ok((BlobOutcome::Done, plan.blob(desk.blob_name(), Some(left))))
        }
        None | Some(DeleteSnapshots::Include) => Ok((BlobOutcome::Done, plan.blob(desk.blob_name(), None))),
    }
}

pub(super) fn snapshot(desk: &Desk<'_>, metadata: &Metadata) -> Planned {
    let blob = desk.blob()?;
    conditions::check_write(&desk.call.conditions, Some((blob.etag, blob.modified)))?;
    leases::check_given(&blob.lease, On::Blob, desk.call.lease, desk.now)?;

    let last = blob.snapshots.keys().next_back().copied().unwrap_or(0);
    let name = ticks(desk.now).max(last + 1);
    let mut taken = Blob {
        snapshots: BTreeMap::new(),
        lease: Lease::default(),
        machine: None,
        blocks: Blocks {
            staged: BTreeMap::new(),
            ..blob.blocks.clone()
        },
        ..blob.clone()
    };
    let mut plan = Plan::new();
    if !metadata.is_empty() {
        taken.metadata.clone_from(metadata);
        taken.etag = desk.stamp;
        plan = desk.stamped();
    }
    let mut base = blob.clone();
    base.snapshots.insert(name, Arc::new(taken));
    Ok((BlobOutcome::Snapshot(name), plan.blob(desk.blob_name(), Some(base))))
}

pub(super) fn lease(desk: &Desk<'_>, action: LeaseAction) -> Planned {
    let blob = desk.blob()?;
    conditions::check_write(&desk.call.conditions, Some((blob.etag, blob.modified)))?;
    let (lease, outcome) = leases::act(&blob.lease, On::Blob, action, desk.fresh, desk.now)?;
    // A lease is no write: etag and date stay.
    Ok((
        outcome,
        Plan::new().blob(desk.blob_name(), Some(Blob { lease, ..blob.clone() })),
    ))
}
