//! What a Juju user does, by the least that stands above the provider: machines, applications with units and ports, exposure.

use std::collections::BTreeMap;

use provider::{IngressRule, InstanceId, StartInstance};
use serde_json::{Value, json};

use super::Outcome;
use super::calls::{Arguments, CONTROLLER, CallError, Options, ProviderCall, uuid_of};
use super::environs::Environs;
use crate::scenario::CallStep;

/// Models by name.
#[derive(Debug, Default)]
pub(crate) struct Juju {
    models: BTreeMap<String, Model>,
}

/// One model: Juju's word for an environment.
#[derive(Debug, Default)]
struct Model {
    options: Options,
    next_machine: u32,
    /// The instance of each machine.
    machines: BTreeMap<u32, InstanceId>,
    applications: BTreeMap<String, Application>,
}

#[derive(Clone, Debug, Default)]
struct Application {
    series: Option<String>,
    ports: Vec<IngressRule>,
    exposed: bool,
    next_unit: u32,
    /// Units by number, each with its machine.
    units: BTreeMap<u32, u32>,
}

impl Juju {
    /// Does what a command does.
    pub(crate) fn perform(&mut self, environs: &mut Environs, step: &CallStep) -> Result<Outcome, CallError> {
        let arguments = Arguments(&step.arguments);
        let name = step.environment.as_str();
        let model = self.models.entry(name.to_owned()).or_default();
        model.options.extend(arguments.options()?);
        let options = model.options.clone();
        let mut ask = |call| environs.call(name, &options, call);

        match step.call.as_str() {
            "bootstrap" => {
                let mut params = start(&arguments, 0)?;
                params.controller = true;
                let outcome = ask(ProviderCall::Bootstrap(Box::new(params)))?;
                if let Outcome::Gave(started) = &outcome {
                    model.next_machine = 1;
                    model.machines.insert(0, instance_of(started, 0));
                }
                Ok(outcome)
            }
            "add-model" => ask(ProviderCall::Create),
            "add-machine" => {
                let allowed = ask(ProviderCall::SupportsUnitPlacement)?;
                if !matches!(allowed, Outcome::Gave(_)) {
                    return Ok(allowed);
                }
                let mut added = Vec::new();
                for _ in 0..arguments.number("count")?.unwrap_or(1) {
                    let params = start(&arguments, model.next_machine)?;
                    match model.start(&mut ask, params)? {
                        Outcome::Gave(instance) => added.push(instance),
                        other => return Ok(other),
                    }
                }
                Ok(Outcome::Gave(Value::Array(added)))
            }
            "deploy" => {
                let app = arguments.needed_text("app")?;
                let units = arguments.number("units")?.unwrap_or(1);
                let application = Application {
                    series: arguments.text("series")?,
                    ports: arguments.ports()?,
                    ..Application::default()
                };
                model.applications.insert(app.clone(), application);
                model.add_units(&mut ask, &arguments, &app, units)
            }
            "add-unit" => {
                let app = arguments.needed_text("app")?;
                model.application(&app)?;
                let units = arguments.number("count")?.unwrap_or(1);
                model.add_units(&mut ask, &arguments, &app, units)
            }
            "expose" | "unexpose" => {
                let app = arguments.needed_text("app")?;
                let application = model.application(&app)?;
                application.exposed = step.call == "expose";
                let (exposed, ports) = (application.exposed, application.ports.clone());
                for machine in application.units.values().copied().collect::<Vec<_>>() {
                    let id = model.instance(machine);
                    let call = if exposed {
                        ProviderCall::OpenPorts(id, ports.clone())
                    } else {
                        ProviderCall::ClosePorts(id, ports.clone())
                    };
                    let outcome = ask(call)?;
                    if !matches!(outcome, Outcome::Gave(_)) {
                        return Ok(outcome);
                    }
                }
                Ok(Outcome::Gave(Value::Null))
            }
            "remove-unit" => {
                let unit = arguments.needed_text("unit")?;
                let machine = model.machine_of(&unit)?;
                model.remove_machine(&mut ask, machine)
            }
            "remove-machine" => {
                let machine = arguments.machine()?;
                model.remove_machine(&mut ask, machine)
            }
            "status" => ask(ProviderCall::AllInstances),
            "destroy-model" => {
                let outcome = ask(ProviderCall::Destroy)?;
                if matches!(outcome, Outcome::Gave(_)) {
                    self.models.remove(name);
                }
                Ok(outcome)
            }
            "destroy-controller" => {
                // Hosted models first, the controller's own last (juju-provider 3.4).
                let hosted: Vec<String> = self.models.keys().filter(|model| *model != name).cloned().collect();
                for hosted in hosted {
                    let outcome = environs.call(&hosted, &Options::default(), ProviderCall::Destroy)?;
                    if !matches!(outcome, Outcome::Gave(_)) {
                        return Ok(outcome);
                    }
                    self.models.remove(&hosted);
                }
                let controller = uuid_of("controller", CONTROLLER);
                let outcome = environs.call(name, &options, ProviderCall::DestroyController { controller })?;
                if matches!(outcome, Outcome::Gave(_)) {
                    self.models.clear();
                }
                Ok(outcome)
            }
            other => Err(CallError(format!("`{other}` is no juju command"))),
        }
    }
}

type Ask<'a> = dyn FnMut(ProviderCall) -> Result<Outcome, CallError> + 'a;

impl Model {
    fn application(&mut self, app: &str) -> Result<&mut Application, CallError> {
        self.applications
            .get_mut(app)
            .ok_or_else(|| CallError(format!("`{app}` is no application, deploy it first")))
    }

    fn machine_of(&self, unit: &str) -> Result<u32, CallError> {
        let found = unit
            .split_once('/')
            .and_then(|(app, number)| self.applications.get(app)?.units.get(&number.parse().ok()?).copied());
        found.ok_or_else(|| CallError(format!("`{unit}` is no unit")))
    }

    fn start(&mut self, ask: &mut Ask<'_>, params: StartInstance) -> Result<Outcome, CallError> {
        let machine = params.machine;
        self.next_machine = machine + 1;
        let outcome = ask(ProviderCall::StartInstance(Box::new(params)))?;
        if let Outcome::Gave(started) = &outcome {
            self.machines.insert(machine, instance_of(started, machine));
        }
        Ok(outcome)
    }

    fn instance(&self, machine: u32) -> InstanceId {
        let known = self.machines.get(&machine).cloned();
        known.unwrap_or_else(|| instance_id(machine))
    }

    /// One machine a unit; units of an application are kept apart.
    fn add_units(
        &mut self,
        ask: &mut Ask<'_>,
        arguments: &Arguments<'_>,
        app: &str,
        n_units: u32,
    ) -> Result<Outcome, CallError> {
        let mut added = Vec::new();
        for _ in 0..n_units {
            let machine = self.next_machine;
            let application = self.application(app)?;
            let unit = application.next_unit;
            application.next_unit += 1;
            let mut params = start(arguments, machine)?;
            if let Some(series) = &application.series {
                params.series = provider::Series::new(series.as_str());
            }
            params.units = vec![format!("{app}/{unit}")];
            let peers: Vec<u32> = application.units.values().copied().collect();
            params.distribution_group = peers.into_iter().map(|machine| self.instance(machine)).collect();
            match self.start(ask, params)? {
                Outcome::Gave(instance) => added.push(instance),
                other => return Ok(other),
            }
            let id = self.instance(machine);
            let application = self.application(app)?;
            application.units.insert(unit, machine);
            if application.exposed {
                let opened = ask(ProviderCall::OpenPorts(id, application.ports.clone()))?;
                if !matches!(opened, Outcome::Gave(_)) {
                    return Ok(opened);
                }
            }
        }
        Ok(Outcome::Gave(json!(added)))
    }

    fn remove_machine(&mut self, ask: &mut Ask<'_>, machine: u32) -> Result<Outcome, CallError> {
        let outcome = ask(ProviderCall::StopInstances(vec![self.instance(machine)]))?;
        if matches!(outcome, Outcome::Gave(_)) {
            self.machines.remove(&machine);
            for application in self.applications.values_mut() {
                application.units.retain(|_, of| *of != machine);
            }
        }
        Ok(outcome)
    }
}

/// The id that the provider gave a machine; a machine that it did not start has the usual one.
fn instance_of(started: &Value, machine: u32) -> InstanceId {
    let given = started.get("id").and_then(Value::as_str);
    given.map_or_else(|| instance_id(machine), InstanceId::new)
}

fn instance_id(machine: u32) -> InstanceId {
    InstanceId::new(format!("machine-{machine}"))
}

fn start(arguments: &Arguments<'_>, machine: u32) -> Result<StartInstance, CallError> {
    let mut params = StartInstance::new(machine, uuid_of("controller", CONTROLLER), arguments.series()?.as_str());
    params.constraints = arguments.constraints()?;
    Ok(params)
}
