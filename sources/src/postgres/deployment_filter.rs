//! Filters of deployments as SQL: fixed fragments and binds only.

use schema::{DeploymentFilter, EntityRef};

use crate::ingest::STARTED_EARLY_MAX;
use sqlx::{Postgres, QueryBuilder};

/// The condition whose index a list walks along.
pub(super) enum Driver {
    /// None, or one with a single value: Postgres chooses.
    Any,
    /// Any of several values of a column, each of which has its deployments in the order of the list.
    Several {
        /// The column.
        column: &'static str,
        /// The values, each once.
        values: Vec<String>,
    },
}

impl Driver {
    /// The most selective condition that has several values.
    pub(super) fn of(filter: &DeploymentFilter) -> Self {
        let tiers = filter.tier.as_ref().map(|tiers| tiers.iter().map(|tier| tier.as_str().to_owned()).collect());
        let columns = [
            ("component_ref", refs(filter.component.as_ref(), "component")),
            ("owner_ref", refs(filter.owner.as_ref(), "group")),
            ("environment", filter.environment.clone()),
            ("tier", tiers),
        ];
        let Some((column, Some(mut values))) = columns.into_iter().find(|(_, values)| values.is_some()) else {
            return Self::Any;
        };
        values.sort_unstable();
        values.dedup();
        if values.len() > 1 { Self::Several { column, values } } else { Self::Any }
    }

    /// The column that is walked along.
    pub(super) fn column(&self) -> Option<&'static str> {
        match self {
            Self::Any => None,
            Self::Several { column, .. } => Some(column),
        }
    }
}

/// Appends ` and …` for every condition on the deployment `d` but the one on the column `driven`, which stands already. The
/// filter must have been validated.
pub(super) fn push_filter(query: &mut QueryBuilder<Postgres>, filter: &DeploymentFilter, driven: Option<&str>) {
    let names = |names: Option<Vec<&'static str>>| {
        names.map(|names| names.into_iter().map(str::to_owned).collect::<Vec<String>>())
    };
    let tiers = filter.tier.as_ref().map(|tiers| tiers.iter().map(|tier| tier.as_str()).collect());
    let states = filter.status.as_ref().map(|states| states.iter().map(|status| status.as_str()).collect());
    let sources = filter.source.as_ref().map(|sources| sources.iter().map(|source| source.as_str()).collect());
    for (column, values) in [
        ("component_ref", refs(filter.component.as_ref(), "component")),
        ("owner_ref", refs(filter.owner.as_ref(), "group")),
        ("environment", filter.environment.clone()),
        ("tier", names(tiers)),
        ("status", names(states)),
        ("source", names(sources)),
        ("version", filter.version.clone()),
        ("commit_sha", filter.commit_sha.clone()),
    ] {
        let Some(values) = values.filter(|_| driven != Some(column)) else { continue };
        if column == "commit_sha" {
            // What the index is on.
            push_any(query, "artifact", values.clone());
        }
        push_any(query, column, values);
    }
    if let Some(is_rollback) = filter.is_rollback {
        query.push(if is_rollback { " and d.is_rollback" } else { " and not d.is_rollback" });
    }
    if let Some(after) = filter.started_after {
        query.push(" and d.started_at >= ").push_bind(after.0);
    }
    if let Some(before) = filter.started_before {
        query.push(" and d.started_at < ").push_bind(before.0);
        // Lists go by the creation: what came later need not be looked at.
        query.push(" and d.created_at < ").push_bind(before.0 + STARTED_EARLY_MAX);
    }
}

fn push_any(query: &mut QueryBuilder<Postgres>, column: &'static str, values: Vec<String>) {
    match <[String; 1]>::try_from(values) {
        // As an equation: then an index on the column is in the order of the list.
        Ok([value]) => query.push(format_args!(" and d.{column} = ")).push_bind(value),
        Err(values) => query.push(format_args!(" and d.{column} = any(")).push_bind(values).push(")"),
    };
}

/// The references of a filter as texts, with their kind where it was left out.
fn refs(refs: Option<&Vec<EntityRef>>, kind: &str) -> Option<Vec<String>> {
    Some(refs?.iter().map(|entity_ref| entity_ref.or_kind(kind).as_str().to_owned()).collect())
}
