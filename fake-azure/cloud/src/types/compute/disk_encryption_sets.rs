//! Disk encryption sets: a key in a vault of the customer's, and the identity that disks are opened with.
//!
//! The identity is made with the set, so that its access to the vault can only be granted afterwards: a set is made without
//! it, and a disk that needs it is refused (juju-provider 1.15).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::encryption::{self, ANOTHER_PLACE, ANOTHER_VAULT, NOT_A_KEY, SET_IN_USE, UNPROTECTED};
use super::parameters::{arrange, derived, invalid, missing, offset_time, text};
use crate::Document;
use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::{
    Descriptor, Dialect, Field, Lifetimes, NameRule, PatchRule, Polls, Provisioning, Stage, Write, WriteVerb,
};
use crate::error::CloudError;
use crate::fabric::{EncryptionSet, key_address_of};
use crate::forms as shared;
use crate::id::ResourceId;
use crate::plan::Plan;
use crate::registry::Kind;
use crate::resource::Resource;
use crate::time::Time;
use crate::types::{Answer, Put, ResourceType, View};

/// From this version on a set can follow the latest version of its key.
const ROTATES_SINCE: ApiVersion = ApiVersion::date(2020, 12, 1);

const TYPES: &[&str] = &[
    "EncryptionAtRestWithCustomerKey",
    "EncryptionAtRestWithPlatformAndCustomerKeys",
];

/// Disk encryption sets.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    since: ApiVersion::date(2019, 7, 1),
    patch: PatchRule::Merge,
    names: NameRule::word(1, 80),
    fields: &[
        Field::read_only("/identity/principalId"),
        Field::read_only("/identity/tenantId"),
        Field::read_only("/properties/previousKeys"),
        Field::read_only("/properties/lastKeyRotationTimestamp"),
        Field::read_only("/properties/autoKeyRotationError"),
        Field::one_of("/identity/type", &["SystemAssigned", "None"]),
        Field::one_of("/properties/encryptionType", TYPES),
        Field::immutable("/properties/encryptionType"),
    ],
    lifetimes: Lifetimes {
        create: &[Stage::new(Provisioning::Updating, 500, 4_000)],
        update: &[Stage::new(Provisioning::Updating, 500, 4_000)],
        delete: &[Stage::new(Provisioning::Deleting, 500, 10_000)],
    },
    writes: &[
        Write::new(WriteVerb::PutNew, 202)
            .polls(Polls::Both)
            .retry_after_secs(2)
            .stub(),
        Write::new(WriteVerb::PutAgain, 202)
            .polls(Polls::Both)
            .retry_after_secs(2)
            .stub(),
        Write::new(WriteVerb::Patch, 202).polls(Polls::Both).stub(),
        Write::accepted(WriteVerb::Delete),
    ],
    errors: encryption::ALL,
    ..Descriptor::of("Microsoft.Compute/diskEncryptionSets", Dialect::Disks)
};

/// A disk encryption set. Its key and identity stand in the fabric.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DiskEncryptionSet {
    /// The keys that it had, as documents show them, oldest first.
    previous_keys: Vec<Document>,
    /// When it last got another key.
    rotated: Option<Time>,
}

impl ResourceType for DiskEncryptionSet {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(cx: &Cx<'_>, put: &Put<'_>, before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        let required = |path: &str| missing(path).raised_by(Dialect::Disks);
        let identity = text(put.document, "/identity/type");
        if identity.is_none() {
            return Err(required("identity"));
        }
        let url = text(put.document, "/properties/activeKey/keyUrl").ok_or_else(|| required("activeKey.keyUrl"))?;
        let follows = put
            .document
            .pointer("/properties/rotationToLatestKeyVersionEnabled")
            .and_then(Value::as_bool)
            .unwrap_or(false);
        check_url(put, url, follows)?;
        encryption::check_key(cx, url)?;

        let old = cx.fabric().encryption_sets.get(&put.key);
        let mut set = before.cloned().unwrap_or(DiskEncryptionSet {
            previous_keys: Vec::new(),
            rotated: None,
        });
        if let (Some(old), Some(existing)) = (old, put.existing)
            && old.key_url.as_ref() != url
        {
            set.previous_keys
                .extend(existing.echo.pointer("/properties/activeKey").cloned());
            set.rotated = Some(cx.now());
        }
        let row = EncryptionSet {
            principal: (identity == Some("SystemAssigned")).then(|| derived(put.guid, "principal")),
            key_url: url.into(),
            encryption: text(put.document, "/properties/encryptionType")
                .unwrap_or(TYPES[0])
                .into(),
        };
        check_vault(cx, put, url)?;
        Ok((set, Plan::new().encryption_set(put.key, Some(row))))
    }

    fn plan_removal(&self, _cx: &Cx<'_>, resource: &Resource) -> Plan {
        Plan::new().encryption_set(resource.key, None)
    }

    fn render(&self, cx: &Cx<'_>, resource: &Resource, view: &View<'_>, document: &mut Document) {
        if let Some(row) = cx.fabric().encryption_sets.get(&resource.key) {
            if let Some(principal) = row.principal {
                document["identity"]["principalId"] = json!(principal.to_string());
            }
            let properties = &mut document["properties"];
            if view.version >= ApiVersion::date(2020, 9, 30) {
                properties["encryptionType"] = json!(row.encryption);
            }
            if view.version >= ROTATES_SINCE {
                super::parameters::fill(properties, "rotationToLatestKeyVersionEnabled", false);
            }
        }
        if view.answer == Answer::Write && resource.operation.is_some() {
            super::disks::write_stub(view.version, document);
            return;
        }
        let properties = &mut document["properties"];
        properties["previousKeys"] = json!(self.previous_keys);
        if let Some(rotated) = self.rotated
            && view.version >= ApiVersion::date(2021, 4, 1)
        {
            properties["lastKeyRotationTimestamp"] = json!(offset_time(rotated));
        }
        arrange(
            properties,
            &[
                "activeKey",
                "previousKeys",
                "encryptionType",
                "rotationToLatestKeyVersionEnabled",
                "lastKeyRotationTimestamp",
                "provisioningState",
            ],
        );
    }

    fn in_use(_cx: &Cx<'_>, target: &Resource, users: &[String]) -> CloudError {
        CloudError::of(&SET_IN_USE)
            .with("set", &target.name)
            .with("users", users.join(", "))
    }
}

/// The address of a version of a key; without the version where the set follows the latest.
fn check_url(put: &Put<'_>, url: &str, follows: bool) -> Result<(), CloudError> {
    let refused = || CloudError::of(&NOT_A_KEY).with("url", url).about("activeKey.keyUrl");
    let at = key_address_of(url).ok_or_else(refused)?;
    let may_lack_version = follows && put.version >= ROTATES_SINCE;
    if at.version.is_empty() && !may_lack_version {
        return Err(refused());
    }
    Ok(())
}

/// The vault that the document names: it is there, is the key's own, near, and cannot be emptied by mistake.
fn check_vault(cx: &Cx<'_>, put: &Put<'_>, url: &str) -> Result<(), CloudError> {
    const PLACE: &str = "/properties/activeKey/sourceVault/id";
    let sent = text(put.document, PLACE);
    let row = key_address_of(url).and_then(|at| cx.fabric().vault(&at.vault, cx.now()));
    let named = match sent {
        Some(sent) => {
            let id =
                ResourceId::parse(sent).map_err(|_| invalid("activeKey.sourceVault.id").raised_by(Dialect::Disks))?;
            let found = cx.find_id(id.folded()).filter(|found| found.kind == Kind::Vaults);
            let found = found.ok_or_else(|| {
                CloudError::of(&shared::INVALID_REFERENCE_COMPUTE)
                    .with("target", sent)
                    .with("source", put.id())
                    .raised_by(Dialect::Disks)
            })?;
            Some(found.key)
        }
        // Who follows the latest version need not say which vault it is.
        None if put.version >= ROTATES_SINCE => None,
        None => return Err(missing("activeKey.sourceVault").raised_by(Dialect::Disks)),
    };
    let another = || {
        CloudError::of(&ANOTHER_VAULT)
            .with("url", url)
            .with("vault", sent.unwrap_or_default())
    };
    let row = row.filter(|row| row.owner.is_some()).ok_or_else(another)?;
    if named.is_some() && row.owner != named {
        return Err(another());
    }
    if row.location.as_ref() != put.location || row.subscription != put.subscription {
        return Err(CloudError::of(&ANOTHER_PLACE)
            .with("vault", &row.name)
            .with("set", put.id.name()));
    }
    if row.retention_days.is_none() || !row.purge_protection {
        return Err(CloudError::of(&UNPROTECTED).with("vault", &row.name));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
