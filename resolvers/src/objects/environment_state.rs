//! `EnvironmentState`: what runs in one environment of a component.

use async_graphql::{Context, Object};
use schema::{EntityRef, EnvironmentStateRecord, EnvironmentTier, WebUrl, scope};

use super::Deployment;
use crate::{
    error::{OrFieldError, Result},
    loaders::EnvironmentsKey,
    request::RequestData,
};

/// What runs in one environment of a component.
pub struct EnvironmentState {
    record: EnvironmentStateRecord,
}

/// What runs in one environment of a component.
#[Object]
impl EnvironmentState {
    /// The environment's name.
    async fn environment(&self) -> &str {
        &self.record.environment
    }

    /// What the environment is for.
    async fn tier(&self) -> EnvironmentTier {
        self.record.tier
    }

    /// What runs there now: the newest successful deployment. Null when none ever succeeded.
    async fn deployment(&self) -> Option<Deployment> {
        self.record.standing.clone().map(Deployment::of)
    }

    /// The newest deployment, whatever became of it.
    async fn latest_attempt(&self) -> Option<Deployment> {
        Some(Deployment::of(self.record.latest.clone()))
    }

    /// Where the environment can be reached; live.
    async fn url(&self) -> Option<&WebUrl> {
        self.record.url.as_ref()
    }
}

impl EnvironmentState {
    /// The states of a component's environments, by name.
    pub async fn of_component(ctx: &Context<'_>, component: &EntityRef) -> Result<Vec<Self>> {
        let request = RequestData::of(ctx);
        request.require(scope::DEPLOYMENTS_READ, "environments", Some(component.as_str().to_owned())).await?;
        let loaded = request.load_one(EnvironmentsKey(component.clone())).await.or_field_error()?;
        Ok(loaded.iter().flat_map(|states| states.iter()).map(|record| Self { record: record.clone() }).collect())
    }
}
