//! The data plane: who answers a connection, and, on loopback sockets, the answer itself (SM 7.3, ARM 8.2).
//!
//! The cloud knows who would answer; what a machine answers with is said here, machine by machine. It refuses to know the
//! management APIs.

mod responders;
mod sockets;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use fake_azure_cloud::data_plane::{Address, Answerer, Client, Connection, Exposed, Transport, Unreachable};

pub use self::responders::{Responder, Responders};
pub(crate) use self::sockets::run;
pub use self::sockets::{Binding, LOOPBACK};
use crate::sandbox::Sandbox;

/// A port of an address, as connections are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) to: Address,
    pub(crate) port: u16,
    pub(crate) transport: Transport,
}

/// What a sandbox keeps of its data plane.
#[derive(Clone, Debug, Default)]
pub struct DataPlane {
    /// What each machine answers with.
    pub responders: Responders,
    /// Connections so far: members take turns.
    counts: BTreeMap<Place, u64>,
}

/// Whoever calls from inside of a network, or from the internet, and says no address of its own.
pub(crate) fn client_of(sandbox: &Sandbox, to: Address, said: Option<Ipv4Addr>) -> Client {
    match to {
        Address::Public(_) => Client {
            address: said.unwrap_or(Ipv4Addr::LOCALHOST),
            network: None,
        },
        Address::Private { network, address } => Client {
            address: said
                .or_else(|| sandbox.cloud.cx().gateway_of(network, address))
                .unwrap_or(Ipv4Addr::LOCALHOST),
            network: Some(network),
        },
    }
}

/// Every port that somebody may call.
pub(crate) fn exposed(sandbox: &Sandbox) -> Vec<Exposed> {
    let responders = &sandbox.data_plane.responders;
    sandbox
        .cloud
        .cx()
        .exposed(|service, role| responders.ports_of(service, role))
}

/// Who would answer the next connection to a place; nothing is counted.
pub(crate) fn ask(sandbox: &Sandbox, place: &Place, client: Client) -> Result<Answerer, Unreachable> {
    let call = Connection {
        to: place.to,
        port: place.port,
        transport: place.transport,
        client,
        number: sandbox.data_plane.counts.get(place).copied().unwrap_or(0),
    };
    let listens = |who: &Answerer| *sandbox.data_plane.responders.of(who) != Responder::Silent;
    sandbox.cloud.cx().who_answers(&call, listens)
}

/// Connects: who answers, with what. The next connection is another member's turn.
pub(crate) fn connect(
    sandbox: &mut Sandbox,
    place: &Place,
    client: Client,
) -> Result<(Answerer, Responder), Unreachable> {
    let answerer = ask(sandbox, place, client)?;
    *sandbox.data_plane.counts.entry(*place).or_default() += 1;
    let responder = sandbox.data_plane.responders.of(&answerer).clone();
    Ok((answerer, responder))
}
