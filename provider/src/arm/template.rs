//! Templates: what a deployment is to make true, and in which order (juju-provider 1.9, B.3, B.4).
//!
//! Pure: parameters in, a document out. What a resource says of itself comes from its own file.

use std::net::Ipv4Addr;

use serde_json::{Map, Value, json};

use super::generation::TemplateVersions;
use super::network_interfaces;
use super::network_security_groups::{self, Rule, SECURITY_GROUP};
use super::public_ip_addresses;
use super::scope::Scope;
use super::tags::{self, Tags};
use super::virtual_machines::{self, CUSTOM_SCRIPT};
use super::virtual_networks::NETWORK;
use crate::{LoadBalancerSku, StorageAccountType};

const SCHEMA: &str = "http://schema.management.azure.com/schemas/2015-01-01/deploymentTemplate.json#";

const AVAILABILITY_SETS: &str = "Microsoft.Compute/availabilitySets";
const EXTENSIONS: &str = "Microsoft.Compute/virtualMachines/extensions";
const NETWORK_INTERFACES: &str = "Microsoft.Network/networkInterfaces";
const NETWORKS: &str = "Microsoft.Network/virtualNetworks";
const PUBLIC_ADDRESSES: &str = "Microsoft.Network/publicIPAddresses";
const SECURITY_GROUPS: &str = "Microsoft.Network/networkSecurityGroups";
const STORAGE_ACCOUNTS: &str = "Microsoft.Storage/storageAccounts";
const VIRTUAL_MACHINES: &str = "Microsoft.Compute/virtualMachines";

/// Most fault domains of a location (juju-provider 1.6, L69).
const FAULT_DOMAINS_3: &[&str] = &[
    "centralus",
    "eastus",
    "eastus2",
    "northcentralus",
    "northeurope",
    "southcentralus",
    "westeurope",
    "westus",
];

/// An expression for the id of a resource of the group deployed to.
pub(crate) fn resource_id(kind: &str, name: &str) -> String {
    let space = if kind.starts_with("Microsoft.Network/") {
        " "
    } else {
        ""
    };
    format!("[resourceId('{kind}',{space}'{name}')]")
}

/// An expression for the id of an availability set.
pub(crate) fn availability_set_id(name: &str) -> String {
    resource_id(AVAILABILITY_SETS, name)
}

/// An expression for the id of an interface.
pub(crate) fn interface_id(name: &str) -> String {
    resource_id(NETWORK_INTERFACES, name)
}

/// An expression for the id of a subnet of the environment's own network.
pub(crate) fn subnet_id(name: &str) -> String {
    format!("[concat(resourceId('{NETWORKS}','{NETWORK}'),'/subnets/{name}')]")
}

/// An expression for the URI of a blob of the account.
pub(crate) fn blob_uri(account: &str, version: &str, path: &str) -> String {
    format!(
        "[concat(reference(resourceId('{STORAGE_ACCOUNTS}','{account}'),'{version}').primaryEndpoints.blob,'{path}')]"
    )
}

/// A template in the making.
#[derive(Clone, Debug)]
pub(crate) struct Template<'a> {
    location: &'a str,
    versions: TemplateVersions,
    resources: Vec<Value>,
}

impl<'a> Template<'a> {
    pub(crate) fn new(scope: &'a Scope, versions: TemplateVersions) -> Self {
        Self {
            location: &scope.location,
            versions,
            resources: Vec::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": self.resources})
    }

    /// `more` are members beside the properties.
    fn add(&mut self, kind: &str, name: &str, own: &Tags, after: &[String], more: Value, properties: Value) {
        let version = match kind.split('/').next() {
            Some("Microsoft.Compute") => self.versions.compute,
            Some("Microsoft.Storage") => self.versions.storage,
            _ => self.versions.network,
        };
        let mut resource = Map::new();
        resource.insert("apiVersion".to_owned(), json!(version));
        resource.insert("type".to_owned(), json!(kind));
        resource.insert("name".to_owned(), json!(name));
        resource.insert("location".to_owned(), json!(self.location));
        resource.insert("tags".to_owned(), tags::to_json(own));
        if !after.is_empty() {
            resource.insert("dependsOn".to_owned(), json!(after));
        }
        if let Value::Object(more) = more {
            resource.extend(more);
        }
        if !properties.is_null() {
            resource.insert("properties".to_owned(), properties);
        }
        self.resources.push(Value::Object(resource));
    }

    pub(crate) fn security_group(&mut self, own: &Tags, rules: &[Rule]) {
        let properties = network_security_groups::properties(rules);
        self.add(SECURITY_GROUPS, SECURITY_GROUP, own, &[], Value::Null, properties);
    }

    /// The network with its subnets, `(name, prefix)`, on each of which the security group hangs. `after_group`: whether the
    /// template makes that one, too.
    pub(crate) fn network(&mut self, own: &Tags, subnets: &[(&str, &str)], after_group: bool) {
        let group_id = resource_id(SECURITY_GROUPS, SECURITY_GROUP);
        let prefixes: Vec<&str> = subnets.iter().map(|(_, prefix)| *prefix).collect();
        let subnets: Vec<Value> = subnets
            .iter()
            .map(|(name, prefix)| {
                let properties = json!({"addressPrefix": prefix, "networkSecurityGroup": {"id": group_id}});
                json!({"name": name, "properties": properties})
            })
            .collect();
        let properties = json!({"addressSpace": {"addressPrefixes": prefixes}, "subnets": subnets});
        let after: Vec<String> = after_group.then_some(group_id).into_iter().collect();
        self.add(NETWORKS, NETWORK, own, &after, Value::Null, properties);
    }

    /// No kind: Juju sends none.
    pub(crate) fn storage_account(&mut self, own: &Tags, name: &str, kind: StorageAccountType) {
        let sku = json!({"sku": {"name": kind.as_str()}});
        self.add(STORAGE_ACCOUNTS, name, own, &[], sku, json!({}));
    }

    /// A set of machines with managed disks must be aligned, and know how many fault domains it has (juju-provider L69).
    pub(crate) fn availability_set(&mut self, own: &Tags, name: &str, aligned: bool) {
        let (more, properties) = match aligned {
            true => (
                json!({"sku": {"name": "Aligned"}}),
                json!({"platformFaultDomainCount": fault_domains(self.location)}),
            ),
            false => (Value::Null, json!({})),
        };
        self.add(AVAILABILITY_SETS, name, own, &[], more, properties);
    }

    /// `sku` None: from before there were two.
    pub(crate) fn public_address(&mut self, own: &Tags, vm: &str, sku: Option<LoadBalancerSku>) {
        let name = public_ip_addresses::name(vm);
        let (more, properties) = match sku {
            Some(LoadBalancerSku::Standard) => (
                json!({"sku": {"name": LoadBalancerSku::Standard.as_str()}}),
                json!({"publicIPAddressVersion": "IPv4", "publicIPAllocationMethod": "Static"}),
            ),
            // No SKU of its own: then it goes with those that are in the set already (juju-provider L70).
            Some(LoadBalancerSku::Basic) => (
                Value::Null,
                json!({"publicIPAddressVersion": "IPv4", "publicIPAllocationMethod": "Dynamic"}),
            ),
            None => (Value::Null, json!({"publicIPAllocationMethod": "Dynamic"})),
        };
        self.add(PUBLIC_ADDRESSES, &name, own, &[], more, properties);
    }

    /// Interface `nth` of a machine. `after_network`: whether the template makes the network, too.
    pub(crate) fn interface(&mut self, own: &Tags, wanted: &Interface<'_>, after_network: bool) {
        let mut configuration = json!({"primary": true});
        match wanted.address {
            Some(address) => {
                configuration["privateIPAddress"] = json!(address.to_string());
                configuration["privateIPAllocationMethod"] = json!("Static");
            }
            None => configuration["privateIPAllocationMethod"] = json!("Dynamic"),
        }
        configuration["subnet"] = json!({"id": wanted.subnet_id});
        let mut after = Vec::new();
        if wanted.has_public_address {
            let id = resource_id(PUBLIC_ADDRESSES, &public_ip_addresses::name(wanted.vm));
            configuration["publicIPAddress"] = json!({"id": id});
            after.push(id);
        }
        if after_network {
            after.push(resource_id(NETWORKS, NETWORK));
        }
        let configuration_name = match wanted.nth {
            0 => "primary".to_owned(),
            nth => format!("interface-{nth}"),
        };
        let properties = json!({"ipConfigurations": [{"name": configuration_name, "properties": configuration}]});
        let name = network_interfaces::nth_name(wanted.vm, wanted.nth);
        self.add(NETWORK_INTERFACES, &name, own, &after, Value::Null, properties);
    }

    /// The machine. `account`: the storage account that the template makes, too.
    pub(crate) fn machine(&mut self, wanted: &virtual_machines::Wanted<'_>, set: Option<&str>, account: Option<&str>) {
        let mut after: Vec<String> = set.map(availability_set_id).into_iter().collect();
        after.extend(wanted.interface_ids.iter().cloned());
        after.extend(account.map(|name| resource_id(STORAGE_ACCOUNTS, name)));
        let properties = virtual_machines::properties(wanted);
        self.add(
            VIRTUAL_MACHINES,
            wanted.name,
            wanted.tags,
            &after,
            Value::Null,
            properties,
        );
    }

    /// What runs the custom data where the image does not; `properties` are those of the extension.
    pub(crate) fn custom_script(&mut self, own: &Tags, vm: &str, properties: Value) {
        let name = format!("{vm}/{CUSTOM_SCRIPT}");
        // Said so, without an expression (juju-provider 1.9).
        let after = [format!("{VIRTUAL_MACHINES}/{vm}")];
        self.add(EXTENSIONS, &name, own, &after, Value::Null, properties);
    }
}

/// An interface of a machine.
#[derive(Clone, Debug)]
pub(crate) struct Interface<'a> {
    pub(crate) vm: &'a str,
    pub(crate) nth: usize,
    pub(crate) subnet_id: &'a str,
    /// None: Azure chooses.
    pub(crate) address: Option<Ipv4Addr>,
    pub(crate) has_public_address: bool,
}

fn fault_domains(location: &str) -> u32 {
    match FAULT_DOMAINS_3.contains(&location) {
        true => 3,
        false => 2,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::firewall::ssh_rule;
    use super::super::scope::tests::scope;
    use super::super::tags::Tags;
    use super::{FAULT_DOMAINS_3, Template, blob_uri, fault_domains, subnet_id};
    use crate::Generation;

    #[test]
    fn expressions_are_written_as_juju_writes_them() {
        assert_eq!(
            subnet_id("juju-internal-subnet"),
            "[concat(resourceId('Microsoft.Network/virtualNetworks','juju-internal-network'),'/subnets/juju-internal-subnet')]"
        );
        assert_eq!(
            blob_uri("acct", "2016-01-01", "osvhds/machine-0.vhd"),
            "[concat(reference(resourceId('Microsoft.Storage/storageAccounts','acct'),'2016-01-01').primaryEndpoints.blob,\
             'osvhds/machine-0.vhd')]"
        );
    }

    #[test]
    fn fault_domains_are_those_of_the_location() {
        assert!(FAULT_DOMAINS_3.is_sorted());
        assert_eq!((fault_domains("westus"), fault_domains("uksouth")), (3, 2));
    }

    #[test]
    fn what_is_shared_is_a_template_of_two() {
        let scope = scope();
        let versions = Generation::A7
            .profile()
            .template_versions()
            .expect("A7 makes templates");
        let mut template = Template::new(&scope, versions);
        let own: Tags = [("juju-model-uuid".to_owned(), "m".to_owned())].into();
        template.security_group(&own, &[ssh_rule()]);
        template.network(&own, &[("juju-internal-subnet", "192.168.0.0/20")], true);
        let text = serde_json::to_string_pretty(&template.to_json()).expect("a document is text");
        expect![[r#"
            {
              "$schema": "http://schema.management.azure.com/schemas/2015-01-01/deploymentTemplate.json#",
              "contentVersion": "1.0.0.0",
              "resources": [
                {
                  "apiVersion": "2018-08-01",
                  "type": "Microsoft.Network/networkSecurityGroups",
                  "name": "juju-internal-nsg",
                  "location": "westus",
                  "tags": {
                    "juju-model-uuid": "m"
                  },
                  "properties": {
                    "securityRules": [
                      {
                        "name": "SSHInbound",
                        "properties": {
                          "description": "Allow SSH access to all machines",
                          "protocol": "Tcp",
                          "sourcePortRange": "*",
                          "destinationPortRange": "22",
                          "sourceAddressPrefix": "*",
                          "destinationAddressPrefix": "*",
                          "access": "Allow",
                          "priority": 100,
                          "direction": "Inbound"
                        }
                      }
                    ]
                  }
                },
                {
                  "apiVersion": "2018-08-01",
                  "type": "Microsoft.Network/virtualNetworks",
                  "name": "juju-internal-network",
                  "location": "westus",
                  "tags": {
                    "juju-model-uuid": "m"
                  },
                  "dependsOn": [
                    "[resourceId('Microsoft.Network/networkSecurityGroups', 'juju-internal-nsg')]"
                  ],
                  "properties": {
                    "addressSpace": {
                      "addressPrefixes": [
                        "192.168.0.0/20"
                      ]
                    },
                    "subnets": [
                      {
                        "name": "juju-internal-subnet",
                        "properties": {
                          "addressPrefix": "192.168.0.0/20",
                          "networkSecurityGroup": {
                            "id": "[resourceId('Microsoft.Network/networkSecurityGroups', 'juju-internal-nsg')]"
                          }
                        }
                      }
                    ]
                  }
                }
              ]
            }"#]]
        .assert_eq(&text);
    }
}
