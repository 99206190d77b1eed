//! Runs of mapped templates as deployments, for the synchronisation. Templates are read in groups, so that a thousand of them
//! are a few calls; what an inventory is called tells the environment.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, Utc};
use schema::{DeploymentStatus, EnvironmentTier, SourceKind};

use super::{
    Awx,
    client::{Client, IDS_MAX, ROWS_MAX},
    template_id,
    wire::DeploymentJob,
};
use crate::{
    SourceError,
    ingest::DeploymentEvent,
    sync::{DeploymentSource, Mapped, Member, Part, Place, Step},
};

/// So many templates of a group at most, on average: their ids have to fit into one question.
const GROUP_TEMPLATES: usize = IDS_MAX / 2;

/// The environment of runs without an inventory, such as workflows'.
const NO_ENVIRONMENT: &str = "unknown";

impl Client {
    /// Runs of these templates that ended at or after `from`, first ended first, at most 200.
    async fn ended_runs(&self, templates: &[i32], from: DateTime<Utc>) -> Result<Vec<DeploymentJob>, SourceError> {
        let from = from.to_rfc3339_opts(SecondsFormat::Micros, true);
        let query = [
            ("unified_job_template__in", list(templates)),
            ("finished__gte", from),
            ("order_by", "finished,id".to_owned()),
        ];
        self.rows("deployments", "unified_jobs/", &query, ROWS_MAX).await
    }

    /// Runs of these templates that have not ended, newest first, at most 200.
    async fn open_runs(&self, templates: &[i32]) -> Result<Vec<DeploymentJob>, SourceError> {
        let query = [
            ("unified_job_template__in", list(templates)),
            ("finished__isnull", "true".to_owned()),
            ("order_by", "-id".to_owned()),
        ];
        self.rows("deployments", "unified_jobs/", &query, ROWS_MAX).await
    }
}

fn list(ids: &[i32]) -> String {
    ids.iter().map(i32::to_string).collect::<Vec<_>>().join(",")
}

#[async_trait]
impl DeploymentSource for Awx {
    fn kind(&self) -> SourceKind {
        SourceKind::Awx
    }

    fn name(&self) -> &str {
        SourceKind::Awx.as_str()
    }

    fn annotations(&self) -> Vec<&str> {
        vec![self.annotation()]
    }

    fn parts(&self, tenant: &str, mapped: &[Mapped]) -> Vec<Part> {
        if self.config().tenants.reach(tenant).is_nothing() {
            return Vec::new();
        }
        let members = mapped.iter().flat_map(|mapped| {
            let ids = template_id::read_list(mapped.value(self.annotation()).unwrap_or_default()).into_iter();
            ids.map(|id| (id, mapped.component.clone())).collect::<Vec<_>>()
        });
        let members: Vec<_> = members.collect();
        let mut ids: Vec<i32> = members.iter().map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        // By remainder, so that a new template touches one group alone; doubling leaves half of the groups' members together.
        let groups = ids.len().div_ceil(GROUP_TEMPLATES).next_power_of_two();
        let mut parts: BTreeMap<usize, Part> = BTreeMap::new();
        for (id, component) in members {
            let group = usize::try_from(id).unwrap_or(0) % groups;
            let name = format!("templates {group} of {groups}");
            let part = || Part { tenant: tenant.to_owned(), name, members: Vec::new() };
            let part = parts.entry(group).or_insert_with(part);
            part.members.push(Member { component, value: id.to_string() });
        }
        parts.into_values().collect()
    }

    fn parts_at_once(&self) -> usize {
        self.config().requests_in_flight_max.div_ceil(4)
    }

    async fn read(&self, part: &Part, Place { since, from, .. }: Place<'_>) -> Result<Step, SourceError> {
        let mut ids: Vec<i32> = part.members.iter().filter_map(|member| template_id::read(&member.value)).collect();
        ids.sort_unstable();
        ids.dedup();
        let (mut rows, mut last_of_all, mut last_of_full) = (Vec::new(), None, None);
        for ids in ids.chunks(IDS_MAX) {
            let ended = self.client().ended_runs(ids, from.unwrap_or(since)).await?;
            let last = ended.iter().filter_map(|run| run.finished).max();
            last_of_all = std::cmp::max(last_of_all, last);
            if ended.len() >= ROWS_MAX {
                last_of_full = Some(last_of_full.map_or(last, |known| std::cmp::min(known, last)));
            }
            rows.extend(ended);
            rows.extend(self.client().open_runs(ids).await?);
        }
        // As far as the fullest answer came; the others are asked for again from there.
        let read_to = last_of_full.unwrap_or(last_of_all);
        let has_more = last_of_full.is_some() && read_to > from;
        let reach = self.config().tenants.reach(&part.tenant);
        rows.retain(|run| !run.is_slice() && reach.holds(|own| run.organization() == Some(own)));
        let events = rows.into_iter().filter_map(|run| Some((run.unified_job_template?, self.event(run, since)?)));
        let events = events.flat_map(|(template, event)| {
            event.of_each(&part.components_of(&template.to_string())).collect::<Vec<_>>()
        });
        Ok(Step { events: events.collect(), read_to, has_more, cursor: None })
    }
}

impl Awx {
    /// A run as an event of no component yet; none for one from before.
    fn event(&self, mut run: DeploymentJob, since: DateTime<Utc>) -> Option<DeploymentEvent> {
        let (number, created_at) = (run.id?, run.created.filter(|created_at| *created_at >= since)?);
        let environment = run.inventory().unwrap_or(NO_ENVIRONMENT).to_owned();
        let is_named = run.inventory().is_some();
        Some(DeploymentEvent {
            source_key: number.to_string(),
            component: None,
            created_at,
            is_seen_only: false,
            state_at: run.finished.or(run.started).unwrap_or(created_at),
            tier: if is_named { EnvironmentTier::of_environment(&environment) } else { EnvironmentTier::Unknown },
            environment,
            environment_url: None,
            version: None,
            commit_sha: None,
            committed_at: None,
            status: status(run.status.as_deref()),
            started_at: run.started,
            finished_at: run.finished,
            triggered_by: run.launcher(),
            url: self.client().run_page(run.r#type.as_deref().unwrap_or("job"), number),
            job_key: Some(format!("AutomationJob:{number}")),
            git_ref: run.branch(),
            labels: run.labels(),
        })
    }
}

/// AWX's word for how it stands.
fn status(word: Option<&str>) -> DeploymentStatus {
    match word.unwrap_or_default() {
        "new" | "pending" | "waiting" => DeploymentStatus::Pending,
        "running" => DeploymentStatus::Running,
        "successful" => DeploymentStatus::Succeeded,
        "failed" | "error" => DeploymentStatus::Failed,
        "canceled" => DeploymentStatus::Canceled,
        _ => DeploymentStatus::Unknown,
    }
}
