//! A deployment on its way: resources in the order of their dependencies, side by side where nothing lies between them, on the
//! cloud's own time line.
//!
//! It sleeps in the cloud as a tree and is woken when something that it waits for is due.

use fake_azure_cloud::descriptor::Provisioning;
use fake_azure_cloud::{CloudError, ErrorKind, OperationId, ResourceId, Status, Time};
use serde_json::{Map, Value, json};

use super::errand;
use super::expression::Trouble;
use super::gate;
use super::nested;
use super::plan::written;
use super::prepare::{Commission, Prepared, Refused, body_with, holds, prepare};
use super::reads::Live;
use super::record::{self, Deployment, Failure, Mode, Progress, State, Step, Subject, Woken};
use super::render;
use super::rollback;
use super::scope::{Context, Site, Walker, World, output_words};
use super::template::{Kind, Template, member};
use super::violation::{Violation, words};
use super::world::{self, Facts};
use crate::Sandbox;
use crate::arm::error as wire_error;

/// From being accepted to the first resource.
const ACCEPT_MS: i64 = 500;
/// How often a provider that is busy is asked again, and how long between (ARM 2.6).
const ATTEMPTS_MAX: u32 = 30;
const RETRY_MS: i64 = 10_000;
/// What never says when it ends is looked at so often.
const LOOK_MS: i64 = 60_000;

/// Wakes whoever asked for a word; others' words are left alone.
pub(crate) fn wake(sandbox: &mut Sandbox, word: u64) {
    match record::woken(word) {
        Some(Woken::Deployment(serial)) => step(sandbox, serial),
        Some(Woken::Job(serial)) => record::wake_job(&mut sandbox.cloud, serial),
        None => {}
    }
}

/// Begins a deployment that was prepared: it is accepted, and runs by itself from here on.
pub(crate) fn begin(
    sandbox: &mut Sandbox,
    commission: &Commission<'_>,
    prepared: Prepared,
    parent: Option<u64>,
) -> Deployment {
    let order = commission.order;
    let serial = record::take_serial(&mut sandbox.cloud);
    let now = sandbox.cloud.now();
    let home = super::prepare::group_key(sandbox, commission.target);
    if let Some(before) = record::find(&sandbox.cloud, commission.target, commission.name) {
        record::forget(&mut sandbox.cloud, before.serial);
    }
    let progress = prepared
        .planned
        .iter()
        .map(|own| {
            if own.is_sent() {
                Progress::Pending
            } else {
                Progress::Skipped
            }
        })
        .collect();
    let deployment = Deployment {
        serial,
        name: commission.name.to_owned(),
        target: commission.target.clone(),
        group: home,
        location: order.location.clone(),
        tags: order.tags.clone(),
        mode: order.mode,
        template: prepared.template.document,
        template_link: prepared.template_link,
        parameters_link: prepared.parameters_link,
        debug_setting: order.debug_setting.clone(),
        rollback: prepared.rollback,
        parameters: prepared.parameters,
        base: commission.base.to_owned(),
        deployer: commission.deployer.clone(),
        correlation: commission.correlation,
        status_id: status_id(now, serial),
        started: now,
        changed: now,
        state: State::Accepted,
        planned: prepared.planned,
        progress,
        steps: Vec::new(),
        outputs: None,
        failure: None,
        parent,
        depth: commission.depth,
        cleanup: None,
    };
    record::store(&mut sandbox.cloud, &deployment);
    record::wake_at(&mut sandbox.cloud, now.plus_millis(ACCEPT_MS), serial);
    deployment
}

/// Twenty digits that fall as time goes on (ARM 2.3).
fn status_id(now: Time, serial: u64) -> String {
    let falling = 8_650_000_000_000_000_000_i64.saturating_sub(now.millis().saturating_mul(10_000) / 28);
    format!("{:020}", falling.saturating_sub(i64::try_from(serial).unwrap_or(0)))
}

/// Cancels a deployment: what was not sent is not sent any more, what was goes on by itself.
///
/// # Errors
///
/// When it is over.
pub(crate) fn cancel(sandbox: &mut Sandbox, mut deployment: Deployment) -> Result<(), CloudError> {
    if !deployment.state.is_active() {
        let error = CloudError::of(&super::forms::CANNOT_CANCEL);
        return Err(error
            .with("name", &deployment.name)
            .with("state", deployment.state.name()));
    }
    let inner: Vec<u64> = deployment
        .progress
        .iter()
        .filter_map(|progress| {
            if let Progress::Nested { serial } = progress {
                Some(*serial)
            } else {
                None
            }
        })
        .collect();
    for serial in inner {
        if let Some(inner) = record::load(&sandbox.cloud, serial).filter(|inner| inner.state.is_active()) {
            cancel(sandbox, inner)?;
        }
    }
    for progress in &mut deployment.progress {
        if matches!(
            progress,
            Progress::Pending | Progress::Waiting { .. } | Progress::Running { .. } | Progress::Nested { .. }
        ) {
            *progress = Progress::Canceled;
        }
    }
    let now = sandbox.cloud.now();
    for step in deployment.steps.iter_mut().filter(|step| step.state == "Running") {
        step.state = "Canceled".to_owned();
        step.changed = now;
    }
    deployment.state = State::Canceled;
    deployment.changed = now;
    record::store(&mut sandbox.cloud, &deployment);
    wake_parent(sandbox, &deployment);
    Ok(())
}

fn wake_parent(sandbox: &mut Sandbox, deployment: &Deployment) {
    if let Some(parent) = deployment.parent {
        let now = sandbox.cloud.now();
        record::wake_at(&mut sandbox.cloud, now, parent);
    }
}

/// One look at a deployment: what ended is noted, what can begin begins, and the next look is asked for.
fn step(sandbox: &mut Sandbox, serial: u64) {
    let Some(mut deployment) = record::load(&sandbox.cloud, serial) else {
        // The group is gone, and the deployment with it.
        record::forget(&mut sandbox.cloud, serial);
        return;
    };
    if !deployment.state.is_active() {
        if rollback::look(sandbox, &mut deployment) {
            record::store(&mut sandbox.cloud, &deployment);
        }
        return;
    }
    deployment.state = State::Running;
    let mut run = Run { sandbox, deployment };
    run.look_at_running();
    while run.begin_what_can() {}
    match run.next_look() {
        Some(next) => record::wake_at(&mut run.sandbox.cloud, next, serial),
        None => run = run.finish(),
    }
    let Run {
        sandbox,
        mut deployment,
    } = run;
    if !deployment.state.is_active() {
        deployment.changed = sandbox.cloud.now();
    }
    if deployment.state == State::Failed {
        rollback::begin(sandbox, &mut deployment);
    }
    record::store(&mut sandbox.cloud, &deployment);
    if !deployment.state.is_active() {
        wake_parent(sandbox, &deployment);
    }
}

/// A deployment being looked at.
pub(super) struct Run<'s> {
    pub(super) sandbox: &'s mut Sandbox,
    pub(super) deployment: Deployment,
}

impl Run<'_> {
    pub(super) fn now(&self) -> Time {
        self.sandbox.cloud.now()
    }

    /// The operation document of a resource; a new one if there is none.
    fn own_step(&mut self, index: usize) -> &mut Step {
        let own = &self.deployment.planned[index];
        let id = self.deployment.step_id(&own.id);
        let now = self.sandbox.cloud.now();
        if let Some(at) = self.deployment.steps.iter().position(|step| step.id == id) {
            return &mut self.deployment.steps[at];
        }
        let subject = Subject {
            id: own.id.clone(),
            kind: own.kind.clone(),
            name: own.name.clone(),
        };
        self.deployment.steps.push(Step {
            id,
            doing: "Create".to_owned(),
            state: "Running".to_owned(),
            started: now,
            changed: now,
            status_code: "Accepted".to_owned(),
            message: None,
            subject: Some(subject),
            request: None,
            response: None,
        });
        let last = self.deployment.steps.len() - 1;
        &mut self.deployment.steps[last]
    }

    pub(super) fn note(
        &mut self,
        doing: &str,
        word: &str,
        subject: Option<Subject>,
        outcome: Result<(), (String, Value)>,
    ) {
        let now = self.now();
        let (state, status_code, message) = match outcome {
            Ok(()) => ("Succeeded", "OK".to_owned(), None),
            Err((status_code, message)) => ("Failed", status_code, Some(message)),
        };
        let id = self.deployment.step_id(&format!("{doing} {word}"));
        self.deployment.steps.retain(|step| step.id != id);
        self.deployment.steps.push(Step {
            id,
            doing: doing.to_owned(),
            state: state.to_owned(),
            started: now,
            changed: now,
            status_code,
            message,
            subject,
            request: None,
            response: None,
        });
    }

    fn succeed(&mut self, index: usize) {
        let now = self.now();
        let response = if self.deployment.shows("responseContent") {
            self.response_of(index)
        } else {
            None
        };
        let step = self.own_step(index);
        step.state = "Succeeded".to_owned();
        if step.status_code == "Accepted" {
            step.status_code = "OK".to_owned();
        }
        step.changed = now;
        step.response = response;
        self.deployment.progress[index] = Progress::Done;
    }

    fn response_of(&mut self, index: usize) -> Option<Value> {
        let own = self.deployment.planned[index].clone();
        let live = Live::new(self.sandbox, &self.deployment);
        let reading = super::expression::Reading {
            function: "reference",
            target: &own.id,
            version: None,
            full: true,
            body: None,
        };
        super::scope::Reads::reference(&live, &reading)
            .ok()
            .map(|content| json!({ "content": content }))
    }

    fn fail(&mut self, index: usize, status_code: &str, message: Value) {
        let now = self.now();
        let step = self.own_step(index);
        step.state = "Failed".to_owned();
        step.status_code = status_code.to_owned();
        step.message = Some(message);
        step.changed = now;
        self.deployment.progress[index] = Progress::Failed;
    }

    /// Takes note of what ended.
    fn look_at_running(&mut self) {
        for index in 0..self.deployment.progress.len() {
            match self.deployment.progress[index].clone() {
                Progress::Running { operation } => self.look_at_operation(index, operation),
                Progress::Nested { serial } => self.look_at_inner(index, serial),
                _ => {}
            }
        }
    }

    fn look_at_operation(&mut self, index: usize, id: OperationId) {
        match self
            .sandbox
            .cloud
            .operation(id)
            .map(|operation| operation.status.clone())
        {
            Some(Status::InProgress) => {}
            Some(Status::Succeeded) => self.succeed(index),
            Some(Status::Failed(error) | Status::Canceled(error)) => {
                let detail = wire_error::body(&error, error.by, false);
                self.fail(index, "Conflict", terminal("Failed", &[detail]));
            }
            // An operation is forgotten a day after its end: the resource itself says how it went.
            None => {
                let found = ResourceId::parse(&self.deployment.planned[index].id)
                    .ok()
                    .and_then(|id| self.sandbox.cloud.store().find(id.folded()).cloned());
                match found {
                    Some(resource) if resource.provisioning == Provisioning::Succeeded => self.succeed(index),
                    _ => self.fail(index, "Conflict", terminal("Failed", &[])),
                }
            }
        }
    }

    fn look_at_inner(&mut self, index: usize, serial: u64) {
        match record::load(&self.sandbox.cloud, serial) {
            Some(inner) if inner.state.is_active() => {}
            Some(inner) if inner.state == State::Succeeded => self.succeed(index),
            Some(inner) => {
                let detail = render::failure(&inner, self.sandbox.era()).unwrap_or_else(|| {
                    json!({ "code": "DeploymentCanceled", "message": format!("The deployment '{}' was canceled.", inner.name) })
                });
                self.fail(index, "Conflict", terminal(inner.state.name(), &[detail]));
            }
            None => self.fail(index, "NotFound", json!({ "error": { "code": "DeploymentNotFound", "message": "The nested deployment could not be found." } })),
        }
    }

    /// Begins what waits for nothing any more. Says whether anything changed at once.
    fn begin_what_can(&mut self) -> bool {
        let now = self.now();
        let mut changed = false;
        for index in 0..self.deployment.progress.len() {
            let is_due = match &self.deployment.progress[index] {
                Progress::Pending => true,
                Progress::Waiting { until, .. } => *until <= now,
                _ => false,
            };
            if !is_due {
                continue;
            }
            let before: Vec<&Progress> = self.deployment.planned[index]
                .after
                .iter()
                .map(|before| &self.deployment.progress[*before])
                .collect();
            if before
                .iter()
                .any(|before| matches!(before, Progress::Failed | Progress::Canceled))
            {
                self.deployment.progress[index] = Progress::Failed;
                changed = true;
            } else if before
                .iter()
                .all(|before| matches!(before, Progress::Done | Progress::Skipped))
            {
                self.begin(index);
                changed |= matches!(self.deployment.progress[index], Progress::Done | Progress::Failed);
            }
        }
        changed
    }

    fn begin(&mut self, index: usize) {
        if self.deployment.planned[index].is_deployment() {
            self.begin_inner(index);
            return;
        }
        let own = self.deployment.planned[index].clone();
        let deployer = self.deployment.deployer.clone();
        if let Err(error) = errand::check_access(self.sandbox, &deployer, &own.id, &own.version, None) {
            return self.refused(index, error);
        }
        let admitted = if errand::is_laid_over(&own.id) {
            None
        } else {
            match gate::admit(self.sandbox, &own) {
                Ok(admitted) => Some(admitted),
                Err(error) => return self.refused(index, error),
            }
        };
        let body = match self.body(index) {
            Ok(body) => body,
            Err(trouble) => return self.troubled(index, &trouble),
        };
        if let Err(error) = errand::check_access(self.sandbox, &deployer, &own.id, &own.version, Some(&body)) {
            return self.refused(index, error);
        }
        if self.deployment.shows("requestContent") {
            let content = json!({ "content": body.clone() });
            self.own_step(index).request = Some(content);
        }
        let begun = match admitted {
            Some((id, version)) => gate::put(&mut self.sandbox.cloud, &id, version, body),
            None => errand::put(self.sandbox, &deployer, &own.id, &own.version, &body),
        };
        match begun {
            Ok(begun) => {
                let step = self.own_step(index);
                step.state = "Running".to_owned();
                step.message = None;
                step.status_code = if begun.created { "Created" } else { "OK" }.to_owned();
                match begun.operation {
                    Some(operation) => {
                        let is_last = index + 1 == self.deployment.planned.len();
                        crate::wire::deployed(self.sandbox, self.deployment.serial, &own.id, is_last, operation);
                        self.deployment.progress[index] = Progress::Running { operation };
                    }
                    None => self.succeed(index),
                }
            }
            Err(error) if error.kind == ErrorKind::Busy => self.busy(index, error),
            Err(error) => self.refused(index, error),
        }
    }

    /// A provider that is busy is asked again (ARM 2.6).
    fn busy(&mut self, index: usize, error: CloudError) {
        let attempts = match self.deployment.progress[index] {
            Progress::Waiting { attempts, .. } => attempts + 1,
            _ => 1,
        };
        if attempts > ATTEMPTS_MAX {
            return self.refused(index, error);
        }
        let now = self.now();
        let until = error
            .until
            .unwrap_or(now)
            .max(now.plus_millis(if error.until.is_some() { 1 } else { RETRY_MS }));
        self.own_step(index).status_code = render::status_name(wire_error::status(&error)).to_owned();
        self.deployment.progress[index] = Progress::Waiting { until, attempts };
    }

    fn refused(&mut self, index: usize, error: CloudError) {
        let status_code = render::status_name(wire_error::status(&error));
        self.fail(index, status_code, wire_error::envelope(&error));
    }

    fn troubled(&mut self, index: usize, trouble: &Trouble) {
        match trouble {
            Trouble::Refused(error) => self.refused(index, CloudError::clone(error)),
            trouble => {
                let own = &self.deployment.planned[index];
                let violation = Violation::expressions(&own.id, own.place, &words(trouble));
                self.fail(index, "BadRequest", json!({ "error": violation.body(true) }));
            }
        }
    }

    fn world(&self) -> World {
        let own = &self.deployment;
        world::world(
            self.sandbox,
            &Facts {
                target: &own.target,
                name: &own.name,
                location: own.location.as_deref(),
                template: &own.template,
                template_link: own.template_link.as_ref(),
                mode: own.mode,
                given: &own.parameters,
                base: &own.base,
                deployer: &own.deployer,
                correlation: own.correlation,
                started: own.started,
            },
        )
    }

    /// Does something with the template's context and live reads, and notes what was read.
    fn with_context<T>(&mut self, act: impl FnOnce(&Context<'_>, &Live<'_>) -> T) -> T {
        let world = self.world();
        let template = Template::trusted(self.deployment.template.clone());
        let values: Vec<(String, Value)> = self
            .deployment
            .parameters
            .iter()
            .map(|given| (given.name.clone(), given.value.clone()))
            .collect();
        let context = Context::new(&world, &template, values);
        let live = Live::new(self.sandbox, &self.deployment);
        let result = act(&context, &live);
        let log = live.log.into_inner();
        for (doing, subject) in log {
            let word = subject.id.clone();
            self.note(doing, &word, Some(subject), Ok(()));
        }
        result
    }

    fn body(&mut self, index: usize) -> Result<Value, Trouble> {
        let own = self.deployment.planned[index].clone();
        self.with_context(|context, live| {
            let item = written(context.template.resources(), &own.pointer).unwrap_or(&Value::Null);
            let walker = Walker {
                context,
                site: Site::Body,
                reads: live,
                keeps_later: false,
            };
            body_with(&walker, item, &own)
        })
    }

    fn begin_inner(&mut self, index: usize) {
        let own = self.deployment.planned[index].clone();
        let found = self.with_context(|context, live| {
            let item = written(context.template.resources(), &own.pointer).unwrap_or(&Value::Null);
            nested::document(context, item, &own.copies, live)
        });
        let document = match found {
            Ok(document) => document,
            Err(trouble) => return self.troubled(index, &trouble),
        };
        let order = match super::request::order(&document, super::lenient::Places::default()) {
            Ok(order) => order,
            Err(error) => return self.refused(index, error),
        };
        if let Err(error) = super::calls::check_scope(self.sandbox, &own.target, &own.name, &order) {
            return self.refused(index, error);
        }
        let base = self.deployment.base.clone();
        let deployer = self.deployment.deployer.clone();
        let link = self
            .deployment
            .template_link
            .as_ref()
            .and_then(|link| member(link, "uri"))
            .and_then(Value::as_str)
            .map(str::to_owned);
        let commission = Commission {
            target: &own.target,
            name: &own.name,
            order: &order,
            base: &base,
            deployer: &deployer,
            correlation: self.deployment.correlation,
            depth: self.deployment.depth + 1,
            parent_link: link.as_deref(),
        };
        match prepare(self.sandbox, &commission) {
            Ok(prepared) => {
                let found = gate::preflight(self.sandbox, &commission, &prepared);
                if !found.is_empty() {
                    let tracking = self.deployment.tracking(&own.id);
                    return self.refused(index, gate::preflight_refusal(&own.name, tracking, found));
                }
                let inner = begin(self.sandbox, &commission, prepared, Some(self.deployment.serial));
                let step = self.own_step(index);
                step.status_code = "Created".to_owned();
                self.deployment.progress[index] = Progress::Nested { serial: inner.serial };
            }
            Err(Refused::Error(error)) => self.refused(index, *error),
            Err(refused @ Refused::Template(_)) => {
                self.fail(index, "BadRequest", json!({ "error": refused.body() }));
            }
        }
    }

    /// When something that it waits for is due; `None` when it waits for nothing.
    fn next_look(&mut self) -> Option<Time> {
        let now = self.now();
        let mut next: Option<Time> = None;
        let mut sooner = |at: Time| next = Some(next.map_or(at, |next| next.min(at)));
        for progress in &self.deployment.progress {
            match progress {
                Progress::Running { operation } => {
                    let end = self
                        .sandbox
                        .cloud
                        .operation(*operation)
                        .and_then(|operation| operation.end());
                    sooner(end.unwrap_or_else(|| now.plus_millis(LOOK_MS)).max(now));
                }
                Progress::Waiting { until, .. } => sooner(*until),
                // The inner deployment wakes this one itself; the look is for one that was forgotten.
                Progress::Nested { .. } => sooner(now.plus_millis(LOOK_MS)),
                _ => {}
            }
        }
        next
    }

    /// Everything is done, or will not be.
    fn finish(mut self) -> Self {
        let failed: Vec<(String, Value)> = self
            .deployment
            .steps
            .iter()
            .filter(|step| step.state == "Failed")
            .map(|step| (step.status_code.clone(), step.message.clone().unwrap_or(Value::Null)))
            .collect();
        if !failed.is_empty() {
            self.deployment.failure = Some(Failure {
                code: "DeploymentFailed".to_owned(),
                message:
                    "At least one resource deployment operation failed. Please list deployment operations for details."
                        .to_owned(),
                details: failed,
            });
            self.deployment.state = State::Failed;
            return self;
        }
        if self.deployment.mode == Mode::Complete && self.deployment.target.group.is_some() && !self.clean_up() {
            return self;
        }
        if self.deployment.outputs.is_none() && !self.find_outputs() {
            return self;
        }
        self.note("EvaluateDeploymentOutput", "", None, Ok(()));
        if self.deployment.template.get("outputs").is_none() {
            self.deployment.steps.pop();
        }
        self.note("DeploymentCleanup", "", None, Ok(()));
        self.deployment.state = State::Succeeded;
        self
    }

    /// Finds the outputs. Says whether all have values.
    fn find_outputs(&mut self) -> bool {
        let results = self.with_context(|context, live| {
            let walker = Walker {
                context,
                site: Site::Output,
                reads: live,
                keeps_later: false,
            };
            let outputs = context.template.members("outputs").cloned().unwrap_or_default();
            let mut results: Vec<(String, Result<Value, String>)> = Vec::new();
            for (name, output) in &outputs {
                if holds(context, member(output, "condition")) {
                    results.push((name.clone(), output_of(&walker, name, output)));
                }
            }
            results
        });
        let failed: Vec<(&String, &String)> = results
            .iter()
            .filter_map(|(name, result)| result.as_ref().err().map(|message| (name, message)))
            .collect();
        if failed.is_empty() {
            let outputs: Map<String, Value> = results
                .into_iter()
                .filter_map(|(name, result)| result.ok().map(|value| (name, value)))
                .collect();
            self.deployment.outputs = Some(outputs);
            return true;
        }
        let names: Vec<&str> = failed.iter().map(|(name, _)| name.as_str()).collect();
        let details: Vec<(String, Value)> = failed
            .iter()
            .map(|(name, message)| {
                let body = json!({ "error": { "code": "DeploymentOutputEvaluationFailed", "target": name, "message": message } });
                ("BadRequest".to_owned(), body)
            })
            .collect();
        let message = details.first().map(|(_, body)| body.clone()).unwrap_or(Value::Null);
        self.deployment.failure = Some(Failure {
            code: "DeploymentOutputEvaluationFailed".to_owned(),
            message: format!(
                "Unable to evaluate template outputs: '{}'. Please see error details and deployment operations. Please see \
                 https://aka.ms/arm-common-errors for usage details.",
                names.join(",")
            ),
            details,
        });
        self.note(
            "EvaluateDeploymentOutput",
            "",
            None,
            Err(("BadRequest".to_owned(), message)),
        );
        self.deployment.state = State::Failed;
        false
    }
}

/// The value of an output, with its type, or what is wrong with it.
fn output_of(walker: &Walker<'_>, name: &str, output: &Value) -> Result<Value, String> {
    let kind = member(output, "type")
        .and_then(Value::as_str)
        .and_then(Kind::find)
        .unwrap_or(Kind::Object);
    let found = match member(output, "copy") {
        Some(copy) => {
            let mut row = copy.clone();
            if let Value::Object(members) = &mut row {
                members.entry("name").or_insert_with(|| Value::from(name));
            }
            walker.copied(&row, &[]).map(|(_, value)| value)
        }
        None => walker.document(member(output, "value").unwrap_or(&Value::Null), &[]),
    };
    let value = found.map_err(|trouble| output_words(name, &trouble))?;
    let may_be_null = member(output, "nullable") == Some(&Value::Bool(true)) && value.is_null();
    if !may_be_null {
        kind.check(&value, "output")
            .map_err(|inner| format!("The template output '{name}' is not valid: {inner}."))?;
    }
    Ok(json!({ "type": kind.name(), "value": value }))
}

/// What an operation says whose resource ended badly (ARM 7.9).
fn terminal(state: &str, details: &[Value]) -> Value {
    json!({
        "status": state,
        "error": {
            "code": "ResourceDeploymentFailure",
            "message": format!("The resource operation completed with terminal provisioning state '{state}'."),
            "details": details,
        },
    })
}
