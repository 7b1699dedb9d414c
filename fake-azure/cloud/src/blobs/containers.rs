//! Containers: made, opened, leased, removed.
//!
//! A container of an ARM account is an ARM resource, too: what is done here is done to both.

use serde_json::{Map, Value, json};

use super::desk::{Desk, Planned};
use super::leases::{self, On};
use super::{BlobOutcome, LeaseAction, Metadata, conditions, refusals as refuse};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::fabric::{AccessPolicy, BlobKind, Container};
use crate::id::ResourceId;
use crate::key::Key;
use crate::plan::Plan;
use crate::registry::Kind;

/// How long the name of a deleted container stays taken (ARM 9.4).
const BEING_DELETED_MS: i64 = 30_000;

pub(super) fn create(desk: &Desk<'_>, public_access: Option<&str>, metadata: &Metadata) -> Planned {
    check_name(&desk.call.container)?;
    check_free(desk)?;
    check_access(desk, public_access)?;

    let mut row = Container::new(desk.stamp, desk.now);
    row.public_access = public_access.map(Into::into);
    row.metadata.clone_from(metadata);
    Ok((BlobOutcome::Done, write(desk, row, true)))
}

pub(super) fn read(desk: &Desk<'_>) -> Planned {
    let container = desk.container()?;
    leases::check_given(&container.lease, On::Container, desk.call.lease, desk.now)?;
    Ok((BlobOutcome::Done, Plan::new()))
}

pub(super) fn set_metadata(desk: &Desk<'_>, metadata: &Metadata) -> Planned {
    let container = open(desk)?;
    let row = Container {
        metadata: metadata.clone(),
        ..container.clone()
    };
    Ok((BlobOutcome::Done, write(desk, row, true)))
}

pub(super) fn set_access(desk: &Desk<'_>, public_access: Option<&str>, policies: &[AccessPolicy]) -> Planned {
    let container = open(desk)?;
    check_access(desk, public_access)?;
    let public_access = public_access.map(Into::into);
    let row = Container {
        public_access,
        policies: policies.to_vec(),
        ..container.clone()
    };
    Ok((BlobOutcome::Done, write(desk, row, true)))
}

pub(super) fn delete(desk: &Desk<'_>) -> Planned {
    let container = desk.container()?;
    conditions::check_write(&desk.call.conditions, Some((container.etag, container.modified)))?;
    leases::check_write(&container.lease, On::Container, desk.call.lease, desk.now)?;
    check_no_disks(&desk.cx, &desk.call.account, &desk.call.container)?;

    let plan = match resource_of(&desk.cx, desk.account.owner, &desk.call.container)
        .and_then(|id| desk.cx.find_id(id.folded()))
    {
        Some(resource) => Plan::new().remove(resource.key),
        None => removal(&desk.cx, &desk.call.account, &desk.call.container),
    };
    Ok((BlobOutcome::Done, plan))
}

pub(super) fn lease(desk: &Desk<'_>, action: LeaseAction) -> Planned {
    let container = desk.container()?;
    let found = Some((container.etag, container.modified));
    conditions::check_write(&desk.call.conditions, found)?;
    let (lease, outcome) = leases::act(&container.lease, On::Container, action, desk.fresh, desk.now)?;
    // A lease is no write: etag and date stay.
    Ok((
        outcome,
        Plan::new().container(
            desk.container_name(),
            Some(Container {
                lease,
                ..container.clone()
            }),
        ),
    ))
}

/// The container, for a write that needs no lease id but a right one if any.
fn open<'a>(desk: &Desk<'a>) -> Result<&'a Container, CloudError> {
    let container = desk.container()?;
    conditions::check_write(&desk.call.conditions, Some((container.etag, container.modified)))?;
    leases::check_given(&container.lease, On::Container, desk.call.lease, desk.now)?;
    Ok(container)
}

/// Writes the row and the ARM resource.
fn write(desk: &Desk<'_>, mut row: Container, new_etag: bool) -> Plan {
    if new_etag {
        row.etag = desk.stamp;
        row.modified = desk.now;
    }
    let mut plan = Plan::new();
    if let Some(id) = resource_of(&desk.cx, desk.account.owner, &desk.call.container) {
        let key = match desk.cx.find_id(id.folded()) {
            Some(resource) => resource.key,
            None => plan.reserve(&desk.cx),
        };
        plan = plan.put(key, id, document(&row));
    }
    plan.then(desk.stamped()).container(desk.container_name(), Some(row))
}

/// A container as its ARM resource is written.
fn document(row: &Container) -> Value {
    let access = match row.public_access.as_deref() {
        Some("container") => "Container",
        Some(_) => "Blob",
        None => "None",
    };
    let metadata: Map<String, Value> = row
        .metadata
        .iter()
        .map(|(name, value)| (name.to_string(), json!(value)))
        .collect();
    json!({ "properties": { "publicAccess": access, "metadata": metadata } })
}

/// The id of the ARM resource that a container of an ARM account is. System containers (`$root`, `$logs`) are none.
fn resource_of(cx: &Cx<'_>, owner: Key, container: &str) -> Option<ResourceId> {
    let account = cx.find(owner).filter(|owner| owner.kind == Kind::StorageAccounts)?;
    if container.starts_with('$') {
        return None;
    }
    let service = cx.children(account.key, Kind::BlobServices).next()?;
    let id = ResourceId::parse(&cx.id(service.key)).ok()?;
    Some(id.child(Kind::BlobContainers, container))
}

/// Removes a container and what is in it: its name stays taken for a while.
pub(crate) fn removal(cx: &Cx<'_>, account: &str, container: &str) -> Plan {
    let name = (account.into(), container.into());
    let Some(row) = cx.fabric().containers.get(&name) else {
        return Plan::new();
    };
    let until = cx.now().plus_millis(BEING_DELETED_MS);
    let plan = blobs_of(cx, account, container).fold(Plan::new(), |plan, (name, _)| plan.blob(name.clone(), None));
    plan.container(
        name,
        Some(Container {
            deleted_until: Some(until),
            ..Container::new(row.etag, row.modified)
        }),
    )
}

/// The blobs in a container.
pub(crate) fn blobs_of<'a>(
    cx: &Cx<'a>,
    account: &str,
    container: &str,
) -> impl Iterator<Item = (&'a crate::fabric::BlobName, &'a crate::fabric::Blob)> + use<'a> {
    let (account, container): (Box<str>, Box<str>) = (account.into(), container.into());
    let start = (account.clone(), container.clone(), Box::default());
    cx.fabric()
        .blobs
        .range(start..)
        .take_while(move |((a, c, _), _)| *a == account && *c == container)
}

/// Refuses while a machine's disk is in the container (ARM 9.3). Quirk `vhd-lease-holds-container`.
pub(crate) fn check_no_disks(cx: &Cx<'_>, account: &str, container: &str) -> Result<(), CloudError> {
    let held = blobs_of(cx, account, container).any(|(_, blob)| blob.kind == BlobKind::Page && blob.machine.is_some());
    if held {
        cov_mark::hit!(vhd_lease_holds_container);
        return Err(CloudError::of(&refuse::LEASE_ID_MISSING).with("noun", "blob"));
    }
    Ok(())
}

/// Refuses a name that is taken, or was until a moment ago.
fn check_free(desk: &Desk<'_>) -> Result<(), CloudError> {
    if desk.container().is_ok() {
        return Err(CloudError::of(&refuse::CONTAINER_ALREADY_EXISTS));
    }
    check_released(&desk.cx, &desk.call.account, &desk.call.container)
}

/// Refuses the name of a container that is still being deleted (ARM 9.4).
pub(crate) fn check_released(cx: &Cx<'_>, account: &str, container: &str) -> Result<(), CloudError> {
    let row = cx.fabric().containers.get(&(account.into(), container.into()));
    match row.and_then(|row| row.deleted_until).filter(|until| cx.now() < *until) {
        Some(until) => Err(CloudError::of(&refuse::CONTAINER_BEING_DELETED).until(until)),
        None => Ok(()),
    }
}

fn check_access(desk: &Desk<'_>, public_access: Option<&str>) -> Result<(), CloudError> {
    if public_access.is_some() && !desk.account.allows_public_access {
        return Err(CloudError::of(&refuse::PUBLIC_ACCESS_NOT_PERMITTED));
    }
    Ok(())
}

/// Names of containers (ARM 1.3).
fn check_name(name: &str) -> Result<(), CloudError> {
    if matches!(name, "$root" | "$logs" | "$web") {
        return Ok(());
    }
    if !(3..=63).contains(&name.len()) {
        return Err(CloudError::of(&refuse::OUT_OF_RANGE_INPUT));
    }
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !plain || name.starts_with('-') || name.ends_with('-') || name.contains("--") {
        return Err(CloudError::of(&refuse::INVALID_RESOURCE_NAME));
    }
    Ok(())
}
