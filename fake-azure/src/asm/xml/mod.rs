//! XML of the classic API: ordered, namespaced, without attributes but for `i:type` and `i:nil`.
//!
//! Requests are read into a tree that knows where each element stood; a contract then takes the elements in its order, and what
//! is misplaced is absent, as the service's data-contract reader has it (SM 1.4).

mod contract;
mod reader;
mod writer;

pub(crate) use self::contract::{Contract, Fields, is_azure};
pub(crate) use self::reader::{Element, Malformed, parse};
pub(crate) use self::writer::Writer;
pub(super) use self::writer::escape;

/// The namespace of everything but the network configuration.
pub(crate) const AZURE: &str = "http://schemas.microsoft.com/windowsazure";

/// The namespace of the network configuration.
pub(crate) const NETWORK: &str = "http://schemas.microsoft.com/ServiceHosting/2011/07/NetworkConfiguration";

/// The namespace of a service configuration.
pub(crate) const SERVICE_CONFIGURATION: &str =
    "http://schemas.microsoft.com/ServiceHosting/2008/10/ServiceConfiguration";

/// The namespace of `type` and `nil`.
pub(crate) const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
