//! `onErrorDeployment`: an earlier deployment that is made again when one fails (ARM 7.1).
//!
//! It refuses to know what failed: whoever runs deployments says when.

use fake_azure_cloud::CloudError;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::forms;
use super::lenient::Places;
use super::plan::Target;
use super::prepare::{Commission, prepare};
use super::record::{self, Deployment, State};
use super::template::member;
use super::{request, run};
use crate::Sandbox;

/// What is made again when a deployment fails.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rollback {
    /// `LastSuccessful` or `SpecificDeployment`.
    kind: String,
    /// The deployment, found when the order came.
    name: String,
    /// How it stands, once it was begun.
    state: Option<State>,
}

impl Rollback {
    /// Reads what an order says of it.
    ///
    /// # Errors
    ///
    /// When it names no deployment that succeeded.
    pub(crate) fn read(
        sandbox: &Sandbox,
        target: &Target,
        name: &str,
        written: &Value,
    ) -> Result<Rollback, CloudError> {
        let kind = member(written, "type").and_then(Value::as_str).unwrap_or("");
        let wanted = member(written, "deploymentName").and_then(Value::as_str).unwrap_or("");
        let bad = |reason: &str| CloudError::of(&forms::BAD_ROLLBACK).with("reason", reason);
        if target.group.is_none() {
            return Err(bad("a rollback is for deployments to a resource group"));
        }
        if kind.eq_ignore_ascii_case("LastSuccessful") {
            if !wanted.is_empty() {
                return Err(bad("'deploymentName' is only for the type 'SpecificDeployment'"));
            }
            let earlier = record::all(&sandbox.cloud, target)
                .into_iter()
                .find(|own| own.state == State::Succeeded && !own.name.eq_ignore_ascii_case(name));
            let earlier = earlier.ok_or_else(|| bad("no earlier deployment of the resource group succeeded"))?;
            return Ok(Rollback {
                kind: "LastSuccessful".to_owned(),
                name: earlier.name,
                state: None,
            });
        }
        if !kind.eq_ignore_ascii_case("SpecificDeployment") {
            return Err(bad("its type is 'LastSuccessful' or 'SpecificDeployment'"));
        }
        let Some(earlier) = record::find(&sandbox.cloud, target, wanted) else {
            return Err(CloudError::of(&forms::NOT_FOUND).with("name", wanted));
        };
        if earlier.state != State::Succeeded || earlier.name.eq_ignore_ascii_case(name) {
            return Err(bad("the deployment that it names did not succeed"));
        }
        Ok(Rollback {
            kind: "SpecificDeployment".to_owned(),
            name: earlier.name,
            state: None,
        })
    }

    /// As documents show it.
    pub(crate) fn document(&self) -> Value {
        let mut shown = Map::new();
        if let Some(state) = self.state {
            shown.insert("provisioningState".to_owned(), Value::from(state.name()));
        }
        shown.insert("type".to_owned(), Value::from(self.kind.as_str()));
        shown.insert("deploymentName".to_owned(), Value::from(self.name.as_str()));
        Value::Object(shown)
    }
}

/// Takes note of how the earlier deployment goes. Says whether that changed anything.
pub(super) fn look(sandbox: &Sandbox, failed: &mut Deployment) -> bool {
    let Some(rollback) = failed.rollback.as_mut().filter(|own| own.state.is_some()) else {
        return false;
    };
    let now = record::find(&sandbox.cloud, &failed.target, &rollback.name).map(|own| own.state);
    let changed = now.is_some() && now != rollback.state;
    if changed {
        rollback.state = now;
    }
    changed
}

/// Makes the earlier deployment again, with the template and the values that it had.
pub(super) fn begin(sandbox: &mut Sandbox, failed: &mut Deployment) {
    let Some(rollback) = &mut failed.rollback else {
        return;
    };
    let earlier = record::find(&sandbox.cloud, &failed.target, &rollback.name);
    let Some(earlier) = earlier.filter(|own| !own.state.is_active()) else {
        return;
    };
    let given = earlier.parameters.iter();
    let given: Map<String, Value> = given
        .map(|given| (given.name.clone(), json!({ "value": given.value })))
        .collect();
    let document = json!({
        "properties": { "mode": earlier.mode.name(), "template": earlier.template, "parameters": given },
    });
    let Ok(order) = request::order(&document, Places::default()) else {
        return;
    };
    let commission = Commission {
        target: &earlier.target,
        name: &earlier.name,
        order: &order,
        base: &earlier.base,
        deployer: &failed.deployer,
        correlation: failed.correlation,
        depth: 0,
        parent_link: None,
    };
    // A template that can be judged no more - its group is going - is not made again.
    if let Ok(prepared) = prepare(sandbox, &commission) {
        let again = run::begin(sandbox, &commission, prepared, Some(failed.serial));
        rollback.state = Some(again.state);
    }
}
