//! `weft-load quota`: every upstream takes so many calls a minute, and twenty times as much is asked through two replicas.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, ensure};
use chrono::TimeDelta;
use serde_json::Value;
use simulator::Call;

use super::{
    callers::of_each_tenant,
    judge::{Reference, Verdict},
    pace::{Reply, paced},
    part::{PARTS, nodes, page},
    stage::Stage,
};
use crate::{client::Target, place::Place, platform::with_postgres, tally::Tally};

/// Components on each page.
const FIRST: usize = 50;
/// Calls that each upstream takes in each window.
const CALLS: u32 = 60;
const WINDOW: Duration = Duration::from_secs(60);
/// Pages asked a second, each for all upstreams: twenty times the quota.
const RATE: f64 = 20.0;
/// Of what an upstream takes, as much must be used where there is that much to ask.
const USED_MIN: f64 = 0.8;
/// Longest wait for a first page that has everything.
const WARM_UP_MAX: Duration = Duration::from_secs(90);

/// GitLab tells its quota with its refusals. Of the others an operator knows it, or the upstream's documents say it.
const SETTINGS: [(&str, &str); 17] = [
    ("WEFT_SOURCES__GITLAB__CACHE__FRESH", "1s"),
    ("WEFT_SOURCES__OPENSHIFT[0]__CACHE__FRESH", "1s"),
    ("WEFT_SOURCES__OPENSHIFT[0]__CACHE__STALE", "1h"),
    ("WEFT_SOURCES__OPENSHIFT[0]__CACHE__NEGATIVE", "1s"),
    ("WEFT_SOURCES__OPENSHIFT[0]__QUOTA__CALLS", "60"),
    ("WEFT_SOURCES__OPENSHIFT[0]__QUOTA__WINDOW", "60s"),
    ("WEFT_SOURCES__AWX__CACHE__FRESH", "1s"),
    ("WEFT_SOURCES__AWX__QUOTA__CALLS", "60"),
    ("WEFT_SOURCES__AWX__QUOTA__WINDOW", "60s"),
    ("WEFT_SOURCES__TERRAFORM__CACHE__FRESH", "1s"),
    ("WEFT_SOURCES__TERRAFORM__QUOTA__CALLS", "60"),
    ("WEFT_SOURCES__TERRAFORM__QUOTA__WINDOW", "60s"),
    ("WEFT_SOURCES__AZURE__CACHE__FRESH", "1s"),
    ("WEFT_SOURCES__AZURE__QUOTA__CALLS", "60"),
    ("WEFT_SOURCES__AZURE__QUOTA__WINDOW", "60s"),
    ("WEFT_SOURCES__AZURE__GRAPH_QUOTA__CALLS", "60"),
    ("WEFT_SOURCES__AZURE__GRAPH_QUOTA__WINDOW", "60s"),
];

/// Asks for so many windows and prints what each upstream saw; an error when that is not as it should be.
pub(crate) async fn run(windows: u32, program: Option<PathBuf>) -> anyhow::Result<()> {
    let place = Place::find()?.with_program(program);
    with_postgres(&place, async |cluster| {
        let stage = Stage::start(&place, cluster, 2, &SETTINGS).await?;
        ensure!(stage.has_redis(), "replicas share a quota through Redis, and redis-server is not there");
        let outcome = ask(&stage, windows).await;
        stage.stop().await?;
        outcome
    })
    .await
}

async fn ask(stage: &Stage, windows: u32) -> anyhow::Result<()> {
    let gateways: Vec<_> = stage.gateways.iter().map(|gateway| gateway.address).collect();
    let pages = of_each_tenant(&stage.simulator, &gateways, &[page(&PARTS, FIRST)], false)?;
    let mut well = Vec::new();
    for target in &pages {
        well.push(first_page(target).await?);
    }
    // Both replicas serve the same two tenants.
    well.truncate(2);
    let references = Reference::of_pages(&well);
    for part in &PARTS {
        stage.simulator.calls(part.upstream).reset();
        stage.simulator.quota(part.upstream).set(Some((CALLS, WINDOW)));
    }
    let lasting = WINDOW * windows;
    println!(
        "{RATE} pages of {FIRST} a second over two replicas for {lasting:?}, of upstreams that take {CALLS} calls a minute …"
    );
    let replies = paced(&pages, RATE, lasting).await;
    judge(stage, &references, &replies, windows)
}

/// A page that has everything, as soon as quotas allow it.
async fn first_page(target: &Arc<Target>) -> anyhow::Result<Value> {
    let whole = async {
        loop {
            let answer = target.answers(1).await;
            if let Some(body) = answer.ok().and_then(|answers| answers.into_iter().next()) {
                let answer: Value = serde_json::from_slice(&body)?;
                ensure!(!nodes(&answer).is_empty(), "a page is empty");
                return Ok(answer);
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(WARM_UP_MAX, whole).await.context("a first page never has everything")?
}

fn judge(stage: &Stage, references: &[Reference], replies: &[Reply], windows: u32) -> anyhow::Result<()> {
    println!(
        "{:<10} {:>8} {:>8} {:>8} {:>14} {:>16} {:>12}",
        "upstream", "asked", "calls", "429", "429 afterwards", "used afterwards", "pages stale"
    );
    let mut bad = Vec::new();
    for part in &PARTS {
        let mut verdict = Verdict::default();
        replies.iter().for_each(|reply| verdict.look(reply, references, part));
        let line = Line::of(&stage.simulator.calls(part.upstream).recent(), windows);
        let Line { calls, refused, refused_later, used } = line;
        println!(
            "{:<10} {:>8} {calls:>8} {refused:>8} {refused_later:>14} {:>15.0}% {:>12}",
            part.source,
            replies.len(),
            used * 100.0,
            verdict.stale
        );
        let mut fail = |is_bad: bool, what: &str| {
            if is_bad {
                bad.push(format!("{}: {what}", part.source));
            }
        };
        fail(
            verdict.right != verdict.answers || verdict.unsound > 0 || !verdict.codes.is_empty(),
            "an answer is not right",
        );
        fail(verdict.foreign > 0, "another tenant's rows");
        fail(refused_later > 0, "429 after the first window");
        fail(used < USED_MIN, "its quota is not used");
        fail(verdict.stale == 0, "nothing is marked as stale");
        if let Some(example) = verdict.example {
            eprintln!("{}: {example}", part.source);
        }
    }
    let latencies = replies.iter().map(|reply| reply.latency).collect();
    let tally = Tally::of(WINDOW * windows, vec![(latencies, 0)]);
    println!("latencies: p50 {:.1} ms, p99 {:.1} ms", tally.quantile_ms(0.5), tally.quantile_ms(0.99));
    ensure!(bad.is_empty(), "{}", bad.join("; "));
    Ok(())
}

/// What one upstream saw.
struct Line {
    calls: usize,
    refused: usize,
    refused_later: usize,
    /// Good calls after the first window, over those that the quota allows.
    used: f64,
}

impl Line {
    fn of(log: &[Call], windows: u32) -> Self {
        // What is not about data has a quota of its own: tokens.
        let log: Vec<&Call> = log.iter().filter(|call| !call.path.contains("/oauth2/")).collect();
        let window = TimeDelta::from_std(WINDOW).unwrap_or_default();
        let first_end = log.first().map(|call| call.at + window);
        let later = |call: &&&Call| first_end.is_some_and(|end| call.at >= end);
        let is_refused = |call: &&&Call| call.status == Some(429);
        let refused = log.iter().filter(is_refused).count();
        let refused_later = log.iter().filter(later).filter(is_refused).count();
        let good_later = log.iter().filter(later).count() - refused_later;
        let allowed = f64::from(CALLS) * f64::from(windows.saturating_sub(1));
        Self { calls: log.len(), refused, refused_later, used: good_later as f64 / allowed.max(1.0) }
    }
}
