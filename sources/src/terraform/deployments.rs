//! Applies of mapped workspaces as deployments, for the synchronisation. An organization is a part: its list of runs is read
//! from the newest on, as far back as something may have changed, and the current run of each workspace besides, which may have
//! waited for somebody since long before.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use schema::{
    DeploymentStatus, EnvironmentTier, SourceKind, TerraformRunRecord, TerraformRunStatus, TerraformWorkspaceRecord,
};

use super::{
    Terraform, WorkspaceKey,
    client::{Client, RUN_INCLUDE},
    run,
    wire::{Document, Resource},
};
use crate::{
    SourceError,
    cache::{Access, CacheMode},
    ingest::DeploymentEvent,
    sync::{DeploymentSource, Mapped, Member, Part, Place, Step},
};

/// Runs of a page: the most that Terraform gives.
const PAGE_RUNS: u32 = 100;

/// How long a run that is not the current one of its workspace may take to come to its end.
const LIFE_MAX: TimeDelta = TimeDelta::days(1);

/// A run, and when its apply began.
struct Apply {
    run: TerraformRunRecord,
    applying_at: Option<DateTime<Utc>>,
}

impl Client {
    /// A page of an organization's runs, newest first, and whether there is another; none when there is no such organization.
    async fn organization_runs(
        &self,
        organization: &str,
        number: u32,
    ) -> Result<Option<(Vec<Apply>, bool)>, SourceError> {
        let (size, number) = (PAGE_RUNS.to_string(), number.to_string());
        let query = [("page[size]", size.as_str()), ("page[number]", &number), ("include", RUN_INCLUDE)];
        let found: Option<Document<Vec<Resource>>> =
            self.get(self.run_lists(), "deployments", &["organizations", organization, "runs"], &query).await?;
        let Some(found) = found else { return Ok(None) };
        let included = found.included();
        let apply = |resource: &Resource| {
            let run = run::detailed(resource, &included, self.now())?;
            Some(Apply { run, applying_at: resource.reached("applying-at") })
        };
        Ok(Some((found.data.iter().filter_map(apply).collect(), found.has_next())))
    }
}

/// Where a walk over the list of runs stands: the next page, and the newest run when it began.
struct Walk {
    page: u32,
    newest: Option<DateTime<Utc>>,
}

impl Walk {
    /// As a step before wrote it; from the start where none did.
    fn read(cursor: Option<&str>) -> Self {
        let parts = cursor.and_then(|cursor| cursor.split_once(' '));
        let walk =
            parts.and_then(|(page, newest)| Some(Self { page: page.parse().ok()?, newest: newest.parse().ok() }));
        walk.unwrap_or(Self { page: 1, newest: None })
    }

    fn write(&self) -> String {
        let newest = self.newest.map(|newest| newest.to_rfc3339()).unwrap_or_default();
        format!("{} {newest}", self.page)
    }
}

#[async_trait]
impl DeploymentSource for Terraform {
    fn kind(&self) -> SourceKind {
        SourceKind::Terraform
    }

    fn name(&self) -> &str {
        SourceKind::Terraform.as_str()
    }

    fn annotations(&self) -> Vec<&str> {
        vec![self.annotation()]
    }

    fn parts(&self, tenant: &str, mapped: &[Mapped]) -> Vec<Part> {
        let mut parts: BTreeMap<String, Part> = BTreeMap::new();
        for mapped in mapped {
            let value = mapped.value(self.annotation()).unwrap_or_default();
            for key in WorkspaceKey::of_annotation(self.config(), tenant, value) {
                let part = || Part { tenant: tenant.to_owned(), name: key.organization.clone(), members: Vec::new() };
                let part = parts.entry(key.organization.clone()).or_insert_with(part);
                part.members.push(Member { component: mapped.component.clone(), value: key.name });
            }
        }
        parts.into_values().collect()
    }

    fn parts_at_once(&self) -> usize {
        2
    }

    async fn read(&self, part: &Part, place: Place<'_>) -> Result<Step, SourceError> {
        let organization = &part.name;
        let workspaces = self.workspaces_of(organization).await?;
        let mut walk = Walk::read(place.cursor);
        let Some((applies, has_next)) = self.client().organization_runs(organization, walk.page).await? else {
            return Ok(Step { events: Vec::new(), read_to: None, has_more: false, cursor: None });
        };
        let created = |apply: &Apply| apply.run.created_at.map(|moment| moment.0);
        walk.newest = walk.newest.or_else(|| applies.iter().filter_map(created).max());
        let bound = place.from.map_or(place.since, |from| (from - LIFE_MAX).max(place.since));
        let is_through = !has_next || applies.iter().filter_map(created).any(|created_at| created_at < bound);

        let current = workspaces.values().filter(|_| walk.page == 1).filter_map(|workspace| {
            let run = workspace.current_run.clone()?;
            // Of a current run it is not told when its apply began, so only one that came to its end by it counts.
            let applying_at =
                run.finished_at.map(|moment| moment.0).filter(|_| run.status == TerraformRunStatus::Applied);
            Some(Apply { run, applying_at })
        });
        let listed: HashMap<&str, ()> = applies.iter().map(|apply| (apply.run.id.as_str(), ())).collect();
        let current: Vec<Apply> = current.filter(|apply| !listed.contains_key(apply.run.id.as_str())).collect();
        let events = applies.iter().chain(&current).filter_map(|apply| {
            let workspace = workspaces.get(apply.run.workspace_id.as_deref()?)?;
            let event = self.event(workspace, apply).filter(|event| event.created_at >= place.since)?;
            Some(event.of_each(&part.components_of(&workspace.name)).collect::<Vec<_>>())
        });
        let events = events.flatten().collect();
        if is_through {
            return Ok(Step { events, read_to: walk.newest, has_more: false, cursor: None });
        }
        // New runs push the others to later pages: some may be read twice, none is left out.
        let next = Walk { page: walk.page + 1, ..walk };
        Ok(Step { events, read_to: None, has_more: true, cursor: Some(next.write()) })
    }
}

impl Terraform {
    /// The workspaces of an organization, by id.
    async fn workspaces_of(
        &self,
        organization: &str,
    ) -> Result<HashMap<String, std::sync::Arc<TerraformWorkspaceRecord>>, SourceError> {
        let snapshot = self.snapshot(organization, &Access::new(CacheMode::Use)).await?;
        let all = snapshot.iter().flat_map(|snapshot| snapshot.all());
        Ok(all.map(|workspace| (workspace.id.clone(), workspace.clone())).collect())
    }

    /// A run as an event of no component yet; none for one that never could change anything.
    fn event(
        &self,
        workspace: &TerraformWorkspaceRecord,
        Apply { run, applying_at }: &Apply,
    ) -> Option<DeploymentEvent> {
        let created_at = run.created_at?.0;
        let status = status(run.status, applying_at.is_some());
        if run.is_plan_only == Some(true) {
            return None;
        }
        let environment = environment(&workspace.name).to_owned();
        let moments = [
            Some(created_at),
            run.started_at.map(|moment| moment.0),
            *applying_at,
            run.finished_at.map(|moment| moment.0),
        ];
        Some(DeploymentEvent {
            source_key: run.id.clone(),
            component: None,
            created_at,
            is_seen_only: false,
            state_at: moments.into_iter().flatten().max().unwrap_or(created_at),
            tier: EnvironmentTier::of_environment(&environment),
            environment,
            environment_url: None,
            version: None,
            commit_sha: run.commit_sha.clone(),
            committed_at: None,
            status,
            started_at: run.started_at.map(|moment| moment.0),
            finished_at: run.finished_at.map(|moment| moment.0),
            triggered_by: run.details.as_ref().and_then(|details| details.created_by.clone()),
            url: self.run_page(workspace, &run.id),
            job_key: Some(format!("TerraformRun:{}/{}:{}", workspace.organization, workspace.name, run.id)),
            git_ref: None,
            labels: Vec::new(),
        })
    }
}

/// How the deployment stands that a run is. A run that ended without an apply has deployed nothing: it was left out.
fn status(status: TerraformRunStatus, has_applied: bool) -> DeploymentStatus {
    match status {
        TerraformRunStatus::Pending | TerraformRunStatus::Planning => DeploymentStatus::Pending,
        TerraformRunStatus::NeedsConfirmation => DeploymentStatus::Blocked,
        TerraformRunStatus::Applying => DeploymentStatus::Running,
        TerraformRunStatus::Applied => DeploymentStatus::Succeeded,
        TerraformRunStatus::Errored if has_applied => DeploymentStatus::Failed,
        TerraformRunStatus::Canceled => DeploymentStatus::Canceled,
        TerraformRunStatus::Errored
        | TerraformRunStatus::PlannedAndFinished
        | TerraformRunStatus::PolicyFailed
        | TerraformRunStatus::Discarded => DeploymentStatus::Skipped,
        TerraformRunStatus::Unknown => DeploymentStatus::Unknown,
    }
}

/// The environment that the end of a workspace's name says, as in `shop-staging`; production where it says none.
fn environment(workspace: &str) -> &str {
    let end = workspace.rsplit_once(['-', '_']).map_or("", |(_, end)| end);
    match EnvironmentTier::of_environment(end) {
        EnvironmentTier::Other | EnvironmentTier::Unknown => "production",
        _ => end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_says_its_environment_at_the_end_of_its_name() {
        for (workspace, expected) in
            [("shop", "production"), ("shop-staging", "staging"), ("shop_dev", "dev"), ("shop-eu", "production")]
        {
            assert_eq!(environment(workspace), expected, "{workspace}");
        }
    }

    #[test]
    fn a_walk_goes_on_where_it_was() {
        let newest = DateTime::from_timestamp(1_772_452_800, 0);
        let walk = Walk::read(Some(&Walk { page: 7, newest }.write()));
        assert_eq!((walk.page, walk.newest), (7, newest));
        for cursor in [None, Some(""), Some("x y")] {
            assert_eq!(Walk::read(cursor).page, 1, "{cursor:?}");
        }
    }
}
