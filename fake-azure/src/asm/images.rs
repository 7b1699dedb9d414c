//! OS images and VM images on the wire (SM 10.1, 10.2): the catalogue's and the subscription's own.

use fake_azure_cloud::catalogue::classic_images::{self, ClassicImage};
use fake_azure_cloud::classic::{
    Act, AddOsImage, AddVmImage, ImageDisk, ImageMarketing, ImageName, OsImage, Permission, Publication, UpdateVmImage,
    VmImage, forms, offers,
};
use fake_azure_cloud::fabric::System;

use super::encode::date;
use super::error::Failure;
use super::request::{Answer, Asked};
use super::roles::system;
use super::route::Route;
use super::xml::{Contract, Element, Fields, Writer};

pub(super) const ROUTES: &[Route] = &[
    Route::new("GET", "/services/images", list).since(20_120_301),
    Route::new("POST", "/services/images", add).since(20_120_301),
    Route::new("GET", "/services/images/{image}", show).since(20_120_301),
    Route::new("PUT", "/services/images/{image}", update).since(20_120_301),
    Route::new("DELETE", "/services/images/{image}", delete).since(20_120_301),
    Route::new("DELETE", "/services/images/{image}", delete)
        .comp("media")
        .since(20_120_801),
    Route::new("GET", "/services/images/{image}/details", details).since(20_140_501),
    Route::new("PUT", "/services/images/{image}/replicate", |asked| {
        replicate(asked, ImageName::Os)
    })
    .since(20_140_501),
    Route::new("PUT", "/services/images/{image}/unreplicate", |asked| {
        unreplicate(asked, ImageName::Os)
    })
    .since(20_140_501),
    Route::new("PUT", "/services/images/{image}/shareasync", |asked| {
        share(asked, ImageName::Os)
    })
    .since(20_140_501),
    Route::new("GET", "/services/vmimages", list_vm).since(20_130_801),
    Route::new("POST", "/services/vmimages", add_vm).since(20_140_501),
    Route::new("PUT", "/services/vmimages/{image}", update_vm).since(20_140_501),
    Route::new("GET", "/services/vmimages/{image}/details", details_vm).since(20_140_501),
    Route::new("PUT", "/services/vmimages/{image}/replicate", |asked| {
        replicate(asked, ImageName::Vm)
    })
    .since(20_140_501),
    Route::new("PUT", "/services/vmimages/{image}/unreplicate", |asked| {
        unreplicate(asked, ImageName::Vm)
    })
    .since(20_140_501),
    Route::new("PUT", "/services/vmimages/{image}/shareasync", |asked| {
        share(asked, ImageName::Vm)
    })
    .since(20_140_501),
    Route::new("DELETE", "/services/vmimages/{image}", delete_vm).since(20_130_801),
    Route::new("DELETE", "/services/vmimages/{image}", delete_vm)
        .comp("media")
        .since(20_130_801),
];

const OS_IMAGE: Contract = Contract {
    name: "OSImage",
    order: &[
        "Label",
        "MediaLink",
        "Name",
        "OS",
        "Eula",
        "Description",
        "ImageFamily",
        "PublishedDate",
        "IsPremium",
        "ShowInGui",
        "PrivacyUri",
        "IconUri",
        "RecommendedVMSize",
        "SmallIconUri",
        "Language",
    ],
    lenient: &[],
};
const VM_IMAGE: Contract = Contract {
    name: "VMImage",
    order: &[
        "Name",
        "Label",
        "Description",
        "OSDiskConfiguration",
        "DataDiskConfigurations",
        "Language",
        "ImageFamily",
        "RecommendedVMSize",
        "Eula",
        "IconUri",
        "SmallIconUri",
        "PrivacyUri",
        "PublishedDate",
        "ShowInGui",
    ],
    lenient: &[],
};
const OS_DISK: Contract = Contract {
    name: "OSDiskConfiguration",
    order: &["HostCaching", "OSState", "OS", "MediaLink"],
    lenient: &[],
};
const DATA_DISK: Contract = Contract {
    name: "DataDiskConfiguration",
    order: &["HostCaching", "Lun", "MediaLink", "LogicalDiskSizeInGB"],
    lenient: &[],
};

fn marketing(fields: &Fields<'_>) -> Result<ImageMarketing, Failure> {
    Ok(ImageMarketing {
        eula: fields.filled("Eula"),
        description: fields.filled("Description"),
        image_family: fields.filled("ImageFamily"),
        published_date: fields.filled("PublishedDate"),
        show_in_gui: fields.boolean("ShowInGui")?,
        privacy_uri: fields.filled("PrivacyUri"),
        icon_uri: fields.filled("IconUri"),
        recommended_size: fields.filled("RecommendedVMSize"),
        small_icon_uri: fields.filled("SmallIconUri"),
        language: fields.filled("Language"),
    })
}

fn add(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body(OS_IMAGE.name)?;
    let fields = OS_IMAGE.read(&body);
    let image = AddOsImage {
        name: fields.required("Name")?,
        label: fields.required("Label")?,
        media_link: fields.required("MediaLink")?,
        os: system(fields.text("OS"))?.ok_or_else(|| fields.missing())?,
        marketing: marketing(&fields)?,
    };
    let name = image.name.clone();
    let operation = asked.perform(Act::AddOsImage(Box::new(image)))?;
    Ok(document(asked, &name)?.by(operation))
}

fn update(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body(OS_IMAGE.name)?;
    let fields = OS_IMAGE.read(&body);
    let name = asked.boxed("image");
    let act = Act::UpdateOsImage {
        name: name.clone(),
        label: fields.required("Label")?,
        marketing: Box::new(marketing(&fields)?),
    };
    let operation = asked.perform(act)?;
    Ok(document(asked, &name)?.by(operation))
}

fn delete(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let act = Act::DeleteOsImage {
        name: asked.boxed("image"),
        media: asked.media(),
    };
    Ok(Answer::done(asked.perform(act)?))
}

fn show(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    document(asked, asked.param("image"))
}

/// The same with its replication.
fn details(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let asked = &*asked;
    let image = asked.cx().os_image(asked.key, asked.param("image"))?;
    let body = Writer::root("OSImageDetails", |writer| {
        write(writer, asked, image);
        replication(writer, asked, &image.publication);
    });
    Ok(Answer::ok(body))
}

fn details_vm(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let asked = &*asked;
    let image = asked.cx().vm_image(asked.key, asked.param("image"))?;
    let body = Writer::root("VMImageDetails", |writer| {
        write_vm(writer, asked, image);
        replication(writer, asked, &image.publication);
    });
    Ok(Answer::ok(body))
}

/// Copies of an image in other locations, and how much of each is there (SM 10.1).
fn replication(writer: &mut Writer, asked: &Asked<'_>, publication: &Publication) {
    let now = asked.sandbox.cloud.now();
    writer.element("ReplicationProgress", |writer| {
        for replica in &publication.replicas {
            writer.element("ReplicationProgressElement", |writer| {
                writer.text("Location", &replica.location);
                writer.text("Progress", replica.progress(now));
            });
        }
    });
}

fn replicate(asked: &mut Asked<'_>, name: fn(Box<str>) -> ImageName) -> Result<Answer, Failure> {
    let body = asked.body("ReplicationInput")?;
    let regions = body
        .child("TargetLocations")
        .ok_or_else(|| Failure::missing_element("ReplicationInput"))?;
    let locations = regions.all("Region").map(|region| region.text.trim().into()).collect();
    let act = Act::ReplicateImage {
        image: name(asked.boxed("image")),
        locations,
    };
    Ok(Answer::done(asked.perform(act)?))
}

fn unreplicate(asked: &mut Asked<'_>, name: fn(Box<str>) -> ImageName) -> Result<Answer, Failure> {
    let act = Act::UnreplicateImage {
        image: name(asked.boxed("image")),
    };
    Ok(Answer::done(asked.perform(act)?))
}

fn share(asked: &mut Asked<'_>, name: fn(Box<str>) -> ImageName) -> Result<Answer, Failure> {
    let permission = asked.query("permission").and_then(Permission::find);
    let act = Act::ShareImage {
        image: name(asked.boxed("image")),
        permission: permission.ok_or_else(Failure::query)?,
    };
    Ok(Answer::accepted(asked.perform(act)?))
}

fn missing(name: &str) -> Failure {
    fake_azure_cloud::CloudError::of(&forms::IMAGE_NOT_FOUND)
        .with("image", name)
        .into()
}

fn document(asked: &Asked<'_>, name: &str) -> Result<Answer, Failure> {
    if let Ok(image) = asked.cx().os_image(asked.key, name) {
        return Ok(Answer::ok(Writer::root("OSImage", |writer| {
            write(writer, asked, image)
        })));
    }
    let image = classic_images::find_os_image(name).ok_or_else(|| missing(name))?;
    Ok(Answer::ok(Writer::root("OSImage", |writer| {
        write_public(writer, image)
    })))
}

fn list(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let cx = asked.cx();
    let body = Writer::root("Images", |writer| {
        for image in classic_images::os_images() {
            writer.element("OSImage", |writer| write_public(writer, image));
        }
        for image in cx.os_images(asked.key) {
            writer.element("OSImage", |writer| write(writer, asked, image));
        }
    });
    Ok(Answer::ok(body))
}

/// Every location, by geography and name (recorded).
fn everywhere() -> String {
    let mut all: Vec<_> = offers::listed().collect();
    all.sort_by_key(|location| (location.geography, location.display_name));
    all.iter()
        .map(|location| location.display_name)
        .collect::<Vec<_>>()
        .join(";")
}

fn write_public(writer: &mut Writer, image: &ClassicImage) {
    let filled = |text: &'static str| (!text.is_empty()).then_some(text);
    writer.text("Category", "Public");
    writer.text("Label", image.label);
    writer.text("Location", everywhere());
    writer.text("LogicalSizeInGB", image.size_gb);
    writer.text("Name", image.name);
    writer.text("OS", System::from(image.os).as_str());
    writer.text("Eula", "");
    writer.text("Description", image.label);
    writer.optional("ImageFamily", filled(image.family));
    writer.optional("PublishedDate", filled(image.published));
    writer.text("IsPremium", image.premium);
    writer.text("IconUri", "");
    writer.text("PrivacyUri", "");
    writer.optional("RecommendedVMSize", image.recommended_size);
    writer.text("PublisherName", image.publisher);
    writer.text("SmallIconUri", "");
    writer.text("IOType", "Standard_LRS");
}

fn write(writer: &mut Writer, asked: &Asked<'_>, image: &OsImage) {
    let (location, group) = asked.cx().account_place(&image.blob.0);
    let own = &image.marketing;
    writer.optional("AffinityGroup", group.as_deref());
    writer.text("Category", image.publication.permission.category());
    writer.text("Label", &image.label);
    writer.text(
        "Location",
        image.publication.locations(&location, asked.sandbox.cloud.now()),
    );
    writer.text("LogicalSizeInGB", image.size_gb);
    writer.text("MediaLink", &image.media_link);
    writer.text("Name", &image.name);
    writer.text("OS", image.os.as_str());
    writer.optional("Eula", own.eula.as_deref());
    writer.optional("Description", own.description.as_deref());
    writer.optional("ImageFamily", own.image_family.as_deref());
    writer.optional("ShowInGui", own.show_in_gui.filter(|shown| !shown));
    writer.optional("PublishedDate", own.published_date.as_deref());
    writer.text("IsPremium", false);
    writer.optional("IconUri", own.icon_uri.as_deref());
    writer.optional("PrivacyUri", own.privacy_uri.as_deref());
    writer.optional("RecommendedVMSize", own.recommended_size.as_deref());
    writer.optional("SmallIconUri", own.small_icon_uri.as_deref());
    writer.text("OSState", "Generalized");
    writer.optional("Language", own.language.as_deref());
    writer.text("IOType", "Standard");
}

fn add_vm(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body(VM_IMAGE.name)?;
    let fields = VM_IMAGE.read(&body);
    let disk = fields.get("OSDiskConfiguration").ok_or_else(|| fields.missing())?;
    let own = OS_DISK.read(disk);
    let generalized = match own.required("OSState")?.to_ascii_lowercase().as_str() {
        "generalized" => true,
        "specialized" => false,
        _ => return Err(Failure::of(&forms::PARAMETER)),
    };
    let data: Vec<&Element> = fields
        .list("DataDiskConfigurations", "DataDiskConfiguration")
        .unwrap_or_default();
    let data_disks = data.into_iter().map(|disk| {
        let own = DATA_DISK.read(disk);
        Ok((
            own.filled("HostCaching"),
            own.number("Lun")?.unwrap_or(0),
            own.required("MediaLink")?,
        ))
    });
    let image = AddVmImage {
        name: fields.required("Name")?,
        label: fields.required("Label")?,
        os: system(own.text("OS"))?.ok_or_else(|| own.missing())?,
        generalized,
        os_disk: (own.filled("HostCaching"), own.required("MediaLink")?),
        data_disks: data_disks.collect::<Result<_, Failure>>()?,
        marketing: marketing(&fields)?,
    };
    Ok(Answer::accepted(asked.perform(Act::AddVmImage(Box::new(image)))?))
}

fn update_vm(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body(VM_IMAGE.name)?;
    let fields = VM_IMAGE.read(&body);
    let image = UpdateVmImage {
        label: fields.filled("Label"),
        marketing: marketing(&fields)?,
    };
    let act = Act::UpdateVmImage {
        name: asked.boxed("image"),
        image: Box::new(image),
    };
    Ok(Answer::done(asked.perform(act)?))
}

fn delete_vm(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let act = Act::DeleteVmImage {
        name: asked.boxed("image"),
        media: asked.media(),
    };
    Ok(Answer::accepted(asked.perform(act)?))
}

fn list_vm(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let cx = asked.cx();
    let wants = |name: &str, value: &str| asked.query(name).is_none_or(|own| own.eq_ignore_ascii_case(value));
    let body = Writer::root("VMImages", |writer| {
        if wants("category", "Public") {
            for image in classic_images::vm_images().filter(|image| wants("publisher", image.publisher)) {
                writer.element("VMImage", |writer| write_public_vm(writer, image));
            }
        }
        let own_ones = matches!(
            asked.query("category").map(str::to_lowercase).as_deref(),
            None | Some("private" | "user")
        );
        if own_ones && asked.query("publisher").is_none() {
            for image in cx.vm_images(asked.key) {
                let (location, _) = cx.account_place(&image.os_disk.blob.0);
                if wants("location", &location) {
                    writer.element("VMImage", |writer| write_vm(writer, asked, image));
                }
            }
        }
    });
    Ok(Answer::ok(body))
}

/// The time that public VM images show (SM 10.2).
const DAWN: &str = "1801-01-01T00:00:00Z";

fn write_public_vm(writer: &mut Writer, image: &ClassicImage) {
    let Some(machine) = &image.machine else {
        return;
    };
    writer.text("Name", image.name);
    writer.text("Label", image.label);
    writer.text("Category", "Public");
    writer.text("Description", image.label);
    writer.element("OSDiskConfiguration", |writer| {
        writer.text("Name", format!("{}-os", image.name));
        writer.text("HostCaching", "ReadWrite");
        writer.text("OSState", machine.os_state.as_str());
        writer.text("OS", System::from(image.os).as_str());
        writer.text("LogicalDiskSizeInGB", image.size_gb);
        writer.text("IOType", "Standard");
    });
    writer.element("DataDiskConfigurations", |writer| {
        for (lun, size) in machine.data_disks_gb.iter().enumerate() {
            writer.element("DataDiskConfiguration", |writer| {
                writer.text("Name", format!("{}-datadisk-{lun}", image.name));
                writer.text("HostCaching", "None");
                writer.text("Lun", lun);
                writer.text("LogicalDiskSizeInGB", size);
                writer.text("IOType", "Standard");
            });
        }
    });
    writer.text("Location", everywhere());
    writer.text("CreatedTime", DAWN);
    writer.text("ModifiedTime", DAWN);
    writer.optional("ImageFamily", (!image.family.is_empty()).then_some(image.family));
    writer.optional("RecommendedVMSize", image.recommended_size);
    writer.text("IsPremium", image.premium);
    writer.text("PublisherName", image.publisher);
    writer.optional(
        "PublishedDate",
        (!image.published.is_empty()).then_some(image.published),
    );
    writer.text("VMImageState", "VMImageReadyForUse");
}

fn write_vm_disk(writer: &mut Writer, disk: &ImageDisk) {
    writer.text("MediaLink", &disk.media_link);
    writer.text("LogicalDiskSizeInGB", disk.size_gb);
    writer.text("IOType", "Standard");
}

fn write_vm(writer: &mut Writer, asked: &Asked<'_>, image: &VmImage) {
    let (location, group) = asked.cx().account_place(&image.os_disk.blob.0);
    let own = &image.marketing;
    writer.text("Name", &image.name);
    writer.text("Label", &image.label);
    writer.text("Category", image.publication.permission.category());
    writer.optional("Description", own.description.as_deref());
    writer.element("OSDiskConfiguration", |writer| {
        writer.text("Name", &image.os_disk.name);
        writer.text("HostCaching", &image.os_disk.caching);
        writer.text(
            "OSState",
            if image.generalized {
                "Generalized"
            } else {
                "Specialized"
            },
        );
        writer.text("OS", image.os.as_str());
        write_vm_disk(writer, &image.os_disk);
    });
    writer.element("DataDiskConfigurations", |writer| {
        for disk in &image.data_disks {
            writer.element("DataDiskConfiguration", |writer| {
                writer.text("Name", &disk.name);
                writer.text("HostCaching", &disk.caching);
                writer.text("Lun", disk.lun);
                write_vm_disk(writer, disk);
            });
        }
    });
    if let Some((service, deployment, role)) = &image.captured_from {
        writer.text("ServiceName", service);
        writer.text("DeploymentName", deployment);
        writer.text("RoleName", role);
    }
    writer.text(
        "Location",
        image.publication.locations(&location, asked.sandbox.cloud.now()),
    );
    writer.optional("AffinityGroup", group.as_deref());
    writer.text("CreatedTime", date(image.created));
    writer.text("ModifiedTime", date(image.modified));
    writer.optional("Language", own.language.as_deref());
    writer.optional("ImageFamily", own.image_family.as_deref());
    writer.optional("RecommendedVMSize", own.recommended_size.as_deref());
    writer.text("IsPremium", false);
    writer.optional("Eula", own.eula.as_deref());
    writer.optional("IconUri", own.icon_uri.as_deref());
    writer.optional("SmallIconUri", own.small_icon_uri.as_deref());
    writer.optional("PrivacyUri", own.privacy_uri.as_deref());
    writer.optional("PublishedDate", own.published_date.as_deref());
    writer.optional("ShowInGui", own.show_in_gui.filter(|shown| !shown));
    writer.text("VMImageState", "VMImageReadyForUse");
    if let Some((state, size)) = &image.captured_as {
        writer.text("RoleStateOnCapture", state);
        writer.text("RoleSizeOnCapture", size);
    }
}
