//! Root disks that are encrypted with keys of the user's (juju-provider 1.15).
//!
//! Either there is a set already, which is only named; or there is to be a vault with a key, and a set that opens it. Those are
//! made once for an environment and found again by their names; the whole of it goes on under one lock.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use uuid::Uuid;

use super::ArmEnviron;
use super::client::{Client, is_absent};
use super::key_vaults::{self, Access, ENCRYPTION_SETS, EncryptionSet, KeyBundle, Vault};
use super::tags;
use crate::{CloudSpec, Component, Config, Credential, Error, Kind, RootDisk};

/// So that, with a hyphen and eight digits, it is no longer than a vault's name may be (juju-provider 1.4).
const PREFIX_LEN_MAX: usize = 15;
const KEY_NAME: &str = "disk-secret";

/// A key that is being deleted, or had back, is so for a few seconds.
const KEY_DELAY: Duration = Duration::from_secs(5);
const KEY_TRIES_MAX: u32 = 12;

/// What asks vaults for keys. Locked while a vault, its key and its set are made.
pub(super) struct Vaults {
    cloud: CloudSpec,
    credential: Credential,
    /// By what the tokens are for.
    client: Mutex<Option<(String, Client)>>,
}

impl Vaults {
    pub(super) fn new(cloud: CloudSpec, credential: Credential) -> Self {
        Self {
            cloud,
            credential,
            client: Mutex::new(None),
        }
    }
}

/// How a root disk comes to be encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wish {
    /// It does not.
    Nothing,
    /// By a set that is there: an expression for its id.
    Set(String),
    /// By a set of this name, which opens a vault of that one.
    Vault { vault: String, key: String, set: String },
}

/// What the attributes of a pool come to.
fn wish(wanted: Option<&RootDisk>, config: &Config) -> Result<Wish, Error> {
    let Some(wanted) = wanted.filter(|wanted| wanted.encrypted) else {
        return Ok(Wish::Nothing);
    };
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let set = given(&wanted.disk_encryption_set_name);
    let Some(prefix) = given(&wanted.vault_name_prefix) else {
        let set = set.ok_or_else(|| {
            Error::Machine("an encrypted root disk needs `disk-encryption-set-name` or `vault-name-prefix`".to_owned())
        })?;
        return Ok(Wish::Set(match set.split_once('/') {
            Some((group, name)) => format!("[resourceId('{group}','{ENCRYPTION_SETS}','{name}')]"),
            None => format!("[resourceId('{ENCRYPTION_SETS}','{set}')]"),
        }));
    };
    if let Some(set) = set.as_ref().filter(|set| set.contains('/')) {
        return Err(Error::Machine(format!(
            "do not specify a resource group for disk encryption set `{set}` where a vault is made, too"
        )));
    }
    if prefix.len() > PREFIX_LEN_MAX {
        return Err(Error::Machine(format!(
            "`vault-name-prefix` is `{prefix}`, which is longer than {PREFIX_LEN_MAX} characters"
        )));
    }
    let uuid = config.uuid.to_string();
    let vault = format!("{prefix}-{}", &uuid[..8]);
    Ok(Wish::Vault {
        set: set.unwrap_or_else(|| vault.clone()),
        key: given(&wanted.vault_key_name).unwrap_or_else(|| KEY_NAME.to_owned()),
        vault,
    })
}

impl ArmEnviron {
    /// An expression for the id of the set whose keys a root disk is encrypted with; None where it is not.
    pub(super) async fn encryption_set_id(&self, wanted: Option<&RootDisk>) -> Result<Option<String>, Error> {
        let config = self.current_config();
        let (vault, key, set) = match wish(wanted, &config)? {
            Wish::Nothing => return Ok(None),
            Wish::Set(expression) => return Ok(Some(expression)),
            Wish::Vault { vault, key, set } => (vault, key, set),
        };
        if !self.profile.has_managed_disks() {
            return Err(Error::NotSupported(
                "this generation knows no managed disks, and no other can be encrypted with keys of a vault".to_owned(),
            ));
        }

        let mut keys = self.vaults.client.lock().await;
        let user = wanted.and_then(|wanted| wanted.vault_user_id.as_deref());
        self.make_encryption_set(&mut keys, &vault, &key, &set, user).await?;
        Ok(Some(format!("[resourceId('{ENCRYPTION_SETS}','{set}')]")))
    }

    /// The sequence of juju-provider 1.15: each call makes what is missing, and may be made again.
    async fn make_encryption_set(
        &self,
        keys: &mut Option<(String, Client)>,
        vault_name: &str,
        key_name: &str,
        set_name: &str,
        user: Option<&str>,
    ) -> Result<(), Error> {
        let own = tags::of_environment(&self.current_config());
        let (tenant, application) = self.own_principal().await?;
        let set: Option<EncryptionSet> = self.client.find(&key_vaults::get_set(&self.scope, set_name)).await?;
        let principal = set.as_ref().and_then(EncryptionSet::principal);
        let mut access = Access {
            all: std::iter::once(application.as_str())
                .chain(user.filter(|user| !user.is_empty() && *user != application))
                .collect(),
            disks: principal,
        };

        let recover = self.was_deleted(vault_name).await?;
        let call = key_vaults::put(&self.scope, vault_name, tenant, &access, recover, &own);
        let vault: Vault = self.client.put(&call).await?;
        let key = self.make_key(keys, &vault, key_name).await?;
        if principal.is_some() {
            return Ok(());
        }

        let call = key_vaults::put_set(&self.scope, set_name, &vault, &key, &own);
        let set: EncryptionSet = self.client.put(&call).await?;
        access.disks = set.principal();
        let call = key_vaults::put(&self.scope, vault_name, tenant, &access, false, &own);
        self.client.put::<Vault>(&call).await.map(|_| ())
    }

    /// Whether a vault of that name was deleted and holds it still. Who may not look finds out when it makes one.
    async fn was_deleted(&self, vault: &str) -> Result<bool, Error> {
        match self.client.send(&key_vaults::get_deleted(&self.scope, vault)).await {
            Ok(_) => Ok(true),
            Err(error) if is_absent(&error) || error.kind() == Some(Kind::Forbidden) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The key, made or had back.
    async fn make_key(
        &self,
        keys: &mut Option<(String, Client)>,
        vault: &Vault,
        name: &str,
    ) -> Result<KeyBundle, Error> {
        let client = self.key_client(keys, vault)?;
        let create = key_vaults::create_key(&self.scope, vault, name);
        let recover = key_vaults::recover_key(&self.scope, vault, name);
        for tries in 1.. {
            let refused = match client.read(&create).await {
                Ok(key) => return Ok(key),
                Err(error) => error,
            };
            let is_conflict = refused
                .azure()
                .and_then(crate::AzureError::refusal)
                .and_then(|no| no.status)
                == Some(409);
            if !is_conflict || tries >= KEY_TRIES_MAX {
                return Err(of_vault(refused));
            }

            match client.read(&recover).await {
                Ok(key) => return Ok(key),
                // It is on its way out, or back.
                Err(error) if is_absent(&error) => self.client.clock.sleep(KEY_DELAY).await,
                Err(error) => return Err(of_vault(error)),
            }
        }
        Err(Error::NotSupported("a key is tried for at least once".to_owned()))
    }

    /// What asks this vault, with tokens that are for vaults.
    fn key_client(&self, keys: &mut Option<(String, Client)>, vault: &Vault) -> Result<Client, Error> {
        let resource = key_vaults::resource_of(vault.address())
            .ok_or_else(|| Error::NotSupported(format!("`{}` is no address of a key vault", vault.address())))?;
        if let Some((_, client)) = keys.as_ref().filter(|(known, _)| *known == resource) {
            return Ok(client.clone());
        }

        let cloud = CloudSpec {
            audience: resource.clone(),
            ..self.vaults.cloud.clone()
        };
        let (chain, _) = self
            .stack
            .resource_manager(&cloud, &self.vaults.credential, self.profile.sign_in);
        let client = Client::new(chain, Arc::clone(&self.client.clock), self.client.deadline);
        *keys = Some((resource, client.clone()));
        Ok(client)
    }

    /// Tenant and object id of the service principal that we are: the credential's, or as our own token tells.
    async fn own_principal(&self) -> Result<(Uuid, String), Error> {
        let credential = &self.vaults.credential;
        if let (Some(tenant), Some(object)) = (credential.tenant_id, credential.application_object_id) {
            return Ok((tenant, object.to_string()));
        }

        let claims = self.authenticate.claims().await.map_err(Error::Azure)?;
        let claim = |name: &str| claims.get(name).and_then(|value| value.as_str()?.parse::<Uuid>().ok());
        let tenant = credential.tenant_id.or_else(|| claim("tid"));
        let object = credential.application_object_id.or_else(|| claim("oid"));
        match (tenant, object) {
            (Some(tenant), Some(object)) => Ok((tenant, object.to_string())),
            _ => Err(Error::config(
                "application-object-id",
                "a vault needs it, and the token does not tell",
            )),
        }
    }
}

/// The vault says so, and not Resource Manager.
fn of_vault(error: Error) -> Error {
    match error {
        Error::Azure(mut error) if error.component == Component::ResourceManager => {
            error.component = Component::KeyVault;
            Error::Azure(error)
        }
        error => error,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{Wish, wish};
    use crate::{Config, RootDisk};

    fn said(set: Option<&str>, prefix: Option<&str>) -> Result<Wish, String> {
        let wanted = RootDisk {
            encrypted: true,
            disk_encryption_set_name: set.map(str::to_owned),
            vault_name_prefix: prefix.map(str::to_owned),
            ..RootDisk::default()
        };
        let config = Config::new("env", Uuid::from_u128(0xe << 96), Uuid::from_u128(0xc), "West US");
        wish(Some(&wanted), &config).map_err(|error| error.to_string())
    }

    #[test]
    fn a_set_that_is_there_is_referred_to() {
        for (set, expression) in [
            ("s", "[resourceId('Microsoft.Compute/diskEncryptionSets','s')]"),
            ("g/s", "[resourceId('g','Microsoft.Compute/diskEncryptionSets','s')]"),
        ] {
            assert_eq!(said(Some(set), None), Ok(Wish::Set(expression.to_owned())));
        }
        let config = Config::new("env", Uuid::from_u128(1), Uuid::from_u128(2), "West US");
        assert_eq!(wish(Some(&RootDisk::default()), &config).ok(), Some(Wish::Nothing));
        assert_eq!(wish(None, &config).ok(), Some(Wish::Nothing));
    }

    #[test]
    fn a_vault_is_named_after_the_environment() {
        let vault = |set: &str| Wish::Vault {
            vault: "kv-0000000e".to_owned(),
            key: "disk-secret".to_owned(),
            set: set.to_owned(),
        };
        assert_eq!(said(None, Some("kv")), Ok(vault("kv-0000000e")));
        assert_eq!(said(Some("s"), Some("kv")), Ok(vault("s")));
    }

    #[test]
    fn what_cannot_be_is_said() {
        let refused = |set, prefix| said(set, prefix).expect_err("it cannot be");
        assert!(refused(None, None).contains("needs"));
        assert!(refused(Some("g/s"), Some("v")).contains("do not specify a resource group"));
        assert!(refused(None, Some("sixteen-letters-")).contains("longer than 15"));
        assert!(said(None, Some("fifteen-letters")).is_ok());
    }
}
