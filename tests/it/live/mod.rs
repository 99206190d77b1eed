//! Subscriptions: what changes comes once, in order, to whoever may see it, over every transport.

mod access;
mod cursors;
mod entities;
mod fold;
mod gaps;
mod groups;
mod others;
mod protocol;
mod stays;

use std::{collections::BTreeMap, fs, path::PathBuf};

use it::TestPlatform;
use sources::ingest::ImportReport;

/// A folder of components that can be changed one by one.
pub(crate) struct Estate(PathBuf);

impl Estate {
    pub(crate) fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("weft-it-live-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// Declares a component: lines of its metadata, and its owner.
    pub(crate) fn declare(&self, name: &str, metadata: &str, owner: &str) {
        let text = format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\n{metadata}\
             spec:\n  type: service\n  lifecycle: production\n  owner: {owner}\n"
        );
        fs::write(self.0.join(format!("{name}.yaml")), text).unwrap();
    }

    /// Declares it no more.
    pub(super) fn withdraw(&self, name: &str) {
        fs::remove_file(self.0.join(format!("{name}.yaml"))).unwrap();
    }

    /// Has the catalog say what the folder says.
    pub(crate) async fn import(&self, platform: &TestPlatform) -> ImportReport {
        let config = &platform.app().config.catalog;
        let paths = std::slice::from_ref(&self.0);
        let report = gateway::commands::import_catalog(platform.database(), config, "default", paths).await.unwrap();
        assert!(report.refused.is_empty(), "{report:?}");
        report
    }
}

impl Drop for Estate {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A catalog as a subscriber builds it from events.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Folded(pub(super) BTreeMap<String, Option<String>>);

impl Folded {
    /// Takes an event of `entity_changed` over.
    pub(super) fn take(&mut self, event: &serde_json::Value) {
        let entity_ref = event["ref"].as_str().unwrap_or_else(|| panic!("{event}")).to_owned();
        match event["entity"].as_object().filter(|_| event["kind"] != "DELETED") {
            Some(entity) => drop(self.0.insert(entity_ref, entity["title"].as_str().map(str::to_owned))),
            None => drop(self.0.remove(&entity_ref)),
        }
    }
}

/// Waits until so many subscriptions have caught up: what is said on a socket is answered by nothing else.
pub(crate) async fn up_to_date(app: &gateway::App, count: usize) {
    it::until("the subscriptions have begun", async || (app.live.up_to_date() == count).then_some(())).await;
}

/// What these tests subscribe to.
pub(super) const WATCH: &str = "subscription($filter: EntityFilter, $after: String, $snapshot: Boolean! = false) {
    entityChanged(filter: $filter, after: $after, snapshot: $snapshot) {
        __typename
        ... on EntityChange { cursor kind changedFields healed ref entity { title ownerRef } }
        ... on Gap { fromCursor toCursor reason }
        ... on SnapshotEnd { cursor count }
    }
}";
