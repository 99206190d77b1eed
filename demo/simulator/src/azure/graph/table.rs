//! The three tables, built from the world for one query.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{
    Failure,
    kql::{Cell, Column, Kind, Query, Rows},
    request::Scope,
    subject::Subject,
};
use crate::{
    azure::{
        World,
        alert::{KEPT, alerts},
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
