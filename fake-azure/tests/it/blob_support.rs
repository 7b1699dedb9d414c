//! What the tests of the blob service share: a sandbox with accounts, requests as lines, answers as text.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use fake_azure::cloud::catalogue::limits::Era;
use fake_azure::cloud::{Guid, Settings, Time};
use fake_azure::identity::Directory;
use fake_azure::sandbox::SandboxSettings;
use fake_azure::{Listener, Pace, Sandbox, StorageEndpoints, wire};
use http::{Request, Response};

const SUBSCRIPTION: Guid = Guid(0x0b1f6471_1bf0_4dda_aec3_cb9272f09590);

/// A blob service of one's own, with the accounts `acct` and `other`.
pub(crate) struct Blobs {
    pub(crate) sandbox: Sandbox,
    token: String,
    transcript: String,
}

impl Blobs {
    pub(crate) fn new() -> Blobs {
        Blobs::with(Pace::Paused)
    }

    pub(crate) fn with(pace: Pace) -> Blobs {
        let directory = Arc::new(Directory::default());
        let token = format!("Bearer {}", directory.fake_token());
        let settings = SandboxSettings {
            cloud: Settings {
                seed: 7,
                start: Time::from_millis(1_459_468_800_000),
                era: Era::Current,
                subscriptions: vec![SUBSCRIPTION],
            },
            pace,
            directory,
            storage: StorageEndpoints::default(),
        };
        let mut sandbox = Sandbox::new(&settings);
        for name in ["acct", "other"] {
            assert!(sandbox.cloud.add_storage_account(SUBSCRIPTION, name, "westus"));
        }
        Blobs {
            sandbox,
            token,
            transcript: String::new(),
        }
    }

    /// A key of an account.
    pub(crate) fn key(&self, account: &str, index: usize) -> String {
        let account = self
            .sandbox
            .cloud
            .fabric()
            .accounts
            .get(account)
            .expect("the account is there");
        account.keys[index].to_string()
    }

    /// Sends a request as it stands: `PUT https://…`, or a path of the account `acct`.
    pub(crate) fn raw(&mut self, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Response<Bytes> {
        let (method, path) = line.split_once(' ').expect("a method and a path");
        let uri = if path.starts_with("https://") {
            path.to_owned()
        } else {
            format!("https://acct.blob.core.windows.net{path}")
        };
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Bytes::copy_from_slice(body)).expect("a request");
        wire::serve(&mut self.sandbox, Listener::Blob, request).response
    }

    /// Sends a request with a token: `PUT /c/b?comp=page`, headers as `name: value` lines behind it.
    pub(crate) fn send(&mut self, lines: &str, body: &[u8]) -> Response<Bytes> {
        let mut parts = lines.lines().map(str::trim).filter(|line| !line.is_empty());
        let line = parts.next().expect("a request line");
        let token = self.token.clone();
        let mut headers = vec![("authorization", token.as_str())];
        headers.extend(parts.map(|header| {
            let (name, value) = header.split_once(':').expect("a header");
            (name, value.trim())
        }));
        self.raw(line, &headers, body)
    }

    /// Sends a request that must succeed.
    pub(crate) fn prepare(&mut self, lines: &str, body: &[u8]) {
        let response = self.send(lines, body);
        assert!(response.status().is_success(), "{lines}: {}", text(&response));
    }

    /// Sends a request and writes it and its answer down, bytes and all.
    pub(crate) fn tell(&mut self, lines: &str, body: &[u8]) -> Response<Bytes> {
        let response = self.send(lines, body);
        let headers: String = response
            .headers()
            .iter()
            .map(|(name, value)| format!("{name}: {}\n", value.to_str().expect("headers are text")))
            .collect();
        let asked: Vec<&str> = lines.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        self.transcript.push_str(&format!(
            "> {}\n{}\n{headers}\n{}\n\n",
            asked.join("\n> "),
            response.status().as_u16(),
            text(&response).escape_debug()
        ));
        response
    }

    /// Moves the clock.
    pub(crate) fn wait(&mut self, secs: i64) {
        let to = self.sandbox.cloud.now().plus_millis(secs * 1000);
        self.sandbox.advance(to);
    }

    pub(crate) fn check(self, name: &str) {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("../snapshots/fake-azure"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, self.transcript));
    }
}

/// A body as text.
pub(crate) fn text(response: &Response<Bytes>) -> String {
    String::from_utf8_lossy(response.body()).into_owned()
}

/// A header of an answer.
pub(crate) fn header<'r>(response: &'r Response<Bytes>, name: &str) -> &'r str {
    response
        .headers()
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("")
}

/// Status and error code.
pub(crate) fn outcome(response: &Response<Bytes>) -> String {
    let text = text(response);
    let code = text
        .split_once("<Code>")
        .and_then(|(_, rest)| rest.split_once("</Code>"))
        .map_or("", |(code, _)| code);
    format!("{} {code}", response.status().as_u16()).trim().to_owned()
}
