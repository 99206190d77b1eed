//! Billing periods, and until when their data is complete.

use chrono::{DateTime, Days, NaiveDate, Utc};
use schema::{BillingPeriod, BillingPeriodStatus, CostQuery, Date, Visibility, scope};
use sqlx::FromRow;

use crate::{SourceError, postgres::Database};

/// What is known of the data behind a report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CostPeriods {
    /// The newest day whose data is complete, from every source that has charges in the range.
    pub complete_until: Option<NaiveDate>,
    /// The periods that the range touches, oldest first.
    pub periods: Vec<BillingPeriod>,
}

#[derive(FromRow)]
struct Row {
    invoice_issuer: String,
    period_start: DateTime<Utc>,
    period_end: DateTime<Utc>,
    imported_at: DateTime<Utc>,
    is_invoiced: bool,
    complete_until: Option<NaiveDate>,
}

impl Database {
    /// The billing periods that a query's range touches, as far as they hold charges that the caller may see.
    pub async fn cost_periods(&self, visibility: &Visibility, query: &CostQuery) -> Result<CostPeriods, SourceError> {
        let rows = sqlx::query_as::<_, Row>(include_str!("../../../queries/costs/periods.sql"))
            .bind(&visibility.tenant)
            .bind(query.range.from.0)
            .bind(query.range.to.0)
            .bind(visibility.has(scope::COST_READ_ALL))
            .bind(visibility.own_refs());
        let rows = self.all("cost_periods", rows).await?;
        // The slowest source is what counts.
        let complete_until = rows.iter().filter_map(|row| row.complete_until).min();
        Ok(CostPeriods { complete_until, periods: rows.into_iter().map(period).collect() })
    }
}

fn period(row: Row) -> BillingPeriod {
    let last = row.period_end.date_naive();
    BillingPeriod {
        from: Date(row.period_start.date_naive()),
        to: Date(last.checked_sub_days(Days::new(1)).unwrap_or(last)),
        invoice_issuer: row.invoice_issuer,
        status: status(row.imported_at, row.period_end, row.is_invoiced),
        imported_at: schema::DateTime(row.imported_at),
    }
}

/// Whether more charges of a period are to come, by when it was imported last and whether every charge names its invoice.
pub(crate) fn status(imported_at: DateTime<Utc>, period_end: DateTime<Utc>, is_invoiced: bool) -> BillingPeriodStatus {
    match () {
        () if imported_at < period_end => BillingPeriodStatus::Open,
        () if is_invoiced => BillingPeriodStatus::Closed,
        () => BillingPeriodStatus::Unknown,
    }
}
