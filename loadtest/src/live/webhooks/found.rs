//! What stands in the end: whether all that was answered for has had its effect, once, and nothing else has.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use tokio_postgres::{Client, NoTls};

use super::world::Expected;

/// Longest wait for the queue to be empty: claims of the dead last twelve seconds, their lease of discovery thirty.
const EMPTY_MAX: Duration = Duration::from_secs(180);

/// Lines of the log that tell of the same a second time: one object created again, or one deployment in the same state.
const TWICE: &str = "select
    (select count(*) - count(distinct (topic, object_id)) from change_log where kind = 'CREATED'),
    (select count(*) - count(distinct (object_id, kind, payload)) from change_log where topic = 'deployment')";
/// What the dead have claimed is due only when their claims end.
const SHORT: &str = "select count(*) < 40 from webhook_delivery
    where state = 'pending' and next_attempt_at <= now() and (claimed_until is null or claimed_until < now())";
/// Deployments that have succeeded or failed (one that was canceled counts nowhere), and how many of them the sums of days know.
const SUMS: &str = "select
    (select count(*) from deployment where lower(status) in ('succeeded', 'failed')),
    (select coalesce(sum(ended), 0)::bigint from delivery_day)";

pub(super) struct Found {
    client: Client,
}

/// How many of what is wrong.
pub(super) type Wrong = Vec<(&'static str, usize)>;

impl Found {
    pub(super) async fn connect(database_url: &str) -> anyhow::Result<Self> {
        let (client, connection) = tokio_postgres::connect(database_url, NoTls).await?;
        tokio::spawn(connection);
        Ok(Self { client })
    }

    /// Waits until the first look for catalog files is over; there is no other in this run.
    pub(super) async fn first_scan(&self) -> anyhow::Result<()> {
        self.until("select exists (select from discovery_scan)", "the first look for catalog files").await
    }

    /// Waits until nothing is to be worked off.
    pub(super) async fn empty_queue(&self) -> anyhow::Result<()> {
        self.until("select not exists (select from webhook_delivery where state = 'pending')", "an empty queue").await
    }

    /// Waits until little is due: what comes to a long queue is killed where it waits, and seldom elsewhere.
    pub(super) async fn short_queue(&self) -> anyhow::Result<()> {
        self.until(SHORT, "a short queue").await
    }

    async fn until(&self, sql: &str, what: &str) -> anyhow::Result<()> {
        let started = Instant::now();
        while !self.client.query_one(sql, &[]).await?.try_get::<_, bool>(0)? {
            if started.elapsed() > EMPTY_MAX {
                bail!("{what}: not within {EMPTY_MAX:?}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// What does not stand as it should: `answered` are the keys for which a sender has been answered well.
    pub(super) async fn wrong(&self, expected: &Expected, answered: &BTreeSet<String>) -> anyhow::Result<Wrong> {
        let mut wrong = self.deliveries(answered).await?;
        wrong.extend(self.deployments(expected).await?);
        let rows = self.client.query("select ref from entity where ref like 'component:default/pushed-%'", &[]).await?;
        let found: BTreeSet<String> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
        wrong.push(("components missing", expected.pushed.iter().filter(|pushed| !found.contains(*pushed)).count()));
        wrong.push(("components twice", rows.len() - found.len()));
        let twice = self.client.query_one(TWICE, &[]).await?;
        wrong.push(("created twice in the change log", count(twice.try_get(0)?)));
        wrong.push(("deployments twice in the same state in the change log", count(twice.try_get(1)?)));
        let sums = self.client.query_one(SUMS, &[]).await?;
        let (rows, summed): (i64, i64) = (sums.try_get(0)?, sums.try_get(1)?);
        wrong.push(("counted wrongly in the sums of days", count((rows - summed).abs())));
        Ok(wrong)
    }

    async fn deliveries(&self, answered: &BTreeSet<String>) -> anyhow::Result<Wrong> {
        let rows = self.client.query("select dedup_key, state from webhook_delivery", &[]).await?;
        let mut states: BTreeMap<String, usize> = BTreeMap::new();
        let mut done = BTreeSet::new();
        for row in &rows {
            let (key, state): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            if state == "done" {
                done.insert(key);
            }
            *states.entry(state).or_default() += 1;
        }
        let of = |state: &str| states.get(state).copied().unwrap_or(0);
        Ok(vec![
            ("answered and not done", answered.difference(&done).count()),
            ("stored and never answered for", done.difference(answered).count()),
            ("in the queue", of("pending")),
            ("in quarantine", of("quarantined")),
        ])
    }

    async fn deployments(&self, expected: &Expected) -> anyhow::Result<Wrong> {
        let rows = self.client.query("select source_key, component_ref, lower(status) from deployment", &[]).await?;
        let mut found: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for row in &rows {
            found.entry((row.try_get(0)?, row.try_get(1)?)).or_default().push(row.try_get(2)?);
        }
        let expected = &expected.deployments;
        let stands = |(key, status): &(&(String, String), &String)| {
            found.get(*key).is_some_and(|states| states.first() == Some(*status))
        };
        Ok(vec![
            ("deployments missing or in another state", expected.iter().filter(|row| !stands(row)).count()),
            ("deployments twice", rows.len() - found.len()),
            (
                "deployments that nobody may have told of",
                found.keys().filter(|key| !expected.contains_key(*key)).count(),
            ),
        ])
    }

    /// Attempts that did not end what they began, over all deliveries.
    pub(super) async fn attempts(&self) -> anyhow::Result<(i64, i32)> {
        let sql = "select coalesce(sum(attempts - 1), 0)::bigint, coalesce(max(attempts), 0) from webhook_delivery";
        let row = self.client.query_one(sql, &[]).await.context("attempts")?;
        Ok((row.try_get(0)?, row.try_get(1)?))
    }
}

fn count(number: i64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
