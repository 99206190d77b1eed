//! Looks again and again at how long work waits and how much memory is left, and adjusts admission to it.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::Instant};

use super::{Memory, memory};
use crate::App;

/// How often.
const EVERY: Duration = Duration::from_millis(20);
/// How often memory is looked at, in looks.
const MEMORY_EVERY: u32 = 10;

/// Watches until the end.
pub async fn run(app: Arc<App>, mut ended: watch::Receiver<bool>) {
    let configured = Some(app.admission.config().memory_max).filter(|bytes| *bytes > 0);
    let limit = configured.or_else(memory::limit_of_container).unwrap_or_default();
    let (mut looks, mut known) = (0, Memory::Enough);
    loop {
        let begun = Instant::now();
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = ended.changed() => return,
        }
        // What this task waits beyond its time, every other one waits too. A millisecond is what timers are late by themselves.
        let late = begun.elapsed().saturating_sub(EVERY + Duration::from_millis(1));
        let delay = late.max(app.sources.database().waited_longest());
        metrics::gauge!("weft_admission_delay_seconds").set(delay.as_secs_f64());
        if looks % MEMORY_EVERY == 0 {
            known = look_at_memory(&app, limit, known);
        }
        looks = looks.wrapping_add(1);
        let missed = u8::try_from(late.as_millis() / EVERY.as_millis()).unwrap_or(u8::MAX);
        app.admission.adjust(delay, missed, known);
    }
}

fn look_at_memory(app: &App, limit: u64, known: Memory) -> Memory {
    let Some(taken) = memory::taken() else { return Memory::Enough };
    metrics::gauge!("weft_memory_bytes").set(taken as f64);
    let now = Memory::of(taken, limit);
    if now != known {
        tracing::warn!(taken, limit, state = ?now, "memory");
    }
    if now > Memory::Enough
        && let Some(cache) = &app.response_cache
    {
        cache.clear();
    }
    now
}
