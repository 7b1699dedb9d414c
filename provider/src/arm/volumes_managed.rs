//! Volumes as managed disks: resources `volume-7` of the environment's group (juju-provider 1.17, generations from A5 on).

use std::collections::BTreeMap;

use super::ArmEnviron;
use super::disks::{self, Disk};
use super::tags;
use super::volumes::{self, Slots};
use crate::{CreatedVolume, Error, PerItem, StorageAccountType, Volume, VolumeId, VolumeParams};

const MIB_PER_GIB: u64 = 1_024;

impl ArmEnviron {
    /// Of which kind a volume is to be: disks are either of two kinds, where accounts are of more.
    pub(super) fn disk_type(params: &VolumeParams) -> Result<StorageAccountType, Error> {
        match params.account_type {
            None => Ok(StorageAccountType::StandardLrs),
            Some(own @ (StorageAccountType::StandardLrs | StorageAccountType::PremiumLrs)) => Ok(own),
            Some(other) => Err(Error::NotSupported(format!(
                "volumes of account type {} are not supported, Standard_LRS and Premium_LRS are",
                other.as_str()
            ))),
        }
    }

    pub(super) async fn create_disks(&self, params: &[VolumeParams]) -> PerItem<CreatedVolume> {
        let mut slots = Slots::new(params.len());
        for (idx, own) in params.iter().enumerate() {
            let created = self.create_disk(own).await;
            let created = created.map(|volume| CreatedVolume {
                volume,
                attachment: None,
            });
            slots.fill(idx, created);
        }
        Ok(slots.finish())
    }

    async fn create_disk(&self, params: &VolumeParams) -> Result<Volume, Error> {
        self.validate_volume(params)?;
        let (name, size_gib) = (volumes::name(params.volume), params.size_gib());
        let existing: Option<Disk> = self.client.find(&disks::get(&self.scope, &name)).await?;
        if let Some(disk) = existing {
            // A group of the user's own may have several environments' disks.
            if !self.is_own(disk.tags.as_ref()) {
                let group = &self.scope.group;
                return Err(Error::Volume(format!(
                    "resource group `{group}` has a disk {name} that is not of this environment"
                )));
            }
            if disk.size_gib() < size_gib {
                let has = disk.size_gib();
                return Err(Error::Volume(format!(
                    "{name} exists already with {has} GiB, and {size_gib} GiB are wanted"
                )));
            }

            return Ok(volume(&disk));
        }

        let mut own = tags::of_environment(&self.current_config());
        for (name, value) in &params.tags {
            own.entry(name.clone()).or_insert_with(|| value.clone());
        }
        let call = disks::put(&self.scope, &name, size_gib, Self::disk_type(params)?, &own);
        let disk: Disk = self.client.put(&call).await?;
        Ok(volume(&disk))
    }

    /// By number; those of this environment alone.
    pub(super) async fn list_disks(&self) -> Result<BTreeMap<u32, Volume>, Error> {
        let found: Option<Vec<Disk>> = self.client.find_list(&disks::list(&self.scope)).await?;
        let own = found
            .into_iter()
            .flatten()
            .filter(|disk| self.is_own(disk.tags.as_ref()));
        Ok(own
            .filter_map(|disk| Some((volumes::number(&disk.name)?, volume(&disk))))
            .collect())
    }

    pub(super) async fn describe_disks(&self, ids: &[VolumeId]) -> PerItem<Volume> {
        let mut outcomes = Vec::with_capacity(ids.len());
        for id in ids {
            let outcome = match self.find_own_disk(id).await {
                Ok(Some(disk)) => Ok(volume(&disk)),
                Ok(None) => Err(Error::VolumeNotFound(id.clone())),
                Err(error) => Err(error),
            };
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    pub(super) async fn destroy_disks(&self, ids: &[VolumeId]) -> PerItem<()> {
        let mut outcomes = Vec::with_capacity(ids.len());
        for id in ids {
            let outcome = match self.find_own_disk(id).await {
                Ok(Some(disk)) => self
                    .client
                    .delete(&disks::delete(&self.scope, &disk.name))
                    .await
                    .map(|_| ()),
                Ok(None) => Ok(()),
                Err(error) => Err(error),
            };
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    async fn find_own_disk(&self, id: &VolumeId) -> Result<Option<Disk>, Error> {
        if volumes::number(id.as_str()).is_none() {
            return Ok(None);
        }

        let found: Option<Disk> = self.client.find(&disks::get(&self.scope, id.as_str())).await?;
        Ok(found.filter(|disk| self.is_own(disk.tags.as_ref())))
    }
}

fn volume(disk: &Disk) -> Volume {
    Volume {
        id: VolumeId::new(&disk.name),
        size_mib: disk.size_gib() * MIB_PER_GIB,
        persistent: true,
    }
}
