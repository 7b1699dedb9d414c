//! Deleted vaults, the names of vaults, and access policies: what Microsoft.KeyVault answers besides its resources.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fake_azure_cloud::descriptor::Dialect;
use fake_azure_cloud::fabric::{DeletedVault, Vault};
use fake_azure_cloud::vaults::VaultNameAvailability;
use fake_azure_cloud::{Call, CloudError, Guid, Outcome, ResourceId};
use http::Method;
use serde_json::{Value, json};

use super::answer::Answer;
use super::error::Refusal;
use super::request::Asked;
use super::services::Service;
use super::{decode, forms, items};
use crate::Sandbox;

/// Whether a vault's name has the form and is free in the whole cloud.
pub(crate) fn check_name(sandbox: &Sandbox, asked: &Asked<'_>, call: &Service<'_>) -> Result<Answer, Refusal> {
    let document = decode::parameters(asked)?;
    let name = document.get("name").and_then(Value::as_str).unwrap_or("");
    let refused =
        |reason: &str, message: String| json!({ "nameAvailable": false, "reason": reason, "message": message });
    let verdict = match sandbox.cloud.check_vault_name(call.subscription, name) {
        VaultNameAvailability::Available => json!({ "nameAvailable": true }),
        VaultNameAvailability::Invalid(message) => refused("AccountNameInvalid", message),
        VaultNameAvailability::Taken(message) => refused("AlreadyExists", message),
    };
    Ok(Answer::ok(Dialect::KeyVault, verdict))
}

/// The deleted vaults of a subscription.
pub(crate) fn list_deleted(sandbox: &Sandbox, _asked: &Asked<'_>, call: &Service<'_>) -> Result<Answer, Refusal> {
    let entries: Vec<Value> = sandbox
        .cloud
        .deleted_vaults(call.subscription)
        .map(|(vault, deleted)| entry(call.subscription, vault, deleted))
        .collect();
    Ok(Answer::ok(Dialect::KeyVault, json!({ "value": entries })))
}

/// One deleted vault.
pub(crate) fn deleted(sandbox: &Sandbox, _asked: &Asked<'_>, call: &Service<'_>) -> Result<Answer, Refusal> {
    let (vault, deleted) = sandbox
        .cloud
        .deleted_vault(call.subscription, call.location.name, call.args[0])?;
    Ok(Answer::ok(Dialect::KeyVault, entry(call.subscription, vault, deleted)))
}

fn entry(subscription: Guid, vault: &Vault, deleted: &DeletedVault) -> Value {
    let mut properties = json!({
        "vaultId": &*deleted.id,
        "location": &*vault.location,
        "tags": deleted.tags,
        "deletionDate": secs(&deleted.at.to_string()),
        "scheduledPurgeDate": secs(&deleted.until.to_string()),
    });
    if vault.purge_protection {
        properties["purgeProtectionEnabled"] = json!(true);
    }
    json!({
        "id": format!(
            "/subscriptions/{subscription}/providers/Microsoft.KeyVault/locations/{}/deletedVaults/{}",
            vault.location, vault.name
        ),
        "name": &*vault.name,
        "type": "Microsoft.KeyVault/deletedVaults",
        "properties": properties,
    })
}

/// A time without fractional digits.
fn secs(text: &str) -> String {
    match text.split_once('.') {
        Some((secs, _)) => format!("{secs}Z"),
        None => text.to_owned(),
    }
}

/// The location and name of a path that purges: `locations/{location}/deletedVaults/{name}/purge`.
pub(crate) fn purged<'a>(namespace: &str, rest: &'a [String]) -> Option<(&'a str, &'a str)> {
    let words: Vec<&str> = rest.iter().map(String::as_str).collect();
    match words.as_slice() {
        [first, location, collection, name, last]
            if namespace.eq_ignore_ascii_case("Microsoft.KeyVault")
                && first.eq_ignore_ascii_case("locations")
                && collection.eq_ignore_ascii_case("deletedVaults")
                && last.eq_ignore_ascii_case("purge") =>
        {
            Some((*location, *name))
        }
        _ => None,
    }
}

/// Begins to remove a deleted vault for good.
pub(crate) fn purge(
    sandbox: &mut Sandbox,
    asked: &Asked<'_>,
    subscription: Guid,
    location: &str,
    name: &str,
) -> Result<Answer, Refusal> {
    if asked.method != Method::POST {
        return Err(Refusal::Verb);
    }
    let at = sandbox
        .cloud
        .deleted_vault(subscription, location, name)
        .map(|(_, deleted)| deleted.at)?;
    let call = Call::PurgeVault {
        subscription,
        location: location.into(),
        name: name.into(),
    };
    let reply = sandbox.cloud.apply(&call)?;
    let token = URL_SAFE_NO_PAD.encode(json!({ "vault": name, "deleted": at.millis() }).to_string());
    let address = format!(
        "{}/subscriptions/{subscription}/providers/Microsoft.KeyVault/locations/{location}/operationResults/{token}?api-version={}",
        asked.base,
        asked.version_text()
    );
    let answer = Answer::empty(Dialect::KeyVault, 202)
        .header("location", address)
        .header("retry-after", sandbox.retry_after_secs(15).to_string());
    if let Outcome::Purging(until) = reply.outcome {
        sandbox.pace_after(Some(until));
    }
    Ok(answer)
}

/// Whether a purge is over: the vault of that deletion holds its name no longer.
pub(crate) fn poll_purge(sandbox: &Sandbox, asked: &Asked<'_>, call: &Service<'_>) -> Result<Answer, Refusal> {
    let token = call.args[0];
    let unknown = || CloudError::of(&forms::DISK_OPERATION_NOT_FOUND).raised_by(Dialect::KeyVault);
    let document: Value = URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(unknown)?;
    let name = document.get("vault").and_then(Value::as_str).ok_or_else(unknown)?;
    let at = document.get("deleted").and_then(Value::as_i64).ok_or_else(unknown)?;
    let now = sandbox.cloud.now();
    let holder = sandbox.cloud.fabric().vault(name, now);
    let goes_on = holder
        .and_then(|vault| vault.deleted.as_ref())
        .is_some_and(|deleted| deleted.purging && deleted.at.millis() == at);
    if goes_on {
        return Ok(Answer::empty(Dialect::KeyVault, 202)
            .header("location", asked.own_url())
            .header("retry-after", sandbox.retry_after_secs(15).to_string()));
    }
    Ok(Answer::empty(Dialect::KeyVault, 200))
}

/// The action that a path below a vault means: `accessPolicies/add`.
pub(crate) fn policy_action(id: &ResourceId, rest: &[String]) -> Option<String> {
    let is_vault = id.kind().descriptor().name == "Microsoft.KeyVault/vaults";
    let [collection, word] = rest else { return None };
    if !is_vault || !collection.eq_ignore_ascii_case("accessPolicies") {
        return None;
    }
    let known = ["add", "remove", "replace"];
    let word = known.iter().find(|own| own.eq_ignore_ascii_case(word))?;
    Some(format!("accessPolicies/{word}"))
}

/// Changes access policies: a PUT that is an action.
pub(crate) fn change_policies(
    sandbox: &mut Sandbox,
    asked: &Asked<'_>,
    id: &ResourceId,
    action: &str,
) -> Result<Answer, Refusal> {
    if asked.method != Method::PUT {
        return Err(Refusal::Verb);
    }
    items::act(sandbox, asked, id, action)
}
