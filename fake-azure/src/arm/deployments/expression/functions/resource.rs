//! What the catalogue knows: zones and providers.

use fake_azure_cloud::catalogue::{locations, providers};
use serde_json::{Value, json};

use super::{Category, Types, function, int, items, text};

pub(super) const FUNCTIONS: Category = &[
    function(
        "pickZones",
        &[Types::TEXT, Types::TEXT, Types::TEXT, Types::INT, Types::INT],
        pick_zones,
    )
    .required(3),
    function("providers", &[Types::TEXT, Types::TEXT], provider).required(1),
    function("toLogicalZone", &[Types::TEXT, Types::TEXT, Types::TEXT], |args| {
        Ok(logical(text(&args[1]), &args[2]))
    }),
    function("toLogicalZones", &[Types::TEXT, Types::TEXT, Types::ARRAY], |args| {
        Ok(Value::Array(
            items(&args[2])
                .iter()
                .map(|zone| logical(text(&args[1]), zone))
                .collect(),
        ))
    }),
    function("toPhysicalZone", &[Types::TEXT, Types::TEXT, Types::TEXT], |args| {
        Ok(physical(text(&args[1]), &args[2]))
    }),
    function("toPhysicalZones", &[Types::TEXT, Types::TEXT, Types::ARRAY], |args| {
        Ok(Value::Array(
            items(&args[2])
                .iter()
                .map(|zone| physical(text(&args[1]), zone))
                .collect(),
        ))
    }),
];

/// The zones of a type in a place; none where it has none.
fn pick_zones(args: &[Value]) -> Result<Value, String> {
    let full_type = format!("{}/{}", text(&args[0]), text(&args[1]));
    let Some(row) = providers::find_type(&full_type) else {
        return Err(format!("the resource type '{full_type}' could not be found."));
    };
    let Some(place) = locations::find(text(&args[2])) else {
        return Err(format!("the location '{}' could not be found.", text(&args[2])));
    };
    let zones = if row.zoned { place.zones } else { 0 };
    let (count, offset) = (args.get(3).map_or(1, int), args.get(4).map_or(0, int));
    if zones == 0 {
        return Ok(json!([]));
    }
    if count < 1 || offset < 0 || count.saturating_add(offset) > i64::from(zones) {
        return Err(format!(
            "the number of zones '{count}' and the offset '{offset}' must lie within '{zones}' zones."
        ));
    }
    Ok(Value::Array(
        (offset + 1..=offset + count)
            .map(|zone| Value::from(zone.to_string()))
            .collect(),
    ))
}

fn provider(args: &[Value]) -> Result<Value, String> {
    let Some(found) = providers::find(text(&args[0])) else {
        return Err(format!(
            "the resource provider '{}' could not be found.",
            text(&args[0])
        ));
    };
    let row = |row: &providers::ProviderType| {
        let places: Vec<&str> = row.places.locations(9999).map(|place| place.display_name).collect();
        json!({ "resourceType": row.name, "locations": places, "apiVersions": row.versions })
    };
    match args.get(1) {
        None => Ok(json!({
            "namespace": found.namespace,
            "resourceTypes": found.types.iter().map(row).collect::<Vec<_>>(),
        })),
        Some(wanted) => match found
            .types
            .iter()
            .find(|own| own.name.eq_ignore_ascii_case(text(wanted)))
        {
            Some(found) => Ok(row(found)),
            None => Err(format!(
                "the resource type '{}/{}' could not be found.",
                text(&args[0]),
                text(wanted)
            )),
        },
    }
}

/// `eastus-az1`: a zone as the whole of Azure knows it. Here every subscription numbers them alike.
fn physical(place: &str, zone: &Value) -> Value {
    if text(zone).is_empty() {
        json!("")
    } else {
        Value::from(format!("{}-az{}", place.to_lowercase().replace(' ', ""), text(zone)))
    }
}

fn logical(place: &str, zone: &Value) -> Value {
    let prefix = format!("{}-az", place.to_lowercase().replace(' ', ""));
    Value::from(text(zone).strip_prefix(&prefix).unwrap_or(""))
}
