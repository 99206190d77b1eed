//! The months that the table is parted into.

use std::collections::BTreeSet;

use chrono::{Datelike, Months, NaiveDate};
use sqlx::PgConnection;

use super::event::EventRow;

/// Makes the partitions that are missing for these rows.
pub(super) async fn create(connection: &mut PgConnection, rows: &[EventRow]) -> Result<(), sqlx::Error> {
    let months: BTreeSet<NaiveDate> = rows.iter().filter_map(|row| row.created_at.date_naive().with_day(1)).collect();
    let names: Vec<String> = months.iter().map(|month| name(*month)).collect();
    let missing: Vec<String> =
        sqlx::query_scalar("select name from unnest($1::text[]) as n(name) where to_regclass(name) is null")
            .bind(names)
            .fetch_all(&mut *connection)
            .await?;
    if missing.is_empty() {
        return Ok(());
    }
    // Of several tenants' writers one makes it; the others find it.
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('deployment partitions', 0))")
        .execute(&mut *connection)
        .await?;
    for month in months.into_iter().filter(|month| missing.contains(&name(*month))) {
        let Some(next) = month.checked_add_months(Months::new(1)) else { continue };
        let name = name(month);
        // Made aside and then attached, which does not keep readers of the other months waiting.
        let statements = format!(
            "do $$ begin if to_regclass('{name}') is null then \
             create table {name} (like deployment including defaults including constraints including generated); \
             alter table deployment attach partition {name} \
             for values from ('{month}T00:00:00Z') to ('{next}T00:00:00Z'); end if; end $$"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(statements)).execute(&mut *connection).await?;
    }
    Ok(())
}

fn name(month: NaiveDate) -> String {
    format!("deployment_{}", month.format("%Y_%m"))
}
