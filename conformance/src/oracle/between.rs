//! What holds between models and controllers: who is let in from other models (juju-provider 6.12), and whose resources say that
//! they are (3.6, invariant 2).
//!
//! Who is related to whom comes from the controllers' memory, addresses, rules and tags from the cloud alone.

use std::collections::BTreeSet;

use fake_azure_cloud::{Cloud, Kind, Resource};
use serde_json::Value;

use super::converged::{line, of_resource_manager};
use super::{Failure, Verdict};
use crate::controller::ModelGoal;
use crate::controller::between::{Crossing, Owned};
use crate::subject::Stack;

/// The tag that says which controller a resource belongs to (juju-provider 1.5).
const CONTROLLER_TAG: &str = "juju-controller-uuid";

/// Judges every machine that is called from other models: its rules are as many as the public addresses of those who call.
pub(crate) fn admitted(cloud: &Cloud, crossings: &[Crossing]) -> Verdict {
    let mut verdict = Verdict::default();
    for crossing in crossings.iter().filter(|own| own.offering.stack == Stack::Arm) {
        let sources: BTreeSet<String> = match crossing.exposed {
            true => BTreeSet::from(["*".to_owned()]),
            false => crossing
                .callers
                .iter()
                .filter_map(|(model, id)| Some(format!("{}/32", public_address(cloud, model, id)?)))
                .collect(),
        };
        let wanted: BTreeSet<String> = crossing
            .ports
            .iter()
            .flat_map(|ports| sources.iter().map(|source| line(ports, source)))
            .collect();
        let (mut there, _) = of_resource_manager(cloud, &crossing.offering);
        let open = there.remove(&crossing.id).unwrap_or_default();
        verdict.n_judged += 1;
        if open != wanted {
            let show = |lines: &BTreeSet<String>| lines.iter().cloned().collect::<Vec<_>>().join(", ");
            let what = format!(
                "{} of model {} lets in others than those who are related to it",
                crossing.id, crossing.offering.model
            );
            verdict.failures.push(Failure::new(what, show(&wanted), show(&open)));
        }
    }
    verdict
}

/// The address that the world sees an instance's calls come from.
fn public_address(cloud: &Cloud, model: &ModelGoal, id: &str) -> Option<String> {
    let nic = of_model(cloud, model, "Microsoft.Network", "networkInterfaces")
        .into_iter()
        .find(|nic| nic.name.eq_ignore_ascii_case(&format!("{id}-primary")))?;
    let port = cloud.fabric().ports.get(&nic.key)?;
    let address = port.addresses.iter().find_map(|own| own.public)?;
    let address = cloud.fabric().public_addresses.get(&address)?.address?;
    Some(address.to_string())
}

fn of_model<'c>(cloud: &'c Cloud, model: &ModelGoal, namespace: &str, type_path: &str) -> Vec<&'c Resource> {
    let kind = Kind::find(namespace, type_path);
    let resources = cloud.store().iter().map(AsRef::as_ref);
    resources
        .filter(|own: &&Resource| Some(own.kind) == kind && is_of(cloud, own, model))
        .collect()
}

fn is_of(cloud: &Cloud, resource: &Resource, model: &ModelGoal) -> bool {
    let group = cloud.store().get(resource.group);
    group.is_some_and(|group| model.owns_group(&group.name))
}

/// Judges every resource of every model, its group first: no tag of it names another controller than the one that has it. A resource
/// without tags is one that Azure has made by itself; groups always have them.
pub(crate) fn owned(cloud: &Cloud, models: &[Owned]) -> Verdict {
    let mut verdict = Verdict::default();
    for own in models {
        let wanted = own.controller.to_string();
        verdict.n_judged += 1;
        for resource in cloud.store().iter() {
            let is_group = resource.group == resource.key && own.model.owns_group(&resource.name);
            if !is_group && !is_of(cloud, resource, &own.model) {
                continue;
            }
            let tags = resource.echo.get("tags").and_then(Value::as_object);
            let tag = tags.and_then(|tags| {
                let found = tags.iter().find(|(name, _)| name.eq_ignore_ascii_case(CONTROLLER_TAG));
                found.and_then(|(_, value)| value.as_str())
            });
            let holds = match tag {
                Some(tag) => tag == wanted,
                None => !is_group,
            };
            if !holds {
                let what = format!(
                    "{} of model {} says another controller",
                    cloud.id(resource.key),
                    own.model.model
                );
                verdict
                    .failures
                    .push(Failure::new(what, wanted.clone(), tag.unwrap_or("none")));
            }
        }
    }
    verdict
}
