//! The predicate of visibility. Every read of the catalog carries it; nothing is filtered afterwards.

use schema::Visibility;
use sqlx::{Postgres, QueryBuilder};

use super::Database;
use crate::SourceError;

/// Appends the condition that the caller may see the row `alias`, which has the columns `tenant`, `is_team_only` and `guardian_ref`.
///
/// The guardians are a sub-select that does not depend on the row: Postgres runs it once for each statement, and not at all
/// when no row asks for it.
pub(crate) fn push_visible(query: &mut QueryBuilder<Postgres>, alias: &str, visibility: &Visibility) {
    query.push(format_args!("{alias}.tenant = ")).push_bind(visibility.tenant.clone());
    if !visibility.sees_all() {
        query.push(format_args!(" and (not {alias}.is_team_only or {alias}.guardian_ref = any((select "));
        push_guardians(query, visibility);
        query.push(")::text[]))");
    }
}

impl Database {
    /// The teams and people for whom the caller sees team-only entities; none for a caller who sees everything.
    pub async fn guardians(&self, visibility: &Visibility) -> Result<Option<Vec<String>>, SourceError> {
        if visibility.sees_all() {
            return Ok(None);
        }
        let mut query = QueryBuilder::new("-- guardians\nselect ");
        push_guardians(&mut query, visibility);
        let row = self.one("guardians", query.build_query_as::<(Vec<String>,)>()).await?;
        Ok(Some(row.0))
    }
}

/// Appends the teams and people for whom the caller sees team-only entities; null for a caller who sees everything.
pub(super) fn push_guardians(query: &mut QueryBuilder<Postgres>, visibility: &Visibility) {
    if visibility.sees_all() {
        query.push("null::text[]");
        return;
    }
    query.push("visible_guardians(").push_bind(visibility.tenant.clone());
    query.push(", ").push_bind(visibility.own_refs()).push(")");
}
