//! Virtual machine scale sets of the uniform kind.
//!
//! A set makes machines from one model and keeps as many as it is told to. Each machine is a resource of its own, and so are
//! its interfaces, their configurations and public addresses; the set knows them as its children only. Flexible sets, rolling
//! batches and automatic upgrades of images are not known here.

mod actions;
mod forms;
pub(crate) mod interfaces;
pub(crate) mod ip_configurations;
pub(crate) mod machines;
pub(crate) mod public_ip_addresses;
mod render;
mod spec;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::machines::ScaleSetMachine;
use self::spec::Spec;
use super::parameters::{missing, text};
use super::virtual_machines::model;
use crate::Document;
use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::{
    Action, Descriptor, Dialect, Field, Fill, Lifetimes, NameRule, PatchRule, Polls, Provisioning, RefRule, Stage,
    Write, WriteVerb,
};
use crate::error::CloudError;
use crate::fabric::MachineSet;
use crate::id::ResourceId;
use crate::key::Key;
use crate::operation::Doing;
use crate::plan::Plan;
use crate::quota::QuotaKey;
use crate::registry::{Kind, State};
use crate::resource::Resource;
use crate::types::{Act, Put, ResourceType, View};

const UPDATING: Provisioning = Provisioning::Updating;

const CACHING: &[&str] = &["None", "ReadOnly", "ReadWrite"];

/// The version that brought each default: between recordings, assumed.
const INTERFACES_SINCE: ApiVersion = ApiVersion::date(2017, 3, 30);

/// Spread of machines over domains when nobody says (ARM 8.3).
const DOMAINS: u32 = 5;

macro_rules! interface {
    ($rest:literal) => {
        concat!(
            "/properties/virtualMachineProfile/networkProfile/networkInterfaceConfigurations/*",
            $rest
        )
    };
}

macro_rules! configuration {
    ($rest:literal) => {
        concat!(
            "/properties/virtualMachineProfile/networkProfile/networkInterfaceConfigurations/*/properties/ipConfigurations/*",
            $rest
        )
    };
}

const fn action(name: &'static str, stages: &'static [Stage]) -> Action {
    Action { name, stages }
}

/// Scale sets. How long things take: observed-arm, How long operations take.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    since: ApiVersion::date(2015, 6, 15),
    patch: PatchRule::Merge,
    keeps: &[
        "/sku",
        "/properties/upgradePolicy",
        "/properties/virtualMachineProfile",
        "/properties/virtualMachineProfile/networkProfile",
        "/properties/virtualMachineProfile/osProfile",
        "/properties/virtualMachineProfile/storageProfile",
        "/properties/virtualMachineProfile/storageProfile/imageReference",
        "/properties/virtualMachineProfile/storageProfile/osDisk",
    ],
    names: NameRule::word(1, 64),
    quota: Some(QuotaKey("virtualMachineScaleSets")),
    fields: &[
        Field::read_only("/properties/uniqueId"),
        Field::read_only("/properties/timeCreated"),
        Field::read_only("/properties/instanceView"),
        Field::read_only("/properties/virtualMachineProfile/timeCreated"),
        Field::read_only("/identity/principalId"),
        Field::read_only("/identity/tenantId"),
        Field::read_only(interface!("/id")),
        Field::read_only("/properties/virtualMachineProfile/storageProfile/imageReference/exactVersion"),
        Field::secret("/properties/virtualMachineProfile/osProfile/adminPassword"),
        Field::secret("/properties/virtualMachineProfile/osProfile/customData"),
        Field::secret("/properties/virtualMachineProfile/extensionProfile/extensions/*/properties/protectedSettings"),
        Field::one_of("/properties/orchestrationMode", &["Uniform"]),
        Field::one_of("/properties/upgradePolicy/mode", &["Manual", "Automatic", "Rolling"]),
        Field::one_of(
            "/properties/virtualMachineProfile/priority",
            &["Regular", "Low", "Spot"],
        ),
        Field::one_of(
            "/properties/virtualMachineProfile/evictionPolicy",
            &["Deallocate", "Delete"],
        ),
        Field::one_of(
            "/properties/virtualMachineProfile/storageProfile/osDisk/createOption",
            &["FromImage", "Attach", "Empty"],
        ),
        Field::one_of(
            "/properties/virtualMachineProfile/storageProfile/osDisk/caching",
            CACHING,
        ),
        Field::one_of(
            "/properties/virtualMachineProfile/storageProfile/osDisk/managedDisk/storageAccountType",
            super::disks::SKUS,
        ),
        Field::one_of(
            "/properties/virtualMachineProfile/storageProfile/dataDisks/*/createOption",
            &["FromImage", "Attach", "Empty"],
        ),
        Field::one_of(
            "/properties/virtualMachineProfile/storageProfile/dataDisks/*/caching",
            CACHING,
        ),
        Field::one_of(
            "/properties/virtualMachineProfile/storageProfile/dataDisks/*/managedDisk/storageAccountType",
            super::disks::SKUS,
        ),
        Field::one_of(configuration!("/properties/privateIPAddressVersion"), &["IPv4", "IPv6"]),
        Field::immutable("/properties/platformFaultDomainCount").called("platformFaultDomainCount"),
        Field::immutable("/properties/virtualMachineProfile/osProfile/computerNamePrefix").called("computerNamePrefix"),
        Field::default("/properties/overprovision", Fill::Bool(true)),
        Field::default("/properties/doNotRunExtensionsOnOverprovisionedVMs", Fill::Bool(false))
            .since(ApiVersion::date(2019, 7, 1)),
        Field::default("/properties/orchestrationMode", Fill::Text("Uniform")).since(ApiVersion::date(2021, 3, 1)),
        Field::default(
            "/properties/upgradePolicy/automaticOSUpgradePolicy/useRollingUpgradePolicy",
            Fill::Bool(false),
        )
        .since(ApiVersion::date(2021, 3, 1)),
        Field::default(
            "/properties/virtualMachineProfile/diagnosticsProfile/bootDiagnostics/enabled",
            Fill::Bool(false),
        ),
        Field::default("/properties/virtualMachineProfile/osProfile/secrets", Fill::Empty),
        Field::default("/sku/tier", Fill::Text("Standard")),
        Field::default(interface!("/properties/enableAcceleratedNetworking"), Fill::Bool(false))
            .since(INTERFACES_SINCE),
        Field::default(interface!("/properties/disableTcpStateTracking"), Fill::Bool(false))
            .since(ApiVersion::date(2022, 8, 1)),
        Field::default(interface!("/properties/dnsSettings"), Fill::Object).since(INTERFACES_SINCE),
        Field::default(interface!("/properties/dnsSettings/dnsServers"), Fill::Empty).since(INTERFACES_SINCE),
        Field::default(interface!("/properties/enableIPForwarding"), Fill::Bool(false))
            .since(ApiVersion::date(2017, 12, 1)),
        Field::default(
            configuration!("/properties/privateIPAddressVersion"),
            Fill::Text("IPv4"),
        )
        .since(INTERFACES_SINCE),
    ],
    refs: &[
        RefRule::shared(configuration!("/properties/subnet"), &[Kind::Subnets]).blocks_delete(),
        RefRule::shared(
            configuration!("/properties/loadBalancerBackendAddressPools/*"),
            &[Kind::BackendAddressPools],
        )
        .blocks_delete(),
        RefRule::shared(
            configuration!("/properties/loadBalancerInboundNatPools/*"),
            &[Kind::InboundNatPools],
        )
        .blocks_delete(),
        RefRule::shared(
            configuration!("/properties/applicationSecurityGroups/*"),
            &[Kind::ApplicationSecurityGroups],
        )
        .blocks_delete(),
        RefRule::shared(
            interface!("/properties/networkSecurityGroup"),
            &[Kind::NetworkSecurityGroups],
        )
        .blocks_delete(),
    ],
    lifetimes: Lifetimes {
        create: &[Stage::new(Provisioning::Creating, 61_000, 242_000)],
        update: &[Stage::new(UPDATING, 10_000, 160_000)],
        delete: &[Stage::new(Provisioning::Deleting, 60_000, 156_000)],
    },
    actions: &[
        // tidy: sorted
        action("deallocate", &[Stage::new(UPDATING, 60_000, 273_000)]),
        action("delete", &[Stage::new(UPDATING, 30_000, 120_000)]),
        action("manualupgrade", &[Stage::new(UPDATING, 30_000, 61_000)]),
        action("powerOff", &[Stage::new(UPDATING, 30_000, 301_000)]),
        action("reimage", &[Stage::new(UPDATING, 30_000, 120_000)]),
        action("restart", &[Stage::new(UPDATING, 30_000, 91_000)]),
        action("start", &[Stage::new(UPDATING, 30_000, 120_000)]),
        // tidy: end
    ],
    writes: &[
        Write::new(WriteVerb::PutNew, 201)
            .polls(Polls::AsyncOperation)
            .retry_after_secs(10),
        Write::new(WriteVerb::PutAgain, 200).polls(Polls::AsyncOperation),
        Write::new(WriteVerb::Patch, 200)
            .polls(Polls::AsyncOperation)
            .retry_after_secs(10),
        Write::accepted(WriteVerb::Delete),
        Write::accepted(WriteVerb::Act("deallocate")),
        Write::accepted(WriteVerb::Act("delete")),
        Write::accepted(WriteVerb::Act("manualupgrade")),
        Write::accepted(WriteVerb::Act("powerOff")),
        Write::accepted(WriteVerb::Act("reimage")),
        Write::accepted(WriteVerb::Act("restart")),
        Write::accepted(WriteVerb::Act("start")),
    ],
    errors: forms::ALL,
    ..Descriptor::of("Microsoft.Compute/virtualMachineScaleSets", Dialect::Compute)
};

/// A scale set: how far it has counted, and what its operation is about to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScaleSet {
    /// Counts the models that it had.
    model: u32,
    /// The id of the next machine: none is given out twice.
    next_instance: u32,
    /// Machines that its operation makes.
    making: Vec<u32>,
    /// Those of them above the capacity: they go when the others are there.
    surplus: Vec<u32>,
    /// Machines that its operation brings to the newest model.
    upgrading: Vec<u32>,
    /// Machines that go when its operation ends.
    leaving: Vec<Key>,
}

impl ResourceType for ScaleSet {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(cx: &Cx<'_>, put: &Put<'_>, before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        let spec = Spec::read(cx, put)?;
        let machine = spec::as_machine(put.document);
        let secrets = spec::secrets_as_machine(put.secrets);
        let judged = model::judge(
            cx,
            &Put {
                document: &machine,
                secrets: &secrets,
                edges: &[],
                existing: None,
                ..*put
            },
            spec.size,
            before.is_none(),
        )?;

        let mut set = match before {
            Some(before) => before.clone(),
            None => ScaleSet {
                model: 1,
                next_instance: 0,
                making: Vec::new(),
                surplus: Vec::new(),
                upgrading: Vec::new(),
                leaving: Vec::new(),
            },
        };
        let is_other_model = put
            .existing
            .is_some_and(|existing| differ(&existing.echo, put.document));
        if is_other_model {
            set.model += 1;
        }
        let staying: Vec<&Arc<Resource>> = before.map_or_else(Vec::new, |before| before.members(cx, put.key).collect());
        let capacity = match spec.capacity {
            Some(capacity) => usize::try_from(capacity).expect("below the limit"),
            None if put.existing.is_some() => staying.len(),
            None => return Err(missing("sku.capacity")),
        };

        let domains = MachineSet {
            fault_domains: DOMAINS,
            update_domains: DOMAINS,
            managed: true,
        };
        let mut plan = Plan::new().machine_set(put.key, Some(domains));
        if is_other_model && spec.upgrades {
            let kept: Vec<&Arc<Resource>> = staying.iter().take(capacity).copied().collect();
            plan = set.upgrade(plan, put.id, put.document, put.guid, put.location, &kept);
        }
        if capacity < staying.len() {
            // The newest go (published scale-in policy: the highest instance ids).
            set.leaving.extend(staying[capacity..].iter().map(|member| member.key));
        } else if capacity > staying.len() {
            let more = capacity - staying.len();
            let surplus = spec.surplus(more);
            plan = model::ask_for(plan, judged.size, spec.is_spot, more + surplus);
            plan = set.grow(plan, put, more, surplus);
        }
        Ok((set, plan))
    }

    fn plan_removal(&self, _cx: &Cx<'_>, resource: &Resource) -> Plan {
        Plan::new().machine_set(resource.key, None)
    }

    fn plan_action(&self, cx: &Cx<'_>, resource: &Resource, act: &Act<'_>) -> Result<(Self, Plan), CloudError> {
        self.act(cx, resource, act)
    }

    fn settle(&self, cx: &Cx<'_>, resource: &Resource, _doing: &Doing, failed: bool) -> (Self, Plan) {
        let mut plan = Plan::new();
        for member in cx.children(resource.key, Kind::ScaleSetMachines) {
            let id = instance_id(member);
            let is_above = id.is_some_and(|id| self.surplus.contains(&id));
            let never_was = failed
                && id.is_some_and(|id| self.making.contains(&id))
                && machine_of(member).is_some_and(|machine| !machine.is_provisioned());
            let is_leaving = !failed && self.leaving.contains(&member.key);
            if is_above || never_was || is_leaving {
                plan = plan.remove(member.key);
            }
        }
        let rested = ScaleSet {
            model: self.model,
            next_instance: self.next_instance,
            making: Vec::new(),
            surplus: Vec::new(),
            upgrading: Vec::new(),
            leaving: Vec::new(),
        };
        (rested, plan)
    }

    fn render(&self, cx: &Cx<'_>, resource: &Resource, view: &View<'_>, document: &mut Document) {
        self.show(cx, resource, view, document);
    }

    fn write_out(&self, cx: &Cx<'_>, resource: &Resource, document: &mut Document) {
        document["sku"]["capacity"] = Value::from(self.members(cx, resource.key).count());
    }

    fn busy(cx: &Cx<'_>, resource: &Resource, doing: &Doing) -> Result<(), CloudError> {
        if resource.provisioning == Provisioning::Deleting {
            let name = match doing {
                Doing::Create | Doing::Update => "createOrUpdate",
                Doing::Delete => "delete",
                Doing::Act(name) => name,
            };
            return Err(CloudError::of(&forms::INSTANCE_BEING_DELETED)
                .with("operation", name)
                .with("set", &resource.name));
        }
        if *doing == Doing::Delete {
            return Ok(());
        }
        Err(crate::engine::held(cx, resource))
    }
}

impl ScaleSet {
    /// The machines that make up its capacity, oldest first: not those above it, nor those that go.
    fn members<'a>(&self, cx: &Cx<'a>, set: Key) -> impl Iterator<Item = &'a Arc<Resource>> {
        cx.children(set, Kind::ScaleSetMachines).filter(|member| {
            let is_above = instance_id(member).is_some_and(|id| self.surplus.contains(&id));
            let goes = member.provisioning == Provisioning::Deleting || self.leaving.contains(&member.key);
            !is_above && !goes
        })
    }

    /// Makes machines: `more` that stay and `surplus` above the capacity. Which of them come up first is chance; here it is
    /// every second one.
    fn grow(&mut self, plan: Plan, put: &Put<'_>, more: usize, surplus: usize) -> Plan {
        let (mut staying, mut above) = (more, surplus);
        let mut plan = plan;
        while staying + above > 0 {
            let is_above = staying == 0 || (above > 0 && self.making.len() % 2 == 1);
            let id = self.next_instance;
            self.next_instance += 1;
            self.making.push(id);
            if is_above {
                above -= 1;
                self.surplus.push(id);
            } else {
                staying -= 1;
            }
            let document = spec::instance(put.document, put.guid, put.location, id, None);
            plan = plan.make(put.id.child(Kind::ScaleSetMachines, &id.to_string()), document);
        }
        plan
    }

    /// Brings machines to a model.
    fn upgrade(
        &mut self,
        plan: Plan,
        id: &ResourceId,
        model: &Document,
        guid: crate::key::Guid,
        location: &str,
        members: &[&Arc<Resource>],
    ) -> Plan {
        members.iter().fold(plan, |plan, member| {
            let Some(number) = instance_id(member) else {
                return plan;
            };
            self.upgrading.push(number);
            let document = spec::instance(model, guid, location, number, Some(&member.echo));
            plan.make(id.child(Kind::ScaleSetMachines, &member.name), document)
        })
    }
}

/// Whether two documents of a set make different machines.
fn differ(one: &Document, other: &Document) -> bool {
    text(one, "/sku/name") != text(other, "/sku/name") || one.pointer(spec::PROFILE) != other.pointer(spec::PROFILE)
}

/// A machine's number in its set.
fn instance_id(member: &Resource) -> Option<u32> {
    member.name.parse().ok()
}

/// A machine's own state.
fn machine_of(member: &Resource) -> Option<&ScaleSetMachine> {
    match &member.state {
        State::ScaleSetMachines(machine) => Some(machine),
        _ => None,
    }
}

/// A set's own state.
fn set_of(resource: &Resource) -> Option<&ScaleSet> {
    match &resource.state {
        State::ScaleSets(set) => Some(set),
        _ => None,
    }
}
