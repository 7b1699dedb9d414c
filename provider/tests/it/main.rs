//! The provider through its public door, against doubles of a transport.

mod failures;
mod http;
mod polling;
mod requests;
mod sequences;
mod setup;
mod shelf;
mod sweep;
