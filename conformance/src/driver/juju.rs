//! What a Juju user types, read from a scenario's step and done by a controller.
//!
//! It refuses to know what a command does: controllers do.

use std::time::Duration;

use provider::PortRange;
use serde_json::{Value, json};

use super::calls::{Arguments, CONTROLLER, CallError, ProviderCall};
use super::environs::{Environs, Side, started_value};
use super::{Outcome, PATIENCE_MS, juju_between};
use crate::controller::state::{HarvestMode, UnitName};
use crate::controller::{AddMachines, Controllers, Deploy, Done, Until, View, environ_name};
use crate::scenario::{CallStep, parse_duration};

/// How long nothing may come of destroying a controller before it is killed.
const KILL_AFTER: Duration = Duration::from_secs(5 * 60);

/// Everything that Juju's users have made.
#[derive(Default)]
pub(crate) struct Juju {
    pub(crate) controllers: Controllers,
}

impl Juju {
    /// Does what a command does.
    pub(crate) fn perform(&mut self, environs: &mut Environs, step: &CallStep) -> Result<Outcome, CallError> {
        let arguments = Arguments(&step.arguments);
        let controller = arguments.text("controller")?.unwrap_or_else(|| CONTROLLER.to_owned());
        let (controller, model) = (controller.as_str(), step.environment.as_str());
        let options = arguments.options()?;
        let all = &mut self.controllers;
        if let Some(outcome) = juju_between::perform(all, environs, step)? {
            return Ok(outcome);
        }

        match step.call.as_str() {
            "bootstrap" => {
                let started = all.bootstrap(environs, controller, model, options, &machines(&arguments)?);
                outcome(started, |started| started_value(&started))
            }
            "add-model" => done(all.add_model(environs, controller, model, options)),
            "add-machine" => gave(all.add_machines(environs, controller, model, &machines(&arguments)?)),
            "deploy" => gave(all.deploy(environs, controller, model, &application(&arguments)?)),
            "add-unit" => {
                let app = arguments.needed_text("app")?;
                let n_units = arguments.number("count")?.unwrap_or(1);
                let to = places(&arguments)?;
                gave(all.add_units(environs, controller, model, &app, n_units, &to))
            }
            "expose" | "unexpose" => {
                let app = arguments.needed_text("app")?;
                let exposed = step.call == "expose";
                done(all.set_exposed(environs, controller, model, &app, exposed))
            }
            "open-port" | "close-port" => {
                let (unit, ranges) = (unit(&arguments)?, ranges(&arguments)?);
                let open = step.call == "open-port";
                done(all.set_ports(environs, controller, model, &unit, &ranges, open))
            }
            "remove-unit" => done(all.remove_unit(environs, controller, model, &unit(&arguments)?)),
            "remove-application" => {
                let app = arguments.needed_text("app")?;
                done(all.remove_application(environs, controller, model, &app))
            }
            "remove-machine" => {
                let (force, keep) = (arguments.flag("force")?, arguments.flag("keep-instance")?);
                done(all.remove_machine(environs, controller, model, arguments.machine()?, force, keep))
            }
            "retry-provisioning" => gave(all.retry_provisioning(environs, controller, model, &[arguments.machine()?])),
            "harvest" => {
                let name = arguments.needed_text("mode")?;
                let Some(mode) = HarvestMode::find(&name) else {
                    return Err(CallError(format!(
                        "`mode` is {name}, expected all, unknown, destroyed or none"
                    )));
                };
                done(all.set_harvest(environs, controller, model, mode))
            }
            "enable-ha" => gave(all.enable_ha(environs, controller)),
            "status" => {
                let name = environ_name(controller, model);
                environs.call(&name, &options, ProviderCall::AllInstances)
            }
            "view" => Ok(Outcome::Gave(json!(all.look(controller, model, View::of)?))),
            "show-machine" => {
                let number = arguments.machine()?;
                let known = all.look(controller, model, |model| {
                    model.machines.get(&number).map(|machine| json!(machine.instance))
                })?;
                known
                    .map(Outcome::Gave)
                    .ok_or_else(|| CallError(format!("machine {number} not found")))
            }
            "settle" => {
                let ran = match span(&arguments, "for")? {
                    Some(span) => all.run(environs, Until::For(span))?,
                    None => all.settle(environs)?,
                };
                Ok(match ran {
                    Ok(ran) => {
                        let died = ran.deaths.iter().map(|death| death.worker.to_string());
                        let died: Vec<String> = died.collect();
                        Outcome::Gave(json!({"died": died, "crashes": ran.n_crashes}))
                    }
                    Err(trouble) => trouble.into(),
                })
            }
            "crash" => {
                let nth = arguments.number("nth")?.unwrap_or(1);
                let side = match arguments.text("side")?.as_deref() {
                    None | Some("after") => Side::After,
                    Some("before") => Side::Before,
                    Some(other) => return Err(CallError(format!("`side` is {other}, expected before or after"))),
                };
                environs.crash_at(u64::from(nth), side);
                Ok(Outcome::Gave(Value::Null))
            }
            "restart" => {
                all.restart(environs);
                Ok(Outcome::Gave(Value::Null))
            }
            "stop-controller" | "start-controller" => {
                all.set_down(controller, step.call == "stop-controller");
                done(all.settle(environs).map(|ran| ran.map(|_| ())))
            }
            "destroy-model" => done(all.destroy_model(environs, controller, model)),
            "destroy-controller" => {
                let hosted_too = arguments.flag("destroy-all-models")?;
                done(all.destroy_controller(environs, controller, hosted_too))
            }
            "kill-controller" => {
                let timeout = span(&arguments, "timeout")?.unwrap_or(KILL_AFTER);
                done(all.kill_controller(environs, controller, timeout))
            }
            other => Err(CallError(format!("`{other}` is no juju command"))),
        }
    }
}

pub(super) fn outcome<T>(given: Done<T>, show: impl FnOnce(T) -> Value) -> Result<Outcome, CallError> {
    Ok(match given? {
        Ok(given) => Outcome::Gave(show(given)),
        Err(trouble) => trouble.into(),
    })
}

fn gave(given: Done<Value>) -> Result<Outcome, CallError> {
    outcome(given, |value| value)
}

pub(super) fn done(given: Done<()>) -> Result<Outcome, CallError> {
    outcome(given, |()| Value::Null)
}

fn machines(arguments: &Arguments<'_>) -> Result<AddMachines, CallError> {
    Ok(AddMachines {
        series: arguments.text("series")?.unwrap_or_default(),
        constraints: arguments.constraints()?,
        placement: arguments.text("placement")?,
        n_machines: arguments.number("count")?.unwrap_or(1),
    })
}

fn application(arguments: &Arguments<'_>) -> Result<Deploy, CallError> {
    let app = arguments.needed_text("app")?;
    Ok(Deploy {
        charm: format!("local:{app}-0"),
        endpoints: juju_between::endpoints(arguments, &app)?,
        app,
        series: arguments.text("series")?.unwrap_or_default(),
        constraints: arguments.constraints()?,
        ports: ranges(arguments)?,
        to: places(arguments)?,
        n_units: arguments.number("units")?.unwrap_or(1),
    })
}

/// Ports that a charm opens: who may reach them is not the charm's to say.
fn ranges(arguments: &Arguments<'_>) -> Result<Vec<PortRange>, CallError> {
    let range = |rule: provider::IngressRule| match rule.sources.is_empty() {
        true => Ok(rule.ports),
        false => Err(CallError(format!(
            "`ports`: {} from single networks: a unit opens ports, and exposing or relating it says from where",
            rule.ports
        ))),
    };
    arguments.ports()?.into_iter().map(range).collect()
}

fn places(arguments: &Arguments<'_>) -> Result<Vec<u32>, CallError> {
    let read = |value: &Value| {
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        number.ok_or_else(|| CallError(format!("`to` is {value}, expected numbers of machines")))
    };
    match arguments.0.get("to") {
        None => Ok(Vec::new()),
        Some(Value::Array(values)) => values.iter().map(read).collect(),
        Some(value) => Ok(vec![read(value)?]),
    }
}

fn unit(arguments: &Arguments<'_>) -> Result<UnitName, CallError> {
    let text = arguments.needed_text("unit")?;
    UnitName::parse(&text).ok_or_else(|| CallError(format!("`{text}` is no unit, expected one like mysql/0")))
}

fn span(arguments: &Arguments<'_>, name: &str) -> Result<Option<Duration>, CallError> {
    let Some(text) = arguments.text(name)? else {
        return Ok(None);
    };
    let millis = parse_duration(&text).filter(|millis| (0..=PATIENCE_MS).contains(millis));
    match millis.and_then(|millis| u64::try_from(millis).ok()) {
        Some(millis) => Ok(Some(Duration::from_millis(millis))),
        None => Err(CallError(format!(
            "`{name}` is {text}, expected a span of at most a day, like `90s`"
        ))),
    }
}
