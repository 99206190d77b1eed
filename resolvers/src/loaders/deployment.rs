//! Deployments, environments and measures of many components.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;
use schema::{DeliveryCounts, DeploymentFilter, DeploymentRecord, EntityRef, EnvironmentStateRecord, Page, PageArgs};
use sources::{SourceError, postgres::DeliveryQuery};
use uuid::Uuid;

use super::{Outcome, Reader, grouped};

/// A deployment by its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeploymentKey(pub Uuid);

/// A page of a component's deployments.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DeploymentPageKey {
    /// Which of them.
    pub filter: DeploymentFilter,
    /// Which page.
    pub page: PageArgs,
    /// Whose.
    pub component: EntityRef,
}

/// How many deployments a component has.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DeploymentCountKey {
    /// Which of them.
    pub filter: DeploymentFilter,
    /// Whose.
    pub component: EntityRef,
}

/// The environments of a component.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EnvironmentsKey(pub EntityRef);

/// What the deployments of a component or a team count up to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DeliveryKey {
    /// What is measured.
    pub query: DeliveryQuery,
    /// Of whom.
    pub parent: EntityRef,
}

impl Loader<DeploymentKey> for Reader {
    type Value = Arc<DeploymentRecord>;
    type Error = SourceError;

    async fn load(&self, keys: &[DeploymentKey]) -> Result<HashMap<DeploymentKey, Self::Value>, SourceError> {
        let uuids: Vec<Uuid> = keys.iter().map(|key| key.0).collect();
        let found = self.sources.database().deployments_by_keys(&self.visibility, &uuids).await?;
        Ok(found.into_iter().map(|(key, record)| (DeploymentKey(key), record)).collect())
    }
}

impl Loader<DeploymentPageKey> for Reader {
    type Value = Outcome<Arc<Page<Arc<DeploymentRecord>>>>;
    type Error = SourceError;

    async fn load(&self, keys: &[DeploymentPageKey]) -> Result<HashMap<DeploymentPageKey, Self::Value>, SourceError> {
        let mut outcomes = HashMap::new();
        for ((filter, page), components) in grouped(keys, |key| ((&key.filter, &key.page), key.component.clone())) {
            let database = self.sources.database();
            let mut found = database.component_deployments_pages(&self.visibility, filter, page, &components).await;
            for component in components {
                let outcome = match &mut found {
                    Ok(pages) => Ok(Arc::new(pages.remove(&component).unwrap_or_default())),
                    Err(error) => Err(error.clone()),
                };
                let key = DeploymentPageKey { filter: filter.clone(), page: page.clone(), component };
                outcomes.insert(key, outcome);
            }
        }
        Ok(outcomes)
    }
}

impl Loader<DeploymentCountKey> for Reader {
    type Value = Outcome<i64>;
    type Error = SourceError;

    async fn load(&self, keys: &[DeploymentCountKey]) -> Result<HashMap<DeploymentCountKey, Self::Value>, SourceError> {
        let mut outcomes = HashMap::new();
        for (filter, components) in grouped(keys, |key| (&key.filter, key.component.clone())) {
            let found =
                self.sources.database().component_deployments_counts(&self.visibility, filter, &components).await;
            for component in components {
                let outcome = match &found {
                    Ok(counts) => Ok(counts.get(&component).copied().unwrap_or(0)),
                    Err(error) => Err(error.clone()),
                };
                outcomes.insert(DeploymentCountKey { filter: filter.clone(), component }, outcome);
            }
        }
        Ok(outcomes)
    }
}

impl Loader<EnvironmentsKey> for Reader {
    type Value = Arc<Vec<EnvironmentStateRecord>>;
    type Error = SourceError;

    async fn load(&self, keys: &[EnvironmentsKey]) -> Result<HashMap<EnvironmentsKey, Self::Value>, SourceError> {
        let components: Vec<EntityRef> = keys.iter().map(|key| key.0.clone()).collect();
        let found = self.sources.database().environment_states(&self.visibility, &components).await?;
        Ok(found.into_iter().map(|(component, states)| (EnvironmentsKey(component), Arc::new(states))).collect())
    }
}

impl Loader<DeliveryKey> for Reader {
    type Value = DeliveryCounts;
    type Error = SourceError;

    async fn load(&self, keys: &[DeliveryKey]) -> Result<HashMap<DeliveryKey, DeliveryCounts>, SourceError> {
        let mut counted = HashMap::new();
        for (query, parents) in grouped(keys, |key| (&key.query, key.parent.clone())) {
            let found = self.sources.database().delivery(&self.visibility, query, &parents).await?;
            let key = |(parent, counts)| (DeliveryKey { query: query.clone(), parent }, counts);
            counted.extend(found.into_iter().map(key));
        }
        Ok(counted)
    }
}
