//! `CostRow`: one group at one step in time, flat.

use std::sync::Arc;

use async_graphql::Object;
use chrono::NaiveDate;
use schema::{CostRowKind, Cursor, Date, Decimal};

use super::cost_group::label;
use crate::{
    costs::Report,
    error::{OrFieldError, Result, bad_input},
};

/// Rows unless said otherwise.
const ROWS_DEFAULT: i32 = 1_000;
/// Most rows of a page.
const ROWS_MAX: i32 = 10_000;

/// What cursors of rows belong to.
const CURSORS: &str = "costRows";

/// One group at one step in time.
pub struct CostRow {
    report: Arc<Report>,
    date: NaiveDate,
    keys: Vec<Option<String>>,
    kind: CostRowKind,
    amount: Decimal,
}

/// One group at one step in time.
#[Object]
impl CostRow {
    /// Continue after this row with it.
    async fn cursor(&self) -> String {
        Cursor::new(CURSORS, [place(self.date, &self.keys, self.kind)]).encode()
    }
    /// First day of the step.
    async fn date(&self) -> Date {
        Date(self.date)
    }
    /// The label of one key. Alias it to name the column: `team: key(index: 0)`.
    async fn key(&self, #[graphql(desc = "Place in `groupBy`, from 0.", default = 0)] index: i32) -> Option<String> {
        let index = usize::try_from(index).ok()?;
        let (entry, value) = (self.report.query.group_by.get(index)?, self.keys.get(index)?);
        Some(label(entry, value.as_deref(), self.kind))
    }
    /// What kind of charges it holds.
    async fn kind(&self) -> CostRowKind {
        self.kind
    }
    /// Their sum.
    async fn amount(&self) -> &Decimal {
        &self.amount
    }
}

/// A page of a report's rows.
pub fn page(report: &Arc<Report>, first: Option<i32>, after: Option<String>) -> Result<Vec<CostRow>> {
    let first = first.unwrap_or(ROWS_DEFAULT);
    if !(1..=ROWS_MAX).contains(&first) {
        return Err(bad_input(format!("`first` is {first}: ask for 1 to {ROWS_MAX} rows")));
    }
    let after = match after {
        None => None,
        Some(after) => {
            let [place] = Cursor::decode::<1>(&after, CURSORS).map_err(sources::SourceError::from).or_field_error()?;
            Some(place)
        }
    };
    let rows = report.rows();
    let start = match after {
        None => 0,
        Some(after) => rows
            .iter()
            .position(|(date, keys, kind, _)| place(*date, keys, *kind) == after)
            .map_or(rows.len(), |at| at + 1),
    };
    let row = |(date, keys, kind, amount): &(NaiveDate, &[Option<String>], CostRowKind, &Decimal)| CostRow {
        report: Arc::clone(report),
        date: *date,
        keys: keys.to_vec(),
        kind: *kind,
        amount: (*amount).clone(),
    };
    Ok(rows.iter().skip(start).take(usize::try_from(first).unwrap_or(0)).map(row).collect())
}

/// What tells a row from all others of its report.
fn place(date: NaiveDate, keys: &[Option<String>], kind: CostRowKind) -> String {
    serde_json::to_string(&(date, keys, format!("{kind:?}"))).unwrap_or_default()
}
