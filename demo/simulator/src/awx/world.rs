//! All objects, derived from the templates once, when the world is built.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Kind, Template,
    place::{Inventory, Organization, Project, Schedule, Shelf, Team},
    source::{self, Source},
};
use crate::seed::between;

/// The templates of the fake AWX and all that follows from them.
#[derive(Clone, Default)]
pub struct World(Arc<Parts>);

#[derive(Default)]
pub(super) struct Parts {
    pub(super) entries: BTreeMap<u64, Entry>,
    pub(super) organizations: BTreeMap<u64, Organization>,
    pub(super) teams: BTreeMap<u64, Team>,
    pub(super) projects: BTreeMap<u64, Project>,
    pub(super) inventories: BTreeMap<u64, Inventory>,
    pub(super) schedules: BTreeMap<u64, Schedule>,
    /// Where runs come from; the place of each is its slot in the ids of its runs.
    pub(super) sources: Vec<Source>,
}

/// A template with the ids of what it belongs to.
pub(super) struct Entry {
    pub(super) template: Template,
    pub(super) organization: u64,
    /// Both `None` for a workflow.
    pub(super) project: Option<u64>,
    pub(super) inventory: Option<u64>,
    pub(super) schedule: Option<u64>,
    /// The places in `sources` of its own runs and of those that workflows start.
    pub(super) sources: Vec<usize>,
    /// The places in `sources` of what a workflow starts, in their order.
    pub(super) nodes: Vec<usize>,
}

impl World {
    /// A world still to be filled.
    pub fn builder() -> WorldBuilder {
        WorldBuilder(BTreeMap::new())
    }

    pub(super) fn parts(&self) -> &Parts {
        &self.0
    }
}

/// Fills a [`World`].
pub struct WorldBuilder(BTreeMap<u64, Template>);

impl WorldBuilder {
    /// Adds one template; the latest of an id wins.
    #[must_use]
    pub fn template(mut self, template: Template) -> Self {
        self.0.insert(template.id, template);
        self
    }

    /// The world.
    pub fn build(self) -> World {
        let taken: Vec<u64> = self.0.keys().copied().collect();
        let mut shelves = Shelves::default();
        let visible = self.0.into_values().filter(|template| !template.is_hidden);
        let mut entries: BTreeMap<u64, Entry> =
            visible.map(|template| (template.id, shelves.entry(template, &taken))).collect();
        let sources = source::derive(&mut entries);
        World(Arc::new(Parts {
            entries,
            organizations: shelves.organizations.by_id,
            teams: shelves.teams.by_id,
            projects: shelves.projects.by_id,
            inventories: shelves.inventories.by_id,
            schedules: shelves.schedules.by_id,
            sources,
        }))
    }
}

#[derive(Default)]
struct Shelves {
    organizations: Shelf<Organization>,
    teams: Shelf<Team>,
    projects: Shelf<Project>,
    inventories: Shelf<Inventory>,
    schedules: Shelf<Schedule>,
}

impl Shelves {
    fn entry(&mut self, template: Template, taken: &[u64]) -> Entry {
        let free = |_| false;
        let name = &template.organization;
        let organization = self.organizations.put(name, free, |id| Organization { id, name: name.clone() });
        let team = format!("{name} operators");
        self.teams.put(&team, free, |id| Team { id, name: team.clone(), organization });
        let is_job = template.kind == Kind::Job;
        let project = is_job.then(|| {
            let name = &template.project;
            // Projects are templates too, to AWX: they share the sequence of ids.
            let is_taken = |id| taken.binary_search(&id).is_ok();
            self.projects.put(name, is_taken, |id| Project { id, name: name.clone(), organization })
        });
        let inventory = is_job.then(|| {
            let name = &template.inventory;
            let hosts = between(name, "hosts", 3, 24);
            self.inventories.put(name, free, |id| Inventory { id, name: name.clone(), organization, hosts })
        });
        let schedule = (template.is_scheduled && template.run_every.is_some()).then(|| {
            let key = format!("{} {}", template.id, template.name);
            self.schedules.put(&key, free, |id| Schedule { id, template: template.id })
        });
        Entry { template, organization, project, inventory, schedule, sources: Vec::new(), nodes: Vec::new() }
    }
}
