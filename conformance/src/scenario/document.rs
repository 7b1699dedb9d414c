//! The documents of short forms: `put: nic/n0` with `{subnet: $a}` is a whole network interface.
//!
//! They are what a client writes, no more: every default is the service's.

use serde_json::{Map, Value, json};

/// The particulars that a type's short form takes.
#[must_use]
pub fn keys(short: &str) -> &'static [&'static str] {
    match short {
        "account" => &["type"],
        "disk" => &["size", "sku"],
        "extension" => &["publisher", "settings", "type", "version"],
        "group" | "set" => &["tags"],
        "nic" => &["address", "nsg", "public", "subnet", "tags"],
        "nsg" => &["rules", "tags"],
        "pip" => &["label", "method", "tags"],
        "rule" => &["access", "direction", "from", "port", "priority", "protocol", "to"],
        "subnet" => &["nsg", "prefix"],
        "vm" => &["disks", "image", "nic", "nics", "set", "size", "tags"],
        "vnet" => &["space", "subnets", "tags"],
        _ => &[],
    }
}

/// The document of a short form with these particulars.
#[must_use]
pub fn build(short: &str, name: &str, location: &str, with: &Map<String, Value>) -> Value {
    let part = |key: &str| with.get(key).cloned();
    let or = |key: &str, default: Value| part(key).unwrap_or(default);
    let mut document = match short {
        "account" => json!({"kind": "Storage", "sku": {"name": or("type", json!("Standard_LRS"))}}),
        "disk" => json!({
            "sku": {"name": or("sku", json!("Standard_LRS"))},
            "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": or("size", json!(10))},
        }),
        "extension" => json!({"properties": {
            "publisher": or("publisher", json!("Microsoft.Azure.Extensions")),
            "type": or("type", json!("CustomScript")),
            "typeHandlerVersion": or("version", json!("2.0")),
            "autoUpgradeMinorVersion": true,
            "settings": or("settings", json!({"commandToExecute": "true"})),
        }}),
        "nic" => nic(with),
        "nsg" => json!({"properties": {"securityRules": rules(part("rules"))}}),
        "pip" => pip(with),
        "rule" => json!({"properties": rule(with)}),
        "subnet" => json!({"properties": subnet(with)}),
        "vm" => vm(name, with),
        "vnet" => vnet(with),
        _ => json!({}),
    };
    let placed = !matches!(short, "rule" | "subnet");
    if let Some(members) = document.as_object_mut() {
        if placed {
            members.insert("location".to_owned(), json!(location));
        }
        if let Some(tags) = part("tags") {
            members.insert("tags".to_owned(), tags);
        }
    }
    document
}

fn reference(id: &Value) -> Value {
    json!({ "id": id })
}

fn nic(with: &Map<String, Value>) -> Value {
    let mut configuration = Map::new();
    if let Some(subnet) = with.get("subnet") {
        configuration.insert("subnet".to_owned(), reference(subnet));
    }
    let method = if with.contains_key("address") {
        "Static"
    } else {
        "Dynamic"
    };
    configuration.insert("privateIPAllocationMethod".to_owned(), json!(method));
    if let Some(address) = with.get("address") {
        configuration.insert("privateIPAddress".to_owned(), address.clone());
    }
    if let Some(public) = with.get("public") {
        configuration.insert("publicIPAddress".to_owned(), reference(public));
    }
    let mut properties = json!({"ipConfigurations": [{"name": "primary", "properties": configuration}]});
    if let Some(nsg) = with.get("nsg") {
        properties["networkSecurityGroup"] = reference(nsg);
    }
    json!({ "properties": properties })
}

fn pip(with: &Map<String, Value>) -> Value {
    let method = with.get("method").cloned().unwrap_or_else(|| json!("Dynamic"));
    let mut properties = json!({ "publicIPAllocationMethod": method });
    if let Some(label) = with.get("label") {
        properties["dnsSettings"] = json!({ "domainNameLabel": label });
    }
    json!({ "properties": properties })
}

fn rule(with: &Map<String, Value>) -> Value {
    let or = |key: &str, default: Value| with.get(key).cloned().unwrap_or(default);
    let port = match or("port", json!("*")) {
        Value::String(text) => text,
        other => other.to_string(),
    };
    json!({
        "protocol": or("protocol", json!("Tcp")),
        "sourcePortRange": "*",
        "destinationPortRange": port,
        "sourceAddressPrefix": or("from", json!("*")),
        "destinationAddressPrefix": or("to", json!("*")),
        "access": or("access", json!("Allow")),
        "priority": or("priority", json!(100)),
        "direction": or("direction", json!("Inbound")),
    })
}

/// Rules written as `{name: r0, priority: 100, ...}`.
fn rules(rows: Option<Value>) -> Value {
    let rows = rows.and_then(|rows| rows.as_array().cloned()).unwrap_or_default();
    let whole = |row: &Value| {
        let particulars = row.as_object().cloned().unwrap_or_default();
        json!({"name": row.get("name"), "properties": rule(&particulars)})
    };
    Value::Array(rows.iter().map(whole).collect())
}

fn subnet(with: &Map<String, Value>) -> Value {
    let mut properties = Map::new();
    properties.insert(
        "addressPrefix".to_owned(),
        with.get("prefix").cloned().unwrap_or_else(|| json!("10.0.0.0/24")),
    );
    if let Some(nsg) = with.get("nsg") {
        properties.insert("networkSecurityGroup".to_owned(), reference(nsg));
    }
    Value::Object(properties)
}

/// Subnets of a network are written as `{name: prefix}`.
fn vnet(with: &Map<String, Value>) -> Value {
    let space = match with.get("space") {
        Some(Value::Array(spaces)) => Value::Array(spaces.clone()),
        Some(space) => json!([space]),
        None => json!(["10.0.0.0/16"]),
    };
    let mut properties = json!({"addressSpace": {"addressPrefixes": space}});
    if let Some(subnets) = with.get("subnets").and_then(Value::as_object) {
        let whole = |(name, prefix): (&String, &Value)| json!({"name": name, "properties": {"addressPrefix": prefix}});
        properties["subnets"] = Value::Array(subnets.iter().map(whole).collect());
    }
    json!({ "properties": properties })
}

/// A machine from a catalogue image on a managed disk, with a password.
fn vm(name: &str, with: &Map<String, Value>) -> Value {
    let or = |key: &str, default: Value| with.get(key).cloned().unwrap_or(default);
    let nics: Vec<Value> = match (with.get("nic"), with.get("nics").and_then(Value::as_array)) {
        (_, Some(nics)) => {
            let primary = |(index, nic): (usize, &Value)| json!({"id": nic, "properties": {"primary": index == 0}});
            nics.iter().enumerate().map(primary).collect()
        }
        (Some(nic), None) => vec![reference(nic)],
        (None, None) => Vec::new(),
    };
    let image = or(
        "image",
        json!({"publisher": "Canonical", "offer": "UbuntuServer", "sku": "16.04-LTS", "version": "latest"}),
    );
    let mut properties = json!({
        "hardwareProfile": {"vmSize": or("size", json!("Standard_D1_v2"))},
        "storageProfile": {"imageReference": image, "osDisk": {"createOption": "FromImage"}},
        "osProfile": {"computerName": name, "adminUsername": "ubuntu", "adminPassword": "Sixteen-tons-1"},
        "networkProfile": {"networkInterfaces": nics},
    });
    if let Some(set) = with.get("set") {
        properties["availabilitySet"] = reference(set);
    }
    if let Some(disks) = with.get("disks").and_then(Value::as_array) {
        let whole = |(lun, disk): (usize, &Value)| json!({"lun": lun, "createOption": "Attach", "managedDisk": reference(disk)});
        properties["storageProfile"]["dataDisks"] = Value::Array(disks.iter().enumerate().map(whole).collect());
    }
    json!({ "properties": properties })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_static_address_follows_from_naming_one() {
        let with = json!({"subnet": "/s", "address": "10.0.0.9"});
        let document = build("nic", "n0", "westus", with.as_object().expect("an object"));
        expect_test::expect![[r#"{"properties":{"ipConfigurations":[{"name":"primary","properties":{"subnet":{"id":"/s"},"privateIPAllocationMethod":"Static","privateIPAddress":"10.0.0.9"}}]},"location":"westus"}"#]]
            .assert_eq(&document.to_string());
    }

    #[test]
    fn children_have_no_location() {
        let document = build("subnet", "a", "westus", &Map::new());
        assert_eq!(document, json!({"properties": {"addressPrefix": "10.0.0.0/24"}}));
    }
}
