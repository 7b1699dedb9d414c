//! Generated runs: histories drawn from a seed, judged by what a small model written from the documents expects of every step,
//! made smaller when they break something, and written out as scenarios that a person can read and run.

pub mod controller;
pub mod cross_model;
mod history;
pub mod migration;
pub mod network;
pub mod property;
pub mod provider;
