//! Models that move from one controller to another (juju-provider 3.6).
//!
//! Only what is remembered moves: machines, networks and disks stay where they are, and all that is written in the cloud is who they
//! belong to. Which phase a migration has reached is remembered by the controller that the model leaves, so that a worker which ends
//! in the middle of one does that phase again. It refuses to know how resources say whose they are: that is the provider's.

mod commands;
mod export;
mod master;
mod prechecks;

use std::fmt;
use std::time::Duration;

use uuid::Uuid;

pub(super) use self::export::{Export, import};
pub(super) use self::master::{Master, live};
use super::state::{Controller, Migration};
use super::{State, Trouble};
use crate::subject::Stack;

/// How long agents are waited for in a phase.
const REPORTS_WITHIN: Duration = Duration::from_secs(15 * 60);
/// Between two looks at who has reported.
const REPORTS_EVERY: Duration = Duration::from_secs(30);

/// How far a migration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Workers and agents of the model stop what they do.
    Quiesce,
    /// What is remembered of the model goes to the target.
    Import,
    /// Agents and instances are looked at from the target.
    Validation,
    /// The model is the target's, and its resources are handed over. No way back from here on.
    Success,
    /// Logs follow.
    LogTransfer,
    /// The source forgets the model.
    Reap,
    /// It is over, and the model is the target's.
    Done,
    /// The same, but the source could not forget the model.
    ReapFailed,
    /// The target forgets the model.
    Abort,
    /// It is over, and the model is the source's.
    AbortDone,
}

impl Phase {
    const NAMES: [(&'static str, Phase); 10] = [
        ("QUIESCE", Phase::Quiesce),
        ("IMPORT", Phase::Import),
        ("VALIDATION", Phase::Validation),
        ("SUCCESS", Phase::Success),
        ("LOGTRANSFER", Phase::LogTransfer),
        ("REAP", Phase::Reap),
        ("DONE", Phase::Done),
        ("REAPFAILED", Phase::ReapFailed),
        ("ABORT", Phase::Abort),
        ("ABORTDONE", Phase::AbortDone),
    ];

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        let own = Phase::NAMES.iter().find(|(_, phase)| *phase == self);
        own.map_or("", |(name, _)| name)
    }

    /// The phase of a name, in any case.
    pub(crate) fn find(name: &str) -> Option<Phase> {
        let own = Phase::NAMES.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        own.map(|(_, phase)| *phase)
    }

    /// Whether nothing comes after it.
    pub(crate) fn is_terminal(self) -> bool {
        matches!(self, Phase::Done | Phase::ReapFailed | Phase::AbortDone)
    }

    /// What can come after it.
    fn followers(self) -> &'static [Phase] {
        match self {
            Phase::Quiesce => &[Phase::Import, Phase::Abort],
            Phase::Import => &[Phase::Validation, Phase::Abort],
            Phase::Validation => &[Phase::Success, Phase::Abort],
            Phase::Success => &[Phase::LogTransfer],
            Phase::LogTransfer => &[Phase::Reap],
            Phase::Reap => &[Phase::Done, Phase::ReapFailed],
            Phase::Abort => &[Phase::AbortDone],
            Phase::Done | Phase::ReapFailed | Phase::AbortDone => &[],
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What befalls a migration, for whoever wants to see it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Befalls {
    /// In this phase somebody reports that it cannot: an agent, or the controller that has to forget the model.
    pub(crate) fails_in: Option<Phase>,
    /// The worker ends once when it has done this phase, and before that is remembered.
    pub(crate) dies_in: Option<Phase>,
    /// It goes no further than to the beginning of this phase.
    pub(crate) until: Option<Phase>,
}

/// What the controller that a model leaves remembers of that.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    /// The model's name.
    pub(crate) model: String,
    pub(crate) uuid: Uuid,
    /// How many migrations of the model there were before.
    pub(crate) number: u32,
    /// Name of the controller that it goes to.
    pub(crate) target: String,
    pub(crate) phase: Phase,
    /// What happened last, for people.
    pub(crate) status: String,
    pub(crate) befalls: Befalls,
}

impl Record {
    /// What the migration is known by: `44d8626e-a829-48f0-85a8-bd5c8b7997bb:0`.
    pub(crate) fn id(&self) -> String {
        format!("{}:{}", self.uuid, self.number)
    }

    /// Whether somebody wants it to stop here.
    fn is_held(&self) -> bool {
        self.befalls.until == Some(self.phase)
    }

    fn enter(&mut self, phase: Phase, status: String) {
        debug_assert!(
            self.phase.followers().contains(&phase),
            "{phase} does not come after {}",
            self.phase
        );
        self.phase = phase;
        self.status = status;
    }
}

/// `juju migrate MODEL CONTROLLER`: checks what can be checked, and begins. Gives back the migration's id.
///
/// # Errors
///
/// What keeps the model here, in Juju's words. Nothing was begun then.
pub(super) fn start(source: &State, target: &State, name: &str, befalls: Befalls) -> Result<String, Trouble> {
    let refused = |error: String| Trouble::new("migration", error);
    let (moving, source_name) = source.look(|controller| {
        let Some(model) = controller.models.get(name) else {
            return Err(refused(format!("model \"{name}\" not found")));
        };
        prechecks::source(controller, model).map_err(refused)?;
        if model.subject.stack == Stack::Classic {
            return Err(Trouble::new(
                "not-supported",
                "models on the classic API can't be migrated: its resources have no tags, so that they cannot be handed to \
                 another controller",
            ));
        }
        let moving = prechecks::Moving {
            uuid: model.uuid,
            name: name.to_owned(),
            agent_version: model.agent_version,
            source_version: controller.version,
        };
        Ok((moving, controller.name.clone()))
    })?;
    let target_name = target.look(|controller| {
        if controller.name == source_name {
            return Err(refused(format!(
                "model \"{name}\" is on controller \"{source_name}\" already"
            )));
        }
        prechecks::target(controller, &moving).map_err(refused)?;
        Ok(controller.name.clone())
    })?;

    Ok(source.change(|controller| {
        let before = controller.migrations.get(&moving.uuid).map(|record| record.number + 1);
        let record = Record {
            model: moving.name.clone(),
            uuid: moving.uuid,
            number: before.unwrap_or(0),
            target: target_name.clone(),
            phase: Phase::Quiesce,
            status: "starting".to_owned(),
            befalls,
        };
        let id = record.id();
        controller.migrations.insert(moving.uuid, record);
        if let Some(model) = controller.models.get_mut(&moving.name) {
            model.migration = Migration::Exporting;
            model.message = "migrating: starting".to_owned();
        }
        id
    }))
}

/// Why a controller may not be destroyed as long as its migrations stand where they stand. Until resources are handed over they say
/// that they are its own, and those of a model that it could not forget are another's (juju-provider 3.6, invariant 5).
pub(super) fn holds_controller(controller: &Controller) -> Option<String> {
    controller.migrations.values().find_map(|record| {
        let is_there = controller.models.contains_key(&record.model);
        match record.phase {
            Phase::ReapFailed if is_there => Some(format!(
                "model \"{}\" was migrated to controller \"{}\" and could not be removed here: remove it by hand first",
                record.model, record.target
            )),
            phase if !phase.is_terminal() => Some(format!(
                "model \"{}\" is being migrated to controller \"{}\" ({phase}): wait until that is over",
                record.model, record.target
            )),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_success_there_is_no_way_back() {
        let mut reached = vec![Phase::Success];
        while let Some(phase) = reached.pop() {
            assert!(!matches!(phase, Phase::Abort | Phase::AbortDone));
            reached.extend(phase.followers());
        }
        for phase in [Phase::Quiesce, Phase::Import, Phase::Validation] {
            assert!(phase.followers().contains(&Phase::Abort));
        }
        for (name, phase) in Phase::NAMES {
            assert_eq!(Phase::find(&name.to_lowercase()), Some(phase));
            assert_eq!(phase.is_terminal(), phase.followers().is_empty());
        }
    }
}
