//! Requests of the small classic provider, each sent as often as the lessons that it has learnt allow.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use provider::{AzureError, Clock, Component, Error, Failure, Refusal, Transport};

use super::Lesson;
use super::documents::first;

/// Between two tries, and two looks at an operation.
pub(super) const EVERY: Duration = Duration::from_secs(10);
/// Tries after the first one.
pub(super) const AGAIN_MAX: usize = 6;
/// Looks at an operation: twenty minutes.
const LOOKS_MAX: usize = 120;

/// The way to the API.
pub(super) struct Wire {
    /// Where the subscription is, without a slash at the end.
    pub(super) base: String,
    /// Where blobs of the account are, with a slash at the end.
    pub(super) blobs: String,
    pub(super) token: String,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) without: Option<Lesson>,
}

/// What to ask.
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    pub(super) version: &'a str,
    pub(super) body: Option<String>,
    /// Whether 409 is an answer and no reason to ask again.
    pub(super) conflict_is_answer: bool,
}

impl<'a> Ask<'a> {
    pub(super) fn get(path: &'a str) -> Self {
        Self::new(Method::GET, path, None)
    }

    pub(super) fn delete(path: &'a str) -> Self {
        Self::new(Method::DELETE, path, None)
    }

    pub(super) fn new(method: Method, path: &'a str, body: Option<String>) -> Self {
        Self {
            method,
            path,
            version: "2014-10-01",
            body,
            conflict_is_answer: false,
        }
    }

    pub(super) fn or_conflict(self) -> Self {
        Self {
            conflict_is_answer: true,
            ..self
        }
    }
}

pub(super) fn status_of(error: &Error) -> Option<u16> {
    error
        .azure()
        .and_then(AzureError::refusal)
        .and_then(|refusal| refusal.status)
}

/// What came, or None where there is nothing.
pub(super) fn found<T>(outcome: Result<T, Error>) -> Result<Option<T>, Error> {
    match outcome {
        Ok(came) => Ok(Some(came)),
        Err(error) if status_of(&error) == Some(404) => Ok(None),
        Err(error) => Err(error),
    }
}

fn azure(component: Component, path: &str, failure: Failure) -> Error {
    Error::Azure(Box::new(AzureError {
        component,
        operation: "ask for".to_owned(),
        resource: path.split('?').next().unwrap_or(path).to_owned(),
        failure: Box::new(failure),
    }))
}

fn refusal(status: StatusCode, text: &str) -> Refusal {
    Refusal {
        status: Some(status.as_u16()),
        code: first(text, "Code").to_owned(),
        message: first(text, "Message").lines().next().unwrap_or_default().to_owned(),
        ..Refusal::default()
    }
}

impl Wire {
    pub(super) fn knows(&self, lesson: Lesson) -> bool {
        self.without != Some(lesson)
    }

    /// Sends, and waits for the end of what was accepted.
    pub(super) async fn ask(&self, ask: Ask<'_>) -> Result<String, Error> {
        let url = format!("{}/{}", self.base, ask.path);
        let (status, id, text) = self.send(&url, &ask, Component::ServiceManagement).await?;
        if status == StatusCode::ACCEPTED {
            self.finish(ask.path, &id).await?;
        }
        Ok(text)
    }

    /// Asks the blob service.
    pub(super) async fn blob(&self, method: Method, path: &str, body: Option<Bytes>) -> Result<String, Error> {
        let url = format!("{}{path}", self.blobs);
        let body = body.map(|body| String::from_utf8_lossy(&body).into_owned());
        let ask = Ask {
            version: "2015-04-05",
            ..Ask::new(method, path, body)
        };
        Ok(self.send(&url, &ask, Component::Blob).await?.2)
    }

    async fn send(
        &self,
        url: &str,
        ask: &Ask<'_>,
        component: Component,
    ) -> Result<(StatusCode, String, String), Error> {
        let mut again = 0;
        loop {
            let mut request = Request::builder()
                .method(ask.method.clone())
                .uri(url)
                .header("x-ms-version", ask.version);
            if component == Component::Blob {
                request = request.header("authorization", format!("Bearer {}", self.token));
                if ask.body.is_some() {
                    request = request.header("x-ms-blob-type", "BlockBlob");
                }
            } else if ask.body.is_some() {
                request = request.header("content-type", "application/xml");
            }
            let request = request
                .body(Bytes::from(ask.body.clone().unwrap_or_default()))
                .map_err(|error| Error::Machine(error.to_string()))?;
            let answer = self.transport.send(request).await;
            let answer = answer.map_err(|error| azure(component, ask.path, Failure::NoAnswer(error)))?;
            let status = answer.status();
            let text = String::from_utf8_lossy(answer.body())
                .trim_start_matches('\u{feff}')
                .to_owned();
            if status.is_success() {
                let id = answer.headers().get("x-ms-request-id");
                let id = id.and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
                return Ok((status, id, text));
            }
            let lesson = match status.as_u16() {
                409 if !ask.conflict_is_answer => Some(Lesson::WaitsForOthers),
                408 | 500 | 503 => Some(Lesson::TriesAgain),
                _ => None,
            };
            if again == AGAIN_MAX || !lesson.is_some_and(|lesson| self.knows(lesson)) {
                return Err(azure(component, ask.path, Failure::Refused(refusal(status, &text))));
            }
            again += 1;
            self.clock.sleep(EVERY).await;
        }
    }

    async fn finish(&self, path: &str, id: &str) -> Result<(), Error> {
        let url = format!("{}/operations/{id}", self.base);
        for _ in 0..LOOKS_MAX {
            self.clock.sleep(EVERY).await;
            let ask = Ask::get(path);
            let (_, _, text) = self.send(&url, &ask, Component::ServiceManagement).await?;
            match first(&text, "Status") {
                "Succeeded" => return Ok(()),
                "Failed" => {
                    let status = first(&text, "HttpStatusCode").parse().ok();
                    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
                    let refusal = refusal(
                        status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
                        first(&text, "Error"),
                    );
                    return Err(azure(
                        Component::ServiceManagement,
                        path,
                        Failure::OperationFailed(refusal),
                    ));
                }
                _ => {}
            }
        }
        Err(Error::Machine(format!("{path} never ends")))
    }
}
