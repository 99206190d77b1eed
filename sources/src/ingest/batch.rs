//! One batch of documents of a location: told apart into new, changed, equal and refused, then written in a fixed number of
//! statements.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, PgConnection, types::Json};
use uuid::Uuid;

use super::{
    changes::{Changed, record},
    diff,
    facts::Facts,
    rows::{self, EntityInput},
    side_tables,
};
use crate::catalog::{CatalogDocument, Refusal};

/// An entity of this location as it stood before.
pub(super) struct Standing {
    pub(super) id: Uuid,
    pub(super) content_hash: Vec<u8>,
    pub(super) target: Option<String>,
    pub(super) is_orphan: bool,
}

/// What is the same for all batches of a location.
pub(super) struct Context<'a> {
    pub(super) tenant: &'a str,
    pub(super) actor: &'a str,
    /// None for what Weft itself declares: the entity of a registered location.
    pub(super) location_id: Option<Uuid>,
    pub(super) at: DateTime<Utc>,
    pub(super) standing: &'a HashMap<String, Standing>,
}

/// What became of a batch.
#[derive(Default)]
pub(super) struct BatchReport {
    pub(super) created: usize,
    pub(super) updated: usize,
    pub(super) unchanged: usize,
    pub(super) refused: Vec<Refusal>,
}

/// A document to be written.
struct Write<'a> {
    id: Uuid,
    document: &'a CatalogDocument,
    content_hash: Vec<u8>,
    is_new: bool,
}

#[derive(FromRow)]
struct Elsewhere {
    r#ref: String,
    id: Uuid,
    is_free: bool,
    is_team_only: bool,
    guardian_ref: Option<String>,
    location: String,
    target: String,
    line: Option<i32>,
}

/// An entity as it stood before it is written.
#[derive(FromRow)]
struct Before {
    id: Uuid,
    #[sqlx(flatten)]
    facts: Facts,
    document: Json<Value>,
}

/// Takes one batch over.
pub(super) async fn apply(
    connection: &mut PgConnection,
    context: &Context<'_>,
    documents: &[CatalogDocument],
) -> Result<BatchReport, sqlx::Error> {
    let mut report = BatchReport::default();
    let Plan { writes, moved } = plan(connection, context, documents, &mut report).await?;
    note_places(connection, &moved).await?;
    report.created = writes.iter().filter(|write| write.is_new).count();
    report.updated = writes.len() - report.created;
    if writes.is_empty() {
        return Ok(report);
    }
    let changed = changes(connection, &writes).await?;
    write_entities(connection, context, &writes).await?;
    let known: Vec<Uuid> = writes.iter().filter(|write| !write.is_new).map(|write| write.id).collect();
    let documents: Vec<(Uuid, &CatalogDocument)> = writes.iter().map(|write| (write.id, write.document)).collect();
    side_tables::write(connection, context.tenant, &known, &documents).await?;
    record(connection, context.tenant, context.actor, context.at, &changed).await?;
    Ok(report)
}

/// What a batch comes to.
#[derive(Default)]
struct Plan<'a> {
    writes: Vec<Write<'a>>,
    /// Equal to what stands, but in another file.
    moved: Vec<(Uuid, &'a CatalogDocument)>,
}

/// Notes where entities are declared now that say what they said before: that is no revision.
async fn note_places(connection: &mut PgConnection, moved: &[(Uuid, &CatalogDocument)]) -> Result<(), sqlx::Error> {
    if moved.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = moved.iter().map(|(id, _)| *id).collect();
    let targets: Vec<&str> = moved.iter().map(|(_, document)| document.target.as_str()).collect();
    let lines: Vec<Option<i32>> = moved.iter().map(|(_, document)| i32::try_from(document.line).ok()).collect();
    sqlx::query(include_str!("../../queries/ingest/entities_moved.sql"))
        .bind(ids)
        .bind(targets)
        .bind(lines)
        .execute(connection)
        .await?;
    Ok(())
}

/// Which documents must be written. One whose reference another location declares is refused.
async fn plan<'a>(
    connection: &mut PgConnection,
    context: &Context<'_>,
    documents: &'a [CatalogDocument],
    report: &mut BatchReport,
) -> Result<Plan<'a>, sqlx::Error> {
    let unknown: Vec<&str> = documents
        .iter()
        .map(|document| document.entity_ref.as_str())
        .filter(|entity_ref| !context.standing.contains_key(*entity_ref))
        .collect();
    let mut elsewhere: HashMap<String, Elsewhere> = HashMap::new();
    if !unknown.is_empty() {
        let rows: Vec<Elsewhere> = sqlx::query_as(include_str!("../../queries/ingest/entities_elsewhere.sql"))
            .bind(context.tenant)
            .bind(unknown)
            .fetch_all(&mut *connection)
            .await?;
        elsewhere.extend(rows.into_iter().map(|row| (row.r#ref.clone(), row)));
    }
    let mut planned = Plan::default();
    for document in documents {
        let content_hash = rows::content_hash(document);
        let entity_ref = document.entity_ref.as_str();
        let (id, is_new) = match (context.standing.get(entity_ref), elsewhere.get(entity_ref)) {
            (Some(standing), _) if standing.content_hash == content_hash && !standing.is_orphan => {
                report.unchanged += 1;
                if standing.target.as_deref() != Some(document.target.as_str()) {
                    planned.moved.push((standing.id, document));
                }
                continue;
            }
            (Some(standing), _) => (standing.id, false),
            (None, Some(other)) if !other.is_free || !keeps_secret(document, other) => {
                report.refused.push(conflict(document, other));
                continue;
            }
            (None, Some(other)) => (other.id, false),
            (None, None) => (Uuid::now_v7(), true),
        };
        planned.writes.push(Write { id, document, content_hash, is_new });
    }
    Ok(planned)
}

/// Whether whoever could not see the other declaration sees nothing of it through this one: history comes with the entity.
fn keeps_secret(document: &CatalogDocument, other: &Elsewhere) -> bool {
    let guardian = rows::guardian(&document.entity_ref, document.owner_ref.as_ref());
    !other.is_team_only || (document.is_team_only && guardian == other.guardian_ref)
}

fn conflict(document: &CatalogDocument, other: &Elsewhere) -> Refusal {
    let line = other.line.map(|line| format!(":{line}")).unwrap_or_default();
    Refusal {
        target: document.target.clone(),
        line: Some(document.line),
        column: Some(document.column),
        entity_ref: Some(document.entity_ref.clone()),
        is_team_only: document.is_team_only,
        owner_ref: document.owner_ref.clone(),
        // Where a team keeps what only it may see is its own affair.
        message: match other.is_team_only {
            true => format!("the reference {} is taken", document.entity_ref),
            false => format!(
                "{} is already declared in {}{line} of the location {}",
                document.entity_ref, other.target, other.location
            ),
        },
    }
}

/// What history and change log will tell: read before the rows are overwritten.
async fn changes(connection: &mut PgConnection, writes: &[Write<'_>]) -> Result<Vec<Changed>, sqlx::Error> {
    let known: Vec<Uuid> = writes.iter().filter(|write| !write.is_new).map(|write| write.id).collect();
    let mut before: HashMap<Uuid, Before> = HashMap::new();
    if !known.is_empty() {
        let rows: Vec<Before> = sqlx::query_as(include_str!("../../queries/ingest/entities_before.sql"))
            .bind(known)
            .fetch_all(connection)
            .await?;
        before.extend(rows.into_iter().map(|row| (row.id, row)));
    }
    Ok(writes.iter().map(|write| change(write, before.get(&write.id))).collect())
}

fn change(write: &Write<'_>, before: Option<&Before>) -> Changed {
    let document = write.document;
    let now = Facts::of(document);
    let owner = now.owner_ref.clone();
    let (kind, changes, owner) = match before {
        None => ("CREATED", Vec::new(), Some(owner)),
        Some(old) => {
            let changes = diff::changes(&old.document, &rows::comparable(document));
            ("UPDATED", changes, (old.facts.owner_ref != owner).then_some(owner))
        }
    };
    Changed {
        id: write.id,
        entity_ref: document.entity_ref.as_str().to_owned(),
        kind,
        changes,
        owner,
        before: before.map(|old| old.facts.clone()),
        now,
    }
}

async fn write_entities(
    connection: &mut PgConnection,
    context: &Context<'_>,
    writes: &[Write<'_>],
) -> Result<(), sqlx::Error> {
    let inputs: Vec<Json<EntityInput<'_>>> =
        writes.iter().map(|write| Json(EntityInput::of(write.id, write.document, &write.content_hash))).collect();
    sqlx::query(include_str!("../../queries/ingest/entities_upsert.sql"))
        .bind(inputs)
        .bind(context.tenant)
        .bind(context.location_id)
        .bind(context.at)
        .execute(connection)
        .await?;
    Ok(())
}
