//! The hosts of an inventory, and how each fared in a job.

use chrono::{DateTime, Utc};

use super::{
    life::Status,
    place::Inventory,
    run::{self, Run},
    world::Parts,
};
use crate::seed::{between, draw};

/// Ids of hosts and summaries carry the host's number in the last two digits.
const HOSTS_MAX: u64 = 100;

#[derive(Clone, Copy)]
pub(super) struct Host<'w> {
    pub(super) world: &'w Parts,
    pub(super) inventory: &'w Inventory,
    /// From 1.
    pub(super) number: u64,
}

pub(super) fn all<'w>(world: &'w Parts, inventory: &'w Inventory) -> impl Iterator<Item = Host<'w>> {
    (1..=inventory.hosts).map(move |number| Host { world, inventory, number })
}

pub(super) fn by_id(world: &Parts, id: u64) -> Option<Host<'_>> {
    let inventory = world.inventories.get(&(id / HOSTS_MAX))?;
    let number = id % HOSTS_MAX;
    (1..=inventory.hosts).contains(&number).then_some(Host { world, inventory, number })
}

impl Host<'_> {
    pub(super) fn id(&self) -> u64 {
        self.inventory.id * HOSTS_MAX + self.number
    }

    pub(super) fn name(&self) -> String {
        format!("host-{:02}.{}.example.internal", self.number, self.inventory.name.replace(' ', "-"))
    }
}

/// How one host fared in one job.
pub(super) struct Summary<'w> {
    pub(super) run: &'w Run<'w>,
    pub(super) host: Host<'w>,
    pub(super) at: DateTime<Utc>,
    pub(super) ok: u64,
    pub(super) changed: u64,
    pub(super) failures: u64,
    pub(super) dark: u64,
    pub(super) skipped: u64,
}

impl Summary<'_> {
    pub(super) fn id(&self) -> u64 {
        self.run.id * HOSTS_MAX + self.host.number
    }

    pub(super) fn is_failed(&self) -> bool {
        self.failures + self.dark > 0
    }
}

/// The summaries written so far: one host after the other while the job runs, the last ones shortly after its end.
pub(super) fn summaries<'w>(run: &'w Run<'w>) -> Vec<Summary<'w>> {
    let (Some(plan), Some(inventory)) = (run.plan(), inventory(run)) else { return Vec::new() };
    if plan.outcome == Status::Error {
        return Vec::new();
    }
    let subject = run.subject();
    let unlucky = between(&subject, "unlucky host", 1, inventory.hosts);
    let share = (plan.processed - plan.starts) / i32::try_from(inventory.hosts).unwrap_or(1).max(1);
    let summary = |host: Host<'w>| {
        let at = plan.starts + share * i32::try_from(host.number).unwrap_or(1);
        let was_reached = at <= run.now && (plan.outcome != Status::Canceled || at <= plan.ends);
        let key = format!("{subject}#{}", host.number);
        let is_bad = plan.outcome == Status::Failed && (host.number == unlucky || draw(&key, "bad").is_multiple_of(9));
        let dark = u64::from(is_bad && draw(&key, "dark").is_multiple_of(4));
        was_reached.then(|| Summary {
            run,
            host,
            at,
            ok: if dark > 0 { 0 } else { between(&key, "ok", 3, 30) },
            changed: if dark > 0 { 0 } else { between(&key, "changed", 0, 3) },
            failures: u64::from(is_bad) - dark,
            dark,
            skipped: between(&key, "skipped", 0, 6),
        })
    };
    all(run.world, inventory).filter_map(summary).collect()
}

pub(super) fn inventory<'w>(run: &Run<'w>) -> Option<&'w Inventory> {
    run.world.inventories.get(&run.entry.inventory?)
}

/// The newest job over the inventory that has ended: it decides which hosts count as failing.
pub(super) fn last_job<'w>(world: &'w Parts, inventory: &Inventory, now: DateTime<Utc>) -> Option<Run<'w>> {
    let entries = world.entries.values().filter(|entry| entry.inventory == Some(inventory.id));
    let newest = |place: &usize| run::of_source(world, *place, now).take(2).find(|run| run.finished().is_some());
    entries.flat_map(|entry| entry.sources.iter().filter_map(newest)).max_by_key(Run::finished)
}

/// How many hosts failed in that job.
pub(super) fn failing(world: &Parts, inventory: &Inventory, now: DateTime<Utc>) -> usize {
    let job = last_job(world, inventory, now);
    job.map_or(0, |job| summaries(&job).iter().filter(|summary| summary.is_failed()).count())
}
