//! `Folder`: where the files of one export lie while it is taken over. It goes with whoever has it.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use uuid::Uuid;

/// What the names of these folders begin with.
const PREFIX: &str = "weft-cost-";

/// Older ones are left from a process that was killed: no export takes so long.
const LIFE_MAX: Duration = Duration::from_secs(2 * 86_400);

/// A folder that nobody else may read.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(below: &Path) -> io::Result<Self> {
        let path = below.join(format!("{PREFIX}{}", Uuid::new_v4()));
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!(folder = %self.0.display(), %error, "the files of an export cannot be removed");
        }
    }
}

/// Removes what processes that were killed have left.
pub(super) fn clear(below: &Path) {
    let Ok(entries) = fs::read_dir(below) else { return };
    for entry in entries.flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let age =
            entry.metadata().ok().filter(fs::Metadata::is_dir).and_then(|kind| kind.modified().ok()?.elapsed().ok());
        if is_ours && age.is_some_and(|age| age > LIFE_MAX) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_goes_with_all_that_is_in_it() {
        let folder = Folder::new(&std::env::temp_dir()).unwrap();
        let path = folder.path().to_owned();
        fs::write(path.join("part_0.csv"), "x").unwrap();
        clear(&std::env::temp_dir());
        assert!(path.is_dir(), "it is new");
        drop(folder);
        assert!(!path.exists());
    }
}
