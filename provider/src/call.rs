//! Calls, and who makes them: whatever the API, a request with what it is for goes through the policies, its status is judged, and
//! what goes wrong is told with all of that.
//!
//! It refuses to know any API: a [`Dialect`] says what one has of its own, and its folder adds how it pages and how it waits.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};

use crate::policy::{SendError, Step};
use crate::{AzureError, Clock, Component, Error, Failure, Refusal};

/// A request with what it is for, so that an error can tell.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// A verb and a noun: `create network interface`.
    pub(crate) operation: &'static str,
    /// Resource id, path below the subscription, or host and path; never a query.
    pub(crate) resource: String,
    pub(crate) request: Request<Bytes>,
}

impl Call {
    pub(crate) fn method(&self) -> &Method {
        self.request.method()
    }

    /// The error of a call that ended so.
    pub(crate) fn failed(&self, component: Component, failure: Failure) -> Error {
        AzureError::new(component, self.operation, &self.resource, failure).into()
    }

    /// Goes through a chain of policies to a component. Any 2xx is an answer, all else an error.
    pub(crate) async fn send(&self, chain: &dyn Step, component: Component) -> Result<Response<Bytes>, Error> {
        let answer = chain.send(self.request.clone()).await.map_err(|error| match error {
            SendError::Transport(error) => self.failed(component, Failure::NoAnswer(error)),
            SendError::Identity(error) => Error::Azure(error),
        })?;
        match answer.status().is_success() {
            true => Ok(answer),
            false => Err(self.failed(component, Failure::Refused(Refusal::read(&answer)))),
        }
    }
}

/// What one of Azure's APIs has of its own.
pub(crate) trait Dialect {
    /// Who answers.
    const COMPONENT: Component;

    /// Whether a refusal with 404 says that a thing, or what it would be in, does not exist.
    fn says_absent(refusal: &Refusal) -> bool;
}

/// Makes calls in one dialect.
#[derive(Clone)]
pub(crate) struct Client<D> {
    chain: Arc<dyn Step>,
    pub(crate) clock: Arc<dyn Clock>,
    /// The longest that an operation is waited for.
    pub(crate) deadline: Duration,
    dialect: PhantomData<fn() -> D>,
}

impl<D: Dialect> Client<D> {
    pub(crate) fn new(chain: Arc<dyn Step>, clock: Arc<dyn Clock>, deadline: Duration) -> Self {
        Self {
            chain,
            clock,
            deadline,
            dialect: PhantomData,
        }
    }

    /// The same client, with more patience.
    pub(crate) fn with_deadline(&self, deadline: Duration) -> Self {
        Self::new(Arc::clone(&self.chain), Arc::clone(&self.clock), deadline)
    }

    pub(crate) async fn send(&self, call: &Call) -> Result<Response<Bytes>, Error> {
        call.send(&*self.chain, D::COMPONENT).await
    }

    /// Whether Azure says that a thing, or what it would be in, does not exist.
    pub(crate) fn is_absent(error: &Error) -> bool {
        let refusal = match error {
            Error::Azure(error) => error.refusal(),
            _ => None,
        };
        refusal.is_some_and(|refusal| refusal.status == Some(404) && D::says_absent(refusal))
    }

    /// What came, or None where there is nothing of the kind.
    pub(crate) fn found<T>(outcome: Result<T, Error>) -> Result<Option<T>, Error> {
        match outcome {
            Ok(found) => Ok(Some(found)),
            Err(error) if Self::is_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
