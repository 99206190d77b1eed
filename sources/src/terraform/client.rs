//! The calls to Terraform. The token is exposed in one line of this file and nowhere else. Links in answers are never followed:
//! some lead to other hosts and hold secrets, and the next page is a number.

use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use reqwest::{StatusCode, header};
use schema::{SourceKind, TerraformAssessmentRecord, TerraformRunRecord, WebUrl};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use url::Url;

use super::{
    assessment,
    key::RunPageKey,
    run::{self, RunPageRecord},
    snapshot::{self, Snapshot},
    wire::{Document, Resource},
    workspace,
};
use crate::{
    Clock, Credential, SourceError,
    upstream::{Answer, Upstream},
};

/// Most items of a page.
const PAGE_MAX: usize = 100;
/// Most pages of an organization that are read at once.
const PAGES_AT_ONCE: usize = 4;
const MEDIA_TYPE: &str = "application/vnd.api+json";
/// What a run is asked to bring along.
pub(super) const RUN_INCLUDE: &str = "plan,cost_estimate,created_by,configuration_version.ingress_attributes";

/// Terraform's API.
#[derive(Clone)]
pub(super) struct Client {
    upstream: Upstream,
    /// The same, with the quota of lists of runs.
    run_lists: Upstream,
    base_url: Url,
    token: Credential,
    clock: Clock,
    workspaces_max: usize,
}

/// What a client is made of.
pub(super) struct Parts {
    pub(super) upstream: Upstream,
    pub(super) run_lists: Upstream,
    pub(super) base_url: Url,
    pub(super) token: Credential,
    pub(super) clock: Clock,
    pub(super) workspaces_max: usize,
}

impl Client {
    pub(super) fn new(parts: Parts) -> Self {
        let Parts { upstream, run_lists, base_url, token, clock, workspaces_max } = parts;
        Self { upstream, run_lists, base_url, token, clock, workspaces_max }
    }

    pub(super) fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// The same, with the quota of lists of runs.
    pub(super) fn run_lists(&self) -> &Upstream {
        &self.run_lists
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// All workspaces of an organization; none when it is not there or the token has no right in it.
    pub(super) async fn workspaces(&self, organization: &str) -> Result<Option<Snapshot>, SourceError> {
        let Some(first) = self.workspaces_page(organization, 1).await? else { return Ok(None) };
        let now = self.clock.now();
        let mut snapshot = Snapshot::default();
        snapshot.add(&first, organization, &self.base_url, now);
        let pages_max = self.workspaces_max.div_ceil(PAGE_MAX);
        let is_told = first.pages().is_some();
        let pages = first.pages().map_or(pages_max, |pages| usize::try_from(pages).unwrap_or(usize::MAX));
        let total = first.total().map_or(0, |total| usize::try_from(total).unwrap_or(usize::MAX));
        if pages > pages_max || total > self.workspaces_max {
            return Err(self.too_many(organization));
        }
        if is_told {
            let rest = stream::iter(2..=pages).map(|number| self.workspaces_page(organization, number));
            let rest: Vec<_> = rest.buffer_unordered(PAGES_AT_ONCE).try_collect().await?;
            for page in rest {
                snapshot.add(&page.ok_or_else(page_gone)?, organization, &self.base_url, now);
            }
            return Ok(Some(snapshot));
        }
        let (mut has_next, mut number) = (first.has_next(), 1);
        while has_next {
            number += 1;
            if number > pages_max {
                return Err(self.too_many(organization));
            }
            let page = self.workspaces_page(organization, number).await?.ok_or_else(page_gone)?;
            snapshot.add(&page, organization, &self.base_url, now);
            has_next = page.has_next();
        }
        Ok(Some(snapshot))
    }

    /// Whether the organization is there and the token may list its workspaces.
    pub(super) async fn may_read(&self, organization: &str) -> Result<bool, SourceError> {
        let path = ["organizations", organization, "workspaces"];
        let found: Option<Document<Vec<Resource>>> =
            self.get(&self.upstream, "workspaces", &path, &[("page[size]", "1")]).await?;
        Ok(found.is_some())
    }

    /// One run with everything beside it; none when there is no such, or the token has no right to it.
    pub(super) async fn run(&self, id: &str) -> Result<Option<TerraformRunRecord>, SourceError> {
        let query = [("include", RUN_INCLUDE)];
        let found: Option<Document<Resource>> = self.get(&self.upstream, "run", &["runs", id], &query).await?;
        let now = self.clock.now();
        Ok(found.and_then(|found| run::detailed(&found.data, &found.included(), now)))
    }

    /// A page of a workspace's runs; none when there is no such workspace.
    pub(super) async fn runs(&self, key: &RunPageKey) -> Result<Option<RunPageRecord>, SourceError> {
        let (size, number) = (key.size.to_string(), key.number.to_string());
        let query = [("page[size]", size.as_str()), ("page[number]", &number), ("include", RUN_INCLUDE)];
        let found: Option<Document<Vec<Resource>>> =
            self.get(&self.run_lists, "runs", &["workspaces", &key.workspace, "runs"], &query).await?;
        let skipped = u64::from(key.number.saturating_sub(1)) * u64::from(key.size);
        Ok(found.map(|found| run::page(&found, skipped, self.clock.now())))
    }

    /// The newest assessment of a workspace; none when there is none, or assessments are off.
    pub(super) async fn assessment(&self, workspace: &str) -> Result<Option<TerraformAssessmentRecord>, SourceError> {
        let path = ["workspaces", workspace, "current-assessment-result"];
        let found: Option<Document<Resource>> = self.get(&self.upstream, "assessment", &path, &[]).await?;
        Ok(found.map(|found| assessment::record(&found.data)))
    }

    /// The version of the API, asked for with the token: `ping` answers anybody.
    pub(super) async fn version(&self) -> Result<Option<String>, SourceError> {
        let version = |answer: &Answer| answer.header("tfp-api-version").map(str::to_owned);
        let account = self.send(&self.upstream, "account", &["account", "details"], &[], &[]).await?;
        if let Some(version) = version(&account) {
            return Ok(Some(version));
        }
        let ping = self.send(&self.upstream, "ping", &["ping"], &[], &[]).await?;
        Ok(version(&ping))
    }

    /// A run's page in the user interface.
    pub(super) fn run_page(&self, organization: &str, workspace: &str, run: &str) -> Option<WebUrl> {
        workspace::page(&self.base_url, &[organization, "workspaces", workspace, "runs", run])
    }

    async fn workspaces_page(
        &self,
        organization: &str,
        number: usize,
    ) -> Result<Option<Document<Vec<Resource>>>, SourceError> {
        let (size, number) = (PAGE_MAX.to_string(), number.to_string());
        // In an order that a run does not change while pages are read.
        let query = [
            ("page[size]", size.as_str()),
            ("page[number]", &number),
            ("sort", "name"),
            ("include", snapshot::INCLUDE),
        ];
        self.get(&self.upstream, "workspaces", &["organizations", organization, "workspaces"], &query).await
    }

    /// Rights that are missing read as 404, so it is no error.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        upstream: &Upstream,
        call: &'static str,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Option<T>, SourceError> {
        let answer = self.send(upstream, call, path, query, &[StatusCode::NOT_FOUND]).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let decoded = answer.json().map(Some);
        decoded.inspect_err(|_| upstream.health().failed("its answer has a shape we do not know".to_owned()))
    }

    async fn send(
        &self,
        upstream: &Upstream,
        call: &'static str,
        path: &[&str],
        query: &[(&str, &str)],
        expected: &[StatusCode],
    ) -> Result<Answer, SourceError> {
        let url = self.address(path, query)?;
        let ask = |client: &reqwest::Client| {
            let request = client.get(url.clone()).header(header::ACCEPT, MEDIA_TYPE);
            request.bearer_auth(self.token.current().expose_secret())
        };
        upstream.send(call, ask, expected).await
    }

    fn address(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Url, SourceError> {
        let mut url = self.base_url.clone();
        let unusable = |()| SourceError::unavailable(SourceKind::Terraform, "its address cannot be built on");
        url.path_segments_mut().map_err(unusable)?.pop_if_empty().extend(["api", "v2"]).extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    fn too_many(&self, organization: &str) -> SourceError {
        let message = format!(
            "the organization {organization} has more than {} workspaces: see sources.terraform.workspaces_max",
            self.workspaces_max
        );
        tracing::warn!(upstream = %SourceKind::Terraform, message, "an organization is not read");
        self.upstream.health().failed(message.clone());
        SourceError::protocol(SourceKind::Terraform, message)
    }
}

/// Half of an organization would hide the other half.
fn page_gone() -> SourceError {
    SourceError::protocol(SourceKind::Terraform, "a page of its workspaces went away while they were read")
}
