//! When loaders ask: as soon as execution has nothing left to poll, and never before. No timer and no other thread takes part,
//! so the number of statements of an operation does not depend on the machine's mood.

use std::{
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use async_graphql::runtime::Timer;
use futures::{
    FutureExt, StreamExt,
    future::{BoxFuture, poll_fn, ready},
    stream::FuturesUnordered,
    task::{ArcWake, AtomicWaker, FutureObj, Spawn, SpawnError, waker_ref},
};

/// Batches that loaders want to send, of one request.
#[derive(Clone, Default)]
pub struct FlushQueue(Arc<Mutex<Vec<FutureObj<'static, ()>>>>);

impl FlushQueue {
    /// Has this run as soon as execution waits.
    pub fn push(&self, batch: BoxFuture<'static, ()>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(batch.into());
    }

    fn take(&self) -> Vec<FutureObj<'static, ()>> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs `execution`; whenever it waits, sends the batches that were collected meanwhile.
    pub async fn drive<T>(&self, execution: impl Future<Output = T>) -> T {
        let mut execution = pin!(execution);
        let mut batches = FuturesUnordered::new();
        let calls = Arc::new(Calls::default());
        let waker = waker_ref(&calls);
        poll_fn(|context| {
            loop {
                calls.outer.register(context.waker());
                calls.came.store(false, Ordering::Release);
                if let Poll::Ready(output) = execution.as_mut().poll(&mut Context::from_waker(&waker)) {
                    return Poll::Ready(output);
                }
                // It only paused, as large joins do after a while: there are more keys to come, and the runtime polls again.
                if calls.came.load(Ordering::Acquire) {
                    return Poll::Pending;
                }
                batches.extend(self.take());
                match batches.poll_next_unpin(context) {
                    // A batch is done: its values let execution go on.
                    Poll::Ready(Some(())) => {}
                    Poll::Ready(None) | Poll::Pending => return Poll::Pending,
                }
            }
        })
        .await
    }
}

/// Hands on that execution wants to be polled again, and remembers that it did.
#[derive(Default)]
struct Calls {
    came: AtomicBool,
    outer: AtomicWaker,
}

impl ArcWake for Calls {
    fn wake_by_ref(calls: &Arc<Self>) {
        calls.came.store(true, Ordering::Release);
        calls.outer.wake();
    }
}

impl Spawn for FlushQueue {
    fn spawn_obj(&self, batch: FutureObj<'static, ()>) -> Result<(), SpawnError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(batch);
        Ok(())
    }
}

/// No delay: [`FlushQueue`] already waits until there is nothing else to do.
pub struct NoDelay;

impl Timer for NoDelay {
    fn delay(&self, _: Duration) -> BoxFuture<'static, ()> {
        ready(()).boxed()
    }
}

#[cfg(test)]
mod tests {
    use futures::{channel::oneshot, executor::block_on, pending};

    use super::*;

    #[test]
    fn a_batch_is_not_sent_while_execution_only_pauses() {
        let queue = FlushQueue::default();
        let keys = Arc::new(Mutex::new(vec![1]));
        let seen = block_on(queue.drive(async {
            let (send, answer) = oneshot::channel();
            let asked = Arc::clone(&keys);
            queue.push(Box::pin(async move {
                let _ = send.send(asked.lock().unwrap().clone());
            }));
            // As a join of many does: it wakes itself, so that others get their turn.
            poll_fn(|context| {
                context.waker().wake_by_ref();
                Poll::Ready(())
            })
            .await;
            pending!();
            keys.lock().unwrap().push(2);
            answer.await.unwrap()
        }));
        assert_eq!(seen, [1, 2]);
    }
}
