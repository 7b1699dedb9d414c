//! Virtual machines.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::choose_image::{Image, OperatingSystem};
use super::scope::{Call, Scope};
use super::tags::{self, Tags};
use crate::StorageAccountType;

const KIND: &str = "Microsoft.Compute/virtualMachines";
/// Of managed OS disks (juju-provider 1.9.2, A5).
const OS_DISK_TYPE: StorageAccountType = StorageAccountType::StandardLrs;
/// The extension that runs the custom data.
pub(crate) const CUSTOM_SCRIPT: &str = "JujuCustomScriptExtension";

/// A virtual machine, as far as we look at it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct VirtualMachine {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) tags: Option<Tags>,
    #[serde(default)]
    properties: Properties,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    #[serde(default)]
    provisioning_state: Option<String>,
    #[serde(default)]
    availability_set: Option<Reference>,
    #[serde(default)]
    hardware_profile: Option<HardwareProfile>,
    #[serde(default)]
    network_profile: NetworkProfile,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NetworkProfile {
    #[serde(default)]
    network_interfaces: Vec<Reference>,
}

#[derive(Clone, Debug, Deserialize)]
struct Reference {
    id: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct HardwareProfile {
    vm_size: String,
}

impl VirtualMachine {
    /// Azure's state of the machine as a resource; what has none is made.
    pub(crate) fn state(&self) -> &str {
        self.properties.provisioning_state.as_deref().unwrap_or("Succeeded")
    }

    pub(crate) fn availability_set_id(&self) -> Option<&str> {
        self.properties.availability_set.as_ref().map(|set| set.id.as_str())
    }

    /// Its interfaces, in its order.
    pub(crate) fn interface_ids(&self) -> impl Iterator<Item = &str> {
        self.properties
            .network_profile
            .network_interfaces
            .iter()
            .map(|own| own.id.as_str())
    }

    pub(crate) fn size(&self) -> Option<&str> {
        self.properties
            .hardware_profile
            .as_ref()
            .map(|profile| profile.vm_size.as_str())
    }

    pub(crate) fn is_going(&self) -> bool {
        self.state().eq_ignore_ascii_case("deleting")
    }
}

/// Who administers a machine, and how one gets in.
#[derive(Clone, Debug)]
pub(crate) enum Access<'a> {
    /// By key only.
    Keys { user: &'a str, keys: &'a str },
    /// By a password that nobody is told.
    Password { user: &'a str, password: &'a str },
}

/// What an OS disk is.
#[derive(Clone, Debug)]
pub(crate) enum OsDisk<'a> {
    /// A blob at this URI.
    Vhd(&'a str),
    /// A resource, of this kind or of the usual one, encrypted with the keys of this set if there is one.
    Managed {
        account_type: Option<StorageAccountType>,
        encryption_set_id: Option<&'a str>,
    },
}

/// What a machine is made of. Ids may be expressions of a template.
#[derive(Clone, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) name: &'a str,
    pub(crate) tags: &'a Tags,
    pub(crate) size: &'a str,
    pub(crate) image: &'a Image,
    pub(crate) os_disk: OsDisk<'a>,
    /// Size of the OS disk in Azure's GB; None: that of the image.
    pub(crate) os_disk_gb: Option<u64>,
    pub(crate) access: Access<'a>,
    /// Base64.
    pub(crate) custom_data: &'a str,
    /// The first is the primary one.
    pub(crate) interface_ids: &'a [String],
    pub(crate) availability_set_id: Option<&'a str>,
}

/// The properties of a machine, as a PUT or a template says them.
pub(crate) fn properties(wanted: &Wanted<'_>) -> Value {
    let image = wanted.image;
    let interfaces: Vec<Value> = wanted
        .interface_ids
        .iter()
        .enumerate()
        .map(|(nth, id)| json!({"id": id, "properties": {"primary": nth == 0}}))
        .collect();
    let mut properties = json!({
        "hardwareProfile": {"vmSize": wanted.size},
        "storageProfile": {
            "imageReference": {
                "publisher": image.publisher, "offer": image.offer, "sku": image.sku, "version": "latest",
            },
            "osDisk": os_disk(wanted),
        },
        "osProfile": os_profile(wanted),
        "networkProfile": {"networkInterfaces": interfaces},
    });
    if let Some(id) = wanted.availability_set_id {
        properties["availabilitySet"] = json!({"id": id});
    }
    properties
}

fn os_disk(wanted: &Wanted<'_>) -> Value {
    let mut disk = Map::new();
    disk.insert("name".to_owned(), json!(wanted.name));
    if let OsDisk::Vhd(uri) = wanted.os_disk {
        disk.insert("vhd".to_owned(), json!({"uri": uri}));
    }
    disk.insert("caching".to_owned(), json!("ReadWrite"));
    disk.insert("createOption".to_owned(), json!("FromImage"));
    if let Some(gb) = wanted.os_disk_gb {
        disk.insert("diskSizeGB".to_owned(), json!(gb));
    }
    if let OsDisk::Managed {
        account_type,
        encryption_set_id,
    } = wanted.os_disk
    {
        // What is not said Azure decides, otherwise from year to year (juju-provider L76).
        let mut managed = json!({"storageAccountType": account_type.unwrap_or(OS_DISK_TYPE).as_str()});
        if let Some(id) = encryption_set_id {
            managed["diskEncryptionSet"] = json!({"id": id});
        }
        disk.insert("managedDisk".to_owned(), managed);
    }
    Value::Object(disk)
}

pub(crate) fn put(scope: &Scope, wanted: &Wanted<'_>) -> Call {
    let body = json!({
        "location": scope.location,
        "tags": tags::to_json(wanted.tags),
        "properties": properties(wanted),
    });
    scope.put(
        "create virtual machine",
        &scope.id(KIND, &[wanted.name]),
        scope.versions.compute,
        &body,
    )
}

fn os_profile(wanted: &Wanted<'_>) -> Value {
    let mut profile = Map::new();
    profile.insert("computerName".to_owned(), json!(wanted.name));
    profile.insert("customData".to_owned(), json!(wanted.custom_data));
    match wanted.access {
        Access::Keys { user, keys } => {
            let path = format!("/home/{user}/.ssh/authorized_keys");
            profile.insert("adminUsername".to_owned(), json!(user));
            // The whole text as one entry, as Juju does up to 3.x (juju-provider 1.12).
            let linux = json!({
                "disablePasswordAuthentication": true,
                "ssh": {"publicKeys": [{"path": path, "keyData": keys}]},
            });
            profile.insert("linuxConfiguration".to_owned(), linux);
        }
        Access::Password { user, password } => {
            profile.insert("adminUsername".to_owned(), json!(user));
            profile.insert("adminPassword".to_owned(), json!(password));
            let windows = json!({"provisionVMAgent": true, "enableAutomaticUpdates": true});
            profile.insert("windowsConfiguration".to_owned(), windows);
        }
    }
    Value::Object(profile)
}

pub(crate) fn get(scope: &Scope, name: &str) -> Call {
    scope.get("find virtual machine", &scope.id(KIND, &[name]), scope.versions.compute)
}

pub(crate) fn list(scope: &Scope) -> Call {
    scope.get("list virtual machines", &scope.id(KIND, &[]), scope.versions.compute)
}

pub(crate) fn delete(scope: &Scope, name: &str) -> Call {
    scope.delete(
        "delete virtual machine",
        &scope.id(KIND, &[name]),
        scope.versions.compute,
    )
}

/// The properties of the extension that runs the custom data where nothing in the image does (juju-provider 1.12). None on
/// Ubuntu.
pub(crate) fn custom_script(system: OperatingSystem) -> Option<Value> {
    let (publisher, kind, command) = match system {
        OperatingSystem::Ubuntu => return None,
        OperatingSystem::CentOs => (
            "Microsoft.OSTCExtensions",
            "CustomScriptForLinux",
            "bash -c 'base64 -d /var/lib/waagent/CustomData | bash'",
        ),
        OperatingSystem::Windows => (
            "Microsoft.Compute",
            "CustomScriptExtension",
            "move C:\\AzureData\\CustomData.bin C:\\AzureData\\CustomData.ps1 && \
             powershell.exe -ExecutionPolicy Unrestricted -File C:\\AzureData\\CustomData.ps1 && \
             del /q C:\\AzureData\\CustomData.ps1",
        ),
    };
    Some(json!({
        "publisher": publisher,
        "type": kind,
        "typeHandlerVersion": "1.4",
        "autoUpgradeMinorVersion": true,
        "settings": {"commandToExecute": command},
    }))
}

pub(crate) fn put_custom_script(scope: &Scope, vm: &str, system: OperatingSystem, own: &Tags) -> Option<Call> {
    let body = json!({
        "location": scope.location,
        "tags": tags::to_json(own),
        "properties": custom_script(system)?,
    });
    let id = scope.id("Microsoft.Compute/virtualMachines/extensions", &[vm, CUSTOM_SCRIPT]);
    Some(scope.put("create virtual machine extension", &id, scope.versions.compute, &body))
}
