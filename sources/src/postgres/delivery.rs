//! DORA's measures from the daily sums, for many components or teams in one statement.

use std::collections::HashMap;

use chrono::NaiveDate;
use schema::{DateRange, DeliveryCounts, DeliverySample, EntityRef, Visibility};
use sqlx::{FromRow, QueryBuilder};

use super::{
    Database,
    deployment::push_parents,
    environment::SILENT_DAYS,
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
    changes: i64,
    lead_seconds: Option<f64>,
    recovery_seconds: Option<f64>,
}

impl Database {
    /// What each parent's deployments count up to; parents without any are left out. One statement.
    pub async fn delivery(
        &self,
        visibility: &Visibility,
        delivery: &DeliveryQuery,
        parents: &[EntityRef],
    ) -> Result<HashMap<EntityRef, DeliveryCounts>, SourceError> {
        let mut query = QueryBuilder::new(
            "-- delivery\nwith days as materialized (select p.ref as parent, d.ended, d.succeeded, d.failed, d.recovered, \
             d.rework, d.lead_seconds, d.recovery_seconds",
        );
        push_parents(&mut query, parents);
        match delivery.of {
            Measured::Component => {
                query.push(" join delivery_day d on d.component_ref = p.ref");
            }
            Measured::Team => {
                query.push(" cross join lateral teams_below(").push_bind(visibility.tenant.clone());
                query.push(", p.ref, ");
                push_guardians(&mut query, visibility);
                query.push(") as t(ref) join delivery_day d on d.owner_ref = t.ref");
            }
        }
        query.push(" where ");
        push_visible(&mut query, "d", visibility);
        query.push(" and d.day between ").push_bind::<NaiveDate>(delivery.range.from.0);
        query.push(" and ").push_bind::<NaiveDate>(delivery.range.to.0);
        match &delivery.environments {
            Some(environments) => query.push(" and d.environment = any(").push_bind(environments.clone()).push(")"),
            None => query.push(" and d.tier = 'PRODUCTION'"),
        };
        query.push(format_args!(
            " and not exists (select from environment_state s where s.tenant = d.tenant and s.component_ref = d.component_ref \
             and s.environment = d.environment and s.source_rank < d.source_rank \
             and s.first_at < (d.day + 1)::timestamp at time zone 'UTC' \
             and s.latest_at >= (d.day - {SILENT_DAYS})::timestamp at time zone 'UTC')"
        ));
        query.push(
            "), leads as (select parent, count(*) as changes, percentile_cont(0.5) within group (order by s) as median \
             from days cross join unnest(lead_seconds) as s group by parent), \
             recoveries as (select parent, percentile_cont(0.5) within group (order by s) as median \
             from days cross join unnest(recovery_seconds) as s group by parent) \
             select parent, sum(ended) as ended, sum(succeeded) as succeeded, sum(failed) as failed, \
             sum(recovered) as recovered, sum(rework) as rework, coalesce(max(leads.changes), 0) as changes, \
             max(leads.median) as lead_seconds, max(recoveries.median) as recovery_seconds \
             from days left join leads using (parent) left join recoveries using (parent) group by parent",
        );
        let rows: Vec<Row> = self.all("delivery", query.build_query_as()).await?;
        Ok(rows.into_iter().map(|row| (EntityRef::stored(row.parent.clone()), counts(&row))).collect())
    }
}

fn counts(row: &Row) -> DeliveryCounts {
    let whole = |count: i64| i32::try_from(count).unwrap_or(i32::MAX);
    DeliveryCounts {
        succeeded: whole(row.succeeded),
        sample: DeliverySample {
            deployments: whole(row.ended),
            changes: whole(row.changes),
            failed_deployments: whole(row.failed),
            recoveries: whole(row.recovered),
            rework_deployments: whole(row.rework),
        },
        lead_seconds: row.lead_seconds,
        recovery_seconds: row.recovery_seconds,
    }
}
