//! Waiting for a long-running operation (ARM 2).
//!
//! `Azure-AsyncOperation` is asked first, then `Location`, then the resource itself, which also serves when an operation's own
//! address stops answering. A write ends with a look at the resource, an operation that never ends with an error.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode, Uri};
use serde_json::Value;

use super::client::{Client, failed, is_absent, same_authority};
use super::scope::Call;
use crate::error::{header, retry_after_secs, without_bom};
use crate::{Error, Failure, Kind, Refusal};

/// Where an answer names no delay.
const DELAY: Duration = Duration::from_secs(10);
/// Between looks at a resource that should be there by now.
const LAG_DELAY: Duration = Duration::from_secs(2);
/// How long a resource may stay unseen, or in its old state, after its write ended (field bug `read-after-create`).
const LAG_MAX: Duration = Duration::from_secs(120);
/// How long a resource may look untouched after its deletion began, before that deletion is taken for lost.
const UNTOUCHED_MAX: Duration = Duration::from_secs(300);

/// Where to ask how an operation is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    /// The operation's document.
    Operation(Uri),
    /// What answers 202 until it answers as the call would have.
    Location(Uri),
    /// The resource itself. `ended`: its operation has ended well, so it only has to become visible.
    Resource { ended: bool },
}

/// What one look has shown.
enum Look {
    Running { after: Duration, state: String },
    Turn(Target, Duration),
    Done(Response<Bytes>),
}

impl Client {
    /// Waits until the operation that `call` began, with `first` as its answer, has ended. Returns the last answer: of a PUT or
    /// PATCH the resource, of a DELETE whatever came.
    pub(super) async fn finish(&self, call: &Call, first: Response<Bytes>) -> Result<Response<Bytes>, Error> {
        let Some(mut target) = target_of(call, &first)? else {
            return Ok(first);
        };
        let started_ms = self.clock.now_ms();
        let mut turned_ms = started_ms;
        // A body that is final already is asked about at once: Azure makes interfaces so (ARM 2.2).
        let mut after = match retry_after_secs(first.headers()) {
            Some(secs) => Duration::from_secs(secs),
            None if state_of(&first).is_some_and(|state| is_final(&state)) => Duration::ZERO,
            None => DELAY,
        };
        let mut state = "Accepted".to_owned();
        loop {
            let waited = self.since(started_ms);
            if waited >= self.deadline {
                return Err(failed(
                    call,
                    Failure::Overdue {
                        waited_secs: waited.as_secs(),
                        state,
                    },
                ));
            }

            if after > Duration::ZERO {
                self.clock.sleep(after.min(self.deadline.saturating_sub(waited))).await;
            }
            let look = match &target {
                Target::Operation(uri) => self.look_at_operation(call, uri).await?,
                Target::Location(uri) => self.look_at_location(call, uri).await?,
                Target::Resource { ended } => self.look_at_resource(call, *ended, self.since(turned_ms)).await?,
            };
            match look {
                Look::Done(answer) => return Ok(answer),
                Look::Running {
                    after: next,
                    state: seen,
                } => (after, state) = (next, seen),
                Look::Turn(next, next_after) => {
                    turned_ms = self.clock.now_ms();
                    (target, after) = (next, next_after);
                }
            }
        }
    }

    fn since(&self, started_ms: u64) -> Duration {
        Duration::from_millis(self.clock.now_ms().saturating_sub(started_ms))
    }

    async fn ask(&self, call: &Call, uri: &Uri) -> Result<Response<Bytes>, Error> {
        let mut ask = call.clone();
        *ask.request.method_mut() = Method::GET;
        *ask.request.uri_mut() = uri.clone();
        *ask.request.body_mut() = Bytes::new();
        ask.request.headers_mut().remove(http::header::CONTENT_TYPE);
        self.send(&ask).await
    }

    async fn look_at_operation(&self, call: &Call, uri: &Uri) -> Result<Look, Error> {
        let answer = match self.ask(call, uri).await {
            Ok(answer) => answer,
            // Not being able to read an operation says nothing about it (ARM 2.1, field bug `poll-410-404`).
            Err(error) if is_lost(&error) => return Ok(Look::Turn(Target::Resource { ended: false }, Duration::ZERO)),
            Err(error) => return Err(error),
        };
        let document: Value = serde_json::from_slice(without_bom(answer.body())).unwrap_or_default();
        let Some(status) = document.get("status").and_then(Value::as_str) else {
            return Ok(match answer.status() {
                StatusCode::ACCEPTED => running(answer.headers(), "Accepted"),
                _ => Look::Turn(Target::Resource { ended: false }, Duration::ZERO),
            });
        };
        if !is_final(status) {
            return Ok(running(answer.headers(), status));
        }
        if !status.eq_ignore_ascii_case("succeeded") {
            let refusal = Refusal::of_operation(&answer, status);
            // A later write of the same resource took over; the resource will tell how that went (ARM 2.6).
            let superseded = refusal
                .details
                .iter()
                .any(|(code, _)| code.to_lowercase().contains("superseded"));
            return match superseded && *call.method() != Method::DELETE {
                true => Ok(Look::Turn(Target::Resource { ended: false }, Duration::ZERO)),
                false => Err(failed(call, Failure::OperationFailed(refusal))),
            };
        }

        Ok(match is_write(call) {
            true => Look::Turn(Target::Resource { ended: true }, Duration::ZERO),
            false => Look::Done(answer),
        })
    }

    async fn look_at_location(&self, call: &Call, uri: &Uri) -> Result<Look, Error> {
        let answer = match self.ask(call, uri).await {
            Ok(answer) => answer,
            Err(error) if is_lost(&error) => return Ok(Look::Turn(Target::Resource { ended: false }, Duration::ZERO)),
            // Here the status is the operation's own.
            Err(Error::Azure(mut error)) => {
                if let Failure::Refused(refusal) = error.failure.as_ref()
                    && !matches!(
                        error.kind(),
                        Kind::Throttled { .. } | Kind::Unauthorised | Kind::Forbidden
                    )
                {
                    *error.failure = Failure::OperationFailed(refusal.clone());
                }
                return Err(Error::Azure(error));
            }
            Err(error) => return Err(error),
        };
        if answer.status() == StatusCode::ACCEPTED {
            return Ok(match header(answer.headers(), "location") {
                Some(link) => Look::Turn(Target::Location(same_authority(call, &link)?), delay(answer.headers())),
                None => running(answer.headers(), "Accepted"),
            });
        }

        Ok(
            match is_write(call) && state_of(&answer).is_none_or(|state| !state.eq_ignore_ascii_case("succeeded")) {
                true => Look::Turn(Target::Resource { ended: true }, Duration::ZERO),
                false => Look::Done(answer),
            },
        )
    }

    /// `since` is how long the resource has been looked at.
    async fn look_at_resource(&self, call: &Call, ended: bool, since: Duration) -> Result<Look, Error> {
        let answer = match self.ask(call, call.request.uri()).await {
            Ok(answer) => answer,
            Err(error) if is_absent(&error) => {
                if !is_write(call) {
                    return Ok(Look::Done(Response::new(Bytes::new())));
                }
                return match since >= LAG_MAX {
                    true => Err(failed(
                        call,
                        Failure::Unseen {
                            waited_secs: since.as_secs(),
                        },
                    )),
                    false => Ok(Look::Running {
                        after: LAG_DELAY,
                        state: "NotFound".to_owned(),
                    }),
                };
            }
            Err(error) => return Err(error),
        };
        let state = state_of(&answer).unwrap_or_else(|| "Succeeded".to_owned());
        if !is_write(call) {
            let going = state.eq_ignore_ascii_case("deleting") || !is_final(&state);
            if !going && since >= UNTOUCHED_MAX {
                let message =
                    format!("the deletion is not under way any more, and the resource is still there as `{state}`");
                let refusal = Refusal {
                    code: "DeletionLost".to_owned(),
                    message,
                    ..Refusal::default()
                };
                return Err(failed(call, Failure::OperationFailed(refusal)));
            }
            return Ok(running(answer.headers(), &state));
        }

        if state.eq_ignore_ascii_case("succeeded") {
            return Ok(Look::Done(answer));
        }
        if ended {
            // Its operation said success, so another state is an old one, for a while.
            return Ok(match since >= LAG_MAX && !is_final(&state) {
                true => Look::Done(answer),
                false if since >= LAG_MAX => return Err(failed(call, ended_as(&answer, &state))),
                false => Look::Running {
                    after: LAG_DELAY,
                    state,
                },
            });
        }
        if is_final(&state) {
            return Err(failed(call, ended_as(&answer, &state)));
        }

        Ok(running(answer.headers(), &state))
    }
}

/// Where to ask after the first answer; None when all is done already.
fn target_of(call: &Call, first: &Response<Bytes>) -> Result<Option<Target>, Error> {
    if first.status() == StatusCode::NO_CONTENT {
        return Ok(None);
    }
    if let Some(link) = header(first.headers(), "azure-asyncoperation") {
        return Ok(Some(Target::Operation(same_authority(call, &link)?)));
    }

    let accepted = first.status() == StatusCode::ACCEPTED;
    if let Some(link) = header(first.headers(), "location")
        && accepted
    {
        return Ok(Some(Target::Location(same_authority(call, &link)?)));
    }
    if *call.method() == Method::POST {
        return Ok(None);
    }

    let unfinished = is_write(call) && state_of(first).is_some_and(|state| !state.eq_ignore_ascii_case("succeeded"));
    Ok((accepted || unfinished).then_some(Target::Resource { ended: false }))
}

fn is_write(call: &Call) -> bool {
    matches!(*call.method(), Method::PUT | Method::PATCH)
}

fn running(headers: &HeaderMap, state: &str) -> Look {
    Look::Running {
        after: delay(headers),
        state: state.to_owned(),
    }
}

fn delay(headers: &HeaderMap) -> Duration {
    retry_after_secs(headers).map_or(DELAY, Duration::from_secs)
}

/// ARM 2.1: three states end an operation, all others do not.
fn is_final(state: &str) -> bool {
    ["succeeded", "failed", "canceled"]
        .into_iter()
        .any(|own| own.eq_ignore_ascii_case(state))
}

fn state_of(answer: &Response<Bytes>) -> Option<String> {
    let document: Value = serde_json::from_slice(without_bom(answer.body())).ok()?;
    document
        .pointer("/properties/provisioningState")?
        .as_str()
        .map(str::to_owned)
}

fn ended_as(answer: &Response<Bytes>, state: &str) -> Failure {
    let mut refusal = Refusal::of_operation(answer, state);
    if refusal.message.is_empty() {
        refusal.code = state.to_owned();
        refusal.message = format!("the resource ended in state `{state}`");
    }
    Failure::OperationFailed(refusal)
}

/// Whether an operation's own address has stopped to answer, as opposed to answering badly.
fn is_lost(error: &Error) -> bool {
    match error {
        Error::Azure(error) => {
            let gone = matches!(
                error.refusal().and_then(|refusal| refusal.status),
                Some(404 | 410 | 500..)
            );
            gone || matches!(error.failure.as_ref(), Failure::NoAnswer(_))
        }
        _ => false,
    }
}
