//! The arithmetic of a quota. `redis/quota.lua` does the same for the bucket that replicas share.
//!
//! Capacity `c` and refill `(limit - c) / window` let at most `limit` calls into any span of one window, however the upstream's
//! own windows lie. The capacity is a tenth of the limit: the rest comes evenly, at nine tenths of what is allowed.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::Reading;

/// So many calls in any span of this length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) calls: u32,
    pub(crate) window: Duration,
}

impl Limit {
    /// Calls that may be made at once.
    pub(crate) fn capacity(self) -> f64 {
        (f64::from(self.calls) / 10.0).floor().max(1.0)
    }

    /// Calls for each second.
    pub(crate) fn refill(self) -> f64 {
        // A limit of one leaves nothing to refill with: one for each window then.
        (f64::from(self.calls) - self.capacity()).max(0.9) / self.window.as_secs_f64().max(0.001)
    }
}

/// What is left.
#[derive(Debug)]
pub(crate) struct Bucket {
    limit: Option<Limit>,
    tokens: f64,
    at: DateTime<Utc>,
    blocked_until: Option<DateTime<Utc>>,
}

/// What a shared bucket answered.
#[derive(Debug)]
pub(crate) struct Shared {
    /// A call, or how long to wait for one.
    pub(crate) outcome: Result<(), Duration>,
    pub(crate) limit: Option<Limit>,
    pub(crate) tokens: f64,
    pub(crate) blocked_for: Option<Duration>,
}

impl Bucket {
    pub(crate) fn new(limit: Option<Limit>, now: DateTime<Utc>) -> Self {
        Self { limit, tokens: limit.map_or(0.0, Limit::capacity), at: now, blocked_until: None }
    }

    pub(crate) fn limit(&self) -> Option<Limit> {
        self.limit
    }

    pub(crate) fn take(&mut self, now: DateTime<Utc>) -> Result<(), Duration> {
        if let Some(wait) = self.blocked_for(now) {
            return Err(wait);
        }
        let Some(limit) = self.limit else { return Ok(()) };
        self.fill(now);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64((1.0 - self.tokens) / limit.refill()))
    }

    pub(crate) fn correct(&mut self, reading: &Reading, configured: Option<Limit>, now: DateTime<Utc>) {
        self.fill(now);
        if let Some(told) = reading.limit() {
            // An operator may ask for less than the upstream allows, never for more.
            let limit = configured.filter(|own| own.refill() <= told.refill()).unwrap_or(told);
            if self.limit != Some(limit) {
                self.tokens = if self.limit.is_none() { limit.capacity() } else { self.tokens.min(limit.capacity()) };
                self.limit = Some(limit);
            }
        }
        if let Some(remaining) = reading.remaining {
            self.tokens = self.tokens.min(f64::from(remaining));
        }
        if let Some(wait) = reading.blocked_for() {
            self.tokens = 0.0;
            self.blocked_until = self.blocked_until.max(Some(now + TimeDelta::from_std(wait).unwrap_or_default()));
        }
    }

    /// Takes over what the shared bucket says.
    pub(crate) fn follow(&mut self, shared: &Shared, now: DateTime<Utc>) {
        (self.limit, self.tokens, self.at) = (shared.limit, shared.tokens, now);
        let blocked_until = shared.blocked_for.and_then(|wait| Some(now + TimeDelta::from_std(wait).ok()?));
        self.blocked_until = self.blocked_until.max(blocked_until);
    }

    pub(crate) fn remaining(&mut self, now: DateTime<Utc>) -> u32 {
        self.fill(now);
        if self.blocked_for(now).is_some() { 0 } else { self.tokens as u32 }
    }

    pub(crate) fn blocked_for(&self, now: DateTime<Utc>) -> Option<Duration> {
        self.blocked_until.and_then(|until| (until - now).to_std().ok()).filter(|wait| !wait.is_zero())
    }

    fn fill(&mut self, now: DateTime<Utc>) {
        let Some(limit) = self.limit else { return };
        let passed = (now - self.at.max(self.blocked_until.unwrap_or(self.at))).to_std().unwrap_or_default();
        self.tokens = (self.tokens + passed.as_secs_f64() * limit.refill()).min(limit.capacity());
        self.at = now;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: DateTime<Utc> = DateTime::UNIX_EPOCH;

    #[test]
    fn what_the_upstream_says_counts_and_an_operator_may_ask_for_less() {
        let minute = Duration::from_secs(60);
        let mut bucket = Bucket::new(None, START);
        assert!((0..1_000).all(|_| bucket.take(START).is_ok()), "nothing limits what nobody limited");
        let told = Reading { limit: Some((60, minute)), ..Reading::default() };
        bucket.correct(&told, None, START);
        assert_eq!((0..1_000).filter(|_| bucket.take(START).is_ok()).count(), 6);
        let own = Limit { calls: 30, window: minute };
        let mut bucket = Bucket::new(Some(own), START);
        bucket.correct(&told, Some(own), START);
        assert_eq!(bucket.limit(), Some(own));
        let stop = Reading { retry_after: Some(Duration::from_secs(7)), ..Reading::default() };
        bucket.correct(&stop, Some(own), START);
        assert_eq!(bucket.take(START), Err(Duration::from_secs(7)));
        assert!(bucket.take(START + TimeDelta::seconds(7)).is_err(), "nothing was filled while it was blocked");
        assert!(bucket.take(START + TimeDelta::seconds(10)).is_ok());
    }

    proptest! {
        #[test]
        fn no_span_of_one_window_holds_more_than_the_limit(
            calls in 1u32..200,
            window_s in 1u64..100,
            gaps in proptest::collection::vec(0i64..2_000, 1..400),
        ) {
            let limit = Limit { calls, window: Duration::from_secs(window_s) };
            let mut bucket = Bucket::new(Some(limit), START);
            let (mut now, mut taken) = (START, Vec::new());
            for gap in gaps {
                now += TimeDelta::milliseconds(gap);
                while bucket.take(now).is_ok() {
                    taken.push(now);
                }
            }
            let window = TimeDelta::seconds(i64::try_from(window_s).unwrap());
            for (place, first) in taken.iter().enumerate() {
                let within = taken.iter().skip(place).take_while(|at| **at - *first < window).count();
                prop_assert!(within <= usize::try_from(calls).unwrap().max(2), "{within} calls in one window of {calls}");
            }
        }
    }
}
