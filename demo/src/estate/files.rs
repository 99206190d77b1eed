//! The estate on disk. A file that says the right thing already is left alone, so that whoever watches the folder
//! sees only what changed. Nothing but catalog files is ever removed.

use std::{
    borrow::Cow,
    collections::HashSet,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::yaml::Entity;

/// Makes `folder` hold these files, and no catalog file of an earlier estate. One file at a time is in memory.
pub(super) fn write<'a>(folder: &Path, files: impl Iterator<Item = (String, Cow<'a, [Entity]>)>) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let mut written = HashSet::new();
    for (name, entities) in files {
        let text = entities.iter().map(Entity::to_yaml).collect::<Vec<_>>().join("---\n");
        let path = folder.join(format!("{name}.yaml"));
        let before = match fs::read(&path) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
        };
        if before.as_deref() != Some(text.as_bytes()) {
            fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
        }
        written.insert(path);
    }
    remove_others(folder, &written)
}

fn remove_others(folder: &Path, known: &HashSet<PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = entry?.path();
        let is_catalog = path.is_file() && path.extension().is_some_and(|extension| extension == "yaml");
        if is_catalog && !known.contains(&path) {
            fs::remove_file(&path).with_context(|| format!("{} cannot be removed", path.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{DEFAULT_TENANT, Estate};
    use super::*;

    #[test]
    fn only_what_differs_is_written_and_only_stale_catalog_files_go() {
        let folder = std::env::temp_dir().join(format!("weft-estate-files-{}", std::process::id()));
        let tenant = folder.join(DEFAULT_TENANT);
        Estate::generated(10).write(&folder).unwrap();
        assert!(tenant.join("fleet-0000.yaml").exists());
        fs::write(tenant.join("notes.txt"), "mine").unwrap();
        fs::write(tenant.join("domains.yaml"), "spoiled").unwrap();
        let written_at = |name: &str| fs::metadata(tenant.join(name)).unwrap().modified().unwrap();
        let before = written_at("organisation.yaml");

        Estate::standard().write(&folder).unwrap();
        assert!(!tenant.join("fleet-0000.yaml").exists(), "a stale file is removed");
        assert!(tenant.join("notes.txt").exists(), "what is no catalog file is not ours");
        assert_ne!(fs::read_to_string(tenant.join("domains.yaml")).unwrap(), "spoiled");
        assert_eq!(written_at("organisation.yaml"), before, "the same content is not written again");
        fs::remove_dir_all(&folder).unwrap();
    }
}
