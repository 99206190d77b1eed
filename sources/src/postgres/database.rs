//! `Database`: bounded pools for reads and for writes, and the way every statement is timed and counted.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures::TryStreamExt;
use metrics::Histogram;
use secrecy::ExposeSecret;
use sqlx::{
    Either, Executor, FromRow, PgConnection, PgPool, Postgres, QueryBuilder,
    postgres::{PgArguments, PgConnectOptions, PgPoolOptions, PgRow},
    query::{Query, QueryAs},
};
use tokio::sync::{Semaphore, SemaphorePermit};
use tracing::Instrument;

use super::{
    Config, apart::apart, cells::Cells, entity_list::ListKey, read_pool::ReadPool, ref_batch::RefBatches,
    shared_read::SharedReads,
};
use crate::{Clock, Labelled, SourceError, health::Health};
use schema::{EntityFacet, FacetCountRecord, SourceKind};

/// The schema changes compiled into the binary.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../migrations");

static SQL_SECONDS: Labelled<Histogram> =
    Labelled::new(|statement| metrics::histogram!("weft_sql_seconds", "statement" => statement));

/// How reads are planned: indexes are in memory or on a fast disk; a facet is counted in memory instead of sorted on disk; and
/// no statement is worth compiling, which alone takes 40 ms.
const READ_SETTINGS: [(&str, &str); 3] = [("random_page_cost", "1.1"), ("work_mem", "16MB"), ("jit", "off")];

/// A handle on the database; clones share its pools.
#[derive(Clone)]
pub struct Database {
    readers: ReadPool,
    writers: PgPool,
    /// Of the connections for writes so many for what is read from sources: the others are for whoever waits.
    sync_writes: Arc<Semaphore>,
    ref_batches: RefBatches,
    counts: SharedReads<ListKey, i64>,
    facets: SharedReads<(ListKey, Vec<EntityFacet>), Arc<Vec<FacetCountRecord>>>,
    /// How often this process has changed the catalog.
    changes: Arc<AtomicU64>,
    health: Arc<Health>,
}

impl Database {
    /// Prepares the pools. Connections are made when they are first needed, so this does not fail while Postgres is away.
    pub fn open(config: &Config, clock: Clock) -> Result<Self, SourceError> {
        let url = config.url.as_ref().ok_or_else(|| {
            SourceError::Invalid("no database is configured: set `database.url` or DATABASE_URL".to_owned())
        })?;
        let options: PgConnectOptions = url.expose_secret().parse().map_err(|error: sqlx::Error| {
            // The address itself holds the password and is not repeated.
            SourceError::Invalid(format!("`database.url` is not a Postgres address: {error}"))
        })?;
        let options = options
            .application_name("weft")
            .options([("statement_timeout", config.statement_timeout.as_millis().to_string())]);
        let readers = ReadPool::new(options.clone().options(READ_SETTINGS), config)?;
        let writers = PgPoolOptions::new()
            .max_connections(config.write_connections_max)
            .acquire_timeout(config.acquire_timeout)
            // A write is worth a round trip: after a restart of the server a connection that waited here is dead.
            .test_before_acquire(true)
            .idle_timeout(Duration::from_secs(300))
            .connect_lazy_with(options.options([("lock_timeout", config.lock_timeout.as_millis().to_string())]));
        Ok(Self {
            readers,
            writers,
            sync_writes: Arc::new(Semaphore::new((config.write_connections_max / 2).max(1) as usize)),
            ref_batches: RefBatches::new(config.ref_batches_max),
            counts: SharedReads::default(),
            facets: SharedReads::default(),
            changes: Arc::default(),
            health: Arc::new(Health::new(clock)),
        })
    }

    /// Makes the connections for writes before anybody needs them: where sqlx's pool makes one while requests keep all workers busy, that takes
    /// longer than anybody waits. Those that cannot be made now, and those that were idle for long, are made when they are needed.
    pub async fn connect(&self) {
        let writers = self.writers.clone();
        let limit = writers.options().get_acquire_timeout();
        let all = (0..writers.options().get_max_connections()).map(move |_| writers.acquire());
        // All at once, or the first would be given out again and again. Nothing is lost with an error: whoever needs one is told.
        let made = apart(limit, async move { Ok(futures::future::join_all(all).await) }).await;
        drop(made);
    }

    /// Look-ups by reference that are sent together.
    pub(super) fn ref_batches(&self) -> &RefBatches {
        &self.ref_batches
    }

    /// Counts of lists that are under way.
    pub(super) fn counts(&self) -> &SharedReads<ListKey, i64> {
        &self.counts
    }

    /// Facets of lists that are under way.
    pub(super) fn facets(&self) -> &SharedReads<(ListKey, Vec<EntityFacet>), Arc<Vec<FacetCountRecord>>> {
        &self.facets
    }

    /// Changes whenever this process has changed the catalog.
    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// The longest wait of a read for a connection since this was asked last.
    pub fn waited_longest(&self) -> Duration {
        self.readers.waited_longest()
    }

    /// Something changed that this process did not write itself: statements that run are joined by nobody who comes from now on.
    pub fn changed_elsewhere(&self) {
        self.changes.fetch_add(1, Ordering::Release);
    }

    /// The pool for writes.
    pub(crate) fn writers(&self) -> &PgPool {
        &self.writers
    }

    /// A turn to write what was read from a source; none is refused.
    pub(crate) async fn sync_turn(&self) -> Option<SemaphorePermit<'_>> {
        self.sync_writes.acquire().await.ok()
    }

    /// How the database has been answering.
    pub fn health(&self) -> &Arc<Health> {
        &self.health
    }

    /// Applies the schema changes that are missing.
    pub async fn migrate(&self) -> Result<(), sqlx::migrate::MigrateError> {
        MIGRATIONS.run(&self.writers).await
    }

    /// Whether all schema changes known to this binary are applied.
    pub async fn is_migrated(&self) -> Result<bool, SourceError> {
        let newest = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
        let table = sqlx::query_as("select to_regclass('_sqlx_migrations')::text");
        if self.one::<(Option<String>,)>("migrations_table", table).await?.0.is_none() {
            return Ok(false);
        }
        let applied = sqlx::query_as("select max(version) from _sqlx_migrations where success");
        Ok(self.one::<(Option<i64>,)>("migrations_newest", applied).await?.0.unwrap_or(0) >= newest)
    }

    /// The server's own version, such as `15.18`.
    pub async fn server_version(&self) -> Result<String, SourceError> {
        let version = sqlx::query_as("select split_part(current_setting('server_version'), ' ', 1)");
        Ok(self.one::<(String,)>("server_version", version).await?.0)
    }

    /// All rows of a read.
    pub(crate) async fn all<T>(
        &self,
        statement: &'static str,
        query: QueryAs<'_, Postgres, T, PgArguments>,
    ) -> Result<Vec<T>, SourceError>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        self.timed(statement, async {
            let mut lease = self.readers.lease().await?;
            let rows = query.fetch_all(lease.connection()?).await;
            lease.end(rows)
        })
        .await
    }

    /// All rows of a read whose cells `read` takes in order: for lists, where each row counts.
    pub(super) async fn rows<T>(
        &self,
        statement: &'static str,
        mut query: QueryBuilder<Postgres>,
        read: impl Fn(Cells<'_>) -> Result<T, sqlx::Error>,
    ) -> Result<Vec<T>, SourceError> {
        self.timed(statement, async {
            let mut lease = self.readers.lease().await?;
            let rows = collect(lease.connection()?, query.build(), read).await;
            lease.end(rows)
        })
        .await
    }

    /// As [`Self::rows`], of a statement that is planned each time: for those whose best plan hangs on what is asked.
    pub(super) async fn rows_planned<T>(
        &self,
        statement: &'static str,
        mut query: QueryBuilder<Postgres>,
        read: impl Fn(Cells<'_>) -> Result<T, sqlx::Error>,
    ) -> Result<Vec<T>, SourceError> {
        self.timed(statement, async {
            let mut lease = self.readers.lease().await?;
            let rows = collect(lease.connection()?, query.build().persistent(false), read).await;
            lease.end(rows)
        })
        .await
    }

    /// As [`Self::all`], of a statement that is planned each time.
    pub(super) async fn planned<T>(
        &self,
        statement: &'static str,
        mut query: QueryBuilder<Postgres>,
    ) -> Result<Vec<T>, SourceError>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        self.all(statement, query.build_query_as().persistent(false)).await
    }

    /// The first row of a read, which has one.
    pub(crate) async fn one<T>(
        &self,
        statement: &'static str,
        query: QueryAs<'_, Postgres, T, PgArguments>,
    ) -> Result<T, SourceError>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        self.timed(statement, async {
            let mut lease = self.readers.lease().await?;
            let row = query.fetch_one(lease.connection()?).await;
            lease.end(row)
        })
        .await
    }

    /// Runs a statement under its name: its span, its metrics and the health of the database come from here.
    pub(crate) fn timed<T>(
        &self,
        statement: &'static str,
        run: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> impl Future<Output = Result<T, SourceError>> {
        // On the heap: else it is a part of every future around it, and of some of them twice.
        let run = Box::pin(run).instrument(tracing::debug_span!("weft.sql", statement));
        async move {
            let started = Instant::now();
            let outcome = run.await.map_err(SourceError::from);
            let took = started.elapsed();
            SQL_SECONDS.with(statement, |seconds| seconds.record(took.as_secs_f64()));
            match &outcome {
                Ok(_) => self.health.succeeded(took),
                Err(error) => {
                    metrics::counter!("weft_sql_errors_total", "statement" => statement).increment(1);
                    if error.upstream() == Some(SourceKind::Postgres) {
                        self.health.failed(error.to_string());
                    }
                }
            }
            outcome
        }
    }

    /// The same for a change of the catalog. Whoever counts afterwards does not join who began before.
    pub(crate) async fn changed<T>(
        &self,
        statement: &'static str,
        run: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, SourceError> {
        // However it ends: a commit whose answer was lost, or that nobody waits for any more, may have happened.
        let _counted = CountedAtEnd(&self.changes);
        self.timed(statement, run).await
    }

    /// Closes every connection, waiting for those in use.
    pub async fn close(&self) {
        self.readers.close();
        self.writers.close().await;
    }
}

/// Counts a change when it is dropped.
struct CountedAtEnd<'a>(&'a AtomicU64);

impl Drop for CountedAtEnd<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

/// Runs a statement and reads each row where it arrives, instead of handing it up through a stack of streams.
async fn collect<T>(
    connection: &mut PgConnection,
    query: Query<'_, Postgres, PgArguments>,
    read: impl Fn(Cells<'_>) -> Result<T, sqlx::Error>,
) -> Result<Vec<T>, sqlx::Error> {
    let mut rows = Vec::new();
    let mut results = connection.fetch_many(query);
    while let Some(result) = results.try_next().await? {
        if let Either::Right(row) = result {
            rows.push(read(Cells::of(&row))?);
        }
    }
    Ok(rows)
}
