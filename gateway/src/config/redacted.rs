//! The effective configuration as text, without secrets: references stay, values of secrets become `***`.

use super::Config;

/// The configuration for a person to read.
pub fn redacted(config: &Config) -> String {
    // Secrets print as `[REDACTED]` by their type; the password inside the database address is one of them.
    format!("{config:#?}")
}
