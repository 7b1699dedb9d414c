//! The environment's storage account: its name, its key, and the blobs of OS disks in it.

use std::time::Duration;

use bytes::Bytes;
use http::Response;

use super::ArmEnviron;
use super::client::is_absent;
use super::data_disks::Disk;
use super::scope::Call;
use super::storage_accounts::{self as accounts, Account, Availability, Keys};
use super::tags::{self, Tags};
use crate::policy::{AccountKey, Backoff};
use crate::{AzureError, Component, Error, Failure};

/// Names tried for a new account (juju-provider 1.4).
const NAMES_MAX: usize = 10;
/// After `juju`; together the longest name Azure takes.
const NAME_TAIL_LEN: usize = 20;
/// A key may not be there at first (juju-provider L22); so may a lease still be on a disk whose machine is gone (1.17).
const LOOKS_MAX: u32 = 12;
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// The account, as far as it is known.
#[derive(Clone, Debug)]
pub(super) struct Storage {
    pub(super) name: String,
    pub(super) blob_endpoint: String,
    key: Option<AccountKey>,
}

impl Storage {
    fn of(account: &Account) -> Option<Self> {
        Some(Self {
            name: account.name.clone(),
            blob_endpoint: account.blob_endpoint()?,
            key: None,
        })
    }
}

impl ArmEnviron {
    /// The account, if there is one: as remembered, as configured, or as found in the group.
    pub(super) async fn storage(&self) -> Result<Option<Storage>, Error> {
        let mut known = self.storage.lock().await;
        if known.is_none() {
            let named = self.current_config().storage_account;
            let of_uuid = self.profile.template_versions().map(|_| self.account_name());
            let account = match named.or(of_uuid) {
                Some(name) => self.client.find(&accounts::get(&self.scope, &name)).await?,
                None => self.find_own_account().await?,
            };
            *known = account.as_ref().and_then(Storage::of);
        }
        Ok(known.clone())
    }

    async fn find_own_account(&self) -> Result<Option<Account>, Error> {
        let accounts = self
            .client
            .find_list::<Account>(&accounts::list(&self.scope))
            .await?
            .unwrap_or_default();
        let mut own: Vec<Account> = accounts
            .into_iter()
            .filter(|account| self.is_own(account.tags.as_ref()))
            .collect();
        own.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(own.into_iter().next())
    }

    /// Whether what bears these tags is this environment's.
    pub(super) fn is_own(&self, own: Option<&Tags>) -> bool {
        let uuid = self.current_config().uuid.to_string();
        tags::value(own, tags::MODEL_UUID).is_some_and(|value| value.eq_ignore_ascii_case(&uuid))
    }

    /// Makes the account, and remembers it with its key.
    pub(super) async fn create_storage(&self, own: &Tags) -> Result<(), Error> {
        let account_type = self.current_config().storage_account_type;
        let account = match self.current_config().storage_account {
            Some(name) => {
                self.client
                    .put(&accounts::put(&self.scope, &name, account_type, own))
                    .await?
            }
            None => self.create_named_storage(own).await?,
        };
        let Some(mut storage) = Storage::of(&account) else {
            let call = accounts::get(&self.scope, &account.name);
            let reason = "the account has no blob endpoint".to_owned();
            return Err(super::client::failed(&call, Failure::Unreadable(reason)));
        };
        self.change_config(|config| config.storage_account = Some(storage.name.clone()));
        let keys: Keys = self
            .client
            .read(&accounts::list_keys(&self.scope, &storage.name))
            .await?;
        storage.key = keys.full().and_then(|key| AccountKey::new(&storage.name, key));
        *self.storage.lock().await = Some(storage);
        Ok(())
    }

    async fn create_named_storage(&self, own: &Tags) -> Result<Account, Error> {
        let config = self.current_config();
        for nth in 0..NAMES_MAX {
            // From the environment's uuid and the seed: a repetition comes to the same names.
            let tail = self
                .random
                .lower_alnum(&format!("storage account {nth} of {}", config.uuid), NAME_TAIL_LEN);
            let name = format!("juju{tail}");
            let call = accounts::check_name(&self.scope, &name);
            let availability: Availability = self.client.read(&call).await?;
            if !availability.name_available {
                let found: Option<Account> = self.client.find(&accounts::get(&self.scope, &name)).await?;
                match found {
                    Some(account) if self.is_own(account.tags.as_ref()) => return Ok(account),
                    // Nobody sees an account that is still being made: writing it again says whose it is.
                    None => {}
                    Some(_) => {
                        tracing::debug!(name, reason = availability.reason, "storage account name not available");
                        continue;
                    }
                }
            }

            match self
                .client
                .put(&accounts::put(&self.scope, &name, config.storage_account_type, own))
                .await
            {
                Err(error) if is_taken(&error) => {}
                answer => return answer,
            }
        }
        Err(Error::Exhausted(format!(
            "none of {NAMES_MAX} names for a storage account is available"
        )))
    }

    /// Deletes the OS disk of `vm`. No account, no container and no blob are all fine.
    pub(super) async fn delete_os_vhd(&self, vm: &str) -> Result<(), Error> {
        let Some(storage) = self.storage().await? else {
            return Ok(());
        };
        let Some(call) = super::blobs::delete_os_vhd(&storage.blob_endpoint, vm) else {
            return Ok(());
        };
        self.delete_vhd(&storage.name, &call, None).await
    }

    /// Deletes a disk's blob. The lease of its machine may outlive the machine for a while; it is waited for, unless some machine
    /// still has `data_disk`.
    pub(super) async fn delete_vhd(&self, account: &str, call: &Call, data_disk: Option<&Disk>) -> Result<(), Error> {
        for looks in 1.. {
            let Err(error) = self.ask_blobs(account, call).await else {
                return Ok(());
            };
            let refusal = error.azure().and_then(AzureError::refusal);
            let is_leased = refusal.is_some_and(|refusal| refusal.status == Some(412));
            if !is_leased || looks == LOOKS_MAX {
                return Err(error);
            }
            if let Some(disk) = data_disk
                && self.is_attached(disk).await?
            {
                return Err(error);
            }

            self.client.clock.sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Makes a call of blobs. None where there is no such account, container or blob.
    pub(super) async fn ask_blobs(&self, account: &str, call: &Call) -> Result<Option<Response<Bytes>>, Error> {
        let mut renewed = false;
        loop {
            let Some(key) = self.account_key(account).await? else {
                return Ok(None);
            };
            let error = match self.send_signed(key, call).await {
                Ok(answer) => return Ok(Some(answer)),
                Err(error) => error,
            };
            let refusal = error.azure().and_then(AzureError::refusal);
            let is_stale_key = refusal.is_some_and(|refusal| refusal.status == Some(403)) && !renewed;
            if is_absent(&error) {
                return Ok(None);
            }
            if !is_stale_key {
                return Err(error);
            }

            renewed = true;
            self.forget_key().await;
        }
    }

    async fn send_signed(&self, key: AccountKey, call: &Call) -> Result<Response<Bytes>, Error> {
        call.send(&*self.stack.signed(key, Backoff), Component::Blob).await
    }

    /// None when the account is gone.
    async fn account_key(&self, account: &str) -> Result<Option<AccountKey>, Error> {
        let known = self
            .storage
            .lock()
            .await
            .as_ref()
            .and_then(|storage| storage.key.clone());
        if known.is_some() {
            return Ok(known);
        }

        let call = accounts::list_keys(&self.scope, account);
        for _ in 0..LOOKS_MAX {
            let Some(keys) = self.client.find::<Keys>(&call).await? else {
                return Ok(None);
            };
            if let Some(key) = keys.full().and_then(|key| AccountKey::new(account, key)) {
                if let Some(storage) = self.storage.lock().await.as_mut() {
                    storage.key = Some(key.clone());
                }
                return Ok(Some(key));
            }

            self.client.clock.sleep(LOOK_EVERY).await;
        }
        Err(Error::Machine(format!(
            "storage account `{account}` lists no key that may do everything"
        )))
    }

    async fn forget_key(&self) {
        if let Some(storage) = self.storage.lock().await.as_mut() {
            storage.key = None;
        }
    }
}

fn is_taken(error: &Error) -> bool {
    let code = error.azure().and_then(AzureError::code);
    matches!(
        code,
        Some("StorageAccountAlreadyTaken" | "StorageAccountInAnotherResourceGroup")
    )
}
