//! The journal: what came in and went out, for people and for drivers that compare. URLs are written `{arm}/...`, whatever
//! host and port the client used, so that the same history gives the same lines in process and on a socket.
//!
//! It refuses to judge. It is bounded: the oldest exchanges go first.

use std::collections::VecDeque;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fake_azure_cloud::Time;
use http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode, Uri};
use serde_json::{Map, Value, json};

use crate::storage::account_of_host;
use crate::vault;
use crate::wire::{Delivery, Front};

/// Exchanges kept unless told otherwise.
const EXCHANGES_MAX: usize = 1000;
/// Bytes of bodies kept.
const BYTES_MAX: usize = 32 << 20;
/// Longer bodies are written as their length.
const BODY_MAX: usize = 64 << 10;

/// Headers that are written: the protocol's. What a client or a connection adds by itself says nothing.
const HEADERS: &[&str] = &[
    // tidy: sorted
    "authorization",
    "azure-asyncnotification",
    "azure-asyncoperation",
    "content-range",
    "content-type",
    "etag",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-unmodified-since",
    "last-modified",
    "location",
    "metadata",
    "range",
    "retry-after",
    "www-authenticate",
    // tidy: end
];

/// One request with its answer.
#[derive(Clone, Debug)]
struct Exchange {
    number: u64,
    time: Time,
    front: Front,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
    status: StatusCode,
    answer_headers: HeaderMap,
    answer: Bytes,
    fault: Option<&'static str>,
    delivery: Delivery,
}

/// What came in and went out.
#[derive(Clone, Debug)]
pub struct Journal {
    exchanges: VecDeque<Exchange>,
    next: u64,
    bytes: usize,
    exchanges_max: usize,
}

impl Default for Journal {
    fn default() -> Journal {
        Journal {
            exchanges: VecDeque::new(),
            next: 1,
            bytes: 0,
            exchanges_max: EXCHANGES_MAX,
        }
    }
}

impl Journal {
    /// How many exchanges are kept at most; 0 keeps none.
    pub fn set_limit(&mut self, exchanges_max: usize) {
        self.exchanges_max = exchanges_max;
        self.shorten();
    }

    /// How many exchanges came in since the sandbox began, kept or not.
    pub fn count(&self) -> u64 {
        self.next - 1
    }

    /// Forgets all exchanges; numbers go on.
    pub fn clear(&mut self) {
        self.exchanges.clear();
        self.bytes = 0;
    }

    /// The exchanges after number `after` as JSON lines, oldest first.
    pub fn lines(&self, after: u64, blob_base: Option<&str>) -> String {
        let mut lines = String::new();
        for exchange in self.exchanges.iter().filter(|exchange| exchange.number > after) {
            lines.push_str(&exchange.document(blob_base).to_string());
            lines.push('\n');
        }
        lines
    }

    /// Adds an exchange. Cheap: what it looks like is decided when somebody reads it.
    pub(crate) fn add(
        &mut self,
        time: Time,
        front: Front,
        request: Request<Bytes>,
        response: &Response<Bytes>,
        fault: Option<&'static str>,
        delivery: Delivery,
    ) {
        let number = self.next;
        self.next += 1;
        if self.exchanges_max == 0 {
            return;
        }
        let (parts, body) = request.into_parts();
        self.bytes += body.len() + response.body().len();
        self.exchanges.push_back(Exchange {
            number,
            time,
            front,
            method: parts.method,
            uri: parts.uri,
            headers: parts.headers,
            body,
            status: response.status(),
            answer_headers: kept(response.headers()),
            answer: response.body().clone(),
            fault,
            delivery,
        });
        self.shorten();
    }

    fn shorten(&mut self) {
        while self.exchanges.len() > self.exchanges_max || (self.bytes > BYTES_MAX && self.exchanges.len() > 1) {
            let Some(oldest) = self.exchanges.pop_front() else {
                return;
            };
            self.bytes -= oldest.body.len() + oldest.answer.len();
        }
    }
}

impl Exchange {
    fn document(&self, blob_base: Option<&str>) -> Value {
        let names = Names {
            uri: &self.uri,
            front: self.front,
            blob_base,
        };
        let mut line = json!({
            "n": self.number,
            "time": self.time.to_string(),
            "api": self.front.name(),
            "method": self.method.as_str(),
            "url": names.url(),
        });
        let headers = headers(&self.headers, &names);
        if !headers.is_empty() {
            line["headers"] = Value::Object(headers);
        }
        if !self.body.is_empty() {
            line["body"] = body(&self.body, &names);
        }
        line["status"] = self.status.as_u16().into();
        line["answer_headers"] = Value::Object(self::headers(&self.answer_headers, &names));
        if !self.answer.is_empty() {
            line["answer"] = body(&self.answer, &names);
        }
        if let Some(fault) = self.fault {
            line["fault"] = fault.into();
        }
        match self.delivery {
            Delivery::Send => {}
            Delivery::Drop => line["delivery"] = "cut".into(),
            Delivery::After(wait) => line["delivery"] = format!("after {} ms", wait.as_millis()).into(),
        }
        line
    }
}

/// The headers that are written, alone.
fn kept(headers: &HeaderMap) -> HeaderMap {
    let is_kept = |name: &HeaderName| HEADERS.binary_search(&name.as_str()).is_ok() || is_azures(name.as_str());
    headers
        .iter()
        .filter(|(name, _)| is_kept(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Whether a header is one of Azure's own that says something.
fn is_azures(name: &str) -> bool {
    name.starts_with("x-ms-") && !name.ends_with("-date") && name != "x-ms-client-request-id"
}

fn headers(headers: &HeaderMap, names: &Names<'_>) -> Map<String, Value> {
    let mut kept = Map::new();
    for name in HEADERS {
        let Some(value) = headers.get(*name) else {
            continue;
        };
        let value = String::from_utf8_lossy(value.as_bytes());
        // A token says who and when, which varies; its scheme is the protocol.
        let value = match *name {
            "authorization" => value.split_once(' ').map_or("", |(scheme, _)| scheme).to_owned(),
            _ => names.neutral(&value),
        };
        kept.insert((*name).to_owned(), value.into());
    }
    for (name, value) in headers {
        let name = name.as_str();
        if is_azures(name) {
            kept.insert(
                name.to_owned(),
                names.neutral(&String::from_utf8_lossy(value.as_bytes())).into(),
            );
        }
    }
    kept
}

/// A tree where the body is JSON, a text where it is one, base64 otherwise; the length alone where it is long.
fn body(body: &Bytes, names: &Names<'_>) -> Value {
    if body.len() > BODY_MAX {
        return json!({ "bytes": body.len() });
    }
    match std::str::from_utf8(body) {
        Ok(text) => {
            let text = names.neutral(text);
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        }
        Err(_) => json!({ "base64": STANDARD.encode(body) }),
    }
}

/// Turns addresses into names that do not depend on where the server listens.
struct Names<'a> {
    uri: &'a Uri,
    front: Front,
    blob_base: Option<&'a str>,
}

impl Names<'_> {
    fn url(&self) -> String {
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        let host = self.uri.host().unwrap_or("");
        if let Some(name) = vault::name_in(self.uri) {
            let below = match vault::name_of_host(host) {
                Some(_) => path,
                None => vault::without_name(path),
            };
            return format!("{{vault}}/{}{below}", name.to_ascii_lowercase());
        }
        match account_of_host(host) {
            Some(account) => format!("{{blob}}/{account}{path}"),
            None => format!("{{{}}}{path}", self.front.name()),
        }
    }

    /// A text with every address of this server, and of Azure's own in its place, by name.
    fn neutral(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find("http") {
            let (before, from) = rest.split_at(at);
            out.push_str(before);
            let end = from.find("://").filter(|end| *end <= 5).map(|end| {
                let stop = |c: char| matches!(c, '/' | '"' | '\\' | '<' | '\'' | '?' | ',' | ' ' | '>' | '&');
                let authority = &from[end + 3..];
                end + 3 + authority.find(stop).unwrap_or(authority.len())
            });
            match end {
                Some(end) => {
                    let (address, after) = from.split_at(end);
                    match vault::leading_name(after) {
                        // A vault in a path of this server, as one in a host name.
                        Some((vault, below)) => {
                            out.push_str(&format!("{{vault}}/{}", vault.to_ascii_lowercase()));
                            rest = below;
                        }
                        None => {
                            out.push_str(&self.name_of(address));
                            rest = after;
                        }
                    }
                }
                None => {
                    let (word, after) = from.split_at(4);
                    out.push_str(word);
                    rest = after;
                }
            }
        }
        out.push_str(rest);
        out
    }

    /// The name of `https://host:port`, or the text itself.
    fn name_of(&self, address: &str) -> String {
        let authority = address.split_once("://").map_or(address, |(_, authority)| authority);
        let here = self.uri.authority().map(|authority| authority.as_str());
        if let Some(vault) = vault::name_of_host(authority) {
            return format!("{{vault}}/{}", vault.to_ascii_lowercase());
        }
        if let Some(account) = account_of_host(authority) {
            return format!("{{blob}}/{account}");
        }
        if Some(authority) == here {
            return format!("{{{}}}", self.front.name());
        }
        if self.blob_base.is_some_and(|base| base.eq_ignore_ascii_case(address)) {
            return "{blob}".to_owned();
        }
        match authority {
            "management.azure.com" => "{arm}".to_owned(),
            "management.core.windows.net" => "{asm}".to_owned(),
            _ => address.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn neutral(here: &str, blob_base: Option<&str>, text: &str) -> String {
        let uri: Uri = here.parse().expect("a URI");
        Names {
            uri: &uri,
            front: Front::Arm,
            blob_base,
        }
        .neutral(text)
    }

    #[test]
    fn addresses_read_the_same_in_process_and_on_a_socket() {
        let rows = [
            (
                neutral(
                    "https://management.azure.com/x",
                    None,
                    r#"{"a":"https://management.azure.com/s/1?x","b":"https://acct.blob.core.windows.net/"}"#,
                ),
                r#"{"a":"{arm}/s/1?x","b":"{blob}/acct/"}"#,
            ),
            (
                neutral(
                    "https://localhost:8443/x",
                    Some("https://localhost:8445"),
                    r#"{"a":"https://localhost:8443/s/1?x","b":"https://localhost:8445/acct/"}"#,
                ),
                r#"{"a":"{arm}/s/1?x","b":"{blob}/acct/"}"#,
            ),
        ];
        for (found, expected) in rows {
            assert_eq!(found, expected);
        }
        assert_eq!(
            neutral("https://localhost:1/", None, "http, https://aka.ms/x httpx"),
            "http, https://aka.ms/x httpx"
        );
    }

    #[test]
    fn the_oldest_exchanges_go_first() {
        let mut journal = Journal::default();
        journal.set_limit(2);
        for path in ["/1", "/2", "/3"] {
            let request = Request::builder()
                .uri(format!("https://localhost{path}"))
                .body(Bytes::new())
                .expect("a request");
            journal.add(
                Time::from_millis(0),
                Front::Arm,
                request,
                &Response::new(Bytes::new()),
                None,
                Delivery::Send,
            );
        }
        assert_eq!(journal.count(), 3);
        let lines = journal.lines(0, None);
        assert_eq!(lines.lines().count(), 2);
        assert!(lines.contains("{arm}/2") && lines.contains("{arm}/3"), "{lines}");
        assert_eq!(journal.lines(3, None), "");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_namer_panic(text in "\\PC{0,80}|(https?://|[a-z\".é/]){0,20}") {
            neutral("https://localhost:8443/x", Some("https://localhost:8445"), &text);
        }
    }
}
