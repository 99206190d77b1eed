//! Finds catalog files below paths, in path order.

use std::{
    fs,
    path::{Path, PathBuf},
};

use walkdir::{DirEntry, WalkDir};

use super::{Limits, Outcome, Refusal, read_text};

/// Deepest folder that is looked into.
const FOLDERS_DEEP_MAX: usize = 64;

/// Reads every `*.yaml`, `*.yml` and `*.json` below the paths; a path that is a file is read whatever its name. Symbolic links
/// below a path are not followed: they could lead anywhere.
pub fn read_paths(paths: &[PathBuf], limits: &Limits) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let mut files = Vec::new();
    for path in paths {
        find(path, &mut files, &mut outcomes);
    }
    files.sort();
    files.dedup();
    if files.len() > limits.files_max {
        let target = paths.first().map(|path| path.display().to_string()).unwrap_or_default();
        let message = format!("{} files were found: at most {} are read", files.len(), limits.files_max);
        return vec![Outcome::Refused(Refusal::of_file(&target, message))];
    }
    for file in files {
        let target = file.display().to_string();
        match read_file(&file, limits) {
            Ok(text) => outcomes.extend(read_text(&target, &text, limits)),
            Err(message) => outcomes.push(Outcome::Refused(Refusal::of_file(&target, message))),
        }
    }
    outcomes
}

fn find(path: &Path, files: &mut Vec<PathBuf>, outcomes: &mut Vec<Outcome>) {
    let walk = WalkDir::new(path).max_depth(FOLDERS_DEEP_MAX).sort_by_file_name();
    for entry in walk.into_iter().filter_entry(|entry| entry.depth() == 0 || !is_skipped(entry)) {
        match entry {
            Ok(entry) if entry.file_type().is_file() && (entry.depth() == 0 || is_catalog_file(entry.path())) => {
                files.push(entry.into_path());
            }
            Ok(_) => {}
            Err(error) => {
                let target = error.path().unwrap_or(path).display().to_string();
                outcomes.push(Outcome::Refused(Refusal::of_file(&target, "it cannot be read")));
            }
        }
    }
}

/// Folders that never hold catalog files, and can hold very many others.
fn is_skipped(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    entry.file_type().is_dir() && (name.starts_with('.') || name == "node_modules")
}

fn is_catalog_file(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

fn read_file(path: &Path, limits: &Limits) -> Result<String, String> {
    let length = fs::metadata(path).map_err(|error| format!("it cannot be read: {error}"))?.len();
    if length > limits.file_bytes_max {
        return Err(format!("it is {length} bytes long: at most {} are read", limits.file_bytes_max));
    }
    let bytes = fs::read(path).map_err(|error| format!("it cannot be read: {error}"))?;
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())
}
