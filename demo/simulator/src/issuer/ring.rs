//! The published keys, in the order they were made, and the directory they may be kept in.
//!
//! A file is named `<number>.<algorithm>.p8`; the highest number of an algorithm is the key that signs.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, anyhow, bail};
use serde_json::{Value, json};

use super::key::{Algorithm, SigningKey};

pub(super) struct KeyRing {
    dir: Option<PathBuf>,
    /// Oldest first, at least one of each algorithm.
    keys: Vec<Entry>,
}

struct Entry {
    number: u32,
    key: Arc<SigningKey>,
}

impl KeyRing {
    pub(super) fn load_or_generate(dir: Option<&Path>) -> anyhow::Result<Self> {
        let mut ring = Self { dir: dir.map(Path::to_owned), keys: Vec::new() };
        if let Some(dir) = dir {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(dir)
                .with_context(|| format!("cannot create {}", dir.display()))?;
            ring.keys = load(dir)?;
        }
        for algorithm in Algorithm::ALL {
            if !ring.keys.iter().any(|entry| entry.key.algorithm() == algorithm) {
                ring.rotate(algorithm)?;
            }
        }
        Ok(ring)
    }

    pub(super) fn rotate(&mut self, algorithm: Algorithm) -> anyhow::Result<String> {
        let key = Arc::new(SigningKey::generate(algorithm)?);
        let number = self.keys.last().map_or(1, |entry| entry.number + 1);
        if let Some(dir) = &self.dir {
            let path = file(dir, number, algorithm);
            write_private(&path, &key.to_pkcs8()?).with_context(|| format!("cannot write {}", path.display()))?;
        }
        let kid = key.kid.clone();
        self.keys.push(Entry { number, key });
        Ok(kid)
    }

    pub(super) fn retire(&mut self, kid: &str) -> anyhow::Result<()> {
        let (number, algorithm) = self
            .keys
            .iter()
            .find(|entry| entry.key.kid == kid)
            .map(|entry| (entry.number, entry.key.algorithm()))
            .ok_or_else(|| anyhow!("no key is called {kid}"))?;
        if self.keys.iter().filter(|entry| entry.key.algorithm() == algorithm).count() == 1 {
            bail!("{kid} is the last key for {}; rotate first", algorithm.name());
        }
        if let Some(dir) = &self.dir {
            let path = file(dir, number, algorithm);
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
        self.keys.retain(|entry| entry.number != number);
        Ok(())
    }

    pub(super) fn active(&self, algorithm: Algorithm) -> Arc<SigningKey> {
        let newest = self.keys.iter().rev().find(|entry| entry.key.algorithm() == algorithm);
        newest.map(|entry| entry.key.clone()).expect("a ring starts with a key of each algorithm and keeps the last")
    }

    pub(super) fn kids(&self) -> Vec<String> {
        self.keys.iter().map(|entry| entry.key.kid.clone()).collect()
    }

    pub(super) fn jwks(&self) -> Value {
        json!({ "keys": self.keys.iter().map(|entry| entry.key.jwk()).collect::<Vec<_>>() })
    }
}

fn file(dir: &Path, number: u32, algorithm: Algorithm) -> PathBuf {
    dir.join(format!("{number:04}.{}.p8", algorithm.name()))
}

fn load(dir: &Path) -> anyhow::Result<Vec<Entry>> {
    let mut keys = Vec::new();
    for item in fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))? {
        let path = item?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some((number, algorithm)) = name.strip_suffix(".p8").and_then(|stem| stem.split_once('.')) else {
            continue;
        };
        let algorithm = Algorithm::ALL.into_iter().find(|known| known.name() == algorithm);
        let (Ok(number), Some(algorithm)) = (number.parse(), algorithm) else { continue };
        let der = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let key = SigningKey::from_pkcs8(algorithm, &der).with_context(|| format!("{} is no key", path.display()))?;
        keys.push(Entry { number, key: Arc::new(key) });
    }
    keys.sort_by_key(|entry| entry.number);
    Ok(keys)
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(bytes)
}
