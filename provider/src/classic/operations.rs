//! Waiting for an operation: every ten seconds, for twenty minutes at most (juju-provider 2.1).

use bytes::Bytes;
use http::Response;

use super::client::{Call, Client, failed, is_absent, is_unsure, segment, version};
use super::retry::REPEAT_EVERY;
use super::xml::Element;
use crate::error::{header, without_bom};
use crate::{Error, Failure, Refusal};

/// How long an operation may be unknown to who is asked about it.
const LAG_MAX_MS: u64 = 120_000;

/// What an operation's document says.
#[derive(Debug, PartialEq, Eq)]
enum Look {
    Running,
    Done,
    Failed(Refusal),
}

impl Client {
    /// Waits for the end of what `answer` says was accepted.
    pub(super) async fn finish(&self, call: &Call, answer: &Response<Bytes>) -> Result<(), Error> {
        let Some(id) = header(answer.headers(), "x-ms-request-id") else {
            return Err(failed(
                call,
                Failure::Unreadable("it has no request id to ask for".to_owned()),
            ));
        };
        let ask = operation(call, &id).ok_or_else(|| {
            failed(
                call,
                Failure::Unreadable("its request id makes no address to ask at".to_owned()),
            )
        })?;
        let started_ms = self.clock.now_ms();
        loop {
            self.clock.sleep(REPEAT_EVERY).await;
            let answer = self.send(&ask).await;
            let waited_ms = self.clock.now_ms().saturating_sub(started_ms);
            // Who cannot ask how it goes does not know that it went wrong.
            let state = match answer {
                Ok(answer) => match look(without_bom(answer.body())) {
                    Ok(Look::Done) => return Ok(()),
                    Ok(Look::Failed(mut refusal)) => {
                        refusal.request_id = Some(id);
                        return Err(failed(call, Failure::OperationFailed(refusal)));
                    }
                    Ok(Look::Running) => "InProgress",
                    Err(reason) => return Err(failed(call, Failure::Unreadable(reason))),
                },
                Err(error) if is_unsure(&error) => "unknown",
                // One that has just begun may not be known everywhere (field bug `poll-410-404`).
                Err(error) if is_absent(&error) && waited_ms < LAG_MAX_MS => "unknown",
                // It is the operation that nobody knows: of the thing itself this says nothing.
                Err(error) if is_absent(&error) => {
                    let waited_secs = waited_ms / 1_000;
                    return Err(failed(call, Failure::Unseen { waited_secs }));
                }
                Err(error) => return Err(error),
            };
            if u128::from(waited_ms) >= self.deadline.as_millis() {
                return Err(failed(
                    call,
                    Failure::Overdue {
                        waited_secs: waited_ms / 1_000,
                        state: state.to_owned(),
                    },
                ));
            }
        }
    }
}

/// c-operations: where the operation of a request is asked for.
fn operation(call: &Call, id: &str) -> Option<Call> {
    let uri = call.request.uri();
    let subscription = uri.path().trim_start_matches('/');
    // Below the subscription, whose path is what is left in front of the resource's own.
    let base = subscription.strip_suffix(call.resource.as_str())?;
    let path = format!("/{base}operations/{}", segment(id));
    let request = http::Request::builder()
        .uri(format!("{}://{}{path}", uri.scheme_str()?, uri.authority()?))
        .header("x-ms-version", version::OPERATIONS)
        .body(Bytes::new())
        .ok()?;
    Some(Call {
        operation: call.operation,
        resource: call.resource.clone(),
        request,
    })
}

fn look(body: &[u8]) -> Result<Look, String> {
    let document = Element::parse(body)?;
    match document.text_of("Status") {
        Some("Succeeded") => Ok(Look::Done),
        Some("Failed") => {
            let error = document.find("Error");
            let text = |name| {
                error
                    .and_then(|error| error.text_of(name))
                    .unwrap_or_default()
                    .to_owned()
            };
            let code = text("Code");
            Ok(Look::Failed(Refusal {
                status: document.text_of("HttpStatusCode").and_then(|text| text.parse().ok()),
                code: if code.is_empty() { "Failed".to_owned() } else { code },
                message: text("Message"),
                ..Refusal::default()
            }))
        }
        Some(_) => Ok(Look::Running),
        None => Err("it is the document of no operation".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::client::{Endpoint, version};
    use super::{Look, look, operation};

    #[test]
    fn an_operation_is_asked_for_below_the_subscription_in_its_own_version() {
        let endpoint = Endpoint::new("https://management.core.windows.net", Uuid::from_u128(5));
        let call = endpoint.delete(
            "delete role",
            "services/hostedservices/s/deployments/d/roles/r?comp=media",
            version::USUAL,
        );
        let ask = operation(&call, "3f2c").map(|ask| ask.request);
        let ask = ask.expect("the call has an address");
        assert_eq!(
            ask.uri().to_string(),
            "https://management.core.windows.net/00000000-0000-0000-0000-000000000005/operations/3f2c"
        );
        assert_eq!(ask.headers()["x-ms-version"], "2009-10-01");
    }

    #[test]
    fn three_states_are_told_apart() {
        let state = |inner: &str| look(format!("<Operation xmlns=\"n\"><ID>i</ID>{inner}</Operation>").as_bytes());
        assert_eq!(state("<Status>InProgress</Status>"), Ok(Look::Running));
        assert_eq!(
            state("<Status>Succeeded</Status><HttpStatusCode>200</HttpStatusCode>"),
            Ok(Look::Done)
        );
        let failure = state(
            "<Status>Failed</Status><HttpStatusCode>400</HttpStatusCode><Error><Code>BadRequest</Code><Message>m</Message></Error>",
        );
        match failure {
            Ok(Look::Failed(refusal)) => {
                assert_eq!(
                    (refusal.status, refusal.code.as_str(), refusal.message.as_str()),
                    (Some(400), "BadRequest", "m")
                );
            }
            other => panic!("{other:?}"),
        }
        assert!(state("").is_err() && look(b"<html>").is_err());
    }
}
