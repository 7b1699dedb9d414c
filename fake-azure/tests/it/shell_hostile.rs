//! Requests that nobody should send: every one is answered, and none with a fault of ours.

use fake_azure::{FakeAzure, Listener};
use proptest::prelude::*;

use crate::shell_support::request_with;

fn listener() -> impl Strategy<Value = Listener> {
    proptest::sample::select(Listener::ALL.to_vec())
}

fn path() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("oauth2".to_owned()),
        Just("v2.0".to_owned()),
        Just("token".to_owned()),
        Just("common".to_owned()),
        Just("metadata".to_owned()),
        Just("endpoints".to_owned()),
        Just("discovery".to_owned()),
        Just("instance".to_owned()),
        Just(".well-known".to_owned()),
        Just("openid-configuration".to_owned()),
        Just("_fake".to_owned()),
        Just("faults".to_owned()),
        Just("clock".to_owned()),
        Just("reset".to_owned()),
        Just("limits".to_owned()),
        Just("7e4aa2d1-0000-4000-8000-000000000001".to_owned()),
        "[a-z%0-9.~-]{0,8}",
    ];
    proptest::collection::vec(word, 0..6).prop_map(|words| format!("/{}", words.join("/")))
}

fn body() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "\\PC{0,60}",
        "(grant_type|client_id|scope|resource|client_secret)=[a-z%0-9_]{0,30}(&[a-z_]{0,12}=[a-z%0-9:/.]{0,30}){0,4}",
        "[{}\\[\\]\":,a-z0-9_]{0,60}",
    ]
}

proptest! {
    #[test]
    fn every_request_is_answered(
        listener in listener(),
        method in proptest::sample::select(vec!["GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS"]),
        host in proptest::sample::select(vec![
            "localhost:8446", "management.azure.com", "login.microsoftonline.com", "acct.blob.core.windows.net", "[::1]:1",
        ]),
        path in path(),
        query in "([a-z-]{0,12}=[a-z%0-9-]{0,12}&?){0,3}",
        authorization in "(Bearer|Basic|SharedKey)? ?[a-zA-Z0-9.=:-]{0,40}",
        body in body(),
    ) {
        let azure = FakeAzure::start();
        let line = format!("{method} https://{host}{path}?{query}");
        let served = azure.serve(listener, request_with(&line, &[("authorization", &authorization)], &body));
        let status = served.response.status().as_u16();
        prop_assert!((200..500).contains(&status) || status == 501, "{line}: {status}");
        prop_assert!(azure.with_sandbox(|sandbox| sandbox.cloud.check()).is_empty());
    }
}
