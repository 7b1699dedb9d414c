//! The network interfaces of a set's machines. Nobody writes them: a machine has those of its model.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Document;
use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::{Descriptor, Dialect, Field, Fill, Inline, NameRule, RefRule};
use crate::error::CloudError;
use crate::fabric::{Machine, Port};
use crate::plan::Plan;
use crate::registry::Kind;
use crate::resource::Resource;
use crate::types::compute::parameters::flag;
use crate::types::network::network_interfaces::render_dns;
use crate::types::{Put, ResourceType, View};

/// Interfaces of machines of scale sets.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    parent: Some(Kind::ScaleSetMachines),
    tracked: false,
    since: ApiVersion::date(2015, 6, 15),
    shows_type_since: ApiVersion::NEWEST,
    names: NameRule::word(1, 80),
    inline: &[Inline {
        path: "/properties/ipConfigurations",
        kind: Kind::ScaleSetIpConfigurations,
        kept_if_absent_since: ApiVersion::NEWEST,
    }],
    fields: &[
        Field::default("/properties/dnsSettings", Fill::Object),
        Field::default("/properties/dnsSettings/dnsServers", Fill::Empty),
        Field::default("/properties/dnsSettings/appliedDnsServers", Fill::Empty),
        Field::default("/properties/enableAcceleratedNetworking", Fill::Bool(false)),
        Field::default("/properties/enableIPForwarding", Fill::Bool(false)),
        Field::default("/properties/hostedWorkloads", Fill::Empty).since(ApiVersion::date(2018, 8, 1)),
        Field::default("/properties/tapConfigurations", Fill::Empty).since(ApiVersion::date(2018, 8, 1)),
    ],
    refs: &[RefRule::shared("/properties/networkSecurityGroup", &[Kind::NetworkSecurityGroups]).blocks_delete()],
    ..Descriptor::of(
        "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces",
        Dialect::Network,
    )
};

/// An interface of a machine of a scale set: it owns a port.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScaleSetInterface {}

impl ResourceType for ScaleSetInterface {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(cx: &Cx<'_>, put: &Put<'_>, _before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        let primary = flag(put.document, "/properties/primary").unwrap_or(false);
        let port = match cx.fabric().ports.get(&put.key) {
            Some(port) => Port {
                primary,
                ..port.clone()
            },
            None => Port {
                addresses: Vec::new(),
                machine: Some(put.parent),
                primary,
                mac: None,
                reserved: None,
            },
        };
        let mut plan = Plan::new().port(put.key, Some(port));
        if let Some(machine) = cx.fabric().machines.get(&put.parent)
            && !machine.ports.contains(&put.key)
        {
            let mut ports = machine.ports.clone();
            ports.push(put.key);
            plan = plan.machine(
                put.parent,
                Some(Machine {
                    ports,
                    ..machine.clone()
                }),
            );
        }
        Ok((ScaleSetInterface {}, plan))
    }

    fn plan_removal(&self, cx: &Cx<'_>, resource: &Resource) -> Plan {
        let plan = Plan::new().port(resource.key, None);
        match cx.fabric().machines.get(&resource.parent) {
            Some(machine) => {
                let ports = machine.ports.iter().copied().filter(|port| *port != resource.key);
                let row = Machine {
                    ports: ports.collect(),
                    ..machine.clone()
                };
                plan.machine(resource.parent, Some(row))
            }
            None => plan,
        }
    }

    fn render(&self, cx: &Cx<'_>, resource: &Resource, _view: &View<'_>, document: &mut Document) {
        let Some(port) = cx.fabric().ports.get(&resource.key) else {
            return;
        };
        let properties = &mut document["properties"];
        properties["resourceGuid"] = Value::from(resource.guid.to_string());
        render_dns(cx, port, &mut properties["dnsSettings"]);
        if let Some(mac) = port.mac {
            properties["macAddress"] = Value::from(mac.to_string());
        }
        properties["primary"] = Value::from(port.primary);
        properties["virtualMachine"] = json!({ "id": cx.id(resource.parent) });
    }
}
