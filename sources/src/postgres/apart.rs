//! `apart`: connecting on a thread of its own.
//!
//! To prove its password the driver computes four thousand digests, and after every five of them it gives way to all other tasks: tokio lets
//! whoever gave way go on when nothing else is ready. While requests keep a worker busy that is hardly ever the case, and a connection that
//! takes ten milliseconds took more than two seconds, the longest wait for one. A thread of its own gets its share of the processors.

use std::{future::Future, time::Duration};

use tokio::{runtime::Handle, sync::oneshot};

/// What this future answers, on a thread where it need not wait for the turns of other tasks; an error when it takes longer than `limit`. When
/// nobody waits for it any more it ends at once, and so does its thread: there are only so many.
pub(super) async fn apart<T: Send + 'static>(
    limit: Duration,
    connecting: impl Future<Output = Result<T, sqlx::Error>> + Send + 'static,
) -> Result<T, sqlx::Error> {
    let runtime = Handle::current();
    let (_waits, nobody_waits) = oneshot::channel::<()>();
    let connect = async move {
        tokio::select! {
            biased;
            _ = nobody_waits => Err(sqlx::Error::PoolTimedOut),
            made = tokio::time::timeout(limit, connecting) => made.unwrap_or(Err(sqlx::Error::PoolTimedOut)),
        }
    };
    let made = tokio::task::spawn_blocking(move || runtime.block_on(connect)).await;
    made.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the driver does.
    async fn give_way_often() -> Result<u32, sqlx::Error> {
        for _ in 0..800 {
            tokio::task::yield_now().await;
        }
        Ok(800)
    }

    /// Two tasks that are always ready, so that whoever gives way waits for the moments at which the runtime looks after its timers.
    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn whoever_gives_way_often_gets_on_beside_tasks_that_never_wait() {
        let busy = |name: &'static str| {
            tokio::spawn(async move {
                loop {
                    let begun = std::time::Instant::now();
                    while begun.elapsed() < Duration::from_millis(1) {}
                    // Again at once, but not before the others.
                    let mut is_second = false;
                    std::future::poll_fn(|context| {
                        context.waker().wake_by_ref();
                        match std::mem::replace(&mut is_second, true) {
                            true => std::task::Poll::Ready(name),
                            false => std::task::Poll::Pending,
                        }
                    })
                    .await;
                }
            })
        };
        let (one, other) = (busy("one"), busy("other"));
        let apart = tokio::spawn(apart(Duration::from_secs(60), give_way_often()));
        let within = tokio::spawn(give_way_often());
        assert!(matches!(apart.await, Ok(Ok(800))));
        assert!(!within.is_finished(), "then it need not be done apart");
        one.abort();
        other.abort();
        within.abort();
    }

    #[tokio::test]
    async fn it_ends_when_nobody_waits_any_more_and_when_it_takes_too_long() {
        let late = apart(Duration::from_millis(1), std::future::pending::<Result<(), sqlx::Error>>()).await;
        assert!(matches!(late, Err(sqlx::Error::PoolTimedOut)), "{late:?}");
        let (held, dropped) = oneshot::channel::<()>();
        let connecting = async move {
            let _held = held;
            std::future::pending::<Result<(), sqlx::Error>>().await
        };
        let waiting = tokio::spawn(apart(Duration::from_secs(600), connecting));
        tokio::task::yield_now().await;
        waiting.abort();
        assert!(dropped.await.is_err(), "what it held is given back");
    }
}
