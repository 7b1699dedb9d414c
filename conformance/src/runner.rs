//! Running many: which scenario on which driver, side by side, told in order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Instant;

use crate::driver::{DriverKind, LiveSetup};
use crate::oracle::Baseline;
use crate::report::{Event, Reporter, ScenarioDone, Standing, TroubleReport};
use crate::scenario::{Action, Scenario, StepNumber};
use crate::session::{self, End, Plan, Trouble};
use crate::subject::Subject;

/// What to run.
#[derive(Clone)]
pub struct Selection {
    /// Drivers; empty: every one that can judge the scenario.
    pub drivers: Vec<DriverKind>,
    /// The seed.
    pub seed: u64,
    /// The last own step that is done.
    pub until: Option<usize>,
    /// Another limit profile than the scenarios'.
    pub profile: Option<String>,
    /// Another provider than the scenarios'.
    pub subject: Option<Subject>,
    /// The live subscription, for a run against one.
    pub live: Option<LiveSetup>,
}

/// One scenario on one driver.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// The driver.
    pub driver: DriverKind,
}

/// Which scenario runs on which driver: of those named, or of all, each that can judge something of it. `forced`: on those
/// named, whether they can or not.
#[must_use]
pub fn runs<'a>(scenarios: &'a [Scenario], drivers: &[DriverKind], forced: bool) -> Vec<Run<'a>> {
    let mut runs = Vec::new();
    for scenario in scenarios {
        for driver in DriverKind::ALL {
            let named = drivers.is_empty() || drivers.contains(&driver);
            if named && (judges(driver, scenario) || forced && !drivers.is_empty()) {
                runs.push(Run { scenario, driver });
            }
        }
    }
    runs
}

/// Whether a driver can judge something of a scenario: without a protocol there is no provider, no fault and no raw message.
#[must_use]
pub fn judges(driver: DriverKind, scenario: &Scenario) -> bool {
    if driver != DriverKind::Model {
        return true;
    }
    let mut some = false;
    for (_, step) in scenario.numbered() {
        match &step.action {
            Action::Resource(_) | Action::List { .. } | Action::World(_) => some = true,
            Action::Advance(_) | Action::Limits { .. } => {}
            Action::Http(http) if matches!(http.method.as_str(), "GET" | "HEAD") => {}
            // What comes after a message that may have written something is not judged.
            Action::Http(_) => return some,
            Action::Provider(_) | Action::Juju(_) | Action::Together(_) | Action::Fault(_) | Action::Check(_) => {
                return false;
            }
        }
    }
    some
}

/// Runs all, `n_threads` at a time, and tells the reporters in the order of `runs`.
///
/// # Errors
///
/// When a driver cannot be started, or a report cannot be written.
pub fn run_all(
    runs: &[Run<'_>],
    selection: &Selection,
    baseline: &Baseline,
    n_threads: usize,
    tell: &mut dyn FnMut(&Event) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..n_threads.clamp(1, runs.len().max(1)) {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                while let Some((index, run)) = take(runs, next) {
                    // A receiver that has gone gave up after an error of its own.
                    if sender.send((index, run_one(run, selection, baseline))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);

        let mut held: BTreeMap<usize, anyhow::Result<ScenarioDone>> = BTreeMap::new();
        let mut due = 0;
        for (index, done) in receiver {
            held.insert(index, done);
            while let Some(done) = held.remove(&due) {
                tell(&Event::Scenario(done?))?;
                due += 1;
            }
        }
        Ok(())
    })
}

fn take<'r, 'a>(runs: &'r [Run<'a>], next: &AtomicUsize) -> Option<(usize, &'r Run<'a>)> {
    let index = next.fetch_add(1, Ordering::SeqCst);
    runs.get(index).map(|run| (index, run))
}

/// Runs one and judges it by the baseline.
///
/// # Errors
///
/// When the driver cannot be started.
pub fn run_one(run: &Run<'_>, selection: &Selection, baseline: &Baseline) -> anyhow::Result<ScenarioDone> {
    let Run { scenario, driver } = *run;
    let started = Instant::now();
    let plan = Plan {
        scenario,
        driver,
        seed: selection.seed,
        until: selection.until,
        profile: selection.profile.as_deref(),
        subject: selection.subject,
        live: selection.live.as_ref(),
    };
    let ran = session::run(&plan)?;
    let reason = baseline.reason(&scenario.id, driver).map(str::to_owned);
    let (standing, trouble) = match (ran.end, &reason) {
        (End::Passed, None) => (Standing::Passed, None),
        (End::Passed, Some(_)) => (Standing::UnexpectedPass, None),
        (End::Failed(trouble), None) => (Standing::Failed, Some(trouble)),
        (End::Failed(trouble), Some(_)) => (Standing::ExpectedFailure, Some(trouble)),
        (End::Invalid(trouble), _) => (Standing::Invalid, Some(trouble)),
    };
    Ok(ScenarioDone {
        id: scenario.id.clone(),
        about: scenario.about.clone(),
        driver: driver.name(),
        seed: selection.seed,
        standing,
        reason,
        trouble: trouble.map(|trouble| trouble_report(&trouble, &scenario.id, driver, selection.seed)),
        n_judged: ran.n_judged,
        n_not_judged: ran.n_not_judged,
        n_steps: ran.n_steps,
        simulated_ms: ran.simulated_ms,
        wall_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        journal_digest: ran.journal_digest,
    })
}

/// A trouble in the words of a report. `id` is what to type to run it again.
#[must_use]
pub fn trouble_report(trouble: &Trouble, id: &str, driver: DriverKind, seed: u64) -> TroubleReport {
    let place = match trouble.step {
        Some(step) => format!("{step} ({})", trouble.label),
        None => trouble.label.clone(),
    };
    let version = trouble
        .version
        .as_ref()
        .map_or_else(String::new, |version| format!(", api-version {version}"));
    let until = match trouble.step {
        Some(StepNumber::Own(number)) => format!(" --until {number}"),
        _ => String::new(),
    };
    TroubleReport {
        place,
        failures: trouble.failures.clone(),
        setting: format!("{driver}, seed {seed}{version}"),
        hint: format!("conformance run {id} --driver {driver} --seed {seed}{until}"),
    }
}

/// Passes an event on to every reporter.
///
/// # Errors
///
/// When one of them cannot write it down.
pub fn tell(reporters: &mut [&mut dyn Reporter], event: &Event) -> anyhow::Result<()> {
    reporters.iter_mut().try_for_each(|reporter| reporter.event(event))
}
