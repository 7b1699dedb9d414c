//! Addresses of the cloud on loopback: each gets one of 127.64.0.0/16, each of its ports a socket. What is exposed is looked at
//! again after every request; who answers is asked at every connection.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use fake_azure_cloud::data_plane::{Address, Answerer, Exposed, Holder, Transport, Unreachable};
use fake_azure_cloud::{Guid, Time};
use jiff::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::{Place, Responder, client_of, connect, exposed};
use crate::sandboxes::{Sandboxes, Shared, lock};

/// The network whose addresses stand for the cloud's.
pub const LOOPBACK: Ipv4Addr = Ipv4Addr::new(127, 64, 0, 0);

/// How many addresses it has for use.
const ADDRESSES: u32 = 65_534;

/// A port of the cloud that can be called on this machine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Binding {
    /// The subscription of the sandbox that it is in: its first one.
    pub subscription: Guid,
    /// What stands at the address.
    pub holder: Holder,
    /// `tcp` or `udp`.
    pub protocol: &'static str,
    /// The address and port that the cloud gave it.
    pub public: SocketAddr,
    /// Whether the address is one of a network: whoever calls it here is taken to call from inside.
    pub private: bool,
    /// Where it is reached; none where the system did not let us listen.
    pub local: Option<SocketAddr>,
}

/// A port of a sandbox.
type Wanted = (Guid, Exposed);

/// Opens and closes sockets as the cloud changes, until the server stops.
pub(crate) async fn run(sandboxes: Arc<Sandboxes>, mut stop: watch::Receiver<bool>) {
    let mut changes = sandboxes.changes();
    let mut addresses = Addresses::default();
    let mut open: BTreeMap<Wanted, (Binding, Option<JoinHandle<()>>)> = BTreeMap::new();
    loop {
        changes.borrow_and_update();
        let wanted = wanted(&sandboxes);
        let gone: Vec<Wanted> = open.keys().filter(|place| !wanted.contains(*place)).cloned().collect();
        for place in &gone {
            if let Some((_, Some(task))) = open.remove(place) {
                task.abort();
                // The socket is free once the task is gone.
                task.await.ok();
            }
        }
        let mut changed = !gone.is_empty();
        for place in wanted {
            if let Entry::Vacant(entry) = open.entry(place) {
                let opened = bind(&sandboxes, entry.key(), &mut addresses).await;
                entry.insert(opened);
                changed = true;
            }
        }
        if changed {
            let shown = open.values().map(|(binding, _)| binding.clone()).collect();
            sandboxes.bindings.send_replace(shown);
        }
        tokio::select! {
            changed = changes.changed() => {
                if changed.is_err() {
                    break;
                }
            }
            _ = stop.changed() => break,
        }
    }
    for (_, task) in open.into_values() {
        if let Some(task) = task {
            task.abort();
        }
    }
    sandboxes.bindings.send_replace(Vec::new());
}

/// Every port that somebody may call now.
fn wanted(sandboxes: &Sandboxes) -> BTreeSet<Wanted> {
    let mut wanted = BTreeSet::new();
    for shared in sandboxes.all() {
        let sandbox = lock(&shared);
        if let Some(subscription) = sandbox.subscriptions().first().copied() {
            wanted.extend(exposed(&sandbox).into_iter().map(|exposed| (subscription, exposed)));
        }
    }
    wanted
}

/// The loopback address of each of the cloud's, in the order in which they were first met. One that moves to another holder keeps it.
#[derive(Debug, Default)]
struct Addresses {
    known: BTreeMap<(Guid, Address), Ipv4Addr>,
    taken: u32,
}

impl Addresses {
    /// The next one that nobody had.
    fn take(&mut self) -> Option<Ipv4Addr> {
        self.taken = self.taken.checked_add(1).filter(|taken| *taken <= ADDRESSES)?;
        Some(Ipv4Addr::from(u32::from(LOOPBACK) + self.taken))
    }
}

async fn bind(
    sandboxes: &Arc<Sandboxes>,
    wanted: &Wanted,
    addresses: &mut Addresses,
) -> (Binding, Option<JoinHandle<()>>) {
    let (subscription, exposed) = wanted;
    let mut binding = Binding {
        subscription: *subscription,
        holder: exposed.holder.clone(),
        protocol: exposed.transport.as_str(),
        public: SocketAddr::new(exposed.address.ip().into(), exposed.port),
        private: matches!(exposed.address, Address::Private { .. }),
        local: None,
    };
    let door = Door {
        sandboxes: Arc::clone(sandboxes),
        subscription: *subscription,
        place: Place {
            to: exposed.address,
            port: exposed.port,
            transport: exposed.transport,
        },
    };
    let public = (*subscription, exposed.address);
    let opened = match addresses.known.get(&public) {
        Some(local) => door.open(*local, exposed.port).await,
        // Another server on this machine may have the first addresses.
        None => loop {
            let Some(local) = addresses.take() else {
                break Err(io::Error::other("127.64.0.0/16 has no address left"));
            };
            match door.open_at(SocketAddr::new(local.into(), exposed.port)).await {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    addresses.known.insert(public, local);
                    break door.open(local, exposed.port).await;
                }
                opened => {
                    addresses.known.insert(public, local);
                    break opened;
                }
            }
        },
    };
    match opened {
        Ok((at, task)) => {
            binding.local = Some(at);
            (binding, Some(task))
        }
        Err(error) => {
            tracing::warn!(holder = %exposed.holder, port = exposed.port, %error, "cannot listen for an endpoint");
            (binding, None)
        }
    }
}

/// One port of one sandbox.
#[derive(Clone)]
struct Door {
    sandboxes: Arc<Sandboxes>,
    subscription: Guid,
    place: Place,
}

impl Door {
    /// Listens at the port itself, or, where that needs a privilege or is taken, at a free one of the same address.
    async fn open(&self, local: Ipv4Addr, port: u16) -> io::Result<(SocketAddr, JoinHandle<()>)> {
        match self.open_at(SocketAddr::new(local.into(), port)).await {
            Err(error) if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::AddrInUse) => {
                self.open_at(SocketAddr::new(local.into(), 0)).await
            }
            opened => opened,
        }
    }

    async fn open_at(&self, at: SocketAddr) -> io::Result<(SocketAddr, JoinHandle<()>)> {
        if self.place.transport == Transport::Udp {
            let socket = UdpSocket::bind(at).await?;
            return Ok((socket.local_addr()?, tokio::spawn(self.clone().serve_datagrams(socket))));
        }
        let socket = TcpListener::bind(at).await?;
        Ok((
            socket.local_addr()?,
            tokio::spawn(self.clone().serve_connections(socket)),
        ))
    }

    async fn serve_connections(self, socket: TcpListener) {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = socket.accept() => match accepted {
                    Ok((stream, peer)) => {
                        // The turn is taken here, so that members follow one another in the order of connections.
                        let answer = self.connect(peer.ip());
                        connections.spawn(converse(stream, answer));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "cannot accept a connection");
                        tokio::task::yield_now().await;
                    }
                },
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
            }
        }
    }

    async fn serve_datagrams(self, socket: UdpSocket) {
        let mut buffer = vec![0; 65_536];
        loop {
            let Ok((_, peer)) = socket.recv_from(&mut buffer).await else {
                tokio::task::yield_now().await;
                continue;
            };
            if let Ok(answer) = self.connect(peer.ip())
                && let Some(bytes) = bytes_of(answer).await
            {
                socket.send_to(&bytes, peer).await.ok();
            }
        }
    }

    fn connect(&self, peer: IpAddr) -> Result<Answer, Unreachable> {
        let shared: Shared = self.sandboxes.of(self.subscription).ok_or(Unreachable::NoAddress)?;
        let mut sandbox = lock(&shared);
        sandbox.tick(Time::from_millis(Timestamp::now().as_millisecond()));
        // Of the internet it is the address that counts; who calls into a network comes from its gateway.
        let said = match (peer, self.place.to) {
            (IpAddr::V4(client), Address::Public(_)) => Some(client),
            _ => None,
        };
        let client = client_of(&sandbox, self.place.to, said);
        connect(&mut sandbox, &self.place, client)
    }
}

type Answer = (Answerer, Responder);

/// Sends the answer and closes. Azure would leave a client that nobody answers waiting; here it is cut off at once.
async fn converse(mut stream: TcpStream, answer: Result<Answer, Unreachable>) {
    let answer = match answer {
        Ok(answer) => answer,
        Err(reason) => {
            tracing::debug!(?reason, "nobody answers");
            return;
        }
    };
    if answer.1 == Responder::Http && !read_head(&mut stream).await {
        return;
    }
    if let Some(bytes) = bytes_of(answer).await {
        stream.write_all(&bytes).await.ok();
        stream.shutdown().await.ok();
    }
}

/// Reads a request up to the end of its head; `false` when the client went away or goes on for too long.
async fn read_head(stream: &mut TcpStream) -> bool {
    const HEAD_MAX: usize = 64 << 10;
    let mut head = Vec::new();
    let mut piece = [0; 1024];
    while head.len() < HEAD_MAX {
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return false,
            Ok(length) => head.extend_from_slice(&piece[..length]),
        }
        if head.windows(4).any(|window| window == b"\r\n\r\n") {
            return true;
        }
    }
    false
}

async fn bytes_of((answerer, responder): Answer) -> Option<Vec<u8>> {
    let answered = tokio::task::spawn_blocking(move || responder.answer(&answerer)).await;
    match answered {
        Ok(Ok(bytes)) => Some(bytes),
        Ok(Err(error)) => {
            tracing::warn!(%error, "a responder's command cannot be run");
            None
        }
        Err(_) => None,
    }
}
