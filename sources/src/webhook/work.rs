//! `Work`: what a hint leads to. The object is read from its source and written by the same functions as everything that the
//! synchronisation reads; what caches know of it is forgotten. Doing it twice, or half of it and then all, changes nothing.

use std::{collections::HashSet, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{Hint, Sender, Task, Topic};
use crate::{
    SourceError, Sources,
    discovery::{self, Scan},
    gitlab::Gitlab,
    ingest::{ApplyLimits, DeliveryRules},
    sync::{DeploymentSource, Member, Part, Reread},
};

/// So much earlier than a delivery came may have happened what it tells of: senders have queues, too, and clocks differ.
const EARLIER_MAX: TimeDelta = TimeDelta::hours(1);

/// How long a replica that dies in the middle of a look at a catalog file keeps others from looking.
const LOOK_LIFE: Duration = Duration::from_secs(30);
/// Longest wait for another look of this replica.
const LOOKING_MAX: Duration = Duration::from_secs(3);

/// Why a task is not done.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// Somebody else is at it; nothing was tried.
    #[error("another replica looks for catalog files")]
    Later,
    /// It failed.
    #[error(transparent)]
    Failed(#[from] SourceError),
}

/// What tasks are done with.
pub struct Work<'a> {
    /// Where things are read and written.
    pub sources: &'a Sources,
    /// Which deployments needed a remedy.
    pub rules: &'a DeliveryRules,
    /// How far back deployments are of interest.
    pub history: TimeDelta,
    /// Whose catalog a group fills that names no tenant.
    pub default_tenant: &'a str,
    /// How much a catalog may grow.
    pub limits: &'a ApplyLimits,
    /// The largest catalog file.
    pub text_bytes_max: usize,
    /// Who works.
    pub holder: Uuid,
    /// A holder looks at one project at a time: who ends first would give the lease away under the others.
    pub looking: &'a tokio::sync::Mutex<()>,
}

impl Work<'_> {
    /// Does a task. A source that is not configured any more has nothing to say.
    pub async fn run(&self, task: &Task) -> Result<(), WorkError> {
        let since = task.since().unwrap_or_else(|| self.sources.clock().now()) - EARLIER_MAX;
        // Most of what is told of one object is told again and again.
        let hints: HashSet<&Hint> = task.deliveries.iter().map(|delivery| &delivery.hint).collect();
        let hints: Vec<&Hint> = hints.into_iter().collect();
        match task.sender {
            Sender::Gitlab => self.project(&hints, since).await,
            Sender::Awx => Ok(self.run_of_awx(&hints, since).await?),
            Sender::Terraform => Ok(self.workspaces(&hints, since).await?),
            Sender::Azure => {
                self.azure(&hints).await;
                Ok(())
            }
        }
    }

    /// Hints about one project: its path may have changed between them.
    async fn project(&self, hints: &[&Hint], since: DateTime<Utc>) -> Result<(), WorkError> {
        let Some(gitlab) = self.sources.gitlab() else { return Ok(()) };
        let told = |hint: &&Hint| match hint {
            Hint::Project { id, path, topic } => Some((*id, path.clone(), *topic)),
            _ => None,
        };
        let told: Vec<_> = hints.iter().filter_map(told).collect();
        let id = told.iter().find_map(|(id, ..)| *id);
        let mut paths: Vec<String> = told.iter().filter_map(|(_, path, _)| path.clone()).collect();
        paths.sort_unstable();
        paths.dedup();
        if let (Some(id), true) = (id, paths.is_empty()) {
            let found = gitlab.client().project_by_id(id).await?;
            paths.extend(found.map(|project| project.full_path.to_lowercase()));
        }
        gitlab.evict_projects(&paths).await;
        let is_about = |wanted: Topic| told.iter().any(|(_, _, topic)| *topic == wanted);
        if is_about(Topic::Delivery) {
            for path in &paths {
                self.reread(gitlab, path, since, &|part, _| part.name == *path).await?;
            }
        }
        if let (Some(id), true) = (id, is_about(Topic::Code)) {
            self.look(gitlab, id, &paths).await?;
        }
        Ok(())
    }

    /// Has discovery look at a project, in every group that it is in or was in.
    async fn look(&self, gitlab: &Gitlab, id: i64, paths: &[String]) -> Result<(), WorkError> {
        let config = gitlab.discovery();
        if config.groups.is_empty() {
            return Ok(());
        }
        // Waited for: put off at once, all that a burst of pushes tells would come due together again and again, and each time one would be
        // looked at. Not for long, because whoever waits works on nothing else.
        let one_at_a_time = tokio::time::timeout(LOOKING_MAX, self.looking.lock()).await;
        let _one_at_a_time = one_at_a_time.map_err(|_| WorkError::Later)?;
        let database = self.sources.database();
        let lease = database.sync_lease(discovery::LEASE, self.holder, LOOK_LIFE).await?.ok_or(WorkError::Later)?;
        let look = async {
            for group in &config.groups {
                let scan = Scan {
                    database,
                    gitlab,
                    config,
                    group,
                    tenant: group.tenant.as_deref().unwrap_or(self.default_tenant),
                    limits: self.limits,
                    text_bytes_max: self.text_bytes_max,
                    clock: self.sources.clock(),
                };
                scan.look_at_project(id, paths).await?;
            }
            Ok(())
        };
        let looked = look.await;
        database.sync_release(&lease).await?;
        looked
    }

    async fn run_of_awx(&self, hints: &[&Hint], since: DateTime<Utc>) -> Result<(), SourceError> {
        let Some(awx) = self.sources.awx() else { return Ok(()) };
        let Some(Hint::Run { id }) = hints.first() else { return Ok(()) };
        awx.evict_jobs(&[*id]).await;
        let Some(template) = awx.template_of_run(*id).await? else { return Ok(()) };
        awx.reread_template(&self.rereading(since), template).await.map(|_| ())
    }

    /// Hints about workspaces of one organization, whose runs are read together.
    async fn workspaces(&self, hints: &[&Hint], since: DateTime<Utc>) -> Result<(), SourceError> {
        let Some(terraform) = self.sources.terraform() else { return Ok(()) };
        let mut of = None;
        let mut has_run = false;
        for hint in hints {
            let Hint::Workspace { organization, id, run, .. } = hint else { continue };
            terraform.evict(organization, id.as_deref(), run.as_deref()).await;
            has_run |= run.is_some();
            of = Some(organization);
        }
        let Some(organization) = of.filter(|_| has_run) else { return Ok(()) };
        let names: Vec<&str> = hints
            .iter()
            .filter_map(|hint| if let Hint::Workspace { name, .. } = hint { Some(name.as_str()) } else { None })
            .collect();
        let is_meant =
            |part: &Part, member: &Member| part.name == *organization && names.contains(&member.value.as_str());
        self.reread(terraform, &format!("{organization}/"), since, &is_meant).await
    }

    /// Nothing of Azure's resources and alerts is kept but in caches: whoever asks next asks Azure.
    async fn azure(&self, hints: &[&Hint]) {
        let Some(azure) = self.sources.azure() else { return };
        for hint in hints {
            match hint {
                Hint::ResourceGroup { name } => azure.evict_groups(std::slice::from_ref(name)).await,
                Hint::Alerts { subscription } => azure.evict_alerts(std::slice::from_ref(subscription)).await,
                _ => {}
            }
        }
    }

    async fn reread(
        &self,
        source: &dyn DeploymentSource,
        text: &str,
        from: DateTime<Utc>,
        is_meant: &(dyn Fn(&Part, &Member) -> bool + Send + Sync),
    ) -> Result<(), SourceError> {
        self.rereading(from).run(source, text, is_meant).await.map(|_| ())
    }

    fn rereading(&self, from: DateTime<Utc>) -> Reread<'_> {
        let since = self.sources.clock().now() - self.history;
        Reread { database: self.sources.database(), rules: self.rules, since, from }
    }
}
