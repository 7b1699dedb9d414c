//! The taxonomy of tags that a subscription knows: `/subscriptions/{id}/tagNames` (ARM 1.5).

use std::collections::BTreeMap;

use fake_azure_cloud::descriptor::Dialect;
use fake_azure_cloud::governance::GovernanceCall;
use fake_azure_cloud::{Guid, Outcome};
use serde_json::{Value, json};

use super::super::answer::Answer;
use super::super::error::Refusal;
use super::super::request::Asked;
use super::super::route;
use super::{removed, write, written};
use crate::Sandbox;

const BY: Dialect = Dialect::Gateway;

/// How often a name is borne by a group or a resource, and how often with which value.
#[derive(Debug, Default)]
struct Use {
    /// As first met.
    name: String,
    total: usize,
    values: BTreeMap<String, usize>,
}

pub(super) fn serve(
    sandbox: &mut Sandbox,
    asked: &Asked<'_>,
    subscription: Guid,
    rest: &[String],
) -> Result<Answer, Refusal> {
    let words: Vec<&str> = rest.iter().map(String::as_str).collect();
    match (asked.method.as_str(), words.as_slice()) {
        ("GET", []) => Ok(list(sandbox, subscription)),
        ("PUT", [name]) => {
            let call = GovernanceCall::PutTagName {
                subscription,
                name: (*name).into(),
            };
            let outcome = write(sandbox, call)?;
            let used = uses(sandbox, subscription);
            let row = sandbox
                .cloud
                .governance()
                .tag_names(subscription)
                .find(|own| own.name.eq_ignore_ascii_case(name));
            let values: &[Box<str>] = row.map_or(&[], |row| &row.values);
            let shown = row.map_or(*name, |row| &row.name);
            let document = name_document(subscription, shown, values, used.get(&name.to_lowercase()));
            Ok(written(BY, &outcome, document))
        }
        ("DELETE", [name]) => {
            let call = GovernanceCall::DeleteTagName {
                subscription,
                name: (*name).into(),
            };
            Ok(removed(BY, &write(sandbox, call)?))
        }
        ("PUT", [name, word, value]) if word.eq_ignore_ascii_case("tagValues") => {
            let call = GovernanceCall::PutTagValue {
                subscription,
                name: (*name).into(),
                value: (*value).into(),
            };
            let outcome = write(sandbox, call)?;
            let used = uses(sandbox, subscription);
            let document = value_document(subscription, name, value, used.get(&name.to_lowercase()));
            Ok(written(BY, &outcome, document))
        }
        ("DELETE", [name, word, value]) if word.eq_ignore_ascii_case("tagValues") => {
            let call = GovernanceCall::DeleteTagValue {
                subscription,
                name: (*name).into(),
                value: (*value).into(),
            };
            let outcome: Outcome = write(sandbox, call)?;
            Ok(removed(BY, &outcome))
        }
        (_, [] | [_]) => Err(Refusal::Verb),
        (_, [_, word, _]) if word.eq_ignore_ascii_case("tagValues") => Err(Refusal::Verb),
        _ => Err(route::no_such_path(asked.uri.path()).into()),
    }
}

/// The names there are: those of the taxonomy and those in use.
fn list(sandbox: &Sandbox, subscription: Guid) -> Answer {
    let mut used = uses(sandbox, subscription);
    let mut value = Vec::new();
    for row in sandbox.cloud.governance().tag_names(subscription) {
        let own = used.remove(&row.name.to_lowercase());
        value.push(name_document(subscription, &row.name, &row.values, own.as_ref()));
    }
    value.extend(
        used.values()
            .map(|own| name_document(subscription, &own.name, &[], Some(own))),
    );
    Answer::ok(BY, json!({ "value": value }))
}

fn uses(sandbox: &Sandbox, subscription: Guid) -> BTreeMap<String, Use> {
    let mut uses: BTreeMap<String, Use> = BTreeMap::new();
    let Some(key) = sandbox.cloud.subscription(subscription).map(|own| own.key) else {
        return uses;
    };
    for resource in sandbox.cloud.store().iter().filter(|own| own.subscription == key) {
        let Some(tags) = resource.echo.get("tags").and_then(Value::as_object) else {
            continue;
        };
        for (name, value) in tags {
            let own = uses.entry(name.to_lowercase()).or_default();
            if own.name.is_empty() {
                own.name.clone_from(name);
            }
            own.total += 1;
            *own.values.entry(value.as_str().unwrap_or("").to_owned()).or_default() += 1;
        }
    }
    uses
}

fn name_document(subscription: Guid, name: &str, values: &[Box<str>], used: Option<&Use>) -> Value {
    let in_use = used
        .map(|used| used.values.keys().map(String::as_str))
        .into_iter()
        .flatten();
    let listed: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
    let all: Vec<Value> = listed
        .iter()
        .copied()
        .chain(in_use.filter(|value| !listed.contains(value)))
        .map(|value| value_document(subscription, name, value, used))
        .collect();
    json!({
        "id": format!("/subscriptions/{subscription}/tagNames/{name}"),
        "tagName": name,
        "count": { "type": "Total", "value": used.map_or(0, |used| used.total) },
        "values": all,
    })
}

fn value_document(subscription: Guid, name: &str, value: &str, used: Option<&Use>) -> Value {
    let count = used.and_then(|used| used.values.get(value)).copied().unwrap_or(0);
    json!({
        "id": format!("/subscriptions/{subscription}/tagNames/{name}/tagValues/{value}"),
        "tagValue": value,
        "count": { "type": "Total", "value": count },
    })
}
