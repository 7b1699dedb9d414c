//! Where storage accounts are reached: what their `primaryEndpoints` say, and which blob a URI means.
//!
//! It refuses to know whether an account exists.

use http::Uri;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

/// How the addresses of storage accounts are written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageEndpoints {
    /// The blob listener's base URL without a trailing slash, when there is one: accounts then publish path style.
    pub base: Option<String>,
    /// `--storage-suffix`: accounts publish `https://{account}.blob.{suffix}/` whatever else is set.
    pub suffix: Option<String>,
}

/// A blob, a container or an account as a URI names it. What is absent is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobAddress {
    /// The account, in lower case.
    pub account: String,
    /// The container; empty for the account itself.
    pub container: String,
    /// The blob, decoded; empty for a container.
    pub blob: String,
}

impl StorageEndpoints {
    /// The public cloud's suffix.
    pub const PUBLIC_SUFFIX: &'static str = "core.windows.net";

    /// The blob endpoint of an account, with a trailing slash: `https://localhost:8445/account/` in path style when serving,
    /// `https://account.blob.core.windows.net/` in process. `request` is the URI of the request to be answered: a client that
    /// reaches the server by another host name than `localhost` is sent to the blob listener under that name.
    pub fn blob(&self, account: &str, request: &Uri) -> String {
        match (&self.suffix, &self.base) {
            (None, Some(base)) => format!("{}/{account}/", reachable(base, request)),
            _ => self.service("blob", account),
        }
    }

    /// The endpoint of another service of an account (`queue`, `table`, `file`). No listener serves them, so that the address
    /// is always in host style, as Azure's is.
    pub fn service(&self, service: &str, account: &str) -> String {
        format!("https://{account}.{service}.{}/", self.suffix())
    }

    /// Where a vault is reached, without a trailing slash: `https://{vault}.vault.azure.net` in process,
    /// `{server}/{vault}.vault.azure.net` when serving, `https://{vault}.vault.{suffix}` with a suffix. As with blobs, a client
    /// stays with the host name by which it reached the server.
    pub fn vault(&self, vault: &str, request: &Uri) -> String {
        let host = format!("{}.vault.azure.net", vault.to_lowercase());
        match (&self.suffix, &self.base) {
            (Some(suffix), _) => format!("https://{}.vault.{suffix}", vault.to_lowercase()),
            (None, Some(base)) => format!("{}/{host}", reachable(base, request)),
            (None, None) => format!("https://{host}"),
        }
    }

    /// What clients put after the name of a vault and a dot.
    pub fn vault_suffix(&self) -> String {
        match &self.suffix {
            Some(suffix) => format!("vault.{suffix}"),
            None => "vault.azure.net".to_owned(),
        }
    }

    /// The suffix that clients put after `blob.`: in the metadata document and in host style addresses.
    pub fn suffix(&self) -> &str {
        self.suffix.as_deref().unwrap_or(StorageEndpoints::PUBLIC_SUFFIX)
    }

    /// What a blob URI means, in host style (`https://{account}.blob.{anything}/{container}/{blob}`) or in path style
    /// (`https://{anything}/{account}/{container}/{blob}`). A blob without a container is in `$root`.
    pub fn locate(&self, uri: &str) -> Option<BlobAddress> {
        let (_, rest) = uri.split_once("://")?;
        let rest = rest.split(['?', '#']).next().unwrap_or("");
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        address(authority, path)
    }

    /// The same for a request to the blob listener.
    pub fn locate_request(&self, uri: &Uri) -> Option<BlobAddress> {
        address(uri.authority()?.as_str(), uri.path().trim_start_matches('/'))
    }
}

/// The account of a host in host style: `{account}.blob.{anything}`.
pub fn account_of_host(authority: &str) -> Option<&str> {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (account, rest) = host.split_once('.')?;
    let is_blob = rest.get(..5).is_some_and(|word| word.eq_ignore_ascii_case("blob."));
    (is_blob && !account.is_empty()).then_some(account)
}

fn address(authority: &str, path: &str) -> Option<BlobAddress> {
    let (account, path) = match account_of_host(authority) {
        Some(account) => (account, path),
        None => path.split_once('/').unwrap_or((path, "")),
    };
    if account.is_empty() {
        return None;
    }
    let decode = |text: &str| {
        percent_decode_str(text)
            .decode_utf8()
            .map(|text| text.into_owned())
            .ok()
    };
    let (container, blob) = match path.split_once('/') {
        Some((container, blob)) => (decode(container)?, decode(blob)?),
        None => (decode(path)?, String::new()),
    };
    Some(BlobAddress {
        account: decode(account)?.to_lowercase(),
        container,
        blob,
    })
}

/// The base URL under the host name by which the client reached the server, unless that is a name of Azure's.
fn reachable(base: &str, request: &Uri) -> String {
    let Some(host) = request.host().filter(|host| !crate::wire::is_azure_host(host)) else {
        return base.to_owned();
    };
    let Ok(parsed) = base.parse::<Uri>() else {
        return base.to_owned();
    };
    let scheme = parsed.scheme_str().unwrap_or("https");
    match parsed.port_u16() {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().expect("a URI")
    }

    #[test]
    fn accounts_publish_path_style_when_serving_and_host_style_in_process() {
        let serving = StorageEndpoints {
            base: Some("https://localhost:8445".to_owned()),
            suffix: None,
        };
        assert_eq!(
            serving.blob("acct", &uri("https://localhost:8443/x")),
            "https://localhost:8445/acct/"
        );
        assert_eq!(
            serving.blob("acct", &uri("https://fake.test:8443/x")),
            "https://fake.test:8445/acct/"
        );
        assert_eq!(
            serving.blob("acct", &uri("https://management.azure.com/x")),
            "https://localhost:8445/acct/"
        );
        let here = StorageEndpoints::default();
        assert_eq!(
            here.blob("acct", &uri("https://localhost/x")),
            "https://acct.blob.core.windows.net/"
        );
        let suffixed = StorageEndpoints {
            suffix: Some("fake.test".to_owned()),
            ..serving
        };
        assert_eq!(
            suffixed.blob("acct", &uri("https://localhost:8443/x")),
            "https://acct.blob.fake.test/"
        );
    }

    #[test]
    fn a_blob_is_found_in_either_style() {
        let expected = BlobAddress {
            account: "acct".into(),
            container: "vhds".into(),
            blob: "a b/os.vhd".into(),
        };
        for text in [
            "https://acct.blob.core.windows.net/vhds/a%20b/os.vhd",
            "http://Acct.BLOB.fake.test:8445/vhds/a%20b/os.vhd?sv=2015",
            "https://localhost:8445/acct/vhds/a%20b/os.vhd",
        ] {
            assert_eq!(
                StorageEndpoints::default().locate(text).as_ref(),
                Some(&expected),
                "{text}"
            );
        }
        assert_eq!(StorageEndpoints::default().locate("https://localhost:8445/"), None);
        assert_eq!(StorageEndpoints::default().locate("vhds/os.vhd"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,60}") {
            StorageEndpoints::default().locate(&text);
            StorageEndpoints::default().locate(&format!("https://{text}"));
        }
    }
}
