//! Lists of containers and blobs, page by page.

use std::sync::Arc;

use super::desk::{Desk, Planned};
use super::{BlobEntry, BlobOutcome, Page};
use crate::plan::Plan;

pub(super) fn containers(desk: &Desk<'_>, page: &Page) -> Planned {
    let account = desk.call.account.clone();
    let first = page.marker.clone().max(page.prefix.clone());
    let mut names = desk
        .cx
        .fabric()
        .containers
        .range((account.clone(), first)..)
        .take_while(|((owner, name), _)| *owner == account && name.starts_with(page.prefix.as_ref()))
        .filter(|(_, row)| row.deleted_until.is_none());
    let entries = names
        .by_ref()
        .take(page.max)
        .map(|((_, name), row)| (name.clone(), row.clone()))
        .collect();
    let next = names.next().map(|((_, name), _)| name.clone());
    Ok((BlobOutcome::Containers { entries, next }, Plan::new()))
}

/// What a list of blobs shows besides committed blobs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shows {
    pub(super) snapshots: bool,
    pub(super) uncommitted: bool,
}

pub(super) fn blobs(desk: &Desk<'_>, page: &Page, delimiter: Option<&str>, shows: Shows) -> Planned {
    desk.container()?;
    let first = page.marker.clone().max(page.prefix.clone());
    let (account, container) = desk.container_name();
    let rows = desk
        .cx
        .fabric()
        .blobs
        .range((account.clone(), container.clone(), first)..)
        .take_while(|((a, c, name), _)| *a == account && *c == container && name.starts_with(page.prefix.as_ref()));

    let mut entries: Vec<BlobEntry> = Vec::new();
    let mut next = None;
    for ((_, _, name), blob) in rows {
        if blob.blocks.only_staged && !shows.uncommitted {
            continue;
        }
        let group = delimiter.and_then(|delimiter| {
            let rest = &name[page.prefix.len()..];
            rest.find(delimiter)
                .map(|at| &name[..page.prefix.len() + at + delimiter.len()])
        });
        if let Some(BlobEntry::Prefix(last)) = entries.last()
            && group.is_some_and(|group| group == last.as_ref())
        {
            continue;
        }
        if entries.len() >= page.max {
            next = Some(name.clone());
            break;
        }
        if let Some(group) = group {
            entries.push(BlobEntry::Prefix(group.into()));
            continue;
        }
        if shows.snapshots {
            entries.extend(blob.snapshots.iter().map(|(snapshot, row)| BlobEntry::Blob {
                name: name.clone(),
                snapshot: Some(*snapshot),
                blob: Arc::clone(row),
            }));
        }
        entries.push(BlobEntry::Blob {
            name: name.clone(),
            snapshot: None,
            blob: Arc::new(blob.clone()),
        });
    }
    Ok((BlobOutcome::Blobs { entries, next }, Plan::new()))
}
