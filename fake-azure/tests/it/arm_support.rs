//! What the tests of the Resource Manager front end share: a sandbox of one's own, requests as lines, answers as text.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use fake_azure::cloud::catalogue::limits::Era;
use fake_azure::cloud::{Guid, Settings, Time};
use fake_azure::identity::Directory;
use fake_azure::sandbox::SandboxSettings;
use fake_azure::{Listener, Pace, Sandbox, StorageEndpoints, wire};
use http::{Request, Response};

/// The subscription of every test.
pub(crate) const SUBSCRIPTION: &str = "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590";

/// The query of most calls to the gateway.
pub(crate) const GATEWAY: &str = "api-version=2021-04-01";

/// The query of most calls to Network.
pub(crate) const NETWORK: &str = "api-version=2019-11-01";

/// A Resource Manager of one's own.
pub(crate) struct Arm {
    /// The sandbox.
    pub(crate) sandbox: Sandbox,
    /// What is sent with every request.
    pub(crate) token: String,
    transcript: String,
}

impl Arm {
    /// Today's Azure, on a clock that stands still.
    pub(crate) fn new() -> Arm {
        Arm::with(Pace::Paused, Era::Current)
    }

    /// An Azure of an era.
    pub(crate) fn with(pace: Pace, era: Era) -> Arm {
        let directory = Arc::new(Directory::default());
        let token = format!("Bearer {}", directory.fake_token());
        let id = SUBSCRIPTION.trim_start_matches("/subscriptions/");
        let subscription = Guid::parse(id).expect("a constant GUID");
        let settings = SandboxSettings {
            cloud: Settings {
                seed: 7,
                start: Time::from_millis(1_459_468_800_000),
                era,
                subscriptions: vec![subscription],
            },
            pace,
            directory,
            storage: StorageEndpoints::default(),
        };
        let mut sandbox = Sandbox::new(&settings);
        sandbox.buckets.enforced = Some(false);
        Arm {
            sandbox,
            token,
            transcript: String::new(),
        }
    }

    /// Sends a request: `PUT {path below the subscription}?{query}`, and a body.
    pub(crate) fn send(&mut self, line: &str, body: &str) -> Response<Bytes> {
        let token = self.token.clone();
        self.send_with(line, &[("authorization", &token)], body)
    }

    /// Sends a request with these headers only.
    pub(crate) fn send_with(&mut self, line: &str, headers: &[(&str, &str)], body: &str) -> Response<Bytes> {
        let (method, path) = line.split_once(' ').expect("a method and a path");
        let path = match path.strip_prefix('!') {
            Some(whole) => whole.to_owned(),
            None => format!("{SUBSCRIPTION}{path}"),
        };
        let uri = if path.starts_with("https://") {
            path
        } else {
            format!("https://localhost:8443{path}")
        };
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_empty() {
            request = request.header("content-type", "application/json");
        }
        let request = request
            .body(Bytes::copy_from_slice(body.as_bytes()))
            .expect("a request");
        wire::serve(&mut self.sandbox, Listener::Arm, request).response
    }

    /// Sends a request and writes it and its answer down, bytes and all.
    pub(crate) fn tell(&mut self, line: &str, body: &str) -> Response<Bytes> {
        let response = self.send(line, body);
        self.write_down(line, &response);
        response
    }

    /// Sends a request that must succeed, to prepare a story.
    pub(crate) fn prepare(&mut self, line: &str, body: &str) {
        let response = self.send(line, body);
        assert!(response.status().is_success(), "{line}: {}", text(&response));
    }

    /// Writes a request and its answer down.
    pub(crate) fn write_down(&mut self, line: &str, response: &Response<Bytes>) {
        let headers: String = response
            .headers()
            .iter()
            .map(|(name, value)| format!("{name}: {}\n", value.to_str().expect("headers are text")))
            .collect();
        let line = line.replace('!', "");
        self.transcript.push_str(&format!(
            "> {line}\n{}\n{headers}\n{}\n\n",
            response.status().as_u16(),
            text(response)
        ));
    }

    /// Sends a request and writes down status and body alone.
    pub(crate) fn tell_short(&mut self, line: &str, body: &str) {
        let response = self.send(line, body);
        let (line, shown) = (line.replace('!', ""), text(&response));
        self.transcript
            .push_str(&format!("> {line}\n{} {shown}\n\n", response.status().as_u16()));
    }

    /// Writes a line down.
    pub(crate) fn note(&mut self, line: &str) {
        self.transcript.push_str(line);
        self.transcript.push_str("\n\n");
    }

    /// Moves the clock.
    pub(crate) fn wait(&mut self, secs: i64) {
        let to = self.sandbox.cloud.now().plus_millis(secs * 1000);
        self.sandbox.advance(to);
        self.transcript.push_str(&format!("... {secs} s\n\n"));
    }

    /// What was written down.
    pub(crate) fn transcript(self) -> String {
        self.transcript
    }
}

/// A body as text.
pub(crate) fn text(response: &Response<Bytes>) -> String {
    String::from_utf8(response.body().to_vec()).expect("bodies are UTF-8")
}

/// A body as a tree.
pub(crate) fn json(response: &Response<Bytes>) -> serde_json::Value {
    serde_json::from_slice(response.body()).expect("the body is JSON")
}

/// A header of an answer.
pub(crate) fn header<'r>(response: &'r Response<Bytes>, name: &str) -> &'r str {
    response
        .headers()
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("")
}

/// The address in a header, as a request to it.
pub(crate) fn poll_line(response: &Response<Bytes>, name: &str) -> String {
    format!("GET !{}", header(response, name))
}

/// Holds a transcript against its snapshot.
pub(crate) fn check(name: &str, transcript: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("../snapshots/fake-azure"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, transcript));
}
