//! `Pass`: one reading of all parts of a source. What several parts say is written together, with how far each was read; a pass
//! that ends on the way goes on from there the next time.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};

use super::{DeploymentSource, Mapped, Part, Place, Step};
use crate::{
    Clock, SourceError,
    ingest::{Applied, DeliveryRules, DeploymentBatch, DeploymentEvent, DeploymentReport, Lease, Mark, Origin},
    postgres::Database,
};

/// So many events are written at once, when there are that many.
const BATCH_EVENTS: usize = 500;

/// Nothing new is read while so many wait to be written.
const EVENTS_WAITING_MAX: usize = 5_000;

/// What a source says may reach its list so much later than it claims.
const LATE_MAX: TimeDelta = TimeDelta::minutes(2);

/// One reading of a source.
pub struct Pass<'a> {
    /// Where it is written.
    pub database: &'a Database,
    /// The right to write.
    pub lease: &'a Lease,
    /// Which deployments needed a remedy.
    pub rules: &'a DeliveryRules,
    /// What is older is not asked for; a part that was read from a later moment on is read anew.
    pub since: DateTime<Utc>,
    /// Parts that were read within so long are left alone; none: all are read.
    pub interval: Option<Duration>,
    /// What time it is.
    pub clock: &'a Clock,
    /// Whether the source announces its changes: what is found without an announcement was missed, and is told as healed.
    pub is_announced: bool,
    /// Told after each write.
    pub progress: &'a (dyn Fn(Progress) + Send + Sync),
}

/// How far a pass is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Parts that are done, of this tenant.
    pub parts_done: usize,
    /// Parts of this tenant.
    pub parts: usize,
    /// What was written so far, of all tenants.
    pub written: DeploymentReport,
}

/// What a pass did.
#[derive(Debug, Clone, Default)]
pub struct PassReport {
    /// What was written.
    pub written: DeploymentReport,
    /// Parts that were read to their end.
    pub parts_read: usize,
    /// Something that was read could not be written.
    pub has_lost: bool,
    /// Parts that could not be read, each with the reason; they are read from where they were the next time.
    pub failed: Vec<(String, SourceError)>,
}

/// How a pass ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PassEnd {
    /// All parts were read or have failed.
    Whole,
    /// Another replica reads the source now.
    Fenced,
}

/// A part that is being read.
struct Reading {
    part: Part,
    /// How far it was read, as far as anybody knows.
    mark: Mark,
    /// From which change on it is read next: a little before the mark first, as something may have come late.
    from: Option<DateTime<Utc>>,
    /// It was read before: what is new in it had to be announced.
    is_known: bool,
}

impl Reading {
    fn new(part: Part, mark: Mark) -> Self {
        let from = mark.read_to.map(|read_to| read_to - LATE_MAX);
        let is_known = mark.read_to.is_some() && mark.cursor.is_none();
        Self { part, mark, from, is_known }
    }

    /// A step that says that there is more, but not where, would be made for ever.
    fn checked(&self, source: &dyn DeploymentSource, step: Step) -> Result<Step, SourceError> {
        let moves = step.read_to > self.from
            || step.cursor.as_ref().is_some_and(|cursor| self.mark.cursor.as_ref() != Some(cursor));
        if step.has_more && !moves {
            return Err(SourceError::protocol(source.kind(), "its list of deployments does not go on"));
        }
        Ok(step)
    }

    /// After a step; the mark never goes back, nor ahead of our clock: what a source dates later would else hide what follows.
    fn after(self, step: &Step, now: DateTime<Utc>) -> Self {
        let read_to = self.mark.read_to.max(step.read_to.map(|read_to| read_to.min(now)));
        let mark = Mark { read_to, cursor: step.cursor.clone(), ..self.mark };
        Self { part: self.part, mark, from: step.read_to.max(self.from), is_known: self.is_known }
    }
}

type Read<'a> = BoxFuture<'a, (Reading, Result<Step, SourceError>)>;

impl Pass<'_> {
    /// Reads all parts of `source`, of every tenant; what cannot be written of one keeps no other from being read.
    pub async fn run(&self, source: &dyn DeploymentSource, report: &mut PassReport) -> Result<PassEnd, SourceError> {
        for (tenant, mapped) in self.database.mapped_components(&source.annotations()).await? {
            match self.read_tenant(source, &tenant, &mapped, report).await {
                Ok(PassEnd::Whole) => {}
                Ok(PassEnd::Fenced) => return Ok(PassEnd::Fenced),
                Err(error) => {
                    report.has_lost = true;
                    report.failed.push((format!("tenant {tenant}"), error));
                }
            }
        }
        Ok(PassEnd::Whole)
    }

    /// The parts that are due, each with the mark to read on from; those that wait longest first.
    fn due(&self, parts: Vec<Part>, mut marks: HashMap<String, (Mark, DateTime<Utc>)>) -> VecDeque<Reading> {
        let now = self.clock.now();
        let interval = self.interval.and_then(|interval| TimeDelta::from_std(interval).ok());
        let mut due: Vec<(Option<DateTime<Utc>>, Reading)> = Vec::new();
        for part in parts {
            let (name, covers) = (part.name.clone(), part.covers());
            let fresh = Mark { part: name, read_to: None, since: self.since, cursor: None, covers };
            let known = marks.remove(&part.name).filter(|(mark, _)| mark.covers == fresh.covers);
            match known {
                // It was never asked for what is asked for now.
                Some((mark, _)) if mark.since > self.since => due.push((None, Reading::new(part, fresh))),
                Some((mark, read_at))
                    if mark.cursor.is_none() && interval.is_some_and(|interval| now - read_at < interval) => {}
                Some((mark, read_at)) => due.push((Some(read_at), Reading::new(part, mark))),
                None => due.push((None, Reading::new(part, fresh))),
            }
        }
        due.sort_by_key(|(read_at, _)| *read_at);
        due.into_iter().map(|(_, reading)| reading).collect()
    }

    /// Reads and writes at the same time: a read that nobody polls while something is written would seem to take too long.
    async fn read_tenant(
        &self,
        source: &dyn DeploymentSource,
        tenant: &str,
        mapped: &[Mapped],
        report: &mut PassReport,
    ) -> Result<PassEnd, SourceError> {
        let marks = self.database.sync_marks(tenant, source.name()).await?;
        let mut queue = self.due(source.parts(tenant, mapped), marks);
        let parts = queue.len();
        let mut parts_done = 0;
        let mut reads: FuturesUnordered<Read<'_>> = FuturesUnordered::new();
        let mut waiting = Waiting::default();
        let mut writing: Option<BoxFuture<'_, Result<Applied, SourceError>>> = None;
        loop {
            while reads.len() < source.parts_at_once() && waiting.events < EVENTS_WAITING_MAX {
                let Some(reading) = queue.pop_front() else { break };
                reads.push(read(source, reading));
            }
            if writing.is_none() && !waiting.is_empty() {
                let (events, marks, is_known) = waiting.take();
                let healed = is_known && self.is_announced;
                writing = Some(self.write(source, tenant, events, marks, healed).boxed());
            }
            if reads.is_empty() && writing.is_none() {
                return Ok(PassEnd::Whole);
            }
            tokio::select! {
                Some((reading, outcome)) = reads.next(), if !reads.is_empty() => {
                    let outcome = outcome.and_then(|step| reading.checked(source, step));
                    let is_done = match outcome {
                        Ok(step) => {
                            let reading = reading.after(&step, self.clock.now());
                            let has_more = step.has_more;
                            waiting.add(step.events, reading.mark.clone(), reading.is_known);
                            report.parts_read += usize::from(!has_more);
                            if has_more {
                                queue.push_front(reading);
                            }
                            !has_more
                        }
                        Err(error) => {
                            // No further than before, but not at once again: what failed is due like everything else.
                            waiting.add(Vec::new(), reading.mark.clone(), reading.is_known);
                            report.failed.push((reading.part.name, error));
                            true
                        }
                    };
                    parts_done += usize::from(is_done);
                }
                written = async { Some(writing.as_mut()?.await) }, if writing.is_some() => {
                    writing = None;
                    let Some(written) = written else { continue };
                    let Applied::Done(written) = written? else { return Ok(PassEnd::Fenced) };
                    report.written.add(written);
                    (self.progress)(Progress { parts_done, parts, written: report.written });
                }
            }
        }
    }

    async fn write(
        &self,
        source: &dyn DeploymentSource,
        tenant: &str,
        events: Vec<DeploymentEvent>,
        marks: Vec<Mark>,
        healed: bool,
    ) -> Result<Applied, SourceError> {
        let origin = Origin { tenant, source: source.kind(), source_name: source.name() };
        let (events, marks) = (&events, &marks);
        let batch = DeploymentBatch { origin, lease: self.lease, events, marks, rules: self.rules, healed };
        self.database.apply_deployments(&batch).await
    }
}

/// What was read and is not written yet, in the order of reading.
#[derive(Default)]
struct Waiting {
    steps: VecDeque<(Vec<DeploymentEvent>, Mark, bool)>,
    events: usize,
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    fn add(&mut self, events: Vec<DeploymentEvent>, mark: Mark, is_known: bool) {
        self.events += events.len();
        self.steps.push_back((events, mark, is_known));
    }

    /// What is written next: whole steps, and of each part how far it was read with the last of them; and whether all these parts had
    /// been read before.
    fn take(&mut self) -> (Vec<DeploymentEvent>, Vec<Mark>, bool) {
        let (mut events, mut marks) = (Vec::new(), HashMap::new());
        let are_known = self.steps.front().is_some_and(|(_, _, is_known)| *is_known);
        while events.len() < BATCH_EVENTS {
            let next = self.steps.pop_front_if(|(_, _, is_known)| *is_known == are_known);
            let Some((more, mark, _)) = next else { break };
            events.extend(more);
            marks.insert(mark.part.clone(), mark);
        }
        self.events -= events.len();
        (events, marks.into_values().collect(), are_known)
    }
}

fn read(source: &dyn DeploymentSource, reading: Reading) -> Read<'_> {
    async move {
        let Mark { since, cursor, .. } = &reading.mark;
        let place = Place { since: *since, from: reading.from, cursor: cursor.as_deref() };
        let step = source.read(&reading.part, place).await;
        (reading, step)
    }
    .boxed()
}
