//! Machines, by script.

mod document;
mod placement;
mod power;
mod storage;
