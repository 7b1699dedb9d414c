//! Managed disks: disks that are resources of their own (juju-provider 1.17, generations from A5 on).

use serde::Deserialize;
use serde_json::json;

use super::scope::{Call, Scope};
use super::tags::{self, Tags};
use crate::StorageAccountType;

const KIND: &str = "Microsoft.Compute/disks";

/// A disk, as far as we look at it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Disk {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) tags: Option<Tags>,
    #[serde(default)]
    properties: Properties,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Properties {
    #[serde(rename = "diskSizeGB", default)]
    disk_size_gb: Option<u64>,
}

impl Disk {
    /// Its size in GiB, which Azure calls GB.
    pub(crate) fn size_gib(&self) -> u64 {
        self.properties.disk_size_gb.unwrap_or_default()
    }
}

/// The id of a disk of this group.
pub(crate) fn id(scope: &Scope, name: &str) -> String {
    scope.id(KIND, &[name])
}

/// An empty disk.
pub(crate) fn put(scope: &Scope, name: &str, size_gib: u64, kind: StorageAccountType, own: &Tags) -> Call {
    let body = json!({
        "location": scope.location,
        "tags": tags::to_json(own),
        "sku": {"name": kind.as_str()},
        "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": size_gib},
    });
    scope.put("create disk", &id(scope, name), scope.versions.disks, &body)
}

pub(crate) fn get(scope: &Scope, name: &str) -> Call {
    scope.get("find disk", &id(scope, name), scope.versions.disks)
}

/// Those of the group. Juju once listed the whole subscription's, other models' among them (juju-provider L60).
pub(crate) fn list(scope: &Scope) -> Call {
    scope.get("list disks", &scope.id(KIND, &[]), scope.versions.disks)
}

pub(crate) fn delete(scope: &Scope, name: &str) -> Call {
    scope.delete("delete disk", &id(scope, name), scope.versions.disks)
}
