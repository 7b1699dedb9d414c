//! The data plane of the classic endpoints: who answers a connection, and, on loopback sockets, the answer itself (SM 7.3).
//!
//! The cloud knows who would answer; what a machine answers with is said here, role by role. It refuses to know the management
//! APIs.

mod responders;
mod sockets;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use fake_azure_cloud::classic::{Answerer, Connection, Role, Slot, Unreachable};

pub use self::responders::{Responder, Responders};
pub(crate) use self::sockets::run;
pub use self::sockets::{Binding, LOOPBACK};
use crate::sandbox::Sandbox;

/// A public port, as connections are counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) service: Box<str>,
    pub(crate) slot: Slot,
    pub(crate) port: u16,
    pub(crate) protocol: Box<str>,
}

/// What a sandbox keeps of its data plane.
#[derive(Clone, Debug, Default)]
pub struct DataPlane {
    /// What each role answers with.
    pub responders: Responders,
    /// Connections so far: members take turns.
    counts: BTreeMap<Place, u64>,
}

/// Who would answer the next connection to a place; nothing is counted.
pub(crate) fn ask(sandbox: &Sandbox, place: &Place, client: Ipv4Addr) -> Result<Answerer, Unreachable> {
    let number = sandbox.data_plane.counts.get(place).copied().unwrap_or(0);
    let call = Connection {
        service: place.service.clone(),
        slot: place.slot,
        port: place.port,
        protocol: place.protocol.clone(),
        client,
        number,
    };
    let listens =
        |role: &Role, _port: u16| *sandbox.data_plane.responders.of(&place.service, &role.name) != Responder::Silent;
    sandbox.cloud.cx().who_answers(&call, listens)
}

/// Connects: who answers, with what. The next connection is another member's turn.
pub(crate) fn connect(
    sandbox: &mut Sandbox,
    place: &Place,
    client: Ipv4Addr,
) -> Result<(Answerer, Responder), Unreachable> {
    let answerer = ask(sandbox, place, client)?;
    *sandbox.data_plane.counts.entry(place.clone()).or_default() += 1;
    let responder = sandbox.data_plane.responders.of(&place.service, &answerer.role).clone();
    Ok((answerer, responder))
}
