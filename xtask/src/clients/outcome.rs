//! What came of one check of a client, and how it is told. Knows no client.

use std::fmt;
use std::time::Duration;

/// How a check ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Passed,
    /// What was expected, and what came.
    Failed(String),
    /// Why it could not be made.
    Skipped(String),
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    /// The command, or the sentence that was checked.
    pub(crate) name: String,
    pub(crate) verdict: Verdict,
    pub(crate) took: Duration,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Check { name, verdict, took } = self;
        let (word, why) = match verdict {
            Verdict::Passed => ("ok", ""),
            Verdict::Failed(why) => ("FAILED", why.as_str()),
            Verdict::Skipped(why) => ("SKIPPED", why.as_str()),
        };
        write!(f, "{word:<7} {:>5.1} s  {name}", took.as_secs_f64())?;
        for line in why.lines() {
            write!(f, "\n             {line}")?;
        }
        Ok(())
    }
}
