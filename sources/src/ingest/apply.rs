//! Takes the documents of one location over, in one transaction.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    time::Duration,
};

use schema::AuditEntry;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::{
    ImportReport, audit,
    batch::{self, Standing},
    processing_error, removal,
};
use crate::{
    SourceError,
    catalog::{CatalogDocument, Outcome, PackedDocument, Refusal},
    postgres::Database,
};

/// Most documents of one batch.
const BATCH_DOCUMENTS_MAX: usize = 1_000;

/// From so many changes on the tables are analyzed after an import, whatever their size.
const ANALYZE_MIN: usize = 1_000;
/// From so many on they are when that is a tenth of what Postgres believes is there, as its own daemon would do a minute later. Without
/// figures it takes seconds for lists that hang on teams, even of a few hundred entities.
const ANALYZE_SMALL_MIN: usize = 50;

/// A place that declares entities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Whose it is.
    pub tenant: String,
    /// `import`, `url` or `file`.
    pub location_type: &'static str,
    /// The path or address.
    pub target: String,
}

/// How much a catalog may grow.
#[derive(Debug, Clone, Copy)]
pub struct ApplyLimits {
    /// Most entities of one location; later documents in path order are refused.
    pub entities_per_location_max: usize,
    /// Most entities of one tenant; later documents in path order are refused.
    pub entities_per_tenant_max: usize,
    /// How long an orphan stays.
    pub orphan_grace: Duration,
}

#[derive(FromRow)]
struct StandingRow {
    r#ref: String,
    id: Uuid,
    content_hash: Vec<u8>,
    target: Option<String>,
    is_orphan: bool,
}

impl Database {
    /// Makes the catalog say what these documents of `location` say: everything or nothing. `progress` is told how many
    /// documents are done.
    pub async fn apply_location(
        &self,
        location: &Location,
        outcomes: Vec<Outcome>,
        limits: &ApplyLimits,
        audit: &AuditEntry,
        progress: &(dyn Fn(usize) + Send + Sync),
    ) -> Result<ImportReport, SourceError> {
        let applied = self.changed("apply_location", async {
            let mut transaction = self.writers().begin().await?;
            // An import is not a request: it may take minutes, and whoever waits for it can interrupt it.
            sqlx::raw_sql("set local statement_timeout = 0; set local lock_timeout = 0")
                .execute(&mut *transaction)
                .await?;
            let report = apply(&mut transaction, location, outcomes, limits, audit, progress).await?;
            transaction.commit().await?;
            Ok(report)
        });
        let report = applied.await?;
        if self.needs_analysis(report.created + report.updated).await {
            self.analyze().await;
        }
        Ok(report)
    }

    /// Has Postgres look at the tables again. Right after a large import it would still plan for the small ones of before: a
    /// facet over 100,000 entities then takes minutes instead of 0.3 s. Until it has seen that all may see the new rows, counts
    /// cannot be read from an index alone.
    async fn needs_analysis(&self, changes: usize) -> bool {
        if !(ANALYZE_SMALL_MIN..ANALYZE_MIN).contains(&changes) {
            return changes >= ANALYZE_MIN;
        }
        // -1 where nobody has counted yet. A failure is told by the analysis, which then fails too.
        let believed = sqlx::query_scalar("select reltuples::float8 from pg_class where oid = 'entity'::regclass");
        let believed: f64 = believed.fetch_one(self.writers()).await.unwrap_or(-1.0);
        believed <= 10.0 * f64::from(u16::try_from(changes).unwrap_or(u16::MAX))
    }

    async fn analyze(&self) {
        let analyze = async {
            let mut connection = self.writers().acquire().await?;
            // Not in a transaction, and so on a connection of its own, which ends with it.
            connection.close_on_drop();
            for statement in
                ["set statement_timeout = 0", "vacuum (analyze) entity, entity_facet, relation, entity_revision"]
            {
                sqlx::raw_sql(statement).execute(&mut *connection).await?;
            }
            Ok::<_, sqlx::Error>(())
        };
        if let Err(error) = analyze.await {
            tracing::warn!(%error, "the tables could not be analyzed after an import");
        }
    }
}

async fn apply(
    connection: &mut PgConnection,
    location: &Location,
    outcomes: Vec<Outcome>,
    limits: &ApplyLimits,
    audit: &AuditEntry,
    progress: &(dyn Fn(usize) + Send + Sync),
) -> Result<ImportReport, sqlx::Error> {
    let tenant = &location.tenant;
    let at = audit::begin(connection, tenant).await?;
    audit::lock_catalog(connection, tenant).await?;
    let location_id: Uuid = sqlx::query_scalar(include_str!("../../queries/ingest/location_upsert.sql"))
        .bind(Uuid::now_v7())
        .bind(tenant)
        .bind(location.location_type)
        .bind(&location.target)
        .bind(&audit.subject)
        .fetch_one(&mut *connection)
        .await?;
    let standing = standing(connection, tenant, location_id).await?;
    let room = room(connection, tenant, location_id, limits).await?;
    let (documents, mut refused) = within_limits(outcomes, room);

    let context =
        batch::Context { tenant, actor: &location.target, location_id: Some(location_id), at, standing: &standing };
    let mut report = ImportReport::default();
    for documents in documents.chunks(BATCH_DOCUMENTS_MAX) {
        let unpacked: Vec<CatalogDocument> = documents.iter().map(PackedDocument::unpack).collect();
        let batch = batch::apply(connection, &context, &unpacked).await?;
        report.created += batch.created;
        report.updated += batch.updated;
        report.unchanged += batch.unchanged;
        refused.extend(batch.refused);
        progress(documents.len());
    }
    let vanished = vanished(&standing, &documents, &refused);
    removal::orphan(connection, tenant, &location.target, at, &vanished).await?;
    report.orphaned = vanished.len();
    let horizon = at - limits.orphan_grace;
    report.removed = removal::remove_expired(connection, tenant, &location.target, at, horizon).await?;
    refused.sort_by(|a, b| (&a.target, a.line).cmp(&(&b.target, b.line)));
    processing_error::replace(connection, tenant, location_id, at, &refused).await?;
    report.refused = refused;
    // A refusal of no document in particular means that the location could not be read.
    if !report.refused.iter().any(|refusal| refusal.entity_ref.is_none() && refusal.line.is_none()) {
        sqlx::query(include_str!("../../queries/ingest/location_read.sql"))
            .bind(location_id)
            .bind(at)
            .execute(&mut *connection)
            .await?;
    }
    audit::append(connection, tenant, audit, at).await?;
    Ok(report)
}

async fn standing(
    connection: &mut PgConnection,
    tenant: &str,
    location_id: Uuid,
) -> Result<HashMap<String, Standing>, sqlx::Error> {
    let rows: Vec<StandingRow> = sqlx::query_as(include_str!("../../queries/ingest/entities_standing.sql"))
        .bind(tenant)
        .bind(location_id)
        .fetch_all(connection)
        .await?;
    let standing = |row: StandingRow| {
        let StandingRow { r#ref, id, content_hash, target, is_orphan } = row;
        (r#ref, Standing { id, content_hash, target, is_orphan })
    };
    Ok(rows.into_iter().map(standing).collect())
}

/// How many entities the location may declare.
async fn room(
    connection: &mut PgConnection,
    tenant: &str,
    location_id: Uuid,
    limits: &ApplyLimits,
) -> Result<usize, sqlx::Error> {
    let others: i64 = sqlx::query_scalar(include_str!("../../queries/ingest/tenant_room.sql"))
        .bind(tenant)
        .bind(location_id)
        .fetch_one(connection)
        .await?;
    let left = limits.entities_per_tenant_max.saturating_sub(usize::try_from(others).unwrap_or(usize::MAX));
    Ok(left.min(limits.entities_per_location_max))
}

fn within_limits(outcomes: Vec<Outcome>, room: usize) -> (Vec<PackedDocument>, Vec<Refusal>) {
    let (mut documents, mut refused) = (Vec::new(), Vec::new());
    for outcome in outcomes {
        match outcome {
            Outcome::Document(document) if documents.len() < room => documents.push(*document),
            Outcome::Document(document) => refused.push(Refusal {
                message: format!(
                    "the catalog has room for {room} entities of this location: raise `catalog.entities_per_location_max` \
                     or `catalog.entities_per_tenant_max`"
                ),
                target: document.target,
                line: Some(document.line),
                column: Some(document.column),
                entity_ref: Some(document.entity_ref),
                is_team_only: document.is_team_only,
                owner_ref: document.owner_ref,
            }),
            Outcome::Refused(refusal) => refused.push(refusal),
        }
    }
    (documents, refused)
}

/// What the location no longer declares. A document that is refused today does not remove what it declared yesterday, and a
/// file or folder that cannot be read at all removes nothing that came from it or from below it.
fn vanished(standing: &HashMap<String, Standing>, documents: &[PackedDocument], refused: &[Refusal]) -> Vec<Uuid> {
    let declared: HashSet<&str> = documents
        .iter()
        .map(|document| document.entity_ref.as_str())
        .chain(refused.iter().filter_map(|refusal| Some(refusal.entity_ref.as_ref()?.as_str())))
        .collect();
    let unreadable: HashSet<&str> =
        refused.iter().filter(|refusal| refusal.entity_ref.is_none()).map(|refusal| refusal.target.as_str()).collect();
    let is_gone = |(entity_ref, entity): &(&String, &Standing)| {
        !entity.is_orphan
            && !declared.contains(entity_ref.as_str())
            && !entity.target.as_deref().is_some_and(|target| {
                let mut with_above = Path::new(target).ancestors().filter_map(Path::to_str);
                unreadable.contains(target) || with_above.any(|folder| unreadable.contains(folder))
            })
    };
    standing.iter().filter(is_gone).map(|(_, entity)| entity.id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_a_folder_that_cannot_be_read_nothing_vanishes() {
        let standing = |target: &str| Standing {
            id: Uuid::new_v4(),
            content_hash: Vec::new(),
            target: Some(target.to_owned()),
            is_orphan: false,
        };
        let all = HashMap::from([
            ("component:default/a".to_owned(), standing("/srv/catalog/teams/x/a.yaml")),
            ("component:default/b".to_owned(), standing("/srv/catalog/teams-b/b.yaml")),
        ]);
        let refused = Refusal {
            message: "permission denied".to_owned(),
            target: "/srv/catalog/teams".to_owned(),
            line: None,
            column: None,
            entity_ref: None,
            is_team_only: false,
            owner_ref: None,
        };
        let gone = vanished(&all, &[], &[refused]);
        assert_eq!(gone, [all["component:default/b"].id]);
    }
}
