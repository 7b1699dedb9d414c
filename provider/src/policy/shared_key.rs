//! Signs requests to blob storage with an account's key (ARM 9.5).
//!
//! It signs each try anew, since a signature is good for a quarter of an hour only.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Request, Response};
use percent_encoding::percent_decode_str;
use sha2::Sha256;

use super::{SendError, Step};
use crate::Clock;

/// A storage account with one of its keys, which is a secret.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct AccountKey {
    account: String,
    key: Vec<u8>,
}

impl AccountKey {
    /// The key in the form that `listKeys` gives, base64. None when it is not.
    pub(crate) fn new(account: &str, key: &str) -> Option<Self> {
        Some(Self {
            account: account.to_owned(),
            key: STANDARD.decode(key).ok()?,
        })
    }

    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    /// HMAC-SHA256 over `text`.
    pub(crate) fn sign(&self, text: &str) -> Vec<u8> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }
}

impl fmt::Debug for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<key of {}>", self.account)
    }
}

/// The policy.
pub(crate) struct SharedKey {
    inner: Arc<dyn Step>,
    key: AccountKey,
    clock: Arc<dyn Clock>,
}

impl SharedKey {
    pub(super) fn new(inner: Arc<dyn Step>, key: AccountKey, clock: Arc<dyn Clock>) -> Self {
        Self { inner, key, clock }
    }
}

#[async_trait]
impl Step for SharedKey {
    async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, SendError> {
        let date = HeaderValue::try_from(rfc1123(self.clock.now_ms())).expect("a date is a header value");
        request.headers_mut().insert("x-ms-date", date);
        let value = authorization(&self.key, &request);
        request.headers_mut().insert(AUTHORIZATION, value);
        self.inner.send(request).await
    }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
pub(crate) fn rfc1123(now_ms: u64) -> String {
    let millisecond = i64::try_from(now_ms).unwrap_or(i64::MAX);
    let timestamp = jiff::Timestamp::from_millisecond(millisecond).unwrap_or(jiff::Timestamp::MAX);
    timestamp.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn authorization(key: &AccountKey, request: &Request<Bytes>) -> HeaderValue {
    let signature = STANDARD.encode(key.sign(&string_to_sign(&key.account, request)));
    let mut value = HeaderValue::try_from(format!("SharedKey {}:{signature}", key.account))
        .expect("an account name and base64 make a header value");
    value.set_sensitive(true);
    value
}

fn string_to_sign(account: &str, request: &Request<Bytes>) -> String {
    let own = |name: &str| header(request.headers(), name);
    // From 2015-02-21 on an empty body is signed as no length.
    let length = match request.body().len() {
        0 => String::new(),
        n => n.to_string(),
    };
    let mut lines = vec![
        request.method().to_string(),
        own("content-encoding"),
        own("content-language"),
        length,
        own("content-md5"),
        own("content-type"),
        // Empty, since x-ms-date is there.
        String::new(),
        own("if-modified-since"),
        own("if-match"),
        own("if-none-match"),
        own("if-unmodified-since"),
        own("range"),
    ];
    let mut headers: Vec<(&str, String)> = request
        .headers()
        .keys()
        .map(http::HeaderName::as_str)
        .filter(|name| name.starts_with("x-ms-"))
        .map(|name| (name, header(request.headers(), name)))
        .collect();
    headers.sort();
    lines.extend(headers.into_iter().map(|(name, value)| format!("{name}:{value}")));
    lines.push(format!("/{account}{}", request.uri().path()));
    let mut query: Vec<(String, String)> = request
        .uri()
        .query()
        .unwrap_or_default()
        .split('&')
        .filter_map(parameter)
        .collect();
    query.sort();
    lines.extend(query.into_iter().map(|(name, value)| format!("{name}:{value}")));
    lines.join("\n")
}

fn parameter(text: &str) -> Option<(String, String)> {
    if text.is_empty() {
        return None;
    }

    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    Some((decode(name).to_lowercase(), decode(value)))
}

fn header(headers: &HeaderMap, name: &str) -> String {
    let value = headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::tests::request;
    use super::{AccountKey, authorization, rfc1123, string_to_sign};

    #[test]
    fn dates_are_written_as_http_writes_them() {
        assert_eq!(rfc1123(784_111_777_000), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn what_is_signed_is_what_the_service_signs() {
        let mut request = request(
            "DELETE",
            "https://acct.blob.core.windows.net/osvhds/machine-0.vhd?timeout=30&comp=x%20y",
        );
        request.headers_mut().insert(
            "x-ms-version",
            "2015-04-05".parse().expect("a version is a header value"),
        );
        request
            .headers_mut()
            .insert("x-ms-date", rfc1123(0).parse().expect("a date is a header value"));
        expect![[r#"
            DELETE











            x-ms-date:Thu, 01 Jan 1970 00:00:00 GMT
            x-ms-version:2015-04-05
            /acct/osvhds/machine-0.vhd
            comp:x y
            timeout:30"#]]
        .assert_eq(&string_to_sign("acct", &request));
        let key = AccountKey::new("acct", "a2V5").expect("the test key is base64");
        assert!(authorization(&key, &request).is_sensitive());
        assert_eq!(format!("{key:?}"), "<key of acct>");
    }
}
