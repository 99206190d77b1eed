//! Spreads what several teams share over them: before anything is filtered, so that a team's share is the same whoever looks.
//!
//! A share is the amount times a weight, and the weights add up to one exactly: whatever is grouped, the shares add up to the amount.

use schema::{CostGranularity, CostQuery, OwnershipBasis, SharedCostSplit};
use sqlx::{Postgres, QueryBuilder};

use super::{
    CostQuestion, SplitWeights,
    parts::{self, push_part},
    statement::NOW_OWNED,
    width::Width,
};

/// Weights are whole numbers of these. What is cut off is the residual; it goes to the largest share.
const WEIGHT_PARTS: u64 = 1_000_000_000_000;

/// Appends `split`: what `parts` is, with every shared charge in parts for each team, and `residual`.
pub(super) fn push(
    query: &mut QueryBuilder<Postgres>,
    question: &CostQuestion,
    width: Width,
    least: Width,
    tenant: &str,
) {
    let asked = &question.query;
    match &question.weights {
        Some(weights) => push_given(query, asked, weights),
        None => push_owned(query, asked, least, tenant),
    }
    // As whole numbers of the last digit: a division would round.
    let share = match asked.shared_costs {
        SharedCostSplit::Proportional | SharedCostSplit::Rule => {
            "case when sum(amount) over each > 0 then div(amount * parts, sum(amount) over each) else div(parts, count(*) over each) end"
        }
        SharedCostSplit::Even | SharedCostSplit::Separate => "div(parts, count(*) over each)",
    };
    query.push(format_args!(
        ", shares as (select is_previous, currency, owner_ref, {share} / parts as weight, \
         row_number() over (partition by is_previous, currency order by amount desc, owner_ref) = 1 as is_largest \
         from owned_sums, (select {WEIGHT_PARTS}::numeric as parts) p window each as (partition by is_previous, currency)), \
         weights as (select is_previous, currency, owner_ref, weight + case when is_largest then rest else 0 end as weight, \
         case when is_largest then rest else 0 end as residual \
         from (select *, 1 - sum(weight) over (partition by is_previous, currency) as rest from shares) s), \
         shared_targets as (select id from cost_target where kind = 'SHARED' and tenant = "
    ));
    query.push_bind(tenant.to_owned()).push(")");
    let is_shared = match width {
        Width::Owner | Width::Service => "p.kind = 'SHARED'",
        Width::Component | Width::Rows | Width::Lines => "p.target_id in (select id from shared_targets)",
    };
    // As they are called in `parts`.
    let columns = parts::columns(asked, width).replace("c.", "p.");
    let (kind, columns) = match columns.strip_prefix("p.kind, ") {
        Some(columns) => ("p.kind, ", columns),
        None => ("", columns.as_str()),
    };
    let given_kind = if kind.is_empty() { "" } else { "'OWNED', " };
    query.push(format_args!(
        ", split as (select p.day, p.owner_ref, {kind}{columns}, p.currency, p.amount, 0::numeric as residual from parts p \
         where not ({is_shared}) or not exists (select from weights w where w.currency = p.currency and w.is_previous = (p.day < "
    ));
    query.push_bind(asked.range.from.0).push(format_args!(
        ")) union all select p.day, w.owner_ref, {given_kind}{columns}, p.currency, p.amount * w.weight, p.amount * w.residual \
         from parts p join weights w on w.currency = p.currency and w.is_previous = (p.day < "
    ));
    query.push_bind(asked.range.from.0).push(format_args!(") where {is_shared})"));
}

/// What a rule says that each team carries, whatever it owns.
fn push_given(query: &mut QueryBuilder<Postgres>, asked: &CostQuery, weights: &SplitWeights) {
    query.push(
        ", owned_sums as (select d.is_previous, d.currency, g.owner_ref, g.amount from (select distinct p.day < ",
    );
    query.push_bind(asked.range.from.0).push(" as is_previous, p.currency from parts p) d cross join unnest(");
    query.push_bind(weights.iter().map(|(team, _)| team.as_str().to_owned()).collect::<Vec<_>>()).push(", ");
    query.push_bind(weights.iter().map(|(_, weight)| weight.to_string()).collect::<Vec<_>>());
    query.push("::numeric[]) as g(owner_ref, amount))");
}

/// What each team owns, of all charges of the range and, apart, of the days before: by that shares are measured. Without what is for
/// a team only, and without teams that not everybody may see, or shares would tell what those cost.
fn push_owned(query: &mut QueryBuilder<Postgres>, asked: &CostQuery, least: Width, tenant: &str) {
    let whole = CostQuery { granularity: CostGranularity::Total, filter: None, group_by: Vec::new(), ..asked.clone() };
    let (width, owner) = match asked.ownership {
        OwnershipBasis::AtCharge => (least, "c.owner_ref"),
        OwnershipBasis::Current => (Width::Component, NOW_OWNED),
    };
    query.push(", owned_parts as (");
    for (at, part) in parts::of_query(&whole, width).iter().enumerate() {
        if at > 0 {
            query.push(" union all ");
        }
        push_part(query, &whole, width, part, tenant);
        if let Some(currency) = &asked.currency {
            query.push(" and c.currency = ").push_bind(currency.clone());
        }
    }
    query.push(format_args!(
        "), owned_sums as (select is_previous, currency, owner_ref, greatest(sum(amount), 0) as amount from (select c.day < "
    ));
    query.push_bind(asked.range.from.0);
    query.push(format_args!(
        " as is_previous, c.currency, {owner} as owner_ref, c.amount from owned_parts c \
         left join cost_target t on t.id = c.target_id \
         left join entity e on e.tenant = t.tenant and t.kind = 'COMPONENT' and e.ref = t.ref \
         where not coalesce(t.is_apart, false) and not coalesce(e.is_team_only, false)) o \
         where owner_ref is not null group by is_previous, currency, owner_ref \
         having not coalesce((select w.is_team_only from entity w where w.ref = o.owner_ref and w.tenant = "
    ));
    query.push_bind(tenant.to_owned()).push("), false))");
}
