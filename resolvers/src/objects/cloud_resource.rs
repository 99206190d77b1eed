//! `CloudResource`: a resource in Azure, read live.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use schema::{CloudAlertRecord, CloudResourceRecord, DateTime, JsonObject, NodeId, WebUrl};

use crate::{
    error::{Nullable, OrFieldError, Result},
    request::RequestData,
};

/// Most alerts of a resource; what comes after them is less grave.
const ALERTS_MAX: usize = 100;

/// A resource in Azure.
#[derive(Clone)]
pub struct CloudResource {
    record: Arc<CloudResourceRecord>,
}

impl CloudResource {
    pub(super) fn from_row(record: &Arc<CloudResourceRecord>) -> Self {
        Self { record: Arc::clone(record) }
    }

    /// The resource with this id, which is in lower case, if some entity that the caller sees names its group or one of its tags.
    pub async fn of_key(ctx: &Context<'_>, key: &str) -> Result<Option<Self>> {
        let request = RequestData::of(ctx);
        let Some(azure) = request.sources().azure() else { return Ok(None) };
        let Some(group) = azure.key_of_resource(request.visibility(), key) else { return Ok(None) };
        let (database, visibility) = (request.sources().database(), request.visibility());
        let asked = [group.to_string()];
        let named = database.annotation_values_visible_in_any_case(visibility, azure.annotation(), &asked);
        let is_group_named = !named.await.or_field_error()?.is_empty();
        let Some(resources) = request.live(ctx, group).await? else { return Ok(None) };
        let Some(record) = resources.iter().find(|record| record.key() == key) else { return Ok(None) };
        if !is_group_named {
            let tags = record.tags.iter().flat_map(|tags| &tags.0);
            let asked: Vec<String> =
                tags.filter_map(|(name, value)| Some(format!("{name}={}", value.as_str()?))).collect();
            let named = database.annotation_values_visible(visibility, azure.tag_annotation(), &asked);
            if asked.is_empty() || named.await.or_field_error()?.is_empty() {
                return Ok(None);
            }
        }
        Ok(Some(Self::from_row(record)))
    }

    async fn load_alerts(&self, ctx: &Context<'_>) -> Result<Option<Vec<CloudAlertRecord>>> {
        let request = RequestData::of(ctx);
        let Some(azure) = request.sources().azure() else { return Ok(None) };
        let Some(key) = azure.alerts_key(request.visibility(), &self.record) else { return Ok(None) };
        let Some(alerts) = request.live(ctx, key).await? else { return Ok(None) };
        let target = self.record.key();
        let own = alerts.iter().filter(|alert| alert.target == target);
        Ok(Some(own.take(ALERTS_MAX).map(|alert| alert.alert.clone()).collect()))
    }
}

/// A resource in Azure.
#[Object]
impl CloudResource {
    /// Opaque, unique in the whole graph, stable for good.
    pub async fn id(&self) -> ID {
        ID(NodeId::of("CloudResource", self.record.key()).encode())
    }
    /// Its Azure resource id.
    async fn resource_id(&self) -> &str {
        &self.record.resource_id
    }
    /// Its type, such as `microsoft.storage/storageaccounts`.
    async fn r#type(&self) -> &str {
        &self.record.resource_type
    }
    /// Its name.
    async fn name(&self) -> &str {
        &self.record.name
    }
    /// Its region, such as `westeurope`, or `global`.
    async fn location(&self) -> Option<&str> {
        self.record.location.as_deref()
    }
    /// Its subscription's id.
    async fn subscription_id(&self) -> &str {
        &self.record.subscription_id
    }
    /// Its resource group.
    async fn resource_group(&self) -> Option<&str> {
        self.record.resource_group.as_deref()
    }
    /// Its tags.
    async fn tags(&self) -> Option<JsonObject> {
        self.record.tags.clone()
    }
    /// What size or tier it is.
    async fn sku(&self) -> Option<&str> {
        self.record.sku.as_deref()
    }
    /// How its last change stands, such as `Succeeded` or `Failed`.
    async fn provisioning_state(&self) -> Option<&str> {
        self.record.provisioning_state.as_deref()
    }
    /// When it was created.
    async fn created_at(&self) -> Option<DateTime> {
        self.record.created_at
    }
    /// When it was last changed.
    async fn changed_at(&self) -> Option<DateTime> {
        self.record.changed_at
    }
    /// Alerts that have fired and not resolved, gravest first; at most 100.
    async fn alerts(&self, ctx: &Context<'_>) -> Nullable<Vec<CloudAlertRecord>> {
        self.load_alerts(ctx).await.transpose()
    }
    /// Its page in the Azure portal.
    async fn portal_url(&self, ctx: &Context<'_>) -> Option<WebUrl> {
        RequestData::of(ctx).sources().azure()?.portal_url(&self.record)
    }
}
