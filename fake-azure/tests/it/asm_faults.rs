//! Trouble of the classic API that comes and goes by itself: too many requests, a busy service, a redirect (SM 1.7 to 1.9). Nothing
//! of it reaches the cloud.

use fake_azure::faults::{Rule, Status, Throttle, Verdict};

use crate::asm_support::{Classic, create_service, row};

fn status(status: u16) -> Verdict {
    Verdict::Status(Status {
        status,
        code: None,
        message: None,
        retry_after_secs: None,
    })
}

#[test]
fn trouble_is_told_in_the_services_words_and_changes_nothing() {
    let classic = Classic::start();
    let rows = [
        (
            Verdict::Throttle(Throttle { retry_after_secs: None }),
            "503 TooManyRequests: Too many requests received. Retry after some time.",
        ),
        (
            status(503),
            "503 ServerBusy: The server (or an internal component) is currently unavailable to receive requests. Please retry your \
             request.",
        ),
        (
            status(500),
            "500 InternalError: The server encountered an internal error. Please retry the request.",
        ),
        (
            status(408),
            "500 OperationTimedOut: The operation could not be completed within the permitted time.",
        ),
        (
            status(409),
            "409 ConflictError: A conflict occurred to prevent the operation from completing.",
        ),
    ];
    for (verdict, expected) in rows {
        let guard = classic.azure.fault(Rule::new(verdict)).expect("a sound rule");
        let (verb, path, body, _) = row(
            "POST",
            "/services/hostedservices",
            create_service("web", "West US"),
            expected,
        );
        assert_eq!(classic.refused(verb, &path, &body), expected);
        let answered = classic.send("GET", "/locations", "");
        assert_eq!(answered.line(), expected);
        assert!(answered.headers.contains_key("x-ms-request-id"), "{expected}");
        assert!(
            !answered.headers.contains_key("retry-after"),
            "the service says no time: {expected}"
        );
        drop(guard);
    }
    classic.service("web");
}

#[test]
fn a_redirect_leads_to_a_front_end_that_does_what_was_asked() {
    let classic = Classic::start();
    let guard = classic
        .azure
        .fault(Rule::new(status(307)).method("POST").nth(1))
        .expect("a sound rule");
    let before = classic.digest();
    let body = create_service("web", "West US");
    let request = classic.request("POST", "/services/hostedservices?a=b", &body);
    let (parts, sent) = request.into_parts();
    let first = classic.raw(http::Request::from_parts(parts.clone(), sent.clone()));
    assert_eq!(first.status, 307);
    assert_eq!(
        first.body,
        "<string xmlns=\"http://schemas.microsoft.com/2003/10/Serialization/\"/>"
    );
    assert_eq!(first.headers["content-type"], "application/xml; charset=utf-8");
    assert_eq!(first.headers["server"], "Microsoft-HTTPAPI/2.0");
    assert!(!first.headers.contains_key("x-ms-request-id"));
    assert_eq!(classic.digest(), before);

    let location = format!(
        "https://ussouth2.management.core.windows.net/{}/services/hostedservices?a=b",
        classic.subscription
    );
    assert_eq!(first.headers["location"], location);
    let mut again = parts;
    again.uri = location.parse().expect("a location is a URI");
    let second = classic.raw(http::Request::from_parts(again, sent));
    assert_eq!(second.status, 201, "{}", second.line());
    drop(guard);
}
