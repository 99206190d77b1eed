//! Requests at a fixed rate, whatever became of those before them.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use hyper::StatusCode;
use tokio::{task::JoinSet, time::Instant};

use crate::client::{Connection, Target};

/// What came back.
pub(crate) struct Reply {
    /// Which of the targets was asked.
    pub(crate) caller: usize,
    /// From when the request should have been sent.
    pub(crate) latency: Duration,
    /// Status and body; none when no answer came.
    pub(crate) answer: Option<(StatusCode, Bytes)>,
}

/// Asks the targets in turn, `rate` times a second for so long, and waits for every answer.
pub(crate) async fn paced(targets: &[Arc<Target>], rate: f64, lasting: Duration) -> Vec<Reply> {
    let planned = (rate * lasting.as_secs_f64()) as usize;
    let pools: Vec<Pool> = targets.iter().map(|_| Pool::default()).collect();
    let started = Instant::now();
    let mut asking = JoinSet::new();
    for number in 0..planned {
        let intended = started + Duration::from_secs_f64(number as f64 / rate);
        tokio::time::sleep_until(intended).await;
        let caller = number % targets.len().max(1);
        let (Some(target), Some(pool)) = (targets.get(caller), pools.get(caller)) else { continue };
        let (target, pool) = (Arc::clone(target), pool.clone());
        asking.spawn(async move {
            let answer = pool.exchange(&target, number / 2).await.ok();
            Reply { caller, latency: intended.elapsed(), answer }
        });
    }
    asking.join_all().await
}

/// Kept connections to one target; as many as answers are awaited at the same time.
#[derive(Clone, Default)]
pub(crate) struct Pool(Arc<Mutex<Vec<Connection>>>);

impl Pool {
    /// Sends one of the target's requests; answers what came, whatever it is.
    pub(crate) async fn exchange(&self, target: &Target, number: usize) -> anyhow::Result<(StatusCode, Bytes)> {
        let kept = self.lock().pop();
        // The gateway closes what is idle for long, which may be at this very moment.
        if let Some(mut connection) = kept
            && let Ok(answer) = connection.exchange(target, number).await
        {
            self.lock().push(connection);
            return Ok(answer);
        }
        let mut connection = Connection::open(target.address).await?;
        let answer = connection.exchange(target, number).await?;
        self.lock().push(connection);
        Ok(answer)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
