//! Volumes: data disks by logical unit number (juju-provider 2.6 Volumes).
//!
//! A volume is made by adding an empty data disk to a machine, and goes with that machine: Juju's classic stack knows no other attachment.
//! Where volumes are detachable they can be taken from it before, put on another machine, and destroyed.

use std::sync::Arc;

use async_trait::async_trait;

use super::ClassicEnviron;
use super::client::{is_absent, is_conflict, is_unsure};
use super::disks::{self, Disk};
use super::ports::Found;
use super::retry::{REPEAT_EVERY, REPEATS_MAX};
use super::roles::{self, DataDisk};
use crate::volume::lowest_free_lun;
use crate::{
    CreatedVolume, Error, InstanceId, PerItem, Volume, VolumeAttachment, VolumeAttachmentParams, VolumeId,
    VolumeParams, VolumeSource,
};

const MIB_PER_GIB: u64 = 1_024;
/// Looks at a role after an answer that does not say whether the disk was added.
const ADD_TRIES_MAX: u32 = 4;
/// How long a machine that is gone may hold its disks: a minute or two (service-management 10.3).
const LETS_GO_MAX_MS: u64 = 300_000;

/// The volumes of one environment.
pub(crate) struct Volumes(pub(crate) Arc<ClassicEnviron>);

fn id_of(volume: u32) -> VolumeId {
    VolumeId::new(format!("volume-{volume}.vhd"))
}

fn volume_of(id: VolumeId, size_gib: u64) -> Volume {
    Volume {
        id,
        size_mib: size_gib * MIB_PER_GIB,
        persistent: false,
    }
}

impl Volumes {
    /// Where the volume's blob is; the service writes it back byte for byte.
    fn media_link(&self, id: &VolumeId) -> String {
        format!("{}{id}", self.prefix())
    }

    /// What the blobs of this environment's volumes begin with.
    fn prefix(&self) -> String {
        format!("{}vhds/{}/", self.0.blob_base, self.0.current_config().uuid)
    }

    async fn disks(&self) -> Result<Vec<(VolumeId, Disk)>, Error> {
        let document = self.0.client.read(&disks::list(&self.0.endpoint)).await?;
        let prefix = self.prefix();
        let own = Disk::list(&document).into_iter().filter_map(|disk| {
            // Names of accounts and hosts mind no case.
            let head = disk.media_link.get(..prefix.len())?;
            let id = VolumeId::new(&disk.media_link[prefix.len()..]);
            head.eq_ignore_ascii_case(&prefix).then_some((id, disk))
        });
        let mut own: Vec<(VolumeId, Disk)> = own.collect();
        own.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(own)
    }

    /// The data disks of a machine, and where it is. None where it is gone.
    async fn machine(&self, id: &InstanceId) -> Result<Option<(Found, Vec<DataDisk>)>, Error> {
        let Some(found) = self.0.locate(id).await? else {
            return Ok(None);
        };
        let disks = self.data_disks(&found).await?;
        Ok(disks.map(|disks| (found, disks)))
    }

    async fn data_disks(&self, found: &Found) -> Result<Option<Vec<DataDisk>>, Error> {
        let call = roles::get(&self.0.endpoint, &found.service, &found.deployment, &found.role);
        let role = self.0.client.find(&call).await?;
        Ok(role.as_ref().map(roles::data_disks))
    }

    async fn create_one(&self, params: &VolumeParams) -> Result<CreatedVolume, Error> {
        self.validate(params)?;
        let instance = params.instance.clone().ok_or_else(|| {
            Error::Volume(format!(
                "volume-{} needs a machine: it is made by attaching it",
                params.volume
            ))
        })?;
        let gone = || Error::InstanceNotFound(instance.clone());
        let found = self.0.locate(&instance).await?.ok_or_else(gone)?;
        if found.legacy {
            return Err(Error::NotSupported(format!(
                "attaching disks to legacy instance {instance} not supported"
            )));
        }

        let id = id_of(params.volume);
        // One that was taken from its machine is there already.
        if self.is_detachable()
            && let Some(disk) = self.disk(&id).await?
        {
            let wanted = VolumeAttachmentParams {
                volume: id.clone(),
                instance,
            };
            return Ok(CreatedVolume {
                attachment: Some(self.attach_one(&wanted).await?),
                volume: volume_of(id, disk.size_gib),
            });
        }
        let label = self.0.names.volume_label(params.volume);
        let media_link = self.media_link(&id);
        let service_lock = self.0.service_lock(&found.service);
        let _role_is_ours = service_lock.lock().await;
        for tries in 1.. {
            let disks = self.data_disks(&found).await?.ok_or_else(gone)?;
            // A repetition finds what an earlier try has made.
            if let Some(own) = disks.iter().find(|disk| disk.is_at(&media_link)) {
                return Ok(CreatedVolume {
                    volume: volume_of(id.clone(), own.size_gib),
                    attachment: Some(VolumeAttachment::on_scsi(id, instance, own.lun)),
                });
            }
            let used: Vec<u32> = disks.iter().map(|disk| disk.lun).collect();
            let disk = DataDisk {
                lun: lowest_free_lun(&used)?,
                media_link: media_link.clone(),
                size_gib: params.size_gib(),
            };
            let place = (found.service.as_str(), found.deployment.as_str(), found.role.as_str());
            let call = roles::add_data_disk(&self.0.endpoint, place, &label, &disk);
            match self.0.client.write_again(&call).await {
                Ok(()) => {
                    return Ok(CreatedVolume {
                        volume: volume_of(id.clone(), disk.size_gib),
                        attachment: Some(VolumeAttachment::on_scsi(id, instance, disk.lun)),
                    });
                }
                Err(error) if is_absent(&error) => return Err(gone()),
                Err(error) if (is_unsure(&error) || is_conflict(&error)) && tries < ADD_TRIES_MAX => {
                    self.0.client.clock.sleep(REPEAT_EVERY).await;
                }
                Err(error) => {
                    return Err(Error::Disks {
                        instance,
                        source: Arc::new(error),
                    });
                }
            }
        }
        Err(gone())
    }

    fn is_detachable(&self) -> bool {
        self.0.section.detachable_volumes
    }

    /// The disk of a volume; None where there is none.
    async fn disk(&self, id: &VolumeId) -> Result<Option<Disk>, Error> {
        let disks = self.disks().await?;
        Ok(disks.into_iter().find(|(own, _)| own == id).map(|(_, disk)| disk))
    }

    /// The disk of a volume that no machine has, once whoever had it has let it go.
    async fn free_disk(&self, id: &VolumeId) -> Result<Option<Disk>, Error> {
        let started_ms = self.0.client.clock.now_ms();
        loop {
            let disk = self.disk(id).await?;
            let waited_ms = self.0.client.clock.now_ms().saturating_sub(started_ms);
            if disk.as_ref().is_none_or(|disk| !disk.is_attached) || waited_ms >= LETS_GO_MAX_MS {
                return Ok(disk);
            }
            self.0.client.clock.sleep(REPEAT_EVERY).await;
        }
    }

    async fn attach_one(&self, params: &VolumeAttachmentParams) -> Result<VolumeAttachment, Error> {
        if let Some(there) = self.attachment(params).await? {
            return Ok(there);
        }
        if !self.is_detachable() {
            return Err(Error::NotSupported("attaching volumes not supported".to_owned()));
        }

        let gone = || Error::InstanceNotFound(params.instance.clone());
        let failed = |error| Error::Disks {
            instance: params.instance.clone(),
            source: Arc::new(error),
        };
        let found = self.0.locate(&params.instance).await?.ok_or_else(gone)?;
        let disk = self.free_disk(&params.volume).await?;
        let disk = disk.ok_or_else(|| Error::VolumeNotFound(params.volume.clone()))?;
        let media_link = self.media_link(&params.volume);
        let service_lock = self.0.service_lock(&found.service);
        let _role_is_ours = service_lock.lock().await;
        for tries in 1.. {
            let disks = self.data_disks(&found).await?.ok_or_else(gone)?;
            if let Some(own) = disks.iter().find(|own| own.is_at(&media_link)) {
                return Ok(VolumeAttachment::on_scsi(
                    params.volume.clone(),
                    params.instance.clone(),
                    own.lun,
                ));
            }
            let used: Vec<u32> = disks.iter().map(|disk| disk.lun).collect();
            let lun = lowest_free_lun(&used).map_err(failed)?;
            let place = (found.service.as_str(), found.deployment.as_str(), found.role.as_str());
            let call = roles::attach_data_disk(&self.0.endpoint, place, &disk.name, lun);
            match self.0.client.write_fresh(call, tries <= REPEATS_MAX).await {
                Ok(true) => {
                    return Ok(VolumeAttachment::on_scsi(
                        params.volume.clone(),
                        params.instance.clone(),
                        lun,
                    ));
                }
                Ok(false) => {}
                Err(error) if is_absent(&error) => return Err(gone()),
                Err(error) if is_unsure(&error) && tries < ADD_TRIES_MAX => {
                    self.0.client.clock.sleep(REPEAT_EVERY).await;
                }
                Err(error) => return Err(failed(error)),
            }
        }
        Err(gone())
    }

    async fn detach_one(&self, params: &VolumeAttachmentParams) -> Result<(), Error> {
        let Some(found) = self.0.locate(&params.instance).await? else {
            return Ok(());
        };
        let media_link = self.media_link(&params.volume);
        let service_lock = self.0.service_lock(&found.service);
        let _role_is_ours = service_lock.lock().await;
        for tries in 1.. {
            let disks = self.data_disks(&found).await?.unwrap_or_default();
            let Some(own) = disks.iter().find(|own| own.is_at(&media_link)) else {
                return Ok(());
            };
            if !self.is_detachable() {
                return Err(Error::NotSupported("detaching volumes not supported".to_owned()));
            }
            let place = (found.service.as_str(), found.deployment.as_str(), found.role.as_str());
            let call = roles::detach_data_disk(&self.0.endpoint, place, own.lun);
            match self.0.client.write_fresh(call, tries <= REPEATS_MAX).await {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                // Somebody was faster, or the machine has gone: the next look tells.
                Err(error) if is_absent(&error) && tries < ADD_TRIES_MAX => {}
                Err(error) => {
                    return Err(Error::Disks {
                        instance: params.instance.clone(),
                        source: Arc::new(error),
                    });
                }
            }
        }
        Ok(())
    }

    async fn destroy_one(&self, id: &VolumeId) -> Result<(), Error> {
        if !self.is_detachable() {
            return match self.disk(id).await? {
                Some(_) => Err(Error::NotSupported(format!(
                    "destroying volumes not supported: {id} goes with its machine"
                ))),
                None => Ok(()),
            };
        }
        match self.free_disk(id).await? {
            Some(disk) => self.0.client.delete(&disks::delete(&self.0.endpoint, &disk.name)).await,
            None => Ok(()),
        }
    }

    async fn attachment(&self, params: &VolumeAttachmentParams) -> Result<Option<VolumeAttachment>, Error> {
        let media_link = self.media_link(&params.volume);
        let Some((_, disks)) = self.machine(&params.instance).await? else {
            return Err(Error::InstanceNotFound(params.instance.clone()));
        };
        let own = disks.iter().find(|disk| disk.is_at(&media_link));
        Ok(own.map(|disk| VolumeAttachment::on_scsi(params.volume.clone(), params.instance.clone(), disk.lun)))
    }
}

#[async_trait]
impl VolumeSource for Volumes {
    async fn create(&self, params: &[VolumeParams]) -> PerItem<CreatedVolume> {
        let mut made = Vec::with_capacity(params.len());
        for params in params {
            made.push(self.create_one(params).await);
        }
        Ok(made)
    }

    async fn list(&self) -> Result<Vec<VolumeId>, Error> {
        Ok(self.disks().await?.into_iter().map(|(id, _)| id).collect())
    }

    async fn describe(&self, ids: &[VolumeId]) -> PerItem<Volume> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }

        let disks = self.disks().await?;
        let described = ids.iter().map(|id| {
            let own = disks.iter().find(|(own, _)| own == id);
            own.map(|(id, disk)| volume_of(id.clone(), disk.size_gib))
                .ok_or_else(|| Error::VolumeNotFound(id.clone()))
        });
        Ok(described.collect())
    }

    async fn destroy(&self, ids: &[VolumeId]) -> PerItem<()> {
        let mut destroyed = Vec::with_capacity(ids.len());
        for id in ids {
            destroyed.push(self.destroy_one(id).await);
        }
        Ok(destroyed)
    }

    async fn attach(&self, params: &[VolumeAttachmentParams]) -> PerItem<VolumeAttachment> {
        let mut attached = Vec::with_capacity(params.len());
        for params in params {
            attached.push(self.attach_one(params).await);
        }
        Ok(attached)
    }

    async fn detach(&self, params: &[VolumeAttachmentParams]) -> PerItem<()> {
        let mut detached = Vec::with_capacity(params.len());
        for params in params {
            detached.push(self.detach_one(params).await);
        }
        Ok(detached)
    }

    fn validate(&self, params: &VolumeParams) -> Result<(), Error> {
        params.validate_size()?;
        match params.account_type {
            None => Ok(()),
            Some(account_type) => Err(Error::NotSupported(format!(
                "a volume is in the environment's storage account, so `{}` cannot be chosen for it",
                account_type.as_str()
            ))),
        }
    }
}
