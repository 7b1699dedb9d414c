//! Making calls of the classic API: a request with the version that its operation has, its answer judged and read, its operation
//! waited for.

use http::header::CONTENT_TYPE;
use http::{Method, Request, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

use super::retry::{ConflictIsAnswer, REPEAT_EVERY, REPEATS_MAX};
use super::xml::Element;
pub(crate) use crate::call::Call;
use crate::call::Dialect;
use crate::error::without_bom;
use crate::{Component, Error, Failure, Kind, Refusal};

/// What needs no escape in a path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Versions of the API, one per operation: mostly the usual one (juju-provider 2.2).
pub(crate) mod version {
    pub(crate) const USUAL: &str = "2013-10-01";
    pub(crate) const DELETE_AFFINITY_GROUP: &str = "2011-02-25";
    pub(crate) const DISKS: &str = "2012-08-01";
    pub(crate) const LIST_IMAGES: &str = "2013-03-01";
    pub(crate) const STORAGE_KEYS: &str = "2009-10-01";
    pub(crate) const OPERATIONS: &str = "2009-10-01";
}

impl Call {
    /// The same, for which 409 is an answer and not a reason to wait.
    pub(crate) fn conflict_is_answer(mut self) -> Self {
        self.request.extensions_mut().insert(ConflictIsAnswer);
        self
    }

    /// The same, its body declared as what the network configuration is.
    pub(crate) fn octet_stream(mut self) -> Self {
        let value = http::HeaderValue::from_static("application/octet-stream");
        self.request.headers_mut().insert(CONTENT_TYPE, value);
        self
    }
}

/// Where the classic API of one subscription is.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    base: String,
}

impl Endpoint {
    pub(crate) fn new(service_management: &str, subscription: Uuid) -> Self {
        Self {
            base: format!("{service_management}/{subscription}/"),
        }
    }

    pub(crate) fn get(&self, operation: &'static str, path: &str, version: &'static str) -> Call {
        self.call(operation, Method::GET, path, version, None)
    }

    pub(crate) fn delete(&self, operation: &'static str, path: &str, version: &'static str) -> Call {
        self.call(operation, Method::DELETE, path, version, None)
    }

    pub(crate) fn post(&self, operation: &'static str, path: &str, body: &Element) -> Call {
        self.call(operation, Method::POST, path, version::USUAL, Some(body))
    }

    pub(crate) fn put(&self, operation: &'static str, path: &str, body: &Element) -> Call {
        self.call(operation, Method::PUT, path, version::USUAL, Some(body))
    }

    fn call(
        &self,
        operation: &'static str,
        method: Method,
        path: &str,
        version: &'static str,
        body: Option<&Element>,
    ) -> Call {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("x-ms-version", version);
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/xml");
        }
        let body = body.map(Element::document).unwrap_or_default();
        let request = request
            .body(body)
            .expect("a checked endpoint and escaped segments make a URI");
        Call {
            operation,
            resource: path.split('?').next().unwrap_or(path).to_owned(),
            request,
        }
    }
}

/// A name as a path segment.
pub(crate) fn segment(name: &str) -> String {
    utf8_percent_encode(name, SEGMENT).to_string()
}

/// The classic API's.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ServiceManagement {}

impl Dialect for ServiceManagement {
    const COMPONENT: Component = Component::ServiceManagement;

    /// It has one code for all that is missing.
    fn says_absent(_refusal: &Refusal) -> bool {
        true
    }
}

/// Makes calls of the classic API.
pub(crate) type Client = crate::call::Client<ServiceManagement>;

impl Client {
    /// One document.
    pub(crate) async fn read(&self, call: &Call) -> Result<Element, Error> {
        let answer = self.send(call).await?;
        Element::parse(without_bom(answer.body())).map_err(|reason| failed(call, Failure::Unreadable(reason)))
    }

    /// One document, or None where there is none.
    pub(crate) async fn find(&self, call: &Call) -> Result<Option<Element>, Error> {
        Self::found(self.read(call).await)
    }

    /// Writes, and waits for the end. What fails late is told at once (juju-provider 2.6).
    pub(crate) async fn write(&self, call: &Call) -> Result<(), Error> {
        let answer = self.send(call).await?;
        match answer.status() {
            StatusCode::ACCEPTED => self.finish(call, &answer).await,
            _ => Ok(()),
        }
    }

    /// Writes and waits for the end; an operation that ended because another one was in the way is begun again (juju-provider L3).
    pub(crate) async fn write_again(&self, call: &Call) -> Result<(), Error> {
        for _ in 0..REPEATS_MAX {
            match self.write(call).await {
                Err(error) if failed_by_another(&error) => self.clock.sleep(REPEAT_EVERY).await,
                outcome => return outcome,
            }
        }
        self.write(call).await
    }

    /// Writes what was made of a read, and waits for the end. False where something else was in the way, as long as it `may_repeat`:
    /// what was read may be old by then, so whoever reads, changes and writes does all of it again (juju-provider L18).
    pub(crate) async fn write_fresh(&self, call: Call, may_repeat: bool) -> Result<bool, Error> {
        match self.write(&call.conflict_is_answer()).await {
            Ok(()) => Ok(true),
            Err(error) if may_repeat && (is_conflict(&error) || failed_by_another(&error)) => {
                self.clock.sleep(REPEAT_EVERY).await;
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Deletes, and waits until it is gone. What is not there is gone (juju-provider L16).
    pub(crate) async fn delete(&self, call: &Call) -> Result<(), Error> {
        match self.write_again(call).await {
            Err(error) if is_absent(&error) => Ok(()),
            outcome => outcome,
        }
    }
}

pub(super) fn failed(call: &Call, failure: Failure) -> Error {
    call.failed(Component::ServiceManagement, failure)
}

fn refusal(error: &Error) -> Option<&Refusal> {
    match error {
        Error::Azure(error) => error.refusal(),
        _ => None,
    }
}

/// Whether Azure says that a thing, or what it would be in, does not exist.
pub(crate) fn is_absent(error: &Error) -> bool {
    Client::is_absent(error)
}

/// Whether Azure refuses because it exists already, or because something holds it. A limit is refused alike, and is no conflict; nor is
/// an operation that failed later.
pub(crate) fn is_conflict(error: &Error) -> bool {
    let refused = match error {
        Error::Azure(error) => matches!(error.failure.as_ref(), Failure::Refused(_)),
        _ => false,
    };
    refused && !error.is_quota_exceeded() && refusal(error).is_some_and(|refusal| refusal.status == Some(409))
}

/// Whether it may have been done although the answer does not say so: there was none, or it was Azure's own trouble.
pub(crate) fn is_unsure(error: &Error) -> bool {
    match error {
        Error::Azure(error) => match error.failure.as_ref() {
            Failure::NoAnswer(_) => true,
            Failure::Refused(refusal) => matches!(refusal.status, Some(408 | 500..)),
            _ => false,
        },
        _ => false,
    }
}

fn failed_by_another(error: &Error) -> bool {
    match error {
        Error::Azure(azure) => {
            matches!(azure.failure.as_ref(), Failure::OperationFailed(_)) && azure.kind() == Kind::Conflict
        }
        _ => false,
    }
}
