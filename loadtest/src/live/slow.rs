//! Subscribers that stop to read while others go on.

use std::{
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

use anyhow::Context;
use demo::postgres::Cluster;

use super::{LiveArgs, board::EVENTS_MAX, crowd::Crowd, publish::large_name, stage::Stage};
use crate::{cpu, place::Place};

/// Those that do not read, at most, and those that do.
const SLOW_MAX: usize = 1_000;
const QUICK: usize = 50;
/// What the kernel takes for one that does not read: little, so that the gateway has to hold the rest.
const RECEIVE_BYTES: u32 = 4 * 1024;
/// Events a second, each of 8,000 characters: more in half a minute than the kernel and the queue of a subscriber hold together.
const PER_SECOND: u64 = 15;
/// While everybody reads.
const PER_SECOND_BEFORE: u64 = 2;
const QUIET: Duration = Duration::from_secs(3);
const REACHED_MAX: Duration = Duration::from_secs(120);
/// Memory while they do not read, over what it was before.
const MEMORY_MAX: f64 = 1.5;
/// A connection that takes nothing for so long is cut, by default half a minute: then a subscriber goes on at its last cursor, and there is
/// no gap. Here it is to hold longer than anybody stops.
/// And a quarter of the queue that there is by default, or the kernel alone would hold most of what comes.
const SETTINGS: [(&str, &str); 2] = [("WEFT_SERVER__WRITE_TIMEOUT", "120s"), ("WEFT_LIVE__BUFFER", "64")];

/// Tells of each event at length.
const QUERY: &str = "subscription Watch($after: String) {
    entityChanged(after: $after) {
        __typename
        ... on EntityChange { cursor changedFields ref entity { description } }
        ... on Gap { fromCursor toCursor reason }
    }
}";

pub(super) async fn run(place: &Place, cluster: &Cluster, args: &LiveArgs) -> anyhow::Result<Vec<String>> {
    let stage = Stage::start(place, cluster, 1, &SETTINGS).await?;
    let pid = stage.gateway()?.pid();
    let (subscribers, lasting) = (args.subscribers.min(SLOW_MAX), Duration::from_secs(args.seconds));
    let mut asking = stage.asking().await?;
    asking.query = QUERY;
    let quick = Crowd::open(QUICK, &asking, |_, _| {}).await?;
    let slow = Crowd::open(subscribers, &asking, |_, own| {
        own.receive_bytes = Some(RECEIVE_BYTES);
        own.keeps = false;
    })
    .await?;
    stage.begun(QUICK + subscribers).await?;
    let mut published = publish(&stage, [&quick, &slow], 0, PER_SECOND_BEFORE, QUIET).await?;
    let memory_before = cpu::memory_mib(pid, "VmRSS");
    println!("{subscribers} subscribers do not read for {lasting:?}, {QUICK} others do …");
    slow.board.pause(true);
    let (mut most, started) = (memory_before, Instant::now());
    while started.elapsed() < lasting {
        published = publish(&stage, [&quick, &slow], published, PER_SECOND, Duration::from_secs(1)).await?;
        most = most.max(cpu::memory_mib(pid, "VmRSS"));
    }
    slow.board.pause(false);
    // One more, after which everybody is known to be done.
    published = publish(&stage, [&quick, &slow], published, PER_SECOND_BEFORE, QUIET).await?;
    let last = published.checked_sub(1).context("nothing was published")?;
    quick.board.until("the last event, of those who read", REACHED_MAX, || quick.has_all(last)).await?;
    slow.board.until("the last event, of those who did not", REACHED_MAX, || slow.has_all(last)).await?;
    tokio::time::sleep(QUIET).await;
    let memory_after = cpu::memory_mib(pid, "VmRSS");
    let seen = slow.seen();
    let gapped = seen.iter().filter(|seen| seen.gaps > 0).count();
    let delivered = slow.board.deliveries.load(Relaxed) as f64 / (published * subscribers) as f64;
    let (slow_wrong, quick_wrong) = (slow.wrong(), quick.wrong());
    println!(
        "  memory {memory_before:.0} before, at most {most:.0} during, {memory_after:.0} MiB after; of {published} events the slow ones \
         got {:.1} %, {gapped} of {subscribers} with a gap; lost without a word: {}, by others {}",
        delivered * 100.0,
        slow_wrong.0,
        quick_wrong.0
    );
    let quick_gaps = quick.seen().iter().filter(|seen| seen.gaps > 0).count();
    drop((quick, slow));
    stage.stop().await;
    let mut bad = Vec::new();
    for (is_bad, what) in [
        (slow_wrong != (0, 0), format!("{slow_wrong:?} events were lost without a gap, or came astray")),
        (quick_wrong != (0, 0) || quick_gaps > 0, format!("others lost {}, {quick_gaps} have gaps", quick_wrong.0)),
        (most > memory_before * MEMORY_MAX, format!("{:.2} times the memory", most / memory_before.max(1.0))),
    ] {
        if is_bad {
            bad.push(format!("slow: {what}"));
        }
    }
    Ok(bad)
}

/// Publishes evenly for so long, from this number on; answers the next one.
async fn publish(
    stage: &Stage,
    crowds: [&Crowd; 2],
    from: usize,
    rate: u64,
    lasting: Duration,
) -> anyhow::Result<usize> {
    let boards = crowds.map(|crowd| &*crowd.board);
    let mut ticks = tokio::time::interval(Duration::from_millis(1000 / rate));
    let (started, mut mark) = (Instant::now(), from);
    while started.elapsed() < lasting && mark < EVENTS_MAX {
        ticks.tick().await;
        stage.publisher.publish(&boards, mark..mark + 1, large_name).await?;
        mark += 1;
    }
    Ok(mark)
}
