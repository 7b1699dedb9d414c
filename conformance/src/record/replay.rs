//! A session's requests sent once more, to a world that has state of its own, and every difference of the answers.
//!
//! What a service draws for itself - ids of operations, entity tags, keys - differs from world to world. Where such a word stands
//! in the place of another, it is taken for it from then on, in later requests too.

use std::collections::BTreeMap;

use bytes::Bytes;
use fake_azure::text::parse_iso;
use http::Request;
use serde_json::Value;

use super::{Exchange, Session};
use crate::driver::{self, Api, DriverKind, Setup};
use crate::scenario::LOCATION;
use crate::subject::Subject;

/// A word at least so long, with a digit in it, may be one that a service drew.
const DRAWN_LEN_MIN: usize = 12;

/// Headers of answers whose being there is the protocol.
const HEADERS: [&str; 3] = ["azure-asyncoperation", "location", "retry-after"];

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// The number of the recorded exchange.
    pub n: u64,
    /// What was asked: `PUT {arm}/…`.
    pub request: String,
    /// Where the answers differ: `status`, `header location`, or a JSON pointer.
    pub at: String,
    /// What was recorded.
    pub recorded: String,
    /// What was answered now.
    pub got: String,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Requests that were sent.
    pub n_sent: usize,
    /// Those that were not: signing in, which is the sender's own, and what a fault had struck.
    pub n_passed_over: usize,
    /// Every difference, in order.
    pub divergences: Vec<Divergence>,
}

/// Sends a session's requests to a new world, at the times of the session.
///
/// # Errors
///
/// When there can be no world.
pub fn replay(session: &Session, seed: u64) -> anyhow::Result<Replayed> {
    let setup = Setup {
        seed,
        profile: session.heading.profile.clone(),
        location: LOCATION.to_owned(),
        subject: Subject::default(),
        live: None,
    };
    let world = driver::exchange(DriverKind::Wire, &setup)?;
    let mut replayed = Replayed::default();
    let mut drawn = Drawn::default();
    for exchange in &session.exchanges {
        let api = match exchange.api.as_str() {
            "arm" => Api::Arm,
            "asm" => Api::Asm,
            "blob" => Api::Blob,
            _ => {
                replayed.n_passed_over += 1;
                continue;
            }
        };
        let too_long = exchange.body.get("bytes").is_some();
        if exchange.fault.is_some() || too_long {
            replayed.n_passed_over += 1;
            continue;
        }
        if let Some(time) = parse_iso(&exchange.time) {
            world.advance(time);
        }
        let mut request = request_of(exchange, &drawn, &world.base(api), &world.token())?;
        if api == Api::Asm
            && let Some(certificate) = world.management_certificate()
        {
            request.extensions_mut().insert(certificate);
        }
        replayed.n_sent += 1;
        let mut found = Vec::new();
        match world.send(api, request) {
            Ok(delivered) => {
                let response = delivered.response;
                let status = response.status().as_u16();
                if status != exchange.status {
                    found.push(("status".to_owned(), exchange.status.to_string(), status.to_string()));
                }
                for name in HEADERS {
                    let recorded = exchange.answer_headers.get(name).and_then(Value::as_str);
                    let got = response.headers().get(name).and_then(|value| value.to_str().ok());
                    let got = got.map(|got| neutral(got, &world.base(api), &exchange.api));
                    drawn.text(&format!("header {name}"), recorded, got.as_deref(), &mut found);
                }
                let body = String::from_utf8_lossy(response.body());
                let body = neutral(&body, &world.base(api), &exchange.api);
                let got: Value = match body.is_empty() {
                    true => Value::Null,
                    false => serde_json::from_str(&body).unwrap_or(Value::String(body)),
                };
                if exchange.answer.get("bytes").is_none() {
                    drawn.tree("", Some(&exchange.answer), Some(&got), &mut found);
                }
            }
            Err(broken) => found.push(("answer".to_owned(), exchange.status.to_string(), broken.0)),
        }
        let request = format!("{} {}", exchange.method, exchange.url);
        replayed
            .divergences
            .extend(found.into_iter().map(|(at, recorded, got)| Divergence {
                n: exchange.n,
                request: request.clone(),
                at,
                recorded,
                got,
            }));
    }
    Ok(replayed)
}

type Found = Vec<(String, String, String)>;

fn request_of(exchange: &Exchange, drawn: &Drawn, base: &str, token: &str) -> anyhow::Result<Request<Bytes>> {
    let url = drawn.now(&address(&exchange.url, base));
    let mut request = Request::builder().method(exchange.method.as_str()).uri(url);
    for (name, value) in &exchange.headers {
        let Some(value) = value.as_str() else { continue };
        request = match name.as_str() {
            "authorization" => request.header(name, format!("Bearer {token}")),
            _ => request.header(name, drawn.now(&address(value, base))),
        };
    }
    let body = match &exchange.body {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        document => document.to_string(),
    };
    Ok(request.body(Bytes::from(drawn.now(&address(&body, base))))?)
}

/// A neutral text with the addresses of this world in it.
fn address(text: &str, base: &str) -> String {
    let mut text = text.replace("{arm}", base).replace("{asm}", base);
    while let Some(at) = text.find("{blob}/") {
        let rest = &text[at + "{blob}/".len()..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let host = format!("https://{}.blob.core.windows.net", &rest[..end]);
        text.replace_range(at..at + "{blob}/".len() + end, &host);
    }
    text
}

/// A text of this world with neutral addresses.
fn neutral(text: &str, base: &str, api: &str) -> String {
    let text = text.replace(base, &format!("{{{api}}}"));
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find("https://") {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let authority = &from["https://".len()..];
        let end = authority.find(['/', '"', '?', '<', '\\']).unwrap_or(authority.len());
        match authority[..end].strip_suffix(".blob.core.windows.net") {
            Some(account) => out.push_str(&format!("{{blob}}/{account}")),
            None => out.push_str(&from[.."https://".len() + end]),
        }
        rest = &authority[end..];
    }
    out.push_str(rest);
    out
}

/// Words that a service drew: as recorded, and as they are now.
#[derive(Debug, Default)]
struct Drawn(BTreeMap<String, String>);

impl Drawn {
    /// A recorded text with the words of now.
    fn now(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for word in words(text) {
            out.push_str(self.0.get(word).map_or(word, String::as_str));
        }
        out
    }

    fn tree(&mut self, at: &str, recorded: Option<&Value>, got: Option<&Value>, found: &mut Found) {
        match (recorded, got) {
            (Some(Value::Object(recorded)), Some(Value::Object(got))) => {
                let names: std::collections::BTreeSet<&String> = recorded.keys().chain(got.keys()).collect();
                for name in names {
                    self.tree(&format!("{at}/{name}"), recorded.get(name), got.get(name), found);
                }
            }
            (Some(Value::Array(recorded)), Some(Value::Array(got))) if recorded.len() == got.len() => {
                for (index, (recorded, got)) in recorded.iter().zip(got).enumerate() {
                    self.tree(&format!("{at}/{index}"), Some(recorded), Some(got), found);
                }
            }
            (Some(Value::String(recorded)), Some(Value::String(got))) => {
                self.text(at, Some(recorded), Some(got), found)
            }
            (recorded, got) if recorded == got => {}
            (recorded, got) => {
                let show = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), Value::to_string);
                let at = if at.is_empty() { "/" } else { at };
                found.push((at.to_owned(), show(recorded), show(got)));
            }
        }
    }

    /// Compares texts word by word; a drawn word in the place of another is learnt.
    fn text(&mut self, at: &str, recorded: Option<&str>, got: Option<&str>, found: &mut Found) {
        let (Some(recorded), Some(got)) = (recorded, got) else {
            if recorded != got {
                let show = |text: Option<&str>| text.unwrap_or("nothing").to_owned();
                found.push((at.to_owned(), show(recorded), show(got)));
            }
            return;
        };
        let now = self.now(recorded);
        let is_secret = recorded.contains("anitised") || recorded == "c2FuaXRpc2Vk";
        let are_times = parse_iso(recorded).is_some() && parse_iso(got).is_some();
        if now == got || is_secret || are_times {
            return;
        }
        let (before, after): (Vec<&str>, Vec<&str>) = (words(recorded).collect(), words(got).collect());
        let learnt: Vec<(&str, &str)> = before
            .iter()
            .zip(&after)
            .filter(|(before, after)| before != after)
            .map(|(before, after)| (*before, *after))
            .collect();
        let all_drawn = before.len() == after.len()
            && learnt.iter().all(|(before, after)| {
                is_drawn(before) && is_drawn(after) && self.0.get(*before).is_none_or(|known| known == after)
            });
        if all_drawn {
            for (before, after) in learnt {
                self.0.insert(before.to_owned(), after.to_owned());
            }
        } else {
            found.push((at.to_owned(), recorded.to_owned(), got.to_owned()));
        }
    }
}

/// A text in pieces: words of letters, digits and hyphens, and what stands between them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let kind = is_word(first);
        let end = rest.find(|c: char| is_word(c) != kind).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(piece)
    })
}

fn is_drawn(word: &str) -> bool {
    word.len() >= DRAWN_LEN_MIN && word.chars().any(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn drawn_words_are_learnt_and_others_differ() {
        let mut drawn = Drawn::default();
        let mut found = Vec::new();
        let recorded = json!({"etag": "W/\"11111111-2222-4333-8444-555555555555\"", "name": "n0", "size": 1});
        let got = json!({"etag": "W/\"99999999-2222-4333-8444-555555555555\"", "name": "n1", "size": 1});
        drawn.tree("", Some(&recorded), Some(&got), &mut found);
        assert_eq!(found, [("/name".to_owned(), "n0".to_owned(), "n1".to_owned())]);
        assert_eq!(
            drawn.now("/operations/11111111-2222-4333-8444-555555555555?x"),
            "/operations/99999999-2222-4333-8444-555555555555?x"
        );
        // The same word cannot stand for two.
        let other = json!({"etag": "W/\"88888888-2222-4333-8444-555555555555\"", "name": "n0", "size": 1});
        found.clear();
        drawn.tree("", Some(&recorded), Some(&other), &mut found);
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn addresses_come_and_go() {
        let text = r#"{"a":"{arm}/x","b":"{blob}/acct/c"}"#;
        let here = address(text, "https://management.azure.com");
        assert_eq!(
            here,
            r#"{"a":"https://management.azure.com/x","b":"https://acct.blob.core.windows.net/c"}"#
        );
        assert_eq!(neutral(&here, "https://management.azure.com", "arm"), text);
    }
}
