//! Where things lie.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

/// The folders of one checkout.
pub(crate) struct Place {
    /// The folder of the repository.
    pub(crate) root: PathBuf,
    /// What the load test keeps between runs.
    pub(crate) load: PathBuf,
    /// The gateway's program.
    program: PathBuf,
}

impl Place {
    /// The checkout that this program was built from.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the crate has no folder above")?.to_owned();
        let load = root.join("target/load");
        std::fs::create_dir_all(&load).with_context(|| format!("{} cannot be made", load.display()))?;
        // As it would be shipped.
        let program = root.join("target/release/weft");
        Ok(Self { root, load, program })
    }

    /// The same with another program for the gateway.
    pub(crate) fn with_program(self, program: Option<PathBuf>) -> Self {
        Self { program: program.unwrap_or(self.program), ..self }
    }

    /// The gateway's program.
    pub(crate) fn weft(&self) -> anyhow::Result<&Path> {
        ensure!(self.program.is_file(), "{} is missing: run `make load`", self.program.display());
        Ok(&self.program)
    }

    /// The gateway's configuration.
    pub(crate) fn config(&self) -> PathBuf {
        self.root.join("loadtest/weft.toml")
    }
}
