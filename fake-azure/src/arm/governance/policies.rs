//! Policy definitions and assignments.

use fake_azure_cloud::Scope;
use fake_azure_cloud::descriptor::Dialect;
use fake_azure_cloud::governance::{GovernanceCall, Policy, PolicyNoun};
use serde_json::{Value, json};

use super::super::answer::Answer;
use super::super::decode;
use super::super::error::Refusal;
use super::super::request::Asked;
use super::write;
use crate::Sandbox;

const BY: Dialect = Dialect::Gateway;

pub(super) fn serve(
    sandbox: &mut Sandbox,
    asked: &Asked<'_>,
    noun: PolicyNoun,
    scope: &Scope,
    name: Option<&str>,
) -> Result<Answer, Refusal> {
    let Some(name) = name else {
        return match asked.method.as_str() {
            "GET" => Ok(list(sandbox, noun, scope)),
            _ => Err(Refusal::Verb),
        };
    };
    match asked.method.as_str() {
        "GET" => Ok(Answer::ok(
            BY,
            document(sandbox.cloud.governance().policy(noun, scope, name)?),
        )),
        "PUT" => {
            let call = GovernanceCall::PutPolicy {
                noun,
                scope: scope.clone(),
                name: name.into(),
                document: decode::document(asked)?,
            };
            write(sandbox, call)?;
            // 201 whether it was there or not. Assumed, after role assignments (ARM 3.8).
            Ok(Answer {
                status: 201,
                ..Answer::ok(BY, document(sandbox.cloud.governance().policy(noun, scope, name)?))
            })
        }
        "DELETE" => {
            let governance = sandbox.cloud.governance();
            let gone = governance.policy(noun, scope, name).map(document).ok();
            let call = GovernanceCall::DeletePolicy {
                noun,
                scope: scope.clone(),
                name: name.into(),
            };
            write(sandbox, call)?;
            Ok(match gone {
                Some(gone) => Answer::ok(BY, gone),
                None => Answer::empty(BY, 204),
            })
        }
        _ => Err(Refusal::Verb),
    }
}

/// What holds at a scope: what lies on it, and what it inherits.
fn list(sandbox: &Sandbox, noun: PolicyNoun, scope: &Scope) -> Answer {
    let own = sandbox
        .cloud
        .governance()
        .policies(noun)
        .filter(|own| own.scope.covers(scope));
    let value: Vec<Value> = own.map(document).collect();
    Answer::ok(BY, json!({ "value": value }))
}

fn document(policy: &Policy) -> Value {
    json!({
        "properties": policy.properties,
        "id": policy.id(),
        "type": format!("Microsoft.Authorization/{}", policy.noun.collection()),
        "name": policy.name,
    })
}
