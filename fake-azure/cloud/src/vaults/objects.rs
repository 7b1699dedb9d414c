//! Keys and secrets: versions, soft deletion, recovery. They differ in what a version is, and in nothing else.

use super::call::{KeyWish, VaultOutcome, VersionWish};
use super::refusals::{
    BAD_KEY, BAD_NAME, DELETED_BUT_RECOVERABLE, DELETED_KEY_NOT_FOUND, DELETED_SECRET_NOT_FOUND, KEY_NOT_FOUND,
    NO_HARDWARE, OBJECT_BEING_DELETED, OBJECT_BEING_RECOVERED, OBJECT_DELETED, OBJECT_DELETING, OBJECT_RECOVERING,
    PURGE_OBJECT_FORBIDDEN, SECRET_DISABLED, SECRET_IS_DISABLED, SECRET_NOT_FOUND,
};
use crate::cx::Cx;
use crate::error::{CloudError, Form};
use crate::fabric::{
    Curve, DeletedObject, KeySize, Vault, VaultCollection, VaultContent, VaultKey, VaultObject, VaultObjectName,
    VaultVersion,
};
use crate::key::Guid;
use crate::plan::Plan;
use crate::time::Time;

/// How long until what was deleted is found among the deleted, and what was had back is found again. Assumed; SDKs poll for both.
const SETTLES_MS: i64 = 5_000;

/// What a key may be used for, in Azure's spelling.
const OPERATIONS: &[&str] = &[
    "encrypt",
    "decrypt",
    "sign",
    "verify",
    "wrapKey",
    "unwrapKey",
    "import",
    "export",
];

/// A vault with the collection that is asked about.
#[derive(Clone, Copy)]
pub(super) struct Desk<'a> {
    pub(super) cx: Cx<'a>,
    pub(super) vault: &'a Vault,
    pub(super) collection: VaultCollection,
    pub(super) now: Time,
}

type Planned = Result<(VaultOutcome, Plan), CloudError>;

impl<'a> Desk<'a> {
    pub(super) fn create_key(&self, name: &str, wish: &KeyWish, said: &VersionWish, fresh: Guid) -> Planned {
        let (size, hardware) = read_kind(wish)?;
        if hardware && !self.vault.premium {
            return Err(CloudError::of(&NO_HARDWARE));
        }
        let operations = match &said.operations {
            Some(given) => read_operations(given)?,
            None => default_operations(size).iter().map(|word| (*word).into()).collect(),
        };
        let key = VaultKey {
            size,
            hardware,
            operations,
        };
        self.add_version(name, VaultContent::Key(key), said, fresh)
    }

    pub(super) fn set_secret(&self, name: &str, value: &str, said: &VersionWish, fresh: Guid) -> Planned {
        let content = VaultContent::Secret {
            value: value.into(),
            content_type: said.content_type.clone(),
        };
        self.add_version(name, content, said, fresh)
    }

    fn add_version(&self, name: &str, content: VaultContent, said: &VersionWish, fresh: Guid) -> Planned {
        check_name(name)?;
        let mut object = match self.find(name) {
            Some(there) => {
                self.check_writable(there)?;
                there.clone()
            }
            None => VaultObject {
                name: name.into(),
                versions: Vec::new(),
                deleted: None,
                recovered: None,
            },
        };
        object.versions.push(VaultVersion {
            id: fresh,
            created: self.now,
            updated: self.now,
            enabled: said.enabled.unwrap_or(true),
            not_before: said.not_before,
            expires: said.expires,
            tags: said.tags.clone().unwrap_or_default(),
            content,
        });
        Ok(self.written(object, fresh))
    }

    pub(super) fn update(&self, name: &str, version: &str, said: &VersionWish) -> Planned {
        let mut object = self.seen(name)?.clone();
        let id = object.version(version).ok_or_else(|| self.missing(name))?.id;
        for own in object.versions.iter_mut().filter(|own| own.id == id) {
            own.updated = self.now;
            own.enabled = said.enabled.unwrap_or(own.enabled);
            own.not_before = said.not_before.or(own.not_before);
            own.expires = said.expires.or(own.expires);
            if let Some(tags) = &said.tags {
                own.tags.clone_from(tags);
            }
            match &mut own.content {
                VaultContent::Key(key) => {
                    if let Some(given) = &said.operations {
                        key.operations = read_operations(given)?;
                    }
                }
                VaultContent::Secret { content_type, .. } => {
                    if said.content_type.is_some() {
                        content_type.clone_from(&said.content_type);
                    }
                }
            }
        }
        Ok(self.written(object, id))
    }

    pub(super) fn get(&self, name: &str, version: &str) -> Planned {
        let object = self.seen(name)?;
        let found = object.version(version).ok_or_else(|| self.missing(name))?;
        // A key shows its public half to whoever may get it; a secret is all there is.
        if self.collection == VaultCollection::Secrets && !found.enabled {
            return Err(CloudError::of(&SECRET_DISABLED).because(CloudError::of(&SECRET_IS_DISABLED)));
        }
        let outcome = VaultOutcome::Version {
            object: object.clone(),
            version: found.id,
        };
        Ok((outcome, Plan::new()))
    }

    pub(super) fn list(&self) -> (VaultOutcome, Plan) {
        self.all(|object| object.is_seen(self.now))
    }

    pub(super) fn list_deleted(&self) -> (VaultOutcome, Plan) {
        self.all(|object| {
            object
                .deleted
                .is_some_and(|deleted| deleted.settled <= self.now && self.now < deleted.until)
        })
    }

    pub(super) fn versions(&self, name: &str) -> Planned {
        let found = self.find(name).filter(|object| object.is_seen(self.now));
        Ok((VaultOutcome::Objects(found.cloned().into_iter().collect()), Plan::new()))
    }

    pub(super) fn delete(&self, name: &str) -> Planned {
        let object = self.seen(name)?;
        let Some(until) = self.vault.purged_at(self.now) else {
            let outcome = VaultOutcome::Deleted(object.clone());
            return Ok((outcome, Plan::new().vault_object(self.at(name), None)));
        };
        let deleted = VaultObject {
            deleted: Some(DeletedObject {
                at: self.now,
                settled: self.now.plus_millis(SETTLES_MS),
                until,
            }),
            recovered: None,
            ..object.clone()
        };
        let outcome = VaultOutcome::Deleted(deleted.clone());
        Ok((outcome, Plan::new().vault_object(self.at(name), Some(deleted))))
    }

    pub(super) fn get_deleted(&self, name: &str) -> Planned {
        let (object, _) = self.deleted(name)?;
        Ok((VaultOutcome::Deleted(object.clone()), Plan::new()))
    }

    pub(super) fn recover(&self, name: &str) -> Planned {
        let (object, _) = self.deleted(name)?;
        let back = VaultObject {
            deleted: None,
            recovered: Some(self.now.plus_millis(SETTLES_MS)),
            ..object.clone()
        };
        let latest = back.latest().id;
        Ok(self.written(back, latest))
    }

    pub(super) fn purge(&self, name: &str) -> Planned {
        self.deleted(name)?;
        if self.vault.purge_protection {
            return Err(CloudError::of(&PURGE_OBJECT_FORBIDDEN));
        }
        Ok((VaultOutcome::Purged, Plan::new().vault_object(self.at(name), None)))
    }

    fn at(&self, name: &str) -> VaultObjectName {
        (
            self.vault.name.to_ascii_lowercase().into(),
            self.collection,
            name.to_ascii_lowercase().into(),
        )
    }

    /// What holds a name.
    fn find(&self, name: &str) -> Option<&'a VaultObject> {
        let fabric = self.cx.fabric();
        fabric.vault_object(&self.vault.name, self.collection, name, self.now)
    }

    /// What is there under a name.
    fn seen(&self, name: &str) -> Result<&'a VaultObject, CloudError> {
        check_name(name)?;
        let found = self.find(name).filter(|object| object.is_there());
        let object = found.ok_or_else(|| self.missing(name))?;
        match object.recovered {
            Some(from) if self.now < from => Err(self.missing(name).until(from)),
            _ => Ok(object),
        }
    }

    /// What was deleted under a name.
    fn deleted(&self, name: &str) -> Result<(&'a VaultObject, DeletedObject), CloudError> {
        check_name(name)?;
        let form = match self.collection {
            VaultCollection::Keys => &DELETED_KEY_NOT_FOUND,
            VaultCollection::Secrets => &DELETED_SECRET_NOT_FOUND,
        };
        let missing = || CloudError::of(form).with("name", name);
        let object = self.find(name).ok_or_else(missing)?;
        let deleted = object.deleted.ok_or_else(missing)?;
        if self.now < deleted.settled {
            return Err(missing().until(deleted.settled));
        }
        Ok((object, deleted))
    }

    /// Refuses a new version of what is deleted, or on its way. Quirk `vault-object-deleted-but-recoverable`.
    fn check_writable(&self, object: &VaultObject) -> Result<(), CloudError> {
        let noun = match self.collection {
            VaultCollection::Keys => "Key",
            VaultCollection::Secrets => "Secret",
        };
        let say = |form: &Form, inner: &Form| {
            let error = CloudError::of(form).with("name", &object.name).with("noun", noun);
            error.because(CloudError::of(inner))
        };
        match (object.deleted, object.recovered) {
            (Some(deleted), _) if self.now < deleted.settled => {
                Err(say(&OBJECT_DELETING, &OBJECT_BEING_DELETED).until(deleted.settled))
            }
            (Some(_), _) => {
                cov_mark::hit!(vault_object_deleted_but_recoverable);
                Err(say(&OBJECT_DELETED, &DELETED_BUT_RECOVERABLE).with("lower", noun.to_ascii_lowercase()))
            }
            (None, Some(from)) if self.now < from => Err(say(&OBJECT_RECOVERING, &OBJECT_BEING_RECOVERED).until(from)),
            _ => Ok(()),
        }
    }

    fn missing(&self, name: &str) -> CloudError {
        let form = match self.collection {
            VaultCollection::Keys => &KEY_NOT_FOUND,
            VaultCollection::Secrets => &SECRET_NOT_FOUND,
        };
        CloudError::of(form).with("name", name)
    }

    fn written(&self, object: VaultObject, version: Guid) -> (VaultOutcome, Plan) {
        let plan = Plan::new().vault_object(self.at(&object.name), Some(object.clone()));
        (VaultOutcome::Version { object, version }, plan)
    }

    fn all(&self, wanted: impl Fn(&VaultObject) -> bool) -> (VaultOutcome, Plan) {
        let found = self
            .cx
            .fabric()
            .vault_objects_of(&self.vault.name)
            .filter(|((_, collection, _), object)| *collection == self.collection && wanted(object))
            .map(|(_, object)| object.clone());
        (VaultOutcome::Objects(found.collect()), Plan::new())
    }
}

fn check_name(name: &str) -> Result<(), CloudError> {
    let has_form =
        (1..=127).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if has_form {
        Ok(())
    } else {
        Err(CloudError::of(&BAD_NAME).with("name", name))
    }
}

/// `kty`, `key_size`, `crv`: what they make together.
fn read_kind(wish: &KeyWish) -> Result<(KeySize, bool), CloudError> {
    let bad = |property: &str| CloudError::of(&BAD_KEY).with("property", property);
    let kind = wish.kind.to_ascii_uppercase();
    let hardware = kind.ends_with("-HSM");
    let size = match kind.trim_end_matches("-HSM") {
        "RSA" => match wish.size.unwrap_or(2048) {
            bits @ (2048 | 3072 | 4096) => KeySize::Rsa(bits),
            _ => return Err(bad("key_size")),
        },
        "EC" => match wish.curve.as_deref() {
            None => KeySize::Ec(Curve::P256),
            Some(given) => KeySize::Ec(Curve::find(given).ok_or_else(|| bad("crv"))?),
        },
        _ => return Err(bad("kty")),
    };
    Ok((size, hardware))
}

fn read_operations(given: &[Box<str>]) -> Result<Vec<Box<str>>, CloudError> {
    let known = |word: &str| OPERATIONS.iter().find(|own| own.eq_ignore_ascii_case(word));
    given
        .iter()
        .map(|word| match known(word) {
            Some(word) => Ok((*word).into()),
            None => Err(CloudError::of(&BAD_KEY).with("property", "key_ops")),
        })
        .collect()
}

/// What a key may be used for when nobody says (recorded by Azure/azure-sdk-for-js).
fn default_operations(size: KeySize) -> &'static [&'static str] {
    match size {
        KeySize::Rsa(_) => &["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"],
        KeySize::Ec(_) => &["sign", "verify"],
    }
}
