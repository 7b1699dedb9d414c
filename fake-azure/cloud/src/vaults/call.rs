//! What a vault is asked about its keys and secrets, and what comes of it.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use crate::fabric::{VaultCollection, VaultObject};
use crate::key::Guid;

/// A request to a vault.
#[derive(Clone, Debug)]
pub struct VaultCall {
    /// The vault's name, in any case.
    pub vault: Box<str>,
    /// Who asks.
    pub caller: VaultCaller,
    /// Keys or secrets.
    pub collection: VaultCollection,
    /// What about them.
    pub operation: VaultOperation,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VaultCaller {
    /// The principal's object id.
    pub object: Guid,
    /// The application that it signed in by.
    pub application: Guid,
    /// Its tenant.
    pub tenant: Guid,
    /// Whether it is a user, for whom the application acts.
    pub is_user: bool,
    /// Where it asks from.
    pub address: Ipv4Addr,
}

/// What is asked. Names and versions as they came; an empty version is the latest.
#[derive(Clone, Debug)]
pub enum VaultOperation {
    /// Makes a key, or a new version of one.
    CreateKey {
        /// Which.
        name: Box<str>,
        /// What it is to be.
        key: KeyWish,
        /// Attributes and tags.
        wish: VersionWish,
    },
    /// Writes a secret, or a new version of one.
    SetSecret {
        /// Which.
        name: Box<str>,
        /// The text.
        value: Box<str>,
        /// Attributes, tags, content type.
        wish: VersionWish,
    },
    /// Changes what is said of a version.
    Update {
        /// Which.
        name: Box<str>,
        /// Its version.
        version: Box<str>,
        /// Attributes, tags, content type, operations.
        wish: VersionWish,
    },
    /// Reads a version.
    Get {
        /// Which.
        name: Box<str>,
        /// Its version.
        version: Box<str>,
    },
    /// Lists what there is.
    List,
    /// Lists the versions of one.
    Versions {
        /// Which.
        name: Box<str>,
    },
    /// Deletes one with all its versions.
    Delete {
        /// Which.
        name: Box<str>,
    },
    /// Reads one that was deleted.
    GetDeleted {
        /// Which.
        name: Box<str>,
    },
    /// Lists what was deleted.
    ListDeleted,
    /// Has one back.
    Recover {
        /// Which.
        name: Box<str>,
    },
    /// Removes one that was deleted for good.
    Purge {
        /// Which.
        name: Box<str>,
    },
}

impl VaultOperation {
    /// Whether something gets an id of its own.
    pub(crate) fn draws_id(&self) -> bool {
        matches!(
            self,
            VaultOperation::CreateKey { .. } | VaultOperation::SetSecret { .. }
        )
    }
}

/// What a key is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyWish {
    /// `RSA`, `RSA-HSM`, `EC`, `EC-HSM`.
    pub kind: Box<str>,
    /// Bits of an RSA key.
    pub size: Option<u32>,
    /// The curve of an EC key.
    pub curve: Option<Box<str>>,
}

/// What is said of a version. What is absent stays as it is, or has its default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionWish {
    /// Whether it can be used.
    pub enabled: Option<bool>,
    /// From when on, in seconds since 1970.
    pub not_before: Option<i64>,
    /// Until when, in seconds since 1970.
    pub expires: Option<i64>,
    /// Tags.
    pub tags: Option<BTreeMap<Box<str>, Box<str>>>,
    /// What a key may be used for.
    pub operations: Option<Vec<Box<str>>>,
    /// What a secret is.
    pub content_type: Option<Box<str>>,
}

/// What came of a request.
#[derive(Clone, Debug)]
pub enum VaultOutcome {
    /// One version.
    Version {
        /// The key or secret.
        object: VaultObject,
        /// The version's id.
        version: Guid,
    },
    /// One that was deleted. Without soft delete it is gone already.
    Deleted(VaultObject),
    /// All there are, by name.
    Objects(Vec<VaultObject>),
    /// It is gone.
    Purged,
}
