//! Snapshots: disks that stand still.
//!
//! A snapshot is a row among the fabric's disks that no machine can hold.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::creation_data::{self, RESIZED_DOWN, SHARED};
use super::disks::{MEMBERS, encryption_set_of, write_common, write_storage, write_stub};
use super::encryption;
use super::parameters::{arrange, fill, missing, number, text};
use crate::Document;
use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::{
    Action, Descriptor, Dialect, Field, Lifetimes, NameRule, PatchRule, Polls, Provisioning, RefRule, Stage, Write,
    WriteVerb,
};
use crate::error::CloudError;
use crate::fabric::{Disk, System};
use crate::key::Guid;
use crate::plan::Plan;
use crate::registry::Kind;
use crate::resource::Resource;
use crate::types::{Act, Answer, Put, ResourceType, View};

const UPDATING: Provisioning = Provisioning::Updating;

/// Snapshots.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    since: ApiVersion::date(2016, 4, 29),
    patch: PatchRule::Merge,
    names: NameRule::word(1, 80),
    fields: &[
        Field::read_only("/sku/tier"),
        Field::read_only("/managedBy"),
        Field::read_only("/properties/timeCreated"),
        Field::read_only("/properties/uniqueId"),
        Field::read_only("/properties/diskState"),
        Field::read_only("/properties/diskSizeBytes"),
        Field::read_only("/properties/isArmResource"),
        Field::read_only("/properties/creationData/sourceUniqueId"),
        Field::one_of("/sku/name", &["Standard_LRS", "Premium_LRS", "Standard_ZRS"]),
        Field::one_of("/properties/osType", &["Linux", "Windows"]),
        Field::one_of("/properties/encryption/type", encryption::TYPES),
        Field::one_of(
            "/properties/creationData/createOption",
            &["Copy", "CopyStart", "Import", "Restore", "Upload"],
        ),
        Field::immutable("/properties/creationData/createOption"),
        Field::immutable("/properties/creationData/sourceResourceId"),
        Field::immutable("/properties/creationData/sourceUri"),
        Field::immutable("/properties/incremental"),
    ],
    refs: &[RefRule::shared(encryption::SET_PLACE, &[Kind::DiskEncryptionSets])
        .bare()
        .blocks_delete()],
    lifetimes: Lifetimes {
        create: &[Stage::new(UPDATING, 1_000, 10_000)],
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
    errors: creation_data::ALL,
    ..Descriptor::of("Microsoft.Compute/snapshots", Dialect::Disks)
};

/// A snapshot.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    /// What it was copied from.
    source: Option<Guid>,
}

impl ResourceType for Snapshot {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(cx: &Cx<'_>, put: &Put<'_>, before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        let set = put.target_at(encryption::SET_PLACE);
        if set.is_none() || set != put.existing.and_then(encryption_set_of) {
            encryption::check(cx, put.document, set)?;
        }
        let row = cx.fabric().disks.get(&put.key);
        let sku = text(put.document, "/sku/name")
            .or_else(|| row.map(|row| row.sku.as_ref()))
            .unwrap_or("Standard_LRS");
        let counted = row.map(|row| creation_data::snapshot_quota(&row.sku));
        let system = text(put.document, "/properties/osType").and_then(System::find);
        let (snapshot, disk) = match (before, row) {
            (Some(before), Some(row)) => {
                if creation_data::size_of(cx, put, Some(row.size_gb))? < row.size_gb {
                    return Err(CloudError::of(&RESIZED_DOWN).about("diskSizeGB"));
                }
                (
                    before.clone(),
                    Disk {
                        sku: sku.into(),
                        system: system.or(row.system),
                        ..row.clone()
                    },
                )
            }
            _ => {
                let source = creation_data::read(cx, put)?;
                let size_gb = creation_data::size_of(cx, put, source.size_gb)?;
                let disk = Disk {
                    system: system.or(source.system),
                    generation: text(put.document, "/properties/hyperVGeneration")
                        .map(Box::from)
                        .or(source.generation),
                    upload: source.upload,
                    ..Disk::new(size_gb, sku)
                };
                (Snapshot { source: source.guid }, disk)
            }
        };
        let plan = Plan::new().disk(put.key, Some(disk));
        Ok((
            snapshot,
            creation_data::recount(plan, counted, creation_data::snapshot_quota(sku)),
        ))
    }

    fn plan_delete(&self, cx: &Cx<'_>, resource: &Resource) -> Result<Plan, CloudError> {
        match cx.fabric().disks.get(&resource.key) {
            Some(row) if row.is_shared(cx.now()) => Err(CloudError::of(&SHARED).with("disk", &resource.name)),
            _ => Ok(Plan::new()),
        }
    }

    fn plan_removal(&self, cx: &Cx<'_>, resource: &Resource) -> Plan {
        let plan = Plan::new().disk(resource.key, None);
        match cx.fabric().disks.get(&resource.key) {
            Some(row) => plan.charge(creation_data::snapshot_quota(&row.sku), -1),
            None => plan,
        }
    }

    fn plan_action(&self, cx: &Cx<'_>, resource: &Resource, act: &Act<'_>) -> Result<(Self, Plan), CloudError> {
        let Some(row) = cx.fabric().disks.get(&resource.key) else {
            return Ok((self.clone(), Plan::new()));
        };
        if act.name == "endGetAccess" {
            return Ok((
                self.clone(),
                Plan::new().disk(
                    resource.key,
                    Some(Disk {
                        access: None,
                        ..row.clone()
                    }),
                ),
            ));
        }
        let secs = number(act.document, "/durationInSeconds")
            .ok_or_else(|| missing("durationInSeconds").raised_by(Dialect::Disks))?;
        let end = cx
            .now()
            .plus_millis(i64::try_from(secs.saturating_mul(1000)).unwrap_or(i64::MAX));
        let shared = Disk {
            access: Some(row.access.map_or(end, |old| old.max(end))),
            ..row.clone()
        };
        let output = json!({ "accessSAS": creation_data::access_uri(cx, resource.key, false) });
        Ok((
            self.clone(),
            Plan::new().disk(resource.key, Some(shared)).output(output),
        ))
    }

    fn render(&self, cx: &Cx<'_>, resource: &Resource, view: &View<'_>, document: &mut Document) {
        let Some(row) = cx.fabric().disks.get(&resource.key) else {
            return;
        };
        if view.answer == Answer::Write && resource.operation.is_some() {
            write_stub(view.version, document);
            return;
        }
        write_storage(row, view.version, document);
        let properties = &mut document["properties"];
        properties["diskSizeGB"] = json!(row.size_gb);
        properties["diskState"] = json!(if row.is_shared(cx.now()) {
            "ActiveSAS"
        } else {
            "Unattached"
        });
        if view.version >= ApiVersion::date(2019, 3, 1) {
            fill(properties, "incremental", false);
        }
        if view.version >= ApiVersion::date(2022, 7, 2) {
            properties["snapshotAccessState"] = json!("Available");
        }
        encryption::write(cx, encryption_set_of(resource), properties);
        write_common(resource, row, self.source, view.version, properties);
        arrange(properties, MEMBERS);
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::types::compute::testing::check;

    #[test]
    fn a_snapshot_outlives_its_disk() {
        check(
            r#"
            put disk d0 {"properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 10}}
            wait
            put snapshot s0 {"properties": {"creationData": {"createOption": "Copy", "sourceResourceId": "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/rg/providers/Microsoft.Compute/disks/d0"}}}
            write snapshot s0 /properties
            wait
            delete disk d0
            wait
            get snapshot s0 /properties
            used StandardSnapshotCount
            put disk d1 {"properties": {"creationData": {"createOption": "Copy", "sourceResourceId": "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/rg/providers/Microsoft.Compute/snapshots/s0"}}}
            patch snapshot s0 {"properties": {"diskSizeGB": 5}}
            act snapshot s0 beginGetAccess {"access": "Read", "durationInSeconds": 60}
            advance 20
            delete snapshot s0
            advance 60
            delete snapshot s0
            wait
            used StandardSnapshotCount
            "#,
            expect![[r#"
                ok ~
                -
                ok ~
                {"creationData":{"createOption":"Copy","sourceResourceId":"/providers/Microsoft.Compute/disks/d0"},"provisioningState":"Updating","isArmResource":true}
                -
                ok ~
                -
                {"creationData":{"createOption":"Copy","sourceResourceId":"/providers/Microsoft.Compute/disks/d0","sourceUniqueId":"361f00f9-b3bb-48a5-a51b-2504b89e2eb2"},"diskSizeGB":10,"encryption":{"type":"EncryptionAtRestWithPlatformKey"},"incremental":false,"timeCreated":"2016-04-01T00:00:06.8260000+00:00","provisioningState":"Succeeded","diskState":"Unattached","diskSizeBytes":10737418240,"uniqueId":"53834309-e5a6-4c6f-95f5-c25effe4cc59"}
                1
                ok ~
                InvalidParameter (diskSizeGB): Disks or snapshot cannot be resized down.
                ok ~
                -
                OperationNotAllowed: There is an active shared access signature outstanding for disk s0. Call EndGetAccess before attaching or dele
                -
                ok ~
                -
                0
            "#]],
        );
    }
}
