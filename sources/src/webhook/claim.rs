//! Claims: replicas take what is due for a while, so that one that dies leaves its work to the others, and only who holds the claim
//! may settle it.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use super::{Config, Hint, Sender, queue::millis};
use crate::{SourceError, postgres::Database};

/// How long a delivery is left alone that another release has to do.
const UNKNOWN_WAIT: Duration = Duration::from_secs(60);

/// Most deliveries that one claim takes.
const CLAIM_ROWS_MAX: i64 = 1_000;

/// A delivery that somebody works on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Its id.
    pub id: Uuid,
    /// What it names.
    pub hint: Hint,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// Which attempt this is.
    pub attempts: i32,
}

/// All that is due of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Who told it.
    pub sender: Sender,
    /// What is to be read.
    pub object_key: String,
    /// The deliveries, at least one.
    pub deliveries: Vec<Claimed>,
}

impl Task {
    /// The ids of its deliveries.
    pub fn ids(&self) -> Vec<Uuid> {
        self.deliveries.iter().map(|delivery| delivery.id).collect()
    }

    /// When the first of them came.
    pub fn since(&self) -> Option<DateTime<Utc>> {
        self.deliveries.iter().map(|delivery| delivery.received_at).min()
    }
}

/// When and why a delivery is tried again.
#[derive(Debug, Clone, Copy)]
pub struct Retry<'a> {
    /// How long from now.
    pub wait: Duration,
    /// What went wrong; none when nothing was tried.
    pub error: Option<&'a str>,
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    source: String,
    object_key: String,
    hint: Json<serde_json::Value>,
    received_at: DateTime<Utc>,
    attempts: i32,
}

impl Database {
    /// Claims what is due, so many objects at most, each with all that is due of it; nobody else gets these meanwhile.
    pub async fn claim_deliveries(
        &self,
        config: &Config,
        holder: Uuid,
        objects_max: usize,
    ) -> Result<Vec<Task>, SourceError> {
        let due = sqlx::query_scalar(include_str!("../../queries/webhooks/deliveries_due.sql"));
        // Mostly there is nothing: one statement.
        if !self.timed("deliveries_due", due.fetch_one(self.writers())).await? {
            return Ok(Vec::new());
        }
        let lease = config.claim_for();
        let rows: Vec<Row> = self
            .timed("deliveries_claim", async {
                let mut transaction = self.writers().begin().await?;
                // One after another: two could each claim a part of the same object.
                sqlx::query("select pg_advisory_xact_lock(hashtextextended('webhook deliveries', 0))")
                    .execute(&mut *transaction)
                    .await?;
                let abandoned: Vec<String> =
                    sqlx::query_scalar(include_str!("../../queries/webhooks/deliveries_abandon.sql"))
                        .bind(i32::try_from(config.attempts_max).unwrap_or(i32::MAX))
                        .fetch_all(&mut *transaction)
                        .await?;
                let rows = sqlx::query_as(include_str!("../../queries/webhooks/deliveries_claim.sql"))
                    .bind(i64::try_from(objects_max).unwrap_or(i64::MAX))
                    .bind(CLAIM_ROWS_MAX)
                    .bind(holder)
                    .bind(millis(lease))
                    .fetch_all(&mut *transaction)
                    .await?;
                transaction.commit().await?;
                if !abandoned.is_empty() {
                    tracing::warn!(
                        count = abandoned.len(),
                        "deliveries whose every attempt ended with the gateway are set aside"
                    );
                }
                Ok(rows)
            })
            .await?;
        let (tasks, unknown) = tasks(rows);
        if !unknown.is_empty() {
            let retry = Retry { wait: UNKNOWN_WAIT, error: None };
            self.retry_deliveries(&unknown, holder, retry).await?;
        }
        Ok(tasks)
    }

    /// These are done.
    pub async fn settle_deliveries(&self, ids: &[Uuid], holder: Uuid) -> Result<(), SourceError> {
        let done = sqlx::query(include_str!("../../queries/webhooks/deliveries_done.sql")).bind(ids).bind(holder);
        self.timed("deliveries_done", done.execute(self.writers())).await.map(|_| ())
    }

    /// These are tried again.
    pub async fn retry_deliveries(&self, ids: &[Uuid], holder: Uuid, retry: Retry<'_>) -> Result<(), SourceError> {
        let again = sqlx::query(include_str!("../../queries/webhooks/deliveries_retry.sql"))
            .bind(ids)
            .bind(holder)
            .bind(millis(retry.wait))
            .bind(retry.error)
            .bind(retry.error.is_some());
        self.timed("deliveries_retry", again.execute(self.writers())).await.map(|_| ())
    }

    /// Gives back what this holder claimed and did not do, as if it had never begun.
    pub async fn release_deliveries(&self, holder: Uuid) -> Result<(), SourceError> {
        let release = sqlx::query(include_str!("../../queries/webhooks/deliveries_release.sql")).bind(holder);
        self.timed("deliveries_release", release.execute(self.writers())).await.map(|_| ())
    }
}

/// Rows by their objects; and those that another release wrote and this one does not know: they wait for that.
fn tasks(rows: Vec<Row>) -> (Vec<Task>, Vec<Uuid>) {
    let mut unknown = Vec::new();
    let mut tasks: BTreeMap<(Sender, String), Vec<Claimed>> = BTreeMap::new();
    for Row { id, source, object_key, hint, received_at, attempts } in rows {
        let (Some(sender), Ok(hint)) = (Sender::of_str(&source), serde_json::from_value(hint.0)) else {
            tracing::warn!(%id, source, "a delivery names what this release does not know");
            unknown.push(id);
            continue;
        };
        tasks.entry((sender, object_key)).or_default().push(Claimed { id, hint, received_at, attempts });
    }
    let task = |((sender, object_key), deliveries)| Task { sender, object_key, deliveries };
    (tasks.into_iter().map(task).collect(), unknown)
}

impl Config {
    /// How long a replica that dies holds what it claimed: an attempt, and time to tell how it ended.
    fn claim_for(&self) -> Duration {
        self.attempt_timeout + Duration::from_secs(10).max(self.store_timeout)
    }

    /// How long to wait after the attempt with this number, from half of it to the whole by `chance`: what failed together is not
    /// tried together.
    pub fn retry_wait(&self, attempt: i32, chance: f64) -> Duration {
        let doubled = u32::try_from(attempt.max(1) - 1).unwrap_or(0).min(30);
        let wait = self.retry_after.saturating_mul(2_u32.saturating_pow(doubled)).min(self.retry_max);
        wait.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
    }
}
