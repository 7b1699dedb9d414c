//! Vaults, and the keys and secrets in them.
//!
//! Rows and what follows from them alone: whether a name is held, whether a deleted thing can be had back. A vault that was
//! deleted stays here, without an owner, for as long as it holds its name. Who may do what is decided elsewhere.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Fabric;
use crate::Document;
use crate::key::{Guid, Key};
use crate::time::Time;

const DAY_MS: i64 = 86_400_000;

/// A vault, known across the cloud by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vault {
    /// The resource; `None` once it was deleted.
    pub owner: Option<Key>,
    /// Its subscription.
    pub subscription: Key,
    /// Its name as written.
    pub name: Box<str>,
    /// Where it is.
    pub location: Box<str>,
    /// Whether its name resolves: a vault answers once its creation has ended.
    pub ready: bool,
    /// Whether keys of hardware can be made in it.
    pub premium: bool,
    /// Who may do what with its data.
    pub policies: Vec<VaultPolicy>,
    /// Whether roles decide that, and not the policies.
    pub by_roles: bool,
    /// Whether disks may be encrypted with what is in it.
    pub for_disks: bool,
    /// How many days deleted things can be had back; `None` where they are gone at once.
    pub retention_days: Option<u32>,
    /// Whether nothing of it can be purged before that.
    pub purge_protection: bool,
    /// The address ranges that may reach its data; `None` where all may.
    pub reachable_from: Option<Vec<Box<str>>>,
    /// What is known of its deletion.
    pub deleted: Option<DeletedVault>,
}

/// What one caller may do with a vault's data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VaultPolicy {
    /// The caller's tenant.
    pub tenant: Guid,
    /// The caller: an object id of the directory.
    pub object: Guid,
    /// The application that must act for it, where one must.
    pub application: Option<Guid>,
    /// What it may do with keys, in lower case.
    pub keys: Vec<Box<str>>,
    /// What it may do with secrets, in lower case.
    pub secrets: Vec<Box<str>>,
}

/// A vault that was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletedVault {
    /// The id that it had.
    pub id: Box<str>,
    /// When it was deleted.
    pub at: Time,
    /// When it is gone for good.
    pub until: Time,
    /// Whether somebody asked for that.
    pub purging: bool,
    /// Its properties, as it gets them back.
    pub properties: Document,
    /// Its tags.
    pub tags: Document,
}

/// What is kept in a vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum VaultCollection {
    /// Keys, whose private half nobody sees.
    Keys,
    /// Secrets: texts.
    Secrets,
}

impl VaultCollection {
    /// `keys`, `secrets`: in paths and refusals.
    pub const fn as_str(self) -> &'static str {
        match self {
            VaultCollection::Keys => "keys",
            VaultCollection::Secrets => "secrets",
        }
    }
}

/// What names a key or secret: the vault, in lower case; the collection; the name, in lower case.
pub type VaultObjectName = (Box<str>, VaultCollection, Box<str>);

/// A key or a secret with all its versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VaultObject {
    /// Its name as written.
    pub name: Box<str>,
    /// Its versions, oldest first; there is one at least.
    pub versions: Vec<VaultVersion>,
    /// What is known of its deletion.
    pub deleted: Option<DeletedObject>,
    /// It was had back, and is seen again from then on.
    pub recovered: Option<Time>,
}

/// A key or secret that was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletedObject {
    /// When it was deleted.
    pub at: Time,
    /// When it is found among the deleted ones.
    pub settled: Time,
    /// When it is gone for good.
    pub until: Time,
}

/// One version of a key or secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VaultVersion {
    /// Its id. The material of a key follows from it.
    pub id: Guid,
    /// When it was made.
    pub created: Time,
    /// When it was last written.
    pub updated: Time,
    /// Whether it can be used.
    pub enabled: bool,
    /// From when on, in seconds since 1970.
    pub not_before: Option<i64>,
    /// Until when, in seconds since 1970.
    pub expires: Option<i64>,
    /// Its tags.
    pub tags: BTreeMap<Box<str>, Box<str>>,
    /// What it is.
    pub content: VaultContent,
}

/// What a version is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VaultContent {
    /// A key.
    Key(VaultKey),
    /// A secret.
    Secret {
        /// The text.
        value: Box<str>,
        /// What the client says that it is.
        content_type: Option<Box<str>>,
    },
}

/// What kind of key it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VaultKey {
    /// Bits of the modulus, or the curve.
    pub size: KeySize,
    /// Whether it lives in hardware.
    pub hardware: bool,
    /// What it may be used for, as written: `wrapKey`.
    pub operations: Vec<Box<str>>,
}

/// How large a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeySize {
    /// RSA with that many bits.
    Rsa(u32),
    /// A curve.
    Ec(Curve),
}

/// The curves that keys can be on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the curves'")]
pub enum Curve {
    P256,
    P256K,
    P384,
    P521,
}

impl Curve {
    /// As documents write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Curve::P256 => "P-256",
            Curve::P256K => "P-256K",
            Curve::P384 => "P-384",
            Curve::P521 => "P-521",
        }
    }

    /// Reads `P-256`.
    pub fn find(text: &str) -> Option<Curve> {
        [Curve::P256, Curve::P256K, Curve::P384, Curve::P521]
            .into_iter()
            .find(|curve| curve.as_str() == text)
    }
}

impl Vault {
    /// Whether it holds its name at a time: it is there, or deleted and not gone for good.
    pub fn holds_name(&self, now: Time) -> bool {
        self.deleted.as_ref().is_none_or(|deleted| now < deleted.until)
    }

    /// Its deletion, while it can be had back.
    pub fn recoverable(&self, now: Time) -> Option<&DeletedVault> {
        self.deleted
            .as_ref()
            .filter(|deleted| now < deleted.until && !deleted.purging)
    }

    /// When what is deleted now is gone for good.
    pub fn purged_at(&self, now: Time) -> Option<Time> {
        self.retention_days
            .map(|days| now.plus_millis(i64::from(days) * DAY_MS))
    }
}

impl VaultObject {
    /// Whether it is there: not deleted.
    pub fn is_there(&self) -> bool {
        self.deleted.is_none()
    }

    /// Whether it is there and seen again, if it was away.
    pub fn is_seen(&self, now: Time) -> bool {
        self.is_there() && self.recovered.is_none_or(|from| from <= now)
    }

    /// Whether it holds its name at a time.
    pub fn holds_name(&self, now: Time) -> bool {
        self.deleted.is_none_or(|deleted| now < deleted.until)
    }

    /// The version that counts: the last.
    pub fn latest(&self) -> &VaultVersion {
        self.versions.last().expect("a key or secret has a version")
    }

    /// The version with an id of 32 digits, in any case; the last for an empty one.
    pub fn version(&self, id: &str) -> Option<&VaultVersion> {
        if id.is_empty() {
            return self.versions.last();
        }
        self.versions
            .iter()
            .find(|version| format!("{:032x}", version.id.0).eq_ignore_ascii_case(id))
    }
}

impl VaultVersion {
    /// Whether it can be used at a time.
    pub fn is_usable(&self, now: Time) -> bool {
        let now_secs = now.millis() / 1000;
        self.enabled
            && self.not_before.is_none_or(|from| from <= now_secs)
            && self.expires.is_none_or(|until| now_secs < until)
    }

    /// Its id as addresses write it.
    pub fn id_text(&self) -> String {
        format!("{:032x}", self.id.0)
    }
}

/// A key as its address names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAddress {
    /// The vault, in lower case.
    pub vault: Box<str>,
    /// The key.
    pub key: Box<str>,
    /// The version; empty for the latest.
    pub version: Box<str>,
}

/// The vault of an address's first label: `{vault}.vault.{anything}`.
pub fn vault_of_host(authority: &str) -> Option<&str> {
    let (vault, rest) = authority.split_once('.')?;
    let is_vault = rest.get(..6).is_some_and(|word| word.eq_ignore_ascii_case("vault."));
    (is_vault && !vault.is_empty()).then_some(vault)
}

/// The vault of a path's first segment: `{vault}.vault.azure.net`, how a server without names of its own is asked.
pub fn vault_of_segment(segment: &str) -> Option<&str> {
    let is_public = segment.to_ascii_lowercase().ends_with(".vault.azure.net");
    vault_of_host(segment).filter(|_| is_public)
}

/// The key that an address names, in host style (`https://{vault}.vault.any.where/keys/{key}/{version}`) or in path style
/// (`https://any.where/{vault}.vault.azure.net/keys/{key}/{version}`). Whether there is such a key is not asked.
pub fn key_address_of(uri: &str) -> Option<KeyAddress> {
    let (scheme, rest) = uri.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
        return None;
    }
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    let mut segments = rest.trim_end_matches('/').split('/');
    let host = segments.next()?;
    let vault = match vault_of_host(host) {
        Some(vault) => vault,
        None => vault_of_segment(segments.next()?)?,
    };
    let words: Vec<&str> = segments.collect();
    let (key, version) = match words.as_slice() {
        [collection, key] if collection.eq_ignore_ascii_case("keys") => (*key, ""),
        [collection, key, version] if collection.eq_ignore_ascii_case("keys") => (*key, *version),
        _ => return None,
    };
    (!key.is_empty()).then(|| KeyAddress {
        vault: vault.to_ascii_lowercase().into(),
        key: key.into(),
        version: version.into(),
    })
}

/// What disks are encrypted with, by the set that says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncryptionSet {
    /// Who opens the vault: the set's own identity; `None` where it was taken away.
    pub principal: Option<Guid>,
    /// The address of the key, as sent.
    pub key_url: Box<str>,
    /// `EncryptionAtRestWithCustomerKey`.
    pub encryption: Box<str>,
}

impl Fabric {
    /// The vault that holds a name, in any case.
    pub fn vault(&self, name: &str, now: Time) -> Option<&Vault> {
        self.vaults
            .get(name.to_ascii_lowercase().as_str())
            .filter(|vault| vault.holds_name(now))
    }

    /// What is in a vault, whether deleted or not, by collection and name.
    pub fn vault_objects_of<'a>(
        &'a self,
        vault: &str,
    ) -> impl Iterator<Item = (&'a VaultObjectName, &'a VaultObject)> + use<'a> {
        let vault: Box<str> = vault.to_ascii_lowercase().into();
        let start = (vault.clone(), VaultCollection::Keys, Box::default());
        self.vault_objects
            .range(start..)
            .take_while(move |((owner, _, _), _)| *owner == vault)
    }

    /// A key or secret that holds its name.
    pub fn vault_object(
        &self,
        vault: &str,
        collection: VaultCollection,
        name: &str,
        now: Time,
    ) -> Option<&VaultObject> {
        let at = (
            vault.to_ascii_lowercase().into(),
            collection,
            name.to_ascii_lowercase().into(),
        );
        self.vault_objects.get(&at).filter(|object| object.holds_name(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_key_in_either_style() {
        let expected = KeyAddress {
            vault: "kv1".into(),
            key: "disk-secret".into(),
            version: "ab".into(),
        };
        for uri in [
            "https://kv1.vault.azure.net/keys/disk-secret/ab",
            "HTTPS://KV1.vault.usgovcloudapi.net:443/Keys/disk-secret/ab/",
            "https://localhost:8443/kv1.vault.azure.net/keys/disk-secret/ab?api-version=7.4",
        ] {
            assert_eq!(key_address_of(uri).as_ref(), Some(&expected), "{uri}");
        }
        assert_eq!(
            key_address_of("https://kv1.vault.azure.net/keys/k").map(|at| at.version),
            Some("".into())
        );
    }

    #[test]
    fn other_addresses_name_no_key() {
        for uri in [
            "kv1.vault.azure.net/keys/k/v",
            "https://kv1.vault.azure.net/secrets/k/v",
            "https://kv1.vault.azure.net/keys//v",
            "https://kv1.vault.azure.net/keys/k/v/w",
            "https://acct.blob.core.windows.net/keys/k/v",
            "https://localhost/kv1.vault.example.com/keys/k/v",
        ] {
            assert_eq!(key_address_of(uri), None, "{uri}");
        }
    }
}
