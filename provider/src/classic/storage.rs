//! The provider's storage: files of an environment as blobs of one container (juju-provider 2.6).
//!
//! The container is made when the first file is put. That it is there says that the environment was bootstrapped, so it is the last
//! thing that is deleted (juju-provider L5).

use async_trait::async_trait;
use bytes::Bytes;
use http::Response;
use tokio::sync::Mutex;

use super::blobs::{self, Container};
use super::client::{Call, Client, Endpoint, is_absent};
use super::retry::{Patience, REPEAT_EVERY, REPEATS_MAX};
use super::storage_services;
use super::xml::Element;
use crate::error::without_bom;
use crate::policy::{AccountKey, Stack};
use crate::{AzureError, Component, Error, Failure, Kind, ProviderStorage};

/// What is known of the storage.
#[derive(Default)]
struct Known {
    key: Option<AccountKey>,
    /// Whether the container was seen.
    container: bool,
}

/// The storage of one environment.
pub(crate) struct Storage {
    client: Client,
    endpoint: Endpoint,
    stack: Stack,
    account: String,
    container: Container,
    known: Mutex<Known>,
}

impl Storage {
    pub(crate) fn new(client: Client, endpoint: Endpoint, stack: Stack, account: String, container: Container) -> Self {
        Self {
            client,
            endpoint,
            stack,
            account,
            container,
            known: Mutex::new(Known::default()),
        }
    }

    /// The account's key. That it can be had proves credential and account.
    pub(crate) async fn key(&self) -> Result<AccountKey, Error> {
        if let Some(key) = self.known.lock().await.key.clone() {
            return Ok(key);
        }

        let key = self.ask_for_key().await?;
        self.known.lock().await.key = Some(key.clone());
        Ok(key)
    }

    pub(crate) async fn ask_for_key(&self) -> Result<AccountKey, Error> {
        let account = &self.account;
        let call = storage_services::keys(&self.endpoint, account);
        let Some(document) = self.client.find(&call).await? else {
            return Err(Error::config(
                "storage-account-name",
                format!(
                    "the subscription has no storage account `{account}`; it is the one thing that must exist before an \
                     environment is bootstrapped, so make it in the environment's location first"
                ),
            ));
        };
        storage_services::key_in(&document, account).ok_or_else(|| {
            let failure = Failure::Unreadable("it holds no key".to_owned());
            super::client::failed(&call, failure)
        })
    }

    async fn send(&self, call: &Call) -> Result<Response<Bytes>, Error> {
        match self.send_signed(call).await {
            // The key may have been made anew meanwhile.
            Err(error) if error.kind() == Some(Kind::Unauthorised) => {
                self.known.lock().await.key = None;
                self.send_signed(call).await
            }
            outcome => outcome,
        }
    }

    async fn send_signed(&self, call: &Call) -> Result<Response<Bytes>, Error> {
        let key = self.key().await?;
        call.send(&*self.stack.signed(key, Patience), Component::Blob).await
    }

    /// Makes the container, if it is not there.
    async fn ensure_container(&self) -> Result<(), Error> {
        if self.known.lock().await.container {
            return Ok(());
        }

        if !self.exists().await? {
            self.create_container().await?;
        }
        self.known.lock().await.container = true;
        Ok(())
    }

    async fn exists(&self) -> Result<bool, Error> {
        match self.send(&self.container.head()).await {
            Ok(_) => Ok(true),
            Err(error) if is_absent(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A container that was just deleted keeps its name for half a minute (juju-provider 2.6).
    async fn create_container(&self) -> Result<(), Error> {
        for repeats in 0.. {
            let Err(error) = self.send(&self.container.create()).await else {
                break;
            };
            match error.azure().and_then(AzureError::code) {
                Some("ContainerAlreadyExists") => break,
                Some("ContainerBeingDeleted") if repeats < REPEATS_MAX => {
                    self.client.clock.sleep(REPEAT_EVERY).await;
                }
                _ => return Err(error),
            }
        }
        Ok(())
    }
}

/// What is not there is deleted already.
fn gone(outcome: Result<Response<Bytes>, Error>) -> Result<(), Error> {
    match outcome {
        Err(error) if !is_absent(&error) => Err(error),
        _ => Ok(()),
    }
}

#[async_trait]
impl ProviderStorage for Storage {
    async fn put(&self, name: &str, content: Bytes) -> Result<(), Error> {
        self.ensure_container().await?;
        let call = self.container.put_blob(name, content);
        match self.send(&call).await {
            // Somebody has deleted it since it was seen.
            Err(error) if is_absent(&error) => {
                self.known.lock().await.container = false;
                self.ensure_container().await?;
                self.send(&call).await.map(|_| ())
            }
            outcome => outcome.map(|_| ()),
        }
    }

    async fn get(&self, name: &str) -> Result<Option<Bytes>, Error> {
        match self.send(&self.container.get_blob(name)).await {
            Ok(answer) => Ok(Some(answer.into_body())),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, Error> {
        let (mut names, mut marker) = (Vec::new(), Some(String::new()));
        while let Some(at) = marker.take() {
            let call = self.container.list(prefix, &at);
            let answer = match self.send(&call).await {
                Ok(answer) => answer,
                // No container holds nothing (juju-provider L2).
                Err(error) if is_absent(&error) => break,
                Err(error) => return Err(error),
            };
            let document = Element::parse(without_bom(answer.body()))
                .map_err(|reason| call.failed(Component::Blob, Failure::Unreadable(reason)))?;
            let (page, next) = blobs::page(&document);
            names.extend(page);
            marker = next;
        }
        names.sort();
        Ok(names)
    }

    async fn url(&self, name: &str) -> Result<String, Error> {
        let key = self.key().await?;
        Ok(self.container.signed_url(&key, name, self.client.clock.now_ms()))
    }

    async fn remove(&self, name: &str) -> Result<(), Error> {
        gone(self.send(&self.container.delete_blob(name)).await)
    }

    async fn remove_all(&self) -> Result<(), Error> {
        self.known.lock().await.container = false;
        gone(self.send(&self.container.delete()).await)
    }
}
