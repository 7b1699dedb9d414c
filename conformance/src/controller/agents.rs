//! What runs on the machines of a model: their agents, and those of the units on them.
//!
//! An agent reports once its machine is up, installs what it was given, opens its ports, and sees to it that what was asked to go
//! goes. It asks the cloud for nothing: all that it knows of the cloud is what the controller knows.

use async_trait::async_trait;

use super::state::{AgentState, Life, Machine, Model, UnitName};
use super::{Cx, Next, Trouble, Worker};

/// All agents of a model.
pub(super) struct Agents;

#[async_trait]
impl Worker for Agents {
    async fn cycle(&mut self, cx: &Cx) -> Result<Next, Trouble> {
        cx.change(act);
        Ok(Next::Change)
    }
}

/// What agents do as things are.
fn act(model: &mut Model) {
    let version = model.agent_version;
    for machine in model.machines.values_mut() {
        if machine.agent == AgentState::Pending && machine.is_up() && machine.life != Life::Dead {
            machine.agent = AgentState::Started;
            machine.agent_version = Some(version);
        }
    }

    let names: Vec<UnitName> = model.units().map(|(name, _)| name).collect();
    for name in names {
        let Some(unit) = model.unit(&name) else {
            continue;
        };
        let has_agent = model.machines.get(&unit.machine).is_some_and(is_served);
        match unit.life {
            Life::Alive if has_agent && !unit.is_installed => install(model, &name),
            // One that never ran goes at once; others see to it themselves.
            Life::Dying if has_agent || !unit.is_installed => leave(model, &name),
            Life::Dead => leave(model, &name),
            Life::Alive | Life::Dying => {}
        }
    }

    let done: Vec<u32> = model
        .machines
        .iter()
        .filter(|(number, machine)| {
            machine.life == Life::Dying && is_served(machine) && model.units_on(**number).is_empty()
        })
        .map(|(number, _)| *number)
        .collect();
    for number in done {
        if let Some(machine) = model.machines.get_mut(&number) {
            machine.life = Life::Dead;
        }
    }
}

fn is_served(machine: &Machine) -> bool {
    machine.agent == AgentState::Started
}

/// A charm is installed, and opens what it is reached by.
fn install(model: &mut Model, name: &UnitName) {
    let ports = model
        .applications
        .get(&name.application)
        .map(|application| application.ports.clone());
    let mut refused = None;
    for range in ports.into_iter().flatten() {
        if let Err(reason) = model.open_port(name, range) {
            refused.get_or_insert(reason);
        }
    }
    let Some(unit) = model.unit_mut(name) else {
        return;
    };
    unit.is_installed = true;
    match refused {
        None => {
            unit.workload = "active".to_owned();
            unit.agent = "idle".to_owned();
        }
        Some(reason) => {
            unit.workload = "error".to_owned();
            unit.agent = "failed".to_owned();
            unit.message = format!("hook failed: \"install\": {reason}");
        }
    }
}

/// A unit goes; its machine is asked to go with the last of them (juju-provider 3.1), except one that serves the controller.
fn leave(model: &mut Model, name: &UnitName) {
    let machine = model.unit(name).map(|unit| unit.machine);
    model.remove_unit(name);
    let Some(number) = machine else {
        return;
    };
    let is_empty = model.units_on(number).is_empty();
    if let Some(machine) = model.machines.get_mut(&number)
        && is_empty
        && !machine.is_controller
        && machine.life == Life::Alive
    {
        machine.life = Life::Dying;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use provider::{Address, InstanceId, Scope};
    use uuid::Uuid;

    use super::super::state::{Application, InstanceState, InstanceStatus, Unit};
    use super::*;
    use crate::driver::Options;
    use crate::subject::Subject;

    /// A model with one machine and a unit of `a` and one of `b` on it, both of which open 80/tcp.
    fn model(is_up: bool) -> Model {
        let mut model = Model::new("m", Uuid::nil(), Subject::A1, Options::default());
        let mut machine = Machine {
            instance_id: Some(InstanceId::new("machine-0")),
            ..Machine::default()
        };
        if is_up {
            machine.instance_status = InstanceStatus::new(InstanceState::Running, "");
            machine.addresses = vec![Address {
                value: "10.0.0.4".parse().expect("an address"),
                scope: Scope::CloudLocal,
            }];
        }
        model.add_machine(machine);
        for app in ["a", "b"] {
            let application = Application {
                ports: vec!["80/tcp".parse().expect("a range")],
                units: BTreeMap::from([(0, Unit::default())]),
                ..Application::default()
            };
            model.applications.insert(app.to_owned(), application);
        }
        model
    }

    fn unit(app: &str) -> UnitName {
        UnitName::new(app, 0)
    }

    #[test]
    fn nothing_runs_on_a_machine_that_is_not_up() {
        let mut model = model(false);
        act(&mut model);
        assert_eq!(model.machines[&0].agent, AgentState::Pending);
        assert!(model.units().all(|(_, unit)| !unit.is_installed));
    }

    #[test]
    fn whoever_comes_second_to_a_port_fails() {
        let mut model = model(true);
        act(&mut model);
        let opened: Vec<usize> = model.units().map(|(_, unit)| unit.opened.len()).collect();
        assert_eq!(opened, [1, 0]);
        assert_eq!(model.unit(&unit("b")).map(|unit| unit.workload.as_str()), Some("error"));
    }

    #[test]
    fn a_machine_goes_with_its_last_unit_once_its_agent_can_say_so() {
        let mut model = model(true);
        act(&mut model);
        for app in ["a", "b"] {
            if let Some(unit) = model.unit_mut(&unit(app)) {
                unit.life = Life::Dying;
            }
            act(&mut model);
        }
        assert_eq!(model.machines[&0].life, Life::Dead);
    }

    #[test]
    fn a_machine_whose_agent_is_down_keeps_dying() {
        let mut model = model(true);
        act(&mut model);
        if let Some(machine) = model.machines.get_mut(&0) {
            machine.agent = AgentState::Down;
        }
        for app in ["a", "b"] {
            if let Some(unit) = model.unit_mut(&unit(app)) {
                unit.life = Life::Dying;
            }
        }
        act(&mut model);
        assert_eq!(model.machines[&0].life, Life::Alive);
        assert_eq!(model.units().count(), 2);
    }
}
