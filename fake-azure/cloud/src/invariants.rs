//! Invariants of the whole cloud: what always holds, between any two calls.

use crate::cloud::Cloud;
use crate::registry::Kind;

impl Cloud {
    /// What is wrong with the cloud; nothing, unless there is a bug. Each line names the rule, the thing, and what was found.
    pub fn check(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        edges_name_living_resources(self, &mut wrong);
        parents_live(self, &mut wrong);
        leases_and_ports_agree(self, &mut wrong);
        public_addresses_agree(self, &mut wrong);
        machines_and_ports_agree(self, &mut wrong);
        held_resources_have_running_operations(self, &mut wrong);
        quotas_count_what_is_there(self, &mut wrong);
        containers_and_their_accounts_agree(self, &mut wrong);
        crate::classic::check(self, &mut wrong);
        wrong
    }
}

fn edges_name_living_resources(cloud: &Cloud, wrong: &mut Vec<String>) {
    for resource in cloud.store().iter() {
        for edge in resource.edges.iter() {
            if cloud.store().get(edge.target).is_none() {
                wrong.push(format!(
                    "edge to nothing: {} at {} names {}",
                    resource.folded, edge.at, edge.target
                ));
            }
        }
    }
}

fn parents_live(cloud: &Cloud, wrong: &mut Vec<String>) {
    for resource in cloud
        .store()
        .iter()
        .filter(|resource| resource.kind != Kind::ResourceGroups)
    {
        if cloud.store().get(resource.parent).is_none() {
            wrong.push(format!("orphan: {} lives in {}", resource.folded, resource.parent));
        }
    }
}

fn leases_and_ports_agree(cloud: &Cloud, wrong: &mut Vec<String>) {
    let fabric = cloud.fabric();
    for ((pool, address), port) in fabric.leases.iter() {
        let held = fabric.ports.get(port).is_some_and(|row| {
            row.addresses
                .iter()
                .any(|held| held.pool == *pool && u32::from(held.address) == *address)
        });
        if !held {
            wrong.push(format!(
                "stray lease: {} of pool {pool} for {port}",
                std::net::Ipv4Addr::from(*address)
            ));
        }
        if !fabric
            .pools
            .get(pool)
            .is_some_and(|row| row.is_usable((*address).into()))
        {
            wrong.push(format!(
                "lease outside its pool: {} of {pool}",
                std::net::Ipv4Addr::from(*address)
            ));
        }
    }
    for (port, row) in fabric.ports.iter() {
        for held in &row.addresses {
            if fabric.leases.get(&(held.pool, u32::from(held.address))) != Some(port) {
                wrong.push(format!("address without lease: {} of {port}", held.address));
            }
        }
    }
}

fn public_addresses_agree(cloud: &Cloud, wrong: &mut Vec<String>) {
    let fabric = cloud.fabric();
    for (owner, row) in fabric.public_addresses.iter() {
        if let Some(address) = row.address
            && fabric.public_in_use.get(&u32::from(address)) != Some(owner)
        {
            wrong.push(format!("public address not taken: {address} of {owner}"));
        }
    }
    for (address, owner) in fabric.public_in_use.iter() {
        let held = fabric.public_addresses.get(owner).and_then(|row| row.address);
        if held.map(u32::from) != Some(*address) {
            wrong.push(format!(
                "stray public address: {} of {owner}",
                std::net::Ipv4Addr::from(*address)
            ));
        }
    }
}

fn machines_and_ports_agree(cloud: &Cloud, wrong: &mut Vec<String>) {
    let fabric = cloud.fabric();
    for (owner, machine) in fabric.machines.iter() {
        if machine.ports.is_empty() {
            wrong.push(format!("machine without a port: {owner}"));
        }
        for port in &machine.ports {
            if fabric.ports.get(port).and_then(|row| row.machine) != Some(*owner) {
                wrong.push(format!("machine {owner} claims port {port}, which does not know it"));
            }
        }
        for disk in &machine.disks {
            if fabric.disks.get(disk).and_then(|row| row.machine) != Some(*owner) {
                wrong.push(format!("machine {owner} claims disk {disk}, which does not know it"));
            }
        }
    }
    for (port, row) in fabric.ports.iter() {
        if let Some(machine) = row.machine
            && !fabric
                .machines
                .get(&machine)
                .is_some_and(|found| found.ports.contains(port))
        {
            wrong.push(format!("port {port} claims machine {machine}, which does not know it"));
        }
    }
    for (disk, row) in fabric.disks.iter() {
        if let Some(machine) = row.machine
            && !fabric
                .machines
                .get(&machine)
                .is_some_and(|found| found.disks.contains(disk))
        {
            wrong.push(format!("disk {disk} claims machine {machine}, which does not know it"));
        }
    }
}

fn held_resources_have_running_operations(cloud: &Cloud, wrong: &mut Vec<String>) {
    for resource in cloud.store().iter() {
        let Some(id) = resource.operation else {
            continue;
        };
        if !cloud.operation(id).is_some_and(crate::operation::Operation::is_running) {
            wrong.push(format!(
                "held by an operation that has ended: {} by {}",
                resource.folded, id.0
            ));
        }
    }
}

fn quotas_count_what_is_there(cloud: &Cloud, wrong: &mut Vec<String>) {
    for subscription in cloud.subscriptions() {
        for kind in Kind::ALL {
            let Some(row) = kind.descriptor().quota else {
                continue;
            };
            let there = cloud
                .store()
                .iter()
                .filter(|resource| resource.kind == *kind && resource.subscription == subscription.key);
            let there = i64::try_from(there.count()).expect("fewer than 2^63 resources");
            let counted: i64 = cloud
                .ledger()
                .counters()
                .filter(|(owner, _, name, _)| *owner == subscription.key && *name == row.0)
                .map(|(_, _, _, used)| used)
                .sum();
            if counted != there {
                wrong.push(format!("{} counts {counted}, there are {there}", row.0));
            }
        }
    }
}

fn containers_and_their_accounts_agree(cloud: &Cloud, wrong: &mut Vec<String>) {
    let fabric = cloud.fabric();
    for resource in cloud.store().iter() {
        let path: Vec<&str> = resource.folded.rsplit('/').collect();
        let lives = match resource.kind {
            Kind::StorageAccounts => fabric
                .accounts
                .get(&resource.name)
                .is_some_and(|account| account.owner == resource.key),
            Kind::BlobContainers => {
                let name = (path[4].into(), resource.name.clone());
                fabric
                    .containers
                    .get(&name)
                    .is_some_and(|container| container.deleted_until.is_none())
            }
            _ => true,
        };
        if !lives {
            wrong.push(format!("resource without its row: {}", resource.folded));
        }
    }
    for ((account, container), _) in fabric.containers.iter() {
        if !fabric.accounts.contains(account) {
            wrong.push(format!("container of no account: {account}/{container}"));
        }
    }
    for ((account, container, blob), _) in fabric.blobs.iter() {
        let container_row = fabric.containers.get(&(account.clone(), container.clone()));
        if container_row.is_none_or(|row| row.deleted_until.is_some()) {
            wrong.push(format!("blob of no container: {account}/{container}/{blob}"));
        }
    }
}
