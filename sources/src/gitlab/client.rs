//! The calls to GitLab. The token is exposed in one line of this file and nowhere else.

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use reqwest::{RequestBuilder, StatusCode};
use schema::{PipelineRecord, RepositoryRecord, SourceKind};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

use super::{
    partial::ByPath,
    wire::{Answer, Probe, Project, ProjectPipeline, Token},
};
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

    /// The projects with these paths, at most 50.
    pub(super) async fn repositories(&self, paths: &[String]) -> Result<ByPath<RepositoryRecord>, SourceError> {
        let variables = json!({ "paths": paths });
        let projects: ByPath<Project> =
            self.of_projects("repositories", include_str!("repositories.graphql"), variables, paths).await?;
        // GitLab cannot be asked for "the default branch" itself: projects with an unusual one take another call.
        let mut unusual: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for project in projects.values().flatten() {
            if let Some(branch) = project.unusual_branch() {
                unusual.entry(branch.to_owned()).or_default().push(project.full_path.clone());
            }
        }
        let record = |project: Project| project.into_record(&self.base_url);
        let mut records: ByPath<RepositoryRecord> =
            projects.into_iter().map(|(path, project)| (path, project.map(record))).collect();
        let by_branch = stream::iter(unusual).map(async |(branch, paths)| {
            let (query, variables) =
                (include_str!("branch_pipelines.graphql"), json!({ "paths": paths, "branch": branch }));
            let outcome = self.of_projects::<Project>("branch_pipelines", query, variables, &paths).await;
            // What is refused is only theirs.
            outcome.unwrap_or_else(|error| {
                paths.into_iter().map(|path| (path.to_lowercase(), Err(error.clone()))).collect()
            })
        });
        let by_branch: Vec<ByPath<Project>> = by_branch.buffer_unordered(FOLLOWING_AT_ONCE).collect().await;
        for (path, project) in by_branch.into_iter().flatten() {
            match (records.get_mut(&path), project) {
                (Some(Ok(record)), Ok(project)) => {
                    record.latest_pipeline = project.into_branch_pipeline(&self.base_url)
                }
                (Some(record), Err(error)) => *record = Err(error),
                (Some(Err(_)) | None, _) => {}
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

    /// Where entries of this call are kept in Redis.
    pub(super) fn namespace(&self, call: &str, record_version: u32) -> Namespace {
        Namespace::new(SourceKind::Gitlab, call, record_version, &self.base_url, &self.token.current())
    }

    pub(super) fn base_url(&self) -> &Url {
        &self.base_url
    }

    /// The answer of a query that is answered whole or not at all.
    pub(super) async fn query<T: DeserializeOwned>(
        &self,
        call: &'static str,
        query: &str,
        variables: Value,
    ) -> Result<T, SourceError> {
        let answer: Answer<T> = self.answer(call, query, variables).await?;
        if let Some(fault) = answer.errors.first() {
            return Err(self.refused(fault.to_error()));
        }
        answer.data.ok_or_else(|| SourceError::protocol(SourceKind::Gitlab, "it answered without data"))
    }

    /// The answer of a query as it came.
    pub(super) async fn answer<T: DeserializeOwned>(
        &self,
        call: &'static str,
        query: &str,
        variables: Value,
    ) -> Result<Answer<T>, SourceError> {
        let body = json!({ "query": query, "variables": variables });
        let ask = |client: &reqwest::Client| self.authorized(client.post(self.endpoint.clone())).json(&body);
        self.upstream.json(call, ask).await
    }

    /// A whole query was refused, for this reason.
    pub(super) fn refused(&self, error: SourceError) -> SourceError {
        self.upstream.health().failed("it refused a query".to_owned());
        error
    }

    pub(super) fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        request.bearer_auth(self.token.current().expose_secret())
    }
}
