//! Sockets: TLS, both versions of HTTP, start and stop, what is cut and what is refused.

use std::io::{BufRead as _, BufReader};
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use fake_azure::faults::{Latency, Rule, Stale, Verdict};
use fake_azure::identity::MANAGEMENT_CERTIFICATE_PEM;
use fake_azure::server::{Options, Server, Tls};
use fake_azure::{FakeAzure, Listener};
use reqwest::{Certificate, Client, ClientBuilder, Identity};
use serde_json::Value;

/// A client that trusts a server.
fn client_builder(server: &Server) -> ClientBuilder {
    rustls::crypto::ring::default_provider().install_default().ok();
    let builder = Client::builder();
    match server.ca_pem() {
        Some(pem) => builder.tls_certs_only([Certificate::from_pem(pem.as_bytes()).expect("a certificate")]),
        None => builder,
    }
}

fn client(server: &Server) -> Client {
    client_builder(server).build().expect("a client")
}

async fn listen(azure: &FakeAzure) -> Server {
    azure.listen(Options::default()).await.expect("free ports")
}

#[tokio::test]
async fn both_versions_of_http_reach_every_listener() {
    let azure = FakeAzure::start();
    let server = listen(&azure).await;
    let old = client_builder(&server).http1_only().build().expect("a client");
    let new = client_builder(&server)
        .http2_prior_knowledge()
        .build()
        .expect("a client");
    for (client, version) in [(old, http::Version::HTTP_11), (new, http::Version::HTTP_2)] {
        for listener in Listener::ALL {
            let url = format!("{}//metadata/endpoints?api-version=2022-09-01", server.url(listener));
            let answer = client.get(url).send().await.expect("an answer");
            assert_eq!(
                (answer.status().as_u16(), answer.version()),
                (200, version),
                "{listener:?}"
            );
            let document: Value = serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
            let login = document
                .pointer("/authentication/loginEndpoint")
                .and_then(Value::as_str);
            assert_eq!(login, Some(server.url(listener)));
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn accounts_are_published_where_blobs_are_served() {
    let azure = FakeAzure::start();
    let server = listen(&azure).await;
    let uri = format!("{}/x", server.url(Listener::Arm)).parse().expect("a URI");
    let blob = azure.with_sandbox(|sandbox| sandbox.storage.blob("acct", &uri));
    assert_eq!(blob, format!("{}/acct/", server.url(Listener::Blob)));
    server.stop().await;
    let uri = "https://management.azure.com/x".parse().expect("a URI");
    let blob = azure.with_sandbox(|sandbox| sandbox.storage.blob("acct", &uri));
    assert_eq!(blob, "https://acct.blob.core.windows.net/");
}

#[tokio::test]
async fn a_known_host_name_leads_to_its_service_on_any_listener() {
    let azure = FakeAzure::start();
    let server = listen(&azure).await;
    let address = server
        .url(Listener::Blob)
        .trim_start_matches("https://")
        .replace("localhost", "127.0.0.1");
    let address = address.parse().expect("an address");
    let client = client_builder(&server)
        .resolve("management.azure.com", address)
        .build()
        .expect("a client");
    let url = format!(
        "https://management.azure.com:{}/subscriptions?api-version=2022-12-01",
        address.port()
    );
    let answer = client
        .get(url)
        .bearer_auth(azure.token())
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);
    server.stop().await;
}

#[tokio::test]
async fn the_classic_listener_takes_any_certificate_and_knows_one() {
    let azure = FakeAzure::start();
    let server = listen(&azure).await;
    let url = format!(
        "{}/{}/services/hostedservices",
        server.url(Listener::Asm),
        azure.subscription()
    );
    let none = client(&server)
        .get(&url)
        .send()
        .await
        .expect("an answer, not a failed handshake");
    assert_eq!(none.status().as_u16(), 403);
    let identity = Identity::from_pem(MANAGEMENT_CERTIFICATE_PEM.as_bytes()).expect("a certificate and key");
    let known = client_builder(&server).identity(identity).build().expect("a client");
    assert_ne!(known.get(&url).send().await.expect("an answer").status().as_u16(), 403);
    let foreign = rcgen::generate_simple_self_signed(["me".to_owned()]).expect("a certificate");
    let pem = format!("{}{}", foreign.cert.pem(), foreign.signing_key.serialize_pem());
    let identity = Identity::from_pem(pem.as_bytes()).expect("a certificate and key");
    let stranger = client_builder(&server).identity(identity).build().expect("a client");
    assert_eq!(
        stranger.get(&url).send().await.expect("an answer").status().as_u16(),
        403
    );
    server.stop().await;
}

#[tokio::test]
async fn a_cut_connection_has_no_answer_on_either_version() {
    let azure = FakeAzure::start();
    let server = listen(&azure).await;
    let url = format!("{}/subscriptions?api-version=2022-12-01", server.url(Listener::Arm));
    let guard = azure.fault(Rule::new(Verdict::CutAfter)).expect("a sound rule");
    for client in [
        client_builder(&server).http1_only(),
        client_builder(&server).http2_prior_knowledge(),
    ] {
        let client = client.retry(reqwest::retry::never()).build().expect("a client");
        assert!(client.get(&url).bearer_auth(azure.token()).send().await.is_err());
    }
    assert!(guard.struck() >= 2);
    drop(guard);
    let delayed = azure
        .fault(Rule::new(Verdict::Latency(Latency { ms: 1 })))
        .expect("a sound rule");
    let answer = client(&server)
        .get(&url)
        .bearer_auth(azure.token())
        .send()
        .await
        .expect("an answer");
    assert_eq!((answer.status().as_u16(), delayed.struck()), (200, 1));
    drop(delayed);
    server.stop().await;
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_on_either_version() {
    let azure = FakeAzure::start();
    let server = listen(&azure).await;
    let url = format!("{}/subscriptions/{}/x", server.url(Listener::Arm), azure.subscription());
    for client in [
        client_builder(&server).http1_only(),
        client_builder(&server).http2_prior_knowledge(),
    ] {
        let client = client.build().expect("a client");
        let answer = client
            .put(&url)
            .body(vec![b' '; (4 << 20) + 1])
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status().as_u16(), 413);
        let document: Value = serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
        assert_eq!(
            document.pointer("/error/code").and_then(Value::as_str),
            Some("RequestContentTooLarge")
        );
        let answer = client
            .put(&url)
            .body(vec![b' '; 4 << 20])
            .send()
            .await
            .expect("an answer");
        assert_ne!(answer.status().as_u16(), 413);
    }
    server.stop().await;
}

#[tokio::test]
async fn plain_http_is_served_when_asked_for() {
    let azure = FakeAzure::start();
    let options = Options {
        tls: Tls::Off,
        ..Options::default()
    };
    let server = azure.listen(options).await.expect("free ports");
    assert!(server.url(Listener::Arm).starts_with("http://localhost:"));
    let url = format!("{}/_fake/check", server.url(Listener::Admin));
    let answer = client(&server).get(url).send().await.expect("an answer");
    let document: Value = serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
    assert_eq!(document["violations"], Value::Array(Vec::new()));
    server.stop().await;
}

#[tokio::test]
async fn many_clients_at_once_get_their_own_answers() {
    let azure = FakeAzure::builder().any_subscription().start();
    let server = listen(&azure).await;
    let client = client(&server);
    let all: Vec<_> = (1..=40_u128)
        .map(|number| {
            let id = fake_azure::cloud::Guid(number);
            let url = format!(
                "{}/subscriptions/{id}/resourcegroups/g0?api-version=2021-04-01",
                server.url(Listener::Arm)
            );
            let request = client
                .put(url)
                .bearer_auth(azure.token())
                .header("content-type", "application/json");
            let sent = request.body(r#"{"location":"westus"}"#).send();
            tokio::spawn(async move { (id, sent.await.expect("an answer")) })
        })
        .collect();
    for task in all {
        let (id, answer) = task.await.expect("no panic");
        assert_eq!(answer.status().as_u16(), 201);
        let document: Value = serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
        assert_eq!(document["id"], format!("/subscriptions/{id}/resourceGroups/g0"));
    }
    server.stop().await;
}

#[tokio::test]
async fn no_panic_reaches_a_client() {
    let azure = FakeAzure::start();
    let server = listen(&azure).await;
    // A lock that was held by a panic is the next client's to find.
    let poisoned = azure.clone();
    let ended = Arc::new(Mutex::new(false));
    let seen = Arc::clone(&ended);
    let thread = std::thread::spawn(move || {
        *seen.lock().expect("nobody else holds it") = true;
        poisoned.with_sandbox(|_| panic!("on purpose"))
    });
    assert!(thread.join().is_err() && *ended.lock().expect("nobody else holds it"));
    let url = format!("{}/subscriptions?api-version=2022-12-01", server.url(Listener::Arm));
    let answer = client(&server)
        .get(url)
        .bearer_auth(azure.token())
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);
    server.stop().await;
}

#[tokio::test]
async fn expiry_is_judged_by_wall_time_when_serving() {
    let azure = FakeAzure::start();
    let server = listen(&azure).await;
    let client = client(&server);
    let directory = azure.directory();
    let principal = directory.first();
    let url = format!("{}/{}/oauth2/v2.0/token", server.url(Listener::Aad), directory.tenant());
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}&scope={}/.default",
        principal.app_id,
        principal.secret,
        server.url(Listener::Arm)
    );
    let answer = client.post(url).body(form).send().await.expect("an answer");
    let document: Value = serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
    let token = document["access_token"].as_str().expect("a token");
    azure.with_sandbox(|sandbox| sandbox.advance(sandbox.cloud.now().plus_millis(10_000_000)));
    let url = format!("{}/subscriptions?api-version=2022-12-01", server.url(Listener::Arm));
    let answer = client.get(url).bearer_auth(token).send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);
    server.stop().await;
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let taken = TcpListener::bind((IpAddr::V4(Ipv4Addr::LOCALHOST), 0)).expect("a free port");
    let port = taken.local_addr().expect("an address").port();
    let options = Options {
        ports: [(Listener::Blob, port)].into(),
        ..Options::default()
    };
    let error = FakeAzure::start().listen(options).await.expect_err("it is taken");
    assert_eq!(error.to_string(), format!("the port {port} of `blob` is in use"));
    assert!(error.hint().is_some_and(|hint| hint.contains("--port blob=0")));
}

#[test]
fn a_stale_rule_needs_no_socket_to_be_understood() {
    let azure = FakeAzure::start();
    let guard = azure
        .fault(Rule::new(Verdict::Stale(Stale { within_ms: 0 })))
        .expect("a sound rule");
    assert_eq!(guard.struck(), 0);
}

/// The binary, serving on free ports.
struct Serving {
    child: Child,
    values: Vec<(String, String)>,
}

impl Serving {
    fn start(folder: &Path, arguments: &[&str]) -> Serving {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fake-azure"));
        command
            .arg("serve")
            .arg("--state-dir")
            .arg(folder.join("state"))
            .arg("--env-file")
            .arg(folder.join("env"));
        for listener in Listener::ALL {
            command.args(["--port", &format!("{}=0", listener.name())]);
        }
        let mut child = command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut values = Vec::new();
        for line in out.lines() {
            let line = line.expect("text");
            let (name, value) = line.split_once('=').expect("KEY=VALUE");
            values.push((name.to_owned(), value.to_owned()));
            if name == "FAKE_CLIENT_SECRET" {
                break;
            }
        }
        Serving { child, values }
    }

    fn value(&self, name: &str) -> &str {
        let found = self.values.iter().find(|(own, _)| own == name);
        found
            .map(|(_, value)| value.as_str())
            .unwrap_or_else(|| panic!("no {name} in {:?}", self.values))
    }

    /// Asks it to end, as an operator would: exit code and what it said on stderr.
    fn stop(self, signal: &str) -> (Option<i32>, String) {
        let asked = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status()
            .expect("`kill` runs");
        assert!(asked.success());
        let output = self.child.wait_with_output().expect("it ends");
        (output.status.code(), String::from_utf8(output.stderr).expect("text"))
    }
}

#[test]
fn the_binary_prints_what_clients_need_and_stops_when_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    for signal in ["-TERM", "-INT"] {
        let serving = Serving::start(
            folder.path(),
            &["--subscription", "0b1f6471-1bf0-4dda-aec3-cb9272f09590"],
        );
        let names: Vec<&str> = serving.values.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "FAKE_ARM_URL",
                "FAKE_ASM_URL",
                "FAKE_BLOB_URL",
                "FAKE_AAD_URL",
                "FAKE_ADMIN_URL",
                "FAKE_CA_FILE",
                "FAKE_ASM_CERT",
                "FAKE_TOKEN",
                "FAKE_SUBSCRIPTION",
                "FAKE_TENANT",
                "FAKE_USER",
                "FAKE_USER_PASSWORD",
                "FAKE_CLIENT_ID",
                "FAKE_CLIENT_SECRET"
            ]
        );
        let written = fs_err::read_to_string(folder.path().join("env")).expect("the file is written");
        let printed: String = serving
            .values
            .iter()
            .map(|(name, value)| format!("{name}={value}\n"))
            .collect();
        assert_eq!(written, printed);
        assert_eq!(
            serving.value("FAKE_SUBSCRIPTION"),
            "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
        );
        assert_eq!(serving.stop(signal), (Some(0), String::new()));
    }
}

#[test]
fn the_authority_is_made_at_first_start_and_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let read = |serving: &Serving| fs_err::read_to_string(serving.value("FAKE_CA_FILE")).expect("a file");
    let first = Serving::start(folder.path(), &[]);
    let (authority, token) = (read(&first), first.value("FAKE_TOKEN").to_owned());
    first.stop("-TERM");
    let second = Serving::start(folder.path(), &[]);
    assert_eq!(
        (read(&second), second.value("FAKE_TOKEN")),
        (authority.clone(), token.as_str())
    );

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let status = runtime.block_on(async {
        rustls::crypto::ring::default_provider().install_default().ok();
        let certificate = Certificate::from_pem(authority.as_bytes()).expect("a certificate");
        let client = Client::builder()
            .tls_certs_only([certificate])
            .build()
            .expect("a client");
        let url = format!("{}/_fake/clock", second.value("FAKE_ADMIN_URL"));
        client
            .get(url)
            .send()
            .await
            .expect("the kept authority signs the new leaf")
            .status()
            .as_u16()
    });
    assert_eq!(status, 200);
    second.stop("-TERM");
}

#[test]
fn the_second_server_on_a_port_says_that_it_is_in_use() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = Serving::start(folder.path(), &[]);
    let port = first
        .value("FAKE_ARM_URL")
        .rsplit(':')
        .next()
        .expect("a port")
        .to_owned();
    let second = Command::new(env!("CARGO_BIN_EXE_fake-azure"))
        .args(["serve", "--port", &format!("arm={port}"), "--state-dir"])
        .arg(folder.path())
        .output()
        .expect("the binary runs");
    let err = String::from_utf8(second.stderr).expect("text");
    assert_eq!(second.status.code(), Some(3));
    assert_eq!(
        err,
        format!(
            "error: the port {port} of `arm` is in use\nhint: another `fake-azure serve` may be running; `--port arm=0` takes a \
             free port\n"
        )
    );
    first.stop("-TERM");
}

#[test]
fn a_certificate_can_be_brought() {
    let folder = tempfile::tempdir().expect("a folder");
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    fs_err::write(&certificate, own.cert.pem()).expect("a file");
    fs_err::write(&key, own.signing_key.serialize_pem()).expect("a file");
    let text = |path: &Path| path.to_str().expect("text").to_owned();
    let serving = Serving::start(
        folder.path(),
        &["--tls-cert", &text(&certificate), "--tls-key", &text(&key)],
    );
    assert_eq!(serving.value("FAKE_CA_FILE"), text(&certificate));
    serving.stop("-TERM");
}
