//! The virtual IPs of a deployment: taken with it, given back with its last machine's host, taken anew with the next one's
//! (SM 8.3).

use super::{Deployment, Slot, VirtualIp};
use crate::classic::drafting::Draft;
use crate::classic::reserved_ips::ReservedIp;
use crate::classic::{Asked, HostedService};
use crate::cx::Cx;
use crate::key::Key;
use crate::plan::Plan;

/// Gives a deployment that is being made its first address: a reserved one, or a fresh one under the service's name.
pub(in crate::classic) fn take_vip(
    draft: &mut Draft<'_>,
    owner: &HostedService,
    slot: Slot,
    reserved: Option<&ReservedIp>,
    asked: &Asked,
) {
    if let Some(reserved) = reserved {
        let vip = VirtualIp {
            name: "".into(),
            key: reserved.key,
            reserved: Some(reserved.name.clone()),
        };
        draft.deployment.vips.push(vip);
        let used = ReservedIp {
            used_by: Some((owner.name.clone(), draft.deployment.name.clone())),
            ..reserved.clone()
        };
        draft.with(|plan| plan.reserved_ip(asked.named(&reserved.name), Some(used)));
        return;
    }
    let key = draft.reserve();
    let dns = (slot == Slot::Production).then(|| owner.dns_name().into());
    draft.take_public(key, dns, None);
    draft.deployment.vips.push(VirtualIp {
        name: "".into(),
        key,
        reserved: None,
    });
}

/// The virtual IPs of a deployment whose last machine lost its host, or first machine got one (SM 8.3). `without` are machines
/// that lose theirs with the same plan.
pub(in crate::classic) fn settle_vip(cx: &Cx<'_>, mut deployment: Deployment, without: &[Key]) -> (Deployment, Plan) {
    let on_host = |key: &Key| {
        cx.fabric()
            .machines
            .get(key)
            .is_some_and(|machine| machine.power.is_allocated())
    };
    let keeps = deployment
        .roles
        .iter()
        .any(|role| on_host(&role.machine) && !without.contains(&role.machine));
    let mut plan = Plan::new();
    if keeps {
        return (deployment, plan);
    }
    for vip in deployment.vips.iter().filter(|vip| vip.reserved.is_none()) {
        if let Some(row) = cx.fabric().public_addresses.get(&vip.key) {
            deployment.last_address = row.address.or(deployment.last_address);
            plan = plan.changes(row.returned(vip.key));
        }
    }
    (deployment, plan)
}

/// New addresses for virtual IPs that have none: a machine got a host.
pub(in crate::classic) fn wake_vips(cx: &Cx<'_>, deployment: &Deployment) -> Plan {
    let mut plan = Plan::new();
    let mut skip = 0;
    for vip in &deployment.vips {
        let Some(row) = cx
            .fabric()
            .public_addresses
            .get(&vip.key)
            .filter(|row| row.address.is_none())
        else {
            continue;
        };
        let mut address = cx.fabric().free_public_address(skip);
        if Some(address) == deployment.last_address {
            skip += 1;
            address = cx.fabric().free_public_address(skip);
        }
        skip += 1;
        plan = plan.changes(row.taking(vip.key, address));
    }
    plan
}
