//! Generated runs: histories drawn from a seed, judged by what a small model written from the documents expects of every step,
//! made smaller when they break something, and written out as scenarios that a person can read and run.

mod history;
pub mod network;
pub mod property;
pub mod provider;
