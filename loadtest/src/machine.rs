//! Where a run took place: figures of two machines cannot be compared, their ratios mostly can.

use std::{fs, path::Path, process::Command};

use serde::Serialize;

use crate::cpu::load_average;

/// The machine, and how busy it was with other things.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Machine {
    processor: String,
    pub(crate) processors: usize,
    memory_gib: f64,
    kernel: String,
    /// The average over a minute before anything was measured.
    pub(crate) load_before: f64,
    pub(crate) load_after: f64,
}

impl Machine {
    /// This machine, now.
    pub(crate) fn look() -> Self {
        let line = |file: &str, name: &str| {
            let text = fs::read_to_string(file).unwrap_or_default();
            let found = text.lines().find_map(|line| line.strip_prefix(name)?.split_once(':'));
            found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
        };
        let kib: f64 =
            line("/proc/meminfo", "MemTotal").split(' ').next().and_then(|kib| kib.parse().ok()).unwrap_or(0.0);
        Self {
            processor: line("/proc/cpuinfo", "model name"),
            processors: std::thread::available_parallelism().map_or(0, usize::from),
            memory_gib: kib / 1_048_576.0,
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned(),
            load_before: load_average(),
            load_after: 0.0,
        }
    }
}

/// The commit of a checkout; with a plus sign when something in it was changed since.
pub(crate) fn commit(root: &Path) -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").arg("-C").arg(root).args(arguments).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let head = git(&["rev-parse", "--short", "HEAD"]).unwrap_or_default();
    let is_changed = git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|text| !text.is_empty());
    if is_changed { format!("{head}+") } else { head }
}
