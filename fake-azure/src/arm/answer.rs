//! An answer before it is dressed: status, body, who speaks, and the headers that this answer alone has.

use fake_azure_cloud::Guid;
use fake_azure_cloud::descriptor::Dialect;
use serde_json::Value;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// The body.
    pub(crate) body: Body,
    /// Who speaks: decides the standard headers.
    pub(crate) by: Dialect,
    /// Whether the gateway refused: `x-ms-failure-cause`.
    pub(crate) gateway_failure: bool,
    /// The id of the operation that the answer began: it is the `x-ms-request-id` then (observed-arm, Identifiers).
    pub(crate) request_id: Option<Guid>,
    /// Headers of this answer alone.
    pub(crate) headers: Vec<(&'static str, String)>,
}

/// A body.
#[derive(Debug, PartialEq)]
pub(crate) enum Body {
    /// None at all.
    Nothing,
    /// None, yet with a content type: how Storage answers (observed-arm, Always there).
    PlainNothing,
    /// A document.
    Json(Value),
}

impl Answer {
    /// 200 with a document.
    pub(crate) fn ok(by: Dialect, document: Value) -> Answer {
        Answer {
            body: Body::Json(document),
            ..Answer::empty(by, 200)
        }
    }

    /// No body.
    pub(crate) fn empty(by: Dialect, status: u16) -> Answer {
        Answer {
            status,
            body: Body::Nothing,
            by,
            gateway_failure: false,
            request_id: None,
            headers: Vec::new(),
        }
    }

    /// Adds a header.
    #[must_use]
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Answer {
        self.headers.push((name, value.into()));
        self
    }
}
