//! The end: nothing is written any more, the table heals, every stream comes to its end, and what came is compared with what there is.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use anyhow::ensure;

use super::{
    super::board::lock,
    ground::Ground,
    healing::{Fate, HEALED_MAX, INTERVAL, Ledger},
    subscriber::Subscriber,
    table::Table,
    world::World,
    writer::write_last,
};

/// Longest wait until all streams have come to their end.
const STREAMS_MAX: Duration = Duration::from_secs(120);
/// Longest wait until everything has healed, where nobody asks how long that takes.
const SLOWLY_HEALED_MAX: Duration = Duration::from_secs(240);
const LOOK: Duration = Duration::from_millis(100);

/// Waits for the end, and tells what is not as the tables say.
pub(super) async fn run(
    ground: &Ground<'_>,
    world: &World,
    table: &Table,
    ledger: &Ledger,
    subscribers: &[Arc<Subscriber>],
    address: SocketAddr,
    judges_times: bool,
) -> anyhow::Result<Vec<String>> {
    let started = Instant::now();
    let limit = if judges_times { HEALED_MAX * 2 } else { SLOWLY_HEALED_MAX };
    while !ledger.is_healed() && started.elapsed() < limit {
        tokio::time::sleep(LOOK).await;
    }
    table.until_known(world, limit).await?;
    let last = write_last(ground).await?;
    let started = Instant::now();
    let mut bad = Vec::new();
    for subscriber in subscribers {
        let watching = &subscriber.watching;
        let (tables, _) = subscriber.eyes.list(address, watching).await?;
        ensure!(!watching.has_snapshot || tables.contains_key(last), "the tables lack {last}");
        let differences = loop {
            let differences = lock(&subscriber.folded).differences(&tables);
            if differences.is_empty() || started.elapsed() > STREAMS_MAX {
                break differences;
            }
            tokio::time::sleep(LOOK).await;
        };
        let folded = lock(&subscriber.folded);
        println!(
            "  {:30} {:6} objects, {:6} came; began {} times, cut off {} times, left {} times, refused {} times, gaps: {:?}",
            watching.name,
            tables.len(),
            folded.changes,
            folded.beginnings,
            subscriber.cuts.load(Relaxed),
            subscriber.left.load(Relaxed),
            subscriber.refused.load(Relaxed),
            folded.gaps
        );
        if !differences.is_empty() {
            bad.push(format!("{} are not what the tables say: {}", watching.name, differences.join(", ")));
        }
    }
    Ok(bad)
}

/// Prints how webhooks fared and what became of what they would have told; what was not as it should be.
pub(super) fn judge(ledger: &Ledger, subscribers: &[Arc<Subscriber>], judges_times: bool) -> Vec<String> {
    let count = |fate| ledger.count(fate);
    let (sent, dropped, twice, late) =
        (count(Fate::Sent), count(Fate::Dropped), count(Fate::Twice), count(Fate::Reordered));
    println!(
        "  {} webhooks: {dropped} lost, {twice} sent twice, {late} after the next one; {} were not taken",
        sent + dropped + twice + late,
        ledger.refused()
    );
    let mut bad = Vec::new();
    for of_dropped in [true, false] {
        let healing = ledger.healing(of_dropped);
        let whose = if of_dropped { "of which the webhook was lost" } else { "of others" };
        println!(
            "  {} changes {whose}: in the table after {:.1} s (median), {:.1} s (longest); {} after more than {INTERVAL:?}",
            healing.count,
            healing.median.as_secs_f64(),
            healing.longest.as_secs_f64(),
            healing.beyond
        );
        if healing.never > 0 || (judges_times && healing.late > 0) {
            let (late, longest, never) = (healing.late, healing.longest, healing.never);
            bad.push(format!(
                "{late} changes {whose} were in the table too late, after {longest:?} at most; {never} never"
            ));
        }
    }
    let gaps: usize = subscribers.iter().map(|subscriber| lock(&subscriber.folded).gaps.len()).sum();
    let cuts: usize = subscribers.iter().map(|subscriber| subscriber.cuts.load(Relaxed)).sum();
    println!("  {} subscribers, {cuts} sockets cut, {gaps} gaps", subscribers.len());
    bad
}
