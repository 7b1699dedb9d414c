//! The conformance harness.
pub mod driver;
pub mod scenario;
