//! One event to all: the gateway beside `bare`, in turns.

use std::{ops::Range, sync::atomic::Ordering::Relaxed, time::Duration};

use anyhow::{Context, ensure};
use bytes::Bytes;
use demo::postgres::Cluster;

use super::{
    LiveArgs,
    bare::Bare,
    board::EVENTS_MAX,
    client::Asking,
    crowd::Crowd,
    figures::{Figures, Sides, print},
    publish::name,
    stage::Stage,
};
use crate::{cpu, place::Place, tally::Tally};

/// Events that only warm up.
const WARM: usize = 3;
/// Events that come one at a time, and the pause after each has reached everybody.
const PACED: usize = 20;
const PAUSE: Duration = Duration::from_millis(50);
/// Transactions of many events each, one after the other: fewer than wait for a subscriber before any is lost.
const BURSTS: usize = 3;
const BURST: usize = 100;
/// Longest wait until all have got what was published.
const REACHED_MAX: Duration = Duration::from_secs(120);
/// Until a process holds what it holds when nothing happens.
const SETTLED: Duration = Duration::from_secs(2);
/// Clients that come and go before memory is looked at.
const FIRST: usize = 20;

const _: () = assert!(WARM + PACED + BURSTS * BURST <= EVENTS_MAX, "a board has room for all");

/// Who is measured.
enum Side<'a> {
    Gateway(&'a Stage),
    /// It sends what the gateway sent in this round.
    Bare(&'a Bare, Vec<Bytes>),
}

pub(super) async fn run(place: &Place, cluster: &Cluster, args: &LiveArgs) -> anyhow::Result<Vec<String>> {
    let stage = Stage::start(place, cluster, 1, &[]).await?;
    let bare = Bare::start(place).await?;
    println!("{} subscribers of one operation, {} rounds …", args.subscribers, args.rounds);
    warm_up(&stage, &bare).await?;
    let mut sides = Sides::default();
    for round in 0..args.rounds {
        let (figures, messages) = measure(&Side::Gateway(&stage), args.subscribers).await?;
        sides.gateway.push(figures);
        let (figures, _) = measure(&Side::Bare(&bare, messages), args.subscribers).await?;
        sides.bare.push(figures);
        println!("  round {}: {}", round + 1, sides.last());
    }
    stage.stop().await;
    bare.stop().await;
    Ok(print(&sides))
}

/// A few clients of each, so that what either needs once is there before memory is looked at.
async fn warm_up(stage: &Stage, bare: &Bare) -> anyhow::Result<()> {
    let side = Side::Gateway(stage);
    let crowd = Crowd::open(FIRST, &side.asking().await?, |_, _| {}).await?;
    side.begun(FIRST).await?;
    side.deliver(&crowd, 0..BURST).await?;
    let messages = crowd.board.kept();
    drop(crowd);
    let side = Side::Bare(bare, messages);
    let crowd = Crowd::open(FIRST, &side.asking().await?, |_, _| {}).await?;
    side.begun(FIRST).await?;
    side.deliver(&crowd, 0..BURST).await?;
    drop(crowd);
    Side::Gateway(stage).begun(0).await?;
    side.begun(0).await?;
    tokio::time::sleep(SETTLED).await;
    Ok(())
}

/// One round of one side; and what its first client heard.
async fn measure(side: &Side<'_>, subscribers: usize) -> anyhow::Result<(Figures, Vec<Bytes>)> {
    let pid = side.pid()?;
    let memory_before = cpu::memory_mib(pid, "VmRSS");
    let crowd = Crowd::open(subscribers, &side.asking().await?, |_, _| {}).await?;
    side.begun(subscribers).await?;
    tokio::time::sleep(SETTLED).await;
    let idle_kib = (cpu::memory_mib(pid, "VmRSS") - memory_before) * 1024.0 / subscribers as f64;
    for mark in 0..WARM {
        side.deliver(&crowd, mark..mark + 1).await?;
    }
    crowd.board.take_latencies();
    let mut last = Vec::new();
    for mark in WARM..WARM + PACED {
        side.deliver(&crowd, mark..mark + 1).await?;
        last.push(crowd.board.took(mark..mark + 1));
        tokio::time::sleep(PAUSE).await;
    }
    let each = Tally::of(Duration::ZERO, vec![(crowd.board.take_latencies(), 0)]);
    let last = Tally::of(Duration::ZERO, vec![(last, 0)]);
    let (cpu_before, deliveries_before) = (cpu::of_process(pid), crowd.board.deliveries.load(Relaxed));
    let mut rates = Vec::new();
    for burst in 0..BURSTS {
        let begin = WARM + PACED + burst * BURST;
        side.deliver(&crowd, begin..begin + BURST).await?;
        let took = crowd.board.took(begin..begin + BURST).as_secs_f64();
        rates.push((BURST * subscribers) as f64 / took.max(1e-6));
    }
    let deliveries = (crowd.board.deliveries.load(Relaxed) - deliveries_before) as f64;
    let wrong = crowd.wrong();
    ensure!(wrong == (0, 0), "{} events did not come and {} came astray", wrong.0, wrong.1);
    let figures = Figures {
        idle_kib,
        rate: crate::tally::median(rates),
        each_p50_ms: each.quantile_ms(0.5),
        each_p99_ms: each.quantile_ms(0.99),
        last_p50_ms: last.quantile_ms(0.5),
        last_p99_ms: last.quantile_ms(0.99),
        cpu_us: (cpu::of_process(pid) - cpu_before) * 1e6 / deliveries.max(1.0),
    };
    let messages = crowd.board.kept();
    drop(crowd);
    side.begun(0).await?;
    Ok((figures, messages))
}

impl Side<'_> {
    fn pid(&self) -> anyhow::Result<u32> {
        match self {
            Self::Gateway(stage) => Ok(stage.gateway()?.pid()),
            Self::Bare(bare, _) => Ok(bare.pid()),
        }
    }

    async fn asking(&self) -> anyhow::Result<Asking> {
        match self {
            Self::Gateway(stage) => stage.asking().await,
            Self::Bare(bare, _) => Ok(Asking::of_bare(bare.address)),
        }
    }

    async fn begun(&self, count: usize) -> anyhow::Result<()> {
        match self {
            Self::Gateway(stage) => stage.begun(count).await,
            Self::Bare(bare, _) => bare.begun(count).await,
        }
    }

    /// Publishes these events and waits until everybody has them.
    async fn deliver(&self, crowd: &Crowd, marks: Range<usize>) -> anyhow::Result<()> {
        let board = &crowd.board;
        match self {
            Self::Gateway(stage) => stage.publisher.publish(&[board], marks.clone(), name).await?,
            Self::Bare(bare, messages) => {
                let messages = messages.get(marks.clone()).context("the gateway sent fewer messages")?;
                board.publish(marks.clone());
                bare.publish(messages).await?;
            }
        }
        board.until("an event", REACHED_MAX, || marks.clone().all(|mark| crowd.has_all(mark))).await
    }
}
