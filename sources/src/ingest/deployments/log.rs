//! The change log of deployments: one line for each that is new or says something else.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::Origin;

/// Columns that the graph shows, and how it calls them.
const SHOWN: [(&str, &str); 19] = [
    ("environment", "environment"),
    ("tier", "tier"),
    ("version", "version"),
    ("commit_sha", "commitSha"),
    ("status", "status"),
    ("started_at", "startedAt"),
    ("finished_at", "finishedAt"),
    ("triggered_by", "triggeredBy"),
    ("url", "url"),
    ("job_key", "job"),
    ("previous_id", "previous"),
    ("is_rollback", "isRollback"),
    ("is_rework", "isRework"),
    ("remedy_reason", "remedyReason"),
    ("remedied_by", "remediedBy"),
    ("owner_ref", "ownerRef"),
    ("component_ref", "componentRef"),
    ("environment_url", "environmentUrl"),
    ("committed_at", "committedAt"),
];

/// So late an announcement may come.
const ANNOUNCED_WITHIN: TimeDelta = TimeDelta::minutes(2);

/// A row before and now.
pub(super) struct Change {
    /// None: it is new.
    pub(super) before: Option<Map<String, Value>>,
    pub(super) now: Map<String, Value>,
}

impl Change {
    fn changed_fields(&self) -> Vec<&'static str> {
        let Some(before) = &self.before else { return Vec::new() };
        let differs = |column: &&(&str, &str)| before.get(column.0) != self.now.get(column.0);
        SHOWN.iter().filter(differs).map(|(_, field)| *field).collect()
    }

    /// What it tells happened so long ago that its announcement should have come.
    fn is_old(&self, now: DateTime<Utc>) -> bool {
        let moment = |column: &str| self.now.get(column)?.as_str()?.parse::<DateTime<Utc>>().ok();
        let newest = ["created_at", "started_at", "finished_at"].into_iter().filter_map(moment).max();
        newest.is_none_or(|newest| now - newest > ANNOUNCED_WITHIN)
    }

    /// What a reader needs to decide who may see the change and whether a filter asks for it.
    fn payload(&self, healed: bool) -> Value {
        let of = |row: &Map<String, Value>| {
            let field = |(name, column): (&str, &str)| (name.to_owned(), row.get(column).cloned().unwrap_or_default());
            [
                ("isTeamOnly", "is_team_only"),
                ("guardianRef", "guardian_ref"),
                ("ownerRef", "owner_ref"),
                ("environment", "environment"),
                ("tier", "tier"),
                ("status", "status"),
                ("source", "source"),
                ("version", "version"),
                ("commitSha", "commit_sha"),
                ("isRollback", "is_rollback"),
                ("startedAt", "started_at"),
                ("createdAt", "created_at"),
            ]
            .map(field)
            .into_iter()
            .collect::<Map<String, Value>>()
        };
        let mut payload = of(&self.now);
        payload.insert("before".to_owned(), self.before.as_ref().map(of).map_or(Value::Null, Value::Object));
        payload.insert("changedFields".to_owned(), json!(self.changed_fields()));
        payload.insert("healed".to_owned(), json!(healed));
        Value::Object(payload)
    }
}

/// Writes a line for each change that the graph shows, and counts those that nothing had announced.
pub(super) async fn write(
    connection: &mut PgConnection,
    origin: &Origin<'_>,
    at: DateTime<Utc>,
    healed: bool,
    changes: &BTreeMap<Uuid, Change>,
) -> Result<(), sqlx::Error> {
    let tenant = origin.tenant;
    let is_told = |change: &&Change| change.before.is_none() || !change.changed_fields().is_empty();
    let told: Vec<(&Uuid, &Change)> = changes.iter().filter(|(_, change)| is_told(change)).collect();
    let kind = |change: &Change| if change.before.is_some() { "UPDATED" } else { "CREATED" };
    let component = |change: &Change| -> String {
        change.now.get("component_ref").and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    sqlx::query(include_str!("../../../queries/ingest/changes_insert.sql"))
        .bind(tenant)
        .bind(told.iter().map(|(_, change)| kind(change)).collect::<Vec<_>>())
        .bind(told.iter().map(|(_, change)| component(change)).collect::<Vec<_>>())
        .bind(told.iter().map(|(id, _)| **id).collect::<Vec<_>>())
        .bind(told.iter().map(|(_, change)| Json(change.payload(healed && change.is_old(at)))).collect::<Vec<_>>())
        .bind("deployment")
        .execute(&mut *connection)
        .await?;
    let healed = if healed { told.iter().filter(|(_, change)| change.is_old(at)).count() } else { 0 };
    if healed > 0 {
        metrics::counter!("weft_healed_total", "source" => origin.source.as_str()).increment(healed as u64);
        sqlx::query(include_str!("../../../queries/deployments/healed_add.sql"))
            .bind(tenant)
            .bind(origin.source_name)
            .bind(i32::try_from(healed).unwrap_or(i32::MAX))
            .execute(connection)
            .await?;
    }
    Ok(())
}
