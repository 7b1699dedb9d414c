//! One request, one answer: the pure function under every way to reach the simulator.
//!
//! It dispatches to four front ends that do not know one another, applies the fault rules around them and writes the
//! journal. It refuses to know sockets, TLS, threads and the wall clock.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use fake_azure_cloud::descriptor::Dialect;
use fake_azure_cloud::{Cloud, OperationId};
use http::uri::{PathAndQuery, Uri};
use http::{HeaderValue, Method, Request, Response, header};

use crate::faults::{Past, Rule, Verdict, answers, distorted};
use crate::identity::AzureCloud;
use crate::pace::Pace;
use crate::sandbox::Sandbox;
use crate::{arm, asm, blob, envelope, identity, vault};

/// `Retry-After` of a throttling fault that names none, in seconds (ARM 5.4: 1 to 17 for token buckets).
const THROTTLED_SECS: u32 = 10;

/// The listener that a request came in by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Listener {
    /// Resource Manager.
    Arm,
    /// Service Management, the classic API.
    Asm,
    /// The blob service.
    Blob,
    /// Sign-in.
    Aad,
    /// The control API.
    Admin,
}

impl Listener {
    /// Every listener, in the order of their usual ports.
    pub const ALL: [Listener; 5] = [
        Listener::Arm,
        Listener::Asm,
        Listener::Blob,
        Listener::Aad,
        Listener::Admin,
    ];

    /// `arm`, `asm`, `blob`, `aad`, `admin`: in flags, in the names of environment variables and in the journal.
    pub const fn name(self) -> &'static str {
        match self {
            Listener::Arm => "arm",
            Listener::Asm => "asm",
            Listener::Blob => "blob",
            Listener::Aad => "aad",
            Listener::Admin => "admin",
        }
    }

    /// The port it listens on unless told otherwise.
    pub const fn default_port(self) -> u16 {
        match self {
            Listener::Arm => 8443,
            Listener::Asm => 8444,
            Listener::Blob => 8445,
            Listener::Aad => 8446,
            Listener::Admin => 8447,
        }
    }

    /// Finds a listener by its name.
    pub fn find(name: &str) -> Option<Listener> {
        Listener::ALL.into_iter().find(|listener| listener.name() == name)
    }
}

/// An answer, and how to deliver it.
#[derive(Clone, Debug)]
pub struct Served {
    /// The answer.
    pub response: Response<Bytes>,
    /// What becomes of it.
    pub delivery: Delivery,
}

/// How an answer is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It is sent.
    Send,
    /// The connection is cut instead.
    Drop,
    /// It is sent after this time.
    After(Duration),
}

/// The client certificate that came with a connection, as DER: a request extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate(pub Bytes);

/// Answers one request. Its URI is absolute: whoever holds the socket fills in scheme and authority.
///
/// Fault rules look at it first; the journal gets what came of it.
pub fn serve(sandbox: &mut Sandbox, listener: Listener, request: Request<Bytes>) -> Served {
    let front = front(listener, request.uri());
    let request = prepare(front, request);
    let now = sandbox.cloud.now();
    let struck = sandbox
        .faults
        .judge(front.listener(), request.method(), request.uri(), now);
    let fault = struck.as_ref().map(|rule| rule.verdict.word());
    let served = match struck {
        None => Served {
            response: answer(sandbox, front, &request),
            delivery: Delivery::Send,
        },
        Some(rule) => strike(sandbox, front, &request, &rule),
    };
    sandbox.faults.remember(request.method(), &sandbox.cloud);
    sandbox
        .journal
        .add(now, front, request, &served.response, fault, served.delivery);
    served
}

/// The front end's answer.
fn answer(sandbox: &mut Sandbox, front: Front, request: &Request<Bytes>) -> Response<Bytes> {
    match front {
        Front::Arm => arm::serve(sandbox, request),
        Front::Asm => asm::serve(sandbox, request),
        Front::Blob => blob::serve(sandbox, request),
        Front::Identity => identity::serve(sandbox, request),
        Front::Vault => vault::serve(sandbox, request),
    }
}

/// What a service of Azure's own downloads by its URI, a linked template for one: straight from the blob service, past fault
/// rules and journal, which are for what clients send.
pub(crate) fn download(sandbox: &mut Sandbox, request: &Request<Bytes>) -> Response<Bytes> {
    blob::serve(sandbox, request)
}

/// Does what a fault rule's verdict says.
fn strike(sandbox: &mut Sandbox, front: Front, request: &Request<Bytes>, rule: &Rule) -> Served {
    let mut delivery = Delivery::Send;
    let response = match &rule.verdict {
        Verdict::Throttle(members) => {
            let secs = members.retry_after_secs.unwrap_or(THROTTLED_SECS);
            answers::throttled(sandbox, front, request, secs)
        }
        Verdict::Status(members) => answers::status(sandbox, front, request, members),
        Verdict::Latency(members) => {
            delivery = Delivery::After(Duration::from_millis(members.ms.into()));
            answer(sandbox, front, request)
        }
        Verdict::CutBefore => {
            delivery = Delivery::Drop;
            // There is no answer; the journal and a driver without a socket still want something to hold.
            envelope::of(
                front,
                http::StatusCode::BAD_GATEWAY,
                "ConnectionCut",
                "The connection was cut before the request.",
            )
        }
        Verdict::CutAfter => {
            delivery = Delivery::Drop;
            answer(sandbox, front, request)
        }
        verdict @ (Verdict::OperationFails(_) | Verdict::CapacityGone(_) | Verdict::OperationEndless) => {
            with_operations(sandbox, front, request, verdict)
        }
        Verdict::Stale(members) => stale(sandbox, front, request, members.within_ms),
        Verdict::TokensExpired => {
            sandbox.faults.set_tokens_expired(true);
            let response = answer(sandbox, front, request);
            sandbox.faults.set_tokens_expired(false);
            response
        }
        Verdict::PrincipalNotReplicated => match answers::principal_not_replicated(sandbox, request) {
            Some(response) => {
                sandbox.pace_after(rule.matches.to.map(|to| to.0));
                response
            }
            None => answer(sandbox, front, request),
        },
        Verdict::ByteOrderMark => distorted::marked(answer(sandbox, front, request)),
        Verdict::IdsRecased => distorted::recased(answer(sandbox, front, request)),
        Verdict::KeysMissing => distorted::keyless(answer(sandbox, front, request)),
    };
    Served { response, delivery }
}

/// Answers, and then something befalls every operation that the request began. A deployment is none: it befalls the last thing
/// that it makes.
fn with_operations(
    sandbox: &mut Sandbox,
    front: Front,
    request: &Request<Bytes>,
    verdict: &Verdict,
) -> Response<Bytes> {
    let before: BTreeSet<OperationId> = sandbox.cloud.running().into_iter().map(|(id, _)| id).collect();
    let deployments = arm::deployments::n_begun(&sandbox.cloud);
    let response = answer(sandbox, front, request);
    let running = sandbox.cloud.running();
    let begun: Vec<(OperationId, Dialect)> = running.into_iter().filter(|(id, _)| !before.contains(id)).collect();
    for (id, by) in begun {
        befall(&mut sandbox.cloud, id, by, verdict);
    }
    for serial in deployments + 1..=arm::deployments::n_begun(&sandbox.cloud) {
        sandbox.faults.strike_deployment(serial, verdict.clone());
    }
    response
}

/// A deployment began an operation for a resource: rules over operations see it, too.
pub(crate) fn deployed(sandbox: &mut Sandbox, serial: u64, id: &str, is_last: bool, operation: OperationId) {
    let now = sandbox.cloud.now();
    let Some(verdict) = sandbox.faults.judge_deployed(serial, id, is_last, now) else {
        return;
    };
    let found = sandbox.cloud.running().into_iter().find(|(own, _)| *own == operation);
    if let Some((_, by)) = found {
        befall(&mut sandbox.cloud, operation, by, &verdict);
    }
}

fn befall(cloud: &mut Cloud, operation: OperationId, by: Dialect, verdict: &Verdict) {
    match verdict {
        Verdict::OperationFails(members) => {
            cloud.doom(operation, answers::late_failure(members, by));
        }
        Verdict::CapacityGone(members) => {
            cloud.doom(operation, answers::no_room(members, by));
        }
        Verdict::OperationEndless => {
            cloud.set_endless(operation, true);
        }
        _ => {}
    }
}

/// Answers a read from the past; a write, and a read of what has not changed since, from the present.
fn stale(sandbox: &mut Sandbox, front: Front, request: &Request<Bytes>, within_ms: u32) -> Response<Bytes> {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let past = is_read
        .then(|| sandbox.faults.past(sandbox.cloud.now(), within_ms))
        .flatten();
    let Some(Past { cloud, then, shows }) = past else {
        return answer(sandbox, front, request);
    };
    // The clock stands still meanwhile: what moves it belongs to the present.
    let pace = std::mem::replace(&mut sandbox.pace, Pace::Paused);
    let present = std::mem::replace(&mut sandbox.cloud, cloud);
    // By the sandbox: deployments that ran then go on in what it had of them, too. What befell them then is in it already.
    let faults = std::mem::take(&mut sandbox.faults);
    sandbox.advance(then);
    sandbox.faults = faults;
    let response = answer(sandbox, front, request);
    sandbox.cloud = present;
    sandbox.pace = pace;
    sandbox.pace_after(Some(shows));
    response
}

/// The front ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Front {
    /// Resource Manager.
    Arm,
    /// Service Management.
    Asm,
    /// The blob service.
    Blob,
    /// Sign-in and discovery.
    Identity,
    /// The vaults' own service.
    Vault,
}

impl Front {
    /// The listener that is its own, whichever one a request came in by. Vaults have none and are asked on any: to fault rules
    /// they are a part of Resource Manager.
    pub(crate) const fn listener(self) -> Listener {
        match self {
            Front::Arm | Front::Vault => Listener::Arm,
            Front::Asm => Listener::Asm,
            Front::Blob => Listener::Blob,
            Front::Identity => Listener::Aad,
        }
    }

    /// `arm`, `asm`, `blob`, `aad`, `vault`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Front::Vault => "vault",
            other => other.listener().name(),
        }
    }
}

/// Who answers: a known host name of Azure's wins, then a path of sign-in or discovery, then the listener.
pub(crate) fn front(listener: Listener, uri: &Uri) -> Front {
    let host = uri.host().unwrap_or("").to_ascii_lowercase();
    if vault::is_vault(uri) {
        return Front::Vault;
    }
    if crate::storage::account_of_host(&host).is_some() {
        return Front::Blob;
    }
    if host.starts_with("login.")
        || matches!(
            host.as_str(),
            "sts.windows.net" | "graph.microsoft.com" | "graph.windows.net" | "169.254.169.254"
        )
    {
        return Front::Identity;
    }
    if is_management_host(&host) {
        return Front::Asm;
    }
    if identity::owns_path(uri.path(), listener == Listener::Blob) {
        return Front::Identity;
    }
    if AzureCloud::of_host(&host).is_some() {
        return Front::Arm;
    }
    match listener {
        Listener::Arm | Listener::Admin => Front::Arm,
        Listener::Asm => Front::Asm,
        Listener::Blob => Front::Blob,
        Listener::Aad => Front::Identity,
    }
}

/// Whether nothing in a URI says who answers, so that the listener does.
pub(crate) fn listener_decides(uri: &Uri) -> bool {
    front(Listener::Asm, uri) != front(Listener::Blob, uri)
}

/// Whether a host name is the classic API's, or one of its regional front ends (SM 1.1, 1.7).
fn is_management_host(host: &str) -> bool {
    let regional = host.split_once('.').map_or("", |(_, rest)| rest);
    host.starts_with("management.core.") || regional.starts_with("management.core.")
}

/// Whether a host name is one of Azure's own: links and endpoints then keep their public names.
pub fn is_azure_host(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    AzureCloud::of_host(&host).is_some()
        || is_management_host(&host)
        || host.starts_with("login.microsoftonline.")
        || host == "login.windows.net"
        || matches!(
            host.as_str(),
            "sts.windows.net" | "graph.microsoft.com" | "graph.windows.net"
        )
        || host.ends_with(".core.windows.net")
        || host.ends_with(".vault.azure.net")
}

/// What every front end may count on: a `Host` header, which HTTP/2 leaves out, and no doubled slashes (real-clients 0.2),
/// but in the names of blobs, where they mean something.
fn prepare(front: Front, mut request: Request<Bytes>) -> Request<Bytes> {
    if !request.headers().contains_key(header::HOST)
        && let Some(host) = request
            .uri()
            .authority()
            .and_then(|at| HeaderValue::from_str(at.as_str()).ok())
    {
        request.headers_mut().insert(header::HOST, host);
    }
    if front != Front::Blob && request.uri().path().contains("//") {
        let mut parts = request.uri().clone().into_parts();
        let mut path = collapse_slashes(request.uri().path());
        if let Some(query) = request.uri().query() {
            path.push('?');
            path.push_str(query);
        }
        if let Ok(path) = PathAndQuery::try_from(path) {
            parts.path_and_query = Some(path);
        }
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
    request
}

/// Runs of slashes as one.
fn collapse_slashes(path: &str) -> String {
    let mut collapsed = String::with_capacity(path.len());
    for letter in path.chars() {
        if letter != '/' || !collapsed.ends_with('/') {
            collapsed.push(letter);
        }
    }
    collapsed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_win_over_paths_and_paths_over_listeners() {
        let rows = [
            (Listener::Arm, "https://localhost/subscriptions/x", Front::Arm),
            (Listener::Asm, "https://localhost/x/services", Front::Asm),
            (Listener::Blob, "https://localhost/acct/vhds", Front::Blob),
            (Listener::Aad, "https://localhost/", Front::Identity),
            (Listener::Arm, "https://acct.blob.core.windows.net/vhds", Front::Blob),
            (
                Listener::Arm,
                "https://management.core.windows.net/x/services",
                Front::Asm,
            ),
            (
                Listener::Asm,
                "https://management.azure.com/subscriptions/x",
                Front::Arm,
            ),
            (
                Listener::Blob,
                "https://login.microsoftonline.com/t/oauth2/token",
                Front::Identity,
            ),
            (
                Listener::Blob,
                "https://localhost/tenant/oauth2/v2.0/token",
                Front::Identity,
            ),
            (
                Listener::Arm,
                "https://localhost//metadata/endpoints?api-version=2015-01-01",
                Front::Identity,
            ),
            (
                Listener::Asm,
                "https://localhost/tenant/v2.0/.well-known/openid-configuration",
                Front::Identity,
            ),
            (Listener::Blob, "https://localhost/acct/oauth2", Front::Blob),
            (Listener::Arm, "https://kv1.vault.azure.net/keys", Front::Vault),
            (
                Listener::Blob,
                "https://localhost/kv1.vault.azure.net/keys",
                Front::Vault,
            ),
            (
                Listener::Blob,
                "https://localhost/acct/kv1.vault.azure.net",
                Front::Blob,
            ),
        ];
        for (listener, uri, expected) in rows {
            let uri: Uri = uri.parse().expect("a URI");
            assert_eq!(front(listener, &uri), expected, "{listener:?} {uri}");
        }
    }

    #[test]
    fn doubled_slashes_collapse() {
        assert_eq!(collapse_slashes("//a///b/"), "/a/b/");
    }
}
