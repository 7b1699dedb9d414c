//! Peerings of virtual networks.
//!
//! A peering is one half: each network has its own. The fabric knows how the halves stand to each other.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{limits, reading};
use crate::Document;
use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::{
    Descriptor, Dialect, Field, Fill, Lifetimes, NameRule, Polls, Provisioning, RefRule, Stage, Write, WriteVerb,
};
use crate::error::CloudError;
use crate::fabric::{Peering, PeeringState, prefixes_overlap};
use crate::forms::forms;
use crate::key::Key;
use crate::plan::Plan;
use crate::registry::Kind;
use crate::resource::Resource;
use crate::types::{Put, ResourceType, View};

forms! {
    ALREADY_PEERED: Conflict, Network, "AnotherPeeringAlreadyReferencesRemoteVnet", "Peering {peering} cannot reference remote virtual network {remote} because another peering {other} of the same virtual network already references it.", "assumed", "write the peering that is there";
    OVERLAP: Invalid, Network, "VnetAddressSpacesOverlap", "Cannot create or update peering {peering}. Virtual networks {network} and {remote} cannot be peered because their address spaces overlap. Overlapping address prefixes: {one}, {other}.", "ARM 8.2 (form unsure)", "peer networks whose address spaces are apart";
    OVERLAP_WITH_PEERED: Invalid, Network, "VnetAddressSpaceOverlapsWithAlreadyPeeredVnet", "Cannot create or update peering {peering}. Address space of virtual network {remote} overlaps with address space of virtual network {other} already peered with virtual network {network}.", "ARM 8.2 (form unsure)", "peer networks whose address spaces are apart";
    SELF: Invalid, Network, "CannotPeerVirtualNetworkWithItself", "Peering {peering} cannot reference its own virtual network.", "assumed", "name another virtual network";
}

const UPDATING: Provisioning = Provisioning::Updating;

/// Peerings have a guid and a type of their own from this version on (observed-arm).
const WITH_GUID: ApiVersion = ApiVersion::date(2018, 8, 1);

/// Peerings.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    parent: Some(Kind::VirtualNetworks),
    tracked: false,
    since: ApiVersion::date(2016, 9, 1),
    names: NameRule::word(1, 80),
    fields: &[
        Field::read_only("/properties/peeringState"),
        Field::read_only("/properties/remoteAddressSpace"),
        Field::read_only("/properties/routeServiceVips"),
        Field::default("/properties/allowVirtualNetworkAccess", Fill::Bool(true)),
        Field::default("/properties/allowForwardedTraffic", Fill::Bool(false)),
        Field::default("/properties/allowGatewayTransit", Fill::Bool(false)),
        Field::default("/properties/useRemoteGateways", Fill::Bool(false)),
        Field::default("/properties/doNotVerifyRemoteGateways", Fill::Bool(false)).since(WITH_GUID),
        Field::default("/properties/routeServiceVips", Fill::Object).since(ApiVersion::date(2017, 8, 1)),
    ],
    refs: &[RefRule::shared("/properties/remoteVirtualNetwork", &[Kind::VirtualNetworks]).across_locations()],
    lifetimes: Lifetimes {
        create: &[Stage::new(UPDATING, 1_000, 11_000)],
        update: &[Stage::new(UPDATING, 1_000, 11_000)],
        delete: &[Stage::new(Provisioning::Deleting, 1_000, 11_000)],
    },
    writes: &[
        Write::new(WriteVerb::PutNew, 201)
            .polls(Polls::AsyncOperation)
            .retry_after_secs(10),
        Write::new(WriteVerb::PutAgain, 200)
            .polls(Polls::AsyncOperation)
            .retry_after_secs(10),
        Write::accepted(WriteVerb::Delete).retry_after_secs(10),
    ],
    errors: ALL,
    ..Descriptor::of(
        "Microsoft.Network/virtualNetworks/virtualNetworkPeerings",
        Dialect::Network,
    )
};

/// One half of a peering.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VirtualNetworkPeering {
    /// The id of the other network, as it was when this half was written: it stays readable when the network is gone.
    pub remote_id: Box<str>,
    /// The other network's address space, as it was then.
    pub remote_spaces: Vec<IpNet>,
}

impl ResourceType for VirtualNetworkPeering {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(cx: &Cx<'_>, put: &Put<'_>, _before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        let Some(remote) = put.target_at("/properties/remoteVirtualNetwork") else {
            return Err(reading::refuse(
                "/properties/remoteVirtualNetwork",
                &Value::Null,
                "Expected a virtual network.",
            ));
        };
        if remote == put.parent {
            return Err(CloudError::of(&SELF).with("peering", put.id()));
        }
        check_only_one(cx, put, remote)?;
        check_spaces(cx, put, remote)?;

        let other = cx.fabric().peering_between(remote, put.parent);
        let state = if other.is_some() {
            PeeringState::Connected
        } else {
            PeeringState::Initiated
        };
        let mut plan = Plan::new().peering(
            put.key,
            Some(Peering {
                network: put.parent,
                remote,
                state,
            }),
        );
        if let Some((key, row)) = other {
            plan = plan.peering(
                key,
                Some(Peering {
                    state: PeeringState::Connected,
                    ..row.clone()
                }),
            );
        }
        let peering = VirtualNetworkPeering {
            remote_id: cx.id(remote).into(),
            remote_spaces: spaces(cx, remote).to_vec(),
        };
        Ok((peering, plan))
    }

    /// The other half stays, and is no longer connected.
    fn plan_removal(&self, cx: &Cx<'_>, resource: &Resource) -> Plan {
        let own = cx.fabric().peerings.get(&resource.key);
        let other = own.and_then(|own| cx.fabric().peering_between(own.remote, own.network));
        let mut plan = Plan::new().peering(resource.key, None);
        if let Some((key, row)) = other {
            plan = plan.peering(
                key,
                Some(Peering {
                    state: PeeringState::Disconnected,
                    ..row.clone()
                }),
            );
        }
        plan
    }

    fn render(&self, cx: &Cx<'_>, resource: &Resource, view: &View<'_>, document: &mut Document) {
        let properties = &mut document["properties"];
        if let Some(row) = cx.fabric().peerings.get(&resource.key) {
            properties["peeringState"] = Value::from(row.state.as_str());
        }
        properties["remoteVirtualNetwork"] = json!({ "id": self.remote_id });
        properties["remoteAddressSpace"] = json!({ "addressPrefixes": self.remote_spaces });
        if view.version >= WITH_GUID {
            properties["resourceGuid"] = Value::from(resource.guid.to_string());
        }
    }
}

fn spaces<'a>(cx: &Cx<'a>, network: Key) -> &'a [IpNet] {
    cx.fabric()
        .networks
        .get(&network)
        .map_or(&[], |network| &network.spaces)
}

/// A network has one peering with another.
fn check_only_one(cx: &Cx<'_>, put: &Put<'_>, remote: Key) -> Result<(), CloudError> {
    match cx.fabric().peering_between(put.parent, remote) {
        Some((other, _)) if other != put.key => {
            let error = CloudError::of(&ALREADY_PEERED)
                .with("peering", put.id())
                .with("remote", cx.id(remote));
            Err(error.with("other", cx.id(other)))
        }
        _ => Ok(()),
    }
}

/// The address spaces of networks that are peered with one another, or both with a third, are apart.
fn check_spaces(cx: &Cx<'_>, put: &Put<'_>, remote: Key) -> Result<(), CloudError> {
    let overlap = |one: Key, other: Key| {
        spaces(cx, one).iter().find_map(|one| {
            spaces(cx, other)
                .iter()
                .find(|other| prefixes_overlap(one, other))
                .map(|other| (*one, *other))
        })
    };
    if let Some((one, other)) = overlap(put.parent, remote) {
        let error = CloudError::of(&OVERLAP)
            .with("peering", put.id())
            .with("network", cx.id(put.parent));
        return Err(error
            .with("remote", cx.id(remote))
            .with("one", one)
            .with("other", other));
    }
    let third = cx
        .fabric()
        .peerings_of(put.parent)
        .map(|(_, row)| row.remote)
        .find(|third| *third != remote && overlap(remote, *third).is_some());
    match third {
        Some(third) => {
            let error = CloudError::of(&OVERLAP_WITH_PEERED)
                .with("peering", put.id())
                .with("network", cx.id(put.parent));
            Err(error.with("remote", cx.id(remote)).with("other", cx.id(third)))
        }
        None => Ok(()),
    }
}

/// What must hold among the peerings of a network: at most so many.
pub(super) fn check_among(cx: &Cx<'_>, network: &Resource) -> Result<(), CloudError> {
    let count = cx.children(network.key, Kind::VirtualNetworkPeerings).count();
    limits::check(cx, "PeeringsPerVirtualNetwork", count, &limits::PEERINGS)
}

#[cfg(test)]
mod tests;
