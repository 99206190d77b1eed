//! All apps, as they are and as they were, and what the token may see of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

use chrono::{DateTime, TimeDelta, Utc};

use super::{App, version::Snapshot};

/// How a watch from a `resourceVersion` that is too old is refused; a real API server does either.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StaleWatch {
    /// HTTP 200, then one `ERROR` event whose object is a `Status` of code 410.
    #[default]
    ErrorEvent,
    /// HTTP 410 at once.
    Gone,
}

/// An app from the change that brought it to the change that took it away, for watches that begin in between.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) app: App,
    /// The state it was put in; `None`: it was always there.
    pub(super) put: Option<Snapshot>,
    removed: Option<u64>,
}

impl Entry {
    fn is_at(&self, generation: u64) -> bool {
        self.put.is_none_or(|put| put.generation <= generation) && self.removed.is_none_or(|gone| generation < gone)
    }
}

/// The apps of the fake cluster, and how it behaves.
#[derive(Clone)]
pub struct World {
    entries: BTreeMap<(String, String), Vec<Entry>>,
    generation: u64,
    namespaces: BTreeSet<String>,
    hidden: BTreeSet<String>,
    missing_groups: BTreeSet<String>,
    unwatchable: BTreeSet<String>,
    pub(super) forbids_cluster_lists: bool,
    pub(super) is_aggregated_down: bool,
    pub(super) continue_expired_after: TimeDelta,
    pub(super) watch_expired_after: TimeDelta,
    pub(super) bookmark_every: TimeDelta,
    pub(super) stale_watch: StaleWatch,
}

impl Default for World {
    fn default() -> Self {
        Self {
            entries: BTreeMap::new(),
            generation: 0,
            namespaces: BTreeSet::from(["default".to_owned()]),
            hidden: BTreeSet::new(),
            missing_groups: BTreeSet::new(),
            unwatchable: BTreeSet::new(),
            forbids_cluster_lists: false,
            is_aggregated_down: false,
            continue_expired_after: TimeDelta::minutes(5),
            watch_expired_after: TimeDelta::minutes(5),
            bookmark_every: TimeDelta::minutes(1),
            stale_watch: StaleWatch::default(),
        }
    }
}

impl World {
    /// A world still to be filled.
    pub fn builder() -> WorldBuilder {
        WorldBuilder(Self::default())
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    pub(super) fn put(&mut self, app: App, now: DateTime<Utc>) {
        self.remove(&app.namespace, &app.name);
        let put = Some(Snapshot::new(now, self.generation));
        let key = (app.namespace.clone(), app.name.clone());
        self.entries.entry(key).or_default().push(Entry { app, put, removed: None });
    }

    pub(super) fn remove(&mut self, namespace: &str, name: &str) {
        self.generation += 1;
        let key = (namespace.to_owned(), name.to_owned());
        for entry in self.entries.get_mut(&key).into_iter().flatten() {
            entry.removed.get_or_insert(self.generation);
        }
    }

    /// The apps of one namespace or of all that may be seen, by namespace and name.
    pub(super) fn entries<'a>(
        &'a self,
        namespace: Option<&'a str>,
        generation: u64,
    ) -> impl Iterator<Item = &'a Entry> {
        let first = (namespace.unwrap_or_default().to_owned(), String::new());
        let all = self.entries.range((Bound::Included(first), Bound::Unbounded));
        let wanted = all.take_while(move |((of, _), _)| namespace.is_none_or(|namespace| namespace == of));
        let seen = wanted.filter(|((of, _), _)| !self.is_hidden(of));
        seen.filter_map(move |(_, entries)| entries.iter().find(|entry| entry.is_at(generation)))
    }

    /// The one app of this name.
    pub(super) fn entry(&self, namespace: &str, name: &str, generation: u64) -> Option<&Entry> {
        let entries = self.entries.get(&(namespace.to_owned(), name.to_owned()))?;
        entries.iter().find(|entry| entry.is_at(generation))
    }

    /// The namespaces that may be seen.
    pub(super) fn namespaces(&self, generation: u64) -> BTreeSet<&str> {
        let mut namespaces: BTreeSet<&str> = self.namespaces.iter().map(String::as_str).collect();
        namespaces.extend(self.entries(None, generation).map(|entry| entry.app.namespace.as_str()));
        namespaces.retain(|namespace| !self.is_hidden(namespace));
        namespaces
    }

    pub(super) fn is_hidden(&self, namespace: &str) -> bool {
        self.hidden.contains(namespace)
    }

    pub(super) fn is_unwatchable(&self, plural: &str) -> bool {
        self.unwatchable.contains(plural)
    }

    pub(super) fn has_group(&self, group: &str) -> bool {
        !self.missing_groups.contains(group)
    }
}

/// Fills a [`World`].
pub struct WorldBuilder(World);

impl From<World> for WorldBuilder {
    fn from(world: World) -> Self {
        Self(world)
    }
}

impl WorldBuilder {
    /// Adds one app; the latest of a namespace and name wins.
    #[must_use]
    pub fn app(mut self, app: App) -> Self {
        let key = (app.namespace.clone(), app.name.clone());
        self.0.entries.insert(key, vec![Entry { app, put: None, removed: None }]);
        self
    }

    /// Adds a [believable](App::believable) app for each namespace and name.
    #[must_use]
    pub fn apps(self, names: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<str>)>) -> Self {
        names
            .into_iter()
            .fold(self, |world, (namespace, name)| world.app(App::believable(namespace.as_ref(), name.as_ref())))
    }

    /// Adds a namespace that may stay empty. Those of apps exist by themselves, and so does `default`.
    #[must_use]
    pub fn namespace(mut self, name: &str) -> Self {
        self.0.namespaces.insert(name.to_owned());
        self
    }

    /// Whether lists over all namespaces are refused, as they are for a token without a cluster-wide binding. Projects are
    /// listed all the same.
    #[must_use]
    pub fn forbid_cluster_lists(mut self, is_forbidden: bool) -> Self {
        self.0.forbids_cluster_lists = is_forbidden;
        self
    }

    /// A namespace the token may not read: 403 inside of it, and left out of projects and of lists over all namespaces.
    #[must_use]
    pub fn hide_namespace(mut self, name: &str) -> Self {
        self.0.hidden.insert(name.to_owned());
        self
    }

    /// A hidden namespace may be read again.
    #[must_use]
    pub fn show_namespace(mut self, name: &str) -> Self {
        self.0.hidden.remove(name);
        self
    }

    /// A kind that the token may list and not watch, such as `deployments`.
    #[must_use]
    pub fn forbid_watch(mut self, plural: &str) -> Self {
        self.0.unwatchable.insert(plural.to_owned());
        self
    }

    /// A kind may be watched again.
    #[must_use]
    pub fn allow_watch(mut self, plural: &str) -> Self {
        self.0.unwatchable.remove(plural);
        self
    }

    /// Leaves out a whole API group, as on a cluster without that capability.
    #[must_use]
    pub fn without_group(mut self, group: &str) -> Self {
        self.0.missing_groups.insert(group.to_owned());
        self
    }

    /// Whether the aggregated API server is down: its groups (routes, deployment configs, builds, projects) answer 503.
    #[must_use]
    pub fn aggregated_down(mut self, is_down: bool) -> Self {
        self.0.is_aggregated_down = is_down;
        self
    }

    /// How long a `continue` token lives by the clock; five minutes unless said otherwise.
    #[must_use]
    pub fn continue_expired_after(mut self, life: TimeDelta) -> Self {
        self.0.continue_expired_after = life;
        self
    }

    /// How old a `resourceVersion` may be for a watch to begin there; five minutes unless said otherwise.
    #[must_use]
    pub fn watch_expired_after(mut self, life: TimeDelta) -> Self {
        self.0.watch_expired_after = life;
        self
    }

    /// How a watch from before that is refused.
    #[must_use]
    pub fn stale_watch(mut self, answer: StaleWatch) -> Self {
        self.0.stale_watch = answer;
        self
    }

    /// How often a watch that wants bookmarks gets one, by the clock; a minute unless said otherwise.
    #[must_use]
    pub fn bookmark_every(mut self, every: TimeDelta) -> Self {
        self.0.bookmark_every = every;
        self
    }

    /// The world.
    pub fn build(self) -> World {
        self.0
    }
}
