//! Reserved IP addresses on the wire (SM 11.1).

use fake_azure_cloud::classic::{Act, CreateReservedIp, Named, ReservedIp};

use super::error::Failure;
use super::request::{Answer, Asked};
use super::route::Route;
use super::xml::{Contract, Writer};

pub(super) const ROUTES: &[Route] = &[
    Route::new("GET", "/services/networking/reservedips", list).since(20_140_501),
    Route::new("POST", "/services/networking/reservedips", create).since(20_140_501),
    Route::new("GET", "/services/networking/reservedips/{reserved}", show).since(20_140_501),
    Route::new("DELETE", "/services/networking/reservedips/{reserved}", delete).since(20_140_501),
    Route::new(
        "POST",
        "/services/networking/reservedips/{reserved}/operations/associate",
        associate,
    )
    .since(20_150_201),
    Route::new(
        "POST",
        "/services/networking/reservedips/{reserved}/operations/disassociate",
        disassociate,
    )
    .since(20_150_201),
];

const RESERVED: Contract = Contract {
    name: "ReservedIP",
    order: &[
        "Name",
        "Label",
        "ServiceName",
        "DeploymentName",
        "Location",
        "VirtualIPName",
    ],
    lenient: &[],
};
const ASSOCIATION: Contract = Contract {
    name: "ReservedIPAssociation",
    order: &["ServiceName", "DeploymentName", "VirtualIPName"],
    lenient: &[],
};

fn create(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body(RESERVED.name)?;
    let fields = RESERVED.read(&body);
    let spec = CreateReservedIp {
        name: fields.required("Name")?,
        label: fields.filled("Label"),
        location: fields.or_empty("Location"),
        of_deployment: fields.filled("ServiceName").zip(fields.filled("DeploymentName")),
    };
    Ok(Answer::accepted(asked.perform(Act::CreateReservedIp(spec))?))
}

fn delete(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    Ok(Answer::accepted(asked.perform(Act::DeleteReservedIp {
        name: asked.boxed("reserved"),
    })?))
}

fn bind(asked: &mut Asked<'_>, on: bool) -> Result<Answer, Failure> {
    let body = asked.body(ASSOCIATION.name)?;
    let fields = ASSOCIATION.read(&body);
    let (service, deployment) = (fields.required("ServiceName")?, fields.required("DeploymentName")?);
    let act = Act::AssociateReservedIp {
        name: asked.boxed("reserved"),
        service,
        deployment,
        on,
    };
    Ok(Answer::accepted(asked.perform(act)?))
}

fn associate(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    bind(asked, true)
}

fn disassociate(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    bind(asked, false)
}

fn write(writer: &mut Writer, asked: &Asked<'_>, reserved: &ReservedIp) {
    let address = asked
        .cx()
        .fabric()
        .public_addresses
        .get(&reserved.key)
        .and_then(|row| row.address);
    writer.text("Name", &reserved.name);
    writer.optional("Address", address);
    writer.text("Id", reserved.id);
    writer.optional("Label", reserved.label.as_deref());
    writer.text("State", "Created");
    if let Some((service, deployment)) = &reserved.used_by {
        writer.text("InUse", true);
        writer.text("ServiceName", service);
        writer.text("DeploymentName", deployment);
    }
    writer.text("Location", &reserved.location);
    if reserved.used_by.is_some() {
        writer.text("VirtualIPName", &reserved.name);
    }
}

fn list(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let cx = asked.cx();
    let body = Writer::root("ReservedIPs", |writer| {
        for (_, reserved) in cx.classic().reserved_ips.range(Named::all(asked.key)) {
            writer.element("ReservedIP", |writer| write(writer, asked, reserved));
        }
    });
    Ok(Answer::ok(body))
}

fn show(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let reserved = asked.cx().reserved_ip(asked.key, asked.param("reserved"))?;
    Ok(Answer::ok(Writer::root("ReservedIP", |writer| {
        write(writer, asked, reserved)
    })))
}
