//! The calls to AWX. The token is exposed in one line of this file and nowhere else.
//!
//! Lists are asked for without totals, which cost AWX a second statement over the whole table, and page by `id`, because
//! numbers of pages shift while runs are created. Every path ends in `/`: without it AWX redirects, which is not followed.

use std::collections::HashMap;

use reqwest::{RequestBuilder, StatusCode, header};
use schema::{AutomationJobRecord, AutomationTemplateRecord, SourceKind, WebUrl};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use url::Url;

use super::{
    links::Links,
    wire::{HostSummary, Job, JobDetail, Page, Template},
};
use crate::{Credential, SourceError, redis::Namespace, upstream::Upstream};

/// Most rows of a page; AWX cuts larger ones down to it without a word.
pub(super) const ROWS_MAX: usize = 200;
/// Most ids in one question: addresses have to stay short.
pub(super) const IDS_MAX: usize = 100;

/// AWX's REST API.
#[derive(Clone)]
pub(super) struct Client {
    upstream: Upstream,
    root: Url,
    links: Links,
    token: Credential,
}

/// A page of runs, newest first.
pub(super) struct Runs {
    /// The runs, without slices: these are told by the run that was cut.
    pub(super) jobs: Vec<AutomationJobRecord>,
    /// There may be runs older than this one; none: these are all.
    pub(super) floor: Option<i32>,
}

/// What AWX says it is.
pub(super) struct Product {
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
}

impl Client {
    pub(super) fn new(
        upstream: Upstream,
        base_url: &Url,
        api_prefix: &str,
        token: Credential,
    ) -> Result<Self, SourceError> {
        let root = format!("{}{api_prefix}", base_url.as_str().trim_end_matches('/'));
        let root = Url::parse(&root).map_err(|error| SourceError::unavailable(SourceKind::Awx, error))?;
        Ok(Self { upstream, root, links: Links::new(base_url, api_prefix), token })
    }

    pub(super) fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// The name under which replicas share the answers to this call.
    pub(super) fn namespace(&self, call: &str, record_version: u32) -> Namespace {
        Namespace::new(SourceKind::Awx, call, record_version, &self.root, &self.token.current())
    }

    /// The templates with these ids, at most 100. Those that the token cannot read are absent, and what is no template.
    pub(super) async fn templates(&self, ids: &[i32]) -> Result<HashMap<i32, AutomationTemplateRecord>, SourceError> {
        let query = [("id__in", list(ids)), ("order_by", "id".to_owned())];
        let found: Vec<Template> = self.rows("templates", "unified_job_templates/", &query, ROWS_MAX).await?;
        let records = found.into_iter().filter_map(|template| template.into_record(&self.links));
        Ok(records.map(|record| (record.number, record)).collect())
    }

    /// The newest runs of these templates, at most 100; with `before`, of those that are older than this run.
    pub(super) async fn runs(
        &self,
        templates: &[i32],
        before: Option<i32>,
        rows_max: usize,
    ) -> Result<Runs, SourceError> {
        let mut query = vec![("unified_job_template__in", list(templates)), ("order_by", "-id".to_owned())];
        query.extend(before.map(|before| ("id__lt", before.to_string())));
        let rows_max = rows_max.clamp(1, ROWS_MAX);
        let found: Vec<Job> = self.rows("jobs", "unified_jobs/", &query, rows_max).await?;
        let is_full = found.len() >= rows_max;
        let floor = found.iter().filter_map(Job::number).min().filter(|_| is_full);
        if is_full && floor.is_none() {
            return Err(SourceError::protocol(SourceKind::Awx, "its runs have no numbers"));
        }
        let whole = found.into_iter().filter(|job| !job.is_slice()).collect();
        Ok(Runs { jobs: self.records(whole), floor })
    }

    /// The runs with these numbers, at most 100. Those that the token cannot read are absent.
    pub(super) async fn runs_by_numbers(&self, numbers: &[i32]) -> Result<Vec<AutomationJobRecord>, SourceError> {
        let query = [("id__in", list(numbers)), ("order_by", "id".to_owned())];
        Ok(self.records(self.rows("jobs_by_ids", "unified_jobs/", &query, ROWS_MAX).await?))
    }

    /// Whether every event of a playbook run is in; none when there is no such run.
    pub(super) async fn is_settled(&self, number: i32) -> Result<Option<bool>, SourceError> {
        let url = self.url(&format!("jobs/{number}/"))?;
        let make = |client: &reqwest::Client| self.authorized(client.get(url.clone()));
        let answer = self.upstream.send("job", make, &[StatusCode::NOT_FOUND]).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let detail: JobDetail = answer.json()?;
        Ok(Some(detail.event_processing_finished.unwrap_or_default()))
    }

    /// How hosts fared in a playbook run; of more than 200, the first 200.
    pub(super) async fn hosts(
        &self,
        number: i32,
        query: &[Pair],
        rows_max: usize,
    ) -> Result<Vec<HostSummary>, SourceError> {
        self.rows("hosts", &hosts_path(number), query, rows_max).await
    }

    /// How many hosts of a playbook run this filter leaves. The one place where a total is asked for: it is over the hosts
    /// of a single run, and the alternative is to read them all.
    pub(super) async fn host_count(&self, number: i32, filter: Pair) -> Result<i64, SourceError> {
        let query = [filter, ("page_size", "1".to_owned())];
        let page: Page<serde::de::IgnoredAny> = self.page("host_count", &hosts_path(number), &query).await?;
        page.count.ok_or_else(|| SourceError::protocol(SourceKind::Awx, "it left out `count`"))
    }

    /// Its name and version, asked with the token.
    pub(super) async fn product(&self) -> Result<Product, SourceError> {
        let url = self.url("me/")?;
        let make = |client: &reqwest::Client| self.authorized(client.get(url.clone()));
        let answer = self.upstream.send("probe", make, &[]).await?;
        let header = |name| answer.header(name).map(str::to_owned);
        Ok(Product { name: header("x-api-product-name"), version: header("x-api-product-version") })
    }

    /// Whether the token may read any template.
    pub(super) async fn reads_templates(&self) -> Result<bool, SourceError> {
        let found: Vec<serde::de::IgnoredAny> = self.rows("templates", "unified_job_templates/", &[], 1).await?;
        Ok(!found.is_empty())
    }

    fn records(&self, jobs: Vec<Job>) -> Vec<AutomationJobRecord> {
        jobs.into_iter().filter_map(|job| job.into_record(&self.links)).collect()
    }

    /// A run's page in the user interface.
    pub(super) fn run_page(&self, kind: &str, number: i32) -> Option<WebUrl> {
        self.links.job(kind, number)
    }

    pub(super) async fn rows<T: DeserializeOwned>(
        &self,
        call: &'static str,
        path: &str,
        query: &[Pair],
        rows_max: usize,
    ) -> Result<Vec<T>, SourceError> {
        let paging = [("page_size", rows_max.to_string()), ("count_disabled", "1".to_owned())];
        let query: Vec<Pair> = query.iter().cloned().chain(paging).collect();
        let page: Page<T> = self.page(call, path, &query).await?;
        page.results.ok_or_else(|| SourceError::protocol(SourceKind::Awx, "it left out `results`"))
    }

    async fn page<T: DeserializeOwned>(
        &self,
        call: &'static str,
        path: &str,
        query: &[Pair],
    ) -> Result<Page<T>, SourceError> {
        let mut url = self.url(path)?;
        url.query_pairs_mut().extend_pairs(query);
        self.upstream.json(call, |client| self.authorized(client.get(url.clone()))).await
    }

    fn url(&self, path: &str) -> Result<Url, SourceError> {
        self.root.join(path).map_err(|error| SourceError::unavailable(SourceKind::Awx, error))
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        // Asked for anything else, AWX may answer with the page of its browsable API.
        request.header(header::ACCEPT, "application/json").bearer_auth(self.token.current().expose_secret())
    }
}

/// A parameter.
pub(super) type Pair = (&'static str, String);

fn hosts_path(number: i32) -> String {
    format!("jobs/{number}/job_host_summaries/")
}

fn list(ids: &[i32]) -> String {
    ids.iter().map(i32::to_string).collect::<Vec<_>>().join(",")
}
