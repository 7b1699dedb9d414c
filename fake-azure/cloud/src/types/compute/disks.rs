//! Managed disks.
//!
//! A disk knows its size and kind of storage; which machine holds it stands in the fabric, where machines write it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::creation_data::{self, RESIZED_DOWN, SHARED};
use super::encryption;
use super::parameters::{arrange, missing, number, offset_time, text};
use crate::Document;
use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::{
    Action, Descriptor, Dialect, Field, Lifetimes, NameRule, PatchRule, Polls, Provisioning, RefRule, Stage, Write,
    WriteVerb,
};
use crate::error::CloudError;
use crate::fabric::{Disk, System};
use crate::forms::forms;
use crate::key::{Guid, Key};
use crate::operation::Doing;
use crate::plan::Plan;
use crate::registry::Kind;
use crate::resource::Resource;
use crate::types::{Act, Answer, Put, ResourceType, View};

forms! {
    // tidy: sorted
    ACCESS_WHILE_RUNNING: Conflict, Disks, "OperationNotAllowed", "Disk {disk} is attached to running VM {machine}. Access to it cannot be granted.", "assumed", "deallocate the machine, or detach the disk";
    ATTACHED: InUse, Disks, "OperationNotAllowed", "Disk {disk} is attached to VM {machine}.", "ARM 3.6 (TF, GEN)", "detach the disk, or delete the machine";
    RESIZE_WHILE_RUNNING: Conflict, Disks, "Conflict", "Disk resizing is allowed only when creating a VM or when the VM is deallocated.", "ARM 3.6", "deallocate the machine first";
    // tidy: end
}

const UPDATING: Provisioning = Provisioning::Updating;

/// Kinds of storage.
pub(super) const SKUS: &[&str] = &[
    "Standard_LRS",
    "Premium_LRS",
    "StandardSSD_LRS",
    "UltraSSD_LRS",
    "Premium_ZRS",
    "StandardSSD_ZRS",
    "PremiumV2_LRS",
];

/// Until then a disk named its kind of storage `accountType` and its user `ownerId` (observed-arm, recordings of 2017-02).
const SKU_SINCE: ApiVersion = ApiVersion::date(2017, 3, 30);

/// From then on the first answer names the disk whole (observed-arm: 2020-09-30 is a stub, 2025-01-02 is not; between, assumed).
const NAMED_SINCE: ApiVersion = ApiVersion::date(2021, 4, 1);

/// Data disks of running machines can grow from then on. The date is assumed (ARM 8.5).
const GROWS_ONLINE_SINCE: ApiVersion = ApiVersion::date(2021, 4, 1);

/// Disks.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    since: ApiVersion::date(2016, 4, 29),
    patch: PatchRule::Merge,
    names: NameRule {
        min: 1,
        max: 80,
        others: "_.-",
        capitals: true,
        starts_alphanumeric: true,
        ends: Some("_"),
        unicode: false,
    },
    fields: &[
        Field::read_only("/managedBy"),
        Field::read_only("/managedByExtended"),
        Field::read_only("/sku/tier"),
        Field::read_only("/properties/timeCreated"),
        Field::read_only("/properties/uniqueId"),
        Field::read_only("/properties/diskState"),
        Field::read_only("/properties/diskSizeBytes"),
        Field::read_only("/properties/ownerId"),
        Field::read_only("/properties/isArmResource"),
        Field::read_only("/properties/creationData/sourceUniqueId"),
        Field::one_of("/sku/name", SKUS),
        Field::one_of("/properties/accountType", SKUS),
        Field::one_of("/properties/osType", &["Linux", "Windows"]),
        Field::one_of("/properties/encryption/type", encryption::TYPES),
        Field::one_of(
            "/properties/creationData/createOption",
            &[
                "Empty",
                "Attach",
                "FromImage",
                "Import",
                "Copy",
                "Restore",
                "Upload",
                "CopyStart",
                "ImportSecure",
                "UploadPreparedSecure",
            ],
        ),
        Field::immutable("/properties/creationData/createOption"),
        Field::immutable("/properties/creationData/sourceResourceId"),
        Field::immutable("/properties/creationData/sourceUri"),
        Field::immutable("/properties/creationData/imageReference/id"),
        Field::immutable("/zones"),
    ],
    refs: &[RefRule::shared(encryption::SET_PLACE, &[Kind::DiskEncryptionSets])
        .bare()
        .blocks_delete()],
    lifetimes: Lifetimes {
        create: &[Stage::new(UPDATING, 500, 4_000)],
        update: &[Stage::new(UPDATING, 500, 4_000)],
        delete: &[Stage::new(Provisioning::Deleting, 500, 10_000)],
    },
    actions: &[
        Action {
            name: "beginGetAccess",
            stages: &[Stage::new(UPDATING, 500, 10_000)],
        },
        Action {
            name: "endGetAccess",
            stages: &[Stage::new(UPDATING, 500, 10_000)],
        },
    ],
    writes: &[
        Write::new(WriteVerb::PutNew, 202)
            .polls(Polls::Both)
            .retry_after_secs(2)
            .stub(),
        Write::new(WriteVerb::PutAgain, 202)
            .polls(Polls::Both)
            .retry_after_secs(2)
            .stub(),
        Write::new(WriteVerb::Patch, 202).polls(Polls::Both).stub(),
        Write::accepted(WriteVerb::Delete),
        Write::accepted(WriteVerb::Act("beginGetAccess")),
        Write::accepted(WriteVerb::Act("endGetAccess")),
    ],
    errors: ALL,
    ..Descriptor::of("Microsoft.Compute/disks", Dialect::Disks)
};

/// A managed disk.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ManagedDisk {
    /// What it was copied from.
    source: Option<Guid>,
    /// The size that it gets when the present operation ends well.
    grows_to_gb: Option<u32>,
}

impl ResourceType for ManagedDisk {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(cx: &Cx<'_>, put: &Put<'_>, before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        let set = put.target_at(encryption::SET_PLACE);
        let was = put.existing.and_then(encryption_set_of);
        if set.is_none() || set != was {
            encryption::check(cx, put.document, set)?;
        }
        match (before, cx.fabric().disks.get(&put.key)) {
            (Some(before), Some(row)) => plan_change(cx, put, before, row),
            _ => plan_creation(cx, put),
        }
    }

    fn plan_delete(&self, cx: &Cx<'_>, resource: &Resource) -> Result<Plan, CloudError> {
        let Some(row) = cx.fabric().disks.get(&resource.key) else {
            return Ok(Plan::new());
        };
        if let Some(machine) = row.machine {
            cov_mark::hit!(disk_attached);
            return Err(CloudError::of(&ATTACHED)
                .with("disk", &resource.name)
                .with("machine", cx.id(machine)));
        }
        if row.is_shared(cx.now()) {
            return Err(CloudError::of(&SHARED).with("disk", &resource.name));
        }
        Ok(Plan::new())
    }

    fn plan_removal(&self, cx: &Cx<'_>, resource: &Resource) -> Plan {
        let plan = Plan::new().disk(resource.key, None);
        match cx.fabric().disks.get(&resource.key) {
            Some(row) => plan.charge(creation_data::disk_quota(&row.sku), -1),
            None => plan,
        }
    }

    fn plan_action(&self, cx: &Cx<'_>, resource: &Resource, act: &Act<'_>) -> Result<(Self, Plan), CloudError> {
        let Some(row) = cx.fabric().disks.get(&resource.key) else {
            return Ok((self.clone(), Plan::new()));
        };
        if act.name == "endGetAccess" {
            // Ending the access to a disk that waited for its bytes says that they are there (ARM 8.5).
            let ended = Disk {
                access: None,
                upload: row.upload && !row.is_shared(cx.now()),
                ..row.clone()
            };
            return Ok((self.clone(), Plan::new().disk(resource.key, Some(ended))));
        }

        let secs = number(act.document, "/durationInSeconds")
            .ok_or_else(|| missing("durationInSeconds").raised_by(Dialect::Disks))?;
        let running = row.machine.filter(|machine| {
            cx.fabric()
                .machines
                .get(machine)
                .is_some_and(|found| found.power.is_allocated())
        });
        if let Some(machine) = running {
            return Err(CloudError::of(&ACCESS_WHILE_RUNNING)
                .with("disk", &resource.name)
                .with("machine", cx.id(machine)));
        }
        let end = cx
            .now()
            .plus_millis(i64::try_from(secs.saturating_mul(1000)).unwrap_or(i64::MAX));
        let write = text(act.document, "/access").is_some_and(|access| access.eq_ignore_ascii_case("Write"));
        let output = json!({ "accessSAS": creation_data::access_uri(cx, resource.key, write) });
        let shared = Disk {
            access: Some(row.access.map_or(end, |old| old.max(end))),
            ..row.clone()
        };
        Ok((
            self.clone(),
            Plan::new().disk(resource.key, Some(shared)).output(output),
        ))
    }

    fn settle(&self, cx: &Cx<'_>, resource: &Resource, _doing: &Doing, failed: bool) -> (Self, Plan) {
        let rested = ManagedDisk {
            grows_to_gb: None,
            ..self.clone()
        };
        match (self.grows_to_gb, cx.fabric().disks.get(&resource.key)) {
            (Some(size_gb), Some(row)) if !failed => (
                rested,
                Plan::new().disk(resource.key, Some(Disk { size_gb, ..row.clone() })),
            ),
            _ => (rested, Plan::new()),
        }
    }

    fn render(&self, cx: &Cx<'_>, resource: &Resource, view: &View<'_>, document: &mut Document) {
        let Some(row) = cx.fabric().disks.get(&resource.key) else {
            return;
        };
        let answers_write = view.answer == Answer::Write && resource.operation.is_some();
        if answers_write && (resource.revision == 1 || view.version < NAMED_SINCE) {
            write_stub(view.version, document);
            return;
        }
        self.write_facts(cx, resource, row, view.version, document);
    }
}

impl ManagedDisk {
    /// What the service decided, as far as the version shows it (observed-arm, Properties the server fills in).
    fn write_facts(&self, cx: &Cx<'_>, resource: &Resource, row: &Disk, version: ApiVersion, document: &mut Document) {
        let owner = row
            .machine
            .filter(|machine| cx.find(*machine).is_some())
            .map(|machine| cx.id(machine));
        write_storage(row, version, document);
        if version < SKU_SINCE {
            document["properties"]["ownerId"] = json!(owner);
        } else {
            document["managedBy"] = json!(owner);
        }

        let (iops, mbps, tier) = creation_data::performance(row);
        let properties = &mut document["properties"];
        if !row.upload {
            properties["diskSizeGB"] = json!(row.size_gb);
        }
        if version >= ApiVersion::date(2018, 6, 1) {
            let sent = |properties: &Value, name: &str| properties.get(name).is_some();
            // Only ultra disks are given what they ask for (ARM 8.5).
            if !row.sku.starts_with("Ultra") || !sent(properties, "diskIOPSReadWrite") {
                properties["diskIOPSReadWrite"] = json!(iops);
            }
            if !row.sku.starts_with("Ultra") || !sent(properties, "diskMBpsReadWrite") {
                properties["diskMBpsReadWrite"] = json!(mbps);
            }
        }
        if let Some(tier) = tier
            && version >= ApiVersion::date(2020, 5, 1)
        {
            super::parameters::fill(properties, "tier", tier);
        }
        properties["diskState"] = json!(state_of(cx, row));
        encryption::write(cx, encryption_set_of(resource), properties);
        write_common(resource, row, self.source, version, properties);
        arrange(properties, MEMBERS);
    }
}

/// The set that a disk or snapshot is encrypted with.
pub(super) fn encryption_set_of(resource: &Resource) -> Option<Key> {
    let edge = resource
        .edges
        .iter()
        .find(|edge| edge.at.as_ref() == encryption::SET_PLACE);
    edge.map(|edge| edge.target)
}

/// The order of the members of a disk's properties (observed-arm, Example answers).
pub(super) const MEMBERS: &[&str] = &[
    "accountType",
    "osType",
    "hyperVGeneration",
    "creationData",
    "diskSizeGB",
    "diskIOPSReadWrite",
    "diskMBpsReadWrite",
    "encryption",
    "incremental",
    "networkAccessPolicy",
    "publicNetworkAccess",
    "timeCreated",
    "provisioningState",
    "diskState",
    "diskSizeBytes",
    "uniqueId",
    "tier",
];

/// `sku` with its tier, or the older `accountType`.
pub(super) fn write_storage(row: &Disk, version: ApiVersion, document: &mut Document) {
    if version < SKU_SINCE {
        if let Some(members) = document.as_object_mut() {
            members.shift_remove("sku");
        }
        document["properties"]["accountType"] = json!(row.sku);
        return;
    }
    if let Some(properties) = document["properties"].as_object_mut() {
        properties.shift_remove("accountType");
    }
    document["sku"] = json!({ "name": row.sku, "tier": creation_data::tier_of(&row.sku) });
}

/// What disks and snapshots share.
pub(super) fn write_common(
    resource: &Resource,
    row: &Disk,
    source: Option<Guid>,
    version: ApiVersion,
    properties: &mut Value,
) {
    if let Some(system) = row.system {
        properties["osType"] = json!(system.as_str());
    }
    properties["timeCreated"] = json!(offset_time(resource.created));
    if version >= ApiVersion::date(2018, 9, 30) {
        properties["hyperVGeneration"] = json!(row.generation);
        properties["uniqueId"] = json!(resource.guid.to_string());
        if !row.upload {
            properties["diskSizeBytes"] = json!(u64::from(row.size_gb) << 30);
        }
        if let (Some(source), Some(data)) = (source, properties["creationData"].as_object_mut()) {
            data.insert("sourceUniqueId".to_owned(), json!(source.to_string()));
        }
    }
    if version >= ApiVersion::date(2019, 7, 1) && properties.get("encryption").is_none() {
        properties["encryption"] = json!({ "type": "EncryptionAtRestWithPlatformKey" });
    }
    if version >= ApiVersion::date(2020, 9, 30) {
        super::parameters::fill(properties, "networkAccessPolicy", "AllowAll");
    }
    if version >= ApiVersion::date(2021, 4, 1) {
        super::parameters::fill(properties, "publicNetworkAccess", "Enabled");
    }
}

/// The first answer to a write is what was sent, the state and little else (ARM 2.2, observed-arm "Disks, snapshots").
pub(super) fn write_stub(version: ApiVersion, document: &mut Document) {
    if version < NAMED_SINCE {
        document["properties"]["isArmResource"] = Value::Bool(true);
        if let Some(members) = document.as_object_mut() {
            members.shift_remove("id");
            members.shift_remove("type");
        }
    }
}

/// `properties.diskState` (ARM 8.5).
fn state_of(cx: &Cx<'_>, row: &Disk) -> &'static str {
    let allocated = |machine| {
        cx.fabric()
            .machines
            .get(&machine)
            .is_some_and(|found| found.power.is_allocated())
    };
    match row.machine {
        Some(machine) if allocated(machine) => "Attached",
        Some(_) => "Reserved",
        None if row.is_shared(cx.now()) && row.upload => "ActiveUpload",
        None if row.is_shared(cx.now()) => "ActiveSAS",
        None if row.upload => "ReadyToUpload",
        None => "Unattached",
    }
}

fn plan_creation(cx: &Cx<'_>, put: &Put<'_>) -> Result<(ManagedDisk, Plan), CloudError> {
    let source = creation_data::read(cx, put)?;
    let size_gb = creation_data::size_of(cx, put, source.size_gb)?;
    if source.size_gb.is_some_and(|least| size_gb < least) {
        return Err(CloudError::of(&RESIZED_DOWN).about("diskSizeGB"));
    }

    let sku = creation_data::sku_of(put.document);
    let row = Disk {
        size_gb,
        sku: sku.into(),
        system: text(put.document, "/properties/osType")
            .and_then(System::find)
            .or(source.system),
        generation: text(put.document, "/properties/hyperVGeneration")
            .map(Box::from)
            .or(source.generation),
        machine: None,
        access: None,
        upload: source.upload,
    };
    let plan = creation_data::recount(
        Plan::new().disk(put.key, Some(row)),
        None,
        creation_data::disk_quota(sku),
    );
    Ok((
        ManagedDisk {
            source: source.guid,
            grows_to_gb: None,
        },
        plan,
    ))
}

fn plan_change(
    cx: &Cx<'_>,
    put: &Put<'_>,
    before: &ManagedDisk,
    row: &Disk,
) -> Result<(ManagedDisk, Plan), CloudError> {
    // What the document said before is no wish to change: a machine may have grown the disk since.
    let said = |document: &Value| number(document, "/properties/diskSizeGB");
    let repeated = put
        .existing
        .is_some_and(|existing| said(&existing.echo) == said(put.document));
    let size_gb = if repeated {
        row.size_gb
    } else {
        creation_data::size_of(cx, put, Some(row.size_gb))?
    };
    let sku = text(put.document, "/sku/name")
        .or_else(|| text(put.document, "/properties/accountType"))
        .unwrap_or(&row.sku);
    let grown = size_gb != row.size_gb;
    let running = row.machine.is_some_and(|machine| {
        cx.fabric()
            .machines
            .get(&machine)
            .is_some_and(|found| found.power.is_allocated())
    });
    let online = put.version >= GROWS_ONLINE_SINCE && row.system.is_none() && sku == row.sku.as_ref();
    if running && (grown || sku != row.sku.as_ref()) && !online {
        return Err(CloudError::of(&RESIZE_WHILE_RUNNING));
    }

    let system = text(put.document, "/properties/osType")
        .and_then(System::find)
        .or(row.system);
    let changed = Disk {
        sku: sku.into(),
        system,
        ..row.clone()
    };
    let plan = Plan::new().disk(put.key, Some(changed));
    let plan = creation_data::recount(
        plan,
        Some(creation_data::disk_quota(&row.sku)),
        creation_data::disk_quota(sku),
    );
    let disk = ManagedDisk {
        grows_to_gb: grown.then_some(size_gb),
        ..before.clone()
    };
    if size_gb < row.size_gb {
        // Accepted, and refused at its end (observed-arm, Error catalogue).
        return Ok((
            ManagedDisk {
                grows_to_gb: None,
                ..disk
            },
            plan.doomed(CloudError::of(&RESIZED_DOWN)),
        ));
    }
    Ok((disk, plan))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::types::compute::testing::check;

    #[test]
    fn the_first_answer_is_a_stub() {
        check(
            r#"
            version 2020-06-30
            put disk d0 {"tags": {}, "properties": {"creationData": {"createOption": "empty"}, "diskSizeGB": 100}}
            write disk d0 /
            wait
            get disk d0 /
            version 2025-01-02
            put disk d1 {"properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 200}}
            write disk d1 /
            wait
            put disk d1 {"properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 200}}
            write disk d1 /sku
            wait
            get disk d1 /
            version 2016-04-30-preview
            get disk d0 /
            "#,
            expect![[r#"
                -
                ok ~
                {"name":"d0","location":"westus","tags":{},"properties":{"creationData":{"createOption":"Empty"},"diskSizeGB":100,"provisioningState":"Updating","isArmResource":true}}
                -
                {"name":"d0","id":"/providers/Microsoft.Compute/disks/d0","type":"Microsoft.Compute/disks","location":"westus","tags":{},"sku":{"name":"Standard_LRS","tier":"Standard"},"properties":{"creationData":{"createOption":"Empty"},"diskSizeGB":100,"diskIOPSReadWrite":500,"diskMBpsReadWrite":60,"encryption":{"type":"EncryptionAtRestWithPlatformKey"},"timeCreated":"2016-04-01T00:00:02.9950000+00:00","provisioningState":"Succeeded","diskState":"Unattached","diskSizeBytes":107374182400,"uniqueId":"361f00f9-b3bb-48a5-a51b-2504b89e2eb2"}}
                -
                ok ~
                {"name":"d1","id":"/providers/Microsoft.Compute/disks/d1","type":"Microsoft.Compute/disks","location":"westus","properties":{"creationData":{"createOption":"Empty"},"diskSizeGB":200,"provisioningState":"Updating"}}
                -
                ok ~
                {"name":"Standard_LRS","tier":"Standard"}
                -
                {"name":"d1","id":"/providers/Microsoft.Compute/disks/d1","type":"Microsoft.Compute/disks","location":"westus","sku":{"name":"Standard_LRS","tier":"Standard"},"properties":{"creationData":{"createOption":"Empty"},"diskSizeGB":200,"diskIOPSReadWrite":500,"diskMBpsReadWrite":60,"encryption":{"type":"EncryptionAtRestWithPlatformKey"},"networkAccessPolicy":"AllowAll","publicNetworkAccess":"Enabled","timeCreated":"2016-04-01T00:00:06.8260000+00:00","provisioningState":"Succeeded","diskState":"Unattached","diskSizeBytes":214748364800,"uniqueId":"53834309-e5a6-4c6f-95f5-c25effe4cc59"}}
                -
                {"properties":{"accountType":"Standard_LRS","creationData":{"createOption":"Empty"},"diskSizeGB":100,"timeCreated":"2016-04-01T00:00:02.9950000+00:00","provisioningState":"Succeeded","diskState":"Unattached"},"type":"Microsoft.Compute/disks","location":"westus","tags":{},"id":"/providers/Microsoft.Compute/disks/d0","name":"d0"}
            "#]],
        );
    }

    #[test]
    fn disks_grow_and_never_shrink() {
        check(
            r#"
            put disk d0 {"properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 100}}
            wait
            put disk d0 {"properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 150}}
            get disk d0 /properties/diskSizeGB
            wait
            get disk d0 /properties/diskSizeGB
            patch disk d0 {"properties": {"diskSizeGB": 50}}
            wait
            get disk d0 /properties/diskSizeGB
            get disk d0 /properties/provisioningState
            put disk d0 {"properties": {"creationData": {"createOption": "Import", "sourceUri": "x"}, "diskSizeGB": 150}}
            "#,
            expect![[r#"
                ok ~
                -
                ok ~
                100
                -
                150
                ok ~
                -
                150
                "Failed"
                PropertyChangeNotAllowed (creationData.createOption): Changing property 'creationData.createOption' is not allowed.
            "#]],
        );
    }

    #[test]
    fn a_disk_of_a_running_machine_does_not_grow() {
        check(
            r#"
            nic n0 s
            vm v0 nic=n0 {"properties": {"storageProfile": {"osDisk": {"name": "root"}}}}
            wait
            patch disk root {"properties": {"diskSizeGB": 60}}
            patch vm v0 {"properties": {"storageProfile": {"osDisk": {"diskSizeGB": 60}}}}
            act vm v0 deallocate
            wait
            get disk root /properties/diskState
            patch disk root {"properties": {"diskSizeGB": 60}}
            wait
            get vm v0 /properties/storageProfile/osDisk/diskSizeGB
            patch vm v0 {"properties": {"storageProfile": {"osDisk": {"diskSizeGB": 70}}}}
            wait
            get disk root /properties/diskSizeGB
            patch vm v0 {"properties": {"storageProfile": {"osDisk": {"diskSizeGB": 40}}}}
            patch disk root {"tags": {"a": "b"}}
            wait
            get disk root /properties/provisioningState
            get disk root /properties/diskSizeGB
            "#,
            expect![[r#"
                ok ~
                ok ~
                -
                Conflict: Disk resizing is allowed only when creating a VM or when the VM is deallocated.
                Conflict: Disk resizing is allowed only when creating a VM or when the VM is deallocated.
                ok ~
                -
                "Reserved"
                ok ~
                -
                60
                ok ~
                -
                70
                InvalidParameter (diskSizeGB): Disks or snapshot cannot be resized down.
                ok ~
                -
                "Succeeded"
                70
            "#]],
        );
    }

    #[test]
    fn disks_have_sources() {
        check(
            r#"
            account acc westus
            upload acc a.vhd page 30
            upload acc b.vhd block 30
            put disk d0 {"properties": {"creationData": {"createOption": "Import", "sourceUri": "https://acc.blob.core.windows.net/vhds/a.vhd"}, "osType": "linux"}}
            put disk d1 {"properties": {"creationData": {"createOption": "Import", "sourceUri": "https://acc.blob.core.windows.net/vhds/b.vhd"}}}
            put disk d1 {"properties": {"creationData": {"createOption": "Import", "sourceUri": "https://acc.blob.core.windows.net/vhds/c.vhd"}}}
            put disk d1 {"properties": {"creationData": {"createOption": "Import"}}}
            put disk d1 {"properties": {"creationData": {"createOption": "Empty"}}}
            put disk d1 {"properties": {"diskSizeGB": 4}}
            put disk d1 {"properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 99999}}
            put disk d1 {"properties": {"creationData": {"createOption": "Copy", "sourceResourceId": "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/rg/providers/Microsoft.Compute/disks/none"}}}
            wait
            put disk d1 {"properties": {"creationData": {"createOption": "Copy", "sourceResourceId": "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/rg/providers/Microsoft.Compute/disks/d0"}}}
            put disk d2 {"sku": {"name": "premium_lrs"}, "properties": {"creationData": {"createOption": "FromImage", "imageReference": {"id": "/Subscriptions/s/Providers/Microsoft.Compute/Locations/westus/Publishers/Canonical/ArtifactTypes/VMImage/Offers/UbuntuServer/Skus/16.04.0-LTS/Versions/latest"}}}}
            put disk d3 {"properties": {"creationData": {"createOption": "Upload", "uploadSizeBytes": 1073742336}}}
            wait
            get disk d1 /properties/osType
            get disk d1 /properties/diskSizeGB
            get disk d2 /sku
            get disk d2 /properties/diskIOPSReadWrite
            get disk d3 /properties/diskState
            used StandardDiskCount
            used PremiumDiskCount
            patch disk d2 {"sku": {"name": "Standard_LRS"}}
            wait
            delete disk d0
            wait
            used StandardDiskCount
            used PremiumDiskCount
            "#,
            expect![[r#"
                -
                -
                -
                ok ~
                IncorrectDiskBlobType
                InvalidParameter (creationData.sourceUri): Unable to find VHD blob with URI https://acc.blob.core.windows.net/vhds/c.vhd.
                InvalidParameter (creationData.sourceUri): Required parameter 'creationData.sourceUri' is missing (null).
                InvalidParameter (diskSizeGB): Required parameter 'diskSizeGB' is missing (null).
                InvalidParameter (creationData.createOption): Required parameter 'creationData.createOption' is missing (null).
                InvalidParameter (diskSizeGB): The value of parameter diskSizeGB is out of range. Value '99999' must be between '1' and '32767' inclusive.
                NotFound: Resource /providers/Microsoft.Compute/disks/none referenced by resource /providers/Microsoft.Compute/disks/d1
                -
                ok ~
                ok ~
                ok ~
                -
                "Linux"
                30
                {"name":"Premium_LRS","tier":"Premium"}
                120
                "ReadyToUpload"
                3
                1
                ok ~
                -
                ok ~
                -
                3
                0
            "#]],
        );
    }

    #[test]
    fn an_attached_or_shared_disk_stays() {
        cov_mark::check!(disk_attached);
        check(
            r#"
            nic n0 s
            vm v0 nic=n0 {"properties": {"storageProfile": {"osDisk": {"name": "root"}}}}
            wait
            delete disk root
            act disk root beginGetAccess {"access": "Read", "durationInSeconds": 3600}
            put disk d0 {"properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 10}}
            wait
            act disk d0 beginGetAccess {"access": "Read"}
            act disk d0 beginGetAccess {"access": "Read", "durationInSeconds": 3600}
            wait
            get disk d0 /properties/diskState
            delete disk d0
            patch vm v0 {"properties": {"storageProfile": {"dataDisks": [{"lun": 0, "createOption": "Attach", "managedDisk": {"id": "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/rg/providers/Microsoft.Compute/disks/d0"}}]}}}
            act disk d0 endGetAccess
            wait
            delete disk d0
            "#,
            expect![[r#"
                ok ~
                ok ~
                -
                OperationNotAllowed: Disk root is attached to VM /providers/Microsoft.Compute/virtualMachines/v0.
                OperationNotAllowed: Disk root is attached to running VM /providers/Microsoft.Compute/virtualMachines/v0. Access to it cannot be gr
                ok ~
                -
                InvalidParameter (durationInSeconds): Required parameter 'durationInSeconds' is missing (null).
                ok ~
                -
                "ActiveSAS"
                OperationNotAllowed: There is an active shared access signature outstanding for disk d0. Call EndGetAccess before attaching or dele
                OperationNotAllowed: There is an active shared access signature outstanding for disk d0. Call EndGetAccess before attaching or dele
                ok ~
                -
                ok ~
            "#]],
        );
    }

    #[test]
    fn access_runs_out_by_itself() {
        check(
            r#"
            put disk d0 {"properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 10}}
            wait
            act disk d0 beginGetAccess {"access": "Read", "durationInSeconds": 60}
            wait
            advance 60
            get disk d0 /properties/diskState
            delete disk d0
            "#,
            expect![[r#"
                ok ~
                -
                ok ~
                -
                -
                "Unattached"
                ok ~
            "#]],
        );
    }
}
