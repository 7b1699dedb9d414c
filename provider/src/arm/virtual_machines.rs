//! Virtual machines.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::choose_image::{Image, OperatingSystem};
use super::scope::{Call, Scope, version};
use super::tags::{self, Tags};

const KIND: &str = "Microsoft.Compute/virtualMachines";

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

/// What a machine is made of.
#[derive(Clone, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) name: &'a str,
    pub(crate) tags: &'a Tags,
    pub(crate) size: &'a str,
    pub(crate) image: &'a Image,
    /// Where the OS disk will be.
    pub(crate) vhd_uri: &'a str,
    pub(crate) access: Access<'a>,
    /// Base64.
    pub(crate) custom_data: &'a str,
    pub(crate) interface_id: &'a str,
    pub(crate) availability_set_id: &'a str,
}

pub(crate) fn put(scope: &Scope, wanted: &Wanted<'_>) -> Call {
    let image = wanted.image;
    let body = json!({
        "location": scope.location,
        "tags": tags::to_json(wanted.tags),
        "properties": {
            "hardwareProfile": {"vmSize": wanted.size},
            "storageProfile": {
                "imageReference": {
                    "publisher": image.publisher, "offer": image.offer, "sku": image.sku, "version": "latest",
                },
                "osDisk": {
                    "name": wanted.name,
                    "vhd": {"uri": wanted.vhd_uri},
                    "caching": "ReadWrite",
                    "createOption": "FromImage",
                },
            },
            "osProfile": os_profile(wanted),
            "networkProfile": {"networkInterfaces": [{"id": wanted.interface_id, "properties": {"primary": true}}]},
            "availabilitySet": {"id": wanted.availability_set_id},
        },
    });
    scope.put(
        "create virtual machine",
        &scope.id(KIND, &[wanted.name]),
        version::COMPUTE,
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

pub(crate) fn list(scope: &Scope) -> Call {
    scope.get("list virtual machines", &scope.id(KIND, &[]), version::COMPUTE)
}

pub(crate) fn delete(scope: &Scope, name: &str) -> Call {
    scope.delete("delete virtual machine", &scope.id(KIND, &[name]), version::COMPUTE)
}

/// The extension that runs the custom data where nothing in the image does (juju-provider 1.12). None on Ubuntu.
pub(crate) fn put_custom_script(scope: &Scope, vm: &str, system: OperatingSystem, own: &Tags) -> Option<Call> {
    const NAME: &str = "JujuCustomScriptExtension";
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
    let body = json!({
        "location": scope.location,
        "tags": tags::to_json(own),
        "properties": {
            "publisher": publisher,
            "type": kind,
            "typeHandlerVersion": "1.4",
            "autoUpgradeMinorVersion": true,
            "settings": {"commandToExecute": command},
        },
    });
    let id = scope.id("Microsoft.Compute/virtualMachines/extensions", &[vm, NAME]);
    Some(scope.put("create virtual machine extension", &id, version::COMPUTE, &body))
}
