//! What is configured of admission, and who belongs to which class.

use std::{collections::BTreeMap, time::Duration};

/// How many are executed, and who waits how long.
#[derive(Debug, Clone)]
pub struct Config {
    /// Most requests in progress, of which a tenant has half at most.
    pub requests_max: usize,
    /// As many are always executed.
    pub running_min: usize,
    /// More never.
    pub running_max: usize,
    /// While work is late, tenants that ask at the same time share at least so many places, one for each at least.
    pub shared_min: usize,
    /// How long work may wait for its turn before fewer are executed.
    pub delay_target: Duration,
    /// Most that wait, of each class.
    pub waiting_max: usize,
    /// Nobody waits who would wait longer.
    pub wait_max: Duration,
    /// The part of all places that batch operations may take.
    pub batch_share: f64,
    /// Clients, by the names they send, and tiers whose operations are batch.
    pub batch: Vec<String>,
    /// Shares of tenants that are not one.
    pub weights: BTreeMap<String, u32>,
    /// How much memory the process may take, in bytes; 0: as much as there is.
    pub memory_max: u64,
}

/// What kind of caller waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Somebody waits for the answer.
    Interactive,
    /// A machine does.
    Batch,
}

impl Class {
    /// Both, in the order of their turns.
    pub const ALL: [Self; 2] = [Self::Interactive, Self::Batch];

    /// Its name in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Interactive => "interactive",
            Self::Batch => "batch",
        }
    }

    /// Its place among all.
    pub fn index(self) -> usize {
        self as usize
    }
}

impl Config {
    /// The class of this client in this tier.
    pub fn class(&self, client: Option<&str>, tier: Option<&str>) -> Class {
        let is_batch = [client, tier].into_iter().flatten().any(|name| self.batch.iter().any(|batch| batch == name));
        if is_batch { Class::Batch } else { Class::Interactive }
    }

    /// The share of a tenant.
    pub fn weight(&self, tenant: &str) -> u32 {
        self.weights.get(tenant).copied().unwrap_or(1)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            requests_max: 2_048,
            running_min: 8,
            running_max: 512,
            shared_min: 512,
            delay_target: Duration::from_millis(5),
            waiting_max: 512,
            wait_max: Duration::from_secs(1),
            batch_share: 0.25,
            batch: Vec::new(),
            weights: BTreeMap::new(),
            memory_max: 0,
        }
    }
}
