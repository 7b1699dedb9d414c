//! Microsoft.Compute.

pub(crate) mod virtual_machines;

pub(crate) mod availability_sets;
pub(crate) mod disk_encryption_sets;
pub(crate) mod disks;
pub(crate) mod extensions;
pub(crate) mod images;
pub(crate) mod scale_sets;
pub(crate) mod snapshots;

mod creation_data;
mod encryption;
mod handlers;
mod parameters;
#[cfg(test)]
mod testing;
