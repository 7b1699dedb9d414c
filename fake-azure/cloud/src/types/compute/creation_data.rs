//! Where the bytes of a disk or snapshot come from, and what its kind of storage gives (ARM 8.5).

use serde_json::Value;

use super::parameters::{derived, digits, missing, number, text};
use crate::catalogue::images;
use crate::cx::Cx;
use crate::descriptor::Dialect;
use crate::error::CloudError;
use crate::fabric::{BlobKind, Disk, System, blob_name_of};
use crate::forms::{self as shared, forms};
use crate::id::ResourceId;
use crate::key::{Guid, Key};
use crate::plan::Plan;
use crate::quota::QuotaKey;
use crate::registry::Kind;
use crate::types::Put;

forms! {
    // tidy: sorted
    BLOB_NOT_FOUND: Missing, Disks, "InvalidParameter", "Unable to find VHD blob with URI {uri}.", "ARM 3.6 (code unsure)", "upload the VHD first";
    BLOCK_BLOB: Invalid, Disks, "IncorrectDiskBlobType", "Disk blobs can only be of type page blob. Blob {uri} for disk '{disk}' is of type block blob.", "ARM 3.6", "upload the VHD as a page blob";
    RESIZED_DOWN: Invalid, Disks, "InvalidParameter", "Disks or snapshot cannot be resized down.", "ARM 3.6 (NET), observed-arm Error catalogue", "ask for a larger size, or make another disk";
    SHARED: Conflict, Disks, "OperationNotAllowed", "There is an active shared access signature outstanding for disk {disk}. Call EndGetAccess before attaching or deleting the disk. Learn more here: aka.ms/revokeaccessapi.", "ARM 3.6 (NET)", "call endGetAccess first";
    TOO_LARGE: Invalid, Disks, "InvalidParameter", "The value of parameter diskSizeGB is out of range. Value '{size}' must be between '1' and '{max}' inclusive.", "assumed", "choose a size in the range";
    // tidy: end
}

/// What a new disk begins with.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// Size in GiB, where the source decides it.
    pub(super) size_gb: Option<u32>,
    /// The operating system on it.
    pub(super) system: Option<System>,
    /// Its Hyper-V generation.
    pub(super) generation: Option<Box<str>>,
    /// The guid of the disk or snapshot that was copied.
    pub(super) guid: Option<Guid>,
    /// Whether its bytes are still to be uploaded.
    pub(super) upload: bool,
}

/// Reads `creationData` of a new disk or snapshot.
pub(super) fn read(cx: &Cx<'_>, put: &Put<'_>) -> Result<Source, CloudError> {
    let data = "/properties/creationData";
    let field = |name: &str| text(put.document, &format!("{data}/{name}"));
    let required =
        |name: &str| field(name).ok_or_else(|| missing(&format!("creationData.{name}")).raised_by(Dialect::Disks));
    match field("createOption") {
        None => Err(missing("creationData.createOption").raised_by(Dialect::Disks)),
        Some("Copy" | "CopyStart" | "Restore") => copy_of(cx, put, required("sourceResourceId")?),
        Some("FromImage") => {
            let id = text(put.document, &format!("{data}/imageReference/id"))
                .ok_or_else(|| missing("creationData.imageReference.id").raised_by(Dialect::Disks))?;
            from_image(cx, put, id)
        }
        Some("Import" | "ImportSecure") => import(cx, put, required("sourceUri")?),
        Some("Upload" | "UploadPreparedSecure") => {
            let bytes = number(put.document, &format!("{data}/uploadSizeBytes"))
                .ok_or_else(|| missing("creationData.uploadSizeBytes").raised_by(Dialect::Disks))?;
            Ok(Source {
                size_gb: Some(whole_gb(bytes)),
                upload: true,
                ..Source::default()
            })
        }
        Some(_) => Ok(Source::default()),
    }
}

/// A disk or snapshot that exists now; what it is copied from may go afterwards.
fn copy_of(cx: &Cx<'_>, put: &Put<'_>, id: &str) -> Result<Source, CloudError> {
    let found = ResourceId::parse(id).ok().and_then(|id| cx.find_id(id.folded()));
    let found = found.filter(|resource| matches!(resource.kind, Kind::Disks | Kind::Snapshots));
    let row = found.and_then(|resource| cx.fabric().disks.get(&resource.key).map(|row| (resource, row)));
    match row {
        Some((resource, row)) => Ok(Source {
            size_gb: Some(row.size_gb),
            system: row.system,
            generation: row.generation.clone(),
            guid: Some(resource.guid),
            upload: false,
        }),
        None => Err(CloudError::of(&shared::INVALID_REFERENCE_COMPUTE)
            .with("target", id)
            .with("source", put.id())
            .raised_by(Dialect::Disks)),
    }
}

/// A platform image by its long id, or a captured one.
fn from_image(cx: &Cx<'_>, put: &Put<'_>, id: &str) -> Result<Source, CloudError> {
    if let Some(sku) = platform_sku(id) {
        return Ok(Source {
            size_gb: Some(sku.size_gb),
            system: Some(sku.os.into()),
            generation: Some(sku.generation.into()),
            ..Source::default()
        });
    }

    let captured = ResourceId::parse(id).ok().and_then(|id| cx.find_id(id.folded()));
    let Some(image) = captured.and_then(|resource| cx.fabric().images.get(&resource.key)) else {
        return Err(CloudError::of(&shared::INVALID_REFERENCE_COMPUTE)
            .with("target", id)
            .with("source", put.id())
            .raised_by(Dialect::Disks));
    };
    let lun = number(put.document, "/properties/creationData/imageReference/lun");
    Ok(match lun {
        None => Source {
            size_gb: Some(image.size_gb),
            system: Some(image.system),
            generation: Some(image.generation.clone()),
            ..Source::default()
        },
        Some(lun) => {
            let disk = image.data.iter().find(|disk| u64::from(disk.lun) == lun);
            Source {
                size_gb: disk.map(|disk| disk.size_gb),
                ..Source::default()
            }
        }
    })
}

/// `/Subscriptions/../Publishers/p/ArtifactTypes/VMImage/Offers/o/Skus/s/Versions/v` (observed-arm, Lists).
fn platform_sku(id: &str) -> Option<&'static images::Sku> {
    let segments: Vec<&str> = id.split('/').collect();
    let after = |word: &str| {
        let at = segments.iter().position(|segment| segment.eq_ignore_ascii_case(word))?;
        segments.get(at + 1).copied()
    };
    images::find_sku(after("Publishers")?, after("Offers")?, after("Skus")?)
}

/// A VHD in a storage account, or a disk or snapshot through its shared access signature.
fn import(cx: &Cx<'_>, put: &Put<'_>, uri: &str) -> Result<Source, CloudError> {
    let not_found = || {
        CloudError::of(&BLOB_NOT_FOUND)
            .with("uri", uri)
            .about("creationData.sourceUri")
    };
    if let Some((key, row)) = cx
        .fabric()
        .disks
        .iter()
        .find(|(key, row)| row.is_shared(cx.now()) && uri.starts_with(&access_host(cx, **key)))
    {
        return Ok(Source {
            size_gb: Some(row.size_gb),
            system: row.system,
            guid: Some(cx.resource(*key).guid),
            ..Source::default()
        });
    }

    let name = blob_name_of(uri).map_err(|_| not_found())?;
    let blob = cx.fabric().blobs.get(&name).ok_or_else(not_found)?;
    if blob.kind == BlobKind::Block {
        return Err(CloudError::of(&BLOCK_BLOB).with("uri", uri).with("disk", put.id.name()));
    }
    Ok(Source {
        size_gb: Some(whole_gb(blob.length)),
        ..Source::default()
    })
}

/// The size of a disk whose VHD, footer and all, has so many bytes.
pub(super) fn whole_gb(bytes: u64) -> u32 {
    u32::try_from(bytes.saturating_sub(512).div_ceil(1 << 30).max(1)).unwrap_or(u32::MAX)
}

/// What an address that gives access to a disk begins with.
fn access_host(cx: &Cx<'_>, disk: Key) -> String {
    let label = digits(derived(cx.resource(disk).guid, "access"));
    format!("https://md-{}.blob.core.windows.net/", &label[..12])
}

/// The address that gives access to a disk: the same one every time (ARM 8.5).
pub(super) fn access_uri(cx: &Cx<'_>, disk: Key, write: bool) -> String {
    let guid = cx.resource(disk).guid;
    let signature = digits(derived(guid, "signature"));
    format!(
        "{}{}/abcd?sv=2018-03-28&sr=b&si={}&sig={signature}&sp={}",
        access_host(cx, disk),
        &signature[..12],
        derived(guid, "policy"),
        if write { "rw" } else { "r" },
    )
}

/// The size that a document asks for, or the source's.
pub(super) fn size_of(cx: &Cx<'_>, put: &Put<'_>, of_source: Option<u32>) -> Result<u32, CloudError> {
    let max = cx.limit("ManagedDiskSizeInGB").unwrap_or(32_767).unsigned_abs();
    let size = match (number(put.document, "/properties/diskSizeGB"), of_source) {
        (Some(given), _) => given,
        (None, Some(size)) => u64::from(size),
        (None, None) => return Err(missing("diskSizeGB").raised_by(Dialect::Disks)),
    };
    if !(1..=max).contains(&size) {
        return Err(CloudError::of(&TOO_LARGE)
            .with("size", size)
            .with("max", max)
            .about("diskSizeGB"));
    }
    Ok(u32::try_from(size).expect("at most 32767"))
}

/// The kind of storage that a document asks for: `sku.name`, once `accountType`.
pub(super) fn sku_of(document: &Value) -> &str {
    text(document, "/sku/name")
        .or_else(|| text(document, "/properties/accountType"))
        .unwrap_or("Standard_LRS")
}

/// `sku.tier`.
pub(super) fn tier_of(sku: &str) -> &'static str {
    match sku.split('_').next() {
        Some("Premium" | "PremiumV2") => "Premium",
        Some("UltraSSD") => "Ultra",
        _ => "Standard",
    }
}

/// Premium tiers by size: name, GiB, IOPS, MB/s (ARM 8.5, published tables).
const PREMIUM: &[(&str, u32, u32, u32)] = &[
    ("P1", 4, 120, 25),
    ("P2", 8, 120, 25),
    ("P3", 16, 120, 25),
    ("P4", 32, 120, 25),
    ("P6", 64, 240, 50),
    ("P10", 128, 500, 100),
    ("P15", 256, 1100, 125),
    ("P20", 512, 2300, 150),
    ("P30", 1024, 5000, 200),
    ("P40", 2048, 7500, 250),
    ("P50", 4096, 7500, 250),
    ("P60", 8192, 16_000, 500),
    ("P70", 16_384, 18_000, 750),
    ("P80", 32_767, 20_000, 900),
];

/// What a disk gives: IOPS, MB/s, and the performance tier of a premium one.
pub(super) fn performance(row: &Disk) -> (u32, u32, Option<&'static str>) {
    if tier_of(&row.sku) != "Premium" {
        return (500, 60, None);
    }
    let tier = PREMIUM
        .iter()
        .find(|tier| row.size_gb <= tier.1)
        .unwrap_or(&PREMIUM[PREMIUM.len() - 1]);
    (tier.2, tier.3, Some(tier.0))
}

/// What one disk of a kind of storage counts against.
pub(super) fn disk_quota(sku: &str) -> QuotaKey {
    QuotaKey(match sku.split('_').next() {
        Some("Premium" | "PremiumV2") => "PremiumDiskCount",
        Some("StandardSSD") => "StandardSSDDiskCount",
        Some("UltraSSD") => "UltraSSDDiskCount",
        _ => "StandardDiskCount",
    })
}

/// What one snapshot of a kind of storage counts against.
pub(super) fn snapshot_quota(sku: &str) -> QuotaKey {
    QuotaKey(match sku {
        sku if sku.starts_with("Premium") => "PremiumSnapshotCount",
        sku if sku.ends_with("_ZRS") => "ZRSSnapshotCount",
        _ => "StandardSnapshotCount",
    })
}

/// Counts a thing that counted against one row against another.
pub(super) fn recount(plan: Plan, before: Option<QuotaKey>, after: QuotaKey) -> Plan {
    match before {
        Some(before) if before == after => plan,
        Some(before) => plan.charge(before, -1).charge(after, 1),
        None => plan.charge(after, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn premium_disks_take_the_next_larger_tier() {
        let of = |size| performance(&Disk::new(size, "Premium_LRS"));
        assert_eq!(of(30), (120, 25, Some("P4")));
        assert_eq!(of(128), (500, 100, Some("P10")));
        assert_eq!(of(129), (1100, 125, Some("P15")));
        assert_eq!(of(32_767).2, Some("P80"));
        assert_eq!(performance(&Disk::new(30, "Standard_LRS")), (500, 60, None));
    }

    #[test]
    fn the_footer_of_a_vhd_is_not_of_the_disk() {
        assert_eq!(whole_gb((30 << 30) + 512), 30);
        assert_eq!(whole_gb(30 << 30), 30);
        assert_eq!(whole_gb(512), 1);
    }

    #[test]
    fn long_ids_name_platform_images() {
        let id = "/Subscriptions/s/Providers/Microsoft.Compute/Locations/westus/Publishers/canonical/ArtifactTypes/VMImage/Offers/UbuntuServer/Skus/16.04.0-LTS/Versions/16.04.1";
        assert_eq!(platform_sku(id).map(|sku| sku.size_gb), Some(30));
        assert!(platform_sku("/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/images/i").is_none());
    }
}
