//! Two replicas are restarted in turns, as an upgrade does, under load through a `proxy` that obeys `/readyz`: no request may fail, and
//! subscribers, who connect to replicas themselves, must lose nothing.

mod backend;
mod link;
mod load;
mod proxy;
mod replica;

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use demo::postgres::Cluster;
use tokio::sync::watch;

use self::{load::Load, proxy::Proxy, replica::Replica};
use super::{LiveArgs, crowd::Crowd, publish::name, stage::Stage};
use crate::{place::Place, tally::Tally};

const SUBSCRIBERS_MAX: usize = 1_000;
const REPLICAS: usize = 2;
/// Of both replicas together.
const RESTARTS: usize = 6;
/// How long a replica may take to go; its sockets are closed over the first six tenths of it.
const SETTINGS: [(&str, &str); 2] = [("WEFT_SERVER__SHUTDOWN_GRACE", "10s"), ("WEFT_SERVER__SHUTDOWN_DELAY", "1s")];
/// Between two events.
const PAUSE: Duration = Duration::from_millis(100);
/// Undisturbed, before the first restart and after the last.
const QUIET: Duration = Duration::from_secs(3);
const REACHED_MAX: Duration = Duration::from_secs(60);

pub(super) async fn run(place: &Place, cluster: &Cluster, args: &LiveArgs) -> anyhow::Result<Vec<String>> {
    let subscribers = args.subscribers.min(SUBSCRIBERS_MAX);
    let mut stage = Stage::start(place, cluster, 0, &SETTINGS).await?;
    for number in 0..REPLICAS {
        stage.gateways.push(replica::start(place, &stage.variables, number).await?);
    }
    let asking = stage.asking().await?;
    let addresses = asking.addresses.clone();
    // Half of them begin at each; whoever is left goes on at the other, again and again.
    let crowd = Crowd::open(subscribers, &asking, |number, own| {
        let turns = addresses.iter().cycle().skip(number % REPLICAS);
        own.addresses = turns.take(2 * RESTARTS + 2).copied().collect();
        own.keeps = false;
    })
    .await?;
    let proxy = Proxy::start(&addresses).await?;
    let rate = load::rate(&addresses, &stage.token).await?;
    println!(
        "{subscribers} subscribers, and {rate:.0} requests a second through a proxy, of two replicas that are restarted …"
    );
    let mut replicas: Vec<Replica> = std::mem::take(&mut stage.gateways)
        .into_iter()
        .enumerate()
        .map(|(number, gateway)| Replica::new(number, gateway))
        .collect();
    let load = Load::start(load::shots(proxy.address, &stage.token)?, rate);
    let (end, ended) = watch::channel(false);
    let publishing = async {
        let mut mark = 0;
        while !*ended.borrow() {
            stage.publisher.publish(&[&crowd.board], mark..mark + 1, name).await?;
            mark += 1;
            tokio::time::sleep(PAUSE).await;
        }
        anyhow::Ok(mark)
    };
    let restarting = async {
        tokio::time::sleep(QUIET).await;
        for turn in 0..RESTARTS {
            let number = turn % REPLICAS;
            if let Some(replica) = replicas.get_mut(number) {
                let (ended, started) = replica.restart(place, &stage.variables).await?;
                println!(
                    "  replica {number} ended in {:.1} s, and was ready after {:.1}",
                    ended.as_secs_f64(),
                    started.as_secs_f64()
                );
                proxy.backends.all_ready().await?;
            }
        }
        tokio::time::sleep(QUIET).await;
        end.send_replace(true);
        anyhow::Ok(())
    };
    let (events, ()) = tokio::try_join!(publishing, restarting)?;
    let counted = load.end().await?;
    let failed: usize = counted.failures.values().sum();
    let tally = Tally::of(QUIET, vec![(counted.latencies, 0)]);
    let served: Vec<usize> = proxy.backends.all.iter().map(|backend| backend.answered.load(Relaxed)).collect();
    println!(
        "  {RESTARTS} restarts: {} requests answered, {served:?} by replica, {failed} failed; p50 {:.1} ms, p99 {:.1} ms, longest {:.0} ms",
        tally.count,
        tally.quantile_ms(0.5),
        tally.quantile_ms(0.99),
        tally.quantile_ms(1.0)
    );
    for (what, count) in counted.failures.iter().take(10) {
        println!("  {count:>6} {what}");
    }
    crowd.board.until("the last event", REACHED_MAX, || crowd.has_all(events - 1)).await?;
    let (seen, wrong) = (crowd.seen(), crowd.wrong());
    let complete = seen.iter().filter(|seen| seen.count == events).count();
    let moves: usize = seen.iter().map(|seen| seen.closed.len()).sum();
    println!(
        "  {complete} of {subscribers} subscribers have all of {events} events, over {moves} moves; {} did not come, {} came astray",
        wrong.0, wrong.1
    );
    drop(crowd);
    drop(proxy);
    for replica in replicas {
        replica.stop().await;
    }
    stage.stop().await;
    let mut bad = Vec::new();
    if failed > 0 {
        bad.push(format!("rolling: {failed} requests failed"));
    }
    if wrong != (0, 0) || complete < subscribers {
        bad.push(format!("rolling: {} subscribers lack events: {wrong:?}", subscribers - complete));
    }
    Ok(bad)
}
