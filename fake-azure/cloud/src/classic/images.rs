//! OS images and VM images: what machines are made from (SM 10.1, 10.2). Public ones are the catalogue's, user ones are state.

use serde::{Deserialize, Serialize};

use super::{Asked, Named, Step, forms, media, names, placement};
use crate::catalogue::classic_images::{self, OsState};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::fabric::{BlobName, System};
use crate::key::Key;
use crate::plan::Plan;
use crate::table::Table;
use crate::time::Time;

/// What a publisher says of an image, as sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after the elements of the contract")]
pub struct ImageMarketing {
    pub eula: Option<Box<str>>,
    pub description: Option<Box<str>>,
    pub image_family: Option<Box<str>>,
    pub published_date: Option<Box<str>>,
    pub show_in_gui: Option<bool>,
    pub privacy_uri: Option<Box<str>>,
    pub icon_uri: Option<Box<str>>,
    pub recommended_size: Option<Box<str>>,
    pub small_icon_uri: Option<Box<str>>,
    pub language: Option<Box<str>>,
}

/// Who may use an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Permission {
    /// Its subscription.
    #[default]
    Private,
    /// Everyone.
    Public,
    /// Subscribers of MSDN; only its category shows it, the cloud knows no such subscribers.
    Msdn,
}

impl Permission {
    /// The image's `Category`.
    pub const fn category(self) -> &'static str {
        match self {
            Permission::Private => "User",
            Permission::Public => "Public",
            Permission::Msdn => "MSDN",
        }
    }

    /// Reads a permission, in any case.
    pub fn find(text: &str) -> Option<Permission> {
        match text.trim().to_ascii_lowercase().as_str() {
            "private" => Some(Permission::Private),
            "public" => Some(Permission::Public),
            "msdn" => Some(Permission::Msdn),
            _ => None,
        }
    }
}

/// A copy of an image in another location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replica {
    /// The location's display name.
    pub location: Box<str>,
    /// When it was asked for.
    pub begun: Time,
}

/// How long an image takes to another location. Assumed.
const REPLICATION_MS: i64 = 600_000;

impl Replica {
    /// Percent of it that is there.
    pub fn progress(&self, now: Time) -> i64 {
        (now.millis_since(self.begun) * 100 / REPLICATION_MS).clamp(0, 100)
    }
}

/// Where an image is beside its own location, and who may use it (SM 10.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// Copies in other locations.
    pub replicas: Vec<Replica>,
    /// Who may use it.
    pub permission: Permission,
}

impl Publication {
    /// The locations where it is, its own first.
    pub fn locations(&self, own: &str, now: Time) -> String {
        let there = self.replicas.iter().filter(|replica| replica.progress(now) == 100);
        std::iter::once(own)
            .chain(there.map(|replica| &*replica.location).filter(|place| *place != own))
            .collect::<Vec<_>>()
            .join(";")
    }

    fn replicated(&self, locations: &[Box<str>], now: Time) -> Publication {
        let replicas = locations.iter().map(|location| {
            let known = self.replicas.iter().find(|own| own.location == *location);
            known.cloned().unwrap_or_else(|| Replica {
                location: location.clone(),
                begun: now,
            })
        });
        Publication {
            replicas: replicas.collect(),
            ..self.clone()
        }
    }
}

/// A user OS image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OsImage {
    /// Name.
    pub name: Box<str>,
    /// Label.
    pub label: Box<str>,
    /// The system.
    pub os: System,
    /// The blob's address, as registered.
    pub media_link: Box<str>,
    /// The blob.
    pub blob: BlobName,
    /// Size in GB.
    pub size_gb: u32,
    /// What the publisher says.
    pub marketing: ImageMarketing,
    /// When it was registered.
    pub created: Time,
    /// Where else it is, and who may use it.
    pub publication: Publication,
}

/// A request to register an OS image.
#[derive(Clone, Debug)]
pub struct AddOsImage {
    /// Name.
    pub name: Box<str>,
    /// Label.
    pub label: Box<str>,
    /// The blob's address.
    pub media_link: Box<str>,
    /// The system.
    pub os: System,
    /// What the publisher says.
    pub marketing: ImageMarketing,
}

/// A disk of a VM image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageDisk {
    /// Name.
    pub name: Box<str>,
    /// `ReadWrite`, `None`.
    pub caching: Box<str>,
    /// LUN of a data disk; 0 for the system's.
    pub lun: u32,
    /// The blob's address.
    pub media_link: Box<str>,
    /// The blob.
    pub blob: BlobName,
    /// Size in GB.
    pub size_gb: u32,
}

/// A user VM image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VmImage {
    /// Name.
    pub name: Box<str>,
    /// Label.
    pub label: Box<str>,
    /// The system.
    pub os: System,
    /// `Generalized` or `Specialized`: whether it wants provisioning data.
    pub generalized: bool,
    /// The system's disk.
    pub os_disk: ImageDisk,
    /// Data disks.
    pub data_disks: Vec<ImageDisk>,
    /// Where it was captured: service, deployment, role.
    pub captured_from: Option<(Box<str>, Box<str>, Box<str>)>,
    /// `Started` or `Stopped`, and the size, when it was captured.
    pub captured_as: Option<(Box<str>, Box<str>)>,
    /// When it was made.
    pub created: Time,
    /// When it was last changed.
    pub modified: Time,
    /// What the publisher says.
    pub marketing: ImageMarketing,
    /// Where else it is, and who may use it.
    pub publication: Publication,
}

/// A request for a VM image from blobs.
#[derive(Clone, Debug)]
pub struct AddVmImage {
    /// Name.
    pub name: Box<str>,
    /// Label.
    pub label: Box<str>,
    /// The system.
    pub os: System,
    /// Whether it wants provisioning data.
    pub generalized: bool,
    /// Caching and address of the system's disk.
    pub os_disk: (Option<Box<str>>, Box<str>),
    /// Caching, LUN and address of data disks.
    pub data_disks: Vec<(Option<Box<str>>, u32, Box<str>)>,
    /// What the publisher says.
    pub marketing: ImageMarketing,
}

/// A change of a VM image.
#[derive(Clone, Debug, Default)]
pub struct UpdateVmImage {
    /// Label.
    pub label: Option<Box<str>>,
    /// What the publisher says; what is left out keeps its value.
    pub marketing: ImageMarketing,
}

/// What a machine is made from.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) name: Box<str>,
    pub(super) os: System,
    pub(super) size_gb: u32,
    pub(super) generalized: bool,
    /// Sizes of data disks by LUN.
    pub(super) data: Vec<(u32, u32)>,
    /// The account of a user image: it must be near the service.
    pub(super) account: Option<Box<str>>,
    /// Locations that a user image was copied to.
    pub(super) replicas: Vec<Box<str>>,
}

/// A user's image: the subscription's own, or one that another subscription shares with everyone.
fn visible<'a, T>(
    table: &'a Table<Named, T>,
    subscription: Key,
    name: &str,
    publication: impl Fn(&T) -> &Publication,
) -> Option<&'a T> {
    let own = Named::new(subscription, name);
    table.get(&own).or_else(|| {
        let shared =
            |(named, image): &(&Named, &T)| named.1 == own.1 && publication(image).permission == Permission::Public;
        table.iter().find(shared).map(|(_, image)| image)
    })
}

fn there(publication: &Publication, now: Time) -> Vec<Box<str>> {
    let replicas = publication.replicas.iter();
    replicas
        .filter(|replica| replica.progress(now) == 100)
        .map(|replica| replica.location.clone())
        .collect()
}

impl<'a> Cx<'a> {
    /// A user OS image that a subscription may use.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn os_image(&self, subscription: Key, name: &str) -> Result<&'a OsImage, CloudError> {
        let found = visible(&self.classic().os_images, subscription, name, |image| {
            &image.publication
        });
        found.ok_or_else(|| CloudError::of(&forms::IMAGE_NOT_FOUND).with("image", name))
    }

    /// A user VM image that a subscription may use.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn vm_image(&self, subscription: Key, name: &str) -> Result<&'a VmImage, CloudError> {
        let found = visible(&self.classic().vm_images, subscription, name, |image| {
            &image.publication
        });
        found.ok_or_else(|| CloudError::of(&forms::IMAGE_NOT_FOUND).with("image", name))
    }

    /// The user OS images that a subscription may use: its own, then what others share.
    pub fn os_images(&self, subscription: Key) -> impl Iterator<Item = &'a OsImage> {
        let all = &self.classic().os_images;
        let shared = all.iter().filter(move |(named, image)| {
            named.0 != subscription && image.publication.permission == Permission::Public
        });
        all.range(Named::all(subscription))
            .chain(shared)
            .map(|(_, image)| image)
    }

    /// The same of VM images.
    pub fn vm_images(&self, subscription: Key) -> impl Iterator<Item = &'a VmImage> {
        let all = &self.classic().vm_images;
        let shared = all.iter().filter(move |(named, image)| {
            named.0 != subscription && image.publication.permission == Permission::Public
        });
        all.range(Named::all(subscription))
            .chain(shared)
            .map(|(_, image)| image)
    }
}

/// The OS image of a name.
pub(super) fn os_source(cx: &Cx<'_>, subscription: Key, name: &str) -> Result<Source, CloudError> {
    if let Ok(image) = cx.os_image(subscription, name) {
        let account = Some(image.blob.0.clone());
        return Ok(Source {
            name: image.name.clone(),
            os: image.os,
            size_gb: image.size_gb,
            generalized: true,
            data: Vec::new(),
            account,
            replicas: there(&image.publication, cx.now()),
        });
    }
    let image = classic_images::find_os_image(name)
        .ok_or_else(|| CloudError::of(&forms::IMAGE_NOT_FOUND).with("image", name))?;
    let (os, size_gb) = (image.os.into(), image.size_gb);
    Ok(Source {
        name: image.name.into(),
        os,
        size_gb,
        generalized: true,
        data: Vec::new(),
        account: None,
        replicas: Vec::new(),
    })
}

/// The VM image of a name.
pub(super) fn vm_source(cx: &Cx<'_>, subscription: Key, name: &str) -> Result<Source, CloudError> {
    if let Ok(image) = cx.vm_image(subscription, name) {
        return Ok(Source {
            name: image.name.clone(),
            os: image.os,
            size_gb: image.os_disk.size_gb,
            generalized: image.generalized,
            data: image.data_disks.iter().map(|disk| (disk.lun, disk.size_gb)).collect(),
            account: Some(image.os_disk.blob.0.clone()),
            replicas: there(&image.publication, cx.now()),
        });
    }
    let image = classic_images::find_vm_image(name)
        .ok_or_else(|| CloudError::of(&forms::IMAGE_NOT_FOUND).with("image", name))?;
    let machine = image.machine.unwrap_or(classic_images::MachineImage {
        data_disks_gb: &[],
        os_state: OsState::Generalized,
    });
    Ok(Source {
        name: image.name.into(),
        os: image.os.into(),
        size_gb: image.size_gb,
        generalized: machine.os_state == OsState::Generalized,
        data: (0..).zip(machine.data_disks_gb.iter().copied()).collect(),
        account: None,
        replicas: Vec::new(),
    })
}

fn check_name(cx: &Cx<'_>, asked: &Asked, name: &str) -> Result<(), CloudError> {
    if !names::is_object_name(name) {
        return Err(CloudError::of(&forms::BAD_OBJECT_NAME).with("name", name));
    }
    let key = asked.named(name);
    let public = classic_images::find_os_image(name).is_some() || classic_images::find_vm_image(name).is_some();
    if public || cx.classic().os_images.contains(&key) || cx.classic().vm_images.contains(&key) {
        return Err(CloudError::of(&forms::IMAGE_EXISTS).with("image", name));
    }
    Ok(())
}

pub(super) fn add_os(cx: &Cx<'_>, asked: &Asked, spec: &AddOsImage) -> Result<Step, CloudError> {
    check_name(cx, asked, &spec.name)?;
    let blob = media::locate(cx, asked, &spec.media_link)?;
    let size_gb = media::registrable(cx, &blob, &spec.media_link)?;
    let image = OsImage {
        name: spec.name.clone(),
        label: spec.label.clone(),
        os: spec.os,
        media_link: spec.media_link.clone(),
        blob: blob.clone(),
        size_gb,
        marketing: spec.marketing.clone(),
        created: cx.now(),
        publication: Publication::default(),
    };
    Ok(Step::now(
        media::attach(cx, &blob, None, asked.fresh, 1).os_image(asked.named(&spec.name), Some(image)),
    ))
}

pub(super) fn update_os(
    cx: &Cx<'_>,
    asked: &Asked,
    name: &str,
    label: &str,
    marketing: &ImageMarketing,
) -> Result<Step, CloudError> {
    let key = asked.named(name);
    let image = cx
        .classic()
        .os_images
        .get(&key)
        .ok_or_else(|| CloudError::of(&forms::IMAGE_NOT_FOUND).with("image", name))?;
    let changed = OsImage {
        label: label.into(),
        marketing: merged(&image.marketing, marketing),
        ..image.clone()
    };
    Ok(Step::now(Plan::new().os_image(key, Some(changed))))
}

pub(super) fn delete_os(cx: &Cx<'_>, asked: &Asked, name: &str, with_media: bool) -> Result<Step, CloudError> {
    let key = asked.named(name);
    let image = cx
        .classic()
        .os_images
        .get(&key)
        .ok_or_else(|| CloudError::of(&forms::IMAGE_NOT_FOUND).with("image", name))?;
    let plan = if with_media {
        Plan::new().blob(image.blob.clone(), None)
    } else {
        media::release(cx, &image.blob)
    };
    Ok(Step::now(plan.os_image(key, None)))
}

pub(super) fn add_vm(cx: &Cx<'_>, asked: &Asked, spec: &AddVmImage) -> Result<Step, CloudError> {
    check_name(cx, asked, &spec.name)?;
    let mut plan = Plan::new();
    let now = cx.now();
    let mut disk =
        |caching: &Option<Box<str>>, lun: u32, uri: &str, name: String, n: u128| -> Result<ImageDisk, CloudError> {
            let blob = media::locate(cx, asked, uri)?;
            let size_gb = media::registrable(cx, &blob, uri)?;
            plan = std::mem::take(&mut plan).then(media::attach(cx, &blob, None, asked.fresh, n));
            let caching = caching.clone().unwrap_or_else(|| "None".into());
            Ok(ImageDisk {
                name: name.into(),
                caching,
                lun,
                media_link: uri.into(),
                blob,
                size_gb,
            })
        };
    let day: String = now.to_string().chars().take(10).collect();
    let os_disk = disk(
        &spec.os_disk.0,
        0,
        &spec.os_disk.1,
        format!("{}-os-{day}", spec.name),
        1,
    )?;
    let mut data_disks = Vec::new();
    for (caching, lun, uri) in &spec.data_disks {
        data_disks.push(disk(
            caching,
            *lun,
            uri,
            format!("{}-datadisk-{lun}-{day}", spec.name),
            2 + u128::from(*lun),
        )?);
    }
    let image = VmImage {
        name: spec.name.clone(),
        label: spec.label.clone(),
        os: spec.os,
        generalized: spec.generalized,
        os_disk,
        data_disks,
        captured_from: None,
        captured_as: None,
        created: now,
        modified: now,
        marketing: spec.marketing.clone(),
        publication: Publication::default(),
    };
    Ok(Step::later(
        plan.vm_image(asked.named(&spec.name), Some(image)),
        (20_000, 60_000),
    ))
}

pub(super) fn update_vm(cx: &Cx<'_>, asked: &Asked, name: &str, spec: &UpdateVmImage) -> Result<Step, CloudError> {
    let key = asked.named(name);
    let image = cx
        .classic()
        .vm_images
        .get(&key)
        .ok_or_else(|| CloudError::of(&forms::IMAGE_NOT_FOUND).with("image", name))?;
    let mut changed = image.clone();
    if let Some(label) = &spec.label {
        changed.label = label.clone();
    }
    changed.marketing = merged(&image.marketing, &spec.marketing);
    changed.modified = cx.now();
    Ok(Step::now(Plan::new().vm_image(key, Some(changed))))
}

pub(super) fn delete_vm(cx: &Cx<'_>, asked: &Asked, name: &str, with_media: bool) -> Result<Step, CloudError> {
    let key = asked.named(name);
    let image = cx
        .classic()
        .vm_images
        .get(&key)
        .ok_or_else(|| CloudError::of(&forms::IMAGE_NOT_FOUND).with("image", name))?;
    let mut plan = Plan::new();
    for disk in std::iter::once(&image.os_disk).chain(&image.data_disks) {
        plan = if with_media {
            plan.blob(disk.blob.clone(), None)
        } else {
            plan.then(media::release(cx, &disk.blob))
        };
    }
    Ok(Step::later(plan.vm_image(key, None), (10_000, 30_000)))
}

/// Which image: an OS image or a VM image of the subscription, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named after the nouns")]
pub enum ImageName {
    Os(Box<str>),
    Vm(Box<str>),
}

/// An image with another publication.
fn published(
    cx: &Cx<'_>,
    asked: &Asked,
    image: &ImageName,
    change: impl FnOnce(&Publication) -> Publication,
) -> Result<Plan, CloudError> {
    let missing = |name: &str| CloudError::of(&forms::IMAGE_NOT_FOUND).with("image", name);
    Ok(match image {
        ImageName::Os(name) => {
            let key = asked.named(name);
            let row = cx.classic().os_images.get(&key).ok_or_else(|| missing(name))?;
            let publication = change(&row.publication);
            let row = OsImage {
                publication,
                ..row.clone()
            };
            Plan::new().os_image(key, Some(row))
        }
        ImageName::Vm(name) => {
            let key = asked.named(name);
            let row = cx.classic().vm_images.get(&key).ok_or_else(|| missing(name))?;
            let publication = change(&row.publication);
            let row = VmImage {
                publication,
                ..row.clone()
            };
            Plan::new().vm_image(key, Some(row))
        }
    })
}

/// Copies an image to locations, all of them: a location that is not named has it no more (SM 10.1).
pub(super) fn replicate(
    cx: &Cx<'_>,
    asked: &Asked,
    image: &ImageName,
    locations: &[Box<str>],
) -> Result<Step, CloudError> {
    if locations.is_empty() {
        return Err(CloudError::of(&forms::PARAMETER));
    }
    let mut places: Vec<Box<str>> = Vec::new();
    for location in locations {
        places.push(placement::read_location(location)?.display_name.into());
    }
    let plan = published(cx, asked, image, |own| own.replicated(&places, cx.now()))?;
    Ok(Step::now(plan))
}

/// Takes all copies of an image away.
pub(super) fn unreplicate(cx: &Cx<'_>, asked: &Asked, image: &ImageName) -> Result<Step, CloudError> {
    let plan = published(cx, asked, image, |own| own.replicated(&[], cx.now()))?;
    Ok(Step::now(plan))
}

/// Shares an image.
pub(super) fn share(cx: &Cx<'_>, asked: &Asked, image: &ImageName, permission: Permission) -> Result<Step, CloudError> {
    let plan = published(cx, asked, image, |own| Publication {
        permission,
        ..own.clone()
    })?;
    Ok(Step::later(plan, (10_000, 30_000)))
}

fn merged(old: &ImageMarketing, new: &ImageMarketing) -> ImageMarketing {
    let pick = |new: &Option<Box<str>>, old: &Option<Box<str>>| new.clone().or_else(|| old.clone());
    ImageMarketing {
        eula: pick(&new.eula, &old.eula),
        description: pick(&new.description, &old.description),
        image_family: pick(&new.image_family, &old.image_family),
        published_date: pick(&new.published_date, &old.published_date),
        show_in_gui: new.show_in_gui.or(old.show_in_gui),
        privacy_uri: pick(&new.privacy_uri, &old.privacy_uri),
        icon_uri: pick(&new.icon_uri, &old.icon_uri),
        recommended_size: pick(&new.recommended_size, &old.recommended_size),
        small_icon_uri: pick(&new.small_icon_uri, &old.small_icon_uri),
        language: pick(&new.language, &old.language),
    }
}

/// A name that an image may be captured under.
///
/// # Errors
///
/// When it is none, or taken.
pub(super) fn check_capture_name(cx: &Cx<'_>, asked: &Asked, name: &str) -> Result<(), CloudError> {
    check_name(cx, asked, name)
}
