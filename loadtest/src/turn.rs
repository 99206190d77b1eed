//! One turn: a target is asked for a while. What came of it, and what it took of everybody.

use std::{path::Path, sync::Arc, time::Duration};

use crate::{client::Target, cpu, figures::Figures, gateway::Gateway};

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) clients: usize,
    pub(crate) rounds: usize,
    /// Of one turn.
    pub(crate) lasting: Duration,
    /// Before each turn, not counted.
    pub(crate) warm_up: Duration,
    /// Whether the gateway's caches get turns too.
    pub(crate) with_warm: bool,
}

/// How requests are sent.
#[derive(Clone, Copy)]
pub(crate) enum Load {
    /// By so many callers, each again as soon as it is answered.
    Closed(usize),
    /// So many a second, evenly.
    Open(f64),
}

/// Who is looked at during a turn: the gateway that counts statements and calls, and Postgres.
pub(crate) struct Meter<'a> {
    pub(crate) plan: Plan,
    pub(crate) gateway: &'a Gateway,
    pub(crate) postgres_data: &'a Path,
}

impl Meter<'_> {
    /// One turn of a target that the process `server` answers.
    pub(crate) async fn turn(&self, target: &Arc<Target>, server: u32, load: Load) -> anyhow::Result<Figures> {
        if let Load::Closed(callers) = load {
            target.closed_loop(callers, self.plan.warm_up).await?;
        }
        let counts = self.gateway.counts().await?;
        let used = (cpu::of_process(server), cpu::of_postgres(self.postgres_data), cpu::of_self());
        let tally = match load {
            Load::Closed(callers) => target.closed_loop(callers, self.plan.lasting).await?,
            Load::Open(rate) => target.open_loop(rate, self.plan.lasting).await?,
        };
        let server_cpu = cpu::of_process(server) - used.0;
        let postgres_cpu = cpu::of_postgres(self.postgres_data) - used.1;
        let client_cpu = cpu::of_self() - used.2;
        let counted = self.gateway.counts().await?;
        let each = |sum: f64| sum / tally.count.max(1) as f64;
        Ok(Figures {
            rate: tally.rate(),
            p50_ms: tally.quantile_ms(0.5),
            p99_ms: tally.quantile_ms(0.99),
            server_cpu_us: each(server_cpu * 1e6),
            postgres_cpu_us: each(postgres_cpu * 1e6),
            client_cpu_us: each(client_cpu * 1e6),
            bytes: each(tally.bytes as f64),
            statements: each(counted.statements - counts.statements),
            upstream_calls: each(counted.upstream_calls - counts.upstream_calls),
        })
    }
}
