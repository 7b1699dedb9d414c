//! Files of the small classic provider: blobs of one container, which is there once somebody makes it.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::Method;
use provider::{Error, ProviderStorage};

use super::Lesson;
use super::documents::each;
use super::wire::{Wire, found, status_of};

/// Files of an environment, as blobs of its container.
pub(super) struct Files {
    pub(super) container: String,
    pub(super) wire: Arc<Wire>,
}

#[async_trait]
impl ProviderStorage for Files {
    async fn put(&self, name: &str, content: Bytes) -> Result<(), Error> {
        if self.wire.knows(Lesson::ContainerOnDemand) {
            let path = format!("{}?restype=container", self.container);
            match self.wire.blob(Method::PUT, &path, None).await {
                Err(error) if status_of(&error) != Some(409) => return Err(error),
                _ => {}
            }
        }
        let path = format!("{}/{name}", self.container);
        self.wire.blob(Method::PUT, &path, Some(content)).await.map(|_| ())
    }

    async fn get(&self, name: &str) -> Result<Option<Bytes>, Error> {
        let path = format!("{}/{name}", self.container);
        Ok(found(self.wire.blob(Method::GET, &path, None).await)?.map(Bytes::from))
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, Error> {
        let path = format!("{}?restype=container&comp=list&prefix={prefix}", self.container);
        let listed = self.wire.blob(Method::GET, &path, None).await;
        let list = match self.wire.knows(Lesson::ContainerOnDemand) {
            true => found(listed)?.unwrap_or_default(),
            false => listed?,
        };
        Ok(each(&list, "Name").into_iter().map(str::to_owned).collect())
    }

    async fn url(&self, _name: &str) -> Result<String, Error> {
        Err(Error::NotSupported("this provider signs no addresses".to_owned()))
    }

    async fn remove(&self, name: &str) -> Result<(), Error> {
        let path = format!("{}/{name}", self.container);
        found(self.wire.blob(Method::DELETE, &path, None).await).map(|_| ())
    }

    async fn remove_all(&self) -> Result<(), Error> {
        let path = format!("{}?restype=container", self.container);
        found(self.wire.blob(Method::DELETE, &path, None).await).map(|_| ())
    }
}
