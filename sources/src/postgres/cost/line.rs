//! Charges one by one, newest first.

use std::collections::HashMap;

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use schema::{
    CostDimension, CostDimensionInput, CostLineRecord, CostQuery, CostRowKind, Cursor, Date, DateRange, Decimal,
    EntityRef, Page, PageArgs, SharedCostSplit, Visibility,
};
use serde_json::{Map, Value};
use sqlx::{FromRow, Postgres, QueryBuilder, types::Json};

use super::{CostParent, CostQuestion, statement::Statement, width::Width};
use crate::{SourceError, postgres::Database};

/// Charges are counted as long as the billing periods that they are in hold no more than these.
const COUNTED_AMONG_MAX: i64 = 200_000;

/// What cursors of charges belong to.
const CURSORS: &str = "costLines";

/// Days that are looked at first, and by how many times more each time after that nothing was found: what is frequent is found
/// at once, what is rare in a few steps.
const DAYS_FIRST: u64 = 1;
const DAYS_TIMES: u64 = 8;

/// Charges of each parent.
pub type CostLinePages = HashMap<String, Page<CostLineRecord>>;

#[derive(FromRow)]
struct Row {
    parent: String,
    kind: String,
    team: Option<String>,
    component: Option<String>,
    day: NaiveDate,
    slice_number: i64,
    line: i64,
    amount: String,
    rule: Option<String>,
    costs: Vec<String>,
    currency: String,
    period_start: DateTime<Utc>,
    period_end: DateTime<Utc>,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    common: Json<Map<String, Value>>,
    rest: Option<Json<Map<String, Value>>>,
    tags: Json<Map<String, Value>>,
}

/// Where a page goes on.
#[derive(Debug, Clone)]
struct Place {
    day: NaiveDate,
    slice: i64,
    line: i64,
    team: String,
}

impl Database {
    /// A page of the charges of each parent; none for those without any. As many statements as are needed to find them, at most five,
    /// however many parents there are.
    pub async fn cost_lines(
        &self,
        visibility: &Visibility,
        question: &CostQuestion,
        parents: &[EntityRef],
        page: &PageArgs,
    ) -> Result<CostLinePages, SourceError> {
        let after = page.after.as_deref().map(Place::read).transpose()?;
        let from = question.query.range.from.0;
        let wanted = usize::try_from(page.limit).unwrap_or(usize::MAX).saturating_add(1);
        let mut found: HashMap<String, Vec<Row>> = HashMap::new();
        let mut open = parents.to_vec();
        let mut last =
            after.as_ref().map_or(question.query.range.to.0, |place| place.day.min(question.query.range.to.0));
        let mut days = DAYS_FIRST;
        let least = self.least_of(visibility, question).await?;
        while last >= from {
            let first = last.checked_sub_days(Days::new(days - 1)).unwrap_or(from).max(from);
            let range = DateRange { from: Date(first), to: Date(last) };
            let statement = Statement::new(visibility, question, Width::Lines).at_least(least).within(range);
            let query = build(&statement, &open, after.as_ref(), wanted);
            for row in self.planned::<Row>("cost_lines", query).await? {
                found.entry(row.parent.clone()).or_default().push(row);
            }
            let is_full = |name: &str| found.get(name).is_some_and(|rows| rows.len() >= wanted);
            match question.parent {
                CostParent::None if is_full("") => break,
                CostParent::None => {}
                _ => {
                    open.retain(|parent| !is_full(parent.as_str()));
                    if open.is_empty() {
                        break;
                    }
                }
            }
            let Some(next) = first.pred_opt() else { break };
            last = next;
            days = days.saturating_mul(DAYS_TIMES);
        }
        let has_previous = after.is_some();
        Ok(found.into_iter().map(|(parent, rows)| (parent, page_of(rows, wanted - 1, has_previous))).collect())
    }

    /// The narrowest sums that shares may be measured by.
    async fn least_of(&self, visibility: &Visibility, question: &CostQuestion) -> Result<Width, SourceError> {
        match question.query.shared_costs {
            SharedCostSplit::Separate => Ok(Width::Owner),
            _ => self.least_width(&visibility.tenant).await,
        }
    }

    /// How many charges there are; none where counting them would take too long.
    pub async fn cost_lines_count(
        &self,
        visibility: &Visibility,
        question: &CostQuestion,
        parents: &[EntityRef],
    ) -> Result<Option<HashMap<String, i64>>, SourceError> {
        let range = question.query.range;
        let among = sqlx::query_as(
            "select coalesce(sum(row_count), 0)::bigint from cost_slice where tenant = $1 and first_day <= $3 \
             and period_end > $2::timestamp at time zone 'UTC'",
        );
        let among = among.bind(&visibility.tenant).bind(range.from.0).bind(range.to.0);
        if self.one::<(i64,)>("cost_lines_among", among).await?.0 > COUNTED_AMONG_MAX {
            return Ok(None);
        }
        let least = self.least_of(visibility, question).await?;
        let statement = Statement::new(visibility, question, Width::Lines).at_least(least);
        let mut query = statement.begin("cost_lines_count", parents);
        query.push(" select ").push(statement.parent()).push(" as parent, count(*)");
        statement.push_from(&mut query, statement.source());
        statement.push_where(&mut query);
        query.push(" and not hidden.it group by 1");
        let counts: Vec<(String, i64)> = self.planned("cost_lines_count", query).await?;
        Ok(Some(counts.into_iter().collect()))
    }

    /// The charges with these keys, by key, as a report with the defaults of today has them; one statement.
    pub async fn cost_lines_by_keys(
        &self,
        visibility: &Visibility,
        keys: &[String],
    ) -> Result<HashMap<String, CostLineRecord>, SourceError> {
        let places: Vec<LinePlace> = keys.iter().filter_map(|key| read_key(key)).collect();
        let days = || places.iter().map(|(_, day, _)| *day);
        let (Some(first), Some(last)) = (days().min(), days().max()) else { return Ok(HashMap::new()) };
        let query = CostQuery::over(DateRange { from: Date(first), to: Date(last) });
        let question = CostQuestion { query, parent: CostParent::None, weights: None };
        let statement = Statement::new(visibility, &question, Width::Lines).only(&places);
        let mut query = statement.begin("cost_lines_by_keys", &[]);
        push_found(&mut query, &statement);
        query.push(" and (c.slice_number, c.day, c.line) in (select * from ");
        push_places(&mut query, &places);
        query.push(")) n)");
        push_columns(&mut query);
        let rows: Vec<Row> = self.planned("cost_lines_by_keys", query).await?;
        Ok(rows.into_iter().map(record).map(|record| (record.key.clone(), record)).collect())
    }
}

/// The number of a slice, a day and a line in it.
pub(super) type LinePlace = (i64, NaiveDate, i64);

/// Appends these places as a table with the columns `slice_number`, `day` and `line`.
pub(super) fn push_places(query: &mut QueryBuilder<Postgres>, places: &[LinePlace]) {
    query.push("unnest(").push_bind(places.iter().map(|(slice, ..)| *slice).collect::<Vec<_>>());
    query.push(", ").push_bind(places.iter().map(|(_, day, _)| *day).collect::<Vec<_>>());
    query.push(", ").push_bind(places.iter().map(|(.., line)| *line).collect::<Vec<_>>());
    query.push(") as asked(slice_number, day, line)");
}

impl Place {
    fn read(cursor: &str) -> Result<Self, SourceError> {
        let [day, slice, line, team] = Cursor::decode::<4>(cursor, CURSORS)?;
        let place = || {
            let (day, slice, line) = (day_of(&day)?, number(&slice)?, number(&line)?);
            Some(Self { day, slice, line, team: team.clone() })
        };
        place().ok_or_else(|| schema::CursorError.into())
    }
}

fn build(
    statement: &Statement<'_>,
    parents: &[EntityRef],
    after: Option<&Place>,
    wanted: usize,
) -> QueryBuilder<Postgres> {
    let mut query = statement.begin("cost_lines", parents);
    push_found(&mut query, statement);
    if let Some(Place { day, slice, line, team }) = after {
        query.push(" and (c.day, -c.slice_number, -c.line) <= (").push_bind(*day);
        query.push(", ").push_bind(-slice).push(", ").push_bind(-line).push(") and (c.day <> ").push_bind(*day);
        query.push(" or c.slice_number <> ").push_bind(*slice).push(" or c.line <> ").push_bind(*line);
        query.push(" or coalesce(").push(statement.owner()).push(", '') > ").push_bind(team.clone()).push(")");
    }
    query.push(format_args!(") n where place <= {wanted})"));
    push_columns(&mut query);
    query
}

/// The charges in their order, each parent's by themselves; it ends in its `where`.
fn push_found(query: &mut QueryBuilder<Postgres>, statement: &Statement<'_>) {
    let (parent, owner) = (statement.parent(), statement.owner());
    query.push(format_args!(
        ", found as (select * from (select {parent} as parent, {owner} as team, {} as component, ",
        statement.key(&CostDimensionInput::Dimension(CostDimension::Component))
    ));
    statement.push_kind(query);
    query.push(format_args!(
        " as kind, c.day, c.slice_id, c.slice_number, c.period, c.line, c.amount, row_number() over (partition by {parent} \
         order by c.day desc, c.slice_number, c.line, coalesce({owner}, '')) as place"
    ));
    statement.push_from(query, statement.source());
    statement.push_where(query);
    // Nobody learns from single charges what is shown as one sum only.
    query.push(" and not hidden.it");
}

/// What is told of the charges that were found.
fn push_columns(query: &mut QueryBuilder<Postgres>) {
    query.push(
        " select f.parent, f.kind, f.team, f.component, f.day, f.slice_number, f.line, f.amount::text as amount, k.rule, \
         array[r.billed_cost, r.effective_cost, r.list_cost, r.contracted_cost]::text[] as costs, r.currency, \
         s.period_start, s.period_end, r.starts_at, r.ends_at, k.columns as common, r.rest, k.tags \
         from found f join cost_slice s on s.id = f.slice_id \
         join cost_row r on r.slice_id = f.slice_id and r.period = f.period and r.day = f.day and r.line = f.line \
         join cost_key k on k.tenant = s.tenant and k.id = r.key_id order by f.parent, f.place",
    );
}

fn page_of(mut rows: Vec<Row>, limit: usize, has_previous: bool) -> Page<CostLineRecord> {
    let has_next = rows.len() > limit;
    rows.truncate(limit);
    let rows = rows.into_iter().map(|row| {
        let team = row.team.clone().unwrap_or_default();
        let place = [row.day.to_string(), row.slice_number.to_string(), row.line.to_string(), team];
        (Cursor::new(CURSORS, place).encode(), record(row))
    });
    Page { rows: rows.collect(), has_next, has_previous }
}

fn record(row: Row) -> CostLineRecord {
    let amount = |text: &str| Decimal::read(text).unwrap_or_default();
    let mut costs = row.costs.iter().map(|cost| amount(cost));
    let mut cost = || costs.next().unwrap_or_default();
    let mut columns = row.common.0;
    columns.extend(row.rest.map(|rest| rest.0).unwrap_or_default());
    CostLineRecord {
        key: format!("{}.{}.{}", row.slice_number, row.day, row.line),
        kind: CostRowKind::of_str(&row.kind).unwrap_or(CostRowKind::Unallocated),
        team: row.team.map(EntityRef::stored),
        component: row.component.map(EntityRef::stored),
        rule: row.rule,
        amount: amount(&row.amount),
        billed_cost: cost(),
        effective_cost: cost(),
        list_cost: cost(),
        contracted_cost: cost(),
        currency: row.currency,
        period_start: schema::DateTime(row.period_start),
        period_end: schema::DateTime(row.period_end),
        starts_at: schema::DateTime(row.starts_at),
        ends_at: schema::DateTime(row.ends_at),
        columns,
        tags: row.tags.0,
    }
}

/// A number that counts something.
fn number(text: &str) -> Option<i64> {
    text.parse().ok().filter(|number| *number > 0)
}

/// A day that the database can have.
fn day_of(text: &str) -> Option<NaiveDate> {
    text.parse().ok().filter(|day: &NaiveDate| (1900..3000).contains(&day.year()))
}

fn read_key(key: &str) -> Option<LinePlace> {
    let mut parts = key.split('.');
    let (slice, day, line) = (parts.next()?, parts.next()?, parts.next()?);
    let read = (number(slice)?, day_of(day)?, number(line)?);
    parts.next().is_none().then_some(read)
}
