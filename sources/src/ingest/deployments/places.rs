//! Writes what follows from places as a whole, for all places of a batch in a fixed number of statements.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use schema::{DeploymentStatus, RemedyReason};
use serde_json::{Map, Value, json};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::{
    DeliveryRules, Origin,
    apply::{Place, Position, RowState},
    derive::{Derived, Placed, Remedy, derive},
};

/// A deployment of a place, with what was derived for it before.
#[derive(FromRow)]
struct WindowRow {
    place: i32,
    id: Uuid,
    created_at: DateTime<Utc>,
    status: String,
    artifact: Option<String>,
    has_commit: bool,
    finished_at: Option<DateTime<Utc>>,
    is_hotfix: bool,
    is_incident: bool,
    previous_id: Option<Uuid>,
    is_rollback: bool,
    is_first_of_commit: bool,
    is_rework: bool,
    remedy_reason: Option<String>,
    remedied_by: Option<Uuid>,
    recovery_seconds: Option<f64>,
}

impl WindowRow {
    fn placed(&self) -> Placed {
        Placed {
            id: self.id,
            created_at: self.created_at,
            status: DeploymentStatus::of_str(&self.status),
            artifact: self.artifact.clone(),
            has_commit: self.has_commit,
            finished_at: self.finished_at,
            is_hotfix: self.is_hotfix,
            is_incident: self.is_incident,
        }
    }

    fn derived(&self) -> Derived {
        Derived {
            previous: self.previous_id,
            is_rollback: self.is_rollback,
            is_first_of_commit: self.is_first_of_commit,
            is_rework: self.is_rework,
            remedy: Remedy {
                reason: self.remedy_reason.as_deref().and_then(RemedyReason::of_str),
                by: self.remedied_by,
                recovery_seconds: self.recovery_seconds,
            },
        }
    }
}

/// A row that says something else now that its place was derived anew.
pub(super) struct Rederived {
    pub(super) before: Map<String, Value>,
    pub(super) now: RowState,
}

/// Derives these places anew, each from the first position that changed on, and tells which rows changed by it.
pub(super) async fn derive_anew(
    connection: &mut PgConnection,
    origin: &Origin<'_>,
    places: &BTreeMap<Place, Position>,
    rules: &DeliveryRules,
) -> Result<Vec<Rederived>, sqlx::Error> {
    let places: Vec<(&Place, Position)> = places.iter().map(|(place, first)| (place, *first)).collect();
    let windows = windows(connection, origin, &places).await?;
    let earlier = earlier(connection, origin, &places, &windows).await?;
    let mut changed = Vec::new();
    let nothing = HashSet::new();
    for (at, rows) in &windows {
        let Some((_, first)) = place_at(&places, *at) else { continue };
        let placed: Vec<Placed> = rows.iter().map(WindowRow::placed).collect();
        let derived = derive(&placed, earlier.get(at).unwrap_or(&nothing), rules);
        for (row, new) in rows.iter().zip(derived) {
            let old = row.derived();
            // What stands before the first change follows from nothing that changed, but for what remedied it.
            let is_after = (row.created_at, row.id) >= *first;
            let new = if is_after { new } else { Derived { remedy: new.remedy, ..old.clone() } };
            if new != old {
                changed.push((row, new));
            }
        }
    }
    let written = write(connection, &changed).await?;
    write_states(connection, origin, &places).await?;
    let before: BTreeMap<Uuid, &WindowRow> = changed.iter().map(|(row, _)| (row.id, *row)).collect();
    let rederived = |now: RowState| {
        let row = before.get(&now.id)?;
        Some(Rederived { before: derived_before(&now.row, row), now })
    };
    Ok(written.into_iter().filter_map(rederived).collect())
}

/// The row as it was before it was derived anew.
fn derived_before(now: &Map<String, Value>, row: &WindowRow) -> Map<String, Value> {
    let mut before = now.clone();
    for (field, value) in [
        ("previous_id", json!(row.previous_id)),
        ("is_rollback", json!(row.is_rollback)),
        ("is_first_of_commit", json!(row.is_first_of_commit)),
        ("is_rework", json!(row.is_rework)),
        ("remedy_reason", json!(row.remedy_reason)),
        ("remedied_by", json!(row.remedied_by)),
        ("recovery_seconds", json!(row.recovery_seconds)),
    ] {
        before.insert(field.to_owned(), value);
    }
    before
}

/// Places are counted from 1, as Postgres counts.
fn place_at<'a, 'p>(places: &'a [(&'p Place, Position)], at: i32) -> Option<&'a (&'p Place, Position)> {
    places.get(usize::try_from(at).ok()?.checked_sub(1)?)
}

async fn windows(
    connection: &mut PgConnection,
    origin: &Origin<'_>,
    places: &[(&Place, Position)],
) -> Result<BTreeMap<i32, Vec<WindowRow>>, sqlx::Error> {
    let rows: Vec<WindowRow> = sqlx::query_as(include_str!("../../../queries/deployments/places_window.sql"))
        .bind(origin.tenant)
        .bind(places.iter().map(|(place, _)| place.0.as_str()).collect::<Vec<_>>())
        .bind(places.iter().map(|(place, _)| place.1.as_str()).collect::<Vec<_>>())
        .bind(places.iter().map(|(_, first)| first.0).collect::<Vec<_>>())
        .bind(places.iter().map(|(_, first)| first.1).collect::<Vec<_>>())
        .bind(origin.source_name)
        .fetch_all(connection)
        .await?;
    let mut windows: BTreeMap<i32, Vec<WindowRow>> = BTreeMap::new();
    for row in rows {
        windows.entry(row.place).or_default().push(row);
    }
    Ok(windows)
}

/// The artifacts of each window that succeeded in its place before it.
async fn earlier(
    connection: &mut PgConnection,
    origin: &Origin<'_>,
    places: &[(&Place, Position)],
    windows: &BTreeMap<i32, Vec<WindowRow>>,
) -> Result<BTreeMap<i32, HashSet<String>>, sqlx::Error> {
    let (mut numbers, mut components, mut environments) = (Vec::new(), Vec::new(), Vec::new());
    let (mut moments, mut ids, mut artifacts) = (Vec::new(), Vec::new(), Vec::new());
    for (at, rows) in windows {
        let (Some((place, _)), Some(first)) = (place_at(places, *at), rows.first()) else { continue };
        let of_window: HashSet<&str> = rows.iter().filter_map(|row| row.artifact.as_deref()).collect();
        for artifact in of_window {
            numbers.push(*at);
            components.push(place.0.as_str());
            environments.push(place.1.as_str());
            moments.push(first.created_at);
            ids.push(first.id);
            artifacts.push(artifact);
        }
    }
    let found: Vec<(i32, String)> = sqlx::query_as(include_str!("../../../queries/deployments/artifacts_earlier.sql"))
        .bind(origin.tenant)
        .bind(numbers)
        .bind(components)
        .bind(environments)
        .bind(moments)
        .bind(ids)
        .bind(artifacts)
        .bind(origin.source_name)
        .fetch_all(connection)
        .await?;
    let mut earlier: BTreeMap<i32, HashSet<String>> = BTreeMap::new();
    for (at, artifact) in found {
        earlier.entry(at).or_default().insert(artifact);
    }
    Ok(earlier)
}

async fn write(connection: &mut PgConnection, changed: &[(&WindowRow, Derived)]) -> Result<Vec<RowState>, sqlx::Error> {
    if changed.is_empty() {
        return Ok(Vec::new());
    }
    sqlx::query_as(include_str!("../../../queries/deployments/derived_write.sql"))
        .bind(changed.iter().map(|(row, _)| row.created_at).collect::<Vec<_>>())
        .bind(changed.iter().map(|(row, _)| row.id).collect::<Vec<_>>())
        .bind(changed.iter().map(|(_, new)| new.previous).collect::<Vec<_>>())
        .bind(changed.iter().map(|(_, new)| new.is_rollback).collect::<Vec<_>>())
        .bind(changed.iter().map(|(_, new)| new.is_first_of_commit).collect::<Vec<_>>())
        .bind(changed.iter().map(|(_, new)| new.is_rework).collect::<Vec<_>>())
        .bind(changed.iter().map(|(_, new)| new.remedy.reason.map(RemedyReason::as_str)).collect::<Vec<_>>())
        .bind(changed.iter().map(|(_, new)| new.remedy.by).collect::<Vec<_>>())
        .bind(changed.iter().map(|(_, new)| new.remedy.recovery_seconds).collect::<Vec<_>>())
        .fetch_all(connection)
        .await
}

/// What stands in each place and what was tried last.
async fn write_states(
    connection: &mut PgConnection,
    origin: &Origin<'_>,
    places: &[(&Place, Position)],
) -> Result<(), sqlx::Error> {
    let components: Vec<&str> = places.iter().map(|(place, _)| place.0.as_str()).collect();
    let environments: Vec<&str> = places.iter().map(|(place, _)| place.1.as_str()).collect();
    for statement in [
        include_str!("../../../queries/deployments/environment_states_write.sql"),
        include_str!("../../../queries/deployments/environment_states_remove.sql"),
    ] {
        sqlx::query(statement)
            .bind(origin.tenant)
            .bind(&components)
            .bind(&environments)
            .bind(origin.source_name)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
