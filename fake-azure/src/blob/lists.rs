//! Lists as XML: containers, blobs, pages, blocks (ARM 9.2).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fake_azure_cloud::Time;
use fake_azure_cloud::blobs::{BlobEntry, Metadata, etag_text};
use fake_azure_cloud::fabric::{Blob, BlobKind, Container, Lease, ticks};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::address::Asked;
use super::xml::{Writer, escape, is_allowed};
use crate::text;

/// From this version on lists name the service, not the account, and entries have no address.
const SERVICE_ENDPOINT: &str = "2013-08-15";

/// Whether a list is to include something.
pub(super) fn includes(asked: &Asked<'_>, what: &str) -> bool {
    asked
        .param("include")
        .split(',')
        .any(|word| word.trim().eq_ignore_ascii_case(what))
}

/// A name as the marker of the next page.
fn marker(name: &str) -> String {
    let encoded = STANDARD
        .encode(name)
        .replace('=', "-")
        .replace('+', "_")
        .replace('/', "*");
    format!("2!{}!{encoded}", encoded.len())
}

/// The name in a marker; a text that no page gave out counts as a name.
pub(super) fn read_marker(text: &str) -> String {
    let name = text
        .strip_prefix("2!")
        .and_then(|rest| rest.split_once('!'))
        .and_then(|(_, encoded)| {
            let encoded = encoded.replace('-', "=").replace('_', "+").replace('*', "/");
            String::from_utf8(STANDARD.decode(encoded).ok()?).ok()
        });
    name.unwrap_or_else(|| text.to_owned())
}

/// `2016-05-13T11:12:37.9735799Z`.
pub(super) fn snapshot_name(snapshot: u64) -> String {
    let since_epoch = snapshot.saturating_sub(ticks(Time::from_millis(0)));
    let millis = Time::from_millis(i64::try_from(since_epoch / 10_000).unwrap_or(i64::MAX / 20_000));
    let text = millis.to_string();
    let whole = text.strip_suffix("0000Z").unwrap_or(&text);
    format!("{whole}{:04}Z", since_epoch % 10_000)
}

/// The root element of a list, and what was asked for.
fn begin(asked: &Asked<'_>, collection: &str) -> Writer {
    let endpoint = asked.endpoint();
    let root = match (asked.version.as_str() >= SERVICE_ENDPOINT, asked.container.as_str()) {
        (true, "") => format!("EnumerationResults ServiceEndpoint=\"{}\"", escape(&endpoint)),
        (true, container) => {
            format!(
                "EnumerationResults ServiceEndpoint=\"{}\" ContainerName=\"{}\"",
                escape(&endpoint),
                escape(container)
            )
        }
        (false, "") => format!("EnumerationResults AccountName=\"{}\"", escape(&endpoint)),
        (false, container) => format!(
            "EnumerationResults ContainerName=\"{}{}\"",
            escape(&endpoint),
            escape(container)
        ),
    };
    let mut list = Writer::new(&root);
    for (param, element) in [
        ("prefix", "Prefix"),
        ("marker", "Marker"),
        ("maxresults", "MaxResults"),
        ("delimiter", "Delimiter"),
    ] {
        if !asked.param(param).is_empty() {
            list.leaf(element, asked.param(param));
        }
    }
    list.open(collection);
    list
}

fn end(mut list: Writer, next: Option<&str>) -> Bytes {
    list.close();
    list.leaf_or_empty("NextMarker", &next.map(marker).unwrap_or_default());
    list.finish()
}

pub(super) fn containers(asked: &Asked<'_>, entries: &[(Box<str>, Container)], next: Option<&str>, now: Time) -> Bytes {
    let mut list = begin(asked, "Containers");
    for (name, container) in entries {
        list.open("Container");
        list.leaf("Name", name);
        if asked.version.as_str() < SERVICE_ENDPOINT {
            list.leaf("Url", &format!("{}{name}", asked.endpoint()));
        }
        list.open("Properties");
        list.leaf("Last-Modified", &text::rfc1123(container.modified));
        // A list of containers quotes etags, one of blobs does not (ARM 9.1).
        list.leaf("Etag", &format!("\"{}\"", etag_text(container.etag)));
        lease(&mut list, asked, &container.lease, now);
        if let Some(access) = container.public_access.as_deref().filter(|_| asked.since("2016-05-31")) {
            list.leaf("PublicAccess", access);
        }
        list.close();
        if includes(asked, "metadata") {
            metadata(&mut list, &container.metadata);
        }
        list.close();
    }
    end(list, next)
}

fn lease(list: &mut Writer, asked: &Asked<'_>, lease: &Lease, now: Time) {
    let state = lease.state_at(now).as_str();
    list.leaf("LeaseStatus", if lease.is_active(now) { "locked" } else { "unlocked" });
    if asked.since("2012-02-12") {
        list.leaf("LeaseState", state);
        if state == "leased" {
            list.leaf("LeaseDuration", if lease.secs.is_none() { "infinite" } else { "fixed" });
        }
    }
}

fn metadata(list: &mut Writer, metadata: &Metadata) {
    if metadata.is_empty() {
        list.empty("Metadata");
        return;
    }
    list.open("Metadata");
    for (name, value) in metadata {
        list.leaf(name, value);
    }
    list.close();
}

pub(super) fn blobs(asked: &Asked<'_>, entries: &[BlobEntry], next: Option<&str>, now: Time) -> Bytes {
    let mut list = begin(asked, "Blobs");
    for entry in entries {
        match entry {
            BlobEntry::Prefix(prefix) => {
                list.open("BlobPrefix");
                name(&mut list, prefix);
                list.close();
            }
            BlobEntry::Blob {
                name: blob_name,
                snapshot,
                blob,
            } => {
                list.open("Blob");
                name(&mut list, blob_name);
                if let Some(snapshot) = snapshot {
                    list.leaf("Snapshot", &snapshot_name(*snapshot));
                }
                if asked.version.as_str() < SERVICE_ENDPOINT {
                    list.leaf("Url", &format!("{}{}/{blob_name}", asked.endpoint(), asked.container));
                }
                properties(&mut list, asked, blob, snapshot.is_some(), now);
                if includes(asked, "metadata") {
                    metadata(&mut list, &blob.metadata);
                }
                list.close();
            }
        }
    }
    end(list, next)
}

/// A name; one with letters that XML cannot say is encoded.
fn name(list: &mut Writer, name: &str) {
    if name.chars().all(is_allowed) {
        list.leaf("Name", name);
    } else {
        list.leaf(
            "Name Encoded=\"true\"",
            &utf8_percent_encode(name, NON_ALPHANUMERIC).to_string(),
        );
    }
}

fn properties(list: &mut Writer, asked: &Asked<'_>, blob: &Blob, is_snapshot: bool, now: Time) {
    let header = |name: &str| blob.headers.get(name).map_or("", |value| value.as_ref());
    list.open("Properties");
    if asked.since("2017-11-09") {
        list.leaf("Creation-Time", &text::rfc1123(blob.created));
    }
    list.leaf("Last-Modified", &text::rfc1123(blob.modified));
    list.leaf("Etag", &etag_text(blob.etag));
    list.leaf("Content-Length", &blob.length.to_string());
    list.leaf_or_empty("Content-Type", header("content-type"));
    list.leaf_or_empty("Content-Encoding", header("content-encoding"));
    list.leaf_or_empty("Content-Language", header("content-language"));
    list.leaf_or_empty("Content-MD5", header("content-md5"));
    list.leaf_or_empty("Cache-Control", header("cache-control"));
    if asked.since(SERVICE_ENDPOINT) {
        list.leaf_or_empty("Content-Disposition", header("content-disposition"));
    }
    if blob.kind == BlobKind::Page {
        list.leaf("x-ms-blob-sequence-number", &blob.sequence.to_string());
    }
    list.leaf(
        "BlobType",
        if blob.kind == BlobKind::Page {
            "PageBlob"
        } else {
            "BlockBlob"
        },
    );
    if !is_snapshot {
        lease(list, asked, &blob.lease, now);
    }
    if let Some(copy) = blob.copy.as_ref().filter(|_| includes(asked, "copy")) {
        list.leaf("CopyId", &copy.id.to_string());
        list.leaf("CopySource", &copy.source);
        list.leaf("CopyStatus", copy.status(now));
        list.leaf(
            "CopyProgress",
            &format!("{}/{}", copy.progress(now, blob.length), blob.length),
        );
        if !copy.is_pending(now) {
            list.leaf("CopyCompletionTime", &text::rfc1123(copy.end));
        }
    }
    if asked.since("2015-12-11") {
        list.leaf("ServerEncrypted", "true");
    }
    list.close();
}

pub(super) fn pages(ranges: &[(u64, u64)]) -> Bytes {
    let mut list = Writer::new("PageList");
    for (start, end) in ranges {
        list.open("PageRange");
        list.leaf("Start", &start.to_string());
        list.leaf("End", &(end - 1).to_string());
        list.close();
    }
    list.finish()
}

pub(super) fn blocks(asked: &Asked<'_>, committed: &[(Box<str>, u64)], uncommitted: &[(Box<str>, u64)]) -> Bytes {
    let which = asked.param("blocklisttype").to_ascii_lowercase();
    let mut list = Writer::new("BlockList");
    if which != "uncommitted" {
        part(&mut list, "CommittedBlocks", committed);
    }
    if matches!(which.as_str(), "uncommitted" | "all") {
        part(&mut list, "UncommittedBlocks", uncommitted);
    }
    list.finish()
}

fn part(list: &mut Writer, element: &str, blocks: &[(Box<str>, u64)]) {
    if blocks.is_empty() {
        list.empty(element);
        return;
    }
    list.open(element);
    for (id, length) in blocks {
        list.open("Block");
        list.leaf("Name", id);
        list.leaf("Size", &length.to_string());
        list.close();
    }
    list.close();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_read_back_and_other_texts_are_names() {
        for name in ["", "a", "os/vhds/disk ü.vhd", "2!nothing"] {
            assert_eq!(read_marker(&marker(name)), name);
        }
        assert_eq!(read_marker("plain"), "plain");
        assert_eq!(read_marker("2!4!****"), "2!4!****");
    }

    #[test]
    fn snapshots_are_named_to_the_tick() {
        let second = ticks(Time::from_millis(1_463_137_957_973));
        assert_eq!(snapshot_name(second), "2016-05-13T11:12:37.9730000Z");
        assert_eq!(snapshot_name(second + 5799), "2016-05-13T11:12:37.9735799Z");
    }
}
