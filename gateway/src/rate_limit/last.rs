//! `LastCaller`: the accounts of a principal's last request. To find all three takes a twentieth of what a small answer costs that is kept.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::Caller;

/// So long they are not looked for again. The caches of accounts forget what nobody looked for, so it has to be less than they wait. Of more
/// callers than are remembered (`limits.rate.keys_max`) one may be charged on two accounts so long, which are two full ones anyway.
pub(super) const REMEMBERED_MAX: Duration = Duration::from_secs(1);

/// The accounts of a principal's last request. A clone remembers nothing.
#[derive(Default)]
pub struct LastCaller(Mutex<Option<Known>>);

struct Known {
    /// Which limiter's accounts: a process may have several.
    limiter: u64,
    /// The client that the request said it was.
    client: String,
    caller: Caller,
    until: Instant,
}

impl LastCaller {
    /// The accounts of this client, where the last request was its, too.
    pub(super) fn get(&self, limiter: u64, client: &str, now: Instant) -> Option<Caller> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.as_ref().filter(|known| known.limiter == limiter && known.client == client);
        known.filter(|known| now < known.until).map(|known| known.caller.clone())
    }

    /// Remembers the accounts of a request.
    pub(super) fn put(&self, limiter: u64, client: &str, caller: &Caller, until: Instant) {
        let known = Known { limiter, client: client.to_owned(), caller: caller.clone(), until };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
    }
}

impl Clone for LastCaller {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl std::fmt::Debug for LastCaller {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("LastCaller")
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, sync::Arc};

    use super::*;
    use crate::{
        auth::Principal,
        rate_limit::{Config, RateLimiter},
    };

    fn limiter() -> RateLimiter {
        let config = Config {
            window: Duration::from_secs(60),
            points: 100,
            tiers: BTreeMap::new(),
            client_points: 100,
            clients: BTreeMap::new(),
            tenant_points: 100,
            address_requests: 100,
            keys_max: 100,
            replicas: 1,
        };
        RateLimiter::new(config, None)
    }

    fn are_same(one: &Caller, other: &Caller) -> [bool; 3] {
        std::array::from_fn(|at| Arc::ptr_eq(&one.0.accounts[at], &other.0.accounts[at]))
    }

    #[test]
    fn accounts_are_the_same_whether_they_are_remembered_or_found() {
        let (limiter, other) = (limiter(), limiter());
        let (principal, same) = (Principal::local("default"), Principal::local("default"));
        let first = limiter.caller(&principal, Some("web"));
        assert_eq!(are_same(&first, &limiter.caller(&principal, Some("web"))), [true; 3]);
        // Another token of the same principal.
        assert_eq!(are_same(&first, &limiter.caller(&same, Some("web"))), [true; 3]);
        assert_eq!(are_same(&first, &limiter.caller(&principal, Some("app"))), [true, false, true]);
        assert_eq!(are_same(&first, &limiter.caller(&principal, None)), [true, false, true]);
        assert_eq!(are_same(&first, &other.caller(&principal, Some("web"))), [false; 3]);
    }

    #[test]
    fn they_are_remembered_for_one_client_of_one_limiter_and_a_while() {
        let (principal, now) = (Principal::local("default"), Instant::now());
        let (caller, last) = (limiter().caller(&principal, Some("web")), LastCaller::default());
        last.put(7, "web", &caller, now + REMEMBERED_MAX);
        assert!(last.get(7, "web", now).is_some());
        assert!(last.get(7, "app", now).is_none() && last.get(8, "web", now).is_none());
        assert!(last.get(7, "web", now + REMEMBERED_MAX).is_none(), "they are looked for again");
        assert!(last.clone().get(7, "web", now).is_none());
    }
}
