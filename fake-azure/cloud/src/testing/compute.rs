//! Words of Compute.

use serde_json::{Value, json};

use super::{Args, Word};
use crate::registry::Kind;

pub(super) const WORDS: &[Word] = &[
    // tidy: sorted
    Word {
        name: "avset",
        kind: Kind::AvailabilitySets,
        document: avset,
    },
    Word {
        name: "disk",
        kind: Kind::Disks,
        document: disk,
    },
    Word {
        name: "extension",
        kind: Kind::VirtualMachineExtensions,
        document: extension,
    },
    Word {
        name: "image",
        kind: Kind::Images,
        document: |_| json!({}),
    },
    Word {
        name: "scaleset",
        kind: Kind::ScaleSets,
        document: |_| json!({}),
    },
    Word {
        name: "snapshot",
        kind: Kind::Snapshots,
        document: |_| json!({}),
    },
    Word {
        name: "vm",
        kind: Kind::VirtualMachines,
        document: vm,
    },
    // tidy: end
];

/// `put avset a0 sku=Aligned`
fn avset(args: &Args<'_>) -> Value {
    json!({ "sku": { "name": args.get("sku").unwrap_or("Classic") }, "properties": {} })
}

/// `put disk d0 size=10 sku=Premium_LRS`
fn disk(args: &Args<'_>) -> Value {
    let size: u32 = args.get("size").unwrap_or("10").parse().expect("a size in GiB");
    json!({
        "sku": { "name": args.get("sku").unwrap_or("Standard_LRS") },
        "properties": { "creationData": { "createOption": "Empty" }, "diskSizeGB": size },
    })
}

/// `put extension v0/script`
fn extension(_args: &Args<'_>) -> Value {
    json!({ "properties": { "publisher": "Microsoft.OSTCExtensions", "type": "CustomScriptForLinux", "typeHandlerVersion": "1.4" } })
}

/// `put vm v0 nic=n0,n1 size=Standard_D2 avset=a0 vhd=https://...`: Ubuntu, on managed disks unless a VHD is named. The first
/// interface is the primary one. Machines with managed disks need a version that knows them.
fn vm(args: &Args<'_>) -> Value {
    let nics = args.list("nic").into_iter().enumerate().map(|(index, name)| {
        let mut nic = args.named("nic", name);
        nic["properties"] = json!({ "primary": index == 0 });
        nic
    });
    let mut os_disk = json!({ "name": format!("{}-os", args.name), "createOption": "FromImage" });
    if let Some(uri) = args.get("vhd") {
        os_disk["vhd"] = json!({ "uri": uri });
    }
    json!({
        "properties": {
            "hardwareProfile": { "vmSize": args.get("size").unwrap_or("Standard_D1") },
            "availabilitySet": args.reference("avset", "avset"),
            "storageProfile": {
                "imageReference": { "publisher": "Canonical", "offer": "UbuntuServer", "sku": "16.04.0-LTS", "version": "latest" },
                "osDisk": os_disk,
            },
            "osProfile": { "computerName": args.name, "adminUsername": "juju", "adminPassword": "Secret-1234" },
            "networkProfile": { "networkInterfaces": nics.collect::<Vec<Value>>() },
        },
    })
}
