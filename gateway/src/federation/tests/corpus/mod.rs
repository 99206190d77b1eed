//! Small graphs with operations, what composition made of them and how they were planned: what another library for either is held
//! against. README.md says how they are renewed.

mod case;
mod text;

use std::{
    fs,
    path::{Path, PathBuf},
};

use case::Case;

use crate::config::Environment;

/// Set to `write`, what is there is replaced.
const RENEW: &str = "WEFT_GOLDEN";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/federation/tests/corpus")
}

/// The entries of a folder, by name, without what follows the point.
fn entries(folder: &Path) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let mut entries: Vec<_> =
        entries.map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), path)).collect();
    entries.sort();
    entries
}

fn cases() -> Vec<(String, PathBuf)> {
    entries(&folder()).into_iter().filter(|(_, path)| path.is_dir()).collect()
}

/// What is made of a case: files and their contents.
fn made(path: &Path) -> Vec<(PathBuf, String)> {
    let case = Case::read(path);
    let graphs = [("supergraph.graphql", case.supergraph()), ("public.graphql", case.public())];
    let mut made: Vec<_> = graphs.into_iter().map(|(name, text)| (path.join(name), text.to_owned())).collect();
    for (name, file) in entries(&path.join("operations")) {
        made.push((path.join(format!("plans/{name}.txt")), case.plan(&fs::read_to_string(file).unwrap())));
    }
    made
}

#[test]
fn graphs_and_plans_are_what_they_were() {
    let is_renewed = Environment::of_process().get(RENEW).as_deref() == Some("write");
    let (mut differ, mut compared) = (Vec::new(), 0);
    for (_, path) in cases() {
        let made = made(&path);
        if is_renewed {
            let _ = fs::remove_dir_all(path.join("plans"));
            fs::create_dir_all(path.join("plans")).unwrap();
        }
        for (file, text) in &made {
            compared += 1;
            if is_renewed {
                fs::write(file, text).unwrap();
            } else if fs::read_to_string(file).unwrap_or_default() != *text {
                let there = file.strip_prefix(folder()).unwrap().display();
                differ.push(format!("{there} is now:\n{text}"));
            }
        }
        for (_, file) in entries(&path.join("plans")) {
            if !made.iter().any(|(known, _)| *known == file) {
                differ.push(format!("{} is of no operation", file.display()));
            }
        }
    }
    assert!(compared > 30, "{compared} files are not the corpus");
    let renew =
        format!("if that is meant: {RENEW}=write cargo nextest run -p gateway -E 'test(federation::tests::corpus)'");
    assert!(differ.is_empty(), "{}\n{renew}", differ.join("\n"));
}

#[test]
fn the_same_is_made_each_time() {
    for (name, path) in cases() {
        let first = made(&path);
        for _ in 0..3 {
            assert!(made(&path) == first, "{name} comes out differently");
        }
    }
}
