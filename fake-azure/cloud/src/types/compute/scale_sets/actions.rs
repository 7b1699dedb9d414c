//! What a set does with its machines: power, upgrades, deletion. Each machine answers for itself; the set asks those that can.

use std::sync::Arc;

use serde_json::Value;

use super::forms::NOT_ACTIVE;
use super::{ScaleSet, instance_id};
use crate::cx::Cx;
use crate::error::CloudError;
use crate::fabric::Power;
use crate::id::ResourceId;
use crate::plan::Plan;
use crate::resource::Resource;
use crate::types::Act;

impl ScaleSet {
    /// Performs an action on all machines, or on those that are named.
    pub(super) fn act(&self, cx: &Cx<'_>, resource: &Resource, act: &Act<'_>) -> Result<(ScaleSet, Plan), CloudError> {
        let named = self.named(cx, resource, act)?;
        let mut set = self.clone();
        if act.name == "delete" {
            set.leaving.extend(named.iter().map(|member| member.key));
            return Ok((set, Plan::new()));
        }
        if act.name == "manualupgrade" {
            let Ok(id) = ResourceId::parse(&cx.id(resource.key)) else {
                return Ok((set, Plan::new()));
            };
            let behind: Vec<&Arc<Resource>> = named
                .into_iter()
                .filter(|member| super::machine_of(member).is_some_and(|machine| machine.model() != self.model))
                .collect();
            let plan = set.upgrade(
                Plan::new(),
                &id,
                &resource.echo,
                resource.guid,
                &resource.location,
                &behind,
            );
            return Ok((set, plan));
        }

        let name = act.name;
        let plan = named.into_iter().fold(Plan::new(), |plan, member| {
            let power = cx.fabric().machines.get(&member.key).map(|machine| machine.power);
            if power.is_some_and(|power| is_able(name, power)) {
                plan.act(member.key, name)
            } else {
                plan
            }
        });
        Ok((set, plan))
    }

    /// The machines that an action names: all when it names none, or `*`.
    fn named<'a>(&self, cx: &Cx<'a>, resource: &Resource, act: &Act<'_>) -> Result<Vec<&'a Arc<Resource>>, CloudError> {
        let members: Vec<&Arc<Resource>> = self.members(cx, resource.key).collect();
        let Some(ids) = act.document.get("instanceIds").and_then(Value::as_array) else {
            return Ok(members);
        };
        let ids: Vec<&str> = ids.iter().filter_map(Value::as_str).collect();
        if ids == ["*"] {
            return Ok(members);
        }

        let target = if act.name == "manualupgrade" {
            "upgradePolicies.instanceIds"
        } else {
            "instanceIds"
        };
        let mut named: Vec<&Arc<Resource>> = Vec::with_capacity(ids.len());
        for id in ids {
            let number: Option<u32> = id.parse().ok();
            let found = members
                .iter()
                .find(|member| number.is_some() && instance_id(member) == number);
            let Some(found) = found else {
                return Err(CloudError::of(&NOT_ACTIVE).with("instance", id).about(target));
            };
            if !named.iter().any(|other| other.key == found.key) {
                named.push(found);
            }
        }
        Ok(named)
    }
}

/// Whether a machine of this power takes an action: a set leaves the others as they are.
fn is_able(action: &str, power: Power) -> bool {
    let runs = matches!(power, Power::Running | Power::Starting);
    match action {
        "start" => !runs,
        "deallocate" => power != Power::Deallocated,
        _ => runs,
    }
}
