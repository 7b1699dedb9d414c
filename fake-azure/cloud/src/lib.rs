//! The world inside fake-azure: state and rules.
//!
//! Pure: no HTTP, no text formats (documents are trees), no async, no thread, no wall clock, no entropy. Two doors lead in:
//! [`Cloud::apply`] asks it something, [`Cloud::advance_to`] moves its time. The same seed and the same calls give the same
//! [`Cloud::digest`], byte for byte, in every build.

mod api_version;
pub mod blobs;
mod call;
pub mod catalogue;
pub mod classic;
mod cloud;
mod cx;
pub mod data_plane;
pub mod descriptor;
mod document;
mod engine;
mod error;
mod event;
pub mod fabric;
pub mod forms;
pub mod governance;
mod id;
mod invariants;
mod key;
mod operation;
mod plan;
mod quota;
mod registry;
mod resource;
mod store;
mod streams;
mod table;
#[cfg(test)]
mod testing;
mod time;
mod types;
pub mod vaults;

pub use self::api_version::ApiVersion;
pub use self::call::{Call, Conditions, Outcome, Reply, Scope};
pub use self::cloud::{Cloud, Settings, Subscription};
pub use self::cx::Cx;
pub use self::document::Document;
pub use self::error::{CloudError, ErrorKind, Form};
pub use self::id::{IdError, ResourceId};
pub use self::key::{Guid, Key};
pub use self::operation::{Doing, Operation, OperationId, Status};
pub use self::quota::{Ledger, QuotaKey};
pub use self::registry::{Kind, State};
pub use self::resource::{Edge, Resource};
pub use self::store::Store;
pub use self::streams::{Streams, Topic};
pub use self::table::Table;
pub use self::time::Time;
pub use self::types::storage::{AccountSas, NameAvailability, ServiceSas, account_keys, sign};
pub use self::types::{Answer, View};
