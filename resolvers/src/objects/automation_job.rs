//! `AutomationJob`: a run in AWX, read live.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use schema::{
    AutomationHostSummary, AutomationJobKind, AutomationJobRecord, AutomationJobStatus, DateTime, NodeId, WebUrl,
};
use sources::awx::{JobsKey, TemplateKey};

use super::AutomationTemplate;
use crate::{
    error::{Nullable, Result},
    request::RequestData,
};

/// A run in AWX.
#[derive(Clone)]
pub struct AutomationJob {
    record: Arc<AutomationJobRecord>,
}

impl AutomationJob {
    /// What is known of it by itself.
    pub fn record(&self) -> &AutomationJobRecord {
        &self.record
    }

    /// The run of this row.
    pub fn from_row(record: &Arc<AutomationJobRecord>) -> Self {
        Self { record: Arc::clone(record) }
    }

    /// The newest run of a template.
    pub async fn latest_of(ctx: &Context<'_>, template: &TemplateKey) -> Result<Option<Self>> {
        let Some(key) = JobsKey::new(std::slice::from_ref(template), None, 1, false) else { return Ok(None) };
        let jobs = RequestData::of(ctx).live(ctx, key).await?;
        Ok(jobs.and_then(|jobs| jobs.jobs.first().map(Self::from_row)))
    }

    /// The run with this key, its number, if some entity that the caller sees names its template.
    pub async fn of_key(ctx: &Context<'_>, key: &str) -> Result<Option<Self>> {
        let request = RequestData::of(ctx);
        let Some(awx) = request.sources().awx() else { return Ok(None) };
        let Some(key) = awx.job_key(request.visibility(), key) else { return Ok(None) };
        let Some(record) = request.live(ctx, key).await? else { return Ok(None) };
        let Some(template) = record.template else { return Ok(None) };
        Ok(AutomationTemplate::of_key(ctx, &template.to_string()).await?.map(|_| Self { record }))
    }
}

/// A run in AWX.
#[Object]
impl AutomationJob {
    /// Opaque, unique in the whole graph, stable for good.
    pub async fn id(&self) -> ID {
        ID(NodeId::of("AutomationJob", self.record.number).encode())
    }
    /// Its number in AWX.
    async fn number(&self) -> i32 {
        self.record.number
    }
    /// Its name.
    async fn name(&self) -> &str {
        &self.record.name
    }
    /// What it is.
    async fn kind(&self) -> AutomationJobKind {
        self.record.kind
    }
    /// How it stands.
    async fn status(&self) -> AutomationJobStatus {
        self.record.status
    }
    /// The same in the upstream's own word.
    async fn upstream_status(&self) -> &str {
        &self.record.upstream_status
    }
    /// Why it failed, as AWX explains it.
    async fn explanation(&self) -> Option<&str> {
        self.record.explanation.as_deref()
    }
    /// Its template; null when it has none or the template is gone.
    async fn template(&self, ctx: &Context<'_>) -> Nullable<AutomationTemplate> {
        let request = RequestData::of(ctx);
        let template = self.record.template?.to_string();
        let key = request.sources().awx()?.template_key(request.visibility(), &template)?;
        AutomationTemplate::load(ctx, key).await.transpose()
    }
    /// What launched it, such as `manual`, `scheduled`, `workflow` or `webhook`.
    async fn launch_type(&self) -> Option<&str> {
        self.record.launch_type.as_deref()
    }
    /// User name of whoever launched it, in AWX.
    async fn launched_by(&self) -> Option<&str> {
        self.record.launched_by.as_deref()
    }
    /// When it was created.
    async fn created_at(&self) -> Option<DateTime> {
        self.record.created_at
    }
    /// When it began to run.
    async fn started_at(&self) -> Option<DateTime> {
        self.record.started_at
    }
    /// When it ended.
    async fn finished_at(&self) -> Option<DateTime> {
        self.record.finished_at
    }
    /// How long it ran, or has run so far.
    async fn duration_seconds(&self) -> Option<f64> {
        self.record.duration_seconds
    }
    /// Its hosts, counted by result; may still grow shortly after the end.
    async fn hosts(&self, ctx: &Context<'_>) -> Nullable<AutomationHostSummary> {
        let request = RequestData::of(ctx);
        let key = request.sources().awx()?.hosts_key(request.visibility(), &self.record)?;
        let hosts = request.live(ctx, key).await;
        hosts.map(|hosts| hosts.as_deref().cloned()).transpose()
    }
    /// Its page in AWX.
    async fn web_url(&self) -> Option<WebUrl> {
        self.record.web_url.clone()
    }
}
