//! `Toll`: what a subscriber pays for its events, from the same accounts as its requests. Paid once a second, or when much is owed, so
//! that a stream costs the limiter next to nothing; whoever has nothing left waits, and what comes meanwhile waits in a bounded queue.

use std::{sync::Arc, time::Duration};

use sources::cache::Patience;
use tokio::time::Instant;

use crate::{App, rate_limit};

/// How often it is paid.
const PAID_EVERY: Duration = Duration::from_secs(1);
/// More is never owed for longer than it takes to pay.
const OWED_MAX: u64 = 500;

/// What a subscriber owes. Whoever leaves pays the rest.
pub struct Toll {
    app: Arc<App>,
    caller: Option<rate_limit::Caller>,
    owed: u64,
    paid_at: Instant,
}

impl Toll {
    /// Nothing is owed yet.
    pub fn new(app: &Arc<App>, caller: Option<rate_limit::Caller>) -> Self {
        Self { app: Arc::clone(app), caller, owed: 0, paid_at: Instant::now() }
    }

    /// An event of so many points goes out.
    pub async fn owe(&mut self, points: u64) {
        self.owed = self.owed.saturating_add(points);
        if self.owed >= OWED_MAX || self.paid_at.elapsed() >= PAID_EVERY {
            Box::pin(self.pay()).await;
        }
    }

    async fn pay(&mut self) {
        let Some(caller) = &self.caller else { return };
        // Never more than can be had at once: what is owed beyond it is paid next.
        while self.owed > 0 {
            let part = self.owed.min(self.app.config.limits.cost_max);
            match self.app.rate_limiter.charge(caller, part, &Patience::new()).await {
                Ok(charge) => {
                    self.app.rate_limiter.settle(caller, charge, part);
                    self.owed = self.owed.saturating_sub(part);
                }
                Err(verdict) => {
                    metrics::counter!("weft_live_throttled_total").increment(1);
                    tokio::time::sleep(verdict.retry_after.max(Duration::from_millis(50))).await;
                }
            }
        }
        self.paid_at = Instant::now();
    }
}

impl Drop for Toll {
    fn drop(&mut self) {
        let (Some(caller), Ok(runtime)) = (self.caller.take(), tokio::runtime::Handle::try_current()) else { return };
        let (app, owed) = (Arc::clone(&self.app), self.owed.min(self.app.config.limits.cost_max));
        if owed > 0 {
            runtime.spawn(async move {
                if let Ok(charge) = app.rate_limiter.charge(&caller, owed, &Patience::new()).await {
                    app.rate_limiter.settle(&caller, charge, owed);
                }
            });
        }
    }
}
