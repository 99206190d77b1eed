//! What becomes of one project: its file is taken over, what it no longer declares is withdrawn, and what cannot be read leaves a
//! processing error while everything stays that stood before.

use chrono::{DateTime, TimeDelta, Utc};
use schema::AuditEntry;
use sha2::{Digest, Sha256};

use super::{
    scan::{Scan, ScanReport},
    store::KnownProject,
};
use crate::{
    SourceError,
    catalog::{self, Outcome, Refusal},
    gitlab::{FoundFile, ListedProject},
    ingest::Location,
};

/// GitLab notes an activity at most once in an hour: what is pushed within one of it shows only then.
const UNNOTED: TimeDelta = TimeDelta::minutes(61);

/// How soon a project that failed is looked at again.
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
            Some(known)
                if known.covers == self.covers()
                    && known.full_path == project.full_path
                    && known.active_at >= project.last_activity_at =>
            {
                Task::Nothing
            }
            _ => Task::Read,
        }
    }

    fn is_wanted(&self, project: &ListedProject) -> bool {
        let topics = &self.group.topics;
        let below = format!("{}/", self.group.group.trim_matches('/').to_lowercase());
        project.archived != Some(true)
            && project.full_path.to_lowercase().starts_with(&below)
            && self.gitlab.may_read(self.tenant, &project.full_path.to_lowercase())
            && (topics.is_empty() || project.topics.iter().any(|topic| topics.contains(topic)))
    }

    /// The file's page, which people can open: the target of its location.
    fn target(&self, project: &ListedProject) -> String {
        let url = project.web_url.clone().unwrap_or_else(|| project.full_path.clone());
        let branch = self.group.branch.as_deref().or(project.default_branch.as_deref()).unwrap_or("HEAD");
        format!("{url}/-/blob/{branch}/{}", self.group.path.trim_matches('/'))
    }

    /// Takes over what was found of a project.
    pub(super) async fn settle(
        &self,
        project: &ListedProject,
        known: Option<&KnownProject>,
        found: Result<FoundFile, SourceError>,
        report: &mut ScanReport,
    ) -> Result<(), SourceError> {
        let now = self.clock.now();
        let target = self.target(project);
        let was_declaring = known.is_some_and(|known| known.is_declaring);
        if let Some(known) = known.filter(|known| known.is_declaring && known.target != target) {
            self.database.move_discovered(self.tenant, &known.target, &target).await?;
        }
        report.looked_at += 1;
        let mut settled = KnownProject {
            project_id: project.id,
            full_path: project.full_path.clone(),
            target,
            covers: self.covers(),
            active_at: project.last_activity_at,
            content_hash: None,
            is_declaring: false,
        };
        let mut look_at = second_look(project.last_activity_at, now);
        match found {
            Ok(FoundFile::Bytes(bytes)) => {
                let hash = Sha256::digest(&bytes).to_vec();
                if known.and_then(|known| known.content_hash.as_ref()) != Some(&hash) {
                    self.take_over(&settled.target, bytes).await?;
                    report.taken_over += 1;
                }
                (settled.content_hash, settled.is_declaring) = (Some(hash), true);
            }
            Ok(FoundFile::Missing) if was_declaring => {
                self.apply(&settled.target, Vec::new()).await?;
                report.withdrawn += 1;
            }
            Ok(FoundFile::Missing) => {}
            Err(error) => {
                report.failed += 1;
                let message = format!("it could not be read: {}", error.chain());
                self.apply(&settled.target, vec![refused(&settled.target, message)]).await?;
                settled.is_declaring = true;
                look_at = Some(now + RETRY);
            }
        }
        self.database.write_discovered(self.scope(), &settled, look_at).await
    }

    /// Withdraws what a project declared, which is gone or not looked for any more.
    pub(super) async fn withdraw(&self, known: &KnownProject, report: &mut ScanReport) -> Result<(), SourceError> {
        if known.is_declaring {
            self.apply(&known.target, Vec::new()).await?;
            report.withdrawn += 1;
        }
        self.database.forget_discovered(self.scope(), known.project_id).await
    }

    async fn take_over(&self, target: &str, bytes: Vec<u8>) -> Result<(), SourceError> {
        let outcomes = if bytes.len() > self.text_bytes_max {
            vec![refused(target, format!("it is larger than {} bytes", self.text_bytes_max))]
        } else {
            let target = target.to_owned();
            let parse = tokio::task::spawn_blocking(move || match String::from_utf8(bytes) {
                Ok(text) => catalog::resolve_conflicts(catalog::read_text(&target, &text, &catalog::Limits::default())),
                Err(_) => vec![refused(&target, "it is not UTF-8 text".to_owned())],
            });
            parse.await.map_err(|error| SourceError::Invalid(error.to_string()))?
        };
        self.apply(target, outcomes).await
    }

    async fn apply(&self, target: &str, outcomes: Vec<Outcome>) -> Result<(), SourceError> {
        let location = Location { tenant: self.tenant.to_owned(), location_type: "gitlab", target: target.to_owned() };
        let audit = AuditEntry {
            subject: "weft".to_owned(),
            action: "discovery.gitlab".to_owned(),
            target: Some(target.chars().take(200).collect()),
            ..AuditEntry::default()
        };
        self.database.apply_location(&location, outcomes, self.limits, &audit, &|_| {}).await.map(|_| ())
    }
}

fn refused(target: &str, message: String) -> Outcome {
    Outcome::Refused(Refusal {
        target: target.to_owned(),
        line: None,
        column: None,
        entity_ref: None,
        is_team_only: false,
        owner_ref: None,
        message,
    })
}

/// When to look again at what was active just now: once the next activity would be noted.
fn second_look(active_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    active_at.map(|active_at| active_at + UNNOTED).filter(|look_at| *look_at > now)
}
