//! `Index`: who may be asking for a change, without looking at everybody. Each group stands under the values of one condition that its
//! filter insists on; a change looks up its own values.

use std::collections::{HashMap, HashSet};

use ahash::RandomState;

/// A field and a value of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key(pub &'static str, pub String);

/// Groups of one tenant and topic, by what they insist on.
#[derive(Default)]
pub struct Index {
    anchored: HashMap<u64, HashSet<u64>>,
    /// Those that insist on nothing that changes are known by.
    others: HashSet<u64>,
    hasher: RandomState,
}

impl Index {
    /// A group is found under these keys; none: under all.
    pub fn insert(&mut self, group: u64, anchors: Option<&[Key]>) {
        match anchors {
            Some(anchors) => {
                for Key(field, value) in anchors {
                    let hash = self.hash(field, value);
                    self.anchored.entry(hash).or_default().insert(group);
                }
            }
            None => drop(self.others.insert(group)),
        }
    }

    /// The group is found no more.
    pub fn remove(&mut self, group: u64, anchors: Option<&[Key]>) {
        self.others.remove(&group);
        for Key(field, value) in anchors.into_iter().flatten() {
            let hash = self.hash(field, value);
            if let Some(groups) = self.anchored.get_mut(&hash) {
                groups.remove(&group);
                if groups.is_empty() {
                    self.anchored.remove(&hash);
                }
            }
        }
    }

    /// Nobody is in it.
    pub fn is_empty(&self) -> bool {
        self.others.is_empty() && self.anchored.is_empty()
    }

    /// Who may be asking for something that has this value.
    pub fn add_asking(&self, field: &'static str, value: &str, found: &mut HashSet<u64>) {
        if let Some(groups) = self.anchored.get(&self.hash(field, value)) {
            found.extend(groups);
        }
    }

    /// Those who have to be asked whatever changed.
    pub fn others(&self) -> &HashSet<u64> {
        &self.others
    }

    /// Two keys with the same hash only find too many.
    fn hash(&self, field: &str, value: &str) -> u64 {
        self.hasher.hash_one((field, value))
    }
}
