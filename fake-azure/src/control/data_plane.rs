//! Control calls about the data plane: what is open, who would answer, what machines answer with.

use std::net::Ipv4Addr;

use fake_azure_cloud::classic::Slot;
use fake_azure_cloud::data_plane::{Address, Transport, Unreachable};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::types::List;
use super::{ControlError, Query, invalid};
use crate::data_plane::{self, Binding, Place, Responder};
use crate::sandbox::Sandbox;

/// A port of the cloud, and where on this machine it is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListenerInfo {
    /// The subscription of its sandbox.
    pub subscription: String,
    /// The hosted service, or the resource group.
    pub service: String,
    /// `production` or `staging`, for a hosted service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    /// The load balancer and frontend, virtual IP or machine that has the address; absent for a deployment's first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// Address and port that the cloud gave it.
    pub public: String,
    /// Whether the address is one of a network: whoever calls it here is taken to call from inside.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
    /// Address and port on this machine; absent where the system did not let the server listen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<String>,
}

/// Who would answer the next connection: a machine, or the reason why nobody does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionInfo {
    /// The hosted service or resource group of the machine that answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The role whose machine answers, or the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The machine's host name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_name: Option<String>,
    /// The port on the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_port: Option<u16>,
    /// `NoAddress`, `NoEndpoint`, `Denied`, `Filtered`, `NoHealthyMember`, `NotRunning` or `NotListening`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nobody: Option<String>,
}

/// What a machine answers with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResponderInfo {
    /// `service/role`, `group/machine`, a name alone, or `*`, perhaps with `:port`; ignored in what is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// `host-name`, `http`, `silent` or `text:...`; `command:...` can only be said when the server is started.
    pub answer: String,
}

pub(super) fn listeners(bindings: &[Binding]) -> List<ListenerInfo> {
    let value = bindings.iter().map(|binding| ListenerInfo {
        subscription: binding.subscription.to_string(),
        service: binding.holder.service.to_string(),
        slot: binding.holder.slot.map(str::to_owned),
        name: Some(binding.holder.name.to_string()).filter(|name| !name.is_empty()),
        protocol: binding.protocol.to_owned(),
        public: binding.public.to_string(),
        private: binding.private,
        local: binding.local.map(|local| local.to_string()),
    });
    List { value: value.collect() }
}

/// `connections/{service}/{port}?slot=..&protocol=..&client=..`, or `connections/{address}/{port}?network=..&protocol=..&client=..`.
pub(super) fn connection(sandbox: &Sandbox, rest: &str, query: &Query<'_>) -> Result<ConnectionInfo, ControlError> {
    let (called, port) = rest
        .split_once('/')
        .ok_or_else(|| invalid("expected `connections/SERVICE/PORT` or `connections/ADDRESS/PORT`"))?;
    let protocol = query.field("protocol").unwrap_or("tcp");
    let port = port.parse().map_err(|_| invalid(format!("`{port}` is not a port")))?;
    let transport = Transport::find(protocol).ok_or_else(|| invalid(format!("`{protocol}` is neither tcp nor udp")))?;
    let client = match query.field("client") {
        Some(text) => Some(
            text.parse::<Ipv4Addr>()
                .map_err(|_| invalid(format!("`client={text}` is not an IPv4 address")))?,
        ),
        None => None,
    };
    let to = match called.parse::<Ipv4Addr>() {
        Ok(address) => address_of(sandbox, address, query)?,
        Err(_) => {
            let slot = query.field("slot").unwrap_or("production");
            let slot = Slot::find(slot)
                .ok_or_else(|| invalid(format!("`{slot}` is no slot: expected production or staging")))?;
            let address = sandbox.cloud.cx().deployment_address(called, slot);
            address.map(Address::Public)
        }
    };
    let Some(to) = to else {
        return Ok(nobody(Unreachable::NoAddress));
    };
    let place = Place { to, port, transport };
    let client = data_plane::client_of(sandbox, to, client);
    Ok(match data_plane::ask(sandbox, &place, client) {
        Ok(answerer) => ConnectionInfo {
            service: Some(answerer.service.into()),
            role: Some(answerer.role.into()),
            host_name: Some(answerer.host_name.into()),
            local_port: Some(answerer.local_port),
            nobody: None,
        },
        Err(reason) => nobody(reason),
    })
}

/// A public address, or the one of a network that somebody holds.
fn address_of(sandbox: &Sandbox, address: Ipv4Addr, query: &Query<'_>) -> Result<Option<Address>, ControlError> {
    if query.field("network").is_none() && sandbox.cloud.fabric().public_in_use.contains(&u32::from(address)) {
        return Ok(Some(Address::Public(address)));
    }
    let mut networks = sandbox.cloud.cx().networks_with(address);
    if let Some(name) = query.field("network") {
        networks.retain(|(_, own)| own.eq_ignore_ascii_case(name));
    }
    match networks.as_slice() {
        [] => Ok(None),
        [(network, _)] => Ok(Some(Address::Private {
            network: *network,
            address,
        })),
        several => {
            let names: Vec<&str> = several.iter().map(|(_, name)| &**name).collect();
            Err(invalid(format!(
                "several networks have {address}: say `network=` with one of {}",
                names.join(", ")
            )))
        }
    }
}

fn nobody(reason: Unreachable) -> ConnectionInfo {
    ConnectionInfo {
        service: None,
        role: None,
        host_name: None,
        local_port: None,
        nobody: Some(reason.as_str().to_owned()),
    }
}

pub(super) fn responders(sandbox: &Sandbox) -> List<ResponderInfo> {
    let value = sandbox
        .data_plane
        .responders
        .iter()
        .map(|(role, responder)| ResponderInfo {
            role: Some(role.to_owned()),
            answer: match responder {
                Responder::HostName => "host-name".to_owned(),
                Responder::Http => "http".to_owned(),
                Responder::Silent => "silent".to_owned(),
                Responder::Text(text) => format!("text:{text}"),
                Responder::Command(command) => format!("command:{command}"),
            },
        });
    List { value: value.collect() }
}

/// Whoever can reach the control API must not be able to run commands on this machine.
pub(super) fn set_responder(
    sandbox: &mut Sandbox,
    role: &str,
    given: &ResponderInfo,
) -> Result<List<ResponderInfo>, ControlError> {
    let responder = match Responder::find(&given.answer) {
        Some(Responder::Command(_)) => {
            return Err(invalid(
                "commands are given when the server is started, by `--responder`",
            ));
        }
        Some(responder) => responder,
        None => {
            return Err(invalid(format!(
                "`{}` is no answer: expected `host-name`, `http`, `silent` or `text:...`",
                given.answer
            )));
        }
    };
    sandbox.data_plane.responders.set(role, responder);
    Ok(responders(sandbox))
}
