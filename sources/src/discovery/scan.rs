//! `Scan`: one run over the projects of a group.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use schema::{EntityRef, SourceKind};

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

/// How much earlier than its beginning all is taken for seen that a run over the whole list saw: what was pushed meanwhile may
/// have been listed before, and clocks differ.
const OVERLAP: TimeDelta = TimeDelta::minutes(5);

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
        let group_path = self.group.group_path();
        let scope = Scope { tenant: self.tenant, group: &group_path };
        let known = self.database.discovery_mark(scope).await?;
        if known.as_ref().is_some_and(|known| is_within(now - known.scanned_at, self.config.interval)) {
            return Ok(None);
        }
        let page = self.gitlab.client().group_page(&group_path);
        let parent = self.database.declare_group(self.tenant, &page).await?;
        // With other filters all of it is new.
        let known = known.filter(|known| known.covers == self.group.covers());
        let mut report = ScanReport::default();
        let outcome = self.look_through(scope, known, now, &mut report).await;
        self.tell(scope, &parent, &page, outcome.as_ref().err()).await?;
        outcome.map(|()| Some(report))
    }

    async fn look_through(
        &self,
        scope: Scope<'_>,
        known: Option<ScanMark>,
        now: DateTime<Utc>,
        report: &mut ScanReport,
    ) -> Result<(), SourceError> {
        self.check_reach()?;
        let whole_at = known.as_ref().map(|known| known.whole_at);
        let whole_at = whole_at.filter(|whole_at| is_within(now - *whole_at, self.config.whole_interval));
        let seen_to = known.and_then(|known| known.seen_to);
        let newest = match whole_at {
            Some(_) => self.recent(scope, seen_to, report).await?,
            None => self.whole(scope, report).await?.map(|newest| newest.min(now - OVERLAP)),
        };
        self.look_again(scope, now, report).await?;
        let mark = ScanMark {
            covers: self.group.covers(),
            seen_to: newest.max(seen_to),
            whole_at: whole_at.unwrap_or(now),
            scanned_at: now,
        };
        self.database.write_discovery_mark(scope, &mark).await
    }

    /// Lets people see what is wrong with the group itself, which they can mend; that GitLab is away is shown elsewhere.
    async fn tell(
        &self,
        scope: Scope<'_>,
        parent: &EntityRef,
        page: &str,
        failure: Option<&SourceError>,
    ) -> Result<(), SourceError> {
        let message = match failure {
            Some(SourceError::Invalid(message)) => Some(message.clone()),
            Some(_) => return Ok(()),
            None => None,
        };
        if self.database.group_failure(self.tenant, page).await? != message {
            let refused = message.map(|message| super::project::refused(page, message));
            self.apply(page, refused.into_iter().collect()).await?;
        }
        self.database.adopt_discovered(scope, parent, page).await
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

    /// Those that were active since, latest first; answers the latest activity.
    async fn recent(
        &self,
        scope: Scope<'_>,
        seen_to: Option<DateTime<Utc>>,
        report: &mut ScanReport,
    ) -> Result<Option<DateTime<Utc>>, SourceError> {
        let mut newest = None;
        for page in 1..=PAGES_MAX {
            let (projects, has_more) = self.page(ListOrder::LastActive, page).await?;
            let activities = || projects.iter().filter_map(|project| project.last_activity_at);
            newest = newest.max(activities().max());
            let seen = activities().filter(|active_at| Some(*active_at) <= seen_to).count();
            let changed = self.look_at(scope, &projects, report).await?;
            // One that was seen and is as it was: what follows was active earlier, or in the same moment.
            if seen > changed || !has_more {
                break;
            }
        }
        Ok(newest)
    }

    /// All of them, and what is not among them any more; answers the latest activity.
    async fn whole(&self, scope: Scope<'_>, report: &mut ScanReport) -> Result<Option<DateTime<Utc>>, SourceError> {
        let (mut newest, mut listed) = (None, Vec::new());
        for page in 1..=PAGES_MAX {
            let (projects, has_more) = self.page(ListOrder::Id, page).await?;
            newest = newest.max(projects.iter().filter_map(|project| project.last_activity_at).max());
            listed.extend(projects.iter().map(|project| project.id));
            self.look_at(scope, &projects, report).await?;
            if !has_more {
                break;
            }
        }
        // The list may have shifted while its pages were turned: each is asked for before it counts as gone.
        let unlisted = self.database.discovery_unlisted(scope, &listed).await?;
        let known = self.database.discovered(self.tenant, &unlisted).await?;
        let found = self.find(scope, &unlisted, &known, report).await?;
        let found: Vec<ListedProject> = found.into_iter().map(|found| found.project).collect();
        self.look_at(scope, &found, report).await?;
        Ok(newest)
    }

    /// Those that are due whatever the list says.
    async fn look_again(
        &self,
        scope: Scope<'_>,
        now: DateTime<Utc>,
        report: &mut ScanReport,
    ) -> Result<(), SourceError> {
        let due = self.database.discovery_due(scope, now, DUE_MAX).await?;
        self.look_at_ids(scope, &due, report).await
    }

    /// These as they are now, whatever is known of their activity.
    pub(super) async fn look_at_ids(
        &self,
        scope: Scope<'_>,
        due: &[i64],
        report: &mut ScanReport,
    ) -> Result<(), SourceError> {
        let known = self.database.discovered(self.tenant, due).await?;
        let (mut wanted, mut others) = (Vec::new(), Vec::new());
        for found in self.find(scope, due, &known, report).await? {
            let known = known.get(&found.project.id);
            match (self.task(&found.project, None), known) {
                (Task::Read, Some(known)) if self.is_as_known(&found, known) => {
                    self.settle_as_known(scope, &found, known).await?;
                }
                (Task::Read, known) => wanted.push((known.cloned(), found.project)),
                _ => others.push(found.project),
            }
        }
        self.look_at(scope, &others, report).await?;
        self.read(scope, wanted, report).await
    }

    async fn page(&self, order: ListOrder, page: u32) -> Result<(Vec<ListedProject>, bool), SourceError> {
        let found = self.gitlab.client().group_projects(&self.group.group_path(), order, page).await?;
        found.ok_or_else(|| {
            let group = &self.group.group;
            SourceError::Invalid(format!("{} shows no group {group} to its token", SourceKind::Gitlab.as_str()))
        })
    }

    /// Looks at those of a page that changed; answers how many.
    async fn look_at(
        &self,
        scope: Scope<'_>,
        projects: &[ListedProject],
        report: &mut ScanReport,
    ) -> Result<usize, SourceError> {
        report.listed += projects.len();
        let ids: Vec<i64> = projects.iter().map(|project| project.id).collect();
        let mut known: HashMap<i64, KnownProject> = self.database.discovered(self.tenant, &ids).await?;
        let mut changed = Vec::new();
        for project in projects {
            let known = known.remove(&project.id);
            match self.task(project, known.as_ref()) {
                Task::Nothing => {}
                Task::Read => changed.push((known, project.clone())),
                Task::Withdraw => self.withdraw(scope, known, report).await?,
            }
        }
        let count = changed.len();
        self.read(scope, changed, report).await?;
        Ok(count)
    }
}

fn is_within(passed: TimeDelta, span: Duration) -> bool {
    TimeDelta::from_std(span).is_ok_and(|span| passed < span)
}
