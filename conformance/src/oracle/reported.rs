//! Listing truth: a machine of which anything is left is reported as an instance (juju-provider 6.5, the ARM notes).

use std::collections::BTreeSet;

use fake_azure_cloud::classic::Stage;
use fake_azure_cloud::{Cloud, Kind, Resource};
use serde_json::Value;

use super::expectations::ids_in;
use crate::driver::groups_of_environment;

/// The kinds that a machine of its own is made of.
const PARTS: &[(&str, &str)] = &[
    ("Microsoft.Compute", "virtualMachines"),
    ("Microsoft.Network", "networkInterfaces"),
    ("Microsoft.Network", "publicIPAddresses"),
];

/// The instances of which something is there, in an environment's group.
pub(crate) fn of_environment(cloud: &Cloud, environment: &str) -> BTreeSet<String> {
    let groups = groups_of_environment(environment);
    let mut there = of_resources(cloud, |resource: &Resource| {
        let group = cloud.store().get(resource.group);
        group.is_some_and(|found| groups.iter().any(|own| found.name.eq_ignore_ascii_case(own)))
    });
    there.extend(of_services(cloud, |service| is_service_of(service, environment)));
    there
}

/// The instances of which something is there, in a world that holds one environment.
pub(crate) fn of_world(cloud: &Cloud) -> BTreeSet<String> {
    let mut there = of_resources(cloud, |_| true);
    there.extend(of_services(cloud, |_| true));
    there
}

/// Roles, by the ids that the provider gives them: cloud service and role (juju-provider 2.4). Those of a deployment that has only
/// begun are shown to nobody (service-management 8.2).
fn of_services(cloud: &Cloud, is_own: impl Fn(&str) -> bool) -> BTreeSet<String> {
    cloud
        .classic()
        .deployments
        .iter()
        .filter(|(key, deployment)| is_own(&key.0) && deployment.stage != Stage::Deploying)
        .flat_map(|(key, deployment)| deployment.roles.iter().map(move |role| (key, role)))
        .map(|(key, role)| format!("{}-{}", key.0, role.name).to_lowercase())
        .collect()
}

/// Whether a cloud service is an environment's, rather than that of one whose name begins alike (juju-provider L12).
fn is_service_of(service: &str, environment: &str) -> bool {
    let prefix = format!("juju-{environment}-").to_lowercase();
    let service = service.to_lowercase();
    service
        .strip_prefix(&prefix)
        .is_some_and(|rest| !rest.is_empty() && !rest.contains('-'))
}

fn of_resources(cloud: &Cloud, is_own: impl Fn(&Resource) -> bool) -> BTreeSet<String> {
    let kinds: Vec<Kind> = PARTS
        .iter()
        .filter_map(|(namespace, type_path)| Kind::find(namespace, type_path))
        .collect();
    cloud
        .store()
        .iter()
        .filter(|resource| kinds.contains(&resource.kind) && is_own(resource))
        .filter_map(|resource| machine_of(&resource.name))
        .collect()
}

/// Instances that are there and not reported.
pub(crate) fn unreported(there: &BTreeSet<String>, reported: &Value) -> Vec<String> {
    let reported = ids_in(reported);
    let is_reported = |id: &&String| reported.iter().any(|own| own.eq_ignore_ascii_case(id));
    there.iter().filter(|id| !is_reported(id)).cloned().collect()
}

/// `machine-3` of `machine-3`, `machine-3-primary`, `machine-3-public-ip` (juju-provider 1.4).
fn machine_of(name: &str) -> Option<String> {
    let digits: String = name
        .strip_prefix("machine-")?
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    (!digits.is_empty()).then(|| format!("machine-{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_name_their_machine() {
        for name in ["machine-12", "machine-12-primary", "machine-12-public-ip"] {
            assert_eq!(machine_of(name).as_deref(), Some("machine-12"));
        }
        assert_eq!(machine_of("juju-internal-nsg"), None);
        assert_eq!(machine_of("machine-x"), None);
        assert!(is_service_of("juju-a-x1", "a") && is_service_of("JUJU-A-x1", "a"));
        assert!(!is_service_of("juju-a-b-x1", "a") && !is_service_of("juju-ab-x1", "a"));
    }
}
