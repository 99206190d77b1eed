//! `[limits.rate]`.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;

use super::Problem;
use crate::{auth::TierRule, rate_limit};

/// Most replicas that may be taken to serve.
const REPLICAS_MAX: u32 = 1_000;

/// How much may be asked in a window.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateConfig {
    /// The window.
    #[serde(with = "humantime_serde")]
    pub window: Duration,
    /// Points of each principal.
    pub points: u64,
    /// Points of each client of a tenant.
    pub client_points: u64,
    /// Points of clients of these names.
    #[serde(default)]
    pub clients: BTreeMap<String, u64>,
    /// Points of each tenant.
    pub tenant_points: u64,
    /// Requests of each client address, before authentication.
    pub address_requests: u32,
    /// Most principals, clients, tenants and addresses remembered, each.
    pub keys_max: usize,
    /// How many replicas are taken to serve while Redis never told.
    pub replicas: u32,
    /// Other points for principals whose token says so.
    #[serde(default)]
    pub tiers: Vec<TierConfig>,
}

/// `[[limits.rate.tiers]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TierConfig {
    /// Its name, which headers tell.
    pub name: String,
    /// The claim that puts a principal in it.
    pub claim: String,
    /// What the claim says, or has among others.
    pub value: String,
    /// Points of each principal in it.
    pub points: u64,
}

impl RateConfig {
    /// The limiter's part.
    pub fn limiter(&self) -> rate_limit::Config {
        rate_limit::Config {
            window: self.window,
            points: self.points,
            tiers: self.tiers.iter().map(|tier| (tier.name.clone(), tier.points)).collect(),
            client_points: self.client_points,
            clients: self.clients.clone(),
            tenant_points: self.tenant_points,
            address_requests: self.address_requests,
            keys_max: self.keys_max,
            replicas: self.replicas,
        }
    }

    /// What puts whom in which tier.
    pub fn tier_rules(&self) -> Vec<TierRule> {
        let rule = |tier: &TierConfig| TierRule {
            tier: tier.name.as_str().into(),
            claim: tier.claim.clone(),
            value: tier.value.clone(),
        };
        self.tiers.iter().map(rule).collect()
    }

    /// Every problem. Whoever may ask something may ask the dearest operation.
    pub(super) fn validate(&self, cost_max: u64, problems: &mut Vec<Problem>) {
        let mut points = vec![
            ("limits.rate.points".to_owned(), self.points),
            ("limits.rate.client_points".to_owned(), self.client_points),
            ("limits.rate.tenant_points".to_owned(), self.tenant_points),
        ];
        points.extend(self.clients.iter().map(|(name, points)| (format!("limits.rate.clients.{name}"), *points)));
        for (at, tier) in self.tiers.iter().enumerate() {
            let key = format!("limits.rate.tiers[{at}]");
            points.push((format!("{key}.points"), tier.points));
            if !is_name(&tier.name) || tier.name == rate_limit::DEFAULT_TIER {
                let message = "must be letters, digits, - and _, at most 64, and not `default`";
                problems.push(Problem::new(format!("{key}.name"), message));
            }
            if tier.claim.is_empty() || tier.value.is_empty() {
                problems.push(Problem::new(key.clone(), "needs a claim and its value"));
            }
            let earlier = self.tiers.iter().take(at).find(|earlier| earlier.name == tier.name);
            if earlier.is_some_and(|earlier| earlier.points != tier.points) {
                problems.push(Problem::new(format!("{key}.points"), "differ from those of the same tier above"));
            }
        }
        for (key, points) in points {
            if points < cost_max {
                let message = format!("must be at least limits.cost_max ({cost_max}): no operation would ever be let in");
                problems.push(Problem::new(key, message));
            }
        }
        for (key, is_wrong, message) in [
            ("limits.rate.address_requests", self.address_requests == 0, "must be more than zero"),
            ("limits.rate.keys_max", self.keys_max == 0, "must be more than zero"),
            ("limits.rate.window", self.window < Duration::from_secs(1), "must be at least 1s"),
            ("limits.rate.replicas", !(1..=REPLICAS_MAX).contains(&self.replicas), "must be 1 to 1000"),
        ] {
            if is_wrong {
                problems.push(Problem::new(key, message));
            }
        }
    }
}

/// A name that can stand in a header.
fn is_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    !name.is_empty() && name.len() <= 64 && name.chars().all(is_plain)
}
