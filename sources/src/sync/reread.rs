//! `Reread`: reads one object of a source anew because something happened to it, for every component that is mapped to it. How far
//! the source as a whole was read is the affair of a `Pass` and stays as it is; what a reread misses, a pass finds.

use chrono::{DateTime, Utc};

use super::{DeploymentSource, Member, Part, Place};
use crate::{
    SourceError,
    ingest::{Applied, DeliveryRules, DeploymentBatch, DeploymentReport, Lease, Origin},
    postgres::Database,
};

/// Most pages of one object; what lies behind them is left to the next pass.
const STEPS_MAX: usize = 20;

/// A reading of one object.
pub struct Reread<'a> {
    /// Where it is written.
    pub database: &'a Database,
    /// Which deployments needed a remedy.
    pub rules: &'a DeliveryRules,
    /// What was created before is not wanted.
    pub since: DateTime<Utc>,
    /// What changed before is known.
    pub from: DateTime<Utc>,
}

impl Reread<'_> {
    /// Reads what the annotations of components name with `text`, as far as `is_meant` says so, and writes what it says.
    pub async fn run(
        &self,
        source: &dyn DeploymentSource,
        text: &str,
        is_meant: &(dyn Fn(&Part, &Member) -> bool + Send + Sync),
    ) -> Result<DeploymentReport, SourceError> {
        let (mut written, mut failed) = (DeploymentReport::default(), None);
        for (tenant, mapped) in self.database.components_mapped_to(&source.annotations(), text).await? {
            for mut part in source.parts(&tenant, &mapped) {
                let whole = part.clone();
                part.members.retain(|member| is_meant(&whole, member));
                if !part.members.is_empty() {
                    // What fails for one tenant keeps no other from being read.
                    match self.read(source, &part).await {
                        Ok(report) => written.add(report),
                        Err(error) => failed = failed.or(Some(error)),
                    }
                }
            }
        }
        failed.map_or(Ok(written), Err)
    }

    async fn read(&self, source: &dyn DeploymentSource, part: &Part) -> Result<DeploymentReport, SourceError> {
        let mut written = DeploymentReport::default();
        let (mut from, mut cursor) = (self.from, None);
        for _ in 0..STEPS_MAX {
            let place = Place { since: self.since, from: Some(from), cursor: cursor.as_deref() };
            let step = source.read(part, place).await?;
            let lease = Lease::of_hint(source.name());
            let origin = Origin { tenant: &part.tenant, source: source.kind(), source_name: source.name() };
            let (events, marks) = (&step.events, &[]);
            let batch = DeploymentBatch { origin, lease: &lease, events, marks, rules: self.rules, healed: false };
            if !events.is_empty()
                && let Applied::Done(report) = self.database.apply_deployments(&batch).await?
            {
                written.add(report);
            }
            let stands_still = step.cursor == cursor && step.read_to.is_none_or(|read_to| read_to <= from);
            if !step.has_more || stands_still {
                break;
            }
            from = step.read_to.unwrap_or(from);
            cursor = step.cursor;
        }
        Ok(written)
    }
}
