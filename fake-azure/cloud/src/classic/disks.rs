//! Disks: registrations of page blobs (SM 10.3). A disk stays attached for a while after its machine has gone.

use serde::{Deserialize, Serialize};

use super::{Asked, DeploymentKey, Named, Step, forms, media, names};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::fabric::{BlobName, System};
use crate::key::Key;
use crate::operation::OperationId;
use crate::plan::Plan;
use crate::time::Time;

/// How long a disk stays attached after its machine went (SM 10.3: 1 to 2 minutes), in milliseconds.
pub(super) const DETACH_MS: i64 = 60_000;

/// A registered disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// Its name.
    pub name: Box<str>,
    /// Label.
    pub label: Option<Box<str>>,
    /// The system on it, for a system disk.
    pub os: Option<System>,
    /// The blob's address, as registered.
    pub media_link: Box<str>,
    /// The blob.
    pub blob: BlobName,
    /// Size in GB.
    pub size_gb: u32,
    /// The image that it was made from.
    pub source_image: Option<Box<str>>,
    /// When it was registered.
    pub created: Time,
    /// Who uses it.
    pub attached: Option<AttachedTo>,
}

/// The user of a disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachedTo {
    /// The hosted service.
    pub service: Box<str>,
    /// The deployment.
    pub deployment: Box<str>,
    /// The role.
    pub role: Box<str>,
    /// The machine.
    pub machine: Key,
    /// When the disk is let go, once the machine has gone.
    pub until: Option<Time>,
}

/// A request to register a disk.
#[derive(Clone, Debug, Default)]
pub struct AddDisk {
    /// Name.
    pub name: Box<str>,
    /// Label.
    pub label: Box<str>,
    /// The blob's address.
    pub media_link: Box<str>,
    /// The system on it.
    pub os: Option<System>,
}

/// A change of a disk.
#[derive(Clone, Debug, Default)]
pub struct UpdateDisk {
    /// Label.
    pub label: Option<Box<str>>,
    /// A larger size in GB.
    pub resized_gb: Option<u32>,
}

pub(super) fn add(cx: &Cx<'_>, asked: &Asked, spec: &AddDisk) -> Result<Step, CloudError> {
    if !names::is_object_name(&spec.name) {
        return Err(CloudError::of(&forms::BAD_OBJECT_NAME).with("name", &spec.name));
    }
    let key = asked.named(&spec.name);
    if cx.classic().disks.contains(&key) {
        return Err(CloudError::of(&forms::DISK_EXISTS).with("disk", &spec.name));
    }
    let blob = media::locate(cx, asked, &spec.media_link)?;
    let size_gb = media::registrable(cx, &blob, &spec.media_link)?;
    let disk = Disk {
        name: spec.name.clone(),
        label: Some(spec.label.clone()),
        os: spec.os,
        media_link: spec.media_link.clone(),
        blob: blob.clone(),
        size_gb,
        source_image: None,
        created: cx.now(),
        attached: None,
    };
    Ok(Step::now(
        media::attach(cx, &blob, None, asked.fresh, 1).registered_disk(key, Some(disk)),
    ))
}

pub(super) fn update(cx: &Cx<'_>, asked: &Asked, name: &str, spec: &UpdateDisk) -> Result<Step, CloudError> {
    let disk = find(cx, asked.subscription, name)?;
    let mut changed = disk.clone();
    if let Some(label) = &spec.label {
        changed.label = Some(label.clone());
    }
    let Some(size_gb) = spec.resized_gb else {
        return Ok(Step::now(Plan::new().registered_disk(asked.named(name), Some(changed))));
    };
    check_size(cx, size_gb)?;
    if size_gb < disk.size_gb {
        return Err(CloudError::of(&forms::DISK_SIZE)
            .with("size", size_gb)
            .with("max", max_gb(cx)));
    }
    changed.size_gb = size_gb;
    let mut plan = Plan::new().registered_disk(asked.named(name), Some(changed));
    if let Some(blob) = cx.fabric().blobs.get(&disk.blob) {
        let mut blob = blob.clone();
        blob.resize(u64::from(size_gb) * (1 << 30) + 512);
        plan = plan.blob(disk.blob.clone(), Some(blob));
    }
    Ok(Step::later(plan, (10_000, 30_000)))
}

pub(super) fn delete(cx: &Cx<'_>, asked: &Asked, name: &str, with_media: bool) -> Result<Step, CloudError> {
    let disk = find(cx, asked.subscription, name)?;
    check_free(disk)?;
    Ok(Step::now(gone(cx, asked.named(name), disk, with_media)))
}

/// Removes a registration; the blob with it, or its lease.
pub(super) fn gone(cx: &Cx<'_>, key: Named, disk: &Disk, with_media: bool) -> Plan {
    let plan = if with_media {
        Plan::new().blob(disk.blob.clone(), None)
    } else {
        media::release(cx, &disk.blob)
    };
    plan.registered_disk(key, None)
}

/// The refusal to touch a disk that somebody uses (SM 10.3).
pub(super) fn check_free(disk: &Disk) -> Result<(), CloudError> {
    let Some(user) = &disk.attached else {
        return Ok(());
    };
    let error = CloudError::of(&forms::DISK_IN_USE)
        .with("disk", &disk.name)
        .with("role", &user.role)
        .with("service", &user.service)
        .with("deployment", &user.deployment);
    Err(match user.until {
        Some(until) => error.until(until),
        None => error,
    })
}

/// Begins to let a disk go: its machine has gone.
pub(super) fn letting_go(cx: &Cx<'_>, subscription: Key, name: &str, machine: Key) -> Plan {
    let key = Named::new(subscription, name);
    let Some(disk) = cx.classic().disks.get(&key) else {
        return Plan::new();
    };
    let mut changed = disk.clone();
    if let Some(user) = &mut changed.attached {
        user.until = Some(cx.now().plus_millis(DETACH_MS));
    }
    Plan::new()
        .registered_disk(key.clone(), Some(changed))
        .classic_tick(DETACH_MS, super::Tick::Released(key, machine))
}

/// A disk is let go.
pub(super) fn released(cx: &Cx<'_>, key: &Named, machine: Key) -> Plan {
    match cx.classic().disks.get(key) {
        Some(disk)
            if disk
                .attached
                .as_ref()
                .is_some_and(|user| user.machine == machine && user.until.is_some()) =>
        {
            media::detach(cx, &disk.blob).registered_disk(
                key.clone(),
                Some(Disk {
                    attached: None,
                    ..disk.clone()
                }),
            )
        }
        _ => Plan::new(),
    }
}

pub(super) fn max_gb(cx: &Cx<'_>) -> i64 {
    cx.limit("ClassicDiskSizeInGB").unwrap_or(1023)
}

pub(super) fn check_size(cx: &Cx<'_>, size_gb: u32) -> Result<(), CloudError> {
    if size_gb == 0 || i64::from(size_gb) > max_gb(cx) {
        return Err(CloudError::of(&forms::DISK_SIZE)
            .with("size", size_gb)
            .with("max", max_gb(cx)));
    }
    Ok(())
}

/// A disk by name.
///
/// # Errors
///
/// When there is none.
pub(super) fn find<'a>(cx: &Cx<'a>, subscription: Key, name: &str) -> Result<&'a Disk, CloudError> {
    let found = cx.classic().disks.get(&Named::new(subscription, name));
    found.ok_or_else(|| CloudError::of(&forms::DISK_NOT_FOUND))
}

/// `{service}-{role}-{lun}-{yyyyMMddHHmmss}{4 digits}` (SM 6.5).
pub(super) fn made_up_name(cx: &Cx<'_>, asked: &Asked, key: &DeploymentKey, role: &str, lun: u32, n: u128) -> Box<str> {
    let service = cx
        .classic()
        .hosted_services
        .get(&key.0)
        .map_or(&*key.0, |service| &*service.name);
    let stamp: String = cx
        .now()
        .to_string()
        .chars()
        .filter(char::is_ascii_digit)
        .take(14)
        .collect();
    let mut tail = asked.fresh.number(n, 10_000);
    loop {
        let name = format!("{service}-{role}-{lun}-{stamp}{tail:04}");
        if !cx.classic().disks.contains(&asked.named(&name)) {
            return name.into();
        }
        tail = (tail + 1) % 10_000;
    }
}

impl<'a> Cx<'a> {
    /// A disk of a subscription.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn registered_disk(&self, subscription: Key, name: &str) -> Result<&'a Disk, CloudError> {
        find(self, subscription, name)
    }

    /// The location's display name and the affinity group of a storage account.
    pub fn account_place(&self, account: &str) -> (Box<str>, Option<Box<str>>) {
        media::place(self, account)
    }

    /// The operation that holds a deployment.
    pub fn deployment_operation(&self, key: &DeploymentKey) -> Option<OperationId> {
        self.classic().holds.get(&super::Hold::Deployment(key.clone())).copied()
    }
}
