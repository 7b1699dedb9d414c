//! The storage account of an environment: the one thing that has to be there before (juju-provider 2.2 c19, 2.5).

use super::client::{Call, Endpoint, segment, version};
use super::xml::Element;
use crate::policy::AccountKey;

/// Keys of the account. Asking for them is the cheapest proof that the credential is accepted (juju-provider L13).
pub(crate) fn keys(endpoint: &Endpoint, account: &str) -> Call {
    endpoint.get(
        "read storage account keys",
        &format!("services/storageservices/{}/keys", segment(account)),
        version::STORAGE_KEYS,
    )
}

/// The primary key, unless it is empty.
pub(crate) fn key_in(document: &Element, account: &str) -> Option<AccountKey> {
    let keys = document.find("StorageServiceKeys")?;
    let key = keys.text_of("Primary").or_else(|| keys.text_of("Secondary"))?;
    AccountKey::new(account, key)
}
