//! Captured images.
//!
//! An image tells machines made from it which disks they get. What it was made from may go afterwards.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::parameters::{arrange, fill, missing, number, text};
use crate::Document;
use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::{
    Descriptor, Dialect, Field, Lifetimes, NameRule, PatchRule, Polls, Provisioning, Stage, Write, WriteVerb,
};
use crate::error::CloudError;
use crate::fabric::{Image, ImageDisk, System, blob_name_of};
use crate::forms::{self as shared, forms};
use crate::id::ResourceId;
use crate::plan::Plan;
use crate::registry::Kind;
use crate::resource::Resource;
use crate::types::{Put, ResourceType, View};

forms! {
    // tidy: sorted
    BLOB_NOT_FOUND: Missing, Compute, "ImageBlobNotFound", "Unable to find VHD blob with URI {uri}", "ARM 3.6, observed-arm Error catalogue", "name a VHD that exists";
    NOT_GENERALIZED: Conflict, Compute, "OperationNotAllowed", "The operation '{operation}' requires the Virtual Machine '{machine}' to be Generalized.", "ARM 3.6", "generalize the machine first";
    // tidy: end
}

/// Images.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    since: ApiVersion::date(2016, 4, 29),
    patch: PatchRule::Merge,
    names: NameRule::word(1, 80),
    fields: &[
        Field::one_of("/properties/storageProfile/osDisk/osType", &["Linux", "Windows"]),
        Field::one_of(
            "/properties/storageProfile/osDisk/osState",
            &["Generalized", "Specialized"],
        ),
        Field::one_of(
            "/properties/storageProfile/osDisk/caching",
            &["None", "ReadOnly", "ReadWrite"],
        ),
        Field::one_of(
            "/properties/storageProfile/dataDisks/*/caching",
            &["None", "ReadOnly", "ReadWrite"],
        ),
        Field::immutable("/properties/sourceVirtualMachine/id"),
    ],
    lifetimes: Lifetimes {
        create: &[Stage::new(Provisioning::Creating, 10_000, 31_000)],
        update: &[Stage::new(Provisioning::Updating, 1_000, 10_000)],
        delete: &[Stage::new(Provisioning::Deleting, 10_000, 31_000)],
    },
    writes: &[
        Write::new(WriteVerb::PutNew, 201).polls(Polls::AsyncOperation),
        Write::new(WriteVerb::PutAgain, 200).polls(Polls::AsyncOperation),
        Write::new(WriteVerb::Patch, 200).polls(Polls::AsyncOperation),
        Write::accepted(WriteVerb::Delete),
    ],
    errors: ALL,
    ..Descriptor::of("Microsoft.Compute/images", Dialect::Compute)
};

/// A captured image: its storage profile as the service completed it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CapturedImage {
    storage: Value,
    generation: Box<str>,
}

impl ResourceType for CapturedImage {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(cx: &Cx<'_>, put: &Put<'_>, before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        if let Some(before) = before {
            return Ok((before.clone(), Plan::new()));
        }
        let sent = put.document.pointer("/properties/storageProfile");
        let generation = text(put.document, "/properties/hyperVGeneration").unwrap_or("V1");
        let source = text(put.document, "/properties/sourceVirtualMachine/id");
        let (storage, image) = match (source, sent) {
            (Some(machine), None) => of_machine(cx, put, machine)?,
            (_, Some(sent)) => of_profile(cx, put, sent, generation)?,
            (None, None) => return Err(missing("storageProfile")),
        };
        let captured = CapturedImage {
            storage,
            generation: image.generation.clone(),
        };
        Ok((captured, Plan::new().image(put.key, Some(image))))
    }

    fn plan_removal(&self, _cx: &Cx<'_>, resource: &Resource) -> Plan {
        Plan::new().image(resource.key, None)
    }

    fn render(&self, _cx: &Cx<'_>, _resource: &Resource, view: &View<'_>, document: &mut Document) {
        let properties = &mut document["properties"];
        properties["storageProfile"] = self.storage.clone();
        if view.version >= ApiVersion::date(2019, 3, 1) {
            properties["hyperVGeneration"] = json!(self.generation);
        }
        arrange(
            properties,
            &[
                "sourceVirtualMachine",
                "storageProfile",
                "provisioningState",
                "hyperVGeneration",
            ],
        );
    }
}

/// An image of a generalized machine: each of its disks.
fn of_machine(cx: &Cx<'_>, put: &Put<'_>, id: &str) -> Result<(Value, Image), CloudError> {
    let not_found = || {
        CloudError::of(&shared::INVALID_REFERENCE_COMPUTE)
            .with("target", id)
            .with("source", put.id())
    };
    let parsed = ResourceId::parse(id).map_err(|_| not_found())?;
    let found = cx
        .find_id(parsed.folded())
        .filter(|found| found.kind == Kind::VirtualMachines)
        .ok_or_else(not_found)?;
    let machine = cx.fabric().machines.get(&found.key).ok_or_else(not_found)?;
    if !machine.generalized {
        return Err(CloudError::of(&NOT_GENERALIZED)
            .with("operation", "Create Image")
            .with("machine", &found.name));
    }

    let view = View {
        version: put.version,
        answer: crate::types::Answer::Read,
        expand: "",
    };
    let mut shown = Document::clone(&found.echo);
    found.state.render(cx, found, &view, &mut shown);
    let profile = shown
        .pointer("/properties/storageProfile")
        .cloned()
        .unwrap_or(Value::Null);
    let disk = |from: &Value| {
        let mut own = json!({});
        for name in ["lun", "osType", "diskSizeGB", "caching"] {
            own[name] = from.get(name).cloned().unwrap_or(Value::Null);
        }
        if let Some(id) = from.pointer("/managedDisk/id") {
            own["managedDisk"] = json!({ "id": id });
        }
        if let Some(uri) = from.pointer("/vhd/uri") {
            own["blobUri"] = uri.clone();
        }
        own["storageAccountType"] = from
            .pointer("/managedDisk/storageAccountType")
            .cloned()
            .unwrap_or_else(|| json!("Standard_LRS"));
        own
    };
    let mut os_disk = disk(&profile["osDisk"]);
    os_disk["osState"] = json!("Generalized");
    let data: Vec<Value> = profile["dataDisks"]
        .as_array()
        .into_iter()
        .flatten()
        .map(disk)
        .collect();
    of_profile(cx, put, &json!({ "osDisk": os_disk, "dataDisks": data }), "V1")
}

/// An image of disks, snapshots or VHDs.
fn of_profile(cx: &Cx<'_>, put: &Put<'_>, sent: &Value, generation: &str) -> Result<(Value, Image), CloudError> {
    let mut storage = sent.clone();
    fill(&mut storage, "dataDisks", Value::Array(Vec::new()));
    let os_disk = storage.get("osDisk").ok_or_else(|| missing("osDisk"))?;
    let system = text(os_disk, "/osType")
        .and_then(System::find)
        .ok_or_else(|| missing("osDisk.osType"))?;
    if text(os_disk, "/osState").is_none() {
        return Err(missing("osDisk.osState"));
    }

    let size_gb = size_of(cx, put, os_disk)?;
    let mut data = Vec::new();
    for disk in storage["dataDisks"].as_array().into_iter().flatten() {
        let lun = number(disk, "/lun").ok_or_else(|| missing("dataDisk.lun"))?;
        data.push(ImageDisk {
            lun: u32::try_from(lun).unwrap_or(u32::MAX),
            size_gb: size_of(cx, put, disk)?,
        });
    }
    let generation = of_source(cx, os_disk).unwrap_or_else(|| generation.into());
    complete(&mut storage["osDisk"], size_gb);
    for (disk, known) in storage["dataDisks"].as_array_mut().into_iter().flatten().zip(&data) {
        complete(disk, known.size_gb);
    }
    Ok((
        storage,
        Image {
            system,
            generation,
            size_gb,
            data,
        },
    ))
}

/// The generation of the disk or snapshot that an image is made from.
fn of_source(cx: &Cx<'_>, disk: &Value) -> Option<Box<str>> {
    let id = text(disk, "/managedDisk/id").or_else(|| text(disk, "/snapshot/id"))?;
    let found = cx.find_id(ResourceId::parse(id).ok()?.folded())?;
    cx.fabric().disks.get(&found.key)?.generation.clone()
}

fn complete(disk: &mut Value, size_gb: u32) {
    fill(disk, "caching", "None");
    fill(disk, "storageAccountType", "Standard_LRS");
    fill(disk, "diskSizeGB", size_gb);
    arrange(
        disk,
        &[
            "lun",
            "osType",
            "osState",
            "diskSizeGB",
            "blobUri",
            "managedDisk",
            "snapshot",
            "caching",
            "storageAccountType",
        ],
    );
}

/// The size of what an image's disk is made from.
fn size_of(cx: &Cx<'_>, put: &Put<'_>, disk: &Value) -> Result<u32, CloudError> {
    let given = number(disk, "/diskSizeGB").and_then(|size| u32::try_from(size).ok());
    if let Some(id) = text(disk, "/managedDisk/id").or_else(|| text(disk, "/snapshot/id")) {
        let found = ResourceId::parse(id).ok().and_then(|id| cx.find_id(id.folded()));
        let row = found.and_then(|found| cx.fabric().disks.get(&found.key));
        return match row {
            Some(row) => Ok(given.unwrap_or(row.size_gb)),
            None => Err(CloudError::of(&shared::INVALID_REFERENCE_COMPUTE)
                .with("target", id)
                .with("source", put.id())),
        };
    }
    let uri = text(disk, "/blobUri").ok_or_else(|| missing("osDisk.blobUri"))?;
    let blob = blob_name_of(uri).ok().and_then(|name| cx.fabric().blobs.get(&name));
    match blob {
        Some(blob) => Ok(given.unwrap_or_else(|| super::creation_data::whole_gb(blob.length))),
        None => Err(CloudError::of(&BLOB_NOT_FOUND).with("uri", uri)),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::types::compute::testing::check;

    #[test]
    fn images_are_made_of_vhds_and_disks() {
        check(
            r#"
            account acc westus
            upload acc a.vhd page 30
            put image i0 {"properties": {}}
            put image i0 {"properties": {"storageProfile": {"osDisk": {"osState": "Generalized", "blobUri": "https://acc.blob.core.windows.net/vhds/a.vhd"}}}}
            put image i0 {"properties": {"storageProfile": {"osDisk": {"osType": "Linux", "blobUri": "https://acc.blob.core.windows.net/vhds/a.vhd"}}}}
            put image i0 {"properties": {"storageProfile": {"osDisk": {"osType": "Linux", "osState": "Generalized"}}}}
            put image i0 {"properties": {"storageProfile": {"osDisk": {"osType": "Linux", "osState": "Generalized", "blobUri": "https://acc.blob.core.windows.net/vhds/b.vhd"}}}}
            put image i0 {"properties": {"storageProfile": {"osDisk": {"osType": "linux", "osState": "generalized", "blobUri": "https://acc.blob.core.windows.net/vhds/a.vhd"}}}}
            wait
            get image i0 /properties
            delete image i0
            wait
            exists image i0
            "#,
            expect![[r#"
                -
                -
                InvalidParameter (storageProfile): Required parameter 'storageProfile' is missing (null).
                InvalidParameter (osDisk.osType): Required parameter 'osDisk.osType' is missing (null).
                InvalidParameter (osDisk.osState): Required parameter 'osDisk.osState' is missing (null).
                InvalidParameter (osDisk.blobUri): Required parameter 'osDisk.blobUri' is missing (null).
                ImageBlobNotFound
                ok ~
                -
                {"storageProfile":{"osDisk":{"osType":"Linux","osState":"Generalized","diskSizeGB":30,"blobUri":"https://acc.blob.core.windows.net/vhds/a.vhd","caching":"None","storageAccountType":"Standard_LRS"},"dataDisks":[]},"provisioningState":"Succeeded","hyperVGeneration":"V1"}
                ok ~
                -
                false
            "#]],
        );
    }
}
