//! The blob service: rules over the fabric's containers and blobs (ARM 9).
//!
//! Rules are pure: they read the world and give back an outcome and a plan, which the engine commits whole. They refuse to
//! know signatures and HTTP: who may ask is decided by the front end.

mod blocks;
mod call;
mod conditions;
mod containers;
mod copies;
mod desk;
mod leases;
mod listing;
pub mod refusals;
#[cfg(test)]
mod tests;
mod writes;

pub use self::call::{
    BlobCall, BlobConditions, BlobEntry, BlobOperation, BlobOutcome, BlockSource, Compare, DeleteSnapshots,
    LeaseAction, Metadata, Page, SequenceAction,
};
pub use self::conditions::etag_text;
pub(crate) use self::containers::{check_no_disks, check_released, removal as container_removal};

use self::copies::Source;
use self::desk::{Desk, Planned};
use self::listing::Shows;
use crate::cx::Cx;
use crate::fabric::Account;
use crate::key::Guid;
use crate::plan::Plan;

/// What a request does. `fresh` is an id that nothing has yet.
pub(crate) fn plan(cx: &Cx<'_>, call: &BlobCall, fresh: Guid) -> Planned {
    let desk = &Desk::new(*cx, call, fresh)?;
    match &call.operation {
        BlobOperation::ListContainers(page) => listing::containers(desk, page),
        BlobOperation::SetService(sections) => {
            let mut account = desk.account.clone();
            account.service.extend(sections.clone());
            Ok((
                BlobOutcome::Done,
                Plan::new().account(call.account.clone(), Some(Account { ..account })),
            ))
        }
        BlobOperation::CreateContainer {
            public_access,
            metadata,
        } => containers::create(desk, public_access.as_deref(), metadata),
        BlobOperation::ReadContainer => containers::read(desk),
        BlobOperation::SetContainerMetadata(metadata) => containers::set_metadata(desk, metadata),
        BlobOperation::SetContainerAccess {
            public_access,
            policies,
        } => containers::set_access(desk, public_access.as_deref(), policies),
        BlobOperation::DeleteContainer => containers::delete(desk),
        BlobOperation::LeaseContainer(action) => containers::lease(desk, *action),
        BlobOperation::ListBlobs {
            page,
            delimiter,
            snapshots,
            uncommitted,
        } => {
            let shows = Shows {
                snapshots: *snapshots,
                uncommitted: *uncommitted,
            };
            listing::blobs(desk, page, delimiter.as_deref(), shows)
        }
        BlobOperation::PutPageBlob {
            length,
            sequence,
            headers,
            metadata,
        } => writes::put_page_blob(desk, *length, *sequence, headers, metadata),
        BlobOperation::PutBlockBlob {
            content,
            headers,
            metadata,
        } => writes::put_block_blob(desk, content, headers, metadata),
        BlobOperation::PutBlock { id, content } => blocks::put(desk, id, content),
        BlobOperation::PutBlockList {
            blocks,
            headers,
            metadata,
        } => blocks::commit(desk, blocks, headers, metadata),
        BlobOperation::BlockList => blocks::list(desk),
        BlobOperation::WritePages { start, content } => writes::write_pages(desk, *start, content),
        BlobOperation::ClearPages { start, end } => writes::clear_pages(desk, *start, *end),
        BlobOperation::PageRanges { range, snapshot } => writes::page_ranges(desk, *range, *snapshot),
        BlobOperation::ReadBlob { snapshot } => writes::read(desk, *snapshot),
        BlobOperation::SetBlobProperties {
            headers,
            length,
            sequence,
        } => writes::set_properties(desk, headers.as_ref(), *length, *sequence),
        BlobOperation::SetBlobMetadata(metadata) => writes::set_metadata(desk, metadata),
        BlobOperation::DeleteBlob { snapshots, snapshot } => writes::delete(desk, *snapshots, *snapshot),
        BlobOperation::Snapshot { metadata } => writes::snapshot(desk, metadata),
        BlobOperation::Copy {
            source,
            snapshot,
            text,
            metadata,
            conditions,
        } => {
            let source = Source {
                name: source.as_ref(),
                snapshot: *snapshot,
                text,
                conditions,
            };
            copies::copy(desk, source, metadata)
        }
        BlobOperation::AbortCopy { id } => copies::abort(desk, *id),
        BlobOperation::LeaseBlob(action) => writes::lease(desk, *action),
    }
}
