//! What becomes of one project: its file is taken over, what it no longer declares is withdrawn, and what cannot be read leaves a
//! processing error while everything stays that stood before.

use chrono::{DateTime, TimeDelta, Utc};
use schema::AuditEntry;
use sha2::{Digest, Sha256};

use super::{
    scan::{Scan, ScanReport},
    store::{KnownProject, Scope},
};
use crate::{
    SourceError,
    catalog::{self, Outcome, Refusal},
    gitlab::{FoundFile, FoundProject, ListedProject},
    ingest::{ImportReport, Location},
};

/// GitLab notes an activity at most once in an hour: what is pushed within one of it shows only then.
const UNNOTED: TimeDelta = TimeDelta::minutes(61);

/// How soon a project is looked at again that could not be taken over as a whole; twice as long each time.
const RETRY: TimeDelta = TimeDelta::minutes(2);

/// What to do with a listed project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    /// It is known as it is.
    Nothing,
    /// Its file must be read.
    Read,
    /// It is none that is looked for, or not any more.
    Withdraw,
}

impl Scan<'_> {
    pub(super) fn task(&self, project: &ListedProject, known: Option<&KnownProject>) -> Task {
        let is_wanted = self.is_wanted(project);
        match known {
            Some(_) if !is_wanted => Task::Withdraw,
            None if !is_wanted => Task::Nothing,
            Some(known) if self.is_in_place(project, known) && known.active_at >= project.last_activity_at => {
                Task::Nothing
            }
            _ => Task::Read,
        }
    }

    fn is_wanted(&self, project: &ListedProject) -> bool {
        let topics = &self.group.topics;
        let path = project.full_path.to_lowercase();
        project.archived != Some(true)
            && path.starts_with(&format!("{}/", self.group.group_path()))
            && self.gitlab.may_read(self.tenant, &path)
            && (topics.is_empty() || project.topics.iter().any(|topic| topics.contains(topic)))
    }

    /// The file's page, which people can open.
    fn page_of(&self, project: &ListedProject) -> String {
        let url = project.web_url.clone().unwrap_or_else(|| project.full_path.clone());
        let branch = self.group.branch.as_deref().or(project.default_branch.as_deref()).unwrap_or("HEAD");
        format!("{url}/-/blob/{branch}/{}", self.group.path.trim_matches('/'))
    }

    /// Takes over what was found of a project.
    pub(super) async fn settle(
        &self,
        scope: Scope<'_>,
        known: Option<&KnownProject>,
        project: &ListedProject,
        found: Result<FoundFile, SourceError>,
        report: &mut ScanReport,
    ) -> Result<(), SourceError> {
        let now = self.clock.now();
        report.looked_at += 1;
        let mut settled = KnownProject {
            project_id: project.id,
            // By the number, which stays when a project is moved, and is no other's when one takes its place.
            location: self.gitlab.client().group_page(&format!("projects/{}", project.id)),
            full_path: project.full_path.clone(),
            page: self.page_of(project),
            covers: self.group.covers(),
            active_at: project.last_activity_at,
            content_hash: None,
            blob_id: None,
            is_declaring: false,
            failures: 0,
        };
        let mut is_whole = true;
        match found {
            Ok(FoundFile::Content { bytes, blob_id }) => {
                let hash = Sha256::digest(&bytes).to_vec();
                let is_known =
                    known.is_some_and(|known| known.content_hash.as_ref() == Some(&hash) && known.page == settled.page);
                if !is_known {
                    report.taken_over += 1;
                    is_whole = self.take_over(&settled, bytes).await?;
                }
                settled.is_declaring = true;
                if is_whole {
                    (settled.content_hash, settled.blob_id) = (Some(hash), blob_id);
                }
            }
            Ok(FoundFile::Missing) if known.is_some_and(|known| known.is_declaring) => {
                self.apply(&settled.location, Vec::new()).await?;
                report.withdrawn += 1;
            }
            Ok(FoundFile::Missing) => {}
            Err(error) => {
                report.failed += 1;
                (is_whole, settled.is_declaring) = (false, true);
                // Under its old page what it declared there counts as unreadable, and stays.
                let page = known.filter(|known| known.is_declaring).map_or(&settled.page, |known| &known.page).clone();
                self.apply(&settled.location, vec![refused(&page, format!("it could not be read: {error}"))]).await?;
                settled.page = page;
            }
        }
        let mut look_at = second_look(project.last_activity_at, now);
        if !is_whole {
            (settled.failures, look_at) = self.next_try(known, now);
        }
        self.database.write_discovered(scope, &settled, look_at).await
    }

    /// Whether a project that is to be looked at again still has the very file that was taken over.
    pub(super) fn is_as_known(&self, found: &FoundProject, known: &KnownProject) -> bool {
        self.is_in_place(&found.project, known)
            && known.failures == 0
            && known.blob_id == found.blob_id
            && known.blob_id.is_some() == known.is_declaring
    }

    /// Remembers that nothing became of an activity.
    pub(super) async fn settle_as_known(
        &self,
        scope: Scope<'_>,
        found: &FoundProject,
        known: &KnownProject,
    ) -> Result<(), SourceError> {
        let active_at = found.project.last_activity_at;
        let look_at = second_look(active_at, self.clock.now());
        self.database.write_discovered(scope, &KnownProject { active_at, ..known.clone() }, look_at).await
    }

    /// Whether it is looked for as before, and lies where it lay.
    fn is_in_place(&self, project: &ListedProject, known: &KnownProject) -> bool {
        known.covers == self.group.covers()
            && known.full_path == project.full_path
            && known.page == self.page_of(project)
    }

    /// How often in a row it has failed now, and when it is tried again.
    fn next_try(&self, known: Option<&KnownProject>, now: DateTime<Utc>) -> (i32, Option<DateTime<Utc>>) {
        let failures = known.map_or(0, |known| known.failures).saturating_add(1);
        let longest = TimeDelta::from_std(self.config.whole_interval).unwrap_or(RETRY).max(RETRY);
        let wait = RETRY * 2_i32.pow(u32::try_from(failures - 1).unwrap_or(0).min(16));
        (failures, Some(now + wait.min(longest)))
    }

    /// Looks at a project some other time of which GitLab does not say what it is now.
    pub(super) async fn put_off(
        &self,
        scope: Scope<'_>,
        known: Option<KnownProject>,
        error: &SourceError,
        report: &mut ScanReport,
    ) -> Result<(), SourceError> {
        let Some(known) = known else { return Ok(()) };
        report.failed += 1;
        tracing::warn!(project = known.full_path, error = error.chain(), "a project could not be looked at");
        let (failures, look_at) = self.next_try(Some(&known), self.clock.now());
        self.database.write_discovered(scope, &KnownProject { failures, ..known }, look_at).await
    }

    /// Withdraws what a project declared, which is gone or not looked for any more.
    pub(super) async fn withdraw(
        &self,
        scope: Scope<'_>,
        known: Option<KnownProject>,
        report: &mut ScanReport,
    ) -> Result<(), SourceError> {
        let Some(known) = known else { return Ok(()) };
        if known.is_declaring {
            self.apply(&known.location, Vec::new()).await?;
            report.withdrawn += 1;
        }
        self.database.forget_discovered(scope, known.project_id).await
    }

    /// Whether all that the file says was taken over.
    async fn take_over(&self, project: &KnownProject, bytes: Vec<u8>) -> Result<bool, SourceError> {
        let page = project.page.clone();
        let outcomes = if bytes.len() > self.text_bytes_max {
            vec![refused(&page, format!("it is larger than {} bytes", self.text_bytes_max))]
        } else {
            let parse = tokio::task::spawn_blocking(move || match String::from_utf8(bytes) {
                Ok(text) => catalog::resolve_conflicts(catalog::read_text(&page, &text, &catalog::Limits::default())),
                Err(_) => vec![refused(&page, "it is not UTF-8 text")],
            });
            parse.await.map_err(|error| SourceError::Invalid(error.to_string()))?
        };
        match self.apply(&project.location, outcomes).await {
            Ok(report) => Ok(report.refused.is_empty()),
            // Of one file, not of the database.
            Err(error @ (SourceError::Invalid(_) | SourceError::Statement(_))) => {
                tracing::error!(page = project.page, error = error.chain(), "a catalog file could not be taken over");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    pub(super) async fn apply(&self, location: &str, outcomes: Vec<Outcome>) -> Result<ImportReport, SourceError> {
        let audit = AuditEntry {
            subject: "weft".to_owned(),
            action: "discovery.gitlab".to_owned(),
            target: Some(location.chars().take(200).collect()),
            ..AuditEntry::default()
        };
        let location =
            Location { tenant: self.tenant.to_owned(), location_type: "gitlab", target: location.to_owned() };
        self.database.apply_location(&location, outcomes, self.limits, &audit, &|_| {}).await
    }
}

pub(super) fn refused(page: &str, message: impl Into<String>) -> Outcome {
    Outcome::Refused(Refusal::of_file(page, message))
}

/// When to look again at what was active just now: once the next activity would be noted.
fn second_look(active_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    active_at.map(|active_at| active_at + UNNOTED).filter(|look_at| *look_at > now)
}
