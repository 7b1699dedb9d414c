//! Tags of a scope, as a thing of their own: `{scope}/providers/Microsoft.Resources/tags/default` (ARM 1.5).

use fake_azure_cloud::descriptor::Dialect;
use fake_azure_cloud::governance::GovernanceCall;
use fake_azure_cloud::{Call, CloudError, Outcome, Scope, forms as cloud_forms};
use serde_json::{Map, Value, json};

use super::super::answer::Answer;
use super::super::error::Refusal;
use super::super::request::Asked;
use super::super::{decode, forms};
use super::write;
use crate::Sandbox;

const BY: Dialect = Dialect::Gateway;

pub(super) fn serve(sandbox: &mut Sandbox, asked: &Asked<'_>, scope: &Scope) -> Result<Answer, Refusal> {
    let before = tags_of(sandbox, scope)?;
    let tags = match asked.method.as_str() {
        "GET" => return Ok(Answer::ok(BY, document(scope, before))),
        "DELETE" => {
            set(sandbox, scope, Map::new())?;
            return Ok(Answer::empty(BY, 200));
        }
        "PUT" => sent(&decode::document(asked)?)?,
        "PATCH" => patched(before, &decode::document(asked)?)?,
        _ => return Err(Refusal::Verb),
    };
    set(sandbox, scope, tags.clone())?;
    Ok(Answer::ok(BY, document(scope, tags)))
}

fn set(sandbox: &mut Sandbox, scope: &Scope, tags: Map<String, Value>) -> Result<Outcome, Refusal> {
    let call = GovernanceCall::SetTags {
        scope: scope.clone(),
        tags: Value::Object(tags),
    };
    write(sandbox, call)
}

fn tags_of(sandbox: &mut Sandbox, scope: &Scope) -> Result<Map<String, Value>, Refusal> {
    let tags = match scope {
        Scope::Subscription(id) if sandbox.cloud.subscription(*id).is_none() => {
            return Err(CloudError::of(&cloud_forms::NO_SUBSCRIPTION)
                .with("subscription", id)
                .into());
        }
        Scope::Subscription(id) => sandbox.cloud.governance().tags_of(*id).cloned(),
        Scope::In(id) => match sandbox.cloud.apply(&Call::Get { id: id.clone() })?.outcome {
            Outcome::Found(resource) => resource.echo.get("tags").cloned(),
            _ => None,
        },
    };
    Ok(match tags {
        Some(Value::Object(tags)) => tags,
        _ => Map::new(),
    })
}

/// What was sent; a null value stands for an empty one.
fn sent(document: &Value) -> Result<Map<String, Value>, Refusal> {
    match document.pointer("/properties/tags") {
        Some(Value::Object(tags)) => Ok(tags.clone()),
        None | Some(Value::Null) => Ok(Map::new()),
        Some(other) => {
            let reason = format!(
                "Error converting value {other} to type 'dictionary'. Path 'properties.tags', line 1, position 1."
            );
            Err(CloudError::of(&forms::BAD_JSON).with("reason", reason).into())
        }
    }
}

/// What a PATCH makes of the tags there are: `Merge` unless it says `Replace` or `Delete`.
fn patched(mut tags: Map<String, Value>, document: &Value) -> Result<Map<String, Value>, Refusal> {
    let given = sent(document)?;
    let operation = document.get("operation").and_then(Value::as_str).unwrap_or("Merge");
    match operation.to_ascii_lowercase().as_str() {
        "replace" => return Ok(given),
        "merge" => {
            for (name, value) in given {
                let old = tags.keys().find(|own| own.eq_ignore_ascii_case(&name)).cloned();
                tags.insert(old.unwrap_or(name), value);
            }
        }
        // A tag goes when its name and its value are those that are named.
        "delete" => tags.retain(|own, value| {
            !given
                .iter()
                .any(|(name, gone)| name.eq_ignore_ascii_case(own) && (gone == value || gone.as_str() == Some("")))
        }),
        _ => {
            let reason = format!(
                "Error converting value \"{operation}\" to type 'TagsPatchOperation'. Path 'operation', line 1, position 1."
            );
            return Err(CloudError::of(&forms::BAD_JSON).with("reason", reason).into());
        }
    }
    Ok(tags)
}

fn document(scope: &Scope, tags: Map<String, Value>) -> Value {
    json!({
        "id": format!("{scope}/providers/Microsoft.Resources/tags/default"),
        "name": "default",
        "type": "Microsoft.Resources/tags",
        "properties": { "tags": tags },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(tags: &Value, document: &Value) -> String {
        match patched(tags.as_object().cloned().unwrap_or_default(), document) {
            Ok(tags) => Value::Object(tags).to_string(),
            Err(Refusal::Error(error)) => error.code.into_owned(),
            Err(other) => format!("{other:?}"),
        }
    }

    #[test]
    fn a_patch_merges_replaces_or_deletes() {
        let tags = json!({"a": "1", "b": "2"});
        let with = |operation: &str, given: Value| json!({"operation": operation, "properties": {"tags": given}});
        let rows = [
            (
                with("Merge", json!({"B": "3", "c": "4"})),
                r#"{"a":"1","b":"3","c":"4"}"#,
            ),
            (with("replace", json!({"c": "4"})), r#"{"c":"4"}"#),
            (with("Delete", json!({"A": "1", "b": "other"})), r#"{"b":"2"}"#),
            (json!({"properties": {"tags": {"a": "9"}}}), r#"{"a":"9","b":"2"}"#),
            (with("Forget", json!({})), "InvalidRequestContent"),
            (with("Merge", json!([])), "InvalidRequestContent"),
        ];
        for (document, expected) in rows {
            assert_eq!(patch(&tags, &document), expected, "{document}");
        }
    }
}
