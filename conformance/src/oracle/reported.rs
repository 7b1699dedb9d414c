//! Listing truth: a machine of which anything is left is reported as an instance (juju-provider 6.5, the ARM notes).

use std::collections::BTreeSet;

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
    of_resources(cloud, |resource: &Resource| {
        let group = cloud.store().get(resource.group);
        group.is_some_and(|found| groups.iter().any(|own| found.name.eq_ignore_ascii_case(own)))
    })
}

/// The instances of which something is there, in a world that holds one environment.
pub(crate) fn of_world(cloud: &Cloud) -> BTreeSet<String> {
    of_resources(cloud, |_| true)
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
    there.iter().filter(|id| !reported.contains(id)).cloned().collect()
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
    }
}
