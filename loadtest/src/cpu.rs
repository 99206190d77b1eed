//! What processes used, as the kernel counts it. Finds nothing outside Linux; figures are then zero.

use std::{fs, path::Path};

/// The kernel counts in hundredths of a second on every usual machine.
const TICKS_PER_SECOND: f64 = 100.0;

/// Processor time of one process so far, in seconds.
pub(crate) fn of_process(pid: u32) -> f64 {
    stat(pid).map_or(0.0, |stat| stat.seconds)
}

/// Processor time of this process so far: of the client.
pub(crate) fn of_self() -> f64 {
    of_process(std::process::id())
}

/// Processor time of all processes that this one started and that have ended.
pub(crate) fn of_ended_children() -> f64 {
    stat(std::process::id()).map_or(0.0, |stat| stat.children_seconds)
}

/// Processor time of a Postgres so far: the server and all that serve or served its connections.
pub(crate) fn of_postgres(data: &Path) -> f64 {
    let pid = fs::read_to_string(data.join("postmaster.pid")).ok();
    let Some(parent) = pid.and_then(|text| text.lines().next()?.trim().parse::<u32>().ok()) else { return 0.0 };
    let Ok(entries) = fs::read_dir("/proc") else { return 0.0 };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let seconds = |pid: u32| {
        let stat = stat(pid)?;
        match pid == parent {
            true => Some(stat.seconds + stat.children_seconds),
            false => (stat.parent == parent).then_some(stat.seconds),
        }
    };
    pids.filter_map(seconds).sum()
}

/// A line of `/proc/<pid>/status` such as `VmHWM`, in MiB.
pub(crate) fn memory_mib(pid: u32, line: &str) -> f64 {
    let Ok(status) = fs::read_to_string(format!("/proc/{pid}/status")) else { return 0.0 };
    let found = status.lines().find_map(|text| text.strip_prefix(line)?.strip_prefix(':'));
    let kib: f64 = found.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0.0);
    kib / 1024.0
}

/// How many processes wanted to run lately: the machine's own average over a minute.
pub(crate) fn load_average() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().and_then(|first| first.parse().ok()).unwrap_or(0.0)
}

struct Stat {
    parent: u32,
    seconds: f64,
    children_seconds: f64,
}

fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before may hold anything, parentheses too.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |place: usize| fields.get(place)?.parse::<f64>().ok();
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        seconds: (number(11)? + number(12)?) / TICKS_PER_SECOND,
        children_seconds: (number(13)? + number(14)?) / TICKS_PER_SECOND,
    })
}
