//! Exit codes, and how trouble is told to the person at the terminal.

use std::fmt::Write as _;

use crate::cli::output;

/// Flags or arguments that cannot be understood; the command line parser's own.
pub(crate) const USAGE: u8 = 2;
/// A socket cannot be opened.
pub(crate) const CANNOT_LISTEN: u8 = 3;
/// A file cannot be read or written.
pub(crate) const FILE: u8 = 4;
/// A certificate or key cannot be used.
pub(crate) const CERTIFICATE: u8 = 5;
/// What was asked for is not known.
pub(crate) const UNKNOWN: u8 = 6;

/// The end of the help text.
pub(crate) const HELP: &str = "Exit codes: 0 done, 2 flags that cannot be understood, 3 a socket cannot be opened, 4 a file \
cannot be read or written, 5 a certificate cannot be used, 6 what was asked for is not known, 101 a bug of ours";

/// Expected trouble: one line, perhaps with a hint.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    message: String,
    hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(code: u8, message: impl Into<String>) -> Failure {
        Failure {
            code,
            message: message.into(),
            hint: None,
        }
    }

    /// An error with everything below it, in one line.
    pub(crate) fn of(code: u8, error: &dyn std::error::Error) -> Failure {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            write!(message, ": {error}").expect("a text takes any text");
            cause = error.source();
        }
        Failure::new(code, message)
    }

    pub(crate) fn hint(mut self, hint: Option<impl Into<String>>) -> Failure {
        self.hint = hint.map(Into::into);
        self
    }

    pub(crate) fn code(&self) -> u8 {
        self.code
    }

    pub(crate) fn print(&self) {
        output::complain(&format!("error: {}", self.message));
        if let Some(hint) = &self.hint {
            output::complain(&format!("hint: {hint}"));
        }
    }
}
