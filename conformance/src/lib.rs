//! The conformance harness.
pub mod driver;
pub mod oracle;
pub mod scenario;
pub mod session;
