//! Keeps a connection in the background, so that no request waits for one.

use std::time::Duration;

use redis::cmd;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{Redis, handle::show_up};

/// The first wait before another try; doubled up to the breaker's `open_for`.
const RETRY_MIN: Duration = Duration::from_millis(100);
/// How often evictions are told that could not be told at once.
const TELL_EVERY: Duration = Duration::from_secs(1);

impl Redis {
    /// Connects and keeps the connection and the subscription until the end. Returns once both stand, or after the time for
    /// a connection: a Redis that is away does not keep anybody from starting.
    pub async fn start(&self, tasks: &mut JoinSet<()>, ended: watch::Receiver<bool>) {
        show_up(false);
        let (ready, mut connected) = watch::channel(false);
        let (heard, mut subscribed) = watch::channel(false);
        tasks.spawn(self.clone().keep(ready, ended.clone()));
        tasks.spawn(self.clone().listen(heard, ended));
        let both = async {
            // A task that ended has nothing to wait for.
            let _ = connected.wait_for(|is_ready| *is_ready).await;
            let _ = subscribed.wait_for(|is_ready| *is_ready).await;
        };
        match timeout(self.0.config.connect_timeout, both).await {
            Ok(()) => tracing::info!(address = self.address(), "Redis is the second level of the caches"),
            Err(_) => tracing::warn!(address = self.address(), "Redis is configured and away: caches are in process"),
        }
    }

    async fn keep(self, ready: watch::Sender<bool>, mut ended: watch::Receiver<bool>) {
        let open_for = self.0.config.breaker.open_for.max(RETRY_MIN);
        let mut pause = RETRY_MIN;
        loop {
            let attempt = tokio::select! {
                attempt = self.connect_well() => attempt,
                _ = ended.changed() => return,
            };
            if attempt.is_ok() {
                pause = RETRY_MIN;
                if *ready.borrow() {
                    tracing::info!(address = self.address(), "Redis is back");
                }
                ready.send_replace(true);
                loop {
                    self.tell_untold().await;
                    self.count_replicas().await;
                    tokio::select! {
                        () = self.0.lost.notified() => break,
                        () = sleep(TELL_EVERY) => {}
                        _ = ended.changed() => return self.leave_replicas().await,
                    }
                }
                tracing::warn!(address = self.address(), "Redis is lost");
                if self.0.breaker.is_open() {
                    pause = open_for;
                }
            } else if let Err(error) = attempt {
                tracing::debug!(error, "Redis is away");
            }
            tokio::select! {
                () = sleep(pause) => {}
                _ = ended.changed() => return,
            }
            pause = (pause * 2).min(open_for);
        }
    }

    /// A connection counts once a command was answered on it in time.
    async fn connect_well(&self) -> Result<(), String> {
        let mut link = self.connect().await?;
        let ping = cmd("PING");
        match timeout(self.0.config.connect_timeout, link.query::<String>(&ping)).await {
            Ok(Ok(_)) => {
                self.set_link(link);
                Ok(())
            }
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("no answer".to_owned()),
        }
    }
}
