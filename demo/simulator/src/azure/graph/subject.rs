//! What a row is about, and what it has in each column.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::azure::{
    Group, Resource,
    alert::{Alert, body},
    time::instant,
    world::display_name,
};

/// What a row is about.
pub(super) enum Subject<'a> {
    Resource(&'a Group, &'a Resource),
    Group(&'a Group),
    Subscription(&'a str),
    Alert(Alert<'a>),
}

impl Subject<'_> {
    pub(super) fn id(&self) -> String {
        match self {
            Self::Resource(group, resource) => resource.id(&group.id()),
            Self::Group(group) => group.id(),
            Self::Subscription(id) => format!("/subscriptions/{id}"),
            Self::Alert(alert) => body::id(alert),
        }
    }

    pub(super) fn cell(&self, column: &str, tenant: &str, now: DateTime<Utc>) -> Value {
        match column {
            "id" => json!(self.id()),
            "tenantId" => json!(tenant),
            "name" => self.name(),
            // In lower case here, whatever ARM answers.
            "type" => json!(self.type_name().to_lowercase()),
            "kind" => json!(self.resource().and_then(|resource| resource.kind.as_deref()).unwrap_or_default()),
            "managedBy" => {
                json!(self.resource().and_then(|resource| resource.managed_by.as_deref()).unwrap_or_default())
            }
            "location" => self.location(),
            "resourceGroup" => json!(self.group().map(|group| group.name.as_str()).unwrap_or_default()),
            "subscriptionId" => match self {
                Self::Subscription(id) => json!(id),
                _ => json!(self.group().map(|group| group.subscription_id.as_str())),
            },
            "sku" => json!(self.resource().and_then(|resource| resource.sku.as_ref())),
            "properties" => self.properties(now),
            "tags" => match self {
                Self::Resource(_, resource) => json!(resource.tags),
                Self::Group(group) => json!(group.tags),
                Self::Subscription(_) => json!({}),
                Self::Alert(_) => Value::Null,
            },
            _ => Value::Null,
        }
    }

    fn resource(&self) -> Option<&Resource> {
        if let Self::Resource(_, resource) = self { Some(resource) } else { None }
    }

    fn group(&self) -> Option<&Group> {
        match self {
            Self::Resource(group, _) | Self::Group(group) => Some(group),
            Self::Subscription(_) => None,
            Self::Alert(alert) => Some(alert.group),
        }
    }

    fn name(&self) -> Value {
        match self {
            Self::Resource(_, resource) => json!(resource.name.rsplit('/').next()),
            Self::Group(group) => json!(group.name),
            Self::Subscription(id) => json!(display_name(id)),
            Self::Alert(alert) => json!(alert.rule.name),
        }
    }

    fn type_name(&self) -> &str {
        match self {
            Self::Resource(_, resource) => &resource.resource_type,
            Self::Group(_) => "microsoft.resources/subscriptions/resourcegroups",
            Self::Subscription(_) => "microsoft.resources/subscriptions",
            Self::Alert(_) => "microsoft.alertsmanagement/alerts",
        }
    }

    fn location(&self) -> Value {
        match self {
            Self::Resource(_, resource) => json!(resource.location),
            Self::Group(group) => json!(group.location),
            Self::Subscription(_) | Self::Alert(_) => json!(""),
        }
    }

    fn properties(&self, now: DateTime<Utc>) -> Value {
        match self {
            Self::Resource(_, resource) => {
                let mut properties = resource.properties.clone();
                properties.insert("provisioningState".to_owned(), json!(resource.provisioning_state(now)));
                // The one time that many types have among their properties.
                properties.entry("creationTime").or_insert_with(|| json!(instant(resource.created_at)));
                Value::Object(properties)
            }
            Self::Group(_) => json!({ "provisioningState": "Succeeded" }),
            Self::Subscription(_) => json!({ "state": "Enabled", "managedByTenants": [] }),
            Self::Alert(alert) => json!({ "essentials": body::essentials(alert), "context": {} }),
        }
    }
}
