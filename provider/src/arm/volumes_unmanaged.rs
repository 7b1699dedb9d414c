//! Volumes as page blobs: `datavhds/volume-7.vhd` in the environment's account (juju-provider 1.17, generations up to A4).
//!
//! Azure makes such a blob when it attaches it, so a volume is made on a machine. It stays when the machine goes.

use std::collections::BTreeMap;

use super::ArmEnviron;
use super::blobs::{self, Page};
use super::client::failed;
use super::data_disks::{Change, Disk, Origin, Source};
use super::storage::Storage;
use super::volumes::{self, PREFIX, Slots};
use crate::{CreatedVolume, Error, Failure, InstanceId, PerItem, Volume, VolumeId, VolumeParams};

const SUFFIX: &str = ".vhd";
const BYTES_PER_MIB: u64 = 1_024 * 1_024;
const MIB_PER_GIB: u64 = 1_024;
/// Beyond every account; a marker that leads round in circles ends here.
const PAGES_MAX: usize = 10_000;

impl ArmEnviron {
    /// All volumes are of the account's type.
    pub(super) fn check_vhd(&self, params: &VolumeParams) -> Result<(), Error> {
        let own = self.current_config().storage_account_type;
        match params.account_type {
            Some(other) if other != own => Err(Error::NotSupported(format!(
                "volumes are blobs in the environment's storage account, whose type is {}, not {}",
                own.as_str(),
                other.as_str()
            ))),
            _ => Ok(()),
        }
    }

    pub(super) async fn create_vhds(&self, params: &[VolumeParams]) -> PerItem<CreatedVolume> {
        let mut slots = Slots::new(params.len());
        let mut valid: Vec<(usize, &VolumeParams, &InstanceId)> = Vec::new();
        for (idx, own) in params.iter().enumerate() {
            let without_machine = || {
                let name = volumes::name(own.volume);
                Error::Volume(format!("{name} is made by attaching it, and no instance is given"))
            };
            match (self.validate_volume(own), &own.instance) {
                (Err(error), _) => slots.fill(idx, Err(error)),
                (Ok(()), None) => slots.fill(idx, Err(without_machine())),
                (Ok(()), Some(instance)) => valid.push((idx, own, instance)),
            }
        }
        if valid.is_empty() {
            return Ok(slots.finish());
        }

        let storage = self.storage().await?.ok_or_else(|| {
            let group = &self.scope.group;
            Error::Machine(format!("resource group `{group}` has no storage account for volumes"))
        })?;
        let existing = self.list_vhds_of(&storage).await?;
        let mut by_machine: BTreeMap<&InstanceId, Vec<(usize, Change)>> = BTreeMap::new();
        let mut sizes: BTreeMap<usize, u64> = BTreeMap::new();
        for (idx, own, instance) in valid {
            let size_mib = own.size_gib() * MIB_PER_GIB;
            // What an earlier try has made is attached as it is.
            let (origin, size_mib) = match existing.get(&own.volume) {
                Some(volume) if volume.size_mib < size_mib => {
                    let (id, has) = (&volume.id, volume.size_mib);
                    let reason = format!("{id} exists already with {has} MiB, and {size_mib} MiB are wanted");
                    slots.fill(idx, Err(Error::Volume(reason)));
                    continue;
                }
                Some(volume) => (Origin::Existing, volume.size_mib),
                None => {
                    let size_gib = own.size_gib();
                    (Origin::Empty { size_gib }, size_mib)
                }
            };
            sizes.insert(idx, size_mib);
            let change = Change::Add(disk(&storage, own.volume), origin);
            by_machine.entry(instance).or_default().push((idx, change));
        }
        for (instance, changes) in by_machine {
            let outcomes = self.add_disks(instance, &changes).await;
            for ((idx, _), outcome) in changes.iter().zip(outcomes) {
                let id = VolumeId::new(volumes::name(params[*idx].volume));
                let size_mib = sizes[idx];
                let created = outcome.map(|place| CreatedVolume {
                    attachment: Some(place.attachment(&id, instance)),
                    volume: volume(id, size_mib),
                });
                slots.fill(*idx, created);
            }
        }
        Ok(slots.finish())
    }

    /// By number.
    pub(super) async fn list_vhds(&self) -> Result<BTreeMap<u32, Volume>, Error> {
        match self.storage().await? {
            Some(storage) => self.list_vhds_of(&storage).await,
            None => Ok(BTreeMap::new()),
        }
    }

    /// No container means no volumes yet: Azure makes it with the first.
    async fn list_vhds_of(&self, storage: &Storage) -> Result<BTreeMap<u32, Volume>, Error> {
        let mut found = BTreeMap::new();
        let mut marker: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let Some(call) = blobs::list_data_vhds(&storage.blob_endpoint, PREFIX, marker.as_deref()) else {
                return Ok(found);
            };
            let Some(answer) = self.ask_blobs(&storage.name, &call).await? else {
                return Ok(found);
            };
            let text = String::from_utf8_lossy(answer.body());
            let page = Page::read(&text).map_err(|reason| failed(&call, Failure::Unreadable(reason)))?;
            for blob in page.blobs {
                let name = blob.name.strip_suffix(SUFFIX);
                let Some((number, name)) = name.and_then(|name| Some((volumes::number(name)?, name))) else {
                    continue;
                };
                // What is after the last whole MiB is the format's own footer.
                found.insert(number, volume(VolumeId::new(name), blob.bytes / BYTES_PER_MIB));
            }
            match page.next {
                Some(next) => marker = Some(next),
                None => return Ok(found),
            }
        }
        Ok(found)
    }

    pub(super) async fn describe_vhds(&self, ids: &[VolumeId]) -> PerItem<Volume> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }

        let found = self.list_vhds().await?;
        let describe = |id: &VolumeId| {
            let volume = volumes::number(id.as_str()).and_then(|number| found.get(&number));
            volume.cloned().ok_or_else(|| Error::VolumeNotFound(id.clone()))
        };
        Ok(ids.iter().map(describe).collect())
    }

    pub(super) async fn destroy_vhds(&self, ids: &[VolumeId]) -> PerItem<()> {
        let storage = match ids.is_empty() {
            true => None,
            false => self.storage().await?,
        };
        let mut outcomes = Vec::with_capacity(ids.len());
        for id in ids {
            let outcome = match (&storage, volumes::number(id.as_str())) {
                (Some(storage), Some(number)) => self.destroy_vhd(storage, number).await,
                // What is no volume does not exist.
                _ => Ok(()),
            };
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    async fn destroy_vhd(&self, storage: &Storage, number: u32) -> Result<(), Error> {
        match blobs::delete_data_vhd(&storage.blob_endpoint, &volumes::name(number)) {
            Some(call) => {
                self.delete_vhd(&storage.name, &call, Some(&disk(storage, number)))
                    .await
            }
            None => Ok(()),
        }
    }
}

fn disk(storage: &Storage, number: u32) -> Disk {
    let name = volumes::name(number);
    Disk {
        source: Source::Vhd(blobs::data_vhd_uri(&storage.blob_endpoint, &name)),
        name,
    }
}

fn volume(id: VolumeId, size_mib: u64) -> Volume {
    Volume {
        id,
        size_mib,
        persistent: true,
    }
}
