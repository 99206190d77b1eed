//! `Evictions`: what was evicted from this process, by tag. Entries are not searched for; each remembers the generation in
//! which its fetch began, and is absent once one of its tags was evicted in a later one. So a fetch that is under way
//! when its tag is evicted does not bring the old answer back.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

/// Most tags remembered; beyond it everything is evicted and the list begins anew.
const TAGS_MAX: usize = 10_000;

/// The evictions of this process; all its caches share one.
#[derive(Debug, Default)]
pub struct Evictions(RwLock<State>);

#[derive(Debug, Default)]
struct State {
    generation: u64,
    /// Entries that began before it are absent, whatever their tags.
    floor: u64,
    tags: HashMap<String, u64>,
}

/// When a fetch began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generation(u64);

impl Evictions {
    /// Nothing is evicted.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Now. Taken before anything is read that shall be kept.
    pub fn generation(&self) -> Generation {
        Generation(self.0.read().unwrap_or_else(PoisonError::into_inner).generation)
    }

    /// Everything with one of these tags is absent from now on.
    pub fn evict(&self, tags: &[String]) {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        state.generation += 1;
        let generation = state.generation;
        if state.tags.len() + tags.len() > TAGS_MAX {
            state.tags.clear();
            state.floor = generation;
        }
        for tag in tags {
            state.tags.insert(tag.clone(), generation);
        }
    }

    /// Everything is absent from now on: messages about evictions may have been lost.
    pub fn evict_all(&self) {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        state.generation += 1;
        state.floor = state.generation;
        state.tags.clear();
    }

    /// Whether something that began then, with these tags, still counts.
    pub fn spares(&self, began: Generation, tags: &[String]) -> bool {
        let state = self.0.read().unwrap_or_else(PoisonError::into_inner);
        began.0 >= state.floor && tags.iter().all(|tag| state.tags.get(tag).is_none_or(|evicted| began.0 >= *evicted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_began_before_the_eviction_of_its_tag_is_absent() {
        let evictions = Evictions::new();
        let tags = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let before = evictions.generation();
        evictions.evict(&tags(&["a"]));
        assert!(!evictions.spares(before, &tags(&["b", "a"])));
        assert!(evictions.spares(before, &tags(&["b"])));
        assert!(evictions.spares(evictions.generation(), &tags(&["a"])));
        evictions.evict_all();
        assert!(!evictions.spares(before, &tags(&["b"])));
    }

    #[test]
    fn more_tags_than_are_remembered_evict_everything() {
        let evictions = Evictions::new();
        let before = evictions.generation();
        for n in 0..=TAGS_MAX {
            evictions.evict(&[format!("tag {n}")]);
        }
        assert!(!evictions.spares(before, &["another".to_owned()]));
        assert!(evictions.0.read().unwrap().tags.len() <= TAGS_MAX);
    }
}
