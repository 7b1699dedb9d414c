//! Disks: blobs that Azure knows as disks (juju-provider 2.2 c18).

use super::client::{Call, Endpoint, version};
use super::xml::Element;

/// A disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Disk {
    pub(crate) media_link: String,
    pub(crate) size_gib: u64,
}

pub(crate) fn list(endpoint: &Endpoint) -> Call {
    endpoint.get("list disks", "services/disks", version::DISKS)
}

impl Disk {
    pub(crate) fn list(document: &Element) -> Vec<Self> {
        let read = document.all("Disk").map(|disk| Self {
            media_link: disk.text_of("MediaLink").unwrap_or_default().to_owned(),
            size_gib: disk
                .text_of("LogicalDiskSizeInGB")
                .and_then(|text| text.parse().ok())
                .unwrap_or(0),
        });
        read.collect()
    }
}
