//! Disks: managed ones, and blobs that serve as disks.

use serde::{Deserialize, Serialize};

use super::BlobName;
use crate::key::Key;

/// A managed disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// Size in GiB.
    pub size_gb: u32,
    /// The machine that it is attached to.
    pub machine: Option<Key>,
    /// Seconds of a shared access signature that is out, if one is.
    pub shared: bool,
}

/// What holds a disk's bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DiskMedia {
    /// A managed disk.
    Managed(Key),
    /// A page blob.
    Blob(BlobName),
}
