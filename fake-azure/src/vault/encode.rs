//! Answers of vaults: bundles, pages, attributes, headers (recorded by Azure/azure-sdk-for-js).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use fake_azure_cloud::fabric::{KeySize, Vault, VaultCollection, VaultContent, VaultObject, VaultVersion};
use fake_azure_cloud::vaults::VaultOutcome;
use fake_azure_cloud::{Time, catalogue::locations};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Map, Value, json};

use super::address::Asked;
use super::decode::Shape;
use super::material;
use crate::sandbox::Sandbox;
use crate::text;

/// Most entries of a page.
const PAGE_MAX: usize = 25;

/// What came of a request, and what the answer is made of.
pub(super) struct Reply {
    pub(super) collection: VaultCollection,
    pub(super) outcome: VaultOutcome,
    pub(super) shape: Shape,
}

/// A vault's answers as one asker sees them.
struct Writer<'a> {
    asked: &'a Asked<'a>,
    vault: &'a Vault,
    collection: VaultCollection,
}

/// The answer.
pub(super) fn answer(sandbox: &mut Sandbox, asked: &Asked<'_>, reply: Reply) -> Response<Bytes> {
    let now = sandbox.cloud.now();
    let document = sandbox.cloud.fabric().vault(&asked.vault, now).and_then(|vault| {
        let writer = Writer {
            asked,
            vault,
            collection: reply.collection,
        };
        writer.document(&reply.outcome, reply.shape)
    });
    let mut response = match document {
        Some(document) => json(200, &document),
        None => {
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = StatusCode::NO_CONTENT;
            response
        }
    };
    dress(sandbox, asked.headers, Some(asked), &mut response);
    response
}

impl Writer<'_> {
    fn document(&self, outcome: &VaultOutcome, shape: Shape) -> Option<Value> {
        match outcome {
            VaultOutcome::Version { object, version } => {
                let own = object.versions.iter().find(|own| own.id == *version)?;
                Some(Value::Object(self.bundle(object, own, true)))
            }
            VaultOutcome::Deleted(object) => Some(Value::Object(self.deleted(object, true))),
            VaultOutcome::Objects(objects) => Some(self.page(objects, shape)),
            VaultOutcome::Purged => None,
        }
    }

    fn address(&self, object: &VaultObject) -> String {
        format!("{}/{}/{}", self.asked.base, self.collection.as_str(), object.name)
    }

    /// A version as a whole; `reveals` says whether a secret's text is in it.
    fn bundle(&self, object: &VaultObject, version: &VaultVersion, reveals: bool) -> Map<String, Value> {
        let id = format!("{}/{}", self.address(object), version.id_text());
        let mut bundle = Map::new();
        match &version.content {
            VaultContent::Key(key) => {
                let mut shown = Map::new();
                shown.insert("kid".to_owned(), json!(id));
                let kind = match key.size {
                    KeySize::Rsa(_) => "RSA",
                    KeySize::Ec(_) => "EC",
                };
                let kind = if key.hardware {
                    format!("{kind}-HSM")
                } else {
                    kind.to_owned()
                };
                shown.insert("kty".to_owned(), json!(kind));
                shown.insert("key_ops".to_owned(), json!(key.operations));
                shown.extend(material::public(version.id, key.size));
                bundle.insert("key".to_owned(), Value::Object(shown));
            }
            VaultContent::Secret { value, content_type } => {
                if reveals {
                    bundle.insert("value".to_owned(), json!(value));
                }
                if let Some(content_type) = content_type {
                    bundle.insert("contentType".to_owned(), json!(content_type));
                }
                bundle.insert("id".to_owned(), json!(id));
            }
        }
        bundle.insert("attributes".to_owned(), self.attributes(version));
        add_tags(&mut bundle, version);
        bundle
    }

    fn deleted(&self, object: &VaultObject, whole: bool) -> Map<String, Value> {
        let mut shown = Map::new();
        if let Some(deleted) = &object.deleted {
            let collection = self.collection.as_str();
            let recovery = format!("{}/deleted{collection}/{}", self.asked.base, object.name);
            shown.insert("recoveryId".to_owned(), json!(recovery));
            shown.insert("deletedDate".to_owned(), json!(secs(deleted.at)));
            shown.insert("scheduledPurgeDate".to_owned(), json!(secs(deleted.until)));
        }
        let latest = object.latest();
        if whole {
            shown.extend(self.bundle(object, latest, false));
        } else {
            shown.extend(self.item(object, latest, false));
        }
        shown
    }

    /// An entry of a list.
    fn item(&self, object: &VaultObject, version: &VaultVersion, names_version: bool) -> Map<String, Value> {
        let mut id = self.address(object);
        if names_version {
            id = format!("{id}/{}", version.id_text());
        }
        let mut item = Map::new();
        match &version.content {
            VaultContent::Key(_) => {
                item.insert("kid".to_owned(), json!(id));
            }
            VaultContent::Secret { content_type, .. } => {
                if let Some(content_type) = content_type {
                    item.insert("contentType".to_owned(), json!(content_type));
                }
                item.insert("id".to_owned(), json!(id));
            }
        }
        item.insert("attributes".to_owned(), self.attributes(version));
        add_tags(&mut item, version);
        item
    }

    fn attributes(&self, version: &VaultVersion) -> Value {
        let mut shown = Map::new();
        shown.insert("enabled".to_owned(), json!(version.enabled));
        if let Some(from) = version.not_before {
            shown.insert("nbf".to_owned(), json!(from));
        }
        if let Some(until) = version.expires {
            shown.insert("exp".to_owned(), json!(until));
        }
        shown.insert("created".to_owned(), json!(secs(version.created)));
        shown.insert("updated".to_owned(), json!(secs(version.updated)));
        shown.insert("recoveryLevel".to_owned(), json!(self.recovery_level()));
        if self.asked.since("7.1") {
            shown.insert(
                "recoverableDays".to_owned(),
                json!(self.vault.retention_days.unwrap_or(0)),
            );
        }
        if self.asked.since("7.3") && self.collection == VaultCollection::Keys {
            shown.insert("exportable".to_owned(), json!(false));
        }
        Value::Object(shown)
    }

    /// What becomes of deleted things.
    fn recovery_level(&self) -> &'static str {
        match (self.vault.retention_days, self.vault.purge_protection) {
            (None, _) => "Purgeable",
            (Some(90..), false) => "Recoverable+Purgeable",
            (Some(90..), true) => "Recoverable",
            (Some(_), false) => "CustomizedRecoverable+Purgeable",
            (Some(_), true) => "CustomizedRecoverable",
        }
    }

    /// One page of a list: `maxresults` entries, those after `$skiptoken`.
    fn page(&self, objects: &[VaultObject], shape: Shape) -> Value {
        let entries: Vec<Map<String, Value>> = match shape {
            Shape::Versions => objects
                .iter()
                .flat_map(|object| object.versions.iter().map(|version| self.item(object, version, true)))
                .collect(),
            Shape::DeletedItems => objects.iter().map(|object| self.deleted(object, false)).collect(),
            Shape::Items | Shape::Whole => objects
                .iter()
                .map(|object| self.item(object, object.latest(), false))
                .collect(),
        };
        let wanted = self.asked.param("maxresults").and_then(|given| given.parse().ok());
        let size = wanted.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
        let start = self
            .asked
            .param("$skiptoken")
            .and_then(|token| String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok())
            .and_then(|text| text.parse::<usize>().ok())
            .unwrap_or(0);
        let total = entries.len();
        let shown: Vec<Value> = entries.into_iter().skip(start).take(size).map(Value::Object).collect();
        let end = start + shown.len();
        let next = (end < total && !shown.is_empty()).then(|| {
            let token = URL_SAFE_NO_PAD.encode(end.to_string());
            let path = self.asked.segments.join("/");
            let version = self.asked.version();
            format!(
                "{}/{path}?api-version={version}&$skiptoken={token}&maxresults={size}",
                self.asked.base
            )
        });
        json!({ "value": shown, "nextLink": next })
    }
}

fn add_tags(document: &mut Map<String, Value>, version: &VaultVersion) {
    if !version.tags.is_empty() {
        document.insert("tags".to_owned(), json!(version.tags));
    }
}

fn secs(time: Time) -> i64 {
    time.millis() / 1000
}

/// A document as an answer.
pub(super) fn json(status: u16, document: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(document.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    response
}

/// Adds the headers that every answer has.
pub(super) fn dress(
    sandbox: &mut Sandbox,
    given: &HeaderMap,
    asked: Option<&Asked<'_>>,
    response: &mut Response<Bytes>,
) {
    let id = sandbox.draw_guid().to_string();
    let date = text::rfc1123(sandbox.now_for_expiry());
    let vault = asked.and_then(|asked| sandbox.cloud.fabric().vault(&asked.vault, sandbox.cloud.now()));
    let region = vault.map_or(locations::LOCATIONS[0].name, |vault| vault.location.as_ref());
    let client = given
        .get("x-ms-client-request-id")
        .and_then(|value| value.to_str().ok());
    let headers = response.headers_mut();
    let mut add = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    add("cache-control", "no-cache");
    add("pragma", "no-cache");
    add("expires", "-1");
    add("x-ms-keyvault-region", region);
    if let Some(client) = client {
        add("x-ms-client-request-id", client);
    }
    add("x-ms-request-id", &id);
    add("x-ms-keyvault-service-version", "1.9.12.0");
    add(
        "x-ms-keyvault-network-info",
        "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=InterNetwork;",
    );
    add("x-powered-by", "ASP.NET");
    add("strict-transport-security", "max-age=31536000;includeSubDomains");
    add("x-content-type-options", "nosniff");
    add("date", &date);
}
