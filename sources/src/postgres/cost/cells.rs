//! One statement for all figures of a report, so that none of them can stem from another import than the rest.

use std::sync::Arc;

use chrono::NaiveDate;
use schema::{CostGranularity, CostQuery, CostRowKind, Decimal, EntityRef, SharedCostSplit, Visibility};
use sqlx::{Postgres, QueryBuilder};

use super::{parts, statement::Statement, width::Width};
use crate::{SourceError, postgres::Database};

/// Most cells of an answer.
pub const CELLS_MAX: usize = 200_000;

/// For whose sake it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CostParent {
    /// Nobody's: the root.
    None,
    /// Components.
    Component,
    /// Teams, with all that are below them.
    Team,
    /// The components of systems.
    System,
    /// The components of the systems of domains.
    Domain,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CostQuestion {
    /// Which charges, grouped how. It was checked.
    pub query: CostQuery,
    /// For whose sake.
    pub parent: CostParent,
    /// What each team carries of shared costs, where a configured rule says it.
    pub weights: Option<Arc<SplitWeights>>,
}

impl CostQuestion {
    /// The same, with shared costs as they were charged.
    pub(super) fn unsplit(&self) -> Self {
        let query = CostQuery { shared_costs: SharedCostSplit::Separate, split_rule: None, ..self.query.clone() };
        Self { query, parent: self.parent, weights: None }
    }
}

/// Teams and their weights, which are greater than 0.
pub type SplitWeights = Vec<(EntityRef, Decimal)>;

/// An amount of one kind, one group, one step and one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostCell {
    /// For whom it is asked; empty for the root.
    pub parent: String,
    /// What kind of charges.
    pub kind: CostRowKind,
    /// A value for each entry of `groupBy`; none where the charges have none.
    pub keys: Vec<Option<String>>,
    /// First day of the step; of the whole range where it has none.
    pub step: NaiveDate,
    /// Of the days before the range.
    pub is_previous: bool,
    /// ISO 4217 code.
    pub currency: String,
    /// The sum.
    pub amount: Decimal,
    /// What of it rounding left over when shared costs were split.
    pub residual: Decimal,
}

impl Database {
    /// The cells of a question, for all parents together; none for those without charges. Each is once in the answer.
    pub async fn cost_cells(
        &self,
        visibility: &Visibility,
        question: &CostQuestion,
        parents: &[EntityRef],
    ) -> Result<Vec<CostCell>, SourceError> {
        let mut width = Width::of(&question.query, question.parent);
        let is_split = question.query.shared_costs != SharedCostSplit::Separate;
        let least = match width < Width::Component || is_split {
            true => self.least_width(&visibility.tenant).await?,
            false => Width::Owner,
        };
        width = width.max(least);
        let query = build(&Statement::new(visibility, question, width).at_least(least), parents);
        let from = question.query.range.from.0;
        let cells = self
            .rows_planned("cost_cells", query, |mut cells| {
                let kind: String = cells.next()?;
                let (amount, residual): (String, String) = (cells.next()?, cells.next()?);
                Ok(CostCell {
                    kind: CostRowKind::of_str(&kind).unwrap_or(CostRowKind::Unallocated),
                    amount: Decimal::read(&amount).unwrap_or_default(),
                    residual: Decimal::read(&residual).unwrap_or_default(),
                    parent: cells.next()?,
                    keys: cells.next()?,
                    step: cells.next::<Option<NaiveDate>>()?.unwrap_or(from),
                    is_previous: cells.next()?,
                    currency: cells.next()?,
                })
            })
            .await?;
        if cells.len() > CELLS_MAX {
            return Err(SourceError::Invalid(format!(
                "the answer has more than {CELLS_MAX} groups and steps: ask for fewer days, longer steps or fewer dimensions"
            )));
        }
        Ok(cells)
    }

    /// The narrowest sums that tell apart what not everybody may see.
    pub(super) async fn least_width(&self, tenant: &str) -> Result<Width, SourceError> {
        Ok(if self.must_look_again(tenant).await? { Width::Component } else { Width::Owner })
    }

    /// Sums over several components mix in what became team-only since they were counted.
    async fn must_look_again(&self, tenant: &str) -> Result<bool, SourceError> {
        let state =
            sqlx::query_as("select coalesce((select must_look_again from cost_state where tenant = $1), false)");
        Ok(self.one::<(bool,)>("cost_state", state.bind(tenant)).await?.0)
    }
}

fn build(statement: &Statement<'_>, parents: &[EntityRef]) -> QueryBuilder<Postgres> {
    let asked = &statement.question.query;
    let mut query = statement.begin("cost_cells", parents);
    push_sums(&mut query, statement);
    query.push(" select kind, sum(amount)::text, trim_scale(sum(residual))::text, parent, array[");
    let names: Vec<String> = (0..asked.group_by.len()).map(|at| format!("k{at}")).collect();
    query.push(names.join(", ")).push("]::text[], step, is_previous, currency from (select ");
    statement.push_kind(&mut query);
    query.push(" as kind, c.amount, c.residual, ").push(statement.parent()).push(" as parent");
    for (at, entry) in asked.group_by.iter().enumerate() {
        query.push(", case when not hidden.it then ").push(statement.key(entry)).push(format_args!(" end as k{at}"));
    }
    query.push(", c.step, c.is_previous, c.currency");
    statement.push_from(&mut query, "sums");
    statement.push_where(&mut query);
    query.push(") found group by kind, parent, step, is_previous, currency");
    for name in &names {
        query.push(", ").push(name);
    }
    query.push(format_args!(" limit {}", CELLS_MAX + 1));
    query
}

/// Days of the same step together, before anything is looked up for them. Where each day is a step they stand together already.
fn push_sums(query: &mut QueryBuilder<Postgres>, statement: &Statement<'_>) {
    let asked = &statement.question.query;
    let columns = parts::columns(asked, statement.width);
    let is_split = asked.shared_costs != SharedCostSplit::Separate;
    let residual = if is_split { "c.residual" } else { "0" };
    query.push(format_args!(", sums as (select c.owner_ref, {columns}, c.currency, case when c.day >= "));
    query.push_bind(asked.range.from.0).push(" then ");
    statement.push_step(query);
    query.push(" end as step, c.day < ").push_bind(asked.range.from.0).push(" as is_previous, ");
    if asked.granularity == CostGranularity::Day {
        query.push(format_args!("c.amount, {residual} as residual from {} c)", statement.source()));
    } else {
        query.push(format_args!(
            "sum(c.amount) as amount, sum({residual}) as residual from {} c group by c.owner_ref, {columns}, c.currency, step, \
             is_previous)",
            statement.source()
        ));
    }
}
