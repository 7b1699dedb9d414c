//! What is wrong with a scenario file, and where.

use std::fmt;

use camino::Utf8PathBuf;

use super::Place;

/// A file that is no scenario: prints as `file:line:column: what was expected`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioError {
    /// The file.
    pub path: Utf8PathBuf,
    /// Where in it; zeros when it is about the whole file.
    pub at: Place,
    /// What is wrong and what was expected.
    pub message: String,
}

impl ScenarioError {
    /// An error at a place in a file.
    pub fn new(path: impl Into<Utf8PathBuf>, at: Place, message: impl Into<String>) -> ScenarioError {
        ScenarioError {
            path: path.into(),
            at,
            message: message.into(),
        }
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.at == Place::default() {
            return write!(f, "{}: {}", self.path, self.message);
        }
        write!(f, "{}:{}:{}: {}", self.path, self.at.line, self.at.column, self.message)
    }
}

impl std::error::Error for ScenarioError {}
