//! Where resources are kept: by key, by id, by parent, and by who refers to them.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::key::Key;
use crate::registry::Kind;
use crate::resource::{Edge, Resource};

/// All resources. The indexes follow from the resources; `Store::set` is the only way to change them.
#[derive(Clone, Debug, Default)]
pub struct Store {
    resources: FxHashMap<Key, Arc<Resource>>,
    by_id: FxHashMap<Box<str>, Key>,
    children: BTreeSet<(Key, Kind, Key)>,
    incoming: BTreeSet<(Key, Key, u16)>,
}

impl Store {
    /// The resource of a key.
    pub fn get(&self, key: Key) -> Option<&Arc<Resource>> {
        self.resources.get(&key)
    }

    /// The resource of a folded id.
    pub fn find(&self, folded: &str) -> Option<&Arc<Resource>> {
        self.resources.get(self.by_id.get(folded)?)
    }

    /// The children of one kind, oldest first.
    pub fn children(&self, parent: Key, kind: Kind) -> impl DoubleEndedIterator<Item = &Arc<Resource>> {
        self.children
            .range((parent, kind, Key(0))..=(parent, kind, Key(u32::MAX)))
            .map(|(_, _, key)| self.resources.get(key).expect("the index follows the resources"))
    }

    /// The children of all kinds, by kind, oldest first.
    pub fn all_children(&self, parent: Key) -> impl DoubleEndedIterator<Item = &Arc<Resource>> {
        self.children
            .range((parent, Kind::FIRST, Key(0))..=(parent, Kind::LAST, Key(u32::MAX)))
            .map(|(_, _, key)| self.resources.get(key).expect("the index follows the resources"))
    }

    /// Who refers to a resource, and by which edge; oldest first.
    pub fn incoming(&self, target: Key) -> impl DoubleEndedIterator<Item = (&Arc<Resource>, &Edge)> {
        self.incoming
            .range((target, Key(0), 0)..=(target, Key(u32::MAX), u16::MAX))
            .map(|(_, source, edge)| {
                let source = self.resources.get(source).expect("the index follows the resources");
                (source, &source.edges[usize::from(*edge)])
            })
    }

    /// Every resource, by parent and kind, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Resource>> {
        self.children
            .iter()
            .map(|(_, _, key)| self.resources.get(key).expect("the index follows the resources"))
    }

    /// How many resources.
    pub fn len(&self) -> usize {
        self.resources.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }

    /// Writes or removes a resource; gives back what stood there.
    pub(crate) fn set(&mut self, key: Key, resource: Option<Arc<Resource>>) -> Option<Arc<Resource>> {
        let before = match &resource {
            Some(resource) => self.resources.insert(key, Arc::clone(resource)),
            None => self.resources.remove(&key),
        };

        let same_place = match (&before, &resource) {
            (Some(old), Some(new)) => old.folded == new.folded && old.parent == new.parent,
            _ => false,
        };
        if !same_place {
            if let Some(old) = &before {
                self.by_id.remove(&old.folded);
                self.children.remove(&(old.parent, old.kind, key));
            }
            if let Some(new) = &resource {
                self.by_id.insert(new.folded.clone(), key);
                self.children.insert((new.parent, new.kind, key));
            }
        }

        let same_edges = match (&before, &resource) {
            (Some(old), Some(new)) => Arc::ptr_eq(&old.edges, &new.edges),
            _ => false,
        };
        if !same_edges {
            if let Some(old) = &before {
                for (index, edge) in (0..).zip(old.edges.iter()) {
                    self.incoming.remove(&(edge.target, key, index));
                }
            }
            if let Some(new) = &resource {
                for (index, edge) in (0..).zip(new.edges.iter()) {
                    self.incoming.insert((edge.target, key, index));
                }
            }
        }

        before
    }
}

impl Serialize for Store {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Store {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut store = Store::default();
        for resource in Vec::<Arc<Resource>>::deserialize(deserializer)? {
            store.set(resource.key, Some(resource));
        }
        Ok(store)
    }
}
