//! What a client asks of a scale set, read once, and the documents that its machines are made from.

use serde_json::{Map, Value, json};

use super::forms::{CAPACITY, PRIMARY_NIC};
use crate::Document;
use crate::cx::Cx;
use crate::error::CloudError;
use crate::id::ResourceId;
use crate::key::Guid;
use crate::types::Put;
use crate::types::compute::parameters::{derived, digits, fill, flag, missing, number, text};

/// What machines are made from.
pub(super) const PROFILE: &str = "/properties/virtualMachineProfile";

/// Machines made above the capacity, at most. The number is assumed.
const MOST_SURPLUS: usize = 20;

/// A scale set, as far as rules look at it.
#[derive(Debug)]
pub(super) struct Spec<'d> {
    pub(super) size: &'d str,
    pub(super) capacity: Option<u64>,
    pub(super) overprovisions: bool,
    /// Whether a new model reaches the machines by itself. Rolling upgrades do, all at once: batches are not told apart.
    pub(super) upgrades: bool,
    pub(super) is_spot: bool,
}

impl<'d> Spec<'d> {
    /// Reads a document.
    pub(super) fn read(cx: &Cx<'_>, put: &Put<'d>) -> Result<Spec<'d>, CloudError> {
        let document = put.document;
        if document.get("sku").is_none() {
            return Err(missing("sku"));
        }
        let size = text(document, "/sku/name").ok_or_else(|| missing("sku.name"))?;
        let mode = text(document, "/properties/upgradePolicy/mode").ok_or_else(|| missing("upgradePolicy"))?;
        if document.pointer(PROFILE).is_none() {
            return Err(missing("virtualMachineProfile"));
        }
        check_interfaces(put)?;

        let capacity = number(document, "/sku/capacity");
        let one_group = flag(document, "/properties/singlePlacementGroup").unwrap_or(true);
        let row = if one_group {
            "VirtualMachinesPerPlacementGroup"
        } else {
            "VirtualMachinesPerScaleSet"
        };
        let max = cx
            .limit(row)
            .map_or(if one_group { 100 } else { 1000 }, i64::unsigned_abs);
        if let Some(count) = capacity.filter(|count| *count > max) {
            let error = CloudError::of(&CAPACITY).with("count", count).with("max", max);
            return Err(error.about("sku.capacity"));
        }
        let priority = text(document, &format!("{PROFILE}/priority"));
        Ok(Spec {
            size,
            capacity,
            overprovisions: flag(document, "/properties/overprovision").unwrap_or(true),
            upgrades: mode != "Manual",
            is_spot: matches!(priority, Some("Spot" | "Low")),
        })
    }

    /// How many machines are made for `more` wanted ones: as many again, so that slow ones can be given up (observed-arm: two
    /// wanted machines bear ids up to 3, three up to 5).
    pub(super) fn surplus(&self, more: usize) -> usize {
        if self.overprovisions { more.min(MOST_SURPLUS) } else { 0 }
    }
}

/// At least one network interface, each with a configuration, exactly one of them primary.
fn check_interfaces(put: &Put<'_>) -> Result<(), CloudError> {
    let profile = format!("{PROFILE}/networkProfile");
    if put.document.pointer(&profile).is_none() {
        return Err(missing("networkProfile"));
    }
    let listed = put
        .document
        .pointer(&format!("{profile}/networkInterfaceConfigurations"))
        .and_then(Value::as_array)
        .filter(|listed| !listed.is_empty())
        .ok_or_else(|| missing("networkProfile.networkInterfaceConfigurations"))?;
    for (index, interface) in listed.iter().enumerate() {
        text(interface, "/name").ok_or_else(|| missing("networkInterfaceConfiguration.name"))?;
        let configurations = interface
            .pointer("/properties/ipConfigurations")
            .and_then(Value::as_array)
            .filter(|listed| !listed.is_empty())
            .ok_or_else(|| missing("networkInterfaceConfiguration.ipConfigurations"))?;
        for (inner, configuration) in configurations.iter().enumerate() {
            text(configuration, "/name").ok_or_else(|| missing("ipConfiguration.name"))?;
            let is_ipv6 = text(configuration, "/properties/privateIPAddressVersion") == Some("IPv6");
            let at = format!(
                "{profile}/networkInterfaceConfigurations/{index}/properties/ipConfigurations/{inner}/properties/subnet"
            );
            if !is_ipv6 && put.target_at(&at).is_none() {
                return Err(missing("ipConfiguration.subnet"));
            }
        }
    }
    let primary = listed
        .iter()
        .filter(|interface| flag(interface, "/properties/primary") == Some(true))
        .count();
    if primary == 1 || (primary == 0 && listed.len() == 1) {
        return Ok(());
    }
    Err(CloudError::of(&PRIMARY_NIC).with("set", put.id()))
}

/// The model as the document of one machine, to be judged like any machine's.
pub(super) fn as_machine(document: &Document) -> Document {
    let mut machine = json!({ "plan": document.get("plan"), "properties": document.pointer(PROFILE) });
    let properties = &mut machine["properties"];
    if let Some(prefix) = text(properties, "/osProfile/computerNamePrefix").map(str::to_owned) {
        properties["osProfile"]["computerName"] = Value::from(computer_name(&prefix, 0));
    }
    if !properties["storageProfile"].is_object() {
        properties["storageProfile"] = json!({});
    }
    properties["storageProfile"]["osDisk"] = os_disk(properties.pointer("/storageProfile/osDisk"));
    machine
}

/// Its secrets, at the places that they have in a machine's document.
pub(super) fn secrets_as_machine(secrets: &[(String, Document)]) -> Vec<(String, Document)> {
    secrets
        .iter()
        .filter_map(|(at, value)| {
            let rest = at.strip_prefix(PROFILE)?;
            Some((format!("/properties{rest}"), value.clone()))
        })
        .collect()
}

/// The system's disk of a model that may not mention it.
fn os_disk(sent: Option<&Value>) -> Value {
    let mut disk = sent
        .filter(|disk| disk.is_object())
        .cloned()
        .unwrap_or_else(|| json!({}));
    if let Some(members) = disk.as_object_mut() {
        members.shift_remove("vhdContainers");
    }
    fill(&mut disk, "createOption", "FromImage");
    disk
}

fn computer_name(prefix: &str, instance: u32) -> String {
    format!("{prefix}{}", base36(instance))
}

/// The six last characters of a computer's name: its instance id to the base 36.
fn base36(mut number: u32) -> String {
    let mut text = [b'0'; 6];
    for place in text.iter_mut().rev() {
        *place = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[usize::try_from(number % 36).expect("below 36")];
        number /= 36;
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// The document of one machine of a set. Machines in use keep the disks that are theirs alone.
pub(super) fn instance(
    set: &Document,
    set_guid: Guid,
    location: &str,
    instance: u32,
    existing: Option<&Document>,
) -> Document {
    let none = json!({});
    let profile = set.pointer(PROFILE).unwrap_or(&none);
    let mut properties = Map::new();
    properties.insert("hardwareProfile".to_owned(), json!({}));
    properties.insert(
        "storageProfile".to_owned(),
        storage_profile(profile, set_guid, instance, existing),
    );
    let mut system = profile.get("osProfile").cloned().unwrap_or_else(|| json!({}));
    let prefix = text(&system, "/computerNamePrefix").unwrap_or_default().to_owned();
    if let Some(members) = system.as_object_mut() {
        members.shift_remove("computerNamePrefix");
        members.insert("computerName".to_owned(), Value::from(computer_name(&prefix, instance)));
    }
    properties.insert("osProfile".to_owned(), system);
    if let Some(listed) = profile.pointer("/networkProfile/networkInterfaceConfigurations") {
        properties.insert(
            "networkProfileConfiguration".to_owned(),
            json!({ "networkInterfaceConfigurations": listed }),
        );
    }
    for member in [
        "diagnosticsProfile",
        "extensionProfile",
        "licenseType",
        "priority",
        "evictionPolicy",
        "billingProfile",
    ] {
        if let Some(value) = profile.get(member) {
            properties.insert(member.to_owned(), value.clone());
        }
    }

    let zones: Vec<&str> = set
        .get("zones")
        .and_then(Value::as_array)
        .map(|zones| {
            zones
                .iter()
                .filter_map(Value::as_str)
                .filter(|zone| !zone.is_empty())
                .collect()
        })
        .unwrap_or_default();
    let mut document = json!({
        "location": location,
        "tags": set.get("tags"),
        "plan": set.get("plan"),
        "sku": { "name": set.pointer("/sku/name"), "tier": set.pointer("/sku/tier") },
        "properties": properties,
    });
    if !zones.is_empty() {
        let turn = usize::try_from(instance).expect("ids are small") % zones.len();
        document["zones"] = json!([zones[turn]]);
    }
    document
}

fn storage_profile(profile: &Value, set_guid: Guid, instance: u32, existing: Option<&Document>) -> Value {
    let mut storage = profile.get("storageProfile").cloned().unwrap_or_else(|| json!({}));
    let containers: Vec<String> = storage
        .pointer("/osDisk/vhdContainers")
        .and_then(Value::as_array)
        .map(|listed| listed.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_default();
    if let Some(existing) = existing {
        storage["osDisk"] = existing
            .pointer("/properties/storageProfile/osDisk")
            .cloned()
            .unwrap_or_else(|| os_disk(None));
        let own = existing
            .pointer("/properties/storageProfile/dataDisks")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let mut disks = storage["dataDisks"].as_array().cloned().unwrap_or_default();
        for disk in own {
            let is_taken = disks.iter().any(|other| other.get("lun") == disk.get("lun"));
            if !is_taken && text(&disk, "/createOption") == Some("Attach") {
                disks.push(disk);
            }
        }
        storage["dataDisks"] = Value::Array(disks);
        return storage;
    }

    let mut disk = os_disk(storage.get("osDisk"));
    fill(&mut disk, "caching", "None");
    if !containers.is_empty() {
        let stem = text(&disk, "/name").unwrap_or("vmss").to_owned();
        let drawn = digits(derived(set_guid, &format!("vhd{instance}")));
        let name = format!("{stem}-os-{instance}-{drawn}");
        let turn = usize::try_from(instance).expect("ids are small") % containers.len();
        let container = containers[turn].trim_end_matches('/');
        disk["vhd"] = json!({ "uri": format!("{container}/{name}.vhd") });
        disk["name"] = Value::from(name);
    } else if let Some(members) = disk.as_object_mut() {
        members.shift_remove("name");
    }
    storage["osDisk"] = disk;
    storage
}

/// The id that disks of an instance are named after: `{set}_{set}_{instance}`.
pub(super) fn naming_id(id: &ResourceId, set: &str, instance: &str) -> ResourceId {
    let name = format!("{set}_{set}_{instance}");
    ResourceId::resource(
        id.subscription(),
        id.group_name(),
        crate::registry::Kind::VirtualMachines,
        vec![name.as_str().into()],
    )
}
