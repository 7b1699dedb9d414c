//! Writes: PUT, PATCH, and actions. The order of the checks is observable and stands here, in one place (ARM 3.3, 3.5).

use std::sync::Arc;

use serde_json::Value;

use super::normal_form::{check_immutable, normalise, secrets_of};
use super::transaction::Transaction;
use super::{check_conditions, delete, find, open_group, references, settle, subscription};
use crate::Document;
use crate::api_version::ApiVersion;
use crate::call::{Conditions, Outcome, Reply};
use crate::catalogue::locations;
use crate::descriptor::{Descriptor, Dialect, Inline, PatchRule, Provisioning, Stage};
use crate::document::{merge, prune_nulls, same_name};
use crate::error::CloudError;
use crate::forms;
use crate::governance;
use crate::id::ResourceId;
use crate::key::Key;
use crate::operation::Doing;
use crate::plan::Plan;
use crate::registry::Kind;
use crate::resource::Resource;
use crate::types::{Act, Put};

/// PUT.
pub(super) fn put(
    tx: &mut Transaction<'_>,
    id: &ResourceId,
    document: &Document,
    version: ApiVersion,
    conditions: &Conditions,
) -> Result<Reply, CloudError> {
    subscription(tx.cloud, id)?;
    let is_group = id.kind() == Kind::ResourceGroups;
    if !is_group || tx.cloud.store.find(id.folded()).is_some() {
        open_group(tx.cloud, id)?;
    }

    check_tags(tx, id, document)?;

    let existing = tx.cloud.store.find(id.folded()).cloned();
    check_conditions(&tx.cx(), id, existing.as_deref(), conditions)?;
    let doing = if existing.is_some() {
        Doing::Update
    } else {
        Doing::Create
    };
    make_way(tx, id, existing.as_deref(), &doing)?;

    let created = existing.is_none();
    let key = existing
        .as_ref()
        .map_or_else(|| tx.cloud.next_key(), |resource| resource.key);
    let document = match &existing {
        Some(existing) if id.kind().descriptor().merges_put => {
            let mut given = document.clone();
            prune_nulls(&mut given);
            merged(tx, existing, &given)
        }
        Some(existing) => completed(tx, existing, document),
        None => document.clone(),
    };
    let plan = write(tx, key, id, document, version, existing.as_deref())?;
    check_siblings(tx, key)?;
    let operation = finish(tx, key, doing, version, plan)?;
    Ok(Reply {
        outcome: Outcome::Written { key, created },
        operation,
    })
}

/// PATCH: of tags only, or of anything, as the type allows (ARM 1.11).
pub(super) fn patch(
    tx: &mut Transaction<'_>,
    id: &ResourceId,
    document: &Document,
    version: ApiVersion,
    conditions: &Conditions,
) -> Result<Reply, CloudError> {
    let existing = Arc::clone(find(tx.cloud, id)?);
    open_group(tx.cloud, id)?;
    check_tags(tx, id, document)?;
    check_conditions(&tx.cx(), id, Some(&existing), conditions)?;
    make_way(tx, id, Some(&existing), &Doing::Update)?;

    let key = existing.key;
    match id.kind().descriptor().patch {
        PatchRule::Tags => {
            let tags = document.get("tags").filter(|tags| tags.is_object()).cloned();
            let etag = tx.cloud.streams.guid();
            let now = tx.cloud.now();
            tx.change(key, |resource| {
                if let (Some(tags), Some(members)) = (tags, Arc::make_mut(&mut resource.echo).as_object_mut()) {
                    members.insert("tags".to_owned(), tags);
                }
                resource.etag = etag;
                resource.revision += 1;
                resource.changed = now;
            });
            Ok(Reply {
                outcome: Outcome::Written { key, created: false },
                operation: None,
            })
        }
        PatchRule::Merge => {
            let merged = merged(tx, &existing, document);
            let id = own_id(id, &existing);
            let plan = write(tx, key, &id, merged, version, Some(&existing))?;
            check_siblings(tx, key)?;
            let operation = finish(tx, key, Doing::Update, version, plan)?;
            Ok(Reply {
                outcome: Outcome::Written { key, created: false },
                operation,
            })
        }
    }
}

/// The gateway judges tags before anything looks at the rest of a document.
fn check_tags(tx: &Transaction<'_>, id: &ResourceId, document: &Document) -> Result<(), CloudError> {
    match document.get("tags").and_then(Value::as_object) {
        Some(tags) => governance::check_tags(tx.cx().era(), Some(id.kind()), tags),
        None => Ok(()),
    }
}

/// A resource's document with a part written over it; tags are replaced whole.
fn merged(tx: &Transaction<'_>, existing: &Resource, part: &Document) -> Document {
    let mut merged = written_out(tx, existing);
    merge(&mut merged, part);
    if let Some(tags) = part.get("tags").filter(|tags| tags.is_object()) {
        merged["tags"] = tags.clone();
    }
    merged
}

/// A document with the sections that it leaves out and its type keeps, as they are.
fn completed(tx: &Transaction<'_>, existing: &Resource, document: &Document) -> Document {
    let mut completed = document.clone();
    let keeps = existing.kind.descriptor().keeps;
    if keeps.iter().all(|section| document.pointer(section).is_some()) {
        return completed;
    }

    let before = written_out(tx, existing);
    for section in keeps {
        let (holder, name) = section.rsplit_once('/').expect("a section has a slash");
        if let (Some(kept), Some(members)) = (
            before.pointer(section),
            completed.pointer_mut(holder).and_then(Value::as_object_mut),
        ) && members.get(name).is_none_or(Value::is_null)
        {
            members.insert(name.to_owned(), kept.clone());
        }
    }
    completed
}

/// An action.
pub(super) fn act(
    tx: &mut Transaction<'_>,
    resource: &Resource,
    act: &Act<'_>,
    stages: &[Stage],
) -> Result<Reply, CloudError> {
    let doing = Doing::Act(act.name.into());
    if resource.operation.is_some() {
        resource.kind.busy(&tx.cx(), resource, &doing)?;
        supersede(tx, resource);
    }

    let (state, mut plan) = resource.state.plan_action(&tx.cx(), resource, act)?;
    tx.change(resource.key, |resource| resource.state = state);
    tx.commit(resource.subscription, &resource.location, act.version, &mut plan)?;

    let stages = plan.stages.take().unwrap_or_else(|| stages.to_vec());
    if stages.is_empty() {
        let output = plan.output.take();
        settle::settle_now(tx, resource.key, &doing)?;
        return Ok(Reply {
            outcome: Outcome::Acted(output),
            operation: None,
        });
    }
    let operation = tx.begin(resource.key, doing, act.version, &stages, plan);
    Ok(Reply {
        outcome: Outcome::Acted(None),
        operation: Some(operation),
    })
}

/// The service writes a resource as a part of another's plan.
pub(super) fn put_by_service(
    tx: &mut Transaction<'_>,
    key: Key,
    id: &ResourceId,
    document: Document,
    version: ApiVersion,
) -> Result<(), CloudError> {
    let existing = tx.cloud.store.find(id.folded()).cloned();
    let key = existing.as_ref().map_or(key, |resource| resource.key);
    let mut plan = write(tx, key, id, document, version, existing.as_deref())?;
    plan.stages = None;
    Ok(())
}

/// The service performs an action on a resource as a part of another's plan: the other's operation settles it.
pub(super) fn act_by_service(
    tx: &mut Transaction<'_>,
    key: Key,
    action: &'static str,
    version: ApiVersion,
) -> Result<(), CloudError> {
    let resource = Arc::clone(tx.cx().resource(key));
    let nothing = Document::Object(serde_json::Map::new());
    let act = Act {
        name: action,
        document: &nothing,
        version,
    };
    let (state, mut plan) = resource.state.plan_action(&tx.cx(), &resource, &act)?;
    tx.change(key, |resource| resource.state = state);
    tx.commit(resource.subscription, &resource.location, version, &mut plan)?;
    tx.touched.push(key);
    Ok(())
}

/// Refuses a write while an operation holds the resource, or lets it take that operation's place.
fn make_way(
    tx: &mut Transaction<'_>,
    id: &ResourceId,
    existing: Option<&Resource>,
    doing: &Doing,
) -> Result<(), CloudError> {
    let held = match existing {
        Some(resource) => Some(resource.key),
        None => id
            .folded_parent()
            .and_then(|parent| tx.cloud.store.find(parent))
            .map(|parent| parent.key),
    };
    let Some(held) = held else {
        return Ok(());
    };
    let root = Arc::clone(tx.cx().root(held));
    for resource in [tx.cx().resource(held).clone(), root] {
        if resource.operation.is_some() {
            resource.kind.busy(&tx.cx(), &resource, doing)?;
            supersede(tx, &resource);
        }
    }
    Ok(())
}

fn supersede(tx: &mut Transaction<'_>, resource: &Resource) {
    if let Some(operation) = resource.operation {
        tx.supersede(operation);
    }
}

/// Writes one resource and, with it, the children inside its document. Gives back what is left of the plan: its stages.
fn write(
    tx: &mut Transaction<'_>,
    key: Key,
    id: &ResourceId,
    sent: Document,
    version: ApiVersion,
    existing: Option<&Resource>,
) -> Result<Plan, CloudError> {
    let descriptor = id.kind().descriptor();
    let parent = parent_of(tx, id)?;
    if existing.is_none() {
        check_name(descriptor, id)?;
    }
    let location = location_of(tx, descriptor, id, &sent, existing, parent)?;

    let secrets = secrets_of(descriptor, &sent);
    let mut document = normalise(descriptor, sent)?;
    let inline = take_inline(descriptor, id, &mut document, version, existing.is_some())?;
    if descriptor.tracked
        && let Some(members) = document.as_object_mut()
    {
        members.insert("location".to_owned(), Value::from(location.as_ref()));
    }
    if let Some(before) = existing {
        check_immutable(descriptor, &before.echo, &mut document)?;
    }
    let edges = references::read(&tx.cx(), descriptor, id, key, &location, &document)?;

    let subscription = tx
        .cloud
        .subscription(id.subscription())
        .expect("it was looked up before")
        .key;
    let guid = existing.map_or_else(|| tx.cloud.streams.guid(), |resource| resource.guid);
    let put = Put {
        key,
        id,
        parent,
        subscription,
        location: &location,
        guid,
        document: &document,
        secrets: &secrets,
        edges: &edges,
        version,
        existing,
    };
    let (state, mut plan) = id.kind().plan_put(&tx.cx(), &put)?;

    if existing.is_none() {
        tx.claim_key(key);
    }
    let etag = tx.cloud.streams.guid();
    let now = tx.cloud.now();
    let group = if id.kind() == Kind::ResourceGroups {
        key
    } else {
        tx.cloud
            .store
            .find(id.folded_group())
            .expect("it was looked up before")
            .key
    };
    tx.set(
        key,
        Some(Resource {
            key,
            kind: id.kind(),
            parent,
            subscription,
            group,
            name: id.name().into(),
            folded: id.folded().into(),
            location: location.clone(),
            echo: Arc::new(document),
            edges: edges.into(),
            guid,
            etag,
            revision: existing.map_or(0, |resource| resource.revision) + 1,
            provisioning: Provisioning::Succeeded,
            operation: None,
            state,
            created: existing.map_or(now, |resource| resource.created),
            changed: now,
        }),
    );
    tx.touched.push(key);

    if existing.is_none()
        && let Some(row) = descriptor.quota
    {
        tx.charge(subscription, &location, row, 1)?;
    }
    tx.commit(subscription, &location, version, &mut plan)?;
    let whole = !inline.is_empty();
    write_inline(tx, key, id, inline, version)?;
    if whole {
        check_children(tx, key)?;
    }
    Ok(plan)
}

/// The same for a child that is written alone.
fn check_siblings(tx: &Transaction<'_>, child: Key) -> Result<(), CloudError> {
    let child = tx.cx().resource(child);
    match child.kind.descriptor().parent {
        Some(_) => check_children(tx, child.parent),
        None => Ok(()),
    }
}

/// What must hold among the children of a resource, judged once all of a call's are written.
fn check_children(tx: &Transaction<'_>, parent: Key) -> Result<(), CloudError> {
    let cx = tx.cx();
    let parent = cx.resource(parent);
    parent.kind.check_children(&cx, parent, &tx.touched)
}

/// Ends a write: begins its operation, or settles it at once.
fn finish(
    tx: &mut Transaction<'_>,
    key: Key,
    doing: Doing,
    version: ApiVersion,
    mut plan: Plan,
) -> Result<Option<crate::operation::OperationId>, CloudError> {
    let descriptor = tx.cx().resource(key).kind.descriptor();
    if descriptor.parent.is_some() {
        let root = tx.cx().root(key).key;
        let etag = tx.cloud.streams.guid();
        tx.change(root, |root| {
            root.etag = etag;
            root.revision += 1;
        });
        if !tx.touched.contains(&root) {
            tx.touched.push(root);
        }
    }

    let stages = plan.stages.take().unwrap_or_else(|| match doing {
        Doing::Create => descriptor.lifetimes.create.to_vec(),
        _ => descriptor.lifetimes.update.to_vec(),
    });
    if stages.is_empty() {
        for key in std::mem::take(&mut tx.touched) {
            settle::settle_now(tx, key, &doing)?;
        }
        return Ok(None);
    }
    let over_at_once = plan.doom.is_none() && stages.iter().all(|stage| stage.high_ms == 0);
    if over_at_once {
        let touched = std::mem::take(&mut tx.touched);
        for key in &touched {
            settle::settle_now(tx, *key, &doing)?;
        }
        return Ok(Some(tx.record(key, doing, version, touched)));
    }
    Ok(Some(tx.begin(key, doing, version, &stages, plan)))
}

/// What a resource lives in.
fn parent_of(tx: &Transaction<'_>, id: &ResourceId) -> Result<Key, CloudError> {
    if id.kind() == Kind::ResourceGroups {
        return subscription(tx.cloud, id);
    }
    let Some(parent) = id.parent() else {
        return open_group(tx.cloud, id);
    };
    match tx.cloud.store.find(parent.folded()) {
        Some(resource) => Ok(resource.key),
        None => Err(CloudError::of(&forms::PARENT_NOT_FOUND).with("parent", parent.name())),
    }
}

/// Whether a new name is one that the type allows (ARM 1.3).
fn check_name(descriptor: &Descriptor, id: &ResourceId) -> Result<(), CloudError> {
    let rule = &descriptor.names;
    if rule.allows(id.name()) {
        return Ok(());
    }
    if let Some(form) = descriptor.bad_name {
        let mut error = CloudError::of(form);
        for (name, value) in [
            ("name", id.name().to_owned()),
            ("max", rule.max.to_string()),
            ("characters", bad_characters(descriptor, id.name())),
        ] {
            if error.message.contains(&format!("{{{name}}}")) {
                error = error.with(name, value);
            }
        }
        return Err(error);
    }
    Err(match descriptor.dialect {
        Dialect::Network => CloudError::of(&forms::NETWORK_NAME)
            .with("name", id.name())
            .with("max", rule.max),
        dialect => CloudError::of(&forms::INVALID_PARAMETER)
            .with("path", "name")
            .about("name")
            .raised_by(dialect),
    })
}

fn bad_characters(descriptor: &Descriptor, name: &str) -> String {
    let mut bad: Vec<char> = name
        .chars()
        .filter(|c| !c.is_alphanumeric() && !descriptor.names.others.contains(*c))
        .collect();
    bad.dedup();
    bad.into_iter().collect()
}

/// Where a resource is: its own location, which never changes, or its root's.
fn location_of(
    tx: &Transaction<'_>,
    descriptor: &Descriptor,
    id: &ResourceId,
    sent: &Document,
    existing: Option<&Resource>,
    parent: Key,
) -> Result<Box<str>, CloudError> {
    if !descriptor.tracked {
        return Ok(tx
            .cx()
            .find(parent)
            .map_or_else(Box::default, |parent| parent.location.clone()));
    }
    let given = match sent.get("location").and_then(Value::as_str) {
        Some(given) if !given.trim().is_empty() => given,
        _ => {
            return existing
                .map(|resource| resource.location.clone())
                .ok_or_else(|| CloudError::of(&forms::LOCATION_REQUIRED));
        }
    };
    let Some(location) = locations::find(given) else {
        let form = if id.kind() == Kind::ResourceGroups {
            CloudError::of(&forms::GROUP_LOCATION_NOT_AVAILABLE)
        } else {
            CloudError::of(&forms::LOCATION_NOT_AVAILABLE).with("type", descriptor.name)
        };
        let known: Vec<&str> = locations::LOCATIONS.iter().map(|location| location.name).collect();
        return Err(form.with("location", given).with("locations", known.join(",")));
    };
    match existing {
        Some(before) if before.location.as_ref() != location.name => {
            let form = if id.kind() == Kind::ResourceGroups {
                &forms::GROUP_LOCATION_MISMATCH
            } else {
                &forms::LOCATION_MISMATCH
            };
            let mut error = CloudError::of(form)
                .with("old", &before.location)
                .with("new", location.name);
            if id.kind() != Kind::ResourceGroups {
                error = error.with("name", id.name()).with("group", id.group_name());
            }
            Err(error)
        }
        _ => Ok(location.name.into()),
    }
}

/// The children inside a document.
struct InlineChildren {
    row: &'static Inline,
    children: Vec<(String, Document)>,
}

/// Takes the children out of a document: they are resources of their own.
fn take_inline(
    descriptor: &'static Descriptor,
    id: &ResourceId,
    document: &mut Document,
    version: ApiVersion,
    exists: bool,
) -> Result<Vec<InlineChildren>, CloudError> {
    let mut taken = Vec::new();
    for row in descriptor.inline {
        let (holder, member) = row.path.rsplit_once('/').expect("a path has a slash");
        let array = document
            .pointer_mut(holder)
            .and_then(Value::as_object_mut)
            .and_then(|members| members.shift_remove(member));
        let items = match array {
            Some(Value::Array(items)) => items,
            Some(other) => {
                return Err(super::normal_form::bad_value(
                    descriptor.dialect,
                    row.path,
                    &other,
                    "Expected an array.",
                ));
            }
            None if exists && row.kept_if_absent_since <= version => continue,
            None => Vec::new(),
        };
        let mut children: Vec<(String, Document)> = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            let Some(name) = item.get("name").and_then(Value::as_str).map(str::to_owned) else {
                let path = format!("{}/{index}/name", row.path);
                return Err(super::normal_form::bad_value(
                    descriptor.dialect,
                    &path,
                    &Value::Null,
                    "Expected a name.",
                ));
            };
            if children.iter().any(|(other, _)| same_name(other, &name)) {
                let detail = CloudError::of(&forms::DUPLICATE_CHILD)
                    .with("resource", id)
                    .with("name", name);
                return Err(CloudError::of(&forms::INVALID_FORMAT).because(detail));
            }
            children.push((name, item));
        }
        taken.push(InlineChildren { row, children });
    }
    Ok(taken)
}

/// Writes the children of a document: those it leaves out go first, the last kind first, since later kinds refer to earlier
/// ones; then the rest are written in their order.
fn write_inline(
    tx: &mut Transaction<'_>,
    parent: Key,
    id: &ResourceId,
    inline: Vec<InlineChildren>,
    version: ApiVersion,
) -> Result<(), CloudError> {
    for InlineChildren { row, children } in inline.iter().rev() {
        let gone: Vec<Arc<Resource>> = tx
            .cx()
            .children(parent, row.kind)
            .filter(|child| !children.iter().any(|(name, _)| same_name(name, &child.name)))
            .cloned()
            .collect();
        for child in gone {
            delete::check(tx, &child)?;
            delete::remove_tree(tx, child.key);
        }
    }

    for InlineChildren { row, children } in inline {
        for (name, document) in children {
            let child_id = id.child(row.kind, &name);
            let existing = tx.cloud.store.find(child_id.folded()).cloned();
            let key = existing.as_ref().map_or_else(|| tx.cloud.next_key(), |child| child.key);
            write(tx, key, &child_id, document, version, existing.as_deref())?;
        }
    }
    Ok(())
}

/// A resource's own id: names as last written.
fn own_id(id: &ResourceId, existing: &Resource) -> ResourceId {
    let mut names = id.names().to_vec();
    if let Some(last) = names.last_mut() {
        *last = existing.name.clone();
    }
    match id.kind() {
        Kind::ResourceGroups => ResourceId::group(id.subscription(), &existing.name),
        kind => ResourceId::resource(id.subscription(), id.group_name(), kind, names),
    }
}

/// A resource as the document that would write it again: echo, references and children.
fn written_out(tx: &Transaction<'_>, resource: &Resource) -> Document {
    let cx = tx.cx();
    let mut document = Document::clone(&resource.echo);
    super::render::write_references(&cx, resource, &mut document);
    resource.state.write_out(&cx, resource, &mut document);
    for row in resource.kind.descriptor().inline {
        let children: Vec<Document> = cx
            .children(resource.key, row.kind)
            .map(|child| {
                let mut written = written_out(tx, child);
                if let Some(members) = written.as_object_mut() {
                    members.insert("name".to_owned(), Value::from(child.name.as_ref()));
                }
                written
            })
            .collect();
        let (holder, member) = row.path.rsplit_once('/').expect("a path has a slash");
        if let Some(members) = document.pointer_mut(holder).and_then(Value::as_object_mut) {
            members.insert(member.to_owned(), Value::Array(children));
        }
    }
    prune_nulls(&mut document);
    document
}
