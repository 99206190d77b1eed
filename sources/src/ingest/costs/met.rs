//! Keeps what Azure's Query API says and what files say apart, so that nothing counts twice. Files are the better word: a query stands only
//! for a subscription and billing period of which no file tells anything, and goes in the transaction in which one comes.

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::{FromRow, PgConnection, types::Json};

use super::slice::{SUB_ACCOUNTS_MAX, Slice};
use crate::{SourceError, cost::Basis, postgres::Database};

/// A slice of the same subscription and days that came another way.
#[derive(FromRow)]
struct Met {
    id: i64,
    scope: String,
    period_start: DateTime<Utc>,
}

/// The slices, by id and beginning, that these make outdated; or why these may not stand at all.
pub(super) async fn outdated(
    connection: &mut PgConnection,
    tenant: &str,
    scope: &str,
    basis: Basis,
    slices: &[Slice],
) -> Result<Result<Vec<(i64, DateTime<Utc>)>, String>, sqlx::Error> {
    let told: Vec<serde_json::Value> = slices
        .iter()
        .map(|slice| {
            // Of more it is not known which they are: any could be among them.
            let is_known = slice.sub_accounts.len() < SUB_ACCOUNTS_MAX;
            let names = is_known.then(|| slice.sub_accounts.iter().map(|name| subscription(name)).collect::<Vec<_>>());
            json!({ "period_start": slice.period_start, "period_end": slice.period_end, "subscriptions": names })
        })
        .collect();
    let mut told = Told { connection, tenant, told: Json(told) };
    let queries = told.by_queries(true).await?;
    if basis == Basis::AzureQuery {
        if let Some(file) = told.by_queries(false).await?.first() {
            return Ok(Err(format!(
                "`{}` tells the days since {} already",
                file.scope,
                file.period_start.date_naive()
            )));
        }
        // Of this scope they are replaced as usual; others count twice where one lies in the other.
        let is_within = |one: &str, other: &str| one.strip_prefix(other).is_some_and(|rest| rest.starts_with('/'));
        let outdated = queries.iter().filter(|met| is_within(&met.scope, scope) || is_within(scope, &met.scope));
        return Ok(Ok(outdated.map(|met| (met.id, met.period_start)).collect()));
    }
    Ok(Ok(queries.iter().map(|met| (met.id, met.period_start)).collect()))
}

struct Told<'c> {
    connection: &'c mut PgConnection,
    tenant: &'c str,
    told: Json<Vec<serde_json::Value>>,
}

impl Told<'_> {
    /// What queries tell of the same subscriptions and days, or else what files tell.
    async fn by_queries(&mut self, by_queries: bool) -> Result<Vec<Met>, sqlx::Error> {
        sqlx::query_as(include_str!("../../../queries/costs/slices_met.sql"))
            .bind(self.tenant)
            .bind(&self.told)
            .bind(by_queries)
            .bind(i32::try_from(SUB_ACCOUNTS_MAX).unwrap_or(i32::MAX))
            .fetch_all(&mut *self.connection)
            .await
    }
}

/// The id of a subscription, as it is compared: some write it as a path.
fn subscription(name: &str) -> String {
    let lower = name.to_lowercase();
    lower.trim_start_matches('/').strip_prefix("subscriptions/").map(str::to_owned).unwrap_or(lower)
}

impl Database {
    /// Whether files tell something of a subscription in a period: then no query is needed.
    pub async fn cost_is_told(
        &self,
        tenant: &str,
        subscription: &str,
        (start, end): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<bool, SourceError> {
        let told = json!([{ "period_start": start, "period_end": end, "subscriptions": [subscription] }]);
        let met = sqlx::query_as::<_, Met>(include_str!("../../../queries/costs/slices_met.sql"))
            .bind(tenant)
            .bind(Json(told))
            .bind(false)
            .bind(i32::try_from(SUB_ACCOUNTS_MAX).unwrap_or(i32::MAX))
            .fetch_all(self.writers());
        Ok(!self.timed("cost_slices_met", met).await?.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::subscription;

    #[test]
    fn a_subscription_is_one_however_it_is_written() {
        for name in ["/subscriptions/ABC-1", "subscriptions/abc-1", "abc-1", "/Subscriptions/Abc-1"] {
            assert_eq!(subscription(name), "abc-1");
        }
        assert_eq!(subscription("/providers/x"), "/providers/x");
    }
}
