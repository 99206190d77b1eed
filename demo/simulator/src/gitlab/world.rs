//! All projects, found by path or id.

use std::collections::{BTreeMap, HashMap};

use super::Project;
use crate::seed;

/// Ids are drawn from the path, so that a project keeps its id whatever stands beside it in the estate.
const ID_MIN: u64 = 1_000;
const ID_MAX: u64 = 9_999_999;

/// The projects of the fake GitLab, and the seed that shuffles its lists.
#[derive(Clone, Default)]
pub struct World {
    seed: u64,
    projects: BTreeMap<u64, Project>,
    ids: HashMap<String, u64>,
}

impl World {
    /// A world still to be filled.
    pub fn builder() -> WorldBuilder {
        WorldBuilder(Self::default())
    }

    pub(super) fn put(&mut self, project: Project) {
        let key = key(&project.full_path);
        let id = self.ids.get(&key).copied().unwrap_or_else(|| self.free_id(&key));
        self.ids.insert(key, id);
        self.projects.insert(id, project);
    }

    pub(super) fn remove(&mut self, full_path: &str) {
        if let Some(id) = self.ids.remove(&key(full_path)) {
            self.projects.remove(&id);
        }
    }

    pub(super) fn rename(&mut self, full_path: &str, to: &str) {
        let Some(id) = self.ids.remove(&key(full_path)) else { return };
        self.ids.insert(key(to), id);
        if let Some(project) = self.projects.get_mut(&id) {
            to.clone_into(&mut project.full_path);
        }
    }

    pub(super) fn paths(&self) -> Vec<String> {
        self.projects.values().map(|project| project.full_path.clone()).collect()
    }

    /// The visible project of this path, with its id. GitLab ignores case here, so the path answered may differ.
    pub(super) fn by_path(&self, full_path: &str) -> Option<(u64, &Project)> {
        self.by_id(*self.ids.get(&key(full_path))?)
    }

    pub(super) fn by_id(&self, id: u64) -> Option<(u64, &Project)> {
        self.projects.get(&id).filter(|project| !project.is_hidden).map(|project| (id, project))
    }

    /// Every visible project, in no order a caller could rely on, but always the same one.
    pub(super) fn shuffled(&self) -> Vec<(u64, &Project)> {
        let visible = self.projects.iter().filter(|(_, project)| !project.is_hidden);
        self.shuffle(visible.map(|(id, project)| (*id, project)).collect())
    }

    /// The visible ones of these paths, each once, likewise shuffled.
    pub(super) fn shuffled_of(&self, full_paths: &[String]) -> Vec<(u64, &Project)> {
        let mut found: Vec<_> = full_paths.iter().filter_map(|path| self.by_path(path)).collect();
        found.sort_by_key(|(id, _)| *id);
        found.dedup_by_key(|(id, _)| *id);
        self.shuffle(found)
    }

    fn shuffle<'a>(&self, mut projects: Vec<(u64, &'a Project)>) -> Vec<(u64, &'a Project)> {
        projects.sort_by_cached_key(|(id, _)| seed::hash(&[&self.seed.to_be_bytes(), &id.to_be_bytes()]));
        projects
    }

    fn free_id(&self, key: &str) -> u64 {
        let mut id = seed::between(key, "id", ID_MIN, ID_MAX);
        while self.projects.contains_key(&id) {
            id += 1;
        }
        id
    }
}

fn key(full_path: &str) -> String {
    full_path.to_lowercase()
}

/// Fills a [`World`].
pub struct WorldBuilder(World);

impl WorldBuilder {
    /// The seed of the order lists come in.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.0.seed = seed;
        self
    }

    /// Adds one project; the latest of a path wins.
    #[must_use]
    pub fn project(mut self, project: Project) -> Self {
        self.0.put(project);
        self
    }

    /// Adds a [believable](Project::believable) project for each path.
    #[must_use]
    pub fn paths(mut self, full_paths: impl IntoIterator<Item = impl Into<String>>) -> Self {
        for full_path in full_paths {
            self.0.put(Project::believable(full_path));
        }
        self
    }

    /// The world.
    pub fn build(self) -> World {
        self.0
    }
}
