//! Availability sets.
//!
//! A set spreads machines over fault and update domains. Which machines are in it stands with them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::parameters::{number, text, unchangeable};
use crate::Document;
use crate::api_version::ApiVersion;
use crate::catalogue::locations;
use crate::cx::Cx;
use crate::descriptor::{Descriptor, Dialect, Field, Fill, NameRule, PatchRule, Write, WriteVerb};
use crate::error::CloudError;
use crate::fabric::MachineSet;
use crate::forms::forms;
use crate::plan::Plan;
use crate::quota::QuotaKey;
use crate::registry::Kind;
use crate::resource::Resource;
use crate::types::{Answer, Put, ResourceType, View};

forms! {
    // tidy: sorted
    BACK_TO_CLASSIC: Conflict, Compute, "OperationNotAllowed", "Changing availability set SKU from 'Aligned' to 'Classic' is not allowed.", "ARM 3.6", "keep the SKU, or make another set";
    FAULT_DOMAINS: Invalid, Compute, "InvalidParameter", "The specified fault domain count {count} must fall in the range 1 to {max}.", "ARM 3.6", "choose a count in the range";
    HAS_MACHINES: InUse, Compute, "OperationNotAllowed", "Availability Set {set} cannot be deleted. Before deleting an Availability Set please ensure that it does not contain any VM.", "ARM 3.6 (XPL), observed-arm Error catalogue", "delete the machines in it first";
    UPDATE_DOMAINS: Invalid, Compute, "InvalidParameter", "The specified update domain count {count} must fall in the range 1 to {max}.", "ARM 3.6", "choose a count in the range";
    // tidy: end
}

/// The SKU came with managed disks; what is older has none (observed-arm, Properties the server fills in).
const SKU_SINCE: ApiVersion = ApiVersion::date(2016, 4, 29);

/// Availability sets.
pub(crate) const DESCRIPTOR: Descriptor = Descriptor {
    since: ApiVersion::date(2014, 11, 30),
    shows_state: false,
    patch: PatchRule::Merge,
    names: NameRule::word(1, 80),
    quota: Some(QuotaKey("availabilitySets")),
    fields: &[
        Field::read_only("/properties/virtualMachines"),
        Field::read_only("/properties/statuses"),
        Field::one_of("/sku/name", &["Classic", "Aligned"]),
        Field::default("/sku", Fill::Object).since(SKU_SINCE),
        Field::default("/sku/name", Fill::Text("Classic")).since(SKU_SINCE),
    ],
    writes: &[
        // ARM 2.2 (XPL): an availability set answers 200 on create, too.
        Write::new(WriteVerb::PutNew, 200),
        Write::new(WriteVerb::PutAgain, 200),
        Write::new(WriteVerb::Patch, 200),
        Write::empty(WriteVerb::Delete, 200),
    ],
    errors: ALL,
    ..Descriptor::of("Microsoft.Compute/availabilitySets", Dialect::Compute)
};

/// An availability set: its domains were decided at creation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AvailabilitySet {
    fault_domains: u32,
    update_domains: u32,
}

impl ResourceType for AvailabilitySet {
    const DESCRIPTOR: &'static Descriptor = &DESCRIPTOR;

    fn plan_put(cx: &Cx<'_>, put: &Put<'_>, before: Option<&Self>) -> Result<(Self, Plan), CloudError> {
        let managed = text(put.document, "/sku/name") == Some("Aligned");
        let was_managed = cx.fabric().machine_sets.get(&put.key).is_some_and(|row| row.managed);
        if was_managed && !managed {
            return Err(CloudError::of(&BACK_TO_CLASSIC));
        }

        let set = AvailabilitySet {
            fault_domains: fault_domains(cx, put, managed, before)?,
            update_domains: update_domains(cx, put, before)?,
        };
        let row = MachineSet {
            fault_domains: set.fault_domains,
            update_domains: set.update_domains,
            managed,
        };
        Ok((set, Plan::new().machine_set(put.key, Some(row))))
    }

    fn plan_removal(&self, _cx: &Cx<'_>, resource: &Resource) -> Plan {
        Plan::new().machine_set(resource.key, None)
    }

    fn render(&self, cx: &Cx<'_>, resource: &Resource, view: &View<'_>, document: &mut Document) {
        document["properties"]["platformUpdateDomainCount"] = Value::from(self.update_domains);
        document["properties"]["platformFaultDomainCount"] = Value::from(self.fault_domains);
        // ARM 8.4: the answer to a PUT leaves the machines out, a GET has an empty array at least.
        if view.answer != Answer::Write {
            let machines: Vec<Value> = cx
                .incoming(resource.key)
                .filter(|(source, _)| source.kind == Kind::VirtualMachines)
                .map(|(source, _)| json!({ "id": cx.id(source.key) }))
                .collect();
            document["properties"]["virtualMachines"] = Value::Array(machines);
        }
    }

    fn in_use(_cx: &Cx<'_>, target: &Resource, _users: &[String]) -> CloudError {
        CloudError::of(&HAS_MACHINES).with("set", &target.name)
    }
}

/// 1 to 3; of managed sets as many as the region has. Fixed at creation (ARM 8.4).
fn fault_domains(
    cx: &Cx<'_>,
    put: &Put<'_>,
    managed: bool,
    before: Option<&AvailabilitySet>,
) -> Result<u32, CloudError> {
    let limit = cx.limit("FaultDomainsPerAvailabilitySet").unwrap_or(3).unsigned_abs();
    let of_region = locations::find(put.location).map_or(2, |location| u64::from(location.fault_domains));
    let max = if managed {
        of_region.min(limit)
    } else {
        u64::from(locations::UNMANAGED_FAULT_DOMAINS).min(limit)
    };
    count(
        put,
        "platformFaultDomainCount",
        max,
        max,
        before.map(|set| set.fault_domains),
        &FAULT_DOMAINS,
    )
}

/// 1 to 20, 5 when none is given. Fixed at creation (ARM 8.4).
fn update_domains(cx: &Cx<'_>, put: &Put<'_>, before: Option<&AvailabilitySet>) -> Result<u32, CloudError> {
    let max = cx.limit("UpdateDomainsPerAvailabilitySet").unwrap_or(20).unsigned_abs();
    count(
        put,
        "platformUpdateDomainCount",
        max,
        5,
        before.map(|set| set.update_domains),
        &UPDATE_DOMAINS,
    )
}

fn count(
    put: &Put<'_>,
    name: &str,
    max: u64,
    default: u64,
    before: Option<u32>,
    form: &crate::error::Form,
) -> Result<u32, CloudError> {
    let given = number(put.document, &format!("/properties/{name}"));
    if let Some(before) = before {
        return match given {
            Some(given) if given != u64::from(before) => Err(unchangeable(name)),
            _ => Ok(before),
        };
    }
    let count = given.unwrap_or(default);
    if !(1..=max).contains(&count) {
        return Err(CloudError::of(form).with("count", count).with("max", max).about(name));
    }
    Ok(u32::try_from(count).expect("at most twenty"))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::types::compute::testing::check;

    #[test]
    fn defaults_follow_the_sku_and_the_version() {
        check(
            r#"
            put set a0 {}
            get set a0 /
            put set a1 {"sku": {"name": "Aligned"}}
            get set a1 /properties
            version 2016-03-30
            get set a0 /sku
            "#,
            expect![[r#"
                ok
                {"name":"a0","id":"/providers/Microsoft.Compute/availabilitySets/a0","type":"Microsoft.Compute/availabilitySets","location":"westus","sku":{"name":"Classic"},"properties":{"platformUpdateDomainCount":5,"platformFaultDomainCount":3,"virtualMachines":[]}}
                ok
                {"platformUpdateDomainCount":5,"platformFaultDomainCount":3,"virtualMachines":[]}
                -
                none
            "#]],
        );
    }

    #[test]
    fn domain_counts_have_ranges_and_are_fixed() {
        check(
            r#"
            put set a0 {"properties": {"platformFaultDomainCount": 4}}
            put set a0 {"properties": {"platformUpdateDomainCount": 21}}
            put set a0 {"properties": {"platformFaultDomainCount": 0}}
            put set a0 {"location": "southeastasia", "sku": {"name": "Aligned"}, "properties": {"platformFaultDomainCount": 3}}
            put set a0 {"location": "southeastasia", "properties": {"platformFaultDomainCount": 3}}
            put set a0 {"location": "southeastasia", "properties": {"platformFaultDomainCount": 2}}
            put set a0 {"location": "southeastasia", "properties": {"platformUpdateDomainCount": 6}}
            put set a0 {"location": "southeastasia", "tags": {"a": "b"}}
            get set a0 /properties/platformFaultDomainCount
            put set a0 {"location": "southeastasia", "sku": {"name": "Sideways"}}
            "#,
            expect![[r#"
                InvalidParameter (platformFaultDomainCount): The specified fault domain count 4 must fall in the range 1 to 3.
                InvalidParameter (platformUpdateDomainCount): The specified update domain count 21 must fall in the range 1 to 20.
                InvalidParameter (platformFaultDomainCount): The specified fault domain count 0 must fall in the range 1 to 3.
                InvalidParameter (platformFaultDomainCount): The specified fault domain count 3 must fall in the range 1 to 2.
                ok
                PropertyChangeNotAllowed (platformFaultDomainCount): Changing property 'platformFaultDomainCount' is not allowed.
                PropertyChangeNotAllowed (platformUpdateDomainCount): Changing property 'platformUpdateDomainCount' is not allowed.
                ok
                3
                InvalidParameter (name): The value of parameter sku.name is invalid.
            "#]],
        );
    }

    #[test]
    fn an_aligned_set_stays_aligned() {
        check(
            r#"
            put set a0 {"sku": {"name": "Aligned"}}
            put set a0 {}
            delete set a0
            delete set a0
            "#,
            expect![[r#"
                ok
                OperationNotAllowed: Changing availability set SKU from 'Aligned' to 'Classic' is not allowed.
                ok
                absent
            "#]],
        );
    }
}
