//! The feed: follows the change log for everybody on this replica. Woken when the database tells of a commit, and healed by looking
//! again from time to time: a signal that is lost delays, and loses nothing.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use resolvers::live::GapReason;
use sources::{SourceError, postgres::Changes};
use tokio::sync::watch;

use super::{
    execution::AGAIN_AFTER,
    group::Group,
    matching::{Read, Viewer},
};
use crate::{App, auth::Principal};

/// How often it is looked at whether anybody still listens, once the gateway ends.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Follows the log until the end.
pub async fn run(app: Arc<App>, mut ended: watch::Receiver<bool>) {
    let live = &app.live;
    let mut was_lost = false;
    loop {
        tokio::select! {
            () = live.came.notified() => {}
            () = tokio::time::sleep(live.config.poll_interval) => {}
            () = over(&app, &mut ended) => return,
        }
        let outcome = Box::pin(read_on(&app)).await;
        match outcome {
            Ok(()) if std::mem::take(&mut was_lost) => tracing::info!("the change log is followed again"),
            Ok(()) => {}
            Err(error) if !std::mem::replace(&mut was_lost, true) => {
                tracing::warn!(
                    error = error.chain(),
                    "the change log cannot be read: subscribers get nothing until it can"
                );
            }
            Err(_) => {}
        }
    }
}

/// The gateway ends, and nobody listens any more: whoever still does gets what comes until it is told to go. Given up without harm.
async fn over(app: &App, ended: &mut watch::Receiver<bool>) {
    if !*ended.borrow() {
        let _ = ended.changed().await;
    }
    while app.live.subscriptions() > 0 {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Reads on to the end of what has been committed.
async fn read_on(app: &Arc<App>) -> Result<(), SourceError> {
    let live = &app.live;
    let limit = u32::try_from(live.config.batch).unwrap_or(u32::MAX);
    loop {
        let Some(position) = live.position() else { return Ok(()) };
        let found = app.sources.database().changes_unless_lost(&position, None, limit).await?;
        let Some(Changes { changes, read }) = found else {
            live.lose_all(&app.sources.database().change_newest().await?);
            continue;
        };
        let is_last = changes.len() < live.config.batch;
        metrics::counter!("weft_live_changes_total").increment(changes.len() as u64);
        let reads: Vec<Arc<Read>> = changes.into_iter().map(Read::of).collect();
        let tenants: HashSet<&str> =
            reads.iter().filter(|read| read.may_change_sight()).map(|read| read.change.tenant.as_str()).collect();
        let mut seen = HashSet::new();
        let mut others = look_again(app, &tenants, &mut seen).await;
        if !live.give_out(&position, &reads, read.clone()) {
            continue;
        }
        // Those that began meanwhile looked before it was known.
        others.extend(look_again(app, &tenants, &mut seen).await);
        for group in others {
            group.lose(&read, GapReason::Reset);
        }
        if is_last {
            return Ok(());
        }
    }
}

/// Where a team or a person changed, asks the database anew who sees what, for the groups that are not in `seen`; answers those that see
/// something else now.
async fn look_again(app: &Arc<App>, tenants: &HashSet<&str>, seen: &mut HashSet<u64>) -> Vec<Arc<Group>> {
    if tenants.is_empty() {
        return Vec::new();
    }
    let mut asked: HashMap<[u8; 32], Viewer> = HashMap::new();
    let mut others = Vec::new();
    for (id, group) in app.live.groups_of(tenants) {
        if !seen.insert(id) {
            continue;
        }
        let principal = &group.plan().principal;
        let eyes = *principal.eyes().bytes();
        let viewer = match asked.get(&eyes) {
            Some(viewer) => viewer.clone(),
            None => {
                let viewer = viewer_of(app, principal).await;
                asked.insert(eyes, viewer.clone());
                viewer
            }
        };
        if group.look_again(&viewer) {
            others.push(group);
        }
    }
    others
}

/// What a principal sees now, as soon as the database tells: given up, some groups would see what they saw before, and not know it.
async fn viewer_of(app: &App, principal: &Principal) -> Viewer {
    loop {
        match app.sources.database().guardians(principal.visibility()).await {
            Ok(guardians) => return Viewer::new(principal.visibility(), guardians),
            Err(error) => {
                tracing::warn!(
                    error = error.chain(),
                    "it cannot be read who sees what: subscribers get nothing until it can"
                );
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        }
    }
}
