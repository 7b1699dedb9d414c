//! What keeps a model from moving, looked at before anything is begun, and once more when everything stands still
//! (juju-provider 3.6). Everything is said in Juju's words, except that agents have binaries and no tools (seed 004).

use uuid::Uuid;

use super::super::state::{AgentState, Controller, InstanceState, Life, Machine, Migration, Model};
use super::super::versions::Number;

/// What the target is told of a model that is to come.
#[derive(Clone, Debug)]
pub(super) struct Moving {
    pub(super) uuid: Uuid,
    pub(super) name: String,
    pub(super) agent_version: Number,
    /// The version of the server that it comes from.
    pub(super) source_version: Number,
}

/// Whether a model may leave.
pub(super) fn source(controller: &Controller, model: &Model) -> Result<(), String> {
    if model.is_controller {
        return Err("controller models can't be migrated".to_owned());
    }
    if model.life != Life::Alive {
        return Err(format!("model is {}", model.life.name()));
    }
    if model.migration == Migration::Importing {
        return Err("model is being imported as part of another migration".to_owned());
    }
    if model.has_revoked_credential {
        return Err("model has revoked credentials".to_owned());
    }
    machines(model)?;
    applications(model)?;
    if model.needs_cleanup {
        return Err("cleanup needed".to_owned());
    }

    health(controller)
}

/// Whether a model may come.
pub(super) fn target(controller: &Controller, moving: &Moving) -> Result<(), String> {
    let of_same_uuid = controller.model_of(moving.uuid);
    if of_same_uuid.is_some_and(|own| own.migration == Migration::Exporting) {
        return Err("model is being migrated out of target controller".to_owned());
    }
    if moving.agent_version > controller.version {
        return Err(format!(
            "model has higher version than target controller ({} > {})",
            moving.agent_version, controller.version
        ));
    }
    if moving.source_version.series() > controller.version.series() {
        return Err(format!(
            "source controller has higher version than target controller ({} > {})",
            moving.source_version, controller.version
        ));
    }
    health(controller)?;
    if let Some(own) = of_same_uuid {
        return Err(format!("model with same UUID already exists ({})", own.name));
    }
    match controller.models.contains_key(&moving.name) {
        true => Err(format!("model named \"{}\" already exists", moving.name)),
        false => Ok(()),
    }
}

/// Whether a controller is fit for sending and taking models.
fn health(controller: &Controller) -> Result<(), String> {
    if controller.is_upgrading {
        return Err("controller: upgrade in progress".to_owned());
    }
    match controller.own_model() {
        Some(own) => machines(own).map_err(|error| format!("controller: {error}")),
        None => Ok(()),
    }
}

fn machines(model: &Model) -> Result<(), String> {
    for (number, own) in &model.machines {
        machine(model, own).map_err(|error| format!("machine {number} {error}"))?;
    }
    Ok(())
}

fn machine(model: &Model, machine: &Machine) -> Result<(), String> {
    if machine.life != Life::Alive {
        return Err(format!("is {}", machine.life.name()));
    }
    let state = machine.instance_status.state;
    if state != InstanceState::Running {
        return Err(format!("not running ({})", state.name()));
    }
    if machine.agent != AgentState::Started {
        return Err(format!("agent not functioning at this time ({})", machine.agent.name()));
    }
    if machine.reboots {
        return Err("is scheduled to reboot".to_owned());
    }
    match machine.agent_version {
        Some(own) if own != model.agent_version => Err(format!(
            "agent binaries don't match model ({own} != {})",
            model.agent_version
        )),
        _ => Ok(()),
    }
}

fn applications(model: &Model) -> Result<(), String> {
    for (name, application) in &model.applications {
        if application.life != Life::Alive {
            return Err(format!("application {name} is {}", application.life.name()));
        }
        let n_units = u32::try_from(application.units.len()).unwrap_or(u32::MAX);
        if n_units < application.min_units {
            return Err(format!("application {name} is below its minimum units threshold"));
        }
    }
    for (name, unit) in model.units() {
        if unit.life != Life::Alive {
            return Err(format!("unit {name} is {}", unit.life.name()));
        }
        if !["idle", "executing"].contains(&unit.agent.as_str()) {
            let agent = if unit.agent.is_empty() {
                "allocating"
            } else {
                &unit.agent
            };
            return Err(format!("unit {name} not idle or executing ({agent})"));
        }
        if unit.is_upgrading {
            return Err(format!("unit {name} is upgrading"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::Write;

    use super::super::super::state::{Application, InstanceStatus, Unit, UnitName};
    use super::*;
    use crate::driver::Options;
    use crate::subject::Subject;

    fn number(text: &str) -> Number {
        text.parse().expect("a version")
    }

    fn model(name: &str) -> Model {
        let mut model = Model::new(name, Uuid::from_u128(7), Subject::A4, Options::default());
        model.add_machine(Machine {
            instance_status: InstanceStatus::new(InstanceState::Running, ""),
            agent: AgentState::Started,
            agent_version: Some(model.agent_version),
            ..Machine::default()
        });
        model
    }

    fn controller(name: &str) -> Controller {
        let mut controller = Controller::new(name, Uuid::from_u128(1));
        let mut own = model("controller");
        own.uuid = Uuid::from_u128(2);
        own.is_controller = true;
        controller.models.insert("controller".to_owned(), own);
        controller
    }

    fn moving() -> Model {
        let mut model = model("m");
        let unit = Unit {
            agent: "idle".to_owned(),
            ..Unit::default()
        };
        let application = Application {
            units: BTreeMap::from([(0, unit)]),
            ..Application::default()
        };
        model.applications.insert("x".to_owned(), application);
        model
    }

    fn machine_of(model: &mut Model) -> &mut Machine {
        model.machines.get_mut(&0).expect("machine 0 was added")
    }

    fn unit_of(model: &mut Model) -> &mut Unit {
        model.unit_mut(&UnitName::new("x", 0)).expect("unit x/0 was added")
    }

    #[test]
    fn what_keeps_a_model_from_leaving() {
        type Wrong = fn(&mut Controller, &mut Model);
        let wrongs: [Wrong; 19] = [
            |_, _| {},
            |_, model| model.is_controller = true,
            |_, model| model.life = Life::Dying,
            |_, model| model.migration = Migration::Importing,
            |_, model| model.has_revoked_credential = true,
            |_, model| machine_of(model).life = Life::Dying,
            |_, model| machine_of(model).instance_status.state = InstanceState::Provisioning,
            |_, model| machine_of(model).agent = AgentState::Down,
            |_, model| machine_of(model).reboots = true,
            |_, model| machine_of(model).agent_version = Some(number("2.1.3")),
            |_, model| model.applications.values_mut().for_each(|own| own.life = Life::Dying),
            |_, model| model.applications.values_mut().for_each(|own| own.min_units = 2),
            |_, model| unit_of(model).agent = "failed".to_owned(),
            |_, model| unit_of(model).agent = "executing".to_owned(),
            |_, model| unit_of(model).is_upgrading = true,
            |_, model| unit_of(model).life = Life::Dying,
            |_, model| model.needs_cleanup = true,
            |controller, _| controller.is_upgrading = true,
            |controller, _| {
                controller
                    .models
                    .values_mut()
                    .for_each(|own| machine_of(own).agent = AgentState::Down)
            },
        ];
        let mut text = String::new();
        for wrong in wrongs {
            let (mut controller, mut model) = (controller("from"), moving());
            wrong(&mut controller, &mut model);
            let said = source(&controller, &model).err().unwrap_or_else(|| "it may".to_owned());
            writeln!(text, "{said}").expect("a String takes every text");
        }
        expect_test::expect![[r#"
            it may
            controller models can't be migrated
            model is dying
            model is being imported as part of another migration
            model has revoked credentials
            machine 0 is dying
            machine 0 not running (allocating)
            machine 0 agent not functioning at this time (down)
            machine 0 is scheduled to reboot
            machine 0 agent binaries don't match model (2.1.3 != 2.2.1)
            application x is dying
            application x is below its minimum units threshold
            unit x/0 not idle or executing (failed)
            it may
            unit x/0 is upgrading
            unit x/0 is dying
            cleanup needed
            controller: upgrade in progress
            controller: machine 0 agent not functioning at this time (down)
        "#]]
        .assert_eq(&text);
    }

    #[test]
    fn what_keeps_a_model_from_coming() {
        type Wrong = fn(&mut Controller, &mut Moving);
        let wrongs: [Wrong; 9] = [
            |_, _| {},
            |controller, _| {
                let mut own = moving();
                own.migration = Migration::Exporting;
                controller.models.insert("other".to_owned(), own);
            },
            |_, moving| moving.agent_version = number("2.3.0"),
            |_, moving| moving.source_version = number("2.3.0"),
            // Patches are no matter.
            |_, moving| moving.source_version = number("2.2.9"),
            |controller, _| controller.is_upgrading = true,
            |controller, _| {
                controller
                    .models
                    .values_mut()
                    .for_each(|own| machine_of(own).life = Life::Dead)
            },
            |controller, _| {
                let mut own = moving();
                own.name = "other".to_owned();
                controller.models.insert("other".to_owned(), own);
            },
            |controller, _| {
                let mut own = moving();
                own.uuid = Uuid::from_u128(8);
                controller.models.insert("m".to_owned(), own);
            },
        ];
        let mut text = String::new();
        for wrong in wrongs {
            let model = moving();
            let (mut controller, mut moving) = (
                controller("to"),
                Moving {
                    uuid: model.uuid,
                    name: model.name.clone(),
                    agent_version: model.agent_version,
                    source_version: number("2.2.1"),
                },
            );
            wrong(&mut controller, &mut moving);
            let said = target(&controller, &moving)
                .err()
                .unwrap_or_else(|| "it may".to_owned());
            writeln!(text, "{said}").expect("a String takes every text");
        }
        expect_test::expect![[r#"
            it may
            model is being migrated out of target controller
            model has higher version than target controller (2.3.0 > 2.2.1)
            source controller has higher version than target controller (2.3.0 > 2.2.1)
            it may
            controller: upgrade in progress
            controller: machine 0 is dead
            model with same UUID already exists (other)
            model named "m" already exists
        "#]]
        .assert_eq(&text);
    }
}
