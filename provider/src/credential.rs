//! Who asks: a service principal, by secret or by certificate; over the classic API the holder of a management certificate.
//!
//! What is secret sits in a [`Secret`], which never shows itself.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::SigningKey;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::Error;

/// The longest file that is read as a management certificate (juju-provider 2.5).
const MANAGEMENT_CERTIFICATE_LEN_MAX: usize = 640 * 1_024;

/// A text that neither `Debug` nor `Display` ever shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that has to send it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

/// A certificate with its private key, as a service principal signs in with it.
#[derive(Clone)]
pub struct Certificate {
    thumbprint: [u8; 32],
    key: Arc<dyn SigningKey>,
}

impl Certificate {
    /// Reads a PEM file that holds one certificate and its RSA private key.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when either is missing or unreadable.
    pub fn from_pem(pem: &[u8]) -> Result<Self, Error> {
        let unreadable = |what: &str| Error::config("certificate", format!("the PEM text holds no readable {what}"));
        let certificate = CertificateDer::from_pem_slice(pem).map_err(|_| unreadable("certificate"))?;
        let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| unreadable("private key"))?;
        let key = rustls::crypto::ring::sign::any_supported_type(&key).map_err(|_| unreadable("RSA private key"))?;
        if key.algorithm() != rustls::SignatureAlgorithm::RSA {
            return Err(unreadable("RSA private key"));
        }

        Ok(Self {
            thumbprint: Sha256::digest(certificate.as_ref()).into(),
            key,
        })
    }

    /// The RSA public key, as verifiers want it: the inside of the key's SubjectPublicKeyInfo.
    #[cfg(test)]
    pub(crate) fn public_key(&self) -> Vec<u8> {
        const RSA_2048_INFO_LEN: usize = 24;
        let info = self.key.public_key().expect("an RSA key knows its public half");
        info[RSA_2048_INFO_LEN..].to_vec()
    }

    /// SHA-256 over the certificate's DER form.
    pub(crate) fn thumbprint(&self) -> &[u8; 32] {
        &self.thumbprint
    }

    /// RSASSA-PSS with SHA-256, the form the identity service asks for beside `x5t#S256`.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let signer = self.key.choose_scheme(&[rustls::SignatureScheme::RSA_PSS_SHA256])?;
        signer.sign(message).ok()
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<certificate>")
    }
}

/// A management certificate with its private key: whoever holds it may do everything in the subscriptions that know it.
///
/// It proves itself in the TLS handshake, so the transport has to present it ([`crate::HttpClient::with_client_certificate`]); the
/// environment only checks that there is one.
#[derive(Clone)]
pub struct ManagementCertificate {
    pem: Secret,
}

impl ManagementCertificate {
    /// Reads a PEM file that holds a certificate and its private key.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when the text is longer than 640 KiB, or either is missing or unreadable.
    pub fn from_pem(pem: &[u8]) -> Result<Self, Error> {
        let bad = |reason: &str| Error::config("management-certificate", reason);
        if pem.len() > MANAGEMENT_CERTIFICATE_LEN_MAX {
            return Err(bad("the PEM text is longer than 640 KiB"));
        }

        CertificateDer::from_pem_slice(pem).map_err(|_| bad("the PEM text holds no readable certificate"))?;
        PrivateKeyDer::from_pem_slice(pem).map_err(|_| bad("the PEM text holds no readable private key"))?;
        let text = std::str::from_utf8(pem).map_err(|_| bad("the PEM text is no text"))?;
        Ok(Self { pem: Secret::new(text) })
    }

    /// Certificate and key, for the one place that presents them.
    pub(crate) fn pem(&self) -> &[u8] {
        self.pem.expose().as_bytes()
    }
}

impl fmt::Debug for ManagementCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<management certificate>")
    }
}

/// How a service principal proves who it is.
#[derive(Clone, Debug)]
pub enum ServicePrincipal {
    /// `application-password` (auth type `service-principal-secret`).
    Password(Secret),
    /// A signed assertion.
    Certificate(Certificate),
}

/// The credential of an environment (juju-provider 1.7).
#[derive(Clone, Debug)]
pub struct Credential {
    /// The subscription that one signs in for; everything lives in it, unless another is managed from it.
    pub subscription_id: Uuid,
    /// The subscription that everything lives in, where that is somebody else's, who has delegated it: then it is asked for in all
    /// calls, the one for the tenant included (`managed-subscription-id`, juju-provider L86).
    pub managed_subscription_id: Option<Uuid>,
    /// The application's (client) id.
    pub application_id: Uuid,
    /// The object id of the application's service principal in the directory (`application-object-id`). None: as its tokens tell.
    /// Key vaults alone need it (juju-provider 1.15).
    pub application_object_id: Option<Uuid>,
    /// The directory. None: found by the 401 challenge of the subscription (juju-provider 1.3).
    pub tenant_id: Option<Uuid>,
    /// The proof.
    pub proof: ServicePrincipal,
    /// What proves it over the classic API, which knows no service principals.
    pub management_certificate: Option<ManagementCertificate>,
}

impl Credential {
    /// A service principal with a password, its tenant to be found out.
    #[must_use]
    pub fn with_password(subscription_id: Uuid, application_id: Uuid, password: impl Into<String>) -> Self {
        Self {
            subscription_id,
            managed_subscription_id: None,
            application_id,
            application_object_id: None,
            tenant_id: None,
            proof: ServicePrincipal::Password(Secret::new(password)),
            management_certificate: None,
        }
    }

    /// A management certificate, for the classic stack.
    #[must_use]
    pub fn with_management_certificate(subscription_id: Uuid, certificate: ManagementCertificate) -> Self {
        Self {
            management_certificate: Some(certificate),
            ..Self::with_password(subscription_id, Uuid::nil(), "")
        }
    }

    /// The subscription that calls are about.
    pub(crate) fn subscription(&self) -> Uuid {
        self.managed_subscription_id.unwrap_or(self.subscription_id)
    }

    /// A digest that only who knows the credential can make. Passwords are derived from it, so that they cannot be guessed from
    /// a seed.
    pub(crate) fn fingerprint(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        if let Some(certificate) = &self.management_certificate {
            digest.update(certificate.pem());
            return digest.finalize().into();
        }
        digest.update(self.application_id.as_bytes());
        match &self.proof {
            ServicePrincipal::Password(secret) => digest.update(secret.expose().as_bytes()),
            // RSASSA-PSS draws salt, so a signature would not repeat; PKCS#1 v1.5 over a constant does, and needs the key.
            ServicePrincipal::Certificate(certificate) => {
                let signer = certificate
                    .key
                    .choose_scheme(&[rustls::SignatureScheme::RSA_PKCS1_SHA256]);
                let signature = signer.and_then(|signer| signer.sign(b"provider fingerprint").ok());
                digest.update(signature.unwrap_or_default());
            }
        }
        digest.finalize().into()
    }

    /// Whether the classic stack can work with it.
    pub(crate) fn validate_management_certificate(&self) -> Result<(), Error> {
        if self.subscription_id.is_nil() {
            return Err(Error::config("management-subscription-id", "empty value not valid"));
        }
        match self.management_certificate {
            Some(_) => Ok(()),
            None => Err(Error::config(
                "management-certificate",
                "the classic API knows no service principals: a management certificate is needed",
            )),
        }
    }

    pub(crate) fn validate(&self) -> Result<(), Error> {
        let ids = [
            ("subscription-id", self.subscription_id),
            ("application-id", self.application_id),
        ];
        for (attribute, id) in ids {
            if id.is_nil() {
                return Err(Error::config(attribute, "empty value not valid"));
            }
        }
        if let ServicePrincipal::Password(secret) = &self.proof
            && secret.expose().is_empty()
        {
            return Err(Error::config("application-password", "empty value not valid"));
        }

        Ok(())
    }
}
