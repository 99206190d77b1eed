//! Which pods there are: when each is created, gets ready and goes.
//!
//! A Deployment or DeploymentConfig adds a batch of new pods and takes away as many old ones once the new are ready. A
//! StatefulSet or DaemonSet takes away one and puts a new one in its place, from the highest ordinal down.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Ailment, App, Kind, rollout::Rollout};

/// The place of one pod in time.
pub(super) struct Slot {
    pub(super) rollout: Rollout,
    pub(super) ordinal: u32,
    pub(super) created_at: DateTime<Utc>,
    /// How long it takes to get ready, if nothing is wrong.
    pub(super) warm_up: TimeDelta,
    pub(super) deleted_at: Option<DateTime<Utc>>,
    /// Whether it belongs to a rollout that is blocked.
    pub(super) is_blocked: bool,
}

/// The pods that may exist around the newest of `rollouts`.
pub(super) fn slots(app: &App, rollouts: &[Rollout]) -> Vec<Slot> {
    let (newest, older) = match rollouts {
        [] => return Vec::new(),
        [newest, older @ ..] => (newest, older),
    };
    if !app.is_blocked() {
        let new = (0..app.replicas).map(|ordinal| slot(app, newest, ordinal, None, false));
        let old = older.first().into_iter().flat_map(|previous| {
            let taken = |ordinal| Some(taken_away_at(app, newest, ordinal));
            (0..app.replicas).map(move |ordinal| slot(app, previous, ordinal, taken(ordinal), false))
        });
        return new.chain(old).collect();
    }
    let Some((serving, attempts)) = older.split_last() else {
        // The very first rollout: nothing serves yet.
        let count = if makes_none(app) { 0 } else { app.replicas };
        return (0..count).map(|ordinal| slot(app, newest, ordinal, None, true)).collect();
    };
    let tried = tried(app);
    let mut slots = Vec::new();
    if !makes_none(app) {
        slots.extend(tried.iter().map(|ordinal| slot(app, newest, *ordinal, None, true)));
        for attempt in attempts {
            let given_up = |ordinal| {
                if replaces_in_place(app) { taken_away_at(app, newest, ordinal) } else { newest.observed_at() }
            };
            slots.extend(tried.iter().map(|ordinal| slot(app, attempt, *ordinal, Some(given_up(*ordinal)), true)));
        }
    }
    let is_crashing = app.ailment() == Some(Ailment::CrashLoop);
    for ordinal in 0..app.replicas {
        let is_replaced = replaces_in_place(app) && tried.contains(&ordinal);
        if is_replaced && !attempts.is_empty() {
            continue;
        }
        let deleted_at = is_replaced.then(|| taken_away_at(app, newest, ordinal));
        slots.push(slot(app, serving, ordinal, deleted_at, is_crashing));
    }
    slots
}

/// When the pod goes for good, once it is asked to.
pub(super) fn gone_after(app: &App) -> TimeDelta {
    TimeDelta::seconds(if replaces_in_place(app) { 3 } else { 5 })
}

/// The last instant of a rollout that nothing blocks.
pub(super) fn completed_at(app: &App, rollout: &Rollout) -> DateTime<Utc> {
    let all = (0..app.replicas).map(|ordinal| slot(app, rollout, ordinal, None, false));
    all.map(|slot| slot.created_at + slot.warm_up).max().unwrap_or_else(|| rollout.observed_at())
}

fn slot(app: &App, rollout: &Rollout, ordinal: u32, deleted_at: Option<DateTime<Utc>>, is_blocked: bool) -> Slot {
    let is_first = rollout.cycle == 1;
    let steps = match app.kind {
        Kind::StatefulSet if is_first => ordinal,
        Kind::StatefulSet | Kind::DaemonSet if !is_first => app.replicas.saturating_sub(ordinal + 1),
        Kind::Deployment | Kind::DeploymentConfig if !is_first => ordinal / surge(app),
        _ => 0,
    };
    let step_at = rollout.observed_at() + pace(app, rollout) * i32::try_from(steps).unwrap_or(0);
    let pause =
        if replaces_in_place(app) && !is_first { gone_after(app) + TimeDelta::seconds(1) } else { TimeDelta::zero() };
    let warm_up = (pace(app, rollout) - pause).max(TimeDelta::seconds(6));
    Slot { rollout: rollout.clone(), ordinal, created_at: step_at + pause, warm_up, deleted_at, is_blocked }
}

/// When the pod that `ordinal` of `rollout` takes the place of is asked to go.
fn taken_away_at(app: &App, rollout: &Rollout, ordinal: u32) -> DateTime<Utc> {
    let new = slot(app, rollout, ordinal, None, false);
    if replaces_in_place(app) {
        new.created_at - gone_after(app) - TimeDelta::seconds(1)
    } else {
        new.created_at + new.warm_up
    }
}

/// One step of a rollout. With many pods to replace one by one, each gets less, so that the whole ends in time.
fn pace(app: &App, rollout: &Rollout) -> TimeDelta {
    let is_one_by_one = replaces_in_place(app);
    let share = TimeDelta::seconds(300 / i64::from(app.replicas.max(1)));
    if is_one_by_one { rollout.batch.min(share).max(TimeDelta::seconds(10)) } else { rollout.batch }
}

/// `maxSurge` of 25 %, rounded up.
fn surge(app: &App) -> u32 {
    app.replicas.div_ceil(4).max(1)
}

/// The ordinals a blocked rollout gets to.
fn tried(app: &App) -> Vec<u32> {
    if replaces_in_place(app) {
        (0..app.replicas).next_back().into_iter().collect()
    } else {
        (0..surge(app).min(app.replicas)).collect()
    }
}

fn makes_none(app: &App) -> bool {
    matches!(app.ailment(), Some(Ailment::QuotaExceeded | Ailment::Paused))
}

fn replaces_in_place(app: &App) -> bool {
    matches!(app.kind, Kind::StatefulSet | Kind::DaemonSet)
}
