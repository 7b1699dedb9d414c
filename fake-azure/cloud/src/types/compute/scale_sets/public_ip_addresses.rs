//! The public addresses of a set's machines: dynamic ones, which have an address while their machine is on a host.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ip_configurations::with_public;
use crate::Document;
use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::{Descriptor, Dialect, Field, Fill, NameRule};
use crate::error::CloudError;
use crate::fabric::PublicAddress;
use crate::operation::Doing;
use crate::plan::Plan;
use crate::registry::Kind;
use crate::resource::Resource;
use crate::types::compute::parameters::text;
use crate::types::{Put, ResourceType, View};

/// Public addresses of machines of scale sets.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    parent: Some(Kind::ScaleSetIpConfigurations),
    tracked: false,
    since: ApiVersion::date(2017, 3, 30),
    shows_type_since: ApiVersion::NEWEST,
    names: NameRule::word(1, 80),
    fields: &[
        Field::default("/properties/publicIPAddressVersion", Fill::Text("IPv4")),
        Field::default("/properties/publicIPAllocationMethod", Fill::Text("Dynamic")),
        Field::default("/properties/idleTimeoutInMinutes", Fill::Int(4)),
    ],
    ..Descriptor::of(
        "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces/ipConfigurations/publicIPAddresses",
        Dialect::Network,
    )
};

/// A public address of a machine of a scale set: the fabric holds the address.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScaleSetPublicIpAddress {}

impl ResourceType for ScaleSetPublicIpAddress {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(cx: &Cx<'_>, put: &Put<'_>, _before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        let mut plan = Plan::new();
        if !cx.fabric().public_addresses.contains(&put.key) {
            let waiting = PublicAddress {
                address: None,
                fixed: false,
                dns_name: None,
            };
            plan = plan.public_address(put.key, Some(waiting));
        }
        let configuration = cx.resource(put.parent);
        if let Some(port) = cx.fabric().ports.get(&configuration.parent) {
            let led = with_public(port, &configuration.name, Some(put.key));
            plan = plan.port(configuration.parent, Some(led));
        }
        Ok((ScaleSetPublicIpAddress {}, plan))
    }

    fn plan_removal(&self, cx: &Cx<'_>, resource: &Resource) -> Plan {
        let mut plan = Plan::new();
        if let Some(row) = cx.fabric().public_addresses.get(&resource.key) {
            plan = plan
                .changes(row.returned(resource.key))
                .public_address(resource.key, None);
        }
        let configuration = cx.resource(resource.parent);
        match cx.fabric().ports.get(&configuration.parent) {
            Some(port) => plan.port(configuration.parent, Some(with_public(port, &configuration.name, None))),
            None => plan,
        }
    }

    /// One that a running machine was given is allocated when the write is done.
    fn settle(&self, cx: &Cx<'_>, resource: &Resource, _doing: &Doing, _failed: bool) -> (Self, Plan) {
        let interface = cx.resource(resource.parent).parent;
        let plan = if cx.fabric().is_powered(interface) {
            Plan::new().changes(cx.fabric().addresses_of_started(&[interface]))
        } else {
            Plan::new()
        };
        (self.clone(), plan)
    }

    fn render(&self, cx: &Cx<'_>, resource: &Resource, _view: &View<'_>, document: &mut Document) {
        let properties = &mut document["properties"];
        properties["resourceGuid"] = Value::from(resource.guid.to_string());
        let row = cx.fabric().public_addresses.get(&resource.key);
        if let Some(address) = row.and_then(|row| row.address) {
            properties["ipAddress"] = Value::from(address.to_string());
        }
        properties["ipConfiguration"] = json!({ "id": cx.id(resource.parent) });
        // The label of a set becomes a name of each machine: `vm{instance}.{label}` (published form).
        if let Some(label) = text(properties, "/dnsSettings/domainNameLabel").map(str::to_owned) {
            let interface = cx.resource(cx.resource(resource.parent).parent);
            let machine = cx.resource(interface.parent);
            let label = format!("vm{}.{label}", machine.name);
            properties["dnsSettings"] = json!({
                "domainNameLabel": label,
                "fqdn": format!("{label}.{}.cloudapp.azure.com", machine.location),
            });
        }
    }
}
