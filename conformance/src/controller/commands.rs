//! What people ask of a controller: models, machines, applications, and the end of all of them.
//!
//! A command changes what the controller remembers, and lets its workers bring the cloud there. It refuses to know how people write
//! it.

use std::time::Duration;

use provider::{Constraints, PortRange, StartInstance, Started};
use serde_json::{Value, json};

use super::migration;
use super::provisioner::usual_series;
use super::state::{
    Application, Endpoint, HarvestMode, InstanceState, Life, Machine, Migration, Model, Unit, UnitName,
};
use super::{Controllers, Ran, State, Trouble, Until, new_model_uuid};
use crate::driver::{CallError, Environs, Options};

/// Between two looks at what a command waits for (juju-provider 3.4).
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How many machines serve the API once there is more than one.
const CONTROLLERS: usize = 3;

/// What a command gives, or why the controller, or the cloud, refused it.
pub(crate) type Done<T> = Result<Result<T, Trouble>, CallError>;

/// Machines that are asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct AddMachines {
    pub(crate) series: String,
    pub(crate) constraints: Constraints,
    pub(crate) placement: Option<String>,
    pub(crate) n_machines: u32,
}

/// An application that is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deploy {
    pub(crate) app: String,
    pub(crate) charm: String,
    pub(crate) series: String,
    pub(crate) constraints: Constraints,
    pub(crate) ports: Vec<PortRange>,
    pub(crate) endpoints: Vec<Endpoint>,
    /// Machines that its units are put on, in order; the others get machines of their own.
    pub(crate) to: Vec<u32>,
    pub(crate) n_units: u32,
}

fn no_model(controller: &str, model: &str) -> CallError {
    CallError(format!(
        "controller `{controller}` has no model `{model}`: bootstrap it, or add the model first"
    ))
}

fn refused(reason: impl Into<String>) -> Trouble {
    Trouble::new("refused", reason)
}

impl Controllers {
    /// Changes a model that has to be there and alive.
    fn with_model<T>(
        &mut self,
        controller: &str,
        model: &str,
        act: impl FnOnce(&mut Model) -> Result<T, Trouble>,
    ) -> Done<T> {
        let given = self.state(controller).change(|own| {
            let found = own.models.get_mut(model)?;
            Some(match (found.life, found.migration) {
                (Life::Alive, Migration::None) => act(found),
                (Life::Alive, _) => Err(refused(format!("model \"{model}\" is being migrated"))),
                (life, _) => Err(refused(format!("model \"{model}\" is {}", life.name()))),
            })
        });
        given.ok_or_else(|| no_model(controller, model))
    }

    /// Looks at a model that has to be there.
    pub(crate) fn look<T>(
        &mut self,
        controller: &str,
        model: &str,
        look: impl FnOnce(&Model) -> T,
    ) -> Result<T, CallError> {
        let seen = self.state(controller).look(|own| own.models.get(model).map(look));
        seen.ok_or_else(|| no_model(controller, model))
    }

    /// Lets workers run until nothing is left to do; trouble where one of them does not get any further.
    pub(crate) fn settle(&mut self, environs: &mut Environs) -> Done<Ran> {
        let ran = self.run(environs, Until::Rest)?;
        Ok(ran.and_then(|ran| match ran.trouble() {
            Some(trouble) => Err(trouble),
            None => Ok(ran),
        }))
    }

    /// Makes a controller with its first machine.
    pub(crate) fn bootstrap(
        &mut self,
        environs: &mut Environs,
        controller: &str,
        name: &str,
        options: Options,
        asked: &AddMachines,
    ) -> Done<Started> {
        let state = self.state(controller);
        if let Some(own) = state.look(|own| own.own_model().map(|model| model.name.clone())) {
            return Ok(Err(refused(format!(
                "controller \"{controller}\" already exists: its model is {own}"
            ))));
        }
        let subject = environs.subject_of(&options);
        let mut model = Model::new(name, new_model_uuid(controller, name), subject, options);
        model.is_controller = true;
        let number = model.add_machine(Machine {
            series: asked.series.clone(),
            constraints: asked.constraints.clone(),
            is_controller: true,
            ..Machine::default()
        });
        let series = asked_series(&asked.series, &model);
        let mut params = StartInstance::new(number, state.look(|own| own.uuid), series);
        params.constraints = asked.constraints.clone();
        params.controller = true;
        // Until it is there, no worker may see it.
        model.migration = Migration::Importing;
        model.agent_version = state.look(|own| own.version);
        state.change(|own| own.models.insert(name.to_owned(), model));

        let started = self.ask(environs, controller, name, |environ| {
            let params = params.clone();
            Box::pin(async move { environ.bootstrap(params).await })
        })?;
        match started {
            Ok(started) => {
                environs.keep();
                self.set_down(controller, false);
                state.change(|own| {
                    if let Some(model) = own.models.get_mut(name) {
                        model.migration = Migration::None;
                        if let Some(machine) = model.machines.get_mut(&number) {
                            let (instance, hardware) = (started.instance.clone(), started.hardware.clone());
                            machine.note(instance, hardware, "user-admin:bootstrap");
                        }
                    }
                });
                Ok(self.settle(environs)?.map(|_| started))
            }
            Err(trouble) => {
                state.change(|own| own.models.remove(name));
                Ok(Err(trouble))
            }
        }
    }

    /// Makes a hosted model, its containers in the cloud first. One that could not be made is not there.
    pub(crate) fn add_model(
        &mut self,
        environs: &mut Environs,
        controller: &str,
        name: &str,
        options: Options,
    ) -> Done<()> {
        let state = self.state(controller);
        if state.look(|own| own.models.contains_key(name)) {
            return Ok(Err(refused(format!("model \"{name}\" already exists"))));
        }
        let subject = environs.subject_of(&options);
        let mut model = Model::new(name, new_model_uuid(controller, name), subject, options);
        model.agent_version = state.look(|own| own.version);
        model.migration = Migration::Importing;
        state.change(|own| own.models.insert(name.to_owned(), model));
        let created = self.ask(environs, controller, name, |environ| {
            Box::pin(async move { environ.create().await })
        })?;
        match created {
            Ok(()) => {
                environs.keep();
                state.change(|own| {
                    if let Some(model) = own.models.get_mut(name) {
                        model.migration = Migration::None;
                    }
                });
                Ok(self.settle(environs)?.map(|_| ()))
            }
            Err(trouble) => {
                state.change(|own| own.models.remove(name));
                Ok(Err(trouble))
            }
        }
    }

    /// Whether machines could be asked for like this: what the state layer asks the provider before it remembers any.
    fn precheck(&mut self, environs: &mut Environs, controller: &str, model: &str, asked: &AddMachines) -> Done<()> {
        let series = self.look(controller, model, |model| asked_series(&asked.series, model))?;
        self.ask(environs, controller, model, |environ| {
            let (series, constraints) = (provider::Series::new(&series), asked.constraints.clone());
            let placement = asked.placement.clone();
            Box::pin(async move {
                environ
                    .precheck_instance(&series, &constraints, placement.as_deref())
                    .await
            })
        })
    }

    /// Whether units and machines may be put where people want them.
    fn check_placement(&mut self, environs: &mut Environs, controller: &str, model: &str) -> Done<()> {
        let environ = match self.environ(environs, controller, model)? {
            Ok(environ) => environ,
            Err(trouble) => return Ok(Err(trouble)),
        };
        Ok(environ.supports_unit_placement().map_err(Trouble::from))
    }

    /// Adds machines, and waits until they are there. Gives back what is known of their instances.
    pub(crate) fn add_machines(
        &mut self,
        environs: &mut Environs,
        controller: &str,
        model: &str,
        asked: &AddMachines,
    ) -> Done<Value> {
        if let Err(trouble) = self.check_placement(environs, controller, model)? {
            return Ok(Err(trouble));
        }
        if let Err(trouble) = self.precheck(environs, controller, model, asked)? {
            return Ok(Err(trouble));
        }
        let added = self.with_model(controller, model, |model| {
            let add = |_| model.add_machine(machine_of(asked));
            Ok((0..asked.n_machines).map(add).collect::<Vec<u32>>())
        })?;
        match added {
            Ok(added) => self.instances_of(environs, controller, model, &added),
            Err(trouble) => Ok(Err(trouble)),
        }
    }

    /// What is known of machines' instances once everything is at rest; trouble where one has none, or a broken one.
    fn instances_of(&mut self, environs: &mut Environs, controller: &str, model: &str, numbers: &[u32]) -> Done<Value> {
        let settled = self.settle(environs)?;
        if let Err(trouble) = settled {
            return Ok(Err(trouble));
        }
        self.look(controller, model, |model| {
            let mut instances = Vec::with_capacity(numbers.len());
            for number in numbers {
                let Some(machine) = model.machines.get(number) else {
                    continue;
                };
                match (&machine.instance, machine.instance_status.state) {
                    (Some(instance), state) if state != InstanceState::ProvisioningError => {
                        instances.push(json!(instance))
                    }
                    (_, state) => {
                        let message = format!(
                            "machine {number}: {}: {}",
                            state.name(),
                            machine.instance_status.message
                        );
                        return Err(Trouble::new("provisioning", message));
                    }
                }
            }
            Ok(Value::Array(instances))
        })
    }

    /// Deploys an application, and waits until its units run.
    pub(crate) fn deploy(
        &mut self,
        environs: &mut Environs,
        controller: &str,
        model: &str,
        asked: &Deploy,
    ) -> Done<Value> {
        let machines = asked.machines();
        if let Err(trouble) = self.precheck(environs, controller, model, &machines)? {
            return Ok(Err(trouble));
        }
        let added = self.with_model(controller, model, |model| {
            if model.applications.contains_key(&asked.app) {
                return Err(refused(format!(
                    "cannot add application \"{}\": application already exists",
                    asked.app
                )));
            }
            let application = Application {
                charm: asked.charm.clone(),
                series: asked.series.clone(),
                constraints: asked.constraints.clone(),
                ports: asked.ports.clone(),
                endpoints: asked.endpoints.clone(),
                ..Application::default()
            };
            model.applications.insert(asked.app.clone(), application);
            Ok(())
        })?;
        match added {
            Ok(()) => self.add_units(environs, controller, model, &asked.app, asked.n_units, &asked.to),
            Err(trouble) => Ok(Err(trouble)),
        }
    }

    /// Adds units, each on a machine of its own unless `to` says otherwise, and waits until they run.
    pub(crate) fn add_units(
        &mut self,
        environs: &mut Environs,
        controller: &str,
        model: &str,
        app: &str,
        n_units: u32,
        to: &[u32],
    ) -> Done<Value> {
        if !to.is_empty()
            && let Err(trouble) = self.check_placement(environs, controller, model)?
        {
            return Ok(Err(trouble));
        }
        let mut places = to.iter().copied();
        let added = self.with_model(controller, model, |model| {
            let mut on = Vec::new();
            for _ in 0..n_units {
                on.push(model.add_unit(app, places.next())?);
            }
            Ok(on)
        })?;
        match added {
            Ok(machines) => self.instances_of(environs, controller, model, &machines),
            Err(trouble) => Ok(Err(trouble)),
        }
    }

    /// An application is reached by the world from here on, or not any more.
    pub(crate) fn set_exposed(
        &mut self,
        environs: &mut Environs,
        controller: &str,
        model: &str,
        app: &str,
        exposed: bool,
    ) -> Done<()> {
        let set = self.with_model(controller, model, |model| match model.applications.get_mut(app) {
            Some(application) => {
                application.exposed = exposed;
                Ok(())
            }
            None => Err(no_application(app)),
        })?;
        self.then_settle(environs, set)
    }

    /// A unit opens ports, or closes them.
    pub(crate) fn set_ports(
        &mut self,
        environs: &mut Environs,
        controller: &str,
        model: &str,
        unit: &UnitName,
        ranges: &[PortRange],
        open: bool,
    ) -> Done<()> {
        let set = self.with_model(controller, model, |model| {
            for range in ranges {
                if open {
                    model.open_port(unit, *range).map_err(refused)?;
                } else {
                    let found = model.unit_mut(unit).ok_or_else(|| no_unit(unit))?;
                    found.opened.remove(range);
                }
            }
            Ok(())
        })?;
        self.then_settle(environs, set)
    }

    fn then_settle(&mut self, environs: &mut Environs, set: Result<(), Trouble>) -> Done<()> {
        match set {
            Ok(()) => Ok(self.settle(environs)?.map(|_| ())),
            Err(trouble) => Ok(Err(trouble)),
        }
    }

    /// A unit is asked to go, and its machine with it when it was the last there.
    pub(crate) fn remove_unit(
        &mut self,
        environs: &mut Environs,
        controller: &str,
        model: &str,
        unit: &UnitName,
    ) -> Done<()> {
        let asked = self.with_model(controller, model, |model| {
            let found = model.unit_mut(unit).ok_or_else(|| no_unit(unit))?;
            found.life = found.life.max(Life::Dying);
            let machine = found.machine;
            Ok((model.units_on(machine).len() == 1).then_some(machine))
        })?;
        let machine = match asked {
            Ok(machine) => machine,
            Err(trouble) => return Ok(Err(trouble)),
        };
        if let Err(trouble) = self.settle(environs)? {
            return Ok(Err(trouble));
        }
        self.look(controller, model, |model| {
            let left = model.unit(unit).map(|found| found.machine);
            match left.or(machine.filter(|number| is_left(model, *number))) {
                Some(number) => Err(still_there(model, number)),
                None => Ok(()),
            }
        })
    }

    /// Removes an application with its units.
    pub(crate) fn remove_application(
        &mut self,
        environs: &mut Environs,
        controller: &str,
        model: &str,
        app: &str,
    ) -> Done<()> {
        let asked = self.with_model(controller, model, |model| {
            let application = model.applications.get_mut(app).ok_or_else(|| no_application(app))?;
            if application.units.is_empty() {
                model.applications.remove(app);
                return Ok(());
            }
            application.life = Life::Dying;
            for unit in application.units.values_mut() {
                unit.life = unit.life.max(Life::Dying);
            }
            Ok(())
        })?;
        self.then_settle(environs, asked)
    }

    /// A machine is asked to go, with its units when it is forced to; `keep` leaves its instance where it is.
    pub(crate) fn remove_machine(
        &mut self,
        environs: &mut Environs,
        controller: &str,
        model: &str,
        number: u32,
        force: bool,
        keep: bool,
    ) -> Done<()> {
        let asked = self.with_model(controller, model, |model| {
            let units = model.units_on(number);
            let Some(machine) = model.machines.get_mut(&number) else {
                return Err(refused(format!("machine {number} not found")));
            };
            if machine.is_controller {
                return Err(refused(format!("machine {number} is required by the model")));
            }
            if !force && !units.is_empty() {
                let units: Vec<String> = units.iter().map(ToString::to_string).collect();
                return Err(refused(format!(
                    "machine {number} has unit \"{}\" assigned",
                    units.join("\", \"")
                )));
            }
            machine.keep_instance |= keep;
            machine.life = machine.life.max(if force { Life::Dead } else { Life::Dying });
            for unit in units {
                model.remove_unit(&unit);
            }
            Ok(())
        })?;
        if let Err(trouble) = asked {
            return Ok(Err(trouble));
        }
        if let Err(trouble) = self.settle(environs)? {
            return Ok(Err(trouble));
        }
        self.look(controller, model, |model| match is_left(model, number) {
            true => Err(still_there(model, number)),
            false => Ok(()),
        })
    }

    /// What could not be started may be tried again.
    pub(crate) fn retry_provisioning(
        &mut self,
        environs: &mut Environs,
        controller: &str,
        model: &str,
        numbers: &[u32],
    ) -> Done<Value> {
        let asked = self.with_model(controller, model, |model| {
            for number in numbers {
                let Some(machine) = model.machines.get_mut(number) else {
                    return Err(refused(format!("machine {number} not found")));
                };
                if machine.instance_status.state != InstanceState::ProvisioningError {
                    return Err(refused(format!(
                        "cannot retry provisioning: machine {number} is not in an error state"
                    )));
                }
                machine.is_transient = true;
            }
            Ok(())
        })?;
        match asked {
            Ok(()) => self.instances_of(environs, controller, model, numbers),
            Err(trouble) => Ok(Err(trouble)),
        }
    }

    /// As many machines serve the API as there should be.
    pub(crate) fn enable_ha(&mut self, environs: &mut Environs, controller: &str) -> Done<Value> {
        let own = self.own_model(controller)?;
        let added = self.with_model(controller, &own, |model| {
            let first = model.machines.values().find(|machine| machine.is_controller).cloned();
            let n_there = model.machines.values().filter(|machine| machine.is_controller).count();
            let add = |_| {
                model.add_machine(Machine {
                    is_controller: true,
                    series: first.as_ref().map(|machine| machine.series.clone()).unwrap_or_default(),
                    constraints: first
                        .as_ref()
                        .map(|machine| machine.constraints.clone())
                        .unwrap_or_default(),
                    ..Machine::default()
                })
            };
            Ok((n_there..CONTROLLERS).map(add).collect::<Vec<u32>>())
        })?;
        match added {
            Ok(added) => self.instances_of(environs, controller, &own, &added),
            Err(trouble) => Ok(Err(trouble)),
        }
    }

    /// Which instances the provisioner of a model stops.
    pub(crate) fn set_harvest(
        &mut self,
        environs: &mut Environs,
        controller: &str,
        model: &str,
        mode: HarvestMode,
    ) -> Done<()> {
        let set = self.with_model(controller, model, |model| {
            model.harvest = mode;
            Ok(())
        })?;
        self.then_settle(environs, set)
    }

    /// Destroys a hosted model, and waits until it is gone.
    pub(crate) fn destroy_model(&mut self, environs: &mut Environs, controller: &str, model: &str) -> Done<()> {
        let asked = self.with_model(controller, model, |found| {
            if found.is_controller {
                return Err(refused(format!(
                    "\"{model}\" is a controller model; use 'juju destroy-controller' to destroy it"
                )));
            }
            found.life = Life::Dying;
            Ok(())
        })?;
        if let Err(trouble) = asked {
            return Ok(Err(trouble));
        }
        if let Err(trouble) = self.settle(environs)? {
            return Ok(Err(trouble));
        }
        let is_there = self.state(controller).look(|own| own.models.contains_key(model));
        Ok(match is_there {
            true => Err(Trouble::new(
                "stuck",
                format!("model \"{model}\" is still being destroyed"),
            )),
            false => Ok(()),
        })
    }

    /// Name of the controller's own model.
    fn own_model(&mut self, controller: &str) -> Result<String, CallError> {
        let own = self
            .state(controller)
            .look(|own| own.own_model().map(|model| model.name.clone()));
        own.ok_or_else(|| CallError(format!("controller `{controller}` was never bootstrapped")))
    }

    /// Destroys a controller, hosted models first; with some of those alive only when `all` are to go (juju-provider 3.4).
    pub(crate) fn destroy_controller(&mut self, environs: &mut Environs, controller: &str, all: bool) -> Done<()> {
        let own = self.own_model(controller)?;
        let state = self.state(controller);
        if self.is_down(controller) {
            return Ok(Err(Trouble::new(
                "transport",
                format!("cannot connect to the API of controller \"{controller}\""),
            )));
        }
        if let Some(trouble) = state.look(|controller| refusal_to_destroy(controller, all)) {
            return Ok(Err(trouble));
        }
        all_dying(&state);
        if let Err(trouble) = self.settle(environs)? {
            return Ok(Err(trouble));
        }
        let left: Vec<String> = state.look(|own| own.hosted().map(|model| model.name.clone()).collect());
        if !left.is_empty() {
            let error = format!("waiting on {} model(s): {}", left.len(), left.join(", "));
            return Ok(Err(Trouble::new("stuck", error)));
        }
        self.destroy_own(environs, controller, &own)
    }

    /// Destroys a controller whatever it says: when nothing more comes of asking it, straight in the cloud (juju-provider 3.4).
    pub(crate) fn kill_controller(&mut self, environs: &mut Environs, controller: &str, timeout: Duration) -> Done<()> {
        let own = self.own_model(controller)?;
        let state = self.state(controller);
        if self.is_down(controller) {
            return self.destroy_own(environs, controller, &own);
        }
        if let Some(reason) = state.look(migration::holds_controller) {
            return Ok(Err(refused(format!(
                "cannot destroy controller \"{controller}\": {reason}"
            ))));
        }
        all_dying(&state);
        let mut left = counts(&state);
        let mut since_ms = environs.clock().now_ms();
        while left.0 > 0 {
            if let Err(trouble) = self.run(environs, Until::For(LOOK_EVERY))? {
                return Ok(Err(trouble));
            }
            let now_ms = environs.clock().now_ms();
            let now_left = counts(&state);
            if now_left != left {
                (left, since_ms) = (now_left, now_ms);
            }
            if Duration::from_millis(now_ms.saturating_sub(since_ms)) >= timeout {
                break;
            }
        }
        let hosted: Vec<String> = state.look(|own| own.hosted().map(|model| model.name.clone()).collect());
        for model in hosted {
            let destroyed = self.ask(environs, controller, &model, |environ| {
                Box::pin(async move { environ.destroy().await })
            })?;
            if let Err(trouble) = destroyed {
                return Ok(Err(trouble));
            }
        }
        self.destroy_own(environs, controller, &own)
    }

    /// With the client's own credential, by the tags that carry the controller's uuid. Then nobody remembers it.
    fn destroy_own(&mut self, environs: &mut Environs, controller: &str, own: &str) -> Done<()> {
        let uuid = self.state(controller).look(|own| own.uuid);
        let destroyed = self.ask(environs, controller, own, |environ| {
            Box::pin(async move { environ.destroy_controller(uuid).await })
        })?;
        if destroyed.is_ok() {
            self.states.remove(controller);
            self.set_down(controller, false);
            self.forget_workers(|place| place.0 == controller);
        }
        Ok(destroyed)
    }
}

impl Deploy {
    fn machines(&self) -> AddMachines {
        AddMachines {
            series: self.series.clone(),
            constraints: self.constraints.clone(),
            ..AddMachines::default()
        }
    }
}

impl Model {
    /// Adds a unit, on a machine that is there or on a new one; gives back which.
    fn add_unit(&mut self, app: &str, to: Option<u32>) -> Result<u32, Trouble> {
        let Some(application) = self.applications.get_mut(app) else {
            return Err(no_application(app));
        };
        if application.life != Life::Alive {
            return Err(refused(format!("application \"{app}\" is {}", application.life.name())));
        }
        let (series, constraints) = (application.series.clone(), application.constraints.clone());
        let machine = match to {
            None => self.add_machine(Machine {
                series,
                constraints,
                ..Machine::default()
            }),
            Some(number) => match self.machines.get(&number) {
                Some(machine) if machine.life == Life::Alive => number,
                Some(machine) => return Err(refused(format!("machine {number} is {}", machine.life.name()))),
                None => return Err(refused(format!("machine {number} not found"))),
            },
        };
        if let Some(application) = self.applications.get_mut(app) {
            let number = application.next_unit;
            application.next_unit += 1;
            let unit = Unit {
                machine,
                ..Unit::default()
            };
            application.units.insert(number, unit);
        }
        Ok(machine)
    }
}

fn machine_of(asked: &AddMachines) -> Machine {
    Machine {
        series: asked.series.clone(),
        constraints: asked.constraints.clone(),
        placement: asked.placement.clone(),
        ..Machine::default()
    }
}

fn asked_series(asked: &str, model: &Model) -> String {
    match asked {
        "" => usual_series(model).to_owned(),
        series => series.to_owned(),
    }
}

fn no_application(app: &str) -> Trouble {
    refused(format!("application \"{app}\" not found"))
}

fn no_unit(unit: &UnitName) -> Trouble {
    refused(format!("unit \"{unit}\" not found"))
}

/// Whether a machine that was asked to go is there still.
fn is_left(model: &Model, number: u32) -> bool {
    let machine = model.machines.get(&number);
    machine.is_some_and(|machine| machine.life != Life::Alive)
}

fn still_there(model: &Model, number: u32) -> Trouble {
    let machine = model.machines.get(&number);
    let (life, agent) = machine.map_or(("gone", "gone"), |machine| (machine.life.name(), machine.agent.name()));
    let error =
        format!("machine {number} is {life}, and its agent, which has to let it go, is {agent}: only force removes it");
    Trouble::new("stuck", error)
}

/// Why a controller is not destroyed.
fn refusal_to_destroy(controller: &super::state::Controller, all: bool) -> Option<Trouble> {
    let name = &controller.name;
    if let Some(reason) = migration::holds_controller(controller) {
        return Some(refused(format!("cannot destroy controller \"{name}\": {reason}")));
    }
    if let Some(model) = controller
        .models
        .values()
        .find(|model| model.migration != Migration::None)
    {
        let error = format!(
            "cannot destroy controller \"{name}\": model \"{}\" is being migrated",
            model.name
        );
        return Some(refused(error));
    }
    let mut alive = controller.hosted().filter(|model| model.life == Life::Alive);
    if !all && alive.next().is_some() {
        let error = format!(
            "cannot destroy controller \"{name}\": the controller has live hosted models; to destroy all of them, use --destroy-all-models"
        );
        return Some(refused(error));
    }
    None
}

fn all_dying(state: &State) {
    state.change(|own| {
        for model in own.models.values_mut().filter(|model| !model.is_controller) {
            model.life = model.life.max(Life::Dying);
        }
    });
}

/// How much there is of hosted models: models, machines, applications.
fn counts(state: &State) -> (usize, usize, usize) {
    state.look(|own| {
        let hosted = || own.hosted();
        (
            hosted().count(),
            hosted().map(|model| model.machines.len()).sum(),
            hosted().map(|model| model.applications.len()).sum(),
        )
    })
}
