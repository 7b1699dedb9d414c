//! Reserved IP addresses: they survive the deployment that uses them (SM 11.1).

use serde::{Deserialize, Serialize};

use super::deployments::{self, Alter, Deployment, DeploymentKey, VirtualIp};
use super::{Asked, Hold, HostedService, Named, Step, Work, forms, operations, regional};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::fabric::PublicAddress;
use crate::key::{Guid, Key};
use crate::plan::Plan;

/// A reserved IP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservedIp {
    /// Owns the address.
    pub key: Key,
    /// Name.
    pub name: Box<str>,
    /// Its id.
    pub id: Guid,
    /// Label.
    pub label: Option<Box<str>>,
    /// The location's display name.
    pub location: Box<str>,
    /// Hosted service and deployment that use it.
    pub used_by: Option<(Box<str>, Box<str>)>,
}

/// A request for a reserved IP.
#[derive(Clone, Debug, Default)]
pub struct CreateReservedIp {
    /// Name.
    pub name: Box<str>,
    /// Label.
    pub label: Option<Box<str>>,
    /// Location.
    pub location: Box<str>,
    /// Hosted service and deployment whose present address is to be reserved.
    pub of_deployment: Option<(Box<str>, Box<str>)>,
}

pub(super) fn create(cx: &Cx<'_>, asked: &Asked, spec: &CreateReservedIp) -> Result<Step, CloudError> {
    let exists = CloudError::of(&forms::RESERVED_EXISTS).with("name", &spec.name);
    let all = &cx.classic().reserved_ips;
    let limit = ("MaxReservedIPs", "reserved IP count");
    let (named, location) = regional::admit(cx, asked, all, (&spec.name, &spec.location), exists, limit)?;

    let mut plan = Plan::new();
    let key = plan.reserve(cx);
    let mut reserved = ReservedIp {
        key,
        name: spec.name.clone(),
        id: asked.fresh.guid(1),
        label: spec.label.clone(),
        location: location.display_name.into(),
        used_by: None,
    };
    let lasts = (20_000, 31_000);
    if let Some((service, deployment)) = &spec.of_deployment {
        // The deployment's present address becomes the reserved one.
        let (at, row) = deployments::find_named(cx, asked.subscription, service, deployment)?;
        operations::check_free(cx, &Hold::Deployment(at.clone()))?;
        let vip = row
            .vips
            .first()
            .filter(|vip| vip.reserved.is_none())
            .ok_or_else(|| CloudError::of(&forms::PARAMETER))?;
        let address = cx.vip_address(vip).ok_or_else(|| CloudError::of(&forms::PARAMETER))?;
        let owner = cx.hosted_service(asked.subscription, service)?;
        reserved.used_by = Some((owner.name.clone(), row.name.clone()));
        plan = plan.public_address(vip.key, None);
        plan = plan
            .public_address(key, Some(fixed(address)))
            .public_in_use(u32::from(address), Some(key));
        plan = plan.then(deployments::changed(cx, &at, |row| {
            row.vips[0] = VirtualIp {
                name: "".into(),
                key,
                reserved: Some(reserved.name.clone()),
            };
        }));
        return Ok(Step::later(plan.reserved_ip(named, Some(reserved)), lasts).holding(Hold::Deployment(at)));
    }
    let address = cx.fabric().free_public_address(0);
    plan = plan
        .public_address(key, Some(fixed(address)))
        .public_in_use(u32::from(address), Some(key));
    Ok(Step::later(plan.reserved_ip(named.clone(), Some(reserved)), lasts).holding(Hold::ReservedIp(named)))
}

fn fixed(address: std::net::Ipv4Addr) -> PublicAddress {
    PublicAddress {
        address: Some(address),
        fixed: true,
        dns_name: None,
    }
}

pub(super) fn delete(cx: &Cx<'_>, asked: &Asked, name: &str) -> Result<Step, CloudError> {
    let reserved = find(cx, asked.subscription, name)?;
    operations::check_free(cx, &Hold::ReservedIp(asked.named(name)))?;
    if reserved.used_by.is_some() {
        return Err(CloudError::of(&forms::RESERVED_IN_USE).with("name", &reserved.name));
    }
    let plan = super::roles::public_gone(cx, reserved.key).reserved_ip(asked.named(name), None);
    Ok(Step::later(plan, (20_000, 31_000)))
}

/// A reserved IP that a deployment of a service may begin to use (SM 5.3).
pub(super) fn usable<'a>(
    cx: &Cx<'a>,
    asked: &Asked,
    owner: &HostedService,
    name: &str,
) -> Result<&'a ReservedIp, CloudError> {
    let found = cx.classic().reserved_ips.get(&asked.named(name));
    let found = found.ok_or_else(|| CloudError::of(&forms::RESERVED_UNKNOWN).with("name", name))?;
    if found.used_by.is_some() {
        return Err(CloudError::of(&forms::RESERVED_IN_USE).with("name", &found.name));
    }
    if !found
        .location
        .eq_ignore_ascii_case(&owner.placement.location(cx, asked.subscription))
    {
        return Err(CloudError::of(&forms::RESERVED_LOCATION).with("name", &found.name));
    }
    Ok(found)
}

/// Makes a deployment use a reserved IP, or stop it.
pub(super) fn associate(
    cx: &Cx<'_>,
    asked: &Asked,
    name: &str,
    service: &str,
    deployment: &str,
    on: bool,
) -> Result<Step, CloudError> {
    let reserved = find(cx, asked.subscription, name)?;
    let (key, row) = deployments::find_named(cx, asked.subscription, service, deployment)?;
    operations::check_free(cx, &Hold::Deployment(key.clone()))?;
    let owner = cx.hosted_service(asked.subscription, service)?;
    let alter = if on {
        usable(cx, asked, owner, name)?;
        Alter::Associate(reserved.name.clone())
    } else {
        if !row.vips.iter().any(|vip| {
            vip.reserved
                .as_deref()
                .is_some_and(|own| own.eq_ignore_ascii_case(name))
        }) {
            return Err(CloudError::of(&forms::RESERVED_NOT_USED).with("name", &reserved.name));
        }
        Alter::Disassociate
    };
    // The reserved IP is spoken for from here on.
    let mut plan = Plan::new();
    if on {
        let used = ReservedIp {
            used_by: Some((owner.name.clone(), row.name.clone())),
            ..reserved.clone()
        };
        plan = plan.reserved_ip(asked.named(name), Some(used));
    }
    let work = Work::Alter {
        key: key.clone(),
        alter,
    };
    Ok(Step::later(plan, (30_000, 50_000))
        .holding(Hold::Deployment(key))
        .then(work))
}

/// The end of an association: the deployment's dynamic address goes.
pub(super) fn associated(cx: &Cx<'_>, _: &DeploymentKey, row: &mut Deployment, name: &str) -> Plan {
    let Some(reserved) = cx.classic().reserved_ips.get(&Named::new(row.subscription, name)) else {
        return Plan::new();
    };
    let vip = VirtualIp {
        name: "".into(),
        key: reserved.key,
        reserved: Some(reserved.name.clone()),
    };
    match row.vips.first_mut() {
        Some(first) => {
            let old = std::mem::replace(first, vip);
            super::roles::public_gone(cx, old.key)
        }
        None => {
            row.vips.push(vip);
            Plan::new()
        }
    }
}

/// The end of the contrary: the deployment gets a dynamic address.
pub(super) fn disassociated(cx: &Cx<'_>, key: &DeploymentKey, row: &mut Deployment) -> Plan {
    let Some(vip) = row.vips.iter_mut().find(|vip| vip.reserved.is_some()) else {
        return Plan::new();
    };
    let mut plan = Plan::new();
    let own = plan.reserve(cx);
    let name = vip.reserved.take().unwrap_or_default();
    vip.key = own;
    let dns_name = (key.1 == deployments::Slot::Production).then(|| super::hosted_services::dns_name(&key.0).into());
    let address = cx.fabric().free_public_address(0);
    plan = plan.public_address(
        own,
        Some(PublicAddress {
            address: Some(address),
            fixed: false,
            dns_name,
        }),
    );
    plan = plan.public_in_use(u32::from(address), Some(own));
    plan.then(released(cx, &Named::new(row.subscription, &name)))
}

/// Nobody uses the reserved IP any more.
pub(super) fn released(cx: &Cx<'_>, named: &Named) -> Plan {
    match cx.classic().reserved_ips.get(named) {
        Some(reserved) => Plan::new().reserved_ip(
            named.clone(),
            Some(ReservedIp {
                used_by: None,
                ..reserved.clone()
            }),
        ),
        None => Plan::new(),
    }
}

fn find<'a>(cx: &Cx<'a>, subscription: Key, name: &str) -> Result<&'a ReservedIp, CloudError> {
    let found = cx.classic().reserved_ips.get(&Named::new(subscription, name));
    found.ok_or_else(|| CloudError::of(&forms::RESERVED_NOT_FOUND).with("name", name))
}

impl<'a> Cx<'a> {
    /// A reserved IP of a subscription.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn reserved_ip(&self, subscription: Key, name: &str) -> Result<&'a ReservedIp, CloudError> {
        find(self, subscription, name)
    }
}
