//! Runs that were created lately, asked for by number: AWX notifies of a run that starts, and of none that waits.

use std::time::Duration;

use super::{Awx, client::ROWS_MAX, wire::DeploymentJob};
use crate::{
    SourceError,
    ingest::DeploymentReport,
    sync::{Member, Part, Reread},
};

/// What a look at the newest runs found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Begun {
    /// The newest number; none where no run is newer.
    pub newest: Option<i32>,
    /// The templates of the runs that are newer, each once.
    pub templates: Vec<i32>,
    /// There may be more than this look told.
    pub has_more: bool,
}

impl Awx {
    /// The number of the newest run, to begin with; none while there is no run.
    pub async fn newest_run(&self) -> Result<Option<i32>, SourceError> {
        let query = [("order_by", "-id".to_owned())];
        let rows: Vec<DeploymentJob> = self.client().rows("begun", "unified_jobs/", &query, 1).await?;
        Ok(rows.into_iter().find_map(|run| run.id))
    }

    /// Runs with a number above `after`, in one call; the oldest 200, where there are more. Numbers grow over all templates.
    pub async fn runs_after(&self, after: i32) -> Result<Begun, SourceError> {
        let query = [("id__gt", after.to_string()), ("order_by", "id".to_owned())];
        let rows: Vec<DeploymentJob> = self.client().rows("begun", "unified_jobs/", &query, ROWS_MAX).await?;
        let newest = rows.iter().filter_map(|run| run.id).max().filter(|newest| *newest > after);
        let mut templates: Vec<i32> = rows.iter().filter_map(|run| run.unified_job_template).collect();
        templates.sort_unstable();
        templates.dedup();
        Ok(Begun { newest, templates, has_more: rows.len() >= ROWS_MAX && newest.is_some() })
    }

    /// How often it is asked for new runs; none: never.
    pub fn looks_every(&self) -> Option<Duration> {
        Some(self.config().new_runs_every).filter(|every| !every.is_zero())
    }

    /// Reads what a template ran since `from`, and forgets what caches know of it.
    pub async fn reread_template(&self, reread: &Reread<'_>, template: i32) -> Result<DeploymentReport, SourceError> {
        self.evict_templates(&[template]).await;
        let value = template.to_string();
        reread.run(self, &value, &|_: &Part, member: &Member| member.value == value).await
    }
}
