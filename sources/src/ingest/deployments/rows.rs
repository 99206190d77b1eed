//! The rows of a batch: those of believable moments, each deployment once and with its newest state.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
};

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{DeploymentBatch, DeploymentEvent, event::EventRow};

/// The first moment that is taken, the year 2000: what is older is a clock that was never set.
const FIRST: DateTime<Utc> = DateTime::from_timestamp(946_684_800, 0).unwrap();

/// How far ahead of ours a source's clock may be.
const AHEAD_MAX: TimeDelta = TimeDelta::days(1);

/// What tells the deployments of a source apart: the component and the source's key.
type Named<'a> = (&'a str, &'a str);

/// The rows, and how many events are of no believable moment.
pub(super) async fn of_batch(
    connection: &mut PgConnection,
    batch: &DeploymentBatch<'_>,
    now: DateTime<Utc>,
) -> Result<(Vec<EventRow>, usize), sqlx::Error> {
    let believable = FIRST..now + AHEAD_MAX;
    let seen = first_seen(connection, batch, &believable).await?;
    let mut rows: HashMap<Uuid, EventRow> = HashMap::with_capacity(batch.events.len());
    let mut refused = 0;
    for event in batch.events {
        if !believable.contains(&event.created_at) {
            refused += 1;
            continue;
        }
        let created_at = named(event).filter(|_| event.is_seen_only).and_then(|named| seen.get(&named).copied());
        let created_at = created_at.unwrap_or_else(|| event.moment());
        let row = EventRow::of(&batch.origin, &event.bounded(&believable), created_at, batch.rules);
        match rows.get_mut(&row.id) {
            Some(known) if known.state() >= row.state() => {}
            Some(known) => *known = row,
            None => {
                rows.insert(row.id, row);
            }
        }
    }
    Ok((rows.into_values().collect(), refused))
}

/// When those were first seen of which the source does not say when they were created.
async fn first_seen<'a>(
    connection: &mut PgConnection,
    batch: &'a DeploymentBatch<'_>,
    believable: &Range<DateTime<Utc>>,
) -> Result<BTreeMap<Named<'a>, DateTime<Utc>>, sqlx::Error> {
    let mut seen: BTreeMap<Named<'a>, DateTime<Utc>> = BTreeMap::new();
    for event in batch.events.iter().filter(|event| event.is_seen_only && believable.contains(&event.created_at)) {
        let Some(named) = named(event) else { continue };
        let first = seen.entry(named).or_insert_with(|| event.moment());
        *first = event.moment().min(*first);
    }
    if seen.is_empty() {
        return Ok(seen);
    }
    let known: Vec<(i32, DateTime<Utc>)> =
        sqlx::query_as(include_str!("../../../queries/deployments/known_moments.sql"))
            .bind(batch.origin.tenant)
            .bind((0..).take(seen.len()).collect::<Vec<i32>>())
            .bind(seen.keys().map(|(component, _)| *component).collect::<Vec<_>>())
            .bind(seen.keys().map(|(_, key)| *key).collect::<Vec<_>>())
            .bind(batch.origin.source_name)
            .fetch_all(connection)
            .await?;
    let known: HashMap<i32, DateTime<Utc>> = known.into_iter().collect();
    for (at, first) in (0..).zip(seen.values_mut()) {
        // Its key holds the moment: what is known keeps its own.
        if let Some(known) = known.get(&at) {
            *first = *known;
        }
    }
    Ok(seen)
}

fn named(event: &DeploymentEvent) -> Option<Named<'_>> {
    Some((event.component.as_ref()?.as_str(), &event.source_key))
}
