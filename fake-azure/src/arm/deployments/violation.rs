//! What is wrong with a template, in the words of the deployment engine (ARM 7.9), with its place.

use fake_azure_cloud::CloudError;
use serde_json::{Value, json};

use super::expression::Trouble;
use super::lenient::{Places, path_of};

/// Why a template is refused.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Violation {
    /// `InvalidTemplate`, nearly always.
    pub(crate) code: &'static str,
    /// The message.
    pub(crate) message: String,
    /// Where it stands: line, column and JSON path; zeros and nothing where it is not known.
    pub(crate) place: (u32, u32, String),
    /// A refusal of the world that stands behind it.
    pub(crate) cause: Option<Box<CloudError>>,
}

/// A template as it came: which document it is a part of, for places.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    /// Where things stand in the document.
    pub(crate) places: &'a Places,
    /// Where the template stands in it.
    pub(crate) prefix: &'a str,
}

impl Source<'_> {
    /// Line and column of a part of the template.
    pub(crate) fn place(&self, pointer: &str) -> (u32, u32) {
        let (line, column) = self.places.of(&format!("{}{pointer}", self.prefix));
        if line == 0 { (1, 1) } else { (line, column) }
    }

    /// The same with its path.
    pub(crate) fn full_place(&self, pointer: &str) -> (u32, u32, String) {
        let pointer = format!("{}{pointer}", self.prefix);
        let (line, column) = self.places.of(&pointer);
        (line, column, path_of(&pointer))
    }
}

impl Violation {
    fn new(message: String) -> Violation {
        Violation {
            code: "InvalidTemplate",
            message,
            place: (0, 0, String::new()),
            cause: None,
        }
    }

    /// `Deployment template validation failed: '{inner}'.`
    pub(crate) fn validation(inner: impl AsRef<str>) -> Violation {
        Violation::new(format!("Deployment template validation failed: '{}'.", inner.as_ref()))
    }

    /// `Deployment template parse failed: '{inner}'.`
    pub(crate) fn parse(inner: impl AsRef<str>) -> Violation {
        Violation::new(format!("Deployment template parse failed: '{}'.", inner.as_ref()))
    }

    /// `Unable to process template language expressions for resource '{id}' at line '{l}' and column '{c}'. '{inner}'`
    pub(crate) fn expressions(id: &str, (line, column): (u32, u32), inner: &str) -> Violation {
        Violation::new(format!(
            "Unable to process template language expressions for resource '{id}' at line '{line}' and column '{column}'. '{inner}'"
        ))
    }

    /// The place, where it is known.
    #[must_use]
    pub(crate) fn at(mut self, source: &Source<'_>, pointer: &str) -> Violation {
        self.place = source.full_place(pointer);
        self
    }

    /// The refusal of the world behind it.
    #[must_use]
    pub(crate) fn caused_by(mut self, trouble: &Trouble) -> Violation {
        if let Trouble::Refused(error) = trouble {
            self.cause = Some(error.clone());
        }
        self
    }

    /// What stands in `error`; since 2019 with the place (ARM 7.9).
    pub(crate) fn body(&self, shows_place: bool) -> Value {
        let mut body = json!({ "code": self.code, "message": self.message });
        if shows_place {
            let (line, column, path) = &self.place;
            body["additionalInfo"] = json!([{
                "type": "TemplateViolation",
                "info": { "lineNumber": line, "linePosition": column, "path": path },
            }]);
        }
        body
    }
}

/// The inner words of a trouble.
pub(crate) fn words(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Language(message) => message.clone(),
        Trouble::Refused(error) => error.message.clone(),
        Trouble::Later => "The template function 'reference' is not expected at this location. Please see \
                           https://aka.ms/arm-template-expressions for usage details."
            .to_owned(),
    }
}
