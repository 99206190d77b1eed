//! `Snapshot`: all workspaces of an organization, read page by page and kept as one value. A list is the cheapest question: one
//! call for a hundred workspaces, with their current runs, plans, projects and outputs.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};
use schema::TerraformWorkspaceRecord;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;

use super::{
    wire::{Document, Resource},
    workspace,
};

/// What the list is asked to bring along. Newer versions allow more; these are refused by none.
pub(super) const INCLUDE: &str = "project,outputs,current_run,current_run.plan,current_run.configuration_version,\
                                  current_run.configuration_version.ingress_attributes";

/// The workspaces of an organization, by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Snapshot(BTreeMap<String, Arc<TerraformWorkspaceRecord>>);

impl Snapshot {
    /// Adds a page.
    pub(super) fn add(
        &mut self,
        page: &Document<Vec<Resource>>,
        organization: &str,
        base_url: &Url,
        now: DateTime<Utc>,
    ) {
        let included = page.included();
        for resource in &page.data {
            if let Some(record) = workspace::record(resource, &included, organization, base_url, now) {
                self.0.insert(record.name.clone(), Arc::new(record));
            }
        }
    }

    /// All of them, by name.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<TerraformWorkspaceRecord>> {
        self.0.values()
    }

    pub(super) fn get(&self, name: &str) -> Option<&Arc<TerraformWorkspaceRecord>> {
        self.0.get(name)
    }
}

impl Serialize for Snapshot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.values())
    }
}

impl<'de> Deserialize<'de> for Snapshot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let workspaces = Vec::<TerraformWorkspaceRecord>::deserialize(deserializer)?;
        Ok(Self(workspaces.into_iter().map(|record| (record.name.clone(), Arc::new(record))).collect()))
    }
}
