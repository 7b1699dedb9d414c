//! The read context: all that a rule can see.

use std::sync::Arc;

use crate::catalogue::limits::Era;
use crate::cloud::Cloud;
use crate::fabric::Fabric;
use crate::key::Key;
use crate::operation::{Operation, OperationId};
use crate::registry::Kind;
use crate::resource::{Edge, Resource};
use crate::time::Time;

/// The world as a rule sees it.
#[derive(Clone, Copy, Debug)]
pub struct Cx<'a> {
    cloud: &'a Cloud,
}

impl<'a> Cx<'a> {
    pub(crate) fn new(cloud: &'a Cloud) -> Cx<'a> {
        Cx { cloud }
    }

    pub(crate) fn cloud(&self) -> &'a Cloud {
        self.cloud
    }

    /// The cloud's time.
    pub fn now(&self) -> Time {
        self.cloud.now()
    }

    /// The fabric.
    pub fn fabric(&self) -> &'a Fabric {
        self.cloud.fabric()
    }

    /// A resource that is known to exist: keys in edges and in the fabric's rows always name one.
    pub fn resource(&self, key: Key) -> &'a Arc<Resource> {
        self.cloud
            .store()
            .get(key)
            .expect("keys in edges and rows name living resources")
    }

    /// A resource, if it exists.
    pub fn find(&self, key: Key) -> Option<&'a Arc<Resource>> {
        self.cloud.store().get(key)
    }

    /// The resource with this folded id.
    pub fn find_id(&self, folded: &str) -> Option<&'a Arc<Resource>> {
        self.cloud.store().find(folded)
    }

    /// The id of a resource as Azure prints it.
    pub fn id(&self, key: Key) -> String {
        self.cloud.id(key)
    }

    /// The id of the part of a resource that makes a reference.
    pub fn part_id(&self, source: &Resource, edge: &Edge) -> String {
        format!("{}{}", self.id(source.key), edge.part)
    }

    /// The children of one kind, oldest first.
    pub fn children(&self, parent: Key, kind: Kind) -> impl DoubleEndedIterator<Item = &'a Arc<Resource>> {
        self.cloud.store().children(parent, kind)
    }

    /// Who refers to a resource, and by which edge.
    pub fn incoming(&self, target: Key) -> impl DoubleEndedIterator<Item = (&'a Arc<Resource>, &'a Edge)> {
        self.cloud.store().incoming(target)
    }

    /// The resource at the root of a child: itself, or the one that lives in the group.
    pub fn root(&self, key: Key) -> &'a Arc<Resource> {
        let mut resource = self.resource(key);
        while resource.kind.descriptor().parent.is_some() {
            resource = self.resource(resource.parent);
        }
        resource
    }

    /// The era whose limits are in force: some words and rules go with it.
    pub fn era(&self) -> Era {
        self.cloud.ledger().era()
    }

    /// The limit of a quota row; `None` where the profile in force has none.
    pub fn limit(&self, row: &str) -> Option<i64> {
        self.cloud.ledger().limit(row)
    }

    /// What is in use of a quota row.
    pub fn used(&self, subscription: Key, location: &str, row: &str) -> i64 {
        self.cloud.ledger().used(subscription, location, row)
    }

    /// An operation.
    pub fn operation(&self, id: OperationId) -> Option<&'a Operation> {
        self.cloud.operation(id)
    }

    /// The key that the next new resource gets.
    pub(crate) fn next_key(&self) -> Key {
        self.cloud.next_key()
    }
}
