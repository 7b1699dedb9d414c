//! Data disks of a role, by LUN (SM 6.5).

use super::deployments;
use super::drafting::{Draft, Trouble, check_lun};
use super::roles::{self, DataDisk, DataDiskSpec};
use super::{Asked, Change, Hold, Named, Step, Work, disks, forms, hosted_services, operations};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::plan::Plan;

/// A request for a data disk.
pub type AttachDataDisk = DataDiskSpec;

/// A change of a data disk.
#[derive(Clone, Debug, Default)]
pub struct UpdateDataDisk {
    /// Caching.
    pub caching: Option<Box<str>>,
    /// Label.
    pub label: Option<Box<str>>,
    /// Another LUN.
    pub lun: Option<u32>,
}

/// Service, deployment, role.
type Place<'a> = (&'a str, &'a str, &'a str);

pub(super) fn attach(cx: &Cx<'_>, asked: &Asked, place: Place<'_>, spec: &AttachDataDisk) -> Result<Step, CloudError> {
    let (service, deployment, role) = place;
    let (key, row) = deployments::find_named(cx, asked.subscription, service, deployment)?;
    let found = roles::find(row, role)?.clone();
    operations::check_free(cx, &Hold::Deployment(key.clone()))?;
    if let Some(size) = spec.size_gb {
        disks::check_size(cx, size)?;
    }
    let owner = hosted_services::find(cx, asked.subscription, service)?;
    let size = roles::size_of(Some(&found.size))?;
    let mut draft = Draft::new(cx, asked, owner, &key, row.clone());
    let lasts = (20_000, 32_000);
    match draft.data_disk(&found.name, found.machine, spec, &found.data_disks, size) {
        Ok(disk) => {
            for own in draft
                .deployment
                .roles
                .iter_mut()
                .filter(|own| own.machine == found.machine)
            {
                own.data_disks.push(disk.clone());
                own.data_disks.sort_by_key(|disk| disk.lun);
            }
            Ok(Step::later(draft.finish(cx.now()), lasts).holding(Hold::Deployment(key)))
        }
        Err(Trouble::Now(error)) => Err(error),
        Err(Trouble::Late(error)) => Ok(Step::later(Plan::new(), lasts)
            .holding(Hold::Deployment(key))
            .doomed(error)),
    }
}

pub(super) fn update(
    cx: &Cx<'_>,
    asked: &Asked,
    place: Place<'_>,
    lun: u32,
    spec: &UpdateDataDisk,
) -> Result<Step, CloudError> {
    let (service, deployment, role) = place;
    let (key, row) = deployments::find_named(cx, asked.subscription, service, deployment)?;
    let found = roles::find(row, role)?;
    let disk = find(found, lun)?;
    operations::check_free(cx, &Hold::Deployment(key.clone()))?;
    let to = spec.lun.unwrap_or(lun);
    check_lun(cx, to)?;
    if to != lun && found.data_disks.iter().any(|own| own.lun == to) {
        return Err(CloudError::of(&forms::LUN_TAKEN)
            .with("lun", to)
            .with("role", &found.name));
    }
    let mut changed = disk.clone();
    changed.lun = to;
    if let Some(caching) = &spec.caching {
        changed.caching = caching.clone();
    }
    if let Some(label) = &spec.label {
        changed.label = Some(label.clone());
    }
    let mut after = row.clone();
    for own in after.roles.iter_mut().filter(|own| own.machine == found.machine) {
        own.data_disks.retain(|own| own.lun != lun);
        own.data_disks.push(changed.clone());
        own.data_disks.sort_by_key(|disk| disk.lun);
    }
    let work = Work::Make(vec![Change::Deployment(key.clone(), Some(after.into()))]);
    Ok(Step::later(Plan::new(), (10_000, 30_000))
        .holding(Hold::Deployment(key))
        .then(work))
}

pub(super) fn detach(
    cx: &Cx<'_>,
    asked: &Asked,
    place: Place<'_>,
    lun: u32,
    with_media: bool,
) -> Result<Step, CloudError> {
    let (service, deployment, role) = place;
    let (key, row) = deployments::find_named(cx, asked.subscription, service, deployment)?;
    let found = roles::find(row, role)?;
    let disk = find(found, lun)?;
    operations::check_free(cx, &Hold::Deployment(key.clone()))?;
    let mut after = row.clone();
    after.modified = cx.now();
    for own in after.roles.iter_mut().filter(|own| own.machine == found.machine) {
        own.data_disks.retain(|own| own.lun != lun);
    }
    let named = Named::new(asked.subscription, &disk.name);
    let mut plan = Plan::new().deployment(key.clone(), Some(after));
    if let Some(registered) = cx.classic().disks.get(&named) {
        plan = plan.then(if with_media {
            disks::gone(cx, named, registered, true)
        } else {
            super::media::detach(cx, &registered.blob).registered_disk(
                named,
                Some(super::Disk {
                    attached: None,
                    ..registered.clone()
                }),
            )
        });
    }
    Ok(Step::later(plan, (25_000, 35_000)).holding(Hold::Deployment(key)))
}

/// A role's data disk.
///
/// # Errors
///
/// When there is none at the LUN.
fn find(role: &super::Role, lun: u32) -> Result<&DataDisk, CloudError> {
    let found = role.data_disks.iter().find(|own| own.lun == lun);
    found.ok_or_else(|| {
        CloudError::of(&forms::LUN_NOT_FOUND)
            .with("lun", lun)
            .with("role", &role.name)
    })
}

impl super::Role {
    /// A data disk by LUN.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn data_disk(&self, lun: u32) -> Result<&DataDisk, CloudError> {
        find(self, lun)
    }
}
