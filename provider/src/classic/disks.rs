//! Disks: blobs that Azure knows as disks (juju-provider 2.2 c18).

use super::client::{Call, Endpoint, segment, version};
use super::xml::Element;

/// A disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Disk {
    pub(crate) name: String,
    pub(crate) media_link: String,
    pub(crate) size_gib: u64,
    /// Whether a machine has it, or is letting it go.
    pub(crate) is_attached: bool,
}

pub(crate) fn list(endpoint: &Endpoint) -> Call {
    endpoint.get("list disks", "services/disks", version::DISKS)
}

/// With its blob. Refused while a machine has it.
pub(crate) fn delete(endpoint: &Endpoint, name: &str) -> Call {
    // `comp=media` is of a later version than the list (juju-provider 2.2 c18).
    let path = format!("services/disks/{}?comp=media", segment(name));
    endpoint.delete("delete disk", &path, version::DISKS)
}

impl Disk {
    pub(crate) fn list(document: &Element) -> Vec<Self> {
        let read = document.all("Disk").map(|disk| Self {
            name: disk.text_of("Name").unwrap_or_default().to_owned(),
            is_attached: disk.find("AttachedTo").is_some_and(|user| !user.children.is_empty()),
            media_link: disk.text_of("MediaLink").unwrap_or_default().to_owned(),
            size_gib: disk
                .text_of("LogicalDiskSizeInGB")
                .and_then(|text| text.parse().ok())
                .unwrap_or(0),
        });
        read.collect()
    }
}
