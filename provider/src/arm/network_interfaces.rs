//! Network interfaces. One exists as long as its machine does, and is what makes the machine an instance.

use std::net::{IpAddr, Ipv4Addr};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::scope::{Call, Scope, version};
use super::tags::{self, Tags};

const KIND: &str = "Microsoft.Network/networkInterfaces";
const CONFIGURATION: &str = "primary";

/// An interface. It keeps Azure's document, to be written back without its public address.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(crate) struct Interface {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) tags: Option<Tags>,
    configurations: Vec<Configuration>,
    document: Map<String, Value>,
}

#[derive(Deserialize)]
struct Fields {
    id: String,
    name: String,
    #[serde(default)]
    tags: Option<Tags>,
    #[serde(default)]
    properties: Properties,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    #[serde(default)]
    ip_configurations: Vec<Configuration>,
}

#[derive(Clone, Debug, Deserialize)]
struct Configuration {
    #[serde(default)]
    properties: ConfigurationProperties,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct ConfigurationProperties {
    #[serde(rename = "privateIPAddress", default)]
    private_ip_address: Option<String>,
    #[serde(rename = "publicIPAddress", default)]
    public_ip_address: Option<Value>,
    /// Absent where there is only one.
    #[serde(default)]
    primary: Option<bool>,
}

impl TryFrom<Value> for Interface {
    type Error = serde_json::Error;

    fn try_from(value: Value) -> Result<Self, serde_json::Error> {
        let document = value.as_object().cloned().unwrap_or_default();
        let fields: Fields = serde_json::from_value(value)?;
        Ok(Self {
            id: fields.id,
            name: fields.name,
            tags: fields.tags,
            configurations: fields.properties.ip_configurations,
            document,
        })
    }
}

impl Interface {
    /// Every private address.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        let texts = self
            .configurations
            .iter()
            .filter_map(|own| own.properties.private_ip_address.as_deref());
        texts.filter_map(|text| text.parse().ok())
    }

    /// The private address that rules for the machine point at.
    pub(crate) fn primary_address(&self) -> Option<IpAddr> {
        let primary = self
            .configurations
            .iter()
            .find(|own| own.properties.primary == Some(true));
        let primary = primary.or(self.configurations.first())?;
        primary.properties.private_ip_address.as_deref()?.parse().ok()
    }

    pub(crate) fn has_public_address(&self) -> bool {
        self.configurations.iter().any(|own| {
            own.properties
                .public_ip_address
                .as_ref()
                .is_some_and(|ip| !ip.is_null())
        })
    }
}

/// `<vm>-primary`
pub(crate) fn name(vm: &str) -> String {
    format!("{vm}-primary")
}

/// What an interface is made of.
#[derive(Clone, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) vm: &'a str,
    pub(crate) tags: &'a Tags,
    pub(crate) subnet_id: &'a str,
    pub(crate) address: Ipv4Addr,
    pub(crate) public_ip_id: Option<&'a str>,
}

pub(crate) fn put(scope: &Scope, wanted: &Wanted<'_>) -> Call {
    let mut configuration = json!({
        "privateIPAddress": wanted.address.to_string(),
        "privateIPAllocationMethod": "Static",
        "subnet": {"id": wanted.subnet_id},
    });
    if let Some(id) = wanted.public_ip_id {
        configuration["publicIPAddress"] = json!({"id": id});
    }
    let body = json!({
        "location": scope.location,
        "tags": tags::to_json(wanted.tags),
        "properties": {"ipConfigurations": [{"name": CONFIGURATION, "properties": configuration}]},
    });
    scope.put(
        "create network interface",
        &scope.id(KIND, &[&name(wanted.vm)]),
        version::NETWORK,
        &body,
    )
}

/// The interface as it is, without its public addresses.
pub(crate) fn put_without_public_address(scope: &Scope, interface: &Interface) -> Call {
    let mut document = interface.document.clone();
    // What only the service says is left out; the rest goes back as it came.
    document.retain(|name, _| !["id", "name", "type", "etag"].contains(&name.as_str()));
    let properties = document.get_mut("properties").and_then(Value::as_object_mut);
    if let Some(properties) = properties {
        properties.retain(|name, _| {
            !["provisioningState", "resourceGuid", "macAddress", "virtualMachine"].contains(&name.as_str())
        });
        let configurations = properties.get_mut("ipConfigurations").and_then(Value::as_array_mut);
        for configuration in configurations.into_iter().flatten() {
            if let Some(configuration) = configuration.get_mut("properties").and_then(Value::as_object_mut) {
                configuration.retain(|name, _| !["publicIPAddress", "provisioningState"].contains(&name.as_str()));
            }
        }
    }
    let id = scope.id(KIND, &[&interface.name]);
    scope.put(
        "detach the public IP address from network interface",
        &id,
        version::NETWORK,
        &Value::Object(document),
    )
}

pub(crate) fn get(scope: &Scope, vm: &str) -> Call {
    scope.get(
        "find network interface",
        &scope.id(KIND, &[&name(vm)]),
        version::NETWORK,
    )
}

pub(crate) fn list(scope: &Scope) -> Call {
    scope.get("list network interfaces", &scope.id(KIND, &[]), version::NETWORK)
}

pub(crate) fn delete(scope: &Scope, name: &str) -> Call {
    scope.delete("delete network interface", &scope.id(KIND, &[name]), version::NETWORK)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::json;

    use super::super::scope::tests::{scope, wire};
    use super::{Interface, put_without_public_address};

    fn interface() -> Interface {
        let document = json!({
            "id": "/x/machine-0-primary", "name": "machine-0-primary", "etag": "W/1", "location": "westus",
            "tags": {"juju-machine-name": "machine-0"},
            "properties": {
                "provisioningState": "Succeeded", "macAddress": "00-0D-3A-00-00-01", "virtualMachine": {"id": "/x/vm"},
                "ipConfigurations": [{"name": "primary", "properties": {
                    "privateIPAddress": "10.0.0.4", "privateIPAllocationMethod": "Static", "subnet": {"id": "/x/subnet"},
                    "publicIPAddress": {"id": "/x/pip"}, "provisioningState": "Succeeded"}}],
                "enableIPForwarding": false},
        });
        serde_json::from_value(document).expect("the document is an interface")
    }

    #[test]
    fn an_interface_is_written_back_whole_but_for_its_public_address() {
        assert!(interface().has_public_address());
        expect![[r#"
            PUT https://management.azure.com/subscriptions/00000000-0000-0000-0000-000000000011/resourceGroups/juju-env-environment-e/providers/Microsoft.Network/networkInterfaces/machine-0-primary?api-version=2015-06-15
            accept: application/json
            content-type: application/json

            {"location":"westus","tags":{"juju-machine-name":"machine-0"},"properties":{"ipConfigurations":[{"name":"primary","properties":{"privateIPAddress":"10.0.0.4","privateIPAllocationMethod":"Static","subnet":{"id":"/x/subnet"}}}],"enableIPForwarding":false}}"#]]
        .assert_eq(&wire(&put_without_public_address(&scope(), &interface())));
    }

    #[test]
    fn the_primary_address_is_that_of_the_only_configuration() {
        assert_eq!(interface().primary_address(), "10.0.0.4".parse().ok());
    }
}
