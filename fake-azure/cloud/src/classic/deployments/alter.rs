//! Changes of a deployment in one way: its load balancer, DNS servers, virtual IPs, and what hangs on its roles.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::{DeploymentKey, DnsServer, VirtualIp, find_named};
use crate::classic::{
    Asked, Fresh, Hold, Instance, InstanceAct, InternalLoadBalancer, Step, Timeline, Work, forms, load_balancers,
    operations, packages, reserved_ips, roles, updates,
};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::plan::Plan;

/// One change of a deployment's row, made at the end of its operation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Alter {
    /// The internal load balancer; its port was placed with the answer.
    LoadBalancer(Option<InternalLoadBalancer>),
    /// The DNS servers.
    DnsServers(Vec<DnsServer>),
    /// An extra virtual IP, whose row was made with the answer.
    AddVip(VirtualIp),
    /// An extra virtual IP goes.
    RemoveVip(Box<str>),
    /// The first virtual IP becomes a reserved one.
    Associate(Box<str>),
    /// The first virtual IP becomes a dynamic one.
    Disassociate,
    /// The package's instances run, or do not.
    Run(bool),
    /// An update has gone through all domains.
    Updated,
    /// A manual update has gone through one domain.
    Walked,
    /// Something is done to an instance of the package.
    Instance { instance: Box<str>, act: InstanceAct },
    /// Instances go by name; these are left.
    Instances {
        left: Vec<Instance>,
        configuration: Box<str>,
    },
    /// An address list of a role: the security group, or forwarding.
    Role {
        role: Box<str>,
        nic: Option<Box<str>>,
        group: Option<Option<Box<str>>>,
        forwarding: Option<bool>,
    },
}

/// The end of an operation that changes a deployment in one way.
pub(in crate::classic) fn altered(
    cx: &Cx<'_>,
    key: &DeploymentKey,
    alter: Alter,
    fresh: Fresh,
) -> Result<Plan, CloudError> {
    let Some(row) = cx.classic().deployments.get(key) else {
        return Ok(Plan::new());
    };
    let mut plan = Plan::new();
    let mut after = row.clone();
    after.modified = cx.now();
    match alter {
        Alter::LoadBalancer(balancer) => {
            if let (Some(old), None) = (&row.load_balancer, &balancer) {
                plan = plan.then(load_balancers::gone(cx, old));
            }
            after.load_balancer = balancer;
        }
        Alter::DnsServers(servers) => after.dns_servers = servers,
        Alter::AddVip(vip) => after.vips.push(vip),
        Alter::RemoveVip(name) => {
            for vip in row.vips.iter().filter(|vip| vip.name.eq_ignore_ascii_case(&name)) {
                plan = plan.then(roles::public_gone(cx, vip.key));
            }
            after.vips.retain(|vip| !vip.name.eq_ignore_ascii_case(&name));
        }
        Alter::Associate(name) => plan = plan.then(reserved_ips::associated(cx, key, &mut after, &name)),
        Alter::Disassociate => plan = plan.then(reserved_ips::disassociated(cx, key, &mut after)),
        Alter::Run(running) => {
            if let Some(package) = after.package.as_mut().filter(|package| package.running != running) {
                package.run(running, cx.now(), fresh);
            }
        }
        Alter::Updated => plan = plan.then(updates::updated(cx, key, &mut after, fresh)),
        Alter::Walked => plan = plan.then(updates::walked(cx, key, &mut after, fresh)),
        Alter::Instance { instance, act } => {
            let running = row.package.as_ref().is_some_and(|package| package.running);
            let instances = after.package.iter_mut().flat_map(|package| &mut package.instances);
            for own in instances.filter(|own| running && own.name() == *instance) {
                own.timeline = match act {
                    InstanceAct::Reboot => Timeline::restart(cx.now(), fresh, 0),
                    InstanceAct::Reimage | InstanceAct::Rebuild => Timeline::start(cx.now(), fresh, 0),
                };
            }
        }
        Alter::Instances { left, configuration } => {
            if let (Some(before), Some(package)) = (&row.package, &mut after.package) {
                package.instances = left;
                package.configuration = configuration;
                plan = plan.then(packages::recharged(cx, key, before, package));
            }
        }
        Alter::Role {
            role,
            nic,
            group,
            forwarding,
        } => {
            for own in after
                .roles
                .iter_mut()
                .filter(|own| own.name.eq_ignore_ascii_case(&role))
            {
                let (held_group, held_forwarding) = match &nic {
                    None => (&mut own.network.security_group, &mut own.network.ip_forwarding),
                    Some(nic) => {
                        let Some(found) = own
                            .network
                            .interfaces
                            .iter_mut()
                            .find(|own| own.name.eq_ignore_ascii_case(nic))
                        else {
                            continue;
                        };
                        (&mut found.security_group, &mut found.ip_forwarding)
                    }
                };
                if let Some(group) = &group {
                    held_group.clone_from(group);
                }
                if forwarding.is_some() {
                    *held_forwarding = forwarding;
                }
            }
        }
    }
    Ok(plan.deployment(key.clone(), Some(after)))
}

/// Adds, changes or removes a DNS server.
pub(in crate::classic) fn dns_server(
    cx: &Cx<'_>,
    asked: &Asked,
    service: &str,
    deployment: &str,
    name: &str,
    server: Option<&DnsServer>,
    new: bool,
) -> Result<Step, CloudError> {
    let (key, row) = find_named(cx, asked.subscription, service, deployment)?;
    operations::check_free(cx, &Hold::Deployment(key.clone()))?;
    let mut servers = row.dns_servers.clone();
    let known = servers.iter().position(|own| own.name.eq_ignore_ascii_case(name));
    if let Some(server) = server
        && server.address.parse::<Ipv4Addr>().is_err()
    {
        return Err(CloudError::of(&forms::NETWORK_PREFIX).with("prefix", &server.address));
    }
    match (known, server, new) {
        (Some(_), _, true) => return Err(CloudError::of(&forms::DNS_SERVER_EXISTS).with("name", name)),
        (None, Some(server), true) if !server.name.is_empty() => servers.push(server.clone()),
        (Some(at), Some(server), false) => servers[at].address = server.address.clone(),
        (Some(at), None, _) => {
            servers.remove(at);
        }
        (None, _, true) => return Err(CloudError::of(&forms::PARAMETER)),
        (None, _, false) => return Err(CloudError::of(&forms::DNS_SERVER_NOT_FOUND).with("name", name)),
    }
    let work = Work::Alter {
        key: key.clone(),
        alter: Alter::DnsServers(servers),
    };
    Ok(Step::later(Plan::new(), (18_000, 22_000))
        .holding(Hold::Deployment(key))
        .then(work))
}
