//! `Redis`: the guarded way to Redis. Every command has a time limit, one breaker stands before all, and nobody waits for
//! a connection: where there is none, the answer is at once that there is none.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError, RwLock, atomic::AtomicU32},
    time::Instant,
};

use metrics::Histogram;
use redis::{ConnectionInfo, IntoConnectionInfo, RedisError, RedisResult, cmd};
use secrecy::ExposeSecret;
use tokio::{sync::Notify, time::timeout};

use super::{Config, keys::Keys, link::Link};
use crate::{
    Clock, Labelled, SourceError,
    cache::{Evictions, Patience},
    upstream::Breaker,
};

static SECONDS: Labelled<Histogram> =
    Labelled::new(|command| metrics::histogram!("weft_redis_seconds", "command" => command));

/// Redis. Clones share everything.
#[derive(Clone)]
pub struct Redis(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) config: Config,
    pub(super) info: ConnectionInfo,
    pub(super) keys: Keys,
    pub(super) clock: Clock,
    pub(super) breaker: Breaker,
    link: RwLock<Option<(u64, Link)>>,
    /// Told when the connection is given up: the keeper makes another.
    pub(super) lost: Notify,
    /// Told at the same moment to all commands that still wait on it.
    abandoned: Notify,
    /// What is evicted from this process.
    pub(super) evictions: Arc<Evictions>,
    /// Tags whose eviction Redis has not been told yet.
    pub(super) untold: Mutex<BTreeSet<String>>,
    /// Names this process in messages.
    pub(super) id: String,
    /// How many processes serve; zero: not known yet.
    pub(super) replicas: AtomicU32,
}

impl Redis {
    /// Prepares Redis; none when it is not configured. Nothing is called yet.
    pub fn new(config: &Config, evictions: Arc<Evictions>, clock: Clock) -> Result<Option<Self>, SourceError> {
        let Some(url) = &config.url else { return Ok(None) };
        // The error of the library may show the address, and with it the password.
        let info = url.expose_secret().into_connection_info();
        let info = info.map_err(|_| SourceError::Invalid("redis.url: this is no address of Redis".to_owned()))?;
        Ok(Some(Self(Arc::new(Inner {
            info,
            keys: Keys::new(&config.prefix),
            breaker: Breaker::new(config.breaker, clock.clone()),
            link: RwLock::default(),
            lost: Notify::new(),
            abandoned: Notify::new(),
            evictions,
            untold: Mutex::default(),
            id: format!("{:032x}", rand::random::<u128>()),
            replicas: AtomicU32::new(0),
            config: config.clone(),
            clock,
        }))))
    }

    /// Where it is, without the password.
    pub fn address(&self) -> String {
        self.0.info.addr().to_string()
    }

    /// Whether it answers now.
    pub async fn is_up(&self) -> bool {
        self.run("ping", &Patience::new(), async |mut link| link.query::<String>(&cmd("PING")).await).await.is_some()
    }

    /// Connects anew, whatever is known, and asks for the version.
    pub async fn check(&self) -> Result<String, String> {
        let mut link = self.connect().await?;
        let mut command = cmd("INFO");
        let asking = timeout(self.0.config.connect_timeout, link.query::<String>(command.arg("server")));
        let told = asking.await.map_err(|_| format!("{} does not answer", self.address()))?;
        let info = told.map_err(|error| format!("{}: {error}", self.address()))?;
        let version = info.lines().find_map(|line| line.strip_prefix("redis_version:")).unwrap_or("version unknown");
        Ok(format!("{} {}", self.address(), version.trim()))
    }

    /// Opens a connection, within the time for it.
    pub(super) async fn connect(&self) -> Result<Link, String> {
        let Config { connect_timeout, cluster, .. } = self.0.config;
        let opening = Link::open(self.0.info.clone(), cluster, connect_timeout);
        match timeout(connect_timeout, opening).await {
            Ok(opened) => opened.map_err(|error| format!("{} cannot be reached: {error}", self.address())),
            Err(_) => Err(format!("{} did not answer within {connect_timeout:?}", self.address())),
        }
    }

    /// Runs `work` against the connection. None when there is no connection, when the breaker is open, when the request's
    /// patience is spent, and when it fails: all are the same to a cache.
    pub(super) async fn run<T>(
        &self,
        command: &'static str,
        patience: &Patience,
        work: impl AsyncFnOnce(Link) -> RedisResult<T>,
    ) -> Option<T> {
        let whole = self.0.config.command_timeout;
        let limit = patience.left_of(whole)?;
        let Some((id, link)) = self.link().filter(|_| self.0.breaker.allow().is_ok()) else {
            count(command, "refused");
            return None;
        };
        let started = Instant::now();
        let abandoned = self.0.abandoned.notified();
        let outcome = tokio::select! {
            outcome = timeout(limit, work(link)) => outcome.map_err(|_| limit * 2 >= whole),
            // Another command found out first; this one need not.
            () = abandoned => Err(false),
        };
        let took = started.elapsed();
        SECONDS.with(command, |seconds| seconds.record(took.as_secs_f64()));
        match outcome {
            Ok(Ok(value)) => {
                patience.spend(took);
                self.0.breaker.succeeded();
                count(command, "ok");
                return Some(value);
            }
            Ok(Err(error)) => {
                patience.give_up();
                count(command, "error");
                self.failed(id, Some(&error));
            }
            // A short rest of patience says nothing about Redis.
            Err(speaks_against_it) => {
                patience.give_up();
                count(command, "timeout");
                if speaks_against_it {
                    self.failed(id, None);
                }
            }
        }
        None
    }

    /// A command failed on this connection. What is lost, or failed too often, is given up for a new one.
    fn failed(&self, id: u64, error: Option<&RedisError>) {
        self.0.breaker.failed();
        let is_lost = error.is_some_and(|error| error.is_connection_dropped() || error.is_unrecoverable_error());
        tracing::debug!(error = error.map(ToString::to_string), "a Redis command failed");
        if is_lost || self.0.breaker.is_open() {
            let mut link = self.0.link.write().unwrap_or_else(PoisonError::into_inner);
            if link.as_ref().is_some_and(|(current, _)| *current == id) {
                *link = None;
                show_up(false);
                self.0.lost.notify_one();
                self.0.abandoned.notify_waiters();
            }
        }
    }

    pub(super) fn link(&self) -> Option<(u64, Link)> {
        self.0.link.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Commands take this connection from now on.
    pub(super) fn set_link(&self, link: Link) {
        self.0.breaker.succeeded();
        show_up(true);
        *self.0.link.write().unwrap_or_else(PoisonError::into_inner) = Some((rand::random(), link));
    }
}

fn count(command: &'static str, outcome: &'static str) {
    metrics::counter!("weft_redis_commands_total", "command" => command, "outcome" => outcome).increment(1);
}

/// Shows whether commands are sent at all: not while there is no connection or the breaker is open.
pub(super) fn show_up(is_up: bool) {
    metrics::gauge!("weft_redis_up").set(if is_up { 1.0 } else { 0.0 });
}
