//! How many requests each client address may send, before anything is known of the caller. In process: an address that
//! hammers hammers one replica.

use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use governor::{
    Quota, RateLimiter as Governor,
    clock::{Clock, DefaultClock},
    state::keyed::DashMapStateStore,
};

/// So many checks lie between two looks at the number of addresses; it can exceed the bound by as many.
const SWEEP_EVERY: usize = 256;

type Limiter = Governor<IpAddr, DashMapStateStore<IpAddr>, DefaultClock>;

/// Counts by address.
pub struct Addresses {
    limiter: ArcSwap<Limiter>,
    checks: AtomicUsize,
    clock: DefaultClock,
    quota: Quota,
    addresses_max: usize,
}

impl Addresses {
    /// Counters at zero.
    pub fn new(requests: u32, window: Duration, addresses_max: usize) -> Self {
        let burst = NonZeroU32::new(requests).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(window / burst.get()).unwrap_or(Quota::per_second(burst)).allow_burst(burst);
        let limiter = ArcSwap::from_pointee(Governor::dashmap(quota));
        Self { limiter, checks: AtomicUsize::new(0), clock: DefaultClock::default(), quota, addresses_max }
    }

    /// Charges a request to an address; or how long it has to wait. An IPv6 client may choose its last 64 bits freely, so they
    /// do not count.
    pub fn check(&self, address: IpAddr) -> Result<(), Duration> {
        let key = match address.to_canonical() {
            IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) >> 64 << 64).into()),
            v4 @ IpAddr::V4(_) => v4,
        };
        self.forget();
        self.limiter.load().check_key(&key).map_err(|refused| refused.wait_time_from(self.clock.now()))
    }

    /// Keeps the number of addresses within bounds, looking only now and then. Whoever has all back is forgotten without
    /// loss; should so many be in the middle of a window that it does not help, all begin anew: that is the lesser evil beside
    /// memory without end.
    fn forget(&self) {
        if !self.checks.fetch_add(1, Ordering::Relaxed).is_multiple_of(SWEEP_EVERY) {
            return;
        }
        let limiter = self.limiter.load();
        if limiter.len() >= self.addresses_max {
            limiter.retain_recent();
            if limiter.len() >= self.addresses_max {
                metrics::counter!("weft_rate_limit_resets_total").increment(1);
                self.limiter.store(Arc::new(Governor::dashmap(self.quota)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_refused_at_the_limit_and_others_are_not() {
        let addresses = Addresses::new(3, Duration::from_secs(60), 10);
        let own: IpAddr = "2001:db8::1".parse().unwrap();
        let neighbour: IpAddr = "2001:db8::ffff".parse().unwrap();
        assert!(addresses.check(own).is_ok() && addresses.check(neighbour).is_ok() && addresses.check(own).is_ok());
        assert!(addresses.check(neighbour).unwrap_err() > Duration::ZERO);
        assert!(addresses.check("192.0.2.1".parse().unwrap()).is_ok());
    }

    #[test]
    fn the_number_of_addresses_stays_within_its_bound() {
        let addresses = Addresses::new(3, Duration::from_secs(60), 100);
        for number in 0..10_000u32 {
            let _ = addresses.check(IpAddr::V4(number.into()));
            assert!(addresses.limiter.load().len() <= 100 + SWEEP_EVERY);
        }
    }
}
