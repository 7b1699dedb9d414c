//! An Azure you can hold in one process.
//!
//! [`FakeAzure`] is the front door for tests: an Azure of one's own, synchronous, without a socket. [`wire::serve`] is
//! the pure function under it: one HTTP request to one [`Sandbox`], one answer. The binary `fake-azure` puts sockets, TLS
//! and a control API around the same function.
//!
//! The crate speaks protocols; what is true in the simulated world is decided in `fake-azure-cloud`.

mod arm;
mod asm;
mod blob;
mod envelope;
pub mod buckets;
pub mod faults;
pub mod identity;
pub mod journal;
pub mod pace;
pub mod sandbox;
pub mod storage;
pub mod text;
pub mod wire;

pub use fake_azure_cloud as cloud;

pub use self::pace::Pace;
pub use self::sandbox::Sandbox;
pub use self::storage::StorageEndpoints;
pub use self::wire::{Delivery, Listener, Served};
