//! Route tables of the classic API (SM 11.6).

use serde::{Deserialize, Serialize};

use super::{Asked, Hold, Named, Step, endpoints, forms, operations, regional, subscription, virtual_networks};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::key::Key;
use crate::plan::Plan;

/// A route table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteTable {
    /// Name.
    pub name: Box<str>,
    /// Label.
    pub label: Option<Box<str>>,
    /// The location's display name.
    pub location: Box<str>,
    /// Routes, by name; names are kept in lower case (recorded).
    pub routes: Vec<Route>,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Name.
    pub name: Box<str>,
    /// Prefix, as sent.
    pub prefix: Box<str>,
    /// Where it leads.
    pub next: NextHop,
}

/// Where a route leads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextHop {
    /// `VPNGateway`, `VNETLocal`, `Internet`, `VirtualAppliance`, `Null`.
    pub kind: Box<str>,
    /// The appliance's address.
    pub address: Option<Box<str>>,
}

const KINDS: &[&str] = &["Internet", "Null", "VNETLocal", "VPNGateway", "VirtualAppliance"];

pub(super) fn create(
    cx: &Cx<'_>,
    asked: &Asked,
    name: &str,
    label: Option<&str>,
    location: &str,
) -> Result<Step, CloudError> {
    let exists = CloudError::of(&forms::ROUTE_TABLE_EXISTS).with("table", name);
    let tables = &cx.classic().route_tables;
    let limit = ("MaxRouteTables", "route table count");
    let (named, location) = regional::admit(cx, asked, tables, (name, location), exists, limit)?;
    let (label, location) = (label.map(Into::into), location.display_name.into());
    let table = RouteTable {
        name: name.into(),
        label,
        location,
        routes: Vec::new(),
    };
    let hold = Hold::RouteTable(named.clone());
    Ok(Step::later(Plan::new().classic_route_table(named, Some(table)), (10_000, 31_000)).holding(hold))
}

pub(super) fn delete(cx: &Cx<'_>, asked: &Asked, name: &str) -> Result<Step, CloudError> {
    let table = find(cx, asked.subscription, name)?;
    operations::check_free(cx, &Hold::RouteTable(asked.named(name)))?;
    let mut sites = cx.classic().virtual_networks.range(Named::all(asked.subscription));
    let is = |own: &Option<Box<str>>| own.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name));
    if sites.any(|(_, site)| site.subnets.iter().any(|subnet| is(&subnet.route_table))) {
        return Err(CloudError::of(&forms::ROUTE_TABLE_IN_USE).with("table", &table.name));
    }
    Ok(Step::later(
        Plan::new().classic_route_table(asked.named(name), None),
        (10_000, 31_000),
    ))
}

pub(super) fn put_route(cx: &Cx<'_>, asked: &Asked, table: &str, route: &Route) -> Result<Step, CloudError> {
    let found = find(cx, asked.subscription, table)?;
    operations::check_free(cx, &Hold::RouteTable(asked.named(table)))?;
    let kind = KINDS.iter().find(|kind| kind.eq_ignore_ascii_case(&route.next.kind));
    let kind = kind.ok_or_else(|| CloudError::of(&forms::PARAMETER))?;
    if endpoints::prefix(&route.prefix).is_none() {
        return Err(CloudError::of(&forms::NETWORK_PREFIX).with("prefix", &route.prefix));
    }
    if (*kind == "VirtualAppliance") != route.next.address.is_some() {
        return Err(CloudError::of(&forms::PARAMETER));
    }
    let name = super::folded(&route.name);
    let used = found.routes.iter().filter(|own| own.name != name).count();
    subscription::check_count(cx, "MaxRoutesPerRouteTable", "route count", used, 1)?;
    let mut after = found.clone();
    after.routes.retain(|own| own.name != name);
    let next = NextHop {
        kind: (*kind).into(),
        address: route.next.address.clone(),
    };
    after.routes.push(Route {
        name,
        prefix: route.prefix.clone(),
        next,
    });
    after.routes.sort_by(|one, other| one.name.cmp(&other.name));
    let hold = Hold::RouteTable(asked.named(table));
    Ok(Step::later(
        Plan::new().classic_route_table(asked.named(table), Some(after)),
        (10_000, 31_000),
    )
    .holding(hold))
}

pub(super) fn delete_route(cx: &Cx<'_>, asked: &Asked, table: &str, route: &str) -> Result<Step, CloudError> {
    let found = find(cx, asked.subscription, table)?;
    operations::check_free(cx, &Hold::RouteTable(asked.named(table)))?;
    if !found.routes.iter().any(|own| own.name == super::folded(route)) {
        return Err(CloudError::of(&forms::ROUTE_NOT_FOUND).with("route", route));
    }
    let mut after = found.clone();
    after.routes.retain(|own| own.name != super::folded(route));
    let hold = Hold::RouteTable(asked.named(table));
    Ok(Step::later(
        Plan::new().classic_route_table(asked.named(table), Some(after)),
        (10_000, 31_000),
    )
    .holding(hold))
}

/// Binds a table to a subnet.
pub(super) fn bind(cx: &Cx<'_>, asked: &Asked, network: &str, subnet: &str, table: &str) -> Result<Step, CloudError> {
    virtual_networks::find(cx, asked.subscription, network, subnet)?;
    let found = find(cx, asked.subscription, table)?;
    operations::check_free(cx, &Hold::NetworkConfiguration(asked.subscription))?;
    let plan = virtual_networks::with_subnet(cx, asked, network, subnet, |own| {
        own.route_table = Some(found.name.clone())
    })?;
    Ok(Step::later(plan, (10_000, 31_000)).holding(Hold::NetworkConfiguration(asked.subscription)))
}

/// Takes the table off a subnet.
pub(super) fn free(cx: &Cx<'_>, asked: &Asked, network: &str, subnet: &str) -> Result<Step, CloudError> {
    bound(cx, asked.subscription, network, subnet)?;
    operations::check_free(cx, &Hold::NetworkConfiguration(asked.subscription))?;
    let plan = virtual_networks::with_subnet(cx, asked, network, subnet, |own| own.route_table = None)?;
    Ok(Step::later(plan, (10_000, 31_000)).holding(Hold::NetworkConfiguration(asked.subscription)))
}

fn bound<'a>(cx: &Cx<'a>, subscription: Key, network: &str, subnet: &str) -> Result<&'a str, CloudError> {
    let (_, own) = virtual_networks::find(cx, subscription, network, subnet)?;
    let missing = || {
        CloudError::of(&forms::NO_ROUTE_TABLE)
            .with("network", network)
            .with("subnet", subnet)
    };
    own.route_table.as_deref().ok_or_else(missing)
}

fn find<'a>(cx: &Cx<'a>, subscription: Key, name: &str) -> Result<&'a RouteTable, CloudError> {
    let found = cx.classic().route_tables.get(&Named::new(subscription, name));
    found.ok_or_else(|| CloudError::of(&forms::ROUTE_TABLE_NOT_FOUND).with("table", name))
}

impl<'a> Cx<'a> {
    /// A route table of a subscription.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn classic_route_table(&self, subscription: Key, name: &str) -> Result<&'a RouteTable, CloudError> {
        find(self, subscription, name)
    }

    /// The name of a subnet's route table.
    ///
    /// # Errors
    ///
    /// When it has none.
    pub fn subnet_route_table(&self, subscription: Key, network: &str, subnet: &str) -> Result<&'a str, CloudError> {
        bound(self, subscription, network, subnet)
    }
}
