//! What the gateway looks at before a resource of a deployment goes to its provider, and what a preflight finds (ARM 7.9).

use fake_azure_cloud::catalogue::{api_versions, locations, providers};
use fake_azure_cloud::descriptor::{Dialect, WriteVerb};
use fake_azure_cloud::{
    ApiVersion, Call, Cloud, CloudError, Conditions, Document, ErrorKind, OperationId, Outcome, ResourceId,
    forms as cloud_forms,
};

use super::plan::{Planned, in_order, written};
use super::prepare::{Commission, Prepared, body_with, prepare_inner};
use super::scope::{Context, Site, Unread, Walker};
use super::{errand, forms};
use crate::Sandbox;
use crate::arm::{forms as gateway_forms, gateway, move_resources, providers as provider_calls, route};

/// The id and version of a resource, if its subscription, type and version are there.
///
/// # Errors
///
/// The gateway's refusal.
pub(crate) fn admit(sandbox: &Sandbox, own: &Planned) -> Result<(ResourceId, ApiVersion), CloudError> {
    if !sandbox.owns(own.target.subscription) {
        return Err(CloudError::of(&cloud_forms::NO_SUBSCRIPTION).with("subscription", own.target.subscription));
    }
    let id = match ResourceId::parse(&own.id) {
        Ok(id) => id,
        Err(_) => {
            let chain: Vec<&str> = own.kind.split('/').collect();
            return Err(route::no_such_type(&chain, &own.version));
        }
    };
    let mut verbs = id.kind().descriptor().writes.iter().map(|row| row.verb);
    if !verbs.any(|verb| verb == WriteVerb::PutNew) {
        // A part that is written in the document of its parent only.
        let chain: Vec<&str> = own.kind.split('/').collect();
        return Err(route::no_such_type(&chain, &own.version));
    }
    move_resources::check_open(&sandbox.cloud, &id.group_id())?;
    let version = ApiVersion::parse(&own.version).filter(|version| *version >= gateway::oldest_of(id.kind()));
    let Some(version) = version else {
        let row = providers::find_type(id.kind().descriptor().name);
        let versions = row.map_or(&[][..], |row| row.versions);
        let places: Vec<&str> = locations::listed(9999).map(|place| place.name).collect();
        return Err(CloudError::of(&gateway_forms::BAD_LOCATION)
            .with("location", own.location.as_deref().unwrap_or(""))
            .with("version", &own.version)
            .with("type", id.kind().descriptor().type_path())
            .with("versions", api_versions::joined(versions, ", "))
            .with("locations", places.join(", ")));
    };
    let namespace = id.kind().descriptor().namespace();
    if !provider_calls::is_registered(sandbox, id.subscription(), namespace) {
        return Err(CloudError::of(&gateway_forms::NOT_REGISTERED).with("namespace", namespace));
    }
    Ok((id, version))
}

/// What `put` begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Begun {
    /// The operation, when it is not over with its answer.
    pub(crate) operation: Option<OperationId>,
    /// Whether the resource is new.
    pub(crate) created: bool,
}

/// Puts a resource.
///
/// # Errors
///
/// The cloud's refusal.
pub(crate) fn put(
    cloud: &mut Cloud,
    id: &ResourceId,
    version: ApiVersion,
    document: Document,
) -> Result<Begun, CloudError> {
    let call = Call::Put {
        id: id.clone(),
        document,
        version,
        conditions: Conditions::NONE,
    };
    let reply = cloud.apply(&call)?;
    let created = matches!(reply.outcome, Outcome::Written { created: true, .. });
    let operation = reply
        .operation
        .filter(|id| cloud.operation(*id).is_some_and(|operation| operation.is_running()));
    Ok(Begun { operation, created })
}

/// Asks the providers beforehand: everything is put into a copy of the cloud, in order, and what would certainly be refused is
/// the preflight's. What depends on the state that things are in when their turn comes is left to the run.
pub(crate) fn preflight(sandbox: &Sandbox, commission: &Commission<'_>, prepared: &Prepared) -> Vec<CloudError> {
    let mut copy = sandbox.fork();
    let mut found = Vec::new();
    rehearse(&mut copy, commission, prepared, &mut found);
    found
}

fn rehearse(copy: &mut Sandbox, commission: &Commission<'_>, prepared: &Prepared, found: &mut Vec<CloudError>) {
    let context = Context::new(&prepared.world, &prepared.template, prepared.values());
    let walker = Walker {
        context: &context,
        site: Site::Body,
        reads: &Unread,
        keeps_later: false,
    };
    for index in in_order(&prepared.planned) {
        let own = &prepared.planned[index];
        if !own.is_sent() {
            continue;
        }
        if own.is_deployment() {
            let below = commission.below(prepared.template_link.as_ref());
            if let Some((_, _, inner)) = prepared.inner.iter().find(|(at, _, _)| *at == index) {
                rehearse(copy, &below, inner, found);
            } else if let Ok(Some(inner)) = prepare_inner(copy, &context, own, &below) {
                // What is wrong with one whose group is made on the way is told when its turn comes.
                rehearse(copy, &below, &inner, found);
            }
            continue;
        }
        if let Err(error) = errand::check_access(copy, commission.deployer, &own.id, &own.version, None) {
            found.push(error);
            continue;
        }
        let Some(item) = written(prepared.template.resources(), &own.pointer) else {
            continue;
        };
        // What reads the running deployment cannot be asked about before it runs.
        let body = body_with(&walker, item, own);
        let linked = errand::check_access(copy, commission.deployer, &own.id, &own.version, body.as_ref().ok());
        if let Err(error) = linked {
            found.push(error);
            continue;
        }
        if errand::is_laid_over(&own.id) {
            // The gateway has no preflight for what it keeps itself: what it refuses, it refuses when its turn comes.
            if let Ok(body) = body {
                let _refused = errand::put(copy, commission.deployer, &own.id, &own.version, &body);
            }
            continue;
        }
        let (id, version) = match admit(copy, own) {
            Ok(admitted) => admitted,
            Err(error) => {
                found.push(error);
                continue;
            }
        };
        let Ok(body) = body else {
            continue;
        };
        match put(&mut copy.cloud, &id, version, body) {
            Ok(begun) => finish(&mut copy.cloud, begun.operation),
            Err(error) => found.extend(told_beforehand(&id, error)),
        }
    }
}

/// Lets an operation of the copy end. Nobody else is woken in it.
fn finish(cloud: &mut Cloud, operation: Option<OperationId>) {
    if let Some(end) = operation
        .and_then(|id| cloud.operation(id))
        .and_then(|operation| operation.end())
    {
        while cloud.advance_to(end).is_some() {}
    }
}

/// Whether a provider says so before the run: quotas always; what is wrong in itself where the provider has a preflight for it
/// (ARM 7.9, XPL: Storage wraps it, Compute does not). Network judges when it is asked.
fn told_beforehand(id: &ResourceId, error: CloudError) -> Option<CloudError> {
    match (error.kind, error.by) {
        (ErrorKind::Quota, _) => Some(as_quota(error)),
        (ErrorKind::Invalid | ErrorKind::Conflict, Dialect::Storage) => {
            let target = id.short();
            Some(CloudError::of(&forms::PREFLIGHT_CHECK).because(error.about(target)))
        }
        (ErrorKind::Invalid, Dialect::Compute | Dialect::Disks) => Some(error),
        (ErrorKind::Invalid, Dialect::Gateway) => Some(error),
        _ => None,
    }
}

/// In a preflight Compute calls a quota by this code whatever it calls it elsewhere (ARM 3.6).
fn as_quota(error: CloudError) -> CloudError {
    match error.by {
        Dialect::Compute | Dialect::Disks => CloudError::of(&forms::PREFLIGHT_QUOTA)
            .with("message", &error.message)
            .raised_by(error.by),
        _ => error,
    }
}

/// The refusal that wraps what a preflight found.
pub(crate) fn preflight_refusal(name: &str, tracking: impl std::fmt::Display, found: Vec<CloudError>) -> CloudError {
    let mut error = CloudError::of(&forms::PREFLIGHT)
        .with("name", name)
        .with("tracking", tracking);
    error.details = found;
    error
}
