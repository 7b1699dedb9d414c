//! Whether a name or an address is free: what the world knows of it, in the words of the service that is asked.

use std::net::Ipv4Addr;

use fake_azure_cloud::descriptor::Dialect;
use fake_azure_cloud::{CloudError, Kind, NameAvailability, Resource};
use serde_json::{Value, json};

use super::answer::Answer;
use super::error::Refusal;
use super::request::Asked;
use super::services::Service;
use super::{decode, forms};
use crate::Sandbox;

/// How many free addresses are offered in place of one that is taken (observed-arm: five).
const OFFERED: usize = 5;

/// Whether an address of a virtual network is free.
pub(crate) fn address(sandbox: &Sandbox, asked: &Asked<'_>, network: &Resource) -> Result<Answer, Refusal> {
    let text = asked.query.get("ipaddress").unwrap_or("");
    let Ok(address) = text.parse::<Ipv4Addr>() else {
        return Err(CloudError::of(&forms::ADDRESS_FORMAT).with("address", text).into());
    };
    let fabric = sandbox.cloud.fabric();
    let holder = sandbox
        .cloud
        .store()
        .children(network.key, Kind::Subnets)
        .find_map(|subnet| {
            let pool = fabric.pools.get(&subnet.key)?;
            pool.contains(address).then_some((subnet.key, pool))
        });
    let Some((subnet, pool)) = holder else {
        return Err(CloudError::of(&forms::ADDRESS_NOT_IN_SUBNET)
            .with("address", address)
            .with("network", sandbox.cloud.id(network.key))
            .into());
    };

    let is_reserved = pool.is_reserved(address);
    if !is_reserved && fabric.is_free(subnet, address) {
        return Ok(Answer::ok(Dialect::Network, json!({ "available": true })));
    }
    let mut offered: Vec<Ipv4Addr> = Vec::with_capacity(OFFERED);
    while offered.len() < OFFERED
        && let Some(free) = fabric.lowest_free(subnet, &offered)
    {
        offered.push(free);
    }
    let offered: Vec<Value> = offered.iter().map(|free| Value::from(free.to_string())).collect();
    Ok(Answer::ok(
        Dialect::Network,
        json!({ "available": false, "availableIPAddresses": offered, "isPlatformReserved": is_reserved }),
    ))
}

/// Whether a DNS name is free in a location.
pub(crate) fn dns_name(sandbox: &Sandbox, asked: &Asked<'_>, call: &Service<'_>) -> Result<Answer, Refusal> {
    let label = asked.query.get("domainnamelabel").unwrap_or("");
    let has_form = (3..=63).contains(&label.len())
        && label
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && label.starts_with(|c: char| c.is_ascii_lowercase())
        && !label.ends_with('-');
    if !has_form {
        return Err(CloudError::of(&forms::BAD_DOMAIN_LABEL).with("label", label).into());
    }
    let name = format!("{label}.{}.cloudapp.azure.com", call.location.name);
    let available = !sandbox.cloud.fabric().dns_names.contains(name.as_str());
    Ok(Answer::ok(Dialect::Network, json!({ "available": available })))
}

/// Whether a storage account's name has the form and is free in the whole cloud (ARM 3.7).
pub(crate) fn account_name(sandbox: &Sandbox, asked: &Asked<'_>, _call: &Service<'_>) -> Result<Answer, Refusal> {
    let document = decode::parameters(asked)?;
    let name = document.get("name").and_then(Value::as_str).unwrap_or("");
    let refused =
        |reason: &str, message: String| json!({ "nameAvailable": false, "reason": reason, "message": message });
    let verdict = match sandbox.cloud.check_storage_account_name(name) {
        NameAvailability::Available => json!({ "nameAvailable": true }),
        NameAvailability::Invalid(message) => refused("AccountNameInvalid", message),
        NameAvailability::Taken(message) => refused("AlreadyExists", message),
    };
    Ok(Answer::ok(Dialect::Storage, verdict))
}

/// Services that a subnet can have an endpoint for.
pub(crate) fn endpoint_services(_sandbox: &Sandbox, _asked: &Asked<'_>, call: &Service<'_>) -> Result<Answer, Refusal> {
    let name = "Microsoft.Storage";
    let id = format!(
        "/subscriptions/{}/providers/Microsoft.Network/virtualNetworkEndpointServices/{name}",
        call.subscription
    );
    let entry = json!({ "name": name, "id": id, "type": "Microsoft.Network/virtualNetworkEndpointServices" });
    Ok(Answer::ok(Dialect::Network, json!({ "value": [entry] })))
}
