//! Disks: managed ones, blobs that serve as disks, and captured images.

use serde::{Deserialize, Serialize};

use super::{BlobName, Fabric};
use crate::catalogue::images::OsType;
use crate::key::Key;
use crate::time::Time;

/// A managed disk or a snapshot of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// Size in GiB.
    pub size_gb: u32,
    /// The kind of storage: `Standard_LRS`.
    pub sku: Box<str>,
    /// The operating system on it, if one is.
    pub system: Option<System>,
    /// Hyper-V generation of that system: `V1` or `V2`.
    pub generation: Option<Box<str>>,
    /// The machine that it is attached to.
    pub machine: Option<Key>,
    /// The end of the shared access signature that is out, if one is.
    pub access: Option<Time>,
    /// Whether it waits for its bytes to be uploaded.
    pub upload: bool,
}

impl Disk {
    /// A data disk that nobody uses.
    pub fn new(size_gb: u32, sku: &str) -> Disk {
        Disk {
            size_gb,
            sku: sku.into(),
            system: None,
            generation: None,
            machine: None,
            access: None,
            upload: false,
        }
    }

    /// Whether a shared access signature is out at a time.
    pub fn is_shared(&self, now: Time) -> bool {
        self.access.is_some_and(|end| end > now)
    }
}

/// An operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum System {
    /// Linux.
    Linux,
    /// Windows.
    Windows,
}

impl System {
    /// As Azure prints it.
    pub const fn as_str(self) -> &'static str {
        match self {
            System::Linux => "Linux",
            System::Windows => "Windows",
        }
    }

    /// Reads `Linux` or `Windows`, in any case.
    pub fn find(text: &str) -> Option<System> {
        [System::Linux, System::Windows]
            .into_iter()
            .find(|system| system.as_str().eq_ignore_ascii_case(text))
    }
}

impl From<OsType> for System {
    fn from(os: OsType) -> System {
        match os {
            OsType::Linux => System::Linux,
            OsType::Windows => System::Windows,
        }
    }
}

/// A captured image: what a machine made from it gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// The operating system.
    pub system: System,
    /// Hyper-V generation: `V1` or `V2`.
    pub generation: Box<str>,
    /// Size of the system's disk in GiB.
    pub size_gb: u32,
    /// Data disks, by LUN.
    pub data: Vec<ImageDisk>,
}

/// A data disk of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageDisk {
    /// Its logical unit number.
    pub lun: u32,
    /// Size in GiB.
    pub size_gb: u32,
}

/// What holds a disk's bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DiskMedia {
    /// A managed disk.
    Managed(Key),
    /// A page blob.
    Blob(BlobName),
}

/// What is wrong with the address of a blob that is to be a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlobUriError {
    /// It has not the form of a blob's address.
    Malformed,
    /// The blob's name has a slash in it: not supported for disks (ARM 3.6).
    Slash,
    /// The blob's name does not end in `.vhd` (ARM 3.6).
    NotVhd,
}

/// The blob that an address names, in host style (`https://account.blob.any.where/container/name`) or in path style
/// (`https://any.where/account/container/name`). Whether there is such a blob is not asked.
///
/// # Errors
///
/// When it can be no disk's address.
pub fn blob_name_of(uri: &str) -> Result<BlobName, BlobUriError> {
    let (account, container, blob) = any_blob_name_of(uri)?;
    if blob.contains('/') {
        return Err(BlobUriError::Slash);
    }
    if !blob.to_ascii_lowercase().ends_with(".vhd") {
        return Err(BlobUriError::NotVhd);
    }
    Ok((account, container, blob))
}

/// The same for any blob: the classic API minds neither slashes nor endings (SM 10.1, 14.4).
///
/// # Errors
///
/// When it has not the form of a blob's address.
pub fn any_blob_name_of(uri: &str) -> Result<BlobName, BlobUriError> {
    let rest = ["https://", "http://"]
        .iter()
        .find_map(|scheme| {
            uri.get(..scheme.len())
                .filter(|start| start.eq_ignore_ascii_case(scheme))
                .map(|_| &uri[scheme.len()..])
        })
        .ok_or(BlobUriError::Malformed)?;
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    let (host, path) = rest.split_once('/').ok_or(BlobUriError::Malformed)?;
    let mut labels = host.split('.');
    let (first, second) = (labels.next().unwrap_or_default(), labels.next().unwrap_or_default());
    let (account, path) = if second.eq_ignore_ascii_case("blob") {
        (first, path)
    } else {
        path.split_once('/').ok_or(BlobUriError::Malformed)?
    };

    let (container, blob) = path.split_once('/').ok_or(BlobUriError::Malformed)?;
    if account.is_empty() || container.is_empty() || blob.is_empty() {
        return Err(BlobUriError::Malformed);
    }
    Ok((account.to_ascii_lowercase().into(), container.into(), blob.into()))
}

impl Fabric {
    /// The disks that a machine holds, by owner.
    pub fn disks_of(&self, machine: Key) -> impl Iterator<Item = (Key, &Disk)> {
        self.disks
            .iter()
            .filter(move |(_, disk)| disk.machine == Some(machine))
            .map(|(key, disk)| (*key, disk))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_blob_in_either_style() {
        let name: BlobName = ("acc".into(), "vhds".into(), "A.vhd".into());
        for uri in [
            "https://acc.blob.core.windows.net/vhds/A.vhd",
            "HTTPS://ACC.blob.core.chinacloudapi.cn:443/vhds/A.vhd?sv=1",
            "https://localhost:8445/acc/vhds/A.vhd",
        ] {
            assert_eq!(blob_name_of(uri), Ok(name.clone()), "{uri}");
        }
    }

    #[test]
    fn other_addresses_are_no_disks() {
        for (uri, error) in [
            ("acc/vhds/a.vhd", BlobUriError::Malformed),
            ("https://acc.blob.core.windows.net/a.vhd", BlobUriError::Malformed),
            ("https://acc.blob.core.windows.net/vhds/", BlobUriError::Malformed),
            ("https://acc.blob.core.windows.net/vhds/b/a.vhd", BlobUriError::Slash),
            ("https://acc.blob.core.windows.net/vhds/a.img", BlobUriError::NotVhd),
        ] {
            assert_eq!(blob_name_of(uri), Err(error), "{uri}");
        }
    }
}
