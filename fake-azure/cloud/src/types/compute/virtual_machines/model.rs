//! Machines made from a model: what a scale set asks of a machine that nobody wrote a document for.
//!
//! The same sizes, images, profiles, disks and counters as of any machine. It knows nothing of sets, models or interfaces:
//! whoever makes the machine gives it ports.

use std::collections::BTreeMap;

use super::placement::{self, Charge};
use super::spec::Spec;
use super::storage::Disks;
use super::{VirtualMachine, image, profile};
use crate::catalogue::sizes::VmSize;
use crate::cx::Cx;
use crate::error::CloudError;
use crate::fabric::{DiskMedia, Machine, Power, System};
use crate::key::Key;
use crate::plan::Plan;
use crate::types::Put;
use crate::types::compute::parameters::missing;

/// What the machines of a model have in common.
#[derive(Debug)]
pub(in crate::types::compute) struct Judged {
    pub(in crate::types::compute) size: &'static VmSize,
}

/// Where a machine of a model belongs.
#[derive(Clone, Copy, Debug)]
pub(in crate::types::compute) struct Place<'a> {
    /// The size's name, in any case.
    pub(in crate::types::compute) size: &'a str,
    /// Its set, fault domain and update domain.
    pub(in crate::types::compute) domains: (Key, u32, u32),
}

/// Judges a model, written as a machine's document: size, image, plan and, of a new one, the system's profile.
pub(in crate::types::compute) fn judge(
    cx: &Cx<'_>,
    put: &Put<'_>,
    size: &str,
    is_new: bool,
) -> Result<Judged, CloudError> {
    let spec = Spec::read(put.document)?;
    let storage = spec.storage()?;
    let size = placement::size_of(cx, put, size)?;
    let reference = storage
        .image_reference
        .as_ref()
        .ok_or_else(|| missing("imageReference"))?;
    let image = image::find(cx, put, reference)?;
    image.check_size(size)?;
    let disk = storage.os_disk.as_ref().and_then(|disk| disk.name.as_deref());
    image.check_plan(spec.plan.as_ref(), disk.unwrap_or(put.id.name()))?;
    if is_new {
        profile::check(cx, put, image.system, true, None)?;
    }
    Ok(Judged { size })
}

/// What `count` machines of a size need at once is asked for at once, so that a refusal names the sum (observed-arm, Error
/// catalogue); each machine then counts for itself.
pub(in crate::types::compute) fn ask_for(plan: Plan, size: &VmSize, is_spot: bool, count: usize) -> Plan {
    let charge = Charge::of(size, is_spot);
    charge.asked(plan, i64::try_from(count).unwrap_or(i64::MAX))
}

impl VirtualMachine {
    /// Makes a machine of a model, or writes it again.
    pub(in crate::types::compute) fn of_model(
        cx: &Cx<'_>,
        put: &Put<'_>,
        before: Option<&VirtualMachine>,
        place: &Place<'_>,
    ) -> Result<(VirtualMachine, Plan), CloudError> {
        let spec = Spec::read(put.document)?;
        let storage = spec.storage()?;
        let os_disk = storage.os_disk.as_ref().ok_or_else(|| missing("osDisk"))?;
        let size = placement::size_of(cx, put, place.size)?;
        let image = match &storage.image_reference {
            Some(reference) => image::find(cx, put, reference)?,
            None => return Err(missing("imageReference")),
        };
        let machine = cx.fabric().machines.get(&put.key);
        if let Some(machine) = machine {
            placement::check_resize(cx, put, machine, size)?;
        }

        let holds_host = machine.is_some_and(|machine| machine.power.is_allocated())
            && before.is_some_and(|before| before.provisioned);
        let mut disks = Disks::new(cx, put, size, before.map_or(&[], |before| &before.disks), holds_host);
        disks.system_disk(os_disk, image.system, Some(&image))?;
        disks.data_disks(storage.data_disks.as_deref(), Some(&image))?;
        let (mut disks, managed, plan) = disks.finish();
        // What the set made goes with the machine.
        for disk in disks.iter_mut().filter(|disk| disk.made) {
            disk.deletes = true;
        }

        let mut vm = VirtualMachine {
            system: image.system,
            generation: image.generation.clone(),
            exact_version: image.exact_version.map(Box::from),
            secrets: BTreeMap::new(),
            set: None,
            nics: Vec::new(),
            disks,
            spot: spec.is_spot(),
            evicted_for_good: spec.eviction_deletes(),
            ephemeral: os_disk.diff_disk_settings.is_some(),
            charged: before.and_then(|before| before.charged.clone()),
            provisioned: before.is_some_and(|before| before.provisioned),
            resting: before.map_or(Power::Deallocated, |before| before.resting),
            running_since: before.and_then(|before| before.running_since),
            settled: before.map_or(cx.now(), |before| before.settled),
            failure: None,
        };
        let row = Machine {
            size: size.name.into(),
            cores: size.cores,
            location: put.location.into(),
            power: machine.map_or(Power::Starting, |machine| machine.power),
            generalized: false,
            ports: machine.map_or_else(Vec::new, |machine| machine.ports.clone()),
            disks: managed,
            set: Some(place.domains),
        };
        let mut plan = plan;
        if row.power.is_allocated() {
            let charge = Charge::of(size, vm.spot);
            plan = charge.instead_of(plan, vm.charged.as_ref());
            vm.charged = Some(charge);
        }
        Ok((vm, plan.machine(put.key, Some(row))))
    }

    /// Whether it ever came to be.
    pub(in crate::types::compute) fn is_provisioned(&self) -> bool {
        self.provisioned
    }

    /// Its system.
    pub(in crate::types::compute) fn system(&self) -> System {
        self.system
    }

    /// What `latest` meant when it was made.
    pub(in crate::types::compute) fn exact_version(&self) -> Option<&str> {
        self.exact_version.as_deref()
    }

    /// Whether its disks are managed.
    pub(in crate::types::compute) fn is_managed(&self) -> bool {
        let first = self.disks.first();
        first.is_none_or(|disk| matches!(disk.media, DiskMedia::Managed(_)))
    }
}
