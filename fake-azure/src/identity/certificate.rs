//! Certificates: the one that clients of the classic API show, which the first application signs in with, too, and what
//! sign-in reads of those that are registered. The management certificate is a constant for the same reasons as the signing
//! key: it protects nothing, starts in no time, and is the same on every run.

use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use fake_azure_cloud::Time;
use sha1::Digest as _;
use sha1::Sha1;
use sha2::Sha256;

/// Certificate and key in one PEM file: FAKE_ASM_CERT. The same certificate is registered with the application of
/// FAKE_CLIENT_ID, which signs in with it instead of its secret.
pub const MANAGEMENT_CERTIFICATE_PEM: &str = include_str!("management-certificate.pem");

/// The certificate alone.
const MANAGEMENT_CERTIFICATE_DER: &[u8] = include_bytes!("management-certificate.der");

static MANAGEMENT_CERTIFICATE: LazyLock<Certificate> =
    LazyLock::new(|| Certificate::parse(MANAGEMENT_CERTIFICATE_DER).expect("the certificate is a valid one"));

/// Whether a client certificate is the one that the classic API knows.
pub(super) fn is_known(der: &[u8]) -> bool {
    der == MANAGEMENT_CERTIFICATE_DER
}

/// The certificate as DER.
pub(super) fn known() -> &'static [u8] {
    MANAGEMENT_CERTIFICATE_DER
}

/// The certificate as an application registers it.
pub(super) fn known_certificate() -> Certificate {
    MANAGEMENT_CERTIFICATE.clone()
}

/// A certificate that an application proves itself with. A clone is the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate(Arc<Parts>);

#[derive(Debug, PartialEq, Eq)]
struct Parts {
    der: Bytes,
    public_key: Bytes,
    subject: String,
    sha1: [u8; 20],
    sha256: [u8; 32],
    not_before: Time,
    not_after: Time,
}

impl Certificate {
    /// Reads a certificate in DER; `None` for anything else.
    pub fn parse(der: &[u8]) -> Option<Certificate> {
        let (rest, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
        if !rest.is_empty() {
            return None;
        }
        let seconds = |at: i64| Time::from_millis(at.saturating_mul(1000));
        let validity = certificate.validity();
        Some(Certificate(Arc::new(Parts {
            der: Bytes::copy_from_slice(der),
            public_key: Bytes::copy_from_slice(&certificate.public_key().subject_public_key.data),
            subject: certificate.subject().to_string(),
            sha1: Sha1::digest(der).into(),
            sha256: Sha256::digest(der).into(),
            not_before: seconds(validity.not_before.timestamp()),
            not_after: seconds(validity.not_after.timestamp()),
        })))
    }

    /// The certificate itself, in DER.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// Whom it names, as `CN=...`.
    pub(crate) fn subject(&self) -> &str {
        &self.0.subject
    }

    /// The key as its algorithm writes it, without the algorithm's name.
    pub(super) fn public_key(&self) -> &[u8] {
        &self.0.public_key
    }

    /// SHA-1 of the certificate: `x5t` of a token's header.
    pub(crate) fn sha1(&self) -> &[u8] {
        &self.0.sha1
    }

    /// SHA-256 of the certificate: `x5t#S256` of a token's header.
    pub(super) fn sha256(&self) -> &[u8] {
        &self.0.sha256
    }

    /// Its thumbprint as the portal and error messages show it.
    pub fn thumbprint(&self) -> String {
        hex(&self.0.sha1)
    }

    /// Since when it counts.
    pub fn not_before(&self) -> Time {
        self.0.not_before
    }

    /// Until when it counts.
    pub fn not_after(&self) -> Time {
        self.0.not_after
    }
}

/// Bytes as capital hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02X}").expect("a text takes any text");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_management_certificate_reads() {
        let certificate = known_certificate();
        assert_eq!(certificate.subject(), "CN=fake-azure management certificate");
        assert_eq!(certificate.thumbprint().len(), 40);
        assert!(certificate.not_before() < certificate.not_after());
        assert!(MANAGEMENT_CERTIFICATE_PEM.contains("BEGIN CERTIFICATE"));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(mut der in proptest::collection::vec(proptest::num::u8::ANY, 0..200), at in 0..700_usize) {
            Certificate::parse(&der);
            let mut cut = MANAGEMENT_CERTIFICATE_DER.to_vec();
            cut.truncate(at);
            assert!(Certificate::parse(&cut).is_none());
            der.splice(0..0, cut);
            Certificate::parse(&der);
        }
    }
}
