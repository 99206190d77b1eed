//! Which files are read, and in which order.

use std::{fs, path::PathBuf};

use super::{component, sorted};
use crate::catalog::{Limits, read_paths};

#[test]
fn files_are_found_in_order_and_the_unreadable_ones_are_named() {
    let folder: PathBuf = std::env::temp_dir().join(format!("weft-catalog-files-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let write = |path: &str, bytes: &[u8]| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    for (path, name) in
        [("b.yml", "b"), ("a/z.YAML", "z"), (".git/x.yaml", "x"), ("node_modules/y.yaml", "y"), ("c.txt", "c")]
    {
        write(path, component(name).as_bytes());
    }
    write("latin.yaml", b"a: \xe9\n");
    write("large.json", &[b' '; 3_000]);
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder.join("b.yml"), folder.join("link.yaml")).unwrap();

    let limits = Limits { file_bytes_max: 2_000, ..Limits::default() };
    let (documents, refusals) =
        sorted(read_paths(&[folder.clone(), folder.join("c.txt"), folder.join("none")], &limits));
    let (few, refused) = sorted(read_paths(std::slice::from_ref(&folder), &Limits { files_max: 1, ..limits }));
    fs::remove_dir_all(&folder).unwrap();

    assert_eq!(documents.iter().map(|found| found.name.as_str()).collect::<Vec<_>>(), ["z", "b", "c"]);
    let told: Vec<(&str, &str)> =
        refusals.iter().map(|found| (found.target.rsplit('/').next().unwrap(), found.message.as_str())).collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(told[0], ("none", "it cannot be read"));
    assert_eq!(told[1], ("large.json", "it is 3000 bytes long: at most 2000 are read"));
    assert_eq!(told[2], ("latin.yaml", "it is not UTF-8 text"));
    assert!(refusals.iter().all(|found| found.line.is_none()));
    assert!(few.is_empty() && refused[0].message.contains("at most 1"), "{refused:?}");
}
