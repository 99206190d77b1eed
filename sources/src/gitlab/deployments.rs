//! Deployments of GitLab's projects, for the synchronisation. A project is a part; what it deploys belongs to every component
//! that names it. Lists are windows over `updated_at`: pages by number would skip what moves while they are turned.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::StatusCode;
use schema::{DeploymentStatus, EnvironmentTier, SourceKind, WebUrl};

use super::{
    Gitlab,
    client::Client,
    wire_deployment::{Deployable, Deployment},
};
use crate::{
    SourceError,
    ingest::DeploymentEvent,
    sync::{DeploymentSource, Mapped, Member, Part, Place, Step},
};

/// Rows of a page: the most that GitLab gives.
const PAGE_ROWS: usize = 100;

impl Client {
    /// A page of a project's deployments that changed at or after `from`, oldest change first; none when there is no such project.
    async fn deployments(
        &self,
        path: &str,
        from: Option<DateTime<Utc>>,
        page: u32,
    ) -> Result<Option<Vec<Deployment>>, SourceError> {
        let mut url = self.rest(&["projects", path, "deployments"])?;
        url.query_pairs_mut()
            .append_pair("order_by", "updated_at")
            .append_pair("sort", "asc")
            .append_pair("per_page", &PAGE_ROWS.to_string())
            .append_pair("page", &page.to_string());
        if let Some(from) = from {
            url.query_pairs_mut().append_pair("updated_after", &from.to_rfc3339_opts(SecondsFormat::Millis, true));
        }
        let ask = |client: &reqwest::Client| self.authorized(client.get(url.clone()));
        let answer = self.upstream().send("deployments", ask, &[StatusCode::NOT_FOUND]).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        answer.json().map(Some)
    }
}

#[async_trait]
impl DeploymentSource for Gitlab {
    fn kind(&self) -> SourceKind {
        SourceKind::Gitlab
    }

    fn name(&self) -> &str {
        SourceKind::Gitlab.as_str()
    }

    fn annotations(&self) -> Vec<&str> {
        vec![self.annotation()]
    }

    fn parts(&self, tenant: &str, mapped: &[Mapped]) -> Vec<Part> {
        let mut parts: BTreeMap<String, Part> = BTreeMap::new();
        for mapped in mapped {
            let value = mapped.value(self.annotation());
            let Some(path) = value.and_then(|value| self.project_of(tenant, value)) else { continue };
            let part = || Part { tenant: tenant.to_owned(), name: path.clone(), members: Vec::new() };
            let part = parts.entry(path.clone()).or_insert_with(part);
            part.members.push(Member { component: mapped.component.clone(), value: path });
        }
        parts.into_values().collect()
    }

    fn parts_at_once(&self) -> usize {
        // The other half is for whoever asks.
        self.config().requests_in_flight_max.div_ceil(2)
    }

    async fn read(&self, part: &Part, Place { since, from, cursor }: Place<'_>) -> Result<Step, SourceError> {
        let Instant { from, page } =
            cursor.and_then(Instant::read).unwrap_or(Instant { from: from.unwrap_or(since), page: 1 });
        // A project that is gone or out of sight says nothing more; what it said stays.
        let rows = self.client().deployments(&part.name, Some(from), page).await?.unwrap_or_default();
        let has_more = rows.len() >= PAGE_ROWS;
        let read_to = rows.iter().filter_map(|row| row.updated_at).max();
        let events = rows.iter().filter(|row| row.created_at.is_some_and(|created_at| created_at >= since));
        let components = part.components_of(&part.name);
        let events = events.filter_map(|row| event(&part.name, row)).flat_map(|event| event.of_each(&components));
        // From the last change on there is less to read; where all changed in the same instant the next page is the way.
        let stands_still = has_more && read_to <= Some(from);
        let cursor = stands_still.then(|| Instant { from, page: page + 1 }.write());
        Ok(Step { events: events.collect(), read_to, has_more, cursor })
    }
}

/// Where a reading stands among changes of the same instant: a bulk update, such as a migration's, may touch a whole project.
struct Instant {
    from: DateTime<Utc>,
    page: u32,
}

impl Instant {
    fn read(cursor: &str) -> Option<Self> {
        let (from, page) = cursor.split_once(' ')?;
        Some(Self { from: from.parse().ok()?, page: page.parse().ok()? })
    }

    fn write(&self) -> String {
        format!("{} {}", self.from.to_rfc3339(), self.page)
    }
}

/// A row as an event of no component yet; none without what every deployment has.
fn event(path: &str, row: &Deployment) -> Option<DeploymentEvent> {
    let created_at = row.created_at?;
    let environment = row.environment.as_ref()?.name.clone()?;
    let job = row.deployable.as_ref();
    let tier = row.environment.as_ref().and_then(|environment| environment.tier.as_deref());
    let status = status(row.status.as_deref());
    let ended = matches!(status, DeploymentStatus::Succeeded | DeploymentStatus::Failed | DeploymentStatus::Canceled);
    let pipeline = job.and_then(|job| job.pipeline.as_ref()).and_then(|pipeline| pipeline.id);
    Some(DeploymentEvent {
        source_key: row.id?.to_string(),
        component: None,
        created_at,
        is_seen_only: false,
        state_at: row.updated_at.unwrap_or(created_at),
        environment_url: row.environment.as_ref().and_then(|place| WebUrl::read(place.external_url.as_deref()?)),
        tier: tier.map_or_else(|| EnvironmentTier::of_environment(&environment), EnvironmentTier::of_str),
        environment,
        version: row.version(),
        commit_sha: row.sha.clone(),
        committed_at: job.and_then(Deployable::committed_at),
        status,
        started_at: job.and_then(|job| job.started_at).or_else(|| ended.then_some(created_at)),
        // What was made through the API has no job: its last change is its end.
        finished_at: job.and_then(|job| job.finished_at).or(row.updated_at).filter(|_| ended),
        triggered_by: row.user.as_ref().and_then(|user| user.username.clone().or_else(|| user.name.clone())),
        url: job.and_then(|job| WebUrl::read(job.web_url.as_deref()?)),
        job_key: pipeline.map(|id| format!("Pipeline:{path}:gid://gitlab/Ci::Pipeline/{id}")),
        git_ref: row.git_ref.clone(),
        labels: Vec::new(),
    })
}

/// GitLab's word for how it stands.
fn status(word: Option<&str>) -> DeploymentStatus {
    match word.unwrap_or_default() {
        "created" => DeploymentStatus::Pending,
        "blocked" => DeploymentStatus::Blocked,
        "running" => DeploymentStatus::Running,
        "success" => DeploymentStatus::Succeeded,
        "failed" => DeploymentStatus::Failed,
        "canceled" => DeploymentStatus::Canceled,
        "skipped" => DeploymentStatus::Skipped,
        _ => DeploymentStatus::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_deployment_loses_nothing() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../shared/contracts/gitlab/rest-examples-gitlab4j/deployment.json");
        let Ok(text) = std::fs::read_to_string(&path) else {
            println!("skipped: {} is not there", path.display());
            return;
        };
        let row: Deployment = serde_json::from_str(&text).unwrap();
        let event = event("group/api", &row).unwrap();
        assert_eq!((event.source_key.as_str(), event.environment.as_str()), ("42", "production"));
        assert_eq!(event.tier, EnvironmentTier::Production);
        assert_eq!(event.commit_sha.as_deref(), Some("a91957a858320c0e17f3a0eca7cfacbff50ea29a"));
        assert_eq!(event.created_at.to_rfc3339(), "2016-08-11T11:32:35.444+00:00");
        assert_eq!(event.state_at.to_rfc3339(), "2016-08-11T11:34:01.123+00:00");
        assert_eq!(event.committed_at.unwrap().to_rfc3339(), "2016-08-11T13:28:26+00:00");
        assert_eq!((event.triggered_by.as_deref(), event.git_ref.as_deref()), (Some("root"), Some("master")));
        // The example has no status, which is not guessed.
        assert_eq!((event.status, event.version), (DeploymentStatus::Unknown, None));
    }

    #[test]
    fn what_was_made_through_the_api_has_no_job_and_a_tag_is_a_version() {
        let row = serde_json::json!({
            "id": 7, "ref": "v1.2.0", "sha": "c0ffee", "status": "success", "environment": { "name": "qa" },
            "created_at": "2026-03-01T10:00:00Z", "updated_at": "2026-03-01T10:05:00Z", "deployable": null,
        });
        let api = event("group/api", &serde_json::from_value(row.clone()).unwrap()).unwrap();
        assert_eq!((api.finished_at, api.job_key.as_deref(), api.version.as_deref()), (Some(api.state_at), None, None));
        let mut row = row;
        row["deployable"] =
            serde_json::json!({ "tag": true, "pipeline": { "id": 9 }, "finished_at": "2026-03-01T10:04:00Z" });
        let tagged = event("group/api", &serde_json::from_value(row).unwrap()).unwrap();
        assert_eq!(tagged.version.as_deref(), Some("v1.2.0"));
        assert_eq!(tagged.job_key.as_deref(), Some("Pipeline:group/api:gid://gitlab/Ci::Pipeline/9"));
        for missing in ["id", "created_at", "environment"] {
            let row =
                serde_json::json!({ "id": 7, "created_at": "2026-03-01T10:00:00Z", "environment": { "name": "qa" } });
            let mut row = row;
            row.as_object_mut().unwrap().remove(missing);
            assert_eq!(event("group/api", &serde_json::from_value(row).unwrap()), None, "{missing}");
        }
    }
}
