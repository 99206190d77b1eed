//! Reads of the audit log. Writing it is `ingest`'s and the mutations' part: in their own transactions.

use chrono::{DateTime, Utc};
use schema::{
    AuditDecision, AuditFilter, AuditRecord, Cursor, FILTER_VALUES_MAX, FilterError, Page, PageArgs, Visibility,
};
use sqlx::{FromRow, Postgres, QueryBuilder};
use uuid::Uuid;

use super::Database;
use crate::SourceError;

const ORDER: &str = "audit.desc";

#[derive(FromRow)]
struct Row {
    id: Uuid,
    position: i64,
    at: DateTime<Utc>,
    subject: String,
    action: String,
    target: Option<String>,
    decision: String,
    error_code: Option<String>,
    operation_name: Option<String>,
    document_hash: Option<String>,
    variables_fingerprint: Option<String>,
    cost: Option<i32>,
    request_id: Option<String>,
    hash: String,
    previous_hash: Option<String>,
}

impl From<Row> for AuditRecord {
    fn from(row: Row) -> Self {
        Self {
            key: row.id,
            position: row.position,
            at: row.at.into(),
            subject: row.subject,
            action: row.action,
            target: row.target,
            decision: if row.decision == "DENIED" { AuditDecision::Denied } else { AuditDecision::Allowed },
            error_code: row.error_code,
            operation_name: row.operation_name,
            document_hash: row.document_hash,
            variables_fingerprint: row.variables_fingerprint,
            cost: row.cost,
            request_id: row.request_id,
            hash: row.hash,
            previous_hash: row.previous_hash,
        }
    }
}

fn push_where(
    query: &mut QueryBuilder<Postgres>,
    visibility: &Visibility,
    filter: &AuditFilter,
) -> Result<(), SourceError> {
    query.push("tenant = ").push_bind(visibility.tenant.clone());
    for (field, values) in [("subject", &filter.subject), ("action", &filter.action), ("target", &filter.target)] {
        let Some(values) = values else { continue };
        if values.len() > FILTER_VALUES_MAX {
            return Err(FilterError::TooMany { field, count: values.len(), max: FILTER_VALUES_MAX }.into());
        }
        if values.iter().any(|value| value.contains('\0')) {
            return Err(FilterError::Nul(field).into());
        }
        query.push(format_args!(" and {field} = any(")).push_bind(values.clone()).push(")");
    }
    if let Some(decision) = filter.decision {
        query.push(" and decision = ").push_bind(decision.as_str());
    }
    if let Some(request_id) = &filter.request_id {
        if request_id.contains('\0') {
            return Err(FilterError::Nul("requestId").into());
        }
        query.push(" and request_id = ").push_bind(request_id.clone());
    }
    if let Some(since) = filter.since {
        query.push(" and at >= ").push_bind(since.0);
    }
    if let Some(until) = filter.until {
        query.push(" and at < ").push_bind(until.0);
    }
    Ok(())
}

impl Database {
    /// A page of the tenant's records, newest first; one statement.
    pub async fn audit_page(
        &self,
        visibility: &Visibility,
        filter: &AuditFilter,
        page: &PageArgs,
    ) -> Result<Page<AuditRecord>, SourceError> {
        let mut query = QueryBuilder::new(
            "-- audit_page\nselect id, position, at, subject, action, target, decision, error_code, operation_name, \
             document_hash, variables_fingerprint, cost, request_id, hash, previous_hash from audit_log where ",
        );
        push_where(&mut query, visibility, filter)?;
        if let Some(after) = &page.after {
            let [position] = Cursor::decode::<1>(after, ORDER)?;
            let position: i64 = position.parse().map_err(|_| schema::CursorError)?;
            query.push(" and position < ").push_bind(position);
        }
        query.push(" order by position desc limit ").push_bind(i64::from(page.limit) + 1);
        let rows: Vec<Row> = self.all("audit_page", query.build_query_as()).await?;
        let page = Page::of_rows(rows, page, true, |row| Cursor::new(ORDER, [row.position.to_string()]).encode());
        Ok(page.map(AuditRecord::from))
    }

    /// How many records match; one statement.
    pub async fn audit_count(&self, visibility: &Visibility, filter: &AuditFilter) -> Result<i64, SourceError> {
        let mut query = QueryBuilder::new("-- audit_count\nselect count(*) from audit_log where ");
        push_where(&mut query, visibility, filter)?;
        Ok(self.one::<(i64,)>("audit_count", query.build_query_as()).await?.0)
    }

    /// The tenant's records with these keys, in no order; one statement.
    pub async fn audit_by_keys(&self, visibility: &Visibility, keys: &[Uuid]) -> Result<Vec<AuditRecord>, SourceError> {
        let rows = sqlx::query_as::<_, Row>(include_str!("../../queries/audit/audit_by_keys.sql"))
            .bind(&visibility.tenant)
            .bind(keys);
        Ok(self.all("audit_by_keys", rows).await?.into_iter().map(AuditRecord::from).collect())
    }
}
