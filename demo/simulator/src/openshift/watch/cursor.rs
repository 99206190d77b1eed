//! How far a watch has come, and when each source is to be looked at again.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{
    super::{
        Openshift, World,
        catalog::{self, Source},
        list::event,
        version::Snapshot,
    },
    Watched, change,
};

pub(super) struct Cursor {
    state: Openshift,
    watched: Watched,
    seen: Snapshot,
    /// The sources by when they change next; each stands there once.
    due: BTreeMap<DateTime<Utc>, BTreeSet<Source>>,
    bookmarked_at: DateTime<Utc>,
}

impl Cursor {
    /// Begins after `from`.
    pub(super) fn from(state: Openshift, watched: Watched, from: Snapshot) -> Self {
        let bookmarked_at = from.at;
        let mut cursor = Self { state, watched, seen: from, due: BTreeMap::new(), bookmarked_at };
        let state = cursor.state.clone();
        cursor.await_all(&state.world());
        cursor
    }

    /// Begins now, with the present state as if all of it had just been added.
    pub(super) fn with_state(state: Openshift, watched: Watched, now: Snapshot) -> (Self, Vec<Value>) {
        let events = {
            let Watched { resource, namespace, selector, form, .. } = &watched;
            let world = state.world();
            let drafts = catalog::all(&world, resource, namespace.as_deref(), now);
            let wanted = drafts.iter().filter(|draft| selector.matches(draft));
            wanted.map(|draft| event("ADDED", change::object(draft, resource, *form))).collect()
        };
        (Self::from(state, watched, now), events)
    }

    /// Everything that has happened since the last call.
    pub(super) fn advance(&mut self) -> Vec<Value> {
        let state = self.state.clone();
        let world = state.world();
        let now = Snapshot::new(state.now(), world.generation());
        if now == self.seen {
            return Vec::new();
        }
        let mut events = Vec::new();
        while let Some((at, sources)) = self.due.pop_first() {
            if at > now.at {
                self.due.insert(at, sources);
                break;
            }
            for source in sources {
                events.extend(self.step(&world, source, at));
            }
        }
        self.seen.at = self.seen.at.max(now.at);
        if now.generation != self.seen.generation {
            events.extend(self.jump(&world, now));
        }
        let is_quiet = now.at - self.bookmarked_at < world.bookmark_every;
        if !is_quiet {
            self.bookmarked_at = now.at;
            events.extend(self.bookmark());
        }
        events
    }

    /// Where a caller may go on from, if it wants to know.
    pub(super) fn bookmark(&self) -> Option<Value> {
        self.watched.wants_bookmarks.then(|| event("BOOKMARK", self.bookmark_with(json!({}))))
    }

    /// What closes the state that `sendInitialEvents` asked for.
    pub(super) fn initial_events_end(&self) -> Option<Value> {
        let annotations = json!({ "annotations": { "k8s.io/initial-events-end": "true" } });
        self.watched.wants_bookmarks.then(|| event("BOOKMARK", self.bookmark_with(annotations)))
    }

    fn bookmark_with(&self, mut metadata: Value) -> Value {
        let resource = self.watched.resource;
        if let Some(metadata) = metadata.as_object_mut() {
            metadata.insert("resourceVersion".to_owned(), json!(self.seen.number().to_string()));
        }
        json!({ "kind": resource.kind, "apiVersion": resource.api_version(), "metadata": metadata })
    }

    /// One source, at an instant at which it changes.
    fn step(&mut self, world: &World, source: Source, at: DateTime<Utc>) -> Vec<Value> {
        let (resource, generation) = (self.watched.resource, self.seen.generation);
        let before = at - TimeDelta::seconds(1);
        let (old, _) = catalog::of_source(world, resource, &source, (before, generation));
        let (new, next) = catalog::of_source(world, resource, &source, (at, generation));
        let number = Snapshot::new(at, 0).number();
        let events = change::between(&self.watched, &old, &new, number);
        if let Some(next) = next {
            self.due.entry(next).or_default().insert(source);
        }
        events
    }

    /// The world was changed from outside: everything is compared.
    fn jump(&mut self, world: &World, now: Snapshot) -> Vec<Value> {
        let (resource, namespace) = (self.watched.resource, self.watched.namespace.clone());
        let before = Snapshot { at: now.at, generation: self.seen.generation };
        let old = catalog::all(world, resource, namespace.as_deref(), before);
        let new = catalog::all(world, resource, namespace.as_deref(), now);
        let events = change::between(&self.watched, &old, &new, now.number());
        self.seen = now;
        self.await_all(world);
        events
    }

    fn await_all(&mut self, world: &World) {
        let (resource, at) = (self.watched.resource, (self.seen.at, self.seen.generation));
        self.due.clear();
        for source in catalog::sources(world, resource, self.watched.namespace.as_deref(), self.seen.generation) {
            if let (_, Some(next)) = catalog::of_source(world, resource, &source, at) {
                self.due.entry(next).or_default().insert(source);
            }
        }
    }
}
