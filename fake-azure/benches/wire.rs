//! The protocols: requests a second through the pure door and over sockets, how long a start takes, and what many resources
//! weigh.

use std::hint::black_box;
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use fake_azure::server::{Options, Tls};
use fake_azure::{FakeAzure, Listener, Pace, wire};
use http::{Method, Request};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const VERSION: &str = "api-version=2019-11-01";

/// Requests under way at once over sockets.
const CONNECTIONS: usize = 16;

/// How many interfaces are weighed.
const MANY: usize = 100_000;

fn path(azure: &FakeAzure, tail: &str) -> String {
    format!(
        "/subscriptions/{}/resourceGroups/rg{tail}?{VERSION}",
        azure.subscription()
    )
}

fn request(azure: &FakeAzure, method: Method, tail: &str, body: &str) -> Request<Bytes> {
    Request::builder()
        .method(method)
        .uri(format!("https://management.azure.com{}", path(azure, tail)))
        .header("authorization", format!("Bearer {}", azure.token()))
        .header("content-type", "application/json")
        .body(Bytes::copy_from_slice(body.as_bytes()))
        .expect("a well-formed request")
}

fn put(azure: &FakeAzure, tail: &str, body: &str) {
    let served = azure.serve(Listener::Arm, request(azure, Method::PUT, tail, body));
    assert!(served.response.status().is_success(), "{:?}", served.response);
}

const NIC: &str = "/providers/Microsoft.Network/networkInterfaces/n0";
const PUBLIC_ADDRESS: &str = "/providers/Microsoft.Network/publicIPAddresses/p0";
const PUBLIC_ADDRESS_BODY: &str = r#"{"location": "westus", "properties": {"publicIPAllocationMethod": "Dynamic"}}"#;

fn nic_body(azure: &FakeAzure) -> String {
    let subscription = azure.subscription();
    let subnet = format!(
        "/subscriptions/{subscription}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v0/subnets/a"
    );
    format!(
        r#"{{"location": "westus", "properties": {{"ipConfigurations":
            [{{"name": "primary", "properties": {{"subnet": {{"id": "{subnet}"}}}}}}]}}}}"#
    )
}

/// An Azure with a group, a large network and an interface, whose limits stand in nobody's way.
fn azure() -> FakeAzure {
    let azure = FakeAzure::builder().pace(Pace::Immediate).start();
    azure.with_sandbox(|sandbox| {
        sandbox.journal.set_limit(1);
        sandbox
            .cloud
            .ledger_mut()
            .set_override("NetworkInterfaces", Some(10_000_000));
    });
    put(&azure, "", r#"{"location": "westus"}"#);
    put(
        &azure,
        "/providers/Microsoft.Network/virtualNetworks/v0",
        r#"{"location": "westus", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/8"]},
            "subnets": [{"name": "a", "properties": {"addressPrefix": "10.0.0.0/8"}}]}}"#,
    );
    let settled = azure.serve(
        Listener::Arm,
        request(
            &azure,
            Method::GET,
            "/providers/Microsoft.Network/virtualNetworks/v0",
            "",
        ),
    );
    assert!(settled.response.status().is_success());
    put(&azure, NIC, &nic_body(&azure));
    azure
}

fn requests(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("wire");
    group.throughput(Throughput::Elements(1));
    group.bench_function("GET a network interface", |bencher| {
        let azure = azure();
        let template = request(&azure, Method::GET, NIC, "");
        bencher.iter_batched(
            || template.clone(),
            |request| azure.with_sandbox(|sandbox| black_box(wire::serve(sandbox, Listener::Arm, request))),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("PUT a public IP address", |bencher| {
        let azure = azure();
        let template = request(&azure, Method::PUT, PUBLIC_ADDRESS, PUBLIC_ADDRESS_BODY);
        bencher.iter_batched(
            || {
                azure.with_sandbox(|sandbox| {
                    while let Some(due) = sandbox.cloud.next_due() {
                        sandbox.advance(due);
                    }
                });
                template.clone()
            },
            |request| azure.with_sandbox(|sandbox| black_box(wire::serve(sandbox, Listener::Arm, request))),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn start(criterion: &mut Criterion) {
    criterion.bench_function("FakeAzure::start", |bencher| {
        bencher.iter(|| black_box(FakeAzure::start()))
    });
}

/// Sends `count` requests, some at once, and gives back how long they took.
async fn load(client: &reqwest::Client, url: &str, token: &str, count: u64) -> Duration {
    let began = Instant::now();
    let mut workers = JoinSet::new();
    for worker in 0..CONNECTIONS {
        let share = count / CONNECTIONS as u64 + u64::from(worker as u64 <= count % CONNECTIONS as u64);
        let (client, url, token) = (client.clone(), url.to_owned(), token.to_owned());
        workers.spawn(async move {
            for _ in 0..share {
                let answer = client.get(&url).bearer_auth(&token).send().await.expect("it answers");
                black_box(answer.bytes().await.expect("it has a body"));
            }
        });
    }
    while let Some(done) = workers.join_next().await {
        done.expect("a worker ends well");
    }
    began.elapsed()
}

fn sockets(criterion: &mut Criterion) {
    // Only the client's construction asks for it: nothing here is encrypted.
    rustls::crypto::ring::default_provider().install_default().ok();
    let runtime = Runtime::new().expect("threads can be started");
    let client = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client without special wishes");
    let azure = azure();
    let token = azure.token();
    let answer = azure
        .serve(Listener::Arm, request(&azure, Method::GET, NIC, ""))
        .response
        .into_body();

    let mut group = criterion.benchmark_group("socket");
    group.throughput(Throughput::Elements(1));
    group.bench_function("GET a network interface", |bencher| {
        let server = runtime
            .block_on(azure.listen(Options {
                tls: Tls::Off,
                ..Options::default()
            }))
            .expect("sockets can be opened");
        let url = format!("{}{}", server.url(Listener::Arm), path(&azure, NIC));
        bencher.iter_custom(|count| runtime.block_on(load(&client, &url, &token, count)));
        runtime.block_on(server.stop());
    });
    group.bench_function("GET the same bytes from a bare axum route", |bencher| {
        let answer = answer.clone();
        let (url, serving) = runtime.block_on(async {
            let route =
                get(move || async move { ([(CONTENT_TYPE, "application/json; charset=utf-8")], answer.clone()) });
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
                .await
                .expect("a socket can be opened");
            let url = format!("http://{}/", listener.local_addr().expect("it is bound"));
            let serving = tokio::spawn(async move {
                axum::serve(listener, Router::new().route("/", route))
                    .await
                    .expect("it serves until it is stopped");
            });
            (url, serving)
        });
        bencher.iter_custom(|count| runtime.block_on(load(&client, &url, &token, count)));
        serving.abort();
    });
    group.finish();
}

/// Resident bytes of this process; 0 where the system does not tell.
fn resident_bytes() -> usize {
    const PAGE: usize = 4096;
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<usize>().ok())
        .unwrap_or(0)
        * PAGE
}

#[expect(clippy::print_stdout, reason = "what a benchmark measures goes to its output")]
fn weight(_criterion: &mut Criterion) {
    let is_wanted = std::env::args()
        .skip(1)
        .all(|word| word.starts_with('-') || "weight".contains(&word));
    if !is_wanted {
        return;
    }
    let azure = azure();
    let body = nic_body(&azure);
    let before = resident_bytes();
    for number in 0..MANY {
        put(
            &azure,
            &format!("/providers/Microsoft.Network/networkInterfaces/m{number}"),
            &body,
        );
    }
    let after = resident_bytes();
    println!("{MANY} network interfaces weigh {} MiB", (after - before) / (1 << 20));
}

criterion_group!(benches, requests, start, sockets, weight);
criterion_main!(benches);
