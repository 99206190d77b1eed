//! Operations on Weft's own types, with a subgraph in the graph and without any.

use std::sync::Arc;

use anyhow::ensure;
use serde::Serialize;

use super::{
    compared::{Compared, Pair},
    stage::Stage,
};
use crate::{
    client::Target,
    figures::Figures,
    gateway::Gateway,
    rounds::operation_named,
    turn::{Load, Meter, Plan},
};

const OPERATIONS: [&str; 2] = ["entity", "page50"];
/// Answers that both must give alike, to the byte.
const COMPARED: usize = 20;
/// With caches only so many are asked for: each is made anew once a minute, and with many of them that would be most of a turn's noise.
const KEPT: usize = 20;

/// One operation, with caches or past them.
#[derive(Debug, Clone, Serialize)]
pub(super) struct OwnResult {
    pub(super) operation: &'static str,
    pub(super) with_caches: bool,
    /// Medians of all turns.
    pub(super) plain: Figures,
    pub(super) federated: Figures,
    /// Requests a second.
    pub(super) rate: Compared,
    /// Processor time of the gateway for each request.
    pub(super) cpu: Compared,
}

struct Case {
    operation: &'static str,
    with_caches: bool,
    plain: Arc<Target>,
    federated: Arc<Target>,
    turns: [Vec<Figures>; 2],
    rates: Vec<Pair>,
    cpus: Vec<Pair>,
}

/// All rounds.
pub(super) async fn measure(stage: &Stage, plan: Plan) -> anyhow::Result<Vec<OwnResult>> {
    let mut cases = Vec::new();
    for operation in OPERATIONS {
        for with_caches in [false, true] {
            cases.push(Case::new(stage, plan, operation, with_caches).await?);
        }
    }
    for round in 1..=plan.rounds {
        println!("Own types, round {round} of {} …", plan.rounds);
        for case in &mut cases {
            case.round(stage, plan, round % 2 == 0).await?;
        }
    }
    Ok(cases.into_iter().map(Case::result).collect())
}

impl Case {
    async fn new(stage: &Stage, plan: Plan, operation: &'static str, with_caches: bool) -> anyhow::Result<Self> {
        let headers = if with_caches { &stage.warm } else { &stage.cold };
        let mut shots = operation_named(operation)?.graphql(&stage.sample);
        if with_caches {
            shots.truncate(KEPT);
        }
        let target = |gateway: &Gateway| Target::new(gateway.address, headers.clone(), shots.clone());
        let (plain, federated) = (target(&stage.plain)?, target(&stage.federated)?);
        let (without, with) = (plain.answers(COMPARED).await?, federated.answers(COMPARED).await?);
        ensure!(without == with, "{operation}: answers are others where a subgraph is published");
        // Connections are made and statements planned, in both alike, before anything counts.
        for target in [&plain, &federated] {
            target.closed_loop(plan.clients, plan.lasting).await?;
        }
        let (turns, rates, cpus) = Default::default();
        Ok(Self { operation, with_caches, plain, federated, turns, rates, cpus })
    }

    /// A B B A; the other way round in every other round, so that neither is always the first.
    async fn round(&mut self, stage: &Stage, plan: Plan, is_turned: bool) -> anyhow::Result<()> {
        let order = if is_turned { [1, 0, 0, 1] } else { [0, 1, 1, 0] };
        let mut found: [Vec<Figures>; 2] = Default::default();
        for who in order {
            let (gateway, target) =
                if who == 0 { (&stage.plain, &self.plain) } else { (&stage.federated, &self.federated) };
            let meter = Meter { plan, gateway, postgres_data: &stage.postgres_data };
            let figures = meter.turn(target, gateway.pid(), Load::Closed(plan.clients)).await?;
            if let Some(turns) = found.get_mut(who) {
                turns.push(figures);
            }
        }
        let pair = |figure: fn(&Figures) -> f64| {
            let [plain, federated] = found.each_ref().map(|turns| {
                let mut turns = turns.iter().map(figure);
                [turns.next().unwrap_or(0.0), turns.next().unwrap_or(0.0)]
            });
            Pair { plain, federated }
        };
        self.rates.push(pair(|figures| figures.rate));
        self.cpus.push(pair(|figures| figures.server_cpu_us));
        self.turns.iter_mut().zip(found).for_each(|(all, found)| all.extend(found));
        Ok(())
    }

    fn result(self) -> OwnResult {
        let [plain, federated] = self.turns.map(|turns| Figures::median(&turns));
        OwnResult {
            operation: self.operation,
            with_caches: self.with_caches,
            plain,
            federated,
            rate: Compared::of(&self.rates),
            cpu: Compared::of(&self.cpus),
        }
    }
}
