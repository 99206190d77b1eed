//! DORA's measures from the sums of days and months, for many components or teams in one statement.

use std::collections::HashMap;

use schema::{DateRange, DeliveryCounts, DeliverySample, EntityRef, Visibility};
use sqlx::{FromRow, Postgres, QueryBuilder};

use super::{
    Database,
    deployment::push_parents,
    months::whole_months,
    visibility::{push_guardians, push_visible},
};
use crate::SourceError;

/// Whose deployments are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measured {
    /// Those of a component.
    Component,
    /// Those of all that a team, or one below it, owned when it was deployed.
    Team,
}

/// What is measured.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DeliveryQuery {
    /// Whose deployments.
    pub of: Measured,
    /// The days.
    pub range: DateRange,
    /// Only these environments; those of the tier `PRODUCTION` when none are given.
    pub environments: Option<Vec<String>>,
}

#[derive(FromRow)]
struct Row {
    parent: String,
    ended: i64,
    succeeded: i64,
    failed: i64,
    recovered: i64,
    rework: i64,
    lead_seconds: Vec<u8>,
    recovery_seconds: Vec<u8>,
}

/// Ends what is read for each team or component by itself, along an index: Postgres takes teams to have a thousand below them, and
/// would read whole tables for them.
const ONE_BY_ONE: &str = " offset 0) d";

/// What is summed of a day or a month.
const SUMS: &str = "d.ended, d.succeeded, d.failed, d.recovered, d.rework, d.lead_seconds, d.recovery_seconds";

impl Database {
    /// What each parent's deployments count up to; parents without any are left out. One statement: whole months stand
    /// together, and only the days before and after them are read one by one.
    pub async fn delivery(
        &self,
        visibility: &Visibility,
        delivery: &DeliveryQuery,
        parents: &[EntityRef],
    ) -> Result<HashMap<EntityRef, DeliveryCounts>, SourceError> {
        let (from, to) = (delivery.range.from.0, delivery.range.to.0);
        let after = to.succ_opt().unwrap_or(to);
        let months = whole_months(from, to);
        let mut query = QueryBuilder::new("-- delivery\nwith parents as (select p.ref as parent, ");
        match delivery.of {
            Measured::Component => {
                query.push("p.ref as value");
                push_parents(&mut query, parents);
            }
            Measured::Team => {
                query.push("t.ref as value");
                push_parents(&mut query, parents);
                query.push(" cross join lateral teams_below(").push_bind(visibility.tenant.clone());
                query.push(", p.ref, ");
                push_guardians(&mut query, visibility);
                query.push(") as t(ref)");
            }
        }
        query.push("), sums as (");
        // Each part by itself, or an index would be walked along from the first day to the last.
        let parts = match months {
            Some((first, end)) => vec![(Step::Month, first, end), (Step::Day, from, first), (Step::Day, end, after)],
            None => vec![(Step::Day, from, after)],
        };
        let parts = parts.into_iter().filter(|(_, from, before)| from < before);
        for (at, (step, from, before)) in parts.enumerate() {
            if at > 0 {
                query.push(" union all ");
            }
            push_sums(&mut query, visibility, delivery, step);
            let column = step.column();
            query.push(format_args!(" and d.{column} >= ")).push_bind(from);
            query.push(format_args!(" and d.{column} < ")).push_bind(before);
            query.push(ONE_BY_ONE);
        }
        query.push(
            ") select parent, sum(ended) as ended, sum(succeeded) as succeeded, sum(failed) as failed, \
             sum(recovered) as recovered, sum(rework) as rework, string_agg(lead_seconds, '') as lead_seconds, \
             string_agg(recovery_seconds, '') as recovery_seconds from sums group by parent",
        );
        let rows: Vec<Row> = self.all("delivery", query.build_query_as()).await?;
        Ok(rows.into_iter().map(|row| (EntityRef::stored(row.parent.clone()), counts(&row))).collect())
    }
}

/// What stands together in a row.
#[derive(Clone, Copy)]
enum Step {
    Day,
    Month,
}

impl Step {
    fn column(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
        }
    }
}

/// The sums of each parent's value, but for their end: the days.
fn push_sums(query: &mut QueryBuilder<Postgres>, visibility: &Visibility, delivery: &DeliveryQuery, step: Step) {
    let (table, condition) = match (delivery.of, step) {
        (Measured::Component, Step::Day) => ("delivery_day", "d.component_ref = p.value and d.counts"),
        (Measured::Component, Step::Month) => ("delivery_month", "d.component_ref = p.value"),
        (Measured::Team, Step::Day) => ("delivery_owner_day", "d.owner_ref = p.value"),
        (Measured::Team, Step::Month) => ("delivery_owner_month", "d.owner_ref = p.value"),
    };
    query.push(format_args!(
        "select p.parent, d.* from parents p cross join lateral (select {SUMS} from {table} d where {condition} and "
    ));
    push_visible(query, "d", visibility);
    match &delivery.environments {
        Some(environments) => query.push(" and d.environment = any(").push_bind(environments.clone()).push(")"),
        None => query.push(" and d.tier = 'PRODUCTION'"),
    };
}

/// The middle one of the numbers, eight bytes each as Postgres sends them, and how many there are.
fn median(bytes: &[u8]) -> (usize, Option<f64>) {
    let (numbers, _) = bytes.as_chunks::<8>();
    let mut numbers: Vec<f64> = numbers.iter().map(|number| f64::from_be_bytes(*number)).collect();
    let count = numbers.len();
    if count == 0 {
        return (0, None);
    }
    let (low, middle, _) = numbers.select_nth_unstable_by(count / 2, f64::total_cmp);
    let middle = *middle;
    // Of an even number of them it is between the two in the middle.
    let below = low.iter().copied().max_by(f64::total_cmp).filter(|_| count.is_multiple_of(2));
    (count, Some(below.map_or(middle, |below| f64::midpoint(below, middle))))
}

fn counts(row: &Row) -> DeliveryCounts {
    let whole = |count: i64| i32::try_from(count).unwrap_or(i32::MAX);
    let (changes, lead_seconds) = median(&row.lead_seconds);
    DeliveryCounts {
        succeeded: whole(row.succeeded),
        sample: DeliverySample {
            deployments: whole(row.ended),
            changes: i32::try_from(changes).unwrap_or(i32::MAX),
            failed_deployments: whole(row.failed),
            recoveries: whole(row.recovered),
            rework_deployments: whole(row.rework),
        },
        lead_seconds,
        recovery_seconds: median(&row.recovery_seconds).1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_of_all_numbers() {
        let of = |numbers: &[f64]| median(&numbers.iter().flat_map(|number| number.to_be_bytes()).collect::<Vec<u8>>());
        assert_eq!(of(&[]), (0, None));
        assert_eq!(of(&[3.0]), (1, Some(3.0)));
        assert_eq!(of(&[9.0, 1.0, 4.0]), (3, Some(4.0)));
        assert_eq!(of(&[9.0, 1.0, 4.0, 2.0]), (4, Some(3.0)));
    }
}
