//! A machine as a document: the facts beside what was sent (observed-arm, Properties the server fills in).

use serde_json::{Value, json};

use super::VirtualMachine;
use super::storage::AttachedDisk;
use super::view;
use crate::Document;
use crate::api_version::ApiVersion;
use crate::catalogue::sizes::{self, Hardware};
use crate::cx::Cx;
use crate::engine;
use crate::fabric::{DiskMedia, System};
use crate::registry::Kind;
use crate::resource::Resource;
use crate::types::compute::parameters::{arrange, derived, fill, offset_time};
use crate::types::{Answer, View};

/// From then on the first answer has the size of the system's disk. Assumed: 2020-12-01 had not, 2025-04-01 has.
const SIZE_AT_ONCE: ApiVersion = ApiVersion::date(2022, 3, 1);

/// Machines say which controller their disks are on from then on. Assumed (juju-provider L29).
const CONTROLLERS: ApiVersion = ApiVersion::date(2022, 8, 1);

/// Disks say whether they go with the machine from then on (ARM 8.3).
const DELETE_OPTIONS: ApiVersion = ApiVersion::date(2021, 3, 1);

impl VirtualMachine {
    /// Adds the facts.
    pub(super) fn show(&self, cx: &Cx<'_>, resource: &Resource, view: &View<'_>, document: &mut Document) {
        let version = view.version;
        let properties = &mut document["properties"];
        properties["vmId"] = json!(resource.guid.to_string());
        if version >= ApiVersion::date(2021, 11, 1) {
            properties["timeCreated"] = json!(offset_time(resource.created));
        }
        // real-clients 0.7: an empty capacityReservation is not answered.
        if properties
            .get("capacityReservation")
            .and_then(Value::as_object)
            .is_some_and(serde_json::Map::is_empty)
            && let Some(members) = properties.as_object_mut()
        {
            members.shift_remove("capacityReservation");
        }
        let size = properties
            .pointer("/hardwareProfile/vmSize")
            .and_then(Value::as_str)
            .map(str::to_owned);
        self.write_storage(cx, version, size.as_deref(), &mut properties["storageProfile"]);
        write_profile(self.system, version, properties);
        if view::is_asked_for(view.expand) {
            properties["instanceView"] = self.instance_view(cx, resource, version);
        }
        arrange(properties, MEMBERS);

        write_identity(resource, document);
        if version >= ApiVersion::date(2024, 3, 1) {
            document["etag"] = json!(engine::etag(cx, resource));
        }
        if view.answer != Answer::Write {
            let inner = View { expand: "", ..*view };
            let extensions = cx.children(resource.key, Kind::VirtualMachineExtensions);
            let shown: Vec<Value> = extensions
                .map(|extension| engine::document(cx, extension, &inner))
                .collect();
            if !shown.is_empty() {
                document["resources"] = Value::Array(shown);
            }
        }
    }

    fn write_storage(&self, cx: &Cx<'_>, version: ApiVersion, size: Option<&str>, profile: &mut Value) {
        if version >= ApiVersion::date(2020, 6, 1)
            && let (Some(exact), Some(image)) = (&self.exact_version, profile.get_mut("imageReference"))
        {
            image["exactVersion"] = json!(exact);
        }
        let mut disks = self.disks.iter();
        if let Some(disk) = disks.next() {
            let mut shown = profile["osDisk"].clone();
            shown["osType"] = json!(self.system.as_str());
            fill(&mut shown, "caching", "ReadWrite");
            self.write_disk(cx, version, disk, &mut shown);
            profile["osDisk"] = shown;
        }

        let sent = profile["dataDisks"].as_array().cloned().unwrap_or_default();
        let shown: Vec<Value> = disks
            .map(|disk| {
                let own = sent
                    .iter()
                    .find(|own| own.get("lun").and_then(Value::as_u64) == disk.lun.map(u64::from));
                let mut shown = own
                    .cloned()
                    .unwrap_or_else(|| json!({ "lun": disk.lun, "createOption": disk.option }));
                fill(&mut shown, "caching", "None");
                self.write_disk(cx, version, disk, &mut shown);
                if version >= ApiVersion::date(2019, 3, 1) {
                    shown["toBeDetached"] = json!(false);
                }
                shown
            })
            .collect();
        profile["dataDisks"] = Value::Array(shown);
        if version >= CONTROLLERS && has_nvme(size) {
            profile["diskControllerType"] = json!("NVMe");
        }
        arrange(profile, &["imageReference", "osDisk", "dataDisks"]);
    }

    /// What the service chose itself shows once the machine is made (observed-arm, VM).
    fn write_disk(&self, cx: &Cx<'_>, version: ApiVersion, disk: &AttachedDisk, shown: &mut Value) {
        let known = self.provisioned || !disk.made;
        if known {
            shown["name"] = json!(disk.name);
        }
        match &disk.media {
            DiskMedia::Managed(key) => {
                let mut managed = shown
                    .get("managedDisk")
                    .filter(|managed| managed.is_object())
                    .cloned()
                    .unwrap_or_else(|| json!({}));
                if let Some(row) = cx.fabric().disks.get(key) {
                    managed["storageAccountType"] = json!(row.sku);
                }
                if known && cx.find(*key).is_some() {
                    managed["id"] = json!(cx.id(*key));
                }
                arrange(&mut managed, &["storageAccountType", "diskEncryptionSet", "id"]);
                shown["managedDisk"] = managed;
                if let Some(members) = shown.as_object_mut() {
                    members.shift_remove("vhd");
                }
                let size_gb = cx.fabric().disks.get(key).map_or(disk.size_gb, |row| row.size_gb);
                if known
                    || version >= SIZE_AT_ONCE
                    || shown.get("diskSizeGB").is_some()
                    || (disk.lun.is_some() && disk.made)
                {
                    shown["diskSizeGB"] = json!(size_gb);
                }
                if version >= DELETE_OPTIONS {
                    shown["deleteOption"] = json!(if disk.deletes { "Delete" } else { "Detach" });
                }
            }
            DiskMedia::Blob(_) => {
                // Of the system's disk the size shows once it is made, in recordings from 2018 on.
                if disk.lun.is_some() || (self.provisioned && version >= ApiVersion::date(2017, 12, 1)) {
                    shown["diskSizeGB"] = json!(disk.size_gb);
                }
            }
        }
        let order = [
            "lun",
            "osType",
            "name",
            "createOption",
            "image",
            "vhd",
            "caching",
            "writeAcceleratorEnabled",
            "managedDisk",
            "deleteOption",
            "diskSizeGB",
            "toBeDetached",
        ];
        arrange(shown, &order);
    }
}

/// Whether the disks of a machine of that size are on an NVMe controller: the newest hardware has no other (juju-provider L29).
fn has_nvme(size: Option<&str>) -> bool {
    size.and_then(sizes::find)
        .is_some_and(|size| size.family.hardware == Hardware::V6)
}

/// The defaults of the system's profile, by version (ARM 8.3; first versions observed or assumed between recordings).
pub(in crate::types::compute) fn write_profile(system: System, version: ApiVersion, properties: &mut Value) {
    let Some(profile) = properties.get_mut("osProfile") else {
        return;
    };
    match system {
        System::Linux => {
            fill(
                profile,
                "linuxConfiguration",
                json!({ "disablePasswordAuthentication": false }),
            );
            let linux = &mut profile["linuxConfiguration"];
            if version >= ApiVersion::date(2018, 6, 1) {
                fill(linux, "provisionVMAgent", true);
            }
            if version >= ApiVersion::date(2021, 3, 1) {
                fill(
                    linux,
                    "patchSettings",
                    json!({ "patchMode": "ImageDefault", "assessmentMode": "ImageDefault" }),
                );
            }
        }
        System::Windows => {
            fill(profile, "windowsConfiguration", json!({}));
            let windows = &mut profile["windowsConfiguration"];
            fill(windows, "provisionVMAgent", true);
            fill(windows, "enableAutomaticUpdates", true);
            if version >= ApiVersion::date(2020, 12, 1) {
                fill(
                    windows,
                    "patchSettings",
                    json!({ "patchMode": "AutomaticByOS", "assessmentMode": "ImageDefault" }),
                );
            }
            if version >= ApiVersion::date(2022, 8, 1) {
                fill(windows, "enableVMAgentPlatformUpdates", true);
            }
        }
    }
    fill(profile, "secrets", Value::Array(Vec::new()));
    if version >= ApiVersion::date(2018, 6, 1) {
        fill(profile, "allowExtensionOperations", true);
    }
    if version >= ApiVersion::date(2019, 3, 1) {
        fill(profile, "requireGuestProvisionSignal", true);
    }
    let order = [
        "computerName",
        "adminUsername",
        "windowsConfiguration",
        "linuxConfiguration",
        "secrets",
        "allowExtensionOperations",
        "requireGuestProvisionSignal",
    ];
    arrange(profile, &order);
}

/// The order of the members of a machine's properties (observed-arm, Example answers).
const MEMBERS: &[&str] = &[
    "vmId",
    "availabilitySet",
    "hardwareProfile",
    "storageProfile",
    "osProfile",
    "networkProfile",
    "diagnosticsProfile",
    "licenseType",
    "priority",
    "evictionPolicy",
    "billingProfile",
    "provisioningState",
    "instanceView",
    "timeCreated",
];

/// A system-assigned identity has a principal of its own; `None` is not answered (observed-arm, recordings of 2020 and later).
pub(in crate::types::compute) fn write_identity(resource: &Resource, document: &mut Document) {
    let Some(identity) = document.get_mut("identity") else {
        return;
    };
    let kind = identity.get("type").and_then(Value::as_str).unwrap_or_default();
    if kind.eq_ignore_ascii_case("None") {
        if let Some(members) = document.as_object_mut() {
            members.shift_remove("identity");
        }
        return;
    }
    if kind.contains("SystemAssigned") {
        identity["principalId"] = json!(derived(resource.guid, "principal").to_string());
    }
}
