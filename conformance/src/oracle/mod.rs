//! Judging what came of a step, and what holds whatever was done.
//!
//! An oracle refuses to know how a step was performed.

mod baseline;
mod between;
mod converged;
mod counts;
mod expectations;
mod footprint;
mod leaks;
mod matching;
mod reported;

pub use self::baseline::{Baseline, BaselineError};
pub(crate) use self::between::{admitted, owned};
pub(crate) use self::converged::converged;
pub(crate) use self::counts::{OTHERS, count};
pub(crate) use self::expectations::judge;
pub use self::footprint::Footprint;
pub(crate) use self::leaks::left_over;
pub use self::matching::{Mismatch, difference};
pub(crate) use self::reported::{of_environment, of_world, unreported};

/// What the oracles think of a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Expectations that were judged.
    pub n_judged: usize,
    /// Expectations that this driver cannot judge.
    pub n_not_judged: usize,
    /// What was otherwise than expected.
    pub failures: Vec<Failure>,
}

/// One thing that was otherwise than expected.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Failure {
    /// In a few words: `unexpected outcome`, `invariant broken`.
    pub what: String,
    /// What should have been.
    pub expected: String,
    /// What was.
    pub got: String,
}

impl Failure {
    /// A failure.
    pub fn new(what: impl Into<String>, expected: impl Into<String>, got: impl Into<String>) -> Failure {
        Failure {
            what: what.into(),
            expected: expected.into(),
            got: got.into(),
        }
    }
}

impl Verdict {
    /// Adds another verdict on the same step.
    pub fn add(&mut self, other: Verdict) {
        self.n_judged += other.n_judged;
        self.n_not_judged += other.n_not_judged;
        self.failures.extend(other.failures);
    }
}
