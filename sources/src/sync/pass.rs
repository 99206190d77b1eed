//! `Pass`: one reading of all parts of a source. What several parts say is written together, with how far each was read; a pass
//! that ends on the way goes on from there the next time.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};

use super::{DeploymentSource, Part, Step};
use crate::{
    Clock, SourceError,
    ingest::{Applied, DeliveryRules, DeploymentBatch, DeploymentEvent, DeploymentReport, Lease, Mark, Origin},
    postgres::Database,
};

/// So many events are written at once, at least when there are that many.
const BATCH_EVENTS: usize = 500;

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
}

impl Reading {
    fn new(part: Part, mark: Mark) -> Self {
        let from = mark.read_to.map(|read_to| read_to - LATE_MAX);
        Self { part, mark, from }
    }

    /// After a step; the mark never goes back.
    fn after(self, step: &Step) -> Self {
        let mark = Mark { read_to: self.mark.read_to.max(step.read_to), ..self.mark };
        Self { part: self.part, mark, from: step.read_to.max(self.from) }
    }
}

type Read<'a> = BoxFuture<'a, (Reading, Result<Step, SourceError>)>;

impl Pass<'_> {
    /// Reads all parts of `source`, of every tenant.
    pub async fn run(&self, source: &dyn DeploymentSource, report: &mut PassReport) -> Result<PassEnd, SourceError> {
        for (tenant, mapped) in self.database.mapped_components(source.annotation()).await? {
            let parts = source.parts(&tenant, &mapped);
            let marks = self.database.sync_marks(&tenant, source.name()).await?;
            let queue = self.due(parts, marks);
            if self.read_tenant(source, &tenant, queue, report).await? == PassEnd::Fenced {
                return Ok(PassEnd::Fenced);
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
            let fresh = Mark { part: part.name.clone(), read_to: None, since: self.since, covers: part.covers() };
            let known = marks.remove(&part.name).filter(|(mark, _)| mark.covers == fresh.covers);
            match known {
                // It was never asked for what is asked for now.
                Some((mark, _)) if mark.since > self.since => due.push((None, Reading::new(part, fresh))),
                Some((_, read_at)) if interval.is_some_and(|interval| now - read_at < interval) => {}
                Some((mark, read_at)) => due.push((Some(read_at), Reading::new(part, mark))),
                None => due.push((None, Reading::new(part, fresh))),
            }
        }
        due.sort_by_key(|(read_at, _)| *read_at);
        due.into_iter().map(|(_, reading)| reading).collect()
    }

    async fn read_tenant(
        &self,
        source: &dyn DeploymentSource,
        tenant: &str,
        mut queue: VecDeque<Reading>,
        report: &mut PassReport,
    ) -> Result<PassEnd, SourceError> {
        let parts = queue.len();
        let mut parts_done = 0;
        let mut reads: FuturesUnordered<Read<'_>> = FuturesUnordered::new();
        loop {
            while reads.len() < source.parts_at_once() {
                let Some(reading) = queue.pop_front() else { break };
                reads.push(read(source, reading));
            }
            let Some(first) = reads.next().await else { return Ok(PassEnd::Whole) };
            let (mut events, mut marks, mut goes_on) = (Vec::new(), Vec::new(), Vec::new());
            let mut next = Some(first);
            // Whatever has been read by now is written together.
            while let Some((reading, outcome)) = next {
                match outcome {
                    Ok(step) => {
                        let reading = reading.after(&step);
                        events.extend(step.events);
                        marks.push(reading.mark.clone());
                        if step.has_more {
                            goes_on.push(reading);
                        } else {
                            report.parts_read += 1;
                            parts_done += 1;
                        }
                    }
                    Err(error) => {
                        report.failed.push((reading.part.name, error));
                        parts_done += 1;
                    }
                }
                next = if events.len() < BATCH_EVENTS { reads.next().now_or_never().flatten() } else { None };
            }
            let written = self.write(source, tenant, &events, &marks).await?;
            let Applied::Done(written) = written else { return Ok(PassEnd::Fenced) };
            report.written.add(written);
            (self.progress)(Progress { parts_done, parts, written: report.written });
            goes_on.into_iter().for_each(|reading| queue.push_front(reading));
        }
    }

    async fn write(
        &self,
        source: &dyn DeploymentSource,
        tenant: &str,
        events: &[DeploymentEvent],
        marks: &[Mark],
    ) -> Result<Applied, SourceError> {
        let origin = Origin { tenant, source: source.kind(), source_name: source.name() };
        let batch = DeploymentBatch { origin, lease: self.lease, events, marks, rules: self.rules, healed: false };
        self.database.apply_deployments(&batch).await
    }
}

fn read(source: &dyn DeploymentSource, reading: Reading) -> Read<'_> {
    async move {
        let step = source.read(&reading.part, reading.mark.since, reading.from).await;
        (reading, step)
    }
    .boxed()
}
