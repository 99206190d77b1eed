//! The ownership report: one statement counts all states by kind and by declared owner.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schema::{
    EntityFilter, EntityRef, OwnershipByKind, OwnershipByTeamRecord, OwnershipReportRecord, OwnershipSummary,
    Visibility,
};
use sqlx::{FromRow, QueryBuilder};

use super::{
    Database,
    filter::{push_filter, push_ownership_state},
    visibility::push_visible,
};
use crate::SourceError;

/// Most teams in a report.
const TEAMS_MAX: usize = 1_000;

#[derive(FromRow)]
struct Row {
    at: DateTime<Utc>,
    kind: Option<String>,
    owner_ref: Option<String>,
    state: Option<String>,
    count: i64,
}

impl Database {
    /// Ownership over all entities that match and can have an owner: every kind but people, teams and locations.
    pub async fn ownership_report(
        &self,
        visibility: &Visibility,
        filter: Option<&EntityFilter>,
    ) -> Result<OwnershipReportRecord, SourceError> {
        let mut query = QueryBuilder::new(
            "-- ownership_report\nselect now() as at, counted.kind, counted.owner_ref, counted.state, \
             coalesce(counted.count, 0) as count from (select 1) as always left join (\
             select kind, owner_ref, state, count(*) as count from (select e.kind, e.owner_ref, ",
        );
        push_ownership_state(&mut query, visibility);
        query.push(" as state from entity e where e.kind_key not in ('user', 'group', 'location') and ");
        push_visible(&mut query, "e", visibility);
        if let Some(filter) = filter {
            filter.validate()?;
            push_filter(&mut query, visibility, filter, None)?;
        }
        // The outer join tells the moment of counting even when nothing matched.
        query.push(") e group by kind, owner_ref, state) counted on true");
        let rows = self.all("ownership_report", query.build_query_as()).await?;
        Ok(report(rows))
    }
}

fn report(rows: Vec<Row>) -> OwnershipReportRecord {
    let mut totals = OwnershipSummary::default();
    let mut by_kind: BTreeMap<String, OwnershipSummary> = BTreeMap::new();
    let mut by_team: BTreeMap<String, OwnershipSummary> = BTreeMap::new();
    let at = rows.first().map(|row| row.at).unwrap_or_default();
    for row in rows {
        let (Some(kind), Some(state)) = (row.kind, row.state) else { continue };
        add(&mut totals, &state, row.count);
        add(by_kind.entry(kind).or_default(), &state, row.count);
        if let Some(owner) = row.owner_ref.filter(|owner| owner.starts_with("group:")) {
            add(by_team.entry(owner).or_default(), &state, row.count);
        }
    }
    let mut by_team: Vec<_> = by_team
        .into_iter()
        .map(|(team, summary)| OwnershipByTeamRecord { team_ref: EntityRef::stored(team), summary })
        .collect();
    by_team.sort_by_key(|team| std::cmp::Reverse(team.summary.total));
    by_team.truncate(TEAMS_MAX);
    let by_kind = by_kind.into_iter().map(|(kind, summary)| OwnershipByKind { kind, summary }).collect();
    OwnershipReportRecord { at: at.into(), totals, by_kind, by_team }
}

fn add(summary: &mut OwnershipSummary, state: &str, count: i64) {
    let count = i32::try_from(count).unwrap_or(i32::MAX);
    summary.total = summary.total.saturating_add(count);
    let part = match state {
        "OWNED" => &mut summary.owned,
        "UNOWNED" => &mut summary.unowned,
        "OWNER_UNKNOWN" => &mut summary.owner_unknown,
        _ => &mut summary.owner_empty,
    };
    *part = part.saturating_add(count);
}
