//! Disks on the wire (SM 10.3).

use fake_azure_cloud::classic::{Act, AddDisk, Disk, Named, UpdateDisk};

use super::encode::date;
use super::error::Failure;
use super::request::{Answer, Asked};
use super::roles::system;
use super::route::Route;
use super::xml::{Contract, Writer};

pub(super) const ROUTES: &[Route] = &[
    Route::new("GET", "/services/disks", list).since(20_120_301),
    Route::new("POST", "/services/disks", add).since(20_120_301),
    Route::new("GET", "/services/disks/{disk}", show).since(20_120_301),
    Route::new("PUT", "/services/disks/{disk}", update).since(20_120_301),
    Route::new("DELETE", "/services/disks/{disk}", delete).since(20_120_301),
    Route::new("DELETE", "/services/disks/{disk}", delete)
        .comp("media")
        .since(20_120_801),
];

const DISK: Contract = Contract {
    name: "Disk",
    order: &[
        "HasOperatingSystem",
        "OS",
        "Label",
        "MediaLink",
        "Name",
        "ResizedSizeInGB",
    ],
    lenient: &[],
};

fn add(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body(DISK.name)?;
    let fields = DISK.read(&body);
    let spec = AddDisk {
        name: fields.required("Name")?,
        label: fields.or_empty("Label"),
        media_link: fields.required("MediaLink")?,
        os: system(fields.text("OS"))?,
    };
    let name = spec.name.clone();
    let operation = asked.perform(Act::AddDisk(spec))?;
    Ok(document(asked, &name)?.by(operation))
}

fn update(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body(DISK.name)?;
    let fields = DISK.read(&body);
    let disk = UpdateDisk {
        label: fields.filled("Label"),
        resized_gb: fields.number("ResizedSizeInGB")?,
    };
    let (name, resizes) = (asked.boxed("disk"), disk.resized_gb.is_some());
    let operation = asked.perform(Act::UpdateDisk {
        name: name.clone(),
        disk,
    })?;
    if resizes {
        return Ok(Answer::accepted(operation));
    }
    Ok(document(asked, &name)?.by(operation))
}

fn delete(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let act = Act::DeleteDisk {
        name: asked.boxed("disk"),
        media: asked.media(),
    };
    Ok(Answer::done(asked.perform(act)?))
}

fn document(asked: &Asked<'_>, name: &str) -> Result<Answer, Failure> {
    let disk = asked.cx().registered_disk(asked.key, name)?;
    Ok(Answer::ok(Writer::root("Disk", |writer| write(writer, asked, disk))))
}

fn show(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    document(asked, asked.param("disk"))
}

fn list(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let cx = asked.cx();
    let body = Writer::root("Disks", |writer| {
        for (_, disk) in cx.classic().disks.range(Named::all(asked.key)) {
            writer.element("Disk", |writer| write(writer, asked, disk));
        }
    });
    Ok(Answer::ok(body))
}

fn write(writer: &mut Writer, asked: &Asked<'_>, disk: &Disk) {
    let (location, group) = asked.cx().account_place(&disk.blob.0);
    writer.optional("AffinityGroup", group.as_deref());
    if let Some(user) = &disk.attached {
        writer.element("AttachedTo", |writer| {
            writer.text("DeploymentName", &user.deployment);
            writer.text("HostedServiceName", &user.service);
            writer.text("RoleName", &user.role);
        });
    }
    writer.optional("OS", disk.os.map(|os| os.as_str()));
    writer.optional("Label", disk.label.as_deref());
    if group.is_none() {
        writer.text("Location", location);
    }
    writer.text("LogicalDiskSizeInGB", disk.size_gb);
    writer.text("MediaLink", &disk.media_link);
    writer.text("Name", &disk.name);
    writer.optional("SourceImageName", disk.source_image.as_deref());
    writer.text("IsPremium", false);
    writer.text("CreatedTime", date(disk.created));
    let premium = asked
        .cx()
        .fabric()
        .accounts
        .get(&disk.blob.0)
        .is_some_and(|account| account.sku.starts_with("Premium"));
    writer.text("IOType", if premium { "Provisioned" } else { "Standard" });
}
