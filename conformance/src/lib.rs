//! Proves provisioning software against fake-azure.
//!
//! Four things are kept apart: the scenario language ([`scenario`]), the drivers that perform steps ([`driver`]), the oracles
//! that judge ([`oracle`]), and the reports that print ([`report`]). [`session`] runs one scenario, [`runner`] many, and
//! [`machine`] makes up histories that run like scenarios. [`stage`] is for checks that are written in Rust, since they look at
//! the provider from nearer: [`sweep`] strikes every request of an operation in turn, [`scale`] counts requests.
//! [`record`] keeps what was sent and answered, and sends it once more.

pub mod cli;
pub mod controller;
pub mod driver;
pub mod exit;
pub mod machine;
pub mod oracle;
pub mod record;
pub mod report;
pub mod runner;
pub mod scale;
pub mod scenario;
pub mod session;
pub mod stage;
pub mod subject;
pub mod sweep;
