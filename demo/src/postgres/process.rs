//! Which processes belong to a data folder. A number in a file proves nothing, so we look at the process itself.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::place::Place;

/// The process id of the server, if it lives.
///
/// Not `pg_ctl status`, which believes any process of that number, nor `pg_ctl stop` on trust, which would signal it:
/// after a reboot the number in a stale file may be the caller's shell. A stale file is deleted.
pub(super) fn running(place: &Place) -> Option<u32> {
    let file = place.data().join("postmaster.pid");
    let pid: u32 = fs::read_to_string(&file).ok()?.lines().next()?.trim().parse().ok()?;
    let is_ours = command_line(pid).is_some_and(|line| line.contains(&*place.data().to_string_lossy()));
    if !is_ours {
        let _ = fs::remove_file(&file);
    }
    is_ours.then_some(pid)
}

/// Kills the children of a server that was killed itself: one in a long query would keep the next server from starting.
///
/// Call it only while no server runs. Finds nothing outside Linux; there the next start waits for them instead.
pub(super) fn end_orphans(place: &Place) {
    let is_ours = |pid: u32| {
        // A server works in its data folder; the second test spares a shell that somebody opened there.
        fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|folder| folder == place.data())
            && command_line(pid).is_some_and(|line| line.starts_with("postgres:"))
    };
    let Ok(entries) = fs::read_dir("/proc") else { return };
    let numbers = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let orphans: Vec<String> = numbers.filter(|pid| is_ours(*pid)).map(|pid: u32| pid.to_string()).collect();
    if !orphans.is_empty() {
        // The shell's own `kill`: a slim image has no program of that name.
        let _ = Command::new("sh").args(["-c", r#"kill -9 "$@""#, "sh"]).args(orphans).output();
    }
}

fn command_line(pid: u32) -> Option<String> {
    let bytes = if Path::new("/proc/self").exists() {
        fs::read(format!("/proc/{pid}/cmdline")).ok()?
    } else {
        Command::new("ps").args(["-ww", "-o", "command=", "-p", &pid.to_string()]).output().ok()?.stdout
    };
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
