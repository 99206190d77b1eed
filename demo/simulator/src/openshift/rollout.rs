//! Builds and rollouts of an app, on its cadence.
//!
//! Cycle `n` begins a fixed time after cycle `n - 1`. With builds, it begins with build `n`, whose end starts the rollout
//! unless it failed; without, it begins with the rollout. Which builds fail follows a fixed beat, so that the revision of
//! any cycle is known without walking through all the earlier ones.

use chrono::{DateTime, TimeDelta, Utc};

use super::{App, moment::Moment};
use crate::seed::{between, draw};

/// How long a controller takes to notice a change.
pub(super) const NOTICE: TimeDelta = TimeDelta::seconds(2);

/// Beyond it a rollout counts as stuck: `progressDeadlineSeconds`.
pub(super) const DEADLINE: TimeDelta = TimeDelta::seconds(600);

const BUILDS_KEPT: i64 = 5;

/// One attempt to bring a new revision.
#[derive(Clone)]
pub(super) struct Rollout {
    pub(super) cycle: i64,
    pub(super) revision: i64,
    pub(super) started_at: DateTime<Utc>,
    /// How long one batch of pods takes from creation to ready.
    pub(super) batch: TimeDelta,
}

impl Rollout {
    /// When the controller has seen it.
    pub(super) fn observed_at(&self) -> DateTime<Utc> {
        self.started_at + NOTICE
    }

    /// What draws about it are made from.
    pub(super) fn subject(&self, app: &App) -> String {
        format!("{}#{}", app.subject(), self.cycle)
    }

    /// The hash in the names of its ReplicaSet and pods.
    pub(super) fn template_hash(&self, app: &App) -> String {
        safe(&self.subject(app), "template", 10)
    }
}

/// One build, with the instants of its life.
pub(super) struct Build {
    pub(super) number: i64,
    pub(super) created_at: DateTime<Utc>,
    pub(super) pending_at: DateTime<Utc>,
    pub(super) running_at: DateTime<Utc>,
    pub(super) ended_at: DateTime<Utc>,
    pub(super) fails: bool,
}

/// The rollouts that still show at this moment, newest first: those with pods or a ReplicaSet of their own. The last one
/// of a blocked app is the one that goes on serving.
pub(super) fn rollouts(app: &App, moment: &Moment) -> Vec<Rollout> {
    let newest = cycles(app, moment);
    let mut rollouts: Vec<Rollout> = Vec::new();
    for cycle in (1..=newest).rev() {
        match rollout(app, cycle) {
            Some(rollout) if rollouts.is_empty() && !moment.passed(rollout.started_at) => {}
            Some(rollout) => rollouts.push(rollout),
            None => {}
        }
        if rollouts.len() == if app.is_blocked() { 2 } else { 3 } {
            break;
        }
    }
    if app.is_blocked() && rollouts.last().is_some_and(|last| last.cycle > 1) {
        rollouts.extend(rollout(app, 1));
    }
    rollouts
}

/// The very first rollout, whose build never fails.
pub(super) fn first(app: &App) -> Option<Rollout> {
    rollout(app, 1)
}

/// The builds that are kept, newest first.
pub(super) fn builds(app: &App, moment: &Moment) -> Vec<Build> {
    if app.build_from.is_none() {
        return Vec::new();
    }
    let newest = cycles(app, moment);
    (1..=newest).rev().take(usize::try_from(BUILDS_KEPT).unwrap_or(5)).map(|cycle| build(app, cycle)).collect()
}

/// The commit that a cycle brings.
pub(super) fn commit(app: &App, cycle: i64) -> String {
    let subject = format!("{}@{cycle}", app.subject());
    format!("{:016x}{:016x}{:08x}", draw(&subject, "a"), draw(&subject, "b"), draw(&subject, "c") >> 32)
}

/// The image of a cycle, with its tag.
pub(super) fn image(app: &App, cycle: i64) -> String {
    format!("{}:{}", app.image, commit(app, cycle).get(..8).unwrap_or_default())
}

/// `length` characters as Kubernetes draws them for names: no vowel, no digit that looks like one.
pub(super) fn safe(subject: &str, topic: &str, length: usize) -> String {
    const ALPHABET: [char; 27] = [
        'b', 'c', 'd', 'f', 'g', 'h', 'j', 'k', 'l', 'm', 'n', 'p', 'q', 'r', 's', 't', 'v', 'w', 'x', 'z', '2', '4',
        '5', '6', '7', '8', '9',
    ];
    let mut left = draw(subject, topic);
    let mut letters = String::with_capacity(length);
    while letters.len() < length {
        letters.push(ALPHABET.get(usize::try_from(left % 27).unwrap_or(0)).copied().unwrap_or('x'));
        left /= 27;
    }
    letters
}

/// How many cycles have begun.
fn cycles(app: &App, moment: &Moment) -> i64 {
    match app.every() {
        Some(every) => moment.count(app.first_cycle_at(), every),
        None => i64::from(moment.passed(app.first_cycle_at())),
    }
}

fn cycle_at(app: &App, cycle: i64) -> DateTime<Utc> {
    app.first_cycle_at() + app.every().unwrap_or_default() * i32::try_from(cycle - 1).unwrap_or(0)
}

fn build(app: &App, cycle: i64) -> Build {
    let subject = format!("{}:{cycle}", app.subject());
    let seconds =
        |topic, low, high| TimeDelta::seconds(i64::try_from(between(&subject, topic, low, high)).unwrap_or(0));
    let created_at = cycle_at(app, cycle);
    let pending_at = created_at + TimeDelta::seconds(2);
    let running_at = pending_at + seconds("wait", 4, 12);
    let ended_at = running_at + seconds("run", 45, 150);
    Build { number: cycle, created_at, pending_at, running_at, ended_at, fails: is_failing(app, cycle) }
}

/// Every `beat`-th build fails, never the first.
fn is_failing(app: &App, cycle: i64) -> bool {
    cycle % beat(app) == beat(app) - 1
}

fn beat(app: &App) -> i64 {
    i64::try_from(between(&app.subject(), "beat", 4, 9)).unwrap_or(4)
}

/// The rollout of a cycle; `None`: its build fails.
fn rollout(app: &App, cycle: i64) -> Option<Rollout> {
    let (started_at, revision) = if app.build_from.is_some() {
        let build = build(app, cycle);
        if build.fails {
            return None;
        }
        (build.ended_at, cycle - (cycle + 1) / beat(app))
    } else {
        (cycle_at(app, cycle), cycle)
    };
    let batch = between(&format!("{}#{cycle}", app.subject()), "batch", 12, 30);
    Some(Rollout { cycle, revision, started_at, batch: TimeDelta::seconds(i64::try_from(batch).unwrap_or(12)) })
}
