//! The section `[webhooks]` of the configuration.

use std::time::Duration;

use bytesize::ByteSize;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::Sender;
use crate::{SecretRef, upstream::Problems};

/// Shortest secret, in bytes.
const SECRET_BYTES_MIN: usize = 16;

/// Who may send, how much is kept and how it is worked off.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Largest body.
    pub body_max: ByteSize,
    /// Longest wait for the body.
    #[serde(with = "humantime_serde")]
    pub body_timeout: Duration,
    /// Longest wait until a delivery is stored.
    #[serde(with = "humantime_serde")]
    pub store_timeout: Duration,
    /// Most deliveries that are received at once.
    pub requests_in_flight_max: usize,
    /// Most deliveries that wait to be worked off.
    pub pending_max: u32,
    /// How long a delivery that is done is known again.
    #[serde(with = "humantime_serde")]
    pub kept_for: Duration,
    /// Most deliveries that are kept when they are done; the oldest go first.
    pub kept_max: u32,
    /// Most deliveries in quarantine; the oldest go first.
    pub quarantine_max: u32,
    /// How long a delivery stays in quarantine.
    #[serde(with = "humantime_serde")]
    pub quarantined_for: Duration,
    /// Most objects that a replica reads at once.
    pub workers: usize,
    /// Attempts after which a delivery is put into quarantine.
    pub attempts_max: u32,
    /// Longest attempt.
    #[serde(with = "humantime_serde")]
    pub attempt_timeout: Duration,
    /// How long after the first attempt the second comes; twice as long each time.
    #[serde(with = "humantime_serde")]
    pub retry_after: Duration,
    /// Longest wait for another attempt.
    #[serde(with = "humantime_serde")]
    pub retry_max: Duration,
    /// GitLab.
    pub gitlab: GitlabSender,
    /// AWX or Automation Controller.
    pub awx: AwxSender,
    /// HCP Terraform or Terraform Enterprise.
    pub terraform: TerraformSender,
    /// Azure.
    pub azure: AzureSender,
}

/// `[webhooks.gitlab]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GitlabSender {
    /// Secret tokens, and signing tokens, which begin with `whsec_`; any of them counts. None: nothing is taken.
    pub secrets: Vec<SecretRef>,
    /// How old or how far ahead of our clock a signed delivery may be.
    #[serde(with = "humantime_serde")]
    pub tolerance: Duration,
}

/// `[webhooks.awx]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AwxSender {
    /// Any of them counts. None: nothing is taken.
    pub secrets: Vec<SecretRef>,
    /// The header of the notification template that bears it.
    pub header: String,
}

/// `[webhooks.terraform]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TerraformSender {
    /// Tokens of notification configurations; any of them counts. None: nothing is taken.
    pub secrets: Vec<SecretRef>,
}

/// `[webhooks.azure]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AzureSender {
    /// Any of them counts. None: nothing is taken.
    pub secrets: Vec<SecretRef>,
    /// The header of the event subscription that bears it.
    pub header: String,
    /// A parameter of the address that may bear it instead: action groups send no header.
    pub query_parameter: Option<String>,
    /// Topics, or how they begin, whose handshake is answered without a secret.
    pub topics: Vec<String>,
    /// Who may ask by `OPTIONS` whether events are wanted.
    pub origins: Vec<String>,
}

impl Config {
    /// What cannot be, with the key at fault.
    pub fn problems(&self) -> Vec<(String, String)> {
        let mut problems = Problems::of("webhooks");
        for (key, is_good) in [
            ("body_max", self.body_max.as_u64() > 0),
            ("body_timeout", !self.body_timeout.is_zero()),
            ("store_timeout", !self.store_timeout.is_zero()),
            ("requests_in_flight_max", self.requests_in_flight_max > 0),
            ("pending_max", self.pending_max > 0),
            ("kept_max", self.kept_max > 0),
            ("quarantine_max", self.quarantine_max > 0),
            ("quarantined_for", !self.quarantined_for.is_zero()),
            ("workers", self.workers > 0),
            ("attempts_max", self.attempts_max > 0),
            ("attempt_timeout", !self.attempt_timeout.is_zero()),
            ("retry_after", !self.retry_after.is_zero()),
        ] {
            if !is_good {
                problems.tell(key, "must be more than zero");
            }
        }
        if self.retry_max < self.retry_after {
            problems.tell("retry_max", "must be at least webhooks.retry_after");
        }
        // What may be sent again must be known again.
        if self.kept_for < 2 * self.gitlab.tolerance {
            problems.tell("kept_for", "must be at least twice webhooks.gitlab.tolerance");
        }
        for (key, header) in [("awx.header", &self.awx.header), ("azure.header", &self.azure.header)] {
            if reqwest::header::HeaderName::from_bytes(header.as_bytes()).is_err() {
                problems.tell(key, "is no name of a header");
            }
        }
        problems.found()
    }

    /// The references to the secrets of a sender, in order.
    pub fn secrets_of(&self, sender: Sender) -> &[SecretRef] {
        match sender {
            Sender::Gitlab => &self.gitlab.secrets,
            Sender::Awx => &self.awx.secrets,
            Sender::Terraform => &self.terraform.secrets,
            Sender::Azure => &self.azure.secrets,
        }
    }

    /// Where the secrets are, by key.
    pub fn secret_refs(&self) -> Vec<(String, SecretRef)> {
        let of = |sender: Sender| {
            let secrets = self.secrets_of(sender).iter().enumerate();
            secrets.map(move |(at, reference)| (Self::key_of(sender, at), reference.clone()))
        };
        Sender::ALL.into_iter().flat_map(of).collect()
    }

    /// The key of a secret in the configuration.
    pub(super) fn key_of(sender: Sender, at: usize) -> String {
        format!("webhooks.{}.secrets[{at}]", sender.as_str())
    }

    /// Why this is no secret of a sender.
    pub fn secret_problem(key: &str, secret: &SecretString) -> Option<&'static str> {
        let is_short = key.starts_with("webhooks.") && secret.expose_secret().len() < SECRET_BYTES_MIN;
        is_short.then_some("must be at least 16 bytes long")
    }
}
