//! The change log as readers follow it: what committed since, whatever else is still running. See `change_position.rs` for what "since" is.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use schema::{ChangeKind, SourceKind};
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use super::{
    Database,
    change_position::{ChangePosition, ChangeRow, ChangeSnapshot},
};
use crate::SourceError;

/// What a change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeTopic {
    /// An entity of the catalog.
    Entity,
    /// A deployment.
    Deployment,
    /// Charges, or a billing period.
    Cost,
    /// How a source is.
    Source,
}

impl ChangeTopic {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Entity, Self::Deployment, Self::Cost, Self::Source];

    /// How the log spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Entity => "entity",
            Self::Deployment => "deployment",
            Self::Cost => "cost",
            Self::Source => "source",
        }
    }
}

/// One change.
#[derive(Debug, Clone)]
pub struct Change {
    /// Where it stands; continue after it with this.
    pub position: ChangePosition,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// Whose it is.
    pub tenant: String,
    /// What it is about.
    pub topic: ChangeTopic,
    /// What happened.
    pub kind: ChangeKind,
    /// To what, by reference.
    pub object_ref: String,
    /// To what, by key.
    pub object_id: Uuid,
    /// What the object itself may no longer tell: what it is, the same under `before` (null where it is new), `changedFields`
    /// (empty unless updated) and `healed`. Which facts these are says who writes them: `ingest/facts.rs` of entities,
    /// `ingest/deployments/log.rs`, `ingest/costs/told.rs` (by `what`: `data` or `period`), `ingest/source_changes.rs`.
    pub payload: serde_json::Value,
}

/// A page of the log.
#[derive(Debug)]
pub struct Changes {
    /// In order.
    pub changes: Vec<Change>,
    /// Everything up to here has been read.
    pub read: ChangePosition,
}

#[derive(FromRow)]
struct Row {
    until: String,
    /// None where there is nothing.
    transaction_id: Option<String>,
    #[sqlx(flatten)]
    line: Line,
}

/// None of it where there is nothing.
#[derive(FromRow)]
struct Line {
    position: Option<i64>,
    at: Option<DateTime<Utc>>,
    tenant: Option<String>,
    topic: Option<String>,
    kind: Option<String>,
    object_ref: Option<String>,
    object_id: Option<Uuid>,
    payload: Option<Json<serde_json::Value>>,
}

impl Database {
    /// What was committed and is not in `after`, at most `limit` changes, transaction by transaction. What is about one object comes in
    /// the order in which it was written: writers wait for each other before they get their numbers. With `to` no further than what has
    /// been read there. For feeds of all tenants: who may see what is decided after. Topics of a newer release are passed over.
    pub async fn changes_after(
        &self,
        after: &ChangePosition,
        to: Option<&ChangePosition>,
        limit: u32,
    ) -> Result<Changes, SourceError> {
        let (seen, until) = after.next(to);
        let topics = ChangeTopic::ALL.map(ChangeTopic::as_str);
        let running: Vec<String> = seen.running().iter().map(u64::to_string).collect();
        let rows = sqlx::query_as::<_, Row>(include_str!("../../queries/change_log/changes_after.sql"))
            .bind(until.map(|until| until.to_string()))
            .bind(seen.end().to_string())
            .bind(running)
            .bind(after.row().transaction_id.to_string())
            .bind(after.row().position)
            .bind(topics)
            .bind(i64::from(limit));
        let rows = self.all("changes_after", rows).await?;
        page(seen, until, rows, limit)
    }

    /// The same for whoever must miss nothing; none where some of what is not in `after` is gone. Looked at afterwards, also where nothing
    /// was found: what is dropped later has been read.
    pub async fn changes_unless_lost(
        &self,
        after: &ChangePosition,
        to: Option<&ChangePosition>,
        limit: u32,
    ) -> Result<Option<Changes>, SourceError> {
        let changes = self.changes_after(after, to, limit).await?;
        let is_lost = self.change_log_state().await?.has_lost_after(after);
        Ok((!is_lost).then_some(changes))
    }

    /// The place from which everything is read that commits from now on, and nothing else.
    pub async fn change_newest(&self) -> Result<ChangePosition, SourceError> {
        let row = sqlx::query_as::<_, (String,)>(include_str!("../../queries/change_log/change_newest.sql"));
        Ok(ChangePosition::at(snapshot(&self.one("change_newest", row).await?.0)?))
    }
}

/// What came, and how far that is: to the end where there was room for more.
fn page(
    seen: &Arc<ChangeSnapshot>,
    until: Option<&Arc<ChangeSnapshot>>,
    rows: Vec<Row>,
    limit: u32,
) -> Result<Changes, SourceError> {
    let until = match (until, rows.first()) {
        (Some(until), _) => Arc::clone(until),
        (None, Some(row)) => Arc::new(snapshot(&row.until)?),
        (None, None) => return Err(SourceError::protocol(SourceKind::Postgres, "an answer without a row")),
    };
    let mut is_full = rows.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    let mut changes = Vec::with_capacity(rows.len());
    for Row { transaction_id, line, .. } in rows {
        let (Some(transaction_id), Some(position)) = (transaction_id, line.position) else { continue };
        let transaction_id =
            transaction_id.parse().map_err(|error| SourceError::protocol(SourceKind::Postgres, error))?;
        if !until.sees(transaction_id) {
            // The snapshot that we keep is shorter than that of Postgres: from here on it comes next time.
            is_full = false;
            break;
        }
        let row = ChangeRow { transaction_id, position };
        changes.extend(change(ChangePosition::within(seen, &until, row), line));
    }
    let read = match changes.last() {
        Some(last) if is_full => last.position.clone(),
        _ => ChangePosition::at(ChangeSnapshot::clone(&until)),
    };
    Ok(Changes { changes, read })
}

fn change(position: ChangePosition, line: Line) -> Option<Change> {
    let topic = ChangeTopic::ALL.into_iter().find(|topic| Some(topic.as_str()) == line.topic.as_deref())?;
    let kind = match line.kind.as_deref() {
        Some("CREATED") => ChangeKind::Created,
        Some("DELETED") => ChangeKind::Deleted,
        _ => ChangeKind::Updated,
    };
    Some(Change {
        position,
        at: line.at?,
        tenant: line.tenant?,
        topic,
        kind,
        object_ref: line.object_ref?,
        object_id: line.object_id?,
        payload: line.payload?.0,
    })
}

fn snapshot(text: &str) -> Result<ChangeSnapshot, SourceError> {
    text.parse().map_err(|error: String| SourceError::protocol(SourceKind::Postgres, error))
}
