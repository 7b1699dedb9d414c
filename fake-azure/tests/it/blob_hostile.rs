//! Hostile requests: whatever comes in, an answer goes out, and a refusal changes nothing.

use proptest::prelude::*;

use crate::blob_support::Blobs;

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("vhds".to_owned()),
        Just("os.vhd".to_owned()),
        Just("$root".to_owned()),
        Just("%2e%2e".to_owned()),
        Just("%ff%00".to_owned()),
        Just(String::new()),
        "[a-z0-9%&=/?#.$-]{0,12}",
    ]
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("bytes=0-511".to_owned()),
        Just("bytes=511-0".to_owned()),
        Just("bytes=18446744073709551615-18446744073709551615".to_owned()),
        Just("18446744073709551615".to_owned()),
        Just("-1".to_owned()),
        Just("2015-04-05".to_owned()),
        Just("PageBlob".to_owned()),
        Just("acquire".to_owned()),
        Just("break".to_owned()),
        Just("update".to_owned()),
        Just("clear".to_owned()),
        Just("00000000-0000-0000-0000-00000000000a".to_owned()),
        Just("https://acct.blob.core.windows.net/vhds/os.vhd?snapshot=x".to_owned()),
        "[ -~]{0,24}",
    ]
}

const METHODS: &[&str] = &["GET", "PUT", "HEAD", "DELETE", "POST", "PATCH", "OPTIONS"];

const PARAMS: &[&str] = &[
    "restype=container",
    "restype=service",
    "comp=list",
    "comp=page",
    "comp=lease",
    "comp=pagelist",
    "comp=block",
    "comp=blocklist",
    "comp=properties",
    "comp=metadata",
    "comp=snapshot",
    "comp=copy",
    "comp=acl",
    "snapshot=2016-05-13T11:12:37.9735799Z",
    "marker=2!4!****",
    "maxresults=1",
    "include=snapshots,metadata,copy,uncommittedblobs",
    "delimiter=/",
    "sig=x",
    "sv=2015-04-05",
    "sr=b",
    "ss=b",
    "se=2017-01-01",
    "blockid=AAAA",
    "copyid=00000000-0000-0000-0000-00000000000a",
];

const HEADERS: &[&str] = &[
    "x-ms-version",
    "x-ms-blob-type",
    "x-ms-blob-content-length",
    "x-ms-range",
    "range",
    "x-ms-page-write",
    "x-ms-lease-id",
    "x-ms-lease-action",
    "x-ms-lease-duration",
    "x-ms-lease-break-period",
    "x-ms-proposed-lease-id",
    "x-ms-copy-source",
    "x-ms-meta-a",
    "if-match",
    "if-none-match",
    "if-modified-since",
    "x-ms-if-sequence-number-lt",
    "x-ms-sequence-number-action",
    "x-ms-blob-sequence-number",
    "x-ms-delete-snapshots",
    "x-ms-blob-public-access",
    "content-md5",
    "x-ms-date",
    "x-ms-client-request-id",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_request_is_answered(
        method in proptest::sample::select(METHODS),
        path in proptest::collection::vec(word(), 0..4),
        params in proptest::collection::vec(proptest::sample::select(PARAMS), 0..4),
        headers in proptest::collection::vec((proptest::sample::select(HEADERS), value()), 0..6),
        authorization in prop_oneof![Just(None), "(SharedKey|SharedKeyLite|Bearer|) ?[a-z:=]{0,12}".prop_map(Some)],
        body in prop_oneof![Just(Vec::new()), Just(vec![1; 512]), proptest::collection::vec(any::<u8>(), 0..40)],
    ) {
        let mut blobs = Blobs::new();
        blobs.prepare("PUT /vhds?restype=container", b"");
        blobs.prepare("PUT /vhds/os.vhd\nx-ms-blob-type: PageBlob\nx-ms-blob-content-length: 1024", b"");
        let uri = format!("https://acct.blob.core.windows.net/{}?{}", path.join("/"), params.join("&"));
        prop_assume!(uri.parse::<http::Uri>().is_ok());

        let before = blobs.sandbox.cloud.digest();
        let mut sent: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let response = match &authorization {
            Some(text) => {
                sent.push(("authorization", text));
                blobs.raw(&format!("{method} {uri}"), &sent, &body)
            }
            None => {
                let lines: Vec<String> = sent.iter().map(|(name, value)| format!("{name}: {value}")).collect();
                blobs.send(&format!("{method} {uri}\n{}", lines.join("\n")), &body)
            }
        };
        let status = response.status().as_u16();
        prop_assert!((200..500).contains(&status), "{status}");
        if status >= 400 {
            prop_assert_eq!(blobs.sandbox.cloud.digest(), before);
        }
        prop_assert_eq!(blobs.sandbox.cloud.check(), Vec::<String>::new());
    }
}
