//! The provisioner: as many instances as there are machines, and no others (juju-provider 3.1).
//!
//! It knows of the cloud what it lists, and of machines what the controller remembers. What half exists it starts once more: the
//! provider is what makes that one machine and not two.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use provider::{InstanceId, StartInstance, Started};

use super::state::{Controller, InstanceState, InstanceStatus, Life, Machine, Model};
use super::{Cx, Next, Trouble, Worker, versions};
use crate::driver::uuid_of;
use crate::subject::Stack;

/// How often a start is tried again.
const RETRIES: u32 = 10;
/// Between two tries.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// The provisioner of a model.
#[derive(Debug, Default)]
pub(super) struct Provisioner {
    /// What it was told of last; nothing when it has just begun, and deals with all machines.
    seen: Option<Watched>,
}

/// What the provisioner is told of: the lives of machines, those that are to be tried again, and a harvest of the unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Watched {
    machines: BTreeMap<u32, (Life, bool)>,
    takes_unknown: bool,
}

impl Watched {
    fn of(model: &Model) -> Watched {
        let machines = model.machines.iter();
        Watched {
            machines: machines
                .map(|(number, machine)| (*number, (machine.life, machine.is_transient)))
                .collect(),
            takes_unknown: model.harvest.takes_unknown(),
        }
    }
}

/// What is to be done.
#[derive(Debug, Default, PartialEq, Eq)]
struct Plan {
    /// Instances to be stopped, in one call.
    stop: Vec<InstanceId>,
    /// Machines that nobody needs to remember any more.
    dead: Vec<u32>,
    /// Machines to be started, one after the other.
    start: Vec<u32>,
}

impl Plan {
    fn of(model: &Model, instances: &BTreeSet<InstanceId>) -> Plan {
        let mut plan = Plan::default();
        let mut known = BTreeSet::new();
        for (number, machine) in &model.machines {
            known.extend(machine.instance_id.clone());
            match machine.life {
                Life::Dead => {
                    plan.dead.push(*number);
                    let stopped = machine.instance_id.iter().filter(|id| instances.contains(*id));
                    if model.harvest.takes_destroyed() && !machine.keep_instance {
                        plan.stop.extend(stopped.cloned());
                    }
                }
                Life::Alive if is_pending(machine) => plan.start.push(*number),
                Life::Alive | Life::Dying => {}
            }
        }
        if model.harvest.takes_unknown() {
            plan.stop.extend(instances.difference(&known).cloned());
        }
        plan
    }
}

/// Whether it is to be started; one in error waits until somebody says that it should be tried again.
fn is_pending(machine: &Machine) -> bool {
    let state = machine.instance_status.state;
    let is_wanted = matches!(state, InstanceState::Pending | InstanceState::Provisioning) || machine.is_transient;
    !machine.is_provisioned() && is_wanted
}

#[async_trait]
impl Worker for Provisioner {
    async fn cycle(&mut self, cx: &Cx) -> Result<Next, Trouble> {
        // What was never there is gone as soon as it is asked to go.
        cx.change(|model| {
            for machine in model.machines.values_mut() {
                if machine.life == Life::Dying && !machine.is_provisioned() {
                    machine.life = Life::Dead;
                }
            }
        });
        let watched = cx.look(Watched::of);
        if watched.is_none() || watched == self.seen {
            return Ok(Next::Change);
        }

        let listed = cx.environ.all_instances().await?;
        let instances = listed.into_iter().map(|instance| instance.id).collect();
        let Some(plan) = cx.look(|model| Plan::of(model, &instances)) else {
            return Ok(Next::Change);
        };
        if !plan.stop.is_empty() {
            cx.environ.stop_instances(&plan.stop).await?;
        }
        cx.change(|model| {
            for number in &plan.dead {
                if let Some(machine) = model.machines.get_mut(number) {
                    machine.is_marked_for_removal = true;
                }
            }
        });
        for number in plan.start {
            start(cx, number).await?;
        }
        self.seen = watched;
        Ok(Next::Change)
    }
}

/// Starts a machine, again and again; what does not succeed is noted, and kills nobody.
async fn start(cx: &Cx, number: u32) -> Result<(), Trouble> {
    let info = cx
        .state
        .look(|controller| provisioning_info(controller, &cx.model, number));
    let params = match info {
        Some(Ok(params)) => params,
        Some(Err(reason)) => {
            set_status(cx, number, InstanceState::ProvisioningError, reason);
            return Ok(());
        }
        // It has gone meanwhile.
        None => return Ok(()),
    };
    set_status(cx, number, InstanceState::Provisioning, "starting");
    for n_left in (0..=RETRIES).rev() {
        match cx.environ.start_instance(params.clone()).await {
            Ok(started) => return provisioned(cx, number, started).await,
            Err(error) if n_left == 0 => {
                set_status(cx, number, InstanceState::ProvisioningError, error.report());
            }
            Err(error) => {
                let message = format!(
                    "failed to start instance ({}), retrying in {}s ({n_left} more attempts)",
                    error.report(),
                    RETRY_AFTER.as_secs()
                );
                set_status(cx, number, InstanceState::Provisioning, message);
                cx.clock.sleep(RETRY_AFTER).await;
                // As of 2.9: nobody starts what is asked to go.
                if !cx.look(|model| is_wanted(model, number)).unwrap_or(false) {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

fn is_wanted(model: &Model, number: u32) -> bool {
    let machine = model.machines.get(&number);
    machine.is_some_and(|machine| machine.life == Life::Alive)
}

fn set_status(cx: &Cx, number: u32, state: InstanceState, message: impl Into<String>) {
    let status = InstanceStatus::new(state, message);
    cx.change(|model| {
        if let Some(machine) = model.machines.get_mut(&number) {
            machine.instance_status = status;
            machine.is_transient = false;
        }
    });
}

/// Notes the instance of a machine. Where the machine has gone meanwhile, so does the instance.
async fn provisioned(cx: &Cx, number: u32, started: Started) -> Result<(), Trouble> {
    let id = started.instance.id.clone();
    let nonce = format!("machine-0:{}", uuid_of("nonce", &format!("{}/{number}", cx.model)));
    let noted = cx.change(|model| {
        let machine = model.machines.get_mut(&number)?;
        if machine.life == Life::Dead || machine.is_provisioned() {
            return None;
        }
        machine.note(started.instance, started.hardware, nonce);
        Some(())
    });
    if noted.flatten().is_some() {
        return Ok(());
    }

    cx.environ.stop_instances(&[id]).await?;
    let reason = format!("cannot register instance for machine {number}: machine {number} not found or dead");
    Err(Trouble::new("other", reason))
}

/// What a machine is asked to be. `None`: there is no such machine that is alive. The error is for people.
fn provisioning_info(controller: &Controller, model: &str, number: u32) -> Option<Result<StartInstance, String>> {
    let name = model;
    let model = controller.models.get(name)?;
    let machine = model.machines.get(&number)?;
    if machine.life != Life::Alive {
        return None;
    }
    let series = machine.series(usual_series(model));
    if let Some(stores) = &controller.stores {
        let arch = machine.constraints.arch.as_deref();
        let version = model.agent_version;
        let found = versions::for_machine(number, name, version, series.as_str(), arch, controller.stream, stores);
        if let Err(refusal) = found {
            return Some(Err(refusal.to_string()));
        }
    }
    let mut params = StartInstance::new(number, controller.uuid, series.as_str());
    params.constraints = machine.constraints.clone();
    params.placement.clone_from(&machine.placement);
    params.controller = machine.is_controller;
    params.units = model.units_on(number).iter().map(ToString::to_string).collect();
    params.distribution_group = distribution_group(model, number);
    Some(Ok(params))
}

/// The series that machines have unless somebody says otherwise.
pub(super) fn usual_series(model: &Model) -> &'static str {
    match model.subject.stack {
        Stack::Classic => "trusty",
        Stack::Arm | Stack::Naive => "xenial",
    }
}

/// Instances that a machine should not share hardware with: other controllers, or those with units of an application that it has,
/// too.
fn distribution_group(model: &Model, number: u32) -> Vec<InstanceId> {
    let Some(own) = model.machines.get(&number) else {
        return Vec::new();
    };
    let applications = |machine: u32| -> BTreeSet<String> {
        model
            .units_on(machine)
            .into_iter()
            .map(|unit| unit.application)
            .collect()
    };
    let of_own = applications(number);
    let is_peer = |other: u32, machine: &Machine| match own.is_controller {
        true => machine.is_controller,
        false => !applications(other).is_disjoint(&of_own),
    };
    model
        .machines
        .iter()
        .filter(|(other, machine)| **other != number && is_peer(**other, machine))
        .filter_map(|(_, machine)| machine.instance_id.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::state::{Application, HarvestMode, Unit};
    use super::*;
    use crate::driver::Options;
    use crate::subject::Subject;

    fn id(text: &str) -> InstanceId {
        InstanceId::new(text)
    }

    /// 0 runs, 1 is dead, 2 is dead and its instance stays, 3 is new, 4 is in error, 5 is asked to go.
    fn model() -> Model {
        let mut model = Model::new("m", Uuid::nil(), Subject::A1, Options::default());
        for (number, life) in [
            Life::Alive,
            Life::Dead,
            Life::Dead,
            Life::Alive,
            Life::Alive,
            Life::Dying,
        ]
        .into_iter()
        .enumerate()
        {
            let is_there = !matches!(number, 3 | 4);
            let state = if number == 4 {
                InstanceState::ProvisioningError
            } else {
                InstanceState::Pending
            };
            model.add_machine(Machine {
                life,
                instance_id: is_there.then(|| id(&format!("machine-{number}"))),
                keep_instance: number == 2,
                instance_status: InstanceStatus::new(state, ""),
                ..Machine::default()
            });
        }
        model
    }

    fn plan(mode: HarvestMode) -> Plan {
        let instances = ["machine-0", "machine-1", "machine-2", "machine-5", "machine-9"];
        let mut model = model();
        model.harvest = mode;
        Plan::of(&model, &instances.into_iter().map(id).collect())
    }

    #[test]
    fn harvest_modes_decide_what_is_stopped_and_nothing_else() {
        let rows = [
            (HarvestMode::All, vec!["machine-1", "machine-9"]),
            (HarvestMode::Unknown, vec!["machine-9"]),
            (HarvestMode::Destroyed, vec!["machine-1"]),
            (HarvestMode::None, vec![]),
        ];
        for (mode, stopped) in rows {
            let expected = Plan {
                stop: stopped.into_iter().map(id).collect(),
                dead: vec![1, 2],
                start: vec![3],
            };
            assert_eq!(plan(mode), expected, "{mode:?}");
        }
    }

    #[test]
    fn what_is_not_in_the_cloud_is_not_stopped_and_still_goes() {
        let plan = Plan::of(&model(), &BTreeSet::new());
        assert_eq!((plan.stop, plan.dead), (Vec::new(), vec![1, 2]));
    }

    #[test]
    fn what_is_in_error_is_tried_again_when_somebody_says_so() {
        let mut model = model();
        if let Some(machine) = model.machines.get_mut(&4) {
            machine.is_transient = true;
        }
        assert_eq!(Plan::of(&model, &BTreeSet::new()).start, [3, 4]);
    }

    #[test]
    fn units_of_one_application_are_kept_apart_and_so_are_controllers() {
        let mut model = model();
        for (app, machines) in [("a", vec![0, 3]), ("b", vec![5])] {
            let units = machines.into_iter().enumerate().map(|(number, machine)| {
                let unit = Unit {
                    machine,
                    ..Unit::default()
                };
                (u32::try_from(number).unwrap_or_default(), unit)
            });
            let application = Application {
                units: units.collect(),
                ..Application::default()
            };
            model.applications.insert(app.to_owned(), application);
        }
        assert_eq!(distribution_group(&model, 3), [id("machine-0")]);
        assert_eq!(distribution_group(&model, 5), []);
        for number in [4, 5] {
            if let Some(machine) = model.machines.get_mut(&number) {
                machine.is_controller = true;
            }
        }
        assert_eq!(distribution_group(&model, 4), [id("machine-5")]);
    }
}
