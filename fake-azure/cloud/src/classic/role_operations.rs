//! What is done to machines: start, restart, stop, redeploy, capture (SM 6.4, 8.3).

use serde::{Deserialize, Serialize};

use super::deployments::{self, Deployment, DeploymentKey};
use super::drafting::{Draft, Trouble};
use super::images::{self, ImageDisk, ImageMarketing, OsImage, Publication, VmImage};
use super::roles::{self, Role};
use super::{Asked, Fresh, Hold, Named, Phase, Step, Timeline, Work, forms, media, operations, subscription};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::fabric::{Machine, Port, Power, any_blob_name_of};
use crate::key::Key;
use crate::operation::OperationId;
use crate::plan::Plan;

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoleAct {
    /// Started.
    Start,
    /// Restarted.
    Restart,
    /// Stopped.
    Shutdown(PostShutdown),
    /// Put on another host.
    Redeploy,
    /// Captured as an image.
    Capture(Box<Capture>),
    /// Maintained when the customer likes: nothing is pending, so that it goes wrong (SM 6.4).
    PerformMaintenance,
}

/// What becomes of a stopped machine's host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PostShutdown {
    /// It is kept.
    Stopped,
    /// It is given back.
    StoppedDeallocated,
}

/// How a machine is captured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// The image's name.
    pub name: Box<str>,
    /// Its label.
    pub label: Box<str>,
    /// As which kind of image, and what becomes of the machine.
    pub kind: CaptureAs,
    /// What the publisher says.
    pub marketing: ImageMarketing,
}

/// The kinds of capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CaptureAs {
    /// An OS image; the role is deleted, or provisioned again.
    OsImage {
        /// Whether the role is provisioned again.
        reprovision: bool,
    },
    /// A VM image; a generalized role is deleted, a specialized one stays.
    VmImage {
        /// Whether the system was generalized.
        generalized: bool,
    },
}

/// Does something to roles, several at once or one.
pub(super) fn act(
    cx: &Cx<'_>,
    asked: &Asked,
    service: &str,
    deployment: &str,
    names: &[Box<str>],
    act: &RoleAct,
) -> Result<Step, CloudError> {
    let (key, row) = deployments::find_named(cx, asked.subscription, service, deployment)?;
    if names.is_empty() {
        return Err(CloudError::of(&forms::PARAMETER));
    }
    let mut found = Vec::new();
    for name in names {
        found.push(roles::find(row, name)?);
    }
    operations::check_free(cx, &Hold::Deployment(key.clone()))?;
    if let RoleAct::Capture(capture) = act {
        images::check_capture_name(cx, asked, &capture.name)?;
    }
    let lasts = match act {
        RoleAct::Start if found.iter().all(|role| role.timeline.at(cx.now()) == Phase::Ready) => (25_000, 35_000),
        RoleAct::Start => (60_000, 160_000),
        RoleAct::Restart => (60_000, 95_000),
        RoleAct::Redeploy => (120_000, 215_000),
        RoleAct::Shutdown(_) => (28_000, 36_000),
        RoleAct::Capture(_) => (60_000, 180_000),
        RoleAct::PerformMaintenance => return Err(CloudError::of(&forms::INTERNAL)),
    };
    let cores: u32 = match act {
        RoleAct::Start => {
            let off = |role: &&&Role| role.timeline.at(cx.now()) == Phase::Deallocated;
            found
                .iter()
                .filter(off)
                .filter_map(|role| cx.fabric().machines.get(&role.machine))
                .map(|machine| machine.cores)
                .sum()
        }
        _ => 0,
    };
    let location = found
        .first()
        .and_then(|role| cx.fabric().machines.get(&role.machine))
        .map(|machine| machine.location.clone());
    let short = subscription::check_cores(cx, asked.subscription, &location.unwrap_or_default(), cores).err();
    let work = Work::Act {
        key: key.clone(),
        roles: found.iter().map(|role| role.name.clone()).collect(),
        act: act.clone(),
    };
    let plan = match act {
        RoleAct::Shutdown(_) => stopping(cx, &key, &found),
        _ => Plan::new(),
    };
    let step = Step::later(plan, lasts).holding(Hold::Deployment(key)).then(work);
    Ok(match short {
        Some(error) => step.doomed(error),
        None => step,
    })
}

/// Machines that run are seen stopping while their operation lasts (SM 8.3).
fn stopping(cx: &Cx<'_>, key: &DeploymentKey, roles: &[&Role]) -> Plan {
    deployments::changed(cx, key, |row| {
        for role in roles {
            if !matches!(role.timeline.at(cx.now()), Phase::Stopped | Phase::Deallocated) {
                row.set_timeline(&role.name, Timeline::at_rest(cx.now(), Phase::Stopping), cx.now());
            }
        }
    })
}

/// The end of it.
pub(super) fn done(
    cx: &Cx<'_>,
    subscription: Key,
    key: &DeploymentKey,
    names: &[Box<str>],
    act: &RoleAct,
    fresh: Fresh,
) -> Result<Plan, CloudError> {
    let Some(row) = cx.classic().deployments.get(key) else {
        return Ok(Plan::new());
    };
    if let RoleAct::Capture(capture) = act {
        return captured(
            cx,
            subscription,
            key,
            row,
            names.first().map_or("", |name| name),
            capture,
            fresh,
        );
    }
    let mut plan = Plan::new();
    let mut after = row.clone();
    let mut lost = Vec::new();
    let mut woken = false;
    for (n, name) in (0..).zip(names) {
        let Ok(role) = roles::find(row, name) else {
            continue;
        };
        let Some(machine) = cx.fabric().machines.get(&role.machine) else {
            continue;
        };
        let phase = role.timeline.at(cx.now());
        let (timeline, power) = match act {
            RoleAct::Start if phase.has_booted() => continue,
            RoleAct::Start | RoleAct::Redeploy => (Timeline::start(cx.now(), fresh, n), Power::Running),
            RoleAct::Restart => (Timeline::restart(cx.now(), fresh, n), Power::Running),
            RoleAct::Shutdown(PostShutdown::Stopped) if phase == Phase::Deallocated => continue,
            RoleAct::Shutdown(PostShutdown::Stopped) => (Timeline::at_rest(cx.now(), Phase::Stopped), Power::Stopped),
            RoleAct::Shutdown(PostShutdown::StoppedDeallocated) => {
                (Timeline::at_rest(cx.now(), Phase::Deallocated), Power::Deallocated)
            }
            RoleAct::Capture(_) | RoleAct::PerformMaintenance => continue,
        };
        let was = machine.power.is_allocated();
        if was != power.is_allocated() {
            let by = i64::from(machine.cores);
            plan = plan.charge_cores(roles::location_name(&machine.location), if was { -by } else { by });
        }
        if was && !power.is_allocated() {
            lost.push(role.machine);
            plan = plan.then(without_addresses(cx, role));
            if let Some(super::PublicIp(own)) = role.public_ip
                && let Some(row) = cx.fabric().public_addresses.get(&own)
            {
                plan = plan.changes(row.returned(own));
            }
        }
        woken |= !was && power.is_allocated();
        plan = plan.machine(
            role.machine,
            Some(Machine {
                power,
                ..machine.clone()
            }),
        );
        after.set_timeline(name, timeline, cx.now());
    }
    let (mut after, vip) = if lost.is_empty() {
        (after, Plan::new())
    } else {
        deployments::settle_vip(cx, after, &lost)
    };
    plan = plan.then(vip);
    if woken {
        plan = plan.then(with_addresses(cx, subscription, key, &after, names, fresh)?);
        plan = plan
            .then(wake_public_ips(cx, row, names))
            .then(deployments::wake_vips(cx, &after));
    }
    after.modified = cx.now();
    Ok(plan.deployment(key.clone(), Some(after)))
}

/// A machine without a host keeps no address but those that its client chose (SM 11.4).
fn without_addresses(cx: &Cx<'_>, role: &Role) -> Plan {
    let mut plan = Plan::new();
    for port in role.ports() {
        let Some(row) = cx.fabric().ports.get(&port) else {
            continue;
        };
        let (kept, given): (Vec<_>, Vec<_>) = row.addresses.iter().cloned().partition(|held| held.chosen);
        for held in given {
            plan = plan.lease((held.pool, u32::from(held.address)), None);
        }
        plan = plan.port(
            port,
            Some(Port {
                addresses: kept,
                ..row.clone()
            }),
        );
    }
    plan
}

/// Machines that start again get addresses.
fn with_addresses(
    cx: &Cx<'_>,
    subscription: Key,
    key: &DeploymentKey,
    row: &Deployment,
    names: &[Box<str>],
    fresh: Fresh,
) -> Result<Plan, CloudError> {
    let owner = cx.classic().hosted_services.get(&key.0);
    let owner = owner.ok_or_else(|| CloudError::of(&forms::SERVICE_NOT_FOUND))?;
    let asked = Asked {
        subscription,
        fresh,
        request: OperationId(fresh.0),
    };
    let mut draft = Draft::new(cx, &asked, owner, key, row.clone());
    for role in row
        .roles
        .iter()
        .filter(|role| names.iter().any(|name| name.eq_ignore_ascii_case(&role.name)))
    {
        match draft.readdress(role) {
            Ok(()) => {}
            Err(Trouble::Now(error) | Trouble::Late(error)) => return Err(error),
        }
    }
    Ok(draft.into_plan())
}

/// Public addresses of their own for roles that start again. They come after those of the virtual IPs.
fn wake_public_ips(cx: &Cx<'_>, row: &Deployment, names: &[Box<str>]) -> Plan {
    let mut plan = Plan::new();
    let mut skip = row.vips.len() + 1;
    for role in row
        .roles
        .iter()
        .filter(|role| names.iter().any(|name| name.eq_ignore_ascii_case(&role.name)))
    {
        if let Some(super::PublicIp(key)) = role.public_ip
            && let Some(own) = cx
                .fabric()
                .public_addresses
                .get(&key)
                .filter(|own| own.address.is_none())
        {
            plan = plan.changes(own.taking(key, cx.fabric().free_public_address(skip)));
            skip += 1;
        }
    }
    plan
}

/// The end of a capture: an image of copies of the role's disks; the role goes, or starts anew (SM 6.4).
fn captured(
    cx: &Cx<'_>,
    subscription: Key,
    key: &DeploymentKey,
    row: &Deployment,
    name: &str,
    capture: &Capture,
    fresh: Fresh,
) -> Result<Plan, CloudError> {
    let role = roles::find(row, name)?;
    let disk_of = |name: &str| cx.classic().disks.get(&Named::new(subscription, name));
    let Some(system) = disk_of(&role.os_disk.name) else {
        return Err(CloudError::of(&forms::DISK_NOT_FOUND));
    };
    let now = cx.now();
    let day: String = now.to_string().chars().take(10).collect();
    let mut plan = Plan::new();
    let mut copy = |disk: &super::Disk, caching: &str, lun: u32, label: String, n: u128| -> ImageDisk {
        let base = disk.media_link.rsplit_once('/').map_or("", |(base, _)| base);
        let media_link: Box<str> = format!("{base}/{}-{label}.vhd", capture.name).into();
        let blob = any_blob_name_of(&media_link).unwrap_or_else(|_| disk.blob.clone());
        plan = std::mem::take(&mut plan).then(media::make(cx, &blob, disk.size_gb, None, fresh, n));
        let name = format!("{}-{label}-{day}", capture.name).into();
        ImageDisk {
            name,
            caching: caching.into(),
            lun,
            media_link,
            blob,
            size_gb: disk.size_gb,
        }
    };
    let os_disk = copy(system, &role.os_disk.caching, 0, "os".to_owned(), 1);
    let named = Named::new(subscription, &capture.name);
    let (goes, starts_anew) = match capture.kind {
        CaptureAs::OsImage { reprovision } => {
            let image = OsImage {
                name: capture.name.clone(),
                label: capture.label.clone(),
                os: role.os_disk.os,
                media_link: os_disk.media_link,
                blob: os_disk.blob,
                size_gb: os_disk.size_gb,
                marketing: capture.marketing.clone(),
                created: now,
                publication: Publication::default(),
            };
            plan = plan.os_image(named, Some(image));
            (!reprovision, reprovision)
        }
        CaptureAs::VmImage { generalized } => {
            let mut data_disks = Vec::new();
            for (n, own) in (2..).zip(&role.data_disks) {
                if let Some(disk) = disk_of(&own.name) {
                    data_disks.push(copy(disk, &own.caching, own.lun, format!("datadisk-{}", own.lun), n));
                }
            }
            let service = cx
                .classic()
                .hosted_services
                .get(&key.0)
                .map_or_else(|| key.0.clone(), |service| service.name.clone());
            let state = if role.timeline.at(now).has_booted() {
                "Started"
            } else {
                "Stopped"
            };
            let image = VmImage {
                name: capture.name.clone(),
                label: capture.label.clone(),
                os: role.os_disk.os,
                generalized,
                os_disk,
                data_disks,
                captured_from: Some((service, row.name.clone(), role.name.clone())),
                captured_as: Some((state.into(), role.size.clone())),
                created: now,
                modified: now,
                marketing: capture.marketing.clone(),
                publication: Publication::default(),
            };
            plan = plan.vm_image(named, Some(image));
            (generalized, false)
        }
    };
    if starts_anew {
        let mut after = row.clone();
        after.set_timeline(name, Timeline::start(now, fresh, 0), now);
        plan = plan.deployment(key.clone(), Some(after));
    }
    // Capturing the last machine removes it; the deployment is the client's to delete (SM 6.4).
    Ok(if goes {
        plan.then(roles::removed(cx, key, name, false))
    } else {
        plan
    })
}
