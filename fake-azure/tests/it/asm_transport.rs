//! Who is let in, versions, verbs, XML that is none: the real error each time, and nothing changed.

use bytes::Bytes;
use fake_azure::wire::ClientCertificate;
use http::Request;

use crate::asm_support::{AZURE, Classic, create_service};

fn with_header(
    classic: &Classic,
    name: &'static str,
    value: &'static str,
    certificate: Option<&'static [u8]>,
) -> String {
    let uri = format!("https://management.core.windows.net/{}/locations", classic.subscription);
    let mut request = Request::builder()
        .uri(uri)
        .header("x-ms-version", "2016-03-01")
        .header(name, value)
        .body(Bytes::new())
        .expect("a request");
    if let Some(der) = certificate {
        request
            .extensions_mut()
            .insert(ClientCertificate(Bytes::from_static(der)));
    }
    let answered = classic.raw(request);
    answered.line()
}

const FORBIDDEN: &str = "403 ForbiddenError: The server failed to authenticate the request. Verify that the certificate is valid and is \
                         associated with this subscription.";

#[test]
fn without_a_certificate_of_the_subscription_nobody_is_let_in() {
    let classic = Classic::start();
    assert!(with_header(&classic, "x-no-auth", "1", None).starts_with(FORBIDDEN));
    assert!(with_header(&classic, "x-no-auth", "1", Some(b"foreign")).starts_with(FORBIDDEN));
    assert!(with_header(&classic, "authorization", "Bearer nonsense", None).starts_with("401 AuthenticationFailed"));
}

#[test]
fn a_stranger_is_answered_by_the_listener_without_a_request_id() {
    let classic = Classic::start();
    let request = Request::get("https://management.core.windows.net/00000000-0000-0000-0000-00000000dead/locations")
        .header("x-ms-version", "2016-03-01")
        .body(Bytes::new())
        .expect("a request");
    let answered = classic.raw(request);
    assert!(answered.line().starts_with(FORBIDDEN));
    assert_eq!(
        answered.headers.get("server").map(String::as_str),
        Some("Microsoft-HTTPAPI/2.0")
    );
    assert!(!answered.headers.contains_key("x-ms-request-id"));
}

#[test]
fn a_token_and_an_added_certificate_open_the_subscription() {
    let classic = Classic::start();
    let token = format!("Bearer {}", classic.azure.token());
    let mut request = classic.request("GET", "/locations", "");
    request
        .headers_mut()
        .insert("authorization", token.parse().expect("a header"));
    assert_eq!(classic.raw(request).status, 200);

    // "mine" in base64; its SHA-1.
    let body = "<SubscriptionCertificate><SubscriptionCertificatePublicKey>a2V5</SubscriptionCertificatePublicKey>\
                <SubscriptionCertificateThumbprint>c8f1a0bcb1e6e2ffa6d6c2cf7bcd30ef8acba6b7</SubscriptionCertificateThumbprint>\
                <SubscriptionCertificateData>bWluZQ==</SubscriptionCertificateData></SubscriptionCertificate>";
    let wrong = classic.refused("POST", "/certificates", body);
    assert_eq!(wrong, "400 BadRequest: A parameter was incorrect");
    let print = sha1_of_mine();
    let body = body.replace("c8f1a0bcb1e6e2ffa6d6c2cf7bcd30ef8acba6b7", &print);
    let added = classic.send("POST", "/certificates", &body);
    assert_eq!(added.status, 201, "{}", added.line());
    assert!(with_header(&classic, "x-no-auth", "1", Some(b"mine")).starts_with("200 "));
    assert_eq!(
        classic.send("DELETE", &format!("/certificates/{print}"), "").status,
        200
    );
    assert!(with_header(&classic, "x-no-auth", "1", Some(b"mine")).starts_with(FORBIDDEN));
}

/// SHA-1 of `mine`.
fn sha1_of_mine() -> String {
    "8034C43D15BB7EF42E2CC24255217ACFC5F4B2F4".to_owned()
}

#[test]
fn the_version_header_must_be_a_date_from_the_first_version_on() {
    let classic = Classic::start();
    for version in ["", "2008-01-01", "2016-3-1", "yesterday", "2016-13-01"] {
        let mut request = classic.request("GET", "/locations", "");
        request
            .headers_mut()
            .insert("x-ms-version", version.parse().expect("a header"));
        let line = classic.raw(request).line();
        assert_eq!(
            line,
            "400 MissingOrIncorrectVersionHeader: The versioning header is not specified or was specified incorrectly.",
            "{version}"
        );
    }
    let mut request = classic.request("GET", "/locations", "");
    request.headers_mut().remove("x-ms-version");
    assert_eq!(classic.raw(request).status, 400);

    let mut old = classic.request("GET", "/services/networking/reservedips", "");
    old.headers_mut()
        .insert("x-ms-version", "2013-03-01".parse().expect("a header"));
    assert_eq!(
        classic.raw(old).line(),
        "404 ResourceNotFound: The specified resource does not exist."
    );
}

#[test]
fn unknown_paths_verbs_and_queries_are_refused_by_their_kind() {
    let classic = Classic::start();
    let verb = "400 InvalidHttpVerb: The HTTP verb specified was not recognized by the server or isn't valid for this resource.";
    let query = "400 MissingOrInvalidRequiredQueryParameter: A required query parameter was not specified for this request or was \
                 specified incorrectly.";
    assert_eq!(classic.refused("GET", "/services/networking/net", ""), query);
    assert_eq!(
        classic.refused("GET", "/services/no/such/thing/here", ""),
        "404 ResourceNotFound: The specified resource does not exist."
    );
    assert_eq!(classic.refused("PATCH", "/locations", ""), verb);
    assert_eq!(classic.refused("GET", "/operations", ""), query);
    assert_eq!(
        classic.refused("GET", "/operations?StartTime=2016-01-02&EndTime=2016-01-01", ""),
        query
    );
    let register = |name| classic.refused("PUT", &format!("/services?service={name}&action=register"), "");
    assert_eq!(
        register("sqlserver"),
        "404 ResourceNotFound: The service name is unknown."
    );
    assert_eq!(
        register("website"),
        "409 ConflictError: The resource type website is already registered for this subscription."
    );
}

#[test]
fn every_answer_has_the_headers_of_the_service() {
    let classic = Classic::start();
    let answered = classic.send("GET", "/services/hostedservices", "");
    let names: Vec<&str> = answered.headers.keys().map(String::as_str).collect();
    let expected = [
        "cache-control",
        "content-length",
        "content-type",
        "date",
        "server",
        "strict-transport-security",
        "x-ms-request-id",
        "x-ms-servedbyregion",
    ];
    assert_eq!(names, expected);
    assert_eq!(answered.headers["content-type"], "application/xml; charset=utf-8");
    let created = classic.send("POST", "/services/hostedservices", &create_service("web", "West US"));
    assert_eq!(created.headers["content-length"], "0");
    assert!(!created.headers.contains_key("content-type"));
}

#[test]
fn bombs_fragments_and_other_namespaces_are_no_xml_of_ours() {
    let classic = Classic::start();
    let refused = "400 InvalidXmlRequest: The request body's XML was invalid or not correctly specified.";
    let bomb = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"{}\"><!ENTITY b \"&a;&a;&a;&a;\">]><CreateHostedService xmlns=\"{AZURE}\">\
         <ServiceName>&b;</ServiceName></CreateHostedService>",
        "a".repeat(1000)
    );
    let other =
        create_service("web", "West US").replace("<CreateHostedService>", "<CreateHostedService xmlns=\"urn:other\">");
    let deep = format!("<?xml version=\"1.0\"?>{}{}", "<a>".repeat(5000), "</a>".repeat(5000));
    let root = "<CreateAffinityGroup><Name>x</Name></CreateAffinityGroup>";
    for body in [
        "",
        "not xml",
        "<CreateHostedService>",
        bomb.as_str(),
        other.as_str(),
        deep.as_str(),
        root,
    ] {
        assert_eq!(
            classic.refused("POST", "/services/hostedservices", body),
            refused,
            "{body:.80}"
        );
    }
}

#[test]
fn misplaced_elements_are_absent_and_unknown_ones_are_skipped() {
    let classic = Classic::start();
    let misplaced = "<CreateHostedService><ServiceName>web</ServiceName><Location>West US</Location><Label>bA==</Label></CreateHostedService>";
    assert_eq!(
        classic.refused("POST", "/services/hostedservices", misplaced),
        "400 BadRequest: CreateHostedService has a missing, misspelled or out of order element."
    );
    let unknown = create_service("web", "West US").replace("<Label>", "<Colour>red</Colour><Label>");
    assert_eq!(classic.send("POST", "/services/hostedservices", &unknown).status, 201);
    let late = "<CreateHostedService><ServiceName>late</ServiceName><Label>bA==</Label><Location>West US</Location>\
                <Description>lost</Description></CreateHostedService>";
    assert_eq!(classic.send("POST", "/services/hostedservices", late).status, 201);
    assert!(
        classic
            .send("GET", "/services/hostedservices/late", "")
            .body
            .contains("<Description i:nil=\"true\"/>")
    );
}

#[test]
fn paths_and_query_keys_mind_no_case() {
    let classic = Classic::start();
    classic.service("Web");
    let answered = classic.send("GET", "/Services/HostedServices/wEB?Embed-Detail=True", "");
    assert!(
        answered.body.contains("<ServiceName>Web</ServiceName>") && answered.body.contains("<Deployments/>"),
        "{}",
        answered.body
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn no_body_brings_the_service_down(body in "\\PC{0,200}", cut in 0_usize..400) {
        let classic = Classic::start();
        let good = crate::asm_support::deployment("d", &crate::asm_support::role("r", ""));
        let cut = (0..=cut.min(good.len())).rev().find(|at| good.is_char_boundary(*at)).unwrap_or(0);
        for text in [body.clone(), format!("{}{body}{}", &good[..cut], &good[cut..])] {
            let answered = classic.send("POST", "/services/hostedservices/none/deployments", &text);
            proptest::prop_assert!(answered.status.is_client_error(), "{}", answered.line());
        }
    }
}
