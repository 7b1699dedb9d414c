//! The taxonomy of tags that a subscription knows by name (ARM 1.5).

use serde::{Deserialize, Serialize};

use super::{Change, Governance, TAG_IN_USE, TAG_NAME_NOT_FOUND, set, tags};
use crate::call::{Outcome, Scope};
use crate::cloud::Cloud;
use crate::document::same_name;
use crate::engine::Transaction;
use crate::error::CloudError;
use crate::key::Guid;

/// A name, with the values that were added to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagName {
    /// As first written.
    pub name: Box<str>,
    /// In the order in which they were added.
    pub values: Vec<Box<str>>,
}

impl Governance {
    /// The names of a subscription, by folded name.
    pub fn tag_names(&self, subscription: Guid) -> impl Iterator<Item = &TagName> {
        let own = self.tag_names.range((subscription, Box::<str>::from(""))..);
        own.take_while(move |((owner, _), _)| *owner == subscription)
            .map(|(_, name)| name)
    }
}

fn find<'c>(cloud: &'c Cloud, subscription: Guid, name: &str) -> Result<&'c TagName, CloudError> {
    let found = cloud.governance.tag_names.get(&at(subscription, name));
    found.ok_or_else(|| CloudError::of(&TAG_NAME_NOT_FOUND).with("name", name))
}

fn at(subscription: Guid, name: &str) -> (Guid, Box<str>) {
    (subscription, name.to_lowercase().into())
}

pub(super) fn put(tx: &mut Transaction<'_>, subscription: Guid, name: &str) -> Result<Outcome, CloudError> {
    super::check_exists(tx.cloud, &Scope::Subscription(subscription))?;
    tags::check_name(name, tags::NAME_MAX)?;
    let at = at(subscription, name);
    if tx.cloud.governance.tag_names.contains(&at) {
        return Ok(set(false));
    }
    let row = TagName {
        name: name.into(),
        values: Vec::new(),
    };
    tx.set_governance(Change::TagName(at, Some(row.into())));
    Ok(set(true))
}

/// A name goes once nothing bears it and it has no values.
pub(super) fn delete(tx: &mut Transaction<'_>, subscription: Guid, name: &str) -> Result<Outcome, CloudError> {
    let Ok(row) = find(tx.cloud, subscription, name) else {
        return Ok(Outcome::Absent);
    };
    if !row.values.is_empty() || is_in_use(tx.cloud, subscription, name) {
        return Err(CloudError::of(&TAG_IN_USE).with("name", name));
    }
    tx.set_governance(Change::TagName(at(subscription, name), None));
    Ok(Outcome::Removed)
}

fn is_in_use(cloud: &Cloud, subscription: Guid, name: &str) -> bool {
    let Some(key) = cloud.subscription(subscription).map(|own| own.key) else {
        return false;
    };
    cloud.store().iter().any(|resource| {
        resource.subscription == key
            && resource
                .echo
                .get("tags")
                .and_then(serde_json::Value::as_object)
                .is_some_and(|tags| tags.keys().any(|own| same_name(own, name)))
    })
}

pub(super) fn put_value(
    tx: &mut Transaction<'_>,
    subscription: Guid,
    name: &str,
    value: &str,
) -> Result<Outcome, CloudError> {
    let mut row = find(tx.cloud, subscription, name)?.clone();
    let created = !row.values.iter().any(|own| own.as_ref() == value);
    if created {
        row.values.push(value.into());
        tx.set_governance(Change::TagName(at(subscription, name), Some(row.into())));
    }
    Ok(set(created))
}

pub(super) fn delete_value(
    tx: &mut Transaction<'_>,
    subscription: Guid,
    name: &str,
    value: &str,
) -> Result<Outcome, CloudError> {
    let Ok(row) = find(tx.cloud, subscription, name) else {
        return Ok(Outcome::Absent);
    };
    let mut row = row.clone();
    let before = row.values.len();
    row.values.retain(|own| own.as_ref() != value);
    if row.values.len() == before {
        return Ok(Outcome::Absent);
    }
    tx.set_governance(Change::TagName(at(subscription, name), Some(row.into())));
    Ok(Outcome::Removed)
}
