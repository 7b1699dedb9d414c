//! The metadata service's document about the machine that asks: `/metadata/instance`, whole or a part, as JSON or as text.
//!
//! It refuses to know more of a machine than its documents in the cloud say.

use bytes::Bytes;
use fake_azure_cloud::{ApiVersion, ResourceId};
use http::{Request, StatusCode};
use serde_json::{Value, json};

use super::form::Form;
use super::managed::{self, Trouble};
use crate::sandbox::Sandbox;

/// Versions, newest last.
const VERSIONS: &[&str] = &[
    "2017-04-02",
    "2017-08-01",
    "2017-12-01",
    "2018-02-01",
    "2018-04-02",
    "2018-10-01",
    "2019-03-11",
    "2019-06-01",
    "2019-08-01",
    "2019-11-01",
    "2020-06-01",
    "2020-09-01",
    "2021-01-01",
    "2021-02-01",
    "2021-05-01",
    "2021-11-01",
    "2021-12-13",
    "2023-07-01",
    "2023-11-15",
];

/// What the metadata service answers: a tree, or one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Tree(Value),
    Text(String),
}

/// `/metadata/versions`.
pub(super) fn versions(request: &Request<Bytes>) -> Result<Value, Trouble> {
    managed::check_metadata_header(request).map_err(bad)?;
    Ok(json!({ "apiVersions": VERSIONS }))
}

/// `/metadata/instance` and what stands below it; `machine` is the id of the machine whose service it is.
///
/// # Errors
///
/// What the service says against the request.
pub(super) fn read(
    sandbox: &Sandbox,
    request: &Request<Bytes>,
    query: &Form,
    machine: Option<&str>,
    below: &[&str],
) -> Result<Found, Trouble> {
    managed::check_metadata_header(request).map_err(bad)?;
    let Some(version) = query.field("api-version") else {
        return Err(bad_version("api-version was not specified in the request"));
    };
    let oldest = ApiVersion::parse(VERSIONS[0]);
    if ApiVersion::parse(version).is_none_or(|version| Some(version) < oldest) {
        return Err(bad_version("api-version is invalid"));
    }
    let not_found = || (StatusCode::NOT_FOUND, json!({ "error": "Not found" }));
    let whole = match machine {
        Some(id) => of_machine(sandbox, id).ok_or_else(not_found)?,
        None => of_nowhere(sandbox),
    };
    let mut part = &whole;
    for segment in below {
        part = match part {
            Value::Array(list) => segment.parse().ok().and_then(|at: usize| list.get(at)),
            Value::Object(members) => members
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(segment))
                .map(|(_, value)| value),
            _ => None,
        }
        .ok_or_else(not_found)?;
    }
    let as_text = query
        .field("format")
        .is_some_and(|format| format.eq_ignore_ascii_case("text"));
    match part {
        Value::Object(members) if as_text => Ok(Found::Text(
            members
                .iter()
                .map(|(name, value)| {
                    if value.is_string() {
                        name.clone()
                    } else {
                        format!("{name}/")
                    }
                })
                .collect::<Vec<_>>()
                .join("\n"),
        )),
        Value::Array(list) if as_text => Ok(Found::Text(
            (0..list.len())
                .map(|at| format!("{at}/"))
                .collect::<Vec<_>>()
                .join("\n"),
        )),
        Value::Object(_) | Value::Array(_) => Ok(Found::Tree(part.clone())),
        // A leaf has no form but text, and who asks for another is told so (the wording is assumed).
        leaf if as_text => Ok(Found::Text(text(leaf))),
        _ => Err(bad("The requested element is a leaf: 'format=text' is required")),
    }
}

fn bad(message: &str) -> Trouble {
    (
        StatusCode::BAD_REQUEST,
        json!({ "error": format!("Bad request. {message}") }),
    )
}

fn bad_version(message: &str) -> Trouble {
    let newest: Vec<&str> = VERSIONS.iter().rev().take(3).copied().collect();
    let document = json!({
        "error": format!("Bad request. {message}. For more information refer to aka.ms/azureimds"),
        "newest-versions": newest,
    });
    (StatusCode::BAD_REQUEST, document)
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A machine outside of every cloud, of the sandbox's first subscription.
fn of_nowhere(sandbox: &Sandbox) -> Value {
    let subscription = sandbox.subscriptions().first().map(ToString::to_string);
    let compute = compute(&Value::Null, &subscription.unwrap_or_default(), "", "");
    json!({ "compute": compute, "network": { "interface": [] } })
}

fn of_machine(sandbox: &Sandbox, id: &str) -> Option<Value> {
    let parsed = ResourceId::parse(id).ok()?;
    let machine = managed::machine(sandbox, id)?;
    let interfaces: Vec<Value> = list(&machine, "/properties/networkProfile/networkInterfaces")
        .filter_map(|reference| interface(sandbox, &follow(sandbox, reference)?))
        .collect();
    let own_id = machine["id"].as_str().unwrap_or(id);
    let subscription = parsed.subscription().to_string();
    let compute = compute(&machine, &subscription, parsed.group_name(), own_id);
    Some(json!({ "compute": compute, "network": { "interface": interfaces } }))
}

fn compute(machine: &Value, subscription: &str, group: &str, id: &str) -> Value {
    let word = |pointer: &str| machine.pointer(pointer).map(text).unwrap_or_default();
    let image = |member: &str| word(&format!("/properties/storageProfile/imageReference/{member}"));
    let tags = machine["tags"].as_object();
    let tag_list: Vec<Value> = tags
        .into_iter()
        .flatten()
        .map(|(name, value)| json!({ "name": name, "value": text(value) }))
        .collect();
    let tag_words: Vec<String> = tags
        .into_iter()
        .flatten()
        .map(|(name, value)| format!("{name}:{}", text(value)))
        .collect();
    let or = |found: String, otherwise: &str| if found.is_empty() { otherwise.to_owned() } else { found };
    json!({
        "azEnvironment": "AzurePublicCloud",
        "customData": "",
        "location": or(word("/location"), "westus"),
        "name": or(word("/name"), "fake-azure-machine"),
        "offer": image("offer"),
        "osType": or(word("/properties/storageProfile/osDisk/osType"), "Linux"),
        "placementGroupId": "",
        "platformFaultDomain": "0",
        "platformUpdateDomain": "0",
        "provider": "Microsoft.Compute",
        "publisher": image("publisher"),
        "resourceGroupName": group,
        "resourceId": id,
        "sku": image("sku"),
        "subscriptionId": subscription,
        "tags": tag_words.join(";"),
        "tagsList": tag_list,
        "version": image("version"),
        "vmId": word("/properties/vmId"),
        "vmScaleSetName": "",
        "vmSize": word("/properties/hardwareProfile/vmSize"),
        "zone": word("/zones/0"),
    })
}

fn interface(sandbox: &Sandbox, nic: &Value) -> Option<Value> {
    let mut addresses = Vec::new();
    let mut subnets = Vec::new();
    for configuration in list(nic, "/properties/ipConfigurations") {
        let properties = &configuration["properties"];
        let public = follow(sandbox, &properties["publicIPAddress"]);
        let public = public.and_then(|address| address.pointer("/properties/ipAddress")?.as_str().map(str::to_owned));
        addresses.push(json!({
            "privateIpAddress": text(properties.get("privateIPAddress").unwrap_or(&Value::Null)),
            "publicIpAddress": public.unwrap_or_default(),
        }));
        let subnet = follow(sandbox, &properties["subnet"])?;
        let prefix = subnet.pointer("/properties/addressPrefix").and_then(Value::as_str);
        let parts = prefix.and_then(|prefix| prefix.split_once('/'));
        if let Some((address, prefix)) = parts {
            subnets.push(json!({ "address": address, "prefix": prefix }));
        }
    }
    let address = nic.pointer("/properties/macAddress").map(text).unwrap_or_default();
    Some(json!({
        "ipv4": { "ipAddress": addresses, "subnet": subnets },
        "ipv6": { "ipAddress": [] },
        "macAddress": address.replace('-', ""),
    }))
}

/// The document of what `{"id": ..}` refers to.
fn follow(sandbox: &Sandbox, reference: &Value) -> Option<Value> {
    let id = ResourceId::parse(reference.get("id")?.as_str()?).ok()?;
    let resource = sandbox.cloud.store().find(id.folded())?;
    Some(managed::look_at(sandbox, resource))
}

fn list<'v>(document: &'v Value, pointer: &str) -> impl Iterator<Item = &'v Value> {
    document
        .pointer(pointer)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}
