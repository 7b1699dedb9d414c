//! The resource types, one file each, and the contract that they keep with the engine.

pub(crate) mod compute;
pub(crate) mod key_vault;
pub(crate) mod network;
pub(crate) mod resources;
pub(crate) mod storage;

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Document;
use crate::api_version::ApiVersion;
use crate::cx::Cx;
use crate::descriptor::Descriptor;
use crate::error::CloudError;
use crate::forms;
use crate::id::ResourceId;
use crate::key::{Guid, Key};
use crate::operation::Doing;
use crate::plan::Plan;
use crate::resource::{Edge, Resource};

/// A resource type: its constants and its rules. Rules read and plan; the engine commits.
pub(crate) trait ResourceType: Sized + Clone + Debug + Serialize + DeserializeOwned {
    /// The type's constants.
    const DESCRIPTOR: &'static Descriptor;

    /// Makes the resource, or writes it again. Existence, name, location, conditions, references and immutable fields are
    /// judged before; quotas after.
    fn plan_put(cx: &Cx<'_>, put: &Put<'_>, before: Option<&Self>) -> Result<(Self, Plan), CloudError>;

    /// Begins to remove it: what stands in the way besides references, and what changes at once.
    fn plan_delete(&self, _cx: &Cx<'_>, _resource: &Resource) -> Result<Plan, CloudError> {
        Ok(Plan::new())
    }

    /// Removes it: what the fabric gives back. Children are gone already.
    fn plan_removal(&self, _cx: &Cx<'_>, _resource: &Resource) -> Plan {
        Plan::new()
    }

    /// Performs an action that the descriptor names.
    fn plan_action(&self, cx: &Cx<'_>, resource: &Resource, act: &Act<'_>) -> Result<(Self, Plan), CloudError> {
        Err(CloudError::of(&forms::NO_SUCH_ACTION)
            .with("action", act.name)
            .with("resource", cx.id(resource.key)))
    }

    /// What happens when an operation on it ends, well or not. Not asked when it is removed.
    fn settle(&self, _cx: &Cx<'_>, _resource: &Resource, _doing: &Doing, _failed: bool) -> (Self, Plan) {
        (self.clone(), Plan::new())
    }

    /// Adds the facts to the document: echo, references and defaults are there already.
    fn render(&self, _cx: &Cx<'_>, _resource: &Resource, _view: &View<'_>, _document: &mut Document) {}

    /// Corrects the document that would write it again where facts have overtaken what was sent.
    fn write_out(&self, _cx: &Cx<'_>, _resource: &Resource, _document: &mut Document) {}

    /// The refusal to find one that is not there, where the service has one of its own.
    fn not_found(_id: &ResourceId) -> Option<CloudError> {
        None
    }

    /// What must hold among its children: judged after it, or one of them, is written. `written` are those that this call wrote.
    fn check_children(_cx: &Cx<'_>, _parent: &Resource, _written: &[Key]) -> Result<(), CloudError> {
        Ok(())
    }

    /// The refusal to let a second one refer to it.
    fn claimed(cx: &Cx<'_>, target: &Resource, holder: &str, claimant: &str) -> CloudError {
        let _ = claimant;
        Self::in_use(cx, target, &[holder.to_owned()])
    }

    /// The refusal to delete it while `users` (ids) need it.
    fn in_use(cx: &Cx<'_>, target: &Resource, users: &[String]) -> CloudError {
        CloudError::of(&forms::IN_USE)
            .with("resource", cx.id(target.key))
            .with("users", users.join(","))
            .raised_by(target.kind.descriptor().dialect)
    }

    /// Whether a write may begin while an operation holds it; `Ok` means that it takes the operation's place.
    fn busy(cx: &Cx<'_>, resource: &Resource, doing: &Doing) -> Result<(), CloudError> {
        let _ = doing;
        Err(crate::engine::held(cx, resource))
    }
}

/// What is known when a resource is put.
#[derive(Debug)]
pub(crate) struct Put<'a> {
    /// Its key: the existing one, or the one it will get.
    pub(crate) key: Key,
    /// Its id as written.
    pub(crate) id: &'a ResourceId,
    /// What it lives in.
    pub(crate) parent: Key,
    /// Its subscription.
    pub(crate) subscription: Key,
    /// Where it is, in the short form; empty for what has no location.
    pub(crate) location: &'a str,
    /// Its guid for life.
    pub(crate) guid: Guid,
    /// What was sent, normalised.
    pub(crate) document: &'a Document,
    /// What was sent and is never shown again, by place: passwords, protected settings.
    pub(crate) secrets: &'a [(String, Document)],
    /// What it refers to.
    pub(crate) edges: &'a [Edge],
    /// The caller's version.
    pub(crate) version: ApiVersion,
    /// What is there already.
    pub(crate) existing: Option<&'a Resource>,
}

impl Put<'_> {
    /// What the field at this very place names: `/properties/ipConfigurations/0/properties/subnet`.
    pub(crate) fn target_at(&self, pointer: &str) -> Option<Key> {
        self.edges
            .iter()
            .find(|edge| edge.at.as_ref() == pointer)
            .map(|edge| edge.target)
    }

    /// What was sent at a place that is never shown again.
    pub(crate) fn secret(&self, pointer: &str) -> Option<&Document> {
        self.secrets
            .iter()
            .find(|(at, _)| at == pointer)
            .map(|(_, value)| value)
    }

    /// Its id as Azure prints it.
    pub(crate) fn id(&self) -> String {
        self.id.to_string()
    }
}

/// An action as it was asked for.
#[derive(Debug)]
pub(crate) struct Act<'a> {
    /// The descriptor's spelling.
    pub(crate) name: &'static str,
    /// What came with it.
    pub(crate) document: &'a Document,
    /// The caller's version.
    pub(crate) version: ApiVersion,
}

/// How a document is to look.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The version that it is shown in.
    pub version: ApiVersion,
    /// What it answers.
    pub answer: Answer,
    /// The value of `$expand`, in lower case; empty when there was none.
    pub expand: &'a str,
}

/// What a document answers: some facts appear in some answers only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A PUT or PATCH.
    Write,
    /// A GET of the resource itself, or what an operation gives back at its end.
    Read,
    /// An entry of a list.
    List,
}
