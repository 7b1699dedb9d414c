//! The blobs of disks.
//!
//! The name of each is written and deleted by one function: Juju once deleted another one, which succeeds silently
//! (juju-provider L52).

use bytes::Bytes;
use http::{Method, Request};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use quick_xml::Reader;
use quick_xml::events::Event;

use super::scope::Call;

const OS_VHDS: &str = "osvhds";
const DATA_VHDS: &str = "datavhds";
/// The version the storage SDKs of early 2016 sent.
const VERSION: &str = "2015-04-05";

/// Where the OS disk of `vm` is, in its account.
pub(crate) fn os_vhd_path(vm: &str) -> String {
    format!("{OS_VHDS}/{vm}.vhd")
}

/// Where the OS disk of `vm` is, in the account with this endpoint.
pub(crate) fn os_vhd_uri(blob_endpoint: &str, vm: &str) -> String {
    format!("{blob_endpoint}{}", os_vhd_path(vm))
}

/// Where volume `name` is, in the account with this endpoint (juju-provider 1.4).
pub(crate) fn data_vhd_uri(blob_endpoint: &str, name: &str) -> String {
    format!("{blob_endpoint}{DATA_VHDS}/{name}.vhd")
}

/// Deletes the OS disk, with snapshots that somebody took of it. None when the endpoint makes no URI.
pub(crate) fn delete_os_vhd(blob_endpoint: &str, vm: &str) -> Option<Call> {
    delete("delete OS disk", &os_vhd_uri(blob_endpoint, vm))
}

/// Deletes a volume, with snapshots that somebody took of it. None when the endpoint makes no URI.
pub(crate) fn delete_data_vhd(blob_endpoint: &str, name: &str) -> Option<Call> {
    delete("delete volume", &data_vhd_uri(blob_endpoint, name))
}

fn delete(operation: &'static str, uri: &str) -> Option<Call> {
    call(operation, Method::DELETE, uri, &[("x-ms-delete-snapshots", "include")])
}

/// A page of the volumes of the account. None when the endpoint makes no URI.
pub(crate) fn list_data_vhds(blob_endpoint: &str, prefix: &str, marker: Option<&str>) -> Option<Call> {
    let escaped = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let mut uri = format!(
        "{blob_endpoint}{DATA_VHDS}?restype=container&comp=list&prefix={}",
        escaped(prefix)
    );
    if let Some(marker) = marker {
        uri.push_str(&format!("&marker={}", escaped(marker)));
    }
    call("list volumes", Method::GET, &uri, &[])
}

fn call(operation: &'static str, method: Method, uri: &str, headers: &[(&'static str, &'static str)]) -> Option<Call> {
    let mut request = Request::builder()
        .method(method)
        .uri(uri)
        .header("x-ms-version", VERSION);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Bytes::new()).ok()?;
    let resource = format!("{}{}", request.uri().host()?, request.uri().path());
    Some(Call {
        operation,
        resource,
        request,
    })
}

/// A blob of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Blob {
    pub(crate) name: String,
    pub(crate) bytes: u64,
}

/// A page of a list of blobs, with where the next one begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) blobs: Vec<Blob>,
    pub(crate) next: Option<String>,
}

impl Page {
    /// Reads an `EnumerationResults` document; what is in it besides is passed over.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
        let mut page = Self::default();
        let mut path: Vec<String> = Vec::new();
        let mut blob: Option<Blob> = None;
        let mut content = String::new();
        loop {
            match reader.read_event().map_err(|error| error.to_string())? {
                Event::Start(start) => {
                    content.clear();
                    let name = start.local_name();
                    path.push(AsRef::<str>::as_ref(&name).to_owned());
                    if path.last().is_some_and(|name| name == "Blob") {
                        blob = Some(Blob::default());
                    }
                }
                Event::Text(piece) => content.push_str(piece.as_ref()),
                Event::GeneralRef(reference) => {
                    let name: &str = reference.as_ref();
                    let letter = match name {
                        "lt" => Some('<'),
                        "gt" => Some('>'),
                        "amp" => Some('&'),
                        "quot" => Some('"'),
                        "apos" => Some('\''),
                        _ => reference.resolve_char_ref().ok().flatten(),
                    };
                    content.extend(letter);
                }
                Event::End(_) => {
                    let name = path.pop().unwrap_or_default();
                    match (name.as_str(), blob.as_mut()) {
                        ("Name", Some(blob)) => blob.name = content.trim().to_owned(),
                        ("Content-Length", Some(blob)) => {
                            let bytes = content.trim().parse();
                            blob.bytes = bytes.map_err(|_| format!("`{content}` is no length of a blob"))?;
                        }
                        ("Blob", Some(_)) => page.blobs.extend(blob.take()),
                        ("NextMarker", _) => {
                            page.next = Some(content.trim().to_owned()).filter(|text| !text.is_empty())
                        }
                        _ => {}
                    }
                    content.clear();
                }
                Event::Eof if path.is_empty() => return Ok(page),
                Event::Eof => return Err("the list ends in the middle".to_owned()),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::scope::tests::wire;
    use super::{Blob, Page, list_data_vhds};

    #[test]
    fn a_page_of_blobs_is_read_with_its_marker() {
        let text = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults ContainerName=\"x\"><Prefix>volume-</Prefix>\
            <Blobs><Blob><Name>volume-0.vhd</Name><Properties><Content-Length>1073742336</Content-Length>\
            <BlobType>PageBlob</BlobType></Properties></Blob><Blob><Name>a&amp;b</Name><Properties/></Blob></Blobs>\
            <NextMarker>2!8&#x21;</NextMarker></EnumerationResults>";
        let blob = |name: &str, bytes| Blob {
            name: name.to_owned(),
            bytes,
        };
        assert_eq!(
            Page::read(text),
            Ok(Page {
                blobs: vec![blob("volume-0.vhd", 1_073_742_336), blob("a&b", 0)],
                next: Some("2!8!".to_owned()),
            })
        );
    }

    #[test]
    fn an_empty_list_has_no_next_page_and_half_a_list_is_none() {
        assert_eq!(
            Page::read("<EnumerationResults><Blobs/><NextMarker/></EnumerationResults>"),
            Ok(Page::default())
        );
        assert!(Page::read("<EnumerationResults><Blobs>").is_err());
    }

    #[test]
    fn the_next_page_is_asked_for_by_its_marker() {
        let call = list_data_vhds("https://a.blob.core.windows.net/", "volume-", Some("2!8"));
        expect![[r#"
            GET https://a.blob.core.windows.net/datavhds?restype=container&comp=list&prefix=volume%2D&marker=2%218
            x-ms-version: 2015-04-05

        "#]]
        .assert_eq(&call.map(|call| wire(&call)).unwrap_or_default());
    }
}
