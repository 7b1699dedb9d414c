//! Route tables.
//!
//! A table owns its routes, which are resources of their own that can also be written inside it.

use serde::{Deserialize, Serialize};

use super::{limits, routes, write_back_links};
use crate::Document;
use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::{
    Descriptor, Dialect, Field, Fill, Inline, Lifetimes, NameRule, Polls, Provisioning, Stage, Write, WriteVerb,
};
use crate::error::CloudError;
use crate::forms::forms;
use crate::key::Key;
use crate::plan::Plan;
use crate::quota::QuotaKey;
use crate::registry::Kind;
use crate::resource::Resource;
use crate::types::{Put, ResourceType, View};

forms! {
    IN_USE: InUse, Network, "InUseRouteTableCannotBeDeleted", "Route table {table} is in use and cannot be deleted.", "ARM 3.5", "take it off its subnets first";
}

const UPDATING: Provisioning = Provisioning::Updating;

/// Route tables.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    since: ApiVersion::date(2015, 5, 1),
    names: NameRule::word(1, 80),
    quota: Some(QuotaKey("RouteTables")),
    inline: &[Inline {
        path: "/properties/routes",
        kind: Kind::Routes,
        // ARM 1.11: the list is authoritative in every version.
        kept_if_absent_since: ApiVersion::NEWEST,
    }],
    fields: &[
        Field::read_only("/properties/subnets"),
        Field::default("/properties/disableBgpRoutePropagation", Fill::Bool(false))
            .since(ApiVersion::date(2017, 10, 1)),
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
        Write::new(WriteVerb::Patch, 200),
        Write::accepted(WriteVerb::Delete).retry_after_secs(10),
    ],
    errors: ALL,
    ..Descriptor::of("Microsoft.Network/routeTables", Dialect::Network)
};

/// A route table: all that it has stands in its routes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RouteTable {}

impl ResourceType for RouteTable {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(_cx: &Cx<'_>, _put: &Put<'_>, _before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        Ok((RouteTable {}, Plan::new()))
    }

    fn check_children(cx: &Cx<'_>, parent: &Resource, written: &[Key]) -> Result<(), CloudError> {
        limits::check(
            cx,
            "RoutesPerRouteTable",
            cx.children(parent.key, Kind::Routes).count(),
            &limits::ROUTES,
        )?;
        routes::check_among(cx, parent, written)
    }

    fn render(&self, cx: &Cx<'_>, resource: &Resource, _view: &View<'_>, document: &mut Document) {
        write_back_links(cx, resource, &[("subnets", Kind::Subnets)], &mut document["properties"]);
    }

    fn in_use(_cx: &Cx<'_>, target: &Resource, _users: &[String]) -> CloudError {
        CloudError::of(&IN_USE).with("table", &target.name)
    }
}

#[cfg(test)]
mod tests;
