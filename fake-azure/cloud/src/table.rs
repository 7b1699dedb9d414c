//! An ordered table whose every write gives back what stood there before, so that a refused call can be undone.

use std::collections::BTreeMap;
use std::ops::RangeBounds;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Rows of `V` in the order of their keys. Cheap to fork: rows are shared until they change.
#[derive(Clone, Debug)]
pub struct Table<K, V>(BTreeMap<K, Arc<V>>);

impl<K: Ord + Clone, V> Table<K, V> {
    /// The row of a key.
    pub fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: std::borrow::Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.0.get(key).map(Arc::as_ref)
    }

    /// Whether there is a row.
    pub fn contains<Q>(&self, key: &Q) -> bool
    where
        K: std::borrow::Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.0.contains_key(key)
    }

    /// All rows.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.0.iter().map(|(key, row)| (key, row.as_ref()))
    }

    /// The rows of a range of keys.
    pub fn range<R: RangeBounds<K>>(&self, range: R) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.0.range(range).map(|(key, row)| (key, row.as_ref()))
    }

    /// The first key.
    pub fn first_key(&self) -> Option<&K> {
        self.0.keys().next()
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes or removes a row; gives back what stood there.
    pub(crate) fn set(&mut self, key: K, row: Option<Arc<V>>) -> Option<Arc<V>> {
        match row {
            Some(row) => self.0.insert(key, row),
            None => self.0.remove(&key),
        }
    }
}

impl<K: Ord, V> Default for Table<K, V> {
    fn default() -> Self {
        Table(BTreeMap::new())
    }
}

impl<K: Serialize, V: Serialize> Serialize for Table<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter())
    }
}

impl<'de, K: Ord + Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for Table<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rows: Vec<(K, Arc<V>)> = Vec::deserialize(deserializer)?;
        Ok(Table(rows.into_iter().collect()))
    }
}
