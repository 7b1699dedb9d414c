//! Refusals: what the cloud answers when it will not do as asked.
//!
//! An error is data: a kind for programs, a code and a message in Azure's words for people. It knows no HTTP status;
//! the front ends choose one. Message texts are kept as [`Form`]s with named arguments, never formatted in a rule.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::descriptor::Dialect;
use crate::time::Time;

/// What the caller should do about an error. Few, where codes are many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ErrorKind {
    /// The request is wrong in itself: mend it.
    Invalid,
    /// Something it refers to does not exist.
    Missing,
    /// Something else uses the thing: release it first.
    InUse,
    /// It contradicts the state that things are in.
    Conflict,
    /// Another operation holds the thing: try again later.
    Busy,
    /// A limit is reached: release something, or have it raised.
    Quota,
    /// The place has no room now: try elsewhere or later.
    Capacity,
    /// A condition of the request did not hold.
    Precondition,
    /// The caller may not do this.
    Forbidden,
    /// The service itself went wrong.
    Internal,
}

impl ErrorKind {
    /// Whether the same request may succeed later without anybody changing anything.
    pub fn retryable(self) -> bool {
        match self {
            ErrorKind::Busy | ErrorKind::Capacity | ErrorKind::Internal => true,
            ErrorKind::Invalid
            | ErrorKind::Missing
            | ErrorKind::InUse
            | ErrorKind::Conflict
            | ErrorKind::Quota
            | ErrorKind::Precondition
            | ErrorKind::Forbidden => false,
        }
    }
}

/// The form of a refusal: Azure's code and message, with the arguments in braces.
#[derive(Debug)]
pub struct Form {
    /// Azure's code, e.g. `NicInUse`.
    pub code: &'static str,
    /// What the caller should do about it.
    pub kind: ErrorKind,
    /// Who raises it: decides the envelope and the headers.
    pub by: Dialect,
    /// Azure's message, arguments as `{name}`.
    pub text: &'static str,
    /// What the form and its rule rest on: a section of a reference document, a recording, or `assumed`.
    pub evidence: &'static str,
    /// What a person can do to get past it.
    pub way_out: &'static str,
}

/// A refusal, in Azure's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloudError {
    /// What the caller should do about it.
    pub kind: ErrorKind,
    /// Who raised it.
    pub by: Dialect,
    /// Azure's code.
    pub code: Cow<'static, str>,
    /// Azure's message, arguments filled in.
    pub message: String,
    /// The property or resource that the error is about, where the service names it.
    pub target: Option<String>,
    /// Errors below this one.
    pub details: Vec<CloudError>,
    /// When the refusal ends by itself, if it does.
    pub until: Option<Time>,
}

impl CloudError {
    /// An error of a form; its arguments follow with [`CloudError::with`].
    pub fn of(form: &Form) -> CloudError {
        CloudError {
            kind: form.kind,
            by: form.by,
            code: Cow::Borrowed(form.code),
            message: form.text.to_owned(),
            target: None,
            details: Vec::new(),
            until: None,
        }
    }

    /// Fills in the argument `name`.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> CloudError {
        let slot = format!("{{{name}}}");
        debug_assert!(self.message.contains(&slot), "`{}` has no argument {slot}", self.code);
        self.message = self.message.replace(&slot, &value.to_string());
        self
    }

    /// Names the property or resource that the error is about.
    #[must_use]
    pub fn about(mut self, target: impl Into<String>) -> CloudError {
        self.target = Some(target.into());
        self
    }

    /// Adds an error below this one.
    #[must_use]
    pub fn because(mut self, detail: CloudError) -> CloudError {
        self.details.push(detail);
        self
    }

    /// Says when the refusal ends by itself.
    #[must_use]
    pub fn until(mut self, end: Time) -> CloudError {
        self.until = Some(end);
        self
    }

    /// The same error as raised by another service: some forms are shared.
    #[must_use]
    pub fn raised_by(mut self, dialect: Dialect) -> CloudError {
        self.by = dialect;
        self
    }
}

impl fmt::Display for CloudError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for CloudError {}
