//! Locks (ARM 3.4).

use fake_azure_cloud::Scope;
use fake_azure_cloud::descriptor::Dialect;
use fake_azure_cloud::governance::{GovernanceCall, Lock};
use serde_json::{Map, Value, json};

use super::super::answer::Answer;
use super::super::decode;
use super::super::error::Refusal;
use super::super::request::Asked;
use super::{removed, write, written};
use crate::Sandbox;

const BY: Dialect = Dialect::Gateway;

pub(super) fn serve(
    sandbox: &mut Sandbox,
    asked: &Asked<'_>,
    scope: &Scope,
    name: Option<&str>,
) -> Result<Answer, Refusal> {
    let Some(name) = name else {
        return match asked.method.as_str() {
            "GET" => Ok(list(sandbox, asked, scope)),
            _ => Err(Refusal::Verb),
        };
    };
    match asked.method.as_str() {
        "GET" => Ok(Answer::ok(BY, document(sandbox.cloud.governance().lock(scope, name)?))),
        "PUT" => {
            let call = GovernanceCall::PutLock {
                scope: scope.clone(),
                name: name.into(),
                document: decode::document(asked)?,
            };
            let outcome = write(sandbox, call)?;
            let lock = document(sandbox.cloud.governance().lock(scope, name)?);
            Ok(written(BY, &outcome, lock))
        }
        "DELETE" => {
            let call = GovernanceCall::DeleteLock {
                scope: scope.clone(),
                name: name.into(),
            };
            Ok(removed(BY, &write(sandbox, call)?))
        }
        _ => Err(Refusal::Verb),
    }
}

/// What lies on a scope, what it inherits, and what lies below it, unless only the scope is asked for (net
/// ManageLocksTest: the lock of the group comes with those of a machine in it).
fn list(sandbox: &Sandbox, asked: &Asked<'_>, scope: &Scope) -> Answer {
    let at_scope = asked
        .query
        .get("$filter")
        .is_some_and(|filter| filter.trim().eq_ignore_ascii_case("atScope()"));
    let locks = sandbox.cloud.governance().locks();
    let own = locks.filter(|lock| lock.scope.covers(scope) || (!at_scope && scope.covers(&lock.scope)));
    let value: Vec<Value> = own.map(document).collect();
    Answer::ok(BY, json!({ "value": value }))
}

/// Members in the order of the recorded answers: `properties`, `id`, `type`, `name`.
pub(crate) fn document(lock: &Lock) -> Value {
    let mut properties = Map::new();
    properties.insert("level".to_owned(), Value::from(lock.level.name()));
    if let Some(notes) = &lock.notes {
        properties.insert("notes".to_owned(), Value::from(notes.as_ref()));
    }
    if let Some(owners) = &lock.owners {
        properties.insert("owners".to_owned(), owners.clone());
    }
    json!({
        "properties": properties,
        "id": format!("{}/providers/Microsoft.Authorization/locks/{}", lock.scope, lock.name),
        "type": "Microsoft.Authorization/locks",
        "name": lock.name,
    })
}

#[cfg(test)]
mod tests {
    use fake_azure_cloud::ResourceId;

    use super::*;

    #[test]
    fn a_lock_shows_its_members_in_the_recorded_order() {
        let id = ResourceId::parse("/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/g");
        let lock = Lock {
            scope: Scope::In(id.expect("well formed")),
            name: "l".into(),
            level: fake_azure_cloud::governance::Level::ReadOnly,
            notes: Some("why".into()),
            owners: None,
        };
        assert_eq!(
            document(&lock).to_string(),
            "{\"properties\":{\"level\":\"ReadOnly\",\"notes\":\"why\"},\
             \"id\":\"/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/g/providers/Microsoft.Authorization/locks/l\",\
             \"type\":\"Microsoft.Authorization/locks\",\"name\":\"l\"}"
        );
    }
}
