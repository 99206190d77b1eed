//! `[auth]`.

use std::time::Duration;

use jsonwebtoken::{Algorithm, AlgorithmFamily};
use serde::Deserialize;
use url::Url;

use crate::config::Problem;

/// Most time that clocks may differ.
const LEEWAY_MAX: Duration = Duration::from_secs(60);

/// Who may call.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Whose tokens are accepted.
    pub issuers: Vec<IssuerConfig>,
    /// How far clocks may differ; at most a minute.
    #[serde(with = "humantime_serde")]
    pub leeway: Duration,
    /// How often keys are fetched anew.
    #[serde(with = "humantime_serde")]
    pub refresh_interval: Duration,
    /// How long keys count that cannot be fetched anew.
    #[serde(with = "humantime_serde")]
    pub keys_age_max: Duration,
    /// How long a key that is not known is not asked for again.
    #[serde(with = "humantime_serde")]
    pub unknown_key_cooldown: Duration,
    /// Longest wait for an issuer.
    #[serde(with = "humantime_serde")]
    pub fetch_timeout: Duration,
    /// Longest token, in bytes.
    pub token_bytes_max: usize,
    /// Most verified tokens remembered.
    pub verified_tokens_max: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            issuers: Vec::new(),
            leeway: Duration::from_secs(30),
            refresh_interval: Duration::from_secs(600),
            keys_age_max: Duration::from_secs(86_400),
            unknown_key_cooldown: Duration::from_secs(30),
            fetch_timeout: Duration::from_secs(5),
            token_bytes_max: 8 * 1024,
            verified_tokens_max: 10_000,
        }
    }
}

/// One issuer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerConfig {
    /// The value of `iss`, exactly, and where discovery begins.
    pub issuer: String,
    /// Accepted values of `aud`.
    pub audiences: Vec<String>,
    /// Where the keys are; found by discovery unless given.
    #[serde(default)]
    pub jwks_url: Option<Url>,
    /// Accepted algorithms; only asymmetric ones.
    #[serde(default = "algorithms")]
    pub algorithms: Vec<Algorithm>,
    /// Which claims say what.
    #[serde(default)]
    pub claims: ClaimNames,
}

/// Names of claims; dots lead into objects, such as `realm_access.roles`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClaimNames {
    /// The tenant.
    pub tenant: String,
    /// The subject.
    pub subject: String,
    /// The teams: a list, or one text.
    pub teams: String,
    /// The scopes: a list, or texts with spaces between.
    pub scopes: String,
    /// The name of the caller's entity in the catalog; the subject unless given.
    pub user: Option<String>,
}

impl Default for ClaimNames {
    fn default() -> Self {
        let name = str::to_owned;
        Self { tenant: name("tenant"), subject: name("sub"), teams: name("groups"), scopes: name("scope"), user: None }
    }
}

fn algorithms() -> Vec<Algorithm> {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    vec![RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA]
}

/// Whether keys may be fetched from here, and tokens sent: over TLS, or from this machine.
pub(crate) fn is_trustworthy(url: &Url) -> bool {
    let is_loopback = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback)
}

impl Config {
    /// Every problem, with its key.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.leeway > LEEWAY_MAX {
            problems.push(Problem::new("auth.leeway", "must be at most 60s"));
        }
        for (key, is_zero) in [
            ("auth.refresh_interval", self.refresh_interval.is_zero()),
            ("auth.fetch_timeout", self.fetch_timeout.is_zero()),
            ("auth.token_bytes_max", self.token_bytes_max == 0),
        ] {
            if is_zero {
                problems.push(Problem::new(key, "must be more than zero"));
            }
        }
        for (index, issuer) in self.issuers.iter().enumerate() {
            issuer.validate(&format!("auth.issuers[{index}]"), &mut problems);
            let is_twice = self.issuers.iter().filter(|other| other.issuer == issuer.issuer).count() > 1;
            if is_twice {
                problems.push(Problem::new(format!("auth.issuers[{index}].issuer"), "stands there twice"));
            }
        }
        problems
    }
}

impl IssuerConfig {
    fn validate(&self, key: &str, problems: &mut Vec<Problem>) {
        let untrusted = "must be an https address; plain http only on loopback";
        if !Url::parse(&self.issuer).is_ok_and(|url| is_trustworthy(&url)) {
            problems.push(Problem::new(format!("{key}.issuer"), untrusted));
        }
        if self.jwks_url.as_ref().is_some_and(|url| !is_trustworthy(url)) {
            problems.push(Problem::new(format!("{key}.jwks_url"), untrusted));
        }
        if self.audiences.is_empty() {
            problems.push(Problem::new(
                format!("{key}.audiences"),
                "name at least one: a token for another service must not count here",
            ));
        }
        if self.algorithms.is_empty()
            || self.algorithms.iter().any(|algorithm| algorithm.family() == AlgorithmFamily::Hmac)
        {
            problems.push(Problem::new(format!("{key}.algorithms"), "only asymmetric algorithms, and at least one"));
        }
    }
}
