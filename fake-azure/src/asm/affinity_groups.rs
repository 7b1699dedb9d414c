//! Affinity groups on the wire (SM 4.6).

use fake_azure_cloud::classic::{Act, AffinityGroup, CreateAffinityGroup, Named, Placement, UpdateAffinityGroup};

use super::encode::{COMPUTE_CAPABILITIES, compute_capabilities, date};
use super::error::Failure;
use super::request::{Answer, Asked};
use super::route::Route;
use super::xml::{Contract, Writer};
use super::{hosted_services, storage_services};

pub(super) const ROUTES: &[Route] = &[
    Route::new("GET", "/affinitygroups", list),
    Route::new("POST", "/affinitygroups", create).since(20_110_225),
    Route::new("GET", "/affinitygroups/{group}", show),
    Route::new("PUT", "/affinitygroups/{group}", update).since(20_110_225),
    Route::new("DELETE", "/affinitygroups/{group}", delete).since(20_110_225),
];

const CREATE: Contract = Contract {
    name: "CreateAffinityGroup",
    order: &["Name", "Label", "Description", "Location"],
    lenient: &[],
};
const UPDATE: Contract = Contract {
    name: "UpdateAffinityGroup",
    order: &["Label", "Description"],
    lenient: &[],
};

fn create(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body(CREATE.name)?;
    let fields = CREATE.read(&body);
    let spec = CreateAffinityGroup {
        name: fields.required("Name")?,
        label: fields.required("Label")?,
        description: fields.filled("Description"),
        location: fields.or_empty("Location"),
    };
    let location = format!(
        "{}/subscriptions/{}/affinitygroup/{}",
        asked.base, asked.subscription, spec.name
    );
    Ok(Answer::created(
        asked.perform(Act::CreateAffinityGroup(spec))?,
        location,
    ))
}

fn update(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body(UPDATE.name)?;
    let fields = UPDATE.read(&body);
    let group = UpdateAffinityGroup {
        label: fields.filled("Label"),
        description: fields.filled("Description"),
    };
    let name = asked.boxed("group");
    Ok(Answer::done(asked.perform(Act::UpdateAffinityGroup { name, group })?))
}

fn delete(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let name = asked.boxed("group");
    Ok(Answer::done(asked.perform(Act::DeleteAffinityGroup { name })?))
}

fn head(writer: &mut Writer, group: &AffinityGroup) {
    writer.text("Name", &group.name);
    writer.text("Label", &group.label);
    writer.nillable("Description", group.description.as_deref());
    writer.text("Location", &group.location);
}

const CAPABILITIES: &[&str] = &["PersistentVMRole", "HighMemory"];

fn list(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let cx = asked.cx();
    let body = Writer::root("AffinityGroups", |writer| {
        for (_, group) in cx.classic().affinity_groups.range(Named::all(asked.key)) {
            writer.element("AffinityGroup", |writer| {
                head(writer, group);
                writer.texts("Capabilities", "Capability", CAPABILITIES);
                writer.text("CreatedTime", date(group.created));
                if asked.version >= COMPUTE_CAPABILITIES {
                    compute_capabilities(writer, &group.location, asked.month());
                }
            });
        }
    });
    Ok(Answer::ok(body))
}

fn show(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let cx = asked.cx();
    let group = cx.affinity_group(asked.key, asked.param("group"))?;
    let is_in = |placement: &Placement| matches!(placement, Placement::AffinityGroup(name) if name.eq_ignore_ascii_case(&group.name));
    let body = Writer::root("AffinityGroup", |writer| {
        head(writer, group);
        writer.element("HostedServices", |writer| {
            for service in cx
                .hosted_services(asked.key)
                .filter(|service| is_in(&service.placement))
            {
                writer.element("HostedService", |writer| {
                    writer.text("Url", asked.url(&format!("/services/hostedservices/{}", service.name)));
                    writer.text("ServiceName", &service.name);
                    hosted_services::properties(writer, service, None);
                });
            }
        });
        writer.element("StorageServices", |writer| {
            for account in storage_services::all(asked)
                .iter()
                .filter(|account| is_in(&account.placement))
            {
                writer.element("StorageService", |writer| {
                    writer.text("Url", asked.url(&format!("/services/storageservices/{}", account.name)));
                    writer.text("ServiceName", &account.name);
                    writer.empty("ExtendedProperties");
                });
            }
        });
        writer.texts("Capabilities", "Capability", CAPABILITIES);
        writer.text("CreatedTime", date(group.created));
    });
    Ok(Answer::ok(body))
}
