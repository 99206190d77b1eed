//! `SecretRef`: where a secret is found. The configuration holds the reference, never the secret.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

/// `{ env = "NAME" }` or `{ file = "/run/secrets/name" }`.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum SecretRef {
    /// In a variable of the environment.
    Env {
        /// Its name.
        env: String,
    },
    /// In a file; white space around it does not count.
    File {
        /// Its path.
        file: PathBuf,
    },
}

impl SecretRef {
    /// Reads the secret; `env` looks a variable up. The error names the place and never the content.
    pub fn read(&self, env: &dyn Fn(&str) -> Option<String>) -> Result<SecretString, String> {
        let text = match self {
            Self::Env { env: name } => env(name).ok_or_else(|| format!("the variable {name} is not set"))?,
            Self::File { file } => {
                std::fs::read_to_string(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?
            }
        };
        let secret = text.trim();
        if secret.is_empty() { Err("the secret is empty".to_owned()) } else { Ok(SecretString::from(secret)) }
    }
}
