//! The rounds: every target gets a turn in each, so that what disturbs the machine for a while disturbs all alike.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use anyhow::Context;
use hyper::HeaderMap;

use crate::{
    client::Target,
    cpu,
    figures::{Figures, OperationResult},
    gateway::Gateway,
    operation::{OPERATIONS, Operation},
    pgbench::Pgbench,
    sample::Sample,
    turn::{Load, Meter, Plan},
};

/// What is measured: the servers, and what is sent to them.
#[derive(Clone)]
pub(crate) struct Bench<'a> {
    pub(crate) plan: Plan,
    pub(crate) gateway: &'a Gateway,
    pub(crate) ceilings: (SocketAddr, u32),
    pub(crate) postgres_data: PathBuf,
    pub(crate) sample: &'a Sample,
    pub(crate) cold: HeaderMap,
    pub(crate) warm: HeaderMap,
    pub(crate) pgbench: &'a Pgbench,
}

/// What all rounds showed.
pub(crate) struct Outcome {
    pub(crate) operations: Vec<OperationResult>,
    pub(crate) pgbench_rate: f64,
    pub(crate) direct_over_pgbench: f64,
    pub(crate) direct_over_parts: f64,
    pub(crate) pgbench_cpu_over_direct: f64,
}

/// The targets of one operation.
struct Targets {
    cold: Arc<Target>,
    warm: Arc<Target>,
    bare: Arc<Target>,
    direct: Option<Arc<Target>>,
}

/// What the rounds of one operation showed.
#[derive(Default)]
struct Rounds {
    gateway: Vec<Figures>,
    warm: Vec<Figures>,
    alone: Vec<Figures>,
    half_load: Vec<Figures>,
    direct: Vec<Figures>,
    bare: Vec<Figures>,
}

impl Bench<'_> {
    /// All rounds of these operations; of all when none is named.
    pub(crate) async fn run(&self, names: &[String]) -> anyhow::Result<Outcome> {
        let is_chosen = |operation: &&Operation| names.is_empty() || names.iter().any(|name| name == operation.name);
        let chosen: Vec<&Operation> = OPERATIONS.iter().filter(is_chosen).collect();
        let mut work = Vec::new();
        for operation in &chosen {
            work.push((self.targets(operation)?, Rounds::default()));
        }
        let (mut pgbench, mut direct) = (Vec::new(), Vec::new());
        let entity = self.targets(operation_named("entity")?)?;
        let direct_entity = entity.direct.context("`entity` has a ceiling")?;
        let mut bare = Vec::new();
        for round in 1..=self.plan.rounds {
            println!("Round {round} of {} …", self.plan.rounds);
            pgbench.push(self.pgbench_turn().await?);
            let all = Load::Closed(self.plan.clients);
            direct.push(self.turn(&direct_entity, self.ceilings.1, all).await?);
            bare.push(self.turn(&entity.bare, self.ceilings.1, all).await?);
            for (operation, (targets, rounds)) in chosen.iter().zip(&mut work) {
                self.round(targets, rounds).await.with_context(|| format!("operation {}", operation.name))?;
            }
        }
        let (pgbench, direct, bare) = (Figures::median(&pgbench), Figures::median(&direct), Figures::median(&bare));
        let cpu = |figures: &Figures| figures.server_cpu_us + figures.postgres_cpu_us + figures.client_cpu_us;
        Ok(Outcome {
            operations: chosen
                .into_iter()
                .zip(work)
                .map(|(operation, (_, rounds))| result(operation, &rounds))
                .collect(),
            pgbench_rate: pgbench.rate,
            direct_over_pgbench: direct.rate / pgbench.rate,
            direct_over_parts: direct.rate * (1.0 / pgbench.rate + 1.0 / bare.rate),
            pgbench_cpu_over_direct: cpu(&pgbench) / cpu(&direct),
        })
    }

    /// One turn of `pgbench`; it is its own client.
    async fn pgbench_turn(&self) -> anyhow::Result<Figures> {
        let used = (cpu::of_ended_children(), cpu::of_postgres(&self.postgres_data));
        let rate = self.pgbench.rate(self.plan.clients, self.plan.lasting).await?;
        let count = (rate * self.plan.lasting.as_secs_f64()).max(1.0);
        Ok(Figures {
            rate,
            client_cpu_us: (cpu::of_ended_children() - used.0) * 1e6 / count,
            postgres_cpu_us: (cpu::of_postgres(&self.postgres_data) - used.1) * 1e6 / count,
            ..Figures::default()
        })
    }

    /// One turn of an operation at the gateway: all clients, caches passed.
    pub(crate) async fn closed_cold(&self, name: &str) -> anyhow::Result<Figures> {
        let shots = operation_named(name)?.graphql(self.sample);
        let target = Target::new(self.gateway.address, self.cold.clone(), shots)?;
        self.turn(&target, self.gateway.pid(), Load::Closed(self.plan.clients)).await
    }

    fn targets(&self, operation: &Operation) -> anyhow::Result<Targets> {
        let shots = operation.graphql(self.sample);
        let ceiling = |shots| Target::new(self.ceilings.0, HeaderMap::new(), shots);
        Ok(Targets {
            cold: Target::new(self.gateway.address, self.cold.clone(), shots.clone())?,
            warm: Target::new(self.gateway.address, self.warm.clone(), shots)?,
            bare: ceiling(operation.bare(self.sample)?)?,
            direct: match operation.has_direct {
                true => Some(ceiling(operation.direct(self.sample)?)?),
                false => None,
            },
        })
    }

    async fn round(&self, targets: &Targets, rounds: &mut Rounds) -> anyhow::Result<()> {
        let all = Load::Closed(self.plan.clients);
        let gateway = self.turn(&targets.cold, self.gateway.pid(), all).await?;
        rounds.gateway.push(gateway);
        if let Some(direct) = &targets.direct {
            rounds.direct.push(self.turn(direct, self.ceilings.1, all).await?);
        }
        rounds.bare.push(self.turn(&targets.bare, self.ceilings.1, all).await?);
        if self.plan.with_warm {
            rounds.warm.push(self.turn(&targets.warm, self.gateway.pid(), all).await?);
        }
        rounds.alone.push(self.turn(&targets.cold, self.gateway.pid(), Load::Closed(1)).await?);
        let half = Load::Open(gateway.rate / 2.0);
        rounds.half_load.push(self.turn(&targets.cold, self.gateway.pid(), half).await?);
        Ok(())
    }

    /// One turn of one target.
    async fn turn(&self, target: &Arc<Target>, server: u32, load: Load) -> anyhow::Result<Figures> {
        let meter = Meter { plan: self.plan, gateway: self.gateway, postgres_data: &self.postgres_data };
        meter.turn(target, server, load).await
    }
}

/// The operation of this name.
pub(crate) fn operation_named(name: &str) -> anyhow::Result<&'static Operation> {
    OPERATIONS.iter().find(|operation| operation.name == name).with_context(|| format!("there is no operation {name}"))
}

fn result(operation: &Operation, rounds: &Rounds) -> OperationResult {
    let optional = |rounds: &[Figures]| (!rounds.is_empty()).then(|| Figures::median(rounds));
    let gateway = Figures::median(&rounds.gateway);
    let (direct, bare) = (optional(&rounds.direct), Figures::median(&rounds.bare));
    let cpu = |figures: &Figures| figures.server_cpu_us + figures.postgres_cpu_us;
    let per_scalar = |figures: Figures| operation.scalars.map(|scalars| figures.server_cpu_us * 1e3 / scalars);
    OperationResult {
        name: operation.name,
        gateway,
        warm: optional(&rounds.warm),
        alone: Figures::median(&rounds.alone),
        half_load: Figures::median(&rounds.half_load),
        ratio_to_direct: direct.map(|direct| gateway.rate / direct.rate),
        ratio_to_bare: gateway.rate / bare.rate,
        cpu_over_direct: direct.map(|direct| cpu(&gateway) / cpu(&direct)),
        server_cpu_ns_per_scalar: per_scalar(gateway),
        direct_cpu_ns_per_scalar: direct.and_then(per_scalar),
        direct,
        bare,
    }
}
