//! The data disks of a virtual machine: what its document says of them, and the document with others (juju-provider 1.17).
//!
//! Azure has no request for one disk: the whole machine is read, changed and written. So whoever writes must have read last.

use http::HeaderValue;
use http::header::IF_MATCH;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::scope::{Call, Scope, same_id};
use crate::Error;
use crate::volume::lowest_free_lun;

const KIND: &str = "Microsoft.Compute/virtualMachines";

/// What only the service says of a machine.
const READ_ONLY: [&str; 5] = ["id", "name", "type", "etag", "resources"];
const READ_ONLY_PROPERTIES: [&str; 4] = ["provisioningState", "vmId", "instanceView", "timeCreated"];

/// What a data disk is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A page blob, by its URI.
    Vhd(String),
    /// A disk of its own, by its id.
    Managed(String),
}

/// A data disk, wherever it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Disk {
    pub(crate) name: String,
    pub(crate) source: Source,
}

/// What a data disk is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It is made, of this size.
    Empty { size_gib: u64 },
    /// It is there.
    Existing,
}

/// What is to be true of a machine's disks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Add(Disk, Origin),
    Remove(Disk),
}

impl Change {
    /// What was to be made is there by now.
    pub(crate) fn take_existing(&mut self) {
        if let Self::Add(_, origin) = self {
            *origin = Origin::Existing;
        }
    }
}

/// A virtual machine, as its own document.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(crate) struct Machine {
    name: String,
    etag: Option<String>,
    state: String,
    is_nvme: bool,
    disks: Vec<Value>,
    changed: bool,
    document: Map<String, Value>,
}

impl TryFrom<Value> for Machine {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let controller = text("/properties/storageProfile/diskControllerType");
        let disks = value
            .pointer("/properties/storageProfile/dataDisks")
            .and_then(Value::as_array);
        Ok(Self {
            name: text("/name").ok_or("a virtual machine has no name")?,
            etag: text("/etag"),
            state: text("/properties/provisioningState").unwrap_or_else(|| "Succeeded".to_owned()),
            is_nvme: controller.is_some_and(|own| own.eq_ignore_ascii_case("nvme")),
            disks: disks.cloned().unwrap_or_default(),
            changed: false,
            document: value.as_object().cloned().unwrap_or_default(),
        })
    }
}

impl Machine {
    /// Whether it is being deleted.
    pub(crate) fn is_going(&self) -> bool {
        self.state.eq_ignore_ascii_case("deleting")
    }

    /// Whether its last write failed, so that what its document lists may not be there.
    pub(crate) fn is_failed(&self) -> bool {
        self.state.eq_ignore_ascii_case("failed")
    }

    /// Whether its disks are on an NVMe controller.
    pub(crate) fn is_nvme(&self) -> bool {
        self.is_nvme
    }

    /// Whether its disks are others than were read.
    pub(crate) fn is_changed(&self) -> bool {
        self.changed
    }

    /// The number of `disk` on this machine.
    pub(crate) fn lun(&self, disk: &Disk) -> Option<u32> {
        self.disks.iter().find(|own| is_same(own, disk)).and_then(lun)
    }

    pub(crate) fn has(&self, disk: &Disk) -> bool {
        self.disks.iter().any(|own| is_same(own, disk))
    }

    /// Makes `change` true. What is true already changes nothing.
    pub(crate) fn apply(&mut self, change: &Change) -> Result<(), Error> {
        match change {
            Change::Add(disk, _) if self.has(disk) => {}
            Change::Add(disk, origin) => {
                let used: Vec<u32> = self.disks.iter().filter_map(lun).collect();
                self.disks.push(document(disk, *origin, lowest_free_lun(&used)?));
                self.changed = true;
            }
            Change::Remove(disk) => {
                let n_before = self.disks.len();
                self.disks.retain(|own| !is_same(own, disk));
                self.changed |= self.disks.len() != n_before;
            }
        }
        Ok(())
    }

    /// Whether `change` is true.
    pub(crate) fn satisfies(&self, change: &Change) -> bool {
        match change {
            Change::Add(disk, _) => self.has(disk),
            Change::Remove(disk) => !self.has(disk),
        }
    }
}

fn lun(disk: &Value) -> Option<u32> {
    disk.get("lun")
        .and_then(Value::as_u64)
        .and_then(|lun| u32::try_from(lun).ok())
}

fn is_same(own: &Value, disk: &Disk) -> bool {
    let text = |pointer: &str| own.pointer(pointer).and_then(Value::as_str);
    let named = text("/name").is_some_and(|name| name.eq_ignore_ascii_case(&disk.name));
    named
        && match &disk.source {
            Source::Vhd(uri) => text("/vhd/uri").is_some_and(|own| same_uri(own, uri)),
            // Some answers leave the id out while the disk comes or goes.
            Source::Managed(id) => {
                text("/vhd/uri").is_none() && text("/managedDisk/id").is_none_or(|own| same_id(own, id))
            }
        }
}

/// Scheme and case may come back otherwise; none of our names differ by them alone.
fn same_uri(a: &str, b: &str) -> bool {
    let bare = |uri: &str| {
        let lower = uri.to_lowercase();
        lower
            .split_once("://")
            .map_or(lower.clone(), |(_, rest)| rest.to_owned())
    };
    bare(a) == bare(b)
}

fn document(disk: &Disk, origin: Origin, lun: u32) -> Value {
    let mut document = json!({"lun": lun, "name": disk.name});
    match &disk.source {
        Source::Vhd(uri) => document["vhd"] = json!({"uri": uri}),
        Source::Managed(id) => document["managedDisk"] = json!({"id": id}),
    }
    document["caching"] = json!("ReadWrite");
    match origin {
        Origin::Empty { size_gib } => {
            document["createOption"] = json!("Empty");
            document["diskSizeGB"] = json!(size_gib);
        }
        Origin::Existing => document["createOption"] = json!("Attach"),
    }
    document
}

pub(crate) fn get(scope: &Scope, name: &str) -> Call {
    scope.get(
        "find virtual machine",
        &scope.id(KIND, &[name]),
        scope.versions.data_disks,
    )
}

pub(crate) fn list(scope: &Scope) -> Call {
    scope.get("list virtual machines", &scope.id(KIND, &[]), scope.versions.data_disks)
}

/// The machine as it was read, with its disks as they are now; only if nobody has written it since, where Azure can tell. An empty
/// list is written, too: left out, it would mean that nothing changes (juju-provider L68).
pub(crate) fn put(scope: &Scope, machine: &Machine) -> Call {
    let mut document = machine.document.clone();
    document.retain(|name, _| !READ_ONLY.contains(&name.as_str()));
    if let Some(properties) = document.get_mut("properties").and_then(Value::as_object_mut) {
        properties.retain(|name, _| !READ_ONLY_PROPERTIES.contains(&name.as_str()));
        let profile = properties.entry("storageProfile").or_insert_with(|| json!({}));
        profile["dataDisks"] = json!(machine.disks);
    }
    let mut call = scope.put(
        "change the data disks of virtual machine",
        &scope.id(KIND, &[&machine.name]),
        scope.versions.data_disks,
        &Value::Object(document),
    );
    if let Some(etag) = machine
        .etag
        .as_deref()
        .and_then(|etag| HeaderValue::try_from(etag).ok())
    {
        call.request.headers_mut().insert(IF_MATCH, etag);
    }
    call
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::{Value, json};

    use super::super::scope::tests::{scope, wire};
    use super::{Change, Disk, Machine, Origin, Source, put};

    fn machine(disks: &Value, etag: Option<&str>) -> Machine {
        let document = json!({
            "id": "/x/machine-0", "name": "machine-0", "type": "Microsoft.Compute/virtualMachines", "etag": etag,
            "location": "westus", "resources": [{"id": "/x/extension"}],
            "properties": {
                "vmId": "1", "provisioningState": "Succeeded",
                "storageProfile": {"osDisk": {"name": "machine-0"}, "dataDisks": disks},
            },
        });
        serde_json::from_value(document).expect("the document is a machine")
    }

    fn vhd(nth: u32) -> Disk {
        Disk {
            name: format!("volume-{nth}"),
            source: Source::Vhd(format!("https://a.blob.core.windows.net/datavhds/volume-{nth}.vhd")),
        }
    }

    fn managed(nth: u32) -> Disk {
        Disk {
            name: format!("volume-{nth}"),
            source: Source::Managed(format!("/subscriptions/s/resourceGroups/g/disks/volume-{nth}")),
        }
    }

    #[test]
    fn a_new_disk_takes_the_lowest_gap_and_the_rest_goes_back_as_it_came() {
        let mut machine = machine(
            &json!([{"lun": 0, "name": "theirs"}, {"lun": 2, "name": "also theirs"}]),
            None,
        );
        let change = Change::Add(vhd(7), Origin::Empty { size_gib: 10 });
        assert!(machine.apply(&change).is_ok() && machine.is_changed() && machine.satisfies(&change));
        expect![[r#"
            PUT https://management.azure.com/subscriptions/00000000-0000-0000-0000-000000000011/resourceGroups/juju-env-environment-e/providers/Microsoft.Compute/virtualMachines/machine-0?api-version=2015-06-15
            accept: application/json
            content-type: application/json

            {"location":"westus","properties":{"storageProfile":{"osDisk":{"name":"machine-0"},"dataDisks":[{"lun":0,"name":"theirs"},{"lun":2,"name":"also theirs"},{"lun":1,"name":"volume-7","vhd":{"uri":"https://a.blob.core.windows.net/datavhds/volume-7.vhd"},"caching":"ReadWrite","createOption":"Empty","diskSizeGB":10}]}}}"#]]
        .assert_eq(&wire(&put(&scope(), &machine)));
    }

    #[test]
    fn the_last_disk_leaves_an_empty_list_and_a_version_is_asked_for() {
        let disks = json!([{"lun": 0, "name": "volume-7", "managedDisk": {"id": "/SUBSCRIPTIONS/s/resourcegroups/g/disks/volume-7"}}]);
        let mut machine = machine(&disks, Some("\"3\""));
        assert_eq!(machine.lun(&managed(7)), Some(0));
        assert!(machine.apply(&Change::Remove(managed(7))).is_ok() && machine.is_changed());
        expect![[r#"
            PUT https://management.azure.com/subscriptions/00000000-0000-0000-0000-000000000011/resourceGroups/juju-env-environment-e/providers/Microsoft.Compute/virtualMachines/machine-0?api-version=2015-06-15
            accept: application/json
            content-type: application/json
            if-match: "3"

            {"location":"westus","properties":{"storageProfile":{"osDisk":{"name":"machine-0"},"dataDisks":[]}}}"#]]
        .assert_eq(&wire(&put(&scope(), &machine)));
    }

    #[test]
    fn what_is_true_already_changes_nothing() {
        let disks = json!([{"lun": 4, "name": "volume-1",
                            "vhd": {"uri": "http://A.blob.core.windows.net/datavhds/volume-1.vhd"}}]);
        let mut machine = machine(&disks, None);
        assert!(machine.apply(&Change::Add(vhd(1), Origin::Existing)).is_ok());
        assert!(machine.apply(&Change::Remove(vhd(2))).is_ok());
        // A disk of that name that is something else is somebody else's.
        assert!(machine.apply(&Change::Remove(managed(1))).is_ok());
        assert!(!machine.is_changed());
        assert_eq!(machine.lun(&vhd(1)), Some(4));
    }

    #[test]
    fn a_full_machine_says_so() {
        let disks: Vec<Value> = (0..32)
            .map(|lun| json!({"lun": lun, "name": format!("d{lun}")}))
            .collect();
        let refusal = machine(&json!(disks), None).apply(&Change::Add(vhd(1), Origin::Existing));
        assert_eq!(
            refusal.map_err(|error| error.to_string()),
            Err("all 32 logical unit numbers are in use".to_owned())
        );
    }
}
