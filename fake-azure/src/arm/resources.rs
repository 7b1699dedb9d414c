//! `/resources`: everything that has a location, of every type (ARM 8.8).

use std::sync::Arc;

use fake_azure_cloud::descriptor::Dialect;
use fake_azure_cloud::{Answer as Answers, ApiVersion, Call, Outcome, Resource, Scope, View};
use serde_json::{Map, Value};

use super::answer::Answer;
use super::error::Refusal;
use super::filter::Filter;
use super::paging;
use super::request::Asked;
use crate::Sandbox;

/// What an entry shows of a resource, in this order.
const MEMBERS: &[&str] = &[
    "id",
    "name",
    "type",
    "kind",
    "location",
    "tags",
    "sku",
    "managedBy",
    "identity",
    "plan",
    "zones",
];

/// Answers the list of a subscription or group.
pub(crate) fn list(sandbox: &mut Sandbox, asked: &Asked<'_>, scope: &Scope) -> Result<Answer, Refusal> {
    let filter = Filter::read(asked.query.get("$filter").unwrap_or(""))?;
    let reply = sandbox.cloud.apply(&Call::Resources { scope: scope.clone() })?;
    let Outcome::Listed(roots) = reply.outcome else {
        return Err(Refusal::Verb);
    };

    let expand = asked.expand();
    let mut items = Vec::new();
    for root in &roots {
        let group = sandbox.cloud.store().get(root.group).map_or("", |group| &group.name);
        for resource in with_tracked_children(sandbox, root) {
            let entry = entry(sandbox, &resource, &expand);
            let passes = filter.passes(&entry, group);
            items.push((resource.folded.to_string(), passes.then_some(entry)));
        }
    }
    Ok(Answer::ok(Dialect::Gateway, paging::page(asked, items)?))
}

/// A resource, and what below it has a location of its own.
fn with_tracked_children(sandbox: &Sandbox, root: &Arc<Resource>) -> Vec<Arc<Resource>> {
    let mut found = vec![Arc::clone(root)];
    let mut next = 0;
    while next < found.len() {
        let children = sandbox.cloud.store().all_children(found[next].key);
        let tracked: Vec<_> = children
            .filter(|child| child.kind.descriptor().tracked)
            .cloned()
            .collect();
        found.extend(tracked);
        next += 1;
    }
    found
}

/// One entry. `name` is `parent/child` for a child.
fn entry(sandbox: &Sandbox, resource: &Resource, expand: &str) -> Value {
    let view = View {
        version: ApiVersion::NEWEST,
        answer: Answers::List,
        expand: "",
    };
    let whole = sandbox.cloud.document(resource, &view);
    let mut entry = Map::new();
    for name in MEMBERS {
        if let Some(value) = whole.get(*name) {
            entry.insert((*name).to_owned(), value.clone());
        }
    }
    entry.insert("name".to_owned(), Value::from(long_name(sandbox, resource)));
    entry.insert("type".to_owned(), Value::from(resource.kind.descriptor().name));
    let wanted = |word: &str| expand.split(',').any(|own| own.trim() == word);
    if wanted("createdtime") {
        entry.insert("createdTime".to_owned(), Value::from(resource.created.to_string()));
    }
    if wanted("changedtime") {
        entry.insert("changedTime".to_owned(), Value::from(resource.changed.to_string()));
    }
    if wanted("provisioningstate") {
        entry.insert(
            "provisioningState".to_owned(),
            Value::from(resource.provisioning.as_str()),
        );
    }
    Value::Object(entry)
}

fn long_name(sandbox: &Sandbox, resource: &Resource) -> String {
    let mut name = resource.name.to_string();
    let mut child = resource
        .kind
        .descriptor()
        .parent
        .and_then(|_| sandbox.cloud.store().get(resource.parent));
    while let Some(parent) = child {
        name = format!("{}/{name}", parent.name);
        child = parent
            .kind
            .descriptor()
            .parent
            .and_then(|_| sandbox.cloud.store().get(parent.parent));
    }
    name
}
