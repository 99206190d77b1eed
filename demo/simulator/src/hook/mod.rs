//! Webhooks, as the vendors send them when something happens: the payloads of their documents, and their ways to prove who sends.
//! Payloads tell more than a receiver needs, as real ones do. What a network does to deliveries, `Hooks` does on request: it loses
//! them, brings them twice and in another order.

mod awx;
mod azure;
mod follow;
mod gitlab;
mod sign;
mod terraform;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

pub use azure::{alert, cloud_event, resource_event, validation};
pub use follow::Following;
pub use terraform::verification;

/// How long GitLab waits for an answer; the others are taken to be alike.
const PATIENCE: Duration = Duration::from_secs(10);

/// A delivery before it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// The sender's name in the receiver's address.
    pub source: &'static str,
    /// The headers, besides those of every delivery.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Hook {
    pub(crate) fn new(source: &'static str, body: &serde_json::Value) -> Self {
        Self { source, headers: Vec::new(), body: body.to_string() }
    }

    /// With one more header, which takes the place of the same.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// What befalls deliveries on their way.
#[derive(Default)]
struct Knobs {
    drops: u32,
    duplicates: u32,
    /// So many are held back, and then go in reverse order.
    reorder: usize,
    held: VecDeque<Hook>,
}

/// Where deliveries go. Clones share everything.
#[derive(Clone)]
pub struct Hooks {
    base_url: Arc<str>,
    http: reqwest::Client,
    knobs: Arc<Mutex<Knobs>>,
}

impl Hooks {
    /// To a receiver at `base_url`, below which each sender has a path, such as `http://127.0.0.1:8080/webhooks`.
    pub fn to(base_url: &str) -> Self {
        let http =
            reqwest::Client::builder().timeout(PATIENCE).build().expect("a client without certificates can be made");
        Self { base_url: base_url.trim_end_matches('/').into(), http, knobs: Arc::default() }
    }

    /// Loses the next deliveries.
    pub fn drop_next(&self, count: u32) {
        self.knobs().drops = count;
    }

    /// Sends each of the next deliveries twice.
    pub fn duplicate_next(&self, count: u32) {
        self.knobs().duplicates = count;
    }

    /// Holds so many deliveries back, then sends them in reverse order, again and again; 0 ends it.
    pub fn reorder(&self, count: usize) {
        self.knobs().reorder = count;
    }

    /// Sends a delivery, or what the knobs make of it; answers the statuses that came, none of what was lost or is held back. A
    /// receiver that cannot be reached is status 0.
    pub async fn send(&self, hook: Hook) -> Vec<u16> {
        let going = self.knobs().take(hook);
        let mut statuses = Vec::new();
        for hook in going {
            statuses.push(self.post(&hook).await);
        }
        statuses
    }

    async fn post(&self, hook: &Hook) -> u16 {
        let url = format!("{}/{}", self.base_url, hook.source);
        let mut request = self.http.post(url);
        if !hook.headers.iter().any(|(name, _)| name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in &hook.headers {
            request = request.header(name, value);
        }
        request.body(hook.body.clone()).send().await.map_or(0, |answer| answer.status().as_u16())
    }

    fn knobs(&self) -> MutexGuard<'_, Knobs> {
        self.knobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Knobs {
    fn take(&mut self, hook: Hook) -> Vec<Hook> {
        if self.drops > 0 {
            self.drops -= 1;
            return Vec::new();
        }
        let mut going = vec![hook];
        if self.duplicates > 0 {
            self.duplicates -= 1;
            going.extend(going.clone());
        }
        if self.reorder == 0 {
            return self.held.drain(..).rev().chain(going).collect();
        }
        self.held.extend(going);
        if self.held.len() < self.reorder { Vec::new() } else { self.held.drain(..).rev().collect() }
    }
}
