//! An Azure you can hold in one process.
//!
//! [`FakeAzure`] is the front door for tests: an Azure of one's own, synchronous, without a socket. [`wire::serve`] is
//! the pure function under it: one HTTP request to one [`Sandbox`], one answer. The binary `fake-azure` puts sockets, TLS
//! and a control API around the same function.
//!
//! The crate speaks protocols; what is true in the simulated world is decided in `fake-azure-cloud`.

mod builder;
pub mod wire;
pub mod sandbox;
mod sandboxes;
pub mod pace;
pub mod storage;
pub mod templates;
pub mod buckets;
mod policies;
pub mod faults;
pub mod journal;
pub mod identity;
mod arm;
mod asm;
mod blob;
mod vault;
mod envelope;
pub mod data_plane;
pub mod control;
pub mod server;
pub mod explain;
pub mod text;

pub use fake_azure_cloud as cloud;

pub use self::builder::{Builder, FakeAzure, FaultGuard};
pub use self::pace::Pace;
pub use self::sandbox::Sandbox;
pub use self::sandboxes::DEFAULT_SUBSCRIPTION;
pub use self::storage::StorageEndpoints;
pub use self::templates::Templates;
pub use self::wire::{Delivery, Listener, Served};
