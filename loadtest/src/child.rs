//! Processes of the load test. Each ends with its handle, whatever happens to the run.

use std::{path::Path, process::Stdio, time::Duration};

use anyhow::{Context, ensure};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

/// How long a process may take to end by itself.
const GRACE: Duration = Duration::from_secs(5);

/// A running process; killed when dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) pid: u32,
}

impl Process {
    /// Starts a program; what it says on standard error goes into the file `log`.
    pub(crate) fn start(command: &mut Command, log: &Path) -> anyhow::Result<Self> {
        let name = command.as_std().get_program().to_string_lossy().into_owned();
        let log = std::fs::File::create(log).with_context(|| format!("{} cannot be written", log.display()))?;
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true).spawn();
        let child = child.with_context(|| format!("{name} cannot be started"))?;
        let pid = child.id().with_context(|| format!("{name} ended at once"))?;
        Ok(Self { child, pid })
    }

    /// The first line it prints.
    pub(crate) async fn first_line(&mut self, wait: Duration) -> anyhow::Result<String> {
        let output = self.child.stdout.take().context("its output is read already")?;
        let mut lines = BufReader::new(output).lines();
        timeout(wait, lines.next_line()).await.context("it does not say that it is ready")??.context("it ended early")
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until it ends by itself.
    pub(crate) async fn finished(mut self) -> anyhow::Result<()> {
        // What it prints is of no interest, but a full pipe would stop it.
        if let Some(mut output) = self.child.stdout.take() {
            tokio::io::copy(&mut output, &mut tokio::io::sink()).await?;
        }
        ensure!(self.child.wait().await?.success(), "it failed; see its log in target/load");
        Ok(())
    }

    /// Ends it at once and waits until it is gone.
    pub(crate) async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("a process cannot be killed")
    }

    /// Kills it in this moment: nothing is told beforehand, and it ends where it stands.
    pub(crate) fn kill_now(&mut self) {
        // It may have ended by itself, which is the same to whoever waits for its end.
        let _ = self.child.start_kill();
    }

    /// Waits until it has ended, however that came.
    pub(crate) async fn ended(mut self) -> anyhow::Result<()> {
        self.child.wait().await?;
        Ok(())
    }

    /// Asks it to end, and waits for that so long; it may take all of it, but not more.
    pub(crate) async fn ended_in_order(mut self, within: Duration) -> anyhow::Result<()> {
        Command::new("kill").arg(self.pid.to_string()).status().await?;
        let ended = timeout(within, self.child.wait()).await.context("it does not end")??;
        ensure!(ended.success(), "it ended with {ended}");
        Ok(())
    }

    /// Asks it to end, and ends it after a while.
    pub(crate) async fn stop(mut self) {
        let _ = Command::new("kill").arg(self.pid.to_string()).status().await;
        if timeout(GRACE, self.child.wait()).await.is_err() {
            let _ = self.child.kill().await;
        }
    }
}
