//! `Watch`: sees in Postgres how far a webhook has come, holds it there by a lock on what it needs next, and has the gateway killed.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tokio::sync::mpsc;
use tokio_postgres::{Client, NoTls, types::ToSql};

use super::{gate::Asked, step::Step, victim::Victim, world::component_of};

/// Between two looks.
const LOOK: Duration = Duration::from_millis(1);
/// Longest wait for a step.
const STEP_MAX: Duration = Duration::from_secs(60);

/// Whether a statement that begins so waits for a lock.
const WAITS: &str = "select exists (select from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and query like $1)";
const CLAIMED: &str = "select exists (select from webhook_delivery
    where state = 'pending' and claimed_until > now() and not (id::text = any($1)))";
const CLAIMS: &str = "select id::text from webhook_delivery where state = 'pending' and claimed_until > now()";
const SETTLED: &str =
    "select exists (select from webhook_delivery where state = 'done' and settled_at > $1::text::timestamptz)";
const DEPLOYED: &str = "select exists (select from deployment where component_ref = $1)";

pub(super) struct Watch {
    looking: Client,
    /// In a transaction as long as something is held.
    holding: Client,
    asked: mpsc::Receiver<Asked>,
}

/// What was so before a step was waited for.
pub(super) enum Before {
    Nothing,
    /// Claims that others hold, or that nobody holds any more.
    Claims(Vec<String>),
    /// The time of the database.
    Moment(String),
}

impl Watch {
    pub(super) async fn connect(database_url: &str, asked: mpsc::Receiver<Asked>) -> anyhow::Result<Self> {
        let connect = async || {
            let (client, connection) = tokio_postgres::connect(database_url, NoTls).await?;
            tokio::spawn(connection);
            anyhow::Ok(client)
        };
        Ok(Self { looking: connect().await?, holding: connect().await?, asked })
    }

    /// Holds what the gateway needs to get past a step.
    pub(super) async fn hold(&self, step: Step) -> anyhow::Result<Before> {
        self.holding.batch_execute("begin; set local lock_timeout = '20s'").await?;
        let lock = match step {
            Step::Storing => "lock table webhook_delivery in share mode",
            // Whoever claims takes it first.
            Step::Answered => "select pg_advisory_xact_lock(hashtextextended('webhook deliveries', 0))",
            // The last that is written of an effect, or nearly.
            Step::Writing => "lock table change_log in share mode",
            _ => "",
        };
        self.holding.batch_execute(lock).await.context("a lock could not be had")?;
        Ok(match step {
            Step::Claimed => {
                let rows = self.looking.query(CLAIMS, &[]).await?;
                Before::Claims(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
            }
            Step::Settled => {
                Before::Moment(self.looking.query_one("select clock_timestamp()::text", &[]).await?.try_get(0)?)
            }
            _ => Before::Nothing,
        })
    }

    /// Waits until the gateway has come to the step that it is armed for, and kills it; nothing where others see that.
    pub(super) async fn kill_at(&mut self, step: Step, before: Before, victim: &Victim) -> anyhow::Result<()> {
        match (step, before) {
            (Step::Storing, _) => self.until(WAITS, &[&"-- deliveries\\_insert%"]).await?,
            (Step::Writing, _) => self.until(WAITS, &[&"-- changes\\_insert%"]).await?,
            (Step::Claimed, Before::Claims(known)) => self.until(CLAIMED, &[&known]).await?,
            (Step::Settled, Before::Moment(moment)) => self.until(SETTLED, &[&moment]).await?,
            (Step::Written, _) => self.written().await?,
            _ => return Ok(()),
        }
        victim.reached(step);
        Ok(())
    }

    /// Lets go of what is held.
    pub(super) async fn release(&self) -> anyhow::Result<()> {
        Ok(self.holding.batch_execute("rollback").await?)
    }

    /// A project whose deployments are asked for cannot be settled, until they stand.
    async fn written(&mut self) -> anyhow::Result<()> {
        loop {
            let asked = tokio::time::timeout(STEP_MAX, self.asked.recv()).await;
            let (project, go_on) = asked.context("nobody asks for deployments")?.context("nobody can ask")?;
            let component = component_of(&project);
            // What stands already tells nothing, nor does a question of one that was killed since.
            if go_on.is_closed() || self.looking.query_one(DEPLOYED, &[&component]).await?.try_get::<_, bool>(0)? {
                continue;
            }
            let rows = "select from webhook_delivery where state = 'pending' and hint ->> 'path' = $1 for update";
            self.holding.execute(rows, &[&project]).await?;
            let _ = go_on.send(());
            return self.until(DEPLOYED, &[&component]).await;
        }
    }

    async fn until(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> anyhow::Result<()> {
        let (statement, started) = (self.looking.prepare(sql).await?, Instant::now());
        while !self.looking.query_one(&statement, parameters).await?.try_get::<_, bool>(0)? {
            ensure!(started.elapsed() < STEP_MAX, "it was not seen within {STEP_MAX:?}: {sql}");
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }
}
