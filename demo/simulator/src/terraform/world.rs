//! All workspaces, found by name or key, and the organizations and projects they make up.

use std::collections::{BTreeMap, BTreeSet};

use super::{Limits, Workspace, id};

/// What the fake Terraform Enterprise has.
#[derive(Clone, Default)]
pub struct World {
    pub(super) limits: Limits,
    workspaces: BTreeMap<u64, Workspace>,
    projects: BTreeMap<u64, Project>,
}

/// A project, which exists as soon as a workspace names it and stays when the workspace goes.
#[derive(Clone)]
pub(super) struct Project {
    pub(super) organization: String,
    pub(super) name: String,
    pub(super) workspaces: BTreeSet<u64>,
}

impl World {
    /// A world still to be filled.
    pub fn builder() -> WorldBuilder {
        WorldBuilder(Self::default())
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    pub(super) fn put(&mut self, workspace: Workspace) {
        self.remove(&workspace.organization, &workspace.name);
        let key = workspace.key();
        let project = self.projects.entry(workspace.project_key()).or_insert_with(|| Project {
            organization: workspace.organization.clone(),
            name: workspace.project.clone(),
            workspaces: BTreeSet::new(),
        });
        project.workspaces.insert(key);
        self.workspaces.insert(key, workspace);
    }

    pub(super) fn remove(&mut self, organization: &str, name: &str) {
        let key = id::key(&[organization, name]);
        if let Some(workspace) = self.workspaces.remove(&key)
            && let Some(project) = self.projects.get_mut(&workspace.project_key())
        {
            project.workspaces.remove(&key);
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Workspace> {
        self.workspaces.values()
    }

    pub(super) fn by_key(&self, key: u64) -> Option<&Workspace> {
        self.workspaces.get(&key)
    }

    pub(super) fn by_id(&self, workspace_id: &str) -> Option<&Workspace> {
        let (key, number) = id::decode("ws", workspace_id)?;
        self.by_key(key).filter(|_| number == 0)
    }

    pub(super) fn by_name(&self, organization: &str, name: &str) -> Option<&Workspace> {
        self.by_key(id::key(&[organization, name]))
    }

    /// The workspaces of an organization in the order of their keys: stable, and no order a caller could rely on.
    pub(super) fn of<'a>(&'a self, organization: &'a str) -> impl Iterator<Item = &'a Workspace> {
        self.workspaces.values().filter(move |workspace| workspace.organization == organization)
    }

    pub(super) fn organizations(&self) -> BTreeSet<&str> {
        self.projects.values().map(|project| project.organization.as_str()).collect()
    }

    pub(super) fn has_organization(&self, name: &str) -> bool {
        self.projects.values().any(|project| project.organization == name)
    }

    pub(super) fn projects<'a>(&'a self, organization: &'a str) -> impl Iterator<Item = (u64, &'a Project)> {
        let projects = self.projects.iter().map(|(key, project)| (*key, project));
        projects.filter(move |(_, project)| project.organization == organization)
    }

    pub(super) fn project(&self, key: u64) -> Option<&Project> {
        self.projects.get(&key)
    }
}

/// Fills a [`World`].
pub struct WorldBuilder(World);

impl WorldBuilder {
    /// Adds one workspace; the latest of an organization and name wins.
    #[must_use]
    pub fn workspace(mut self, workspace: Workspace) -> Self {
        self.0.put(workspace);
        self
    }

    /// Adds a [believable](Workspace::believable) workspace for each name.
    #[must_use]
    pub fn workspaces(mut self, organization: &str, names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        for name in names {
            self.0.put(Workspace::believable(organization, name.as_ref()));
        }
        self
    }

    /// What a token may ask for in a second and in a minute.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.0.limits = limits;
        self
    }

    /// The world.
    pub fn build(self) -> World {
        self.0
    }
}
