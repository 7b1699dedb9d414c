//! Documents on their way out: the cloud renders them; the wire puts in where things are reached.

use fake_azure_cloud::descriptor::Dialect;
use fake_azure_cloud::{Answer as Answers, Document, Resource, View};
use http::Uri;
use serde_json::Value;

use super::request::Asked;
use crate::Sandbox;

/// A resource as a document, in the caller's version.
pub(crate) fn document(sandbox: &Sandbox, asked: &Asked<'_>, resource: &Resource, answer: Answers) -> Document {
    let view = View {
        version: asked.version(),
        answer,
        expand: &asked.expand(),
    };
    document_at(sandbox, asked.uri, resource, &view)
}

/// The same as seen by whoever sent a request to `uri`: a running deployment has no request of its own.
pub(crate) fn document_at(sandbox: &Sandbox, uri: &Uri, resource: &Resource, view: &View<'_>) -> Document {
    let mut document = sandbox.cloud.document(resource, view);
    if resource.kind.descriptor().dialect == Dialect::Storage {
        place_endpoints(sandbox, uri, &resource.name, &mut document);
    }
    if resource.kind.descriptor().dialect == Dialect::KeyVault {
        place_vault(sandbox, uri, &resource.name, &mut document);
    }
    document
}

/// Writes an account's endpoints as they are reached: the cloud writes Azure's own.
fn place_endpoints(sandbox: &Sandbox, uri: &Uri, account: &str, document: &mut Document) {
    for holder in ["/properties/primaryEndpoints", "/properties/secondaryEndpoints"] {
        let Some(Value::Object(endpoints)) = document.pointer_mut(holder) else {
            continue;
        };
        for (service, endpoint) in endpoints.iter_mut() {
            let Some(host) = endpoint.as_str().and_then(|url| url.strip_prefix("https://")) else {
                continue;
            };
            let host = host.split('.').next().unwrap_or(account).to_owned();
            let is_blob = service == "blob" && host.eq_ignore_ascii_case(account);
            let zone_free = endpoint
                .as_str()
                .is_some_and(|url| url.ends_with(&format!(".{service}.core.windows.net/")));
            if is_blob {
                *endpoint = Value::from(sandbox.storage.blob(&host, uri));
            } else if zone_free {
                *endpoint = Value::from(sandbox.storage.service(service, &host));
            }
        }
    }
}

/// Writes where a vault is reached: the cloud writes Azure's own address.
fn place_vault(sandbox: &Sandbox, uri: &Uri, vault: &str, document: &mut Document) {
    if let Some(place) = document.pointer_mut("/properties/vaultUri") {
        let slash = place.as_str().is_some_and(|own| own.ends_with('/'));
        let address = sandbox.storage.vault(vault, uri);
        *place = Value::from(if slash { format!("{address}/") } else { address });
    }
}

/// The first answer of a disk's PUT: no id, no type, nothing that is settled later (observed-arm, Long-running answers).
pub(crate) fn stub(mut whole: Document) -> Document {
    if let Some(members) = whole.as_object_mut() {
        for name in ["id", "type", "managedBy", "etag"] {
            members.shift_remove(name);
        }
        if let Some(properties) = members.get_mut("properties").and_then(Value::as_object_mut) {
            properties.insert("isArmResource".to_owned(), Value::from(true));
        }
    }
    whole
}
