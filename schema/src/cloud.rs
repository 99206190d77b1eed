//! Records of Azure: a resource and the alerts of a subscription, as read live.

use async_graphql::{Enum, SimpleObject};
use serde::{Deserialize, Serialize};

use crate::{DateTime, JsonObject};

/// A resource in Azure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CloudResourceRecord {
    /// Its Azure resource id, as Azure spells it. Ids are compared without regard to case.
    pub resource_id: String,
    /// Its type in lower case, such as `microsoft.storage/storageaccounts`.
    pub resource_type: String,
    /// Its name.
    pub name: String,
    /// Its region, such as `westeurope`, or `global`.
    pub location: Option<String>,
    /// Its subscription's id.
    pub subscription_id: String,
    /// Its resource group.
    pub resource_group: Option<String>,
    /// Its tags.
    pub tags: Option<JsonObject>,
    /// What size or tier it is.
    pub sku: Option<String>,
    /// How its last change stands, such as `Succeeded` or `Failed`.
    pub provisioning_state: Option<String>,
    /// When it was created, where its type tells.
    pub created_at: Option<DateTime>,
    /// When it was last changed, where its type tells.
    pub changed_at: Option<DateTime>,
}

impl CloudResourceRecord {
    /// Its id as it is compared: in lower case.
    pub fn key(&self) -> String {
        self.resource_id.to_lowercase()
    }
}

/// An alert that fired, and what it is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetedAlertRecord {
    /// The id of the resource that it is about, in lower case.
    pub target: String,
    /// The alert.
    pub alert: CloudAlertRecord,
}

/// An alert of Azure Monitor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, SimpleObject)]
#[graphql(name = "CloudAlert")]
pub struct CloudAlertRecord {
    /// The alert rule's name.
    pub rule: String,
    /// How grave it is.
    pub severity: CloudAlertSeverity,
    /// Whether it still holds.
    pub condition: CloudAlertCondition,
    /// What is wrong.
    pub description: Option<String>,
    /// When it fired.
    pub fired_at: Option<DateTime>,
    /// When it resolved.
    pub resolved_at: Option<DateTime>,
}

/// How grave an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Enum)]
pub enum CloudAlertSeverity {
    /// Critical.
    Sev0,
    /// Error.
    Sev1,
    /// Warning.
    Sev2,
    /// Informational.
    Sev3,
    /// Verbose.
    Sev4,
    /// A severity that Weft does not know.
    Unknown,
}

/// Whether an alert still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Enum)]
pub enum CloudAlertCondition {
    /// It holds.
    Fired,
    /// It is over.
    Resolved,
    /// Something that Weft does not know.
    Unknown,
}
