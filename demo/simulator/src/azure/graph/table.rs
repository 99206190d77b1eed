//! The three tables, built from the world for one query.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{
    Failure,
    kql::{Cell, Column, Kind, Query, Rows},
    request::Scope,
};
use crate::{
    azure::{
        Group, Resource, World,
        alert::{Alert, KEPT, alerts, body},
        time::instant,
        world::display_name,
    },
    seed,
};

/// Every table has them, in this order.
const COLUMNS: [(&str, Kind); 16] = [
    ("id", Kind::String),
    ("name", Kind::String),
    ("type", Kind::String),
    ("tenantId", Kind::String),
    ("kind", Kind::String),
    ("location", Kind::String),
    ("resourceGroup", Kind::String),
    ("subscriptionId", Kind::String),
    ("managedBy", Kind::String),
    ("sku", Kind::Object),
    ("plan", Kind::Object),
    ("properties", Kind::Object),
    ("tags", Kind::Object),
    ("identity", Kind::Object),
    ("zones", Kind::Object),
    ("extendedLocation", Kind::Object),
];

#[derive(Clone, Copy)]
pub(super) enum Table {
    Resources,
    Containers,
    Alerts,
}

/// What a row is about.
enum Subject<'a> {
    Resource(&'a Group, &'a Resource),
    Group(&'a Group),
    Subscription(&'a str),
    Alert(Alert<'a>),
}

impl Table {
    pub(super) fn named(name: &str) -> Result<Self, Failure> {
        match name.to_ascii_lowercase().as_str() {
            "resources" => Ok(Self::Resources),
            "resourcecontainers" => Ok(Self::Containers),
            "alertsmanagementresources" => Ok(Self::Alerts),
            _ => Err(Failure::table(name)),
        }
    }

    /// The rows in `scope`, in no order a caller could rely on, but always the same one. Cells that `query` cannot see
    /// stay empty, because most of a row's cost is in the two or three that it does not ask for.
    pub(super) fn rows(self, world: &World, scope: &Scope, query: &Query, now: DateTime<Utc>) -> Rows {
        let columns: Vec<_> =
            COLUMNS.iter().map(|(name, kind)| Column { name: (*name).to_owned(), kind: *kind }).collect();
        let groups = world.groups().filter(|group| scope.has(world, &group.subscription_id));
        let mut subjects: Vec<_> = match self {
            Self::Resources => groups
                .flat_map(|group| group.resources.iter().map(move |resource| Subject::Resource(group, resource)))
                .collect(),
            Self::Containers => {
                let ids = world.subscriptions().into_iter().filter(|id| scope.has(world, id));
                ids.map(Subject::Subscription).chain(groups.map(Subject::Group)).collect()
            }
            Self::Alerts => groups.flat_map(|group| alerts(group, now - KEPT, now)).map(Subject::Alert).collect(),
        };
        subjects.sort_by_cached_key(|subject| seed::hash(&[subject.id().as_bytes()]));
        let is_seen: Vec<_> = COLUMNS.iter().map(|(name, _)| query.sees(name)).collect();
        let row = |subject: &Subject<'_>| {
            let cells = COLUMNS.iter().zip(&is_seen).map(|((name, _), is_seen)| match is_seen {
                true => Cell::Json(subject.cell(name, &world.tenant_id, now)),
                false => Cell::Json(Value::Null),
            });
            cells.collect()
        };
        Rows { columns, rows: subjects.iter().map(row).collect() }
    }
}

impl Scope {
    fn has(&self, world: &World, subscription_id: &str) -> bool {
        match self {
            Self::Tenant => true,
            Self::Subscriptions(ids) => ids.iter().any(|id| id.eq_ignore_ascii_case(subscription_id)),
            Self::ManagementGroups(names) => names.iter().any(|name| name.eq_ignore_ascii_case(&world.tenant_id)),
        }
    }
}

impl Subject<'_> {
    fn id(&self) -> String {
        match self {
            Self::Resource(group, resource) => resource.id(&group.id()),
            Self::Group(group) => group.id(),
            Self::Subscription(id) => format!("/subscriptions/{id}"),
            Self::Alert(alert) => body::id(alert),
        }
    }

    fn cell(&self, column: &str, tenant: &str, now: DateTime<Utc>) -> Value {
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
