//! Requests to blob storage: a container, and the blobs in it (juju-provider 2.2 c22).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::client::Call;
use super::xml::Element;
use crate::policy::AccountKey;

/// One version for all: with it an empty body is signed as no length.
const VERSION: &str = "2015-04-05";
/// How long an address that anybody may read from is good.
const URL_YEARS: i32 = 10;
/// What needs no escape in a blob's path; a name may have segments.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');
/// What needs no escape in a query value.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A container of an account.
#[derive(Clone, Debug)]
pub(crate) struct Container {
    /// `https://acct.blob.core.windows.net/`
    pub(crate) base: String,
    pub(crate) name: String,
}

impl Container {
    fn call(&self, operation: &'static str, method: Method, path: &str, query: &str, body: Bytes) -> Call {
        let is_blob_put = method == Method::PUT && !path.is_empty();
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{}{path}{query}", self.base, self.name))
            .header("x-ms-version", VERSION);
        if is_blob_put {
            request = request
                .header("x-ms-blob-type", "BlockBlob")
                .header(http::header::CONTENT_TYPE, "application/octet-stream");
        }
        let request = request
            .body(body)
            .expect("a checked endpoint and escaped names make a URI");
        let host = request.uri().host().unwrap_or_default();
        Call {
            operation,
            resource: format!("{host}{}", request.uri().path()),
            request,
        }
    }

    fn path_of(name: &str) -> String {
        format!("/{}", utf8_percent_encode(name, PATH))
    }

    pub(crate) fn head(&self) -> Call {
        self.call(
            "look for container",
            Method::HEAD,
            "",
            "?restype=container",
            Bytes::new(),
        )
    }

    pub(crate) fn create(&self) -> Call {
        self.call("create container", Method::PUT, "", "?restype=container", Bytes::new())
            .conflict_is_answer()
    }

    pub(crate) fn delete(&self) -> Call {
        self.call(
            "delete container",
            Method::DELETE,
            "",
            "?restype=container",
            Bytes::new(),
        )
    }

    pub(crate) fn list(&self, prefix: &str, marker: &str) -> Call {
        let mut query = "?restype=container&comp=list".to_owned();
        for (name, value) in [("prefix", prefix), ("marker", marker)] {
            if !value.is_empty() {
                query.push_str(&format!("&{name}={}", utf8_percent_encode(value, QUERY)));
            }
        }
        self.call("list blobs", Method::GET, "", &query, Bytes::new())
    }

    pub(crate) fn put_blob(&self, name: &str, content: Bytes) -> Call {
        self.call("put blob", Method::PUT, &Self::path_of(name), "", content)
    }

    pub(crate) fn get_blob(&self, name: &str) -> Call {
        self.call("get blob", Method::GET, &Self::path_of(name), "", Bytes::new())
    }

    pub(crate) fn delete_blob(&self, name: &str) -> Call {
        self.call("delete blob", Method::DELETE, &Self::path_of(name), "", Bytes::new())
    }

    /// An address that is as good as the key, for reading this one blob (ARM 9.5).
    pub(crate) fn signed_url(&self, key: &AccountKey, name: &str, now_ms: u64) -> String {
        let now = jiff::Timestamp::from_millisecond(i64::try_from(now_ms).unwrap_or(i64::MAX));
        let expiry = now
            .ok()
            .map(|now| now.to_zoned(jiff::tz::TimeZone::UTC))
            .and_then(|now| now.checked_add(jiff::Span::new().years(URL_YEARS)).ok())
            .map_or(jiff::Timestamp::MAX, |then| then.timestamp());
        let expiry = expiry.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let resource = format!("/blob/{}/{}/{name}", key.account(), self.name);
        let signed = ["r", "", &expiry, &resource, "", "", "", VERSION, "", "", "", "", ""].join("\n");
        let signature = STANDARD.encode(key.sign(&signed));
        format!(
            "{}{}{}?sv={VERSION}&sr=b&sp=r&se={}&sig={}",
            self.base,
            self.name,
            Self::path_of(name),
            utf8_percent_encode(&expiry, QUERY),
            utf8_percent_encode(&signature, QUERY)
        )
    }
}

/// The names on a page of a list, and where the next page begins.
pub(crate) fn page(document: &Element) -> (Vec<String>, Option<String>) {
    let names = document
        .items("Blobs", "Blob")
        .filter_map(|blob| blob.text_of("Name").map(str::to_owned))
        .collect();
    (names, document.text_of("NextMarker").map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::Container;
    use crate::policy::AccountKey;

    fn container() -> Container {
        Container {
            base: "https://acct.blob.core.windows.net/".to_owned(),
            name: "juju-env-private".to_owned(),
        }
    }

    #[test]
    fn names_are_escaped_and_segments_stay() {
        let uri = |call: super::Call| call.request.uri().to_string();
        expect!["https://acct.blob.core.windows.net/juju-env-private/tools/a%20b%3F.tgz"]
            .assert_eq(&uri(container().get_blob("tools/a b?.tgz")));
        expect!["https://acct.blob.core.windows.net/juju-env-private?restype=container&comp=list&prefix=tools%2F&marker=m%2B"]
            .assert_eq(&uri(container().list("tools/", "m+")));
    }

    #[test]
    fn an_address_for_everybody_is_signed_for_ten_years() {
        let key = AccountKey::new("acct", "a2V5").expect("the test key is base64");
        expect!["https://acct.blob.core.windows.net/juju-env-private/a%20b?sv=2015-04-05&sr=b&sp=r&se=2026-04-01T12%3A00%3A00Z&sig=OK"]
            .assert_eq(&without_signature(&container().signed_url(&key, "a b", 1_459_512_000_000)));
    }

    fn without_signature(url: &str) -> String {
        let (head, signature) = url.split_once("&sig=").expect("the address is signed");
        let length = percent_encoding::percent_decode_str(signature).count();
        format!("{head}&sig={}", if length == 44 { "OK" } else { signature })
    }
}
