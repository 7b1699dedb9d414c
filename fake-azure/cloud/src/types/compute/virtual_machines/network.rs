//! A machine's network interfaces: which ports it holds (ARM 3.6, 8.2).

use serde::{Deserialize, Serialize};

use super::forms::{DETACHING_NICS, NIC_TWICE, NICS_APART, PRIMARY_NIC, SET_NICS_APART, TOO_MANY_NICS};
use super::spec::SentNic;
use crate::catalogue::sizes::VmSize;
use crate::cx::Cx;
use crate::error::CloudError;
use crate::fabric::Port;
use crate::key::Key;
use crate::plan::Plan;
use crate::types::Put;
use crate::types::compute::parameters::missing;

/// A network interface of a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct HeldNic {
    pub(super) key: Key,
    pub(super) primary: bool,
    /// Whether it goes when the machine goes.
    pub(super) deletes: bool,
}

/// Plans which ports the machine holds, and which it lets go. `free` says that they can change: it has no host.
pub(super) fn plan(
    cx: &Cx<'_>,
    put: &Put<'_>,
    sent: &[SentNic],
    size: &VmSize,
    before: &[HeldNic],
    free: bool,
) -> Result<(Vec<HeldNic>, Plan), CloudError> {
    let nics = read(put, sent)?;
    let max = size.max_nics(cx.era().month());
    if u32::try_from(nics.len()).unwrap_or(u32::MAX) > max {
        let error = CloudError::of(&TOO_MANY_NICS)
            .with("machine", put.id.name())
            .with("size", size.name);
        return Err(error.with("count", nics.len()).with("max", max));
    }
    let same = |one: &[HeldNic], other: &[HeldNic]| one.iter().all(|nic| other.iter().any(|own| own.key == nic.key));
    let unchanged = same(&nics, before) && same(before, &nics);
    if !(before.is_empty() || free || unchanged) {
        return Err(CloudError::of(&DETACHING_NICS).with("machine", put.id.name()));
    }
    for nic in &nics {
        check_reserved(cx, put, nic.key)?;
    }
    check_one_network(cx, &nics)?;

    let mut plan = Plan::new();
    for nic in before.iter().filter(|old| !nics.iter().any(|nic| nic.key == old.key)) {
        plan = let_go(cx, plan, put.key, nic.key);
    }
    for nic in &nics {
        if let Some(port) = cx.fabric().ports.get(&nic.key) {
            let held = Port {
                machine: Some(put.key),
                primary: nic.primary,
                reserved: None,
                ..port.clone()
            };
            plan = plan.port(nic.key, Some(held));
        }
    }
    Ok((nics, plan))
}

/// Each one once, exactly one of them primary; a single one is primary by itself.
fn read(put: &Put<'_>, sent: &[SentNic]) -> Result<Vec<HeldNic>, CloudError> {
    let mut nics: Vec<HeldNic> = Vec::with_capacity(sent.len());
    for (index, nic) in sent.iter().enumerate() {
        let place = format!("/properties/networkProfile/networkInterfaces/{index}");
        let (Some(id), Some(key)) = (nic.id.as_deref(), put.target_at(&place)) else {
            return Err(missing("networkInterface.id"));
        };
        if nics.iter().any(|other| other.key == key) {
            return Err(CloudError::of(&NIC_TWICE)
                .with("nic", id)
                .with("machine", put.id.name())
                .about("networkInterfaces"));
        }
        let primary = nic.properties.primary.unwrap_or(sent.len() == 1);
        let deletes = nic.properties.delete_option.as_deref() == Some("Delete");
        nics.push(HeldNic { key, primary, deletes });
    }
    if nics.len() == 1 {
        nics[0].primary = true;
    }
    match nics.iter().filter(|nic| nic.primary).count() {
        1 => Ok(nics),
        _ => Err(CloudError::of(&PRIMARY_NIC).with("machine", put.id())),
    }
}

/// A machine that failed to start holds its interfaces for a while. Quirk `nic-180s`.
fn check_reserved(cx: &Cx<'_>, put: &Put<'_>, nic: Key) -> Result<(), CloudError> {
    let reserved = cx.fabric().ports.get(&nic).and_then(|port| port.reserved.as_ref());
    match reserved {
        Some((machine, end)) if *end > cx.now() && !machine.eq_ignore_ascii_case(&put.id()) => {
            cov_mark::hit!(nic_reserved);
            Err(CloudError::of(&crate::forms::NIC_RESERVED)
                .with("machine", machine)
                .until(*end))
        }
        _ => Ok(()),
    }
}

/// The virtual network that an interface is in, and its subnet.
fn network_of(cx: &Cx<'_>, nic: Key) -> Option<(Key, Key)> {
    let port = cx.fabric().ports.get(&nic)?;
    let pool = port.addresses.first()?.pool;
    Some((cx.fabric().pools.get(&pool)?.network, pool))
}

fn check_one_network(cx: &Cx<'_>, nics: &[HeldNic]) -> Result<(), CloudError> {
    let mut networks = nics
        .iter()
        .filter_map(|nic| network_of(cx, nic.key).map(|(network, subnet)| (nic.key, network, subnet)));
    let Some((_, first, _)) = networks.next() else {
        return Ok(());
    };
    match networks.find(|(_, network, _)| *network != first) {
        Some((nic, _, subnet)) => {
            let error = CloudError::of(&NICS_APART)
                .with("subnet", cx.id(subnet))
                .with("source", cx.id(nic));
            Err(error.with("network", cx.id(first)))
        }
        None => Ok(()),
    }
}

/// All machines of a set are in one virtual network (ARM 8.2).
pub(super) fn check_set(cx: &Cx<'_>, set: Key, machine: Key, nics: &[HeldNic]) -> Result<(), CloudError> {
    let others = cx.fabric().machines_in(set).filter(|(key, _)| *key != machine);
    let network = others
        .flat_map(|(_, other)| other.ports.iter())
        .find_map(|port| network_of(cx, *port).map(|(network, _)| network));
    let Some(network) = network else {
        return Ok(());
    };
    let apart = nics.iter().find_map(|nic| {
        network_of(cx, nic.key)
            .filter(|(own, _)| *own != network)
            .map(|(_, subnet)| (nic.key, subnet))
    });
    match apart {
        Some((nic, subnet)) => {
            let error = CloudError::of(&SET_NICS_APART)
                .with("subnet", cx.id(subnet))
                .with("source", cx.id(nic));
            Err(error.with("network", cx.id(network)))
        }
        None => Ok(()),
    }
}

/// Lets go of a port.
pub(super) fn let_go(cx: &Cx<'_>, plan: Plan, machine: Key, nic: Key) -> Plan {
    match cx.fabric().ports.get(&nic).filter(|port| port.machine == Some(machine)) {
        Some(port) => plan.port(
            nic,
            Some(Port {
                machine: None,
                primary: false,
                ..port.clone()
            }),
        ),
        None => plan,
    }
}
