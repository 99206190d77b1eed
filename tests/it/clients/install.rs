//! The packages of the clients: what the lock file names, installed once for all tests.

use std::{
    fs::{self, File},
    path::Path,
    process::{Output, Stdio},
    time::Duration,
};

use tokio::{process::Command, time::timeout};

/// More than any of them takes on a slow machine, the first installation included.
const LONGEST: Duration = Duration::from_secs(540);

/// Signs, in what npm writes, that the registry cannot be reached; anything else is a failure of ours.
const UNREACHABLE: [&str; 6] = ["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH"];

/// Installs what the lock file names, unless that is done; one process at a time.
pub(super) async fn install(folder: &Path) -> Result<(), String> {
    for tool in ["node", "npm"] {
        if run(Command::new(tool).arg("--version")).await.is_none() {
            return Err(format!("`{tool}` is not installed"));
        }
    }
    let guard = File::create(folder.join(".npm-ci.lock")).unwrap();
    let guard = tokio::task::spawn_blocking(move || guard.lock().map(|()| guard)).await.unwrap().unwrap();
    let wanted = fs::read(folder.join("package-lock.json")).unwrap();
    let stamp = folder.join("node_modules/.installed-from");
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]).current_dir(folder);
    // Of npm's own patience, minutes for each test, a second is enough.
    npm.args(["--fetch-retries=1", "--fetch-retry-mintimeout=1000"]);
    let output = run(&mut npm).await.expect("npm runs");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        assert!(UNREACHABLE.iter().any(|sign| told.contains(sign)), "npm ci: {told}");
        return Err(format!("the packages cannot be installed: {told}"));
    }
    fs::write(&stamp, &wanted).unwrap();
    drop(guard);
    Ok(())
}

/// What a command wrote; none when there is no such command.
pub(super) async fn run(command: &mut Command) -> Option<Output> {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn();
    let child = child.ok()?;
    Some(timeout(LONGEST, child.wait_with_output()).await.expect("an end in good time").expect("a status"))
}
