//! How much a caller may ask in a window: by client address before authentication, by principal after it. In process, so the
//! limits hold for one replica.

mod address;
mod headers;

use std::{
    hash::Hash,
    net::IpAddr,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use axum::http::{HeaderName, HeaderValue};
use governor::{
    Quota, RateLimiter as Governor,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};

use crate::auth::Principal;

pub use address::{Network, client_address, networks};

/// So many checks lie between two looks at the number of keys; it can exceed the bound by as many.
const SWEEP_EVERY: usize = 256;

/// How much may be asked.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// Points of each principal in a window; more than zero.
    pub points: u32,
    /// The window.
    pub window: Duration,
    /// Requests of each client address in a window, before authentication.
    pub address_requests: u32,
    /// Most principals and most addresses remembered.
    pub keys_max: usize,
}

/// Whether a caller may go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The caller may go on.
    pub allowed: bool,
    /// Points left in the window.
    pub remaining: u32,
    /// When all points are back.
    pub reset_after: Duration,
    /// When the refused caller may ask again.
    pub retry_after: Duration,
}

/// Counts by principal and by address.
pub struct RateLimiter {
    config: Config,
    principals: Keyed<Arc<str>>,
    addresses: Keyed<IpAddr>,
}

type Limiter<K> = Governor<K, DashMapStateStore<K>, DefaultClock, StateInformationMiddleware>;

struct Keyed<K: Hash + Eq + Clone> {
    limiter: ArcSwap<Limiter<K>>,
    checks: AtomicUsize,
    clock: DefaultClock,
    burst: NonZeroU32,
    window: Duration,
    keys_max: usize,
}

impl RateLimiter {
    /// Counters at zero.
    pub fn new(config: Config) -> Self {
        let keyed = |count| (NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN), config.window, config.keys_max);
        Self {
            principals: Keyed::new(keyed(config.points)),
            addresses: Keyed::new(keyed(config.address_requests)),
            config,
        }
    }

    /// Charges a request to a client address. An IPv6 client may choose its last 64 bits freely, so they do not count.
    pub fn check_address(&self, address: IpAddr) -> Verdict {
        let key = match address.to_canonical() {
            IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) >> 64 << 64).into()),
            v4 @ IpAddr::V4(_) => v4,
        };
        self.addresses.check(&key)
    }

    /// Charges an operation to a principal: one point, as long as operations have no cost of their own.
    pub fn check_principal(&self, principal: &Principal) -> Verdict {
        self.principals.check(&principal.key)
    }

    /// The headers that tell a principal what is left.
    pub fn headers(&self, verdict: &Verdict) -> [(HeaderName, HeaderValue); 2] {
        headers::of(&self.config, verdict)
    }
}

impl<K: Hash + Eq + Clone> Keyed<K> {
    fn new((burst, window, keys_max): (NonZeroU32, Duration, usize)) -> Self {
        let limiter = ArcSwap::from_pointee(Self::limiter(burst, window));
        Self { limiter, checks: AtomicUsize::new(0), clock: DefaultClock::default(), burst, window, keys_max }
    }

    fn limiter(burst: NonZeroU32, window: Duration) -> Limiter<K> {
        let quota = Quota::with_period(window / burst.get()).unwrap_or(Quota::per_second(burst)).allow_burst(burst);
        Governor::dashmap(quota).with_middleware::<StateInformationMiddleware>()
    }

    fn check(&self, key: &K) -> Verdict {
        self.forget();
        let limiter = self.limiter.load();
        match limiter.check_key(key) {
            Ok(snapshot) => {
                let remaining = snapshot.remaining_burst_capacity();
                Verdict { allowed: true, remaining, reset_after: self.refill(remaining), retry_after: Duration::ZERO }
            }
            Err(refused) => {
                let retry_after = refused.wait_time_from(self.clock.now());
                Verdict { allowed: false, remaining: 0, reset_after: self.refill(0), retry_after }
            }
        }
    }

    /// Keeps the number of keys within bounds, looking only now and then. Whoever has all points back is forgotten without
    /// loss; should so many be in the middle of a window that it does not help, all begin anew: that is the lesser evil beside
    /// memory without end.
    fn forget(&self) {
        if !self.checks.fetch_add(1, Ordering::Relaxed).is_multiple_of(SWEEP_EVERY) {
            return;
        }
        let limiter = self.limiter.load();
        if limiter.len() >= self.keys_max {
            limiter.retain_recent();
            if limiter.len() >= self.keys_max {
                metrics::counter!("weft_rate_limit_resets_total").increment(1);
                self.limiter.store(Arc::new(Self::limiter(self.burst, self.window)));
            }
        }
    }

    /// How long it takes until all points are back.
    fn refill(&self, remaining: u32) -> Duration {
        let missing = self.burst.get().saturating_sub(remaining);
        self.window.mul_f64(f64::from(missing) / f64::from(self.burst.get()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_refused_at_the_limit_and_others_are_not() {
        let config = Config { points: 2, window: Duration::from_secs(60), address_requests: 3, keys_max: 10 };
        let limiter = RateLimiter::new(config);
        let own: IpAddr = "2001:db8::1".parse().unwrap();
        let neighbour: IpAddr = "2001:db8::ffff".parse().unwrap();
        assert_eq!(limiter.check_address(own).remaining, 2);
        assert!(limiter.check_address(neighbour).allowed && limiter.check_address(own).allowed);
        let refused = limiter.check_address(neighbour);
        assert!(!refused.allowed && refused.retry_after > Duration::ZERO, "{refused:?}");
        assert!(limiter.check_address("192.0.2.1".parse().unwrap()).allowed);
    }

    #[test]
    fn the_number_of_keys_stays_within_its_bound() {
        let config = Config { points: 2, window: Duration::from_secs(60), address_requests: 3, keys_max: 100 };
        let limiter = RateLimiter::new(config);
        for number in 0..10_000u32 {
            limiter.check_address(IpAddr::V4(number.into()));
            assert!(limiter.addresses.limiter.load().len() <= 100 + SWEEP_EVERY);
        }
    }

    #[test]
    fn headers_are_structured_fields() {
        let config = Config { points: 60_000, window: Duration::from_secs(60), address_requests: 1, keys_max: 10 };
        let verdict = Verdict {
            allowed: true,
            remaining: 59_742,
            reset_after: Duration::from_millis(30_200),
            retry_after: Duration::ZERO,
        };
        let [(policy_name, policy), (name, value)] = RateLimiter::new(config).headers(&verdict);
        assert_eq!((policy_name.as_str(), policy.to_str().unwrap()), ("ratelimit-policy", "\"default\";q=60000;w=60"));
        assert_eq!((name.as_str(), value.to_str().unwrap()), ("ratelimit", "\"default\";r=59742;t=31"));
    }
}
