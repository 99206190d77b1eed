//! `Table`: what the database has, as it stands there.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use chrono::DateTime;
use tokio_postgres::NoTls;

use super::world::World;

/// How often it is looked at.
pub(super) const LOOK: Duration = Duration::from_millis(250);

pub(super) struct Table(tokio_postgres::Client);

impl Table {
    pub(super) async fn open(database_url: &str) -> anyhow::Result<Self> {
        let (client, connection) = tokio_postgres::connect(database_url, NoTls).await?;
        tokio::spawn(connection);
        Ok(Self(client))
    }

    /// Of these deployments, since when each is as it is, in seconds since 1970.
    pub(super) async fn states(&self, keys: &[String]) -> anyhow::Result<HashMap<String, f64>> {
        let statement =
            "select source_key, extract(epoch from state_at)::float8 from deployment where source_key = any($1)";
        let rows = self.0.query(statement, &[&keys]).await.context("the table cannot be read")?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
    }

    /// How many lines of this topic the change log has.
    pub(super) async fn lines(&self, topic: &str) -> anyhow::Result<i64> {
        let statement = "select count(*) from change_log where topic = $1";
        Ok(self.0.query_one(statement, &[&topic]).await?.try_get(0)?)
    }

    /// Waits until it has all that stands at GitLab now; answers how many that are.
    pub(super) async fn until_known(&self, world: &World, limit: Duration) -> anyhow::Result<usize> {
        let all = world.since(DateTime::UNIX_EPOCH);
        let keys: Vec<String> = all.iter().map(|happened| happened.key.clone()).collect();
        let mut ticks = tokio::time::interval(LOOK);
        let started = Instant::now();
        loop {
            ticks.tick().await;
            let states = self.states(&keys).await?;
            let has = |key: &String, at: f64| states.get(key).is_some_and(|state| *state >= at);
            let lacking = all.iter().filter(|one| !has(&one.key, one.at.timestamp() as f64)).count();
            if lacking == 0 {
                return Ok(all.len());
            }
            ensure!(
                started.elapsed() < limit,
                "the table lacks {lacking} of {} deployments after {limit:?}",
                all.len()
            );
        }
    }
}
