//! What every upstream's section of the configuration says of calls, and what of it cannot be.

use std::{path::PathBuf, time::Duration};

use bytesize::ByteSize;
use url::Url;

use super::{BreakerConfig, QuotaConfig, address_problem};
use crate::SecretRef;

/// Limits of the calls to one upstream.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Longest wait for an answer, waits for a free place and for the quota included.
    pub timeout: Duration,
    /// Most calls at once; beyond it a call waits, up to `timeout`.
    pub requests_in_flight_max: usize,
    /// Largest answer, after decompression.
    pub body_max: ByteSize,
    /// When it is left alone.
    pub breaker: BreakerConfig,
    /// How much may be asked, where the operator or its documents say so.
    pub quota: Option<QuotaConfig>,
    /// Certificates of authorities to trust besides the usual ones.
    pub ca_file: Option<PathBuf>,
}

/// The limits that stand in a section of the configuration, each under its name. The keys belong to the section itself, which
/// refuses unknown ones; serde cannot do both for a part of it.
macro_rules! limits_of {
    ($section:expr) => {
        $crate::upstream::Limits {
            timeout: $section.timeout,
            requests_in_flight_max: $section.requests_in_flight_max,
            body_max: $section.body_max,
            breaker: $section.breaker,
            quota: $section.quota,
            ca_file: $section.ca_file.clone(),
        }
    };
}
pub(crate) use limits_of;

/// What cannot be in one section, with the key at fault.
#[derive(Debug)]
pub(crate) struct Problems {
    section: String,
    found: Vec<(String, String)>,
}

impl Problems {
    /// None yet, of the section with this name, such as `sources.gitlab`.
    pub(crate) fn of(section: impl Into<String>) -> Self {
        Self { section: section.into(), found: Vec::new() }
    }

    /// One more.
    pub(crate) fn tell(&mut self, key: &str, message: &str) {
        self.found.push((format!("{}.{key}", self.section), message.to_owned()));
    }

    /// An address, and the token that goes there.
    pub(crate) fn address(&mut self, is_enabled: bool, base_url: Option<&Url>, token: Option<&SecretRef>) {
        if is_enabled && base_url.is_some() && token.is_none() {
            self.tell("token", "there is an address and no token: set { env = \"…\" } or { file = \"…\" }");
        }
        if let Some(problem) = base_url.and_then(address_problem) {
            self.tell("base_url", problem);
        }
    }

    /// What calls are held to.
    pub(crate) fn limits(&mut self, limits: &Limits) {
        self.above_zero("requests_in_flight_max", limits.requests_in_flight_max > 0);
        self.above_zero("timeout", !limits.timeout.is_zero());
        self.quota("quota", limits.quota);
    }

    /// A quota.
    pub(crate) fn quota(&mut self, key: &str, quota: Option<QuotaConfig>) {
        self.above_zero(&format!("{key}.calls"), quota.is_none_or(|quota| quota.calls > 0));
        self.above_zero(&format!("{key}.window"), quota.is_none_or(|quota| !quota.window.is_zero()));
    }

    /// A number or a span that must not be zero.
    pub(crate) fn above_zero(&mut self, key: &str, is_above: bool) {
        if !is_above {
            self.tell(key, "must be more than zero");
        }
    }

    /// All of them.
    pub(crate) fn found(self) -> Vec<(String, String)> {
        self.found
    }
}
