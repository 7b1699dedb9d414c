//! Block blobs, block by block.

use std::sync::Arc;

use super::desk::{Desk, Planned};
use super::leases::{self, On};
use super::writes::{block_blob, check_blob_name, check_replace, check_supported, succeed};
use super::{BlobOutcome, BlockSource, Metadata, refusals as refuse};
use crate::error::CloudError;
use crate::fabric::{Blob, BlobKind, Blocks};
use crate::plan::Plan;

/// Sends a block. The blob as it is stays until a list is committed.
pub(super) fn put(desk: &Desk<'_>, id: &str, content: &Arc<[u8]>) -> Planned {
    check_supported(desk, BlobKind::Block)?;
    check_blob_name(&desk.call.blob)?;
    let mut blob = match desk.any_blob()? {
        Some(blob) => {
            check_block_blob(blob)?;
            let lease = leases::check_write(&blob.lease, On::Blob, desk.call.lease, desk.now)?;
            Blob { lease, ..blob.clone() }
        }
        None => {
            let blocks = Blocks {
                only_staged: true,
                ..Blocks::default()
            };
            Blob {
                kind: BlobKind::Block,
                blocks,
                ..Blob::page(0, desk.stamp, desk.now)
            }
        }
    };
    if blob
        .blocks
        .staged
        .keys()
        .next()
        .is_some_and(|other| other.len() != id.len())
    {
        return Err(CloudError::of(&refuse::INVALID_BLOB_OR_BLOCK));
    }
    blob.blocks.staged.insert(id.into(), Arc::clone(content));
    Ok((BlobOutcome::Done, Plan::new().blob(desk.blob_name(), Some(blob))))
}

/// Makes the blob of the blocks listed; the others are forgotten.
pub(super) fn commit(
    desk: &Desk<'_>,
    list: &[(BlockSource, Box<str>)],
    headers: &Metadata,
    metadata: &Metadata,
) -> Planned {
    check_supported(desk, BlobKind::Block)?;
    let lease = check_replace(desk)?;
    let existing = desk.any_blob()?;
    if let Some(blob) = existing {
        check_block_blob(blob)?;
    }

    let mut pieces = Vec::with_capacity(list.len());
    let mut committed = Vec::with_capacity(list.len());
    for (source, id) in list {
        let piece = existing.and_then(|blob| block(blob, *source, id));
        let piece = piece.ok_or_else(|| CloudError::of(&refuse::INVALID_BLOCK_LIST))?;
        committed.push((id.clone(), piece.len() as u64));
        pieces.push(piece);
    }
    let blob = block_blob(desk, pieces, committed, headers, metadata);
    Ok((BlobOutcome::Done, desk.write(succeed(desk, blob, lease)?)))
}

fn block(blob: &Blob, source: BlockSource, id: &str) -> Option<Arc<[u8]>> {
    let staged = || blob.blocks.staged.get(id).map(Arc::clone);
    let committed = || {
        let mut start = 0;
        for (name, length) in &blob.blocks.committed {
            if name.as_ref() == id {
                return Some(blob.read(start, *length).into());
            }
            start += length;
        }
        None
    };
    match source {
        BlockSource::Committed => committed(),
        BlockSource::Uncommitted => staged(),
        BlockSource::Latest => staged().or_else(committed),
    }
}

pub(super) fn list(desk: &Desk<'_>) -> Planned {
    let blob = desk
        .any_blob()?
        .ok_or_else(|| CloudError::of(&refuse::BLOB_NOT_FOUND))?;
    check_block_blob(blob)?;
    leases::check_given(&blob.lease, On::Blob, desk.call.lease, desk.now)?;
    let uncommitted = blob
        .blocks
        .staged
        .iter()
        .map(|(id, piece)| (id.clone(), piece.len() as u64))
        .collect();
    Ok((
        BlobOutcome::Blocks {
            committed: blob.blocks.committed.clone(),
            uncommitted,
        },
        Plan::new(),
    ))
}

fn check_block_blob(blob: &Blob) -> Result<(), CloudError> {
    if blob.kind == BlobKind::Block {
        Ok(())
    } else {
        Err(CloudError::of(&refuse::INVALID_BLOB_TYPE))
    }
}
