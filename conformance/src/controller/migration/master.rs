//! The worker that takes a model from phase to phase. It has no memory: where it stands is in the record.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use provider::{Clock, Config, Environ};
use uuid::Uuid;

use super::super::pulse::Pulse;
use super::super::state::{AgentState, Migration, Model};
use super::super::{DEATHS_MAX, Death, RESTART_AFTER, State, Trouble};
use super::{Export, Phase, REPORTS_EVERY, REPORTS_WITHIN, Record, import, prechecks};

/// The worker of one migration.
pub(in super::super) struct Master {
    pub(in super::super) source: State,
    pub(in super::super) target: State,
    /// The model's.
    pub(in super::super) uuid: Uuid,
    /// Whether the target answers.
    pub(in super::super) is_target_down: bool,
    /// The configuration of the model's environment, with what that has generated for itself.
    pub(in super::super) config: Config,
    /// The model's environment as the target opens it.
    pub(in super::super) environ: Arc<dyn Environ>,
    pub(in super::super) clock: Arc<dyn Clock>,
}

/// What comes after a phase that was done.
enum Then {
    /// Another one.
    Enter(Phase, String),
    /// The same: somebody wants it to stop here.
    Hold,
}

/// The worker's lives, one after the other, until the migration comes to where other workers begin or end: after that a run has
/// others to run.
pub(in super::super) async fn live(master: Master, number: usize, pulse: Arc<Pulse>) {
    let mut n_deaths = 0;
    while !pulse.is_closing() {
        let Some(record) = master.record() else {
            break;
        };
        if record.phase.is_terminal() || record.is_held() {
            break;
        }
        match master.perform(&record).await {
            Ok(Then::Hold) => break,
            Ok(Then::Enter(phase, status)) => {
                n_deaths = 0;
                master.enter(&record, phase, status);
                if matches!(phase, Phase::Success) || phase.is_terminal() {
                    break;
                }
            }
            Err(trouble) => {
                n_deaths += 1;
                let death = Death {
                    at_ms: master.clock.now_ms(),
                    controller: master.source.look(|controller| controller.name.clone()),
                    model: record.model.clone(),
                    worker: "migration master",
                    trouble,
                };
                pulse.died(number, death, n_deaths >= DEATHS_MAX);
                master.clock.sleep(RESTART_AFTER).await;
            }
        }
    }
    pulse.leave(number);
}

impl Master {
    fn record(&self) -> Option<Record> {
        self.source
            .look(|controller| controller.migrations.get(&self.uuid).cloned())
    }

    /// What agents of the model do, as the source remembers them.
    fn model(&self, record: &Record) -> Option<Model> {
        self.source
            .look(|controller| controller.models.get(&record.model).cloned())
    }

    fn enter(&self, record: &Record, phase: Phase, status: String) {
        self.source.change(|controller| {
            if let Some(model) = controller.models.get_mut(&record.model) {
                model.message = match phase {
                    Phase::AbortDone => format!("migration aborted: {}", record.status),
                    _ => format!("migrating: {status}"),
                };
            }
            if let Some(own) = controller.migrations.get_mut(&self.uuid) {
                let status = match phase {
                    // Why it was aborted is what people ask for.
                    Phase::AbortDone => own.status.clone(),
                    _ => status,
                };
                own.enter(phase, status);
            }
        });
    }

    /// Does what a phase does. May be done again: then it comes to the same.
    async fn perform(&self, record: &Record) -> Result<Then, Trouble> {
        let then = match record.phase {
            Phase::Quiesce => self.quiesce(record).await,
            Phase::Import => self.import(record),
            Phase::Validation => self.validate(record).await,
            Phase::Success => self.hand_over(record).await?,
            Phase::LogTransfer => self.transfer_logs(record)?,
            Phase::Reap => self.reap(record),
            Phase::Abort => self.abort(record),
            Phase::Done | Phase::ReapFailed | Phase::AbortDone => Then::Hold,
        };
        self.perhaps_die(record)?;
        Ok(then)
    }

    /// Ends once where somebody wants that: after the work of a phase, and before anybody remembers that it was done.
    fn perhaps_die(&self, record: &Record) -> Result<(), Trouble> {
        if record.befalls.dies_in != Some(record.phase) {
            return Ok(());
        }
        self.spare(|record| record.befalls.dies_in = None);
        Err(Trouble::new("crashed", format!("the worker ends in {}", record.phase)))
    }

    fn spare(&self, change: impl FnOnce(&mut Record)) {
        self.source
            .change(|controller| controller.migrations.get_mut(&self.uuid).map(change));
    }

    async fn quiesce(&self, record: &Record) -> Then {
        if let Err(reason) = self.reports(record).await {
            return abort(reason);
        }
        let checked = self.source.look(|controller| {
            let model = controller.models.get(&record.model);
            let model = model.ok_or_else(|| format!("model \"{}\" not found", record.model))?;
            prechecks::source(controller, model)
        });
        match checked {
            Ok(()) => Then::Enter(Phase::Import, "exporting model to target controller".to_owned()),
            Err(reason) => abort(reason),
        }
    }

    fn import(&self, record: &Record) -> Then {
        if self.is_target_down {
            return abort(format!("cannot reach target controller \"{}\"", record.target));
        }
        let Some(model) = self.model(record) else {
            return abort(format!("model \"{}\" not found", record.model));
        };
        let export = Export::of(&model, &self.config);
        let mut imported = self.target.change(|controller| import(controller, export));
        if record.befalls.fails_in == Some(Phase::Import) {
            imported = Err("the target controller could not store the model".to_owned());
        }
        match imported {
            Ok(()) => Then::Enter(Phase::Validation, "validating migrated model".to_owned()),
            Err(reason) => abort(format!("failed to import model into target controller: {reason}")),
        }
    }

    /// Whatever the target sees wrong keeps the model here. What the target has activated already was right.
    async fn validate(&self, record: &Record) -> Then {
        let success = || Then::Enter(Phase::Success, "successful, handing over resources".to_owned());
        if self.is_target_down {
            return abort(format!("cannot reach target controller \"{}\"", record.target));
        }
        let own = self.target.look(|controller| controller.model_of(self.uuid).cloned());
        let Some(model) = own else {
            return abort(format!("target controller \"{}\" has lost the model", record.target));
        };
        if model.migration == Migration::None {
            return success();
        }
        if let Err(reason) = self.reports(record).await {
            return abort(reason);
        }
        let instances = match self.environ.all_instances().await {
            Ok(instances) => instances,
            Err(error) => return abort(format!("machine sanity check failed: {}", error.report())),
        };
        let there: BTreeSet<String> = instances.iter().map(|own| own.id.as_str().to_owned()).collect();
        let errors = check_machines(&model, &there);
        if !errors.is_empty() {
            let found = if errors.len() == 1 { "error" } else { "errors" };
            let listed = errors.join("; ");
            return abort(format!(
                "machine sanity check failed, {} {found} found: {listed}",
                errors.len()
            ));
        }

        self.target.change(|controller| {
            if let Some(own) = controller.models.get_mut(&model.name) {
                own.migration = Migration::None;
            }
        });
        success()
    }

    /// There is no way back, so whatever goes wrong is done again. Agents that do not follow are written down, no more.
    async fn hand_over(&self, record: &Record) -> Result<Then, Trouble> {
        let status = match self.reports(record).await {
            Ok(()) => "transferring logs to target controller".to_owned(),
            Err(reason) => format!("transferring logs to target controller ({reason})"),
        };
        let controller = self.target.look(|controller| controller.uuid);
        let from_version = self.source.look(|controller| controller.version);
        self.environ
            .adopt_resources(controller, &from_version.to_string())
            .await?;
        Ok(Then::Enter(Phase::LogTransfer, status))
    }

    /// Models here write no logs, so that nothing follows but the attempt.
    fn transfer_logs(&self, record: &Record) -> Result<Then, Trouble> {
        if record.befalls.fails_in == Some(Phase::LogTransfer) {
            self.spare(|record| record.befalls.fails_in = None);
            return Err(Trouble::new("migration", "the stream of logs broke"));
        }

        Ok(Then::Enter(
            Phase::Reap,
            "successful, removing model from source controller".to_owned(),
        ))
    }

    /// The source forgets the model. The cloud is not told: there it is the target's.
    fn reap(&self, record: &Record) -> Then {
        if record.befalls.fails_in == Some(Phase::Reap) {
            return Then::Enter(
                Phase::ReapFailed,
                "removing exported model failed: it has to be removed by hand".to_owned(),
            );
        }
        self.source.change(|controller| {
            let is_it = controller
                .models
                .get(&record.model)
                .is_some_and(|own| own.uuid == self.uuid);
            if is_it {
                controller.models.remove(&record.model);
            }
        });
        Then::Enter(Phase::Done, "done".to_owned())
    }

    /// The target forgets the model, and the source goes on with it. The cloud is not told: there nothing has changed.
    fn abort(&self, record: &Record) -> Then {
        if !self.is_target_down && record.befalls.fails_in != Some(Phase::Abort) {
            self.target.change(|controller| {
                let is_it = |own: &Model| own.uuid == self.uuid && own.migration == Migration::Importing;
                if controller.models.get(&record.model).is_some_and(is_it) {
                    controller.models.remove(&record.model);
                }
            });
        }
        self.source.change(|controller| {
            if let Some(model) = controller.models.get_mut(&record.model) {
                model.migration = Migration::None;
            }
        });
        Then::Enter(Phase::AbortDone, String::new())
    }

    /// Waits until every agent of the model has said how it gets on; the first that says that it cannot ends the wait.
    async fn reports(&self, record: &Record) -> Result<(), String> {
        let phase = record.phase;
        let mut waited = Duration::ZERO;
        loop {
            let Some(model) = self.model(record) else {
                return Ok(());
            };
            let agents = agents(&model);
            if record.befalls.fails_in == Some(phase)
                && let Some((name, _)) = agents.iter().find(|(_, reports)| *reports)
            {
                return Err(format!("{name} failed in {phase}"));
            }
            let missing: Vec<&str> = agents
                .iter()
                .filter(|(_, reports)| !reports)
                .map(|(name, _)| name.as_str())
                .collect();
            if missing.is_empty() {
                return Ok(());
            }
            if waited >= REPORTS_WITHIN {
                return Err(format!(
                    "timed out waiting for agents to report: {}",
                    missing.join(", ")
                ));
            }
            self.clock.sleep(REPORTS_EVERY).await;
            waited += REPORTS_EVERY;
        }
    }
}

fn abort(reason: String) -> Then {
    Then::Enter(Phase::Abort, reason)
}

/// Agents of machines and units, each with whether it is heard of.
fn agents(model: &Model) -> Vec<(String, bool)> {
    let is_heard = |machine: u32| {
        let own = model.machines.get(&machine);
        own.is_some_and(|own| own.agent == AgentState::Started)
    };
    let machines = model
        .machines
        .keys()
        .map(|number| (format!("machine {number}"), *number));
    let units = model.units().map(|(name, unit)| (format!("unit {name}"), unit.machine));
    machines
        .chain(units)
        .map(|(name, machine)| (name, is_heard(machine)))
        .collect()
}

/// Whether machines and instances belong together, looked at from both sides.
fn check_machines(model: &Model, there: &BTreeSet<String>) -> Vec<String> {
    let mut errors = Vec::new();
    let mut known = BTreeSet::new();
    for (number, machine) in &model.machines {
        let Some(id) = &machine.instance_id else {
            continue;
        };
        known.insert(id.as_str().to_owned());
        if !there.contains(id.as_str()) {
            errors.push(format!("couldn't find instance \"{id}\" for machine {number}"));
        }
    }
    let unknown = there.difference(&known);
    errors.extend(unknown.map(|id| format!("no machine with instance \"{id}\"")));
    errors
}

#[cfg(test)]
mod tests {
    use provider::InstanceId;

    use super::super::super::state::Machine;
    use super::*;
    use crate::driver::Options;
    use crate::subject::Subject;

    #[test]
    fn machines_and_instances_are_compared_both_ways() {
        let mut model = Model::new("m", Uuid::nil(), Subject::A4, Options::default());
        for number in 0..3 {
            model.add_machine(Machine {
                instance_id: (number < 2).then(|| InstanceId::new(format!("machine-{number}"))),
                ..Machine::default()
            });
        }
        let there = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<String>>();
        assert!(check_machines(&model, &there(&["machine-0", "machine-1"])).is_empty());
        assert_eq!(
            check_machines(&model, &there(&["machine-0", "machine-7"])),
            [
                "couldn't find instance \"machine-1\" for machine 1",
                "no machine with instance \"machine-7\""
            ]
        );
    }
}
