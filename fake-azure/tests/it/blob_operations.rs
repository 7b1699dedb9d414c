//! The blob service's operations, exact to the byte.

use fake_azure::Pace;

use crate::blob_support::{Blobs, header, outcome, text};

const PAGES: &[u8] = &[7; 512];

#[test]
fn containers_live_and_die() {
    let mut blobs = Blobs::new();
    blobs.tell("HEAD /vhds?restype=container\nx-ms-version: 2016-05-31", b"");
    blobs.tell(
        "PUT /vhds?restype=container\nx-ms-version: 2012-02-12\nx-ms-meta-color: blue",
        b"",
    );
    blobs.tell("PUT /vhds?restype=container\nx-ms-version: 2012-02-12", b"");
    blobs.tell(
        "PUT /vhds?restype=container\nx-ms-version: 2017-07-29\nx-ms-client-request-id: mine",
        b"",
    );
    blobs.tell("HEAD /vhds?restype=container\nx-ms-version: 2012-02-12", b"");
    blobs.tell("GET /vhds?restype=container\nx-ms-version: 2020-04-08", b"");
    blobs.tell(
        "PUT /vhds?restype=container&comp=metadata\nx-ms-meta-a: 1\nx-ms-meta-b: 2",
        b"",
    );
    blobs.tell("GET /vhds?restype=container&comp=metadata", b"");
    let policies = b"<?xml version=\"1.0\" encoding=\"utf-8\"?><SignedIdentifiers><SignedIdentifier><Id>reader</Id><AccessPolicy>\
        <Start>2016-01-01</Start><Expiry>2017-01-01</Expiry><Permission>r</Permission></AccessPolicy></SignedIdentifier></SignedIdentifiers>";
    blobs.tell(
        "PUT /vhds?restype=container&comp=acl\nx-ms-blob-public-access: blob",
        policies,
    );
    blobs.tell("GET /vhds?restype=container&comp=acl", b"");
    blobs.tell("GET /?comp=list&include=metadata", b"");
    blobs.tell("GET /?comp=list&prefix=v&maxresults=1\nx-ms-version: 2012-02-12", b"");
    blobs.tell("PUT /vhds?restype=container&comp=lease\nx-ms-lease-action: acquire\nx-ms-lease-duration: 15\nx-ms-proposed-lease-id: 00000000-0000-0000-0000-00000000000a", b"");
    blobs.tell("DELETE /vhds?restype=container\nx-ms-version: 2017-07-29", b"");
    blobs.tell(
        "PUT /vhds?restype=container&comp=lease\nx-ms-lease-action: break\nx-ms-lease-break-period: 5",
        b"",
    );
    blobs.wait(5);
    blobs.tell("DELETE /vhds?restype=container", b"");
    blobs.tell("PUT /vhds?restype=container", b"");
    blobs.check("blob-containers-live-and-die");
}

#[test]
fn page_blobs_live_and_die() {
    let mut blobs = Blobs::new();
    blobs.prepare("PUT /vhds?restype=container", b"");
    blobs.tell(
        "PUT /vhds/os.vhd\nx-ms-version: 2012-02-12\nx-ms-blob-type: PageBlob\nx-ms-blob-content-length: 1024",
        b"",
    );
    blobs.tell(
        "PUT /vhds/os.vhd?comp=page\nx-ms-version: 2012-02-12\nx-ms-page-write: update\nx-ms-range: bytes=0-511",
        PAGES,
    );
    blobs.tell(
        "PUT /vhds/os.vhd?comp=page\nx-ms-page-write: clear\nx-ms-range: bytes=512-1023",
        b"",
    );
    blobs.tell("GET /vhds/os.vhd?comp=pagelist\nx-ms-version: 2012-02-12", b"");
    blobs.tell("HEAD /vhds/os.vhd\nx-ms-version: 2012-02-12", b"");
    blobs.tell(
        "HEAD /vhds/os.vhd\nx-ms-version: 2018-03-28\nx-ms-range: bytes=0-511",
        b"",
    );
    blobs.tell(
        "GET /vhds/os.vhd\nx-ms-range: bytes=510-513\nx-ms-range-get-content-md5: true",
        b"",
    );
    blobs.tell("GET /vhds/os.vhd\nrange: bytes=1024-", b"");
    blobs.tell("PUT /vhds/os.vhd?comp=properties\nx-ms-blob-content-length: 512\nx-ms-blob-content-type: text/plain\nx-ms-sequence-number-action: increment", b"");
    blobs.tell("PUT /vhds/os.vhd?comp=metadata\nx-ms-meta-a: 1", b"");
    let taken = blobs.tell("PUT /vhds/os.vhd?comp=snapshot", b"");
    let snapshot = header(&taken, "x-ms-snapshot").to_owned();
    blobs.tell("DELETE /vhds/os.vhd", b"");
    blobs.tell(
        "GET /vhds?restype=container&comp=list&include=snapshots,metadata,copy\nx-ms-version: 2018-03-28",
        b"",
    );
    blobs.tell("GET /vhds?restype=container&comp=list\nx-ms-version: 2012-02-12", b"");
    blobs.tell(&format!("HEAD /vhds/os.vhd?snapshot={snapshot}"), b"");
    blobs.tell(
        &format!(
            "PUT /vhds/copy.vhd\nx-ms-copy-source: https://acct.blob.core.windows.net/vhds/os.vhd?snapshot={snapshot}"
        ),
        b"",
    );
    blobs.tell("HEAD /vhds/copy.vhd", b"");
    blobs.tell(
        "DELETE /vhds/os.vhd\nx-ms-delete-snapshots: include\nx-ms-version: 2018-03-28",
        b"",
    );
    blobs.tell("GET /vhds/os.vhd", b"");
    blobs.check("blob-page-blobs-live-and-die");
}

#[test]
fn leases_are_answered_by_their_action() {
    let mut blobs = Blobs::new();
    blobs.prepare("PUT /vhds?restype=container", b"");
    blobs.prepare(
        "PUT /vhds/os.vhd\nx-ms-blob-type: PageBlob\nx-ms-blob-content-length: 1024",
        b"",
    );
    let id = "00000000-0000-0000-0000-00000000000a";
    let other = "00000000-0000-0000-0000-00000000000b";
    let lease = "PUT /vhds/os.vhd?comp=lease\nx-ms-lease-action: ";
    blobs.tell(
        &format!("{lease}acquire\nx-ms-lease-duration: -1\nx-ms-proposed-lease-id: {id}"),
        b"",
    );
    blobs.tell(&format!("{lease}acquire\nx-ms-lease-duration: 60"), b"");
    blobs.tell("HEAD /vhds/os.vhd", b"");
    blobs.tell(&format!("{lease}renew\nx-ms-lease-id: {id}"), b"");
    blobs.tell(
        &format!("{lease}change\nx-ms-lease-id: {id}\nx-ms-proposed-lease-id: {other}"),
        b"",
    );
    blobs.tell("DELETE /vhds/os.vhd", b"");
    blobs.tell(&format!("DELETE /vhds/os.vhd\nx-ms-lease-id: {id}"), b"");
    blobs.tell(&format!("{lease}break"), b"");
    blobs.tell(&format!("{lease}renew\nx-ms-lease-id: {other}"), b"");
    blobs.tell(&format!("{lease}release\nx-ms-lease-id: {other}"), b"");
    blobs.tell("DELETE /vhds/os.vhd", b"");
    blobs.check("blob-leases");
}

#[test]
fn block_blobs_and_their_blocks() {
    let mut blobs = Blobs::new();
    blobs.prepare("PUT /vhds?restype=container", b"");
    blobs.tell(
        "PUT /vhds/note.txt\nx-ms-blob-type: BlockBlob\ncontent-type: text/plain\nx-ms-version: 2016-05-31",
        b"hello",
    );
    blobs.tell("GET /vhds/note.txt", b"");
    blobs.tell("PUT /vhds/note.txt?comp=block&blockid=AAAA", b"wor");
    blobs.tell("PUT /vhds/note.txt?comp=block&blockid=AAAB", b"ld");
    blobs.tell("GET /vhds/note.txt?comp=blocklist&blocklisttype=all", b"");
    blobs.tell(
        "PUT /vhds/note.txt?comp=blocklist\nx-ms-blob-content-type: text/plain",
        b"<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList><Latest>AAAA</Latest><Uncommitted>AAAB</Uncommitted></BlockList>",
    );
    blobs.tell("GET /vhds/note.txt?comp=blocklist&blocklisttype=all", b"");
    blobs.tell("GET /vhds/note.txt", b"");
    blobs.check("blob-block-blobs");
}

#[test]
fn the_service_has_properties() {
    let mut blobs = Blobs::new();
    blobs.tell("GET /?restype=service&comp=properties\nx-ms-version: 2018-03-28", b"");
    blobs.tell(
        "PUT /?restype=service&comp=properties",
        b"<StorageServiceProperties><DefaultServiceVersion>2015-04-05</DefaultServiceVersion><Cors><CorsRule><AllowedOrigins>*</AllowedOrigins></CorsRule></Cors></StorageServiceProperties>",
    );
    blobs.tell("GET /?restype=service&comp=properties\nx-ms-version: 2014-02-14", b"");
    blobs.tell(
        "PUT /?restype=service&comp=properties",
        b"<StorageServiceProperties><Nothing/></StorageServiceProperties>",
    );
    blobs.tell("HEAD /?restype=account&comp=properties", b"");
    blobs.check("blob-service-properties");
}

#[test]
fn an_account_is_reached_in_host_style_and_in_path_style() {
    let mut blobs = Blobs::new();
    blobs.prepare("PUT https://localhost:8445/acct/vhds?restype=container", b"");
    blobs.prepare(
        "PUT https://localhost:8445/acct/vhds/a%20b//c\nx-ms-blob-type: BlockBlob",
        b"x",
    );
    assert_eq!(
        text(&blobs.send("GET https://acct.blob.anything.test/vhds/a%20b//c", b"")),
        "x"
    );
    let listed = text(&blobs.send("GET https://localhost:8445/acct/vhds?restype=container&comp=list", b""));
    assert!(
        listed.contains("ServiceEndpoint=\"https://localhost:8445/acct/\" ContainerName=\"vhds\""),
        "{listed}"
    );
    assert!(listed.contains("<Name>a b//c</Name>"), "{listed}");
    let listed = text(&blobs.send("GET /?comp=list", b""));
    assert!(
        listed.contains("ServiceEndpoint=\"https://acct.blob.core.windows.net/\""),
        "{listed}"
    );

    blobs.prepare("PUT /$root?restype=container", b"");
    blobs.prepare("PUT /plain.txt\nx-ms-blob-type: BlockBlob", b"root");
    assert_eq!(
        text(&blobs.send("GET https://localhost:8445/acct/$root/plain.txt", b"")),
        "root"
    );
    assert_eq!(
        outcome(&blobs.send("GET https://localhost:8445/nobody/vhds/x", b"")),
        "404 ResourceNotFound"
    );
    assert_eq!(
        outcome(&blobs.send("GET https://localhost:8445/", b"")),
        "400 InvalidUri"
    );
}

#[test]
fn lists_are_read_page_by_page() {
    let mut blobs = Blobs::new();
    blobs.prepare("PUT /vhds?restype=container", b"");
    for name in ["a", "b", "c&d"] {
        blobs.prepare(&format!("PUT /vhds/{name}\nx-ms-blob-type: BlockBlob"), b"");
    }
    let mut marker = String::new();
    let mut names = Vec::new();
    loop {
        let page = text(&blobs.send(
            &format!("GET /vhds?restype=container&comp=list&maxresults=1&marker={marker}"),
            b"",
        ));
        names.push(
            page.split("<Name>")
                .nth(1)
                .and_then(|rest| rest.split("</Name>").next())
                .expect("a name")
                .to_owned(),
        );
        match page
            .split_once("<NextMarker>")
            .and_then(|(_, rest)| rest.split_once("</NextMarker>"))
        {
            Some((next, _)) => marker = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(names, ["a", "b", "c&amp;d"]);
}

#[test]
fn what_is_wrong_with_a_request_is_named() {
    let mut blobs = Blobs::new();
    blobs.prepare("PUT /vhds?restype=container", b"");
    blobs.prepare(
        "PUT /vhds/os\nx-ms-blob-type: PageBlob\nx-ms-blob-content-length: 1024",
        b"",
    );
    let page = "PUT /vhds/os?comp=page\nx-ms-page-write: update\nx-ms-range: ";
    let large = vec![0; (4 << 20) + 512];
    let rows: &[(&str, &[u8], &str)] = &[
        (
            "PUT /vhds?restype=container\nx-ms-version: tomorrow",
            b"",
            "400 InvalidHeaderValue",
        ),
        ("POST /vhds?restype=container", b"", "405 UnsupportedHttpVerb"),
        (
            "GET /vhds?restype=container&comp=nothing",
            b"",
            "400 InvalidQueryParameterValue",
        ),
        ("GET /?comp=nothing", b"", "400 InvalidQueryParameterValue"),
        ("GET /", b"", "400 MissingRequiredQueryParameter"),
        (
            "GET /vhds?restype=container&comp=list&maxresults=0",
            b"",
            "400 OutOfRangeQueryParameterValue",
        ),
        (
            "GET /vhds?restype=container&comp=list&maxresults=x",
            b"",
            "400 InvalidQueryParameterValue",
        ),
        ("PUT /vhds/x", b"", "400 MissingRequiredHeader"),
        ("PUT /vhds/x\nx-ms-blob-type: AppendBlob", b"", "400 InvalidHeaderValue"),
        (
            "PUT /vhds/x\nx-ms-blob-type: PageBlob",
            b"",
            "400 MissingRequiredHeader",
        ),
        (
            "PUT /vhds/x\nx-ms-blob-type: PageBlob\nx-ms-blob-content-length: 513",
            b"",
            "400 InvalidHeaderValue",
        ),
        (
            "PUT /vhds/x\nx-ms-blob-type: BlockBlob\ncontent-md5: AAAA",
            b"",
            "400 InvalidMd5",
        ),
        (
            "PUT /vhds/x\nx-ms-blob-type: BlockBlob\ncontent-md5: AAAAAAAAAAAAAAAAAAAAAA==",
            b"",
            "400 Md5Mismatch",
        ),
        (
            "PUT /vhds/x\nx-ms-blob-type: BlockBlob\nx-ms-meta-a-b: 1",
            b"",
            "400 InvalidMetadata",
        ),
        ("PUT /vhds/x?comp=block", b"x", "400 MissingRequiredQueryParameter"),
        (
            "PUT /vhds/x?comp=block&blockid=!",
            b"x",
            "400 InvalidQueryParameterValue",
        ),
        ("PUT /vhds/x?comp=blocklist", b"<Blocks/>", "400 InvalidXmlDocument"),
        ("PUT /vhds/os?comp=lease", b"", "400 MissingRequiredHeader"),
        (
            "PUT /vhds/os?comp=lease\nx-ms-lease-action: acquire",
            b"",
            "400 MissingRequiredHeader",
        ),
        (
            "PUT /vhds/os?comp=lease\nx-ms-lease-action: acquire\nx-ms-lease-duration: 14",
            b"",
            "400 InvalidHeaderValue",
        ),
        (
            "PUT /vhds/os?comp=lease\nx-ms-lease-action: renew\nx-ms-lease-id: x",
            b"",
            "400 InvalidHeaderValue",
        ),
        ("PUT /vhds/os?comp=copy&copyid=x", b"", "400 InvalidQueryParameterValue"),
        ("GET /vhds/os?snapshot=yesterday", b"", "400 InvalidQueryParameterValue"),
        (
            "GET /vhds/os\nif-modified-since: yesterday",
            b"",
            "400 InvalidHeaderValue",
        ),
        (
            "PUT /vhds?restype=container&comp=acl",
            b"<SignedIdentifiers><SignedIdentifier/></SignedIdentifiers>",
            "400 InvalidXmlDocument",
        ),
        ("PUT /VHDS?restype=container", b"", "400 InvalidResourceName"),
    ];
    for (lines, body, expected) in rows {
        assert_eq!(outcome(&blobs.send(lines, body)), *expected, "{lines}");
    }
    assert_eq!(
        outcome(&blobs.send(&format!("{page}bytes=0-510"), &[0; 511])),
        "416 InvalidPageRange"
    );
    assert_eq!(
        outcome(&blobs.send(&format!("{page}bytes=0-511"), b"")),
        "400 InvalidHeaderValue"
    );
    assert_eq!(
        outcome(&blobs.send(&format!("{page}bytes=1024-1535"), PAGES)),
        "416 InvalidPageRange"
    );
    assert_eq!(
        outcome(&blobs.send(&format!("{page}bytes=0-4194815"), &large)),
        "413 RequestBodyTooLarge"
    );
    assert_eq!(
        outcome(&blobs.send(&format!("{page}0-511"), PAGES)),
        "400 InvalidHeaderValue"
    );
}

#[test]
fn a_read_of_what_is_known_already_is_cut_short() {
    let mut blobs = Blobs::new();
    blobs.prepare("PUT /vhds?restype=container", b"");
    blobs.prepare("PUT /vhds/t\nx-ms-blob-type: BlockBlob", b"x");
    let etag = header(&blobs.send("HEAD /vhds/t", b""), "etag").to_owned();
    let stale = blobs.send(
        &format!("GET /vhds/t\nif-none-match: {etag}\nx-ms-version: 2017-07-29"),
        b"",
    );
    assert_eq!((stale.status().as_u16(), stale.body().len()), (304, 0));
    assert_eq!(header(&stale, "x-ms-error-code"), "ConditionNotMet");
    assert_eq!(
        outcome(&blobs.send("GET /vhds/t\nif-match: \"0x1\"", b"")),
        "412 ConditionNotMet"
    );
    assert_eq!(
        outcome(&blobs.send("PUT /vhds/t\nx-ms-blob-type: BlockBlob\nif-none-match: *", b"")),
        "409 BlobAlreadyExists"
    );
}

#[test]
fn nobody_waits_for_a_copy_or_a_deletion_under_the_immediate_pace() {
    let mut blobs = Blobs::with(Pace::Immediate);
    blobs.prepare("PUT /vhds?restype=container", b"");
    blobs.prepare(
        "PUT /vhds/os\nx-ms-blob-type: PageBlob\nx-ms-blob-content-length: 1073741824",
        b"",
    );
    blobs.prepare("PUT https://other.blob.core.windows.net/vhds?restype=container", b"");
    let begun = blobs.send(
        "PUT https://other.blob.core.windows.net/vhds/os\nx-ms-copy-source: https://acct.blob.core.windows.net/vhds/os",
        b"",
    );
    assert_eq!(header(&begun, "x-ms-copy-status"), "pending");
    let read = blobs.send("HEAD https://other.blob.core.windows.net/vhds/os", b"");
    assert_eq!(header(&read, "x-ms-copy-status"), "success");
    assert_eq!(header(&read, "x-ms-copy-progress"), "1073741824/1073741824");

    blobs.prepare("DELETE /vhds?restype=container", b"");
    assert_eq!(
        outcome(&blobs.send("PUT /vhds?restype=container", b"")),
        "409 ContainerBeingDeleted"
    );
    assert_eq!(outcome(&blobs.send("PUT /vhds?restype=container", b"")), "201");
}
