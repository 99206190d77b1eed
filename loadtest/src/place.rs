//! Where things lie.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

/// The folders of one checkout.
pub(crate) struct Place {
    /// The folder of the repository.
    pub(crate) root: PathBuf,
    /// What the load test keeps between runs.
    pub(crate) load: PathBuf,
}

impl Place {
    /// The checkout that this program was built from.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the crate has no folder above")?.to_owned();
        let load = root.join("target/load");
        std::fs::create_dir_all(&load).with_context(|| format!("{} cannot be made", load.display()))?;
        Ok(Self { root, load })
    }

    /// The gateway's program, as it would be shipped.
    pub(crate) fn weft(&self) -> anyhow::Result<PathBuf> {
        let program = self.root.join("target/release/weft");
        ensure!(program.is_file(), "{} is missing: run `make load`", program.display());
        Ok(program)
    }

    /// The gateway's configuration.
    pub(crate) fn config(&self) -> PathBuf {
        self.root.join("loadtest/weft.toml")
    }
}
