//! One resource, its id, and how it changes: a pure function of resource and time, nothing is stored and nothing ticks.

mod catalogue;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::seed::draw;
pub(super) use catalogue::believable;

/// 2024-01-01: resources begin no earlier.
pub(super) const FIRST_CREATED: DateTime<Utc> =
    DateTime::from_timestamp(1_704_067_200, 0).expect("a constant in range");

/// How long a change keeps a resource in `Updating`.
const UPDATE: TimeDelta = TimeDelta::seconds(90);

/// What is paid for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sku {
    /// Such as `Standard_LRS`.
    pub name: String,
    /// Such as `Standard`; not every type has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// Instances or units, where the type counts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u32>,
}

/// A resource of a [`Group`](super::Group).
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// Its name; of a child both, such as `server/database`.
    pub name: String,
    /// The full type in Azure's spelling, such as `Microsoft.Sql/servers/databases`.
    pub resource_type: String,
    /// The region's short name.
    pub location: String,
    /// The type's own subdivision, such as `StorageV2`.
    pub kind: Option<String>,
    /// The SKU, where the type keeps it at the top.
    pub sku: Option<Sku>,
    /// The id of the resource that looks after this one.
    pub managed_by: Option<String>,
    /// The tags.
    pub tags: BTreeMap<String, String>,
    /// Further properties, seen through Resource Graph only; `provisioningState` is added.
    pub properties: Map<String, Value>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// From one change to the next; `None`: never changed since.
    pub change_every: Option<TimeDelta>,
    /// What `provisioningState` says; `None`: it moves, to `Updating` with each change and on to `Succeeded`, seldom
    /// `Failed`.
    pub provisioning_state: Option<String>,
}

impl Resource {
    /// A resource in West Europe that never changes.
    pub fn new(resource_type: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            resource_type: resource_type.into(),
            location: "westeurope".to_owned(),
            kind: None,
            sku: None,
            managed_by: None,
            tags: BTreeMap::new(),
            properties: Map::new(),
            created_at: FIRST_CREATED,
            change_every: None,
            provisioning_state: None,
        }
    }

    /// The id below `group_id`: types and names alternate after the namespace.
    pub(super) fn id(&self, group_id: &str) -> String {
        let (namespace, types) = self.resource_type.split_once('/').unwrap_or((&self.resource_type, ""));
        let pairs = types.split('/').zip(self.name.split('/')).map(|(kind, name)| format!("/{kind}/{name}"));
        format!("{group_id}/providers/{namespace}{}", pairs.collect::<String>())
    }

    /// When it last changed, as of `now`.
    pub(super) fn changed_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.change(now).1
    }

    pub(super) fn provisioning_state(&self, now: DateTime<Utc>) -> &str {
        if let Some(state) = &self.provisioning_state {
            return state;
        }
        match self.change(now) {
            (number, at) if number > 0 && now - at < UPDATE => "Updating",
            // The first state is a success: a resource that never came to be would not be listed for two years.
            (number, _) if number > 0 && draw(&self.name, &format!("change {number}")).is_multiple_of(25) => "Failed",
            _ => "Succeeded",
        }
    }

    /// The number of changes so far and the time of the last one.
    fn change(&self, now: DateTime<Utc>) -> (i64, DateTime<Utc>) {
        let every = self.change_every.map_or(0, |every| every.num_seconds().max(1));
        let number = if every == 0 { 0 } else { ((now - self.created_at).num_seconds() / every).max(0) };
        (number, self.created_at + TimeDelta::seconds(number * every))
    }
}
