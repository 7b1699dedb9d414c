//! What a request asks: from method, query and headers to an operation of the cloud.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fake_azure_cloud::blobs::{
    BlobConditions, BlobOperation, BlockSource, Compare, DeleteSnapshots, LeaseAction, Metadata, Page, SequenceAction,
};
use fake_azure_cloud::fabric::{AccessPolicy, PAGE};
use fake_azure_cloud::{Guid, Time};
use http::Method;
use md5::{Digest, Md5};

use super::address::{Asked, read_query};
use super::authorise::may_read_source;
use super::error::Refusal;
use super::{lists, service, xml};
use crate::sandbox::Sandbox;
use crate::text;

/// The most that one write of pages may carry (ARM 9.2).
const PAGES_MAX: u64 = 4 << 20;

/// The most entries of a list.
const ENTRIES_MAX: usize = 5000;

/// What is asked.
#[derive(Debug)]
pub(super) enum Ask {
    /// The properties of the service.
    ServiceProperties,
    /// SKU and kind of the account.
    AccountInfo,
    /// An operation of the cloud.
    Blob(Box<BlobOperation>),
}

/// What a signature must grant for a request: one of the permissions, on a level (`s`ervice, `c`ontainer, `o`bject).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) level: char,
    pub(super) permissions: &'static str,
}

impl Need {
    pub(super) const fn read_blob() -> Need {
        Need {
            level: 'o',
            permissions: "r",
        }
    }
}

impl Ask {
    /// What a signature must grant for it. Nothing grants to read or set access policies but the key.
    pub(super) fn need(&self, asked: &Asked<'_>) -> Need {
        let (level, permissions) = match self {
            Ask::ServiceProperties => ('s', "r"),
            Ask::AccountInfo => ('s', "rwdlacup"),
            Ask::Blob(operation) => match operation.as_ref() {
                BlobOperation::ListContainers(_) => ('s', "l"),
                BlobOperation::SetService(_) => ('s', "w"),
                BlobOperation::CreateContainer { .. } => ('c', "cw"),
                BlobOperation::ReadContainer if asked.param("comp") == "acl" => ('c', ""),
                BlobOperation::ReadContainer => ('c', "r"),
                BlobOperation::SetContainerMetadata(_) => ('c', "w"),
                BlobOperation::SetContainerAccess { .. } => ('c', ""),
                BlobOperation::DeleteContainer => ('c', "d"),
                BlobOperation::LeaseContainer(LeaseAction::Break { .. }) => ('c', "dw"),
                BlobOperation::LeaseContainer(_) => ('c', "w"),
                BlobOperation::ListBlobs { .. } => ('c', "l"),
                BlobOperation::PutPageBlob { .. }
                | BlobOperation::PutBlockBlob { .. }
                | BlobOperation::PutBlockList { .. }
                | BlobOperation::PutBlock { .. }
                | BlobOperation::Snapshot { .. }
                | BlobOperation::Copy { .. } => ('o', "cw"),
                BlobOperation::BlockList | BlobOperation::PageRanges { .. } | BlobOperation::ReadBlob { .. } => {
                    ('o', "r")
                }
                BlobOperation::DeleteBlob { .. } => ('o', "d"),
                BlobOperation::LeaseBlob(LeaseAction::Break { .. }) => ('o', "dw"),
                BlobOperation::WritePages { .. }
                | BlobOperation::ClearPages { .. }
                | BlobOperation::SetBlobProperties { .. }
                | BlobOperation::SetBlobMetadata(_)
                | BlobOperation::AbortCopy { .. }
                | BlobOperation::LeaseBlob(_) => ('o', "w"),
            },
        };
        Need { level, permissions }
    }

    /// Whether it makes a blob, perhaps in the place of another.
    pub(super) fn makes_blob(&self) -> bool {
        self.operation().is_some_and(|operation| {
            matches!(
                operation,
                BlobOperation::PutPageBlob { .. }
                    | BlobOperation::PutBlockBlob { .. }
                    | BlobOperation::PutBlockList { .. }
                    | BlobOperation::Copy { .. }
            )
        })
    }

    /// Whether the public may ask it where a container is open.
    pub(super) fn is_open_to_public(&self) -> bool {
        self.operation().is_some_and(|operation| {
            matches!(
                operation,
                BlobOperation::ReadContainer
                    | BlobOperation::ListBlobs { .. }
                    | BlobOperation::ReadBlob { .. }
                    | BlobOperation::PageRanges { .. }
                    | BlobOperation::BlockList
            )
        })
    }

    fn operation(&self) -> Option<&BlobOperation> {
        match self {
            Ask::Blob(operation) => Some(operation),
            Ask::ServiceProperties | Ask::AccountInfo => None,
        }
    }
}

/// Reads what is asked.
pub(super) fn decode(sandbox: &Sandbox, asked: &Asked<'_>) -> Result<Ask, Refusal> {
    if asked.container.is_empty() {
        return account(asked);
    }
    let operation = if asked.blob.is_empty() {
        container(asked)?
    } else {
        blob(sandbox, asked)?
    };
    Ok(Ask::Blob(Box::new(operation)))
}

fn account(asked: &Asked<'_>) -> Result<Ask, Refusal> {
    let method = asked.method;
    match (asked.param("restype"), asked.param("comp")) {
        ("", "list") if *method == Method::GET => Ok(Ask::Blob(Box::new(BlobOperation::ListContainers(page(asked)?)))),
        ("service", "properties") if *method == Method::GET => Ok(Ask::ServiceProperties),
        ("service", "properties") if *method == Method::PUT => Ok(Ask::Blob(Box::new(BlobOperation::SetService(
            service::read_sections(asked.body)?,
        )))),
        ("account", "properties") if matches!(*method, Method::GET | Method::HEAD) => Ok(Ask::AccountInfo),
        ("", "list") | ("account", "properties") => Err(Refusal::verb("GET,HEAD")),
        ("service", "properties") => Err(Refusal::verb("GET,PUT")),
        ("" | "service" | "account", "") => Err(Refusal::missing_query("comp")),
        ("" | "service" | "account", comp) => Err(Refusal::query("comp", comp)),
        (restype, _) => Err(Refusal::query("restype", restype)),
    }
}

fn container(asked: &Asked<'_>) -> Result<BlobOperation, Refusal> {
    if asked.param("restype") != "container" {
        return Err(Refusal::missing_query("restype"));
    }
    match (asked.method.as_str(), asked.param("comp")) {
        ("PUT", "") => Ok(BlobOperation::CreateContainer {
            public_access: public_access(asked)?,
            metadata: metadata(asked)?,
        }),
        ("GET" | "HEAD", "" | "metadata" | "acl") => Ok(BlobOperation::ReadContainer),
        ("GET", "list") => Ok(BlobOperation::ListBlobs {
            page: page(asked)?,
            delimiter: Some(asked.param("delimiter"))
                .filter(|delimiter| !delimiter.is_empty())
                .map(Into::into),
            snapshots: lists::includes(asked, "snapshots"),
            uncommitted: lists::includes(asked, "uncommittedblobs"),
        }),
        ("PUT", "metadata") => Ok(BlobOperation::SetContainerMetadata(metadata(asked)?)),
        ("PUT", "acl") => Ok(BlobOperation::SetContainerAccess {
            public_access: public_access(asked)?,
            policies: policies(asked)?,
        }),
        ("PUT", "lease") => Ok(BlobOperation::LeaseContainer(lease(asked)?)),
        ("DELETE", "") => Ok(BlobOperation::DeleteContainer),
        (_, "") => Err(Refusal::verb("GET,HEAD,PUT,DELETE")),
        (_, "metadata" | "acl") => Err(Refusal::verb("GET,HEAD,PUT")),
        (_, "list") => Err(Refusal::verb("GET")),
        (_, "lease") => Err(Refusal::verb("PUT")),
        (_, comp) => Err(Refusal::query("comp", comp)),
    }
}

fn blob(sandbox: &Sandbox, asked: &Asked<'_>) -> Result<BlobOperation, Refusal> {
    let snapshot = snapshot(asked)?;
    if snapshot.is_some() && *asked.method == Method::PUT && asked.header("x-ms-copy-source").is_none() {
        return Err(Refusal::query("snapshot", asked.param("snapshot")));
    }
    match (asked.method.as_str(), asked.param("comp")) {
        ("GET" | "HEAD", "" | "metadata") => Ok(BlobOperation::ReadBlob { snapshot }),
        ("GET", "pagelist") => Ok(BlobOperation::PageRanges {
            range: whole_range(asked)?,
            snapshot,
        }),
        ("GET", "blocklist") => Ok(BlobOperation::BlockList),
        ("PUT", "") if asked.header("x-ms-copy-source").is_some() => copy(sandbox, asked),
        ("PUT", "") => put(asked),
        ("PUT", "page") => pages(asked),
        ("PUT", "block") => block(asked),
        ("PUT", "blocklist") => block_list(asked),
        ("PUT", "properties") => properties(asked),
        ("PUT", "metadata") => Ok(BlobOperation::SetBlobMetadata(metadata(asked)?)),
        ("PUT", "lease") => Ok(BlobOperation::LeaseBlob(lease(asked)?)),
        ("PUT", "snapshot") => Ok(BlobOperation::Snapshot {
            metadata: metadata(asked)?,
        }),
        ("PUT", "copy") => {
            // A header says that the copy is to be aborted; old clients are believed without it.
            if let Some(action) = asked.header("x-ms-copy-action").filter(|action| *action != "abort") {
                return Err(Refusal::header("x-ms-copy-action", action));
            }
            let id = asked.param("copyid");
            Ok(BlobOperation::AbortCopy {
                id: Guid::parse(id).ok_or_else(|| Refusal::query("copyid", id))?,
            })
        }
        ("DELETE", "") => delete(asked, snapshot),
        (_, "") => Err(Refusal::verb("GET,HEAD,PUT,DELETE")),
        (_, "metadata") => Err(Refusal::verb("GET,HEAD,PUT")),
        (_, "pagelist") => Err(Refusal::verb("GET")),
        (_, "blocklist") => Err(Refusal::verb("GET,PUT")),
        (_, "page" | "block" | "properties" | "lease" | "snapshot" | "copy") => Err(Refusal::verb("PUT")),
        (_, comp) => Err(Refusal::query("comp", comp)),
    }
}

fn put(asked: &Asked<'_>) -> Result<BlobOperation, Refusal> {
    let metadata = metadata(asked)?;
    let mut headers = content_headers(asked);
    match asked.header("x-ms-blob-type") {
        Some("PageBlob") => {
            let length = number(asked, "x-ms-blob-content-length")?;
            let length = length.ok_or_else(|| Refusal::missing_header("x-ms-blob-content-length"))?;
            if !asked.body.is_empty() {
                return Err(Refusal::header("Content-Length", &asked.body.len().to_string()));
            }
            let sequence = number(asked, "x-ms-blob-sequence-number")?.unwrap_or(0);
            Ok(BlobOperation::PutPageBlob {
                length,
                sequence,
                headers,
                metadata,
            })
        }
        Some("BlockBlob") => {
            let own = check_md5(asked)?;
            headers.entry("content-md5".into()).or_insert_with(|| own.into());
            Ok(BlobOperation::PutBlockBlob {
                content: body(asked),
                headers,
                metadata,
            })
        }
        Some(other) => Err(Refusal::header("x-ms-blob-type", other)),
        None => Err(Refusal::missing_header("x-ms-blob-type")),
    }
}

fn pages(asked: &Asked<'_>) -> Result<BlobOperation, Refusal> {
    let text = asked
        .header("x-ms-range")
        .or_else(|| asked.header("range"))
        .ok_or_else(|| Refusal::missing_header("x-ms-range"))?;
    let range = read_range(text).and_then(|(start, end)| Some((start, end?)));
    let (start, end) = range.ok_or_else(|| Refusal::header("Range", text))?;
    match asked.header("x-ms-page-write").map(str::to_ascii_lowercase).as_deref() {
        Some("update") => {
            let length = end - start;
            if length > PAGES_MAX {
                let message = "The request body is too large and exceeds the maximum permissible limit.";
                return Err(Refusal::new(413, "RequestBodyTooLarge", message).detail("MaxLimit", PAGES_MAX.to_string()));
            }
            if length.is_multiple_of(PAGE) && length != asked.body.len() as u64 {
                return Err(Refusal::header("Content-Length", &asked.body.len().to_string()));
            }
            if !start.is_multiple_of(PAGE) || !length.is_multiple_of(PAGE) {
                return Err(Refusal::new(
                    416,
                    "InvalidPageRange",
                    "The page range specified is invalid.",
                ));
            }
            check_md5(asked)?;
            Ok(BlobOperation::WritePages {
                start,
                content: body(asked),
            })
        }
        Some("clear") if asked.body.is_empty() => Ok(BlobOperation::ClearPages { start, end }),
        Some("clear") => Err(Refusal::header("Content-Length", &asked.body.len().to_string())),
        Some(other) => Err(Refusal::header("x-ms-page-write", other)),
        None => Err(Refusal::missing_header("x-ms-page-write")),
    }
}

fn block(asked: &Asked<'_>) -> Result<BlobOperation, Refusal> {
    let id = asked.param("blockid");
    if id.is_empty() {
        return Err(Refusal::missing_query("blockid"));
    }
    if !STANDARD.decode(id).is_ok_and(|id| (1..=64).contains(&id.len())) {
        return Err(Refusal::query("blockid", id));
    }
    check_md5(asked)?;
    Ok(BlobOperation::PutBlock {
        id: id.into(),
        content: body(asked),
    })
}

fn block_list(asked: &Asked<'_>) -> Result<BlobOperation, Refusal> {
    check_md5(asked)?;
    let document = xml::read(asked.body)?;
    if document.name != "BlockList" {
        return Err(Refusal::invalid_xml());
    }
    let blocks = document.children.iter().map(|block| {
        let source = match block.name.as_str() {
            "Committed" => BlockSource::Committed,
            "Uncommitted" => BlockSource::Uncommitted,
            "Latest" => BlockSource::Latest,
            _ => return Err(Refusal::invalid_xml()),
        };
        Ok((source, block.text.as_str().into()))
    });
    Ok(BlobOperation::PutBlockList {
        blocks: blocks.collect::<Result<_, _>>()?,
        headers: content_headers(asked),
        metadata: metadata(asked)?,
    })
}

fn properties(asked: &Asked<'_>) -> Result<BlobOperation, Refusal> {
    let sequence = match asked
        .header("x-ms-sequence-number-action")
        .map(str::to_ascii_lowercase)
        .as_deref()
    {
        None => None,
        Some("increment") => Some(SequenceAction::Increment),
        Some(action @ ("max" | "update")) => {
            let given = number(asked, "x-ms-blob-sequence-number")?;
            let given = given.ok_or_else(|| Refusal::missing_header("x-ms-blob-sequence-number"))?;
            Some(if action == "max" {
                SequenceAction::Max(given)
            } else {
                SequenceAction::Update(given)
            })
        }
        Some(other) => return Err(Refusal::header("x-ms-sequence-number-action", other)),
    };
    let length = number(asked, "x-ms-blob-content-length")?;
    // With one content header all are replaced; with none they stay, if something else is set.
    let headers = set_headers(asked);
    let untouched = headers.is_empty() && (length.is_some() || sequence.is_some());
    Ok(BlobOperation::SetBlobProperties {
        headers: (!untouched).then_some(headers),
        length,
        sequence,
    })
}

fn delete(asked: &Asked<'_>, snapshot: Option<u64>) -> Result<BlobOperation, Refusal> {
    let snapshots = match asked.header("x-ms-delete-snapshots") {
        None => None,
        Some(_) if snapshot.is_some() => return Err(Refusal::header("x-ms-delete-snapshots", "include")),
        Some(word) if word.eq_ignore_ascii_case("include") => Some(DeleteSnapshots::Include),
        Some(word) if word.eq_ignore_ascii_case("only") => Some(DeleteSnapshots::Only),
        Some(other) => return Err(Refusal::header("x-ms-delete-snapshots", other)),
    };
    Ok(BlobOperation::DeleteBlob { snapshots, snapshot })
}

fn copy(sandbox: &Sandbox, asked: &Asked<'_>) -> Result<BlobOperation, Refusal> {
    let given = asked.header("x-ms-copy-source").unwrap_or_default();
    // Before 2012-02-12 the source was a path in the account's own service.
    let absolute = if given.starts_with('/') {
        format!("path://localhost{given}")
    } else {
        given.to_owned()
    };
    let query = read_query(absolute.split_once('?').map_or("", |(_, query)| query));
    let located = sandbox.storage.locate(&absolute);
    let source = located.map(|address| {
        let account = address
            .account
            .strip_suffix("-secondary")
            .unwrap_or(&address.account)
            .into();
        match address.blob.as_str() {
            "" => (account, "$root".into(), address.container.into()),
            blob => (account, address.container.into(), blob.into()),
        }
    });
    let snapshot = match query.get("snapshot").map(String::as_str) {
        None | Some("") => None,
        Some(text) => Some(read_snapshot(text).ok_or_else(|| Refusal::header("x-ms-copy-source", given))?),
    };
    let source = source.filter(|source| may_read_source(sandbox, asked, source, &query));
    Ok(BlobOperation::Copy {
        source,
        snapshot,
        text: given.into(),
        metadata: metadata(asked)?,
        conditions: BlobConditions {
            if_match: etags(asked.header("x-ms-source-if-match")),
            if_none_match: etags(asked.header("x-ms-source-if-none-match")),
            modified_since: date(asked, "x-ms-source-if-modified-since")?,
            unmodified_since: date(asked, "x-ms-source-if-unmodified-since")?,
            sequence: Vec::new(),
        },
    })
}

fn lease(asked: &Asked<'_>) -> Result<LeaseAction, Refusal> {
    let guid = |name: &str| match asked.header(name) {
        None => Ok(None),
        Some(text) => Guid::parse(text.trim_matches(['{', '}']))
            .map(Some)
            .ok_or_else(|| Refusal::header(name, text)),
    };
    let held = || guid("x-ms-lease-id")?.ok_or_else(|| Refusal::missing_header("x-ms-lease-id"));
    match asked
        .header("x-ms-lease-action")
        .map(str::to_ascii_lowercase)
        .as_deref()
    {
        Some("acquire") => {
            let secs = match asked.header("x-ms-lease-duration") {
                Some("-1") => None,
                // Before 2012-02-12 every lease was of one minute.
                None if !asked.since("2012-02-12") => Some(60),
                None => return Err(Refusal::missing_header("x-ms-lease-duration")),
                Some(text) => Some(
                    between(asked, "x-ms-lease-duration", 15, 60)?
                        .ok_or_else(|| Refusal::header("x-ms-lease-duration", text))?,
                ),
            };
            Ok(LeaseAction::Acquire {
                secs,
                proposed: guid("x-ms-proposed-lease-id")?,
            })
        }
        Some("renew") => Ok(LeaseAction::Renew(held()?)),
        Some("change") => {
            let proposed = guid("x-ms-proposed-lease-id")?;
            let proposed = proposed.ok_or_else(|| Refusal::missing_header("x-ms-proposed-lease-id"))?;
            Ok(LeaseAction::Change { id: held()?, proposed })
        }
        Some("release") => Ok(LeaseAction::Release(held()?)),
        Some("break") => Ok(LeaseAction::Break {
            after_secs: between(asked, "x-ms-lease-break-period", 0, 60)?,
        }),
        Some(other) => Err(Refusal::header("x-ms-lease-action", other)),
        None => Err(Refusal::missing_header("x-ms-lease-action")),
    }
}

fn between(asked: &Asked<'_>, name: &str, low: u32, high: u32) -> Result<Option<u32>, Refusal> {
    let Some(text) = asked.header(name) else {
        return Ok(None);
    };
    let number = text.parse::<u32>().ok().filter(|number| (low..=high).contains(number));
    number.map(Some).ok_or_else(|| Refusal::header(name, text))
}

fn number(asked: &Asked<'_>, name: &str) -> Result<Option<u64>, Refusal> {
    let Some(text) = asked.header(name) else {
        return Ok(None);
    };
    text.trim().parse().map(Some).map_err(|_| Refusal::header(name, text))
}

/// The lease id that the caller shows. In a lease operation it belongs to the operation.
pub(super) fn lease_id(asked: &Asked<'_>) -> Result<Option<Guid>, Refusal> {
    match asked.header("x-ms-lease-id") {
        None => Ok(None),
        Some(_) if asked.param("comp") == "lease" => Ok(None),
        Some(text) => Guid::parse(text.trim_matches(['{', '}']))
            .map(Some)
            .ok_or_else(|| Refusal::header("x-ms-lease-id", text)),
    }
}

/// The conditions of a request.
pub(super) fn conditions(asked: &Asked<'_>) -> Result<BlobConditions, Refusal> {
    let mut sequence = Vec::new();
    for (name, compare) in [
        ("x-ms-if-sequence-number-le", Compare::AtMost),
        ("x-ms-if-sequence-number-lt", Compare::Less),
        ("x-ms-if-sequence-number-eq", Compare::Equal),
    ] {
        if let Some(given) = number(asked, name)? {
            sequence.push((compare, given));
        }
    }
    Ok(BlobConditions {
        if_match: etags(asked.header("if-match")),
        if_none_match: etags(asked.header("if-none-match")),
        modified_since: date(asked, "if-modified-since")?,
        unmodified_since: date(asked, "if-unmodified-since")?,
        sequence,
    })
}

fn etags(header: Option<&str>) -> Option<Vec<Box<str>>> {
    let bare = |etag: &str| etag.trim().trim_start_matches("W/").trim_matches('"').into();
    header.map(|header| header.split(',').map(bare).collect())
}

fn date(asked: &Asked<'_>, name: &str) -> Result<Option<Time>, Refusal> {
    let Some(text) = asked.header(name) else {
        return Ok(None);
    };
    text::parse_rfc1123(text)
        .map(Some)
        .ok_or_else(|| Refusal::header(name, text))
}

/// The snapshot that the address names.
fn snapshot(asked: &Asked<'_>) -> Result<Option<u64>, Refusal> {
    match asked.param("snapshot") {
        "" => Ok(None),
        text => read_snapshot(text)
            .map(Some)
            .ok_or_else(|| Refusal::query("snapshot", text)),
    }
}

/// `2016-05-13T11:12:37.9735799Z` in ticks.
fn read_snapshot(text: &str) -> Option<u64> {
    let fraction = text.strip_suffix('Z')?.split_once('.')?.1;
    let digits = fraction.len() == 7 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let below_millis: u64 = digits.then(|| fraction[3..].parse().ok())??;
    Some(fake_azure_cloud::fabric::ticks(text::parse_iso(text)?) + below_millis)
}

/// Metadata: `x-ms-meta-*`. Names are identifiers.
fn metadata(asked: &Asked<'_>) -> Result<Metadata, Refusal> {
    let mut read = Metadata::new();
    for (name, value) in asked.headers {
        let Some(name) = name.as_str().strip_prefix("x-ms-meta-") else {
            continue;
        };
        if name.is_empty() {
            return Err(Refusal::new(
                400,
                "EmptyMetadataKey",
                "The key for one of the metadata key-value pairs is empty.",
            ));
        }
        let is_identifier = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && !name.starts_with(|first: char| first.is_ascii_digit());
        let Some(value) = value.to_str().ok().filter(|_| is_identifier) else {
            let message = "The specified metadata is invalid. It includes characters that are not permitted.";
            return Err(Refusal::new(400, "InvalidMetadata", message));
        };
        read.insert(name.into(), value.into());
    }
    Ok(read)
}

/// The content headers of a blob that is made: `x-ms-blob-…` ones, then the request's own.
fn content_headers(asked: &Asked<'_>) -> Metadata {
    let mut read = set_headers(asked);
    for name in ["content-type", "content-encoding", "content-language", "cache-control"] {
        if let Some(value) = asked.header(name)
            && asked.header("x-ms-blob-type") == Some("BlockBlob")
        {
            read.entry(name.into()).or_insert_with(|| value.into());
        }
    }
    read
}

/// The `x-ms-blob-…` content headers.
fn set_headers(asked: &Asked<'_>) -> Metadata {
    let names = [
        "content-type",
        "content-encoding",
        "content-language",
        "content-md5",
        "cache-control",
        "content-disposition",
    ];
    let pairs = names.into_iter().filter_map(|name| {
        let value = asked.header(&format!("x-ms-blob-{name}"))?;
        Some((Box::from(name), Box::from(value)))
    });
    pairs.collect()
}

fn public_access(asked: &Asked<'_>) -> Result<Option<Box<str>>, Refusal> {
    match asked
        .header("x-ms-blob-public-access")
        .map(str::to_ascii_lowercase)
        .as_deref()
    {
        None => Ok(None),
        // The word of versions before 2009-09-19.
        Some("container" | "true") => Ok(Some("container".into())),
        Some("blob") => Ok(Some("blob".into())),
        Some(other) => Err(Refusal::header("x-ms-blob-public-access", other)),
    }
}

fn policies(asked: &Asked<'_>) -> Result<Vec<AccessPolicy>, Refusal> {
    if asked.body.is_empty() {
        return Ok(Vec::new());
    }
    let document = xml::read(asked.body)?;
    if document.name != "SignedIdentifiers" || document.children.len() > 5 {
        return Err(Refusal::invalid_xml());
    }
    let policies = document.children.iter().map(|entry| {
        let policy = entry.child("AccessPolicy");
        let text = |name: &str| {
            policy
                .and_then(|policy| policy.text_of(name))
                .filter(|text| !text.is_empty())
                .map(Into::into)
        };
        let id = entry
            .text_of("Id")
            .filter(|id| !id.is_empty() && id.len() <= 64)
            .ok_or_else(Refusal::invalid_xml)?;
        Ok(AccessPolicy {
            id: id.into(),
            start: text("Start"),
            expiry: text("Expiry"),
            permission: text("Permission"),
        })
    });
    policies.collect()
}

fn page(asked: &Asked<'_>) -> Result<Page, Refusal> {
    let max = match asked.param("maxresults") {
        "" => ENTRIES_MAX,
        text => {
            let number: usize = text.parse().map_err(|_| Refusal::query("maxresults", text))?;
            if number == 0 {
                return Err(Refusal::out_of_range_query("maxresults", text));
            }
            number.min(ENTRIES_MAX)
        }
    };
    let marker = lists::read_marker(asked.param("marker")).into();
    Ok(Page {
        prefix: asked.param("prefix").into(),
        marker,
        max,
    })
}

/// The range of a read: `x-ms-range`, else `Range`. First byte, and behind the last where one is given.
pub(super) fn range(asked: &Asked<'_>) -> Option<(u64, Option<u64>)> {
    let text = asked.header("x-ms-range").or_else(|| asked.header("range"))?;
    read_range(text)
}

fn whole_range(asked: &Asked<'_>) -> Result<Option<(u64, u64)>, Refusal> {
    Ok(range(asked).map(|(start, end)| (start, end.unwrap_or(u64::MAX))))
}

/// `bytes=0-511`: what has another form counts as absent.
fn read_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (start, end) = text.trim().strip_prefix("bytes=")?.split_once('-')?;
    let start: u64 = start.trim().parse().ok()?;
    match end.trim() {
        "" => Some((start, None)),
        end => {
            let end: u64 = end.parse().ok()?;
            (start <= end).then_some((start, Some(end.saturating_add(1))))
        }
    }
}

fn body(asked: &Asked<'_>) -> Arc<[u8]> {
    Arc::from(asked.body.as_ref())
}

/// The MD5 of some bytes, as base64.
pub(super) fn md5(bytes: &[u8]) -> String {
    STANDARD.encode(Md5::digest(bytes))
}

/// The MD5 of the body, which must be the one that the client says it is.
fn check_md5(asked: &Asked<'_>) -> Result<String, Refusal> {
    let own = md5(asked.body);
    let Some(given) = asked.header("content-md5") else {
        return Ok(own);
    };
    if !STANDARD.decode(given).is_ok_and(|digest| digest.len() == 16) {
        let message =
            "The MD5 value specified in the request is invalid. MD5 value must be 128 bits and base64-encoded.";
        return Err(Refusal::new(400, "InvalidMd5", message));
    }
    if given == own {
        return Ok(own);
    }
    let message = "The MD5 value specified in the request did not match with the MD5 value calculated by the server.";
    Err(Refusal::new(400, "Md5Mismatch", message)
        .detail("UserSpecifiedMd5", given)
        .detail("ServerCalculatedMd5", own))
}
