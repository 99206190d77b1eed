//! The figures of one target under one operation, and how rounds become one figure: the median.

use serde::Serialize;

use crate::tally::median;

/// What one round showed, or the median of all.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Figures {
    /// Requests a second.
    pub(crate) rate: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    /// Processor time of the server for each request, in microseconds.
    pub(crate) server_cpu_us: f64,
    /// Processor time of Postgres for each request, in microseconds.
    pub(crate) postgres_cpu_us: f64,
    /// Processor time of the client for each request, in microseconds.
    pub(crate) client_cpu_us: f64,
    /// Bytes of an answer.
    pub(crate) bytes: f64,
    /// SQL statements for each request, as the gateway counts them.
    pub(crate) statements: f64,
    /// Calls to upstreams for each request, as the gateway counts them.
    pub(crate) upstream_calls: f64,
}

impl Figures {
    /// The median of each figure over the rounds.
    pub(crate) fn median(rounds: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(rounds.iter().map(figure).collect());
        Self {
            rate: of(|round| round.rate),
            p50_ms: of(|round| round.p50_ms),
            p99_ms: of(|round| round.p99_ms),
            server_cpu_us: of(|round| round.server_cpu_us),
            postgres_cpu_us: of(|round| round.postgres_cpu_us),
            client_cpu_us: of(|round| round.client_cpu_us),
            bytes: of(|round| round.bytes),
            statements: of(|round| round.statements),
            upstream_calls: of(|round| round.upstream_calls),
        }
    }
}

/// Everything about one operation.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct OperationResult {
    pub(crate) name: &'static str,
    /// All clients at once, caches passed: what it can take.
    pub(crate) gateway: Figures,
    /// The same with caches; none when it was not measured.
    pub(crate) warm: Option<Figures>,
    /// One client at a time.
    pub(crate) alone: Figures,
    /// Requests arrive evenly at half of the capacity; latencies from when they should have been sent.
    pub(crate) half_load: Figures,
    pub(crate) direct: Option<Figures>,
    pub(crate) bare: Figures,
    /// Capacity of the gateway over that of the ceiling.
    pub(crate) ratio_to_direct: Option<f64>,
    pub(crate) ratio_to_bare: f64,
    /// Processor time of gateway and Postgres over that of `direct` and Postgres.
    pub(crate) cpu_over_direct: Option<f64>,
    /// Processor time of the gateway for each scalar field, in nanoseconds.
    pub(crate) server_cpu_ns_per_scalar: Option<f64>,
    pub(crate) direct_cpu_ns_per_scalar: Option<f64>,
}
