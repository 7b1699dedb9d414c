//! Where a machine may run: its size, its set, and what it counts against (ARM 3.6, 4.2, 8.4).

use serde::{Deserialize, Serialize};

use super::forms::{
    BAD_SIZE, RESIZE, SET_BY_ZONE, SET_FULL, SET_KIND, SET_SIZE, SIZE_NOT_OFFERED, SIZE_NOT_OFFERED_2016,
};
use crate::catalogue::limits::Era;
use crate::catalogue::locations;
use crate::catalogue::sizes::{self, VmSize};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::fabric::Machine;
use crate::key::Key;
use crate::plan::Plan;
use crate::quota::QuotaKey;
use crate::types::Put;
use crate::types::compute::parameters::unchangeable;

/// The size of a name, if the location sells it.
pub(super) fn size_of(cx: &Cx<'_>, put: &Put<'_>, name: &str) -> Result<&'static VmSize, CloudError> {
    let month = cx.era().month();
    let Some(size) = sizes::find(name).filter(|size| size.family.since <= month) else {
        let known: Vec<&str> = sizes::sizes_in(put.location, month).map(|size| size.name).collect();
        return Err(CloudError::of(&BAD_SIZE)
            .with("size", name)
            .with("sizes", known.join(","))
            .about("vmSize"));
    };
    let is_sold = locations::find(put.location).is_some_and(|location| size.is_offered(location, month));
    // A size of which there may be none is not available to the subscription (juju-provider L71).
    if is_sold && cx.limit(size.name) != Some(0) {
        return Ok(size);
    }
    Err(if cx.era() == Era::Current {
        CloudError::of(&SIZE_NOT_OFFERED)
            .with("size", size.name)
            .with("location", put.location)
    } else {
        CloudError::of(&SIZE_NOT_OFFERED_2016)
            .with("resource", put.id())
            .with("location", put.location)
            .with("subscription", put.id.subscription())
    })
}

/// The set that a machine is in, and its domains there. Fixed at creation (ARM 8.4).
pub(super) fn set_of(
    cx: &Cx<'_>,
    put: &Put<'_>,
    size: &VmSize,
    managed: bool,
    zoned: bool,
    before: Option<Option<Key>>,
) -> Result<Option<(Key, u32, u32)>, CloudError> {
    let set = put.target_at("/properties/availabilitySet");
    if before.is_some_and(|before| before != set) {
        return Err(unchangeable("availabilitySet"));
    }
    let Some(set) = set else {
        return Ok(None);
    };
    let domains = cx.fabric().machines.get(&put.key).and_then(|machine| machine.set);
    if let Some(domains) = domains {
        return Ok(Some(domains));
    }

    if zoned {
        return Err(CloudError::of(&SET_BY_ZONE));
    }
    if cx
        .fabric()
        .machine_sets
        .get(&set)
        .is_some_and(|row| row.managed != managed)
    {
        return Err(CloudError::of(&SET_KIND));
    }
    let members = cx.fabric().machines_in(set).count();
    if let Some(limit) = cx.limit("VirtualMachinesPerAvailabilitySet")
        && i64::try_from(members).unwrap_or(i64::MAX) >= limit
    {
        return Err(CloudError::of(&SET_FULL)
            .with("set", &cx.resource(set).name)
            .with("limit", limit));
    }
    if let Some(other) = neighbour(cx, set, put.key)
        && other.family.hardware != size.family.hardware
    {
        return Err(CloudError::of(&SET_SIZE).with("size", size.name));
    }
    let (fault, update) = cx.fabric().next_domains(set);
    Ok(Some((set, fault, update)))
}

/// The size of a machine of a set that holds a host: it ties the set to its hardware.
pub(super) fn neighbour(cx: &Cx<'_>, set: Key, but: Key) -> Option<&'static VmSize> {
    let mut others = cx
        .fabric()
        .machines_in(set)
        .filter(|(key, machine)| *key != but && machine.power.is_allocated());
    others.find_map(|(_, machine)| sizes::find(&machine.size))
}

/// Another size has to be of the hardware that holds the machine, or its set (ARM 3.6, 8.3).
pub(super) fn check_resize(cx: &Cx<'_>, put: &Put<'_>, machine: &Machine, to: &VmSize) -> Result<(), CloudError> {
    let own = machine
        .power
        .is_allocated()
        .then(|| sizes::find(&machine.size))
        .flatten();
    let of_set = machine.set.and_then(|(set, _, _)| neighbour(cx, set, put.key));
    let (tied, place) = match (of_set, own) {
        (Some(size), _) => (size, "availability set"),
        (None, Some(size)) => (size, "VM"),
        (None, None) => return Ok(()),
    };
    if tied.family.hardware == to.family.hardware {
        return Ok(());
    }
    let fit: Vec<&str> = sizes::resizable(tied, put.location, cx.era().month())
        .map(|size| size.name)
        .collect();
    let error = CloudError::of(&RESIZE).with("size", to.name).with("where", place);
    Err(error.with("sizes", fit.join(",")))
}

/// What a machine counts against while it holds a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Charge {
    size: Box<str>,
    spot: bool,
}

impl Charge {
    pub(super) fn of(size: &VmSize, spot: bool) -> Charge {
        Charge {
            size: size.name.into(),
            spot,
        }
    }

    /// The rows, in the order in which they are checked: the region's total, then the family's (ARM 4.2).
    fn rows(&self) -> Vec<(QuotaKey, i64)> {
        let Some(size) = sizes::find(&self.size) else {
            return Vec::new();
        };
        let cores = i64::from(size.cores);
        if self.spot {
            return vec![(QuotaKey("lowPriorityCores"), cores)];
        }
        vec![(QuotaKey("cores"), cores), (QuotaKey(size.family.name), cores)]
    }

    /// Counts this instead of what was counted before.
    pub(super) fn instead_of(&self, plan: Plan, before: Option<&Charge>) -> Plan {
        if before == Some(self) {
            return plan;
        }
        let old = before.map(Charge::rows).unwrap_or_default();
        let plan = old
            .iter()
            .filter(|(row, _)| !self.rows().iter().any(|(own, _)| own == row))
            .fold(plan, |plan, (row, cores)| plan.charge(*row, -cores));
        self.rows().into_iter().fold(plan, |plan, (row, cores)| {
            let counted = old
                .iter()
                .find(|(other, _)| *other == row)
                .map_or(0, |(_, cores)| *cores);
            plan.charge(row, cores - counted)
        })
    }

    /// Asks whether `count` times this would pass a limit, and leaves the counters as they are.
    pub(super) fn asked(&self, plan: Plan, count: i64) -> Plan {
        self.rows().into_iter().fold(plan, |plan, (row, cores)| {
            plan.charge(row, cores * count).charge(row, -cores * count)
        })
    }

    /// Gives everything back.
    pub(super) fn back(&self, plan: Plan) -> Plan {
        self.rows()
            .into_iter()
            .fold(plan, |plan, (row, cores)| plan.charge(row, -cores))
    }
}
