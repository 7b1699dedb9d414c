//! Tags: what may be written on a subscription, a group or a resource (ARM 1.5).

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{
    BAD_TAG_NAME, Change, LONG_TAG_NAME, LONG_TAG_VALUE, RESERVED_TAG_NAME, TOO_MANY_TAGS, Verb, check_exists,
    check_locks,
};
use crate::Document;
use crate::call::{Outcome, Scope};
use crate::catalogue::limits::Era;
use crate::engine::Transaction;
use crate::error::CloudError;
use crate::registry::Kind;

/// How long a name may be; on storage accounts less (ARM 1.5).
pub(super) const NAME_MAX: usize = 512;
const STORAGE_NAME_MAX: usize = 128;
const VALUE_MAX: usize = 256;

/// Judges tags: number, lengths and characters.
pub(crate) fn check(era: Era, kind: Option<Kind>, tags: &Map<String, Value>) -> Result<(), CloudError> {
    let limit = match era {
        Era::Current => 50,
        _ => 15,
    };
    if tags.len() > limit {
        return Err(CloudError::of(&TOO_MANY_TAGS).with("limit", limit));
    }
    let name_max = match kind {
        Some(Kind::StorageAccounts) => STORAGE_NAME_MAX,
        _ => NAME_MAX,
    };
    for (name, value) in tags {
        check_name(name, name_max)?;
        let value = value.as_str().unwrap_or("");
        if value.chars().count() > VALUE_MAX {
            return Err(CloudError::of(&LONG_TAG_VALUE)
                .with("value", value)
                .with("max", VALUE_MAX));
        }
    }
    Ok(())
}

pub(super) fn check_name(name: &str, max: usize) -> Result<(), CloudError> {
    if name.chars().count() > max {
        return Err(CloudError::of(&LONG_TAG_NAME).with("name", name).with("max", max));
    }
    if name.chars().any(|c| "<>%&\\?/".contains(c) || c.is_control()) && !is_portal_link(name) {
        return Err(CloudError::of(&BAD_TAG_NAME).with("name", name));
    }
    let folded = name.to_lowercase();
    if ["microsoft", "azure", "windows"]
        .iter()
        .any(|prefix| folded.starts_with(prefix))
    {
        return Err(CloudError::of(&RESERVED_TAG_NAME).with("name", name));
    }
    Ok(())
}

/// `hidden-link:{id}` and `hidden-related:{id}`: names that the portal uses, slashes and all.
fn is_portal_link(name: &str) -> bool {
    let folded = name.to_lowercase();
    folded.starts_with("hidden-link:") || folded.starts_with("hidden-related:")
}

/// Sets the tags of a scope, whole.
pub(super) fn set(tx: &mut Transaction<'_>, scope: &Scope, tags: &Document) -> Result<Outcome, CloudError> {
    check_exists(tx.cloud, scope)?;
    check_locks(tx.cloud, scope, Verb::Write)?;
    let empty = Map::new();
    let members = tags.as_object().unwrap_or(&empty);
    match scope {
        Scope::Subscription(id) => {
            check(tx.cx().era(), None, members)?;
            tx.set_governance(Change::SubscriptionTags(*id, Some(Arc::new(tags.clone()))));
        }
        Scope::In(id) => {
            check(tx.cx().era(), Some(id.kind()), members)?;
            let key = crate::engine::find(tx.cloud, id)?.key;
            tx.change(key, |resource| {
                if let Some(echo) = Arc::make_mut(&mut resource.echo).as_object_mut() {
                    echo.insert("tags".to_owned(), tags.clone());
                }
            });
        }
    }
    Ok(Outcome::Set { created: false })
}
