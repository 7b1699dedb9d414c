//! The management certificate: what a client of the classic API shows. A constant for the same reasons as the signing key: it
//! protects nothing, starts in no time, and is the same on every run.

/// Certificate and key in one PEM file: FAKE_ASM_CERT.
pub const MANAGEMENT_CERTIFICATE_PEM: &str = include_str!("management-certificate.pem");

/// The certificate alone.
const MANAGEMENT_CERTIFICATE_DER: &[u8] = include_bytes!("management-certificate.der");

/// Whether a client certificate is the one that the classic API knows.
pub(super) fn is_known(der: &[u8]) -> bool {
    der == MANAGEMENT_CERTIFICATE_DER
}

/// The certificate as DER.
pub(super) fn known() -> &'static [u8] {
    MANAGEMENT_CERTIFICATE_DER
}
