//! What stands below a resource and is no resource: its actions, answers about it, and the parts of its document that
//! Network lets one read by themselves.

use fake_azure_cloud::{
    Answer as Answers, Call, CloudError, Outcome, Resource, ResourceId, View, descriptor::Dialect, forms as cloud_forms,
};
use http::Method;
use serde_json::{Value, json};

use super::answer::Answer;
use super::error::Refusal;
use super::request::Asked;
use super::{availability, encode, items, route, scale_sets, sizes, usages, vaults};
use crate::Sandbox;

/// An answer about a resource: type, segment, and who gives it.
struct Row {
    full_type: &'static str,
    segment: &'static str,
    answer: fn(&Sandbox, &Asked<'_>, &Resource) -> Result<Answer, Refusal>,
}

const ROWS: &[Row] = &[
    // tidy: sorted
    Row {
        full_type: "Microsoft.Compute/availabilitySets",
        segment: "vmSizes",
        answer: sizes::of_set,
    },
    Row {
        full_type: "Microsoft.Compute/virtualMachineScaleSets",
        segment: "instanceView",
        answer: instance_view,
    },
    Row {
        full_type: "Microsoft.Compute/virtualMachineScaleSets",
        segment: "networkInterfaces",
        answer: scale_sets::interfaces,
    },
    Row {
        full_type: "Microsoft.Compute/virtualMachineScaleSets",
        segment: "publicIPAddresses",
        answer: scale_sets::public_addresses,
    },
    Row {
        full_type: "Microsoft.Compute/virtualMachineScaleSets",
        segment: "skus",
        answer: scale_sets::skus,
    },
    Row {
        full_type: "Microsoft.Compute/virtualMachineScaleSets/virtualMachines",
        segment: "instanceView",
        answer: instance_view,
    },
    Row {
        full_type: "Microsoft.Compute/virtualMachines",
        segment: "instanceView",
        answer: instance_view,
    },
    Row {
        full_type: "Microsoft.Compute/virtualMachines",
        segment: "vmSizes",
        answer: sizes::of_machine,
    },
    Row {
        full_type: "Microsoft.Network/virtualNetworks",
        segment: "CheckIPAddressAvailability",
        answer: availability::address,
    },
    Row {
        full_type: "Microsoft.Network/virtualNetworks",
        segment: "usages",
        answer: usages::of_network,
    },
    // tidy: end
];

/// Answers a request for what is below a resource.
pub(crate) fn serve(
    sandbox: &mut Sandbox,
    asked: &Asked<'_>,
    id: &ResourceId,
    rest: &[String],
) -> Result<Answer, Refusal> {
    if let Some(action) = vaults::policy_action(id, rest) {
        return vaults::change_policies(sandbox, asked, id, &action);
    }
    let descriptor = id.kind().descriptor();
    let unknown = || {
        let mut types: Vec<&str> = vec![descriptor.namespace(), descriptor.type_path()];
        types.extend(rest.iter().step_by(2).map(String::as_str));
        Refusal::from(route::no_such_type(&types, asked.version_text()))
    };
    let segment = rest.first().map_or("", String::as_str);
    let is_action = rest.len() == 1
        && descriptor
            .actions
            .iter()
            .any(|action| action.name.eq_ignore_ascii_case(segment));
    let row = ROWS
        .iter()
        .find(|row| rest.len() == 1 && row.full_type == descriptor.name && row.segment.eq_ignore_ascii_case(segment));

    if asked.method == Method::POST {
        return match (is_action, row) {
            (true, _) => items::act(sandbox, asked, id, segment),
            (false, Some(_)) => Err(Refusal::Verb),
            (false, None) => Err(unknown()),
        };
    }
    if asked.method != Method::GET && !asked.is_head() {
        return Err(if is_action || row.is_some() {
            Refusal::Verb
        } else {
            unknown()
        });
    }
    if is_action {
        return Err(Refusal::Verb);
    }
    if row.is_none() && descriptor.dialect != Dialect::Network {
        return Err(unknown());
    }

    let reply = sandbox.cloud.apply(&Call::Get { id: id.clone() })?;
    let Outcome::Found(resource) = reply.outcome else {
        return Err(unknown());
    };
    match row {
        Some(row) => (row.answer)(sandbox, asked, &resource),
        None => part(sandbox, asked, &resource, rest).unwrap_or_else(|| Err(unknown())),
    }
}

/// A part of a Network resource that has an id of its own and cannot be written alone: default rules, front ends, IP
/// configurations. `None` when the document has no such collection.
fn part(sandbox: &Sandbox, asked: &Asked<'_>, resource: &Resource, rest: &[String]) -> Option<Result<Answer, Refusal>> {
    let whole = encode::document(sandbox, asked, resource, Answers::Read);
    let (segment, name) = (rest.first()?, rest.get(1));
    let (collection, parts) = whole
        .get("properties")?
        .as_object()?
        .iter()
        .find(|(own, _)| own.eq_ignore_ascii_case(segment))?;
    let parts = parts.as_array()?;
    let prefix = format!("{}/{collection}/", sandbox.cloud.id(resource.key));
    let is_own = |part: &Value| {
        part.get("id")
            .and_then(Value::as_str)
            .is_some_and(|id| id.starts_with(&prefix))
    };
    if !parts.iter().all(is_own) {
        return None;
    }

    let Some(name) = name else {
        return Some(Ok(Answer::ok(Dialect::Network, json!({ "value": parts }))));
    };
    let found = parts.iter().find(|part| {
        part.get("name")
            .and_then(Value::as_str)
            .is_some_and(|own| own.eq_ignore_ascii_case(name))
    });
    Some(match found {
        Some(part) => Ok(items::with_etag(Answer::ok(Dialect::Network, part.clone()))),
        None => {
            let missing = format!("{prefix}{name}");
            Err(CloudError::of(&cloud_forms::NOT_FOUND_NETWORK_CHILD)
                .with("resource", missing)
                .into())
        }
    })
}

/// The instance view alone: what `$expand=instanceView` adds to the machine.
fn instance_view(sandbox: &Sandbox, asked: &Asked<'_>, resource: &Resource) -> Result<Answer, Refusal> {
    let view = View {
        version: asked.version(),
        answer: Answers::Read,
        expand: "instanceview",
    };
    let whole = sandbox.cloud.document(resource, &view);
    let descriptor = resource.kind.descriptor();
    match whole.pointer("/properties/instanceView") {
        Some(shown) => Ok(Answer::ok(descriptor.dialect, shown.clone())),
        None => Err(route::no_such_type(
            &[descriptor.namespace(), descriptor.type_path(), "instanceView"],
            asked.version_text(),
        )
        .into()),
    }
}
