//! Making calls: send, judge the status, page, wait for the end, make sense of the answer.

use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode, Uri};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::conflict;
use super::scope::Call;
use crate::call::Dialect;
use crate::error::without_bom;
use crate::{AzureError, Component, Error, Failure, Refusal};

/// Beyond every list of one group; a link that leads round in circles ends here.
const PAGES_MAX: usize = 10_000;

/// Whether there was anything to delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deleted {
    Gone,
    /// It did not exist, or what it lived in did not.
    Absent,
}

/// Resource Manager's.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ResourceManager {}

impl Dialect for ResourceManager {
    const COMPONENT: Component = Component::ResourceManager;

    /// A subscription that does not exist says nothing of what is in it, nor does a type of a version that it does not know
    /// (juju-provider L50, L83): then nothing was looked at.
    fn says_absent(refusal: &Refusal) -> bool {
        let unseen = [
            "InvalidResourceType",
            "InvalidSubscriptionId",
            "NoRegisteredProviderFound",
            "SubscriptionNotFound",
        ];
        !unseen.iter().any(|code| refusal.has_code(code))
    }
}

/// Makes calls to Resource Manager.
pub(crate) type Client = crate::call::Client<ResourceManager>;

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    value: Vec<Value>,
    #[serde(rename = "nextLink", default)]
    next_link: Option<String>,
}

impl Client {
    /// One document.
    pub(crate) async fn read<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Error> {
        parse(call, &self.send(call).await?)
    }

    /// One document, or None where there is none.
    pub(crate) async fn find<T: DeserializeOwned>(&self, call: &Call) -> Result<Option<T>, Error> {
        Self::found(self.read(call).await)
    }

    /// Every item of a list, over all its pages.
    pub(crate) async fn list<T: DeserializeOwned>(&self, call: &Call) -> Result<Vec<T>, Error> {
        let mut call = call.clone();
        let mut items = Vec::new();
        for _ in 0..PAGES_MAX {
            let page: Page = self.read(&call).await?;
            for item in page.value {
                items.push(from_value(&call, item)?);
            }
            let Some(link) = page.next_link.filter(|link| !link.is_empty()) else {
                return Ok(items);
            };
            *call.request.uri_mut() = same_authority(&call, &link)?;
        }
        Err(failed(
            &call,
            Failure::Unreadable(format!("the list has more than {PAGES_MAX} pages")),
        ))
    }

    /// Every item of a list, or None where what it would be in does not exist.
    pub(crate) async fn find_list<T: DeserializeOwned>(&self, call: &Call) -> Result<Option<Vec<T>>, Error> {
        Self::found(self.list(call).await)
    }

    /// Writes, waits for the end, and returns the resource as it is then.
    pub(crate) async fn put<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Error> {
        parse(call, &self.write(call).await?)
    }

    /// Deletes, and waits until it is gone.
    pub(crate) async fn delete(&self, call: &Call) -> Result<Deleted, Error> {
        match self.write(call).await {
            Ok(answer) if answer.status() == StatusCode::NO_CONTENT => Ok(Deleted::Absent),
            Ok(_) => Ok(Deleted::Gone),
            Err(error) if is_absent(&error) => Ok(Deleted::Absent),
            Err(error) => Err(error),
        }
    }

    /// Writes and waits for the end; a refusal that ends by itself is waited for, too.
    pub(crate) async fn write(&self, call: &Call) -> Result<Response<Bytes>, Error> {
        let mut waited = Duration::ZERO;
        let mut tries = 0;
        loop {
            tries += 1;
            let error = match self.write_once(call).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let Some(wait) = conflict::wait_before_next(call, &error, tries) else {
                return Err(error);
            };
            waited += wait;
            if waited > conflict::WAIT_MAX || tries == conflict::TRIES_MAX {
                return Err(error);
            }

            tracing::debug!(
                operation = call.operation,
                resource = call.resource,
                ?wait,
                "waits for another operation"
            );
            self.clock.sleep(wait).await;
        }
    }

    /// Sends a write and returns its first answer. What stands in its way and ends by itself is waited for, but for a plain
    /// `Conflict`, which of a deployment says nothing about whether it ends.
    pub(crate) async fn begin(&self, call: &Call) -> Result<Response<Bytes>, Error> {
        let mut waited = Duration::ZERO;
        for tries in 1.. {
            let error = match self.send(call).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let refusal = error.azure().and_then(AzureError::refusal);
            let is_plain = refusal.is_some_and(|refusal| refusal.has_code("Conflict"));
            let wait = conflict::wait_before_next(call, &error, tries).filter(|_| !is_plain);
            waited += wait.unwrap_or_default();
            match wait {
                Some(wait) if waited <= conflict::WAIT_MAX && tries < conflict::TRIES_MAX => {
                    self.clock.sleep(wait).await;
                }
                _ => return Err(error),
            }
        }
        Err(failed(call, Failure::Unreadable("it was never sent".to_owned())))
    }

    async fn write_once(&self, call: &Call) -> Result<Response<Bytes>, Error> {
        let first = self.send(call).await?;
        self.finish(call, first).await
    }
}

pub(super) fn failed(call: &Call, failure: Failure) -> Error {
    call.failed(Component::ResourceManager, failure)
}

/// Whether Azure says that a thing, or what it would be in, does not exist.
pub(crate) fn is_absent(error: &Error) -> bool {
    Client::is_absent(error)
}

pub(super) fn parse<T: DeserializeOwned>(call: &Call, answer: &Response<Bytes>) -> Result<T, Error> {
    let unreadable = |error: serde_json::Error| failed(call, Failure::Unreadable(error.to_string()));
    serde_json::from_slice(without_bom(answer.body())).map_err(unreadable)
}

fn from_value<T: DeserializeOwned>(call: &Call, value: Value) -> Result<T, Error> {
    serde_json::from_value(value).map_err(|error| failed(call, Failure::Unreadable(error.to_string())))
}

/// A link in an answer, if it leads to where the call went: our token goes nowhere else.
pub(super) fn same_authority(call: &Call, link: &str) -> Result<Uri, Error> {
    let own = call.request.uri();
    let unreadable = |reason: String| failed(call, Failure::Unreadable(reason));
    let uri: Uri = link
        .parse()
        .map_err(|_| unreadable("a link in it is no URI".to_owned()))?;
    let same = |a: Option<&str>, b: Option<&str>| match (a, b) {
        (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
        _ => false,
    };
    let authority = |uri: &Uri| uri.authority().map(ToString::to_string);
    if !same(uri.scheme_str(), own.scheme_str()) || !same(authority(&uri).as_deref(), authority(own).as_deref()) {
        let host = uri.host().unwrap_or("nowhere");
        return Err(unreadable(format!("a link in it leads to another place, `{host}`")));
    }

    Ok(uri)
}

#[cfg(test)]
mod tests {
    use super::ResourceManager;
    use crate::Refusal;
    use crate::call::Dialect as _;

    #[test]
    fn what_was_not_looked_at_is_not_absent() {
        let says_absent = |code: &str| {
            ResourceManager::says_absent(&Refusal {
                status: Some(404),
                code: code.to_owned(),
                ..Refusal::default()
            })
        };
        assert!(says_absent("ResourceNotFound") && says_absent("ParentResourceNotFound"));
        assert!(!says_absent("SubscriptionNotFound") && !says_absent("InvalidResourceType"));
    }
}
