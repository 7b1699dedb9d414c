//! Virtual machines.
//!
//! A machine holds ports and disks that others own, and counts cores while it holds a host. Whether it runs and whether it is
//! provisioned are two things: the first stands in the fabric, the second with the resource.

mod forms;
mod image;
pub(super) mod model;
mod network;
mod placement;
mod power;
mod profile;
pub(super) mod render;
mod spec;
mod storage;
#[cfg(test)]
mod tests;
mod vhds;
pub(super) mod view;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use self::network::HeldNic;
use self::placement::Charge;
use self::spec::Spec;
use self::storage::{AttachedDisk, Disks};
use super::parameters::{missing, unchangeable};
use crate::Document;
use crate::api_version::ApiVersion;
use crate::catalogue::sizes;
use crate::cx::Cx;
use crate::descriptor::{
    Action, Descriptor, Dialect, Field, Lifetimes, NameRule, PatchRule, Polls, Provisioning, RefRule, Stage, Write,
    WriteVerb,
};
use crate::error::CloudError;
use crate::fabric::{Machine, Power, System};
use crate::key::Key;
use crate::operation::Doing;
use crate::plan::Plan;
use crate::quota::QuotaKey;
use crate::registry::Kind;
use crate::resource::Resource;
use crate::time::Time;
use crate::types::{Act, Put, ResourceType, View};

const UPDATING: Provisioning = Provisioning::Updating;

const CACHING: &[&str] = &["None", "ReadOnly", "ReadWrite"];

const DELETE_OPTIONS: &[&str] = &["Delete", "Detach"];

const fn action(name: &'static str, stages: &'static [Stage]) -> Action {
    Action { name, stages }
}

/// Virtual machines. How long things take: observed-arm, How long operations take.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    since: ApiVersion::date(2014, 11, 30),
    patch: PatchRule::Merge,
    // Clients attach a disk by a PUT of the data disks alone (real-clients 5, libcloud).
    keeps: &[
        "/properties/hardwareProfile",
        "/properties/networkProfile",
        "/properties/osProfile",
        "/properties/storageProfile",
        "/properties/storageProfile/imageReference",
        "/properties/storageProfile/osDisk",
    ],
    names: NameRule {
        min: 1,
        max: 64,
        others: "_.-",
        capitals: true,
        starts_alphanumeric: true,
        ends: Some("_"),
        unicode: true,
    },
    quota: Some(QuotaKey("virtualMachines")),
    fields: &[
        Field::read_only("/properties/vmId"),
        Field::read_only("/properties/instanceView"),
        Field::read_only("/properties/timeCreated"),
        Field::read_only("/resources"),
        Field::read_only("/identity/principalId"),
        Field::read_only("/identity/tenantId"),
        Field::read_only("/properties/storageProfile/imageReference/exactVersion"),
        Field::secret("/properties/osProfile/adminPassword"),
        Field::secret("/properties/osProfile/customData"),
        Field::one_of(
            "/properties/storageProfile/osDisk/createOption",
            &["FromImage", "Attach", "Empty", "Copy", "Restore"],
        ),
        Field::one_of("/properties/storageProfile/osDisk/osType", &["Linux", "Windows"]),
        Field::one_of("/properties/storageProfile/osDisk/caching", CACHING),
        Field::one_of("/properties/storageProfile/osDisk/deleteOption", DELETE_OPTIONS),
        Field::one_of(
            "/properties/storageProfile/osDisk/managedDisk/storageAccountType",
            super::disks::SKUS,
        ),
        Field::one_of(
            "/properties/storageProfile/dataDisks/*/createOption",
            &["FromImage", "Attach", "Empty", "Copy", "Restore"],
        ),
        Field::one_of("/properties/storageProfile/dataDisks/*/caching", CACHING),
        Field::one_of("/properties/storageProfile/dataDisks/*/deleteOption", DELETE_OPTIONS),
        Field::one_of(
            "/properties/storageProfile/dataDisks/*/managedDisk/storageAccountType",
            super::disks::SKUS,
        ),
        Field::one_of(
            "/properties/networkProfile/networkInterfaces/*/properties/deleteOption",
            DELETE_OPTIONS,
        ),
        Field::one_of("/properties/priority", &["Regular", "Low", "Spot"]),
        Field::one_of("/properties/evictionPolicy", &["Deallocate", "Delete"]),
        Field::immutable("/properties/osProfile/computerName").called("computerName"),
        Field::immutable("/properties/osProfile/adminUsername").called("adminUsername"),
        Field::immutable("/properties/osProfile/linuxConfiguration/disablePasswordAuthentication")
            .called("linuxConfiguration.disablePasswordAuthentication"),
        Field::immutable("/properties/osProfile/linuxConfiguration/ssh/publicKeys")
            .called("linuxConfiguration.ssh.publicKeys"),
        Field::immutable("/properties/osProfile/linuxConfiguration/provisionVMAgent")
            .called("linuxConfiguration.provisionVMAgent"),
        Field::immutable("/properties/osProfile/windowsConfiguration/provisionVMAgent")
            .called("windowsConfiguration.provisionVMAgent"),
        Field::immutable("/properties/storageProfile/imageReference/id").called("imageReference"),
        Field::immutable("/properties/storageProfile/imageReference/publisher").called("imageReference"),
        Field::immutable("/properties/storageProfile/imageReference/offer").called("imageReference"),
        Field::immutable("/properties/storageProfile/imageReference/sku").called("imageReference"),
        Field::immutable("/properties/storageProfile/imageReference/version").called("imageReference"),
        Field::immutable("/properties/storageProfile/osDisk/createOption").called("osDisk.createOption"),
        Field::immutable("/properties/storageProfile/osDisk/osType").called("osDisk.osType"),
        Field::immutable("/properties/availabilitySet/id").called("availabilitySet"),
        Field::immutable("/plan/name"),
        Field::immutable("/zones"),
    ],
    refs: &[
        RefRule::exclusive(
            "/properties/networkProfile/networkInterfaces/*",
            &[Kind::NetworkInterfaces],
        )
        .blocks_delete()
        .keeps_members(),
        RefRule::shared("/properties/availabilitySet", &[Kind::AvailabilitySets]).blocks_delete(),
        RefRule::shared("/properties/storageProfile/osDisk/managedDisk", &[Kind::Disks]).keeps_members(),
        RefRule::shared("/properties/storageProfile/dataDisks/*/managedDisk", &[Kind::Disks]).keeps_members(),
    ],
    lifetimes: Lifetimes {
        create: &[Stage::new(Provisioning::Creating, 35_000, 182_000)],
        update: &[Stage::new(UPDATING, 2_000, 40_000)],
        delete: &[Stage::new(Provisioning::Deleting, 31_000, 155_000)],
    },
    actions: &[
        // tidy: sorted
        action("capture", &[Stage::new(UPDATING, 5_000, 30_000)]),
        action("convertToManagedDisks", &[Stage::new(UPDATING, 30_000, 62_000)]),
        action("deallocate", &[Stage::new(UPDATING, 47_000, 180_000)]),
        action("generalize", &[]),
        action("powerOff", &[Stage::new(UPDATING, 5_000, 31_000)]),
        action("reapply", &[Stage::new(UPDATING, 5_000, 31_000)]),
        action("redeploy", &[Stage::new(UPDATING, 60_000, 240_000)]),
        action("reimage", &[Stage::new(UPDATING, 30_000, 120_000)]),
        action("restart", &[Stage::new(UPDATING, 1_000, 31_000)]),
        action("runCommand", &[Stage::new(UPDATING, 30_000, 120_000)]),
        action("simulateEviction", &[]),
        action("start", &[Stage::new(UPDATING, 10_000, 90_000)]),
        action("stop", &[Stage::new(UPDATING, 5_000, 31_000)]),
        // tidy: end
    ],
    writes: &[
        Write::new(WriteVerb::PutNew, 201)
            .polls(Polls::AsyncOperation)
            .retry_after_secs(10),
        Write::new(WriteVerb::PutAgain, 200).polls(Polls::AsyncOperation),
        Write::new(WriteVerb::Patch, 200).polls(Polls::AsyncOperation),
        Write::accepted(WriteVerb::Delete).retry_after_secs(10),
        Write::accepted(WriteVerb::Act("capture")),
        Write::accepted(WriteVerb::Act("convertToManagedDisks")),
        Write::accepted(WriteVerb::Act("deallocate")).retry_after_secs(10),
        Write::empty(WriteVerb::Act("generalize"), 200),
        Write::accepted(WriteVerb::Act("powerOff")),
        Write::accepted(WriteVerb::Act("reapply")),
        Write::accepted(WriteVerb::Act("redeploy")),
        Write::accepted(WriteVerb::Act("reimage")),
        Write::accepted(WriteVerb::Act("restart")),
        Write::accepted(WriteVerb::Act("runCommand")),
        Write::empty(WriteVerb::Act("simulateEviction"), 204),
        Write::accepted(WriteVerb::Act("start")).retry_after_secs(10),
        Write::accepted(WriteVerb::Act("stop")),
    ],
    errors: forms::ALL,
    ..Descriptor::of("Microsoft.Compute/virtualMachines", Dialect::Compute)
};

/// A virtual machine: what it holds, and how it came to rest.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VirtualMachine {
    system: System,
    generation: Box<str>,
    /// What `latest` meant when it was made.
    exact_version: Option<Box<str>>,
    /// Fingerprints of what is never shown again.
    secrets: BTreeMap<Box<str>, Box<str>>,
    set: Option<Key>,
    nics: Vec<HeldNic>,
    /// The system's first.
    disks: Vec<AttachedDisk>,
    spot: bool,
    /// Whether an eviction deletes it.
    evicted_for_good: bool,
    /// Whether its system's disk is its host's.
    ephemeral: bool,
    /// What it counts against while it holds a host.
    charged: Option<Charge>,
    /// Whether it ever came to be.
    provisioned: bool,
    /// The last power it rested in.
    resting: Power,
    running_since: Option<Time>,
    /// When its last operation ended.
    settled: Time,
    /// Code and message of the error that its last operation ended with.
    failure: Option<(Box<str>, Box<str>)>,
}

impl ResourceType for VirtualMachine {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(cx: &Cx<'_>, put: &Put<'_>, before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        let spec = Spec::read(put.document)?;
        let size_name = spec.size()?;
        let storage = spec.storage()?;
        let os_disk = storage.os_disk.as_ref().ok_or_else(|| missing("osDisk"))?;
        let nics = spec.nics()?;
        if before.is_some_and(|before| before.spot != spec.is_spot()) {
            return Err(unchangeable("priority"));
        }

        if os_disk.option().is_empty() {
            return Err(missing("osDisk.createOption"));
        }
        if before.is_none() && !matches!(os_disk.option(), "FromImage" | "Attach") {
            return Err(CloudError::of(&forms::OS_DISK_EMPTY).about("osDisk.createOption"));
        }

        let size = placement::size_of(cx, put, size_name)?;
        let machine = cx.fabric().machines.get(&put.key);
        if let Some(machine) = machine {
            placement::check_resize(cx, put, machine, size)?;
        }
        let is_new = before.is_none() || machine.is_none();
        let of_catalogue = is_new && os_disk.option() == "FromImage" && os_disk.image.is_none();
        let image = match (of_catalogue, &storage.image_reference) {
            (true, Some(reference)) => Some(image::find(cx, put, reference)?),
            (true, None) => return Err(missing("imageReference")),
            (false, _) => None,
        };
        if let Some(image) = &image {
            image.check_size(size)?;
            image.check_plan(spec.plan.as_ref(), os_disk.name.as_deref().unwrap_or(put.id.name()))?;
        }

        let attached = put
            .target_at("/properties/storageProfile/osDisk/managedDisk")
            .and_then(|key| cx.fabric().disks.get(&key));
        let system = image
            .as_ref()
            .map(|image| image.system)
            .or_else(|| os_disk.os_type.as_deref().and_then(System::find))
            .or_else(|| before.map(|before| before.system))
            .or_else(|| attached.and_then(|disk| disk.system))
            .ok_or_else(|| missing("osDisk.osType"))?;
        let secrets = profile::check(
            cx,
            put,
            system,
            os_disk.option() != "Attach",
            before.map(|before| &before.secrets),
        )?;

        let holds_host = machine.is_some_and(|machine| machine.power.is_allocated())
            && before.is_some_and(|before| before.provisioned);
        let mut disks = Disks::new(cx, put, size, before.map_or(&[], |before| &before.disks), holds_host);
        disks.system_disk(os_disk, system, image.as_ref())?;
        disks.data_disks(storage.data_disks.as_deref(), image.as_ref())?;
        let managed = disks.is_managed();
        let (disks, managed_disks, plan) = disks.finish();

        let set = placement::set_of(
            cx,
            put,
            size,
            managed,
            !spec.zones.is_empty(),
            before.map(|before| before.set),
        )?;
        let held = before
            .filter(|_| machine.is_some())
            .map_or(&[][..], |before| &before.nics);
        let (nics, ports) = network::plan(cx, put, nics, size, held, !holds_host)?;
        if let Some((set, _, _)) = set {
            network::check_set(cx, set, put.key, &nics)?;
        }

        let vm = VirtualMachine {
            system,
            generation: generation(
                before,
                image.as_ref(),
                attached.and_then(|disk| disk.generation.as_deref()),
            ),
            exact_version: image
                .as_ref()
                .and_then(|image| image.exact_version)
                .map(Box::from)
                .or_else(|| before.and_then(|before| before.exact_version.clone())),
            secrets,
            set: set.map(|(set, _, _)| set),
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
            nics,
        };
        Ok(vm.placed(cx, put, size, set, managed_disks, plan.then(ports)))
    }

    fn plan_removal(&self, cx: &Cx<'_>, resource: &Resource) -> Plan {
        self.give_back(cx, resource)
    }

    fn plan_action(&self, cx: &Cx<'_>, resource: &Resource, act: &Act<'_>) -> Result<(Self, Plan), CloudError> {
        self.act(cx, resource, act)
    }

    fn settle(&self, cx: &Cx<'_>, resource: &Resource, doing: &Doing, failed: bool) -> (Self, Plan) {
        self.rest(cx, resource, doing, failed)
    }

    fn render(&self, cx: &Cx<'_>, resource: &Resource, view: &View<'_>, document: &mut Document) {
        self.show(cx, resource, view, document);
    }

    fn busy(cx: &Cx<'_>, resource: &Resource, doing: &Doing) -> Result<(), CloudError> {
        power::busy(cx, resource, doing)
    }
}

impl VirtualMachine {
    /// The machine's row in the fabric, and what it counts against.
    fn placed(
        mut self,
        cx: &Cx<'_>,
        put: &Put<'_>,
        size: &'static sizes::VmSize,
        set: Option<(Key, u32, u32)>,
        disks: Vec<Key>,
        plan: Plan,
    ) -> (VirtualMachine, Plan) {
        let ports = self.nics.iter().map(|nic| nic.key).collect();
        let row = match cx.fabric().machines.get(&put.key) {
            Some(machine) => Machine {
                size: size.name.into(),
                cores: size.cores,
                ports,
                disks,
                ..machine.clone()
            },
            None => Machine {
                size: size.name.into(),
                cores: size.cores,
                location: put.location.into(),
                power: Power::Starting,
                generalized: false,
                ports,
                disks,
                set,
            },
        };
        let mut plan = plan;
        if row.power.is_allocated() {
            let charge = Charge::of(size, self.spot);
            plan = charge.instead_of(plan, self.charged.as_ref());
            self.charged = Some(charge);
        }
        (self, plan.machine(put.key, Some(row)))
    }
}

/// Hyper-V generation: the image's, the attached disk's, or the old one.
fn generation(before: Option<&VirtualMachine>, image: Option<&image::Image>, attached: Option<&str>) -> Box<str> {
    match (image, before) {
        (Some(image), _) => image.generation.clone(),
        (None, Some(before)) => before.generation.clone(),
        (None, None) => attached.unwrap_or("V1").into(),
    }
}
