//! Waiting for what happens behind a request and has no other sign.

use std::time::Duration;

/// Longest that anything here may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Looks again and again until `found` finds something; `what` is told when it never does.
pub async fn until<T>(what: &str, found: impl AsyncFnMut() -> Option<T>) -> T {
    until_within(PATIENCE, what, found).await
}

/// As [`until`], for what may take longer or must not take so long.
pub async fn until_within<T>(patience: Duration, what: &str, mut found: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(found) = found().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(patience, looking).await.unwrap_or_else(|_| panic!("never: {what}"))
}
