//! Hosted services on the wire (SM 5.1).

use fake_azure_cloud::classic::{Act, CreateHostedService, HostedService, UpdateHostedService};

use super::deployments;
use super::encode::{self, COMPUTE_CAPABILITIES, compute_capabilities, date, read_extended};
use super::error::Failure;
use super::request::{Answer, Asked};
use super::route::Route;
use super::xml::{Contract, Writer};

pub(super) const ROUTES: &[Route] = &[
    Route::new("GET", "/services/hostedservices", list),
    Route::new("POST", "/services/hostedservices", create).since(20_101_028),
    Route::new("GET", "/services/hostedservices/{service}", show),
    Route::new("PUT", "/services/hostedservices/{service}", update).since(20_101_028),
    Route::new("DELETE", "/services/hostedservices/{service}", delete).since(20_101_028),
    Route::new("DELETE", "/services/hostedservices/{service}", delete_all)
        .comp("media")
        .since(20_130_801),
    Route::new(
        "GET",
        "/services/hostedservices/operations/isavailable/{name}",
        available,
    )
    .since(20_111_001),
];

const CREATE: Contract = Contract {
    name: "CreateHostedService",
    order: &[
        "ServiceName",
        "Label",
        "Description",
        "Location",
        "AffinityGroup",
        "ExtendedProperties",
        "ReverseDnsFqdn",
    ],
    lenient: &[],
};
const UPDATE: Contract = Contract {
    name: "UpdateHostedService",
    order: &["Label", "Description", "ReverseDnsFqdn", "ExtendedProperties"],
    lenient: &["ReverseDnsFqdn", "ExtendedProperties"],
};

fn create(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body(CREATE.name)?;
    let fields = CREATE.read(&body);
    let spec = CreateHostedService {
        name: fields.required("ServiceName")?,
        label: fields.required("Label")?,
        description: fields.filled("Description"),
        location: fields.text("Location").map(Into::into),
        affinity_group: fields.text("AffinityGroup").map(Into::into),
        extended: fields.get("ExtendedProperties").map(read_extended).unwrap_or_default(),
        reverse_dns: fields.filled("ReverseDnsFqdn"),
    };
    let location = format!(
        "{}/subscriptions/{}/compute/{}",
        asked.base, asked.subscription, spec.name
    );
    Ok(Answer::created(
        asked.perform(Act::CreateHostedService(spec))?,
        location,
    ))
}

fn update(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body(UPDATE.name)?;
    let fields = UPDATE.read(&body);
    let service = UpdateHostedService {
        label: fields.filled("Label"),
        description: fields.text("Description").map(Into::into),
        extended: fields.get("ExtendedProperties").map(read_extended),
        reverse_dns: fields.filled("ReverseDnsFqdn"),
    };
    let name = asked.boxed("service");
    Ok(Answer::done(asked.perform(Act::UpdateHostedService { name, service })?))
}

fn delete(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let name = asked.boxed("service");
    Ok(Answer::done(
        asked.perform(Act::DeleteHostedService { name, media: false })?,
    ))
}

fn delete_all(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let name = asked.boxed("service");
    Ok(Answer::accepted(
        asked.perform(Act::DeleteHostedService { name, media: true })?,
    ))
}

fn available(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let free = asked.cx().is_service_name_available(asked.param("name"))?;
    let reason = (!free).then_some("A hosted service with the specified name already exists.");
    Ok(Answer::ok(encode::availability(reason)))
}

/// `HostedServiceProperties`; `added` is the location, where the service adds properties of its own.
pub(super) fn properties(writer: &mut Writer, service: &HostedService, added: Option<&str>) {
    writer.element("HostedServiceProperties", |writer| {
        writer.nillable("Description", service.description.as_deref());
        encode::place(writer, &service.placement);
        writer.text("Label", &service.label);
        writer.text("Status", "Created");
        writer.text("DateCreated", date(service.created));
        writer.text("DateLastModified", date(service.modified));
        encode::extended(
            writer,
            &service.extended,
            added.map(|location| (&*service.name, location)),
        );
        writer.optional("ReverseDnsFqdn", service.reverse_dns.as_deref());
    });
}

fn head(writer: &mut Writer, asked: &Asked<'_>, service: &HostedService) {
    let location = service.placement.location(&asked.cx(), asked.key);
    writer.text("Url", asked.url(&format!("/services/hostedservices/{}", service.name)));
    writer.text("ServiceName", &service.name);
    properties(writer, service, Some(&location));
}

fn list(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let cx = asked.cx();
    let body = Writer::root("HostedServices", |writer| {
        for service in cx.hosted_services(asked.key) {
            writer.element("HostedService", |writer| {
                head(writer, asked, service);
                writer.optional("DefaultWinRmCertificateThumbprint", service.winrm_thumbprint.as_deref());
                if asked.version >= COMPUTE_CAPABILITIES {
                    compute_capabilities(writer, &service.placement.location(&cx, asked.key), asked.month());
                }
            });
        }
    });
    Ok(Answer::ok(body))
}

fn show(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let cx = asked.cx();
    let service = cx.hosted_service(asked.key, asked.param("service"))?;
    let detail = asked
        .query("embed-detail")
        .is_some_and(|text| matches!(text.to_ascii_lowercase().as_str(), "true" | "1"));
    let body = Writer::root("HostedService", |writer| {
        head(writer, asked, service);
        if detail {
            writer.element("Deployments", |writer| {
                for (slot, deployment) in cx.deployments_of(&service.name) {
                    writer.element("Deployment", |writer| {
                        deployments::write(writer, asked, service, slot, deployment)
                    });
                }
            });
        }
        writer.optional("DefaultWinRmCertificateThumbprint", service.winrm_thumbprint.as_deref());
    });
    Ok(Answer::ok(body))
}
