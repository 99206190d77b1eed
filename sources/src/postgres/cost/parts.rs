//! What a statement over charges reads from: sums of whole months, sums of the days around them, or the charges themselves.

use chrono::NaiveDate;
use schema::{CostDimensionInput, CostGranularity, CostMetric, CostQuery, DateRange, KeyValueInput};
use sqlx::{Postgres, QueryBuilder};

use super::width::Width;
use crate::postgres::months::whole_months;

/// Days that are read from one table.
pub(super) struct Part {
    pub(super) by_month: bool,
    pub(super) from: NaiveDate,
    /// Not included.
    pub(super) before: NaiveDate,
}

/// The parts of a query's range, and of as many days before when they are asked for.
pub(super) fn of_query(query: &CostQuery, width: Width) -> Vec<Part> {
    let has_months = matches!(query.granularity, CostGranularity::Total | CostGranularity::Month);
    let mut parts = of_range(query.range, has_months && width < Width::Rows);
    // What is read from the charges one by one is of the range alone.
    let has_previous = query.compare_to_previous && width != Width::Lines;
    if let Some(previous) = query.previous_range().filter(|_| has_previous) {
        parts.extend(of_range(previous, width < Width::Rows));
    }
    parts
}

fn of_range(range: DateRange, has_months: bool) -> Vec<Part> {
    let (from, to) = (range.from.0, range.to.0);
    let after = to.succ_opt().unwrap_or(to);
    let days = |from, before| Part { by_month: false, from, before };
    let parts = match whole_months(from, to).filter(|_| has_months) {
        Some((first, end)) => {
            vec![Part { by_month: true, from: first, before: end }, days(from, first), days(end, after)]
        }
        None => vec![days(from, after)],
    };
    parts.into_iter().filter(|part| part.from < part.before).collect()
}

/// The column of a metric.
pub(super) fn column(metric: CostMetric) -> &'static str {
    match metric {
        CostMetric::BilledCost => "billed_cost",
        CostMetric::EffectiveCost => "effective_cost",
        CostMetric::ListCost => "list_cost",
        CostMetric::ContractedCost => "contracted_cost",
    }
}

/// What tells a charge from all others, and what it has in common with some.
const LINE_COLUMNS: &str = "c.target_id, c.mix_id, c.slice_id, c.slice_number, c.period, c.line, c.key_id, c.effective_cost, c.contracted_cost";

/// The keys of tags that a query groups by, in its order.
pub(super) fn grouped_tags(query: &CostQuery) -> Vec<&str> {
    let mut tags = Vec::new();
    for entry in &query.group_by {
        if let CostDimensionInput::Tag(key) = entry {
            tags.push(key.as_str());
        }
    }
    tags
}

/// The columns of a width besides days, owners, currencies and amounts, of `c`.
pub(super) fn columns(asked: &CostQuery, width: Width) -> String {
    match width {
        Width::Owner => "c.kind, c.target_id".to_owned(),
        Width::Service => "c.kind, c.target_id, c.provider, c.service, c.service_category".to_owned(),
        Width::Component => "c.target_id, c.mix_id".to_owned(),
        Width::Rows => {
            let tags: String = (0..grouped_tags(asked).len()).map(|at| format!(", c.tag{at}")).collect();
            format!("c.target_id, c.mix_id, c.resource{tags}")
        }
        Width::Lines => LINE_COLUMNS.to_owned(),
    }
}

/// Appends a select over a part: `day`, `owner_ref`, `target_id`, what its width has besides, `currency` and `amount`; it ends in its
/// `where`, so that conditions can follow.
pub(super) fn push_part(
    query: &mut QueryBuilder<Postgres>,
    asked: &CostQuery,
    width: Width,
    part: &Part,
    tenant: &str,
) {
    let amount = column(asked.metric);
    let Some(table) = width.table(part.by_month) else {
        if width == Width::Lines {
            push_lines(query, asked, part, tenant);
        } else {
            push_rows(query, asked, part, tenant);
        }
        return;
    };
    let columns = match width {
        Width::Owner => "c.kind, c.apart_id as target_id",
        Width::Service => "c.kind, c.apart_id as target_id, c.provider, c.service, c.service_category",
        Width::Component | Width::Rows | Width::Lines => "c.target_id, c.mix_id",
    };
    query.push(format_args!(
        "select c.day, c.owner_ref, {columns}, c.currency, c.{amount} as amount from {table} c where c.tenant = "
    ));
    query.push_bind(tenant.to_owned());
    query.push(" and c.day >= ").push_bind(part.from).push(" and c.day < ").push_bind(part.before);
}

/// The charges of the days, as sums of theirs would be.
fn push_rows(query: &mut QueryBuilder<Postgres>, asked: &CostQuery, part: &Part, tenant: &str) {
    let amount = column(asked.metric);
    let tags = grouped_tags(asked);
    let tag_names: String = (0..tags.len()).map(|at| format!(", tag{at}")).collect();
    query.push(format_args!(
        "select c.day, owned.owner_ref, c.target_id, c.mix_id, c.resource{tag_names}, c.currency, c.amount from ( \
         select r.day, k.target_id, k.mix_id, k.resource"
    ));
    for (at, key) in tags.iter().enumerate() {
        query.push(", nullif(k.tags ->> ").push_bind((*key).to_owned()).push(format_args!(", '') as tag{at}"));
    }
    query.push(format_args!(
        ", r.currency, sum(r.{amount}) as amount from cost_slice s join cost_row r on r.slice_id = s.id \
         and r.period = date_trunc('month', s.period_start at time zone 'UTC')::date and r.day >= "
    ));
    query.push_bind(part.from).push(" and r.day < ").push_bind(part.before);
    push_keys(query, asked, part, tenant);
    query.push(format_args!(" group by r.day, k.target_id, k.mix_id, k.resource{tag_names}, r.currency{OWNED}"));
}

/// The charges of the days that are held, one by one.
fn push_lines(query: &mut QueryBuilder<Postgres>, asked: &CostQuery, part: &Part, tenant: &str) {
    let amount = column(asked.metric);
    query.push(format_args!(
        "select c.day, owned.owner_ref, {LINE_COLUMNS}, c.currency, c.amount from (select r.day, k.target_id, k.mix_id, \
         r.slice_id, coalesce(s.number, s.id) as slice_number, r.period, r.line, r.key_id, r.effective_cost, r.contracted_cost, r.currency, r.{amount} as amount \
         from held h join cost_slice s on s.id = h.slice_id join cost_row r on r.slice_id = h.slice_id and r.day = h.day \
         and r.period = date_trunc('month', s.period_start at time zone 'UTC')::date and r.day >= "
    ));
    query.push_bind(part.from).push(" and r.day < ").push_bind(part.before);
    push_keys(query, asked, part, tenant);
    query.push(OWNED);
}

/// Whoever owned the target of a charge on its day.
const OWNED: &str = ") c join cost_target ct on ct.id = c.target_id \
                     cross join lateral (select cost_owner(ct.tenant, ct.kind, ct.ref, c.day) as owner_ref) owned where true";

/// What the charges `r` of the slices `s` have in common with others, as far as it is asked for.
fn push_keys(query: &mut QueryBuilder<Postgres>, asked: &CostQuery, part: &Part, tenant: &str) {
    query
        .push(" join cost_key k on k.tenant = s.tenant and k.id = r.key_id where s.tenant = ")
        .push_bind(tenant.to_owned());
    query.push(" and s.first_day < ").push_bind(part.before);
    if let Some(resources) = asked.filter.as_ref().and_then(|filter| filter.resource.as_ref()) {
        query.push(" and k.resource = any(").push_bind(resources.clone()).push(")");
    }
    for KeyValueInput { key, value } in asked.filter.iter().flat_map(|filter| filter.tags.iter().flatten()) {
        query.push(" and k.tags ->> ").push_bind(key.clone());
        match value {
            Some(value) => query.push(" = ").push_bind(value.clone()),
            None => query.push(" is not null"),
        };
    }
}
