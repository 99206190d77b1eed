//! How much memory is left: what this process takes, beside what it may take.

use std::{fs, path::Path};

/// What is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Memory {
    /// Enough.
    Enough,
    /// Little: what is kept for later goes, and machines wait.
    Short,
    /// Nothing: nobody is admitted.
    Out,
}

/// At this part of the limit memory is short.
const SHORT_FROM: f64 = 0.85;
/// At this part it is out.
const OUT_FROM: f64 = 0.95;

impl Memory {
    /// Of so many bytes that may be taken so many are.
    pub fn of(taken: u64, limit: u64) -> Self {
        let share = if limit == 0 { 0.0 } else { taken as f64 / limit as f64 };
        match share {
            share if share >= OUT_FROM => Self::Out,
            share if share >= SHORT_FROM => Self::Short,
            _ => Self::Enough,
        }
    }
}

/// What this process has in memory, in bytes; none where the system does not tell.
pub fn taken() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// What a container may take, in bytes; none where there is no limit or no container.
pub fn limit_of_container() -> Option<u64> {
    ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        .iter()
        .find_map(|path| fs::read_to_string(Path::new(path)).ok()?.trim().parse().ok())
        // Without a limit the older form tells a number beyond all memory.
        .filter(|limit: &u64| *limit < 1 << 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_in_three_steps() {
        assert_eq!(
            [849, 850, 949, 950].map(|taken| Memory::of(taken, 1_000)),
            [Memory::Enough, Memory::Short, Memory::Short, Memory::Out]
        );
        assert_eq!(Memory::of(u64::MAX, 0), Memory::Enough, "without a limit there is always enough");
    }

    #[test]
    fn this_process_takes_something() {
        assert!(taken().is_none_or(|taken| taken > 1 << 20));
    }
}
