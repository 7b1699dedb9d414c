//! Whatever comes in, an answer in Azure's envelope goes out, and nothing panics.

use bytes::Bytes;
use fake_azure::{Listener, wire};
use http::{Method, Request};
use proptest::prelude::*;

use crate::arm_support::{Arm, GATEWAY, NETWORK, SUBSCRIPTION};

const WORDS: &[&str] = &[
    "subscriptions",
    "resourceGroups",
    "g0",
    "providers",
    "Microsoft.Network",
    "virtualNetworks",
    "v0",
    "subnets",
    "s0",
    "Microsoft.Compute",
    "Microsoft.Storage",
    "Microsoft.Resources",
    "locations",
    "westus",
    "usages",
    "operations",
    "operationresults",
    "publishers",
    "canonical",
    "artifacttypes",
    "vmimage",
    "offers",
    "UbuntuServer",
    "skus",
    "versions",
    "checkNameAvailability",
    "CheckIPAddressAvailability",
    "resources",
    "tenants",
    "register",
    "%2F",
    "%00",
    "%ff",
    "..",
    "~",
    "0b1f6471-1bf0-4dda-aec3-cb9272f09590",
    "eyJqb2JJZCI6IngifQ",
    "%F0%9F%92%A9",
    "deployments",
];

const QUERIES: &[&str] = &[
    "api-version=2016-09-01",
    "api-version=2021-04-01",
    "api-version=latest",
    "api-version=%ff",
    "$top=1",
    "$top=-1",
    "$top=",
    "$skiptoken=MTph",
    "$skiptoken=%21",
    "$filter=name%20eq%20'a'",
    "$filter=((((",
    "$expand=instanceView",
    "$orderby=name",
    "monitor=true",
    "ipAddress=1.2.3.4",
    "domainNameLabel=a",
    "=",
    "&&&",
];

const BODIES: &[&str] = &[
    "",
    "{}",
    "[]",
    "null",
    "7",
    "\"x\"",
    "{\"location\":\"westus\"}",
    "{\"location\":[]}",
    "{\"tags\":[]}",
    "{\"tags\":null}",
    "{\"properties\":null,\"location\":\"westus\"}",
    "{\"properties\":[],\"location\":\"westus\"}",
    "{\"location\":\"westus\",\"properties\":{\"addressSpace\":{\"addressPrefixes\":[\"10.0.0.0/16\"]},\"subnets\":[{\"name\":\"s0\",\"properties\":{\"addressPrefix\":\"10.0.0.0/24\"}}]}}",
    "{\"location\":\"westus\",\"properties\":{\"addressSpace\":{\"addressPrefixes\":7},\"subnets\":[7]}}",
    "{\"location\":\"westus\",\"properties\":{\"subnets\":{\"a\":1}}}",
    "{\"id\":{},\"name\":[],\"etag\":7}",
    "{\"a\":",
    "\u{feff}{}",
    "{\"name\":\"\\u0000\"}",
    "{\"location\":\"westus\",\"location\":7}",
];

fn prepared() -> Arm {
    let mut arm = Arm::new();
    arm.prepare(&format!("PUT /resourceGroups/g0?{GATEWAY}"), r#"{"location":"westus"}"#);
    let body = r#"{"location":"westus","properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/16"]},"subnets":[{"name":"s0","properties":{"addressPrefix":"10.0.0.0/24"}}]}}"#;
    arm.prepare(
        &format!("PUT /resourceGroups/g0/providers/Microsoft.Network/virtualNetworks/v0?{NETWORK}"),
        body,
    );
    arm.wait(10);
    arm
}

/// Sends a request as it is and holds the answer against what every answer of Resource Manager is.
fn check(arm: &mut Arm, request: Request<Bytes>) -> Result<(), TestCaseError> {
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let response = wire::serve(&mut arm.sandbox, Listener::Arm, request).response;
    let status = response.status().as_u16();
    prop_assert!((200..=504).contains(&status), "{} {}: {}", method, uri, status);
    prop_assert!(
        response.headers().contains_key("x-ms-request-id"),
        "{} {}: no request id",
        method,
        uri
    );
    let problems = problems_of(arm);
    prop_assert!(problems.is_empty(), "{} {}: {:?}", method, uri, problems);
    if method == Method::HEAD || status == 405 {
        prop_assert!(response.body().is_empty());
        return Ok(());
    }
    if status >= 400 {
        let body: serde_json::Value = serde_json::from_slice(response.body())
            .map_err(|error| TestCaseError::fail(format!("{method} {uri}: {status} {error}")))?;
        let code = body
            .pointer("/error/code")
            .or_else(|| body.pointer("/Error/Code"))
            .or_else(|| body.get("Message"));
        prop_assert!(
            code.is_some_and(serde_json::Value::is_string),
            "{} {}: {}",
            method,
            uri,
            body
        );
    }
    Ok(())
}

fn problems_of(arm: &Arm) -> Vec<String> {
    arm.sandbox.cloud.check()
}

fn methods() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec!["GET", "PUT", "PATCH", "DELETE", "POST", "HEAD", "OPTIONS", "BREW"])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn paths_of_known_words_are_answered_in_the_envelope(
        rows in proptest::collection::vec(
            (methods(), proptest::collection::vec(proptest::sample::select(WORDS), 0..12),
             proptest::collection::vec(proptest::sample::select(QUERIES), 0..4), proptest::sample::select(BODIES), any::<bool>()),
            1..6,
        ),
    ) {
        let mut arm = prepared();
        for (method, words, query, body, below) in rows {
            let prefix = if below { SUBSCRIPTION } else { "" };
            let uri = format!("https://localhost:8443{prefix}/{}?api-version=2021-04-01&{}", words.join("/"), query.join("&"));
            let request = Request::builder().method(method).uri(uri)
                .header("authorization", &arm.token)
                .header("content-type", "application/json")
                .body(Bytes::from_static(body.as_bytes()));
            if let Ok(request) = request {
                check(&mut arm, request)?;
            }
        }
    }

    #[test]
    fn resources_survive_odd_bodies(
        rows in proptest::collection::vec((methods(), 0_usize..5, "\\PC{0,40}", proptest::sample::select(BODIES)), 1..6),
    ) {
        let paths = [
            "/resourceGroups/g0", "/resourceGroups/g1", "/resourceGroups/g0/providers/Microsoft.Network/virtualNetworks/v0",
            "/resourceGroups/g0/providers/Microsoft.Network/virtualNetworks/v1",
            "/resourceGroups/g0/providers/Microsoft.Network/virtualNetworks/v0/subnets/s0",
        ];
        let mut arm = prepared();
        for (method, path, odd, body) in rows {
            let body = if odd.len() % 2 == 0 { body.to_owned() } else { format!("{{\"location\":\"westus\",\"properties\":{{\"addressSpace\":{}}}}}", serde_json::Value::from(odd)) };
            let request = Request::builder().method(method)
                .uri(format!("https://localhost{SUBSCRIPTION}{}?api-version=2019-11-01", paths[path]))
                .header("authorization", &arm.token)
                .body(Bytes::from(body));
            if let Ok(request) = request {
                check(&mut arm, request)?;
            }
        }
    }

    #[test]
    fn headers_of_any_bytes_are_survived(
        name in proptest::sample::select(vec!["if-match", "if-none-match", "content-type", "x-ms-correlation-request-id", "x-ms-client-request-id", "accept"]),
        value in proptest::collection::vec(any::<u8>(), 0..40),
        path in "[/a-zA-Z0-9%._~-]{0,60}",
    ) {
        let mut arm = prepared();
        let Ok(value) = http::HeaderValue::from_bytes(&value) else { return Ok(()) };
        for target in [path.as_str(), "/resourceGroups/g0"] {
            let request = Request::builder().method("PUT")
                .uri(format!("https://localhost{SUBSCRIPTION}{target}?api-version=2021-04-01"))
                .header("authorization", &arm.token)
                .header(name, value.clone())
                .header("x-ms-return-client-request-id", "true")
                .body(Bytes::from_static(b"{\"location\":\"westus\"}"));
            if let Ok(request) = request {
                check(&mut arm, request)?;
            }
        }
    }

    #[test]
    fn tokens_of_any_bytes_are_refused(value in proptest::collection::vec(any::<u8>(), 0..60)) {
        let mut arm = prepared();
        let Ok(value) = http::HeaderValue::from_bytes(&value) else { return Ok(()) };
        let request = Request::builder().uri(format!("https://localhost{SUBSCRIPTION}?api-version=2021-04-01"))
            .header("authorization", value).body(Bytes::new()).expect("a request");
        check(&mut arm, request)?;
    }
}

#[test]
fn deep_documents_are_refused() {
    let mut arm = prepared();
    let deep = format!(
        "{{\"location\":\"westus\",\"properties\":{}{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let response = arm.send(&format!("PUT /resourceGroups/g1?{GATEWAY}"), &deep);
    assert_eq!(response.status(), 400);
}
