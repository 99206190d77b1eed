//! Resources in Azure, and alerts about them.

use schema::SourceKind;
use sources::{
    Sources,
    azure::{CloudAlerts, CloudAlertsKey, CloudResources, CloudResourcesKey},
    cache::Access,
};

use super::{LiveKey, LiveOutcomes};

impl LiveKey for CloudResourcesKey {
    type Record = CloudResources;
    const SOURCE: SourceKind = SourceKind::Azure;

    async fn read(sources: &Sources, keys: &[Self], access: &Access) -> LiveOutcomes<Self> {
        match sources.azure() {
            Some(azure) => azure.resources_by_keys(keys, access).await,
            None => LiveOutcomes::<Self>::new(),
        }
    }
}

impl LiveKey for CloudAlertsKey {
    type Record = CloudAlerts;
    const SOURCE: SourceKind = SourceKind::Azure;

    async fn read(sources: &Sources, keys: &[Self], access: &Access) -> LiveOutcomes<Self> {
        match sources.azure() {
            Some(azure) => azure.alerts_by_keys(keys, access).await,
            None => LiveOutcomes::<Self>::new(),
        }
    }
}
