//! One run of a sweep: a fork of a world, one request that goes wrong, and what came of it.

use std::collections::BTreeMap;

use provider::StatusKind;
use serde_json::{Value, json};

use super::fault::{self, Fault};
use super::operation::{self, ENVIRONMENT, Known, Operation, Trouble};
use super::{End, Run};
use crate::driver::DriverKind;
use crate::oracle::{self, Footprint};
use crate::stage::{SETTLED_AFTER_MS, Stage, stopped_text};
use crate::subject::Subject;

/// How often an operation is done again after its process had ended: Juju's workers try for ever.
const TRIES: usize = 3;

/// Which request, and by what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strike {
    pub(super) fault: Fault,
    pub(super) at: u64,
}

/// One request of the operation when nothing goes wrong, or one thing that a deployment makes.
#[derive(Clone, Debug)]
pub(super) struct Request {
    method: String,
    /// Its address, or the type of the resource that a deployment makes.
    url: String,
    /// Which exchanges are this one, for a fault rule.
    matches: Value,
    is_deployed: bool,
}

impl Request {
    /// Whether a fault can befall it. No request is sent for what a deployment makes, so only its operation can go wrong.
    pub(super) fn can_meet(&self, fault: Fault) -> bool {
        match fault {
            Fault::FailsLate | Fault::NeverEnds => fault.can_strike(&self.method),
            _ => !self.is_deployed && fault.can_strike(&self.method),
        }
    }
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
    if !operation.is_offered_by(subject) {
        return Ok(None);
    }
    let mut stage = Stage::open(driver, subject, seed)?;
    stage.provide()?;
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
    let requests = requests_of(&calm.journal());
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

/// What was sent, and after it what deployments made of it.
fn requests_of(journal: &[String]) -> Vec<Request> {
    let mut sent = Vec::new();
    let mut deployed = Vec::new();
    let mut n_written: BTreeMap<String, u64> = BTreeMap::new();
    for (nth, line) in (1..).zip(journal) {
        let line: Value = serde_json::from_str(line).unwrap_or_default();
        let text = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        sent.push(Request {
            method: text("method"),
            url: text("url"),
            matches: json!({"nth": nth}),
            is_deployed: false,
        });
        let resources = line.pointer("/body/properties/template/resources");
        for resource in resources.and_then(Value::as_array).into_iter().flatten() {
            let kind = resource.get("type").and_then(Value::as_str).unwrap_or_default();
            let n_before = n_written.entry(kind.to_lowercase()).or_default();
            *n_before += 1;
            deployed.push(Request {
                method: "PUT".to_owned(),
                url: format!("{kind} by {}", text("url")),
                matches: json!({"method": "PUT", "type": kind, "nth": *n_before}),
                is_deployed: true,
            });
        }
    }
    sent.extend(deployed);
    sent
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
    let request = usize::try_from(strike.at - 1)
        .ok()
        .and_then(|index| ready.requests.get(index))
        .ok_or_else(|| anyhow::anyhow!("{} has no request {}", ready.operation, strike.at))?;
    let mut stage = world.fork()?;
    match (strike.fault.side(), strike.fault.rule(&request.matches)) {
        (Some(side), _) => stage.crash_at(strike.at, side),
        (None, Some(rule)) => stage.fault(&rule)?,
        (None, None) => {}
    }
    let outcome = operation::perform(&mut stage, ready.operation, &ready.known)?;
    let (error, end) = match outcome {
        Ok(()) => after_success(ready, &mut stage)?,
        Err(Trouble::Stopped(crate::driver::Stopped::Crashed)) => {
            let (error, end) = after_crash(ready, &mut stage)?;
            (Some(error.unwrap_or_else(|| "the process ended".to_owned())), end)
        }
        Err(trouble) => (Some(text_of(&trouble)), after_error(ready, &mut stage)?),
    };
    Ok(Run {
        subject: ready.stage.subject(),
        operation: ready.operation,
        fault: strike.fault,
        at: strike.at,
        request: format!("{} {}", request.method, request.url),
        end,
        error,
    })
}

/// What was asked for is there, and nothing more; undone, everything is as before. Where the provider comes back before machines
/// run, one that could not be made is reported as such, and is an error that comes late.
fn after_success(ready: &Ready, stage: &mut Stage) -> anyhow::Result<(Option<String>, End)> {
    // What a deployment makes is made after the call came back, and is struck then.
    stage.advance(SETTLED_AFTER_MS);
    stage.clear()?;
    let settled = stage.settled();
    if let Some(error) = failed_machines(ready, stage)? {
        return Ok((Some(error), after_error(ready, stage)?));
    }
    if let Some(end) = compare("after it succeeded", &settled, &ready.done) {
        return Ok((None, end));
    }
    stage.keep();
    let undone = if ready.operation.is_undone_backwards(ready.stage.subject()) {
        undone(ready, stage)?
    } else {
        None
    };
    match undone {
        Some(end) => Ok((None, end)),
        None => Ok((None, gone(ready, stage)?.unwrap_or(End::Succeeded))),
    }
}

/// Machines that are reported as such that could not be made.
fn failed_machines(ready: &Ready, stage: &mut Stage) -> anyhow::Result<Option<String>> {
    if !ready.operation.makes_machines() {
        return Ok(None);
    }
    let environ = stage.environ(ENVIRONMENT)?;
    let instances = stage.ask(environ.all_instances())?;
    let failed: Vec<String> = instances
        .into_iter()
        .filter(|instance| instance.status.kind == StatusKind::ProvisioningError)
        .map(|instance| format!("{}: {}", instance.id, instance.status.message))
        .collect();
    Ok((!failed.is_empty()).then(|| failed.join("; ")))
}

/// What is left is reported; undone, everything is as before.
fn after_error(ready: &Ready, stage: &mut Stage) -> anyhow::Result<End> {
    stage.clear()?;
    stage.restart();
    if let Some(end) = unreported(stage)? {
        return Ok(end);
    }
    match undone(ready, stage)? {
        Some(end) => Ok(end),
        None => Ok(gone(ready, stage)?.unwrap_or(End::CleanedUp)),
    }
}

/// Another process, which knows only what was kept, reports what is left; done again, the operation succeeds.
fn after_crash(ready: &Ready, stage: &mut Stage) -> anyhow::Result<(Option<String>, End)> {
    stage.forget();
    if let Some(end) = unreported(stage)? {
        return Ok((None, end));
    }
    let mut last = String::new();
    for _ in 0..TRIES {
        match operation::perform(stage, ready.operation, &ready.known)? {
            Ok(()) => return after_success(ready, stage),
            Err(trouble) => last = text_of(&trouble),
        }
    }
    let wrong = format!("done again by another process, it fails: {last}");
    Ok((None, End::Wrong(wrong)))
}

/// Undoes; `None` when everything is where undoing leads.
fn undone(ready: &Ready, stage: &mut Stage) -> anyhow::Result<Option<End>> {
    if let Err(error) = operation::undo(stage, ready.operation, &ready.known)? {
        return Ok(Some(End::Wrong(format!("it cannot be undone: {error}"))));
    }
    let goal = if ready.operation.is_undone_backwards(ready.stage.subject()) {
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

/// What is there of machines, and is not reported.
fn unreported(stage: &mut Stage) -> anyhow::Result<Option<End>> {
    let there = stage.look(oracle::of_world);
    let environ = stage.environ(ENVIRONMENT)?;
    let reported = match stage.ask(operation::reported(&environ)) {
        Ok(reported) => reported,
        Err(error) => return Ok(Some(End::Wrong(format!("instances cannot be listed: {error}")))),
    };
    let missing: Vec<String> = there
        .into_iter()
        .filter(|id| !reported.iter().any(|own| own.as_str().eq_ignore_ascii_case(id)))
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
