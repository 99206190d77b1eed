//! What templates belong to: organizations, teams, projects, inventories, schedules. All exist because a template names
//! them, and their ids are drawn from their names, so that they stay whatever stands beside them in the estate.

use std::collections::BTreeMap;

use crate::seed::between;

pub(super) struct Organization {
    pub(super) id: u64,
    pub(super) name: String,
}

pub(super) struct Team {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) organization: u64,
}

pub(super) struct Project {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) organization: u64,
}

pub(super) struct Inventory {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) organization: u64,
    /// How many hosts it has, numbered from 1.
    pub(super) hosts: u64,
}

pub(super) struct Schedule {
    pub(super) id: u64,
    /// The template it starts.
    pub(super) template: u64,
}

/// Objects of one kind by id, found by name while the world is built.
pub(super) struct Shelf<T> {
    pub(super) by_id: BTreeMap<u64, T>,
    ids: BTreeMap<String, u64>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { by_id: BTreeMap::new(), ids: BTreeMap::new() }
    }
}

impl<T> Shelf<T> {
    /// The id of `name`, made by `make` when it is new; `is_taken` keeps clear of ids of another kind.
    pub(super) fn put(&mut self, name: &str, is_taken: impl Fn(u64) -> bool, make: impl FnOnce(u64) -> T) -> u64 {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        // Small numbers, as in an installation some years old.
        let mut id = between(name, "id", 10, 9_999);
        while self.by_id.contains_key(&id) || is_taken(id) {
            id += 1;
        }
        self.ids.insert(name.to_owned(), id);
        self.by_id.insert(id, make(id));
        id
    }
}
