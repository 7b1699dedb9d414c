//! Certificates: an authority of our own with a leaf for this start, or what was brought.

use std::net::IpAddr;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName as SubjectName, ServerConfig, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use tokio_rustls::TlsAcceptor;

use super::{ServeError, Tls};
use crate::identity::MANAGEMENT_CERTIFICATE_PEM;
use crate::wire::Listener;

const AUTHORITY_FILE: &str = "ca.pem";
pub(super) const AUTHORITY_KEY_FILE: &str = "ca-key.pem";
const CLIENT_FILE: &str = "client.pem";

/// Names that clients may be led here by, through their resolver: Azure's own.
const AZURE_NAMES: &[&str] = &[
    "management.azure.com",
    "management.core.windows.net",
    "login.microsoftonline.com",
    "login.windows.net",
    "*.blob.core.windows.net",
    "*.blob.localhost",
    "*.vault.azure.net",
    "*.vault.localhost",
];

/// How long a leaf is good for. Some clients refuse more than 398 days.
const LEAF_DAYS: i64 = 397;

/// What the listeners show, and the files that clients need.
#[derive(Debug)]
pub(super) struct Authority {
    plain: Option<Arc<ServerConfig>>,
    asks: Option<Arc<ServerConfig>>,
    ca_pem: Option<String>,
    ca_file: Option<Utf8PathBuf>,
    client_file: Option<Utf8PathBuf>,
}

impl Authority {
    pub(super) fn of(tls: &Tls, address: IpAddr) -> Result<Authority, ServeError> {
        match tls {
            Tls::Off => Ok(Authority {
                plain: None,
                asks: None,
                ca_pem: None,
                ca_file: None,
                client_file: None,
            }),
            Tls::Own { state_dir } => own(state_dir.as_deref(), address),
            Tls::Brought { certificate, key } => brought(certificate, key),
        }
    }

    /// The handshake of a listener; `None` for plain HTTP. Only the classic API asks for a client certificate.
    pub(super) fn acceptor(&self, listener: Listener) -> Option<TlsAcceptor> {
        let config = if listener == Listener::Asm {
            &self.asks
        } else {
            &self.plain
        };
        config.clone().map(TlsAcceptor::from)
    }

    pub(super) fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    pub(super) fn ca_file(&self) -> Option<&Utf8Path> {
        self.ca_file.as_deref()
    }

    pub(super) fn client_file(&self) -> Option<&Utf8Path> {
        self.client_file.as_deref()
    }
}

/// Writes the client certificate into a folder: FAKE_ASM_CERT.
pub(crate) fn write_client_certificate(folder: &Utf8Path) -> Result<Utf8PathBuf, ServeError> {
    let path = folder.join(CLIENT_FILE);
    write_secret(&path, MANAGEMENT_CERTIFICATE_PEM)?;
    Ok(path)
}

fn own(state_dir: Option<&Utf8Path>, address: IpAddr) -> Result<Authority, ServeError> {
    let made = |error: rcgen::Error| ServeError::MakeCertificate {
        reason: error.to_string(),
    };
    let (issuer, ca_pem) = match state_dir {
        Some(folder) => kept_authority(folder)?,
        None => new_authority(KeyPair::generate().map_err(made)?)?,
    };

    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    if !address.is_loopback() && !address.is_unspecified() {
        names.push(address.to_string());
    }
    names.extend(AZURE_NAMES.iter().map(|name| (*name).to_owned()));
    let mut params = CertificateParams::new(names).map_err(made)?;
    params.distinguished_name = named("fake-azure");
    params.use_authority_key_identifier_extension = true;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let midnight = |date: jiff::civil::Date| {
        let month = u8::try_from(date.month()).expect("months count from 1 to 12");
        let day = u8::try_from(date.day()).expect("days count from 1 to 31");
        date_time_ymd(date.year().into(), month, day)
    };
    let today = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    params.not_before = midnight(today.saturating_sub(jiff::Span::new().days(1)));
    params.not_after = midnight(today.saturating_add(jiff::Span::new().days(LEAF_DAYS - 1)));
    let key = KeyPair::generate().map_err(made)?;
    let leaf = params.signed_by(&key, &issuer).map_err(made)?;

    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let refused = |error: rustls::Error| ServeError::MakeCertificate {
        reason: error.to_string(),
    };
    let (plain, asks) = configs(vec![leaf.der().clone()], key).map_err(refused)?;
    let client_file = state_dir.map(write_client_certificate).transpose()?;
    Ok(Authority {
        plain: Some(plain),
        asks: Some(asks),
        ca_pem: Some(ca_pem),
        ca_file: state_dir.map(|folder| folder.join(AUTHORITY_FILE)),
        client_file,
    })
}

/// The authority kept in a folder, made there at first start.
fn kept_authority(folder: &Utf8Path) -> Result<(Issuer<'static, KeyPair>, String), ServeError> {
    fs_err::create_dir_all(folder).map_err(|source| ServeError::WriteFile {
        path: folder.to_owned(),
        source,
    })?;
    let (file, key_file) = (folder.join(AUTHORITY_FILE), folder.join(AUTHORITY_KEY_FILE));
    if file.exists() && key_file.exists() {
        let read = |path: &Utf8Path| {
            fs_err::read_to_string(path).map_err(|source| ServeError::ReadFile {
                path: path.to_owned(),
                source,
            })
        };
        let ca_pem = read(&file)?;
        let key = KeyPair::from_pem(&read(&key_file)?).map_err(|error| ServeError::BadCertificate {
            path: key_file.clone(),
            reason: error.to_string(),
        })?;
        return Ok((Issuer::new(authority_params(), key), ca_pem));
    }

    let key = KeyPair::generate().map_err(|error| ServeError::MakeCertificate {
        reason: error.to_string(),
    })?;
    let key_pem = key.serialize_pem();
    let (issuer, ca_pem) = new_authority(key)?;
    write_secret(&key_file, &key_pem)?;
    fs_err::write(&file, &ca_pem).map_err(|source| ServeError::WriteFile {
        path: file.clone(),
        source,
    })?;
    Ok((issuer, ca_pem))
}

fn new_authority(key: KeyPair) -> Result<(Issuer<'static, KeyPair>, String), ServeError> {
    let params = authority_params();
    let certificate = params.self_signed(&key).map_err(|error| ServeError::MakeCertificate {
        reason: error.to_string(),
    })?;
    Ok((Issuer::new(params, key), certificate.pem()))
}

/// The same every time, so that a kept key is all that has to be read again.
fn authority_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = named("fake-azure local authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::CrlSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2099, 12, 31);
    params
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::OrganizationName, "fake-azure");
    distinguished.push(DnType::CommonName, name);
    distinguished
}

fn brought(certificate: &Utf8Path, key: &Utf8Path) -> Result<Authority, ServeError> {
    let read = |path: &Utf8Path| {
        fs_err::read(path).map_err(|source| ServeError::ReadFile {
            path: path.to_owned(),
            source,
        })
    };
    let bad = |path: &Utf8Path, reason: String| ServeError::BadCertificate {
        path: path.to_owned(),
        reason,
    };

    let chain: Result<Vec<CertificateDer<'static>>, _> = CertificateDer::pem_slice_iter(&read(certificate)?).collect();
    let chain = chain.map_err(|error| bad(certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(bad(certificate, "it has no certificate".to_owned()));
    }
    let key_der = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|error| match error {
        rustls_pki_types::pem::Error::NoItemsFound => bad(key, "it has no private key".to_owned()),
        error => bad(key, error.to_string()),
    })?;
    let (plain, asks) = configs(chain, key_der).map_err(|error| bad(certificate, error.to_string()))?;
    Ok(Authority {
        plain: Some(plain),
        asks: Some(asks),
        ca_pem: None,
        ca_file: Some(certificate.to_owned()),
        client_file: None,
    })
}

type Configs = (Arc<ServerConfig>, Arc<ServerConfig>);

/// The handshakes without and with a question for a client certificate.
fn configs(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Configs, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let begin = || ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    let mut plain = begin()?
        .with_no_client_auth()
        .with_single_cert(chain.clone(), key.clone_key())?;
    let verifier = Arc::new(AnyCertificate(Arc::clone(&provider)));
    let mut asks = begin()?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)?;
    for config in [&mut plain, &mut asks] {
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    }
    Ok((Arc::new(plain), Arc::new(asks)))
}

/// Lets every client certificate pass, and none: who it is, the classic API judges and says so with a 403 (real-clients 0.1).
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl AnyCertificate {
    /// A certificate of a form that cannot be checked, the first version for one, is a foreign one and no reason to hang up.
    fn lenient(
        result: Result<HandshakeSignatureValid, rustls::Error>,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        match result {
            Err(rustls::Error::InvalidCertificate(rustls::CertificateError::BadSignature)) => Err(
                rustls::Error::InvalidCertificate(rustls::CertificateError::BadSignature),
            ),
            Err(rustls::Error::InvalidCertificate(_)) => Ok(HandshakeSignatureValid::assertion()),
            result => result,
        }
    }
}

impl ClientCertVerifier for AnyCertificate {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[SubjectName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Self::lenient(verify_tls12_signature(
            message,
            cert,
            dss,
            &self.0.signature_verification_algorithms,
        ))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Self::lenient(verify_tls13_signature(
            message,
            cert,
            dss,
            &self.0.signature_verification_algorithms,
        ))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// Writes a file that only its owner reads.
fn write_secret(path: &Utf8Path, text: &str) -> Result<(), ServeError> {
    use std::io::Write as _;

    let failed = |source| ServeError::WriteFile {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent() {
        fs_err::create_dir_all(folder).map_err(failed)?;
    }
    let mut options = fs_err::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use fs_err::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(failed)
}
