//! Containers that end and are started again.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    super::{App, moment::Moment, slot::Slot},
    Container, Ended, Life, life,
};
use crate::seed::between;

/// How long a crashing container lives.
const LIFE: TimeDelta = TimeDelta::seconds(5);

/// How long it shows as terminated before it waits.
const SHOWN: TimeDelta = TimeDelta::seconds(2);

/// The kubelet waits twice as long each time, up to five minutes.
const BACK_OFF_SECONDS: [i64; 5] = [10, 20, 40, 80, 160];
const BACK_OFF_MAX: TimeDelta = TimeDelta::seconds(300);

/// Ends five seconds after each start.
pub(super) fn crash_loop(slot: &Slot, first_at: DateTime<Utc>, moment: &Moment) -> Life {
    if !moment.passed(first_at) {
        return life::waits(slot, life::creating());
    }
    let (mut restarts, mut started_at) = (0, first_at);
    let (mut back_off, mut before) = (BACK_OFF_MAX, None);
    let mut has_settled = true;
    for seconds in BACK_OFF_SECONDS {
        let pause = TimeDelta::seconds(seconds);
        let next_at = started_at + LIFE + pause;
        if !moment.passed(next_at) {
            (back_off, has_settled) = (pause, false);
            break;
        }
        (before, started_at, restarts) = (Some(started_at), next_at, restarts + 1);
    }
    if has_settled {
        let more = moment.count(started_at, LIFE + BACK_OFF_MAX) - 1;
        let last_at = started_at + (LIFE + BACK_OFF_MAX) * i32::try_from(more).unwrap_or(0);
        if more > 0 {
            before = Some(last_at - LIFE - BACK_OFF_MAX);
        }
        (started_at, restarts) = (last_at, restarts + more);
    }
    let ended = |started_at| Ended { reason: "Error", exit_code: 1, started_at, finished_at: started_at + LIFE };
    let this = ended(started_at);
    let (container, last) = if !moment.passed(this.finished_at) {
        (Container::Running { since: started_at }, before.map(ended))
    } else if !moment.passed(this.finished_at + SHOWN) {
        (Container::Terminated(this), before.map(ended))
    } else {
        (crash_back_off(back_off.num_seconds()), Some(this))
    };
    Life { container, last, restarts, is_ready: false, ready_changed_at: slot.created_at }
}

/// Runs well for some minutes, fewer than lie between two rollouts, is killed, and comes back after ten seconds.
pub(super) fn out_of_memory(
    app: &App,
    slot: &Slot,
    (runs_at, ready_at): (DateTime<Utc>, DateTime<Utc>),
    moment: &Moment,
) -> Life {
    let subject = format!("{}#{}", app.subject(), slot.ordinal);
    let every = TimeDelta::seconds(i64::try_from(between(&subject, "memory", 240, 420)).unwrap_or(300));
    let kills = moment.count(ready_at + every, every);
    if kills == 0 {
        return life::healthy(slot, (runs_at, ready_at), moment);
    }
    let killed_at = ready_at + every * i32::try_from(kills).unwrap_or(0);
    let back_at = |kill: DateTime<Utc>| kill + TimeDelta::seconds(12);
    let started_at = if kills == 1 { runs_at } else { back_at(killed_at - every) };
    let ended = Ended { reason: "OOMKilled", exit_code: 137, started_at, finished_at: killed_at };
    let ready_again_at = killed_at + TimeDelta::seconds(20);
    if !moment.passed(killed_at + SHOWN) {
        let restarts = kills - 1;
        let container = Container::Terminated(ended);
        return Life { container, last: None, restarts, is_ready: false, ready_changed_at: killed_at };
    }
    let (container, restarts) = if moment.passed(back_at(killed_at)) {
        (Container::Running { since: back_at(killed_at) }, kills)
    } else {
        (crash_back_off(10), kills - 1)
    };
    let is_ready = moment.passed(ready_again_at);
    let ready_changed_at = if is_ready { ready_again_at } else { killed_at };
    Life { container, last: Some(ended), restarts, is_ready, ready_changed_at }
}

fn crash_back_off(seconds: i64) -> Container {
    let wait = if seconds >= 60 { format!("{}m{}s", seconds / 60, seconds % 60) } else { format!("{seconds}s") };
    life::waiting("CrashLoopBackOff", format!("back-off {wait} restarting failed container"))
}
