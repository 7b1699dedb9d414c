//! Storage accounts on the wire (SM 9).

use fake_azure_cloud::catalogue::locations;
use fake_azure_cloud::classic::{Act, CreateStorageService, StorageService, UpdateStorageService, forms};

use super::encode::{self, date, read_extended};
use super::error::Failure;
use super::request::{Answer, Asked};
use super::route::Route;
use super::xml::{Contract, Writer};

pub(super) const ROUTES: &[Route] = &[
    Route::new("GET", "/services/storageservices", list),
    Route::new("POST", "/services/storageservices", create).since(20_110_601),
    Route::new("GET", "/services/storageservices/{account}", show),
    Route::new("PUT", "/services/storageservices/{account}", update).since(20_110_601),
    Route::new("DELETE", "/services/storageservices/{account}", delete).since(20_110_601),
    Route::new("GET", "/services/storageservices/{account}/keys", keys),
    Route::new("POST", "/services/storageservices/{account}/keys", regenerate),
    Route::new(
        "GET",
        "/services/storageservices/operations/isavailable/{name}",
        available,
    )
    .since(20_120_301),
];

const CREATE: Contract = Contract {
    name: "CreateStorageServiceInput",
    order: &[
        "ServiceName",
        "Description",
        "Label",
        "AffinityGroup",
        "Location",
        "GeoReplicationEnabled",
        "ExtendedProperties",
        "AccountType",
    ],
    // libcloud and old clients write label and description, and place and group, in either order (SM 14.2).
    lenient: &[
        "Description",
        "Label",
        "AffinityGroup",
        "Location",
        "GeoReplicationEnabled",
    ],
};
const UPDATE: Contract = Contract {
    name: "UpdateStorageServiceInput",
    order: &[
        "Description",
        "Label",
        "GeoReplicationEnabled",
        "ExtendedProperties",
        "CustomDomains",
        "AccountType",
    ],
    lenient: &["GeoReplicationEnabled"],
};

fn create(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body(CREATE.name)?;
    let fields = CREATE.read(&body);
    let spec = CreateStorageService {
        name: fields.required("ServiceName")?,
        label: fields.required("Label")?,
        description: fields.filled("Description"),
        location: fields.text("Location").map(Into::into),
        affinity_group: fields.text("AffinityGroup").map(Into::into),
        geo_replication: fields.boolean("GeoReplicationEnabled")?,
        extended: fields.get("ExtendedProperties").map(read_extended).unwrap_or_default(),
        account_type: fields.filled("AccountType"),
    };
    let location = format!(
        "{}/subscriptions/{}/storage/{}",
        asked.base, asked.subscription, spec.name
    );
    let operation = asked.perform(Act::CreateStorageService(spec))?;
    Ok(Answer {
        location: Some(location),
        ..Answer::accepted(operation)
    })
}

fn update(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = asked.body(UPDATE.name)?;
    let fields = UPDATE.read(&body);
    let service = UpdateStorageService {
        label: fields.filled("Label"),
        description: fields.filled("Description"),
        geo_replication: fields.boolean("GeoReplicationEnabled")?,
        extended: fields.get("ExtendedProperties").map(read_extended),
        account_type: fields.filled("AccountType"),
    };
    Ok(Answer::done(asked.perform(Act::UpdateStorageService {
        name: asked.boxed("account"),
        service,
    })?))
}

fn delete(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    Ok(Answer::done(asked.perform(Act::DeleteStorageService {
        name: asked.boxed("account"),
    })?))
}

fn available(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let taken = asked.cx().is_account_name_available(asked.key, asked.param("name"))?;
    Ok(Answer::ok(encode::availability(taken.as_deref())))
}

/// The accounts of the subscription, by name.
pub(super) fn all(asked: &Asked<'_>) -> Vec<StorageService> {
    asked.cx().storage_services(asked.key)
}

fn list(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let body = Writer::root("StorageServices", |writer| {
        for service in &all(asked) {
            writer.element("StorageService", |writer| write(writer, asked, service));
        }
    });
    Ok(Answer::ok(body))
}

fn show(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let service = asked.cx().storage_service(asked.key, asked.param("account"))?;
    let body = Writer::root("StorageService", |writer| {
        write(writer, asked, &service);
        writer.texts("Capabilities", "Capability", ["PersistentVMRole"]);
    });
    Ok(Answer::ok(body))
}

fn url(asked: &Asked<'_>, service: &StorageService) -> String {
    asked.url(&format!("/services/storageservices/{}", service.name))
}

fn write(writer: &mut Writer, asked: &Asked<'_>, service: &StorageService) {
    let cx = asked.cx();
    let location = service.placement.location(&cx, asked.key);
    let kind = &*service.account_type;
    let pair = locations::find(&location)
        .and_then(|own| own.pair)
        .and_then(locations::find)
        .map_or("", |own| own.display_name);
    let endpoints = |suffix: &str| -> Vec<String> {
        let name = format!("{}{suffix}", service.name);
        let storage = &asked.sandbox.storage;
        let mut all = vec![if suffix.is_empty() {
            storage.blob(&name, asked.request.uri())
        } else {
            storage.service("blob", &name)
        }];
        all.extend(["queue", "table"].map(|own| storage.service(own, &name)));
        if suffix.is_empty() && !matches!(kind, "Standard_ZRS" | "Premium_LRS") {
            all.push(storage.service("file", &name));
        }
        all
    };
    writer.text("Url", url(asked, service));
    writer.text("ServiceName", &service.name);
    writer.element("StorageServiceProperties", |writer| {
        writer.nillable("Description", service.description.as_deref());
        encode::place(writer, &service.placement);
        writer.text("Label", &service.label);
        writer.text(
            "Status",
            if cx.is_account_making(service) {
                "Creating"
            } else {
                "Created"
            },
        );
        writer.texts("Endpoints", "Endpoint", endpoints(""));
        writer.text("GeoPrimaryRegion", &location);
        writer.text("StatusOfPrimary", "Available");
        match kind {
            "Standard_GRS" | "Standard_RAGRS" => {
                writer.text("GeoSecondaryRegion", pair);
                writer.text("StatusOfSecondary", "Available");
            }
            "Standard_ZRS" => {}
            _ => {
                writer.empty("GeoSecondaryRegion");
                writer.empty("StatusOfSecondary");
            }
        }
        writer.text("CreationTime", date(service.created));
        writer.empty("CustomDomains");
        if kind == "Standard_RAGRS" {
            writer.texts("SecondaryEndpoints", "Endpoint", endpoints("-secondary"));
        }
        writer.text("AccountType", kind);
    });
    let group = format!("Default-Storage-{}", location.replace(' ', ""));
    encode::extended(writer, &service.extended, Some((&group, &location)));
}

fn keys(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    let service = asked.cx().storage_service(asked.key, asked.param("account"))?;
    let account = asked
        .cx()
        .fabric()
        .accounts
        .get(&*service.name)
        .ok_or_else(Failure::unknown)?;
    let body = Writer::root("StorageService", |writer| {
        writer.text("Url", url(asked, &service));
        writer.element("StorageServiceKeys", |writer| {
            writer.text("Primary", &account.keys[0]);
            writer.text("Secondary", &account.keys[1]);
        });
    });
    Ok(Answer::ok(body))
}

fn regenerate(asked: &mut Asked<'_>) -> Result<Answer, Failure> {
    if !asked
        .query("action")
        .is_some_and(|action| action.eq_ignore_ascii_case("regenerate"))
    {
        return Err(Failure::query());
    }
    let body = asked.body("RegenerateKeys")?;
    let primary = match body
        .text_of("KeyType")
        .unwrap_or_default()
        .to_ascii_lowercase()
        .as_str()
    {
        "primary" => true,
        "secondary" => false,
        _ => return Err(Failure::of(&forms::PARAMETER)),
    };
    let operation = asked.perform(Act::RegenerateKeys {
        name: asked.boxed("account"),
        primary,
    })?;
    Ok(keys(asked)?.by(operation))
}
