//! What the route and the worker of webhooks share.

use sources::{
    Secrets,
    webhook::{Config, Senders},
};
use tokio::sync::{Notify, Semaphore};

/// Who may send, how many at once, and the bell that wakes the worker.
pub(crate) struct Webhooks {
    pub(crate) senders: Senders,
    /// Places for deliveries that are being received.
    pub(crate) places: Semaphore,
    /// Something was stored.
    pub(crate) stored: Notify,
}

impl Webhooks {
    pub(crate) fn new(config: &Config, secrets: &Secrets) -> Self {
        Self {
            senders: Senders::new(config, secrets),
            places: Semaphore::new(config.requests_in_flight_max),
            stored: Notify::new(),
        }
    }
}
