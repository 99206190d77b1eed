//! Every payload of the contract data is read by a test, or listed with the reason why it is not.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use walkdir::WalkDir;

/// A line of the list: which files, and the test that reads them; none where they are not read for a reason.
struct Line<'a> {
    files: &'a str,
    test: Option<&'a str>,
}

fn lines() -> Vec<Line<'static>> {
    let text = include_str!("contract_payloads.txt").lines();
    let entries = text.filter(|line| !line.is_empty() && !line.starts_with('#'));
    entries
        .map(|line| {
            let (files, what) = line.split_once('|').unwrap_or_else(|| panic!("no `|` in: {line}"));
            let reason = what.trim().strip_prefix("not read:");
            assert!(reason.is_none_or(|reason| reason.trim().len() > 4), "no reason in: {line}");
            Line { files: files.trim(), test: reason.is_none().then_some(what.trim()) }
        })
        .collect()
}

impl Line<'_> {
    fn fits(&self, path: &str) -> bool {
        let (beginning, inside) = self.files.split_once('*').unwrap_or((self.files, ""));
        path.starts_with(beginning) && path.contains(inside)
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = WalkDir::new(folder).into_iter().filter_map(Result::ok);
    entries.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path).collect()
}

#[test]
fn every_payload_is_read_or_listed_with_the_reason() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/contracts");
    if !root.is_dir() {
        println!("skipped: {} is not there", root.display());
        return;
    }
    let lines = lines();
    let mut used = BTreeSet::new();
    for file in files_below(&root) {
        let path = file.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
        let fitting = lines.iter().filter(|line| line.fits(&path));
        let line = fitting.max_by_key(|line| line.files.len()).unwrap_or_else(|| panic!("{path} is not listed"));
        used.insert(line.files);
    }
    let unused: Vec<_> = lines.iter().map(|line| line.files).filter(|files| !used.contains(files)).collect();
    assert!(unused.is_empty(), "there is nothing of: {unused:?}");
}

#[test]
fn every_test_that_is_named_is_there() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = [here.join("src"), here.join("tests"), here.join("../demo/simulator/tests")];
    let code: String = folders
        .iter()
        .flat_map(|folder| files_below(folder))
        .filter(|file| file.extension().is_some_and(|extension| extension == "rs"))
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect();
    for test in lines().iter().filter_map(|line| line.test) {
        assert!(code.contains(&format!("fn {test}(")), "there is no test `{test}`");
    }
}
