//! Connections: bytes of a socket to a request, an answer back to bytes. Thin.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use bytes::{Bytes, BytesMut};
use fake_azure_cloud::Time;
use http::{HeaderValue, Request, Response, StatusCode, Uri, header};
use http_body_util::BodyExt as _;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower::util::MapResult;

use crate::builder::FakeAzure;
use crate::envelope;
use crate::wire::{self, ClientCertificate, Delivery, Front, Listener, Served};

/// What every connection of a listener shares.
#[derive(Debug)]
pub(super) struct Gate {
    pub(super) azure: FakeAzure,
    pub(super) listener: Listener,
    pub(super) scheme: &'static str,
    /// The authority to assume for a request that names none.
    pub(super) authority: String,
}

/// The largest body of a request, in bytes (ARM 4.3).
const BODY_MAX: usize = 4 << 20;
/// The same for the blob service: a block blob written at once (ARM 9.2), of today's size assumed.
const BLOB_BODY_MAX: usize = 100 << 20;
/// A saved cloud may be large.
const STATE_BODY_MAX: usize = 1 << 30;
/// How much more than the limit is read and dropped before a client is cut off, in bytes.
const DROPPED_MAX: usize = 64 << 20;
/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Accepts connections until the server stops; then lets those under way finish.
pub(super) async fn accept(
    socket: TcpListener,
    acceptor: Option<TlsAcceptor>,
    gate: Arc<Gate>,
    mut stop: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = socket.accept() => match accepted {
                Ok((stream, peer)) => {
                    let work = serve(stream, peer, acceptor.clone(), Arc::clone(&gate), stop.clone());
                    connections.spawn(work);
                }
                Err(error) => {
                    // Out of file descriptors, mostly: give those that end a chance.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::task::yield_now().await;
                }
            },
            _ = stop.changed() => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
    drop(socket);
    while connections.join_next().await.is_some() {}
}

async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    gate: Arc<Gate>,
    stop: watch::Receiver<bool>,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    let Some(acceptor) = acceptor else {
        return converse(stream, None, gate, stop).await;
    };
    match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => {
            let certificates = stream.get_ref().1.peer_certificates();
            let certificate = certificates
                .and_then(|chain| chain.first())
                .map(|first| Bytes::copy_from_slice(first));
            converse(stream, certificate.map(ClientCertificate), gate, stop).await;
        }
        Ok(Err(error)) => tracing::debug!(%peer, %error, "no handshake"),
        Err(_) => tracing::debug!(%peer, "the handshake took too long"),
    }
}

/// One connection's requests.
async fn converse<S>(
    stream: S,
    certificate: Option<ClientCertificate>,
    gate: Arc<Gate>,
    mut stop: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let peer = Arc::new(Peer { gate, certificate });
    let router = Router::new().fallback(handle).with_state(peer);
    let service = TowerToHyperService::new(MapResult::new(router, cut_or_send));
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new());
    builder.http2().timer(TokioTimer::new());
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "the connection broke");
                }
                return;
            }
            _ = stop.changed() => connection.as_mut().graceful_shutdown(),
        }
    }
}

struct Peer {
    gate: Arc<Gate>,
    certificate: Option<ClientCertificate>,
}

/// Marks an answer that is not to be sent.
#[derive(Clone, Copy)]
struct Cut;

/// The connection is cut on order of a fault rule.
#[derive(Debug, thiserror::Error)]
#[error("cut by a fault rule")]
struct CutError;

impl From<Infallible> for CutError {
    fn from(never: Infallible) -> CutError {
        match never {}
    }
}

fn cut_or_send(answer: Result<Response<Body>, Infallible>) -> Result<Response<Body>, CutError> {
    match answer {
        Ok(answer) if answer.extensions().get::<Cut>().is_some() => Err(CutError),
        Ok(answer) => Ok(answer),
        Err(never) => match never {},
    }
}

fn cut() -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    answer.extensions_mut().insert(Cut);
    answer
}

async fn handle(State(peer): State<Arc<Peer>>, request: Request<Body>) -> Response<Body> {
    let Peer { gate, certificate } = peer.as_ref();
    let (mut parts, body) = request.into_parts();
    parts.uri = match absolute(gate, &parts.uri, parts.headers.get(header::HOST)) {
        Ok(uri) => uri,
        Err(message) => return envelope::arm(StatusCode::BAD_REQUEST, "BadRequest", &message).map(Body::from),
    };
    let front = wire::front(gate.listener, &parts.uri);
    let body_max = match (gate.listener, front) {
        (Listener::Admin, _) => STATE_BODY_MAX,
        (_, Front::Blob) => BLOB_BODY_MAX,
        _ => BODY_MAX,
    };
    let body = match collect(body, body_max).await {
        Ok(Some(body)) => body,
        Ok(None) => return too_large(front, body_max).map(Body::from),
        Err(_) => return cut(), // The client went away.
    };
    let mut request = Request::from_parts(parts, body);
    if let Some(certificate) = certificate {
        request.extensions_mut().insert(certificate.clone());
    }

    let wall = Time::from_millis(Timestamp::now().as_millisecond());
    let Served { response, delivery } = guarded(front, || gate.azure.serve_at(gate.listener, request, Some(wall)));
    match delivery {
        Delivery::Send => {}
        Delivery::Drop => return cut(),
        Delivery::After(wait) => tokio::time::sleep(wait).await,
    }
    response.map(Body::from)
}

/// What a request is answered, also when that panics: no bug of ours ends a client's connection.
fn guarded(front: Front, serve: impl FnOnce() -> Served) -> Served {
    // What the panic left half done is the cloud's own to undo; a lock that it poisoned is taken over by the next request.
    std::panic::catch_unwind(AssertUnwindSafe(serve)).unwrap_or_else(|_| {
        tracing::error!("a request made the simulator panic; please report it");
        let message = "Encountered internal server error. This is a bug of the simulator.";
        let response = envelope::of(front, StatusCode::INTERNAL_SERVER_ERROR, internal_code(front), message);
        Served {
            response,
            delivery: Delivery::Send,
        }
    })
}

/// The whole body; `None` when it is longer than `body_max` bytes. A longer one is read on for a while and dropped: many
/// clients look at the answer only when they have sent everything.
async fn collect(mut body: Body, body_max: usize) -> Result<Option<Bytes>, axum::Error> {
    let mut kept = BytesMut::new();
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        length = length.saturating_add(data.len());
        if length <= body_max {
            kept.extend_from_slice(&data);
        } else if length > body_max.saturating_add(DROPPED_MAX) {
            break;
        }
    }
    Ok((length <= body_max).then(|| kept.freeze()))
}

/// The request's URI with scheme and authority: HTTP/2 gives both, HTTP/1.1 the path and a `Host` header.
fn absolute(gate: &Gate, uri: &Uri, host: Option<&HeaderValue>) -> Result<Uri, String> {
    let named = uri.authority().map(|authority| authority.as_str());
    let host = host
        .map(|host| host.to_str().map_err(|_| "the `Host` header is not text".to_owned()))
        .transpose()?;
    let authority = named
        .or(host)
        .filter(|authority| !authority.is_empty())
        .unwrap_or(&gate.authority);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    // `OPTIONS *` has no path.
    let path = if path.starts_with('/') { path } else { "/" };
    Uri::builder()
        .scheme(gate.scheme)
        .authority(authority)
        .path_and_query(path)
        .build()
        .map_err(|_| format!("`{authority}` is not a host"))
}

/// A body beyond the limit, in the words of the service (ARM 4.3; the code is assumed).
fn too_large(front: Front, body_max: usize) -> Response<Bytes> {
    let status = StatusCode::PAYLOAD_TOO_LARGE;
    match front {
        Front::Blob | Front::Asm => {
            let message = "The request body is too large and exceeds the maximum permissible limit.";
            envelope::of(front, status, "RequestBodyTooLarge", message)
        }
        Front::Arm | Front::Identity | Front::Vault => {
            let message = format!(
                "The request content size exceeds the maximum size of '{}' MB.",
                body_max >> 20
            );
            envelope::arm(status, "RequestContentTooLarge", &message)
        }
    }
}

fn internal_code(front: Front) -> &'static str {
    match front {
        Front::Arm | Front::Vault => "InternalServerError",
        Front::Asm | Front::Blob => "InternalError",
        Front::Identity => "server_error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_answered_in_the_words_of_the_service() {
        for (front, code) in [
            (Front::Arm, "InternalServerError"),
            (Front::Asm, "InternalError"),
            (Front::Blob, "InternalError"),
            (Front::Identity, "server_error"),
        ] {
            let Served { response, delivery } = guarded(front, || panic!("on purpose"));
            assert_eq!(
                (response.status(), delivery),
                (StatusCode::INTERNAL_SERVER_ERROR, Delivery::Send)
            );
            assert!(String::from_utf8_lossy(response.body()).contains(code), "{front:?}");
        }
    }

    #[test]
    fn a_request_that_names_no_host_or_a_wrong_one_is_answered() {
        let gate = Gate {
            azure: FakeAzure::start(),
            listener: Listener::Arm,
            scheme: "https",
            authority: "localhost:8443".to_owned(),
        };
        let whole = |uri: &str, host: Option<&str>| {
            let uri: Uri = uri.parse().expect("a URI");
            let host = host.map(|host| HeaderValue::from_str(host).expect("a header"));
            absolute(&gate, &uri, host.as_ref()).map(|uri| uri.to_string())
        };
        assert_eq!(whole("/x?y", None).as_deref(), Ok("https://localhost:8443/x?y"));
        assert_eq!(whole("/x", Some("fake.test:1")).as_deref(), Ok("https://fake.test:1/x"));
        assert_eq!(
            whole("https://other.test/x", Some("fake.test")).as_deref(),
            Ok("https://other.test/x")
        );
        assert_eq!(whole("*", None).as_deref(), Ok("https://localhost:8443/"));
        assert!(whole("/x", Some("a b")).is_err());
    }
}
