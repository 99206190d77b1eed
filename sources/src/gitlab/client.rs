//! The calls to GitLab. The token is exposed in one line of this file and nowhere else.

use std::collections::{BTreeMap, HashMap};

use futures::{StreamExt, TryStreamExt, stream};
use reqwest::{RequestBuilder, StatusCode};
use schema::{PipelineRecord, RepositoryRecord, SourceKind};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

use super::wire::{Answer, Probe, Project, ProjectPipeline, Projects, Token};
use crate::{Credential, SourceError, redis::Namespace, upstream::Upstream};

/// Most paths that GitLab accepts in one query.
pub(crate) const PATHS_MAX: usize = 50;
/// Calls at once for what a first call left open.
pub(super) const FOLLOWING_AT_ONCE: usize = 4;

/// GitLab's GraphQL endpoint.
#[derive(Clone)]
pub(crate) struct Client {
    upstream: Upstream,
    base_url: Url,
    endpoint: Url,
    token: Credential,
}

impl Client {
    pub(super) fn new(upstream: Upstream, mut base_url: Url, token: Credential) -> Result<Self, SourceError> {
        if !base_url.path().ends_with('/') {
            // Or `join` would replace the last part: GitLab below a path is common.
            base_url.set_path(&format!("{}/", base_url.path()));
        }
        let endpoint =
            base_url.join("api/graphql").map_err(|error| SourceError::unavailable(SourceKind::Gitlab, error))?;
        Ok(Self { upstream, base_url, endpoint, token })
    }

    pub(crate) fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// The projects with these paths, at most 50, by path in lower case. Those that the token cannot read are absent.
    pub(super) async fn repositories(
        &self,
        paths: &[String],
    ) -> Result<HashMap<String, RepositoryRecord>, SourceError> {
        let projects =
            self.projects("repositories", include_str!("repositories.graphql"), json!({ "paths": paths })).await?;
        // GitLab cannot be asked for "the default branch" itself: projects with an unusual one take another call.
        let mut unusual: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for project in &projects {
            if let Some(branch) = project.unusual_branch() {
                unusual.entry(branch.to_owned()).or_default().push(project.full_path.clone());
            }
        }
        let mut records: HashMap<String, RepositoryRecord> = projects
            .into_iter()
            .map(|project| (project.full_path.to_lowercase(), project.into_record(&self.base_url)))
            .collect();
        let by_branch = stream::iter(unusual).map(|(branch, paths)| {
            let variables = json!({ "paths": paths, "branch": branch });
            self.projects("branch_pipelines", include_str!("branch_pipelines.graphql"), variables)
        });
        let by_branch: Vec<_> = by_branch.buffer_unordered(FOLLOWING_AT_ONCE).try_collect().await?;
        for projects in by_branch {
            for project in projects {
                if let Some(record) = records.get_mut(&project.full_path.to_lowercase()) {
                    record.latest_pipeline = project.into_branch_pipeline(&self.base_url);
                }
            }
        }
        Ok(records)
    }

    /// One pipeline; none when there is no such, or the token cannot read it.
    pub(super) async fn pipeline(&self, path: &str, gid: &str) -> Result<Option<PipelineRecord>, SourceError> {
        let variables = json!({ "path": path, "pipeline": gid });
        let found: ProjectPipeline = self.query("pipeline", include_str!("pipeline.graphql"), variables).await?;
        let pipeline = found.project.and_then(|project| project.pipeline);
        Ok(pipeline.map(|pipeline| pipeline.into_record(&self.base_url)))
    }

    /// The version that GitLab reports.
    pub(super) async fn version(&self) -> Result<Option<String>, SourceError> {
        let probe: Probe = self.query("probe", "query WeftProbe { metadata { version } }", json!({})).await?;
        Ok(probe.metadata.and_then(|metadata| metadata.version))
    }

    /// The scopes of the token; none where GitLab does not tell: it is no personal, group or project access token.
    pub(super) async fn token_scopes(&self) -> Result<Option<Vec<String>>, SourceError> {
        let url = self.base_url.join("api/v4/personal_access_tokens/self");
        let url = url.map_err(|error| SourceError::unavailable(SourceKind::Gitlab, error))?;
        let ask = |client: &reqwest::Client| self.authorized(client.get(url.clone()));
        let untold = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND];
        let answer = self.upstream.send("token", ask, &untold).await?;
        if untold.contains(&answer.status) {
            return Ok(None);
        }
        Ok(answer.json::<Token>()?.scopes)
    }

    async fn projects(&self, call: &'static str, query: &str, variables: Value) -> Result<Vec<Project>, SourceError> {
        let found: Projects = self.query(call, query, variables).await?;
        let projects =
            found.projects.ok_or_else(|| SourceError::protocol(SourceKind::Gitlab, "it left out `projects`"))?;
        Ok(projects.into_items().collect())
    }

    /// Where entries of this call are kept in Redis.
    pub(super) fn namespace(&self, call: &str, record_version: u32) -> Namespace {
        Namespace::new(SourceKind::Gitlab, call, record_version, &self.base_url, &self.token.current())
    }

    pub(super) fn base_url(&self) -> &Url {
        &self.base_url
    }

    pub(super) async fn query<T: DeserializeOwned>(
        &self,
        call: &'static str,
        query: &str,
        variables: Value,
    ) -> Result<T, SourceError> {
        let body = json!({ "query": query, "variables": variables });
        let ask = |client: &reqwest::Client| self.authorized(client.post(self.endpoint.clone())).json(&body);
        let answer: Answer<T> = self.upstream.json(call, ask).await?;
        if let Some(fault) = answer.errors.first() {
            let message: String = fault.message.chars().take(300).collect();
            self.upstream.health().failed("it refused a query".to_owned());
            return Err(SourceError::protocol(SourceKind::Gitlab, message));
        }
        answer.data.ok_or_else(|| SourceError::protocol(SourceKind::Gitlab, "it answered without data"))
    }

    pub(super) fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        request.bearer_auth(self.token.current().expose_secret())
    }
}
