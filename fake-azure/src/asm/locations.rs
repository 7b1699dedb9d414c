//! Locations, role sizes and operating systems (SM 4.2, 4.3).

use fake_azure_cloud::catalogue::{locations, role_sizes};
use fake_azure_cloud::classic::offers;

use super::encode::{COMPUTE_CAPABILITIES, base64, compute_capabilities};
use super::error::Failure;
use super::request::{Answer, Asked};
use super::route::Route;
use super::xml::Writer;

pub(super) const ROUTES: &[Route] = &[
    Route::new("GET", "/locations", list),
    Route::new("GET", "/rolesizes", sizes).since(20_130_801),
    Route::new("GET", "/operatingsystems", systems),
    Route::new("GET", "/operatingsystemfamilies", families),
];

/// A family of guest systems of web and worker roles.
struct Family {
    name: u32,
    label: &'static str,
    /// Versions, the newest first: it is the default.
    versions: &'static [&'static str],
}

/// Guest systems of June 2015: `2.40` is the one of a recorded deployment (SM 5.4), its neighbours are general knowledge.
const FAMILIES: &[Family] = &[
    Family {
        name: 2,
        label: "Windows Server 2008 R2",
        versions: &["WA-GUEST-OS-2.40_201506-01", "WA-GUEST-OS-2.39_201505-01"],
    },
    Family {
        name: 3,
        label: "Windows Server 2012",
        versions: &["WA-GUEST-OS-3.28_201506-01", "WA-GUEST-OS-3.27_201505-01"],
    },
    Family {
        name: 4,
        label: "Windows Server 2012 R2",
        versions: &["WA-GUEST-OS-4.21_201506-01", "WA-GUEST-OS-4.20_201505-01"],
    },
];

/// `Windows Azure Guest OS 2.40 (Release 201506-01)`
fn label(version: &str) -> String {
    let bare = version.trim_start_matches("WA-GUEST-OS-");
    let (number, release) = bare.split_once('_').unwrap_or((bare, ""));
    format!("Windows Azure Guest OS {number} (Release {release})")
}

fn write_system(writer: &mut Writer, family: &Family, version: &str, is_default: bool) {
    writer.text("Version", version);
    writer.text("Label", base64(&label(version)));
    writer.text("IsDefault", is_default);
    writer.text("IsActive", true);
    writer.text("Family", family.name);
    writer.text("FamilyLabel", base64(family.label));
}

fn systems(_: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = Writer::root("OperatingSystems", |writer| {
        for family in FAMILIES {
            for (index, version) in family.versions.iter().enumerate() {
                writer.element("OperatingSystem", |writer| {
                    write_system(writer, family, version, index == 0)
                });
            }
        }
    });
    Ok(Answer::ok(body))
}

fn families(_: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = Writer::root("OperatingSystemFamilies", |writer| {
        for family in FAMILIES {
            writer.element("OperatingSystemFamily", |writer| {
                writer.text("Name", family.name);
                writer.text("Label", base64(family.label));
                writer.element("OperatingSystems", |writer| {
                    for (index, version) in family.versions.iter().enumerate() {
                        writer.element("OperatingSystem", |writer| {
                            writer.text("Version", version);
                            writer.text("Label", base64(&label(version)));
                            writer.text("IsDefault", index == 0);
                            writer.text("IsActive", true);
                        });
                    }
                });
            });
        }
    });
    Ok(Answer::ok(body))
}

fn list(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let month = asked.month();
    let with_sizes = asked.version >= COMPUTE_CAPABILITIES || asked.version >= 20_140_501;
    let body = Writer::root("Locations", |writer| {
        for location in offers::listed() {
            writer.element("Location", |writer| {
                writer.text("Name", location.display_name);
                writer.text("DisplayName", location.display_name);
                writer.texts("AvailableServices", "AvailableService", locations::CLASSIC_SERVICES);
                if with_sizes {
                    compute_capabilities(writer, location.name, month);
                    writer.element("StorageCapabilities", |writer| {
                        writer.texts(
                            "StorageAccountTypes",
                            "StorageAccountType",
                            offers::account_types(location.name, month),
                        );
                    });
                }
            });
        }
    });
    Ok(Answer::ok(body))
}

fn sizes(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let month = asked.month();
    let body = Writer::root("RoleSizes", |writer| {
        for size in role_sizes::ROLE_SIZES {
            let sold =
                offers::listed().any(|place| offers::role_sizes(place.name, month, false).any(|own| own == size));
            if !sold {
                continue;
            }
            writer.element("RoleSize", |writer| {
                writer.text("Name", size.name);
                writer.text("Label", size.label());
                writer.text("Cores", size.cores);
                writer.text("MemoryInMb", size.memory_mb);
                writer.text("SupportedByWebWorkerRoles", size.is_for_web_workers());
                writer.text("SupportedByVirtualMachines", true);
                writer.text("MaxDataDiskCount", size.max_data_disks);
                writer.text("WebWorkerResourceDiskSizeInMb", size.web_worker_disk_mb.unwrap_or(0));
                writer.text("VirtualMachineResourceDiskSizeInMb", size.virtual_machine_disk_mb);
            });
        }
    });
    Ok(Answer::ok(body))
}
