//! As many filters as subscribers: what it costs an event that others ask for other things.

use std::{ops::Range, sync::atomic::Ordering::Relaxed, time::Duration};

use demo::postgres::Cluster;
use serde_json::{Value, json};

use super::{
    LiveArgs,
    publish::{COMPONENTS, name},
    stage::Stage,
};
use crate::{live::crowd::Crowd, place::Place, tally::Tally};

/// Events that are looked at, one at a time, after some that warm up.
const WARM: usize = 20;
const EVENTS: usize = 300;
/// Fewer where each is executed for everybody.
const EVENTS_EACH: usize = 20;
const PAUSE: Duration = Duration::from_millis(20);
const REACHED_MAX: Duration = Duration::from_secs(30);
/// How much longer an event may take where everybody has a filter of their own.
const SLOWER_MAX: f64 = 2.0;

/// One of the ways in which a thousand subscribers ask.
struct Way {
    what: &'static str,
    subscribers: usize,
    filter: fn(usize) -> Value,
    /// About which component the events are.
    name: fn(usize) -> String,
    /// How many get each event.
    receivers: usize,
    events: usize,
}

pub(super) async fn run(place: &Place, cluster: &Cluster, args: &LiveArgs) -> anyhow::Result<Vec<String>> {
    let subscribers = args.subscribers.min(COMPONENTS);
    let stage = Stage::start(place, cluster, 1, &[]).await?;
    let own: fn(usize) -> Value = |number| json!({ "name": [name(number)] });
    let first: fn(usize) -> Value = |_| json!({ "name": [name(0)] });
    // Many that want the same event, and each something of its own besides: nothing can be executed once for all.
    let both: fn(usize) -> Value = |number| json!({ "name": [name(0), name(number)] });
    let of_first: fn(usize) -> String = |_| name(0);
    let of_ten: fn(usize) -> String = |mark| name(mark % 10);
    println!("{subscribers} subscribers, {EVENTS} events one at a time …");
    let ways = [
        Way { what: "one, alone", subscribers: 1, filter: first, name: of_first, receivers: 1, events: EVENTS },
        Way {
            what: "all with one filter",
            subscribers,
            filter: first,
            name: of_first,
            receivers: subscribers,
            events: EVENTS,
        },
        Way { what: "a filter each, one asks", subscribers, filter: own, name: of_ten, receivers: 1, events: EVENTS },
        Way {
            what: "a filter each, all ask",
            subscribers,
            filter: both,
            name: of_first,
            receivers: subscribers,
            events: EVENTS_EACH,
        },
    ];
    let mut p99s = Vec::new();
    for way in &ways {
        p99s.push(measure(&stage, way).await?);
    }
    stage.stop().await;
    let at = |place: usize| p99s.get(place).copied().unwrap_or(0.0);
    let (over_alone, over_one) = (at(2) / at(0).max(1e-9), at(2) / at(1).max(1e-9));
    println!(
        "  p99 of a filter each: {over_alone:.2} of one alone (at most {SLOWER_MAX}), {over_one:.2} of all with one"
    );
    let is_bad = over_alone > SLOWER_MAX;
    Ok(is_bad.then(|| format!("filters: {over_alone:.2} times as long")).into_iter().collect())
}

/// The 99th percentile from publishing until whoever asked has it, in milliseconds.
async fn measure(stage: &Stage, way: &Way) -> anyhow::Result<f64> {
    let crowd = Crowd::open(way.subscribers, &stage.asking().await?, |number, asking| {
        if let Some(variables) = asking.variables.as_object_mut() {
            variables.insert("filter".to_owned(), (way.filter)(number));
        }
    })
    .await?;
    stage.begun(way.subscribers).await?;
    deliver(stage, way, &crowd, 0..WARM).await?;
    crowd.board.take_latencies();
    deliver(stage, way, &crowd, WARM..WARM + way.events).await?;
    let latencies = Tally::of(Duration::ZERO, vec![(crowd.board.take_latencies(), 0)]);
    println!(
        "  {:<24} p50 {:>7.1}  p99 {:>7.1} ms of {} deliveries",
        way.what,
        latencies.quantile_ms(0.5),
        latencies.quantile_ms(0.99),
        latencies.count
    );
    drop(crowd);
    stage.begun(0).await?;
    Ok(latencies.quantile_ms(0.99))
}

async fn deliver(stage: &Stage, way: &Way, crowd: &Crowd, marks: Range<usize>) -> anyhow::Result<()> {
    let board = &crowd.board;
    let before = board.deliveries.load(Relaxed);
    for (number, mark) in marks.enumerate() {
        stage.publisher.publish(&[board], mark..mark + 1, way.name).await?;
        board.until("an event", REACHED_MAX, || board.seen(mark) == way.receivers).await?;
        // Nobody else got it.
        anyhow::ensure!(
            board.deliveries.load(Relaxed) == before + (number + 1) * way.receivers,
            "an event came to somebody who had not asked for it"
        );
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}
