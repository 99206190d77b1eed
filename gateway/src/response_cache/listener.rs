//! Hears what changed, from the database itself, says how long that is sure, and has the change log read.

use std::{sync::Arc, time::Duration};

use resolvers::cache_control::Domain;
use sources::{
    SourceError,
    postgres::{Signal, Signals},
};
use tokio::{sync::watch, time::Instant};

use super::ResponseCache;
use crate::App;

/// How often a sign of life is asked for.
const BEAT_EVERY: Duration = Duration::from_millis(250);
/// For how long it is sure after a sign of life that nothing was missed: a change is seen within a second.
const SURE_FOR: Duration = Duration::from_millis(900);
/// How sources are is kept nowhere: this only wakes who follows it.
const SOURCES: &str = "sources";
/// How long to wait before another connection is tried.
const RETRY: Duration = Duration::from_millis(500);

/// Listens until the end. While nobody listens, nothing is kept and nothing that was kept is given out.
pub async fn run(app: Arc<App>, mut ended: watch::Receiver<bool>) {
    let cache = app.response_cache.as_ref();
    if cache.is_none() {
        // Nothing ends by what changes: there is nobody to tell before the first subscription.
        tokio::select! {
            () = app.live.began.notified() => {}
            _ = ended.changed() => return,
        }
    }
    let mut was_lost = false;
    loop {
        let listening = async {
            let outcome = match app.sources.database().signals().await {
                Ok(signals) => listen(&app, cache, signals, &mut was_lost).await,
                Err(error) => Err(error),
            };
            app.sources.database().changed_elsewhere();
            if let Some(cache) = cache {
                cache.versions().raise_all();
            }
            app.live.came.notify_one();
            outcome
        };
        let outcome = tokio::select! {
            outcome = listening => outcome,
            _ = ended.changed() => return,
        };
        if let Err(error) = outcome
            && !std::mem::replace(&mut was_lost, true)
        {
            tracing::warn!(error = error.chain(), "changes are not heard of: no answers are kept until they are");
        }
        tokio::select! {
            () = tokio::time::sleep(RETRY) => {}
            _ = ended.changed() => return,
        }
    }
}

async fn listen(
    app: &App,
    cache: Option<&ResponseCache>,
    mut signals: Signals,
    was_lost: &mut bool,
) -> Result<(), SourceError> {
    let mut beats = tokio::time::interval(BEAT_EVERY);
    beats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // What was made before somebody listened does not count.
    if let Some(cache) = cache {
        cache.versions().raise_all();
    }
    loop {
        tokio::select! {
            told = signals.next() => match told? {
                Some(signal) => take(app, cache, &signal),
                None => return Ok(()),
            },
            _ = beats.tick() => {
                let asked_at = Instant::now();
                for signal in signals.beat().await? {
                    take(app, cache, &signal);
                }
                if let Some(cache) = cache {
                    cache.versions().heard(asked_at, SURE_FOR);
                    cache.report();
                }
                if std::mem::take(was_lost) {
                    tracing::info!("changes are heard of again");
                }
            }
        }
    }
}

fn take(app: &App, cache: Option<&ResponseCache>, signal: &Signal) {
    app.live.came.notify_one();
    if signal.domain == SOURCES {
        return;
    }
    // First: an answer that is begun under the new number must not rest on a statement from before.
    app.sources.database().changed_elsewhere();
    metrics::counter!("weft_response_cache_signals_total").increment(1);
    let Some(cache) = cache else { return };
    match Domain::ALL.into_iter().find(|domain| domain.as_str() == signal.domain) {
        Some(domain) => cache.versions().raise(&signal.tenant, domain),
        // Of a newer release: whatever it is about.
        None => cache.changed(&signal.tenant),
    }
}
