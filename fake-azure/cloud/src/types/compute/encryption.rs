//! Disks that are encrypted with keys of the customer's: what a disk says of it, and whether its set may open the vault.
//!
//! It reads the fabric's rows of sets and vaults and knows neither type.

use serde_json::{Value, json};

use super::parameters::{invalid, missing, text};
use crate::Document;
use crate::cx::Cx;
use crate::descriptor::Dialect;
use crate::error::CloudError;
use crate::fabric::{VaultCollection, VaultContent, key_address_of};
use crate::forms::forms;
use crate::key::Key;
use crate::vaults::may_use_keys;

forms! {
    // tidy: sorted
    ANOTHER_ENCRYPTION: Invalid, Disks, "InvalidParameter", "Encryption type '{encryption}' does not match the encryption type of disk encryption set '{set}'.", "assumed", "use the encryption type of the set";
    ANOTHER_PLACE: Invalid, Disks, "KeyVaultAndDiskEncryptionSetInDifferentRegions", "The key vault '{vault}' and the disk encryption set '{set}' must be in the same region and subscription.", "Azure's documented restriction (text assumed)", "use a vault in the set's region and subscription";
    ANOTHER_VAULT: Invalid, Disks, "KeyVaultAccessForbidden", "Key Vault {url} either has not been enabled for deployment or the vault id provided, {vault}, does not match the Key Vault's true resource id.", "quoted in public threads", "name the vault that the key is in";
    KEY_DISABLED: Invalid, Disks, "KeyVaultKeyNotEnabled", "Key '{url}' is not enabled, is expired, or is not valid yet.", "public threads (text assumed)", "enable the key, or make a new version of it";
    NO_SUCH_KEY: Invalid, Disks, "KeyVaultKeyNotFound", "Key '{url}' was not found.", "assumed", "create the key, or recover it";
    NOT_A_KEY: Invalid, Disks, "InvalidParameter", "{url} is not a valid versioned Key Vault Key URL. It should be in the format https://<vaultEndpoint>/keys/<keyName>/<keyVersion>.", "observed-arm, Error catalogue", "send the whole address of a version of a key";
    NOT_GRANTED: Invalid, Disks, "KeyVaultAccessForbidden", "Unable to access key vault resource '{url}' to enable encryption at rest. Please grant get, wrap and unwrap key permissions to disk encryption set '{set}'. Please visit https://aka.ms/keyvaultaccessssecmk for more information.", "quoted in hashicorp/terraform-provider-azurerm issue 9177", "give the set's identity an access policy with get, wrapKey and unwrapKey";
    SET_IN_USE: InUse, Disks, "OperationNotAllowed", "Disk encryption set '{set}' cannot be deleted while it is used by {users}.", "assumed", "delete the disks, or encrypt them with another set";
    UNPROTECTED: Invalid, Disks, "KeyVaultNotProtected", "Key vault '{vault}' must have soft delete and purge protection enabled to be used with a disk encryption set.", "Azure's documented restriction (code and text assumed)", "enable soft delete and purge protection on the vault";
    // tidy: end
}

/// The ways to encrypt a disk, in Azure's spelling.
pub(super) const TYPES: &[&str] = &[
    "EncryptionAtRestWithPlatformKey",
    "EncryptionAtRestWithCustomerKey",
    "EncryptionAtRestWithPlatformAndCustomerKeys",
];

const PLATFORM_ONLY: &str = "EncryptionAtRestWithPlatformKey";

/// Where a disk or snapshot names its set.
pub(super) const SET_PLACE: &str = "/properties/encryption/diskEncryptionSetId";

/// Whether what a document says of encryption makes sense, and can be done now. `set` is the set that it names.
pub(super) fn check(cx: &Cx<'_>, document: &Document, set: Option<Key>) -> Result<(), CloudError> {
    let given = text(document, "/properties/encryption/type");
    let Some(set) = set else {
        return match given {
            Some(given) if given != PLATFORM_ONLY => {
                Err(missing("encryption.diskEncryptionSetId").raised_by(Dialect::Disks))
            }
            _ => Ok(()),
        };
    };
    if given == Some(PLATFORM_ONLY) {
        return Err(invalid("encryption.diskEncryptionSetId").raised_by(Dialect::Disks));
    }
    let row = cx.fabric().encryption_sets.get(&set);
    let row = row.ok_or_else(|| invalid("encryption.diskEncryptionSetId").raised_by(Dialect::Disks))?;
    if given.is_some_and(|given| given != row.encryption.as_ref()) {
        return Err(CloudError::of(&ANOTHER_ENCRYPTION)
            .with("encryption", given.unwrap_or_default())
            .with("set", &cx.resource(set).name));
    }
    check_access(cx, set)
}

/// Whether a set's identity may use its key now. Quirk `disk-encryption-set-access`.
fn check_access(cx: &Cx<'_>, set: Key) -> Result<(), CloudError> {
    let Some(row) = cx.fabric().encryption_sets.get(&set) else {
        return Ok(());
    };
    let url = &row.key_url;
    let refused = || {
        CloudError::of(&NOT_GRANTED)
            .with("url", url)
            .with("set", &cx.resource(set).name)
    };
    let vault = key_address_of(url).and_then(|at| cx.fabric().vault(&at.vault, cx.now()));
    let vault = vault.filter(|vault| vault.ready && vault.owner.is_some());
    let (Some(vault), Some(principal)) = (vault, row.principal) else {
        return Err(refused());
    };
    if !may_use_keys(cx, vault, principal, &["get", "wrapKey", "unwrapKey"]) {
        cov_mark::hit!(disk_encryption_set_access);
        return Err(refused());
    }
    check_key(cx, url)
}

/// Whether an address names an RSA key that is there and can be used.
pub(super) fn check_key(cx: &Cx<'_>, url: &str) -> Result<(), CloudError> {
    let at = key_address_of(url);
    let object = at.as_ref().and_then(|at| {
        cx.fabric()
            .vault_object(&at.vault, VaultCollection::Keys, &at.key, cx.now())
            .filter(|object| object.is_there())
    });
    let version = at
        .as_ref()
        .zip(object)
        .and_then(|(at, object)| object.version(&at.version));
    let version = version.ok_or_else(|| CloudError::of(&NO_SUCH_KEY).with("url", url))?;
    let is_rsa =
        matches!(&version.content, VaultContent::Key(key) if matches!(key.size, crate::fabric::KeySize::Rsa(_)));
    if !is_rsa || !version.is_usable(cx.now()) {
        return Err(CloudError::of(&KEY_DISABLED).with("url", url));
    }
    Ok(())
}

/// `encryption` as shown: its type follows from the set where the client did not say it.
pub(super) fn write(cx: &Cx<'_>, set: Option<Key>, properties: &mut Value) {
    let row = set.and_then(|set| cx.fabric().encryption_sets.get(&set));
    if let (Some(row), Some(shown)) = (row, properties.get_mut("encryption"))
        && shown.get("type").is_none()
    {
        shown["type"] = json!(row.encryption);
    }
}
