//! What is configured of limits, as the limiter needs it.

use std::{collections::BTreeMap, time::Duration};

use super::rate::Rate;

/// How much may be asked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The window of all of them.
    pub window: Duration,
    /// Points of a principal in a window, unless its tier says otherwise.
    pub points: u64,
    /// Points of a principal of each tier.
    pub tiers: BTreeMap<String, u64>,
    /// Points of each client of a tenant.
    pub client_points: u64,
    /// Points of clients of these names.
    pub clients: BTreeMap<String, u64>,
    /// Points of a tenant.
    pub tenant_points: u64,
    /// Requests of each client address in a window, before authentication.
    pub address_requests: u32,
    /// Most accounts of each kind, and most addresses, that are remembered.
    pub keys_max: usize,
    /// How many replicas are taken to serve while Redis never told.
    pub replicas: u32,
}

/// The tier of those who are in none.
pub const DEFAULT_TIER: &str = "default";

impl Config {
    /// The points of a principal of this tier.
    pub fn of_tier(&self, tier: Option<&str>) -> Rate {
        let points = tier.and_then(|tier| self.tiers.get(tier)).copied().unwrap_or(self.points);
        self.rate(points)
    }

    /// The points of a client of this name.
    pub fn of_client(&self, client: &str) -> Rate {
        self.rate(self.clients.get(client).copied().unwrap_or(self.client_points))
    }

    /// The points of a tenant.
    pub fn of_tenant(&self) -> Rate {
        self.rate(self.tenant_points)
    }

    fn rate(&self, points: u64) -> Rate {
        Rate { points, window: self.window }
    }
}
