//! `Signals`: what the database tells at the moment of a commit, on a connection of its own. Nothing is read here: a signal says that
//! something changed, not what.

use std::time::Duration;

use schema::SourceKind;
use sqlx::postgres::{PgListener, PgPoolOptions};

use super::{Database, apart::apart};
use crate::SourceError;

const CHANNEL: &str = "weft_changes";
const LISTENS: &str =
    "-- signals_beat\nselect exists (select from pg_listening_channels() as c where c = 'weft_changes')";
/// Longest wait for the connection, and for a sign of life on it.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Something of a tenant changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// What: `catalog`, `deployments`, `cost` or `sources`.
    pub domain: String,
    /// Whose.
    pub tenant: String,
}

/// A connection that listens.
pub struct Signals(PgListener);

impl Database {
    /// Listens from now on.
    pub async fn signals(&self) -> Result<Signals, SourceError> {
        let options = (*self.writers().connect_options()).clone();
        // A pool of one that is never given back: the way the driver listens.
        let pool = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
        let pool = pool.connect_lazy_with(options);
        in_time(async {
            let mut listener = apart(ANSWER_WITHIN, async move { PgListener::connect_with(&pool).await }).await?;
            listener.ignore_pool_close_event(true);
            listener.eager_reconnect(false);
            listener.listen(CHANNEL).await?;
            Ok(Signals(listener))
        })
        .await
    }
}

impl Signals {
    /// The next signal; none when the connection is lost. Given up without harm at any time.
    pub async fn next(&mut self) -> Result<Option<Signal>, SourceError> {
        loop {
            match self.0.try_recv().await.map_err(lost)? {
                Some(told) => {
                    if let Some(signal) = read(told.payload()) {
                        return Ok(Some(signal));
                    }
                }
                None => return Ok(None),
            }
        }
    }

    /// A sign of life, and all signals that came before it: whatever was committed before this was called has been told then.
    pub async fn beat(&mut self) -> Result<Vec<Signal>, SourceError> {
        let asked = sqlx::query_scalar::<_, bool>(LISTENS).fetch_one(&mut self.0);
        if !in_time(asked).await? {
            // A pooler gives each transaction another connection: nothing would ever be heard.
            return Err(SourceError::Invalid("the connection that listens for changes does not listen".to_owned()));
        }
        let mut signals = Vec::new();
        while let Some(told) = self.0.next_buffered() {
            signals.extend(read(told.payload()));
        }
        Ok(signals)
    }
}

async fn in_time<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, SourceError> {
    match tokio::time::timeout(ANSWER_WITHIN, work).await {
        Ok(outcome) => outcome.map_err(lost),
        Err(_) => Err(SourceError::Timeout { upstream: SourceKind::Postgres, limit: ANSWER_WITHIN }),
    }
}

fn lost(error: sqlx::Error) -> SourceError {
    SourceError::unavailable(SourceKind::Postgres, error)
}

fn read(payload: &str) -> Option<Signal> {
    let (domain, tenant) = payload.split_once(' ')?;
    Some(Signal { domain: domain.to_owned(), tenant: tenant.to_owned() })
}
