//! Virtual machine sizes: of a location, of a set, of a machine (ARM 4.4).

use fake_azure_cloud::Resource;
use fake_azure_cloud::catalogue::Month;
use fake_azure_cloud::catalogue::sizes::{self, OS_DISK_MB, VmSize};
use fake_azure_cloud::descriptor::Dialect;
use serde_json::{Value, json};

use super::answer::Answer;
use super::error::Refusal;
use super::request::Asked;
use super::services::Service;
use crate::Sandbox;

/// Every size sold in a location.
pub(crate) fn of_location(sandbox: &Sandbox, _asked: &Asked<'_>, call: &Service<'_>) -> Result<Answer, Refusal> {
    let month = sandbox.era().month();
    Ok(answer(sizes::sizes_in(call.location.name, month), month))
}

/// What a set's machines may have: every size of its location.
pub(crate) fn of_set(sandbox: &Sandbox, _asked: &Asked<'_>, set: &Resource) -> Result<Answer, Refusal> {
    let month = sandbox.era().month();
    Ok(answer(sizes::sizes_in(&set.location, month), month))
}

/// What a machine can be resized to: while it has a host, the sizes of that host's cluster (ARM 8.3).
pub(crate) fn of_machine(sandbox: &Sandbox, _asked: &Asked<'_>, machine: &Resource) -> Result<Answer, Refusal> {
    let month = sandbox.era().month();
    let held = sandbox
        .cloud
        .fabric()
        .machines
        .get(&machine.key)
        .filter(|row| row.power.is_allocated());
    Ok(match held.and_then(|row| sizes::find(&row.size)) {
        Some(size) => answer(sizes::resizable(size, &machine.location, month), month),
        None => answer(sizes::sizes_in(&machine.location, month), month),
    })
}

fn answer(sizes: impl Iterator<Item = &'static VmSize>, month: Month) -> Answer {
    let entries: Vec<Value> = sizes
        .map(|size| {
            json!({
                "name": size.name,
                "numberOfCores": size.cores,
                "osDiskSizeInMB": OS_DISK_MB,
                "resourceDiskSizeInMB": size.resource_disk_mb,
                "memoryInMB": size.memory_mb,
                "maxDataDiskCount": size.max_data_disks(month),
            })
        })
        .collect();
    Answer::ok(Dialect::Compute, json!({ "value": entries }))
}
