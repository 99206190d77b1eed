//! Where runs come from, and how they are numbered.
//!
//! A client that follows new runs asks for `id__gt=<last seen>`, so ids must grow with the time of creation over all
//! templates. A counter would do it but nothing is stored here; hence an id is the minute, times the number of slots, plus
//! the slot. Every source starts runs at the same second of a minute and the slots are in the order of these seconds.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Kind, world::Entry};
use crate::seed::{between, draw};

/// 2024-01-01: no run is older.
pub(super) const EPOCH: DateTime<Utc> = DateTime::from_timestamp(1_704_067_200, 0).expect("a constant in range");

/// The least slots per minute, so that a few templates more do not move every id.
const SLOTS_MIN: usize = 256;

/// How many of the latest runs of a source exist; older ones are as if cleaned up.
pub(super) const HISTORY_MAX: i64 = 50;

/// How long all of one workflow's nodes, or one job, may take, whatever the cadence.
const BUSY_SECONDS_MAX: i64 = 1_200;

/// From the start of a workflow to the creation of its first node's job.
const LEAD_SECONDS: i64 = 6;

/// One template started at one cadence. All times count in seconds from [`EPOCH`].
pub(super) struct Source {
    /// The template whose runs these are.
    pub(super) template: u64,
    /// The template that sets the cadence: the same one, or the workflow this is a node of.
    pub(super) origin: u64,
    /// Which node of the workflow.
    pub(super) node: Option<usize>,
    /// When the first run is created.
    pub(super) first: i64,
    /// Whole minutes.
    pub(super) every: i64,
    /// Nothing is created after it.
    pub(super) last: Option<i64>,
    /// From the creation of the workflow's run to that of this one.
    pub(super) lead: i64,
    /// By when, from its creation, a run has ended.
    pub(super) busy: i64,
}

impl Source {
    /// When its existing runs were created, the newest first.
    pub(super) fn starts(&self, now: DateTime<Utc>) -> impl Iterator<Item = i64> + use<> {
        let now = (now - EPOCH).num_seconds();
        let (first, every) = (self.first, self.every);
        let newest = (self.last.map_or(now, |last| last.min(now)) - first).div_euclid(every);
        (0..HISTORY_MAX)
            .map(move |age| newest - age)
            .take_while(|count| *count >= 0)
            .map(move |count| first + count * every)
    }

    /// When it next creates a run.
    pub(super) fn next_start(&self, now: DateTime<Utc>) -> Option<i64> {
        let now = (now - EPOCH).num_seconds();
        let next = self.first + ((now - self.first).div_euclid(self.every) + 1).max(0) * self.every;
        self.last.is_none_or(|last| next <= last).then_some(next)
    }
}

/// The sources of all templates; writes their places into `entries`.
pub(super) fn derive(entries: &mut BTreeMap<u64, Entry>) -> Vec<Source> {
    let jobs: Vec<u64> =
        entries.values().filter(|entry| entry.template.kind == Kind::Job).map(|entry| entry.template.id).collect();
    let mut sources: Vec<Source> = entries.values().flat_map(|entry| of(entry, &jobs)).collect();
    sources.sort_by_key(|source| (source.first.rem_euclid(60), source.origin, source.node));
    for (place, source) in sources.iter().enumerate() {
        if let Some(entry) = entries.get_mut(&source.template) {
            entry.sources.push(place);
        }
        if let (Some(_), Some(workflow)) = (source.node, entries.get_mut(&source.origin)) {
            workflow.nodes.push(place);
        }
    }
    for entry in entries.values_mut() {
        entry.nodes.sort_by_key(|place| sources.get(*place).and_then(|source| source.node));
    }
    sources
}

fn of(entry: &Entry, jobs: &[u64]) -> Vec<Source> {
    let template = &entry.template;
    let Some(every) = template.run_every else { return Vec::new() };
    let every = every.num_minutes().max(2) * 60;
    let name = template.name.as_str();
    // Offset by the name, or all of them would start in the same second.
    let offset = i64::try_from(draw(name, "offset") % every.unsigned_abs()).unwrap_or(0);
    let first = (template.created_at - EPOCH).num_seconds().max(0) + offset;
    let last = template.quiet_since.map(|quiet| (quiet - EPOCH).num_seconds());
    let busy = (every * 3 / 4).min(BUSY_SECONDS_MAX);
    let id = template.id;
    let own = Source { template: id, origin: id, node: None, first, every, last, lead: 0, busy };
    let mut sources = vec![own];
    if template.kind == Kind::Workflow && !jobs.is_empty() {
        let nodes = i64::try_from(between(name, "nodes", 1, 3)).unwrap_or(1);
        let each = (busy - LEAD_SECONDS - 4) / nodes;
        for node in 0..nodes {
            let choice = usize::try_from(draw(name, &format!("node {node}")) % jobs.len() as u64).unwrap_or(0);
            let lead = LEAD_SECONDS + node * each;
            let last = last.map(|last| last + lead);
            sources.extend(jobs.get(choice).map(|template| Source {
                template: *template,
                origin: id,
                node: usize::try_from(node).ok(),
                first: first + lead,
                every,
                last,
                lead,
                busy: each,
            }));
        }
    }
    sources
}

/// The number of ids per minute.
pub(super) fn slots(sources: &[Source]) -> u64 {
    sources.len().max(SLOTS_MIN).next_power_of_two() as u64
}

/// The id of the run that the source at `place` creates at `start`, and the instant: the places of one second share it.
pub(super) fn number(sources: &[Source], place: usize, start: i64) -> (u64, DateTime<Utc>) {
    let (slots, place) = (slots(sources), place as u64);
    let id = (start / 60).unsigned_abs() * slots + place + 1;
    let micros = i64::try_from(place * 1_000_000 / slots).unwrap_or(0);
    (id, EPOCH + TimeDelta::seconds(start) + TimeDelta::microseconds(micros))
}

/// Which source could have created the run of this id, and when.
pub(super) fn creation(sources: &[Source], id: u64) -> Option<(usize, i64)> {
    let (slots, number) = (slots(sources), id.checked_sub(1)?);
    let place = usize::try_from(number % slots).ok()?;
    let start = i64::try_from(number / slots).ok()?.checked_mul(60)? + sources.get(place)?.first.rem_euclid(60);
    Some((place, start))
}
