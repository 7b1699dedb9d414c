//! Running a scenario: step after step, every oracle asked after each, everything cleaned up at the end.
//!
//! This is the only place that knows scenarios, drivers and oracles at once.

mod resolve;

use std::collections::BTreeSet;

use fake_azure_cloud::catalogue::limits::Era;
use fake_azure_cloud::{Cloud, Kind};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::driver::{self, Driver, DriverKind, LiveSetup, Outcome, Protection, Request, Setup, Site};
use crate::oracle::{self, Failure, Verdict};
use crate::scenario::{
    Action, Body, CallStep, Check, Expect, GROUP, ResourceStep, Scenario, Step, StepNumber, Target, Variable,
    Variables, Verb, build_document, show_duration,
};
use crate::subject::Subject;

/// Usual api-versions, by lower-case namespace: those of the generation of clients that the scenarios tell of.
const USUAL_VERSIONS: &[(&str, &str)] = &[
    // tidy: sorted
    ("microsoft.compute", "2017-03-30"),
    ("microsoft.network", "2016-09-01"),
    ("microsoft.resources", "2016-09-01"),
    ("microsoft.storage", "2016-01-01"),
    // tidy: end
];

/// Rounds of deleting groups at the end: one may be held by what is in another.
const CLEANUP_ROUNDS: usize = 3;

/// What is run, and how.
#[derive(Clone, Copy)]
pub struct Plan<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// The driver.
    pub driver: DriverKind,
    /// Decides every draw.
    pub seed: u64,
    /// The last own step that is done; nothing is cleaned up then.
    pub until: Option<usize>,
    /// Another limit profile than the scenario's.
    pub profile: Option<&'a str>,
    /// Another provider than the scenario's.
    pub subject: Option<Subject>,
    /// The live subscription, for [`DriverKind::Live`].
    pub live: Option<&'a LiveSetup>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Everything was as expected.
    Passed,
    /// Something was not.
    Failed(Box<Trouble>),
    /// The scenario itself is wrong.
    Invalid(Box<Trouble>),
}

/// Where a run stopped, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Which step; absent for what is found at the end.
    pub step: Option<StepNumber>,
    /// What the step is: `delete nic/n0`.
    pub label: String,
    /// What is wrong.
    pub failures: Vec<Failure>,
    /// The api-version of the step, where it has one.
    pub version: Option<String>,
}

/// A run that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// How it ended.
    pub end: End,
    /// Expectations that were judged.
    pub n_judged: usize,
    /// Expectations that the driver could not judge.
    pub n_not_judged: usize,
    /// Steps that were done.
    pub n_steps: usize,
    /// How long it took on its own clock.
    pub simulated_ms: i64,
    /// Digest of the journal; empty for a driver without one.
    pub journal_digest: String,
}

/// Runs a scenario from its beginning to its end.
///
/// # Errors
///
/// When the driver itself cannot be started.
pub fn run(plan: &Plan<'_>) -> anyhow::Result<Ran> {
    let mut session = Session::open(plan)?;
    let end = session.tell(plan);
    Ok(session.close(end))
}

/// Runs a scenario with a provider that lacks a protection: what shows that, fails.
///
/// # Errors
///
/// When the driver itself cannot be started.
pub fn run_without(plan: &Plan<'_>, protection: &'static Protection) -> anyhow::Result<Ran> {
    let mut session = Session::open(plan)?;
    session.driver.lack(protection);
    let end = session.tell(plan);
    Ok(session.close(end))
}

/// The journal of a run, line by line.
///
/// # Errors
///
/// When the driver itself cannot be started.
pub fn journal(plan: &Plan<'_>) -> anyhow::Result<(Ran, Vec<String>)> {
    let mut session = Session::open(plan)?;
    let end = session.tell(plan);
    let journal = session.driver.journal();
    Ok((session.close(end), journal))
}

/// Deletes what live runs of a prefix left; gives back what could not be deleted.
///
/// # Errors
///
/// When the driver itself cannot be started.
pub fn clean(live: &LiveSetup, seed: u64) -> anyhow::Result<Vec<Failure>> {
    let nothing = crate::machine::network::scenario(&[]);
    let plan = Plan {
        scenario: &nothing,
        driver: DriverKind::Live,
        seed,
        until: None,
        profile: None,
        subject: None,
        live: Some(live),
    };
    Ok(Session::open(&plan)?.clean_up())
}

/// A scenario under way.
pub struct Session {
    driver: Box<dyn Driver>,
    site: Site,
    /// The group that short forms live in.
    group: String,
    variables: Variables,
    location: String,
    versions: std::collections::BTreeMap<String, String>,
    environments: BTreeSet<String>,
    started: fake_azure_cloud::Time,
    skipped: bool,
    has_group: bool,
    n_judged: usize,
    n_not_judged: usize,
    n_steps: usize,
}

impl Session {
    /// A new world for a scenario.
    ///
    /// # Errors
    ///
    /// When the driver cannot be started.
    pub fn open(plan: &Plan<'_>) -> anyhow::Result<Session> {
        let scenario = plan.scenario;
        let setup = Setup {
            seed: plan.seed,
            profile: plan.profile.unwrap_or(&scenario.profile).to_owned(),
            location: scenario.location.clone(),
            subject: plan.subject.unwrap_or(scenario.subject),
            live: plan.live.cloned(),
        };
        let driver = driver::open(plan.driver, &setup)?;
        let mut variables = Variables::default();
        let site = driver.site();
        variables.set_text("subscription", &site.subscription);
        variables.set_text("group", &site.name(GROUP));
        variables.set_text("location", &scenario.location);
        variables.set("seed", Variable::Value(json!(plan.seed)));
        variables.set("i", Variable::Value(json!(1)));
        variables.set_text("tenant", &site.tenant);
        Ok(Session {
            started: driver.now(),
            group: site.name(GROUP),
            site,
            driver,
            variables,
            location: scenario.location.clone(),
            versions: scenario.versions.clone(),
            environments: BTreeSet::new(),
            skipped: false,
            has_group: false,
            n_judged: 0,
            n_not_judged: 0,
            n_steps: 0,
        })
    }

    /// The whole story. `None`: it went as expected.
    fn tell(&mut self, plan: &Plan<'_>) -> End {
        for (number, step) in plan.scenario.numbered() {
            if plan
                .until
                .is_some_and(|until| matches!(number, StepNumber::Own(own) if own > until))
            {
                break;
            }
            if let Err(end) = self.step(number, step) {
                return end;
            }
        }
        if plan.until.is_none() {
            let failures = self.clean_up();
            if !failures.is_empty() {
                let trouble = Trouble {
                    step: None,
                    label: "at the end".to_owned(),
                    failures,
                    version: None,
                };
                return End::Failed(Box::new(trouble));
            }
        }
        if self.n_judged == 0 {
            let failure = Failure::new(
                "nothing judged",
                "at least one expectation that this driver can judge",
                "none",
            );
            let trouble = Trouble {
                step: None,
                label: "at the end".to_owned(),
                failures: vec![failure],
                version: None,
            };
            return End::Failed(Box::new(trouble));
        }
        End::Passed
    }

    fn close(self, end: End) -> Ran {
        let journal = self.driver.journal();
        let journal_digest = if journal.is_empty() {
            String::new()
        } else {
            digest(&journal)
        };
        Ran {
            end,
            n_judged: self.n_judged,
            n_not_judged: self.n_not_judged,
            n_steps: self.n_steps,
            simulated_ms: self.driver.now().millis_since(self.started),
            journal_digest,
        }
    }

    /// Does one step and judges it.
    ///
    /// # Errors
    ///
    /// The end of the run, when the step went wrong or is wrong in itself.
    pub fn step(&mut self, number: StepNumber, step: &Step) -> Result<(), End> {
        let trouble = |failures: Vec<Failure>, version: Option<String>| {
            Box::new(Trouble {
                step: Some(number),
                label: step.action.label(),
                failures,
                version,
            })
        };
        for i in 1..=step.repeat {
            self.variables.set("i", Variable::Value(json!(i)));
            self.variables.set_text("now", &self.driver.now().to_string());
            let version = self.version_of(step);
            let before = self.driver.now();
            // What an omitted step would have done is missing from here on, so nothing after it can be judged.
            let performed = if self.skipped {
                Ok((Outcome::NotPerformed, Verdict::default()))
            } else {
                self.perform(step)
            };
            let took_ms = self.driver.now().millis_since(before);
            let (outcome, mut verdict) = match performed {
                Ok(performed) => performed,
                Err(Bad(message)) => {
                    let failure = Failure::new("the step is wrong", "a step that can be done", message);
                    return Err(End::Invalid(trouble(vec![failure], version)));
                }
            };
            self.skipped |= matches!(outcome, Outcome::NotPerformed) && !only_looks(&step.action);
            self.keep(step, &outcome);
            let expect = match self.resolve_expect(&step.expect) {
                Ok(expect) => expect,
                // A step that was left out gave no value to its variable.
                Err(_) if matches!(outcome, Outcome::NotPerformed) => Expect::default(),
                Err(message) => {
                    let failure = Failure::new("the expectation is wrong", "variables that have a value", message);
                    return Err(End::Invalid(trouble(vec![failure], version)));
                }
            };
            verdict.add(oracle::judge(&expect, &outcome, took_ms));
            verdict.add(self.invariants());

            self.n_steps += 1;
            self.n_judged += verdict.n_judged;
            self.n_not_judged += verdict.n_not_judged;
            if !verdict.failures.is_empty() {
                return Err(End::Failed(trouble(verdict.failures, version)));
            }
        }
        Ok(())
    }

    fn perform(&mut self, step: &Step) -> Result<(Outcome, Verdict), Bad> {
        let none = Verdict::default();
        match &step.action {
            Action::Resource(resource) => {
                self.make_group(&step.action);
                let request = self.request(resource)?;
                Ok((self.driver.request(&request, step.wait), none))
            }
            Action::List {
                what,
                everywhere,
                version,
            } => {
                self.make_group(&step.action);
                let target = Target::parse_list(&self.variables.text(what)?)?;
                let version = version
                    .clone()
                    .unwrap_or_else(|| self.usual_version(&target.namespace()));
                let path = target.list_path(&self.site.subscription, &self.group, *everywhere);
                Ok((self.driver.request(&Request::List { path, version }, false), none))
            }
            Action::Http(http) => {
                self.make_group(&step.action);
                let message = self.resolve_http(http)?;
                Ok((self.driver.message(&message), none))
            }
            Action::Provider(call) => {
                let call = self.resolve_call(call)?;
                if names_nobody(&call) {
                    return Ok((Outcome::Done, none));
                }
                let mut outcomes = self.driver.provider(std::slice::from_ref(&call))?;
                Ok((outcomes.pop().unwrap_or(Outcome::Done), none))
            }
            Action::Juju(call) => {
                let call = self.resolve_call(call)?;
                let outcome = self.driver.juju(&call)?;
                Ok((outcome, none))
            }
            Action::Together(calls) => {
                let calls = calls
                    .iter()
                    .map(|call| self.resolve_call(call))
                    .collect::<Result<Vec<_>, _>>()?;
                let outcomes = self.driver.provider(&calls)?;
                Ok((together(outcomes), none))
            }
            Action::Fault(rule) => {
                let rule = self.variables.resolve(rule)?;
                match self.driver.fault(&rule) {
                    Some(Ok(())) => Ok((Outcome::Done, none)),
                    Some(Err(message)) => Err(Bad(message)),
                    None => Ok((Outcome::NotPerformed, none)),
                }
            }
            Action::Advance(millis) => {
                self.driver.advance(*millis);
                Ok((Outcome::Done, none))
            }
            Action::Limits { .. } | Action::World(_) | Action::Check(_) if self.site.prefix.is_some() => {
                Ok((Outcome::NotPerformed, none))
            }
            Action::Limits {
                profile,
                enforce_roles,
                overrides,
            } => {
                if let Some(enforced) = enforce_roles
                    && !self.driver.enforce_roles(*enforced)
                {
                    return Ok((Outcome::NotPerformed, none));
                }
                self.driver.with_cloud(&mut |cloud| {
                    if let Some(era) = profile.as_deref().and_then(Era::find) {
                        cloud.ledger_mut().set_era(era);
                    }
                    for (row, limit) in overrides {
                        cloud.ledger_mut().set_override(row, Some(*limit));
                    }
                });
                Ok((Outcome::Done, none))
            }
            Action::World(counts) => {
                let mut verdict = Verdict::default();
                self.driver
                    .with_cloud(&mut |cloud| verdict = oracle::count(cloud, counts));
                Ok((Outcome::Done, verdict))
            }
            Action::Check(checks) => {
                let mut verdict = Verdict::default();
                for check in checks {
                    match self.check(*check) {
                        Some(found) => verdict.add(found),
                        None => return Ok((Outcome::NotPerformed, verdict)),
                    }
                }
                Ok((Outcome::Done, verdict))
            }
        }
    }

    /// The scenario's own group is there before the first step that may need it.
    fn make_group(&mut self, action: &Action) {
        let lives_in_it = |target: Target| target.short.is_some_and(|short| short.short != "group");
        let needed = match action {
            Action::Resource(step) => Target::parse(&step.target, step.verb == Verb::Post).is_ok_and(lives_in_it),
            Action::List { what, everywhere, .. } => !everywhere && Target::parse_list(what).is_ok_and(lives_in_it),
            _ => true,
        };
        let is_it = |target: Target| {
            target.short.is_some_and(|short| short.short == "group")
                && target.name() == GROUP
                && self.site.prefix.is_none()
        };
        if let Action::Resource(step) = action
            && Target::parse(&step.target, false).is_ok_and(is_it)
        {
            // The scenario sees to it itself.
            self.has_group = true;
        }
        if self.has_group || !needed {
            return;
        }
        self.has_group = true;
        let request = Request::Put {
            id: format!(
                "/subscriptions/{}/resourceGroups/{}",
                self.site.subscription, self.group
            ),
            version: self.usual_version("microsoft.resources"),
            body: json!({ "location": self.location }),
            if_match: None,
            only_new: false,
        };
        // Should it be refused, the step that needs it is, too, and says so.
        self.driver.request(&request, true);
    }

    fn usual_version(&self, namespace: &str) -> String {
        let usual = USUAL_VERSIONS
            .iter()
            .find(|(name, _)| *name == namespace)
            .map_or("2016-09-01", |(_, version)| version);
        self.versions
            .get(namespace)
            .cloned()
            .unwrap_or_else(|| usual.to_owned())
    }

    fn version_of(&self, step: &Step) -> Option<String> {
        match &step.action {
            Action::Resource(resource) => {
                let target = Target::parse(&resource.target, resource.verb == Verb::Post).ok()?;
                Some(
                    resource
                        .version
                        .clone()
                        .unwrap_or_else(|| self.usual_version(&target.namespace())),
                )
            }
            Action::List { what, version, .. } => {
                let target = Target::parse_list(what).ok()?;
                Some(
                    version
                        .clone()
                        .unwrap_or_else(|| self.usual_version(&target.namespace())),
                )
            }
            _ => None,
        }
    }

    fn request(&mut self, step: &ResourceStep) -> Result<Request, Bad> {
        let text = self.variables.text(&step.target)?;
        let target = Target::parse(&text, step.verb == Verb::Post)?;
        let id = target.id(&self.site.subscription, &self.group);
        let version = step
            .version
            .clone()
            .unwrap_or_else(|| self.usual_version(&target.namespace()));
        if step.verb == Verb::Put {
            // So that a document can name the very resource that it makes, its children above all.
            self.variables.set(
                target.name(),
                Variable::Resource {
                    id: id.clone(),
                    document: Value::Null,
                },
            );
        }
        let body = match &step.body {
            Body::None => Value::Null,
            Body::Whole(body) => self.variables.resolve(body)?,
            Body::With(with) => {
                let with: Map<String, Value> = self.variables.resolve_map(with)?;
                build_document(
                    target.short.map_or("", |short| short.short),
                    target.name(),
                    &self.location,
                    &with,
                )
            }
        };
        let if_match = step.if_match.as_ref().map(|tag| self.variables.text(tag)).transpose()?;
        Ok(match step.verb {
            Verb::Put => Request::Put {
                id,
                version,
                body,
                if_match,
                only_new: step.only_new,
            },
            Verb::Patch => Request::Patch {
                id,
                version,
                body,
                if_match,
            },
            Verb::Delete => Request::Delete { id, version, if_match },
            Verb::Get => Request::Get {
                id,
                version,
                expand: step.expand.clone(),
            },
            Verb::Post => Request::Post {
                id,
                action: target.action.unwrap_or_default(),
                version,
                body,
            },
        })
    }

    /// Keeps what a step gave for those after it.
    fn keep(&mut self, step: &Step, outcome: &Outcome) {
        let value = match outcome {
            Outcome::Answer(answer) => answer
                .afterwards
                .clone()
                .or_else(|| answer.body.clone())
                .unwrap_or(Value::Null),
            Outcome::Gave(value) => value.clone(),
            Outcome::GaveUp { .. } => {
                if let Some(name) = &step.name {
                    self.variables.set(name, Variable::Nothing);
                }
                return;
            }
            _ => return,
        };
        let mut variable = Variable::Value(value.clone());
        if let Action::Resource(resource) = &step.action
            && matches!(resource.verb, Verb::Put | Verb::Get | Verb::Patch)
            && let Ok(text) = self.variables.text(&resource.target)
            && let Ok(target) = Target::parse(&text, false)
            && matches!(outcome, Outcome::Answer(answer) if answer.refusal.is_none())
        {
            variable = Variable::Resource {
                id: target.id(&self.site.subscription, &self.group),
                document: value,
            };
            self.variables.set(target.name(), variable.clone());
        }
        if let Some(name) = &step.name {
            self.variables.set(name, variable);
        }
    }

    /// What holds between any two steps.
    fn invariants(&mut self) -> Verdict {
        let mut verdict = Verdict::default();
        self.driver.with_cloud(&mut |cloud| {
            verdict.failures = cloud
                .check()
                .into_iter()
                .map(|line| Failure::new("invariant broken", "a consistent world", line))
                .collect();
        });
        verdict
    }

    fn check(&mut self, check: Check) -> Option<Verdict> {
        match check {
            Check::Admitted => {
                let crossings = self.driver.crossings();
                let mut verdict = Verdict::default();
                self.driver
                    .with_cloud(&mut |cloud| verdict = oracle::admitted(cloud, &crossings));
                Some(verdict).filter(|verdict| verdict.n_judged > 0)
            }
            Check::Owned => {
                let owned = self.driver.owned();
                let mut verdict = Verdict::default();
                self.driver
                    .with_cloud(&mut |cloud| verdict = oracle::owned(cloud, &owned));
                Some(verdict).filter(|verdict| verdict.n_judged > 0)
            }
            Check::Converged => {
                let goals = self.driver.goals();
                if goals.is_empty() {
                    return None;
                }
                let mut verdict = Verdict::default();
                self.driver
                    .with_cloud(&mut |cloud| verdict = oracle::converged(cloud, &goals));
                Some(verdict)
            }
            Check::Empty => {
                let mut verdict = Verdict {
                    n_judged: 1,
                    ..Verdict::default()
                };
                self.driver.with_cloud(&mut |cloud| verdict.failures = leaks(cloud));
                Some(verdict)
            }
            Check::Reported => {
                let mut verdict = Verdict::default();
                for environment in self.environments.clone() {
                    let call = CallStep {
                        call: "all_instances".to_owned(),
                        environment: environment.clone(),
                        arguments: Map::new(),
                    };
                    let outcome = self.driver.provider(&[call]).ok()?.pop()?;
                    let mut there = BTreeSet::new();
                    self.driver
                        .with_cloud(&mut |cloud| there = oracle::of_environment(cloud, &environment));
                    verdict.n_judged += 1;
                    match outcome {
                        Outcome::Gave(reported) => {
                            let missing = oracle::unreported(&there, &reported);
                            if !missing.is_empty() {
                                let expected = format!("{} of environment {environment} reported", missing.join(", "));
                                verdict.failures.push(Failure::new(
                                    "instance not reported",
                                    expected,
                                    reported.to_string(),
                                ));
                            }
                        }
                        Outcome::NotPerformed => return None,
                        other => {
                            verdict
                                .failures
                                .push(Failure::new("no list of instances", "one", format!("{other:?}")))
                        }
                    }
                }
                Some(verdict)
            }
        }
    }

    /// Takes every fault away, deletes every group, and looks what is left.
    pub(crate) fn clean_up(&mut self) -> Vec<Failure> {
        if let Some(Err(message)) = self.driver.fault(&json!("clear")) {
            return vec![Failure::new("faults cannot be cleared", "no faults", message)];
        }
        for _ in 0..CLEANUP_ROUNDS {
            let groups = self.groups();
            if groups.is_empty() {
                break;
            }
            let version = self.usual_version("microsoft.resources");
            for id in groups {
                self.driver.request(
                    &Request::Delete {
                        id,
                        version: version.clone(),
                        if_match: None,
                    },
                    true,
                );
            }
        }
        let mut failures = Vec::new();
        self.driver.with_cloud(&mut |cloud| failures = leaks(cloud));
        if self.site.prefix.is_some() {
            let left = self.groups().into_iter();
            failures.extend(left.map(|group| Failure::new("something is left", "no group of this run", group)));
        }
        failures.extend(self.invariants().failures);
        failures
    }

    /// Ids of the groups that have to go: all, or in a subscription that others live in, too, those of this run.
    fn groups(&mut self) -> Vec<String> {
        if self.site.prefix.is_none() {
            let mut groups = Vec::new();
            self.driver.with_cloud(&mut |cloud| {
                let rows = cloud
                    .store()
                    .iter()
                    .filter(|resource| resource.kind == Kind::ResourceGroups);
                groups = rows.map(|group| cloud.id(group.key)).collect();
            });
            return groups;
        }
        let request = Request::List {
            path: format!("/subscriptions/{}/resourcegroups", self.site.subscription),
            version: self.usual_version("microsoft.resources"),
        };
        let Outcome::Answer(answer) = self.driver.request(&request, false) else {
            return Vec::new();
        };
        let rows = answer
            .body
            .as_ref()
            .and_then(|body| body.get("value"))
            .and_then(Value::as_array);
        let text = |row: &Value, name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
        rows.into_iter()
            .flatten()
            .filter(|row| text(row, "name").is_some_and(|name| self.site.owns_group(&name)))
            .filter_map(|row| text(row, "id"))
            .collect()
    }

    /// The journal so far.
    #[must_use]
    pub fn journal(&self) -> Vec<String> {
        self.driver.journal()
    }
}

/// A step that cannot be done: it, or a variable in it, is wrong.
struct Bad(String);

impl From<crate::scenario::Unresolved> for Bad {
    fn from(error: crate::scenario::Unresolved) -> Bad {
        Bad(error.to_string())
    }
}

impl From<crate::scenario::TargetError> for Bad {
    fn from(error: crate::scenario::TargetError) -> Bad {
        Bad(error.to_string())
    }
}

impl From<driver::CallError> for Bad {
    fn from(error: driver::CallError) -> Bad {
        Bad(error.to_string())
    }
}

/// Whether leaving a step out leaves the world as it would be with it.
fn only_looks(action: &Action) -> bool {
    match action {
        Action::Http(http) => matches!(http.method.as_str(), "GET" | "HEAD"),
        Action::List { .. } | Action::World(_) | Action::Check(_) => true,
        Action::Resource(step) => step.verb == Verb::Get,
        _ => false,
    }
}

/// Whether a call is about something that a step was to give which gave up: then there is nothing to call about.
fn names_nobody(call: &CallStep) -> bool {
    fn has_nothing(value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Array(items) => items.iter().any(has_nothing),
            Value::Object(members) => members.values().any(has_nothing),
            _ => false,
        }
    }
    call.arguments.values().any(has_nothing)
}

fn leaks(cloud: &Cloud) -> Vec<Failure> {
    oracle::left_over(cloud)
        .into_iter()
        .map(|line| Failure::new("something is left", "an empty world", line))
        .collect()
}

/// Several calls' outcomes as one: all that they gave, or the first that gave up.
fn together(outcomes: Vec<Outcome>) -> Outcome {
    let mut given = Vec::with_capacity(outcomes.len());
    for outcome in outcomes {
        match outcome {
            Outcome::Gave(value) => given.push(value),
            other => return other,
        }
    }
    Outcome::Gave(Value::Array(given))
}

/// A digest over the lines of a journal.
#[must_use]
pub fn digest(journal: &[String]) -> String {
    let mut sink = Sha256::new();
    for line in journal {
        sink.update(line.as_bytes());
        sink.update(b"\n");
    }
    sink.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A span of the scenario's clock, for people.
#[must_use]
pub fn show_simulated(millis: i64) -> String {
    show_duration(millis / 1000 * 1000)
}
