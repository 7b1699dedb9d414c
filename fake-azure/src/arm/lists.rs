//! The resources of one type, in a subscription, a group or below a resource.

use fake_azure_cloud::descriptor::Dialect;
use fake_azure_cloud::{Answer as Answers, Call, Kind, Outcome, Scope};
use serde_json::{Value, json};

use super::answer::Answer;
use super::error::Refusal;
use super::filter::Filter;
use super::request::Asked;
use super::{encode, paging};
use crate::Sandbox;

/// Answers a list. The gateway's own come in pages and take a filter; a provider's come whole.
pub(crate) fn serve(sandbox: &mut Sandbox, asked: &Asked<'_>, kind: Kind, scope: &Scope) -> Result<Answer, Refusal> {
    let dialect = kind.descriptor().dialect;
    let filter = match dialect {
        Dialect::Gateway => Filter::read(asked.query.get("$filter").unwrap_or(""))?,
        _ => Filter::All,
    };
    let reply = sandbox.cloud.apply(&Call::List {
        scope: scope.clone(),
        kind,
    })?;
    let Outcome::Listed(resources) = reply.outcome else {
        return Err(Refusal::Verb);
    };

    let documents = resources.iter().map(|resource| {
        let document = encode::document(sandbox, asked, resource, Answers::List);
        (resource, document)
    });
    if dialect != Dialect::Gateway {
        let documents: Vec<Value> = documents.map(|(_, document)| document).collect();
        return Ok(Answer::ok(dialect, json!({ "value": documents })));
    }
    let items = documents
        .map(|(resource, document)| {
            let passes = filter.passes(&document, &resource.name);
            (resource.folded.to_string(), passes.then_some(document))
        })
        .collect();
    Ok(Answer::ok(dialect, paging::page(asked, items)?))
}
