//! Locks: what may not be written or removed, at a scope and below it (ARM 3.4).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    At, Change, Governance, LOCK_NOT_FOUND, SCOPE_LOCKED, bad_member, check_exists, is_at_or_below, set, text,
};
use crate::Document;
use crate::call::{Outcome, Scope};
use crate::cloud::Cloud;
use crate::engine::Transaction;
use crate::error::CloudError;
use crate::forms::BAD_NAME_AT_GATE;

/// A lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// What it lies on.
    pub scope: Scope,
    /// Its name, as first written.
    pub name: Box<str>,
    /// What it forbids.
    pub level: Level,
    /// What a person wrote about it.
    pub notes: Option<Box<str>>,
    /// Who else may take it away, as sent.
    pub owners: Option<Document>,
}

/// What a lock forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Level {
    /// Nothing.
    NotSpecified,
    /// To remove what it lies on, and what is below.
    CanNotDelete,
    /// To remove or to write, and every action.
    ReadOnly,
}

impl Level {
    const ALL: [Level; 3] = [Level::NotSpecified, Level::CanNotDelete, Level::ReadOnly];

    /// As documents have it.
    pub fn name(self) -> &'static str {
        match self {
            Level::NotSpecified => "NotSpecified",
            Level::CanNotDelete => "CanNotDelete",
            Level::ReadOnly => "ReadOnly",
        }
    }
}

/// What a lock may forbid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// PUT and PATCH.
    Write,
    /// DELETE.
    Delete,
    /// POST.
    Action,
}

impl Verb {
    fn name(self) -> &'static str {
        match self {
            Verb::Write => "write",
            Verb::Delete => "delete",
            Verb::Action => "action",
        }
    }
}

impl Governance {
    /// Every lock, by scope and name.
    pub fn locks(&self) -> impl Iterator<Item = &Lock> {
        self.locks.iter().map(|(_, lock)| lock)
    }

    /// A lock.
    ///
    /// # Errors
    ///
    /// `LockNotFound`.
    pub fn lock(&self, scope: &Scope, name: &str) -> Result<&Lock, CloudError> {
        let found = self.locks.get(&at(scope, name));
        found.ok_or_else(|| CloudError::of(&LOCK_NOT_FOUND).with("lock", name))
    }
}

fn at(scope: &Scope, name: &str) -> At {
    (scope.folded(), name.to_lowercase().into())
}

/// Refuses what a lock forbids. A removal is stopped from below, too: what holds something locked stays.
pub(crate) fn check(cloud: &Cloud, requested: &dyn std::fmt::Display, verb: Verb) -> Result<(), CloudError> {
    if cloud.governance.locks.is_empty() {
        return Ok(());
    }
    let requested = requested.to_string();
    let folded = requested.to_lowercase();
    let locked: BTreeSet<String> = cloud
        .governance
        .locks
        .iter()
        .filter(|((scope, _), lock)| {
            let inherited = is_at_or_below(&folded, scope);
            let below = verb == Verb::Delete && is_at_or_below(scope, &folded);
            let forbids = match lock.level {
                Level::NotSpecified => false,
                Level::CanNotDelete => verb == Verb::Delete,
                Level::ReadOnly => true,
            };
            forbids && (inherited || below)
        })
        .map(|(_, lock)| lock.scope.to_string())
        .collect();
    if locked.is_empty() {
        return Ok(());
    }
    let locked: Vec<String> = locked.into_iter().collect();
    Err(CloudError::of(&SCOPE_LOCKED)
        .with("scope", requested)
        .with("verb", verb.name())
        .with("locked", locked.join(",")))
}

pub(super) fn put(
    tx: &mut Transaction<'_>,
    scope: &Scope,
    name: &str,
    document: &Document,
) -> Result<Outcome, CloudError> {
    check_exists(tx.cloud, scope)?;
    check_name(name)?;
    let given = document
        .get("properties")
        .and_then(|properties| properties.get("level"));
    let level = given
        .and_then(Value::as_str)
        .and_then(|given| {
            Level::ALL
                .into_iter()
                .find(|level| level.name().eq_ignore_ascii_case(given))
        })
        .ok_or_else(|| bad_member("level", given, "LockLevel"))?;

    let at = at(scope, name);
    let before = tx.cloud.governance.locks.get(&at);
    let created = before.is_none();
    let lock = Lock {
        scope: scope.clone(),
        name: before.map_or_else(|| name.into(), |before| before.name.clone()),
        level,
        notes: text(document, "notes").map(Into::into),
        owners: document
            .get("properties")
            .and_then(|properties| properties.get("owners"))
            .filter(|owners| owners.is_array())
            .cloned(),
    };
    tx.set_governance(Change::Lock(at, Some(lock.into())));
    Ok(set(created))
}

/// 1 to 90 characters: letters, digits, `. _ - ( )`, not ending in `.` (ARM 1.3).
fn check_name(name: &str) -> Result<(), CloudError> {
    let strangers: String = name
        .chars()
        .filter(|c| !c.is_alphanumeric() && !"._-()".contains(*c))
        .collect();
    let strangers = match strangers.is_empty() && name.ends_with('.') {
        true => ".".to_owned(),
        false => strangers,
    };
    if strangers.is_empty() && (1..=90).contains(&name.chars().count()) {
        return Ok(());
    }
    Err(CloudError::of(&BAD_NAME_AT_GATE)
        .with("name", name)
        .with("characters", strangers))
}

pub(super) fn delete(tx: &mut Transaction<'_>, scope: &Scope, name: &str) -> Result<Outcome, CloudError> {
    let at = at(scope, name);
    if !tx.cloud.governance.locks.contains(&at) {
        return Ok(Outcome::Absent);
    }
    tx.set_governance(Change::Lock(at, None));
    Ok(Outcome::Removed)
}
