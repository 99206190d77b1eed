//! `Ledger`: what has happened at GitLab, what became of its webhook, and how long it took until the table had it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, Utc};

use super::{
    super::board::lock,
    ground::{INTERVAL_S, LEASE_S},
    table::{LOOK, Table},
};

/// How long the table may lack something: until the next reading of the project is due, until it is looked whether one is (a sixth of the
/// interval), and the reading.
pub(super) const INTERVAL: Duration = Duration::from_secs(INTERVAL_S);
pub(super) const HEALED_MAX: Duration = Duration::from_secs(INTERVAL_S + INTERVAL_S.div_ceil(6) + 2);
/// A replica that is killed while it reads: its lease, and the other's look.
const TAKEOVER_MAX: Duration = Duration::from_secs(LEASE_S + 2);

/// What became of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Sent,
    Dropped,
    Twice,
    Reordered,
}

#[derive(Debug, Clone)]
struct Entry {
    key: String,
    at: DateTime<Utc>,
    fate: Fate,
    took: Option<Duration>,
}

impl Entry {
    /// It took longer than until the next reading, each kill on the way granted.
    fn is_late(&self, kills: &[DateTime<Utc>]) -> bool {
        let Some(took) = self.took else { return true };
        let on_the_way = kills.iter().filter(|kill| (self.at..self.at + took).contains(*kill)).count();
        took > HEALED_MAX + TAKEOVER_MAX * u32::try_from(on_the_way).unwrap_or(u32::MAX)
    }
}

#[derive(Default)]
pub(super) struct Ledger {
    entries: Mutex<Vec<Entry>>,
    /// When replicas were killed.
    kills: Mutex<Vec<DateTime<Utc>>>,
    /// Webhooks that a replica answered with an error, or both with none.
    refused: Mutex<usize>,
}

/// How long the table took, for those of some fates.
#[derive(Debug, Default)]
pub(super) struct Healing {
    pub(super) count: usize,
    pub(super) median: Duration,
    pub(super) longest: Duration,
    /// Beyond the interval, and beyond what is allowed.
    pub(super) beyond: usize,
    pub(super) late: usize,
    pub(super) never: usize,
}

impl Ledger {
    pub(super) fn note(&self, key: String, at: DateTime<Utc>, fate: Fate) {
        lock(&self.entries).push(Entry { key, at, fate, took: None });
    }

    /// A replica was killed.
    pub(super) fn killed(&self) {
        lock(&self.kills).push(simulator::Clock::system().now());
    }

    pub(super) fn answered(&self, statuses: &[u16]) {
        *lock(&self.refused) += statuses.iter().filter(|status| !(200..300).contains(*status)).count();
    }

    pub(super) fn refused(&self) -> usize {
        *lock(&self.refused)
    }

    /// How many have had this fate.
    pub(super) fn count(&self, fate: Fate) -> usize {
        lock(&self.entries).iter().filter(|entry| entry.fate == fate).count()
    }

    /// Whether the table has everything.
    pub(super) fn is_healed(&self) -> bool {
        lock(&self.entries).iter().all(|entry| entry.took.is_some())
    }

    /// Of those whose webhook was lost, or of the others.
    pub(super) fn healing(&self, of_dropped: bool) -> Healing {
        let (entries, kills) = (lock(&self.entries), lock(&self.kills));
        let own: Vec<&Entry> = entries.iter().filter(|entry| (entry.fate == Fate::Dropped) == of_dropped).collect();
        let mut took: Vec<Duration> = own.iter().filter_map(|entry| entry.took).collect();
        took.sort_unstable();
        Healing {
            count: own.len(),
            median: took.get(took.len() / 2).copied().unwrap_or_default(),
            longest: took.last().copied().unwrap_or_default(),
            beyond: took.iter().filter(|took| **took > INTERVAL).count(),
            late: own.iter().filter(|entry| entry.is_late(&kills)).count(),
            never: own.len() - took.len(),
        }
    }

    /// What has been seen in the table at this moment: the state of each deployment, in seconds since 1970.
    fn look(&self, now: DateTime<Utc>, states: &HashMap<String, f64>) {
        for entry in lock(&self.entries).iter_mut().filter(|entry| entry.took.is_none()) {
            // A later state says all that this one did.
            if states.get(&entry.key).is_some_and(|state| *state >= entry.at.timestamp() as f64) {
                entry.took = Some((now - entry.at).to_std().unwrap_or_default());
            }
        }
    }

    fn waiting(&self) -> Vec<String> {
        lock(&self.entries).iter().filter(|entry| entry.took.is_none()).map(|entry| entry.key.clone()).collect()
    }
}

/// Looks at the table until it is dropped.
pub(super) async fn run(ledger: Arc<Ledger>, database_url: String) -> anyhow::Result<()> {
    let table = Table::open(&database_url).await?;
    let of_machine = simulator::Clock::system();
    let mut ticks = tokio::time::interval(LOOK);
    loop {
        ticks.tick().await;
        let waiting = ledger.waiting();
        if !waiting.is_empty() {
            let now = of_machine.now();
            let states = table.states(&waiting).await?;
            ledger.look(now, &states);
        }
    }
}
