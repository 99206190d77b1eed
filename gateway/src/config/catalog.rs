//! `[catalog]`.

use std::{path::PathBuf, time::Duration};

use bytesize::ByteSize;
use serde::Deserialize;
use sources::ingest::{ApplyLimits, FetchLimits};

use super::Problem;

/// Growth of the catalog, and where registered locations may be read from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogConfig {
    /// The tenant of tokens without a tenant claim, and of imports.
    pub default_tenant: String,
    /// Most entities of one location.
    pub entities_per_location_max: usize,
    /// Most entities of one tenant.
    pub entities_per_tenant_max: usize,
    /// How long an entity stays that nothing declares any more.
    #[serde(with = "humantime_serde")]
    pub orphan_grace: Duration,
    /// Hosts, or `host:port`, from which registered locations may be read.
    pub allowed_hosts: Vec<String>,
    /// Folders under which registered files may be read.
    pub allowed_roots: Vec<PathBuf>,
    /// Registered locations may resolve to private and loopback addresses.
    pub allow_private_addresses: bool,
    /// How often registered locations are read again.
    #[serde(with = "humantime_serde")]
    pub refresh_interval: Duration,
    /// Longest wait for a registered location.
    #[serde(with = "humantime_serde")]
    pub fetch_timeout: Duration,
    /// Largest registered file.
    pub fetch_max: ByteSize,
    /// Most registered locations of one tenant.
    pub locations_per_tenant_max: usize,
}

impl CatalogConfig {
    /// How registered locations may be read.
    pub fn fetch_limits(&self) -> FetchLimits {
        FetchLimits {
            allowed_hosts: self.allowed_hosts.clone(),
            allowed_roots: self.allowed_roots.clone(),
            allow_private_addresses: self.allow_private_addresses,
            timeout: self.fetch_timeout,
            text_bytes_max: usize::try_from(self.fetch_max.as_u64()).unwrap_or(usize::MAX),
        }
    }

    /// How much a catalog may grow.
    pub fn apply_limits(&self) -> ApplyLimits {
        ApplyLimits {
            entities_per_location_max: self.entities_per_location_max,
            entities_per_tenant_max: self.entities_per_tenant_max,
            orphan_grace: self.orphan_grace,
        }
    }

    pub(super) fn validate(&self, problems: &mut Vec<Problem>) {
        let name = &self.default_tenant;
        if !is_tenant(name) {
            problems.push(Problem::new(
                "catalog.default_tenant",
                format!("`{name}` is not a tenant: small letters, digits, - and _"),
            ));
        }
        if self.orphan_grace > Duration::from_secs(10 * 366 * 86_400) {
            problems.push(Problem::new("catalog.orphan_grace", "must be at most ten years"));
        }
        for (key, is_zero) in [
            ("catalog.entities_per_location_max", self.entities_per_location_max == 0),
            ("catalog.entities_per_tenant_max", self.entities_per_tenant_max == 0),
            ("catalog.refresh_interval", self.refresh_interval.is_zero()),
        ] {
            if is_zero {
                problems.push(Problem::new(key, "must be more than zero"));
            }
        }
    }
}

/// Whether this can be the name of a tenant.
pub(crate) fn is_tenant(name: &str) -> bool {
    let mut bytes = name.bytes();
    let is_first = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    bytes.next().is_some_and(is_first)
        && name.len() <= 63
        && bytes.all(|byte| is_first(byte) || matches!(byte, b'-' | b'_'))
}
