//! What a request is about: account, container, blob, version, query.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Uri};
use percent_encoding::percent_decode_str;

use super::error::Refusal;
use crate::sandbox::Sandbox;

/// The version of a request that names none, unless the account has another (ARM 9.1).
const DEFAULT_VERSION: &str = "2015-04-05";

/// A request with its address read.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) method: &'a Method,
    pub(super) uri: &'a Uri,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a Bytes,
    /// In lower case, without `-secondary`.
    pub(super) account: String,
    /// Whether it came to the secondary endpoint, which only reads.
    pub(super) secondary: bool,
    /// Empty for the account.
    pub(super) container: String,
    /// Empty for the container.
    pub(super) blob: String,
    /// Query parameters, decoded, by lower-case name.
    pub(super) query: BTreeMap<String, String>,
    /// `2015-04-05`: compares as text.
    pub(super) version: String,
}

impl<'a> Asked<'a> {
    pub(super) fn read(sandbox: &Sandbox, request: &'a Request<Bytes>) -> Result<Asked<'a>, Refusal> {
        let uri = request.uri();
        let query = read_query(uri.query().unwrap_or_default());
        let address = sandbox.storage.locate_request(uri).ok_or_else(Refusal::invalid_uri)?;
        let (account, secondary) = match address.account.strip_suffix("-secondary") {
            Some(account) => (account.to_owned(), true),
            None => (address.account, false),
        };
        let restype = query.get("restype").map_or("", String::as_str);
        let (container, blob) = if address.blob.is_empty() && !address.container.is_empty() && restype != "container" {
            // A blob without a container is in the root container (ARM 9.1).
            ("$root".to_owned(), address.container)
        } else {
            (address.container, address.blob)
        };

        let account_version = sandbox
            .cloud
            .fabric()
            .accounts
            .get(account.as_str())
            .and_then(|row| row.service.get("DefaultServiceVersion"));
        let version = version(
            request.headers(),
            &query,
            account_version.map_or(DEFAULT_VERSION, AsRef::as_ref),
        )?;
        Ok(Asked {
            method: request.method(),
            uri,
            headers: request.headers(),
            body: request.body(),
            account,
            secondary,
            container,
            blob,
            query,
            version,
        })
    }

    /// A header as text; one that is not text counts as absent.
    pub(super) fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A query parameter; empty when it is absent.
    pub(super) fn param(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    /// Whether the version is this one or a later one.
    pub(super) fn since(&self, version: &str) -> bool {
        self.version.as_str() >= version
    }

    /// The address of the account as the client reaches it, with a trailing slash.
    pub(super) fn endpoint(&self) -> String {
        let scheme = self.uri.scheme_str().unwrap_or("https");
        let authority = self.uri.authority().map_or("", |authority| authority.as_str());
        match crate::storage::account_of_host(authority) {
            Some(_) => format!("{scheme}://{authority}/"),
            None => format!(
                "{scheme}://{authority}/{}/",
                self.uri.path().trim_start_matches('/').split('/').next().unwrap_or("")
            ),
        }
    }
}

/// Query parameters, decoded, by lower-case name. Of a name that comes twice the values are joined, as signatures do (ARM 9.5).
pub(super) fn read_query(query: &str) -> BTreeMap<String, String> {
    let mut read: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        read.entry(decode(name).to_lowercase()).or_default().push(decode(value));
    }
    read.into_iter()
        .map(|(name, mut values)| {
            values.sort();
            (name, values.join(","))
        })
        .collect()
}

fn version(headers: &HeaderMap, query: &BTreeMap<String, String>, default: &str) -> Result<String, Refusal> {
    let given = headers
        .get("x-ms-version")
        .map(|value| value.to_str().unwrap_or_default());
    let given = given.or_else(|| query.get("api-version").map(String::as_str));
    let given = given.or_else(|| {
        query
            .get("sv")
            .map(String::as_str)
            .filter(|version| !version.is_empty())
    });
    let Some(given) = given else {
        return Ok(default.to_owned());
    };
    if is_version(given) {
        Ok(given.to_owned())
    } else {
        Err(Refusal::header("x-ms-version", given))
    }
}

/// Whether a text is a version of the service: `2015-04-05`.
pub(super) fn is_version(text: &str) -> bool {
    let digit = |(at, byte): (usize, u8)| {
        if matches!(at, 4 | 7) {
            byte == b'-'
        } else {
            byte.is_ascii_digit()
        }
    };
    text.len() == 10 && text.bytes().enumerate().all(digit)
}
