//! What the shelf refuses: the few rules that decide whether the provider's order is right.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::Response;
use serde_json::Value;

use super::{State, refusal};

impl State {
    pub(super) fn refused_put(&self, key: &str, document: &Value) -> Option<Response<Bytes>> {
        let address = |own: &Value| {
            own.pointer("/properties/ipConfigurations/0/properties/privateIPAddress")
                .cloned()
        };
        if key.contains("/networkinterfaces/") {
            address(document)?;
            let twin = self.documents.iter().find(|(own, other)| {
                own.contains("/networkinterfaces/") && *own != key && address(other) == address(document)
            });
            return twin.map(|_| refusal(400, "PrivateIPAddressIsAllocated", "The address is already allocated."));
        }
        if key.contains("/virtualmachines/") {
            return self.refused_disks(key, document);
        }
        if key.contains("/securityrules/") {
            let group = key.split("/securityrules/").next().unwrap_or_default();
            let priority = document.pointer("/properties/priority");
            let twin = self.documents.iter().find(|(own, other)| {
                own.starts_with(&format!("{group}/securityrules/"))
                    && *own != key
                    && other.pointer("/properties/priority") == priority
            });
            return twin.map(|_| {
                refusal(
                    400,
                    "SecurityRuleConflict",
                    "Rules cannot have the same Priority and Direction.",
                )
            });
        }

        None
    }

    fn refused_disks(&self, key: &str, document: &Value) -> Option<Response<Bytes>> {
        let disks_of = |own: &Value| {
            let disks = own
                .pointer("/properties/storageProfile/dataDisks")
                .and_then(Value::as_array);
            disks.cloned().unwrap_or_default()
        };
        let before = self.documents.get(key).map(disks_of).unwrap_or_default();
        let mut luns = BTreeSet::new();
        for disk in disks_of(document) {
            if !luns.insert(disk["lun"].to_string()) {
                return Some(refusal(
                    400,
                    "InvalidParameter",
                    "A data disk with that lun is there already.",
                ));
            }
            if before.iter().any(|own| own["name"] == disk["name"]) {
                continue;
            }
            let uri = disk.pointer("/vhd/uri").and_then(Value::as_str);
            let blob = uri.and_then(|uri| uri.split(".net").nth(1));
            let exists = blob.is_some_and(|blob| self.blobs.contains(blob));
            if blob.is_some() && exists == (disk["createOption"] == "Empty") {
                return Some(refusal(409, "Conflict", "The blob is there, or is not."));
            }
            let text = blob
                .map(str::to_owned)
                .unwrap_or_else(|| disk["managedDisk"]["id"].to_string());
            let mut others = self
                .documents
                .iter()
                .filter(|(own, _)| own.contains("/virtualmachines/") && *own != key);
            if others.any(|(_, other)| other.to_string().contains(&text)) {
                return Some(refusal(
                    409,
                    "AttachDiskWhileBeingDetached",
                    "Another machine has the disk.",
                ));
            }
        }
        None
    }

    pub(super) fn refused_delete(&self, key: &str) -> Option<Response<Bytes>> {
        let is_used_by = |kind: &str| {
            let mut users = self.documents.iter().filter(|(own, _)| own.contains(kind));
            users.any(|(_, document)| document.to_string().to_lowercase().contains(&format!("\"{key}\"")))
        };
        let in_use = |code| Some(refusal(400, code, "It is in use."));
        if key.contains("/networkinterfaces/") && is_used_by("/virtualmachines/") {
            return in_use("NicInUse");
        }
        if key.contains("/publicipaddresses/") && is_used_by("/networkinterfaces/") {
            return in_use("PublicIPAddressCannotBeDeleted");
        }
        if key.contains("/disks/") && is_used_by("/virtualmachines/") {
            return Some(refusal(
                409,
                "OperationNotAllowed",
                "The disk is attached to a machine.",
            ));
        }
        if key.contains("/subnets/") && is_used_by("/networkinterfaces/") {
            return in_use("InUseSubnetCannotBeDeleted");
        }

        None
    }
}
