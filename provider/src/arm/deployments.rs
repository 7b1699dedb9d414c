//! Template deployments: what Resource Manager was told to make true, and the record of how that went (juju-provider 1.9).
//!
//! Calls to them are written like calls to groups, `resourcegroups`, as Juju does (juju-provider 1.1).

use serde::Deserialize;
use serde_json::{Value, json};

use super::scope::{Call, Scope};
use super::tags::{self, Tags};
use super::template::Template;
use crate::{InstanceId, Refusal};

/// What machines share (juju-provider 1.4).
pub(crate) const COMMON: &str = "common";

const VIRTUAL_MACHINES: &str = "Microsoft.Compute/virtualMachines";
const AVAILABILITY_SETS: &str = "Microsoft.Compute/availabilitySets";

/// A deployment, as far as we look at it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Deployment {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) tags: Option<Tags>,
    #[serde(default)]
    properties: Option<Properties>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    #[serde(default)]
    provisioning_state: Option<String>,
    /// Absent until the template was read (juju-provider 1.9.3).
    #[serde(default)]
    dependencies: Option<Vec<Dependency>>,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dependency {
    #[serde(default)]
    resource_type: String,
    #[serde(default)]
    resource_name: String,
    #[serde(default)]
    depends_on: Vec<Dependency>,
}

impl Deployment {
    /// Its state; a record without one is not known to have begun.
    pub(crate) fn state(&self) -> &str {
        let state = self
            .properties
            .as_ref()
            .and_then(|own| own.provisioning_state.as_deref());
        state.unwrap_or("NotSpecified")
    }

    pub(crate) fn is_in(&self, state: &str) -> bool {
        self.state().eq_ignore_ascii_case(state)
    }

    /// Whether it ended, well or badly.
    pub(crate) fn is_over(&self) -> bool {
        ["Succeeded", "Failed", "Canceled", "Deleted"]
            .into_iter()
            .any(|state| self.is_in(state))
    }

    /// The machine that it made, or makes, by its name (juju-provider L37), whose case may change on the way (L20).
    pub(crate) fn machine(&self) -> Option<InstanceId> {
        let name = self.name.to_lowercase();
        let number = name.strip_prefix("machine-")?;
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| InstanceId::new(name))
    }

    /// Whether the template was read, so that something may have been made.
    pub(crate) fn has_dependencies(&self) -> bool {
        let own = self.properties.as_ref().and_then(|own| own.dependencies.as_ref());
        own.is_some_and(|own| !own.is_empty())
    }

    /// Whether the machine of it goes into this availability set.
    pub(crate) fn is_in_set(&self, set: &str) -> bool {
        let all = self.properties.iter().flat_map(|own| own.dependencies.iter().flatten());
        let machines = all.filter(|own| own.resource_type.eq_ignore_ascii_case(VIRTUAL_MACHINES));
        machines.flat_map(|own| &own.depends_on).any(|other| {
            other.resource_type.eq_ignore_ascii_case(AVAILABILITY_SETS) && other.resource_name.eq_ignore_ascii_case(set)
        })
    }

    /// Why it failed, in Azure's words: those of the first thing that did, where it says (juju-provider 1.8.5).
    pub(crate) fn trouble(&self) -> Option<String> {
        let error = self.properties.as_ref()?.error.as_ref()?;
        let refusal = Refusal::of_document(error)?;
        let mut messages = std::iter::once(&refusal.message).chain(refusal.details.iter().map(|(_, message)| message));
        messages.rfind(|message| !message.is_empty()).cloned()
    }
}

fn id(scope: &Scope, name: &str) -> String {
    format!("{}{name}", list_id(scope))
}

fn list_id(scope: &Scope) -> String {
    format!(
        "{}/providers/Microsoft.Resources/deployments/",
        scope.group_id(&scope.group)
    )
}

/// `own`: tags of the deployment itself, where the generation sets them.
pub(crate) fn put(scope: &Scope, name: &str, template: &Template, own: Option<&Tags>) -> Call {
    let mut body = json!({"properties": {"mode": "Incremental", "template": template.to_json()}});
    if let Some(own) = own {
        body["tags"] = tags::to_json(own);
    }
    scope.put("create deployment", &id(scope, name), scope.versions.resources, &body)
}

pub(crate) fn get(scope: &Scope, name: &str) -> Call {
    scope.get("find deployment", &id(scope, name), scope.versions.resources)
}

pub(crate) fn list(scope: &Scope) -> Call {
    scope.get("list deployments", &list_id(scope), scope.versions.resources)
}

/// What was not begun is not begun any more. It may be said twice.
pub(crate) fn cancel(scope: &Scope, name: &str) -> Call {
    let id = format!("{}/cancel", id(scope, name));
    scope.ask("cancel deployment", &id, scope.versions.resources, None)
}

/// The record alone: what was deployed stays.
pub(crate) fn delete(scope: &Scope, name: &str) -> Call {
    scope.delete("delete deployment", &id(scope, name), scope.versions.resources)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::{Value, json};

    use super::super::scope::tests::{scope, wire};
    use super::{Deployment, cancel};

    fn deployment(name: &str, properties: Value) -> Deployment {
        serde_json::from_value(json!({"name": name, "properties": properties})).expect("the document is a deployment")
    }

    #[test]
    fn a_record_tells_its_set_and_the_innermost_trouble() {
        let machine = json!({"resourceType": "Microsoft.Compute/virtualMachines", "resourceName": "machine-3",
            "dependsOn": [{"resourceType": "Microsoft.Compute/availabilitySets", "resourceName": "juju-controller"}]});
        let error = json!({"code": "InvalidTemplateDeployment", "message": "The template deployment failed",
            "details": [{"code": "QuotaExceeded", "message": "exceeding approved cores"}]});
        let failed = json!({"provisioningState": "Failed", "dependencies": [machine], "error": error});
        let failed = deployment("machine-3", failed);
        assert!(failed.is_in_set("juju-controller") && !failed.is_in_set("mysql"));
        assert!(failed.is_over() && failed.machine().is_some() && failed.has_dependencies());
        assert_eq!(failed.trouble().as_deref(), Some("exceeding approved cores"));

        let nested = json!({"code": "DeploymentFailed", "message": "At least one", "details": [{"code": "Conflict",
            "message": "{\r\n \"error\": {\"code\": \"SkuNotAvailable\", \"message\": \"not here\"}}"}]});
        let failed = deployment("machine-3", json!({"provisioningState": "Failed", "error": nested}));
        assert_eq!(failed.trouble().as_deref(), Some("not here"));
    }

    #[test]
    fn only_machines_are_named_like_machines() {
        for (name, expected) in [
            ("Machine-12", true),
            ("common", false),
            ("machine-", false),
            ("machine-x", false),
        ] {
            assert_eq!(deployment(name, Value::Null).machine().is_some(), expected, "{name}");
        }
        let blank = deployment("machine-1", Value::Null);
        assert!(!blank.has_dependencies() && !blank.is_over());
        assert_eq!(blank.state(), "NotSpecified");
    }

    #[test]
    fn a_cancellation_is_a_post_without_a_body() {
        expect![[r#"
            POST https://management.azure.com/subscriptions/00000000-0000-0000-0000-000000000011/resourcegroups/juju-env-environment-e/providers/Microsoft.Resources/deployments/machine-3/cancel?api-version=2015-11-01
            accept: application/json

        "#]]
        .assert_eq(&wire(&cancel(&scope(), "machine-3")));
    }
}
