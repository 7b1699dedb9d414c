//! A machine's VHDs: page blobs in a storage account, held by an infinite lease (ARM 9.3).

use std::collections::BTreeMap;

use super::forms::{
    BLOB_IN_USE, BLOB_LEASED, BLOB_NAME, BLOB_NOT_FOUND, BLOB_SLASH, BLOB_TYPE, BLOB_URI, IMAGE_BLOB_NOT_FOUND,
    STORAGE_LOCATION, STORAGE_NOT_FOUND, TWO_ACCOUNTS,
};
use super::spec::SentDisk;
use super::storage::{AttachedDisk, Disks};
use crate::error::CloudError;
use crate::fabric::{Blob, BlobKind, BlobName, BlobUriError, Container, DiskMedia, blob_name_of, ticks};
use crate::types::compute::creation_data::whole_gb;
use crate::types::compute::parameters::{derived, missing};

impl Disks<'_, '_> {
    /// A blob as this machine's disk, with the metadata that says so (ARM 9.3).
    pub(super) fn held_blob(&self, blob: Blob, disk: &AttachedDisk) -> Blob {
        let mut held = blob.held_by(self.put.key, derived(self.put.guid, &disk.name));
        let kind = if disk.lun.is_none() { "OSDisk" } else { "DataDisk" };
        for (name, value) in [
            ("MicrosoftAzureCompute_VMName", self.put.id.name().to_owned()),
            ("MicrosoftAzureCompute_DiskName", disk.name.to_string()),
            (
                "MicrosoftAzureCompute_ResourceGroupName",
                self.put.id.group_name().to_uppercase(),
            ),
            ("MicrosoftAzureCompute_DiskType", kind.to_owned()),
            (
                "MicrosoftAzureCompute_DiskId",
                derived(self.put.guid, &disk.name).to_string(),
            ),
            ("MicrosoftAzureCompute_DiskSizeInGB", disk.size_gb.to_string()),
        ] {
            held.metadata.insert(name.into(), value.into());
        }
        held
    }

    /// A VHD that exists.
    pub(super) fn attach_blob(&mut self, sent: &SentDisk, lun: Option<u32>) -> Result<(), CloudError> {
        let (uri, name) = self.blob_of(sent, lun)?;
        let disk_name = sent
            .name
            .clone()
            .ok_or_else(|| missing(if lun.is_none() { "osDisk.name" } else { "dataDisk.name" }))?;
        let Some(blob) = self.cx.fabric().blobs.get(&name) else {
            return Err(CloudError::of(&BLOB_NOT_FOUND)
                .with("uri", &uri)
                .with("disk", &disk_name));
        };
        if blob.kind == BlobKind::Block {
            return Err(CloudError::of(&BLOB_TYPE).with("uri", &uri).with("disk", &disk_name));
        }
        if let Some(owner) = blob
            .machine
            .filter(|owner| *owner != self.put.key)
            .and_then(|owner| self.cx.find(owner))
        {
            return Err(CloudError::of(&BLOB_IN_USE)
                .with("uri", &uri)
                .with("machine", &owner.name));
        }
        if blob.machine.is_none() && blob.lease.is_active(self.cx.now()) {
            return Err(CloudError::of(&BLOB_LEASED).with("uri", &uri).with("disk", &disk_name));
        }
        let of_blob = whole_gb(blob.length);
        let disk = AttachedDisk {
            lun,
            name: disk_name.into(),
            option: "Attach".into(),
            media: DiskMedia::Blob(name),
            uri: Some(uri.into()),
            size_gb: sent.disk_size_gb.unwrap_or(of_blob),
            made: false,
            deletes: false,
            since: self.cx.now(),
        };
        self.hold(&disk);
        self.found.push(disk);
        Ok(())
    }

    /// A VHD that the service makes, its container too if need be.
    pub(super) fn make_blob(
        &mut self,
        sent: &SentDisk,
        lun: Option<u32>,
        size_gb: u32,
        exists: &crate::error::Form,
    ) -> Result<(), CloudError> {
        let (uri, name) = self.blob_of(sent, lun)?;
        let disk_name = sent
            .name
            .clone()
            .ok_or_else(|| missing(if lun.is_none() { "osDisk.name" } else { "dataDisk.name" }))?;
        let taken = self
            .found
            .iter()
            .any(|disk| disk.media == DiskMedia::Blob(name.clone()));
        if taken || self.cx.fabric().blobs.contains(&name) {
            return Err(CloudError::of(exists).with("uri", &uri).with("disk", &disk_name));
        }

        let now = self.cx.now();
        let disk = AttachedDisk {
            lun,
            name: disk_name.into(),
            option: sent.option().into(),
            media: DiskMedia::Blob(name.clone()),
            uri: Some(uri.into()),
            size_gb,
            made: true,
            deletes: false,
            since: now,
        };
        let footer = 512;
        let blob = self.held_blob(Blob::page((u64::from(size_gb) << 30) + footer, ticks(now), now), &disk);
        let mut plan = std::mem::take(&mut self.plan);
        let container = (name.0.clone(), name.1.clone());
        if self
            .cx
            .fabric()
            .containers
            .get(&container)
            .is_none_or(|row| row.deleted_until.is_some())
        {
            plan = plan.container(container, Some(Container::new(ticks(now), now)));
        }
        self.plan = plan.blob(name, Some(blob));
        self.found.push(disk);
        Ok(())
    }

    /// The blob that a disk names, in an account that is there, in the machine's location.
    fn blob_of(&self, sent: &SentDisk, lun: Option<u32>) -> Result<(String, BlobName), CloudError> {
        let path = if lun.is_none() {
            "osDisk.vhd.uri"
        } else {
            "dataDisk.vhd.uri"
        };
        let uri = sent.vhd_uri().ok_or_else(|| missing(path))?;
        let name = blob_name_of(uri).map_err(|error| {
            let form = match error {
                BlobUriError::Malformed => &BLOB_URI,
                BlobUriError::Slash => &BLOB_SLASH,
                BlobUriError::NotVhd => &BLOB_NAME,
            };
            CloudError::of(form).with("uri", uri).about(path)
        })?;
        match self.cx.fabric().accounts.get(&name.0) {
            None => Err(CloudError::of(&STORAGE_NOT_FOUND).with("account", &name.0)),
            Some(account) if account.location.as_ref() != self.put.location => {
                Err(CloudError::of(&STORAGE_LOCATION).with("account", &name.0))
            }
            Some(_) => Ok((uri.to_owned(), name)),
        }
    }

    /// A VHD image of one's own lies in the account of the disk that is made from it. Whether it is there shows at the end.
    pub(super) fn check_own_image(&mut self, sent: &SentDisk) -> Result<(), CloudError> {
        let Some(uri) = sent.image.as_ref().and_then(|image| image.uri.as_deref()) else {
            return Ok(());
        };
        let disk = sent.name.as_deref().unwrap_or_default();
        let image =
            image_name_of(uri).ok_or_else(|| CloudError::of(&BLOB_URI).with("uri", uri).about("osDisk.image.uri"))?;
        let target = sent.vhd_uri().and_then(|uri| blob_name_of(uri).ok());
        if target.is_some_and(|target| target.0 != image.0) {
            return Err(CloudError::of(&TWO_ACCOUNTS).with("disk", disk));
        }
        if !self.cx.fabric().blobs.contains(&image) {
            let plan = std::mem::take(&mut self.plan);
            self.plan = plan.doomed(
                CloudError::of(&IMAGE_BLOB_NOT_FOUND)
                    .with("uri", uri)
                    .with("disk", disk),
            );
        }
        Ok(())
    }
}

/// The address of an image's VHD may have slashes in the blob's name: captured ones do.
fn image_name_of(uri: &str) -> Option<BlobName> {
    match blob_name_of(uri) {
        Ok(name) => Some(name),
        Err(BlobUriError::Malformed | BlobUriError::NotVhd) => None,
        Err(BlobUriError::Slash) => {
            let rest = uri.split_once("://")?.1;
            let (host, path) = rest.split_once('/')?;
            let mut labels = host.split('.');
            let (account, second) = (labels.next()?, labels.next().unwrap_or_default());
            let (account, path) = if second.eq_ignore_ascii_case("blob") {
                (account, path)
            } else {
                path.split_once('/')?
            };
            let (container, blob) = path.split_once('/')?;
            Some((account.to_ascii_lowercase().into(), container.into(), blob.into()))
        }
    }
}

/// What is left of a blob's metadata when nobody's machine holds it.
pub(super) fn without_marks(metadata: BTreeMap<Box<str>, Box<str>>) -> BTreeMap<Box<str>, Box<str>> {
    metadata
        .into_iter()
        .filter(|(name, _)| !name.starts_with("MicrosoftAzureCompute_"))
        .collect()
}
