//! The requests that `docs/clients` documents, sent as they stand there.
//!
//! A block ```` ```http ```` holds a request and, from the line that begins `HTTP/1.1`, the answer that the page promises:
//! status, headers and JSON, of which only what is written there is compared. `$NAME` in capitals stands for a value: it is
//! filled in where it is known, and kept where an answer gives it. `...` stands for any value. A page's blocks are one
//! session, on an Azure of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use fake_azure::{FakeAzure, Listener, Pace};
use http::{HeaderMap, Request};
use serde_json::Value;

const ANY: &str = "...";

/// One block.
#[derive(Debug)]
struct Exchange {
    /// The line of the page that it begins on.
    line: usize,
    method: String,
    uri: String,
    headers: Vec<(String, String)>,
    body: String,
    status: u16,
    answer_headers: Vec<(String, String)>,
    answer: String,
}

fn pages() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/clients");
    let mut pages: Vec<_> = std::fs::read_dir(&folder)
        .expect("the guides are there")
        .map(|entry| entry.expect("a folder can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a page can be read");
            (path, text)
        })
        .collect();
    pages.sort();
    pages
}

fn exchanges(text: &str) -> Vec<Exchange> {
    let mut found = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (line_idx, line) in text.lines().enumerate() {
        match &mut open {
            None if line == "```http" => open = Some((line_idx + 2, String::new())),
            Some((at, block)) if line == "```" => {
                found.push(exchange(*at, block));
                open = None;
            }
            Some((_, block)) => {
                block.push_str(line);
                block.push('\n');
            }
            None => {}
        }
    }
    found
}

fn exchange(line: usize, block: &str) -> Exchange {
    let (request, answer) = block
        .split_once("\nHTTP/1.1 ")
        .unwrap_or_else(|| panic!("line {line}: a block without an answer"));
    let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
    let mut lines = head.lines();
    let first = lines.next().unwrap_or_default();
    let (method, uri) = first
        .split_once(' ')
        .unwrap_or_else(|| panic!("line {line}: `{first}` is no request"));
    let (answer_head, answer_body) = answer.split_once("\n\n").unwrap_or((answer, ""));
    let mut answer_lines = answer_head.lines();
    let status = answer_lines.next().and_then(|status| status.get(..3)?.parse().ok());
    Exchange {
        line,
        method: method.to_owned(),
        uri: uri.to_owned(),
        headers: headers(lines),
        body: body.trim().to_owned(),
        status: status.unwrap_or_else(|| panic!("line {line}: an answer without a status")),
        answer_headers: headers(answer_lines),
        answer: answer_body.trim().to_owned(),
    }
}

fn headers<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<(String, String)> {
    lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// The values that `$NAME` stands for.
struct Values(BTreeMap<String, String>);

impl Values {
    fn of(azure: &FakeAzure) -> Values {
        let directory = azure.directory();
        let principal = directory.first();
        let known = [
            ("FAKE_SUBSCRIPTION", azure.subscription().to_string()),
            ("FAKE_TENANT", directory.tenant().to_string()),
            ("FAKE_CLIENT_ID", principal.app_id.to_string()),
            ("FAKE_CLIENT_SECRET", principal.secret.clone()),
            ("FAKE_TOKEN", azure.token()),
        ];
        Values(known.map(|(name, value)| (name.to_owned(), value)).into())
    }

    /// Fills in what is known, and leaves the rest.
    fn fill(&self, text: &str) -> String {
        let mut pieces = text.split('$');
        let mut filled = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let end = piece
                .find(|c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit() && c != '_')
                .unwrap_or(piece.len());
            let (name, rest) = piece.split_at(end);
            match self.0.get(name) {
                Some(value) => filled.push_str(value),
                None => {
                    filled.push('$');
                    filled.push_str(name);
                }
            }
            filled.push_str(rest);
        }
        filled
    }

    /// Whether a value is what a page says; a name that is not known yet is learnt.
    fn agree(&mut self, documented: &str, got: &str) -> bool {
        let documented = self.fill(documented);
        if let Some(name) = documented.strip_prefix('$')
            && !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        {
            self.0.insert(name.to_owned(), got.to_owned());
            return true;
        }
        fits(&documented, got)
    }

    /// Where a document is not as a page says. Members and elements that the page leaves out may be there.
    fn differences(&mut self, at: &str, documented: &Value, got: &Value, found: &mut Vec<String>) {
        match (documented, got) {
            (Value::Object(members), Value::Object(others)) => {
                for (name, member) in members {
                    match others.get(name) {
                        Some(other) => self.differences(&format!("{at}/{name}"), member, other, found),
                        None => found.push(format!("{at}/{name} is missing")),
                    }
                }
            }
            (Value::Array(items), Value::Array(others)) => {
                for (item_idx, item) in items.iter().enumerate() {
                    let fits = others.iter().any(|other| {
                        let (known, mut trial) = (self.0.clone(), Vec::new());
                        self.differences(at, item, other, &mut trial);
                        if !trial.is_empty() {
                            // What another element says was not meant.
                            self.0 = known;
                        }
                        trial.is_empty()
                    });
                    if !fits {
                        found.push(format!("{at}/{item_idx}: nothing in {got} is {item}"));
                    }
                }
            }
            (Value::String(text), Value::String(other)) if self.agree(text, other) => {}
            (documented, got) if documented == got => {}
            (documented, got) => found.push(format!("{at}: the page says {documented}, the answer {got}")),
        }
    }
}

/// Whether a text is as documented, where `...` stands for any text.
fn fits(documented: &str, got: &str) -> bool {
    let Some((before, mut rest)) = documented.split_once(ANY) else {
        return documented == got;
    };
    let Some(mut got) = got.strip_prefix(before) else {
        return false;
    };
    while let Some((piece, after)) = rest.split_once(ANY) {
        let Some(at) = got.find(piece) else {
            return false;
        };
        got = &got[at + piece.len()..];
        rest = after;
    }
    got.ends_with(rest)
}

/// The listener that a page means by a port.
fn listener(uri: &http::Uri) -> Listener {
    let port = uri.port_u16();
    Listener::ALL
        .into_iter()
        .find(|listener| Some(listener.default_port()) == port)
        .unwrap_or(Listener::Arm)
}

fn play(page: &str, exchanges: &[Exchange]) {
    let azure = FakeAzure::builder().pace(Pace::Immediate).start();
    let mut values = Values::of(&azure);
    for exchange in exchanges {
        let place = format!("{page}:{}: {} {}", exchange.line, exchange.method, exchange.uri);
        let mut request = Request::builder()
            .method(exchange.method.as_str())
            .uri(values.fill(&exchange.uri));
        for (name, value) in &exchange.headers {
            request = request.header(name, values.fill(value));
        }
        let request = request
            .body(Bytes::from(values.fill(&exchange.body)))
            .unwrap_or_else(|error| panic!("{place}: {error}"));
        let served = azure.serve(listener(request.uri()), request);

        let status = served.response.status().as_u16();
        let body = String::from_utf8_lossy(served.response.body()).into_owned();
        assert_eq!(exchange.status, status, "{place}\n{body}");
        let mut found = header_differences(&mut values, &exchange.answer_headers, served.response.headers());
        if !exchange.answer.is_empty() {
            let documented: Value = serde_json::from_str(&exchange.answer)
                .unwrap_or_else(|error| panic!("{place}: the documented answer is no JSON: {error}"));
            let got: Value = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{place}: {error}: {body}"));
            values.differences("", &documented, &got, &mut found);
        }
        assert!(found.is_empty(), "{place}\n{}\n{body}", found.join("\n"));
    }
}

fn header_differences(values: &mut Values, documented: &[(String, String)], got: &HeaderMap) -> Vec<String> {
    let mut found = Vec::new();
    for (name, value) in documented {
        let other = got.get(name).and_then(|value| value.to_str().ok());
        match other {
            Some(other) if values.agree(value, other) => {}
            _ => found.push(format!("header {name}: the page says {value}, the answer {other:?}")),
        }
    }
    found
}

/// The pages of clients that no registry offers here: their requests are what is checked of them.
const REPLAYED: &[&str] = &["go.md", "juju.md", "terraform.md"];

fn play_page(name: &str) {
    let (path, text) = pages()
        .into_iter()
        .find(|(path, _)| path.ends_with(name))
        .expect("a page");
    let exchanges = exchanges(&text);
    assert!(exchanges.len() >= 5, "{name} documents too little");
    play(&path.display().to_string(), &exchanges);
}

#[test]
fn the_requests_of_the_go_page_are_answered_as_documented() {
    play_page("go.md");
}

#[test]
fn the_requests_of_the_juju_page_are_answered_as_documented() {
    play_page("juju.md");
}

#[test]
fn the_requests_of_the_terraform_page_are_answered_as_documented() {
    play_page("terraform.md");
}

#[test]
fn every_other_documented_request_is_answered_as_documented() {
    for (path, text) in pages() {
        if !REPLAYED.iter().any(|name| path.ends_with(name)) {
            play(&path.display().to_string(), &exchanges(&text));
        }
    }
}

#[test]
fn what_a_page_says_wrongly_is_found() {
    let mut values = Values(BTreeMap::new());
    let mut told = |documented: &str, got: &str| {
        let mut found = Vec::new();
        let read = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
        values.differences("", &read(documented), &read(got), &mut found);
        found.join("\n")
    };
    expect_test::expect![""].assert_eq(&told(
        r#"{"a": "...", "l": [{"n": 1}]}"#,
        r#"{"a": "x", "b": 2, "l": [{"n": 0}, {"n": 1}]}"#,
    ));
    expect_test::expect![[r#"
        /a: the page says "x", the answer "y"
        /b is missing
        /l/0: nothing in [1] is 2"#]]
    .assert_eq(&told(r#"{"a": "x", "b": 1, "l": [2]}"#, r#"{"a": "y", "l": [1]}"#));
    expect_test::expect![""].assert_eq(&told(r#"["$ID", "$ID"]"#, r#"["one"]"#));
    expect_test::expect![""].assert_eq(&told(r#""a...c...""#, r#""abcd""#));
    expect_test::expect![[r#": the page says "a...c", the answer "abcd""#]].assert_eq(&told(r#""a...c""#, r#""abcd""#));
}
