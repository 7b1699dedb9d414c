//! `Microsoft.Compute/skus`: sizes and sets with what they are capable of (ARM 4.4).

use fake_azure_cloud::CloudError;
use fake_azure_cloud::catalogue::Month;
use fake_azure_cloud::catalogue::locations::{self, Location};
use fake_azure_cloud::catalogue::sizes::{self, OS_DISK_MB, VmSize};
use fake_azure_cloud::descriptor::Dialect;
use serde_json::{Value, json};

use super::answer::Answer;
use super::error::Refusal;
use super::forms;
use super::request::Asked;
use super::services::Service;
use crate::Sandbox;

/// Answers the list: one entry for each size in the location that the filter names. Without a filter an entry stands for all
/// of a size's locations: an entry for each would be some fifty thousand.
pub(crate) fn list(sandbox: &Sandbox, asked: &Asked<'_>, _call: &Service<'_>) -> Result<Answer, Refusal> {
    let month = sandbox.era().month();
    let places: Vec<&Location> = match asked.query.get("$filter").filter(|text| !text.trim().is_empty()) {
        Some(text) => vec![location_of(text)?].into_iter().flatten().collect(),
        None => locations::listed(month.year()).collect(),
    };

    let mut entries: Vec<Value> = ["Aligned", "Classic"].iter().map(|name| set(name, &places)).collect();
    for size in sizes::all() {
        let sold: Vec<&Location> = places
            .iter()
            .copied()
            .filter(|place| size.is_offered(place, month))
            .collect();
        if !sold.is_empty() {
            let mut entry = machine(size, &sold, month);
            if sandbox.cloud.ledger().limit(size.name) == Some(0) {
                entry["restrictions"] = restrictions(&sold);
            }
            entries.push(entry);
        }
    }
    if places.is_empty() {
        entries.clear();
    }
    Ok(Answer::ok(Dialect::Compute, json!({ "value": entries })))
}

/// `location eq 'westus'`: the only filter there is. A location that there is not has no entries.
fn location_of(filter: &str) -> Result<Option<&'static Location>, Refusal> {
    let mut words = filter.split_whitespace();
    let is_location = words.next().is_some_and(|word| word.eq_ignore_ascii_case("location"))
        && words.next().is_some_and(|word| word.eq_ignore_ascii_case("eq"));
    let text = words.collect::<Vec<_>>().join(" ");
    match text
        .strip_prefix('\'')
        .and_then(|text| text.strip_suffix('\''))
        .filter(|_| is_location)
    {
        Some(name) => Ok(locations::find(name)),
        None => Err(CloudError::of(&forms::NULL_PARAMETER)
            .with("parameter", "$filter")
            .about("$filter")
            .into()),
    }
}

fn machine(size: &VmSize, places: &[&Location], month: Month) -> Value {
    let gb = f64::from(size.memory_mb) / 1024.0;
    let yes_no = |value: bool| if value { "True" } else { "False" }.to_owned();
    let capabilities: Vec<(&str, String)> = vec![
        ("MaxResourceVolumeMB", size.resource_disk_mb.to_string()),
        ("OSVhdSizeMB", OS_DISK_MB.to_string()),
        ("vCPUs", size.cores.to_string()),
        ("HyperVGenerations", size.family.generations.as_str().to_owned()),
        ("MemoryGB", gb.to_string()),
        ("MaxDataDiskCount", size.max_data_disks(month).to_string()),
        ("CpuArchitectureType", size.family.architecture.as_str().to_owned()),
        ("LowPriorityCapable", yes_no(size.tier() != "Basic")),
        ("PremiumIO", yes_no(size.premium_io())),
        ("VMDeploymentTypes", "IaaS".to_owned()),
        ("vCPUsAvailable", size.vcpus_available.to_string()),
        ("EphemeralOSDiskSupported", yes_no(size.ephemeral_os_disk())),
        ("AcceleratedNetworkingEnabled", yes_no(size.accelerated_networking())),
        ("MaxNetworkInterfaces", size.max_nics(month).to_string()),
    ];
    json!({
        "resourceType": "virtualMachines",
        "name": size.name,
        "tier": size.tier(),
        "size": size.short_name(),
        "family": size.family.name,
        "locations": names(places),
        "locationInfo": places.iter().map(|place| info(place)).collect::<Vec<_>>(),
        "capabilities": named(&capabilities),
        "restrictions": [],
    })
}

/// What a subscription may not have is said so, for each location (ARM 4.4, juju-provider L71).
fn restrictions(places: &[&Location]) -> Value {
    let restriction = |place: &&Location| {
        json!({
            "type": "Location",
            "values": [place.name],
            "restrictionInfo": { "locations": [place.name] },
            "reasonCode": "NotAvailableForSubscription",
        })
    };
    places.iter().map(restriction).collect()
}

fn set(name: &str, places: &[&Location]) -> Value {
    let domains = places
        .iter()
        .map(|place| place.fault_domains)
        .max()
        .unwrap_or(locations::UNMANAGED_FAULT_DOMAINS);
    let domains = if name == "Aligned" {
        domains
    } else {
        locations::UNMANAGED_FAULT_DOMAINS
    };
    json!({
        "resourceType": "availabilitySets",
        "name": name,
        "locations": names(places),
        "locationInfo": places.iter().map(|place| json!({ "location": place.name, "zones": [] })).collect::<Vec<_>>(),
        "capabilities": named(&[("MaximumPlatformFaultDomainCount", domains.to_string())]),
        "restrictions": [],
    })
}

fn names(places: &[&Location]) -> Vec<&'static str> {
    places.iter().map(|place| place.name).collect()
}

fn info(place: &Location) -> Value {
    json!({ "location": place.name, "zones": place.zone_names(), "zoneDetails": [] })
}

fn named(capabilities: &[(&str, String)]) -> Vec<Value> {
    capabilities
        .iter()
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect()
}
