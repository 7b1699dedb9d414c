//! The disks of a role in the making: where they come from, and whose they become (SM 6.5).

use std::collections::BTreeSet;

use super::{Draft, Sources, Trouble, check_lun};
use crate::catalogue::role_sizes::RoleSize;
use crate::classic::disks::{self, AttachedTo, Disk};
use crate::classic::images::{self, Source};
use crate::classic::roles::{DataDisk, DataDiskSpec, OsDisk, Role, RoleSpec};
use crate::classic::{forms, media};
use crate::error::CloudError;
use crate::fabric::BlobName;
use crate::key::Key;
use crate::plan::Plan;

impl Draft<'_> {
    /// Where system and data disks come from; refused at once where a name names nothing.
    pub(super) fn sources(&self, role: &str, spec: &RoleSpec, size: &RoleSize) -> Result<Sources, CloudError> {
        let cx = self.cx;
        let os = spec.os_disk.clone().unwrap_or_default();
        let image = match (&spec.vm_image, &os.source_image) {
            (Some(name), _) => Some(images::vm_source(cx, self.asked.subscription, name)?),
            (None, Some(name)) => Some(images::os_source(cx, self.asked.subscription, name)?),
            (None, None) => None,
        };
        let specialized =
            image.as_ref().is_some_and(|image| !image.generalized) || image.is_none() && os.remote_source.is_none();
        if specialized && spec.provisioning.is_some() {
            return Err(CloudError::of(&forms::PROVISIONING_FORBIDDEN).with("role", role));
        }
        if !specialized && spec.provisioning.is_none() && image.is_some() {
            return Err(CloudError::of(&forms::PROVISIONING_REQUIRED).with("role", role));
        }
        if let (None, Some(name)) = (&image, &os.name)
            && os.media_link.is_none()
        {
            disks::check_free(disks::find(cx, self.asked.subscription, name)?)?;
        } else if image.is_none() && os.name.is_none() && os.media_link.is_none() {
            return Err(CloudError::of(&forms::PARAMETER));
        }
        if let Some(link) = &os.media_link {
            media::locate(cx, self.asked, link)?;
        }
        let data = spec.data_disks.clone().unwrap_or_default();
        let mut luns = BTreeSet::new();
        for disk in &data {
            check_lun(cx, disk.lun.unwrap_or(0))?;
            if let Some(lun) = disk.lun
                && !luns.insert(lun)
            {
                return Err(CloudError::of(&forms::LUN_TAKEN).with("lun", lun).with("role", role));
            }
            if let Some(size) = disk.size_gb {
                disks::check_size(cx, size)?;
            }
        }
        if data.len() > usize::try_from(size.max_data_disks).unwrap_or(usize::MAX) {
            return Err(CloudError::of(&forms::LUN_LIMIT)
                .with("role", role)
                .with("limit", size.max_data_disks));
        }
        Ok(Sources { image, os, data })
    }

    pub(super) fn check_listed_disks(&self, role: &Role, listed: &[DataDiskSpec]) -> Result<(), CloudError> {
        for disk in listed {
            let named = |own: &&DataDisk| {
                disk.name
                    .as_deref()
                    .is_some_and(|name| own.name.eq_ignore_ascii_case(name))
            };
            let lun = disk.lun.unwrap_or(0);
            check_lun(self.cx, lun)?;
            let same_lun = role.data_disks.iter().find(|own| own.lun == lun);
            match role.data_disks.iter().find(named) {
                Some(own) if own.lun == lun => {}
                _ if same_lun.is_some() => {
                    return Err(CloudError::of(&forms::LUN_TAKEN)
                        .with("lun", lun)
                        .with("role", &role.name));
                }
                _ => {}
            }
        }
        Ok(())
    }

    pub(super) fn os_disk(
        &mut self,
        role: &str,
        machine: Key,
        spec: &RoleSpec,
        sources: &Sources,
    ) -> Result<OsDisk, Trouble> {
        let cx = self.cx;
        let os = &sources.os;
        let caching = os
            .caching
            .clone()
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| "ReadWrite".into());
        let n = self.draw();
        if sources.image.is_none() && os.media_link.is_none() {
            let name = os.name.clone().unwrap_or_default();
            let disk = disks::find(cx, self.asked.subscription, &name)?.clone();
            let system = disk.os.ok_or_else(|| CloudError::of(&forms::PARAMETER))?;
            self.attach(&disk, role, machine)?;
            return Ok(OsDisk {
                caching,
                label: os.label.clone(),
                name: disk.name.clone(),
                media_link: disk.media_link.clone(),
                source_image: disk.source_image.clone(),
                os: system,
                premium: self.is_premium(&disk.blob),
            });
        }
        let system = match (&sources.image, os.os) {
            (Some(image), _) => image.os,
            (None, Some(system)) => system,
            (None, None) => return Err(CloudError::of(&forms::PARAMETER).into()),
        };
        let link = match &os.media_link {
            Some(link) => link.clone(),
            None => self.made_up_os_link(spec, sources, role)?,
        };
        let blob = media::locate(cx, self.asked, &link)?;
        self.check_near(&blob, &link, sources.image.as_ref())?;
        let name = match &os.name {
            Some(name) if !name.is_empty() => name.clone(),
            _ => disks::made_up_name(cx, self.asked, &self.key, role, 0, n),
        };
        let made = sources.image.is_some() || os.remote_source.is_some();
        let size_gb = sources
            .image
            .as_ref()
            .map_or(30, |image| image.size_gb)
            .max(os.resized_gb.unwrap_or(0));
        let size_gb = self.hold_blob(&blob, &link, made.then_some(size_gb), machine)?;
        let disk = Disk {
            name: name.clone(),
            label: os.label.clone(),
            os: Some(system),
            media_link: link.clone(),
            blob: blob.clone(),
            size_gb,
            source_image: sources.image.as_ref().map(|image| image.name.clone()),
            created: cx.now(),
            attached: Some(self.user(role, machine)),
        };
        self.then(Plan::new().registered_disk(self.asked.named(&name), Some(disk)));
        Ok(OsDisk {
            caching,
            label: os.label.clone(),
            name,
            media_link: link,
            source_image: sources.image.as_ref().map(|image| image.name.clone()),
            os: system,
            premium: self.is_premium(&blob),
        })
    }

    pub(in crate::classic) fn data_disk(
        &mut self,
        role: &str,
        machine: Key,
        spec: &DataDiskSpec,
        there: &[DataDisk],
        size: &RoleSize,
    ) -> Result<DataDisk, Trouble> {
        let cx = self.cx;
        let taken = |lun: u32| there.iter().any(|disk| disk.lun == lun);
        let lun = match spec.lun {
            Some(lun) => lun,
            None => (0..).find(|lun| !taken(*lun)).unwrap_or(0),
        };
        check_lun(cx, lun)?;
        if taken(lun) {
            return Err(CloudError::of(&forms::LUN_TAKEN)
                .with("lun", lun)
                .with("role", role)
                .into());
        }
        if there.len() >= usize::try_from(size.max_data_disks).unwrap_or(usize::MAX) {
            return Err(CloudError::of(&forms::LUN_LIMIT)
                .with("role", role)
                .with("limit", size.max_data_disks)
                .into());
        }
        let caching = spec
            .caching
            .clone()
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| "None".into());
        let named = spec.name.clone().filter(|name| !name.is_empty());
        if let Some(name) = named
            .as_deref()
            .filter(|_| spec.media_link.is_none() && spec.source_media_link.is_none())
        {
            let disk = disks::find(cx, self.asked.subscription, name)?.clone();
            self.attach(&disk, role, machine)?;
            return Ok(DataDisk {
                caching,
                label: spec.label.clone(),
                name: disk.name.clone(),
                lun,
                size_gb: disk.size_gb,
                media_link: disk.media_link.clone(),
                premium: self.is_premium(&disk.blob),
            });
        }
        let existing = spec.source_media_link.is_some() || spec.size_gb.is_none();
        let link = spec
            .source_media_link
            .as_ref()
            .or(spec.media_link.as_ref())
            .ok_or_else(|| CloudError::of(&forms::PARAMETER))?;
        // A data disk's address is written back with https (SM 6.5).
        let link: Box<str> = link
            .strip_prefix("http://")
            .map_or_else(|| link.clone(), |rest| format!("https://{rest}").into());
        let blob = media::locate(cx, self.asked, &link)?;
        if let Some(size) = spec.size_gb {
            disks::check_size(cx, size)?;
        }
        self.check_near(&blob, &link, None)?;
        let there = cx.fabric().blobs.contains(&blob);
        let make = (!existing || !there)
            .then(|| spec.size_gb.unwrap_or(1))
            .filter(|_| !existing || spec.size_gb.is_some());
        let make = make.filter(|_| !(there && spec.size_gb.is_some() && self.is_registrable(&blob, &link)));
        let size_gb = self.hold_blob(&blob, &link, make, machine)?;
        let n = self.draw();
        let name = named.unwrap_or_else(|| disks::made_up_name(cx, self.asked, &self.key, role, lun, n));
        let disk = Disk {
            name: name.clone(),
            label: spec.label.clone(),
            os: None,
            media_link: link.clone(),
            blob: blob.clone(),
            size_gb,
            source_image: None,
            created: cx.now(),
            attached: Some(self.user(role, machine)),
        };
        self.then(Plan::new().registered_disk(self.asked.named(&name), Some(disk)));
        Ok(DataDisk {
            caching,
            label: spec.label.clone(),
            name,
            lun,
            size_gb,
            media_link: link,
            premium: self.is_premium(&blob),
        })
    }

    /// A blob that is there, free and unregistered may become the disk though a size is given (recorded: attach of an upload).
    fn is_registrable(&self, blob: &BlobName, link: &str) -> bool {
        media::registrable(self.cx, blob, link).is_ok()
    }

    /// Makes a blob, or takes one that is there; its size in GB.
    fn hold_blob(&mut self, blob: &BlobName, link: &str, make_gb: Option<u32>, machine: Key) -> Result<u32, Trouble> {
        let cx = self.cx;
        let n = self.draw();
        if !self.blobs.insert(blob.clone()) {
            return Err(Trouble::Late(CloudError::of(&forms::BLOB_EXISTS).with("uri", link)));
        }
        let Some(size_gb) = make_gb else {
            let size_gb = media::registrable(cx, blob, link).map_err(Trouble::Late)?;
            let plan = media::attach(cx, blob, Some(machine), self.asked.fresh, n);
            self.then(plan);
            return Ok(size_gb);
        };
        if cx.fabric().blobs.contains(blob) {
            return Err(Trouble::Late(CloudError::of(&forms::BLOB_EXISTS).with("uri", link)));
        }
        let plan = media::make(cx, blob, size_gb, Some(machine), self.asked.fresh, n);
        self.then(plan);
        Ok(size_gb)
    }

    fn attach(&mut self, disk: &Disk, role: &str, machine: Key) -> Result<(), Trouble> {
        let key = self.asked.named(&disk.name);
        disks::check_free(disk)?;
        if !self.attached.insert(key.clone()) {
            return Err(CloudError::of(&forms::PARAMETER).into());
        }
        if !media::is_near(self.cx, &disk.blob.0, self.service) {
            let error = CloudError::of(&forms::DISK_LOCATION)
                .with("account", media::place_name(self.cx, &disk.blob.0))
                .with("disk", &disk.name)
                .with("service", self.service_place());
            return Err(Trouble::Late(error));
        }
        let n = self.draw();
        let plan = media::attach(self.cx, &disk.blob, Some(machine), self.asked.fresh, n);
        let changed = Disk {
            attached: Some(self.user(role, machine)),
            ..disk.clone()
        };
        self.then(plan.registered_disk(key, Some(changed)));
        Ok(())
    }

    fn check_near(&self, blob: &BlobName, link: &str, image: Option<&Source>) -> Result<(), Trouble> {
        let cx = self.cx;
        if let Some((image, account)) = image.and_then(|image| image.account.as_ref().map(|account| (image, account)))
            && !media::is_near(cx, account, self.service)
            && !image.replicas.contains(&self.location)
        {
            let error = CloudError::of(&forms::IMAGE_LOCATION)
                .with("account", media::place_name(cx, account))
                .with("image", &image.name)
                .with("service", self.service_place());
            return Err(Trouble::Late(error));
        }
        if !media::is_near(cx, &blob.0, self.service) {
            let error = CloudError::of(&forms::MEDIA_LOCATION)
                .with("account", media::place_name(cx, &blob.0))
                .with("uri", link)
                .with("service", self.service_place());
            return Err(Trouble::Late(error));
        }
        Ok(())
    }

    fn service_place(&self) -> Box<str> {
        match &self.service.placement {
            crate::classic::Placement::Location(name) | crate::classic::Placement::AffinityGroup(name) => name.clone(),
        }
    }

    fn user(&self, role: &str, machine: Key) -> AttachedTo {
        AttachedTo {
            service: self.service.name.clone(),
            deployment: self.deployment.name.clone(),
            role: role.into(),
            machine,
            until: None,
        }
    }

    fn is_premium(&self, blob: &BlobName) -> bool {
        self.cx
            .fabric()
            .accounts
            .get(&blob.0)
            .is_some_and(|account| account.sku.starts_with("Premium"))
    }

    /// Where the service puts the system disk of a machine from a VM image: beside the image, or at the media location.
    fn made_up_os_link(&self, spec: &RoleSpec, sources: &Sources, role: &str) -> Result<Box<str>, CloudError> {
        if let Some(base) = &spec.media_location {
            return Ok(format!("{}/{}-{role}-os.vhd", base.trim_end_matches('/'), self.service.name).into());
        }
        let account = sources.image.as_ref().and_then(|image| image.account.clone());
        let near = || {
            let mut own = self
                .cx
                .classic()
                .storage_services
                .iter()
                .filter(|(_, row)| row.subscription == self.asked.subscription);
            own.find(|(name, _)| media::is_near(self.cx, name, self.service))
                .map(|(name, _)| name.clone())
        };
        let account = account
            .or_else(near)
            .ok_or_else(|| CloudError::of(&forms::BAD_MEDIA_LINK).with("uri", ""))?;
        Ok(format!(
            "https://{account}.blob.core.windows.net/vhds/{}-{role}-os.vhd",
            self.service.name
        )
        .into())
    }

    pub(super) fn made_up_link(&self, spec: &RoleSpec, os_disk: &OsDisk, role: &str, lun: u32) -> Box<str> {
        let base = match &spec.media_location {
            Some(base) => base.trim_end_matches('/').to_owned(),
            None => os_disk
                .media_link
                .rsplit_once('/')
                .map_or_else(String::new, |(base, _)| base.to_owned()),
        };
        format!("{base}/{}-{role}-{lun}.vhd", self.service.name).into()
    }
}
