//! How much a caller may ask: by client address before authentication (`addresses`), and after it in points (`rate`), which are
//! charged to the accounts of the principal, its client and its tenant (`account`, `charge`), which are remembered from one request to
//! the next (`last`). Replicas share accounts through Redis.

mod account;
mod address;
mod addresses;
mod charge;
mod config;
mod headers;
mod last;
mod rate;

use std::{
    hash::Hash,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ahash::RandomState;
use axum::http::{HeaderName, HeaderValue};
use metrics::Counter;
use moka::sync::Cache;
use sources::{Labelled, cache::Patience, redis::Redis};
use tokio::time::Instant;

use crate::auth::Principal;

use account::{Account, Holder};
pub use address::{Network, client_address, networks};
use addresses::Addresses;
pub use charge::Charge;
use charge::{Accounts, Charger};
pub use config::{Config, DEFAULT_TIER};
pub use last::LastCaller;
pub use rate::Rate;

/// An account that nobody used for this many windows is full, and forgotten.
const IDLE_WINDOWS: u32 = 2;
/// Longest name of a client that counts by itself, in bytes.
const CLIENT_BYTES_MAX: usize = 64;

static POINTS: Labelled<Counter> =
    Labelled::new(|what| metrics::counter!("weft_rate_limit_points_total", "what" => what));

/// Counts by address, principal, client and tenant.
pub struct RateLimiter {
    config: Config,
    addresses: Addresses,
    principals: Cache<Arc<str>, Arc<Account>, RandomState>,
    clients: Cache<String, Arc<Account>, RandomState>,
    tenants: Cache<String, Arc<Account>, RandomState>,
    charger: Charger,
    /// Tells limiters of one process apart.
    number: u64,
}

/// Where a caller stands.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// The accounts, the principal's first.
    standings: [Standing; 3],
    /// The account that refused, by its place.
    refused_by: Option<usize>,
    /// When a refused caller may ask again.
    pub retry_after: Duration,
}

/// Where one account stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The policy's name.
    pub policy: Arc<str>,
    /// What is granted.
    pub rate: Rate,
    /// Points left.
    pub left: u64,
    /// How long until all are back.
    pub full_in: Duration,
}

/// Who is charged: the accounts of one request. Clones share everything.
#[derive(Clone)]
pub struct Caller(Arc<Charged>);

struct Charged {
    tenant: String,
    accounts: Accounts,
}

impl RateLimiter {
    /// All accounts are full. `redis`: where replicas share them.
    pub fn new(config: Config, redis: Option<Redis>) -> Self {
        let idle = config.window * IDLE_WINDOWS;
        let keys_max = u64::try_from(config.keys_max).unwrap_or(u64::MAX);
        static NUMBERS: AtomicU64 = AtomicU64::new(0);
        Self {
            addresses: Addresses::new(config.address_requests, config.window, config.keys_max),
            principals: accounts(keys_max, idle),
            clients: accounts(keys_max, idle),
            tenants: accounts(keys_max, idle),
            charger: Charger { redis, replicas: config.replicas },
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            config,
        }
    }

    /// Charges a request to a client address; or how long it has to wait.
    pub fn check_address(&self, address: IpAddr) -> Result<(), Duration> {
        self.addresses.check(address).inspect_err(|_| refused("address"))
    }

    /// The accounts of a request: of who sends it, and of the client it says it is.
    pub fn caller(&self, principal: &Principal, client: Option<&str>) -> Caller {
        let now = Instant::now();
        let client = client.filter(|name| is_client(name)).unwrap_or_default();
        if let Some(caller) = principal.last_caller.get(self.number, client, now) {
            return caller;
        }
        let caller = Caller(Arc::new(self.find(principal, client, now)));
        // Less than accounts stay that nobody looks for.
        principal.last_caller.put(self.number, client, &caller, now + last::REMEMBERED_MAX.min(self.config.window));
        caller
    }

    fn find(&self, principal: &Principal, client: &str, now: Instant) -> Charged {
        let (tier, tenant) = (principal.tier.as_deref(), &principal.tenant);
        let account = |holder: Holder, name: &str, policy: &str, rate: Rate| {
            let name = format!("{}:{name}", holder.as_str());
            Arc::new(Account::new(holder, name, policy.into(), rate, now))
        };
        let of_principal = self.principals.get_with_by_ref(&principal.key, || {
            account(Holder::Principal, &principal.key, tier.unwrap_or(DEFAULT_TIER), self.config.of_tier(tier))
        });
        let of_client = self.clients.get_with(format!("{tenant} {client}"), || {
            account(Holder::Client, client, Holder::Client.as_str(), self.config.of_client(client))
        });
        let of_tenant = self
            .tenants
            .get_with_by_ref(tenant, || account(Holder::Tenant, "", Holder::Tenant.as_str(), self.config.of_tenant()));
        Charged { tenant: tenant.clone(), accounts: [of_principal, of_client, of_tenant] }
    }

    /// Refuses who has nothing left, before more of the request is read. Asks nobody.
    pub fn check_exhausted(&self, caller: &Caller) -> Result<(), Box<Verdict>> {
        let now = Instant::now();
        let wait = |account: &Arc<Account>| {
            let state = account.state();
            // Redis may know better once it is back: it is asked then.
            let is_known = state.spent_alone == 0 || !self.charger.is_shared();
            let has_nothing = is_known && state.left(account.rate, now) == 0;
            has_nothing.then(|| state.count.wait_for(1, account.rate, now).unwrap_or_default())
        };
        let exhausted = caller.0.accounts.iter().enumerate().find_map(|(at, account)| Some((at, wait(account)?)));
        let Some((at, wait)) = exhausted else { return Ok(()) };
        let verdict = Verdict::refused(&caller.0.accounts, at, wait, now);
        self.count_refusal(caller, &verdict);
        Err(verdict)
    }

    /// Takes this many points, at least one: nothing is free.
    pub async fn charge(&self, caller: &Caller, points: u64, patience: &Patience) -> Result<Charge, Box<Verdict>> {
        let charged = self.charger.charge(&caller.0.tenant, &caller.0.accounts, points.max(1), patience).await;
        match &charged {
            Ok(_) => POINTS.with("charged", |charged| charged.increment(points.max(1))),
            Err(verdict) => self.count_refusal(caller, verdict),
        }
        charged
    }

    /// Gives back what an operation was not worth.
    pub fn settle(&self, caller: &Caller, charge: Charge, worth: u64) {
        let worth = worth.max(1);
        POINTS.with("returned", |returned| returned.increment(charge.unspent(worth)));
        self.charger.settle(&caller.0.tenant, charge, worth);
    }

    /// Where a caller stands now.
    pub fn standing(&self, caller: &Caller) -> Verdict {
        Verdict::of(&caller.0.accounts, Instant::now())
    }

    fn count_refusal(&self, caller: &Caller, verdict: &Verdict) {
        let account = verdict.refused_by.and_then(|at| caller.0.accounts.get(at));
        refused(account.map_or("principal", |account| account.holder.as_str()));
    }
}

impl Verdict {
    fn of(accounts: &Accounts, now: Instant) -> Self {
        let standing = |account: &Arc<Account>| {
            let state = account.state();
            let left = state.left(account.rate, now);
            Standing {
                policy: Arc::clone(&account.policy),
                rate: account.rate,
                left,
                full_in: state.count.until_full(now),
            }
        };
        let standings = accounts.each_ref().map(standing);
        Self { standings, refused_by: None, retry_after: Duration::ZERO }
    }

    /// The headers that tell a caller what is left.
    pub fn headers(&self) -> [(HeaderName, HeaderValue); 2] {
        headers::of(self)
    }

    /// Where the principal's own account stands.
    pub fn own(&self) -> Option<&Standing> {
        self.standings.first()
    }

    /// What refused, in words.
    pub fn refuser(&self) -> &str {
        let refuser = self.refused_by.filter(|at| *at > 0).and_then(|at| self.standings.get(at));
        refuser.map_or("you", |standing| &*standing.policy)
    }
}

/// Room for so many accounts, each as long as it is used.
fn accounts<K: Hash + Eq + Send + Sync + 'static>(max: u64, idle: Duration) -> Cache<K, Arc<Account>, RandomState> {
    Cache::builder().max_capacity(max).time_to_idle(idle).build_with_hasher(RandomState::new())
}

fn refused(account: &'static str) {
    metrics::counter!("weft_rate_limit_refused_total", "account" => account).increment(1);
}

/// Whether a client counts by the name it gives: one that can be read. Others count together.
fn is_client(name: &str) -> bool {
    !name.is_empty() && name.len() <= CLIENT_BYTES_MAX && name.bytes().all(|byte| byte.is_ascii_graphic())
}
