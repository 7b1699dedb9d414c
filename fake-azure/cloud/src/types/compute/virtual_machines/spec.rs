//! What a client asks of a virtual machine, read once.

use serde::Deserialize;
use serde_json::Value;

use crate::Document;
use crate::error::CloudError;
use crate::types::compute::parameters::{invalid, missing};

/// A machine's document, as far as rules look at it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Spec {
    pub(super) properties: Properties,
    pub(super) zones: Vec<String>,
    pub(super) plan: Option<Purchase>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Properties {
    hardware_profile: Option<HardwareProfile>,
    storage_profile: Option<StorageProfile>,
    network_profile: Option<NetworkProfile>,
    priority: Option<String>,
    eviction_policy: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct HardwareProfile {
    vm_size: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct StorageProfile {
    pub(super) image_reference: Option<ImageReference>,
    pub(super) os_disk: Option<SentDisk>,
    pub(super) data_disks: Option<Vec<SentDisk>>,
}

/// The image that a machine is made from.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ImageReference {
    pub(super) id: Option<String>,
    pub(super) publisher: Option<String>,
    pub(super) offer: Option<String>,
    pub(super) sku: Option<String>,
    pub(super) version: Option<String>,
}

/// One disk, of the system or of data.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct SentDisk {
    pub(super) lun: Option<u32>,
    pub(super) name: Option<String>,
    pub(super) create_option: Option<String>,
    pub(super) os_type: Option<String>,
    pub(super) vhd: Option<Address>,
    pub(super) image: Option<Address>,
    #[serde(rename = "diskSizeGB")]
    pub(super) disk_size_gb: Option<u32>,
    pub(super) managed_disk: Option<ManagedDisk>,
    pub(super) delete_option: Option<String>,
    pub(super) to_be_detached: bool,
    pub(super) diff_disk_settings: Option<Value>,
}

impl SentDisk {
    /// The address of its VHD.
    pub(super) fn vhd_uri(&self) -> Option<&str> {
        self.vhd.as_ref().and_then(|vhd| vhd.uri.as_deref())
    }

    /// Its managed disk's kind of storage.
    pub(super) fn storage_account_type(&self) -> Option<&str> {
        self.managed_disk
            .as_ref()
            .and_then(|managed| managed.storage_account_type.as_deref())
    }

    /// The set that its managed disk is encrypted with.
    pub(super) fn encryption_set(&self) -> Option<&str> {
        let managed = self.managed_disk.as_ref()?;
        managed.disk_encryption_set.as_ref()?.id.as_deref()
    }

    /// Whether it goes when the machine goes.
    pub(super) fn deletes(&self) -> bool {
        self.delete_option.as_deref() == Some("Delete")
    }

    /// How it comes to be, in Azure's spelling.
    pub(super) fn option(&self) -> &str {
        self.create_option.as_deref().unwrap_or_default()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Address {
    pub(super) uri: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ManagedDisk {
    pub(super) id: Option<String>,
    pub(super) storage_account_type: Option<String>,
    pub(super) disk_encryption_set: Option<Named>,
}

/// A resource by its id.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Named {
    pub(super) id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct NetworkProfile {
    network_interfaces: Vec<SentNic>,
}

/// A network interface in a machine's document.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SentNic {
    pub(super) id: Option<String>,
    pub(super) properties: NicProperties,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct NicProperties {
    pub(super) primary: Option<bool>,
    pub(super) delete_option: Option<String>,
}

/// The plan that a marketplace image is bought under.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Purchase {
    pub(super) publisher: Option<String>,
    pub(super) name: Option<String>,
    pub(super) product: Option<String>,
}

impl Spec {
    /// Reads a document.
    pub(super) fn read(document: &Document) -> Result<Spec, CloudError> {
        Spec::deserialize(document).map_err(|_| invalid("virtualMachine"))
    }

    /// The size's name, in any case.
    pub(super) fn size(&self) -> Result<&str, CloudError> {
        let profile = self
            .properties
            .hardware_profile
            .as_ref()
            .ok_or_else(|| missing("hardwareProfile"))?;
        profile
            .vm_size
            .as_deref()
            .filter(|size| !size.is_empty())
            .ok_or_else(|| missing("vmSize"))
    }

    /// The disks.
    pub(super) fn storage(&self) -> Result<&StorageProfile, CloudError> {
        self.properties
            .storage_profile
            .as_ref()
            .ok_or_else(|| missing("storageProfile"))
    }

    /// The network interfaces: at least one.
    pub(super) fn nics(&self) -> Result<&[SentNic], CloudError> {
        let profile = self
            .properties
            .network_profile
            .as_ref()
            .ok_or_else(|| missing("networkProfile"))?;
        if profile.network_interfaces.is_empty() {
            return Err(missing("networkProfile.networkInterfaces"));
        }
        Ok(&profile.network_interfaces)
    }

    /// Whether it is a Spot machine, once called low priority.
    pub(super) fn is_spot(&self) -> bool {
        matches!(self.properties.priority.as_deref(), Some("Spot" | "Low"))
    }

    /// Whether an eviction deletes it.
    pub(super) fn eviction_deletes(&self) -> bool {
        self.properties.eviction_policy.as_deref() == Some("Delete")
    }
}
