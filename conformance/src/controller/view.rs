//! A controller's models as others look at them: how they stand, and what they should be in the cloud.
//!
//! Nothing here changes anything, and nothing is asked of the cloud.

use std::collections::BTreeMap;

use provider::IngressRule;
use serde::Serialize;
use uuid::Uuid;

use super::firewaller::{self, shown};
use super::state::{Life, Machine, Model, Unit, UnitName};
use super::{Controllers, State};
use crate::subject::Stack;

/// How a model stands, without what differs from one stack to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct View {
    /// Every machine there is.
    pub(crate) numbers: Vec<u32>,
    /// Every unit there is.
    pub(crate) names: Vec<String>,
    pub(crate) machines: BTreeMap<u32, MachineView>,
    pub(crate) units: BTreeMap<String, UnitView>,
}

/// How a machine stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct MachineView {
    pub(crate) life: &'static str,
    pub(crate) instance: &'static str,
    pub(crate) message: String,
    pub(crate) agent: &'static str,
    /// How many addresses of its own network it has.
    pub(crate) n_private: usize,
    pub(crate) has_public: bool,
    /// What is to be let in to it.
    pub(crate) rules: Vec<String>,
}

/// How a unit stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct UnitView {
    pub(crate) machine: u32,
    pub(crate) workload: String,
    pub(crate) message: String,
}

impl View {
    pub(crate) fn of(model: &Model) -> View {
        let machine = |(number, machine): (&u32, &Machine)| {
            let n_public = machine
                .addresses
                .iter()
                .filter(|address| address.scope == provider::Scope::Public);
            let n_public = n_public.count();
            let view = MachineView {
                life: machine.life.name(),
                instance: machine.instance_status.state.name(),
                message: machine.instance_status.message.clone(),
                agent: machine.agent.name(),
                n_private: machine.addresses.len() - n_public,
                has_public: n_public > 0,
                rules: shown(&firewaller::wanted(model, *number)),
            };
            (*number, view)
        };
        let unit = |(name, unit): (UnitName, &Unit)| {
            let view = UnitView {
                machine: unit.machine,
                workload: unit.workload.clone(),
                message: unit.message.clone(),
            };
            (name.to_string(), view)
        };
        View {
            numbers: model.machines.keys().copied().collect(),
            names: model.units().map(|(name, _)| name.to_string()).collect(),
            machines: model.machines.iter().map(machine).collect(),
            units: model.units().map(unit).collect(),
        }
    }
}

/// What a model should be in the cloud, for whoever compares the two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ModelGoal {
    pub(crate) model: String,
    pub(crate) uuid: Uuid,
    pub(crate) stack: Stack,
    /// Machines that are alive.
    pub(crate) machines: Vec<MachineGoal>,
}

/// What a machine should be in the cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MachineGoal {
    /// Its instance; none where it never got one.
    pub(crate) id: Option<String>,
    pub(crate) is_controller: bool,
    /// What should be let in to it, beside what every machine lets in.
    pub(crate) rules: Vec<IngressRule>,
}

impl ModelGoal {
    pub(super) fn of(model: &Model) -> ModelGoal {
        let goal = |(number, machine): (&u32, &Machine)| MachineGoal {
            id: machine.instance_id.as_ref().map(ToString::to_string),
            is_controller: machine.is_controller,
            rules: firewaller::rules_of(&firewaller::wanted(model, *number)),
        };
        let alive = model.machines.iter().filter(|(_, machine)| machine.life == Life::Alive);
        ModelGoal {
            model: model.name.clone(),
            uuid: model.uuid,
            stack: model.subject.stack,
            machines: alive.map(goal).collect(),
        }
    }

    /// Whether a resource group is the model's: their names end with its uuid, or with the beginning of it (juju-provider 1.4).
    pub(crate) fn owns_group(&self, group: &str) -> bool {
        let (group, uuid) = (group.to_lowercase(), self.uuid.to_string());
        let short: String = uuid.chars().take(8).collect();
        group.ends_with(&uuid) || group == format!("juju-{}-{short}", self.model.to_lowercase())
    }

    /// Whether a cloud service is the model's (juju-provider 2.4).
    pub(crate) fn owns_service(&self, service: &str) -> bool {
        let tail = service.strip_prefix(&format!("juju-{}-", self.model));
        tail.is_some_and(|tail| !tail.is_empty() && !tail.contains('-'))
    }
}

impl Controllers {
    /// What every model should be in the cloud.
    pub(crate) fn goals(&mut self) -> Vec<ModelGoal> {
        let of_state = |state: &State| state.look(|own| own.models.values().map(ModelGoal::of).collect::<Vec<_>>());
        self.states.values().flat_map(of_state).collect()
    }
}
