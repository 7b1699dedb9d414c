//! A subscription's counters and limits, as `GET /{subscription}` prints them: the very numbers that are enforced (SM 4.1).

use super::{Named, forms, hosted_services};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::fabric::Machine;
use crate::key::Key;

/// What a subscription has in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Cores of all machines that hold a host, of both stacks.
    pub cores: usize,
    /// Hosted services.
    pub hosted_services: usize,
    /// Storage accounts, of both stacks.
    pub storage_accounts: usize,
    /// Reserved IP addresses.
    pub reserved_ips: usize,
    /// Network security groups.
    pub network_security_groups: usize,
}

impl Cx<'_> {
    /// What a subscription has in use.
    pub fn classic_counts(&self, subscription: Key) -> Counts {
        let classic = self.classic();
        let all = || Named::all(subscription);
        Counts {
            cores: cores(self, subscription),
            hosted_services: hosted_services::of_subscription(self, subscription).count(),
            storage_accounts: storage_accounts(self, subscription),
            reserved_ips: classic.reserved_ips.range(all()).count(),
            network_security_groups: classic.network_security_groups.range(all()).count(),
        }
    }
}

pub(super) fn storage_accounts(cx: &Cx<'_>, subscription: Key) -> usize {
    let of = |owner: Key| cx.find(owner).map_or(owner, |resource| resource.subscription);
    let own = |name: &str, owner: Key| match cx.classic().storage_services.get(name) {
        Some(service) => service.subscription == subscription,
        None => of(owner) == subscription,
    };
    cx.fabric()
        .accounts
        .iter()
        .filter(|(name, account)| own(name, account.owner))
        .count()
}

/// The cores that a subscription's machines hold. Both stacks run on the same hosts: the fabric's machines are counted.
pub(super) fn cores(cx: &Cx<'_>, subscription: Key) -> usize {
    let allocated = |machine: &Machine| if machine.power.is_allocated() { machine.cores } else { 0 };
    let of_resources: u32 = cx
        .fabric()
        .machines
        .iter()
        .filter(|(key, _)| {
            cx.find(**key)
                .is_some_and(|resource| resource.subscription == subscription)
        })
        .map(|(_, machine)| allocated(machine))
        .sum();
    let of_roles: u32 = hosted_services::of_subscription(cx, subscription)
        .flat_map(|service| super::deployments::of_service(cx, &service.name))
        .flat_map(|deployment| {
            let machines = deployment
                .roles
                .iter()
                .filter_map(|role| cx.fabric().machines.get(&role.machine));
            machines
                .map(allocated)
                .chain(deployment.package.iter().map(super::Package::cores))
        })
        .sum();
    usize::try_from(of_resources + of_roles).unwrap_or(usize::MAX)
}

/// Refuses what would pass a limit of the era in force (SM 4.1).
pub(super) fn check_count(cx: &Cx<'_>, row: &str, kind: &str, used: usize, more: usize) -> Result<(), CloudError> {
    let Some(limit) = cx.limit(row) else {
        return Ok(());
    };
    if i64::try_from(used + more).is_ok_and(|total| total <= limit) || more == 0 {
        return Ok(());
    }
    Err(CloudError::of(&forms::QUOTA)
        .with("kind", kind)
        .with("limit", limit)
        .with("used", used)
        .with("more", more))
}

/// Refuses more cores than the subscription may have, or than the location lets both stacks have together.
pub(super) fn check_cores(cx: &Cx<'_>, subscription: Key, location: &str, more: u32) -> Result<(), CloudError> {
    let more = usize::try_from(more).unwrap_or(usize::MAX);
    check_count(cx, "MaxCoreCount", "cores count", cores(cx, subscription), more)?;
    let used = usize::try_from(cx.used(subscription, location, "cores")).unwrap_or(0);
    check_count(cx, "cores", "cores count", used, more)
}
