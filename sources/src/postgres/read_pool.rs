//! `ReadPool`: connections for reads of one statement each.
//!
//! sqlx's own pool sends a message and waits for its answer whenever a connection comes back, to roll back what a transaction
//! may have left open; for a look-up that is as long as the look-up. Reads leave nothing open. The connection used last is
//! used next: its statements are planned and what it reads is in its caches.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use deadpool::{
    Runtime,
    managed::{Manager, Metrics, Object, Pool, PoolError, QueueMode, RecycleError, RecycleResult, Timeouts},
};
use sqlx::{ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};

use super::{Config, apart::apart, waits::Waits};
use crate::SourceError;

/// A connection that was idle for longer is opened anew: something on the way may have forgotten it.
const IDLE_MAX: Duration = Duration::from_secs(300);

/// How soon the server notices that nobody waits any more for what it does.
const NOTICE_WHO_LEAVES: &str = "set client_connection_check_interval = '40ms'";

/// How long a statement that nobody waits for is let go on, so that its connection can be used again.
const FINISH_WITHIN: Duration = Duration::from_millis(40);

/// A handle on the pool; clones share it.
#[derive(Clone)]
pub(super) struct ReadPool {
    pool: Pool<Connector>,
    waits: Arc<Waits>,
    notices: Arc<AtomicBool>,
    statement_timeout: Duration,
}

/// Opens connections.
struct Connector {
    options: PgConnectOptions,
    /// How long it may take.
    limit: Duration,
    /// The server notices who leaves.
    notices: Arc<AtomicBool>,
}

impl Manager for Connector {
    type Type = PgConnection;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<PgConnection, sqlx::Error> {
        let (options, notices) = (self.options.clone(), Arc::clone(&self.notices));
        // On the heap, because it is large and rare: every read carries room for it otherwise, through all futures around it.
        Box::pin(apart(self.limit, async move {
            let mut connection = options.connect().await?;
            // A server that cannot do this, such as one of another system, goes on until the statement has ended.
            let set = sqlx::raw_sql(NOTICE_WHO_LEAVES).execute(&mut connection).await;
            notices.store(set.is_ok(), Ordering::Relaxed);
            Ok(connection)
        }))
        .await
    }

    async fn recycle(&self, _: &mut PgConnection, metrics: &Metrics) -> RecycleResult<sqlx::Error> {
        if metrics.last_used() > IDLE_MAX { Err(RecycleError::message("idle for long")) } else { Ok(()) }
    }
}

/// A connection for one statement.
pub(super) struct Lease {
    /// None once it is given back or thrown away.
    connection: Option<Object<Connector>>,
    pool: ReadPool,
}

impl ReadPool {
    /// Nothing is connected before the first read.
    pub(super) fn new(options: PgConnectOptions, config: &Config) -> Result<Self, SourceError> {
        let timeouts = Timeouts {
            wait: Some(config.acquire_timeout),
            create: Some(config.acquire_timeout),
            recycle: Some(config.acquire_timeout),
        };
        let notices = Arc::new(AtomicBool::new(false));
        let pool = Pool::builder(Connector { options, limit: config.acquire_timeout, notices: Arc::clone(&notices) })
            .max_size(config.connections_max)
            .timeouts(timeouts)
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| SourceError::Invalid(error.to_string()))?;
        Ok(Self { pool, waits: Arc::default(), notices, statement_timeout: config.statement_timeout })
    }

    /// A connection, waited for as long as the configuration allows.
    pub(super) async fn lease(&self) -> Result<Lease, sqlx::Error> {
        let waiting = self.waits.begin();
        let got = self.pool.get().await;
        drop(waiting);
        let connection = got.map_err(|error| match error {
            PoolError::Backend(error) => error,
            PoolError::Closed => sqlx::Error::PoolClosed,
            _ => {
                metrics::counter!("weft_sql_pool_timeouts_total", "pool" => "read").increment(1);
                sqlx::Error::PoolTimedOut
            }
        })?;
        Ok(Lease { connection: Some(connection), pool: self.clone() })
    }

    /// The longest wait for a connection that others had since this was asked last, of those who still wait as well.
    pub(super) fn waited_longest(&self) -> Duration {
        // While there is a connection to be had, or to be made, nobody waits for others.
        let status = self.pool.status();
        let is_full = status.available == 0 && status.size >= status.max_size;
        let longest = self.waits.take();
        if is_full { longest } else { Duration::ZERO }
    }

    /// Closes what is idle; what is in use is closed when it comes back.
    pub(super) fn close(&self) {
        self.pool.close();
    }
}

impl Lease {
    /// The connection itself.
    pub(super) fn connection(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        self.connection.as_deref_mut().ok_or(sqlx::Error::PoolClosed)
    }

    /// Ends the lease after the statement: the connection goes back, unless it is what failed.
    pub(super) fn end<T>(mut self, outcome: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        let connection = self.connection.take();
        if let Err(error) = &outcome
            && is_lost(error)
        {
            drop(connection.map(Object::take));
            // The others were most likely lost with it.
            self.pool.pool.retain(|_, _| false);
        }
        outcome
    }
}

impl Drop for Lease {
    /// Whoever asked has gone in the middle of the statement. It is waited for a moment, as a new connection costs more than that; then
    /// the connection is closed, and the server gives up what it does.
    fn drop(&mut self) {
        let (Some(mut connection), Ok(runtime)) = (self.connection.take(), tokio::runtime::Handle::try_current())
        else {
            return;
        };
        // A server that does not notice goes on whatever we do: its place is kept until it has ended, or there would be ever more of them.
        let notices = self.pool.notices.load(Ordering::Relaxed);
        let limit = if notices { FINISH_WITHIN } else { self.pool.statement_timeout };
        runtime.spawn(async move {
            let is_idle = tokio::time::timeout(limit, connection.ping()).await.is_ok_and(|pinged| pinged.is_ok());
            if !is_idle {
                drop(Object::take(connection));
            }
        });
    }
}

/// Whether the connection is of no more use after this error.
fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        // 57P: the server ends; 08: the connection is lost.
        sqlx::Error::Database(inner) => {
            inner.code().is_some_and(|code| code.starts_with("57P") || code.starts_with("08"))
        }
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => true,
        _ => false,
    }
}
