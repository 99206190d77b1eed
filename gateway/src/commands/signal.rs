//! The signals that end a command.

use tokio::signal::unix::{SignalKind, signal};

/// Waits for Ctrl-C or SIGTERM.
pub async fn ended_by_signal() {
    let mut terminate = signal(SignalKind::terminate()).expect("a handler can be set at start-up");
    let mut interrupt = signal(SignalKind::interrupt()).expect("a handler can be set at start-up");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
