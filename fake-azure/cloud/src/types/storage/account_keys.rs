//! The keys of a storage account: made, made anew, and what is signed with them (ARM 9.5).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha512};

use crate::key::Guid;

/// One key of an account: 64 bytes that follow from the account's guid, the key's number and how often it was made anew.
pub(super) fn account_key(guid: Guid, number: u8, generation: u32) -> Box<str> {
    let mut digest = Sha512::new();
    digest.update(guid.0.to_be_bytes());
    digest.update([number]);
    digest.update(generation.to_be_bytes());
    STANDARD.encode(digest.finalize()).into()
}

/// The first two keys of an account with this guid, as base64 of 64 bytes: for accounts that are no ARM resources.
pub fn account_keys(guid: Guid) -> [Box<str>; 2] {
    [account_key(guid, 1, 0), account_key(guid, 2, 0)]
}

/// The base64 of the HMAC-SHA256 of a text under an account's key; `None` when the key is no base64 (ARM 9.5).
pub fn sign(key: &str, text: &str) -> Option<String> {
    let key = STANDARD.decode(key).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(text.as_bytes());
    Some(STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_64_bytes_and_differ_by_number_and_generation() {
        let keys = [
            account_key(Guid(7), 1, 0),
            account_key(Guid(7), 2, 0),
            account_key(Guid(7), 1, 1),
            account_key(Guid(8), 1, 0),
        ];
        for (index, key) in keys.iter().enumerate() {
            assert_eq!(key.len(), 88);
            assert!(key.ends_with("=="));
            assert_eq!(keys.iter().position(|other| other == key), Some(index));
        }
    }

    #[test]
    fn a_signature_is_that_of_rfc_4231() {
        let key = STANDARD.encode([0x0b; 20]);
        assert_eq!(
            sign(&key, "Hi There").as_deref(),
            Some("sDRMYdjbOFNcqK/OrwvxK4gdwgDJgz2nJuk3bC4yz/c=")
        );
        assert_eq!(sign("no base64!", "Hi There"), None);
    }
}
