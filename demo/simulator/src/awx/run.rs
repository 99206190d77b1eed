//! One run as it stands: a job, or a workflow job.

use chrono::{DateTime, Utc};

use super::{
    Kind,
    life::{self, Plan, Status},
    source::{self, Source},
    user::{self, User},
    world::{Entry, Parts},
};

pub(super) struct Run<'w> {
    pub(super) world: &'w Parts,
    pub(super) entry: &'w Entry,
    pub(super) source: &'w Source,
    pub(super) id: u64,
    pub(super) start: i64,
    pub(super) now: DateTime<Utc>,
    place: usize,
}

/// Who or what began a run.
pub(super) enum Launcher<'w> {
    User(&'static User),
    Schedule(u64),
    Workflow(Run<'w>),
}

/// Every existing run, those of one source together.
pub(super) fn all(world: &Parts, now: DateTime<Utc>) -> impl Iterator<Item = Run<'_>> {
    (0..world.sources.len()).flat_map(move |place| of_source(world, place, now))
}

/// The latest runs of one template, the newest first.
pub(super) fn latest<'w>(world: &'w Parts, entry: &'w Entry, now: DateTime<Utc>, count: usize) -> Vec<Run<'w>> {
    let of_one = |place: &usize| of_source(world, *place, now).take(count);
    let mut runs: Vec<Run<'w>> = entry.sources.iter().flat_map(of_one).collect();
    runs.sort_by_key(|run| std::cmp::Reverse(run.id));
    runs.truncate(count);
    runs
}

pub(super) fn of_source(world: &Parts, place: usize, now: DateTime<Utc>) -> impl Iterator<Item = Run<'_>> {
    let starts = world.sources.get(place).map(|source| source.starts(now));
    starts.into_iter().flatten().filter_map(move |start| Run::new(world, place, start, now))
}

pub(super) fn by_id(world: &Parts, id: u64, now: DateTime<Utc>) -> Option<Run<'_>> {
    let (place, start) = source::creation(&world.sources, id)?;
    let is_there = world.sources.get(place)?.starts(now).any(|existing| existing == start);
    Run::new(world, place, start, now).filter(|_| is_there)
}

impl<'w> Run<'w> {
    fn new(world: &'w Parts, place: usize, start: i64, now: DateTime<Utc>) -> Option<Self> {
        let source = world.sources.get(place)?;
        let entry = world.entries.get(&source.template)?;
        let (id, created) = source::number(&world.sources, place, start);
        let exists = created <= now && life::is_started(world, source, start);
        exists.then_some(Self { world, entry, source, id, start, now, place })
    }

    pub(super) fn is_workflow(&self) -> bool {
        self.entry.template.kind == Kind::Workflow
    }

    pub(super) fn created(&self) -> DateTime<Utc> {
        source::number(&self.world.sources, self.place, self.start).1
    }

    pub(super) fn subject(&self) -> String {
        life::subject(self.world, self.source, self.start)
    }

    /// Its course; `None` cannot be, as every run was made from an existing source.
    pub(super) fn plan(&self) -> Option<Plan> {
        life::plan(self.world, self.place, self.start)
    }

    pub(super) fn status(&self) -> Status {
        self.plan().map_or(Status::Pending, |plan| plan.status(self.now))
    }

    pub(super) fn started(&self) -> Option<DateTime<Utc>> {
        self.plan().map(|plan| plan.starts).filter(|at| *at <= self.now)
    }

    pub(super) fn finished(&self) -> Option<DateTime<Utc>> {
        self.plan().map(|plan| plan.ends).filter(|at| *at <= self.now)
    }

    pub(super) fn launch_type(&self) -> &'static str {
        match (self.source.node, self.entry.schedule) {
            (Some(_), _) => "workflow",
            (None, Some(_)) => "scheduled",
            (None, None) => "manual",
        }
    }

    pub(super) fn launcher(&self) -> Option<Launcher<'w>> {
        if self.source.node.is_some() {
            return self.workflow().map(Launcher::Workflow);
        }
        let launcher =
            self.entry.schedule.map_or_else(|| Launcher::User(user::of(&self.subject())), Launcher::Schedule);
        Some(launcher)
    }

    /// The run of the workflow that started this one.
    pub(super) fn workflow(&self) -> Option<Run<'w>> {
        self.source.node?;
        let workflow = self.world.entries.get(&self.source.origin)?;
        let is_own = |place: &usize| self.world.sources.get(*place).is_some_and(|source| source.node.is_none());
        let place = workflow.sources.iter().copied().find(is_own)?;
        Self::new(self.world, place, self.start - self.source.lead, self.now)
    }
}
