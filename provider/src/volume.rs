//! Volumes: block storage that outlives machines (juju-provider 1.17).
//!
//! Plain data and the contract. Whether a volume is a page blob or a disk of its own is the stack's business.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{Error, InstanceId, StorageAccountType};

/// The largest volume, in GiB (juju-provider 1.6).
pub const VOLUME_GIB_MAX: u64 = 1_023;
/// Data disks have one of these logical unit numbers: 0 to 31 (juju-provider 1.6).
pub(crate) const LUNS: u32 = 32;

const MIB_PER_GIB: u64 = 1_024;

/// The id of a volume, as the provider gave it: `volume-7` over Resource Manager, `volume-7.vhd` over the classic API.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VolumeId(String);

impl VolumeId {
    /// The id with this text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text of the id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VolumeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A volume that is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct VolumeParams {
    /// Juju's number of the volume: 7 makes `volume-7`.
    pub volume: u32,
    /// At least this large; Azure counts in whole GiB.
    pub size_mib: u64,
    /// The machine that it is for. A volume that is a page blob is made by attaching it, so there it has to be known; one that is
    /// a disk of its own is made without, and attached by a call of its own.
    #[serde(default)]
    pub instance: Option<InstanceId>,
    /// Of which kind, in place of the stack's default: attribute `account-type` of a storage pool.
    #[serde(default)]
    pub account_type: Option<StorageAccountType>,
    /// More tags for it, where the stack can tag volumes: `juju-storage-instance`, `juju-storage-owner`.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

impl VolumeParams {
    /// Volume `volume` with every default.
    #[must_use]
    pub fn new(volume: u32, size_mib: u64) -> Self {
        Self {
            volume,
            size_mib,
            instance: None,
            account_type: None,
            tags: BTreeMap::new(),
        }
    }

    /// The size in GiB, rounded up; no volume is smaller than one.
    #[must_use]
    pub fn size_gib(&self) -> u64 {
        self.size_mib.div_ceil(MIB_PER_GIB).max(1)
    }

    /// Whether Azure has volumes of that size (juju-provider 1.17).
    pub(crate) fn validate_size(&self) -> Result<(), Error> {
        match self.size_gib() {
            0..=VOLUME_GIB_MAX => Ok(()),
            size => Err(Error::Volume(format!(
                "{size} GiB exceeds the maximum of {VOLUME_GIB_MAX} GiB"
            ))),
        }
    }
}

/// A volume as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Volume {
    /// Its id.
    pub id: VolumeId,
    /// Its size in MiB.
    pub size_mib: u64,
    /// Whether it outlives the machine it is attached to.
    pub persistent: bool,
}

/// Which volume on which machine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct VolumeAttachmentParams {
    /// The volume.
    pub volume: VolumeId,
    /// The machine.
    pub instance: InstanceId,
}

/// A volume on a machine, and how the machine finds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct VolumeAttachment {
    /// The volume.
    pub volume: VolumeId,
    /// The machine.
    pub instance: InstanceId,
    /// Logical unit number of the data disk: 0 to 31.
    pub lun: u32,
    /// `scsi@5:0.0.3`; None where the machine's disks are on no SCSI bus.
    pub bus_address: Option<String>,
    /// `/dev/disk/azure/scsi1/lun3`, which stays true whatever order disks are found in (juju-provider L30).
    pub device_link: Option<String>,
    /// `nvme0n5`, where disks have names that follow from their number (juju-provider L29).
    pub device_name: Option<String>,
}

impl VolumeAttachment {
    /// A data disk on the SCSI bus, which all machines have but those of the newest sizes.
    pub(crate) fn on_scsi(volume: VolumeId, instance: InstanceId, lun: u32) -> Self {
        Self {
            volume,
            instance,
            lun,
            bus_address: Some(format!("scsi@5:0.0.{lun}")),
            device_link: Some(format!("/dev/disk/azure/scsi1/lun{lun}")),
            device_name: None,
        }
    }

    /// A data disk of a machine whose disks are NVMe: the first two names are the controller's and the OS disk's.
    pub(crate) fn on_nvme(volume: VolumeId, instance: InstanceId, lun: u32) -> Self {
        Self {
            volume,
            instance,
            lun,
            bus_address: None,
            device_link: None,
            device_name: Some(format!("nvme0n{}", lun + 2)),
        }
    }
}

/// The lowest number that no data disk has. Numbers that Juju never gives are passed over with a warning: somebody else gave them.
pub(crate) fn lowest_free_lun(used: &[u32]) -> Result<u32, Error> {
    for lun in used.iter().filter(|lun| **lun >= LUNS) {
        tracing::warn!(lun, "a data disk has a logical unit number out of range");
    }
    let free = (0..LUNS).find(|lun| !used.contains(lun));
    free.ok_or_else(|| Error::Exhausted(format!("all {LUNS} logical unit numbers are in use")))
}

/// A volume that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CreatedVolume {
    /// The volume.
    pub volume: Volume,
    /// Where making it attached it.
    pub attachment: Option<VolumeAttachment>,
}

/// One outcome per parameter, in the order of the parameters. The outer error means that none of them was dealt with.
pub type PerItem<T> = Result<Vec<Result<T, Error>>, Error>;

/// Where volumes come from (juju-provider 0.4, 1.17). Volumes are of the whole environment, and persistent.
///
/// Every call takes many items and answers for each; what is wrong with one changes no other, but for items of one machine: its
/// disks are changed by one write, which happens with all or not at all. Every call may be made while others run, in this process
/// or another, and repeated.
#[async_trait]
pub trait VolumeSource: Send + Sync {
    /// Makes volumes.
    ///
    /// Post: each exists with at least the size asked for. A volume of that number that exists already is taken, not made twice;
    /// so a repetition after a lost answer comes to the same. The attachment is told where making it attached it.
    ///
    /// # Errors
    ///
    /// Per item: what [`VolumeSource::validate`] says; [`Error::InstanceNotFound`]; [`Error::Disks`] when the machine's disks could
    /// not be changed.
    async fn create(&self, params: &[VolumeParams]) -> PerItem<CreatedVolume>;

    /// Ids of the volumes of this environment, sorted; attached or not. Those of other environments are not among them.
    async fn list(&self) -> Result<Vec<VolumeId>, Error>;

    /// Volumes as they are.
    ///
    /// # Errors
    ///
    /// Per item: [`Error::VolumeNotFound`].
    async fn describe(&self, ids: &[VolumeId]) -> PerItem<Volume>;

    /// Deletes volumes with all that is on them. Those that do not exist are passed over.
    ///
    /// Pre: none is attached; one whose machine has just been deleted is waited for. Post: none of `ids` is listed any more.
    ///
    /// # Errors
    ///
    /// Per item: Azure's refusal; [`Error::is_in_use`] tells that a machine still has the volume.
    async fn destroy(&self, ids: &[VolumeId]) -> PerItem<()>;

    /// Puts volumes on machines. One that is there already stays where it is, with no write.
    ///
    /// # Errors
    ///
    /// Per item: [`Error::VolumeNotFound`] for what is no volume's id; [`Error::InstanceNotFound`]; [`Error::Disks`], with
    /// [`Error::Exhausted`] behind it when all numbers are taken, else with Azure's refusal.
    async fn attach(&self, params: &[VolumeAttachmentParams]) -> PerItem<VolumeAttachment>;

    /// Takes volumes from machines. One that is not there, and a machine that is gone, are passed over: there is nothing to take.
    ///
    /// # Errors
    ///
    /// Per item: [`Error::Disks`].
    async fn detach(&self, params: &[VolumeAttachmentParams]) -> PerItem<()>;

    /// Whether a volume could be asked for like this, as far as can be told without making it.
    ///
    /// # Errors
    ///
    /// [`Error::Volume`], [`Error::NotSupported`].
    fn validate(&self, params: &VolumeParams) -> Result<(), Error>;
}

#[cfg(test)]
mod tests {
    use super::{VolumeParams, lowest_free_lun};

    #[test]
    fn sizes_are_rounded_up_and_limited() {
        let size = |mib| VolumeParams::new(0, mib).size_gib();
        assert_eq!([size(0), size(1), size(1_024), size(1_025)], [1, 1, 1, 2]);
        assert!(VolumeParams::new(0, 1_023 * 1_024).validate_size().is_ok());
        let refusal = VolumeParams::new(0, 1_023 * 1_024 + 1).validate_size();
        assert_eq!(
            refusal.map_err(|error| error.to_string()),
            Err("1024 GiB exceeds the maximum of 1023 GiB".to_owned())
        );
    }

    #[test]
    fn the_lowest_gap_is_the_next_number_and_strange_ones_do_not_count() {
        assert_eq!(lowest_free_lun(&[]).ok(), Some(0));
        assert_eq!(lowest_free_lun(&[0, 2, 63]).ok(), Some(1));
        let all: Vec<u32> = (0..32).collect();
        assert!(lowest_free_lun(&all).is_err());
    }
}
