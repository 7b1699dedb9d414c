//! Network interfaces. One exists as long as its machine does, and is what makes the machine an instance.

use std::net::{IpAddr, Ipv4Addr};

use http::HeaderValue;
use http::header::IF_MATCH;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::scope::{Call, Scope};
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
    security_group_id: Option<String>,
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
    network_security_group: Option<Reference>,
    #[serde(default)]
    ip_configurations: Vec<Configuration>,
}

#[derive(Clone, Debug, Deserialize)]
struct Reference {
    id: String,
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
    #[serde(default)]
    subnet: Option<Reference>,
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
            security_group_id: fields.properties.network_security_group.map(|own| own.id),
            document,
        })
    }
}

impl Interface {
    /// The security group that hangs on itself, if one does.
    pub(crate) fn security_group_id(&self) -> Option<&str> {
        self.security_group_id.as_deref()
    }

    /// Where it is.
    pub(crate) fn subnet_id(&self) -> Option<&str> {
        let subnets = self
            .configurations
            .iter()
            .filter_map(|own| own.properties.subnet.as_ref());
        subnets.map(|own| own.id.as_str()).next()
    }

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
        let primary = self.configurations.get(self.primary_idx())?;
        primary.properties.private_ip_address.as_deref()?.parse().ok()
    }

    fn primary_idx(&self) -> usize {
        let primary = self
            .configurations
            .iter()
            .position(|own| own.properties.primary == Some(true));
        primary.unwrap_or(0)
    }

    /// Azure's own document.
    pub(crate) fn document(&self) -> &Map<String, Value> {
        &self.document
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

/// `<vm>-primary`, then `<vm>-interface-1` and on (juju-provider 1.4).
pub(crate) fn nth_name(vm: &str, nth: usize) -> String {
    match nth {
        0 => name(vm),
        _ => format!("{vm}-interface-{nth}"),
    }
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
        scope.versions.network,
        &body,
    )
}

/// The interface as it is, without its public addresses.
pub(crate) fn put_without_public_address(scope: &Scope, interface: &Interface) -> Call {
    let document = written_back(interface, None);
    put_document(
        "detach the public IP address from network interface",
        scope,
        interface,
        document,
    )
}

/// The interface as it is, with that public address on its primary configuration or, without one, with none at all; and only if
/// nobody has written it since, nor deleted it: a plain PUT would make it anew.
pub(crate) fn put_public_address(scope: &Scope, interface: &Interface, public_ip_id: Option<&str>) -> Call {
    let operation = match public_ip_id {
        Some(_) => "attach a public IP address to network interface",
        None => "detach the public IP address from network interface",
    };
    let document = written_back(interface, public_ip_id);
    let mut call = put_document(operation, scope, interface, document);
    let version = interface.document.get("etag").and_then(Value::as_str).unwrap_or("*");
    if let Ok(version) = HeaderValue::try_from(version) {
        call.request.headers_mut().insert(IF_MATCH, version);
    }
    call
}

fn put_document(operation: &'static str, scope: &Scope, interface: &Interface, document: Map<String, Value>) -> Call {
    let id = scope.id(KIND, &[&interface.name]);
    scope.put(operation, &id, scope.versions.network, &Value::Object(document))
}

/// The document without what only the service says and without public addresses, but for the one on the primary configuration.
fn written_back(interface: &Interface, public_ip_id: Option<&str>) -> Map<String, Value> {
    let mut document = interface.document.clone();
    // The rest goes back as it came.
    document.retain(|name, _| !["id", "name", "type", "etag"].contains(&name.as_str()));
    let properties = document.get_mut("properties").and_then(Value::as_object_mut);
    let Some(properties) = properties else {
        return document;
    };
    properties.retain(|name, _| {
        !["provisioningState", "resourceGuid", "macAddress", "virtualMachine"].contains(&name.as_str())
    });
    let configurations = properties.get_mut("ipConfigurations").and_then(Value::as_array_mut);
    let primary = interface.primary_idx();
    for (idx, configuration) in configurations.into_iter().flatten().enumerate() {
        if let Some(configuration) = configuration.get_mut("properties").and_then(Value::as_object_mut) {
            configuration.retain(|name, _| !["publicIPAddress", "provisioningState"].contains(&name.as_str()));
            if let Some(id) = public_ip_id.filter(|_| idx == primary) {
                configuration.insert("publicIPAddress".to_owned(), json!({"id": id}));
            }
        }
    }
    document
}

pub(crate) fn get(scope: &Scope, vm: &str) -> Call {
    scope.get(
        "find network interface",
        &scope.id(KIND, &[&name(vm)]),
        scope.versions.network,
    )
}

pub(crate) fn get_by_id(scope: &Scope, id: &str) -> Call {
    scope.get("find network interface", id, scope.versions.network)
}

pub(crate) fn list(scope: &Scope) -> Call {
    scope.get("list network interfaces", &scope.id(KIND, &[]), scope.versions.network)
}

pub(crate) fn delete(scope: &Scope, name: &str) -> Call {
    scope.delete(
        "delete network interface",
        &scope.id(KIND, &[name]),
        scope.versions.network,
    )
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::json;

    use super::super::scope::tests::{scope, wire};
    use super::{Interface, put_public_address, put_without_public_address};

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
    fn a_public_address_is_put_on_the_primary_configuration_of_what_was_read() {
        expect![[r#"
            PUT https://management.azure.com/subscriptions/00000000-0000-0000-0000-000000000011/resourceGroups/juju-env-environment-e/providers/Microsoft.Network/networkInterfaces/machine-0-primary?api-version=2015-06-15
            accept: application/json
            content-type: application/json
            if-match: W/1

            {"location":"westus","tags":{"juju-machine-name":"machine-0"},"properties":{"ipConfigurations":[{"name":"primary","properties":{"privateIPAddress":"10.0.0.4","privateIPAllocationMethod":"Static","subnet":{"id":"/x/subnet"},"publicIPAddress":{"id":"/x/new"}}}],"enableIPForwarding":false}}"#]]
        .assert_eq(&wire(&put_public_address(&scope(), &interface(), Some("/x/new"))));
    }

    #[test]
    fn the_primary_address_is_that_of_the_only_configuration() {
        assert_eq!(interface().primary_address(), "10.0.0.4".parse().ok());
    }
}
