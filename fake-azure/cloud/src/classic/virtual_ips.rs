//! Extra virtual IPs of a deployment (SM 7.4).

use super::deployments::{self, Alter, VirtualIp};
use super::{Asked, Hold, Step, Work, forms, names, operations};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::fabric::PublicAddress;
use crate::plan::Plan;

pub(super) fn add(cx: &Cx<'_>, asked: &Asked, service: &str, deployment: &str, name: &str) -> Result<Step, CloudError> {
    let (key, row) = deployments::find_named(cx, asked.subscription, service, deployment)?;
    operations::check_free(cx, &Hold::Deployment(key.clone()))?;
    if !names::is_object_name(name) {
        return Err(CloudError::of(&forms::BAD_OBJECT_NAME).with("name", name));
    }
    if row.vips.iter().any(|own| own.name.eq_ignore_ascii_case(name)) {
        return Err(CloudError::of(&forms::VIP_EXISTS).with("name", name));
    }
    let count = row.vips.len() + 1;
    if let Some(limit) = cx
        .limit("VirtualIPsPerDeployment")
        .filter(|limit| i64::try_from(count).is_ok_and(|n| n > *limit))
    {
        return Err(CloudError::of(&forms::VIP_LIMIT)
            .with("count", count)
            .with("limit", limit));
    }
    let mut plan = Plan::new();
    let own = plan.reserve(cx);
    let address = cx.fabric().free_public_address(0);
    plan = plan.public_address(
        own,
        Some(PublicAddress {
            address: Some(address),
            fixed: false,
            dns_name: None,
        }),
    );
    plan = plan.public_in_use(u32::from(address), Some(own));
    let vip = VirtualIp {
        name: name.into(),
        key: own,
        reserved: None,
    };
    let work = Work::Alter {
        key: key.clone(),
        alter: Alter::AddVip(vip),
    };
    Ok(Step::later(plan, (20_000, 40_000))
        .holding(Hold::Deployment(key))
        .then(work))
}

pub(super) fn delete(
    cx: &Cx<'_>,
    asked: &Asked,
    service: &str,
    deployment: &str,
    name: &str,
) -> Result<Step, CloudError> {
    let (key, row) = deployments::find_named(cx, asked.subscription, service, deployment)?;
    operations::check_free(cx, &Hold::Deployment(key.clone()))?;
    if name.is_empty() || !row.vips.iter().any(|own| own.name.eq_ignore_ascii_case(name)) {
        return Err(CloudError::of(&forms::VIP_NOT_FOUND).with("name", name));
    }
    let mut endpoints = row.roles.iter().flat_map(|role| role.network.endpoints.iter());
    if endpoints.any(|endpoint| {
        endpoint
            .virtual_ip
            .as_deref()
            .is_some_and(|own| own.eq_ignore_ascii_case(name))
    }) {
        return Err(CloudError::of(&forms::VIP_IN_USE).with("name", name));
    }
    let work = Work::Alter {
        key: key.clone(),
        alter: Alter::RemoveVip(name.into()),
    };
    Ok(Step::later(Plan::new(), (20_000, 40_000))
        .holding(Hold::Deployment(key))
        .then(work))
}
