//! The gateway: what is looked at before a request reaches what it names, in this order (ARM 3.2, 3.3, 1.6).
//!
//! Subscription, token, throttling, roles, api-version, path, the version's fit, registration, the group's name.

use std::sync::LazyLock;

use fake_azure_cloud::catalogue::{api_versions, locations, providers};
use fake_azure_cloud::{
    ApiVersion, Call, CloudError, Guid, Kind, OperationId, Outcome, Reply, Scope, forms as cloud_forms,
};
use http::Method;

use super::answer::Answer;
use super::error::Refusal;
use super::request::Asked;
use super::route::{self, Target};
use super::{
    access, async_protocol, below, compute_policies, decode, deployments, forms, governance, items, lists,
    move_resources, providers as provider_calls, resources, services, subscriptions,
};
use crate::buckets::{Class, Remaining, Throttled};
use crate::identity::{self, Audience, Caller, TokenError};
use crate::policies::Left;
use crate::{Pace, Sandbox, text};

/// What is learnt on the way, for the headers of the answer.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    /// Who calls.
    pub(crate) caller: Option<Caller>,
    /// The id of the request, where its answer has it in its body.
    pub(crate) correlation: Option<Guid>,
    /// What remains of the caller's calls, and whether they are the tenant's.
    pub(crate) remaining: Option<(Remaining, bool)>,
    /// What remains of the policies of the provider that was asked.
    pub(crate) policies: Vec<Left>,
}

/// How long the deletion of a group may take at most when nobody waits for it.
const DELETION_MS_MAX: i64 = 2 * 3_600_000;

/// Answers a request, or says why not.
pub(crate) fn answer(sandbox: &mut Sandbox, asked: &Asked<'_>, trace: &mut Trace) -> Result<Answer, Refusal> {
    let subscription = route::subscription(&asked.segments).transpose()?;
    if let Some(id) = subscription.filter(|id| !sandbox.owns(*id)) {
        return Err(CloudError::of(&cloud_forms::NO_SUBSCRIPTION)
            .with("subscription", id)
            .into());
    }
    let caller = identify(sandbox, asked, subscription.is_some())?;
    let counted = count(sandbox, asked, subscription, &caller);
    trace.caller = Some(caller);
    trace.remaining = Some((counted?, subscription.is_none()));

    if let Some(caller) = &trace.caller {
        access::check(sandbox, asked, caller)?;
    }

    if asked.version_text().is_empty() {
        return Err(CloudError::of(&forms::MISSING_API_VERSION).into());
    }
    if let Some(place) = deployments::place(&asked.segments) {
        let correlation = asked
            .header("x-ms-correlation-request-id")
            .and_then(Guid::parse)
            .unwrap_or_else(|| sandbox.draw_guid());
        trace.correlation = Some(correlation);
        let caller = trace.caller.clone().ok_or(Refusal::Verb)?;
        return deployments::serve(sandbox, asked, &place, &caller, correlation);
    }
    if let Some(place) = governance::place(&asked.segments) {
        let caller = trace.caller.clone().ok_or(Refusal::Verb)?;
        return governance::serve(sandbox, asked, &place, &caller);
    }
    let target = route::target(&asked.segments, asked.uri.path(), asked.version_text())?;
    check_version(asked, &target)?;
    check_registration(sandbox, &target)?;
    check_group_name(&target)?;
    pace(sandbox, asked, &target);
    move_resources::check_request(sandbox, asked)?;
    trace.policies = compute_policies::count(sandbox, asked)?;
    dispatch(sandbox, asked, &target)
}

fn dispatch(sandbox: &mut Sandbox, asked: &Asked<'_>, target: &Target) -> Result<Answer, Refusal> {
    let is_read = asked.method == Method::GET || asked.is_head();
    match target {
        Target::Item(id) => items::serve(sandbox, asked, id),
        Target::Below { id, rest } => below::serve(sandbox, asked, id, rest),
        Target::Service {
            subscription,
            namespace,
            rest,
        } => services::serve(sandbox, asked, *subscription, namespace, rest),
        Target::Registration {
            subscription,
            namespace,
            registered,
        } if asked.method == Method::POST => {
            provider_calls::register(sandbox, asked, *subscription, namespace, *registered)
        }
        _ if !is_read => Err(Refusal::Verb),
        Target::Subscriptions => Ok(subscriptions::list(sandbox, asked)),
        Target::Subscription(id) => subscriptions::one(sandbox, asked, *id),
        Target::Locations(id) => Ok(subscriptions::locations(sandbox, asked, *id)),
        Target::Tenants => Ok(subscriptions::tenants(sandbox, asked)),
        Target::Providers {
            subscription,
            namespace,
        } => provider_calls::read(sandbox, asked, *subscription, namespace.as_deref()),
        Target::Registration { .. } => Err(Refusal::Verb),
        Target::Job { subscription, job } => match deployments::poll_job(sandbox, asked, *subscription, job) {
            Some(answer) => answer,
            None => async_protocol::poll_job(sandbox, asked, *subscription, job),
        },
        Target::Resources(scope) => resources::list(sandbox, asked, scope),
        Target::Collection { kind, scope } => lists::serve(sandbox, asked, *kind, scope),
    }
}

/// Who calls, or the 401 with its challenge (ARM 3.2, 6.3).
fn identify(sandbox: &Sandbox, asked: &Asked<'_>, has_subscription: bool) -> Result<Caller, Refusal> {
    // What is about no subscription, the caller of any tenant may ask.
    let caller = if has_subscription {
        identity::check_bearer(sandbox, asked.headers)
    } else {
        identity::check_bearer_of_any_tenant(sandbox, asked.headers, Audience::Management)
    };
    caller.map_err(|error| {
        let tenant = sandbox.directory.tenant();
        let authority = format!("{}/{tenant}", identity::login_endpoint(asked.uri));
        let error = match error {
            TokenError::MissingHeader => CloudError::of(&forms::MISSING_HEADER),
            TokenError::MissingToken => CloudError::of(&forms::MISSING_TOKEN),
            TokenError::InvalidHeader => CloudError::of(&forms::INVALID_HEADER),
            TokenError::Invalid => CloudError::of(&forms::BAD_TOKEN),
            TokenError::Expired { expiry, now } => CloudError::of(&forms::EXPIRED_TOKEN)
                .with("expiry", text::us_clock(expiry))
                .with("now", text::us_clock(now)),
            TokenError::WrongAudience { audience } => CloudError::of(&forms::AUDIENCE).with("audience", audience),
            TokenError::WrongTenant { issuer } => CloudError::of(&forms::WRONG_TENANT)
                .with("issuer", issuer)
                .with("tenant", format!("https://sts.windows.net/{tenant}/"))
                .with("authority", &authority),
        };
        Refusal::Challenge {
            error: Box::new(error),
            authority,
        }
    })
}

/// Takes the call from the caller's counters, or refuses it with 429 (ARM 5).
fn count(
    sandbox: &mut Sandbox,
    asked: &Asked<'_>,
    subscription: Option<Guid>,
    caller: &Caller,
) -> Result<Remaining, Refusal> {
    let class = match *asked.method {
        Method::GET | Method::HEAD => Class::Reads,
        Method::DELETE => Class::Deletes,
        Method::POST if services::only_reads(&asked.segments) => Class::Reads,
        _ => Class::Writes,
    };
    sandbox.take_token(class, subscription, caller.object_id).map_err(
        |Throttled {
             class,
             retry_after_secs,
             limit,
             hourly,
         }| {
            let subscription = subscription.unwrap_or(Guid::NIL);
            let error = if hourly {
                CloudError::of(&forms::THROTTLED_HOURLY)
                    .with("subscription", subscription)
                    .with("limit", limit)
                    .with("minutes", retry_after_secs.div_ceil(60))
            } else {
                CloudError::of(&forms::THROTTLED)
                    .with("class", class.name().trim_end_matches('s'))
                    .with("subscription", subscription)
                    .with("actor", caller.object_id)
                    .with("secs", retry_after_secs)
            };
            Refusal::Throttled {
                error: Box::new(error),
                secs: retry_after_secs,
            }
        },
    )
}

/// Whether the version has the form of one and is not older than what it asks for. A newer one than any published answers as
/// the newest (real-clients 0.9).
fn check_version(asked: &Asked<'_>, target: &Target) -> Result<(), Refusal> {
    let (full_type, oldest) = match target {
        Target::Collection { kind, .. } => (kind.descriptor().name.to_owned(), oldest_of(*kind)),
        Target::Item(id) => (id.kind().descriptor().name.to_owned(), oldest_of(id.kind())),
        Target::Below { id, .. } => (id.kind().descriptor().name.to_owned(), oldest_of(id.kind())),
        Target::Service { namespace, rest, .. } => {
            let words: Vec<&str> = rest.iter().step_by(2).map(String::as_str).collect();
            let full_type = format!("{namespace}/{}", words.join("/"));
            let oldest = oldest_published(&full_type);
            (full_type, oldest)
        }
        _ => {
            let name = gateway_type(target);
            (
                format!("Microsoft.Resources/{name}"),
                oldest_published(&format!("Microsoft.Resources/{name}")),
            )
        }
    };
    check_version_of(asked, &full_type, oldest)
}

/// The same for a type that is no resource of the registry.
pub(crate) fn check_type_version(asked: &Asked<'_>, full_type: &str) -> Result<(), Refusal> {
    check_version_of(asked, full_type, oldest_published(full_type))
}

fn check_version_of(asked: &Asked<'_>, full_type: &str, oldest: ApiVersion) -> Result<(), Refusal> {
    if asked.parsed_version().is_some_and(|version| version >= oldest) {
        return Ok(());
    }

    let row = providers::find_type(full_type);
    let versions = row.map_or(&[][..], |row| row.versions);
    let (namespace, type_path) = full_type.split_once('/').unwrap_or((full_type, ""));
    if namespace.eq_ignore_ascii_case("Microsoft.Resources") {
        let known = api_versions::joined(versions, ",");
        let error = CloudError::of(&forms::BAD_API_VERSION)
            .with("version", asked.version_text())
            .with("versions", known);
        return Err(error.into());
    }
    let known = api_versions::joined(versions, ", ");
    if asked.method == Method::PUT
        && let Ok(document) = decode::document(asked)
        && let Some(location) = document.get("location").and_then(serde_json::Value::as_str)
    {
        return Err(no_provider_for(location, asked, type_path, &known));
    }
    Err(CloudError::of(&forms::BAD_TYPE_VERSION)
        .with("type", type_path)
        .with("namespace", namespace)
        .with("version", asked.version_text())
        .with("versions", known)
        .into())
}

/// `NoRegisteredProviderFound`: the place or the version is not one that the type is offered in.
pub(crate) fn no_provider_for(location: &str, asked: &Asked<'_>, type_path: &str, versions: &str) -> Refusal {
    let places: Vec<&str> = locations::listed(9999).map(|place| place.name).collect();
    CloudError::of(&forms::BAD_LOCATION)
        .with("location", location)
        .with("version", asked.version_text())
        .with("type", type_path)
        .with("versions", versions)
        .with("locations", places.join(", "))
        .into()
}

/// What the gateway itself owns, as a type of Microsoft.Resources.
fn gateway_type(target: &Target) -> &'static str {
    match target {
        Target::Subscriptions | Target::Subscription(_) => "subscriptions",
        Target::Locations(_) => "locations",
        Target::Tenants => "tenants",
        Target::Resources(_) => "resources",
        _ => "providers",
    }
}

/// The oldest version of a type: the oldest that was published, if its own row was; a child came with its parent or later.
pub(crate) fn oldest_of(kind: Kind) -> ApiVersion {
    static BY_KIND: LazyLock<Vec<(Kind, ApiVersion)>> =
        LazyLock::new(|| Kind::ALL.iter().map(|kind| (*kind, find_oldest_of(*kind))).collect());
    let row = BY_KIND.iter().find(|(known, _)| *known == kind);
    row.map_or_else(|| find_oldest_of(kind), |(_, oldest)| *oldest)
}

fn find_oldest_of(kind: Kind) -> ApiVersion {
    let descriptor = kind.descriptor();
    let listed = providers::find(descriptor.namespace()).is_some_and(|provider| {
        provider
            .types
            .iter()
            .any(|row| row.name.eq_ignore_ascii_case(descriptor.type_path()))
    });
    match descriptor.parent {
        Some(parent) if !listed && descriptor.since <= parent.descriptor().since => find_oldest_of(parent),
        Some(_) if !listed => descriptor.since,
        _ => oldest_published(descriptor.name).min(descriptor.since),
    }
}

fn oldest_published(full_type: &str) -> ApiVersion {
    let versions = providers::find_type(full_type).map_or(&[][..], |row| row.versions);
    versions
        .iter()
        .filter_map(|text| ApiVersion::parse(text))
        .min()
        .unwrap_or(ApiVersion::OLDEST)
}

/// Whether the subscription is registered with the provider (ARM 1.6).
fn check_registration(sandbox: &Sandbox, target: &Target) -> Result<(), Refusal> {
    let (subscription, namespace) = match target {
        Target::Item(id) | Target::Below { id, .. } => (id.subscription(), id.kind().descriptor().namespace()),
        Target::Collection { kind, scope } => {
            let subscription = match scope {
                Scope::Subscription(id) => *id,
                Scope::In(id) => id.subscription(),
            };
            (subscription, kind.descriptor().namespace())
        }
        Target::Service {
            subscription,
            namespace,
            ..
        } => (*subscription, namespace.as_str()),
        _ => return Ok(()),
    };
    if provider_calls::is_registered(sandbox, subscription, namespace) {
        return Ok(());
    }
    let name = providers::find(namespace).map_or(namespace, |provider| provider.namespace);
    Err(CloudError::of(&forms::NOT_REGISTERED).with("namespace", name).into())
}

/// A group's name is judged on every call that has one in its path (observed-arm, Error catalogue).
pub(crate) fn check_group_name(target: &Target) -> Result<(), Refusal> {
    let id = match target {
        Target::Item(id) | Target::Below { id, .. } => id,
        Target::Collection {
            scope: Scope::In(id), ..
        }
        | Target::Resources(Scope::In(id)) => id,
        _ => return Ok(()),
    };
    let descriptor = Kind::ResourceGroups.descriptor();
    let rule = &descriptor.names;
    let strangers: String = id
        .group_name()
        .chars()
        .filter(|c| !c.is_alphanumeric() && !rule.others.contains(*c))
        .collect();
    match descriptor.bad_name {
        Some(form) if !strangers.is_empty() => Err(CloudError::of(form)
            .with("name", id.group_name())
            .with("characters", strangers)
            .into()),
        _ => Ok(()),
    }
}

/// Moves the clock as the request asks for: once, before it is answered.
fn pace(sandbox: &mut Sandbox, asked: &Asked<'_>, target: &Target) {
    let is_read = asked.method == Method::GET || asked.is_head();
    if let Some((subscription, group)) = group_of(target).filter(|_| is_read && sandbox.pace == Pace::Immediate) {
        // What a deployment still makes is something in progress.
        deployments::finish_in(sandbox, subscription, &group);
    }
    let waits_for = async_protocol::waits_for(sandbox, asked, target);
    let secs = waits_for.map_or(0, |id| async_protocol::delay_secs(sandbox, id));
    sandbox.pace_before(waits_for, secs);
    if let Some(id) = waits_for.filter(|_| sandbox.pace == Pace::Immediate) {
        finish_open_ended(sandbox, id);
    }
    if let Target::Collection { kind, scope } = target
        && is_read
        && sandbox.pace == Pace::Immediate
    {
        finish_listed(sandbox, *kind, scope);
    }
}

/// Brings to its end whatever a list would show in progress: a client that never polls would find it in the way of its next
/// call (real-clients 3, libcloud).
fn finish_listed(sandbox: &mut Sandbox, kind: Kind, scope: &Scope) {
    let scope = scope.clone();
    // A list of what is not there is refused when it is answered.
    let Ok(Reply {
        outcome: Outcome::Listed(listed),
        ..
    }) = sandbox.cloud.apply(&Call::List { scope, kind })
    else {
        return;
    };
    for operation in listed.iter().filter_map(|resource| resource.operation) {
        if sandbox.cloud.is_under_way(operation) {
            let secs = async_protocol::delay_secs(sandbox, operation);
            sandbox.pace_before(Some(operation), secs);
            finish_open_ended(sandbox, operation);
        }
    }
}

/// The group that a request is about, or is in.
fn group_of(target: &Target) -> Option<(Guid, String)> {
    match target {
        Target::Item(id) | Target::Below { id, .. } => Some((id.subscription(), id.group_name().to_owned())),
        Target::Collection {
            scope: Scope::In(id), ..
        }
        | Target::Resources(Scope::In(id)) => Some((id.subscription(), id.group_name().to_owned())),
        _ => None,
    }
}

/// Nobody knows when the deletion of a group will end until it does: it is stepped to there.
fn finish_open_ended(sandbox: &mut Sandbox, id: OperationId) {
    let last = sandbox.cloud.now().plus_millis(DELETION_MS_MAX);
    loop {
        let goes_on = sandbox
            .cloud
            .operation(id)
            .is_some_and(|operation| operation.is_running() && !operation.endless && operation.end().is_none());
        match sandbox.cloud.next_due() {
            Some(due) if goes_on && due <= last => sandbox.advance(due),
            _ => return,
        }
    }
}
