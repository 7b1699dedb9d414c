//! The key that signs every token. It is a constant of the simulator, known to all the world, and protects nothing: a
//! constant starts in no time and makes tokens that a second run reads.

use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::SignatureScheme;
use rustls::crypto::ring;
use rustls::sign::SigningKey;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer};
use serde_json::{Value, json};

/// How the key is named in a token's header and in the key document.
pub(crate) const KEY_ID: &str = "ZmFrZS1henVyZS10b2tlbi1rZXk";

const PRIVATE: &[u8] = include_bytes!("signing-key.der");
const PUBLIC: &[u8] = include_bytes!("signing-key.public.der");
/// Where the modulus stands in the public key, behind the headers of the sequence and of the number and its sign byte.
const MODULUS: std::ops::Range<usize> = 9..265;

static KEY: LazyLock<Arc<dyn SigningKey>> = LazyLock::new(|| {
    let der = PrivateKeyDer::Pkcs1(PrivatePkcs1KeyDer::from(PRIVATE));
    ring::sign::any_supported_type(&der).expect("the key is a valid RSA key")
});

/// RS256 of a message.
pub(crate) fn sign(message: &[u8]) -> Vec<u8> {
    let signer = KEY
        .choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256])
        .expect("RSA keys sign with RS256");
    signer.sign(message).expect("a message of any length can be signed")
}

/// Whether a signature is ours.
pub(crate) fn verify(message: &[u8], signature: &[u8]) -> bool {
    let schemes = ring::default_provider().signature_verification_algorithms;
    let rs256 = schemes
        .mapping
        .iter()
        .find(|(scheme, _)| *scheme == SignatureScheme::RSA_PKCS1_SHA256);
    let algorithm = rs256
        .and_then(|(_, algorithms)| algorithms.first())
        .expect("the provider knows RS256");
    algorithm.verify_signature(PUBLIC, message, signature).is_ok()
}

/// The key document (`/discovery/v2.0/keys`).
pub(crate) fn document(issuer: Option<String>) -> Value {
    let mut key = json!({
        "kty": "RSA",
        "use": "sig",
        "kid": KEY_ID,
        "x5t": KEY_ID,
        "n": URL_SAFE_NO_PAD.encode(&PUBLIC[MODULUS]),
        "e": "AQAB",
    });
    if let Some(issuer) = issuer {
        key["issuer"] = issuer.into();
    }
    json!({ "keys": [key] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_message_only() {
        let signature = sign(b"message");
        assert!(verify(b"message", &signature));
        assert!(!verify(b"massage", &signature));
        assert!(!verify(b"message", &signature[1..]));
    }

    #[test]
    fn the_modulus_is_where_the_key_document_looks_for_it() {
        assert_eq!(
            PUBLIC[..MODULUS.start],
            [0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01, 0x00]
        );
        assert_eq!(PUBLIC[MODULUS.end..], [0x02, 0x03, 0x01, 0x00, 0x01]);
    }
}
