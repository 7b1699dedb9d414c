//! Locations, role sizes and operating systems (SM 4.2, 4.3).

use fake_azure_cloud::catalogue::{locations, role_sizes};

use super::encode::{COMPUTE_CAPABILITIES, compute_capabilities};
use super::error::Failure;
use super::request::{Answer, Asked};
use super::route::Route;
use super::xml::Writer;

pub(super) const ROUTES: &[Route] = &[
    Route::new("GET", "/locations", list),
    Route::new("GET", "/rolesizes", sizes).since(20_130_801),
];

fn list(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let month = asked.month();
    let with_sizes = asked.version >= COMPUTE_CAPABILITIES || asked.version >= 20_140_501;
    let body = Writer::root("Locations", |writer| {
        for location in locations::listed_classic(month.year()) {
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
                            locations::CLASSIC_STORAGE_TYPES,
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
            let sold = locations::listed_classic(month.year())
                .any(|place| role_sizes::role_sizes_in(place.name, month).any(|own| own == size));
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
