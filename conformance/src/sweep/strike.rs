//! One run of a sweep: a fork of a world, one request that goes wrong, and what came of it.

use serde_json::Value;

use super::fault::{self, Fault};
use super::operation::{self, ENVIRONMENT, Known, Operation, Trouble};
use super::{End, Run};
use crate::driver::DriverKind;
use crate::oracle::{self, Footprint};
use crate::stage::{Stage, stopped_text};
use crate::subject::{Stack, Subject};

/// How often an operation is done again after its process had ended: Juju's workers try for ever.
const TRIES: usize = 3;

/// Which request, and by what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strike {
    pub(super) fault: Fault,
    pub(super) at: u64,
}

/// One request of the operation when nothing goes wrong.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) url: String,
}

/// A world that is ready for an operation, and what the operation does to it when nothing goes wrong.
pub(super) struct Ready {
    operation: Operation,
    /// The world.
    stage: Stage,
    /// The same, with its past kept.
    remembering: Stage,
    known: Known,
    pub(super) requests: Vec<Request>,
    /// Before there was an environment.
    empty: Footprint,
    /// Before the operation.
    before: Footprint,
    /// After it.
    done: Footprint,
}

/// Makes a world ready. `None` where the provider does not have the operation.
pub(super) fn ready(
    subject: Subject,
    operation: Operation,
    driver: DriverKind,
    seed: u64,
) -> anyhow::Result<Option<Ready>> {
    let mut stage = Stage::open(driver, subject, seed)?;
    stage.provide()?;
    if !is_offered(&mut stage, operation)? {
        return Ok(None);
    }
    let empty = stage.fork()?.settled();
    let mut remembering = stage.fork()?;
    remembering.fault(&fault::remembers())?;
    let known = operation::prepare(&mut stage, operation)?;
    operation::prepare(&mut remembering, operation)?;
    let before = stage.fork()?.settled();

    let mut calm = stage.fork()?;
    let outcome = operation::perform(&mut calm, operation, &known)?;
    if let Err(trouble) = outcome {
        anyhow::bail!(
            "{operation} of {subject} fails though nothing strikes it: {}",
            text_of(&trouble)
        );
    }
    let requests = calm.journal().iter().map(|line| request_of(line)).collect();
    let done = calm.settled();
    Ok(Some(Ready {
        operation,
        stage,
        remembering,
        known,
        requests,
        empty,
        before,
        done,
    }))
}

/// Whether the provider has volumes that come and go, for the operations on them: those of the classic stack stay with their
/// machine.
fn is_offered(stage: &mut Stage, operation: Operation) -> anyhow::Result<bool> {
    if !matches!(operation, Operation::AttachVolume | Operation::DetachVolume) {
        return Ok(true);
    }
    if stage.subject().stack == Stack::Classic {
        return Ok(false);
    }
    let source = stage.environ(ENVIRONMENT)?.volume_source();
    Ok(!matches!(source, Err(provider::Error::NotSupported(_))))
}

fn request_of(line: &str) -> Request {
    let line: Value = serde_json::from_str(line).unwrap_or_default();
    let text = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Request {
        method: text("method"),
        url: text("url"),
    }
}

fn text_of(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Error(error) => error.clone(),
        Trouble::Stopped(stopped) => stopped_text(*stopped).to_owned(),
    }
}

/// Strikes one request.
pub(super) fn run(ready: &Ready, strike: Strike) -> anyhow::Result<Run> {
    let world = match strike.fault {
        Fault::Stale => &ready.remembering,
        _ => &ready.stage,
    };
    let mut stage = world.fork()?;
    match (strike.fault.side(), strike.fault.rule(strike.at)) {
        (Some(side), _) => stage.crash_at(strike.at, side),
        (None, Some(rule)) => stage.fault(&rule)?,
        (None, None) => {}
    }
    let outcome = operation::perform(&mut stage, ready.operation, &ready.known)?;
    let (error, end) = match outcome {
        Ok(()) => (None, after_success(ready, &mut stage)?),
        Err(Trouble::Stopped(crate::driver::Stopped::Crashed)) => {
            let end = after_crash(ready, &mut stage)?;
            (Some("the process ended".to_owned()), end)
        }
        Err(trouble) => (Some(text_of(&trouble)), after_error(ready, &mut stage)?),
    };
    let request = usize::try_from(strike.at - 1)
        .ok()
        .and_then(|index| ready.requests.get(index));
    Ok(Run {
        subject: ready.stage.subject(),
        operation: ready.operation,
        fault: strike.fault,
        at: strike.at,
        request: request.map_or_else(String::new, |request| format!("{} {}", request.method, request.url)),
        end,
        error,
    })
}

/// What was asked for is there, and nothing more; undone, everything is as before.
fn after_success(ready: &Ready, stage: &mut Stage) -> anyhow::Result<End> {
    stage.clear()?;
    if let Some(end) = compare("after it succeeded", &stage.settled(), &ready.done) {
        return Ok(end);
    }
    stage.keep();
    let undone = if ready.operation.is_undone_backwards() {
        undone(ready, stage)?
    } else {
        None
    };
    match undone {
        Some(end) => Ok(end),
        None => Ok(gone(ready, stage)?.unwrap_or(End::Succeeded)),
    }
}

/// What is left is reported; undone, everything is as before.
fn after_error(ready: &Ready, stage: &mut Stage) -> anyhow::Result<End> {
    stage.clear()?;
    stage.restart();
    if let Some(end) = unreported(ready, stage)? {
        return Ok(end);
    }
    match undone(ready, stage)? {
        Some(end) => Ok(end),
        None => Ok(gone(ready, stage)?.unwrap_or(End::CleanedUp)),
    }
}

/// Another process, which knows only what was kept, reports what is left; done again, the operation succeeds.
fn after_crash(ready: &Ready, stage: &mut Stage) -> anyhow::Result<End> {
    stage.forget();
    if let Some(end) = unreported(ready, stage)? {
        return Ok(end);
    }
    let mut last = String::new();
    for _ in 0..TRIES {
        match operation::perform(stage, ready.operation, &ready.known)? {
            Ok(()) => return after_success(ready, stage),
            Err(trouble) => last = text_of(&trouble),
        }
    }
    Ok(End::Wrong(format!("done again by another process, it fails: {last}")))
}

/// Undoes; `None` when everything is where undoing leads.
fn undone(ready: &Ready, stage: &mut Stage) -> anyhow::Result<Option<End>> {
    if let Err(error) = operation::undo(stage, ready.operation, &ready.known)? {
        return Ok(Some(End::Wrong(format!("it cannot be undone: {error}"))));
    }
    let goal = if ready.operation.is_undone_backwards() {
        &ready.before
    } else {
        &ready.done
    };
    Ok(compare("after it was undone", &stage.settled(), goal))
}

/// Destroys the environment; `None` when nothing of it is left.
fn gone(ready: &Ready, stage: &mut Stage) -> anyhow::Result<Option<End>> {
    if let Err(error) = operation::destroy(stage)? {
        return Ok(Some(End::Wrong(format!(
            "the environment cannot be destroyed: {error}"
        ))));
    }
    Ok(compare(
        "after the environment was destroyed",
        &stage.settled(),
        &ready.empty,
    ))
}

/// What is there of machines, by the names that they have on Resource Manager, and is not reported.
fn unreported(ready: &Ready, stage: &mut Stage) -> anyhow::Result<Option<End>> {
    if ready.stage.subject().stack == Stack::Classic {
        // Names of roles and services are the provider's own: undoing by what is reported judges them.
        return Ok(None);
    }
    let there = stage.look(oracle::of_world);
    let environ = stage.environ(ENVIRONMENT)?;
    let reported = match stage.ask(operation::reported(&environ)) {
        Ok(reported) => reported,
        Err(error) => return Ok(Some(End::Wrong(format!("instances cannot be listed: {error}")))),
    };
    let missing: Vec<String> = there
        .into_iter()
        .filter(|id| !reported.iter().any(|own| own.as_str() == id))
        .map(|id| format!("{id} is not reported"))
        .collect();
    Ok((!missing.is_empty()).then_some(End::Leaked(missing)))
}

fn compare(when: &str, now: &Footprint, goal: &Footprint) -> Option<End> {
    let more: Vec<String> = now
        .beyond(goal)
        .into_iter()
        .map(|line| format!("{when}: {line}"))
        .collect();
    if !more.is_empty() {
        return Some(End::Leaked(more));
    }
    let less = goal.beyond(now);
    (!less.is_empty()).then(|| End::Wrong(format!("{when}, this is missing: {}", less.join(", "))))
}
