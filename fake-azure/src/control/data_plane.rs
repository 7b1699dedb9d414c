//! Control calls about the data plane: what is open, who would answer, what machines answer with.

use std::net::Ipv4Addr;

use fake_azure_cloud::classic::{Slot, Unreachable};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::types::List;
use super::{ControlError, Query, invalid};
use crate::data_plane::{self, Binding, Place, Responder};
use crate::sandbox::Sandbox;

/// A public port, and where on this machine it is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListenerInfo {
    /// The subscription of its sandbox.
    pub subscription: String,
    /// The hosted service.
    pub service: String,
    /// `production` or `staging`.
    pub slot: String,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// Address and port that the cloud gave it.
    pub public: String,
    /// Address and port on this machine; absent where the system did not let the server listen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<String>,
}

/// Who would answer the next connection to a public port: a role, or the reason why nobody does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionInfo {
    /// The role whose machine answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The machine's host name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_name: Option<String>,
    /// The port on the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_port: Option<u16>,
    /// `NoAddress`, `NoEndpoint`, `Denied`, `Filtered` or `NoHealthyMember`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nobody: Option<String>,
}

/// What the machine of a role answers with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResponderInfo {
    /// `service/role`, `role` in whatever service, or `*`; ignored in what is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// `host-name`, `http`, `silent` or `text:...`; `command:...` can only be said when the server is started.
    pub answer: String,
}

pub(super) fn listeners(bindings: &[Binding]) -> List<ListenerInfo> {
    let value = bindings.iter().map(|binding| ListenerInfo {
        subscription: binding.subscription.to_string(),
        service: binding.service.clone(),
        slot: binding.slot.to_owned(),
        protocol: binding.protocol.clone(),
        public: binding.public.to_string(),
        local: binding.local.map(|local| local.to_string()),
    });
    List { value: value.collect() }
}

/// `connections/{service}/{port}?slot=..&protocol=..&client=..`.
pub(super) fn connection(sandbox: &Sandbox, rest: &str, query: &Query<'_>) -> Result<ConnectionInfo, ControlError> {
    let (service, port) = rest
        .split_once('/')
        .ok_or_else(|| invalid("expected `connections/SERVICE/PORT`"))?;
    let slot = query.field("slot").unwrap_or("production");
    let client = query.field("client").unwrap_or("127.0.0.1");
    let place = Place {
        service: service.into(),
        slot: Slot::find(slot)
            .ok_or_else(|| invalid(format!("`{slot}` is no slot: expected production or staging")))?,
        port: port.parse().map_err(|_| invalid(format!("`{port}` is not a port")))?,
        protocol: query.field("protocol").unwrap_or("tcp").into(),
    };
    let client: Ipv4Addr = client
        .parse()
        .map_err(|_| invalid(format!("`client={client}` is not an IPv4 address")))?;
    Ok(match data_plane::ask(sandbox, &place, client) {
        Ok(answerer) => ConnectionInfo {
            role: Some(answerer.role.into()),
            host_name: Some(answerer.host_name.into()),
            local_port: Some(answerer.local_port),
            nobody: None,
        },
        Err(reason) => ConnectionInfo {
            role: None,
            host_name: None,
            local_port: None,
            nobody: Some(word(reason).to_owned()),
        },
    })
}

fn word(reason: Unreachable) -> &'static str {
    match reason {
        Unreachable::NoAddress => "NoAddress",
        Unreachable::NoEndpoint => "NoEndpoint",
        Unreachable::Denied => "Denied",
        Unreachable::Filtered => "Filtered",
        Unreachable::NoHealthyMember => "NoHealthyMember",
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
