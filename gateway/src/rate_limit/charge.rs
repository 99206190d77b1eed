//! Charging: points are taken from the accounts of the principal, its client and its tenant, from all or from none. First from what
//! is held here, then in one round trip from Redis, and where Redis is away from this replica's share.

use std::{sync::Arc, time::Duration};

use metrics::Counter;
use sources::{
    Labelled,
    cache::Patience,
    redis::{PointsAsked, PointsTold, Redis},
};
use tokio::time::Instant;

use super::{Account, Verdict, rate::Count};

/// The accounts that one caller is charged on, the principal's first.
pub type Accounts = [Arc<Account>; 3];

static CHARGES: Labelled<Counter> =
    Labelled::new(|from| metrics::counter!("weft_rate_limit_charges_total", "from" => from));

/// Points that were taken, until it is known how many the operation was worth.
#[derive(Debug)]
#[must_use = "what was not spent is to be given back"]
pub struct Charge {
    accounts: Accounts,
    points: u64,
    from: From,
}

impl Charge {
    /// What is given back when the operation was worth this much.
    pub fn unspent(&self, worth: u64) -> u64 {
        self.points.saturating_sub(worth)
    }
}

/// Where points came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    /// They had been taken from Redis before.
    Held,
    /// They were taken from Redis.
    Redis,
    /// This process counted alone, as one of so many.
    Alone(u32),
}

/// What charges.
pub struct Charger {
    /// What replicas share; none: this process is alone.
    pub redis: Option<Redis>,
    /// How many replicas are taken to serve while Redis never told.
    pub replicas: u32,
}

impl Charger {
    /// Whether replicas share accounts.
    pub fn is_shared(&self) -> bool {
        self.redis.is_some()
    }

    /// Takes this many points. Waits for Redis at most as long as the request's patience.
    pub async fn charge(
        &self,
        group: &str,
        accounts: &Accounts,
        points: u64,
        patience: &Patience,
    ) -> Result<Charge, Box<Verdict>> {
        let charge = |from: From| {
            CHARGES.with(from.as_str(), |charges| charges.increment(1));
            Charge { accounts: accounts.clone(), points, from }
        };
        let Some(redis) = &self.redis else {
            return take_alone(accounts, points, self.replicas).map(|()| charge(From::Alone(self.replicas)));
        };
        if take_held(accounts, points)? {
            return Ok(charge(From::Held));
        }
        let replicas = redis.replicas().unwrap_or(self.replicas);
        let asking = Asking::begin(accounts, points, replicas);
        // On the heap: most requests are paid for without it.
        match Box::pin(redis.take_points(group, &asking.asked, patience)).await {
            Some(told) => asking.end(&told).map(|()| charge(From::Redis)),
            None => {
                drop(asking);
                take_alone(accounts, points, replicas).map(|()| charge(From::Alone(replicas)))
            }
        }
    }

    /// Gives back what the operation was not worth: to what is held, and what is too much for that to Redis, in the background.
    pub fn settle(&self, group: &str, charge: Charge, worth: u64) {
        let unspent = charge.unspent(worth);
        if unspent == 0 {
            return;
        }
        let now = Instant::now();
        let replicas = self.redis.as_ref().and_then(Redis::replicas).unwrap_or(self.replicas);
        let mut returned = Vec::new();
        for account in &charge.accounts {
            let mut state = account.state();
            // What was refused may be granted now.
            state.refused = None;
            if let From::Alone(replicas) = charge.from {
                // Redis may have been told meanwhile that they were spent; then time brings them back.
                state.spent_alone = state.spent_alone.saturating_sub(unspent);
                state.count.give(unspent, account.rate.shared_by(replicas), now);
                continue;
            }
            state.held = state.held.saturating_add(unspent);
            let held_max = account.held_max(replicas);
            if state.held > held_max {
                // Half of them stay, so that it is now and then much instead of little each time.
                let back = state.held - held_max / 2;
                state.held -= back;
                state.count.give(back, account.rate, now);
                let spent = i64::try_from(back).map_or(i64::MIN, |back| -back);
                returned.push(asked(account, 0, 0, spent, &state, now));
            }
        }
        if let Some(redis) = self.redis.clone().filter(|_| !returned.is_empty()) {
            let group = group.to_owned();
            // Should Redis be away they are lost, until time brings them back.
            tokio::spawn(async move { redis.take_points(&group, &returned, &Patience::new()).await });
        }
    }
}

impl From {
    fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Redis => "redis",
            Self::Alone(_) => "alone",
        }
    }
}

/// Takes points that are held already; false where some account holds too few. Refuses what is known to be refused.
fn take_held(accounts: &Accounts, points: u64) -> Result<bool, Box<Verdict>> {
    let now = Instant::now();
    // Always in the same order: nobody waits for somebody who waits.
    let mut states = accounts.each_ref().map(|account| account.state());
    if states.iter().all(|state| state.held >= points) {
        for state in &mut states {
            state.held -= points;
        }
        return Ok(true);
    }
    let known = states.iter().map(|state| state.known_refusal(points, now));
    let refusal = known.enumerate().filter_map(|(at, wait)| Some((at, wait?))).max_by_key(|(_, wait)| *wait);
    drop(states);
    match refusal {
        Some((at, wait)) => Err(Verdict::refused(accounts, at, wait, now)),
        None => Ok(false),
    }
}

/// Takes points without asking anybody, as one of so many replicas.
fn take_alone(accounts: &Accounts, points: u64, replicas: u32) -> Result<(), Box<Verdict>> {
    let now = Instant::now();
    let mut states = accounts.each_ref().map(|account| account.state());
    let waits = accounts.iter().zip(&states).enumerate().filter_map(|(at, (account, state))| {
        let missing = points.saturating_sub(state.held);
        Some((at, state.count.wait_for(missing, account.rate.shared_by(replicas), now)?))
    });
    if let Some((at, wait)) = waits.max_by_key(|(_, wait)| *wait) {
        drop(states);
        return Err(Verdict::refused(accounts, at, wait, now));
    }
    for (account, state) in accounts.iter().zip(&mut states) {
        let own = state.held.min(points);
        state.held -= own;
        state.count.take(points - own, account.rate.shared_by(replicas), now);
        state.spent_alone = state.spent_alone.saturating_add(points - own);
    }
    Ok(())
}

/// A question to Redis on its way. Whoever gives up before the answer leaves the accounts as they were.
struct Asking<'a> {
    accounts: &'a Accounts,
    asked: Vec<PointsAsked>,
    /// For each account what is owed to it should no answer come.
    parts: Vec<Part>,
    is_answered: bool,
}

/// What was taken from an account's state for a question.
struct Part {
    /// What it held of the points.
    own: u64,
    /// It is to hold more afterwards.
    fills: bool,
    /// Redis is told that these were spent.
    spent_alone: u64,
}

impl<'a> Asking<'a> {
    fn begin(accounts: &'a Accounts, points: u64, replicas: u32) -> Self {
        let now = Instant::now();
        let (mut asked, mut parts) = (Vec::with_capacity(accounts.len()), Vec::with_capacity(accounts.len()));
        for account in accounts.iter() {
            let mut state = account.state();
            let own = state.held.min(points);
            state.held -= own;
            let fills = !std::mem::replace(&mut state.is_filling, true);
            let least = points - own;
            let more = if fills && least > 0 { account.held_max(replicas) } else { 0 };
            let spent_alone = std::mem::take(&mut state.spent_alone);
            let spent = i64::try_from(spent_alone).unwrap_or(i64::MAX);
            asked.push(self::asked(account, least, least + more, spent, &state, now));
            parts.push(Part { own, fills, spent_alone });
        }
        Self { accounts, asked, parts, is_answered: false }
    }

    /// Takes over what Redis told.
    fn end(mut self, told: &PointsTold) -> Result<(), Box<Verdict>> {
        self.is_answered = true;
        let now = Instant::now();
        let parts = self.accounts.iter().zip(&self.parts).zip(&self.asked).zip(&told.accounts);
        for (((account, Part { own, fills, .. }), asked), told_of) in parts {
            let mut state = account.state();
            if told.at >= state.told_at {
                state.told_at = told.at;
                state.count = Count::full_in(told_of.full_in, now);
            }
            state.is_filling &= !fills;
            state.held += if told.refused.is_some() { *own } else { told_of.taken.saturating_sub(asked.least) };
        }
        let Some((at, wait)) = told.refused else { return Ok(()) };
        if let (Some(account), Some(asked)) = (self.accounts.get(at), self.asked.get(at)) {
            account.state().remember_refusal(asked.least, wait, now);
        }
        Err(Verdict::refused(self.accounts, at, wait, now))
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        if self.is_answered {
            return;
        }
        for (account, part) in self.accounts.iter().zip(&self.parts) {
            let mut state = account.state();
            state.held += part.own;
            state.spent_alone = state.spent_alone.saturating_add(part.spent_alone);
            state.is_filling &= !part.fills;
        }
    }
}

fn asked(
    account: &Account,
    least: u64,
    most: u64,
    spent: i64,
    state: &super::account::State,
    now: Instant,
) -> PointsAsked {
    PointsAsked {
        name: account.name.clone(),
        points: account.rate.points,
        window: account.rate.window,
        // More than there ever is: all of it is asked for.
        least: least.min(account.rate.points),
        most,
        spent,
        believed: state.count.until_full(now).min(account.rate.window),
    }
}

impl Verdict {
    /// A refusal by the account at this place.
    pub(super) fn refused(accounts: &Accounts, at: usize, wait: Duration, now: Instant) -> Box<Self> {
        Box::new(Self { refused_by: Some(at), retry_after: wait, ..Self::of(accounts, now) })
    }
}
