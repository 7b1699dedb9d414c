//! The sweep: every request of an operation is struck in turn, by every fault. Afterwards the operation has succeeded, or undoing
//! it by what the provider reports brings the world back to what it was.
//!
//! Each run goes on from a fork of a world that is made once an operation, so what comes before is not played again. Runs go side
//! by side and are told in order: one seed gives one table.

mod fault;
mod operation;
mod strike;
mod table;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

pub use self::fault::Fault;
pub use self::operation::Operation;
use self::strike::{Ready, Strike};
pub use self::table::{last_line, show_trouble, table};
use crate::driver::DriverKind;
use crate::subject::Subject;

/// What is swept.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The providers.
    pub subjects: Vec<Subject>,
    /// The operations.
    pub operations: Vec<Operation>,
    /// The faults.
    pub faults: Vec<Fault>,
    /// The driver.
    pub driver: DriverKind,
    /// Decides every draw.
    pub seed: u64,
    /// Only this request, counted from 1; what deployments make comes after what was sent.
    pub at: Option<u64>,
    /// Only every so manieth run, for a sweep that is to be short.
    pub every: usize,
    /// Runs side by side.
    pub n_threads: usize,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// What was asked for is there, though something went wrong on the way.
    Succeeded,
    /// The provider gave up; then undoing it led back.
    CleanedUp,
    /// Something of this is not so.
    Wrong(String),
    /// There is more in the world than there should be, or less is reported than there is.
    Leaked(Vec<String>),
}

/// One run.
#[derive(Clone, Debug)]
pub struct Run {
    /// The provider.
    pub subject: Subject,
    /// The operation.
    pub operation: Operation,
    /// The fault.
    pub fault: Fault,
    /// The request that was struck, counted from 1.
    pub at: u64,
    /// What it asked for: `PUT {arm}/…`.
    pub request: String,
    /// How it ended.
    pub end: End,
    /// What the provider said, if it gave up.
    pub error: Option<String>,
}

/// What a sweep tells while it goes on.
#[derive(Clone, Copy, Debug)]
pub enum Told<'r> {
    /// An operation of a provider is swept from now on.
    Begun {
        /// The provider.
        subject: Subject,
        /// The operation.
        operation: Operation,
        /// How many runs that will be.
        n_runs: usize,
    },
    /// A run is over.
    Run(&'r Run),
}

/// Whoever is told.
type Tell<'t> = &'t mut dyn FnMut(Told<'_>) -> anyhow::Result<()>;

/// Sweeps; tells of every run in order.
///
/// # Errors
///
/// When a world cannot be made ready: an operation fails though nothing strikes it.
pub fn sweep(plan: &Plan, tell: Tell<'_>) -> anyhow::Result<()> {
    for subject in &plan.subjects {
        for operation in &plan.operations {
            let ready = strike::ready(*subject, *operation, plan.driver, plan.seed)?;
            let Some(ready) = ready else {
                continue;
            };
            let strikes = strikes(plan, &ready);
            tell(Told::Begun {
                subject: *subject,
                operation: *operation,
                n_runs: strikes.len(),
            })?;
            run_all(plan, &ready, &strikes, tell)?;
        }
    }
    Ok(())
}

/// Which requests are struck, and by what.
fn strikes(plan: &Plan, ready: &Ready) -> Vec<Strike> {
    let mut strikes = Vec::new();
    for fault in &plan.faults {
        for (at, request) in (1..).zip(&ready.requests) {
            if request.can_meet(*fault) && plan.at.is_none_or(|only| only == at) {
                strikes.push(Strike { fault: *fault, at });
            }
        }
    }
    strikes.into_iter().step_by(plan.every.max(1)).collect()
}

fn run_all(plan: &Plan, ready: &Ready, strikes: &[Strike], tell: Tell<'_>) -> anyhow::Result<()> {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..plan.n_threads.clamp(1, strikes.len().max(1)) {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::SeqCst);
                    let Some(strike) = strikes.get(index) else {
                        return;
                    };
                    // A receiver that has gone gave up after an error of its own.
                    if sender.send((index, strike::run(ready, *strike))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);

        let mut held: BTreeMap<usize, anyhow::Result<Run>> = BTreeMap::new();
        let mut due = 0;
        for (index, run) in receiver {
            held.insert(index, run);
            while let Some(run) = held.remove(&due) {
                tell(Told::Run(&run?))?;
                due += 1;
            }
        }
        Ok(())
    })
}
