//! The machines of a scale set.
//!
//! A machine of a set is a machine: what it is made of, how it runs and what it reports are those of any. It differs in who
//! makes it, and in that its interfaces are its own.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::forms::{NAT_POOL_FULL, NOT_A_NUMBER, NOT_ACTIVE};
use super::{render, set_of, spec};
use crate::Document;
use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::{
    Action, Descriptor, Dialect, Field, Fill, Lifetimes, NameRule, PatchRule, Polls, Provisioning, RefRule, Stage,
    Write, WriteVerb,
};
use crate::error::CloudError;
use crate::id::ResourceId;
use crate::operation::Doing;
use crate::plan::Plan;
use crate::registry::{Kind, State};
use crate::resource::Resource;
use crate::types::compute::parameters::{missing, text};
use crate::types::compute::virtual_machines::VirtualMachine;
use crate::types::compute::virtual_machines::model::Place;
use crate::types::{Act, Put, ResourceType, View};

const UPDATING: Provisioning = Provisioning::Updating;

const fn action(name: &'static str, stages: &'static [Stage]) -> Action {
    Action { name, stages }
}

/// Machines of scale sets.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    parent: Some(Kind::ScaleSets),
    since: ApiVersion::date(2015, 6, 15),
    patch: PatchRule::Merge,
    keeps: &[
        "/sku",
        "/properties/diagnosticsProfile",
        "/properties/extensionProfile",
        "/properties/hardwareProfile",
        "/properties/networkProfileConfiguration",
        "/properties/osProfile",
        "/properties/storageProfile",
        "/properties/storageProfile/imageReference",
        "/properties/storageProfile/osDisk",
    ],
    names: NameRule::word(1, 10),
    fields: &[
        Field::read_only("/instanceId"),
        Field::read_only("/resources"),
        Field::read_only("/properties/vmId"),
        Field::read_only("/properties/instanceView"),
        Field::read_only("/properties/latestModelApplied"),
        Field::read_only("/properties/modelDefinitionApplied"),
        Field::read_only("/properties/networkProfile"),
        Field::read_only("/properties/resilientVMDeletionStatus"),
        Field::read_only("/properties/timeCreated"),
        Field::read_only("/properties/hardwareProfile/vmSize"),
        Field::read_only("/properties/storageProfile/imageReference/exactVersion"),
        Field::secret("/properties/osProfile/adminPassword"),
        Field::secret("/properties/osProfile/customData"),
        Field::secret("/properties/extensionProfile/extensions/*/properties/protectedSettings"),
        Field::one_of(
            "/properties/storageProfile/dataDisks/*/createOption",
            &["FromImage", "Attach", "Empty"],
        ),
        Field::immutable("/properties/osProfile/computerName").called("computerName"),
        Field::immutable("/properties/osProfile/adminUsername").called("adminUsername"),
        Field::immutable("/zones"),
        Field::default("/sku/tier", Fill::Text("Standard")),
        Field::default(
            "/properties/networkProfileConfiguration/networkInterfaceConfigurations/*/properties/enableAcceleratedNetworking",
            Fill::Bool(false),
        ),
        Field::default(
            "/properties/networkProfileConfiguration/networkInterfaceConfigurations/*/properties/disableTcpStateTracking",
            Fill::Bool(false),
        )
        .since(ApiVersion::date(2022, 8, 1)),
        Field::default(
            "/properties/networkProfileConfiguration/networkInterfaceConfigurations/*/properties/dnsSettings",
            Fill::Object,
        ),
        Field::default(
            "/properties/networkProfileConfiguration/networkInterfaceConfigurations/*/properties/dnsSettings/dnsServers",
            Fill::Empty,
        ),
        Field::default(
            "/properties/networkProfileConfiguration/networkInterfaceConfigurations/*/properties/enableIPForwarding",
            Fill::Bool(false),
        ),
        Field::default(
            "/properties/networkProfileConfiguration/networkInterfaceConfigurations/*/properties/ipConfigurations/*/properties/privateIPAddressVersion",
            Fill::Text("IPv4"),
        ),
        Field::default("/properties/diagnosticsProfile/bootDiagnostics/enabled", Fill::Bool(false)),
    ],
    refs: &[
        RefRule::shared("/properties/storageProfile/osDisk/managedDisk", &[Kind::Disks]).keeps_members(),
        RefRule::shared("/properties/storageProfile/dataDisks/*/managedDisk", &[Kind::Disks]).keeps_members(),
    ],
    lifetimes: Lifetimes {
        create: &[Stage::new(UPDATING, 30_000, 120_000)],
        update: &[Stage::new(UPDATING, 20_000, 31_000)],
        delete: &[Stage::new(Provisioning::Deleting, 20_000, 60_000)],
    },
    actions: &[
        // tidy: sorted
        action("deallocate", &[Stage::new(UPDATING, 30_000, 120_000)]),
        action("powerOff", &[Stage::new(UPDATING, 5_000, 31_000)]),
        action("reimage", &[Stage::new(UPDATING, 30_000, 120_000)]),
        action("restart", &[Stage::new(UPDATING, 5_000, 31_000)]),
        action("simulateEviction", &[]),
        action("start", &[Stage::new(UPDATING, 10_000, 60_000)]),
        // tidy: end
    ],
    writes: &[
        Write::new(WriteVerb::PutAgain, 200).polls(Polls::AsyncOperation),
        Write::new(WriteVerb::Patch, 200).polls(Polls::AsyncOperation),
        Write::accepted(WriteVerb::Delete),
        Write::accepted(WriteVerb::Act("deallocate")),
        Write::accepted(WriteVerb::Act("powerOff")),
        Write::accepted(WriteVerb::Act("reimage")),
        Write::accepted(WriteVerb::Act("restart")),
        Write::empty(WriteVerb::Act("simulateEviction"), 204),
        Write::accepted(WriteVerb::Act("start")),
    ],
    ..Descriptor::of("Microsoft.Compute/virtualMachineScaleSets/virtualMachines", Dialect::Compute)
};

/// A machine of a scale set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScaleSetMachine {
    vm: VirtualMachine,
    /// The model that it was last brought to.
    model: u32,
    /// Its fault and update domain.
    domains: (u32, u32),
}

impl ResourceType for ScaleSetMachine {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(cx: &Cx<'_>, put: &Put<'_>, before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        let parent = cx.resource(put.parent);
        let number: Option<u32> = put.id.name().parse().ok();
        let (Some(set), Some(number)) = (set_of(parent), number) else {
            return Err(CloudError::of(&NOT_A_NUMBER).about("instanceId"));
        };
        // Sets make machines; a client can only write one that is there.
        if before.is_none() && !set.making.contains(&number) {
            return Err(not_active(put.id.name()));
        }

        let domains = match before {
            Some(before) => before.domains,
            None => cx.fabric().next_domains(put.parent),
        };
        let stays = !set.surplus.contains(&number);
        let place = Place {
            size: text(put.document, "/sku/name").ok_or_else(|| missing("sku.name"))?,
            domains: (put.parent, domains.0, domains.1),
        };
        let id = spec::naming_id(put.id, &parent.name, put.id.name());
        let own = Put { id: &id, ..*put };
        let (vm, plan) = VirtualMachine::of_model(cx, &own, before.map(|before| &before.vm), &place)?;
        let machine = ScaleSetMachine {
            vm,
            model: match before {
                Some(before) if !set.upgrading.contains(&number) => before.model,
                _ => set.model,
            },
            domains,
        };
        Ok((machine, plan.then(interfaces(cx, put, stays)?)))
    }

    fn plan_removal(&self, cx: &Cx<'_>, resource: &Resource) -> Plan {
        self.vm.plan_removal(cx, resource)
    }

    fn plan_action(&self, cx: &Cx<'_>, resource: &Resource, act: &Act<'_>) -> Result<(Self, Plan), CloudError> {
        let (vm, plan) = self.vm.plan_action(cx, resource, act)?;
        Ok((ScaleSetMachine { vm, ..self.clone() }, plan))
    }

    fn settle(&self, cx: &Cx<'_>, resource: &Resource, doing: &Doing, failed: bool) -> (Self, Plan) {
        let (vm, plan) = self.vm.settle(cx, resource, doing, failed);
        (ScaleSetMachine { vm, ..self.clone() }, plan)
    }

    fn render(&self, cx: &Cx<'_>, resource: &Resource, view: &View<'_>, document: &mut Document) {
        render::machine(self, cx, resource, view, document);
    }

    fn not_found(id: &ResourceId) -> Option<CloudError> {
        Some(match id.name().parse::<u32>() {
            Ok(_) => not_active(id.name()),
            Err(_) => CloudError::of(&NOT_A_NUMBER).about("instanceId"),
        })
    }
}

impl ScaleSetMachine {
    /// The machine as any other.
    pub(super) fn vm(&self) -> &VirtualMachine {
        &self.vm
    }

    /// The model that it was last brought to.
    pub(super) fn model(&self) -> u32 {
        self.model
    }

    /// Whether it ever came to be.
    pub(super) fn is_provisioned(&self) -> bool {
        self.vm.is_provisioned()
    }
}

fn not_active(instance: &str) -> CloudError {
    CloudError::of(&NOT_ACTIVE)
        .with("instance", instance)
        .about("instanceIds")
}

/// Makes the interfaces of a machine, and takes away those that its model no longer has. One that goes again gets no port
/// of a NAT pool.
fn interfaces(cx: &Cx<'_>, put: &Put<'_>, stays: bool) -> Result<Plan, CloudError> {
    const LISTED: &str = "/properties/networkProfileConfiguration/networkInterfaceConfigurations";
    let listed = put.document.pointer(LISTED).and_then(Value::as_array);
    let listed = listed
        .filter(|listed| !listed.is_empty())
        .ok_or_else(|| missing("networkProfileConfiguration"))?;
    let before = put.existing.and_then(|existing| existing.echo.pointer(LISTED));
    if before.and_then(Value::as_array) == Some(listed) {
        return Ok(Plan::new());
    }

    let mut plan = Plan::new();
    for gone in cx.children(put.key, Kind::ScaleSetInterfaces) {
        let is_listed = listed
            .iter()
            .any(|interface| text(interface, "/name").is_some_and(|name| name.eq_ignore_ascii_case(&gone.name)));
        if !is_listed {
            plan = plan.remove(gone.key);
        }
    }
    for interface in listed {
        let name = text(interface, "/name").ok_or_else(|| missing("networkInterfaceConfiguration.name"))?;
        let mut document = json!({ "properties": interface.get("properties") });
        if listed.len() == 1 {
            document["properties"]["primary"] = json!(true);
        }
        let configurations = document
            .pointer_mut("/properties/ipConfigurations")
            .and_then(Value::as_array_mut);
        for configuration in configurations.into_iter().flatten() {
            let pools = configuration["properties"]
                .as_object_mut()
                .and_then(|members| members.shift_remove("loadBalancerInboundNatPools"));
            if let Some(pools) = pools.as_ref().and_then(Value::as_array).filter(|_| stays) {
                let (rules, made) = nat_rules(cx, put.id.name(), pools)?;
                plan = plan.then(made);
                configuration["properties"]["loadBalancerInboundNatRules"] = Value::Array(rules);
            }
        }
        plan = plan.make(put.id.child(Kind::ScaleSetInterfaces, name), document);
    }
    Ok(plan)
}

/// A port of each pool: the rules `{pool}.{instance}` of its balancer (observed-arm, load balancers of scale sets).
fn nat_rules(cx: &Cx<'_>, instance: &str, pools: &[Value]) -> Result<(Vec<Value>, Plan), CloudError> {
    let mut plan = Plan::new();
    let mut named = Vec::with_capacity(pools.len());
    for pool in pools {
        let Some(id) = text(pool, "/id").and_then(|id| ResourceId::parse(id).ok()) else {
            continue;
        };
        let Some((resource, balancer)) = cx.find_id(id.folded()).zip(id.parent()) else {
            continue;
        };
        let State::InboundNatPools(pool) = &resource.state else {
            continue;
        };
        let rule = balancer.child(Kind::InboundNatRules, &format!("{}.{instance}", resource.name));
        if cx.find_id(rule.folded()).is_none() {
            let taken: Vec<u16> = cx
                .children(resource.parent, Kind::InboundNatRules)
                .filter_map(|rule| match &rule.state {
                    State::InboundNatRules(rule) if rule.frontend == pool.frontend => Some(rule.frontend_port),
                    _ => None,
                })
                .collect();
            let free = (pool.first_port..=pool.last_port).find(|port| !taken.contains(port));
            let Some(port) = free else {
                return Err(CloudError::of(&NAT_POOL_FULL).with("pool", cx.id(resource.key)));
            };
            let document = json!({
                "properties": {
                    "frontendIPConfiguration": { "id": cx.id(pool.frontend) },
                    "frontendPort": port,
                    "backendPort": pool.backend_port,
                    "protocol": pool.protocol,
                },
            });
            plan = plan.make(rule.clone(), document);
        }
        named.push(json!({ "id": rule.to_string() }));
    }
    Ok((named, plan))
}

/// Its interfaces, oldest first.
pub(super) fn interfaces_of<'a>(cx: &Cx<'a>, machine: &Resource) -> impl Iterator<Item = &'a Arc<Resource>> {
    cx.children(machine.key, Kind::ScaleSetInterfaces)
}
