//! Who may ask the blob service: keys, tokens, signatures, the public. The texts to sign are written by hand.

use fake_azure::cloud::sign;

use crate::blob_support::{Blobs, header, outcome, text};

const DATE: &str = "Fri, 01 Apr 2016 00:00:00 GMT";

fn with_blob() -> Blobs {
    let mut blobs = Blobs::new();
    blobs.prepare("PUT /vhds?restype=container", b"");
    blobs.prepare(
        "PUT /vhds/t\nx-ms-blob-type: BlockBlob\nx-ms-blob-content-type: text/plain",
        b"hello",
    );
    blobs
}

/// Sends a request that is signed with a key.
fn signed(blobs: &mut Blobs, scheme: &str, key: &str, line: &str, headers: &[(&str, &str)], to_sign: &str) -> String {
    let authorization = format!("{scheme} acct:{}", sign(key, to_sign).expect("keys are base64"));
    let mut all = vec![("authorization", authorization.as_str())];
    all.extend_from_slice(headers);
    outcome(&blobs.raw(line, &all, b""))
}

#[test]
fn a_shared_key_signs_method_headers_and_resource() {
    let mut blobs = with_blob();
    for index in [0, 1] {
        let key = blobs.key("acct", index);
        let headers = [("x-ms-date", DATE), ("x-ms-version", "2015-02-21")];
        let text = format!(
            "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{DATE}\nx-ms-version:2015-02-21\n/acct/vhds\ncomp:list\ninclude:metadata,snapshots\nrestype:container"
        );
        let line = "GET /vhds?restype=container&comp=list&include=metadata,snapshots";
        assert_eq!(signed(&mut blobs, "SharedKey", &key, line, &headers, &text), "200");
        assert_eq!(
            signed(&mut blobs, "SharedKey", &key, line, &headers, &format!("{text} ")),
            "403 AuthenticationFailed"
        );

        let line = "GET https://localhost:8445/acct/vhds/t";
        let text = format!("GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{DATE}\nx-ms-version:2015-02-21\n/acct/acct/vhds/t");
        assert_eq!(signed(&mut blobs, "SharedKey", &key, line, &headers, &text), "200");
    }
}

#[test]
fn the_length_of_nothing_is_signed_as_zero_before_2015() {
    let mut blobs = with_blob();
    let key = blobs.key("acct", 0);
    for (version, length) in [("2014-02-14", "0"), ("2015-02-21", "")] {
        let headers = [("x-ms-date", DATE), ("x-ms-version", version), ("content-length", "0")];
        let text = format!(
            "PUT\n\n\n{length}\n\n\n\n\n\n\n\n\nx-ms-date:{DATE}\nx-ms-version:{version}\n/acct/vhds\ncomp:metadata\nrestype:container"
        );
        let line = "PUT /vhds?restype=container&comp=metadata";
        assert_eq!(
            signed(&mut blobs, "SharedKey", &key, line, &headers, &text),
            "200",
            "{version}"
        );
    }
}

#[test]
fn the_lite_scheme_signs_less() {
    let mut blobs = with_blob();
    let key = blobs.key("acct", 0);
    let headers = [("x-ms-date", DATE), ("x-ms-version", "2011-08-18")];
    let text = format!("GET\n\n\n\nx-ms-date:{DATE}\nx-ms-version:2011-08-18\n/acct/vhds?comp=list");
    assert_eq!(
        signed(
            &mut blobs,
            "SharedKeyLite",
            &key,
            "GET /vhds?restype=container&comp=list",
            &headers,
            &text
        ),
        "200"
    );
    assert_eq!(
        signed(
            &mut blobs,
            "SharedKey",
            &key,
            "GET /vhds?restype=container&comp=list",
            &headers,
            &text
        ),
        "403 AuthenticationFailed"
    );

    let headers = [("date", DATE), ("x-ms-version", "2011-08-18")];
    let text = format!("GET\n\n\n{DATE}\nx-ms-version:2011-08-18\n/acct/vhds/t");
    assert_eq!(
        signed(&mut blobs, "SharedKeyLite", &key, "GET /vhds/t", &headers, &text),
        "200"
    );
}

#[test]
fn old_dates_and_other_accounts_are_refused() {
    let mut blobs = with_blob();
    let (key, theirs) = (blobs.key("acct", 0), blobs.key("other", 0));
    let late = "Fri, 01 Apr 2016 00:15:01 GMT";
    for (key, date) in [(&key, late), (&theirs, DATE), (&key, "yesterday")] {
        let text = format!("GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{date}\n/acct/vhds/t");
        assert_eq!(
            signed(
                &mut blobs,
                "SharedKey",
                key,
                "GET /vhds/t",
                &[("x-ms-date", date)],
                &text
            ),
            "403 AuthenticationFailed"
        );
    }
    let text = "GET\n\n\n\n\n\n\n\n\n\n\n\n/acct/vhds/t";
    assert_eq!(
        signed(&mut blobs, "SharedKey", &key, "GET /vhds/t", &[], text),
        "403 AuthenticationFailed"
    );
    assert_eq!(
        signed(&mut blobs, "Basic", &key, "GET /vhds/t", &[("x-ms-date", DATE)], text),
        "400 InvalidAuthenticationInfo"
    );
    let authorization = format!("SharedKey other:{}", sign(&theirs, text).expect("keys are base64"));
    assert_eq!(
        outcome(&blobs.raw("GET /vhds/t", &[("authorization", &authorization)], b"")),
        "403 AuthenticationFailed"
    );
}

/// A query with its signature, encoded.
fn token(key: &str, members: &str, to_sign: &str) -> String {
    let signature = sign(key, to_sign).expect("keys are base64");
    format!(
        "{members}&sig={}",
        signature.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
    )
}

#[test]
fn a_signature_over_a_blob_lets_its_holder_read_it() {
    let mut blobs = with_blob();
    let key = blobs.key("acct", 1);
    let sas = token(
        &key,
        "sv=2015-04-05&sr=b&sp=r&se=2016-04-02T00:00:00Z&rsct=image/png",
        "r\n\n2016-04-02T00:00:00Z\n/blob/acct/vhds/t\n\n\n\n2015-04-05\n\n\n\n\nimage/png",
    );
    let read = blobs.raw(&format!("GET /vhds/t?{sas}"), &[], b"");
    assert_eq!(
        (text(&read).as_str(), header(&read, "content-type")),
        ("hello", "image/png")
    );
    assert_eq!(
        outcome(&blobs.raw(&format!("DELETE /vhds/t?{sas}"), &[], b"")),
        "403 AuthorizationPermissionMismatch"
    );
    assert_eq!(
        outcome(&blobs.raw(&format!("GET /vhds/u?{sas}"), &[], b"")),
        "403 AuthenticationFailed"
    );
    assert_eq!(
        outcome(&blobs.raw(&format!("GET /vhds?restype=container&comp=list&{sas}"), &[], b"")),
        "403 AuthenticationFailed"
    );
    blobs.wait(24 * 3600);
    let late = blobs.raw(&format!("GET /vhds/t?{sas}"), &[], b"");
    assert_eq!(outcome(&late), "403 AuthenticationFailed");
    assert!(
        text(&late).contains("Signature not valid in the specified time frame"),
        "{}",
        text(&late)
    );
}

#[test]
fn a_signature_over_a_container_lists_and_makes() {
    let mut blobs = with_blob();
    let key = blobs.key("acct", 0);
    let sas = token(
        &key,
        "sv=2018-11-09&sr=c&sp=cl&st=2016-03-01&se=2016-05-01",
        "cl\n2016-03-01\n2016-05-01\n/blob/acct/vhds\n\n\n\n2018-11-09\nc\n\n\n\n\n\n",
    );
    assert_eq!(
        outcome(&blobs.raw(&format!("GET /vhds?restype=container&comp=list&{sas}"), &[], b"")),
        "200"
    );
    assert_eq!(
        outcome(&blobs.raw(&format!("GET /vhds?restype=container&{sas}"), &[], b"")),
        "403 AuthorizationResourceTypeMismatch"
    );
    let kind = [("x-ms-blob-type", "BlockBlob")];
    assert_eq!(outcome(&blobs.raw(&format!("PUT /vhds/new?{sas}"), &kind, b"x")), "201");
    assert_eq!(
        outcome(&blobs.raw(&format!("PUT /vhds/new?{sas}"), &kind, b"x")),
        "403 AuthorizationPermissionMismatch"
    );
}

#[test]
fn a_stored_policy_says_what_a_signature_leaves_out() {
    let mut blobs = with_blob();
    let key = blobs.key("acct", 0);
    let sas = token(
        &key,
        "sv=2012-02-12&sr=c&si=reader",
        "\n\n\n/acct/vhds\nreader\n2012-02-12",
    );
    let line = format!("GET /vhds/t?{sas}");
    assert_eq!(outcome(&blobs.raw(&line, &[], b"")), "403 AuthenticationFailed");
    let policies = b"<SignedIdentifiers><SignedIdentifier><Id>reader</Id><AccessPolicy><Expiry>2016-05-01</Expiry>\
        <Permission>r</Permission></AccessPolicy></SignedIdentifier></SignedIdentifiers>";
    blobs.prepare("PUT /vhds?restype=container&comp=acl", policies);
    assert_eq!(outcome(&blobs.raw(&line, &[], b"")), "200");
}

#[test]
fn a_signature_over_an_account_grants_by_service_type_and_permission() {
    let mut blobs = with_blob();
    let key = blobs.key("acct", 0);
    let make = |services: &str, types: &str, permissions: &str| {
        token(
            &key,
            &format!("sv=2016-05-31&ss={services}&srt={types}&sp={permissions}&se=2016-05-01"),
            &format!("acct\n{permissions}\n{services}\n{types}\n\n2016-05-01\n\n\n2016-05-31\n"),
        )
    };
    let rows = [
        ("GET /?comp=list", make("b", "s", "l"), "200"),
        (
            "GET /?comp=list",
            make("b", "co", "l"),
            "403 AuthorizationResourceTypeMismatch",
        ),
        (
            "GET /?comp=list",
            make("qt", "s", "l"),
            "403 AuthorizationServiceMismatch",
        ),
        (
            "GET /?comp=list",
            make("b", "s", "r"),
            "403 AuthorizationPermissionMismatch",
        ),
        ("PUT /more?restype=container", make("b", "c", "c"), "201"),
        ("GET /vhds/t", make("b", "o", "r"), "200"),
        (
            "GET /vhds?restype=container&comp=acl",
            make("b", "sco", "rwdlacup"),
            "403 AuthorizationPermissionMismatch",
        ),
    ];
    for (line, sas, expected) in rows {
        let joint = if line.contains('?') { '&' } else { '?' };
        assert_eq!(
            outcome(&blobs.raw(&format!("{line}{joint}{sas}"), &[], b"")),
            expected,
            "{line} {sas}"
        );
    }
}

#[test]
fn beside_the_fake_token_a_signature_is_not_checked() {
    let mut blobs = with_blob();
    assert_eq!(
        outcome(&blobs.send("GET /vhds/t?sv=2015-04-05&sr=b&sig=scrubbed", b"")),
        "200"
    );
    assert_eq!(
        outcome(&blobs.raw("GET /vhds/t?sv=2015-04-05&sr=b&sig=scrubbed", &[], b"")),
        "403 AuthenticationFailed"
    );
    let refused = blobs.raw(
        "GET /vhds/t",
        &[("authorization", "Bearer nonsense"), ("x-ms-version", "2017-11-09")],
        b"",
    );
    assert_eq!(outcome(&refused), "401 InvalidAuthenticationInfo");
    assert!(header(&refused, "www-authenticate").contains("resource_id=https://storage.azure.com"));
}

#[test]
fn the_public_reads_what_is_open() {
    let mut blobs = with_blob();
    assert_eq!(outcome(&blobs.raw("GET /vhds/t", &[], b"")), "404 ResourceNotFound");
    assert_eq!(
        outcome(&blobs.raw("GET /vhds/t", &[("x-ms-version", "2020-04-08")], b"")),
        "401 NoAuthenticationInformation"
    );
    blobs.prepare(
        "PUT /vhds?restype=container&comp=acl\nx-ms-blob-public-access: blob",
        b"",
    );
    assert_eq!(text(&blobs.raw("GET /vhds/t", &[], b"")), "hello");
    assert_eq!(
        outcome(&blobs.raw("GET /vhds?restype=container&comp=list", &[], b"")),
        "404 ResourceNotFound"
    );
    blobs.prepare(
        "PUT /vhds?restype=container&comp=acl\nx-ms-blob-public-access: container",
        b"",
    );
    assert_eq!(
        outcome(&blobs.raw("GET /vhds?restype=container&comp=list", &[], b"")),
        "200"
    );
    assert_eq!(outcome(&blobs.raw("GET /?comp=list", &[], b"")), "404 ResourceNotFound");
    assert_eq!(outcome(&blobs.raw("DELETE /vhds/t", &[], b"")), "404 ResourceNotFound");
}

#[test]
fn the_source_of_a_copy_must_be_readable() {
    let mut blobs = Blobs::new();
    blobs.prepare("PUT https://other.blob.core.windows.net/vhds?restype=container", b"");
    blobs.prepare(
        "PUT https://other.blob.core.windows.net/vhds/t\nx-ms-blob-type: BlockBlob",
        b"x",
    );
    blobs.prepare("PUT /vhds?restype=container", b"");
    let key = blobs.key("acct", 0);
    let theirs = blobs.key("other", 0);
    let sas = token(
        &theirs,
        "sv=2015-04-05&sr=b&sp=r&se=2016-04-02",
        "r\n\n2016-04-02\n/blob/other/vhds/t\n\n\n\n2015-04-05\n\n\n\n\n",
    );
    for (query, expected) in [("", "404 CannotVerifyCopySource"), (sas.as_str(), "202")] {
        let source = format!("https://other.blob.core.windows.net/vhds/t?{query}");
        let headers = [
            ("x-ms-copy-source", source.as_str()),
            ("x-ms-date", DATE),
            ("x-ms-version", "2015-04-05"),
        ];
        let text = format!(
            "PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-copy-source:{source}\nx-ms-date:{DATE}\nx-ms-version:2015-04-05\n/acct/vhds/copy"
        );
        assert_eq!(
            signed(&mut blobs, "SharedKey", &key, "PUT /vhds/copy", &headers, &text),
            expected
        );
    }
}
