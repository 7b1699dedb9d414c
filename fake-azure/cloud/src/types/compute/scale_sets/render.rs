//! Scale sets and their machines as documents: the facts beside what was sent (observed-arm, Properties the server fills in).

use serde_json::{Value, json};

use super::machines::{ScaleSetMachine, interfaces_of};
use super::{ScaleSet, instance_id, machine_of, set_of};
use crate::Document;
use crate::api_version::ApiVersion;
use crate::catalogue::sizes;
use crate::cx::Cx;
use crate::descriptor::Provisioning;
use crate::engine;
use crate::fabric::System;
use crate::resource::Resource;
use crate::types::compute::handlers::handler_of;
use crate::types::compute::parameters::{arrange, derived, fill, flag, offset_time, text};
use crate::types::compute::virtual_machines::render::{write_identity, write_profile};
use crate::types::compute::virtual_machines::view;
use crate::types::{ResourceType, View};

/// From then on a set shows its mode, domains and times (observed in 2025, absent in 2020; the date is assumed).
const NEWER: ApiVersion = ApiVersion::date(2021, 11, 1);

/// Etags of Compute (ARM 1.8).
const ETAGS: ApiVersion = ApiVersion::date(2024, 3, 1);

/// Images show what `latest` meant in a member of its own from then on; before, in place of it.
const EXACT_VERSIONS: ApiVersion = ApiVersion::date(2019, 3, 1);

/// A set's profile shows the defaults of machines up to this version, and no newer ones (observed-arm).
const PROFILE_DEFAULTS: ApiVersion = ApiVersion::date(2020, 6, 1);

impl ScaleSet {
    /// Adds the facts.
    pub(super) fn show(&self, cx: &Cx<'_>, resource: &Resource, view: &View<'_>, document: &mut Document) {
        let version = view.version;
        document["sku"]["capacity"] = Value::from(self.members(cx, resource.key).count());
        arrange(&mut document["sku"], &["name", "tier", "capacity"]);
        drop_empty(document);

        let zones = document.get("zones").and_then(Value::as_array).map_or(0, Vec::len);
        let properties = &mut document["properties"];
        properties["uniqueId"] = json!(resource.guid.to_string());
        if version >= ApiVersion::date(2017, 3, 30) {
            fill(properties, "singlePlacementGroup", zones < 2);
        }
        if zones > 0 && version >= ApiVersion::date(2018, 6, 1) {
            fill(properties, "zoneBalance", false);
        }
        let profile = &properties["virtualMachineProfile"];
        let is_spot = matches!(text(profile, "/priority"), Some("Spot" | "Low"));
        if version >= ApiVersion::date(2019, 3, 1) && (zones > 0 || is_spot) {
            fill(properties, "platformFaultDomainCount", 1);
        } else if version >= NEWER {
            fill(properties, "platformFaultDomainCount", super::DOMAINS);
        }
        let system = self.system(cx, resource);
        let profile = &mut properties["virtualMachineProfile"];
        write_profile(system, version.min(PROFILE_DEFAULTS), profile);
        arrange(&mut profile["osProfile"], &["computerNamePrefix"]);
        self.write_storage(cx, resource, version, system, profile);
        if version >= NEWER {
            properties["virtualMachineProfile"]["timeCreated"] = json!(offset_time(resource.created));
            properties["timeCreated"] = json!(offset_time(resource.created));
        }
        match view.expand {
            expand if view::is_asked_for(expand) => {
                properties["instanceView"] = self.instance_view(cx, resource);
            }
            "skus" => properties["skus"] = skus(cx, resource),
            _ => {}
        }
        arrange(properties, MEMBERS);
        arrange(&mut properties["virtualMachineProfile"], PROFILE_MEMBERS);

        write_identity(resource, document);
        if version >= ETAGS {
            document["etag"] = json!(engine::etag(cx, resource));
        }
    }

    /// The system of its machines, or of the model while there is none.
    fn system(&self, cx: &Cx<'_>, resource: &Resource) -> System {
        let of_machine = self
            .members(cx, resource.key)
            .find_map(|member| machine_of(member).map(|machine| machine.vm().system()));
        let profile = resource.echo.pointer("/properties/virtualMachineProfile");
        let is_windows = profile.is_some_and(|profile| {
            text(profile, "/storageProfile/osDisk/osType") == Some("Windows")
                || profile.pointer("/osProfile/windowsConfiguration").is_some()
                || text(profile, "/storageProfile/imageReference/publisher")
                    .is_some_and(|publisher| publisher.eq_ignore_ascii_case("MicrosoftWindowsServer"))
        });
        of_machine.unwrap_or(if is_windows { System::Windows } else { System::Linux })
    }

    fn write_storage(
        &self,
        cx: &Cx<'_>,
        resource: &Resource,
        version: ApiVersion,
        system: System,
        profile: &mut Value,
    ) {
        let size = text(&resource.echo, "/sku/name").and_then(sizes::find);
        let sku = if size.is_some_and(|size| size.premium_io()) {
            "Premium_LRS"
        } else {
            "Standard_LRS"
        };
        let storage = &mut profile["storageProfile"];
        fill(storage, "osDisk", json!({}));
        let disk = &mut storage["osDisk"];
        if version >= NEWER {
            disk["osType"] = json!(system.as_str());
        }
        fill(disk, "createOption", "FromImage");
        fill(disk, "caching", "None");
        if disk.get("vhdContainers").is_none() && disk.get("image").is_none() {
            fill(disk, "managedDisk", json!({}));
            fill(&mut disk["managedDisk"], "storageAccountType", sku);
            let of_machine = self.members(cx, resource.key).find_map(|member| {
                let row = cx.fabric().machines.get(&member.key)?;
                cx.fabric().disks.get(row.disks.first()?).map(|disk| disk.size_gb)
            });
            if let (Some(size_gb), true) = (of_machine, version >= PROFILE_DEFAULTS) {
                fill(disk, "diskSizeGB", size_gb);
            }
        }
        arrange(
            disk,
            &[
                "vhdContainers",
                "osType",
                "name",
                "createOption",
                "caching",
                "managedDisk",
                "diskSizeGB",
            ],
        );
        for disk in storage["dataDisks"].as_array_mut().into_iter().flatten() {
            fill(disk, "caching", "None");
            fill(disk, "managedDisk", json!({}));
            fill(&mut disk["managedDisk"], "storageAccountType", sku);
        }
        arrange(storage, &["osDisk", "imageReference", "dataDisks"]);
    }

    /// How many machines are in which state, of themselves and of each extension (observed-arm, recordings of 2017).
    fn instance_view(&self, cx: &Cx<'_>, resource: &Resource) -> Value {
        let mut counts: Vec<(&'static str, usize)> = Vec::new();
        for member in self.members(cx, resource.key) {
            let state = state_of(cx, member);
            match counts.iter_mut().find(|(own, _)| *own == state) {
                Some((_, count)) => *count += 1,
                None => counts.push((state, 1)),
            }
        }
        let summary: Vec<Value> = counts
            .iter()
            .map(|(state, count)| json!({ "code": format!("ProvisioningState/{}", state.to_lowercase()), "count": count }))
            .collect();
        let mut shown = json!({ "virtualMachine": { "statusesSummary": summary } });
        let extensions = resource
            .echo
            .pointer("/properties/virtualMachineProfile/extensionProfile/extensions")
            .and_then(Value::as_array);
        let extensions: Vec<Value> = extensions
            .into_iter()
            .flatten()
            .map(|extension| json!({ "name": extension.get("name"), "statusesSummary": summary }))
            .collect();
        if !extensions.is_empty() {
            shown["extensions"] = Value::Array(extensions);
        }
        let state = resource.provisioning.as_str();
        let (level, words) = match resource.provisioning {
            Provisioning::Succeeded => ("Info", "Provisioning succeeded"),
            Provisioning::Failed => ("Error", "Provisioning failed"),
            _ => ("Info", state),
        };
        shown["statuses"] = json!([{
            "code": format!("ProvisioningState/{}", state.to_lowercase()),
            "level": level,
            "displayStatus": words,
            "time": offset_time(resource.changed),
        }]);
        shown
    }
}

/// The sizes that a set can have, each with the range of its capacity (ARM 8.3).
fn skus(cx: &Cx<'_>, resource: &Resource) -> Value {
    let one_group = flag(&resource.echo, "/properties/singlePlacementGroup").unwrap_or(true);
    let rows = sizes::sizes_in(&resource.location, cx.era().month()).map(|size| {
        json!({
            "resourceType": "Microsoft.Compute/virtualMachineScaleSets",
            "sku": { "name": size.name, "tier": "Standard" },
            "capacity": {
                "minimum": 0,
                "maximum": if one_group { 100 } else { 1000 },
                "defaultCapacity": 1,
                "scaleType": "Automatic",
            },
        })
    });
    Value::Array(rows.collect())
}

/// What is empty is not answered: ids, addresses and pauses that a client left blank (observed-arm, sent and answered
/// differently).
fn drop_empty(document: &mut Document) {
    fn prune(value: &mut Value) {
        if let Some(members) = value.as_object_mut() {
            members.retain(|_, value| value.as_str() != Some(""));
            members.values_mut().for_each(prune);
        } else if let Some(items) = value.as_array_mut() {
            items.retain(|value| value.as_str() != Some(""));
            items.iter_mut().for_each(prune);
        }
    }
    prune(&mut document["properties"]["virtualMachineProfile"]);
    prune(&mut document["properties"]["upgradePolicy"]);
    for (holder, member) in [
        ("/properties/upgradePolicy", "rollingUpgradePolicy"),
        ("/properties/virtualMachineProfile/networkProfile", "healthProbe"),
    ] {
        if let Some(members) = document.pointer_mut(holder).and_then(Value::as_object_mut)
            && members
                .get(member)
                .and_then(Value::as_object)
                .is_some_and(serde_json::Map::is_empty)
        {
            members.shift_remove(member);
        }
    }
    if let Some(zones) = document.get_mut("zones") {
        prune(zones);
        if zones.as_array().is_some_and(Vec::is_empty)
            && let Some(members) = document.as_object_mut()
        {
            members.shift_remove("zones");
        }
    }
}

/// The state that a machine shows: one that never ran is being made, one that its set gives up is going.
fn state_of(cx: &Cx<'_>, resource: &Resource) -> &'static str {
    let goes = set_of(cx.resource(resource.parent)).is_some_and(|set| {
        set.leaving.contains(&resource.key) || instance_id(resource).is_some_and(|id| set.surplus.contains(&id))
    });
    let is_new = machine_of(resource).is_some_and(|machine| !machine.is_provisioned());
    match resource.provisioning {
        Provisioning::Updating | Provisioning::Succeeded if is_new => Provisioning::Creating.as_str(),
        Provisioning::Updating | Provisioning::Succeeded if goes => Provisioning::Deleting.as_str(),
        state => state.as_str(),
    }
}

/// A machine of a set: what any machine shows, and what it has of its set.
pub(super) fn machine(
    machine: &ScaleSetMachine,
    cx: &Cx<'_>,
    resource: &Resource,
    view: &View<'_>,
    document: &mut Document,
) {
    machine.vm().render(cx, resource, view, document);
    let version = view.version;
    let set = cx.resource(resource.parent);
    let name = format!("{}_{}", set.name, resource.name);
    let is_latest = set_of(set).is_some_and(|set| set.model == machine.model());
    document["name"] = json!(name);
    document["instanceId"] = json!(resource.name);
    drop_empty(document);

    let properties = &mut document["properties"];
    properties["latestModelApplied"] = json!(is_latest);
    properties["provisioningState"] = json!(state_of(cx, resource));
    let interfaces: Vec<Value> = interfaces_of(cx, resource)
        .map(|interface| json!({ "id": cx.id(interface.key) }))
        .collect();
    properties["networkProfile"] = json!({ "networkInterfaces": interfaces });
    if version >= ApiVersion::date(2018, 10, 1) {
        properties["modelDefinitionApplied"] = json!("VirtualMachineScaleSet");
    } else if let Some(members) = properties.as_object_mut() {
        members.shift_remove("networkProfileConfiguration");
        members.shift_remove("hardwareProfile");
    }
    if version >= NEWER {
        properties["hardwareProfile"]["vmSize"] = document_size(resource);
        properties["resilientVMDeletionStatus"] = json!("Disabled");
    }
    write_storage(machine, version, &mut properties["storageProfile"]);
    if version >= ApiVersion::date(2021, 11, 1)
        && let Some(profile) = properties["osProfile"].as_object_mut()
    {
        // What newer versions say of patches stands with single machines only (observed in 2025).
        for system in ["windowsConfiguration", "linuxConfiguration"] {
            if let Some(members) = profile.get_mut(system).and_then(Value::as_object_mut) {
                members.shift_remove("patchSettings");
                members.shift_remove("enableVMAgentPlatformUpdates");
            }
        }
    }
    let extensions = properties
        .as_object_mut()
        .and_then(|members| members.shift_remove("extensionProfile"));
    if let Some(seen) = properties.get_mut("instanceView") {
        write_view(resource, set, extensions.as_ref(), seen);
    }
    arrange(properties, MACHINE_MEMBERS);
    if let Some(extensions) = extensions.as_ref().and_then(|profile| profile.get("extensions")) {
        document["resources"] = resources(resource, &name, &cx.id(resource.group), extensions);
    }
}

fn document_size(resource: &Resource) -> Value {
    resource.echo.pointer("/sku/name").cloned().unwrap_or_default()
}

fn write_storage(machine: &ScaleSetMachine, version: ApiVersion, storage: &mut Value) {
    if let (Some(exact), Some(image)) = (machine.vm().exact_version(), storage.get_mut("imageReference")) {
        let member = if version >= EXACT_VERSIONS {
            "exactVersion"
        } else {
            "version"
        };
        image[member] = json!(exact);
    }
    if let Some(disk) = storage.get_mut("osDisk").and_then(Value::as_object_mut) {
        disk.shift_remove("deleteOption");
        if !machine.vm().is_managed() {
            disk.shift_remove("diskSizeGB");
        }
    }
    for disk in storage["dataDisks"].as_array_mut().into_iter().flatten() {
        if let Some(disk) = disk.as_object_mut() {
            disk.shift_remove("deleteOption");
        }
    }
    let is_empty = storage["dataDisks"].as_array().is_some_and(Vec::is_empty);
    if is_empty
        && version < ApiVersion::date(2017, 12, 1)
        && let Some(members) = storage.as_object_mut()
    {
        members.shift_remove("dataDisks");
    }
}

/// What a machine of a set reports besides: its placement group, and the extensions of its model.
fn write_view(resource: &Resource, set: &Resource, extensions: Option<&Value>, seen: &mut Value) {
    seen["placementGroupId"] = json!(derived(set.guid, "placement group").to_string());
    let listed = extensions
        .and_then(|profile| profile.get("extensions"))
        .and_then(Value::as_array)
        .filter(|_| resource.provisioning != Provisioning::Failed && seen.get("vmAgent").is_some());
    let Some(listed) = listed.filter(|listed| !listed.is_empty()) else {
        arrange(seen, &["placementGroupId"]);
        return;
    };
    let status = |shown: &str| json!({ "code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": shown, "message": "" });
    let mut handlers = Vec::new();
    let mut shown = Vec::new();
    for extension in listed {
        let handler = handler_of(extension);
        handlers.push(json!({
            "type": handler.name,
            "typeHandlerVersion": handler.version,
            "status": { "code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Ready", "message": "Plugin enabled" },
        }));
        shown.push(json!({
            "name": extension.get("name"),
            "type": handler.name,
            "typeHandlerVersion": handler.version,
            "statuses": [status("Provisioning succeeded")],
        }));
    }
    if seen["vmAgent"].get("extensionHandlers").is_some() {
        seen["vmAgent"]["extensionHandlers"] = Value::Array(handlers);
    }
    seen["extensions"] = Value::Array(shown);
    arrange(seen, &["placementGroupId"]);
}

/// The extensions of a machine's model, as its resources (observed-arm, recordings of 2016 and 2017).
fn resources(resource: &Resource, name: &str, group: &str, extensions: &Value) -> Value {
    let listed = extensions.as_array().into_iter().flatten();
    listed
        .map(|extension| {
            let mut properties = extension.get("properties").cloned().unwrap_or_else(|| json!({}));
            properties["provisioningState"] = json!("Succeeded");
            let own = text(extension, "/name").unwrap_or_default();
            json!({
                "name": own,
                "id": format!("{group}/providers/Microsoft.Compute/virtualMachines/{name}/extensions/{own}"),
                "type": "Microsoft.Compute/virtualMachines/extensions",
                "location": resource.location,
                "properties": properties,
            })
        })
        .collect()
}

/// The order of the members of a set's properties (observed-arm, Example answers).
const MEMBERS: &[&str] = &[
    "singlePlacementGroup",
    "orchestrationMode",
    "upgradePolicy",
    "virtualMachineProfile",
    "provisioningState",
    "overprovision",
    "doNotRunExtensionsOnOverprovisionedVMs",
    "uniqueId",
    "zoneBalance",
    "platformFaultDomainCount",
    "timeCreated",
];

/// The order of the members of a model.
const PROFILE_MEMBERS: &[&str] = &[
    "osProfile",
    "storageProfile",
    "networkProfile",
    "diagnosticsProfile",
    "extensionProfile",
    "priority",
    "evictionPolicy",
    "billingProfile",
    "timeCreated",
];

/// The order of the members of a machine's properties.
const MACHINE_MEMBERS: &[&str] = &[
    "latestModelApplied",
    "modelDefinitionApplied",
    "networkProfileConfiguration",
    "vmId",
    "hardwareProfile",
    "storageProfile",
    "osProfile",
    "networkProfile",
    "diagnosticsProfile",
    "provisioningState",
    "instanceView",
];
