//! Reports: everything that is printed or written comes from one stream of events.
//!
//! A report refuses to know scenarios, drivers and oracles: an event says all there is to say.

mod console;
mod jsonl;
mod junit;

use serde::Serialize;

pub use self::console::Console;
pub use self::jsonl::JsonLines;
pub use self::junit::Junit;
use crate::oracle::Failure;

/// Something that happened.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A run begins.
    Begun {
        /// How many scenarios on drivers are to come.
        n_runs: usize,
        /// How many properties.
        n_properties: usize,
        /// The seed.
        seed: u64,
    },
    /// One scenario is done on one driver.
    Scenario(ScenarioDone),
    /// One property is done.
    Property(PropertyDone),
    /// The run is over.
    Ended {
        /// How long it took, in milliseconds of wall time.
        wall_ms: u64,
    },
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// As expected.
    Passed,
    /// Not as expected.
    Failed,
    /// It failed, and the baseline says so.
    ExpectedFailure,
    /// It passed, and the baseline says that it fails: the baseline is to be mended.
    UnexpectedPass,
    /// The scenario itself is wrong.
    Invalid,
}

impl Standing {
    /// Whether the run is good with it.
    #[must_use]
    pub fn is_good(self) -> bool {
        match self {
            Standing::Passed | Standing::ExpectedFailure => true,
            Standing::Failed | Standing::UnexpectedPass | Standing::Invalid => false,
        }
    }
}

/// One scenario on one driver.
#[derive(Clone, Debug, Serialize)]
pub struct ScenarioDone {
    /// Its id.
    pub id: String,
    /// What it shows.
    pub about: String,
    /// The driver.
    pub driver: &'static str,
    /// The seed.
    pub seed: u64,
    /// What came of it.
    pub standing: Standing,
    /// Why the baseline expects otherwise.
    pub reason: Option<String>,
    /// Where and why it stopped.
    pub trouble: Option<TroubleReport>,
    /// Expectations judged.
    pub n_judged: usize,
    /// Expectations that the driver could not judge.
    pub n_not_judged: usize,
    /// Steps done.
    pub n_steps: usize,
    /// Milliseconds on its own clock.
    pub simulated_ms: i64,
    /// Milliseconds of wall time.
    pub wall_ms: u64,
    /// Digest of the journal; empty without one.
    pub journal_digest: String,
}

impl ScenarioDone {
    /// The part of the id before the last `/`.
    #[must_use]
    pub fn theme(&self) -> &str {
        self.id.rsplit_once('/').map_or("", |(theme, _)| theme)
    }
}

/// Where something stopped, and why.
#[derive(Clone, Debug, Serialize)]
pub struct TroubleReport {
    /// `step 3 (delete nic/n0)`.
    pub place: String,
    /// What was otherwise than expected.
    pub failures: Vec<Failure>,
    /// `wire, seed 24301, api-version 2015-06-15`.
    pub setting: String,
    /// What to type to see it again.
    pub hint: String,
}

/// One property.
#[derive(Clone, Debug, Serialize)]
pub struct PropertyDone {
    /// Its name.
    pub name: String,
    /// What it says.
    pub about: String,
    /// How many histories were tried.
    pub n_cases: u32,
    /// The seed.
    pub seed: u64,
    /// Steps done in all of them.
    pub n_steps: usize,
    /// What was found, if something was.
    pub found: Option<Found>,
    /// Milliseconds of wall time.
    pub wall_ms: u64,
}

/// A history that breaks a property, as small as it could be made.
#[derive(Clone, Debug, Serialize)]
pub struct Found {
    /// The history as a scenario file.
    pub scenario: String,
    /// Where it was written.
    pub path: Option<String>,
    /// How it ends.
    pub trouble: TroubleReport,
}

/// Whoever listens to a run.
pub trait Reporter {
    /// Something happened.
    ///
    /// # Errors
    ///
    /// When it cannot be written down.
    fn event(&mut self, event: &Event) -> anyhow::Result<()>;
}

/// A trouble as the terminal shows it.
#[must_use]
pub fn show_trouble(what: &str, trouble: &TroubleReport) -> String {
    let first = trouble
        .failures
        .first()
        .map_or("failed", |failure| failure.what.as_str());
    let mut text = format!("error: {what} {}: {first}\n", trouble.place);
    for (index, failure) in trouble.failures.iter().enumerate() {
        if index > 0 && failure.what != first {
            text.push_str(&format!("  {}\n", failure.what));
        }
        text.push_str(&format!(
            "  expected  {}\n  got       {}\n",
            failure.expected, failure.got
        ));
    }
    text.push_str(&format!("  driver    {}\nhint: {}\n", trouble.setting, trouble.hint));
    text
}
