//! The baseline: scenarios that are expected to fail, each with a reason. They still run, and fail when they begin to pass.

use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;

use crate::driver::DriverKind;

/// Expected failures.
#[derive(Clone, Debug, Default)]
pub struct Baseline {
    rows: Vec<Row>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    expected: Vec<Row>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    scenario: String,
    #[serde(default)]
    drivers: Vec<String>,
    reason: String,
}

/// The baseline cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaselineError {
    /// The file.
    pub path: Utf8PathBuf,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for BaselineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl std::error::Error for BaselineError {}

impl Baseline {
    /// Reads a baseline; one that is not there is empty.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or says something that it cannot say.
    pub fn load(path: &Utf8Path) -> Result<Baseline, BaselineError> {
        match fs_err::read_to_string(path) {
            Ok(text) => Baseline::parse(path, &text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Baseline::default()),
            Err(error) => Err(BaselineError {
                path: path.to_owned(),
                message: error.to_string(),
            }),
        }
    }

    /// Reads a baseline from its text.
    ///
    /// # Errors
    ///
    /// As [`Baseline::load`].
    pub fn parse(path: &Utf8Path, text: &str) -> Result<Baseline, BaselineError> {
        let bad = |message: String| BaselineError {
            path: path.to_owned(),
            message,
        };
        let file: File = toml::from_str(text).map_err(|error| bad(error.to_string().trim_end().to_owned()))?;
        for row in &file.expected {
            if row.reason.trim().is_empty() {
                return Err(bad(format!("`{}` has no reason, expected one", row.scenario)));
            }
            let unknown = row
                .drivers
                .iter()
                .find(|name| DriverKind::ALL.iter().all(|kind| kind.name() != name.as_str()));
            if let Some(unknown) = unknown {
                return Err(bad(format!("`{unknown}` is no driver, expected model, wire or socket")));
            }
        }
        Ok(Baseline { rows: file.expected })
    }

    /// Why a scenario is expected to fail on a driver, if it is.
    #[must_use]
    pub fn reason(&self, scenario: &str, driver: DriverKind) -> Option<&str> {
        let applies = |row: &&Row| {
            row.scenario == scenario && (row.drivers.is_empty() || row.drivers.iter().any(|name| name == driver.name()))
        };
        self.rows.iter().find(applies).map(|row| row.reason.as_str())
    }

    /// The scenarios that it names.
    pub fn scenarios(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().map(|row| row.scenario.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Baseline, String> {
        Baseline::parse(Utf8Path::new("baseline.toml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn an_expected_failure_names_scenario_drivers_and_reason() {
        let baseline = parse("[[expected]]\nscenario = \"a/b\"\ndrivers = [\"wire\"]\nreason = \"not yet\"\n")
            .expect("well formed");
        assert_eq!(baseline.reason("a/b", DriverKind::Wire), Some("not yet"));
        assert_eq!(baseline.reason("a/b", DriverKind::Model), None);
        assert_eq!(baseline.reason("a/c", DriverKind::Wire), None);
    }

    #[test]
    fn what_it_cannot_say_is_refused() {
        assert!(
            parse("[[expected]]\nscenario = \"a\"\nreason = \" \"\n")
                .is_err_and(|error| error.contains("has no reason"))
        );
        assert!(
            parse("[[expected]]\nscenario = \"a\"\ndrivers = [\"wre\"]\nreason = \"x\"\n")
                .is_err_and(|error| error.contains("`wre` is no driver"))
        );
        assert!(parse("[[expected]]\nscenario = \"a\"\n").is_err_and(|error| error.contains("reason")));
    }
}
