//! `Network`: tells the replicas what happens at GitLab, and loses, repeats and reorders a part of it.

use std::{collections::HashSet, net::SocketAddr, sync::Arc, time::Duration};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use simulator::hook::{Hook, Hooks};

use super::{
    ground::SECRET,
    healing::{Fate, Ledger},
    world::World,
};

/// How often it is looked what has happened.
const LOOK: Duration = Duration::from_millis(250);
/// Of a hundred webhooks so many are not simply delivered: in equal parts lost, sent twice, and sent after the next one.
const SPOILT: u32 = 20;

/// Sends until it is dropped.
pub(super) async fn run(world: Arc<World>, addresses: [SocketAddr; 2], ledger: Arc<Ledger>, seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let network = addresses.map(|address| Hooks::to(&format!("http://{address}/webhooks")));
    let mut since = world.now();
    let mut known = HashSet::new();
    let mut ticks = tokio::time::interval(LOOK);
    loop {
        ticks.tick().await;
        // A second back: GitLab's moments are whole ones.
        let now = world.now() - chrono::TimeDelta::seconds(1);
        for happened in world.since(since) {
            if !known.insert((happened.key.clone(), happened.at)) {
                continue;
            }
            let fate = match random.random_range(0..100_u32) {
                dice if dice >= SPOILT => Fate::Sent,
                dice if dice % 3 == 0 => Fate::Dropped,
                dice if dice % 3 == 1 => Fate::Twice,
                _ => Fate::Reordered,
            };
            ledger.note(happened.key, happened.at, fate);
            let first = random.random_range(0..2_usize);
            deliver(&network, first, happened.hook.gitlab_token(SECRET), fate, &ledger).await;
        }
        since = now;
    }
}

/// As a balancer of load does: where one replica does not answer, the other gets it.
async fn deliver(network: &[Hooks; 2], first: usize, hook: Hook, fate: Fate, ledger: &Ledger) {
    let [one, other] = network;
    let (hooks, instead) = if first == 0 { (one, other) } else { (other, one) };
    match fate {
        Fate::Sent => {}
        Fate::Dropped => hooks.drop_next(1),
        Fate::Twice => hooks.duplicate_next(1),
        Fate::Reordered => hooks.reorder(2),
    }
    let statuses = hooks.send(hook.clone()).await;
    if !statuses.is_empty() {
        // The one that was held back has gone, after this one.
        hooks.reorder(0);
    }
    if statuses.iter().all(|status| *status != 0) {
        ledger.answered(&statuses);
        return;
    }
    ledger.answered(&instead.send(hook).await);
}
