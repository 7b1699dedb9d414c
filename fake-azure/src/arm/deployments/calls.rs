//! The calls about deployments on the wire (ARM 7.1): paths in, statuses and headers out.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fake_azure_cloud::catalogue::limits::Era;
use fake_azure_cloud::catalogue::{api_versions, locations, providers};
use fake_azure_cloud::descriptor::{Dialect, Provisioning};
use fake_azure_cloud::governance::Verb as LockVerb;
use fake_azure_cloud::{ApiVersion, CloudError, Guid, ResourceId, forms as cloud_forms};
use http::{Method, header};
use serde_json::{Value, json};

use super::place::{Place, Verb};
use super::plan::{Target, written};
use super::prepare::{Commission, Prepared, Refused, body_with, prepare};
use super::record::{self, Deployment, Job, Progress, State};
use super::request::{self, Order};
use super::scope::{Context, Site, Unread, Walker};
use super::{export, forms, gate, render, run, what_if, world};
use crate::arm::answer::Answer;
use crate::arm::error::Refusal;
use crate::arm::move_resources::Move;
use crate::arm::request::Asked;
use crate::arm::route;
use crate::arm::{async_protocol, forms as gateway_forms, gateway, paging};
use crate::identity::Caller;
use crate::{Pace, Sandbox};

/// How many deployments a group keeps, and a subscription (ARM 4.3): rows of the limits. Before the newer row there was one number.
const HISTORY_OF_GROUP: &str = "DeploymentsPerResourceGroup";
const HISTORY_OF_SUBSCRIPTION: &str = "DeploymentsPerSubscriptionLocation";
/// What a poller of a running deployment is told to wait (observed-arm, Operations).
const RETRY_SECS: u32 = 5;
/// What a poller of a job is told to wait (ARM 2.2).
const JOB_RETRY_SECS: u32 = 15;
/// How long jobs take.
const REMOVAL_MS: i64 = 10_000;
const WHAT_IF_MS: i64 = 5_000;
/// How long a deployment may run (ARM 2.6: its expiration time).
const EXPIRES_MS: i64 = 7 * 86_400_000;
/// How far time is moved at most for somebody who waits under the pace `immediate`.
const WAIT_MS_MAX: i64 = 6 * 3_600_000;
/// The engine that today's answers name (ARM 7.2).
const ENGINE: &str = "1.158.0";
/// From this version on `validate` lists ids alone and says that it succeeded (ARM 7.9).
const TERSE: ApiVersion = ApiVersion::date(2019, 1, 1);

/// Answers a call. `correlation` is the id of the request.
pub(crate) fn serve(
    sandbox: &mut Sandbox,
    asked: &Asked<'_>,
    place: &Place,
    caller: &Caller,
    correlation: Guid,
) -> Result<Answer, Refusal> {
    check_version(asked)?;
    if let Some(Target {
        subscription,
        group: Some(group),
    }) = place.target()
    {
        gateway::check_group_name(&route::Target::Item(ResourceId::group(*subscription, group)))?;
    }
    move_clock(sandbox, asked, place);

    let is_read = asked.method == Method::GET || asked.is_head();
    let is_post = asked.method == Method::POST;
    match place {
        Place::Collection(target) if is_read => list(sandbox, asked, target),
        Place::Item(target, name) if asked.is_head() => {
            existing(sandbox, target, name)?;
            Ok(Answer::empty(Dialect::Gateway, 204))
        }
        Place::Item(target, name) if is_read => {
            let found = existing(sandbox, target, name)?;
            Ok(paced(
                sandbox,
                Answer::ok(
                    Dialect::Gateway,
                    render::document(&found, asked.version(), sandbox.era()),
                ),
                &found,
            ))
        }
        Place::Item(target, name) if asked.method == Method::PUT => {
            put(sandbox, asked, target, name, caller, correlation)
        }
        Place::Item(target, name) if asked.method == Method::DELETE => delete(sandbox, asked, target, name),
        Place::Action(target, name, Verb::Cancel) if is_post => {
            let found = existing(sandbox, target, name)?;
            check_group(sandbox, target, true)?;
            check_lock(sandbox, target, name, LockVerb::Action)?;
            run::cancel(sandbox, found)?;
            Ok(Answer::empty(Dialect::Gateway, 204))
        }
        Place::Action(target, name, Verb::Validate) if is_post => {
            validate(sandbox, asked, target, name, caller, correlation)
        }
        Place::Action(target, name, Verb::WhatIf) if is_post => {
            ask_what_if(sandbox, asked, target, name, caller, correlation)
        }
        Place::Action(target, name, Verb::Export) if is_post => {
            let found = existing(sandbox, target, name)?;
            Ok(Answer::ok(Dialect::Gateway, json!({ "template": found.template })))
        }
        Place::Operations(target, name) if is_read => {
            let found = existing(sandbox, target, name)?;
            Ok(Answer::ok(
                Dialect::Gateway,
                paging::page(asked, pages(render::operations(&found, asked.version())))?,
            ))
        }
        Place::Operation(target, name, id) if is_read => {
            let found = existing(sandbox, target, name)?;
            match found.steps.iter().find(|step| step.id.eq_ignore_ascii_case(id)) {
                Some(step) => Ok(Answer::ok(
                    Dialect::Gateway,
                    render::operation(&found, step, asked.version()),
                )),
                None => Err(CloudError::of(&forms::NO_OPERATION).with("operation", id).into()),
            }
        }
        Place::Status(target, name, id) if is_read => status(sandbox, target, name, id),
        Place::Hash if is_post => hash(asked),
        Place::GroupExport(target) if is_post => {
            check_group(sandbox, target, false)?;
            let wish = crate::arm::decode::parameters(asked)?;
            Ok(Answer::ok(Dialect::Gateway, export::group(sandbox, target, &wish)))
        }
        Place::Move { target, only_validates } if is_post => {
            move_resources(sandbox, asked, target, *only_validates, correlation)
        }
        _ => Err(Refusal::Verb),
    }
}

fn check_version(asked: &Asked<'_>) -> Result<(), Refusal> {
    let versions = providers::find_type("Microsoft.Resources/deployments").map_or(&[][..], |row| row.versions);
    let oldest = versions
        .iter()
        .filter_map(|text| ApiVersion::parse(text))
        .min()
        .unwrap_or(ApiVersion::OLDEST);
    if asked.parsed_version().is_some_and(|version| version >= oldest) {
        return Ok(());
    }
    let known = api_versions::joined(versions, ",");
    Err(CloudError::of(&gateway_forms::BAD_API_VERSION)
        .with("version", asked.version_text())
        .with("versions", known)
        .into())
}

/// Moves the clock as the call asks for: a read of something in progress goes to its end.
fn move_clock(sandbox: &mut Sandbox, asked: &Asked<'_>, place: &Place) {
    let is_read = asked.method == Method::GET || asked.is_head();
    match (sandbox.pace, place) {
        (Pace::Immediate, Place::Collection(target)) if is_read => finish_all(sandbox, target),
        (
            Pace::Immediate,
            Place::Item(target, name)
            | Place::Operations(target, name)
            | Place::Operation(target, name, _)
            | Place::Status(target, name, _),
        ) if is_read => {
            let (target, name) = (target.clone(), name.clone());
            advance_while(sandbox, |sandbox| {
                record::find(&sandbox.cloud, &target, &name).is_some_and(|found| found.state.is_active())
            });
        }
        (Pace::Stepped, Place::Status(target, name, _)) => {
            let runs = record::find(&sandbox.cloud, target, name).is_some_and(|found| found.state.is_active());
            let step_ms = if runs { i64::from(RETRY_SECS) * 1000 } else { 1000 };
            let to = sandbox.cloud.now().plus_millis(step_ms);
            sandbox.advance(to);
        }
        _ => sandbox.pace_before(None, 0),
    }
}

/// Lets every deployment of a scope end: whoever reads what they make is not to wait.
pub(crate) fn finish_all(sandbox: &mut Sandbox, target: &Target) {
    let target = target.clone();
    advance_while(sandbox, |sandbox| record::any_active(&sandbox.cloud, &target));
}

fn advance_while(sandbox: &mut Sandbox, goes_on: impl Fn(&Sandbox) -> bool) {
    let last = sandbox.cloud.now().plus_millis(WAIT_MS_MAX);
    while goes_on(sandbox) {
        match sandbox.cloud.next_due() {
            Some(due) if due <= last => sandbox.advance(due),
            _ => return,
        }
    }
}

/// A deployment, or the refusal that says what is not there.
fn existing(sandbox: &Sandbox, target: &Target, name: &str) -> Result<Deployment, CloudError> {
    check_group(sandbox, target, false)?;
    record::find(&sandbox.cloud, target, name).ok_or_else(|| CloudError::of(&forms::NOT_FOUND).with("name", name))
}

/// Deployments are below their scope: a lock on it holds for them, too (ARM 3.4).
fn check_lock(sandbox: &Sandbox, target: &Target, name: &str, verb: LockVerb) -> Result<(), CloudError> {
    sandbox.cloud.check_locks(&record::deployment_id(target, name), verb)
}

fn check_group(sandbox: &Sandbox, target: &Target, writes: bool) -> Result<(), CloudError> {
    let Some(group) = &target.group else {
        return Ok(());
    };
    match sandbox
        .cloud
        .store()
        .find(ResourceId::group(target.subscription, group).folded())
    {
        None => Err(CloudError::of(&cloud_forms::GROUP_NOT_FOUND).with("group", group)),
        Some(found) if writes && found.provisioning == Provisioning::Deleting => {
            Err(CloudError::of(&cloud_forms::GROUP_BEING_DELETED).with("group", group))
        }
        Some(_) => Ok(()),
    }
}

/// A retry header for what still runs.
fn paced(sandbox: &Sandbox, answer: Answer, deployment: &Deployment) -> Answer {
    if deployment.state.is_active() {
        answer.header("retry-after", sandbox.retry_after_secs(RETRY_SECS).to_string())
    } else {
        answer
    }
}

fn list(sandbox: &mut Sandbox, asked: &Asked<'_>, target: &Target) -> Result<Answer, Refusal> {
    check_group(sandbox, target, false)?;
    let wanted = wanted_state(asked.query.get("$filter").unwrap_or(""))?;
    let is_wanted = |found: &Deployment| {
        wanted
            .as_ref()
            .is_none_or(|(state, equal)| found.state.name().eq_ignore_ascii_case(state) == *equal)
    };
    let all = record::all(&sandbox.cloud, target);
    let items = all.iter().map(|found| {
        let shown = is_wanted(found).then(|| render::document(found, asked.version(), sandbox.era()));
        (format!("{:012}", found.serial), shown)
    });
    let items = items.collect();
    Ok(Answer::ok(Dialect::Gateway, paging::page(asked, items)?))
}

/// Items as pages take them: each there when its turn comes.
fn pages(items: Vec<(String, Value)>) -> Vec<(String, Option<Value>)> {
    items.into_iter().map(|(name, item)| (name, Some(item))).collect()
}

/// `provisioningState eq 'Failed'`, or `ne`.
fn wanted_state(filter: &str) -> Result<Option<(String, bool)>, Refusal> {
    let words: Vec<&str> = filter.split_whitespace().collect();
    let text = |word: &str| {
        word.strip_prefix('\'')
            .and_then(|word| word.strip_suffix('\''))
            .map(str::to_owned)
    };
    match words[..] {
        [] => Ok(None),
        [member, verb, value] if member.eq_ignore_ascii_case("provisioningState") && matches!(verb, "eq" | "ne") => {
            match text(value) {
                Some(state) => Ok(Some((state, verb == "eq"))),
                None => Err(CloudError::of(&gateway_forms::BAD_FILTER).with("filter", filter).into()),
            }
        }
        _ => Err(CloudError::of(&gateway_forms::BAD_FILTER).with("filter", filter).into()),
    }
}

/// The order in a body.
fn order_of(asked: &Asked<'_>) -> Result<Order, Refusal> {
    if let Some(given) = asked.headers.get(header::CONTENT_TYPE) {
        let media = given
            .to_str()
            .unwrap_or("")
            .split(';')
            .next()
            .unwrap_or("")
            .trim()
            .to_ascii_lowercase();
        if !media.ends_with("/json") && !media.ends_with("+json") {
            return Err(CloudError::of(&gateway_forms::MEDIA_TYPE).with("type", media).into());
        }
    }
    Ok(request::read(asked.body)?)
}

/// Whether a deployment of this name may be ordered here: name, group, location, and nothing of its name that still runs.
pub(crate) fn check_scope(sandbox: &Sandbox, target: &Target, name: &str, order: &Order) -> Result<(), CloudError> {
    let allowed = |c: char| c.is_alphanumeric() || "-._()".contains(c);
    if name.is_empty() || name.chars().count() > 64 || !name.chars().all(allowed) {
        return Err(CloudError::of(&forms::BAD_NAME).with("name", name));
    }
    if !sandbox.owns(target.subscription) {
        return Err(CloudError::of(&cloud_forms::NO_SUBSCRIPTION).with("subscription", target.subscription));
    }
    check_group(sandbox, target, true)?;
    match (&target.group, &order.location) {
        (None, None) => return Err(CloudError::of(&forms::LOCATION_MISSING).with("name", name)),
        (None, Some(location)) => {
            if locations::find(location).is_none() {
                let known: Vec<&str> = locations::listed(9999).map(|place| place.name).collect();
                return Err(CloudError::of(&forms::LOCATION_NOT_AVAILABLE)
                    .with("location", location)
                    .with("locations", known.join(",")));
            }
        }
        (Some(_), _) => {}
    }
    let Some(before) = record::find(&sandbox.cloud, target, name) else {
        return Ok(());
    };
    if before.state.is_active() {
        return Err(CloudError::of(&forms::ACTIVE)
            .with("name", name)
            .with("from", crate::text::us_clock(before.started))
            .with("until", crate::text::us_clock(before.started.plus_millis(EXPIRES_MS))));
    }
    if let (Some(old), Some(new)) = (&before.location, &order.location) {
        let (old, new) = (normal(old), normal(new));
        if old != new {
            return Err(CloudError::of(&forms::BAD_LOCATION)
                .with("new", new)
                .with("name", name)
                .with("old", old));
        }
    }
    Ok(())
}

fn normal(location: &str) -> String {
    locations::find(location).map_or_else(|| location.to_owned(), |found| found.name.to_owned())
}

fn refusal(refused: &Refused) -> Refusal {
    match refused {
        Refused::Error(error) => CloudError::clone(error).into(),
        Refused::Template(_) => Refusal::Written {
            status: refused.status(),
            document: json!({ "error": refused.body() }),
        },
    }
}

fn deployer(caller: &Caller) -> Value {
    json!({ "objectId": caller.object_id.to_string(), "tenantId": caller.tenant.to_string(), "userPrincipalName": caller.name })
}

/// An order that a request brings, inside of no other deployment.
fn commission<'a>(
    asked: &'a Asked<'_>,
    (target, name): (&'a Target, &'a str),
    order: &'a Order,
    deployer: &'a Value,
    correlation: Guid,
) -> Commission<'a> {
    Commission {
        target,
        name,
        order,
        base: &asked.base,
        deployer,
        correlation,
        depth: 0,
        parent_link: None,
    }
}

/// Judges an order as a PUT does; the preflight is part of it.
fn judged(sandbox: &mut Sandbox, commission: &Commission<'_>) -> Result<Prepared, Refusal> {
    check_scope(sandbox, commission.target, commission.name, commission.order)?;
    if commission.target.group.is_some() && commission.order.location.is_some() {
        return Err(CloudError::of(&forms::LOCATION_UNWANTED)
            .with("name", commission.name)
            .into());
    }
    let prepared = prepare(sandbox, commission).map_err(|refused| refusal(&refused))?;
    if commission.order.asks_providers {
        let found = gate::preflight(sandbox, commission, &prepared);
        if !found.is_empty() {
            return Err(gate::preflight_refusal(commission.name, commission.correlation, found).into());
        }
    }
    Ok(prepared)
}

fn put(
    sandbox: &mut Sandbox,
    asked: &Asked<'_>,
    target: &Target,
    name: &str,
    caller: &Caller,
    correlation: Guid,
) -> Result<Answer, Refusal> {
    let order = order_of(asked)?;
    let deployer = deployer(caller);
    let commission = commission(asked, (target, name), &order, &deployer, correlation);
    check_lock(sandbox, target, name, LockVerb::Write)?;
    let prepared = judged(sandbox, &commission)?;
    let exists = record::find(&sandbox.cloud, target, name).is_some();
    make_room(sandbox, target, name, exists)?;

    let begun = run::begin(sandbox, &commission, prepared, None);
    let path = asked.uri.path().trim_end_matches('/');
    let address = format!(
        "{}{path}/operationStatuses/{}?api-version={}",
        asked.base,
        begun.status_id,
        asked.version_text()
    );
    let document = render::document(&begun, asked.version(), sandbox.era());
    let mut answer = Answer {
        status: if exists { 200 } else { 201 },
        ..Answer::ok(Dialect::Gateway, document)
    };
    answer = answer.header("azure-asyncoperation", address);
    if sandbox.era() == Era::Current {
        answer = answer.header("x-ms-deployment-engine-version", ENGINE);
    }
    Ok(answer)
}

/// Today the oldest deployments make room by themselves; before, the order was refused (ARM 4.3, 7.9).
fn make_room(sandbox: &mut Sandbox, target: &Target, name: &str, exists: bool) -> Result<(), CloudError> {
    let ledger = sandbox.cloud.ledger();
    let of_group = ledger.limit(HISTORY_OF_GROUP);
    let limit = match &target.group {
        Some(_) => of_group,
        None => ledger.limit(HISTORY_OF_SUBSCRIPTION).or(of_group),
    };
    let limit = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(0));
    // Counting is cheap, reading them all is not.
    if exists || record::count(&sandbox.cloud, target) < limit {
        return Ok(());
    }
    let all = record::all(&sandbox.cloud, target);
    if all.len() < limit {
        return Ok(());
    }
    if sandbox.era() == Era::Current
        && let Some(oldest) = all.iter().rev().find(|found| !found.state.is_active())
    {
        record::forget(&mut sandbox.cloud, oldest.serial);
        return Ok(());
    }
    Err(CloudError::of(&forms::QUOTA)
        .with("name", name)
        .with("limit", limit)
        .with("count", all.len()))
}

fn validate(
    sandbox: &mut Sandbox,
    asked: &Asked<'_>,
    target: &Target,
    name: &str,
    caller: &Caller,
    correlation: Guid,
) -> Result<Answer, Refusal> {
    let order = order_of(asked)?;
    let deployer = deployer(caller);
    let commission = commission(asked, (target, name), &order, &deployer, correlation);
    let prepared = judged(sandbox, &commission)?;
    let validated = validated_resources(&prepared, asked.version());
    let now = sandbox.cloud.now();
    let is_terse = asked.version() >= TERSE;
    let shown = Deployment {
        serial: 0,
        name: name.to_owned(),
        target: target.clone(),
        group: None,
        location: order.location.clone(),
        tags: order.tags.clone(),
        mode: order.mode,
        template: prepared.template.document,
        template_link: prepared.template_link,
        parameters_link: prepared.parameters_link,
        debug_setting: order.debug_setting.clone(),
        rollback: prepared.rollback,
        parameters: prepared.parameters,
        base: asked.base.clone(),
        deployer,
        correlation,
        status_id: String::new(),
        started: now,
        changed: now,
        state: if is_terse { State::Succeeded } else { State::Accepted },
        progress: prepared.planned.iter().map(|_| Progress::Pending).collect(),
        planned: prepared.planned,
        steps: Vec::new(),
        outputs: None,
        failure: None,
        parent: None,
        depth: 0,
        cleanup: None,
    };
    let mut document = render::document(&shown, asked.version(), sandbox.era());
    if let Some(properties) = document.get_mut("properties").and_then(Value::as_object_mut) {
        properties.shift_remove("outputResources");
        properties.insert("validatedResources".to_owned(), Value::Array(validated));
    }
    Ok(Answer::ok(Dialect::Gateway, document))
}

/// What was judged: ids alone today, whole resources before (recorded 2016).
fn validated_resources(prepared: &Prepared, version: ApiVersion) -> Vec<Value> {
    let context = Context::new(&prepared.world, &prepared.template, prepared.values());
    let walker = Walker {
        context: &context,
        site: Site::Body,
        reads: &Unread,
        keeps_later: true,
    };
    let mut found = Vec::new();
    for (index, own) in prepared.planned.iter().enumerate().filter(|(_, own)| own.is_sent()) {
        if own.is_deployment() {
            if let Some((_, _, inner)) = prepared.inner.iter().find(|(at, _, _)| *at == index) {
                found.extend(validated_resources(inner, version));
            }
            continue;
        }
        if version >= TERSE {
            found.push(json!({ "id": own.id }));
            continue;
        }
        let item = written(prepared.template.resources(), &own.pointer).unwrap_or(&Value::Null);
        let mut shown = json!({ "apiVersion": own.version, "id": own.id, "name": own.name, "type": own.kind });
        if let (Ok(Value::Object(body)), Some(members)) = (body_with(&walker, item, own), shown.as_object_mut()) {
            members.extend(body);
        }
        found.push(shown);
    }
    found
}

fn delete(sandbox: &mut Sandbox, asked: &Asked<'_>, target: &Target, name: &str) -> Result<Answer, Refusal> {
    check_group(sandbox, target, true)?;
    check_lock(sandbox, target, name, LockVerb::Delete)?;
    let Some(found) = record::find(&sandbox.cloud, target, name) else {
        return Ok(Answer::empty(Dialect::Gateway, 204));
    };
    if found.state.is_active() {
        return Err(CloudError::of(&forms::ACTIVE)
            .with("name", name)
            .with("from", crate::text::us_clock(found.started))
            .with("until", crate::text::us_clock(found.started.plus_millis(EXPIRES_MS)))
            .into());
    }
    let group = async_protocol::escaped(target.group.as_deref().unwrap_or(""));
    let name = async_protocol::escaped(name);
    // ARM 2.3: the older form had the kind of its store in it.
    let id = if sandbox.era() == Era::Current {
        format!("DeploymentDeletionJob-{group}-{name}")
    } else {
        format!("DeploymentDeletionJob-GNS-{group}-{name}-")
    };
    let ends = sandbox.cloud.now().plus_millis(REMOVAL_MS);
    Ok(begin_job(
        sandbox,
        asked,
        target,
        Job {
            serial: 0,
            subscription: target.subscription,
            id,
            ends,
            removes: Some(found.serial),
            result: None,
            moves: None,
            failure: None,
        },
    ))
}

fn ask_what_if(
    sandbox: &mut Sandbox,
    asked: &Asked<'_>,
    target: &Target,
    name: &str,
    caller: &Caller,
    correlation: Guid,
) -> Result<Answer, Refusal> {
    let order = order_of(asked)?;
    let deployer = deployer(caller);
    let commission = commission(asked, (target, name), &order, &deployer, correlation);
    let result = match judged(sandbox, &commission) {
        Ok(prepared) => {
            let changes = what_if::changes(sandbox, &commission, &prepared);
            json!({ "status": "Succeeded", "properties": { "correlationId": correlation.to_string(), "changes": changes } })
        }
        // What is wrong with the request itself is said at once, what is wrong with the deployment in the result.
        Err(Refusal::Error(error)) if error.code == "InvalidTemplateDeployment" => {
            json!({ "status": "Failed", "error": crate::arm::error::body(&error, Dialect::Gateway, true) })
        }
        Err(refusal) => return Err(refusal),
    };
    let group = async_protocol::escaped(target.group.as_deref().unwrap_or(""));
    let id = format!(
        "DeploymentWhatIfJob-{group}-{}-{}",
        async_protocol::escaped(name),
        async_protocol::escaped(&correlation.to_string())
    );
    let ends = sandbox.cloud.now().plus_millis(WHAT_IF_MS);
    Ok(begin_job(
        sandbox,
        asked,
        target,
        Job {
            serial: 0,
            subscription: target.subscription,
            id,
            ends,
            removes: None,
            result: Some(result),
            moves: None,
            failure: None,
        },
    ))
}

fn move_resources(
    sandbox: &mut Sandbox,
    asked: &Asked<'_>,
    target: &Target,
    only_validates: bool,
    correlation: Guid,
) -> Result<Answer, Refusal> {
    check_group(sandbox, target, true)?;
    let source = ResourceId::group(target.subscription, target.group.as_deref().unwrap_or(""));
    let moves = Move::read(sandbox, asked, &source, only_validates, correlation)?;
    let place = sandbox.cloud.store().find(source.folded());
    let place = place.map(|group| group.location.to_string()).unwrap_or_default();
    let id = format!(
        "RESOURCEBATCHMOVEJOB-{}-{}-{}",
        async_protocol::escaped(source.name()),
        async_protocol::escaped(&place),
        moves.word()
    );
    crate::arm::move_resources::check_open(&sandbox.cloud, &source)?;
    let ends = sandbox.cloud.now().plus_millis(moves.duration_ms());
    moves.shut(&mut sandbox.cloud, ends);
    Ok(begin_job(
        sandbox,
        asked,
        target,
        Job {
            serial: 0,
            subscription: target.subscription,
            id,
            ends,
            removes: None,
            result: None,
            moves: Some(moves),
            failure: None,
        },
    ))
}

/// 202 with the address of a job.
fn begin_job(sandbox: &mut Sandbox, asked: &Asked<'_>, target: &Target, mut job: Job) -> Answer {
    job.serial = record::take_serial(&mut sandbox.cloud);
    let group = target
        .group
        .as_deref()
        .map(|group| ResourceId::group(target.subscription, group));
    let place = group.and_then(|id| {
        sandbox
            .cloud
            .store()
            .find(id.folded())
            .map(|group| group.location.to_string())
    });
    let place = place.unwrap_or_else(|| "westus".to_owned());
    let token = URL_SAFE_NO_PAD.encode(json!({ "jobId": job.id, "jobLocation": place }).to_string());
    let address = format!(
        "{}/subscriptions/{}/operationresults/{token}?api-version={}",
        asked.base,
        target.subscription,
        asked.version_text()
    );
    record::store_job(&mut sandbox.cloud, &job);
    Answer::empty(Dialect::Gateway, 202)
        .header("location", address)
        .header("retry-after", sandbox.retry_after_secs(JOB_RETRY_SECS).to_string())
}

/// Answers a poll of a job, if it is one of these.
pub(crate) fn poll_job(
    sandbox: &mut Sandbox,
    asked: &Asked<'_>,
    subscription: Guid,
    token: &str,
) -> Option<Result<Answer, Refusal>> {
    let bytes = URL_SAFE_NO_PAD.decode(token.trim_end_matches('=')).ok()?;
    let document: Value = serde_json::from_slice(&bytes).ok()?;
    let id = document.get("jobId")?.as_str()?.to_owned();
    let job = record::find_job(&sandbox.cloud, subscription, &id)?;
    match sandbox.pace {
        Pace::Immediate => sandbox.advance(job.ends),
        Pace::Stepped => {
            let to = sandbox.cloud.now().plus_millis(i64::from(JOB_RETRY_SECS) * 1000);
            sandbox.advance(to);
        }
        _ => {}
    }
    if sandbox.cloud.now() < job.ends {
        let answer = Answer::empty(Dialect::Gateway, 202).header("location", asked.own_url());
        let answer = answer.header("retry-after", sandbox.retry_after_secs(JOB_RETRY_SECS).to_string());
        return Some(Ok(answer));
    }
    // What became of it may have been written down only now, at its end.
    let job = record::find_job(&sandbox.cloud, subscription, &id)?;
    Some(match (job.failure, job.result) {
        (Some(error), _) => Err(error.into()),
        (None, Some(result)) => Ok(Answer::ok(Dialect::Gateway, result)),
        (None, None) => Ok(Answer::empty(Dialect::Gateway, 204)),
    })
}

/// `{"status": ..}`, with the error of a failed one (ARM 2.4).
fn status(sandbox: &Sandbox, target: &Target, name: &str, id: &str) -> Result<Answer, Refusal> {
    let found = existing(sandbox, target, name)?;
    if found.status_id != id {
        return Err(CloudError::of(&forms::NO_OPERATION).with("operation", id).into());
    }
    let mut document = json!({ "status": found.state.name() });
    if let Some(error) = render::failure(&found, sandbox.era()) {
        document["error"] = error;
    }
    Ok(paced(sandbox, Answer::ok(Dialect::Gateway, document), &found))
}

fn hash(asked: &Asked<'_>) -> Result<Answer, Refusal> {
    let text = String::from_utf8_lossy(asked.body);
    let (template, _) = super::lenient::read(&text)
        .map_err(|reason| CloudError::of(&gateway_forms::BAD_JSON).with("reason", reason))?;
    let document = json!({ "minifiedTemplate": template.to_string(), "templateHash": world::template_hash(&template) });
    Ok(Answer::ok(Dialect::Gateway, document))
}
