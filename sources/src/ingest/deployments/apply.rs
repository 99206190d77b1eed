//! One batch of events, in one transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use schema::AuditEntry;
use serde_json::{Map, Value};
use sqlx::{FromRow, PgConnection, types::Json};
use uuid::Uuid;

use super::{
    DeliveryRules, DeploymentEvent, Lease, Mark, Origin, days,
    event::EventRow,
    log::{self, Change},
    marks, partitions,
    places::{self, Rederived},
    rows,
};
use crate::{SourceError, ingest::audit, postgres::Database};

/// Events and how far they bring us, written together.
#[derive(Debug, Clone, Copy)]
pub struct DeploymentBatch<'a> {
    /// Where they come from.
    pub origin: Origin<'a>,
    /// The right to write.
    pub lease: &'a Lease,
    /// The events.
    pub events: &'a [DeploymentEvent],
    /// How far the source has been read with them.
    pub marks: &'a [Mark],
    /// Which deployments needed a remedy.
    pub rules: &'a DeliveryRules,
    /// No event had announced them: reconciliation found them.
    pub healed: bool,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeploymentReport {
    /// Deployments that are new.
    pub created: usize,
    /// Deployments whose state is a newer one now.
    pub updated: usize,
    /// Events that say nothing new.
    pub unchanged: usize,
    /// Events from before the year 2000 or from the future, which are left out.
    pub refused: usize,
}

impl DeploymentReport {
    /// Counts another one in.
    pub fn add(&mut self, other: Self) {
        self.created += other.created;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.refused += other.refused;
    }
}

/// Whether a batch was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It was.
    Done(DeploymentReport),
    /// Another replica reads the source by now; nothing was written.
    Fenced,
}

/// A component in an environment; what other sources say of it is kept apart.
pub(super) type Place = (String, String);

/// A deployment's place in its list.
pub(super) type Position = (DateTime<Utc>, Uuid);

/// A row of `deployment`, as the log compares it.
#[derive(FromRow)]
pub(super) struct RowState {
    pub(super) id: Uuid,
    pub(super) row: Json<Map<String, Value>>,
}

/// What a batch touches.
#[derive(Default)]
pub(super) struct Touched {
    /// Places, each with the first position that changed.
    pub(super) places: BTreeMap<Place, Position>,
    /// Days of places.
    pub(super) days: BTreeSet<(Place, NaiveDate)>,
}

impl Touched {
    pub(super) fn add(&mut self, row: &Map<String, Value>) {
        let text = |field: &str| row.get(field).and_then(Value::as_str);
        let (Some(component), Some(environment)) = (text("component_ref"), text("environment")) else { return };
        let Some(position) = position(row) else { return };
        let place = (component.to_owned(), environment.to_owned());
        self.days.insert((place.clone(), position.0.date_naive()));
        let first = self.places.entry(place).or_insert(position);
        *first = position.min(*first);
    }
}

/// The position of a row that Postgres wrote as JSON.
pub(super) fn position(row: &Map<String, Value>) -> Option<Position> {
    let text = |field: &str| row.get(field).and_then(Value::as_str);
    let created_at = DateTime::parse_from_rfc3339(text("created_at")?).ok()?;
    Some((created_at.with_timezone(&Utc), text("id")?.parse().ok()?))
}

impl Database {
    /// Takes a batch over, everything or nothing; nothing when the lease has gone to another replica.
    pub async fn apply_deployments(&self, batch: &DeploymentBatch<'_>) -> Result<Applied, SourceError> {
        let _turn = self.sync_turn().await;
        self.timed("apply_deployments", async {
            let mut transaction = self.writers().begin().await?;
            // Writers of one tenant wait for each other, and for an import of its catalog.
            sqlx::raw_sql("set local lock_timeout = 0; set local statement_timeout = '5min'")
                .execute(&mut *transaction)
                .await?;
            let applied = apply(&mut transaction, batch).await?;
            if matches!(applied, Applied::Done(_)) {
                transaction.commit().await?;
            }
            Ok(applied)
        })
        .await
    }
}

async fn apply(connection: &mut PgConnection, batch: &DeploymentBatch<'_>) -> Result<Applied, sqlx::Error> {
    let tenant = batch.origin.tenant;
    let at = audit::begin(connection, tenant).await?;
    // Who may see a component cannot change between the look at it and the commit, and no two see half of a place.
    sqlx::query(
        "select pg_advisory_xact_lock_shared(hashtextextended('catalog:' || $1, 0)), \
         pg_advisory_xact_lock(hashtextextended('deployments:' || $1, 0))",
    )
    .bind(tenant)
    .execute(&mut *connection)
    .await?;
    if !batch.lease.still_holds(connection).await? {
        return Ok(Applied::Fenced);
    }
    let (rows, refused) = rows::of_batch(connection, batch, at).await?;
    let report = write(connection, batch, rows, at).await?;
    marks::write(connection, &batch.origin, batch.marks).await?;
    Ok(Applied::Done(DeploymentReport { refused, ..report }))
}

async fn write(
    connection: &mut PgConnection,
    batch: &DeploymentBatch<'_>,
    mut rows: Vec<EventRow>,
    at: DateTime<Utc>,
) -> Result<DeploymentReport, sqlx::Error> {
    let mut report = DeploymentReport::default();
    let tenant = batch.origin.tenant;
    let all = rows.len();
    let before = before(connection, &rows).await?;
    // Most of what a source tells again is what it told before: it is not touched.
    rows.retain(|row| before.get(&row.id).is_none_or(|before| !row.is_known_as(before)));
    report.unchanged = all - rows.len();
    if rows.is_empty() {
        return Ok(report);
    }
    partitions::create(connection, &rows).await?;
    let written: Vec<RowState> = sqlx::query_as(include_str!("../../../queries/deployments/deployments_upsert.sql"))
        .bind(rows.iter().map(Json).collect::<Vec<_>>())
        .bind(tenant)
        .bind(batch.origin.source.as_str())
        .bind(batch.origin.source_name)
        .fetch_all(&mut *connection)
        .await?;
    report.created = written.iter().filter(|row| !before.contains_key(&row.id)).count();
    report.updated = written.len() - report.created;
    report.unchanged += rows.len() - written.len();
    if written.is_empty() {
        return Ok(report);
    }
    let mut touched = Touched::default();
    let mut changes: BTreeMap<Uuid, Change> = BTreeMap::new();
    for row in written {
        let old = before.get(&row.id);
        touched.add(&row.row);
        old.into_iter().for_each(|old| touched.add(old));
        changes.insert(row.id, Change { before: old.cloned(), now: row.row.0 });
    }
    let rederived = places::derive_anew(connection, &batch.origin, &touched.places, batch.rules).await?;
    for Rederived { before, now } in rederived {
        // Its sums change, too; where its place begins matters no more.
        touched.add(&now.row);
        // Of one that this batch wrote, the state before the batch counts.
        let change = changes.entry(now.id).or_insert_with(|| Change { before: Some(before), now: Map::new() });
        change.now = now.row.0;
    }
    days::write(connection, &batch.origin, &touched).await?;
    log::write(connection, &batch.origin, at, batch.healed, &changes).await?;
    let entry = AuditEntry {
        subject: "weft".to_owned(),
        action: format!("sync.{}", batch.origin.source),
        target: Some(batch.origin.source_name.to_owned()),
        ..AuditEntry::default()
    };
    audit::append(connection, tenant, &entry, at).await?;
    Ok(report)
}

async fn before(
    connection: &mut PgConnection,
    rows: &[EventRow],
) -> Result<HashMap<Uuid, Map<String, Value>>, sqlx::Error> {
    let before: Vec<RowState> = sqlx::query_as(include_str!("../../../queries/deployments/deployments_before.sql"))
        .bind(rows.iter().map(|row| row.created_at).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.id).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    Ok(before.into_iter().map(|row| (row.id, row.row.0)).collect())
}
