//! Which of Compute's throttling policies a call draws from (ARM 5.3; observed-arm, Rate limits), and its refusal when one is used up.
//!
//! The gateway counts for itself: these came with the first managed disks, in 2017, and earlier eras have none. Counted by subscription
//! alone: the region that the real ones count by, too, is in few of the addresses. Calls that the deployment engine makes are not counted.

use fake_azure_cloud::catalogue::limits::Era;
use fake_azure_cloud::{CloudError, Time};
use http::Method;
use serde_json::json;

use super::error::Refusal;
use super::forms;
use super::request::Asked;
use crate::policies::{Left, Policy, UsedUp};
use crate::{Sandbox, text};

/// What is left, of each policy that a call drew from.
pub(crate) const HEADER: &str = "x-ms-ratelimit-remaining-resource";

const MACHINES: &str = "machines";
const DISKS: &str = "disks";

/// From here on creations and updates of machines share a policy with those of extensions: 2020-12-01.
const SHARED_FROM: Time = Time::from_millis(1_606_780_800_000);

const fn policy(name: &'static str, service: &'static str, capacity: u32, minutes: u32) -> Policy {
    Policy {
        name,
        service,
        capacity,
        minutes,
    }
}

/// A pair of policies, one for three minutes and one for thirty.
macro_rules! pairs {
    ($( $constant:ident: $name:literal, $service:ident, $short:literal, $long:literal; )*) => {
        $(
            const $constant: &[Policy] = &[
                policy(concat!($name, "3Min"), $service, $short, 3),
                policy(concat!($name, "30Min"), $service, $long, 30),
            ];
        )*
    };
}

// The largest that was seen to remain, and one (observed 2017 to 2021).
pairs! {
    // tidy: sorted
    CREATE_IMAGES: "CreateImages", MACHINES, 40, 200;
    CREATE_UPDATE_DISKS: "CreateUpdateDisks", DISKS, 1_000, 8_000;
    CREATE_UPDATE_VM: "CreateUpdateVM", MACHINES, 300, 1_500;
    CREATE_VM_SCALE_SET: "CreateVMScaleSet", MACHINES, 125, 625;
    DELETE_DISKS: "DeleteDisks", DISKS, 1_000, 8_000;
    DELETE_IMAGES: "DeleteImages", MACHINES, 120, 600;
    DELETE_VM: "DeleteVM", MACHINES, 240, 1_200;
    DELETE_VM_SCALE_SET: "DeleteVMScaleSet", MACHINES, 80, 400;
    DELETE_VM_SCALE_SET_VM: "DeleteVMScaleSetVM", MACHINES, 240, 1_200;
    GET_DISK_OPERATION: "GetOperation", DISKS, 50_000, 400_000;
    GET_IMAGES: "GetImages", MACHINES, 360, 1_800;
    GET_OPERATION: "GetOperation", MACHINES, 15_000, 30_000;
    GET_VM_SCALE_SET: "GetVMScaleSet", MACHINES, 400, 2_600;
    GET_VM_SCALE_SET_VM: "GetVMScaleSetVM", MACHINES, 1_000, 5_000;
    HIGH_COST_DISK_HYDRATE: "HighCostDiskHydrate", DISKS, 1_000, 8_000;
    HIGH_COST_GET: "HighCostGet", MACHINES, 140, 700;
    HIGH_COST_GET_DISKS: "HighCostGet", DISKS, 240, 1_920;
    HIGH_COST_GET_IMAGES: "HighCostGetImages", MACHINES, 80, 400;
    HIGH_COST_GET_VM_SCALE_SET: "HighCostGetVMScaleSet", MACHINES, 180, 900;
    HIGH_COST_SNAPSHOT: "HighCostSnapshotCreateHydrate", DISKS, 1_000, 8_000;
    LOW_COST_GET: "LowCostGet", MACHINES, 4_000, 32_000;
    LOW_COST_GET_DISKS: "LowCostGet", DISKS, 15_000, 120_000;
    PUT_DELETE_PPG: "PutDeletePPG", MACHINES, 100, 500;
    PUT_VM: "PutVM", MACHINES, 240, 1_200;
    UPDATE_VM: "UpdateVM", MACHINES, 240, 1_200;
    VM_SCALE_SET_ACTIONS: "VMScaleSetActions", MACHINES, 240, 1_200;
    // tidy: end
}

const GET_SUBSCRIPTION_INFO: &[Policy] = &[policy("GetSubscriptionInfo3Min", MACHINES, 360, 3)];

/// The policies of a call; none where it is not Compute's, or nobody has seen one.
fn policies_of(method: &Method, segments: &[String], now: Time) -> &'static [Policy] {
    let Some(at) = segments
        .iter()
        .rposition(|segment| segment.eq_ignore_ascii_case("providers"))
    else {
        return &[];
    };
    let words: Vec<String> = segments[at + 1..]
        .iter()
        .map(|segment| segment.to_ascii_lowercase())
        .collect();
    let Some((namespace, rest)) = words.split_first() else {
        return &[];
    };
    if namespace != "microsoft.compute" {
        return &[];
    }
    let types: Vec<&str> = rest.iter().step_by(2).map(String::as_str).collect();
    let verb = match *method {
        Method::GET | Method::HEAD => "get",
        Method::DELETE => "delete",
        Method::POST => "post",
        _ => "put",
    };
    let is_list = rest.len() % 2 == 1;
    let writes_machine = if now >= SHARED_FROM { CREATE_UPDATE_VM } else { PUT_VM };
    let writes_extension = if now >= SHARED_FROM {
        CREATE_UPDATE_VM
    } else {
        UPDATE_VM
    };
    match (verb, types.as_slice()) {
        ("get", ["locations", "operations"]) => GET_OPERATION,
        ("get", ["locations", "diskoperations"]) => GET_DISK_OPERATION,
        ("get", ["locations", "usages" | "vmsizes"]) => GET_SUBSCRIPTION_INFO,

        ("get", ["virtualmachines"]) if is_list => HIGH_COST_GET,
        ("get", ["virtualmachines" | "availabilitysets", ..]) => LOW_COST_GET,
        ("put", ["virtualmachines"]) => writes_machine,
        ("put", ["virtualmachines", "extensions"]) => writes_extension,
        ("delete", ["virtualmachines", "extensions"]) => UPDATE_VM,
        ("delete", ["virtualmachines" | "availabilitysets"]) => DELETE_VM,
        ("post", ["virtualmachines", "deallocate"]) => DELETE_VM,
        ("post", ["virtualmachines", _]) => UPDATE_VM,
        ("put", ["availabilitysets"]) => PUT_VM,

        ("get", ["disks" | "snapshots"]) if is_list => HIGH_COST_GET_DISKS,
        ("get", ["disks" | "snapshots"]) => LOW_COST_GET_DISKS,
        ("put", ["disks"]) => CREATE_UPDATE_DISKS,
        ("delete", ["disks"]) => DELETE_DISKS,
        ("post", ["disks" | "snapshots", "begingetaccess"]) => HIGH_COST_DISK_HYDRATE,
        ("put", ["snapshots"]) => HIGH_COST_SNAPSHOT,

        ("get", ["images"]) if is_list => HIGH_COST_GET_IMAGES,
        ("get", ["images"]) => GET_IMAGES,
        ("put", ["images"]) => CREATE_IMAGES,
        ("delete", ["images"]) => DELETE_IMAGES,

        ("get", ["proximityplacementgroups"]) => HIGH_COST_GET,
        ("put" | "delete", ["proximityplacementgroups"]) => PUT_DELETE_PPG,

        ("get", ["virtualmachinescalesets", "virtualmachines"]) if is_list => HIGH_COST_GET_VM_SCALE_SET,
        ("get", ["virtualmachinescalesets", "virtualmachines", ..]) => GET_VM_SCALE_SET_VM,
        ("get", ["virtualmachinescalesets"]) if !is_list => GET_VM_SCALE_SET,
        ("put", ["virtualmachinescalesets"]) if *method == Method::PUT => CREATE_VM_SCALE_SET,
        ("put", ["virtualmachinescalesets", ..]) => VM_SCALE_SET_ACTIONS,
        ("post", ["virtualmachinescalesets", "virtualmachines", "poweroff" | "deallocate"]) => DELETE_VM_SCALE_SET_VM,
        ("post", ["virtualmachinescalesets", "poweroff" | "deallocate"]) => DELETE_VM_SCALE_SET,
        ("post", ["virtualmachinescalesets", ..]) => VM_SCALE_SET_ACTIONS,
        _ => &[],
    }
}

/// Takes a call from its policies: what is left of each.
///
/// # Errors
///
/// The provider's 429 where one is used up and throttling is on.
pub(crate) fn count(sandbox: &mut Sandbox, asked: &Asked<'_>) -> Result<Vec<Left>, Refusal> {
    if sandbox.era() != Era::Current {
        return Ok(Vec::new());
    }
    let policies = policies_of(asked.method, &asked.segments, sandbox.cloud.now());
    let Some(subscription) = super::route::subscription(&asked.segments).and_then(Result::ok) else {
        return Ok(Vec::new());
    };
    sandbox
        .take_policies(subscription, policies)
        .map_err(|used_up| refusal(&used_up, sandbox.cloud.now()))
}

/// ARM 5.4, CRP: the policy is the detail's target, and its message is a document of its own.
fn refusal(used_up: &UsedUp, now: Time) -> Refusal {
    let measured = json!({
        "operationGroup": used_up.policy.name,
        "startTime": text::iso_offset(used_up.began),
        "endTime": text::iso_offset(used_up.ends),
        "allowedRequestCount": used_up.policy.capacity,
        "measuredRequestCount": used_up.n_measured,
    });
    let detail = CloudError::of(&forms::POLICY_USED_UP)
        .with("measured", measured)
        .about(used_up.policy.name);
    let secs = (used_up.ends.millis_since(now).max(1) + 999) / 1_000;
    Refusal::UsedUp {
        error: Box::new(CloudError::of(&forms::TOO_MANY_REQUESTS).because(detail)),
        secs: u32::try_from(secs).unwrap_or(u32::MAX),
        policy: used_up.policy,
    }
}

/// `Microsoft.Compute/PutVM3Min;239,Microsoft.Compute/PutVM30Min;1199`
pub(crate) fn header(left: &[Left]) -> Option<String> {
    let parts: Vec<String> = left
        .iter()
        .map(|left| format!("Microsoft.Compute/{};{}", left.policy.name, left.n_calls))
        .collect();
    (!parts.is_empty()).then(|| parts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(line: &str) -> String {
        let (method, path) = line.split_once(' ').expect("a verb and a path");
        let segments: Vec<String> = format!("subscriptions/s/{path}")
            .split('/')
            .map(str::to_owned)
            .collect();
        let method: Method = method.parse().expect("a verb");
        let policies = policies_of(&method, &segments, Time::from_millis(0));
        policies.iter().map(|own| own.name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn every_call_draws_from_the_policies_of_its_kind() {
        let group = "resourceGroups/g/providers/Microsoft.Compute";
        let rows = [
            (format!("PUT {group}/virtualMachines/v"), "PutVM3Min PutVM30Min"),
            (format!("PATCH {group}/virtualMachines/v"), "PutVM3Min PutVM30Min"),
            (format!("PUT {group}/availabilitySets/a"), "PutVM3Min PutVM30Min"),
            (
                format!("DELETE {group}/virtualMachines/v"),
                "DeleteVM3Min DeleteVM30Min",
            ),
            (
                format!("POST {group}/virtualMachines/v/deallocate"),
                "DeleteVM3Min DeleteVM30Min",
            ),
            (
                format!("POST {group}/virtualMachines/v/restart"),
                "UpdateVM3Min UpdateVM30Min",
            ),
            (
                format!("PUT {group}/virtualMachines/v/extensions/e"),
                "UpdateVM3Min UpdateVM30Min",
            ),
            (
                format!("GET {group}/virtualMachines"),
                "HighCostGet3Min HighCostGet30Min",
            ),
            (
                format!("GET {group}/virtualMachines/v"),
                "LowCostGet3Min LowCostGet30Min",
            ),
            (format!("GET {group}/disks/d"), "LowCostGet3Min LowCostGet30Min"),
            (
                "GET providers/Microsoft.Compute/locations/westus/operations/o".to_owned(),
                "GetOperation3Min GetOperation30Min",
            ),
            (
                "GET providers/Microsoft.Compute/locations/westus/usages".to_owned(),
                "GetSubscriptionInfo3Min",
            ),
            (format!("GET {group}/virtualMachineScaleSets"), ""),
            (
                "GET resourceGroups/g/providers/Microsoft.Network/networkInterfaces".to_owned(),
                "",
            ),
            ("GET resourceGroups/g".to_owned(), ""),
        ];
        for (line, expected) in rows {
            assert_eq!(names(&line), expected, "{line}");
        }
    }

    #[test]
    fn machines_and_extensions_share_a_policy_since_the_end_of_2020() {
        let segments: Vec<String> = "subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v"
            .split('/')
            .map(str::to_owned)
            .collect();
        assert_eq!(
            policies_of(&Method::PUT, &segments, SHARED_FROM)[0].name,
            "CreateUpdateVM3Min"
        );
    }
}
