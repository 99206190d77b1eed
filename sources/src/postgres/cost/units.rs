//! How many of what is paid for: deployments that succeeded, by step.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use schema::{EntityRef, OwnershipBasis, Visibility};

use super::{
    CostParent, CostQuestion,
    statement::{Sight, Statement, refs, sight},
    width::Width,
};
use crate::{SourceError, postgres::Database, postgres::visibility::push_visible};

/// Deployments of one parent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeploymentCounts {
    /// By the first day of each step.
    pub steps: HashMap<NaiveDate, i64>,
    /// In as many days before the range.
    pub previous: i64,
}

impl Database {
    /// The day since when deployments are known; none where none is.
    pub async fn deployments_since(&self, tenant: &str) -> Result<Option<NaiveDate>, SourceError> {
        let first = sqlx::query_as("select min(created_at) from deployment where tenant = $1").bind(tenant);
        let (first,): (Option<DateTime<Utc>>,) = self.one("deployments_since", first).await?;
        Ok(first.map(|first| first.date_naive()))
    }

    /// The deployments that succeeded, of each parent. Conditions that deployments have no counterpart for, such as services and
    /// regions, leave them alone.
    pub async fn cost_deployments(
        &self,
        visibility: &Visibility,
        question: &CostQuestion,
        parents: &[EntityRef],
    ) -> Result<HashMap<String, DeploymentCounts>, SourceError> {
        let asked = &question.query;
        let unsplit = question.unsplit();
        let statement = Statement::new(visibility, &unsplit, Width::Component);
        let from = asked.range.from.0;
        let first = asked.previous_range().filter(|_| asked.compare_to_previous).map_or(from, |range| range.from.0);
        let mut query = statement.begin_with_who("cost_deployments", parents);
        query.push(" select ").push(statement.parent()).push(" as parent, case when c.day >= ").push_bind(from);
        query.push(" then ");
        statement.push_step(&mut query);
        query.push(" end as step, sum(c.succeeded)::bigint from delivery_day c left join entity e on e.tenant = c.tenant and e.ref = c.component_ref");
        let owner = match asked.ownership {
            OwnershipBasis::AtCharge => "c.owner_ref",
            OwnershipBasis::Current => "case when e.id is null then c.owner_ref else e.owner_ref end",
        };
        if statement.has_systems() {
            statement.push_systems(&mut query);
        }
        let value = match question.parent {
            CostParent::None => None,
            CostParent::Component => Some("c.component_ref"),
            CostParent::Team => Some(owner),
            CostParent::System => Some("sy.ref"),
            CostParent::Domain => Some("dom.ref"),
        };
        if let Some(value) = value {
            query.push(format_args!(" join parents p on p.value = {value}"));
        }
        query.push(" where ");
        push_visible(&mut query, "c", visibility);
        query.push(" and c.counts and c.day >= ").push_bind(first).push(" and c.day <= ").push_bind(asked.range.to.0);
        if sight(visibility) == Sight::Own {
            query.push(format_args!(" and {owner} = any((select refs from own)::text[])"));
        }
        let filter = asked.filter.clone().unwrap_or_default();
        if filter.team.is_some() {
            query.push(format_args!(" and {owner} = any((select refs from teams)::text[])"));
        }
        for (column, values) in [
            ("c.component_ref", filter.component.as_ref().map(|all| refs(all, "component"))),
            ("sy.ref", filter.system.as_ref().map(|all| refs(all, "system"))),
            ("dom.ref", filter.domain.as_ref().map(|all| refs(all, "domain"))),
            ("c.environment", filter.environment.clone()),
        ] {
            if let Some(values) = values {
                query.push(format_args!(" and {column} = any(")).push_bind(values).push(")");
            }
        }
        query.push(" group by 1, 2");
        let rows: Vec<(String, Option<NaiveDate>, i64)> = self.planned("cost_deployments", query).await?;
        let mut found: HashMap<String, DeploymentCounts> = HashMap::new();
        for (parent, step, count) in rows {
            let counts = found.entry(parent).or_default();
            match step {
                Some(step) => *counts.steps.entry(step).or_default() += count,
                None => counts.previous += count,
            }
        }
        Ok(found)
    }
}
