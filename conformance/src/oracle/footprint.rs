//! Footprints: what there is of a world, in lines that two worlds can be compared by.
//!
//! A footprint says what exists, not when it was made or what a service drew for it. Names that the provider draws itself
//! (storage accounts, hosted services) are left out: a try that was refused may have used one up.

use std::collections::BTreeMap;

use fake_azure_cloud::classic::Classic;
use fake_azure_cloud::{Cloud, Kind};
use serde_json::Value;

/// What is noted of template deployments stands under names that begin so.
const DEPLOYMENTS: &str = "deployment-ids";

/// The tag that says which controller a resource belongs to (juju-provider 1.5).
const CONTROLLER_TAG: &str = "/tags/juju-controller-uuid";

/// How often each line is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Footprint(BTreeMap<String, i64>);

impl Footprint {
    /// The footprint of a cloud.
    #[must_use]
    pub fn of(cloud: &Cloud) -> Footprint {
        let mut footprint = Footprint::default();
        for resource in cloud.store().iter() {
            let group = cloud.store().get(resource.group).map_or("", |group| &group.name);
            let kind = resource.kind.descriptor().name;
            let name = match Kind::find("Microsoft.Storage", "storageAccounts") {
                Some(accounts) if accounts == resource.kind => "",
                _ => &resource.name,
            };
            footprint.add(format!("{group} {kind} {name}").to_lowercase(), 1);
            if let Some(controller) = resource.echo.pointer(CONTROLLER_TAG).and_then(Value::as_str) {
                footprint.add(format!("resource of controller {controller}"), 1);
            }
        }
        for (id, _) in cloud.notes(DEPLOYMENTS) {
            let id = id.trim_start_matches(DEPLOYMENTS);
            let group = id.split("/providers/").next().unwrap_or_default();
            if cloud.store().find(group).is_some() {
                footprint.add(format!("deployment {id}"), 1);
            }
        }

        // The fabric as it is saved: a table that somebody adds is counted without being named here.
        let fabric = serde_json::to_value(cloud.fabric()).unwrap_or_default();
        for (table, rows) in fabric.as_object().into_iter().flatten() {
            if table != "containers" {
                footprint.add(format!("fabric {table}"), count(rows));
            }
        }
        for ((account, container), row) in cloud.fabric().containers.iter() {
            // What is deleted keeps its name for a while; and the first disk in an account that is somebody's own makes a
            // container there, which is that somebody's from then on.
            let is_users = &**container == "vhds" && cloud.classic().storage_services.contains(account);
            if row.deleted_until.is_none() && !is_users {
                footprint.add("fabric containers".to_owned(), 1);
            }
        }
        for ((_, container, _), _) in cloud.fabric().blobs.iter() {
            footprint.add(format!("blob in {container}"), 1);
        }
        for (table, n_rows) in classic_tables(cloud.classic()) {
            footprint.add(format!("classic {table}"), n_rows);
        }
        for (_, location, row, used) in cloud.ledger().counters() {
            footprint.add(format!("counter {row} {location}"), used);
        }
        footprint
    }

    fn add(&mut self, line: String, times: i64) {
        if times != 0 {
            *self.0.entry(line).or_default() += times;
        }
    }

    /// What is here and is not, or less often, in another: `3 more of fabric leases`.
    #[must_use]
    pub fn beyond(&self, other: &Footprint) -> Vec<String> {
        let more = |(line, times): (&String, &i64)| {
            let more = times - other.0.get(line).copied().unwrap_or_default();
            (more > 0).then(|| format!("{more} of {line}"))
        };
        self.0.iter().filter_map(more).collect()
    }
}

/// Rows of the classic tables that somebody has to clean: what operations were, and who may call, is not.
pub(crate) fn classic_tables(classic: &Classic) -> Vec<(&'static str, i64)> {
    let roles = || classic.deployments.iter().flat_map(|(_, deployment)| &deployment.roles);
    let rows = [
        ("affinity groups", classic.affinity_groups.len()),
        ("deployments", classic.deployments.len()),
        ("endpoints", roles().map(|role| role.network.endpoints.len()).sum()),
        ("roles", roles().count()),
        ("disks", classic.disks.len()),
        ("hosted services", classic.hosted_services.len()),
        ("network security groups", classic.network_security_groups.len()),
        ("OS images", classic.os_images.len()),
        ("reserved addresses", classic.reserved_ips.len()),
        ("route tables", classic.route_tables.len()),
        ("storage services", classic.storage_services.len()),
        ("virtual networks", classic.virtual_networks.len()),
        ("VM images", classic.vm_images.len()),
    ];
    rows.into_iter()
        .map(|(table, n_rows)| (table, i64::try_from(n_rows).unwrap_or(i64::MAX)))
        .collect()
}

fn count(rows: &Value) -> i64 {
    let n_rows = match rows {
        Value::Array(rows) => rows.len(),
        Value::Object(rows) => rows.len(),
        _ => 0,
    };
    i64::try_from(n_rows).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use fake_azure_cloud::catalogue::limits::Era;
    use fake_azure_cloud::{ApiVersion, Call, Conditions, Guid, ResourceId, Settings, Time};
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_added_is_beyond_what_was_there() {
        let subscription = Guid(7);
        let mut cloud = Cloud::new(&Settings {
            seed: 1,
            start: Time::from_millis(0),
            era: Era::Current,
            subscriptions: vec![subscription],
        });
        let before = Footprint::of(&cloud);
        assert_eq!(before, Footprint::default());
        let call = Call::Put {
            id: ResourceId::group(subscription, "G"),
            document: json!({"location": "westus"}),
            version: ApiVersion::date(2016, 9, 1),
            conditions: Conditions::NONE,
        };
        cloud.apply(&call).expect("a group can be made");
        let after = Footprint::of(&cloud);
        expect_test::expect![[r#"
            [
                "1 of counter ResourceGroups ",
                "1 of g microsoft.resources/resourcegroups g",
            ]
        "#]]
        .assert_debug_eq(&after.beyond(&before));
        assert_eq!(before.beyond(&after), Vec::<String>::new());
    }
}
