//! `CostRow`: one group at one step in time, flat.

use std::sync::Arc;

use async_graphql::{
    ContextSelectionSet, Object, OutputType, Positioned, ServerResult, Value,
    parser::types::{Field, Selection},
    registry::Registry,
    resolver_utils::resolve_list,
};
use chrono::NaiveDate;
use schema::{CostRowKind, Cursor, Date, Decimal};

use super::cost_group::label;
use crate::{
    costs::Report,
    error::{OrFieldError, Result, bad_input},
    records::json,
    request::RequestData,
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

impl CostRow {
    fn place(&self) -> String {
        Cursor::new(CURSORS, [place(self.date, &self.keys, self.kind)]).encode()
    }

    fn label(&self, index: usize) -> Option<String> {
        let (entry, value) = (self.report.query.group_by.get(index)?, self.keys.get(index)?);
        Some(label(entry, value.as_deref(), self.kind))
    }
}

/// One group at one step in time.
#[Object]
impl CostRow {
    /// Continue after this row with it.
    async fn cursor(&self) -> String {
        self.place()
    }
    /// First day of the step.
    async fn date(&self) -> Date {
        Date(self.date)
    }
    /// The label of one key. Alias it to name the column: `team: key(index: 0)`.
    async fn key(&self, #[graphql(desc = "Place in `groupBy`, from 0.", default = 0)] index: i32) -> Option<String> {
        self.label(usize::try_from(index).ok()?)
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

/// Rows, written as bytes where their selection allows it: the engine would make a future and a value of each of thousands of fields.
pub struct CostRows(Vec<CostRow>);

/// A field of a row, behind what stands before its value.
struct Part {
    before: Vec<u8>,
    what: What,
}

enum What {
    Cursor,
    Date,
    Key(usize),
    Kind,
    Amount,
    TypeName,
}

impl CostRows {
    /// None when the selection has a form that only the engine executes.
    fn plan(field: &Field) -> Option<Vec<Part>> {
        let mut parts = Vec::new();
        for item in &field.selection_set.node.items {
            let Selection::Field(field) = &item.node else { return None };
            if !field.node.directives.is_empty() {
                return None;
            }
            let what = match field.node.name.node.as_str() {
                "cursor" => What::Cursor,
                "date" => What::Date,
                "kind" => What::Kind,
                "amount" => What::Amount,
                "__typename" => What::TypeName,
                "key" => What::Key(match field.node.arguments.first() {
                    None => 0,
                    // A variable is the engine's.
                    Some((_, value)) => {
                        usize::try_from(value.node.clone().into_const()?.into_json().ok()?.as_i64()?).ok()?
                    }
                }),
                _ => return None,
            };
            let mut before = vec![if parts.is_empty() { b'{' } else { b',' }];
            json::text(&field.node.response_key().node, &mut before);
            before.push(b':');
            parts.push(Part { before, what });
        }
        (!parts.is_empty()).then_some(parts)
    }

    fn write(&self, parts: &[Part]) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.0.len() * parts.len() * 24 + 2);
        out.push(b'[');
        for (at, row) in self.0.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            for Part { before, what } in parts {
                out.extend_from_slice(before);
                match what {
                    What::Cursor => json::text(&row.place(), &mut out),
                    What::Date => json::serialize(&row.date, &mut out),
                    What::Key(index) => json::optional(row.label(*index).as_deref(), &mut out),
                    What::Kind => json::text(row.kind.as_str(), &mut out),
                    What::Amount => json::text(&row.amount.to_string(), &mut out),
                    What::TypeName => json::text("CostRow", &mut out),
                }
            }
            out.push(b'}');
        }
        out.push(b']');
        out
    }
}

impl OutputType for CostRows {
    fn type_name() -> std::borrow::Cow<'static, str> {
        Vec::<CostRow>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<CostRow>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<CostRow>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let writes = ctx.data_unchecked::<Arc<RequestData>>().writes_records();
        if writes && let Some(parts) = Self::plan(&field.node) {
            return Ok(Value::Binary(self.write(&parts).into()));
        }
        resolve_list(ctx, field, self.0.iter(), Some(self.0.len())).await
    }
}

/// A page of a report's rows.
pub fn page(report: &Arc<Report>, first: Option<i32>, after: Option<String>) -> Result<CostRows> {
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
        Some(after) => {
            let at = rows.iter().position(|(date, keys, kind, _)| place(*date, keys, *kind) == after);
            at.ok_or_else(|| bad_input("the row that this cursor stands behind is gone: begin again"))? + 1
        }
    };
    let row = |(date, keys, kind, amount): &(NaiveDate, &[Option<String>], CostRowKind, &Decimal)| CostRow {
        report: Arc::clone(report),
        date: *date,
        keys: keys.to_vec(),
        kind: *kind,
        amount: (*amount).clone(),
    };
    let page = rows.iter().skip(start).take(usize::try_from(first).unwrap_or(0)).map(row);
    Ok(CostRows(page.collect()))
}

/// What tells a row from all others of its report.
fn place(date: NaiveDate, keys: &[Option<String>], kind: CostRowKind) -> String {
    serde_json::to_string(&(date, keys, format!("{kind:?}"))).unwrap_or_default()
}
