//! `Scan`: one run over the projects of a group.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, stream};
use schema::SourceKind;

use super::{
    DiscoveredGroup, DiscoveryConfig,
    project::Task,
    store::{KnownProject, ScanMark, Scope},
};
use crate::{
    Clock, SourceError,
    gitlab::{Gitlab, ListOrder, ListedProject},
    ingest::ApplyLimits,
    postgres::Database,
};

/// Most pages of a group: GitLab itself turns no more than 50,000 projects by number.
const PAGES_MAX: u32 = 500;

/// Most projects that are looked at again in one run, besides those that the list tells of.
const DUE_MAX: i64 = 500;

/// One run over a group.
pub struct Scan<'a> {
    /// Where it is written.
    pub database: &'a Database,
    /// Where it is read.
    pub gitlab: &'a Gitlab,
    /// How often.
    pub config: &'a DiscoveryConfig,
    /// What is looked for.
    pub group: &'a DiscoveredGroup,
    /// Whose catalog it fills.
    pub tenant: &'a str,
    /// How much the catalog may grow.
    pub limits: &'a ApplyLimits,
    /// The largest file.
    pub text_bytes_max: usize,
    /// What time it is.
    pub clock: &'a Clock,
}

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScanReport {
    /// Projects that were listed.
    pub listed: usize,
    /// Files that were asked for.
    pub looked_at: usize,
    /// Files that said something new.
    pub taken_over: usize,
    /// Files that are gone, with what they declared.
    pub withdrawn: usize,
    /// Files that could not be read.
    pub failed: usize,
}

impl Scan<'_> {
    /// Looks through the group; none when it is not due. What ends on the way goes on with what is left the next time.
    pub async fn run(&self) -> Result<Option<ScanReport>, SourceError> {
        let now = self.clock.now();
        let known = self.database.discovery_mark(self.scope()).await?;
        let covers = self.covers();
        let known = known.filter(|known| known.covers == covers);
        let is_within = |moment: DateTime<Utc>, span: std::time::Duration| {
            TimeDelta::from_std(span).is_ok_and(|span| now - moment < span)
        };
        if known.as_ref().is_some_and(|known| is_within(known.scanned_at, self.config.interval)) {
            return Ok(None);
        }
        let whole_at = known.as_ref().map(|known| known.whole_at);
        let whole_at = whole_at.filter(|whole_at| is_within(*whole_at, self.config.whole_interval));
        self.check_reach()?;
        let mut report = ScanReport::default();
        let seen_to = known.and_then(|known| known.seen_to);
        let newest = match whole_at {
            Some(_) => self.recent(seen_to, &mut report).await?,
            None => self.whole(&mut report).await?,
        };
        self.look_again(now, &mut report).await?;
        let page = self.gitlab.client().group_page(self.group.group.trim_matches('/'));
        let parent = self.database.declare_group(self.tenant, &page).await?;
        self.database.adopt_discovered(self.scope(), &parent).await?;
        let mark =
            ScanMark { covers, seen_to: newest.max(seen_to), whole_at: whole_at.unwrap_or(now), scanned_at: now };
        self.database.write_discovery_mark(self.scope(), &mark).await?;
        Ok(Some(report))
    }

    /// A group that its tenant may read nothing of would only be searched in vain.
    fn check_reach(&self) -> Result<(), SourceError> {
        let Self { tenant, gitlab, group: DiscoveredGroup { group, .. }, .. } = self;
        if gitlab.may_read_within(tenant, group) {
            return Ok(());
        }
        Err(SourceError::Invalid(format!(
            "nothing in the group {group} may be read for the tenant {tenant}: see `groups` and `tenants` in [sources.gitlab]"
        )))
    }

    pub(super) fn scope(&self) -> Scope<'_> {
        Scope { tenant: self.tenant, group: &self.group.group }
    }

    pub(super) fn covers(&self) -> String {
        self.group.covers()
    }

    /// Those that were active since, latest first; answers the latest activity.
    async fn recent(
        &self,
        seen_to: Option<DateTime<Utc>>,
        report: &mut ScanReport,
    ) -> Result<Option<DateTime<Utc>>, SourceError> {
        let mut newest = None;
        for page in 1..=PAGES_MAX {
            let (projects, has_more) = self.page(ListOrder::LastActive, page).await?;
            let activities = || projects.iter().filter_map(|project| project.last_activity_at);
            newest = newest.max(activities().max());
            let seen = activities().filter(|active_at| Some(*active_at) <= seen_to).count();
            let changed = self.look_at(&projects, report).await?;
            // One that was seen and is as it was: what follows was active earlier, or in the same moment.
            if seen > changed || !has_more {
                break;
            }
        }
        Ok(newest)
    }

    /// All of them, and what is not among them any more; answers the latest activity.
    async fn whole(&self, report: &mut ScanReport) -> Result<Option<DateTime<Utc>>, SourceError> {
        let (mut newest, mut listed) = (None, Vec::new());
        for page in 1..=PAGES_MAX {
            let (projects, has_more) = self.page(ListOrder::Id, page).await?;
            newest = newest.max(projects.iter().filter_map(|project| project.last_activity_at).max());
            listed.extend(projects.iter().map(|project| project.id));
            self.look_at(&projects, report).await?;
            if !has_more {
                break;
            }
        }
        // The list may have shifted while its pages were turned: each is asked for before it counts as gone.
        let unlisted = self.database.discovery_unlisted(self.scope(), &listed).await?;
        self.look_at_each(&unlisted, report).await?;
        Ok(newest)
    }

    /// Those that are due whatever the list says.
    async fn look_again(&self, now: DateTime<Utc>, report: &mut ScanReport) -> Result<(), SourceError> {
        let due = self.database.discovery_due(self.scope(), now, DUE_MAX).await?;
        let known = self.database.discovered(self.scope(), &due).await?;
        for id in due {
            match self.gitlab.client().project_by_id(id).await? {
                Some(project) if self.task(&project, None) == Task::Read => {
                    self.read(&[(project, known.get(&id).cloned())], report).await?;
                }
                _ => self.withdraw_known(known.get(&id), report).await?,
            }
        }
        Ok(())
    }

    async fn look_at_each(&self, ids: &[i64], report: &mut ScanReport) -> Result<(), SourceError> {
        let known = self.database.discovered(self.scope(), ids).await?;
        for id in ids {
            match self.gitlab.client().project_by_id(*id).await? {
                Some(project) => {
                    self.look_at(&[project], report).await?;
                }
                None => self.withdraw_known(known.get(id), report).await?,
            }
        }
        Ok(())
    }

    async fn withdraw_known(&self, known: Option<&KnownProject>, report: &mut ScanReport) -> Result<(), SourceError> {
        match known {
            Some(known) => self.withdraw(known, report).await,
            None => Ok(()),
        }
    }

    async fn page(&self, order: ListOrder, page: u32) -> Result<(Vec<ListedProject>, bool), SourceError> {
        let found = self.gitlab.client().group_projects(self.group.group.trim_matches('/'), order, page).await?;
        found.ok_or_else(|| {
            let group = &self.group.group;
            SourceError::protocol(SourceKind::Gitlab, format!("there is no group {group} that its token may see"))
        })
    }

    /// Looks at those of a page that changed; answers how many.
    async fn look_at(&self, projects: &[ListedProject], report: &mut ScanReport) -> Result<usize, SourceError> {
        report.listed += projects.len();
        let ids: Vec<i64> = projects.iter().map(|project| project.id).collect();
        let known: HashMap<i64, KnownProject> = self.database.discovered(self.scope(), &ids).await?;
        let mut changed = Vec::new();
        for project in projects {
            let known = known.get(&project.id);
            match self.task(project, known) {
                Task::Nothing => {}
                Task::Read => changed.push((project.clone(), known.cloned())),
                Task::Withdraw => self.withdraw_known(known, report).await?,
            }
        }
        self.read(&changed, report).await?;
        Ok(changed.len())
    }

    /// Reads their files, some at once, and takes them over one after another.
    async fn read(
        &self,
        projects: &[(ListedProject, Option<KnownProject>)],
        report: &mut ScanReport,
    ) -> Result<(), SourceError> {
        let file = async |(project, known): &(ListedProject, Option<KnownProject>)| {
            let path = self.group.path.trim_matches('/');
            let found = self.gitlab.client().file(project.id, path, self.group.branch.as_deref()).await;
            (project.clone(), known.clone(), found)
        };
        // The other half is for whoever asks. All are read before the first is written: a read that nobody polls would time out.
        let at_once = self.gitlab.config().requests_in_flight_max.div_ceil(2);
        let found: Vec<_> = stream::iter(projects).map(file).buffer_unordered(at_once).collect().await;
        for (project, known, found) in found {
            self.settle(&project, known.as_ref(), found, report).await?;
        }
        Ok(())
    }
}
