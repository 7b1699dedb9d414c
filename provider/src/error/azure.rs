//! What Azure said, read from every envelope it uses (ARM 3.1), and what class of trouble that is.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Response};
use serde_json::Value;

use super::Quota;
use crate::TransportError;

/// Answers nest no deeper than that, unless they are made to.
const DETAILS_DEPTH_MAX: usize = 8;

/// The part of Azure that was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Component {
    /// Resource Manager and the providers behind it.
    ResourceManager,
    /// The directory that issues tokens.
    Identity,
    /// Blob storage.
    Blob,
    /// Service Management, the classic API.
    ServiceManagement,
    /// A key vault itself.
    KeyVault,
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ResourceManager => "resource manager",
            Self::Identity => "identity service",
            Self::Blob => "blob storage",
            Self::ServiceManagement => "service management API",
            Self::KeyVault => "key vault",
        })
    }
}

/// An answer that says no.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status; None where a long-running operation ended badly, since its document comes with 200.
    pub status: Option<u16>,
    /// Azure's code; the HTTP reason where the answer had none.
    pub code: String,
    /// Azure's message.
    pub message: String,
    /// Codes and messages of every level below, the outer ones first.
    pub details: Vec<(String, String)>,
    /// By which Microsoft's support finds the request.
    pub request_id: Option<String>,
    /// After how many seconds to try again, if the answer said so.
    pub retry_after_secs: Option<u64>,
}

/// What came of a request that did not succeed.
#[derive(Clone, Debug)]
pub enum Failure {
    /// Azure refused it.
    Refused(Refusal),
    /// Azure accepted it and failed later.
    OperationFailed(Refusal),
    /// There was no answer, after every repetition that is safe.
    NoAnswer(TransportError),
    /// The answer cannot be understood.
    Unreadable(String),
    /// The operation does not end.
    Overdue {
        /// How long was waited.
        waited_secs: u64,
        /// The last state seen.
        state: String,
    },
    /// It was done, and yet cannot be seen (consistency lag beyond every bound).
    Unseen {
        /// How long was waited.
        waited_secs: u64,
    },
}

/// What a caller can do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A limit of the subscription.
    QuotaExceeded(Quota),
    /// No room for this size here and now.
    Capacity,
    /// Something else uses it.
    InUse,
    /// It, or what it needs, does not exist.
    NotFound,
    /// Another operation is in the way; it ends by itself.
    Conflict,
    /// The group is on its way out.
    GroupGoing,
    /// The credential is not accepted.
    Unauthorised,
    /// The credential may not do this.
    Forbidden,
    /// A policy of the subscription's forbids it.
    Policy,
    /// Too many requests.
    Throttled {
        /// When to come back, if the answer said so.
        retry_after_secs: Option<u64>,
    },
    /// Azure's own trouble.
    Server,
    /// There was no answer.
    Transport,
    /// It never ended.
    Overdue,
    /// An answer that cannot be understood.
    Unreadable,
    /// The request itself is wrong.
    Invalid,
}

/// Azure refused, failed or did not answer.
#[derive(Clone, Debug)]
pub struct AzureError {
    /// Who was asked.
    pub component: Component,
    /// What for, as a verb and a noun: `create network interface`.
    pub operation: String,
    /// Which one: a resource id or a host and path, never a query.
    pub resource: String,
    /// What came of it. Boxed, since errors travel in every result.
    pub failure: Box<Failure>,
}

impl AzureError {
    pub(crate) fn new(component: Component, operation: &str, resource: &str, failure: Failure) -> Self {
        Self {
            component,
            operation: operation.to_owned(),
            resource: resource.to_owned(),
            failure: Box::new(failure),
        }
    }

    /// The refusal, if Azure gave one.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self.failure.as_ref() {
            Failure::Refused(refusal) | Failure::OperationFailed(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// Azure's code, if it gave one.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.refusal().map(|refusal| refusal.code.as_str())
    }

    /// What class of trouble this is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.failure.as_ref() {
            Failure::Refused(refusal) | Failure::OperationFailed(refusal) => refusal.kind(),
            Failure::NoAnswer(_) => Kind::Transport,
            Failure::Unreadable(_) => Kind::Unreadable,
            Failure::Overdue { .. } => Kind::Overdue,
            Failure::Unseen { .. } => Kind::NotFound,
        }
    }

    /// What to do next, where there is something to do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self.kind() {
            Kind::QuotaExceeded(quota) => match quota.limit {
                Some(limit) => format!("free some of them, or ask Azure support to raise the limit above {limit}"),
                None => "free some of what is limited, or ask Azure support to raise the limit".to_owned(),
            },
            Kind::Capacity => "try another size or another location, or try again later".to_owned(),
            Kind::InUse => "remove what still uses it first".to_owned(),
            Kind::Conflict => "try again once the other operation has ended".to_owned(),
            Kind::GroupGoing => "wait until the resource group is gone, then try again".to_owned(),
            Kind::Unauthorised if self.component == Component::ServiceManagement => {
                "check that the subscription id is right and that the management certificate is one of that subscription's"
                    .to_owned()
            }
            Kind::Unauthorised => "check or replace the credential".to_owned(),
            // juju-provider L78: the directory, and not the subscription, has to let it.
            Kind::Forbidden if self.component == Component::KeyVault => {
                "give whoever made the credential a role on the Key Vault application in the directory, and the service principal \
                 an access policy on the vault with all permissions over keys"
                    .to_owned()
            }
            Kind::Forbidden => {
                "give the service principal a role over the subscription that allows it, such as Contributor".to_owned()
            }
            Kind::Policy => "ask who administers the policies of the subscription".to_owned(),
            Kind::Throttled {
                retry_after_secs: Some(secs),
            } => format!("try again after {secs} seconds"),
            Kind::Throttled { retry_after_secs: None } => "try again later, with fewer requests at a time".to_owned(),
            Kind::Server => "try again later; Azure support finds the request by its id".to_owned(),
            Kind::Transport => "check the network and the endpoint".to_owned(),
            Kind::Overdue => "look at the resource in the portal's activity log; deleting it is safe".to_owned(),
            Kind::NotFound | Kind::Unreadable | Kind::Invalid => return None,
        })
    }
}

impl fmt::Display for AzureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cannot {} `{}`: the {} ",
            self.operation, self.resource, self.component
        )?;
        match self.failure.as_ref() {
            Failure::Refused(refusal) => write!(f, "answered {refusal}")?,
            Failure::OperationFailed(refusal) => write!(f, "accepted it and failed later: {refusal}")?,
            Failure::NoAnswer(error) => write!(f, "did not answer: {error}")?,
            Failure::Unreadable(reason) => write!(f, "gave an answer that cannot be read: {reason}")?,
            Failure::Overdue { waited_secs, state } => {
                write!(
                    f,
                    "has not ended the operation after {waited_secs} s, last state `{state}`"
                )?;
            }
            Failure::Unseen { waited_secs } => {
                write!(f, "said it was done, and still does not show it after {waited_secs} s")?;
            }
        }
        if let Kind::QuotaExceeded(quota) = self.kind() {
            write!(f, " [{quota}]")?;
        }
        match self.hint() {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for AzureError {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(status) = self.status {
            write!(f, "{status} ")?;
        }
        write!(f, "{}", self.code)?;
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        for (code, message) in &self.details {
            write!(f, " ({code}: {message})")?;
        }
        match &self.request_id {
            Some(id) => write!(f, " (request id {id})"),
            None => Ok(()),
        }
    }
}

impl Refusal {
    /// Reads an answer of any component.
    pub(crate) fn read(response: &Response<Bytes>) -> Self {
        let mut refusal = Self::from_body(response.body()).unwrap_or_default();
        refusal.status = Some(response.status().as_u16());
        refusal.request_id = request_id(response.headers());
        refusal.retry_after_secs = retry_after_secs(response.headers());
        if let Some(code) = header(response.headers(), "x-ms-error-code") {
            refusal.code = code;
        }
        if refusal.code.is_empty() {
            refusal.code = response
                .status()
                .canonical_reason()
                .unwrap_or("no code")
                .replace(' ', "");
        }
        refusal
    }

    /// Reads the document of an operation that ended badly.
    pub(crate) fn of_operation(response: &Response<Bytes>, status: &str) -> Self {
        let mut refusal = Self::from_body(response.body()).unwrap_or_default();
        refusal.request_id = request_id(response.headers());
        if refusal.code.is_empty() {
            refusal.code = status.to_owned();
        }
        refusal
    }

    fn from_body(body: &Bytes) -> Option<Self> {
        let text = String::from_utf8_lossy(without_bom(body));
        if let Ok(document) = serde_json::from_str::<Value>(&text) {
            return Self::from_json(&document);
        }

        let code = xml_text(&text, "Code")?;
        let message = xml_text(&text, "Message").unwrap_or_default();
        // Blob storage appends request id and time to the message, by lines.
        let message = message.lines().next().unwrap_or_default().to_owned();
        Some(Self {
            code,
            message,
            ..Self::default()
        })
    }

    /// Reads an error that stands inside another document.
    pub(crate) fn of_document(error: &Value) -> Option<Self> {
        Self::from_json(error)
    }

    fn from_json(document: &Value) -> Option<Self> {
        // The directory's own shape: `error` is the code.
        if let Some(code) = document.get("error").and_then(Value::as_str) {
            let message = document
                .get("error_description")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let message = message.lines().next().unwrap_or_default().to_owned();
            return Some(Self {
                code: code.to_owned(),
                message,
                ..Self::default()
            });
        }

        let error = member(document, "error").unwrap_or(document);
        let details = member(error, "details")
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let refusal = Self {
            code: text(error, "code"),
            message: text(error, "message"),
            details: details_of(details, DETAILS_DEPTH_MAX),
            ..Self::default()
        };
        (!refusal.code.is_empty() || !refusal.message.is_empty()).then_some(refusal)
    }

    /// Whether Azure used this code, at the top or one level down.
    pub(crate) fn has_code(&self, code: &str) -> bool {
        self.codes().any(|own| own.eq_ignore_ascii_case(code))
    }

    fn codes(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.code.as_str()).chain(self.details.iter().map(|(code, _)| code.as_str()))
    }

    fn messages(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.message.as_str()).chain(self.details.iter().map(|(_, message)| message.as_str()))
    }

    pub(crate) fn says(&self, words: &str) -> bool {
        self.messages().any(|message| message.contains(words))
    }

    /// By code where a code says it, else by status. ARM 3.2 to 3.7, juju-provider 1.19.
    pub(crate) fn kind(&self) -> Kind {
        if let Some(quota) = self.quota() {
            return Kind::QuotaExceeded(quota);
        }
        if self.status == Some(429) || self.has_code("TooManyRequests") {
            return match self.is_other_operation() {
                true => Kind::Conflict,
                false => Kind::Throttled {
                    retry_after_secs: self.retry_after_secs,
                },
            };
        }
        if let Some(kind) = self.codes().find_map(kind_of_code) {
            return kind;
        }
        // The classic API has one code for everything that is wrong (service-management 12).
        let in_use = [
            "is currently in use",
            "while in use",
            "is in use",
            "is associated",
            "still contains deployments",
            "has some active image(s)",
            "A lease conflict occurred",
        ];
        let has_its_code = self.has_code("BadRequest") || self.has_code("ConflictError");
        if has_its_code && in_use.iter().any(|words| self.says(words)) {
            return Kind::InUse;
        }
        // A disk that a machine still has shares its code with much else that is not allowed (ARM 3.6).
        if self.has_code("OperationNotAllowed") && self.says("is attached to") {
            return Kind::InUse;
        }
        if self.is_other_operation() {
            return Kind::Conflict;
        }

        match self.status {
            Some(401) => Kind::Unauthorised,
            Some(402 | 403 | 407) => Kind::Forbidden,
            Some(404 | 410) => Kind::NotFound,
            Some(500..) => Kind::Server,
            _ => Kind::Invalid,
        }
    }

    /// Refusals that end when another operation does (ARM 2.6).
    pub(crate) fn is_other_operation(&self) -> bool {
        let codes = [
            "AnotherOperationInProgress",
            "DeploymentActive",
            "RetryableError",
            "RetryableErrorDueToAnotherOperation",
            "ReferencedResourceNotProvisioned",
            "StorageAccountOperationInProgress",
            "StorageAccountIsNotProvisioned",
            "StorageAccountBeingCreated",
            "NicReservedForAnotherVm",
            "Conflict",
            "OperationPreempted",
        ];
        codes.into_iter().any(|code| self.has_code(code))
            || self.says("since another operation is in progress")
            || self.says("requires exclusive access")
            || self.says("An update of the deployment is in progress")
            || self.says("Another operation on this or dependent resource is in progress")
            || self.says("is marked for deletion")
    }

    /// Whether a limit on the number of something is behind it, which no other size of machine helps.
    pub(crate) fn is_count_limit(&self) -> bool {
        self.codes().any(|code| code.ends_with("CountLimitReached"))
    }

    fn quota(&self) -> Option<Quota> {
        let by_code = self.codes().any(|code| {
            code.ends_with("CountLimitReached")
                || matches!(
                    code,
                    "QuotaExceeded" | "ResourceGroupQuotaExceeded" | "MaxStorageAccountsCountPerSubscriptionExceeded"
                )
        });
        // The classic API has no code of its own for it (service-management 4.1).
        let of_classic = [
            "The subscription policy limit for resource type",
            "The deployment would have ",
        ];
        if of_classic.iter().any(|words| self.says(words)) {
            let parsed = self.messages().map(Quota::parse).find(|quota| quota.limit.is_some());
            return Some(parsed.unwrap_or_default());
        }
        // CRP says `OperationNotAllowed` for the core quota, and for much else (ARM 3.6).
        let by_message = self.has_code("OperationNotAllowed")
            && (self.says("exceeding quota limits of") || self.says("exceeding approved"));
        if !(by_code || by_message) {
            return None;
        }

        let parsed = self.messages().map(Quota::parse);
        Some(
            parsed
                .into_iter()
                .find(|quota| quota.limit.is_some())
                .unwrap_or_default(),
        )
    }
}

fn kind_of_code(code: &str) -> Option<Kind> {
    Some(match code {
        "SkuNotAvailable"
        | "AllocationFailed"
        | "ZonalAllocationFailed"
        | "OverconstrainedAllocationRequest"
        | "OverconstrainedZonalAllocationRequest" => Kind::Capacity,
        "NicInUse" | "PublicIPAddressCannotBeDeleted" | "PublicIPAddressInUse" | "LeaseIdMissing" => Kind::InUse,
        code if code.starts_with("InUse") => Kind::InUse,
        "ResourceGroupBeingDeleted" => Kind::GroupGoing,
        "ResourceGroupNotFound"
        | "ResourceNotFound"
        | "ParentResourceNotFound"
        | "NotFound"
        | "SubscriptionNotFound"
        | "InvalidResourceReference"
        | "ImageNotFound"
        | "PlatformImageNotFound"
        | "ContainerNotFound"
        | "BlobNotFound" => Kind::NotFound,
        "invalid_client"
        | "unauthorized_client"
        | "invalid_grant"
        | "ExpiredAuthenticationToken"
        | "InvalidAuthenticationToken"
        | "InvalidAuthenticationTokenTenant"
        | "AuthenticationFailed"
        | "ForbiddenError" => Kind::Unauthorised,
        "AuthorizationFailed" | "LinkedAuthorizationFailed" => Kind::Forbidden,
        "RequestDisallowedByPolicy" => Kind::Policy,
        _ => return None,
    })
}

/// What stands below an error, level by level. Deployments nest the answers of providers, and until about 2021 as a text in the
/// message (ARM 7.9).
fn details_of(details: &[Value], depth: usize) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut below = Vec::new();
    for detail in details {
        let message = text(detail, "message");
        let nested = serde_json::from_str::<Value>(&message).ok().filter(Value::is_object);
        match nested {
            Some(nested) => {
                let error = member(&nested, "error").unwrap_or(&nested).clone();
                found.push((text(detail, "code"), text(&error, "message")));
                below.push(error);
            }
            None => found.push((text(detail, "code"), message)),
        }
        below.extend(
            member(detail, "details")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .cloned(),
        );
    }
    if depth > 0 && !below.is_empty() {
        found.extend(details_of(&below, depth - 1));
    }
    found
}

fn text(value: &Value, name: &str) -> String {
    member(value, name)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .trim()
        .to_owned()
}

/// ARM answers in camel case, its gateway's jobs in Pascal case.
fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value
        .as_object()?
        .iter()
        .find(|(own, _)| own.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// Some services begin their text with a byte order mark (juju-provider L21).
pub(crate) fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

pub(crate) fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn request_id(headers: &HeaderMap) -> Option<String> {
    header(headers, "x-ms-request-id").or_else(|| header(headers, "x-ms-correlation-request-id"))
}

pub(crate) fn retry_after_secs(headers: &HeaderMap) -> Option<u64> {
    header(headers, "retry-after")?.trim().parse().ok()
}

fn xml_text(text: &str, element: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("<{element}>"))?;
    let (inner, _) = rest.split_once(&format!("</{element}>"))?;
    let plain = inner
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'");
    Some(plain.replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use expect_test::{Expect, expect};
    use http::Response;
    use proptest::prelude::*;

    use super::{AzureError, Component, Failure, Refusal};

    fn answer(status: u16, body: &str) -> Response<Bytes> {
        let mut response = Response::new(Bytes::copy_from_slice(body.as_bytes()));
        *response.status_mut() = http::StatusCode::from_u16(status).expect("the statuses of the tests are statuses");
        response
    }

    fn check(status: u16, body: &str, expect: Expect) {
        let failure = Failure::Refused(Refusal::read(&answer(status, body)));
        let error = AzureError::new(Component::ResourceManager, "create thing", "/a/b", failure);
        expect.assert_eq(&format!("{:?}\n{error}", error.kind()));
    }

    #[test]
    fn a_hit_limit_says_limit_use_and_way_out() {
        check(
            400,
            r#"{"error":{"code":"PublicIPCountLimitReached","message":"Cannot create more than 60 public IP addresses for this subscription in this region.","details":[]}}"#,
            expect![[r#"
                QuotaExceeded(Quota { name: Some("public IP addresses"), location: None, limit: Some(60), in_use: Some(60), needed: Some(1) })
                cannot create thing `/a/b`: the resource manager answered 400 PublicIPCountLimitReached: Cannot create more than 60 public IP addresses for this subscription in this region. [quota public IP addresses, limit 60, in use 60, needed 1]; free some of them, or ask Azure support to raise the limit above 60"#]],
        );
    }

    #[test]
    fn a_lock_that_answers_429_is_no_throttling() {
        check(
            429,
            r#"{"error":{"code":"RetryableError","message":"A retryable error occurred.","details":[{"code":"RetryableErrorDueToAnotherOperation","message":"Operation PutSubnetOperation (g) is updating resource r. The call can be retried in 11 seconds."}]}}"#,
            expect![[r#"
                Conflict
                cannot create thing `/a/b`: the resource manager answered 429 RetryableError: A retryable error occurred. (RetryableErrorDueToAnotherOperation: Operation PutSubnetOperation (g) is updating resource r. The call can be retried in 11 seconds.); try again once the other operation has ended"#]],
        );
    }

    #[test]
    fn every_envelope_is_read() {
        check(
            409,
            r#"{"Error":{"Code":"ResourceGroupDeletionBlocked","Target":null,"Message":"Deletion failed.","Details":[{"Code":null,"Target":"t","Message":"m"}]}}"#,
            expect![[r#"
                Invalid
                cannot create thing `/a/b`: the resource manager answered 409 ResourceGroupDeletionBlocked: Deletion failed. (: m)"#]],
        );
        check(
            409,
            r#"{"code":"OperationNotAllowed","message":"Operation results in exceeding quota limits of Core. Maximum allowed: 4, Current in use: 4, Additional requested: 1."}"#,
            expect![[r#"
                QuotaExceeded(Quota { name: Some("Core"), location: None, limit: Some(4), in_use: Some(4), needed: Some(1) })
                cannot create thing `/a/b`: the resource manager answered 409 OperationNotAllowed: Operation results in exceeding quota limits of Core. Maximum allowed: 4, Current in use: 4, Additional requested: 1. [quota Core, limit 4, in use 4, needed 1]; free some of them, or ask Azure support to raise the limit above 4"#]],
        );
        check(
            409,
            r#"{"error":{"code":"OperationNotAllowed","message":"Disk volume-0 is attached to VM /x/machine-0."}}"#,
            expect![[r#"
                InUse
                cannot create thing `/a/b`: the resource manager answered 409 OperationNotAllowed: Disk volume-0 is attached to VM /x/machine-0.; remove what still uses it first"#]],
        );
        check(
            412,
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>LeaseIdMissing</Code><Message>There is a lease.\nRequestId:x</Message></Error>",
            expect![[r#"
                InUse
                cannot create thing `/a/b`: the resource manager answered 412 LeaseIdMissing: There is a lease.; remove what still uses it first"#]],
        );
        check(
            401,
            r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided.\r\nTrace ID: t"}"#,
            expect![[r#"
                Unauthorised
                cannot create thing `/a/b`: the resource manager answered 401 invalid_client: AADSTS7000215: Invalid client secret provided.; check or replace the credential"#]],
        );
        check(
            502,
            "<html>bad</html>",
            expect![[r#"
                Server
                cannot create thing `/a/b`: the resource manager answered 502 BadGateway; try again later; Azure support finds the request by its id"#]],
        );
    }

    #[test]
    fn no_body_stops_the_reader() {
        proptest!(|(status in 400_u16..600, body in "(\\{|\\}|\"error\"|:|\"|code|<Code>|</Code>|null|\\[|\\]|\\PC)*")| {
            let refusal = Refusal::read(&answer(status, &body));
            prop_assert_eq!(refusal.status, Some(status));
            prop_assert!(!refusal.code.is_empty());
            let _ = refusal.kind();
        });
    }
}
