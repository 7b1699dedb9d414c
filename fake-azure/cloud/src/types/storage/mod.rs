//! Microsoft.Storage: accounts, and their blob services and containers as resources.

mod account_keys;
pub(crate) mod blob_containers;
pub(crate) mod blob_services;
mod endpoints;
mod network_rules;
mod shared_access;
pub(crate) mod storage_accounts;

pub use self::account_keys::{account_keys, sign};
pub use self::shared_access::{AccountSas, ServiceSas};
pub use self::storage_accounts::NameAvailability;
