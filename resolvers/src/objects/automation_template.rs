//! `AutomationTemplate`: a template in AWX, read live.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use schema::{
    AutomationInventory, AutomationTemplateKind, AutomationTemplateRecord, DateTime, EntityRecord, NodeId, WebUrl,
};
use sources::awx::TemplateKey;

use super::{AutomationJob, AutomationJobConnection};
use crate::{
    error::{Nullable, OrFieldError, Result},
    request::RequestData,
};

/// A job template or workflow job template in AWX.
#[derive(Clone)]
pub struct AutomationTemplate {
    key: TemplateKey,
    record: Arc<AutomationTemplateRecord>,
}

impl AutomationTemplate {
    /// The templates that an entity names and the tenant may read; none when AWX is not in use.
    pub async fn of_entity(ctx: &Context<'_>, entity: &EntityRecord) -> Result<Option<Vec<Self>>> {
        let request = RequestData::of(ctx);
        let Some(awx) = request.sources().awx() else { return Ok(None) };
        let keys = awx.template_keys(request.visibility(), entity);
        let found = futures::future::try_join_all(keys.into_iter().map(|key| Self::load(ctx, key))).await?;
        Ok(Some(found.into_iter().flatten().collect()))
    }

    /// The template with this key, its id in AWX, if some entity that the caller sees names it.
    pub async fn of_key(ctx: &Context<'_>, key: &str) -> Result<Option<Self>> {
        let request = RequestData::of(ctx);
        let Some(awx) = request.sources().awx() else { return Ok(None) };
        let Some(key) = awx.template_key(request.visibility(), key) else { return Ok(None) };
        let database = request.sources().database();
        let named = [key.number().to_string()];
        let visible = database.annotation_values_visible(request.visibility(), awx.annotation(), &named);
        if visible.await.or_field_error()?.is_empty() {
            return Ok(None);
        }
        Self::load(ctx, key).await
    }

    /// The template; none when there is none, or when the tenant may not read it.
    pub async fn load(ctx: &Context<'_>, key: TemplateKey) -> Result<Option<Self>> {
        let record = RequestData::of(ctx).live(ctx, key.clone()).await?;
        Ok(record.map(|record| Self { key, record }))
    }
}

/// A job template or workflow job template in AWX.
#[Object]
impl AutomationTemplate {
    /// Opaque, unique in the whole graph, stable for good.
    pub async fn id(&self) -> ID {
        ID(NodeId::of("AutomationTemplate", self.record.number).encode())
    }
    /// Its name.
    async fn name(&self) -> &str {
        &self.record.name
    }
    /// What it is for.
    async fn description(&self) -> Option<&str> {
        self.record.description.as_deref()
    }
    /// What it is.
    async fn kind(&self) -> AutomationTemplateKind {
        self.record.kind
    }
    /// The project that holds its playbook.
    async fn project(&self) -> Option<&str> {
        self.record.project.as_deref()
    }
    /// The playbook; null for workflows.
    async fn playbook(&self) -> Option<&str> {
        self.record.playbook.as_deref()
    }
    /// The hosts it runs on; null when they are asked for at launch.
    async fn inventory(&self) -> Option<&AutomationInventory> {
        self.record.inventory.as_ref()
    }
    /// Its newest run.
    async fn latest_job(&self, ctx: &Context<'_>) -> Nullable<AutomationJob> {
        AutomationJob::latest_of(ctx, &self.key).await.transpose()
    }
    /// Its runs, newest first.
    #[graphql(directive = crate::cost::page::apply())]
    async fn jobs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
    ) -> Nullable<AutomationJobConnection> {
        Some(AutomationJobConnection::load(ctx, std::slice::from_ref(&self.key), first, after).await)
    }
    /// When a schedule starts it next.
    async fn next_run_at(&self) -> Option<DateTime> {
        self.record.next_run_at
    }
    /// Its page in AWX.
    async fn web_url(&self) -> Option<WebUrl> {
        self.record.web_url.clone()
    }
}
