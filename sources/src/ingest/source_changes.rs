//! The change log of sources: a line for each tenant when this replica sees that a source is otherwise than it last told. It looks
//! now and then instead of at each call, so that a source that flaps cannot fill the log; what came and went between is not told.

use std::collections::BTreeMap;

use schema::{SourceRecord, SourceStatus};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{SourceError, Sources};

/// What is told of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    status: SourceStatus,
    api_version: Option<String>,
}

impl State {
    fn of(record: &SourceRecord) -> Self {
        Self { status: record.status, api_version: record.api_version.clone() }
    }

    fn to_json(&self) -> Value {
        let status = match self.status {
            SourceStatus::Healthy => "HEALTHY",
            SourceStatus::Degraded => "DEGRADED",
            SourceStatus::Down => "DOWN",
            SourceStatus::Disabled => "DISABLED",
            SourceStatus::Unknown => "UNKNOWN",
        };
        json!({ "status": status, "apiVersion": self.api_version })
    }

    /// What differs. That a source answers for the first time, and which version it is, is no change: each replica that starts would
    /// tell it.
    fn changed_fields(&self, before: &Self) -> Vec<&'static str> {
        let begins = before.status == SourceStatus::Unknown && self.status == SourceStatus::Healthy;
        let has_changed = self.status != before.status && !begins;
        let is_other =
            self.api_version.is_some() && before.api_version.is_some() && self.api_version != before.api_version;
        [(has_changed, "status"), (is_other, "apiVersion")]
            .into_iter()
            .filter(|(is, _)| *is)
            .map(|(_, field)| field)
            .collect()
    }
}

/// What this replica last told of each source.
#[derive(Debug, Default)]
pub struct SourceWatch(BTreeMap<String, State>);

impl SourceWatch {
    /// Writes what has changed since the last look; answers of how many sources. What cannot be written is looked at again.
    pub async fn look(&mut self, sources: &Sources) -> Result<usize, SourceError> {
        let now: BTreeMap<String, State> =
            sources.records().iter().map(|record| (record.name.clone(), State::of(record))).collect();
        let lines: Vec<(&str, Value)> = self.lines(&now);
        if !lines.is_empty() {
            let database = sources.database();
            let write = sqlx::query(include_str!("../../queries/ingest/source_changes_insert.sql"))
                .bind(lines.iter().map(|(name, _)| *name).collect::<Vec<_>>())
                .bind(lines.iter().map(|(name, _)| id(name)).collect::<Vec<_>>())
                .bind(lines.iter().map(|(_, payload)| Json(payload)).collect::<Vec<_>>())
                .execute(database.writers());
            database.timed("source_changes_insert", write).await?;
        }
        let count = lines.len();
        self.0 = now;
        Ok(count)
    }

    fn lines<'n>(&self, now: &'n BTreeMap<String, State>) -> Vec<(&'n str, Value)> {
        let unknown = State { status: SourceStatus::Unknown, api_version: None };
        let line = |(name, now): (&'n String, &State)| {
            let before = self.0.get(name).unwrap_or(&unknown);
            // Switched off by the configuration, from the start on.
            if now.status == SourceStatus::Disabled {
                return None;
            }
            let changed = now.changed_fields(before);
            let mut payload = now.to_json();
            let fields = payload.as_object_mut()?;
            fields.insert("before".to_owned(), before.to_json());
            fields.insert("changedFields".to_owned(), json!(changed));
            fields.insert("healed".to_owned(), json!(false));
            (!changed.is_empty()).then_some((name.as_str(), payload))
        };
        now.iter().filter_map(line).collect()
    }
}

/// Sources have no key but their name; the id is a hash of it.
fn id(name: &str) -> Uuid {
    let digest = Sha256::digest(name);
    Uuid::from_bytes(std::array::from_fn(|at| digest.get(at).copied().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(status: SourceStatus, version: Option<&str>) -> BTreeMap<String, State> {
        BTreeMap::from([("gitlab".to_owned(), State { status, api_version: version.map(str::to_owned) })])
    }

    #[test]
    fn a_source_is_told_when_it_changes_and_not_when_a_replica_gets_to_know_it() {
        use SourceStatus::{Disabled, Down, Healthy, Unknown};
        let told = |before: &SourceWatch, now: &BTreeMap<String, State>| -> Vec<Value> {
            before.lines(now).into_iter().map(|(_, payload)| payload["changedFields"].clone()).collect()
        };
        let fresh = SourceWatch::default();
        assert_eq!(told(&fresh, &now(Unknown, None)), [] as [Value; 0]);
        assert_eq!(told(&fresh, &now(Healthy, Some("18.5"))), [] as [Value; 0]);
        assert_eq!(told(&fresh, &now(Disabled, None)), [] as [Value; 0]);
        assert_eq!(told(&fresh, &now(Down, None)), [json!(["status"])]);
        let healthy = SourceWatch(now(Healthy, Some("18.5")));
        assert_eq!(told(&healthy, &now(Healthy, Some("18.5"))), [] as [Value; 0]);
        assert_eq!(told(&healthy, &now(Healthy, Some("18.6"))), [json!(["apiVersion"])]);
        let down = now(Down, Some("18.6"));
        let line = healthy.lines(&down).remove(0);
        assert_eq!(
            line,
            (
                "gitlab",
                json!({
                    "status": "DOWN", "apiVersion": "18.6", "before": { "status": "HEALTHY", "apiVersion": "18.5" },
                    "changedFields": ["status", "apiVersion"], "healed": false,
                })
            )
        );
        assert_ne!(id("gitlab"), id("awx"));
    }
}
