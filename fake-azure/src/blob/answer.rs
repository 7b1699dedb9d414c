//! Answers: status, headers and body of what the cloud did (ARM 9.1, 9.2).

use bytes::Bytes;
use fake_azure_cloud::Time;
use fake_azure_cloud::blobs::{BlobOperation, BlobOutcome, LeaseAction, etag_text};
use fake_azure_cloud::fabric::{Blob, BlobKind, Container, Lease};
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, Response, StatusCode};

use super::address::Asked;
use super::authorise::Grant;
use super::decode::{md5, range};
use super::error::Refusal;
use super::{lists, service};
use crate::sandbox::Sandbox;
use crate::text;

/// The most bytes of a blob that one answer carries: an answer stands in memory as a whole.
const CONTENT_MAX: u64 = 256 << 20;

/// The most bytes of a range whose MD5 is given on demand.
const RANGE_MD5_MAX: u64 = 4 << 20;

/// An answer before the headers that all answers have.
#[derive(Debug)]
pub(super) struct Dressed {
    status: u16,
    headers: Vec<(String, String)>,
    body: Bytes,
    /// When what the answer calls unfinished will be done.
    until: Option<Time>,
}

impl Dressed {
    pub(super) fn new(status: u16) -> Dressed {
        Dressed {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
            until: None,
        }
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Dressed {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    fn with_if(self, condition: bool, name: &str, value: impl Into<String>) -> Dressed {
        if condition { self.with(name, value) } else { self }
    }

    pub(super) fn xml(self, body: Bytes) -> Dressed {
        Dressed { body, ..self }.with("content-type", "application/xml")
    }

    /// ETag and date of what was read or written.
    fn stamped(self, etag: u64, modified: Time) -> Dressed {
        self.with("etag", format!("\"{}\"", etag_text(etag)))
            .with("last-modified", text::rfc1123(modified))
    }

    /// The whole answer.
    pub(super) fn finish(self, sandbox: &mut Sandbox, asked: &Asked<'_>, id: &str) -> Response<Bytes> {
        let mut response = Response::new(if *asked.method == Method::HEAD {
            Bytes::new()
        } else {
            self.body
        });
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let headers = response.headers_mut();
        for (name, value) in &self.headers {
            add(headers, name, value);
        }
        let date = text::rfc1123(sandbox.now_for_expiry());
        common_headers(headers, id, Some(asked), asked.headers, &date);
        sandbox.pace_after(self.until);
        response
    }
}

/// The headers of every answer (ARM 9.1).
pub(super) fn common_headers(
    headers: &mut HeaderMap,
    id: &str,
    asked: Option<&Asked<'_>>,
    sent: &HeaderMap,
    date: &str,
) {
    add(headers, "server", "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0");
    add(headers, "x-ms-request-id", id);
    if let Some(asked) = asked {
        add(headers, "x-ms-version", &asked.version);
    }
    if let Some(client) = sent.get("x-ms-client-request-id").filter(|id| id.len() <= 1024) {
        headers.insert("x-ms-client-request-id", client.clone());
    }
    add(headers, "date", date);
}

/// Adds a header; a value that no header can carry (it came in by XML) is left out.
fn add(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
        headers.insert(name, value);
    }
}

/// What the cloud did, as an answer.
pub(super) fn encode(
    sandbox: &Sandbox,
    asked: &Asked<'_>,
    grant: &Grant,
    operation: &BlobOperation,
    outcome: BlobOutcome,
) -> Result<Dressed, Refusal> {
    let now = sandbox.cloud.now();
    match outcome {
        BlobOutcome::Containers { entries, next } => {
            Ok(Dressed::new(200).xml(lists::containers(asked, &entries, next.as_deref(), now)))
        }
        BlobOutcome::Blobs { entries, next } => {
            Ok(Dressed::new(200).xml(lists::blobs(asked, &entries, next.as_deref(), now)))
        }
        BlobOutcome::Found(blob) => read(asked, *grant, &blob, now),
        BlobOutcome::Pages(ranges) => {
            let (blob, dressed) = (own_blob(sandbox, asked), Dressed::new(200));
            Ok(with_length(dressed, blob).xml(lists::pages(&ranges)))
        }
        BlobOutcome::Blocks { committed, uncommitted } => {
            let blob = own_blob(sandbox, asked).filter(|blob| !blob.blocks.only_staged);
            Ok(with_length(Dressed::new(200), blob).xml(lists::blocks(asked, &committed, &uncommitted)))
        }
        BlobOutcome::Snapshot(name) => {
            let dressed = Dressed::new(201).with("x-ms-snapshot", lists::snapshot_name(name));
            let taken = own_blob(sandbox, asked).and_then(|blob| blob.snapshots.get(&name));
            Ok(encrypted(stamped(dressed, taken.map(AsRef::as_ref)), asked))
        }
        BlobOutcome::Copied { id, pending } => {
            let blob = own_blob(sandbox, asked);
            let mut dressed = stamped(Dressed::new(if asked.since("2012-02-12") { 202 } else { 201 }), blob)
                .with("x-ms-copy-id", id.to_string())
                .with("x-ms-copy-status", if pending { "pending" } else { "success" });
            dressed.until = blob
                .and_then(|blob| blob.copy.as_ref())
                .filter(|_| pending)
                .map(|copy| copy.end);
            Ok(dressed)
        }
        BlobOutcome::Leased { id, remaining_secs } => Ok(leased(
            sandbox,
            asked,
            operation,
            id.map(|id| id.to_string()),
            remaining_secs,
        )),
        BlobOutcome::Done => Ok(done(sandbox, asked, operation)),
    }
}

fn leased(
    sandbox: &Sandbox,
    asked: &Asked<'_>,
    operation: &BlobOperation,
    id: Option<String>,
    remaining_secs: Option<u32>,
) -> Dressed {
    let status = match operation {
        BlobOperation::LeaseBlob(action) | BlobOperation::LeaseContainer(action) => match action {
            LeaseAction::Acquire { .. } => 201,
            LeaseAction::Break { .. } => 202,
            LeaseAction::Renew(_) | LeaseAction::Change { .. } | LeaseAction::Release(_) => 200,
        },
        _ => 200,
    };
    let dressed = match asked.blob.as_str() {
        "" => container_stamped(Dressed::new(status), own_container(sandbox, asked)),
        _ => stamped(Dressed::new(status), own_blob(sandbox, asked)),
    };
    let dressed = match id {
        Some(id) => dressed.with("x-ms-lease-id", id),
        None => dressed,
    };
    match remaining_secs {
        Some(secs) => dressed.with("x-ms-lease-time", secs.to_string()),
        None => dressed,
    }
}

/// The answers that say little more than that it was done.
fn done(sandbox: &Sandbox, asked: &Asked<'_>, operation: &BlobOperation) -> Dressed {
    let container = || own_container(sandbox, asked);
    let blob = own_blob(sandbox, asked);
    match operation {
        BlobOperation::SetService(_) => Dressed::new(202),
        BlobOperation::CreateContainer { .. } => container_stamped(Dressed::new(201), container()),
        BlobOperation::SetContainerMetadata(_) | BlobOperation::SetContainerAccess { .. } => {
            container_stamped(Dressed::new(200), container())
        }
        BlobOperation::ReadContainer => read_container(sandbox, asked),
        BlobOperation::DeleteContainer => Dressed::new(202),
        BlobOperation::DeleteBlob { .. } => {
            Dressed::new(202).with_if(asked.since("2017-07-29"), "x-ms-delete-type-permanent", "true")
        }
        BlobOperation::AbortCopy { .. } => Dressed::new(204),
        BlobOperation::PutBlock { content, .. } => {
            encrypted(Dressed::new(201).with("content-md5", md5(content)), asked)
        }
        BlobOperation::WritePages { content, .. } => encrypted(
            sequenced(stamped(Dressed::new(201), blob), blob).with("content-md5", md5(content)),
            asked,
        ),
        BlobOperation::ClearPages { .. } => encrypted(sequenced(stamped(Dressed::new(201), blob), blob), asked),
        BlobOperation::PutBlockBlob { content, .. } => encrypted(
            stamped(Dressed::new(201), blob).with("content-md5", md5(content)),
            asked,
        ),
        BlobOperation::PutPageBlob { .. } | BlobOperation::PutBlockList { .. } => {
            encrypted(stamped(Dressed::new(201), blob), asked)
        }
        BlobOperation::SetBlobProperties { .. } => sequenced(stamped(Dressed::new(200), blob), blob),
        BlobOperation::SetBlobMetadata(_) => encrypted(stamped(Dressed::new(200), blob), asked),
        BlobOperation::ListContainers(_)
        | BlobOperation::ListBlobs { .. }
        | BlobOperation::LeaseContainer(_)
        | BlobOperation::LeaseBlob(_)
        | BlobOperation::BlockList
        | BlobOperation::PageRanges { .. }
        | BlobOperation::ReadBlob { .. }
        | BlobOperation::Snapshot { .. }
        | BlobOperation::Copy { .. } => Dressed::new(200),
    }
}

fn own_container<'s>(sandbox: &'s Sandbox, asked: &Asked<'_>) -> Option<&'s Container> {
    sandbox
        .cloud
        .fabric()
        .containers
        .get(&(asked.account.as_str().into(), asked.container.as_str().into()))
}

fn own_blob<'s>(sandbox: &'s Sandbox, asked: &Asked<'_>) -> Option<&'s Blob> {
    let name = (
        asked.account.as_str().into(),
        asked.container.as_str().into(),
        asked.blob.as_str().into(),
    );
    sandbox.cloud.fabric().blobs.get(&name)
}

fn stamped(dressed: Dressed, blob: Option<&Blob>) -> Dressed {
    match blob {
        Some(blob) => dressed.stamped(blob.etag, blob.modified),
        None => dressed,
    }
}

fn container_stamped(dressed: Dressed, container: Option<&Container>) -> Dressed {
    match container {
        Some(container) => dressed.stamped(container.etag, container.modified),
        None => dressed,
    }
}

fn sequenced(dressed: Dressed, blob: Option<&Blob>) -> Dressed {
    match blob.filter(|blob| blob.kind == BlobKind::Page) {
        Some(blob) => dressed.with("x-ms-blob-sequence-number", blob.sequence.to_string()),
        None => dressed,
    }
}

fn with_length(dressed: Dressed, blob: Option<&Blob>) -> Dressed {
    match blob {
        Some(blob) => stamped(dressed, Some(blob)).with("x-ms-blob-content-length", blob.length.to_string()),
        None => dressed,
    }
}

/// What writes say since the service encrypts.
fn encrypted(dressed: Dressed, asked: &Asked<'_>) -> Dressed {
    dressed.with_if(asked.since("2015-12-11"), "x-ms-request-server-encrypted", "true")
}

fn lease_headers(dressed: Dressed, asked: &Asked<'_>, lease: &Lease, now: Time) -> Dressed {
    let active = lease.is_active(now);
    let dressed = dressed.with("x-ms-lease-status", if active { "locked" } else { "unlocked" });
    if !asked.since("2012-02-12") {
        return dressed;
    }
    let duration = if lease.secs.is_none() { "infinite" } else { "fixed" };
    dressed.with("x-ms-lease-state", lease.state_at(now).as_str()).with_if(
        active && lease.state_at(now).as_str() == "leased",
        "x-ms-lease-duration",
        duration,
    )
}

fn read_container(sandbox: &Sandbox, asked: &Asked<'_>) -> Dressed {
    let Some(container) = own_container(sandbox, asked) else {
        return Dressed::new(200);
    };
    let now = sandbox.cloud.now();
    let mut dressed = Dressed::new(200).stamped(container.etag, container.modified);
    if let Some(access) = container.public_access.as_deref()
        && asked.param("comp") != "metadata"
    {
        dressed = dressed.with("x-ms-blob-public-access", access);
    }
    if asked.param("comp") == "acl" {
        return dressed.xml(service::policies(&container.policies));
    }
    for (name, value) in &container.metadata {
        dressed = dressed.with(&format!("x-ms-meta-{name}"), value.as_ref());
    }
    if asked.param("comp") == "metadata" {
        return dressed;
    }
    lease_headers(dressed, asked, &container.lease, now)
        .with_if(asked.since("2017-11-09"), "x-ms-has-immutability-policy", "false")
        .with_if(asked.since("2017-11-09"), "x-ms-has-legal-hold", "false")
        .with_if(
            asked.since("2019-02-02"),
            "x-ms-default-encryption-scope",
            "$account-encryption-key",
        )
        .with_if(
            asked.since("2019-02-02"),
            "x-ms-deny-encryption-scope-override",
            "false",
        )
}

/// A blob's properties, and its content or a part of it.
fn read(asked: &Asked<'_>, grant: Grant, blob: &Blob, now: Time) -> Result<Dressed, Refusal> {
    let is_head = *asked.method == Method::HEAD;
    if asked.param("comp") == "metadata" {
        return Ok(metadata(Dressed::new(200).stamped(blob.etag, blob.modified), blob));
    }
    // HEAD answers for the whole blob whatever range is asked for.
    let asked_range = if is_head { None } else { range(asked) };
    let (start, end) = match asked_range {
        Some((start, end)) => (start, end.unwrap_or(blob.length).min(blob.length)),
        None => (0, blob.length),
    };
    if asked_range.is_some() && start >= blob.length {
        let message = "The range specified is invalid for the current size of the resource.";
        let refusal = Refusal::new(416, "InvalidRange", message);
        return Err(refusal.with_header("content-range", format!("bytes */{}", blob.length)));
    }
    if !is_head && end - start > CONTENT_MAX {
        let message = "This simulator carries no more than 256 MiB of a blob in one answer. Ask for a range.";
        return Err(Refusal::new(500, "InternalError", message));
    }

    let mut dressed = Dressed::new(if asked_range.is_some() { 206 } else { 200 })
        .stamped(blob.etag, blob.modified)
        .with("accept-ranges", "bytes")
        .with("content-length", (end - start).to_string());
    dressed = content_headers(dressed, asked, grant, blob, asked_range.is_some());
    if asked_range.is_some() {
        dressed = dressed.with("content-range", format!("bytes {start}-{}/{}", end - 1, blob.length));
    }
    dressed = facts(metadata(dressed, blob), asked, blob, now);
    if !is_head {
        let content = blob.read(start, end - start);
        let wants_md5 = asked
            .header("x-ms-range-get-content-md5")
            .is_some_and(|flag| flag.eq_ignore_ascii_case("true"));
        if wants_md5 && asked_range.is_some() {
            if end - start > RANGE_MD5_MAX {
                return Err(Refusal::header("x-ms-range-get-content-md5", "true"));
            }
            dressed = dressed.with("content-md5", md5(&content));
        }
        dressed.body = Bytes::from(content);
    }
    dressed.until = blob
        .copy
        .as_ref()
        .filter(|copy| copy.is_pending(now))
        .map(|copy| copy.end);
    Ok(dressed)
}

/// Content headers; a signature may put others in their place. The MD5 of the whole goes by another name beside a part.
fn content_headers(mut dressed: Dressed, asked: &Asked<'_>, grant: Grant, blob: &Blob, is_part: bool) -> Dressed {
    for (name, value) in &blob.headers {
        match name.as_ref() {
            "content-md5" if is_part => {
                dressed = dressed.with_if(asked.since("2016-05-31"), "x-ms-blob-content-md5", value.as_ref())
            }
            name => dressed = dressed.with(name, value.as_ref()),
        }
    }
    if grant != Grant::Signature {
        return dressed;
    }
    for (param, name) in [
        ("rscc", "cache-control"),
        ("rscd", "content-disposition"),
        ("rsce", "content-encoding"),
        ("rscl", "content-language"),
        ("rsct", "content-type"),
    ] {
        if !asked.param(param).is_empty() {
            dressed = dressed.with(name, asked.param(param));
        }
    }
    dressed
}

fn metadata(mut dressed: Dressed, blob: &Blob) -> Dressed {
    for (name, value) in &blob.metadata {
        dressed = dressed.with(&format!("x-ms-meta-{name}"), value.as_ref());
    }
    dressed
}

/// What the service knows of a blob: type, lease, copy.
fn facts(dressed: Dressed, asked: &Asked<'_>, blob: &Blob, now: Time) -> Dressed {
    let kind = match blob.kind {
        BlobKind::Page => "PageBlob",
        BlobKind::Block => "BlockBlob",
    };
    let mut dressed = sequenced(dressed.with("x-ms-blob-type", kind), Some(blob));
    if asked.param("snapshot").is_empty() {
        dressed = lease_headers(dressed, asked, &blob.lease, now);
    }
    dressed = dressed
        .with_if(asked.since("2015-12-11"), "x-ms-server-encrypted", "true")
        .with_if(
            asked.since("2017-11-09"),
            "x-ms-creation-time",
            text::rfc1123(blob.created),
        );
    let Some(copy) = blob.copy.as_ref().filter(|_| asked.since("2012-02-12")) else {
        return dressed;
    };
    dressed = dressed
        .with("x-ms-copy-id", copy.id.to_string())
        .with("x-ms-copy-source", copy.source.as_ref())
        .with("x-ms-copy-status", copy.status(now))
        .with(
            "x-ms-copy-progress",
            format!("{}/{}", copy.progress(now, blob.length), blob.length),
        );
    if copy.is_pending(now) {
        dressed
    } else {
        dressed.with("x-ms-copy-completion-time", text::rfc1123(copy.end))
    }
}
