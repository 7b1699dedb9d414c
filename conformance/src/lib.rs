//! Proves provisioning software against fake-azure.
//!
//! Four things are kept apart: the scenario language ([`scenario`]), the drivers that perform steps ([`driver`]), the oracles
//! that judge ([`oracle`]), and the reports that print ([`report`]). [`session`] runs one scenario, [`runner`] many, and
//! [`machine`] makes up histories that run like scenarios.

pub mod cli;
pub mod driver;
pub mod exit;
pub mod machine;
pub mod oracle;
pub mod report;
pub mod runner;
pub mod scenario;
pub mod session;
