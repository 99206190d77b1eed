//! Sums of slices by day and by month, in three widths: by component and mix of dimensions, by service, by owner.

use chrono::NaiveDate;
use sqlx::{AssertSqlSafe, PgConnection};

/// The tables of sums.
const TABLES: [&str; 6] = [
    "cost_component_day",
    "cost_component_month",
    "cost_service_day",
    "cost_service_month",
    "cost_owner_day",
    "cost_owner_month",
];

/// Counts these slices anew, from their rows in the partitions of these months.
pub(super) async fn write(
    connection: &mut PgConnection,
    tenant: &str,
    slices: &[i64],
    months: &[NaiveDate],
) -> Result<(), sqlx::Error> {
    remove(connection, slices).await?;
    // Hash tables of a month's rows fit; else they go through files.
    sqlx::raw_sql("set local work_mem = '128MB'; set local jit = off").execute(&mut *connection).await?;
    sqlx::query(include_str!("../../../queries/costs/component_days_write.sql"))
        .bind(tenant)
        .bind(slices)
        .bind(months)
        .execute(&mut *connection)
        .await?;
    sqlx::query(include_str!("../../../queries/costs/service_days_write.sql"))
        .bind(tenant)
        .bind(slices)
        .execute(&mut *connection)
        .await?;
    for statement in [
        include_str!("../../../queries/costs/owner_days_write.sql"),
        include_str!("../../../queries/costs/component_months_write.sql"),
        include_str!("../../../queries/costs/service_months_write.sql"),
        include_str!("../../../queries/costs/owner_months_write.sql"),
    ] {
        sqlx::query(statement).bind(slices).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Forgets the sums of these slices.
pub(super) async fn remove(connection: &mut PgConnection, slices: &[i64]) -> Result<(), sqlx::Error> {
    for table in TABLES {
        sqlx::query(AssertSqlSafe(format!("delete from {table} where slice_id = any($1)")))
            .bind(slices)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
