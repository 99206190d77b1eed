//! `Database`: the one bounded pool, and the way every statement is timed and counted.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use secrecy::ExposeSecret;
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tracing::Instrument;

use super::Config;
use crate::{Clock, SourceError, health::Health};
use schema::SourceKind;

/// The schema changes compiled into the binary.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../migrations");

/// A handle on the database; clones share one pool.
#[derive(Clone)]
pub struct Database {
    pool: PgPool,
    health: Arc<Health>,
}

impl Database {
    /// Prepares the pool. Connections are made when they are first needed, so this does not fail while Postgres is away.
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
        let pool = PgPoolOptions::new()
            .max_connections(config.connections_max)
            .acquire_timeout(config.acquire_timeout)
            .test_before_acquire(false)
            .idle_timeout(Duration::from_secs(300))
            .connect_lazy_with(options);
        Ok(Self { pool, health: Arc::new(Health::new(clock)) })
    }

    /// The pool itself, for writes in a transaction of their own.
    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// How the database has been answering.
    pub fn health(&self) -> &Arc<Health> {
        &self.health
    }

    /// Applies the schema changes that are missing.
    pub async fn migrate(&self) -> Result<(), sqlx::migrate::MigrateError> {
        MIGRATIONS.run(&self.pool).await
    }

    /// Whether all schema changes known to this binary are applied.
    pub async fn is_migrated(&self) -> Result<bool, SourceError> {
        let newest = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
        self.timed("migrations_newest", async {
            let table: Option<String> =
                sqlx::query_scalar("select to_regclass('_sqlx_migrations')::text").fetch_one(&self.pool).await?;
            if table.is_none() {
                return Ok(false);
            }
            let applied: Option<i64> = sqlx::query_scalar("select max(version) from _sqlx_migrations where success")
                .fetch_one(&self.pool)
                .await?;
            Ok(applied.unwrap_or(0) >= newest)
        })
        .await
    }

    /// The server's own version, such as `15.18`.
    pub async fn server_version(&self) -> Result<String, SourceError> {
        self.timed("server_version", async {
            sqlx::query_scalar("select split_part(current_setting('server_version'), ' ', 1)")
                .fetch_one(&self.pool)
                .await
        })
        .await
    }

    /// Runs a statement under its name: its span, its metrics and the health of the database come from here.
    pub(crate) async fn timed<T>(
        &self,
        statement: &'static str,
        run: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, SourceError> {
        let started = Instant::now();
        let outcome = run.instrument(tracing::debug_span!("weft.sql", statement)).await.map_err(SourceError::from);
        let took = started.elapsed();
        metrics::histogram!("weft_sql_seconds", "statement" => statement).record(took.as_secs_f64());
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

    /// Closes every connection, waiting for those in use.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
