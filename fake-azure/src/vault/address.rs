//! What a request is about: the vault, and the path below it.

use std::collections::BTreeMap;

use bytes::Bytes;
use fake_azure_cloud::fabric::{vault_of_host, vault_of_segment};
use http::{HeaderMap, Method, Request, Uri};
use percent_encoding::percent_decode_str;

/// A request with its address read.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) method: &'a Method,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a Bytes,
    /// The vault, in lower case.
    pub(super) vault: String,
    /// `https://kv1.vault.azure.net`, or with the vault in its path: what addresses in the answer begin with.
    pub(super) base: String,
    /// The path below the vault, decoded.
    pub(super) segments: Vec<String>,
    query: BTreeMap<String, String>,
}

/// Whether a request is for a vault: by its host, or by its path's first segment.
pub(crate) fn is_vault(uri: &Uri) -> bool {
    uri.host().is_some_and(|host| vault_of_host(host).is_some()) || vault_of_path(uri.path()).is_some()
}

/// The vault that a path begins with.
fn vault_of_path(path: &str) -> Option<&str> {
    let first = path.split('/').find(|segment| !segment.is_empty())?;
    vault_of_segment(first)
}

/// The vault that a host names.
pub(crate) fn name_of_host(authority: &str) -> Option<&str> {
    vault_of_host(authority)
}

/// The vault that a request is for.
pub(crate) fn name_in(uri: &Uri) -> Option<&str> {
    let by_host = uri.host().and_then(vault_of_host);
    by_host.or_else(|| vault_of_path(uri.path()))
}

/// A path without the segment that names the vault.
pub(crate) fn without_name(path: &str) -> &str {
    let path = path.trim_start_matches('/');
    path.find('/').map_or("", |at| &path[at..])
}

/// The vault that a text beginning with a path names, and what follows.
pub(crate) fn leading_name(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix('/')?;
    let stop = |c: char| matches!(c, '/' | '"' | '\\' | '<' | '\'' | '?' | ',' | ' ' | '>' | '&');
    let end = rest.find(stop).unwrap_or(rest.len());
    vault_of_segment(&rest[..end]).map(|vault| (vault, &rest[end..]))
}

/// Query parameters, decoded, by lower-case name; the first of a name counts.
fn read_query(query: &str) -> BTreeMap<String, String> {
    let mut read = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        read.entry(decode(name).to_lowercase()).or_insert_with(|| decode(value));
    }
    read
}

impl<'a> Asked<'a> {
    /// Reads a request; `None` when it names no vault.
    pub(super) fn read(request: &'a Request<Bytes>) -> Option<Asked<'a>> {
        let uri = request.uri();
        let authority = uri.authority()?;
        let mut segments: Vec<String> = uri
            .path()
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        let mut base = format!("{}://{authority}", uri.scheme_str().unwrap_or("https"));
        let vault = match vault_of_host(authority.host()) {
            Some(vault) => vault.to_ascii_lowercase(),
            None => {
                let vault = vault_of_path(uri.path())?.to_ascii_lowercase();
                let first = segments.remove(0);
                base = format!("{base}/{first}");
                vault
            }
        };
        Some(Asked {
            method: request.method(),
            headers: request.headers(),
            body: request.body(),
            vault,
            base,
            segments,
            query: read_query(uri.query().unwrap_or("")),
        })
    }

    /// The version as sent; empty when there is none.
    pub(super) fn version(&self) -> &str {
        self.param("api-version").unwrap_or("")
    }

    /// A query parameter.
    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// Whether the version is this one of the numbered ones or a later one; dated ones of today are later than all.
    pub(super) fn since(&self, number: &str) -> bool {
        let own = self.version();
        match own.split_once('-') {
            Some((year, _)) if year.len() == 4 => year >= "2025",
            _ => own >= number,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(uri: &str) -> Option<(String, String, Vec<String>)> {
        let request = Request::builder().uri(uri).body(Bytes::new()).expect("a request");
        Asked::read(&request).map(|asked| (asked.vault, asked.base, asked.segments))
    }

    #[test]
    fn a_vault_is_found_in_either_style() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(
            read("https://KV1.vault.azure.net/keys/a%2Db?x=1"),
            Some(("kv1".into(), "https://KV1.vault.azure.net".into(), words("keys a-b")))
        );
        assert_eq!(
            read("https://localhost:8443//kv1.vault.azure.net/keys/a/create"),
            Some((
                "kv1".into(),
                "https://localhost:8443/kv1.vault.azure.net".into(),
                words("keys a create")
            ))
        );
        assert_eq!(read("https://localhost:8443/subscriptions/x"), None);
        assert_eq!(read("https://acct.blob.core.windows.net/kv1.vault.example.com/x"), None);
    }
}
