//! What is around a deployment, as the documents that the template language gives for it; and fetching by address.

use bytes::Bytes;
use fake_azure_cloud::{Answer as Answers, ApiVersion, CloudError, Guid, Time, View};
use http::Request;
use serde_json::{Map, Value, json};

use super::expression::hash;
use super::forms;
use super::plan::Target;
use super::record::{Given, Mode, deployment_id};
use super::scope::World;
use crate::{Pace, Sandbox, wire};

/// What the world of a deployment is made of.
#[derive(Clone, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) target: &'a Target,
    pub(crate) name: &'a str,
    pub(crate) location: Option<&'a str>,
    pub(crate) template: &'a Value,
    pub(crate) template_link: Option<&'a Value>,
    pub(crate) mode: Mode,
    pub(crate) given: &'a [Given],
    pub(crate) base: &'a str,
    pub(crate) deployer: &'a Value,
    pub(crate) correlation: Guid,
    pub(crate) started: Time,
}

/// The world as it is now.
pub(crate) fn world(sandbox: &Sandbox, facts: &Facts<'_>) -> World {
    let subscription = facts.target.subscription;
    let tenant = sandbox.directory.tenant();
    let display_name = sandbox
        .cloud
        .subscription(subscription)
        .map_or("", |found| &found.display_name);
    let mut properties = Map::new();
    if let Some(link) = facts.template_link {
        properties.insert("templateLink".to_owned(), link.clone());
    }
    properties.insert("template".to_owned(), facts.template.clone());
    properties.insert("templateHash".to_owned(), Value::from(template_hash(facts.template)));
    let shown = facts.given.iter().map(|given| {
        let value = if given.kind.is_secure() {
            json!({})
        } else {
            json!({ "value": given.value })
        };
        (given.name.clone(), value)
    });
    properties.insert("parameters".to_owned(), Value::Object(shown.collect()));
    properties.insert("mode".to_owned(), Value::from(facts.mode.name()));
    properties.insert("provisioningState".to_owned(), Value::from("Running"));
    let mut deployment = json!({ "name": facts.name });
    if let Some(location) = facts.location {
        deployment["location"] = Value::from(location);
    }
    deployment["id"] = Value::from(deployment_id(facts.target, facts.name));
    deployment["properties"] = Value::Object(properties);

    World {
        subscription: json!({
            "id": format!("/subscriptions/{subscription}"),
            "subscriptionId": subscription.to_string(),
            "tenantId": tenant.to_string(),
            "displayName": display_name,
        }),
        resource_group: facts
            .target
            .group
            .as_deref()
            .map(|group| group_document(sandbox, subscription, group)),
        deployment,
        tenant: json!({
            "tenantId": tenant.to_string(),
            "country": "US",
            "countryCode": "US",
            "displayName": "Fake Azure",
        }),
        environment: environment(sandbox, facts.base),
        deployer: facts.deployer.clone(),
        now: facts.started,
        correlation: facts.correlation.to_string(),
    }
}

/// A group; one that the deployment itself is to make is not there yet, and only its name is known.
fn group_document(sandbox: &Sandbox, subscription: Guid, group: &str) -> Value {
    let id = fake_azure_cloud::ResourceId::group(subscription, group);
    match sandbox.cloud.store().find(id.folded()) {
        Some(found) => {
            let view = View {
                version: ApiVersion::NEWEST,
                answer: Answers::Read,
                expand: "",
            };
            sandbox.cloud.document(found, &view)
        }
        None => json!({ "id": id.to_string(), "name": group, "type": "Microsoft.Resources/resourceGroups" }),
    }
}

/// `environment()`: the public cloud's, but for what is reached here.
fn environment(sandbox: &Sandbox, base: &str) -> Value {
    let login = base.parse().map_or_else(
        |_| "https://login.microsoftonline.com".to_owned(),
        |uri| crate::identity::login_endpoint(&uri),
    );
    json!({
        "name": "AzureCloud",
        "gallery": "https://gallery.azure.com/",
        "graph": "https://graph.windows.net/",
        "portal": "https://portal.azure.com",
        "graphAudience": "https://graph.windows.net/",
        "activeDirectoryDataLake": "https://datalake.azure.net/",
        "batch": "https://batch.core.windows.net/",
        "media": "https://rest.media.azure.net",
        "sqlManagement": "https://management.core.windows.net:8443/",
        "vmImageAliasDoc": format!("{base}/metadata/vmImageAliases"),
        "resourceManager": format!("{base}/"),
        "authentication": {
            "loginEndpoint": format!("{login}/"),
            "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "suffixes": {
            "acrLoginServer": ".azurecr.io",
            "azureDatalakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net",
            "azureDatalakeStoreFileSystem": "azuredatalakestore.net",
            "keyvaultDns": format!(".{}", sandbox.storage.vault_suffix()),
            "sqlServerHostname": ".database.windows.net",
            "storage": sandbox.storage.suffix(),
        },
    })
}

/// The hash of a template: a decimal number that follows from its text without blanks (ARM 7.2). Azure's own way to find it
/// is not published; alike templates have alike hashes here, too.
pub(crate) fn template_hash(template: &Value) -> String {
    hash::murmur64(template.to_string().as_bytes()).to_string()
}

/// What stands at an address, as Azure itself would download it: what was supplied for it, or a blob of this cloud. Nothing
/// reaches out.
///
/// # Errors
///
/// `InvalidContentLink`.
pub(crate) fn download(sandbox: &mut Sandbox, uri: &str, correlation: Guid) -> Result<String, CloudError> {
    let tracking = hash::derived_guid(&[&correlation.to_string(), "download", uri]);
    let refused = || {
        CloudError::of(&forms::BAD_LINK)
            .with("uri", uri)
            .with("tracking", tracking)
    };
    if let Some(text) = sandbox.templates.find(uri) {
        return Ok(text.to_owned());
    }
    let has_scheme = ["http://", "https://"].iter().any(|scheme| {
        uri.get(..scheme.len())
            .is_some_and(|own| own.eq_ignore_ascii_case(scheme))
    });
    if !has_scheme {
        return Err(CloudError::of(&forms::BAD_LINK_ADDRESS).with("uri", uri));
    }
    let address = sandbox.storage.locate(uri).ok_or_else(refused)?;
    if !sandbox.cloud.fabric().accounts.contains(address.account.as_str()) {
        return Err(refused());
    }
    let request = Request::get(uri)
        .header("x-ms-version", "2021-08-06")
        .body(Bytes::new())
        .map_err(|_| refused())?;
    // No time passes: whoever is woken meanwhile would see this deployment half changed.
    let pace = std::mem::replace(&mut sandbox.pace, Pace::Paused);
    let response = wire::download(sandbox, &request);
    sandbox.pace = pace;
    if !response.status().is_success() {
        return Err(refused());
    }
    String::from_utf8(response.into_body().to_vec()).map_err(|_| refused())
}

/// The address of a link, seen from the template that it stands in.
pub(crate) fn link_address(link: &Value, parent: Option<&str>) -> Option<String> {
    use super::template::member;
    let text = |name: &str| {
        member(link, name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let address = match (text("uri"), text("relativePath")) {
        (Some(uri), _) => uri.to_owned(),
        (None, Some(relative)) => joined(parent?, relative)?,
        (None, None) => return None,
    };
    Some(match text("queryString") {
        Some(query) => format!("{address}?{}", query.trim_start_matches('?')),
        None => address,
    })
}

/// A relative path beside another address; its query goes along.
fn joined(base: &str, relative: &str) -> Option<String> {
    let (address, query) = base
        .split_once('?')
        .map_or((base, None), |(address, query)| (address, Some(query)));
    let (scheme, rest) = address.split_once("://")?;
    let (authority, path) = rest.split_once('/')?;
    let mut segments: Vec<&str> = path.split('/').collect();
    segments.pop();
    for segment in relative.split('/') {
        match segment {
            "." | "" => {}
            ".." => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    let address = format!("{scheme}://{authority}/{}", segments.join("/"));
    Some(query.map_or_else(|| address.clone(), |query| format!("{address}?{query}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_seen_from_the_template_that_they_stand_in() {
        let parent = Some("https://acct.blob.core.windows.net/templates/a/main.json?sig=x");
        let rows = [
            (json!({"uri": "https://x/y"}), Some("https://x/y")),
            (
                json!({"relativePath": "../b/./c.json"}),
                Some("https://acct.blob.core.windows.net/templates/b/c.json?sig=x"),
            ),
            (
                json!({"uri": "https://x/y", "queryString": "?a=b"}),
                Some("https://x/y?a=b"),
            ),
            (json!({}), None),
        ];
        for (link, expected) in rows {
            assert_eq!(link_address(&link, parent).as_deref(), expected, "{link}");
        }
        assert_eq!(link_address(&json!({"relativePath": "c.json"}), None), None);
    }
}
