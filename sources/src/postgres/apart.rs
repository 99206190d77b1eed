//! `apart`: connecting on a thread of its own.
//!
//! To prove its password the driver computes four thousand digests, and after every five of them it gives way to all other tasks: tokio lets
//! whoever gave way go on when nothing else is ready. While requests keep a worker busy that is hardly ever the case, and a connection that
//! takes ten milliseconds took more than two seconds, the longest wait for one. A thread of its own gets its share of the processors.

use std::future::Future;

use tokio::runtime::Handle;

/// What this future answers, of which the worker's other tasks do not wait for each other's turns. Given up, it goes on to its end, and what it
/// made is dropped.
pub(super) async fn apart<T: Send + 'static>(
    connecting: impl Future<Output = Result<T, sqlx::Error>> + Send + 'static,
) -> Result<T, sqlx::Error> {
    let runtime = Handle::current();
    let made = tokio::task::spawn_blocking(move || runtime.block_on(connecting)).await;
    made.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
        let apart = tokio::spawn(apart(give_way_often()));
        let within = tokio::spawn(give_way_often());
        assert_eq!(apart.await.unwrap().unwrap(), 800);
        assert!(!within.is_finished(), "then it need not be done apart");
        one.abort();
        other.abort();
        within.abort();
    }
}
