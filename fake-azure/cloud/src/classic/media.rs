//! Page blobs that serve as disks and images: found by their address, made, held by a lease, let go (SM 5.3, 9, 10).

use super::{Asked, Fresh, HostedService, Placement, forms};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::fabric::{Blob, BlobName, Container, Lease, LeaseState, any_blob_name_of, ticks};
use crate::key::{Guid, Key};
use crate::plan::Plan;

/// Bytes of a VHD's footer.
const FOOTER: u64 = 512;

/// The blob of a media link, in an account of the subscription. Accounts of Resource Manager are not the classic API's (SM 9:
/// it does not list them).
pub(super) fn locate(cx: &Cx<'_>, asked: &Asked, uri: &str) -> Result<BlobName, CloudError> {
    let bad = || CloudError::of(&forms::BAD_MEDIA_LINK).with("uri", uri);
    let name = any_blob_name_of(uri).map_err(|_| bad())?;
    let account = cx.fabric().accounts.get(&name.0).ok_or_else(bad)?;
    let service = cx.classic().storage_services.get(&name.0);
    let owner = service.map_or(account.owner, |service| service.subscription);
    if owner == asked.subscription {
        Ok(name)
    } else {
        Err(bad())
    }
}

/// Where an account is: its location's display name, and its affinity group.
pub(super) fn place(cx: &Cx<'_>, account: &str) -> (Box<str>, Option<Box<str>>) {
    let location = cx.fabric().accounts.get(account).map_or("", |row| &*row.location);
    let location = crate::catalogue::locations::find(location).map_or(location, |found| found.display_name);
    let group = cx
        .classic()
        .storage_services
        .get(account)
        .and_then(|service| match &service.placement {
            Placement::AffinityGroup(name) => Some(name.clone()),
            Placement::Location(_) => None,
        });
    (location.into(), group)
}

/// Whether an account may hold a service's disks: same location, and, where both are in groups, the same group.
pub(super) fn is_near(cx: &Cx<'_>, account: &str, service: &HostedService) -> bool {
    let (location, group) = place(cx, account);
    let same_group = match (&group, &service.placement) {
        (Some(group), Placement::AffinityGroup(own)) => group.eq_ignore_ascii_case(own),
        _ => true,
    };
    same_group
        && service
            .placement
            .location(cx, service.subscription)
            .eq_ignore_ascii_case(&location)
}

/// How the refusals name a place: the group where there is one.
pub(super) fn place_name(cx: &Cx<'_>, account: &str) -> Box<str> {
    let (location, group) = place(cx, account);
    group.unwrap_or(location)
}

/// The infinite lease by which a registered blob is held.
fn held(guid: Guid) -> Lease {
    Lease {
        state: LeaseState::Leased,
        id: Some(guid),
        end: None,
        secs: None,
    }
}

/// Makes a blob for a disk, held; its container with it where there is none.
pub(super) fn make(cx: &Cx<'_>, name: &BlobName, size_gb: u32, machine: Option<Key>, fresh: Fresh, n: u128) -> Plan {
    let now = cx.now();
    let container = (name.0.clone(), name.1.clone());
    let mut plan = Plan::new();
    let there = cx.fabric().containers.get(&container);
    if there.is_none_or(|row| row.deleted_until.is_some()) {
        plan = plan.container(container, Some(Container::new(ticks(now), now)));
    }
    let mut blob = Blob::page(u64::from(size_gb) * (1 << 30) + FOOTER, ticks(now), now);
    blob.machine = machine;
    blob.lease = held(fresh.guid(n));
    plan.blob(name.clone(), Some(blob))
}

/// A blob as somebody's disk.
pub(super) fn attach(cx: &Cx<'_>, name: &BlobName, machine: Option<Key>, fresh: Fresh, n: u128) -> Plan {
    let Some(blob) = cx.fabric().blobs.get(name) else {
        return Plan::new();
    };
    let mut blob = blob.clone();
    blob.machine = machine;
    if !blob.lease.is_active(cx.now()) {
        blob.lease = held(fresh.guid(n));
    }
    Plan::new().blob(name.clone(), Some(blob))
}

/// A blob as nobody's machine's, still registered.
pub(super) fn detach(cx: &Cx<'_>, name: &BlobName) -> Plan {
    match cx.fabric().blobs.get(name) {
        Some(blob) => Plan::new().blob(
            name.clone(),
            Some(Blob {
                machine: None,
                ..blob.clone()
            }),
        ),
        None => Plan::new(),
    }
}

/// A blob as nobody's: its lease is released.
pub(super) fn release(cx: &Cx<'_>, name: &BlobName) -> Plan {
    match cx.fabric().blobs.get(name) {
        Some(blob) => Plan::new().blob(name.clone(), Some(blob.clone().let_go())),
        None => Plan::new(),
    }
}

/// A blob that is to be registered: it exists, nobody holds it; its size in GB.
pub(super) fn registrable(cx: &Cx<'_>, name: &BlobName, uri: &str) -> Result<u32, CloudError> {
    let registered = cx
        .classic()
        .disks
        .iter()
        .find(|(_, disk)| disk.blob == *name)
        .map(|(_, disk)| disk.name.clone());
    let images = || {
        cx.classic()
            .os_images
            .iter()
            .find(|(_, image)| image.blob == *name)
            .map(|(_, image)| image.name.clone())
    };
    if let Some(owner) = registered.or_else(images) {
        return Err(CloudError::of(&forms::MEDIA_REGISTERED)
            .with("uri", uri)
            .with("name", owner));
    }
    let blob = cx
        .fabric()
        .blobs
        .get(name)
        .ok_or_else(|| CloudError::of(&forms::BLOB_NOT_FOUND).with("uri", uri))?;
    if blob.lease.is_active(cx.now()) {
        return Err(CloudError::of(&forms::BLOB_EXISTS).with("uri", uri));
    }
    Ok(size_gb(blob.length))
}

/// The logical size of a fixed VHD: its length without the footer, in whole GB, at least one.
pub(super) fn size_gb(length: u64) -> u32 {
    u32::try_from(length.saturating_sub(FOOTER).div_ceil(1 << 30))
        .unwrap_or(u32::MAX)
        .max(1)
}
