//! The sizes of a location, as compute lists them.

use serde::Deserialize;

use super::scope::{Call, Scope};

/// A size (juju-provider 1.13).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VmSize {
    pub(crate) name: String,
    /// The family whose cores are counted together; this list does not tell it.
    #[serde(skip)]
    pub(crate) family: Option<String>,
    pub(crate) number_of_cores: u64,
    #[serde(rename = "osDiskSizeInMB")]
    pub(crate) os_disk_size_in_mb: u64,
    #[serde(rename = "memoryInMB")]
    pub(crate) memory_in_mb: u64,
    #[serde(default)]
    pub(crate) max_data_disk_count: u64,
}

pub(crate) fn list(scope: &Scope) -> Call {
    let id = format!(
        "{}/providers/Microsoft.Compute/locations/{}/vmSizes",
        scope.subscription_id(),
        scope.location
    );
    scope.get("list virtual machine sizes", &id, scope.versions.compute)
}
