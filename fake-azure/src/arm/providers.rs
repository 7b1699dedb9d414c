//! Resource providers: their documents, and a subscription's registration (ARM 6.5).

use fake_azure_cloud::catalogue::providers::{self, Provider, ProviderType};
use fake_azure_cloud::descriptor::Dialect;
use fake_azure_cloud::{ApiVersion, CloudError, Guid};
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::error::Refusal;
use super::forms;
use super::request::Asked;
use crate::Sandbox;

/// From this version on documents have every member there is today (observed-arm, providers of 2016 and 2020).
const FULL: ApiVersion = ApiVersion::date(2019, 1, 1);
/// From this version on `authorizations` is a list.
const LISTS: ApiVersion = ApiVersion::date(2020, 1, 1);

/// Whether a subscription is registered with a provider. Providers that need no registration count as registered.
pub(crate) fn is_registered(sandbox: &Sandbox, subscription: Guid, namespace: &str) -> bool {
    let is_free = providers::find(namespace).is_some_and(|provider| provider.registration_policy == "RegistrationFree");
    let name = namespace.to_lowercase();
    is_free
        || sandbox
            .cloud
            .subscription(subscription)
            .is_none_or(|own| !own.unregistered.contains(name.as_str()))
}

/// `GET [/subscriptions/{id}]/providers[/{namespace}]`.
pub(crate) fn read(
    sandbox: &Sandbox,
    asked: &Asked<'_>,
    subscription: Option<Guid>,
    namespace: Option<&str>,
) -> Result<Answer, Refusal> {
    let document = match namespace {
        Some(namespace) => document(sandbox, asked, subscription, find(namespace)?),
        None => {
            let all: Vec<Value> = providers::PROVIDERS
                .iter()
                .map(|provider| document(sandbox, asked, subscription, provider))
                .collect();
            json!({ "value": all })
        }
    };
    Ok(Answer::ok(Dialect::Gateway, document))
}

/// `POST .../register` and `.../unregister`.
pub(crate) fn register(
    sandbox: &mut Sandbox,
    asked: &Asked<'_>,
    subscription: Guid,
    namespace: &str,
    registered: bool,
) -> Result<Answer, Refusal> {
    let provider = find(namespace)?;
    let was = is_registered(sandbox, subscription, provider.namespace);
    sandbox.cloud.register(subscription, provider.namespace, registered);
    let mut document = document(sandbox, asked, Some(subscription), provider);
    if was != registered && provider.registration_policy != "RegistrationFree" {
        // The answer tells of the change under way; who looks next sees it done.
        document["registrationState"] = Value::from(if registered { "Registering" } else { "Unregistering" });
    }
    Ok(Answer::ok(Dialect::Gateway, document))
}

fn find(namespace: &str) -> Result<&'static Provider, Refusal> {
    providers::find(namespace).ok_or_else(|| {
        CloudError::of(&forms::NO_SUCH_PROVIDER)
            .with("namespace", namespace)
            .into()
    })
}

fn document(sandbox: &Sandbox, asked: &Asked<'_>, subscription: Option<Guid>, provider: &Provider) -> Value {
    let version = asked.version();
    let mut document = Map::new();
    let scope = subscription.map_or_else(String::new, |id| format!("/subscriptions/{id}"));
    document.insert(
        "id".to_owned(),
        Value::from(format!("{scope}/providers/{}", provider.namespace)),
    );
    document.insert("namespace".to_owned(), Value::from(provider.namespace));
    let grants: Vec<Value> = provider
        .authorizations
        .iter()
        .map(|(application, role)| json!({ "applicationId": application, "roleDefinitionId": role }))
        .collect();
    match grants.first() {
        Some(_) if version >= LISTS => {
            document.insert("authorizations".to_owned(), Value::Array(grants));
        }
        Some(first) => {
            document.insert("authorization".to_owned(), first.clone());
        }
        None => {}
    }
    let year = sandbox.era().month().year();
    let types = provider
        .types
        .iter()
        .map(|row| type_entry(row, version, year))
        .collect();
    document.insert("resourceTypes".to_owned(), Value::Array(types));
    if let Some(id) = subscription {
        let state = if is_registered(sandbox, id, provider.namespace) {
            "Registered"
        } else {
            "Unregistered"
        };
        document.insert("registrationState".to_owned(), Value::from(state));
    }
    if version >= FULL {
        document.insert(
            "registrationPolicy".to_owned(),
            Value::from(provider.registration_policy),
        );
    }
    Value::Object(document)
}

fn type_entry(row: &ProviderType, version: ApiVersion, year: u16) -> Value {
    let is_full = version >= FULL;
    let mut entry = Map::new();
    entry.insert("resourceType".to_owned(), Value::from(row.name));
    let places: Vec<&str> = row
        .places
        .locations(year)
        .map(|location| location.display_name)
        .collect();
    entry.insert("locations".to_owned(), Value::from(places));
    if is_full && row.zoned {
        let zoned = row.places.locations(year).filter(|location| location.zones > 0);
        let mappings = zoned
            .map(|location| json!({ "location": location.display_name, "zones": location.zone_names() }))
            .collect();
        entry.insert("zoneMappings".to_owned(), Value::Array(mappings));
    }
    entry.insert("apiVersions".to_owned(), Value::from(row.versions.to_vec()));
    if let Some(default) = row.default_version.filter(|_| is_full) {
        entry.insert("defaultApiVersion".to_owned(), Value::from(default));
    }
    if is_full && !row.profiles.is_empty() {
        let profiles = row
            .profiles
            .iter()
            .map(|(profile, version)| json!({ "profileVersion": profile, "apiVersion": version }));
        entry.insert("apiProfiles".to_owned(), Value::Array(profiles.collect()));
    }
    if is_full || row.capabilities != "None" {
        entry.insert("capabilities".to_owned(), Value::from(row.capabilities));
    }
    Value::Object(entry)
}
