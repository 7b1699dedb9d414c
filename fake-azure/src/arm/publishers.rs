//! The catalogue of images and extensions: bare arrays whose ids begin with capitals (ARM 8.6; observed-arm, Lists).

use fake_azure_cloud::catalogue::extensions::{self, ExtensionType};
use fake_azure_cloud::catalogue::images::{self, Sku};
use fake_azure_cloud::descriptor::Dialect;
use fake_azure_cloud::{ApiVersion, CloudError};
use serde_json::{Value, json};

use super::answer::Answer;
use super::error::Refusal;
use super::request::Asked;
use super::services::Service;
use super::{forms, paging};
use crate::Sandbox;

/// From this version on images tell of upgrades and generations (observed-arm).
const UPGRADES: ApiVersion = ApiVersion::date(2018, 4, 1);
/// From this version on extensions tell of roll-backs (observed-arm: 2020-06-01 does, 2017-03-30 not).
const ROLLBACKS: ApiVersion = ApiVersion::date(2019, 3, 1);
/// From this version on images tell their size and what they may not be used with.
const SIZES: ApiVersion = ApiVersion::date(2020, 12, 1);
/// From this version on images tell their architecture (ARM 8.6).
const ARCHITECTURES: ApiVersion = ApiVersion::date(2021, 7, 1);
/// From this version on images tell whether they are about to be withdrawn (ARM 8.6).
const DEPRECATIONS: ApiVersion = ApiVersion::date(2022, 3, 1);

/// `publishers`: of images and of extensions, by name.
pub(crate) fn list(_sandbox: &Sandbox, asked: &Asked<'_>, call: &Service<'_>) -> Result<Answer, Refusal> {
    let mut names: Vec<&str> = images::PUBLISHERS.iter().map(|publisher| publisher.name).collect();
    names.extend(extensions::PUBLISHERS.iter().map(|publisher| publisher.name));
    names.sort_by_key(|name| name.to_lowercase());
    names.dedup_by(|one, other| one.eq_ignore_ascii_case(other));
    array(asked, call, "", names, |_| None)
}

/// `offers` of a publisher; a publisher of extensions has none.
pub(crate) fn offers(_sandbox: &Sandbox, asked: &Asked<'_>, call: &Service<'_>) -> Result<Answer, Refusal> {
    let names = match images::find_publisher(call.args[0]) {
        Some(publisher) => publisher.offers.iter().map(|offer| offer.name).collect(),
        None if extensions::find_publisher(call.args[0]).is_some() => Vec::new(),
        None => return Err(missing()),
    };
    array(
        asked,
        call,
        &format!("/{}/ArtifactTypes/VMImage/Offers", call.args[0]),
        names,
        |_| None,
    )
}

/// `skus` of an offer.
pub(crate) fn skus(_sandbox: &Sandbox, asked: &Asked<'_>, call: &Service<'_>) -> Result<Answer, Refusal> {
    let offer = images::find_offer(call.args[0], call.args[1]).ok_or_else(missing)?;
    let names = offer.skus.iter().map(|sku| sku.name).collect();
    let below = format!("/{}/ArtifactTypes/VMImage/Offers/{}/Skus", call.args[0], call.args[1]);
    let shows = asked.version() >= SIZES;
    array(asked, call, &below, names, |_| {
        shows.then(|| json!({ "automaticOSUpgradeProperties": { "automaticOSUpgradeSupported": false } }))
    })
}

/// `versions` of a SKU; none when all were withdrawn.
pub(crate) fn versions(_sandbox: &Sandbox, asked: &Asked<'_>, call: &Service<'_>) -> Result<Answer, Refusal> {
    let sku = images::find_sku(call.args[0], call.args[1], call.args[2]).ok_or_else(missing)?;
    let below = format!(
        "/{}/ArtifactTypes/VMImage/Offers/{}/Skus/{}/Versions",
        call.args[0], call.args[1], call.args[2]
    );
    let expand = asked.expand();
    array(asked, call, &below, sku.versions.to_vec(), |_| {
        let whole = image_properties(sku, asked.version());
        match expand.strip_prefix("properties") {
            Some("") => Some(whole),
            // `properties/imageDeprecationStatus` (real-clients 1.3).
            Some(rest) => {
                let wanted = rest.trim_start_matches('/');
                let (name, value) = whole
                    .as_object()?
                    .iter()
                    .find(|(own, _)| own.eq_ignore_ascii_case(wanted))?;
                Some(json!({ (name.as_str()): value }))
            }
            None => None,
        }
    })
}

/// One version of a SKU.
pub(crate) fn version(_sandbox: &Sandbox, asked: &Asked<'_>, call: &Service<'_>) -> Result<Answer, Refusal> {
    let image = images::find(call.args[0], call.args[1], call.args[2], call.args[3]).ok_or_else(missing)?;
    let below = format!(
        "/{}/ArtifactTypes/VMImage/Offers/{}/Skus/{}/Versions",
        call.args[0], call.args[1], call.args[2]
    );
    let properties = image_properties(image.sku, asked.version());
    Ok(Answer::ok(
        Dialect::Compute,
        entry(call, &below, image.version, Some(properties)),
    ))
}

/// `types` of a publisher; a publisher of images has none.
pub(crate) fn types(_sandbox: &Sandbox, asked: &Asked<'_>, call: &Service<'_>) -> Result<Answer, Refusal> {
    let names = match extensions::find_publisher(call.args[0]) {
        Some(publisher) => publisher.types.iter().map(|kind| kind.name).collect(),
        None if images::find_publisher(call.args[0]).is_some() => Vec::new(),
        None => return Err(missing()),
    };
    array(
        asked,
        call,
        &format!("/{}/ArtifactTypes/VMExtension/Types", call.args[0]),
        names,
        |_| None,
    )
}

/// `versions` of a type.
pub(crate) fn type_versions(_sandbox: &Sandbox, asked: &Asked<'_>, call: &Service<'_>) -> Result<Answer, Refusal> {
    let kind = extensions::find(call.args[0], call.args[1]).ok_or_else(missing)?;
    let below = format!(
        "/{}/ArtifactTypes/VMExtension/Types/{}/Versions",
        call.args[0], call.args[1]
    );
    array(asked, call, &below, kind.versions.to_vec(), |_| None)
}

/// One version of a type.
pub(crate) fn type_version(_sandbox: &Sandbox, asked: &Asked<'_>, call: &Service<'_>) -> Result<Answer, Refusal> {
    let kind = extensions::find(call.args[0], call.args[1]).ok_or_else(missing)?;
    let version = kind
        .versions
        .iter()
        .find(|own| own.eq_ignore_ascii_case(call.args[2]))
        .ok_or_else(missing)?;
    let below = format!(
        "/{}/ArtifactTypes/VMExtension/Types/{}/Versions",
        call.args[0], call.args[1]
    );
    let properties = extension_properties(kind, asked.version());
    Ok(Answer::ok(
        Dialect::Compute,
        entry(call, &below, version, Some(properties)),
    ))
}

fn missing() -> Refusal {
    CloudError::of(&forms::IMAGE_NOT_FOUND).into()
}

/// What stands in an image's `properties`.
fn image_properties(sku: &Sku, version: ApiVersion) -> Value {
    let mut properties = json!({});
    if let Some(plan) = sku.plan {
        properties["plan"] = json!({ "publisher": plan.publisher, "name": plan.name, "product": plan.product });
    }
    if version >= UPGRADES {
        properties["hyperVGeneration"] = Value::from(sku.generation);
    }
    if version >= ARCHITECTURES {
        properties["architecture"] = Value::from(sku.architecture.as_str());
    }
    if version >= SIZES {
        properties["replicaType"] = Value::from("Unmanaged");
        properties["disallowed"] = json!({ "vmDiskType": "None" });
    }
    if version >= UPGRADES {
        properties["automaticOSUpgradeProperties"] = json!({ "automaticOSUpgradeSupported": false });
    }
    if version >= DEPRECATIONS {
        properties["imageDeprecationStatus"] = json!({ "imageState": "Active" });
    }
    let mut disk = json!({ "operatingSystem": sku.os.as_str() });
    if version >= SIZES {
        disk["sizeInGb"] = Value::from(sku.size_in_gb());
        disk["sizeInBytes"] = Value::from(sku.size_in_bytes());
    }
    properties["osDiskImage"] = disk;
    properties["dataDiskImages"] = json!([]);
    properties
}

/// What stands in an extension's `properties`.
fn extension_properties(kind: &ExtensionType, version: ApiVersion) -> Value {
    let mut properties = json!({
        "operatingSystem": kind.os.as_str(),
        "computeRole": "IaaS",
        "vmScaleSetEnabled": false,
        "supportsMultipleExtensions": false,
    });
    if version >= ROLLBACKS {
        properties["rollbackSupported"] = Value::from(false);
        properties["isJsonExtension"] = Value::from(true);
    }
    properties
}

/// A bare array, after the query options that this layer knows: `$top`, `$orderby=name`, `$filter=startswith(name,..)`.
fn array(
    asked: &Asked<'_>,
    call: &Service<'_>,
    below: &str,
    mut names: Vec<&str>,
    properties: impl Fn(&str) -> Option<Value>,
) -> Result<Answer, Refusal> {
    if let Some(prefix) = name_prefix(asked.query.get("$filter").unwrap_or(""))? {
        names.retain(|name| name.to_lowercase().starts_with(&prefix.to_lowercase()));
    }
    match asked.query.get("$orderby").unwrap_or("").trim().to_lowercase().as_str() {
        "" | "name" | "name asc" => {}
        "name desc" => names.reverse(),
        _ => return Err(not_allowed("OrderBy")),
    }
    if let Some(top) = paging::top(asked)? {
        names.truncate(top);
    }
    let entries = names
        .into_iter()
        .map(|name| entry(call, below, name, properties(name)))
        .collect();
    Ok(Answer::ok(Dialect::Compute, Value::Array(entries)))
}

/// The text of `startswith(name,'..')`; `None` for no filter.
fn name_prefix(filter: &str) -> Result<Option<String>, Refusal> {
    let filter = filter.trim();
    if filter.is_empty() {
        return Ok(None);
    }
    let read = || {
        let (function, rest) = filter.split_once('(')?;
        let (name, text) = rest.strip_suffix(')')?.split_once(',')?;
        let is_known = function.trim().eq_ignore_ascii_case("startswith") && name.trim().eq_ignore_ascii_case("name");
        let text = text.trim().strip_prefix('\'')?.strip_suffix('\'')?;
        is_known.then(|| text.to_owned())
    };
    read().map(Some).ok_or_else(|| not_allowed("Filter"))
}

/// The refusal of this layer, which has no code (observed-arm, Error catalogue).
fn not_allowed(option: &str) -> Refusal {
    Refusal::Query(format!(
        "The query specified in the URI is not valid. Query option '{option}' is not allowed. To allow it, set the \
         'AllowedQueryOptions' property on EnableQueryAttribute or QueryValidationSettings."
    ))
}

/// One entry. Names on the way are spelt as the client spelt them, its own as the catalogue does (ARM 8.6).
fn entry(call: &Service<'_>, below: &str, name: &str, properties: Option<Value>) -> Value {
    let place = call.location.name;
    let id = format!(
        "/Subscriptions/{}/Providers/Microsoft.Compute/Locations/{place}/Publishers{below}/{name}",
        call.subscription
    );
    match properties {
        Some(properties) => json!({ "properties": properties, "location": place, "name": name, "id": id }),
        None => json!({ "location": place, "name": name, "id": id }),
    }
}
