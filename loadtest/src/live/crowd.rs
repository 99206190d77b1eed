//! `Crowd`: many clients on a thread of their own.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex, atomic::Ordering::Relaxed},
    time::Duration,
};

use tokio::{
    runtime::{Builder, Runtime},
    sync::Semaphore,
};

use super::{
    board::{Board, lock},
    client::{Asking, Seen, run},
};

/// Clients that are let in at once.
const OPENING: usize = 64;
/// Clients of one address: far fewer than there are ports, and than the gateway lets in by default.
const PER_ADDRESS: usize = 500;
/// Longest wait for all to be let in.
const OPENED_MAX: Duration = Duration::from_secs(300);

/// Clients that are there until it is dropped.
pub(super) struct Crowd {
    runtime: Option<Runtime>,
    pub(super) board: Arc<Board>,
    clients: Vec<Arc<Mutex<Seen>>>,
}

impl Crowd {
    /// So many clients; `vary` makes each one's question out of the first one's. Waits until all have asked.
    pub(super) async fn open(count: usize, asking: &Asking, vary: impl Fn(usize, &mut Asking)) -> anyhow::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let board = Arc::new(Board::new());
        let opening = Arc::new(Semaphore::new(OPENING));
        let mut clients = Vec::with_capacity(count);
        for number in 0..count {
            let mut own = asking.clone();
            own.from = address(number);
            own.keeps = number == 0;
            vary(number, &mut own);
            let seen = Arc::new(Mutex::new(Seen::default()));
            runtime.spawn(run(own, Arc::clone(&board), Arc::clone(&seen), Arc::clone(&opening)));
            clients.push(seen);
        }
        let crowd = Self { runtime: Some(runtime), board, clients };
        let board = &crowd.board;
        board.until("opening", OPENED_MAX, || board.opened.load(Relaxed) == count).await?;
        Ok(crowd)
    }

    /// What each has seen.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.clients.iter().map(|seen| lock(seen).clone()).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.clients.len()
    }

    /// Whether all have got everything up to this event, or know that they did not.
    pub(super) fn has_all(&self, mark: usize) -> bool {
        self.board.seen(mark) == self.len()
    }

    /// Events that somebody lacks, and those that came twice or in another order.
    pub(super) fn wrong(&self) -> (usize, usize) {
        self.clients
            .iter()
            .map(|seen| lock(seen))
            .fold((0, 0), |(missed, astray), seen| (missed + seen.missed, astray + seen.astray))
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        // Tasks end where they wait; waiting for the thread would block whoever drops it.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Loopback addresses besides the usual one, each for some of the clients.
fn address(number: usize) -> Ipv4Addr {
    let group = u32::try_from(number / PER_ADDRESS).unwrap_or(0) % 60_000;
    Ipv4Addr::from_bits(Ipv4Addr::new(127, 1, 0, 1).to_bits() + group)
}
