//! Subscriptions, tenants and locations (ARM 6.5, 1.4).

use fake_azure_cloud::catalogue::locations::{self, Category, LOGICAL_REGIONS, Location};
use fake_azure_cloud::descriptor::Dialect;
use fake_azure_cloud::{ApiVersion, CloudError, Guid, Subscription, forms as cloud_forms};
use serde_json::{Value, json};

use super::answer::Answer;
use super::error::Refusal;
use super::request::Asked;
use crate::Sandbox;
use crate::identity::{self, Audience};

/// From this version on a subscription names its tenant (ARM 6.5).
const NAMES_TENANT: ApiVersion = ApiVersion::date(2019, 6, 1);
/// From this version on lists count, and locations have metadata.
const METADATA: ApiVersion = ApiVersion::date(2020, 1, 1);
/// From this version on locations have a type and name their zones.
const ZONES: ApiVersion = ApiVersion::date(2022, 12, 1);

/// `GET /subscriptions`.
pub(crate) fn list(sandbox: &Sandbox, asked: &Asked<'_>) -> Answer {
    // A caller of another tenant sees none: all of them belong to the home tenant.
    let is_at_home = identity::check_bearer(sandbox, asked.headers).is_ok();
    let all: Vec<Value> = sandbox
        .cloud
        .subscriptions()
        .filter(|_| is_at_home)
        .map(|own| document(sandbox, asked, own))
        .collect();
    let mut answer = json!({ "value": all });
    if asked.version() >= METADATA {
        answer["count"] = json!({ "type": "Total", "value": all.len() });
    }
    Answer::ok(Dialect::Gateway, answer)
}

/// `GET /subscriptions/{id}`.
pub(crate) fn one(sandbox: &Sandbox, asked: &Asked<'_>, id: Guid) -> Result<Answer, Refusal> {
    match sandbox.cloud.subscription(id) {
        Some(subscription) => Ok(Answer::ok(Dialect::Gateway, document(sandbox, asked, subscription))),
        None => Err(CloudError::of(&cloud_forms::NO_SUBSCRIPTION)
            .with("subscription", id)
            .into()),
    }
}

fn document(sandbox: &Sandbox, asked: &Asked<'_>, subscription: &Subscription) -> Value {
    let id = format!("/subscriptions/{}", subscription.id);
    if asked.version() < NAMES_TENANT {
        return json!({
            "id": id,
            "subscriptionId": subscription.id.to_string(),
            "displayName": subscription.display_name,
            "state": "Enabled",
            "subscriptionPolicies": { "locationPlacementId": "Public_2014-09-01", "quotaId": "PayAsYouGo_2014-09-01" },
        });
    }
    json!({
        "id": id,
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": subscription.id.to_string(),
        "tenantId": sandbox.directory.tenant().to_string(),
        "displayName": subscription.display_name,
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    })
}

/// `GET /tenants`: those that the caller is known in.
pub(crate) fn tenants(sandbox: &Sandbox, asked: &Asked<'_>) -> Answer {
    let caller = identity::check_bearer_of_any_tenant(sandbox, asked.headers, Audience::Management);
    let (home, tenants) = match caller {
        Ok(caller) => (caller.tenant, sandbox.directory.tenants_of(caller.object_id)),
        Err(_) => (sandbox.directory.tenant(), Vec::new()),
    };
    // A managed identity stands in no directory, but in the tenant of its machine.
    let tenants = if tenants.is_empty() {
        let all = sandbox.directory.tenants().into_iter();
        all.filter(|tenant| tenant.id == home).collect()
    } else {
        tenants
    };
    let documents: Vec<Value> = tenants
        .iter()
        .map(|tenant| {
            let mut document = json!({ "id": format!("/tenants/{}", tenant.id), "tenantId": tenant.id.to_string() });
            if asked.version() >= METADATA {
                document["countryCode"] = Value::from("US");
                document["displayName"] = Value::from(tenant.display_name.as_str());
                document["domains"] = json!([tenant.default_domain]);
                document["tenantCategory"] = Value::from("Home");
                document["defaultDomain"] = Value::from(tenant.default_domain.as_str());
                document["tenantType"] = Value::from("AAD");
            }
            document
        })
        .collect();
    Answer::ok(Dialect::Gateway, json!({ "value": documents }))
}

/// `GET /subscriptions/{id}/locations`.
pub(crate) fn locations(sandbox: &Sandbox, asked: &Asked<'_>, subscription: Guid) -> Answer {
    let year = sandbox.era().month().year();
    let version = asked.version();
    let entries: Vec<Value> = if version < METADATA {
        locations::listed(year)
            .map(|location| plain(subscription, location))
            .collect()
    } else {
        let (recommended, other): (Vec<&Location>, Vec<&Location>) =
            locations::listed_2020(year).partition(|location| location.category == Category::Recommended);
        let physical = |location: &&Location| detailed(subscription, location, version);
        let logical = LOGICAL_REGIONS.iter().map(|region| {
            let mut metadata = json!({ "regionType": "Logical", "regionCategory": "Other" });
            if let Some(group) = region.geography_group {
                metadata["geographyGroup"] = Value::from(group);
            }
            let mut entry = head(subscription, region.name, version);
            entry["displayName"] = Value::from(region.display_name);
            entry["regionalDisplayName"] = Value::from(region.regional_display_name);
            entry["metadata"] = metadata;
            entry
        });
        recommended
            .iter()
            .map(physical)
            .chain(logical)
            .chain(other.iter().map(physical))
            .collect()
    };
    Answer::ok(Dialect::Gateway, json!({ "value": entries }))
}

fn head(subscription: Guid, name: &str, version: ApiVersion) -> Value {
    let mut entry = json!({ "id": format!("/subscriptions/{subscription}/locations/{name}"), "name": name });
    if version >= ZONES {
        entry["type"] = Value::from("Region");
    }
    entry
}

fn plain(subscription: Guid, location: &Location) -> Value {
    json!({
        "id": format!("/subscriptions/{subscription}/locations/{}", location.name),
        "name": location.name,
        "displayName": location.display_name,
        "longitude": location.longitude,
        "latitude": location.latitude,
    })
}

fn detailed(subscription: Guid, location: &Location, version: ApiVersion) -> Value {
    let mut metadata = json!({
        "regionType": "Physical",
        "regionCategory": location.category.as_str(),
        "geographyGroup": location.geography_group,
        "longitude": location.longitude,
        "latitude": location.latitude,
    });
    if version >= ZONES {
        metadata["geography"] = Value::from(location.geography);
    }
    if !location.physical_location.is_empty() {
        metadata["physicalLocation"] = Value::from(location.physical_location);
    }
    let pairs: Vec<Value> = location
        .pair
        .iter()
        .map(|pair| json!({ "name": pair, "id": format!("/subscriptions/{subscription}/locations/{pair}") }))
        .collect();
    metadata["pairedRegion"] = Value::Array(pairs);

    let mut entry = head(subscription, location.name, version);
    entry["displayName"] = Value::from(location.display_name);
    entry["regionalDisplayName"] = Value::from(location.regional_display_name);
    entry["metadata"] = metadata;
    if version >= ZONES && location.zones > 0 {
        let zones = location
            .zone_names()
            .iter()
            .map(|zone| json!({ "logicalZone": zone, "physicalZone": format!("{}-az{zone}", location.name) }));
        entry["availabilityZoneMappings"] = Value::Array(zones.collect());
    }
    entry
}
