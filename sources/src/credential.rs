//! `Credential`: a secret that an upstream wants, re-read where it lies when it changes, so that it is rotated without a restart.

use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::SystemTime,
};

use secrecy::SecretString;

use crate::SecretRef;

/// A secret and where it came from. Clones share what is read.
#[derive(Clone)]
pub struct Credential(Arc<Inner>);

struct Inner {
    /// The file to look at; none when the secret came from the environment, which cannot change.
    file: Option<PathBuf>,
    state: RwLock<State>,
}

struct State {
    secret: SecretString,
    changed_at: Option<SystemTime>,
}

impl Credential {
    /// Reads the secret; `env` looks a variable up. The error names the place and never the content.
    pub fn open(reference: &SecretRef, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let file = match reference {
            SecretRef::File { file } => Some(file.clone()),
            SecretRef::Env { .. } => None,
        };
        // First when, then what: a file that changes in between is read once more.
        let changed_at = changed_at(file.as_ref());
        let secret = reference.read(env)?;
        Ok(Self(Arc::new(Inner { file, state: RwLock::new(State { secret, changed_at }) })))
    }

    /// A secret that does not change.
    pub fn fixed(secret: SecretString) -> Self {
        Self(Arc::new(Inner { file: None, state: RwLock::new(State { secret, changed_at: None }) }))
    }

    /// The secret as it is now. A file that cannot be read, as in the middle of a rotation, leaves what was read before.
    pub fn current(&self) -> SecretString {
        let Some(file) = &self.0.file else { return self.read().secret.clone() };
        let changed_at = changed_at(Some(file));
        if changed_at.is_some() && changed_at != self.read().changed_at {
            match (SecretRef::File { file: file.clone() }).read(&|_| None) {
                Ok(secret) => {
                    *self.0.state.write().unwrap_or_else(PoisonError::into_inner) = State { secret, changed_at };
                    tracing::info!(file = %file.display(), "a secret changed and was read anew");
                }
                Err(error) => tracing::warn!(error, "a secret changed and cannot be read: the old one stays"),
            }
        }
        self.read().secret.clone()
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, State> {
        self.0.state.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Credential(***)")
    }
}

fn changed_at(file: Option<&PathBuf>) -> Option<SystemTime> {
    std::fs::metadata(file?).and_then(|metadata| metadata.modified()).ok()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_file_that_changes_is_read_anew_and_one_that_vanishes_leaves_the_old_secret() {
        let file = std::env::temp_dir().join(format!("weft-credential-{:x}", rand::random::<u64>()));
        std::fs::write(&file, "one\n").unwrap();
        let credential = Credential::open(&SecretRef::File { file: file.clone() }, &|_| None).unwrap();
        assert_eq!(credential.current().expose_secret(), "one");
        std::fs::write(&file, "two\n").unwrap();
        let later = SystemTime::now() + std::time::Duration::from_secs(5);
        std::fs::File::options().write(true).open(&file).unwrap().set_modified(later).unwrap();
        assert_eq!(credential.current().expose_secret(), "two");
        std::fs::remove_file(&file).unwrap();
        assert_eq!(credential.current().expose_secret(), "two");
        assert!(!format!("{credential:?}").contains("two"));
    }
}
