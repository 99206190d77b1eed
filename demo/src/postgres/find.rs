//! Finds the PostgreSQL server programs of this machine.
//!
//! `PATH` alone is not enough: Debian and Red Hat keep the server programs in a folder per version, outside of it.
//! Nothing is installed here; see [`super::install`].

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The oldest major version the launcher starts.
pub const OLDEST_MAJOR: u32 = 14;

/// Folders beside `PATH`; one `*` per pattern stands for any text within one path segment.
const USUAL_FOLDERS: [&str; 5] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
];

/// One installed server: `postgres`, `initdb` and `pg_ctl` of one version in one folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Folder of the programs, symbolic links resolved.
    pub bin: PathBuf,
    /// Major and minor version, such as `(15, 18)`; a beta counts as minor 0.
    pub version: (u32, u32),
}

impl Server {
    /// Path of one program of this server.
    pub fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// Whether the server can load this library, by its name without ending.
    pub fn has_library(&self, name: &str) -> bool {
        let mut folders = vec![
            self.bin.join("../lib"),
            self.bin.join("../lib/postgresql"),
            self.bin.join("../lib64"),
            self.bin.join("../lib64/pgsql"),
        ];
        // Present only with the development packages, but right wherever it is.
        folders.extend(first_line(&self.program("pg_config"), "--pkglibdir").map(PathBuf::from));
        folders
            .iter()
            .any(|folder| ["so", "dylib"].iter().any(|ending| folder.join(format!("{name}.{ending}")).is_file()))
    }
}

/// Every server from [`OLDEST_MAJOR`] on that answers `--version`, newest first; empty when there is none.
pub fn servers() -> Vec<Server> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found: Vec<Server> = Vec::new();
    for folder in std::env::split_paths(&path).chain(USUAL_FOLDERS.iter().flat_map(|pattern| matches(pattern))) {
        if let Some(server) = server_in(&folder).filter(|server| server.version.0 >= OLDEST_MAJOR)
            && !found.contains(&server)
        {
            found.push(server);
        }
    }
    // Stable: of two equal versions the one earlier in `PATH` stays first.
    found.sort_by_key(|server| std::cmp::Reverse(server.version));
    found
}

fn server_in(folder: &Path) -> Option<Server> {
    // Links in a PATH folder lead to the real one, which also holds what nobody linked.
    let real = folder.join("postgres").canonicalize().ok()?.parent()?.to_path_buf();
    let complete = |bin: &Path| ["postgres", "initdb", "pg_ctl"].iter().all(|name| bin.join(name).is_file());
    let bin = [real, folder.to_path_buf()].into_iter().find(|bin| complete(bin))?;
    let version = parse_version(&first_line(&bin.join("postgres"), "--version")?)?;
    Some(Server { bin, version })
}

fn first_line(program: &Path, argument: &str) -> Option<String> {
    let output = Command::new(program).arg(argument).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.lines().next().unwrap_or_default().trim().to_owned())
}

/// Reads `postgres (PostgreSQL) 15.18 (Debian ...)`, also `17beta1`.
fn parse_version(line: &str) -> Option<(u32, u32)> {
    let number = line.split_once("(PostgreSQL)")?.1.split_whitespace().next()?;
    let major: String = number.chars().take_while(char::is_ascii_digit).collect();
    let rest = number.get(major.len()..)?.trim_start_matches('.');
    let minor: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((major.parse().ok()?, minor.parse().unwrap_or(0)))
}

fn matches(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else { return vec![PathBuf::from(pattern)] };
    let (Some((parent, prefix)), tail) = (before.rsplit_once('/'), after.trim_start_matches('/')) else {
        return Vec::new();
    };
    let Ok(entries) = std::fs::read_dir(parent) else { return Vec::new() };
    let names = entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
    names.map(|entry| entry.path().join(tail)).collect()
}

#[cfg(test)]
mod tests {
    use super::parse_version;

    #[test]
    fn versions_of_every_packager_are_read() {
        assert_eq!(parse_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some((15, 18)));
        assert_eq!(parse_version("postgres (PostgreSQL) 17.2"), Some((17, 2)));
        assert_eq!(parse_version("postgres (PostgreSQL) 18beta1"), Some((18, 0)));
        assert_eq!(parse_version("redis-server 7"), None);
    }
}
