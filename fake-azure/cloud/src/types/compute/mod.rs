//! Microsoft.Compute.

pub mod virtual_machines;

pub mod availability_sets;
pub mod disks;
pub mod extensions;
pub mod images;
pub mod snapshots;

mod creation_data;
mod handlers;
mod parameters;
#[cfg(test)]
mod testing;
