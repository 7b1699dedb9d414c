//! Routes: alone, or inside their table's document.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{prefixes, reading};
use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::{
    Descriptor, Dialect, Field, Fill, Lifetimes, NameRule, Polls, Provisioning, Stage, Write, WriteVerb,
};
use crate::error::CloudError;
use crate::forms::forms;
use crate::key::Key;
use crate::plan::Plan;
use crate::registry::{Kind, State};
use crate::resource::Resource;
use crate::types::{Put, ResourceType};

forms! {
    BAD_NEXT_HOP: Invalid, Network, "InvalidNextHopIpAddress", "Next hop IP address {address} of route {route} is not valid.", "ARM 8.2 (code and form assumed)", "write an IP address";
    CONFLICT: Invalid, Network, "RouteConflict", "Route {route} conflicts with route {other}. Routes cannot have the same AddressPrefix.", "assumed: as security rules", "choose a prefix that no other route of the table has";
    NEXT_HOP_MISSING: Invalid, Network, "NextHopIpAddressRequired", "Route {route} has next hop type VirtualAppliance and must specify a next hop IP address.", "ARM 8.2 (code and form assumed)", "add nextHopIpAddress";
    NEXT_HOP_UNWANTED: Invalid, Network, "NextHopIpAddressNotAllowed", "Route {route} cannot specify a next hop IP address because its next hop type is not VirtualAppliance.", "ARM 8.2 (code and form assumed)", "leave nextHopIpAddress out";
}

const UPDATING: Provisioning = Provisioning::Updating;

/// Routes.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    parent: Some(Kind::RouteTables),
    tracked: false,
    since: ApiVersion::date(2015, 5, 1),
    names: NameRule::word(1, 80),
    fields: &[
        Field::read_only("/properties/hasBgpOverride"),
        Field::one_of(
            "/properties/nextHopType",
            &[
                "VirtualNetworkGateway",
                "VnetLocal",
                "Internet",
                "VirtualAppliance",
                "None",
            ],
        ),
        Field::default("/properties/hasBgpOverride", Fill::Bool(false)).since(ApiVersion::date(2019, 4, 1)),
    ],
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
    ..Descriptor::of("Microsoft.Network/routeTables/routes", Dialect::Network)
};

/// A route.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Route {
    /// Which addresses it is for.
    pub prefix: IpNet,
    /// `VirtualNetworkGateway`, `VnetLocal`, `Internet`, `VirtualAppliance` or `None`.
    pub next_hop_type: Box<str>,
    /// Where a virtual appliance is.
    pub next_hop: Option<IpAddr>,
}

impl ResourceType for Route {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(_cx: &Cx<'_>, put: &Put<'_>, _before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        let prefix = prefixes::read(
            reading::text(put.document, "/properties/addressPrefix")?.unwrap_or_default(),
            &put.id(),
        )?;
        let Some(next_hop_type) = reading::text(put.document, "/properties/nextHopType")? else {
            return Err(reading::refuse(
                "/properties/nextHopType",
                &Value::Null,
                "Expected a next hop type.",
            ));
        };
        let next_hop = read_next_hop(put, next_hop_type)?;
        Ok((
            Route {
                prefix,
                next_hop_type: next_hop_type.into(),
                next_hop,
            },
            Plan::new(),
        ))
    }
}

/// A virtual appliance has an address, and nothing else has (ARM 8.2).
fn read_next_hop(put: &Put<'_>, next_hop_type: &str) -> Result<Option<IpAddr>, CloudError> {
    let address = reading::text(put.document, "/properties/nextHopIpAddress")?.filter(|address| !address.is_empty());
    match (next_hop_type, address) {
        ("VirtualAppliance", Some(text)) => {
            let bad = || {
                CloudError::of(&BAD_NEXT_HOP)
                    .with("address", text)
                    .with("route", put.id())
            };
            text.parse().map(Some).map_err(|_| bad())
        }
        ("VirtualAppliance", None) => Err(CloudError::of(&NEXT_HOP_MISSING).with("route", put.id())),
        (_, Some(_)) => Err(CloudError::of(&NEXT_HOP_UNWANTED).with("route", put.id())),
        (_, None) => Ok(None),
    }
}

/// What must hold among the routes of a table: each prefix once.
pub(super) fn check_among(cx: &Cx<'_>, table: &Resource, written: &[Key]) -> Result<(), CloudError> {
    let mut routes: Vec<(&IpNet, &Resource)> = cx
        .children(table.key, Kind::Routes)
        .filter_map(|child| match &child.state {
            State::Routes(route) => Some((&route.prefix, child.as_ref())),
            _ => None,
        })
        .collect();
    routes.sort_by_key(|(prefix, child)| (*prefix, written.contains(&child.key), child.key));
    match routes.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        Some(pair) => Err(CloudError::of(&CONFLICT)
            .with("route", &pair[1].1.name)
            .with("other", &pair[0].1.name)),
        None => Ok(()),
    }
}
