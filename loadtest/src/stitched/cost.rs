//! What a page that is stitched of five upstreams costs, beside the same page without them.

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use demo::postgres::Cluster;
use serde::Serialize;
use simulator::{Call, Fault};

use super::{
    callers::of_each_tenant,
    part::{PARTS, page},
    stage::{NO_QUOTAS, Stage},
};
use crate::{client::Target, cpu, gateway::Gateway, place::Place, platform::with_postgres, tally::median, turn::Plan};

/// Components on the page.
const FIRST: usize = 50;
/// How long each upstream takes for an answer, besides its own work.
const DELAY_MS: u64 = 5;
/// Callers of the cold page at once.
const MANY: usize = 16;
/// Requests of which the chain of calls is read.
const LOOKED_AT: usize = 15;

/// What was measured: medians of the rounds.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct StitchedPage {
    /// Components, and how long each upstream took besides its own work.
    pub(crate) components: usize,
    pub(crate) delay_ms: u64,
    /// Calls of a cold page that had to come one after the other, and how long these took: of the upstream with the longest.
    pub(crate) chain_source: &'static str,
    pub(crate) chain_calls: f64,
    pub(crate) chain_ms: f64,
    /// Calls of a cold page in all.
    pub(crate) calls: f64,
    /// One caller, past caches.
    pub(crate) cold_one_p50_ms: f64,
    /// Sixteen callers, past caches.
    pub(crate) cold_many_rate: f64,
    pub(crate) cold_many_cpu_us: f64,
    /// With caches, and the same page without the fields of upstreams.
    pub(crate) warm_rate: f64,
    pub(crate) warm_cpu_us: f64,
    pub(crate) plain_cpu_us: f64,
}

/// Measures it alone, and prints it.
pub(crate) async fn run(plan: Plan, program: Option<PathBuf>) -> anyhow::Result<()> {
    let place = Place::find()?.with_program(program);
    let page = with_postgres(&place, async |cluster| measure(&place, cluster, plan).await).await?;
    println!("{}", page.lines());
    Ok(())
}

/// Measures it over the demo's estate.
pub(crate) async fn measure(place: &Place, cluster: &Cluster, plan: Plan) -> anyhow::Result<StitchedPage> {
    println!("The page of five upstreams …");
    let settings: Vec<_> = NO_QUOTAS.into_iter().chain([("WEFT_SERVER__WORKER_THREADS", "1")]).collect();
    let stage = Stage::start(place, cluster, 1, &settings).await?;
    for part in &PARTS {
        stage.simulator.faults(part.upstream).always(Fault::Latency { delay_ms: DELAY_MS });
    }
    let outcome = rounds(&stage, plan).await;
    stage.stop().await?;
    outcome
}

async fn rounds(stage: &Stage, plan: Plan) -> anyhow::Result<StitchedPage> {
    let gateway = stage.gateways.first().context("there is no gateway")?;
    let target = |shot, is_cold| {
        let targets = of_each_tenant(&stage.simulator, &[gateway.address], &[shot], is_cold)?;
        targets.into_iter().next().context("there is no caller")
    };
    let cold = target(page(&PARTS, FIRST), true)?;
    let warm = target(page(&PARTS, FIRST), false)?;
    let plain = target(page([], FIRST), false)?;
    cold.closed_loop(1, plan.warm_up).await?;
    let chain = Chain::look(stage, gateway, &cold).await?;
    let mut rounds: [Vec<f64>; 6] = Default::default();
    for _ in 0..plan.rounds {
        let one = cold.closed_loop(1, plan.lasting).await?;
        let (many_rate, many_cpu) = turn(gateway, &cold, MANY, plan).await?;
        let (warm_rate, warm_cpu) = turn(gateway, &warm, plan.clients, plan).await?;
        let (_, plain_cpu) = turn(gateway, &plain, plan.clients, plan).await?;
        let figures = [one.quantile_ms(0.5), many_rate, many_cpu, warm_rate, warm_cpu, plain_cpu];
        rounds.iter_mut().zip(figures).for_each(|(round, figure)| round.push(figure));
    }
    let [cold_one_p50_ms, cold_many_rate, cold_many_cpu_us, warm_rate, warm_cpu_us, plain_cpu_us] = rounds.map(median);
    Ok(StitchedPage {
        components: FIRST,
        delay_ms: DELAY_MS,
        chain_source: chain.source,
        chain_calls: chain.length,
        chain_ms: chain.ms,
        calls: chain.calls,
        cold_one_p50_ms,
        cold_many_rate,
        cold_many_cpu_us,
        warm_rate,
        warm_cpu_us,
        plain_cpu_us,
    })
}

/// Requests a second, and processor time of the gateway for each in microseconds.
async fn turn(gateway: &Gateway, target: &Arc<Target>, callers: usize, plan: Plan) -> anyhow::Result<(f64, f64)> {
    target.closed_loop(callers, plan.warm_up).await?;
    let used = cpu::of_process(gateway.pid());
    let tally = target.closed_loop(callers, plan.lasting).await?;
    Ok((tally.rate(), (cpu::of_process(gateway.pid()) - used) * 1e6 / tally.count as f64))
}

/// The longest chain of calls of one cold page.
struct Chain {
    source: &'static str,
    length: f64,
    ms: f64,
    calls: f64,
}

impl Chain {
    async fn look(stage: &Stage, gateway: &Gateway, cold: &Arc<Target>) -> anyhow::Result<Self> {
        let before = gateway.upstream_seconds().await?;
        let mut lengths: HashMap<&str, Vec<f64>> = HashMap::new();
        let mut calls = 0;
        for _ in 0..LOOKED_AT {
            PARTS.iter().for_each(|part| stage.simulator.calls(part.upstream).reset());
            cold.answers(1).await?;
            for part in &PARTS {
                let log = stage.simulator.calls(part.upstream).recent();
                calls += log.len();
                lengths.entry(part.source).or_default().push(in_a_row(&log) as f64);
            }
        }
        let after = gateway.upstream_seconds().await?;
        let of_part = |source: &'static str| {
            let of = |seconds: &HashMap<String, (f64, f64)>| seconds.get(source).copied().unwrap_or_default();
            let ((seconds_before, count_before), (seconds, count)) = (of(&before), of(&after));
            let mean_ms = (seconds - seconds_before) * 1e3 / (count - count_before).max(1.0);
            let length = median(lengths.remove(source).unwrap_or_default());
            Self { source, length, ms: length * mean_ms, calls: calls as f64 / LOOKED_AT as f64 }
        };
        let chains = PARTS.iter().map(|part| part.source).map(of_part);
        chains.max_by(|one, other| one.ms.total_cmp(&other.ms)).context("there is no upstream")
    }
}

/// How many of these calls came when the one before them was answered at the earliest.
fn in_a_row(log: &[Call]) -> usize {
    let delay = TimeDelta::milliseconds(DELAY_MS.try_into().unwrap_or(i64::MAX));
    let mut arrivals: Vec<DateTime<Utc>> = log.iter().map(|call| call.at).collect();
    arrivals.sort_unstable();
    let step = |(length, answered): (usize, Option<DateTime<Utc>>), at: DateTime<Utc>| {
        if answered.is_none_or(|answered| at >= answered) { (length + 1, Some(at + delay)) } else { (length, answered) }
    };
    arrivals.into_iter().fold((0, None), step).0
}

impl StitchedPage {
    /// Lines for people.
    pub(crate) fn lines(&self) -> String {
        format!(
            "stitched page of {} components, upstreams of {} ms: {:.1} calls; the longest chain {} of {}, {:.1} ms. Cold: one caller p50 {:.1} ms, \
             {MANY} callers {:.0}/s with {:.0} us of processor each. Warm: {:.0}/s with {:.0} us each; without upstreams {:.0} us.",
            self.components,
            self.delay_ms,
            self.calls,
            self.chain_calls,
            self.chain_source,
            self.chain_ms,
            self.cold_one_p50_ms,
            self.cold_many_rate,
            self.cold_many_cpu_us,
            self.warm_rate,
            self.warm_cpu_us,
            self.plain_cpu_us
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_at_the_same_time_are_one_link_of_a_chain() {
        let call = |ms: i64| Call {
            number: 1,
            at: DateTime::UNIX_EPOCH + TimeDelta::milliseconds(ms),
            method: String::new(),
            path: String::new(),
            query: String::new(),
            status: Some(200),
            full_paths: None,
        };
        assert_eq!(in_a_row(&[call(0), call(1), call(4)]), 1);
        assert_eq!(in_a_row(&[call(6), call(0), call(1), call(7), call(12)]), 3);
        assert_eq!(in_a_row(&[]), 0);
    }
}
