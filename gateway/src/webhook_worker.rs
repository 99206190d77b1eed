//! Works off the deliveries of webhooks: claims what is due, has it done, and settles it. What fails is tried again later and later,
//! then set aside; what was claimed by a replica that died is due again when its claim ends.

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use futures::{FutureExt, future::join_all};
use sources::{
    SourceError,
    webhook::{Retry, Sender, Task, Work, WorkError},
};
use tokio::sync::{Mutex, watch};
use uuid::Uuid;

use crate::App;

/// How often it is looked for what other replicas stored, and for what is due again.
const POLL: Duration = Duration::from_secs(1);

/// The same for workers that the first one wakes.
const POLL_OTHERS: Duration = Duration::from_secs(20);

/// How often the depth of the queue is measured.
const SWEEP: Duration = Duration::from_secs(15);

/// Of so many looks at the queue one removes what is past its time.
const FORGET_EACH: u32 = 8;

/// How soon it is tried again what somebody else is at.
const LATER: Duration = Duration::from_secs(5);

/// So long a delivery waits for a source that is away.
const AWAY_MAX: TimeDelta = TimeDelta::hours(24);

/// Longest text of an error that is kept, in characters.
const ERROR_CHARS_MAX: usize = 500;

/// Works until the gateway ends.
pub async fn run(app: Arc<App>, mut ended: watch::Receiver<bool>) {
    if app.webhooks.senders.is_empty() {
        return;
    }
    let (holder, looking) = (Uuid::new_v4(), Mutex::new(()));
    tokio::select! {
        () = work(&app, holder, &looking) => {}
        () = sweep(&app) => {}
        _ = ended.changed() => {}
    }
    // What was begun is given back, or others would wait for the end of the claim.
    if let Err(error) = app.sources.database().release_deliveries(holder).await {
        tracing::warn!(error = error.chain(), "deliveries could not be given back");
    }
}

/// Workers take objects one after another; the first alone looks now and then for what nobody here has told.
async fn work(app: &App, holder: Uuid, looking: &Mutex<()>) {
    join_all((0..app.config.webhooks.workers).map(|number| worker(app, holder, looking, number == 0))).await;
}

async fn worker(app: &App, holder: Uuid, looking: &Mutex<()>, is_first: bool) {
    let config = &app.config.webhooks;
    let mut pause = POLL;
    loop {
        match app.sources.database().claim_deliveries(config, holder, 1).await {
            Ok(tasks) if tasks.is_empty() => {
                pause = if is_first { POLL } else { POLL_OTHERS };
                wait(app, pause).await;
            }
            Ok(tasks) => {
                // There may be more for another worker.
                app.webhooks.stored.notify_one();
                for task in tasks {
                    one(app, holder, looking, task).await;
                }
            }
            Err(error) => {
                tracing::warn!(error = error.chain(), "it cannot be told which deliveries are due");
                pause = (pause * 2).min(config.retry_max.max(POLL));
                tokio::time::sleep(pause).await;
            }
        }
    }
}

async fn wait(app: &App, longest: Duration) {
    tokio::select! {
        () = app.webhooks.stored.notified() => {}
        () = tokio::time::sleep(longest) => {}
    }
}

/// Does a task and settles it; what cannot be settled is due again when the claim ends.
async fn one(app: &App, holder: Uuid, looking: &Mutex<()>, task: Task) {
    let config = &app.config.webhooks;
    let begun = Instant::now();
    let catalog = &app.config.catalog;
    let work = Work {
        sources: &app.sources,
        rules: &app.config.delivery,
        history: TimeDelta::from_std(app.config.sync.history).unwrap_or(TimeDelta::MAX),
        default_tenant: &catalog.default_tenant,
        limits: &catalog.apply_limits(),
        text_bytes_max: catalog.fetch_limits().text_bytes_max,
        holder,
        looking,
    };
    // A fault of ours over one delivery must not end the work on all others.
    let run = AssertUnwindSafe(work.run(&task)).catch_unwind();
    let outcome = match tokio::time::timeout(config.attempt_timeout, run).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(WorkError::Failed(SourceError::Invalid("working on it panicked".to_owned()))),
        Err(_) => {
            Err(WorkError::Failed(SourceError::Timeout { upstream: task.sender.into(), limit: config.attempt_timeout }))
        }
    };
    let settled = match &outcome {
        Ok(()) => done(app, holder, &task).await,
        Err(WorkError::Later) => {
            count(task.sender, "later", task.deliveries.len());
            let retry = Retry { wait: LATER, error: None };
            app.sources.database().retry_deliveries(&task.ids(), holder, retry).await
        }
        Err(WorkError::Failed(error)) => failed(app, holder, &task, error).await,
    };
    if let Err(error) = settled {
        tracing::warn!(object = task.object_key, error = error.chain(), "deliveries could not be settled");
    }
    metrics::histogram!("weft_webhook_work_seconds", "source" => task.sender.as_str())
        .record(begun.elapsed().as_secs_f64());
}

async fn done(app: &App, holder: Uuid, task: &Task) -> Result<(), SourceError> {
    app.sources.database().settle_deliveries(&task.ids(), holder).await?;
    count(task.sender, "done", task.deliveries.len());
    if let Some(since) = task.since() {
        let delay = (app.clock.now() - since).to_std().unwrap_or_default();
        metrics::histogram!("weft_webhook_delay_seconds", "source" => task.sender.as_str()).record(delay.as_secs_f64());
    }
    Ok(())
}

/// Tries those again that have attempts left, and sets the others aside.
async fn failed(app: &App, holder: Uuid, task: &Task, error: &SourceError) -> Result<(), SourceError> {
    let (config, database) = (&app.config.webhooks, app.sources.database());
    let attempts_max = i32::try_from(config.attempts_max).unwrap_or(i32::MAX);
    let text: String = error.chain().chars().filter(|letter| !letter.is_control()).take(ERROR_CHARS_MAX).collect();
    // While its source is away nothing is wrong with a delivery.
    let is_away = matches!(error, SourceError::Unavailable { .. } | SourceError::Throttled { .. });
    let is_young = task.since().is_some_and(|since| app.clock.now() - since < AWAY_MAX);
    let is_last = |attempts: i32| attempts >= attempts_max && !(is_away && is_young);
    let (last, others): (Vec<_>, Vec<_>) = task.deliveries.iter().partition(|delivery| is_last(delivery.attempts));
    tracing::warn!(object = task.object_key, error = text, given_up = last.len(), "a delivery could not be worked off");
    if !last.is_empty() {
        let ids: Vec<Uuid> = last.iter().map(|delivery| delivery.id).collect();
        database.quarantine_deliveries(&ids, holder, &text).await?;
        count(task.sender, "quarantined", ids.len());
    }
    if !others.is_empty() {
        let ids: Vec<Uuid> = others.iter().map(|delivery| delivery.id).collect();
        let attempt = others.iter().map(|delivery| delivery.attempts).max().unwrap_or(1);
        let wait = config.retry_wait(attempt, rand::random());
        // A source that says how long it wants to be left alone is not asked earlier.
        let wait = error.retry_after().map_or(wait, |asked| wait.max(asked.min(config.retry_max)));
        database.retry_deliveries(&ids, holder, Retry { wait, error: Some(&text) }).await?;
        count(task.sender, "retried", ids.len());
    }
    Ok(())
}

fn count(sender: Sender, outcome: &'static str, count: usize) {
    metrics::counter!("weft_webhook_work_total", "source" => sender.as_str(), "outcome" => outcome)
        .increment(u64::try_from(count).unwrap_or(u64::MAX));
}

/// Measures the queue, and seldomer removes what is past its time.
async fn sweep(app: &App) {
    let database = app.sources.database();
    for round in 0_u32.. {
        let measured = async {
            let depth = database.deliveries_depth().await?;
            for sender in Sender::ALL {
                let source = sender.as_str();
                let found = depth.iter().find(|depth| depth.source == source);
                let (pending, oldest, aside) =
                    found.map_or((0, 0.0, 0), |depth| (depth.pending, depth.oldest_seconds, depth.quarantined));
                metrics::gauge!("weft_webhooks_pending", "source" => source).set(pending as f64);
                metrics::gauge!("weft_webhooks_oldest_seconds", "source" => source).set(oldest);
                metrics::gauge!("weft_webhooks_quarantined", "source" => source).set(aside as f64);
            }
            let is_due = round.is_multiple_of(FORGET_EACH);
            if is_due { database.forget_deliveries(&app.config.webhooks).await } else { Ok(0) }
        };
        if let Err(error) = measured.await {
            tracing::warn!(error = error.chain(), "the queue of deliveries could not be looked after");
        }
        tokio::time::sleep(SWEEP).await;
    }
}
