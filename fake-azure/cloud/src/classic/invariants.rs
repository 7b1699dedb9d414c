//! What always holds of the classic tables, between any two calls.

use std::collections::{BTreeMap, BTreeSet};

use crate::cloud::Cloud;

/// What is wrong; each line names the rule, the thing, and what was found.
pub(crate) fn check(cloud: &Cloud, wrong: &mut Vec<String>) {
    let (classic, fabric) = (cloud.classic(), cloud.fabric());
    for (key, row) in classic.deployments.iter() {
        if !classic.hosted_services.contains(&key.0) {
            wrong.push(format!("deployment without a hosted service: {}", key.0));
        }
        let mut taken = BTreeSet::new();
        for role in &row.roles {
            if !fabric.machines.contains(&role.machine) {
                wrong.push(format!("role without a machine: {} of {}", role.name, key.0));
            }
            for endpoint in &role.network.endpoints {
                let place = (
                    &endpoint.load_balancer,
                    &endpoint.virtual_ip,
                    endpoint.port,
                    &endpoint.protocol,
                );
                if endpoint.set.is_none() && !taken.insert(place) {
                    wrong.push(format!("port exposed twice: {:?} of {}", endpoint.port, key.0));
                }
            }
        }
        for vip in row
            .vips
            .iter()
            .filter(|vip| !fabric.public_addresses.contains(&vip.key))
        {
            wrong.push(format!("virtual IP without a row: {} of {}", vip.key, key.0));
        }
    }
    for (name, disk) in classic.disks.iter() {
        if !fabric.blobs.contains(&disk.blob) {
            wrong.push(format!("disk without a blob: {}", disk.name));
        }
        if let Some(user) = disk.attached.as_ref().filter(|user| user.until.is_none())
            && !fabric.machines.contains(&user.machine)
        {
            wrong.push(format!("disk of a machine that has gone: {} of {}", disk.name, name.0));
        }
    }
    for (hold, id) in classic.holds.iter() {
        if !classic
            .operations
            .get(id)
            .is_some_and(super::ClassicOperation::is_running)
        {
            wrong.push(format!("held by an operation that has ended: {hold:?}"));
        }
    }
    for (name, service) in classic.storage_services.iter() {
        match fabric.accounts.get(name) {
            None => wrong.push(format!("storage service without an account: {}", service.name)),
            Some(account) if cloud.store().get(account.owner).is_some() => {
                wrong.push(format!("account of both APIs: {}", service.name));
            }
            Some(_) => {}
        }
    }
    let mut disks = BTreeMap::new();
    for (_, disk) in classic.disks.iter() {
        if let Some(other) = disks.insert(&disk.blob, &disk.name) {
            wrong.push(format!("blob of two disks: {other} and {}", disk.name));
        }
    }
    for (_, reserved) in classic.reserved_ips.iter() {
        let Some((service, deployment)) = &reserved.used_by else {
            continue;
        };
        let cx = cloud.cx();
        let mut there = cx.deployments_of(service);
        if !there.any(|(_, row)| row.name == *deployment) {
            wrong.push(format!("reserved IP of a deployment that has gone: {}", reserved.name));
        }
    }
    for (named, gateway) in classic.gateways.iter() {
        if !classic.virtual_networks.contains(named) {
            wrong.push(format!("gateway without a network: {}", gateway.network));
        }
        if !fabric.public_addresses.contains(&gateway.key) {
            wrong.push(format!("gateway without a row: {}", gateway.network));
        }
    }
    cores_are_counted_once(cloud, wrong);
}

/// The counters of cores: those of spot machines have one of their own.
const CORES: [&str; 2] = ["cores", "lowPriorityCores"];

/// What both APIs' machines and packages hold is what the ledger has, by which both are limited.
fn cores_are_counted_once(cloud: &Cloud, wrong: &mut Vec<String>) {
    for subscription in cloud.subscriptions() {
        let held = cloud.cx().classic_counts(subscription.key).cores;
        let counted: i64 = cloud
            .ledger()
            .counters()
            .filter(|(owner, _, name, _)| *owner == subscription.key && CORES.contains(name))
            .map(|(_, _, _, used)| used)
            .sum();
        if i64::try_from(held) != Ok(counted) {
            wrong.push(format!("cores counts {counted}, {held} are held"));
        }
    }
}
