//! Containers as ARM resources: the same containers that the blob service serves, by another door.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::Document;
use crate::api_version::ApiVersion;
use crate::blobs::{self, refusals};
use crate::cx::Cx;
use crate::descriptor::{Descriptor, Dialect, Field, NameRule, PatchRule, Write, WriteVerb};
use crate::error::CloudError;
use crate::fabric::{Account, Container};
use crate::forms::forms;
use crate::plan::Plan;
use crate::registry::Kind;
use crate::resource::Resource;
use crate::types::{Put, ResourceType, View};

forms! {
    BAD_NAME: Invalid, Storage, "ContainerNameInvalid", "{name} is not a valid container name. A container name must be between 3 and 63 characters in length and use numbers, lower-case letters and dash (-) only.", "assumed", "choose a name of 3 to 63 lower-case letters, digits and single hyphens";
}

/// Containers.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    parent: Some(Kind::BlobServices),
    tracked: false,
    since: ApiVersion::date(2018, 2, 1),
    shows_state: false,
    patch: PatchRule::Merge,
    names: NameRule {
        min: 3,
        max: 63,
        others: "-",
        capitals: false,
        starts_alphanumeric: true,
        ends: Some(""),
        unicode: false,
    },
    bad_name: Some(&BAD_NAME),
    fields: &[
        Field::one_of("/properties/publicAccess", &["None", "Blob", "Container"]),
        Field::read_only("/properties/etag"),
        Field::read_only("/properties/hasImmutabilityPolicy"),
        Field::read_only("/properties/hasLegalHold"),
        Field::read_only("/properties/lastModifiedTime"),
        Field::read_only("/properties/leaseDuration"),
        Field::read_only("/properties/leaseState"),
        Field::read_only("/properties/leaseStatus"),
    ],
    writes: &[
        Write::new(WriteVerb::PutNew, 201),
        Write::new(WriteVerb::PutAgain, 200),
        Write::new(WriteVerb::Patch, 200),
        Write::empty(WriteVerb::Delete, 200),
    ],
    errors: ALL,
    ..Descriptor::of(
        "Microsoft.Storage/storageAccounts/blobServices/containers",
        Dialect::Storage,
    )
};

/// A container: all that it has stands in the fabric.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BlobContainer {}

impl ResourceType for BlobContainer {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(cx: &Cx<'_>, put: &Put<'_>, _before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        let account_name = account_of(cx, cx.resource(put.parent));
        let account = cx
            .fabric()
            .accounts
            .get(&account_name)
            .expect("an account of ARM has its row");
        let name: (Box<str>, Box<str>) = (account_name.clone(), put.id.name().into());
        if put.id.name().contains("--") || !DESCRIPTOR.names.allows(put.id.name()) {
            return Err(CloudError::of(&BAD_NAME).with("name", put.id.name()));
        }
        blobs::check_released(cx, &name.0, &name.1)?;
        let public_access = match put.document.pointer("/properties/publicAccess").and_then(Value::as_str) {
            Some("Container") => Some("container".into()),
            Some("Blob") => Some("blob".into()),
            _ => None,
        };
        if public_access.is_some() && !account.allows_public_access {
            return Err(CloudError::of(&refusals::PUBLIC_ACCESS_NOT_PERMITTED));
        }

        let stamp = account.next_stamp(cx.now());
        // The compute service makes containers for disks by itself: such a one is taken up as it is.
        let row = cx
            .fabric()
            .containers
            .get(&name)
            .filter(|row| row.deleted_until.is_none())
            .cloned();
        let row = Container {
            public_access,
            metadata: metadata(put.document),
            etag: stamp,
            modified: cx.now(),
            ..row.unwrap_or_else(|| Container::new(stamp, cx.now()))
        };
        let plan = Plan::new()
            .account(
                account_name,
                Some(Account {
                    stamp,
                    ..account.clone()
                }),
            )
            .container(name, Some(row));
        Ok((BlobContainer {}, plan))
    }

    fn plan_delete(&self, cx: &Cx<'_>, resource: &Resource) -> Result<Plan, CloudError> {
        let account = account_of(cx, cx.resource(resource.parent));
        blobs::check_no_disks(cx, &account, &resource.name)?;
        let held = cx
            .fabric()
            .containers
            .get(&(account, resource.name.clone()))
            .is_some_and(|row| row.lease.is_active(cx.now()));
        if held {
            return Err(CloudError::of(&refusals::LEASE_ID_MISSING).with("noun", "container"));
        }
        Ok(Plan::new())
    }

    fn plan_removal(&self, cx: &Cx<'_>, resource: &Resource) -> Plan {
        blobs::container_removal(cx, &account_of(cx, cx.resource(resource.parent)), &resource.name)
    }

    fn render(&self, cx: &Cx<'_>, resource: &Resource, view: &View<'_>, document: &mut Document) {
        let account = account_of(cx, cx.resource(resource.parent));
        let Some(row) = cx.fabric().containers.get(&(account, resource.name.clone())) else {
            return;
        };
        let state = row.lease.state_at(cx.now());
        let active = row.lease.is_active(cx.now());
        if let Some(members) = document.as_object_mut() {
            members.insert("etag".to_owned(), json!(format!("\"{}\"", blobs::etag_text(row.etag))));
        }
        let Some(properties) = document.get_mut("properties").and_then(Value::as_object_mut) else {
            return;
        };
        if properties
            .get("metadata")
            .and_then(Value::as_object)
            .is_some_and(Map::is_empty)
        {
            properties.shift_remove("metadata");
        }
        properties.entry("publicAccess").or_insert_with(|| json!("None"));
        properties.insert(
            "leaseStatus".to_owned(),
            json!(if active { "Locked" } else { "Unlocked" }),
        );
        properties.insert("leaseState".to_owned(), json!(capitalised(state.as_str())));
        if active {
            let duration = if row.lease.secs.is_none() { "Infinite" } else { "Fixed" };
            properties.insert("leaseDuration".to_owned(), json!(duration));
        }
        properties.insert("lastModifiedTime".to_owned(), json!(row.modified.to_string()));
        properties.insert("hasImmutabilityPolicy".to_owned(), json!(false));
        properties.insert("hasLegalHold".to_owned(), json!(false));
        if view.version >= ApiVersion::date(2019, 6, 1) {
            properties
                .entry("defaultEncryptionScope")
                .or_insert_with(|| json!("$account-encryption-key"));
            properties
                .entry("denyEncryptionScopeOverride")
                .or_insert_with(|| json!(false));
        }
    }
}

/// The name of the account that a blob service belongs to.
fn account_of(cx: &Cx<'_>, service: &Resource) -> Box<str> {
    cx.resource(service.parent).name.clone()
}

fn metadata(document: &Document) -> blobs::Metadata {
    let members = document.pointer("/properties/metadata").and_then(Value::as_object);
    let pairs = members.into_iter().flatten();
    pairs
        .filter_map(|(name, value)| Some((name.as_str().into(), value.as_str()?.into())))
        .collect()
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_ascii_uppercase())
        .into_iter()
        .chain(letters)
        .collect()
}
