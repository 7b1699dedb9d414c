//! Identity in front of nonsense: it answers, in its own words, and changes nothing.

use fake_azure::{FakeAzure, Listener};
use proptest::prelude::*;

use crate::identity_support::{AZ, Assertion, app_token, call, form, line, sign_in, with_assertion};
use crate::shell_support::request_with;

/// How many objects and codes the directory has.
fn size(azure: &FakeAzure) -> String {
    let (_, info) = crate::shell_support::control(azure, "GET directory", "");
    let token = format!("Bearer {}", azure.token());
    let count = |noun: &str| {
        let (_, list) = call(
            azure,
            &format!("GET /v1.0/{noun}?$top=999"),
            &[("authorization", &token)],
            "",
        );
        list["value"].as_array().map_or(0, Vec::len)
    };
    format!("{} {} {}", info, count("applications"), count("servicePrincipals"))
}

#[test]
fn a_huge_form_is_answered() {
    let azure = FakeAzure::start();
    let long = "x".repeat(1 << 20);
    for fields in [
        vec![("grant_type", long.as_str())],
        vec![("grant_type", "client_credentials"), ("client_id", long.as_str())],
        vec![
            ("grant_type", "password"),
            ("client_id", AZ),
            ("username", long.as_str()),
            ("password", long.as_str()),
        ],
        vec![
            ("grant_type", "refresh_token"),
            ("client_id", AZ),
            ("refresh_token", long.as_str()),
        ],
    ] {
        let (status, document) = sign_in(&azure, &fields);
        assert!((400..500).contains(&status), "{status}");
        assert!(document["error_codes"].is_array());
    }
    let many = "a=b&".repeat(100_000);
    assert!(line(&call(&azure, "POST /common/oauth2/v2.0/token", &[], &many)).contains("AADSTS900144"));
    let scopes = "openid ".repeat(50_000);
    let fields = [("client_id", AZ), ("scope", scopes.as_str())];
    assert_eq!(
        call(&azure, "POST /common/oauth2/v2.0/devicecode", &[], &form(&fields)).0,
        200
    );
}

#[test]
fn device_codes_do_not_pile_up() {
    let azure = FakeAzure::start();
    let fields = form(&[("client_id", AZ), ("scope", "openid")]);
    for _ in 0..1_100 {
        call(&azure, "POST /common/oauth2/v2.0/devicecode", &[], &fields);
    }
    let (_, info) = crate::shell_support::control(&azure, "GET directory", "");
    assert_eq!(info["device_sign_ins"].as_array().map(Vec::len), Some(1_000));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_assertion_but_a_good_one_signs_in(garbage in "\\PC{0,80}|[A-Za-z0-9_.-]{0,200}", at in 0..900_usize, byte in any::<u8>()) {
        let azure = FakeAzure::start();
        let (status, document) = with_assertion(&azure, &garbage);
        prop_assert!(status >= 400, "{document}");
        let mut bent = Assertion::good(&azure).signed().into_bytes();
        let at = at % bent.len();
        let letter = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."[usize::from(byte) % 65];
        // The last letter of a signature carries bits that nobody reads.
        prop_assume!(bent[at] != letter && at + 1 < bent.len());
        bent[at] = letter;
        let bent = String::from_utf8(bent).expect("ASCII");
        let (status, document) = with_assertion(&azure, &bent);
        prop_assert!(status >= 400, "{at} {document}");
        prop_assert!(document["error_codes"].is_array());
    }

    #[test]
    fn nonsense_is_answered_and_changes_nothing(
        method in "GET|POST|PATCH|DELETE|PUT",
        path in "/(v1\\.0|beta|common|organizations|7e4aa2d1-0000-4000-8000-000000000001|myorganization)/(applications|servicePrincipals|users|me|directoryObjects|oauth2/token|oauth2/v2\\.0/token|oauth2/v2\\.0/devicecode)(/[a-zA-Z0-9'()$=-]{0,12}){0,3}|/metadata/(identity|instance)(/[a-z0-9]{0,8}){0,3}|/msi/token",
        query in "[a-zA-Z0-9$=&%' ()/:,_-]{0,60}",
        body in "\\PC{0,80}|\\{\"[a-zA-Z]{0,12}\":(null|1|\"[a-z]{0,5}\"|\\[\\{\\}\\])\\}|[a-z_]{0,12}=[a-z0-9%]{0,20}(&[a-z_]{0,12}=[a-z0-9%]{0,20}){0,4}",
    ) {
        let azure = FakeAzure::start();
        let before = size(&azure);
        let uri = format!("https://localhost:8446{path}?{}", query.replace(' ', "+"));
        prop_assume!(uri.parse::<http::Uri>().is_ok());
        let token = app_token(&azure, "https://graph.microsoft.com/.default");
        let headers = [("authorization", format!("Bearer {token}")), ("metadata", "true".to_owned())];
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let served = azure.serve(Listener::Aad, request_with(&format!("{method} {uri}"), &headers, &body));
        let status = served.response.status().as_u16();
        prop_assert!(status < 500, "{status}");
        if status >= 400 {
            prop_assert_eq!(size(&azure), before);
        }
    }
}
