//! Volumes (juju-provider 1.17): page blobs in the environment's account, or disks of their own.
//!
//! Here is what both have in common: a volume on a machine is a data disk, and data disks are changed by writing the machine. Each
//! machine is read again under its lock before it is written, is looked at afterwards, and is written again where another process
//! was faster: so nothing that somebody attached or detached meanwhile is lost.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use super::ArmEnviron;
use super::data_disks::{self, Change, Disk, Machine, Origin, Source};
use super::{blobs, disks};
use crate::{
    AzureError, CreatedVolume, Error, InstanceId, PerItem, Volume, VolumeAttachment, VolumeAttachmentParams, VolumeId,
    VolumeParams, VolumeSource,
};

/// Another process may write a machine between our look and our write; then we look again.
const WRITES_MAX: u32 = 5;

/// Every volume's name begins so.
pub(super) const PREFIX: &str = "volume-";

/// Where the volumes of one environment come from.
pub(super) struct Volumes(pub(super) Arc<ArmEnviron>);

#[async_trait]
impl VolumeSource for Volumes {
    async fn create(&self, params: &[VolumeParams]) -> PerItem<CreatedVolume> {
        self.0.settle().await?;
        match self.0.profile.has_managed_disks() {
            true => self.0.create_disks(params).await,
            false => self.0.create_vhds(params).await,
        }
    }

    async fn list(&self) -> Result<Vec<VolumeId>, Error> {
        self.0.settle().await?;
        let volumes = match self.0.profile.has_managed_disks() {
            true => self.0.list_disks().await?,
            false => self.0.list_vhds().await?,
        };
        Ok(volumes.into_values().map(|volume| volume.id).collect())
    }

    async fn describe(&self, ids: &[VolumeId]) -> PerItem<Volume> {
        self.0.settle().await?;
        match self.0.profile.has_managed_disks() {
            true => self.0.describe_disks(ids).await,
            false => self.0.describe_vhds(ids).await,
        }
    }

    async fn destroy(&self, ids: &[VolumeId]) -> PerItem<()> {
        self.0.settle().await?;
        match self.0.profile.has_managed_disks() {
            true => self.0.destroy_disks(ids).await,
            false => self.0.destroy_vhds(ids).await,
        }
    }

    async fn attach(&self, params: &[VolumeAttachmentParams]) -> PerItem<VolumeAttachment> {
        self.0.settle().await?;
        self.0.attach_volumes(params).await
    }

    async fn detach(&self, params: &[VolumeAttachmentParams]) -> PerItem<()> {
        self.0.settle().await?;
        self.0.detach_volumes(params).await
    }

    fn validate(&self, params: &VolumeParams) -> Result<(), Error> {
        self.0.validate_volume(params)
    }
}

/// `volume-7`
pub(super) fn name(volume: u32) -> String {
    format!("{PREFIX}{volume}")
}

/// The number in `volume-7`; None for what is no name of a volume.
pub(super) fn number(name: &str) -> Option<u32> {
    let digits = name.strip_prefix(PREFIX)?;
    let number: u32 = digits.parse().ok()?;
    (number.to_string() == digits).then_some(number)
}

/// What one machine's disks came to be.
struct Attached {
    is_nvme: bool,
    /// By change: the number of a disk that was added.
    luns: Vec<Option<u32>>,
}

/// Changes with the position of the item that each is for.
type Indexed = Vec<(usize, Change)>;

impl ArmEnviron {
    pub(super) fn validate_volume(&self, params: &VolumeParams) -> Result<(), Error> {
        params.validate_size()?;
        match self.profile.has_managed_disks() {
            true => Self::disk_type(params).map(|_| ()),
            false => self.check_vhd(params),
        }
    }

    /// The data disk that a volume is; None where there is no place for volumes, since there is no account.
    async fn data_disk(&self, volume: &VolumeId) -> Result<Option<Disk>, Error> {
        if number(volume.as_str()).is_none() {
            return Err(Error::VolumeNotFound(volume.clone()));
        }

        let name = volume.as_str().to_owned();
        if self.profile.has_managed_disks() {
            let source = Source::Managed(disks::id(&self.scope, &name));
            return Ok(Some(Disk { name, source }));
        }
        Ok(self.storage().await?.map(|storage| Disk {
            source: Source::Vhd(blobs::data_vhd_uri(&storage.blob_endpoint, &name)),
            name,
        }))
    }

    async fn attach_volumes(&self, params: &[VolumeAttachmentParams]) -> PerItem<VolumeAttachment> {
        let mut slots = Slots::new(params.len());
        let mut by_machine: BTreeMap<InstanceId, Indexed> = BTreeMap::new();
        for (idx, own) in params.iter().enumerate() {
            match self.data_disk(&own.volume).await {
                Ok(Some(disk)) => {
                    let change = Change::Add(disk, Origin::Existing);
                    by_machine.entry(own.instance.clone()).or_default().push((idx, change));
                }
                Ok(None) => slots.fill(idx, Err(Error::VolumeNotFound(own.volume.clone()))),
                Err(error @ Error::VolumeNotFound(_)) => slots.fill(idx, Err(error)),
                Err(error) => return Err(error),
            }
        }
        for (instance, changes) in by_machine {
            let outcomes = self.add_disks(&instance, &changes).await;
            for ((idx, _), outcome) in changes.iter().zip(outcomes) {
                let attachment = outcome.map(|place| place.attachment(&params[*idx].volume, &instance));
                slots.fill(*idx, attachment);
            }
        }
        Ok(slots.finish())
    }

    async fn detach_volumes(&self, params: &[VolumeAttachmentParams]) -> PerItem<()> {
        let mut slots = Slots::new(params.len());
        let mut by_machine: BTreeMap<InstanceId, Indexed> = BTreeMap::new();
        for (idx, own) in params.iter().enumerate() {
            match self.data_disk(&own.volume).await {
                Ok(Some(disk)) => {
                    let change = Change::Remove(disk);
                    by_machine.entry(own.instance.clone()).or_default().push((idx, change));
                }
                // What is no volume is on no machine.
                Ok(None) | Err(Error::VolumeNotFound(_)) => slots.fill(idx, Ok(())),
                Err(error) => return Err(error),
            }
        }
        for (instance, changes) in by_machine {
            let all: Vec<Change> = changes.iter().map(|(_, change)| change.clone()).collect();
            let failure = self.change_disks(&instance, &all).await.err().map(Arc::new);
            for (idx, _) in changes {
                let outcome = failure.as_ref().map_or(Ok(()), |source| Err(shared(&instance, source)));
                slots.fill(idx, outcome);
            }
        }
        Ok(slots.finish())
    }

    /// Adds disks to one machine, by one write: an outcome per change.
    pub(super) async fn add_disks(
        &self,
        instance: &InstanceId,
        changes: &[(usize, Change)],
    ) -> Vec<Result<Place, Error>> {
        let all: Vec<Change> = changes.iter().map(|(_, change)| change.clone()).collect();
        match self.change_disks(instance, &all).await {
            Ok(Some(attached)) => {
                let is_nvme = attached.is_nvme;
                let places = attached.luns.into_iter().map(|lun| {
                    let lun = lun.ok_or_else(|| Error::Volume(format!("{instance}: a data disk has no number")))?;
                    Ok(Place { lun, is_nvme })
                });
                places.collect()
            }
            Ok(None) => all
                .iter()
                .map(|_| Err(Error::InstanceNotFound(instance.clone())))
                .collect(),
            Err(error) => {
                let source = Arc::new(error);
                all.iter().map(|_| Err(shared(instance, &source))).collect()
            }
        }
    }

    /// Makes all of `changes` true of one machine, or none. None when there is no such machine.
    async fn change_disks(&self, instance: &InstanceId, changes: &[Change]) -> Result<Option<Attached>, Error> {
        let _machine_is_ours = self.machines.of(instance).await;
        let mut changes = changes.to_vec();
        for writes in 1.. {
            let Some(mut machine) = self.find_machine(instance, &changes).await? else {
                return Ok(None);
            };
            for change in &changes {
                machine.apply(change)?;
            }
            // A disk that a failed write has left in the document may not be on the machine.
            let may_be_untrue = machine.is_failed() && changes.iter().any(|change| matches!(change, Change::Add(..)));
            if !machine.is_changed() && !may_be_untrue {
                return Ok(Some(attached(&machine, &changes)));
            }

            let call = data_disks::put(&self.scope, &machine);
            match self.client.put::<Machine>(&call).await {
                Ok(now) if changes.iter().all(|change| now.satisfies(change)) => {
                    return Ok(Some(attached(&now, &changes)));
                }
                // It was made, and then its place on the machine was lost.
                Ok(_) if writes < WRITES_MAX => changes.iter_mut().for_each(Change::take_existing),
                Err(error) if is_overtaken(&error) && writes < WRITES_MAX => {}
                Ok(_) => {
                    return Err(Error::Volume(format!(
                        "the data disks of {instance} are written by somebody else, again and again"
                    )));
                }
                Err(error) => return Err(error),
            }
            tracing::debug!(
                machine = instance.as_str(),
                "another process has changed the data disks"
            );
        }
        Ok(None)
    }

    /// The machine as it is. Where something is to be added, one that a deployment is making still is waited for.
    async fn find_machine(&self, instance: &InstanceId, changes: &[Change]) -> Result<Option<Machine>, Error> {
        let find = data_disks::get(&self.scope, instance.as_str());
        let found: Option<Machine> = self.client.find(&find).await?;
        let adds = changes.iter().any(|change| matches!(change, Change::Add(..)));
        if found.is_none() && adds && self.is_coming(instance).await? {
            return match self.made_machine(instance).await {
                Ok(_) => self.client.find(&find).await,
                Err(Error::NoInstances) => Ok(None),
                Err(error) => Err(error),
            };
        }

        Ok(found.filter(|machine| !machine.is_going()))
    }

    /// Whether a machine of the group has this data disk.
    pub(super) async fn is_attached(&self, disk: &Disk) -> Result<bool, Error> {
        let machines: Option<Vec<Machine>> = self.client.find_list(&data_disks::list(&self.scope)).await?;
        Ok(machines
            .into_iter()
            .flatten()
            .any(|machine| !machine.is_going() && machine.has(disk)))
    }
}

fn attached(machine: &Machine, changes: &[Change]) -> Attached {
    let lun = |change: &Change| match change {
        Change::Add(disk, _) => machine.lun(disk),
        Change::Remove(_) => None,
    };
    Attached {
        is_nvme: machine.is_nvme(),
        luns: changes.iter().map(lun).collect(),
    }
}

/// Where on its machine a disk is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    lun: u32,
    is_nvme: bool,
}

impl Place {
    pub(super) fn attachment(self, volume: &VolumeId, instance: &InstanceId) -> VolumeAttachment {
        let (volume, instance) = (volume.clone(), instance.clone());
        match self.is_nvme {
            true => VolumeAttachment::on_nvme(volume, instance, self.lun),
            false => VolumeAttachment::on_scsi(volume, instance, self.lun),
        }
    }
}

/// The error of a machine, as each of its items has it.
fn shared(instance: &InstanceId, source: &Arc<Error>) -> Error {
    Error::Disks {
        instance: instance.clone(),
        source: Arc::clone(source),
    }
}

/// Whether somebody has written the resource since it was read.
pub(super) fn is_overtaken(error: &Error) -> bool {
    let refusal = error.azure().and_then(AzureError::refusal);
    refusal.is_some_and(|refusal| refusal.status == Some(412))
}

/// Outcomes by the position of their items (juju-provider L64).
pub(super) struct Slots<T>(Vec<Option<Result<T, Error>>>);

impl<T> Slots<T> {
    pub(super) fn new(len: usize) -> Self {
        Self((0..len).map(|_| None).collect())
    }

    pub(super) fn fill(&mut self, idx: usize, outcome: Result<T, Error>) {
        self.0[idx] = Some(outcome);
    }

    pub(super) fn finish(self) -> Vec<Result<T, Error>> {
        let outcomes = self.0.into_iter();
        outcomes
            .map(|outcome| outcome.expect("every item was dealt with"))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{name, number};

    #[test]
    fn only_names_that_are_ours_have_a_number() {
        assert_eq!(number(&name(7)), Some(7));
        let strange = [
            "volume-",
            "volume-07",
            "volume--1",
            "volume-x",
            "machine-7",
            "volume-99999999999",
        ];
        assert!(strange.iter().all(|name| number(name).is_none()));
    }
}
