//! Files that an environment keeps in the cloud, as environments of Juju 1 did (juju-provider 2.6).
//!
//! The contract only: in what they are kept is the stack's business.

use async_trait::async_trait;
use bytes::Bytes;

use crate::Error;

/// Where an environment keeps files. What was put is seen at once; nothing is there before something is put.
#[async_trait]
pub trait ProviderStorage: Send + Sync {
    /// Puts a file, in the place of one of the same name.
    async fn put(&self, name: &str, content: Bytes) -> Result<(), Error>;

    /// What is in a file. None where there is none of that name.
    async fn get(&self, name: &str) -> Result<Option<Bytes>, Error>;

    /// The names that begin with `prefix`, sorted.
    async fn list(&self, prefix: &str) -> Result<Vec<String>, Error>;

    /// An address from which anybody who has it reads the file for ten years. It is as good as a key to that file: keep it out of logs.
    async fn url(&self, name: &str) -> Result<String, Error>;

    /// Deletes a file. One that is not there is passed over.
    async fn remove(&self, name: &str) -> Result<(), Error>;

    /// Deletes every file, and what they are in. May be repeated.
    async fn remove_all(&self) -> Result<(), Error>;
}
