//! `[telemetry]`.

use serde::Deserialize;
use sources::SecretRef;
use tracing_subscriber::filter::{LevelFilter, Targets};

use super::Problem;

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

impl TelemetryConfig {
    /// The filter of the log. Stricter than the library, which takes a level with a slip of the pen for the name of a target, and
    /// so silences everything else.
    pub fn filter(&self) -> Result<Targets, String> {
        for directive in self.log.split(',') {
            let (target, level) = directive.trim().rsplit_once('=').unwrap_or(("", directive.trim()));
            if level.is_empty() || target.contains(['[', '{', '=']) || level.parse::<LevelFilter>().is_err() {
                return Err(format!(
                    "`{directive}` is neither a level (off, error, warn, info, debug, trace) nor `target=level`"
                ));
            }
        }
        self.log.parse().map_err(|error| format!("`{}` is no filter: {error}", self.log))
    }

    pub(super) fn validate(&self, problems: &mut Vec<Problem>) {
        if let Err(message) = self.filter() {
            problems.push(Problem::new("telemetry.log", message));
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_does_not_silence_the_log() {
        let filter = |log: &str| {
            TelemetryConfig { log: log.to_owned(), log_format: LogFormat::Auto, audit_key: None }.filter().is_ok()
        };
        for log in ["info", "off", "info,sqlx=warn", "WARN, sources::gitlab=debug"] {
            assert!(filter(log), "{log} was refused");
        }
        for log in ["", "wran", "info,sqlx", "info,sqlx=wran", "[span]=debug", "sqlx[{summary}]=debug", "a=b=info"] {
            assert!(!filter(log), "{log} was accepted");
        }
    }
}
