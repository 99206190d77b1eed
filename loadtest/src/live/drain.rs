//! A replica goes while much is published, and its subscribers go on at the other.

use std::time::{Duration, Instant};

use demo::postgres::Cluster;
use tokio::process::Command;

use super::{LiveArgs, crowd::Crowd, publish::name, stage::Stage};
use crate::{place::Place, tally::Tally};

const SUBSCRIBERS_MAX: usize = 1_000;
/// How long the replica may take to go; its sockets are closed over the first six tenths of it.
const GRACE: Duration = Duration::from_secs(10);
const SETTINGS: [(&str, &str); 1] = [("WEFT_SERVER__SHUTDOWN_GRACE", "10s")];
/// Between two events, before, while it goes, and after.
const PAUSE: Duration = Duration::from_millis(100);
const BEFORE: usize = 10;
const AFTER: usize = 20;
const REACHED_MAX: Duration = Duration::from_secs(60);
/// Of the time that sockets are closed in, the middle half of them must take at least so much: half of it were they spread evenly.
const SPREAD_MIN: f64 = 0.25;
/// Goodbye.
const GOING_AWAY: u16 = 1001;

pub(super) async fn run(place: &Place, cluster: &Cluster, args: &LiveArgs) -> anyhow::Result<Vec<String>> {
    let subscribers = args.subscribers.min(SUBSCRIBERS_MAX);
    let stage = Stage::start(place, cluster, 2, &SETTINGS).await?;
    let crowd = Crowd::open(subscribers, &stage.asking().await?, |_, own| own.keeps = false).await?;
    stage.begun(subscribers).await?;
    println!("{subscribers} subscribers of a replica that goes …");
    let mut mark = 0;
    let mut publish = async |count: usize| {
        for _ in 0..count {
            stage.publisher.publish(&[&crowd.board], mark..mark + 1, name).await?;
            mark += 1;
            tokio::time::sleep(PAUSE).await;
        }
        anyhow::Ok(mark)
    };
    publish(BEFORE).await?;
    let asked = Instant::now();
    Command::new("kill").arg(stage.gateway()?.pid().to_string()).status().await?;
    while asked.elapsed() < GRACE {
        publish(1).await?;
    }
    let last = publish(AFTER).await? - 1;
    crowd.board.until("the last event", REACHED_MAX, || crowd.has_all(last)).await?;
    let seen = crowd.seen();
    let goodbyes = seen.iter().filter(|seen| matches!(seen.closed.as_slice(), [(GOING_AWAY, _)])).count();
    let closed = seen.iter().flat_map(|seen| &seen.closed);
    let times: Vec<Duration> = closed.map(|(_, at)| at.saturating_duration_since(asked)).collect();
    let times = Tally::of(GRACE, vec![(times, 0)]);
    let at = |share: f64| times.quantile_ms(share) / 1e3;
    let wrong = crowd.wrong();
    let (events, complete) = (last + 1, seen.iter().filter(|seen| seen.count == last + 1).count());
    println!(
        "  {goodbyes} of {subscribers} were told {GOING_AWAY}, {:.1} to {:.1} s after the signal, half of them from {:.1} to {:.1}; \
         {complete} have all of {events} events; {} did not come, {} came astray; asked again {} times",
        at(0.0),
        at(1.0),
        at(0.25),
        at(0.75),
        wrong.0,
        wrong.1,
        seen.iter().map(|seen| seen.refused).sum::<usize>()
    );
    drop(crowd);
    stage.stop().await;
    let spread = (at(0.75) - at(0.25)) / at(1.0).max(1e-9);
    let mut bad = Vec::new();
    for (is_bad, what) in [
        (goodbyes < subscribers, format!("{} were not told that it goes", subscribers - goodbyes)),
        (spread < SPREAD_MIN, format!("half of all sockets were closed within {spread:.2} of the time")),
        (wrong != (0, 0) || complete < subscribers, format!("{} lack events: {wrong:?}", subscribers - complete)),
    ] {
        if is_bad {
            bad.push(format!("drain: {what}"));
        }
    }
    Ok(bad)
}
