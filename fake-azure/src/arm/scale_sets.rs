//! What can be read of a whole scale set at once: the interfaces and public addresses of all its machines, and its sizes. It
//! knows which collections stand where; what is in them, the cloud says.

use std::sync::Arc;

use fake_azure_cloud::descriptor::Dialect;
use fake_azure_cloud::{Answer as Answers, Key, Kind, Resource, View};
use serde_json::{Value, json};

use super::answer::Answer;
use super::encode;
use super::error::Refusal;
use super::request::Asked;
use crate::Sandbox;

/// The interfaces of all machines.
pub(super) fn interfaces(sandbox: &Sandbox, asked: &Asked<'_>, set: &Resource) -> Result<Answer, Refusal> {
    let path = [Kind::ScaleSetMachines, Kind::ScaleSetInterfaces];
    Ok(listed(sandbox, asked, set.key, &path))
}

/// The public addresses of all machines.
pub(super) fn public_addresses(sandbox: &Sandbox, asked: &Asked<'_>, set: &Resource) -> Result<Answer, Refusal> {
    let path = [
        Kind::ScaleSetMachines,
        Kind::ScaleSetInterfaces,
        Kind::ScaleSetIpConfigurations,
        Kind::ScaleSetPublicIpAddresses,
    ];
    Ok(listed(sandbox, asked, set.key, &path))
}

/// The sizes that its machines can have.
pub(super) fn skus(sandbox: &Sandbox, asked: &Asked<'_>, set: &Resource) -> Result<Answer, Refusal> {
    let view = View {
        version: asked.version(),
        answer: Answers::Read,
        expand: "skus",
    };
    let whole = sandbox.cloud.document(set, &view);
    let skus = whole.pointer("/properties/skus").cloned();
    Ok(Answer::ok(
        Dialect::Compute,
        json!({ "value": skus.unwrap_or_else(|| json!([])) }),
    ))
}

/// What stands at the end of a path of kinds.
fn listed(sandbox: &Sandbox, asked: &Asked<'_>, set: Key, path: &[Kind]) -> Answer {
    let mut level: Vec<Key> = vec![set];
    let mut found: Vec<Arc<Resource>> = Vec::new();
    for kind in path {
        found = level
            .iter()
            .flat_map(|parent| sandbox.cloud.store().children(*parent, *kind).cloned())
            .collect();
        level = found.iter().map(|resource| resource.key).collect();
    }
    let shown: Vec<Value> = found
        .iter()
        .map(|resource| encode::document(sandbox, asked, resource, Answers::List))
        .collect();
    Answer::ok(Dialect::Network, json!({ "value": shown }))
}
