//! Refusals of the classic API: the only place that chooses a status (SM 1.8).

use fake_azure_cloud::classic::forms;
use fake_azure_cloud::{CloudError, ErrorKind, Form, Time};
use http::StatusCode;

use super::xml::Writer;

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    pub(crate) code: String,
    pub(crate) message: String,
    /// When it ends by itself.
    pub(crate) until: Option<Time>,
}

/// Codes whose status is known (SM 1.8).
const STATUSES: &[(&str, u16)] = &[
    // tidy: sorted
    ("AuthenticationFailed", 401),
    ("BadRequest", 400),
    ("ConflictError", 409),
    ("ForbiddenError", 403),
    ("InternalError", 500),
    ("InvalidHttpVerb", 400),
    ("InvalidXmlRequest", 400),
    ("MissingOrIncorrectVersionHeader", 400),
    ("MissingOrInvalidRequiredQueryParameter", 400),
    ("OperationTimedOut", 500),
    ("ResourceNotFound", 404),
    ("ServerBusy", 503),
    ("TooManyRequests", 503),
    // tidy: end
];

/// The status of an error.
pub(crate) fn status(code: &str, kind: ErrorKind) -> StatusCode {
    let known = STATUSES.iter().find(|(own, _)| *own == code).map(|(_, status)| *status);
    let number = known.unwrap_or(match kind {
        ErrorKind::Missing => 404,
        ErrorKind::Conflict | ErrorKind::Busy | ErrorKind::Quota | ErrorKind::Capacity => 409,
        ErrorKind::Forbidden => 403,
        ErrorKind::Internal => 500,
        ErrorKind::Invalid | ErrorKind::InUse | ErrorKind::Precondition => 400,
    });
    StatusCode::from_u16(number).unwrap_or(StatusCode::BAD_REQUEST)
}

impl From<CloudError> for Failure {
    fn from(error: CloudError) -> Failure {
        Failure {
            status: status(&error.code, error.kind),
            code: error.code.into_owned(),
            message: error.message,
            until: error.until,
        }
    }
}

impl Failure {
    fn new(code: &str, message: impl Into<String>) -> Failure {
        Failure {
            status: status(code, ErrorKind::Invalid),
            code: code.to_owned(),
            message: message.into(),
            until: None,
        }
    }

    /// A refusal of a form without arguments.
    pub(crate) fn of(form: &Form) -> Failure {
        CloudError::of(form).into()
    }

    /// The body is no XML, or not the type's (SM 1.8).
    pub(crate) fn invalid_xml() -> Failure {
        Failure::new(
            "InvalidXmlRequest",
            "The request body's XML was invalid or not correctly specified.",
        )
    }

    /// A type lacks an element (SM 1.4).
    pub(crate) fn missing_element(name: &str) -> Failure {
        Failure::new(
            "BadRequest",
            format!("{name} has a missing, misspelled or out of order element."),
        )
    }

    /// The version header is absent or makes no sense (SM 1.3).
    pub(crate) fn version() -> Failure {
        Failure::new(
            "MissingOrIncorrectVersionHeader",
            "The versioning header is not specified or was specified incorrectly.",
        )
    }

    /// A query parameter is absent or makes no sense (SM 1.8).
    pub(crate) fn query() -> Failure {
        Failure::new(
            "MissingOrInvalidRequiredQueryParameter",
            "A required query parameter was not specified for this request or was specified incorrectly.",
        )
    }

    /// The resource has no such verb (SM 1.8).
    pub(crate) fn verb() -> Failure {
        Failure::new(
            "InvalidHttpVerb",
            "The HTTP verb specified was not recognized by the server or isn't valid for this resource.",
        )
    }

    /// Nothing is known at the path (SM 3).
    pub(crate) fn unknown() -> Failure {
        Failure::of(&forms::RESOURCE_NOT_FOUND)
    }

    /// A token is not accepted (SM 1.2; texts unsure).
    pub(crate) fn token(message: &str) -> Failure {
        Failure::new("AuthenticationFailed", message)
    }

    /// Neither certificate nor token is one of the subscription's (SM 1.2).
    pub(crate) fn forbidden() -> Failure {
        Failure::of(&forms::FORBIDDEN)
    }

    /// The document.
    pub(crate) fn document(&self) -> String {
        Writer::root("Error", |writer| write(writer, &self.code, &self.message))
    }
}

/// Code and message, alone or inside an operation.
pub(crate) fn write(writer: &mut Writer, code: &str, message: &str) {
    writer.text("Code", code);
    writer.text("Message", message);
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// The lines that tests of the classic API expect, and the answers in its transcripts: `BadRequest: The deployment name is invalid.`
    fn expectations() -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut all = String::new();
        for folder in [root.join("tests/it"), root.join("../snapshots/fake-azure")] {
            for entry in fs::read_dir(folder).expect("a folder of tests") {
                let path = entry.expect("a file").path();
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                if name.starts_with("asm") {
                    all.push_str(&fs::read_to_string(&path).expect("text"));
                }
            }
        }
        // A text that goes on in the next line, and what is escaped.
        let mut lines = String::with_capacity(all.len());
        let mut rest = all.as_str();
        while let Some((head, tail)) = rest.split_once("\\\n") {
            lines.push_str(head);
            rest = tail.trim_start_matches(' ');
        }
        lines.push_str(rest);
        let marks = [
            ("</Code><Message>", ": "),
            ("&amp;", "&"),
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("\\n", "\n"),
            ("\\\"", "\""),
            ("\\\\", "\\"),
        ];
        marks.iter().fold(lines, |text, (from, to)| text.replace(from, to))
    }

    /// Whether a text has the parts of a form in their order, close together.
    fn has(text: &str, form: &Form) -> bool {
        let parts: Vec<&str> = form
            .text
            .split('{')
            .map(|part| part.split_once('}').map_or(part, |own| own.1))
            .collect();
        let head = format!("{}: {}", form.code, parts[0]);
        text.match_indices(&head).any(|(at, _)| {
            let mut rest = &text[at + head.len()..];
            parts[1..]
                .iter()
                .all(|part| match rest.find(part).filter(|at| *at < 300) {
                    Some(at) => {
                        rest = &rest[at + part.len()..];
                        true
                    }
                    None => false,
                })
        })
    }

    /// No refusal is only written down: each is what some request of the tests is answered.
    #[test]
    fn every_refusal_of_the_catalogue_is_some_tests_answer() {
        let text = expectations();
        let silent: Vec<String> = forms::ALL
            .iter()
            .filter(|form| !has(&text, form))
            .map(|form| format!("{}: {}", form.code, form.text))
            .collect();
        assert!(silent.is_empty(), "{}", silent.join("\n"));
    }

    #[test]
    fn every_code_with_a_status_of_its_own_is_some_tests_answer() {
        let text = expectations();
        let silent: Vec<&str> = STATUSES
            .iter()
            .filter(|(code, status)| !text.contains(&format!("{status} {code}")))
            .map(|(code, _)| *code)
            .collect();
        assert_eq!(silent, Vec::<&str>::new());
    }
}
