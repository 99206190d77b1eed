//! `[telemetry]`.

use serde::Deserialize;
use sources::SecretRef;

/// Logs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelemetryConfig {
    /// Which lines are written.
    pub log: String,
    /// How they are written.
    pub log_format: LogFormat,
    /// Keys the fingerprints of variables in the audit log.
    pub audit_key: Option<SecretRef>,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
    /// Text on a terminal, else JSON.
    Auto,
}
