//! The calls of `initdb` and `pg_ctl`. Each failure carries what the program and the server's log said last.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail, ensure};

use super::find::Server;
use super::place::Place;
use super::process::running;

/// How much of the server's log an error repeats.
const TAIL_LINES: usize = 20;

/// Creates the data folder if there is none yet.
pub(super) async fn create(place: &Place, server: &Server, is_durable: bool) -> anyhow::Result<()> {
    let (data, draft) = (place.data(), place.root.join("data.new"));
    if data.exists() {
        return Ok(());
    }
    // Built under another name: an initdb that was killed leaves a folder that looks whole.
    if draft.exists() {
        std::fs::remove_dir_all(&draft).with_context(|| format!("cannot delete {}", draft.display()))?;
    }
    place.password()?;
    let mut command = place.user.command(server.program("initdb"));
    command.args(["-U", "weft", "-E", "UTF8", "--locale=C", "--auth-local=reject", "--auth-host=scram-sha-256"]);
    command.arg("--no-instructions").arg("--pwfile").arg(place.root.join("password")).arg("-D").arg(&draft);
    if !is_durable {
        command.arg("--no-sync");
    }
    run(command).await.context("cannot create the PostgreSQL data folder")?;
    std::fs::rename(&draft, &data).with_context(|| format!("cannot create {}", data.display()))
}

/// Starts the server with these settings and returns once it accepts connections.
pub(super) async fn start(place: &Place, server: &Server, settings: &str) -> anyhow::Result<()> {
    // A log per start: the tail in an error is of this one.
    let _ = std::fs::remove_file(place.log());
    let mut command = place.user.command(server.program("pg_ctl"));
    command.arg("start").arg("-D").arg(place.data()).arg("-l").arg(place.log());
    command.args(["-w", "-s", "-t", "60", "-o", settings]);
    let started = run(command).await;
    started.with_context(|| format!("PostgreSQL does not start; its log ends with:\n{}", tail(&place.log())))
}

/// Stops the server if it runs: politely for four seconds, then at once.
pub(super) async fn stop(place: &Place, server: &Server) -> anyhow::Result<()> {
    for mode in ["fast", "immediate"] {
        if running(place).is_none() || run(stop_command(place, server, mode)).await.is_ok() {
            return Ok(());
        }
    }
    ensure!(running(place).is_none(), "PostgreSQL does not stop; its log ends with:\n{}", tail(&place.log()));
    Ok(())
}

/// The same without a runtime, for `Drop`.
pub(super) fn stop_now(place: &Place, server: &Server) {
    if running(place).is_some() {
        let _ = stop_command(place, server, "immediate").output();
    }
}

fn stop_command(place: &Place, server: &Server, mode: &str) -> Command {
    let mut command = place.user.command(server.program("pg_ctl"));
    command.arg("stop").arg("-D").arg(place.data()).args(["-s", "-t", "4", "-m", mode]);
    command
}

async fn run(command: Command) -> anyhow::Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = tokio::process::Command::from(command).output().await;
    let output = output.with_context(|| format!("cannot run {name}"))?;
    if !output.status.success() {
        bail!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

fn tail(log: &Path) -> String {
    let text = std::fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines.get(lines.len().saturating_sub(TAIL_LINES)..).unwrap_or_default().join("\n")
}
