//! Processing errors: documents that could not be taken over, shown at the entity or location they belong to.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use schema::{EntityRef, ProcessingErrorRecord, Visibility};
use sqlx::{FromRow, QueryBuilder};

use super::{Database, visibility::push_visible};
use crate::SourceError;

/// Most errors that are told of one entity.
const ERRORS_MAX: i64 = 100;

#[derive(FromRow)]
struct Row {
    entity_ref: String,
    message: String,
    target: String,
    line: Option<i32>,
    column: Option<i32>,
    since: DateTime<Utc>,
}

impl Database {
    /// What is wrong with the newest version of each entity; for a location, with all that it declares. One statement.
    pub async fn processing_errors_by_refs(
        &self,
        visibility: &Visibility,
        refs: &[EntityRef],
    ) -> Result<HashMap<EntityRef, Vec<ProcessingErrorRecord>>, SourceError> {
        let refs: Vec<String> = refs.iter().map(|entity_ref| entity_ref.as_str().to_owned()).collect();
        let mut query = QueryBuilder::new(
            "-- processing_errors_by_refs\nselect asked.ref as entity_ref, e.message, e.target, e.line, e.\"column\", e.since from unnest(",
        );
        query.push_bind(refs).push(
            "::text[]) as asked(ref) cross join lateral (select p.* from processing_error p where p.id in (\
             select own.id from processing_error own where own.entity_ref = asked.ref and own.tenant = ",
        );
        query.push_bind(visibility.tenant.clone());
        query.push(
            " union all select below.id from location l join processing_error below on below.location_id = l.id \
             where (l.ref = asked.ref or l.parent_ref = asked.ref) and l.tenant = ",
        );
        query.push_bind(visibility.tenant.clone()).push(") and ");
        push_visible(&mut query, "p", visibility);
        query.push(" order by p.target, p.line, p.id limit ").push_bind(ERRORS_MAX).push(") e");
        let rows: Vec<Row> = self.all("processing_errors_by_refs", query.build_query_as()).await?;
        let mut by_ref: HashMap<EntityRef, Vec<ProcessingErrorRecord>> = HashMap::new();
        for row in rows {
            by_ref.entry(EntityRef::stored(row.entity_ref)).or_default().push(ProcessingErrorRecord {
                message: row.message,
                target: row.target,
                line: row.line,
                column: row.column,
                since: row.since.into(),
            });
        }
        Ok(by_ref)
    }
}
