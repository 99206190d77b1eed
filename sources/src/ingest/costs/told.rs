//! The change log of charges: a line for the days that an import or a new attribution touched, and one for each billing period that
//! came, went, was closed or opened again by it.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, Utc};
use schema::BillingPeriodStatus;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::{FromRow, PgConnection, types::Json};
use uuid::Uuid;

use crate::postgres::billing_period_status;

/// Periods by issuer and first moment.
type Periods = BTreeMap<(String, DateTime<Utc>), Period>;

#[derive(Debug, Clone, FromRow)]
struct Period {
    invoice_issuer: String,
    period_start: DateTime<Utc>,
    period_end: DateTime<Utc>,
    imported_at: DateTime<Utc>,
    is_invoiced: bool,
}

impl Period {
    fn status(&self) -> &'static str {
        match billing_period_status(self.imported_at, self.period_end, self.is_invoiced) {
            BillingPeriodStatus::Open => "OPEN",
            BillingPeriodStatus::Closed => "CLOSED",
            BillingPeriodStatus::Unknown => "UNKNOWN",
        }
    }
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq)]
struct Line {
    kind: &'static str,
    object_ref: String,
    object_id: Uuid,
    payload: Value,
}

/// What a transaction touches.
#[derive(Debug, Default)]
pub(super) struct Touched {
    starts: Vec<DateTime<Utc>>,
    periods: Periods,
    days: Option<(NaiveDate, NaiveDate)>,
}

impl Touched {
    /// Nothing yet; whatever happens to periods that begin at these moments is told.
    pub(super) async fn begin(
        connection: &mut PgConnection,
        tenant: &str,
        mut starts: Vec<DateTime<Utc>>,
    ) -> Result<Self, sqlx::Error> {
        starts.sort_unstable();
        starts.dedup();
        let periods = periods(connection, tenant, &starts).await?;
        Ok(Self { starts, periods, days: None })
    }

    /// These slices are touched, with the days of which there are sums now.
    pub(super) async fn add(&mut self, connection: &mut PgConnection, slices: &[i64]) -> Result<(), sqlx::Error> {
        let days: (Option<NaiveDate>, Option<NaiveDate>) =
            sqlx::query_as("select min(day), max(day) from cost_owner_day where slice_id = any($1)")
                .bind(slices)
                .fetch_one(connection)
                .await?;
        if let (Some(first), Some(last)) = days {
            let (from, to) = self.days.unwrap_or((first, last));
            self.days = Some((from.min(first), to.max(last)));
        }
        Ok(())
    }

    /// Writes the lines. `id` is that of the import or the attribution.
    pub(super) async fn tell(self, connection: &mut PgConnection, tenant: &str, id: Uuid) -> Result<(), sqlx::Error> {
        let now = periods(connection, tenant, &self.starts).await?;
        let mut lines: Vec<Line> = self.days.map(|days| of_days(days, id)).into_iter().collect();
        lines.extend(of_periods(&self.periods, &now));
        sqlx::query(include_str!("../../../queries/ingest/changes_insert.sql"))
            .bind(tenant)
            .bind(lines.iter().map(|line| line.kind).collect::<Vec<_>>())
            .bind(lines.iter().map(|line| line.object_ref.as_str()).collect::<Vec<_>>())
            .bind(lines.iter().map(|line| line.object_id).collect::<Vec<_>>())
            .bind(lines.iter().map(|line| Json(&line.payload)).collect::<Vec<_>>())
            .bind("cost")
            .execute(connection)
            .await?;
        Ok(())
    }
}

async fn periods(
    connection: &mut PgConnection,
    tenant: &str,
    starts: &[DateTime<Utc>],
) -> Result<Periods, sqlx::Error> {
    if starts.is_empty() {
        return Ok(Periods::new());
    }
    let rows: Vec<Period> = sqlx::query_as(include_str!("../../../queries/costs/periods_touched.sql"))
        .bind(tenant)
        .bind(starts)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| ((row.invoice_issuer.clone(), row.period_start), row)).collect())
}

fn of_days((from, to): (NaiveDate, NaiveDate), id: Uuid) -> Line {
    let payload = json!({ "what": "data", "from": from, "to": to, "changedFields": [], "healed": false });
    Line { kind: "UPDATED", object_ref: "data".to_owned(), object_id: id, payload }
}

/// Lines of the periods that are not as they were. One that was imported again and is as open or closed as before has none: its days
/// are told.
fn of_periods(before: &Periods, now: &Periods) -> Vec<Line> {
    let came = now.iter().filter(|(key, _)| !before.contains_key(*key)).map(|(_, now)| of_period("CREATED", None, now));
    let went = before.iter().filter(|(key, _)| !now.contains_key(*key));
    let went = went.map(|(_, before)| of_period("DELETED", Some(before), before));
    let changed = before.iter().filter_map(|(key, before)| Some((before, now.get(key)?)));
    let changed = changed.filter(|(before, now)| before.status() != now.status());
    let changed = changed.map(|(before, now)| of_period("UPDATED", Some(before), now));
    came.chain(went).chain(changed).collect()
}

/// Periods have no key of their own: they are called by their issuer and first day, and the id is a hash of these.
fn of_period(kind: &'static str, before: Option<&Period>, now: &Period) -> Line {
    let (from, end) = (now.period_start.date_naive(), now.period_end.date_naive());
    let object_ref = format!("{} {from}", now.invoice_issuer);
    let digest = Sha256::digest(&object_ref);
    let id = std::array::from_fn(|at| digest.get(at).copied().unwrap_or(0));
    let changed: &[&str] = if kind == "UPDATED" { &["status"] } else { &[] };
    let payload = json!({
        "what": "period",
        "invoiceIssuer": now.invoice_issuer,
        "from": from,
        "to": end.checked_sub_days(Days::new(1)).unwrap_or(end),
        "status": now.status(),
        "importedAt": now.imported_at,
        "before": before.map(|before| json!({ "status": before.status() })),
        "changedFields": changed,
        "healed": false,
    });
    Line { kind, object_ref, object_id: Uuid::from_bytes(id), payload }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(issuer: &str, imported_on: u32, is_invoiced: bool) -> Periods {
        let at =
            |month, day| NaiveDate::from_ymd_opt(2026, month, day).unwrap().and_time(chrono::NaiveTime::MIN).and_utc();
        let period = Period {
            invoice_issuer: issuer.to_owned(),
            period_start: at(3, 1),
            period_end: at(4, 1),
            imported_at: at(3, 31) + Days::new(u64::from(imported_on)),
            is_invoiced,
        };
        Periods::from([((issuer.to_owned(), period.period_start), period)])
    }

    fn told(before: &Periods, now: &Periods) -> Vec<(&'static str, Value, Value)> {
        let lines = of_periods(before, now).into_iter();
        lines.map(|line| (line.kind, line.payload["status"].clone(), line.payload["before"].clone())).collect()
    }

    #[test]
    fn a_period_is_told_when_it_opens_closes_opens_again_or_goes_and_not_else() {
        let (none, open, closed) = (Periods::new(), of("Azure", 0, true), of("Azure", 1, true));
        let status = |status: &str| json!({ "status": status });
        assert_eq!(told(&none, &open), [("CREATED", json!("OPEN"), Value::Null)]);
        assert_eq!(told(&open, &open), []);
        assert_eq!(told(&open, &closed), [("UPDATED", json!("CLOSED"), status("OPEN"))]);
        assert_eq!(told(&closed, &of("Azure", 9, true)), [], "imported again, and as it was");
        assert_eq!(told(&closed, &open), [("UPDATED", json!("OPEN"), status("CLOSED"))]);
        assert_eq!(told(&closed, &of("Azure", 1, false)), [("UPDATED", json!("UNKNOWN"), status("CLOSED"))]);
        assert_eq!(told(&closed, &none), [("DELETED", json!("CLOSED"), status("CLOSED"))]);
    }

    #[test]
    fn a_period_has_the_same_name_in_every_line() {
        let (open, closed) = (of("Azure", 0, true), of("Azure", 1, true));
        let (came, changed) = (of_periods(&Periods::new(), &open), of_periods(&open, &closed));
        assert_eq!((came[0].object_ref.as_str(), came[0].object_id), ("Azure 2026-03-01", changed[0].object_id));
        assert_ne!(came[0].object_id, of_periods(&Periods::new(), &of("AWS", 0, true))[0].object_id);
        assert_eq!(
            (&changed[0].payload["from"], &changed[0].payload["to"]),
            (&json!("2026-03-01"), &json!("2026-03-31"))
        );
    }
}
