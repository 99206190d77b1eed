//! `[server]`.

use std::{net::SocketAddr, ops::RangeInclusive, sync::Arc, time::Duration};

use bytesize::ByteSize;
use resolvers::KeptLists;
use schema::Visibility;
use serde::Deserialize;

use super::Problem;
use crate::response_cache::ResponseCache;

/// Most threads that answer requests.
const WORKER_THREADS_MAX: usize = 1024;

/// Less would have small answers wait for one another; more bounds nothing.
const SEND_BUFFER: RangeInclusive<u64> = 16 * 1024..=16 * 1024 * 1024;

/// Listeners, deadlines and CORS.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    /// Where clients come in.
    pub listen: SocketAddr,
    /// Where operators come in: metrics and verbose health.
    pub admin_listen: SocketAddr,
    /// Threads that answer requests; 0 is one for each processor.
    pub worker_threads: usize,
    /// Whether the explorer is served at `/graphiql`.
    pub graphiql: bool,
    /// Who may read the schema.
    pub introspection: Introspection,
    /// Whether entities are written by a plan for each list, or for one alone; off, the engine writes them, for comparison.
    pub record_writer: bool,
    /// How much memory the live parts of lists may take as they were written; 0: none is kept.
    pub kept_lists: ByteSize,
    /// How much memory whole answers may take that are kept; 0: none is.
    pub response_cache: ByteSize,
    /// Longest run of one operation.
    #[serde(with = "humantime_serde")]
    pub request_timeout: Duration,
    /// Longest wait for the headers of a request.
    #[serde(with = "humantime_serde")]
    pub header_timeout: Duration,
    /// Longest wait for the body of a request.
    #[serde(with = "humantime_serde")]
    pub body_timeout: Duration,
    /// Longest time in which a client takes nothing of its answer.
    #[serde(with = "humantime_serde")]
    pub write_timeout: Duration,
    /// How much the kernel may hold for each connection that takes its answer slowly.
    pub send_buffer: ByteSize,
    /// How long requests are still accepted after the signal to end, while readiness fails already.
    #[serde(with = "humantime_serde")]
    pub shutdown_delay: Duration,
    /// How long accepted work may go on after that.
    #[serde(with = "humantime_serde")]
    pub shutdown_grace: Duration,
    /// Most open connections; beyond it new ones wait.
    pub connections_max: usize,
    /// Most open connections of one address that is no trusted proxy; beyond it new ones are closed.
    pub connections_per_address_max: usize,
    /// Most requests in progress; beyond it `OVERLOADED`.
    pub requests_in_flight_max: usize,
    /// Networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<String>,
    /// Which pages may call from a browser.
    pub cors: CorsConfig,
}

/// Who may read the schema, and is helped with its names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum Introspection {
    /// Every caller.
    Everyone,
    /// Nobody.
    Nobody,
    /// Whoever has this scope.
    Scope(String),
}

impl From<String> for Introspection {
    fn from(text: String) -> Self {
        match text.as_str() {
            "everyone" => Self::Everyone,
            "nobody" => Self::Nobody,
            _ => Self::Scope(text),
        }
    }
}

impl Introspection {
    /// Whether this caller may.
    pub fn allows(&self, visibility: &Visibility) -> bool {
        match self {
            Self::Everyone => true,
            Self::Nobody => false,
            Self::Scope(scope) => visibility.has(scope),
        }
    }
}

/// `[server.cors]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorsConfig {
    /// Exact origins; never a pattern.
    pub allowed_origins: Vec<String>,
}

impl ServerConfig {
    /// Where live parts of lists are kept; none when they are not.
    pub fn kept_lists(&self) -> Option<Arc<KeptLists>> {
        let bytes_max = self.kept_lists.as_u64();
        (bytes_max > 0).then(|| Arc::new(KeptLists::new(bytes_max)))
    }

    /// Where whole answers are kept; none when they are not.
    pub fn response_cache(&self) -> Option<ResponseCache> {
        let bytes_max = self.response_cache.as_u64();
        (bytes_max > 0).then(|| ResponseCache::new(bytes_max))
    }

    /// How much the kernel may hold for each connection, in bytes.
    pub fn send_buffer(&self) -> u32 {
        u32::try_from(self.send_buffer.as_u64()).unwrap_or(u32::MAX)
    }

    pub(super) fn validate(&self, problems: &mut Vec<Problem>) {
        if self.listen == self.admin_listen && self.listen.port() != 0 {
            problems.push(Problem::new("server.admin_listen", "must differ from `server.listen`"));
        }
        for (key, duration) in [
            ("server.request_timeout", self.request_timeout),
            ("server.header_timeout", self.header_timeout),
            ("server.body_timeout", self.body_timeout),
            ("server.write_timeout", self.write_timeout),
        ] {
            if duration.is_zero() {
                problems.push(Problem::new(key, "must be more than zero"));
            }
        }
        for (key, count) in [
            ("server.connections_max", self.connections_max),
            ("server.connections_per_address_max", self.connections_per_address_max),
            ("server.requests_in_flight_max", self.requests_in_flight_max),
        ] {
            if count == 0 {
                problems.push(Problem::new(key, "must be more than zero"));
            }
        }
        if !SEND_BUFFER.contains(&self.send_buffer.as_u64()) {
            problems.push(Problem::new("server.send_buffer", "must be from 16 KiB to 16 MiB"));
        }
        if self.worker_threads > WORKER_THREADS_MAX {
            problems.push(Problem::new("server.worker_threads", format!("must be at most {WORKER_THREADS_MAX}")));
        }
        for origin in &self.cors.allowed_origins {
            let is_exact = url::Url::parse(origin).is_ok_and(|url| url.origin().ascii_serialization() == *origin);
            if !is_exact {
                let message = format!(
                    "`{origin}` is not an origin: write scheme, host and port only, such as `https://portal.example.com`"
                );
                problems.push(Problem::new("server.cors.allowed_origins", message));
            }
        }
    }
}
