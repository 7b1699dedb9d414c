//! Client assertions: how an application proves with a certificate who it is. A token of the application's own, signed by a key
//! whose certificate is registered.
//!
//! It refuses to know grants: whoever asks learns only whether the proof holds.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fake_azure_cloud::{Guid, Time};
use http::Uri;
use rustls::SignatureScheme;
use rustls::crypto::ring;
use serde_json::Value;

use super::certificate::hex;
use super::principals::{Credentials, Key};
use super::refusal::Refusal;
use crate::text;
use crate::wire::is_azure_host;

/// The only form of assertion.
pub(super) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How far the clocks of an application and of sign-in may be apart.
const SKEW_MS: i64 = 300_000;

/// Against what an assertion is checked.
pub(super) struct Expected<'a> {
    /// The application.
    pub(super) app_id: Guid,
    /// What is registered of it.
    pub(super) credentials: Vec<&'a Credentials>,
    /// The tenant that was asked, and the names that it goes by in a path.
    pub(super) tenant_names: Vec<String>,
    /// Where the request was sent.
    pub(super) here: &'a Uri,
    /// The time by which it is judged.
    pub(super) now: Time,
}

/// A token in its three parts.
struct Assertion<'a> {
    message: &'a str,
    header: Value,
    claims: Value,
    signature: Vec<u8>,
}

impl<'a> Assertion<'a> {
    fn read(token: &'a str) -> Option<Assertion<'a>> {
        let (message, signature) = token.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let object = |part: &str| -> Option<Value> {
            let value: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()?;
            value.is_object().then_some(value)
        };
        Some(Assertion {
            message,
            header: object(header)?,
            claims: object(claims)?,
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }

    fn text(value: &'a Value, name: &str) -> &'a str {
        value.get(name).and_then(Value::as_str).unwrap_or("")
    }

    /// A time that is a number of seconds.
    fn time(&self, name: &str) -> Option<Time> {
        let claim = self.claims.get(name)?;
        // Some libraries write fractions of a second.
        let secs = claim.as_i64().or_else(|| {
            let secs = claim.as_f64()?;
            #[expect(clippy::cast_possible_truncation, reason = "a fraction of a second does not count")]
            Some(secs as i64)
        })?;
        Some(Time::from_millis(secs.saturating_mul(1000)))
    }
}

/// Whether an assertion proves that the caller is the application.
///
/// # Errors
///
/// What AAD says against it.
pub(super) fn check(token: &str, expected: &Expected<'_>) -> Result<(), Refusal> {
    let malformed = || Refusal::new("invalid_request", 50027, "JWT token is invalid or malformed.");
    let assertion = Assertion::read(token).ok_or_else(malformed)?;
    let scheme = match Assertion::text(&assertion.header, "alg") {
        "RS256" => SignatureScheme::RSA_PKCS1_SHA256,
        "PS256" => SignatureScheme::RSA_PSS_SHA256,
        _ => return Err(malformed()),
    };
    let app_id = expected.app_id;
    let is_application = |name: &str| Guid::parse(Assertion::text(&assertion.claims, name)) == Some(app_id);
    if !is_application("sub") || !is_application("iss") {
        let message = "Client assertion application identifier doesn't match 'client_id' parameter. Review the documentation \
                       at https://learn.microsoft.com/entra/identity-platform/certificate-credentials.";
        return Err(Refusal::new("invalid_client", 700_021, message));
    }
    if !is_audience(Assertion::text(&assertion.claims, "aud"), expected) {
        let message = "Client assertion audience claim does not match Realm issuer. Review the documentation at \
                       https://learn.microsoft.com/entra/identity-platform/certificate-credentials.";
        return Err(Refusal::new("invalid_client", 700_023, message));
    }
    let thumbprint = thumbprint_of(&assertion.header).ok_or_else(malformed)?;
    let key = find_key(&thumbprint, expected).ok_or_else(|| {
        let found = format!("Thumbprint of key used by client: '{}'", hex(&thumbprint));
        unusable("The key was not found.", &found, app_id)
    })?;
    check_key(&assertion, scheme, key, expected)?;
    check_times(&assertion, expected.now)
}

fn check_key(
    assertion: &Assertion<'_>,
    scheme: SignatureScheme,
    key: &Key,
    expected: &Expected<'_>,
) -> Result<(), Refusal> {
    let found = format!(
        "Thumbprint of key used by client: '{}', Found key 'Start={}, End={}'",
        key.certificate.thumbprint(),
        text::us_clock(key.start),
        text::us_clock(key.end),
    );
    if !verify(
        scheme,
        key.certificate.public_key(),
        assertion.message.as_bytes(),
        &assertion.signature,
    ) {
        let reason = "The key was found, but use of the key to verify the signature failed.";
        return Err(unusable(reason, &found, expected.app_id));
    }
    if expected.now >= key.end || expected.now < key.start {
        return Err(unusable("The key used is expired.", &found, expected.app_id));
    }
    Ok(())
}

fn check_times(assertion: &Assertion<'_>, now: Time) -> Result<(), Refusal> {
    let until = assertion.time("exp");
    let from = assertion.time("nbf").or_else(|| assertion.time("iat"));
    let holds = until.is_some_and(|until| now < until.plus_millis(SKEW_MS))
        && from.is_none_or(|from| now >= from.plus_millis(-SKEW_MS));
    if holds {
        return Ok(());
    }
    let shown =
        |time: Option<Time>| time.map_or_else(|| "0001-01-01T00:00:00.0000000Z".to_owned(), |at| at.to_string());
    let message = format!(
        "Client assertion is not within its valid time range. Current time: {now}, assertion valid from {}, expiry time of \
         assertion {}. Review the documentation at \
         https://learn.microsoft.com/entra/identity-platform/certificate-credentials.",
        shown(from),
        shown(until),
    );
    Err(Refusal::new("invalid_client", 700_024, message))
}

fn unusable(reason: &str, found: &str, app_id: Guid) -> Refusal {
    let message = format!(
        "Client assertion contains an invalid signature. [Reason - {reason}, {found}, Please visit the Azure Portal, Graph \
         Explorer or directly use MS Graph to see configured keys for app Id '{app_id}'. Review the documentation at \
         https://docs.microsoft.com/en-us/graph/deployments to determine the corresponding service endpoint and \
         https://docs.microsoft.com/en-us/graph/api/application-get?view=graph-rest-1.0&tabs=http to build a query request \
         URL, such as 'https://graph.microsoft.com/beta/applications/{app_id}']."
    );
    Refusal::new("invalid_client", 700_027, message)
}

/// Which certificate the header says that the key belongs to: SHA-1 or SHA-256 of it in base64, or SHA-1 in hexadecimal digits.
fn thumbprint_of(header: &Value) -> Option<Vec<u8>> {
    let decoded = |name: &str| {
        URL_SAFE_NO_PAD
            .decode(header.get(name)?.as_str()?.trim_end_matches('='))
            .ok()
    };
    decoded("x5t#S256").or_else(|| decoded("x5t")).or_else(|| {
        let digits = header.get("kid")?.as_str()?;
        let pairs: Vec<&[u8]> = digits.as_bytes().chunks(2).collect();
        let byte = |pair: &&[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        pairs.iter().map(byte).collect()
    })
}

fn find_key<'a>(thumbprint: &[u8], expected: &Expected<'a>) -> Option<&'a Key> {
    expected
        .credentials
        .iter()
        .flat_map(|credentials| &credentials.keys)
        .find(|key| key.certificate.sha1() == thumbprint || key.certificate.sha256() == thumbprint)
}

/// Whether an audience is the sign-in service of the tenant: a token endpoint or an issuer, under this server's name or Azure's.
fn is_audience(audience: &str, expected: &Expected<'_>) -> bool {
    let Ok(uri) = audience.parse::<Uri>() else {
        return false;
    };
    let Some(host) = uri.host() else {
        return false;
    };
    let is_here = expected.here.host().is_some_and(|here| here.eq_ignore_ascii_case(host));
    let mut segments = uri.path().split('/').filter(|segment| !segment.is_empty());
    let tenant = segments.next().unwrap_or("");
    let rest: Vec<&str> = segments.collect();
    (is_here || is_azure_host(host))
        && expected
            .tenant_names
            .iter()
            .any(|name| name.eq_ignore_ascii_case(tenant))
        && matches!(
            rest.as_slice(),
            [] | ["v2.0"] | ["oauth2", "token"] | ["oauth2", "v2.0", "token"]
        )
}

/// Whether a signature is of a key.
fn verify(scheme: SignatureScheme, public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let schemes = ring::default_provider().signature_verification_algorithms;
    let algorithms = schemes.mapping.iter().find(|(own, _)| *own == scheme);
    algorithms.is_some_and(|(_, algorithms)| {
        algorithms
            .iter()
            .any(|algorithm| algorithm.verify_signature(public_key, message, signature).is_ok())
    })
}
